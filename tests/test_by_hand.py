"""Hand mode on a page: a row is filled in, marked and shown; what is typed stays text."""

from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attention_core.exercises.answers import typed
from attention_core.numerals import exact
from attention_ui.by_hand import _LONGEST
from attention_ui.document import compute

ROOT = Path(__file__).resolve().parents[1]
ROW = 1


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.switch_page("pages/one-head.py")
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception, [error.message for error in app.exception]
    return app


def trace(app: AppTest):
    return compute(app.session_state["visit"].document).trace


def choose(app: AppTest, name: str) -> None:
    """Choose the matrix of that name."""
    title = trace(app)[name].step.title
    (option,) = [option for option in app.selectbox(key="hand.matrix").options if option.endswith(f". {title}")]
    sound(app.selectbox(key="hand.matrix").set_value(option).run())


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if button.label == label]
    return sound(button.click().run())


def fill(app: AppTest, name: str, texts: list[str]) -> AppTest:
    for column, text in enumerate(texts):
        app.text_input(key=f"hand.{name}.{ROW}.{column}").set_value(text)
    return press(app, "Mark my row")


def said(app: AppTest) -> str:
    """What was said of the row."""
    (body,) = [element.proto.body for element in app.get("html") if 'role="status"' in element.proto.body]
    return body


def values(app: AppTest, name: str) -> list[float]:
    return trace(app)[name].value[ROW].tolist()


def test_before_it_is_filled_in_nothing_is_given_away(app):
    shown = [element.proto.body for element in app.get("html") if 'data-shows="q"' in element.proto.body]
    assert shown[-1].count(">?<") == len(values(app, "q"))
    assert shown[-1].count("to be filled in") == len(values(app, "q"))
    assert not [element for element in app.get("html") if 'role="status"' in element.proto.body]


@pytest.mark.parametrize("name", ["q", "masked", "weights", "residual"])
def test_a_right_row(app, name):
    choose(app, name)
    texts = ["-inf" if abs(value) == float("inf") else typed(value) for value in values(app, name)]
    fill(app, name, texts)
    assert f"{len(texts)} of {len(texts)} right." in said(app)
    assert "<li>" not in said(app)


def test_an_entry_that_is_wrong_or_no_number_is_said_by_its_place(app):
    right = typed(values(app, "q")[0])
    fill(app, "q", [right, "1/3", "<b>x</b>", ""])
    assert "1 of 4 right." in said(app)
    assert "ball, 1: Not right." in said(app)
    assert f"ball, 2: “{escape('<b>x</b>')}” is not a number" in said(app)
    assert "ball, 3: " in said(app)
    assert "<b>x" not in "".join(element.proto.body for element in app.get("html"))


@pytest.mark.parametrize("name", ["masked", "q"])
def test_how_to_type_what_is_masked_is_said_where_it_is_needed(app, name):
    choose(app, name)
    assert any("type -inf" in text.value for text in app.markdown) == (name == "masked")


def test_the_row_can_be_shown_with_its_arithmetic(app):
    press(app, "Show me this row")
    made = trace(app)["q"]
    for column, value in enumerate(values(app, "q")):
        assert f"ball, {column}: {made.explain((ROW, column)).text} = {exact(value)}" in said(app)


def test_an_entry_has_an_end(app):
    assert app.text_input(key=f"hand.q.{ROW}.0").max_chars == _LONGEST


def test_a_word_that_stands_twice_has_two_rows(app):
    sound(app.text_input(key="sentence").set_value("red ball hit red cube").run())
    (rows,) = [box for box in app.selectbox if box.label == "Row"]
    assert len(rows.options) == 5
    sound(rows.set_value(3).run())
    assert [box.label for box in app.text_input if box.key.startswith("hand.q.3.")]
