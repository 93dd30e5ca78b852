"""Matrices that come from elsewhere as text: a chatbot's answer, a spreadsheet, a list in Python, a table in Markdown.

Vocabulary
    printed   a matrix as it was printed: each cell as a text, its number, and how far that may be from what was meant
    half      half of a cell's last digit: what rounding may have taken or added
    names     words beside the rows or above the columns: told from numbers, and kept as what they are, text
    LaTeX     how chatbots and papers set a matrix: \\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}

Whatever numerals.parse reads may stand in a cell, and −∞ besides. Nothing is ever evaluated.
"""

import ast
import re
from dataclasses import dataclass
from math import inf

import numpy as np

from attention_core.numerals import NumberError, parse

MOST_ROWS, MOST_COLUMNS = 16, 64
LONGEST = 20_000  # characters of one pasted text
_FORMS = "Rows by line, columns by tabs, commas, semicolons or spaces; a list in Python; a table in Markdown or LaTeX."
_NO_NUMBER = ("nan", "none", "null", "")
_INFINITE = {"-inf": -inf, "−inf": -inf, "-∞": -inf, "−∞": -inf, "-infinity": -inf}
_DECIMAL = re.compile(r"[-+−]?(\d*)(?:\.(\d*))?", re.ASCII)
_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")  # the line below a Markdown table's head
_COMPLEX = re.compile(r"[-+]?\d*\.?\d*[-+]?\d*\.?\d+[ij]", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[-+−]?\d+,\d+", re.ASCII)
_NEARLY = re.compile(r"[-+−]?[\d.]+\s*%|\.\.\.|…", re.ASCII)
_WRAPPED = re.compile(r"^\s*(?:\w+\s*=\s*)?(?:np\.|numpy\.|torch\.)?(?:array|tensor)\s*\((.*)\)\s*$", re.DOTALL)
_LATEX = re.compile(
    r"\\begin\s*\{([a-zA-Z]*matrix|array|tabular)\*?\}(?:\s*\{[lcr|\s]*\})?(.*?)\\end\s*\{\1\*?\}", re.DOTALL
)
_MARKUP = (  # what LaTeX writes around a number, and the number
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathit|operatorname)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"\\infty"), "∞"),
    (re.compile(r"\\[cdlv]?dots"), "…"),
    (re.compile(r"\\(?:hline|left|right|displaystyle|[,;:! ])"), " "),
    (re.compile(r"\\(ln|log|exp)\b"), r"\1"),
    (re.compile(r"[{}$]"), ""),
)


@dataclass(frozen=True, eq=False)
class Printed:
    """A matrix as it was printed. texts: its cells; rows, columns: the names beside and above it, if there were any."""

    texts: tuple[tuple[str, ...], ...]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.texts), len(self.texts[0])

    @property
    def value(self) -> np.ndarray:
        """The numbers: [rows, columns]."""
        return np.array([[_number(text) for text in row] for row in self.texts])

    @property
    def half(self) -> np.ndarray:
        """How far each number may be from what was rounded: [rows, columns].

        A cell with three digits or more says itself how far it was rounded. A shorter one, 0.5, may be 0.50 without
        its last digit: it was rounded as the longest cell was. Where no cell has decimals, none was rounded.
        """
        most = max(_places(text) for row in self.texts for text in row)
        return np.array([[_half(text, most) for text in row] for row in self.texts])


def _places(text: str) -> int:
    found = _DECIMAL.fullmatch(text)
    return len(found[2] or "") if found else 0


def _half(text: str, most: int) -> float:
    found = _DECIMAL.fullmatch(text)
    if not found or not most:
        return 0.0
    digits = (found[1] + (found[2] or "")).lstrip("0")
    return 0.5 * 10.0 ** -(_places(text) if len(digits) >= 3 and found[2] else most)


def of_numbers(value: np.ndarray, places: int) -> Printed:
    """Numbers, printed with so many decimals, as Python's round leaves them: without the last zeros."""
    return Printed(tuple(tuple(repr(round(float(x), places) + 0.0) for x in row) for row in np.atleast_2d(value)))


def read(text: str) -> Printed:
    """The matrix that a pasted text holds. Raises NumberError that says what was wrong, and where."""
    if not text.strip():
        raise NumberError(f"Nothing was pasted. {_FORMS}")
    if len(text) > LONGEST:
        raise NumberError(f"The text is {len(text):,} characters long; at most {LONGEST:,} are read.")
    if "\\begin" in text:
        lines = _typeset(text)
    else:
        lines = _listed(text) if text.strip()[0] == "[" or _WRAPPED.match(text) else _lines(text)
    if not lines:
        raise NumberError(f"There is no row of numbers in the text. {_FORMS}")
    lines, rows, columns = _named(lines)
    widths = {len(line) for line in lines}
    if len(lines) > MOST_ROWS or max(widths) > MOST_COLUMNS:
        raise NumberError(
            f"The matrix has {len(lines)} rows and {max(widths)} columns; at most {MOST_ROWS} rows and {MOST_COLUMNS} "
            "columns are read."
        )
    for i, line in enumerate(lines, 1):
        for j, cell in enumerate(line, 1):
            _check(cell, i, j)
    _check_widths(lines)
    return Printed(tuple(map(tuple, lines)), tuple(rows), tuple(columns))


def _number(text: str) -> float:
    return _INFINITE[text.lower()] if text.lower() in _INFINITE else parse(text)


