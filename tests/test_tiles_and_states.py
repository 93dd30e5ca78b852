"""Attention without its matrix: tile by tile it equals the whole, and as a state it equals linear attention.

Unnormalised linear attention is also a step of gradient descent, which plain loops check here.
"""

from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import programs, run
from attention_core.programs import SELF_ATTENTION, linear, masked, online, recurrent, steadied
from tests.heads import matmul, seeds
from tests.loops import added, close, drawn, lists, sizes

few = settings(max_examples=10)
SHAPES = {"query": 7, "d_model": 5, "d_k": 3, "d_v": 4}
hiding = pytest.mark.parametrize("hides", [False, True], ids=["all", "masked"])


def end(program, given):
    return run(program, given)[program[-1].name].value


def whole(hides):
    """One head at once, which the tiles must equal."""
    return steadied(masked(SELF_ATTENTION)) if hides else steadied(SELF_ATTENTION)


# --- Tiles -----------------------------------------------------------------------------------------------------------


@hiding
@pytest.mark.parametrize("tile", [1, 2, 3, 4, 6, 7, 8])
@given(seed=seeds)
@few
def test_tiles_of_every_size_give_the_whole(hides, tile, seed):
    matrices = drawn(whole(hides), SHAPES, seed)
    tiled, plain = run(online(7, tile, hides), matrices), run(whole(hides), matrices)
    for name in ("output", "projected", "residual"):
        close(tiled[name].value, plain[name].value)
    assert tuple(tiled)[-1] == "residual"
    assert end(online(7, tile, hides, rest=False), matrices).tolist() == tiled["output"].value.tolist()
    shown = {made.value.shape for name, made in tiled.items() if name.endswith(".scores")}
    assert shown <= {(7, min(tile, 7)), (7, 7 % tile)}, "no step holds more scores than a tile"


def so_far(scores, values):
    """The running maximum, denominator and partial output of one query, over these keys, in plain loops."""
    top = max(scores)
    exps = [exp(s - top) if s > -inf else 0.0 for s in scores]
    return top, sum(exps), [sum(e * row[d] for e, row in zip(exps, values, strict=True)) for d in range(len(values[0]))]


@hiding
@pytest.mark.parametrize("tile", [1, 2, 3, 7])
@given(seed=seeds)
@few
def test_what_runs_along_is_that_of_the_keys_so_far(hides, tile, seed):
    matrices = drawn(whole(hides), SHAPES, seed)
    trace, plain = run(online(7, tile, hides), matrices), run(whole(hides), matrices)
    scores, v = plain["masked" if hides else "scaled"].value.tolist(), plain["v"].value.tolist()
    for i, stop in enumerate([*range(tile, 7, tile), 7], 1):
        expected = [so_far(row[:stop], v[:stop]) for row in scores]
        for name, column in zip(("row_max", "row_sums", "output"), zip(*expected, strict=True), strict=True):
            close(trace[f"tile{i}.{name}"].value, column)


@pytest.mark.parametrize("tile", [1, 2, 7])
def test_a_query_that_sees_nothing_gets_nothing(tile):
    """A row of the mask that is all False, one that sees only the last tile, and one that sees only the first."""
    mask = np.ones((7, 7), bool)
    mask[0], mask[1, :6], mask[2, 1:] = False, False, False
    matrices = drawn(masked(SELF_ATTENTION), SHAPES, 3, mask=mask)
    trace = run(online(7, tile, hides=True), matrices)
    assert trace["output"].value[0].tolist() == [0] * 4
    close(trace["output"].value[[1, 2]], trace["v"].value[[6, 0]])
    close(trace["output"].value, run(whole(True), matrices)["output"].value)


