"""The remarks: who takes most from whom, who shares evenly and why, in sentences that fit one word and many."""

import re

import numpy as np
import pytest
from hypothesis import given

from attention_core import programs, run
from attention_core.examples import BANK, PAINT
from attention_core.remarks import added_by_heads, listed, remarks
from tests.heads import SOUND, drawn, seeds, sizes
from tests.mechanisms import drawn_for

PLACES = "Only the words count here, not where they stand: no places are told."


def said(example, sentence, *, causal=True, mask=None, **changed):
    matrices, labels = example.given(sentence.split(), causal)
    if mask is not None:
        changed["mask"] = np.array(mask, dtype=bool)
    program = programs.one_head(bias=bool(example.neighbour))
    return remarks(run(program, {**matrices, **changed}, labels))


def test_the_running_example():
    assert said(PAINT, PAINT.sentence) == (
        "“ball” takes most from “red”, 3/4.",
        "“hit” takes most from “ball”, 3/5.",
        "“cube” takes the same from “red” and “blue”, 1/3 each: to this head one is as good as the other.",
        PLACES,
        "“blue” asks for nothing (a query of zeros), so it shares evenly.",
    )


def test_the_banks():
    """The program has places, so that a tie is not blamed on their absence."""
    assert said(BANK, BANK.sentence) == (
        "“account” takes most from “bank₁”, 9/10.",
        "“river” takes most from “account”, 9/11.",
        "“bank₂” takes most from “river”, 27/32.",
    )


# ---- one favourite


def test_those_with_the_same_favourite_and_share_stand_in_one_sentence():
    assert said(PAINT, "red ball cube", mask=[[1, 0, 0], [1, 1, 0], [1, 0, 1]]) == (
        "“ball” and “cube” take most from “red”, 3/4.",
    )


def test_those_with_the_same_favourite_and_another_share_do_not():
    assert said(PAINT, "red ball cube") == (
        "“ball” takes most from “red”, 3/4.",
        "“cube” takes most from “red”, 3/5.",
    )


def test_a_favourite_that_is_no_fraction_is_said_rounded():
    assert said(PAINT, "red ball", scale=np.array(0.25)) == ("“ball” takes most from “red”, 0.63.",)


# ---- tied


def test_several_may_be_tied_alike():
    assert said(PAINT, "red blue ball cube", mask=[[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]]) == (
        "“ball” and “cube” take the same from “red” and “blue”, 3/7 each: to this head one is as good as the other.",
        PLACES,
    )


def test_a_tie_of_three_is_a_list():
    first, places = said(PAINT, "red blue green ball")[:2]
    assert first.startswith("“ball” takes the same from “red”, “blue” and “green”, 3/10 each: ")
    assert places == PLACES


def test_places_that_count_are_not_missed():
    """Both neighbours of "bank" are cues: a tie that a bias of places did not break."""
    (tie,) = [text for text in said(BANK, "river bank river", causal=False) if "takes the same" in text]
    assert tie.startswith("“bank” takes the same from “river₁” and “river₂”, 27/55 each")
    assert PLACES not in said(BANK, "river bank river", causal=False)


# ---- evenly


def test_one_that_asks_for_nothing():
    assert said(PAINT, "blue red") == ("“red” asks for nothing (a query of zeros), so it shares evenly.",)


def test_several_that_ask_for_nothing():
    assert said(PAINT, "blue red the") == ("“red” and “the” ask for nothing (a query of zeros), so they share evenly.",)


def test_one_that_asks_and_finds_all_alike():
    assert said(PAINT, "hit ball") == (
        "“ball” asks for something, but every word that it may see fits alike; it shares evenly.",
    )


def test_several_that_ask_and_find_all_alike():
    assert said(PAINT, "ball cube cat") == (
        "“cube” and “cat” ask for something, but every word that they may see fits alike; they share evenly.",
    )


def test_the_silent_stand_before_those_that_find_all_alike():
    silent, even = said(PAINT, "the ball the")
    assert silent.startswith("“the₂” asks for nothing")
    assert even.startswith("“ball” asks for something")


def test_every_word_that_is_seen_counts_as_even_only_among_those():
    """A row is even over the keys that its query may see; hidden keys have no weight and say nothing."""
    assert said(PAINT, "red ball hit", mask=[[1, 0, 0], [0, 1, 1], [0, 0, 1]]) == (
        "“ball” asks for something, but every word that it may see fits alike; it shares evenly.",
    )


# ---- who has no choice


@pytest.mark.parametrize("mask", [np.eye(3), np.zeros((3, 3)), [[0, 1, 0], [0, 0, 0], [1, 0, 0]]])
def test_who_sees_one_word_or_none_is_not_spoken_of(mask):
    assert said(PAINT, "red ball hit", mask=mask) == ()


def test_a_row_that_sees_nothing_stands_among_others():
    assert said(PAINT, "red ball cube", mask=[[0, 0, 0], [1, 1, 0], [0, 0, 0]]) == (
        "“ball” takes most from “red”, 3/4.",
    )


def test_one_word_alone_has_no_remarks():
    assert said(PAINT, "ball") == ()


@pytest.mark.parametrize("variant", [variant for variant in SOUND if variant.hides][:8], ids=repr)
@given(sizes=sizes, seed=seeds)
def test_everybody_who_may_choose_is_spoken_of_once(variant, sizes, seed):
    matrices = drawn(variant, sizes, seed)
    names = [f"word{i}" for i in range(sizes["n"])]
    texts = remarks(run(variant.program, matrices, {"query": names, "key": [f"key{i}" for i in range(len(names))]}))
    spoken = [name for text in texts for name in re.findall(r"“(word\d)”", text)]
    assert sorted(spoken) == [name for name, row in zip(names, matrices["mask"], strict=True) if row.sum() > 1]
    assert all(text.endswith(".") for text in texts)


# ---- lists of words


@pytest.mark.parametrize(
    ("words", "text"),
    [(["red"], "“red”"), (["red", "blue"], "“red” and “blue”"), (["a", "b", "c"], "“a”, “b” and “c”")],
)
def test_words_are_listed(words, text):
    assert listed(words) == text


def test_a_long_word_is_cut_short():
    assert listed(["x" * 60, "y" * 61]) == f"“{'x' * 60}” and “{'y' * 60}…”"


# ---- what each head adds


@given(seeds)
def test_what_each_head_adds_is_what_the_summed_form_computes_and_adds_up(seed):
    size = {"query": 4, "key": 4, "head": 3, "d_model": 7, "d_k": 2, "d_v": 5}
    matrices = drawn_for(programs.SUMMED_HEADS, size, seed)
    summed = run(programs.SUMMED_HEADS, matrices)
    whole = run(programs.MULTI_HEAD, {**matrices, "w_o": matrices["w_o"].reshape(15, 7)})
    apart = next(made.value for made in summed.values() if made.axes == ("head", "query", "d_model"))
    for at in np.ndindex(4, 7):
        parts = added_by_heads(whole, "projected", at)
        np.testing.assert_allclose(parts, apart[:, *at], atol=1e-12)
        np.testing.assert_allclose(sum(parts), whole["projected"].value[at], atol=1e-12)
    assert added_by_heads(whole, "residual", (0, 0)) == ()
    assert added_by_heads(run(programs.SELF_ATTENTION, PAINT.given(["red", "ball"])[0]), "projected", (0, 0)) == ()
