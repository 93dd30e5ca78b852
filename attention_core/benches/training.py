"""One loss, and its way back to every weight: L = (ball'.red − 1)², for the head of the running example.

Vocabulary
    loss      one number for how wrong the head is. It asks for one thing only: ball should have a full pot of red
    goal      what X' should be; focus: which numbers of it are judged, and how much. Here one, in the row of ball
    forward   from the words to the loss
    values    the half of the way back that passes W_O and W_V, and ends at the shares of attention
    shares    the other half: from the gradient of the shares through softmax to W_Q and W_K. The shares' gradient is
              given there, as the first half made it
    all       both halves and the forward way at once
    g         W_Q[noun, 0] = 2 ln 3, with which nouns look for adjectives

Softmax is one step here, with the mask in it. By default the sentence ends at ball: what comes later cannot reach it.
"""

import numpy as np

from attention_core import programs
from attention_core.benches.bench import Bench, SetUp
from attention_core.examples import PAINT
from attention_core.programs.editing import find, names
from attention_core.trace import Program, Trace, run

SENTENCES = ("red ball", PAINT.sentence)
SHOWN = ("forward", "values", "shares", "all")
WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
WORD, FEATURE = "ball", "red"
AT = (SENTENCES[0].split().index(WORD), PAINT.features.index(FEATURE))  # in X', the number that is judged
G = ("w_q", (PAINT.features.index("noun"), 0))

_HEAD = programs.compact(programs.masked(programs.SELF_ATTENTION))
FORWARD: Program = programs.squared_error(_HEAD)
_MIXING = programs.squared_error(tuple(find(_HEAD, name) for name in ("v", "output", "projected", "residual")))
_LOOKING: Program = tuple(step for step in _HEAD[: names(_HEAD).index("weights") + 1] if step.name != "v")
_PROGRAMS = {
    "forward": FORWARD,
    "values": _MIXING + programs.backward(_MIXING, ("weights", "w_v", "w_o")),
    "shares": _LOOKING + programs.backward(_LOOKING),
    "all": FORWARD + programs.backward(FORWARD),
}


def given_of(sentence: str, **weights: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, ...]]]:
    """The matrices that the forward program reads, these weights instead of ours, and the labels of the axes."""
    given, labels = PAINT.given(tuple(sentence.split()))
    goal = np.zeros_like(given["x"])
    goal[AT] = 1
    return given | {"goal": goal, "focus": goal.copy()} | weights, labels


def whole(sentence: str = SENTENCES[0], **weights: np.ndarray) -> Trace:
    """Everything, forward and back, with these weights instead of ours."""
    given, labels = given_of(sentence, **weights)
    return run(_PROGRAMS["all"], given, labels)


def _training(sentence: str, shown: str) -> SetUp:
    """The other setting, rate, belongs to a figure of the page."""
    given, labels = given_of(sentence)
    trace = whole(sentence)
    given |= {"weights": trace["weights"].value, "d_weights": trace["d_weights"].value}
    program = _PROGRAMS[shown]
    read = {name for step in program for name in step.inputs}
    made = set(programs.names(program))
    given = {name: matrix for name, matrix in given.items() if name in read and name not in made}
    editable = tuple(name for name in given if name != "mask")
    return SetUp(program, given, labels, editable, _ABOUT, PAINT.words(tuple(sentence.split())))


_CHOSEN = "A weight chosen by us, for clean results. You can type another, and see what becomes of the loss."
_ABOUT = {
    **dict.fromkeys(WEIGHTS, _CHOSEN),
    "scale": "1/√d_k, and d_k is 4. You can type another.",
    "mask": "Causal; click a cell to paint it.",
    "goal": "Chosen by us: ball should have a full pot of red. It counts only where F is not 0.",
    "focus": "Chosen by us: one number is judged, and it counts 1.",
    "weights": "A share as queries and keys make it (set the board to “forward”). It stays when you change words or "
    "values; you can type another.",
    "d_weights": "As the other half of the way back made it (set the board to “values”). You can type another.",
}

BENCH = Bench(
    "training",
    {"sentence": SENTENCES[0], "shown": "forward", "rate": 10.0},
    {"sentence": SENTENCES, "shown": SHOWN, "rate": (0.0, 50.0)},
    _training,
    figures=("rate",),
)
