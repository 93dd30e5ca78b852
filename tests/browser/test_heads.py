"""Matrices with heads on the page: one figure for each head, which lights, takes edits and is picked on its own.

Vocabulary
    whole   the lesson on heads with everything drawn, from W_Q on
    place   (step, head, row, col) of a cell; head is None where a matrix has none
"""

from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from attention_core import run
from attention_core.benches import BENCHES
from attention_core.trace import Trace
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from attention_ui.slices import base, head_of
from helpers import cell, matrix, settle
from one_head import board, figures, panel, push, show, stage

TALL = {"width": 1440, "height": 7000}
WHOLE = {"whole": True}
Place = tuple[str, int | None, int, int]

_LIT = """
board => [...board.querySelectorAll("figure[data-step]")].flatMap(figure =>
    [...figure.querySelectorAll("[data-lit]")].map(({dataset}) => [
        figure.dataset.step, figure.dataset.head === undefined ? null : Number(figure.dataset.head),
        Number(dataset.row), Number(dataset.col)]))
"""


def open_heads(page: Page, server: str, view: View | None = None, **settings: object) -> None:
    query = urlencode(pack(Sheet("heads").with_settings(**settings), view or View()))
    page.goto(f"{server}/heads?{query}")
    board(page).locator("figure").first.wait_for(timeout=60_000)
    settle(page)


def core(**settings: object) -> Trace:
    set_up = BENCHES["heads"].set_up(**settings)
    return run(set_up.program, set_up.given, set_up.labels)


def place(trace: Trace, name: str, at: tuple[int, ...]) -> Place:
    """A cell of the trace as the page has it."""
    axes = trace.matrix(name).axes
    heads = axes[0] in ("head", "kv_head") and len(axes) > 1
    return (name, at[0] if heads else None, *(*at[heads:], 0, 0)[:2])


def reads(trace: Trace, name: str, at: tuple[int, ...]) -> set[Place]:
    made = trace[name]
    found = zip(made.step.inputs, made.explain(at).reads, strict=True)
    return {place(trace, source, cell) for source, cells in found for cell in cells}


def lit(page: Page) -> set[Place]:
    return {tuple(found) for found in board(page).evaluate(_LIT)}


def at(page: Page, name: str, head: int | None, row: int, col: int) -> Locator:
    return cell(page, name, row, col, head=head)


def test_every_head_is_a_figure_of_its_own(page: Page, server: str) -> None:
    open_heads(page, server, **WHOLE)
    drawn = [(base(f["step"]), head_of(f["step"])) for f in figures(page) if f["role"] != "operand"]
    assert len(drawn) == len(set(drawn))
    assert {head for step, head in drawn if step in ("w_q", "q", "bias", "weights", "output")} == {0, 1}
    assert {head for step, head in drawn if step in ("x", "mask", "concat", "residual")} == {None}
    assert board(page).locator("section[data-equation=weights] .line").all_text_contents() == [
        "head 1, content", "head 2, previous token",
    ]  # fmt: skip
    grid = board(page).locator('figure[data-step="weights"][data-head="1"][data-role="result"]').get_by_role("grid")
    expect(grid).to_have_attribute("aria-label", "A_2, weights, head 2, previous token, 5 by 5, result")
    np.testing.assert_array_equal(matrix(page, "weights", head=1), core(**WHOLE)["weights"].value[1])


@pytest.mark.parametrize(
    "settings",
    [WHOLE, {**WHOLE, "made": "split", "together": "summed"}, {**WHOLE, "made": "shared"},
     {"out": "content", "instead": "its mean"}],
    ids=["separate", "split, summed", "shared", "one at its mean"],
)  # fmt: skip
def test_hovering_lights_what_was_read_in_that_head(page: Page, server: str, settings: dict) -> None:
    page.set_viewport_size(TALL)
    open_heads(page, server, **settings)
    trace = core(**settings)
    for name, made in trace.items():
        index = tuple(n - 1 for n in made.value.shape)
        here = place(trace, name, index)
        at(page, *here).hover()
        assert lit(page) == reads(trace, name, index), here
    page.set_viewport_size({"width": 1440, "height": 1000})


def test_a_number_typed_in_one_head_changes_that_head_only(page: Page, server: str) -> None:
    open_heads(page, server, **WHOLE)
    before = [matrix(page, "q", head=head) for head in (0, 1)]
    at(page, "w_q", 1, 1, 0).dblclick()
    editor = at(page, "w_q", 1, 1, 0).locator("input")
    editor.fill("1/0")
    editor.press("Enter")
    settle(page)
    said = board(page).locator('[role=alert][data-error-for="w_q@1"]')
    expect(said).to_contain_text("W_Q, head 2, row noun, column 0")
    editor.fill("2")
    editor.press("Enter")
    settle(page)
    np.testing.assert_array_equal(matrix(page, "q", head=0), before[0])
    assert matrix(page, "q", head=1)[[1, 4], 0].tolist() == [2, 2]
    expect(page.get_by_text("Not our numbers any more")).to_be_visible()
    assert "you typed into W_Q" in page.get_by_text("Not our numbers any more").locator("..").inner_text()
    push(page, "Undo")
    np.testing.assert_array_equal(matrix(page, "q", head=1), before[1])


def test_a_block_is_pasted_into_one_head(page: Page, server: str) -> None:
    open_heads(page, server)
    at(page, "w_v", 1, 0, 1).focus()
    page.evaluate("""() => {
        const board = document.querySelector(".board") ?? [...document.querySelectorAll("*")].map(
            (node) => node.shadowRoot?.querySelector(".board")).find(Boolean);
        const data = new DataTransfer();
        data.setData("text/plain", "5\\t6\\n7\\t8");
        board.getRootNode().activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, composed: true, cancelable: true }));
    }""")
    settle(page)
    assert matrix(page, "w_v", head=1)[:2].tolist() == [[0, 5, 6], [0, 7, 8]]
    np.testing.assert_array_equal(matrix(page, "w_v", head=0), core().given["w_v"].value[0])


def test_a_cell_of_the_second_head_is_picked_and_linked(page: Page, server: str) -> None:
    """The panel says in which head; its operands lead on within that head; a link brings the picked cell back."""
    open_heads(page, server)
    at(page, "output", 1, 4, 0).click()
    settle(page)
    said = panel(page).inner_text()
    assert "O_2[cube, 0]" in said
    assert "in head 2" in said
    panel(page).locator("button.operand").first.click()
    settle(page)
    assert panel(page).locator(".which").inner_text() == "A_2[cube, red]"
    assert "how much cube takes from red, in head 2, previous token" in panel(page).inner_text()
    open_heads(page, server, View(picked=("output@1", 4, 0)))
    assert at(page, "output", 1, 4, 0).get_attribute("aria-selected") == "true"
    assert "O_2[cube, 0]" in panel(page).inner_text()


def test_the_stepper_and_tokens_as_columns(page: Page, server: str) -> None:
    """One step shows both of its heads; as columns, outputs stand one below the other, and cells keep their places."""
    open_heads(page, server)
    push(page, "Show all")
    push(page, "Next")
    assert stage(page) == "2 of 6 · Values"
    results = [(base(f["step"]), head_of(f["step"])) for f in figures(page) if f["role"] == "result"]
    assert results == [("v", 0), ("v", 1)]
    push(page, "Show all")
    before = matrix(page, "concat")
    show(page, "tokens as columns")
    np.testing.assert_array_equal(matrix(page, "concat"), before)
    signs = board(page).locator("section[data-equation=concat] .sign").all_text_contents()
    assert signs == ["[", ";", "]", "="]
    show(page, "tokens as rows")
