"""Is that so? A printed matrix, what it claims to be, and what it claims to be made from: right, rounded, or how wrong.

Vocabulary
    claim      what the printed matrix is said to be ("weights"), and the printed matrices that it is made from
    way        one working: the right one, or one with a slip in it, or two; it makes the matrix that then comes out
    variant    a slip of this file: a change of the program, or another matrix taken for the one that was asked for
    fits       a cell that is no further off than half of its last digit
    slack      how far it may be off if its sources were rounded, too, before they were printed
    may        a cell that fits only within its slack
    alone      what can be said of a matrix by itself: rows of weights add up to 1

No number of a slip stands anywhere: it is what the programs of the core make when the slip is in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import sqrt

import numpy as np

from attention_core import masks, programs, rules
from attention_core.exercises.slips import (
    BY_LARGEST,
    COLUMNS,
    MASKED_AFTER,
    MASKED_WITH_0,
    NO_EXP,
    UNDIVIDED,
    UNMASKED,
    Change,
    giving,
    programmed,
    stepped,
)
from attention_core.numerals import decimal
from attention_core.printed import Printed
from attention_core.programs.editing import exchanged, find, names, without_stage
from attention_core.trace import Program, ShapeError, Step, Trace, run

Given = Mapping[str, np.ndarray]
Take = Callable[[Trace, str], np.ndarray]

# What a matrix may be said to be: how it is called, and what it may be said to be made from.
KINDS: Mapping[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "cosine": ("cosines", (("vectors",),)),
    "scores": ("scores", (("q", "k"), ("vectors",))),
    "scaled": ("scaled scores", (("scores",), ("q", "k"))),
    "masked": ("masked scores", (("scores",),)),
    "exps": ("exponentials", (("scores",),)),
    "row_sums": ("row sums of the exponentials", (("exps",), ("scores",), ("exps", "row_sums"))),
    "weights": ("weights", (("scores",), ("exps",), ("exps", "row_sums"), ("q", "k"), ())),
    "output": ("output", (("weights", "v"),)),
}
SOURCES: Mapping[str, str] = {
    "vectors": "vectors, one a row", "q": "queries Q", "k": "keys K", "scores": "scores", "exps": "exponentials",
    "row_sums": "row sums", "weights": "weights", "v": "values V",
}  # fmt: skip
MASKED_KINDS = ("masked", "exps", "row_sums", "weights")  # those that a mask may stand before,
SCALED_KINDS = ("scaled", *MASKED_KINDS)  # and those that the scaling may
_DRAWS, _WIDER = 8, 2.0
_FEW = 300  # cells of the sources, up to which each is moved by itself
_TINY = 1e-9
_MOST = 0.5  # of the cells must fit before a slip is named that does not explain all


def _as_made(trace: Trace, name: str) -> np.ndarray:
    return trace.matrix(name).value


@dataclass(frozen=True)
class Variant:
    """One thing that goes wrong. when: completes "... when"; change: of the program; take: what is then printed."""

    name: str
    when: str
    part: str
    change: Change | None = None
    take: Take | None = None
    alone: bool = False


def _of(slip) -> Variant:
    """A slip of the exercises that changes the program."""
    return Variant(slip.name, slip.when, slip.part, slip.change, alone=slip.alone)


def _said(slip, when: str) -> Variant:
    """A slip of the exercises, said otherwise: what it does to a matrix that comes before the weights."""
    return replace(_of(slip), when=when)


def _instead(name: str, when: str, other: str) -> Variant:
    """Another matrix is printed."""

    def take(trace: Trace, _name: str) -> np.ndarray:
        return trace.matrix(other).value

    return Variant(name, when, "matrix", take=take)


def _turned(trace: Trace, name: str) -> np.ndarray:
    return trace.matrix(name).value.T


def _first_column(of: str, trace: Trace, _name: str) -> np.ndarray:
    return trace.matrix(of).value[:, 0]


def _over_all(trace: Trace, _name: str) -> np.ndarray:
    exps = trace.matrix("exps").value
    return exps / exps.sum()


def _to_base(base: float, program: Program, given: Given) -> tuple[Program, Given]:
    step: Step = find(program, "exps")
    factor = np.log(base)
    rule = replace(rules.exponentiate, compute=lambda axes, x: np.exp(factor * x))
    return exchanged(program, replace(step, rule=rule)), given


def _softmax_twice(trace: Trace, _name: str) -> np.ndarray:
    exps = np.exp(trace.matrix("weights").value)
    return exps / exps.sum(axis=1, keepdims=True)


def _scale(factor: Callable[[float], float]) -> Change:
    """factor: from the right scale, 1/√d_k, to the wrong one."""
    return giving(scale=lambda given: np.array(factor(float(given["scale"]))))


_TURNED = Variant("transposed", "rows and columns are exchanged", "place", take=_turned)
_UNSCALED = Variant("no scaling", "the scores are not divided by √d_k", "scale", _scale(lambda c: 1.0))
_BY_D_K = Variant("÷ d_k", "the scores are divided by d_k instead of its root", "scale", _scale(lambda c: c * c))
_TIMES = Variant("times √d_k", "the scores are multiplied by √d_k instead of divided", "scale", _scale(lambda c: 1 / c))
_SOFTMAX = (
    _of(COLUMNS), _of(NO_EXP), _of(UNDIVIDED), _of(BY_LARGEST),
    Variant("over everything", "each exponential is divided by the sum of all rows together", "share", take=_over_all),
    Variant("softmax twice", "softmax is applied once more to the weights", "share", take=_softmax_twice),
    Variant("powers of 2", "powers of 2 are taken instead of powers of e", "exp", partial(_to_base, 2.0)),
    Variant("powers of 10", "powers of 10 are taken instead of powers of e", "exp", partial(_to_base, 10.0)),
)  # fmt: skip
_SHIFTED = Variant(
    "row maximum off", "the largest score of each row is taken off first; the weights stay right", "exp",
    programmed(programs.steadied),
)  # fmt: skip
_SCALING = (_UNSCALED, _BY_D_K, _TIMES)
_WITH_0 = replace(_of(MASKED_WITH_0), change=stepped("masked", rule=rules.blank))  # also where no scores are made
_MASKING = (_of(UNMASKED), _WITH_0)
_SCORES_TURNED = Variant("scores transposed", "the scores are turned round first: queries and keys are exchanged",
                         "place", giving(scores=lambda given: given["scores"].T))  # fmt: skip
_Q_FOR_K = Variant("scores transposed", "queries and keys are exchanged", "place",
                   giving(q=lambda given: given["k"], k=lambda given: given["q"]))  # fmt: skip
_K_AS_IS = Variant("keys not transposed", "Q K is taken instead of Q Kᵀ", "place",
                   giving(k=lambda given: given["k"].T))  # fmt: skip
_FROM_SCORES = (_SCORES_TURNED, _Q_FOR_K, _K_AS_IS)
_UPSIDE_DOWN = Variant(
    "mask upside down", "each row sees itself and what comes after, not before", "mask",
    giving(mask=lambda given: given["mask"].T),
)  # fmt: skip
_LATE = replace(_of(MASKED_AFTER), take=lambda trace, _name: trace.matrix("masked_weights").value)
_COLUMN_SUMS = Variant(
    "column sums", "columns are added up instead of rows", "axis",
    stepped("row_sums", axes="query key -> key"),
)  # fmt: skip
VARIANTS: Mapping[str, tuple[Variant, ...]] = {
    "cosine": (
        _instead("dot products", "dot products are printed, not divided by the lengths", "scores"),
        _instead("one length", "only one of the two lengths is divided by", "per_query"),
        Variant("distance", "1 − cosine is printed, a distance", "matrix",
                take=lambda trace, _name: 1 - trace.matrix("cosine").value),
    ),
    "scores": (_TURNED, _K_AS_IS, _instead("scaled already", "the scores are divided by √d_k already", "scaled"),
               _instead("cosines", "the scores are divided by both lengths: these are cosines", "cosine")),
    "scaled": (*_SCALING, _TURNED, _K_AS_IS),
    "masked": (*_SCALING, *_MASKING, _UPSIDE_DOWN, *_FROM_SCORES, _TURNED),
    "exps": (*_SCALING, *_MASKING, _UPSIDE_DOWN, *_SOFTMAX[6:],
             _said(NO_EXP, "the scores themselves are printed, without exp"), _SHIFTED, *_FROM_SCORES, _TURNED),
    "row_sums": (
        _COLUMN_SUMS, *_SCALING, *_MASKING, _said(NO_EXP, "the scores themselves are added up, without exp"),
        *_SOFTMAX[6:], _SHIFTED, *_FROM_SCORES,
        Variant("first column", "the first exponential of each row is printed instead of their sum", "sum",
                take=partial(_first_column, "exps")),
        Variant("first weights", "the first weight of each row is printed instead of the sum", "matrix",
                take=partial(_first_column, "weights")),
        Variant("mean", "the mean of each row is printed, not its sum", "sum",
                take=lambda trace, _name: trace.matrix("exps").value.mean(axis=1)),
        _instead("weights", "the weights are printed: each exponential is already divided by its sum", "weights"),
    ),
    "weights": (
        *_SOFTMAX, *_SCALING, *_MASKING, _UPSIDE_DOWN, _LATE, _TURNED, *_FROM_SCORES,
        _instead("scores", "the scores are printed, before softmax", "scores"),
    ),
    "output": (
        _TURNED,
        Variant("weights transposed", "the weights are turned round: columns are mixed, not rows", "place",
                giving(weights=lambda given: given["weights"].T)),
        Variant("mean", "every value counts alike: the weights are not used", "share",
                giving(weights=lambda given: np.full_like(given["weights"], 1 / given["weights"].shape[1]))),
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Claim:
    """What a printed matrix is said to be, and the printed matrices that it is said to be made from.

    d_k: for scores that are divided by √d_k on the way; None where they are not. causal: a causal mask is applied.
    exact: whether the sources are the very numbers that it was made from, and not those rounded.
    """

    kind: str
    printed: Printed
    sources: Mapping[str, Printed]
    d_k: int | None = None
    causal: bool = False
    exact: bool = False


@dataclass(frozen=True, eq=False)
class Explanation:
    """A way with one slip or two, and how many cells of the printed matrix are as they come out then."""

    variants: tuple[Variant, ...]
    value: np.ndarray
    fits: np.ndarray

    @property
    def name(self) -> str:
        return " + ".join(one.name for one in self.variants)

    @property
    def when(self) -> str:
        return " and, at the same time, ".join(one.when for one in self.variants)

    @property
    def whole(self) -> bool:
        return bool(self.fits.all())


@dataclass(frozen=True, eq=False)
class Judgement:
    """What there is to say of a claim.

    expected: what comes out of its sources, spread over the shape as it was printed; None where it is not said what it
    was made from, or where it has another shape; fits, may: which cells are right, and which are if the sources were
    rounded; explanations: the best first; alone: what is wrong with the matrix by itself; shape: the one that it should
    have, where it has not.
    """

    claim: Claim
    expected: np.ndarray | None
    fits: np.ndarray
    may: np.ndarray
    explanations: tuple[Explanation, ...] = ()
    alone: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None

    @property
    def right(self) -> bool:
        return (
            bool((self.fits | self.may).all()) and self.shape is None and (self.expected is not None or not self.alone)
        )

    @property
    def wrong(self) -> np.ndarray:
        return ~(self.fits | self.may)

    @property
    def off(self) -> float:
        """The most that a right cell is off: what rounding did."""
        if self.expected is None or self.wrong.all():
            return 0.0
        with np.errstate(invalid="ignore"):
            apart = np.abs(self.claim.printed.value - self.expected)[~self.wrong]
        return float(np.nan_to_num(apart, nan=0.0).max())


def judge(claim: Claim) -> Judgement:
    """Hold a claim against what its sources make. Raises ValueError, in plain words, for sources that do not fit."""
    printed, half = claim.printed.value, claim.printed.half + _TINY
    alone, none = tuple(_alone(claim)), np.zeros(printed.shape, bool)
    if not claim.sources:
        return Judgement(claim, None, none if alone else ~none, none, alone=alone)
    program, given = _working(claim)
    try:
        right = _as_made(_run_through(program, given), claim.kind)
    except ShapeError as error:
        raise ValueError(f"The matrices do not fit together: {error}.") from None
    expected = _as_printed(right, printed.shape)
    if expected is None:
        found = tuple(_explained(claim, program, given, none, half))
        return Judgement(claim, None, none, none, found, alone, right.shape)
    slack = half + _as_printed(_spread(claim, program, given, right, _as_made, each=True), printed.shape)
    fits, may = (_fitting(printed, expected, within) for within in (half, slack))
    if may.all():
        return Judgement(claim, expected, fits, may & ~fits)
    return Judgement(
        claim, expected, fits, may & ~fits, tuple(_explained(claim, program, given, may, half + 4 * slack.max())), alone
    )


# --- The right way ---------------------------------------------------------------------------------------------------


def _working(claim: Claim) -> tuple[Program, Given]:
    """The program from the sources to the claim, and what it is given."""
    given = {name: matrix.value for name, matrix in claim.sources.items()}
    if "row_sums" in given:
        given["row_sums"] = _column(given["row_sums"])
    if "vectors" in given:
        given["q"] = given["k"] = given.pop("vectors")
    hidden = np.isneginf(given.get("scores", np.zeros(())))  # scores that are masked already
    masked = claim.kind == "masked" or (claim.kind in MASKED_KINDS and (claim.causal or bool(hidden.any())))
    if masked:
        given["mask"] = (_causal(claim) if claim.causal else _seen(claim, hidden.shape)) & ~hidden
    if "scores" in given:
        given["scores"] = np.where(hidden, 0.0, given["scores"])
    program = _program(claim, masked)
    if "scaled" in names(program):
        given["scale"] = np.array(1 / sqrt(claim.d_k or given.get("q", np.ones((1, 1))).shape[-1]))
    return tuple(step for step in program if step.name not in given), given


def _seen(claim: Claim, shape: tuple[int, ...]) -> np.ndarray:
    """The mask, where none was named: of masked scores it is what they leave to be seen; else everything."""
    x = claim.printed.value
    return ~np.isneginf(x) if claim.kind == "masked" and x.shape == shape else np.ones(shape, bool)


def _column(printed: np.ndarray) -> np.ndarray:
    """Row sums, printed as a row, as a column, or each along its row: [rows]."""
    return printed[0] if printed.shape[0] == 1 else printed[:, 0]


def _program(claim: Claim, masked: bool) -> Program:
    if claim.kind in ("cosine", "scores"):
        return programs.SIMILARITY_AND_SCALE
    program = programs.masked(programs.SOFT_LOOKUP) if masked else programs.SOFT_LOOKUP
    return program if claim.d_k or claim.kind in ("scaled", "output") else without_stage(program, "scaled")


def _causal(claim: Claim) -> np.ndarray:
    first = next(iter(claim.sources.values())).shape
    n_q, n_k = (first[0], claim.sources["k"].shape[0]) if "k" in claim.sources else first
    if n_q != n_k:
        raise ValueError(f"A causal mask needs as many keys as queries; here there are {n_k} and {n_q}.")
    return np.array(masks.causal(n_q))


def _run_through(program: Program, given: Given) -> Trace:
    """Every step that can be run on what is given."""
    kept: list[Step] = []
    known = set(given)
    for step in program:
        if all(name in known for name in step.inputs):
            kept.append(step)
            known.add(step.name)
    read = {name for step in kept for name in step.inputs}
    with np.errstate(all="ignore"):
        return run(tuple(kept), {name: x for name, x in given.items() if name in read})


def _as_printed(value: np.ndarray, shape: tuple[int, int]) -> np.ndarray | None:
    """A matrix in the shape that was printed. A vector may stand as a row, as a column, or repeated along its rows."""
    if value.shape == shape:
        return value
    if value.ndim == 1 and len(value) == shape[0]:
        return np.broadcast_to(value[:, None], shape)
    if value.ndim == 1 and shape == (1, len(value)):
        return value[None]
    return None


def _fitting(printed: np.ndarray, shown: np.ndarray, slack: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return (printed == shown) | (np.abs(printed - shown) <= slack)


# --- What rounding does ----------------------------------------------------------------------------------------------


def _halves(claim: Claim) -> dict[str, np.ndarray]:
    if claim.exact:
        return {}
    halves = {"q" if name == "vectors" else name: matrix.half for name, matrix in claim.sources.items()}
    return {name: _column(half) if name == "row_sums" else half for name, half in halves.items()}


def _spread(claim: Claim, program: Program, given: Given, value: np.ndarray, take: Take, each: bool) -> np.ndarray:
    """How far these numbers may move because their sources were rounded.

    each: every source cell is moved by itself, by half of its last digit, and the moves add up: no rounding does more.
    Otherwise it is guessed from a few draws of all roundings at once.
    """
    halves = _halves(claim)
    cells = [(name, tuple(at)) for name, half in halves.items() for at in np.argwhere(half > 0)]
    if not cells:
        return np.zeros(value.shape)

    def moved(off: Mapping[str, np.ndarray]) -> np.ndarray:
        near = {name: given[name] + off[name] for name in off}
        near |= {"k": near["q"]} if "vectors" in claim.sources else {}
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(np.abs(take(_run_through(program, {**given, **near}), claim.kind) - value), posinf=0.0)

    if each and len(cells) <= _FEW:
        return (1 + _TINY) * sum(np.maximum(*(moved({name: sign * _only(halves[name], at)}) for sign in (1, -1)))
                                 for name, at in cells)  # fmt: skip
    rng = np.random.default_rng(0)
    draws = ({name: half * rng.choice([-1, 1], half.shape) for name, half in halves.items()} for _ in range(_DRAWS))
    return _WIDER * np.max([moved(off) for off in draws], axis=0)


def _only(half: np.ndarray, at: tuple[int, ...]) -> np.ndarray:
    one = np.zeros_like(half)
    one[at] = half[at]
    return one


# --- The ways with a slip --------------------------------------------------------------------------------------------


def _explained(
    claim: Claim, program: Program, given: Given, fits: np.ndarray, rough: np.ndarray
) -> Iterator[Explanation]:  # fmt: skip
    """The ways that explain more of the printed matrix than the right one does: all of it, one slip before two.

    rough: how far a cell may be off to be looked at more closely.
    """
    variants = VARIANTS[claim.kind]
    singles = [found for one in variants if (found := _tried(claim, program, given, (one,), rough))]
    whole = [one for one in singles if one.whole]
    if not whole:
        pairs = (pair for pair in combinations(variants, 2) if _together(*pair))
        whole = [found for pair in pairs if (found := _tried(claim, program, given, pair, rough)) and found.whole]
    if whole:
        yield from whole
        return
    least = max(int(fits.sum()) + 1, int(_MOST * fits.size))
    yield from sorted((one for one in singles if one.fits.sum() >= least), key=lambda one: -one.fits.sum())[:1]


def _together(one: Variant, other: Variant) -> bool:
    return one.part != other.part and not (one.take and other.take) and not one.alone and not other.alone


def _slipped(program: Program, given: Given, variants: tuple[Variant, ...]) -> tuple[Program, Given, Take]:
    """The working with these slips in it. Raises ValueError or LookupError where one of them has no place on it."""
    take: Take = _as_made
    for one in variants:
        take = one.take or take
        program, given = one.change(program, given) if one.change else (program, given)
    return program, given, take


def slipped(claim: Claim, variant: Variant) -> np.ndarray:
    """What comes out of a claim's sources with this slip. Raises ValueError or LookupError where it has no place."""
    program, given, take = _slipped(*_working(claim), (variant,))
    return take(_run_through(program, given), claim.kind)


