"""Who may see whom: the patterns of attention, as matrices of yes and no.

Vocabulary
    mask     [n_q, n_k] of booleans: True where the query of the row may attend to the key of the column
    pattern  a mask made by a rule: causal, window, global tokens, ...; patterns combine with &, | and ~
    density  the share of the cells that are True: what a kernel that skips the rest would compute
    blind    a query that may see nothing; attention gives it zeros
    hop      one step of information from a key to a query that sees it, which takes one layer
    past     how many keys precede the first query (those of a cache)

>>> print(causal(4) & window(4, left=1, right=None))
x...
xx..
.xx.
..xx
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from attention_core.positions import distances, whole
from attention_core.trace import ShapeError

_PAINT = {"x": True, "1": True, ".": False, "0": False, True: True, False: False}  # 1 and 0 equal True and False


@dataclass(frozen=True, eq=False)
class Mask:
    """Who may see whom: value [n_q, n_k] of booleans, True = may attend; `name` says the pattern in words.

    `np.asarray(mask)` is the matrix, read-only; `str(mask)` draws it with x and dots. Masks of one shape combine with
    & (both allow it), | (either does) and ~ (what was hidden). Raises ShapeError when value is not a matrix or shapes
    differ, ValueError when value is not boolean or the other side is no Mask.
    """

    value: np.ndarray
    name: str

    # array & mask is an error like mask & array: NumPy would stretch the smaller of the two
    __array_ufunc__ = None

    def __post_init__(self):
        value = np.array(self.value)
        if value.dtype != bool:
            raise ValueError(f"mask {self.name!r} must hold booleans, and holds {value.dtype}")
        if value.ndim != 2 or not value.size:
            raise ShapeError(f"mask {self.name!r} must be [n_q, n_k] with a cell or more, and is {value.shape}")
        value.setflags(write=False)
        object.__setattr__(self, "value", value)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(self.value, dtype=dtype, copy=copy)

    def __str__(self) -> str:
        return "\n".join("".join("x" if seen else "." for seen in row) for row in self.value)

    def __and__(self, other: "Mask") -> "Mask":
        self._fits(other, "&")
        return Mask(self.value & other.value, f"({self.name} and {other.name})")

    def __or__(self, other: "Mask") -> "Mask":
        self._fits(other, "|")
        return Mask(self.value | other.value, f"({self.name} or {other.name})")

    def __invert__(self) -> "Mask":
        return Mask(~self.value, f"not {self.name}")

    def _fits(self, other: "Mask", sign: str) -> None:
        if not isinstance(other, Mask):
            raise ValueError(f"{self.name} {sign} ...: the other side must be a Mask (see painted), not {type(other)}")
        if self.shape != other.shape:
            raise ShapeError(f"{self.name} is {self.shape} and {other.name} is {other.shape}: {sign} wants one shape")

    @property
    def shape(self) -> tuple[int, int]:
        return self.value.shape

    @property
    def density(self) -> float:
        """The share of the cells that are True, from 0 to 1."""
        return float(self.value.mean())

    @property
    def blind(self) -> tuple[int, ...]:
        """The queries that may see nothing."""
        return tuple(np.flatnonzero(~self.value.any(axis=1)).tolist())

    def longest_path(self) -> int:
        """The fewest layers with this mask after which every query has heard from every token that can reach it.

        A hop, one layer, takes information from key j to query i where the mask allows (i, j), and the residual stream
        keeps what a token has: its own information needs no layer. This is the largest, over the pairs (i, j) that any
        number of hops connects, of the fewest hops that do: 1 for full(n), and for a causal window of w tokens, itself
        among them, (n − 1) / (w − 1) rounded up. 0 when no token sees another. It is the "maximum path length" of
        Vaswani et al. 2017, table 1. Raises ShapeError when queries and keys are not the same tokens.
        """
        n_q, n_k = self.shape
        if n_q != n_k:
            raise ShapeError(f"{self.name}: layers stack over the same tokens, and there are {n_q} queries, {n_k} keys")
        # within[t] says who is heard after 2**t layers; squaring stops adding once everybody is heard who ever will be
        within = [self.value | np.eye(n_q, dtype=bool)]
        while not np.array_equal(further := _joined(within[-1], within[-1]), within[-1]):
            within.append(further)
        heard, layers = np.eye(n_q, dtype=bool), 0
        if np.array_equal(within[-1], heard):
            return 0
        for t in reversed(range(len(within) - 1)):
            further = _joined(within[t], heard)
            if not np.array_equal(further, within[-1]):  # the most layers that are not yet enough, bit by bit
                heard, layers = further, layers + 2**t
        return layers + 1


def _joined(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Who has heard from whom when the layers of `after` follow those of `before`: the boolean matrix product."""
    return after.astype(np.float32) @ before.astype(np.float32) > 0  # floats, since their product is the fast one


