"""Checkers of what is pointed at: a choice, a cell, a painted mask.

Vocabulary
    option    one of the texts to choose from; each wrong one has the diagnosis of what it would take to be right
    accepted  the cells that are right to pick
    misread   the cells that a slip leads to, each with its diagnosis
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from attention_core.exercises.engine import Diagnosis, Verdict, not_right
from attention_core.exercises.slips import Problem, Slip, Target
from attention_core.trace import Trace


@dataclass(frozen=True)
class Choice:
    """One of several texts. wrong_ones: the diagnosis of each option but the right one."""

    options: tuple[str, ...]
    answer: str
    because: str
    diagnoses: Mapping[str, Diagnosis]

    def right(self) -> str:
        return self.answer

    def wrong(self) -> Iterator[tuple[str, str]]:
        return ((diagnosis.name, option) for option, diagnosis in self.diagnoses.items())

    def check(self, answer: Any) -> Verdict:
        if not isinstance(answer, str) or answer not in self.options:
            return Verdict(False, "Choose one of these: " + "; ".join(self.options) + ".")
        if answer == self.answer:
            return Verdict(True, f"Right. {self.because}")
        diagnosis = self.diagnoses[answer]
        return Verdict(False, not_right((diagnosis,)), (diagnosis,))


@dataclass(frozen=True, eq=False)
class Pick:
    """A cell of the trace. accepted: the cells that are right, the first of them the one to show."""

    trace: Trace
    accepted: tuple[Target, ...]
    because: str
    misread: Mapping[Target, Diagnosis]

    def right(self) -> Target:
        return self.accepted[0]

    def wrong(self) -> Iterator[tuple[str, Target]]:
        return ((diagnosis.name, target) for target, diagnosis in self.misread.items() if diagnosis.depth == 1)

    def check(self, answer: Any) -> Verdict:
        target = self._cell(answer)
        if target is None:
            return Verdict(False, "Pick one cell of a matrix that is drawn here.")
        if target in self.accepted:
            return Verdict(True, f"Right. {self.because}")
        found = (self.misread[target],) if target in self.misread else ()
        return Verdict(False, not_right(found), found)

    def _cell(self, answer: Any) -> Target | None:
        """The cell that was picked; None where the answer is none."""
        try:
            name, index = answer
            index = tuple(map(int, index))
            shape = self.trace.matrix(name).value.shape
        except (TypeError, ValueError, KeyError, OverflowError):
            return None
        inside = len(index) == len(shape) and all(0 <= i < n for i, n in zip(index, shape, strict=True))
        return (name, index) if inside else None


def misread(slips: Sequence[Slip], target: Target) -> dict[Target, Diagnosis]:
    """The cells that one or two slips in reading lead to, instead of the target; single before double."""
    found: dict[Target, Diagnosis] = {}
    pairs = (pair for pair in combinations(slips, 2) if pair[0].part != pair[1].part)
    for together in (*((slip,) for slip in slips), *pairs):
        cell = target
        for slip in together:
            cell = slip.read(cell)
        if cell != target and cell not in found:
            when = " and, at the same time, ".join(slip.when for slip in together)
            name = " + ".join(slip.name for slip in together)
            found[cell] = Diagnosis(name, f"This is the cell when {when}.", len(together))
    return found


@dataclass(frozen=True, eq=False)
class Painted:
    """A mask [n, n], True where the query may see the key. The slips change the problem's own mask."""

    problem: Problem
    because: str

    def right(self) -> np.ndarray:
        return self.problem.given["mask"]

    def wrong(self) -> Iterator[tuple[str, np.ndarray]]:
        for slip in self.problem.slips:
            mask = self._slipped((slip,))
            if (mask != self.right()).any():
                yield slip.name, mask

    def _slipped(self, slips: Sequence[Slip]) -> np.ndarray:
        program, given = self.problem.program, self.problem.given
        for slip in slips:
            program, given = slip.change(program, given)
        return given["mask"]

    def check(self, answer: Any) -> Verdict:
        right = self.right()
        mask = answer if isinstance(answer, np.ndarray) else np.zeros(())
        if mask.shape != right.shape or mask.dtype != bool:
            rows, columns = right.shape
            return Verdict(False, f"Paint a mask of {rows} rows and {columns} columns: each cell may be seen, or not.")
        marks = {("mask", at): bool(mask[at] == right[at]) for at in np.ndindex(right.shape)}
        if all(marks.values()):
            return Verdict(True, f"Right. {self.because}", marks=marks)
        found = tuple(Diagnosis(slip.name, f"This comes out when {slip.when}.") for slip in self._fitting(mask))
        return Verdict(False, not_right(found), found, "masked" if found else None, marks=marks)

    def _fitting(self, mask: np.ndarray) -> list[Slip]:
        return [slip for slip in self.problem.slips if (self._slipped((slip,)) == mask).all()]
