"""The lesson on positions: its numbers, what an order or a shift leaves alone, and what the page says."""

from fractions import Fraction as F
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.benches.positions import (
    ORDERS,
    SCHEMES,
    TEXTS,
    permutation,
    put_back,
    reordered,
    step_back,
    turned_pair,
    written,
)
from attention_core.exercises import EXERCISES
from attention_core.exercises.answers import typed
from attention_core.exercises.positions import _JUDGED, _TEXTS
from attention_core.positions import sinusoidal
from attention_core.remarks import remarks
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from tests.guessing import guess_all
from tests.laws import close
from tests.test_benches import traced
from tests.test_lesson_similarity import keys, set_to, texts
from tests.test_pages import opened, sound

PAGE = "pages/positions.py"
QUESTIONS = {
    "positions.swapped": ("red and blue alike, as before", "place as written"),
    "positions.boost": ("9/11", "The cube turns blue"),
    "positions.alibi": ("cube, itself", "where it enters"),
    "positions.shift": ("it stays", "Both arrows turn by the same angle"),
    "positions.banks": ("5/4 money, 11/4 water", "The same word twice"),
}
BENCH = BENCHES["positions"]
RED, BALL, HIT, BLUE, CUBE = range(5)
seeds = st.integers(0, 2**32 - 1)


def weights(**settings):
    return traced("positions", **settings)["weights"].value


def answered(figures=None, **settings):
    """The page with every question skipped, in these settings."""
    sheet = Sheet("positions").with_settings(**settings)
    app = opened(PAGE, **pack(sheet, View(figures=figures or {})))
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


# --- The worked numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("factor", "blue"), [(1, F(1, 3)), (3, F(3, 5)), (9, F(9, 11)), (27, F(27, 29))])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scheme", ["relative", "one-hot"])
def test_the_cube_turns_blue(scheme, factor, blue, causal):
    row = weights(scheme=scheme, factor=factor, causal=causal)[CUBE]
    close(row[BLUE], float(blue))
    close(row[RED], 3 / (3 * factor + 6))


def test_every_row_with_the_word_before_nine_times():
    found = [[1], [F(27, 28), F(1, 28)], [F(1, 29), F(27, 29), F(1, 29)], [F(1, 12), F(1, 12), F(3, 4), F(1, 12)],
             [F(1, 11), F(1, 33), F(1, 33), F(9, 11), F(1, 33)]]  # fmt: skip
    for row, numbers in zip(weights(scheme="relative", causal=True), found, strict=True):
        close(row[: len(numbers)], np.array(numbers, dtype=float))


@pytest.mark.parametrize(("scheme", "red", "blue"), [("none", F(1, 3), F(1, 3)), ("relative", F(9, 11), F(1, 11))])
def test_red_and_blue_exchanged(scheme, red, blue):
    """blue ball hit red cube"""
    close(weights(scheme=scheme, order="swapped", causal=True)[-1, [3, 0]], [float(red), float(blue)])


def test_from_last_to_first_the_row_of_ball_is_what_it_was():
    close(weights(order="reversed")[3], np.array([1, 3, 1, 1, 3]) / 9)


def test_the_banks():
    last = traced("positions", text="banks", scheme="relative", causal=True)
    close(last["exps"].value[3], [1, 3, 27, 1])
    close(last["row_sums"].value[3], 32)
    close(last["output"].value[[1, 2]], [[11 / 10, 9 / 10], [19 / 11, 3 / 11]])
    close(last["residual"].value[[0, 3], :2], [[2, 2], [5 / 4, 11 / 4]])
    free = traced("positions", text="banks", scheme="relative")
    close(free["residual"].value[[0, 3], :2], [[11 / 4, 5 / 4], [5 / 4, 11 / 4]])
    close(free["output"].value[[1, 2]], [[3 / 5, 7 / 5], [7 / 5, 3 / 5]])
    for causal in (False, True):
        none = traced("positions", text="banks", causal=causal)
        close(none["residual"].value[[0, 3], :2], [[2, 2], [2, 2]])
    for name in "qkv":
        close(none[name].value[0], none[name].value[3])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_remark_that_places_do_not_count_is_made_only_without_places(scheme):
    said = " ".join(remarks(traced("positions", scheme=scheme)))
    assert ("not where they stand" in said) == (scheme == "none")


