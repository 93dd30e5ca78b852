"""What leaves the house says the same: JSON and CSV read back, scripts run, and no label ever becomes code.

Vocabulary
    case       a program of the package with random matrices (golden/run_exports.py)
    nasty      labels that try to end a comment, a literal, a cell or a line
    stand-in   a small PyTorch over NumPy, as strict as the real one where NumPy is lenient; see golden/run_exports.py
"""

import ast
import csv
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from math import erf, prod
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import examples, programs, rules, run
from attention_core.export import from_json, to_csv, to_csvs, to_dict, to_json, to_numpy, to_torch
from attention_core.handmade import HEADS
from attention_core.trace import Step
from tests.golden.run_exports import CASES, TOLERANCE, matrices, printed, traced, used
from tests.heads import FIXED, VARIANTS, drawn

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("exports.json").read_text(encoding="utf-8"))
NASTY = (
    'say "hi"', "it's", "'''", '"""', "two\nlines", "\nimport os", "a\rb", "a\r\nb", "\u2028x", "\\", "\\n", "ends \\",
    "{}", "{0}", "{dtype}", "%s", "# -*- coding: latin-1 -*-", "=cmd()", "+1", "-1", "@x", "\t=1", " =1", "x;=cmd()",
    "＝1", "🙂", "é", "\x00", "\u202e", "\ud800", "", " ", "a,b", "'=1", "exec('boom = 1')",
)  # fmt: skip
every_case = pytest.mark.parametrize("name", CASES)


def paint(labels=None, dtype=np.float64):
    """The worked example; with `labels`, those for the queries and keys of five tokens."""
    given, places = examples.PAINT.given(["red", "ball", "hit", "blue", "cube"])
    given = {name: value if value.dtype == bool else value.astype(dtype) for name, value in given.items()}
    return run(programs.one_head(), given, {**places, "query": labels, "key": labels} if labels else places)


def output_of(script):
    """What the script prints, and the names that it leaves behind."""
    text, memory = io.StringIO(), {"__name__": "__main__"}
    with redirect_stdout(text):
        exec(compile(script, "<export>", "exec"), memory)
    return text.getvalue(), memory


def agrees(text, trace, tolerance=TOLERANCE):
    """The printed matrices are those of the trace: names, order, shapes, numbers."""
    found, expected = printed(text), matrices(trace)
    assert list(found) == list(expected)
    lines = sum(1 + prod(value.shape[:-1]) for value in expected.values())
    assert len(text.splitlines()) == lines  # and nothing else was printed
    for name, value in expected.items():
        assert found[name].shape == value.shape
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance, err_msg=name)


def same(trace, other):
    """The two traces hold the same matrices and labels, to the last bit."""
    for name, value in matrices(trace).items():
        assert other.matrix(name).value.dtype == value.dtype
        assert np.array_equal(other.matrix(name).value, value)
        assert other.matrix(name).labels == trace.matrix(name).labels


# --- NumPy -----------------------------------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, TOLERANCE), (np.float32, 1e-5)])
def test_a_numpy_script_makes_the_same_matrices(name, dtype, tolerance):
    trace = traced(name, dtype)
    text, memory = output_of(to_numpy(trace, digits=17))
    agrees(text, trace, tolerance)
    for made in matrices(trace):
        assert memory["matrices"][made].dtype == trace.matrix(made).value.dtype, made


@pytest.mark.parametrize("variant", VARIANTS[::8], ids=repr)
def test_every_kind_of_head_can_be_exported(variant, torch):
    trace = run(variant.program, drawn(variant, FIXED, 3), {})
    agrees(output_of(to_numpy(trace, digits=17))[0], trace)
    agrees(output_of(to_torch(trace, digits=17))[0], trace)


@pytest.mark.parametrize("head", HEADS.values(), ids=lambda head: head.name)
def test_heads_built_by_hand_can_be_exported(head):
    trace = run(head.program, *head.given(["a", "cat", "saw", "a", "dog"]))
    agrees(output_of(to_numpy(trace, digits=17))[0], trace)


