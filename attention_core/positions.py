"""Where a token stands, as numbers: vectors to add to X, rotations of queries and keys, biases on their scores.

Vocabulary
    position   where a token stands, counted from 0; the queries are the last n_q of the n_k positions
    distance   position of the key minus position of the query: negative for what came before
    base       how fast the turning slows from one pair of coordinates to the next: 10,000 in the papers
    frequency  how far a pair of coordinates turns from one position to the next, in radians
    angle      position × frequency, in radians
    pair       the two coordinates that turn together: 2i and 2i + 1 (interleaved), or i and i + dims/2 (halves)
    slope      how much ALiBi takes off a score for each step of distance, a number for each head
"""

from collections.abc import Sequence

import numpy as np

from attention_core.trace import ShapeError


def whole(what: str, value: int, least: int = 1) -> int:
    """`value` as an int. Raises ValueError, naming `what`, unless it is a whole number of at least `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ValueError(f"{what} must be a whole number of at least {least}, and is {value!r}")
    return int(value)


def distances(n_q: int, n_k: int | None = None, past: int | None = None) -> np.ndarray:
    """Position of each key minus that of each query, [n_q, n_k] of ints.

    past: how many keys precede the first query. Left out, the queries are the last n_q of the n_k positions.
    n_k: left out, the keys end with the last query. Raises ValueError for sizes below 1 or a negative past.
    """
    n_q = whole("n_q", n_q)
    past = None if past is None else whole("past", past, 0)
    n_k = n_q + (past or 0) if n_k is None else whole("n_k", n_k)
    if past is None:
        past = n_k - n_q
        if past < 0:
            raise ValueError(f"{n_q} queries cannot be the last of {n_k} keys: say how many keys are past")
    return np.arange(n_k) - np.arange(past, past + n_q)[:, None]


# --- Vectors to add to the embeddings --------------------------------------------------------------------------------


def sinusoidal(n: int, d: int, base: float = 10000.0) -> np.ndarray:
    """Waves of falling frequency, [n, d]: sin of angle i of a position in column 2i, its cos in column 2i + 1.

    From Vaswani et al. 2017, section 3.5. Stepping k positions on turns every pair by the same angle, wherever one
    stands. Raises ValueError for an odd d, sizes below 1, or a base that is not above 0 or is 1.
    """
    turns = angles(np.arange(whole("sinusoidal: n", n)), d, base)
    return np.stack([np.sin(turns), np.cos(turns)], axis=-1).reshape(n, d)


def one_hot(n: int, d: int | None = None) -> np.ndarray:
    """A coordinate of its own for each position, [n, d]; d = n unless given. Raises ShapeError when d < n."""
    n = whole("one_hot: n", n)
    d = n if d is None else whole("one_hot: d", d)
    if d < n:
        raise ShapeError(f"one_hot: {n} positions need {n} coordinates or more, and d is {d}")
    return np.eye(n, d)


def learned(table: np.ndarray, n: int) -> np.ndarray:
    """The first n rows of a learned table [n_positions, d_model], as GPT-2 has one: [n, d_model].

    Raises ShapeError when the table is no matrix or has fewer rows than n, ValueError when its numbers are not
    finite floats.
    """
    table = _finite_floats("learned: table", table)
    n = whole("learned: n", n)
    if table.ndim != 2:
        raise ShapeError(f"learned: table must be [n_positions, d_model], and is {table.shape}")
    if n > len(table):
        raise ShapeError(f"learned: {n} positions were asked for, and the table was learned for {len(table)}")
    return table[:n].copy()


# --- Rotations of queries and keys -----------------------------------------------------------------------------------


def frequencies(dims: int, base: float = 10000.0) -> np.ndarray:
    """How far each pair turns per position, in radians: base^(−2i / dims) for pair i, [dims/2], from 1 downwards.

    From Vaswani et al. 2017 and Su et al. 2021 (RoFormer). Raises ValueError for odd dims, dims below 2, or a base
    that is not finite, not above 0, or 1 (all pairs would turn alike).
    """
    if whole("dims", dims, 2) % 2:
        raise ValueError(f"dims must be even, since coordinates turn in pairs, and is {dims}")
    if not (0 < base < np.inf) or base == 1:
        raise ValueError(f"base must be a finite number above 0 other than 1, and is {base!r}")
    return float(base) ** (-np.arange(0, dims, 2) / dims)


def angles(positions: Sequence[float] | np.ndarray, dims: int, base: float = 10000.0) -> np.ndarray:
    """The angle of each pair at each position, in radians: positions [..., n] -> [..., n, dims/2].

    Positions may be fractions or negative. Raises ValueError when one is not a finite number.
    """
    positions = np.asarray(positions)
    if positions.dtype.kind not in "iuf":
        raise ValueError(f"positions must be numbers, and are {positions.dtype}")
    with np.errstate(over="ignore"):
        turns = positions.astype(float)[..., None] * frequencies(dims, base)
    if not np.isfinite(turns).all():
        raise ValueError("positions must be finite numbers, and so must their products with the frequencies")
    return turns


def rotary(
    x: np.ndarray, positions: Sequence[float] | np.ndarray, *, base: float = 10000.0, interleaved: bool = False,
    dims: int | None = None,
) -> np.ndarray:  # fmt: skip
    """Turn the pairs of queries or keys x [..., n, d] by the angles of their positions; the dtype stays.

    positions    [n], or one axis for each of x's but the last, of length 1 where it is shared: [batch, 1, n]
    interleaved  pairs are 2i and 2i + 1, as in the paper; otherwise i and i + dims/2, as in most released weights
    dims         only the first so many coordinates turn (even; all d when left out); the others stay as they are

    Su et al. 2021 (RoFormer). Norms stay, and the score of a query with a key depends on their distance only. Raises
    ShapeError when positions or dims do not fit x, ValueError for odd dims, a bad base, or x that is not finite floats.
    """
    x = _finite_floats("rotary: x", x)
    if x.ndim < 2:
        raise ShapeError(f"rotary: x must be [..., n, d], and is {x.shape}")
    dims = x.shape[-1] if dims is None else whole("rotary: dims", dims, 2)
    if dims > x.shape[-1]:
        raise ShapeError(f"rotary: dims is {dims}, and x has only {x.shape[-1]} coordinates")
    turns = angles(_placed(positions, x.shape[:-1]), dims, base)
    exact = np.result_type(x, np.float32)  # half precision is turned in single; the angles are always double
    cos, sin = np.cos(turns).astype(exact), np.sin(turns).astype(exact)
    one, other = (slice(0, dims, 2), slice(1, dims, 2)) if interleaved else (slice(dims // 2), slice(dims // 2, dims))
    a, b = x[..., one].astype(exact), x[..., other].astype(exact)
    turned = x.copy()
    with np.errstate(over="ignore"):  # the largest number of a dtype may turn into its infinity
        turned[..., one], turned[..., other] = a * cos - b * sin, a * sin + b * cos
    return turned


def _placed(positions: Sequence[float] | np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Positions that fit rows of this shape [..., n]: the axes in front are given in full or not at all."""
    positions = np.asarray(positions)
    if positions.ndim == 1 and positions.shape == shape[-1:]:
        return positions
    fits = positions.ndim == len(shape) and positions.shape[-1] == shape[-1]
    if not fits or any(m not in (1, n) for m, n in zip(positions.shape, shape, strict=True)):
        raise ShapeError(
            f"rotary: positions must be [n] = {shape[-1:]}, or {shape} with 1 where shared; they are {positions.shape}"
        )
    return positions


