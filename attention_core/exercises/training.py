"""Exercises of the lesson on training: E28 (a gradient by hand), a step of SGD, what moves, the floor of a task.

Vocabulary
    match    how many times as much the adjective counts as the noun itself: exp of its scaled score
    paint    how much of its colour the noun should have after the head
    slope    of a weight: how fast the loss rises with it
    floor    the loss that is left when the sentence does not say more
"""

from dataclasses import replace
from math import log

import numpy as np

from attention_core import rules
from attention_core.benches.training import FORWARD, given_of
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS
from attention_core.exercises.arithmetic import LN, number, scalar
from attention_core.exercises.engine import Diagnosis, Exercise, Task, equation, named, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Problem, Slip, giving, programmed, reading, spread, stepped
from attention_core.numerals import decimal, exact
from attention_core.programs import backward
from attention_core.programs.editing import exchanged, find
from attention_core.rules import Index
from attention_core.trace import Program, Trace, run

_LESSON = "training"

# --- E28: a gradient by hand -----------------------------------------------------------------------------------------

_GRADIENT: Program = FORWARD + backward(FORWARD, ("w_q",))
_G = ("w_q", (PAINT.features.index("noun"), 0))
_SENTENCES = {"red ball": "red", "blue cube": "blue"}


def _without_mean(program: Program) -> Program:
    """The shares' own gradients go on, without the mean of their row."""
    step = find(program, "d_scaled")
    inputs = tuple("d_weights" if name == "d_relative" else name for name in step.inputs)
    return exchanged(program, replace(step, inputs=inputs))


_DOWNHILL = Slip("the other sign", "the direction of the step is given, which goes against the gradient", "sign",
                 giving(focus=lambda given: -given["focus"]))  # fmt: skip
_NO_TWO = Slip("no factor 2", "the slope of a square is taken to be x, and not 2x", "square",
               giving(focus=lambda given: given["focus"] / 2))  # fmt: skip
_UNSCALED = Slip(
    "scale forgotten", "1/√d_k is left out on the way back", "scale",
    stepped("d_scores", inputs=("d_scaled",), axes="query key -> query key", rule=rules.total),
)  # fmt: skip
_NO_MEAN = Slip("mean left", "softmax is passed as if one share could grow and the others stay", "softmax",
                programmed(_without_mean))  # fmt: skip


def _asked(sentence: str, match: float, paint: float) -> Problem:
    given, labels = given_of(sentence)
    at = (1, PAINT.features.index(_SENTENCES[sentence]))
    goal, focus = np.zeros_like(given["goal"]), np.zeros_like(given["goal"])
    goal[at], focus[at] = paint, 1.0
    w_q = given["w_q"] * (log(match) / log(3))
    given |= {"goal": goal, "focus": focus, "w_q": w_q}
    return Problem(_GRADIENT, given, labels, (("d_w_q", _G[1]),), (_DOWNHILL, _NO_TWO, _UNSCALED, _NO_MEAN))


def _slope_of_g(seed: int) -> Task:
    def drawn(rng):
        match, paint = rng.choice([2.0, 3.0, 4.0, 5.0, 9.0]), rng.choice([0.0, 1.0, 2.0])
        return _asked(tuple(_SENTENCES)[rng.integers(2)], float(match), float(paint))

    asked = spread(drawn, seed) if seed else _asked("red ball", 3.0, 1.0)
    trace, (target,) = asked.right.trace, asked.targets
    adjective, noun = trace["weights"].labels[1]
    goal = float(asked.given["goal"].max())
    share = trace["weights"].value[1, 0].item()
    h = 0.01
    ends = [_loss(asked, step) for step in (h, -h)]
    return Task(
        prompt=f"“{adjective} {noun}”: with g = W_Q[noun, 0] = {exact(asked.given['w_q'][_G[1]].item())}, {noun} takes "
        f"{exact(share)} from {adjective}, and so has {exact(share)} of {_SENTENCES[f'{adjective} {noun}']}. "
        f"It should have {exact(goal)}: L = ({exact(share)} − {exact(goal)})². What is the gradient of g, dL/dg?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        shown=("weights",),
        hints=(
            "Three slopes are multiplied: of L with the share, of the share with its scaled score, of that with g.",
            f"The slope of the share A is A × (1 − A); √d_k = 2, so the scaled score rises half as fast as g. "
            f"That of L is 2 × ({exact(share)} − {exact(goal)}).",
            f"Try it: with g larger by {h} the loss is {ends[0]:.6f}, with g smaller by {h} it is {ends[1]:.6f}. Their "
            f"difference divided by {2 * h} is nearly the gradient.",
        ),
        solution=_way_back(trace, noun_feature=_G[1], feature=asked.given["focus"][1].argmax().item()),
        checker=Numbers(asked),
    )


