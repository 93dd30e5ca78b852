"""Files from elsewhere: what was saved is loaded number by number, and what cannot be used is told, and never run.

Vocabulary
    saved   a model's matrices as a file of one kind; every axis has a size of its own
    bomb    a file that is small, and large once it is unpacked
"""

import io
import json
import pickle
import re
import zipfile
from random import Random

import numpy as np
import pytest

from attention_core import attention, export
from attention_core.imports import KINDS, MOST_BYTES, MOST_ENTRIES, ImportProblem, read_files
from attention_core.loading import agreements, imported
from attention_ui.document import compute
from attention_ui.imports import _SAVES
from attention_ui.sheet import Sheet
from tests.test_pages import alerts, opened, sound


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def sandbox(*files):
    settings, edits = imported(read_files(files))
    return compute(Sheet("sandbox", settings=settings, edits=edits))


def drawn(rng, *shape):
    return np.round(rng.normal(size=shape), 3)


def given_three(rng, heads, crossed):
    n, n_k, d_k, d_v = 5, 3 if crossed else 5, 4, 2
    front = (heads,) if heads > 1 else ()
    return {"q": drawn(rng, *front, n, d_k), "k": drawn(rng, *front, n_k, d_k), "v": drawn(rng, *front, n_k, d_v)}


def as_csv(matrix):
    return "\n".join(",".join(map(str, row)) for row in matrix).encode()


SAVED = {
    "npz": lambda arrays: [("a.npz", npz(**arrays))],
    "packed": lambda arrays: [("a.npz", packed(arrays))],
    "json": lambda arrays: [("a.json", json.dumps({name: a.tolist() for name, a in arrays.items()}).encode())],
    "npy": lambda arrays: [(f"{name}.npy", npy(a)) for name, a in arrays.items()],
    "fortran": lambda arrays: [("a.npz", npz(**{name: np.asfortranarray(a) for name, a in arrays.items()}))],
    "big-endian": lambda arrays: [("a.npz", npz(**{name: a.astype(">f8") for name, a in arrays.items()}))],
    "other names": lambda arrays: [("a.npz", npz(**{{"q": "Query", "k": "keys", "v": "VALUE"}[n]: a
                                                    for n, a in arrays.items()}))],
    "a batch of one": lambda arrays: [("a.npz", npz(**{name: a[None] for name, a in arrays.items()}))],
}  # fmt: skip


def packed(arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize("kind", SAVED)
@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("crossed", [False, True])
def test_saved_queries_keys_and_values_are_attended_with(kind, heads, crossed):
    arrays = given_three(np.random.default_rng([heads, crossed]), heads, crossed)
    head = sandbox(*SAVED[kind](arrays))
    np.testing.assert_array_equal(head.matrix("q").value, arrays["q"])
    np.testing.assert_array_equal(head.matrix("values").value, arrays["v"])
    np.testing.assert_allclose(head.matrix("output").value, attention(**arrays), atol=1e-12)


def test_single_matrices_come_from_csv_files_with_their_words():
    rng = np.random.default_rng(5)
    arrays = given_three(rng, 1, False)
    words = ["red", "ball", "hit", "blue", "cube"]
    rows = as_csv(arrays["q"]).split(b"\n")
    named = b"\n".join(word.encode() + b"," + row for word, row in zip(words, rows, strict=True))
    head = sandbox(("q.csv", named), ("K.csv", as_csv(arrays["k"])), ("v.txt", as_csv(arrays["v"])))
    assert head.document.setting("sentence") == " ".join(words)
    np.testing.assert_allclose(head.matrix("output").value, attention(**arrays), atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2])
def test_words_and_weights_make_the_layer_they_came_from(layers):
    rng = np.random.default_rng(layers)
    n, d, d_k, d_v = 4, 5, 3, 2
    shapes = {"w_q": (d, d_k), "w_k": (d, d_k), "w_v": (d, d_v), "w_o": (d_v, d)}
    arrays = {"x": drawn(rng, n, d), "tokens": np.array(["a", "b", "c", "d"])}
    names = [f"layer{i + 1}." for i in range(layers)] if layers > 1 else [""]
    arrays |= {prefix + name: drawn(rng, *shape) for prefix in names for name, shape in shapes.items()}
    arrays["mask"] = np.tri(n, dtype=bool)
    head = sandbox(("a.npz", npz(**arrays)))
    x = arrays["x"]
    for prefix in names:
        q, k, v = (x @ arrays[prefix + name] for name in ("w_q", "w_k", "w_v"))
        x = x + attention(q, k, v, causal=True) @ arrays[prefix + "w_o"]
    np.testing.assert_allclose(head.matrix(head.program[-1].name).value, x, atol=1e-9)
    assert head.document.setting("mask") == "causal"
    assert head.matrix("x").labels[0] == ("a", "b", "c", "d")


