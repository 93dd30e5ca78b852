"""The arithmetic of attention: how a matrix is computed and how one cell of it is explained, side by side.

Vocabulary
    axes      "query d_k, key d_k -> query key": one group of axis names per input, then those of the output
    shared    an axis that input and output both have: fixed once a cell of the output is chosen
    ranged    an axis that only the input has: the cell reads all of it
    reads     for each input, the index tuples of the cells that one output cell was made from
    term      one cell that was read: (name of the input, its index, its value)
    pieces    the arithmetic written out: text and terms in turn, so that every operand stays a cell
    pattern   how `reads` follows from `axes`: "default" (shared fixed, ranged over), "masked", "none", or the name of a
              move (moves.py), which takes every cell from one place
    size      of a cell that is a sum: how large its summands are without their signs. 3 − 3 is 0 only up to rounding of
              the 3; of what is no sum, the size is the number itself

A rule never does its arithmetic twice: a cell is explained by cutting the inputs down to what it reads and calling the
same `compute` on the cuttings.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product
from typing import NamedTuple

import numpy as np

from attention_core.numerals import decimal

Index = tuple[int, ...]
Pieces = tuple["str | Term", ...]


class ShapeError(ValueError):
    """A matrix does not have the shape that its step needs."""


@dataclass(frozen=True)
class Axes:
    """A parsed axes pattern: the axis names of each input and of the output; "(head d_v)" is one, merged, axis."""

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]


@lru_cache
def parse(axes: str) -> Axes:
    """Read "query d_k, key d_k -> query key". Raises ValueError when the arrow is missing."""
    left, arrow, right = axes.partition("->")
    if not arrow:
        raise ValueError(f"axes {axes!r} has no '->' between inputs and output")
    return Axes(tuple(map(_axis_names, left.split(","))), _axis_names(right))


def _axis_names(group: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\([^)]*\)|\S+", group))


class Term(NamedTuple):
    """One cell that was read: which input, where in it, and its value."""

    name: str
    at: Index
    value: float


@dataclass(frozen=True)
class Cell:
    """Why one number is what it is.

    value   the number, computed from the cells read and nothing else
    reads   per input slot, the index tuples of the cells that were read
    pieces  the arithmetic written out, operands as terms
    """

    value: float
    reads: tuple[tuple[Index, ...], ...]
    terms: tuple[Term, ...]
    pieces: Pieces

    @property
    def text(self) -> str:
        """The arithmetic with decimal operands: '0.75 × 1 + 0.25 × 0'."""
        return self.written(decimal)

    def written(self, form: Callable[[float], str]) -> str:
        """The arithmetic with every operand written by `form` (see numerals.decimal and numerals.exact)."""
        return "".join(piece if isinstance(piece, str) else form(piece.value) for piece in self.pieces)


@dataclass(frozen=True)
class Rule:
    """How a matrix is made.

    sign      what stands before the last operand when the step is drawn as an equation ("×", "−", "exp", ...); or one
              sign for each operand, "" for none, where they differ: ("", "×", "+ Σ")
    compute   (axes, *inputs) -> the whole output
    write     (terms per input slot) -> the arithmetic of one cell, as pieces
    pattern   which cells are read, see the module's vocabulary
    summands  of a rule that adds up: (axes, *inputs) -> the size of every cell of the output
    """

    sign: str | tuple[str, ...]
    compute: Callable[..., np.ndarray]
    write: Callable[..., Sequence["str | Term"]]
    pattern: str = "default"
    summands: Callable[..., np.ndarray] | None = None

    def size(self, axes: Axes, inputs: Sequence[np.ndarray], value: np.ndarray) -> np.ndarray:
        """How large the numbers are that each cell of the output `value` was made from by adding them up."""
        return np.abs(value) if self.summands is None else self.summands(axes, *map(np.abs, inputs))

    def explain(self, axes: Axes, names: Sequence[str], inputs: Sequence[np.ndarray], at: Index) -> Cell:
        """Explain output cell `at`: its value from what it reads alone, and the arithmetic written out."""
        value = self.value(axes, inputs, at)
        reads = self.reads(axes, inputs, at)
        slots = [
            [Term(name, cell, x[cell].item()) for cell in cells]
            for name, x, cells in zip(names, inputs, reads, strict=True)
        ]
        pieces = tuple(self.write(*slots))
        return Cell(value, reads, tuple(term for slot in slots for term in slot), pieces)

    def value(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> float:
        """Output cell `at`: cut the inputs down to what it reads, and compute on the cuttings."""
        cuts = (x[cut(of, axes.output, at)] for of, x in zip(axes.inputs, inputs, strict=True))
        return self.compute(axes, *cuts).item()

    def reads(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> tuple[tuple[Index, ...], ...]:
        """The cells that output cell `at` was made from, one tuple of index tuples per input."""
        if self.pattern == "none":
            return tuple(() for _ in inputs)
        every = tuple(ranged(cut(of, axes.output, at), x.shape) for of, x in zip(axes.inputs, inputs, strict=True))
        if self.pattern == "masked":  # (matrix, mask): where the mask says no, nobody looks at the matrix
            return every if inputs[1][every[1][0]] else ((), every[1])
        return every


def cut(of: Sequence[str], output: Sequence[str], at: Index) -> tuple[slice, ...]:
    """Slices that keep of an input with axes `of` what output cell `at` reads; no axis is dropped."""
    place = dict(zip(output, at, strict=True))
    return tuple(slice(place[name], place[name] + 1) if name in place else slice(None) for name in of)


def ranged(slices: Sequence[slice], shape: Sequence[int]) -> tuple[Index, ...]:
    """The index tuples that `slices` select in an array of this shape, in row order."""
    return tuple(product(*(range(*s.indices(n)) for s, n in zip(slices, shape, strict=True))))


def align(matrix: np.ndarray, of: Sequence[str], output: Sequence[str]) -> np.ndarray:
    """`matrix` with its axes in the output's order and length-1 axes for those it lacks, ready to broadcast."""
    order = [of.index(name) for name in output if name in of]
    return matrix.transpose(order).reshape([matrix.shape[of.index(n)] if n in of else 1 for n in output])


