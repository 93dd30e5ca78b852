"""What the address bar carries: everything that was made and chosen, to another browser, and back in time.

Vocabulary
    everything   all that the address bar keeps: each drawing with numbers, texts; stage, sentence, controls
"""

from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from helpers import cell, go_to, matrix, open_page, settle
from one_head import (
    BANKS,
    CREATURE,
    SENTENCE,
    board,
    choose,
    edit,
    figures,
    open_head,
    packed,
    panel,
    pick,
    picked,
    push,
    set_temperature,
    show,
    stage,
    switch,
    texts,
    told,
    type_sentence,
)  # fmt: skip


def everything(page: Page) -> dict:
    controls = page.get_by_role("switch").or_(page.get_by_role("radio"))
    return {
        "figures": figures(page),
        "stage": stage(page),
        "sentence": page.get_by_label(SENTENCE).input_value(),
        "controls": controls.evaluate_all("inputs => inputs.map(input => input.checked)"),
        "transposed": board(page).evaluate(
            "board => [...board.querySelectorAll('.shape')].map(shape => shape.textContent)"
        ),
    }


def make(page: Page, base: str) -> None:
    """Another sentence, edits of four kinds, three switches, temperature, columns and fractions."""
    open_head(page, base)
    type_sentence(page, CREATURE)
    edit(page, "w_q", 1, 0, "2 ln 2")
    edit(page, "x", 3, 5, "-1/2")
    cell(page, "mask", 0, 4).click()
    settle(page)
    switch(page, "Subtract the row maximum")
    switch(page, "Divide by √d_k")
    set_temperature(page, 1.5)
    show(page, "tokens as columns")
    show(page, "fractions")


def query(page: Page) -> str:
    return urlsplit(page.url).query


# --- To somebody else ---------------------------------------------------------------------------------------


def test_the_address_brings_everything_back(page: Page, other: Page, server: str) -> None:
    make(page, server)
    assert len(page.url) < 2000
    open_page(other, server, "/one-head?" + query(page))
    assert everything(other) == everything(page)
    assert texts(other, "w_q")[1][0] == "2 ln 2"
    assert matrix(other, "x")[3, 5] == -0.5
    assert matrix(other, "mask")[0].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]


def test_a_link_brings_its_stage(page: Page, other: Page, server: str) -> None:
    open_head(page, server)
    for _ in range(5):
        push(page, "Next")
    open_head(other, server, "?" + query(page))
    assert stage(other) == stage(page) == "5 of 15 · Scores"
    assert everything(other) == everything(page)


def test_copy_link_carries_the_picked_cell(page: Page, other: Page, server: str) -> None:
    """The address bar does not have it, so that picking adds no step to the history."""
    open_head(page, server)
    choose(page, "Example", BANKS)
    edit(page, "bias", 3, 0, "ln 2")
    before = page.url
    pick(page, "weights", 3, 2)
    assert page.url == before
    push(page, "Copy link")
    expect(board(page).locator(".said")).to_contain_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(server + "/one-head?")
    assert parse_qs(urlsplit(link).query)["example"] == ["banks"]
    open_head(other, server, "?" + urlsplit(link).query)
    assert picked(other) == ("weights", 3, 2)
    assert everything(other) == everything(page)
    for part in (".what", ".arithmetic", "pre"):
        assert panel(other).locator(part).inner_text() == panel(page).locator(part).inner_text()


def test_a_long_link_stays_short(page: Page, server: str) -> None:
    """Every weight edited, sixteen words: still a link that can be pasted anywhere."""
    open_head(page, server)
    type_sentence(page, " ".join(f"word{i}" for i in range(16)))
    for step, shape in (("x", (16, 6)), ("w_q", (6, 4)), ("w_k", (6, 4)), ("w_v", (6, 4)), ("w_o", (4, 6))):
        numbers = np.random.default_rng(1).normal(size=shape).round(2)
        block = "\n".join("\t".join(map(str, row)) for row in numbers.tolist())
        page.evaluate("text => navigator.clipboard.writeText(text)", block)
        cell(page, step, 0, 0).focus()
        page.keyboard.press("Control+V")
        settle(page)
        assert np.array_equal(matrix(page, step), numbers)
    assert len(page.url) < 2000


# --- Back in time -------------------------------------------------------------------------------------------


def test_back_and_forward(page: Page, server: str) -> None:
    """Each change is one step of the browser's history, numbers and controls included."""
    open_head(page, server)
    states = [everything(page)]
    for act in (
        lambda: edit(page, "w_q", 1, 0, "ln 3"),
        lambda: switch(page, "Causal mask"),
        lambda: type_sentence(page, "red ball hit red cube"),
        lambda: show(page, "fractions"),
    ):
        act()
        states.append(everything(page))
    for wanted in states[-2::-1]:
        page.go_back()
        settle(page)
        assert everything(page) == wanted
    for wanted in states[1:]:
        page.go_forward()
        settle(page)
        assert everything(page) == wanted


def test_a_change_after_back(page: Page, server: str) -> None:
    """Going back and then on another way keeps the new way."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "1")
    edit(page, "w_q", 1, 0, "2")
    page.go_back()
    settle(page)
    assert matrix(page, "w_q")[1, 0] == 1
    edit(page, "w_k", 0, 0, "5")
    assert (matrix(page, "w_q")[1, 0], matrix(page, "w_k")[0, 0]) == (1, 5)
    page.go_back()
    settle(page)
    assert (matrix(page, "w_q")[1, 0], matrix(page, "w_k")[0, 0]) == (1, 1)


def test_reload(page: Page, server: str) -> None:
    open_head(page, server)
    edit(page, "w_q", 1, 0, "ln 3")
    switch(page, "Causal mask")
    show(page, "tokens as columns")
    before = everything(page)
    page.reload()
    settle(page)
    assert everything(page) == before


def test_home_and_back_again(page: Page, server: str) -> None:
    """Switching pages drops the address bar's parameters, and loses nothing."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "ln 3")
    switch(page, "Residual")
    before, address = everything(page), query(page)
    page.get_by_role("link", name="Start here").first.click()
    settle(page)
    expect(board(page)).to_have_count(0)
    go_to(page, "One head")
    board(page).locator("figure").first.wait_for()
    settle(page)
    assert everything(page) == before
    assert query(page) == address
    page.go_back()
    settle(page)
    page.go_forward()
    board(page).locator("figure").first.wait_for()
    settle(page)
    assert everything(page) == before


# --- The first visitor of a server --------------------------------------------------------------------------


def test_cold_deep_link(page: Page, fresh_server: str) -> None:
    """Nobody has opened the home page before; the navigation is there all the same."""
    open_head(page, fresh_server)
    assert matrix(page, "weights")[1, 0] == pytest.approx(0.75)
    assert page.get_by_role("link", name="Start here").count()
    assert told(page) == []


def test_cold_deep_link_with_parameters(page: Page, fresh_server: str) -> None:
    state = packed(causal=False, edits={"w_q": ";;;;ln 3"}, stage="weights", picked=["weights", 1, 0])
    open_head(page, fresh_server, f"?sentence={quote('blue cube')}&s={state}")
    assert stage(page).startswith("12 of 15")
    assert picked(page) == ("weights", 1, 0)
    assert matrix(page, "weights").shape == (2, 2)
    assert told(page) == []


def test_home_opens(page: Page, server: str) -> None:
    open_page(page, server)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
