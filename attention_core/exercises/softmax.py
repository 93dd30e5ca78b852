"""Exercises of the lesson "softmax": E3 to E6, and the constant, the wrong axis, the cosines, the soft maximum.

Vocabulary
    counts      whole numbers that the exponentials are; the scores are their logarithms
    spoilt      a row of weights that was multiplied by a number, so that it no longer adds up to 1
    odds        what one key gets, over what all others get together
    log-sum-exp the logarithm of a row sum: a soft maximum
"""

from dataclasses import replace

import numpy as np

from attention_core import functions, rules
from attention_core.benches import BENCHES
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, COUNTS, ORDINALS, logarithm, series
from attention_core.exercises.arithmetic import LN, number, scalar
from attention_core.exercises.engine import Diagnosis, Exercise, Task, equation, named, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Pick
from attention_core.exercises.slips import (
    BY_LARGEST,
    COLUMNS,
    NO_EXP,
    UNDIVIDED,
    Given,
    Problem,
    Slip,
    Target,
    giving,
    programmed,
    reading,
    spread,
    stepped,
)
from attention_core.exercises.typed_code import Case, Code
from attention_core.numerals import decimal, exact
from attention_core.programs import SOFTMAX, softmax_rows
from attention_core.programs.editing import find
from attention_core.softmax import softmax
from attention_core.trace import Program, Step, Trace, run


def _labels(n: int, rows: int = 1) -> dict[str, tuple[str, ...]]:
    return {"query": ("row",) if rows == 1 else ORDINALS[:rows], "key": ORDINALS[:n]}


_ROWS: Program = softmax_rows()
_STEADY: Program = softmax_rows(steady=True)  # of scores of any size: the largest of each row is taken off

# --- E3 --------------------------------------------------------------------------------------------------------------

_UNSUMMED = replace(COLUMNS, when="a column is summed instead of the row")


def _row(seed: int) -> Task:
    def problem(counts):
        targets = (("row_sums", (0,)), *(("weights", (0, j)) for j in range(len(counts))))
        given = {"scores": np.log(np.array([counts], dtype=float))}
        return Problem(_ROWS, given, _labels(len(counts)), targets, (_UNSUMMED, NO_EXP, UNDIVIDED, BY_LARGEST))

    asked = (
        spread(lambda rng: problem(rng.choice(COUNTS, int(rng.integers(3, 6)))), seed) if seed else problem((3, 1, 1))
    )
    trace = asked.right.trace
    exps = series(trace["exps"].value)
    return Task(
        prompt=f"The scores of one query are {series(trace.given['scores'].value, logarithm)}; their exponentials "
        f"are {exps}. "
        "Fill in the row sum and the weights.",
        accepts="For each blank: " + ACCEPTS[0].lower() + ACCEPTS[1:],
        trace=trace,
        blanks=asked.targets,
        hints=(
            "The row sum belongs to one query: what are all its exponentials together?",
            f"The row sum is {trace['row_sums'].explain((0,)).text}. Each weight is one exponential’s share of it.",
            f"The first weight is {trace['weights'].explain((0, 0)).text}; the row sum stays the same along the row.",
        ),
        solution=tuple(
            f"{named(trace, target)} = {equation(trace[target[0]].explain(target[1]))}" for target in asked.targets
        ),
        checker=Numbers(asked, many=True),
    )


# --- E4 --------------------------------------------------------------------------------------------------------------

_WORDS = tuple(PAINT.sentence.split())
_SUMMED: Program = (find(SOFTMAX, "row_sums"),)
_ROUNDED = 0.006  # what three decimals may leave out, over five cells, twice over


def _table(seed: int) -> np.ndarray:
    """Weights to three decimals, right ones but for one row, which is spoilt."""
    rng = np.random.default_rng(seed)
    table = softmax(rng.normal(size=(5, 5)))
    table[int(rng.integers(5))] *= rng.choice([0.8, 0.9, 1.1, 1.2])
    return table.round(3)


