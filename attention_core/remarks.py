"""What is worth saying about the weights at hand: who shares evenly, who cannot choose between two, and why.

Vocabulary
    even     a row of weights that is the same for every key that its query may see
    tied     a row, not even, whose largest weight goes to several keys
"""

from collections.abc import Sequence

import numpy as np

from attention_core.numerals import exact
from attention_core.trace import Trace

_CLOSE = 1e-9


def remarks(trace: Trace) -> tuple[str, ...]:
    """Sentences about the weights of this trace; none where every query has one clear favourite."""
    weights, mask = trace["weights"].value, trace.given["mask"].value
    queries, keys = trace["weights"].labels
    even, tied = [], {}
    for i, query in enumerate(queries):
        seen = np.flatnonzero(mask[i])
        if len(seen) < 2:
            continue
        best = [int(j) for j in seen if weights[i, j] >= weights[i, seen].max() - _CLOSE]
        if len(best) == len(seen):
            even.append(query)
        elif len(best) > 1:
            tied.setdefault((tuple(best), exact(weights[i, best[0]].item())), []).append(query)
    said = [_even(even)] if even else []
    said += [_tied(who, [keys[j] for j in best], share) for (best, share), who in tied.items()]
    if tied and "biased" not in trace:
        said.append("Only the words count here, not where they stand: that is why positions exist.")
    return tuple(said)


def _even(who: Sequence[str]) -> str:
    verb, them, they = ("shares", "it", "it") if len(who) == 1 else ("share", "them", "they")
    return f"{listed(who)} {verb} evenly: to {them} every word that {they} may see fits as well as the others."


def _tied(who: Sequence[str], keys: Sequence[str], share: str) -> str:
    verb = "takes" if len(who) == 1 else "take"
    return f"{listed(who)} {verb} the same from {listed(keys)}, {share} each: to this head one is as good as the other."


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence: “red”, “blue” and “round”."""
    quoted = [f"“{word}”" for word in words]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
