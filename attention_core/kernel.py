"""Attention as a library calls it: batches, heads, masks, windows, lengths and a past, in one function. Exact and fast.

Vocabulary
    batch     the axes before the heads; q, k and v have the same
    group     the query heads that share one key/value head: 0..g-1 share the first, and so on
    past      how many keys precede the first query; query i stands at position i + past, key j at position j
    mask      True = may attend; or additive, numbers to add to the scores, -inf = may not
    hiding    everything that hides keys (mask, causal, window, lengths), as one additive array
    stage     a matrix on the way from q and k to the weights: scores, scaled, biased, capped, masked, weights

reference.py says the same for one head in plain loops. Every stage overwrites the one before, and large matrices are
made one head at a time, so that what is computed on stays in the processor's cache.
"""

from math import inf, sqrt
from operator import index
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from attention_core.softmax import NEAR, exps_in_place
from attention_core.trace import ShapeError

Shape = tuple[int, ...]  # of the scores: [..., heads, n_q, n_k]
Window = tuple[int | None, int | None] | None

_FLOATS = (np.float16, np.float32, np.float64)
_LARGE = 1 << 16  # cells of one head's scores from which heads go one at a time: about what a cache holds of them all


@np.errstate(over="ignore", under="ignore", invalid="ignore")  # overflow is looked for, and refused, by name
def attention(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, *, mask: ArrayLike | None = None, causal: bool = False,
    past: ArrayLike = 0, window: Window = None, lengths: ArrayLike | None = None, scale: float | None = None,
    softcap: float | None = None, bias: ArrayLike | None = None, return_trace: bool = False,
) -> np.ndarray | tuple[np.ndarray, dict[str, np.ndarray]]:  # fmt: skip
    """Each query's mixture of the values: softmax(q k^T x scale, with bias, cap and masks) v.

    q [..., heads, n_q, d_k], k [..., kv_heads, n_k, d_k], v [..., kv_heads, n_k, d_v] -> [..., heads, n_q, d_v]

    2-D inputs are one head, 3-D inputs [heads n d]; all before that is batch. heads is a multiple of kv_heads: as
    many in Vaswani et al. (2017), one kv head for all in Shazeer (2019), groups in Ainslie et al. (2023).

    mask     bool (True = may attend) or additive float (may hold -inf); broadcast from the right to
             [..., heads, n_q, n_k] as NumPy does, so a mask per sequence is [batch, 1, n_q, n_k]
    causal   query i sees keys j <= i + past
    past     keys before the first query: an int, or one per sequence of the batch
    window   (left, right): i + past - left <= j <= i + past + right; None on a side = unbounded
    lengths  valid keys: an int, or one per sequence of the batch; the rest is padding, never seen
    scale    None means 1 / sqrt(d_k)
    bias     added to the scaled scores; broadcast as the mask is
    softcap  c: c tanh(x / c), after the bias and before the mask (Bello et al., 2016; Gemma 2, 2024)

    A query that may see nothing gets weights 0 and output 0. Float32 and float64 are kept; float16 is computed in
    float32, and only the output made float16 again. With return_trace, returns (output, stages): a dict of "scores",
    "scaled", "biased", "capped", "masked" (what softmax sees) and "weights", each [..., heads, n_q, n_k]; a stage that
    does nothing equals the one before.

    Raises ShapeError for shapes that do not agree, ValueError for numbers that cannot be meant: NaN or infinity in q, k
    or v, NaN or +inf in a mask, negative windows, lengths outside 0..n_k, scores too large for the dtype, ...

    >>> q, k, v = np.eye(2), np.log([[3.0, 1.0], [1.0, 3.0]]), np.array([[8.0], [4.0]])
    >>> attention(q, k, v, scale=1.0).round(12).tolist()
    [[7.0], [5.0]]
    """
    q, k, v, dtype = _operands(q, k, v)
    shape = (*q.shape[:-1], k.shape[-2])
    how = _how(q, v, shape, scale, softcap, bias, *_hiding(mask, causal, past, window, lengths, shape, q.dtype))
    trace = {} if return_trace else None
    one_by_one = q.ndim > 2 and shape[-2] * shape[-1] >= _LARGE and not return_trace
    output = _head_by_head(q, k, v, how) if one_by_one else _attend(q, k, v, how, trace)
    output = output.astype(dtype, copy=False)
    return (output, trace) if return_trace else output


