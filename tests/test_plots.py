"""Figures: built from lists, titled in words, told apart without colour, and each with its numbers as text."""

import colorsys
import json
import re
from itertools import pairwise

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attention_ui.plots import (
    INKS,
    PAINTS,
    Axes,
    _levels,
    _powers,
    _spread,
    arrows_figure,
    bars_figure,
    curve_figure,
    histograms_figure,
)
from tests.test_config import AA_GRAPHIC, DARK, LIGHT, contrast

AXES = Axes("Exponentials", "score", "exp(score)")
IDENTITY = {
    "q": ("#0072B2", "#56B4E9"), "k": ("#B04A00", "#F0955A"), "v": ("#00785A", "#3CC9A0"),
    "weights": ("#8E4585", "#DE9FD0"), "x": ("#595959", "#B8B8B8"),
}  # fmt: skip
X = [0.0, 0.5, 1.0, 1.5]
TWO = {"T = 1": [1.0, 2.0, 3.0, 4.0], "<b>T</b> = 2": [4.0, 3.0, 2.0, 1.0]}


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def figures() -> dict:
    """One figure of each kind, as it is sent."""
    drawn = {
        "curve": curve_figure(AXES, np.array(X), TWO, 0.9, ()),
        "bars": bars_figure(AXES, ["the", "cat", "the", "<i>"], {k: np.array(v) for k, v in TWO.items()}, ["k", "q"]),
        "histograms": histograms_figure(AXES, {k: np.array(v) for k, v in TWO.items()}, 5, ()),
        "arrows": arrows_figure(AXES, {"q": (1.0, 2.0), "<k>": (-1.0, 0.0), "0": (0.0, 0.0)}, ["q", "k"]),
    }
    return {name: json.loads(figure.to_json()) for name, figure in drawn.items()}


every_figure = pytest.mark.parametrize("name", ["curve", "bars", "histograms", "arrows"])


@pytest.mark.parametrize("name", INKS)
def test_an_ink_stands_out_in_both_themes_and_lies_between_the_colours_of_its_matrix(name):
    for theme in (LIGHT, DARK):
        assert contrast(INKS[name], theme["backgroundColor"]) >= AA_GRAPHIC
    for ink, light, dark in zip(rgb(INKS[name]), *map(rgb, IDENTITY[name]), strict=True):
        assert light <= ink <= dark


@pytest.mark.parametrize("name", PAINTS)
def test_paint_stands_out_in_both_themes(name):
    for theme in (LIGHT, DARK):
        assert contrast(PAINTS[name], theme["backgroundColor"]) >= AA_GRAPHIC


def test_what_is_called_red_is_red_and_no_other_word_is_painted():
    """In hue: red and blue as they are called, and words without a colour neither red nor blue nor purple."""
    hues = {name: colorsys.rgb_to_hsv(*(part / 255 for part in rgb(ink)))[:2] for name, ink in PAINTS.items()}
    assert min(hues["red"][0], 1 - hues["red"][0]) < 0.05
    assert 0.55 < hues["blue"][0] < 0.67
    for name in {*PAINTS} - {"red", "blue"}:
        hue, full = hues[name]
        assert 0.07 < hue < 0.5 or full < 0.3, name


@every_figure
def test_axes_are_words(name):
    layout = figures()[name]["layout"]
    assert layout["xaxis"]["title"]["text"] == "score"
    assert layout["yaxis"]["title"]["text"] == "exp(score)"


@every_figure
def test_nothing_stands_below_the_buttons_and_the_legend_below_all(name):
    """Plotly lays its buttons over the uppermost 30 pixels. It cuts a long title off, so the page has it, above."""
    layout = figures()[name]["layout"]
    assert "title" not in layout
    assert layout["margin"]["t"] > 30
    assert (layout["legend"]["yref"], layout["legend"]["y"], layout["legend"]["yanchor"]) == ("container", 0, "bottom")


@every_figure
def test_arrays_are_lists_and_names_are_no_markup(name):
    figure = figures()[name]
    assert "bdata" not in json.dumps(figure)
    assert not any(tag in json.dumps(figure) for tag in ("<b>T", "<i>", "<k>"))


@every_figure
def test_no_colour_of_text_or_background_is_ours(name):
    layout = {key: value for key, value in figures()[name]["layout"].items() if key not in ("template", "shapes")}
    assert "bgcolor" not in json.dumps(layout)
    assert '"color"' not in json.dumps(layout)


def test_lines_differ_in_more_than_colour():
    for name in ("curve", "histograms"):
        lines = [trace["line"] for trace in figures()[name]["data"] if trace["mode"] == "lines"]
        assert len({line["dash"] for line in lines}) == len({line["color"] for line in lines}) == 2


def test_bars_differ_in_more_than_colour_and_equal_names_stand_apart():
    figure = figures()["bars"]
    assert [bar["marker"]["color"] for bar in figure["data"]] == [INKS["k"], INKS["q"]]
    assert len({bar["marker"]["pattern"]["shape"] for bar in figure["data"]}) == 2
    assert figure["layout"]["xaxis"]["tickvals"] == [0, 1, 2, 3]
    assert figure["layout"]["xaxis"]["ticktext"] == ["the", "cat", "the", "&lt;i&gt;"]


def test_a_curve_marks_where_the_control_stands():
    points = [trace for trace in figures()["curve"]["data"] if trace["mode"] == "markers"]
    assert [(point["x"], point["y"]) for point in points] == [([1.0], [3.0]), ([1.0], [2.0])]
    assert not [
        trace for trace in json.loads(curve_figure(AXES, X, TWO, None, ()).to_json())["data"] if "marker" in trace
    ]