def elementwise(operation: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A compute half that applies `operation` cell by cell, each input stretched over the axes it lacks."""

    def compute(axes: Axes, *inputs: np.ndarray) -> np.ndarray:
        return operation(*(align(x, of, axes.output) for x, of in zip(inputs, axes.inputs, strict=True)))

    compute.cell_by_cell = operation  # for those who know the axes beforehand (fast.py)
    return compute


def reduction(operation: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A compute half that applies `operation` along the axes that the output lacks."""

    def compute(axes: Axes, x: np.ndarray) -> np.ndarray:
        lost = tuple(i for i, name in enumerate(axes.inputs[0]) if name not in axes.output)
        return operation(x, axis=lost)

    compute.along = operation
    return compute


def _spelled(axes: Axes) -> str:
    """The einsum string of these axes: 'query d_k, key d_k -> query key' is 'ab,cb->ac'."""
    names = dict.fromkeys(name for group in axes.inputs for name in group)
    letter = {name: chr(97 + i) for i, name in enumerate(names)}
    groups = ["".join(letter[name] for name in group) for group in (*axes.inputs, axes.output)]
    return ",".join(groups[:-1]) + "->" + groups[-1]


def _contract(axes: Axes, *inputs: np.ndarray) -> np.ndarray:
    product = np.einsum(_spelled(axes), *inputs)
    if not np.isfinite(product).all():  # einsum is the one operation of NumPy's here that overflows without a word
        raise FloatingPointError("overflow encountered in a sum of products")
    return product


def bracketed(term: Term) -> list["str | Term"]:
    """A term as an operand: negative numbers stand in brackets, so that no two signs meet."""
    return ["(", term, ")"] if term.value < 0 else [term]


def joined(groups: Sequence[Sequence["str | Term"]], sign: str) -> list["str | Term"]:
    """The groups one after another, with the sign between any two."""
    pieces: list[str | Term] = []
    for i, group in enumerate(groups):
        pieces += [sign, *group] if i else group
    return pieces


def _write_contract(*slots: Sequence[Term]) -> list["str | Term"]:
    factors = [joined([bracketed(term) for term in terms], " × ") for terms in zip(*slots, strict=True)]
    return joined(factors, " + ")


def _between(sign: str) -> Callable[..., list["str | Term"]]:
    def write(*slots: Sequence[Term]) -> list["str | Term"]:
        return joined([bracketed(term) for slot in slots for term in slot], f" {sign} ")

    return write


def _hidden_as(hidden: float) -> Callable[..., np.ndarray]:
    def operation(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
        if mask.dtype != bool:
            raise ValueError(f"a mask holds True (may see) and False, and this one is {mask.dtype}")
        return np.where(mask, scores, scores.dtype.type(hidden))

    return operation


def _write_hide(hidden_text: str) -> Callable[..., list["str | Term"]]:
    def write(scores: Sequence[Term], mask: Sequence[Term]) -> list["str | Term"]:
        if scores:
            return [scores[0], " (the mask says ", mask[0], ")"]
        return [hidden_text, " (the mask says ", mask[0], ")"]

    return write


def _max_or_zero(x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """The maximum, or 0 where everything is -inf: subtracting -inf from -inf would give NaN."""
    top = x.max(axis=axis)
    return np.where(np.isneginf(top), np.zeros_like(top), top)


def _write_max(x: Sequence[Term]) -> list["str | Term"]:
    operands = joined([[term] for term in x], ", ")
    if all(term.value == -np.inf for term in x):
        return ["0 (there is no largest of ", *operands, ")"]
    return ["max(", *operands, ")"]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 0 where the whole is 0: a query that may see nothing takes nothing."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape, part.dtype), where=whole != 0)


def _write_share(part: Sequence[Term], whole: Sequence[Term]) -> list["str | Term"]:
    if whole[0].value == 0:
        return ["0 (nothing may be seen: the sum is ", whole[0], ")"]
    return [part[0], " / ", whole[0]]


def _sum_of_all(*parts: np.ndarray) -> np.ndarray:
    return reduce(np.add, parts)


def _write_minus_total(x: Sequence[Term]) -> list["str | Term"]:
    return ["−(", *joined([bracketed(term) for term in x], " + "), ")"]


_LARGEST = {np.dtype(np.float32): 87.0, np.dtype(np.float64): 708.0}  # beyond ±this, exp is inf or 0


def _zero(axes: Axes, x: np.ndarray) -> np.ndarray:
    """Nothing to subtract, which is possible only while exp of every score is a number above 0."""
    size = np.abs(x[np.isfinite(x)]).max(initial=0)
    if size > _LARGEST[x.dtype]:
        raise ValueError(
            f"a score of size {size:.3g} is too large for exp; subtract the row maximum (programs.steadied)"
        )
    return np.zeros([n for n, name in zip(x.shape, axes.inputs[0], strict=True) if name in axes.output], x.dtype)


# A product of matrices: multiply along the axes that the inputs share, add up over those that the output lacks.
contract = Rule("·", _contract, _write_contract, summands=_contract)
times = Rule("×", elementwise(np.multiply), _between("×"))
divide = Rule("÷", elementwise(np.divide), _between("/"))
subtract = Rule("−", elementwise(np.subtract), _between("−"), summands=elementwise(np.add))
total = Rule("Σ", reduction(np.sum), _between("+"), summands=reduction(np.sum))
# Of two matrices or more.
add = Rule("+", elementwise(_sum_of_all), _between("+"), summands=elementwise(_sum_of_all))
exponentiate = Rule("exp", elementwise(np.exp), lambda x: ["exp(", x[0], ")"])
minus_total = Rule(
    "−Σ", reduction(lambda x, axis: -np.sum(x, axis=axis)), _write_minus_total, summands=reduction(np.sum)
)
share = Rule("÷", elementwise(_share), _write_share)
handed = Rule(("",), elementwise(lambda x: x), lambda x: [x[0]])  # on, as it is
maximum = Rule("max", reduction(_max_or_zero), _write_max)
nothing = Rule("0 ·", _zero, lambda x: ["0 (nothing is subtracted)"], pattern="none")
hide = Rule("where", elementwise(_hidden_as(-np.inf)), _write_hide("−∞"), "masked")
blank = Rule("where", elementwise(_hidden_as(0)), _write_hide("0"), "masked")
