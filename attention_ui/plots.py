"""Curves, bars, histograms and arrows: figures that read in both themes and on a phone, each with its numbers as text.

Vocabulary
    figure     a Plotly figure, built from lists; Plotly is imported when the first one is drawn
    series     one named line, set of bars or sample of a figure
    identity   the matrix that a series belongs to, "q", "k", "v", "weights" or "x": it gives the colour
    paint      the colour of a series that belongs to a word of the running example: its own where it is one of paint
    ink        the colour of a series, never its only sign: lines differ in their dashes, bars in their hatching
    text       the same numbers as a table, behind a heading that opens, for whoever does not see the figure

Streamlit gives texts, grid and background the colours of the theme. The colours of the series lie between those that
the matrices have in the light and in the dark theme, where they stand out against both (WCAG: 3 to 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from attention_core.numerals import decimal
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH

if TYPE_CHECKING:
    import plotly.graph_objects as go

INKS: Mapping[str, str] = {"q": "#2989C6", "k": "#C75F22", "v": "#149570", "weights": "#AB66A5", "x": "#808080"}
PAINTS: Mapping[str, str] = {
    "red": "#D0485C", "blue": "#3D7EDB", "ball": "#9C7A1C", "hit": "#149570", "cube": "#8D6E63",
}  # fmt: skip
_COLOURS = {**INKS, **PAINTS}
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_HATCHES = ("", "/", ".", "x", "-", "|")
_SYMBOLS = ("circle", "square", "diamond", "cross", "x")
_ROWS = 13  # of a curve's table
_HEIGHT = 340
_BUTTONS = 34  # pixels above the figure for Plotly's buttons, which would lie over it
_WIDER = 1.5  # how many times as far a figure of arrows reaches to the sides, for the names beyond the tips
_CROWDED, _ASIDE = np.radians(45), np.radians(75)  # a longer arrow so near turns a name away, by so much
_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
}


@dataclass(frozen=True)
class Axes:
    """What a figure and its two axes are called, in words."""

    title: str
    x: str
    y: str


def curve(
    axes: Axes, x: Sequence[float], series: Mapping[str, Sequence[float]], *, key: str,
    at: float | None = None, inks: Sequence[str] = (), levels: Mapping[str, float] | None = None, powers: bool = False,
) -> None:  # fmt: skip
    """Lines over x. at: where the learner's control stands; a vertical line, and a point on every line.

    levels: named heights, as dotted lines across. powers: both axes in powers of ten.
    """
    figure = curve_figure(axes, x, series, at, inks)
    if levels:
        _levels(figure, levels, [(float(y[0]), float(y[-1])) for y in series.values()], powers)
    if powers:
        _powers(figure)
    header = (axes.x, *series)
    picked = _spread(len(x), [] if at is None else [_nearest(x, at)])
    rows = [[decimal(float(x[i])), *(decimal(float(y[i])) for y in series.values())] for i in picked]
    _show(figure, axes, f"{axes.y} over {axes.x}: {_listed(series)}", (header, rows), key)


def curve_figure(
    axes: Axes, x: Sequence[float], series: Mapping[str, Sequence[float]], at: float | None, inks: Sequence[str]
) -> go.Figure:
    """The figure of `curve`."""
    import plotly.graph_objects as go

    drawn = _figure(axes)
    for i, (name, y) in enumerate(series.items()):
        line = {"color": _ink(i, inks), "dash": _DASHES[i % len(_DASHES)], "width": 3}
        drawn.add_trace(go.Scatter(x=_floats(x), y=_floats(y), name=escape(name), mode="lines", line=line))
    if at is not None:
        here = _nearest(x, at)
        drawn.add_vline(x=float(x[here]), line={"color": INKS["x"], "width": 1.5, "dash": "dot"})
        for i, y in enumerate(series.values()):
            marker = {"color": _ink(i, inks), "size": 11, "symbol": _SYMBOLS[i % len(_SYMBOLS)]}
            point = {"x": [float(x[here])], "y": [float(y[here])], "mode": "markers", "marker": marker}
            drawn.add_trace(go.Scatter(**point, showlegend=False, hoverinfo="skip"))
    return drawn


def _levels(
    drawn: go.Figure, levels: Mapping[str, float], ends: Sequence[tuple[float, float]], powers: bool
) -> None:  # fmt: skip
    """A dotted line across at each height, its name upon that end of it which is further from the ends of the lines."""
    scale = np.log10 if powers else np.asarray
    for name, height in levels.items():
        drawn.add_hline(y=height, line={"color": INKS["x"], "width": 1.5, "dash": "dot"})
        at = float(scale(height))  # where a note stands on an axis of powers
        left, right = np.abs(scale(np.array(ends)) - at).min(axis=0)
        side = {"x": 0.01, "xanchor": "left"} if left >= right else {"x": 0.99, "xanchor": "right"}
        note = {"xref": "paper", "y": at, "yanchor": "bottom", "showarrow": False}
        drawn.add_annotation(text=escape(name), font={"size": 13}, **note, **side)


def _powers(drawn: go.Figure) -> None:
    """Both axes in powers of ten, marked at each third power."""
    drawn.update_xaxes(type="log", exponentformat="power", dtick=1)
    drawn.update_yaxes(type="log", exponentformat="power", dtick=3)
    drawn.update_layout(height=_HEIGHT + 80)


def bars(
    axes: Axes, names: Sequence[str], series: Mapping[str, Sequence[float]], *, key: str, inks: Sequence[str] = (),
    form: Callable[[float], str] = decimal, stacked: bool = False,
) -> None:  # fmt: skip
    """A bar for each name, side by side where there are several series; the number stands on the bar, in this form.

    stacked: the series one upon the other, what is negative below 0; the numbers stand in the table only.
    """
    rows = [[name, *(form(float(y[i])) for y in series.values())] for i, name in enumerate(names)]
    says = f"{axes.y} for {_listed(names)}"
    _show(bars_figure(axes, names, series, inks, form, stacked), axes, says, ((axes.x, *series), rows), key)


def bars_figure(
    axes: Axes, names: Sequence[str], series: Mapping[str, Sequence[float]], inks: Sequence[str],
    form: Callable[[float], str] = decimal, stacked: bool = False,
) -> go.Figure:  # fmt: skip
    """The figure of `bars`. Bars stand at numbers, for Plotly takes two equal names for one place."""
    import plotly.graph_objects as go

    drawn, places = _figure(axes), list(range(len(names)))
    for i, (name, y) in enumerate(series.items()):
        pattern = {"shape": _HATCHES[i % len(_HATCHES)], "fillmode": "overlay", "fgopacity": 0.6, "size": 9}
        texts = [""] * len(y) if stacked else [form(float(value)) for value in y]
        look = {"marker": {"color": _ink(i, inks), "pattern": pattern}, "text": texts, "textposition": "outside"}
        drawn.add_trace(go.Bar(x=places, y=_floats(y), name=escape(name), cliponaxis=False, hoverinfo="y+name", **look))
    drawn.update_xaxes(tickmode="array", tickvals=places, ticktext=[escape(name) for name in names], showgrid=False)
    drawn.update_layout(barmode="relative" if stacked else "group", bargap=0.3)
    return drawn


def histograms(
    axes: Axes, samples: Mapping[str, Sequence[float]], *, key: str, bins: int = 40, inks: Sequence[str] = ()
) -> None:
    """How often each value occurs, as outlines over common bins; the text gives mean and spread of each sample."""
    kept = {name: np.asarray(sample, dtype=float) for name, sample in samples.items()}
    rows = [
        [name, *(decimal(float(x)) for x in (a.mean(), a.std(), a.min(), a.max())), str(a.size)]
        for name, a in kept.items()
    ]
    header = ("", "mean", "standard deviation", "smallest", "largest", "how many")
    says = f"{axes.y} over {axes.x}: {_listed(samples)}"
    _show(histograms_figure(axes, kept, bins, inks), axes, says, (header, rows), key)


def histograms_figure(axes: Axes, samples: Mapping[str, np.ndarray], bins: int, inks: Sequence[str]) -> go.Figure:
    """The figure of `histograms`: the share of each sample in each bin, so that samples of any size compare."""
    import plotly.graph_objects as go

    drawn = _figure(axes)
    edges, highest = _bins(np.concatenate(list(samples.values())), bins), 0.0
    for i, (name, sample) in enumerate(samples.items()):
        share = np.histogram(sample, edges)[0] / sample.size
        highest = max(highest, share.max().item())
        line = {"color": _ink(i, inks), "dash": _DASHES[i % len(_DASHES)], "width": 2.5, "shape": "hv"}
        outline = {"x": edges.tolist(), "y": [*share.tolist(), share[-1].item()], "mode": "lines", "line": line}
        # filled, for the gap of a dashed line may lie where a narrow peak has its top
        drawn.add_trace(go.Scatter(**outline, name=escape(name), fill="tozeroy"))
    drawn.update_yaxes(range=[0, 1.08 * highest])
    return drawn


def _bins(values: np.ndarray, bins: int) -> np.ndarray:
    """Edges of common bins; around 0, with one in the middle, where the values lie on both sides of it."""
    if values.min() < 0 < values.max():
        far = float(np.abs(values).max())
        return np.linspace(-far, far, (bins | 1) + 1)
    return np.histogram_bin_edges(values, bins)


def arrows2d(
    axes: Axes, vectors: Mapping[str, tuple[float, float]], *, key: str, inks: Sequence[str] = (),
    pale: Sequence[str] = (),
) -> None:  # fmt: skip
    """Arrows from the origin, each named at its tip; one unit is as long on both axes.

    pale: the names of those that stand behind, thinner and paler.
    """
    rows = [
        [name, decimal(float(x)), decimal(float(y)), decimal(float(np.hypot(x, y)))] for name, (x, y) in vectors.items()
    ]
    says = f"arrows from the origin: {_listed(vectors)}"
    figure = arrows_figure(axes, vectors, inks, pale)
    _show(figure, axes, says, (("arrow", axes.x, axes.y, "length"), rows), key)


def arrows_figure(
    axes: Axes, vectors: Mapping[str, tuple[float, float]], inks: Sequence[str], pale: Sequence[str] = ()
) -> go.Figure:
    """The figure of `arrows2d`: lines with arrow heads as annotations, and a name beside each tip."""
    drawn = _figure(axes)
    tips = [(float(x), float(y)) for x, y in vectors.values()]
    reach = 1.35 * max(0.5, *(max(abs(x), abs(y)) for x, y in tips))
    for i, (name, (x, y)) in enumerate(zip(vectors, tips, strict=True)):
        behind = name in pale
        head = {"showarrow": True, "arrowhead": 2, "arrowsize": 1.1, "arrowwidth": 1.5 if behind else 3}
        tail = {"x": x, "y": y, "ax": 0, "ay": 0, "axref": "x", "ayref": "y", "xref": "x", "yref": "y"}
        drawn.add_annotation(**tail, **head, text="", arrowcolor=_ink(i, inks), opacity=0.6 if behind else 1)
        text = escape(name) if behind else f"<b>{escape(name)}</b>"
        drawn.add_annotation(x=x, y=y, text=text, showarrow=False, font={"size": 14}, **_beside(i, tips))
    drawn.update_xaxes(range=[-_WIDER * reach, _WIDER * reach], zeroline=True, constrain="domain")
    drawn.update_yaxes(range=[-reach, reach], zeroline=True, scaleanchor="x", scaleratio=1)
    drawn.update_layout(height=_HEIGHT + 60, showlegend=False)
    return drawn


def _beside(i: int, tips: Sequence[tuple[float, float]]) -> dict[str, object]:
    """Where the name of the arrow number i stands: beyond its tip, or beside it where a longer arrow goes on there.

    Of two alike the first is the longer one. A name begins at its tip, and so lies on no axis.
    """
    angles, lengths = [np.arctan2(y, x) for x, y in tips], [np.hypot(x, y) for x, y in tips]
    apart = [(angles[i] - angle + np.pi) % (2 * np.pi) - np.pi for angle in angles]
    longer = [j for j, length in enumerate(lengths) if length and (-length, j) < (-lengths[i], i)]
    near = min(longer, key=lambda j: abs(apart[j]), default=None)
    turn = 0.0
    if near is not None and abs(apart[near]) < _CROWDED:
        turn = _ASIDE if apart[near] > 0 else -_ASIDE
    x, y = (round(float(part), 9) for part in (np.cos(angles[i] + turn), np.sin(angles[i] + turn)))
    return {
        "xanchor": "left" if x >= 0 else "right", "yanchor": "bottom" if y >= 0 else "top",
        "xshift": 6 if x >= 0 else -6, "yshift": 2 if y >= 0 else -2,
    }  # fmt: skip


def _figure(axes: Axes) -> go.Figure:
    """An empty figure: axes in words, the legend below, nothing that catches a finger that wants to scroll."""
    import plotly.graph_objects as go

    drawn = go.Figure()
    drawn.update_layout(
        margin={"l": 10, "r": 10, "t": _BUTTONS, "b": 10}, font={"size": 14}, height=_HEIGHT, dragmode=False,
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0, "title": {"text": ""},
                "font": {"size": 14}},
    )  # fmt: skip
    drawn.update_xaxes(title={"text": escape(axes.x), "font": {"size": 14}}, automargin=True, tickfont={"size": 13})
    drawn.update_yaxes(title={"text": escape(axes.y), "font": {"size": 14}}, automargin=True, tickfont={"size": 13})
    return drawn


def _show(
    figure: go.Figure, axes: Axes, says: str, table: tuple[Sequence[str], Sequence[Sequence[str]]], key: str
) -> None:
    """The figure with its title, which wraps as Plotly's would not, and its numbers as a table."""
    config: dict[str, Any] = {**_CONFIG, "toImageButtonOptions": {"filename": key}}
    with st.container(width=WIDTH, gap="xsmall"):
        st.html(f'<p class="figure-title">{escape(axes.title)}</p>')
        st.plotly_chart(figure, config=config, key=key, alt=f"{axes.title}. {says}. The numbers follow as a table.")
        with st.expander("The same as a table"):
            st.html(text_table(axes.title, *table))


def _ink(i: int, inks: Sequence[str]) -> str:
    """The colour of the series number i: that of its identity or paint, else the colours in turn."""
    return _COLOURS[inks[i]] if i < len(inks) else list(INKS.values())[i % len(INKS)]


def _floats(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]


def _nearest(x: Sequence[float], at: float) -> int:
    return int(np.abs(np.asarray(x, dtype=float) - at).argmin())


def _spread(count: int, also: Sequence[int]) -> list[int]:
    """At most about a dozen places, evenly spread from first to last, and those that must be among them."""
    return sorted({*np.linspace(0, count - 1, min(count, _ROWS)).round().astype(int).tolist(), *also})


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
