"""The worked numbers of the paint and the banks example, as the fractions that a learner finds by hand."""

from fractions import Fraction
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.examples import BANK, EXAMPLES, LN3, PAINT, unique
from attention_core.numerals import exact

PAINTED = PAINT.sentence.split()
RED, BALL, HIT, BLUE, CUBE = range(5)
BANKED = BANK.sentence.split()


def rows(text):
    """Typed rows of fractions: "3/4 1/4; 1 0"."""
    return np.array([[float(Fraction(part)) for part in row.split()] for row in text.split(";")])


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


def traced(example, sentence, *, causal=True, program=None, **changed):
    given, labels = example.given(sentence, causal)
    return run(program or programs.one_head(bias=bool(example.neighbour)), {**given, **changed}, labels)


# --- Paint -----------------------------------------------------------------------------------------------------------


def test_paint_as_it_is_given():
    given, labels = PAINT.given(PAINTED)
    close(given["x"], rows("1 0 0 1 0 0; 0 1 0 0 0 1; 0 0 1 0 0 0; 1 0 0 0 1 0; 0 1 0 0 0 -1"))
    close(given["w_q"] / (2 * log(3)), rows("0 0 0 0; 1 0 0 0; 0 1 0 0; 0 0 0 0; 0 0 0 0; 0 0 0 0"))
    close(given["w_k"], rows("1 0 0 0; 0 1 0 0; 0 0 1 0; 0 0 0 0; 0 0 0 0; 0 0 0 0"))
    close(given["w_v"], rows("0 0 0 0; 0 0 0 0; 0 0 0 0; 1 0 0 0; 0 1 0 0; 0 0 1 0"))
    close(given["w_o"], rows("0 0 0 1 0 0; 0 0 0 0 1 0; 0 0 0 0 0 1; 0 0 0 0 0 0"))
    assert given["scale"] == 0.5
    assert labels["d_model"] == ("adj", "noun", "verb", "red", "blue", "round")
    assert labels["query"] == labels["key"] == ("red", "ball", "hit", "blue", "cube")


CAUSAL = {
    "exps": "1 0 0 0 0; 3 1 0 0 0; 1 3 1 0 0; 1 1 1 1 0; 3 1 1 3 1",
    "weights": "1 0 0 0 0; 3/4 1/4 0 0 0; 1/5 3/5 1/5 0 0; 1/4 1/4 1/4 1/4 0; 1/3 1/9 1/9 1/3 1/9",
    "output": "1 0 0 0; 3/4 0 1/4 0; 1/5 0 3/5 0; 1/4 1/4 1/4 0; 1/3 1/3 0 0",
    "residual": "1 0 0 2 0 0; 0 1 0 3/4 0 5/4; 0 0 1 1/5 0 3/5; 1 0 0 1/4 5/4 1/4; 0 1 0 1/3 1/3 -1",
}
UNMASKED = {
    "exps": "1 1 1 1 1; 3 1 1 3 1; 1 3 1 1 3; 1 1 1 1 1; 3 1 1 3 1",
    "weights": "1/5 1/5 1/5 1/5 1/5; 1/3 1/9 1/9 1/3 1/9; 1/9 1/3 1/9 1/9 1/3;"
    "1/5 1/5 1/5 1/5 1/5; 1/3 1/9 1/9 1/3 1/9",
    "residual": "1 0 0 6/5 1/5 0; 0 1 0 1/3 1/3 1; 0 0 1 1/9 1/9 0; 1 0 0 1/5 6/5 0; 0 1 0 1/3 1/3 -1",
}  # fmt: skip


@pytest.mark.parametrize("steady", [False, True])
@pytest.mark.parametrize(("causal", "expected"), [(True, CAUSAL), (False, UNMASKED)], ids=["causal", "unmasked"])
def test_paint_by_hand(causal, expected, steady):
    trace = traced(PAINT, PAINTED, causal=causal, program=programs.one_head(steady=steady))
    for name, text in expected.items():
        if not (steady and name == "exps"):
            close(trace[name].value, rows(text))
    if not steady:
        close(trace["row_sums"].value, [1, 4, 5, 4, 9] if causal else [5, 9, 9, 5, 9])