def _no_distribution(seed: int) -> Task:
    table = _table(seed)
    step = replace(
        _SUMMED[0], inputs=("weights",), code="row_sums = weights.sum(axis=1)", meaning="all that {query} takes",
        says="The weights of one query, added up.", formula=r"r_i = \sum_j A_{ij}", formula_t=r"r_i = \sum_j A_{ji}",
    )  # fmt: skip
    trace = run((step,), {"weights": table}, {"query": _WORDS, "key": _WORDS})
    sums = trace["row_sums"].value
    (wrong,) = (i for i in range(5) if abs(sums[i] - 1) > _ROUNDED)
    cells = [("weights", (i, j)) for i in range(5) for j in range(5)] + [("row_sums", (i,)) for i in range(5)]
    says = ", ".join(f"{_WORDS[i]}: {sums[i]:.3f}" for i in range(5))
    return Task(
        prompt="Here are the weights of five words, rounded to three decimals. A row of weights should be a "
        "distribution. Four of the rows are, but for the rounding; pick a cell of the one that is not.",
        accepts="Any cell of the row that is no distribution.",
        trace=trace,
        target=("weights", (wrong, 0)),
        hints=(
            "What must the weights of one query add up to, whatever the scores were?",
            f"Add up the row of “{_WORDS[wrong]}”, from left to right.",
            f"The row of “{_WORDS[wrong]}” adds up to {sums[wrong]:.3f}.",
        ),
        solution=tuple(
            f"{_WORDS[i]}: {_thousandths(trace, i)} = {sums[i]:.3f}{'' if i == wrong else ', as it should be'}"
            for i in range(5)
        ),
        checker=Pick(
            trace, tuple(cell for cell in cells if cell[1][0] == wrong), f"The row sums are {says}.",
            {cell: _good_row(trace, cell) for cell in cells if cell[1][0] != wrong},
        ),
    )  # fmt: skip


def _thousandths(trace: Trace, i: int) -> str:
    return trace["row_sums"].explain((i,)).written(lambda x: f"{x:.3f}")


def _good_row(trace: Trace, cell: Target) -> Diagnosis:
    """What is said of a pick in a row that is a distribution: its column, perhaps, is none, and need not be."""
    _, (i, *rest) = cell
    whole = f"The row of “{_WORDS[i]}” adds up to {trace['row_sums'].value[i]:.3f}, as a distribution does."
    down = trace.given["weights"].value.sum(axis=0)
    if rest and abs(down[rest[0]] - 1) > _ROUNDED:
        return Diagnosis("column", f"{whole} Its column adds up to {down[rest[0]]:.3f}, and columns may.")
    return Diagnosis("a good row", whole)


# --- E5 --------------------------------------------------------------------------------------------------------------

_SHARPEN: Program = (
    scalar("rest", r"r = 1 - w", "1 - wanted", ("one", "wanted"), rules.subtract, "left for the others",
           "what all the others get together"),
    scalar("odds", r"o = m w / r", "others * wanted / rest", ("share", "rest"), rules.divide, "odds",
           "how many times as much as each other key it is to get"),
    scalar("needed", r"n = \ln o", "np.log(odds)", ("odds",), LN, "score needed", "the score that makes those odds"),
    scalar("temperature", r"T = s / n", "score / needed", ("score", "needed"), rules.divide, "temperature",
           "what the scores have to be divided by"),
)  # fmt: skip
_SHARPEN = (
    scalar("share", r"m w", "others * wanted", ("others", "wanted"), rules.times, "the others times the wanted weight",
           "the number of other keys times the wanted weight"),
    *_SHARPEN,
)  # fmt: skip
_MULTIPLIED = Slip(
    "multiplied by T", "the scores are multiplied by T instead of divided", "direction",
    stepped("temperature", inputs=("needed", "score")),
)  # fmt: skip
_NO_LOG = Slip(
    "no logarithm", "exponentials are divided by one another where their logarithms, the scores, should be", "log",
    lambda program, given: (
        stepped("needed", rule=rules.total)(program, given)[0], {**given, "score": np.exp(given["score"])}
    ),
)  # fmt: skip
_NO_ODDS = Slip(
    "weight for odds", "the wanted weight is taken for the odds: what the others get is forgotten", "odds",
    stepped("odds", inputs=("share", "one")),
)  # fmt: skip
_ONE_OTHER = Slip(
    "one other key", "only one other key is counted", "others", giving(others=lambda given: np.ones(())), alone=True
)