def test_a_numpy_script_needs_nothing_but_numpy(tmp_path):
    script = tmp_path / "trace.py"
    trace = traced("block, post, rms")
    script.write_text(to_numpy(trace, digits=17), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    agrees(done.stdout, trace)


def test_a_script_says_what_it_computes():
    script = to_numpy(paint())
    assert "\n# query: 'red', 'ball', 'hit', 'blue', 'cube'\n" in script
    assert "\n# d_k" not in script  # axes without labels need no comment
    assert "\n# one number\nscale = np.array(0.5, dtype=np.float64)\n" in script
    assert "\n# Q = X W_Q\nq = x @ w_q\n" in script
    assert "math" not in script
    for step in programs.one_head():
        assert f"\n{step.code}\n" in script
        assert step.says in script


def test_a_comment_stays_on_its_line():
    step = replace(one_step()["y"].step, says="One.\nprint('two')\r\x0c\u2028three.", formula="Y\n= X", title="sum")
    script = to_numpy(run((step,), {"x": np.ones((2, 3))}))
    assert "\n# sum [row column]: One. print('two') three.\n# Y = X\ny = x\n" in script


@pytest.mark.parametrize("digits", [1, 3, 17])
def test_digits_are_those_asked_for(digits):
    text, _ = output_of(to_numpy(paint(), digits=digits))
    assert f"\n{np.log(3) * 2:.{digits}g} 0 0 0\n" in text  # a row of w_q


@pytest.mark.parametrize("digits", [0, -1, 18])
def test_digits_out_of_range(digits):
    with pytest.raises(ValueError, match=rf"within 1..17, and is {digits}"):
        to_numpy(paint(), digits=digits)


def test_no_negative_zero_is_printed():
    trace = paint()
    scaled = run(programs.SELF_ATTENTION, {name: -trace.given[name].value for name in ("x", "w_q", "w_k", "w_v", "w_o")}
                 | {"scale": -trace.given["scale"].value}, {})  # fmt: skip
    assert "-0.0" in repr(scaled.given["x"].value.tolist())
    assert not any(number == "-0" for number in output_of(to_numpy(scaled))[0].split())


def one_step(name="y", code="y = x", given="x"):
    """A trace of one step that adds a matrix to itself, with this name, NumPy line and given."""
    step = Step(name, "Y", code, (given, given), "row column, row column -> row column", rules.add)
    return run((step,), {given: np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0]])}, {})


@pytest.mark.parametrize("name", ["np", "torch", "math", "erf", "show", "lambda", "a-b", "1", "print", "x y"])
def test_a_name_that_a_script_needs_itself(name):
    for export in (to_numpy, to_torch):
        with pytest.raises(ValueError, match=f"rename '{name}'"):
            export(one_step(given=name))


def test_two_names_that_are_one_in_python():
    with pytest.raises(ValueError, match=r"two matrices would both be called a_b"):
        to_numpy(one_step("a.b", given="a_b"))


# --- PyTorch ---------------------------------------------------------------------------------------------------------


class Tensor:
    """An array that can what a PyTorch tensor can, as far as scripts need it, and refuses what a tensor refuses."""

    def __init__(self, array):
        self.array = np.asarray(array)
        self.shape, self.dtype = self.array.shape, self.array.dtype

    @property
    def T(self):
        assert self.array.ndim == 2
        return Tensor(self.array.T)

    def __getitem__(self, at):
        parts = at if isinstance(at, tuple) else (at,)
        return Tensor(self.array[tuple(part.array if isinstance(part, Tensor) else part for part in parts)])

    def __len__(self):
        return len(self.array)

    def __matmul__(self, other):
        assert self.dtype == other.dtype  # PyTorch multiplies no matrices of two types
        return Tensor(self.array @ other.array)

    def sum(self, *, dim=None):
        return Tensor(self.array.sum(axis=dim))

    def any(self, *, dim):
        return Tensor(self.array.any(axis=dim))

    def max(self):  # with dim, PyTorch gives the places, too
        return Tensor(self.array.max())

    def mean(self, *, dim):
        return Tensor(self.array.mean(axis=dim))

    def amax(self, *, dim):
        return Tensor(self.array.max(axis=dim))

    def reshape(self, *shape):
        return Tensor(self.array.reshape(shape))

    def swapaxes(self, a, b):
        return Tensor(self.array.swapaxes(a, b))

    def permute(self, *order):
        return Tensor(self.array.transpose(order))

    def to(self, dtype):
        return Tensor(self.array.astype(dtype))

    def tolist(self):
        return self.array.tolist()


