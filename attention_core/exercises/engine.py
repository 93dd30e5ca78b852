"""Exercises that diagnose: what is asked, and what is said about an answer.

Vocabulary
    exercise   a kind of question with a name; exercise.task(seed) asks it with the numbers of that seed
    task       one question with its numbers: prompt, hints, worked solution, and check(answer)
    kind       how an answer is given: number, choice or code: a text; cell or error: (matrix, index);
               matrix or weights: a mapping of (matrix, index) to texts; mask: a boolean array [n, n]
    checker    what a task hands an answer to; it knows a right answer and the wrong ones that are recognised
    verdict    right or not, one sentence, the slips that fit, and where the answer leaves the right way
    ask        one more cell, whose value tells apart the slips that fit

Nothing here knows an answer: every number comes from the trace of a problem (slips.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Protocol

from attention_core.exercises.boards import board
from attention_core.exercises.slips import Target, Way
from attention_core.numerals import exact, says
from attention_core.programs import GIVENS, MISTAKE
from attention_core.rules import Cell, Index
from attention_core.trace import Trace

# --- What is said about an answer ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Diagnosis:
    """A slip that explains an answer, in a sentence; depth 2 where two slips together do."""

    name: str
    says: str
    depth: int = 1


@dataclass(frozen=True)
class Ask:
    """One more cell: its value tells apart the slips named in `between`."""

    step: str
    index: Index
    prompt: str
    between: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """right or not; a sentence; the slips that fit, single before double; where the first of them leaves the right way;
    a further question where several fit; per blank whether it is right; and whether the answer could be read at all,
    for what cannot be read is no answer."""

    right: bool
    says: str
    slips: tuple[Diagnosis, ...] = ()
    diverges: str | None = None
    ask: Ask | None = None
    marks: Mapping[Target, bool] = field(default_factory=dict)
    read: bool = True


class Checker(Protocol):
    """right() -> an answer that passes; wrong() -> (name of the slip, an answer that shows it); check(answer).

    One whose verdicts ask for one more cell also has narrowed(ask, answer).
    """

    def right(self) -> Any: ...
    def wrong(self) -> Iterator[tuple[str, Any]]: ...
    def check(self, answer: Any) -> Verdict: ...


@dataclass(frozen=True, eq=False)
class Task:
    """One question with its numbers. `exercise`, `lesson` and `seed` are filled in by Exercise.task.

    accepts   what may be answered, in one sentence
    trace     the matrices that it is about, worked out rightly; None where there are none
    target    the cell that is asked for, where it is one
    options   what may be chosen
    blanks    the cells to be filled in; `start` is what their fields, or the code's, begin with
    shown     the matrices that the prompt speaks of and that are drawn below it
    pictured  the matrix whose numbers are drawn as a histogram; "" for none
    hints     three, from a nudge to nearly there
    solution  lines of worked arithmetic
    """

    prompt: str
    accepts: str
    hints: tuple[str, str, str]
    solution: tuple[str, ...]
    checker: Checker = field(repr=False)
    trace: Trace | None = None
    target: Target | None = None
    options: tuple[str, ...] = ()
    blanks: tuple[Target, ...] = ()
    start: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    pictured: str = ""
    exercise: str = ""
    lesson: str = ""
    seed: int = 0

    def check(self, answer: Any) -> Verdict:
        """What is to be said about an answer of this task's kind. Never raises for what a learner may type."""
        return self._in_sight(self.checker.check(answer))

    def check_ask(self, ask: Ask, answer: str) -> Verdict:
        """Narrow the slips of an earlier verdict by the learner's number for the cell that it asked for."""
        return self._in_sight(self.checker.narrowed(ask, answer))

    def _in_sight(self, verdict: Verdict) -> Verdict:
        """The verdict, naming a step only where the learner can look at it."""
        seen = verdict.diverges is None or self.sees(verdict.diverges)
        return verdict if seen else replace(verdict, diverges=None)

    def sees(self, name: str) -> bool:
        """Whether this matrix stands on the lesson's board, or is drawn with the task."""
        return name in board(self.lesson) or name in self.drawn

    @property
    def drawn(self) -> frozenset[str]:
        """The matrices that are drawn with the task itself: those it speaks of, and those that are filled in."""
        return frozenset((*self.shown, *(name for name, _ in self.blanks)))

    def seen_as(self, name: str) -> tuple[str, str]:
        """Title and sentence of a step that a verdict names, as they stand where the learner sees it.

        No sentence where it says something else there: of a step that the task does its own way, or wrong on purpose.
        """
        forms = board(self.lesson).get(name, ())
        own = self.trace[name].step if self.trace is not None and name in self.trace else None
        if own is None or (forms and own.title not in {form.title for form in forms}):
            return forms[0].title, ""  # it is on the board: a task draws what is its own from its own trace
        said = {form.says for form in forms} or {own.says}
        return own.title, own.says if own.says in said and not own.says.startswith(MISTAKE) else ""

    def right(self) -> Any:
        """An answer that passes: for answer keys."""
        return self.checker.right()

    def wrong(self) -> Iterator[tuple[str, Any]]:
        """(the name of a single slip, an answer that shows it), for every slip that makes a difference."""
        return self.checker.wrong()


