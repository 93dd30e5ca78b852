"""The loss of a run over its steps, on a scale of powers of ten: light enough to be drawn ten times a second.

Vocabulary
    band    the curve, as a polygon that is cut out of a box: above the loss of each step by as much as below it
    level   a power of ten, as a line across
    here    the step that is shown elsewhere on the page
"""

from collections.abc import Sequence
from math import ceil, floor, log10

import streamlit as st

from attention_core.numerals import decimal
from attention_ui.tables import text_table

_POINTS = 160
_THICK = 1.1  # percent of the height
_LOW = 90  # percent: under a line that is lower there is no room for its label
_LEAST = 1e-7  # what is smaller is drawn there


def loss_curve(losses: Sequence[float], lowest: float, here: int) -> None:
    """losses[i] is the loss before step i + 1; lowest: the smallest that is possible, drawn where it is above 0."""
    if len(losses) < 2:
        st.caption("The curve of the loss begins here with the second step.")
        return
    every = _picked(len(losses), _POINTS)
    heights = [log10(max(_LEAST, losses[i])) for i in every]
    bottom, top = floor(min(heights)), ceil(max(heights) + 1e-9)
    up = [100 * (top - height) / (top - bottom) for height in heights]
    across = [100 * i / (len(losses) - 1) for i in every]
    points = [f"{x:.2f}% {y - _THICK:.2f}%" for x, y in zip(across, up, strict=True)]
    points += [f"{x:.2f}% {y + _THICK:.2f}%" for x, y in reversed(list(zip(across, up, strict=True)))]
    lines = [_line("level", 100 * (top - power) / (top - bottom), decimal(10.0**power))
             for power in range(bottom, top + 1)]  # fmt: skip
    if lowest > 0 and bottom <= log10(lowest) <= top:
        at = 100 * (top - log10(lowest)) / (top - bottom)
        lines.append(_line("floor low" if at > _LOW else "floor", at, f"smallest possible: {decimal(lowest)}"))
    at = 100 * min(here, len(losses) - 1) / (len(losses) - 1)
    says = f"The loss over {len(losses)} steps, from {decimal(losses[0])} to {decimal(losses[-1])}"
    st.html(
        '<p class="figure-title">The loss before each step (each line across is a tenth of the one above)</p>'
        f'<div class="losses" role="img" aria-label="{says}. The numbers follow as a table.">{"".join(lines)}'
        f'<div class="band" style="clip-path:polygon({",".join(points)})"></div>'
        f'<div class="here" style="left:{at:.2f}%"><span>step {here}</span></div></div>'
    )
    with st.expander("The same as a table"):
        rows = [(str(i + 1), decimal(losses[i])) for i in _picked(len(losses), 12)]
        st.html(text_table("The loss before each step", ("step", "loss"), rows))


def _line(kind: str, top: float, text: str) -> str:
    return f'<div class="{kind}" style="top:{top:.2f}%"><span>{text}</span></div>'


def _picked(count: int, most: int) -> list[int]:
    """At most so many places, evenly spread, the first and the last among them."""
    many = min(count, most)
    return sorted({round(i * (count - 1) / max(1, many - 1)) for i in range(many)})
