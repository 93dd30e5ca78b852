"""What a class takes home: the files of every lesson, in every setting, which make the same matrices by themselves."""

import io
import json
import sys
import zipfile

import numpy as np
import pytest

from attention_core.export import to_notebook, to_numpy, to_torch
from attention_ui.document import Document, compute
from attention_ui.lesson import LESSONS
from attention_ui.sheet import Sheet
from attention_ui.take_home import zipped
from tests.golden.run_exports import SETTINGS, TOLERANCE, used
from tests.test_export import GOLDEN, TORCH, agrees, output_of
from tests.test_pages import opened


@pytest.fixture
def torch(monkeypatch):
    """A stand-in, which checks the arithmetic; the list of what PyTorch itself ran says that it knows the same."""
    monkeypatch.setitem(sys.modules, "torch", TORCH)


every_lesson = pytest.mark.parametrize(("name", "settings"), SETTINGS, ids=lambda value: str(value))


def cells(trace) -> str:
    book = json.loads(to_notebook(trace))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    return "\n".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code")


@every_lesson
def test_a_notebook_of_every_lesson_makes_the_same_matrices(name, settings):
    trace = compute(Sheet(name).with_settings(**settings)).trace
    memory: dict = {}
    exec(compile(cells(trace), "<notebook>", "exec"), memory)
    for made in trace:
        found = memory[made.replace(".", "_")]
        np.testing.assert_allclose(found, trace[made].value, rtol=1e-9, atol=1e-9, err_msg=made)


@every_lesson
def test_both_scripts_of_every_lesson_make_the_same_matrices(name, settings, torch):
    trace = compute(Sheet(name).with_settings(**settings)).trace
    agrees(output_of(to_numpy(trace, digits=17))[0], trace)
    script = to_torch(trace, digits=17)
    agrees(output_of(script)[0], trace)
    assert used(script) <= {*GOLDEN["used"]}, "run tests/golden/run_exports.py again"
    assert GOLDEN["lessons"] <= TOLERANCE


def test_the_tables_hold_every_matrix_and_defuse_formulas():
    trace = compute(Document(sentence="=1+1 ball")).trace
    with zipfile.ZipFile(io.BytesIO(zipped(trace))) as folder:
        assert {f"{name}.csv" for name in (*trace.given, *trace)} == set(folder.namelist())
        assert "'=1+1" in folder.read("weights.csv").decode()


@pytest.mark.parametrize("lesson", [known for known in LESSONS if known.name != "home"], ids=lambda known: known.name)
def test_every_lesson_offers_the_files(lesson):
    labels = [button.proto.label for button in opened(lesson.file).get("download_button")]
    assert {
        "NumPy script",
        "PyTorch script",
        "Jupyter notebook",
        "Tables (CSV, zipped)",
        "Pictures (SVG, zipped)",
    } <= set(labels)
