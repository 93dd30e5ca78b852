"""The lesson on softmax: predictions hide what they ask for, every control works, the curriculum's numbers are said."""

import pytest

from attention_core.benches import BENCHES
from attention_ui.readings import sharpest, sweep, worked
from tests.test_pages import alerts, opened, packed, sound

PAGE = "pages/softmax.py"
ALLOWED = BENCHES["softmax"].allowed
PREDICTIONS = {
    "constant": "Every exponential is multiplied by the same number",
    "temperature": "Every exponential is squared, to 64, 16, 4, 1 and 1. The first gets 0.744",
    "axis": "The rows add up to 0.71, 1.15, 1.28, 0.71 and 1.15",
    "cosines": "So the best of 5 keys gets 0.649 at most, of 1000 keys 0.0073",
}
CONTROLS = {
    "constant": {"constant", "steady"}, "temperature": {"temperature"}, "axis": {"columns"}, "cosines": {"keys"},
}  # fmt: skip


def texts(app):
    return " ".join(element.value for element in app.markdown)


def tables(app):
    return " ".join(html.proto.body for html in app.get("html") if "<caption>" in html.proto.body)


def guessed(*names, app=None):
    """The page with these predictions skipped."""
    app = app or opened(PAGE)
    for name in names:
        sound(app.button(key=f"softmax.{name}.skip").click().run())
    return app


def test_it_opens_with_the_worked_example():
    app = opened(PAGE)
    said = texts(app)
    assert (
        "its exponentials are 3, 1 and 1, their sum is 3 + 1 + 1 = **5**, and its weights are **0.6, 0.2 and 0.2**"
        in said
    )
    assert "5.207, 5.280, 5.154, 5.143 and 5.143" in said
    assert "0.192, 0.212, 0.202, 0.198 and 0.196" in said
    assert "The scores 2, −1 and 1 have the sum 2. Divided by it they are 1, −1/2 and 1/2" in said
    assert "row_sums = exps.sum(axis=1)" in said
    assert ">2 ln 3<" in tables(app)


@pytest.mark.parametrize(
    "settings",
    [{"scores": name} for name in ALLOWED["scores"]]
    + [{"constant": -100}, {"temperature": 0.1, "columns": True}, {"exponential": False, "steady": True}, {"keys": 0}],
    ids=str,
)
def test_it_opens_by_a_link(settings):
    app = opened(PAGE, s=packed({"settings": settings}))
    assert bool(alerts(app)) == (settings == {"keys": 0})


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_result_waits_for_the_guess(name):
    app = opened(PAGE)
    assert PREDICTIONS[name] not in texts(app)
    mine = {f"softmax.{setting}" for setting in CONTROLS[name]}
    assert not mine & {control.key for control in (*app.slider, *app.toggle)}
    guessed(name, app=app)
    assert PREDICTIONS[name] in texts(app)
    assert mine <= {control.key for control in (*app.slider, *app.toggle)}
    assert all(text not in texts(app) for other, text in PREDICTIONS.items() if other != name)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_one_guess_is_right_and_every_guess_stays(name):
    right = 0
    for option in opened(PAGE).radio(key=f"softmax.{name}.choice").options:
        app = opened(PAGE)
        app.radio(key=f"softmax.{name}.choice").set_value(option).run()
        sound(app.button(key=f"softmax.{name}.commit").click().run())
        assert f"Your guess: **{option}**" in texts(app)
        right += "So it is" in texts(app)
    assert right == 1


@pytest.mark.parametrize("scores", ALLOWED["scores"])
def test_every_control_reaches_its_ends_on_every_table_of_scores(scores):
    app = guessed(*PREDICTIONS, app=opened(PAGE, s=packed({"settings": {"scores": scores}})))
    for setting in ("constant", "temperature", "keys"):
        for value in (ALLOWED[setting][0], ALLOWED[setting][-1]):
            sound(app.slider(key=f"softmax.{setting}").set_value(value).run())
    for setting in ("columns", "steady", "exponential"):
        toggle = app.toggle(key=f"softmax.{setting}")
        sound(toggle.set_value(not toggle.value).run())
    assert app.session_state["visit.softmax"].document.setting("columns")


def test_the_scores_can_be_chosen():
    app = opened(PAGE)
    for scores in ALLOWED["scores"]:
        app.session_state["softmax.scores"] = scores
        sound(app.run())


@pytest.mark.parametrize("added", [100.0, 37.0, -100.0])
def test_a_constant_leaves_the_weights(added):
    app = guessed("constant")
    sound(app.slider(key="softmax.constant").set_value(added).run())
    (table,) = [html.proto.body for html in app.get("html") if "The row of ball" in html.proto.body]
    assert table.count("the same") == 3
    assert f"{added:.0f}".replace("-", "−") in table


def test_the_temperature_of_the_five():
    over, weights = sweep("softmax", "temperature", "weights", scores="logits")
    assert weights["a"] == sorted(weights["a"], reverse=True)
    assert weights["a"][0] == pytest.approx(1, abs=0.002)
    assert over[0] == 0.1
    assert worked("softmax", scores="logits", temperature=0.5).said("weights", 0, 0, places=3) == "0.744"


def test_log_sum_exp_is_a_maximum_that_is_soft():
    tops = worked("softmax", scores="paint", steady=True).row("row_max")
    for name, soft in worked("softmax", scores="paint").row("log_sum_exp").items():
        assert 0 < soft - tops[name] <= 1.6094379124341005


def test_cosines_cannot_focus():
    assert sharpest(5) == pytest.approx(0.6488, abs=1e-4)
    assert sharpest(1000) == pytest.approx(0.00734, abs=1e-5)
    said = texts(guessed("cosines"))
    assert "between 0.368 and 2.718" in said
