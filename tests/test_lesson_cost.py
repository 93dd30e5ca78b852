"""The lesson on costs: its numbers, what never changes, and what the page says in every setting."""

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.benches.cost import LENGTHS, PLAIN, SHOWS, TILES, WORDS, habits, projected, tiled
from attention_core.examples import PAINT
from attention_core.exercises import EXERCISES
from attention_core.savings import PATTERNS
from attention_ui.cost_figures import VIEWS, holder, large, rested, shared_out
from attention_ui.cost_numbers import predicted
from attention_ui.document import Head, compute
from attention_ui.link import View, pack
from attention_ui.naming import plain_letter
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.sheet import Sheet
from tests.guessing import guess_all
from tests.laws import cells, close, explains
from tests.test_benches import traced
from tests.test_lesson_similarity import keys, texts
from tests.test_pages import opened, sound

PAGE = "pages/cost.py"
QUESTIONS = {
    "cost.stored": ("40 PB", "none of these"),
    "cost.larger": ("they are multiplied by 1/9", "What is kept of ball, with our numbers"),
    "cost.fast": ("memory, and trips to it", "75.2 billion"),
    "cost.window": ("3/5", "511,869,184"),
    "cost.sink": ("1/3", "What cube takes, resting on the first word"),
    "cost.grows": ("the cache", "4.72 TB"),
    "cost.state": ("the same", "25,600,000,000"),
    "cost.lora": ("196,608", "1,572,864"),
    "cost.bits": ("1/14", "Fewer bits, larger errors"),
    "cost.experts": ("12.9 billion", "46,702,792,704"),
    "cost.layer": ("900", "1,296"),
}
RED, BALL, HIT, BLUE, CUBE = range(5)
BENCH = BENCHES["cost"]
EXACT = View(exact=True)
seeds = st.integers(0, 2**32 - 1)


def answered(view=EXACT, edits=None, **settings):
    """The page with every question skipped, with these settings and edits, its numbers as fractions."""
    sheet = Sheet("cost").with_settings(**{k: v for k, v in settings.items() if k not in BENCH.figures})
    for name, typed in (edits or {}).items():
        sheet = sheet.with_cells(name, typed)
    view = replace(view, figures={k: v for k, v in settings.items() if k in BENCH.figures})
    app = opened(PAGE, **pack(sheet, view))
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def rows(*texts_of):
    return [[float(F(number)) for number in text.split()] for text in texts_of]


def row(*cells):
    """A row of a table, as it is drawn."""
    first, *rest = cells
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


