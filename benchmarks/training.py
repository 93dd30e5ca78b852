"""How fast training is: steps per second of every task, beside the same model in eager PyTorch where that is installed.

    python -m benchmarks.training        (from the repository's folder; uses torch if the environment has it)

Vocabulary
    step    sentences drawn, forward, backward, clipping, Adam: everything that one step of training does
    theirs  the same model, the same sentences, autograd, clip_grad_norm_ and torch.optim.Adam, on one thread

The ratio says how many of our steps fit into one of PyTorch's. Float64 on both sides; times are those of this machine.
"""

from importlib.util import find_spec
from time import perf_counter

import numpy as np

from attention_core import training
from attention_core.tasks import TASKS

ROUNDS, STEPS = 30, 10


def per_second(step) -> float:
    """How often `step` runs in a second: in the fastest of some rounds, the one least disturbed."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = perf_counter()
        for _ in range(STEPS):
            step()
        best = min(best, perf_counter() - start)
    return STEPS / best


def ours(setup: training.Setup):
    run = training.begin(setup)
    state = run.state

    def step():
        nonlocal state
        state, _ = training.next_state(setup, state)

    return step


def theirs(setup: training.Setup):
    """The model of the task in PyTorch: heads on top of one another, read by w_u; or the weights of one head."""
    import torch

    torch.set_num_threads(1)
    task = setup.task
    weights = {name: torch.tensor(value, requires_grad=True) for name, value in task.begin(setup.seed).items()}
    adam = torch.optim.Adam(weights.values(), lr=setup.rate)
    layers = [name.removesuffix("w_q") for name in weights if name.endswith("w_q")]
    place = np.arange(task.tokens)
    distance = torch.from_numpy(place - place[:, None] + task.tokens - 1)
    done = 0

    def loss(given):
        x = given["x"]
        for layer in layers:
            q, k = x @ weights[f"{layer}w_q"], x @ weights[f"{layer}w_k"]
            scores = q @ k.mT * given["scale"] + (weights["table"][distance] if "table" in weights else 0.0)
            shares = torch.softmax(scores.masked_fill(~given["mask"], -torch.inf), -1)
            if "w_u" in weights:
                x = x + shares @ (x @ weights[f"{layer}w_v"]) @ weights[f"{layer}w_o"]
        if "w_u" in weights:
            shares = torch.softmax(x @ weights["w_u"], -1)
        goal = given[task.judged[1]]
        return -(given["counted"][..., None] * goal * torch.log(torch.where(goal > 0, shares, 1.0))).sum()

    def step():
        nonlocal done
        done += 1
        sentences = task.batch(setup.seed, done, setup.batch)
        adam.zero_grad()
        loss({name: torch.as_tensor(matrix) for name, matrix in task.given(sentences).items()}).backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), setup.clip)
        adam.step()

    return step


def main() -> None:
    torch = find_spec("torch") is not None
    print("steps per second" + ("" if torch else "; PyTorch is not installed"))
    for name, task in TASKS.items():
        setup = training.Setup(task, "adam", task.rate)
        mine = per_second(ours(setup))
        line = f"{name:18}{mine:8.0f}"
        if torch:
            other = per_second(theirs(setup))
            line += f"   PyTorch {other:6.0f}   ratio {mine / other:.1f}"
        print(line)


if __name__ == "__main__":
    main()
