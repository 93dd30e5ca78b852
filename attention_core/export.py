"""A trace taken elsewhere: as a dict, JSON, CSV, as a script of NumPy or PyTorch alone that computes it, as a notebook.

Vocabulary
    trace      every matrix of one run (trace.py); its labels are what users typed: data, and never code
    places     the labels along every axis: {"query": ("red", "ball"), ...}
    record     one matrix as plain Python: axes, shape, dtype, values as nested lists; "inf" and "-inf" are strings
    long form  a matrix of three or more axes as a table: one column per leading axis, the last axis across
    script     the given matrices as literals, every step's line in order, and at the end every matrix printed
    dialect    what a script is written in: NumPy as the steps have it, or PyTorch, translated by a table
    defused    a label that a spreadsheet would read as a formula, with an apostrophe before it

Numbers keep every bit in JSON, CSV and scripts. A script of float32 matrices computes in float32.
"""

import csv
import io
import json
import keyword
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from operator import attrgetter
from typing import Any

import numpy as np

from attention_core.programs import identifier
from attention_core.trace import Matrix, Step, Trace

__all__ = ["from_json", "to_csv", "to_csvs", "to_dict", "to_json", "to_notebook", "to_numpy", "to_torch"]

Given = dict[str, np.ndarray]
Places = dict[str, tuple[str, ...]]


# --- Dict and JSON ---------------------------------------------------------------------------------------------------


def to_dict(trace: Trace) -> dict[str, Any]:
    """The trace as plain Python: {"labels": {axis: [...]}, "given": {name: record}, "steps": [record, ...]}.

    A record has axes, shape, dtype ("float64", "float32" or "bool") and values (nested lists; a scalar is a number).
    A step's record also has its name, title, formula (LaTeX), code, says, and the inputs that it read, in order.
    JSON has no infinities, so they are the strings "inf" and "-inf", which float() and NumPy read.
    """
    words = ("name", "title", "formula", "code", "says")
    return {
        "labels": {axis: list(names) for axis, names in _places(trace).items()},
        "given": {name: _record(matrix) for name, matrix in trace.given.items()},
        "steps": [
            {**{word: getattr(made.step, word) for word in words}, "inputs": list(made.step.inputs), **_record(made)}
            for made in trace.values()
        ],
    }


def to_json(trace: Trace) -> str:
    """`to_dict` as strict JSON, on one line. Every number reads back as the same float64."""
    return json.dumps(to_dict(trace), allow_nan=False)


_KINDS = {"bool": "b", "float32": "fi", "float64": "fi"}  # NumPy's kinds of what JSON may hold for each dtype


def from_json(text: str) -> tuple[Given, Places]:
    """The given matrices and the labels of what `to_json` wrote: run(program, *from_json(text)) is the same trace.

    Raises ValueError when the text is not such JSON; it says what is wrong, and with which matrix.
    """
    try:
        found = json.loads(text)
        places = {str(axis): tuple(map(str, names)) for axis, names in found["labels"].items()}
        return {str(name): _from_record(name, record) for name, record in found["given"].items()}, places
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"this JSON does not hold a trace ({type(error).__name__}: {error})") from None


def _from_record(name: str, record: dict[str, Any]) -> np.ndarray:
    shape, dtype = tuple(record["shape"]), str(record["dtype"])
    try:
        values = np.array(record["values"])
    except ValueError:  # rows of different lengths
        raise ValueError(f"the rows of {name} do not have the same length") from None
    if dtype not in _KINDS:
        raise ValueError(f"{name} is float64, float32 or bool, and not {dtype}")
    if values.shape != shape:
        raise ValueError(f"{name} says that its shape is {shape}, but its values are {values.shape}")
    if values.dtype.kind not in _KINDS[dtype]:
        raise ValueError(f"{name} says that it is {dtype}, but its values are {values.dtype}")
    with np.errstate(over="ignore"):  # what becomes infinite is refused by `run`, which names it
        return values.astype(dtype)


def _record(matrix: Matrix) -> dict[str, Any]:
    value = matrix.value
    return {
        "axes": list(matrix.axes), "shape": list(value.shape), "dtype": str(value.dtype),
        "values": _plain(value.tolist()),
    }  # fmt: skip


def _plain(values: Any) -> Any:
    if isinstance(values, list):
        return [_plain(part) for part in values]
    return str(values) if math.isinf(values) else values


def _matrices(trace: Trace) -> Iterator[Matrix]:
    yield from trace.given.values()
    yield from trace.values()


def _places(trace: Trace) -> Places:
    """The labels of every axis. `run` holds an axis to one length, so that its labels are the same wherever it is."""
    return {axis: names for matrix in _matrices(trace) for axis, names in zip(matrix.axes, matrix.labels, strict=True)}


# --- CSV -------------------------------------------------------------------------------------------------------------