def _cold(seed: int) -> Task:
    def problem(factor, others, wanted):
        given = {"one": 1, "others": others, "wanted": wanted, "score": np.log(factor)}
        slips = (_MULTIPLIED, _NO_LOG, _NO_ODDS, _ONE_OTHER)
        given = {name: number(x) for name, x in given.items()}
        return Problem(_SHARPEN, given, {}, (("temperature", ()),), slips)

    def drawn(rng):
        return problem(int(rng.integers(2, 6)), int(rng.integers(1, 4)), float(rng.choice([0.7, 0.8, 0.9, 0.95])))

    asked = spread(drawn, seed) if seed else problem(3, 1, 0.9)
    score, others, wanted = (asked.given[name].item() for name in ("score", "others", "wanted"))
    row = _one_above(score, int(others))
    target = ("weights", (0, 0))
    now = row["weights"].value[target[1]].item()
    return Task(
        prompt=f"A query gives its first key the weight {exact(now)}: the score of that key is {exact(score)}, and "
        f"{'that of the other key is' if others == 1 else f'those of the {int(others)} other keys are'} 0. At which "
        f"temperature T would it give {decimal(wanted)}?",
        accepts=ACCEPTS,
        trace=row,
        target=target,
        hints=(
            "Is the weight to become sharper or flatter? So is T below 1, or above?",
            f"A weight of {decimal(wanted)} means that the exponential of the first key is "
            f"{exact(asked.right.trace['odds'].value.item())} times that of each other key.",
            f"The score divided by T has to be ln({exact(asked.right.trace['odds'].value.item())}). The score is "
            f"{exact(score)}.",
        ),
        solution=worked(asked.right.trace, ("temperature", ()), ("rest", "share", "odds", "needed", "temperature")),
        checker=Numbers(asked),
    )


def _one_above(score: float, others: int) -> Trace:
    """One key with this score, and others with 0."""
    return run(_ROWS, {"scores": np.array([[score] + [0.0] * others])}, _labels(others + 1))


# --- E6 --------------------------------------------------------------------------------------------------------------

_STABLE = """exps = exp(scores - scores.max(axis=1, keepdims=True))
exps / exps.sum(axis=1, keepdims=True)"""
_STABLE_SLIPS = (COLUMNS, NO_EXP, UNDIVIDED)
_OVERFLOWS = Diagnosis(
    "unstable", "It is softmax, but for scores near 1000 exp is infinite: take the largest score of each row off first."
)
_WHOLE = Diagnosis(
    "one maximum for all", "One number is taken off all rows. Where a row lies far below the others, all its "
    "exponentials become 0: take off each row’s own maximum.",
)  # fmt: skip
_TINY = Diagnosis("one size", "It is right for some matrices of scores, and not for all.")


def _softmax_case(scores: np.ndarray, tells: Diagnosis) -> Case:
    cells = tuple(("weights", at) for at in np.ndindex(scores.shape))
    return Case({"scores": scores}, Problem(_STEADY, {"scores": scores}, {}, cells, _STABLE_SLIPS), tells)


