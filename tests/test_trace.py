"""Running a program: order, labels, and errors that name the step, the matrix, what was expected and what came."""

import re

import numpy as np
import pytest

from attention_core import ShapeError, givens, programs, run
from attention_core.moves import append
from attention_core.programs import SELF_ATTENTION
from attention_core.rules import parse

NAMED = {"query": ("red", "ball"), "key": ("red", "ball")}


def zeros(**shapes):
    """Given matrices of zeros: two tokens, d_model 7, d_k 3, d_v 5; `shapes` replaces some."""
    sizes = {"x": (2, 7), "w_q": (7, 3), "w_k": (7, 3), "w_v": (7, 5), "w_o": (5, 7), "scale": (), "mask": (2, 2)}
    given = {name: np.zeros(shape) for name, shape in {**sizes, **shapes}.items()}
    return {**given, "mask": given["mask"] == 0}


def test_a_trace_is_in_program_order():
    trace = run(programs.one_head(), zeros(), NAMED)
    assert tuple(trace) == programs.names(programs.one_head())
    assert tuple(trace) == (
        "q", "k", "v", "scores", "scaled", "masked", "row_max", "shifted", "exps", "row_sums", "weights", "output",
        "projected", "residual",
    )  # fmt: skip
    assert len(trace) == 14
    assert set(trace.given) == {"x", "w_q", "w_k", "w_v", "w_o", "scale", "mask"}


def test_only_what_is_read_is_given():
    trace = run(SELF_ATTENTION, zeros(), NAMED)
    assert not trace.has("mask")
    assert not trace.has("masked")
    assert trace.has("x")
    assert trace.has("weights")
    assert trace.matrix("x") is trace.given["x"]
    assert trace.matrix("weights") is trace["weights"]
    with pytest.raises(KeyError):
        trace.matrix("mask")


def test_shapes_and_axes():
    trace = run(programs.one_head(), zeros(), {})
    shapes = {"q": (2, 3), "k": (2, 3), "v": (2, 5), "scores": (2, 2), "row_sums": (2,), "output": (2, 5)}
    assert {name: trace[name].value.shape for name in shapes} == shapes
    assert trace["output"].axes == ("query", "d_v")
    assert trace["residual"].value.shape == (2, 7)


def test_labels_follow_the_axes():
    trace = run(SELF_ATTENTION, zeros(), NAMED)
    assert trace["weights"].labels == (("red", "ball"), ("red", "ball"))
    assert trace["weights"].place((0, 1)) == {"query": "red", "key": "ball"}
    assert trace["v"].labels == (("red", "ball"), ("0", "1", "2", "3", "4"))
    assert trace["row_sums"].place((1,)) == {"query": "ball"}
    assert trace.given["x"].labels[0] == ("red", "ball")
    assert trace.given["scale"].labels == ()


SHAPES = [
    ({"w_k": (7, 4)}, {}, "step 'k' reads w_k[d_model d_k] = (7, 3), but w_k is (7, 4)"),
    ({"w_q": (6, 3)}, {}, "step 'q' reads w_q[d_model d_k] = (7, 3), but w_q is (6, 3)"),
    ({"w_o": (5, 6)}, {}, "step 'projected' reads w_o[d_v d_model] = (5, 7), but w_o is (5, 6)"),
    ({"mask": (2, 3)}, {}, "step 'masked' reads mask[query key] = (2, 2), but mask is (2, 3)"),
    ({"x": (3, 7)}, NAMED, "step 'q' reads x[query d_model] = (2, 7), but x is (3, 7)"),
    ({"x": (2,)}, NAMED, "step 'q' reads x[query d_model] = (2, 'd_model'), but x is (2,)"),
    ({"w_v": (7, 5, 1)}, {}, "step 'v' reads w_v[d_model d_v] = (7, 'd_v'), but w_v is (7, 5, 1)"),
    ({"scale": (1,)}, {}, "step 'scaled' reads scale[] = (), but scale is (1,)"),
]


@pytest.mark.parametrize(("shapes", "labels", "message"), SHAPES)
def test_a_wrong_shape_is_named(shapes, labels, message):
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        run(programs.one_head(), zeros(**shapes), labels)


def test_a_missing_matrix_is_named():
    given = zeros()
    del given["w_v"]
    with pytest.raises(ValueError, match=r"^step 'v' reads w_v, but it is neither given nor made before$"):
        run(SELF_ATTENTION, given, {})


def test_steps_in_the_wrong_order_are_named():
    with pytest.raises(ValueError, match=r"^step 'scores' reads q, but it is neither given nor made before$"):
        run(SELF_ATTENTION[3:], zeros(), {})