def to_csv(trace: Trace, name: str) -> str:
    """One matrix, given or made, as CSV: first a row of headings, then labels on the left and numbers beside them.

    [query key] has a row per query and a column per key; [head query key] the same in long form, with a column for
    the head; a vector one column of numbers, called `name`; a scalar one number. Numbers are the shortest decimals
    that read back as the same number, -inf for a masked score, 0 and 1 in a mask. Raises KeyError when there is no
    such matrix.
    """
    matrix = trace.matrix(name)
    aside, across = list(matrix.axes), (name,)
    if len(aside) > 1:
        across = matrix.labels[-1]
        aside[-2:] = [f"{aside[-2]} / {aside[-1]}"]  # the corner says what stands below it, and what beside it
    rows = list(product(*matrix.labels[: len(aside)]))
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow([*aside, *map(_defused, across)])
    for row, numbers in zip(rows, matrix.value.reshape(len(rows), len(across)), strict=True):
        table.writerow([*map(_defused, row), *map(_shortest, numbers)])
    return written.getvalue()


def to_csvs(trace: Trace) -> dict[str, str]:
    """Every step's matrix as CSV, by name, in the order of the steps."""
    return {name: to_csv(trace, name) for name in trace}


# Where a spreadsheet starts to read a formula: at the first character, and, where lists are separated by ";", after
# one. Signs of full width count as well (OWASP, "CSV Injection").
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")


def _defused(label: str) -> str:
    return _FORMULA.sub(r"\1'", label)


def _shortest(number: np.generic) -> str:
    return str(int(number)) if number.dtype == bool else str(number).removesuffix(".0")


# --- Scripts ---------------------------------------------------------------------------------------------------------


def to_numpy(trace: Trace, digits: int = 6) -> str:
    """A Python script that makes every matrix of the trace again with NumPy alone, and prints them all.

    It prints, for every matrix, given or made, its name and shape, then its last axis in rows of numbers with so many
    significant `digits` (17 keep every bit), and nothing else. Raises ValueError when two matrices have one name in
    Python ("a.b" and "a_b"), or a name that the script needs itself.
    """
    return _script(trace, _NUMPY, digits)


def to_torch(trace: Trace, digits: int = 6) -> str:
    """The same as a PyTorch script, which prints in the same form. PyTorch is not needed to write it.

    Raises ValueError as `to_numpy` does, and when a step's NumPy line uses what the table of translations lacks.
    """
    return _script(trace, _TORCH, digits)


def to_notebook(trace: Trace) -> str:
    """A Jupyter notebook, as JSON: the given matrices, then a cell for each step, which computes and shows its matrix.

    It needs NumPy and nothing else. Raises ValueError as `to_numpy` does.
    """
    words = _identifiers(trace)
    given = "\n".join(_literal(words[name], made, _NUMPY) for name, made in trace.given.items())
    beginning = [_NUMPY.imported, "np.set_printoptions(precision=3, suppress=True)", *_labelled(trace), given]
    lines = [made.step.code for made in trace.values()]
    if any(_ERF.search(line) for line in lines):
        dtype = next((str(made.value.dtype) for made in trace.values() if made.value.dtype != bool), "float64")
        beginning[1:1] = ["import math", _NUMPY.erf.format(dtype=dtype)]
    cells = [_cell("markdown", _NOTEBOOK_HEAD), _cell("code", "\n".join(beginning))]
    for made, line in zip(trace.values(), lines, strict=True):
        step = made.step
        formula = f"\n\n$$ {step.formula} $$" if step.formula else ""
        cells += [_cell("markdown", f"**{step.title}**. {step.says}{formula}"),
                  _cell("code", f"{line}\n{words[made.name]}")]  # fmt: skip
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = {"cells": [{"id": f"cell-{i}", **cell} for i, cell in enumerate(cells)], "metadata": kernel}
    return json.dumps(book | {"nbformat": 4, "nbformat_minor": 5}, indent=1)


_NOTEBOOK_HEAD = (
    "# Attention, step by step\n\nEvery matrix of one run, computed with NumPy. Run the cells from top to bottom; then "
    "change a number that is given, and run them again."
)


