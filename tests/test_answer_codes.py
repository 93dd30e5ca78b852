"""Answer codes: what is coded is read again, whatever is mistyped is noticed, and a list is counted as it should be."""

import itertools
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core.answer_codes import (
    ALPHABET,
    LENGTH,
    LONGEST,
    MOST_CODES,
    MOST_QUESTIONS,
    RANDOM,
    ROUNDS,
    SURE,
    Ballot,
    CodeError,
    ballot_of,
    code_of,
    tallied,
)
from attention_core.choices import LETTERS
from attention_core.votes import VOTES

TITLES = list(VOTES)
ballots = st.builds(
    Ballot, st.integers(0, MOST_QUESTIONS - 1), st.integers(0, ROUNDS - 1), st.integers(0, 3), st.integers(0, 2)
)
numbers = st.integers(0, RANDOM - 1)
EVERY = [
    Ballot(*places)
    for places in itertools.product(range(len(VOTES)), range(ROUNDS), range(len(LETTERS)), range(len(SURE)))
]


@pytest.mark.parametrize("drawn", [0, 1, RANDOM // 2, RANDOM - 1])
def test_every_ballot_of_every_question_is_read_again(drawn):
    codes = [code_of(ballot, drawn) for ballot in EVERY]
    assert [ballot_of(code) for code in codes] == EVERY
    assert len(set(codes)) == len(EVERY)
    assert {len(code) for code in codes} == {LENGTH}


@given(ballots, numbers, numbers)
def test_equal_ballots_have_different_codes(ballot, one, other):
    assert (code_of(ballot, one) == code_of(ballot, other)) == (one == other)
    assert ballot_of(code_of(ballot, one).lower()) == ballot


def test_codes_are_drawn():
    assert len({code_of(EVERY[0]) for _ in range(20)}) > 1
    assert {ballot_of(code_of(EVERY[0])) for _ in range(20)} == {EVERY[0]}


@given(ballots, numbers)
def test_every_mistyped_sign_is_noticed(ballot, drawn):
    code = code_of(ballot, drawn)
    for place, sign in itertools.product(range(LENGTH), ALPHABET):
        if sign != code[place]:
            with pytest.raises(CodeError, match="must be wrong"):
                ballot_of(code[:place] + sign + code[place + 1 :])


@given(ballots, numbers)
def test_two_signs_that_change_places_are_noticed(ballot, drawn):
    code = code_of(ballot, drawn)
    for i, j in itertools.combinations(range(LENGTH), 2):
        if code[i] != code[j]:
            signs = list(code)
            signs[i], signs[j] = signs[j], signs[i]
            with pytest.raises(CodeError):
                ballot_of("".join(signs))


def test_no_two_signs_look_alike():
    alike = ["0O", "1IL", "2Z", "5S", "8B", "UV", "MN"]
    assert all(sum(sign in ALPHABET for sign in signs) <= 1 for signs in alike)
    assert not set("AEIOU") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 23


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_in_words(text):
    with suppress(CodeError):  # and nothing else
        assert code_of(ballot_of(text), 0)
    found = tallied(text, 0, 0, TITLES)
    assert sum(found.totals) + len(found.unread) <= len(text)


BAD = {"question": (MOST_QUESTIONS, 0, 0, 0), "round": (0, ROUNDS, 0, 0), "option": (0, 0, 4, 0), "sure": (0, 0, 0, -1)}


@pytest.mark.parametrize("name", BAD)
def test_a_ballot_has_limits(name):
    with pytest.raises(ValueError, match=f"a ballot’s {name} is from 0 to"):
        Ballot(*BAD[name])


def test_there_is_room_for_every_question():
    assert len(VOTES) <= MOST_QUESTIONS


# --- Lists of codes --------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40), st.randoms(use_true_random=False))
def test_votes_are_counted_by_option_and_sureness(votes, rng):
    codes = [code_of(Ballot(5, 1, *vote), number) for number, vote in enumerate(votes)]
    text = "".join(rng.choice([code, code.lower()]) + rng.choice([" ", "\n", ", ", "; ", "\t- "]) for code in codes)
    found = tallied(text, 5, 1, TITLES)
    assert found.counts == tuple(tuple(votes.count((i, j)) for j in range(3)) for i in range(4))
    assert found.totals == tuple(sum(option == i for option, _ in votes) for i in range(4))
    assert not found.twice
    assert not found.unread


def test_what_is_not_counted_is_named_with_its_reason():
    code = code_of(Ballot(5, 0, 2, 1), 77)
    wrong = code[:-1] + next(sign for sign in ALPHABET if sign != code[-1])
    others = [code_of(Ballot(4, 0, 2, 1), 1), code_of(Ballot(5, 1, 2, 1), 1), code_of(Ballot(len(VOTES), 0, 0, 0), 1)]
    found = tallied(" ".join([code, code.lower(), code, "Anna:", wrong, wrong, "AB1234", *others]), 5, 0, TITLES)
    assert found.totals == (0, 0, 1, 0)
    assert found.twice == (code,)
    assert dict(found.unread) == {
        "ANNA": "a code has 6 signs, and this has 4",
        wrong: "one of its signs must be wrong; ask for it once more",
        "AB1234": "no code has the sign A",
        others[0]: f"it is a code for another question, “{TITLES[4]}”",
        others[1]: "it is a code of the second vote",
        others[2]: "it is a code for a question that is not here",
    }


def test_a_list_has_limits():
    with pytest.raises(ValueError, match=r"This text has 20,001 characters; at most 20,000 are read\."):
        tallied(" " * (LONGEST + 1), 0, 0, TITLES)
    with pytest.raises(ValueError, match=r"These are 1,001 codes; at most 1,000 are counted\."):
        tallied("A " * (MOST_CODES + 1), 0, 0, TITLES)


def test_a_large_class_rarely_draws_a_code_twice():
    """Of a hundred learners who all agree, and are all as sure, at most a few share a code."""
    rng = random.Random(5)
    drawn = [len({rng.randrange(RANDOM) for _ in range(100)}) for _ in range(200)]
    assert sum(drawn) / len(drawn) > 99


def test_codes_in_halves_or_without_gaps_are_counted():
    """As they are read out, three signs at a time, or pasted one behind the other; names between them stay apart."""
    codes = [code_of(Ballot(0, 0, option, 1), random) for option, random in ((0, 3), (2, 8), (2, 11))]
    halves = " ".join(f"{code[:3]}-{code[3:]}" for code in codes)
    for text in (halves, "".join(codes), f"{codes[0]}, {''.join(codes[1:])}", "\n".join(codes)):
        found = tallied(text, 0, 0, TITLES)
        assert found.totals[:4] == (1, 0, 2, 0)
        assert found.unread == ()
    found = tallied(f"Ann {codes[0]} Bob {codes[1][:3]} {codes[2]}", 0, 0, TITLES)
    assert found.totals[:4] == (1, 0, 1, 0)
    assert [code for code, _ in found.unread] == ["ANN", "BOB", codes[1][:3]]
