"""Figures: built from lists, titled in words, told apart without colour, and each with its numbers as text."""

import json
from itertools import pairwise

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attention_ui.plots import INKS, Axes, _spread, arrows_figure, bars_figure, curve_figure, histograms_figure
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


@every_figure
def test_titles_are_words(name):
    layout = figures()[name]["layout"]
    assert layout["title"]["text"] == "Exponentials"
    assert layout["xaxis"]["title"]["text"] == "score"
    assert layout["yaxis"]["title"]["text"] == "exp(score)"


@every_figure
def test_the_title_stands_below_the_buttons(name):
    """Plotly lays its buttons over the uppermost 30 pixels; on a narrow screen they would cover a title up there."""
    layout = figures()[name]["layout"]
    title = layout["title"]
    assert (title["y"], title["yanchor"]) == (1, "top")
    assert title["pad"]["t"] > 30
    assert layout["margin"]["t"] >= title["pad"]["t"] + 2 * title["font"]["size"]


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
    assert layout["xaxis"]["range"] == layout["yaxis"]["range"] == [-2.7, 2.7]
    assert layout["yaxis"]["scaleanchor"] == "x"
    arrows = [note for note in layout["annotations"] if note["showarrow"]]
    assert [(arrow["x"], arrow["y"], arrow["ax"], arrow["ay"]) for arrow in arrows][:2] == [(1, 2, 0, 0), (-1, 0, 0, 0)]


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
