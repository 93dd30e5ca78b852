"""Goal seek on the page: a cell, the number that it should be, and which single given number could make it that.

Vocabulary
    target   the cell that was picked in the matrices, as long as some step makes it
    found    the last search: of which document, and what came out. A change of the matrices makes it old
"""

import streamlit as st

from attention_core import numerals
from attention_core.goal_seek import KINDS, Answer, seek
from attention_core.numerals import NumberError, decimal
from attention_ui.document import compute
from attention_ui.editable import Editable
from attention_ui.lesson import notice
from attention_ui.naming import cell_name, plain_letter, where
from attention_ui.picture import Picture
from attention_ui.session import load, visit
from attention_ui.slices import base, index_of
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH

_FOUND = "goal.found"
_MOST = 8  # answers of a kind that are listed
_WANTED = "goal.wanted"


@st.fragment
def goal_seek() -> None:
    """The target, the number that is wanted, the search, and what it found. A fragment: a search runs nothing else."""
    picture = Picture(compute(visit().document), None, visit().view)
    target = _target(picture)
    if target is None:
        st.caption("Pick a cell in one of the computed matrices above; then press the button.")
    else:
        name, at = target
        value = float(picture.head.matrix(name).value[at])
        st.text(f"{plain_letter(picture, name)}: {where(picture, name, at)}. It is {decimal(value)} now.")
    with st.container(horizontal=True, vertical_alignment="bottom", width=WIDTH):
        text = st.text_input("It should be", "1/2", key=_WANTED, width=160)
        if st.button("Which single number would do it?" if target else "Use the picked cell", key="goal.seek"):
            _seek(target, text)
    _shown(picture)


def _target(picture: Picture) -> tuple[str, tuple[int, ...]] | None:
    """The picked cell, if a step makes it."""
    picked = visit().view.picked
    if picked is None or base(picked[0]) not in picture.head.trace:
        return None
    at = index_of(picture.head.trace, *picked)
    return None if at is None else (base(picked[0]), tuple(at))


def _seek(target: tuple[str, tuple[int, ...]] | None, text: str) -> None:
    """Search, and keep what was found with the document that it was found in."""
    st.session_state.pop(_FOUND, None)
    if target is None:
        return
    try:
        wanted = numerals.parse(text)
    except NumberError as error:
        st.session_state[_FOUND] = visit().document, str(error)
        return
    document = visit().document
    given, labels = document.given()
    head = compute(document)
    entries = [name for name in document.editable if name in head.trace.given]
    try:
        found = seek(head.program, given, labels, *target, wanted, entries)
    except ValueError as error:
        found = str(error)
    st.session_state[_FOUND] = document, found


def _shown(picture: Picture) -> None:
    """What the last search found, while the matrices are those that it was about."""
    document, found = st.session_state.get(_FOUND, (None, None))
    if found is None or document != visit().document:
        return
    if isinstance(found, str):
        notice(found)
        return
    of = f"{plain_letter(picture, found.name)}, {where(picture, found.name, found.at)}"
    reaching = found.of("reaches")
    st.markdown(f"**{len(reaching)}** of {len(found.answers)} given numbers would do it alone." if reaching else
                "**None** of the given numbers would do it alone.")  # fmt: skip
    if found.why:
        st.text(found.why)
    _listed(picture, f"To make it {decimal(found.wanted)}: {of}", reaching)
    near = (*found.of("approaches"), *found.of("near"))
    if not reaching:
        _listed(picture, f"How near others come: {of}", near)
    still, unread = (len(found.of(kind)) for kind in ("still", "unread"))
    st.caption(f"{len(near)} others move it, and do not get there, between −100 and 100. {still} are read, and move "
               f"nothing. {unread} it does not depend on.")  # fmt: skip
    if found.flips:
        cells = "; ".join(cell_name(picture, name, at) for name, at in found.flips[:_MOST])
        st.text(f"Painting one cell of the mask would do it, too: {cells}.")
    if reaching:
        _put_in(document, picture, reaching[:_MOST])


def _listed(picture: Picture, caption: str, answers: tuple[Answer, ...]) -> None:
    """Answers, the smallest move first."""
    if not answers:
        return
    rows = [
        (_entry(picture, one), decimal(one.now), one.text, decimal(one.move), decimal(one.value))
        + (KINDS[one.kind],) * (one.kind != "reaches")
        for one in answers[:_MOST]
    ]
    header = ("", "now", "would be", "moves by", "the cell is then", "")[: len(rows[0])]
    st.html(text_table(caption, header, rows))
    if len(answers) > _MOST:
        st.caption(f"And {len(answers) - _MOST} more, which move farther.")


def _entry(picture: Picture, one: Answer) -> str:
    return f"{plain_letter(picture, one.name)}: {where(picture, one.name, one.at)}"


def _put_in(document: Editable, picture: Picture, answers: tuple[Answer, ...]) -> None:
    """Type one of the answers into its matrix; Undo takes it out again."""
    with st.container(horizontal=True, vertical_alignment="bottom", width=WIDTH):
        which = st.selectbox("Answer", range(len(answers)), key="goal.which",
                             format_func=lambda i: f"{_entry(picture, answers[i])}: {answers[i].text}")  # fmt: skip
        if st.button("Put it in", key="goal.put"):
            one = answers[which]
            load(document.with_cells(one.name, {one.at: one.text}), "")
            st.rerun()
