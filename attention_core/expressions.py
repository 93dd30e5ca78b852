"""Code that a learner types, a few lines in the words of NumPy, read and computed here: nothing typed is ever executed.

Vocabulary
    given     a matrix that the exercise hands out, by name
    line      name = expression; the last one may also be an expression alone, or return expression
    part      a node of the tree that Python's own reader makes of the code; it reads, and nothing more
    value     a matrix, a whole number for axes and indices, a shape, None, ..., True or False
    work      what has been computed so far, counted before each operation from the shapes alone

Language: numbers, names, + - * / ** @, one comparison, brackets, [indices, slices, None, ...], .T, .shape, len(x), the
methods of _METHODS and the functions of _FUNCTIONS, which may be written with np. in front. A part that `_Run` does not
list is refused. Every number is a float64 except small whole ones, which an index may need: 9 ** 9 ** 9 is inf at once,
and no exponent takes long. Overflow and 0 / 0 give inf and NaN, for whoever checks the result to judge.
"""

import ast
import inspect
import keyword
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from types import EllipsisType

import numpy as np

LONGEST = 2_000  # characters of code
MOST_PARTS = 300
DEEPEST = 40  # parts inside one another
LARGEST = 1_000_000  # cells of one matrix, and the largest whole number
MOST_AXES = 8
MOST_WORK = 100_000_000  # multiplications in matrix products, plus _PER_CELL for every cell that is made otherwise
_PER_CELL = 10

Shape = tuple[int, ...]
Value = np.ndarray | int | bool | EllipsisType | tuple | None


class CodeError(ValueError):
    """Code that cannot be computed; the message says to a learner in which line, what is wrong and what is allowed."""


def evaluate(code: str, given: Mapping[str, np.ndarray], *, max_lines: int = 8) -> np.ndarray:
    """The value of the last line of `code`, as a float64 array of its own; a single number has no axes.

    given: the matrices that the code may name; True and False count as 1 and 0, a whole number without axes may be an
    index. A line may bind a name anew.
    Raises CodeError for everything that is not in the language, does not fit, or is too much. Raises ValueError
    when a given is no array of numbers.
    """
    statements = _statements(code, max_lines)
    run = _Run(given)
    with np.errstate(all="ignore"):
        for statement in statements:
            last = statement is statements[-1]
            try:
                value = run.line(statement, last)
                if last:
                    return np.array(_matrix(value))
            except CodeError as error:
                raise CodeError(f"line {statement.lineno}: {error}") from None
    raise CodeError(f"There is no code yet; write up to {max_lines} lines such as scores = q @ k.T.")


# --- Reading ---------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"(?P<space>[ \t]+)|(?P<end>\n)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>!=|[-+*/@()\[\],.:=<>])",
    re.ASCII,
)
_WORDS = frozenset(keyword.kwlist) - {"None", "True", "False", "return"}
_INSTEAD = {
    "×": "*", "·": "*", "−": "-", "–": "-", "÷": "/", "^": "**", "ᵀ": ".T", "√": "sqrt(x)", "²": "** 2",
    ";": "one line for each step", "'": "no text, only names", '"': "no text, only names",
}  # fmt: skip
_LANGUAGE = "numbers, names, + - * / ** @, comparisons, brackets, indices, .T, .shape and functions such as exp and sum"


def _statements(code: str, max_lines: int) -> list[ast.stmt]:
    """The lines as trees. Only the signs of the language reach Python's reader, which then cannot surprise or warn."""
    if len(code) > LONGEST:
        raise CodeError(f"The code is {len(code):,} characters long; at most {LONGEST:,} are read.")
    # There is no text in quotes in this language, so a # always begins a comment.
    code = textwrap.dedent(re.sub("#[^\n]*", "", re.sub("\r\n?", "\n", code)))
    lines = sum(1 for line in code.split("\n") if line.strip())
    if lines > max_lines:
        raise CodeError(f"There are {lines} lines of code; at most {max_lines} are read.")
    _check_tokens(code)
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise CodeError(
            f"line {error.lineno}: this cannot be read ({error.msg}); a line is name = expression, "
            "indented like the others."
        ) from None
    except (RecursionError, MemoryError):
        raise CodeError("The code is nested too deeply to be read; give the inner parts lines of their own.") from None
    _check_size(tree)
    return tree.body


