"""Exercises of the lesson "similarity": E7, E8, the dot product, the cosine, and how orthogonal random vectors are.

Vocabulary
    spread   a standard deviation: how far random numbers usually lie from their mean, which is 0 here
    dot      q · k, the sum of the products of coordinates; of random coordinates it spreads as √d
    cosine   the dot product divided by both lengths: 1 for the same direction, 0 for a right angle
"""

from dataclasses import replace
from math import sqrt

import numpy as np

from attention_core import functions, rules
from attention_core.exercises.answers import ACCEPTS
from attention_core.exercises.arithmetic import ROOT, SQUARE, number, scalar
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Problem, Slip, Target, giving, programmed, reading, spread, stepped
from attention_core.numerals import decimal, exact
from attention_core.programs import SCORE, SIMILARITY_AND_SCALE, find, names
from attention_core.programs.editing import exchanged
from attention_core.trace import Program, Step, run

# --- E7: the spread of a dot product ---------------------------------------------------------------------------------

_SPREAD: Program = (
    scalar("variance_q", r"\sigma_q^2", "spread_q**2", ("spread_q",), SQUARE, "variance of a query coordinate",
           "the square of its spread"),
    scalar("variance_k", r"\sigma_k^2", "spread_k**2", ("spread_k",), SQUARE, "variance of a key coordinate",
           "the square of its spread"),
    scalar("variance", r"d\,\sigma_q^2 \sigma_k^2", "d * variance_q * variance_k", ("d", "variance_q", "variance_k"),
           rules.contract, "variance of q · k", "the variances of all products, added up"),
    scalar("spread", r"\sqrt{\sigma^2}", "np.sqrt(variance)", ("variance",), ROOT, "spread of q · k",
           "the square root of its variance"),
)  # fmt: skip
_NO_ROOT = Slip(
    "no square root", "the variance is given, not its square root", "root", read=reading("spread", "variance")
)
_ONE_TERM = Slip(
    "one product only", "the spread of one product is given, not that of the sum of all", "count",
    giving(d=lambda given: np.ones(())),
)  # fmt: skip
_COSINE = Slip(
    "1/√d", "the spread is divided by √d instead of multiplied: that is how cosines spread", "direction",
    giving(d=lambda given: 1 / given["d"]),
)  # fmt: skip
_ONE_SPREAD = Slip(
    "keys forgotten", "only the spread of the query’s coordinates is counted", "spreads",
    giving(spread_k=lambda given: np.ones(())),
)  # fmt: skip


def _spread_of_dot(seed: int) -> Task:
    def problem(d, spread_q, spread_k):
        given = {"d": number(d), "spread_q": number(spread_q), "spread_k": number(spread_k)}
        return Problem(_SPREAD, given, {}, (("spread", ()),), (_NO_ROOT, _ONE_TERM, _COSINE, _ONE_SPREAD))

    def drawn(rng):
        return problem(int(rng.integers(3, 33)) ** 2, int(rng.integers(1, 4)), int(rng.integers(1, 4)))

    asked = spread(drawn, seed) if seed else problem(256, 1, 1)
    trace = asked.right.trace
    d, spread_q, spread_k = (exact(asked.given[name].item()) for name in ("d", "spread_q", "spread_k"))
    return Task(
        prompt=f"Queries and keys have d = {d} coordinates, random and independent, with mean 0. The standard "
        "deviation "
        f"of a query’s coordinate is {spread_q}, that of a key’s is {spread_k}. What is the standard deviation of q "
        "· k?",
        accepts=ACCEPTS,
        trace=trace,
        target=("spread", ()),
        hints=(
            "q · k is a sum of d products. What adds up when independent numbers are added: spreads, or variances?",
            f"The variance of one product is {spread_q}² × {spread_k}². There are {d} of them.",
            f"The variance of q · k is {exact(trace['variance'].value.item())}; its square root is asked for.",
        ),
        solution=worked(trace, ("spread", ()), tuple(trace)),
        checker=Numbers(asked),
    )


# --- E8: which scaling was it? ---------------------------------------------------------------------------------------

_SCALINGS = {"not scaled": lambda d: 1.0, "divided by d": lambda d: 1 / d, "divided by √d": lambda d: 1 / sqrt(d)}
_EACH = 48  # queries, and keys: enough dot products for a smooth histogram


