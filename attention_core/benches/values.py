"""What a head hands over, and what it adds: by weights of attention that are given.

Vocabulary
    maps       how W_V and W_O are made: ours; the identity, which hands over all features as they are; full, a map of
               all features to all features, with W_V and W_O its best two factors
    r          how many coordinates a value may have at most
    kept       the share of a map, by its squared cells, that is left with so many coordinates
    asker      the word that takes; giver: the word that is taken from
"""

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp
from attention_core.examples import PAINT
from attention_core.trace import run

MAPS = ("ours", "identity", "full")
WORDS = tuple(PAINT.sentence.split())
WIDTHS = (64, 128, 1024, 6144, 12288)
_D_MODEL = len(PAINT.features)
_CHOSEN = {
    "ours": "A weight chosen by us, for clean results; nothing here was trained. You can type another.",
    "identity": "1 where a feature meets itself: all is handed over as it is. You can type another.",
    "full": "One of two factors of a map that we chose. You can type another.",
}


def full_map() -> np.ndarray:
    """A map in which every feature hands over something of every feature: 1, 1/2, 1/3 with the distance. Rank 6."""
    place = np.arange(_D_MODEL)
    return 1 / (1.0 + abs(place[:, None] - place))


def _factors(maps: str, r: int) -> tuple[np.ndarray, np.ndarray]:
    """W_V [d_model, d_v] and W_O [d_v, d_model] with at most r coordinates between them.

    Of ours and of the identity the first r are left, which loses no more than the best choice does.
    """
    if maps == "full":
        return programs.low_rank(full_map(), r)
    eye = np.eye(_D_MODEL)
    w_v, w_o = (PAINT.weights["w_v"], PAINT.weights["w_o"]) if maps == "ours" else (eye, eye)
    return w_v[:, :r].copy(), w_o[:r].copy()


def kept(matrix: np.ndarray, r: int) -> float:
    """The share of a map that its best approximation of rank r keeps, by squared cells; 1 for a map of rank <= r."""
    w_v, w_o = programs.low_rank(matrix, r)
    return float(np.square(w_v @ w_o).sum() / np.square(matrix).sum())


def _values(maps: str, r: int, residual: bool) -> SetUp:
    """The other settings belong to tables of the page: the asker, the giver, and the d_v of a large model."""
    given, labels = PAINT.given(WORDS)
    weights = run(programs.masked(programs.SELF_ATTENTION), given, labels)["weights"].value
    w_v, w_o = _factors(maps, r)
    program = programs.HANDED_ON if residual else programs.REPLACED
    about = {
        "weights": "A share as the lesson on one head computed it, from queries and keys. It stays when you change "
        "words or values; you can type another.",
        "w_v": _CHOSEN[maps],
        "w_o": _CHOSEN[maps],
    }
    given = {"x": given["x"], "weights": weights, "w_v": w_v, "w_o": w_o}
    labels = {**labels, "d_model_k": PAINT.features}
    return SetUp(program, given, labels, ("x", "weights", "w_v", "w_o"), about, PAINT.words(WORDS))


BENCH = Bench(
    "values",
    {"maps": "ours", "r": _D_MODEL, "residual": True, "asker": "ball", "giver": "red", "d_v": 128},
    {
        "maps": MAPS,
        "r": tuple(range(1, _D_MODEL + 1)),
        "residual": BOTH,
        "asker": WORDS,
        "giver": WORDS,
        "d_v": WIDTHS,
    },
    _values,
    figures=("asker", "giver", "d_v"),
    watched=("x", "weights", "w_v", "w_o"),
    said={
        "maps": {
            "ours": "W_V and W_O are ours",
            "identity": "W_V and W_O are the identity",
            "full": "W_V and W_O are a full map",
        },
        "r": "a value has at most r = {} coordinates",
        "residual": {True: "the residual is on", False: "the residual is off"},
    },
)
