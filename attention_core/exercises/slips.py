"""Slips: what goes wrong on the way to an answer, written as changes of the program, so that the core computes each.

Vocabulary
    slip      a function (program, given) -> (program, given), or a cell read in place of another, with its sentence
    part      what a slip touches ("scale", "mask", "softmax", ...): two slips of one part cannot happen together
    double    two slips at once; a double counts only where both of its slips make a difference
    problem   a program on given matrices, the cells that are asked for, and the slips to look for
    way       one working of a problem: the right one, or one with a slip or two in it

No number of a slip stands anywhere: it is what the program makes when the slip is in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from math import sqrt

import numpy as np

from attention_core import programs, rules
from attention_core.changes import changed, comparable
from attention_core.exercises.answers import alike
from attention_core.numerals import LIMIT
from attention_core.programs.editing import exchanged, find, names, without_stage
from attention_core.rules import Index
from attention_core.trace import Program, Step, Trace, run

Given = Mapping[str, np.ndarray]
Target = tuple[str, Index]  # (name of the matrix, index of the cell)
Change = Callable[[Program, Given], tuple[Program, Given]]


def _unchanged(program: Program, given: Given) -> tuple[Program, Given]:
    return program, given


def _as_asked(target: Target) -> Target:
    return target


@dataclass(frozen=True)
class Slip:
    """One thing that goes wrong.

    when    completes "this comes out when ..."
    part    what it touches
    change  what becomes of the program and of what it is given
    read    which cell is read where another was asked for
    alone   whether it is left out of doubles: for slips that, with another one, nobody could tell from a third
    """

    name: str
    when: str
    part: str
    change: Change = _unchanged
    read: Callable[[Target], Target] = _as_asked
    alone: bool = False


@dataclass(frozen=True, eq=False)
class Way:
    """One working of a problem, with the slips in it (none: the right one)."""

    slips: tuple[Slip, ...]
    trace: Trace

    @property
    def name(self) -> str:
        return " + ".join(slip.name for slip in self.slips)

    @property
    def when(self) -> str:
        return " and, at the same time, ".join(slip.when for slip in self.slips)

    def at(self, target: Target) -> float | None:
        """The number that this way has for the cell; None where it has no such cell."""
        name, at = _read(self.slips, target)
        if not self.trace.has(name):
            return None
        value = self.trace.matrix(name).value
        inside = value.ndim == len(at) and all(0 <= i < n for i, n in zip(at, value.shape, strict=True))
        return float(value[at]) if inside else None

    def values(self, targets: Sequence[Target]) -> tuple[float | None, ...]:
        return tuple(map(self.at, targets))

    def usable(self, targets: Sequence[Target]) -> bool:
        """Whether it has a number for each of the cells: one that can be typed."""
        return all(value is not None and abs(value) <= LIMIT for value in self.values(targets))


def _read(slips: Sequence[Slip], target: Target) -> Target:
    for slip in slips:
        target = slip.read(target)
    return target


def upstream(program: Program, wanted: Sequence[str]) -> Program:
    """The steps of the program that the wanted matrices are made by, and no others."""
    needed, kept = set(wanted), []
    for step in reversed(program):
        if step.name in needed:
            needed.update(step.inputs)
            kept.append(step)
    return tuple(reversed(kept))


@dataclass(frozen=True, eq=False)
class Problem:
    """What an exercise is about: a program, what it is given, the cells asked for, and the slips to look for."""

    program: Program
    given: Given
    labels: Mapping[str, Sequence[str]]
    targets: tuple[Target, ...]
    slips: tuple[Slip, ...] = field(default=(), repr=False)

    @cached_property
    def right(self) -> Way:
        return Way((), run(self.program, self.given, self.labels))

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The steps that the answer depends on, in program order."""
        return names(upstream(self.program, [name for name, _ in self.targets]))

    @cached_property
    def singles(self) -> tuple[Way, ...]:
        """The ways with one slip that makes a difference."""
        ways = (self._alone[slip.name] for slip in self.slips)
        return tuple(way for way in ways if way and way.usable(self.targets) and self._differ(way, self.right))

    @cached_property
    def doubles(self) -> tuple[Way, ...]:
        """The ways with two slips, each of which makes a difference beside the other."""
        return tuple(self._doubles())

    @cached_property
    def _alone(self) -> dict[str, Way | None]:
        return {slip.name: self._way((slip,)) for slip in self.slips}

    def _doubles(self) -> Iterator[Way]:
        for pair in combinations(self.slips, 2):
            if pair[0].part == pair[1].part or pair[0].alone or pair[1].alone:
                continue
            way = self._way(pair)
            without = (self.right, *(self._alone[slip.name] for slip in pair))
            if way and way.usable(self.targets) and all(self._differ(way, other) for other in without if other):
                yield way

    def _way(self, slips: tuple[Slip, ...]) -> Way | None:
        """What comes out with these slips; None where nothing does, as when shapes no longer fit."""
        program, given = self.program, self.given
        for slip in slips:
            program, given = slip.change(program, given)
        wanted = (*self.steps, *(_read(slips, target)[0] for target in self.targets))
        try:
            return Way(slips, run(upstream(program, wanted), given, self.labels))
        except ValueError:
            return None

    def _differ(self, one: Way, other: Way) -> bool:
        pairs = zip(one.values(self.targets), other.values(self.targets), strict=True)
        return any(b is None or not alike(a, b) for a, b in pairs)

    def diverges(self, way: Way) -> str:
        """The first step, of those that the answer depends on, at which this way leaves the right one."""
        right = self.right.trace
        for name in self.steps:
            if right[name].step.rule is rules.nothing and not self._takes_off(way, name):
                continue
            if not comparable(right, way.trace, name) or changed(right, way.trace, name).any():
                return name
        return self.targets[-1][0]

    @staticmethod
    def _takes_off(way: Way, name: str) -> bool:
        """Whether a step that takes nothing off the scores does take something off in this way."""
        return way.trace.has(name) and bool(way.trace[name].value.any())

    @property
    def apart(self) -> int:
        """How many different answers the right way and the single slips give, told apart at 2.5 %."""
        found: list[tuple[float, ...]] = []
        for way in (self.right, *self.singles):
            values = way.values(self.targets)
            if not any(all(alike(a, b, 0.025) for a, b in zip(values, one, strict=True)) for one in found):
                found.append(values)
        return len(found)


