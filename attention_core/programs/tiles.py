"""Softmax tile by tile: the output without ever storing the whole matrix of scores.

Vocabulary
    tile          some of the keys, with their values; "tile2.scores" are the scores of the second tile
    row_max       the largest score of a query so far: the running maximum
    row_sums      the sum of the exponentials so far, all relative to that maximum: the running denominator
    correction    what earlier exponentials are multiplied by when the maximum has grown: exp(old − new)
    output        of a tile: the partial output so far, not yet divided

Sources: Milakov & Gimelshein 2018 (online softmax); Dao et al. 2022 (FlashAttention).
"""

from dataclasses import replace

import numpy as np

from attention_core import functions, moves, rules
from attention_core.programs.editing import find, identifier, renamed, with_axes
from attention_core.programs.one_head import MIX, PROJECT, SCORE, SELF_ATTENTION, SOFTMAX, masked
from attention_core.rules import Rule, elementwise, joined, reduction
from attention_core.trace import Program, Step


def _drop(x: np.ndarray, top: np.ndarray) -> np.ndarray:
    """x − top, and −∞ where x is −∞, so that a tile of which a query sees nothing adds nothing."""
    hidden = np.isneginf(x) & np.ones(top.shape, bool)
    return np.where(hidden, x, np.subtract(x, top, where=~hidden, out=np.zeros(hidden.shape, x.dtype)))


# The true maximum, −∞ where a query sees nothing of the tile: the 0 of a whole row might be too large here.
_peak = Rule("max", reduction(np.max), lambda x: ["max(", *joined([[term] for term in x], ", "), ")"])
_dropped = Rule("−", elementwise(_drop), rules.subtract.write, summands=rules.subtract.summands)


def _cut(i: int, start: int, stop: int, name: str, axes: str, d: str) -> Step:
    made = f"tile{i}.{name}"
    return Step(
        made, rf"{name.upper()}_{{{i}}}", f"{identifier(made)} = {name}[{start}:{stop}]", (name,),
        f"key {d} -> tile{i} {d}", moves.part(start, stop),
        f"{axes} of tile {i}", f"Rows {start + 1} to {stop}. Nothing else of this matrix is needed now.",
        f"coordinate {{{d}}} of {{tile{i}}}",
    )  # fmt: skip


def _tile(i: int, start: int, stop: int, hides: bool) -> Program:
    """One tile: its scores, the new maximum, what was there corrected to it, and what the tile adds."""
    t, key = f"tile{i}", f"tile{i}"
    score, scaled = (_on_tile(step, i) for step in SCORE)
    steps = [_cut(i, start, stop, "k", "keys", "d_k"), _cut(i, start, stop, "v", "values", "d_v"), score, scaled]
    last = scaled
    if hides:
        sight = Step(
            f"{t}.mask", rf"M_{{{i}}}", f"{t}_mask = mask[:, {start}:{stop}]", ("mask",), f"query key -> query {key}",
            moves.part(start, stop, axis=1), f"mask of tile {i}", "The columns of the mask that belong to this tile.",
            f"whether {{query}} may see {{{key}}}: 1 = yes, 0 = no",
        )  # fmt: skip
        last = _on_tile(find(masked(SELF_ATTENTION), "masked"), i)
        steps += [sight, last]
    return (*steps, *_running(i, last.name), *_mixed(i))


def _on_tile(step: Step, i: int) -> Step:
    """A step of one head, on one tile of the keys: its own matrices carry the tile's name."""
    own = (step.name, "k", "v", "scores", "scaled", "mask", "shifted", "exps")
    return with_axes(renamed((step,), {name: f"tile{i}.{name}" for name in own}), {"key": f"tile{i}"})[0]


def _running(i: int, scores: str) -> Program:
    """The maximum so far, what it does to the sums so far, and this tile's exponentials."""
    t, before = f"tile{i}", f"tile{i - 1}"
    s = identifier(scores)
    peak = Step(
        f"{t}.tile_max" if i > 1 else f"{t}.row_max", r"\max_j S_{ij}",
        f"{t}_{'tile_max' if i > 1 else 'row_max'} = {s}.max(axis=1)", (scores,), f"query {t} -> query", _peak,
        f"largest of tile {i}", "The largest score that the query has within this tile.",
        f"the largest score of {{query}} within tile {i}",
    )  # fmt: skip
    if i == 1:
        return (peak, *_exponentials(i, scores))
    larger = Step(
        f"{t}.row_max", r"m = \max(m', \dots)", f"{t}_row_max = np.maximum({before}_row_max, {t}_tile_max)",
        (f"{before}.row_max", f"{t}.tile_max"), "query, query -> query", functions.larger,
        "running maximum", "The largest score so far, of all tiles up to this one.",
        "the largest score of {query} so far",
    )  # fmt: skip
    drop = Step(
        f"{t}.drop", r"m' - m", f"{t}_drop = {_guarded(f'{before}_row_max', f'{t}_row_max')}",
        (f"{before}.row_max", f"{t}.row_max"), "query, query -> query", _dropped,
        "how far the maximum rose", "Earlier exponentials were taken relative to the old maximum.",
        "the old maximum of {query} minus the new one",
    )  # fmt: skip
    correction = Step(
        f"{t}.correction", r"e^{m' - m}", f"{t}_correction = np.exp({t}_drop)", (f"{t}.drop",), "query -> query",
        rules.exponentiate, "correction", "The factor that brings what was added up so far to the new maximum.",
        "what the earlier sums of {query} are multiplied by",
    )  # fmt: skip
    return (peak, larger, drop, correction, *_exponentials(i, scores))


