"""What a program computes about places equals positions.py; and what each way of telling places does, and does not.

positions.py has tests of its own, against PyTorch: here it is the oracle.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import ShapeError, positions, programs, run
from attention_core.programs import MULTI_HEAD, SELF_ATTENTION, masked
from tests.heads import seeds
from tests.loops import close, drawn

few = settings(max_examples=10)
SIZES = {"query": 5, "head": 3, "d_model": 7, "d_k": 8, "d_v": 4}
PROGRAMS = {
    "one head": SELF_ATTENTION, "masked": masked(SELF_ATTENTION), "heads": MULTI_HEAD,
    "grouped": programs.grouped(SIZES["head"]), "masked heads": programs.multi_head(masked(SELF_ATTENTION)),
}  # fmt: skip
every_program = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
every_rotation = pytest.mark.parametrize(("interleaved", "dims", "base"),
                                         list(product((False, True), (None, 2, 6), (10000.0, 7.0))))  # fmt: skip


def end(program, given):
    return run(program, given)[program[-1].name].value


def sizes_of(program):
    return {**SIZES, "kv_head": 1}


# --- Rotary ----------------------------------------------------------------------------------------------------------


def turning(program, seed, interleaved, dims, base, past=0):
    """A program whose queries and keys turn, and its given matrices, `past` places down the text."""
    program = programs.rotary(program, SIZES["d_k"], dims=dims, interleaved=interleaved)
    places = programs.rotary_given(
        SIZES["query"], SIZES["d_k"], base=base, dims=dims, interleaved=interleaved, past=past
    )
    return program, drawn(program, sizes_of(program), seed, **places)


@every_program
@every_rotation
@given(seed=seeds, past=st.integers(0, 50))
@settings(max_examples=2)
def test_queries_and_keys_are_turned_as_positions_turns_them(program, interleaved, dims, base, seed, past):
    turned, matrices = turning(program, seed, interleaved, dims, base, past)
    trace = run(turned, matrices)
    places = np.arange(past, past + SIZES["query"])
    made = {}
    for name in "qk":
        x = trace[name].value
        made[name] = positions.rotary(x, places, base=base, interleaved=interleaved, dims=dims)
        close(trace[f"{name}_rotated"].value, made[name])
        close(np.linalg.norm(made[name], axis=-1), np.linalg.norm(x, axis=-1))
    close(trace["scores"].value, made["q"] @ made["k"].swapaxes(-1, -2))


@every_program
@every_rotation
@given(seed=seeds, past=st.integers(1, 500))
@settings(max_examples=2)
def test_rotary_scores_depend_on_distance_only(program, interleaved, dims, base, seed, past):
    turned, here = turning(program, seed, interleaved, dims, base)
    there = {**here, "positions": here["positions"] + past}
    for name in ("scores", "weights", "residual"):
        close(run(turned, there)[name].value, run(turned, here)[name].value, 1e-10)


@given(seed=seeds)
@few
def test_without_distance_nothing_turns(seed):
    """All tokens at one place: the scores are those of a program that knows no places."""
    turned, matrices = turning(SELF_ATTENTION, seed, False, None, 10000.0)
    alike = {**matrices, "positions": np.full(SIZES["query"], 3.0)}
    plain = {name: m for name, m in matrices.items() if name in ("x", "w_q", "w_k", "w_v", "w_o", "scale")}
    close(run(turned, alike)["scores"].value, run(SELF_ATTENTION, plain)["scores"].value)


def test_float32_angles_stay_float32():
    given = programs.rotary_given(3, 4, dims=2, past=2, dtype=np.float32)
    assert {m.dtype for m in given.values()} == {np.dtype(np.float32)}
    assert given["positions"].tolist() == [2, 3, 4]
    assert given["frequencies"].tolist() == [1, 1, 0, 0]
    assert given["signs"].tolist()[:2] == [-1, 1]


@pytest.mark.parametrize("dims", [-2, 0, 3, 10])
def test_dims_that_cannot_be_turned_in_pairs_are_refused(dims):
    message = rf"rotary dims must be even and within 2..8, and are {dims}"
    with pytest.raises(ValueError, match=message):
        programs.rotary(SELF_ATTENTION, 8, dims=dims)
    with pytest.raises(ValueError, match=message):
        programs.rotary_given(5, 8, dims=dims)


def test_a_rotation_for_another_width_is_refused():
    program = programs.rotary(SELF_ATTENTION, 6)
    matrices = drawn(program, SIZES, 0)
    with pytest.raises(ShapeError, match="step 'q_partner': the rotation was made for 6 coordinates, and there are 8"):
        run(program, matrices)


# --- Biases ----------------------------------------------------------------------------------------------------------


def with_the_bias(program, bias):
    """The program with this bias given, [query key] or [head query key]: the oracle of those that make their own."""
    if bias.ndim == 2:
        return programs.biased(program), bias
    other = programs.biased(program)
    axes = "head query key, head query key -> head query key"
    return tuple(replace(step, axes=axes) if step.name == "biased" else step for step in other), bias


def equals_the_given_bias(program, making, matrices, bias, own):
    """The program that makes its bias ends where the one ends that is given it."""
    trace = run(making, matrices)
    close(trace["biased"].value, trace["scaled"].value + bias)
    other, bias = with_the_bias(program, bias)
    close(trace["residual"].value, end(other, {n: m for n, m in matrices.items() if n not in own} | {"bias": bias}))


@every_program
@given(seed=seeds, past=st.integers(0, 9))
@few
def test_alibi_is_what_positions_says(program, seed, past):
    making = programs.alibi(program)
    heads = any("head" in step.axes for step in program)
    slopes = positions.alibi_slopes(SIZES["head"])
    places = np.arange(past, past + SIZES["query"], dtype=float)
    matrices = drawn(making, sizes_of(program), seed, slopes=slopes if heads else slopes[1], positions=places)
    bias = positions.alibi(SIZES["head"], SIZES["query"])
    close(run(making, matrices)["bias"].value, -bias if heads else -bias[1])
    equals_the_given_bias(program, making, matrices, bias if heads else bias[1], ("slopes", "positions"))


@every_program
@pytest.mark.parametrize("reach", [0, 1, 2, 7])
@given(seed=seeds)
@settings(max_examples=3)
def test_relative_biases_are_what_positions_says(program, reach, seed):
    n = SIZES["query"]
    making = programs.relative_bias(program, n, n)
    matrices = drawn(making, {**sizes_of(program), "distance": 2 * reach + 1}, seed)
    bias = positions.relative_bias(matrices["table"], n)
    assert (run(making, matrices)["bias"].value == bias).all()
    equals_the_given_bias(program, making, matrices, bias, ("table",))


@given(seed=seeds, past=st.integers(0, 4))
@few
def test_relative_biases_know_where_queries_after_a_cache_stand(seed, past):
    n_q, n_k = SIZES["query"], SIZES["query"] + past
    making = programs.relative_bias(programs.cached(), n_q, n_k)
    matrices = drawn(making, {**SIZES, "distance": 5, "past": past, "new": n_q, "key": n_k}, seed)
    bias = positions.relative_bias(matrices["table"], n_q, n_k)
    equals_the_given_bias(programs.cached(), making, matrices, bias, ("table",))


def test_a_table_of_even_length_is_refused():
    making = programs.relative_bias(SELF_ATTENTION, 5, 5)
    with pytest.raises(ShapeError, match=r"step 'bias': a table of biases has an odd length, .* this one has 4"):
        run(making, drawn(making, {**SIZES, "distance": 4}, 0))


# --- In the embeddings, or nowhere -----------------------------------------------------------------------------------


@every_program
@given(seed=seeds)
@few
def test_places_are_added_to_what_every_projection_reads(program, seed):
    making = programs.placed(program)
    places = positions.sinusoidal(SIZES["query"], 8)[:, : SIZES["d_model"]]
    matrices = drawn(making, sizes_of(program), seed, places=places)
    plain = {name: m for name, m in matrices.items() if name != "places"} | {"x": matrices["x"] + places}
    assert (end(making, matrices) == end(program, plain)).all()


@pytest.mark.parametrize("transform", [
    programs.placed, lambda program: programs.rotary(program, SIZES["d_k"]),
    lambda program: programs.relative_bias(program, 5, 5),
], ids=["placed", "rotary", "relative"])  # fmt: skip
@given(seed=seeds)
@few
def test_places_can_be_told_before_or_after_heads_are_many(transform, seed):
    before, after = programs.multi_head(transform(SELF_ATTENTION)), transform(MULTI_HEAD)
    assert [(step.name, step.axes) for step in before] == [(step.name, step.axes) for step in after]
    matrices = drawn(before, {**SIZES, "distance": 3}, seed)
    assert (end(before, matrices) == end(after, matrices)).all()


def permuted(program, matrices, order):
    """The end of the program for tokens in another order, put back into the old one."""
    made = end(program, {**matrices, "x": matrices["x"][order]})
    return made[np.argsort(order)]


ORDERLESS = {"one head": SELF_ATTENTION, "heads": MULTI_HEAD, "split": programs.split_heads(SIZES["head"]),
             "grouped": PROGRAMS["grouped"], "block": programs.block(), "linear": programs.LINEAR_ATTENTION,
             "stack": programs.stack([programs.block(MULTI_HEAD, kind="rms", activation="relu")] * 2)}  # fmt: skip


@pytest.mark.parametrize("program", ORDERLESS.values(), ids=ORDERLESS.keys())
@given(seed=seeds)
@few
def test_without_places_a_program_does_not_see_the_order(program, seed):
    matrices = drawn(program, {**sizes_of(program), "d_ff": 6}, seed)
    order = np.random.default_rng(seed).permutation(SIZES["query"])
    close(permuted(program, matrices, order), end(program, matrices), 1e-10)


@pytest.mark.parametrize("program", [
    programs.placed(SELF_ATTENTION), masked(SELF_ATTENTION), programs.rotary(SELF_ATTENTION, SIZES["d_k"]),
    programs.rotary(MULTI_HEAD, SIZES["d_k"], dims=4, interleaved=True), programs.alibi(SELF_ATTENTION),
    programs.alibi(MULTI_HEAD), programs.relative_bias(SELF_ATTENTION, 5, 5),
], ids=["placed", "causal", "rotary", "rotary heads", "alibi", "alibi heads", "relative"])  # fmt: skip
@given(seed=seeds)
@few
def test_with_places_it_does(program, seed):
    n = SIZES["query"]
    known = {**programs.rotary_given(n, SIZES["d_k"]), "places": positions.one_hot(n, SIZES["d_model"]),
             "mask": np.tri(n, dtype=bool), "scale": np.array(0.3)}  # fmt: skip
    matrices = drawn(program, {**SIZES, "distance": 3}, seed, **known)
    moved = permuted(program, matrices, np.roll(np.arange(n), 1)) - end(program, matrices)
    assert np.abs(moved).max() > 1e-6
