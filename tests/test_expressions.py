"""Typed code: right lines equal NumPy, wrong ones are refused in words, and nothing else ever happens.

The oracle is Python itself: a snippet of this file, and only of this file, is also run by Python with NumPy.
"""

import ast
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core.expressions import _FUNCTIONS, CodeError, evaluate

RNG = np.random.default_rng(5)
GIVEN = {
    "q": RNG.normal(size=(3, 4)),
    "k": RNG.normal(size=(5, 4)),
    "v": RNG.normal(size=(5, 2)),
    "heads": RNG.normal(size=(2, 3, 4)),
    "mask": RNG.random((3, 5)) < 0.6,
    "row": RNG.normal(size=4),
    "n": np.array(2),
    "scale": np.array(0.5),
}


def run_by_python(code):
    """What Python makes of a snippet of this file."""
    names = {name: value.item() if value.ndim == 0 else value.copy() for name, value in GIVEN.items()}
    names |= {"np": np, "inf": np.inf, "pi": np.pi, **{name: getattr(np, name) for name in _FUNCTIONS}}
    *lines, last = ast.parse(dedent(code).replace("return ", "")).body
    with np.errstate(all="ignore"):
        exec(compile(ast.Module(lines, []), "snippet", "exec"), names)
        if isinstance(last, ast.Assign):
            last = ast.Expr(last.value)
        return eval(compile(ast.Expression(last.value), "snippet", "eval"), names)


def refusal(code, given=GIVEN, **limits):
    with pytest.raises(CodeError) as error:
        evaluate(code, given, **limits)
    return str(error.value)


# --- What is right ---------------------------------------------------------------------------------------------------

RIGHT = (
    "q @ k.T",
    "scores = q @ k.T / np.sqrt(k.shape[-1])\nexps = np.exp(scores - scores.max(axis=-1, keepdims=True))\n"
    "return exps / exps.sum(-1, keepdims=True)",
    "# the softmax\n\nexps = exp(q)   # “numbers” above 0\r\nexps / sum(exps, axis=1)[:, None]",
    "  s = q @ k.T\n\n  return np.where(mask, s, -np.inf)",
    "q = q * scale\nq",
    "out = (q @\n  k.T\n)",
    "heads @ k.T",
    "heads @ row",
    "row @ row",
    "row @ k.T",
    "heads @ np.transpose(heads, (0, 2, 1))",
    "np.transpose(q) + transpose(heads)[:, :, 1]",
    "q - q.mean(axis=-1, keepdims=True)",
    "((q - mean(q, 1)[:, None]) ** 2).mean()",
    "heads.sum((0, -1)) + np.max(heads, axis=(0, 2), keepdims=False)",
    "np.sum(q) - q.min() + heads.max()",
    "np.mean(heads, keepdims=True)",
    "1 / (1 + exp(-q))",
    "np.tanh(row) ** 2 + np.abs(row) - np.log(abs(row))",
    "np.maximum(q, 0) + minimum(row, 0.5)",
    "np.where(np.arange(3)[:, None] >= np.arange(5), 1, 0)",
    "arange(2, 3, 0.25)",
    "arange(5, 0, -2)",
    "arange(5, 0)",
    "arange(-2)",
    "np.tri(3, 5) @ np.ones((5, 2)) + zeros((3, 1))",
    "tri(len(q), 4, k=-1) + np.eye(3, 4, 1) - eye(n, 4)[:1]",
    "zeros_like(mask) + ones(5)",
    "mask * 1.0",
    "1.0 * (q > 0) + 2 * (q <= 1) + 4 * (q >= -1) + 8 * (q < 2) + (q == q) + (q != row)",
    "q[0]",
    "q[n - 1]",
    "q[-1, ::2]",
    "q[None, 1:, ..., None]",
    "heads[..., 0] @ zeros((heads.shape[1], 2))",
    "heads[len(q) - 3 + 1 * 1]",
    "q[1:len(q.shape)]",
    "x = q.shape\nnp.zeros(x) + zeros((len(x), 1, 1)) + zeros(x[1:])",
    "pi * np.pi",
    "-inf",
    "-2.0 ** 2",
    "2 ** 3 ** 2",
    "1e3 + .5 - 2.",
    "-n * n - n + n / 4",
    "1000000 * 1000000 * 1000000",
    "log(0) + 1 / (q[0, 0] - q[0, 0])",
    "zeros(3) / zeros(3)",
    "0 * np.exp(1000)",
    "True * q",
    "sum(zeros((0, 3)), 0)",
)