TRIES = 8


def spread(draw: Callable[[np.random.Generator], Problem], seed: int) -> Problem:
    """A problem of this seed: of a few draws, the one whose single slips give the most different answers."""
    best, most = None, 0
    for attempt in range(TRIES):
        problem = draw(np.random.default_rng([seed, attempt]))
        apart = problem.apart
        if apart > most:
            best, most = problem, apart
        if most == len(problem.slips) + 1:
            break
    return best


# --- Changes that many slips are made of -----------------------------------------------------------------------------


def giving(**make: Callable[[Given], np.ndarray]) -> Change:
    """A change of what is given: giving(scale=lambda given: ...)."""
    return lambda program, given: (program, {**given, **{name: new(given) for name, new in make.items()}})


def programmed(transform: Callable[[Program], Program]) -> Change:
    """A change of the program alone."""
    return lambda program, given: (transform(program), given)


def stepped(name: str, **new) -> Change:
    """A change of one step: its inputs, axes or rule."""
    return programmed(lambda program: exchanged(program, replace(find(program, name), **new)))


def reading(name: str, instead: str) -> Callable[[Target], Target]:
    """The same place of another matrix."""
    return lambda target: (instead, target[1]) if target[0] == name else target


def turned(target: Target) -> Target:
    """The cell with its row and its column exchanged."""
    return target[0], target[1][::-1]


