"""In-context learning: an attention sum of context and question, layers that descend a gradient, a head that repeats.

Vocabulary
    part      what the board computes: "frozen" (a question with a context before it), "regression" (layers of linear
              attention, each a step of gradient descent), "induction" (a head that says what came after the same word)
    pair      the context: the same two words as in the question, with keys of their own
    zeros     in place of the pair, so many words whose keys give a score of 0 with every query, and which hand over
              nothing; 0 for the pair
    sum       how it is added up: in "blocks", or with pairs merged, "exact" or by the "max" rule
    times     what the query is multiplied by
    shots     how many examples stand in the context of the regression; noise: how far their answers lie off the rule
    text      what the head that repeats reads
"""

from collections.abc import Mapping, Sequence
from math import log

import numpy as np

from attention_core import in_context, programs
from attention_core.benches.bench import Bench, SetUp, Value
from attention_core.examples import unique
from attention_core.trace import Program, givens

PARTS = ("frozen", "regression", "induction")
_CHOSEN = "A number chosen by us, for clean results; nothing here was trained. You can type another."

# --- Frozen keys -----------------------------------------------------------------------------------------------------

WORDS = ("ball", "cube")
ASKS = "it"
OWN, CONTEXT = (
    (1, 3),
    (6, 2),
)  # how much each word counts in the question, and in the context: e to the power of a score
COLOURS = ("red", "blue")
ZEROS = (0, 1, 2, 4, 8, 16)
SUMS = ("blocks", *programs.MERGES)
_FROZEN_ABOUT = {
    "q_scaled": "What “it” asks for, with one coordinate: 1, times what the setting says. You can type another.",
    "k": "The logarithm of how much the word counts in the question. " + _CHOSEN,
    "values": "What the word hands over: ball is red, cube is blue. " + _CHOSEN,
    "k_frozen": "The logarithm of how much the token counts in the context. The question cannot change it; you can.",
    "v_frozen": "What the token of the context hands over. The question cannot change it; you can.",
}  # fmt: skip


def frozen(zeros: int = 0, times: float = 1.0) -> dict[str, np.ndarray]:
    """The query, and the keys and values of context and question."""
    return {
        "q_scaled": np.array([[float(times)]]),
        "k_frozen": np.log(np.array([CONTEXT], dtype=float)).T if not zeros else np.zeros((zeros, 1)),
        "v_frozen": np.eye(len(WORDS)) if not zeros else np.zeros((zeros, len(WORDS))),
        "k": np.log(np.array([OWN], dtype=float)).T,
        "values": np.eye(len(WORDS)),
    }


def _frozen(zeros: int, summed: str, times: int) -> SetUp:
    """Pairs can be merged only where there are pairs: then the context is the pair, and each pair has one name."""
    zeros = zeros if summed == "blocks" else 0
    given = frozen(zeros, times)
    n = len(given["k_frozen"])
    pair = unique((*WORDS, *WORDS))
    if zeros or summed != "blocks":
        before, own = tuple(f"word {i + 1}" for i in range(zeros)) or WORDS, WORDS
    else:
        before, own = pair[: len(WORDS)], pair[len(WORDS) :]
    labels = {"query": (ASKS,), "key": own, "frozen": before, "token": (*before, *own), "d_k": ("asked",),
              "d_v": COLOURS}  # fmt: skip
    if summed == "blocks":
        program, steady = (programs.blocks(n, len(WORDS), steady=steady) for steady in (False, True))
    else:
        program, steady = (programs.merged(summed, steady=steady) for steady in (False, True))
    return _set_up(program, given, labels, _FROZEN_ABOUT, steady)


def _set_up(
    program: Program, given: Mapping[str, np.ndarray], labels: Mapping[str, tuple[str, ...]],
    about: Mapping[str, str], steady: Program = (),
) -> SetUp:  # fmt: skip
    read = [name for name in givens(program) if name in given]
    editable = tuple(name for name in read if name != "mask")
    said = {name: about.get(name, _CHOSEN) for name in read}
    return SetUp(program, {name: given[name] for name in read}, labels, editable, said, steady=steady)


# --- Regression ------------------------------------------------------------------------------------------------------

RULE = (2.0, 4.0)  # the y of (x₁, x₂) is 2 x₁ + 4 x₂
_SHOTS = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.5, -0.5]])
_ERRORS = np.array([1.0, -1.0, -0.5, 0.5])
ASKED = np.array([2.0, 1.0])
LAYERS = (1, 2, 3)
TOKEN = ("x₁", "x₂", "left", "guess")
_REGRESSION_ABOUT = {
    "x": "A shot has its x, its y as what is left to explain, and a guess of 0. The token that asks has no y: 0 stands "
    "there. You can type another.",
    "w_q": "1 for each number of x, and nothing for the rest. " + _CHOSEN,
    "w_k": "1 for each number of x, and nothing for the rest. " + _CHOSEN,
    "w_v": "1 for what is left, and nothing for the rest. " + _CHOSEN,
    "w_o": "The step size η: taken off what is left, and added to the guess. " + _CHOSEN,
    "mask": "Nobody sees the token that asks: its y is not known. Click a cell to paint it.",
}


