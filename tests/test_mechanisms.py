"""The laws of every program, for all that is more than one head: explanations, reads, NumPy lines, words, types."""

import re
import string
from math import erf

import numpy as np
import pytest
from hypothesis import given, settings

from attention_core import programs, run
from attention_core.programs import identifier
from attention_core.trace import givens
from tests.heads import VARIANTS, seeds
from tests.laws import cells, close, explains, explains_in_writing, first_of_a_kind, reads_are_exact
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of

NEW = first_of_a_kind([*((v, v.program) for v in VARIANTS), *MECHANISMS.items()])
every_mechanism = pytest.mark.parametrize("name", MECHANISMS)


def traced(name, seed, dtype=np.float64):
    program = MECHANISMS[name]
    return run(program, drawn_for(program, sizes_of(name), seed, dtype))


@every_mechanism
@given(seed=seeds)
@settings(max_examples=2)
def test_the_explained_value_is_the_value(name, seed):
    for made, at in cells(traced(name, seed)):
        explains(made, at, 1e-12)


@every_mechanism
@given(seed=seeds)
@settings(max_examples=1)
def test_float32_explains_itself_and_stays_float32(name, seed):
    trace = traced(name, seed, np.float32)
    kinds = {made.value.dtype for made in trace.values()}
    assert kinds <= {np.dtype(np.float32), np.dtype(bool)}
    for made, at in cells(trace):
        explains(made, at, 1e-5)


@every_mechanism
@given(seed=seeds)
@settings(max_examples=1)
def test_the_text_is_the_whole_arithmetic(name, seed):
    explains_in_writing(traced(name, seed))


@pytest.mark.parametrize("name", [name for name in MECHANISMS if NEW[name]])
@given(seed=seeds)
@settings(max_examples=1)
def test_reads_are_exactly_what_moves_a_cell(name, seed):
    reads_are_exact((traced(name, seed + draw) for draw in range(24)), NEW[name])


# --- What a program says of itself -----------------------------------------------------------------------------------


@every_mechanism
@given(seed=seeds)
@settings(max_examples=1)
def test_the_numpy_lines_reproduce_the_trace(name, seed):
    trace = traced(name, seed)
    memory = {"np": np, "erf": np.vectorize(erf)}
    memory |= {identifier(given): matrix.value for given, matrix in trace.given.items()}
    with np.errstate(all="raise", under="ignore"):
        for made in trace.values():
            exec(made.step.code, memory)
            close(memory[identifier(made.name)], made.value)
            assert memory[identifier(made.name)].shape == made.value.shape


@every_mechanism
def test_a_numpy_line_reads_the_inputs_and_makes_the_step(name):
    for step in MECHANISMS[name]:
        left, _, right = step.code.partition(" = ")
        assert left == identifier(step.name)
        bare = re.sub(r"np\.\w+|\w+=|\blen\b|\berf\b|\bmin\b", "", right)
        used = set(re.findall(r"(?<![.\w])[a-z]\w*", bare))
        assert used <= {identifier(read) for read in step.inputs}, f"{step.code!r} reads {used}, the step {step.inputs}"


@every_mechanism
def test_inputs_are_given_or_made_before_and_names_are_unique(name):
    program = MECHANISMS[name]
    assert len(set(programs.names(program))) == len(program)
    assert not set(givens(program)) & set(programs.names(program))


@every_mechanism
def test_every_step_speaks(name):
    for step in MECHANISMS[name]:
        assert step.title, step.name
        assert re.fullmatch(r"[^\s].*[.!?]", step.says), step.name
        placeholders = {field for _, field, _, _ in string.Formatter().parse(step.meaning) if field is not None}
        assert placeholders <= set(step.parsed.output), step.name
        assert placeholders or not step.parsed.output
        for formula in (step.formula, step.formula_t):
            assert formula.count("{") == formula.count("}"), step.name


@every_mechanism
def test_every_given_speaks(name):
    for given_name, axes in givens(MECHANISMS[name]).items():
        about = programs.given_of(given_name)
        assert about.letter
        assert about.title
        placeholders = {field for _, field, _, _ in string.Formatter().parse(about.meaning) if field is not None}
        assert placeholders == set(about.axes)
        assert len(about.axes) <= max(len(axes), 1), given_name


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: programs.rotary(programs.SELF_ATTENTION, 5), "rotary dims must be even and within 2..5, and are 5"),
        (lambda: programs.rotary(programs.SELF_ATTENTION, 4, dims=6), "rotary dims must be even and within 2..4"),
        (lambda: programs.norm("norm1", "x", "batch"), "a norm is one of layer, rms; 'batch' is not"),
        (lambda: programs.mlp("x", "sigmoid"), "an activation is one of gelu, gelu_tanh, relu; 'sigmoid' is not"),
        (lambda: programs.next_token(programs.SELF_ATTENTION, top_k=0), "top-k keeps at least 1, and k is 0"),
        (lambda: programs.online(4, 0), "a tile holds at least 1 of at least 1 keys; got tile = 0, n_k = 4"),
        (lambda: programs.linear(feature_map=False), "rows can be divided by their sums only if"),
        (lambda: programs.recurrent(3, feature_map=False), "rows can be divided by their sums only if"),
        (lambda: programs.recurrent(0), "a text has at least 1 token, and n is 0"),
        (lambda: programs.low_rank(np.ones((2, 3)), 3), r"a rank within 1..2; r is 3"),
    ],
)
def test_what_cannot_be_built_is_refused_in_words(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def refused(program, sizes, match, **wrong):
    given = {**drawn_for(program, sizes, 0), **wrong}
    with pytest.raises(ValueError, match=match):
        run(program, given)


def test_a_step_that_cannot_work_on_what_it_gets_names_itself():
    sizes = sizes_of("")
    refused(programs.split_heads(4), {**sizes, "head": 3, "d_k": 2, "d_v": 2}, "step 'q': a width of 6 .* into 4 heads")
    refused(programs.grouped(4), {**sizes, "head": 4, "kv_head": 3}, "step 'k': 4 query heads cannot share 3")
    refused(programs.online(7, 3), sizes, "step 'tile1.k'.*|places 3 to 6 do not lie within the 3 that there are")
    refused(programs.rotary(programs.SELF_ATTENTION, 6), sizes, "made for 6 coordinates, and there are 4")
    refused(programs.relative_bias(programs.SELF_ATTENTION, 3, 3), {**sizes, "distance": 4}, "an odd length")
    refused(programs.softcapped(programs.SELF_ATTENTION), sizes, "step 'capped': softcap must be above 0, and is -1",
            softcap=np.array(-1.0))  # fmt: skip
    refused(programs.block(), sizes, "step 'norm1.spread': the root of 0", x=np.ones((3, 5)), epsilon=np.array(0.0))


def test_the_weights_of_another_head_do_not_fit():
    sizes = sizes_of("")
    refused(programs.MULTI_HEAD, sizes, r"step 'k' reads w_k\[head d_model d_k\] = \(2, 5, 4\), but w_k is \(2, 5, 3\)",
            w_k=np.ones((2, 5, 3)))  # fmt: skip
    refused(programs.MULTI_HEAD, sizes, r"step 'q' reads w_q\[head d_model d_k\]", w_q=np.ones((5, 4)))
