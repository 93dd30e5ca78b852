"""Pictures for paper: whole, legible, nothing over anything else, and whatever a learner types stays text."""

import io
import re
import zipfile
import zlib
from base64 import b64decode
from itertools import combinations, pairwise
from math import cos, radians
from xml.etree import ElementTree

import numpy as np
import pytest

from attention_core.benches import BENCHES
from attention_core.numerals import decimal, exact
from attention_ui.colours import IDENTITIES, POSITIVE, SIGNED
from attention_ui.document import Document, compute, example_document
from attention_ui.link import View
from attention_ui.picture import Picture
from attention_ui.picture_file import advance, size, svg
from attention_ui.png import measures
from attention_ui.sheet import Sheet
from attention_ui.slices import drawn_names
from attention_ui.take_home import pictures
from tests.test_config import AA_TEXT, ROOT, contrast

PAINT = example_document("paint")
CHANGED = PAINT.with_cells("w_q", {(0, 0): "-1", (2, 1): "1/3", (3, 2): "0.0007", (4, 3): "-123456"})
ODD = Document(sentence='antidisestablishmentarianism <b>x</b> ]]><script>alert("1")</script> 猫がいる नमस्ते مرحبا a&b')
SVG = "{http://www.w3.org/2000/svg}"


def figures(document, **view):
    """Every picture of a document, by drawn name."""
    of = Picture(compute(document), None, View(**view))
    names = [drawn for name in (*of.head.trace.given, *of.head.trace) for drawn in drawn_names(of.matrix(name))]
    return {name: ElementTree.fromstring(svg(of, name)) for name in names}


def texts(picture, kind):
    return ["".join(found.itertext()) for found in picture.iter(f"{SVG}text") if found.get("class") == kind]


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("form", [decimal, exact])
def test_it_has_every_number_and_every_label(columns, form):
    for document in (PAINT, CHANGED, Sheet("heads"), Sheet("cross_attention").with_settings(read="picture")):
        head = compute(document)
        for name, picture in figures(document, columns=columns, exact=form is exact).items():
            matrix = Picture(head, None, View()).matrix(name)
            grid = np.asarray(matrix.value, dtype=float).reshape(*(*matrix.value.shape, 1, 1)[:2])
            labels = [list(of) for of in (*matrix.labels, (), ())[:2]]
            pixels = any(axis.startswith("pixel_") for axis in matrix.axes)
            if columns and not pixels:
                grid, labels = grid.T, labels[::-1]
            assert texts(picture, "number") == [form(value) for value in grid.ravel().tolist()], name
            assert [texts(picture, f"{line} label") for line in ("row", "column")] == labels, name
            assert texts(picture, "shape") == ["×".join(map(str, grid.shape))], name


def test_letter_title_formula_axes_and_range():
    weights = figures(PAINT)["weights"]
    assert texts(weights, "letter") == ["A"]
    assert texts(weights, "title") == ["Weights"]
    assert texts(weights, "formula") == ["Aij = Eij/ri".replace(" ", "\u00a0")]
    assert texts(weights, "axes") == ["query ↓\u2003key →"]
    assert texts(weights, "end") == ["0", "1"]
    assert texts(weights, "hidden") == ["hidden by the mask"]
    assert texts(figures(PAINT)["x"], "end") == ["−1", "1", "0"]
    assert texts(figures(PAINT)["mask"], "hidden") == ["0: may not be seen"]
    assert texts(figures(PAINT, columns=True)["weights"], "axes") == ["key ↓\u2003query →"]
    second = figures(Sheet("heads"))["weights@1"]
    assert texts(second, "letter") == ["A2"]
    assert texts(second, "title") == ["Weights, head 2, previous token"]


def test_what_is_compared_says_so():
    of = Picture(compute(PAINT), compute(CHANGED), View(), "difference")
    picture = ElementTree.fromstring(svg(of, "w_q"))
    assert texts(picture, "title") == ["Query weights, now minus before the last change"]
    assert texts(picture, "number")[0] == "+1"


def boxes(picture):
    """What each text covers at most: its kind, left, top, right, bottom; a turned one as (kind, x, y, width)."""
    straight, steep = [], []
    for found in picture.iter(f"{SVG}text"):
        spans = [(span.text, float(span.get("font-size"))) for span in found.iter(f"{SVG}tspan")]
        points = float(found.get("font-size", 0)) or max(points for _, points in spans)
        wide = sum(advance(text, points) for text, points in spans or [(found.text, points)])
        if place := found.get("transform"):
            x, y = map(float, re.search(r"translate\((\S+) (\S+)\)", place).groups())
            steep.append((found.get("class"), x, y, wide, points))
            continue
        x, y = float(found.get("x")), float(found.get("y"))
        x -= {"start": 0, "middle": wide / 2, "end": wide}[found.get("text-anchor", "start")]
        straight.append((found.get("class"), x, y - 0.8 * points, x + wide, y + 0.2 * points))
    return straight, steep