@dataclass(frozen=True)
class Exercise:
    """A question that can be asked with many numbers. build: seed -> Task; seed 0 has the curriculum's numbers.

    own: already those of seed 0 are not the numbers that the lesson shows.
    """

    name: str
    lesson: str
    kind: str
    title: str
    difficulty: int
    build: Callable[[int], Task] = field(repr=False)
    own: bool = False

    def task(self, seed: int = 0) -> Task:
        """The task of this seed. Raises ValueError for a seed that is not a whole number of at least 0."""
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ValueError(f"exercise {self.name}: a seed is a whole number of at least 0, and this is {seed!r}")
        return replace(self.build(seed), exercise=self.name, lesson=self.lesson, seed=seed)


def comes_out(ways: Sequence[Way]) -> tuple[Diagnosis, ...]:
    return tuple(Diagnosis(way.name, f"This comes out when {way.when}.", len(way.slips)) for way in ways)


def not_right(diagnoses: Sequence[Diagnosis]) -> str:
    """The sentence of a wrong answer: what explains it, or that nothing known does."""
    if not diagnoses:
        return "Not right, and no slip that is known here gives it."
    if len(diagnoses) == 1:
        return f"Not right. {diagnoses[0].says}"
    numbered = " ".join(f"({i}) {diagnosis.says}" for i, diagnosis in enumerate(diagnoses, 1))
    return f"Not right. There are {len(diagnoses)} ways to get there. {numbered}"


def named(trace: Trace, target: Target) -> str:
    """A cell in words: "weights (hit, ball)"."""
    name, index = target
    matrix = trace.matrix(name)
    title = trace[name].step.title if name in trace else GIVENS[name].title if name in GIVENS else name
    places = ", ".join(matrix.place(index).values())
    return f"{title} ({places})" if places else title


def worked(trace: Trace, target: Target, steps: Sequence[str]) -> tuple[str, ...]:
    """The arithmetic that leads to the target, a line for every cell of these steps that it depends on."""
    needed: dict[str, set[Index]] = {target[0]: {target[1]}}
    lines: list[str] = []
    for name in reversed(tuple(trace)):
        cells = [(at, trace[name].explain(at)) for at in sorted(needed.get(name, ()))]
        for _, cell in cells:
            for source, reads in zip(trace[name].step.inputs, cell.reads, strict=True):
                needed.setdefault(source, set()).update(reads)
        if name in steps:
            lines = [f"{named(trace, (name, at))} = {equation(cell)}" for at, cell in cells] + lines
    return tuple(lines)


def equation(cell: Cell) -> str:
    """A cell's arithmetic and its value: "3 / 5", "ln 3 / 2 = 0.55" (with ≈ where the value is rounded)."""
    quotient = any(piece == " / " for piece in cell.pieces)
    written, value = cell.written(_bracketed if quotient else exact), exact(cell.value)
    if written.replace(" ", "") == value.replace(" ", ""):
        return written
    return f"{written} {'=' if not isfinite(cell.value) or says(value, cell.value) else '≈'} {value}"


def _bracketed(x: float) -> str:
    """An operand of a quotient: what is a quotient or a product itself stands in brackets."""
    text = exact(x)
    return f"({text})" if "/" in text or " " in text.removeprefix("ln ") else text
