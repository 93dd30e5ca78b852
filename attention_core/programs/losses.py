"""Losses: one number for how wrong a program was, at its end, so that gradients can be derived from it.

Vocabulary
    loss      one number; the smaller, the better
    goal      what a matrix should have been: `goal` for features, `targets` for the next word (a row of shares, mostly
              a single 1), `pattern` for weights of attention
    counted   how much each token counts in the loss: 1/3 for each of three, 0 for one that nobody asks about
    focus     how much each feature of each token counts
    surprise  −Σ t ln p, of a row of shares p and the row t that it should have been: the cross-entropy
"""

from attention_core import functions, rules
from attention_core.programs.editing import find, identifier
from attention_core.programs.givens import GIVENS
from attention_core.programs.products import indexed, letter_of
from attention_core.trace import Program, Step

_GOALS = {"vocab": "targets", "key": "pattern"}  # by the last axis of what is judged; anything else has a `goal`


def squared_error(program: Program, of: str = "") -> Program:
    """The program with, at its end, loss = Σ focus (made − goal)², of the matrix `of` (the last one).

    Reads goal and focus, both with the axes of that matrix. The steps: error, squares, loss.
    """
    of = of or program[-1].name
    made = find(program, of)
    axes = " ".join(made.parsed.output)
    place = " of ".join(f"{{{axis}}}" for axis in reversed(axes.split()))
    return (
        *program,
        Step(
            "error", rf"\Delta = {letter_of(made)} - G", f"error = {identifier(of)} - goal", (of, "goal"),
            f"{axes}, {axes} -> {axes}", rules.subtract,
            "error", "What was made, minus what should have been made.", f"the error in {place}",
        ),
        Step(
            "squares", r"\Delta^2_{if} = \Delta_{if} \, \Delta_{if}", "squares = error**2", ("error",),
            f"{axes} -> {axes}", functions.square,
            "squared error", "Too much and too little are equally wrong; twice as far off is four times as wrong.",
            f"the squared error in {place}",
        ),
        Step(
            "loss", r"L = \sum_i \sum_f F_{if} \, \Delta^2_{if}", "loss = (focus * squares).sum()",
            ("focus", "squares"), f"{axes}, {axes} -> ", rules.contract,
            "loss", "The squared errors, each as much as it counts, added up.", "how wrong all of it is",
        ),
    )  # fmt: skip


def cross_entropy(program: Program, of: str = "") -> Program:
    """The program with, at its end, loss = Σ counted × surprise, of the rows of shares in matrix `of` (the last one).

    Reads `targets` [query vocab], or `pattern` [query key] where weights of attention are judged, whose rows sum to 1,
    and counted [query]. The steps: surprise, loss.
    """
    of = of or program[-1].name
    made = find(program, of)
    axes = made.parsed.output
    goal, rows = _GOALS.get(axes[-1], "goal"), " ".join(axes[:-1])
    every = " ".join(axes)
    logs = f"np.log(np.where({goal} != 0, {identifier(of)}, 1))"
    return (
        *program,
        Step(
            "surprise", rf"u_i = -\sum_j {GIVENS[goal].letter}_{{ij}} \ln {indexed(letter_of(made), axes)}",
            f"surprise = -({goal} * {logs}).sum(axis={len(axes) - 1})",
            (goal, of), f"{every}, {every} -> {rows}", functions.surprise,
            "surprise", "Minus the logarithm of the share that the right answer got: 0 if it got all, large if little.",
            "how surprised {query} is by the right answer",
        ),
        Step(
            "loss", r"L = \sum_i n_i \, u_i", "loss = (counted * surprise).sum()", ("counted", "surprise"),
            f"{rows}, {rows} -> ", rules.contract,
            "loss", "The surprises, each as much as it counts, added up: the cross-entropy.", "how wrong all of it is",
        ),
    )  # fmt: skip
