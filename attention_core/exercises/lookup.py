"""Exercises of the lesson "from hard lookup to soft lookup": E1, E2, and what a nudge does.

Vocabulary
    counts   the exponentials that the scores are made to have: 6 : 3 : 1
    nudge    a small change of the query or of a score; a hard lookup does not feel it
    slope    by how much the output changes per unit of one score: weight × (value − output), the pull of that score
"""

from dataclasses import replace

import numpy as np

from attention_core.exercises.answers import ACCEPTS, COUNTS, ORDINALS, logarithm, series
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers, Reaching
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import (
    NO_EXP,
    UNDIVIDED,
    Problem,
    Slip,
    giving,
    programmed,
    reading,
    spread,
    stepped,
)
from attention_core.numerals import decimal, exact
from attention_core.programs import HARD_TABLE, SOFT_TABLE, find, names, soft_table
from attention_core.programs.editing import exchanged
from attention_core.trace import Program, Step, run

_OUTPUT = ("output", (0,))
_NAMES = ORDINALS[:3]
_LABELS = {"query": ("the query",), "key": _NAMES, "d_k": _NAMES}


def _shared_out(program: Program, *hits: Step) -> Program:
    """The weights made from hits, 1 or 0 for each key, as a hard table makes them."""
    tally = replace(find(HARD_TABLE, "row_sums"), name="tally")
    share = replace(find(HARD_TABLE, "weights"), inputs=("hits", "tally"))
    at = names(program).index("weights")
    return exchanged((*program[:at], *hits, tally, *program[at:]), share)


def _hardened(program: Program) -> Program:
    best, hits = find(HARD_TABLE, "row_max"), find(HARD_TABLE, "hits")
    return _shared_out(program, replace(best, name="best", inputs=("exps",)), replace(hits, inputs=("exps", "best")))


def _evened(program: Program) -> Program:
    hits = replace(find(HARD_TABLE, "hits"), inputs=("exps", "exps"), axes="query key, query key -> query key")
    return _shared_out(program, hits)


def _exp_twice(program: Program) -> Program:
    once = replace(find(program, "exps"), name="once")
    at = names(program).index("exps")
    return exchanged((*program[:at], once, *program[at:]), replace(once, name="exps", inputs=("once",)))


HARD = Slip("hard lookup", "only the value of the best key is taken", "choice", programmed(_hardened), alone=True)
EVEN = Slip(
    "plain average", "all values count the same, whatever the scores", "choice", programmed(_evened), alone=True
)
REVERSED = Slip(
    "values reversed", "the values are taken in reverse order", "values", giving(v=lambda given: given["v"][:, ::-1])
)
TWICE = Slip("exp twice", "exp is taken of the exponentials once more", "exp", programmed(_exp_twice))
NEGATED = Slip("sign", "the better key gets the smaller score", "sign", giving(q=lambda given: -given["q"]))


def _given(counts, values) -> dict[str, np.ndarray]:
    n = len(counts)
    return {"q": np.log(np.array([counts], dtype=float)), "k": np.eye(n), "v": np.array([values], dtype=float)}


def _drawn(rng: np.random.Generator) -> dict[str, np.ndarray]:
    counts = rng.choice(COUNTS, 3, replace=False)
    return _given(counts, rng.choice(np.arange(1, 13), 3, replace=False) * 10)


# --- E1 --------------------------------------------------------------------------------------------------------------

_SOFT_SLIPS = (HARD, EVEN, UNDIVIDED, REVERSED, TWICE)


def _soft_output(seed: int) -> Task:
    def problem(given):
        return Problem(SOFT_TABLE, given, _LABELS, (_OUTPUT,), _SOFT_SLIPS)

    asked = spread(lambda rng: problem(_drawn(rng)), seed) if seed else problem(_given((6, 3, 1), (10, 20, 60)))
    trace = asked.right.trace
    exps, values = trace["exps"].value, trace.given["v"].value
    return Task(
        prompt=f"A query meets three keys. The exponentials of its scores are {series(exps)}; the values of the keys "
        f"are {series(values)}. What does the soft lookup give?",
        accepts=ACCEPTS,
        trace=trace,
        target=_OUTPUT,
        hints=(
            "Every value counts a little. In which proportions?",
            f"Add up the exponentials: {trace['row_sums'].explain((0,)).text}. Each key’s weight is its share of that.",
            f"The weights are {series(trace['weights'].value)}. Multiply each value by its weight, and add.",
        ),
        solution=worked(trace, _OUTPUT, ("row_sums", "weights", "output")),
        checker=Numbers(asked),
    )


# --- E2 --------------------------------------------------------------------------------------------------------------


def _choose_query(seed: int) -> Task:
    given = _drawn(np.random.default_rng(seed)) if seed else _given((3, 1, 1), (10, 20, 60))
    problem = Problem(soft_table(steady=True), given, _LABELS, (_OUTPUT,), (NO_EXP, NEGATED, REVERSED))
    trace, q = run(SOFT_TABLE, given, _LABELS), given["q"][0]
    (goal,) = problem.right.values((_OUTPUT,))
    blanks = tuple(("q", (0, j)) for j in range(3))
    return Task(
        prompt="Three keys stand along the three coordinates, so each coordinate of the query is the score of one "
        "key. "
        f"The values are {series(given['v'])}. Choose a query for which the soft lookup gives {decimal(goal)}.",
        accepts=f"Three numbers such as 0, 1.5, -2 or ln 3. Every query is right that makes {decimal(goal)}, within "
        "1 %.",
        trace=trace,
        target=_OUTPUT,
        blanks=blanks,
        start=("0", "0", "0"),
        hints=(
            "With three equal scores the lookup gives the plain average. Is the goal above it, or below?",
            "Think of exponentials first: in which whole proportions would the values have to be mixed?",
            f"Exponentials in the proportions {series(np.exp(q))} do it. A score is the logarithm of its exponential.",
        ),
        solution=worked(trace, _OUTPUT, ("weights", "output")),
        checker=Reaching(
            problem, blanks, goal,
            {"no exponential": np.exp(q).tolist(), "sign": (-q).tolist(), "values reversed": q[::-1].tolist()},
        ),
    )  # fmt: skip


