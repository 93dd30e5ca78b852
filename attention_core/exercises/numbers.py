"""Checkers of typed numbers: one, several blanks, or numbers to choose such that something comes out.

Vocabulary
    many    several blanks, answered by a mapping of (matrix, index) to texts
    ways    the slips that a wrong answer is held against: the singles of the problem; its doubles only where the
            answer is pinned to them: there are so many that one or other is always near
    goal    what is to come out, where the numbers themselves are free
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np

from attention_core.exercises.answers import Fit, alike, fit, pinned, typed, unread
from attention_core.exercises.engine import Ask, Verdict, comes_out, named, not_right
from attention_core.exercises.slips import Problem, Target, Way
from attention_core.numerals import decimal, exact, parse

_APART = 0.025  # numbers that differ by less could be taken for one another
_REACHED = 0.01  # how near to the goal is right
_PINNED = 0.001  # and how near two slips at once must come to it, to be named


@dataclass(frozen=True, eq=False)
class Numbers:
    """One number (the problem's only target) or, with `many`, a mapping of its targets to texts.

    strict: near is not right, for what a slip makes is as near.
    """

    problem: Problem
    many: bool = False
    strict: bool = False

    def right(self) -> Any:
        return self._answer(self.problem.right)

    def wrong(self) -> Iterator[tuple[str, Any]]:
        for way in self.problem.singles:
            answer = self._answer(way)
            if not self._right(self._texts(answer)):  # else it passes for the right one
                yield way.name, answer

    def check(self, answer: Any) -> Verdict:
        texts = self._texts(answer)
        marks = self._marks(texts)
        if sentence := self._unread(texts):
            return Verdict(False, sentence, marks=marks, read=False)
        if self._right(texts):
            return self._vague(texts) or Verdict(True, self._praise(), marks=marks)
        ways = self._ways(texts)
        diagnoses = comes_out(ways)
        ask = self._ask(ways) if len(ways) > 1 else None
        sentence = not_right(diagnoses) + (f" {ask.prompt}" if ask else "")
        return Verdict(False, sentence, diagnoses, self._diverges(ways), ask, marks)

    def narrowed(self, ask: Ask, answer: str) -> Verdict:
        """The slips of an earlier verdict that also give this number for the cell that was asked for."""
        text, target = str(answer), (ask.step, ask.index)
        if sentence := unread(text):
            return Verdict(False, sentence, ask=ask, read=False)
        asked = (way for way in (*self.problem.singles, *self.problem.doubles) if way.name in ask.between)
        ways = _best((text,), tuple(asked), (target,))
        right = bool(_fit((text,), self.problem.right.values((target,))))
        diagnoses = comes_out(ways)
        if ways:
            sentence = " ".join(("That decides it." if len(ways) == 1 else "That leaves these.", *_says(diagnoses)))
        elif right:
            sentence = "That number is right, and none of these slips gives it: look once more at your first answer."
        else:
            sentence = "None of these slips gives that number. The hints lead on."
        return Verdict(right, sentence, diagnoses, self._diverges(ways))

    def _right(self, texts: Sequence[str]) -> bool:
        return _fit(texts, self._expected) >= (Fit.EXACT if self.strict else Fit.NEAR)

    @property
    def _expected(self) -> tuple[float, ...]:
        return self.problem.right.values(self.problem.targets)

    def _answer(self, way: Way) -> Any:
        texts = [typed(value) for value in way.values(self.problem.targets)]
        return dict(zip(self.problem.targets, texts, strict=True)) if self.many else texts[0]

    def _ways(self, texts: Sequence[str]) -> tuple[Way, ...]:
        ways = _best(texts, (*self.problem.singles, *self.problem.doubles), self.problem.targets)
        return tuple(way for way in ways if not self.strict or _fit(texts, way.values(self.problem.targets)) > Fit.NEAR)

    def _vague(self, texts: Sequence[str]) -> Verdict | None:
        """Where near is not right: an answer with so few digits that it says what a slip makes as well."""
        ways = [way for way in self._ways(texts) if len(way.slips) == 1] if self.strict else []
        if not ways:
            return None
        says = f"So rounded, this is the right number and a wrong one. {comes_out(ways)[0].says} Type more digits."
        return Verdict(False, says, read=False)

    def _texts(self, answer: Any) -> tuple[str, ...]:
        return texts_of(answer, self.problem.targets) if self.many else (str(answer),)

    def _unread(self, texts: Sequence[str]) -> str:
        return unread_of(self.problem, self.problem.targets, texts) if self.many else unread(texts[0])

    def _marks(self, texts: Sequence[str]) -> dict[Target, bool]:
        """Right or wrong for each blank that can be read."""
        if not self.many:
            return {}
        cells = zip(self.problem.targets, texts, self._expected, strict=True)
        return {target: bool(fit(text, value)) for target, text, value in cells if not unread(text)}

    def _praise(self) -> str:
        if self.many:
            return "Right, every one of them."
        (value,) = self._expected
        also = "" if exact(value) == decimal(value) else f", or {decimal(value)} as a decimal"
        return f"Right: {exact(value)}{also}."

    def _diverges(self, ways: Sequence[Way]) -> str | None:
        return self.problem.diverges(ways[0]) if ways else None

    def _ask(self, ways: Sequence[Way]) -> Ask | None:
        """The cell at which these ways give the most different numbers.

        Of those, one of the target's own matrix if there is one, and of its row."""
        trace, targets = self.problem.right.trace, self.problem.targets
        best, most = None, 1
        for name in dict.fromkeys((targets[0][0], *reversed(self.problem.steps))):
            for index in sorted(np.ndindex(trace[name].value.shape), key=lambda index: index[:1] != targets[0][1][:1]):
                found = _different([way.at((name, index)) for way in ways])
                if found > most and (name, index) not in targets:
                    best, most = (name, index), found
        if best is None:
            return None
        made = trace[best[0]]
        about = made.step.meaning.format(**made.place(best[1]))
        prompt = f"One more number decides: what do you have for {named(trace, best)}, {about}?"
        return Ask(*best, prompt, tuple(way.name for way in ways))


def _says(diagnoses: Sequence) -> list[str]:
    return [diagnosis.says for diagnosis in diagnoses]


def texts_of(answer: Any, targets: Sequence[Target]) -> tuple[str, ...]:
    """What was typed into each blank; nothing where nothing was."""
    answer = answer if isinstance(answer, Mapping) else {}
    return tuple(str(answer.get(target, "")) for target in targets)


def unread_of(problem: Problem, targets: Sequence[Target], texts: Sequence[str]) -> str:
    """Which blank cannot be read, and why; "" when all can."""
    for text, target in zip(texts, targets, strict=True):
        if sentence := unread(text):
            return f"{named(problem.right.trace, target).capitalize()}: {sentence}"
    return ""


def _fit(texts: Sequence[str], values: Sequence[float | None]) -> Fit:
    """How well readable texts say the values, all of them: as well as the worst of them."""
    return min(Fit.NO if value is None else fit(text, value) for text, value in zip(texts, values, strict=True))


def _best(texts: Sequence[str], ways: Sequence[Way], targets: Sequence[Target]) -> tuple[Way, ...]:
    """The single slips that the texts say exactly, and the doubles that they are pinned to; else singles that are near.

    Only where there are no singles among the ways, two slips are told apart, and doubles count as singles do.
    """
    ways = [way for way in ways if way.usable(targets)]
    singles = [way for way in ways if len(way.slips) == 1] or ways
    grades = [(_fit(texts, way.values(targets)), way) for way in singles]
    exact = tuple(way for grade, way in grades if grade == Fit.EXACT)
    doubles = (way for way in ways if way not in singles and _pinned(texts, way.values(targets)))
    return (*exact, *doubles) or tuple(way for grade, way in grades if grade == Fit.NEAR)


def _pinned(texts: Sequence[str], values: Sequence[float]) -> bool:
    return all(pinned(text, value) for text, value in zip(texts, values, strict=True))


def _different(values: Sequence[float | None]) -> int:
    """How many numbers these are, told apart as typed ones are; 0 where one of them cannot be typed."""
    if any(value is None or not isfinite(value) for value in values):
        return 0
    found: list[float] = []
    for value in values:
        if not any(alike(value, one, _APART) for one in found):
            found.append(value)
    return len(found)


# --- Numbers to choose -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Reaching:
    """Given numbers to choose freely: whatever makes the problem's target come out as the goal is right.

    blanks    the given cells that are chosen; the problem's own numbers there are one right answer
    goal      what the target is to be, within 1 %
    examples  by the name of a slip, numbers that reach the goal only if that slip is made
    """

    problem: Problem
    blanks: tuple[Target, ...]
    goal: float
    examples: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def right(self) -> dict[Target, str]:
        return self._texts([float(self.problem.given[name][at]) for name, at in self.blanks])

    def wrong(self) -> Iterator[tuple[str, dict[Target, str]]]:
        return ((name, self._texts(values)) for name, values in self.examples.items())

    def _texts(self, values: Sequence[float]) -> dict[Target, str]:
        return dict(zip(self.blanks, map(typed, values), strict=True))

    def check(self, answer: Any) -> Verdict:
        texts = texts_of(answer, self.blanks)
        if sentence := unread_of(self.problem, self.blanks, texts):
            return Verdict(False, sentence, read=False)
        given = {name: matrix.copy() for name, matrix in self.problem.given.items()}
        for text, (name, at) in zip(texts, self.blanks, strict=True):
            given[name][at] = parse(text)
        chosen = replace(self.problem, given=given)
        (made,) = chosen.right.values(chosen.targets)
        result = f"Your numbers make {decimal(made)}"
        if self._reached(chosen.right):
            return Verdict(True, f"Right. {result}.")
        ways = tuple(way for way in chosen.singles if self._reached(way))
        ways = ways or tuple(way for way in chosen.doubles if self._reached(way, _PINNED))
        diagnoses = comes_out(ways)
        sentence = f"{result}, not {decimal(self.goal)}. "
        if diagnoses:
            sentence += f"{decimal(self.goal)} would come out if " + ", or if ".join(way.when for way in ways) + "."
        else:
            sentence += "No slip that is known here explains them. The hints lead on."
        return Verdict(False, sentence, diagnoses, chosen.diverges(ways[0]) if ways else None)

    def _reached(self, way: Way, within: float = _REACHED) -> bool:
        (made,) = way.values(self.problem.targets)
        return alike(made, self.goal, within)
