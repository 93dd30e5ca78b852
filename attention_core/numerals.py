"""Numbers as people write them: one formatter for what is shown, one small grammar for what is typed.

Vocabulary
    decimal   2.20, 0.053, −1: at most two places, three below 0.1; a whole number has none; 8.1·10⁴³ when very large
    exact     3/4, 2 ln 3: the fraction or the multiple of a logarithm, where the value is one; else the decimal
    typed     3/4, ln 3, -0.5, sqrt(2), 2 ln 3, (1+2)/4: sums, products, quotients, brackets, ln, sqrt, exp, pi

Nothing typed is ever evaluated as code: a hand-written parser reads the grammar above and knows nothing else.
"""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

LIMIT = 1_000_000  # the largest magnitude that may be typed
LONGEST = 60  # characters in one typed number
DEEPEST = 20  # brackets and signs inside one another
ALLOWED = "Allowed: numbers such as 2, -0.5, 3/4, ln 3, 2 ln 3, sqrt(2), between -1,000,000 and 1,000,000"
_CLOSE = 1e-12
_LOGS = (2, 3, 5, 6, 7, 10)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


class NumberError(ValueError):
    """A typed number that cannot be read; the message says what was wrong and what is allowed."""


@lru_cache(maxsize=20_000)
def decimal(x: float) -> str:
    """A short decimal: whole numbers bare, two places, three below 0.1, a power of ten when very large or small."""
    if not math.isfinite(x):
        return {math.inf: "∞", -math.inf: "−∞"}.get(x, "undefined")
    size = abs(x)
    if size < 1e5 and abs(x - round(x)) <= _CLOSE * max(1.0, size):
        text = str(round(x))
    elif size >= 1e5 or size < 1e-3:
        mantissa, exponent = f"{x:.1e}".split("e")
        text = f"{mantissa}·10{str(int(exponent)).translate(_RAISED)}"
    else:
        text = f"{x:.3f}" if size < 0.0995 else f"{x:.2f}"
    return text.replace("-", "−")


@lru_cache(maxsize=20_000)
def exact(x: float) -> str:
    """The fraction (3/4) or multiple of a logarithm (2 ln 3) that x is, to one part in 10^12; else its decimal."""
    if not math.isfinite(x) or abs(x) >= 1e5:
        return decimal(x)
    if (found := _fraction(x, 999)) is not None:
        return str(found).replace("-", "−")
    for base in _LOGS:
        ratio = _fraction(x / math.log(base), 12)
        if ratio is not None and abs(ratio.numerator) <= 99:
            return _log_text(ratio, base)
    return decimal(x)


def _fraction(x: float, largest: int) -> Fraction | None:
    close = Fraction(x).limit_denominator(largest)
    return close if abs(float(close) - x) <= _CLOSE * max(1.0, abs(x)) else None


def _log_text(ratio: Fraction, base: int) -> str:
    times = {1: "", -1: "−"}.get(ratio.numerator, f"{ratio.numerator} ".replace("-", "−"))
    over = "" if ratio.denominator == 1 else f" / {ratio.denominator}"
    return f"{times}ln {base}{over}"


# --- what is typed ---------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z]+)|([-+*/()]))", re.ASCII)
_FUNCTIONS: dict[str, Callable[[float], float]] = {"ln": math.log, "sqrt": math.sqrt, "exp": math.exp}
_CONSTANTS = {"pi": math.pi}  # not e: "3e" would be read, and is an unfinished 3e2
_SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "√": "sqrt ", "π": " pi "})
_POWER = re.compile(r"(?<![\d.])10([⁺⁻]?[⁰¹²³⁴-⁹]+)")  # 10⁻¹⁰, as `decimal` writes it: one number, 1e-10


