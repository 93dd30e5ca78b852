"""What the lesson on training says in numbers: read off the core, the bench with our numbers, and weights that ship.

Vocabulary
    g         W_Q[noun, 0], with which nouns look for adjectives; slope: how fast the loss rises with it
    shipped   weights that were trained before, so that the sentences about them stay true (attention_core.checkpoints)
    probe     a sentence unlike those that were trained on: it tells two rules apart that agree on all of these
"""

from collections.abc import Mapping
from functools import cache
from math import log

import numpy as np

from attention_core import training
from attention_core.benches import Value
from attention_core.benches.training import AT, WEIGHTS, G, whole
from attention_core.by_hand import by_hand
from attention_core.checkpoints import Checkpoint, checkpoints, named
from attention_core.tasks import TASKS, Given, Sentences, Task
from attention_core.trace import Trace
from attention_ui.readings import said

PROBE = "red hit ball"
SEEDS = (1, 2, 3)
_SMALL = 0.1  # a learning rate at which no matrix of our head steps too far


def stepped(rate: float) -> tuple[Trace, Trace]:
    """Our head before a step of g alone, and after it: g − rate × slope."""
    before = whole()
    w_q = before.given["w_q"].value.copy()
    w_q[G[1]] -= rate * before["d_w_q"].value[G[1]]
    return before, whole(w_q=w_q)


def red(trace: Trace) -> float:
    """How much red ball has after the head."""
    return trace["residual"].value[AT].item()


def slope() -> float:
    return whole()["d_w_q"].value[G[1]].item()


def first() -> list[str]:
    """Red of ball, the loss as a square and as a number, g."""
    trace = whole()
    return [said(red(trace)), said(red(trace)), said(trace["loss"].value.item()), said(trace.given["w_q"].value[G[1]])]


def step_of(rate: float) -> list[str]:
    """The slope, the rate, g and the loss after a step of g at that rate, and the loss that the slope foretells."""
    before, after = stepped(rate)
    g, loss = after.given["w_q"].value[G[1]].item(), after["loss"].value.item()
    foretold = before["loss"].value.item() - rate * slope() ** 2
    return [f"{slope():.6f}".replace("-", "−"), said(rate), said(g, 4), said(loss, 5), said(foretold, 5)]


def largest() -> dict[str, float]:
    """The largest entry, without its sign, of the gradient of each matrix."""
    trace = whole()
    return {name: float(np.abs(trace[f"d_{name}"].value).max()) for name in WEIGHTS}


def jacobian(query: int) -> np.ndarray:
    """How fast each share of one row rises with each of its scores: A_i (1 − A_i) on the diagonal, else −A_i A_j."""
    shares = whole()["weights"].value[query]
    return np.diag(shares) - np.outer(shares, shares)


# --- Weights that ship -----------------------------------------------------------------------------------------------


def shipped(task: str, optimiser: str = "adam", seed: int = 1) -> Checkpoint:
    return checkpoints()[named(task, optimiser, seed)]


def looked(checkpoint: Checkpoint, text: str, **instead: np.ndarray) -> Trace:
    """The model of a checkpoint at a sentence of its words, with these weights instead of its own."""
    task = checkpoint.setup.task
    return training.looked_at(task, checkpoint.weights | instead, sentence(task, text))


def sentence(task: Task, text: str) -> Sentences:
    """A sentence of the task's words, asked as the task's first one is."""
    words = np.array([[task.words.index(word) for word in text.split()]])
    like = task.batch(0, 0, 1)
    return Sentences(words, like.goal[:1], like.asked[:1])


def probed(optimiser: str, seed: int) -> tuple[float, float]:
    """What ball takes from red and from hit in the probe, after training on sentences of the other order."""
    shares = looked(shipped("which-rule", optimiser, seed), PROBE)["weights"].value[-1]
    return float(shares[0]), float(shares[1])


@cache
def counted() -> dict[str, tuple[int, int, int, int]]:
    """What a step of training changes and what reading changes: weights changed, of how many; shares changed, of …"""
    task = TASKS["previous"]
    setup = training.proposed(task)
    state = training.go_on(training.begin(setup), 20).state
    after, _ = training.next_state(setup, state)
    one, other = (task.batch(5, which, 1) for which in (1, 2))

    def shares(weights: Given, text: Sentences) -> np.ndarray:
        trace = training.looked_at(task, weights, text)
        return trace["weights"].value[trace.given["mask"].value]

    def changed(a: Given, b: Given) -> int:
        return sum(int((a[name] != b[name]).sum()) for name in a)

    before = shares(state.weights, one)
    n = sum(matrix.size for matrix in state.weights.values())
    rows = {
        "one step of training, then the same sentence": (after.weights, one),
        "no training, but another sentence": (state.weights, other),
    }
    return {
        what: (changed(state.weights, weights), n, int((shares(weights, text) != before).sum()), before.size)
        for what, (weights, text) in rows.items()
    }


