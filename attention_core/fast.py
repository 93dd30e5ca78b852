"""Running a program many times without a trace: the same steps, planned once, for matrices of fixed sizes.

Vocabulary
    plan      a function of the step's inputs that computes what its rule does, with axes and sizes worked out before
    sentence  one text of a batch; `batched` puts an axis "batch" in front of all that differs between sentences
    groups    the axes of a product: kept in both (B), of the left alone (M), of the right alone (N), added up (S)

A trace checks every number and can explain each; a plan does neither, and is what training uses. Products become one
call of a matrix product, softmax works in place, and what only hands a matrix on does not copy it. That a plan makes
the same matrices as `run` is a law of the tests.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from attention_core import functions, moves, rules
from attention_core.programs.backward import softmaxes
from attention_core.programs.editing import lifted
from attention_core.rules import Axes
from attention_core.trace import Program, Step, givens

Values = dict[str, np.ndarray]
Plan = Callable[..., np.ndarray]


def batched(program: Program, own: Collection[str]) -> Program:
    """The program for a batch of sentences at once: the givens in `own` differ between them, all others are shared.

    A loss at its end is one number for the whole batch: the sum of what each sentence loses, as it is `counted`.
    """
    many = lifted(program, shared=[name for name in givens(program) if name not in own], axis="batch")
    if program[-1].parsed.output:
        return many
    return (*many[:-1], replace(many[-1], axes=many[-1].axes.rpartition("->")[0] + "-> ", meaning=program[-1].meaning))


def planned(program: Program, sizes: Mapping[str, int], wanted: Iterable[str]) -> Callable[[Mapping], Values]:
    """The program as a function from given matrices to the matrices `wanted`; sizes says how long every axis is.

    What no wanted matrix comes from is left out. Nothing is checked: numbers that overflow become infinite or NaN.
    """
    wanted = tuple(wanted)
    blocks = {name: block for name, block in softmaxes(program).items() if not block.inside & set(wanted)}
    needed, jobs = set(wanted), []
    for step in reversed(program):
        if step.name not in needed:
            continue
        if block := blocks.get(step.name):
            inputs, plan = (block.source,), _softmax(block.axes, step.parsed.inputs[1])
        else:
            inputs, plan = step.inputs, _plan(step, sizes)
        needed |= set(inputs)
        jobs.append((step.name, inputs, plan))
    jobs.reverse()

    def values(given: Mapping[str, np.ndarray]) -> Values:
        known = dict(given)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for name, inputs, plan in jobs:
                known[name] = plan(*[known[one] for one in inputs])
        return {name: known[name] for name in wanted}

    return values


# --- One step --------------------------------------------------------------------------------------------------------


def _plan(step: Step, sizes: Mapping[str, int]) -> Plan:
    axes, rule = step.parsed, step.rule
    if rule is rules.contract and len(axes.inputs) == 2:
        return _product(axes, sizes)
    if rule in (rules.hide, rules.blank) and axes.inputs[1] == axes.output[len(axes.output) - len(axes.inputs[1]) :]:
        return _hiding if rule is rules.hide else _blanking
    if rule is rules.total:
        lost = _lost(axes)
        return (lambda x: np.add.reduce(x, axis=lost)) if lost else (lambda x: x)
    if rule is functions.surprise:
        return _surprise(axes)
    if isinstance(rule, moves.Move | moves.Collect):
        return _move(step, sizes)
    if operation := getattr(rule.compute, "cell_by_cell", None):
        return _elementwise(axes, sizes, operation)
    if operation := getattr(rule.compute, "along", None):
        lost = _lost(axes)
        return lambda x: operation(x, axis=lost)
    return lambda *x: rule.compute(axes, *x)


def _lost(axes: Axes) -> tuple[int, ...]:
    return tuple(i for i, axis in enumerate(axes.inputs[0]) if axis not in axes.output)


def _elementwise(axes: Axes, sizes: Mapping[str, int], operation: Plan) -> Plan:
    ordered = all(of == tuple(axis for axis in axes.output if axis in of) for of in axes.inputs)
    if not ordered:
        return lambda *x: operation(*(rules.align(m, of, axes.output) for m, of in zip(x, axes.inputs, strict=True)))
    if all(of == axes.output[len(axes.output) - len(of) :] for of in axes.inputs):
        return operation
    shapes = [_shape([axis if axis in of else "" for axis in axes.output], sizes) for of in axes.inputs]
    return lambda *x: operation(*(m.reshape(shape) for m, shape in zip(x, shapes, strict=True)))


def _hiding(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return scores + np.where(mask, scores.dtype.type(0), scores.dtype.type(-np.inf))


def _blanking(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return x * mask.astype(x.dtype)


def _softmax(of: Sequence[str], rows: Sequence[str]) -> Plan:
    """Without subtracting the largest, which costs more than all the rest, unless a row's sum shows that it must be."""
    lost = tuple(i for i, axis in enumerate(of) if axis not in rows)

    def softmax(scores: np.ndarray) -> np.ndarray:
        if lost != (scores.ndim - 1,):
            return _shifted(scores, lost)
        shares = np.exp(scores)
        sums = _row_sums(shares)
        if not (sums.min() > _SMALL and sums.max() < np.inf):
            return _shifted(scores, lost)
        shares /= sums
        return shares

    return softmax


