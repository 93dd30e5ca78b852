"""Attempts as CSV: what is written is read again, no cell is a formula, bad tables are refused, a class is "
"summed up."""

import csv
import io
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import progress as core
from attention_core.attempts import (
    COLUMNS,
    LARGEST,
    LONGEST_CELL,
    MOST_ROWS,
    MOST_TABLES,
    Attempt,
    TableError,
    attempts,
    from_csv,
    gains,
    guarded,
    summarised,
    to_csv,
    unguarded,
)
from attention_core.diagnostic import ITEMS
from attention_core.exercises import EXERCISES
from attention_core.progress import DIAGNOSTIC, VOTE, Progress
from attention_core.votes import VOTES
from attention_ui.attempts_panel import described
from tests.test_class_pages import html
from tests.test_pages import alerts, opened, sound

DAY = date(2026, 3, 1)
FORMULAS = ["=1+1", "+1", "-0.5", "@SUM(A1)", "\t=1", "＝1", "'=1", "''", "'", "1;=1", "1; -1", "a\t\t+1", ";'=1;"]
cells = st.sampled_from([*FORMULAS, "3/5", "no scaling", "a,b", 'say "yes"', "é;ü", ""]) | st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), max_size=12
)
named = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
stripped = cells.map(str.strip)
rows = st.builds(
    Attempt, st.sampled_from(["exercise", "vote", "diagnostic", "prediction"]), named,
    st.sampled_from(["yes", "no", "skipped", ""]), answer=stripped, slip=stripped, pseudonym=named,
)  # fmt: skip


def answered(name, right, answer="1", slip="", seed=0, hints=0, start=None, day=DAY):
    return core.answered(start or Progress(), name, seed, right, hints, day, answer, slip)


# --- Writing and reading ---------------------------------------------------------------------------------------------


@given(st.lists(rows, max_size=6))
def test_what_is_written_is_read_again(table):
    text = to_csv(table)
    assert from_csv(text) == from_csv(text.encode()) == from_csv(b"\xef\xbb\xbf" + text.encode()) == table


@given(st.lists(rows, max_size=4))
def test_no_cell_is_a_formula(table):
    for sign in ",;\t":  # a spreadsheet may split at any of them, whatever stands there
        for row in csv.reader(io.StringIO(to_csv(table), newline=""), delimiter=sign):
            cells = row if sign == "," else [cell.strip() for cell in row[1:]]
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) for cell in cells)


@given(st.sampled_from([*FORMULAS, "", "a", "3/5", "a=1"]) | st.text("'=;\t a-", max_size=8))
def test_a_guarded_cell_is_what_it_was(cell):
    assert unguarded(guarded(cell)) == cell
    assert unguarded("it’s") == "it’s"
    assert unguarded("'tis") == "'tis"


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_table_that_a_spreadsheet_saved_again_is_read(sign):
    table = [Attempt("exercise", "E11", "no", answer="9/11, I think; or so", slip="no scaling")]
    text = io.StringIO()
    csv.writer(text, delimiter=sign, lineterminator="\n").writerows(csv.reader(io.StringIO(to_csv(table), newline="")))
    shuffled = [row[::-1] for row in csv.reader(io.StringIO(text.getvalue()), delimiter=sign)]
    again = io.StringIO()
    csv.writer(again, delimiter=sign).writerows([*shuffled, [""] * len(COLUMNS)])
    assert from_csv(again.getvalue()) == table


