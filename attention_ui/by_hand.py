"""Hand mode: one row of one matrix of a page is left blank, to be filled in by hand and marked cell by cell.

Vocabulary
    blank     a cell that the learner fills in: (name of the matrix, index)
    given     the matrices that the row is made from, and the formula that makes it
"""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import streamlit as st

from attention_core.exercises.answers import ACCEPTS
from attention_core.exercises.hand import Mark, mark
from attention_core.exercises.slips import Target
from attention_core.numerals import exact
from attention_core.programs import given_of
from attention_core.trace import Trace, Traced
from attention_ui import session
from attention_ui.document import compute
from attention_ui.tables import matrix_table

_WIDEST = 12  # blanks in a row
_LONGEST = 40  # characters of an entry
_INFINITE = " What is masked is −∞: type -inf."


@st.fragment
def by_hand() -> None:
    """Choose a matrix and a row of it; its cells are blank until they are filled in."""
    trace = compute(session.visit().document).trace
    names = [name for name in trace if _fits(trace, name)]
    if not names:
        st.markdown(f"There is none with at most {_WIDEST} columns.")
        return
    titles = {f"{i}. {trace[name].step.title}": name for i, name in enumerate(names, 1)}
    with st.container(horizontal=True, gap="small"):
        name = titles[st.selectbox("Matrix", list(titles), key="hand.matrix", width=280)]
        rows = trace[name].labels[0]
        # by its number, for a sentence may have a word twice; the second, as the first is often the plainest
        row = st.selectbox(
            "Row", range(len(rows)), min(1, len(rows) - 1), rows.__getitem__, key=f"hand.row.{name}", width=200
        )
    _given(trace, name)
    _fill(trace, name, row)


def _fits(trace: Trace, name: str) -> bool:
    """Whether a matrix can be filled in here: it is small, and so flat, as all that it is made from, to be shown."""
    made = trace[name]
    flat = all(trace.matrix(read).value.ndim <= 2 for read in made.step.inputs)
    return flat and made.value.ndim == 2 and made.value.shape[1] <= _WIDEST


def _given(trace: Trace, name: str) -> None:
    """What the row is made from, and how."""
    step, finite = trace[name].step, np.isfinite(trace[name].value).all()
    st.markdown(f"${step.formula}$. {step.says}")
    for read in dict.fromkeys(step.inputs):
        st.html(matrix_table(trace.matrix(read), _title(trace, read)))
    st.markdown(
        "These are the matrices as they stand above now, with what you have changed in them. Fill in the row, and "
        f"press Enter. {ACCEPTS}{_INFINITE * (not finite)}"
    )


def _fill(trace: Trace, name: str, row: int) -> None:
    made, key = trace[name], f"hand.{name}.{row}"
    blanks = {(name, (row, column)): f"{made.labels[0][row]}, {label}" for column, label in enumerate(made.labels[1])}
    with st.form(key, border=False):
        with st.container(horizontal=True, gap="small"):
            typed = {
                blank: st.text_input(label, key=f"{key}.{blank[1][1]}", width=110, max_chars=_LONGEST)
                for blank, label in blanks.items()
            }
        with st.container(horizontal=True, gap="small"):
            asked = st.form_submit_button("Mark my row")
            shown = st.form_submit_button("Show me this row", type="tertiary")
    marks = mark(trace, list(blanks), typed) if asked else {}
    texts = {} if shown else {blank[1]: typed[blank] or "?" for blank in blanks}
    words = {blank[1]: "picked" if shown else _word(marks.get(blank)) for blank in blanks}
    st.html(matrix_table(made, made.step.title, texts, words))
    if marks:
        _verdict(marks, blanks)
    if shown:
        lines = [f"{label}: {_worked(made, at)}" for (_, at), label in blanks.items()]
        st.html(f'<ul class="slips" role="status">{_items(lines)}</ul>')


def _worked(made: Traced, at: tuple[int, ...]) -> str:
    """The arithmetic of a cell, and what it makes."""
    return f"{made.explain(at).text} = {exact(made.value[at].item())}"


def _verdict(marks: Mapping[Target, Mark], labels: Mapping[Target, str]) -> None:
    """How many are right, and a sentence about each of the others."""
    right = sum(found.right for found in marks.values())
    wrong = [f"{labels[blank]}: {found.says}" for blank, found in marks.items() if not found.right]
    lead = " “Show me this row” writes out how each number is made." * bool(wrong)
    st.html(
        f'<div role="status"><p class="verdict {"wrong" if wrong else "right"}"><b>{"✗" if wrong else "✓"}</b>'
        f'{right} of {len(marks)} right.{lead}</p><ul class="slips">{_items(wrong)}</ul></div>'
    )


def _items(lines: Sequence[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)


def _title(trace: Trace, name: str) -> str:
    return trace[name].step.title if name in trace else given_of(name).title


def _word(found: Mark | None) -> str:
    return "blank" if found is None else "right" if found.right else "wrong"
