"""One matrix as a picture for paper: an SVG with its letter, shape and formula, labels, numbers and range of colours.

Drawn as on the page, on white. Numbers stand in every cell, hidden cells are hatched, and the scale has its ends
written beside it, so that a print without colours says as much. Everything is lines, boxes and text in fonts that every
machine has in some form: no pattern, filter or foreign markup, which word processors would lose.

Vocabulary
    figure    a matrix as the page draws it, by its drawn name: one head of it, where it has heads
    seen      as it is drawn; where tokens stand as columns, the rows of a matrix are the columns of its picture
    advance   how wide a text is at most, in a font that is wider than most: nobody knows which one it will be
    steep     labels of columns that are much longer than their column is wide stand at 45 degrees

Lengths are pixels of 1/96 inch.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from attention_ui.colours import DARK_INK, IDENTITIES, POSITIVE, SIGNED, ink, on_ramp
from attention_ui.editable import shape_text
from attention_ui.mathml import Run, runs, tree
from attention_ui.naming import formula_of, heading, letter, plain_letter, stands_turned
from attention_ui.payload import matrix_data
from attention_ui.picture import Data, Picture

_FONT = "'Source Sans 3', 'Source Sans Pro', 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"
_MATHS = "'STIX Two Math', 'Cambria Math', 'Latin Modern Math', 'Times New Roman', serif"
_PAPER, _TEXT, _MUTED, _LINE, _HATCH = "#ffffff", "#121418", "#4d5056", "#b9bcc2", "#8b9098"
_MARGIN, _CELL, _CUT = 12, 28, 4
_NUMBER, _LABEL, _SMALL, _LETTER, _TITLE, _FORMULA = 12, 12, 11, 18, 14, 15  # sizes of type
_BAR, _BAR_HEIGHT = 160, 8
_COMPARED = {"before": ", before the last change", "difference": ", now minus before the last change"}


@dataclass(frozen=True)
class _Layout:
    """Where things stand. left, top: of the first cell; cell: its width; height: of a row; cut: pixels between gaps."""

    left: float
    top: float
    cell: float
    height: float
    cut: int
    steep: bool

    def x(self, col: int) -> float:
        return self.left + col * self.cell + self._gaps(col)

    def y(self, row: int) -> float:
        return self.top + row * self.height + self._gaps(row)

    def _gaps(self, i: int) -> int:
        return _CUT * (i // self.cut) if self.cut else 0


@dataclass(frozen=True)
class _Seen:
    """A figure as it is seen: labels, the names of its axes with arrows, and per cell its number, text, hatching."""

    data: Data
    rows: Sequence[str]
    cols: Sequence[str]
    axes: Sequence[str]
    values: np.ndarray
    texts: np.ndarray
    hatched: np.ndarray


def svg(picture: Picture, name: str) -> str:
    """The figure `name` of a picture as the text of an SVG file. Raises KeyError when there is no such matrix."""
    seen = _seen(picture, name)
    head, head_width, top = _heading(picture, name, seen)
    place = _layout(seen, top)
    foot, foot_width, bottom = _legend(seen, picture.form, place.left, place.y(len(seen.rows)) + 10)
    right = max(place.x(len(seen.cols)), head_width, foot_width, *_label_ends(place, seen.cols))
    width, height = math.ceil(right + _MARGIN), math.ceil(bottom + _MARGIN)
    said = f"{plain_letter(picture, name)}: {heading(picture, name)}, {shape_text(seen.texts.shape)}"
    body = [*head, *_labels(place, seen), *_cells(place, seen), *foot]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{_FONT}"><title>{escape(said)}</title><desc>{escape(_said(seen))}</desc>'
        f'<rect width="{width}" height="{height}" fill="{_PAPER}"/>{"".join(body)}</svg>'
    )


def _seen(picture: Picture, name: str) -> _Seen:
    data = matrix_data(picture, name)
    values = np.asarray(picture.values(name), dtype=float).reshape(data["shape"])
    texts = np.array(data["texts"], dtype=object).reshape(data["shape"])
    hatched = np.zeros(data["shape"], dtype=bool)
    hatched.flat[data["hatched"]] = True
    if data["scale"] == "mask":
        hatched |= values == 0
    if not stands_turned(picture, name):
        axes = [f"{axis} {arrow}" for axis, arrow in zip(data["axes"], "↓→", strict=False)]
        return _Seen(data, data["rows"], data["cols"], axes, values, texts, hatched)
    arrows = "→" if len(data["axes"]) == 1 else "↓→"
    axes = [f"{axis} {arrow}" for axis, arrow in zip(reversed(data["axes"]), arrows, strict=False)]
    return _Seen(data, data["cols"], data["rows"], axes, values.T, texts.T, hatched.T)


def size(drawn: str) -> tuple[int, int]:
    """Width and height, in pixels, of what `svg` made."""
    return tuple(int(re.search(rf' {side}="(\d+)"', drawn)[1]) for side in ("width", "height"))


def _said(seen: _Seen) -> str:
    """The labels and the range in words, for whoever cannot see the picture."""
    labels = (("Rows", seen.rows), ("Columns", seen.cols))
    lines = [f"{kind}: {', '.join(named)}." for kind, named in labels if any(named)]
    return " ".join([*lines, f"Colours: {seen.data['range']}."])


# --- above the cells -------------------------------------------------------------------------------------------------


def _heading(picture: Picture, name: str, seen: _Seen) -> tuple[list[str], float, float]:
    """Letter, shape, title; the formula; the axes. Also how far they reach to the right, and down."""
    colour, x, y = IDENTITIES.get(seen.data["identity"], _TEXT), float(_MARGIN), _MARGIN + 16.0
    pieces = runs(tree(letter(picture, name)))
    found = [_formula(pieces, x, y, _LETTER, colour, kind="letter", bold=True)]
    x += _advance_of(pieces, _LETTER) + 8
    badge = "×".join(map(str, seen.texts.shape))
    wide = advance(badge, _SMALL) + 8
    found.append(_box(x, y - 13, wide, 17, stroke=colour, rx=3))
    found.append(_text("shape", badge, x + wide / 2, y, _SMALL, colour, "middle"))
    x += wide + 8
    title = heading(picture, name) + _COMPARED.get(picture.shown_of(name), "")
    found.append(_text("title", title, x, y, _TITLE, _TEXT))
    right, y = x + advance(title, _TITLE), y + 6
    if formula := formula_of(picture, name):
        pieces, y = runs(tree(formula)), y + 22
        found.append(_formula(pieces, _MARGIN, y, _FORMULA, _TEXT, kind="formula"))
        right, y = max(right, _MARGIN + _advance_of(pieces, _FORMULA)), y + 6
    if seen.axes:
        says, y = "\u2003".join(seen.axes), y + 16
        found.append(_text("axes", says, _MARGIN, y, _SMALL, _MUTED))
        right, y = max(right, _MARGIN + advance(says, _SMALL)), y + 4
    return found, right, y + 6


def _layout(seen: _Seen, top: float) -> _Layout:
    """Columns as wide as their widest number; or label, where that makes them no more than half as wide again."""
    cell = max(44.0, *(advance(text, _NUMBER) + 14 for text in seen.texts.flat))
    longest = max(advance(label, _LABEL) for label in seen.cols)
    steep = longest + 10 > 1.5 * cell
    if not steep:
        cell = max(cell, longest + 10)
    above = (longest + _LABEL) * math.sqrt(0.5) + 8 if steep else 20.0 if any(seen.cols) else 0.0
    beside = max(advance(label, _LABEL) for label in seen.rows)
    height = cell if seen.data["cut"] else float(_CELL)  # pixels of a picture are square
    return _Layout(_MARGIN + (beside + 8 if beside else 0), top + above, cell, height, seen.data["cut"], steep)


def _labels(place: _Layout, seen: _Seen) -> Iterator[str]:
    for i, label in enumerate(seen.rows):
        if label:
            yield _text("row label", label, place.left - 8, place.y(i) + place.height / 2 + 4, _LABEL, _MUTED, "end")
    for j, label in enumerate(seen.cols):
        if label:
            x, y = place.x(j) + place.cell / 2, place.top - 7
            anchor, turned = ("start", -45) if place.steep else ("middle", 0)
            yield _text("column label", label, x, y, _LABEL, _MUTED, anchor, turned)


def _label_ends(place: _Layout, cols: Sequence[str]) -> Iterator[float]:
    """How far each column's label reaches to the right."""
    for j, label in enumerate(cols):
        middle, wide = place.x(j) + place.cell / 2, advance(label, _LABEL)
        yield middle + (wide * math.sqrt(0.5) if place.steep else wide / 2)


