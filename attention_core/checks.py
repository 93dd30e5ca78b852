"""What must hold, checked on the numbers at hand: shapes that fit, rows that sum to one, masked cells that are zero.

Vocabulary
    check   one sentence about one matrix of a trace, and whether it is true of these numbers
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attention_core.numerals import decimal
from attention_core.rules import contract
from attention_core.trace import Matrix, Step, Trace, Traced

_CLOSE = 1e-9
_NAMED = 4  # rows that are named in one sentence
_LATE = ("masked_weights", "renormalised_weights")  # weights that the mask reached after softmax


@dataclass(frozen=True)
class Check:
    """One invariant of one matrix: whether it holds, in a sentence."""

    holds: bool
    text: str


def checks(trace: Trace, name: str, columns: bool = False) -> tuple[Check, ...]:
    """The invariants that belong to the matrix `name`, with what these numbers say of them.

    columns: say it for matrices drawn transposed, tokens as columns.
    """
    made = trace[name]
    found = list(_shapes(made, columns)) if is_product(made.step) else []
    row = "column" if columns else "row"
    if name.rpartition(".")[2] in ("weights", "probabilities", *_LATE):
        found += _shares(made, trace, row)
    if "weights" in trace.given and name == _first_reader(trace, "weights"):  # no step makes them: said at the reader
        found += _shares(trace.given["weights"], trace, row, " of A")
    return tuple(found)


def _first_reader(trace: Trace, name: str) -> str:
    return next((made.name for made in trace.values() if name in made.step.inputs), "")


def is_product(step: Step) -> bool:
    """Whether a step multiplies two matrices, so that their inner sizes must agree."""
    axes = step.parsed
    # by its sign, not its identity: a server that reads a saved module anew has two rules of that name for a while
    return step.rule.sign == contract.sign and all(len(group) == 2 for group in (*axes.inputs, axes.output))


def _shapes(made: Traced, columns: bool) -> Iterator[Check]:
    """n×m times m×p is n×p: said with the sizes at hand, in the order in which the product is written."""
    axes = made.step.parsed
    size = {a: n for of, x in zip(axes.inputs, made.inputs, strict=True) for a, n in zip(of, x.shape, strict=True)}
    row, col = reversed(axes.output) if columns else axes.output
    (inner,) = [a for a in axes.inputs[0] if a not in axes.output]
    fits = made.value.shape == tuple(size[axis] for axis in axes.output)
    text = f"shapes: {size[row]}×{size[inner]} times {size[inner]}×{size[col]} gives {size[row]}×{size[col]}"
    yield Check(fits, text)


def _shares(made: Matrix, trace: Trace, row: str, of: str = "") -> Iterator[Check]:
    sums = made.value.sum(axis=-1)
    hides = "mask" in trace.given and made.axes[-1] == "key"  # and not the words of a vocabulary
    mask = trace.given["mask"].value if hides else np.ones((), bool)
    mask = np.broadcast_to(mask, made.value.shape)  # the same in every head
    blind = ~mask.any(axis=-1)
    ones = np.abs(sums - 1) <= _CLOSE
    if (ones | (blind & (sums == 0))).all():
        text = f"each {row}{of} sums to 1"
        if blind.any():
            text += f"; a {row} that may see nothing sums to 0"
        yield Check(True, text)
    elif made.axes[0] == "head":
        yield Check(False, f"each {row}{of} should sum to 1; not so: {_astray(made, ones | (blind & (sums == 0)))}")
    else:
        yield Check(False, f"the {row}s{of} sum to " + ", ".join(map(decimal, sums.ravel())) + ", and should sum to 1")
    if (made.value < 0).any():
        yield Check(False, f"no share should be below 0, and the smallest is {decimal(float(made.value.min()))}")
    if not mask.all() and (made.name in _LATE or "masked_weights" not in trace):
        leaked = np.abs(made.value[~mask]).max()
        text = "masked cells are 0" if leaked == 0 else f"masked cells should be 0, and reach {decimal(float(leaked))}"
        yield Check(bool(leaked == 0), text)


def _astray(made: Matrix, fits: np.ndarray) -> str:
    """The rows of a matrix with heads that do not fit, with their sums: “cube” in head 2 (0.81)."""
    found = [
        f"“{made.labels[1][row]}” in head {head + 1} ({decimal(float(made.value[head, row].sum()))})"
        for head, row in np.argwhere(~fits)
    ]
    more = len(found) - _NAMED
    return ", ".join(found[:_NAMED]) + (f", and {more} more" if more > 0 else "")