def test_a_histogram_shows_shares():
    rng = np.random.default_rng(3)
    figure = histograms_figure(AXES, {"few": rng.normal(size=101), "many": rng.normal(size=1009)}, 17, ())
    for trace in figure.data:
        assert sum(trace.y[:-1]) == pytest.approx(1)
        assert len(trace.x) == 18


def test_arrows_have_one_unit_on_both_axes():
    layout = figures()["arrows"]["layout"]
    assert layout["yaxis"]["range"] == [-2.7, 2.7]
    assert layout["xaxis"]["range"] == pytest.approx([-4.05, 4.05])  # names stand beside the tips
    assert layout["yaxis"]["scaleanchor"] == "x"
    arrows = [note for note in layout["annotations"] if note["showarrow"]]
    assert [(arrow["x"], arrow["y"], arrow["ax"], arrow["ay"]) for arrow in arrows][:2] == [(1, 2, 0, 0), (-1, 0, 0, 0)]


def names_of(vectors, **how):
    """Where the name of each arrow stands: to the right or left of its tip, above or below it."""
    drawn = arrows_figure(AXES, vectors, (), **how).layout.annotations
    return {re.sub("<.?b>", "", note.text): (note.xanchor, note.yanchor) for note in drawn if not note.showarrow}


def test_the_names_of_arrows_lie_on_no_longer_arrow_and_on_no_axis():
    """A name begins at its tip and runs on to the right, or ends there; it goes out of a longer arrow's way."""
    assert names_of({"q": (-0.9, 2.0), "k": (0.5, 0.8)}) == {"q": ("right", "bottom"), "k": ("left", "bottom")}
    assert names_of({"q": (1.2, 1.9), "k": (0.8, 0.5)}) == {"q": ("left", "bottom"), "k": ("left", "top")}
    assert names_of({"q": (1.0, 1.0), "k": (1.0, 1.0)}) == {"q": ("left", "bottom"), "k": ("left", "top")}
    assert names_of({"k": (0.0, 1.0), "q": (0.2, 2.0)}) == {"k": ("right", "bottom"), "q": ("left", "bottom")}
    assert names_of({"one": (2.0, 0.0), "other": (0.0, -2.0)}) == {"one": ("left", "bottom"), "other": ("left", "top")}
    assert set(names_of({"0": (0.0, 0.0), "q": (0.0, 1.0)})) == {"0", "q"}


def test_what_stands_behind_is_thinner():
    drawn = arrows_figure(AXES, {"now": (1.0, 1.0), "begun": (1.0, 0.0)}, ("q", "q"), ("begun",)).layout.annotations
    now, begun = (note for note in drawn if note.showarrow)
    assert begun.arrowwidth < now.arrowwidth
    assert begun.opacity < now.opacity == 1
    assert {note.text for note in drawn if not note.showarrow} == {"<b>now</b>", "begun"}


def test_each_figure_comes_with_its_numbers():
    def page():
        import numpy as np

        from attention_ui.plots import Axes, arrows2d, bars, curve, histograms

        axes = Axes("Title", "across", "up")
        curve(
            axes, np.linspace(0, 1, 401), {"a": np.linspace(0, 1, 401), "b": np.linspace(1, 0, 401)}, at=0.31, key="c"
        )
        bars(axes, ["<u>", "<u>"], {"one": [0.25, 0.75]}, key="b")
        histograms(axes, {"n": [1.0, 2.0, 3.0]}, key="h", bins=3)
        arrows2d(axes, {"q": (3.0, 4.0)}, key="a")

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    curves, bars, samples, arrows = [expander.get("html")[0].proto.body for expander in app.expander]
    assert [expander.label for expander in app.expander] == ["The same as a table"] * 4
    assert curves.count("<tr>") <= 1 + 14
    assert "<td>0.31</td><td>0.69</td>" in curves
    assert bars.count("&lt;u&gt;") == 2
    assert "0.75" in bars
    assert "<td>2</td><td>0.82</td><td>1</td><td>3</td><td>3</td>" in samples
    assert "<td>3</td><td>4</td><td>5</td>" in arrows
    assert [html.proto.body for html in app.get("html")][:1] == ['<p class="figure-title">Title</p>']
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert alts[0] == "Title. up over across: a and b. The numbers follow as a table."
    assert len(alts) == 4


@pytest.mark.parametrize("count", [1, 2, 13, 14, 401])
def test_a_table_runs_from_first_to_last(count):
    places = _spread(count, [])
    assert places[0] == 0
    assert places[-1] == count - 1
    assert len(places) == min(count, 13)
    assert all(one < other for one, other in pairwise(places))


def test_levels_are_named_where_the_lines_are_far():
    """Low levels at the right, high ones at the left, for lines that rise; in powers of ten as in plain numbers."""
    rising = {"one": [10.0, 1e3, 1e6], "two": [100.0, 1e4, 1e7]}
    drawn = curve_figure(AXES, [1.0, 10.0, 100.0], rising, None, ())
    _levels(drawn, {"<low>": 50.0, "high": 5e6}, [(y[0], y[-1]) for y in rising.values()], powers=True)
    _powers(drawn)
    low, high = drawn.layout.annotations
    assert (low.text, low.xanchor, high.text, high.xanchor) == ("&lt;low&gt;", "right", "high", "left")
    assert low.y == pytest.approx(np.log10(50))
    assert [shape.y0 for shape in drawn.layout.shapes] == [50, 5e6]
    assert (drawn.layout.xaxis.type, drawn.layout.yaxis.type) == ("log", "log")
