"""A checker of matrices to construct: judged by what they do, on sentences that the learner has not seen.

Vocabulary
    chosen     the given matrices that the learner fills in; start: what they are before; model: one right answer
    sentence   words with their program and all that it is given but the chosen matrices
    judge      looks at one sentence's trace; a sentence of what fails there, with its cell, or "" where nothing does
    allowed    what may be typed at all: a diagnosis of what is not, or None
    repair     a slip told backwards: a change of what was chosen. Where all sentences pass with it, it was the slip

Any matrices that do what is asked are right, however they do it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from attention_core.exercises.answers import typed, unread
from attention_core.exercises.engine import Diagnosis, Verdict, named
from attention_core.exercises.numbers import texts_of
from attention_core.exercises.slips import Given, Slip, Target
from attention_core.numerals import decimal, parse
from attention_core.programs import run_steady
from attention_core.trace import Program, Trace


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence to be judged on: program and given belong to it, all but the chosen matrices."""

    words: tuple[str, ...]
    program: Program
    given: Given
    labels: Mapping[str, Sequence[str]]

    def trace(self, chosen: Given) -> Trace:
        """What comes out with these matrices. Raises ValueError where their numbers cannot be computed with."""
        return run_steady(self.program, {**self.given, **chosen}, self.labels)[0]

    def __str__(self) -> str:
        return f"“{' '.join(self.words)}”"


Judge = Callable[[Sentence, Trace], str]
Allowed = Callable[[Given, Given], Diagnosis | None]


def anything(_start: Given, _made: Given) -> None:
    """Whatever can be read may be typed."""


@dataclass(frozen=True, eq=False)
class Construction:
    """Given matrices to construct; right where every sentence passes the judge.

    blanks    the cells that are typed; the others keep what `start` has
    because   what is said of a right answer
    examples  by the name of a slip, matrices that show it
    """

    start: Given
    model: Given
    blanks: tuple[Target, ...]
    sentences: tuple[Sentence, ...]
    judge: Judge
    because: str
    allowed: Allowed = anything
    repairs: tuple[Slip, ...] = field(default=(), repr=False)
    examples: Mapping[str, Given] = field(default_factory=dict, repr=False)

    def right(self) -> dict[Target, str]:
        return self.texts(self.model)

    def wrong(self) -> Iterator[tuple[str, dict[Target, str]]]:
        return ((name, self.texts(matrices)) for name, matrices in self.examples.items())

    def texts(self, matrices: Given) -> dict[Target, str]:
        """The matrices as a learner would type them."""
        return {(name, at): typed(float(matrices[name][at])) for name, at in self.blanks}

    def check(self, answer: Any) -> Verdict:
        texts = texts_of(answer, self.blanks)
        if sentence := self._unread(texts):
            return Verdict(False, sentence)
        made = {name: matrix.copy() for name, matrix in self.start.items()}
        for text, (name, at) in zip(texts, self.blanks, strict=True):
            made[name][at] = parse(text)
        if refused := self.allowed(self.start, made):
            return Verdict(False, f"Not right. {refused.says}", (refused,))
        fault = self._fault(made)
        if not fault:
            return Verdict(True, f"Right. {self.because} It holds in all {len(self.sentences)} sentences.")
        found = tuple(Diagnosis(slip.name, f"If {slip.when}.") for slip in self.repairs if self._repaired(slip, made))
        would = " It would come out right:" if found else " The hints lead on."
        return Verdict(False, f"Not right. {fault}{would}", found)

    def _unread(self, texts: Sequence[str]) -> str:
        """Which cell cannot be read, and why; "" when all can."""
        trace = self.sentences[0].trace(self.model)
        for text, target in zip(texts, self.blanks, strict=True):
            if sentence := unread(text):
                return f"{named(trace, target).capitalize()}: {sentence}"
        return ""

    def _fault(self, chosen: Given) -> str:
        """What fails first; "" where nothing does."""
        for sentence in self.sentences:
            try:
                trace = sentence.trace(chosen)
            except ValueError:
                return f"In {sentence} the numbers become too large to be computed with: choose smaller ones."
            if fault := self.judge(sentence, trace):
                return fault
        return ""

    def _repaired(self, slip: Slip, made: Given) -> bool:
        """Whether all is well once this slip is taken back. A repair that changes nothing takes nothing back."""
        _, chosen = slip.change((), made)
        same = all(np.array_equal(chosen[name], made[name]) for name in made)
        return not same and self.allowed(self.start, chosen) is None and not self._fault(chosen)


# --- Judges ----------------------------------------------------------------------------------------------------------


def takes(sentence: Sentence, trace: Trace, query: int, key: int) -> str:
    """What one word takes from another, as a sentence begins: "In “red ball”, ball takes 0.75 from red"."""
    words = trace["weights"].labels[0]
    weight = float(trace["weights"].value[query, key])
    return f"In {sentence}, {words[query]} takes {decimal(weight)} from {words[key]}"


def attending(wanted: Callable[[Sentence], Sequence[Target]], least: float) -> Judge:
    """For each wanted cell of the weights: at least this much, and more than any other of its row."""

    def judge(sentence: Sentence, trace: Trace) -> str:
        for _, (query, key) in wanted(sentence):
            row = trace["weights"].value[query]
            rival = int(np.argmax(np.where(np.arange(len(row)) == key, -1.0, row)))
            if row[key] < least or row[rival] >= row[key]:
                also = f"; from {trace['weights'].labels[1][rival]} it takes {decimal(float(row[rival]))}"
                return f"{takes(sentence, trace, query, key)}, and at least {decimal(least)} is asked{also}."
        return ""

    return judge


def weighing(model: Given, close: Callable[[float, float], bool]) -> Judge:
    """All weights as with the model's matrices; close: whether two weights count as equal."""

    def judge(sentence: Sentence, trace: Trace) -> str:
        asked, found = (of["weights"].value for of in (sentence.trace(model), trace))
        if all(close(float(found[at]), float(asked[at])) for at in np.ndindex(asked.shape)):
            return ""
        worst = tuple(map(int, np.unravel_index(np.abs(found - asked).argmax(), asked.shape)))
        return f"{takes(sentence, trace, *worst)}, and {decimal(float(asked[worst]))} is asked."

    return judge