@hiding
@pytest.mark.parametrize("tile", [1, 3, 7])
@given(seed=seeds)
@few
def test_tiles_hold_scores_of_a_million(hides, tile, seed):
    matrices = drawn(whole(hides), SHAPES, seed, scale=1e6)
    tiled, plain = run(online(7, tile, hides), matrices), run(whole(hides), matrices)
    assert np.abs(plain["scaled"].value).max() > 1e5
    close(tiled["residual"].value, plain["residual"].value, 1e-8)
    if not hides:
        with pytest.raises(ValueError, match=r"step 'row_max': a score of size .* is too large for exp"):
            run(SELF_ATTENTION, matrices)


@given(n=st.integers(1, 9), tile=st.integers(1, 9), seed=seeds)
@few
def test_any_number_of_keys_and_any_tile(n, tile, seed):
    shapes = {**SHAPES, "query": n}
    matrices = drawn(whole(True), shapes, seed)
    close(end(online(n, tile, hides=True), matrices), end(whole(True), matrices))


@pytest.mark.parametrize(("n_k", "tile"), [(4, 0), (4, -1), (0, 2)])
def test_tiles_of_nothing_are_refused(n_k, tile):
    with pytest.raises(ValueError, match=rf"at least 1 of at least 1 keys; got tile = {tile}, n_k = {n_k}"):
        online(n_k, tile)


# --- Linear attention ------------------------------------------------------------------------------------------------

FORMS = [(True, True), (False, True), (False, False)]
every_form = pytest.mark.parametrize(("normalised", "feature_map"), FORMS,
                                     ids=["normalised", "unnormalised", "no feature map"])  # fmt: skip


def linear_in_loops(w, normalised, feature_map, mask):
    """The output of linear attention by its definition: [n, d_v]."""
    q, k, v = (matmul(w["x"], w[f"w_{name}"]) for name in "qkv")
    if feature_map:
        q, k = ([[u + 1 if u > 0 else exp(u) for u in row] for row in rows] for rows in (q, k))
    made = []
    for i, query in enumerate(q):
        scores = [sum(a * b for a, b in zip(query, key, strict=True)) for key in k]
        scores = [s if mask is None or mask[i][j] else 0.0 for j, s in enumerate(scores)]
        if normalised:
            scores = [s / sum(scores) if sum(scores) else 0.0 for s in scores]
        made.append([sum(s * row[d] for s, row in zip(scores, v, strict=True)) for d in range(len(v[0]))])
    return made


@hiding
@every_form
@given(sizes=sizes, seed=seeds)
@few
def test_linear_attention_equals_plain_loops(hides, normalised, feature_map, sizes, seed):
    program = linear(hides, normalised, feature_map)
    matrices = drawn(program, sizes, seed)
    w = lists(matrices)
    trace = run(program, matrices)
    output = linear_in_loops(w, normalised, feature_map, w.get("mask"))
    close(trace["output"].value, output, 1e-11)
    close(trace["residual"].value, added(w["x"], matmul(output, w["w_o"])), 1e-11)
    assert "scale" not in matrices
    assert end(linear(hides, normalised, feature_map, rest=False), matrices).tolist() == trace["output"].value.tolist()


@every_form
@given(sizes=sizes, seed=seeds)
@few
def test_a_state_read_token_by_token_gives_the_same(normalised, feature_map, sizes, seed):
    n = sizes["query"]
    parallel = linear(True, normalised, feature_map)
    matrices = drawn(parallel, sizes, seed, mask=np.tri(n, dtype=bool))
    given = {name: m for name, m in matrices.items() if name != "mask"}
    step_by_step = recurrent(n, normalised, feature_map)
    one, other = run(parallel, matrices), run(step_by_step, given)
    for name in ("output", "residual"):
        close(other[name].value, one[name].value, 1e-11)
    assert {other[f"token{i}.state"].value.shape for i in range(1, n + 1)} == {(sizes["d_k"], sizes["d_v"])}
    assert end(recurrent(n, normalised, feature_map, rest=False), given).tolist() == other["output"].value.tolist()


