"""The key/value cache: token by token, it gives what one call with all tokens gives."""

from itertools import pairwise
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core.cache import Cache
from attention_core.kernel import attention
from attention_core.trace import ShapeError

BATCH, HEADS, KV_HEADS, N, D_K, D_V = 3, 4, 2, 7, 5, 6
seeds = st.integers(0, 2**32 - 1)


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def drawn(seed, n=N):
    """q, k and v of n tokens in four axes, with grouped heads."""
    rng = np.random.default_rng(seed)
    shapes = (BATCH, HEADS, n, D_K), (BATCH, KV_HEADS, n, D_K), (BATCH, KV_HEADS, n, D_V)
    return tuple(rng.normal(size=shape) for shape in shapes)


def new(tokens, start, stop):
    return (x[..., start:stop, :] for x in tokens)


@given(seed=seeds, cuts=st.sets(st.integers(1, N - 1)), axes=st.integers(2, 4))
@settings(max_examples=40)
def test_in_any_portions_it_equals_the_full_computation(seed, cuts, axes):
    tokens = [x[(0,) * (4 - axes)] for x in drawn(seed)]
    cache, portions = Cache(), [0, *sorted(cuts), N]
    options = {"scale": 0.4, "softcap": 2.0, "window": (3, None)}
    rows = [cache.attend(*new(tokens, a, b), **options) for a, b in pairwise(portions)]
    close(np.concatenate(rows, axis=-2), attention(*tokens, causal=True, **options))
    assert cache.lengths.tolist() == (N if axes < 4 else [N] * BATCH)


@given(seed=seeds, first=st.lists(st.integers(0, 4), min_size=BATCH, max_size=BATCH), more=st.integers(1, 3))
@settings(max_examples=40)
def test_sequences_of_different_lengths_grow_by_one_each(seed, first, more):
    tokens = drawn(seed)
    cache = Cache()
    prompt = cache.attend(*new(tokens, 0, 4), lengths=first)
    steps = []
    for step in range(more):  # each sequence's next token is the one behind its own last
        at = np.array(first)[:, None, None, None] + step
        steps.append(cache.attend(*(np.take_along_axis(x, at, axis=2) for x in tokens)))
    assert cache.lengths.tolist() == [n + more for n in first]
    for b, n in enumerate(first):
        full = attention(*(x[b, :, : n + more] for x in tokens), causal=True)
        close(prompt[b, :, :n], full[:, :n])
        assert (prompt[b, :, n:] == 0).all()
        close(np.concatenate([made[b] for made in steps], axis=1), full[:, n:])


def test_some_sequences_may_have_nothing_new():
    tokens = drawn(1)
    cache = Cache()
    cache.attend(*new(tokens, 0, 3))
    output = cache.attend(*new(tokens, 3, 4), lengths=[1, 0, 1])
    assert cache.lengths.tolist() == [4, 3, 4]
    assert (output[1] == 0).all()
    close(output[2], attention(*(x[2, :, :4] for x in tokens), causal=True)[:, 3:])


def test_bytes_in_use_and_set_aside():
    cache, tokens = Cache(), [x.astype(np.float32) for x in drawn(2)]
    assert (cache.bytes, cache.capacity_bytes) == (0, 0)
    token = KV_HEADS * (D_K + D_V) * 4
    cache.attend(*new(tokens, 0, 3), lengths=[1, 3, 2])
    assert (cache.bytes, cache.capacity_bytes) == (6 * token, 9 * token)
    cache.attend(*new(tokens, 3, 4))
    assert (cache.bytes, cache.capacity_bytes) == (9 * token, 18 * token)  # room for 3 is doubled
    one = Cache()
    one.attend(*(x[0, 0].astype(np.float16) for x in tokens))
    assert one.bytes == one.capacity_bytes == N * (D_K + D_V) * 2


def test_the_stages_come_along():
    tokens = drawn(3)
    cache = Cache()
    cache.attend(*new(tokens, 0, 6))
    output, stages = cache.attend(*new(tokens, 6, 7), return_trace=True)
    full, made = attention(*tokens, causal=True, return_trace=True)
    close(output, full[:, :, 6:])
    close(stages["weights"], made["weights"][:, :, 6:])


Q, K, V = drawn(4)


@pytest.mark.parametrize(
    ("instead", "kind", "says"),
    [
        ({"q": Q[:, :, :1]}, ShapeError, r"q\[... heads new d_k\], .* but q is \(3, 4, 1, 5\), k is \(3, 2, 2, 5\)"),
        ({"v": V[:, :, :1]}, ShapeError, r"v is \(3, 2, 1, 6\)"),
        ({"k": np.ones(5)}, ShapeError, r"k is \(5,\)"),
        ({"k": K[:2, :, :2], "v": V[:2, :, :2]}, ShapeError, r"k with new tokens \(3, 2, 2, 5\), but k is \(2, 2"),
        ({"v": V[:, :, :2, :4]}, ShapeError, r"v with new tokens \(3, 2, 2, 6\), but v is \(3, 2, 2, 4\)"),
        ({"k": K[:, :, :2].astype(np.float32)}, ValueError, "holds k as float64, but the new k is float32"),
        ({"v": np.full((3, 2, 2, 6), nan)}, ValueError, "finite numbers, but v holds NaN"),
        ({"q": Q[:, :3, :2]}, ShapeError, "multiple of k's 2 heads, but q has 3"),
        ({"lengths": [1, 2]}, ValueError, r"each of the batch \(3,\), but lengths is \[1, 2\]"),
        ({"lengths": [1, 3, 1]}, ValueError, "whole numbers from 0 to 2, the new tokens"),
        ({"lengths": [-1, 1, 1]}, ValueError, r"lengths is \[-1, 1, 1\]"),
        ({"lengths": 1.0}, ValueError, "lengths is 1.0"),
    ],
)  # fmt: skip
def test_an_error_says_what_came_and_changes_nothing(instead, kind, says):
    cache = Cache()
    cache.attend(*new((Q, K, V), 0, 3), lengths=[3, 1, 2])
    given = dict(zip("qkv", new((Q, K, V), 0, 2), strict=True)) | instead
    with pytest.raises(kind, match=says):
        cache.attend(given.pop("q"), given.pop("k"), given.pop("v"), **given)
    assert cache.lengths.tolist() == [3, 1, 2]
    after = cache.attend(*new((Q, K, V), 3, 4))
    close(after[0], attention(Q[0, :, :4], K[0, :, :4], V[0, :, :4], causal=True)[:, 3:])


def test_after_an_error_an_empty_cache_is_still_empty():
    cache = Cache()
    with pytest.raises(ShapeError):
        cache.attend(Q[..., :2], K, V)
    assert (cache.bytes, cache.capacity_bytes) == (0, 0)
    close(cache.attend(Q[0], K[0], V[0]), attention(Q[0], K[0], V[0], causal=True))