def _check_widths(lines: list[list[str]]) -> None:
    for i, line in enumerate(lines, 1):
        if len(line) != len(lines[0]):
            has = f"{len(line)} column{'s' if len(line) > 1 else ''}"
            raise NumberError(
                f"Row {i} of numbers has {has}, but row 1 has {len(lines[0])}. Every row must have the same number of "
                "columns."
            )


def _check(cell: str, row: int, column: int) -> None:
    where = f"Row {row}, column {column}"
    if cell in ("...", "…"):
        raise NumberError(f"{where}: “{cell}” stands for numbers that were not printed. Print the whole matrix.")
    if cell.endswith("%"):
        raise NumberError(f"{where}: “{cell}” is in per cent; write it as a share, such as 0.25 for 25%.")
    if cell.lower() in _NO_NUMBER:
        raise NumberError(f"{where}: there is no number ({cell or 'an empty cell'}).")
    if _COMPLEX.fullmatch(cell):
        raise NumberError(f"{where}: “{cell}” is a complex number; only real ones are read.")
    try:
        _number(cell)
    except NumberError as error:
        raise NumberError(f"{where}: {error}") from None


def _listed(text: str) -> list[list[str]]:
    """The cells of a list of lists, as Python or JSON write it, or NumPy and PyTorch print it."""
    wrapped = _WRAPPED.match(text)
    inner = (wrapped[1] if wrapped else text).strip()
    inner = re.sub(r",\s*(dtype|device|grad_fn|requires_grad)\s*=.*$", "", inner, flags=re.DOTALL)
    rows = re.findall(r"\[([^\[\]]*)\]", inner)
    if not rows or inner.count("[") != inner.count("]"):
        raise NumberError("The list is not complete: each row stands in [ and ], and all rows in [ and ].")
    if inner.startswith("[[["):
        raise NumberError("The list has three levels; a matrix has two. Paste one head at a time.")
    return [[_literal(cell) for cell in (row.split(",") if "," in row else row.split())] for row in rows]


def _typeset(text: str) -> list[list[str]]:
    """The cells of a matrix in LaTeX."""
    found = _LATEX.findall(text)
    if len(found) != 1:
        raise NumberError(
            f"There are {len(found)} matrices in the LaTeX; paste one at a time." if found else
            "The matrix in LaTeX is not complete: it stands between \\begin{bmatrix} and \\end{bmatrix}."
        )  # fmt: skip
    rows = re.split(r"\\\\(?:\[[^\]]*\])?|\\cr\b", found[0][1])
    return [[_plain(cell) for cell in row.split("&")] for row in rows if row.replace("\\hline", "").strip()]


def _plain(cell: str) -> str:
    """A cell without LaTeX's commands around its number."""
    for command, meant in _MARKUP:
        cell = command.sub(meant, cell)
    return re.sub(r"([-+−])\s+(?=[\d∞])", r"\1", cell).strip()


def _literal(cell: str) -> str:
    """A cell without the quotation marks that a list may have around it."""
    plain = cell.strip()
    if plain[:1] in ("'", '"'):
        try:
            return str(ast.literal_eval(plain)).strip()
        except (ValueError, SyntaxError):
            return plain
    return plain.removesuffix(".") if plain.endswith(".") and plain[:-1].lstrip("-").isdigit() else plain


def _lines(text: str) -> list[list[str]]:
    plain = [line for line in text.replace("\r", "\n").split("\n") if line.strip() and not _RULE.fullmatch(line)]
    return [[cell.strip() for cell in _cells(line)] for line in plain]


def _cells(line: str) -> list[str]:
    if "|" in line:
        return line.strip().strip("|").split("|")
    for separator in ("\t", ";", ","):
        if separator == "," and " " in line.strip() and all(map(_DECIMAL_COMMA.fullmatch, line.split())):
            return line.split()  # decimal commas, between spaces
        if separator in line:
            return line.rstrip(separator + " ").split(separator) if separator != "\t" else line.split(separator)
    parts = line.split()
    return parts if any(_meant(part) for part in parts[1:]) or all(map(_reads, parts[1:])) else [line]


def _reads(cell: str) -> bool:
    try:
        _number(cell)
    except NumberError:
        return False
    return True


def _meant(cell: str) -> bool:
    """Whether a cell stands where a number should, and none can be read: nan, 1+2j, 25%, 0,25 and the dots of a gap."""
    return cell.lower() in _NO_NUMBER or any(form.fullmatch(cell) for form in (_COMPLEX, _DECIMAL_COMMA, _NEARLY))


def _is_name(cell: str) -> bool:
    """Whether a cell is a word, and neither a number nor something that was meant to be one."""
    return not _meant(cell) and not _reads(cell)


def _is_name_or_empty(cell: str) -> bool:
    return not cell or _is_name(cell)


def _head(line: list[str]) -> list[str]:
    """The names above the columns, if this line holds names; words in one cell are one name each."""
    words = line[0].split() if len(line) == 1 else line
    if len(line) == 1 and any(map(_reads, words)):
        return []  # numbers with something among them that cannot be read
    return words if all(map(_is_name_or_empty, line)) else []


def _named(lines: list[list[str]]) -> tuple[list[list[str]], list[str], list[str]]:
    """The cells without a row and a column of names, and those names."""
    head = _head(lines[0]) if len(lines) > 1 else []
    body = lines[1:] if head else lines
    beside = all(len(line) > 1 and _is_name(line[0]) for line in body)
    if beside:
        body, rows = [line[1:] for line in body], [line[0] for line in body]
    else:
        rows = []
    head = head[-len(body[0]) :]
    return body, rows, head if len(head) == len(body[0]) else []
