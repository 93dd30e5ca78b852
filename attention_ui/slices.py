"""Matrices with a head axis, as they are drawn: one figure for each head. No Streamlit in here.

Vocabulary
    drawn     what one figure shows, by name: "weights", or "weights@1", which is head 1 (counted from 0) of the weights
    sliced    drawn piece by piece along its first axis: one of heads with another axis behind it, or any of three axes
    line      one equation of a step: the step itself, or what it does in one head, with the drawn names for inputs
    address   (drawn name, row, col): one cell as a figure has it
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from attention_core.rules import Index
from attention_core.trace import Matrix, Step, Trace

HEADS = ("head", "kv_head")  # query heads, and the groups of them that share keys and values


def base(drawn: str) -> str:
    """The name of the matrix that a figure is drawn of: "weights" for "weights@1"."""
    return drawn.partition("@")[0]


def head_of(drawn: str) -> int | None:
    """The head that a figure shows, counted from 0; None for a matrix that is drawn as a whole."""
    _, at, head = drawn.partition("@")
    return int(head) if at and head.isdecimal() else None


def file_name(drawn: str) -> str:
    """A figure's name as that of a file, without an ending: weights_head1 for head 1, counted from 0."""
    return drawn.replace("@", "_head")


def is_sliced(axes: Sequence[str]) -> bool:
    return len(axes) > 2 or (len(axes) > 1 and axes[0] in HEADS)


def drawn_names(matrix: Matrix) -> tuple[str, ...]:
    """The figures that a matrix is drawn as."""
    if not is_sliced(matrix.axes):
        return (matrix.name,)
    return tuple(f"{matrix.name}@{head}" for head in range(len(matrix.value)))


def slice_of(matrix: Matrix, drawn: str) -> Matrix:
    """What one figure shows of a matrix: one head of it, without the axis of heads, or all."""
    head = head_of(drawn)
    if head is None:
        return matrix
    return Matrix(drawn, matrix.axes[1:], matrix.value[head], matrix.labels[1:])


def head_name(matrix: Matrix, head: int) -> str:
    """A head in words: "head 1", or with its name, "head 1, content"; a group of heads likewise."""
    label, kind = matrix.labels[0][head], {"kv_head": "group"}.get(matrix.axes[0], matrix.axes[0])
    return f"{kind} {head + 1}" + (f", {label}" if label not in (str(head), str(head + 1)) else "")


def has(trace: Trace, drawn: str) -> bool:
    """Whether there is such a figure."""
    return trace.has(base(drawn)) and drawn in drawn_names(trace.matrix(base(drawn)))


def index_of(trace: Trace, drawn: str, row: int, col: int) -> Index | None:
    """The index, in the whole matrix, of a cell as a figure has it; None when there is no such cell.

    A vector is column 0, and a scalar 0, 0.
    """
    if not has(trace, drawn):
        return None
    matrix = slice_of(trace.matrix(base(drawn)), drawn)
    at, beyond = (row, col)[: matrix.value.ndim], (row, col)[matrix.value.ndim :]
    if any(beyond) or any(not 0 <= i < n for i, n in zip(at, matrix.value.shape, strict=True)):
        return None
    head = head_of(drawn)
    return at if head is None else (head, *at)


def address_of(matrix: Matrix, at: Index) -> tuple[str, int, int]:
    """Where a cell of the whole matrix is drawn."""
    if is_sliced(matrix.axes):
        return (f"{matrix.name}@{at[0]}", *(*at[1:], 0, 0)[:2])
    return (matrix.name, *(*at, 0, 0)[:2])


# --- Equations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One equation of a step. head: which one, or None; step: with drawn names, and axes as they are drawn."""

    step: Step
    axis: str = ""
    head: int | None = None


def lines(trace: Trace, step: Step) -> tuple[Line, ...]:
    """The equations of a step: one for each head where what it makes has heads, else one."""
    out = step.parsed.output
    heads = range(len(trace[step.name].value)) if is_sliced(out) else (None,)
    return tuple(Line(_drawn(trace, step, head), "" if head is None else out[0], head) for head in heads)


def _drawn(trace: Trace, step: Step, head: int | None) -> Step:
    """The step with the figures that it reads and makes, here or in one head, for names."""
    axes = step.parsed
    inputs = [
        drawn
        for name, of in zip(step.inputs, axes.inputs, strict=True)
        for drawn in _inputs(trace, step, name, of, head)
    ]
    made = step.name if head is None else f"{step.name}@{head}"
    groups = [_spelled(of) for _, of in inputs]
    output = _spelled(axes.output if head is None else axes.output[1:])
    return replace(step, name=made, inputs=tuple(name for name, _ in inputs), axes=f"{', '.join(groups)} -> {output}")


def _spelled(axes: Sequence[str]) -> str:
    """Axes with a blank between any two, and none within a merged one."""
    return " ".join(axis.replace(" ", "·") for axis in axes)


def _inputs(
    trace: Trace, step: Step, name: str, of: Sequence[str], head: int | None
) -> Iterator[tuple[str, Sequence[str]]]:
    """The figures of one input that one line reads, with their axes."""
    if not is_sliced(of):
        yield name, of
        return
    n = len(trace.matrix(name).value)
    if head is None:
        heads = range(n)  # added up, or laid side by side
    elif of[0] == step.parsed.output[0]:
        heads = (head,)
    else:  # a group of query heads shares it
        heads = (head * n // len(trace[step.name].value),)
    for each in heads:
        yield f"{name}@{each}", of[1:]
