"""From gradients to new weights: one step of an optimiser, as a program.

Vocabulary
    rate           η, how far a step goes
    SGD            gradient descent: every weight goes against its gradient, "new_w_q" = w_q − η ∂W_Q
    Adam           Kingma & Ba 2015: against the running mean of its gradients, in units of their running size
    mean, square   the running means of a weight's gradients and of their squares, as they were before this step: givens
    known1, known2 1 − β₁ᵗ and 1 − β₂ᵗ: how much of a running mean is known after t steps, having started from 0
    clipped        all gradients together made no longer than `clip`, their direction kept

The names keep their layer: "layer1.d_w_q" makes "layer1.new_w_q".
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from attention_core import functions, rules
from attention_core.programs.backward import backward, beside, gradient_name, trained
from attention_core.programs.editing import identifier
from attention_core.programs.givens import given_of
from attention_core.programs.products import grouped
from attention_core.rules import Rule, bracketed, elementwise, joined
from attention_core.trace import Program, Step, givens

OPTIMISERS = ("sgd", "adam")


def about(prefix: str, name: str) -> str:
    """What is kept about weights: "layer1.mean_w_q" of "layer1.w_q"."""
    return beside(name, f"{prefix}_{name.rpartition('.')[2]}")


def iteration(
    program: Program, optimiser: str = "adam", *, clip: bool = False, wrt: Iterable[str] | None = None
) -> Program:
    """One whole step of training: the program, which ends in a loss, its gradients, and the weights after the step.

    Reads what the program reads, and rate; with clip, `clip`; for Adam beta1, beta2, known1, known2, tiny, and for each
    of the weights its running means "mean_w_q" and "square_w_q". Raises ValueError for another optimiser.
    """
    if optimiser not in OPTIMISERS:
        raise ValueError(f"an optimiser is one of {', '.join(OPTIMISERS)}; {optimiser!r} is not")
    weights = trained(program) if wrt is None else tuple(wrt)
    axes = givens(program)
    steps = program + backward(program, weights)
    if clip:
        steps += _clipped([_Weight(name, axes[name], gradient_name(name)) for name in weights])
    after = _adam if optimiser == "adam" else _descended
    for name in weights:
        steps += after(_Weight(name, axes[name], about("clipped", name) if clip else gradient_name(name)))
    return steps


class _Weight:
    """One trained matrix, and how its step is written."""

    def __init__(self, name: str, axes: Sequence[str], gradient: str):
        self.name, self.gradient = name, gradient
        self.axes = " ".join(axes)
        self.given = given_of(name)
        self.letter = self.given.letter
        self.slope = rf"\partial {self.letter}"
        self.place = self.given.meaning
        for old, new in zip(reversed(self.given.axes), reversed(axes), strict=False):
            self.place = self.place.replace(f"{{{old}}}", f"{{{new}}}")
        self.place += "".join(f", in {axis} {{{axis}}}" for axis in axes[: len(axes) - len(self.given.axes)])

    def step(
        self, prefix: str, letter: str, formula: str, code: str, inputs: Sequence[str], rule: Rule, title: str,
        says: str, meaning: str,
    ) -> Step:  # fmt: skip
        """A step cell by cell: the inputs are as large as the weights, or single numbers."""
        name = about(prefix, self.name)
        alone = ("rate", "beta1", "beta2", "known1", "known2", "tiny", "clip_factor")
        groups = ", ".join("" if one in alone else self.axes for one in inputs)
        line = f"{identifier(name)} = {code.format(*map(identifier, inputs))}"
        return Step(name, f"{letter} = {formula}", line, tuple(inputs), f"{groups} -> {self.axes}", rule,
                    f"{title}: {self.given.title}", says, meaning.format(place=self.place))  # fmt: skip


# --- Rules -----------------------------------------------------------------------------------------------------------


def _write_down(w, rate, step):
    return [*bracketed(w[0]), " − ", *bracketed(rate[0]), " × ", *bracketed(step[0])]


def _write_blend(square: str) -> Callable:
    def write(old, beta, new):
        kept = [*bracketed(beta[0]), " × ", *bracketed(old[0])]
        return [*kept, " + (1 − ", *bracketed(beta[0]), ") × ", *bracketed(new[0]), square]

    return write


def _write_factor(norm, clip):
    if norm[0].value <= clip[0].value:
        return ["1 (", norm[0], " is not above ", clip[0], ")"]
    return [*bracketed(clip[0]), " / ", *bracketed(norm[0])]


def _root_of_sum(*squares: np.ndarray) -> np.ndarray:
    if (sum(squares) < 0).any():
        raise ValueError("a sum of squares cannot be below 0")
    return np.sqrt(sum(squares))


def _in_units(mean: np.ndarray, square: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
    if (square < 0).any():
        raise ValueError("a mean of squares cannot be below 0")
    return mean / (np.sqrt(square) + epsilon)


descend = Rule("−", elementwise(lambda w, rate, step: w - rate * step), _write_down)
blend = Rule("β", elementwise(lambda old, beta, new: beta * old + (1 - beta) * new), _write_blend(""))
blend_square = Rule("β", elementwise(lambda old, beta, new: beta * old + (1 - beta) * new * new), _write_blend("²"))
in_units = Rule(
    "÷", elementwise(_in_units), lambda m, s, e: [*bracketed(m[0]), " / (sqrt(", s[0], ") + ", *bracketed(e[0]), ")"]
)
root_of_sum = Rule(
    "√ Σ", elementwise(_root_of_sum),
    lambda *squares: ["sqrt(", *joined([[one[0]] for one in squares], " + "), ")"],
)  # fmt: skip
clip_factor = Rule("min", elementwise(lambda norm, clip: np.where(norm <= clip, norm.dtype.type(1), clip / norm)),
                   _write_factor)  # fmt: skip


# --- Steps -----------------------------------------------------------------------------------------------------------


def _clipped(weights: Sequence[_Weight]) -> Program:
    """All gradients together no longer than `clip`."""
    squares = tuple(
        Step(
            about("squared", one.name), rf"\text{{sum of }} ({one.slope})^2",
            f"{identifier(about('squared', one.name))} = ({identifier(one.gradient)}**2).sum()", (one.gradient,),
            f"{one.axes} -> ", functions.sum_of_squares, f"squared length: {one.given.title}",
            "The squares of all its gradients, added up.", "the squared length of this gradient",
        )
        for one in weights
    )  # fmt: skip
    parts = [step.name for step in squares]
    norm = Step(
        "gradient_norm", r"\nu = \sqrt{\dots}", f"gradient_norm = np.sqrt({' + '.join(map(identifier, parts))})",
        tuple(parts), ", ".join([""] * len(parts)) + " -> ", root_of_sum,
        "length of the gradient", "How long the gradients of all weights are together, as one vector.",
        "the length of all gradients together",
    )  # fmt: skip
    factor = Step(
        "clip_factor", r"\kappa = 1 \text{ or } c / \nu", "clip_factor = min(1.0, clip / gradient_norm)",
        ("gradient_norm", "clip"), ",  -> ", clip_factor,
        "clipping", "A gradient longer than the limit is made as long as the limit; its direction stays.",
        "what every gradient is multiplied by",
    )  # fmt: skip
    shorter = tuple(
        one.step(
            "clipped", rf"{{{one.slope}}}^c", rf"\kappa \, {one.slope}", "{0} * {1}", (one.gradient, "clip_factor"),
            rules.times, "clipped gradient", "Every gradient is multiplied by the same number.",
            "the clipped gradient of {place}",
        )
        for one in weights
    )  # fmt: skip
    return (*squares, norm, factor, *shorter)


def _descended(one: _Weight) -> Program:
    return (
        one.step(
            "new", f"{grouped(one.letter)}'", rf"{one.letter} - \eta \, {one.slope}", "{0} - {1} * {2}",
            (one.name, "rate", one.gradient), descend,
            "after the step", "Against the gradient: where the loss rises with a weight, the weight goes down.",
            "after the step, {place}",
        ),
    )  # fmt: skip


def _adam(one: _Weight) -> Program:
    old_mean, old_square, mean, square, sure_mean, sure_square, move = (
        about(prefix, one.name)
        for prefix in ("mean", "square", "new_mean", "new_square", "sure_mean", "sure_square", "move")
    )
    return (
        one.step(
            "new_mean", "m'", rf"\beta_1 m + (1 - \beta_1) \, {one.slope}", "{1} * {0} + (1 - {1}) * {2}",
            (old_mean, "beta1", one.gradient), blend,
            "running mean", "Most of the old mean, and a little of the new gradient.",
            "the running mean of the gradient of {place}",
        ),
        one.step(
            "new_square", "s'", rf"\beta_2 s + (1 - \beta_2) \, ({one.slope})^2", "{1} * {0} + (1 - {1}) * {2} ** 2",
            (old_square, "beta2", one.gradient), blend_square,
            "running square", "The same of the squares: how large the gradients are, whatever their sign.",
            "the running mean square of the gradient of {place}",
        ),
        one.step(
            "sure_mean", r"\hat m", r"m' / (1 - \beta_1^t)", "{0} / {1}", (mean, "known1"), rules.divide,
            "mean, corrected", "The mean began at 0: divided by how much of it is known by now.",
            "the corrected mean gradient of {place}",
        ),
        one.step(
            "sure_square", r"\hat s", r"s' / (1 - \beta_2^t)", "{0} / {1}", (square, "known2"), rules.divide,
            "square, corrected", "And so did the mean of the squares.",
            "the corrected mean square gradient of {place}",
        ),
        one.step(
            "move", "u", r"\hat m / (\sqrt{\hat s} + \epsilon)", "{0} / (np.sqrt({1}) + {2})",
            (sure_mean, sure_square, "tiny"), in_units,
            "move", "In units of its own size: a weight with small gradients moves as far as one with large ones.",
            "in which direction, and how surely, to change {place}",
        ),
        one.step(
            "new", f"{grouped(one.letter)}'", rf"{one.letter} - \eta \, u", "{0} - {1} * {2}", (one.name, "rate", move),
            descend, "after the step", "The step itself.", "after the step, {place}",
        ),
    )  # fmt: skip
