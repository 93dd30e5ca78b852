"""What is worth saying about the weights at hand: who finds what it asks for, who shares evenly, who cannot choose.

Vocabulary
    silent   a query that is all zeros: the token asks for nothing
    even     a row of weights that is the same for every key that its query may see
    tied     a row, not even, whose largest weight goes to several keys
    added    what one head of several contributes to a cell of the projected output
"""

from collections.abc import Mapping, Sequence

import numpy as np

from attention_core.checks import is_product
from attention_core.numerals import exact
from attention_core.rules import Index
from attention_core.trace import Trace

_CLOSE = 1e-9
_LONGEST = 60  # characters of a word in a sentence of ours


def remarks(trace: Trace) -> tuple[str, ...]:
    """Sentences about the weights of this trace, for every query that may see more than one key."""
    weights, mask = trace["weights"].value, trace.given["mask"].value
    silent: list[int] = []
    even: list[int] = []
    found: dict[tuple[tuple[int, ...], str], list[int]] = {}
    for i in range(len(weights)):
        seen = np.flatnonzero(mask[i])
        if len(seen) < 2:
            continue
        best = tuple(int(j) for j in seen if weights[i, j] >= weights[i, seen].max() - _CLOSE)
        if len(best) < len(seen):
            found.setdefault((best, exact(weights[i, best[0]].item())), []).append(i)
        else:
            (even if trace["q"].value[i].any() else silent).append(i)
    return (*_found(trace, found), *_even(trace, silent, even))


def added_by_heads(trace: Trace, name: str, at: Index) -> tuple[float, ...]:
    """What each head adds to a cell of H W_O, with the outputs of all heads side by side in H; () of other matrices."""
    made = trace[name]
    laid = trace.get(made.step.inputs[0])
    if not is_product(made.step) or laid is None or laid.step.rule.pattern != "merge" or len(at) != 2:
        return ()
    if laid.axes[-1] in made.axes:  # a gradient of W_O adds up over tokens, and has a row for each number of H
        return ()
    n_heads, (h, w_o) = len(laid.inputs[0]), made.inputs
    cut = zip(np.split(h, n_heads, axis=1), np.split(w_o, n_heads), strict=True)
    return tuple(float(made.step.rule.compute(made.step.parsed, *parts)[at]) for parts in cut)


_PLACES = ("biased", "placed", "q_rotated")  # steps that tell where words stand


def _found(trace: Trace, found: Mapping[tuple[tuple[int, ...], str], Sequence[int]]) -> list[str]:
    queries, keys = trace["weights"].labels
    said, tied = [], False
    for (best, share), who in found.items():
        takes = "takes" if len(who) == 1 else "take"
        names = listed([queries[i] for i in who])
        if len(best) == 1:
            said.append(f"{names} {takes} most from {listed([keys[best[0]]])}, {share}.")
        else:
            tied = True
            said.append(
                f"{names} {takes} the same from {listed([keys[j] for j in best])}, {share} each: "
                "to this head one is as good as the other."
            )
    if tied and not any(name in trace for name in _PLACES):
        said.append("Only the words count here, not where they stand: no places are told.")
    return said


def _even(trace: Trace, silent: Sequence[int], even: Sequence[int]) -> list[str]:
    queries = trace["weights"].labels[0]
    said = []
    if silent:
        ask, they, share = ("asks", "it", "shares") if len(silent) == 1 else ("ask", "they", "share")
        names = listed([queries[i] for i in silent])
        said.append(f"{names} {ask} for nothing (a query of zeros), so {they} {share} evenly.")
    if even:
        ask, they, share = ("asks", "it", "shares") if len(even) == 1 else ("ask", "they", "share")
        names = listed([queries[i] for i in even])
        said.append(
            f"{names} {ask} for something, but every word that {they} may see fits alike; {they} {share} evenly."
        )
    return said


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence: “red”, “blue” and “round”."""
    quoted = [f"“{word if len(word) <= _LONGEST else word[:_LONGEST] + '…'}”" for word in words]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
