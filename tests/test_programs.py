"""What a program says of itself: NumPy lines that run, formulas that name what is read, words for every matrix."""

import re
import string
from math import log

import numpy as np
import pytest
from hypothesis import given, settings

from attention_core import programs, rules, run
from attention_core.programs import ABLATIONS, GIVENS, SELF_ATTENTION, find, masked, names, one_head, steadied
from tests.heads import FIXED, VARIANTS, Variant, drawn, seeds

KNOWN = {variant.program for variant in VARIANTS}
STEADIED = [  # those that no switch of one_head makes: what run_steady may turn an ablation into
    Variant(f"steadied({variant})", steadied(variant.program), variant.hides, scaled=variant.scaled)
    for variant in VARIANTS
    if steadied(variant.program) not in KNOWN
]
every_program = pytest.mark.parametrize("variant", [*VARIANTS, *STEADIED], ids=repr)


# --- Code ------------------------------------------------------------------------------------------------------------


@every_program
@given(seed=seeds)
@settings(max_examples=1)
def test_the_numpy_lines_reproduce_the_trace(variant, seed):
    matrices = drawn(variant, FIXED, seed, blind=False)
    trace = run(variant.program, matrices, {})
    memory = {"np": np, **matrices}
    for step in variant.program:
        exec(step.code, memory)
        np.testing.assert_allclose(memory[step.name], trace[step.name].value, rtol=1e-12, atol=1e-12)


@every_program
def test_a_numpy_line_reads_the_inputs_and_makes_the_step(variant):
    for step in variant.program:
        left, _, right = step.code.partition(" = ")
        assert left == step.name
        used = set(re.findall(r"(?<![.\w])[a-z]\w*", re.sub(r"np\.\w+|\w+=", "", right)))
        assert used <= {*step.inputs}, f"{step.code!r} reads {used}, the step {step.inputs}"


# --- Structure -------------------------------------------------------------------------------------------------------


@every_program
def test_inputs_are_given_or_made_before(variant):
    made = []
    for step in variant.program:
        assert set(step.inputs) <= {*GIVENS, *made}
        assert step.name not in made
        made.append(step.name)


@every_program
def test_axes_fit_the_inputs(variant):
    """Each matrix has the axes with which it was made; tokens may be read as queries or as keys."""
    axes = {name: matrix.axes for name, matrix in GIVENS.items()}
    for step in variant.program:
        for name, read in zip(step.inputs, step.parsed.inputs, strict=True):
            assert read == axes[name] or (name == "x" and read == ("key", "d_model"))
        axes[step.name] = step.parsed.output


@every_program
def test_stages_stand_in_their_order(variant):
    order = [name for name in names(variant.program) if name in programs.BEFORE_SOFTMAX]
    assert order == sorted(order, key=programs.BEFORE_SOFTMAX.index)
    stages = [find(variant.program, name) for name in order]
    assert [stage.inputs[0] for stage in stages[1:]] == order[:-1]
    assert {find(variant.program, name).inputs[0] for name in ("row_max", "shifted")} == {order[-1]}


def placeholders(text):
    return [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]


@every_program
def test_every_step_speaks(variant):
    for step in variant.program:
        assert step.title
        assert step.formula
        assert re.fullmatch(r"[^\s].*[.!?]", step.says), step.name
        assert set(placeholders(step.meaning)) == set(step.parsed.output), step.name
        assert step.meaning.format(**dict.fromkeys(step.parsed.output, "it"))


def test_every_given_speaks():
    for name, matrix in GIVENS.items():
        assert matrix.letter
        assert matrix.title
        assert set(placeholders(matrix.meaning)) == set(matrix.axes), name


# --- Formulas --------------------------------------------------------------------------------------------------------

