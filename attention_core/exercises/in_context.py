"""Exercises of the lesson on in-context learning: E29 and E30, words that score 0, a belief, a cost, and a next word.

Vocabulary
    shots    examples in the context; what is asked is answered by layers that each descend a gradient by one step
    pair     a word that stands in the context and in the question, with one value
    counts   what e makes of scores: whole numbers, so that weights are fractions
    odds     how many times as much one source is believed in as the other
"""

from dataclasses import replace
from math import log

import numpy as np

from attention_core import in_context, programs, rules
from attention_core.benches.in_context import ASKED, CONTEXT, OWN, TOKEN, shots_of
from attention_core.exercises.answers import ACCEPTS, logarithm, series
from attention_core.exercises.arithmetic import LN, number, scalar
from attention_core.exercises.engine import Diagnosis, Exercise, Task, equation, named, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import (
    Problem,
    Slip,
    giving,
    programmed,
    reading,
    spread,
    stepped,
)
from attention_core.numerals import decimal, exact
from attention_core.programs.editing import exchanged, find
from attention_core.rules import Rule, elementwise
from attention_core.trace import Program

_LESSON = "in_context"

# --- E29: a second step ----------------------------------------------------------------------------------------------

_TWO: Program = in_context.layers(2)
_STALE = Slip("not what is left", "the second step starts from the answers themselves, and not from what is left of "
              "them", "left", stepped("layer2.v", inputs=("x", "w_v")))  # fmt: skip
_ONE_STEP = Slip("one step", "only one step is taken", "steps", read=reading("layer2.residual", "layer1.residual"))
_WHOLE = Slip("step size left out", "η is left out", "rate", giving(w_o=lambda given: np.sign(given["w_o"])))
_MEAN = Slip("mean", "the shots are averaged, not added up", "rate",
             giving(w_o=lambda given: given["w_o"] / (len(given["x"]) - 1)))  # fmt: skip
_AGAINST = Slip("uphill", "the step goes against the error: what is left is added to itself", "sign",
                giving(w_o=lambda given: np.abs(given["w_o"])))  # fmt: skip
_DESCENT_SLIPS = (_ONE_STEP, _STALE, _WHOLE, _MEAN, _AGAINST)


def _second(seed: int) -> Task:
    def problem(x: np.ndarray, y: np.ndarray, asked: np.ndarray, rate: float) -> Problem:
        n = len(x)
        tokens = (*(f"shot {i + 1}" for i in range(n)), "asked")
        labels = {"query": tokens, "key": tokens, "d_model": TOKEN, "d_k": TOKEN[:2], "d_v": TOKEN[2:3]}
        given = in_context.constructed(x, y, asked, rate)
        return Problem(_TWO, given, labels, (("layer2.residual", (n, 3)),), _DESCENT_SLIPS)

    def drawn(rng: np.random.Generator) -> Problem:
        y = rng.choice([1, 2, 3, 4, 5, 6, 8], 2, replace=False).astype(float)
        asked = rng.choice([1, 2, 3, 4], 2).astype(float)
        return problem(np.eye(2), y, asked, float(rng.choice([1 / 2, 1 / 4, 1 / 3, 1 / 5])))

    asked = spread(drawn, seed) if seed else problem(*shots_of(2, 0.0), ASKED, 0.5)
    given, trace, target = asked.given, asked.right.trace, asked.targets[0]
    x, y, query, rate = given["x"][:-1, :2], given["x"][:-1, 2], given["x"][-1, :2], given["w_o"][0, 3].item()
    w = in_context.descended(x, y, rate, 2)
    told = [f"({series(a).replace(' and ', ', ')}) → {exact(float(b))}" for a, b in zip(x, y, strict=True)]
    said = [f"({series(one).replace(' and ', ', ')})" for one in w]
    name = f"({series(query).replace(' and ', ', ')})"
    return Task(
        prompt=f"Two shots stand in the context: {told[0]} and {told[1]}. Gradient descent begins at w = (0, 0), with "
        f"η = {exact(rate)}: w grows by η times the sum of (y − w·x) x. What does it say for {name} after two steps?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "After the first step, what is left to explain of each y?",
            f"The first step makes w = {said[1]}. What is left of the two is {series(y - x @ w[1])}.",
            f"The second step makes w = {said[2]}. Multiply by {name}, and add up.",
        ),
        solution=(
            f"step 1: w = {said[1]}, which says {exact(float(w[1] @ query))}",
            f"left: {series(y - x @ w[1])}",
            f"step 2: w = {said[2]}",
            f"w · {name} = {exact(float(w[2] @ query))}",
        ),
        checker=Numbers(asked),
    )


