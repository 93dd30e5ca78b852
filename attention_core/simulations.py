"""What a lesson tries out in numbers: random queries and keys in many dimensions, and matrices for longer texts.

Vocabulary
    pair      a query and a key of d coordinates, each coordinate drawn from N(0, 1): mean 0, standard deviation 1
    scaling   what a score is divided by before softmax: nothing, √d_k or d_k
    spread    a standard deviation
    kept      a matrix whose numbers are the same in two traces

Every draw has a seed, so the same call gives the same numbers. Random vectors of any dimension are drawn at the same
price: turned so that q lies along the first axis, which changes no length and no angle, a key has one coordinate
along q, from N(0, 1), and the rest of it matters only by its squared length, a chi-square with d - 1 degrees of freedom
(N(0, I) looks the same from every direction; Muirhead 1982, section 1.5).
"""

from collections.abc import Mapping
from functools import lru_cache
from math import sqrt
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from attention_core import programs
from attention_core.examples import PAINT
from attention_core.softmax import softmax
from attention_core.trace import Trace, run

# By what power of d_k a score is divided.
SCALINGS: Mapping[str, float] = MappingProxyType({"nothing": 0.0, "√d_k": 0.5, "d_k": 1.0})
EVEN = "an even share"
DRAWS = 20_000


class Pairs(NamedTuple):
    """Dot product and cosine of each random pair: two read-only arrays [draws]."""

    dots: np.ndarray
    cosines: np.ndarray


class Spread(NamedTuple):
    """The standard deviations that theory expects of a random pair: √d of the dot product, 1/√d of the cosine."""

    dot: float
    cosine: float


def spread(d: int) -> Spread:
    """What `pairs` should spread by. Exact for every d: d products of variance 1 add up; cos² has the mean 1/d."""
    _check("d", d)
    return Spread(sqrt(d), 1 / sqrt(d))


@lru_cache(maxsize=32)
def pairs(d: int, draws: int = DRAWS, seed: int = 0) -> Pairs:
    """Random pairs in d dimensions. Raises ValueError for a d or a number of draws below 1."""
    _check("d", d)
    _check("draws", draws)
    rng = np.random.default_rng(seed)
    along, q_length = rng.normal(size=draws), _length(rng, d, draws)
    k_length = np.hypot(along, _length(rng, d - 1, draws))
    found = Pairs(along * q_length, along / k_length)
    for sample in found:
        sample.setflags(write=False)
    return found


def measured(d: int) -> dict[str, float]:
    """The standard deviations of `pairs(d)`, each with its name in words.

    >>> {of: float(f"{value:.1g}") for of, value in measured(100).items()}
    {'spread of the cosine': 0.1, 'spread of the dot product': 10.0}
    """
    found = pairs(d)
    return {"spread of the cosine": found.cosines.std().item(), "spread of the dot product": found.dots.std().item()}


@lru_cache(maxsize=32)
def largest_weights(d: int, keys: int = 8, draws: int = DRAWS, seed: int = 0) -> Mapping[str, float]:
    """The mean, over random queries and keys, of the largest weight of a row, for each of SCALINGS; and the even share.

    q and all keys are drawn from N(0, 1) in every coordinate; the same draws serve every scaling.
    Raises ValueError for d, keys or draws below 1.

    >>> {scaling: round(weight, 2) for scaling, weight in largest_weights(64).items()}
    {'nothing': 0.87, '√d_k': 0.36, 'd_k': 0.15, 'an even share': 0.12}
    """
    for name, value in (("d", d), ("keys", keys), ("draws", draws)):
        _check(name, value)
    rng = np.random.default_rng(seed)
    scores = _length(rng, d, draws)[:, None] * rng.normal(size=(draws, keys))
    means = {name: softmax(scores / d**power).max(axis=1).mean().item() for name, power in SCALINGS.items()}
    return MappingProxyType({**means, EVEN: 1 / keys})


def _length(rng: np.random.Generator, d: int, draws: int) -> np.ndarray:
    """Lengths of vectors with d coordinates from N(0, 1): [draws]; 0 for d = 0."""
    return np.sqrt(2 * rng.standard_gamma(d / 2, size=draws))


def _check(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, and is {value}")


def share_by_scaling(query: str = "hit", key: str = "ball") -> dict[str, float]:
    """What `query` takes from `key` in the running example, causal, for each of SCALINGS.

    >>> [round(share, 4) for share in share_by_scaling().values()]
    [0.8182, 0.6, 0.4641]
    """
    tokens = PAINT.sentence.split()
    given, labels = PAINT.given(tokens)
    at, d_k = (tokens.index(query), tokens.index(key)), given["w_k"].shape[1]
    scales = {name: np.array(d_k**-power) for name, power in SCALINGS.items()}
    return {
        name: run(programs.one_head(), {**given, "scale": scale}, labels)["weights"].value[at].item()
        for name, scale in scales.items()
    }


# --- Texts of another length -----------------------------------------------------------------------------------------


_TOKENS = ("query", "key")  # the axes that have one place for each token of the text


def shapes(trace: Trace, n: int) -> dict[str, tuple[int, ...]]:
    """The shape that each matrix of this trace, given or made, would have for a text of n tokens.

    It follows from the axes alone: those of the tokens get n places, all others stay as they are.
    Raises ValueError for n below 1.
    """
    _check("n", n)
    return {
        name: tuple(n if axis in _TOKENS else size for axis, size in zip(of.axes, of.value.shape, strict=True))
        for name, of in {**trace.given, **trace}.items()
    }


def kept(one: Trace, other: Trace) -> dict[str, bool]:
    """Whether each matrix of `one` holds the same numbers in `other`. Raises KeyError when `other` lacks one."""
    return {name: np.array_equal(one.matrix(name).value, other.matrix(name).value) for name in (*one.given, *one)}


def how_many_moved(one: Trace, other: Trace, name: str) -> str:
    """How many cells of a matrix differ between two traces of the same shapes: "none", "some" or "all".

    Differences that are rounding do not count. Raises KeyError for a name that one of them lacks.
    """
    moved = ~np.isclose(one.matrix(name).value, other.matrix(name).value, rtol=1e-9, atol=1e-12)
    return "all" if moved.all() else "some" if moved.any() else "none"
