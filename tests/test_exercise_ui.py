"""Exercises on the page: every kind can be answered, every slip is named, and nothing is lost or kept twice."""

from datetime import date, timedelta

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attention_core.benches import BENCHES
from attention_core.exercises import EXERCISES
from attention_core.programs.givens import GIVENS
from attention_core.progress import Progress, answered, finished, to_text
from attention_ui.answer_fields import pickable as pickable_of
from attention_ui.link import View
from attention_ui.slices import drawn_names

every_exercise = pytest.mark.parametrize("name", EXERCISES)
SLIPPERY = [name for name, exercise in EXERCISES.items() if any(exercise.task(0).wrong())]
KINDS = sorted({exercise.kind for exercise in EXERCISES.values()})
FIRST = {kind: next(name for name, exercise in EXERCISES.items() if exercise.kind == kind) for kind in KINDS}
TYPED = ("number", "matrix", "code")
BAD = ["", "1/0", "9e999", "1" * 1000, "<script>alert(1)</script>", "nan", "0,6", "$x$ **b** `c`", "import os"]


def one(name):
    from attention_ui.exercise import exercise

    exercise(name)


def opened(name: str, progress: Progress | None = None) -> AppTest:
    """One exercise as a page."""
    app = AppTest.from_function(one, args=(name,), default_timeout=30)
    if progress is not None:
        app.session_state["progress"] = progress
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception, [error.message for error in app.exception]
    return app


def html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def escaped(text: str) -> str:
    import html as module

    return module.escape(text)


def attempt(app: AppTest, name: str):
    return app.session_state["exercises"][name]


def widget(app: AppTest, kind: str, key: str):
    (found,) = [element for element in app.get(kind) if element.key == key]
    return found


def fill(app: AppTest, name: str, answer, seed: int = 0) -> AppTest:
    """Type an answer of the exercise's kind into its fields, without a rerun."""
    kind, prefix = EXERCISES[name].kind, f"{name}.{seed}"
    if kind in ("number", "choice", "code"):
        field = {"number": "text_input", "choice": "radio", "code": "text_area"}[kind]
        widget(app, field, f"{prefix}.text").set_value(answer)
    elif kind in ("matrix", "weights"):
        for (matrix, index), text in answer.items():
            widget(app, "text_input", f"{prefix}.{matrix}[{','.join(map(str, index))}]").set_value(text)
    elif kind == "mask":
        for i, row in enumerate(answer):
            widget(app, "button_group", f"{prefix}.row{i}").set_value(np.flatnonzero(row).tolist())
    else:
        matrix, index = answer
        offered = pickable_of(EXERCISES[name].task(seed), kind)
        if len(offered) > 1:
            widget(app, "selectbox", f"{prefix}.matrix").set_value(offered.index(matrix))
            app.run()
        for axis, at in zip(("row", "column"), index, strict=False):
            widget(app, "selectbox", f"{prefix}.{matrix}.{axis}").set_value(at)
    return app


def press(app: AppTest, name: str, what: str, seed: int = 0) -> AppTest:
    return sound(app.button(key=f"{name}.{seed}.{what}").click().run())


def check(app: AppTest, name: str, answer, seed: int = 0) -> AppTest:
    return press(fill(app, name, answer, seed), name, "check", seed)


def pickable(name: str, answer) -> bool:
    """Whether the page offers this cell: a slip may lead to another matrix, of which nothing is drawn here."""
    kind = EXERCISES[name].kind
    return kind not in ("cell", "error") or answer[0] in pickable_of(EXERCISES[name].task(0), kind)


# ---- every exercise


@every_exercise
def test_an_exercise_takes_its_right_answer_and_offers_another(name):
    app = opened(name)
    task = EXERCISES[name].task(0)
    assert escaped(task.prompt) in html(app)
    assert escaped(task.accepts) in html(app)
    check(app, name, task.right())
    assert 'class="verdict right"' in html(app)
    assert [one.right for one in app.session_state["progress"].answers[name]] == [True]
    press(app, name, "another")
    assert attempt(app, name).seed == 1
    assert 'class="verdict' not in html(app)
    check(app, name, EXERCISES[name].task(1).right(), seed=1)
    assert 'class="verdict right"' in html(app)
    assert [one.seed for one in app.session_state["progress"].answers[name]] == [0, 1]