@pytest.mark.parametrize("at", [(2, 0), (0, 2), (-1, 0), (0,), (0, 0, 0), ()])
def test_a_cell_that_is_not_there_is_named(at):
    trace = run(SELF_ATTENTION, zeros(), {})
    with pytest.raises(IndexError, match=re.escape(f"weights is (2, 2) and has no cell {at}")):
        trace["weights"].explain(at)


def test_nothing_given_is_changed():
    given = zeros()
    before = {name: value.copy() for name, value in given.items()}
    run(programs.one_head(steady=True), given, NAMED)
    assert all((given[name] == before[name]).all() for name in given)


def test_axes_need_an_arrow():
    assert parse("query key, -> query key").inputs == (("query", "key"), ())
    with pytest.raises(ValueError, match="has no '->'"):
        parse("query key, query")


@pytest.mark.parametrize("wrong", [np.array([[0, 2], [1, 0]]), np.ones((2, 2), np.float16), np.ones((2, 2), complex)])
def test_numbers_of_another_type_are_refused(wrong):
    with pytest.raises(ValueError, match=f"step 'q' reads x, which is {wrong.dtype}; give float32 or float64"):
        run(programs.PROJECT[:1], {"x": wrong, "w_q": np.ones((2, 1))})


def test_two_precisions_are_not_mixed():
    with pytest.raises(ValueError, match="step 'q' reads w_q, which is float32, but what came before is float64"):
        run(programs.PROJECT[:1], {"x": np.ones((2, 2)), "w_q": np.ones((2, 1), np.float32)})


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused(wrong):
    with pytest.raises(ValueError, match=r"step 'q' reads w_q, which holds .* at \(1, 0\); give finite numbers"):
        run(programs.PROJECT[:1], {"x": np.ones((2, 2)), "w_q": np.array([[1.0], [wrong]])})


def test_numbers_that_grow_too_large_are_refused():
    given = {**zeros(), "x": np.full_like(zeros()["x"], 1e200)}
    with pytest.raises(ValueError, match=r"step 'q' leaves the numbers .*overflow encountered"):
        run(programs.SELF_ATTENTION, {**given, "w_q": given["w_q"] + 1e200, "w_k": given["w_k"] + 1})


def test_a_mask_that_is_not_boolean_is_refused():
    given = zeros()
    with pytest.raises(ValueError, match=r"step 'masked': a mask holds True .* and this one is float64"):
        run(programs.one_head(), {**given, "mask": given["mask"].astype(float)})


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ValueError, match="step 'tempered': temperature must be above 0, and is 0"):
        run(programs.one_head(temperature=True), {**zeros(), "temperature": np.array(0.0)})


def test_a_mask_stays_a_mask():
    assert run(programs.one_head(), zeros()).given["mask"].value.dtype == bool


def test_without_labels_places_are_numbered():
    trace = run(programs.one_head(), zeros())
    assert trace["weights"].labels == (("0", "1"), ("0", "1"))
    assert trace["weights"].place((1, 0)) == {"query": "1", "key": "0"}


@pytest.mark.parametrize(("dtype", "size"), [(np.float64, 800.0), (np.float64, -800.0), (np.float32, 100.0)])
def test_scores_too_large_for_exp_are_refused_and_steadied_ones_are_not(dtype, size):
    one = np.ones((1, 1), dtype)
    given = {"x": one, "w_q": dtype(size) * one, "w_k": one, "w_v": one, "w_o": one, "scale": np.array(1.0, dtype)}
    with pytest.raises(ValueError, match=r"step 'row_max': a score of size \d+ is too large for exp"):
        run(programs.SELF_ATTENTION, given)
    assert run(programs.steadied(programs.SELF_ATTENTION), given)["weights"].value == 1
    trace, forced = programs.run_steady(programs.SELF_ATTENTION, given, {})
    assert forced
    assert trace["weights"].value == 1


def test_givens_are_what_is_read_and_not_made():
    assert givens(programs.one_head()) == {
        "x": ("query", "d_model"), "w_q": ("d_model", "d_k"), "w_k": ("d_model", "d_k"), "w_v": ("d_model", "d_v"),
        "scale": (), "mask": ("query", "key"), "w_o": ("d_v", "d_model"),
    }  # fmt: skip


def test_what_is_given_is_not_made():
    with pytest.raises(ValueError, match="scores is given, but step 'scores' makes it; give it another name"):
        run(programs.one_head(), {**zeros(), "scores": np.zeros((2, 2))})


def test_a_move_has_no_source_for_a_cell_that_is_not_there():
    with pytest.raises(IndexError, match="there is no row 5"):
        append.source([(2, 3), (3, 3)], (5, 0))
