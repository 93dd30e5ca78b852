"""What a class takes home: the files of every lesson, in every setting, which make the same matrices by themselves."""

import io
import json
import zipfile

import numpy as np
import pytest

from attention_core.benches import BENCHES
from attention_core.export import to_notebook, to_numpy, to_torch
from attention_ui.document import Document, compute
from attention_ui.lesson import LESSONS
from attention_ui.sheet import Sheet
from attention_ui.take_home import zipped
from tests.test_pages import opened


def settings_of(name):
    """The untouched bench, and each value of each of its switches and short lists."""
    bench = BENCHES[name]
    yield {}
    for setting, values in bench.allowed.items():
        if type(bench.settings[setting]) is not float and len(values) <= 6 and setting not in bench.figures:
            yield from ({setting: value} for value in values if value != bench.settings[setting])


CASES = [(name, settings) for name in BENCHES for settings in settings_of(name)]


def cells(trace) -> str:
    book = json.loads(to_notebook(trace))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    return "\n".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize(("name", "settings"), CASES, ids=lambda value: str(value))
def test_a_notebook_of_every_lesson_makes_the_same_matrices(name, settings):
    trace = compute(Sheet(name).with_settings(**settings)).trace
    memory: dict = {}
    exec(compile(cells(trace), "<notebook>", "exec"), memory)
    for made in trace:
        found = memory[made.replace(".", "_")]
        np.testing.assert_allclose(found, trace[made].value, rtol=1e-9, atol=1e-9, err_msg=made)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=lambda value: str(value))
def test_both_scripts_of_every_lesson_can_be_written(name, settings):
    trace = compute(Sheet(name).with_settings(**settings)).trace
    assert "import numpy" in to_numpy(trace)
    assert "np." not in to_torch(trace)


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
