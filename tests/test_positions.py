"""Positions: agreement with PyTorch and with plain loops, and the laws that make each kind worth having.

The golden values are in golden/positions.json; golden/make_positions.py says how PyTorch made them.
"""

import json
import re
from math import cos, sin
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import ShapeError, positions
from tests.heads import seeds

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("positions.json").read_text(encoding="utf-8"))
pairings = st.booleans()


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


# --- Vectors to add --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN["sinusoidal"], ids=lambda case: f"{case['n']}x{case['d']}")
def test_sinusoidal_agrees_with_pytorch(case):
    close(positions.sinusoidal(case["n"], case["d"], case["base"]), case["table"])


@given(n=st.integers(1, 9), pairs=st.integers(1, 5), base=st.floats(2, 1e6))
def test_sinusoidal_is_the_formula_of_the_paper(n, pairs, base):
    d = 2 * pairs
    table = [[(cos if j % 2 else sin)(p / base ** ((j - j % 2) / d)) for j in range(d)] for p in range(n)]
    close(positions.sinusoidal(n, d, base), table)


@given(n=st.integers(2, 9), pairs=st.integers(1, 5), step=st.integers(0, 8))
def test_a_step_turns_sinusoidal_rows_by_one_fixed_rotation(n, pairs, step):
    rows = positions.sinusoidal(n + step, 2 * pairs)
    turn = np.zeros((2 * pairs, 2 * pairs))
    for i, angle in enumerate(positions.angles([step], 2 * pairs)[0]):
        turn[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]
    close(rows[step:], rows[:n] @ turn)


