"""What the address bar carries: everything that was made and chosen, to another browser, and back in time.

Vocabulary
    everything   all that the address bar keeps: each drawing with numbers, texts; stage, sentence, controls
    packed       the parameter `s`: what differs from the example
"""

import base64
import json
import zlib
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attention_core.examples import PAINT
from helpers import cell, matrix, open_page, settle
from one_head import (
    BANKS,
    CREATURE,
    SENTENCE,
    assert_same,
    board,
    choose,
    edit,
    figures,
    open_head,
    panel,
    pick,
    picked,
    push,
    set_temperature,
    show,
    shown,
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


def packed(**inner: object) -> str:
    """An `s` as the page writes it, with whatever in it."""
    text = json.dumps(inner).encode()
    return "1." + base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


# --- To somebody else ---------------------------------------------------------------------------------------


def test_the_address_brings_everything_back(new_page, server: str) -> None:
    page = new_page()
    make(page, server)
    assert len(page.url) < 2000
    other = new_page()
    open_page(other, server, "/one-head?" + query(page))
    assert everything(other) == everything(page)
    assert texts(other, "w_q")[1][0] == "2 ln 2"
    assert matrix(other, "x")[3, 5] == -0.5
    assert matrix(other, "mask")[0].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]


def test_a_link_brings_its_stage(new_page, server: str) -> None:
    page = new_page()
    open_head(page, server)
    for _ in range(5):
        push(page, "Next")
    other = new_page()
    open_head(other, server, "?" + query(page))
    assert stage(other) == stage(page) == "5 of 15 · Scores"
    assert everything(other) == everything(page)


def test_copy_link_carries_the_picked_cell(new_page, server: str) -> None:
    """The address bar does not have it, so that picking adds no step to the history."""
    page = new_page()
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
    other = new_page()
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
    page.locator('a[href$="/one-head"]').first.click()
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


def test_cold_deep_link(new_page, fresh_server: str) -> None:
    """Nobody has opened the home page before; the navigation is there all the same."""
    page = new_page()
    open_head(page, fresh_server)
    assert matrix(page, "weights")[1, 0] == pytest.approx(0.75)
    assert page.get_by_role("link", name="Start here").count()
    assert told(page) == []


def test_cold_deep_link_with_parameters(new_page, fresh_server: str) -> None:
    page = new_page()
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


# --- Links that were damaged --------------------------------------------------------------------------------

WHOLE = packed(edits={"w_q": ";;;;ln 3"}, causal=False)
DAMAGED = {
    "cut short": ("s=" + WHOLE[:-9], "cut short"),
    "edited by hand": ("s=" + WHOLE[:8] + "AAA" + WHOLE[11:], "Part of the link cannot be read"),
    "another version": ("s=7.abc", "begin with"),
    "not packed at all": ("s=<script>alert(1)</script>", "Part of the link cannot be read"),
    "too long": ("s=1." + "A" * 9000, "characters long"),
    "a bomb": ("s=1." + quote(base64.urlsafe_b64encode(zlib.compress(b" " * 10**6))), "too large"),
    "code for a number": (
        "s=" + packed(edits={"w_q": "__import__('os')"}),
        "Part of the link cannot be read",
    ),
    "too many numbers": ("s=" + packed(edits={"w_q": "1;" * 99}), "which has 24"),
    "an unknown matrix": ("s=" + packed(edits={"nobody": "1"}), "nobody"),
    "an unknown step": ("s=" + packed(stage="nowhere"), "nowhere"),
    "a cell that is not there": ("s=" + packed(picked=["weights", 99, 0]), ""),
    "a temperature of 0": ("s=" + packed(temperature=0), "temperature"),
    "a switch of the wrong kind": ("s=" + packed(causal="yes"), "wrong kind"),
    "edits of the wrong kind": ("s=" + packed(edits=[1]), "edits"),
    "an unknown slip": ("s=" + packed(ablation="nothing"), "ablation"),
    "a list": (
        "s=" + "1." + base64.urlsafe_b64encode(zlib.compress(b"[1]")).decode().rstrip("="),
        "no settings",
    ),
    "an unknown example": ("example=nobody", "nobody"),
    "no sentence": ("sentence=", "empty"),
    "200 words": ("sentence=" + quote("word " * 200), "200 words"),
}


def test_damaged_links(new_page, server: str) -> None:
    """Each says what was wrong, in a sentence, and shows the example."""
    page = new_page()
    open_head(page, server)
    plain = shown(page)
    for name, (params, says) in DAMAGED.items():
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
    open_head(page, server, "?s=1.broken")
    assert told(page)
    edit(page, "w_q", 1, 0, "1")
    assert told(page) == []
    assert matrix(page, "w_q")[1, 0] == 1