# --- the cells -------------------------------------------------------------------------------------------------------


def _cells(place: _Layout, seen: _Seen) -> Iterator[str]:
    ramp = _ramp(seen.data)
    for at in np.ndindex(*seen.values.shape):
        x, y, text = place.x(at[1]), place.y(at[0]), seen.texts[at]
        middle = x + place.cell / 2
        share = None if seen.hatched[at] else _share(seen.data, seen.values[at].item())
        ground, colour = (_PAPER, DARK_INK) if share is None else (on_ramp(ramp, share), ink(ramp, share))
        yield _box(x, y, place.cell, place.height, ground, _LINE, kind="cell")
        if seen.hatched[at]:
            wide = advance(text, _NUMBER) + 6
            yield _hatching(x, y, place.cell, place.height)
            yield _box(middle - wide / 2, y + place.height / 2 - 9, wide, 18, _PAPER, kind="behind")
        yield _text("number", text, middle, y + place.height / 2 + 4, _NUMBER, colour, "middle")


def _ramp(data: Data) -> Sequence[str]:
    return (POSITIVE if data["scale"] == "positive" else SIGNED)["light"]


def _share(data: Data, value: float) -> float | None:
    """Where on its ramp a number stands, as on the page; None for one without a colour."""
    if data["scale"] == "mask" or not math.isfinite(value):
        return None
    low = data["lo"] if data["scale"] == "positive" else -data["hi"]
    return min(1.0, max(0.0, (value - low) / (data["hi"] - low)))