LETTERS = {
    **{name: matrix.letter for name, matrix in GIVENS.items()},
    "q": "Q", "k": "K", "v": "V", "scores": "S", "scaled": r"\tilde S", "biased": r"\tilde S^B",
    "masked": r"\hat S", "tempered": r"\hat S_T", "row_max": "m", "shifted": "D", "exps": "E", "row_sums": "r",
    "weights": "A", "masked_weights": "A'", "output": "O", "projected": "Y", "residual": "X'",
}  # fmt: skip
NO_LETTER = re.compile(r"\\text\{[^}]*\}|\\(?:sum|max|min|infty|quad|top|sqrt\{d_k\})|e\^|_\{?[ij]+\}?|\^\\top")
LETTER = re.compile(r"\\(?:tilde|hat) S(?:\^B|_T)?|W_[QKVO]|[AX]'|[A-Za-z]")


def mentioned(formula):
    """The letters of matrices that a formula names."""
    return set(LETTER.findall(NO_LETTER.sub(" ", formula.replace(r"^\top", " "))))


@every_program
def test_a_formula_names_what_the_step_reads_and_makes(variant):
    for step in variant.program:
        expected = {LETTERS[name] for name in (step.name, *step.inputs)}
        if step.rule is rules.nothing:
            expected = {LETTERS[step.name]}
        for formula in filter(None, (step.formula, step.formula_t)):
            assert mentioned(formula) == expected, (step.name, formula)
            assert formula.count("{") == formula.count("}")


@every_program
def test_the_transposed_formula_swaps_indices(variant):
    """With tokens as columns, a cell ij becomes ji, or a product turns round."""
    for step in variant.program:
        if "_{ij}" in step.formula and step.formula_t:
            assert "_{ij}" not in step.formula_t
        if step.rule is rules.contract:
            assert step.formula_t
            assert step.formula_t != step.formula
        if "_{ij}" in step.formula and step.name != "exps":
            assert step.formula_t, step.name


# --- Transforms ------------------------------------------------------------------------------------------------------


def test_transforms_may_come_in_any_order():
    there = programs.tempered(programs.biased(masked(SELF_ATTENTION)))
    assert there == masked(programs.biased(programs.tempered(SELF_ATTENTION)))
    assert there == programs.biased(masked(programs.tempered(SELF_ATTENTION)))
    assert programs.steadied(there) == masked(programs.tempered(programs.biased(steadied(SELF_ATTENTION))))


def test_transforms_may_be_repeated():
    program = one_head(bias=True, temperature=True, steady=True)
    for transform in (masked, programs.biased, programs.tempered, steadied, programs.without_residual):
        once = transform(program)
        assert transform(once) == once


def test_switches_do_what_they_say():
    assert one_head() == masked(SELF_ATTENTION)
    assert "biased" in names(one_head(bias=True))
    assert "tempered" in names(one_head(temperature=True))
    assert "residual" not in names(one_head(residual=False))
    assert "c = 1" in find(one_head(scaled=False), "scaled").formula
    assert find(one_head(steady=True), "row_max").rule is rules.maximum
    assert names(one_head(ablation="masked_after")).index("masked_weights") == names(one_head()).index("weights")
    assert "masked" not in names(one_head(ablation="masked_after"))


@pytest.mark.parametrize("name", ABLATIONS)
def test_an_ablation_admits_that_it_is_one(name):
    sound = {step.says for step in one_head()}
    assert any(programs.MISTAKE in step.says for step in one_head(ablation=name) if step.says not in sound)


def test_an_unknown_ablation_is_refused():
    with pytest.raises(KeyError):
        one_head(ablation="no_such_slip")


def test_a_step_that_is_not_there():
    with pytest.raises(KeyError):
        find(SELF_ATTENTION, "masked")


def test_the_bias_of_one_is_a_factor_of_e():
    """A bias of ln b multiplies an exponential by b."""
    variant = Variant("bias", one_head(bias=True), bias=True)
    matrices = drawn(variant, FIXED, 1, blind=False)
    plain = run(variant.program, {**matrices, "bias": np.zeros((3, 3))}, {})["exps"].value
    boosted = run(variant.program, {**matrices, "bias": np.full((3, 3), log(9))}, {})["exps"].value
    np.testing.assert_allclose(boosted, 9 * plain, rtol=1e-12)
