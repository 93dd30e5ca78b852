"""Small tables as HTML that a screen reader can walk: headed rows and columns, a caption, every text escaped.

Vocabulary
    caption   what the table holds, in words; seen, and read out first
    mark      a word about one cell, shown as a sign and said in words: "right", "wrong", "blank", "picked", "hidden"
    matrix    a small matrix of a trace as a table. It says so by data-shows, not data-step: what is made or given is
              drawn by the board, and an exercise has numbers of its own
"""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np

from attention_core.numerals import decimal, exact, says
from attention_core.trace import Matrix

Index = tuple[int, ...]

_SIGNS = {"right": "✓", "wrong": "✗"}
_WORDS = {"right": "right", "wrong": "not right", "blank": "to be filled in", "picked": "chosen", "hidden": "masked"}


def text_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], prose: bool = False) -> str:
    """A table of texts; the first column of each row heads it. prose: they are sentences more than numbers."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in header)
    body = "".join(f'<tr><th scope="row">{escape(first)}</th>{_cells(rest)}</tr>' for first, *rest in rows)
    return (
        f'<div class="table{" prose" * prose}" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{escape(text)}</td>" for text in texts)


def matrix_table(
    matrix: Matrix,
    caption: str,
    texts: Mapping[Index, str] | None = None,
    marks: Mapping[Index, str] | None = None,
    shaded: bool = False,
    darkest: float = 1.0,
    places: int | None = None,
    columns: Sequence[int] | None = None,
) -> str:
    """A matrix of at most two axes. texts: what stands in a cell instead of its number; marks: a word about a cell.

    shaded: the larger a number is, whatever its sign, the darker its cell; the number itself stands in it as ever.
    darkest: what is darkest, where no number is larger. places: so many decimals in every cell, for what was learned:
    that is never 1/2, however near it comes. columns: those that are drawn, of a matrix too wide for its page.
    """
    texts, marks, form = texts or {}, marks or {}, _form(matrix.value) if places is None else _rounded(places)
    rows, cols = (*matrix.labels, ("",), ("",))[:2]
    columns = range(len(cols)) if columns is None else columns
    head = "".join(f'<th scope="col">{escape(cols[j])}</th>' for j in columns)
    body = []
    for i, label in enumerate(rows):
        indices = [(i, j)[: matrix.value.ndim] for j in columns]
        shades = [_shade(matrix.value, at, darkest) if shaded else "" for at in indices]
        cells = "".join(
            _cell(matrix, at, texts.get(at), marks.get(at, ""), form, shade)
            for at, shade in zip(indices, shades, strict=True)
        )
        body.append(f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>')
    return (
        f'<div class="table matrix" tabindex="0" role="group" aria-label="{escape(caption)}">'
        f'<table data-shows="{escape(matrix.name)}"><caption>{escape(caption)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _form(values: np.ndarray) -> Callable[[float], str]:
    """How all numbers of a matrix are written: exactly, if small fractions and logarithms do it; else with the few
    decimal places that each of them has; else rounded."""
    numbers = [float(value) for value in values.flat if np.isfinite(value)]
    if all(says(text, x) and not re.search(r"/\d{3}", text) for x in numbers if (text := exact(x))):
        return exact
    for places in (2, 3, 4):
        if all(abs(x - round(x, places)) < 1e-12 for x in numbers):
            return _rounded(places)
    return decimal


def _rounded(places: int) -> Callable[[float], str]:
    return lambda x: f"{x:.{places}f}".replace("-", "−") if np.isfinite(x) else decimal(x)


def _shade(values: np.ndarray, at: Index, darkest: float) -> str:
    """How dark a cell is, from 0 to 1, for the style sheet."""
    most = max(darkest, float(np.abs(values).max(initial=0)))  # shares are shaded by what they are, not by the largest
    return f' style="--shade:{abs(float(values[at])) / most:.2f}"'


def _cell(
    matrix: Matrix, at: Index, text: str | None, mark: str, form: Callable[[float], str], shade: str = ""
) -> str:  # fmt: skip
    """One cell. Its number stands in the page only where it is shown: a blank must not give itself away."""
    value = matrix.value[at].item()
    row, col = (*at, 0, 0)[:2]
    number = f' data-value="{_shortest(value)}"' if text is None else ""
    shown = escape(form(float(value)) if text is None else text)
    sign = f'<i aria-hidden="true">{_SIGNS[mark]}</i>' if mark in _SIGNS else ""
    word = f'<span class="unseen"> {_WORDS[mark]}</span>' if mark else ""
    of = f' class="{mark}"' if mark else ""
    return f'<td{of}{shade} data-row="{row}" data-col="{col}"{number}>{shown}{sign}{word}</td>'


def _shortest(value: float | bool) -> str:
    """The shortest decimal that reads back as the same number; a mask is 0 or 1."""
    if isinstance(value, bool):
        return str(int(value))
    return np.format_float_positional(value, trim="-") if np.isfinite(value) else str(value)
