"""Exercises of the lesson "one head, cell by cell": E11 to E13, a row of weights, an output, a mask read backwards.

Vocabulary
    paint    the running example: a match scores ln 3 there; other seeds have other sentences and other factors
    factor   how many times as much as another key a match counts: exp of its scaled score
    seen     a cell that the mask lets through, and whose query looks for something
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from attention_core import programs
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, series
from attention_core.exercises.engine import Diagnosis, Exercise, Task, named, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Painted, Pick, misread
from attention_core.exercises.slips import (
    COLUMNS,
    EXPONENTIAL,
    IN_A_WEIGHT,
    IN_THE_SCORES,
    NO_EXP,
    SCORE,
    TURNED,
    UNDIVIDED,
    Problem,
    Slip,
    Target,
    giving,
    reading,
    spread,
    stepped,
)
from attention_core.exercises.typed_code import Case, Code
from attention_core.numerals import exact
from attention_core.programs import SOFT_LOOKUP, steadied
from attention_core.rules import Index

_HEAD = programs.one_head()
_LINE = PAINT.sentence.split()
_WORDS = (
    ("red", "blue", "azure"), ("ball", "cube", "balloon", "apple"), ("hit", "add"),
)  # fmt: skip
_PATTERNS = ((0, 1, 2, 0, 1), (0, 1, 2, 1, 0), (1, 2, 0, 1, 2), (0, 0, 1, 2, 1), (1, 0, 1, 2, 0, 1), (0, 2, 1, 0, 1, 2))


def _given(tokens, factor: int = 3):
    """The paint example for these tokens, in which a match counts `factor` times as much as anything else."""
    given, labels = PAINT.given(tokens)
    if factor != 3:
        given["w_q"] = np.where(given["w_q"] > 0, np.log(factor) / given["scale"], 0.0)
    return given, labels


def _drawn(rng: np.random.Generator):
    pools = [list(rng.permutation(pool)) for pool in _WORDS]
    pattern = _PATTERNS[int(rng.integers(len(_PATTERNS)))]
    tokens = [str(pools[part].pop()) for part in pattern]
    return _given(tokens, int(rng.choice([2, 3, 4, 5])))


def _seen_cells(given) -> list[Index]:
    """Cells (query, key) off the diagonal that a looking query may see, from the third row on."""
    looking = (given["x"] @ given["w_q"]).any(axis=1)
    return [(i, j) for i, j in np.ndindex(given["mask"].shape) if i > 1 and j < i and looking[i]]


def _about(seed: int, first: Target, slips, pick: Callable[..., tuple[Target, ...]]) -> Problem:
    """The running example and the first target at seed 0; else a sentence and what `pick` asks of it."""
    if not seed:
        return Problem(_HEAD, *_given(_LINE), (first,), slips)

    def drawn(rng):
        given, labels = _drawn(rng)
        return Problem(_HEAD, given, labels, pick(rng, given), slips)

    return spread(drawn, seed)


def _a_weight(rng: np.random.Generator, given) -> tuple[Target, ...]:
    cells = _seen_cells(given)
    return (("weights", cells[int(rng.integers(len(cells)))]),)


def _sentence(problem: Problem) -> str:
    return f"“{' '.join(problem.labels['query'])}”"


# --- E11 -------------------------------------------------------------------------------------------------------------


def _takes(seed: int) -> Task:
    asked = _about(seed, ("weights", (2, 1)), IN_A_WEIGHT, _a_weight)
    trace, (target,) = asked.right.trace, asked.targets
    query, key = trace["weights"].place(target[1]).values()
    row, at = target[1][0], target[1]
    exps = trace["exps"].value[row, : row + 1]
    return Task(
        prompt=f"In the sentence {_sentence(asked)}, with the weights of the paint example and the causal mask: how "
        "much "
        f"does “{query}” take from “{key}”? d_k is 4, and a scaled score of a match is "
        f"{exact(trace['scaled'].value.max().item())}.",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            f"One row decides: that of “{query}”. Which tokens may it see?",
            f"The score of “{query}” with “{key}” is {exact(trace['scores'].value[at].item())}; "
            f"scaled, {exact(trace['scaled'].value[at].item())}.",
            f"The exponentials in the row of “{query}” are {series(exps)}. Divide by their sum.",
        ),
        solution=worked(trace, target, ("scores", "scaled", "exps", "row_sums", "weights")),
        checker=Numbers(asked),
    )


# --- E12 -------------------------------------------------------------------------------------------------------------

_EARLY = replace(SCORE, name="score", when="the score is picked, before softmax")
_LATE = replace(EXPONENTIAL, when="the exponential is picked, before it is divided by the sum")
_RAW = replace(_EARLY, name="raw score", read=reading("weights", "scores"))
_HIDDEN = replace(_EARLY, name="masked score", read=reading("weights", "masked"))
_SWAPPED = replace(TURNED, when="row and column are exchanged: rows belong to queries, columns to keys")


def _where(seed: int) -> Task:
    asked = _about(seed, ("weights", (4, 0)), (), _a_weight)
    trace, (target,) = asked.right.trace, asked.targets
    query, key = trace["weights"].place(target[1]).values()
    return Task(
        prompt=f"Pick the cell that says how much “{query}” takes from “{key}”.",
        accepts="One cell of a matrix.",
        trace=trace,
        target=target,
        hints=(
            "The sentence is about shares. Which matrix holds shares of one whole?",
            f"“{query}” is the one that takes: it is the query.",
            f"In the weights, a row belongs to a query and a column to a key. Go to the row of “{query}”.",
        ),
        solution=(f"{named(trace, target)} = {trace['weights'].explain(target[1]).text}",),
        checker=Pick(
            trace, (target,), f"The row of “{query}”, the column of “{key}”.",
            misread((_SWAPPED, _EARLY, _RAW, _HIDDEN, _LATE), target),
        ),
    )  # fmt: skip


# --- E13 -------------------------------------------------------------------------------------------------------------

_ATTENTION = """scores = q @ k.T / sqrt(q.shape[1])
exps = exp(scores - scores.max(axis=1, keepdims=True))
weights = exps / exps.sum(axis=1, keepdims=True)
weights @ v"""
_NO_SCALE = Slip("no scaling", "the scores are not scaled", "scale", giving(scale=lambda given: np.ones(())))
_FULL_SCALE = Slip("÷ d_k", "the scores are divided by d_k instead of its square root", "scale",
                   giving(scale=lambda given: np.array(1 / given["q"].shape[1])))  # fmt: skip
_EXCHANGED = Slip("q and k exchanged", "q and k have changed places", "place",
                  giving(q=lambda given: given["k"], k=lambda given: given["q"]))  # fmt: skip
_NO_SOFTMAX = Slip("no softmax", "the scores are used as weights, without softmax", "softmax",
                   stepped("output", inputs=("scaled", "v")), alone=True)  # fmt: skip
_CODE_SLIPS = (_NO_SCALE, _FULL_SCALE, COLUMNS, _NO_SOFTMAX, NO_EXP, UNDIVIDED, _EXCHANGED)
_PROGRAM = steadied(SOFT_LOOKUP)
_ONE_SHAPE = Diagnosis("one shape", "It is right where there are as many queries as keys, and not for other shapes.")


def _code_case(rng: np.random.Generator, n_q: int, n_k: int, d_k: int, d_v: int, size: float = 1.0) -> Case:
    given = {
        "q": rng.normal(size=(n_q, d_k)) * size,
        "k": rng.normal(size=(n_k, d_k)),
        "v": rng.normal(size=(n_k, d_v)),
    }
    cells = tuple(("output", at) for at in np.ndindex(n_q, d_v))
    problem = Problem(_PROGRAM, {**given, "scale": np.array(d_k**-0.5)}, {}, cells, _CODE_SLIPS)
    return Case(given, problem, _ONE_SHAPE)


def _attention(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    n, d_k, d_v = (int(x) for x in rng.permutation([3, 4, 5])) if seed else (4, 3, 5)
    cases = (_code_case(rng, n, n, d_k, d_v), _code_case(rng, n, n + 2, d_k + 1, d_v), _code_case(rng, 1, 6, 2, 3))
    softmax, last = "\n".join(_ATTENTION.splitlines()[:-1]), "weights @ v"
    return Task(
        prompt="Write attention without a mask, in at most 4 lines: from q [n_q, d_k], k [n_k, d_k] and v [n_k, "
        "d_v] to "
        "the output [n_q, d_v].",
        accepts="At most 4 lines in the words of NumPy, such as scores = q @ k.T; the value of the last line counts.",
        start=("scores = q @ k.T",),
        hints=(
            "Compare, scale, softmax, mix: one line each.",
            "d_k is q.shape[1]; softmax runs along axis=1, and keepdims=True keeps its sums as a column.",
            "exps = exp(scores / sqrt(q.shape[1])), then exps / exps.sum(axis=1, keepdims=True) @ v.",
        ),
        solution=tuple(_ATTENTION.splitlines()),
        checker=Code(
            cases, "output", 4, _ATTENTION,
            {
                "no scaling": _ATTENTION.replace(" / sqrt(q.shape[1])", ""),
                "÷ d_k": _ATTENTION.replace("sqrt(q.shape[1])", "q.shape[1]"),
                "columns": _ATTENTION.replace("axis=1", "axis=0"),
                "no softmax": "q @ k.T / sqrt(q.shape[1]) @ v",
                "no exponential": "weights = q @ k.T\nweights / weights.sum(axis=1, keepdims=True) @ v",
                "not normalised": softmax.replace(" / exps.sum(axis=1, keepdims=True)", "") + "\n" + last,
                "q and k exchanged": _ATTENTION.replace("q @ k.T", "k @ q.T"),
            },
        ),
    )  # fmt: skip


# --- A row, an output, a mask ----------------------------------------------------------------------------------------


def _row(seed: int) -> Task:
    def problem(given, labels, i):
        targets = tuple(("weights", (i, j)) for j in range(len(given["x"])))
        return Problem(_HEAD, given, labels, targets, (*IN_THE_SCORES, EXPONENTIAL))

    def drawn(rng):
        given, labels = _drawn(rng)
        return problem(given, labels, max(i for i, _ in _seen_cells(given)))

    asked = spread(drawn, seed) if seed else problem(*_given(_LINE), 4)
    trace = asked.right.trace
    i = asked.targets[0][1][0]
    query = trace["weights"].labels[0][i]
    return Task(
        prompt=f"In the sentence {_sentence(asked)}, with the causal mask: fill in the row of weights of “{query}”. "
        "The "
        f"scaled score of a match is {exact(trace['scaled'].value.max().item())}; all others are 0.",
        accepts="For each blank: " + ACCEPTS[0].lower() + ACCEPTS[1:],
        trace=trace,
        blanks=asked.targets,
        hints=(
            f"What may “{query}” see, and which of it does it look for?",
            f"The exponentials of the row are {series(trace['exps'].value[i])}.",
            f"Their sum is {exact(trace['row_sums'].value[i].item())}. Divide each by it.",
        ),
        solution=tuple(line for target in asked.targets for line in worked(trace, target, ("weights",))),
        checker=Numbers(asked, many=True),
    )


def _an_output(rng: np.random.Generator, given) -> tuple[Target, ...]:
    """A coordinate of the output that is not the same from every key."""
    v = given["x"] @ given["w_v"]
    cells = [(i, d) for i, _ in _seen_cells(given) for d in range(3) if np.ptp(v[: i + 1, d])]
    return (("output", cells[int(rng.integers(len(cells)))]),)


_PLAIN_MEAN = Slip("plain average", "all that may be seen counts the same", "scores",
                   giving(w_q=lambda given: np.zeros_like(given["w_q"])), alone=True)  # fmt: skip


def _output(seed: int) -> Task:
    slips = (*IN_THE_SCORES, UNDIVIDED, _PLAIN_MEAN)
    asked = _about(seed, ("output", (2, 2)), slips, _an_output)
    trace, (target,) = asked.right.trace, asked.targets
    i, d = target[1]
    query = trace["output"].labels[0][i]
    return Task(
        prompt=f"In the sentence {_sentence(asked)}, with the causal mask: what does “{query}” collect in value "
        f"coordinate {d}? (Coordinates are counted from 0.)",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "An output is a mixture of values, in the proportions of one row of weights. Whose row?",
            f"The weights of “{query}” are {series(trace['weights'].value[i])}.",
            f"Column {d} of V is {series(trace['v'].value[:, d])}. Multiply by the weights, and add.",
        ),
        solution=worked(trace, target, ("exps", "row_sums", "weights", "output")),
        checker=Numbers(asked),
    )


def _mask_slip(name: str, when: str, make: Callable[[np.ndarray], np.ndarray]) -> Slip:
    return Slip(name, when, "mask", giving(mask=lambda given: make(given["mask"])))


_PAINT_SLIPS = (
    _mask_slip("transposed", "rows and columns are exchanged: a row belongs to the query, who looks", np.transpose),
    _mask_slip("inverted", "what may be seen is hidden, and what is hidden may be seen", np.logical_not),
    _mask_slip("without itself", "no token may see itself", lambda mask: mask & ~np.eye(len(mask), dtype=bool)),
    _mask_slip("everything", "every token may see every other", np.ones_like),
)


def _window(n: int, rng: np.random.Generator) -> np.ndarray:
    """Masks that a row of weights tells apart: causal with a window, or causal with some cells hidden."""
    mask = np.tri(n, dtype=bool) & ~np.tri(n, k=-int(rng.integers(2, n)), dtype=bool)
    hidden = rng.random((n, n)) < 0.2
    return mask & (~hidden | np.eye(n, dtype=bool))


def _unmask(seed: int) -> Task:
    given, labels = _given(_LINE)
    if seed:
        rng = np.random.default_rng(seed)
        given, labels = _drawn(rng)
        given["mask"] = _window(len(given["x"]), rng)
    asked = Problem(_HEAD, given, labels, (("weights", (0, 0)),), _PAINT_SLIPS)
    trace = asked.right.trace
    hidden = int((~given["mask"]).sum())
    last = trace["weights"].labels[0][-1]
    return Task(
        prompt=f"These are the weights of a head for {_sentence(asked)}. Paint the mask that it used: which token "
        "may see "
        "which?",
        accepts=f"A mask of {len(given['mask'])} rows and as many columns; a row says what one token may see.",
        trace=trace,
        shown=("weights",),
        hints=(
            "What weight does a hidden token get? And can a token that may be seen get that?",
            "exp is never 0: a weight is exactly 0 only where the mask says no.",
            f"{hidden} cells are hidden. In the row of “{last}” the weights are {series(trace['weights'].value[-1])}.",
        ),
        solution=tuple(
            f"“{token}” sees " + ", ".join(f"“{labels['key'][j]}”" for j in np.flatnonzero(given["mask"][i])) + "."
            for i, token in enumerate(labels["query"])
        ),
        checker=Painted(asked, "A weight is 0 exactly where the mask says no."),
    )


EXERCISES = (
    Exercise("E11", "one_head", "number", "How much does one token take from another?", 1, _takes),
    Exercise("E12", "one_head", "cell", "Find the cell", 1, _where),
    Exercise("E13", "one_head", "code", "Attention in four lines", 2, _attention),
    Exercise("one-head-row", "one_head", "matrix", "A whole row of weights", 1, _row),
    Exercise("one-head-output", "one_head", "number", "What one token collects", 2, _output),
    Exercise("one-head-mask", "one_head", "mask", "Which mask was it?", 2, _unmask),
)