def _check_tokens(code: str) -> None:
    at, line = 0, 1
    while at < len(code):
        token = _TOKEN.match(code, at)
        if token is None:
            raise CodeError(f"line {line}: {_unread(code[at : at + 12])}")
        if token.lastgroup == "name" and token.group() in _WORDS:
            raise CodeError(f"line {line}: “{token.group()}” is not in this language; allowed: {_LANGUAGE}.")
        line += token.lastgroup == "end"
        at = token.end()


def _unread(rest: str) -> str:
    """What to say of code that begins with something that is no token."""
    if number := re.match(r"\.?\d[\w.]*", rest, re.ASCII):
        return f"“{number.group()}” is neither a number nor a name; write 2 * x, 0.5 or x2."
    shown = rest[0] if rest[0].isprintable() else f"U+{ord(rest[0]):04X}"
    instead = f"write {_INSTEAD[shown]}" if shown in _INSTEAD else f"allowed: {_LANGUAGE}"
    return f"“{shown}” is not in this language; {instead}."


def _check_size(tree: ast.AST) -> None:
    """Level by level, without recursion: how many parts there are, and how deep they go."""
    level, parts, depth = [tree], 0, 0
    while level:
        depth += 1
        parts += sum(isinstance(part, ast.expr | ast.stmt) for part in level)
        level = [child for part in level for child in ast.iter_child_nodes(part)]
    if parts > MOST_PARTS:
        raise CodeError(f"The code has {parts} names, numbers and operations; at most {MOST_PARTS} are computed.")
    if depth > DEEPEST:
        raise CodeError(f"The code is nested {depth} deep, and {DEEPEST} is the limit; split it over more lines.")


# --- Values ----------------------------------------------------------------------------------------------------------


def _given(name: str, value: np.ndarray) -> Value:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"the given {name!r} has to be an array of numbers, and is {array.dtype}")
    if array.dtype.kind in "iu" and array.ndim == 0:
        return _whole(array.item())
    return array.astype(float)


def _whole(number: int) -> Value:
    """A whole number while it is small enough for an index, else a float64: no number grows without end."""
    return number if abs(number) <= LARGEST else np.array(float(number))


def _matrix(value: Value) -> np.ndarray:
    """A value to compute with, in float64."""
    if isinstance(value, np.ndarray | int):
        return np.asarray(value, dtype=float)
    if isinstance(value, tuple):
        raise CodeError(f"{_shown(value)} is not a matrix but a tuple; take one number from it, as in x.shape[0].")
    raise CodeError(f"{_shown(value)} is not a matrix or a number, and cannot be computed with.")


def _shown(value: Value) -> str:
    """A value in a sentence: matrices and shapes by their sizes."""
    if isinstance(value, np.ndarray):
        return str(value.shape) if value.ndim else "a number"
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    return "..." if value is ... else str(value)


def _is_whole(value: Value) -> bool:
    return type(value) is int  # True is an int of Python's too, and means nothing as an axis or an index


def _size(value: Value) -> int:
    if not _is_whole(value) or value < 0:
        raise CodeError(f"{_shown(value)} is not a size; a size is a whole number such as 3, len(x) or x.shape[0].")
    return value


def _axes(axis: Value, shape: Shape) -> tuple[int, ...]:
    """The axes meant by axis=None, axis=-1 or axis=(0, 1), counted from 0."""
    if axis is None:
        return tuple(range(len(shape)))
    asked = axis if isinstance(axis, tuple) else (axis,)
    found = [a % len(shape) for a in asked if _is_whole(a) and -len(shape) <= a < len(shape)]
    if len(set(found)) < len(asked):
        names = " or ".join(map(str, range(len(shape)))) or "none"
        raise CodeError(f"axis {_shown(axis)} does not fit the shape {shape}; an axis is {names}, or -1 for the last.")
    return tuple(found)


