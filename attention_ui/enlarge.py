"""One matrix enlarged: an interactive Plotly heatmap, its table, and a CSV file. Imported only when it is asked for.

Plotly treats equal labels as one place and reads some text as HTML, so cells are addressed by number, and labels are
escaped.
"""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from attention_ui.editable import shape_text
from attention_ui.payload import POSITIVE, Picture, plain_letter, title, where

_SIGNED = [[0, "#8c510a"], [0.5, "#ffffff"], [1, "#01665e"]]
_POSITIVE = [[0, "#ffffff"], [1, "#20262e"]]


def table(picture: Picture, name: str) -> pd.DataFrame:
    """The matrix as a table, turned as it is on the page; row and column names are made unique by their number."""
    matrix = picture.head.matrix(name)
    values = np.asarray(picture.values(name), dtype=float)
    rows, cols = (*matrix.labels, ("",), ("",))[:2]
    grid = values.reshape(len(rows), len(cols))
    frame = pd.DataFrame(grid, index=list(rows), columns=list(cols))
    return frame.T if picture.view.columns else frame


def figure(picture: Picture, name: str) -> go.Figure:
    """The heatmap with its numbers; hovering says in words what a cell is."""
    frame = table(picture, name)
    values = frame.to_numpy()
    finite = values[np.isfinite(values)]
    top = float(np.abs(finite).max()) if finite.size and np.abs(finite).max() else 1.0
    positive = name in POSITIVE and picture.shown_of(name) != "difference"
    texts = [[picture.form(value) for value in row] for row in values.tolist()]
    heat = go.Heatmap(
        z=np.where(np.isfinite(values), values, np.nan).tolist(),
        text=texts, texttemplate="%{text}", customdata=_words(picture, name),
        hovertemplate="%{customdata}: %{text}<extra></extra>",
        colorscale=_POSITIVE if positive else _SIGNED, zmin=0 if positive else -top, zmax=top, xgap=1, ygap=1,
    )  # fmt: skip
    ticks = {"tickmode": "array"}
    drawn = go.Figure(heat)
    drawn.update_xaxes(
        **ticks,
        tickvals=list(range(values.shape[1])),
        ticktext=[escape(c) for c in frame.columns],
        side="top",
    )
    drawn.update_yaxes(
        **ticks,
        tickvals=list(range(values.shape[0])),
        ticktext=[escape(r) for r in frame.index],
        autorange="reversed",
    )
    drawn.update_layout(height=max(320, 60 + 44 * values.shape[0]), margin={"l": 10, "r": 10, "t": 40, "b": 10})
    return drawn


def _words(picture: Picture, name: str) -> list[list[str]]:
    shape = picture.head.matrix(name).value.shape
    words = np.array([escape(where(picture, name, at)) for at in np.ndindex(*shape)], dtype=object)
    grid = words.reshape(shape[0] if shape else 1, -1)
    return (grid.T if picture.view.columns else grid).tolist()


def enlarge(picture: Picture, name: str) -> None:
    """Open the matrix in a dialog: heatmap (zoom, hover, save as picture), table, CSV."""
    frame = table(picture, name)

    @st.dialog(f"{plain_letter(picture, name)}: {title(picture, name)}, {shape_text(frame.shape)}", width="large")
    def show() -> None:
        config = {"displaylogo": False, "toImageButtonOptions": {"filename": name}}
        st.plotly_chart(figure(picture, name), config=config, key="enlarged")
        st.dataframe(_labelled(frame))
        st.download_button(
            "Save as CSV", frame.to_csv().encode(), f"{name}.csv", "text/csv", icon=":material/download:"
        )

    show()


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=lambda label: label or "value")