def _stable(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    small, wide = rng.normal(size=(3, 4)), rng.normal(size=(2, 5))
    cases = (
        _softmax_case(small, _TINY), _softmax_case(wide, _TINY), _softmax_case(small + 1000, _OVERFLOWS),
        _softmax_case(small + np.array([[0], [-2000], [2000]]), _WHOLE), _softmax_case(wide * 1000, _TINY),
    )  # fmt: skip
    return Task(
        prompt="Write softmax for a matrix of scores, one query a row: from scores [n_q, n_k] to weights of the same "
        "shape. It must also work for scores of 1000, and adding a constant to a row must change nothing.",
        accepts="At most 4 lines in the words of NumPy, such as exp(scores); the value of the last line counts.",
        start=("exp(scores)",),
        hints=(
            "Three things: make every score positive, add up each row, divide.",
            "keepdims=True keeps a sum as a column, which then divides every row by its own sum.",
            "exp(1000) is too large. Subtract scores.max(axis=1, keepdims=True) first: no weight changes.",
        ),
        solution=tuple(_STABLE.splitlines()),
        checker=Code(
            cases, "weights", 4, _STABLE,
            {
                "columns": _STABLE.replace("axis=1", "axis=0"),
                "no exponential": "scores / scores.sum(axis=1, keepdims=True)",
                "not normalised": _STABLE.splitlines()[0].removeprefix("exps = "),
                "unstable": "exps = exp(scores)\nexps / exps.sum(axis=1, keepdims=True)",
                "one maximum for all": _STABLE.replace("scores.max(axis=1, keepdims=True)", "scores.max()"),
            },
        ),
    )  # fmt: skip


# --- What a constant does --------------------------------------------------------------------------------------------


def _to_one_only(given: Given) -> np.ndarray:
    return given["scores"] - given["constant"] * (np.arange(given["scores"].shape[1]) > 0)


_ONE_ONLY = Slip("added to one score", "the constant is added to the first score alone", "constant",
                 giving(scores=_to_one_only), alone=True)  # fmt: skip


def _constant(seed: int) -> Task:
    def problem(counts, constant):
        given = {"scores": np.log(np.array([counts], dtype=float)), "constant": number(constant)}
        target = ("weights", (0, 0))
        return Problem(
            softmax_rows(raised=True, steady=True), given, _labels(len(counts)), (target,), (NO_EXP, _ONE_ONLY, EVENED)
        )

    def drawn(rng):
        return problem(rng.choice(COUNTS, 3, replace=False), int(rng.choice([5, 10, 50, 100, 500])))

    asked = spread(drawn, seed) if seed else problem((3, 1, 1), 100)
    trace, constant = asked.right.trace, exact(asked.given["constant"].item())
    before = asked.given["scores"]
    return Task(
        prompt=f"A row of scores is {series(before, logarithm)}. Now {constant} is added to every score. What is the "
        "first weight?",
        accepts=ACCEPTS,
        trace=trace,
        target=("weights", (0, 0)),
        hints=(
            "What does a constant added to a score do to its exponential: add to it, or multiply it?",
            f"Every exponential becomes exp({constant}) times as large. So does their sum.",
            f"The factor cancels: divide as if nothing had been added. The exponentials were {series(np.exp(before))}.",
        ),
        solution=worked(trace, ("weights", (0, 0)), ("raised", "shifted", "exps", "row_sums", "weights")),
        checker=Numbers(asked),
    )


EVENED = Slip(
    "evened out", "the constant is taken to drown the differences, and all weights become equal", "difference",
    giving(scores=lambda given: np.zeros_like(given["scores"])), alone=True,
)  # fmt: skip

# --- Softmax over the wrong axis -------------------------------------------------------------------------------------

_SHARES = Step(
    "shares", r"s_i = \sum_j A_{ij}", "shares = weights.sum(axis=1)", ("weights",), "query key -> query", rules.total,
    "sums of the weights’ rows", "The weights of one query, added up.", "all that {query} takes",
)  # fmt: skip
_ALONG_ROWS = Slip(
    "rows", "softmax runs over the rows, as it should", "axis", programmed(lambda program: (*_ROWS, _SHARES))
)
_DOWN = Slip(
    "column added up", "the weights of the column are added up, and not those of the row", "axis",
    stepped("shares", axes="query key -> key"),
)  # fmt: skip
_UNDIVIDED_ROWS = replace(UNDIVIDED, when="the exponentials of the row are added up, and nothing is divided")


def _axis(seed: int) -> Task:
    board = BENCHES["softmax"].set_up(scores="paint")

    def problem(order, factor, i):
        scores = board.given["scores"][np.ix_(order, order)] * factor
        labels = {axis: tuple(found[at] for at in order) for axis, found in board.labels.items()}
        program = (*softmax_rows(columns=True), _SHARES)
        return Problem(program, {"scores": scores}, labels, (("shares", (i,)),), (_ALONG_ROWS, _DOWN, _UNDIVIDED_ROWS))

    def drawn(rng):
        return problem(rng.permutation(5), np.log(rng.integers(2, 6)) / np.log(3), int(rng.integers(5)))

    asked = spread(drawn, seed) if seed else problem(np.arange(5), 1.0, 1)
    trace, ((_, at),) = asked.right.trace, asked.targets
    token = trace["shares"].labels[0][at[0]]
    return Task(
        prompt=f"These are the scores of “{' '.join(trace['shares'].labels[0])}”. By mistake, softmax runs down the "
        f"columns (axis=0) and not along the rows. What do the weights in the row of “{token}” add up to then?",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        shown=("scores",),
        hints=(
            "Over the wrong axis each column adds up to 1. Does a row have to?",
            "Each exponential of the row is divided by its own column’s sum. Those are "
            f"{series(trace['row_sums'].value)}.",
            f"The row’s exponentials are {series(trace['exps'].value[at[0]])}. Divide each by its column’s sum, and "
            "add.",
        ),
        solution=worked(trace, asked.targets[0], ("row_sums", "weights", "shares")),
        checker=Numbers(asked),
    )


# --- Cosines cannot focus --------------------------------------------------------------------------------------------

_AT_ZERO = Slip(
    "others at 0", "the other cosines are 0 instead of −1, which is as low as a cosine gets", "others",
    giving(scores=lambda given: np.maximum(given["scores"], 0)),
)  # fmt: skip
_ONE_MORE = Slip(
    "one key too many", "the best key is counted among the others once more", "count",
    giving(scores=lambda given: np.append(given["scores"], given["scores"][:, -1:], axis=1)),
)  # fmt: skip
_EXP_ONLY = Slip("exponential instead of weight", "the exponential is not divided by the row sum", "share",
                 read=reading("weights", "exps"))  # fmt: skip


def _focus(seed: int) -> Task:
    n = int(np.random.default_rng(seed).integers(3, 30)) if seed else 5
    given = {"scores": np.array([[1.0] + [-1.0] * (n - 1)])}
    target = ("weights", (0, 0))
    asked = Problem(_ROWS, given, {}, (target,), (_AT_ZERO, _ONE_MORE, NO_EXP, _EXP_ONLY))
    trace = asked.right.trace
    return Task(
        prompt=f"Scores that are cosines lie between −1 and 1. There are {n} keys, and nothing scales the scores. How "
        "large can the largest weight get?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "For one key to stand out as far as it can, what are its cosine and those of all others?",
            f"The best key has a cosine of 1, the other {n - 1} have −1.",
            f"The exponentials are {trace['exps'].value[0, 0]:.3f}, and {n - 1} times {trace['exps'].value[0, 1]:.3f}.",
        ),
        solution=(
            f"exp(1) = {trace['exps'].value[0, 0]:.4f}, exp(−1) = {trace['exps'].value[0, 1]:.4f}",
            f"row sum = {trace['exps'].value[0, 0]:.4f} + {n - 1} × {trace['exps'].value[0, 1]:.4f} "
            f"= {trace['row_sums'].value[0]:.4f}",
            f"largest weight = {trace['weights'].explain((0, 0)).text} ≈ {trace['weights'].value[0, 0]:.4f}",
        ),
        checker=Numbers(asked),
    )