# --- Tile by tile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("loud", [False, True])
def test_the_board_ends_with_the_plain_head(tile, loud):
    plain = run(PLAIN, projected(loud))["output"].value
    trace = traced("cost", tile=tile, loud=loud)
    close(trace["output"].value, plain)
    stored = [made.value.size for name, made in trace.items() if name.endswith(".scores")]
    assert max(stored) == 5 * tile
    assert len(stored) == -(-5 // tile)


def test_the_plain_head_is_that_of_the_lesson_on_one_head():
    given_, labels = PAINT.given(WORDS, causal=False)
    head = run(programs.one_head(), given_, labels)
    close(run(PLAIN, projected())["output"].value, head["output"].value)
    close(run(PLAIN, projected())["scores"].value, head["scaled"].value)


@given(n=st.integers(1, 9), d_k=st.integers(1, 4), d_v=st.integers(1, 5), tile=st.integers(1, 10), seed=seeds)
def test_tiles_of_any_size_give_the_plain_head(n, d_k, d_v, tile, seed):
    rng = np.random.default_rng(seed)
    given_ = {"q_scaled": 3 * rng.normal(size=(n + 1, d_k)), "k": rng.normal(size=(n, d_k)),
              "v": rng.normal(size=(n, d_v))}  # fmt: skip
    made = run(programs.online(n, tile, rest=False, projects=False), given_)
    plain = run(PLAIN, {**{k: v for k, v in given_.items() if k != "v"}, "values": given_["v"]})
    close(made["output"].value, plain["output"].value)


def test_ball_tile_by_tile():
    trace = traced("cost")
    close(trace["tile1.exps"].value[BALL], rows("1 1/3 1/3")[0])
    assert trace["tile1.row_sums"].value[BALL] == pytest.approx(5 / 3)
    close(trace["tile1.output"].value[BALL], rows("1 0 1/3 0")[0])
    close(trace["tile2.correction"].value, np.ones(5))
    close(trace["tile2.row_sums"].value, [5, 3, 3, 5, 3])
    close(trace["output"].value[[BALL, CUBE]], rows("1/3 1/3 0 0", "1/3 1/3 0 0"))


def test_a_louder_key_corrects_what_was_there():
    trace = traced("cost", loud=True)
    close(trace["tile2.correction"].value, rows("1 1/9 1 1 1/9")[0])
    close(trace["tile2.row_sums"].value[BALL], 5 / 27 + 1 + 1 / 27)
    close(trace["output"].value[BALL], rows("1/11 9/11 0 0")[0])


@pytest.mark.parametrize("tile", TILES)
def test_the_letters_of_tiles_are_short(tile):
    sheet = Sheet("cost").with_settings(tile=tile)
    picture = Picture(compute(sheet), None, View())
    letters = {name: plain_letter(picture, name) for name in picture.steps}
    assert letters["tile1.row_max"] == "m(t1)"
    assert letters["tile1.exps"] == "E(t1)"
    assert letters["tile1.k"] == "K(t1)"
    if tile < 5:
        assert [letters[f"tile2.{name}"] for name in ("correction", "row_sums", "output")] == [
            "α(t2)",
            "r(t2)",
            "O(t2)",
        ]
    assert all(len(letter) <= 6 for letter in letters.values())


def test_no_view_draws_many_matrices():
    for show in SHOWS:
        for tile in TILES if show == "tiles" else (3,):
            document = Sheet("cost").with_settings(show=show, tile=tile)
            drawn = board_data(Picture(compute(document), None, View()))["matrices"]
            assert len(drawn) <= 27, show


def test_the_signs_of_a_running_sum_stand_before_its_operands():
    def signs(columns):
        data = board_data(Picture(compute(Sheet("cost")), None, View(columns=columns)))
        (equation,) = (eq for eq in data["equations"] if eq["step"] == "tile2.output")
        return [term.get("sign") or term["name"] for term in equation["terms"]]

    assert signs(False) == [
        "tile1.output", "×", "tile2.correction", "+", "tile2.exps", "·", "tile2.v", "=", "tile2.output",
    ]  # fmt: skip
    assert signs(True)[4:7] == ["tile2.v", "·", "tile2.exps"]


@pytest.mark.parametrize("show", SHOWS)
def test_every_view_explains_every_cell(show):
    settings = {"tiles": ("tile", TILES), "mask": ("pattern", tuple(PATTERNS)), "bits": ("bits", (8, 2))}
    name, values = settings.get(show, ("loud", (False,)))
    for value in values:
        trace = traced("cost", show=show, **{name: value})
        assert set(trace.given) - {"x", "mask"} <= set(BENCH.set_up(show=show).about)
        for made, at in cells(trace):
            explains(made, at, 1e-12)


# --- The other views -------------------------------------------------------------------------------------------------


def test_with_a_window_the_cube_turns_blue():
    trace = traced("cost", show="mask", pattern="window")
    close(trace["weights"].value[CUBE], rows("0 0 1/5 3/5 1/5")[0])
    close(trace["output"].value[CUBE], rows("0 3/5 -1/5 0")[0])


def test_causal_weights_are_those_of_one_head():
    given_, labels = PAINT.given(WORDS)
    close(traced("cost", show="mask")["weights"].value, run(programs.one_head(), given_, labels)["weights"].value)


def test_a_window_that_loses_the_sink_takes_from_words_that_it_wants_nothing_of():
    assert rested("causal")["hit"] == pytest.approx(1 / 1003)
    assert rested("causal")["red"] == pytest.approx(999 / 1003)
    assert [rested("window")[word] for word in WORDS] == pytest.approx([0, 0, 1 / 3, 1 / 3, 1 / 3])
    assert rested("sink")["red"] == pytest.approx(999 / 1002)


def test_the_state_equals_the_parallel_form_and_does_not_grow():
    trace = traced("cost", show="state")
    q, k, values = (matrix[:3] for matrix in projected().values())
    close(trace["output"].value, np.tril(q @ k.T) @ values)
    assert {trace[f"token{i}.state"].value.shape for i in (1, 2, 3)} == {(4, 4)}


def test_linear_shares_are_flatter():
    shares = shared_out()
    close(shares["softmax"], rows("1/5 3/5 1/5")[0])
    assert max(shares["linear, made positive"]) < 0.4
    assert sum(shares["linear, made positive"]) == pytest.approx(1)


@pytest.mark.parametrize("r", [1, 2, 3])
def test_a_change_of_rank_r_has_r_habits(r):
    trace = traced("cost", show="lora", r=r)
    assert programs.rank(trace["change"].value) == r
    assert sum(factor.size for factor in habits(r)) == 10 * r
    close(trace["weights"].value[RED], rows("1/9 1/3 1/9 1/9 1/3")[0])  # adjectives look for nouns


def test_half_a_weight_is_off_by_half_a_spacing():
    trace = traced("cost", show="bits", bits=4)
    assert trace["spacing"].value == pytest.approx(1 / 7)
    assert trace["codes"].value[0].tolist() == [7, 4, 2, 2, 1, 1]
    assert trace["error"].value[0, 1] == pytest.approx(1 / 14)


def test_gates_of_our_words():
    close(traced("cost", show="experts")["gates"].value, rows(
        "3/4 1/4 0 0", "0 2/3 0 1/3", "0 1/4 3/4 0", "3/4 1/4 0 0", "1/4 3/4 0 0",
    ))  # fmt: skip
    assert traced("cost", show="experts", top=1)["gates"].value.argmax(axis=1).tolist() == [0, 1, 2, 0, 1]


# --- Numbers of the page ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_has_three_answers_and_the_right_one(name):
    options, answer, _ = predicted(name.partition(".")[2])
    assert answer == QUESTIONS[name][0]
    assert len(set(options)) == 3


def test_what_the_chatbot_said_is_not_the_answer():
    assert predicted("stored")[0][0] == "36.6 TB, as it said"


def test_counts_and_holders_in_words():
    assert [large(x) for x in (25, 12_288, 10**12, 2_560_000_000_000_000)] == ["25", "12,288", "10¹²", "2.6·10¹⁵"]
    assert [holder(x) for x in (10**9, 40 * 10**9, 4 * 10**12, 4 * 10**16)] == [
        "a laptop", "one H100", "Frontier", "none of these",
    ]  # fmt: skip


def test_the_worked_example_says_its_numbers():
    said = texts(answered())
    for number in (
        "Its scores are ln 3, 0 and 0, the largest is m = ln 3", "is 1, 1/3 and 1/3", "r = 5/3", "O = (1, 0, 1/3, 0)",
        "α is 1; r grows to 3 and O to (1, 1, 0, 0)", "**(1/3, 1/3, 0, 0)**", "Scores in memory at once: 15 of 25",
        "that of the head computed all at once: 0.",
    ):  # fmt: skip
        assert number in said


def test_the_curriculums_prices_are_on_the_page():
    said = texts(answered())
    for cell in (
        "<td>4 TB</td>", "<td>40 PB</td>", "<td>10¹⁶</td>", "<td>4.72 TB</td>", "<td>393 GB</td>", "511,869,184",
        "150,994,944", "3,145,728", "<td>900</td><td>96</td>", "<td>384 TB</td>", "<td>245,760", "12,288",
    ):  # fmt: skip
        assert cell in said or cell.removeprefix("<td>") in said, cell


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guessed_right", [True, False])
def test_results_are_hidden_until_the_guess(guessed_right):
    guess_all(opened(PAGE), QUESTIONS, texts, guessed_right)


def test_a_control_appears_with_its_result():
    before, after = (keys([*app.toggle, *app.get("button_group")]) for app in (opened(PAGE), answered()))
    names = ("tile", "loud", "pattern", "n", "groups", "r", "bits", "top")
    assert after - before >= {f"cost.{name}" for name in names}
    assert "cost.show" in before


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BENCH.allowed.items() for value in values]
)
def test_every_value_of_every_control(name, value):
    app = answered(**{name: value})
    now = app.session_state["visit.cost"]
    assert now.view.figures.get(name, now.document.setting(name)) == value


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("columns", [False, True])
def test_every_view_in_both_conventions(show, columns):
    said = texts(answered(View(columns=columns), show=show))
    facts = {
        "tiles": "Scores in memory at once", "mask": "M lets 15 of 25 pairs", "state": "numbers. Keys and values of 3",
        "lora": "ΔW has rank 1", "bits": "No error is larger", "experts": "properties: 3, things: 5, deeds: 1",
    }  # fmt: skip
    assert facts[show] in said


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cost.larger", {"loud": True}),
        ("cost.window", {"show": "mask", "pattern": "window"}),
        ("cost.state", {"show": "state"}),
        ("cost.lora", {"show": "lora"}),
        ("cost.bits", {"show": "bits", "bits": 4}),
        ("cost.experts", {"show": "experts"}),
    ],
)
def test_the_board_is_set_to_what_a_question_asks(name, asked):
    app = answered()
    del app.session_state["guesses"][name]
    sound(app.run())
    sound(app.button(key=f"{name}.skip").click().run())
    assert dict(app.session_state["visit.cost"].document.settings) == asked