def apart(one, other):
    slack = 0.11  # lengths are written to a tenth of a pixel
    return (one[3] <= other[1] + slack or other[3] <= one[1] + slack
            or one[4] <= other[2] + slack or other[4] <= one[2] + slack)  # fmt: skip


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("document", [PAINT, CHANGED, ODD, *map(Sheet, BENCHES)], ids=str)
def test_nothing_stands_over_anything_else_or_beyond_the_edge(document, columns):
    for name, picture in figures(document, columns=columns).items():
        straight, steep = boxes(picture)
        wide, high = size(ElementTree.tostring(picture, encoding="unicode"))
        for kind, left, top, right, bottom in straight:
            assert min(left, top, wide - right, high - bottom) >= 0, (name, kind)
        for one, other in combinations(straight, 2):
            assert apart(one, other), (name, one, other)
        slant = cos(radians(45))
        for (_, x, y, *_), (_, other_x, other_y, *_) in pairwise(steep):
            assert y == other_y
            assert (other_x - x) * slant >= 12, name  # the lines run beside one another, at least their height apart
        above = max((bottom for kind, _, _, _, bottom in straight if kind in ("title", "formula", "axes")), default=0)
        for _, x, y, long, points in steep:
            assert y - (long + points) * slant >= above - 1, name
            assert x + long * slant <= wide, name


@pytest.mark.parametrize("exactly", [False, True])
@pytest.mark.parametrize("document", [PAINT, CHANGED, *map(Sheet, BENCHES)], ids=str)
def test_every_text_can_be_read_on_its_ground(document, exactly):
    for name, picture in figures(document, exact=exactly).items():
        grounds = [cell.get("fill") for cell in picture.iter(f"{SVG}rect") if cell.get("class") == "cell"]
        inks = [found.get("fill") for found in picture.iter(f"{SVG}text") if found.get("class") == "number"]
        for ground, ink in zip(grounds, inks, strict=True):
            assert contrast(ground, ink) >= AA_TEXT, (name, ground, ink)
        for found in picture.iter(f"{SVG}text"):
            if found.get("class") != "number":
                assert contrast(found.get("fill"), "#ffffff") >= AA_TEXT, (name, found.get("class"))


def test_hidden_cells_are_hatched_and_no_others():
    drawn = figures(PAINT)
    hatched = {name: sum(path.get("class") == "hatching" for path in drawn[name].iter(f"{SVG}path")) for name in drawn}
    hidden = dict.fromkeys(("mask", "masked", "shifted", "exps", "weights"), 10 + 1)  # the legend has one, too
    assert hatched == {name: hidden.get(name, 0) for name in drawn}


def test_what_is_typed_stays_text():
    picture = figures(ODD)["weights"]
    assert {found.tag.removeprefix(SVG) for found in picture.iter()} <= {
        "svg", "title", "desc", "rect", "path", "text", "tspan",
    }  # fmt: skip
    assert "<b>x</b>" in texts(picture, "row label")
    assert not [
        value for found in picture.iter() for name, value in found.items() if "http" in value or name.startswith("on")
    ]


def test_all_figures_of_a_page_in_one_archive():
    heads = Sheet("heads")
    with zipfile.ZipFile(io.BytesIO(pictures(Picture(compute(heads), None, View())))) as folder:
        drawn = {file: folder.read(file).decode() for file in folder.namelist()}
    assert list(drawn) == [f"{name.replace('@', '_head')}.svg" for name in figures(heads)]
    assert all(ElementTree.fromstring(text).tag == f"{SVG}svg" for text in drawn.values())


def test_the_page_has_the_same_colours():
    board, style = ((ROOT / "attention_ui" / f"board.{kind}").read_text() for kind in ("js", "css"))
    for theme in ("light", "dark"):
        for ramp in (SIGNED[theme], POSITIVE[theme]):
            assert "[" + ", ".join(f'"{colour}"' for colour in ramp) + "]" in board
    light = re.search(r"\.board \{(.*?)\}", style, re.DOTALL)[1]
    assert dict(re.findall(r"--id-(\w+): (#\w+)", light)) == IDENTITIES


@pytest.mark.parametrize(("width", "height"), [(300, 200), (97, 61), (5000, 4000)])
def test_a_png_has_three_hundred_dots_an_inch_or_as_many_as_a_browser_can_paint(width, height):
    found = measures(width, height)
    part = b64decode(found["dots"])
    assert part[4:8] == b"pHYs"
    assert int.from_bytes(part[:4]) == 9 == len(part) - 12
    assert int.from_bytes(part[-4:]) == zlib.crc32(part[4:-4])
    dots = int.from_bytes(part[8:12]) * 0.0254
    assert part[16] == 1  # of a metre
    assert found["width"] == pytest.approx(width * dots / 96, abs=1)
    assert found["height"] == pytest.approx(height * dots / 96, abs=1)
    assert dots == pytest.approx(300, abs=0.1) or found["width"] * found["height"] == pytest.approx(16e6, rel=1e-3)
