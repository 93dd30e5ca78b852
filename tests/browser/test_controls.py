"""Controls worked faster than the server answers: what was done last is what counts.

The answers are held back by LATE milliseconds here, as on a slow line or from a server with a whole class.
"""

import pytest
from playwright.sync_api import Page, expect

from helpers import cell, matrix, settle
from one_head import SENTENCE, board, open_head, shown

LATE = 400
_LATE = """
late => {
    const prototype = WebSocket.prototype;
    const held = (socket, hear) => event => setTimeout(() => hear.call(socket, event), late);
    const { set } = Object.getOwnPropertyDescriptor(prototype, "onmessage");
    Object.defineProperty(prototype, "onmessage", {
        set(hear) { set.call(this, hear && held(this, hear)); },
    });
    const add = prototype.addEventListener;
    prototype.addEventListener = function (type, hear, ...rest) {
        return add.call(this, type, type === "message" ? held(this, hear) : hear, ...rest);
    };
}
"""


@pytest.fixture
def page(new_page) -> Page:
    """A page that hears from the server late."""
    page = new_page()
    page.add_init_script(f"({_LATE})({LATE})")
    return page


def test_quick_presses_of_the_slider(page: Page, server: str) -> None:
    """Five presses of an arrow key are five tenths."""
    open_head(page, server)
    slider = page.get_by_role("slider", name="Temperature T")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(300)  # as a finger does; each press may meet the answer to the one before
    settle(page, 1000)
    assert float(slider.input_value()) == 1.5
    assert matrix(page, "temperature") == 1.5


def test_quick_presses_of_a_switch(page: Page, server: str) -> None:
    """An odd number of presses turns it over."""
    open_head(page, server)
    for _ in range(5):
        page.get_by_text("Residual", exact=True).click()
    settle(page, 1000)
    expect(page.get_by_role("switch", name="Residual")).not_to_be_checked()
    assert "residual" not in shown(page)


def test_typing_while_the_server_answers(page: Page, server: str) -> None:
    """A switch, then at once a new sentence: the answer to the switch does not wipe what is being typed."""
    open_head(page, server)
    page.get_by_text("Causal mask", exact=True).click()
    field = page.get_by_label(SENTENCE)
    field.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("blue cube red ball", delay=40)
    expect(field).to_have_value("blue cube red ball")
    page.keyboard.press("Enter")
    settle(page, 1000)
    assert matrix(page, "weights").shape == (4, 4)
    assert matrix(page, "mask").all()


def test_a_picked_cell_does_not_wipe_an_open_editor(page: Page, server: str) -> None:
    """Pick, then at once type into a given cell: the answer to the pick leaves the editor alone."""
    open_head(page, server)
    cell(page, "weights", 1, 0).click()
    cell(page, "w_q", 1, 0).dblclick()
    page.keyboard.type("12345", delay=60)
    editor = board(page).locator("figure input")
    expect(editor).to_have_value("12345")
    settle(page, 1000)
    expect(editor).to_have_value("12345")
