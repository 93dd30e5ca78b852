"""Every lesson from its goal to its end, by the keyboard alone; and its matrices, read off the page.

Vocabulary
    walk      pressing Tab until something named is reached, as a learner does who has no mouse
    bench     the matrices of a lesson; their numbers are compared with a run of the core
"""

from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page

from attention_core import programs
from attention_core.benches import BENCHES
from attention_core.trace import givens
from attention_ui.lesson import LESSONS
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet
from attention_ui.slices import base, drawn_names, slice_of
from helpers import cell, go_to, matrix, open_page, settle
from one_head import board, open_head, shown

WITH_BENCH = [lesson for lesson in LESSONS if lesson.bench]
PHONE, SCREEN = {"width": 390, "height": 844}, {"width": 1440, "height": 1000}
LONGEST = 400  # presses of Tab from one end of a page to the other

# What has the focus, within shadow roots too: its role or tag, and its name.
_FOCUS = """
() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    const label = node?.closest("label") ?? node;
    return (node?.getAttribute("aria-label") || label?.innerText || node?.value || "").trim();
}
"""


def walk(page: Page, *names: str) -> str:
    """Press Tab until what has the focus is called one of these; returns which."""
    for _ in range(LONGEST):
        page.keyboard.press("Tab")
        here = page.evaluate(_FOCUS)
        for name in names:
            if here.startswith(name):
                return name
    raise AssertionError(f"Tab never reached any of {names}")


def assert_fits(page: Page) -> None:
    """What is too wide scrolls in a box of its own; the page never does."""
    wide = page.evaluate("() => { const main = document.querySelector('[data-testid=stMain]');"
                         " return main.scrollWidth - main.clientWidth; }")  # fmt: skip
    assert wide <= 0, f"{wide} px too wide at {page.viewport_size}"


def assert_drawn(page: Page, bench: str) -> None:
    """Every matrix that the core makes stands on the page, with its numbers; one with heads, head by head."""
    set_up = BENCHES[bench].set_up()
    trace, _ = programs.run_steady(set_up.program, set_up.given, set_up.labels)
    drawn = shown(page)
    expected = {
        name: slice_of(m, name).value for m in (*trace.given.values(), *trace.values()) for name in drawn_names(m)
    }
    assert set(expected) == set(drawn)
    for name, numbers in drawn.items():
        np.testing.assert_array_equal(numbers, expected[name].astype(float).reshape(numbers.shape))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_from_goal_to_end(page: Page, server: str, lesson) -> None:
    """It shows its matrices; Tab and Enter skip every prediction and mark it as done; before and after, it fits.

    One visit for all of it, because opening a page is what takes a browser longest.
    """
    page.set_viewport_size(PHONE)
    open_page(page, server, f"/{lesson.path}")
    assert_fits(page)
    page.set_viewport_size(SCREEN)
    settle(page)
    if lesson.bench:
        board(page).locator("figure").first.wait_for(timeout=60_000)
        settle(page)
        assert_drawn(page, lesson.bench)
    if lesson.path:
        assert page.get_by_text("Goal.").first.is_visible()
        skipped = 0
        while walk(page, "Skip, just show me", "I have done this lesson") != "I have done this lesson":
            page.keyboard.press("Enter")
            settle(page)
            skipped += 1
            assert skipped < 20
        assert skipped
        page.keyboard.press("Enter")
        settle(page)
        assert page.get_by_text("You marked this lesson as done on").is_visible()
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 768})
        settle(page)
        assert_fits(page)


def test_an_exercise_by_keyboard(page: Page, server: str) -> None:
    """A wrong answer is diagnosed, a right one is said to be right."""
    open_head(page, server)
    field = page.locator(".st-key-exercise-E11 input").first
    for answer, said in (("9/11", "Not right"), ("1/0", "divides by zero"), ("3/5", "Right")):
        field.fill(answer)
        field.press("Enter")
        settle(page)
        walk(page, "Check")
        page.keyboard.press("Enter")
        settle(page)
        assert said in page.locator(".st-key-exercise-E11").inner_text(), answer
        field.focus()


@pytest.mark.parametrize("lesson", [WITH_BENCH[0], WITH_BENCH[-1]], ids=lambda lesson: lesson.name)
def test_a_lesson_opens_cold(page: Page, fresh_server: str, lesson) -> None:
    """The first visitor of a server comes by a deep link, with a setting in it."""
    name, values = next(iter(BENCHES[lesson.bench].allowed.items()))
    sheet = Sheet(lesson.bench).with_settings(**{name: values[0]})
    page.goto(f"{fresh_server}/{lesson.path}?{urlencode(pack(sheet, View()))}")
    board(page).locator("figure").first.wait_for(timeout=60_000)
    settle(page)
    assert {base(drawn) for drawn in shown(page)} == {*programs.names(sheet.program), *givens(sheet.program)}
    assert page.get_by_role("alert").count() == 0
    assert page.get_by_role("link", name="Start here").count()


def test_what_was_changed_survives_the_other_lessons(page: Page, server: str) -> None:
    """A number typed in one lesson is there after a visit to the next one; each has a sheet of its own."""
    page.goto(f"{server}/lookup")
    board(page).locator("figure").first.wait_for(timeout=60_000)
    settle(page)
    cell(page, "q", 0, 0, role="given").focus()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    settle(page)
    assert matrix(page, "q")[0, 0] == 2
    go_to(page, "Softmax")
    page.get_by_role("heading", level=1, name="Softmax").wait_for()
    settle(page)
    assert matrix(page, "exps").max() == pytest.approx(3)
    go_to(page, "Lookup")
    page.get_by_role("heading", level=1, name="From a lookup table").wait_for()
    settle(page)
    assert matrix(page, "q")[0, 0] == 2


def test_another_page_is_shown_from_its_beginning(page: Page, server: str) -> None:
    """At the end of a lesson, the link to the next leads to its title; a guess leaves the page where it is."""
    top = "() => document.querySelector('[data-testid=stMain]').scrollTop"
    open_page(page, server, "/lookup")
    page.get_by_role("button", name="Skip, just show me").first.click()
    settle(page)
    assert page.evaluate(top) > 0
    page.get_by_role("link", name="Go on:").click()
    page.get_by_role("heading", level=1, name="Softmax").wait_for()
    settle(page)
    assert page.evaluate(top) == 0
