"""Why did it change? The path of the largest change, from what was edited to what came out.

Vocabulary
    before, after   two traces of programs about the same thing; steps may have been added or taken away between them
    change          one cell of one matrix, with its value before and after
    effect          how much a cell would move back if one of the cells that it reads were put back
    remade          with other rows or columns than before, so that its cells cannot be compared with those that were
    stand-in        what stood before where an added step stands now: the matrix that its reader read then
    rounding        a cell of which nothing changed that it reads has not changed, and one that is a sum has not if it
                    moved by less than its summands are exact to: a score of 0 is often 1 − 1, and moves by 10⁻¹⁶
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from attention_core.moves import Move
from attention_core.rules import Index, align
from attention_core.trace import Matrix, Trace, Traced

_EXACT = 1e-12  # rounding moves a number by less than this part of its size


@dataclass(frozen=True)
class Change:
    """One cell that changed: the matrix's name, where, and its value before and after."""

    name: str
    at: Index
    before: float
    after: float


def difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """after - before; 0 where both are the same infinity, so that a masked cell that stays masked did not change."""
    same = before == after
    return np.where(same, 0.0, np.subtract(after, before, where=~same, out=np.zeros(after.shape), dtype=float))


def comparable(before: Trace, after: Trace, name: str) -> bool:
    """Whether a matrix stands in both traces, with as many rows and columns, and the same labels beside them."""
    if not (before.has(name) and after.has(name)):
        return False
    old, new = before.matrix(name), after.matrix(name)
    return old.value.shape == new.value.shape and old.labels == new.labels


def remade(before: Trace, after: Trace, end: str | None = None) -> tuple[str, ...]:
    """The matrices that stand in both traces and have other rows or columns now, in the order in which they are made.

    end: only those that this matrix is made from, through none but such and added ones.
    """
    sources = set() if end else {*after.given, *after}
    for made in reversed(tuple(after.values())):
        if made.name == end or (made.name in sources and end):
            sources.update(name for name in made.step.inputs if not comparable(before, after, name))
    found = (name for name in (*after.given, *after) if name in sources and before.has(name))
    return tuple(name for name in found if not comparable(before, after, name))


def changed(before: Trace, after: Trace, name: str) -> np.ndarray:
    """True where the matrix `name` differs between the two traces, beyond rounding."""
    return _all_changed(before, after)[name]


