"""Files of the learner's own in the sandbox: what was found in them, how it is loaded, and whether it agrees."""

import streamlit as st

from attention_core.benches.sandbox import MOST_COORDINATES, MOST_FEATURES, MOST_HEADS, MOST_LAYERS
from attention_core.imports import KINDS, MOST_BYTES, Found, ImportProblem, read_files
from attention_core.loading import Agreement, agreements, imported
from attention_core.numerals import decimal
from attention_core.tokens import MAX_TOKENS
from attention_ui.document import compute
from attention_ui.editable import letter_text, shape_text
from attention_ui.lesson import notice
from attention_ui.naming import plain_letter
from attention_ui.picture import Picture
from attention_ui.session import load, visit
from attention_ui.sheet import Sheet
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH

_SAVES = """import numpy as np
q, k, v = (matrix.detach().numpy() for matrix in (q, k, v))  # from PyTorch; NumPy's arrays as they are
np.savez("head.npz", q=q, k=k, v=v)"""
_LARGEST_MB = MOST_BYTES // 1_000_000


def files() -> None:
    """How a file is made; the field for files; what is in them; the button."""
    st.markdown("Q, K and V, or X and the weights, from PyTorch, NumPy or a spreadsheet. These lines save them:",
                width=WIDTH)  # fmt: skip
    st.code(_SAVES, language="python", width=WIDTH)
    limits = f"{MAX_TOKENS} words, {MOST_FEATURES} features, {MOST_COORDINATES} coordinates, {MOST_HEADS} heads"
    st.caption(f"At most {limits} and {MOST_LAYERS} layers; files of up to {_LARGEST_MB} MB. A JSON file holds names "
               "with lists of rows; a CSV file holds one matrix, and is called as that is: q.csv. With weights or "
               "output in the file, the page says whether it computes the same.")  # fmt: skip
    chosen = st.file_uploader("Files with matrices", [kind[1:] for kind in KINDS], accept_multiple_files=True,
                              key="sandbox.files", max_upload_size=_LARGEST_MB, width=WIDTH)  # fmt: skip
    if not chosen:
        return
    try:
        found = read_files([(file.name, file.getvalue()) for file in chosen])
        settings, edits = imported(found)
    except (ImportProblem, ValueError) as error:
        notice(f"{error} What was here stays.")
        return
    _preview(found)
    document = Sheet("sandbox", settings=settings, edits=edits)
    st.button("Put these into the sandbox", key="sandbox.import", on_click=load, disabled=visit().document == document,
              args=(document, "Your matrices. Undo brings back what was here."))  # fmt: skip
    if found.computed and visit().document == document:
        _agreement(found)


def _preview(found: Found) -> None:
    """What was found, and what was done to it. Names and words come from a file: text, and no markup."""
    rows = [(letter_text(name), shape_text(matrix.shape)) for name, matrix in found.matrices.items()]
    st.html(text_table("Found in the file", ("", "size"), rows))
    for note in found.notes:
        st.text(note)


def _agreement(found: Found) -> None:
    """Whether what the file says was computed is what is computed here."""
    head = compute(visit().document)
    for said in agreements(found, head.trace):
        if not isinstance(said, Agreement):
            notice(said)
            continue
        place = ", ".join(str(i + 1) for i in said.at)
        letter = plain_letter(Picture(head, None, visit().view), said.name)
        numbers = f"the file has {decimal(said.theirs)}, this page {decimal(said.ours)}"
        if said.agrees:
            st.text(f"{letter}: the same as in the file. The largest difference is {said.gap:.1e}; "
                    f"in cell {place}, {numbers}.")  # fmt: skip
        else:
            notice(f"{letter} is not what the file says. The largest difference is in cell {place}: "
                   f"{numbers}. Was a mask, a scale or a bias left out of the file?")  # fmt: skip
