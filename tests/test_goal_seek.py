"""Goal seek: what is found is what a run makes, what was planted is found, and what cannot be is said to be so."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import numerals, programs, run
from attention_core.goal_seek import BOUNDS, KINDS, TOLERANCE, _Case, reads, seek
from attention_core.programs import run_steady
from attention_ui.document import Document, compute, example_document
from attention_ui.sheet import Sheet
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of
from tests.test_pages import alerts, opened, sound

seeds = st.integers(0, 2**32 - 1)
RED, BALL, HIT, BLUE, CUBE = range(5)
ONE, HEADS = programs.masked(programs.SELF_ATTENTION), programs.masked(programs.MULTI_HEAD)
# One of every kind of way from an entry to a cell: heads put together in every way, layers, sources, places, biases.
SEARCHED = (
    "multi-head", "multi-head, summed, with every stage", "split", "grouped", "cross-attention", "cached, heads",
    "rotary", "placed", "alibi, heads", "relative bias", "block", "compact, masked heads", "two layers", "tiles",
    "masked after softmax, divided once more", "next token", "gradients of the tokens", "gradients, split", "linear",
)  # fmt: skip


def sought(document, name, at, wanted, **options):
    matrices, labels = document.given()
    return seek(document.program, matrices, labels, name, at, wanted, document.editable, **options)


def again(document, answer, name, at):
    """The goal's cell, once the answer is typed in as a learner types it."""
    new = document.with_cells(answer.name, {answer.at: answer.text})
    matrices, labels = new.given()
    return run_steady(new.program, matrices, labels, new.steadied)[0][name].value[at]


def put(matrices, entry, cell, value):
    """The given matrices with this number in one cell."""
    new = {**matrices, entry: np.array(matrices[entry])}  # a single number becomes an array, too
    new[entry][cell] = value
    return new


def planted(program, sizes, seed):
    """A cell, an entry that it reads, and the given matrices with another number in that entry, moving the cell."""
    rng = np.random.default_rng(seed)
    matrices = drawn_for(program, sizes, seed)
    trace = run(program, matrices)
    for _ in range(200):
        name = rng.choice([name for name in trace if np.isfinite(trace[name].value).any()])
        at = tuple(int(rng.integers(n)) for n in trace[name].value.shape)
        read = {n: c for n, c in reads(trace, name, at).items() if n in matrices and matrices[n].dtype != bool and c}
        if not read or not np.isfinite(trace[name].value[at]):
            continue
        entry = str(rng.choice(sorted(read)))
        cell = sorted(read[entry])[rng.integers(len(read[entry]))]
        other = put(matrices, entry, cell, matrices[entry][cell] + abs(rng.normal()) + 0.1)  # some must stay above 0
        moved = run(program, other)[name].value[at]
        if abs(moved - trace[name].value[at]) > 1e-4:
            return str(name), at, entry, cell, matrices, other[entry][cell], moved
    raise AssertionError("nothing moved")