def test_the_table_says_what_was_done_and_nothing_else():
    now = answered("E11", False, "9/11", "no scaling", seed=4, hints=2)
    now = answered("E11", False, "", start=now, day=date(2026, 3, 2))
    now = answered(f"{VOTE}scaling", True, "0.60", start=now)
    now = answered(f"{DIAGNOSTIC}masks", False, "0", "As if …", seed=1, start=now, day=date(2026, 2, 1))
    now = core.answered(now, "E12", 0, False, 0, DAY)  # as a file of version 1 has it: nobody knows what was answered
    now = core.guessed(core.guessed(now, "home.ball", "red"), "softmax.axis", "")
    (header, *table) = csv.reader(io.StringIO(to_csv(attempts(now, described)), newline=""))
    assert tuple(header) == COLUMNS
    found = [dict(zip(header, row, strict=True)) for row in table]
    assert [(row["day"], row["kind"], row["lesson"], row["right"]) for row in found] == [
        ("2026-02-01", "diagnostic", "masks", "no"),
        ("2026-03-01", "exercise", "one_head", "no"),
        ("2026-03-01", "vote", "similarity", "yes"),
        ("2026-03-01", "exercise", "one_head", "no"),
        ("2026-03-02", "exercise", "one_head", "skipped"),
        ("", "prediction", "home", ""),
        ("", "prediction", "softmax", "skipped"),
    ]
    assert (found[1]["answer"], found[1]["slip"], found[1]["variant"], found[1]["hints"]) == (
        "9/11",
        "no scaling",
        "4",
        "2",
    )
    assert found[1]["title"] == EXERCISES["E11"].title
    assert found[5]["answer"] == "red"
    assert {row["pseudonym"] for row in found} == {""}
    assert {row.pseudonym for row in attempts(now, described, "owl")} == {"owl"}


def test_everything_that_can_be_answered_is_described():
    names = [*EXERCISES, *(VOTE + name for name in VOTES), *(DIAGNOSTIC + idea for idea in ITEMS)]
    assert all(all(described(name)) for name in names)
    assert described("E999") == described(f"{VOTE}none") == ("", "")
    assert described("one_head.mask") == ("one_head", "")


# --- What is refused -------------------------------------------------------------------------------------------------

BAD = {
    "its first line has no column “kind”": "day,answer\n1,2\n",
    "its first line has no column “name”": "kind\n",
    "in line 2 “kind” is “homework”, and may be exercise, vote, diagnostic, "
    "prediction": "kind,name,right\nhomework,E1,yes\n",
    "in line 3 “right” is “perhaps”, and may be yes, no, skipped": "kind,name,right\nvote,a,yes\nvote,a,perhaps\n",
    "line 2 does not say which exercise it is about": "kind,name,right\nvote,,yes\n",
    "it is no text in UTF-8": b"\xff\xfe",
    f"it has {LARGEST + 1:,} bytes; at most {LARGEST:,} are read": " " * (LARGEST + 1),
    f"it has more than {MOST_ROWS:,} lines": "kind,name,right\n" + "vote,a,yes\n" * (MOST_ROWS + 1),
    f"in line 2 the cell “slip” is longer than "
    f"{LONGEST_CELL}": f"kind,name,right,slip\nvote,a,no,{'x' * (LONGEST_CELL + 1)}\n",
    "line 2 cannot be read as a table": f"kind,name,right\n{'x' * 200_000}\n",
}  # fmt: skip


@pytest.mark.parametrize("said", BAD)
def test_a_bad_table_is_refused_in_words(said):
    with pytest.raises(TableError) as error:
        from_csv(BAD[said])
    assert str(error.value).startswith(said)


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_any_file_is_read_or_refused(data):
    with suppress(TableError):  # and nothing else
        assert all(isinstance(row, Attempt) for row in from_csv(data))


# --- A class ---------------------------------------------------------------------------------------------------------


