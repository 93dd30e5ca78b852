"""Attempts as a table: a learner's own, to be handed in, and what the tables of a class come to.

Vocabulary
    pseudonym   what a learner may write into the table in place of a name, so that a teacher can tell tables apart
    table       CSV; what stands in it, and how formulas are kept out of spreadsheets, says attention_core.attempts
"""

from datetime import date

import streamlit as st

from attention_core.attempts import (
    BOTH_TIMES,
    LARGEST,
    LARGEST_CLASS,
    MOST_TABLES,
    Attempt,
    Summary,
    TableError,
    attempts,
    from_csv,
    gains,
    summarised,
    to_csv,
    written,
)
from attention_core.diagnostic import ITEMS
from attention_core.exercises import EXERCISES
from attention_core.progress import DIAGNOSTIC, VOTE, Progress, one_line
from attention_core.votes import VOTES
from attention_ui.lesson import LESSONS, lesson, notice
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH

_LONGEST = 40  # characters of a pseudonym


def described(name: str) -> tuple[str, str]:
    """The lesson and the title of what was answered, by the answer's name; "" for what this app does not know."""
    if name in EXERCISES:
        return EXERCISES[name].lesson, EXERCISES[name].title
    if (vote := name.removeprefix(VOTE)) != name and vote in VOTES:
        return VOTES[vote].lesson, vote.replace("-", " ")
    if (idea := name.removeprefix(DIAGNOSTIC)) != name and idea in ITEMS:
        return ITEMS[idea].lesson, ITEMS[idea].title
    begins = name.partition(".")[0]
    return (begins if begins in {known.name for known in LESSONS} else ""), ""


def own_attempts(now: Progress) -> None:
    """The button that saves these attempts. The file is made when it is asked for, of what was known when the button
    was drawn: the session cannot be read then any more."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.text_input("A pseudonym, if you were asked for one", max_chars=_LONGEST, width=280, key="attempts.who")
        st.download_button(
            "Your attempts as CSV", lambda: to_csv(attempts(now, described, one_line(who))),
            f"attention-attempts-{date.today().isoformat()}.csv", "text/csv", on_click="ignore", key="attempts.save",
            icon=":material/download:",
        )  # fmt: skip
    st.caption(
        "A table for spreadsheets: what you answered, on which day, right or not, and which slip explains it. No name, "
        "no address, nothing that says who you are, but for a pseudonym that you type."
    )


# --- a class ---------------------------------------------------------------------------------------------------------


@st.fragment
def class_attempts() -> None:
    """Tables, uploaded or pasted, and their summary; what cannot be read is said, and the others count."""
    files = st.file_uploader(
        f"Tables of attempts (CSV), at most {MOST_TABLES}", "csv", accept_multiple_files=True, key="attempts.files",
        max_upload_size=LARGEST // 1_000_000, width=520,
    )  # fmt: skip
    pasted = st.text_area("Or paste one", key="attempts.pasted", height=110, width=WIDTH, max_chars=LARGEST // 4)
    if sum(file.size for file in files) > LARGEST_CLASS:
        notice(f"These files have more than {LARGEST_CLASS:,} bytes together, and were not read. Take fewer at a time.")
        files = []
    given = [(file.name, file.getvalue()) for file in files[: MOST_TABLES + 1]]
    tables, learners = [], 0
    for name, data in [*given, *([("What was pasted", pasted)] if pasted.strip() else [])]:
        if table := _read(name, data):
            if table in tables:
                notice(f"{_short(name)} holds the same as another table. If it is the same file, take one away.")
            tables.append(table)
            learners += len({row.pseudonym for row in table})
    if tables:
        _summary(tables, learners)
        _gains(tables)


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"


def _read(name: str, data: str | bytes) -> list[Attempt]:
    shown = _short(name)
    try:
        table = from_csv(data)
    except TableError as error:
        notice(f"{shown} was left out: {error}.")
        return []
    if not table:
        notice(f"{shown} has no attempts in it yet.")
    return table


def _summary(tables: list[list[Attempt]], learners: int) -> None:
    try:
        found = summarised(tables)
    except TableError as error:
        notice(f"{error}.")
        return
    says = f"{len(tables)} table{'s' * (len(tables) != 1)}, {learners} learner{'s' * (learners != 1)}."
    st.html(f'<p role="status" class="prompt">{says}</p>')
    order = {known.name: i for i, known in enumerate(LESSONS)}
    found = [one for one in found if one.kind != BOTH_TIMES]
    rows = [_row(one) for one in sorted(found, key=lambda one: order.get(one.lesson, len(order)))]
    header = ("", "lesson", "learners who tried", "right at once", "right in the end", "most frequent slips")
    if rows:
        st.html(text_table("What the class did", header, rows, prose=True))
        st.download_button(
            "This summary as CSV", written(("exercise", *header[1:]), rows), "attention-class.csv", "text/csv",
            on_click="ignore", key="attempts.summary", icon=":material/download:",
        )  # fmt: skip


def _gains(tables: list[list[Attempt]]) -> None:
    """What the class knew before the course, and after it."""
    if not (found := gains(tables)):
        return
    header = (
        "",
        "right before",
        "right after",
        "did not know yet, before",
        "did not know yet, after",
        "right only after, of those who took both",
    )
    rows = [(one.title or one.name, *(f"{right} of {took}" for right, took in zip(one.right, one.took, strict=True)),
             *map(str, one.unsure), f"{one.learned} of {one.both}") for one in found]  # fmt: skip
    st.html(text_table("The diagnostic, idea by idea", header, rows, prose=True))
    st.download_button(
        "The diagnostic as CSV", written(("idea", *header[1:]), rows), "attention-diagnostic.csv", "text/csv",
        on_click="ignore", key="attempts.gains", icon=":material/download:",
    )  # fmt: skip


def _row(one: Summary) -> tuple[str, ...]:
    known = {found.name for found in LESSONS}
    slips = "; ".join(f"{slip} ({count})" for slip, count in one.slips)
    kind = "" if one.kind == "exercise" else f" ({one.kind})"
    return (
        f"{one.title or one.name}{kind}", lesson(one.lesson).short if one.lesson in known else one.lesson,
        str(one.learners), _share(one.first, one.learners), _share(one.ever, one.learners), slips,
    )  # fmt: skip


def _share(part: int, whole: int) -> str:
    return f"{part} ({round(100 * part / whole)} %)"
