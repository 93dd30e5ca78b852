"""Where words stand: the running example and the two banks in any order, and five ways to tell a head the places.

Vocabulary
    order     the words as written, or put in another order; a permutation says which word stands at each place
    scheme    how places are told: not at all, by a bias for each distance, by one coordinate for each place (one-hot),
              by waves (sinusoidal), by turning queries and keys (rotary), by a penalty on distance (ALiBi)
    factor    how many times as much the preferred word counts; what is added to its score is ln factor
    shift     how many places both words of the arrows are moved on; apart: how many places there are from key to query
    place     counted from 1, in all that a learner reads
    room      the columns of X that our words leave empty, so that a place can be written into them
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import cos, log

import numpy as np

from attention_core import positions, programs
from attention_core.benches.bench import BOTH, Bench, SetUp, Value
from attention_core.examples import BANK, PAINT, Example
from attention_core.trace import Program, Trace, run

TEXTS: Mapping[str, Example] = {"paint": PAINT, "banks": BANK}
SCHEMES = ("none", "relative", "one-hot", "sinusoidal", "rotary", "alibi")
FACTORS = (1, 3, 9, 27)
DISTANCES = ("2 or more before", "1 before", "itself", "1 after", "2 or more after")
_BEFORE, _AFTER, _REACH = 1, 3, 2
_WAVES = 4  # columns for the sinusoidal places: two pairs of sine and cosine
_D_K = 9  # of queries and keys that also ask for places; its root is whole
_BASE = 10000.0


def _swapped(tokens: Sequence[str]) -> list[int]:
    """The words that carry the colour, or the meaning of a bank, change places: the first and the last but one."""
    at = list(range(len(tokens)))
    one, other = (0, 3) if len(tokens) == 5 else (1, 2)
    at[one], at[other] = other, one
    return at


ORDERS: Mapping[str, Callable[[Sequence[str]], Sequence[int]]] = {
    "written": lambda tokens: range(len(tokens)),
    "swapped": _swapped,
    "reversed": lambda tokens: range(len(tokens))[::-1],
    "alphabetical": lambda tokens: sorted(range(len(tokens)), key=lambda i: tokens[i]),
}


def written(text: str) -> tuple[str, ...]:
    """The words of a text as they were written."""
    return tuple(TEXTS[text].sentence.split())


def permutation(text: str, order: str) -> np.ndarray:
    """For each place the number of the word that stands there, counted as written."""
    return np.array(ORDERS[order](written(text)))


def put_back(rows: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Rows in some order, put back in the order of the text as written."""
    back = np.empty_like(rows)
    back[order] = rows
    return back


def reordered(trace: Trace, program: Program, order: np.ndarray) -> np.ndarray:
    """What comes out of a program, row by row, for the words put back in the order as written; all else as it was."""
    given = {name: matrix.value for name, matrix in trace.given.items()}
    given["x"] = put_back(given["x"], order)
    return programs.run_steady(program, given, {})[0][program[-1].name].value


# --- The schemes -----------------------------------------------------------------------------------------------------


def _widened(given: Mapping[str, np.ndarray], d_k: int, room: int = 0) -> dict[str, np.ndarray]:
    """The same scores from queries and keys of d_k coordinates, and `room` empty features after the words' own."""
    old = given["w_k"].shape[1]
    rows = ((0, room), (0, 0))
    return {
        **given,
        "x": np.pad(given["x"], ((0, 0), (0, room))),
        "w_q": np.pad(given["w_q"] * np.sqrt(d_k / old), ((0, room), (0, d_k - old))),
        "w_k": np.pad(given["w_k"], ((0, room), (0, d_k - old))),
        "w_v": np.pad(given["w_v"], rows),
        "w_o": np.pad(given["w_o"], rows[::-1]),
        "scale": np.array(1 / np.sqrt(d_k)),
    }


