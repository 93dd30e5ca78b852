"""Changes that change nothing, and some that look as if they did not: each made to any matrices, and measured.

Vocabulary
    change     what is done to given matrices, or to a step's result, with what that should leave as it was
    kept       whether it leaves the weights and what comes out as they were: so it is for any numbers
    contrast   a change that looks harmless, and is not
    replaced   a step whose result is given, instead of computed; what follows it is computed from that
    gap        the largest difference that a change makes in a matrix

All are made in the first layer, where there are several.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from attention_core.programs import names
from attention_core.softmax import softmax
from attention_core.trace import Program, Trace, run

Given = dict[str, np.ndarray]
_CLOSE = 1e-9
_FACTOR, _SHIFT = 3.0, 2.0


class NotHere(ValueError):
    """A change that these matrices do not allow; the message says why, in a sentence."""


@dataclass(frozen=True)
class Change:
    """says: what is done; why: the algebra, in a line; make: the program and the given matrices after it.

    kept: whether nothing should change; of: which matrices are compared, "" being the last.
    """

    title: str
    says: str
    why: str
    make: Callable[["Model"], tuple[Program, Given]]
    kept: bool = True
    of: tuple[str, ...] = ("weights", "")


@dataclass(frozen=True)
class Model:
    """A program with its matrices, and the names that they have in its first layer."""

    program: Program
    given: Given
    labels: Mapping[str, tuple[str, ...]]

    @property
    def trace(self) -> Trace:
        return run(self.program, self.given, self.labels)

    @property
    def prefix(self) -> str:
        return "layer1." if any(name.startswith("layer1.") for name in names(self.program)) else ""

    def name(self, own: str) -> str:
        """What the matrix is called here. Raises NotHere where there is none."""
        for name in (self.prefix + own, own):
            if name in self.given or name in names(self.program):
                return name
        raise NotHere(f"There is no {own} among these matrices.")

    def first(self, *own: str) -> str:
        """The first of these matrices that is given here."""
        for name in own:
            if self.prefix + name in self.given:
                return self.prefix + name
        raise NotHere("These matrices begin later: what it changes is not among them.")


@dataclass(frozen=True)
class Gap:
    """A matrix before and after, and how far apart they are. same: no farther than rounding."""

    name: str
    before: np.ndarray
    after: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.where(self.before == self.after, 0.0, self.after - self.before)

    @property
    def size(self) -> float:
        return float(np.abs(self.difference).max())

    @property
    def same(self) -> bool:
        finite = self.before[np.isfinite(self.before)]
        return self.size <= _CLOSE * max(1.0, float(np.abs(finite).max()) if finite.size else 0.0)


def gaps(change: Change, model: Model) -> list[Gap]:
    """What a change does to the matrices that it is about. Raises NotHere where it cannot be made."""
    program, given = change.make(model)
    before, after = model.trace, run(program, given, model.labels)
    asked = [model.name(name) if name else model.program[-1].name for name in change.of]
    return [Gap(name, *(np.asarray(trace.matrix(name).value, dtype=float) for trace in (before, after)))
            for name in dict.fromkeys(asked)]  # fmt: skip


# --- How changes are made --------------------------------------------------------------------------------------------


def _given(model: Model, **changed: np.ndarray) -> tuple[Program, Given]:
    return model.program, {**model.given, **changed}


def _replaced(model: Model, name: str, change: Callable[[np.ndarray], np.ndarray]) -> tuple[Program, Given]:
    """The result of one step changed; what follows is computed from that."""
    value = change(np.asarray(model.trace.matrix(name).value, dtype=float))
    if name in model.given:
        return _given(model, **{name: value})
    return tuple(step for step in model.program if step.name != name), {**model.given, name: value}


def _scores(model: Model, *hidden: str) -> str:
    """The scores that softmax reads; with hidden = "masked", before any of them is hidden."""
    steps = {step.name.removeprefix(model.prefix): step for step in model.program}
    for own in (*hidden, "row_max", "exps", "weights"):
        if own in steps:
            return steps[own].inputs[0]
    raise NotHere("There is no softmax among these steps.")


def _turning(d: int) -> np.ndarray:
    """A rotation of d coordinates that leaves none of them as it is: [d, d]."""
    return np.linalg.qr(np.random.default_rng(d).normal(size=(d, d)))[0]


def _no_rotary(model: Model) -> None:
    if "frequencies" in model.given:
        raise NotHere("Rotary places turn pairs of coordinates by themselves; mixed up, these pairs are no more.")


def _stretched(model: Model) -> tuple[Program, Given]:
    q, k = model.first("w_q", "q"), model.first("w_k", "k")
    return _given(model, **{q: model.given[q] * _FACTOR, k: model.given[k] / _FACTOR})


def _rotated(model: Model) -> tuple[Program, Given]:
    _no_rotary(model)
    q, k = model.first("w_q", "q"), model.first("w_k", "k")
    turn = _turning(model.given[q].shape[-1])
    return _given(model, **{q: model.given[q] @ turn, k: model.given[k] @ turn})


def _half_rotated(model: Model) -> tuple[Program, Given]:
    _no_rotary(model)
    q = model.first("w_q", "q")
    return _given(model, **{q: model.given[q] @ _turning(model.given[q].shape[-1])})


def _raised_rows(model: Model) -> tuple[Program, Given]:
    return _replaced(model, _scores(model, "masked"), lambda s: s + _SHIFT * (1 + np.arange(s.shape[-2]))[:, None])


def _raised_column(model: Model) -> tuple[Program, Given]:
    def raised(scores: np.ndarray) -> np.ndarray:
        scores = scores.copy()
        scores[..., 0] += _SHIFT
        return scores

    return _replaced(model, _scores(model, "masked"), raised)


def _less_largest(model: Model) -> tuple[Program, Given]:
    def lowered(scores: np.ndarray) -> np.ndarray:
        top = scores.max(axis=-1, keepdims=True)
        return scores - np.where(np.isfinite(top), top, 0)

    return _replaced(model, _scores(model, "masked"), lowered)


def _key_bias(model: Model) -> tuple[Program, Given]:
    _no_rotary(model)
    return _replaced(model, model.name("k"), lambda k: k + 1 + np.arange(k.shape[-1]))


def _query_bias(model: Model) -> tuple[Program, Given]:
    _no_rotary(model)
    return _replaced(model, model.name("q"), lambda q: q + 1 + np.arange(q.shape[-1]))


def _swapped_heads(model: Model) -> tuple[Program, Given]:
    w_v = model.first("w_v")
    if model.given[w_v].ndim != 3:
        raise NotHere("There is one head only; it takes two to change places.")
    heads = len(model.given[w_v])
    axes = {"w_q": 3, "w_k": 3, "w_v": 3, "bias": 3, "table": 2, "slopes": 1}  # of what each head has of its own
    changed = {}
    for name, matrix in model.given.items():  # of all layers: what tells places is the same for each of them
        own = name.rpartition(".")[2]
        if own == "w_o":
            changed[name] = matrix.reshape(heads, -1, matrix.shape[-1])[::-1].reshape(matrix.shape)
        elif matrix.ndim == axes.get(own):
            changed[name] = matrix[::-1]
    return _given(model, **changed)


def _other_values(model: Model) -> tuple[Program, Given]:
    w_v, w_o = model.first("w_v"), model.first("w_o")
    d_v = model.given[w_v].shape[-1]
    mix = np.eye(d_v) + np.triu(np.ones((d_v, d_v)), 1)
    blocks = model.given[w_o].reshape(-1, d_v, model.given[w_o].shape[-1])
    back = (np.linalg.inv(mix) @ blocks).reshape(model.given[w_o].shape)
    return _given(model, **{w_v: model.given[w_v] @ mix, w_o: back})


def _shared_out(model: Model) -> np.ndarray:
    """The weights with the mask after softmax, not yet divided again: [.., n_q, n_k]."""
    mask = np.asarray(model.given[model.name("mask")], dtype=bool)
    if mask.all():
        raise NotHere("Nothing is masked here. Choose a mask first.")
    unmasked = {**model.given, model.name("mask"): np.ones_like(mask)}
    scores = np.asarray(run(model.program, unmasked, model.labels).matrix(_scores(model)).value, dtype=float)
    return softmax(scores) * mask


def _masked_later(model: Model) -> tuple[Program, Given]:
    left = _shared_out(model)
    sums = left.sum(axis=-1, keepdims=True)
    return _replaced(model, model.name("weights"), lambda _: left / np.where(sums > 0, sums, 1))


def _masked_later_only(model: Model) -> tuple[Program, Given]:
    left = _shared_out(model)
    return _replaced(model, model.name("weights"), lambda _: left)


CHANGES: Mapping[str, Change] = {
    "stretched": Change(
        "Queries larger, keys smaller", f"W_Q is multiplied by {_FACTOR:g}, and W_K divided by it.",
        "(c q) · (k / c) = q · k.", _stretched,
    ),
    "rotated": Change(
        "Queries and keys turned", "W_Q and W_K are multiplied by the same rotation R.",
        "(q R) · (k R) = q R Rᵀ kᵀ = q · k, for R Rᵀ is the identity.", _rotated,
    ),
    "raised": Change(
        "A constant for each row of scores", "To all scores of a row the same number is added, to each row another.",
        "e^(s + c) = e^c e^s: exponentials and their sum grow alike.", _raised_rows,
    ),
    "lowered": Change(
        "The largest score taken off", "From each row of scores its largest is taken off.",
        "The same, with c = −max. Programs do so, because exp of a large score cannot be stored.", _less_largest,
    ),
    "key bias": Change(
        "A bias on every key", "The same vector b is added to every key.",
        "q · (k + b) = q · k + q · b, and q · b is the same for the whole row.", _key_bias,
    ),
    "heads": Change(
        "Heads in another order", "The heads change places, each with its rows of W_O.",
        "What comes out is a sum over heads, and a sum has no order.", _swapped_heads, of=("",),
    ),
    "values": Change(
        "Values in other coordinates", "W_V is multiplied by M, and W_O by M⁻¹.",
        "A V M M⁻¹ W_O = A V W_O: a coordinate of a value means what W_O makes of it.", _other_values,
    ),
    "masked later": Change(
        "The mask after softmax, then divided again", "Softmax runs over all words; hidden weights become 0, and each "
        "row is divided by what is left.",
        "e^s / Σ all, over Σ seen / Σ all, is e^s / Σ seen.", _masked_later,
    ),
    "half rotated": Change(
        "Queries turned, keys not", "Only W_Q is multiplied by the rotation R.",
        "(q R) · k compares a turned arrow with one that was not.", _half_rotated, kept=False,
    ),
    "column": Change(
        "A constant for one column of scores", f"To all scores with the first word, {_SHIFT:g} is added.",
        "In each row one score grows, and the others do not: its share grows.", _raised_column, kept=False,
    ),
    "query bias": Change(
        "A bias on every query", "The same vector b is added to every query.",
        "(q + b) · k = q · k + b · k, and b · k differs from key to key.", _query_bias, kept=False,
    ),
    "masked only": Change(
        "The mask after softmax, not divided again", "Softmax runs over all words; hidden weights become 0.",
        "What hidden words got is lost: rows no longer add up to 1.", _masked_later_only, kept=False,
    ),
}  # fmt: skip
