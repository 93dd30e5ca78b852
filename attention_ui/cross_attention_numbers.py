"""The numbers that the sentences, questions and boxes of the lesson on two sources speak of.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
"""

from collections.abc import Mapping

import numpy as np

from attention_core import masks, programs, run
from attention_core.benches import Value
from attention_core.benches.cross_attention import SENTENCES
from attention_ui.cross_attention_figures import VISION
from attention_ui.editable import shape_text
from attention_ui.readings import listed_words, worked

Predicted = tuple[list[str], str, Mapping[str, Value]]
_BENCH = "cross_attention"


def predicted(question: str) -> Predicted:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _longer() -> Predicted:
    """The shape of A, tokens as rows, when the source has a word more."""
    english = SENTENCES["english"][-1]
    n, m = worked(_BENCH, english=english).head.matrix("weights").value.shape
    options = [shape_text(shape) for shape in ((n, n), (n, m), (m, n), (m, m))]
    return options, options[1], {"read": "words", "part": "cross", "english": english}


def _masked() -> Predicted:
    """Which English words the first French word sees."""
    mask = worked(_BENCH).head.matrix("mask")
    keys = mask.labels[1]
    options = [f"only {keys[0]}, in its own place", listed_words(keys), "none, it is the first"]
    seen = listed_words([word for word, sees in zip(keys, mask.value[0], strict=True) if sees])
    return options, seen, {"read": "words", "part": "cross"}


def _joint() -> Predicted:
    """Whether the prefix mask of one text lets the same cells be seen as encoder and decoder do."""
    options = ["the same", "fewer", "more"]
    n, m = (len(SENTENCES[name][0].split()) for name in ("english", "french"))
    cells = [mask.value.sum() for mask in (masks.prefix(n + m, n), masks.encoder_decoder(n, m))]
    return options, options[int(np.sign(cells[0] - cells[1]))], {}


def _patches() -> Predicted:
    """How many weights there are when patches are larger."""
    small, large = (worked(_BENCH, read="picture", cut=cut).head.matrix("weights").value.size for cut in (2, 3))
    pixels = worked(_BENCH, read="picture").head.matrix("picture").value.size
    options = [str(count) for count in (large, pixels, small)]
    return options, options[0], {"read": "picture", "cut": 3}


def _alike() -> Predicted:
    """From which patches the second takes most."""
    weights = worked(_BENCH, read="picture").head.matrix("weights")
    row, names = weights.value[1], weights.labels[1]
    most = [name for name, share in zip(names, row, strict=True) if share > row.max() - 1e-9]
    same = worked(_BENCH, read="picture").head.matrix("patches").value
    twins = [name for name, patch in zip(names, same, strict=True) if np.array_equal(patch, same[1])]
    options = ["itself alone", f"{listed_words(twins)}, which look the same", f"{listed_words(most)}, all alike"]
    return options, options[2], {"read": "picture", "cut": 2}


_QUESTIONS = {"longer": _longer, "masked": _masked, "joint": _joint, "patches": _patches, "alike": _alike}


def same_program() -> dict[str, str]:
    """How many steps both programs have, and how many differ; and what comes out where a sentence is its own source."""
    own, cross = programs.SELF_ATTENTION, programs.CROSS_ATTENTION
    lines = [after.code for before, after in zip(own, cross, strict=True) if before.code != after.code]
    given = {name: matrix.value for name, matrix in worked(_BENCH, part="encoder").head.trace.given.items()}
    made = [
        run(programs.masked(program), {**given, "source": given["x"]})["residual"].value for program in (own, cross)
    ]
    return {
        "steps of self-attention": str(len(own)),
        "steps of cross-attention": str(len(cross)),
        "lines that are not the same": listed_words(lines),
        "“English reads itself” by both: cells of X′ that differ": str(int((made[0] != made[1]).sum())),
    }


def one_row_each() -> dict[str, float]:
    """Rows of K and V: one for each English word."""
    found = worked(_BENCH, english=SENTENCES["english"][-1]).head
    return {
        "words of “the red ball”": float(len(found.matrix("source").value)),
        "rows of K": float(len(found.matrix("k").value)),
        "rows of V": float(len(found.matrix("v").value)),
    }


def vision() -> tuple[int, int, int]:
    """Of a large model: pixels of a side, of a side of a patch, and how many patches that makes."""
    side, cut = VISION
    return side, cut, (side // cut) ** 2