# --- Patterns for any queries and keys -------------------------------------------------------------------------------


def full(n_q: int, n_k: int | None = None) -> Mask:
    """Every query sees every key; n_k = n_q unless given. Raises ValueError for sizes below 1, like all patterns."""
    n_q = whole("full: n_q", n_q)
    n_k = n_q if n_k is None else whole("full: n_k", n_k)
    return Mask(np.ones((n_q, n_k), bool), "full")


def causal(n_q: int, n_k: int | None = None, past: int | None = None) -> Mask:
    """Query i sees keys j <= i + past: itself and what came before (Vaswani et al. 2017, section 3.2.3).

    The queries are the last n_q of the n_k positions, unless `past` says how many keys precede the first of them.
    Raises ValueError for a negative past, or more queries than keys without one.
    """
    return Mask(distances(n_q, n_k, past) <= 0, "causal")


def painted(rows: str | Sequence[str | Sequence[bool]]) -> Mask:
    """A mask painted by hand: rows of 1 and 0 or of booleans, or of "x" and "." (or "1" and "0"), or those as lines.

    Raises ValueError for any other paint, ShapeError when rows differ in length or there are none.
    """
    rows = rows.split() if isinstance(rows, str) else rows
    if not all(isinstance(row, Sequence | np.ndarray) for row in rows):
        raise ShapeError(f"painted: rows of cells are wanted, and {rows!r} is one row")
    rows = [list(row) for row in rows]
    if len({len(row) for row in rows}) != 1:
        raise ShapeError(f"painted: rows must have one length, and theirs are {[len(row) for row in rows]}")
    for i, row in enumerate(rows):
        for j, paint in enumerate(row):
            if not isinstance(paint, Hashable) or paint not in _PAINT:
                raise ValueError(f"painted: row {i}, column {j} is {paint!r}; write 1 or x for may see, 0 or . for not")
    return Mask(np.array([[_PAINT[paint] for paint in row] for row in rows], bool), "painted")


# --- Patterns of one sequence of n tokens ----------------------------------------------------------------------------


def padding(valid: int | Sequence[bool], n: int, n_q: int | None = None) -> Mask:
    """Nobody sees the keys that are padding. `valid`: how many of the n keys are not, the rest following them; or
    n booleans, True = not padding. The queries are the same n tokens unless n_q says how many there are.

    Rows of padding still see the valid keys: nobody reads them. Raises ValueError for a length above n, ShapeError
    when the booleans are not n.
    """
    n = whole("padding: n", n)
    if np.ndim(valid) == 0:
        if whole("padding: valid", valid, 0) > n:
            raise ValueError(f"padding: {valid} keys cannot be valid, there are {n}")
        real = np.arange(n) < valid
    else:
        real = np.asarray(valid)
        if real.dtype != bool:
            raise ValueError(f"padding: valid must be a length or n booleans, and holds {real.dtype}")
        if real.shape != (n,):
            raise ShapeError(f"padding: valid must be [n] = ({n},), and is {real.shape}")
    n_q = n if n_q is None else whole("padding: n_q", n_q)
    return Mask(np.tile(real, (n_q, 1)), f"padding, {np.count_nonzero(real)} of {n} keys valid")


def prefix(n: int, n_prefix: int) -> Mask:
    """Prefix-LM: everybody sees the first n_prefix tokens, and otherwise what came before.

    Dong et al. 2019 (UniLM); Raffel et al. 2020 (T5), section 3.2. Raises ValueError unless n_prefix is within 0 to n.
    """
    if whole("prefix: n_prefix", n_prefix, 0) > whole("prefix: n", n):
        raise ValueError(f"prefix: n_prefix is {n_prefix}, and there are only {n} tokens")
    return Mask((distances(n) <= 0) | (np.arange(n) < n_prefix), f"prefix of {n_prefix}")


def encoder_decoder(n_source: int, n_target: int) -> Mask:
    """Encoder and decoder as one square: n_source tokens that are read, then n_target tokens that are written.

    The source sees all of itself (the encoder), the target itself and what came before (the decoder) and all of the
    source (cross-attention); the source sees nothing of the target (Vaswani et al. 2017, section 3.2.3). These are
    three attentions, each with its own weights and softmax; as one mask of one attention it is that of
    prefix(n_source + n_target, n_source). Raises ValueError for sizes below 1.
    """
    n_source, n_target = (
        whole(f"encoder_decoder: {name}", n) for name, n in (("n_source", n_source), ("n_target", n_target))
    )
    own, written = full(n_source), causal(n_target)
    read, unseen = full(n_target, n_source), ~full(n_source, n_target)
    blocks = [[own.value, unseen.value], [read.value, written.value]]
    return Mask(np.block(blocks), f"encoder of {n_source}, decoder of {n_target}")