@lru_cache(maxsize=4)  # asked for every matrix that is drawn; each is one walk through what it was made from
def _all_changed(before: Trace, after: Trace) -> Mapping[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name in (*after.given, *after):
        if comparable(before, after, name):
            old, new = before.matrix(name), after.matrix(name)
            moved = _moved(old.value, new.value, *map(_size, (old, new)))
            found[name] = moved & _touched(old, new, found) if isinstance(new, Traced) else moved
    return found


def _size(matrix: Matrix) -> np.ndarray:
    if isinstance(matrix, Traced):
        return matrix.step.rule.size(matrix.step.parsed, matrix.inputs, matrix.value)
    return np.abs(matrix.value)


def _touched(old: Matrix, new: Traced, changed: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which cells read a cell that changed; all of them, where the step itself is another one than before."""
    everywhere = np.ones(new.value.shape, dtype=bool)
    if not isinstance(old, Traced) or _done(old) != _done(new) or any(name not in changed for name in new.step.inputs):
        return everywhere
    rule, axes = new.step.rule, new.step.parsed
    reads = [changed[name] for name in new.step.inputs]
    if isinstance(rule, Move):
        return rule.compute(axes, *reads)
    if rule.pattern not in ("default", "masked"):
        return everywhere
    touched = ~everywhere
    for of, cells in zip(axes.inputs, reads, strict=True):
        ranged = tuple(i for i, axis in enumerate(of) if axis not in axes.output)
        touched |= align(cells.any(axis=ranged), [axis for axis in of if axis in axes.output], axes.output)
    return touched


def _done(made: Traced) -> tuple:
    """What a step does with what."""
    return made.step.rule, made.step.inputs, made.step.axes


def _moved(old: np.ndarray, new: np.ndarray, *sizes: np.ndarray) -> np.ndarray:
    """Where two matrices differ by more than rounding. sizes: of their cells, if that is not the numbers themselves."""
    if new.dtype == bool:
        return old != new
    # not relative to the largest of the matrix: an exponential of 1e-13 may be all that a row has
    largest = np.maximum(*(sizes or (np.abs(old), np.abs(new))))
    return np.abs(difference(old, new)) > _EXACT * np.where(np.isfinite(largest), largest, 1.0)


def path(before: Trace, after: Trace, end: tuple[str, Index] | None = None) -> tuple[Change, ...]:
    """A change traced back to where it came from, earliest cell first.

    end: the cell to explain, which must have changed; without it, the largest change of the last matrix that changed.
    Empty when nothing changed. Ends before the last step when the change died out on the way.
    """
    if end is not None:
        return _traced_back(before, after, _change(before, after, *end))
    names = [name for name in after if comparable(before, after, name) and changed(before, after, name).any()]
    if not names:
        givens = [
            name for name in after.given if comparable(before, after, name) and changed(before, after, name).any()
        ]
        return tuple(_change(before, after, name, _largest(before, after, name)) for name in givens[:1])
    name = names[-1]
    return _traced_back(before, after, _change(before, after, name, _largest(before, after, name)))


def steps_between(before: Trace, after: Trace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The steps that were added and those that were taken away, each in the order in which they run."""
    return tuple(name for name in after if name not in before), tuple(name for name in before if name not in after)


def _traced_back(before: Trace, after: Trace, last: Change) -> tuple[Change, ...]:
    links, stood = [last], {}
    while links[-1].name in after:
        made = after[links[-1].name]
        found = _source(made, links[-1].at, _old_inputs(before, after, made, stood.get(made.name)))
        if found is None:
            break
        source, old = found
        stood[source.name] = old
        links.append(source)
    return tuple(reversed(links))


def _old_inputs(before: Trace, after: Trace, made: Traced, stood: np.ndarray | None) -> list[np.ndarray | None]:
    """For each matrix that a step reads, what it was before; None where nothing of its size was there.

    An added step has no past: in its place stands what the step after it read then, and that is also taken for what the
    added step itself reads from another added one.
    """
    olds = []
    for slot, name in enumerate(made.step.inputs):
        old = stood
        if before.has(name):
            old = before.matrix(name).value if comparable(before, after, name) else None
        elif made.name in before and slot < len(before[made.name].inputs):
            old = before[made.name].inputs[slot]
        same_kind = old is not None and old.shape == made.inputs[slot].shape and old.dtype == made.inputs[slot].dtype
        olds.append(old if same_kind else None)
    return olds


def _change(before: Trace, after: Trace, name: str, at: Index) -> Change:
    return Change(name, at, before.matrix(name).value[at].item(), after.matrix(name).value[at].item())


def _largest(before: Trace, after: Trace, name: str) -> Index:
    old, new = before.matrix(name).value.astype(float), after.matrix(name).value.astype(float)
    size = np.where(changed(before, after, name), np.abs(difference(old, new)), -1.0)  # not what rounding moved more
    return tuple(int(i) for i in np.unravel_index(np.argmax(size), size.shape))


def _source(made: Traced, at: Index, olds: list[np.ndarray | None]) -> tuple[Change, np.ndarray] | None:
    """The cell read by `made[at]` whose own change moved it most, and its matrix as it was; None when there is none."""
    best, most = None, 0.0
    seen = set()
    for slot, (name, cells) in enumerate(zip(made.step.inputs, made.explain(at).reads, strict=True)):
        old, new = olds[slot], made.inputs[slot]
        if old is None:
            continue
        moved = _moved(old, new)
        for cell in cells:
            if not moved[cell] or (name, cell) in seen:
                continue
            seen.add((name, cell))
            effect = _effect(made, at, slot, cell, old[cell])
            if effect > most or best is None:
                best, most = (Change(name, cell, old[cell].item(), new[cell].item()), old), effect
    return best


def _effect(made: Traced, at: Index, slot: int, cell: Index, old: float) -> float:
    inputs = [matrix.copy() if i == slot else matrix for i, matrix in enumerate(made.inputs)]
    inputs[slot][cell] = old
    with np.errstate(over="ignore"):  # a score that was too large for exp, until the maximum was no longer subtracted
        back = made.step.rule.value(made.step.parsed, inputs, at)
    now = made.value[at].item()
    return 0.0 if back == now else abs(now - back)
