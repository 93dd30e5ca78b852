"""One matrix enlarged: an interactive Plotly heatmap, its table, and a CSV file. Imported only when it is asked for.

Plotly treats equal labels as one place and reads some text as HTML, so cells are addressed by number, and labels are
escaped. It would write every number in the text colour of the theme, which cannot be read on every cell; so each number
has an ink of its own.

Vocabulary
    ramp   the colours from the lowest number to the highest, evenly spaced: those of the matrices in the same theme
    ink    the colour of a number: dark or light, whichever stands out more against its cell
"""

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from attention_ui.editable import shape_text
from attention_ui.payload import POSITIVE, Picture, plain_letter, stands_turned, title, where
from attention_ui.slices import base, head_of

_SIGNED = {"light": ("#8c510a", "#ffffff", "#01665e"), "dark": ("#d8a15a", "#22262b", "#5fc6ba")}
_POSITIVE = {"light": ("#ffffff", "#20262e"), "dark": ("#22262b", "#e8edf2")}
_DARK_INK, _LIGHT_INK = "#000000", "#ffffff"
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
    finite = values[np.isfinite(values)]
    top = float(np.abs(finite).max()) if finite.size and np.abs(finite).max() else 1.0
    positive = base(name) in POSITIVE and picture.shown_of(name) != "difference"
    low, ramp = (0.0, _POSITIVE[theme]) if positive else (-top, _SIGNED[theme])
    texts = [[picture.form(value) for value in row] for row in values.tolist()]
    heat = go.Heatmap(
        z=np.where(np.isfinite(values), values, np.nan).tolist(), text=texts, customdata=_words(picture, name),
        hovertemplate="%{customdata}: %{text}<extra></extra>",
        colorscale=[[i / (len(ramp) - 1), colour] for i, colour in enumerate(ramp)], zmin=low, zmax=top, xgap=1, ygap=1,
        # below, because beside it would take a third of a narrow screen
        colorbar={"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "top", "len": 0.5, "thickness": 10},
    )  # fmt: skip
    ticks = {"tickmode": "array"}
    drawn = go.Figure([heat, _numbers(values, texts, ramp, low, top, theme)])
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
    margin = {"l": 10, "r": 10, "t": 40 + _BUTTONS, "b": 50}
    drawn.update_layout(height=max(320, 60 + 44 * values.shape[0]) + _BUTTONS + 40, margin=margin, showlegend=False)
    return drawn


def _numbers(
    values: np.ndarray, texts: list[list[str]], ramp: tuple[str, ...], low: float, top: float, theme: str
) -> go.Scatter:
    """The numbers on the cells, each in its ink. What is not finite has no colour, and stands on the page's ground."""
    rows, cols = np.indices(values.shape)
    bare = _LIGHT_INK if theme == "dark" else _DARK_INK
    inks = [ink(ramp, (value - low) / (top - low)) if np.isfinite(value) else bare for value in values.ravel().tolist()]
    return go.Scatter(
        x=cols.ravel().tolist(), y=rows.ravel().tolist(), text=[text for row in texts for text in row],
        mode="text", textfont={"color": inks}, hoverinfo="skip",
    )  # fmt: skip


def ink(ramp: tuple[str, ...], share: float) -> str:
    """What can be read on the colour at this share of the ramp, 0 to 1."""
    rgb = [np.interp(share, np.linspace(0, 1, len(ramp)), channel) for channel in zip(*map(_rgb, ramp), strict=True)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (part / 255 for part in rgb)]
    light = float(np.dot([0.2126, 0.7152, 0.0722], linear))  # WCAG's relative luminance
    return _DARK_INK if (light + 0.05) ** 2 > 0.05 * 1.05 else _LIGHT_INK


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _words(picture: Picture, name: str) -> list[list[str]]:
    shape, head = picture.matrix(name).value.shape, head_of(name)
    front = () if head is None else (head,)
    found = [escape(where(picture, base(name), (*front, *at))) for at in np.ndindex(*shape)]
    words = np.array(found, dtype=object)
    grid = words.reshape(shape[0] if shape else 1, -1)
    return (grid.T if stands_turned(picture, name) else grid).tolist()


def enlarge(picture: Picture, name: str) -> None:
    """Open the matrix in a dialog: heatmap (zoom, hover, save as picture), table, CSV."""
    frame, file = table(picture, name), name.replace("@", "_head")

    @st.dialog(f"{plain_letter(picture, name)}: {title(picture, name)}, {shape_text(frame.shape)}", width="large")
    def show() -> None:
        config = {"displaylogo": False, "toImageButtonOptions": {"filename": file}}
        theme = "dark" if st.context.theme.type == "dark" else "light"
        st.plotly_chart(figure(picture, name, theme), config=config, key="enlarged")
        st.dataframe(_labelled(frame))
        st.download_button(
            "Save as CSV", frame.to_csv().encode(), f"{file}.csv", "text/csv", icon=":material/download:"
        )

    show()


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=lambda label: label or "value")
