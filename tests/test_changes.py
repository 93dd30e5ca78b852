"""Why did it change: the path begins at what was edited, and each link really reads the one before it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.changes import Change, changed, difference, path, steps_between
from attention_core.examples import PAINT
from tests.heads import VARIANTS, drawn, seeds, sizes

EDITABLE = ("x", "w_q", "w_k", "w_v", "w_o", "bias", "temperature", "mask")


def edited(given, name, at):
    """The given matrices with one cell of `name` replaced: a flip for the mask, else 0.7 more."""
    matrix = given[name].copy()
    matrix[at] = ~matrix[at] if matrix.dtype == bool else matrix[at] + 0.7
    return {**given, name: matrix}


def paint(program=None, **changes):
    given, labels = PAINT.given(PAINT.sentence.split())
    return run(program or programs.one_head(), {**given, **changes}, labels)


def linked(links, trace):
    """Assert that every link after the first reads the link before it."""
    for source, link in pairwise(links):
        made = trace[link.name]
        assert (source.name, source.at) in {
            (name, cell)
            for name, cells in zip(made.step.inputs, made.explain(link.at).reads, strict=True)
            for cell in cells
        }


@st.composite
def edits(draw):
    """Two traces of one program with one cell of one given matrix edited between them, and where."""
    variant = draw(st.sampled_from(VARIANTS))
    given = drawn(variant, draw(sizes), draw(seeds))
    read = {name for step in variant.program for name in step.inputs}
    name = draw(st.sampled_from([name for name in EDITABLE if name in read]))
    at = tuple(draw(st.integers(0, n - 1)) for n in given[name].shape)
    before, after = (run(variant.program, matrices, {}) for matrices in (given, edited(given, name, at)))
    return before, after, name, at


@given(edits())
def test_a_path_begins_at_the_edit_and_every_link_reads_the_one_before(edit):
    before, after, name, at = edit
    links = path(before, after)
    assert (links[0].name, links[0].at) == (name, at)
    linked(links, after)
    assert all(link.name in after for link in links[1:])
    for link in links:
        assert link.before == before.matrix(link.name).value[link.at]
        assert link.after == after.matrix(link.name).value[link.at]
        assert link.before != link.after


@given(edits())
def test_a_path_ends_at_the_largest_change_of_the_last_matrix_that_changed(edit):
    before, after, _, _ = edit
    last = path(before, after)[-1]
    moved = [name for name in after if changed(before, after, name).any()]
    if moved:
        mine = changed(before, after, moved[-1])
        size = np.abs(difference(before[moved[-1]].value, after[moved[-1]].value))
        assert last.name == moved[-1]
        assert mine[last.at]
        assert size[last.at] == size[mine].max()


@given(edits(), st.data())
def test_a_path_to_a_cell_ends_there_and_begins_at_the_edit(edit, data):
    before, after, name, at = edit
    moved = [(made, tuple(map(int, cell))) for made in after for cell in np.argwhere(changed(before, after, made))]
    if moved:
        end = data.draw(st.sampled_from(moved))
        links = path(before, after, end)
        assert (links[0].name, links[0].at) == (name, at)
        assert (links[-1].name, links[-1].at) == end
        linked(links, after)


def put_back(before, made, at, name, cell):
    """How far made[at] moves back when one cell of its input `name` is what it was before."""
    inputs = [
        np.where(np.arange(m.size).reshape(m.shape) == np.ravel_multi_index(cell, m.shape), before.matrix(n).value, m)
        if n == name else m
        for n, m in zip(made.step.inputs, made.inputs, strict=True)
    ]  # fmt: skip
    back = made.step.rule.compute(made.step.parsed, *inputs)[at]
    return 0.0 if back == made.value[at] else abs(made.value[at] - back)


@given(edits())
def test_each_link_is_the_cell_that_mattered_most(edit):
    before, after, _, _ = edit
    links = path(before, after)
    for source, link in pairwise(links):
        made = after[link.name]
        effects = [
            put_back(before, made, link.at, name, cell)
            for name, cells in zip(made.step.inputs, made.explain(link.at).reads, strict=True)
            for cell in cells
            if changed(before, after, name)[cell]
        ]
        mine = put_back(before, made, link.at, source.name, source.at)
        assert mine == max(effects) or mine >= max(effects) * (1 - 1e-9)


@given(st.sampled_from(VARIANTS), sizes, seeds)
def test_no_path_when_nothing_changed(variant, sizes, seed):
    given = drawn(variant, sizes, seed)
    assert path(run(variant.program, given, {}), run(variant.program, given, {})) == ()


def test_what_only_rounding_moved_is_not_the_end_of_a_path():
    """A small weight that was hidden changed; the large one beside it moved further, but by nothing but rounding."""
    given, _ = PAINT.given(PAINT.sentence.split())
    mask = given["mask"].copy()
    mask[1, 0] = False
    loud = {"w_q": given["w_q"] * 30, "w_k": given["w_k"] * -1, "w_v": np.zeros((6, 4))}
    program = programs.one_head(residual=False)
    before, after = paint(program, **loud), paint(program, mask=mask, **loud)
    size = np.abs(difference(before["weights"].value, after["weights"].value))
    assert size[1, 0] < 1e-13
    last = path(before, after)[-1]
    assert (last.name, last.at) == ("weights", (1, 0))


def test_a_path_to_a_given_cell_is_that_cell():
    given, _ = PAINT.given(PAINT.sentence.split())
    after = paint(w_q=given["w_q"] + 1)
    (link,) = path(paint(), after, ("w_q", (5, 3)))
    assert link == Change("w_q", (5, 3), 0.0, 1.0)


def test_an_edit_without_effect_is_a_path_of_one():
    given, _ = PAINT.given(PAINT.sentence.split())
    w_o = given["w_o"].copy()
    w_o[3, 0] = 5  # value coordinate 3 is spare: nobody hands anything over in it
    assert path(paint(), paint(w_o=w_o)) == (Change("w_o", (3, 0), 0.0, 5.0),)


def test_a_path_ends_where_the_change_died_out():
    given, _ = PAINT.given(PAINT.sentence.split())
    x = given["x"].copy()
    x[4, 1] = 0  # "cube" is no noun any more: its query dies, and with W_V at 0 no output shows it
    program = programs.one_head(residual=False)
    silent = {"w_v": np.zeros((6, 4))}
    links = path(paint(program, **silent), paint(program, x=x, **silent))
    assert links[0] == Change("x", (4, 1), 1.0, 0.0)
    assert links[-1].name == "weights"


def test_a_mask_toggle():
    given, _ = PAINT.given(PAINT.sentence.split())
    for at in ((1, 3), (4, 0)):  # ball sees blue; cube loses red
        mask = given["mask"].copy()
        mask[at] = ~mask[at]
        before, after = paint(), paint(mask=mask)
        links = path(before, after)
        assert (links[0].name, links[0].at) == ("mask", at)
        assert (links[1].name, links[1].at) == ("masked", at)
        assert links[-1].name == "residual"
        linked(links, after)


def test_a_mask_toggle_where_it_shows():
    given, _ = PAINT.given(PAINT.sentence.split())
    mask = given["mask"].copy()
    mask[1, 3] = True
    links = path(paint(), paint(mask=mask))
    assert [link.name for link in links][:4] == ["mask", "masked", "shifted", "exps"]
    assert links[1].before == -np.inf
    assert links[1].after == pytest.approx(np.log(3))


CHANGED_PROGRAMS = [
    (programs.one_head(), programs.one_head(ablation="masked_with_zero"), "masked"),
    (programs.SELF_ATTENTION, programs.wrong_axis(programs.SELF_ATTENTION), "row_sums"),
    (programs.one_head(), programs.one_head(ablation="masked_after"), "shifted"),  # it read the masked scores
]


@pytest.mark.parametrize(("old", "new", "start"), CHANGED_PROGRAMS)
def test_a_changed_program_begins_at_the_step_that_changed(old, new, start):
    before, after = paint(old), paint(new)
    links = path(before, after)
    assert links[0].name in after
    assert links[0].name == start
    linked(links, after)


@pytest.mark.parametrize("steady", [False, True])
def test_an_added_step_stands_where_what_it_was_put_before_stood(steady):
    """The path goes on through added steps, to where nothing that they read has changed."""
    old, new = programs.softmax_rows(raised=True), programs.softmax_rows(raised=True, tempered=True, steady=steady)
    given = {"scores": np.log([[3.0, 1.0, 1.0]]), "constant": np.array(2.0), "temperature": np.array(0.5)}
    before, after = run(old, given), run(new, given)
    links = path(before, after)
    begun = ["tempered", *(["shifted"] if steady else []), "exps"]
    assert [link.name for link in links][: len(begun)] == begun
    assert links[0].before == before["raised"].value[links[0].at]
    assert links[0].after == after["tempered"].value[links[0].at]
    linked(links, after)
    added, removed = steps_between(before, after)
    assert added == (("tempered", "row_max", "shifted") if steady else ("tempered",))
    assert removed == ()
    assert steps_between(after, before) == (removed, added)


def test_a_step_taken_away_leaves_the_change_to_its_reader():
    old, new = programs.softmax_rows(tempered=True), programs.softmax_rows()
    given = {"scores": np.log([[3.0, 1.0, 1.0]]), "temperature": np.array(0.5)}
    assert path(run(old, given), run(new, given))[0].name == "exps"


def test_the_same_infinity_did_not_change():
    old, new = np.array([-np.inf, -np.inf, 1.0]), np.array([-np.inf, 2.0, 1.5])
    assert difference(old, new).tolist() == [0, np.inf, 0.5]


# --- Rounding --------------------------------------------------------------------------------------------------------


def turned(given, degrees):
    """The given matrices with queries and keys turned alike: no score changes, and none comes out quite the same."""
    turn = programs.rotation(given["w_q"].shape[1], degrees)
    return {**given, "w_q": given["w_q"] @ turn, "w_k": given["w_k"] @ turn}


@given(st.floats(1, 359), seeds, st.sampled_from([2, 4, 6]), st.booleans())
def test_a_turn_of_queries_and_keys_changes_nothing_that_they_make(degrees, seed, d_k, sparse):
    rng = np.random.default_rng(seed)
    sizes = {"x": (5, 7), "w_q": (7, d_k), "w_k": (7, d_k), "w_v": (7, 3), "w_o": (3, 7)}
    matrices = {name: rng.normal(size=size) * rng.choice([1e-3, 1.0, 30.0]) for name, size in sizes.items()}
    matrices |= {"x": rng.integers(-1, 2, (5, 7)).astype(float)} if sparse else {}
    matrices |= {"scale": np.array(0.01), "mask": np.tri(5, dtype=bool)}
    program = programs.one_head(steady=True)
    before, after = run(program, matrices), run(program, turned(matrices, degrees))
    moved = {name for name in (*after.given, *after) if changed(before, after, name).any()}
    assert moved <= {"w_q", "w_k", "q", "k"}
    assert {"w_q", "w_k"} <= moved
    assert any((before[name].value != after[name].value).any() for name in ("scores", "residual")) or not sparse


def test_scores_of_0_that_rounding_moved_have_not_changed():
    """As in the lesson: turned by 40 degrees, a 0 becomes 10⁻¹⁶, which is not 0 however it is looked at by itself."""
    matrices, labels = PAINT.given(PAINT.sentence.split())
    before, after = (run(programs.BOTH_WAYS, given, labels) for given in (matrices, turned(matrices, 40)))
    assert 0 < np.abs(after["w_qk"].value[before["w_qk"].value == 0]).max() < 1e-15
    assert [name for name in after if changed(before, after, name).any()] == ["q", "k"]
    assert [link.name for link in path(before, after)] == ["w_k", "k"]


@pytest.mark.parametrize("low", [-30.0, -300.0])
def test_exponentials_that_are_all_a_row_has_are_no_rounding(low):
    program = programs.softmax_rows()
    before, after = (run(program, {"scores": np.array([[low, low, 0.0], [low, low, last]])}) for last in (low, low + 1))
    assert before["exps"].value[1].max() < 1e-12
    for name in ("exps", "row_sums", "weights"):
        rows = changed(before, after, name).reshape(2, -1).any(axis=1)
        assert rows.tolist() == [False, True], name


@given(edits())
def test_what_moved_by_more_than_rounding_has_changed(edit):
    before, after, _, _ = edit
    for name in after:
        old, new = before[name].value, after[name].value
        clear = np.abs(difference(old, new)) > 1e-6 * max(1.0, np.abs(new[np.isfinite(new)]).max(initial=0))
        assert changed(before, after, name)[clear].all()


def test_a_number_that_only_moved_place_is_compared_where_it_came_from():
    """Split into heads, queries are the same numbers: those that changed, and no others."""
    rng = np.random.default_rng(3)
    program = programs.split_heads(2)[:2]
    matrices = {"x": rng.normal(size=(3, 5)), "w_q": rng.normal(size=(5, 4))}
    before, after = run(program, matrices), run(program, edited(matrices, "w_q", (1, 3)))
    assert changed(before, after, "q_wide").tolist() == [[False, False, False, True]] * 3
    assert changed(before, after, "q").tolist() == [[[False] * 2] * 3, [[False, True]] * 3]
