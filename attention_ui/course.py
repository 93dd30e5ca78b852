"""What surrounds the lessons: the end of each one, and the index of the course.

Vocabulary
    close     the end of a lesson: recap, exercises one at a time, hand mode, done, the next lesson
    recap     questions from earlier lessons, listed in assets/recap.csv by the lesson that asks them
    index     the map of all lessons, the same as a list, the learner's progress and the glossary
"""

import csv
from functools import cache
from pathlib import Path

import streamlit as st

from attention_core.exercises import EXERCISES
from attention_ui.by_hand import by_hand
from attention_ui.course_map import builds_on, course_map
from attention_ui.exercise import exercise
from attention_ui.glossary import glossary
from attention_ui.lesson import LESSONS, Lesson, link_to
from attention_ui.lesson_link import make_link
from attention_ui.progress_panel import finish, progress, progress_panel
from attention_ui.session import hidden, task
from attention_ui.take_home import take_home
from attention_ui.teach import CHECK, WIDTH, recap

_RECAP = Path(__file__).parent.parent / "assets" / "recap.csv"


def close(known: Lesson) -> None:
    """The end of a lesson's page."""
    if asked := recap_of(known.name):
        st.subheader("From earlier lessons", anchor=False)
        recap(asked)
    names = [name for name, found in EXERCISES.items() if found.lesson == known.name]
    st.subheader("Check yourself", anchor=CHECK)
    asked = _asked()
    if hidden("exercises"):
        st.caption(f"The link that you came by hides the exercises{', but for one that it asks for' * bool(asked)}.")
        names = [name for name in names if name == asked]
    if names:
        exercise(_chosen(known, names, asked))
    if not hidden("more"):
        _more(known)
    st.subheader("Done?", anchor=False)
    mark_done(known.name)
    following = LESSONS[(LESSONS.index(known) + 1) % len(LESSONS)]
    link_to(
        following.name, f"Go on: {following.title}" if following.path else "Back to the start, and the whole course"
    )


def _more(known: Lesson) -> None:
    """What else can be done with a lesson's matrices: by hand, at home, with a class."""
    with st.expander("By hand: fill in a row of any matrix above", icon=":material/edit:"):
        by_hand()
    with st.expander("Take it home: a script, a notebook, tables, a worksheet", icon=":material/download:"):
        take_home(known.name, known.title)
    with st.expander("For a class: a link with a task", icon=":material/link:"):
        make_link(known.name)


def mark_done(name: str) -> None:
    """The button that marks a lesson as done, or the day on which it was."""
    if day := progress().finished.get(name):
        st.markdown(f"✓ You marked this lesson as done on {day.isoformat()}.")
    else:
        st.button("I have done this lesson", key=f"{name}.done", on_click=finish, args=(name,))


@cache
def recap_of(name: str) -> tuple[tuple[str, str], ...]:
    """The questions, with their answers, that a lesson asks about the lessons before it."""
    with _RECAP.open(newline="", encoding="utf-8") as file:
        return tuple((row["question"], row["answer"]) for row in csv.DictReader(file) if row["lesson"] == name)


def _asked() -> str:
    """The exercise that a lesson link asks for; "" for none."""
    found = task()
    return found.exercise if found else ""


def _chosen(known: Lesson, names: list[str], asked: str) -> str:
    """The exercise to show: one at a time, chosen by its title. asked: the first to be shown, if it is among them."""
    if len(names) == 1:
        return names[0]
    answered = progress().answers
    marks = {name: _mark([one.right for one in answered.get(name, ())]) for name in names}
    key = f"{known.name}.exercise"
    if st.session_state.get(key) not in names:
        st.session_state[key] = asked if asked in names else names[0]
    with st.container(key="chooser", width=WIDTH):
        return st.pills(
            "Exercise", names, format_func=lambda name: f"{EXERCISES[name].title}{marks[name]}", key=key, required=True
        )


def _mark(answers: list[bool]) -> str:
    """What an exercise's name is followed by, as a sign and in words, once it was answered."""
    return " ✓ right" if any(answers) else " · tried" if answers else ""


# --- the index -------------------------------------------------------------------------------------------------------


def course_index() -> None:
    """The map of the course; the same in words; progress; the glossary."""
    course_map()
    with st.expander("The same as a list, with the goal of each lesson", icon=":material/list:"):
        st.markdown("\n".join(f"{i}. {_in_words(known)}" for i, known in enumerate(LESSONS, 1)), width=WIDTH)
    with st.expander("Your progress: save it, load it, see what is due", icon=":material/checklist:"):
        progress_panel()
    glossary()


def _in_words(known: Lesson) -> str:
    """A lesson in a line: title, goal, time, what it builds on."""
    needs = f" {builds_on(known)}." if known.needs else ""
    return f"**{known.title}**  \n   {known.goal} *About {known.minutes} minutes.{needs}*"