# --- What a nudge does -----------------------------------------------------------------------------------------------

_VALUE_FOR_GAP = Slip(
    "value instead of gap", "the weight is multiplied by the value, not by its distance from the output", "gap",
    stepped("felt", inputs=("weights", "v")),
)  # fmt: skip
_NO_WEIGHT = Slip(
    "weight forgotten", "the distance of the value from the output is not multiplied by the weight", "weight",
    read=reading("felt", "gap"),
)  # fmt: skip
_BACKWARDS = Slip(
    "sign", "the value is subtracted from the output, and not the output from the value", "sign",
    stepped("gap", inputs=("output", "v"), axes="query, query key -> query key"),
)  # fmt: skip
_AVERAGE = replace(EVEN, name="even weights", when="all weights are taken to be equal")


def _slope(seed: int) -> Task:
    def problem(given, j):
        target = ("felt", (0, j))
        return Problem(
            soft_table(pull=True), given, _LABELS, (target,), (_VALUE_FOR_GAP, _NO_WEIGHT, _BACKWARDS, _AVERAGE)
        )

    first = problem(_given((6, 3, 1), (10, 20, 60)), 2)
    asked = spread(lambda rng: problem(_drawn(rng), int(rng.integers(3))), seed) if seed else first
    trace, (target,) = asked.right.trace, asked.targets
    j = target[1][1]
    value, output = trace.given["v"].value[0, j].item(), trace["output"].value[0].item()
    return Task(
        prompt=f"A soft lookup with the weights {series(trace['weights'].value)} and the values "
        f"{series(trace.given['v'].value)} gives {exact(output)}. The score of the {_NAMES[j]} key is raised a little. "
        "By how much does the output change, per unit of that score?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "Raising one score takes weight away from the others. Towards which value does the output move?",
            f"It moves towards {exact(value)}, which is {exact(value - output)} away (below, if negative).",
            f"The pull is the weight times that distance; the weight is {exact(trace['weights'].value[0, j].item())}.",
        ),
        solution=worked(trace, target, ("output", "gap", "felt")),
        checker=Numbers(asked),
    )


_NOT_AT_ALL, _A_LITTLE, _TO_NEXT = "not at all", "a little", "to the value of the next key"


def _nudge(seed: int) -> Task:
    given = _drawn(np.random.default_rng(seed)) if seed else _given((6, 3, 1), (10, 20, 60))
    nudged = {**given, "q": given["q"] + np.array([[0.0, 0.01, 0.0]])}
    before, after = (run(HARD_TABLE, matrices, _LABELS) for matrices in (given, nudged))
    soft = [run(SOFT_TABLE, m)["output"].value[0].item() for m in (given, nudged)]
    moved = after["output"].value[0].item() - before["output"].value[0].item()
    shown = exact(before["output"].value[0].item())
    best = _NAMES[int(before["weights"].value.argmax())]
    return Task(
        prompt=f"A hard lookup takes the value of the best key, and of no other. The scores are "
        f"{series(before['scores'].value, logarithm)}, the values {series(given['v'])}. The second score is raised "
        "by 0.01. "
        "How does the output change?",
        accepts="One of the answers offered.",
        trace=before,
        target=_OUTPUT,
        options=(_NOT_AT_ALL, _A_LITTLE, _TO_NEXT),
        hints=(
            "Which key has the largest score before the nudge, and which after it?",
            f"Before and after it is the {best} key.",
            "A hard lookup hands over that key’s value, whole.",
        ),
        solution=(
            f"Before: {shown}. After: {exact(before['output'].value[0].item() + moved)}. The change is "
            f"{exact(moved)}.",
            f"A soft lookup would go from {soft[0]:.4f} to {soft[1]:.4f}: only there can training feel its way.",
        ),
        checker=Choice(
            (_NOT_AT_ALL, _A_LITTLE, _TO_NEXT), _NOT_AT_ALL if moved == 0 else _TO_NEXT,
            f"The output stays {shown}: no nudge is felt, so nothing can be learned from it.",
            {
                _A_LITTLE: Diagnosis("soft lookup", f"A soft one would change, from {soft[0]:.4f} to {soft[1]:.4f}."),
                _TO_NEXT: Diagnosis("tie", f"The {best} key still has the largest score: its lead is more than 0.01."),
            },
        ),
    )  # fmt: skip


EXERCISES = (
    Exercise("E1", "lookup", "number", "A soft answer from three keys", 1, _soft_output),
    Exercise("E2", "lookup", "weights", "A query for the answer you want", 2, _choose_query),
    Exercise("lookup-nudge", "lookup", "choice", "Nudge a hard lookup", 1, _nudge),
    Exercise("lookup-slope", "lookup", "number", "How strongly a score pulls", 2, _slope),
)