def _way_back(trace: Trace, noun_feature: Index, feature: int) -> tuple[str, ...]:
    """The cells on the way from the loss to g that are not 0, a line for each."""
    cells = (("d_error", (1, feature)), ("d_weights", (1, 0)), ("row_dots", (1,)), ("d_relative", (1, 0)),
             ("d_scaled", (1, 0)), ("d_scores", (1, 0)), ("d_w_q", noun_feature))  # fmt: skip
    return tuple(f"{named(trace, cell)} = {equation(trace[cell[0]].explain(cell[1]))}" for cell in cells)


def _loss(asked: Problem, step: float) -> float:
    """The loss with g larger by `step`."""
    w_q = asked.given["w_q"].copy()
    w_q[_G[1]] += step
    return run(FORWARD, {**asked.given, "w_q": w_q})["loss"].value.item()


# --- A step of gradient descent --------------------------------------------------------------------------------------

_STEP: Program = (
    scalar("moved", r"\eta \, s", "rate * slope", ("rate", "slope"), rules.times, "length of the step",
           "the learning rate times the gradient"),
    scalar("new", r"w - \eta s", "weight - moved", ("weight", "moved"), rules.subtract, "weight after the step",
           "the weight, less the step"),
)  # fmt: skip
_UPHILL = Slip("uphill", "the step is added: it goes up the slope", "sign",
               giving(slope=lambda given: -given["slope"]))  # fmt: skip
_NO_RATE = Slip("no learning rate", "the whole gradient is taken off, and not η times it", "rate",
                giving(rate=lambda given: np.ones(())))  # fmt: skip
_ONLY_STEP = Slip("only the step", "the length of the step is given, and not the weight after it", "end",
                  read=reading("new", "moved"))  # fmt: skip


def _one_step(seed: int) -> Task:
    def problem(weight, slope, rate):
        given = {"weight": number(weight), "slope": number(slope), "rate": number(rate)}
        return Problem(_STEP, given, {}, (("new", ()),), (_UPHILL, _NO_RATE, _ONLY_STEP))

    def drawn(rng):
        size = float(rng.integers(1, 9)) / 2
        return problem(
            float(rng.integers(-6, 7)) / 2, float(rng.choice([-1, 1])) * size, float(rng.choice([0.1, 0.2, 0.5]))
        )

    asked = spread(drawn, seed) if seed else problem(2.0, -0.5, 0.1)
    trace = asked.right.trace
    weight, slope, rate = (decimal(asked.given[name].item()) for name in ("weight", "slope", "rate"))
    return Task(
        prompt=f"A weight is {weight}, its gradient is {slope}. What is the weight after one step of plain gradient "
        f"descent with the learning rate {rate}?",
        accepts=ACCEPTS,
        trace=trace,
        hints=(
            "The gradient says which way the loss rises. Which way should the weight go?",
            f"The step is {rate} × {slope} long.",
            "It is taken off the weight. To take off a negative number is to add.",
        ),
        solution=worked(trace, ("new", ()), ("moved", "new")),
        checker=Numbers(asked),
    )


# --- What moves ------------------------------------------------------------------------------------------------------

_CHANGES = {  # what happens: (what changes, what does not, why)
    "A trained model reads a sentence that it has never seen.": (
        "the shares A, and no weight", "Weights are set in training; A is computed from each sentence anew.",
    ),
    "A step of training on one sentence is done, and the same sentence is read again.": (
        "weights, and with them the shares A", "A step moves W, and A is computed with the new W.",
    ),
    "Three solved examples are put in front of a question, and a trained model answers it.": (
        "the shares A, and no weight", "More text is more keys and values. No gradient is computed.",
    ),
    "A trained model writes the next word, reads it, and goes on.": (
        "the shares A, and no weight", "Each new word gets a row of shares of its own. The weights stay.",
    ),
}  # fmt: skip


