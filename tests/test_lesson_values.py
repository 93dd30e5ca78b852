"""The lesson on values: its numbers, what never changes, and what the page says in every setting."""

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import costs, programs, run
from attention_core.benches import BENCHES
from attention_core.benches.values import MAPS, full_map, kept
from attention_core.checks import checks
from attention_core.examples import PAINT
from attention_core.exercises import EXERCISES
from attention_core.exercises.answers import typed
from attention_ui.link import View, pack
from attention_ui.plots import Axes, bars_figure
from attention_ui.sheet import Sheet
from attention_ui.values_figures import INKS, SOURCES
from attention_ui.values_numbers import predicted
from tests.guessing import guess_all
from tests.laws import close
from tests.test_benches import traced
from tests.test_lesson_similarity import keys, texts
from tests.test_pages import opened, sound

PAGE = "pages/values.py"
QUESTIONS = {
    "values.residual": ("no noun", "Of round, only what *ball* took from itself is left"),
    "values.identity": ("an adjective", "What it found *red* by comes along"),
    "values.askers": ("by 3/4 and 1/3", "What red hands over above"),
    "values.narrow": ("its shape", "At most 2 coordinates, of 6 features"),
    "values.two": ("48 times", "150,994,944"),
    "values.order": ("the same", "81/82"),
}
BALL, HIT, CUBE = 1, 2, 4
FIGURES = BENCHES["values"].figures
seeds = st.integers(0, 2**32 - 1)


EXACT = View(exact=True)


def answered(view=EXACT, edits=None, **settings):
    """The page with every question skipped, with these settings and edits, its numbers as fractions."""
    sheet = Sheet("values").with_settings(**{k: v for k, v in settings.items() if k not in FIGURES})
    for name, cells in (edits or {}).items():
        sheet = sheet.with_cells(name, cells)
    view = replace(view, figures={k: v for k, v in settings.items() if k in FIGURES})
    app = opened(PAGE, **pack(sheet, view))
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def rows(*texts_of):
    return [[float(F(number)) for number in text.split()] for text in texts_of]