# --- Laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MECHANISMS)
@given(seed=seeds)
@settings(max_examples=1)
def test_many_copies_at_once_make_what_a_run_makes(name, seed):
    program = MECHANISMS[name]
    made, at, entry, _, matrices, _, _ = planted(program, sizes_of(name), seed)
    case = _Case(program, matrices, {}, (), made, at, 0.5, (), BOUNDS)
    rng = np.random.default_rng(seed)
    cells = [tuple(int(rng.integers(n)) for n in matrices[entry].shape) for _ in range(4)]
    values = np.array([matrices[entry][cell] * rng.uniform(0.5, 1.5) for cell in cells])
    gaps = case.gap(entry, np.array(cells, int).reshape(4, -1), values)
    runs = [case.run(entry, cell, value) - 0.5 for cell, value in zip(cells, values, strict=True)]
    known = np.isfinite(gaps)
    assert known.any()
    np.testing.assert_allclose(gaps[known], np.array(runs)[known], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", SEARCHED)
@given(seed=seeds)
@settings(max_examples=2)
def test_what_one_number_can_do_is_found_and_nearer_than_what_was_planted(name, seed):
    program = MECHANISMS[name]
    made, at, entry, cell, matrices, value, wanted = planted(program, sizes_of(name), seed)
    found = seek(program, matrices, {}, made, at, wanted.item(), [entry])
    answer = next(one for one in found.answers if one.at == cell)
    assert answer.kind == "reaches"
    assert answer.move <= abs(value - matrices[entry][cell]) * (1 + 1e-6) + 1e-9
    for one in found.of("reaches"):
        new = put(matrices, entry, one.at, numerals.parse(one.text))
        assert run_steady(program, new, {})[0][made].value[at] == one.value  # it may have made scores too large for exp
        assert abs(one.value - wanted) <= found.tolerance


@given(seed=seeds)
@settings(max_examples=4)
def test_what_is_unread_or_still_moves_nothing_whatever_stands_there(seed):
    matrices = drawn_for(HEADS, sizes_of(""), seed)
    matrices["x"][:, 1] = 0  # so that a row of each weight matrix is multiplied by 0
    trace = run(HEADS, matrices)
    found = seek(HEADS, matrices, {}, "weights", (1, 2, 2), 0.4, matrices)
    assert len(found.answers) == sum(x.size for x in matrices.values() if x.dtype != bool)
    assert {"unread", "still"} <= {one.kind for one in found.answers}
    assert all(one.name not in ("w_v", "w_o") for one in found.answers if one.kind != "unread")
    rng = np.random.default_rng(seed)
    for one in found.answers:
        new = put(matrices, one.name, one.at, matrices[one.name][one.at] + rng.normal())
        moved = abs(run(HEADS, new)["weights"].value[1, 2, 2] - trace["weights"].value[1, 2, 2]) > 1e-12
        assert moved == (one.kind not in ("unread", "still"))


@given(seed=seeds)
@settings(max_examples=4)
def test_the_nearest_is_nearer_than_all_that_one_tries(seed):
    matrices = drawn_for(ONE, sizes_of(""), seed)
    found = seek(ONE, matrices, {}, "weights", (2, 1), 0.97, ["w_q", "x"])
    for one in found.of("near"):
        for value in np.linspace(*BOUNDS, 41):
            trace, _ = run_steady(ONE, put(matrices, one.name, one.at, value), {})
            assert abs(one.value - 0.97) <= abs(trace["weights"].value[2, 1] - 0.97) + 1e-6


# --- The running example ---------------------------------------------------------------------------------------------


def test_answers_are_sorted_by_how_far_the_number_moves_and_have_an_exact_form_where_there_is_one():
    found = sought(Document(), "weights", (HIT, BALL), 3 / 4)
    reaching = found.of("reaches")
    assert [one.move for one in reaching] == sorted(one.move for one in reaching)
    (by_query,) = (one for one in reaching if one.name == "w_q")
    assert by_query.text == "2 ln 6"  # exp(q/2) must be 6, to be 6 of 6 + 1 + 1
    assert by_query.now == pytest.approx(2 * log(3))
    assert [list(KINDS).index(one.kind) for one in found.answers] == sorted(
        list(KINDS).index(one.kind) for one in found.answers
    )
    for one in reaching:
        assert again(Document(), one, "weights", (HIT, BALL)) == one.value == pytest.approx(3 / 4, abs=TOLERANCE)
    assert set(found.flips) == {("mask", (HIT, RED)), ("mask", (HIT, HIT))}
    assert found.why == ""


def test_a_sum_is_reached_in_one_step_and_its_number_is_a_fraction():
    found = sought(Document(), "output", (CUBE, 0), 0.6)
    texts = {one.at: one.text for one in found.of("reaches") if one.name == "w_v"}
    assert {(feature, 0): texts[feature, 0] for feature in (0, 3, 4)} == {(0, 0): "2/5", (3, 0): "9/5", (4, 0): "4/5"}


@pytest.mark.parametrize(
    ("name", "at", "wanted", "says"),
    [
        ("weights", (HIT, BALL), 1.5, "between 0 and 1"),
        ("weights", (HIT, BALL), -0.1, "between 0 and 1"),
        ("weights", (HIT, BALL), 1.0, "never quite there"),
        ("weights", (HIT, BALL), 0.0, "never quite there"),
        ("weights", (HIT, CUBE), 0.5, "“hit” may not see “cube”"),
        ("weights", (RED, RED), 0.5, "the only one in its row"),
        ("masked", (HIT, CUBE), 1.0, "“hit” may not see “cube”"),
        ("exps", (HIT, BALL), -1.0, "above 0"),
        ("row_sums", (HIT,), -1.0, "above 0"),
        ("weights", (HIT, BALL), 0.6, "already"),
    ],
)
def test_why_none_can(name, at, wanted, says):
    found = sought(Document(), name, at, wanted)
    assert found.of("reaches") == ()
    assert says in found.why


def test_a_weight_of_1_is_only_approached_and_the_mask_makes_it():
    found = sought(Document(), "weights", (HIT, BALL), 0.0)
    assert found.of("approaches")
    assert ("mask", (HIT, BALL)) in found.flips
    two = Document().with_sentence("red ball")
    assert ("mask", (1, 0)) in sought(two, "weights", (1, 1), 1.0).flips


def test_a_neuron_that_is_off_makes_an_exact_0():
    program = programs.block(ONE, kind="", activation="relu", biases=False)
    matrices = drawn_for(program, sizes_of(""), 7)
    trace = run(program, matrices)
    at = tuple(np.argwhere(trace["mlp_post"].value > 0.1)[0].tolist())
    found = seek(program, matrices, {}, "mlp_post", at, 0.0, ["w_1"])
    assert found.of("reaches")
    for one in found.of("reaches"):
        new = put(matrices, "w_1", one.at, one.to)
        assert abs(run(program, new)["mlp_pre"].value[at]) < 1e-3  # where it goes off, not somewhere far beyond


def test_a_square_that_touches_the_goal_is_found():
    """The score of a word with itself is a square in a number of X: its least value is reached at one place."""
    eye, x = np.eye(2), np.array([[3.0, 1.0]])
    program = programs.SELF_ATTENTION[:4]
    matrices = {"x": x, "w_q": eye, "w_k": eye, "w_v": eye}
    (answer,) = (one for one in seek(program, matrices, {}, "scores", (0, 0), 1.0, ["x"]).answers if one.at == (0, 0))
    assert answer.kind == "reaches"
    assert abs(answer.to) < 1e-4
    low = seek(program, matrices, {}, "scores", (0, 0), 0.5, ["x"])
    (near,) = (one for one in low.answers if one.at == (0, 0))
    assert (near.kind, near.value) == ("near", pytest.approx(1.0))


def test_of_two_ways_to_the_goal_the_shorter_one():
    x, eye = np.array([[3.0, 1.0]]), np.eye(2)
    found = seek(programs.SELF_ATTENTION[:4], {"x": x, "w_q": eye, "w_k": eye, "w_v": eye}, {}, "scores", (0, 0), 17.0,
                 ["x"])  # fmt: skip
    assert [one.to for one in found.of("reaches")] == pytest.approx([4, 8**0.5])


# --- Other documents -------------------------------------------------------------------------------------------------


def test_a_temperature_that_may_not_be_0_is_searched_where_it_may_be():
    document = example_document("paint")
    matrices, labels = document.given()
    program = programs.tempered(document.program)
    found = seek(program, matrices, labels, "weights", (HIT, BALL), 0.9, ["temperature"])
    (answer,) = found.answers
    assert answer.kind == "reaches"
    assert 0 < answer.to < 1


def test_matrices_that_are_alike_move_together():
    matrices = drawn_for(ONE, sizes_of(""), 3)
    matrices["w_k"] = matrices["w_q"].copy()
    found = seek(ONE, matrices, {}, "scores", (1, 0), 2.0, ["w_q", "w_k"], tied=("w_q", "w_k"))
    assert {one.name for one in found.answers} == {"w_q"}
    for one in found.of("reaches"):
        both = matrices["w_q"].copy()
        both[one.at] = one.to
        assert run(ONE, {**matrices, "w_q": both, "w_k": both})["scores"].value[1, 0] == pytest.approx(2.0)


@pytest.mark.parametrize("bench", ["heads", "block", "cross_attention"])
def test_every_bench_with_heads_or_layers(bench):
    sheet = Sheet(bench)
    matrices, labels = sheet.given()
    name = [name for name in programs.names(sheet.program) if name.endswith(("residual", "resid_post"))][-1]
    trace, _ = run_steady(sheet.program, matrices, labels, sheet.steadied)
    at = (trace[name].value.shape[0] - 1, 0)
    wanted = round(float(trace[name].value[at]) + 0.25, 3)
    found = seek(sheet.program, matrices, labels, name, at, wanted, sheet.editable, steady=sheet.steadied,
                 tied=sheet.set_up.alike)  # fmt: skip
    assert found.of("reaches")
    assert again(sheet, found.answers[0], name, at) == pytest.approx(wanted, abs=found.tolerance)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ValueError, match="finite"):
        sought(Document(), "weights", (0, 0), np.nan)
    with pytest.raises(KeyError):
        sought(Document(), "nothing", (0, 0), 1.0)
    with pytest.raises(IndexError):
        sought(Document(), "weights", (9, 9), 1.0)