def test_weights_of_torch_are_transposed_and_that_is_said():
    rng = np.random.default_rng(3)
    d = 3
    joined, out = drawn(rng, 3 * d, d), drawn(rng, d, d)
    found = read_files([("a.npz", npz(x=drawn(rng, 4, d), in_proj_weight=joined, **{"out_proj.weight": out}))])
    np.testing.assert_array_equal(found.matrices["w_k"], joined[d : 2 * d].T)
    np.testing.assert_array_equal(found.matrices["w_o"], out.T)
    assert sum("transposed" in note for note in found.notes) == 2


def test_a_single_number_keeps_its_own_digits():
    arrays = given_three(np.random.default_rng(1), 1, False)
    found = read_files([("a.npz", npz(**{name: array.astype(np.float32) for name, array in arrays.items()}))])
    assert found.single
    _, edits = imported(found)
    assert max(len(text) for cells in edits.values() for text in cells.values()) <= len("-1.234")


def test_what_this_app_wrote_it_reads():
    one = compute(Sheet("sandbox").with_settings(heads=2, d_k=3).with_cells("w_q", {(1, 2, 1): "7"}))
    head = sandbox(("all.json", export.to_json(one.trace).encode()))
    np.testing.assert_allclose(head.matrix("residual").value, one.matrix("residual").value, atol=1e-12)
    assert head.document.setting("sentence") == one.document.setting("sentence")


@pytest.mark.parametrize("wrong", [0, 0.01])
def test_it_says_whether_the_same_is_computed(wrong):
    arrays = given_three(np.random.default_rng(2), 1, False)
    arrays["output"] = attention(**arrays)
    arrays["output"][3, 1] += wrong
    files = [("a.npz", npz(**arrays))]
    (said,) = agreements(read_files(files), sandbox(*files).trace)
    assert said.agrees == (not wrong)
    assert not wrong or said.at == (3, 1)


class Runs:
    """An object that, unpickled, would do something."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickled_object_is_refused_and_never_loaded(tmp_path):
    touched = tmp_path / "touched"
    pickled = np.array([Runs(touched)], dtype=object)
    for name, data in (("a.npz", npz(q=pickled)), ("q.npy", npy(pickled))):
        with pytest.raises(ImportProblem, match="holds Python objects"):
            read_files([(name, data)])
    with pytest.raises(ImportProblem, match=r"no \.npz file"):
        read_files([("a.npz", pickle.dumps(Runs(touched)))])
    assert not touched.exists()


def bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("q.npy", bytes(50 * MOST_BYTES // 10))
    return stream.getvalue()


def header(shape):
    """An array that says that it is huge, without its numbers."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue()


