"""What surrounds the lessons: the end of each one, hand mode, and the index of the course.

Vocabulary
    close     the end of a lesson: recap, exercises one at a time, hand mode, done, the next lesson
    recap     questions from earlier lessons, listed in assets/recap.csv by the lesson that asks them
    hand      one row of one matrix left blank, to be filled in by hand and marked cell by cell
    index     all lessons with what they need before, what was done, the review list and the glossary
"""

import csv
from functools import cache
from pathlib import Path

import streamlit as st

from attention_core.exercises import EXERCISES
from attention_core.exercises.hand import Mark, mark
from attention_core.programs import given_of
from attention_core.trace import Trace
from attention_ui import session
from attention_ui.document import compute
from attention_ui.exercise import exercise
from attention_ui.glossary import glossary
from attention_ui.lesson import LESSONS, Lesson, lesson, link_to
from attention_ui.progress_panel import finish, progress, progress_panel
from attention_ui.tables import matrix_table
from attention_ui.teach import recap

_RECAP = Path(__file__).parent.parent / "assets" / "recap.csv"
_WIDEST = 12  # blanks in a row that is filled in by hand


def close(known: Lesson) -> None:
    """The end of a lesson's page."""
    if asked := recap_of(known.name):
        st.subheader("From earlier lessons", anchor=False)
        recap(asked)
    names = [name for name, found in EXERCISES.items() if found.lesson == known.name]
    st.subheader("Check yourself", anchor=False)
    if names:
        exercise(_chosen(known, names))
    with st.expander("By hand: fill in a row of any matrix above", icon=":material/edit:"):
        by_hand()
    st.subheader("Done?", anchor=False)
    done = progress().finished.get(known.name)
    if done:
        st.markdown(f"You marked this lesson as done on {done.isoformat()}.")
    else:
        st.button("I have done this lesson", key=f"{known.name}.done", on_click=finish, args=(known.name,))
    following = LESSONS[(LESSONS.index(known) + 1) % len(LESSONS)]
    link_to(
        following.name, f"Go on: {following.title}" if following.path else "Back to the start, and the whole course"
    )


@cache
def recap_of(name: str) -> tuple[tuple[str, str], ...]:
    """The questions, with their answers, that a lesson asks about the lessons before it."""
    with _RECAP.open(newline="", encoding="utf-8") as file:
        return tuple((row["question"], row["answer"]) for row in csv.DictReader(file) if row["lesson"] == name)


def _chosen(known: Lesson, names: list[str]) -> str:
    """The exercise to show: one at a time, chosen by its title."""
    if len(names) == 1:
        return names[0]
    answered = progress().answers
    marks = {name: " ✓" if any(one.right for one in answered.get(name, ())) else "" for name in names}
    key = f"{known.name}.exercise"
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    return st.segmented_control(
        "Exercise", names, format_func=lambda name: f"{EXERCISES[name].title}{marks[name]}", key=key, required=True
    )


# --- by hand ---------------------------------------------------------------------------------------------------------


@st.fragment
def by_hand() -> None:
    """Choose a matrix and a row of it; its cells are blank until they are filled in."""
    head = compute(session.visit().document)
    names = [name for name, made in head.trace.items() if made.value.ndim == 2 and made.value.shape[1] <= _WIDEST]
    if not names:
        st.markdown(f"There is none with at most {_WIDEST} columns.")
        return
    titles = {f"{i}. {head.trace[name].step.title}": name for i, name in enumerate(names, 1)}
    with st.container(horizontal=True, gap="small"):
        name = titles[st.selectbox("Matrix", list(titles), key="hand.matrix", width=280)]
        rows = head.trace[name].labels[0]
        row = rows.index(st.selectbox("Row", rows, key=f"hand.row.{name}", width=200))
    _fill(head.trace, name, row)


def _fill(trace: Trace, name: str, row: int) -> None:
    made = trace[name]
    blanks = [(name, (row, column)) for column in range(made.value.shape[1])]
    for read in dict.fromkeys(made.step.inputs):
        if trace.matrix(read).value.ndim <= 2:
            st.html(matrix_table(trace.matrix(read), _title(trace, read)))
    with st.form(f"hand.{name}.{row}", border=False):
        with st.container(horizontal=True, gap="small"):
            typed = {
                blank: st.text_input(made.labels[1][blank[1][1]], key=f"hand.{name}.{row}.{blank[1][1]}", width=110)
                for blank in blanks
            }
        asked = st.form_submit_button("Mark my row")
    marks = mark(trace, blanks, typed) if asked else {}
    shown = {blank[1]: typed[blank] or "?" for blank in blanks}
    colours = {blank[1]: _word(marks.get(blank)) for blank in blanks}
    st.html(matrix_table(made, made.step.title, shown, colours))
    if marks:
        right = sum(found.right for found in marks.values())
        st.markdown(f"**{right} of {len(marks)} right.**")
        for blank, found in marks.items():
            if not found.right:
                st.text(f"{made.labels[1][blank[1][1]]}: {found.says}")


def _title(trace: Trace, name: str) -> str:
    return trace[name].step.title if name in trace else given_of(name).title


def _word(found: Mark | None) -> str:
    return "blank" if found is None else "right" if found.right else "wrong"


# --- the index -------------------------------------------------------------------------------------------------------


def course_index() -> None:
    """Every lesson with what it is for, what it needs and how long it takes; progress; the glossary."""
    finished = progress().finished
    for known in LESSONS[1:]:
        needs = " and ".join(lesson(name).short for name in known.needs)
        done = " · done" if known.name in finished else ""
        with st.container(gap="xsmall"):
            link_to(known.name, known.title)
            st.markdown(known.goal)
            st.caption(f"About {known.minutes} minutes · after: {needs}{done}")
    with st.expander("Your progress: save it, load it, see what is due", icon=":material/checklist:"):
        progress_panel()
    glossary()
