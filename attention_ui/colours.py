"""Paint: what a mixture of red and blue is called, and how it looks.

The paint of the example is a named disc beside a word, never the colour of a cell; the name is its second sign.
"""

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