def drawn(seed, n=5, d_model=6, d_v=4):
    rng = np.random.default_rng(seed)
    shapes = {"x": (n, d_model), "weights": (n, n), "w_v": (d_model, d_v), "w_o": (d_v, d_model)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_the_weights_are_those_of_one_head():
    given, labels = PAINT.given(PAINT.sentence.split())
    head = run(programs.one_head(), given, labels)
    trace = traced("values")
    close(trace.given["weights"].value, head["weights"].value)
    for name in ("v", "output", "projected", "residual"):
        close(trace[name].value, head[name].value)


def test_what_the_words_become():
    trace = traced("values")
    close(trace["output"].value[:, :3], rows("1 0 0", "3/4 0 1/4", "1/5 0 3/5", "1/4 1/4 1/4", "1/3 1/3 0"))
    close(trace["residual"].value[BALL], rows("0 1 0 3/4 0 5/4")[0])


def test_without_the_residual_ball_is_no_noun():
    trace = traced("values", residual=False)
    close(trace["residual"].value[BALL], rows("0 0 0 3/4 0 1/4")[0])
    close(trace["residual"].value, trace["projected"].value)


def test_values_that_are_the_words():
    trace = traced("values", maps="identity")
    assert trace["v"].value.shape == (5, 6)
    close(trace["residual"].value, rows(
        "2 0 0 2 0 0", "3/4 5/4 0 3/4 0 5/4", "1/5 3/5 6/5 1/5 0 3/5", "3/2 1/4 1/4 1/4 5/4 1/4",
        "2/3 11/9 1/9 1/3 1/3 -1",
    ))  # fmt: skip
    close(trace["output"].value, rows(
        "1 0 0 1 0 0", "3/4 1/4 0 3/4 0 1/4", "1/5 3/5 1/5 1/5 0 3/5", "1/2 1/4 1/4 1/4 1/4 1/4",
        "2/3 2/9 1/9 1/3 1/3 0",
    ))  # fmt: skip


def test_one_map_of_three_ones():
    w_ov = traced("values")["w_ov"].value
    assert {tuple(map(int, at)): w_ov[tuple(at)] for at in np.argwhere(w_ov)} == {(3, 3): 1, (4, 4): 1, (5, 5): 1}
    assert programs.rank(w_ov) == 3


def test_the_numbers_of_a_large_head():
    assert costs.value_map(12288, 128) == {"full": 150_994_944, "low-rank": 3_145_728}
    assert costs.value_map_parameters(costs.MODELS["GPT-3 175B"].config) == costs.value_map(12288, 128)


def test_only_what_ball_becomes_is_offered_as_right():
    """With the identity: red and rounder as with ours; a noun more, which is not offered; and an adjective."""
    options, right, _ = predicted("identity")
    named = dict(zip(PAINT.features, traced("values", maps="identity")["residual"].value[BALL], strict=True))
    begun = dict(zip(PAINT.features, PAINT.given(PAINT.sentence.split())[0]["x"][BALL], strict=True))
    grown = {name for name in named if named[name] > begun[name]}
    assert grown == {"adj", "noun", "red", "round"}
    assert (options, right) == (["nothing else", "a verb", "an adjective"], "an adjective")


def test_twice_the_value_grows_by_the_share():
    assert predicted("askers")[:2] == (["by 1 and 1", "by 3/4 and 1/3", "by 3/2 and 2/3"], "by 3/4 and 1/3")


# --- Laws ------------------------------------------------------------------------------------------------------------


@given(seeds)
def test_both_ways_lead_to_the_same_addition(seed):
    matrices = drawn(seed)
    trace = run(programs.HANDED_ON, matrices)
    close(trace["remixed"].value, trace["projected"].value, 1e-9)
    parts = matrices["weights"][:, :, None] * trace["offered"].value
    close(trace["residual"].value, matrices["x"] + parts.sum(axis=1), 1e-9)


@given(seeds)
def test_mixing_first_or_last_is_the_same(seed):
    matrices = drawn(seed)
    mixed = matrices["weights"] @ matrices["x"]
    close(mixed @ matrices["w_v"], run(programs.HANDED_ON, matrices)["output"].value, 1e-9)


@given(seeds, st.floats(-5, 5), st.integers(0, 4), st.integers(0, 4))
def test_whoever_asks_gets_the_same_value_by_its_share(seed, change, giver, asker):
    """What changes in an asker when one value changes is the change, times the share, and nothing else of the asker."""
    matrices = drawn(seed)
    moved = {**matrices, "x": matrices["x"].copy()}
    moved["x"][giver] += change
    before, after = (run(programs.HANDED_ON, of) for of in (matrices, moved))
    value = after["v"].value[giver] - before["v"].value[giver]
    grown = after["output"].value[asker] - before["output"].value[asker]
    close(grown, matrices["weights"][asker, giver] * value, 1e-8)


@pytest.mark.parametrize("maps", MAPS)
def test_so_many_coordinates_so_much_rank(maps):
    """With r coordinates the map has at most rank r, and no map of that rank comes closer to the whole."""
    whole = full_map() if maps == "full" else traced("values", maps=maps)["w_ov"].value
    for r in range(1, 7):
        w_ov = traced("values", maps=maps, r=r)["w_ov"].value
        assert programs.rank(w_ov) == min(r, programs.rank(whole))
        best = np.matmul(*programs.low_rank(whole, r))
        close(np.linalg.norm(w_ov - whole), np.linalg.norm(best - whole), 1e-9)
        close(kept(whole, r), 1 - np.square(w_ov - whole).sum() / np.square(whole).sum(), 1e-9)


def test_the_full_map_has_no_cell_of_0_and_full_rank():
    assert full_map().all()
    assert programs.rank(full_map()) == 6
    close(traced("values", maps="full")["w_ov"].value, full_map())


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_worked_example_says_the_curriculums_numbers():
    said = texts(answered())
    for number in (
        "v = (1, 0, 0, 0)", "(3/4, 0, 1/4, 0)", "(0, 0, 0, 3/4, 0, 1/4)", "**(0, 1, 0, 3/4, 0, 5/4)**",
        "d_model = 12,288", "d_v = 128", "<td>(3/4, 1/4, 0, 3/4, 0, 1/4)</td>",
    ):  # fmt: skip
        assert number in said


@pytest.mark.parametrize("guessed_right", [True, False])
def test_results_are_hidden_until_the_guess(guessed_right):
    guess_all(opened(PAGE), QUESTIONS, texts, guessed_right)


def test_a_control_appears_with_its_result():
    before, after = (
        keys([*app.slider, *app.toggle, *app.get("button_group")]) for app in (opened(PAGE), answered())
    )  # fmt: skip
    assert after - before >= {f"values.{name}" for name in ("residual", "maps", "giver", "r", "d_v")}
    assert "values.asker" in before


@pytest.mark.parametrize("name", BENCHES["values"].settings)
def test_every_end_of_every_control(name):
    bench = BENCHES["values"]
    for value in (bench.allowed[name][0], bench.allowed[name][-1]):
        app = answered(**{name: value})
        now = app.session_state["visit.values"]
        assert now.view.figures.get(name, now.document.setting(name)) == value


def test_the_parts_follow_the_asker_and_add_up():
    said = texts(answered(asker="cube"))
    assert '<th scope="row">from red</th><td>1/3</td>' in said
    assert "<td>(0, 1, 0, 1/3, 1/3, −1)</td></tr></tbody>" in said


def test_without_the_residual_the_word_is_no_part():
    said = texts(answered(residual=False))
    assert "The residual is switched off: the word as it comes is missing" in said
    assert "<td>(0, 0, 0, 3/4, 0, 1/4)</td></tr></tbody>" in said
    assert '<th scope="row">as it comes</th>' not in said
    assert "**Not our numbers any more:** the residual is off. The text may differ" in said


def test_the_tables_follow_what_is_typed():
    """red hands over 5 of red: every asker gets the new value; the two orders of mixing still agree."""
    said = texts(answered(edits={"w_v": {(3, 0): "5"}}))
    assert "gets of v = (5, 0, 0, 0)" in said
    assert "gets of v = (10, 0, 0, 0)" in said
    assert "<td>3/4</td><td>(15/4, 0, 0, 0)</td><td>(15/2, 0, 0, 0)</td><td>(15/4, 0, 0, 0)</td>" in said
    assert "<td>(0, 1, 0, 15/4, 0, 5/4)</td>" in said
    assert "<td>15/4</td><td>15/4</td><td>the same</td>" in said


def test_one_ball_has_one_number():
    """With a share and a weight typed over, every table of ball has what the board has, and the page says so on top."""
    said = texts(answered(edits={"weights": {(1, 0): "9/10"}, "w_v": {(3, 0): "2"}}))
    assert "**Not our numbers any more:** you typed into A and W_V." in said
    assert said.count("<td>(0, 1, 0, 9/5, 0, 5/4)</td>") == 2  # what it is made of, and the box on the residual
    assert '<th scope="row">red</th><td>9/5</td><td>9/5</td><td>the same</td>' in said  # with the residual, and without
    assert '<th scope="row">red</th><td>9/10</td><td>9/10</td><td>9/5</td>' in said  # ours, the identity, as above
    assert "<td>9/5</td><td>9/5</td><td>the same</td>" in said  # W_V first, or last
    assert '<th scope="row">ball above, A times values</th><td>(9/5, 0, 1/4, 0)</td>' in said


def test_ball_with_the_identity_is_that_of_the_board():
    """Two coordinates of the identity hand over no red, in the chart and in the table of W_V and W_O."""
    said = texts(answered(maps="identity", r=2, residual=False))
    assert "<td>(3/4, 1/4, 0, 0, 0, 0)</td></tr></tbody>" in said
    assert "by W_V and W_O, r = 2, without the residual" in said
    assert '<th scope="row">red</th><td>3/4</td><td>0</td>' in said


def test_every_source_of_a_part_has_its_own_look():
    """Switched off, the word as it comes leaves a gap: no other source takes its colour and its hatching."""
    axes, series = Axes("", "", ""), {source: [1.0] for source in SOURCES}
    bars = bars_figure(axes, ["red"], series, INKS, stacked=True).data
    assert len({(bar.marker.color, bar.marker.pattern.shape) for bar in bars}) == len(SOURCES) == 6


def test_our_numbers_need_no_note():
    said = texts(answered())
    assert "The sentences are about our numbers." in said
    assert "Not our numbers" not in said
    assert not [key for key in buttons(answered()) if key.startswith("ours.")]


def buttons(app):
    return [button.key for button in app.button]


@pytest.mark.parametrize(
    ("settings", "edits", "told", "beside"),
    [
        ({"r": 2}, {}, "a value has at most r = 2 coordinates", ("asker", "residual", "maps", "giver", "order")),
        ({"maps": "identity"}, {}, "W_V and W_O are the identity", ("asker", "residual", "giver", "order")),
        ({"residual": False}, {}, "the residual is off", ("asker", "maps", "giver", "order")),
        ({}, {"w_v": {(3, 0): "5"}, "weights": {(1, 0): "7"}}, "you typed into A and W_V",
         ("asker", "residual", "maps", "giver", "order")),
    ],
)  # fmt: skip
def test_a_section_says_how_the_matrices_are_not_ours_but_for_what_it_is_about(settings, edits, told, beside):
    """With a button that brings ours back, in what the section is not about."""
    app = answered(edits=edits, **settings)
    assert f"**Not our numbers any more:** {told}." in texts(app)
    assert texts(app).count(f"**Not our numbers above:** {told}.") == len(beside)
    assert [key for key in buttons(app) if key.startswith("ours.")] == [f"ours.{section}" for section in beside]
    sound(app.button(key=f"ours.{beside[0]}").click().run())
    assert "Not our numbers" not in texts(app)
    assert app.session_state["visit.values"].document == Sheet("values")
    assert app.session_state["visit.values"].past


def test_our_numbers_again_keeps_what_the_section_is_about():
    app = answered(r=2, residual=False, edits={"x": {(0, 0): "3"}})
    sound(app.button(key="ours.residual").click().run())
    assert app.session_state["visit.values"].document == Sheet("values").with_settings(residual=False)


def test_shares_that_do_not_add_up_are_said_where_they_are_typed():
    trace = run(programs.HANDED_ON, Sheet("values").with_cells("weights", {(1, 0): "7"}).given()[0])
    assert [check.text for check in checks(trace, "output") if not check.holds] == [
        "the rows of A sum to 1, 7.25, 1, 1, 1, and should sum to 1"
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("values.residual", {"residual": False}),
        ("values.identity", {"maps": "identity"}),
        ("values.askers", {}),
        ("values.narrow", {"r": 2}),
    ],
)
def test_the_board_is_set_to_what_a_question_asks(name, asked):
    app = answered(maps="full", residual=False)
    del app.session_state["guesses"][name]
    sound(app.run())
    sound(app.button(key=f"{name}.skip").click().run())
    settings = dict(app.session_state["visit.values"].document.settings)
    assert settings == asked