def test_paint_without_a_mask_is_paint_that_hides_nothing():
    trace = traced(PAINT, PAINTED, program=programs.SELF_ATTENTION)
    close(trace["weights"].value, rows(UNMASKED["weights"]))


@pytest.mark.parametrize(("scale", "red"), [(1, 9 / 10), (1 / 2, 3 / 4), (1 / 4, sqrt(3) / (1 + sqrt(3)))])
def test_what_ball_takes_from_red_by_scale(scale, red):
    """Not scaled, by 1/√d_k and by 1/d_k."""
    weights = traced(PAINT, PAINTED, scale=np.array(float(scale)))["weights"].value
    close(weights[BALL, :2], [red, 1 - red])


@pytest.mark.parametrize(("temperature", "red"), [(1 / 2, 9 / 10), (1, 3 / 4), (2, sqrt(3) / (1 + sqrt(3)))])
def test_what_ball_takes_from_red_by_temperature(temperature, red):
    program = programs.one_head(temperature=True)
    weights = traced(PAINT, PAINTED, program=program, temperature=np.array(float(temperature)))["weights"].value
    close(weights[BALL, :2], [red, 1 - red])


@pytest.mark.parametrize(("boost", "blue"), [(3, 3 / 5), (9, 9 / 11), (27, 27 / 29)])
def test_cube_turns_blue_when_the_previous_token_is_boosted(boost, blue):
    bias = np.eye(5, k=-1) * log(boost)
    trace = traced(PAINT, PAINTED, program=programs.one_head(bias=True), bias=bias)
    close(trace["weights"].value[CUBE, BLUE], blue)


def test_twice_the_embeddings_are_four_times_the_score():
    x = 2 * PAINT.given(PAINTED)[0]["x"]
    close(traced(PAINT, PAINTED, x=x)["weights"].value[BALL, :2], [81 / 82, 1 / 82])