def _moves(seed: int) -> Task:
    prompt, (right, because) = tuple(_CHANGES.items())[seed % len(_CHANGES)]
    every = {
        "the shares A, and no weight": Diagnosis(
            "only A", "That is so when a model only reads. A step of training changes weights."
        ),
        "weights, and with them the shares A": Diagnosis(
            "weights, too", "Weights change when a loss was computed, and its gradients. Here nothing was judged."
        ),
        "W_K and W_V only, for there are new keys and values": Diagnosis(
            "W_K and W_V", "Keys and values are made anew for each sentence, by the same W_K and W_V."
        ),
        "nothing at all": Diagnosis("nothing", "Other words, or other weights, make other scores: A is another."),
    }
    options = tuple(np.random.default_rng(seed).permutation(list(every)).tolist())
    return Task(
        prompt=f"{prompt} Which numbers are other ones than before?",
        accepts="One of the answers offered.",
        options=options,
        hints=(
            "Two kinds of numbers: those that are set once for all sentences, and those that each sentence makes.",
            "W_Q, W_K, W_V and W_O are set by training. Q, K, V and A are made by the sentence.",
            "Is there a loss, and a gradient, in what happens here?",
        ),
        solution=(because,),
        checker=Choice(options, right, because, {text: found for text, found in every.items() if text != right}),
    )


# --- The floor of a task ---------------------------------------------------------------------------------------------

_FLOOR: Program = (
    scalar("surprise", r"\ln k", "np.log(possible)", ("possible",), LN, "loss at the word in question",
           "minus the logarithm of the share 1/k that the right answer gets"),
    scalar("floor", r"\ln k / m", "surprise / asked", ("surprise", "asked"), rules.divide, "smallest mean loss",
           "the mean over all words that are asked"),
)  # fmt: skip
_NO_MEAN_OF_ALL = Slip("not averaged", "the loss of the one word is given, and not the mean over all that are asked",
                       "mean", read=reading("floor", "surprise"))  # fmt: skip
_OTHERS = Slip("the others only", "the mean is taken over the other words", "count",
               giving(asked=lambda given: given["asked"] - 1))  # fmt: skip
_ONE_LESS = Slip("one too few", "the right answer itself is not counted among the possible ones", "possible",
                 giving(possible=lambda given: given["possible"] - 1))  # fmt: skip


def _floor(seed: int) -> Task:
    def problem(possible, asked):
        given = {"possible": number(possible), "asked": number(asked)}
        return Problem(_FLOOR, given, {}, (("floor", ()),), (_NO_MEAN_OF_ALL, _OTHERS, _ONE_LESS))

    def drawn(rng):
        return problem(int(rng.integers(2, 7)), int(rng.integers(3, 7)))

    asked = spread(drawn, seed) if seed else problem(2, 3)
    trace = asked.right.trace
    possible, many = (round(asked.given[name].item()) for name in ("possible", "asked"))
    return Task(
        prompt=f"In each sentence {many} words are asked where they should look. For {many - 1} of them the sentence "
        f"says it; for the last one, {possible} words look just alike to the model. The loss is the mean of −ln of the "
        "share that the right word gets. How small can it become?",
        accepts=ACCEPTS,
        trace=trace,
        hints=(
            "What is the loss of a word that gets everything right? And where nothing tells the words apart?",
            f"The best that can be done is to give each of the {possible} the same share.",
            f"One word loses ln {possible}, the others nothing. Take the mean over all {many}.",
        ),
        solution=worked(trace, ("floor", ()), ("surprise", "floor")),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("E28", _LESSON, "number", "A gradient by hand", 3, _slope_of_g),
    Exercise("training-step", _LESSON, "number", "One step downhill", 1, _one_step),
    Exercise("training-moves", _LESSON, "choice", "What moves?", 1, _moves),
    Exercise("training-floor", _LESSON, "number", "As small as it gets", 2, _floor),
)