@pytest.mark.parametrize("scheme", SCHEMES[1:])
def test_every_scheme_tells_the_banks_apart(scheme):
    money, water = traced("positions", text="banks", scheme=scheme)["residual"].value[[0, 3], :2].T
    assert money[0] > water[0]
    assert money[1] < water[1]


def test_waves_are_turned_back_by_one_place():
    waves = sinusoidal(9, 4)
    close(waves[1:] @ step_back(4), waves[:-1])


def test_the_waves_prefer_the_word_before_to_its_neighbours():
    """In scores alone: 9 times as much as one place to either side."""
    plain, told = (traced("positions", scheme=scheme) for scheme in ("none", "sinusoidal"))
    added = np.exp(told["scaled"].value - plain["scaled"].value)
    for i in range(2, 5):
        close(added[i, i - 1] / added[i, [i - 2, i]], [9, 9])


# --- Laws ------------------------------------------------------------------------------------------------------------


def gap(scheme, order, text="paint", **settings):
    """The largest difference of X' between an order, rows put back, and the words as written."""
    set_up = BENCH.set_up(scheme=scheme, order=order, text=text, **settings)
    trace, at = run(set_up.program, set_up.given, set_up.labels), permutation(text, order)
    return np.abs(put_back(trace["residual"].value, at) - reordered(trace, set_up.program, at)).max()


@given(seeds, st.permutations(range(5)))
def test_an_order_permutes_what_comes_out_and_changes_nothing_else(seed, order):
    """Any words, any weights, any order, with no places and no mask."""
    rng, order = np.random.default_rng(seed), np.array(order)
    drawn = {name: rng.normal(size=shape) for name, shape in (("x", (5, 6)), ("w_q", (6, 4)), ("w_k", (6, 4)),
                                                              ("w_v", (6, 4)), ("w_o", (4, 6)))}  # fmt: skip
    drawn["scale"] = np.array(0.5)
    plain = run(programs.SELF_ATTENTION, drawn)
    other = run(programs.SELF_ATTENTION, {**drawn, "x": drawn["x"][order]})
    close(put_back(other["residual"].value, order), plain["residual"].value, 1e-9)
    close(other["weights"].value, plain["weights"].value[np.ix_(order, order)], 1e-9)
    close(reordered(other, programs.SELF_ATTENTION, order), plain["residual"].value, 1e-9)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("order", ORDERS)
def test_without_places_an_order_changes_no_row_and_no_weight(text, order):
    assert gap("none", order, text) < 1e-12
    plain, other = (BENCH.set_up(text=text, order=name).given for name in ("written", order))
    for name in ("w_q", "w_k", "w_v", "w_o"):
        assert np.array_equal(plain[name], other[name])
    assert sorted(permutation(text, order).tolist()) == list(range(len(written(text))))


def test_places_and_a_mask_make_the_order_count():
    assert gap("none", "reversed", causal=True) > 0.1
    for scheme in ("relative", "one-hot", "sinusoidal", "rotary"):
        assert gap(scheme, "reversed") > 0.1
    assert gap("alibi", "reversed") < 1e-12  # every distance stays
    assert gap("alibi", "swapped") > 0.1


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 12))
def test_the_score_of_turned_arrows_depends_on_their_distance_only(one, other, apart):
    here, there = turned_pair(one, apart), turned_pair(other, apart)
    close(here["scores"].value[1, 0], there["scores"].value[1, 0], 1e-9)
    close(here["scores"].value[1, 0], 2 * log(3) * np.cos(apart), 1e-9)
    close(np.hypot(*here["q_rotated"].value[1]), 2 * log(3), 1e-9)


# --- The exercises ---------------------------------------------------------------------------------------------------


def build(name, changes, seed=0):
    task = EXERCISES[name].task(seed)
    filled = dict(zip(task.blanks, task.start, strict=True))
    for (matrix, *at), value in changes.items():
        assert (matrix, tuple(at)) in filled
        filled[matrix, tuple(at)] = value if isinstance(value, str) else typed(value)
    return task.check(filled)


