"""A conversation about attention, as numbers: what a chatbot printed for a learner, line by line, and what is so.

Vocabulary
    line     one table that was printed, what it was said to be, and the lines before it that it was made from
    first    the line, of all, that is the first not to follow

The figures were published in 2024 (a public gist by MikeyBeez). They are wrong, and stay so: each is held against the
line before it, and nothing is said about any that is not computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from attention_core import programs
from attention_core.printed import Printed
from attention_core.trace import run

if TYPE_CHECKING:
    from attention_core.claims import Judgement

WORDS = ("the", "cat", "sat", "on", "the", "mat")
FIRST_WORDS = ("The", "quick", "brown", "fox", "jumped")


def _printed(text: str, words: tuple[str, ...] = WORDS, columns: tuple[str, ...] = WORDS) -> Printed:
    rows = tuple(tuple(line.split()) for line in text.strip().splitlines())
    return Printed(rows, words[: len(rows)], columns[: len(rows[0])])


def _along(text: str, words: tuple[str, ...] = WORDS) -> Printed:
    """A number for each row, printed as often as there are columns."""
    return Printed(tuple((number,) * len(words) for number in text.split()), words, words)


VECTORS = _printed(
    """
    0.4 0.2 0.3 0.1
    0.3 0.6 0.2 0.2
    0.2 0.4 0.5 0.3
    0.1 0.3 0.2 0.6
    0.4 0.2 0.3 0.1
    0.2 0.3 0.1 0.7
    """, columns=("0", "1", "2", "3"),
)  # fmt: skip
SCORES = _printed(
    """
    1 0.9 0.7 0.6 1 0.8
    0.9 1 0.8 0.5 0.9 0.6
    0.7 0.8 1 0.7 0.7 0.6
    0.6 0.5 0.7 1 0.6 0.8
    1 0.9 0.7 0.6 1 0.8
    0.8 0.6 0.6 0.8 0.8 1
    """
)
EXPONENTIALS = _printed(
    """
    2.72 2.45 1.99 1.83 2.72 2.3
    2.45 2.72 2.28 1.64 2.45 2.05
    1.99 2.28 2.71 1.96 1.99 1.81
    1.83 1.64 1.96 2.72 1.83 2.3
    2.72 2.45 1.99 1.83 2.72 2.3
    2.3 2.05 1.81 2.3 2.3 2.72
    """
)
ROW_SUMS = Printed(tuple((x,) for x in ("14.94", "12.95", "12.85", "15.37", "14.94", "13.58")), WORDS, ("sum",))
SECOND_TRY = _along("2.72 2.45 1.99 1.83 2.72 2.3")
THIRD_TRY = _along("0.18 0.19 0.15 0.12 0.18 0.17")
FOURTH_TRY = _printed(
    """
    0.18 0.2 0.17 0.12 0.18 0.15
    0.2 0.22 0.18 0.13 0.2 0.17
    0.17 0.18 0.2 0.15 0.17 0.16
    0.12 0.13 0.15 0.21 0.12 0.16
    0.18 0.2 0.17 0.12 0.18 0.15
    0.15 0.17 0.16 0.16 0.15 0.19
    """
)
FIRST_SCORES = _printed(
    """
    0 0.1 0.05 0.03 0.02
    0.1 0 0.07 0.04 0.06
    0.05 0.07 0 0.02 0.01
    0.03 0.04 0.02 0 0.05
    0.02 0.06 0.01 0.05 0
    """, FIRST_WORDS, FIRST_WORDS,
)  # fmt: skip
FIRST_WEIGHTS = _printed(
    """
    0.038 0.075 0.033 0.017 0.011
    0.075 0.038 0.049 0.026 0.038
    0.033 0.049 0.033 0.009 0.004
    0.017 0.026 0.009 0.038 0.004
    0.011 0.038 0.004 0.004 0.033
    """, FIRST_WORDS, FIRST_WORDS,
)  # fmt: skip
FIRST_ROW_SUMS = Printed(tuple((x,) for x in ("1.286", "1.398", "1.066", "1.073", "0.996")), FIRST_WORDS, ("sum",))


@dataclass(frozen=True, eq=False)
class Line:
    """One table. name: in links and tests; title: what it was said to be; of: what it is held against, in words;
    kind: what that is in claims.KINDS; sources: the tables that it is held against."""

    name: str
    title: str
    of: str
    kind: str
    printed: Printed
    sources: Mapping[str, Printed]


def _line(name: str, title: str, of: str, kind: str, printed: Printed, **sources: Printed) -> Line:
    return Line(name, title, of, kind, printed, sources)


# Each follows, or does not, from numbers that were printed before it; so those are what it was made from, exactly.
LINES = (
    _line("scores", "cosines of the words", "the vectors", "cosine", SCORES, vectors=VECTORS),
    _line("exps", "exponentials", "these cosines", "exps", EXPONENTIALS, scores=SCORES),
    _line("row_sums", "row sums", "the exponentials", "row_sums", ROW_SUMS, exps=EXPONENTIALS),
    _line("second", "row sums, repeated: second try", "the exponentials", "row_sums", SECOND_TRY, exps=EXPONENTIALS),
    _line("third", "row sums, repeated: third try", "the exponentials and those row sums", "row_sums", THIRD_TRY,
          exps=EXPONENTIALS, row_sums=ROW_SUMS),
    _line("fourth", "row sums, repeated: fourth try", "the exponentials", "row_sums", FOURTH_TRY, exps=EXPONENTIALS),
    _line("weights", "the fourth try, taken as weights", "the exponentials and those row sums", "weights", FOURTH_TRY,
          exps=EXPONENTIALS, row_sums=ROW_SUMS),
    _line("first_scores", "earlier: cosines of other words", "nothing (no vectors were there)", "cosine", FIRST_SCORES),
    _line("first_weights", "earlier: weights", "the earlier cosines", "weights", FIRST_WEIGHTS, scores=FIRST_SCORES),
    _line("first_row_sums", "earlier: row sums", "the exponentials of the earlier cosines", "row_sums", FIRST_ROW_SUMS,
          scores=FIRST_SCORES),
)  # fmt: skip


@cache
def judged() -> "dict[str, Judgement]":
    """What there is to say of each line, by its name."""
    from attention_core.claims import Claim, judge  # which reads the exercises' slips, and some exercises read this

    return {one.name: judge(Claim(one.kind, one.printed, one.sources, exact=True)) for one in LINES}


def line(name: str) -> Line:
    return {known.name: known for known in LINES}[name]


def first_wrong() -> Line:
    """The first line that does not follow from what stands before it."""
    return next(known for known in LINES if not judged()[known.name].right)


@cache
def cosines() -> np.ndarray:
    """The cosines of the vectors that were printed: [6, 6]."""
    return run(programs.SIMILARITY, {"q": VECTORS.value, "k": VECTORS.value})["cosine"].value


def sums(of: str) -> np.ndarray:
    """Row sums: [6]. of: "exps", of the printed exponentials; "scores", of those that the printed scores make;
    "vectors", of those that the true cosines make."""
    if of == "exps":
        return EXPONENTIALS.value.sum(axis=1)
    return np.exp(SCORES.value if of == "scores" else cosines()).sum(axis=1)