def test_a_class_is_summed_up_by_exercise():
    one = answered("E11", False, "9/11", "no scaling")
    one = answered("E11", False, "9/11", "no scaling", start=one)
    one = answered("E11", True, "3/5", start=one)
    two = answered(f"{VOTE}scaling", True, "0.60", start=answered("E11", True, "3/5"))
    three = core.guessed(answered("E11", False, "1/2", "columns"), "home.ball", "red")
    tables = [attempts(learner, described) for learner in (one, two, three)]
    tables[2] += attempts(answered("E11", False, "9/11", "no scaling"), described, "owl")  # two learners in one table
    exercise, vote = summarised(tables)
    assert (exercise.name, exercise.lesson, exercise.learners, exercise.first, exercise.ever) == (
        "E11",
        "one_head",
        4,
        1,
        2,
    )
    assert exercise.slips == (("no scaling", 2), ("columns", 1))
    assert (vote.kind, vote.learners, vote.first, vote.slips) == ("vote", 1, 1, ())
    assert summarised([]) == []
    with pytest.raises(TableError, match="these are 301 tables; at most 300"):
        summarised([[]] * (MOST_TABLES + 1))


@given(st.lists(st.lists(rows, max_size=4), max_size=4))
def test_counts_stay_within_the_class(tables):
    for one in summarised(tables):
        assert 0 <= one.first <= one.ever <= one.learners <= sum(map(len, tables))
        assert all(0 < count <= one.learners for _, count in one.slips)


# --- The pages -------------------------------------------------------------------------------------------------------


def test_a_teacher_pastes_a_table_and_sees_what_it_comes_to():
    table = to_csv(attempts(answered("E11", False, "9/11", "=no <b>scaling</b>"), described))
    app = opened("pages/teach.py")
    sound(app.text_area(key="attempts.pasted").set_value(table).run())
    assert "1 table, 1 learner." in html(app)
    assert EXERCISES["E11"].title in html(app)
    assert "=no <b>scaling</b> (1)" in html(app)
    assert "<b>scaling</b>" not in " ".join(element.proto.body for element in app.get("html"))
    sound(app.text_area(key="attempts.pasted").set_value("name;day\n1;2\n").run())
    assert "What was pasted was left out: its first line has no column" in alerts(app)[0]


def test_an_exercise_a_vote_and_a_prediction_reach_the_table():
    app = opened("pages/one-head.py")
    field = next(field for field in app.text_input if field.key.startswith("E11.0."))
    field.set_value("9/11")
    sound(app.button(key="E11.0.check").click().run())
    sound(app.button(key="one_head.mask.skip").click().run())
    app.query_params["q"] = "scaling"
    sound(app.switch_page("pages/vote.py").run())
    sound(app.radio(key="ballot.scaling.0.option").set_value(VOTES["scaling"].question.right).run())
    sound(app.radio(key="ballot.scaling.0.sure").set_value(1).run())
    sound(app.button(key="ballot.scaling.0.send").click().run())
    now = app.session_state["progress"]
    (exercise,) = now.answers["E11"]
    assert (exercise.right, exercise.answer, exercise.slip) == (False, "9/11", "no scaling")
    (vote,) = now.answers[f"{VOTE}scaling"]
    assert (vote.right, vote.answer) == (True, VOTES["scaling"].question.answer.text)
    app.query_params.clear()
    sound(app.switch_page("pages/home.py").run())
    sound(app.text_input(key="attempts.who").set_value("owl").run())
    kinds = [row.kind for row in attempts(now, described)]
    assert sorted(kinds) == ["exercise", "prediction", "vote"]


def test_what_a_class_gained_is_counted_by_sitting():
    """Before and after by the parity of the seed; the last sitting of each counts; who took one only gains nothing."""

    def table(*sittings):
        said = {True: "yes", False: "no", None: "skipped"}
        return [Attempt("diagnostic", "d.softmax", said[right], variant=str(seed)) for seed, right in sittings]

    tables = [
        table((0, False), (1, True)), table((0, None), (1, False)), table((0, True), (1, True)), table((0, False)),
        table((1, None)), table((0, True), (2, False), (1, False), (3, True)), table(),
    ]  # fmt: skip
    (found,) = gains(tables)
    assert (found.took, found.right, found.unsure) == ((5, 5), (1, 3), (1, 1))
    assert (found.both, found.learned) == (4, 2)
    assert gains([[]]) == []
    damaged = [replace(row, variant="x") for row in table((0, True))]
    assert gains([damaged]) == []
