"""Learning without a change of weights: gradient descent by attention, a layer that is trained to it, and belief.

Vocabulary
    shot        an example in the context: some numbers x and the answer y that belongs to them
    asked       the token whose answer is not known: its x stands in the context, for y a 0, and nobody sees it
    rate        the step size of gradient descent, η; a step of it is w ← w + η Σ (y − w·x) x
    left, guess two features of every token: what is not explained yet, y − w·x, and what the weights w say, w·x
    task        what a layer is trained on: a rule w, some shots that follow it, and something asked
    step matrix what a linear layer does with a context in all: its answer is Σ y x · (step matrix) · asked. One step of
                gradient descent from w = 0 has η on the diagonal of it, and 0 elsewhere
    source      what throws may come from: a coin that shows 1 or 2, or a die; belief in it is a share of one whole

Sources: von Oswald et al. 2023 (the layer that is a step, built and trained); Ahn et al. 2023 (the best such step).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import log
from typing import NamedTuple

import numpy as np

from attention_core import programs
from attention_core.softmax import softmax
from attention_core.trace import Program, Trace, run

WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
_SAID = {
    "masked": "Nobody sees the token that asks: its y is not known. A step is over all shots: they see each other.",
    "residual": "What is left goes down by as much as the guess goes up. The token that asks has no y: what is left of "
    "it is minus its guess, and nobody sees that.",
}
_LAYER = tuple(
    replace(step, says=_SAID.get(step.name, step.says))
    for step in programs.linear(hides=True, normalised=False, feature_map=False)
)

# --- Gradient descent, and the layers that do it ---------------------------------------------------------------------


def descended(x: np.ndarray, y: np.ndarray, rate: float, steps: int) -> np.ndarray:  # [n, d], [n] -> [steps + 1, d]
    """The weights of linear regression from 0 on, after each step down the squared error ½ Σ (y − w·x)²."""
    w = [np.zeros(x.shape[1])]
    for _ in range(steps):
        w.append(w[-1] + rate * (y - x @ w[-1]) @ x)
    return np.array(w)


def layers(n: int) -> Program:
    """n layers of linear attention on top of one another, with the same weights in each."""
    if n < 1:
        raise ValueError(f"there is at least 1 layer, and n is {n}")
    return programs.stack([_LAYER] * n, shared=WEIGHTS)


def constructed(x: np.ndarray, y: np.ndarray, asked: np.ndarray, rate: float) -> dict[str, np.ndarray]:
    """What `layers` reads so that each layer is one step of gradient descent: the tokens, the mask and the weights.

    A token is (x, left, guess). W_Q and W_K look at x alone; W_V hands over what is left; W_O takes rate times that
    off what is left, and adds it to the guess.
    """
    n, d = x.shape
    tokens = np.zeros((n + 1, d + 2))
    tokens[:n, :d], tokens[:n, d], tokens[n, :d] = x, y, asked
    mask = np.ones((n + 1, n + 1), bool)
    mask[:, n] = False
    eye = np.eye(d + 2)
    w_o = rate * (eye[d + 1 :] - eye[d : d + 1])
    return {"x": tokens, "mask": mask, "w_q": eye[:, :d], "w_k": eye[:, :d], "w_v": eye[:, d : d + 1], "w_o": w_o}


def guesses(trace: Trace, n: int, at: int = -1) -> list[float]:
    """What the token `at` guesses as it comes, and after each of n layers."""
    stages = ("x", *(f"layer{i}.residual" for i in range(1, n + 1)))
    return [trace.matrix(name).value[at, -1].item() for name in stages]


_SMOOTHER = programs.compact(programs.masked(programs.unscaled(programs.SELF_ATTENTION)))


def smoothed(given: Mapping[str, np.ndarray]) -> float:
    """What softmax attention collects with the same W_Q, W_K and W_V: a mean of the shots' answers."""
    return _smooth(given)["output"].value[-1, 0].item()


def shares(given: Mapping[str, np.ndarray]) -> list[float]:
    """The weights of that mean: what the token that asks takes from each shot."""
    return _smooth(given)["weights"].value[-1, :-1].tolist()


def _smooth(given: Mapping[str, np.ndarray]) -> Trace:
    return run(_SMOOTHER, {**given, "scale": np.array(1.0), "w_o": np.abs(given["w_o"])})


# --- A linear layer that is trained ----------------------------------------------------------------------------------

SHOTS, WIDTH, BATCH, TRAINING_RATE = 4, 2, 256, 0.01


class Layer(NamedTuple):
    """One layer of linear attention on tasks: W_Q and W_K [d d], as they read x; gain: what W_V and W_O do to y."""

    w_q: np.ndarray
    w_k: np.ndarray
    gain: float

    @property
    def step(self) -> np.ndarray:
        """The step matrix: all that the layer does with a context."""
        return self.gain * self.w_k @ self.w_q.T


@dataclass(frozen=True, eq=False)
class Tasks:
    """Many tasks at once. x [batch n d], y [batch n], asked [batch d]; wanted [batch]: the right answers."""

    x: np.ndarray
    y: np.ndarray
    asked: np.ndarray
    wanted: np.ndarray


def drawn(rng: np.random.Generator, batch: int = BATCH, shots: int = SHOTS, d: int = WIDTH) -> Tasks:
    """Tasks at random: every number of x, of what is asked, and of the rule is normally distributed."""
    x, w, asked = (rng.normal(size=shape) for shape in ((batch, shots, d), (batch, d), (batch, d)))
    return Tasks(x, np.einsum("bnd,bd->bn", x, w), asked, (w * asked).sum(axis=1))


