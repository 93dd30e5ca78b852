"""Votes and plans: each answer is computed once more, in another way; options differ; plans open what they promise.

The oracles are loops and formulas over the matrices of the curriculum's running example, written out here: none of them
reads a bench, a program or a trace.
"""

import re
from math import exp, isclose, log

import numpy as np
import pytest

from attention_core import dialogue
from attention_core.choices import LETTERS, Option, asked
from attention_core.numerals import parse
from attention_core.plans import PLANS
from attention_core.reference import attention
from attention_core.votes import VOTES
from attention_ui.class_links import prepared
from attention_ui.document import Document
from attention_ui.lesson import LESSONS
from attention_ui.link import unpack
from attention_ui.sheet import Sheet

RED, BALL, HIT, BLUE, CUBE = range(5)
X = np.array([[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1.0]])
W_Q, W_K, W_V, W_O = np.zeros((6, 4)), np.zeros((6, 4)), np.zeros((6, 4)), np.zeros((4, 6))
W_Q[1, 0] = W_Q[2, 1] = 2 * log(3)
W_K[0, 0] = W_K[1, 1] = W_K[2, 2] = 1
W_V[3, 0] = W_V[4, 1] = W_V[5, 2] = 1
W_O[0, 3] = W_O[1, 4] = W_O[2, 5] = 1
CAUSAL, FULL = np.tril(np.ones((5, 5), bool)), np.ones((5, 5), bool)


def shares(scores, seen=None):
    """The weights of one row of scores, by the definition."""
    powers = [exp(s) if seen is None or seen[j] else 0 for j, s in enumerate(scores)]
    return [power / sum(powers) for power in powers]


def weights(x=X, mask=CAUSAL, divisor=2.0):
    scores = (x @ W_Q) @ (x @ W_K).T / divisor
    return np.array([shares(scores[i], mask[i]) for i in range(len(x))])


def ball_from_red(**changes):
    return weights(**changes)[BALL, RED]


def layered(x):
    """A whole layer: what the head collects is added."""
    return x + weights(x) @ x @ W_V @ W_O


def hidden_by_zero():
    scores = (X @ W_Q) @ (X @ W_K).T / 2
    return shares([s if seen else 0.0 for s, seen in zip(scores[HIT], CAUSAL[HIT], strict=True)])[BALL]


def with_bias(factor):
    scores = (X @ W_Q) @ (X @ W_K).T / 2
    return shares([s + (log(factor) if j == CUBE - 1 else 0) for j, s in enumerate(scores[CUBE])])[BLUE]


def spread_by_drawing():
    rng = np.random.default_rng(3)
    q, k = rng.normal(size=(2, 20_000, 64))
    return round(np.std((q * k).sum(axis=1)).item())


def gradient_by_nudging(letter):
    """The largest derivative of (ball'.red − 1)² by a number of one matrix."""
    found = []
    for at in np.ndindex(W_O.shape if letter == "W_O" else W_Q.shape):
        losses = []
        for by in (1e-5, -1e-5):
            matrices = {"W_Q": W_Q.copy(), "W_K": W_K.copy(), "W_V": W_V.copy(), "W_O": W_O.copy()}
            matrices[letter][at] += by
            x, tri = X[:2], CAUSAL[:2, :2]
            q, k, v = (x @ matrices[name] for name in ("W_Q", "W_K", "W_V"))
            out = x + attention(q, k, v, tri) @ matrices["W_O"]
            losses.append((out[BALL, 3] - 1) ** 2)
        found.append(abs(losses[0] - losses[1]) / 2e-5)
    return max(found)


def heads_part(order):
    """What two heads add, one after the other: the sum of their parts, in any order."""
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(2, 3, 5))
    return np.allclose(parts[order].sum(axis=0), parts.sum(axis=0))


def moved_when_swapped():
    order = [BLUE, BALL, HIT, RED, CUBE]
    plain, swapped = weights(mask=FULL) @ X @ W_V, weights(X[order], FULL) @ X[order] @ W_V
    return "nothing" if np.allclose(plain[CUBE], swapped[CUBE]) else "something"