S = "2 ln 81"
BACK = {
    "the model": {("w_q", 4, 0): S, ("w_q", 5, 1): S, ("w_q", 6, 2): S},
    "larger, and the first place asks, too": {("w_q", 3, 0): 20, ("w_q", 4, 0): 20, ("w_q", 5, 1): 20,
                                              ("w_q", 6, 2): 20},
    "columns in another order, signs turned": {
        ("w_k", 3, 0): 0, ("w_k", 3, 2): -1, ("w_k", 5, 2): 0, ("w_k", 5, 0): 1, ("w_q", 4, 2): -12, ("w_q", 5, 1): 12,
        ("w_q", 6, 0): 12,
    },
    "on a circle, two columns": {
        ("w_k", 3, 0): 1, ("w_k", 4, 0): 0, ("w_k", 4, 1): 1, ("w_k", 5, 2): 0, ("w_k", 5, 0): -1, ("w_k", 6, 1): -1,
        ("w_q", 4, 0): 12, ("w_q", 5, 1): 12, ("w_q", 6, 0): -12,
    },
}  # fmt: skip


@pytest.mark.parametrize("how", BACK)
def test_any_head_that_looks_back_is_right(how):
    verdict = build("E22", BACK[how])
    assert verdict.right, verdict.says


@pytest.mark.parametrize("factor", [9, 26])
def test_a_head_that_looks_back_too_weakly_is_told_its_sentence_and_cell(factor):
    strength = 2 * log(factor)
    verdict = build("E22", {("w_q", 4, 0): strength, ("w_q", 5, 1): strength, ("w_q", 6, 2): strength})
    assert not verdict.right
    assert "takes" in verdict.says
    assert "at least 0.90 is asked" in verdict.says


BOTH = {("table", 1): "ln 9", ("table", 3): "ln 9"}
RESOLVED = {
    "the model": {("w_q", 3, 0): "ln 81", ("w_k", 2, 0): "1"} | BOTH,
    "both signs turned, other biases": {("w_q", 3, 0): "-2", ("w_k", 2, 0): "-3", ("table", 1): "2", ("table", 3): "2"},
    "by what is far away": {("w_q", 3, 0): "5", ("w_k", 2, 0): "1", ("table", 0): "-ln 9", ("table", 4): "-ln 9"},
    "everybody looks": {**{("w_q", i, 0): "3" for i in range(3)}, ("w_q", 3, 0): "6", ("w_k", 2, 0): "1"} | BOTH,
}  # fmt: skip


@pytest.mark.parametrize("how", RESOLVED)
def test_any_way_to_resolve_the_banks_is_right(how):
    verdict = build("E34", RESOLVED[how])
    assert verdict.right, verdict.says


@pytest.mark.parametrize(
    ("changes", "slip"),
    [
        (BOTH, "places alone"),
        ({("w_q", 3, 0): "ln 81", ("w_k", 2, 0): "1"}, "no bias"),
        (RESOLVED["the model"] | {("table", 3): "0"}, "one side only"),
        (RESOLVED["the model"] | {("table", 1): "ln 900"}, "bias out of bounds"),
    ],
)
def test_neither_places_nor_words_alone_resolve_the_banks(changes, slip):
    verdict = build("E34", changes)
    assert not verdict.right
    assert slip in [found.name for found in verdict.slips]
    assert "more of" in verdict.says or "between −ln 9 and ln 9" in verdict.says


@pytest.mark.parametrize("name", ["E22", "E34"])
@pytest.mark.parametrize("text", ["1e9", "-1e9", "1e-9", "", "abc", "1/0", None, "x" * 3000])
def test_whatever_is_typed_gets_a_sentence(name, text):
    task = EXERCISES[name].task(0)
    for answer in (dict.fromkeys(task.blanks, text), {task.blanks[0]: text}, None):
        verdict = task.check(answer)
        assert not verdict.right
        assert verdict.says.endswith((".", ":"))


@pytest.mark.parametrize("name", ["E22", "E34"])
def test_every_slip_that_a_repair_takes_back_is_shown_by_an_example(name):
    for seed in range(6):
        task = EXERCISES[name].task(seed)
        assert {slip.name for slip in task.checker.repairs} <= {slip for slip, _ in task.wrong()}


def test_the_nearest_cue_of_a_bank_is_its_own():
    """So that the question can be answered, and as it says."""
    kinds = {"account": 1, "money": 1, "loan": 1, "river": -1, "lake": -1}
    for text, signs in _JUDGED:
        words = text.split()
        banks = [i for i, word in enumerate(words) if word == "bank"]
        for i, sign in zip(banks, signs, strict=True):
            far = {kinds[word]: abs(i - j) for j, word in reversed(list(enumerate(words))) if word in kinds}
            near = {kind: min(abs(i - j) for j, w in enumerate(words) if kinds.get(w) == kind) for kind in far}
            assert min(near, key=near.get) == sign
            assert len(set(near.values())) == len(near)