@pytest.mark.parametrize("name", SLIPPERY)
def test_an_exercise_names_the_slip(name):
    task = EXERCISES[name].task(0)
    wrong = [answer for _, answer in task.wrong() if pickable(name, answer)]
    app = opened(name)
    verdict = task.check(wrong[0])
    check(app, name, wrong[0])
    assert 'class="verdict wrong"' in html(app)
    assert verdict.slips
    for slip in verdict.slips:
        assert escaped(slip.says) in html(app)
    assert ("The first step with other numbers than in the right way is" in html(app)) == (verdict.diverges is not None)
    assert [one.right for one in app.session_state["progress"].answers[name]] == [False]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_answered_is_said_and_not_kept(kind):
    app = opened(FIRST[kind])
    untouched = kind in ("weights", "mask", "code")  # their fields begin with something that can be checked
    press(app, FIRST[kind], "check")
    assert ("progress" in app.session_state) == untouched
    assert ("Nothing was answered yet." in html(app)) == (not untouched)


# ---- the flagship's cell: 3/5, and what else comes out


def test_several_slips_are_all_named_and_one_more_number_decides():
    app = check(opened("E11"), "E11", "3/7")
    verdict = EXERCISES["E11"].task(0).check("3/7")
    assert f"There are {len(verdict.slips)} ways to get there" in html(app)
    assert html(app).count("<li>") == len(verdict.slips) == 3
    ask = widget(app, "text_input", "E11.0.ask1")
    assert escaped(verdict.ask.prompt) in html(app)
    ask.set_value("x")
    press(app, "E11", "ask1.check")
    assert "not a number that can be read" in html(app)
    widget(app, "text_input", "E11.0.ask1").set_value("3/7")
    press(app, "E11", "ask1.check")
    narrowed = EXERCISES["E11"].task(0).check_ask(verdict.ask, "3/7")
    assert escaped(narrowed.says) in html(app)
    assert 'class="verdict narrowed"' in html(app)


def test_the_guess_stays_beside_the_verdict():
    app = check(opened("E11"), "E11", "9/11")
    assert "You answered 9/11. Not right." in html(app)
    check(app, "E11", "3/5")
    assert "You answered 3/5. Right" in html(app)
    assert [one.right for one in app.session_state["progress"].answers["E11"]] == [False, True]


def test_the_same_answer_counts_once_and_nothing_counts_after_the_right_one():
    app = check(opened("E11"), "E11", "9/11")
    press(app, "E11", "check")
    check(app, "E11", "3/5")
    check(app, "E11", "1/2")
    assert [one.right for one in app.session_state["progress"].answers["E11"]] == [False, True]


def test_hints_come_one_at_a_time_and_are_counted():
    app, task = opened("E11"), EXERCISES["E11"].task(0)
    for shown in (1, 2, 3):
        press(app, "E11", "hint")
        assert [escaped(hint) in html(app) for hint in task.hints] == [i < shown for i in range(3)]
    assert "E11.0.hint" not in [button.key for button in app.button]
    check(app, "E11", "0.6")
    assert app.session_state["progress"].answers["E11"][0].hints == 3


def test_the_solution_can_be_had_at_once_and_that_is_kept_as_not_right():
    app, task = opened("E11"), EXERCISES["E11"].task(0)
    assert app.button(key="E11.0.solution").label == "Skip, show the solution"
    press(app, "E11", "solution")
    assert all(escaped(line) in html(app) for line in task.solution)
    check(app, "E11", "3/5")
    assert [one.right for one in app.session_state["progress"].answers["E11"]] == [False]


def test_a_solution_after_the_right_answer_changes_nothing():
    app = check(opened("E11"), "E11", "3/5")
    assert app.button(key="E11.0.solution").label == "Show the solution"
    press(app, "E11", "solution")
    assert [one.right for one in app.session_state["progress"].answers["E11"]] == [True]


def test_a_review_begins_with_fresh_numbers():
    app = opened("E11", answered(Progress(), "E11", 4, True, 0, date(2026, 3, 1)))
    assert attempt(app, "E11").seed == 5


def test_a_blank_gives_nothing_away():
    name = FIRST["matrix"]
    app, task = opened(name), EXERCISES[name].task(0)
    blanks = {index for matrix, index in task.blanks if matrix == task.blanks[-1][0]}
    row, col = (*max(blanks), 0)[:2]
    assert f'class="blank" data-row="{row}" data-col="{col}">?' in html(app)
    fill(app, name, {task.blanks[-1]: "77"})
    press(app, name, "check")
    marked = html(app)
    assert 'class="wrong"' in marked or "Nothing was typed" in marked


