"""The planned code makes the matrices that a run makes: of every program, whole or only what is wanted of it."""

import numpy as np
import pytest
from hypothesis import given, settings

from attention_core import programs, run
from attention_core.fast import batched, planned
from attention_core.trace import givens
from tests.heads import seeds
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of


def same(found, trace):
    for name, matrix in found.items():
        np.testing.assert_allclose(matrix, trace[name].value, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", MECHANISMS)
@given(seed=seeds)
@settings(max_examples=1)
def test_a_plan_is_the_program(name, seed):
    program = MECHANISMS[name]
    matrices = drawn_for(program, sizes_of(name), seed)
    trace = run(program, matrices)
    sizes = {axis: n for made in (*trace.given.values(), *trace.values())
             for axis, n in zip(made.axes, made.value.shape, strict=True)} | sizes_of(name)  # fmt: skip
    every, last = programs.names(program), program[-1].name
    same(planned(program, sizes, every)(matrices), trace)
    same(planned(program, sizes, [last])(matrices), trace)


@given(seed=seeds)
@settings(max_examples=5)
def test_float32_stays_float32(seed):
    program = MECHANISMS["gradients, block"]
    made = planned(program, sizes_of(""), programs.names(program))(drawn_for(program, sizes_of(""), seed, np.float32))
    assert {matrix.dtype for matrix in made.values()} == {np.dtype(np.float32)}


@given(seed=seeds)
@settings(max_examples=5)
def test_a_batch_adds_up_what_its_sentences_lose_and_their_gradients(seed):
    program = programs.squared_error(programs.masked(programs.SELF_ATTENTION))
    own, many = ("x", "goal", "focus"), 4
    whole = batched(program, own)
    whole += programs.backward(whole)
    alone = program + programs.backward(program)
    assert givens(whole)["x"][0] == "batch"
    draws = [drawn_for(program, sizes_of(""), [seed, i]) for i in range(many)]
    matrices = {name: np.stack([draw[name] for draw in draws]) if name in own else value
                for name, value in draws[0].items()}  # fmt: skip
    traces = [run(alone, {**draws[0], **{name: draw[name] for name in own}}) for draw in draws]
    wanted = ["loss", *map(programs.gradient_name, programs.trained(program))]
    found = planned(whole, {**sizes_of(""), "batch": many}, wanted)(matrices)
    for name in wanted:
        total = sum(trace[name].value for trace in traces)
        np.testing.assert_allclose(found[name], total, rtol=1e-10, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(run(whole, matrices)[name].value, total, rtol=1e-10, atol=1e-12)


def test_scores_of_any_size_are_shared_out():
    """A plan subtracts no maximum unless it must: shares of huge scores, and rows that may see nothing."""
    program = programs.of_scores(programs.steadied(programs.masked(programs.SELF_ATTENTION)))
    scores = np.array([[900.0, 899.0, -900.0], [-2000.0, -2001.0, 5.0], [1.0, 2.0, 3.0]])
    mask = np.array([[True, True, True], [True, True, False], [False, False, False]])
    made = planned(program, {"query": 3, "key": 3}, ["weights"])({"scores": scores, "mask": mask})["weights"]
    one = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(made, [[one, 1 - one, 0], [one, 1 - one, 0], [0, 0, 0]], atol=1e-12)