def _hatching(x: float, y: float, width: float, height: float, gap: float = 6.0) -> str:
    """Slanted lines within a box, as one path."""
    lines = []
    for k in np.arange(gap, width + height, gap).tolist():
        start, end = (max(0.0, k - height), min(k, height)), (min(k, width), max(0.0, k - width))
        lines.append(f"M{_n(x + start[0])} {_n(y + start[1])}L{_n(x + end[0])} {_n(y + end[1])}")
    return f'<path class="hatching" d="{"".join(lines)}" stroke="{_HATCH}" stroke-width="0.75" fill="none"/>'


# --- below the cells -------------------------------------------------------------------------------------------------


def _legend(seen: _Seen, form: Callable[[float], str], left: float, top: float) -> tuple[list[str], float, float]:
    """The scale of the colours with its ends, and what the hatching means. Also how far they reach right, and down."""
    found, right, y = [], left, top
    if seen.data["scale"] != "mask":
        low, high = form(seen.data["lo"]), form(seen.data["hi"])
        wide = max(float(_BAR), advance(low, _SMALL) + advance(high, _SMALL) + 40)
        found += _bar(_ramp(seen.data), left, y, wide)
        y += _BAR_HEIGHT + 14
        found.append(_text("end", low, left, y, _SMALL, _MUTED))
        found.append(_text("end", high, left + wide, y, _SMALL, _MUTED, "end"))
        if seen.data["scale"] == "signed":
            found.append(_text("end", "0", left + wide / 2, y, _SMALL, _MUTED, "middle"))
        right = left + wide
    if seen.hatched.any():
        says, y = "0: may not be seen" if seen.data["scale"] == "mask" else "hidden by the mask", y + 8
        found += [_box(left, y, 22, 14, _PAPER, _LINE), _hatching(left, y, 22, 14)]
        found.append(_text("hidden", says, left + 30, y + 11, _SMALL, _MUTED))
        right, y = max(right, left + 30 + advance(says, _SMALL)), y + 14
    return found, right, y


