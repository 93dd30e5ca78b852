"""The benches of the lessons: small programs with their matrices, which a learner changes by settings and by hand.

Vocabulary
    bench     what one lesson computes: a name, settings with their defaults, and how a set-up follows from them
    set-up    a program, its given matrices and labels, and what is said about the numbers that were given
    setting   a number or a switch beside the matrices; the text length and the kind of scores are such

The numbers were chosen by us, so that they come out clean; nothing here was trained.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from types import MappingProxyType

import numpy as np

from attention_core import programs
from attention_core.examples import LN3, PAINT
from attention_core.tokens import Word
from attention_core.trace import Program, run

Value = bool | float | int | str
Scores = tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]  # [query key], and the labels of both axes


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
    """A lesson's bench. settings: the defaults; allowed: for a number its limits, else the values that it may have.

    watched: given matrices that the page shows elsewhere, too, as a figure of the arrows.
    """

    name: str
    settings: Mapping[str, Value]
    allowed: Mapping[str, tuple[Value, ...]]
    build: Callable[..., SetUp]
    watched: tuple[str, ...] = ()

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


def _lookup(soft: bool, sharpness: float, nudge: float, third: float) -> SetUp:
    """Three keys at right angles with the values 10, 20, 60; the query fits them as 6 : 3 : 1."""
    given = {"q": np.array([[log(6), LN3 + nudge, 0.0]]), "k": np.eye(3), "v": np.array([[10.0, 20.0, third]])}
    if soft:
        given["scale"] = np.array(float(sharpness))
    labels = {"query": ("asked",), "key": ("first", "second", "third")}
    about = {
        "q": "Chosen by us, so that the exponentials are 6, 3 and 1; the nudge is added to the second. You can type "
        "another.",
        "k": "Each key stands for one entry of the table. You can type another.",
        "v": "What the table holds. You can type another.",
        "scale": "The sharpness, set by the slider.",
    }
    return SetUp(programs.SOFT_TABLE if soft else programs.HARD_TABLE, given, labels, ("q", "k", "v"), about)


# --- Softmax of given scores -----------------------------------------------------------------------------------------


def _paint_scores(tokens: Sequence[str]) -> Scores:
    """The scaled scores of the running example, with no mask: ln 3 where a word looks for another, else 0."""
    given, labels = PAINT.given(tokens, causal=False)
    trace = run(programs.SELF_ATTENTION, given, labels)
    return trace["scaled"].value, labels["query"], labels["key"]


_ASKED_CHATBOT = ("The", "quick", "brown", "fox", "jumped")
_CHATBOT = np.array([  # cosines as a chatbot gave them to a learner (2024); the weights that it made of them were wrong
    [0.0, 0.1, 0.05, 0.03, 0.02], [0.1, 0.0, 0.07, 0.04, 0.06], [0.05, 0.07, 0.0, 0.02, 0.01],
    [0.03, 0.04, 0.02, 0.0, 0.05], [0.02, 0.06, 0.01, 0.05, 0.0],
])  # fmt: skip


def cosines(keys: int) -> np.ndarray:
    """A row of cosines that favours its first key as much as cosines can: 1, and −1 for all others. [1, keys]"""
    return np.array([[1.0] + [-1.0] * (keys - 1)])


_SCORES: Mapping[str, Callable[[int], Scores]] = {
    "three": lambda keys: _paint_scores(PAINT.sentence.split()[:3]),
    "paint": lambda keys: _paint_scores(PAINT.sentence.split()),
    "chatbot": lambda keys: (_CHATBOT.copy(), _ASKED_CHATBOT, _ASKED_CHATBOT),
    "cosines": lambda keys: (cosines(keys), ("next",), ("best", *(f"other {i}" for i in range(1, keys)))),
    "signed": lambda keys: (np.array([[2.0, -1.0, 1.0]]), ("next",), ("a", "b", "c")),
    "logits": lambda keys: (np.log([[8.0, 4.0, 2.0, 1.0, 1.0]]), ("next",), ("a", "b", "c", "d", "e")),
}


def _softmax(
    scores: str, keys: int, constant: float, temperature: float, columns: bool, steady: bool, exponential: bool
) -> SetUp:
    values, queries, names = _SCORES[scores](keys)
    program = programs.softmax_rows(
        raised=constant != 0, tempered=temperature != 1, steady=steady, columns=columns, exponential=exponential
    )  # fmt: skip
    given = {"scores": values, "constant": np.array(float(constant)), "temperature": np.array(float(temperature))}
    about = {
        "scores": "A score chosen by us. You can type any other.",
        "constant": "Set by the slider.",
        "temperature": "Set by the slider.",
    }
    if scores == "chatbot":
        about["scores"] = "A score as a chatbot printed it, taken as it is. You can type any other."
    return SetUp(program, given, {"query": queries, "key": names}, ("scores",), about)


# --- How alike two vectors are ---------------------------------------------------------------------------------------

_COMPASS = {"east": (3.0, 0.0), "north-east": (2.0, 2.0), "north": (0.0, 1.0), "west": (-2.0, 0.0)}


def _similarity(stretch: float, **_: Value) -> SetUp:
    """Arrows on a map, each compared with each; the first is drawn `stretch` times as long.

    The other settings belong to random vectors (attention_core.simulations): the number of coordinates of queries and
    keys, how many keys there are, and the number of coordinates of two directions.
    """
    vectors = np.array(list(_COMPASS.values()))
    vectors[0] *= stretch
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
_PAINTED = tuple(PAINT.sentence.split())
_UNBIASED: Program = (*programs.PROJECT, programs.SCORE[0])
_BIASED = programs.masked((*programs.with_biases(programs.PROJECT), *programs.SCORE, *programs.SOFTMAX))
_BIASES = {"b_q": "w_q", "b_k": "w_k", "b_v": "w_v"}
BIAS = 0.7  # what a bias that was chosen adds to the first coordinate


def _projections(n: int, other: bool, bias: str, **_: Value) -> SetUp:
    """The running example's projections and scores, for the first n words of a longer text, or for n other words.

    bias: "" for none at all; else biases and the weights that follow: "zero", to be typed over, or "b_q" or "b_k", of
    which the first coordinate is BIAS. The other setting is the word whose query the page follows.
    """
    tokens = (TEXT[len(_PAINTED) :] + _PAINTED if other else TEXT)[:n]
    given, labels = PAINT.given(tokens)
    chosen = "A weight chosen by us, for clean results; nothing here was trained. You can type another."
    about = dict.fromkeys(("w_q", "w_k", "w_v"), chosen)
    kept = {name: given[name] for name in ("x", *about)}
    if not bias:
        return SetUp(_UNBIASED, kept, labels, tuple(kept), about, PAINT.words(tokens))
    biases = {name: np.zeros(given[weights].shape[1]) for name, weights in _BIASES.items()}
    if bias in biases:
        biases[bias][0] = BIAS
    about |= {
        **dict.fromkeys(biases, "A bias, the same for every word. You can type another."),
        "scale": "1 / √4, because a key has 4 coordinates.",
        "mask": "A word sees itself and the words before it; click a cell to paint it.",
    }
    around = {"scale": given["scale"], "mask": given["mask"]}
    return SetUp(_BIASED, kept | biases | around, labels, (*kept, *biases), about, PAINT.words(tokens))


BENCHES: Mapping[str, Bench] = MappingProxyType({
    bench.name: bench
    for bench in (
        Bench(
            "lookup",
            {"soft": True, "sharpness": 1.0, "nudge": 0.0, "third": 60.0},
            {"soft": BOTH, "sharpness": (0.0, 10.0), "nudge": (0.0, 1.0), "third": (0.0, 100.0)},
            _lookup,
        ),
        Bench(
            "softmax",
            {"scores": "three", "keys": 5, "constant": 0.0, "temperature": 1.0, "columns": False, "steady": False,
             "exponential": True},
            {"scores": tuple(_SCORES), "keys": tuple(range(2, 13)), "constant": (-100.0, 100.0),
             "temperature": (0.1, 10.0), "columns": BOTH, "steady": BOTH, "exponential": BOTH},
            _softmax,
        ),
        Bench(
            "similarity",
            {"stretch": 1.0, "d": 64, "keys": 8, "directions": 12288},
            {"stretch": (-20.0, 20.0), "d": (4, 16, 64, 256, 1024), "keys": tuple(range(2, 65)),
             "directions": (2, 16, 128, 1024, 12288)},
            _similarity,
            watched=("q",),
        ),
        Bench(
            "projections",
            {"n": 5, "other": False, "bias": "", "asks": "ball"},
            {"n": tuple(range(1, len(TEXT) + 1)), "other": BOTH, "bias": ("", "zero", "b_q", "b_k"), "asks": _PAINTED},
            _projections,
        ),
    )
})  # fmt: skip
