"""Softmax tile by tile: the output without ever storing the whole matrix of scores.

Vocabulary
    tile          some of the keys, with their values; "tile2.scores" are the scores of the second tile
    row_max       the largest score of a query so far: the running maximum
    correction    what earlier exponentials are multiplied by when the maximum has grown: exp(old − new)
    row_sums      the sum of the exponentials so far, all relative to that maximum: the running sum
    output        of a tile: the running output so far, not yet divided

Sources: Milakov & Gimelshein 2018 (online softmax); Dao et al. 2022 (FlashAttention).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attention_core import moves, rules
from attention_core.programs.editing import find, identifier, renamed, with_axes
from attention_core.programs.one_head import MIX, PROJECT, SCORE, SELF_ATTENTION, SOFTMAX, masked
from attention_core.rules import Axes, Rule, Term, align, bracketed, elementwise, joined, reduction
from attention_core.trace import Program, Step

# --- Rules: what one tile does to what was there before it -----------------------------------------------------------


def _drop(x: np.ndarray, top: np.ndarray) -> np.ndarray:
    """x − top, and −∞ where x is −∞, so that a tile of which a query sees nothing adds nothing."""
    hidden = np.isneginf(x) & np.ones(top.shape, bool)
    return np.where(hidden, x, np.subtract(x, top, where=~hidden, out=np.zeros(hidden.shape, x.dtype)))


def _write_exp_drop(x: Sequence[Term], top: Sequence[Term]) -> list[str | Term]:
    return ["exp(", x[0], " − ", *bracketed(top[0]), ")"]


def _larger(axes: Axes, before: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.maximum(before, scores.max(axis=axes.inputs[1].index(_ranged(axes, 1))))


def _ranged(axes: Axes, slot: int) -> str:
    """The axis of an input that the output lacks: that of the tile."""
    (lost,) = (name for name in axes.inputs[slot] if name not in axes.output)
    return lost


def _sum_on(axes: Axes, before: np.ndarray, correction: np.ndarray, exps: np.ndarray) -> np.ndarray:
    return before * correction + exps.sum(axis=axes.inputs[2].index(_ranged(axes, 2)))


def _mix_on(
    axes: Axes, before: np.ndarray, correction: np.ndarray, exps: np.ndarray, values: np.ndarray
) -> np.ndarray:  # fmt: skip
    added = rules.contract.compute(Axes(axes.inputs[2:], axes.output), exps, values)
    return before * align(correction, axes.inputs[1], axes.output) + added


def _write_kept(before: Sequence[Term], correction: Sequence[Term], *added: Sequence[Term]) -> list[str | Term]:
    """What was there, corrected, plus what the tile adds: exponentials, or products of them with values."""
    kept = [*bracketed(before[0]), " × ", correction[0]]
    return joined([kept, *(joined([bracketed(x) for x in terms], " × ") for terms in zip(*added, strict=True))], " + ")


# The true maximum, −∞ where a query sees nothing of the tile: the 0 of a whole row might be too large here.
_peak = Rule("max", reduction(np.max), lambda x: ["max(", *joined([[term] for term in x], ", "), ")"])
_peak_on = Rule(
    ("max", ","), _larger, lambda m, x: ["max(", *joined([[term] for term in (*m, *x)], ", "), ")"]
)  # fmt: skip
_exp_drop = Rule(("exp", "−"), elementwise(lambda x, top: np.exp(_drop(x, top))), _write_exp_drop)
_total_on = Rule(("", "×", "+ Σ"), _sum_on, _write_kept, summands=_sum_on)
_mixed_on = Rule(("", "×", "+", "·"), _mix_on, _write_kept, summands=_mix_on)

# --- Steps -----------------------------------------------------------------------------------------------------------

_SCALED = Step(
    "q_scaled", r"\tilde Q = c\,Q , \quad c = 1/\sqrt{d_k}", "q_scaled = q * scale", ("q", "scale"),
    "query d_k, -> query d_k", rules.times, "scaled queries",
    "Scaled once, before anything is compared: the same scores as by scaling each of them.",
    "what {query} asks for, in coordinate {d_k}, scaled",
)  # fmt: skip
_SCORED = replace(
    SCORE[0], formula=r"\tilde S = \tilde Q K^\top", formula_t=r"\tilde S = K^\top \tilde Q",
    code="scores = q_scaled @ k.T", inputs=("q_scaled", "k"), title="scaled scores",
    says="The scores with the keys of this tile, and with no others.",
)  # fmt: skip


def _cut(i: int, start: int, stop: int, name: str, title: str, d: str) -> Step:
    made, places = f"tile{i}.{name}", _places(start, stop)
    return Step(
        made, rf"{name.upper()} = \text{{rows {places} of the whole}}", f"{identifier(made)} = {name}[{start}:{stop}]",
        (name,), f"key {d} -> tile{i} {d}", moves.part(start, stop), f"{title} of tile {i}",
        f"{title.capitalize()} {places}. Nothing else of this matrix is needed now.",
        f"coordinate {{{d}}} of {{tile{i}}}", rf"{name.upper()} = \text{{columns {places} of the whole}}",
    )  # fmt: skip


def _places(start: int, stop: int) -> str:
    return str(stop) if stop == start + 1 else f"{start + 1} to {stop}"


def _tile(i: int, start: int, stop: int, hides: bool) -> Program:
    """One tile: its scores, the new maximum, what was there corrected to it, and what the tile adds."""
    t = f"tile{i}"
    last = _on_tile(replace(_SCORED, title=f"scaled scores of tile {i}"), i)
    steps = [_cut(i, start, stop, "k", "keys", "d_k"), _cut(i, start, stop, "v", "values", "d_v"), last]
    if hides:
        sight = Step(
            f"{t}.mask", rf"M = \text{{columns {_places(start, stop)} of the whole}}",
            f"{t}_mask = mask[:, {start}:{stop}]", ("mask",), f"query key -> query {t}",
            moves.part(start, stop, axis=1), f"mask of tile {i}", "The columns of the mask that belong to this tile.",
            f"whether {{query}} may see {{{t}}}: 1 = yes, 0 = no",
        )  # fmt: skip
        last = _on_tile(replace(find(masked(SELF_ATTENTION), "masked"), inputs=("scores", "mask"),
                                title=f"masked scores of tile {i}", code="masked = np.where(mask, scores, -np.inf)"),
                        i)  # fmt: skip
        steps += [sight, last]
    return (*steps, *_maximum(i, last.name), *_added(i, last.name))


def _on_tile(step: Step, i: int) -> Step:
    """A step of one head, on one tile of the keys: its own matrices carry the tile's name."""
    own = (step.name, "k", "v", "scores", "mask", "exps")
    return with_axes(renamed((step,), {name: f"tile{i}.{name}" for name in own}), {"key": f"tile{i}"})[0]


