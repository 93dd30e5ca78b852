"""Links that were cut short, edited by hand or made up: each says so in a sentence, and the rest of the page works."""

import base64
import zlib
from urllib.parse import quote

import numpy as np
from playwright.sync_api import Page

from attention_core.examples import PAINT
from attention_ui.link import LONGEST
from helpers import cell, matrix, settle
from one_head import SENTENCE, assert_same, edit, open_head, packed, shown, switch, told

WHOLE = packed(edits={"w_q": ";;;;ln 3"}, causal=False)
DAMAGED = {
    "cut short": ("s=" + WHOLE[:-9], "cut short"),
    "edited by hand": ("s=" + WHOLE[:8] + "AAA" + WHOLE[11:], "Part of the link cannot be read"),
    "another version": ("s=7.abc", "begin with"),
    "not packed at all": ("s=<script>alert(1)</script>", "Part of the link cannot be read"),
    "too long": ("s=1." + "A" * (LONGEST + 1), "characters long"),
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


def test_damaged_links(page: Page, server: str) -> None:
    """Each says what was wrong, in a sentence, and shows the example."""
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