GOOD = {"k": np.eye(3), "v": np.eye(3)}
BAD = {
    "another kind": ([("a.png", b"x")], "is none of .npz"),
    "empty": ([("a.npz", b"")], "is empty"),
    "too large": ([("a.csv", b"1" * (MOST_BYTES + 1))], "at most 5,000,000 are read"),
    "a picture": ([("a.npz", b"\x89PNG\r\n\x1a\n" + bytes(99))], "no .npz file"),
    "a text": ([("a.npz", b"q = 1")], "no .npz file"),
    "a bomb": ([("a.npz", bomb())], "bytes unpacked"),
    "many entries": ([("a.npz", npz(**{f"a{i}": np.eye(2) for i in range(MOST_ENTRIES + 1)}))], "65 files"),
    "huge shape": ([("q.npy", header((10**9, 10**9)))], "numbers; at most 20,000"),
    "short": ([("q.npy", npy(np.eye(4))[:-9])], "fewer numbers than it says"),
    "complex": ([("a.npz", npz(q=np.eye(3) * 1j, **GOOD))], "complex numbers"),
    "words": ([("a.npz", npz(q=np.array([["a", "b"]]), **GOOD))], "no numbers"),
    "nan": ([("a.npz", npz(q=np.diag([1, np.nan, 2]), **GOOD))], "nan in row 2, column 2; every number must be finite"),
    "infinite": ([("a.npz", npz(q=np.diag([1, 2, np.inf]), **GOOD))], "inf in row 3, column 3"),
    "beyond": ([("a.npz", npz(q=np.diag([1, 2, 1e7]), **GOOD))], "must lie between"),
    "a batch": ([("a.npz", npz(q=np.ones((2, 3, 4, 5)), **GOOD))], "2 sentences at once"),
    "a vector": ([("a.npz", npz(q=np.ones(3), **GOOD))], "has 1 axes"),
    "long": ([("a.npz", npz(q=np.ones((17, 3)), k=np.ones((17, 3)), v=np.ones((17, 3))))], "17 words"),
    "wide": ([("a.npz", npz(q=np.ones((2, 65)), k=np.ones((2, 65)), v=np.ones((2, 3))))], "65 coordinates of a key"),
    "heads": ([("a.npz", npz(q=np.ones((5, 2, 3)), k=np.ones((5, 2, 3)), v=np.ones((5, 2, 3))))], "5 heads"),
    "no match": ([("a.npz", npz(q=np.ones((3, 2)), **GOOD))], "k is 3 × 3; to go with the others, it must be 3 × 2"),
    "missing": ([("a.npz", npz(**GOOD))], "There is no q in it"),
    "nothing known": ([("a.npz", npz(foo=np.eye(2)))], "No matrix of attention was found"),
    "twice": ([("a.npz", npz(q=np.eye(3), query=np.eye(3)))], "two matrices that mean q"),
    "mask": ([("a.npz", npz(q=np.eye(3), mask=np.diag([1, 2, 3.0]), **GOOD))], "mask should hold"),
    "tokens": ([("a.npz", npz(q=np.eye(3), tokens=np.array(["a"]), **GOOD))], "There are 1 tokens, and 3 rows"),
    "ragged": ([("a.json", b'{"q": [[1, 2], [3]]}')], "row 2 has 1 numbers, but row 1 has 2"),
    "no json": ([("a.json", b'{"q": [[1, 2]')], "no JSON, or was cut short"),
    "a list": ([("a.json", b"[[1]]")], "should hold names"),
    "json words": ([("a.json", b'{"q": [["x"]]}')], "is no number"),
    "json nan": ([("a.json", b'{"q": [[NaN]]}')], "holds NaN"),
    "twice in json": ([("a.json", b'{"q": [[1]], "q": [[2]]}')], "stands twice"),
    "deep": ([("a.json", b'{"q": ' + b"[" * 99 + b"1" + b"]" * 99 + b"}")], "lists within lists"),
    "very deep": ([("a.json", b'{"q": ' + b"[" * 99_999)], "a.json"),
    "huge number": ([("a.json", b'{"q": [[1' + b"0" * 400 + b"]]}")], "too large"),
    "csv of words": ([("q.csv", b"a,b\nc,d")], "q.csv"),
    "csv ragged": ([("q.csv", b"1,2\n3")], "Row 2 of numbers has 1 column"),
    "no utf-8": ([("q.csv", b"\xff\xfe1,2")], "no text in UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_told(name):
    files, says = BAD[name]
    with pytest.raises(ValueError, match=re.escape(says)) as error:
        imported(read_files(files))
    assert str(error.value).endswith((".", "]"))


@pytest.mark.parametrize("seed", range(150))
def test_damaged_files_are_told_and_raise_nothing_else(seed):
    draw, rng = Random(seed), np.random.default_rng(seed)
    kind = draw.choice(list(SAVED))
    name, data = draw.choice(SAVED[kind](given_three(rng, draw.choice((1, 3)), False)))
    damaged = bytearray(data)
    for _ in range(draw.randint(1, 9)):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    damaged = damaged[: draw.choice((len(damaged), draw.randrange(len(damaged))))]
    for ending in (name.rpartition(".")[2], *(kind[1:] for kind in KINDS)):
        try:
            imported(read_files([(f"q.{ending}", bytes(damaged))]))
        except ValueError as error:  # ImportProblem, or of matrices that do not go together
            assert "Traceback" not in str(error)  # noqa: PT017


def test_the_lines_that_save_a_file_do(tmp_path, monkeypatch):
    """Those that the page shows, run with NumPy's arrays in place of PyTorch's."""

    class Tensor:
        def __init__(self, array):
            self.array = array

        def detach(self):
            return self

        def numpy(self):
            return self.array

    monkeypatch.chdir(tmp_path)
    arrays = given_three(np.random.default_rng(4), 2, False)
    exec(_SAVES, {name: Tensor(array) for name, array in arrays.items()})
    head = sandbox(("head.npz", (tmp_path / "head.npz").read_bytes()))
    np.testing.assert_allclose(head.matrix("output").value, attention(**arrays), atol=1e-12)


def test_a_file_is_put_into_the_sandbox():
    arrays = given_three(np.random.default_rng(6), 1, False)
    app = opened("pages/sandbox.py")
    (field,) = (field for field in app.get("file_uploader") if field.key == "sandbox.files")
    field.set_value(("head.npz", npz(**arrays, output=attention(**arrays)), "application/octet-stream")).run()
    app.button(key="sandbox.import").click().run()
    document = sound(app).session_state["visit.sandbox"].document
    np.testing.assert_array_equal(document.given()[0]["q"], arrays["q"])
    assert any("the same as in the file" in text.value for text in app.text)
    assert not alerts(app)