def test_one_hot_gives_each_position_a_coordinate():
    assert positions.one_hot(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert positions.one_hot(4).tolist() == np.eye(4).tolist()


def test_learned_rows_are_those_of_the_table():
    table = normal(0, 5, 3).astype(np.float32)
    rows = positions.learned(table, 2)
    assert rows.tolist() == table[:2].tolist()
    assert rows.dtype == np.float32
    rows[0] = 0
    assert table[0].any(), "the table is not the caller's to change through its rows"


# --- Rotations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN["rotary"]["cases"], ids=lambda case: str(case["options"]))
def test_rotary_agrees_with_pytorch(case):
    x, places = np.array(GOLDEN["rotary"]["x"]), GOLDEN["rotary"]["positions"]
    close(positions.rotary(x, places, **case["options"]), case["turned"])
    single = positions.rotary(x.astype(np.float32), places, **case["options"])
    assert single.dtype == np.float32
    close(single, case["turned"], 1e-5)


def test_frequencies_fall_from_one_by_a_constant_factor():
    close(positions.frequencies(8, 10000.0), [1, 0.1, 0.01, 0.001])
    close(positions.angles([[0, 2, 5]], 4, 100.0), [[[0, 0], [2, 0.2], [5, 0.5]]])


@given(seed=seeds, interleaved=pairings, position=st.floats(-1e5, 1e5))
def test_rotary_keeps_norms(seed, interleaved, position):
    x = normal(seed, 2, 3, 6)
    turned = positions.rotary(x, [position, 1, -position], interleaved=interleaved, dims=4)
    close((turned**2).sum(axis=-1), (x**2).sum(axis=-1))
    assert (turned[..., 4:] == x[..., 4:]).all()


@given(seed=seeds, interleaved=pairings, shift=st.integers(-1000, 1000), dims=st.sampled_from([2, 4, 6]))
def test_rotary_scores_depend_on_the_distance_only(seed, interleaved, shift, dims):
    q, k = normal(seed, 3, 6), normal(seed + 1, 5, 6)
    at_q, at_k = np.array([4, 0, 7]), np.arange(5)

    def scores(moved):
        options = {"interleaved": interleaved, "dims": dims}
        return positions.rotary(q, at_q + moved, **options) @ positions.rotary(k, at_k + moved, **options).T

    close(scores(shift), scores(0), 1e-10)
    close(scores(shift + 0.37), scores(0), 1e-10)


@given(seed=seeds, n=st.integers(1, 4), pairs=st.integers(1, 4))
def test_the_pairings_differ_by_an_order_of_coordinates(seed, n, pairs):
    x = normal(seed, n, 2 * pairs)
    order = [*range(0, 2 * pairs, 2), *range(1, 2 * pairs, 2)]  # first coordinates of all pairs, then second ones
    halves = positions.rotary(x[:, order], np.arange(n))
    close(halves, positions.rotary(x, np.arange(n), interleaved=True)[:, order])


@given(seed=seeds, interleaved=pairings)
def test_rotary_at_position_0_changes_nothing(seed, interleaved):
    x = normal(seed, 2, 3, 4)
    turned = positions.rotary(x, np.zeros(3, int), interleaved=interleaved)
    assert (turned == x).all()
    assert turned is not x


@given(seed=seeds, first=st.integers(-50, 50), second=st.integers(-50, 50))
def test_turning_twice_is_turning_by_the_sum(seed, first, second):
    x = normal(seed, 1, 4)
    close(positions.rotary(positions.rotary(x, [first]), [second]), positions.rotary(x, [first + second]), 1e-11)


def test_positions_may_differ_from_sequence_to_sequence():
    x = normal(3, 2, 5, 3, 4)  # batch, heads, n, d
    places = np.array([[0, 1, 2], [7, 8, 9]])
    together = positions.rotary(x, places[:, None, :])
    for i, of_one in enumerate(places):
        close(together[i], positions.rotary(x[i], of_one))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rotary_keeps_the_dtype_even_at_its_largest_number(dtype):
    largest = np.finfo(dtype).max
    turned = positions.rotary(np.full((1, 2), largest, dtype), [np.pi / 4])
    assert turned.dtype == dtype
    close(turned[0, 0] / largest, 0, 1e-3)
    assert turned[0, 1] == np.inf  # the largest number times √2


def test_half_precision_is_turned_in_single():
    x = normal(5, 3, 4).astype(np.float16)
    exact = positions.rotary(x.astype(np.float64), [5, 6, 7])
    assert (np.abs(positions.rotary(x, [5, 6, 7]) - exact) <= np.abs(exact) * 2**-11 + 2**-22).all()


# --- Biases ----------------------------------------------------------------------------------------------------------


def test_alibi_slopes_are_those_of_the_paper():
    assert positions.alibi_slopes(8).tolist() == [2**-i for i in range(1, 9)]
    assert positions.alibi_slopes(1).tolist() == [2**-8]
    close(positions.alibi_slopes(16), [2 ** (-i / 2) for i in range(1, 17)])
    twelve = [2**-i for i in range(1, 9)] + [2 ** (-i / 2) for i in (1, 3, 5, 7)]
    close(positions.alibi_slopes(12), twelve)


@given(n_heads=st.integers(1, 20))
def test_alibi_slopes_are_distinct_and_at_most_one(n_heads):
    slopes = positions.alibi_slopes(n_heads)
    assert len(set(slopes)) == n_heads
    assert ((slopes > 0) & (slopes < 1)).all()


@given(n_heads=st.integers(1, 9), n_q=st.integers(1, 5), past=st.integers(0, 4))
def test_alibi_is_linear_in_the_distance(n_heads, n_q, past):
    bias = positions.alibi(n_heads, n_q, n_q + past)
    slopes = positions.alibi_slopes(n_heads)
    loops = [[[-m * abs(i + past - j) for j in range(n_q + past)] for i in range(n_q)] for m in slopes]
    assert bias.tolist() == loops
    on_itself = bias[:, range(n_q), range(past, past + n_q)]
    assert (on_itself == 0).all()
    assert not np.signbit(on_itself).any()


def test_a_relative_bias_is_looked_up_by_distance():
    table = [-2.0, -1.0, 0.5, 10.0, 20.0]
    assert positions.relative_bias(table, 2, 5).tolist() == [[-2, -2, -1, 0.5, 10], [-2, -2, -2, -1, 0.5]]


@given(seed=seeds, n_q=st.integers(1, 5), past=st.integers(0, 4), m=st.integers(0, 3))
def test_a_relative_bias_of_each_head_equals_plain_loops(seed, n_q, past, m):
    table = normal(seed, 7, 2 * m + 1)
    loops = [[[row[min(max(j - i - past, -m), m) + m] for j in range(n_q + past)] for i in range(n_q)] for row in table]
    assert positions.relative_bias(table, n_q, n_q + past).tolist() == loops


@pytest.mark.parametrize("case", GOLDEN["buckets"], ids=lambda case: str(case["options"]))
def test_buckets_agree_with_pytorch(case):
    assert positions.t5_bucket(case["distance"], **case["options"]).tolist() == case["bucket"]


@given(n_buckets=st.integers(4, 40), max_distance=st.integers(21, 300), bidirectional=st.booleans())
def test_buckets_cover_all_distances_in_order(n_buckets, max_distance, bidirectional):
    away = np.arange(400)
    before = positions.t5_bucket(-away, n_buckets, max_distance, bidirectional)
    one_way = n_buckets // 2 if bidirectional else n_buckets
    exact = one_way // 2
    assert before[:exact].tolist() == list(range(exact))
    assert (np.diff(before) >= 0).all()
    assert (before[max_distance:] == one_way - 1).all()
    after = positions.t5_bucket(away[1:], n_buckets, max_distance, bidirectional)
    assert (after == (before[1:] + one_way if bidirectional else 0)).all()


# --- Distances, and bad input ----------------------------------------------------------------------------------------


def test_distances_are_key_minus_query():
    assert positions.distances(2, 3).tolist() == [[-1, 0, 1], [-2, -1, 0]]
    assert positions.distances(2).tolist() == [[0, 1], [-1, 0]]
    assert positions.distances(1, past=2).tolist() == [[-2, -1, 0]]
    assert positions.distances(2, 3, past=4).tolist() == [[-4, -3, -2], [-5, -4, -3]]


X = np.ones((3, 4))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: positions.sinusoidal(3, 5), ValueError, "dims must be even, since coordinates turn in pairs"),
        (lambda: positions.sinusoidal(0, 4), ValueError, "sinusoidal: n must be a whole number of at least 1"),
        (lambda: positions.sinusoidal(3, 0), ValueError, "dims must be a whole number of at least 2, and is 0"),
        (lambda: positions.sinusoidal(True, 4), ValueError, "sinusoidal: n must be a whole number"),
        (lambda: positions.sinusoidal(2.0, 4), ValueError, "sinusoidal: n must be a whole number"),
        (lambda: positions.one_hot(3, 2), ShapeError, "one_hot: 3 positions need 3 coordinates or more, and d is 2"),
        (lambda: positions.one_hot(-1), ValueError, "one_hot: n must be"),
        (lambda: positions.learned(X, 4), ShapeError, "4 positions were asked for, and the table was learned for 3"),
        (lambda: positions.learned(X[0], 1), ShapeError, "learned: table must be [n_positions, d_model], and is (4,)"),
        (lambda: positions.learned(X * np.nan, 1), ValueError, "learned: table must hold finite numbers"),
        (lambda: positions.frequencies(4, 0.0), ValueError, "base must be a finite number above 0 other than 1"),
        (lambda: positions.frequencies(4, -3), ValueError, "and is -3"),
        (lambda: positions.frequencies(4, 1), ValueError, "and is 1"),
        (lambda: positions.frequencies(4, np.nan), ValueError, "and is nan"),
        (lambda: positions.frequencies(4, np.inf), ValueError, "and is inf"),
        (lambda: positions.angles([True], 4), ValueError, "positions must be numbers, and are bool"),
        (lambda: positions.angles([np.inf], 4), ValueError, "positions must be finite"),
        (lambda: positions.angles([1e300], 8, 1e-300), ValueError, "so must their products with the frequencies"),
        (lambda: positions.rotary(X.astype(int), range(3)), ValueError, "rotary: x must hold floats, and holds int64"),
        (lambda: positions.rotary(X * -np.inf, range(3)), ValueError, "x must hold finite numbers"),
        (lambda: positions.rotary(X[0], [1]), ShapeError, "rotary: x must be [..., n, d], and is (4,)"),
        (lambda: positions.rotary(X[:, :3], range(3)), ValueError, "dims must be even"),
        (lambda: positions.rotary(X, range(3), dims=3), ValueError, "dims must be even"),
        (lambda: positions.rotary(X, range(3), dims=0), ValueError, "rotary: dims must be a whole number"),
        (lambda: positions.rotary(X, range(3), dims=6), ShapeError, "dims is 6, and x has only 4 coordinates"),
        (lambda: positions.rotary(X, range(4)), ShapeError, "positions must be [n] = (3,)"),
        (lambda: positions.rotary(X, [2]), ShapeError, "they are (1,)"),
        (lambda: positions.rotary(X, 2), ShapeError, "they are ()"),
        (lambda: positions.rotary(X[None], np.ones((2, 3))), ShapeError, "or (1, 3) with 1 where shared"),
        (lambda: positions.rotary(np.ones((2, 5, 3, 4)), np.ones((2, 3))), ShapeError, "they are (2, 3)"),
        (lambda: positions.alibi_slopes(0), ValueError, "alibi_slopes: n_heads must be"),
        (lambda: positions.alibi(2, 3, 2), ValueError, "3 queries cannot be the last of 2 keys"),
        (lambda: positions.distances(2, 3, -1), ValueError, "past must be a whole number of at least 0, and is -1"),
        (lambda: positions.distances(2, 0), ValueError, "n_k must be"),
        (lambda: positions.relative_bias(X, 2), ShapeError, "must be [2m + 1] or [n_heads, 2m + 1], and is (3, 4)"),
        (lambda: positions.relative_bias(X[None, :, :3], 2), ShapeError, "and is (1, 3, 3)"),
        (lambda: positions.relative_bias([1, 2, 3], 2), ValueError, "relative_bias: table must hold floats"),
        (lambda: positions.relative_bias(1.0, 2), ShapeError, "and is ()"),
        (lambda: positions.t5_bucket([0.5]), ValueError, "distances must be whole numbers, and are float64"),
        (lambda: positions.t5_bucket([1], 3), ValueError, "3 buckets up to distance 128 leave no room"),
        (lambda: positions.t5_bucket([1], 32, 8), ValueError, "a max_distance above 8"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=re.escape(says)):
        call()