def test_other_matrices_can_be_drawn_from_each_section():
    app = answered()
    assert "cost.draw.tiles" not in [button.key for button in app.button]
    for view in SHOWS[1:]:
        sound(app.button(key=f"cost.draw.{view}").click().run())
        assert app.session_state["visit.cost"].document.setting("show") == view
        assert f"cost.draw.{view}" not in [button.key for button in app.button]


def test_the_table_of_tiles_follows_its_controls():
    said = texts(answered(tile=2, loud=True))
    assert row("red ball", "ln 3", "–", "4/3", "(1, 0, 1/3, 0)") in said
    assert row("hit blue", "3 ln 3", "1/9", "32/27", "(1/9, 1, 1/27, 0)") in said
    assert "At the end O / r is (1/11, 9/11, 0, 0)." in said


def test_facts_follow_what_is_typed_and_painted():
    said = texts(answered(edits={"k": {(BLUE, 0): "5"}, "q_scaled": {(BALL, 0): "1000"}}))
    assert "that of the head computed all at once: 0." in said
    said = texts(answered(show="mask", edits={"mask": {(CUBE, RED): "0", (CUBE, BALL): "0"}}))
    assert "M lets 13 of 25 pairs see each other" in said
    assert "*cube* takes 1/5 from hit, 3/5 from blue and 1/5 from cube" in said
    said = texts(answered(show="mask", edits={"mask": {(CUBE, i): "0" for i in range(5)}}))
    assert "*cube* takes nothing." in said
    said = texts(answered(show="bits", edits={"w": {(0, 0): "100"}}))
    assert "Half the spacing: 50/127" in said