def operator(name):
    def apply(self, other):
        return Tensor(getattr(self.array, name)(other.array if isinstance(other, Tensor) else other))

    return apply


for _name in ("add", "sub", "mul", "truediv", "pow", "radd", "rmul", "gt", "ge", "eq"):
    setattr(Tensor, f"__{_name}__", operator(f"__{_name}__"))


def on_tensors(function):
    """A function of PyTorch that reads tensors only, by a function of NumPy."""
    return lambda *tensors, **options: Tensor(function(*(tensor.array for tensor in tensors), **options))


def where(condition, *choices):
    return Tensor(np.where(condition.array, *(x.array if isinstance(x, Tensor) else x for x in choices)))


def cat(parts, *, dim=0):
    assert isinstance(parts, list | tuple)  # not one tensor, which NumPy would take apart itself
    return Tensor(np.concatenate([part.array for part in parts], axis=dim))


SAME = (
    "abs", "atleast_1d", "cos", "exp", "isneginf", "log", "logaddexp", "maximum", "nan_to_num", "round", "sin", "sqrt",
    "tanh", "zeros_like",
)  # fmt: skip
TORCH = SimpleNamespace(
    **{name: on_tensors(getattr(np, name)) for name in SAME},
    float32=np.float32,
    float64=np.float64,
    tensor=lambda values, dtype=None: Tensor(np.array(values, dtype)),
    arange=lambda *ends: Tensor(np.arange(*ends)),
    where=where,
    cat=cat,
    einsum=lambda spelled, *tensors: Tensor(np.einsum(spelled, *(tensor.array for tensor in tensors))),
    repeat_interleave=lambda x, times, *, dim: Tensor(np.repeat(x.array, times, axis=dim)),
    sort=lambda x, *, dim: SimpleNamespace(values=Tensor(np.sort(x.array, axis=dim))),
    clamp=lambda x, *, min=None, max=None: Tensor(np.clip(x.array, min, max)),
    clip=lambda x, low, high: Tensor(np.clip(x.array, low, high)),
    erf=lambda x: Tensor(np.vectorize(erf, otypes=[x.dtype])(x.array)),
)  # fmt: skip


@pytest.fixture
def torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", TORCH)


@every_case
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, TOLERANCE), (np.float32, 1e-5)])
def test_a_torch_script_makes_the_same_matrices(name, dtype, tolerance, torch):
    trace = traced(name, dtype)
    text, memory = output_of(to_torch(trace, digits=17))
    agrees(text, trace, tolerance)
    for made in matrices(trace):
        assert memory["matrices"][made].dtype == trace.matrix(made).value.dtype, made


@every_case
def test_pytorch_itself_was_seen_to_run_all_that_a_script_uses(name):
    assert used(to_torch(traced(name))) <= {*GOLDEN["used"]}, "run tests/golden/run_exports.py again"
    assert GOLDEN["differences"][name] <= TOLERANCE


@every_case
def test_a_torch_script_knows_no_numpy(name):
    words = {node.id for node in ast.walk(ast.parse(to_torch(traced(name)))) if isinstance(node, ast.Name)}
    assert "np" not in words


def test_both_scripts_print_alike(torch):
    numpy_text, torch_text = (output_of(export(paint()))[0] for export in (to_numpy, to_torch))
    assert numpy_text == torch_text


@pytest.mark.parametrize(
    ("code", "translated"),
    [
        ("y = x.max(axis=1)", "y = x.amax(dim=1)"),
        ("y = x.transpose(1, 0)", "y = x.permute(1, 0)"),
        ("y = np.einsum('ij,ij->i', x, x)", "y = torch.einsum('ij,ij->i', x, x)"),
        ("y = np.maximum(x, x)", "y = torch.maximum(x, x)"),
        ("y = x * (2 / np.pi) ** 0.5", "y = x * (2 / math.pi) ** 0.5"),
        ("y = np.where(x > 0, x, -np.inf)", "y = torch.where(x > 0, x, -math.inf)"),
        ("y = np.zeros_like(x[..., 0])", "y = torch.zeros_like(x[..., 0])"),
        ("y = np.concatenate(x, axis=-1)", "y = torch.cat(tuple(x), dim=-1)"),
        ("y = np.concatenate([x, x])", "y = torch.cat([x, x])"),
        ("y = x * (1 + erf(x / 2**0.5)) / 2", "y = x * (1 + torch.erf(x / 2**0.5)) / 2"),
    ],
)
def test_a_line_is_translated(code, translated, torch):
    script = to_torch(one_step(code=code))
    assert f"\n{translated}\n" in script
    expected = output_of(to_numpy(one_step(code=code), digits=17))[0]
    assert output_of(to_torch(one_step(code=code), digits=17))[0] == expected