ROOT3, CUBE_ROOT3 = 3 ** (1 / 2), 3 ** (1 / 3)
SLIPS = {
    "none": (programs.one_head(), {}, 3 / 5),
    "no scaling": (programs.one_head(scaled=False), {"scale": np.array(1.0)}, 9 / 11),
    "divided by d_k": (programs.one_head(), {"scale": np.array(1 / 4)}, ROOT3 / (ROOT3 + 2)),
    "divided by d_model": (programs.one_head(), {"scale": np.array(1 / 6)}, CUBE_ROOT3 / (CUBE_ROOT3 + 2)),
    "no mask": (programs.SELF_ATTENTION, {}, 1 / 3),
    "masked after softmax": (programs.one_head(ablation="masked_after"), {}, 1 / 3),
    "masked with 0": (programs.one_head(ablation="masked_with_zero"), {}, 3 / 7),
    "softmax over columns": (programs.one_head(ablation="wrong_axis"), {}, 1 / 2),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_what_hit_takes_from_ball_tells_the_slip(slip):
    program, changed, expected = SLIPS[slip]
    trace = traced(PAINT, PAINTED, program=program, **changed)
    name = "masked_weights" if trace.has("masked_weights") else "weights"
    close(trace[name].value[HIT, BALL], expected)


def test_softmax_over_columns_unmasked():
    weights = traced(PAINT, PAINTED, program=programs.wrong_axis(programs.SELF_ATTENTION))["weights"].value
    close(weights.sum(axis=0), 1)
    assert [round(total, 2) for total in weights.sum(axis=1).tolist()] == [0.71, 1.15, 1.28, 0.71, 1.15]


def test_a_cell_of_paint_in_writing():
    trace = traced(PAINT, PAINTED)
    assert trace["weights"].explain((HIT, BALL)).text == "3 / 5"
    assert trace["scaled"].explain((HIT, BALL)).written(exact) == "2 ln 3 × 1/2"
    assert trace["output"].explain((CUBE, 0)).written(exact) == ("1/3 × 1 + 1/9 × 0 + 1/9 × 0 + 1/3 × 0 + 1/9 × 0")
    assert trace["masked"].explain((RED, CUBE)).text == "−∞ (the mask says 0)"
    assert trace["masked"].explain((CUBE, RED)).written(exact) == "ln 3 (the mask says 1)"
    assert trace["residual"].explain((CUBE, 5)).text == "(−1) + 0"


def test_two_adjectives_share_a_noun():
    sentence = ["a", "fluffy", "blue", "creature", "roamed", "the", "verdant", "forest"]
    weights = traced(PAINT, sentence)["weights"].value
    close(weights[3], rows("1/8 3/8 3/8 1/8 0 0 0 0")[0])
    close(weights[7], rows("1/14 3/14 3/14 1/14 1/14 1/14 3/14 1/14")[0])


def test_the_cat_sat_on_the_mat_is_uniform_but_for_the_verb():
    weights = traced(PAINT, ["the", "cat", "sat", "on", "the", "mat"])["weights"].value
    for i in {0, 1, 3, 4, 5}:
        close(weights[i], [1 / (i + 1)] * (i + 1) + [0] * (5 - i))
    close(weights[2], rows("1/5 3/5 1/5 0 0 0")[0])


# --- Banks -----------------------------------------------------------------------------------------------------------


def test_banks_as_they_are_given():
    given, labels = BANK.given(BANKED)
    close(given["x"], rows("1 1 0 1; 2 0 1 0; 0 2 1 0; 1 1 0 1"))
    close(given["w_q"], [[0], [0], [0], [log(3)]])
    close(given["w_k"], rows("0; 0; 1; 0"))
    close(given["w_v"], rows("1 0; 0 1; 0 0; 0 0"))
    close(given["w_o"], rows("1 0 0 0; 0 1 0 0"))
    close(given["bias"] / log(9), rows("0 1 0 0; 1 0 1 0; 0 1 0 1; 0 0 1 0"))
    assert given["scale"] == 1
    assert labels["query"] == labels["key"] == ("bank₁", "account", "river", "bank₂")


def test_the_last_bank_is_a_river_bank():
    trace = traced(BANK, BANKED)
    close(trace["exps"].value[3], [1, 3, 27, 1])
    close(trace["row_sums"].value[3], 32)
    close(trace["output"].value[3], [1 / 4, 7 / 4])
    close(trace["residual"].value[3, :2], [5 / 4, 11 / 4])


def test_the_first_bank_is_balanced_until_it_sees_what_follows():
    close(traced(BANK, BANKED)["residual"].value[0, :2], [2, 2])
    close(traced(BANK, BANKED, causal=False)["residual"].value[0, :2], [11 / 4, 5 / 4])


def test_without_positions_the_last_bank_is_balanced():
    close(traced(BANK, BANKED, program=programs.one_head())["residual"].value[3, :2], [2, 2])


# --- Every example ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_given_matrices_are_fresh_every_time(name):
    example = EXAMPLES[name]
    first, _ = example.given(example.sentence.split())
    for matrix in first.values():
        matrix[...] = 7
    again, _ = example.given(example.sentence.split())
    assert not any(np.array_equal(first[key], again[key]) for key in ("x", "w_q", "w_k", "w_v", "w_o"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_scale_is_one_over_the_root_of_d_k(name):
    given, _ = EXAMPLES[name].given(["bank"])
    assert given["scale"] == 1 / sqrt(given["w_k"].shape[1])


def test_equal_tokens_get_different_labels():
    assert unique(("the", "cat", "the")) == ("the₁", "cat", "the₂")
    assert len(set(unique(["a"] * 16))) == 16
    assert unique(("a", "a", "a₁")) == ("a₂", "a₃", "a₁")


@given(st.lists(st.sampled_from(("a", "a₁", "a₂", "a₁₁", "a₁₂", "b")), max_size=16))
def test_labels_are_unique_whatever_is_typed(tokens):
    labels = unique(tokens)
    assert len(set(labels)) == len(tokens)
    for token, label in zip(tokens, labels, strict=True):
        assert label == token if tokens.count(token) == 1 else label.rstrip("₀₁₂₃₄₅₆₇₈₉") == token.rstrip("₁₂")
    assert log(3) == LN3