def _bar(ramp: Sequence[str], x: float, y: float, wide: float, pieces: int = 64) -> Iterator[str]:
    """The scale, as small boxes: a gradient would need a name, and two pictures in one page might share it."""
    for i in range(pieces):
        yield _box(x + i * wide / pieces, y, wide / pieces + 0.3, _BAR_HEIGHT, on_ramp(ramp, i / (pieces - 1)))
    yield _box(x, y, wide, _BAR_HEIGHT, stroke=_LINE)


# --- boxes and text --------------------------------------------------------------------------------------------------


def _box(
    x: float, y: float, wide: float, high: float, fill: str = "none", stroke: str = "", kind: str = "", rx: int = 0
) -> str:  # fmt: skip
    of = (f' class="{kind}"' if kind else "") + (f' rx="{rx}"' if rx else "")
    line = f' stroke="{stroke}" stroke-width="0.75"' if stroke else ""
    return f'<rect{of} x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(high)}" fill="{fill}"{line}/>'


def _text(
    kind: str, text: str, x: float, y: float, points: float, colour: str, anchor: str = "start", turned: int = 0
) -> str:  # fmt: skip
    """A line of text. kind: its class, by which a script finds it; points: the size of its type, in pixels."""
    place = f'transform="translate({_n(x)} {_n(y)}) rotate({turned})"' if turned else f'x="{_n(x)}" y="{_n(y)}"'
    return (f'<text class="{kind}" {place} font-size="{points}" fill="{colour}" text-anchor="{anchor}">'
            f"{escape(text)}</text>")  # fmt: skip


def _formula(
    pieces: Sequence[Run], x: float, y: float, points: float, colour: str, kind: str, bold: bool = False
) -> str:  # fmt: skip
    """Pieces of a formula as one line; each says how far it stands above or below the one before."""
    spans, at = [], 0.0
    for piece in pieces:
        down = (at - piece.rise) * points
        at = piece.rise
        style = ' font-style="italic"' if piece.slanted else ""
        spans.append(f'<tspan dy="{_n(down)}" font-size="{_n(points * piece.size)}"{style}>'
                     f"{escape(piece.text.replace(' ', chr(160)))}</tspan>")  # fmt: skip
    weight = ' font-weight="700"' if bold else ""
    return (f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" fill="{colour}" font-family="{_MATHS}"{weight}>'
            f"{''.join(spans)}</text>")  # fmt: skip


def _advance_of(pieces: Sequence[Run], points: float) -> float:
    return sum(advance(piece.text, points * piece.size) for piece in pieces)


_NARROW, _WIDE = set(" .,:;|!'’‘ijlIftr()[]/\u00a0\u2009"), set("mwMW@%—…∞")


def advance(text: str, points: float) -> float:
    """How wide a text is at most. Scripts that are written wide, and those that we know little of, get room."""
    return points * sum(map(_share_of_size, text))


def _share_of_size(char: str) -> float:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.3 if ord(char) > 0xFFFF else 1.05
    if char in _NARROW:
        return 0.45
    if char in _WIDE:
        return 1.0
    if char.isascii() or char.isdigit() or unicodedata.name(char, "").startswith(("LATIN", "GREEK", "CYRILLIC")):
        return 0.78 if char.isupper() else 0.65
    return 0.95


def _n(x: float) -> str:
    """A length, to a tenth of a pixel."""
    return f"{x:.1f}".removesuffix(".0")
