"""Laws that hold for every program of one head, every step and every cell, on random matrices.

1. A cell's explanation gives the cell's value, and writes out every number that it used.
2. A cell moves when something that it reads moves, and never when anything else does.
3. A program equals its oracle in plain loops; an ablation equals its own definition, written here.
4. From the last matrix, `reads` lead back to everything that was given.
Every axis has a different size, so that no swapped axis passes.
"""

from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import programs, reference, run
from attention_core.programs import STEADY_ABOVE, run_steady, steadied
from tests.heads import BROKEN, FIXED, SOUND, VARIANTS, drawn, matmul, seeds, sizes
from tests.laws import cells, close, explains, explains_in_writing, first_of_a_kind, reads_are_exact

every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=repr)
every_sound_one = pytest.mark.parametrize("variant", SOUND, ids=repr)
every_broken_one = pytest.mark.parametrize("variant", BROKEN, ids=repr)


def few(examples):
    return settings(max_examples=examples)  # of each variant: there are more than a hundred


# --- Law 1: a cell explains its value -------------------------------------------------------------------------------


@every_variant
@given(sizes=sizes, seed=seeds)
@few(2)
def test_the_explained_value_is_the_value(variant, sizes, seed):
    for made, at in cells(run(variant.program, drawn(variant, sizes, seed), {})):
        explains(made, at, 1e-12)


@every_variant
@given(sizes=sizes, seed=seeds)
@few(1)
def test_float32_explains_itself_and_stays_float32(variant, sizes, seed):
    trace = run(variant.program, drawn(variant, sizes, seed, dtype=np.float32), {})
    assert {name: made.value.dtype for name, made in trace.items()} == dict.fromkeys(trace, np.float32)
    for made, at in cells(trace):
        explains(made, at, 1e-5)


@every_variant
@given(sizes=sizes, seed=seeds)
@few(1)
def test_the_text_is_the_whole_arithmetic(variant, sizes, seed):
    explains_in_writing(run(variant.program, drawn(variant, sizes, seed), {}))


# --- Law 2: a cell moves with what it reads, and with nothing else ---------------------------------------------------


NEW = first_of_a_kind((variant, variant.program) for variant in VARIANTS)


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if NEW[variant]], ids=repr)
@given(seed=seeds)
@few(2)
def test_reads_are_exactly_what_moves_a_cell(variant, seed):
    traces = (run(variant.program, drawn(variant, FIXED, seed + draw), {}) for draw in range(24))
    reads_are_exact(traces, NEW[variant])


@given(sizes=sizes, seed=seeds)
@few(20)
def test_a_masked_cell_reads_only_the_mask(sizes, seed):
    variant = SOUND[1]
    trace = run(variant.program, drawn(variant, sizes, seed), {})
    for at, seen in np.ndenumerate(trace.given["mask"].value):
        assert trace["masked"].explain(at).reads == (((at,) if seen else ()), (at,))


# --- Law 3: a program equals its oracle ------------------------------------------------------------------------------


def stages(variant, given):
    """Scores before the mask, in plain loops, with the values: lists [n, n] and [n, d_v]."""
    x, w_q, w_k, w_v = (given[name].tolist() for name in ("x", "w_q", "w_k", "w_v"))
    q, k, v = matmul(x, w_q), matmul(x, w_k), matmul(x, w_v)
    return q, k, v


def options(variant, given):
    """The switches of a variant as the oracle's arguments."""
    return {
        "mask": given["mask"].tolist() if variant.hides else None,
        "scale": given["scale"].item(),
        "bias": given["bias"].tolist() if variant.bias else None,
        "temperature": given["temperature"].item() if variant.temperature else 1.0,
    }


def ends(variant, given, output):
    """What follows the head's output, in plain loops: projected and, where the variant has it, residual."""
    projected = matmul(output, given["w_o"].tolist())
    if not variant.residual:
        return {"projected": projected}
    rows = zip(given["x"].tolist(), projected, strict=True)
    return {"projected": projected, "residual": [[a + b for a, b in zip(*row, strict=True)] for row in rows]}


@every_sound_one
@given(sizes=sizes, seed=seeds)
@few(5)
def test_a_program_equals_the_definition(variant, sizes, seed):
    given = drawn(variant, sizes, seed)
    trace = run(variant.program, given, {})
    q, k, v = stages(variant, given)
    close(trace["weights"].value, reference.weights(q, k, **options(variant, given)))
    output = reference.attention(q, k, v, **options(variant, given))
    close(trace["output"].value, output)
    expected = ends(variant, given, output)
    for name, value in expected.items():
        close(trace[name].value, value)
    assert tuple(trace)[-len(expected) :] == tuple(expected)


def broken_weights(variant, q, k, mask, scale, bias, temperature):
    """Each ablation's weights by its own definition, in plain loops."""
    n = len(q)
    scores = [[scale * sum(a * b for a, b in zip(q[i], k[j], strict=True)) for j in range(n)] for i in range(n)]
    scores = [[scores[i][j] + (bias[i][j] if bias else 0) for j in range(n)] for i in range(n)]
    hidden = {"wrong_axis": -inf, "masked_with_zero": 0.0}.get(variant.ablation)
    if hidden is not None:
        scores = [[scores[i][j] if mask[i][j] else hidden for j in range(n)] for i in range(n)]
    exps = [[exp(score / temperature) for score in row] for row in scores]
    if variant.ablation == "wrong_axis":
        sums = [sum(exps[i][j] for i in range(n)) for j in range(n)]
        return [[exps[i][j] / sums[j] if sums[j] else 0.0 for j in range(n)] for i in range(n)]
    shares = [[e / sum(row) for e in row] for row in exps]
    if variant.ablation == "masked_after":
        return [[shares[i][j] if mask[i][j] else 0.0 for j in range(n)] for i in range(n)]
    return shares


