"""Exercises of the lesson "projections and shapes": E9, E10, one coordinate of a query, and what grows with the text.

Vocabulary
    sizes    the number of tokens, of features, of coordinates: what shapes are made of
    uses     which size each side of a matrix has; it follows from the axes of the step that makes the matrix
    bias     a number added to every query, key or value, whatever the token
"""

import numpy as np

from attention_core import programs, rules
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Problem, Slip, giving, spread
from attention_core.numerals import decimal, exact
from attention_core.programs import PROJECT, SELF_ATTENTION, with_biases
from attention_core.programs.editing import find
from attention_core.trace import Program, Step, givens, run

# --- E9: shapes ------------------------------------------------------------------------------------------------------

_SIZE_NAMES = ("tokens", "d_model", "d_k")
_SIZE_OF = {"query": 0, "key": 0, "d_model": 1, "d_k": 2}
_SIDES = ("rows", "columns")
_SHAPES: Program = (
    Step(
        "shapes", r"\text{shapes}", "shapes = uses @ sizes", ("uses", "sizes"), "matrix side size, size -> matrix side",
        rules.contract, "shapes", "Every side of a matrix has the size of the axis that it is.",
        "how many {side} the matrix {matrix} has",
    ),
)  # fmt: skip


def _uses(axes_of_q: tuple[str, ...], axes_of_scores: tuple[str, ...]) -> np.ndarray:
    """[matrix side size], 1 where the side has that size."""
    return np.array([[np.eye(3)[_SIZE_OF[axis]] for axis in axes] for axes in (axes_of_q, axes_of_scores)])


_AXES = tuple(find(SELF_ATTENTION, name).parsed.output for name in ("q", "scores"))
_LYING = Slip("transposed", "rows and columns are exchanged", "order", giving(uses=lambda g: g["uses"][:, ::-1]))
_UNPROJECTED = Slip(
    "d_model for d_k", "the queries are taken to be as wide as the embeddings", "width",
    giving(uses=lambda given: _uses(("query", "d_model"), _AXES[1])),
)  # fmt: skip
_INNER = Slip(
    "KᵀQ for QKᵀ", "the scores are summed over the tokens instead of the coordinates", "product",
    giving(uses=lambda given: _uses(_AXES[0], ("d_k", "d_k"))),
)  # fmt: skip
_SAME_SHAPE = Slip(
    "scores like Q", "the scores are taken to have the shape of Q", "product",
    giving(uses=lambda given: _uses(_AXES[0], _AXES[0])),
)  # fmt: skip


def _shapes(seed: int) -> Task:
    def problem(n, d_model, d_k):
        given = {"uses": _uses(*_AXES), "sizes": np.array([n, d_model, d_k], dtype=float)}
        labels = {"matrix": ("Q", "scores"), "side": _SIDES, "size": _SIZE_NAMES}
        targets = tuple(("shapes", (i, j)) for i in range(2) for j in range(2))
        return Problem(_SHAPES, given, labels, targets, (_UNPROJECTED, _INNER, _SAME_SHAPE, _LYING))

    def drawn(rng):
        return problem(*(int(x) for x in rng.choice(np.arange(2, 13), 3, replace=False)))

    asked = spread(drawn, seed) if seed else problem(7, 6, 4)
    n, d_model, d_k = (int(x) for x in asked.given["sizes"])
    return Task(
        prompt=f"A sentence has N = {n} tokens; d_model = {d_model} and d_k = {d_k}. What are the shapes of Q and of "
        "the "
        "scores? One token is one row.",
        accepts="A whole number for each side: how many rows, how many columns.",
        trace=asked.right.trace,
        blanks=asked.targets,
        hints=(
            "How many queries are there, and how many numbers are in each?",
            f"Q = X W_Q: ({n}, {d_model}) times ({d_model}, {d_k}). The inner sizes go.",
            f"Every one of {n} queries meets every one of {n} keys.",
        ),
        solution=(
            f"Q = X W_Q: ({n}, {d_model}) × ({d_model}, {d_k}) = ({n}, {d_k})",
            f"scores = Q Kᵀ: ({n}, {d_k}) × ({d_k}, {n}) = ({n}, {n})",
        ),
        checker=Numbers(asked, many=True),
    )


# --- E10: the bias that changes nothing ------------------------------------------------------------------------------

_BIASES = {"b_q": "the query bias b_q", "b_k": "the key bias b_k"}
_NEITHER = "each of them changes some weight"