@every_exercise
def test_what_is_given_has_a_name(name):
    """Not the ones or the sizes that an answer is only computed with: nobody knows what they are for."""
    labels = [label for label in (e.label for e in opened(name).expander) if label.startswith("The given matrices: ")]
    titles = {given.title for given in GIVENS.values()}
    for label in labels:
        said = label.removeprefix("The given matrices: ").replace("\\", "").split(", ")
        assert set(said) <= titles, said


def test_marks_stand_in_the_matrix():
    name = FIRST["matrix"]
    right = EXERCISES[name].task(0).right()
    first = next(iter(right))
    app = check(opened(name), name, {**right, first: "77"})
    assert html(app).count('class="wrong"') == 1
    assert html(app).count('class="right"') == len(right) - 1


def test_old_ticks_are_taken_away_while_an_entry_beside_them_cannot_be_read():
    """They were of other entries: a tick beside a number that was changed meanwhile would say too much."""
    name = FIRST["matrix"]
    right = EXERCISES[name].task(0).right()
    first, second, *_ = right
    app = check(opened(name), name, {**right, first: "77"})
    assert html(app).count('class="right"') == len(right) - 1
    check(app, name, {**right, first: "abc", second: "77"})
    assert 'class="right"' not in html(app)
    assert 'class="wrong"' not in html(app)
    assert html(app).count('role="alert"') == 1
    check(app, name, {**right, second: "77"})
    assert html(app).count('class="wrong"') == 1
    assert html(app).count('class="right"') == len(right) - 1


@pytest.mark.parametrize(("name", "old", "bad"), [("masks-zero", "3/5", "0,43"), ("masks-zero", "3/7", "abc")])
def test_the_old_verdict_goes_while_what_stands_there_cannot_be_read(name, old, bad):
    app = check(opened(name), name, old)
    assert f"You answered {old}." in html(app)
    check(app, name, bad)
    assert html(app).count('role="alert"') == 1
    assert 'class="verdict' not in html(app)
    assert attempt(app, name).solved == (old == "3/7")  # that it was right once is not forgotten
    check(app, name, old)
    assert f"You answered {old}." in html(app)


def test_a_follow_up_goes_with_the_verdict_that_asks_it():
    app = check(opened("E11"), "E11", "1/3")
    assert "This number" in [field.label for field in app.text_input]
    check(app, "E11", "abc")
    assert "This number" not in [field.label for field in app.text_input]


@pytest.mark.parametrize("name", [name for name in EXERCISES if EXERCISES[name].kind == "matrix"])
def test_the_fields_of_a_matrix_follow_it_in_its_order(name):
    """Row by row beside it, so that nobody looks for the field of a cell below another matrix."""
    blanks = EXERCISES[name].task(0).blanks
    seen = []
    for element in opened(name).main:
        if element.type == "html" and 'class="blank"' in element.proto.body:
            seen.append(element.proto.body.partition('data-shows="')[2].partition('"')[0])
        elif element.type == "text_input":
            seen.append(element.key.removeprefix(f"{name}.0."))
    wanted = []
    for matrix in dict.fromkeys(matrix for matrix, _ in blanks):
        cells = sorted(at for other, at in blanks if other == matrix)
        wanted += [matrix, *(f"{matrix}[{','.join(map(str, at))}]" for at in cells)]
    assert seen == wanted


def test_an_exercise_says_whose_numbers_it_has():
    said = {name: opened(name).caption[0].value for name in ("E11", "query-key-cell", "E20")}
    assert said["E11"] == "Difficulty 1 of 3 · the lesson’s numbers"
    assert said["query-key-cell"] == "Difficulty 1 of 3 · numbers of its own"
    assert said["E20"] == "Difficulty 3 of 3 · in NumPy"
    app = check(opened("query-key-cell"), "query-key-cell", "0")
    press(app, "query-key-cell", "another")
    assert app.caption[0].value == "Difficulty 1 of 3 · fresh numbers, no. 1"


@pytest.mark.parametrize("name", ["query-key-cell"])
def test_numbers_of_its_own_are_not_those_of_the_board(name):
    """And what belongs to the lesson is there: an exercise that asks of other matrices shows them."""
    task = EXERCISES[name].task(0)
    given = BENCHES["query_key"].set_up().given
    assert EXERCISES[name].own
    for matrix in task.shown:
        assert not np.array_equal(task.trace.matrix(matrix).value, given[matrix])
    assert task.shown == ("w_q", "w_k")