def wrong_lines():
    """The first of the printed lines whose numbers do not follow, by arithmetic."""
    vectors, printed = dialogue.VECTORS.value, dialogue.SCORES.value
    lengths = np.sqrt((vectors**2).sum(axis=1))
    cosines = vectors @ vectors.T / np.outer(lengths, lengths)
    return "the cosines" if np.abs(cosines - printed).max() > 0.06 else "another"


def tied_ways():
    q = X @ W_Q
    scores = q @ q.T / 2
    rows = np.array([shares(row) for row in scores])
    kinds = [name for name, m in (("scores", scores), ("weights", rows)) if np.allclose(m, m.T)]
    return "scores, but not weights" if kinds == ["scores"] else "other"


def collected():
    red, blue = (weights() @ X @ W_V @ W_O)[CUBE, 3:5]
    return "as much red as blue" if isclose(red, blue) else "unequal"


def made(n, stretch=1.0):
    """All matrices of a text of n words."""
    x = stretch * X[:n]
    q, k, v = x @ W_Q, x @ W_K, x @ W_V
    return {"X": x, "Q": q, "K": k, "V": v, "the scores": q @ k.T, "W_Q": W_Q, "W_K": W_K, "W_V": W_V}


def anew(n, stretch=1.0):
    return {name.removeprefix("the "): m for name, m in made(n, stretch).items() if name != "X"}


def listed(one, other, differ):
    *most, last = [name for name in one if differ(one[name], other[name])]
    return f"{', '.join(most)} and {last}"


ORACLES = {
    "paint": collected,
    "nothing-fits": lambda: weights()[BLUE, BALL],
    "mixed": lambda: (6 * 10 + 3 * 20 + 1 * 60) / 10,
    "nudge": lambda: 0,
    "plus-100": lambda: shares([log(3), 0, 0])[0],
    "negative": lambda: shares([2, -1, 1])[1],
    "temperature": lambda: 8**2 / (8**2 + 4**2 + 2**2 + 1 + 1),
    "scaling": lambda: weights()[HIT, BALL],
    "spread": spread_by_drawing,
    "length": lambda: listed(made(1), made(5), lambda a, b: a.shape != b.shape),
    "owner": lambda: "“hit”" if np.allclose((weights() @ X @ W_V @ W_O)[HIT, 3:], [0.2, 0, 0.6]) else "another",
    "unmasked": lambda: weights(mask=FULL)[HIT, BALL],
    "tied": tied_ways,
    "itself": lambda: weights()[BALL, BALL],
    "residual": lambda: (weights() @ X @ W_V @ W_O)[BALL, 1],
    "identity": lambda: (weights() @ X)[BALL, 0],
    "append": ball_from_red,
    "hidden-by-zero": hidden_by_zero,
    "swapped": moved_when_swapped,
    "word-before": lambda: with_bias(9),
    "head-count": lambda: 6 * (3 * 12 * 2 + 2 * 12),
    "head-order": lambda: 0 if heads_part([1, 0]) else 30,
    "cross-shape": lambda: "2 × 3",
    "doubled": lambda: ball_from_red(x=2 * X),
    "next-row": lambda: "the last, no. 5",
    "one-more-layer": lambda: layered(layered(X))[CUBE, 3],
    "stored": lambda: f"{4 * (10**8) ** 2 // 10**15} PB",
    "more-heads": lambda: sum(4 * 3 for _ in range(25)),
    "gradients": lambda: (
        "W_Q, W_K, W_V and W_O" if min(map(gradient_by_nudging, ("W_Q", "W_K", "W_V", "W_O"))) > 1e-3 else ""
    ),
    "reading": lambda: (
        listed(made(5), made(5, 3.0), lambda a, b: not np.array_equal(a, b)).removeprefix("X, ").replace("the ", "")
    ),
    "silent": lambda: 8 * exp(0) / (8 * exp(0) + 1 + 3),
    "merged": lambda: (6 + 1) / (6 + 1 + 2 + 3),
    "first-wrong": wrong_lines,
    "which-sum": lambda: sum(exp(x) for x in (1, 0.9, 0.7, 0.6, 1, 0.8)),
}


