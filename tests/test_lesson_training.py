"""The lesson on training: its numbers, its page in every setting, the desk in every state that a visitor may cause."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import training
from attention_core.benches import BENCHES
from attention_core.benches.training import G, given_of, whole
from attention_core.examples import PAINT
from attention_core.exercises import EXERCISES
from attention_core.tasks import TASKS
from attention_ui import training_desk
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from attention_ui.training_numbers import (
    apart,
    counted,
    floor,
    jacobian,
    largest,
    lowered,
    predicted,
    probed,
    slope,
    stepped,
)
from tests.laws import close
from tests.test_backward import slope as difference
from tests.test_benches import traced
from tests.test_lesson_similarity import texts
from tests.test_pages import alerts, opened, sound

PAGE = "pages/training.py"
BENCH = BENCHES["training"]
QUESTIONS = {
    "slope": ("it falls", "How fast the loss rises with g is its **gradient**"),
    "reach": ("all four", "one can grow only if others shrink"),
    "same": ("only from where they take most", "Many weights solve a task"),
    "moves": ("none", "Training moves W, for all sentences"),
    "floor": ("half from each", "Nothing tells *red* from *blue*"),
    "rule": ("from hit, the word before", "The loss cannot tell the rules apart"),
    "layers": ("about 1 in 4", "the first hands on the word before"),
}
DESK = "desk"


# --- The worked numbers ----------------------------------------------------------------------------------------------


def test_the_gradients_of_the_running_example():
    """L = (ball'.red − 1)² = 1/16, dL/dg = −.046875; the largest entries of all four gradients."""
    trace = whole()
    close(trace["loss"].value, 1 / 16)
    close(slope(), -0.046875)
    assert largest() == pytest.approx({"w_q": 0.0469, "w_k": 0.1030, "w_v": 0.375, "w_o": 0.375}, abs=5e-5)
    assert trace["d_w_q"].value.max() == pytest.approx(0.046875)  # of both signs
    close(jacobian(1), [[3 / 16, -3 / 16], [-3 / 16, 3 / 16]])
    matrices, _ = given_of("red ball hit blue cube")
    forward = BENCH.set_up(shown="forward").program
    close(difference(forward, matrices, *G), -0.046875, 1e-6)


def test_what_comes_after_ball_cannot_reach_it():
    short, long = (whole(sentence) for sentence in BENCH.allowed["sentence"])
    for name in ("d_w_q", "d_w_k", "d_w_v", "d_w_o", "loss"):
        close(long[name].value, short[name].value)


def test_the_halves_are_the_whole():
    """Both halves of the way back make what one walk makes."""
    one, values, shares = (traced("training", shown=shown) for shown in ("all", "values", "shares"))
    for name in ("d_w_v", "d_w_o", "d_weights", "loss"):
        close(values[name].value, one[name].value)
    for name in ("d_w_q", "d_w_k", "weights"):
        close(shares[name].value, one[name].value)
    close(shares.given["d_weights"].value, values["d_weights"].value)


def test_a_step_of_g():
    for rate in (0.001, 1.0, 10.0):
        before, after = stepped(rate)
        assert after["loss"].value < before["loss"].value
        close(after.given["w_q"].value[G[1]] - before.given["w_q"].value[G[1]], 0.046875 * rate)
    before, after = stepped(1e-4)
    close(after["loss"].value - before["loss"].value, -1e-4 * 0.046875**2, 1e-11)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_way_back_through_softmax_is_its_jacobian(seed):
    """For any weights: ∂S̃ is ∂A times the Jacobian of its row; each row of that, and of ∂S̃, adds up to 0."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(size=matrix.shape) for name, matrix in PAINT.weights.items()}
    trace = whole("red ball hit blue cube", **weights)
    for i, shares in enumerate(trace["weights"].value):
        slopes = np.diag(shares) - np.outer(shares, shares)
        close(trace["d_weights"].value[i] @ slopes, trace["d_scaled"].value[i])
        close(slopes.sum(axis=1), 0)
    close(jacobian(1) @ whole()["d_weights"].value[1], whole()["d_scaled"].value[1])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_small_step_downhill_lowers_the_loss_by_what_the_slopes_foretell(seed):
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(size=matrix.shape) for name, matrix in PAINT.weights.items()}
    before = whole(**weights)
    slopes = {name: before[f"d_{name}"].value for name in weights}
    length = sum(float((slope**2).sum()) for slope in slopes.values())
    rate = 1e-6 / max(1.0, length)
    after = whole(**{name: matrix - rate * slopes[name] for name, matrix in weights.items()})
    change = after["loss"].value - before["loss"].value
    assert change == pytest.approx(-rate * length, rel=1e-3, abs=1e-12)


def test_the_numbers_of_the_trained_models():
    """(ln 2)/3 = .231 and .50/.50 without places; with them .0015, and a bias of about 4.5 for the word before."""
    assert floor() == ["0.231", "0.50", "0.50", "0.232", "4.52", "0.0015"]
    for seed in (1, 2, 3):
        assert probed("sgd", seed)[1] > 0.9
        weights, shares, alike = apart(seed)
        assert (weights > 1, shares > 0.1, alike) == (True, True, True)
    assert len({probed("adam", seed)[0] > 0.5 for seed in (1, 2, 3)}) == 2  # the seed decides


def test_every_matrix_alone_can_lower_the_loss():
    before, *after = lowered().values()
    assert before == "0.0625"
    assert all(float(loss) < float(before) for loss in after)


def test_reading_changes_no_weight():
    (trained, read) = counted().values()
    assert trained[0] > 0.9 * trained[1]
    assert read[0] == 0
    assert read[2] > 0
    assert read[3] - read[2] == 1  # the first token has only itself
    setup = training.proposed(TASKS["previous"])
    state = training.go_on(training.begin(setup), 20).state
    after, _ = training.next_state(setup, state)
    same = {name: np.argwhere(after.weights[name] == matrix) for name, matrix in state.weights.items()}
    row = setup.task.features.index("at 1")
    assert {name: where[:, 0].tolist() for name, where in same.items() if len(where)} == {"w_q": [row] * 6}
    assert trained[1] - trained[0] == 6


def test_the_exercise_on_the_gradient():
    task = EXERCISES["E28"].task(0)
    assert task.check("-0.046875").right
    assert task.check("-3/64").right
    assert [slip.name for slip in task.check("0.046875").slips] == ["the other sign"]
    assert task.check("-0.09375").slips[0].name == "scale forgotten"


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_computed_and_its_result_hidden(name):
    options, right, then = predicted(name)
    assert right == QUESTIONS[name][0]
    assert options.count(right) == 1
    BENCH.changed(then)
    app = opened(PAGE)
    app.session_state["guesses"] = {f"training.{other}": "" for other in QUESTIONS if other != name}
    sound(app.run())
    assert QUESTIONS[name][1] not in texts(app)
    sound(app.button(key=f"training.{name}.skip").click().run())
    assert QUESTIONS[name][1] in texts(app)


@pytest.mark.parametrize("setting", BENCH.allowed)
def test_the_page_in_every_setting(setting):
    for value in BENCH.allowed[setting]:
        sheet = Sheet("training") if setting == "rate" else Sheet("training").with_settings(**{setting: value})
        app = opened(PAGE, **pack(sheet, View(figures={"rate": value} if setting == "rate" else {})))
        app.session_state["guesses"] = {f"training.{name}": "" for name in QUESTIONS}
        assert "Goal." in texts(sound(app.run()))


def test_the_page_says_its_numbers():
    app = opened(PAGE)
    app.session_state["guesses"] = {f"training.{name}": "" for name in QUESTIONS}
    said = texts(sound(app.run()))
    assert "(3/4 − 1)² = **1/16**" in said
    assert "slope: −0.046875, so it falls" in said
    assert "(ln 2)/3 = 0.231" in said


# --- The desk --------------------------------------------------------------------------------------------------------


TITLES = {name: task.title for name, task in TASKS.items()} | {"drawn": "A pattern of your own"}


def chosen(app, name):
    """The page with this task chosen."""
    return sound(app.selectbox(key=f"{DESK}.task").set_value(TITLES[name]).run())


def desk(app):
    return app.session_state[DESK]


def pressed(app, name):
    return sound(app.button(key=f"{DESK}.{name}").click().run())


def at(app):
    return desk(app).run.state.step


def until_done(app):
    """Rerun the page as its clock would, until the run is over."""
    for _ in range(400):
        if not desk(app).playing:
            return app
        sound(app.run())
    raise AssertionError("the run does not end")


@pytest.mark.parametrize("name", [*TASKS, "drawn"])
def test_every_task_can_be_trained_to_its_end(name, monkeypatch):
    monkeypatch.setattr(training_desk, "SLICES", 3)  # so that the page runs a few times only
    monkeypatch.setattr(training_desk, "SLICE", 5.0)
    app = chosen(opened(PAGE), name)
    assert at(app) == 0
    pressed(app, "play")
    until_done(app)
    assert at(app) == desk(app).steps == desk(app).run.setup.task.steps
    assert app.button(key=f"{DESK}.play").disabled
    last = desk(app).run.losses[-1]
    if name != "induction-one":
        assert last < desk(app).run.setup.task.floor + 0.1


def test_a_slice_is_a_small_part_of_the_run():
    app = pressed(opened(PAGE), "play")
    assert 0 < at(app) <= 10
    assert desk(app).playing


def test_pause_stops_and_train_goes_on():
    app = pressed(opened(PAGE), "play")
    sound(app.run())
    pressed(app, "pause")
    stopped = at(app)
    assert not desk(app).playing
    sound(app.run())
    assert at(app) == stopped > 0
    pressed(app, "play")
    assert at(app) > stopped


def test_another_task_leaves_the_run_where_it_was():
    """Also with another rate, and for as many tasks as are kept; what was left longest is begun anew."""
    app = opened(PAGE)
    sound(app.text_input(key=f"{DESK}.rate").set_value("0.25").run())
    pressed(app, "step")
    left = desk(app).run
    names = [name for name in TASKS if name != desk(app).task]
    first = desk(app).task
    for name in names[: training_desk._MOST_LEFT]:
        chosen(app, name)
        assert at(app) == 0
    chosen(app, first)
    assert (desk(app).run, desk(app).rate) == (left, "0.25")
    for name in names[: training_desk._MOST_LEFT + 1]:
        chosen(app, name)
    chosen(app, first)
    assert at(app) == 0


def test_one_step_at_a_time():
    app = opened(PAGE)
    for step in (1, 2, 3):
        pressed(app, "step")
        assert at(app) == step
    assert not desk(app).playing


def test_rewinding_shows_what_was_and_forgets_nothing():
    app = until_done(pressed(opened(PAGE), "play"))
    sound(app.slider(key=f"{DESK}.at").set_value(10).run())
    assert desk(app).shown.step == 10
    fresh = training.go_on(training.begin(desk(app).run.setup), 10).state
    assert all((desk(app).shown.weights[name] == fresh.weights[name]).all() for name in fresh.weights)
    assert any("after step 10" in element.proto.body for element in app.get("html"))
    pressed(app, "step")
    assert desk(app).shown.step == 11
    assert at(app) == 100
    sound(app.slider(key=f"{DESK}.at").set_value(100).run())
    assert desk(app).at is None


def test_another_task_in_the_middle_of_a_run_begins_anew():
    app = pressed(opened(PAGE), "play")
    chosen(app, "induction")
    assert (desk(app).task, at(app), desk(app).playing) == ("induction", 0, False)
    pressed(app, "play")
    sound(app.run())
    assert at(app) > 0


def test_other_settings_begin_anew_and_more_steps_go_on():
    app = until_done(pressed(opened(PAGE), "play"))
    sound(app.number_input(key=f"{DESK}.steps").set_value(120).run())
    assert at(app) == 100
    until_done(pressed(app, "play"))
    assert at(app) == 120
    sound(app.number_input(key=f"{DESK}.seed").set_value(7).run())
    assert (at(app), desk(app).run.setup.seed) == (0, 7)
    pressed(app, "step")
    sound(app.selectbox(key=f"{DESK}.optimiser").set_value("plain gradient descent (SGD)").run())
    assert (at(app), desk(app).run.setup.optimiser) == (0, "sgd")


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "1,5", "1/0", "<b>1</b>"])
def test_a_rate_that_is_none_is_said_beside_it_and_the_run_stays(text):
    app = pressed(opened(PAGE), "step")
    sound(app.text_input(key=f"{DESK}.rate").set_value(text).run())
    (said,) = alerts(app)
    assert "The last run stays below." in said
    assert "<b>" not in said
    assert at(app) == 1
    sound(app.text_input(key=f"{DESK}.rate").set_value("1/50").run())
    assert not alerts(app)
    assert (at(app), desk(app).run.setup.rate) == (0, 0.02)


def test_a_rate_that_is_too_large_stops_the_run_with_a_sentence():
    app = opened(PAGE)
    sound(app.selectbox(key=f"{DESK}.optimiser").set_value("plain gradient descent (SGD)").run())
    sound(app.text_input(key=f"{DESK}.rate").set_value("500").run())
    until_done(pressed(app, "play"))
    said = alerts(app)[0]
    assert "Choose a learning rate below 500." in said  # no rate is known for this optimiser here
    assert app.button(key=f"{DESK}.play").disabled
    assert at(pressed(app, "anew")) == 0
    assert not alerts(app)


def test_a_rate_that_is_too_large_is_said_beside_one_that_is_known_to_do():
    app = opened(PAGE)
    sound(app.text_input(key=f"{DESK}.rate").set_value("10").run())
    until_done(pressed(app, "play"))
    assert "Choose a learning rate below 10; 0.01 is known to do." in alerts(app)[0]
    assert any(">too large<" in element.proto.body for element in app.get("html"))


def test_weights_that_cannot_be_computed_with_are_said_not_shown():
    app = chosen(opened(PAGE), "adjective-places")
    sound(app.text_input(key=f"{DESK}.rate").set_value("1000000").run())
    pressed(app, "step")
    for name in ("w_q", "w_k"):
        desk(app).run.state.weights[name][:] = 1e200
    assert "Go back along the run" in alerts(sound(app.run()))[-1]


@pytest.mark.parametrize("name", [*TASKS, "drawn"])
def test_the_loss_of_a_sentence_can_be_added_up_from_its_table(name):
    app = pressed(chosen(opened(PAGE), name), "step")
    table = next(e.proto.body for e in app.get("html") if "<caption>What the right " in e.proto.body)
    rows = [re.findall(r"<td>([^<]*)</td>", row) for row in table.split("<tr>")[2:]]
    for _, got, cost, *_ in rows:
        assert float(cost) == pytest.approx(-np.mean([np.log(float(p)) for p in got.split(", ")]), abs=0.01)
    mean = np.mean([float(row[2]) for row in rows])
    assert float(re.search(r"column −ln p: ([\d.]+)\.", texts(app))[1]) == pytest.approx(mean, abs=0.002)
    assert "The loss is the mean of −ln p (cross-entropy)" in texts(app)


def of_models(app):
    """The tables of the desk that hold matrices of a model."""
    tables = [element.proto.body for element in app.get("html") if "data-shows=" in element.proto.body]
    return "".join(html for html in tables if re.search("<caption>(Shares of|W_.*(after step|by hand))", html))


def test_what_was_learned_or_sharpened_is_no_fraction():
    app = chosen(opened(PAGE), "drawn")
    until_done(pressed(app, "play"))
    assert ">0.50<" in of_models(app)
    assert not re.search(r">\d+/\d+<", of_models(app))
    sound(chosen(app, "adjective-places").toggle(key=f"{DESK}.hand").set_value(True).run())
    assert ">11.98<" in of_models(app)
    assert not re.search(r">\d+/\d+<", of_models(app))


def test_a_pattern_of_ones_own():
    app = chosen(opened(PAGE), "drawn")
    area = f"{DESK}.pattern"
    sound(app.text_area(key=area).set_value("0 1\n1 0").run())
    until_done(pressed(app, "play"))
    setup, state = desk(app).run.setup, desk(app).run.state
    made = training.looked_at(setup.task, state.weights, setup.task.batch(0, 0, 1))["weights"].value
    np.testing.assert_allclose(made, [[0, 1], [1, 0]], atol=0.05)
    for text in ("", "1 2 3", "a b\nc d", "0 0\n0 0", "-1 0\n0 1", "1 0\n0", " ".join(["1"] * 7) + "\n"):
        sound(app.text_area(key=area).set_value(text).run())
        assert len(alerts(app)) == 1, text
        assert desk(app).run.setup is setup
    seven = "\n".join([" ".join(["1"] * 7)] * 7)
    sound(app.text_area(key=area).set_value(seven).run())
    assert "at most 6 rows" in alerts(app)[0]


@pytest.mark.parametrize("name", [*TASKS, "drawn"])
def test_every_matrix_and_its_gradient_can_be_looked_at(name):
    app = chosen(opened(PAGE), name)
    pressed(app, "step")
    look = app.selectbox(key=f"{DESK}.look").options
    for matrix, title in zip(desk(app).run.setup.task.shapes, look, strict=True):
        sound(app.selectbox(key=f"{DESK}.look").set_value(title).run())
        for on in (True, False):
            sound(app.toggle(key=f"{DESK}.slopes").set_value(on).run())
            shown = "d_" * on + matrix.rpartition(".")[2]
            assert any(f'data-shows="{matrix.rpartition(".")[0]}{"." * ("." in matrix)}{shown}"' in element.proto.body
                       for element in app.get("html"))  # fmt: skip


@pytest.mark.parametrize("name", ["previous", "repeat", "reverse", "induction", "adjective", "which-rule"])
def test_weights_by_hand_stand_beside(name):
    app = chosen(opened(PAGE), name)
    assert not any("written by hand" in element.proto.body for element in app.get("html"))
    sound(app.toggle(key=f"{DESK}.hand").set_value(True).run())
    assert any("written by hand" in element.proto.body for element in app.get("html"))
    pressed(app, "sample")


def test_leaving_the_page_stops_the_work_and_keeps_the_run():
    app = pressed(opened(PAGE), "play")
    here = at(app)
    sound(app.switch_page("pages/values.py").run())
    sound(app.run())
    assert at(app) == here
    sound(app.switch_page(PAGE).run())
    assert at(app) > here
    until_done(app)


def test_two_visitors_do_not_see_each_other():
    one, other = opened(PAGE), opened(PAGE)
    pressed(one, "play")
    chosen(other, "recall")
    pressed(other, "step")
    sound(one.run())
    assert desk(one).task == "previous"
    assert (desk(other).task, at(other)) == ("recall", 1)
    alone = training.go_on(training.begin(desk(one).run.setup), at(one))
    assert desk(one).run.losses == alone.losses
