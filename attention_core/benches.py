"""The benches of the lessons: small programs with their matrices, which a learner changes by settings and by hand.

Vocabulary
    bench     what one lesson computes: a name, settings with their defaults, and how a set-up follows from them
    set-up    a program, its given matrices and labels, and what is said about the numbers that were given
    setting   a number or a switch beside the matrices; the text length and the kind of scores are such

The numbers were chosen by us, so that they come out clean; nothing here was trained.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log, sqrt
from types import MappingProxyType

import numpy as np

from attention_core import programs
from attention_core.examples import LN3, PAINT
from attention_core.tokens import Word
from attention_core.trace import Program, run

Value = bool | float | int | str


@dataclass(frozen=True)
class SetUp:
    """What is computed. editable: the given matrices that may be typed over; about: where a given matrix comes from."""

    program: Program
    given: Mapping[str, np.ndarray]
    labels: Mapping[str, tuple[str, ...]]
    editable: tuple[str, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Bench:
    """A lesson's bench. settings: the defaults; allowed: for a number its limits, else the values that it may have."""

    name: str
    settings: Mapping[str, Value]
    allowed: Mapping[str, tuple[Value, ...]]
    build: Callable[..., SetUp]

    def set_up(self, **settings: Value) -> SetUp:
        """The set-up for these settings, the defaults for the others. Raises ValueError for one that may not be."""
        for name, value in settings.items():
            if name not in self.settings or not self.allows(name, value):
                raise ValueError(f"the bench {self.name!r} has no setting {name} = {value!r}")
        return self.build(**{**self.settings, **settings})

    def allows(self, name: str, value: Value) -> bool:
        """Whether a setting may have this value: a number within its limits, else one of those listed."""
        default, allowed = self.settings[name], self.allowed[name]
        if type(default) is float:
            return type(value) in (int, float) and allowed[0] <= value <= allowed[1]
        return type(value) is type(default) and value in allowed


BOTH = (False, True)


# --- A table, looked up softly or hard -------------------------------------------------------------------------------


def _lookup(soft: bool, sharpness: float) -> SetUp:
    """Three keys at right angles with the values 10, 20, 60; the query fits them as 6 : 3 : 1."""
    given = {"q": np.array([[log(6), LN3, 0.0]]), "k": np.eye(3), "v": np.array([[10.0, 20.0, 60.0]])}
    if soft:
        given["scale"] = np.array(float(sharpness))
    labels = {"query": ("asked",), "key": ("first", "second", "third")}
    about = {
        "q": "Chosen by us, so that the exponentials are 6, 3 and 1. You can type another.",
        "k": "Each key stands for one entry of the table. You can type another.",
        "v": "What the table holds. You can type another.",
        "scale": "The sharpness, set by the slider.",
    }
    return SetUp(programs.SOFT_TABLE if soft else programs.HARD_TABLE, given, labels, ("q", "k", "v"), about)


# --- Softmax of given scores -----------------------------------------------------------------------------------------


def _paint_scores() -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """The scaled scores of the running example, with no mask: ln 3 where a word looks for another, else 0."""
    given, labels = PAINT.given(PAINT.sentence.split(), causal=False)
    trace = run(programs.SELF_ATTENTION, given, labels)
    return trace["scaled"].value, labels["query"], labels["key"]


def _logits() -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Scores whose exponentials stand as 8 : 4 : 2 : 1 : 1, and the three of ball's row."""
    return np.log([[8.0, 4.0, 2.0, 1.0, 1.0]]), ("next",), ("a", "b", "c", "d", "e")


_SCORES: Mapping[str, Callable] = {"paint": _paint_scores, "logits": _logits}


def _softmax(scores: str, constant: float, temperature: float, columns: bool, steady: bool) -> SetUp:
    values, queries, keys = _SCORES[scores]()
    program = programs.softmax_rows(
        raised=constant != 0, tempered=temperature != 1, steady=steady, columns=columns
    )  # fmt: skip
    given = {"scores": values, "constant": np.array(float(constant)), "temperature": np.array(float(temperature))}
    about = {
        "scores": "A score chosen by us, so that exp makes a whole number of it. You can type any other.",
        "constant": "Set by the slider.",
        "temperature": "Set by the slider.",
    }
    return SetUp(program, given, {"query": queries, "key": keys}, ("scores",), about)


# --- How alike two vectors are ---------------------------------------------------------------------------------------

_COMPASS = {"east": (3.0, 0.0), "north-east": (2.0, 2.0), "north": (0.0, 1.0), "west": (-2.0, 0.0)}


def _similarity() -> SetUp:
    """Arrows on a map, each compared with each."""
    vectors = np.array(list(_COMPASS.values()))
    names = tuple(_COMPASS)
    given = {"q": vectors, "k": vectors.copy(), "scale": np.array(1 / sqrt(vectors.shape[1]))}
    about = {
        "q": "How far the arrow goes east and north. You can type another.",
        "k": "The same arrows again, as what each is compared with. You can type another.",
        "scale": "1 / √2, because an arrow has 2 coordinates.",
    }
    labels = {"query": names, "key": names, "d_k": ("east", "north")}
    return SetUp(programs.SIMILARITY_AND_SCALE, given, labels, ("q", "k"), about)


# --- Queries, keys and values ----------------------------------------------------------------------------------------

TEXT = (
    "red",
    "ball",
    "hit",
    "blue",
    "cube",
    "the",
    "round",
    "red",
    "ball",
    "hit",
    "the",
    "blue",
    "cube",
    "and",
    "green",
    "ball",
)
_PROJECTED = (*programs.with_biases(programs.PROJECT), *programs.SCORE, *programs.SOFTMAX)


def _projections(n: int, causal: bool) -> SetUp:
    """The running example's projections with biases, for the first n words of a longer text."""
    tokens = TEXT[:n]
    given, labels = PAINT.given(tokens, causal)
    program = programs.masked(_PROJECTED)
    sizes = {"b_q": "w_q", "b_k": "w_k", "b_v": "w_v"}
    biases = {bias: np.zeros(given[weights].shape[1]) for bias, weights in sizes.items()}
    kept = {name: matrix for name, matrix in given.items() if name != "w_o"}
    chosen = "A weight chosen by us, for clean results; nothing here was trained. You can type another."
    about = {
        **dict.fromkeys(("w_q", "w_k", "w_v"), chosen),
        **dict.fromkeys(biases, "A bias: 0 to begin with. Type a number and see what changes."),
        "scale": "1 / √4, because a key has 4 coordinates.",
        "mask": "Set by the switch; click a cell to paint it.",
    }
    editable = ("x", "w_q", "w_k", "w_v", *biases)
    return SetUp(program, {**kept, **biases}, labels, editable, about, PAINT.words(tokens))


BENCHES: Mapping[str, Bench] = MappingProxyType({
    bench.name: bench
    for bench in (
        Bench("lookup", {"soft": True, "sharpness": 1.0}, {"soft": BOTH, "sharpness": (0.1, 10.0)}, _lookup),
        Bench(
            "softmax",
            {"scores": "paint", "constant": 0.0, "temperature": 1.0, "columns": False, "steady": False},
            {"scores": tuple(_SCORES), "constant": (-100.0, 100.0), "temperature": (0.1, 10.0), "columns": BOTH,
             "steady": BOTH},
            _softmax,
        ),
        Bench("similarity", {}, {}, _similarity),
        Bench("projections", {"n": 5, "causal": True}, {"n": tuple(range(1, 17)), "causal": BOTH}, _projections),
    )
})  # fmt: skip