def window(n: int, left: int | None, right: int | None) -> Mask:
    """Each query sees itself, `left` keys before it and `right` after it; None: all on that side.

    Sliding windows: Child et al. 2019, Beltagy et al. 2020. A causal window of w tokens is window(n, w - 1, 0).
    Raises ValueError for a negative side.
    """
    away = distances(whole("window: n", n))
    before = n if left is None else whole("window: left", left, 0)
    after = n if right is None else whole("window: right", right, 0)
    words = ("all" if side is None else side for side in (left, right))
    return Mask((-before <= away) & (away <= after), "window of {} before and {} after".format(*words))


def dilated(n: int, window: int | None, step: int) -> Mask:
    """Each query sees itself and every step-th token on either side, `window` of them on each; None: all.

    The dilated sliding window of Beltagy et al. 2020, section 3.1. The strided pattern of Child et al. 2019 is
    causal(n) & (window(n, step, 0) | dilated(n, None, step)). Raises ValueError for a negative window or step < 1.
    """
    step = whole("dilated: step", step)
    away = np.abs(distances(whole("dilated: n", n)))
    reach = n if window is None else whole("dilated: window", window, 0) * step
    words = f"window of {'all' if window is None else window} on each side"
    return Mask((away <= reach) & (away % step == 0), words + (f", every {step}" if step > 1 else ""))


def global_tokens(n: int, positions: Sequence[int]) -> Mask:
    """The tokens at `positions` see all and are seen by all; the others see nothing else. Combine it with `|`.

    Beltagy et al. 2020 (Longformer), where they are the question or the class token; Zaheer et al. 2020 (BigBird).
    Raises ValueError when a position is not one of 0 to n - 1.
    """
    n = whole("global_tokens: n", n)
    chosen = np.zeros(n, bool)
    for position in positions:
        if whole("global_tokens: a position", position, 0) >= n:
            raise ValueError(f"global_tokens: there is no position {position} among {n}, counted from 0")
        chosen[position] = True
    return Mask(chosen[:, None] | chosen, f"global tokens {', '.join(map(str, np.flatnonzero(chosen)))}")


def longformer(n: int, window: int, global_positions: Sequence[int]) -> Mask:
    """A window of `window` tokens on each side of the query, and global tokens.

    Beltagy et al. 2020, whose w counts both sides: w = 2 × window. Raises what dilated and global_tokens raise.
    """
    return dilated(n, window, 1) | global_tokens(n, global_positions)


def bigbird(n: int, window: int, n_global: int, n_random: int, seed: int) -> Mask:
    """A window of `window` tokens on each side, the first n_global tokens global, and n_random more keys a query.

    Zaheer et al. 2020 (BigBird), token by token where the paper's fast version chooses blocks. The random keys are
    drawn from those that the query does not see yet (all of them when fewer are left), by np.random.default_rng(seed):
    the same seed, the same mask. Raises ValueError for negative numbers, or n_global or n_random above n.
    """
    for name, count in (("n_global", n_global), ("n_random", n_random)):
        if whole(f"bigbird: {name}", count, 0) > whole("bigbird: n", n):
            raise ValueError(f"bigbird: {name} is {count}, and there are only {n} tokens")
    base = longformer(n, window, range(n_global))
    rng = np.random.default_rng(whole("bigbird: seed", seed, 0))
    drawn = np.zeros((n, n), bool)
    for i, seen in enumerate(base.value):
        unseen = np.flatnonzero(~seen)
        drawn[i, rng.choice(unseen, min(n_random, len(unseen)), replace=False)] = True
    return base | Mask(drawn, f"{n_random} random keys each")


def documents(ids: Sequence[Hashable]) -> Mask:
    """Tokens see those of their own document: ids [n], one for each token, equal within a document (block-diagonal).

    For several texts packed into one sequence (Krell et al. 2021), as Llama 3 was trained on them: with causal(n) & ...
    (Grattafiori et al. 2024). Raises ShapeError when ids are no sequence of one or more.
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or not len(ids):
        raise ShapeError(f"documents: ids must be [n], one for each token, and are {ids.shape}")
    return Mask(ids[:, None] == ids, f"{len(np.unique(ids))} documents")