def test_the_factor_is_asked_for_and_not_the_bias():
    task = EXERCISES["E21"].task(5)
    assert task.check("9").right
    assert EXERCISES["E21"].task(0).check("5").right  # not 9 at first: the lesson says what that makes
    for text, slip in (
        ("2.197", "bias for factor"),
        ("18", "every word counts 1"),
        ("27", "exponential for factor"),
        ("6", "other adjectives count 1"),
        ("3", "match for factor"),
        ("9/11", "share for factor"),
    ):
        assert slip in [found.name for found in task.check(text).slips], text
    assert all(text.split()[-1] in ("cube", "ball") for text in _TEXTS)


def test_what_an_order_changes():
    answers = [EXERCISES["positions-order"].task(seed).right() for seed in range(8)]
    assert answers[0] == "none of the rows"
    assert answers[3] == "none of the rows"  # ALiBi, from last to first
    assert set(answers) == {"none of the rows", "some of the rows", "every row"}


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_worked_example_says_the_curriculums_numbers():
    said = texts(opened(PAGE))
    for number in ("3, 1, 1, 3 and 1", "1/3 from *red* and 1/3 from *blue*", "<td>9/11</td>", "<td>1/11</td>", "1.187"):
        assert number in said


@pytest.mark.parametrize("guessed_right", [True, False])
def test_results_are_hidden_until_the_guess(guessed_right):
    guess_all(opened(PAGE), QUESTIONS, texts, guessed_right)


def test_a_control_appears_with_its_result():
    before, after = (keys([*a.slider, *a.toggle, *a.get("button_group")]) for a in (opened(PAGE), answered()))
    assert after - before >= {f"positions.{name}" for name in ("order", "factor", "shift", "apart", "text")}
    assert {"positions.scheme", "positions.causal"} <= before


@pytest.mark.parametrize("name", BENCH.settings)
def test_every_value_of_every_control(name):
    for value in BENCH.allowed[name]:
        app = answered(figures={name: value}) if name in BENCH.figures else answered(**{name: value})
        assert set_to(app, "positions", name) == value


def test_the_table_of_an_order_follows_scheme_and_mask():
    """Differences only where something tells places."""
    for settings, said in (({}, "(no places, no mask)"), ({"scheme": "relative"}, "(a bias by distance, no mask)"),
                           ({"causal": True}, "(no places, causal mask)")):  # fmt: skip
        shown = texts(answered(order="reversed", **settings))
        start = shown.index("<caption>Reversed, and as written")
        table = shown[start : shown.index("</table>", start)]
        assert said in table
        zero = table.count("<td>0</td>")
        assert (zero == 5) == (not settings)


def test_the_score_of_the_arrows_stays_when_both_move():
    shown = texts(answered(figures={"shift": 7, "apart": 2}))
    start = shown.index("<caption>The angles, in radians, and the score")
    table = shown[start : shown.index("</table>", start)]
    assert "key at place 8, query at place 10" in table
    assert table.count("<td>−0.91</td>") == 2


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("text", TEXTS)
def test_places_are_counted_from_1_and_formulas_name_what_is_drawn(scheme, text):
    trace = traced("positions", scheme=scheme, text=text)
    if "positions" in trace.given:
        assert trace.given["positions"].value[0] == 1
    formula = trace["q"].step.formula
    assert formula == ("Q = X_P W_Q" if "placed" in trace else "Q = X W_Q")
    assert trace["residual"].step.formula == ("X' = X_P + Y" if "placed" in trace else "X' = X + Y")
    assert "switch" not in trace["row_max"].step.says


def test_an_order_of_words_is_judged_by_their_own_columns():
    """With the word before told by one-hot places, and a factor of 1, nothing but the places differs."""
    shown = texts(answered(order="swapped", scheme="one-hot", factor=1))
    start = shown.index("<caption>Two words swapped, and as written (one-hot")
    assert shown[start : shown.index("</table>", start)].count("<td>0</td>") == 5
    assert "each is what it was" in shown


def test_nothing_is_drawn_where_nothing_is_added():
    assert "No places are told above" in texts(answered())
    assert "adds nothing to the scores here" in texts(answered(scheme="relative", order="reversed", causal=True))


def test_the_banks_above_follow_the_board():
    shown = texts(answered(text="banks", scheme="relative"))
    start = shown.index("X′, as above")
    assert "<td>11/4 money, 5/4 water</td><td>5/4 money, 11/4 water</td>" in shown[start : start + 200]