def _together(written: str, *shapes: Shape) -> Shape:
    """The shape of matrices taken cell by cell, stretched along axes of size 1; `written` says what was to be taken."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise CodeError(
            f"{written}: these shapes do not fit; counted from the last axis, sizes must be equal or 1."
        ) from None


# --- Functions: each counts its work before it does it ----------------------------------------------------------------


def _check_axes(shape: Shape) -> None:
    if len(shape) > MOST_AXES:
        raise CodeError(f"a matrix with {len(shape)} axes is more than the {MOST_AXES} that are allowed.")


class _Work:
    """How much may still be computed."""

    def __init__(self):
        self.left = MOST_WORK

    def makes(self, shape: Shape, cost: int = 0) -> None:
        """Count a matrix of this shape before it is made. An axis of size 0 counts as 1: it may be summed away."""
        _check_axes(shape)
        cells = math.prod(max(n, 1) for n in shape)
        if cells > LARGEST:
            raise CodeError(f"a matrix of shape {shape} would have {cells:,} cells; at most {LARGEST:,} are allowed.")
        self.left -= cost or _PER_CELL * cells
        if self.left < 0:
            raise CodeError("this is more computing than an exercise allows; use smaller matrices or fewer products.")


def _cellwise(name: str, operation: Callable[..., np.ndarray], work: _Work, *values: Value) -> np.ndarray:
    arrays = [_matrix(value) for value in values]
    shown = [_shown(array) for array in arrays]
    written = f" {name} ".join(shown) if name in _CELLWISE else f"{name}({', '.join(shown)})"
    work.makes(_together(written, *(array.shape for array in arrays)))
    return np.asarray(operation(*arrays))


def _of_one(name: str) -> Callable[..., Value]:
    return lambda work, x: _cellwise(name, getattr(np, name), work, x)


def _of_two(name: str) -> Callable[..., Value]:
    return lambda work, x, y: _cellwise(name, getattr(np, name), work, x, y)


def _reduction(name: str) -> Callable[..., Value]:
    def reduce(work: _Work, x: Value, axis: Value = None, keepdims: Value = False) -> Value:
        x = _matrix(x)
        axes = _axes(axis, x.shape)
        count = math.prod(x.shape[a] for a in axes)
        if not isinstance(keepdims, bool):
            raise CodeError(f"keepdims is True or False, not {_shown(keepdims)}.")
        if name in ("max", "min") and not count:
            raise CodeError(f"{x.shape} has nothing along axis {_shown(axis)} to take the {name} of.")
        work.makes(x.shape)
        along = None if axis is None else axes  # None adds up in an order of its own, which shows in the last digits
        if name == "mean":  # NumPy's own would warn when there is nothing to take the mean of
            return np.asarray(np.divide(np.sum(x, axis=along, keepdims=keepdims), count))
        return np.asarray(getattr(np, name)(x, axis=along, keepdims=keepdims))

    return reduce


def _where(work: _Work, condition: Value, x: Value, y: Value) -> Value:
    return _cellwise("where", lambda c, a, b: np.where(c != 0, a, b), work, condition, x, y)


def _filled(fill: Callable[..., np.ndarray]) -> Callable[..., Value]:
    def make(work: _Work, shape: Value) -> Value:
        sizes = tuple(map(_size, shape if isinstance(shape, tuple) else (shape,)))
        work.makes(sizes)
        return fill(sizes)

    return make


def _square(fill: Callable[..., np.ndarray]) -> Callable[..., Value]:
    def make(work: _Work, n: Value, m: Value = None, k: Value = 0) -> Value:
        sizes = (_size(n), _size(n if m is None else m))
        if not _is_whole(k):
            raise CodeError(f"k says by how many places the diagonal is moved: a whole number, not {_shown(k)}.")
        work.makes(sizes)
        return fill(*sizes, k=k)

    return make


def _zeros_like(work: _Work, x: Value) -> Value:
    work.makes(_matrix(x).shape)
    return np.zeros(_matrix(x).shape)


def _arange(work: _Work, start: Value, stop: Value = None, step: Value = 1) -> Value:
    ends = (0, start, step) if stop is None else (start, stop, step)
    if any(_matrix(end).ndim for end in ends):
        raise CodeError("arange counts from one number to another, and takes no matrices.")
    first, last, by = (_matrix(end).item() for end in ends)
    count = (last - first) / by if by else math.nan
    if not math.isfinite(count):
        raise CodeError("arange needs finite numbers and a step that is not 0.")
    work.makes((max(0, math.ceil(count)),))
    return np.arange(first, last, by) if count > 0 else np.zeros(0)  # NumPy refuses what is empty by too much


def _transpose(work: _Work, x: Value, axes: Value = None) -> Value:
    x = _matrix(x)
    order = None if axes is None else _axes(axes, x.shape)
    if order is not None and len(order) != x.ndim:
        raise CodeError(f"transpose of {x.shape} needs all {x.ndim} axes in their new order, not {_shown(axes)}.")
    return x.transpose(order)


def _len(work: _Work, x: Value) -> Value:
    if isinstance(x, tuple):
        return len(x)
    if isinstance(x, np.ndarray) and x.ndim:
        return x.shape[0]
    raise CodeError(f"len counts the rows of a matrix, and {_shown(x)} has none.")


_METHODS = {name: _reduction(name) for name in ("sum", "max", "min", "mean")}
_FUNCTIONS: dict[str, Callable[..., Value]] = {
    **{name: _of_one(name) for name in ("exp", "log", "sqrt", "abs", "tanh")},
    **{name: _of_two(name) for name in ("maximum", "minimum")},
    **_METHODS,
    "where": _where,
    "zeros": _filled(np.zeros),
    "ones": _filled(np.ones),
    "zeros_like": _zeros_like,
    "eye": _square(np.eye),
    "tri": _square(np.tri),
    "arange": _arange,
    "transpose": _transpose,
}
_CONSTANTS = {"inf": np.array(np.inf), "pi": np.array(np.pi)}
_BARE = {**_FUNCTIONS, "len": _len}  # what may be called without np.
_TAKEN = {*_BARE, *_CONSTANTS, "np"}  # names that keep their meaning

# --- Computing -------------------------------------------------------------------------------------------------------

_SIGNS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_CELLWISE: dict[str, Callable[..., np.ndarray]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
_EXACT = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}  # between whole numbers: x[len(x) - 1]


class _Run:
    """The lines so far: what their names are bound to, and how much has been computed."""

    def __init__(self, given: Mapping[str, np.ndarray]):
        self.names = {name: _given(name, value) for name, value in given.items()}
        self.work = _Work()

    def line(self, statement: ast.stmt, last: bool) -> Value:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=part):
                if name in _TAKEN:
                    raise CodeError(f"“{name}” has a meaning already; choose another name for your result.")
                self.names[name] = self.value(part)
                return self.names[name]
            case ast.Return() if not last:
                raise CodeError("nothing is computed after return; let it be the last line.")
            case ast.Expr() if not last:
                raise CodeError("this result would be lost; keep it, as in name = expression.")
            case ast.Expr(value=part) | ast.Return(value=ast.expr() as part):
                return self.value(part)
        raise CodeError(f"“{_source(statement)}” is no line of this language; write name = expression.")

    def value(self, part: ast.expr) -> Value:
        match part:
            case ast.Constant(value=number) if _is_whole(number) and abs(number) <= LARGEST:
                return number
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return np.array(_float(number))
            case ast.Constant(value=bool() | None | EllipsisType() as constant):
                return constant
            case ast.Name(id=name):
                return self.named(name)
            case ast.Tuple(elts=parts):
                return tuple(map(self.value, parts))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.value(operand)
                return -value if _is_whole(value) else _cellwise("-", np.negative, self.work, value)
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
                if type(op) in _SIGNS:
                    return self.combined(_SIGNS[type(op)], self.value(left), self.value(right))
            case ast.Attribute(value=owner, attr=attribute):
                return self.attribute(owner, attribute)
            case ast.Subscript(value=owner, slice=place):
                return self.at(part, self.value(owner), place)
            case ast.Call():
                return self.called(part)
        raise CodeError(f"“{_source(part)}” is not in this language; allowed: {_LANGUAGE}.")

    def named(self, name: str) -> Value:
        if name in self.names:
            return self.names[name]
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in _BARE:
            raise CodeError(f"{name} is a function; write what it is taken of, as in {name}(x).")
        raise CodeError(f"“{_short(name)}” is not known here; known are {', '.join(self.names) or 'no names yet'}.")

    def combined(self, sign: str, a: Value, b: Value) -> Value:
        if sign in _EXACT and _is_whole(a) and _is_whole(b):
            return _whole(_EXACT[sign](a, b))
        if sign == "@":
            return self.product(_matrix(a), _matrix(b))
        return _cellwise(sign, _CELLWISE[sign], self.work, a, b)

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if not a.ndim or not b.ndim:
            raise CodeError(f"{_shown(a)} @ {_shown(b)}: @ multiplies matrices; a number is multiplied with *.")
        inner, met = a.shape[-1], b.shape[-2:][0]
        if inner != met:
            turned = (b.ndim == 2 and b.shape[1] == inner) or (a.ndim == 2 and a.shape[0] == met)
            hint = "; did you mean the transpose, .T?" if turned else "."
            raise CodeError(f"{a.shape} @ {b.shape}: the inner sizes {inner} and {met} must agree{hint}")
        stack = _together(f"{a.shape} @ {b.shape}", a.shape[:-2], b.shape[:-2])
        shape = (*stack, *a.shape[-2:-1], *(b.shape[-1:] if b.ndim > 1 else ()))
        self.work.makes(shape)
        self.work.makes(shape, cost=max(1, inner) * math.prod(shape))
        return np.asarray(a @ b)

    def attribute(self, owner: ast.expr, attribute: str) -> Value:
        match owner, attribute:
            case ast.Name(id="np"), name if name in _CONSTANTS:
                return _CONSTANTS[name]
            case ast.Name(id="np"), name:
                raise CodeError(f"np.{_short(name)} is no number here; the numbers are np.inf and np.pi.")
            case _, "T":
                return _matrix(self.value(owner)).T
            case _, "shape":
                return _matrix(self.value(owner)).shape
        raise CodeError(f".{_short(attribute)} is not in this language; allowed: T, shape, {', '.join(_METHODS)}.")

    def at(self, part: ast.expr, value: Value, place: ast.expr) -> Value:
        """value[place], where a place is made of whole numbers, slices between them, None and ..."""
        parts = place.elts if isinstance(place, ast.Tuple) else [place]
        index = tuple(map(self.place, parts))
        try:
            if isinstance(value, tuple) and len(index) == 1:
                return value[index[0]]
            found = np.asarray(_matrix(value)[index])
        except (IndexError, TypeError):
            raise CodeError(f"“{_source(part)}”: {_shown(value)} has no such place; places count from 0.") from None
        _check_axes(found.shape)
        return found

    def place(self, part: ast.expr) -> int | slice | EllipsisType | None:
        if isinstance(part, ast.Slice):
            ends = [end and self.value(end) for end in (part.lower, part.upper, part.step)]
            if all(end is None or _is_whole(end) for end in ends) and ends[2] != 0:
                return slice(*ends)
        else:
            value = self.value(part)
            if value is None or value is ... or _is_whole(value):
                return value
        raise CodeError(f"“{_source(part)}” is no index; allowed: whole numbers, slices such as 1:3, None and ... .")

    def called(self, call: ast.Call) -> Value:
        owner: list[Value] = []
        match call.func:
            case ast.Attribute(value=ast.Name(id="np"), attr=name):
                known = _FUNCTIONS
            case ast.Name(id=name):
                known = _BARE
            case ast.Attribute(value=of, attr=name) if name in _METHODS:
                known, owner = _METHODS, [self.value(of)]
            case _:
                raise CodeError(f"“{_source(call.func)}” is not a function here; allowed: {', '.join(_BARE)}.")
        if name not in known:
            raise CodeError(f"“{_source(call.func)}” is not a function here; allowed: {', '.join(known)}.")
        values = [*owner, *map(self.value, call.args)]
        named = {word.arg or "**": self.value(word.value) for word in call.keywords}
        signature = inspect.signature(known[name])
        try:
            if len(named) < len(call.keywords):
                raise TypeError("a keyword is repeated")
            bound = signature.bind(self.work, *values, **named)
        except TypeError:
            takes = ", ".join(list(signature.parameters)[1 + len(owner) :])
            raise CodeError(f"“{_source(call)}” does not fit; {name} takes ({takes}), in this order.") from None
        return known[name](*bound.args, **bound.kwargs)


def _float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _source(part: ast.AST) -> str:
    return _short(" ".join(ast.unparse(part).split()))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