@every_broken_one
@given(sizes=sizes, seed=seeds)
@few(4)
def test_an_ablation_equals_its_own_definition(variant, sizes, seed):
    given = drawn(variant, sizes, seed)
    trace = run(variant.program, given, {})
    q, k, v = stages(variant, given)
    weights = broken_weights(variant, q, k, **options(variant, given))
    close(trace["masked_weights" if variant.ablation == "masked_after" else "weights"].value, weights)
    output = matmul(weights, v)
    close(trace["output"].value, output)
    for name, value in ends(variant, given, output).items():
        close(trace[name].value, value)


def last_rows(variant, given):
    trace = run(variant.program, given, {})
    return trace[tuple(trace)[-1]].value


def future_changed(variant, seed):
    """The last matrix under a causal mask, before and after a change of the last token."""
    given = drawn(variant, FIXED, seed, causal=True)
    later = given["x"].copy()
    later[-1] += 1
    return last_rows(variant, given)[:-1], last_rows(variant, {**given, "x": later})[:-1]


@every_sound_one
@given(seed=seeds)
@few(2)
def test_no_token_sees_the_future(variant, seed):
    before, after = future_changed(variant, seed)
    assert (before == after).all() == variant.hides


@every_broken_one
@given(seed=seeds)
@few(1)
def test_every_ablation_lets_the_future_through(variant, seed):
    before, after = future_changed(variant, seed)
    assert (before != after).any()


# --- Law 4: everything comes from what was given ---------------------------------------------------------------------


def origins(trace, name, at):
    """The names of the given matrices that lead to this cell, by following what is read."""
    leaves, seen, todo = set(), set(), [(name, at)]
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        if here[0] in trace:
            todo += [(term.name, term.at) for term in trace[here[0]].explain(here[1]).terms]
        else:
            leaves.add(here[0])
    return leaves


@every_variant
@given(seed=seeds)
@few(1)
def test_every_number_comes_from_the_given_matrices(variant, seed):
    trace = run(variant.program, drawn(variant, FIXED, seed, blind=False), {})
    expected = {"x", "w_q", "w_k", "w_v", "w_o", "scale"}
    for name in ("bias", "temperature"):
        expected |= {name} if getattr(variant, name) else set()
    expected |= {"mask"} if variant.hides else set()
    assert set(trace.given) == expected
    last = tuple(trace)[-1]
    for at in np.ndindex(trace[last].value.shape):
        assert origins(trace, last, at) == expected


# --- Large scores and rows that may see nothing ----------------------------------------------------------------------


@every_variant
@given(sizes=sizes, seed=seeds)
@few(2)
def test_subtracting_the_maximum_changes_no_weight(variant, sizes, seed):
    given = drawn(variant, sizes, seed)
    plain, steady = run(variant.program, given, {}), run(steadied(variant.program), given, {})
    assert tuple(plain) == tuple(steady)
    for name in ("weights", "output", "projected"):
        close(steady[name].value, plain[name].value)
    assert (steady["shifted"].value <= 0).all()


@pytest.mark.parametrize(("size", "forced"), [(299.0, False), (300.0, False), (300.5, True), (-301.0, True)])
def test_the_maximum_is_subtracted_once_a_score_passes_the_limit(size, forced):
    assert STEADY_ABOVE == 300
    one = np.ones((1, 1))
    given = {"x": one, "w_q": size * one, "w_k": one, "w_v": one, "w_o": one, "scale": np.array(1.0)}
    trace, done = run_steady(programs.SELF_ATTENTION, given, {})
    assert done is forced
    assert trace["row_max"].value[0] == (size if forced else 0)
    assert trace["weights"].value[0, 0] == 1


@every_variant
@given(sizes=sizes, seed=seeds, power=st.floats(3, 12))
@few(3)
def test_huge_scores_stay_finite_without_a_warning(variant, sizes, seed, power):
    given = drawn(variant, sizes, seed)
    given["w_q"] *= 10**power
    given["bias"] *= 10**power
    with np.errstate(all="raise", under="ignore"):  # exp of a very negative number is 0, as it should be
        trace, forced = run_steady(variant.program, given, {})
    seen = trace[trace["shifted"].step.inputs[0]].value
    assert forced == bool((np.abs(seen[np.isfinite(seen)]) > STEADY_ABOVE).any())
    for name in ("exps", "row_sums", "weights", "output", "projected"):
        assert np.isfinite(trace[name].value).all()
    assert (trace["weights"].value <= 1).all()
    for made, at in cells(trace):
        made.explain(at)


@every_variant
@given(sizes=sizes, seed=seeds)
@few(2)
def test_a_row_that_may_see_nothing_takes_nothing(variant, sizes, seed):
    given = drawn(variant, sizes, seed)
    given["mask"][0] = False
    with np.errstate(all="raise", under="ignore"):
        trace = run(variant.program, given, {})
    assert not any(np.isnan(made.value).any() for made in trace.values())
    if variant.hides and variant.ablation != "masked_with_zero":
        last = "masked_weights" if variant.ablation == "masked_after" else "weights"
        assert (trace[last].value[0] == 0).all()
        assert (trace["output"].value[0] == 0).all()
    if variant.hides and variant.residual and not variant.ablation:
        assert (trace["residual"].value[0] == given["x"][0]).all()


@every_sound_one
@given(sizes=sizes, seed=seeds)
@few(2)
def test_rows_sum_to_one_and_hidden_weights_are_zero(variant, sizes, seed):
    given = drawn(variant, sizes, seed, blind=False)
    weights = run(variant.program, given, {})["weights"].value
    close(weights.sum(axis=1), 1)
    if variant.hides:
        assert (weights[~given["mask"]] == 0).all()