@pytest.mark.parametrize("show", SHOWS)
def test_huge_and_negative_numbers_are_computed(show):
    name = {"lora": "w_q", "bits": "w", "experts": "w_r"}.get(show, "q_scaled")
    for text in ("1000000", "-1000000", "0"):
        app = answered(show=show, edits={name: {(1, 0): text}})
        assert not any("Something went wrong" in element.proto.body for element in app.get("html"))


def test_all_weights_zero_have_no_spacing():
    zeros = {(i, j): "0" for i in range(6) for j in range(6)}
    assert "Largest error, by size: 0. Half the spacing: 0." in texts(answered(show="bits", edits={"w": zeros}))


@pytest.mark.parametrize(
    ("n", "scores", "all_of_it"),
    [
        (5, ("100 B", "100 B"), ("10.3 kB", "10.4 kB")),  # (25 + 4 × 5 × 128) × 4 bytes; and m and r of five queries
        (10**6, ("4 TB", "65.5 kB"), ("4 TB", "329 kB")),
    ],
)
def test_what_is_kept_is_counted_alike_with_tiles_and_without(n, scores, all_of_it):
    said = texts(answered(n=n))
    for row, found in (("scores at once", scores), ("with their queries, keys, values, outputs", all_of_it)):
        assert f'<th scope="row">{row}</th>' + "".join(f"<td>{x}</td>" for x in found) in said
    assert ("It begins at 1,000." in said) == (n == 5)


def test_a_view_says_whether_it_is_drawn_above():
    said = texts(answered(show="lora"))
    assert "“LoRA” is drawn above" in said
    assert "“tile by tile” is drawn above" not in said


@pytest.mark.parametrize("n", LENGTHS)
def test_prices_follow_the_length(n):
    said = texts(answered(n=n))
    assert f"<td>{large(PATTERNS['bigbird'].priced(n))}</td>" in said
    assert f"<td>{large(PATTERNS['sink'].priced(n))}</td>" in said