def apart(seed: int) -> tuple[float, float, bool]:
    """A trained model beside the one by hand: the largest difference in W_Q, and in the shares of a sentence; whether
    both take most from the same words."""
    one = shipped("previous", seed=seed)
    task = one.setup.task
    text, hand = task.batch(5, 1, 1), by_hand(task)
    learned, ours = (training.looked_at(task, weights, text)["weights"].value[1:] for weights in (one.weights, hand))
    alike = (learned.argmax(axis=1) == ours.argmax(axis=1)).all()
    return float(np.abs(one.weights["w_q"] - hand["w_q"]).max()), float(np.abs(learned - ours).max()), bool(alike)


def floor() -> list[str]:
    """(ln 2)/3; without places, what cube takes from red and blue, and the loss; with places, the bias and the loss."""
    bare, placed = shipped("adjective", "sgd"), shipped("adjective-places", "sgd")
    shares = looked(bare, "red ball hit blue cube")["weights"].value[4, [0, 3]]
    before = placed.setup.task.tokens - 2
    return [said(log(2) / 3, 3), *(said(float(x), 2) for x in shares), said(bare.loss, 3),
            said(float(placed.weights["table"][before]), 2), said(placed.loss, 4)]  # fmt: skip


def right(task: str) -> str:
    return f"{shipped(task).judged.right:.0%}"


# --- Predictions -----------------------------------------------------------------------------------------------------


def predicted(question: str) -> tuple[list[str], str, Mapping[str, Value]]:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _slope() -> tuple[list[str], str, Mapping[str, Value]]:
    options = ["it falls", "it stays", "it rises"]
    return options, options[1 + int(np.sign(slope()))], {"shown": "shares"}


def _reach() -> tuple[list[str], str, Mapping[str, Value]]:
    names = {"none: heads are made by hand": (), "W_V and W_O": ("w_v", "w_o"), "all four": WEIGHTS}
    found = tuple(name for name, size in largest().items() if size > 0)
    return list(names), next(text for text, has in names.items() if has == found), {"shown": "values"}


def _same() -> tuple[list[str], str, Mapping[str, Value]]:
    weights, _, alike = apart(1)
    options = ["the same weights", "only from where they take most", "nothing"]
    return options, options[0 if weights < 0.1 else 1 if alike else 2], {}


def _moves() -> tuple[list[str], str, Mapping[str, Value]]:
    changed, n, _, _ = counted()["no training, but another sentence"]
    options = ["none", "those of W_K, for the keys are new", f"all {n}"]
    return options, options[0 if changed == 0 else 2], {}


def _floor() -> tuple[list[str], str, Mapping[str, Value]]:
    shares = looked(shipped("adjective", "sgd"), "red ball hit blue cube")["weights"].value[4, [0, 3]]
    options = ["all from blue", "half from each", "all from red, the first"]
    return options, options[1 if abs(shares[0] - shares[1]) < 0.1 else int(shares[0] > shares[1]) * 2], {}


def _rule() -> tuple[list[str], str, Mapping[str, Value]]:
    from_red, from_hit = probed("sgd", 1)
    options = ["from red, the adjective", "half from each", "from hit, the word before"]
    return options, options[1 + int(np.sign(round(from_hit - from_red, 1)))], {}


def _layers() -> tuple[list[str], str, Mapping[str, Value]]:
    options = ["about 1 in 4", "about 1 in 2", "nearly all"]
    found = shipped("induction-one").judged.right
    return options, options[int(found > 0.4) + int(found > 0.75)], {}


_QUESTIONS = {
    "slope": _slope, "reach": _reach, "same": _same, "moves": _moves, "floor": _floor, "rule": _rule,
    "layers": _layers,
}  # fmt: skip


# --- Numbers beside what is often believed ---------------------------------------------------------------------------


def lowered() -> dict[str, str]:
    """The loss of our head, and what it becomes when one matrix alone takes a step at a small η."""
    before = whole()
    found = {"loss of our head": before["loss"].value.item()}
    for name in WEIGHTS:
        after = whole(**{name: before.given[name].value - _SMALL * before[f"d_{name}"].value})
        found[f"after a step of W_{name[-1].upper()} alone, η = {_SMALL}"] = after["loss"].value.item()
    return {what: said(loss, 4) for what, loss in found.items()}


def reasons() -> dict[str, str]:
    """Two models that take the same in a sentence they were trained on, and not in the probe."""
    found, text = {}, "red ball hit"
    for optimiser, called in (("sgd", "SGD, seed 1"), ("adam", "Adam, seed 1")):
        share = looked(shipped("which-rule", optimiser), text)["weights"].value[1, 0]
        found[f"{called}: what ball takes from red in “{text}”"] = said(share.item(), 2)
        found[f"{called}: the same in “{PROBE}”"] = said(probed(optimiser, 1)[0], 2)
    return found


def unmoved() -> dict[str, str]:
    """What reading another sentence changes."""
    weights, n, shares, most = counted()["no training, but another sentence"]
    return {"weights changed by reading another sentence": f"{weights} of {n}",
            "shares of attention changed by it": f"{shares} of {most}"}  # fmt: skip