def _idle_bias(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    given, labels = PAINT.given(PAINT.sentence.split())
    given |= {"b_q": np.zeros(4), "b_k": np.zeros(4), "b_v": np.zeros(4), "b_o": np.zeros(6)}
    bias = rng.permutation(4) / 2 if seed else np.array([1.0, 1, 0, 0])  # not the same for every key
    program = with_biases(programs.one_head())
    plain = run(program, given, labels)
    biased = {name: run(program, {**given, name: bias}, labels) for name in _BIASES}
    moved = {
        name: float(np.abs(trace["weights"].value - plain["weights"].value).max()) for name, trace in biased.items()
    }
    (idle,) = (name for name, most in moved.items() if most < 1e-9)
    (busy,) = set(_BIASES) - {idle}
    says = (
        f"With {_BIASES[busy]} = ({', '.join(map(exact, bias.tolist()))}) a weight changes by {decimal(moved[busy])}."
    )
    hit = exact(float(biased[idle]["scores"].value[2, 0] - plain["scores"].value[2, 0]))
    return Task(
        prompt="Queries and keys may each get a bias: a vector added to every one of them, whatever the token. One "
        "of the "
        "two biases can change no weight at all, whatever its numbers are. Which?",
        accepts="One of the answers offered.",
        trace=plain,
        options=(*_BIASES.values(), _NEITHER),
        hints=(
            "Write out (q + b_q) · k and q · (k + b_k). Which part is new in each?",
            "What is added to a score by b_k is q · b_k. On which token does it depend: the query’s, or the key’s?",
            "A number that is the same for all keys of one query is a constant along the row. Softmax ignores it.",
        ),
        solution=(
            f"(q + b_q) · k = q · k + b_q · k: another number for every key. {says}",
            f"q · (k + b_k) = q · k + q · b_k: one number for the whole row; here {hit} for “hit”. Largest change of a "
            f"weight: {exact(round(moved[idle], 12))}.",
        ),
        checker=Choice(
            (*_BIASES.values(), _NEITHER), _BIASES[idle],
            "It adds one number to the whole row of scores, and softmax does not see a constant.",
            {
                _BIASES[busy]: Diagnosis("query bias", f"{says} It adds another number for every key."),
                _NEITHER: Diagnosis("neither", f"{_BIASES[idle].capitalize()} adds the same to every score of a row."),
            },
        ),
    )  # fmt: skip


# --- One coordinate of a query ---------------------------------------------------------------------------------------

_KEY_FOR_QUERY = Slip("W_K for W_Q", "the key weights are used instead of the query weights", "weights",
                      giving(w_q=lambda given: given["w_k"]))  # fmt: skip
_FROM_ONE = Slip("counted from 1", "the coordinates are counted from 1", "place",
                 read=lambda target: (target[0], (target[1][0], target[1][1] - 1)))  # fmt: skip
_UNPROJECTED_ROW = Slip("feature", "the embedding’s own number is given, without W_Q", "product",
                        giving(w_q=lambda given: np.eye(*given["w_q"].shape)), alone=True)  # fmt: skip
_ADDED = Slip("sum of the column", "the column of W_Q is added up, whatever features the token has", "features",
              giving(x=lambda given: np.ones_like(given["x"])))  # fmt: skip


def _query(seed: int) -> Task:
    def problem(given, labels, at):
        slips = (_KEY_FOR_QUERY, _FROM_ONE, _UNPROJECTED_ROW, _ADDED)
        return Problem(PROJECT, given, labels, (("q", at),), slips)

    def drawn(rng):
        given, labels = PAINT.given(PAINT.sentence.split())
        given |= {name: rng.integers(-3, 6, size=(6, 4)).astype(float) for name in ("w_q", "w_k")}
        return problem(given, labels, (int(rng.integers(5)), int(rng.integers(4))))

    asked = spread(drawn, seed) if seed else problem(*PAINT.given(PAINT.sentence.split()), (1, 0))
    trace, ((_, at),) = asked.right.trace, asked.targets
    token = trace["q"].labels[0][at[0]]
    has = [name for name, x in zip(PAINT.features, asked.given["x"][at[0]], strict=True) if x]
    return Task(
        prompt=f"Q = X W_Q. What is coordinate {at[1]} of the query of “{token}”? (Coordinates are counted from 0.)",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        hints=(
            f"The row of X that belongs to “{token}” meets one column of W_Q.",
            f"“{token}” has only these features: {', '.join(has)}. All other products are 0.",
            f"The products are {trace['q'].explain(at).written(exact)}. Add them.",
        ),
        solution=worked(trace, asked.targets[0], ("q",)),
        checker=Numbers(asked),
    )


# --- What grows with the text ----------------------------------------------------------------------------------------

_GROWS = {"w_q": "W_Q", "q": "Q", "scores": "the scores", "weights": "the weights"}


def _length(seed: int) -> Task:
    short, long = (
        (int(x) for x in np.random.default_rng(seed).choice([[3, 30], [8, 80], [6, 24], [4, 400]])) if seed else (5, 50)
    )
    sizes = {"query": short, "key": short, "d_model": 6, "d_k": 4, "d_v": 4}
    axes = {**givens(SELF_ATTENTION), **{step.name: step.parsed.output for step in SELF_ATTENTION}}

    def shape(name: str, n: int) -> str:
        return " × ".join(str(n if axis in ("query", "key") else sizes[axis]) for axis in axes[name])

    (same,) = (name for name in _GROWS if shape(name, short) == shape(name, long))
    return Task(
        prompt=f"A text of {short} tokens becomes one of {long}. Which of these keeps its shape?",
        accepts="One of the answers offered.",
        options=tuple(_GROWS.values()),
        hints=(
            "Which of them were there before anybody typed a sentence?",
            "Everything that has one row for each token grows with the text.",
            "Weights are learned once, and the same for every sentence of every length.",
        ),
        solution=tuple(
            f"{text}: {shape(name, short)}, then {shape(name, long)}" for name, text in _GROWS.items()
        ),
        checker=Choice(
            tuple(_GROWS.values()), _GROWS[same], f"{_GROWS[same]} stays {shape(same, long)}, whatever the text.",
            {
                text: Diagnosis(name, f"Its shape was {shape(name, short)}, and is now {shape(name, long)}.")
                for name, text in _GROWS.items() if name != same
            },
        ),
    )  # fmt: skip


EXERCISES = (
    Exercise("E9", "projections", "matrix", "Shapes for seven tokens", 1, _shapes),
    Exercise("E10", "projections", "choice", "The bias that changes no weight", 3, _idle_bias),
    Exercise("projections-query", "projections", "number", "One coordinate of a query", 1, _query),
    Exercise("projections-length", "projections", "choice", "What grows with the text?", 1, _length),
)
