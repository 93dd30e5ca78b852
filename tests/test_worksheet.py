"""Worksheets: what is to be filled in is not given away, and the key has every number, computed again."""

import re
from html import escape, unescape

import numpy as np
import pytest

from attention_core.exercises import EXERCISES
from attention_ui.answer_fields import given_with
from attention_ui.document import Document, compute
from attention_ui.lesson import LESSONS
from attention_ui.sheet import Sheet
from attention_ui.worksheet import KINDS, PAPERS, worksheet

TAUGHT = [known for known in LESSONS if known.name != "home"]
every_lesson = pytest.mark.parametrize("lesson", TAUGHT, ids=lambda known: known.name)


def trace_of(lesson):
    return compute(Sheet(lesson.bench) if lesson.bench else Document()).trace


def made(sheet: str) -> str:
    """The part of a sheet that is computed: between what is given and the exercises."""
    computed = sheet.partition("Compute, one matrix from another</h2>")[2] or sheet.partition("Computed</h2>")[2]
    return computed.partition("<h2>")[0]


def numbers(part: str) -> list[float]:
    return [float(x) for x in re.findall(r'<td[^>]* data-value="([^"]*)"', part)]


def cells(part: str) -> int:
    return len(re.findall(r"<td[^>]* data-row=", part))


@every_lesson
def test_the_key_has_every_number_of_every_matrix(lesson):
    trace = trace_of(lesson)
    found = numbers(made(worksheet(lesson.title, trace, lesson.name, "solved")))
    expected = np.concatenate([np.ravel(matrix.value).astype(float) for matrix in trace.values()])
    np.testing.assert_array_equal(found, expected)


def test_a_matrix_wider_than_the_page_stands_on_it_in_parts():
    """Every number once, at its own place, and no table with more columns than fit on the paper."""
    document = Sheet("sandbox").with_settings(sentence=" ".join(f"w{i}" for i in range(16)), d_k=23, d_v=11)
    trace = compute(document).trace
    for kind in KINDS:
        sheet = worksheet("Sandbox", trace, "sandbox", kind)
        for table in re.findall(r"<table data-shows=.*?</table>", sheet):
            assert table.partition("</thead>")[0].count("<th") <= 10
    found = {name: {} for name in trace}
    for name, table in re.findall(r'<table data-shows="([^"]*)">(.*?)</table>', made(sheet)):
        for cell in re.findall(r"<td[^>]* data-row=[^>]*>", table):
            row, col, value = (re.search(f'data-{key}="([^"]*)"', cell)[1] for key in ("row", "col", "value"))
            assert (int(row), int(col)) not in found[name]
            found[name][int(row), int(col)] = float(value)
    for name, cells in found.items():
        value = trace[name].value.reshape(len(trace[name].value), -1)
        assert cells == {at: value[at].item() for at in np.ndindex(value.shape)}
    assert "scores, columns 1 to 8" in sheet
    assert "scores, columns 9 to 16" in sheet


@every_lesson
def test_a_blank_sheet_gives_nothing_away(lesson):
    part = made(worksheet(lesson.title, trace_of(lesson), lesson.name, "blank"))
    assert numbers(part) == []
    assert cells(part) == cells(made(worksheet(lesson.title, trace_of(lesson), lesson.name, "solved")))


@pytest.mark.parametrize("variant", range(6))
def test_half_a_sheet_keeps_an_example_and_blanks_about_half(variant):
    lesson = next(known for known in LESSONS if known.name == "one_head")
    part = made(worksheet(lesson.title, trace_of(lesson), "one_head", "half", variant))
    assert 0.5 < len(numbers(part)) / cells(part) < 0.75  # half of all rows but the first
    first = re.findall(r'<td[^>]*data-row="0"[^>]*>', part)
    assert first
    assert all("data-value" in cell for cell in first)


def test_variants_differ_and_the_same_one_comes_again():
    lesson = next(known for known in LESSONS if known.name == "one_head")
    sheets = [worksheet(lesson.title, trace_of(lesson), "one_head", "half", variant) for variant in (1, 2, 1)]
    assert sheets[0] != sheets[1]
    assert sheets[0] == sheets[2]


def on_paper(found) -> bool:
    """Heads that are built are tried on sentences that nobody sees; and one exercise is about a picture."""
    return found.kind != "weights" and not found.task(0).pictured


@every_lesson
@pytest.mark.parametrize("kind", KINDS)
def test_every_exercise_stands_on_it_and_only_the_key_has_its_solution(lesson, kind):
    sheet = unescape(worksheet(lesson.title, trace_of(lesson), lesson.name, kind, 2))
    for found in EXERCISES.values():
        if found.lesson == lesson.name and on_paper(found):
            task = found.task(2)
            assert task.prompt in sheet
            assert all(line in sheet for line in task.solution) or kind != "solved"
            assert "".join(f"<li>{line}</li>" for line in task.solution) not in sheet or kind == "solved"


def test_it_stands_by_itself_and_needs_no_colour():
    lesson = next(known for known in LESSONS if known.name == "one_head")
    for paper in PAPERS:
        sheet = worksheet(lesson.title, trace_of(lesson), "one_head", "blank", 0, paper)
        assert f"size: {paper};" in sheet
        assert not re.search(r"(src|href)=|url\(|@import|<script", sheet)
        colours = re.findall(r"#([0-9a-f]{3,6})\b", sheet.partition("<style>")[2].partition("</style>")[0])
        assert colours
        assert all(len(set(colour)) == 1 for colour in colours)  # greys


def test_words_of_the_reader_are_text():
    document = Document(sentence="<b>ball</b> <script>alert(1)</script> $x$")
    sheet = worksheet("One head", compute(document).trace, "one_head", "solved")
    assert "<b>ball" not in sheet
    assert "<script" not in sheet
    assert "&lt;b&gt;ball&lt;/b&gt;" in sheet


@pytest.mark.parametrize("variant", [0, 3])
@every_lesson
def test_an_exercise_on_paper_has_all_that_it_speaks_of(lesson, variant):
    """What the page shows with it, a grid for a mask, code to mend; what is given, unless the sheet begins with it."""
    trace = trace_of(lesson)
    sheet = worksheet(lesson.title, trace, lesson.name, "blank", variant).partition("<h2>Exercises</h2>")[2]
    sections = iter(re.findall(r"<section>.*?</section>", sheet, re.S))
    for found in (one for one in EXERCISES.values() if one.lesson == lesson.name):
        if not on_paper(found):
            assert escape(found.title) not in sheet
            continue
        task, part = found.task(variant), next(sections)
        assert escape(found.title) in part
        drawn = re.findall(r'data-shows="([^"@]*)', part)
        assert all(
            table.partition("</thead>")[0].count("<th") <= 10 for table in re.findall(r"<table data-.*?</table>", part)
        )
        assert set(task.shown) <= set(drawn)
        if found.kind == "mask":
            assert "mask" in drawn
            grid = re.search(r'<table data-shows="mask">.*?</table>', part)[0]
            assert cells(grid) == task.trace.matrix("mask").value.size
            assert numbers(grid) == []
        if found.kind == "code":
            assert escape(task.start[0]) in part
        if found.kind in ("cell", "error"):
            assert task.target[0] in drawn
        for matrix in given_with(task, found.kind):
            same = matrix.name in trace.given and np.array_equal(trace.given[matrix.name].value, matrix.value)
            assert same or matrix.name in drawn
    assert next(sections, None) is None
