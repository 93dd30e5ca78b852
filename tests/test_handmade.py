"""The heads built by hand do what is said of them, on any text: weights by counting, in plain Python."""

from fractions import Fraction
from math import isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import run
from attention_core.examples import PAINT
from attention_core.handmade import HEADS
from tests.loops import close

few = settings(max_examples=25)
texts = st.lists(st.sampled_from(["red", "Red", "ball", "blue", "cube", "<s>"]), min_size=1, max_size=9)
factors = st.one_of(st.none(), st.floats(1.5, 1e4))
EXAMPLES = ["red ball hit blue cube", "the cat sat on the mat", "a a a", "word", "Red red RED ball", "red ball"]


def shares(n, counts, causal):
    """The weights [n, n] of tokens j that count counts(i, j) for token i, and of those that it may not see 0."""
    rows = [[counts(i, j) if j <= i or not causal else 0 for j in range(n)] for i in range(n)]
    return [[count / sum(row) for count in row] for row in rows]


def wanted(name, words, factor):
    """Which tokens a head looks for, as a function of the two places."""
    looks_for = {
        "uniform": lambda i, j: False,
        "previous": lambda i, j: j == i - 1,
        "next": lambda i, j: j == i + 1,
        "same": lambda i, j: words[i] == words[j],
        "sink": lambda i, j: j == 0,
    }[name]
    return lambda i, j: factor if looks_for(i, j) else 1


def traced(name, tokens, factor=None):
    given, labels = HEADS[name].given(tokens, factor)
    return run(HEADS[name].program, given, labels)


@pytest.mark.parametrize("name", ["uniform", "previous", "next", "same", "sink"])
@given(tokens=texts, factor=factors)
@few
def test_a_head_looks_where_it_is_said_to(name, tokens, factor):
    head, words = HEADS[name], [token.casefold() for token in tokens]
    counts = wanted(name, words, head.factor if factor is None else factor)
    close(traced(name, tokens, factor)["weights"].value, shares(len(tokens), counts, head.causal), 1e-11)


@pytest.mark.parametrize("name", ["uniform", "previous", "next", "same"])
@given(tokens=texts)
@few
def test_a_head_hands_over_the_words_that_it_looked_at(name, tokens):
    """What is written to "after w" is the share of the weights that goes to tokens that are w; nothing else moves."""
    trace = traced(name, tokens)
    words = list(dict.fromkeys(token.casefold() for token in tokens))
    is_word = np.array([[token.casefold() == word for word in words] for token in tokens], float)
    projected = trace["projected"].value
    close(projected[:, -len(words) :], trace["weights"].value @ is_word)
    assert not projected[:, : -len(words)].any()
    assert trace["projected"].labels[1][-len(words) :] == tuple(f"after {word}" for word in words)


@given(tokens=texts)
@few
def test_a_sink_hands_nothing_over(tokens):
    """By default it takes 999 of every 999 + i; the word that stands first is never handed over."""
    trace = traced("sink", tokens)
    for i, row in enumerate(trace["weights"].value):
        assert isclose(row[0], 999 / (999 + i))
    assert not trace["v"].value[0].any()
    assert np.abs(trace["projected"].value).max() < 0.01


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("sentence", EXAMPLES)
def test_every_head_runs_on_every_text_with_labels_that_fit(name, sentence):
    tokens = sentence.split()
    given, labels = HEADS[name].given(tokens)
    trace = run(HEADS[name].program, given, labels)
    for made in trace.values():
        assert tuple(map(len, made.labels)) == made.value.shape
    words = list(dict.fromkeys(map(str.casefold, tokens)))
    places = [f"at {i}" for i in range(1, len(tokens) + 1)]
    features = (*words, *places, *(f"after {word}" for word in words))
    assert labels["d_model"] == (PAINT.features if name == "adjective" else features)
    assert HEADS[name].name == name
    assert HEADS[name].about.endswith(".")


# --- Induction -------------------------------------------------------------------------------------------------------


def last_rows(tokens, factor=None):
    """The last token's weights in layer 2, and what it says next: word -> probability."""
    given, labels = HEADS["induction"].given(tokens, factor)
    trace = run(HEADS["induction"].program, given, labels)
    words = list(dict.fromkeys(token.casefold() for token in tokens))
    said = trace["layer2.projected"].value[-1]
    assert not said[len(words) :].any()
    return trace["layer2.weights"].value[-1], dict(zip(words, said, strict=False))


