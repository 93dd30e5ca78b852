"""The predictions of all lessons: a result waits for the guess, one guess is right, and every guess stays beside it.

Vocabulary
    hidden    what may be read only after the guess; controls: what may be set only then
"""

import re
from pathlib import Path

import pytest

from attention_ui.lesson import LESSONS
from tests.test_pages import opened, sound

ROOT = Path(__file__).resolve().parents[1]
PAGE = {  # of each prediction, the page that asks it
    name: lesson.file
    for lesson in LESSONS
    for name in re.findall(r'\breveal\(\s*"([\w.]+)"', (ROOT / lesson.file).read_text())
}
HIDDEN = {
    "lookup.values": "only the result goes from 18 to 22",
    "lookup.nudge": "The hard result stays 10; the soft one goes from 18 to 18.061",
    "lookup.sharpness": "so each gets 0.33, and the result is the plain mean",
    "softmax.constant": "Every exponential is multiplied by the same number",
    "softmax.temperature": "every exponential is squared, and the first gets 0.74",
    "softmax.axis": "The rows add up to 0.71, 1.15, 1.28, 0.71 and 1.15",
    "softmax.cosines": "So the best of 5 keys gets 0.65 at most, of 1000 keys 0.007",
}
CONTROLS = {
    "lookup.values": {"third"}, "lookup.nudge": {"nudge", "soft", "pull"}, "lookup.sharpness": {"sharpness"},
    "softmax.constant": {"constant", "steady"}, "softmax.temperature": {"temperature"}, "softmax.axis": {"columns"},
    "softmax.cosines": {"keys"},
}  # fmt: skip
every_prediction = pytest.mark.parametrize("name", PAGE)


def texts(app) -> str:
    return " ".join(element.value for element in app.markdown)


def asked(name):
    """The page of a prediction; with all its others skipped where it is asked only after another."""
    app = opened(PAGE[name])
    if not any(radio.key == f"{name}.choice" for radio in app.radio):
        app.session_state["guesses"] = {other: "" for other in PAGE if other != name}
        sound(app.run())
    return app


def test_there_are_predictions_in_the_lessons():
    assert {"lookup", "softmax", "similarity", "projections"} <= {name.partition(".")[0] for name in PAGE}
    assert {name for name in PAGE if name.startswith(("lookup.", "softmax."))} == set(HIDDEN) == set(CONTROLS)


def guessed(app, name, option):
    """What the page says of this guess."""
    app.radio(key=f"{name}.choice").set_value(option).run()
    sound(app.button(key=f"{name}.commit").click().run())
    return texts(app)


def instead(app, name, option):
    """What it says if this was guessed instead of what was."""
    app.session_state["guesses"] = {**app.session_state["guesses"], name: option}
    return texts(sound(app.run()))


@every_prediction
def test_one_guess_is_right_and_every_guess_stays(name):
    """A guess stays beside the answer, which is another option, or so it is; that other option is right, then."""
    app = asked(name)
    first, *others = app.radio(key=f"{name}.choice").options
    said = guessed(app, name, first)
    assert f"Your guess: **{first}**." in said
    if f"Your guess: **{first}**. So it is." not in said:
        (right,) = [option for option in others if f"Your guess: **{first}**. The answer: **{option}**." in said]
        assert f"Your guess: **{right}**. So it is." in instead(app, name, right)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_result_and_its_controls_wait_for_the_guess(name):
    app = opened(PAGE[name])
    mine = {f"{name.partition('.')[0]}.{setting}" for setting in CONTROLS[name]}
    assert HIDDEN[name] not in texts(app)
    assert not mine & {control.key for control in (*app.slider, *app.toggle)}
    sound(app.button(key=f"{name}.skip").click().run())
    assert HIDDEN[name] in texts(app)
    assert mine <= {control.key for control in (*app.slider, *app.toggle)}
    assert all(text not in texts(app) for other, text in HIDDEN.items() if other != name)
