"""How a program learns where tokens stand: in the embeddings, in queries and keys, or in the scores.

Vocabulary
    places        a vector for every position [query d_model], sinusoidal, learned or one-hot, added to the embeddings
    rotary        queries and keys turned by an angle that grows with the position, pair of coordinates by pair (RoPE,
                  Su et al. 2021); a score then depends on how far apart two tokens are, not on where they stand
    positions     0, 1, 2, ... as numbers [query];  frequencies [d_k]: the angle of one place further, per coordinate
    signs         [d_k] −1 for the first of a pair and +1 for the second: a quarter turn of (a, b) is (−b, a)
    ALiBi         a penalty on every score that grows with the distance, more in some heads (Press et al. 2022)
    table         a learned bias for every distance (Shaw et al. 2018; Raffel et al. 2020)
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from attention_core import functions, moves, rules
from attention_core.positions import frequencies
from attention_core.programs.editing import find, like, names, renamed, with_stage, written
from attention_core.programs.one_head import biased
from attention_core.trace import Program, Step

_PLACED = Step(
    "placed", r"X_P = X + P", "placed = x + places", ("x", "places"), "query d_model, query d_model -> query d_model",
    rules.add, "embeddings with places", "What says where a token stands is added to what says which token it is.",
    "how much “{d_model}” {query} has, its place included",
)  # fmt: skip


def placed(program: Program) -> Program:
    """The program reading x + places, both [query d_model], wherever it read x; its formulas say so."""
    return (_PLACED, *renamed(tuple(written(step, "x", "X_P") for step in program), {"x": "placed"}))


# --- Rotary ----------------------------------------------------------------------------------------------------------


def rotary(program: Program, d_k: int, *, dims: int | None = None, interleaved: bool = False) -> Program:
    """The program with queries and keys turned by their position before they are compared.

    dims: how many of the d_k coordinates are turned (even; None = all). Pairs are (0, 1), (2, 3), ... when interleaved,
    else (0, dims/2), (1, dims/2 + 1), ... Reads positions [query], frequencies [d_k] and signs [d_k]: see rotary_given.
    Raises ValueError when dims is odd or beyond d_k.
    """
    swap = moves.partner(d_k, d_k if dims is None else dims, interleaved)
    order = moves.partners(d_k, d_k if dims is None else dims, interleaved)
    turned = {name: _turned(find(program, name), swap, order) for name in "qk"}
    scores = find(program, "scores")
    reading = replace(
        scores, inputs=("q_rotated", "k_rotated"), formula=r"S = \tilde Q \tilde K^\top",
        formula_t=r"S = \tilde K^\top \tilde Q",
        code=scores.code.replace("q @", "q_rotated @").replace("@ k", "@ k_rotated"),
    )  # fmt: skip
    at = names(program).index("scores")
    return (*program[:at], *turned["q"], *turned["k"], reading, *program[at + 1 :])


def _turned(step: Step, swap: rules.Rule, order: Sequence[int]) -> Program:
    """The steps that turn one of q and k."""
    name, letter, axes = step.name, step.name.upper(), step.parsed.output
    token, own = axes[-2], " ".join(axes)
    place = f"{token} d_k"
    who = f"of {{{token}}} in coordinate {{d_k}}" + (", in head {head}" if "head" in axes else "")
    return (
        Step(
            f"{name}_angles", r"\theta_{id} = p_i f_d", f"{name}_angles = positions[:, None] * frequencies",
            ("positions", "frequencies"), f"{token}, d_k -> {place}", rules.times,
            "angles", "Each pair of coordinates turns at a speed of its own: θ is the place times the frequency f.",
            f"the angle at which coordinate {{d_k}} of {{{token}}} is turned",
        ),
        Step(
            f"{name}_cos", r"\cos\theta", f"{name}_cos = np.cos({name}_angles)", (f"{name}_angles",),
            f"{place} -> {place}", functions.cosine, "cosines", "The factor of the coordinate itself, from 1 to −1.",
            f"the cosine for coordinate {{d_k}} of {{{token}}}",
        ),
        Step(
            f"{name}_sin", r"\sin\theta", f"{name}_sin = np.sin({name}_angles)", (f"{name}_angles",),
            f"{place} -> {place}", functions.sine, "sines", "The factor of the other one of its pair.",
            f"the sine for coordinate {{d_k}} of {{{token}}}",
        ),
        Step(
            f"{name}_partner", rf"{letter}^\text{{pair}}", f"{name}_partner = {name}[..., {list(order)}]", (name,),
            f"{own} -> {own}", swap, "partners", "Each coordinate’s partner in its pair. Nothing is computed.",
            f"the partner {who}",
        ),
        Step(
            f"{name}_turned", rf"{letter}^\perp = {letter}^\text{{pair}} s",
            f"{name}_turned = {name}_partner * signs", (f"{name}_partner", "signs"), f"{own}, d_k -> {own}",
            rules.times, "a quarter turn further", "A quarter turn: (a, b) becomes (−b, a), for s is −1, then 1.",
            f"the quarter turn {who}",
        ),
        Step(
            f"{name}_rotated", rf"\tilde {letter} = {letter} \cos\theta + {letter}^\perp \sin\theta",
            f"{name}_rotated = {name} * {name}_cos + {name}_turned * {name}_sin",
            (name, f"{name}_cos", f"{name}_turned", f"{name}_sin"), f"{own}, {place}, {own}, {place} -> {own}",
            functions.rotate, f"turned {step.title}",
            "Each pair of coordinates, turned by its angle. No length changes.", f"the turned value {who}",
        ),
    )  # fmt: skip


def rotary_given(
    n: int, d_k: int, *, base: float = 10000.0, dims: int | None = None, interleaved: bool = False, past: int = 0,
    dtype: type = np.float64,
) -> dict[str, np.ndarray]:  # fmt: skip
    """positions [n], frequencies [d_k] and signs [d_k] for `rotary`; what is not turned has frequency 0."""
    dims = d_k if dims is None else dims
    order = moves.partners(d_k, dims, interleaved)
    speed, first = np.zeros(d_k), np.array([other >= i for i, other in enumerate(order)])
    per_pair = frequencies(dims, base)
    speed[:dims] = np.repeat(per_pair, 2) if interleaved else np.tile(per_pair, 2)
    return {
        "positions": np.arange(past, past + n, dtype=dtype),
        "frequencies": speed.astype(dtype),
        "signs": np.where(first, -1, 1).astype(dtype),
    }


# --- Biases ----------------------------------------------------------------------------------------------------------


def alibi(program: Program) -> Program:
    """The program with each score lowered by slope × distance: slopes [head] (or one number), positions [query]."""
    heads = "head" in find(program, "scores").parsed.output
    made = "head query key" if heads else "query key"
    lag = Step(
        "lag", r"i - j", "lag = positions[:, None] - positions", ("positions", "positions"),
        "query, key -> query key", rules.subtract,
        "lag", "How many places the key stands before the query.", "how many places {key} stands before {query}",
    )  # fmt: skip
    distance = Step(
        "distance", r"|i - j|", "distance = np.abs(lag)", ("lag",), "query key -> query key", functions.absolute,
        "distance", "How far apart two tokens are, whichever comes first.", "how far {key} is from {query}",
    )  # fmt: skip
    bias = Step(
        "bias", r"B = m\,|i - j|", "bias = slopes[..., None, None] * distance",
        ("slopes", "distance"), f"{'head' if heads else ''}, query key -> {made}", rules.times,
        "penalty", "Every place further costs the same, more in some heads than in others.",
        "what the distance between {query} and {key} costs" + (", in head {head}" if heads else ""),
    )  # fmt: skip
    lowered = Step(
        "biased", r"\tilde S^B = {\tilde S} - B", "biased = scaled - bias", ("scaled", "bias"),
        "query key, query key -> query key", rules.subtract,
        "biased scores", "The cost of the distance is taken off the score.",
        "the score of {query} with {key}, less the cost of their distance",
    )  # fmt: skip
    return _with_bias_before((lag, distance, bias), with_stage(program, lowered), heads)


def relative_bias(program: Program, n_q: int, n_k: int) -> Program:
    """The program with a learned bias by distance: `table` [distance], or [head distance] where there are heads."""
    heads = "head" in find(program, "scores").parsed.output
    laid_out = Step(
        "bias", r"B_{ij} = t_{j - i}",
        f"bias = table[..., np.clip(np.arange({n_k}) - np.arange({n_k - n_q}, {n_k})[:, None], "
        "-(table.shape[-1] // 2), table.shape[-1] // 2) + table.shape[-1] // 2]",
        ("table",), "distance -> query key", moves.relative(n_q, n_k),
        "relative bias", "One learned number per distance, laid out for every pair. Nothing is computed.",
        "what the distance from {query} to {key} adds",
    )  # fmt: skip
    return _with_bias_before((like(program, laid_out),), biased(program), heads)


def _with_bias_before(steps: Program, program: Program, heads: bool) -> Program:
    """The program with the steps that make its bias in front of the stage that reads it, which has a bias per head."""
    stage = find(program, "biased")
    if heads:
        stage = replace(stage, axes="head query key, head query key -> head query key")
    at = names(program).index("biased")
    return (*program[:at], *steps, stage, *program[at + 1 :])
