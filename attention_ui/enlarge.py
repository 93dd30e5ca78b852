"""One matrix enlarged: an interactive Plotly heatmap, its table, and files of it. Imported only when it is asked for.

Plotly treats equal labels as one place and reads some text as HTML, so cells are addressed by number, and labels are
escaped. It would write every number in the text colour of the theme, which cannot be read on every cell; so each number
has an ink of its own.
"""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from attention_ui.colours import DARK_INK, LIGHT_INK, POSITIVE, SIGNED, ink
from attention_ui.editable import shape_text
from attention_ui.naming import plain_letter, stands_turned, title, where
from attention_ui.payload import matrix_data
from attention_ui.picture import Picture
from attention_ui.picture_file import svg
from attention_ui.png import png_button
from attention_ui.slices import base, file_name, head_of

_BUTTONS = (
    34  # pixels above the labels of the columns for Plotly's buttons, which on a narrow screen would lie over them
)


def table(picture: Picture, name: str) -> pd.DataFrame:
    """The matrix as a table, turned as it is on the page; row and column names are made unique by their number."""
    matrix = picture.matrix(name)
    values = np.asarray(picture.values(name), dtype=float)
    rows, cols = (*matrix.labels, ("",), ("",))[:2]
    grid = values.reshape(len(rows), len(cols))
    frame = pd.DataFrame(grid, index=list(rows), columns=list(cols))
    return frame.T if stands_turned(picture, name) else frame


def figure(picture: Picture, name: str, theme: str = "light") -> go.Figure:
    """The heatmap with its numbers; hovering says in words what a cell is."""
    frame = table(picture, name)
    values = frame.to_numpy()
    drawn = matrix_data(picture, name)
    positive, top = drawn["scale"] == "positive", drawn["hi"]
    low, ramp = (0.0, POSITIVE[theme]) if positive else (-top, SIGNED[theme])
    texts = [[picture.form(value) for value in row] for row in values.tolist()]
    heat = go.Heatmap(
        z=np.where(np.isfinite(values), values, np.nan).tolist(), text=texts, customdata=_words(picture, name),
        hovertemplate="%{customdata}: %{text}<extra></extra>",
        colorscale=[[i / (len(ramp) - 1), colour] for i, colour in enumerate(ramp)], zmin=low, zmax=top, xgap=1, ygap=1,
        # below, because beside it would take a third of a narrow screen
        colorbar={"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "top", "len": 0.5, "thickness": 10},
    )  # fmt: skip
    ticks = {"tickmode": "array"}
    plot = go.Figure([heat, _numbers(values, texts, ramp, low, top, theme)])
    plot.update_xaxes(
        **ticks,
        tickvals=list(range(values.shape[1])),
        ticktext=[escape(c) for c in frame.columns],
        side="top",
    )
    plot.update_yaxes(
        **ticks,
        tickvals=list(range(values.shape[0])),
        ticktext=[escape(r) for r in frame.index],
        autorange="reversed",
    )
    margin = {"l": 10, "r": 10, "t": 40 + _BUTTONS, "b": 50}
    plot.update_layout(height=max(320, 60 + 44 * values.shape[0]) + _BUTTONS + 40, margin=margin, showlegend=False)
    return plot


def _numbers(
    values: np.ndarray, texts: list[list[str]], ramp: tuple[str, ...], low: float, top: float, theme: str
) -> go.Scatter:
    """The numbers on the cells, each in its ink. What is not finite has no colour, and stands on the page's ground."""
    rows, cols = np.indices(values.shape)
    bare = LIGHT_INK if theme == "dark" else DARK_INK
    inks = [ink(ramp, (value - low) / (top - low)) if np.isfinite(value) else bare for value in values.ravel().tolist()]
    return go.Scatter(
        x=cols.ravel().tolist(), y=rows.ravel().tolist(), text=[text for row in texts for text in row],
        mode="text", textfont={"color": inks}, hoverinfo="skip",
    )  # fmt: skip


def _words(picture: Picture, name: str) -> list[list[str]]:
    shape, head = picture.matrix(name).value.shape, head_of(name)
    front = () if head is None else (head,)
    found = [escape(where(picture, base(name), (*front, *at))) for at in np.ndindex(*shape)]
    words = np.array(found, dtype=object)
    grid = words.reshape(shape[0] if shape else 1, -1)
    return (grid.T if stands_turned(picture, name) else grid).tolist()


def enlarge(picture: Picture, name: str) -> None:
    """Open the matrix in a dialog: heatmap (zoom, hover), table, files."""
    frame, file = table(picture, name), file_name(name)

    @st.dialog(f"{plain_letter(picture, name)}: {title(picture, name)}, {shape_text(frame.shape)}", width="large")
    def show() -> None:
        config = {"displaylogo": False, "toImageButtonOptions": {"filename": file}}
        theme = "dark" if st.context.theme.type == "dark" else "light"
        st.plotly_chart(figure(picture, name, theme), config=config, key="enlarged")
        st.dataframe(_labelled(frame))
        drawn = svg(picture, name)
        with st.container(horizontal=True):
            for label, content, kind in (("CSV", frame.to_csv().encode(), "text/csv"), ("SVG", drawn, "image/svg+xml")):
                st.download_button(f"Save as {label}", content, f"{file}.{label.lower()}", kind, on_click="ignore",
                                   icon=":material/download:")  # fmt: skip
            png_button(drawn, file)

    show()


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=lambda label: label or "value")
