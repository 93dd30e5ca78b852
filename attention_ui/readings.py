"""What a lesson says in numbers: read off the trace of its bench, so that no sentence says another number than is so.

Vocabulary
    worked   a bench with our numbers and some settings; what a learner typed is left out, and the sentence stays true
    chosen   how the learner has set a setting
    row      one row of a matrix, or a whole vector: each number by what its column is called
    sweep    the same row, while one setting goes through its range
    places   how many decimals are written; None: a fraction or a logarithm, where the number is one
    shown    as the matrices beside the sentence show it: a decimal or a fraction, tokens as rows or as columns
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from attention_core.benches import BENCHES, Value
from attention_core.benches.softmax import cosines
from attention_core.numerals import decimal, exact
from attention_core.softmax import softmax
from attention_ui.document import Head, compute
from attention_ui.editable import shape_text
from attention_ui.session import visit
from attention_ui.sheet import Sheet

_POINTS = 101  # of a sweep


@dataclass(frozen=True)
class Worked:
    """A bench, computed; every number of it that a sentence or a table may want. Raises KeyError for a wrong name."""

    head: Head

    def number(self, name: str, *at: int) -> float:
        return self.head.matrix(name).value[at].item()

    def said(self, name: str, *at: int, places: int | None = None) -> str:
        return said(self.number(name, *at), places)

    def row(self, name: str, at: int = 0, called: str = "{}") -> dict[str, float]:
        """called: how a number is named after the label of its column."""
        matrix = self.head.matrix(name)
        values = matrix.value if matrix.value.ndim == 1 else matrix.value[at]
        return {called.format(label): x for label, x in zip(matrix.labels[-1], values.tolist(), strict=True)}

    def listed(
        self, name: str, at: int = 0, places: int | None = None, form: Callable[[float], str] = exact
    ) -> str:  # fmt: skip
        """A row as a sentence lists it: "3, 1 and 1". form: how each number is written, where `places` says nothing."""
        return listed(self.row(name, at).values(), places, form)

    def vector(self, name: str, *at: int) -> str:
        """A row of a matrix, or a whole vector, with its numbers as shown: "(2.20, 0, 0, 0)"."""
        return f"({', '.join(shown(x) for x in self.head.matrix(name).value[at].tolist())})"

    def size(self, name: str) -> str:
        """How many rows and columns a matrix has, as it is shown: "5 × 6"."""
        return size(self.head.matrix(name).value.shape)

    def totals(self, name: str) -> dict[str, float]:
        """What each row of a matrix adds up to."""
        matrix = self.head.matrix(name)
        return dict(zip(matrix.labels[0], matrix.value.sum(axis=1).tolist(), strict=True))

    def written(self, name: str, *at: int, form: Callable[[float], str] = exact) -> str:
        """How one number of a matrix is made: "3 + 1 + 1". form: how each number in it is written."""
        return self.head.trace[name].explain(at).written(form)

    def code(self, name: str) -> str:
        """The NumPy line that makes a matrix."""
        return self.head.trace[name].step.code


@lru_cache(maxsize=256)
def worked(bench: str, **settings: Value) -> Worked:
    """The bench of this name with these settings, the defaults for the others. Raises ValueError for a wrong one."""
    return Worked(compute(Sheet(bench).with_settings(**settings)))


def chosen(setting: str) -> Value:
    """How the learner has set it, on this page."""
    now = visit()
    return now.view.figures.get(setting, now.document.setting(setting))


def usual(setting: str) -> Value:
    """How it is set on this page before anybody has."""
    return visit().document.bench.settings[setting]


def allowed(setting: str) -> tuple[Value, ...]:
    """Every value, or the limits, that it may have on this page."""
    return visit().document.bench.allowed[setting]


def line() -> str:
    """What the numbers of one token stand in, as shown: "row" or "column"."""
    return "column" if visit().view.columns else "row"


def across() -> str:
    """What the other numbers beside one token's stand in, as shown: "column" or "row"."""
    return "row" if visit().view.columns else "column"


def either(rows: str, columns: str) -> str:
    """Of two ways to write a formula the one that belongs to what is shown: tokens as rows, or as columns."""
    return columns if visit().view.columns else rows


def size(shape: tuple[int, ...]) -> str:
    """The shape of a matrix that has tokens as rows, as it is shown: "5 × 6"."""
    return shape_text(shape[::-1] if visit().view.columns else shape)


def shown(x: float) -> str:
    """A number as the matrices show it: "2.20", or "2 ln 3"."""
    return exact(x) if visit().view.exact else decimal(x)


def said(x: float, places: int | None = None) -> str:
    """A number as a sentence says it."""
    return exact(x) if places is None else f"{x:.{places}f}".replace("-", "−")


def listed(numbers: Iterable[float], places: int | None = None, form: Callable[[float], str] = exact) -> str:
    """At least one number as a sentence lists them: "3, 1 and 1"."""
    return listed_words([form(x) if places is None else said(x, places) for x in numbers])


def listed_words(words: Sequence[str]) -> str:
    """At least one word, or group of words, as a sentence lists them."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


@lru_cache(maxsize=16)
def sweep(bench: str, setting: str, name: str, **others: Value) -> tuple[list[float], dict[str, list[float]]]:
    """The values of a setting, evenly through its range, and for each column of the matrix what it is at each.

    The result is kept, and shared: do not change it.
    """
    low, high = BENCHES[bench].allowed[setting]
    over = np.linspace(low, high, _POINTS).tolist()
    sheet = Sheet(bench)
    rows = [Worked(compute(sheet.with_settings(**others, **{setting: x}))).row(name) for x in over]
    return over, {label: [at[label] for at in rows] for label in rows[0]}


def sharpest(keys: int) -> float:
    """The largest weight that any of so many keys can get from scores that are cosines."""
    return softmax(cosines(keys)).max().item()
