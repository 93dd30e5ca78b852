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


def test_the_table_beside_the_value_follows_the_slider():
    app = guessed("values")
    sound(app.slider(key="lookup.third").set_value(90.0).run())
    (table,) = [html.proto.body for html in app.get("html") if "Our third value" in html.proto.body]
    assert "value 90" in table
    assert ">21<" in table


def test_the_derivatives_are_said():
    said = texts(guessed("nudge"))
    assert "−4.80, 0.60 and 4.20" in said
    assert "as fast as its weight says: 0.60, 0.30 and 0.10" in said
    assert "it moved by 0.061" in said


def test_the_hard_table_is_flat_with_one_jump_and_the_soft_one_moves():
    over, hard = sweep("lookup", "nudge", "output", soft=False)
    assert len(set(hard["asked"])) == 2
    assert all((result == 20) == (nudge > 0.6932) for nudge, result in zip(over, hard["asked"], strict=True))
    soft = sweep("lookup", "nudge", "output")[1]["asked"]
    assert soft == sorted(set(soft))


def test_sharpness_holds_both_ends():
    over, soft = sweep("lookup", "sharpness", "output")
    assert soft["asked"][0] == pytest.approx(30)
    assert soft["asked"][-1] == pytest.approx(worked("lookup", soft=False).number("output", 0), abs=0.02)
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


def test_figures_follow_every_setting_and_say_so():
    """The point that the chart marks is what stands in the matrices, whatever else is set."""
    app = opened(PAGE, s=packed({"settings": {"third": 90, "sharpness": 2, "nudge": 0.5}}))
    document = guessed(*PREDICTIONS, app=app).session_state["visit.lookup"].document
    result = compute(document).matrix("output").value[0]
    assert result != pytest.approx(worked("lookup", nudge=0.5).number("output", 0))
    for setting in ("nudge", "sharpness"):
        others = {name: value for name, value in document.settings.items() if name != setting}
        over, lines = sweep("lookup", setting, "output", **others)
        at = min(range(len(over)), key=lambda i: abs(over[i] - document.setting(setting)))
        assert lines["asked"][at] == pytest.approx(result)
    drawn = [trace for chart in app.get("plotly_chart") for trace in json.loads(chart.proto.spec)["data"]]
    marked = [trace["y"] for trace in drawn if trace["mode"] == "markers"]
    assert marked.count([pytest.approx(result)]) == 2
    said = [caption.value for caption in app.caption if "elsewhere" in caption.value]
    assert any("a third value of 90 and a sharpness of 2" in text for text in said)
    assert any("a third value of 90 and a nudge of 1/2" in text for text in said)
    (table,) = [html.proto.body for html in app.get("html") if "Our third value" in html.proto.body]
    assert decimal(result) in table
