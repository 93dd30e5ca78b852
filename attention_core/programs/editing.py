"""Programs are data: how steps are found, exchanged, inserted, renamed, and given another axis.

Vocabulary
    stage     a form of the scores before softmax, in the order of BEFORE_SOFTMAX; softmax reads the last one
    rewired   a step that reads one matrix where it read another; its formula and its NumPy line follow
    prefixed  a program whose steps and weights belong to a layer or a tile: "layer1.scores", in code layer1_scores
    lifted    a program with one more axis in front: every head does the same
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from attention_core.trace import Program, Step, givens

# The stages a score may pass through before softmax, in order; softmax reads the last one that a program has.
BEFORE_SOFTMAX = ("scores", "scaled", "biased", "capped", "masked", "tempered")
_LETTERS = {
    "scores": "S", "scaled": r"\tilde S", "biased": r"\tilde S^B", "capped": r"\tilde S^C", "masked": r"\hat S",
    "tempered": r"\hat S_T", "raised": "S^a",
}  # fmt: skip


def names(program: Sequence[Step]) -> tuple[str, ...]:
    return tuple(step.name for step in program)


def find(program: Sequence[Step], name: str) -> Step:
    """The step of this name. Raises KeyError when the program has none."""
    return {step.name: step for step in program}[name]


def exchanged(program: Program, *new: Step) -> Program:
    """The program with these steps instead of those of the same names."""
    by_name = {step.name: step for step in new}
    return tuple(by_name.get(step.name, step) for step in program)


def identifier(name: str) -> str:
    """The name of a matrix in a NumPy line: "layer1.scores" is layer1_scores."""
    return name.replace(".", "_")


_X = re.compile(r"(?<![\\\w])X(?![\w'])")  # the embeddings in a formula, and not X' or X_C


def written(step: Step, x: str, letter: str) -> Step:
    """The step with this letter for X in its formulas, if it reads matrix x."""
    if x not in step.inputs:
        return step
    formula, formula_t = (_X.sub(letter, text) for text in (step.formula, step.formula_t))
    return replace(step, formula=formula, formula_t=formula_t)


# --- Stages before softmax -------------------------------------------------------------------------------------------


def rewired(step: Step, old: str, new: str) -> Step:
    """The step reading stage `new` where it read `old`; its formula and its NumPy line follow."""
    letters = (f"{{{_LETTERS[old]}}}", f"{{{_LETTERS[new]}}}")
    return replace(
        step,
        inputs=tuple(new if name == old else name for name in step.inputs),
        formula=step.formula.replace(*letters),
        formula_t=step.formula_t.replace(*letters),
        code=re.sub(rf"\b{old}\b", new, step.code),
    )


def without_stage(program: Program, name: str) -> Program:
    """The program without this stage; what read it reads the one before."""
    if name not in names(program):
        return program
    before = find(program, name).inputs[0]
    kept = (step for step in program if step.name != name)
    return tuple(rewired(step, name, before) if name in step.inputs else step for step in kept)


def with_stage(program: Program, new: Step) -> Program:
    """Insert a stage before softmax at its place in BEFORE_SOFTMAX, instead of the one of its name if there is one."""
    program = without_stage(program, new.name)
    earlier = BEFORE_SOFTMAX[: BEFORE_SOFTMAX.index(new.name)]
    last = [name for name in names(program) if name in earlier][-1]
    at = names(program).index(last) + 1
    new = like(program, rewired(new, new.inputs[0], last))
    after = (rewired(step, last, new.name) if last in step.inputs else step for step in program[at:])
    return (*program[:at], new, *after)


# --- Heads -----------------------------------------------------------------------------------------------------------

# One matrix for all heads: the tokens, and what is said about their places.
SHARED = (
    "x", "source", "places", "mask", "bias", "scale", "temperature", "softcap", "positions", "frequencies", "signs"
)  # fmt: skip
_DEEPER = (  # NumPy's ways for two axes, and for any number of them
    (".T", ".swapaxes(-1, -2)"), ("axis=1", "axis=-1"), ("[:, None]", "[..., None]"), ("[:, 0]", "[..., 0]"),
)  # fmt: skip


def lifted(program: Program, shared: Collection[str] = SHARED, axis: str = "head") -> Program:
    """The same program for every head at once; `shared` names the matrices that have no such axis.

    Nor have those that are made of shared ones alone: all heads read the same.
    """
    same, steps = set(shared), []
    for step in program:
        alike = same.issuperset(step.inputs)
        steps.append(step if alike else _lifted(step, same, axis))
        (same.add if alike else same.discard)(step.name)
    return tuple(steps)


def _lifted(step: Step, shared: Collection[str], axis: str) -> Step:
    axes = step.parsed
    inputs = (of if name in shared else (axis, *of) for name, of in zip(step.inputs, axes.inputs, strict=True))
    code = step.code
    for flat, deep in _DEEPER:
        code = code.replace(flat, deep)
    groups = ", ".join(" ".join(of) for of in inputs)
    meaning = f"{step.meaning}, in head {{{axis}}}"
    return replace(step, axes=f"{groups} -> {' '.join((axis, *axes.output))}", code=code, meaning=meaning)


def like(program: Program, step: Step) -> Step:
    """A step that works on scores, lifted if the program's scores have a head axis."""
    heads = any("head" in found.parsed.output for found in program if found.name in ("scores", "shifted"))
    return _lifted(step, SHARED, "head") if heads else step


# --- Names -----------------------------------------------------------------------------------------------------------


def renamed(program: Program, new: Mapping[str, str]) -> Program:
    """The program with steps and givens renamed; the NumPy lines follow."""
    pattern = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, map(identifier, new))) + r")(?!\w)")
    words = {identifier(old): identifier(name) for old, name in new.items()}
    return tuple(
        replace(
            step,
            name=new.get(step.name, step.name),
            inputs=tuple(new.get(name, name) for name in step.inputs),
            code=pattern.sub(lambda match: words[match.group()], step.code),
        )
        for step in program
    )


def prefixed(program: Program, prefix: str, shared: Collection[str] = ()) -> Program:
    """The program with "prefix." before every step and every given but the shared ones."""
    own = (*(name for name in givens(program) if name not in shared), *names(program))
    return renamed(program, {name: f"{prefix}.{name}" for name in own})


def with_axes(program: Program, new: Mapping[str, str]) -> Program:
    """The program with axes renamed, in `axes` and in the words about a cell."""

    def of(step: Step) -> Step:
        axes = re.sub(r"\w+", lambda match: new.get(match.group(), match.group()), step.axes)
        meaning = step.meaning
        for old, name in new.items():
            meaning = meaning.replace(f"{{{old}}}", f"{{{name}}}")
        return replace(step, axes=axes, meaning=meaning)

    return tuple(map(of, program))