# --- E30: pairs merged -----------------------------------------------------------------------------------------------

_EXACT: Program = programs.merged("exact")
_BY_MAX = find(programs.merged("max"), "merged").rule
_FORGOTTEN = Rule("→", elementwise(lambda a: a), lambda a: [a[0]])


def _of_one(name: str):
    return stepped("merged", inputs=(name,), axes="query key -> query key", rule=_FORGOTTEN)


_MERGE_SLIPS = (
    Slip("max rule", "the larger score of each pair stands for both", "merge", stepped("merged", rule=_BY_MAX)),
    Slip("question alone", "the context is left out", "merge", _of_one("own.scores")),
    Slip("context alone", "the question is left out", "merge", _of_one("frozen.scores")),
    Slip("scores added", "the scores of a pair are added: that multiplies the exponentials", "merge",
         stepped("merged", rule=rules.add)),
    Slip("not divided", "the exponentials are used as they are, not divided by their sum", "share",
         stepped("weights", inputs=("exps",), axes="query key -> query key", rule=_FORGOTTEN)),
)  # fmt: skip
_WORDS = ("ball", "cube", "apple")


def _merging(seed: int) -> Task:
    def problem(context: tuple[int, ...], own: tuple[int, ...]) -> Problem:
        n = len(own)
        given = {
            "q_scaled": np.ones((1, 1)), "k_frozen": np.log(np.array([context], dtype=float)).T,
            "k": np.log(np.array([own], dtype=float)).T, "values": np.eye(n),
        }  # fmt: skip
        labels = {"query": ("it",), "key": _WORDS[:n], "d_k": ("asked",), "d_v": _WORDS[:n]}
        targets = tuple(("weights", (0, i)) for i in range(n))
        return Problem(_EXACT, given, labels, targets, _MERGE_SLIPS)

    def drawn(rng: np.random.Generator) -> Problem:
        n = int(rng.integers(2, 4))
        return problem(*(tuple(int(x) for x in rng.choice([1, 2, 3, 4, 5, 6, 8, 9], n)) for _ in range(2)))

    asked = spread(drawn, seed) if seed else problem(CONTEXT, OWN)
    trace = asked.right.trace
    context, own = (np.exp(asked.given[name][:, 0]) for name in ("k_frozen", "k"))
    words, both = asked.labels["key"], [exact(float(x)) for x in context + own]
    return Task(
        prompt=f"{', '.join(words[:-1])} and {words[-1]} stand in the context and in the question, each with one "
        f"value. e to the power of the scores is {series(context)} in the context, and {series(own)} in the question. "
        "What does the query take from each pair, in all?",
        accepts="For each blank: " + ACCEPTS[0].lower() + ACCEPTS[1:],
        trace=trace,
        blanks=asked.targets,
        hints=(
            "Attention takes from both of a pair. What counts for the pair, in all?",
            f"A pair counts what its two exponentials make together: {', '.join(both)}.",
            f"All together they make {trace['row_sums'].explain((0,)).written(exact)} = "
            f"{exact(trace['row_sums'].value[0].item())}. Divide by that.",
        ),
        solution=tuple(
            f"{named(trace, target)} = {equation(trace[target[0]].explain(target[1]))}" for target in asked.targets
        ),
        checker=Numbers(asked, many=True),
    )


