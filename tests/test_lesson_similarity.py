"""The lesson on similarity: what it says before and after each guess, in the curriculum's numbers and every setting."""

import pytest

from attention_core.benches import BENCHES
from attention_ui.link import View, pack
from attention_ui.readings import worked
from attention_ui.sheet import Sheet
from tests.test_pages import alerts, opened, packed, sound

PAGE = "pages/similarity.py"
QUESTIONS = {  # each with the answer that is right, and what may be read only afterwards
    "similarity.longer": ("the dot product doubles, the cosine stays", "twice as long<"),
    "similarity.sharp": ("about 0.874", "about 0.874"),
    "similarity.away": ("about 111", "110"),
}
every_question = pytest.mark.parametrize("name", QUESTIONS)


def answered(**params):
    """The page with every question skipped."""
    app = opened(PAGE, **params)
    app.session_state["guesses"] = dict.fromkeys(QUESTIONS, "")
    return sound(app.run())


def texts(app) -> str:
    """All that the page says: prose, tables and figures' texts."""
    kinds = (app.markdown, app.caption, app.get("html"))
    return "\n".join(element.proto.body for kind in kinds for element in kind)


def set_to(app, bench: str, name: str):
    """What a setting is set to: one that a matrix reads in the document, one for a figure in the view."""
    now = app.session_state[f"visit.{bench}"]
    return now.view.figures.get(name, now.document.setting(name))


def keys(elements) -> set[str]:
    return {element.key for element in elements if element.key}


def test_the_worked_example_says_the_curriculums_numbers():
    said = texts(opened(PAGE))
    for number in (
        "3 × 2 + 0 × 2 = **6**",
        "9 for our *east*, 1 for our *north*",
        "*north* scores 2",
        "1 + 1 + 1 + 1 = 4, and the root of 4 is 2",
        "For 64 it is 64, with the root 8",
        "√64 = 8",
        "an even share would be 1/8 = 0.125",
        "1 / √12288 = 0.009",
    ):
        assert number in said
    for share in ("0.82", "0.60", "0.46"):
        assert f"<td>{share}</td>" in said
    as_fractions = texts(opened(PAGE, s=packed({"exact": True})))
    for share in ("9/11", "3/5", "0.46"):
        assert f"<td>{share}</td>" in as_fractions


def test_the_diagonal_of_cosines_is_1_and_of_dot_products_the_length_squared():
    found = worked("similarity")
    for i in range(4):
        assert found.number("cosine", i, i) == pytest.approx(1)
        assert found.number("scores", i, i) == pytest.approx(found.number("q_length", i) ** 2)


@every_question
def test_a_result_is_hidden_until_the_guess(name):
    right, hidden = QUESTIONS[name]
    app = opened(PAGE)
    assert hidden not in texts(app)
    assert right in app.radio(key=f"{name}.choice").options
    sound(app.radio(key=f"{name}.choice").set_value(right).run())
    sound(app.button(key=f"{name}.commit").click().run())
    assert f"Your guess: **{right}**. So it is." in texts(app)
    assert hidden in texts(app)


@every_question
def test_a_wrong_guess_stays_beside_the_result(name):
    app = opened(PAGE)
    radio = app.radio(key=f"{name}.choice")
    wrong = next(option for option in radio.options if option != QUESTIONS[name][0])
    sound(radio.set_value(wrong).run())
    sound(app.button(key=f"{name}.commit").click().run())
    assert f"Your guess: **{wrong}**. The answer: **{QUESTIONS[name][0]}**." in texts(app)


@every_question
def test_a_question_can_be_skipped(name):
    app = opened(PAGE)
    sound(app.button(key=f"{name}.skip").click().run())
    assert f"The answer: **{QUESTIONS[name][0]}**." in texts(app)


def test_a_control_appears_with_its_result():
    before, after = (keys([*app.slider, *app.get("button_group")]) for app in (opened(PAGE), answered()))
    assert after - before >= {"similarity.stretch", "similarity.keys", "similarity.directions"}
    assert "similarity.d" in before


@pytest.mark.parametrize("name", BENCHES["similarity"].settings)
def test_every_end_of_every_control(name):
    bench = BENCHES["similarity"]
    for value in (bench.allowed[name][0], bench.allowed[name][-1]):
        app = answered(s=packed({"settings": {name: value}}))
        assert set_to(app, "similarity", name) == value


def test_an_arrow_of_no_length_is_like_nothing():
    app = answered(s=packed({"settings": {"stretch": 0}}))
    assert "0 times as long" in texts(app)
    assert worked("similarity", stretch=0).number("cosine", 0, 0) == 0


def test_the_slider_makes_the_arrow_longer():
    app = answered()
    sound(app.slider(key="similarity.stretch").set_value(-20.0).run())
    assert "−20 times as long" in texts(app)
    assert "<td>−120</td>" in texts(app)


def test_the_simulation_follows_its_controls():
    app = answered(s=packed({"settings": {"d": 1024, "keys": 2, "directions": 2}}))
    assert "√1024 = 32" in texts(app)
    assert "as chosen: 2<" in texts(app)


@pytest.mark.parametrize(("name", "other"), [("d", 256), ("keys", 5), ("directions", 16)])
def test_what_only_a_figure_shows_changes_no_number(name, other):
    """Nothing to undo, nothing to reset; it goes along in the link, and stays when a number is undone."""
    app = answered()
    now = app.session_state["visit.similarity"]
    plain = now.document
    sound(setter(app, name).set_value(other).run())
    now = app.session_state["visit.similarity"]
    assert (now.document, now.past, now.said) == (plain, [], "")
    assert set_to(app, "similarity", name) == other
    sound(app.slider(key="similarity.stretch").set_value(3.0).run())
    app.session_state["visit.similarity"].undo()
    sound(app.run())
    assert set_to(app, "similarity", name) == other
    assert set_to(answered(**app.query_params), "similarity", name) == other


@pytest.mark.parametrize("settings", [{"d": 5}, {"keys": 1}, {"keys": "8"}, {"stretch": 1, "d": None}, {"size": 2}])
def test_a_setting_that_may_not_be_is_refused_in_a_link(settings):
    app = opened(PAGE, s=packed({"settings": settings}))
    (alert,) = alerts(app)
    assert "a value that it may not have" in alert
    now = app.session_state["visit.similarity"]
    assert (now.document, now.view) == (Sheet("similarity"), View())


def setter(app, name: str):
    (found,) = [element for element in (*app.slider, *app.get("button_group")) if element.key == f"similarity.{name}"]
    return found


@pytest.mark.parametrize("typed_into", ["q", "k"])
def test_an_arrow_is_typed_once(typed_into):
    sheet = Sheet("similarity").with_cells(typed_into, {(0, 1): "1"})
    given, _ = sheet.given()
    assert given["q"].tolist() == given["k"].tolist() == [[3, 1], [2, 2], [0, 1], [-2, 0]]
    assert sheet.with_block(typed_into, (0, 1), "0") == Sheet("similarity")
    said = texts(opened(PAGE, **pack(sheet, View())))
    assert "With yours, *east* with *north-east* is 3 × 2 + 1 × 2 = 8, and the cosine is 0.89." in said
    assert "3 × 2 + 0 × 2 = **6**" in said
    assert "With yours" not in texts(opened(PAGE))


def test_the_text_follows_how_tokens_stand():
    for columns, lines in ((False, "rows"), (True, "columns")):
        charts = opened(PAGE, s=packed({"columns": columns})).get("plotly_chart")
        assert charts[0].proto.alt.startswith(f"The arrows: the {lines} of Q.")
