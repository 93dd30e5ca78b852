"""Gradients: from a program that ends in a loss, the program that says how the loss depends on every weight.

Vocabulary
    gradient   of a matrix: one number per cell, how fast the loss rises with that cell; "d_w_q" of "w_q", in formulas
               ∂W_Q, in layer 1 "layer1.d_w_q" of "layer1.w_q"
    backward   the steps that make the gradients, from the last matrix to the first; they read what the forward program
               made, so a trace of both holds each gradient beside its matrix
    place      where a step reads a matrix. One that is read in several places gets a part of its gradient from each:
               "d_x_by_q", "d_x_by_k", ...; and d_x is their sum
    handed on  an addition changes no gradient: both parts get the same
    block      steps whose gradient is simpler taken together: softmax, LayerNorm, softmax with cross-entropy

Each derivative stands here once for each rule of the core. The axes do the rest: of a product "a b, b c -> a c" both
gradients are products again, with the axes exchanged; what was stretched going forward is added up going back, and the
other way round. Source of the method: Rumelhart, Hinton & Williams 1986; of softmax's gradient as a row's dot product
and a broadcast, any textbook.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from attention_core import functions, moves, rules
from attention_core.programs.editing import identifier
from attention_core.programs.givens import Given, given_of
from attention_core.programs.products import (
    Operand,
    along,
    grouped,
    indexed,
    letter_of,
    product,
    stretched,
    summed,
    written,
)
from attention_core.rules import Rule
from attention_core.trace import Program, Step, givens

Names = tuple[str, ...]

_TRAINED = re.compile(r"w_\w+|b_\w+|gain|shift|table")


def trained(program: Program) -> Names:
    """The given matrices that training changes: weights, biases, gains, shifts, and biases by distance.

    Only those that the last matrix of the program depends on.
    """
    return tuple(name for name in givens(_needed(program)) if _is_trained(name))


def _is_trained(name: str) -> bool:
    return _TRAINED.fullmatch(name.rpartition(".")[2]) is not None


def gradient_name(name: str) -> str:
    """What the gradient of a matrix is called: "layer1.d_w_q" of "layer1.w_q"."""
    return beside(name, "d_" + name.rpartition(".")[2])


def beside(name: str, own: str) -> str:
    """A matrix called `own` in the layer of matrix `name`."""
    front, dot, _ = name.rpartition(".")
    return f"{front}{dot}{own}"


def backward(program: Program, wrt: Iterable[str] | None = None) -> Program:
    """The steps that make the gradients of the matrices `wrt` (all that are trained), to run after `program`.

    The last matrix of the program is the loss, one number. If it is no single number, its gradient is read as a given
    matrix: "d_residual". Raises ValueError when the end does not depend on one of `wrt`, or a derivative is not known.
    """
    wrt = trained(program) if wrt is None else tuple(wrt)
    places = _on_the_way(program, wrt)
    count = Counter(place.name for place in places)
    book = _Book(program)
    arrived: dict[str, list[Operand]] = {}
    steps: Program = ()
    for place in reversed(places):
        lone = count[place.name] == 1
        way = _Way(place, book, lone)
        found = place.through(way)
        steps += found
        parts = arrived.setdefault(place.name, [])
        parts.append(Operand(way.made, way.of, way.letter) if found else way.gradient)
        if not lone and len(parts) == count[place.name]:
            steps += (_gathered(book, place.name, parts),)
    return steps


# --- What is read where, on the way from the weights to the loss -----------------------------------------------------

Through = Callable[["_Way"], Program]


@dataclass(frozen=True)
class _Place:
    """Where `step` reads matrix `name`, under these axis names; `through` makes the gradient that comes from there."""

    name: str
    step: Step
    axes: Names
    through: Through


def _on_the_way(program: Program, wrt: Names) -> list[_Place]:
    """The places, in the order of the program, through which `wrt` reaches the last matrix."""
    places = _places(_needed(program))
    depends = set(wrt)
    for place in places:
        depends |= {place.step.name} if place.name in depends else set()
    reaches = {program[-1].name}
    for place in reversed(places):
        reaches |= {place.name} if place.step.name in reaches else set()
    for name in wrt:
        if name not in reaches:
            raise ValueError(f"{program[-1].name} does not depend on {name}, or not in a way that has a gradient")
    return [place for place in places if place.name in depends and place.step.name in reaches]


def _needed(program: Program) -> Program:
    """The steps that the last one comes from, and itself."""
    needed = {program[-1].name}
    for step in reversed(program):
        needed |= set(step.inputs) if step.name in needed else set()
    return tuple(step for step in program if step.name in needed)


def _places(program: Program) -> list[_Place]:
    """Every place where a step reads a matrix; of a block, only where it reads what goes in."""
    made = {step.name: step for step in program}
    blocks: dict[str, _Place] = {}
    inside: set[str] = set()
    for step in program:
        for find_block, through in _BLOCKS:
            block = find_block(step, made)
            if block and _closed(step.name, block, program):
                blocks[step.name] = _Place(block.source, step, block.axes, through)
                inside |= block.inside
    places: list[_Place] = []
    for step in program:
        if step.name in blocks and step.name not in inside:
            places.append(blocks[step.name])
        elif step.name not in inside:
            read = enumerate(zip(step.inputs, step.parsed.inputs, strict=True))
            places += [_Place(name, step, axes, partial(_through, slot=slot)) for slot, (name, axes) in read]
    return places


class Block(NamedTuple):
    """Steps that are taken together: the matrix that goes in, its axes there, and the steps before the last one."""

    source: str
    axes: Names
    inside: frozenset[str]


def softmaxes(program: Program) -> dict[str, Block]:
    """Every softmax of the program whose insides nobody else reads, by the name of the weights that it makes."""
    made = {step.name: step for step in program}
    found = {step.name: block for step in program if (block := _softmax(step, made))}
    return {name: block for name, block in found.items() if _closed(name, block, program)}


def _closed(name: str, block: Block, program: Program) -> bool:
    """Whether what is inside a block is read by its own steps only, the last of which is called `name`."""
    own = {*block.inside, name}
    return not any(block.inside.intersection(step.inputs) for step in program if step.name not in own)


def _softmax(step: Step, made: Mapping[str, Step]) -> Block | None:
    """Softmax, if `step` divides exponentials by their sums: from the scores, whatever is subtracted from them."""
    exps, sums = (made.get(name) for name in (*step.inputs, "", "")[:2])
    if step.rule is not rules.share or exps is None or sums is None:
        return None
    if exps.rule is not rules.exponentiate or sums.rule is not rules.total or sums.inputs != (exps.name,):
        return None
    source, inside = exps.inputs[0], {exps.name, sums.name}
    shifted = made.get(source)
    if shifted is not None and shifted.rule is rules.subtract:
        top = made.get(shifted.inputs[1])
        if top is not None and top.rule in (rules.nothing, rules.maximum) and top.inputs == shifted.inputs[:1]:
            source, inside = top.inputs[0], inside | {shifted.name, top.name}
    return Block(source, exps.parsed.inputs[0], frozenset(inside))


def _in_one(step: Step, made: Mapping[str, Step]) -> Block | None:
    """Softmax in one step; what is hidden has no share, and so no gradient."""
    return Block(step.inputs[0], step.parsed.inputs[0], frozenset()) if step.rule is functions.shares else None


def _foretold(step: Step, made: Mapping[str, Step]) -> Block | None:
    """Softmax and the cross-entropy of what it foretold: from the scores."""
    if step.rule is not functions.surprise or step.inputs[1] not in made:
        return None
    softmax = _softmax(made[step.inputs[1]], made)
    return softmax and softmax._replace(inside=softmax.inside | {step.inputs[1]})


def _norm(step: Step, made: Mapping[str, Step]) -> Block | None:
    """The division by the spread in a norm, if the spread is that of the very numbers that are divided."""
    spread = made.get(step.inputs[-1])
    if step.rule is not rules.divide or spread is None or spread.rule is not functions.root:
        return None
    variance = made.get(spread.inputs[0])
    if variance is None or variance.rule is not functions.mean_square or variance.inputs != step.inputs[:1]:
        return None
    return Block(step.inputs[0], step.parsed.inputs[0], frozenset({spread.name, variance.name}))


def _centring(step: Step, made: Mapping[str, Step]) -> Block | None:
    """The subtraction of a mean, if it is that of the very numbers that it is taken off."""
    mean = made.get(step.inputs[-1])
    if step.rule is not rules.subtract or mean is None or mean.rule is not functions.mean:
        return None
    if mean.inputs != step.inputs[:1]:
        return None
    return Block(step.inputs[0], step.parsed.inputs[0], frozenset({mean.name}))


# --- Names, letters and words ----------------------------------------------------------------------------------------

_DELTA = r"\delta"  # a row's mean gradient


class _Book:
    """What a forward program says of its matrices: letters, axes, titles, and where a cell sits in words."""

    def __init__(self, program: Program):
        self.made = {step.name: step for step in program}
        self.given = givens(program)
        self.end = program[-1].name

    def axes(self, name: str) -> Names:
        return self.made[name].parsed.output if name in self.made else self.given[name]

    def letter(self, name: str) -> str:
        return letter_of(self.made[name]) if name in self.made else _given(name).letter

    def title(self, name: str) -> str:
        return self.made[name].title if name in self.made else _given(name).title

    def meaning(self, name: str, axes: Names) -> str:
        """Where a cell of the matrix sits, with the axes called as they are at one place."""
        if name in self.made:
            own, text = self.axes(name), self.made[name].meaning
        else:
            about = _given(name)
            text, own = about.meaning, about.axes
        for old, new in zip(reversed(own), reversed(axes), strict=False):
            text = text.replace(f"{{{old}}}", f"{{{new}}}")
        extra = axes[: max(0, len(axes) - len(own))]
        return text + "".join(f", in {axis} {{{axis}}}" for axis in extra)


def _given(name: str) -> Given:
    try:
        return given_of(name)
    except KeyError:
        return Given(rf"\text{{{name}}}", name, (), f"a cell of {name}")


@dataclass(frozen=True)
class _Way:
    """The way back through one place: what comes in, what is to be made, and how both are spoken of."""

    place: _Place
    book: _Book
    lone: bool

    @property
    def step(self) -> Step:
        return self.place.step

    @property
    def of(self) -> Names:
        """The axes of what is to be made, as the step calls them."""
        return self.place.axes

    @property
    def ends(self) -> bool:
        """Whether the step makes the loss itself, whose gradient is 1."""
        return self.step.name == self.book.end and not self.step.parsed.output

    @property
    def into(self) -> str:
        return gradient_name(self.step.name)

    @property
    def made(self) -> str:
        """The name of the gradient that is to be made here, whole or in part."""
        whole = gradient_name(self.place.name)
        if self.lone:
            return whole
        here = self.step.name.removeprefix(beside(self.place.name, ""))
        twice = self.step.inputs.count(self.place.name) > 1
        return f"{whole}_by_{identifier(here)}" + (f"_{self.place.through.keywords['slot'] + 1}" if twice else "")

    @property
    def letter(self) -> str:
        by = "" if self.lone else f"_{grouped(self.book.letter(self.step.name))}"
        return rf"\partial{by} {self.book.letter(self.place.name)}"

    def matrix(self, name: str, axes: Names) -> Operand:
        """A matrix of the forward program."""
        return Operand(name, axes, self.book.letter(name))

    @property
    def gradient(self) -> Operand:
        """The gradient that comes in."""
        return Operand(self.into, self.step.parsed.output, rf"\partial {self.book.letter(self.step.name)}")

    def makes(
        self, code: str, inputs: Names, axes: Sequence[Names], rule: Rule, says: str, formula: str, formula_t: str = ""
    ) -> Step:
        """The step that makes the gradient of this place."""
        title = f"gradient: {self.book.title(self.place.name)}"
        if not self.lone:
            title += f", by way of: {self.book.title(self.step.name)}"
        meaning = f"how fast the loss rises with {self.book.meaning(self.place.name, self.of)}"
        if not self.lone:
            meaning += ", on this way"
        groups = ", ".join(" ".join(group) for group in axes)
        return Step(self.made, formula, f"{identifier(self.made)} = {code}", inputs, f"{groups} -> {' '.join(self.of)}",
                    rule, title, says, meaning, formula_t)  # fmt: skip

    def multiplied(self, a: Operand, b: Operand, says: str) -> Step:
        """The step for a product of a and b, added up over the axes that the gradient lacks."""
        lacking = [axis for axis in self.of if axis not in (*a.axes, *b.axes)]
        if lacking:
            raise ValueError(f"no gradient is known for {self.place.name} in step {self.step.name!r}: it would have to "
                             f"be repeated along {', '.join(lacking)}")  # fmt: skip
        inner = {*a.axes, *b.axes} - set(self.of)
        rule = rules.contract if inner else rules.times
        return self.makes(product(a, b, self.of), (a.name, b.name), (a.axes, b.axes), rule, says,
                          *written(self.letter, a, b, self.of))  # fmt: skip


def _gathered(book: _Book, name: str, parts: Sequence[Operand]) -> Step:
    """The whole gradient of a matrix that is read in several places."""
    whole, axes = gradient_name(name), book.axes(name)
    group = " ".join(axes)
    return Step(
        whole, rf"\partial {book.letter(name)} = " + " + ".join(part.letter for part in parts),
        f"{identifier(whole)} = {' + '.join(identifier(part.name) for part in parts)}",
        tuple(part.name for part in parts), f"{', '.join([group] * len(parts))} -> {group}", rules.add,
        f"gradient: {book.title(name)}", "It was read in several places: what comes back from each is added up.",
        f"how fast the loss rises with {book.meaning(name, axes)}",
    )  # fmt: skip


# --- Derivatives, a rule at a time -----------------------------------------------------------------------------------


def _through(way: _Way, slot: int) -> Program:
    """Back through one input of an ordinary step."""
    rule = way.step.rule
    if isinstance(rule, moves.Move):
        return _through_move(way, slot)
    if rule in _SLOPES:
        return _through_slope(way)
    known = _DERIVATIVES.get((rule, slot)) or _DERIVATIVES.get((rule, None))
    if known is None:
        raise ValueError(f"no gradient is known for {way.place.name} in step {way.step.name!r}")
    return known(way, slot)


def _other(way: _Way, slot: int) -> Operand:
    """The other factor of a product of two."""
    if len(way.step.inputs) != 2:
        raise ValueError(f"no gradient is known through a product of {len(way.step.inputs)}: step {way.step.name!r}")
    return way.matrix(way.step.inputs[1 - slot], way.step.parsed.inputs[1 - slot])


def _through_product(way: _Way, slot: int) -> Program:
    other = _other(way, slot)
    if way.ends:
        return _as_it_counts(way, other)
    if _is_trained(way.place.name):
        says = ("What the weights were multiplied by going forward, times the gradient of what came out, "
                "added up over all tokens.")  # fmt: skip
    else:
        says = "The gradient of the product, handed back through the other factor."
    first = (way.gradient, other) if slot == 0 else (other, way.gradient)
    return (way.multiplied(*first, says),)


def _as_it_counts(way: _Way, other: Operand) -> Program:
    """The loss is a weighed sum: the gradient of each part is its weight."""
    if other.axes != way.of:
        raise ValueError(f"the loss {way.step.name!r} must weigh {way.place.name} cell by cell to have a gradient")
    says = "The loss is a sum in which each part counts so much: its gradient is just that."
    return (way.makes(identifier(other.name), (other.name,), (other.axes,), rules.handed, says,
                      f"{way.letter} = {other.letter}"),)  # fmt: skip


def _through_times(way: _Way, slot: int) -> Program:
    return (way.multiplied(way.gradient, _other(way, slot), "What it was multiplied by multiplies its gradient, too."),)


def _through_add(way: _Way, slot: int) -> Program:
    made = way.gradient
    lost = [axis for axis in made.axes if axis not in way.of]
    if lost:
        says = "Going forward it was added to all of these; going back, what comes from all of them is added up."
        formula = f"{indexed(way.letter, way.of)} = {summed(lost)}{indexed(made.letter, made.axes)}"
        return (way.makes(f"{identifier(made.name)}.sum{along(lost, made.axes)}", (made.name,), (made.axes,),
                          rules.total, says, formula),)  # fmt: skip
    if not way.lone:
        return ()
    says = "An addition hands its gradient on, as it is, to each of its parts."
    return (way.makes(identifier(made.name), (made.name,), (made.axes,), rules.handed, says,
                      f"{way.letter} = {made.letter}"),)  # fmt: skip


def _through_subtraction(way: _Way, slot: int) -> Program:
    made = way.gradient
    lost = [axis for axis in made.axes if axis not in way.of]
    says = "What is taken off has the same gradient with the other sign" + (", added up." if lost else ".")
    code = f"-{identifier(made.name)}" + (f".sum{along(lost, made.axes)}" if lost else "")
    formula = f"{indexed(way.letter, way.of)} = -{summed(lost)}{indexed(made.letter, made.axes)}"
    return (way.makes(code, (made.name,), (made.axes,), rules.minus_total, says, formula),)


def _through_total(way: _Way, slot: int) -> Program:
    made = way.gradient
    kept = tuple(way.of.index(axis) for axis in made.axes)
    lost = tuple(i for i in range(len(way.of)) if i not in kept)
    says = "Each part of a sum has the gradient of the sum."
    x = way.place.name
    code = f"np.broadcast_to({stretched(made.name, made.axes, way.of)}, {identifier(x)}.shape)"
    formula = f"{indexed(way.letter, way.of)} = {indexed(made.letter, made.axes)}"
    if not lost:
        return _through_add(way, slot)
    return (way.makes(code, (made.name, x), (made.axes, way.of), moves.stretch(kept), says, formula),)


def _through_division(way: _Way, slot: int) -> Program:
    made = way.gradient
    whole = way.matrix(way.step.inputs[1], way.step.parsed.inputs[1])
    divisor = indexed(whole.letter, whole.axes)
    if slot == 0:
        code = f"{identifier(made.name)} / {stretched(whole.name, whole.axes, way.of)}"
        if way.step.rule is rules.share:
            word = f"np.where({identifier(whole.name)} > 0, {identifier(whole.name)}, 1)"
            code = f"{identifier(made.name)} / {word}" + stretched("", whole.axes, way.of)
        formula = (
            f"{indexed(way.letter, way.of)} = {indexed(made.letter, way.of)} / {indexed(whole.letter, whole.axes)}"
        )
        says = "What it was divided by divides its gradient, too."
        return (way.makes(code, (made.name, whole.name), (made.axes, whole.axes), way.step.rule, says, formula),)
    dots = _row_dots(way, whole.axes)
    word = identifier(whole.name)
    guarded = f"np.where({word} != 0, {word}, 1)" if way.step.rule is rules.share else word
    formula = f"{indexed(way.letter, way.of)} = -{indexed(_DELTA, way.of)} / " + divisor
    return (
        dots,
        way.makes(
            f"-{identifier(dots.name)} / {guarded}", (dots.name, whole.name), (way.of, way.of), functions.minus_share,
            "The larger the divisor, the smaller every share: each takes its part of the gradient away.", formula,
        ),
    )  # fmt: skip


def _row_dots(way: _Way, axes: Names) -> Step:
    """The sum, over each row, of every cell times its gradient."""
    made = way.gradient
    value = way.matrix(way.step.name, way.step.parsed.output)
    name = beside(way.step.name, "row_dots")
    return Step(
        name, written(_DELTA, made, value, axes)[0], f"{identifier(name)} = {product(made, value, axes)}",
        (made.name, value.name), f"{' '.join(made.axes)}, {' '.join(value.axes)} -> {' '.join(axes)}", rules.contract,
        "gradient along the row", "Each cell of a row times its gradient, added up: their mean, if cells are shares.",
        "the mean gradient of the row" + "".join(f", {axis} {{{axis}}}" for axis in axes),
    )  # fmt: skip


def _through_hiding(way: _Way, slot: int) -> Program:
    made = way.gradient
    mask = way.matrix(way.step.inputs[1], way.step.parsed.inputs[1])
    code = f"np.where({identifier(mask.name)}, {identifier(made.name)}, 0)"
    cell, sight = indexed(made.letter, made.axes), indexed(mask.letter, mask.axes)
    formula = rf"{indexed(way.letter, way.of)} = {cell} \text{{ if }} {sight} = 1 \text{{, else }} 0"
    says = "What was hidden had no effect on the loss: its gradient is 0."
    return (way.makes(code, (made.name, mask.name), (made.axes, mask.axes), rules.blank, says, formula),)


def _through_exp(way: _Way, slot: int) -> Program:
    value = way.matrix(way.step.name, way.step.parsed.output)
    return (way.multiplied(way.gradient, value, "exp is its own slope: the gradient is multiplied by exp itself."),)


def _through_logarithm(way: _Way, slot: int) -> Program:
    made, x = way.gradient, way.matrix(way.place.name, way.of)
    formula = f"{indexed(way.letter, way.of)} = {indexed(made.letter, way.of)} / {indexed(x.letter, way.of)}"
    says = "The slope of the logarithm at x is 1/x."
    return (way.makes(f"{identifier(made.name)} / {identifier(x.name)}", (made.name, x.name), (way.of, way.of),
                      rules.divide, says, formula),)  # fmt: skip


def _through_square(way: _Way, slot: int) -> Program:
    made, x = way.gradient, way.matrix(way.place.name, way.of)
    formula = rf"{indexed(way.letter, way.of)} = 2 \, {indexed(made.letter, way.of)} \, {indexed(x.letter, way.of)}"
    return (way.makes(f"2 * {identifier(made.name)} * {identifier(x.name)}", (made.name, x.name), (way.of, way.of),
                      functions.twice, "The slope of x² is 2x.", formula),)  # fmt: skip


def _through_rotation(way: _Way, slot: int) -> Program:
    factor = way.matrix(way.step.inputs[slot + 1], way.step.parsed.inputs[slot + 1])
    return (way.multiplied(way.gradient, factor, "What it was multiplied by multiplies its gradient, too."),)


_DERIVATIVES: Mapping[tuple[Rule, int | None], Callable[[_Way, int], Program]] = {
    (rules.contract, None): _through_product,
    (rules.times, None): _through_times,
    (rules.add, None): _through_add,
    (rules.subtract, 0): _through_add,
    (rules.subtract, 1): _through_subtraction,
    (rules.total, None): _through_total,
    (rules.divide, None): _through_division,
    (rules.share, None): _through_division,
    (functions.temper, None): _through_division,
    (rules.hide, 0): _through_hiding,
    (rules.blank, 0): _through_hiding,
    (rules.exponentiate, 0): _through_exp,
    (functions.logarithm, 0): _through_logarithm,
    (functions.square, 0): _through_square,
    (functions.rotate, 0): _through_rotation,
    (functions.rotate, 2): _through_rotation,
}

# The slope of a function of one number: its rule, its formula at x = P, its NumPy line for x. A cap reads what it made.
_SLOPES: Mapping[Rule, tuple[Rule, str, str]] = {
    functions.gelu: (
        functions.gelu_slope, r"\Phi(P) + P\,\phi(P)",
        "(1 + erf({x} / 2**0.5)) / 2 + {x} * np.exp(-({x}**2) / 2) / (2 * np.pi) ** 0.5",
    ),
    functions.gelu_tanh: (
        functions.gelu_tanh_slope, r"\tfrac12 (1 + \tanh(\dots)) + \dots",
        "(1 + {t} + {x} * (1 - {t}**2) * (2 / np.pi) ** 0.5 * (1 + 0.134145 * {x}**2)) / 2",
    ),
    functions.relu: (
        functions.relu_slope, r"1 \text{ if } P \text{ is above } 0 \text{, else } 0", "np.where({x} > 0, 1.0, 0.0)",
    ),
    functions.positive: (
        functions.positive_slope, r"1 \text{ if } P \text{ is above } 0 \text{, else } \exp(P)",
        "np.where({x} > 0, 1.0, np.exp(np.minimum({x}, 0)))",
    ),
    functions.cap: (functions.cap_slope, r"1 - (P / C)^2", "1 - ({y} / {c}) ** 2"),
}  # fmt: skip
_TANH = "np.tanh((2 / np.pi) ** 0.5 * ({x} + 0.044715 * {x}**3))"


def _through_slope(way: _Way) -> Program:
    """Through a function that works number by number: its slope there, times the gradient."""
    step, capped = way.step, way.step.rule is functions.cap
    rule, formula, code = _SLOPES[step.rule]
    read = (step.name, step.inputs[1]) if capped else step.inputs
    word = {"x": identifier(step.inputs[0]), "y": identifier(step.name), "c": identifier(step.inputs[-1])}
    line = code.replace("{t}", _TANH).format(**word)
    letter = way.book.letter(step.name if capped else step.inputs[0])
    name = f"{step.name}_slopes"
    axes = " ".join(step.parsed.output)
    slopes = Step(
        name, rf"{grouped(way.book.letter(step.name))}' = " + re.sub(r"\bP\b", lambda _: letter, formula),
        f"{identifier(name)} = {line}", read, f"{axes}{', ' if capped else ''} -> {axes}", rule,
        f"slopes: {step.title}", "How fast the function rises at each of these numbers.",
        f"the slope at {step.meaning}",
    )  # fmt: skip
    slope = Operand(name, step.parsed.output, f"{grouped(way.book.letter(step.name))}'")
    says = "The gradient is multiplied by the slope of the function, number by number."
    return (slopes, way.multiplied(way.gradient, slope, says))


# --- Derivatives of blocks -------------------------------------------------------------------------------------------


def _through_softmax(way: _Way) -> Program:
    """Softmax in three steps: the mean gradient of each row, the gradient above it, and that times the weights."""
    weights, made = way.matrix(way.step.name, way.of), way.gradient
    rows = way.of[:-1]
    dots = _row_dots(way, rows)
    name = beside(way.step.name, "d_relative")
    every = " ".join(way.of)
    relative = Step(
        name, f"{indexed('R', way.of)} = {indexed(made.letter, way.of)} - {indexed(_DELTA, rows)}",
        f"{identifier(name)} = {identifier(made.name)} - {stretched(dots.name, rows, way.of)}",
        (made.name, dots.name), f"{every}, {' '.join(rows)} -> {every}", rules.subtract,
        "gradient above the row’s mean",
        "A row of weights always sums to 1: only what raises the loss more than the mean of its row counts against it.",
        f"by how much the gradient of {way.step.meaning} exceeds the mean of its row",
    )  # fmt: skip
    says = "A score moves its weight in proportion to that weight: what takes little can change little."
    return (dots, relative, way.multiplied(weights, Operand(name, way.of, "R"), says))


def _through_surprise(way: _Way) -> Program:
    """Softmax and cross-entropy together: what was foretold, minus what should have been."""
    wanted, shares = (way.matrix(name, way.of) for name in way.step.inputs)
    name = beside(shares.name, "excess")
    every = " ".join(way.of)
    excess = Step(
        name, f"R = {shares.letter} - {wanted.letter}",
        f"{identifier(name)} = {identifier(shares.name)} - {identifier(wanted.name)}", (shares.name, wanted.name),
        f"{every}, {every} -> {every}", rules.subtract,
        "excess", "What softmax gave, minus what it should have given.",
        f"how much too large is {way.book.meaning(shares.name, way.of)}",
    )  # fmt: skip
    says = "The logarithm undoes softmax: the gradient of a score is the excess, as much as its row counts."
    return (excess, way.multiplied(Operand(name, way.of, "R"), way.gradient, says))


def _through_norm(way: _Way) -> Program:
    """The division by the spread: the part of the gradient along the normed vector has no effect, and is taken off."""
    made, normed = way.gradient, way.matrix(way.step.name, way.of)
    spread = way.matrix(way.step.inputs[1], way.step.parsed.inputs[1])
    dots, part, across = (beside(way.step.name, own) for own in ("normed_dots", "d_along", "d_across"))
    every, row = " ".join(way.of), " ".join(spread.axes)
    rest = [axis for axis in way.of if axis not in spread.axes]
    cell, gradient = indexed(normed.letter, way.of), indexed(made.letter, way.of)
    dot = indexed(_DELTA, spread.axes)
    words = {name: identifier(name) for name in (dots, part, across)}
    return (
        Step(
            dots, rf"{dot} = \text{{mean}}_{grouped(indexed('x', rest)[2:])}\, {gradient} \, {cell}",
            f"{words[dots]} = ({identifier(made.name)} * {identifier(normed.name)}).mean{along(rest, way.of)}",
            (made.name, normed.name), f"{every}, {every} -> {row}", functions.mean_product,
            "gradient along the normed features", "How much the gradient points along the normed vector itself.",
            "how much the gradient points along the features" + "".join(f" of {{{axis}}}" for axis in spread.axes),
        ),
        Step(
            part, f"{indexed('P', way.of)} = {cell} \\, {dot}",
            f"{words[part]} = {identifier(normed.name)} * {stretched(dots, spread.axes, way.of)}", (normed.name, dots),
            f"{every}, {row} -> {every}", rules.times,
            "part along the normed features", "Longer or shorter makes no difference: the norm divides it out again.",
            f"the part of the gradient that has no effect, in {way.step.meaning}",
        ),
        Step(
            across, f"{indexed('R', way.of)} = {gradient} - {indexed('P', way.of)}",
            f"{words[across]} = {identifier(made.name)} - {words[part]}", (made.name, part),
            f"{every}, {every} -> {every}", rules.subtract,
            "part across", "What is left of the gradient: the part that turns the vector.",
            f"the part of the gradient that has an effect, in {way.step.meaning}",
        ),
        way.makes(
            f"{words[across]} / {stretched(spread.name, spread.axes, way.of)}", (across, spread.name),
            (way.of, spread.axes), rules.divide, "What it was divided by divides its gradient, too.",
            f"{indexed(way.letter, way.of)} = {indexed('R', way.of)} / {indexed(spread.letter, spread.axes)}",
        ),
    )  # fmt: skip


def _through_centring(way: _Way) -> Program:
    """Taking off the mean: the gradient's own mean is taken off, for moving all features alike changes nothing."""
    made = way.gradient
    row = way.step.parsed.inputs[1]
    name = beside(way.step.name, "d_mean")
    lost = [axis for axis in way.of if axis not in row]
    gradient = indexed(made.letter, way.of)
    mean = Step(
        name, rf"{indexed('m', row)} = \text{{mean}}_{grouped(indexed('x', lost)[2:])}\, {gradient}",
        f"{identifier(name)} = {identifier(made.name)}.mean{along(lost, way.of)}", (made.name,),
        f"{' '.join(way.of)} -> {' '.join(row)}", functions.mean,
        "mean gradient", "The mean of the gradient over the features of each token.",
        "the mean gradient" + "".join(f" of {{{axis}}}" for axis in row),
    )  # fmt: skip
    code = f"{identifier(made.name)} - {stretched(name, row, way.of)}"
    formula = f"{indexed(way.letter, way.of)} = {gradient} - {indexed('m', row)}"
    says = "Raising all features alike changes nothing, since their mean is taken off: so is that part here."
    return (mean, way.makes(code, (made.name, name), (way.of, row), rules.subtract, says, formula))