# --- Words that score 0 ----------------------------------------------------------------------------------------------

_CLAIM: Program = (
    scalar("counts", "e^0", "counts = np.exp(score)", ("score",), rules.exponentiate, "one word",
           "e to the power of 0"),
    scalar("claimed", "n e^0", "claimed = counts * n", ("counts", "n"), rules.times, "all of them", "all such words"),
    scalar("whole", "n e^0 + r", "whole = claimed + own", ("claimed", "own"), rules.add, "sum", "all exponentials"),
    scalar("share", r"n e^0 / (n e^0 + r)", "share = claimed / whole", ("claimed", "whole"), rules.divide,
           "their share", "what all such words take"),
)  # fmt: skip
_CLAIM_SLIPS = (
    Slip("dropped out", "a score of 0 is taken to count nothing", "exp", stepped("counts", inputs=("score",), rule=Rule(
        "→", lambda axes, x: x, lambda x: [x[0]]))),
    Slip("all as one", "all of them together count 1", "count", giving(n=lambda given: number(1))),
    Slip("one of them", "what one of them takes is given", "one", stepped("share", inputs=("counts", "whole"))),
    Slip("against the rest", "their sum is divided by that of the others, not by all", "whole",
         stepped("share", inputs=("claimed", "own"))),
    Slip("e for each", "e is counted for each of them: e⁰ is 1, e¹ is e", "exp",
         giving(score=lambda given: number(1))),
)  # fmt: skip


def _zeros(seed: int) -> Task:
    def problem(n: int, own: tuple[int, ...]) -> Problem:
        given = {"score": number(0), "n": number(n), "own": number(sum(own))}
        return Problem(_CLAIM, given, {}, (("share", ()),), _CLAIM_SLIPS)

    rng = np.random.default_rng(seed)
    n, own = 8, OWN
    if seed:
        n = int(rng.integers(2, 13))
        own = tuple(int(x) for x in rng.choice([2, 3, 4, 5, 6, 8, 9], int(rng.integers(2, 4))))
    asked = problem(n, own)
    trace, target = asked.right.trace, asked.targets[0]
    return Task(
        prompt=f"A query has scores {series(np.log(own), logarithm)} with the words of a question. {n} more words are "
        "put before them, and its score with each of those is 0. What share do they take together?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "What does e make of a score of 0?",
            f"Each of the {n} counts 1. The words of the question count {series(np.array(own, dtype=float))}.",
            f"That is {n} of {n + sum(own)} in all.",
        ),
        solution=worked(trace, target, ("counts", "claimed", "whole", "share")),
        checker=Numbers(asked),
    )


# --- Coin or die -----------------------------------------------------------------------------------------------------

