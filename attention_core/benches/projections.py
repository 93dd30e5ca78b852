"""Queries, keys and values."""

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp
from attention_core.examples import PAINT
from attention_core.trace import Program

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


def _projections(n: int, other: bool, bias: str) -> SetUp:
    """The running example's projections and scores, for the first n words of a longer text, or for n other words.

    bias: "" for none at all; else biases and the weights that follow: "zero", to be typed over, or "b_q" or "b_k", of
    which the first coordinate is BIAS.
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


# asks: the word whose query a figure of the page follows.
BENCH = Bench(
    "projections",
    {"n": 5, "other": False, "bias": "", "asks": "ball"},
    {"n": tuple(range(1, len(TEXT) + 1)), "other": BOTH, "bias": ("", "zero", "b_q", "b_k"), "asks": _PAINTED},
    _projections,
    figures=("asks",),
)
