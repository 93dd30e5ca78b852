"""The curve of the loss, and tables whose cells are shaded: they stay inside their boxes, whatever the numbers are."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attention_core.trace import Matrix
from attention_ui.tables import matrix_table
from tests.test_pages import sound


def script(losses, lowest, here):
    from attention_ui.loss_curve import loss_curve

    loss_curve(losses, lowest, here)


def drawn(losses, lowest=0.0, here=0):
    app = sound(AppTest.from_function(script, args=(losses, lowest, here)).run())
    return "".join(element.proto.body for element in app.get("html"))


def numbers(html, pattern):
    return [float(text) for text in re.findall(pattern, html)]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=400), st.floats(0, 2))
@settings(max_examples=15, deadline=None)
def test_the_curve_stays_in_its_box(losses, lowest):
    html = drawn(losses, lowest, len(losses))
    polygon = html.partition("polygon(")[2].partition(")")[0]
    points = np.array([[float(x.rstrip("%")) for x in point.split()] for point in polygon.split(",")])
    assert ((points >= -2) & (points <= 102)).all()
    assert points[0, 0] == 0
    assert points[:, 0].max() == 100
    assert all(0 <= top <= 100 for top in numbers(html, r'class="(?:level|floor|floor low)" style="top:([\d.]+)%'))
    assert numbers(html, r'class="here" style="left:([\d.]+)%') == [100]


def test_a_lower_loss_stands_lower_and_powers_of_ten_are_named():
    html = drawn([10.0, 1.0, 0.1, 0.01], 0.02, 2)
    polygon = html.partition("polygon(")[2].partition(")")[0].split(",")
    heights = [float(point.split()[1].rstrip("%")) for point in polygon[:4]]
    assert heights == sorted(heights)
    assert [f">{name}<" in html for name in ("10", "1", "0.10", "0.010")] == [True] * 4
    assert "smallest possible: 0.020" in html
    assert "step 2" in html
    assert "from 10 to 0.010" in html  # said to those who do not see it


def test_the_label_of_the_floor_is_inside_the_box():
    assert 'class="floor"' in drawn([2.0, 0.2], 0.17)
    assert 'class="floor low"' in drawn([1.0, 0.2], 0.11)


def test_one_loss_is_no_curve_yet():
    assert not drawn([1.0])


@pytest.mark.parametrize("values", [[[0.0, 0.5], [1.0, 0.25]], [[-4.0, 2.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
def test_a_cell_is_as_dark_as_its_number_is_large(values):
    values = np.array(values)
    matrix = Matrix("w_q", ("d_model", "d_k"), values, (("a", "b"), ("0", "1")))
    shades = numbers(matrix_table(matrix, "W_Q", shaded=True), r"--shade:([\d.]+)")
    assert shades == pytest.approx((abs(values) / max(1, abs(values).max())).ravel().tolist(), abs=0.005)
    assert "--shade" not in matrix_table(matrix, "W_Q")


def test_small_numbers_are_shaded_by_the_largest_where_that_is_asked_for():
    matrix = Matrix("d_w_q", ("d_model", "d_k"), np.array([[0.01, -0.04]]), (("a",), ("0", "1")))
    assert numbers(matrix_table(matrix, "∂W_Q", shaded=True, darkest=0.04), r"--shade:([\d.]+)") == [0.25, 1]


def test_what_was_learned_is_written_with_decimals():
    matrix = Matrix("weights", ("query", "key"), np.array([[0.5, 1.0]]), (("a",), ("b", "c")))
    assert re.findall(r">([^<>]+)</td>", matrix_table(matrix, "A", places=2)) == ["0.50", "1.00"]