def _cell(kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


@dataclass(frozen=True)
class _Dialect:
    """What a script is written in; line: step -> the step's line, erf: (dtype) -> its definition, if any."""

    title: str
    imported: str
    module: str
    array: str
    line: Callable[[Step], str]
    erf: str = ""


_HEAD = '''"""Attention, step by step: every matrix of one run, computed with {title}. It prints each of them."""

'''
_PRINT = """
# Every matrix: its name and shape, then its numbers with this many significant digits.
DIGITS = {digits}


def show(values):
    if values and isinstance(values[0], list):
        for part in values:
            show(part)
    else:
        print(*(f"{{value + 0:.{{DIGITS}}g}}" for value in values))  # + 0 turns -0.0 into 0.0


matrices = {{
{entries}
}}
for name, matrix in matrices.items():
    print(name, tuple(matrix.shape))
    show({module}.atleast_1d(matrix).tolist())
"""


def _script(trace: Trace, dialect: _Dialect, digits: int) -> str:
    if not 1 <= digits <= 17:
        raise ValueError(f"digits is within 1..17, and is {digits}")
    words = _identifiers(trace)
    dtype = next((str(made.value.dtype) for made in _matrices(trace) if made.value.dtype != bool), "float64")
    lines = ["", *_labelled(trace), *(_literal(words[name], made, dialect) for name, made in trace.given.items())]
    for made in trace.values():
        lines += ["", *(f"# {text}" for text in _about(made)), dialect.line(made.step)]
    entries = "\n".join(f"    {name!r}: {word}," for name, word in words.items())
    body = "\n".join(lines) + "\n" + _PRINT.format(digits=digits, entries=entries, module=dialect.module)
    if _ERF.search(body) and dialect.erf:
        body = "\n" + dialect.erf.format(dtype=dtype) + "\n" + body
    imported = ("import math\n\n" if "math." in body else "") + dialect.imported + "\n"
    return _HEAD.format(title=dialect.title) + imported + body


_ERF = re.compile(r"(?<![\w.])erf\(")
_TAKEN = {"DIGITS", "erf", "isinstance", "list", "math", "matrices", "np", "print", "show", "torch", "tuple"}
_TAKEN |= {"len", "min"}  # what steps' lines call


def _identifiers(trace: Trace) -> dict[str, str]:
    """What every matrix is called in a script: {"layer1.scores": "layer1_scores"}."""
    words = {matrix.name: identifier(matrix.name) for matrix in _matrices(trace)}
    for name, word in words.items():
        if not word.isidentifier() or keyword.iskeyword(word) or word in _TAKEN:
            raise ValueError(f"a script cannot call a matrix {word}: rename {name!r}")
        if list(words.values()).count(word) > 1:
            raise ValueError(f"two matrices would both be called {word} in a script: rename {name!r}")
    return words


def _labelled(trace: Trace) -> list[str]:
    """A comment for every axis that has labels. `repr` escapes whatever could end the line or hide in it."""
    named = {axis: names for axis, names in _places(trace).items() if names != tuple(map(str, range(len(names))))}
    return [f"# {axis}: {', '.join(map(repr, names))}" for axis, names in named.items()]


def _literal(word: str, matrix: Matrix, dialect: _Dialect) -> str:
    """A given matrix written out, a row on a line; what holds only True and False needs no type."""
    values, axes, dtype = repr(matrix.value.tolist()), " ".join(matrix.axes), matrix.value.dtype
    if matrix.value.ndim > 1:
        values = "[\n    " + values[1:-1].replace("], [", "],\n    [") + ",\n]"
    typed = "" if dtype.kind == "b" else f", dtype={dialect.module}.{dtype}"
    return f"\n# {f'[{axes}]' if axes else 'one number'}\n{word} = {dialect.array}({values}{typed})"


def _about(made: Matrix) -> list[str]:
    """What a step says, and its formula, each on one line."""
    step = made.step
    texts = (f"{step.title} [{' '.join(made.axes)}]: {step.says}", step.formula)
    return [" ".join(text.split()) for text in texts if text]


# --- Lines -----------------------------------------------------------------------------------------------------------

_SAME = (  # what PyTorch calls as NumPy does
    "abs", "arange", "clip", "cos", "einsum", "exp", "isneginf", "log", "logaddexp", "maximum", "minimum", "nan_to_num",
    "round", "sin", "sqrt", "tanh", "where", "zeros_like",
)  # fmt: skip
_TO_TORCH = (  # NumPy's way, PyTorch's way; applied in this order
    (r"\bnp\.(inf|pi)\b", r"math.\1"),
    (r"\bnp\.maximum\((\w+), 0\)", r"torch.clamp(\1, min=0)"),
    (r"\bnp\.minimum\((\w+), 0\)", r"torch.clamp(\1, max=0)"),
    (r"\bnp\.concatenate\((\w+),", r"torch.cat(tuple(\1),"),  # one array, its parts along the first axis
    (r"\bnp\.concatenate\(", r"torch.cat("),
    (r"\bnp\.repeat\(", r"torch.repeat_interleave("),
    (r"\bnp\.sort\(([^()]+)\)", r"torch.sort(\1).values"),
    (r"\.max\((?=axis=)", r".amax("),
    (r"\.transpose\((?=\d)", r".permute("),
    (r"\.astype\(", r".to("),
    (r"\baxis=", r"dim="),
    (_ERF.pattern, r"torch.erf("),
    (rf"\bnp\.({'|'.join(_SAME)})\(", r"torch.\1("),
)


def _torch_line(step: Step) -> str:
    line = step.code
    for pattern, new in _TO_TORCH:
        line = re.sub(pattern, new, line)
    left = re.search(r"\bnp\.\w+", line)
    if left:
        raise ValueError(f"step {step.name!r}: no PyTorch is known for {left.group()} in {step.code!r}")
    return line


_NUMPY = _Dialect("NumPy", "import numpy as np", "np", "np.array", attrgetter("code"),
                  "erf = np.vectorize(math.erf, otypes=[np.{dtype}])")  # fmt: skip
_TORCH = _Dialect("PyTorch", "import torch", "torch", "torch.tensor", _torch_line)
