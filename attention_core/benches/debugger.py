"""What follows from the scores that a chatbot printed: exponentials, row sums, weights.

Vocabulary
    taken   the scores that softmax is made of: those that were printed, or the cosines of the vectors that were printed
"""

import numpy as np

from attention_core import dialogue, programs
from attention_core.benches.bench import Bench, SetUp

TAKEN = ("printed", "true")
_PROGRAM = programs.unshifted(programs.of_scores(programs.SELF_ATTENTION))
_STEADY = programs.of_scores(programs.steadied(programs.SELF_ATTENTION))
_ABOUT = {
    "printed": "A score as the chatbot printed it. You can type another.",
    "true": "The cosine of the two words’ vectors, as they were printed. You can type another.",
}


def _debugger(taken: str) -> SetUp:
    """The other setting, the line, belongs to a table of the page."""
    scores = dialogue.SCORES.value if taken == "printed" else np.array(dialogue.cosines())
    labels = {"query": dialogue.WORDS, "key": dialogue.WORDS}
    return SetUp(_PROGRAM, {"scores": scores}, labels, ("scores",), {"scores": _ABOUT[taken]}, steady=_STEADY)


BENCH = Bench(
    "debugger",
    {"taken": "printed", "line": dialogue.LINES[0].name},
    {"taken": TAKEN, "line": tuple(known.name for known in dialogue.LINES)},
    _debugger,
    figures=("line",),
)