_copied = rules.total  # a sum over no axis: the numbers as they are


def _without_exp(program: Program) -> Program:
    step: Step = find(program, "exps")
    last = find(program, "row_max" if "row_max" in names(program) else "exps").inputs[0]
    return exchanged(program, replace(step, inputs=(last,), axes="query key -> query key", rule=_copied))


def _down_columns(program: Program) -> Program:
    if "row_max" in names(program):
        return programs.wrong_axis(program)
    turned_round = programs.wrong_axis(programs.SOFTMAX)  # nothing is taken off: the sums and the division are left
    return exchanged(program, find(turned_round, "row_sums"), find(turned_round, "weights"))


def _without_division(program: Program) -> Program:
    step = find(program, "weights")
    return exchanged(program, replace(step, inputs=("exps",), axes="query key -> query key", rule=_copied))


# --- Slips of softmax ------------------------------------------------------------------------------------------------

COLUMNS = Slip("columns", "softmax runs over columns instead of rows", "axis", programmed(_down_columns))
NO_EXP = Slip(
    "no exponential", "the scores themselves are divided by their sum, without exp", "exp", programmed(_without_exp)
)
UNDIVIDED = Slip(
    "not normalised", "the exponentials are used as they are, not divided by their sum", "share",
    programmed(_without_division),
)  # fmt: skip
BY_LARGEST = Slip(
    "divided by the largest", "the largest exponential is divided by, instead of the sum", "sum",
    stepped("row_sums", rule=rules.maximum),
)  # fmt: skip


# --- Slips of a head -------------------------------------------------------------------------------------------------


def _scaled_by(name: str, when: str, factor: Callable[[int, int], float]) -> Slip:
    """A slip in the scale; factor: (d_k, d_model) -> what every score is multiplied by."""
    return Slip(name, when, "scale", giving(scale=lambda given: np.array(factor(*given["w_q"].shape[::-1]))))


UNSCALED = _scaled_by("no scaling", "the scores are not scaled", lambda d_k, d_model: 1.0)
BY_D_K = _scaled_by("÷ d_k", "the scores are divided by d_k instead of its square root", lambda d_k, d_model: 1 / d_k)
BY_ROOT_D_MODEL = _scaled_by(
    "÷ √d_model", "the scores are divided by √d_model instead of √d_k", lambda d_k, d_model: 1 / sqrt(d_model)
)
BY_D_MODEL = _scaled_by(
    "÷ d_model", "the scores are divided by d_model instead of √d_k", lambda d_k, d_model: 1 / d_model
)
UNMASKED = Slip("no mask", "no mask is applied", "mask", programmed(lambda program: without_stage(program, "masked")))
MASKED_WITH_0 = Slip(
    "masked with 0", "hidden scores are set to 0 instead of −∞", "mask", programmed(programs.masked_with_zero)
)
MASKED_AFTER = Slip(  # with another slip it is, for a cell that may be seen, the same as no mask with that slip
    "masked after softmax", "the mask is applied after softmax", "mask", programmed(programs.masked_after),
    reading("weights", "masked_weights"), alone=True,
)  # fmt: skip
TURNED = Slip("transposed", "the row and the column are mixed up", "place", read=turned)
EXPONENTIAL = Slip(
    "exponential instead of weight", "the exponential is given, before it is divided by the sum", "matrix",
    read=reading("weights", "exps"),
)  # fmt: skip
SCORE = Slip(
    "score instead of weight", "the score is given, before softmax", "matrix", read=reading("weights", "scaled")
)

IN_THE_SCORES = (UNSCALED, BY_D_K, BY_ROOT_D_MODEL, BY_D_MODEL, UNMASKED, MASKED_WITH_0, MASKED_AFTER, COLUMNS)
IN_A_WEIGHT = (*IN_THE_SCORES, TURNED, EXPONENTIAL, SCORE)