def _histogram(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    d = int(rng.choice([16, 36, 64, 100, 144])) if seed else 64
    answer = list(_SCALINGS)[int(rng.integers(3))] if seed else "divided by √d"
    given = {"q": rng.normal(size=(_EACH, d)), "k": rng.normal(size=(_EACH, d)), "scale": number(_SCALINGS[answer](d))}
    trace = run(SCORE, given)
    measured = trace["scaled"].value.std().item()
    expected = {option: sqrt(d) * scale(d) for option, scale in _SCALINGS.items()}
    return Task(
        prompt=f"The histogram shows the scores of {_EACH} random queries with {_EACH} random keys, d = {d}, "
        "coordinates "
        f"with mean 0 and standard deviation 1. The scores have a standard deviation of {decimal(measured)}. What was "
        "done to q · k?",
        accepts="One of the answers offered.",
        trace=trace,
        pictured="scaled",
        options=tuple(_SCALINGS),
        hints=(
            "How large is the standard deviation of q · k before anything is done to it?",
            f"Before scaling it is about √{d} = {decimal(sqrt(d))}.",
            f"The histogram has {decimal(measured)}: by what was {decimal(sqrt(d))} divided?",
        ),
        solution=(
            *(f"{option}: about {decimal(value)}" for option, value in expected.items()),
            f"The histogram has {decimal(measured)}: {answer}.",
        ),
        checker=Choice(
            tuple(_SCALINGS), answer, f"The scores, {answer}, spread by about {decimal(expected[answer])}.",
            {
                option: Diagnosis(option, f"Scores {option} would spread by about {decimal(value)}.")
                for option, value in expected.items() if option != answer
            },
        ),
    )  # fmt: skip


# --- A cosine --------------------------------------------------------------------------------------------------------


def _sum_of_lengths(program: Program) -> Program:
    """The dot products divided by both lengths added up."""
    cosine = find(program, "cosine")
    added = Step(
        "added", r"L_{ij} = |Q|_i + |K|_j", "added = q_length[:, None] + k_length", ("q_length", "k_length"),
        "query, key -> query key", rules.add, "added lengths", "Both lengths, added up.", "both lengths, added up",
    )  # fmt: skip
    wrong = replace(cosine, inputs=("scores", "added"), axes="query key, query key -> query key")
    at = names(program).index("cosine")
    return exchanged((*program[:at], added, *program[at:]), wrong)


def _unrooted(program: Program) -> Program:
    squares = (replace(find(program, name), rule=functions.sum_of_squares) for name in ("q_length", "k_length"))
    return exchanged(program, *squares)


_ONLY_DOT = Slip(
    "dot product", "the dot product is given, not divided by the lengths", "end", read=reading("cosine", "scores")
)
_LENGTHS_ADDED = Slip(
    "lengths added", "the lengths are added instead of multiplied", "lengths", programmed(_sum_of_lengths)
)
_ONE_LENGTH = Slip(
    "one length", "only one of the two lengths is divided by", "end", read=reading("cosine", "per_query")
)
_SQUARED = Slip(
    "no square roots", "the squared lengths are divided by, without their roots", "roots", programmed(_unrooted)
)
_TRIPLES = ((3, 4), (4, 3), (5, 12), (12, 5), (8, 15), (6, 8), (7, 24), (-3, 4), (4, -3), (-8, 6), (0, 5), (5, 0))


def _arrows(q, k, target: Target, slips: tuple[Slip, ...]) -> Problem:
    """Two arrows, compared as on the board."""
    given = {"q": np.array([q], dtype=float), "k": np.array([k], dtype=float), "scale": number(1 / sqrt(2))}
    labels = {"query": ("q",), "key": ("k",), "d_k": ("x", "y")}
    return Problem(SIMILARITY_AND_SCALE, given, labels, (target,), slips)


def _written(problem: Problem) -> str:
    """The two arrows of a problem, as a sentence writes them."""
    q, k = (", ".join(map(exact, problem.given[name][0].tolist())) for name in "qk")
    return f"q = ({q}) and k = ({k})"


def _cosine(seed: int) -> Task:
    def problem(q, k):
        return _arrows(q, k, ("cosine", (0, 0)), (_ONLY_DOT, _LENGTHS_ADDED, _ONE_LENGTH, _SQUARED))

    def drawn(rng):
        first, second = rng.choice(len(_TRIPLES), 2, replace=False)
        return problem(_TRIPLES[first], _TRIPLES[second])

    asked = spread(drawn, seed) if seed else problem((3, 4), (4, 3))
    trace = asked.right.trace
    return Task(
        prompt=f"{_written(asked)}. What is their cosine?",
        accepts=ACCEPTS,
        trace=trace,
        target=("cosine", (0, 0)),
        hints=(
            "The dot product grows with the lengths, the cosine does not: what has to be divided out?",
            f"The dot product is {trace['scores'].explain((0, 0)).text}.",
            f"It is {exact(trace['scores'].value.item())}, and the lengths are "
            f"{exact(trace['q_length'].value.item())} and {exact(trace['k_length'].value.item())}.",
        ),
        solution=worked(trace, ("cosine", (0, 0)), tuple(trace)),
        checker=Numbers(asked),
    )


# --- A dot product ---------------------------------------------------------------------------------------------------

_GIVEN_AS_COSINE = Slip(
    "cosine", "the dot product is divided by both lengths: that is the cosine", "end", read=reading("scores", "cosine")
)
_SCALED = Slip(
    "scaled", "the dot product is divided by √2, as attention does later", "end", read=reading("scores", "scaled")
)
_FIRST_ONLY = Slip(
    "first coordinate only", "only the first coordinates are multiplied", "sum",
    giving(q=lambda given: given["q"] * np.array([1.0, 0.0])),
)  # fmt: skip
_CROSSED = Slip(
    "crossed", "each coordinate is multiplied by the other one of the key", "order",
    giving(k=lambda given: given["k"][:, ::-1]),
)  # fmt: skip
_NO_SIGNS = Slip("no signs", "the minus signs are left out", "signs",
                 giving(q=lambda given: np.abs(given["q"]), k=lambda given: np.abs(given["k"])))  # fmt: skip


def _dot(seed: int) -> Task:
    def problem(q, k):
        slips = (_GIVEN_AS_COSINE, _SCALED, _FIRST_ONLY, _CROSSED, _NO_SIGNS)
        return _arrows(q, k, ("scores", (0, 0)), slips)

    def drawn(rng):
        return problem(*(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4, 5], 2, replace=False) for _ in range(2)))

    asked = spread(drawn, seed) if seed else problem((3, 1), (4, -2))
    trace = asked.right.trace
    (x, y), (a, b) = (asked.given[name][0].tolist() for name in "qk")
    return Task(
        prompt=f"{_written(asked)}. What is their dot product, q · k?",
        accepts=ACCEPTS,
        trace=trace,
        target=("scores", (0, 0)),
        hints=(
            "Each coordinate of q meets the same coordinate of k. What becomes of the two products?",
            f"The products are {exact(x * a)} and {exact(y * b)}.",
            f"Add them: {trace['scores'].explain((0, 0)).written(exact)}.",
        ),
        solution=worked(trace, ("scores", (0, 0)), ("scores",)),
        checker=Numbers(asked),
    )


