"""Colours: of paint, of the cells of a matrix, and of what can be read on them.

The paint of the example is a named disc beside a word, never the colour of a cell; the name is its second sign.

Vocabulary
    ramp       the colours from the lowest number to the highest, evenly spaced, by theme
    share      where on its ramp a number stands: 0 at the lowest, 1 at the highest
    ink        the colour of a number: dark or light, whichever stands out more against its cell
    identity   the colour of a matrix's letter and badge, the same on every page
"""

from collections.abc import Sequence

import numpy as np

# The same stand in board.js and board.css, which the browser reads; a test holds them together.
SIGNED = {"light": ("#8c510a", "#ffffff", "#01665e"), "dark": ("#d8a15a", "#22262b", "#5fc6ba")}
POSITIVE = {"light": ("#ffffff", "#20262e"), "dark": ("#22262b", "#e8edf2")}
IDENTITIES = {"q": "#0072b2", "k": "#b04a00", "v": "#00785a", "weights": "#8e4585", "x": "#595959"}  # on white
DARK_INK, LIGHT_INK = "#000000", "#ffffff"

_RED, _BLUE = (200, 40, 50), (40, 90, 200)


def mixed_name(red: float, blue: float) -> str:
    """The paint in a word; a quarter of the other colour is where red or blue turns purple. Negative paint is none."""
    red, blue = max(red, 0.0), max(blue, 0.0)
    if red + blue <= 1e-9:
        return "no colour"
    part = red / (red + blue)
    return "red" if part > 0.75 else "blue" if part < 0.25 else "purple"


def mixed_colour(red: float, blue: float) -> str:
    """The paint as CSS: mixed in proportion, paler where there is little of it; "" where there is none."""
    red, blue = max(red, 0.0), max(blue, 0.0)
    total = red + blue
    if total <= 1e-9:
        return ""
    rgb = ",".join(str(round((red * r + blue * b) / total)) for r, b in zip(_RED, _BLUE, strict=True))
    return f"rgba({rgb},{min(1.0, 0.25 + 0.75 * total):.2f})"


def on_ramp(ramp: Sequence[str], share: float) -> str:
    """The colour at this share of a ramp, channel by channel on straight lines, as #rrggbb."""
    places = np.linspace(0, 1, len(ramp))
    channels = zip(*map(_rgb, ramp), strict=True)
    return "#" + "".join(f"{round(float(np.interp(share, places, channel))):02x}" for channel in channels)


def ink(ramp: Sequence[str], share: float) -> str:
    """What can be read on the colour at this share of the ramp."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in
              (part / 255 for part in _rgb(on_ramp(ramp, share)))]  # fmt: skip
    light = float(np.dot([0.2126, 0.7152, 0.0722], linear))  # WCAG's relative luminance
    return DARK_INK if (light + 0.05) ** 2 > 0.05 * 1.05 else LIGHT_INK


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
