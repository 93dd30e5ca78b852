"""The laws that hold for every step of every program: what the tests of one head and of all other programs share.

Vocabulary
    cells     every cell of every matrix that a run made
    movers    for each cell that a step may read, the cells of its output that move when it is replaced
    readers   for each cell that a step may read, the cells of its output that say they read it
"""

import re
from dataclasses import replace
from math import cos, erf, exp, inf, isfinite, isnan, log, pi, sin, sqrt, tanh

import numpy as np

from attention_core.numerals import decimal
from attention_core.rules import Term


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def cells(trace):
    """Every cell of every matrix that a run made."""
    return ((made, at) for made in trace.values() for at in np.ndindex(made.value.shape))


# --- A cell explains its value ---------------------------------------------------------------------------------------


def explains(made, at, tolerance):
    """The explained value is the value, as far as the cells that were read allow."""
    cell, value = made.explain(at), made.value[at].item()
    if isfinite(value):
        slack = sum(abs(t.value) for t in cell.terms if isfinite(t.value))
        assert abs(cell.value - value) <= tolerance * slack, (made.name, at)
    else:
        assert not isnan(value)
        assert cell.value == value, (made.name, at)


def names_its_cells(trace, made, cell):
    """The terms are the cells read, slot by slot, with their values."""
    slots = zip(made.step.inputs, cell.reads, strict=True)
    assert [(t.name, t.at) for t in cell.terms] == [(name, at) for name, read in slots for at in read]
    assert all(term.value == trace.matrix(term.name).value[term.at] for term in cell.terms)


def writes_every_operand(cell):
    assert all(decimal(term.value) in cell.text for term in cell.terms)
    used = {piece for piece in cell.pieces if isinstance(piece, Term)}
    left_out = [term for term in cell.terms if term not in used]
    assert all(term.value == 0 for term in left_out), "only the share of an empty sum leaves its part out"
    assert used <= set(cell.terms)


_SIGNS = str.maketrans({"×": "*", "−": "-", "∞": "inf"})
_KNOWN = {
    "exp": exp, "max": lambda *x: max(x), "inf": inf, "cos": cos, "sin": sin, "tanh": tanh, "erf": erf,
    "sqrt": sqrt, "ln": log, "pi": pi, "largest": lambda k, *x: sorted(x)[-min(k, len(x))],
}  # fmt: skip


def evaluated(text):
    """The number that a written-out sum says; brackets after a single number say why, and so does a "where"."""
    text = text.partition(", where ")[0]
    if text.startswith("number "):  # number 3 by size of 1, 5, 2
        k, _, row = text.removeprefix("number ").partition(" by size of ")
        text = f"largest({k}, {row})"
    elif not text.startswith("max("):
        text = re.sub(r"^(\S+) \(.*", r"\1", text)
    text = text.replace("²", "**2").replace("³", "**3")
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    return eval(text.translate(_SIGNS), dict(_KNOWN))


def explains_in_writing(trace):
    """For every cell: its terms are what it reads, all are written, and the arithmetic says the value."""
    for made, at in cells(trace):
        cell = made.explain(at)
        names_its_cells(trace, made, cell)
        writes_every_operand(cell)
        close(evaluated(cell.written(repr)), made.value[at])


# --- A cell moves with what it reads, and with nothing else ----------------------------------------------------------


def replacements(old):
    """What may stand in a cell instead of `old`."""
    if old.dtype == bool:
        return (~old,)
    return tuple(new for new in (old + 0.37, old - 0.37, -old, 1000.0, -1000.0) if isfinite(new))


def _again(made, inputs):
    """The step on other inputs; None where it refuses them, as a temperature below 0."""
    try:
        with np.errstate(over="ignore"):
            return made.step.rule.compute(made.step.parsed, *inputs)
    except (ValueError, FloatingPointError):
        return None


def movers(made):
    """(slot, cell of that input) -> the cells of `made` that move when it is replaced, as an array of booleans."""
    found = {}
    for slot, matrix in enumerate(made.inputs):
        for cell in np.ndindex(matrix.shape):
            moved = np.zeros(made.value.shape, bool)
            for new in replacements(matrix[cell]):
                inputs = [np.array(other) for other in made.inputs]  # copies; a single number becomes an array, too
                inputs[slot][cell] = new
                if (again := _again(made, inputs)) is not None:
                    moved |= (again != made.value) & ~(np.isnan(again) & np.isnan(made.value))
            found[slot, cell] = moved
    return found


def readers(made):
    """(slot, cell of that input, cell of `made`) for everything that every cell of `made` reads."""
    return {
        (slot, cell, at)
        for at in np.ndindex(made.value.shape)
        for slot, cells in enumerate(made.explain(at).reads)
        for cell in cells
    }


def moved_ones(made):
    found = movers(made)
    return {(*source, tuple(map(int, at))) for source, moved in found.items() for at in np.argwhere(moved)}


def _shaken(made, seed):
    """The same step on inputs a little off, so that what a program always makes 0 (a distance from itself) is not."""
    noise = np.random.default_rng(seed).normal(size=64)
    noisy = (x if x.dtype == bool else x + np.resize(noise, x.shape).astype(x.dtype) for x in made.inputs)
    inputs = tuple(map(np.asarray, noisy))  # a sum of two 0-d arrays is no array
    value = _again(made, inputs)
    return made if value is None else replace(made, inputs=inputs, value=value)


def reads_are_exact(traces, chosen):
    """Over these traces of one program: a step named in `chosen` moves with what it reads, and with nothing else."""
    still = {}
    for draw, trace in enumerate(traces):
        for name in chosen:
            made = _shaken(trace[name], draw) if draw % 2 else trace[name]
            reads, moves = readers(made), moved_ones(made)
            assert moves <= reads, f"{name} moved with something that it does not read: {moves - reads}"
            old_reads, old_moves = still.get(name, (set(), set()))
            still[name] = (old_reads | reads, old_moves | moves)
        if all(reads == moves for reads, moves in still.values()):
            break
    assert {name: reads - moves for name, (reads, moves) in still.items() if reads - moves} == {}


def kind_of(step):
    """What decides how a step computes and reads: steps of the same kind need to be tried once only."""
    return step.rule, step.axes


def first_of_a_kind(programs):
    """For each of these (key, program): the names of the steps of which no earlier program has the like."""
    known, found = set(), {}
    for key, program in programs:
        fresh = [step for step in program if kind_of(step) not in known]
        known |= {kind_of(step) for step in fresh}
        found[key] = tuple({kind_of(step): step.name for step in fresh}.values())
    return found