def test_tables_of_tokens_as_rows_say_so_beside_a_board_of_columns():
    app = opened("E11")
    app.session_state["visit"].view = View(columns=True)
    assert sound(app.run()).caption[0].value.endswith("· tokens as rows")


def test_what_is_wrong_with_several_fields_is_said_once():
    name = FIRST["matrix"]
    right = EXERCISES[name].task(0).right()
    app = check(opened(name), name, {**dict.fromkeys(right, ""), next(iter(right)): "5"})
    (said,) = [element.proto.body for element in app.get("html") if 'role="alert"' in element.proto.body]
    assert said.count("Nothing was typed") == 1
    assert all(f"Weights (row, {place})" in said for place in ("first", "second", "third"))


@pytest.mark.parametrize("name", [name for name in EXERCISES if EXERCISES[name].kind in TYPED])
def test_what_is_typed_is_sent_off_by_enter(name):
    """Every field that is typed into stands in a form; nothing that is only pointed at does."""
    forms = {element.proto.form_id for kind in ("text_input", "text_area") for element in opened(name).get(kind)}
    assert forms == {f"{name}.0.form"}


def test_what_the_prompt_speaks_of_is_drawn():
    for name, exercise in EXERCISES.items():
        task = exercise.task(0)
        body = html(opened(name)) if task.shown else ""
        assert all(f'data-shows="{drawn_names(task.trace.matrix(name))[0]}"' in body for name in task.shown)
    assert len(opened("E8").get("plotly_chart")) == 1


def test_the_picked_cell_is_marked_in_words():
    name = FIRST["cell"]
    matrix, index = EXERCISES[name].task(0).right()
    app = fill(opened(name), name, (matrix, index))
    assert f'class="picked" data-row="{index[0]}" data-col="{index[1]}"' in html(sound(app.run()))
    assert "chosen" in html(app)


def test_a_painted_mask_is_drawn():
    name = FIRST["mask"]
    app = fill(opened(name), name, np.eye(5, dtype=bool))
    body = html(sound(app.run())).partition('data-shows="mask"')[2]
    assert body.count('class="hidden"') == 20
    assert body.count(">1</td>") == 5


# ---- bad input, and words that are no markup


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_read_is_said_beside_the_field_and_not_kept(text):
    app = check(opened("E11"), "E11", text)
    assert "progress" not in app.session_state
    assert 'role="alert"' in html(app)
    assert widget(app, "text_input", "E11.0.text").value == text
    assert "<script>" not in html(app)


@pytest.mark.parametrize("text", BAD)
def test_a_blank_that_cannot_be_read_is_said_beside_it(text):
    name = FIRST["matrix"]
    right = EXERCISES[name].task(0).right()
    app = check(opened(name), name, {**right, next(iter(right)): text})
    assert html(app).count('role="alert"') == 1
    assert "<script>" not in html(app)
    assert "progress" not in app.session_state


@pytest.mark.parametrize("text", BAD)
def test_any_code_gets_a_sentence(text):
    app = check(opened(FIRST["code"]), FIRST["code"], text)
    assert "<script>" not in html(app)
    assert 'class="verdict wrong"' in html(app) or "Nothing was answered" in html(app)
    runs = text[:1].isdigit() and "," not in text  # a number is code that runs, and makes something else
    assert ("progress" in app.session_state) == runs


# ---- what survives


def two_pages(name):
    import streamlit as st

    from attention_ui.exercise import exercise

    if st.toggle("elsewhere", key="elsewhere"):
        st.write("another page")
    else:
        exercise(name)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mask"])
def test_answers_survive_being_elsewhere(kind):
    name = FIRST[kind]
    app = sound(AppTest.from_function(two_pages, args=(name,), default_timeout=30).run())
    answer = EXERCISES[name].task(0).right()
    if kind in TYPED:  # what is typed reaches the server when it is checked
        check(app, name, answer)
    else:
        sound(fill(app, name, answer).run())
    sound(app.toggle(key="elsewhere").set_value(True).run())
    sound(app.run())
    sound(app.toggle(key="elsewhere").set_value(False).run())
    if kind in TYPED:
        assert 'class="verdict right"' in html(app)
        attempt(app, name).verdict = None
        attempt(app, name).answered = None
    press(app, name, "check")
    assert 'class="verdict right"' in html(app)


# ---- progress


def panel():
    from attention_ui.progress_panel import progress_panel

    progress_panel()