# --- Nearly orthogonal -----------------------------------------------------------------------------------------------

_CROOKED: Program = (
    scalar("root", r"\sqrt d", "np.sqrt(d)", ("d",), ROOT, "√d", "the square root of the number of coordinates"),
    scalar("spread", r"1 / \sqrt d", "one / root", ("one", "root"), rules.divide, "spread of the cosine",
           "how far cosines usually lie from 0"),
)  # fmt: skip
_AS_A_DOT = Slip("√d", "the spread of the dot product is given, not that of the cosine", "end",
                 read=reading("spread", "root"))  # fmt: skip
_OVER_D = Slip("1/d", "it is divided by d instead of √d", "root", stepped("spread", inputs=("one", "d")))
_ORTHOGONAL = Slip(
    "exactly orthogonal", "random directions are taken to be exactly orthogonal", "zero",
    giving(one=lambda given: np.zeros(())), alone=True,
)  # fmt: skip


def _nearly(seed: int) -> Task:
    d = int(np.random.default_rng(seed).integers(4, 112)) ** 2 if seed else 12288
    given = {"d": number(d), "one": number(1)}
    asked = Problem(_CROOKED, given, {}, (("spread", ()),), (_AS_A_DOT, _OVER_D, _ORTHOGONAL))
    trace = asked.right.trace
    return Task(
        prompt=f"Two random directions in d = {d} dimensions are nearly orthogonal: their cosine spreads around 0. "
        "What is "
        "its standard deviation?",
        accepts=ACCEPTS,
        trace=trace,
        target=("spread", ()),
        hints=(
            "The dot product of random vectors spreads as √d. How long are the vectors themselves?",
            "Each is about √d long, so the cosine is the dot product divided by √d × √d = d.",
            f"√d / d = 1 / √d, and √{d} is {decimal(sqrt(d))}.",
        ),
        solution=worked(trace, ("spread", ()), tuple(trace)),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("E7", "similarity", "number", "How far do dot products spread?", 1, _spread_of_dot),
    Exercise("E8", "similarity", "choice", "Which scaling made this histogram?", 1, _histogram),
    Exercise("similarity-dot", "similarity", "number", "A dot product by hand", 1, _dot),
    Exercise("similarity-cosine", "similarity", "number", "A cosine by hand", 1, _cosine),
    Exercise("similarity-orthogonal", "similarity", "number", "How orthogonal is random?", 2, _nearly),
)
