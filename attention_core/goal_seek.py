"""Which single number would have to change, and to what, so that one cell of the trace becomes what is wanted?

Vocabulary
    goal       a cell of a computed matrix, and the number that it is to become
    entry      one number of a given matrix: what may be moved, alone, everything else staying as it is
    answer     what moving one entry does for the goal: one of KINDS
    copy       the given matrix once more, with another number in one entry; many copies are run at once
    grid       the numbers that are tried in an entry: close together near its present one, farther apart towards BOUNDS
    gap        how far the goal's cell is from what is wanted, with its sign: a goal is reached where the gap is 0
    flat       a gap that is 0 over a whole stretch: a neuron that is off makes it so, exactly; or softmax, which only
               comes ever nearer to 0 or 1, until rounding takes it for that

Every number comes from running the program, never from a slope. Many copies run at once by `fast.planned`; what is then
said of an answer is what one run of the whole program, with that number typed in, made of the goal's cell.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from attention_core import numerals, rules
from attention_core.fast import planned
from attention_core.moves import Collect, Move
from attention_core.programs.backward import softmaxes
from attention_core.programs.editing import find, lifted, names
from attention_core.programs.one_head import STEADY_ABOVE, run_steady, steadied
from attention_core.rules import Index, Rule
from attention_core.trace import Program, Step, Trace, Traced, givens

BOUNDS = (-100.0, 100.0)
TOLERANCE = 1e-9  # of the number that is wanted, or of 1 if that is smaller
KINDS: Mapping[str, str] = {
    "reaches": "it reaches the goal",
    "approaches": "it comes ever nearer, and never quite there",
    "near": "the nearest that it comes to the goal",
    "still": "it is read, but multiplied by 0 or cancelled: it moves nothing",
    "unread": "the cell does not depend on it",
}
_NOISE = 1e-14  # a gap of this size is rounding
_MOST = 3_000_000  # numbers of one matrix, over all copies that are run at once
_BIT = 1e-4  # how far beside a solution is looked whether the gap is flat there

Values = np.ndarray  # [copies]


@dataclass(frozen=True)
class Answer:
    """What one entry can do. kind: of KINDS; now: its number; to: what it would have to become, or with which it comes
    nearest; text: that number as it may be typed; value: what the goal's cell is then."""

    name: str
    at: Index
    kind: str
    now: float
    to: float
    text: str
    value: float

    @property
    def move(self) -> float:
        """How far the entry would have to move."""
        return abs(self.to - self.now)


@dataclass(frozen=True)
class Sought:
    """What a search found. answers: the best first; flips: cells of a mask that would do it alone, painted;
    why: in a sentence, why no entry reaches the goal; "" if one does."""

    name: str
    at: Index
    value: float
    wanted: float
    answers: tuple[Answer, ...]
    flips: tuple[tuple[str, Index], ...] = ()
    why: str = ""

    def of(self, kind: str) -> tuple[Answer, ...]:
        """The answers of one kind."""
        return tuple(answer for answer in self.answers if answer.kind == kind)

    @property
    def tolerance(self) -> float:
        """How far from the wanted number a cell may be that has reached it."""
        return TOLERANCE * max(1.0, abs(self.wanted))


def seek(
    program: Program, given: Mapping[str, np.ndarray], labels: Mapping[str, Sequence[str]], name: str, at: Index,
    wanted: float, entries: Iterable[str], *, steady: Program = (), tied: Collection[str] = (),
    bounds: tuple[float, float] = BOUNDS,
) -> Sought:  # fmt: skip
    """Search every number of the given matrices `entries`: can it alone make cell `at` of `name` the number `wanted`?

    steady: as for `run_steady`; tied: given matrices that hold the same numbers, so that one entry is moved in all.
    Raises KeyError when no step makes `name`, IndexError when it has no such cell, ValueError for a wanted number that
    is not finite.
    """
    if not np.isfinite(wanted):
        raise ValueError(f"a finite number can be sought, and {wanted} is none")
    case = _Case(program, given, labels, steady, name, at, wanted, tuple(tied), bounds)
    read = reads(case.trace, name, at)
    found: list[Answer] = []
    for entry in _apart(entries, given, tied):
        known = set().union(*(read.get(one, ()) for one in case.own(entry)))
        cells = [cell for cell in np.ndindex(given[entry].shape) if cell in known]
        found += [_stays(case, entry, cell, "unread") for cell in np.ndindex(given[entry].shape) if cell not in known]
        found += _searched(case, entry, cells) if cells else []
    order = list(KINDS)
    found.sort(key=lambda one: (order.index(one.kind), one.move if one.kind == "reaches" else abs(one.value - wanted)))
    why = "" if any(one.kind == "reaches" for one in found) else case.why(read)
    return Sought(name, tuple(at), case.value, wanted, tuple(found), _flips(case, read), why)