def _maximum(i: int, scores: str) -> Program:
    """The maximum so far, and what it does to the sums so far."""
    t, before, s = f"tile{i}", f"tile{i - 1}", identifier(scores)
    meaning = "the largest score of {query} so far"
    if i == 1:
        return (
            Step(
                f"{t}.row_max", r"m_i = \max_j {\tilde S}_{ij}", f"{t}_row_max = {s}.max(axis=1)", (scores,),
                f"query {t} -> query", _peak, "running maximum after tile 1", "The largest score of each query so far.",
                meaning, r"m_i = \max_j {\tilde S}_{ji}",
            ),
        )  # fmt: skip
    return (
        Step(
            f"{t}.row_max", r"m_i = \max(m'_i, \max_j {\tilde S}_{ij})",
            f"{t}_row_max = np.maximum({before}_row_max, {s}.max(axis=1))", (f"{before}.row_max", scores),
            f"query, query {t} -> query", _peak_on, f"running maximum after tile {i}",
            "The largest score so far: that of the tiles before, or a larger one of this tile.",
            meaning, r"m_i = \max(m'_i, \max_j {\tilde S}_{ji})",
        ),
        Step(
            f"{t}.correction", r"\alpha_i = e^{m'_i - m_i}",
            f"{t}_correction = {_exp_code(f'{before}_row_max', f'{t}_row_max')}",
            (f"{before}.row_max", f"{t}.row_max"), "query, query -> query", _exp_drop, f"correction in tile {i}",
            "1 where no larger score came. Else it brings what was added up so far down to the new maximum.",
            "what the earlier sums of {query} are multiplied by",
        ),
    )  # fmt: skip


