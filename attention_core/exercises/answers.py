"""What was typed, held against what should have been: when a number counts as right.

Vocabulary
    exact   the number itself, or correctly rounded to the digits typed (two significant ones at least)
    near    within 1 % of it
    pinned  exact, and with three significant digits at least: what is only rounded to two says many numbers
    typed   a number as a learner could type it, which reads back as the number itself
    counts  whole numbers that exponentials are made to be; their logarithms, the scores, are written as such

Whatever numerals.parse reads may be typed: 0.6, 3/5, ln 3.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum
from math import exp

import numpy as np

from attention_core.numerals import NumberError, exact, parse, says

ACCEPTS = (
    "A number such as 0.35, 7/20, -2 or ln 5. Right means within 1 %, "
    "or correctly rounded to the digits you type (two significant ones at least)."
)
COUNTS = (1, 2, 3, 4, 5, 7, 8, 9)
ORDINALS = ("first", "second", "third", "fourth", "fifth")
_NEAR = 0.01
_SAME = 1e-9
_NOTHING = 1e-12
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_SIGNS = str.maketrans("−–", "--")


class Fit(IntEnum):
    """How well a typed number says a value; a better one is larger."""

    NO = 0
    NEAR = 1
    EXACT = 2


def fit(text: str, value: float) -> Fit:
    """How well `text` says `value`. Raises NumberError when the text cannot be read."""
    if _exact(text, value, 2):
        return Fit.EXACT
    return Fit.NEAR if abs(parse(text) - value) <= _NEAR * abs(value) else Fit.NO


def pinned(text: str, value: float) -> bool:
    """Whether `text` says `value` and hardly another one. Raises NumberError when the text cannot be read."""
    return _exact(text, value, 3)


def _exact(text: str, value: float, least: int) -> bool:
    """Whether `text` is the value, or the value correctly rounded to the digits typed, which are `least` or more."""
    number = parse(text)
    off = abs(number - value)
    return off <= _SAME * abs(value) or max(abs(number), abs(value)) < _NOTHING or off <= _half_a_digit(text, least)


def _half_a_digit(text: str, least: int) -> float:
    """How far a correctly rounded decimal may be off: half of its last digit; 0 where too few digits were typed."""
    plain = text.strip().translate(_SIGNS)
    if not _PLAIN.fullmatch(plain):
        return 0.0
    _, digits, exponent = Decimal(plain).as_tuple()
    return 0.5 * 10.0**exponent * (1 + _SAME) if len(digits) >= least else 0.0


def alike(a: float, b: float, within: float = _SAME) -> bool:
    """Whether two numbers differ by no more than this share of the larger one."""
    return abs(a - b) <= max(within * max(abs(a), abs(b)), _NOTHING)


def typed(value: float) -> str:
    """`value` as it could be typed: 3/5 and 2 ln 3 where it is one, else twelve digits."""
    text = exact(value).replace("−", "-")
    return text if says(text, value) else f"{value:.12g}"


def unread(text: str) -> str:
    """Why `text` cannot be read, in a learner's sentence that says what can; "" when it can."""
    try:
        parse(text)
    except NumberError as error:
        return str(error)
    return ""


def series(numbers: np.ndarray, form: Callable[[float], str] = exact) -> str:
    """Numbers, row by row, as they stand in a sentence: "6, 3 and 1"."""
    texts = [form(float(x)) for x in np.ravel(numbers)]
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]


def logarithm(x: float) -> str:
    """A number that is the logarithm of a whole one, written as such: "ln 6"; 0 stays 0."""
    whole = round(exp(x))
    return f"ln {whole}" if whole > 1 and alike(exp(x), whole) else exact(x)
