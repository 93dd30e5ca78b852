"""The checker of typed code: run on several cases, and where it goes wrong, held against the slips' results.

Vocabulary
    case   what the code is given, as a problem whose program says what should come out and what each slip makes of it
    tells  what is wrong with code that passes every case before this one, and fails here

The code is a restricted expression, read and evaluated by attention_core.expressions: it is never executed as Python.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attention_core.exercises.engine import Diagnosis, Verdict, comes_out, not_right
from attention_core.exercises.slips import Problem, Way

_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Case:
    """One case: the matrices that the code may use, the problem that it is, and what failing here alone tells."""

    given: Mapping[str, np.ndarray]
    problem: Problem
    tells: Diagnosis


@dataclass(frozen=True, eq=False)
class Code:
    """Code that computes the matrix `makes`, in at most `lines` lines; `model` and `examples` are code, for answer
    keys."""

    cases: tuple[Case, ...]
    makes: str
    lines: int
    model: str
    examples: Mapping[str, str]

    def right(self) -> str:
        return self.model

    def wrong(self) -> Iterator[tuple[str, str]]:
        return iter(self.examples.items())

    def check(self, answer: Any) -> Verdict:
        code = str(answer)
        made, sentences = [], []
        for case in self.cases:
            value, sentence = evaluated(code, case.given, self.lines)
            made.append(value)
            sentences.append(sentence)
        if all(value is None for value in made):
            return Verdict(False, sentences[0], read=False)
        passed = [self._same(value, case.problem.right) for value, case in zip(made, self.cases, strict=True)]
        if all(passed):
            return Verdict(True, f"Right: it equals the core’s own result in all {len(passed)} cases.")
        return self._wrong(made, passed, sentences[passed.index(False)])

    def _same(self, value: np.ndarray | None, way: Way) -> bool:
        expected = way.trace[self.makes].value
        if value is None or value.shape != expected.shape:
            return False
        return bool(np.allclose(value, expected, rtol=_CLOSE, atol=_CLOSE))

    def _wrong(self, made: Sequence[np.ndarray | None], passed: Sequence[bool], sentence: str) -> Verdict:
        ways = self._fitting(made)
        first = passed.index(False)
        found = comes_out(ways) or ((self.cases[first].tells,) if first else ())
        says = " ".join(part for part in (not_right(found), sentence) if part)
        return Verdict(False, says, found, self.cases[0].problem.diverges(ways[0]) if ways else None)

    def _fitting(self, made: Sequence[np.ndarray | None]) -> list[Way]:
        """The ways of the first case that agree with what the code made, there and in every case that has such a
        way."""
        first = self.cases[0].problem
        return [way for way in (*first.singles, *first.doubles) if self._agrees(way.name, made)]

    def _agrees(self, name: str, made: Sequence[np.ndarray | None]) -> bool:
        for value, case in zip(made, self.cases, strict=True):
            same = [way for way in (*case.problem.singles, *case.problem.doubles) if way.name == name]
            # what overflows in one case may be this slip all the same, and says nothing against it
            if value is not None and np.isfinite(value).all() and same and not self._same(value, same[0]):
                return False
        return made[0] is not None


def evaluated(code: str, given: Mapping[str, np.ndarray], lines: int) -> tuple[np.ndarray | None, str]:
    """What the code makes, or None and why it makes nothing."""
    from attention_core import expressions

    try:
        return np.asarray(expressions.evaluate(code, given, max_lines=lines)), ""
    except expressions.CodeError as error:
        return None, str(error)