def test_the_ranks_follow_the_slider():
    said = texts(answered(r=2, maps="full"))
    assert "At most 2 coordinates, of 6 features" in said
    assert '<th scope="row">ours</th><td>2</td><td>24</td><td>36</td><td>2/3</td>' in said
    assert '<th scope="row">as it stands above</th><td>2</td><td>24</td>' in said


@pytest.mark.parametrize(("d_v", "numbers"), [(64, "1,572,864"), (6144, "150,994,944"), (12288, "301,989,888")])
def test_the_large_head_follows_its_width(d_v, numbers):
    said = texts(answered(d_v=d_v))
    assert f"<td>{numbers}</td><td>{d_v:,}</td>" in said


# --- E17: send only shape --------------------------------------------------------------------------------------------


def sent(changes, seed=0):
    """The verdict on the start of E17 with these cells."""
    task = EXERCISES["E17"].task(seed)
    answer = dict(zip(task.blanks, task.start, strict=True))
    for (name, *at), value in changes.items():
        assert (name, tuple(at)) in answer
        answer[name, tuple(at)] = value if isinstance(value, str) else typed(value)
    return task.check(answer)


COLOURS_OUT = {("w_v", 3, 0): "0", ("w_v", 4, 1): "0"}
SENDING = {
    "0 in W_V": COLOURS_OUT,
    "0 in W_O": {("w_o", 0, 3): "0", ("w_o", 1, 4): "0"},
    "one in each": {("w_v", 3, 0): "0", ("w_o", 1, 4): "0"},
    "another strength": {**COLOURS_OUT, ("w_v", 5, 2): "4", ("w_o", 2, 5): "1/4"},
    "through another coordinate": {**COLOURS_OUT, ("w_v", 5, 2): "0", ("w_v", 5, 1): "-2", ("w_o", 1, 4): "0",
                                   ("w_o", 1, 5): "-1/2"},
    "colours that cancel": {("w_v", 3, 1): "1", ("w_o", 1, 3): "-1", ("w_v", 4, 1): "0", ("w_o", 1, 4): "0"},
}  # fmt: skip


