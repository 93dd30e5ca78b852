"""Constructions: any right one passes, a wrong one is told its sentence and its cell, and nothing crashes."""

from fractions import Fraction
from itertools import pairwise
from math import cos, log, radians, sin, sqrt

import numpy as np
import pytest

from attention_core.exercises import EXERCISES
from attention_core.exercises.answers import typed
from attention_core.exercises.query_key import _HIDDEN, _SHOWN, _part, _rule, _sentence
from tests.laws import close

CONSTRUCTED = ("E14", "E15", "E16")
BIG = 2 * log(27)


def answer(name, changes, seed=0):
    """The start of the exercise, with these cells: {("w_q", 1, 0): 2.0}."""
    task = EXERCISES[name].task(seed)
    texts = dict(zip(task.blanks, task.start, strict=True))
    for (matrix, *at), value in changes.items():
        assert (matrix, tuple(at)) in texts
        texts[matrix, tuple(at)] = value if isinstance(value, str) else typed(value)
    return task.check(texts)


# --- E14: every noun attends to its adjective ------------------------------------------------------------------------

BEFORE, AFTER = ("table", 1), ("table", 3)
HEADS = {
    "the model": {("w_q", 1, 0): "2 ln 27", ("w_k", 0, 0): "1", BEFORE: "ln 9"},
    "the other column, both signs turned": {("w_q", 1, 1): "-10", ("w_k", 0, 1): "-1", BEFORE: "2"},
    "everybody looks": {**{("w_q", i, 0): "8" for i in range(3)}, ("w_k", 0, 0): "1", BEFORE: "ln 9"},
    "verbs repel, adjectives draw": {("w_q", 1, 0): "6", ("w_q", 1, 1): "3", ("w_k", 0, 0): "1", ("w_k", 0, 1): "1",
                                     ("w_k", 2, 0): "-1", BEFORE: "ln 9"},
    "the number in W_K": {("w_q", 1, 0): "1", ("w_k", 0, 0): "2 ln 27", BEFORE: "ln 9", AFTER: "0.1"},
}  # fmt: skip


@pytest.mark.parametrize("how", HEADS)
def test_any_head_that_does_it_is_right(how):
    verdict = answer("E14", HEADS[how])
    assert verdict.right, verdict.says
    assert "all 8 sentences" in verdict.says


@pytest.mark.parametrize(("boost", "match"), [("ln 9", "0"), ("ln 9", "0.5"), ("0", "2 ln 27"), ("ln 2", "50")])
def test_neither_bias_nor_match_is_enough(boost, match):
    verdict = answer("E14", {("w_q", 1, 0): match, ("w_k", 0, 0): "1", BEFORE: boost})
    assert not verdict.right
    assert " takes " in verdict.says
    assert "at least 0.80 is asked" in verdict.says


def test_the_sentence_and_the_cell_that_fail_are_named():
    verdict = answer("E14", {("w_q", 1, 0): "2 ln 27", ("w_k", 0, 0): "1"})
    assert verdict.says.startswith("Not right. In “small car hit big box”, car takes 0.47 from small, and at least")
    assert [slip.name for slip in verdict.slips] == ["no bias"]


@pytest.mark.parametrize("bias", ["ln 10", "9", "-0.1"])
def test_a_bias_out_of_bounds_is_refused(bias):
    verdict = answer("E14", HEADS["the model"] | {BEFORE: bias})
    assert [slip.name for slip in verdict.slips] == ["bias out of bounds"]
    assert "between 0 and ln 9" in verdict.says


def test_the_shares_of_the_model():
    """243 / (268 + n) for n words of which two are adjectives."""
    model = _rule("noun", "adj", 27, 9)
    for n in range(4, 9):
        words = (*["the"] * (n - 4), "small", "car", "red", "cube")
        weights = _sentence(words, table=True).trace(model)["weights"].value
        close(weights[n - 1, n - 2], float(Fraction(243, 268 + n)))
    assert round(243 / 276, 3) == 0.880


def test_the_hidden_sentences_are_as_the_question_says():
    for seed in range(12):
        checker = EXERCISES["E14"].task(seed).checker
        seeker, sought = (("noun", "adj"), ("verb", "noun"), ("noun", "verb"))[seed % 3]
        assert len(checker.sentences) == 8
        for sentence in checker.sentences:
            roles = [_part(sentence.words, i) for i in range(len(sentence.words))]
            assert len(roles) <= 8
            assert roles.count(sought) <= 2
            assert (sought, seeker) in pairwise(roles)
        assert max(len(sentence.words) for sentence in checker.sentences) == 8


def test_every_word_of_the_sentences_has_the_part_that_we_say():
    """The features of the word list agree with the roles that the exercises go by."""
    for words in (*_HIDDEN, *(s.words for seed in range(6) for s in EXERCISES["E14"].task(seed).checker.sentences)):
        x = _sentence(words).given["x"]
        for i in range(len(words)):
            role = _part(words, i)
            assert x[i, :3].tolist() == [float(role == name) for name in ("adj", "noun", "verb")], words[i]


# --- E15: one entry --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2 ln 3", "ln 9", "2.1972"])
def test_the_one_entry_however_it_is_written(text):
    assert answer("E15", {("w_q", 0, 1): text}).right


