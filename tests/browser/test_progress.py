"""What was done, saved to a file with the download button, lost with the visit, and loaded again; and files that are
not what was saved."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from attention_core.exercises import EXERCISES
from attention_core.progress import LARGEST, Progress, answered, from_text, to_text
from helpers import open_page, settle

NAMES = [name for name, found in EXERCISES.items() if found.lesson == "one_head"]
LONG_AGO = date.today() - timedelta(days=60)
PANEL = "Your progress: save it, load it, see what is due"


def box(page: Page, name: str) -> Locator:
    """The box of a lesson on the map."""
    return page.locator(f".st-key-course_box_{name}")


def panel(page: Page) -> Locator:
    """The learner's progress on the first page, opened."""
    found = page.get_by_test_id("stExpander").filter(has_text=PANEL)
    if not found.get_by_role("button", name="Save progress").is_visible():
        found.get_by_text(PANEL).click()
        settle(page)
    return found


def load(page: Page, data: bytes, name: str = "progress.json") -> None:
    file = {"name": name, "mimeType": "application/json", "buffer": data}
    panel(page).locator("input[type=file]").set_input_files(file)
    settle(page, quiet=400)


def save(page: Page, folder: Path) -> bytes:
    with page.expect_download() as download:
        panel(page).get_by_role("button", name="Save progress").click()
    download.value.save_as(folder / "saved.json")
    return (folder / "saved.json").read_bytes()


def practised(day: date = LONG_AGO) -> Progress:
    progress = Progress()
    for name in NAMES[:2]:
        progress = answered(progress, name, 0, True, 0, day)
    return progress


def test_saved_lost_and_loaded_again(page: Page, server: str, tmp_path: Path) -> None:
    """Answers, ticks, done marks, guesses and the due list come back, after a reload that forgot them all."""
    open_page(page, server)
    load(page, to_text(practised()).encode())
    for _ in range(2):
        page.get_by_role("button", name="Skip, just show me").click()
        settle(page)
    page.get_by_role("button", name="I have done this lesson").click()
    settle(page)
    here(page)
    saved = save(page, tmp_path)
    kept = from_text(saved)
    assert list(kept.answers) == NAMES[:2]
    assert kept.finished == {"home": date.today()}
    assert kept.guesses == {"home.ball": "", "home.cube": ""}

    page.reload()
    settle(page)
    expect(box(page, "home")).not_to_contain_text("done")
    expect(box(page, "one_head")).not_to_contain_text("review")
    assert page.get_by_role("button", name="Skip, just show me").is_visible()
    assert "Nothing is due" in panel(page).inner_text()

    load(page, saved)
    here(page)
    assert "The file added 2 answers to the 0 that were here, and marked 1 lesson as done." in panel(page).inner_text()
    assert page.get_by_role("button", name="Skip, just show me").count() == 0
    assert save(page, tmp_path) == saved


def here(page: Page) -> None:
    """Everything that was done stands on the first page, and the ticks in the lesson."""
    expect(box(page, "home")).to_contain_text("✓ done")
    expect(box(page, "one_head")).to_contain_text("2 to review")
    shown = panel(page).inner_text()
    assert "Due for review: 2." in shown
    for name in NAMES[:2]:
        assert shown.count(EXERCISES[name].title) == 2  # in the list of what is due, and in that of what was done
    box(page, "one_head").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One head, cell by cell")
    settle(page)
    expect(page.get_by_text("✓", exact=False).filter(has_text=EXERCISES[NAMES[0]].title).first).to_be_visible()
    page.get_by_role("link", name="Start here").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention in ninety seconds")
    settle(page)


FILE = json.loads(to_text(practised()))
EDITED = {**FILE, "answers": {NAMES[0]: [["2026-02-31", 0, True, 0]]}}
BROKEN = {
    "another version": (json.dumps({**FILE, "version": 3}).encode(), "only versions 1 and 2 can be read"),
    "truncated": (to_text(practised()).encode()[:-20], "was cut short"),
    "edited": (json.dumps(EDITED).encode(), "damaged or was edited"),
    "not JSON": (b"my progress", "damaged or was cut short"),
    "no text": (b"\x89PNG\r\n\x1a\n\xff\xfe", "holds no text"),
    "other JSON": (b'{"cells": []}', "not a progress file"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_used_is_said_and_nothing_is_lost(page: Page, server: str, tmp_path, kind: str) -> None:
    data, sentence = BROKEN[kind]
    open_page(page, server)
    load(page, to_text(practised()).encode(), "good.json")
    before = save(page, tmp_path)
    load(page, data)
    alert = panel(page).get_by_role("alert")
    expect(alert).to_contain_text(sentence)
    expect(alert).to_contain_text("What was here stays.")
    assert save(page, tmp_path) == before
    expect(box(page, "one_head")).to_contain_text("2 to review")


@pytest.mark.parametrize(("name", "size"), [("large.json", LARGEST + 1), ("notes.txt", 10)])
def test_a_file_that_the_browser_does_not_send(page: Page, server: str, tmp_path, name: str, size: int) -> None:
    """Too large, or of another kind: Streamlit says so itself, and nothing is lost."""
    open_page(page, server)
    load(page, to_text(practised()).encode(), "good.json")
    before = save(page, tmp_path)
    load(page, b" " * size, name)
    words = "must be 8" if size > LARGEST else "not allowed"
    assert words in panel(page).inner_text()
    assert save(page, tmp_path) == before


def test_the_map_by_keyboard(page: Page, server: str) -> None:
    """Its links stand in the order of the lessons, each says what it leads to, and the visit is kept."""
    open_page(page, server)
    page.get_by_role("button", name="Skip, just show me").click()
    settle(page)
    links = page.locator(".st-key-course_map a")
    assert [link.get_attribute("href").rpartition("/")[2] for link in links.all()][1:3] == ["lookup", "softmax"]
    links.nth(0).focus()
    page.keyboard.press("Tab")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("From a lookup table to soft lookup")
    settle(page)
    page.get_by_role("link", name="Start here").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention in ninety seconds")
    settle(page)
    assert "The answer: red." in page.get_by_test_id("stMain").inner_text()


_OUTSIDE = """
() => [...document.querySelectorAll("[class*=st-key-course_box_]")].filter(box => {
    const frame = box.getBoundingClientRect();
    return [...box.querySelectorAll("a, p")].some(part => {
        if (part.closest(".unseen")) return false;
        const at = part.getBoundingClientRect();
        return at.left < frame.left - 1 || at.right > frame.right + 1 || at.top < frame.top - 1
            || at.bottom > frame.bottom + 1;
    });
}).map(box => box.className)
"""


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_the_map_fits(page: Page, server: str, width: int) -> None:
    """No text leaves its box, the map leaves nothing to scroll sideways, and its arrows are the ones of this width."""
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, server)
    assert page.evaluate(_OUTSIDE) == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width
    shown, hidden = ("wide", "narrow") if width > 1000 else ("narrow", "wide")
    assert page.locator(f".course-lines.{shown} b").first.is_visible()
    assert not page.locator(f".course-lines.{hidden} b").first.is_visible()