def _asking(given: Mapping[str, np.ndarray], places: np.ndarray, looks: np.ndarray) -> dict[str, np.ndarray]:
    """Places [n, room] added to the words, found by W_K as they are, and asked for by W_Q as `looks` [room, room]."""
    (n, room), words = places.shape, given["x"].shape[1]
    wide = _widened(given, _D_K, room)
    here = np.s_[words:, given["w_k"].shape[1] : given["w_k"].shape[1] + room]
    wide["w_q"][here] = looks * np.sqrt(_D_K)
    wide["w_k"][here] = np.eye(room)
    return {**wide, "places": np.hstack([np.zeros((n, words)), places])}


def _one_hot(given: Mapping[str, np.ndarray], both: bool, factor: int) -> dict[str, np.ndarray]:
    n = len(given["x"])
    before = np.eye(n, k=-1)
    return _asking(given, positions.one_hot(n), log(factor) * (before + before.T if both else before))


def step_back(waves: int) -> np.ndarray:
    """What turns the waves of any place into those of the place before: [waves, waves], multiplied from the right."""
    turn = np.zeros((waves, waves))
    for i, speed in enumerate(positions.frequencies(waves, _BASE)):
        pair = np.s_[2 * i : 2 * i + 2]
        turn[pair, pair] = [[np.cos(speed), np.sin(speed)], [-np.sin(speed), np.cos(speed)]]
    return turn


def _waves(n: int) -> np.ndarray:
    """The waves of the places 1 to n."""
    return positions.sinusoidal(n + 1, _WAVES, _BASE)[1:]


def _sinusoidal(given: Mapping[str, np.ndarray], both: bool, factor: int) -> dict[str, np.ndarray]:
    """The word before counts `factor` times as much as its own neighbours; of the banks, each place asks for its own.

    A sum of waves is a wave: it cannot ask for both neighbours and not for what lies between them.
    """
    falls = sum(1 - cos(speed) for speed in positions.frequencies(_WAVES, _BASE))
    looks = np.eye(_WAVES) if both else step_back(_WAVES)
    return _asking(given, _waves(len(given["x"])), log(factor) / falls * looks)


def _relative(given: Mapping[str, np.ndarray], both: bool, factor: int) -> dict[str, np.ndarray]:
    table = np.zeros(len(DISTANCES))
    table[[_BEFORE, _AFTER] if both else _BEFORE] = log(factor)
    return {**given, "table": table}


def _rotary(given: Mapping[str, np.ndarray], both: bool, factor: int) -> dict[str, np.ndarray]:
    """The factor plays no part: how far a pair of coordinates turns is fixed."""
    wide = _widened(given, max(2, given["w_k"].shape[1]))  # coordinates turn in pairs
    return {**wide, **programs.rotary_given(len(given["x"]), wide["w_k"].shape[1], interleaved=True, past=1)}


def _alibi(given: Mapping[str, np.ndarray], both: bool, factor: int) -> dict[str, np.ndarray]:
    return {**given, "slopes": np.array(log(factor)), "positions": np.arange(1, len(given["x"]) + 1, dtype=float)}


_NOTHING = "What is taken off a query’s scores before exp. Here nothing."  # this page has no switch for it
_HEAD = tuple(replace(step, says=_NOTHING) if step.name == "row_max" else step for step in programs.SELF_ATTENTION)
_MADE: Mapping[str, Callable[[int, int], Program]] = {  # from the number of words, and d_k
    "none": lambda n, d_k: _HEAD,
    "relative": lambda n, d_k: programs.relative_bias(_HEAD, n, n),
    "one-hot": lambda n, d_k: programs.placed(_HEAD),
    "sinusoidal": lambda n, d_k: programs.placed(_HEAD),
    "rotary": lambda n, d_k: programs.rotary(_HEAD, d_k, interleaved=True),
    "alibi": lambda n, d_k: programs.alibi(_HEAD),
}
_GIVEN = {"relative": _relative, "one-hot": _one_hot, "sinusoidal": _sinusoidal, "rotary": _rotary, "alibi": _alibi}
_ROOM = {
    "one-hot": lambda n: tuple(f"at {i + 1}" for i in range(n)),
    "sinusoidal": lambda n: tuple(f"{speed} {wave}" for speed in ("fast", "slow") for wave in ("sin", "cos")),
}
_CHOSEN = "A weight chosen by us, for clean results; nothing here was trained. You can type another."
_WIDER = (
    f"Chosen by us. d_k is {_D_K} now, to make room for places: scores are divided by √{_D_K}, so cells of words are "
    "larger, and a match counts as before. The rows of the places say which place to look for."
)
_ABOUT = {
    **dict.fromkeys(("w_q", "w_k", "w_v", "w_o"), _CHOSEN),
    "scale": "1 / √d_k, with as many coordinates as a key has here.",
    "mask": "Set by the switch; click a cell to paint it.",
    "table": "A bias for each distance, ln of the factor where the preferred words stand. You can type another.",
    "places": "What says where a word stands, in columns of its own. You can type another.",
    "positions": "The place, counted from 1. You can type another.",
    "frequencies": "How far a coordinate turns from one place to the next. You can type another.",
    "signs": "The first of a pair gets a minus: a quarter turn of (a, b) is (−b, a).",
    "slopes": "What one place further costs: ln of the factor.",
}