# --- The soft maximum ------------------------------------------------------------------------------------------------

_HARD_MAX = Slip(
    "maximum", "the largest score is taken, and the others add nothing", "sum", stepped("row_sums", rule=rules.maximum)
)
_NO_LN = Slip("no logarithm", "the sum of the exponentials is given, without its logarithm", "log",
              read=reading("log_sum_exp", "row_sums"))  # fmt: skip
_MEAN_EXP = Slip("mean", "the mean of the exponentials is taken instead of their sum", "sum",
                 stepped("row_sums", rule=functions.mean))  # fmt: skip
_SUM_OF_SCORES = Slip(
    "sum of scores", "the scores themselves are added up", "exp",
    lambda program, given: (
        stepped("log_sum_exp", rule=rules.total)(*NO_EXP.change(program, given))
    ),
    alone=True,
)  # fmt: skip


def _soft_maximum(seed: int) -> Task:
    def problem(counts):
        given = {"scores": np.log(np.array([counts], dtype=float))}
        slips = (_HARD_MAX, _NO_LN, _MEAN_EXP, _SUM_OF_SCORES)
        return Problem(softmax_rows(log_sum_exp=True), given, _labels(len(counts)), (("log_sum_exp", (0,)),), slips)

    asked = (
        spread(lambda rng: problem(rng.choice(COUNTS, int(rng.integers(3, 6)))), seed) if seed else problem((3, 1, 1))
    )
    trace = asked.right.trace
    scores = trace.given["scores"].value
    return Task(
        prompt=f"Softmax is named after a soft maximum, the log-sum-exp: the logarithm of the sum of the exponentials. "
        f"What is it for the scores {series(scores, logarithm)}?",
        accepts=ACCEPTS,
        trace=trace,
        target=("log_sum_exp", (0,)),
        hints=(
            f"It is at least the maximum, {exact(scores.max().item())}, and at most ln {scores.size} above it.",
            f"The exponentials are {series(trace['exps'].value)}. Add them up.",
            f"Take the logarithm of {exact(trace['row_sums'].value.item())}. You may type it as it is, with ln.",
        ),
        solution=worked(trace, ("log_sum_exp", (0,)), ("exps", "row_sums", "log_sum_exp")),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("E3", "softmax", "matrix", "A row sum and its weights", 1, _row),
    Exercise("E4", "softmax", "error", "Which row is no distribution?", 1, _no_distribution),
    Exercise("E5", "softmax", "number", "How cold for nine tenths?", 2, _cold),
    Exercise("E6", "softmax", "code", "Softmax that does not overflow", 2, _stable),
    Exercise("softmax-constant", "softmax", "number", "Add 100 to every score", 1, _constant),
    Exercise("softmax-axis", "softmax", "number", "Softmax over the wrong axis", 2, _axis),
    Exercise("softmax-cosine", "softmax", "number", "How far can cosines focus?", 2, _focus),
    Exercise("softmax-maximum", "softmax", "number", "The soft maximum", 2, _soft_maximum),
)
