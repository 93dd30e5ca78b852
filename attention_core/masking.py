"""What a mask does: to a text that grows, to what a word may read of the words after it, to a row that sees nothing.

Vocabulary
    prefix    the first words of a text; under a causal mask each of them is a run of its own
    blind     a query that may see nothing
    settled   the weights that the values are mixed with: the last that a program makes
"""

from collections.abc import Mapping, Sequence

import numpy as np

from attention_core import programs
from attention_core.expressions import evaluate
from attention_core.trace import Matrix, Program, Trace, givens, run

_TOKENS = ("query", "key")  # the axes that have one place for each word
_WEIGHTS = ("renormalised_weights", "masked_weights", "weights")  # the last one first

# Softmax as it is often typed, of scores in which −∞ marks what is hidden; and the same with a large number for ∞.
NAIVE = """exps = exp(masked - masked.max(axis=1, keepdims=True))
exps / exps.sum(axis=1, keepdims=True)"""
LARGE = 1e9


def settled(trace: Trace) -> Matrix:
    """The weights that the values are mixed with, whatever was done to them after softmax."""
    return trace[next(name for name in _WEIGHTS if name in trace)]


def shortened(trace: Trace, n: int) -> Trace:
    """The same program on the first n words. Raises ValueError unless n is from 1 to the number of words."""
    if not 1 <= n <= len(trace.given["x"].value):
        raise ValueError(f"there are {len(trace.given['x'].value)} words, and the first {n} of them were asked for")
    program = _program(trace)
    given = {name: _first(matrix, n) for name, matrix in trace.given.items()}
    labels = {axis: names[:n] if axis in _TOKENS else names for axis, names in _labels(trace).items()}
    return run(program, given, labels)


def word_by_word(trace: Trace) -> list[np.ndarray]:
    """The row of weights of each word, made when it was the last: from its own query and the keys kept until then.

    Each step computes one query, one key and one value; the keys and values of the words before come from a cache.
    Row i holds i + 1 weights. Only the program's own mask says what the new word may see.
    """
    program = programs.cached(_program(trace))
    past = {"k_past": trace["k"].value[:0], "v_past": trace["v"].value[:0]}
    rows = []
    for i in range(len(trace.given["x"].value)):
        given = {name: matrix.value for name, matrix in trace.given.items()}
        given |= past | {"x": given["x"][i : i + 1], "mask": given["mask"][i : i + 1, : i + 1]}
        step = run(program, {name: given[name] for name in givens(program)})
        rows.append(settled(step).value[0])
        past = {"k_past": step["k"].value, "v_past": step["v"].value}
    return rows


def ahead(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each row takes from the word right after it, and from all words after it: [n - 1] and [n]."""
    return np.diagonal(weights, 1), np.triu(weights, 1).sum(axis=1)


def same_rows(short: np.ndarray, long: np.ndarray) -> np.ndarray:
    """For each row of the weights of a text, whether a longer text leaves it as it was: nothing is taken from what
    came later, and the shares of the others are the same, but for rounding."""
    n = len(short)
    kept = np.isclose(long[:n, :n], short, rtol=1e-9, atol=1e-12).all(axis=1)
    return kept & ~long[:n, n:].any(axis=1)


def naive_weights(scores: np.ndarray, mask: np.ndarray, hidden: float = -np.inf) -> np.ndarray:
    """The weights of softmax as it is often typed (NAIVE), with `hidden` where the mask says no: NaN in blind rows."""
    return evaluate(NAIVE, {"masked": np.where(mask, scores, hidden)})


def _program(trace: Trace) -> Program:
    return tuple(made.step for made in trace.values())


def _labels(trace: Trace) -> Mapping[str, Sequence[str]]:
    return {axis: names for of in trace.given.values() for axis, names in zip(of.axes, of.labels, strict=True)}


def _first(matrix: Matrix, n: int) -> np.ndarray:
    return matrix.value[tuple(slice(n) if axis in _TOKENS else slice(None) for axis in matrix.axes)]
