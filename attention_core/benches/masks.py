"""Who may see whom: the scores of the running example under every kind of mask, for a text that grows.

Vocabulary
    kind      the pattern that the mask begins as; any cell of it can be painted over
    padding   places that hold no word, so that texts of several lengths fit one table; they follow the words
    applied   how the mask is applied: as it should be, or by one of the ways in which it is got wrong
    whole     the head that the scores come from, from the words to the residual
"""

from collections.abc import Callable, Mapping

import numpy as np

from attention_core import masks, programs
from attention_core.benches.bench import Bench, SetUp
from attention_core.examples import PAINT
from attention_core.masks import Mask
from attention_core.tokens import Word
from attention_core.trace import Program, Trace, run

TEXT = ("red", "ball", "hit", "blue", "cube", "and", "azure", "balloon")
_PAD = Word("[PAD]", "", "padding", (0.0,) * len(PAINT.features), True, "Padding: there is no word here.")
_PADS, _REACH, _PREFIX = 2, 3, 2

KINDS: Mapping[str, Callable[[int], Mask]] = {  # from the number of words
    "causal": masks.causal,
    "full": masks.full,
    "window": lambda n: masks.window(n, _REACH - 1, 0),
    "prefix": lambda n: masks.prefix(n, min(_PREFIX, n)),
    "padding": lambda n: masks.padding(n, n + _PADS),
    "free": lambda n: ~masks.full(n),
}
_HEAD = programs.masked(programs.SELF_ATTENTION)
APPLIED: Mapping[str, Program] = {
    "before": _HEAD,
    "zero": programs.masked_with_zero(_HEAD),
    "after": programs.masked_after(_HEAD),
    "again": programs.renormalised(_HEAD),
}


def whole(kind: str = "causal", n: int = 5, applied: str = "before", mask: np.ndarray | None = None) -> Trace:
    """The head for the first n words of TEXT, with padding after them where the kind says so.

    mask: one of that kind that was painted over.
    """
    drawn = np.array(KINDS[kind](n))
    given, labels = PAINT.given(TEXT[:n] + (_PAD.text,) * (drawn.shape[1] - n))
    given["x"][n:] = _PAD.features
    return run(APPLIED[applied], {**given, "mask": drawn if mask is None else mask}, labels)


def _masks(kind: str, n: int, applied: str) -> SetUp:
    """The scores of the whole head, scaled, and what the mask and softmax make of them."""
    head, program = whole(kind, n, applied), APPLIED[applied]
    given = {"scores": head["scaled"].value, "mask": head.given["mask"].value}
    query, key = head["scaled"].labels
    about = {
        "scores": "A score of the running example, scaled: ln 3 where a word finds what it looks for. You can type "
        "another.",
        "mask": "Set by the choice of the mask; click a cell to paint it.",
    }
    steady = programs.of_scores(programs.steadied(program))
    program = programs.unshifted(programs.of_scores(program))
    return SetUp(program, given, {"query": query, "key": key}, ("scores",), about, steady=steady)


BENCH = Bench(
    "masks",
    {"kind": "causal", "n": 5, "applied": "before"},
    {"kind": tuple(KINDS), "n": tuple(range(1, len(TEXT) + 1)), "applied": tuple(APPLIED)},
    _masks,
    watched=("mask",),
)
