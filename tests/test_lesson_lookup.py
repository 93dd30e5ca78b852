"""The lesson on lookup: predictions hide what they ask for, every control works, the curriculum's numbers are said."""

import pytest

from attention_core.benches import BENCHES
from attention_ui.readings import sweep, worked
from tests.test_pages import alerts, opened, packed, sound

PAGE = "pages/lookup.py"
PREDICTIONS = {
    "values": "the result alone moves, from 18 to 22",
    "nudge": "The hard result stays 10; the soft one goes from 18 to 18.061",
    "sharpness": "so each gets 1/3, and the result is the plain mean",
}
SETTINGS = {"third": "values", "nudge": "nudge", "soft": "nudge", "sharpness": "sharpness"}


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
    for number in ("10, 20 and 60", "6, 3 and 1", "3/5, 3/10 and 1/10", "3/5 × 10 + 3/10 × 20 + 1/10 × 60 = **18**"):
        assert number in said


@pytest.mark.parametrize("settings", [{"soft": False}, {"sharpness": 10}, {"third": 0}, {"nudge": 1}, {"third": -1}])
def test_it_opens_by_a_link(settings):
    app = opened(PAGE, s=packed({"settings": settings}))
    assert bool(alerts(app)) == (settings == {"third": -1})


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_result_waits_for_the_guess(name):
    app = opened(PAGE)
    assert PREDICTIONS[name] not in texts(app)
    controls = {control.key for control in (*app.slider, *app.toggle)}
    mine = {f"lookup.{setting}" for setting, after in SETTINGS.items() if after == name}
    assert not controls & mine
    guessed(name, app=app)
    assert PREDICTIONS[name] in texts(app)
    assert mine <= {control.key for control in (*app.slider, *app.toggle)}
    assert all(text not in texts(app) for other, text in PREDICTIONS.items() if other != name)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_one_guess_is_right_and_every_guess_stays(name):
    right = 0
    for option in opened(PAGE).radio(key=f"lookup.{name}.choice").options:
        app = opened(PAGE)
        app.radio(key=f"lookup.{name}.choice").set_value(option).run()
        sound(app.button(key=f"lookup.{name}.commit").click().run())
        assert f"Your guess: **{option}**" in texts(app)
        right += "So it is" in texts(app)
    assert right == 1


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
    (table,) = [html.proto.body for html in app.get("html") if "another third value" in html.proto.body]
    assert "value 90" in table
    assert ">21<" in table


def test_the_derivatives_are_said():
    said = texts(guessed("nudge"))
    assert "−4.8, 0.6 and 4.2" in said
    assert "0.6, 0.3 and 0.1" in said
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
