"""Progress: what is written is read again, what is damaged is refused in words, and reviews come when they should."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core.progress import (
    DIAGNOSTIC,
    INTERVALS,
    LARGEST,
    LAST_DAY,
    LONGEST_ANSWER,
    LONGEST_GUESS,
    LONGEST_NAME,
    MOST_ANSWERS,
    MOST_HINTS,
    MOST_NAMES,
    SEEDS,
    VOTE,
    Answer,
    Progress,
    ProgressError,
    answered,
    due,
    finished,
    from_text,
    guessed,
    merged,
    one_line,
    to_text,
)

DAY = date(2026, 3, 1)


def after(days):
    return DAY + timedelta(days)


def practised(*days, right=True, hints=0, progress=None):
    """The progress of one exercise, "e", answered on these days after DAY."""
    progress = progress or Progress()
    for day in days:
        progress = answered(progress, "e", 5, right, hints, after(day))
    return progress


days = st.integers(0, 60).map(after) | st.dates(date(2000, 1, 1), date(2999, 12, 31))
names = st.sampled_from(["softmax", "one-head", "é 👩‍🚀"]) | st.text(
    st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=9
)
plain = st.builds(Answer, days, st.integers(0, SEEDS - 1) | st.integers(0, 2), st.booleans(), st.integers(0, 3))
lines = st.sampled_from(["", "3/5", "=1+1", "no scaling"]) | names
answers = plain | st.builds(replace, plain, answer=lines, slip=lines)
progresses = st.builds(
    Progress,
    st.dictionaries(names, st.lists(answers, max_size=6).map(tuple), max_size=4),
    st.dictionaries(names, st.sampled_from(["", "red", "3/4"]) | names, max_size=4),
    st.dictionaries(names, days, max_size=4),
)

# --- What happens ----------------------------------------------------------------------------------------------------


def test_a_learner_at_work():
    start = Progress()
    progress = answered(start, "softmax", 7, False, 2, DAY)
    progress = answered(progress, "softmax", 8, True, 0, after(1))
    progress = guessed(guessed(progress, "row 2", ""), "row 2", "blue")
    progress = finished(finished(progress, "lookup", after(1)), "lookup", after(3))
    assert progress == Progress(
        {"softmax": (Answer(DAY, 7, False, 2), Answer(after(1), 8, True, 0))}, {"row 2": "blue"}, {"lookup": after(1)}
    )
    assert finished(progress, "lookup", DAY).finished == {"lookup": DAY}
    assert start == Progress()


def test_the_file_is_plain():
    progress = finished(guessed(practised(0, hints=1), "why “é”?", ""), "lookup", DAY)
    assert to_text(progress) == (
        '{"app":"attention-step-by-step","version":2,"answers":{"e":[["2026-03-01",5,true,1]]},'
        '"guesses":{"why “é”?":""},"finished":{"lookup":"2026-03-01"}}'
    )


BAD = {
    "an answer's day is '2026-03-01', not a day": lambda p: answered(p, "e", 1, True, 0, "2026-03-01"),
    "an answer's day is datetime.date(1999, 12, 31), not": lambda p: answered(p, "e", 1, True, 0, date(1999, 12, 31)),
    "an answer's seed is -1, not a number below 2^32": lambda p: answered(p, "e", -1, True, 0, DAY),
    "an answer's seed is 4294967296, not": lambda p: answered(p, "e", SEEDS, True, 0, DAY),
    "an answer is 1, not right or wrong": lambda p: answered(p, "e", 1, 1, 0, DAY),
    "the hints used are True, not a number": lambda p: answered(p, "e", 1, True, True, DAY),
    "the hints used are 101, not a number from 0 to 100": lambda p: answered(p, "e", 1, True, MOST_HINTS + 1, DAY),
    "'' is no name of an exercise or lesson": lambda p: answered(p, "", 1, True, 0, DAY),
    "'\\ud800' is no name": lambda p: guessed(p, "\ud800", "a"),
    f"'{'n' * 38}… is no name": lambda p: finished(p, "n" * (LONGEST_NAME + 1), DAY),
    "the answer 'a\\nb' is not one line of at most 80": lambda p: answered(p, "e", 1, True, 0, DAY, "a\nb"),
    "the answer 5 is not one line": lambda p: answered(p, "e", 1, True, 0, DAY, "", 5),
    f"the answer '{'s' * 38}… is not": lambda p: answered(p, "e", 1, True, 0, DAY, "", "s" * (LONGEST_ANSWER + 1)),
    "the guess 'a\\nb' is not one line of at most 200": lambda p: guessed(p, "q", "a\nb"),
    f"the guess '{'g' * 38}… is not one line": lambda p: guessed(p, "q", "g" * (LONGEST_GUESS + 1)),
    "'l' was finished on datetime.date(3000, 1, 1), which is no": lambda p: finished(p, "l", date(3000, 1, 1)),
    "it has 301 guesses, and at most 300 are kept": lambda p: Progress({}, {str(i): "" for i in range(301)}),
    "it has 10,001 answers, and at most": lambda p: Progress({"e": (Answer(DAY, 1, True),) * (MOST_ANSWERS + 1)}),
}


@pytest.mark.parametrize(("said", "change"), BAD.items())
def test_what_cannot_be_kept_is_said(said, change):
    with pytest.raises(ProgressError) as error:
        change(Progress())
    assert str(error.value).startswith(f"This progress cannot be kept: {said}")


# --- Joining ---------------------------------------------------------------------------------------------------------


def sorted_answers(progress):
    return {name: sorted(map(repr, rows)) for name, rows in progress.answers.items()}


@given(progresses, progresses, progresses)
def test_joining_loses_nothing_and_doubles_nothing(a, b, c):
    assert merged(a, a) == a
    assert merged(a, Progress()) == merged(Progress(), a) == a
    both, other = merged(a, b), merged(b, a)
    assert merged(both, a) == merged(both, b) == both
    for name, joined in both.answers.items():
        ours, theirs = a.answers.get(name, ()), b.answers.get(name, ())
        for answer in {*ours, *theirs, *joined}:
            assert joined.count(answer) == max(ours.count(answer), theirs.count(answer))
    assert sorted_answers(both) == sorted_answers(other)
    assert both.finished == other.finished
    assert due(both, after(9)) == due(other, after(9))
    left, right = merged(both, c), merged(a, merged(b, c))
    assert (sorted_answers(left), left.guesses, left.finished) == (sorted_answers(right), right.guesses, right.finished)


@given(progresses, st.lists(answers, max_size=4))
def test_a_file_and_its_later_copy_are_the_later_copy(earlier, more):
    later = earlier
    for answer in more:
        later = answered(later, "softmax", answer.seed, answer.right, answer.hints, answer.day)
    assert merged(earlier, later) == merged(later, earlier) == later


def test_a_guess_stays_and_a_skipped_question_does_not():
    a = guessed(guessed(Progress(), "one", "red"), "two", "")
    b = guessed(guessed(Progress(), "one", "blue"), "two", "blue")
    assert merged(a, b).guesses == {"one": "red", "two": "blue"}
    assert merged(b, a).guesses == {"one": "blue", "two": "blue"}


def test_two_files_may_be_too_much_together():
    a, b = (Progress({"e": (Answer(DAY, seed, True),) * MOST_ANSWERS}) for seed in (1, 2))
    with pytest.raises(ProgressError, match=r"it has 20,000 answers, and at most 10,000 are kept"):
        merged(a, b)


# --- What to review --------------------------------------------------------------------------------------------------


def wait(progress):
    """How many days after DAY the exercise is due."""
    return next(n for n in range(1000) if due(progress, after(n)))


def test_the_gaps_grow_when_reviews_are_done_in_time():
    progress, day = practised(0), 0
    for gap in (1, 3, 7, 16, 35, 35, 35):
        assert wait(progress) == day + gap
        day += gap
        progress = practised(day, progress=progress)


def test_a_late_review_counts_from_the_day_it_was_done():
    assert wait(practised(0, 20)) == 20 + 3


def test_practice_before_it_is_due_repeats_the_step():
    assert wait(practised(0, 0, 0)) == 1
    assert wait(practised(0, 1, 2, 3)) == 3 + 3
    assert wait(practised(0, 1, 4, 5)) == 5 + 7


def test_a_right_answer_with_hints_repeats_the_step():
    assert wait(practised(4, hints=1, progress=practised(0, 1))) == 4 + 3
    assert wait(practised(0, hints=1)) == 1


@given(st.lists(st.integers(0, 90)), st.booleans())
def test_a_wrong_answer_starts_again(earlier, right_too):
    progress = practised(91, right=False, progress=practised(*earlier))
    if right_too:
        progress = practised(91, progress=progress)
    assert wait(progress) == 92
    assert wait(practised(92, progress=progress)) == 93
    assert wait(practised(92, 93, progress=progress)) == 96


def test_the_longest_waiting_comes_first_then_the_name():
    progress = Progress()
    for name, day in (("c", 0), ("b", 2), ("a", 2), ("d", 5)):
        progress = answered(progress, name, 1, True, 0, after(day))
    assert due(progress, after(4)) == ("c", "a", "b")
    assert due(progress, DAY) == ()
    assert due(Progress({"e": ()}), DAY) == ()


@given(progresses, days, st.integers(0, 40))
def test_what_is_due_stays_due_until_it_is_answered(progress, today, later):
    now = due(progress, today)
    assert due(progress, min(today + timedelta(later), LAST_DAY))[: len(now)] == now
    for name in now:
        assert today > max(answer.day for answer in progress.answers[name])
        assert name not in due(answered(progress, name, 1, True, 0, today), today)


@given(st.lists(answers, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_review_comes_within_the_row_whatever_the_order(rows, random):
    mixed = random.sample(rows, len(rows))
    last = max(answer.day for answer in rows)
    for gap in range(INTERVALS[-1] + 1):
        some, others = (due(Progress({"e": tuple(order)}), last + timedelta(gap)) for order in (rows, mixed))
        assert some == others
    assert some == ("e",)


# --- The file --------------------------------------------------------------------------------------------------------


@given(progresses)
def test_what_is_written_is_read_again(progress):
    text = to_text(progress)
    assert from_text(text) == from_text(text.encode()) == from_text("\ufeff".encode() + text.encode()) == progress
    assert to_text(from_text(text)) == text


def test_a_file_of_version_1_is_read():
    text = (
        '{"app":"attention-step-by-step","version":1,"answers":{"e":[["2026-03-01",5,true,1]]},'
        '"guesses":{"why “é”?":""},"finished":{"lookup":"2026-03-01"}}'
    )
    assert from_text(text) == finished(guessed(practised(0, hints=1), "why “é”?", ""), "lookup", DAY)


@given(answers)
def test_what_was_answered_is_kept_where_it_is_known(answer):
    (row,) = json.loads(to_text(Progress({"e": (answer,)})))["answers"]["e"]
    assert row[4:] == ([] if answer.answer is None else [answer.answer, answer.slip])


@given(st.text(max_size=200))
def test_any_text_fits_on_one_line(text):
    line = one_line(text)
    assert Answer(DAY, 0, True, 0, line).answer == line
    assert one_line(line) == line


def test_votes_and_the_diagnostic_are_never_due():
    progress = Progress()
    for name in (f"{VOTE}scaling", f"{DIAGNOSTIC}masks", "e"):
        progress = answered(progress, name, 0, False, 0, DAY, "1/2", "a belief")
    assert due(progress, LAST_DAY) == ("e",)


def test_the_largest_progress_can_be_read():
    wide = "👩"
    keys = [f"{i:03}".ljust(LONGEST_NAME, wide) for i in range(MOST_NAMES)]
    answer = Answer(LAST_DAY, SEEDS - 1, False, MOST_HINTS, wide * LONGEST_ANSWER, wide * LONGEST_ANSWER)
    each = MOST_ANSWERS // MOST_NAMES
    rows = dict.fromkeys(keys, (answer,) * each)
    rows[keys[0]] += (answer,) * (MOST_ANSWERS - each * MOST_NAMES)
    largest = Progress(rows, dict.fromkeys(keys, wide * LONGEST_GUESS), dict.fromkeys(keys, LAST_DAY))
    assert 0.8 * LARGEST < len(to_text(largest).encode()) <= LARGEST
    assert from_text(to_text(largest)) == largest


def file(**fields):
    return {"app": "attention-step-by-step", "version": 2, "answers": {}, "guesses": {}, "finished": {}, **fields}


def refusal(text):
    with pytest.raises(ProgressError) as error:
        from_text(text)
    message = str(error.value)
    assert message.endswith("Choose the file as it was saved, or start anew.")
    message.encode()
    return message


def test_fields_of_another_day_are_ignored():
    assert from_text(json.dumps(file(theme="dark"))) == Progress()


OTHERS = {
    "This is not a progress file of “Attention, step by step”.": [[], 1, None, {}, file(app="another"), file(app=[])],
    "This progress file has version 3, and only versions 1 and 2 can be read.": [file(version=3)],
    "This progress file has version '1', and": [file(version="1")],
    "This progress file has version True, and": [file(version=True)],
    "This progress file has no version, and": [file(version=None)],
    "This progress file has version a list, and": [file(version=[1])],
    "This progress file is damaged: its “answers” are missing": [
        file(answers=[]),
        {"app": file()["app"], "version": 2},
    ],
    "This progress file is damaged: its “finished” are missing": [file(finished=None)],
}


@pytest.mark.parametrize("said", OTHERS)
def test_other_files_are_refused(said):
    for content in OTHERS[said]:
        assert refusal(json.dumps(content)).startswith(said)


ROW = ["2026-03-01", 5, True, 0]
EDITED = {
    "the answers to an exercise are 3, not a list": file(answers={"e": 3}),
    "an answer is 3, not a day, a seed, right or wrong, and the hints used": file(answers={"e": [3]}),
    "an answer is a list, not a day": file(answers={"e": [[]]}),
    "an answer is 'abcd', not a day": file(answers={"e": ["abcd"]}),
    "'2026-02-30' is no day such as 2026-03-01": file(answers={"e": [["2026-02-30", *ROW[1:]]]}),
    "'20260301' is no day such as": file(answers={"e": [["20260301", *ROW[1:]]]}),
    "20260301 is no day": file(finished={"e": 20260301}),
    "None is no day": file(finished={"e": None}),
    "an answer's day is datetime.date(1, 1, 1), not": file(answers={"e": [["0001-01-01", *ROW[1:]]]}),
    "an answer's seed is 5.0, not": file(answers={"e": [["2026-03-01", 5.0, True, 0]]}),
    "an answer is 'yes', not": file(answers={"e": [["2026-03-01", 5, "yes", 0]]}),
    "the hints used are inf, not": file(answers={"e": [["2026-03-01", 5, True, float("inf")]]}),
    "the answer 5 is not one line": file(answers={"e": [[*ROW, "3/5", 5]]}),
    "what was answered is None, not a text": file(answers={"e": [[*ROW, None, ""]]}),
    "the guess None is not one line": file(guesses={"q": None}),
    "the guess a list is not one line": file(guesses={"q": {}}),
    "'\\x00' is no name": file(guesses={"\0": ""}),
    "it has 301 finished, and": file(finished={str(i): "2026-03-01" for i in range(301)}),
    "it has 10,001 answers, and": file(answers={"e": [[]] * 10_001}),
}


@pytest.mark.parametrize("said", EDITED)
def test_edited_files_are_refused(said):
    message = refusal(json.dumps(EDITED[said]))
    assert message.startswith(f"This progress file is damaged or was edited. This progress cannot be kept: {said}")


def test_files_that_are_no_json_are_refused():
    assert refusal("").startswith(
        "This progress file is damaged or was cut short: it cannot be read from line 1, character 1 on."
    )
    assert refusal("{'app'").startswith("This progress file is damaged or was cut short")
    assert refusal("\ud800").startswith("This file holds no text in UTF-8")
    assert refusal(b"\xff\xfe{").startswith("This file holds no text in UTF-8")
    for text in ("[" * 100_000, '{"a":' * 100_000, "9" * 100_000):
        assert refusal(text).startswith("This progress file is damaged: it is nested too deeply, or holds too long")


def test_a_guess_nested_within_what_json_reads_is_refused_in_words():
    deep = json.dumps(file(guesses={"q": 0})).replace('"q": 0', '"q": ' + "[" * 500 + "]" * 500)
    assert "the guess a list is not one line" in refusal(deep)


@pytest.mark.parametrize("make", [str, str.encode])
def test_size_is_checked_before_anything_is_read(make):
    assert from_text(make(to_text(Progress()).ljust(LARGEST))) == Progress()
    assert refusal(make(" " * (LARGEST + 1))).startswith(
        "This file has 8,000,001 bytes; a progress file has at most 8,000,000."
    )


def progress_or_a_sentence(text):
    try:
        progress = from_text(text)
    except ProgressError as error:
        said = str(error)
    else:
        assert from_text(to_text(progress)) == progress
        return
    said.encode()


@given(progresses, st.data())
def test_a_truncated_file_is_refused(progress, data):
    text = to_text(progress)
    refusal(text[: data.draw(st.integers(0, len(text) - 1))])


@given(progresses, st.integers(0, 400), st.integers(0, 20), st.sampled_from('"[]{},:0-9 1e9\\nulltrue\0é\ud800'))
def test_an_edited_file_is_read_or_refused(progress, at, gone, piece):
    text = to_text(progress)
    progress_or_a_sentence(text[:at] + piece + text[at + gone :])


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_file_is_read_or_refused(text):
    progress_or_a_sentence(text)


values = st.sampled_from(
    [None, True, 0, 5, -1, 2**40, 0.5, "", "red", "2026-03-01", "2026-3-1", [], [[]], {}, {"a": 1}]
)
tables = st.dictionaries(st.text(max_size=3), st.lists(st.lists(values, max_size=5) | values, max_size=3) | values)


@given(st.fixed_dictionaries({"answers": tables, "guesses": tables, "finished": tables}))
def test_any_json_of_the_right_outline_is_read_or_refused(fields):
    progress_or_a_sentence(json.dumps(file(**fields)))