def shots_of(shots: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """x [shots 2] and y [shots]: the rule, and errors of a fixed pattern times the noise."""
    x = _SHOTS[:shots]
    return x, x @ np.array(RULE) + noise * _ERRORS[:shots]


def _regression(shots: int, noise: float, rate: float, layers: int) -> SetUp:
    tokens = (*(f"shot {i + 1}" for i in range(shots)), "asked")
    labels = {"query": tokens, "key": tokens, "d_model": TOKEN, "d_k": TOKEN[:2], "d_v": TOKEN[2:3]}
    given = in_context.constructed(*shots_of(shots, noise), ASKED, rate)
    return _set_up(in_context.layers(layers), given, labels, _REGRESSION_ABOUT)


# --- Induction -------------------------------------------------------------------------------------------------------

VOCABULARY = ("<s>", "red", "ball", "blue", "cube")
TEXTS: Mapping[str, str] = {
    "example": "<s> red ball blue cube red",
    "other": "<s> red cube blue ball red",
    "none": "<s> blue cube red",
    "repeat": "<s> cube red blue ball cube red blue",
}
FACTOR, SHARPNESS = 45, 81  # how many times a match counts; how many times a word that is fully said again counts
_INDUCTION_ABOUT = {
    "x": "1 for the word that stands here. You can type another.",
    "previous": "A first head looks at the token before: 1 for that token, as it would come out. You can type another.",
    "w_q": f"A word looks for itself: ln {FACTOR}, so that a match counts {FACTOR} times. " + _CHOSEN,
    "w_k": "1 for each word: a token is found by the word before it. " + _CHOSEN,
    "w_u": f"ln {SHARPNESS} for each word: what is said again is said as the next word. " + _CHOSEN,
    "mask": "A word sees itself and the words before it; click a cell to paint it.",
}


def said_again(tokens: Sequence[str]) -> dict[str, np.ndarray]:
    """What `programs.AGAIN` reads for a text of these words, all of VOCABULARY."""
    n, eye = len(tokens), np.eye(len(VOCABULARY))
    return {
        "x": eye[[VOCABULARY.index(token) for token in tokens]], "previous": np.eye(n, k=-1),
        "w_q": log(FACTOR) * eye, "w_k": eye, "mask": np.tri(n, dtype=bool), "w_u": log(SHARPNESS) * eye,
    }  # fmt: skip


def _induction(text: str) -> SetUp:
    tokens = tuple(TEXTS[text].split())
    named = unique(tokens)
    labels = {"query": named, "key": named, "d_model": VOCABULARY, "d_k": VOCABULARY, "vocab": VOCABULARY}
    return _set_up(programs.AGAIN, said_again(tokens), labels, _INDUCTION_ABOUT)


# --- The bench -------------------------------------------------------------------------------------------------------

THROWS: Mapping[str, tuple[int, ...]] = {
    "none": (), "1": (1,), "1 2": (1, 2), "1 2 1": (1, 2, 1), "1 2 1 1 2": (1, 2, 1, 1, 2), "1 2 5": (1, 2, 5),
}  # fmt: skip


def _part(part: str, **of: Value) -> SetUp:
    """The other settings belong to the page: how long a layer was trained, and what was thrown."""
    return {
        "frozen": lambda: _frozen(of["zeros"], of["sum"], of["times"]),
        "regression": lambda: _regression(of["shots"], of["noise"], of["rate"], of["layers"]),
        "induction": lambda: _induction(of["text"]),
    }[part]()


BENCH = Bench(
    "in_context",
    {
        "part": "frozen", "zeros": 0, "sum": "blocks", "times": 1, "shots": 2, "noise": 0.0,
        "rate": 0.5, "layers": 1, "text": "example", "trained": 0, "seed": 0, "throws": "none",
    },
    {
        "part": PARTS, "zeros": ZEROS, "sum": SUMS, "times": (1, 2, 3),
        "shots": (1, 2, 3, 4), "noise": (0.0, 2.0), "rate": (0.1, 2.5), "layers": LAYERS, "text": tuple(TEXTS),
        "trained": tuple(range(0, 601, 50)), "seed": tuple(range(20)), "throws": tuple(THROWS),
    },
    _part,
    figures=("trained", "seed", "throws"),
)  # fmt: skip
