"""The matrices fill the screen for a class: large numbers, steps by arrow keys, results that wait, a blank screen."""

from playwright.sync_api import Page, expect

from helpers import settle
from one_head import board, open_head

FILLS = "() => document.fullscreenElement !== null"
LARGEST = "cell => parseFloat(getComputedStyle(cell).fontSize) * cell.currentCSSZoom"
INVISIBLE = "rgba(0, 0, 0, 0)"


def test_presenting(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    open_head(page, server)
    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_function(FILLS)
    where = board(page).locator(".where")
    expect(where).to_contain_text("1 of")  # one step at a time, whatever was shown before
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageDown")
    expect(where).to_contain_text("3 of")
    page.keyboard.press("ArrowLeft")
    expect(where).to_contain_text("2 of")
    settle(page)
    result = board(page).locator("figure[data-role=result] .grid").first
    assert result.evaluate("grid => grid.getBoundingClientRect().bottom <= innerHeight")  # X, W_Q and Q at once
    cell = board(page).locator("figure[data-role=result] .cell").first
    assert cell.evaluate(LARGEST) >= 24
    page.keyboard.press("h")
    expect(cell).to_have_css("color", INVISIBLE)
    page.keyboard.press("r")
    expect(cell).not_to_have_css("color", INVISIBLE)
    page.keyboard.press("ArrowRight")
    expect(where).to_contain_text("3 of")
    expect(cell).to_have_css("color", INVISIBLE)  # the next result waits, too
    page.keyboard.press("b")
    expect(where).to_be_hidden()
    page.keyboard.press("b")
    expect(where).to_be_visible()
    assert board(page).evaluate("board => board.scrollWidth <= board.clientWidth")
    page.get_by_role("button", name="Leave").click()
    page.wait_for_function("() => document.fullscreenElement === null")
    expect(cell).not_to_have_css("color", INVISIBLE)
    expect(page.get_by_label("Sentence: 1 to 16 words")).to_be_visible()