def parse(text: str) -> float:
    """The number that `text` says: '3/4' is 0.75, '2 ln 3' is 2.197... Raises NumberError with a learner's sentence."""
    if not text.strip():
        raise NumberError(f"Nothing was typed. {ALLOWED}.")
    shown = text if len(text) <= 24 else text[:20] + "…"
    if len(text) > LONGEST:
        raise NumberError(f"“{shown}” is {len(text)} characters long; at most {LONGEST} are read. {ALLOWED}.")
    if re.fullmatch(r"[-+−]?\d+,\d+", text.strip()):
        raise NumberError(f"“{shown}” has a comma; write decimals with a point. {ALLOWED}.")
    try:
        value = _Reader(text).whole()
    except ZeroDivisionError:
        raise NumberError(f"“{shown}” divides by zero. {ALLOWED}.") from None
    except OverflowError:
        raise NumberError(f"“{shown}” is too large. {ALLOWED}.") from None
    except (ValueError, RecursionError):
        raise NumberError(f"“{shown}” is not a number that can be read here. {ALLOWED}.") from None
    if not math.isfinite(value) or abs(value) > LIMIT:
        raise NumberError(f"“{shown}” is too large. {ALLOWED}.")
    return value + 0.0  # -0.0 becomes 0.0


def says(text: str, x: float) -> bool:
    """Whether a text that `decimal` or `exact` made is x itself, to one part in 10^12, or only x rounded."""
    return abs(_Reader(text).whole() - x) <= _CLOSE * max(1.0, abs(x))


def amounts(written: str, x: float) -> bool:
    """Whether written arithmetic, "2.20 × 0 + 1 × 3", comes to x itself; not where it holds more than arithmetic."""
    try:
        return says(written, x)
    except (ValueError, ArithmeticError, RecursionError):
        return False


class _Reader:
    """Recursive descent over the typed text. sum := product (± product)*; product := factor ([*/] factor | factor)*."""

    def __init__(self, text: str):
        plain = _POWER.sub(lambda power: "1e" + power[1].translate(_LOWERED), text)
        self.tokens = self._split(plain.translate(_SIGNS))
        self.depth = 0

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens, at, text = [], 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise ValueError(text[at])
            tokens.append(match.group().strip())
            at = match.end()
        return tokens

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def whole(self) -> float:
        value = self.sum()
        if self.tokens:
            raise ValueError(self.peek())
        return value

    def sum(self) -> float:
        value = self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.tokens.pop(0) == "+" else value - self.product()
        return value

    def product(self) -> float:
        value = self.factor()
        while self.tokens and self.peek() not in ("+", "-", ")"):
            sign = self.tokens.pop(0) if self.peek() in ("*", "/") else ""
            if not sign and self.peek()[0] in "0123456789.":  # "2 3" and "1.2.3" are slips, "2 ln 3" is not
                raise ValueError(self.peek())
            value = value / self.factor() if sign == "/" else value * self.factor()
        return value

    def factor(self) -> float:
        self.depth += 1
        if self.depth > DEEPEST or not self.tokens:
            raise ValueError("too deep or unfinished")
        token = self.tokens.pop(0)
        value = self._factor(token)
        self.depth -= 1
        return value

    def _factor(self, token: str) -> float:
        if token in ("+", "-"):
            if self.peek() in ("+", "-"):  # “--3” is a slip of the finger, “2--3” and “-(-3)” are not
                raise ValueError("two signs in a row")
            return self.factor() if token == "+" else -self.factor()
        if token == "(":
            value = self.sum()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise ValueError("an open bracket")
            return value
        if token in _FUNCTIONS:
            return _FUNCTIONS[token](self.factor())
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if token.isalpha():  # float() would read "nan" and "infinity"
            raise ValueError(token)
        return float(token)


def parse_block(text: str) -> list[list[float]]:
    """Numbers pasted from a spreadsheet: rows by line, columns by tab (or semicolon, comma, spaces).

    Raises NumberError naming the row and column that cannot be read, or a row of another length.
    """
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        raise NumberError("The pasted block is empty. Paste rows of numbers, columns separated by tabs.")
    rows = []
    for r, line in enumerate(lines, 1):
        row = []
        for c, part in enumerate(_columns(line), 1):
            try:
                row.append(parse(part))
            except NumberError as error:
                raise NumberError(f"Pasted block, row {r}, column {c}: {error}") from None
        rows.append(row)
        if len(row) != len(rows[0]):
            raise NumberError(
                f"Pasted block: row {r} has {len(row)} columns, but row 1 has {len(rows[0])}. "
                "Every row must have the same number of columns."
            )
    return rows


def _columns(line: str) -> list[str]:
    for separator in ("\t", ";", ","):
        if separator in line:
            return line.split(separator)
    parts = line.split()
    return parts if all(part[-1].isdigit() for part in parts) and "ln" not in line else [line]