def test_a_line_that_cannot_be_translated():
    with pytest.raises(ValueError, match=r"step 'y': no PyTorch is known for np\.linalg in 'y = np\.linalg"):
        to_torch(one_step(code="y = np.linalg.inv(x)"))


# --- Dict and JSON ---------------------------------------------------------------------------------------------------


def refused(constant):
    raise AssertionError(f"{constant} is not JSON")


@every_case
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_json_makes_the_same_trace(name, dtype):
    trace = traced(name, dtype)
    json.loads(to_json(trace), parse_constant=refused)
    same(trace, run(CASES[name][0], *from_json(to_json(trace))))


@every_case
def test_the_dict_holds_every_matrix(name):
    trace = traced(name)
    told = to_dict(trace)
    assert json.loads(to_json(trace)) == told
    assert [step["name"] for step in told["steps"]] == list(trace)
    records = {**told["given"], **{step["name"]: step for step in told["steps"]}}
    for made, value in matrices(trace).items():
        record = records[made]
        assert np.array_equal(np.array(record["values"]).astype(record["dtype"]), value)
        assert tuple(record["shape"]) == value.shape
        assert tuple(record["axes"]) == trace.matrix(made).axes
        assert tuple(tuple(told["labels"][axis]) for axis in record["axes"]) == trace.matrix(made).labels


def test_a_step_keeps_its_words():
    told = to_dict(paint())
    for step, record in zip(programs.one_head(), told["steps"], strict=True):
        assert (record["formula"], record["code"], record["title"]) == (step.formula, step.code, step.title)
        assert (record["says"], tuple(record["inputs"])) == (step.says, step.inputs)
    assert told["steps"][5]["values"][0] == [0.0, "-inf", "-inf", "-inf", "-inf"]
    assert told["given"]["mask"]["values"][0] == [True, False, False, False, False]
    assert told["given"]["scale"]["values"] == 0.5


@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e150, max_value=1e150),
                 min_size=3, max_size=3), min_size=2, max_size=2,
    )
)  # fmt: skip
@settings(max_examples=50)
def test_every_number_survives(values):
    x = np.array(values)
    trace = run((replace(one_step()["y"].step),), {"x": x}, {})
    given, _ = from_json(to_json(trace))
    assert given["x"].tobytes() == x.tobytes()
    rows = list(csv.reader(io.StringIO(to_csv(trace, "x"))))[1:]
    assert np.array([list(map(float, row[1:])) for row in rows]).tobytes() == x.tobytes()
    assert output_of(to_numpy(trace))[1]["x"].tobytes() == x.tobytes()


def damaged(**changes):
    told = to_dict(one_step())
    told["given"]["x"].update(changes)
    return json.dumps(told)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("[]", "does not hold a trace"),
        ("{}", "does not hold a trace .KeyError: 'labels'"),
        ('{"labels": 3}', "does not hold a trace"),
        ("[" * 100_000, "does not hold a trace .RecursionError"),
        (damaged(shape=None), "does not hold a trace"),
        (damaged(shape=[3, 2]), r"x says that its shape is \(3, 2\), but its values are \(2, 3\)"),
        (damaged(dtype="object"), "x is float64, float32 or bool, and not object"),
        (damaged(values=[["a"] * 3] * 2), "x says that it is float64, but its values are <U1"),
        (damaged(dtype="bool"), "x says that it is bool, but its values are float64"),
        (damaged(values=[[1, 2], [3]]), "the rows of x do not have the same length"),
    ],
)
def test_json_that_holds_no_trace(text, message):
    with pytest.raises(ValueError, match=message):
        from_json(text)


def test_numbers_too_large_for_float32_are_refused_by_the_run():
    given, _ = from_json(damaged(dtype="float32", values=[[1e300] * 3] * 2))
    with pytest.raises(ValueError, match=r"x, which holds inf at \(0, 0\)"):
        run((one_step()["y"].step,), given)


