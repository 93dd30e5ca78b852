"""Training: a run that is recorded, goes on in slices as long as one likes, and can be looked at anywhere.

Vocabulary
    setup   the task, and how it is trained: optimiser, learning rate, seed, sentences per step
    state   all that a step needs from those before it: the weights, and for Adam the running means
    run     a state with its past: every loss, and the weights before some of the steps
    slice   some steps of work, bounded by their number and by a time
    stride  the weights are kept before every stride-th step; it doubles whenever MOST_KEPT bytes are exceeded
    test    sentences that no step of training has seen

Every step is a pure function from a state to the next. Its sentences follow from the seed and the number of the step,
so that whatever was not kept (a gradient, weights between two kept steps) can be made again, to the last digit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from time import perf_counter
from typing import NamedTuple

import numpy as np

from attention_core import programs
from attention_core import run as run_program
from attention_core.fast import batched, planned
from attention_core.programs import about
from attention_core.tasks import Given, Sentences, Task
from attention_core.trace import Program, Trace, givens

MOST_KEPT = 2_000_000  # bytes of weights that a run keeps
MOST_STEPS = 5_000
EXPLODED = 20  # times the loss at the start
BETA1, BETA2, TINY = 0.9, 0.999, 1e-8  # as Kingma & Ba (2015) propose them
_TEST = 1_000_003  # the number of the "step" whose sentences are used for tests


@dataclass(frozen=True)
class Setup:
    """What is trained, and how. clip: how long all gradients together may be."""

    task: Task
    optimiser: str
    rate: float
    seed: int = 1
    batch: int = 32
    clip: float = 1.0


def proposed(task: Task, seed: int = 1) -> Setup:
    """The setup with which the task is known to be learned."""
    return Setup(task, task.optimiser, task.rate, seed)


class State(NamedTuple):
    """After so many steps: the weights, and what Adam keeps about them ("mean_w_q", "square_w_q")."""

    step: int
    weights: Given
    kept: Given


@dataclass(frozen=True)
class Run:
    """A run so far. losses[i] was the loss before step i + 1; stopped says why it cannot go on, or is empty."""

    setup: Setup
    state: State
    losses: tuple[float, ...] = ()
    past: Mapping[int, State] = field(default_factory=dict, repr=False)
    stride: int = 1
    stopped: str = ""


def begin(setup: Setup) -> Run:
    """A run before its first step. Raises ValueError for a learning rate that is not finite and above 0."""
    if not 0 < setup.rate < np.inf:
        raise ValueError(f"a learning rate is a number above 0, not {setup.rate:g}")
    weights = setup.task.begin(setup.seed)
    kept: Given = {}
    if setup.optimiser == "adam":
        kept = {about(kind, name): np.zeros_like(w) for name, w in weights.items() for kind in ("mean", "square")}
    state = State(0, weights, kept)
    return Run(setup, state, past={0: state})


def go_on(run: Run, steps: int, seconds: float = np.inf) -> Run:
    """The run after at most so many further steps, or when so much time has passed: one slice. At least one step."""
    end = perf_counter() + seconds
    state, losses, past, stride = run.state, list(run.losses), dict(run.past), run.stride
    for _ in range(min(steps, MOST_STEPS - state.step)):
        after, loss = next_state(run.setup, state)
        if said := _exploded(run.setup, loss, losses, after):
            return replace(run, state=state, losses=tuple(losses), past=past, stride=stride, stopped=said)
        state = after
        losses.append(loss)
        past, stride = _remembered(past, stride, state)
        if perf_counter() >= end:
            break
    return replace(run, state=state, losses=tuple(losses), past=past, stride=stride)


def next_state(setup: Setup, state: State) -> tuple[State, float]:
    """One step of training: the state after it, and the loss before it."""
    made = _machine(setup.task, setup.optimiser, setup.batch)(given_at(setup, state))
    weights = {name: made[about("new", name)] for name in state.weights}
    kept = {name: made[_after(name)] for name in state.kept}
    return State(state.step + 1, weights, kept), float(made["loss"])


def given_at(setup: Setup, state: State) -> Given:
    """All that the next step reads: the sentences of that step, the weights, and the optimiser's numbers."""
    t = state.step + 1
    numbers = {"rate": setup.rate, "clip": setup.clip}
    if setup.optimiser == "adam":
        numbers |= {"beta1": BETA1, "beta2": BETA2, "known1": 1 - BETA1**t, "known2": 1 - BETA2**t, "tiny": TINY}
    sentences = setup.task.batch(setup.seed, t, setup.batch)
    return setup.task.given(sentences) | state.weights | state.kept | {name: np.array(x) for name, x in numbers.items()}


def _after(name: str) -> str:
    """What a step of Adam makes of a running mean: "layer1.new_mean_w_q" of "layer1.mean_w_q"."""
    front, dot, own = name.rpartition(".")
    return f"{front}{dot}new_{own}"


