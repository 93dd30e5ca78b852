"""Answer codes: a vote in six signs, which a learner reads out or sends; and what a list of them comes to.

Vocabulary
    ballot    one vote: the question by its place, the round, the option by its place, how sure the learner is
    code      a ballot and a random number in six signs, the last of which checks the others. The number makes the codes
              of two learners who agree differ, in all but one of some thousands of cases
    sign      of ALPHABET: no two look alike (0 O, 1 I L, 2 Z, 5 S, 8 B, U V, M N), and no vowels, so no words
    tally     what a pasted list of codes comes to: ballots, codes that came twice, and what could not be read and why

There are 23 signs, a prime number. Each sign of a code counts with a factor of its own, and the sum is a multiple of
23: any one sign that is mistyped, and any two that change places, break that.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from attention_core.choices import LETTERS

ALPHABET = "23456789CDFGHJKMPQRTWXY"
LENGTH = 6
SURE = ("guessing", "fairly sure", "certain")
ROUNDS = 2
MOST_QUESTIONS = 40
LONGEST = 20_000  # characters of a pasted list
MOST_CODES = 1_000
_BASE = len(ALPHABET)
_BALLOTS = MOST_QUESTIONS * ROUNDS * len(LETTERS) * len(SURE)
_SPACE = _BASE ** (LENGTH - 1)
RANDOM = _SPACE // _BALLOTS  # how many codes a ballot has
_STIR = 2_654_435_761 % _SPACE  # shares no factor with 23: codes of one option do not look alike


@dataclass(frozen=True)
class Ballot:
    """One vote; all by their places, from 0: question, round, option, sureness in SURE. Raises ValueError."""

    question: int
    round: int
    option: int
    sure: int

    def __post_init__(self):
        limits = {"question": MOST_QUESTIONS, "round": ROUNDS, "option": len(LETTERS), "sure": len(SURE)}
        for name, most in limits.items():
            if not 0 <= getattr(self, name) < most:
                raise ValueError(f"a ballot’s {name} is from 0 to {most - 1}, and this is {getattr(self, name)!r}")


class CodeError(ValueError):
    """A code that cannot be read; the message completes “ABC123: ...”."""


def code_of(ballot: Ballot, random: int | None = None) -> str:
    """The code of a ballot. random: below RANDOM; drawn unless it is given."""
    drawn = secrets.randbelow(RANDOM) if random is None else random
    if not 0 <= drawn < RANDOM:
        raise ValueError(f"the random part of a code is from 0 to {RANDOM - 1}, and this is {random!r}")
    number = ((ballot.question * ROUNDS + ballot.round) * len(LETTERS) + ballot.option) * len(SURE) + ballot.sure
    number = (number * RANDOM + drawn) * _STIR % _SPACE
    signs = [number // _BASE**i % _BASE for i in range(LENGTH - 1)]
    return "".join(ALPHABET[sign] for sign in (*signs, _check(signs)))


def ballot_of(code: str) -> Ballot:
    """The ballot that a code holds, in capitals or not. Raises CodeError."""
    signs = code.upper()
    if len(signs) != LENGTH:
        raise CodeError(f"a code has {LENGTH} signs, and this has {len(signs)}")
    strange = [sign for sign in signs if sign not in ALPHABET]
    if strange:
        raise CodeError(f"no code has the sign {strange[0]}")
    *digits, check = (ALPHABET.index(sign) for sign in signs)
    number = sum(digit * _BASE**i for i, digit in enumerate(digits)) * pow(_STIR, -1, _SPACE) % _SPACE // RANDOM
    if check != _check(digits) or number >= _BALLOTS:
        raise CodeError("one of its signs must be wrong; ask for it once more")
    number, sure = divmod(number, len(SURE))
    number, option = divmod(number, len(LETTERS))
    question, of_round = divmod(number, ROUNDS)
    return Ballot(question, of_round, option, sure)


def _check(digits: Sequence[int]) -> int:
    """The last sign, which makes the sum of (place × sign) a multiple of 23."""
    total = sum(place * digit for place, digit in enumerate(digits, 1))
    return -total * pow(LENGTH, -1, _BASE) % _BASE


@dataclass(frozen=True)
class Tally:
    """What a list of codes comes to. counts: by option, then by sureness; twice: codes that came more than once, each
    counted once; unread: what could not be counted, each with the reason."""

    counts: tuple[tuple[int, ...], ...]
    twice: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def totals(self) -> tuple[int, ...]:
        return tuple(map(sum, self.counts))


def tallied(text: str, question: int, of_round: int, titles: Sequence[str]) -> Tally:
    """The votes on one question in one round, in a text that holds codes with anything between them.

    titles: what each question is called, for the codes of others. Raises ValueError for a text that is too long.
    """
    if len(text) > LONGEST:
        raise ValueError(f"This text has {len(text):,} characters; at most {LONGEST:,} are read.")
    found = _apart(re.findall(r"[^\W_]+", text))
    if len(found) > MOST_CODES:
        raise ValueError(f"These are {len(found):,} codes; at most {MOST_CODES:,} are counted.")
    counts = [[0] * len(SURE) for _ in LETTERS]
    seen: dict[str, int] = {}
    unread = []
    for code in (one.upper() for one in found):
        seen[code] = seen.get(code, 0) + 1
        if seen[code] > 1:
            continue
        try:
            ballot = ballot_of(code)
            _belongs(ballot, question, of_round, titles)
        except CodeError as error:
            unread.append((code, str(error)))
        else:
            counts[ballot.option][ballot.sure] += 1
    refused = {code for code, _ in unread}
    twice = tuple(code for code, times in seen.items() if times > 1 and code not in refused)
    return Tally(tuple(map(tuple, counts)), twice, tuple(unread))


def _apart(words: Sequence[str]) -> list[str]:
    """The words of a text as codes: two halves of one are put together, and codes without a gap taken apart."""
    found: list[str] = []
    for word in words:
        parts = [word[at : at + LENGTH] for at in range(0, len(word), LENGTH)]
        if found and len(found[-1]) + len(word) == LENGTH and _is_code(found[-1] + word):
            found[-1] += word
        elif len(parts) > 1 and all(map(_is_code, parts)):
            found += parts
        else:
            found.append(word)
    return found


def _is_code(text: str) -> bool:
    try:
        ballot_of(text)
    except CodeError:
        return False
    return True


def _belongs(ballot: Ballot, question: int, of_round: int, titles: Sequence[str]) -> None:
    if ballot.question >= len(titles):
        raise CodeError("it is a code for a question that is not here")
    if ballot.question != question:
        raise CodeError(f"it is a code for another question, “{titles[ballot.question]}”")
    if ballot.round != of_round:
        raise CodeError(f"it is a code of the {('first', 'second')[ballot.round]} vote")
