"""A key/value cache: what a model keeps so that a new token costs one row of scores and not a whole matrix of them.

Vocabulary
    new       the tokens that come in together: a whole prompt at first, then usually one
    lengths   how many tokens each sequence of the batch holds
    padding   new tokens beyond the end of a shorter sequence; they are not kept, so no gap ever opens in the cache
    capacity  how many tokens there is room for; doubled when it runs out, so that appending seldom copies

Causal attention makes this possible: no earlier output depends on a later token, so none has to be computed again.
"""

import numpy as np
from numpy.typing import ArrayLike

from attention_core.kernel import attention
from attention_core.trace import ShapeError


class Cache:
    """The keys and values of the tokens so far, with as many batch axes and kv heads as the first call brings.

    >>> q, k, v = np.random.default_rng(0).normal(size=(3, 4, 2))
    >>> cache = Cache()
    >>> rows = [cache.attend(q[i : i + 1], k[i : i + 1], v[i : i + 1]) for i in range(4)]
    >>> bool(np.allclose(np.concatenate(rows), attention(q, k, v, causal=True)))
    True
    >>> cache.bytes, cache.capacity_bytes
    (128, 128)
    """

    def __init__(self):
        self._k = self._v = None  # [..., kv_heads, capacity, d_k], [..., kv_heads, capacity, d_v]
        self.lengths = np.array(0)  # tokens in use: one number, or with batch axes [*batch]

    def attend(self, q: ArrayLike, k: ArrayLike, v: ArrayLike, *, lengths: ArrayLike | None = None, **options):
        """Append the new tokens' keys and values; return the attention of their queries to all that came before them.

        q [..., heads, new, d_k], k [..., kv_heads, new, d_k], v [..., kv_heads, new, d_v] -> [..., heads, new, d_v]

        lengths  how many of the new tokens are real, one number per sequence of the batch (or one for all); None = all.
                 The rest is padding: it is not kept, and its rows of the output are 0
        options  scale, softcap, bias, window, mask, return_trace, as attention reads them; n_k is that of the longest
                 sequence, new tokens included

        Raises what attention raises, ShapeError when the new tokens do not fit those before, ValueError for lengths
        outside 0..new. After an error the cache is as it was.
        """
        q, k, v = np.asarray(q), np.asarray(k), np.asarray(v)
        self._check(q, k, v)
        before = np.zeros(k.shape[:-3], int) if self._k is None else self.lengths
        real = _real(lengths, k.shape)
        after = np.asarray(before + real)
        stored_k, stored_v = (_appended(*pair, before, after) for pair in ((self._k, k), (self._v, v)))
        kept = slice(after.max(initial=0))
        made = attention(
            q, stored_k[..., kept, :], stored_v[..., kept, :], causal=True, past=before, lengths=after, **options
        )
        self._k, self._v, self.lengths = stored_k, stored_v, after
        padding = np.arange(k.shape[-2]) >= real[..., None]  # [*batch, new]
        output = made[0] if isinstance(made, tuple) else made
        output[np.broadcast_to(padding[..., None, :] if k.ndim > 2 else padding, output.shape[:-1])] = 0
        return made

    @property
    def bytes(self) -> int:
        """What the keys and values in use take, padding and spare room not counted."""
        return 0 if self._k is None else int(self.lengths.sum()) * (_token_bytes(self._k) + _token_bytes(self._v))

    @property
    def capacity_bytes(self) -> int:
        """What is set aside: room for `capacity` tokens in every sequence."""
        return 0 if self._k is None else self._k.nbytes + self._v.nbytes

    def _check(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> None:
        """Hold the new tokens to each other and to those before; what attention checks itself is left to it."""
        if k.ndim < 2 or v.shape[:-1] != k.shape[:-1] or q.ndim < 2 or q.shape[-2] != k.shape[-2]:
            raise ShapeError(
                "the cache reads q[... heads new d_k], k[... kv_heads new d_k] and v[... kv_heads new d_v], "
                f"but q is {q.shape}, k is {k.shape}, v is {v.shape}"
            )
        for name, new, old in (("k", k, self._k), ("v", v, self._v)):
            if not np.isfinite(new).all():
                raise ValueError(f"the cache reads finite numbers, but {name} holds NaN or infinity")
            if old is None:
                continue
            expected = (*old.shape[:-2], new.shape[-2], old.shape[-1])
            if new.shape != expected:
                raise ShapeError(f"the cache holds {name} with new tokens {expected}, but {name} is {new.shape}")
            if new.dtype != old.dtype:
                raise ValueError(f"the cache holds {name} as {old.dtype}, but the new {name} is {new.dtype}")


def _real(lengths: ArrayLike | None, shape: tuple[int, ...]) -> np.ndarray:
    """How many of the new tokens are real, one number per sequence: [*batch]."""
    batch, new = shape[:-3], shape[-2]
    real = np.asarray(new if lengths is None else lengths)
    if real.dtype.kind not in "iu" or real.shape not in ((), batch) or ((real < 0) | (real > new)).any():
        raise ValueError(
            f"the cache reads lengths as whole numbers from 0 to {new}, the new tokens, one or one for each of the "
            f"batch {batch}, but lengths is {lengths}"
        )
    return np.broadcast_to(real, batch)


def _appended(store: np.ndarray | None, new: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """`store` with the real ones of the new tokens behind those of their sequence; a larger one where it is full."""
    capacity, needed = 0 if store is None else store.shape[-2], after.max(initial=0)
    if store is None or needed > capacity:
        grown = np.zeros((*new.shape[:-2], max(2 * capacity, needed), new.shape[-1]), new.dtype)
        if capacity:
            grown[..., :capacity, :] = store
        store = grown
    for at in np.ndindex(before.shape):
        store[at][..., before[at] : after[at], :] = new[at][..., : after[at] - before[at], :]
    return store


def _token_bytes(store: np.ndarray) -> int:
    """Bytes of one token: all kv heads of one sequence. store [..., kv_heads, capacity, d]"""
    heads = store.shape[-3] if store.ndim > 2 else 1
    return heads * store.shape[-1] * store.itemsize
