"""Attention in a dozen readable lines: the definition, and the oracle of the tests.

Plain Python lists and `math`, one query at a time; it shares no code with the traced programs that it judges.
"""

from math import exp, inf, sqrt


def weights(q, k, mask=None, scale=None, bias=None, temperature=1.0):
    """How much each query takes from each key. q [n_q, d_k], k [n_k, d_k] -> [n_q, n_k]; mask True = may see."""
    scale = 1 / sqrt(len(k[0])) if scale is None else scale
    rows = []
    for i, query in enumerate(q):
        scores = [scale * sum(a * b for a, b in zip(query, key, strict=True)) for key in k]
        scores = [s + (bias[i][j] if bias is not None else 0) for j, s in enumerate(scores)]
        scores = [s / temperature if mask is None or mask[i][j] else -inf for j, s in enumerate(scores)]
        top = max(scores)
        exps = [exp(s - top) if s > -inf else 0.0 for s in scores]
        rows.append([e / sum(exps) if sum(exps) else 0.0 for e in exps])
    return rows


def attention(q, k, v, mask=None, scale=None, bias=None, temperature=1.0):
    """Each query's mixture of the values. v [n_k, d_v] -> [n_q, d_v]."""
    shares = weights(q, k, mask, scale, bias, temperature)
    return [[sum(a * row[d] for a, row in zip(share, v, strict=True)) for d in range(len(v[0]))] for share in shares]