# --- CSV -------------------------------------------------------------------------------------------------------------


@every_case
def test_csv_cells_parse_back(name):
    trace = traced(name)
    tables = {**{made: to_csv(trace, made) for made in trace.given}, **to_csvs(trace)}
    assert list(tables) == list(matrices(trace))
    for made, value in matrices(trace).items():
        head, *rows = csv.reader(io.StringIO(tables[made], newline=""))
        aside = max(value.ndim - 1, min(value.ndim, 1))
        labels = [tuple(row[:aside]) for row in rows]
        assert labels == [tuple(map(str, at)) for at in np.ndindex(value.shape[:aside])]
        assert head[aside:] == (list(trace.matrix(made).labels[-1]) if value.ndim > 1 else [made])
        numbers = np.array([[float(cell) for cell in row[aside:]] for row in rows])
        assert np.array_equal(numbers.reshape(value.shape), value)


def test_csv_is_readable():
    trace = paint()
    assert to_csv(trace, "masked").splitlines()[:3] == [
        "query / key,red,ball,hit,blue,cube", "red,0,-inf,-inf,-inf,-inf", "ball,1.0986122886681098,0,-inf,-inf,-inf"
    ]  # fmt: skip
    assert to_csv(trace, "mask").splitlines()[1] == "red,1,0,0,0,0"
    assert to_csv(trace, "row_sums").splitlines() == ["query,row_sums", "red,1", "ball,4", "hit,5", "blue,4", "cube,9"]
    assert to_csv(trace, "scale").splitlines() == ["scale", "0.5"]
    assert to_csv(traced("heads"), "scores").splitlines()[0] == "head,query / key,0,1,2,3,4"


def test_float32_has_short_decimals():
    trace = paint(dtype=np.float32)
    assert to_csv(trace, "masked").splitlines()[2].startswith("ball,1.0986123,0,")


def test_csv_of_a_matrix_that_is_not_there():
    with pytest.raises(KeyError):
        to_csv(paint(), "logits")


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("=cmd()", "'=cmd()"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"),
        ("\rx", "'\rx"), ("\nx", "'\nx"), (" =1", "' =1"),
        ("x;=1", "x;'=1"), ("＝1", "'＝1"), ("well-known", "well-known"), ("a=b", "a=b"), ("a;b", "a;b"), ("", ""),
        ("it's", "it's"), ('"', '"'), ("a,b", "a,b"), ("🙂", "🙂"), ("two\nlines", "two\nlines"),
    ],
)  # fmt: skip
def test_a_label_is_no_formula(label, written):
    trace = paint(("a", "b", label, "c", "d"))
    head, *rows = csv.reader(io.StringIO(to_csv(trace, "scores"), newline=""))
    assert head[3] == rows[2][0] == written
    assert {len(row) for row in rows} == {6}


# --- Labels are data -------------------------------------------------------------------------------------------------

labels = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=12)), min_size=5, max_size=5)


def skeleton(script):
    """All of a script but its comments."""
    return ast.dump(ast.parse(script))


@given(labels)
@settings(max_examples=60)
def test_no_label_becomes_code(labels):
    plain, nasty = paint(), paint(tuple(labels))
    for export in (to_numpy, to_torch):
        assert skeleton(export(nasty)) == skeleton(export(plain))
        assert len(export(nasty).encode("utf-8").splitlines()) == len(export(plain).encode("utf-8").splitlines())
    same(nasty, run(programs.one_head(), *from_json(to_json(nasty))))
    table = list(csv.reader(io.StringIO(to_csv(nasty, "scores"), newline="")))
    assert [len(row) for row in table] == [6] * 6
    for label, row in zip(labels, table[1:], strict=True):
        assert row[0].replace("'", "") == label.replace("'", "")
        assert row[0].lstrip()[:1] not in ("=", "+", "-", "@") or not row[0]


def test_a_script_with_nasty_labels_runs(tmp_path):
    trace = paint(("# -*- coding: utf-16 -*-", "\nimport os", '"""', "\ud800\x00", "\\"))
    script = tmp_path / "trace.py"
    script.write_text(to_numpy(trace, digits=17), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-W", "error", script], capture_output=True, text=True, check=True)
    agrees(done.stdout, trace)
