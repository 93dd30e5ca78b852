"""Small copies of the board's matrices, beside a control that changes them far below the board.

Vocabulary
    copy   a matrix of the board as it stands, as a table; drawn as the board is, with tokens as rows or as columns
"""

from collections.abc import Mapping

import streamlit as st

from attention_core.trace import Matrix
from attention_ui.readings import Worked
from attention_ui.session import visit
from attention_ui.tables import matrix_table


def copies(now: Worked, captions: Mapping[str, str]) -> None:
    """Copies side by side, or below one another where there is no room. captions: by the name of the matrix."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        for name, caption in captions.items():
            st.html(matrix_table(_as_shown(now.head.matrix(name)), caption), width="content")


def _as_shown(matrix: Matrix) -> Matrix:
    """The matrix with tokens as rows or as columns, whichever is shown."""
    if not visit().view.columns or matrix.value.ndim < 2:
        return matrix
    return Matrix(matrix.name, matrix.axes[::-1], matrix.value.T, matrix.labels[::-1])