_SMALL = 1e-20  # below that, what is left of a row has lost digits


def _row_sums(x: np.ndarray) -> np.ndarray:
    """Sums along the last axis, [..., 1]: a product with ones is several times as fast as np.add.reduce."""
    return (x.reshape(-1, x.shape[-1]) @ np.ones((x.shape[-1], 1), x.dtype)).reshape(*x.shape[:-1], 1)


def _shifted(scores: np.ndarray, lost: tuple[int, ...]) -> np.ndarray:
    """Softmax of scores of any size; a row that may see nothing gets zeros."""
    top = np.maximum.reduce(scores, axis=lost, keepdims=True)
    shares = np.exp(scores - np.maximum(top, np.finfo(scores.dtype).min))
    shares /= np.maximum(np.add.reduce(shares, axis=lost, keepdims=True), np.finfo(scores.dtype).tiny)
    return shares


def _surprise(axes: Axes) -> Plan:
    if _lost(axes) != (len(axes.inputs[0]) - 1,):
        return lambda wanted, shares: functions.surprise.compute(axes, wanted, shares)

    def surprise(wanted: np.ndarray, shares: np.ndarray) -> np.ndarray:
        logs = np.log(shares, out=np.zeros_like(shares), where=wanted != 0)
        return -_row_sums(wanted * logs)[..., 0]

    return surprise


def _move(step: Step, sizes: Mapping[str, int]) -> Plan:
    """A move by an index that is made once; one that only turns or cuts the matrix is quicker as it is."""
    axes, rule = step.parsed, step.rule
    if rule.pattern == "stretch":
        return _elementwise(axes, sizes, lambda x, like: np.broadcast_to(x, like.shape))
    move = rule.move if isinstance(rule, moves.Collect) else rule
    if move.pattern != "relative":
        return lambda *x: rule.compute(axes, *x)
    table = axes.inputs[-1] if move is not rule else axes.inputs[0]
    places = moves.origins(move, [np.empty(_shape(table, sizes), bool)])
    if move is rule:
        return lambda x: x.ravel()[places]
    flat, many = places.ravel(), prod(_shape(table, sizes))
    return lambda made, x: np.bincount(flat, made.ravel(), many).astype(made.dtype).reshape(x.shape)


# --- Products --------------------------------------------------------------------------------------------------------


def _product(axes: Axes, sizes: Mapping[str, int]) -> Plan:
    """One call of a matrix product, [B M S] times [B S N], whatever the order of the axes."""
    (left, right), out = axes.inputs, axes.output
    both = tuple(axis for axis in out if axis in left and axis in right)
    m, n = (tuple(axis for axis in out if axis in one and axis not in both) for one in (left, right))
    s = tuple(axis for axis in left if axis in right and axis not in out)
    alone = {*left, *right} - {*both, *m, *n, *s}
    if alone or not s:
        return lambda a, b: rules.contract.compute(axes, a, b)
    first, second = _arranged(left, (both, m, s), sizes), _arranged(right, (both, s, n), sizes)
    made = (*both, *m, *n)
    shape = _shape(made, sizes)
    order = [made.index(axis) for axis in out]
    if order == sorted(order):
        return lambda a, b: (first(a) @ second(b)).reshape(shape)
    return lambda a, b: (first(a) @ second(b)).reshape(shape).transpose(order)


def length(axis: str, sizes: Mapping[str, int]) -> int:
    """How long an axis is; a merged one, "(head d_v)", as long as its parts multiplied; "" is no axis, and 1 long."""
    return prod(sizes[part] for part in axis.strip("()").split())


def _shape(axes: Sequence[str], sizes: Mapping[str, int]) -> list[int]:
    return [length(axis, sizes) for axis in axes]


def _arranged(of: Sequence[str], groups: Sequence[Sequence[str]], sizes: Mapping[str, int]) -> Plan:
    """A matrix with its axes in groups, [B first second], without copying where its order allows it."""
    lead, first, second = groups
    lengths = [prod(_shape(group, sizes)) for group in (first, second)]
    shape = _shape(lead, sizes)
    if tuple(of) == (*lead, *first, *second):
        shape += lengths
        return lambda x: x.reshape(shape)
    if tuple(of) == (*lead, *second, *first):
        shape += lengths[::-1]
        return lambda x: x.reshape(shape).swapaxes(-1, -2)
    order = [list(of).index(axis) for axis in (*lead, *first, *second)]
    shape += lengths
    return lambda x: x.transpose(order).reshape(shape)
