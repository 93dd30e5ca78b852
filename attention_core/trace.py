"""A program is a tuple of steps; running it on given matrices yields a trace, in which every number can be explained.

Vocabulary
    step      how one matrix is made from earlier ones: name, formula, NumPy line, inputs, axes, rule
    program   a tuple of steps, in the order in which they run
    given     a matrix that the program reads and does not make (x, w_q, mask, scale, ...)
    trace     every matrix of one run, with its labels; `trace["weights"].explain((i, j))` says why a cell is what it is
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from attention_core.rules import Axes, Cell, Index, Rule, ShapeError, parse

__all__ = ["Cell", "Matrix", "Program", "ShapeError", "Step", "Trace", "Traced", "givens", "run"]


@dataclass(frozen=True)
class Step:
    """How one matrix is made.

    name      "scores": its key in pages, links, exercises, exports and tests
    formula   LaTeX, tokens as rows
    code      the NumPy line that a learner would write
    inputs    names of the matrices that it reads
    axes      "query d_k, key d_k -> query key"
    rule      compute(...) and explain(..., at), side by side
    title     what the matrix is called in words
    says      one plain sentence about what the step does
    meaning   where a cell sits, in words; {query}, {key}, ... become the cell's labels
    formula_t the formula when every matrix is drawn transposed, tokens as columns ("" = the same)
    """

    name: str
    formula: str
    code: str
    inputs: tuple[str, ...]
    axes: str
    rule: Rule
    title: str = ""
    says: str = ""
    meaning: str = ""
    formula_t: str = ""

    @property
    def parsed(self) -> Axes:
        return parse(self.axes)


Program = tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix of a trace: its name, axis names, values, and one tuple of labels per axis."""

    name: str
    axes: tuple[str, ...]
    value: np.ndarray
    labels: tuple[tuple[str, ...], ...]

    def place(self, at: Index) -> dict[str, str]:
        """The labels of cell `at` by axis: {"query": "hit", "key": "ball"}."""
        return {axis: names[i] for axis, names, i in zip(self.axes, self.labels, at, strict=True)}


@dataclass(frozen=True, eq=False)
class Traced(Matrix):
    """A matrix that a step made, with the matrices that the step read."""

    step: Step
    inputs: tuple[np.ndarray, ...] = field(repr=False)

    def explain(self, at: Index) -> Cell:
        """Why cell `at` is what it is. Raises IndexError when the matrix has no such cell."""
        if len(at) != self.value.ndim or not all(0 <= i < n for i, n in zip(at, self.value.shape, strict=True)):
            raise IndexError(f"{self.name} is {self.value.shape} and has no cell {at}")
        return self.step.rule.explain(self.step.parsed, self.step.inputs, self.inputs, at)


class Trace(Mapping[str, Traced]):
    """The matrices that a run made, by step name in program order; `given` holds those that it was given.

    Two runs are two traces, though they made the same numbers.
    """

    __eq__, __hash__ = object.__eq__, object.__hash__

    def __init__(self, given: Mapping[str, Matrix], made: Mapping[str, Traced]):
        self.given = given
        self._made = made

    def __getitem__(self, name: str) -> Traced:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def matrix(self, name: str) -> Matrix:
        """The matrix of this name, made or given. Raises KeyError when there is none."""
        return self._made[name] if name in self._made else self.given[name]

    def has(self, name: str) -> bool:
        return name in self._made or name in self.given


def run(
    program: Sequence[Step], given: Mapping[str, np.ndarray], labels: Mapping[str, Sequence[str]] | None = None
) -> Trace:
    """Run `program` on the matrices `given`; `labels` names the places along an axis ({"query": ["red", ...]}).

    An axis without labels gets "0", "1", ... Given matrices are all float32 or all float64; masks are boolean.

    Returns a Trace. Raises ShapeError when a matrix does not have the axes that a step names, ValueError when a step
    reads something that nobody gave or made, when a given number is not finite or not of that type, and when numbers
    become too large to be computed with. Each names the step and the matrix.
    """
    labels = labels or {}
    sizes = {axis: len(names) for axis, names in labels.items()}
    values = {name: np.asarray(matrix) for name, matrix in given.items()}
    made: dict[str, Traced] = {}
    used: dict[str, Matrix] = {}
    for step in program:
        axes = step.parsed
        if step.name in given:
            raise ValueError(f"{step.name} is given, but step {step.name!r} makes it; give it another name")
        for name, of in zip(step.inputs, axes.inputs, strict=True):
            if name not in values:
                raise ValueError(f"step {step.name!r} reads {name}, but it is neither given nor made before")
            _check(step, name, of, values[name].shape, sizes)
            if name in given and name not in used:
                _check_numbers(step, name, values[name], values[next(iter(used), name)])
                used[name] = Matrix(name, of, values[name], _labels(of, values[name].shape, labels))
        inputs = tuple(values[name] for name in step.inputs)
        value = values[step.name] = _computed(step, inputs)
        made[step.name] = Traced(step.name, axes.output, value, _labels(axes.output, value.shape, labels), step, inputs)
    return Trace(used, made)


def _computed(step: Step, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return np.asarray(step.rule.compute(step.parsed, *inputs))  # NumPy makes no array of a single number
    except FloatingPointError as error:
        raise ValueError(f"step {step.name!r} leaves the numbers that can be held ({error}): its inputs are too large "
                         "(programs.steadied subtracts the row maximum before exp)") from None  # fmt: skip
    except ValueError as error:
        raise type(error)(f"step {step.name!r}: {error}") from None


def _check_numbers(step: Step, name: str, matrix: np.ndarray, first: np.ndarray) -> None:
    """A given matrix is boolean, or finite and of the same float type as the first one that was read."""
    if matrix.dtype == bool:
        return
    if matrix.dtype not in (np.float32, np.float64):
        raise ValueError(f"step {step.name!r} reads {name}, which is {matrix.dtype}; give float32 or float64")
    if first.dtype != bool and matrix.dtype != first.dtype:
        raise ValueError(
            f"step {step.name!r} reads {name}, which is {matrix.dtype}, but what came before is {first.dtype}"
        )
    if not np.isfinite(matrix).all():
        at = tuple(np.argwhere(~np.isfinite(matrix))[0].tolist())
        raise ValueError(f"step {step.name!r} reads {name}, which holds {matrix[at]} at {at}; give finite numbers")


def _check(step: Step, name: str, of: Sequence[str], shape: tuple[int, ...], sizes: dict[str, int]) -> None:
    """Learn the sizes of new axes from this matrix, and hold it to those already known."""
    expected = tuple(sizes.get(axis, n) for axis, n in zip(of, shape, strict=False))
    if len(of) != len(shape):
        expected = tuple(sizes.get(axis, axis) for axis in of)
    if expected != shape:
        axes = " ".join(of)
        raise ShapeError(f"step {step.name!r} reads {name}[{axes}] = {expected}, but {name} is {shape}")
    sizes.update(zip(of, shape, strict=True))


def _labels(
    of: Sequence[str], shape: Sequence[int], labels: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(labels[axis]) if axis in labels else tuple(map(str, range(n))) for axis, n in zip(of, shape, strict=True)
    )


def givens(program: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    """What `program` reads and does not make, in the order in which it is read: name -> axes where it is first read."""
    made: set[str] = set()
    found: dict[str, tuple[str, ...]] = {}
    for step in program:
        for name, axes in zip(step.inputs, step.parsed.inputs, strict=True):
            if name not in made:
                found.setdefault(name, axes)
        made.add(step.name)
    return found