def test_after_red_comes_ball():
    weights, said = last_rows(["<s>", "red", "ball", "blue", "cube", "red"])
    close(weights, [0.02, 0.02, 0.9, 0.02, 0.02, 0.02], 1e-4)
    expected = {"<s>": 0.02, "red": 0.04, "ball": 0.9, "blue": 0.02, "cube": 0.02}
    assert said.keys() == expected.keys()
    close(list(said.values()), list(expected.values()), 1e-4)


@given(tokens=texts, factor=st.floats(2, 1000))
@few
def test_a_word_is_followed_by_what_followed_it(tokens, factor):
    """A token after an earlier one of the same word counts `factor` times; the first token came after nothing."""
    words = [token.casefold() for token in tokens]
    counts = [factor if j and words[j - 1] == words[-1] else 1 for j in range(len(words))]
    weights, said = last_rows(tokens, factor)
    close(weights, np.array(counts) / sum(counts), 3e-4)
    for word, share in said.items():
        close(share, sum(c for c, other in zip(counts, words, strict=True) if other == word) / sum(counts), 3e-4)


def test_a_text_that_begins_with_the_word_is_no_exception():
    weights, _ = last_rows(["red", "ball", "blue", "red"])
    close(weights, [1 / 48, 45 / 48, 1 / 48, 1 / 48], 1e-4)


# --- Adjectives ------------------------------------------------------------------------------------------------------

# Two adjectives, each just before its noun, in texts of 4 to 8 tokens.
SENTENCES = [
    "red ball blue cube",
    "the red ball hit blue cube",
    "a red ball hit the blue cube today",
    "the big dog saw a small cat",
    "the young witch saw a wild wolf again",
    "now a blue block hit the red balloon",
    "tired student reads about the old tower today",
    "the brave girl walked towards a dark tower",
]


def adjectives_and_nouns(tokens):
    x = HEADS["adjective"].given(tokens)[0]["x"]
    return [i for i, row in enumerate(x) if row[0]], [i for i, row in enumerate(x) if row[1]]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_noun_finds_its_own_adjective(sentence):
    """243 for the adjective just before, 27 for the other, 1 for each of the n − 2 others: 243 / (268 + n)."""
    tokens = sentence.split()
    n = len(tokens)
    adjectives, nouns = adjectives_and_nouns(tokens)
    assert [i + 1 for i in adjectives] == nouns
    assert len(nouns) == 2
    trace = traced("adjective", tokens)
    for noun in nouns:
        row = trace["weights"].value[noun]
        assert row.argmax() == noun - 1
        close(row[noun - 1], 243 / (268 + n))
        other = next(i for i in adjectives if i != noun - 1)
        close(row[other], 27 / (268 + n))
        close(np.delete(row, adjectives), np.full(n - 2, 1 / (268 + n)))
    assert Fraction(243, 268 + 8) > Fraction(88, 100)


def test_a_nouns_own_colour_comes_through():
    """red ball, blue cube: what each noun takes on is its adjective's colour, nearly all of it."""
    trace = traced("adjective", ["a", "red", "ball", "hit", "the", "blue", "cube", "today"])
    red, blue = PAINT.features.index("red"), PAINT.features.index("blue")
    close(trace["projected"].value[2, [red, blue]], [243 / 276, 27 / 276])
    close(trace["projected"].value[6, [red, blue]], [27 / 276, 243 / 276])


@pytest.mark.parametrize("sentence", SENTENCES)
def test_who_is_no_noun_looks_for_nothing(sentence):
    """Only the place tells for the others: nine times as much for the token just before."""
    tokens = sentence.split()
    n = len(tokens)
    nouns = adjectives_and_nouns(tokens)[1]
    expected = shares(n, lambda i, j: 9 if j == i - 1 else 1, causal=False)
    weights = traced("adjective", tokens)["weights"].value
    for i in set(range(n)) - set(nouns):
        close(weights[i], expected[i])


# --- What cannot be built --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEADS)
def test_no_tokens_are_refused(name):
    with pytest.raises(ValueError, match=f"the head '{name}' needs at least one token, and there is none"):
        HEADS[name].given([])


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("factor", [1, 0, -3, 0.5, float("nan"), float("inf")])
def test_factors_that_favour_nobody_are_refused(name, factor):
    with pytest.raises(ValueError, match="factor says how many times as much the intended key counts"):
        HEADS[name].given(["red", "ball"], factor)
