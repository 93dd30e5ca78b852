"""Softmax of given scores."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp
from attention_core.examples import PAINT
from attention_core.trace import run

Scores = tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]  # [query key], and the labels of both axes


def _paint_scores(tokens: Sequence[str]) -> Scores:
    """The scaled scores of the running example, with no mask: ln 3 where a word looks for another, else 0."""
    given, labels = PAINT.given(tokens, causal=False)
    trace = run(programs.SELF_ATTENTION, given, labels)
    return trace["scaled"].value, labels["query"], labels["key"]


_ASKED_CHATBOT = ("The", "quick", "brown", "fox", "jumped")
_CHATBOT = np.array([  # cosines as a chatbot gave them to a learner (2024); the weights that it made of them were wrong
    [0.0, 0.1, 0.05, 0.03, 0.02], [0.1, 0.0, 0.07, 0.04, 0.06], [0.05, 0.07, 0.0, 0.02, 0.01],
    [0.03, 0.04, 0.02, 0.0, 0.05], [0.02, 0.06, 0.01, 0.05, 0.0],
])  # fmt: skip


def cosines(keys: int) -> np.ndarray:
    """A row of cosines that favours its first key as much as cosines can: 1, and −1 for all others. [1, keys]"""
    return np.array([[1.0] + [-1.0] * (keys - 1)])


_QUERY = ("the query",)


def _keys(count: int) -> tuple[str, ...]:
    return tuple(f"key {i}" for i in range(1, count + 1))


_SCORES: Mapping[str, Callable[[int], Scores]] = {
    "three": lambda keys: _paint_scores(PAINT.sentence.split()[:3]),
    "paint": lambda keys: _paint_scores(PAINT.sentence.split()),
    "chatbot": lambda keys: (_CHATBOT.copy(), _ASKED_CHATBOT, _ASKED_CHATBOT),
    "cosines": lambda keys: (cosines(keys), _QUERY, ("the best", *_keys(keys)[1:])),
    "signed": lambda keys: (np.array([[2.0, -1.0, 1.0]]), _QUERY, _keys(3)),
    "logits": lambda keys: (np.log([[8.0, 4.0, 2.0, 1.0, 1.0]]), _QUERY, _keys(5)),
}


def _softmax(scores: str, keys: int, constant: float, temperature: float, **switches: bool) -> SetUp:
    values, queries, names = _SCORES[scores](keys)
    steps = {"raised": constant != 0, "tempered": temperature != 1, **switches}
    given = {"scores": values, "constant": np.array(float(constant)), "temperature": np.array(float(temperature))}
    about = {
        "scores": "A score chosen by us. You can type any other.",
        "constant": "Set by the slider.",
        "temperature": "Set by the slider.",
    }
    if scores == "chatbot":
        about["scores"] = "A score as a chatbot printed it, taken as it is. You can type any other."
    program, steady = programs.softmax_rows(**steps), programs.softmax_rows(**{**steps, "steady": True})
    return SetUp(program, given, {"query": queries, "key": names}, ("scores",), about, steady=steady)


BENCH = Bench(
    "softmax",
    {
        "scores": "three",
        "keys": 5,
        "constant": 0.0,
        "temperature": 1.0,
        "columns": False,
        "steady": False,
        "exponential": True,
        "log_sum_exp": False,
    },
    {
        "scores": tuple(_SCORES),
        "keys": tuple(range(2, 13)),
        "constant": (-100.0, 100.0),
        "temperature": (0.1, 10.0),
        "columns": BOTH,
        "steady": BOTH,
        "exponential": BOTH,
        "log_sum_exp": BOTH,
    },
    _softmax,
)