_BELIEF: Program = (
    scalar("per_throw", "p_c / p_d", "per_throw = coin / die", ("coin", "die"), rules.divide, "odds of one throw",
           "how many times as likely with the coin"),
    scalar("logarithm", r"\ln (p_c / p_d)", "logarithm = np.log(per_throw)", ("per_throw",), LN, "score of one throw",
           "what one throw speaks for the coin"),
    scalar("score", r"n \ln (p_c / p_d)", "score = logarithm * n", ("logarithm", "n"), rules.times, "score",
           "what all throws speak for the coin"),
    scalar("odds", r"e^s", "odds = np.exp(score)", ("score",), rules.exponentiate, "odds", "coin against die, throws"),
    scalar("weighed", "o b", "weighed = odds * before", ("odds", "before"), rules.times, "odds with the prior",
           "coin against die, with what was believed before"),
    scalar("all", "o b + 1", "all = weighed + one", ("weighed", "one"), rules.add, "sum", "both sources"),
    scalar("posterior", "o b / (o b + 1)", "posterior = weighed / all", ("weighed", "all"), rules.divide,
           "belief in the coin", "how much the coin is believed in"),
)  # fmt: skip
_BELIEF_SLIPS = (
    Slip("one throw", "only one throw is counted", "throws", giving(n=lambda given: number(1))),
    Slip("odds", "the odds are given, and not the share", "share", read=reading("posterior", "weighed")),
    Slip("prior left out", "what was believed before is left out", "prior", giving(before=lambda given: number(1))),
    Slip("prior alone", "the throws are left out: what was believed before", "throws",
         giving(n=lambda given: number(0))),
    Slip("the die", "the belief in the die is given", "which", giving(
        coin=lambda given: given["die"], die=lambda given: given["coin"], before=lambda given: 1 / given["before"])),
    Slip("likelihood", "the probability of the throws with the coin is given", "share", programmed(
        lambda program: exchanged(program, replace(find(program, "per_throw"), inputs=("coin", "one")), replace(
            find(program, "posterior"), inputs=("odds", "one")))), alone=True),
)  # fmt: skip
_SEEN = ((1, 2, 1), (2, 2), (1, 1, 2, 2), (2, 1), (1, 1, 1, 2, 1))
_PRIORS = ((1, 3), (3, 1), (1, 9), (1, 2), (2, 1))


def _belief(seed: int) -> Task:
    def problem(n: int, before: float) -> Problem:
        coin, die = (chances[0] for chances in in_context.SOURCES.values())
        given = {name: number(x) for name, x in
                 (("coin", coin), ("die", die), ("n", n), ("before", before), ("one", 1))}  # fmt: skip
        return Problem(_BELIEF, given, {}, (("posterior", ()),), _BELIEF_SLIPS)

    rng = np.random.default_rng(seed)
    throws = _SEEN[int(rng.integers(len(_SEEN)))] if seed else _SEEN[0]
    one, other = _PRIORS[int(rng.integers(len(_PRIORS)))] if seed else _PRIORS[0]
    asked = problem(len(throws), one / other)
    trace, target = asked.right.trace, asked.targets[0]
    times = [exact(trace[name].value.item()) for name in ("per_throw", "odds", "weighed")]
    prior = exact(one / (one + other))
    return Task(
        prompt="Throws come from a coin that shows 1 or 2, each half of the time, or from a die. Before, the belief in "
        f"the coin is {prior}. Then {', '.join(map(str, throws))} is thrown. What is the belief in the coin now?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "How many times as likely is a 1 with the coin as with the die?",
            f"Each throw speaks {times[0]} to 1 for the coin: all of them {times[1]} to 1.",
            f"Before, it stood {one} to {other}. Now it stands {times[2]} to 1: what share of all is that?",
        ),
        solution=(
            f"one throw: 1/2 against 1/6, {times[0]} to 1",
            f"{len(throws)} throws: {times[1]} to 1; times {one}/{other}: {times[2]} to 1",
            f"belief in the coin: {exact(trace['posterior'].value.item())}",
        ),
        checker=Numbers(asked),
    )


# --- What a prediction costs -----------------------------------------------------------------------------------------

_COST: Program = (
    scalar("share", "e / r", "share = counts / whole", ("counts", "whole"), rules.divide, "probability",
           "the probability of the word that came"),
    scalar("log_share", r"\ln p", "log_share = np.log(share)", ("share",), LN, "logarithm", "its logarithm"),
    scalar("cost", r"-\ln p", "cost = none - log_share", ("none", "log_share"), rules.subtract, "cross-entropy",
           "what the prediction costs"),
)  # fmt: skip
_COST_SLIPS = (
    Slip("probability", "the probability is given", "end", read=reading("cost", "share")),
    Slip("sign", "the minus is left out", "end", read=reading("cost", "log_share")),
    Slip("one minus", "1 − p is taken, not −ln p", "log", programmed(lambda program: exchanged(program, replace(
        find(program, "cost"), inputs=("one", "share"))))),
    Slip("bits", "the logarithm is to base 2", "base", programmed(lambda program: (*program[:-1], scalar(
        "bits", r"\log_2 p", "bits = log_share / base", ("log_share", "base"), rules.divide, "bits", "to base 2"),
        replace(program[-1], inputs=("none", "bits"))))),
    Slip("another word", "the probability that the word does not come is taken", "word",
         giving(counts=lambda given: given["whole"] - given["counts"])),
)  # fmt: skip


