"""Worked numbers of the lessons up to one head that no other test says: each follows from a trace, and is typed here
as a fraction, a logarithm or a power of e, as a learner finds it by hand.

Vocabulary
    running example   red ball hit blue cube, causal: a match scores 2 ln 3, scaled ln 3, and counts 3
    chain             one weight from the score of its cell to what its query collects
    entropy           of a row of weights, in bits: 0 when all goes to one token, log₂ n when n tokens get the same
"""

from fractions import Fraction
from math import e, log, log2

import numpy as np
import pytest

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.examples import PAINT
from attention_core.softmax import entropy
from tests.laws import close

RED, BALL, HIT, BLUE, CUBE = range(5)
MATCH = 2 * log(3)  # the score of a query with the key that it looks for


def painted(program=None):
    """The running example, traced."""
    return run(program or programs.one_head(), *PAINT.given(PAINT.sentence.split()))


def bench(name, **settings):
    set_up = BENCHES[name].set_up(**settings)
    return run(set_up.program, set_up.given, set_up.labels)


def fractions(text):
    return [float(Fraction(part)) for part in text.split()]


# --- Lookup ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "slope"), list(enumerate([6 / 10, 3 / 10, 1 / 10])))
def test_the_result_moves_with_a_value_as_fast_as_its_weight_says(key, slope):
    """The derivative of the result by each value is .6, .3 and .1: the result is linear in the values."""
    set_up = BENCHES["lookup"].set_up()
    raised = set_up.given["v"] + np.eye(3)[key].reshape(set_up.given["v"].shape)
    moved = run(set_up.program, {**set_up.given, "v": raised}, set_up.labels)["output"].value
    close(moved - bench("lookup")["output"].value, [slope])


# --- Softmax ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("temperature", "exps", "weights"),
    [(1.0, "8 4 2 1 1", "1/2 1/4 1/8 1/16 1/16"), (0.5, "64 16 4 1 1", "64/86 16/86 4/86 1/86 1/86")],
)
def test_the_whole_row_of_logits_at_a_temperature(temperature, exps, weights):
    trace = bench("softmax", scores="logits", temperature=temperature)
    close(trace["exps"].value[0], fractions(exps))
    close(trace["weights"].value[0], fractions(weights))


@pytest.mark.parametrize("keys", BENCHES["softmax"].allowed["keys"])
def test_the_exponential_of_a_cosine_lies_between_1_over_e_and_e(keys):
    """.368 and 2.718. So the best key counts at most e² = 7.389 times as much as any other, however many there are."""
    trace = bench("softmax", scores="cosines", keys=keys)
    close(trace["exps"].value[0], [e] + [1 / e] * (keys - 1))
    close(trace["weights"].value[0], [e**2 / (e**2 + keys - 1)] + [1 / (e**2 + keys - 1)] * (keys - 1))


# --- Queries, keys, values -------------------------------------------------------------------------------------------

PROJECTED = {  # in units of their match, by row: red, ball, hit, blue, cube; the fourth coordinate is spare
    "q": (MATCH, "0 0 0 0", "1 0 0 0", "0 1 0 0", "0 0 0 0", "1 0 0 0"),
    "k": (1, "1 0 0 0", "0 1 0 0", "0 0 1 0", "1 0 0 0", "0 1 0 0"),
    "v": (1, "1 0 0 0", "0 0 1 0", "0 0 0 0", "0 1 0 0", "0 0 -1 0"),
}


@pytest.mark.parametrize("name", PROJECTED)
def test_every_query_key_and_value_of_the_running_example(name):
    unit, *rows = PROJECTED[name]
    for trace in (painted(), bench("projections")):
        close(trace[name].value, unit * np.array([fractions(row) for row in rows]))


def test_2_ln_3_is_what_the_lessons_round():
    assert f"{painted()['q'].value[BALL, 0]:.4f}" == "2.1972"
    assert f"{painted()['scaled'].value[HIT, BALL]:.4f}" == "1.0986"


# --- One head --------------------------------------------------------------------------------------------------------

MATCHES = np.array([fractions(row) for row in ("0 0 0 0 0", "1 0 0 1 0", "0 1 0 0 1", "0 0 0 0 0", "1 0 0 1 0")])


def test_a_match_scores_2_ln_3_and_scaled_ln_3_and_all_else_0():
    trace = painted()
    close(trace["scores"].value, MATCHES * MATCH)
    close(trace["scaled"].value, MATCHES * log(3))


def test_the_chain_from_hit_and_ball_to_what_hit_collects():
    """2.197 / 2 = 1.0986, exp makes 3, of 1 + 3 + 1 that is 3/5, and hit collects (1/5, 0, 3/5) of the colours."""
    trace = painted()
    chain = [trace[name].value[HIT, BALL] for name in ("scores", "scaled", "masked", "exps", "weights")]
    close(chain, [MATCH, log(3), log(3), 3, 3 / 5])
    close(trace["row_sums"].value[HIT], 1 + 3 + 1)
    close(trace["output"].value[HIT], fractions("1/5 0 3/5 0"))
    close(trace["residual"].value[HIT] - PAINT.given(["hit"])[0]["x"][0], fractions("0 0 0 1/5 0 3/5"))


ENTROPIES = {  # exact, and as the row of fractions gives it; rounded: 0, .81, 1.37, 2, 2.11 bits
    RED: (0, "0.00"),
    BALL: (2 - 3 / 4 * log2(3), "0.81"),
    HIT: (log2(5) - 3 / 5 * log2(3), "1.37"),
    BLUE: (2, "2.00"),
    CUBE: (4 / 3 * log2(3), "2.11"),
}


@pytest.mark.parametrize("query", ENTROPIES)
def test_it_is_not_always_one_or_few_tokens_that_matter(query):
    """The entropy of each row: from red, who sees itself alone, to cube, who comes near to an even share of five."""
    row = painted()["weights"].value[query]
    bits = entropy(row).item()
    exactly, rounded = ENTROPIES[query]
    close(bits, exactly)
    assert f"{bits:.2f}" == rounded
    assert bits <= log2(5)


def test_two_rules_are_all_that_the_query_and_key_weights_say():
    """W_Q times W_K turned over: nouns look for adjectives, verbs for nouns, and every other cell is 0."""
    combined = painted(programs.masked(programs.COMBINED))["w_qk"].value
    adj, noun, verb = (PAINT.features.index(name) for name in ("adj", "noun", "verb"))
    assert sorted(map(tuple, np.argwhere(combined).tolist())) == sorted([(noun, adj), (verb, noun)])
    close([combined[noun, adj], combined[verb, noun]], [MATCH, MATCH])
    assert programs.rank(combined) == 2
