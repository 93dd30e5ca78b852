"""An enlarged matrix: every number can be read on its cell in both themes, and nothing lies over the numbers."""

import json

import numpy as np
import pytest

from attention_ui.document import compute, example_document
from attention_ui.enlarge import figure
from attention_ui.link import View
from attention_ui.picture import Picture
from tests.test_config import AA_TEXT, DARK, LIGHT, contrast

PAINT = example_document("paint")
BEFORE = PAINT.with_cells("w_q", {(0, 0): "-1", (2, 1): "-2", (3, 2): "0.3", (4, 3): "-0.7"})


def drawn(name: str, theme: str, shown: str = "after") -> dict:
    picture = Picture(compute(PAINT), compute(BEFORE), View(), shown)
    return json.loads(figure(picture, name, theme).to_json())


def colour(ramp: list, share: float) -> str:
    """The colour at this share of a Plotly scale, channel by channel on a straight line, as Plotly mixes it."""
    places, colours = zip(*ramp, strict=True)
    channels = [[int(one[i : i + 2], 16) for one in colours] for i in (1, 3, 5)]
    return "#" + "".join(f"{round(np.interp(share, places, channel)):02x}" for channel in channels)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shown", ["after", "difference"])
@pytest.mark.parametrize("name", ["x", "w_q", "weights", "masked", "mask"])
def test_every_number_can_be_read_on_its_cell(name, shown, theme):
    heat, numbers = drawn(name, theme, shown)["data"]
    page = {"light": LIGHT, "dark": DARK}[theme]["backgroundColor"]
    cells = [value for row in heat["z"] for value in row]
    assert numbers["text"] == [text for row in heat["text"] for text in row]
    for value, ink in zip(cells, numbers["textfont"]["color"], strict=True):
        share = None if value is None else (value - heat["zmin"]) / (heat["zmax"] - heat["zmin"])
        ground = page if share is None else colour(heat["colorscale"], share)
        assert contrast(ink, ground) >= AA_TEXT, (value, ink, ground)


def test_a_number_stands_on_its_own_cell():
    """In rows and columns as the heat is, and only the heat answers the pointer."""
    heat, numbers = drawn("w_q", "light")["data"]
    rows, cols = len(heat["z"]), len(heat["z"][0])
    assert list(zip(numbers["y"], numbers["x"], strict=True)) == list(np.ndindex(rows, cols))
    assert numbers["hoverinfo"] == "skip"


def test_the_buttons_and_the_scale_leave_the_cells_their_place():
    layout = drawn("w_q", "light")["layout"]
    heat = drawn("w_q", "light")["data"][0]
    assert layout["margin"]["t"] >= 70
    assert heat["colorbar"]["orientation"] == "h"