def _cost(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    counts, rest = (int(rng.integers(1, 10)), int(rng.integers(2, 12))) if seed else (1, 12)
    given = {name: number(x) for name, x in
             (("counts", counts), ("whole", counts + rest), ("none", 0), ("one", 1), ("base", log(2)))}  # fmt: skip
    asked = Problem(_COST, given, {}, (("cost", ()),), _COST_SLIPS)
    trace, target = asked.right.trace, asked.targets[0]
    p = exact(trace["share"].value.item())
    return Task(
        prompt=f"For the next word, e to the power of the logit of “ball” is {counts}, and of all other words together "
        f"{rest}. Then “ball” comes. What did the prediction cost, as cross-entropy? Use the natural logarithm.",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "Which probability did “ball” get?",
            f"It is {counts} of {counts + rest}: {p}.",
            f"Minus the logarithm of {p} is the logarithm of {exact(1 / trace['share'].value.item())}.",
        ),
        solution=(
            f"probability: {counts} / {counts + rest} = {p}",
            f"cross-entropy: −ln {p} ≈ {decimal(trace['cost'].value.item())}",
        ),
        checker=Numbers(asked),
    )


# --- What an induction head says next --------------------------------------------------------------------------------

_COLOURS, _THINGS = ("red", "blue", "green"), ("ball", "cube", "apple", "car")


def _next(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    colours = [str(x) for x in rng.permutation(_COLOURS)[:2]]
    things = [str(x) for x in rng.permutation(_THINGS)[:2]]
    at = int(rng.integers(2))
    words = [word for pair in zip(colours, things, strict=True) for word in pair] + [colours[at]]
    right, other = things[at], things[1 - at]
    wrong = {
        other: Diagnosis("other word", f"{other} comes after {colours[1 - at]}, and not after {colours[at]}."),
        colours[at]: Diagnosis("same word", "This is the word itself: the head looks for what came after it."),
        colours[1 - at]: Diagnosis("next colour", "Nothing in the context comes before it that matches the last word."),
    }
    options = tuple(str(x) for x in rng.permutation([right, *wrong]))
    before = [words[i - 1] for i in range(1, len(words))]
    return Task(
        prompt=f"An induction head has read “{' '.join(words)}”. Which word does it say next, most of all?",
        accepts="One of the answers offered.",
        options=options,
        hints=(
            "Each token has been told by a first head which word stands before it.",
            f"The last word is {words[-1]}. Which token was told {words[-1]}?",
            f"From the second on, the tokens were told: {', '.join(before)}.",
        ),
        solution=(f"{right} was told {words[-1]}: the last word looks at it, and says it again.",),
        checker=Choice(options, right, f"{right} is what came after {words[-1]} last time.", wrong),
    )


EXERCISES = (
    Exercise("E29", _LESSON, "number", "A second step down", 2, _second),
    Exercise("E30", _LESSON, "matrix", "Context and question, merged", 3, _merging),
    Exercise("in-context-zeros", _LESSON, "number", "Words that score 0", 1, _zeros),
    Exercise("in-context-next", _LESSON, "choice", "What the head says next", 1, _next),
    Exercise("in-context-cost", _LESSON, "number", "What a prediction costs", 2, _cost),
    Exercise("in-context-belief", _LESSON, "number", "How sure of the coin?", 3, _belief),
)