def _exploded(setup: Setup, loss: float, losses: list[float], after: State) -> str:
    """Why the run has to stop here: a sentence, or nothing."""
    finite = np.isfinite(loss) and all(np.isfinite(matrix).all() for matrix in after.weights.values())
    if finite and (not losses or loss <= EXPLODED * max(losses[0], 0.05)):
        return ""
    grown = f"grew from {losses[0]:.3g} to {loss:.3g}" if finite else "left the numbers that can be held"
    task = setup.task
    usual = task.optimiser == setup.optimiser and task.rate < setup.rate
    known = f"; {task.rate:g} is known to do" if usual else ""
    return (
        f"Stopped before step {after.step}: the loss {grown}. A step went so far that it came out higher up on "
        f"the other side. Choose a learning rate below {setup.rate:g}{known}."
    )


def _remembered(past: dict[int, State], stride: int, state: State) -> tuple[dict[int, State], int]:
    """The past with this state, if its turn has come; when there is too much, every second one is dropped."""
    if state.step % stride == 0:
        past[state.step] = state
    size = sum(matrix.nbytes for part in (state.weights, state.kept) for matrix in part.values())
    if len(past) * size > MOST_KEPT:
        stride *= 2
        past = {step: kept for step, kept in past.items() if step % stride == 0}
    return past, stride


# --- Looking at a run ------------------------------------------------------------------------------------------------


def at(run: Run, step: int) -> State:
    """The state after so many steps, as it was: kept, or made again from the last one kept before it."""
    if not 0 <= step <= run.state.step:
        raise ValueError(f"the run has steps 0 to {run.state.step}, and not {step}")
    if step == run.state.step:
        return run.state
    state = run.past[max(kept for kept in run.past if kept <= step)]
    while state.step < step:
        state, _ = next_state(run.setup, state)
    return state


def gradients(setup: Setup, state: State) -> Given:
    """By name of the weights: the gradient that the next step will follow, before it is clipped."""
    made = _machine(setup.task, setup.optimiser, setup.batch)(given_at(setup, state))
    return {name: made[programs.gradient_name(name)] for name in state.weights}


def looked_at(task: Task, weights: Given, sentences: Sentences) -> Trace:
    """Every matrix of the model for one sentence (a batch of one), with its labels; the loss is left out.

    Raises ValueError for weights so large that numbers made of them cannot be held.
    """
    program = task.program[: programs.names(task.program).index(task.judged[0]) + 1]
    tokens = [f"{i + 1} {word}" for i, word in enumerate(task.said(sentences.words[0]))]
    labels = {"query": tokens, "key": tokens, "d_model": task.features, "vocab": task.answers}
    return run_program(program, task.alone(sentences) | weights, labels)


def costs(task: Task, trace: Trace, sentences: Sentences) -> np.ndarray:
    """What each asked token of one sentence costs: −ln p of its right answer; of several, weighed by the goal.

    Their mean is the loss of the sentence. trace: of `looked_at`.
    """
    asked = sentences.asked[0] > 0
    goal, got = sentences.goal[0, asked], trace[task.judged[0]].value[asked]
    with np.errstate(divide="ignore"):
        logs = np.log(got, where=goal > 0, out=np.zeros_like(got))
    return -(goal * logs).sum(axis=-1) + 0.0


class Judged(NamedTuple):
    """How a model does on the test: loss, share of right answers, mean p (what the right answers get together)."""

    loss: float
    right: float
    share: float


def judged(setup: Setup, weights: Given, many: int = 200) -> Judged:
    """How the weights do on sentences that no step has seen."""
    task = setup.task
    sentences = task.batch(setup.seed, _TEST, many)
    made = _judge(task, len(sentences.words))(task.given(sentences) | weights)
    shares, asked = made[task.judged[0]][sentences.asked > 0], sentences.goal[sentences.asked > 0]
    right = asked[np.arange(len(shares)), shares.argmax(axis=-1)] > 0
    return Judged(float(made["loss"]), float(right.mean()), float((shares * (asked > 0)).sum(axis=-1).mean()))


# --- Programs, planned once ------------------------------------------------------------------------------------------


def trained_program(task: Task, optimiser: str) -> Program:
    """One step of training on a batch, as a program: forward, backward, the weights after it."""
    return programs.iteration(batched(task.program, task.own), optimiser, clip=True, wrt=tuple(task.shapes))


@lru_cache(maxsize=64)
def _machine(task: Task, optimiser: str, many: int) -> Callable[[Mapping], Given]:
    """One step of training as a function of the given matrices: the loss, the gradients, what comes after."""
    program = trained_program(task, optimiser)
    made = [name for name in programs.names(program) if name.rpartition(".")[2].startswith("new_")]
    wanted = ["loss", *made, *map(programs.gradient_name, task.shapes)]
    return planned(program, _sizes(task, program, many), wanted)


@lru_cache(maxsize=64)
def _judge(task: Task, many: int) -> Callable[[Mapping], Given]:
    program = batched(task.program, task.own)
    return planned(program, _sizes(task, program, many), ["loss", task.judged[0]])


def _sizes(task: Task, program: Program, many: int) -> dict[str, int]:
    """How long every axis is, by the matrices that are given."""
    given, axes = task.given(task.batch(0, 0, many)) | task.begin(0), givens(program)
    read = [(axes[name], matrix.shape) for name, matrix in given.items() if name in axes]
    return dict(pair for names, shape in read for pair in zip(names, shape, strict=True))
