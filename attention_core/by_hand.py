"""The same tasks solved without training: weights written by hand, to stand beside those that were learned.

Vocabulary
    look     {asking place: place asked for}: where a token of each place should look
    match    what a query and the key that it looks for score together: their exponential is FACTOR
    speak    how much what was collected counts in the answer, beside the word that stands there itself

Written for these sizes; no training knows of them, and none ends at them.
"""

from collections.abc import Mapping
from math import log, sqrt

import numpy as np

from attention_core.examples import PAINT
from attention_core.tasks import Given, Task

FACTOR = 400  # how many times as much the intended key counts as any other
SPEAK = 10.0
_LOOKS = {
    "previous": {i: i - 1 for i in range(1, 6)},
    "repeat": {3: 0, 4: 1, 5: 2},
    "reverse": {3: 2, 4: 1, 5: 0},
}


def by_hand(task: Task) -> Given | None:
    """Weights made by hand for this task; None where we made none."""
    if task.name in _LOOKS:
        return _by_places(task, _LOOKS[task.name]) | {"w_u": _read(task)}
    if task.name == "induction":
        return _induction(task)
    if task.judged[0] == "weights" and task.features == PAINT.features:
        return _by_words(task)
    return None


def _by_places(task: Task, look: Mapping[int, int], layer: str = "", write: int = 0) -> Given:
    """A head that looks from place to place and hands over words, into the features from `write` on."""
    d_k = task.shapes[f"{layer}w_q"][1]
    n_words = len(task.words)
    w_q, w_k, w_v, w_o = (np.zeros(task.shapes[f"{layer}{name}"]) for name in ("w_q", "w_k", "w_v", "w_o"))
    for query, key in look.items():
        w_q[task.places + query, key] = sqrt(d_k) * log(FACTOR)
        w_k[task.places + key, key] = 1
    w_v[np.arange(n_words), np.arange(n_words)] = 1
    w_o[np.arange(n_words), write + np.arange(n_words)] = 1 if write else SPEAK
    return {f"{layer}w_q": w_q, f"{layer}w_k": w_k, f"{layer}w_v": w_v, f"{layer}w_o": w_o}


def _by_words(task: Task) -> Given:
    """The running example's W_Q and W_K, sharper; with places, a bias for the word before decides between two alike."""
    sharper = {"w_q": PAINT.weights["w_q"] * (log(FACTOR) / log(3)), "w_k": PAINT.weights["w_k"].copy()}
    if "table" in task.shapes:
        sharper["table"] = np.zeros(task.shapes["table"])
        sharper["table"][task.tokens - 2] = log(FACTOR)
    return sharper


def _read(task: Task) -> np.ndarray:
    """Each word feature speaks for its word, and nothing else does."""
    return np.eye(*task.shapes["w_u"])


def _induction(task: Task) -> Given:
    """Layer 1 writes into the spare features which word came before; layer 2 looks for whoever came after its word."""
    n, spare = len(task.words), task.places + task.tokens
    first = _by_places(task, {i: i - 1 for i in range(1, task.tokens)}, "layer1.", spare)
    second = {name: np.zeros(task.shapes[f"layer2.{name}"]) for name in ("w_q", "w_k", "w_v", "w_o")}
    word = np.arange(n)
    second["w_q"][word, word] = sqrt(task.shapes["layer2.w_q"][1]) * log(FACTOR)
    second["w_k"][spare + word, word] = second["w_v"][word, word] = 1
    second["w_k"][task.places] = -1  # the first token sees only itself, and so takes itself for the word before it
    second["w_o"][word, word] = SPEAK
    return first | {f"layer2.{name}": matrix for name, matrix in second.items()} | {"w_u": _read(task)}
