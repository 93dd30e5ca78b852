"""The rules that whole blocks add to those of one head: norms, activations, rotations, caps, cut-offs.

Vocabulary
    GELU        x times the share of a standard normal distribution below x; `gelu_tanh` is its usual approximation
                (Hendrycks & Gimpel 2016)
    softcap     c tanh(x / c): nearly x for small x, never beyond ±c
    feature map a function that makes queries and keys positive, so that their products can stand in for exp
    kth         the k-th largest of a row; a cut-off keeps what is at least that
    shares      softmax in one step, for those who know what is inside
    slope       how fast a function rises at a point: what a gradient is multiplied by on its way back through it
    surprise    −Σ t ln p: how badly a row of shares p foretold the row t; its mean is the cross-entropy

Every rule here works cell by cell, or along the axes that its output lacks: the default pattern of rules.py. Only
shares reads a whole row for each cell of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from math import erf, pi, sqrt

import numpy as np

from attention_core.rules import Axes, Index, Rule, Term, bracketed, elementwise, joined, reduction

_ROOT_2_OVER_PI = sqrt(2 / pi)
_CUBIC = 0.044715  # the coefficient in the tanh approximation (Hendrycks & Gimpel 2016)
_erf = np.vectorize(erf, otypes=[float])


def exact_gelu(x: np.ndarray) -> np.ndarray:
    """x Φ(x), Φ the cumulative distribution function of the standard normal distribution."""
    return x * (0.5 + 0.5 * _erf(x / sqrt(2)).astype(x.dtype))


def tanh_gelu(x: np.ndarray) -> np.ndarray:
    """The approximation of `exact_gelu` by a tanh, as GPT-2 uses it."""
    return 0.5 * x * (1 + np.tanh(_ROOT_2_OVER_PI * (x + _CUBIC * x**3)))


def _called(name: str):
    """A write half: name(x)."""
    return lambda x: [f"{name}(", x[0], ")"]


def _write_mean(x: list[Term]) -> list[str | Term]:
    return ["(", *joined([bracketed(term) for term in x], " + "), f") / {len(x)}"]


def _write_mean_square(x: list[Term]) -> list[str | Term]:
    return ["(", *joined([[*bracketed(term), "²"] for term in x], " + "), f") / {len(x)}"]


def _write_sum_of_squares(x: list[Term]) -> list[str | Term]:
    return joined([[*bracketed(term), "²"] for term in x], " + ")


def _write_length(x: list[Term]) -> list[str | Term]:
    return ["sqrt(", *_write_sum_of_squares(x), ")"]


def _logarithm(x: np.ndarray) -> np.ndarray:
    if (x <= 0).any():
        raise ValueError(f"only a number above 0 has a logarithm, and the smallest here is {x.min():g}")
    return np.log(x)


def _per_length(x: np.ndarray, size: np.ndarray) -> np.ndarray:
    """x / size, and 0 where the size is 0: a vector of zeros points nowhere, and is like nothing."""
    return np.divide(x, size, out=np.zeros(np.broadcast(x, size).shape, x.dtype), where=size != 0)


def _write_per_length(x: list[Term], size: list[Term]) -> list[str | Term]:
    if size[0].value == 0:
        return ["0 (a vector of length ", size[0], " points nowhere: ", *bracketed(x[0]), ")"]
    return [*bracketed(x[0]), " / ", size[0]]


def _write_gelu(x: list[Term]) -> list[str | Term]:
    return [*bracketed(x[0]), " × (1 + erf(", x[0], " / sqrt(2))) / 2"]


def _write_gelu_tanh(x: list[Term]) -> list[str | Term]:
    inner = ["sqrt(2 / pi) × (", x[0], f" + {_CUBIC} × ", *bracketed(x[0]), "³)"]
    return [*bracketed(x[0]), " × (1 + tanh(", *inner, ")) / 2"]


def _cap(x: np.ndarray, c: np.ndarray) -> np.ndarray:
    if (c <= 0).any():
        raise ValueError(f"softcap must be above 0, and is {c.min():g}")
    return c * np.tanh(x / c)


def _temper(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    if (t <= 0).any():
        raise ValueError(f"temperature must be above 0, and is {t.min():g}")
    return x / t


def _root(variance: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
    if (variance + epsilon <= 0).any():
        raise ValueError("the root of 0 would divide by 0: epsilon must be above 0")
    return np.sqrt(variance + epsilon)


def _positive(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def _write_positive(x: list[Term]) -> list[str | Term]:
    return [x[0], " + 1"] if x[0].value > 0 else ["exp(", x[0], ")"]


def _rotate(x: np.ndarray, cos: np.ndarray, turned: np.ndarray, sin: np.ndarray) -> np.ndarray:
    return x * cos + turned * sin


def _write_rotate(x: list[Term], cos: list[Term], turned: list[Term], sin: list[Term]) -> list[str | Term]:
    pairs = ((x[0], cos[0]), (turned[0], sin[0]))
    return joined([[*bracketed(a), " × ", *bracketed(b)] for a, b in pairs], " + ")


def _switched(x: np.ndarray, switch: np.ndarray, instead: np.ndarray) -> np.ndarray:
    return switch * x + (1 - switch) * instead


def _write_switched(x: list[Term], switch: list[Term], instead: list[Term]) -> list[str | Term]:
    return [*bracketed(switch[0]), " × ", *bracketed(x[0]), " + (1 − ", *bracketed(switch[0]), ") × ",
            *bracketed(instead[0])]  # fmt: skip


def _write_equal(x: list[Term], top: list[Term]) -> list[str | Term]:
    return ["1 (" if x[0].value == top[0].value else "0 (", x[0], ", and the largest is ", top[0], ")"]


def _write_keep(x: list[Term], cutoff: list[Term]) -> list[str | Term]:
    kept = x[0].value >= cutoff[0].value
    return [x[0] if kept else "−∞", " (", x[0], " is at least " if kept else " is below ", cutoff[0], ")"]


def _keep(x: np.ndarray, cutoff: np.ndarray) -> np.ndarray:
    return np.where(x >= cutoff, x, x.dtype.type(-np.inf))


# --- Slopes, and what else gradients are made from -------------------------------------------------------------------


def _gelu_slope(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * _erf(x / sqrt(2)).astype(x.dtype) + x * np.exp(-x * x / 2) / x.dtype.type(sqrt(2 * pi))


def _write_gelu_slope(x: list[Term]) -> list[str | Term]:
    bell = [*bracketed(x[0]), " × exp(−", *bracketed(x[0]), "² / 2) / sqrt(2 × pi)"]
    return ["(1 + erf(", x[0], " / sqrt(2))) / 2 + ", *bell]


def _gelu_tanh_slope(x: np.ndarray) -> np.ndarray:
    t = np.tanh(_ROOT_2_OVER_PI * (x + _CUBIC * x**3))
    return (1 + t + x * (1 - t * t) * _ROOT_2_OVER_PI * (1 + 3 * _CUBIC * x * x)) / 2


def _write_gelu_tanh_slope(x: list[Term]) -> list[str | Term]:
    bent = ["tanh(sqrt(2 / pi) × (", x[0], f" + {_CUBIC} × ", *bracketed(x[0]), "³))"]
    inner = [" × sqrt(2 / pi) × (1 + 3 × ", f"{_CUBIC} × ", *bracketed(x[0]), "²)"]
    return ["(1 + ", *bent, " + ", *bracketed(x[0]), " × (1 − ", *bent, "²)", *inner, ") / 2"]


def _write_relu_slope(x: list[Term]) -> list[str | Term]:
    return ["1 (", x[0], " is above 0)"] if x[0].value > 0 else ["0 (", x[0], " is not above 0)"]


def _write_positive_slope(x: list[Term]) -> list[str | Term]:
    return ["1 (", x[0], " is above 0)"] if x[0].value > 0 else ["exp(", x[0], ")"]


def _mean_product(axes: Axes, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    lost = tuple(i for i, name in enumerate(axes.inputs[0]) if name not in axes.output)
    return np.mean(a * b, axis=lost)


def _write_mean_product(a: list[Term], b: list[Term]) -> list[str | Term]:
    products = [[*bracketed(x), " × ", *bracketed(y)] for x, y in zip(a, b, strict=True)]
    return ["(", *joined(products, " + "), f") / {len(a)}"]


def _minus_share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(-part, whole, out=np.zeros(np.broadcast(part, whole).shape, part.dtype), where=whole != 0)


def _write_minus_share(part: list[Term], whole: list[Term]) -> list[str | Term]:
    if whole[0].value == 0:
        return ["0 (the sum is ", whole[0], ", nothing was shared out of ", *bracketed(part[0]), ")"]
    return ["−", *bracketed(part[0]), " / ", *bracketed(whole[0])]


def _surprise(axes: Axes, wanted: np.ndarray, shares: np.ndarray) -> np.ndarray:
    if (shares[wanted != 0] <= 0).any():
        raise ValueError("something that should have happened was given the share 0, which has no logarithm")
    logs = np.log(shares, out=np.zeros_like(shares), where=wanted != 0)
    lost = tuple(i for i, name in enumerate(axes.inputs[0]) if name not in axes.output)
    return -np.sum(wanted * logs, axis=lost)


def _write_surprise(wanted: list[Term], shares: list[Term]) -> list[str | Term]:
    share = {term.at: term for term in shares}
    parts = [[*bracketed(t), " × ln(", share[t.at], ")"] if t.at in share else [t] for t in wanted]
    return ["−(", *joined(parts, " + "), ")"]


class Surprise(Rule):
    """−Σ t ln p along a row: the share p of what should not happen (t = 0) is never looked at."""

    def reads(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> tuple[tuple[Index, ...], ...]:
        wanted, shares = super().reads(axes, inputs, at)
        return wanted, tuple(cell for cell in shares if inputs[0][cell] != 0)


# --- The rules -------------------------------------------------------------------------------------------------------


def kth(k: int) -> Rule:
    """The k-th largest of a row (the smallest, where a row has fewer)."""
    if k < 1:
        raise ValueError(f"top-k keeps at least 1, and k is {k}")

    def largest(x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
        (last,) = axis
        return np.take(np.sort(x, axis=last), -min(k, x.shape[last]), axis=last)

    return Rule(f"top {k}", reduction(largest), lambda x: [f"number {k} by size of ", *joined([[t] for t in x], ", ")])


@dataclass(frozen=True)
class _Shares(Rule):
    """Softmax along the last axis: "query key -> query key", or with a mask beside the scores that hides some.

    A cell reads itself first, which stands above the line, then every cell of its row that may be seen, below it; and
    of the mask the whole row. What is hidden reads only its own cell of the mask.
    """

    def reads(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> tuple[tuple[Index, ...], ...]:
        place, n = dict(zip(axes.output, at, strict=True)), inputs[0].shape[-1]
        scores, *mask = [[(*(place[name] for name in of[:-1]), j) for j in range(n)] for of in axes.inputs]
        if not mask:
            return ((scores[at[-1]], *scores),)
        seen = [bool(inputs[1][cell]) for cell in mask[0]]
        if not seen[at[-1]]:
            return (), (mask[0][at[-1]],)
        return (scores[at[-1]], *compress(scores, seen)), tuple(mask[0])

    def value(self, axes: Axes, inputs: Sequence[np.ndarray], at: Index) -> float:
        place = dict(zip(axes.output, at, strict=True))
        cuts = (x[tuple(place[name] for name in of[:-1])] for of, x in zip(axes.inputs, inputs, strict=True))
        return self.compute(axes, *cuts)[at[-1]].item()


def _to_shares(axes: Axes, scores: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """The row maximum is taken off first, which changes no share; a row that may see nothing gets none."""
    seen = scores if mask is None else np.where(mask, scores, scores.dtype.type(-np.inf))
    top = seen.max(axis=-1, keepdims=True)
    exps = np.exp(seen - np.where(np.isneginf(top), np.zeros_like(top), top))
    total = exps.sum(axis=-1, keepdims=True)
    return np.divide(exps, total, out=np.zeros_like(exps), where=total > 0)


def _write_shares(scores: Sequence[Term], mask: Sequence[Term] = ()) -> list[str | Term]:
    if not scores:
        return ["0 (the mask says ", mask[0], ")"]
    own, *row = [["exp(", term, ")"] for term in scores]
    said = [", where the row of the mask says ", *joined([[term] for term in mask], ", ")] if mask else []
    return [*own, " / (", *joined(row, " + "), ")", *said]


mean = Rule("mean", reduction(np.mean), _write_mean, summands=reduction(np.mean))
mean_square = Rule("mean ²", reduction(lambda x, axis: np.mean(x * x, axis=axis)), _write_mean_square)
sum_of_squares = Rule("Σ ²", reduction(lambda x, axis: np.sum(x * x, axis=axis)), _write_sum_of_squares)
root = Rule(("√", "+"), elementwise(_root), lambda v, e: ["sqrt(", v[0], " + ", e[0], ")"])
length = Rule("√ Σ ²", reduction(lambda x, axis: np.sqrt(np.sum(x * x, axis=axis))), _write_length)
logarithm = Rule("ln", elementwise(_logarithm), _called("ln"))
per_length = Rule("÷", elementwise(_per_length), _write_per_length)
absolute = Rule("| |", elementwise(np.abs), lambda x: ["|", x[0], "|"])
cosine = Rule("cos", elementwise(np.cos), _called("cos"))
sine = Rule("sin", elementwise(np.sin), _called("sin"))
switched = Rule(",", elementwise(_switched), _write_switched)
rotate = Rule("↻", elementwise(_rotate), _write_rotate, summands=elementwise(_rotate))
gelu = Rule("GELU", elementwise(exact_gelu), _write_gelu)
gelu_tanh = Rule("GELU", elementwise(tanh_gelu), _write_gelu_tanh)
relu = Rule("max", elementwise(lambda x: np.maximum(x, 0)), lambda x: ["max(0, ", x[0], ")"])
positive = Rule("φ", elementwise(_positive), _write_positive)
cap = Rule("tanh", elementwise(_cap), lambda x, c: [c[0], " × tanh(", *bracketed(x[0]), " / ", c[0], ")"])
temper = Rule("÷", elementwise(_temper), lambda x, t: [*bracketed(x[0]), " / ", *bracketed(t[0])])
larger = Rule("max", elementwise(np.maximum), lambda a, b: ["max(", a[0], ", ", b[0], ")"])
equals = Rule("≟", elementwise(lambda x, top: (x == top).astype(x.dtype)), _write_equal)
keep = Rule("≥", elementwise(_keep), _write_keep)
shares = _Shares("softmax", _to_shares, _write_shares, "row")

gelu_slope = Rule("GELU′", elementwise(_gelu_slope), _write_gelu_slope)
gelu_tanh_slope = Rule("GELU′", elementwise(_gelu_tanh_slope), _write_gelu_tanh_slope)
relu_slope = Rule("> 0", elementwise(lambda x: (x > 0).astype(x.dtype)), _write_relu_slope)
positive_slope = Rule(
    "φ′", elementwise(lambda x: np.where(x > 0, x.dtype.type(1), np.exp(np.minimum(x, 0)))), _write_positive_slope
)
cap_slope = Rule(
    "1 −", elementwise(lambda y, c: 1 - (y / c) ** 2), lambda y, c: ["1 − (", *bracketed(y[0]), " / ", c[0], ")²"]
)
mean_product = Rule("mean ·", _mean_product, _write_mean_product)
minus_share = Rule("÷", elementwise(_minus_share), _write_minus_share)
square = Rule("square of", elementwise(lambda x: x * x), lambda x: [*bracketed(x[0]), "²"])
twice = Rule(
    "2 ×", elementwise(lambda a, b: 2 * a * b), lambda a, b: ["2 × ", *bracketed(a[0]), " × ", *bracketed(b[0])]
)
surprise = Surprise("ln", _surprise, _write_surprise, "surprise")
