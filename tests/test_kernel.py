"""The kernel: equal to PyTorch, to the ONNX operator, to the plain loops of reference.py, and to its own laws.

golden/kernel.json holds what PyTorch and ONNX computed, golden/make_kernel.py how.
"""

import json
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import kernel, reference
from attention_core.kernel import attention
from attention_core.trace import ShapeError

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("kernel.json").read_text(encoding="utf-8"))
STAGES = ("scores", "scaled", "biased", "capped", "masked", "weights")
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}

seeds = st.integers(0, 2**32 - 1)
sizes = st.permutations(range(1, 7)).map(lambda n: dict(zip(("batch", "n_q", "n_k", "d_k", "d_v"), n, strict=False)))
groups = st.sampled_from([(1, 1), (3, 3), (4, 2), (6, 2), (3, 1)])  # heads, kv_heads
FIXED = {"batch": 2, "n_q": 4, "n_k": 5, "d_k": 7, "d_v": 3}


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def drawn(seed, sizes=FIXED, group=(6, 2)):
    """A random q, k and v of four axes, and the generator for more."""
    rng = np.random.default_rng(seed)
    batch, n_q, n_k, d_k, d_v = (sizes[axis] for axis in FIXED)
    heads, kv_heads = group
    shapes = (batch, heads, n_q, d_k), (batch, kv_heads, n_k, d_k), (batch, kv_heads, n_k, d_v)
    return *(rng.normal(size=shape) for shape in shapes), rng


def one_by_one(q, k, v, **options):
    """Attention by reference.py, one head at a time; options are arrays [batch, heads, n_q, n_k] or numbers."""
    output = np.empty((*q.shape[:-1], v.shape[-1]))
    for b, h in np.ndindex(q.shape[:2]):
        kv = h * k.shape[1] // q.shape[1]
        here = {name: x[b, h] if np.ndim(x) else x for name, x in options.items()}
        output[b, h] = reference.attention(*(x.tolist() for x in (q[b, h], k[b, kv], v[b, kv])), **here)
    return output


# --- PyTorch ---------------------------------------------------------------------------------------------------------


def matrix(x, dtype="float64"):
    x = np.array(x)
    return x if x.dtype == bool else x.astype(dtype)


def named(case):
    return " ".join(
        str(case[key]) for key in ("name", "kv_heads", "dtype", "mode", "flat") if case.get(key) is not None
    )


@pytest.mark.parametrize("case", GOLDEN["sdpa"]["cases"], ids=named)
def test_scaled_dot_product_attention(case):
    """attn_mask is `mask`, is_causal is `causal`, scale is `scale`; enable_gqa is what we do when heads differ.

    PyTorch, too, aligns is_causal at the top left (our past=0), and gives a row that may see nothing zeros.
    """
    dtype, options = case["dtype"], GOLDEN["sdpa"]["options"][case["name"]]
    q, k, v = (matrix(GOLDEN["operands"][str(case["kv_heads"])][name], dtype) for name in "qkv")
    mask = matrix(options["attn_mask"], dtype) if "attn_mask" in options else None
    output = attention(q, k, v, mask=mask, causal=options.get("is_causal", False), scale=options.get("scale"))
    assert output.dtype == dtype
    close(output, case["output"], TOLERANCE[dtype])
    if mask is not None and mask.dtype != bool:  # without a softcap, a float mask may as well be our bias
        close(attention(q, k, v, bias=mask, scale=options.get("scale")), output, TOLERANCE[dtype])


# --- ONNX ------------------------------------------------------------------------------------------------------------

# ONNX multiplies q and k by sqrt(scale) each, so that its product is our "scaled"; our "scores" it never shows. It has
# no bias of its own: its attn_mask is added after the softcap, which is our additive mask. Its text says that mode 0 is
# the raw product; where there is a softcap, its reference implementation gives the capped one, and so does our test.
# Rows that may see nothing are zero in both (in Y and in mode 3; before that, in mode 2, they are -inf as ours are).
MODES = ("scaled", "capped", "masked", "weights")