def _exp_code(x: str, top: str) -> str:
    """The NumPy line of e to the power x − top, which is 0 where x is −∞, even if top is, too."""
    return f"np.exp(np.where(np.isneginf({x}), -np.inf, {x} - np.nan_to_num({top}, neginf=0)))"


def _added(i: int, scores: str) -> Program:
    """This tile's exponentials; the running sum and the running output with them."""
    t, before, first = f"tile{i}", f"tile{i - 1}", i == 1
    exps = replace(
        _on_tile(find(SOFTMAX, "exps"), i), formula=r"E_{ij} = e^{{\tilde S}_{ij} - m_i}",
        formula_t=r"E_{ji} = e^{{\tilde S}_{ji} - m_i}", inputs=(scores, f"{t}.row_max"),
        axes=f"query {t}, query -> query {t}", rule=_exp_drop,
        code=f"{t}_exps = {_exp_code(identifier(scores), f'{t}_row_max[:, None]')}",
        title=f"exponentials of tile {i}", says="Relative to the largest score so far, so that none is above 1.",
    )  # fmt: skip
    kept_sums, kept_output = (f"{before}_{name} * {t}_correction" for name in ("row_sums", "output"))
    sums = Step(
        f"{t}.row_sums", r"r_i = \sum_j E_{ij}" if first else r"r_i = \alpha_i r'_i + \sum_j E_{ij}",
        f"{t}_row_sums = " + ("" if first else f"{kept_sums} + ") + f"{t}_exps.sum(axis=1)",
        (*(() if first else (f"{before}.row_sums", f"{t}.correction")), f"{t}.exps"),
        ("" if first else "query, query, ") + f"query {t} -> query", rules.total if first else _total_on,
        f"running sum after tile {i}", "The sum of the exponentials so far" + (
            "." if first else ": what was there, corrected, plus those of this tile."
        ),
        "the exponentials of {query} so far, added up",
        r"r_i = \sum_j E_{ji}" if first else r"r_i = \alpha_i r'_i + \sum_j E_{ji}",
    )  # fmt: skip
    mixed = Step(
        f"{t}.output", r"O = E V" if first else r"O_{id} = \alpha_i O'_{id} + (E V)_{id}",
        f"{t}_output = " + ("" if first else f"{kept_output}[:, None] + ") + f"{t}_exps @ {t}_v",
        (*(() if first else (f"{before}.output", f"{t}.correction")), f"{t}.exps", f"{t}.v"),
        ("" if first else "query d_v, query, ") + f"query {t}, {t} d_v -> query d_v",
        rules.contract if first else _mixed_on,
        f"running output after tile {i}", "The values so far, weighed by exponentials and not yet divided" + (
            "." if first else ": what was there, corrected, plus what this tile adds."
        ),
        "what {query} has collected so far in value coordinate {d_v}, undivided",
        "O = V E" if first else r"O_{di} = \alpha_i O'_{di} + (V E)_{di}",
    )  # fmt: skip
    return (exps, sums, mixed)


def online(n_k: int, tile: int, hides: bool = False, rest: bool = True, projects: bool = True) -> Program:
    """One head computed `tile` keys at a time; n_k keys in all. The last tile may be smaller.

    hides: with a given `mask`. rest: with W_O and the residual stream at the end. projects: begins at x and its
    weights; else q_scaled, k and v are given. Raises ValueError when tile < 1.
    """
    if tile < 1 or n_k < 1:
        raise ValueError(f"a tile holds at least 1 of at least 1 keys; got tile = {tile}, n_k = {n_k}")
    starts = range(0, n_k, tile)
    program: Program = (*PROJECT, _SCALED) if projects else ()
    for i, start in enumerate(starts, 1):
        program += _tile(i, start, min(start + tile, n_k), hides)
    t = f"tile{len(starts)}"
    output = replace(
        find(MIX, "output"), formula=r"O_{id} = O'_{id} / r_i", formula_t=r"O_{di} = O'_{di} / r_i", rule=rules.share,
        inputs=(f"{t}.output", f"{t}.row_sums"), axes="query d_v, query -> query d_v",
        code=f"output = {t}_output / np.where({t}_row_sums > 0, {t}_row_sums, 1)[:, None]",
        says="One division at the very end. The whole matrix of scores was never there at once.",
    )  # fmt: skip
    return (*program, output, *(MIX[1:] if rest else ()))