@pytest.mark.parametrize("code", RIGHT)
def test_right_code_equals_numpy(code):
    found, expected = evaluate(code, GIVEN), run_by_python(code)
    assert found.dtype == np.float64
    assert found.shape == np.shape(expected)
    np.testing.assert_array_equal(found, np.asarray(expected, dtype=float))


names = st.sampled_from(["q", "k", "row", "heads", "row[1]"])
whole = st.integers(-3, 3).map(str)


def larger(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "@"]), inner).map(lambda p: f"({' '.join(p)})"),
        # times 1.0, because NumPy keeps True and False apart from numbers where this language does not
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">="]), inner).map(lambda p: f"(1.0 * ({' '.join(p)}))"),
        inner.map("{}.T".format),
        inner.map("(-{})".format),
        st.tuples(st.sampled_from(["exp", "np.sqrt", "abs"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, st.sampled_from(["sum", "max", "min"]), whole).map(lambda p: f"{p[0]}.{p[1]}(axis={p[2]})"),
        st.tuples(inner, whole, whole).map(lambda p: f"{p[0]}[{p[1]}:, None, {p[2]}]"),
    )


@given(code=st.recursive(names, larger, max_leaves=5))
@settings(max_examples=300)
def test_it_computes_what_numpy_computes_and_refuses_what_numpy_refuses(code):
    try:
        found = evaluate(code, GIVEN)
    except CodeError as error:
        lenient = "does not fit the shape ()" in str(error)  # NumPy lets a number have an axis 0
    else:
        # to rounding: for a number, NumPy may take another loop than for a matrix of one
        np.testing.assert_allclose(found, run_by_python(code), rtol=1e-12, atol=1e-12)
        return
    if not lenient:
        with pytest.raises((ValueError, IndexError, TypeError)):
            run_by_python(code)


def test_mean_of_nothing_is_nan_without_a_warning():
    assert np.isnan(evaluate("zeros((0, 3)).mean(0)", {})).all()


def test_counting_the_wrong_way_is_empty_however_far():
    assert evaluate("arange(1e300, 0, 1e-5)", {}).shape == (0,)


def test_the_result_is_nobody_elses():
    found = evaluate("q", GIVEN)
    found[:] = 0
    assert GIVEN["q"].all()
    assert evaluate("inf", {}).flags.writeable


def test_whole_numbers_never_grow():
    assert evaluate("9 ** 9 ** 9 ** 9", {}) == np.inf
    assert evaluate("9" * 1_999, {}) == np.inf
    assert evaluate("x = 999999 * 999999\nx * x", {}) == 999999.0**4
    assert "is not a size" in refusal("zeros(1000001)")


# --- What is refused -------------------------------------------------------------------------------------------------

WRONG = {
    "q @ k": "line 1: (3, 4) @ (5, 4): the inner sizes 4 and 5 must agree; did you mean the transpose, .T?",
    "q @ q": "line 1: (3, 4) @ (3, 4): the inner sizes 4 and 3 must agree; did you mean the transpose, .T?",
    "s = q @ k.T\ns @ q": "line 2: (3, 5) @ (3, 4): the inner sizes 5 and 3 must agree; did you mean ",
    "v @ k": "line 1: (5, 2) @ (5, 4): the inner sizes 2 and 5 must agree; did you mean the transpose, .T?",
    "row @ v": "line 1: (4,) @ (5, 2): the inner sizes 4 and 5 must agree.",
    "q @ 2": "line 1: (3, 4) @ a number: @ multiplies matrices; a number is multiplied with *.",
    "heads @ zeros((5, 4, 2))": "line 1: (2, 3, 4) @ (5, 4, 2): these shapes do not fit",
    "\n\nq + k": "line 3: (3, 4) + (5, 4): these shapes do not fit; counted from the last axis, sizes must ",
    "where(mask, q, 0)": "line 1: where((3, 5), (3, 4), a number): these shapes do not fit",
    "q.sum(axis=2)": "line 1: axis 2 does not fit the shape (3, 4); an axis is 0 or 1, or -1 for the last.",
    "sum(q, (0, -2))": "line 1: axis (0, -2) does not fit the shape (3, 4)",
    "scale.max(0)": "line 1: axis 0 does not fit the shape (); an axis is none",
    "q.sum(axis=1.0)": "line 1: axis a number does not fit",
    "q.sum(keepdims=1)": "line 1: keepdims is True or False, not 1.",
    "q.sum(ax=1)": "line 1: “q.sum(ax=1)” does not fit; sum takes (axis, keepdims), in this order.",
    "q.sum(axis=0, axis=1)": "line 1: “q.sum(axis=0, axis=1)” does not fit",
    "np.exp(q, k)": "line 1: “np.exp(q, k)” does not fit; exp takes (x), in this order.",
    "exp(q, work=1)": "line 1: “exp(q, work=1)” does not fit",
    "sum(**q)": "line 1: “sum(**q)” does not fit",
    "sum(*q)": "line 1: “*q” is not in this language",
    "max(zeros((3, 0)), 1)": "line 1: (3, 0) has nothing along axis 1 to take the max of.",
    "transpose(q, (0,))": "line 1: transpose of (3, 4) needs all 2 axes in their new order, not (0).",
    "softmax(q)": "line 1: “softmax” is not a function here; allowed: exp, log, ",
    "np.len(q)": "line 1: “np.len” is not a function here",
    "np.linalg.inv(q)": "line 1: “np.linalg.inv” is not a function here",
    "q(1)": "line 1: “q” is not a function here",
    "len(2)": "line 1: len counts the rows of a matrix, and 2 has none.",
    "eye(3, k=0.5)": "line 1: k says by how many places the diagonal is moved: a whole number, not a number.",
    "eye(True)": "line 1: True is not a size; a size is a whole number such as 3, len(x) or x.shape[0].",
    "zeros((2, -1))": "line 1: -1 is not a size",
    "arange(q)": "line 1: arange counts from one number to another",
    "arange(0, 1, 0)": "line 1: arange needs finite numbers and a step that is not 0.",
    "arange(inf)": "line 1: arange needs finite numbers",
    "q[3]": "line 1: “q[3]”: (3, 4) has no such place; places count from 0.",
    "q.shape[2]": "line 1: “q.shape[2]”: (3, 4) has no such place",
    "q.shape[None]": "line 1: “q.shape[None]”: (3, 4) has no such place",
    "q[..., ...]": "line 1: “q[..., ...]”: (3, 4) has no such place",
    "q[0.5]": "line 1: “0.5” is no index; allowed: whole numbers, slices such as 1:3, None and ... .",
    "q[mask]": "line 1: “mask” is no index",
    "q[True]": "line 1: “True” is no index",
    "q[::0]": "line 1: “::0” is no index",
    "q[:scale]": "line 1: “:scale” is no index",
    "q[[0, 1]]": "line 1: “[0, 1]” is not in this language",
    "q.shape": "line 1: (3, 4) is not a matrix but a tuple; take one number from it, as in x.shape[0].",
    "None": "line 1: None is not a matrix or a number, and cannot be computed with.",
    "1 + ...": "line 1: ... is not a matrix or a number",
    "w + 1": "line 1: “w” is not known here; known are q, k, v, heads, mask, row, n, scale.",
    "exp": "line 1: exp is a function; write what it is taken of, as in exp(x).",
    "np.exp": "line 1: np.exp is no number here; the numbers are np.inf and np.pi.",
    "q.sum": "line 1: .sum is not in this language; allowed: T, shape, sum, max, min, mean.",
    "q.__class__": "line 1: .__class__ is not in this language",
    "q.T.dtype": "line 1: .dtype is not in this language",
    "sum = 1": "line 1: “sum” has a meaning already; choose another name for your result.",
    "np = 1": "line 1: “np” has a meaning already",
    "q\nk": "line 1: this result would be lost; keep it, as in name = expression.",
    "return q\nk": "line 1: nothing is computed after return; let it be the last line.",
    "return": "line 1: “return” is no line of this language; write name = expression.",
    "a, b = q": "line 1: “a, b = q” is no line of this language",
    "a = b = q": "line 1: “a = b = q” is no line of this language",
    "q += 1": "line 1: “q += 1” is no line of this language",
    "a: 1 = q": "line 1: “a: 1 = q” is no line of this language",
    "q[0] = 1": "line 1: “q[0] = 1” is no line of this language",
    "match q:\n  case _: q": "line 1: “match q: case _: q” is no line of this language",
    "(a := q)": "line 1: “(a := q)” is not in this language",
    "q // 2": "line 1: “q // 2” is not in this language; allowed: numbers, names, + - * / ** @, ",
    "0 < q < 1": "line 1: “0 < q < 1” is not in this language",
    "+q": "line 1: “+q” is not in this language",
    "import os": "line 1: “import” is not in this language; allowed: ",
    "a = 1\nlambda: 1": "line 2: “lambda” is not in this language",
    "(i for i in q)": "line 1: “for” is not in this language",
    "def f(): q": "line 1: “def” is not in this language",
    "while True: q": "line 1: “while” is not in this language",
    "q if q else q": "line 1: “if” is not in this language",
    "not q": "line 1: “not” is not in this language",
    "'q'": "line 1: “'” is not in this language; write no text, only names.",
    'f"{q}"': "line 1: “\"” is not in this language",
    "a = q; a": "line 1: “;” is not in this language; write one line for each step.",
    "q ^ 2": "line 1: “^” is not in this language; write **.",
    "q × k": "line 1: “×” is not in this language; write *.",
    "{}": "line 1: “{” is not in this language; allowed: ",
    "q\\\n": "line 1: “\\” is not in this language",
    "q\0": "line 1: “U+0000” is not in this language",
    "\n\ud800": "line 2: “U+D800” is not in this language",
    "2x": "line 1: “2x” is neither a number nor a name; write 2 * x, 0.5 or x2.",
    "1 if 1else 2": "line 1: “if” is not in this language",
    "0x1f": "line 1: “0x1f” is neither a number nor a name",
    "2j": "line 1: “2j” is neither a number nor a name",
    "a = 1\nq @ (k": "line 2: this cannot be read ('(' was never closed); a line is name = expression",
    "q\n  k": "line 2: this cannot be read (unexpected indent)",
    "q @": "line 1: this cannot be read (invalid syntax)",
    "(" * 1_500: "line 1: this cannot be read",
    "": "There is no code yet; write up to 8 lines such as scores = q @ k.T.",
    " \n # q\n": "There is no code yet",
}  # fmt: skip


@pytest.mark.parametrize(("code", "said"), WRONG.items())
def test_wrong_code_is_refused_in_words(code, said):
    message = refusal(code)
    assert message.startswith(said)
    assert message.endswith((".", "?"))
    message.encode()


def test_long_names_are_shortened_in_what_is_said():
    assert "“" + "w" * 39 + "…”" in refusal("w" * 1_900)


def test_without_names_it_is_said_so():
    assert refusal("w", {}) == "line 1: “w” is not known here; known are no names yet."


def test_a_given_that_is_no_matrix_is_the_authors_mistake():
    with pytest.raises(ValueError, match="the given 'q' has to be an array of numbers, and is <U1") as error:
        evaluate("q", {"q": np.array("q")})
    assert not isinstance(error.value, CodeError)


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_length():
    assert evaluate("1" + "#" * 1_999, {}) == 1
    assert refusal("1" + "#" * 2_000) == "The code is 2,001 characters long; at most 2,000 are read."


def test_lines():
    assert evaluate("a = 1\n\n# one\n" * 7 + "a", {}) == 1
    assert refusal("a = 1\n" * 9) == "There are 9 lines of code; at most 8 are read."
    assert refusal("a = 1\na", max_lines=1) == "There are 2 lines of code; at most 1 are read."


def test_parts():
    code = "x = 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1\n"  # 1 line, 1 name, 19 numbers, 18 sums
    assert evaluate(code * 7, {}) == 19
    assert refusal(code * 8).startswith("The code has 312 names, numbers and operations; at most 300 are computed.")


@pytest.mark.parametrize("code", ["-" * 90 + "1", "x" + ".T" * 90, "1" + "+1" * 90, "x" + "[0" * 90 + "]" * 90])
def test_depth(code):
    assert "deep, and 40 is the limit; split it over more lines." in refusal(code)


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_what_pythons_reader_cannot_hold_is_too_deep(error, monkeypatch):
    def overflow(code):
        raise error

    monkeypatch.setattr("attention_core.expressions.ast.parse", overflow)
    assert refusal("1").startswith("The code is nested too deeply to be read")


LARGE = {
    "zeros((1001, 1000))": (1001, 1000),
    "ones((10, 10, 10, 10, 10, 11))": (10, 10, 10, 10, 10, 11),
    "eye(1001, 1000)": (1001, 1000),
    "tri(1001, 1000)": (1001, 1000),
    "arange(1000000.5)": (1000001,),
    "arange(1, 0, -1e-300)": None,
    "arange(1001) * zeros((1000, 1))": (1000, 1001),
    "where(arange(1001) > zeros((1000, 1)), 1, 2)": (1000, 1001),
    "zeros((1001, 1)) @ zeros((1, 1000))": (1001, 1000),
    "zeros((1001, 0)) @ zeros((0, 1000))": (1001, 1000),
    "zeros((0, 1001, 1000)).sum(0)": (0, 1001, 1000),
}


@pytest.mark.parametrize(("code", "shape"), LARGE.items())
def test_large_matrices_are_never_made(code, shape):
    assert f"a matrix of shape {shape or ''}".removesuffix(" ") in refusal(code)
    assert "at most 1,000,000 are allowed." in refusal(code)


@pytest.mark.parametrize(
    "code", ["q" + "[None]" * 7, "q[None, None, None, None, None, None, None]", f"ones({(1,) * 9})"]
)
def test_axes(code):
    assert refusal(code) == "line 1: a matrix with 9 axes is more than the 8 that are allowed."


def test_a_large_given_is_not_computed_with():
    assert "at most 1,000,000 are allowed." in refusal("x + 1", {"x": np.broadcast_to(0.0, (2000, 2000))})


@pytest.mark.parametrize(
    "code",
    [
        "zeros((1000, 1000)) @ zeros((1000, 1000))",
        "x = zeros((1000, 1000))\n" + "x = x + 1\n" * 7,
        "x = zeros((1000, 1000))\nx" + ".sum(0, True)" * 3 + "+ x + x + x + x + x + x + x + x + x",
    ],
)
def test_work_is_limited(code):
    limited = "this is more computing than an exercise allows"
    if code.count("x + 1") == 7:
        assert evaluate(code, {}).shape == (1000, 1000)
        code = code.replace("x + 1", "x + 1 + 1")
    assert limited in refusal(code)


# --- Whatever is typed -----------------------------------------------------------------------------------------------

PIECES = (
    *("q", "k", "np", ".", "T", "shape", "sum", "exp", "zeros", "eye", "arange", "where", "len", "axis"),
    *("keepdims", "x", "(", ")", "[", "]", ",", ":", "=", "+", "-", "*", "/", "@", "**", "<", "==", "..."),
    *("None", "True", "return"),
    *(" ", "\n", "\n  ", "\t", "\f", "0", "1", "2", "9999", "1e9", ".5", "#", "'", '"', "\\", "\0", "lambda"),
    *("__class__", "match", "case", "_", "import", "é", "٣", "\ud800", "\u2028", "{", "}", ";", "~", "%"),
)  # fmt: skip


def only_says_what_is_wrong(code):
    try:
        found = evaluate(code, GIVEN)
    except CodeError as error:
        said = str(error)
    else:
        assert found.dtype == np.float64
        return
    said.encode()  # half a surrogate pair could not be shown
    assert "\n" not in said


@given(st.text(max_size=60))
def test_any_text(code):
    only_says_what_is_wrong(code)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=400)
def test_any_text_of_the_languages_pieces(code):
    only_says_what_is_wrong(code)


@given(st.sampled_from([*RIGHT, *WRONG]), st.integers(0, 200), st.integers(0, 8), st.sampled_from(PIECES))
@settings(max_examples=400)
def test_any_slip_in_a_snippet(code, at, gone, piece):
    only_says_what_is_wrong(code[:at] + piece + code[at + gone :])


@given(st.sampled_from(PIECES), st.sampled_from(PIECES), st.sampled_from(PIECES), st.integers(1, 700))
def test_any_long_repetition(before, again, after, times):
    only_says_what_is_wrong((before + again * times + after)[:2_000])
