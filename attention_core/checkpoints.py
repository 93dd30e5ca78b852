"""Trained weights that ship with the app, so that the numbers which a lesson quotes stay what they are.

    python -m attention_core.checkpoints        trains them again and writes checkpoints.json (a few seconds)

Vocabulary
    checkpoint   the weights at the end of one run: which task, optimiser, rate, seed, how many steps, the loss there
    name         "which-rule, adam, 2": task, optimiser, seed

Training live from the same seed ends at the same weights, up to the four decimals that are kept here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from attention_core import training
from attention_core.tasks import TASKS, Given

_FILE = Path(__file__).with_name("checkpoints.json")
_DECIMALS = 4
RUNS = (  # task, optimiser, rate, seed, steps
    *(("previous", "adam", 0.01, seed, 150) for seed in (1, 2, 3)),
    ("adjective", "sgd", 1.0, 1, 400),
    ("adjective-places", "sgd", 1.0, 1, 400),
    *(("which-rule", "sgd", 1.0, seed, 400) for seed in (1, 2, 3)),
    *(("which-rule", "adam", 0.1, seed, 100) for seed in (1, 2, 3)),
    ("induction", "adam", 0.02, 1, 200),
    ("induction-one", "adam", 0.02, 1, 400),
)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run's end. first, loss: the loss before its first step, and before its last."""

    setup: training.Setup
    steps: int
    first: float
    loss: float
    weights: Given

    @property
    def judged(self) -> training.Judged:
        return training.judged(self.setup, self.weights)


def named(task: str, optimiser: str, seed: int) -> str:
    return f"{task}, {optimiser}, {seed}"


@cache
def checkpoints() -> Mapping[str, Checkpoint]:
    """All that ship, by name."""
    found = {}
    for name, saved in json.loads(_FILE.read_text(encoding="utf-8")).items():
        setup = training.Setup(TASKS[saved["task"]], saved["optimiser"], saved["rate"], saved["seed"])
        weights = {key: np.array(rows, float) for key, rows in saved["weights"].items()}
        found[name] = Checkpoint(setup, saved["steps"], saved["first"], saved["loss"], weights)
    return found


def trained(task: str, optimiser: str, rate: float, seed: int, steps: int) -> dict[str, object]:
    """What is kept of one run, trained now."""
    done = training.go_on(training.begin(training.Setup(TASKS[task], optimiser, rate, seed)), steps)
    weights = {name: (matrix.round(_DECIMALS) + 0.0).tolist() for name, matrix in done.state.weights.items()}
    return {
        "task": task, "optimiser": optimiser, "rate": rate, "seed": seed, "steps": steps,
        "first": done.losses[0], "loss": done.losses[-1], "weights": weights,
    }  # fmt: skip


def main() -> None:
    made = {named(task, optimiser, seed): trained(task, optimiser, rate, seed, steps)
            for task, optimiser, rate, seed, steps in RUNS}  # fmt: skip
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(saved)}" for name, saved in made.items())
    _FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{_FILE}: {_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
