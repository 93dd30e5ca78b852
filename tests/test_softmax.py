"""The softmax family: equal to PyTorch and to its definition, steady for any numbers, and the same tile by tile."""

import json
from math import inf, log, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attention_core.softmax import entropy, hard_max, log_softmax, log_sum_exp, online_softmax, softmax
from attention_core.trace import ShapeError

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("kernel.json").read_text(encoding="utf-8"))["softmax"]
FAMILY = (softmax, log_softmax, log_sum_exp, hard_max)
TOLERANCE = {np.float16: 2e-3, np.float32: 1e-5, np.float64: 1e-12}

every_one = pytest.mark.parametrize("function", FAMILY, ids=lambda f: f.__name__)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)
numbers = st.floats(-50, 50) | st.just(-inf) | st.sampled_from([1e30, -1e30])
matrices = arrays(np.float64, st.tuples(*[st.integers(1, 6)] * 2), elements=numbers)


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.fixture(autouse=True)
def _no_warnings():
    with np.errstate(all="raise", under="ignore"):  # the tests' own arithmetic may underflow
        yield


# --- PyTorch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"axis {case['axis']}")
def test_softmax_and_its_logarithm_equal_pytorch(case):
    """Except where all is -inf: there PyTorch's softmax is NaN, and ours 0 (its logarithm -inf)."""
    x, axis = np.array(case["x"]), case["axis"]
    close(softmax(x, axis), np.nan_to_num(case["softmax"], nan=0.0))
    close(softmax(x, axis, temperature=0.25), np.nan_to_num(case["cold"], nan=0.0))
    close(log_softmax(x, axis), np.nan_to_num(case["log_softmax"], nan=-inf, neginf=-inf))
    close(log_sum_exp(x, axis), case["log_sum_exp"])


# --- Laws ------------------------------------------------------------------------------------------------------------


@given(x=matrices, axis=st.sampled_from([0, 1, -1]))
@settings(max_examples=60)
def test_weights_sum_to_one_or_zero(x, axis):
    blind = (x == -inf).all(axis=axis)
    for weights in (softmax(x, axis), softmax(x, axis, temperature=3), hard_max(x, axis)):
        assert weights.shape == x.shape
        assert (weights >= 0).all()
        assert (weights[x == -inf] == 0).all()
        close(weights.sum(axis=axis), ~blind)


@given(x=matrices, axis=st.sampled_from([0, 1]))
@settings(max_examples=60)
def test_log_sum_exp_lies_between_max_and_max_plus_ln_n(x, axis):
    top, n = x.max(axis=axis), x.shape[axis]
    lse = log_sum_exp(x, axis)
    assert (lse >= top).all()
    assert (lse <= top + log(n)).all()
    assert (log_sum_exp(np.stack([x] * 3), 0) <= x + log(3) + 1e-12).all()  # all equal: the upper bound is reached
    close(log_sum_exp(np.stack([x] * 3), 0), x + log(3))
    close(log_sum_exp(np.stack([x, np.full_like(x, -inf)]), 0), x)  # all others -inf: the lower one


@given(x=arrays(np.float64, (3, 5), elements=st.floats(-50, 50)), shift=st.floats(-1e3, 1e3))
@settings(max_examples=40)
def test_a_shift_changes_no_weight(x, shift):
    close(softmax(x + shift), softmax(x), 1e-11)  # numbers near 1000 are coarser
    close(log_sum_exp(x + shift), log_sum_exp(x) + shift, 1e-11)


@given(x=arrays(np.float64, (3, 5), elements=st.floats(-50, 50)), temperature=st.floats(0.1, 10))
@settings(max_examples=40)
def test_the_family_holds_together(x, temperature):
    close(softmax(x, temperature=temperature), softmax(x / temperature))
    close(np.exp(log_softmax(x, temperature=temperature)), softmax(x, temperature=temperature))
    close(log_softmax(x), x - log_sum_exp(x)[:, None])


@given(x=arrays(np.float64, (3, 5), elements=st.integers(-9, 9).map(float)))
@settings(max_examples=40)
def test_hard_max_is_the_limit_of_a_falling_temperature(x):
    close(softmax(x, temperature=0.01), hard_max(x))
    assert (softmax(x, temperature=5e-324) == softmax(x, temperature=1e-300)).all()
    close(softmax(x, temperature=5e-324), hard_max(x))
    close(softmax(x, temperature=1e15), np.full(x.shape, 1 / 5))


# --- Any numbers, any dtype ------------------------------------------------------------------------------------------


@every_dtype
def test_the_dtype_is_kept(dtype):
    x = np.array([[0.5, -inf, 2.0], [-inf] * 3, [-3.0, 1.5, 1.5]])
    for function in FAMILY:
        made = function(x.astype(dtype))
        assert made.dtype == dtype
        close(made, function(x), TOLERANCE[dtype])
    assert softmax(x.astype(dtype), temperature=0.5).dtype == dtype


