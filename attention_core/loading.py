"""Matrices from elsewhere as a sandbox: the settings that have their sizes, and what is typed over every number.

Vocabulary
    matrices   by name: x, source, w_q, w_k, w_v, w_o, or q, k, values; and mask, bias. A second layer's weights are
               "layer2.w_q". Weights of several heads have an axis of heads in front; w_o is [(head d_v), d_model]
    held       a sandbox that holds them: settings, and the texts of cells that are not as the settings make them
    load       a sandbox that is ready: an example of a lesson, or a head that was built by hand
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from attention_core.benches.bench import Value
from attention_core.benches.sandbox import (
    BEGIN,
    BENCH,
    MASKS,
    MOST_COORDINATES,
    MOST_FEATURES,
    MOST_HEADS,
    MOST_LAYERS,
    mask_of,
)
from attention_core.examples import BANK, PAINT
from attention_core.handmade import HEADS
from attention_core.imports import Found
from attention_core.tokens import MAX_TOKENS
from attention_core.trace import Trace

Edits = dict[str, dict[tuple[int, ...], str]]
_CLOSE = 1e-12


@dataclass(frozen=True)
class Load:
    """A sandbox that is ready. make: the settings and edits; about: a sentence on what is in it."""

    title: str
    about: str
    make: Callable[[], tuple[dict[str, Value], Edits]]


def text_of(x: float) -> str:
    """The shortest text that is read as this number again; of a float32, the shortest that names it."""
    return str(x).removesuffix(".0")


def held(
    matrices: Mapping[str, np.ndarray], tokens: Sequence[str] = (), keys: Sequence[str] = (),
    features: Sequence[str] = (), **settings: Value,
) -> tuple[dict[str, Value], Edits]:  # fmt: skip
    """A sandbox with these matrices. tokens, keys: the words of queries and, of a second sentence, of keys.

    Raises ValueError, with a sentence, for what does not fit in a sandbox or not together.
    """
    found = _sizes(matrices) | settings
    n, n_k, d_model = _lengths(matrices)
    found["sentence"] = " ".join(tokens or _numbered("word", n))
    if "source" in matrices or n_k != n or (keys and tuple(keys) != tuple(tokens)):
        found["source"] = " ".join(keys or _numbered("key", n_k))
    if d_model:
        found["features"] = ", ".join(features or _numbered("f", d_model))
    found |= {"mask": "none", "weights": "zeros"}
    if "mask" in matrices:
        found["mask"] = _kind(np.asarray(matrices["mask"], dtype=bool), bool(found.get("source")))
    found |= {"places": "by pair"} if "bias" in matrices else {}
    made = BENCH.set_up(**found).given
    edits = {name: _typed(name, matrix, made) for name, matrix in matrices.items()}
    return BENCH.changed(found), {name: cells for name, cells in edits.items() if cells}


def _numbered(name: str, n: int) -> list[str]:
    return [f"{name}{i + 1}" for i in range(n)]


def _typed(name: str, matrix: np.ndarray, made: Mapping[str, np.ndarray]) -> dict[tuple[int, ...], str]:
    """The cells of a matrix that are not as the sandbox makes them, as texts."""
    if name not in made:
        raise ValueError(f"The sandbox has no {name} beside the other matrices.")
    target = made[name]
    if target.shape != matrix.shape:
        raise ValueError(f"{name} is {_shape(matrix.shape)}; to go with the others, it must be {_shape(target.shape)}.")
    if target.dtype == bool:
        return {at: str(int(x)) for at, x in np.ndenumerate(matrix.astype(bool)) if x != target[at]}
    return {at: text_of(matrix[at]) for at in np.ndindex(matrix.shape) if float(matrix[at]) != target[at]}


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _lengths(matrices: Mapping[str, np.ndarray]) -> tuple[int, int, int]:
    """How many queries and keys there are, and features (0 where Q, K and V are given)."""
    if "x" in matrices:
        n, d_model = matrices["x"].shape
        n_k = len(matrices["source"]) if "source" in matrices else n
        _at_most(d_model, MOST_FEATURES, "features (columns of X)")
    else:
        n, n_k, d_model = matrices["q"].shape[-2], matrices["k"].shape[-2], 0
    for count, whose in ((n, "queries"), (n_k, "keys")):
        _at_most(count, MAX_TOKENS, f"words ({whose})")
    return n, n_k, d_model


def _sizes(matrices: Mapping[str, np.ndarray]) -> dict[str, Value]:
    """Heads, layers and coordinates, told by the shapes."""
    given = "x" not in matrices
    needed = ("q", "k", "values") if given else ("w_q", "w_k", "w_v", "w_o")
    layers = max([int(name[5:].partition(".")[0]) for name in matrices if name.startswith("layer")], default=1)
    _at_most(layers, MOST_LAYERS, "layers")
    names = [f"layer{i + 1}.{name}" if layers > 1 else name for i in range(layers) for name in needed]
    missing = [name for name in names if name not in matrices]
    if missing:
        other = "X and W_Q, W_K, W_V and W_O" if given else "Q, K and V"
        raise ValueError(f"There is no {' and no '.join(missing)} in it. Give {', '.join(needed)}; or else {other}.")
    query, value = matrices[names[0]], matrices[names[2]]
    for name in names[:3]:
        if matrices[name].ndim not in (2, 3):
            raise ValueError(f"{name} is {_shape(matrices[name].shape)}; it should have rows and columns, or heads.")
    heads = len(query) if query.ndim == 3 else 1
    _at_most(heads, MOST_HEADS, "heads")
    for matrix, what in ((query, "coordinates of a key"), (value, "coordinates of a value")):
        _at_most(matrix.shape[-1], MOST_COORDINATES, what)
    return {"begin": BEGIN[given], "heads": heads, "layers": layers, "d_k": query.shape[-1], "d_v": value.shape[-1]}


def _at_most(count: int, most: int, what: str) -> None:
    if not 1 <= count <= most:
        raise ValueError(f"There are {count} {what}; the sandbox holds 1 to {most}.")


def _kind(mask: np.ndarray, crossed: bool) -> str:
    """The pattern that a mask is; "none" for one of its own, which is then painted."""
    for kind in MASKS if not crossed else MASKS[:2]:
        if np.array_equal(mask_of(kind, *mask.shape), mask):
            return kind
    return "none"


# --- What a file holds -----------------------------------------------------------------------------------------------


def imported(found: Found) -> tuple[dict[str, Value], Edits]:
    """A sandbox with what was read from files. Raises ValueError, with a sentence, for what does not go together."""
    crossed = "source" in found.matrices
    n = found.matrices["x" if "x" in found.matrices else "q"].shape[-2] if found.matrices.keys() & {"x", "q"} else 0
    if found.tokens and len(found.tokens) != n:
        raise ValueError(f"There are {len(found.tokens)} tokens, and {n} rows. Each row needs one.")
    return held(found.matrices, found.tokens, () if crossed else found.tokens)


@dataclass(frozen=True)
class Agreement:
    """What a file says was computed, beside what is computed here: the largest difference, where, and whether that is
    as little as rounding makes."""

    name: str
    gap: float
    at: tuple[int, ...]
    theirs: float
    ours: float
    agrees: bool


def agreements(found: Found, trace: Trace) -> list[Agreement | str]:
    """For each matrix that the file holds as computed: how far it is from ours, or a sentence on why none can tell."""
    close = 1e-5 if found.single else 1e-9
    said: list[Agreement | str] = []
    for name, theirs in found.computed.items():
        if not trace.has(name):
            said.append(f"The file has {name}, but there is no such matrix here.")
            continue
        ours = np.asarray(trace.matrix(name).value, dtype=float)
        if ours.shape != theirs.shape:
            said.append(f"{name} is {_shape(theirs.shape)} in the file, and {_shape(ours.shape)} here.")
            continue
        gaps = np.abs(ours - theirs)
        at = tuple(map(int, np.unravel_index(gaps.argmax(), gaps.shape)))
        gap, size = float(gaps[at]), max(1.0, float(np.abs(ours).max()))
        said.append(Agreement(name, gap, at, float(theirs[at]), float(ours[at]), gap <= close * size))
    return said


# --- What can be loaded ----------------------------------------------------------------------------------------------


def _bank() -> tuple[dict[str, Value], Edits]:
    settings = {
        "sentence": BANK.sentence, "features": ", ".join(BANK.features), "d_k": 1, "d_v": 2, "places": "by distance",
    }  # fmt: skip
    return BENCH.changed(settings), {}


def _hand(name: str, tokens: Sequence[str]) -> tuple[dict[str, Value], Edits]:
    given, labels = HEADS[name].given(tokens)
    layered = any("." in matrix for matrix in given)
    d_k = given["layer1.w_k" if layered else "w_k"].shape[-1]
    matrices = {of: matrix for of, matrix in given.items() if of != "scale"}
    if abs(float(given["scale"]) - 1 / sqrt(d_k)) > _CLOSE:
        raise ValueError(f"the head {name!r} scales by {float(given['scale'])}, and a sandbox by 1 / √d_k")
    return held(matrices, tokens, features=labels["d_model"])


_SAYS = {"induction": "red ball blue red", "adjective": PAINT.sentence}  # what shows best what a head does
LOADS: Mapping[str, Load] = {
    "paint": Load(PAINT.title, "The running example of the course.", lambda: ({}, {})),
    "banks": Load(BANK.title, "Two banks; a neighbour counts nine times as much.", _bank),
    "two heads": Load(
        "Two heads: nouns look for adjectives, adjectives for nouns", "Our first two heads, on one sentence.",
        lambda: (BENCH.changed({"heads": 2, "mask": "none", "compact": True}), {}),
    ),
    "two layers": Load(
        "Two layers, each the same head", "What the first layer wrote, the second hands on.",
        lambda: (BENCH.changed({"layers": 2, "compact": True}), {}),
    ),
    "two sentences": Load(
        "Two sentences: one asks, the other is asked", "Queries from one sentence, keys and values from the other.",
        lambda: (BENCH.changed({"sentence": "the cube", "source": "a red ball", "mask": "none"}), {}),
    ),
} | {
    name: Load(f"Built by hand: {head.title}", head.about,
               lambda name=name: _hand(name, _SAYS.get(name, "red ball red").split()))
    for name, head in HEADS.items()
}  # fmt: skip
