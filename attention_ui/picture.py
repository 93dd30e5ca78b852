"""All that decides what is drawn of a head, and the numbers that are shown. No Streamlit in here.

Vocabulary
    shown       which numbers: after the last change, before it, or their difference
    compared    the head before the last change, unless it is about other words or another table
    drawn       the name of a figure, where a matrix with heads is drawn head by head (slices.py); for the others, and
                in all that is said about a matrix, its own name
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from attention_core import changes
from attention_core.numerals import decimal, exact
from attention_core.trace import Matrix, Step
from attention_ui.document import Head
from attention_ui.link import View
from attention_ui.slices import base, head_of, slice_of

Data = dict[str, Any]
SHOWN = ("after", "before", "difference")


@dataclass(frozen=True)
class Picture:
    """All that decides what is drawn: the head, the one before the last change, the view, which numbers, the trail."""

    head: Head
    before: Head | None
    view: View
    shown: str = "after"
    trail: Sequence[tuple[str, int, int]] = ()
    locked: bool = False  # nothing may be typed or painted

    @property
    def editable(self) -> Sequence[str]:
        return () if self.locked else self.head.document.editable

    @property
    def painted(self) -> Mapping[str, Sequence[float]]:
        return {} if self.locked else self.head.document.painted

    @property
    def form(self) -> Callable[[float], str]:
        return exact if self.view.exact else decimal

    @property
    def program(self) -> Sequence[Step]:
        return self.head.program

    @cached_property
    def steps(self) -> dict[str, Step]:
        return {step.name: step for step in self.program}

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """What the stepper walks: the embeddings, where the program reads any, then every step."""
        return (*(("x",) if "x" in self.head.trace.given else ()), *self.steps)

    @cached_property
    def compared(self) -> Head | None:
        """The head before the last change; None where there is none, or none that can be compared with this one."""
        return self.before if self.before is not None and same_topic(self.before, self.head) else None

    @property
    def compares(self) -> str:
        """What is shown as a whole: `shown`, but "after" while there is nothing to compare with."""
        return self.shown if self.compared is not None else "after"

    def matrix(self, drawn: str) -> Matrix:
        """What a figure is drawn of, as it is now."""
        return slice_of(self.head.matrix(base(drawn)), drawn)

    def shown_of(self, drawn: str) -> str:
        """Which numbers this matrix shows: `shown` where there is something to compare with, else after."""
        if self.compared is None or not changes.comparable(self.compared.trace, self.head.trace, base(drawn)):
            return "after"
        return self.shown

    def values(self, drawn: str) -> np.ndarray:
        """The numbers of a figure; of the whole matrix, by its own name."""
        after = self.matrix(drawn).value
        shown = self.shown_of(drawn)
        if shown == "after":
            return after
        before = slice_of(self.before.matrix(base(drawn)), drawn).value
        return before if shown == "before" else np.where(self.changed(drawn), _gap(before, after), 0.0)

    def changed(self, drawn: str) -> np.ndarray:
        """Which cells of a figure differ from those that they are compared with, beyond rounding."""
        changed, head = changes.changed(self.compared.trace, self.head.trace, base(drawn)), head_of(drawn)
        return changed if head is None else changed[head]


def _gap(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return changes.difference(before.astype(float), after.astype(float))


def same_topic(before: Head, after: Head) -> bool:
    """Whether two heads are about the same words, or the same table; only then are their numbers compared."""
    return before.document.topic == after.document.topic
