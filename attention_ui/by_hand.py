"""Hand mode: one row of one matrix of a page is left blank, to be filled in by hand and marked cell by cell.

Vocabulary
    blank     a cell that the learner fills in: (name of the matrix, index)
    given     the matrices that the row is made from, and the formula that makes it
    line      one equation: that of a step, or of a step in one head
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
from attention_core.trace import Matrix, Trace, Traced
from attention_ui import session
from attention_ui.document import compute
from attention_ui.slices import Line, base, head_name, head_of, lines, slice_of
from attention_ui.tables import matrix_table

_WIDEST = 12  # blanks in a row
_LONGEST = 40  # characters of an entry
_INFINITE = " What is masked is −∞: type -inf."


@st.fragment
def by_hand() -> None:
    """Choose a matrix and a row of it; its cells are blank until they are filled in."""
    trace = compute(session.visit().document).trace
    every = [line for made in trace.values() for line in lines(trace, made.step) if _fits(trace, line)]
    if not every:
        st.markdown(f"There is none with at most {_WIDEST} columns.")
        return
    titles = {f"{i}. {_title(trace, line.step.name)}": line for i, line in enumerate(every, 1)}
    with st.container(horizontal=True, gap="small"):
        line = titles[st.selectbox("Matrix", list(titles), key="hand.matrix", width=280)]
        rows = _drawn(trace, line.step.name).labels[0]
        # by its number, for a sentence may have a word twice; the second, as the first is often the plainest
        row = st.selectbox(
            "Row", range(len(rows)), min(1, len(rows) - 1), rows.__getitem__, key=f"hand.row.{line.step.name}",
            width=200,
        )  # fmt: skip
    _given(trace, line)
    _fill(trace, line, row)


def _drawn(trace: Trace, drawn: str) -> Matrix:
    """A matrix, or one head of it."""
    return slice_of(trace.matrix(base(drawn)), drawn)


def _fits(trace: Trace, line: Line) -> bool:
    """Whether a matrix can be filled in here: small and flat, as is all that it is made from, to be shown."""
    made, flat = _drawn(trace, line.step.name), all(_drawn(trace, read).value.ndim <= 2 for read in line.step.inputs)
    return flat and made.value.ndim == 2 and made.value.shape[1] <= _WIDEST


def _given(trace: Trace, line: Line) -> None:
    """What the row is made from, and how."""
    step, finite = line.step, np.isfinite(_drawn(trace, line.step.name).value).all()
    st.markdown(f"${step.formula}$. {step.says}")
    for read in dict.fromkeys(step.inputs):
        st.html(matrix_table(_drawn(trace, read), _title(trace, read)))
    st.markdown(
        "These are the matrices as they stand above now, with what you have changed in them. Fill in the row, and "
        f"press Enter. {ACCEPTS}{_INFINITE * (not finite)}"
    )


def _fill(trace: Trace, line: Line, row: int) -> None:
    drawn, key = _drawn(trace, line.step.name), f"hand.{line.step.name}.{row}"
    whole, front = trace[base(line.step.name)], () if line.head is None else (line.head,)
    blanks = {
        (whole.name, (*front, row, column)): f"{drawn.labels[0][row]}, {label}"
        for column, label in enumerate(drawn.labels[1])
    }
    with st.form(key, border=False):
        with st.container(horizontal=True, gap="small"):
            typed = {
                blank: st.text_input(label, key=f"{key}.{blank[1][-1]}", width=110, max_chars=_LONGEST)
                for blank, label in blanks.items()
            }
        with st.container(horizontal=True, gap="small"):
            asked = st.form_submit_button("Mark my row")
            shown = st.form_submit_button("Show me this row", type="tertiary")
    marks = mark(trace, list(blanks), typed) if asked else {}
    texts = {} if shown else {blank[1][-2:]: typed[blank] or "?" for blank in blanks}
    words = {blank[1][-2:]: "picked" if shown else _word(marks.get(blank)) for blank in blanks}
    st.html(matrix_table(drawn, _title(trace, line.step.name), texts, words))
    if marks:
        _verdict(marks, blanks)
    if shown:
        written = [f"{label}: {_worked(whole, at)}" for (_, at), label in blanks.items()]
        st.html(f'<ul class="slips" role="status">{_items(written)}</ul>')


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


def _title(trace: Trace, drawn: str) -> str:
    name, head = base(drawn), head_of(drawn)
    called = trace[name].step.title if name in trace else given_of(name).title
    return called if head is None else f"{called}, {head_name(trace.matrix(name), head)}"


def _word(found: Mark | None) -> str:
    return "blank" if found is None else "right" if found.right else "wrong"
