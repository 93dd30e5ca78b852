"""Paint in a word and in CSS: what a mixture is called, how it looks, and that both agree."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_ui.colours import mixed_colour, mixed_name

amounts = st.floats(-5, 5)
pots = st.floats(0.01, 5)


@pytest.mark.parametrize(
    ("red", "blue", "name"),
    [
        (1, 0, "red"), (0.2, 0, "red"), (2, 0.5, "red"), (0, 1, "blue"), (0.25, 1.25, "blue"), (0.5, 0.5, "purple"),
        (1 / 3, 1 / 3, "purple"), (0.75, 0.25, "purple"), (0.25, 0.75, "purple"), (0, 0, "no colour"),
        (1e-10, 0, "no colour"), (-1, 0, "no colour"), (-1, -1, "no colour"), (-3, 1, "blue"), (1, -3, "red"),
    ],
)  # fmt: skip
def test_a_mixture_has_a_name(red, blue, name):
    assert mixed_name(red, blue) == name


@pytest.mark.parametrize(
    ("red", "blue", "colour"),
    [
        (1, 0, "rgba(200,40,50,1.00)"), (0, 1, "rgba(40,90,200,1.00)"), (0.5, 0.5, "rgba(120,65,125,1.00)"),
        (0.2, 0, "rgba(200,40,50,0.40)"), (3, 1, "rgba(160,52,88,1.00)"), (-3, 1, "rgba(40,90,200,1.00)"),
        (0, 0, ""), (-1, 0, ""), (1e-10, 0, ""),
    ],
)  # fmt: skip
def test_a_mixture_has_a_colour(red, blue, colour):
    assert mixed_colour(red, blue) == colour


@given(amounts, amounts)
def test_what_has_a_colour_has_a_name_and_the_other_way_round(red, blue):
    assert (mixed_name(red, blue) == "no colour") == (mixed_colour(red, blue) == "")


@given(amounts, amounts)
def test_a_colour_is_css(red, blue):
    if colour := mixed_colour(red, blue):
        *rgb, alpha = map(float, re.fullmatch(r"rgba\((\d+),(\d+),(\d+),([01]\.\d\d)\)", colour).groups())
        assert all(0 <= part <= 255 for part in rgb)
        assert 0.25 <= alpha <= 1


@given(pots, pots, st.floats(0.1, 10))
def test_more_of_the_same_paint_keeps_its_hue(red, blue, times):
    def parts(colour):
        return [int(part) for part in re.findall(r"\d+", colour)[:3]]

    here, there = parts(mixed_colour(red, blue)), parts(mixed_colour(red * times, blue * times))
    assert all(abs(one - other) <= 1 for one, other in zip(here, there, strict=True))
