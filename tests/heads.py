"""What the tests of the core share: every program of one head, and random matrices to run it on.

Vocabulary
    Variant   a program of one head, with the switches that made it
    SOUND     the variants without an ablation; BROKEN those with one
    sizes     a different size for every axis: n (queries and keys are the same tokens), d_model, d_k, d_v
    drawn     the given matrices of one random head
"""

from dataclasses import dataclass, field
from itertools import product
from math import sqrt

import numpy as np
from hypothesis import strategies as st

from attention_core import programs
from attention_core.trace import Program

AXES = ("n", "d_model", "d_k", "d_v")
FIXED = {"n": 3, "d_model": 5, "d_k": 2, "d_v": 4}


@dataclass(frozen=True)
class Variant:
    """A program of one head; `hides` says whether it reads the mask."""

    name: str
    program: Program = field(repr=False)
    hides: bool = True
    bias: bool = False
    temperature: bool = False
    steady: bool = False
    scaled: bool = True
    residual: bool = True
    ablation: str = ""

    def __repr__(self) -> str:
        return self.name


def _every_head():
    for *switches, ablation in product(*[(False, True)] * 5, ("", *programs.ABLATIONS)):
        on = dict(zip(("bias", "temperature", "steady", "scaled", "residual"), switches, strict=True))
        name = " ".join([key for key, value in on.items() if value] + [ablation]).strip() or "bare"
        yield Variant(name, programs.one_head(**on, ablation=ablation), ablation=ablation, **on)


PLAIN = (
    Variant("SELF_ATTENTION", programs.SELF_ATTENTION, hides=False),
    Variant("masked(SELF_ATTENTION)", programs.masked(programs.SELF_ATTENTION)),
    Variant("steadied(SELF_ATTENTION)", programs.steadied(programs.SELF_ATTENTION), hides=False, steady=True),
)
VARIANTS = (*PLAIN, *_every_head())
SOUND = tuple(variant for variant in VARIANTS if not variant.ablation)
BROKEN = tuple(variant for variant in VARIANTS if variant.ablation)

seeds = st.integers(0, 2**32 - 1)
sizes = st.permutations(range(1, 6)).map(lambda order: dict(zip(AXES, order, strict=False)))


def drawn(variant, sizes, seed, *, dtype=np.float64, blind=True, causal=False):
    """The given matrices of a random head: x [n, d_model], w_q, w_k [d_model, d_k], w_v [d_model, d_v], ...

    With `blind`, a row of the mask may hide everything; without, every token sees itself.
    """
    rng = np.random.default_rng(seed)
    n, d_model, d_k, d_v = (sizes[axis] for axis in AXES)
    mask = rng.random((n, n)) < 0.6
    if blind:
        mask[rng.integers(n)] &= rng.random() < 0.5
    else:
        mask |= np.eye(n, dtype=bool)
    given = {
        "x": rng.normal(size=(n, d_model)),
        "w_q": rng.normal(size=(d_model, d_k)) / sqrt(d_model),
        "w_k": rng.normal(size=(d_model, d_k)) / sqrt(d_model),
        "w_v": rng.normal(size=(d_model, d_v)) / sqrt(d_model),
        "w_o": rng.normal(size=(d_v, d_model)) / sqrt(d_v),
        "scale": np.array(1 / sqrt(d_k) if variant.scaled else 1.0),
        "bias": rng.normal(size=(n, n)),
        "temperature": np.array(rng.uniform(0.5, 2)),
    }
    seen = np.tri(n, dtype=bool) if causal else mask
    return {**{name: value.astype(dtype) for name, value in given.items()}, "mask": seen}


def matmul(a, b):
    """The matrix product in plain loops: a [n, m], b [m, p] -> [n, p], as lists."""
    return [[sum(x * b[m][p] for m, x in enumerate(row)) for p in range(len(b[0]))] for row in a]