def _guarded(x: str, top: str) -> str:
    return f"np.where(np.isneginf({x}), -np.inf, np.nan_to_num({x}, neginf=0) - np.nan_to_num({top}, neginf=0))"


def _exponentials(i: int, scores: str) -> Program:
    t, s = f"tile{i}", identifier(scores)
    shifted, exps = find(SOFTMAX, "shifted"), find(SOFTMAX, "exps")
    sums = Step(
        f"{t}.tile_sums" if i > 1 else f"{t}.row_sums", r"\sum_j E_{ij}",
        f"{t}_{'tile_sums' if i > 1 else 'row_sums'} = {t}_exps.sum(axis=1)", (f"{t}.exps",), f"query {t} -> query",
        rules.total, f"sums of tile {i}", "What this tile adds to the denominator.",
        f"the exponentials of {{query}} within tile {i}, added up",
    )  # fmt: skip
    steps = (
        replace(
            _on_tile(shifted, i), inputs=(scores, f"{t}.row_max"), rule=_dropped,
            code=f"{t}_shifted = {_guarded(s, f'{t}_row_max[:, None]')}",
        ),
        _on_tile(exps, i),
        sums,
    )  # fmt: skip
    if i == 1:
        return steps
    return (*steps, *_corrected(i, "row_sums", "tile_sums", "denominator", "query"))


def _corrected(i: int, total: str, added: str, words: str, axes: str) -> Program:
    """What was there times the correction, and what the tile adds to it."""
    t, before = f"tile{i}", f"tile{i - 1}"
    stretched = f"{t}_correction" + ("[:, None]" if " " in axes else "")
    return (
        Step(
            f"{t}.kept_{total}", r"e^{m' - m} \cdot r'", f"{t}_kept_{total} = {before}_{total} * {stretched}",
            (f"{before}.{total}", f"{t}.correction"), f"{axes}, query -> {axes}", rules.times,
            f"corrected {words}", "What was added up so far, relative to the new maximum.",
            "the corrected " + words + " of {query}" + (", in coordinate {d_v}" if " " in axes else ""),
        ),
        Step(
            f"{t}.{total}", r"r = \dots + \dots", f"{t}_{total} = {t}_kept_{total} + {t}_{added}",
            (f"{t}.kept_{total}", f"{t}.{added}"), f"{axes}, {axes} -> {axes}", rules.add,
            f"{words} so far", "And what this tile adds.",
            "the " + words + " of {query} so far" + (", in coordinate {d_v}" if " " in axes else ""),
        ),
    )  # fmt: skip


def _mixed(i: int) -> Program:
    t = f"tile{i}"
    name = f"{t}.tile_output" if i > 1 else f"{t}.output"
    mixture = Step(
        name, r"E V", f"{identifier(name)} = {t}_exps @ {t}_v", (f"{t}.exps", f"{t}.v"),
        f"query {t}, {t} d_v -> query d_v", rules.contract,
        f"mixture of tile {i}", "The tile’s values, weighed by exponentials: not yet divided by anything.",
        f"what {{query}} collects from tile {i}, in coordinate {{d_v}}, undivided",
    )  # fmt: skip
    if i == 1:
        return (mixture,)
    return (mixture, *_corrected(i, "output", "tile_output", "partial output", "query d_v"))


def online(n_k: int, tile: int, hides: bool = False, rest: bool = True) -> Program:
    """One head computed `tile` keys at a time; n_k keys in all. The last tile may be smaller.

    hides: with a given `mask`. rest: with W_O and the residual stream at the end. Raises ValueError when tile < 1.
    """
    if tile < 1 or n_k < 1:
        raise ValueError(f"a tile holds at least 1 of at least 1 keys; got tile = {tile}, n_k = {n_k}")
    starts = range(0, n_k, tile)
    program: Program = PROJECT
    for i, start in enumerate(starts, 1):
        program += _tile(i, start, min(start + tile, n_k), hides)
    t = f"tile{len(starts)}"
    output = replace(
        find(MIX, "output"), formula=r"O_{id} = O'_{id} / r_i", formula_t="", rule=rules.share,
        inputs=(f"{t}.output", f"{t}.row_sums"), axes="query d_v, query -> query d_v",
        code=f"output = {t}_output / np.where({t}_row_sums > 0, {t}_row_sums, 1)[:, None]",
        says="One division at the very end. The whole matrix of scores was never there at once.",
    )  # fmt: skip
    return (*program, output, *(MIX[1:] if rest else ()))
