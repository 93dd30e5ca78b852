"""The course as a whole: every learner's question has an element that answers it, and no sequence of settings fails."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attention_core import programs
from attention_core.benches import BENCHES
from attention_core.examples import EXAMPLES
from attention_core.exercises import EXERCISES
from attention_core.glossary import term
from attention_core.invariances import CHANGES
from attention_core.loading import LOADS
from attention_ui.controls import ABLATIONS
from attention_ui.course import recap_of
from attention_ui.lesson import LESSONS

ROOT = Path(__file__).resolve().parents[1]
with (ROOT / "assets" / "questions.csv").open(newline="", encoding="utf-8") as file:
    QUESTIONS = list(csv.DictReader(file))
UNANSWERED = {13, 108, 112}  # by a lesson: so far, or because the glossary does it
NUMBERS = {*range(1, 113)} - UNANSWERED  # the learners' questions that these lessons must answer


def steps_of(lesson) -> set[str]:
    """The names of all matrices that a lesson's board may draw."""
    if not lesson.bench:
        return {*programs.names(programs.one_head(temperature=True)), "x"}
    bench = BENCHES[lesson.bench]
    found = set()
    for settings_of in ({}, *({name: value} for name, values in bench.allowed.items() for value in values)):
        set_up = bench.set_up(**settings_of)
        found |= {*programs.names(set_up.program), *set_up.given}
    return found


@pytest.mark.parametrize("lesson", [known for known in LESSONS if known.needs], ids=lambda known: known.name)
def test_every_lesson_asks_two_questions_from_memory(lesson):
    assert len(recap_of(lesson.name)) >= 2
    assert all(question.endswith("?") and answer.endswith(".") for question, answer in recap_of(lesson.name))


def test_no_recap_belongs_to_a_lesson_that_is_not_there():
    with (ROOT / "assets" / "recap.csv").open(newline="", encoding="utf-8") as rows:
        assert {row["lesson"] for row in csv.DictReader(rows)} <= {known.name for known in LESSONS}


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row["number"])
def test_a_question_is_answered_by_an_element_that_exists(row):
    (lesson,) = [lesson for lesson in LESSONS if lesson.name == row["lesson"]]
    page = (ROOT / lesson.file).read_text()
    controls = (ROOT / "attention_ui" / "controls.py").read_text()
    kind, _, name = row["shown_by"].partition(":")
    exists = {
        "step": lambda: name in steps_of(lesson),
        "setting": lambda: name in BENCHES[lesson.bench].settings and f'"{name}"' in page,
        "predict": lambda: f'"{name}"' in page,
        "control": lambda: f'"{name}"' in controls,
        "exercise": lambda: name in EXERCISES and EXERCISES[name].lesson == lesson.name,
        "plot": lambda: f'"{name}"' in page,
        "misconception": lambda: "misconception(" in page and name in page,
    }
    assert exists[kind](), row


def test_every_question_of_these_lessons_is_in_the_table():
    assert {int(row["number"]) for row in QUESTIONS} == NUMBERS
    assert all(row["question"].endswith("?") for row in QUESTIONS)


def test_lessons_need_earlier_ones():
    names = [lesson.name for lesson in LESSONS]
    for i, lesson in enumerate(LESSONS):
        assert set(lesson.needs) <= set(names[:i])
        assert lesson.minutes > 0


def test_every_exercise_belongs_to_a_lesson():
    assert {exercise.lesson for exercise in EXERCISES.values()} <= {lesson.name for lesson in LESSONS}


def test_the_terms_that_pages_open_are_in_the_glossary():
    for lesson in LESSONS:
        for call in re.findall(r"terms\(([^)]*)\)", (ROOT / lesson.file).read_text()):
            for name in re.findall(r'"([^"]+)"', call):
                assert term(name), name


# --- Any sequence of settings ----------------------------------------------------------------------------------------


OPTIONS = {  # these are shown by other words than their names
    "example": list(EXAMPLES),
    "ablation": list(ABLATIONS),
    "sandbox.load": list(LOADS),
    "sandbox.change": list(CHANGES),
}


def moves(app: AppTest) -> list:
    """Everything that can be set on the page as it is now."""
    found = [*app.toggle, *app.slider, *app.selectbox, *app.radio, *app.button]
    return [element for element in found if not element.proto.disabled]


def move(element, chance: int) -> None:
    """Set one control to something that it allows."""
    if element.type == "toggle":
        element.set_value(not element.value)
    elif element.type == "slider":
        low, high, step = element.min, element.max, element.step
        element.set_value(type(low)(min(high, low + step * (chance % (1 + int((high - low) / step))))))
    elif element.type == "selectbox":
        values = OPTIONS.get(element.key, element.options)
        element.set_value(values[chance % len(values)])
    elif element.type == "radio":
        shown = element.options[chance % len(element.options)]
        element.set_value(re.sub(r"\\(.)", r"\1", shown))  # as it is, where signs of Markdown stand behind a backslash
    else:
        element.click()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=3))
@settings(max_examples=max(5, 100 // len(LESSONS)))  # of each lesson: a hundred in all
def test_no_sequence_of_settings_fails(lesson, sequence):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    if lesson.path:
        app.switch_page(lesson.file)
    app.run()
    for which, chance in sequence:
        choices = moves(app)
        if not choices:
            break
        move(choices[which % len(choices)], chance)
        app.run()
        assert not app.exception, [error.message for error in app.exception]
        assert not any("Something went wrong" in element.proto.body for element in app.get("html"))
