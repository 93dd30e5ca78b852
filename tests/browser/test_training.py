"""The desk in a real browser, where a clock calls for the slices of a run: train, pause, go on, go back."""

import re
import time

from playwright.sync_api import Page, expect

from helpers import PATIENCE, open_page, settle

STEPS = re.compile(r"(\d+) of (\d+) steps done")


def done(page: Page) -> int:
    return int(STEPS.search(page.get_by_text(STEPS).first.inner_text()).group(1))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_run_is_paused_continued_and_rewound(page: Page, server: str):
    open_page(page, server, "/training")
    page.get_by_label("Task").last.click()
    page.keyboard.type("Induction, two")
    page.keyboard.press("Enter")
    expect(page.get_by_text("0 of 200 steps done")).to_be_visible()
    press(page, "Train")
    press(page, "Pause")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    settle(page)
    paused = done(page)
    time.sleep(1)  # several ticks of the clock, if it were still running
    assert 0 < done(page) == paused < 200
    press(page, "Train")
    expect(page.get_by_text("200 of 200 steps done")).to_be_visible(timeout=PATIENCE * 1000)
    settle(page)
    slider = page.get_by_role("slider", name="Step that is shown")
    expect(slider).to_have_value("200")
    slider.focus()
    slider.press("ArrowLeft")
    expect(page.get_by_text("after step 199")).to_be_visible()
    assert done(page) == 200
