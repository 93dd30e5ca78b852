"""The lesson on masks in a browser: what is painted, by mouse or keyboard, reaches the tables around the matrices."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from helpers import cell, matrix, open_page, settle
from one_head import board


def open_masks(page: Page, server: str) -> None:
    open_page(page, server, "/masks")
    while (skips := page.get_by_role("button", name="Skip, just show me")).count():
        skips.first.click()
        settle(page)


def table(page: Page, caption: str) -> list[list[str]]:
    """The rows of a table of the page, without its header."""
    rows = page.locator("table", has_text=caption).locator("tbody tr").all()
    return [[part.inner_text() for part in row.locator("th, td").all()] for row in rows]


def test_painting_by_mouse_and_keyboard(page: Page, server: str) -> None:
    """hit is let see blue, then red sees nothing; Undo takes the last one back."""
    open_masks(page, server)
    assert table(page, "One run, one example a row")[2] == ["hit", "red ball hit", "blue", "0", "0"]
    cell(page, "mask", 2, 3).click()
    settle(page)
    assert table(page, "One run, one example a row")[2] == ["hit", "red ball hit blue", "blue", "1/6", "1/6"]
    cell(page, "mask", 0, 0).focus()
    page.keyboard.press("Space")
    settle(page)
    assert table(page, "One run, one example a row")[0] == ["red", "nothing", "ball", "0", "0"]
    assert not matrix(page, "weights")[0].any()
    assert not matrix(page, "row_sums")[0].any()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    settle(page)
    assert matrix(page, "weights")[0].tolist() == [0, 1, 0, 0, 0]
    page.keyboard.press("Control+z")
    settle(page)
    assert table(page, "How many hidden cells")[0] == ["tokens as rows (drawn so now)", "9", "1", "0"]


@pytest.mark.parametrize("columns", [False, True])
def test_the_triangle_lies_where_the_table_says(page: Page, server: str, columns: bool) -> None:
    open_masks(page, server)
    if columns:
        page.get_by_role("radio", name="tokens as columns").click()
        settle(page)
    hatched = board(page).locator("figure[data-step=mask] [data-row='0'][data-col='4']").first
    first, last = (board(page).locator("figure[data-step=mask] [data-row]").nth(i).bounding_box() for i in (0, -1))
    where = hatched.bounding_box()
    above = where["x"] - first["x"] > where["y"] - first["y"]  # to the right of the diagonal
    assert last["x"] > first["x"]
    assert above != columns
    drawn = next(row for row in table(page, "How many hidden cells") if "drawn so now" in row[0])
    assert drawn[1:] == (["0", "0", "10"] if columns else ["10", "0", "0"])


def test_a_picture_is_painted(page: Page, server: str) -> None:
    """A click or Space leads a pixel on to its next number, a typed number makes a grey; the patches follow."""
    sheet = Sheet("cross_attention").with_settings(read="picture")
    page.goto(f"{server}/cross-attention?{urlencode(pack(sheet, View()))}")
    board(page).locator("figure").first.wait_for(timeout=60_000)
    settle(page)
    before = matrix(page, "picture")
    cell(page, "picture", 5, 5, role="given").click()
    settle(page)
    cell(page, "picture", 0, 0, role="given").focus()
    page.keyboard.press("Space")
    settle(page)
    page.keyboard.type(".5")
    page.keyboard.press("Enter")
    settle(page)
    after = matrix(page, "picture")
    assert (before[5, 5], after[5, 5], after[0, 0]) == (0, 1, 0.5)
    assert matrix(page, "patches")[[0, 8], [0, 3]].tolist() == [0.5, 1]
