"""W_Q and W_K together: the combined matrix beside the two, and the scores by both ways.

Vocabulary
    rule     a cell of W_Q W_K^T that is not 0: which feature looks for which
    sought   what nouns look for, in our weights; verbs look for nouns
    tied     W_K = W_Q
    spare    column 3, which our weights leave empty: a rule needs a number in W_Q and one in W_K there
    angle    by how many degrees the coordinates of queries and keys are turned, both alike
    dialogue what a chatbot once printed for "the cat sat on the mat": embeddings, and scores that it called cosines
"""

from math import log

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp
from attention_core.examples import PAINT
from attention_core.softmax import softmax
from attention_core.trace import run

SENTENCES = (PAINT.sentence, "ball cube red hit blue", "the round cube pushed a small red box")
SOUGHT = ("adjectives", "nouns", "verbs")  # in the order of the key's coordinates
SPARE = ("none", "w_q", "w_k", "both")
WIDTHS = (64, 128, 1024, 6144, 12288)
D_MODEL = 12288  # of a large model, for comparison
_NOUN, _BLUE, _ROUND = (PAINT.features.index(name) for name in ("noun", "blue", "round"))
_EMPTY = 3
_CHOSEN = "A weight chosen by us, for clean results; nothing here was trained. You can type another."
_STEADY = programs.masked(programs.steadied(programs.BOTH_WAYS))
_PROGRAM = programs.unshifted(programs.masked(programs.BOTH_WAYS))

DIALOGUE = ("the", "cat", "sat", "on", "the", "mat")
DIALOGUE_EMBEDDINGS = np.array([
    [0.4, 0.2, 0.3, 0.1], [0.3, 0.6, 0.2, 0.2], [0.2, 0.4, 0.5, 0.3], [0.1, 0.3, 0.2, 0.6], [0.4, 0.2, 0.3, 0.1],
    [0.2, 0.3, 0.1, 0.7],
])  # fmt: skip
DIALOGUE_SCORES = np.array([
    [1.0, 0.9, 0.7, 0.6, 1.0, 0.8], [0.9, 1.0, 0.8, 0.5, 0.9, 0.6], [0.7, 0.8, 1.0, 0.7, 0.7, 0.6],
    [0.6, 0.5, 0.7, 1.0, 0.6, 0.8], [1.0, 0.9, 0.7, 0.6, 1.0, 0.8], [0.8, 0.6, 0.6, 0.8, 0.8, 1.0],
])  # fmt: skip


def dialogue_weights() -> np.ndarray:
    """What softmax makes of the scores of the dialogue: [6, 6], one word a row."""
    return softmax(DIALOGUE_SCORES)


def _weights(sought: str, tied: bool, spare: str, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """W_Q and W_K [d_model, d_k]: our rules, then the spare column, then tied, then turned."""
    w_q, w_k = (PAINT.weights[name].copy() for name in ("w_q", "w_k"))
    w_q[_NOUN] = np.roll(w_q[_NOUN], SOUGHT.index(sought))
    if spare in ("w_q", "both"):
        w_q[_BLUE, _EMPTY] = 2 * log(3)
    if spare in ("w_k", "both"):
        w_k[_ROUND, _EMPTY] = 1.0
    w_k = w_q.copy() if tied else w_k
    return turned(w_q, w_k, angle)


def turned(w_q: np.ndarray, w_k: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Both matrices [d_model, d_k] with the coordinates of queries and keys turned by the same angle."""
    turn = programs.rotation(w_q.shape[1], degrees)
    return w_q @ turn, w_k @ turn


def scores_of(x: np.ndarray, w_q: np.ndarray, w_k: np.ndarray) -> np.ndarray:
    """The scores [query, key] of words x with these weights."""
    return run((*programs.PROJECT[:2], programs.SCORE[0]), {"x": x, "w_q": w_q, "w_k": w_k})["scores"].value


def _query_key(sentence: str, causal: bool, sought: str, tied: bool, spare: str, angle: float) -> SetUp:
    """The other setting, d_k of a large model, belongs to a figure of the page."""
    tokens = tuple(sentence.split())
    given, labels = PAINT.given(tokens, causal)
    w_q, w_k = _weights(sought, tied, spare, angle)
    given = {"x": given["x"], "w_q": w_q, "w_k": w_k, "scale": given["scale"], "mask": given["mask"]}
    sees = "A word sees itself and the words before it" if causal else "Every word sees every word"
    about = {
        "w_q": _CHOSEN,
        "w_k": _CHOSEN,
        "scale": "1 / √4, because a key has 4 coordinates.",
        "mask": f"{sees}; click a cell to paint it.",
    }
    labels = {**labels, "d_model_k": PAINT.features}
    alike = ("w_q", "w_k") if tied else ()
    return SetUp(_PROGRAM, given, labels, ("x", "w_q", "w_k"), about, PAINT.words(tokens), _STEADY, alike)


BENCH = Bench(
    "query_key",
    {
        "sentence": PAINT.sentence,
        "causal": True,
        "sought": "adjectives",
        "tied": False,
        "spare": "none",
        "angle": 0.0,
        "d_k": 128,
    },
    {
        "sentence": SENTENCES,
        "causal": BOTH,
        "sought": SOUGHT,
        "tied": BOTH,
        "spare": SPARE,
        "angle": (0.0, 355.0),
        "d_k": WIDTHS,
    },
    _query_key,
    figures=("d_k",),
    watched=("x", "w_q", "w_k"),
)
