"""NumPy lines and formulas for products and stretches that are known by their axes only.

Vocabulary
    operand   a matrix with the names of its axes and its letter: ("d_q", ("query", "d_k"), r"\\partial Q")
    summed    an axis that both operands have and the product lacks
    lead      axes in front of a plain matrix product: heads, sentences of a batch
    index     the letter of one axis in a formula: i for queries, j for keys, f for features

A step that is written by hand says its NumPy line itself. Steps that are derived from others, as gradients are, get the
line that a person would write: x.T @ d_q, (d_a * a).sum(axis=1), and np.einsum only where nothing shorter will do.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from attention_core.programs.editing import identifier
from attention_core.trace import Step

Names = tuple[str, ...]


def letter_of(step: Step) -> str:
    """What a step's formula calls the matrix: what stands left of the equals sign, without indices."""
    own = step.name.rpartition(".")[2]
    return _LETTERS.get(own) or re.sub(r"_([ijdfhg]|\{[ijdfhg]+\})$", "", step.formula.partition("=")[0].strip())


# Where the left side of a formula writes a function out and names no matrix.
_LETTERS = {"mlp_post": "N"}


class Operand(NamedTuple):
    """A matrix as a derived step reads it: its name, its axes there, its letter in LaTeX."""

    name: str
    axes: Names
    letter: str


# --- Formulas --------------------------------------------------------------------------------------------------------

_INDEX = {
    "query": "i", "source_query": "i", "head": "h", "kv_head": "h", "d_model": "f", "d_ff": "f", "d_source": "f",
    "d_k": "d", "d_v": "d", "distance": "g",
}  # fmt: skip


def index(axes: Sequence[str]) -> str:
    """The letters of these axes in a formula; what is not named here is a key, or counted as keys are."""
    return "".join(_INDEX.get(axis, "j") for axis in axes)


def indexed(letter: str, axes: Sequence[str]) -> str:
    """One cell of a matrix: A_{ij}."""
    letters = index(axes)
    if not letters:
        return letter
    return f"{grouped(letter)}_{letters if len(letters) == 1 else f'{{{letters}}}'}"


def grouped(letter: str) -> str:
    """The letter so that an index or an exponent belongs to all of it."""
    return letter if re.fullmatch(r"\w|\\\w+|\w'", letter) else f"{{{letter}}}"


def summed(axes: Sequence[str]) -> str:
    """The sign of a sum over these axes."""
    return "".join(rf"\sum_{letter} " for letter in index(axes))


# --- NumPy lines -----------------------------------------------------------------------------------------------------


def stretched(name: str, of: Names, out: Names) -> str:
    """The matrix `name` so that NumPy stretches it over `out`: weights, row_sums[:, None]."""
    word = identifier(name)
    if of == out[len(out) - len(of) :]:
        return word
    kept = [":" if axis in of else "None" for axis in out]
    while kept[0] == "None":
        kept = kept[1:]
    return f"{word}[{', '.join(kept)}]"


def along(lost: Sequence[str], of: Names) -> str:
    """The brackets of a sum: () over everything, (axis=1), (axis=(0, 1))."""
    places = [of.index(axis) for axis in lost]
    if len(places) == len(of):
        return "()"
    return f"(axis={places[0] if len(places) == 1 else tuple(places)})"


def _turned(name: str, of: Names) -> str:
    return f"{identifier(name)}.T" if len(of) == 2 else f"{identifier(name)}.swapaxes(-1, -2)"


class _Matmul(NamedTuple):
    """A product of two matrices as it is written: which operand stands left, and which of the two are transposed."""

    left: Operand
    right: Operand
    turned: tuple[bool, bool]
    lead: Names  # axes in front of the matrices, in their order
    lost: Names  # those of them that are added up afterwards


def _matmul(a: Operand, b: Operand, out: Names) -> _Matmul | None:
    """How to write the product with @, or None where it is no product of matrices."""
    if len(out) < 2 or min(len(a.axes), len(b.axes)) < 2:
        return None
    for left, right in ((a, b), (b, a)):
        inner = [x for x in left.axes[-2:] if x in right.axes[-2:] and x not in out]
        if len(inner) != 1 or out[-2] not in left.axes[-2:] or out[-1] not in right.axes[-2:]:
            continue
        leads = left.axes[:-2], right.axes[:-2]
        lead = max(leads, key=len)
        kept = tuple(x for x in lead if x in out)
        suffixes = all(not one or one == lead[len(lead) - len(one) :] for one in leads)
        if not suffixes or (*kept, *out[-2:]) != out:
            continue
        return _Matmul(left, right, (left.axes[-1] != inner[0], right.axes[-2] != inner[0]), lead,
                       tuple(x for x in lead if x not in out))  # fmt: skip
    return None


def product(a: Operand, b: Operand, out: Names) -> str:
    """The right side of the NumPy line that multiplies a and b and adds up over the axes that `out` lacks."""
    if found := _matmul(a, b, out):
        sides = zip((found.left, found.right), found.turned, strict=True)
        words = [_turned(side.name, side.axes) if turn else identifier(side.name) for side, turn in sides]
        line = " @ ".join(words)
        return f"({line}).sum{along(found.lost, (*found.lead, '', ''))}" if found.lost else line
    longer = max((a.axes, b.axes), key=len)
    lost = tuple(x for x in longer if x not in out)
    flat = set(a.axes) | set(b.axes) <= set(longer)
    if flat and all(_in_order(one, longer) for one in (a.axes, b.axes, out)):
        line = f"{stretched(a.name, a.axes, longer)} * {stretched(b.name, b.axes, longer)}"
        return f"({line}).sum{along(lost, longer)}" if lost else line
    if all(_in_order(one, out) for one in (a.axes, b.axes)) and set(a.axes) | set(b.axes) == set(out):
        return f"{stretched(a.name, a.axes, out)} * {stretched(b.name, b.axes, out)}"
    return _einsum(a, b, out)


def _in_order(axes: Names, within: Names) -> bool:
    return tuple(x for x in within if x in axes) == axes


def _einsum(a: Operand, b: Operand, out: Names) -> str:
    letter = {axis: chr(65 + i) for i, axis in enumerate(dict.fromkeys((*a.axes, *b.axes)))}
    groups = ["".join(letter[axis] for axis in axes) for axes in (a.axes, b.axes, out)]
    return f'np.einsum("{groups[0]},{groups[1]}->{groups[2]}", {identifier(a.name)}, {identifier(b.name)})'


def written(letter: str, a: Operand, b: Operand, out: Names) -> tuple[str, str]:
    """The formula of the same product, and the one with every matrix transposed ("" = the same)."""
    if found := _matmul(a, b, out):
        sides = [
            grouped(side.letter) + r"^\top" if turn else side.letter
            for side, turn in zip((found.left, found.right), found.turned, strict=True)
        ]
        sums = summed([x for x in found.lost if x != "batch"])
        return (f"{letter} = {sums}" + r" \, ".join(sides), f"{letter} = {sums}" + r" \, ".join(reversed(sides)))
    lost = [x for x in dict.fromkeys((*a.axes, *b.axes)) if x not in out]
    sides = " ".join(indexed(side.letter, side.axes) + r" \," for side in (a, b)).removesuffix(r" \,")
    if not lost and () in (a.axes, b.axes):  # a number times a matrix
        sides = r" \, ".join(side.letter for side in sorted((a, b), key=lambda side: len(side.axes)))
        return f"{letter} = {sides}", ""
    return f"{indexed(letter, out)} = {summed(lost)}{sides}", ""