def _positions(text: str, order: str, scheme: str, factor: int, causal: bool, **_: Value) -> SetUp:
    """The other settings, shift and apart, belong to the arrows of the page."""
    example = TEXTS[text]
    tokens = tuple(written(text)[i] for i in permutation(text, order))
    given, labels = example.given(tokens, causal)
    given = {name: matrix for name, matrix in given.items() if name != "bias"}
    if scheme != "none":
        given = _GIVEN[scheme](given, bool(example.neighbour), factor)
    room = _ROOM.get(scheme, lambda n: ())(len(tokens))
    labels = {**labels, "d_model": example.features + room, "distance": DISTANCES}
    about = {**_ABOUT, "w_q": _WIDER} if scheme in _ROOM else _ABOUT
    program = programs.masked(_MADE[scheme](len(tokens), given["w_k"].shape[1]))
    editable = ("x", "w_q", "w_k", "w_v", "w_o", *(name for name in _MORE if name in given))
    return SetUp(program, given, labels, editable, about, example.words(tokens))


_MORE = ("table", "places", "positions", "frequencies")

# --- Two arrows ------------------------------------------------------------------------------------------------------

_TURNING: Program = tuple(
    step
    for step in programs.rotary(_HEAD, 2, interleaved=True)
    if step.name in ("q", "k", "scores") or step.name[:2] in ("q_", "k_")
)


def turned_pair(shift: float, apart: float) -> Trace:
    """The query of a noun at place shift + apart and the key of an adjective at place shift: coordinates 0 and 1."""
    pair = np.s_[:, :2]
    given, _ = PAINT.given(("red", "ball"))
    given = {"x": given["x"], "w_q": given["w_q"][pair], "w_k": given["w_k"][pair], **programs.rotary_given(2, 2)}
    given["positions"] = np.array([shift, shift + apart], dtype=float)
    return run(_TURNING, given, {"query": ("red", "ball"), "key": ("red", "ball")})


BENCH = Bench(
    "positions",
    {"text": "paint", "order": "written", "scheme": "none", "factor": 9, "causal": False, "shift": 0, "apart": 1},
    {
        "text": tuple(TEXTS),
        "order": tuple(ORDERS),
        "scheme": SCHEMES,
        "factor": FACTORS,
        "causal": BOTH,
        "shift": tuple(range(13)),
        "apart": tuple(range(7)),
    },
    _positions,
    figures=("shift", "apart"),
    watched=("x", "mask", "w_q", "w_k", "w_v", "w_o", *_MORE),
    said={
        "text": {name: f"the words are “{example.sentence}”" for name, example in TEXTS.items()},
        "order": {
            "written": "the words stand as written",
            "swapped": "two words are swapped",
            "reversed": "the words are reversed",
            "alphabetical": "the words stand in alphabetical order",
        },
        "scheme": {
            "none": "no places are told",
            "relative": "a bias by distance tells places",
            "one-hot": "places are told one-hot",
            "sinusoidal": "places are told by waves (sinusoidal)",
            "rotary": "places are told by turning queries and keys (rotary)",
            "alibi": "places are told by ALiBi",
        },
        "factor": "what a scheme prefers counts × {}",
        "causal": {True: "the mask is causal", False: "there is no mask"},
    },
)