# --- on the page -----------------------------------------------------------------------------------------------------


def asked_for(cell, text):
    """The sandbox with a cell picked, and this number sought for it."""
    app = opened("pages/sandbox.py")
    app.session_state["visit.sandbox"].pick(cell)
    app.run()
    app.text_input(key="goal.wanted").set_value(text).run()
    app.button(key="goal.seek").click().run()
    return sound(app)


def test_an_answer_is_put_in_and_makes_the_cell_what_was_wanted():
    app = asked_for(("weights", 4, 3), "1/2")
    assert any("would do it alone" in element.value for element in app.markdown)
    app.button(key="goal.put").click().run()
    visit = sound(app).session_state["visit.sandbox"]
    assert compute(visit.document).matrix("weights").value[4, 3] == pytest.approx(0.5, abs=1e-6)
    visit.undo()
    assert not visit.document.edits


def test_what_cannot_be_is_told_with_its_reason():
    app = asked_for(("weights", 4, 3), "2")
    assert any("**None**" in element.value for element in app.markdown)
    assert any("1" in text.value and text.value.endswith(".") for text in app.text[1:])


def test_a_number_that_cannot_be_read_is_told():
    app = asked_for(("weights", 4, 3), "half")
    assert any("is not a number" in body for body in alerts(app))
