"""The lesson on softmax: every control works, figures follow their own, and the curriculum's numbers are said."""

import json

import pytest

from attention_core import programs
from attention_core.benches import BENCHES
from attention_ui.document import compute
from attention_ui.readings import sharpest, sweep, worked
from tests.test_pages import alerts, opened, packed, sound

PAGE = "pages/softmax.py"
PREDICTIONS = ("constant", "temperature", "axis", "cosines")
ALLOWED = BENCHES["softmax"].allowed


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
        "the exponentials are 3, 1 and 1, their sum is 3 + 1 + 1 = **5**, and the weights are **0.60, 0.20 and 0.20**"
        in said
    )
    assert "The scores 2, −1 and 1 have the sum 2. Divided by it they are 1, −0.50 and 0.50" in said
    assert "row_sums = exps.sum(axis=1)" in said
    assert ">2.20<" in tables(app)


@pytest.mark.parametrize(
    "settings",
    [{"scores": name} for name in ALLOWED["scores"]]
    + [{"constant": -100}, {"temperature": 0.1, "columns": True}, {"exponential": False, "steady": True}, {"keys": 0}],
    ids=str,
)
def test_it_opens_by_a_link(settings):
    app = opened(PAGE, s=packed({"settings": settings}))
    assert bool(alerts(app)) == (settings == {"keys": 0})


@pytest.mark.parametrize("scores", ALLOWED["scores"])
def test_every_control_reaches_its_ends_on_every_table_of_scores(scores):
    app = guessed(*PREDICTIONS, app=opened(PAGE, s=packed({"settings": {"scores": scores}})))
    for setting in ("constant", "temperature", "keys"):
        for value in (ALLOWED[setting][0], ALLOWED[setting][-1]):
            sound(app.slider(key=f"softmax.{setting}").set_value(value).run())
    for setting in ("columns", "steady", "exponential", "log_sum_exp"):
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
    assert weights["key 1"] == sorted(weights["key 1"], reverse=True)
    assert weights["key 1"][0] == pytest.approx(1, abs=0.002)
    assert over[0] == 0.1
    assert worked("softmax", scores="logits", temperature=0.5).said("weights", 0, 0, places=3) == "0.744"


def test_log_sum_exp_is_a_maximum_that_is_soft():
    tops = worked("softmax", scores="paint", steady=True).row("row_max")
    for name, soft in worked("softmax", scores="paint", log_sum_exp=True).row("log_sum_exp").items():
        assert 0 < soft - tops[name] <= 1.6094379124341005


def test_cosines_cannot_focus():
    assert sharpest(5) == pytest.approx(0.6488, abs=1e-4)
    assert sharpest(1000) == pytest.approx(0.00734, abs=1e-5)
    said = texts(guessed("cosines"))
    assert "exp makes 2.72 and 0.37 of 1 and −1" in said


def test_the_board_opens_with_the_three_moves():
    """Nothing subtracted that is 0, no log-sum-exp before it is spoken of; and no letter that reads as a transpose."""
    document = opened(PAGE).session_state["visit.softmax"].document
    assert programs.names(document.program) == ("exps", "row_sums", "weights")
    everything = document.with_settings(temperature=2.0, constant=1.0, steady=True, log_sum_exp=True)
    more = set(programs.names(everything.program)) - set(programs.names(document.program))
    assert more == {"raised", "tempered", "row_max", "shifted", "log_sums", "log_sum_exp"}
    assert not any("^T" in step.formula for step in everything.program)


@pytest.mark.parametrize("columns", [False, True])
def test_a_score_too_large_for_exp_brings_the_subtraction_back(columns):
    sheet = opened(PAGE).session_state["visit.softmax"].document
    sheet = sheet.with_settings(columns=columns, log_sum_exp=True).with_cells("scores", {(0, 0): "1000"})
    head = compute(sheet)
    assert head.forced
    assert {"row_max", "shifted"} <= {step.name for step in head.program}
    assert head.matrix("weights").value[0, 0] == 1
    if not columns:
        assert head.matrix("log_sum_exp").value[0] == 1000


EVERYTHING = {"scores": "chatbot", "constant": 7, "temperature": 0.1, "columns": True, "exponential": False, "keys": 9}


def figures(app):
    """What the tables and figures of the page hold, as it is drawn: without the matrices."""
    charts = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    titles = [html.proto.body for html in app.get("html") if 'class="figure-title"' in html.proto.body]
    titles = [title.partition(">")[2].removesuffix("</p>") for title in titles]
    compared = [html.proto.body for html in app.get("html") if 'class="table"' in html.proto.body]
    return dict(zip(titles, charts, strict=True)), compared


def test_a_figure_follows_its_own_control_and_has_our_numbers_otherwise():
    """Whatever is set elsewhere, no figure contradicts the sentence beside it; the matrices follow everything."""
    charts, tables_of = figures(guessed(*PREDICTIONS))
    own = {"temperature": "The shares of the five", "keys": "The largest weight", "constant": "The row of ball"}
    for name, value in EVERYTHING.items():
        now, tables_now = figures(guessed(*PREDICTIONS, app=opened(PAGE, s=packed({"settings": {name: value}}))))
        redrawn = [title for title in charts if now[title] != charts[title]]
        rewritten = [table for before, table in zip(tables_of, tables_now, strict=True) if table != before]
        assert len(redrawn) == (name in ("temperature", "keys")), (name, redrawn)
        assert len(rewritten) == (name in own), name
        assert all(own[name] in text for text in (*redrawn, *rewritten)), name


def test_cosines_say_what_the_sentence_says_at_any_temperature():
    app = guessed("cosines", app=opened(PAGE, s=packed({"settings": {"temperature": 0.1}})))
    (bars,) = [data for title, data in figures(app)[0].items() if title.startswith("The largest weight")]
    assert bars[0]["y"] == [pytest.approx(sharpest(count)) for count in (5, 100, 1000)]
    assert f"the best of 5 keys gets {sharpest(5):.2f} at most" in texts(app)


def test_the_table_of_a_row_shows_the_number_in_question_until_the_slider_is_moved():
    app = guessed("constant")
    assert "+ 100, in the question" in tables(app)
    sound(app.slider(key="softmax.constant").set_value(7.0).run())
    assert "+ 7, by the slider" in tables(app)
    assert "100" not in tables(app)
    sound(app.button(key="softmax.constant.asked").click().run())
    assert app.session_state["visit.softmax"].document.setting("constant") == 100
    assert "+ 100, by the slider" in tables(app)


@pytest.mark.parametrize("scores", ["signed", "logits", "paint", "cosines"])
def test_a_button_brings_the_scores_of_a_section(scores):
    app = guessed(*PREDICTIONS)
    sound(app.button(key=f"softmax.bring.{scores}").click().run())
    assert app.session_state["visit.softmax"].document.setting("scores") == scores
    assert app.button(key=f"softmax.bring.{scores}").disabled
