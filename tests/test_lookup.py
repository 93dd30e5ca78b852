"""Lookups and smoothing: the ancestors of attention do what their definitions say, in plain loops."""

from math import exp, log

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from attention_core import reference, run
from attention_core.programs import HARD_LOOKUP, KERNEL_SMOOTHER, SOFT_LOOKUP
from tests.heads import seeds
from tests.loops import close, drawn, lists

few = settings(max_examples=30)
shapes = st.permutations(range(1, 6)).map(lambda order: dict(zip(("query", "key", "d_k", "d_v"), order, strict=False)))


def weights(program, given):
    return run(program, given)["weights"].value


def scores(given):
    """The dot product of each query with each key, in plain loops."""
    return [[sum(a * b for a, b in zip(q, k, strict=True)) for k in given["k"].tolist()] for q in given["q"].tolist()]


@given(shapes=shapes, seed=seeds)
@few
def test_a_hard_lookup_gives_the_value_of_the_best_key(shapes, seed):
    matrices = drawn(HARD_LOOKUP, shapes, seed)
    best = [row.index(max(row)) for row in scores(matrices)]
    trace = run(HARD_LOOKUP, matrices)
    assert trace["output"].value.tolist() == matrices["v"][best].tolist()
    assert trace["weights"].value.tolist() == np.eye(shapes["key"])[best].tolist()


def test_keys_that_fit_equally_well_share():
    q, k, v = [[1.0, 0], [0, 1]], [[2.0, 0], [0, 5], [2, 1]], [[10.0], [20], [40]]
    given = {"q": np.array(q), "k": np.array(k), "v": np.array(v)}
    trace = run(HARD_LOOKUP, given)
    assert trace["weights"].value.tolist() == [[0.5, 0, 0.5], [0, 1, 0]]
    assert trace["output"].value.tolist() == [[25], [20]]


@given(shapes=shapes, seed=seeds)
@few
def test_a_nudge_of_the_query_moves_a_soft_lookup_only(shapes, seed):
    """The derivative of a hard lookup is 0 almost everywhere: nothing can be learned from it."""
    assume(shapes["key"] > 1)
    matrices = drawn(HARD_LOOKUP, shapes, seed)
    first, second = np.sort(np.array(scores(matrices)), axis=1)[:, :-3:-1].T
    assume((first - second > 1e-3).all())
    nudged = {**matrices, "q": matrices["q"] + 1e-6}
    assert (run(HARD_LOOKUP, nudged)["output"].value == run(HARD_LOOKUP, matrices)["output"].value).all()
    soft = {"scale": np.array(0.1)}
    assert (weights(SOFT_LOOKUP, {**nudged, **soft}) != weights(SOFT_LOOKUP, {**matrices, **soft})).any()


@given(shapes=shapes, seed=seeds)
@few
def test_a_soft_lookup_equals_the_definition(shapes, seed):
    matrices = drawn(SOFT_LOOKUP, shapes, seed)
    w = lists(matrices)
    close(run(SOFT_LOOKUP, matrices)["output"].value, reference.attention(w["q"], w["k"], w["v"], scale=w["scale"]))


@given(shapes=shapes, seed=seeds)
@few
def test_a_soft_lookup_tends_to_the_hard_one(shapes, seed):
    """The best key is at least as far ahead as a gap g: what the others get is at most (n − 1) exp(−scale × g)."""
    hard = drawn(HARD_LOOKUP, shapes, seed)
    target, n = weights(HARD_LOOKUP, hard), shapes["key"]
    ordered = np.sort(np.array(scores(hard)), axis=1)
    gap = (ordered[:, -1] - ordered[:, -2]).min() if n > 1 else 1.0
    assume(gap > 0)
    top = max(np.abs(ordered).max(), 1e-9)
    for scale in np.array([0.1, 1, 10, 100, 600]) / top:
        far = np.abs(weights(SOFT_LOOKUP, {**hard, "scale": np.array(scale)}) - target).max()
        assert far <= (n - 1) * exp(-scale * gap) + 1e-12


def test_three_keys_and_one_soft_answer():
    """Exponentials 6 : 3 : 1 make weights .6, .3, .1; of the values 10, 20 and 60 that is 18."""
    given = {"q": np.log([[6.0, 3, 1]]), "k": np.eye(3), "v": np.array([[10.0], [20], [60]]), "scale": np.array(1.0)}
    trace = run(SOFT_LOOKUP, given)
    close(trace["exps"].value, [[6, 3, 1]])
    close(trace["weights"].value, [[0.6, 0.3, 0.1]])
    close(trace["output"].value, [[18]])
    hard = {name: given[name] for name in "qkv"}
    assert run(HARD_LOOKUP, hard)["output"].value.tolist() == [[10]]


def smoothed(q, k, v, width):
    """Nadaraya and Watson, 1964: each value counts by the height of a bell curve around its key."""
    made = []
    for query in q:
        near = [exp(-sum((a - b) ** 2 for a, b in zip(query, key, strict=True)) / (2 * width**2)) for key in k]
        made.append([sum(e * row[d] for e, row in zip(near, v, strict=True)) / sum(near) for d in range(len(v[0]))])
    return made


@given(shapes=shapes, width=st.floats(0.5, 5), seed=seeds)
@few
def test_a_kernel_smoother_is_that_of_nadaraya_and_watson(shapes, width, seed):
    matrices = drawn(KERNEL_SMOOTHER, shapes, seed, scale=-1 / (2 * width**2))
    w = lists(matrices)
    close(run(KERNEL_SMOOTHER, matrices)["output"].value, smoothed(w["q"], w["k"], w["v"], width), 1e-11)


def test_a_kernel_smoother_by_hand():
    """Keys at distance 0 and √(2 ln 3): the farther one counts a third as much."""
    given = {"q": np.zeros((1, 1)), "k": np.array([[0.0], [(2 * log(3)) ** 0.5]]), "v": np.array([[4.0], [8.0]]),
             "scale": np.array(-0.5)}  # fmt: skip
    close(run(KERNEL_SMOOTHER, given)["output"].value, [[5]])


@given(shapes=shapes, seed=seeds)
@few
def test_keys_of_one_length_make_the_smoother_a_soft_lookup(shapes, seed):
    """|q − k|² = |q|² + |k|² − 2 q·k: with keys of one length, half the scale and a minus give the same weights."""
    matrices = drawn(SOFT_LOOKUP, shapes, seed, scale=0.7)
    matrices["k"] = matrices["k"] / np.linalg.norm(matrices["k"], axis=1, keepdims=True)
    close(weights(KERNEL_SMOOTHER, {**matrices, "scale": np.array(-0.35)}), weights(SOFT_LOOKUP, matrices), 1e-11)
