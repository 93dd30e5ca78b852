"""A learner's attempts as a table (CSV), and what the tables of a class come to.

Vocabulary
    attempt     one answer to an exercise, a vote or an item of the diagnostic, or one prediction; a row of the table
    columns     COLUMNS, in this order when written; when read, they are found by their names
    pseudonym   what a learner may type in place of a name; "" for none. Nothing else in the table says who it was
    guarded     a cell that a spreadsheet would take for a formula, for it begins with = + - @ or a tab, has an
                apostrophe in front (OWASP, “CSV Injection”); reading takes it away again
    learner     of a class: a file, and in it each pseudonym

The table says of right: yes, no, skipped (nothing was answered), or nothing where it is not known, as of predictions.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import category

from attention_core.diagnostic import FORMS
from attention_core.progress import DIAGNOSTIC, LONGEST_NAME, VOTE, Answer, Progress

COLUMNS = ("day", "kind", "lesson", "name", "title", "variant", "answer", "right", "slip", "hints", "pseudonym")
BOTH_TIMES = "diagnostic"  # the kind of what is asked before the course and after it
KINDS = ("exercise", "vote", BOTH_TIMES, "prediction")
RIGHT = ("yes", "no", "skipped", "")
LARGEST = 2_000_000  # bytes of one table
MOST_ROWS = 20_000  # of one table
MOST_TABLES = 300
LARGEST_CLASS = 20_000_000  # bytes of all tables together
LONGEST_CELL = 500
_BEGINS = r"(^|[;\t]\s*)"  # what begins a cell; at ; and tab, too, for some spreadsheets split cells there
_FORMULA = r"(?=['=+\-@＝＋－＠\t\r\n])"
_TO_GUARD, _GUARDED = re.compile(_BEGINS + _FORMULA), re.compile(f"{_BEGINS}'{_FORMULA}")
_NEEDED = ("kind", "name", "right")
_SIGNS = ",;\t"  # what may stand between cells, once a spreadsheet has saved a table again

Described = Callable[[str], tuple[str, str]]  # from an answer's name: its lesson and title


class TableError(ValueError):
    """A table that cannot be read; the message says to a teacher what is wrong."""


@dataclass(frozen=True)
class Attempt:
    """One row. day: as 2026-03-01, or ""; variant: the seed; right: of RIGHT."""

    kind: str
    name: str
    right: str
    lesson: str = ""
    title: str = ""
    day: str = ""
    variant: str = ""
    answer: str = ""
    slip: str = ""
    hints: str = ""
    pseudonym: str = ""


# --- Writing ---------------------------------------------------------------------------------------------------------


def attempts(progress: Progress, described: Described, pseudonym: str = "") -> list[Attempt]:
    """All attempts, by day; predictions, whose day is not known, come last."""
    given = [
        _attempt(name, answer, *described(name), pseudonym)
        for name, answers in progress.answers.items()
        for answer in answers
    ]
    guessed = [
        Attempt("prediction", name, "" if guess else "skipped", *described(name), answer=guess, pseudonym=pseudonym)
        for name, guess in progress.guesses.items()
    ]
    return [*sorted(given, key=lambda one: one.day), *guessed]


def _attempt(name: str, answer: Answer, lesson: str, title: str, pseudonym: str) -> Attempt:
    kind = next((kind for begins, kind in _PREFIXES.items() if name.startswith(begins)), "exercise")
    right = "yes" if answer.right else "skipped" if answer.answer == "" else "no"
    return Attempt(
        kind, name, right, lesson, title, answer.day.isoformat(), str(answer.seed), answer.answer or "", answer.slip,
        str(answer.hints), pseudonym,
    )  # fmt: skip


_PREFIXES = {VOTE: "vote", DIAGNOSTIC: BOTH_TIMES}


def to_csv(rows: Iterable[Attempt]) -> str:
    """The table of these attempts."""
    return written(COLUMNS, ([getattr(row, column) for column in COLUMNS] for row in rows))


def written(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Any table as CSV: commas, a header, lines that end as RFC 4180 says; every cell guarded."""
    text = io.StringIO()
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in (header, *rows))
    return text.getvalue()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, not even one that splits it where it has a semicolon or a tab.
    What begins with an apostrophe gets another, so that `unguarded` gives back what was."""
    return _TO_GUARD.sub(r"\1'", cell)


def unguarded(cell: str) -> str:
    return _GUARDED.sub(r"\1", cell)


# --- Reading ---------------------------------------------------------------------------------------------------------


def from_csv(data: str | bytes) -> list[Attempt]:
    """The attempts of a table that `to_csv` wrote, perhaps saved again by a spreadsheet. Raises TableError."""
    text = _text(data)
    first = text.split("\n", 1)[0]
    sign = max(_SIGNS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    try:
        return list(_rows(rows))
    except csv.Error as error:
        raise TableError(f"line {rows.line_num} cannot be read as a table ({error})") from None


def _text(data: str | bytes) -> str:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > LARGEST:
        raise TableError(f"it has {len(raw):,} bytes; at most {LARGEST:,} are read")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError("it is no text in UTF-8; save it as “CSV UTF-8”") from None


def _rows(rows: Iterator[list[str]]) -> Iterator[Attempt]:
    header = [cell.strip().lower() for cell in next(rows, [])]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise TableError(
            f"its first line has no column “{missing[0]}”; a table of attempts begins with {', '.join(COLUMNS)}"
        )
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS + 1:
            raise TableError(f"it has more than {MOST_ROWS:,} lines")
        if any(row):
            yield _read(number, dict(zip(header, row, strict=False)))


def _read(number: int, cells: Mapping[str, str]) -> Attempt:
    found = {name: unguarded(cells.get(name, "").strip()) for name in COLUMNS}
    for name, cell in found.items():
        if len(cell) > LONGEST_CELL or "Cs" in map(category, cell):
            raise TableError(f"in line {number} the cell “{name}” is longer than {LONGEST_CELL} characters, or no text")
    for name, known in (("kind", KINDS), ("right", RIGHT)):
        if found[name] not in known:
            allowed = ", ".join(filter(None, known))
            raise TableError(f"in line {number} “{name}” is “{_short(found[name])}”, and may be {allowed}")
    if not found["name"] or len(found["name"]) > LONGEST_NAME:
        raise TableError(f"line {number} does not say which exercise it is about")
    return Attempt(**found)


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"


# --- A class ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """What a class did with one exercise. learners: who tried; first: of these, who was right at the first answer;
    ever: who was right at all; slips: the most frequent, with the number of learners who made each."""

    kind: str
    name: str
    lesson: str
    title: str
    learners: int
    first: int
    ever: int
    slips: tuple[tuple[str, int], ...]


def summarised(tables: Sequence[Sequence[Attempt]], most: int = 3) -> list[Summary]:
    """What these tables come to, an exercise a row, by lesson and name as they first occur. Predictions, of which
    nobody says whether they were right, are left out. Raises TableError for too many tables."""
    if len(tables) > MOST_TABLES:
        raise TableError(f"these are {len(tables):,} tables; at most {MOST_TABLES:,} are summed up")
    by_exercise: dict[tuple[str, str], dict[tuple[int, str], list[Attempt]]] = {}
    for number, table in enumerate(tables):
        for row in table:
            if row.kind != "prediction":
                learners = by_exercise.setdefault((row.kind, row.name), {})
                learners.setdefault((number, row.pseudonym), []).append(row)
    return [_summary(learners, most) for learners in by_exercise.values()]


def _summary(learners: Mapping[tuple[int, str], list[Attempt]], most: int) -> Summary:
    one = next(iter(learners.values()))[0]
    slips = Counter(slip for rows in learners.values() for slip in {row.slip for row in rows if row.slip})
    return Summary(
        one.kind, one.name, one.lesson, one.title, len(learners),
        sum(rows[0].right == "yes" for rows in learners.values()),
        sum(any(row.right == "yes" for row in rows) for rows in learners.values()),
        tuple(slips.most_common(most)),
    )  # fmt: skip


@dataclass(frozen=True)
class Gain:
    """What a class knew of one idea, before the course and after it. took, right, unsure: for each of the two, how many
    learners answered, were right, and said that they do not know yet; of several sittings the last one counts.
    both, learned: who answered twice; of these, who was right after and not before."""

    name: str
    title: str
    lesson: str
    took: tuple[int, int]
    right: tuple[int, int]
    unsure: tuple[int, int]
    both: int
    learned: int


def gains(tables: Sequence[Sequence[Attempt]]) -> list[Gain]:
    """What the diagnostic says of a class, an idea a row, in the order in which they first occur."""
    ideas: dict[str, dict[tuple[int, str], dict[int, Attempt]]] = {}
    for number, table in enumerate(tables):
        for row in table:
            if row.kind == BOTH_TIMES and row.variant.isdecimal():
                sittings = ideas.setdefault(row.name, {}).setdefault((number, row.pseudonym), {})
                sittings[int(row.variant) % len(FORMS)] = row  # even seeds before, odd ones after
    return [_gain(name, list(learners.values())) for name, learners in ideas.items()]


def _gain(name: str, learners: Sequence[Mapping[int, Attempt]]) -> Gain:
    one = next(iter(learners[0].values()))

    def count(right: Sequence[str]) -> tuple[int, int]:
        before, after = (sum(form in rows and rows[form].right in right for rows in learners) for form in (0, 1))
        return before, after

    both = [rows for rows in learners if len(rows) == len(FORMS)]
    learned = sum(rows[1].right == "yes" and rows[0].right != "yes" for rows in both)
    return Gain(name, one.title, one.lesson, count(RIGHT), count(("yes",)), count(("skipped",)), len(both), learned)