@pytest.mark.parametrize(("groups", "size"), [(96, "4.72 TB"), (8, "393 GB"), (1, "49.2 GB")])
def test_the_cache_follows_the_groups(groups, size):
    said = texts(answered(groups=groups))
    assert f"GPT-3’s shape, with {groups} groups" in said.replace("&#x27;", "’")
    assert f"<td>{size}</td>" in said


def test_every_view_has_a_name():
    assert tuple(VIEWS) == SHOWS == BENCH.allowed["show"]


def test_what_is_typed_stays_while_the_tiles_change():
    sheet = Sheet("cost").with_cells("k", {(BLUE, 1): "7"}).with_settings(tile=2)
    assert sheet.edits == {"k": {(BLUE, 1): "7"}}
    head = compute(sheet.with_settings(loud=True))
    assert isinstance(head, Head)
    assert head.matrix("k").value[BLUE].tolist() == [3, 7, 0, 0]
    assert len(tiled(2)) > len(tiled(3)) > len(tiled(5))


# --- Exercises -------------------------------------------------------------------------------------------------------


def names(verdict):
    return [slip.name for slip in verdict.slips]


@pytest.mark.parametrize("text", ["40000", "4e4", "40000.0"])
def test_the_scores_of_100_million_words(text):
    assert EXERCISES["E31"].task(0).check(text).right


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("36.6", "the chatbot’s"), ("36.4", "the chatbot’s"), ("40", "three zeros lost"),
        ("10000", "scores, not bytes"), ("36380", "powers of 1024"), ("0.0004", "N instead of N²"),
        ("320000", "bits, not bytes"), ("20000", "causal half"),
    ],
)  # fmt: skip
def test_slips_of_a_long_text(text, slip):
    verdict = EXERCISES["E31"].task(0).check(text)
    assert not verdict.right
    assert slip in names(verdict)


def test_a_comma_is_said():
    verdict = EXERCISES["E31"].task(0).check("40,000")
    assert not verdict.read
    assert "comma" in verdict.says


def test_a_window_and_a_global_word():
    task = EXERCISES["E32"].task(0)
    right = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 0, 1, 1, 1]], bool)
    assert (task.right() == right).all()
    assert task.check(right).says == "Right. 18 of 25 pairs are left."
    column = right.copy()
    column[0, 1:] = False
    assert names(task.check(column)) == ["seen, but sees not"]
    assert names(task.check(right.T)) == ["transposed"]


def test_other_worked_exercises():
    assert EXERCISES["cost-tiles"].task(0).check("14/9").right
    assert EXERCISES["cost-cache"].task(0).check("393.216").right
    assert EXERCISES["cost-cache"].task(0).solution[-1] == "GB: 393,216,000,000 / 1,000,000,000 = 393.216"
    assert names(EXERCISES["cost-cache"].task(0).check("4718.592")) == ["every head"]
    assert EXERCISES["cost-lora"].task(0).check("196608").right
    assert EXERCISES["cost-window"].task(0).check(str(int(np.asarray(PATTERNS["window"].mask(20, 8)).sum()))).right


@pytest.mark.parametrize("seed", range(20))
def test_exercises_count_what_the_core_counts(seed):
    problem = EXERCISES["cost-window"].task(seed).checker.problem
    n, w = (int(problem.given[name]) for name in ("n", "w"))
    assert problem.right.trace["seen_pairs"].value == PATTERNS["window"].pairs(n, w)
    tiles = EXERCISES["cost-tiles"].task(seed).checker.problem
    scores = tiles.given["k"][:, 0]
    assert tiles.right.trace["tile2.row_sums"].value[0] == pytest.approx(np.exp(scores - scores.max()).sum())
    assert scores[2:].max() > scores[:2].max()


@pytest.mark.parametrize(("show", "axes"), [("tiles", {"tile 1", "tile 2"}), ("state", {"token 1", "token 2"})])
def test_an_axis_of_one_part_is_called_by_its_number(show, axes):
    head = compute(Sheet("cost").with_settings(show=show))
    called = {
        axis for matrix in board_data(Picture(head, None, View()))["matrices"].values() for axis in matrix["axes"]
    }
    assert called >= axes
    assert not any(axis[-1].isdigit() and " " not in axis for axis in called)