class _How(NamedTuple):
    """How scores become weights and weights an output; numbers in the dtype computed in, arrays fit for broadcasting.

    added   bias or mask add numbers of any size to the scores
    large   the values are so large that weights must not exceed 1 on the way
    """

    scale: np.floating
    bias: np.ndarray | None
    softcap: np.floating | None
    hiding: np.ndarray | None
    added: bool
    large: bool


def _how(
    q: np.ndarray,
    v: np.ndarray,
    shape: Shape,
    scale: float | None,
    softcap: float | None,
    bias: ArrayLike | None,
    hiding: np.ndarray | None,
    additive: bool,
) -> _How:
    """The options checked and in the dtype computed in; hiding and additive as _hiding gives them."""
    scale = q.dtype.type(1 / sqrt(q.shape[-1])) if scale is None else _number("scale", scale, q.dtype)
    softcap = None if softcap is None else _number("softcap", softcap, q.dtype)
    bias = None if bias is None else _addend("bias", bias, shape, q.dtype, softcap)
    # Where every square is finite, sums of values times exponentials are finite too, and may be divided afterwards.
    large = not np.vdot(v, v) < inf
    if large:
        _refuse_infinite("v", v)
    return _How(scale, bias, softcap, hiding, bias is not None or additive, large)


def _attend(q: np.ndarray, k: np.ndarray, v: np.ndarray, how: _How, trace: dict | None = None) -> np.ndarray:
    """q [..., heads, n_q, d_k], k, v [..., kv_heads, n_k, d] -> [..., heads, n_q, d_v]; keeps the stages in `trace`."""
    exps, total = _exponentials(q, k, how, trace)
    if trace is not None:
        trace["weights"] = exps / total
    if how.large:
        exps /= total
        return _product(exps, v)
    output = _product(exps, v)
    output /= total  # fewer divisions than in the weights
    return output