@every_dtype
def test_rows_that_are_blind_huge_or_empty(dtype):
    big = np.finfo(dtype).max
    x = np.array([[-inf, -inf, -inf], [big, -big, -inf], [-big, -big, -inf], [big, big, big]], dtype)
    expected = np.array([[0, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3])
    close(softmax(x), expected, TOLERANCE[dtype])
    close(softmax(x, temperature=1e-60), expected, TOLERANCE[dtype])
    close(hard_max(x), expected, TOLERANCE[dtype])
    assert (log_softmax(x)[:2] == [[-inf] * 3, [0, -inf, -inf]]).all()
    assert (log_sum_exp(x) == [-inf, big, -big, big]).all()
    none = np.zeros((2, 0), dtype)
    assert softmax(none).shape == log_softmax(none).shape == hard_max(none).shape == (2, 0)
    assert (log_sum_exp(none) == [-inf, -inf]).all()


def test_what_is_read_is_not_changed():
    x = np.array([[1.0, 2.0], [-inf, 3.0]])
    before = x.copy()
    for function in FAMILY:
        function(x)
    assert (x == before).all()


# --- Tile by tile ----------------------------------------------------------------------------------------------------


@given(n_k=st.integers(1, 9), tile=st.integers(1, 10), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_online_equals_plain(n_k, tile, seed):
    rng = np.random.default_rng(seed)
    scores, v = rng.normal(size=(2, 4, n_k)) * 10 ** rng.integers(0, 4), rng.normal(size=(2, n_k, 3))
    scores[rng.random(scores.shape) < 0.3] = -inf
    states = list(online_softmax(scores, v, tile))
    assert [state.stop for state in states] == [*range(tile, n_k, tile), n_k]
    for state in states:  # each state is the plain softmax of the keys seen so far
        seen, values = scores[..., : state.stop], v[:, : state.stop]
        assert (state.row_max == seen.max(axis=-1)).all()
        close(state.row_sum, np.exp(log_sum_exp(seen) - np.maximum(state.row_max, -1e9)))
        close(state.output, softmax(seen) @ values)


def test_a_larger_maximum_rescales_what_was_there():
    first, second = online_softmax(np.log([[2.0, 1.0, 4.0]]), np.array([[8.0], [2.0], [1.0]]), tile=2)
    close(first.row_sum, [1.5])
    close(first.total, [[9]])
    close(second.row_sum, [1.5 * 0.5 + 1])
    close(second.total, [[9 * 0.5 + 1]])
    close(second.output, [[22 / 7]])


@every_dtype
def test_online_dtypes(dtype):
    *_, last = online_softmax(np.array([[0.5, 2.0, -inf]], dtype), np.array([[1.0], [2.0], [3.0]], dtype), 2)
    assert last.output.dtype == last.total.dtype == (np.float32 if dtype == np.float16 else dtype)


# --- Errors ----------------------------------------------------------------------------------------------------------


@every_one
@pytest.mark.parametrize("x", [[nan, 1.0], [inf, 1.0], [[1.0, 2.0], [3.0, nan]]])
def test_nan_and_infinity_are_refused(function, x):
    with pytest.raises(ValueError, match=f"{function.__name__} reads numbers and -inf, but its scores hold NaN or"):
        function(np.array(x))


@every_one
@pytest.mark.parametrize("dtype", [int, bool, complex, object])
def test_other_dtypes_are_refused(function, dtype):
    with pytest.raises(ValueError, match=f"{function.__name__} reads its scores as float16, float32 or float64, but"):
        function(np.ones(3, dtype))


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("temperature", [0, -1.0, nan, inf, np.ones(3), [0.5]])
def test_a_temperature_is_one_number_above_zero(function, temperature):
    with pytest.raises(ValueError, match=f"{function.__name__} reads a temperature that is one finite number above 0"):
        function(np.ones(3), temperature=temperature)


@pytest.mark.parametrize(
    ("scores", "v", "tile", "kind", "says"),
    [
        (np.ones((2, 3)), np.ones((4, 1)), 1, ShapeError, r"scores\[... n_q n_k\] and v\[... n_k d_v\], but"),
        (np.ones((5, 2, 3)), np.ones((3, 1)), 1, ShapeError, r"v is \(3, 1\)"),
        (np.ones(3), np.ones((3, 1)), 1, ShapeError, r"scores is \(3,\)"),
        (np.ones((2, 3)), np.ones((3, 1)), 0, ValueError, "tile of at least 1 key, but tile is 0"),
        (np.ones((2, 3)), np.ones((3, 1)), 1.5, ValueError, "tile is 1.5"),
        (np.ones((2, 3)), np.ones((3, 1)), True, ValueError, "tile is True"),
        (np.ones((2, 3)), np.full((3, 1), nan), 1, ValueError, "v holds NaN or infinity"),
        (np.full((2, 3), nan), np.ones((3, 1)), 1, ValueError, "online_softmax reads numbers and -inf"),
        (np.ones((2, 3)), np.ones((3, 1), int), 1, ValueError, "online_softmax reads v as float16"),
        (np.ones((2, 3)), np.ones((3, 1), np.float32), 1, ValueError, "scores are float64 and v is float32"),
    ],
)
def test_online_refuses_at_the_call(scores, v, tile, kind, says):
    with pytest.raises(kind, match=says):
        online_softmax(scores, v, tile)


# --- Entropy ---------------------------------------------------------------------------------------------------------


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 7)), elements=st.floats(-30, 30)))
def test_entropy_is_what_the_sum_says_and_lies_between_one_share_and_even_ones(x):
    weights = softmax(x)
    by_hand = [-sum(w * log(w, 2) for w in row if w > 0) for row in weights.tolist()]
    np.testing.assert_allclose(entropy(weights), by_hand, atol=1e-9)
    assert (entropy(weights) >= 0).all()
    assert (entropy(weights) <= np.log2(x.shape[1]) + 1e-9).all()


def test_entropy_of_one_taker_of_even_shares_and_of_a_blind_row():
    rows = np.array([[1.0, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0], [0.0] * 4])
    assert entropy(rows).tolist() == [0, 2, 1, 0]
    assert not np.signbit(entropy(rows)).any()


@pytest.mark.parametrize("bad", [-0.5, inf, nan])
def test_entropy_takes_shares_only(bad):
    with pytest.raises(ValueError, match="a weight is a share"):
        entropy(np.array([0.5, bad]))
