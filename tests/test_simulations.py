"""The simulations of the lessons: the curriculum's numbers, the law that the draws follow, and shapes for any text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import run, simulations
from attention_core.benches import BENCHES
from attention_core.examples import PAINT
from attention_core.programs import PROJECT, SELF_ATTENTION
from attention_core.softmax import softmax

DIMENSIONS = (1, 2, 3, 64, 12288)


def traced(**settings):
    set_up = BENCHES["projections"].set_up(**settings)
    return run(set_up.program, set_up.given, set_up.labels)


def drawn_in_full(d, draws, keys=1, seed=1):
    """Queries [draws, d] and keys [draws, keys, d], every coordinate drawn: what the simulations shorten."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(draws, d)), rng.normal(size=(draws, keys, d))


# ---- random pairs


@pytest.mark.parametrize("d", DIMENSIONS)
def test_the_spread_is_what_theory_expects(d):
    found, expected = simulations.pairs(d), simulations.spread(d)
    assert found.dots.std() == pytest.approx(expected.dot, rel=0.03)
    assert found.cosines.std() == pytest.approx(expected.cosine, rel=0.03)
    assert found.dots.mean() == pytest.approx(0, abs=0.03 * expected.dot)
    assert np.abs(found.cosines).max() <= 1 + 1e-12


def test_the_spread_of_the_curriculum():
    spread = simulations.spread(12288)
    assert round(spread.cosine, 3) == 0.009
    assert round(spread.dot) == 111
    assert simulations.spread(256).dot == 16


@pytest.mark.parametrize("d", [2, 5])
def test_the_shortened_draw_has_the_distribution_of_the_full_one(d):
    q, k = drawn_in_full(d, 20_000)
    dots = np.einsum("nd,nkd->n", q, k)
    cosines = dots / np.linalg.norm(q, axis=1) / np.linalg.norm(k[:, 0], axis=1)
    at = np.linspace(0.02, 0.98, 25)
    found = simulations.pairs(d)
    for full, short in ((dots, found.dots), (cosines, found.cosines)):
        ranks = (np.sort(short)[None, :] <= np.quantile(full, at)[:, None]).mean(axis=1)
        assert np.abs(ranks - at).max() < 0.02


def test_in_one_dimension_every_cosine_is_1_or_minus_1():
    np.testing.assert_allclose(np.abs(simulations.pairs(1).cosines), 1)


def test_the_same_seed_gives_the_same_numbers_and_nobody_can_change_them():
    assert simulations.pairs(7, 50, seed=3) is simulations.pairs(7, 50, seed=3)
    assert not np.array_equal(simulations.pairs(7, 50, seed=3).dots, simulations.pairs(7, 50, seed=4).dots)
    with pytest.raises(ValueError, match="read-only"):
        simulations.pairs(7, 50, seed=3).dots[0] = 0


def test_what_is_measured_is_the_spread_of_the_pairs():
    found = simulations.pairs(16)
    assert list(simulations.measured(16).values()) == [found.cosines.std(), found.dots.std()]


# ---- the largest weight


def test_the_largest_weights_of_the_curriculum():
    found = simulations.largest_weights(64, 8)
    for scaling, share in {"nothing": 0.875, "√d_k": 0.360, "d_k": 0.148, simulations.EVEN: 0.125}.items():
        assert found[scaling] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(("d", "keys"), [(3, 5), (40, 2)])
def test_the_largest_weight_is_that_of_vectors_drawn_in_full(d, keys):
    q, k = drawn_in_full(d, 8_000, keys)
    scores = np.einsum("nd,nkd->nk", q, k)
    found = simulations.largest_weights(d, keys)
    for scaling, power in simulations.SCALINGS.items():
        assert found[scaling] == pytest.approx(softmax(scores / d**power).max(axis=1).mean(), abs=0.015)


def test_only_the_root_hardly_depends_on_the_dimension():
    small, large = simulations.largest_weights(16), simulations.largest_weights(1024)
    moved = {scaling: abs(large[scaling] - small[scaling]) for scaling in simulations.SCALINGS}
    assert moved["√d_k"] < 0.01 < min(moved["nothing"], moved["d_k"])


def test_the_share_of_ball_by_scaling():
    assert list(simulations.share_by_scaling().values()) == pytest.approx([9 / 11, 3 / 5, 0.4641016151], abs=1e-9)
    assert simulations.share_by_scaling("ball", "red")["√d_k"] == pytest.approx(3 / 4)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: simulations.spread(0), "d"),
        (lambda: simulations.pairs(0), "d"),
        (lambda: simulations.pairs(2, 0), "draws"),
        (lambda: simulations.largest_weights(2, 0), "keys"),
        (lambda: simulations.shapes(traced(), 0), "n"),
    ],
)
def test_what_makes_no_sense_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, and is 0$"):
        call()


# ---- texts of another length


@given(n=st.integers(1, 16), other=st.booleans(), bias=st.sampled_from(["", "zero", "b_q"]))
def test_the_shapes_are_those_of_a_text_of_that_length(n, other, bias):
    longer = traced(n=n, other=other, bias=bias)
    assert simulations.shapes(traced(bias=bias), n) == {
        name: matrix.value.shape for name, matrix in {**longer.given, **longer}.items()
    }


def test_the_shapes_of_fifty_words():
    tokens = ("ball",) * 50
    trace = run(SELF_ATTENTION, {name: m for name, m in PAINT.given(tokens)[0].items() if name != "mask"})
    expected = simulations.shapes(traced(), 50)
    for step in (*PROJECT, SELF_ATTENTION[3]):
        assert trace[step.name].value.shape == expected[step.name]
    assert expected["scores"] == (50, 50)
    assert expected["w_q"] == (6, 4)


def test_other_words_leave_the_weights_alone():
    kept = simulations.kept(traced(), traced(other=True))
    assert {name for name, same in kept.items() if same} == {"w_q", "w_k", "w_v"}
    assert all(simulations.kept(traced(), traced()).values())


def test_a_key_bias_moves_no_weight_and_a_query_bias_some():
    zero, keyed, asked = (traced(bias=bias) for bias in ("zero", "b_k", "b_q"))
    assert simulations.how_many_moved(zero, keyed, "weights") == "none"
    assert simulations.how_many_moved(zero, asked, "weights") == "some"
    set_up = BENCHES["projections"].set_up(bias="zero")
    given_other = {**set_up.given, "b_v": set_up.given["b_v"] + 1}
    assert simulations.how_many_moved(zero, run(set_up.program, given_other, set_up.labels), "v") == "all"
    assert not simulations.kept(zero, keyed)["scores"]
