"""Hand mode with the keyboard alone: open it, fill in a row, mark it with Enter, and be shown it."""

from playwright.sync_api import Page, expect

from helpers import open_page, settle
from one_head import board


def test_a_row_by_keyboard(page: Page, server: str) -> None:
    open_page(page, server, "/one-head")
    board(page).locator("figure").first.wait_for()
    settle(page)
    panel = page.get_by_test_id("stExpander").filter(has_text="By hand: fill in a row of any matrix above")
    panel.locator("summary").focus()
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("textbox", name="ball, 0").focus()
    for text in ("2 ln 3", "1/3", "<b>x</b>", "9" * 60):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Mark my row")).to_be_focused()
    page.get_by_role("textbox", name="ball, 3").press("Enter")
    settle(page)
    said = panel.get_by_role("status")
    expect(said).to_contain_text("1 of 4 right.")
    expect(said).to_contain_text("ball, 1: Not right.")
    expect(said).to_contain_text("ball, 2: “<b>x</b>” is not a number")
    expect(page.get_by_role("textbox", name="ball, 3")).to_have_value("9" * 40)

    page.get_by_role("textbox", name="ball, 3").press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show me this row")).to_be_focused()
    page.keyboard.press("Enter")
    settle(page)
    expect(said).to_contain_text("= 2 ln 3")
    expect(page.get_by_role("textbox", name="ball, 1")).to_have_value("1/3")  # what was typed stays
