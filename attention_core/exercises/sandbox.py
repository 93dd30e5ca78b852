"""An exercise of the sandbox: of four changes, which leaves every weight of attention as it is?

Vocabulary
    change   settings of the sandbox, in words; it moves no weight, or some, as is computed
    still    a change that moves none
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attention_core import programs
from attention_core.benches.bench import Value
from attention_core.benches.sandbox import BENCH
from attention_core.examples import PAINT
from attention_core.exercises.engine import Diagnosis, Exercise, Task
from attention_core.exercises.picks import Choice
from attention_core.trace import Trace

_SAME = 1e-9
_FEATURES = ", ".join(PAINT.features)


@dataclass(frozen=True)
class Change:
    """settings: what it sets; text: as an option says it; why: what it does to the weights."""

    settings: Mapping[str, Value]
    text: str
    why: str


_CHANGES = (
    Change({"features": f"{_FEATURES}, size"}, "a feature more, which is 0 for every word",
           "W_Q and W_K have a row more, and 0 times that row adds nothing to any score"),
    Change({"d_v": 2}, "values of two coordinates, instead of four",
           "queries are compared with keys; values are handed over only once the shares are there"),
    Change({"residual": False}, "no residual", "the residual is added after the shares were used"),
    Change({"steady": True}, "the row maximum is taken off the scores",
           "all exponentials of a row are divided by the same number, and so is their sum"),
    Change({"scaled": False, "weights": "identity"}, "identities as weights, and no division by √d_k",
           "queries are then the words’ own features, and other words are alike"),
    Change({"mask": "none"}, "no mask", "words after a word get shares, too"),
    Change({"temperature": 2.0}, "temperature 2", "all scores are halved, and shares come nearer to one another"),
    Change({"places": "by distance"}, "a bias for neighbours", "the scores of neighbours grow, and others do not"),
    Change({"places": "ALiBi"}, "ALiBi", "what stands further away loses more of its score"),
    Change({"sentence": "blue ball hit blue cube"}, "“blue” instead of “red” as the first word",
           "both are adjectives, and what is looked for is an adjective; the colour is in the values"),
    Change({"sentence": "red hit ball blue cube"}, "“ball” and “hit” change places",
           "a word stands where another one stood, and under the mask it is seen by others"),
)  # fmt: skip


def traced(settings: Mapping[str, Value]) -> Trace:
    """The sandbox with these settings."""
    made = BENCH.set_up(**settings)
    return programs.run_steady(made.program, made.given, made.labels, made.steady)[0]


def moves(change: Change) -> float:
    """How far the weight moves that moves most, from the running example's."""
    return float(np.abs(traced(change.settings)["weights"].value - traced({})["weights"].value).max())


def _unmoved(seed: int) -> Task:
    rng = np.random.default_rng([34, seed])
    still = [change for change in _CHANGES if moves(change) <= _SAME]
    moving = [change for change in _CHANGES if moves(change) > _SAME]
    right = still[seed % len(still)]
    others = [moving[i] for i in rng.permutation(len(moving))[:3]]
    shown = [([right, *others])[i] for i in rng.permutation(4)]
    because = f"With {right.text}, {right.why}. No weight moves."
    return Task(
        prompt=f"The head of the running example, “{PAINT.sentence}”, with its causal mask. Four changes, one at a "
        "time. Which leaves every weight in A as it is?",
        accepts="One of the answers offered.",
        trace=traced({}),
        options=tuple(change.text for change in shown),
        hints=(
            "Follow the way to A: X, Q and K, the scores, the mask, exp, the row sums. What is not on it has no say.",
            "Of what is on the way: are all scores of a row changed alike?",
            "Set one change after the other above, and choose “difference” over the matrices.",
        ),
        solution=(because,),
        checker=Choice(
            tuple(change.text for change in shown), right.text, because,
            {change.text: Diagnosis(change.text, f"With {change.text}, {change.why}: a weight moves by "
                                    f"{moves(change):.2f}.") for change in others},
        ),
    )  # fmt: skip


EXERCISES = (Exercise("sandbox-still", "sandbox", "choice", "Which change leaves A alone?", 2, _unmoved),)