def heads_apart(x, heads):
    """ONNX's 3-D inputs: [batch, n, heads d] -> [batch, heads, n, d]."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def heads_together(x):
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def from_onnx(options, given, dtype):
    """The keys and values, and our options, for what the operator calls its inputs and attributes."""
    k, v, n_q = given["k"], given["v"], given["q"].shape[-2]
    ours = {name: options[name] for name in ("scale", "softcap") if name in options}
    ours["causal"] = bool(options.get("is_causal"))
    sides = [options.get(name, -1) for name in ("left_window_size", "right_window_size")]
    ours["window"] = tuple(None if side < 0 else side for side in sides)
    if "attn_mask" in options:
        ours["mask"] = matrix(options["attn_mask"], dtype)
    if options.get("past"):
        k, v = (np.concatenate([given[name], x], axis=2) for name, x in (("past_key", k), ("past_value", v)))
        ours["past"] = given["past_key"].shape[2]
    if "nonpad_kv_seqlen" in options:
        lengths = ours["lengths"] = np.array(options["nonpad_kv_seqlen"])
        if ours["causal"] and (lengths >= n_q).all():
            ours["past"] = lengths - n_q
        elif ours["causal"]:  # more queries than keys: a negative past, which we refuse and write as a mask
            ahead = np.arange(n_q)[:, None] + (lengths - n_q)[:, None, None, None]
            ours |= {"causal": False, "mask": np.arange(k.shape[2]) <= ahead}
    return k, v, ours


@pytest.mark.parametrize("case", GOLDEN["operator"]["cases"], ids=named)
def test_the_onnx_operator(case):
    dtype, options = case["dtype"], GOLDEN["operator"]["options"][case["name"]]
    given = {name: matrix(x, dtype) for name, x in GOLDEN["operands"][str(case["kv_heads"])].items()}
    k, v, ours = from_onnx(options, given, dtype)
    q = given["q"]
    if case["flat"]:
        flat = [heads_together(x) for x in (q, k, v)]
        q, k, v = (heads_apart(x, n) for x, n in zip(flat, (q.shape[1], k.shape[1], k.shape[1]), strict=True))
    output, stages = attention(q, k, v, **ours, return_trace=True)
    if "mode" in case:
        stage = MODES[case["mode"]]
        stage = "capped" if stage == "scaled" and "softcap" in options else stage
        close(stages[stage], case["qk_matmul_output"], TOLERANCE[dtype])
    else:
        close(heads_together(output) if case["flat"] else output, case["output"], TOLERANCE[dtype])


# --- The definition --------------------------------------------------------------------------------------------------


@given(sizes=sizes, seed=seeds)
@settings(max_examples=30)
def test_one_head_equals_the_reference(sizes, seed):
    q, k, v, rng = drawn(seed, sizes, (1, 1))
    q, k, v = q[0, 0], k[0, 0], v[0, 0]
    options = {"mask": rng.random((len(q), len(k))) < 0.6, "bias": rng.normal(size=(len(q), len(k))), "scale": 0.7}
    for some in ({}, {"mask": options["mask"]}, {"scale": -1.3}, {"bias": options["bias"]}, options):
        expected = reference.attention(q.tolist(), k.tolist(), v.tolist(), **some)
        output, stages = attention(q, k, v, **some, return_trace=True)
        close(output, expected)
        close(attention(q, k, v, **some), expected)
        close(stages["weights"], reference.weights(q.tolist(), k.tolist(), **some))


@given(sizes=sizes, group=groups, seed=seeds)
@settings(max_examples=30)
def test_batches_heads_and_groups_are_a_loop_over_one_head(sizes, group, seed):
    q, k, v, rng = drawn(seed, sizes, group)
    shape = (*q.shape[:-1], k.shape[-2])
    mask, bias = rng.random(shape) < 0.6, rng.normal(size=shape)
    expected = one_by_one(q, k, v, mask=mask, bias=bias, scale=0.7)
    close(attention(q, k, v, mask=mask, bias=bias, scale=0.7), expected)
    close(attention(q[0], k[0], v[0], mask=mask[0], bias=bias[0], scale=0.7), expected[0])
    more = attention(q[:, None], k[:, None], v[:, None], mask=mask[:, None], bias=bias[:, None], scale=0.7)
    close(more, expected[:, None])


@given(seed=seeds, group=groups)
@settings(max_examples=10)
def test_large_matrices_go_head_by_head_and_give_the_same(seed, group):
    q, k, v, rng = drawn(seed, group=group)
    mask = rng.random((2, 1, 4, 5)) < 0.6
    options = {"mask": mask, "bias": rng.normal(size=5), "causal": True, "past": [1, 3], "softcap": 2.0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "_LARGE", 1)
        for some in ({}, {"mask": mask}, options):
            close(attention(q, k, v, **some), attention(q, k, v, **some, return_trace=True)[0])


@given(seed=seeds)
@settings(max_examples=20)
def test_the_stages_follow_from_one_another(seed):
    q, k, v, rng = drawn(seed)
    bias, mask = rng.normal(size=(4, 5)), np.where(rng.random((6, 1, 5)) < 0.7, rng.normal(size=(6, 1, 5)), -inf)
    output, made = attention(
        q, k, v, scale=0.3, bias=bias, softcap=1.5, mask=mask, causal=True, past=1, return_trace=True
    )
    wide_k, wide_v = np.repeat(k, 3, axis=1), np.repeat(v, 3, axis=1)  # heads 0..2 share kv head 0
    assert tuple(made) == STAGES
    close(made["scores"], q @ wide_k.mT)
    close(made["scaled"], made["scores"] * 0.3)
    close(made["biased"], made["scaled"] + bias)
    close(made["capped"], 1.5 * np.tanh(made["biased"] / 1.5))
    close(made["masked"], np.where(np.tri(4, 5, 1, bool), made["capped"] + mask, -inf))
    exps = np.exp(made["masked"])
    close(made["weights"] * exps.sum(axis=-1, keepdims=True), exps)
    close(output, made["weights"] @ wide_v)


def test_a_stage_that_does_nothing_equals_the_one_before():
    q, k, v, _ = drawn(0)
    _, made = attention(q, k, v, scale=1, return_trace=True)
    for name in STAGES[1:-1]:
        assert (made[name] == made["scores"]).all()
    assert made["weights"].shape == (2, 6, 4, 5)


# --- Masks, windows, lengths and the past ----------------------------------------------------------------------------

sides = st.none() | st.integers(0, 4)


@given(sizes=sizes, seed=seeds, causal=st.booleans(), window=st.none() | st.tuples(sides, sides), each=st.booleans())
@settings(max_examples=60)
def test_positions_and_padding_equal_the_explicit_mask(sizes, seed, causal, window, each):
    q, k, v, rng = drawn(seed, sizes)
    batch, n_q, n_k = (sizes[name] for name in ("batch", "n_q", "n_k"))
    past, lengths = (rng.integers(0, n_k + 1, batch if each else ()) for _ in range(2))
    seen = np.zeros((batch, 1, n_q, n_k), bool)
    left, right = window or (None, None)
    for b, i, j in np.ndindex(batch, n_q, n_k):
        at = i + (past[b] if each else past)
        seen[b, 0, i, j] = (
            j < (lengths[b] if each else lengths)
            and (not causal or j <= at)
            and (left is None or at - left <= j)
            and (right is None or j <= at + right)
        )
    options = {"causal": causal, "window": window, "past": past, "lengths": lengths}
    expected = one_by_one(q, k, v, mask=np.broadcast_to(seen, (batch, 6, n_q, n_k)))
    close(attention(q, k, v, **options), expected)
    close(attention(q, k, v, mask=seen), expected)
    also = rng.random((n_q, n_k)) < 0.7
    close(attention(q, k, v, mask=also, **options), attention(q, k, v, mask=seen & also))
    added = np.where(also, rng.normal(size=also.shape), -inf)
    close(attention(q, k, v, mask=added, **options), attention(q, k, v, mask=np.where(seen, added, -inf)))


@pytest.mark.parametrize("shape", [(), (5,), (4, 1), (1, 5), (4, 5), (6, 1, 1), (6, 4, 5), (2, 1, 1, 5), (2, 6, 4, 5)])
def test_masks_and_biases_of_every_rank(shape):
    q, k, v, rng = drawn(1)
    numbers = rng.normal(size=shape)
    seen = numbers > -0.7
    wide = np.broadcast_to(numbers, (2, 6, 4, 5))
    close(attention(q, k, v, mask=seen), one_by_one(q, k, v, mask=wide > -0.7))
    close(attention(q, k, v, mask=numbers), one_by_one(q, k, v, bias=wide))
    close(attention(q, k, v, bias=numbers), one_by_one(q, k, v, bias=wide))


@given(seed=seeds)
@settings(max_examples=10)
def test_the_future_changes_nothing(seed):
    q, k, v, rng = drawn(seed)
    later_k, later_v = k.copy(), v.copy()
    later_k[:, :, 3:], later_v[:, :, 3:] = rng.normal(size=(2, 2, 2, 7)), rng.normal(size=(2, 2, 2, 3))
    before, after = attention(q, k, v, causal=True), attention(q, later_k, later_v, causal=True)
    assert (before[:, :, :3] == after[:, :, :3]).all()
    assert (before[:, :, 3] != after[:, :, 3]).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "options",
    [
        {"mask": np.zeros((4, 5), bool)},
        {"mask": np.full((4, 5), -inf)},
        {"bias": np.full((4, 5), -inf)},
        {"lengths": 0},
        {"window": (0, None), "past": 9},
    ],
    ids=repr,
)
def test_a_query_that_may_see_nothing_takes_nothing(options, dtype):
    q, k, v, _ = drawn(2)
    with np.errstate(all="raise"):
        output, made = attention(*(x.astype(dtype) for x in (q, k, v)), **options, return_trace=True)
    assert (output == 0).all()
    assert (made["weights"] == 0).all()
    assert (made["masked"] == -inf).all()


def test_without_queries_or_keys():
    q, k, v, _ = drawn(3)
    assert attention(q[:, :, :0], k, v).shape == (2, 6, 0, 3)
    assert (attention(q, k[:, :, :0], v[:, :, :0]) == np.zeros((2, 6, 4, 3))).all()


# --- Laws ------------------------------------------------------------------------------------------------------------


@given(sizes=sizes, group=groups, seed=seeds)
@settings(max_examples=30)
def test_rows_sum_to_one_or_zero(sizes, group, seed):
    q, k, v, rng = drawn(seed, sizes, group)
    mask = rng.random((*q.shape[:-1], k.shape[-2])) < 0.4
    _, made = attention(q, k, v, mask=mask, return_trace=True)
    close(made["weights"].sum(axis=-1), mask.any(axis=-1))
    assert (made["weights"][~mask] == 0).all()
    assert (made["weights"] >= 0).all()


@given(seed=seeds)
@settings(max_examples=20)
def test_a_bias_of_the_keys_changes_no_weight_and_one_of_the_queries_does(seed):
    q, k, v, rng = drawn(seed)
    b = rng.normal(size=7)
    plain = attention(q, k, v)
    close(attention(q, k + b, v), plain)
    assert np.abs(attention(q + b, k, v) - plain).max() > 1e-6


@given(seed=seeds)
@settings(max_examples=20)
def test_the_order_of_the_keys_does_not_matter(seed):
    q, k, v, rng = drawn(seed)
    keys, queries, mask = rng.permutation(5), rng.permutation(4), rng.random((4, 5)) < 0.7
    expected = attention(q, k, v, mask=mask)
    close(attention(q, k[:, :, keys], v[:, :, keys], mask=mask[:, keys]), expected)
    close(attention(q[:, :, queries], k, v, mask=mask[queries]), expected[:, :, queries])


@given(seed=seeds, c=st.floats(0.01, 100))
@settings(max_examples=20)
def test_larger_queries_and_smaller_keys_cancel(seed, c):
    q, k, v, _ = drawn(seed)
    close(attention(q * c, k / c, v), attention(q, k, v))


@given(seed=seeds, shift=st.floats(-1e3, 1e3))
@settings(max_examples=20)
def test_a_shift_of_a_whole_row_changes_nothing(seed, shift):
    q, k, v, _ = drawn(seed)
    close(attention(q, k, v, bias=np.full((4, 1), shift)), attention(q, k, v), 1e-11)  # scores near 1000 are coarser


# --- Dtypes and sizes of numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    q, k, v = (x.astype(dtype) for x in drawn(4)[:3])
    options = {"bias": np.ones((4, 5)), "mask": np.full(5, -1e300), "scale": np.float64(0.5), "softcap": 3}
    output, made = attention(q, k, v, **options, return_trace=True)
    assert output.dtype == attention(q, k, v, causal=True).dtype == dtype
    computed = np.float32 if dtype == np.float16 else dtype  # the stages are what was computed
    assert {made[name].dtype for name in STAGES} == {np.dtype(computed)}


def test_float16_is_computed_in_float32():
    q, k, v = (x.astype(np.float16) for x in drawn(5)[:3])
    wide = attention(*(x.astype(np.float32) for x in (q, k, v)))
    assert (attention(q, k, v) == wide.astype(np.float16)).all()
    q[...] = k[...] = 300.0  # scores of 630,000 are beyond float16
    close(attention(q, k, v), np.repeat(v.mean(axis=2, keepdims=True), 3, axis=1).repeat(4, axis=2), 1e-2)


def test_lists_and_views_are_read_and_nothing_is_changed():
    q, k, v, _ = drawn(6)
    mask, bias = np.full((4, 5), -1.0), np.ones(5)
    before = [x.copy() for x in (q, k, v, mask, bias)]
    expected = attention(q, k, v, mask=mask, bias=bias, causal=True)
    for x, copy in zip((q, k, v, mask, bias), before, strict=True):
        assert (x == copy).all()
    flipped = (np.ascontiguousarray(x.swapaxes(1, 2)).swapaxes(1, 2) for x in (q, k, v))
    close(attention(*flipped, mask=mask, bias=bias, causal=True), expected)
    close(attention(q[0, 0].tolist(), k[0, 0].tolist(), v[0, 0].tolist()), attention(q[0, 0], k[0, 0], v[0, 0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_are_the_limit(dtype):
    huge = np.array([[1e15], [-1e15]], dtype)
    v = np.array([[1.0, 2.0], [3.0, 4.0]], dtype)
    with np.errstate(all="raise"):
        assert (attention(huge, huge, v) == v).all()  # scores of 1e30
        assert (attention(huge, huge, v, softcap=1e30) == v).all()
        assert (attention(huge, -huge, v) == v[::-1]).all()
        low = np.full((2, 2), np.finfo(dtype).min)
        close(attention(np.zeros_like(huge), huge, v, mask=low), [[2, 3], [2, 3]])  # hidden alike is seen alike


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_values_are_mixed_without_overflow(dtype):
    q = k = np.ones((3, 2), dtype)
    v = np.full((3, 1), np.finfo(dtype).max / 2)
    with np.errstate(all="raise"):
        close(attention(q, k, v, scale=9.0) / v, 1, 1e-6)


# --- Errors ----------------------------------------------------------------------------------------------------------

Q, K, V, _ = drawn(7)


def spoilt(x, value):
    x = x.copy()
    x[1, 0, 2, 1] = value
    return x


ERRORS = [
    # what is given instead, the kind of error, what it says
    ({"k": K[:, :, :, :6]}, ShapeError, r"k\[... kv_heads n_k d_k\] = \(2, 'kv_heads', 'n_k', 7\), but k is \(2, 2"),
    ({"k": K[:1], "v": V[:1]}, ShapeError, r"k is \(1, 2, 5, 7\)"),
    ({"k": K[0], "v": V[0]}, ShapeError, r"k is \(2, 5, 7\)"),
    ({"v": V[:, :, :4]}, ShapeError, r"reads v\[... kv_heads n_k d_v\] = \(2, 2, 5, 'd_v'\), but v is \(2, 2, 4, 3\)"),
    ({"v": V[:, :1]}, ShapeError, r"v is \(2, 1, 5, 3\)"),
    ({"q": Q[:, :5]}, ShapeError, r"multiple of k's 2 heads, but q has 5"),
    ({"k": K[:, :0], "v": V[:, :0]}, ShapeError, r"multiple of k's 0 heads, but q has 6"),
    ({"q": np.ones(3)}, ShapeError, r"reads q\[... heads n_q d_k\] .* q is \(3,\)"),
    ({"q": Q[..., :0]}, ShapeError, r"d_k of at least 1"),
    ({"q": Q.astype(int)}, ValueError, "float16, float32 or float64, but q is int64"),
    ({"k": K.astype(complex)}, ValueError, "k is complex128"),
    ({"v": V.astype(np.float32)}, ValueError, "one dtype, but q is float64 and v is float32"),
    ({"q": spoilt(Q, nan)}, ValueError, r"finite numbers, but q\[1, 0, 2, 1\] is nan"),
    ({"q": spoilt(Q, -inf), "mask": np.tri(4, 5, dtype=bool)}, ValueError, r"q\[1, 0, 2, 1\] is -inf"),
    ({"k": spoilt(K, -inf), "lengths": 2}, ValueError, r"k\[1, 0, 2, 1\] is -inf"),
    ({"k": spoilt(K, inf), "scale": 0}, ValueError, r"k\[1, 0, 2, 1\] is inf"),
    ({"v": spoilt(V, nan), "lengths": 2}, ValueError, r"v\[1, 0, 2, 1\] is nan"),
    ({"v": spoilt(V, inf)}, ValueError, r"v\[1, 0, 2, 1\] is inf"),
    ({"q": Q * 1e200, "k": K * 1e200}, ValueError, "in float64, and scores leave its range"),
    ({"scale": 1e308, "q": Q * 100}, ValueError, "scores leave its range"),
    ({"bias": np.full(5, 1.7e308), "mask": np.full(5, 1.7e308)}, ValueError, "scores leave its range"),
    ({"mask": np.ones((1, 2, 6, 4, 5), bool)}, ShapeError, r"mask .* to \[... heads n_q n_k\] = \(2, 6, 4, 5\), but"),
    ({"mask": np.ones((2, 4, 5), bool)}, ShapeError, r"mask is \(2, 4, 5\)"),
    ({"mask": np.ones((3, 1, 4, 5), bool)}, ShapeError, r"mask is \(3, 1, 4, 5\)"),
    ({"mask": np.ones((5, 4))}, ShapeError, r"mask is \(5, 4\)"),
    ({"mask": np.ones((4, 5), int)}, ValueError, r"bool \(True = may attend\) or floats to add, but mask is int64"),
    ({"mask": np.full((4, 5), nan)}, ValueError, "mask holds NaN or"),
    ({"mask": np.full((4, 5), inf)}, ValueError, "mask holds NaN or"),
    ({"bias": np.full((4, 5), nan)}, ValueError, "bias holds NaN or"),
    ({"bias": np.ones((4, 5), bool)}, ValueError, "bias as floats, but bias is bool"),
    ({"bias": np.ones((2, 4, 5))}, ShapeError, r"bias is \(2, 4, 5\)"),
    ({"bias": np.full(5, -inf), "softcap": 2.0}, ValueError, "hide keys with the mask"),
    ({"window": (-1, 2)}, ValueError, r"window is \(-1, 2\)"),
    ({"window": (1.5, 2)}, ValueError, r"window is \(1.5, 2\)"),
    ({"window": (1, 2, 3)}, ValueError, r"window is \(1, 2, 3\)"),
    ({"window": 3}, ValueError, "window is 3"),
    ({"past": -1}, ValueError, "past of 0 or more, but past is -1"),
    ({"past": [1, 2, 3]}, ShapeError, r"one per sequence of the batch, \(2,\) .* past is \(3,\)"),
    ({"past": 1.0}, ValueError, "whole numbers, but past is float64"),
    ({"lengths": [5, 6]}, ValueError, r"lengths of 0 to 5 \(n_k\), but lengths is \[5, 6\]"),
    ({"lengths": [-1, 5]}, ValueError, r"lengths is \[-1, 5\]"),
    ({"lengths": [[3], [4]]}, ShapeError, r"lengths is \(2, 1\)"),
    ({"lengths": [True, True]}, ValueError, "lengths is bool"),
    ({"softcap": 0}, ValueError, "softcap as one finite number above 0"),
    ({"softcap": -2.0}, ValueError, "softcap is -2.0"),
    ({"softcap": nan}, ValueError, "softcap is nan"),
    ({"scale": inf}, ValueError, r"scale as one finite number \(float64\), but scale is inf"),
    ({"scale": nan}, ValueError, "scale is nan"),
    ({"scale": np.ones(6)}, ValueError, "scale as one finite number"),
    ({"scale": "large"}, ValueError, "scale is large"),
]  # fmt: skip


@pytest.mark.parametrize(("instead", "kind", "says"), ERRORS, ids=lambda x: x if isinstance(x, str) else "")
def test_an_error_says_what_was_expected_and_what_came(instead, kind, says):
    given = {"q": Q, "k": K, "v": V, **instead}
    with np.errstate(all="raise"), pytest.raises(kind, match=says):
        attention(**given)
    with pytest.raises(kind, match=says):
        attention(**given, return_trace=True)


def test_scores_of_float32_have_its_range():
    q, k, v = (x.astype(np.float32) for x in (Q * 1e20, K * 1e20, V))
    with pytest.raises(ValueError, match="in float32, and scores leave its range"):
        attention(q, k, v)
    with pytest.raises(ValueError, match=r"scale as one finite number \(float32\)"):
        attention(q, k, v, scale=1e39)


def test_lengths_without_a_batch_are_one_number():
    close(attention(Q[0], K[0], V[0], lengths=3), attention(Q[0], K[0, :, :3], V[0, :, :3]))
    with pytest.raises(ShapeError, match=r"one per sequence of the batch, \(\) .* lengths is \(2,\)"):
        attention(Q[0], K[0], V[0], lengths=[3, 4])