def _exponentials(q: np.ndarray, k: np.ndarray, how: _How, trace: dict | None) -> tuple[np.ndarray, np.ndarray]:
    """The weights times the sum of their row, and that sum: [..., heads, n_q, n_k] and [..., heads, n_q, 1]."""
    x = _product(q, k.mT)

    def keep(stage: str) -> None:
        if trace is not None:
            trace[stage] = x.copy()

    keep("scores")
    x *= how.scale
    keep("scaled")
    top, low = np.maximum.reduce(x, axis=None, initial=0), np.minimum.reduce(x, axis=None, initial=0)
    if not (top < inf and low > -inf):
        _refuse_overflow(q, k)
    if how.bias is not None:
        x += how.bias
    keep("biased")
    if how.softcap is not None:
        x /= how.softcap
        np.tanh(x, out=x)
        x *= how.softcap
    keep("capped")
    if how.hiding is not None:
        x += how.hiding
    keep("masked")
    if how.added and not np.maximum.reduce(x, axis=None, initial=0) < inf:
        _refuse_overflow(q, k)
    return x, exps_in_place(x, shift=how.added or top > NEAR or low < -NEAR)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a [..., heads, n, m], b [..., kv_heads, m, p] -> [..., heads, n, p]; one product for each group."""
    if a.ndim == 2 or a.shape[-3] == b.shape[-3]:
        return a @ b
    *batch, heads, n, m = a.shape
    kv_heads = b.shape[-3]
    grouped = a.reshape(*batch, kv_heads, heads // kv_heads * n, m) @ b
    return grouped.reshape(*batch, heads, n, b.shape[-1])


def _head_by_head(q: np.ndarray, k: np.ndarray, v: np.ndarray, how: _How) -> np.ndarray:
    """The output, one matrix of scores at a time: it is still in the cache when the next operation comes to it."""
    shape = (*q.shape[:-1], k.shape[-2])
    group = q.shape[-3] // k.shape[-3]
    wide = {name: np.broadcast_to(x, shape) for name in ("bias", "hiding") if (x := getattr(how, name)) is not None}
    output = np.empty((*q.shape[:-1], v.shape[-1]), q.dtype)
    for at in np.ndindex(q.shape[:-2]):
        shared = (*at[:-1], at[-1] // group)
        here = how._replace(**{name: x[at] for name, x in wide.items()})
        output[at] = _attend(q[at], k[shared], v[shared], here)
    return output


def _refuse_overflow(q: np.ndarray, k: np.ndarray) -> NoReturn:
    """Called when a score is not finite: because q or k is not, or because it left the range of its dtype."""
    _refuse_infinite("q", q)
    _refuse_infinite("k", k)
    raise ValueError(f"attention computes in {q.dtype}, and scores leave its range; make q, k, scale or bias smaller")


def _refuse_infinite(name: str, x: np.ndarray) -> None:
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        at = bad[0].tolist()
        raise ValueError(f"attention reads finite numbers, but {name}{at} is {x[tuple(at)]}")


# --- What is read, and held to what is expected ----------------------------------------------------------------------


def _operands(q: ArrayLike, k: ArrayLike, v: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.dtype]:
    """q, k and v in the dtype computed in, and the dtype that they came in."""
    q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
    dtype = q.dtype
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.dtype.type not in _FLOATS:
            raise ValueError(f"attention reads {name} as float16, float32 or float64, but {name} is {x.dtype}")
        if x.dtype != dtype:
            raise ValueError(f"attention reads q, k and v of one dtype, but q is {dtype} and {name} is {x.dtype}")
    if q.ndim < 2 or not q.shape[-1]:
        raise ShapeError(f"attention reads q[... heads n_q d_k] with d_k of at least 1, but q is {q.shape}")
    batch, some_heads = q.shape[:-3], ("kv_heads",) * (q.ndim > 2)
    if k.ndim != q.ndim or k.shape[:-3] != batch or k.shape[-1] != q.shape[-1]:
        _refuse_shape("k", ("kv_heads", "n_k", "d_k"), (*batch, *some_heads, "n_k", q.shape[-1]), k)
    if v.shape[:-1] != k.shape[:-1]:
        _refuse_shape("v", ("kv_heads", "n_k", "d_v"), (*k.shape[:-1], "d_v"), v)
    if some_heads and q.shape[-3] != k.shape[-3] and (not k.shape[-3] or q.shape[-3] % k.shape[-3]):
        raise ShapeError(
            f"attention reads q with a multiple of k's {k.shape[-3]} heads, but q has {q.shape[-3]} heads: {q.shape}"
        )
    if dtype.type is np.float16:
        q, k, v = (x.astype(np.float32) for x in (q, k, v))
    return q, k, v, dtype


def _refuse_shape(name: str, axes: tuple[str, ...], expected: tuple, x: np.ndarray) -> NoReturn:
    raise ShapeError(f"attention reads {name}[{_written(axes, len(expected))}] = {expected}, but {name} is {x.shape}")


def _written(axes: tuple[str, ...], ndim: int) -> str:
    """The names of the last `ndim` axes; those before the heads are the batch."""
    return " ".join(("...", *axes)[-ndim:])


def _number(name: str, value: float, dtype: np.dtype) -> np.floating:
    """scale or softcap in the dtype computed in."""
    if np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf":
        number = dtype.type(value)
        if np.isfinite(number) and (name == "scale" or number > 0):
            return number
    wanted = "one finite number" if name == "scale" else "one finite number above 0"
    raise ValueError(f"attention reads {name} as {wanted} ({dtype}), but {name} is {value}")


def _fitted(name: str, x: ArrayLike, shape: Shape) -> np.ndarray:
    """x as an array that stretches to the scores and does not stretch them."""
    x = np.asarray(x)
    if x.ndim > len(shape) or any(n not in (1, m) for n, m in zip(x.shape[::-1], shape[::-1], strict=False)):
        axes = _written(("heads", "n_q", "n_k"), len(shape))
        raise ShapeError(f"attention reads {name} broadcastable to [{axes}] = {shape}, but {name} is {x.shape}")
    return x


def _addend(name: str, x: ArrayLike, shape: Shape, dtype: np.dtype, softcap: np.floating | None = None) -> np.ndarray:
    """Numbers to add to the scores, in the dtype computed in."""
    x = _fitted(name, x, shape)
    if x.dtype.kind != "f":
        wanted = "floats" if name == "bias" else "bool (True = may attend) or floats to add"
        raise ValueError(f"attention reads {name} as {wanted}, but {name} is {x.dtype}")
    x = x.astype(dtype, copy=False)
    if not np.maximum.reduce(x, axis=None, initial=-inf) < inf:
        raise ValueError(f"attention reads {name} as numbers and -inf, but {name} holds NaN or +inf ({dtype})")
    if softcap is not None and np.isneginf(x).any():
        raise ValueError(f"attention: the softcap would make {name}'s -inf finite again; hide keys with the mask")
    return x


def _hiding(
    mask: ArrayLike | None,
    causal: bool,
    past: ArrayLike,
    window: Window,
    lengths: ArrayLike | None,
    shape: Shape,
    dtype: np.dtype,
) -> tuple[np.ndarray | None, bool]:
    """Everything that hides keys as one additive array that fits `shape`, or None; whether with numbers of a mask."""
    seen = _seen(causal, past, window, lengths, shape)
    hiding, additive = None, False
    if mask is not None:
        mask = _fitted("mask", mask, shape)
        if mask.dtype == bool:
            seen = mask if seen is None else seen & mask
        else:
            additive, hiding = True, _addend("mask", mask, shape, dtype)
    if seen is not None:
        closed = np.zeros(seen.shape, dtype)
        np.copyto(closed, -inf, where=~seen)
        hiding = closed if hiding is None else hiding + closed
    return hiding, additive


def _seen(causal: bool, past: ArrayLike, window: Window, lengths: ArrayLike | None, shape: Shape) -> np.ndarray | None:
    """Which keys positions and padding let each query see, broadcastable to `shape`; None where all are seen."""
    if not causal and window is None and lengths is None and isinstance(past, int) and past == 0:
        return None
    *_, n_q, n_k = shape
    left, right = _sides(window)
    key = np.arange(n_k)
    query = np.arange(n_q)[:, None] + _per_sequence("past", past, shape)
    seen = np.ones((1, n_k), bool)
    if causal:
        seen = seen & (key <= query)
    if left is not None:
        seen = seen & (key >= query - left)
    if right is not None:
        seen = seen & (key <= query + right)
    if lengths is not None:
        seen = seen & (key < _per_sequence("lengths", lengths, shape, most=n_k))
    return seen


def _sides(window: Window) -> list[int | None]:
    """The window's two sides, each a whole number or None."""
    try:
        left, right = (None, None) if window is None else window
        sides = [None if side is None else index(side) for side in (left, right)]
    except (TypeError, ValueError):
        sides = [-1]
    if any(side is not None and side < 0 for side in sides):
        raise ValueError(
            f"attention reads window as (left, right), each None or a whole number from 0, but window is {window}"
        )
    return sides


def _per_sequence(name: str, value: ArrayLike, shape: Shape, most: float = inf) -> np.ndarray:
    """One whole number for all, or one per sequence of the batch as [..., 1, 1, 1]."""
    value, batch = np.asarray(value), shape[:-3]
    if value.dtype.kind not in "iu":
        raise ValueError(f"attention reads {name} as whole numbers, but {name} is {value.dtype}")
    if value.shape not in ((), batch):
        raise ShapeError(
            f"attention reads {name} as one number or one per sequence of the batch, {batch} of the scores' {shape}, "
            f"but {name} is {value.shape}"
        )
    if ((value < 0) | (value > most)).any():
        limits = "0 or more" if most == inf else f"0 to {most} (n_k)"
        raise ValueError(f"attention reads {name} of {limits}, but {name} is {value.tolist()}")
    return value[..., None, None, None] if value.ndim else value
