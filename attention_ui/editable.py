"""Matrices that a learner may type over, whatever they belong to: a document of one head, or a lesson's sheet.

Vocabulary
    edit      the text typed into one cell of a given matrix; kept as typed ("2 ln 3"), keyed by matrix and index
    painted   edited by a click, which leads a cell through a few numbers: "1" or "0" in the mask
    plain     the same document with nothing changed
    topic     what it is about: between two topics there is nothing to compare
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from attention_core import numerals, programs
from attention_core.tokens import Word
from attention_core.trace import Matrix, Program, givens
from attention_ui.slices import is_sliced

Index = tuple[int, ...]
Edits = Mapping[str, Mapping[Index, str]]
Given = tuple[dict[str, np.ndarray], Mapping[str, tuple[str, ...]]]


MASK: Mapping[str, tuple[float, ...]] = {"mask": (0.0, 1.0)}


class EditError(ValueError):
    """An edit that cannot be made; the message says where, what was wrong and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Editable(ABC):
    """What both kinds of document can do. They say what is computed, from what, and which matrices may be edited."""

    edits: Edits = field(default_factory=dict)
    # A lesson's sheet has no such switches; a document of one head has fields of these names.
    ablation = ""
    steady = False
    steadied: ClassVar[Program] = ()  # run instead of `program` when a score is too large for exp; (): it knows itself
    cut = 0  # into squares of how many pixels a picture is cut

    @property
    @abstractmethod
    def program(self) -> Program:
        """The steps that are run."""

    @property
    @abstractmethod
    def plain(self) -> Self:
        """The same with nothing changed."""

    @property
    @abstractmethod
    def topic(self) -> tuple:
        """What it is about, to be compared with another's."""

    @property
    @abstractmethod
    def editable(self) -> tuple[str, ...]:
        """The names of the given matrices that may be typed over; the mask, which is painted, is not among them."""

    @property
    def painted(self) -> Mapping[str, tuple[float, ...]]:
        """The given matrices that are painted, the mask above all, each with the numbers that a click leads through."""
        return MASK

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of X, as they were looked up; none where X is no sentence."""
        return ()

    @property
    def said_of_x(self) -> str:
        """What X is, where its rows were not looked up in the word list; "" where they were."""
        return ""

    def told(self, before: "Editable | None" = None) -> list[str]:
        """Settings that are other ones than before, or than ours, in half a sentence each; a head tells of none."""
        return []

    def around(self) -> Self:
        """The document as far as the page around the matrices shows it: without what was typed into them."""
        return replace(self, edits={})

    @abstractmethod
    def unedited(self) -> Given:
        """The given matrices and the labels of the axes, before any edit."""

    @abstractmethod
    def about(self, matrix: Matrix, at: Index, d_k: int) -> str:
        """Where a given number comes from: typed, looked up, chosen by us, or set by a switch."""

    def given(self) -> Given:
        """The given matrices with every edit applied, and the labels of the axes."""
        given, labels = self.unedited()
        for name, cells in self.edits.items():
            for at, text in cells.items():
                given[name][at] = numerals.parse(text)
        return given, labels

    def with_cells(self, name: str, texts: Mapping[Index, str]) -> Self:
        """These cells of a given matrix typed over. Raises EditError for a cell or a text that cannot be."""
        given, labels = self.given()
        self._may_be_edited(name, given)
        original = self.unedited()[0][name]
        cells = dict(self.edits.get(name, {}))
        for at, text in ((_stored(at, original.ndim), text) for at, text in texts.items()):
            if len(at) != original.ndim or any(not 0 <= i < n for i, n in zip(at, original.shape, strict=True)):
                raise EditError(f"{letter_text(name)} is {shape_text(original.shape)} and has no such cell.")
            cell = cell_text(name, at, labels, givens(self.program).get(name, ()))
            value = _read(name, cell, text, self.painted.get(name, ()))
            cells.pop(at, None)
            if value != original[at]:
                cells[at] = text.strip()
        edits = {k: v for k, v in {**self.edits, name: cells}.items() if v}
        return replace(self, edits=edits)

    def with_block(self, name: str, at: Index, text: str, turned: bool = False) -> Self:
        """A block of numbers pasted with its top left corner at `at`. Raises EditError when it does not fit.

        turned: into a matrix that is drawn transposed, so that a row of the block is a column of the matrix.
        """
        given, _ = self.given()
        self._may_be_edited(name, given)
        try:
            rows = numerals.parse_block(text)
        except numerals.NumberError as error:
            raise EditError(f"{letter_text(name)}: {error}") from None
        # A vector is drawn as one column; of a matrix with heads, the block goes into the head that was chosen.
        heads = int(is_sliced(givens(self.program).get(name, ())))
        front, shape = at[:heads], (*given[name].shape[heads:], 1, 1)[:2]
        corner = (*at[heads:], 0, 0)[:2]
        room = tuple(n - i for n, i in zip(shape, corner, strict=True))
        size, room = (len(rows), len(rows[0])), room[::-1] if turned else room
        if size[0] > room[0] or size[1] > room[1]:
            raise EditError(
                f"{letter_text(name)}: the pasted block is {shape_text(size)}, but from the chosen cell on there is "
                f"room for {shape_text(room)}. Choose the cell where its top left corner should stand, or paste a "
                "smaller block."
            )
        cells = {
            (*front, corner[0] + r, corner[1] + c): repr(v).removesuffix(".0")
            for r, row in enumerate(zip(*rows, strict=True) if turned else rows)
            for c, v in enumerate(row)
        }
        return self.with_cells(name, cells)

    def toggled(self, at: Index, name: str = "mask") -> Self:
        """A painted matrix, at one cell led on to its next number: of the mask, what was visible is hidden, and the
        other way round. A number that was typed between them is led on to the first."""
        levels = self.painted[name]
        now = float(self.given()[0][name][at])
        after = levels[(levels.index(now) + 1) % len(levels)] if now in levels else levels[0]
        return self.with_cells(name, {at: numerals.exact(after)})

    def _may_be_edited(self, name: str, given: Mapping[str, np.ndarray]) -> None:
        if name not in (*self.editable, *self.painted) or name not in given:
            raise EditError("This matrix is computed; edit the matrices that it is made from.")


def _stored(at: Index, ndim: int) -> Index:
    """The index in the array of a cell as it is drawn: a vector is drawn as one column."""
    return at[:ndim] if len(at) == 2 and not any(at[ndim:]) else at


def _read(name: str, cell: str, text: str, levels: tuple[float, ...] = ()) -> float:
    """The number that a text says. cell: in words; levels: of a painted matrix the numbers that its own lie between."""
    try:
        value = numerals.parse(text)
    except numerals.NumberError as error:
        raise EditError(f"{cell}: {error}") from None
    if name == "mask" and value not in (0, 1):
        raise EditError(f"{cell}: the mask holds 1 (may see) or 0 (may not), and nothing else.")
    if levels and not min(levels) <= value <= max(levels):
        low, high = (numerals.exact(level) for level in (min(levels), max(levels)))
        raise EditError(f"{cell}: a number from {low} to {high} is wanted here.")
    return value


def letter_text(name: str) -> str:
    """The letter of a given matrix as plain text: W_Q."""
    return programs.given_of(name).letter


def shape_text(shape: Index) -> str:
    return " × ".join(map(str, shape))


def cell_text(name: str, at: Index, labels: Mapping[str, tuple[str, ...]], axes: Sequence[str] = ()) -> str:
    """A cell of a given matrix in words: 'W_Q, row noun, column 0'. axes: as the program reads it, if not as usual."""
    usual = programs.given_of(name).axes
    usual = usual[max(0, len(usual) - len(at)) :]  # a matrix of one head may lack its axis of heads
    front, inner = at[: len(at) - len(usual)], at[len(at) - len(usual) :]
    axes = axes[len(axes) - len(usual) :] if len(axes) >= len(usual) else usual
    along = (labels.get(axis, labels.get(known)) for axis, known in zip(axes, usual, strict=True))
    names = [label[i] if label else str(i) for label, i in zip(along, inner, strict=True)]
    places = zip(("row", "column"), names, strict=False)
    heads = (f"head {i + 1}" for i in front)
    return ", ".join((letter_text(name), *heads, *(f"{line} {place}" for line, place in places)))
