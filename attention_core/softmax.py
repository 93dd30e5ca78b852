"""Softmax and its family: the soft choice, its logarithm, its hard limit, and the same sums taken tile by tile.

Vocabulary
    x            scores: any real numbers; -inf says "never"
    temperature  what the scores are divided by first: small sharpens the choice, large flattens it
    LSE          log-sum-exp, ln of the sum of the exponentials: a smooth maximum
    blind        a row in which everything is -inf: there is nothing to choose, so its weights are all 0
    tile         some neighbouring keys; the online softmax sees one tile at a time and never a whole row

Everywhere the maximum is subtracted before the exponential is taken: the result is the same and cannot overflow.
Float32 and float64 stay what they are; float16 is computed in float32 and returned as float16.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from attention_core.trace import ShapeError

__all__ = [
    "NEAR",
    "OnlineState",
    "entropy",
    "exps_in_place",
    "hard_max",
    "log_softmax",
    "log_sum_exp",
    "online_softmax",
    "softmax",
]

NEAR = 20  # exponentials of scores between -NEAR and NEAR are at home in every dtype: no maximum need be subtracted

# An exponential below the smallest number is 0 and a difference below the lowest is -inf: both are meant.
_quiet = np.errstate(over="ignore", under="ignore")


@_quiet
def softmax(x: np.ndarray, axis: int = -1, temperature: float = 1.0) -> np.ndarray:
    """Positive weights that sum to 1 along `axis`: exp(x / temperature) over its sum. Same shape and dtype as x.

    A row that is -inf throughout gives zeros. Raises ValueError for NaN, +inf, integers, and a temperature that is not
    one finite number above 0.

    >>> softmax(np.log([3.0, 1.0, 1.0])).round(12).tolist()
    [0.6, 0.2, 0.2]
    """
    scores, dtype = _scores("softmax", x)
    shifted = _shifted("softmax", scores, axis, temperature)
    rows = np.moveaxis(shifted, axis, -1)
    rows /= exps_in_place(rows, shift=False)
    return shifted.astype(dtype, copy=False)


@_quiet
def log_softmax(x: np.ndarray, axis: int = -1, temperature: float = 1.0) -> np.ndarray:
    """ln softmax(x), without the detour through weights that would round to 0. A blind row stays -inf.

    Raises what softmax raises.
    """
    scores, dtype = _scores("log_softmax", x)
    shifted = _shifted("log_softmax", scores, axis, temperature)
    total = np.add.reduce(np.exp(shifted), axis=axis, keepdims=True)
    shifted -= np.log(np.maximum(total, 1, out=total), out=total)
    return shifted.astype(dtype, copy=False)


@_quiet
def log_sum_exp(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """ln of the sum of exp(x) along `axis`, which is dropped; -inf where everything is -inf.

    A smooth maximum: max <= LSE <= max + ln n for n numbers, with equality on the left when all others are -inf and on
    the right when all are equal. Raises ValueError for NaN, +inf and integers.
    """
    scores, dtype = _scores("log_sum_exp", x)
    top = np.maximum.reduce(scores, axis=axis, keepdims=True, initial=-np.inf)
    total = np.add.reduce(np.exp(scores - _ground(top)), axis=axis)
    # Every row but a blind one holds its own maximum, so its sum is at least exp(0).
    return (top.squeeze(axis) + np.log(np.maximum(total, 1))).astype(dtype, copy=False)


def hard_max(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """All weight on the largest: what softmax tends to as the temperature falls to 0. Same shape and dtype as x.

    Equal largest ones share equally; a blind row gives zeros. Raises ValueError for NaN, +inf and integers.

    >>> hard_max(np.array([2.0, 5.0, 5.0])).tolist()
    [0.0, 0.5, 0.5]
    """
    scores, dtype = _scores("hard_max", x)
    top = np.maximum.reduce(scores, axis=axis, keepdims=True, initial=np.finfo(scores.dtype).min)
    largest = (scores == top).astype(scores.dtype)
    largest /= np.maximum(np.add.reduce(largest, axis=axis, keepdims=True), 1)
    return largest.astype(dtype, copy=False)


def entropy(weights: np.ndarray) -> np.ndarray:
    """How evenly each row of weights is spread, in bits: 0 for one that takes all, log2(n) for n even shares.

    weights: shares along the last axis, 0 counting as nothing. A row that is blind has 0 bits. Source: Shannon 1948.
    Raises ValueError for a weight below 0 or not finite.
    """
    weights = np.asarray(weights, dtype=float)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("entropy: a weight is a share, a finite number of at least 0")
    logs = np.log2(weights, where=weights > 0, out=np.zeros_like(weights))
    return -(weights * logs).sum(axis=-1) + 0.0  # not -0


def exps_in_place(x: np.ndarray, shift: bool = True) -> np.ndarray:
    """Turn each last-axis row of x into exponentials in the proportions of its softmax; return their sums [..., 1].

    For callers that own x and have checked it: no NaN, no +inf, and without `shift`, which subtracts the row's maximum
    first, nothing beyond +-NEAR except -inf. A blind row becomes zeros, and its sum is small but not 0: divide freely.
    """
    if shift:
        x -= _ground(np.maximum.reduce(x, axis=-1, keepdims=True, initial=-np.inf))
    np.exp(x, out=x)
    total = x @ _ones(x.shape[-1], x.dtype)  # a product adds rows up several times faster than np.add.reduce
    return np.maximum(total, _TINY[x.dtype.type], out=total)


class OnlineState(NamedTuple):
    """What the online softmax knows after some tiles, for each query.

    stop     how many keys it has seen
    row_max  the largest score so far [..., n_q]; -inf while nothing may be seen
    row_sum  the denominator so far, of exponentials relative to row_max [..., n_q]
    total    the values so far, each times its exponential, added up [..., n_q, d_v]
    """

    stop: int
    row_max: np.ndarray
    row_sum: np.ndarray
    total: np.ndarray

    @property
    def output(self) -> np.ndarray:
        """Attention over the keys seen so far: total / row_sum, and 0 where nothing may be seen. [..., n_q, d_v]"""
        return self.total / np.where(self.row_sum == 0, self.row_sum.dtype.type(1), self.row_sum)[..., None]


def online_softmax(scores: np.ndarray, v: np.ndarray, tile: int) -> Iterator[OnlineState]:
    """softmax(scores) v without ever holding a whole row of weights: the state after each tile of keys.

    scores [..., n_q, n_k], v [..., n_k, d_v], tile = keys per tile (the last may be shorter). When a tile brings a
    larger maximum, what was added up before is multiplied by exp(old maximum - new maximum); nothing is read twice.
    The last state's output is the plain result. The running maximum and sum are of Milakov and Gimelshein (2018), the
    running output beside them of FlashAttention (Dao et al., 2022). float16 is computed, and given back, in float32.

    Raises ShapeError when v has not one row for each key, ValueError for a tile below 1, other bad numbers, integers.
    """
    scores, dtype = _scores("online_softmax", scores)
    v = _floats("online_softmax", "v", v)
    if v.dtype != dtype:
        raise ValueError(f"online_softmax reads scores and v of one dtype, but scores are {dtype} and v is {v.dtype}")
    if scores.ndim < 2 or v.shape[:-1] != (*scores.shape[:-2], scores.shape[-1]):
        raise ShapeError(
            "online_softmax reads scores[... n_q n_k] and v[... n_k d_v], "
            f"but scores is {scores.shape} and v is {v.shape}"
        )
    if isinstance(tile, bool) or not isinstance(tile, int | np.integer) or tile < 1:
        raise ValueError(f"online_softmax reads a tile of at least 1 key, but tile is {tile!r}")
    if not np.isfinite(v).all():
        raise ValueError("online_softmax reads finite values, but v holds NaN or infinity")
    return _online_states(scores, v.astype(scores.dtype, copy=False), int(tile))


def _online_states(scores: np.ndarray, v: np.ndarray, tile: int) -> Iterator[OnlineState]:
    rows, n_k = scores.shape[:-1], scores.shape[-1]
    row_max = np.full(rows, -np.inf, scores.dtype)
    state = OnlineState(0, row_max, np.zeros_like(row_max), np.zeros((*rows, v.shape[-1]), scores.dtype))
    for start in range(0, n_k, tile):
        state = _next_state(state, scores[..., start : start + tile], v[..., start : start + tile, :])
        yield state


@_quiet
def _next_state(state: OnlineState, scores: np.ndarray, v: np.ndarray) -> OnlineState:
    """The state after one more tile: scores [..., n_q, tile], v [..., tile, d_v]."""
    row_max = np.maximum(state.row_max, scores.max(axis=-1))
    exps = np.exp(scores - _ground(row_max)[..., None])
    rescale = np.exp(state.row_max - _ground(row_max))  # 0 for the first tile: exp(-inf)
    row_sum = state.row_sum * rescale + exps.sum(axis=-1)
    total = state.total * rescale[..., None] + exps @ v
    return OnlineState(state.stop + scores.shape[-1], row_max, row_sum, total)


_LOWEST = {kind: np.finfo(kind).min for kind in (np.float32, np.float64)}
_TINY = {kind: np.finfo(kind).tiny for kind in _LOWEST}


@lru_cache(maxsize=16)
def _ones(n: int, dtype: np.dtype) -> np.ndarray:
    ones = np.ones((n, 1), dtype)
    ones.flags.writeable = False  # it is shared
    return ones


def _ground(top: np.ndarray) -> np.ndarray:
    """What to subtract: the maximum, or the lowest finite number where everything is -inf."""
    return np.maximum(top, _LOWEST[top.dtype.type])


def _floats(function: str, name: str, x: np.ndarray) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype.type not in (np.float16, np.float32, np.float64):
        raise ValueError(f"{function} reads {name} as float16, float32 or float64, but {name} is {x.dtype}")
    return x


def _scores(function: str, x: np.ndarray) -> tuple[np.ndarray, np.dtype]:
    """x in the dtype that it is computed in, and the dtype that it came in."""
    x = _floats(function, "its scores", x)
    if not np.maximum.reduce(x, axis=None, initial=-np.inf) < np.inf:  # NaN is not below infinity either
        raise ValueError(f"{function} reads numbers and -inf, but its scores hold NaN or +inf")
    return (x.astype(np.float32) if x.dtype.type is np.float16 else x), x.dtype


def _shifted(function: str, scores: np.ndarray, axis: int, temperature: float) -> np.ndarray:
    """(scores - their maximum) / temperature, in an array of its own: at most 0, so exp cannot overflow."""
    if not (np.ndim(temperature) == 0 and 0 < temperature < np.inf):
        raise ValueError(f"{function} reads a temperature that is one finite number above 0, but it is {temperature}")
    top = np.maximum.reduce(scores, axis=axis, keepdims=True, initial=-np.inf)
    shifted = scores - _ground(top)
    if temperature != 1:  # divided in float64: the temperature may be too small for float32
        np.divide(shifted, np.float64(temperature), out=shifted, casting="same_kind")
    return shifted