@pytest.mark.parametrize("how", SENDING)
def test_any_matrices_that_send_only_shape_are_right(how):
    verdict = sent(SENDING[how])
    assert verdict.right, verdict.says
    assert verdict.says == "Right. Only round is handed over. It holds in all 6 sentences."


def test_only_shape_is_what_the_question_says():
    given, labels = PAINT.given(PAINT.sentence.split())
    w_v = PAINT.weights["w_v"].copy()
    w_v[3:5] = 0
    after = run(programs.one_head(), {**given, "w_v": w_v}, labels)["residual"].value
    close(after[:, 3:5], given["x"][:, 3:5])
    close(after[:, 5], [0, 5 / 4, 3 / 5, 1 / 4, -1])


@pytest.mark.parametrize(
    ("changes", "slip", "cell"),
    [
        ({("w_v", 3, 0): "0"}, "still sent", "blue cube”, cube has 1/3 of blue after the head, and 0"),
        ({("w_v", 5, 2): "0"}, "the other way round", "red has 2 of red"),
        ({**COLOURS_OUT, ("w_v", 5, 2): "0"}, "nothing is sent", "hit has 0 of round after the head, and 3/5"),
        ({**COLOURS_OUT, ("w_o", 2, 5): "-1"}, "sign", "hit has −3/5 of round"),
        ({**COLOURS_OUT, ("w_o", 2, 5): "0", ("w_o", 2, 3): "1"}, "written elsewhere", "of red after the head, and 0"),
        ({}, "nothing changed", "Nothing is changed yet."),
    ],
)
def test_a_wrong_construction_is_told_its_sentence_and_its_cell(changes, slip, cell):
    verdict = sent(changes)
    assert not verdict.right
    assert [found.name for found in verdict.slips] == [slip]
    assert cell in verdict.says


def test_what_is_right_in_our_sentence_alone_is_wrong():
    """“purple” and a round adjective stand in hidden sentences only: colours that go into shape are found there."""
    verdict = sent({("w_v", 3, 0): "0", ("w_v", 4, 1): "1/1000", ("w_o", 1, 4): "900"})
    assert not verdict.right


@pytest.mark.parametrize("nonsense", ["", "abc", "1/0", "1e999", "1 000 000 000", "=1+1", "<b>"])
def test_nonsense_gets_a_sentence(nonsense):
    verdict = sent({("w_o", 2, 5): nonsense})
    assert not verdict.right
    assert verdict.says.startswith("Output weights (2, round): ")


def test_huge_numbers_get_a_sentence():
    verdict = sent({("w_v", 5, 2): "1000000", ("w_o", 2, 5): "1000000"})
    assert not verdict.right
    assert verdict.says.endswith(".")