def shown(progress: Progress | None = None) -> AppTest:
    app = AppTest.from_function(panel, default_timeout=30)
    if progress is not None:
        app.session_state["progress"] = progress
    return sound(app.run())


def text(app: AppTest) -> str:
    return html(app) + "\n".join(element.value for element in (*app.markdown, *app.caption, *app.text))


def upload(app: AppTest, data: bytes) -> AppTest:
    return sound(app.get("file_uploader")[0].set_value([("p.json", data, "application/json")]).run())


def test_an_empty_panel_says_so():
    app = shown()
    assert "Nothing is due" in text(app)
    assert "No exercise has been answered yet." in text(app)


def test_guesses_of_this_visit_are_saved_too():
    app = AppTest.from_function(panel, default_timeout=30)
    app.session_state["guesses"] = {"home.ball": "red", "home.cube": ""}
    app.session_state["progress"] = Progress(guesses={"home.ball": "blue"})
    sound(app.run())
    assert len(app.get("download_button")) == 2  # progress, and attempts as a table
    upload(app, to_text(Progress()).encode())
    assert app.session_state["progress"].guesses == {"home.ball": "red", "home.cube": ""}


def test_what_was_done_is_a_table_and_what_is_due_a_list():
    old = date.today() - timedelta(days=30)
    progress = answered(answered(Progress(), "E11", 0, True, 0, old), "<b>gone</b>", 0, False, 0, old)
    app = shown(finished(progress, "one_head", old))
    assert "Due for review: 2" in text(app)
    assert escaped(EXERCISES["E11"].title) in html(app)
    assert "&lt;b&gt;gone&lt;/b&gt;" in html(app)
    assert "<b>gone" not in html(app)
    assert "finished" in html(app)
    assert app.text[0].value == "<b>gone</b>"


def test_the_panel_beside_an_exercise_follows_it():
    def page():
        from attention_ui.exercise import exercise
        from attention_ui.progress_panel import progress_panel

        exercise("E11")
        progress_panel()

    app = sound(AppTest.from_function(page, default_timeout=30).run())
    assert "No exercise has been answered yet." in text(app)
    check(app, "E11", "9/11")
    assert "What you have done" in html(app)
    assert not attempt(app, "E11").stale


def test_a_file_can_be_taken_away_again():
    app = upload(shown(), b"{")
    sound(app.get("file_uploader")[0].set_value([]).run())
    assert "What was here stays." not in html(app)


def test_a_load_adds_to_what_is_there():
    today = date.today()
    here = answered(Progress(guesses={"home.ball": "red"}), "E11", 0, True, 0, today)
    there = answered(Progress(guesses={"home.ball": "blue", "home.cube": "purple"}), "E12", 3, False, 1, today)
    app = upload(shown(here), to_text(there).encode())
    both = app.session_state["progress"]
    assert set(both.answers) == {"E11", "E12"}
    assert both.guesses == {"home.ball": "red", "home.cube": "purple"}
    assert app.session_state["guesses"] == both.guesses
    assert "Loaded." in html(app)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"app": "other"}', to_text(Progress()).encode()[:-4], b" " * 1_000_001],
    ids=range(7),
)
def test_a_file_that_cannot_be_read_is_said_and_nothing_is_lost(data):
    here = answered(Progress(), "E11", 0, True, 0, date.today())
    app = upload(shown(here), data)
    assert app.session_state["progress"] == here
    assert "What was here stays." in html(app)
    assert 'role="alert"' in html(app)


def test_progress_that_is_full_says_so(monkeypatch):
    from attention_core import progress as core

    monkeypatch.setattr(core, "MOST_ANSWERS", 0)
    app = check(opened("E11"), "E11", "3/5")
    assert "cannot be kept" in html(app)
    assert 'class="verdict right"' in html(app)


def test_a_finished_lesson_keeps_its_first_day():
    def page():
        from attention_ui.progress_panel import finish

        finish("softmax")
        finish("one_head")

    app = AppTest.from_function(page, default_timeout=30)
    app.session_state["progress"] = finished(Progress(), "softmax", date(2026, 3, 1))
    sound(app.run())
    assert app.session_state["progress"].finished == {"softmax": date(2026, 3, 1), "one_head": date.today()}


@pytest.mark.parametrize(("name", "needed"), [("E32", False), ("E18", False), ("one-head-mask", True)])
def test_a_mask_that_words_describe_is_given_no_matrices(name, needed):
    assert any(box.label.startswith("The given matrices") for box in opened(name).expander) == needed