def read(text: str) -> float | None:
    """The number that an option begins with, if it does: “3/5, as before”, “about 8”."""
    found = re.match(r"(?:about )?(−?\d+(?:\.\d+)?(?:/\d+)?)(?:$|[,:])", text)
    return parse(found[1]) if found else None


@pytest.mark.parametrize("name", VOTES)
def test_the_right_answer_is_computed_once_more(name):
    expected, answer = ORACLES[name](), VOTES[name].question.answer.text
    if isinstance(expected, str):
        assert answer == expected
    else:
        exactly = "." not in answer
        assert read(answer) == pytest.approx(float(expected), abs=1e-9 if exactly else 0.005)


@pytest.mark.parametrize("name", VOTES)
def test_the_wrong_options_are_wrong_and_differ(name):
    question = VOTES[name].question
    assert len(question.options) == len(LETTERS)
    numbers = [read(option.text) for option in question.options]
    told = [number for number in numbers if number is not None]
    assert all(abs(a - b) > 0.005 for i, a in enumerate(told) for b in told[:i]), told
    assert question.prompt.endswith("?")
    texts = [question.prompt, *(text for option in question.options for text in (option.text, option.says))]
    assert not any(re.search(r"[{}]|nan|None|  ", text) for text in texts)
    assert all(re.search(r"[.)]$", option.says) for option in question.options)
    assert len(question.prompt) <= 260  # it is read from the last row


def test_every_lesson_has_a_vote():
    assert {vote.lesson for vote in VOTES.values()} == {lesson.name for lesson in LESSONS}
    assert set(ORACLES) == set(VOTES)


def test_no_letter_is_always_right():
    places = [vote.question.right for vote in VOTES.values()]
    assert {places.count(i) > 0 for i in range(4)} == {True}
    assert max(map(places.count, range(4))) <= len(places) / 2


def test_a_question_keeps_its_order():
    assert all(vote.question == type(vote)(vote.name, vote.lesson, vote.make).question for vote in VOTES.values())


def test_options_that_say_the_same_are_refused():
    with pytest.raises(ValueError, match="options that differ"):
        asked(0, "?", Option("1", "."), Option("2", "."), Option("2", "."), Option("3", "."))
    with pytest.raises(ValueError, match="has 4 options"):
        asked(0, "?", Option("1", "."), Option("2", "."))


# --- Plans -----------------------------------------------------------------------------------------------------------

EVERY_STEP = [(plan, step) for plans in PLANS.values() for plan in plans for step in plan.steps]


@pytest.mark.parametrize("minutes", PLANS)
def test_a_plan_takes_as_long_as_it_says(minutes):
    assert {plan.minutes for plan in PLANS[minutes]} == {minutes}
    assert len({plan.title for plan in PLANS[minutes]}) == len(PLANS[minutes])


def test_every_lesson_has_five_minutes():
    assert [plan.lessons for plan in PLANS[5]] == [(name,) for name in dict.fromkeys(p.lessons[0] for p in PLANS[5])]
    assert {plan.lessons[0] for plan in PLANS[5]} == {lesson.name for lesson in LESSONS}


@pytest.mark.parametrize(("plan", "step"), EVERY_STEP, ids=lambda part: getattr(part, "title", None))
def test_a_step_opens_its_lesson_in_the_state_that_it_needs(plan, step):
    (known,) = (lesson for lesson in LESSONS if lesson.name == step.lesson)
    params = prepared(step.lesson, step.settings, step.stage)
    document, view, problems = unpack(params, Sheet(known.bench) if known.bench else None)
    assert problems == []
    assert view.stage == step.stage
    for name, value in step.settings.items():
        own = getattr(document, name) if isinstance(document, Document) else document.setting(name)
        assert view.figures.get(name, own) == value
    assert bool(params) == bool(step.settings or step.stage != "all")
    assert not step.vote or step.vote in VOTES
    assert all(text.endswith((".", "?", "”")) for text in (step.show, step.ask, step.listen))
    assert step.minutes >= 2
