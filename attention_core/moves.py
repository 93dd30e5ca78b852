"""Rules that only move numbers: every cell of the output is one cell of an input, somewhere else.

Vocabulary
    move      a rule without arithmetic: split, merge, repeat, part, append, partner, relative, stretch,
              patches, unpatched
    source    where an output cell comes from: (the input's slot, the index in that input)
    merged    an axis made of two: "(head d_v)" counts through all of d_v for the first head, then for the next
    patch     a square piece of a picture; patches, and the pixels of each, are counted as one reads
    collect   a move backwards: every cell gets the sum of what came to the places that it had been moved to
    for shape a matrix that a step is given only to know how large its output is: none of its cells is read

A move has its two halves side by side as every rule has: `compute` moves the whole matrix, `source` says where one
cell came from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from attention_core.rules import Axes, Index, Rule, ShapeError, Term, bracketed, joined

Shapes = Sequence[tuple[int, ...]]


@dataclass(frozen=True)
class Move(Rule):
    """A rule that takes every cell from one place. source: (shapes of the inputs, output cell) -> (slot, index)."""

    source: Callable[[Shapes, Index], tuple[int, Index]] = field(kw_only=True)

    def reads(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> tuple[tuple[Index, ...], ...]:
        slot, index = self.source([x.shape for x in inputs], at)
        return tuple((index,) if i == slot else () for i in range(len(inputs)))

    def value(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> float:
        slot, index = self.source([x.shape for x in inputs], at)
        return inputs[slot][index].item()


def _write_moved(*slots: Sequence[Term]) -> list["str | Term"]:
    return [term for slot in slots for term in slot]


def _move(
    pattern: str, compute: Callable[..., np.ndarray], source: Callable[[Shapes, Index], tuple[int, Index]]
) -> Move:
    return Move("→", lambda axes, *inputs: compute(*inputs), _write_moved, pattern, source=source)


def split(n_heads: int) -> Move:
    """Cut one wide projection into heads: "query (head d_k) -> head query d_k". n_heads must divide the width."""

    def compute(x: np.ndarray) -> np.ndarray:
        n, width = x.shape
        if n_heads < 1 or width % n_heads:
            raise ShapeError(f"a width of {width} cannot be split into {n_heads} heads: n_heads must divide it")
        return x.reshape(n, n_heads, -1).transpose(1, 0, 2)

    def source(shapes: Shapes, at: Index) -> tuple[int, Index]:
        head, row, column = at
        return 0, (row, head * (shapes[0][1] // n_heads) + column)

    return _move("split", compute, source)


def _source_of_merged(shapes: Shapes, at: Index) -> tuple[int, Index]:
    row, column = at
    head, within = divmod(column, shapes[0][2])
    return 0, (head, row, within)


# The heads' outputs side by side: "head query d_v -> query (head d_v)".
merge = _move("merge", lambda x: x.transpose(1, 0, 2).reshape(x.shape[1], -1), _source_of_merged)


def repeat(n_heads: int) -> Move:
    """Give every query head its group's keys or values: "kv_head key d_k -> head key d_k", kv_head = head // group."""

    def group(n_kv_heads: int) -> int:
        if n_heads < 1 or n_heads % n_kv_heads:
            raise ShapeError(
                f"{n_heads} query heads cannot share {n_kv_heads} key-value heads: n_heads must be a multiple"
            )
        return n_heads // n_kv_heads

    def source(shapes: Shapes, at: Index) -> tuple[int, Index]:
        return 0, (at[0] // group(shapes[0][0]), *at[1:])

    return _move("repeat", lambda x: np.repeat(x, group(len(x)), axis=0), source)


def part(start: int, stop: int, axis: int = 0) -> Move:
    """A tile along one axis: places start, start + 1, ..., stop - 1."""

    def compute(x: np.ndarray) -> np.ndarray:
        if not 0 <= start < stop <= x.shape[axis]:
            raise ShapeError(f"places {start} to {stop} do not lie within the {x.shape[axis]} that there are")
        return x[(slice(None),) * axis + (slice(start, stop),)]

    return _move("part", compute, lambda shapes, at: (0, (*at[:axis], start + at[axis], *at[axis + 1 :])))


def _source_of_appended(shapes: Shapes, at: Index) -> tuple[int, Index]:
    row = at[-2]
    for slot, shape in enumerate(shapes):
        if row < shape[-2]:
            return slot, (*at[:-2], row, at[-1])
        row -= shape[-2]
    raise IndexError(f"there is no row {at[-2]}")


# Rows of one matrix after those of another: "past d_k, new d_k -> key d_k", with or without heads in front.
append = _move("append", lambda *parts: np.concatenate(parts, axis=-2), _source_of_appended)


def partners(d: int, dims: int, interleaved: bool) -> tuple[int, ...]:
    """For each of d coordinates, the other one of its rotary pair; coordinates from `dims` on are their own."""
    if dims % 2 or not 0 < dims <= d:
        raise ValueError(f"rotary dims must be even and within 2..{d}, and are {dims}: they are turned in pairs")
    half = dims // 2
    other = [i ^ 1 for i in range(dims)] if interleaved else [(i + half) % dims for i in range(dims)]
    return (*other, *range(dims, d))


def partner(d: int, dims: int, interleaved: bool) -> Move:
    """The other coordinate of each rotary pair, along the last axis, which has length d."""
    swapped = partners(d, dims, interleaved)

    def compute(x: np.ndarray) -> np.ndarray:
        if x.shape[-1] != d:
            raise ShapeError(f"the rotation was made for {d} coordinates, and there are {x.shape[-1]}")
        return x[..., list(swapped)]

    return _move("pair", compute, lambda shapes, at: (0, (*at[:-1], swapped[at[-1]])))


def relative(n_q: int, n_k: int) -> Move:
    """A table of biases by distance, laid out: "distance -> query key" (a head axis may stand in front).

    Entry m of the table, of 2 m + 1, is for distance 0; larger ones for keys that come later; beyond ±m the last one
    counts. The queries are the last n_q positions.
    """

    def places(length: int, query: np.ndarray | int, key: np.ndarray | int) -> np.ndarray | int:
        m = length // 2
        return np.clip(key - (query + n_k - n_q), -m, m) + m

    def compute(table: np.ndarray) -> np.ndarray:
        if not table.shape[-1] % 2:
            raise ShapeError(
                f"a table of biases has an odd length, distance 0 in the middle; this one has {table.shape[-1]}"
            )
        return table[..., places(table.shape[-1], np.arange(n_q)[:, None], np.arange(n_k))]

    def source(shapes: Shapes, at: Index) -> tuple[int, Index]:
        return 0, (*at[:-2], int(places(shapes[0][-1], at[-2], at[-1])))

    return _move("relative", compute, source)


def patches(size: int) -> Move:
    """Cut a picture into patches of size × size pixels, one a row: "pixel_row pixel_col -> query d_model"."""

    def compute(picture: np.ndarray) -> np.ndarray:
        rows, cols = picture.shape
        if size < 1 or rows % size or cols % size:
            raise ShapeError(f"a picture of {rows} × {cols} pixels cannot be cut into patches of {size} × {size}")
        return picture.reshape(rows // size, size, cols // size, size).swapaxes(1, 2).reshape(-1, size * size)

    def source(shapes: Shapes, at: Index) -> tuple[int, Index]:
        (down, across), (row, col) = divmod(at[0], shapes[0][1] // size), divmod(at[1], size)
        return 0, (down * size + row, across * size + col)

    return _move("patch", compute, source)


def unpatched(size: int, cols: int) -> Move:
    """Patches put together to a picture of so many columns, the reverse: "query d_v -> pixel_row pixel_col"."""

    def compute(rows: np.ndarray) -> np.ndarray:
        n, pixels = rows.shape
        if size < 1 or cols % size or pixels != size * size or n % (cols // size):
            raise ShapeError(
                f"{n} patches of {pixels} pixels do not make a picture that is {cols} pixels wide, in patches of "
                f"{size} × {size}"
            )
        return rows.reshape(-1, cols // size, size, size).swapaxes(1, 2).reshape(-1, cols)

    def source(shapes: Shapes, at: Index) -> tuple[int, Index]:
        (down, row), (across, col) = divmod(at[0], size), divmod(at[1], size)
        return 0, (down * (cols // size) + across, row * size + col)

    return _move("unpatch", compute, source)


def stretch(kept: Sequence[int]) -> Move:
    """A matrix repeated along the axes that it lacks: "query, head query d -> head query d", the second for its shape.

    kept: which axes of the output the matrix has.
    """

    def compute(x: np.ndarray, like: np.ndarray) -> np.ndarray:
        lost = tuple(i for i in range(like.ndim) if i not in kept)
        return np.broadcast_to(np.expand_dims(x, lost), like.shape).copy()

    return _move("stretch", compute, lambda shapes, at: (0, tuple(at[i] for i in kept)))


# --- Backwards -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Collect(Rule):
    """A move backwards, for its input `slot`: (what came to the output, the move's inputs for their shapes) -> sums."""

    move: Move = field(kw_only=True)
    slot: int = field(kw_only=True)

    def reads(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> tuple[tuple[Index, ...], ...]:
        origin = origins(self.move, inputs[1:])
        here = _numbered([x.shape for x in inputs[1:]])[self.slot][at]
        cells = tuple(tuple(cell) for cell in np.argwhere(origin == here).tolist())
        return (cells, *(() for _ in inputs[1:]))

    def value(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> float:
        cells = self.reads(axes, inputs, at)[0]
        return sum((inputs[0][cell] for cell in cells), start=inputs[0].dtype.type(0)).item()


def _numbered(shapes: Shapes) -> list[np.ndarray]:
    """Arrays of these shapes in which every cell has a number of its own."""
    sizes = [prod(shape) for shape in shapes]
    return [sum(sizes[:i]) + np.arange(sizes[i]).reshape(shape) for i, shape in enumerate(shapes)]


def origins(move: Move, originals: Sequence[np.ndarray]) -> np.ndarray:
    """The number of the cell that each cell of the move's output came from: the move, made with those numbers."""
    return move.compute(None, *_numbered([x.shape for x in originals]))


def _write_collected(made: Sequence[Term], *_: Sequence[Term]) -> list["str | Term"]:
    return joined([bracketed(term) for term in made], " + ") or ["0 (it was taken nowhere)"]


def collect(move: Move, slot: int = 0) -> Collect:
    """The rule that brings what came to the output of `move` back to the cells of its input `slot`."""

    def compute(axes: Axes, made: np.ndarray, *originals: np.ndarray) -> np.ndarray:
        sums = np.zeros(sum(x.size for x in originals), made.dtype)
        np.add.at(sums, origins(move, originals), made)
        return sums[_numbered([x.shape for x in originals])[slot]]

    return Collect("←", compute, _write_collected, "collect", move=move, slot=slot)
