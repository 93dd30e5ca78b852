"""Hand mode: any trace with chosen cells blank, to be filled in and marked cell by cell.

Vocabulary
    blank     a cell that the learner fills in: (name of the matrix, index)
    mark      right or not, and one sentence
    follows   not the number that the trace has, but right for the learner's own earlier, wrong numbers
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from attention_core.exercises.answers import fit, unread
from attention_core.exercises.slips import Target
from attention_core.numerals import NumberError, parse
from attention_core.trace import Trace, Traced

_MINUS_INFINITY = {"-inf", "−inf", "-∞", "−∞", "–∞"}


@dataclass(frozen=True)
class Mark:
    """Whether a blank is right, and a sentence; `follows`: wrong only because of the learner's own earlier numbers."""

    right: bool
    says: str
    follows: bool = False


def mark(trace: Trace, blanks: Sequence[Target], answers: Mapping[Target, str]) -> dict[Target, Mark]:
    """Mark what was typed into each blank. A masked score is typed as -inf or −∞; a missing answer is an empty one.

    Raises KeyError or IndexError for a blank that the trace does not have.
    """
    texts = {target: str(answers.get(target, "")).strip() for target in blanks}
    own = {target: number for target, text in texts.items() if (number := _read(text)) is not None}
    return {target: _mark(trace, target, text, own) for target, text in texts.items()}


def _read(text: str) -> float | None:
    if text in _MINUS_INFINITY:
        return -inf
    try:
        return parse(text)
    except NumberError:
        return None


def _mark(trace: Trace, target: Target, text: str, own: Mapping[Target, float]) -> Mark:
    name, at = target
    value = trace.matrix(name).value[at].item()
    if target not in own:
        return Mark(False, unread(text))
    if _says(text, own[target], value):
        return Mark(True, "Right.")
    followed = _followed(trace[name], at, own) if name in trace else None
    if followed is not None and _says(text, own[target], followed):
        return Mark(False, "Right for your own earlier numbers, of which at least one is wrong.", True)
    return Mark(False, "Not right.")


def _says(text: str, number: float, value: float) -> bool:
    if np.isinf(value) or np.isinf(number):
        return number == value
    return bool(fit(text, value))


def _followed(made: Traced, at: tuple[int, ...], own: Mapping[Target, float]) -> float | None:
    """The cell, computed from the learner's own numbers where they filled in what it reads; None where they did not."""
    inputs = [matrix.copy() for matrix in made.inputs]
    changed = False
    reads = made.explain(at).reads
    for name, matrix, cells in zip(made.step.inputs, inputs, reads, strict=True):
        for cell in cells:
            if (name, cell) in own:
                changed = True
                matrix[cell] = own[name, cell]
    if not changed:
        return None
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return made.step.rule.value(made.step.parsed, inputs, at)
    except (FloatingPointError, ValueError):
        return None