def _tried(
    claim: Claim, program: Program, given: Given, variants: tuple[Variant, ...], rough: np.ndarray
) -> Explanation | None:  # fmt: skip
    """What comes out with these slips; None where nothing does, or a matrix of another shape than the printed one."""
    try:
        program, given, take = _slipped(program, given, variants)
        value = take(_run_through(program, given), claim.kind)
        shown = _as_printed(value, claim.printed.shape)
        if shown is None or np.isnan(shown).any() or _fitting(claim.printed.value, shown, rough).mean() < _MOST:
            return None
        spread = _as_printed(_spread(claim, program, given, value, take, each=False), claim.printed.shape)
    except (ValueError, LookupError):
        return None  # this slip has no place on the way from these sources to this matrix
    return Explanation(variants, shown, _fitting(claim.printed.value, shown, claim.printed.half + _TINY + spread))


# --- What a matrix says by itself ------------------------------------------------------------------------------------


def _alone(claim: Claim) -> Iterator[str]:
    """What cannot be, of a matrix of this kind, whatever it was made from."""
    x, half = claim.printed.value, claim.printed.half
    if claim.kind == "weights":
        yield from _not_shares(claim.printed)
    if claim.kind == "cosine":
        if (np.abs(x) > 1 + half + _TINY).any():
            yield "A cosine lies between −1 and 1, and not all of these do."
        if x.shape[0] == x.shape[1] and (np.abs(np.diagonal(x) - 1) > np.diagonal(half) + _TINY).any():
            yield "A vector has cosine 1 with itself, so the diagonal must be 1."
    if claim.kind in ("exps", "row_sums") and (x < 0).any():
        yield "Exponentials are never negative, nor are their sums."


def _not_shares(printed: Printed) -> Iterator[str]:
    x, half = printed.value, printed.half
    if (x < 0).any() or (x > 1 + half + _TINY).any():
        yield "Weights are shares: none is below 0 or above 1, and some of these are."
    sums, may = x.sum(axis=1), half.sum(axis=1) + _TINY
    wrong = np.flatnonzero(np.abs(sums - 1) > may)
    if not len(wrong):
        return
    listed = ", ".join(decimal(sums[i]) for i in wrong[:6]) + (", …" if len(wrong) > 6 else "")
    which = ", ".join(f"“{printed.rows[i]}”" if printed.rows else str(i + 1) for i in wrong[:6])
    if len(wrong) == 1:
        yield f"Row {which} does not add up to 1, but to {listed}."
    else:
        named = f", {which}," if len(wrong) < min(len(sums), 7) else ""
        yield f"{len(wrong)} of {len(sums)} rows{named} do not add up to 1, but to {listed}."
    columns = x.sum(axis=0)
    if (np.abs(columns - 1) <= half.sum(axis=0) + _TINY).all():
        yield "Its columns do: so softmax may have run over columns, or rows and columns are exchanged."