def test_the_rows_of_adjectives_after_the_change():
    task = EXERCISES["E15"].task(0)
    weights = task.trace["weights"].value
    for row in (0, 3):
        close(weights[row], np.array([1, 3, 1, 1, 3]) / 9)
    for row, counts in ((1, [3, 1, 1, 3, 1]), (2, [1, 3, 1, 1, 3]), (4, [3, 1, 1, 3, 1])):
        close(weights[row], np.array(counts) / 9)


def test_no_other_single_entry_does_it():
    task = EXERCISES["E15"].task(0)
    right = 0
    for target, start in zip(task.blanks, task.start, strict=True):
        for text in ("0", "1", "-1", "ln 3", "2 ln 3", "-2 ln 3", "4 ln 3"):
            texts = dict(zip(task.blanks, task.start, strict=True)) | {target: text}
            verdict = task.check(texts)
            right += verdict.right
            assert not (verdict.right and text == start)
    assert right == 1


def test_a_wrong_entry_is_told_its_sentence_and_cell():
    verdict = answer("E15", {("w_q", 0, 1): "ln 3"})
    assert verdict.says.startswith(
        "Not right. In “red ball hit blue cube”, red takes 0.27 from ball, and 0.33 is asked"
    )
    assert [slip.name for slip in verdict.slips] == ["scaling forgotten"]


# --- E16: other weights, the same attention --------------------------------------------------------------------------

G = 2 * log(3)
TURN = radians(30)
WEIGHTS = {
    "columns exchanged": {("w_q", 1, 0): 0, ("w_q", 1, 1): G, ("w_q", 2, 0): G, ("w_q", 2, 1): 0, ("w_k", 0, 0): 0,
                          ("w_k", 0, 1): 1, ("w_k", 1, 0): 1, ("w_k", 1, 1): 0},
    "doubled and halved": {("w_q", 1, 0): 2 * G, ("w_q", 2, 1): 2 * G, ("w_k", 0, 0): 0.5, ("w_k", 1, 1): 0.5},
    "turned": {("w_q", 1, 0): G * cos(TURN), ("w_q", 1, 1): G * sin(TURN), ("w_q", 2, 0): -G * sin(TURN),
               ("w_q", 2, 1): G * cos(TURN), ("w_k", 0, 0): cos(TURN), ("w_k", 0, 1): sin(TURN),
               ("w_k", 1, 0): -sin(TURN), ("w_k", 1, 1): cos(TURN)},
    "signs of one column": {("w_q", 1, 0): -G, ("w_k", 0, 0): -1},
}  # fmt: skip


@pytest.mark.parametrize("how", WEIGHTS)
def test_any_other_weights_with_the_same_attention_are_right(how):
    verdict = answer("E16", WEIGHTS[how])
    assert verdict.right, verdict.says


@pytest.mark.parametrize("factor", [2, 1.00001, -1])
def test_one_matrix_alone_is_told_its_cell(factor):
    verdict = answer("E16", {("w_q", 1, 0): factor * G, ("w_q", 2, 1): factor * G})
    assert not verdict.right
    assert "In “red ball hit blue cube”, " in verdict.says
    assert [slip.name for slip in verdict.slips] == ["only W_Q"]


# --- All of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_every_slip_that_a_repair_takes_back_is_shown_by_an_example(name):
    for seed in range(8):
        task = EXERCISES[name].task(seed)
        assert {slip.name for slip in task.checker.repairs} <= {slip for slip, _ in task.wrong()}


@pytest.mark.parametrize("name", CONSTRUCTED)
@pytest.mark.parametrize("text", ["1e9", "-1e9", "1e-9", "1e15"])
def test_extreme_numbers_get_a_sentence(name, text):
    task = EXERCISES[name].task(0)
    verdict = task.check(dict.fromkeys(task.blanks, text))
    assert not verdict.right
    assert verdict.says.endswith((".", ":"))


@pytest.mark.parametrize("name", CONSTRUCTED)
@pytest.mark.parametrize("bad", ["", "abc", "1/0", None, "nan", "x" * 3000])
def test_a_cell_that_cannot_be_read_is_named(name, bad):
    task = EXERCISES[name].task(0)
    texts = dict(zip(task.blanks, task.start, strict=True))
    verdict = task.check(texts | {task.blanks[1]: bad})
    assert not verdict.right
    assert verdict.says.startswith("Query weights (adj, 1): ")
    assert not task.check(None).right


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_noise_gets_a_cell_and_no_slip(name):
    rng = np.random.default_rng(3)
    task = EXERCISES[name].task(0)
    noise = {target: f"{abs(x):.3f}" for target, x in zip(task.blanks, rng.normal(size=len(task.blanks)), strict=True)}
    verdict = task.check(noise)
    assert not verdict.right
    assert {slip.name for slip in verdict.slips} <= {"several entries"}


def test_the_shown_sentence_is_the_running_example():
    assert " ".join(_SHOWN) in EXERCISES["E14"].task(0).prompt
    assert sqrt(EXERCISES["E14"].task(0).trace.given["w_q"].value.shape[1]) == 2
