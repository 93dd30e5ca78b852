"""What the panel says about one cell: where it sits, and how it was made of others. No Streamlit in here.

Vocabulary
    account     all of it: name, place, number, arithmetic, formula, code, and a sentence
    arithmetic  from left to right: signs as text, each operand with its number and its place
    trail       the cells that the learner came from, following operands
"""

from collections.abc import Callable, Sequence

import numpy as np

from attention_core.moves import Move
from attention_core.numerals import amounts, decimal, exact, says
from attention_core.remarks import added_by_heads
from attention_core.rules import Cell, Term
from attention_core.trace import Matrix, Traced
from attention_ui.mathml import tree
from attention_ui.naming import cell_name, drawn_cell, formula, joined, where
from attention_ui.picture import Data, Picture
from attention_ui.slices import base, index_of


def panel(picture: Picture) -> Data | None:
    """What the panel says about the picked cell; None where none is picked."""
    return None if picture.view.picked is None else account(picture, *picture.view.picked)


def account(picture: Picture, drawn: str, row: int, col: int, written: bool = True) -> Data | None:
    """Of a cell: where it sits, its arithmetic with real operands, formula and code; None where there is no such cell.

    drawn, row, col: its figure, and its place in it. written: with its arithmetic, which is the longest of all.
    """
    at = index_of(picture.head.trace, drawn, row, col)
    if at is None:
        return None
    matrix = picture.head.matrix(base(drawn))
    shown = picture.shown_of(matrix.name)
    if shown == "before":
        matrix = picture.before.matrix(matrix.name)
    about = {
        "cell": cell_name(picture, matrix.name, at),
        "where": where(picture, matrix.name, at),
        "value": _value(picture, matrix.value[at].item()),
        "trail": [_stop(picture, *cell) for cell in picture.trail],
        "code_title": "NumPy (tokens as rows)" if picture.view.columns else "NumPy",
    }
    if shown == "difference":
        return about | _differs(picture, matrix, at)
    if isinstance(matrix, Traced):
        return (
            about
            | _about_made(picture, matrix, at)
            | {"arithmetic": _arithmetic(picture, matrix, at) if written else []}
        )
    return about | {"arithmetic": [], "formula": None, "code": "", "about": _about_given(picture, matrix, at)}


def _stop(picture: Picture, drawn: str, row: int, col: int) -> Data:
    """A cell of the trail, where the learner came from."""
    at, name = index_of(picture.head.trace, drawn, row, col), base(drawn)
    return drawn_cell(picture, name, at) | {"label": cell_name(picture, name, at)}


def _value(picture: Picture, value: float) -> str:
    """The number; with decimals, its exact form beside it where it has one."""
    text, whole = picture.form(value), exact(value)
    return text if whole == decimal(value) or picture.view.exact else f"{text} ({whole})"


def _differs(picture: Picture, matrix: Matrix, at: tuple[int, ...]) -> Data:
    old, new = (side.matrix(matrix.name).value[at].item() for side in (picture.before, picture.head))
    gap = picture.values(matrix.name)[at].item()
    was, now, by = picture.form(float(old)), picture.form(float(new)), picture.form(gap)
    subtracted = f"{now} − {f'({was})' if old < 0 else was}"
    equals = _equals(picture, subtracted, gap, (old, new))
    return {
        "cell": f"{cell_name(picture, matrix.name, at)}, now − before",
        "value": f"+{by}" if gap > 0 else by,
        "arithmetic": [f"{subtracted} {equals} {by}"] if np.isfinite(gap) else [],
        "formula": None, "code": "",
        "about": f"Now it is {now}; before the last change it was {was}.",
    }  # fmt: skip


def _about_made(picture: Picture, matrix: Traced, at: tuple[int, ...]) -> Data:
    return {
        "formula": tree(formula(matrix.step, picture.view.columns)),
        "code": matrix.step.code,
        "about": " ".join((matrix.step.says, *_by_head(picture, matrix, at))),
    }


def _arithmetic(picture: Picture, matrix: Traced, at: tuple[int, ...]) -> list[str | Data]:
    """How a number was made, from left to right: signs as text, each operand with its place."""
    cell = matrix.explain(at)
    if isinstance(matrix.step.rule, Move):  # nothing is computed: the cell that it was, by its name
        return [*_places(picture, cell, lambda piece: cell_name(picture, piece.name, piece.at)),
                f" = {picture.form(cell.value)}"]  # fmt: skip
    equals = _equals(picture, cell.written(picture.form), cell.value, [term.value for term in cell.terms])
    return [*_places(picture, cell, lambda piece: picture.form(piece.value)), f" {equals} {picture.form(cell.value)}"]


def _places(picture: Picture, cell: Cell, said: Callable[[Term], str]) -> list[str | Data]:
    return [
        piece if isinstance(piece, str) else drawn_cell(picture, piece.name, piece.at) | {"text": said(piece)}
        for piece in cell.pieces
    ]


def _by_head(picture: Picture, matrix: Traced, at: tuple[int, ...]) -> Sequence[str]:
    """Of a cell of H W_O, how much each head adds: H has the outputs of all heads side by side."""
    side = picture.before if picture.shown_of(matrix.name) == "before" else picture.head
    parts = added_by_heads(side.trace, matrix.name, at)
    if not parts:
        return ()
    said = [f"head {i + 1} adds {picture.form(part)}" for i, part in enumerate(parts)]
    return (f"Of this, {joined(said)}.",)


def _equals(picture: Picture, written: str, value: float, operands: Sequence[float]) -> str:
    """The sign before a result: ≈ where a number of the line is rounded, for then a sum comes out askew.

    Not where it makes no difference: 2.20 × 0 is 0, however 2.20 was rounded.
    """
    if not all(_said(picture, x) for x in (value, *operands)):
        return "=" if _said(picture, value) and amounts(written, value) else "≈"
    return "="


def _said(picture: Picture, x: float) -> bool:
    """Whether the text of a number is the number itself."""
    return not np.isfinite(x) or says(picture.form(x), x)


def _about_given(picture: Picture, matrix: Matrix, at: tuple[int, ...]) -> str:
    """Where a given number comes from: typed, looked up, chosen by us, or set by a switch."""
    head = picture.before if picture.shown_of(matrix.name) == "before" else picture.head
    typed = head.document.edits.get(matrix.name, {}).get(at)
    if typed is not None:
        return "You painted it." if matrix.name in head.document.painted else f"You typed {typed}."
    return head.document.about(matrix, at, head.matrix("k").value.shape[-1] if head.trace.has("k") else 0)