_BLOCKS = (
    (_softmax, _through_softmax),
    (_in_one, _through_softmax),
    (_foretold, _through_surprise),
    (_norm, _through_norm),
    (_centring, _through_centring),
)


# --- Moves -----------------------------------------------------------------------------------------------------------


def _through_move(way: _Way, slot: int) -> Program:
    made, step = way.gradient, way.step
    says = "Each number goes back to where it had come from; what had gone to several places is added up."
    formula = f"{way.letter} = " + rf"\text{{back from }} {made.letter}"
    inputs, axes = (made.name, *step.inputs), (made.axes, *step.parsed.inputs)
    return (way.makes(_moved_back(step, slot, made.name), inputs, axes, moves.collect(step.rule, slot), says, formula),)


def _moved_back(step: Step, slot: int, gradient: str) -> str:
    """The NumPy line that undoes a move, by the name of its pattern."""
    d, x = identifier(gradient), identifier(step.inputs[slot])
    if step.rule.pattern == "append":
        before = " + ".join(f"{identifier(name)}.shape[-2]" for name in step.inputs[:slot])
        stop = " + ".join(filter(None, (before, f"{x}.shape[-2]")))
        return f"{d}[..., {before} : {stop}, :]" if before else f"{d}[..., :{stop}, :]"
    if step.rule.pattern == "part":
        start, stop = re.search(r"\[(\d+):(\d+)\]$", step.code).groups()
        return f"np.pad({d}, [({start}, len({x}) - {stop}), (0, 0)])"
    if step.rule.pattern == "pair":
        return step.code.partition(" = ")[2].replace(x, d)
    if step.rule.pattern == "relative":
        places = step.code.partition("[..., ")[2].removesuffix("]")
        return f"({d}[..., None] * (({places})[..., None] == np.arange({x}.shape[-1]))).sum(axis=(-3, -2))"
    return {
        "split": f"{d}.swapaxes(0, 1).reshape({x}.shape)",
        "merge": f"{d}.reshape(len({d}), len({x}), -1).swapaxes(0, 1)",
        "repeat": f"{d}.reshape(len({x}), -1, *{x}.shape[1:]).sum(axis=1)",
    }[step.rule.pattern]
