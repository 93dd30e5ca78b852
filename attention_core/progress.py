"""What a learner has done, as a value that never changes and as a file that can be kept, moved and joined.

Vocabulary
    answer      one answered exercise: the day, the seed that drew its numbers, right or not, hints used, and, since
                version 2, what was answered and the slip that explains it. A vote and an item of the diagnostic are
                answers, too, under names that begin with VOTE and DIAGNOSTIC
    guess       what was predicted before a result was shown; "" when the question was skipped
    finished    the day on which a lesson was first finished
    good day    a day on which every answer to an exercise was right
    due         an exercise whose next review has come

The file is JSON: {"app": "attention-step-by-step", "version": 2, "answers": {name: [[day, seed, right, hints, answer,
slip], ...]}, "guesses": {question: guess}, "finished": {lesson: day}}, days as 2026-03-01. A row without the last two,
as version 1 wrote them all, is of an answer whose text was not kept. Fields that this version does not know are
ignored and not kept; a missing field is an error. Every Progress is within the limits below, so that what `to_text`
writes `from_text` reads.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from unicodedata import category

APP = "attention-step-by-step"
VERSION = 2
READ = (1, 2)  # versions that can be read
LARGEST = 8_000_000  # bytes of a file
MOST_NAMES = 300  # exercises, questions and lessons, each
MOST_ANSWERS = 10_000  # all exercises together
LONGEST_NAME = 80
LONGEST_GUESS = 200
LONGEST_ANSWER = 80  # characters of an answer, and of a slip
VOTE, DIAGNOSTIC = "vote:", "diagnostic:"  # how the names of answers begin that belong to no exercise
SEEDS = 2**32
MOST_HINTS = 100
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)

_FIELDS = ("answers", "guesses", "finished")
_DAMAGED = "This progress file is damaged"
_START = "Choose the file as it was saved, or start anew"


class ProgressError(ValueError):
    """Progress that cannot be kept or read; the message says to a learner what is wrong and what can be done."""


@dataclass(frozen=True)
class Answer:
    """One answered exercise. answer: "" if nothing was answered, None if the text was not kept; slip: "" for none."""

    day: date
    seed: int
    right: bool
    hints: int = 0
    answer: str | None = None
    slip: str = ""

    def __post_init__(self):
        _require(_is_day(self.day), f"an answer's day is {_shown(self.day)}, not a day from {FIRST_DAY} to {LAST_DAY}")
        _require(_is_count(self.seed, SEEDS - 1), f"an answer's seed is {_shown(self.seed)}, not a number below 2^32")
        _require(isinstance(self.right, bool), f"an answer is {_shown(self.right)}, not right or wrong")
        counted = _is_count(self.hints, MOST_HINTS)
        _require(counted, f"the hints used are {_shown(self.hints)}, not a number from 0 to {MOST_HINTS}")
        for text in ("" if self.answer is None else self.answer, self.slip):
            line = _is_line(text, LONGEST_ANSWER)
            _require(line, f"the answer {_shown(text)} is not one line of at most {LONGEST_ANSWER} characters")


@dataclass(frozen=True)
class Progress:
    """What a learner has done. Raises ProgressError for what the file could not hold.

    answers     the answers to each exercise, in the order in which they were given
    guesses     question -> guess, "" if skipped
    finished    lesson -> the day on which it was first finished
    """

    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    guesses: Mapping[str, str] = field(default_factory=dict)
    finished: Mapping[str, date] = field(default_factory=dict)

    def __post_init__(self):
        for what in _FIELDS:
            names = getattr(self, what)
            _require(len(names) <= MOST_NAMES, f"it has {len(names):,} {what}, and at most {MOST_NAMES} are kept")
            for name in names:
                _require(name and _is_line(name, LONGEST_NAME), f"{_shown(name)} is no name of an exercise or lesson")
        count = sum(map(len, self.answers.values()))
        _require(count <= MOST_ANSWERS, f"it has {count:,} answers, and at most {MOST_ANSWERS:,} are kept")
        for guess in self.guesses.values():
            line = _is_line(guess, LONGEST_GUESS)
            _require(line, f"the guess {_shown(guess)} is not one line of at most {LONGEST_GUESS} characters")
        for lesson, day in self.finished.items():
            _require(_is_day(day), f"{_shown(lesson)} was finished on {_shown(day)}, which is no day")


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise ProgressError(f"This progress cannot be kept: {otherwise}.")


def _is_day(value: object) -> bool:
    return type(value) is date and FIRST_DAY <= value <= LAST_DAY


def _is_count(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most  # True is an int of Python's too


def _is_line(value: object, longest: int) -> bool:
    # No control characters and no halves of surrogate pairs: at most four bytes a character in the file.
    return isinstance(value, str) and len(value) <= longest and not {"Cc", "Cs"}.intersection(map(category, value))


def _shown(value: object) -> str:
    """A value in a sentence, whatever it is: short, and with nothing in it that cannot be shown."""
    if isinstance(value, list | dict):
        return "a list"  # of any size and depth, so it is not written out
    text = ascii(value)
    return text if len(text) <= 40 else text[:39] + "…"


# --- What happens ----------------------------------------------------------------------------------------------------


def answered(
    progress: Progress, name: str, seed: int, right: bool, hints: int, day: date, answer: str | None = None,
    slip: str = "",
) -> Progress:  # fmt: skip
    """The progress after one more answer to the exercise `name`."""
    answers = (*progress.answers.get(name, ()), Answer(day, seed, right, hints, answer, slip))
    return replace(progress, answers={**progress.answers, name: answers})


def one_line(text: str) -> str:
    """A text as an answer keeps it: on one line, and cut where it is too long."""
    line = " ".join("".join(" " if category(sign) in ("Cc", "Cs") else sign for sign in text).split())
    return line if len(line) <= LONGEST_ANSWER else line[: LONGEST_ANSWER - 1] + "…"


def guessed(progress: Progress, question: str, guess: str) -> Progress:
    """The progress after a guess, which replaces an earlier one; "" for a question that was skipped."""
    return replace(progress, guesses={**progress.guesses, question: guess})


def finished(progress: Progress, lesson: str, day: date) -> Progress:
    """The progress after a lesson was finished; the earliest day is kept."""
    first = min(day, progress.finished.get(lesson, day))
    return replace(progress, finished={**progress.finished, lesson: first})


def merged(a: Progress, b: Progress) -> Progress:
    """Both together: `a`, then what only `b` has. A file joined with a later copy of itself is the later copy.

    An answer is there as often as in the file that has it more often. Of two guesses, `a`'s stays unless it was
    skipped; of two days on which a lesson was finished, the earlier. Raises ProgressError when it is
    more than a file may hold.
    """
    answers = {name: _joined(a.answers.get(name, ()), b.answers.get(name, ())) for name in {**a.answers, **b.answers}}
    guesses = {name: a.guesses.get(name) or b.guesses.get(name, "") for name in {**a.guesses, **b.guesses}}
    days = {name: min(p.finished[name] for p in (a, b) if name in p.finished) for name in {**a.finished, **b.finished}}
    return Progress(answers, guesses, days)


def _joined(a: tuple[Answer, ...], b: tuple[Answer, ...]) -> tuple[Answer, ...]:
    have, new = Counter(a), []
    for answer in b:
        if have[answer]:
            have[answer] -= 1
        else:
            new.append(answer)
    return (*a, *new)


# --- What to review --------------------------------------------------------------------------------------------------

# Days until the next review: after a day with a wrong answer, then after the first, second, ... good day that counts.
INTERVALS = (1, 1, 3, 7, 16, 35)


def due(progress: Progress, today: date) -> tuple[str, ...]:
    """The exercises whose review has come, the longest waiting first, then by name.

    An exercise comes back 1, 3, 7, 16 and 35 days after its last good day, and every 35 days from then on. A good
    day is a step in this row when the review was due and no hint was used; any other good day repeats its step. A
    day with a wrong answer starts the row again: the exercise comes back on the next day.

    That spaced practice is remembered better than massed practice is a general finding (Latimier, Peyre and Ramus 2021,
    a meta-analysis); that the gaps grow, and these numbers, are our choice.
    """
    waiting = sorted(
        (_review(answers), name)
        for name, answers in progress.answers.items()
        if answers and not name.startswith((VOTE, DIAGNOSTIC))
    )
    return tuple(name for day, name in waiting if day <= today)


def _review(answers: tuple[Answer, ...]) -> date:
    """The day from which an exercise is due again. Only days matter, not the order within a day."""
    days: dict[date, list[Answer]] = {}
    for answer in answers:
        days.setdefault(answer.day, []).append(answer)
    step, review = 0, FIRST_DAY
    for day, those in sorted(days.items()):
        if not all(answer.right for answer in those):
            step = 0
        elif day >= review and not any(answer.hints for answer in those):
            step = min(step + 1, len(INTERVALS) - 1)
        review = day + timedelta(INTERVALS[step])
    return review


# --- The file --------------------------------------------------------------------------------------------------------


def to_text(progress: Progress) -> str:
    """The file: JSON on one line, at most LARGEST bytes in UTF-8."""
    answers = {name: [_row(answer) for answer in given] for name, given in progress.answers.items()}
    days = {lesson: day.isoformat() for lesson, day in progress.finished.items()}
    fields = (answers, dict(progress.guesses), days)
    file = {"app": APP, "version": VERSION, **dict(zip(_FIELDS, fields, strict=True))}
    return json.dumps(file, ensure_ascii=False, separators=(",", ":"))


def _row(answer: Answer) -> list[object]:
    text = [] if answer.answer is None else [answer.answer, answer.slip]
    return [answer.day.isoformat(), answer.seed, answer.right, answer.hints, *text]


def from_text(text: str | bytes) -> Progress:
    """The progress in a file that `to_text` wrote. Raises ProgressError with a sentence for the learner."""
    file = _read(text)
    if not isinstance(file, dict) or file.get("app") != APP:
        raise ProgressError(f"This is not a progress file of “Attention, step by step”. {_START}.")
    version = file.get("version")
    if type(version) is not int or version not in READ:
        found = "no version" if version is None else f"version {_shown(version)}"
        known = " and ".join(map(str, READ))
        raise ProgressError(f"This progress file has {found}, and only versions {known} can be read. {_START}.")
    for name in _FIELDS:
        if not isinstance(file.get(name), dict):
            raise ProgressError(f"{_DAMAGED}: its “{name}” are missing, or no list of names. {_START}.")
    try:
        answers = {name: _answers(rows) for name, rows in file["answers"].items()}
        return Progress(answers, file["guesses"], {name: _day(text) for name, text in file["finished"].items()})
    except ProgressError as error:
        raise ProgressError(f"{_DAMAGED} or was edited. {error} {_START}.") from None


def _read(text: str | bytes) -> object:
    """What the JSON says, once its size is known to be harmless."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > LARGEST:
        raise ProgressError(f"This file has {len(data):,} bytes; a progress file has at most {LARGEST:,}. {_START}.")
    try:
        return json.loads(data.decode("utf-8-sig"))  # editors may put a byte order mark in front
    except UnicodeDecodeError:
        raise ProgressError(f"This file holds no text in UTF-8, so it is no progress file. {_START}.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        raise ProgressError(f"{_DAMAGED} or was cut short: it cannot be read from {where} on. {_START}.") from None
    except (RecursionError, ValueError):  # brackets without end, or digits
        raise ProgressError(f"{_DAMAGED}: it is nested too deeply, or holds too long a number. {_START}.") from None


def _answers(rows: object) -> tuple[Answer, ...]:
    _require(isinstance(rows, list), f"the answers to an exercise are {_shown(rows)}, not a list")
    _require(len(rows) <= MOST_ANSWERS, f"it has {len(rows):,} answers, and at most {MOST_ANSWERS:,} are kept")
    for row in rows:
        right = isinstance(row, list) and len(row) in (4, 6)
        _require(right, f"an answer is {_shown(row)}, not a day, a seed, right or wrong, and the hints used")
        _require(row[4:5] != [None], "what was answered is None, not a text")
    return tuple(Answer(_day(day), *rest) for day, *rest in rows)


def _day(text: object) -> date:
    """A day written as 2026-03-01, and in no other way."""
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = None
    _require(day is not None and day.isoformat() == text, f"{_shown(text)} is no day such as 2026-03-01")
    return day
