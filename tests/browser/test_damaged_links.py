"""Links that were cut short, edited by hand or made up: each says so in a sentence, and the rest of the page works."""

import numpy as np
from playwright.sync_api import Page

from attention_core.examples import PAINT
from helpers import cell, matrix, settle
from one_head import SENTENCE, assert_same, edit, open_head, shown, switch, told
from tests.damaged import DAMAGED

IN_A_BROWSER = ("cut short", "code for a number", "a bomb", "no sentence")  # every other one: tests/test_pages.py


def test_damaged_links(page: Page, server: str) -> None:
    """Each says what was wrong, in a sentence, and shows the example."""
    open_head(page, server)
    plain = shown(page)
    for name in IN_A_BROWSER:
        params, says = DAMAGED[name]
        open_head(page, server, "?" + params)
        sentences = [text for text in told(page) if says in text]
        assert sentences or not says, f"{name}: {told(page)}"
        assert all(text.strip().endswith(".") for text in sentences), name
        assert_same(shown(page), plain)
        assert page.get_by_label(SENTENCE).input_value() == PAINT.sentence


def test_a_damaged_part_spares_the_rest(page: Page, server: str) -> None:
    """A sentence that is whole is used, even when the packed part is not."""
    open_head(page, server, "?example=banks&sentence=river%20bank&s=1.broken")
    assert matrix(page, "weights").shape == (2, 2)
    assert "biased" in shown(page)
    assert len(told(page)) == 1


def test_a_repaired_page_forgets_the_complaint(page: Page, server: str) -> None:
    """Whatever changes the numbers, on the matrices or beside them, ends the talk of the link that was damaged."""
    for act in (
        lambda: edit(page, "w_q", 1, 0, "1"),
        lambda: cell(page, "mask", 0, 1).click(),
        lambda: switch(page, "Residual"),
    ):
        open_head(page, server, "?s=1.broken")
        plain = shown(page)
        assert told(page)
        act()
        settle(page)
        assert told(page) == []
        assert not np.array_equal(shown(page)["output"], plain["output"]) or "residual" not in shown(page)