@given(sizes=sizes, seed=seeds)
@few
def test_the_state_holds_all_keys_and_values_so_far(sizes, seed):
    n = sizes["query"]
    trace = run(recurrent(n), drawn(recurrent(n), sizes, seed))
    k, v = (trace[name].value for name in ("k_features", "v"))
    assert (k > 0).all()
    for i in range(1, n + 1):
        close(trace[f"token{i}.state"].value, k[:i].T @ v[:i])
        close(trace[f"token{i}.key_sum"].value, k[:i].sum(axis=0))


@pytest.mark.parametrize(("build", "message"), [
    (lambda: linear(feature_map=False), "only if every score is positive: keep the feature map"),
    (lambda: recurrent(3, feature_map=False), "only if every score is positive: keep the feature map"),
    (lambda: recurrent(0), "a text has at least 1 token, and n is 0"),
])  # fmt: skip
def test_forms_that_cannot_be_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# --- A step of gradient descent --------------------------------------------------------------------------------------


def descended(x, y, rate, steps):
    """The weights [d_x] of linear regression after some steps from 0, each w ← w + rate Σ (y − w·x) x."""
    w = [0.0] * len(x[0])
    for _ in range(steps):
        errors = [target - sum(a * b for a, b in zip(w, row, strict=True)) for row, target in zip(x, y, strict=True)]
        w = [w[d] + rate * sum(e * row[d] for e, row in zip(errors, x, strict=True)) for d in range(len(w))]
    return w


def regression(x, y, asked, rate, layers):
    """Tokens (x_i, y_i), and last (asked, 0), which nobody sees; w_o writes −rate × score × y onto every y.

    After each layer a token's y is what is left to explain; that of the last one is minus the prediction. This is the
    construction of von Oswald et al. 2023, "Transformers learn in-context by gradient descent".
    """
    d = len(asked)
    tokens = np.array([[*row, target] for row, target in zip(x, y, strict=True)] + [[*asked, 0.0]])
    mask = np.ones((len(tokens), len(tokens)), bool)
    mask[:, -1] = False
    only_x, only_y = np.eye(d + 1)[:, :d], np.eye(d + 1)[:, d:]
    head = {"w_q": only_x, "w_k": only_x, "w_v": only_y, "w_o": -rate * only_y.T}
    program = programs.stack([linear(hides=True, normalised=False, feature_map=False)] * layers)
    given = {f"layer{i}.{name}": m for i in range(1, layers + 1) for name, m in head.items()}
    return program, {"x": tokens, "mask": mask, **given}


@pytest.mark.parametrize("layers", [1, 2, 4])
@given(n=st.integers(1, 6), d=st.integers(1, 4), rate=st.floats(0.01, 0.2), seed=seeds)
@few
def test_unnormalised_linear_attention_is_gradient_descent(layers, n, d, rate, seed):
    rng = np.random.default_rng(seed)
    x, y, asked = rng.normal(size=(n, d)).tolist(), rng.normal(size=n).tolist(), rng.normal(size=d).tolist()
    trace = run(*regression(x, y, asked, rate, layers))
    for i in range(1, layers + 1):
        w = descended(x, y, rate, i)
        made = trace[f"layer{i}.residual"].value
        close(-made[-1, -1], sum(a * b for a, b in zip(w, asked, strict=True)), 1e-9)
        left = [t - sum(a * b for a, b in zip(w, row, strict=True)) for row, t in zip(x, y, strict=True)]
        close(made[:-1, -1], left, 1e-9)
        assert (made[:, :-1] == trace.given["x"].value[:, :-1]).all()


def test_four_steps_towards_eight():
    """y = 2 x₁ + 4 x₂ from two examples, asked for (2, 1): 4, 6, 7, 7.5, and at last 8."""
    trace = run(*regression([[1, 0], [0, 1]], [2, 4], [2, 1], 0.5, 4))
    assert [-trace[f"layer{i}.residual"].value[-1, -1] for i in (1, 2, 3, 4)] == [4, 6, 7, 7.5]