def answered(layer: Layer, tasks: Tasks) -> np.ndarray:
    """What the layer answers to each of the tasks: a sum over the shots, of y times (x W_K)·(asked W_Q), and a gain."""
    scores = np.einsum("bnd,bd->bn", tasks.x @ layer.w_k, tasks.asked @ layer.w_q)
    return layer.gain * (tasks.y * scores).sum(axis=1)


def loss(layer: Layer, tasks: Tasks) -> float:
    """Half the squared error of an answer, on average."""
    return 0.5 * float(np.square(answered(layer, tasks) - tasks.wanted).mean())


def gradient(layer: Layer, tasks: Tasks) -> Layer:
    """How the loss changes with each weight, in the shape of a layer. By hand: with e = answer − wanted and the step
    matrix M = g W_K W_Qᵀ, dL/dM is the mean of e (Σ y x)ᵀ asked; the rest is the chain rule."""
    errors = (answered(layer, tasks) - tasks.wanted) / len(tasks.wanted)
    by_step = np.einsum("b,bn,bnd,be->de", errors, tasks.y, tasks.x, tasks.asked, optimize=True)
    return Layer(
        layer.gain * by_step.T @ layer.w_k, layer.gain * by_step @ layer.w_q,
        float((by_step * (layer.w_k @ layer.w_q.T)).sum()),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Run:
    """A run of training: the layer before the first step and after each, and the loss of each on its own tasks."""

    layers: tuple[Layer, ...]
    losses: tuple[float, ...]


_AT_ONCE = 50  # steps that are kept together, so that a run may go on from there


def train(seed: int, steps: int) -> Run:
    """Plain gradient descent on the weights of a layer, with fresh tasks for each step; the same from the same seed.

    A run is kept: to ask for a longer one takes only the steps that are new.
    """
    found, losses = [_start(seed)[0]], []
    for i in range(-(-steps // _AT_ONCE)):
        further, costs, _ = _steps(seed, i)
        found += further
        losses += costs
    return Run(tuple(found[: steps + 1]), tuple(losses[:steps]))


@cache
def _start(seed: int) -> tuple[Layer, dict]:
    """The layer before the first step, and the state of the generator after it was drawn."""
    rng = np.random.default_rng(seed)
    w_q, w_k = rng.normal(size=(2, WIDTH, WIDTH)) / 2
    return Layer(w_q, w_k, 1 / 4), rng.bit_generator.state


@cache
def _steps(seed: int, i: int) -> tuple[tuple[Layer, ...], tuple[float, ...], dict]:
    """The layers after each of some steps, the losses before them, and the state of the generator in the end."""
    before = _steps(seed, i - 1) if i else None
    now, state = (before[0][-1], before[2]) if before else _start(seed)
    rng = np.random.default_rng()
    rng.bit_generator.state = state
    found, losses = [], []
    for _ in range(_AT_ONCE):
        tasks = drawn(rng)
        slope = gradient(now, tasks)
        losses.append(loss(now, tasks))
        now = Layer(*(of - TRAINING_RATE * by for of, by in zip(now, slope, strict=True)))
        found.append(now)
    return tuple(found), tuple(losses), rng.bit_generator.state


def best_rate(shots: int = SHOTS, d: int = WIDTH) -> float:
    """The η with which one step from 0 errs least on such tasks: 1 / (shots + d + 1).

    The answer is wᵀ S M asked with S = Σ xᵀx, so ‖S M − 1‖² is to be small on average. With M = η 1 that is least at
    η = E tr S / E tr S², and for normal numbers E tr S = n d, E tr S² = n d (n + d + 1).
    """
    return 1 / (shots + d + 1)


@cache
def held_out() -> Tasks:
    """Tasks that no run is trained on."""
    return drawn(np.random.default_rng(20_230_701), 20_000)


def one_step(rate: float) -> Layer:
    """The layer that is one step of gradient descent of this rate."""
    return Layer(np.eye(WIDTH), np.eye(WIDTH), rate)


# --- Which source? ---------------------------------------------------------------------------------------------------

FACES = tuple(range(1, 7))
SOURCES: Mapping[str, tuple[float, ...]] = {"coin": (1 / 2, 1 / 2, 0, 0, 0, 0), "die": (1 / 6,) * 6}


def believed(throws: Sequence[int], prior: Sequence[float] = (1 / 2, 1 / 2)) -> dict[str, float]:
    """How much each source is believed in after these throws, by Bayes' rule: the softmax of scores that add up the
    logarithms of the prior and of what each throw is worth.

    Raises ValueError for a face that there is not, and for throws that no source can show.
    """
    if not set(throws) <= set(FACES):
        raise ValueError(f"a throw shows {FACES[0]} to {FACES[-1]}, and these are {list(throws)}")
    scores = [
        sum((_log(chances[face - 1]) for face in throws), _log(before))
        for chances, before in zip(SOURCES.values(), prior, strict=True)
    ]
    if max(scores) == -np.inf:
        raise ValueError(f"no source that is believed in can show {list(throws)}")
    return dict(zip(SOURCES, softmax(np.array(scores)).tolist(), strict=True))


def expected(belief: Mapping[str, float]) -> list[float]:
    """How probable each face is as the next one: what the sources say, by how much each is believed in."""
    return (np.array([belief[name] for name in SOURCES]) @ np.array(list(SOURCES.values()))).tolist()


def _log(x: float) -> float:
    return log(x) if x > 0 else -np.inf


def cross_entropy(probability: float) -> float:
    """What a prediction costs: minus the logarithm of the probability that it gave to what came; ∞ for 0."""
    return -_log(probability)