def _finite_floats(what: str, matrix: np.ndarray) -> np.ndarray:
    matrix = np.asarray(matrix)
    if matrix.dtype.kind != "f":
        raise ValueError(f"{what} must hold floats, and holds {matrix.dtype}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{what} must hold finite numbers, and holds some that are not")
    return matrix


# --- Biases on the scores --------------------------------------------------------------------------------------------


def alibi_slopes(n_heads: int) -> np.ndarray:
    """The slope of each head, [n_heads]: 2^(−8/n), 2^(−16/n), ..., 2^(−8) for n heads, n a power of two.

    Press et al. 2022 (ALiBi). For other counts, their published code takes the slopes of the power of two below, and
    then the 1st, 3rd, 5th, ... of twice as many heads. Raises ValueError for less than one head.
    """
    n_heads = whole("alibi_slopes: n_heads", n_heads)
    below = 2 ** (n_heads.bit_length() - 1)
    between = np.arange(1, 2 * (n_heads - below), 2)
    return np.concatenate([2.0 ** (-8 * np.arange(1, below + 1) / below), 2.0 ** (-4 * between / below)])


def alibi(n_heads: int, n_q: int, n_k: int | None = None) -> np.ndarray:
    """What ALiBi adds to the scaled scores: −slope × steps between query and key, [n_heads, n_q, n_k].

    Press et al. 2022, who use it with a causal mask; a key that comes later loses as much as one that came before.
    The queries are the last n_q of the n_k positions. Raises ValueError for sizes below 1 or n_q > n_k.
    """
    return alibi_slopes(n_heads)[:, None, None] * -np.abs(distances(n_q, n_k))  # ints first: 0 has no sign there


