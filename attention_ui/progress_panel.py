"""What a learner has done, kept for this visit, saved to a file and loaded from one; and what is due for review.

Vocabulary
    progress   attention_core.progress.Progress, in st.session_state["progress"]
    due        exercises whose review has come, with links to their lessons
    load       what a file holds is added to what is there; nothing is ever lost by it
"""

from collections import Counter
from datetime import date
from html import escape

import streamlit as st

from attention_core import progress as core
from attention_core.exercises import EXERCISES
from attention_core.progress import Progress, ProgressError
from attention_ui.attempts_panel import own_attempts
from attention_ui.lesson import LESSONS, link_to, notice
from attention_ui.predict import guesses
from attention_ui.tables import text_table

_KEY, _UPLOAD, _SAID = "progress", "progress.upload", "progress.said"
_LARGEST_MB = 8  # what the browser may send at all; the core's own limit is in bytes and stricter


def progress() -> Progress:
    """What this learner has done so far, guesses included."""
    now = st.session_state.get(_KEY, Progress())
    for question, guess in guesses().items():
        if now.guesses.get(question) != guess:
            now = core.guessed(now, question, guess)
    return now


def record(exercise: str, seed: int, right: bool, hints: int, answer: str = "", slip: str = "") -> str:
    """Keep one answer of today, with what was answered. Returns "", or the sentence that says why it cannot be kept."""
    answer, slip = core.one_line(answer), core.one_line(slip)
    try:
        st.session_state[_KEY] = core.answered(progress(), exercise, seed, right, hints, date.today(), answer, slip)
    except ProgressError as error:
        return str(error)
    return ""


def finish(lesson: str) -> None:
    """Keep that a lesson was finished today; the first day counts."""
    if lesson not in progress().finished:
        st.session_state[_KEY] = core.finished(progress(), lesson, date.today())


def due_by_lesson() -> Counter[str]:
    """How many exercises of each lesson are due for review."""
    return Counter(EXERCISES[name].lesson for name in core.due(progress(), date.today()) if name in EXERCISES)


def load(data: bytes) -> str:
    """Add what a file holds to what is there; says what came of it. Raises ProgressError, and nothing has changed."""
    here = progress()
    both = core.merged(here, core.from_text(data))
    st.session_state[_KEY] = both
    st.session_state["guesses"] = {**both.guesses, **guesses()}
    answers = _counted(_count(both) - _count(here), "answer")
    lessons = _counted(len(both.finished) - len(here.finished), "lesson")
    return f"Loaded. The file added {answers} to the {_count(here)} that were here, and marked {lessons} as done."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _count(of: Progress) -> int:
    return sum(map(len, of.answers.values()))


def progress_panel() -> None:
    """Due for review, what was done, save, load."""
    now = progress()
    _due(now)
    _done(now)
    save_progress()
    st.file_uploader(
        "Load progress from a file saved here", "json", key=_UPLOAD, on_change=_loaded, max_upload_size=_LARGEST_MB,
        width=520,
    )  # fmt: skip
    good, said = st.session_state.get(_SAID, (True, ""))
    if said and good:
        st.html(f'<p role="status" class="verdict right">{escape(said)}</p>')
    elif said:
        notice(said + " What was here stays.")
    own_attempts(now)


def save_progress() -> None:
    """The button that saves the file."""
    st.download_button(
        "Save progress", core.to_text(progress()), "attention-progress.json", "application/json",
        on_click="ignore", icon=":material/download:", key="progress.save",
    )  # fmt: skip
    st.caption("Nothing is kept on the server: without the file, progress ends with this visit.")


def _loaded() -> None:
    """A file was chosen, or taken away again."""
    file = st.session_state[_UPLOAD]
    if file is None:
        st.session_state[_SAID] = (True, "")
        return
    try:
        st.session_state[_SAID] = (True, load(file.getvalue()))
    except ProgressError as error:
        st.session_state[_SAID] = (False, str(error))


def _due(now: Progress) -> None:
    names = core.due(now, date.today())
    if not names:
        st.markdown("**Nothing is due for review today.** What you answer comes back after 1, 3, 7, 16 and 35 days.")
        return
    st.markdown(f"**Due for review: {len(names)}.** Answer them once more, with fresh numbers.")
    known = {lesson.name for lesson in LESSONS}
    for name in names:
        exercise = EXERCISES.get(name)
        if exercise is not None and exercise.lesson in known:
            link_to(exercise.lesson, _title(name))
        else:
            st.text(_title(name))


def _done(now: Progress) -> None:
    """A table of the exercises that were answered, and one of the lessons that are done. Names come from a file,
    perhaps, so they are text and no markup."""
    rows = [
        (_title(name), str(len(given)), str(sum(one.right for one in given)), given[-1].day.isoformat())
        for name, given in now.answers.items()
        if given and not name.startswith((core.VOTE, core.DIAGNOSTIC))
    ]
    if rows:
        st.html(text_table("What you have done: exercises", ("", "answers", "right", "last on"), rows))
    else:
        st.markdown("No exercise has been answered yet.")
    titles = {lesson.name: lesson.title for lesson in LESSONS}
    days = [(titles.get(name, name), day.isoformat()) for name, day in now.finished.items()]
    if days:
        st.html(text_table("What you have done: lessons", ("", "finished on"), days))


def _title(name: str) -> str:
    return EXERCISES[name].title if name in EXERCISES else name