def reads(trace: Trace, name: str, at: Index) -> dict[str, set[Index]]:
    """The cells of the given matrices that a cell depends on, by all that is read on the way to it."""
    wanted: dict[str, set[Index]] = {name: {tuple(at)}}
    for made in reversed(tuple(trace.values())):
        for cell in wanted.pop(made.name, ()):
            slots = made.step.rule.reads(made.step.parsed, made.inputs, cell)
            for source, cells in zip(made.step.inputs, slots, strict=True):
                wanted.setdefault(source, set()).update(cells)
    return wanted


def _apart(entries: Iterable[str], given: Mapping[str, np.ndarray], tied: Collection[str]) -> list[str]:
    """The matrices to search: those with numbers, and of tied ones the first."""
    numbers = [name for name in entries if name in given and given[name].dtype != bool]
    first = next((name for name in numbers if name in tied), None)
    return [name for name in numbers if name not in tied or name == first]


# --- The program on many copies at once ------------------------------------------------------------------------------


class _Case:
    """A goal with its program as it runs now, and the gap for any numbers in any entries."""

    def __init__(
        self, program: Program, given: Mapping[str, np.ndarray], labels: Mapping[str, Sequence[str]], steady: Program,
        name: str, at: Index, wanted: float, tied: tuple[str, ...], bounds: tuple[float, float],
    ):  # fmt: skip
        self.given = {key: x if x.dtype == bool else np.asarray(x, float) for key, x in given.items()}
        self.labels, self.typed, self.steady = labels, program, steady
        self.trace, forced = run_steady(program, self.given, labels, steady)
        whole = (steady or steadied(program)) if forced else program
        find(whole, name)
        self.trace[name].explain(at)  # there is such a cell
        self.program = whole[: names(whole).index(name) + 1]
        self.name, self.at, self.wanted, self.tied, self.bounds = name, tuple(at), wanted, tied, bounds
        self.value = self.trace[name].value[self.at].item()
        self.slack = TOLERANCE * max(1.0, abs(wanted))
        self.noise = _NOISE * max(1.0, abs(wanted))
        self.sizes = _sizes(self.trace)
        blocks = softmaxes(self.program).values()
        self.scores = next((block.source for block in blocks if name in block.inside), "") if not forced else ""
        self._many: dict[str, Program] = {}

    def own(self, entry: str) -> tuple[str, ...]:
        """The matrices that an entry stands in."""
        return self.tied if entry in self.tied else (entry,)

    def gap(self, entry: str, cells: np.ndarray, values: Values) -> Values:
        """cells [copies, axes of the entry], values [copies] -> how far the goal's cell is off; NaN if it cannot be."""
        largest = max(x.value.size for x in (*self.trace.values(), *self.trace.given.values()))
        few = max(1, _MOST // largest)
        parts = [slice(i, i + few) for i in range(0, len(values), few)]
        return np.concatenate([self._gap(entry, cells[part], values[part]) for part in parts])

    def _gap(self, entry: str, cells: np.ndarray, values: Values) -> Values:
        try:
            return self._at_once(entry, cells, values)
        except (ValueError, FloatingPointError):  # some rule refuses one of them, as a temperature below 0
            if len(values) == 1:
                return np.array([np.nan])
        return np.concatenate([self._gap(entry, cells[i : i + 1], values[i : i + 1]) for i in range(len(values))])

    def _at_once(self, entry: str, cells: np.ndarray, values: Values) -> Values:
        copies = np.repeat(self.given[entry][None], len(values), axis=0)
        copies[(np.arange(len(values)), *cells.T)] = values
        made = self._plan(entry, len(values))({**self.given, **dict.fromkeys(self.own(entry), copies)})
        found = made[self.name][(slice(None), *self.at)] - self.wanted
        found = np.where(np.isfinite(found), found, np.nan)
        if self.scores:  # beyond that the row maximum is subtracted, and the cell is another
            scores = made[self.scores]
            alike = scores.ndim == self.trace.matrix(self.scores).value.ndim  # in all copies
            sizes = np.abs(np.where(np.isfinite(scores), scores, 0))
            most = sizes.max(axis=None if alike else tuple(range(1, sizes.ndim)))
            found = np.where(most <= STEADY_ABOVE, found, np.nan)
        return found

    def _plan(self, entry: str, copies: int) -> Callable:
        if entry not in self._many:
            self._many[entry] = _on_copies(self.program, self.own(entry))
        wanted = (self.name, self.scores) if self.scores else (self.name,)
        return planned(self._many[entry], {**self.sizes, "batch": copies}, wanted)

    def run(self, entry: str, cell: Index, to: float) -> float:
        """What the goal's cell is with this number in this entry, by one run of the program; NaN if that fails."""
        given = dict(self.given)
        for name in self.own(entry):
            given[name] = given[name].copy()
            given[name][cell] = to
        return self._run(given)

    def _run(self, given: Mapping[str, np.ndarray]) -> float:
        try:
            trace, _ = run_steady(self.typed, given, self.labels, self.steady)
        except ValueError:
            return np.nan
        return trace[self.name].value[self.at].item() if self.name in trace else np.nan

    def why(self, read: Mapping[str, set[Index]]) -> str:
        if abs(self.value - self.wanted) <= self.slack:
            return "It is that already."
        return why_not(self.trace, self.name, self.at, self.wanted, read)


def _sizes(trace: Trace) -> dict[str, int]:
    """How long every axis is; the parts of a merged one stand elsewhere on their own."""
    return {
        axis: n
        for matrix in (*trace.given.values(), *trace.values())
        for axis, n in zip(matrix.axes, matrix.value.shape, strict=True)
    }


def _on_copies(program: Program, own: Collection[str]) -> Program:
    """The program for copies of the matrices `own`: all that follows from them has an axis "batch" in front."""
    shared = [name for name in givens(program) if name not in own]
    return tuple(map(_for_each, lifted(program, shared=shared, axis="batch")))


def _for_each(step: Step) -> Step:
    """The step for every copy: a move is made one copy after another, and nothing is checked for its size."""
    axes, rule = step.parsed, step.rule
    if rule is rules.nothing:
        kept = [i for i, axis in enumerate(axes.inputs[0]) if axis in axes.output]
        return replace(step, rule=Rule("", lambda _, x: np.zeros([x.shape[i] for i in kept], x.dtype), rule.write))
    if not isinstance(rule, Move | Collect) or axes.output[:1] != ("batch",):
        return step
    many = [of[:1] == ("batch",) for of in axes.inputs]

    def compute(_, *inputs: np.ndarray) -> np.ndarray:
        copies = len(next(x for x, each in zip(inputs, many, strict=True) if each))
        cut = ([x[i] if each else x for x, each in zip(inputs, many, strict=True)] for i in range(copies))
        return np.stack([rule.compute(None, *one) for one in cut])

    return replace(step, rule=Rule("", compute, rule.write))


# --- The search ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Tried:
    """Some entries of one matrix with the numbers tried in them: grid [entries, tried], in order, and gaps there."""

    case: _Case
    entry: str
    cells: Sequence[Index]
    now: Values
    grid: np.ndarray
    gaps: np.ndarray

    def gap(self, which: np.ndarray, values: Values) -> Values:
        """The gap with values[i] in entry number which[i]."""
        places = np.array(self.cells, int).reshape(len(self.cells), -1)
        return self.case.gap(self.entry, places[which], values) if len(which) else np.zeros(0)

    def also(self, which: np.ndarray, values: Values, gaps: Values) -> "_Tried":
        """The same with one number more tried in these entries; in the others, one that was tried stands twice."""
        grid, found = (np.concatenate([x, x[:, :1]], axis=1) for x in (self.grid, self.gaps))
        grid[which, -1], found[which, -1] = values, gaps
        order = np.argsort(grid, axis=1, kind="stable")
        return replace(self, grid=np.take_along_axis(grid, order, 1), gaps=np.take_along_axis(found, order, 1))


def _searched(case: _Case, entry: str, cells: Sequence[Index]) -> list[Answer]:
    """An answer for each of these entries, which the goal's cell reads."""
    now = np.array([case.given[entry][cell] for cell in cells])
    grid = np.array([_grid(x, case.bounds) for x in now])
    tried = _Tried(case, entry, cells, now, grid, np.zeros(0))
    which = np.repeat(np.arange(len(cells)), grid.shape[1])
    tried = _with_dips(replace(tried, gaps=tried.gap(which, grid.ravel()).reshape(grid.shape)))
    solved = {} if abs(case.value - case.wanted) <= case.slack else _solved(tried)
    return [solved.get(i) or _unsolved(tried, i) for i in range(len(cells))]


def _grid(now: float, bounds: tuple[float, float]) -> np.ndarray:
    """Numbers to try, in order: closer together near the present one, which is among them."""
    low, high = min(bounds[0], now), max(bounds[1], now)
    steps = np.geomspace(0.05, high - low, 24)
    tried = np.clip([*(now - steps), now, *(now + steps)], low, high)
    return np.sort([*tried, *np.linspace(low, high, 17)])


def _brackets(tried: _Tried) -> tuple[np.ndarray, Values, Values]:
    """Where the gap changes its sign, or is 0: for every entry the nearest such place on either side of its number."""
    sign = np.where(np.abs(tried.gaps) <= tried.case.noise, 0, np.sign(tried.gaps))
    crossed = sign[:, :-1] * sign[:, 1:] <= 0  # False beside NaN
    low, high = tried.grid[:, :-1], tried.grid[:, 1:]
    found = []
    for beyond in (low - tried.now[:, None], tried.now[:, None] - high):
        far = np.where(crossed & (beyond >= 0), beyond, np.inf)
        nearest = far.argmin(axis=1)
        which = np.flatnonzero(np.isfinite(far.min(axis=1)))
        found.append((which, low[which, nearest[which]], high[which, nearest[which]]))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _with_dips(tried: _Tried) -> _Tried:
    """With the place where the gap is smallest, for the entries where it changes no sign: it may touch 0 between."""
    sizes = np.where(np.isfinite(tried.gaps), np.abs(tried.gaps), np.inf)
    inner = sizes[:, 1:-1]
    dips = np.where((inner <= sizes[:, :-2]) & (inner <= sizes[:, 2:]) & np.isfinite(sizes[:, 2:] + sizes[:, :-2]),
                    inner, np.inf)  # fmt: skip
    solved = _brackets(tried)[0]
    which = np.setdiff1d(np.flatnonzero(np.isfinite(dips.min(axis=1, initial=np.inf))), solved)
    if not len(which):
        return tried
    at = dips[which].argmin(axis=1) + 1
    low, high = tried.grid[which, at - 1], tried.grid[which, at + 1]
    side = np.sign(tried.gaps[which, at])
    best, gaps = _lowest(lambda x: side * tried.gap(which, x), low, high)
    gaps = np.where(np.abs(gaps) <= tried.case.slack, 0, side * gaps)
    return tried.also(which, best, gaps)


def _lowest(of: Callable[[Values], Values], low: Values, high: Values) -> tuple[Values, Values]:
    """Where a function is lowest between two numbers each, if it falls and then rises: by golden sections."""
    golden = (np.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    at_a, at_b = of(a), of(b)
    for _ in range(50):
        left = at_a < at_b  # the lowest lies left of b
        low, high = np.where(left, low, a), np.where(left, b, high)
        a, b = high - golden * (high - low), low + golden * (high - low)
        new = of(np.where(left, a, b))
        at_a, at_b = np.where(left, new, at_b), np.where(left, at_a, new)
    return np.where(at_a < at_b, a, b), np.minimum(at_a, at_b)


def _solved(tried: _Tried) -> dict[int, Answer]:
    """For the entries that reach the goal, or all but reach it: by number, the answer nearest to what stands there."""
    which, low, high = _brackets(tried)
    roots = _roots(tried, which, low, high)
    roots, real = _edges(tried, which, roots)
    answers: dict[int, Answer] = {}
    for i, root, reached in zip(which.tolist(), roots.tolist(), real.tolist(), strict=True):
        if answer := _proved(tried, i, root, reached):
            answers[i] = min(answer, answers.get(i, answer), key=lambda one: (one.kind != "reaches", one.move))
    return answers


def _roots(tried: _Tried, which: np.ndarray, low: Values, high: Values) -> Values:
    """Where the gap is 0 between low and high, where its signs differ or one is 0: secants, and now and then a half."""
    a, b = low.copy(), high.copy()
    at_a, at_b = tried.gap(which, a), tried.gap(which, b)
    noise = tried.case.noise
    for turn in range(80):
        open_ = (np.abs(at_a) > noise) & (np.abs(at_b) > noise) & (np.abs(b - a) > 4e-16 * np.maximum(abs(a), abs(b)))
        if not open_.any():
            break
        with np.errstate(all="ignore"):
            x = b - at_b * (b - a) / (at_b - at_a)
        x = np.where(np.isfinite(x) & ((x - a) * (x - b) < 0) & (turn % 3 < 2), x, (a + b) / 2)
        new = np.where(open_, 0.0, at_b)
        new[open_] = tried.gap(which[open_], x[open_])
        same = np.sign(new) == np.sign(at_b)  # then the 0 lies between a and the new one
        stays = ~open_
        a, at_a = np.where(stays | same, a, b), np.where(stays | same, at_a, at_b)
        b, at_b = np.where(stays, b, x), np.where(stays, at_b, new)
    nearer = np.abs(at_a) < np.abs(at_b)
    both = (np.abs(at_a) <= noise) & (np.abs(at_b) <= noise)  # flat: the end that is nearer to the present number
    now = tried.now[which]
    nearer = np.where(both, np.abs(a - now) < np.abs(b - now), nearer)
    return np.where(nearer, a, b)


def _edges(tried: _Tried, which: np.ndarray, roots: Values) -> tuple[Values, np.ndarray]:
    """The roots, of a flat gap where it begins to be so; and whether each is a solution, or only ever nearer to one."""
    case, now = tried.case, tried.now[which]
    bit = _BIT * (1 + np.abs(roots))
    before, after = tried.gap(which, roots - bit), tried.gap(which, roots + bit)
    crosses = np.sign(before) * np.sign(after) < 0
    touches = (np.abs(before) > case.slack) & (np.abs(after) > case.slack)
    steep = (np.abs(before) > case.noise) & (np.abs(after) > case.noise) & crosses
    flat = ~(steep | touches)
    out, into = now.copy(), roots.copy()  # the gap is more than the slack at `out`, and less at `into`
    at = np.flatnonzero(flat)
    for _ in range(60 if len(at) else 0):
        middle = (out[at] + into[at]) / 2
        inside = np.abs(tried.gap(which[at], middle)) <= case.slack
        into[at], out[at] = np.where(inside, middle, into[at]), np.where(inside, out[at], middle)
    further = into + np.sign(roots - now) * 1e-6 * (1 + np.abs(into))
    ended = np.abs(tried.gap(which, further)) <= case.noise  # exactly 0 at once: a neuron that is off
    return np.where(flat & ended, further, into), ~flat | ended


def _proved(tried: _Tried, i: int, to: float, reached: bool) -> Answer | None:
    """The answer, once a run of the program with that number says so. As a fraction or a logarithm, where it is one."""
    case, cell = tried.case, tried.cells[i]
    nice = numerals.exact(to)
    for text in (nice, repr(to)) if numerals.says(nice, to) else (repr(to),):
        number = numerals.parse(text)
        value = case.run(tried.entry, cell, number)
        if abs(value - case.wanted) <= case.slack:
            kind = "reaches" if reached else "approaches"
            return Answer(tried.entry, cell, kind, tried.now[i].item(), number, text, value)
    return None  # it jumps there, and passes the goal without being it


def _unsolved(tried: _Tried, i: int) -> Answer:
    """The nearest that an entry comes to the goal, of all that was tried."""
    case, cell, now, gaps = tried.case, tried.cells[i], tried.now[i].item(), tried.gaps[i]
    sizes = np.where(np.isfinite(gaps), np.abs(gaps), np.inf)
    known = gaps[np.isfinite(gaps)]
    if not known.size or np.ptp(known) <= 1e-12 * max(1.0, abs(case.wanted), np.abs(known).max()):
        return _stays(case, tried.entry, cell, "still")
    best = np.flatnonzero(sizes <= sizes.min() + case.noise)
    to = tried.grid[i][best[np.argmin(np.abs(tried.grid[i][best] - now))]].item()
    value = case.run(tried.entry, cell, to)
    if not abs(value - case.wanted) < abs(case.value - case.wanted):  # no number does better than the present one
        to, value = now, case.value
    return Answer(tried.entry, cell, "near", now, to, numerals.exact(to), value)


def _stays(case: _Case, entry: str, cell: Index, kind: str) -> Answer:
    now = case.given[entry][cell].item()
    return Answer(entry, cell, kind, now, now, numerals.exact(now), case.value)


# --- What is said beside the answers ---------------------------------------------------------------------------------


def _flips(case: _Case, read: Mapping[str, set[Index]]) -> tuple[tuple[str, Index], ...]:
    """Cells of a mask that would do it alone: hidden where they are seen, or the other way round."""
    if abs(case.value - case.wanted) <= case.slack:
        return ()
    found = []
    for name, cells in read.items():
        if name in case.given and case.given[name].dtype == bool:
            for cell in sorted(cells):
                flipped = case.given[name].copy()
                flipped[cell] = not flipped[cell]
                if abs(case._run({**case.given, name: flipped}) - case.wanted) <= case.slack:
                    found.append((name, cell))
    return tuple(found)


def why_not(trace: Trace, name: str, at: Index, wanted: float, read: Mapping[str, set[Index]]) -> str:
    """Why no single number may bring a cell to what is wanted, in a sentence; from what is known about its step."""
    made = trace[name]
    value, kind = made.value[at].item(), name.rpartition(".")[2]
    numbers = [source for source, cells in read.items() if cells and trace.given[source].value.dtype != bool]
    if _hidden(trace, made, at) or not numbers:
        place = made.place(at)
        who, whom = (f"“{place[axis]}”" for axis in ("query", "key")) if {"query", "key"} <= set(place) else ("", "")
        if who and _hidden(trace, made, at):
            return f"{who} may not see {whom}: the mask alone decides that, whatever is typed into other matrices."
        return "No number that is given is read on the way to this cell."
    if made.step.rule is rules.share or kind in ("weights", "probabilities"):
        return _why_no_share(made, at, wanted, value)
    if made.step.rule is rules.exponentiate and wanted <= 0:
        return "An exponential is above 0, whatever its score."
    if kind == "row_sums" and wanted <= 0:
        return "A sum of exponentials is above 0."
    return "One number alone does not bring it there within the bounds; it may take two."


def _hidden(trace: Trace, made: Traced, at: Index) -> bool:
    """Whether a mask hides this very cell, and what follows from its score is 0 or −∞."""
    place = dict(zip(made.axes, at, strict=True))
    masks = (matrix for matrix in trace.given.values() if matrix.value.dtype == bool and {*matrix.axes} <= {*place})
    hidden = any(not matrix.value[tuple(place[axis] for axis in matrix.axes)] for matrix in masks)
    return hidden and made.value[at] in (0, -np.inf)


def _why_no_share(made: Traced, at: Index, wanted: float, value: float) -> str:
    if not 0 <= wanted <= 1:
        return "A weight is a share of one whole: it lies between 0 and 1."
    lost = (i for i, axis in enumerate(made.axes) if axis not in made.step.parsed.inputs[-1])
    axis = next(lost, made.value.ndim - 1)  # along which it is shared out
    row = np.moveaxis(made.value, axis, -1)[tuple(i for n, i in enumerate(at) if n != axis)]
    if np.count_nonzero(row) == 1 and value == 1:
        return "It is the only one in its row that may be seen, and so it gets all, whatever its score."
    if wanted in (0, 1):
        return (
            "An exponential is never exactly 0. While another may be seen, a weight comes ever nearer to 0 or 1, and "
            "never quite there. Only the mask makes an exact 0."
        )
    return "One number alone does not bring the weight there within the bounds; it may take two."
