"""The lesson on lookup: every control works, figures follow the controls, and the curriculum's numbers are said."""

import json

import pytest

from attention_core import programs
from attention_core.benches import BENCHES
from attention_core.numerals import decimal
from attention_ui.document import compute
from attention_ui.readings import sweep, worked
from tests.test_pages import alerts, opened, packed, sound

PAGE = "pages/lookup.py"
PREDICTIONS = ("values", "nudge", "sharpness")


def texts(app):
    return " ".join(element.value for element in app.markdown)


def guessed(*names, app=None):
    """The page with these predictions skipped."""
    app = app or opened(PAGE)
    for name in names:
        sound(app.button(key=f"lookup.{name}.skip").click().run())
    return app


def test_it_opens_with_the_worked_example():
    said = texts(opened(PAGE))
    for number in ("10, 20 and 60", "6, 3 and 1", "0.60, 0.30 and 0.10", "0.60 × 10 + 0.30 × 20 + 0.10 × 60 = **18**"):
        assert number in said


@pytest.mark.parametrize("settings", [{"soft": False}, {"sharpness": 10}, {"third": 0}, {"nudge": 1}, {"third": -1}])
def test_it_opens_by_a_link(settings):
    app = opened(PAGE, s=packed({"settings": settings}))
    assert bool(alerts(app)) == (settings == {"third": -1})


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize("setting", ["third", "nudge", "sharpness"])
def test_every_control_reaches_its_ends(setting, soft):
    app = guessed(*PREDICTIONS)
    sound(app.toggle(key="lookup.soft").set_value(soft).run())
    for value in BENCHES["lookup"].allowed[setting]:
        sound(app.slider(key=f"lookup.{setting}").set_value(value).run())
        assert app.session_state["visit.lookup"].document.setting(setting) == value


def table_of_values(app):
    (table,) = [html.proto.body for html in app.get("html") if "one third value" in html.proto.body]
    return table


def test_the_table_shows_the_number_in_question_until_the_slider_is_moved():
    app = guessed("values")
    assert "60, ours" in table_of_values(app)
    assert "100, in the question" in table_of_values(app)
    sound(app.slider(key="lookup.third").set_value(90.0).run())
    assert "90, by the slider" in table_of_values(app)
    assert ">21<" in table_of_values(app)
    assert "100" not in table_of_values(app)


def test_a_button_puts_the_slider_to_the_number_in_question():
    app = guessed("values")
    sound(app.button(key="lookup.third.asked").click().run())
    assert app.slider(key="lookup.third").value == 100
    assert compute(app.session_state["visit.lookup"].document).matrix("output").value[0] == pytest.approx(22)
    assert "100, by the slider" in table_of_values(app)
    assert ">22<" in table_of_values(app)
    assert app.button(key="lookup.third.asked").disabled


def test_the_derivatives_are_said():
    said = texts(guessed("nudge"))
    assert "−4.80, 0.60 and 4.20" in said
    assert "as fast as its weight says: 0.60, 0.30 and 0.10" in said
    assert "it moved by 0.061" in said


def test_the_hard_table_is_flat_with_one_jump_and_the_soft_one_moves():
    over, hard = sweep("lookup", "nudge", "output", soft=False)
    assert len(set(hard["the query"])) == 2
    assert all((result == 20) == (nudge > 0.6932) for nudge, result in zip(over, hard["the query"], strict=True))
    soft = sweep("lookup", "nudge", "output")[1]["the query"]
    assert soft == sorted(set(soft))


def test_sharpness_holds_both_ends():
    over, soft = sweep("lookup", "sharpness", "output")
    assert soft["the query"][0] == pytest.approx(30)
    assert soft["the query"][-1] == pytest.approx(worked("lookup", soft=False).number("output", 0), abs=0.02)
    assert over[0] == 0


def test_the_board_opens_with_nothing_that_is_not_used():
    """No sharpness of 1, nothing subtracted that is 0, and no derivative before it is spoken of."""
    document = opened(PAGE).session_state["visit.lookup"].document
    assert programs.names(document.program) == ("scores", "exps", "row_sums", "weights", "output")
    sharper = document.with_settings(sharpness=2.0, pull=True)
    assert set(programs.names(sharper.program)) - set(programs.names(document.program)) == {"scaled", "gap", "felt"}


def test_a_score_too_large_for_exp_brings_the_subtraction_back():
    sheet = opened(PAGE).session_state["visit.lookup"].document.with_cells("q", {(0, 0): "1000"})
    head = compute(sheet)
    assert head.forced
    assert {"row_max", "shifted"} <= {step.name for step in head.program}
    assert head.matrix("output").value[0] == pytest.approx(10)


def test_a_figure_follows_its_own_control_and_has_our_numbers_otherwise():
    """What stands beside our sentences says what they say, whatever else is set, or typed; the matrices follow all."""
    settings = {"third": 90, "sharpness": 2, "nudge": 0.5}
    app = guessed(*PREDICTIONS, app=opened(PAGE, s=packed({"settings": settings, "edits": {"v": ";;80"}})))
    drawn = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    marked = [next(line["y"] for line in lines if line["mode"] == "markers") for lines in drawn]
    assert marked == [
        [pytest.approx(worked("lookup", **{name: settings[name]}).number("output", 0))]
        for name in ("nudge", "sharpness")
    ]
    result = worked("lookup", third=90.0).number("output", 0)
    assert result != pytest.approx(compute(app.session_state["visit.lookup"].document).matrix("output").value[0])
    assert f">{decimal(result)}<" in table_of_values(app)


def test_nothing_is_counted_from_0_and_from_1_at_once():
    """Coordinates have letters, and sentences about a cell read as sentences."""
    app = guessed(*PREDICTIONS)
    assert "second coordinate" not in texts(app)
    head = compute(app.session_state["visit.lookup"].document)
    assert head.matrix("q").labels == (("the query",), ("a", "b", "c"))
    assert head.matrix("k").labels == (("key 1", "key 2", "key 3"), ("a", "b", "c"))
    assert app.slider(key="lookup.nudge").label == "Nudge of the query’s coordinate b"


def test_signs_are_explained_before_the_matrices_use_them():
    blocks = [element.value for element in opened(PAGE).markdown]
    (first,) = [text for text in blocks if "rows and columns are exchanged" in text]
    assert "ln 6 = 1.79 is the number whose exponential is 6" in first
    assert first.index("exponential**") < first.index("*ln*") < first.index("6, 3 and 1")