def relative_bias(table: np.ndarray, n_q: int, n_k: int | None = None) -> np.ndarray:
    """A learned bias for each distance, laid out: [2m + 1] -> [n_q, n_k], or [n_heads, 2m + 1] -> [n_heads, n_q, n_k].

    Entry m is for distance 0; larger ones for keys that come later; beyond ±m the last one counts. Clipping is from
    Shaw et al. 2018, one number for each head and distance from Raffel et al. 2020 (T5; for its buckets, index the
    table with t5_bucket(distances(n_q, n_k))). Raises ShapeError when the table is of another shape or even length.
    """
    table = _finite_floats("relative_bias: table", table)
    if table.ndim not in (1, 2) or not table.shape[-1] % 2:
        raise ShapeError(f"relative_bias: table must be [2m + 1] or [n_heads, 2m + 1], and is {table.shape}")
    m = table.shape[-1] // 2
    return table[..., np.clip(distances(n_q, n_k), -m, m) + m]


def t5_bucket(
    distance: np.ndarray, n_buckets: int = 32, max_distance: int = 128, bidirectional: bool = True
) -> np.ndarray:
    """The bucket of each distance (key minus query), as ints of the same shape: small ones exact, large ones by ratio.

    Raffel et al. 2020 (T5) and their published code. With `bidirectional`, the upper half of the buckets is for keys
    that come later; without, all of those are in bucket 0. Half of the buckets of a direction hold one distance each;
    the others widen geometrically up to max_distance, from where on the last one counts. Boundaries are found in
    whole numbers, so that no rounding of a logarithm moves one. Raises ValueError for sizes that leave no room.
    """
    distance = np.asarray(distance)
    if distance.dtype.kind not in "iu":
        raise ValueError(f"t5_bucket: distances must be whole numbers, and are {distance.dtype}")
    one_way = whole("t5_bucket: n_buckets", n_buckets, 2) // (2 if bidirectional else 1)
    exact = one_way // 2
    max_distance = whole("t5_bucket: max_distance", max_distance)
    if not 1 <= exact < max_distance:
        raise ValueError(
            f"t5_bucket: {n_buckets} buckets up to distance {max_distance} leave no room: "
            f"each direction wants 2 buckets or more, and a max_distance above {exact}"
        )
    distance = distance.astype(int)
    steps = np.abs(distance) if bidirectional else np.maximum(-distance, 0)
    later = one_way * (distance > 0) if bidirectional else 0
    return later + np.searchsorted(_boundaries(exact, one_way - exact, max_distance), steps, side="right")


def _boundaries(exact: int, wide: int, max_distance: int) -> list[int]:
    """Where each bucket after the first starts; the k-th wide one at exact × (max_distance / exact)^(k / wide)."""
    starts = list(range(1, exact + 1))
    for k in range(1, wide):
        start = starts[-1]
        while start**wide < exact ** (wide - k) * max_distance**k:
            start += 1
        starts.append(start)
    return starts
