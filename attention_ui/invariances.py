"""The gallery of changes that change nothing, made to the matrices that stand on the page."""

import numpy as np
import streamlit as st

from attention_core.invariances import CHANGES, Gap, Model, NotHere, gaps
from attention_core.numerals import decimal
from attention_ui.document import compute
from attention_ui.editable import Editable
from attention_ui.lesson import notice
from attention_ui.naming import plain_letter
from attention_ui.picture import Picture
from attention_ui.predict import reveal
from attention_ui.session import visit
from attention_ui.slices import drawn_names, head_name, head_of, slice_of
from attention_ui.tables import matrix_table, text_table
from attention_ui.teach import WIDTH

_OPTIONS = ["no weight", "some weights"]
_CLOSE = 1e-9


def model_of(document: Editable) -> Model:
    """The matrices of a document with the program that was run on them."""
    head = compute(document)
    given = {name: np.asarray(matrix.value) for name, matrix in head.trace.given.items()}
    return Model(head.program, given, document.given()[1])


def gallery() -> None:
    """Choose a change; guess; see what it changes in the matrices above."""
    name = st.selectbox("Change", list(CHANGES), format_func=lambda name: CHANGES[name].title, key="sandbox.change",
                        width=WIDTH)  # fmt: skip
    change = CHANGES[name]
    st.markdown(change.says)
    try:
        found = gaps(change, model_of(visit().document))
    except NotHere as error:
        notice(f"Not with the matrices above. {error}")
        return
    except ValueError as error:  # numbers that cannot be computed with any more
        notice(str(error))
        return
    moved = any(not gap.same for gap in found)
    if name == "heads" or reveal(f"sandbox.same.{name}", "Which weights change?", _OPTIONS, _OPTIONS[moved]):
        st.markdown(change.why)
        _measured(found)


def _measured(found: list[Gap]) -> None:
    """The largest difference in each matrix, and all differences of the first one."""
    head = compute(visit().document)
    picture = Picture(head, None, visit().view)
    rows = [
        (plain_letter(picture, gap.name), f"{gap.size:.1e}" if gap.same and gap.size else decimal(gap.size),
         "nothing changed" if gap.same else "changed")
        for gap in found
    ]  # fmt: skip
    st.html(text_table("Above, after the change", ("", "largest difference", ""), rows))
    matrix = head.matrix(found[0].name)
    for drawn in drawn_names(matrix):
        at_head = head_of(drawn)
        part = slice_of(matrix, drawn)
        gap = found[0].difference if at_head is None else found[0].difference[at_head]
        texts = {at: decimal(float(x)) if abs(x) > _CLOSE else "0" for at, x in np.ndenumerate(gap)}
        of = plain_letter(picture, found[0].name) + (f", {head_name(matrix, at_head)}" if at_head is not None else "")
        st.html(matrix_table(part, f"{of}: after minus before", texts))
