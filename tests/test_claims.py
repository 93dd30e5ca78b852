"""Printed matrices held against what they are made from: right ones pass however rounded, and slips are named."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import masks
from attention_core.claims import KINDS, VARIANTS, Claim, judge, slipped
from attention_core.printed import of_numbers
from attention_core.softmax import softmax

SIZES = (3, 4, 5, 6, 8)


def right(kind: str, sources: dict[str, np.ndarray], d_k: int | None, causal: bool) -> np.ndarray:
    """The matrix that is claimed, in plain NumPy."""
    if "vectors" in sources:
        sources = {"q": sources["vectors"], "k": sources["vectors"]}
    if kind == "output":
        return sources["weights"] @ sources["v"]
    if kind == "cosine":
        lengths = [np.linalg.norm(sources[name], axis=1) for name in "qk"]
        return sources["q"] @ sources["k"].T / np.outer(*lengths)
    if "exps" in sources:
        exps = sources["exps"]
    else:
        scores = sources["scores"] if "scores" in sources else sources["q"] @ sources["k"].T
        if kind == "scores":
            return scores
        scores = scores / np.sqrt(d_k) if d_k else scores
        if kind == "scaled":
            return scores
        scores = np.where(np.array(masks.causal(len(scores))), scores, -np.inf) if causal else scores
        if kind == "masked":
            return scores
        exps = np.exp(scores)
    made = {"exps": exps, "row_sums": exps.sum(axis=1, keepdims=True)}
    return made[kind] if kind in made else exps / made["row_sums"]


def drawn(rng: np.random.Generator, kind: str, names: tuple[str, ...]) -> tuple[dict[str, np.ndarray], dict]:
    """Random sources for a claim, already rounded as they are printed, and what else the claim says."""
    n, d, d_v = (int(rng.choice(SIZES)) for _ in range(3))
    make = {
        "scores": lambda: rng.normal(0, 2, (n, n)), "exps": lambda: np.exp(rng.normal(0, 1, (n, n))),
        "q": lambda: rng.normal(0, 1.5, (n, d)), "k": lambda: rng.normal(0, 1.5, (n, d)),
        "vectors": lambda: rng.normal(0, 1, (n, d)), "v": lambda: rng.normal(0, 1, (n, d_v)),
        "weights": lambda: softmax(rng.normal(0, 2, (n, n))),
    }  # fmt: skip
    scaled = kind == "scaled" or (kind in ("masked", "exps", "row_sums", "weights") and "exps" not in names)
    causal = kind == "masked" or (scaled and kind != "scaled" and bool(rng.integers(2)))
    sources = {name: np.round(make[name](), 3) for name in names}
    return sources, {"d_k": int(rng.choice((4, 9, 16, 64))) if scaled else None, "causal": causal}


def claims() -> list[tuple[str, tuple[str, ...]]]:
    return [
        (kind, names)
        for kind, (_, made_from) in KINDS.items()
        for names in made_from
        if names and "row_sums" not in names
    ]


@pytest.mark.parametrize(("kind", "names"), claims())
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), places=st.sampled_from((1, 2, 3, 4)), coarse=st.sampled_from((2, 3)))
def test_what_is_right_is_never_called_wrong(kind, names, seed, places, coarse):
    """Neither where only the claim is rounded, nor where its sources were, too, before they were printed."""
    sources, options = drawn(np.random.default_rng(seed), kind, names)
    printed = of_numbers(right(kind, sources, **options), places)
    whole = judge(Claim(kind, printed, {name: of_numbers(x, 3) for name, x in sources.items()}, exact=True, **options))
    assert whole.right, whole.wrong
    assert whole.fits.all()
    again = judge(Claim(kind, printed, {name: of_numbers(x, coarse) for name, x in sources.items()}, **options))
    assert again.right, again.wrong


def corrupted(count: int) -> Iterator[tuple[str, Claim, np.ndarray]]:
    """Each slip in turn, on random matrices: its name, the claim, and what is printed."""
    rng = np.random.default_rng(7)
    cases = [(kind, names, one) for kind, names in claims() for one in VARIANTS[kind]]
    made = 0
    while made < count:
        kind, names, one = cases[int(rng.integers(len(cases)))]
        sources, options = drawn(rng, kind, names)
        base = Claim(
            kind, of_numbers(np.zeros((1, 1)), 3), {n: of_numbers(x, 3) for n, x in sources.items()}, **options
        )
        try:
            value, wrong = right(kind, sources, **options), slipped(base, one)
        except (ValueError, LookupError):
            continue
        wrong = np.atleast_2d(wrong.T).T
        if (wrong.shape == value.shape and np.allclose(wrong, value, atol=0.02)) or np.abs(
            wrong[np.isfinite(wrong)]
        ).max() > 1e5:
            continue
        made += 1
        yield one.name, Claim(kind, of_numbers(wrong, 3), base.sources, exact=base.exact, **options), wrong


def test_three_hundred_corrupted_matrices_are_explained():
    """The slip that was made, or another that makes the very same matrix, is named first in at least 95 %."""
    missed = []
    for name, claim, wrong in corrupted(300):
        found = judge(claim)
        assert not found.right, (claim.kind, name)
        first = next(iter(found.explanations), None)
        if not (first and (first.name == name or np.allclose(first.value, wrong, atol=2e-3))):
            missed.append((claim.kind, tuple(claim.sources), name, first and first.name))
    assert len(missed) <= 15, missed


SCORES = np.array([[0.6, -0.3, 1.1, -0.2], [0, 1.9, 0.7, -0.6], [-0.2, 0.6, 2.3, -0.3], [-0.3, 1.2, -1.1, -0.4]])
SEEN = np.tril(np.ones((4, 4), bool))


def named(kind: str, wrong: np.ndarray, sources: dict[str, np.ndarray] | None = None, **options) -> str:
    """What is said first of a wrong matrix."""
    sources = {name: of_numbers(x, 1) for name, x in (sources or {"scores": SCORES}).items()}
    found = judge(Claim(kind, of_numbers(wrong, 2), sources, **options))
    assert not found.right
    return found.explanations[0].when


def test_scores_hidden_with_0_are_named_without_any_scaling():
    zeros = np.where(SEEN, SCORES, 0.0)
    assert named("weights", softmax(zeros), causal=True) == "hidden scores are set to 0 instead of −∞"
    assert named("masked", zeros, causal=True) == "hidden scores are set to 0 instead of −∞"


def test_scores_that_were_turned_round_are_named():
    assert "queries and keys are exchanged" in named("weights", softmax(SCORES.T))
    q, k = SCORES, SCORES[::-1] + 0.5
    assert named("weights", softmax(k @ q.T), {"q": q, "k": k}) == "queries and keys are exchanged"
    assert named("scores", q @ k, {"q": q, "k": k}) == "Q K is taken instead of Q Kᵀ"


def test_without_exp_nothing_is_said_of_a_division_that_was_not_done():
    assert named("row_sums", SCORES.sum(axis=1)[:, None]) == "the scores themselves are added up, without exp"
    assert named("exps", SCORES) == "the scores themselves are printed, without exp"
