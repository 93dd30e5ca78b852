"""What is sent to somebody, and what somebody brings: a lesson link from its maker to a phone, a file of numbers."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attention_core.exercises import EXERCISES
from helpers import matrix, open_page, settle
from one_head import edit

PHONE = {"width": 390, "height": 844}
TASK = "Which head sees <b>cube</b>?"
ASKED = [name for name, found in EXERCISES.items() if found.lesson == "heads"][1]


def choose(page: Page, label: str, option: str) -> None:
    """By keys: a list that a click opens closes again while the page still scrolls."""
    field = page.get_by_role("combobox", name=label)
    field.focus()
    page.keyboard.type(option)
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    settle(page)


def test_a_lesson_link_from_its_maker_to_a_phone(page: Page, new_page, server: str) -> None:
    """Made by clicks, opened by somebody else: task, exercise and numbers; what is hidden comes back on demand."""
    open_page(page, server, "/heads")
    edit(page, "x", 0, 0, "0.625")
    page.get_by_text("For a class: a link with a task").click()
    page.get_by_label("What the class is to do").fill(TASK)
    page.get_by_label("What the class is to do").press("Control+Enter")
    settle(page)
    choose(page, "An exercise that they are to do", EXERCISES[ASKED].title)
    page.get_by_role("spinbutton", name="Numbers no.").fill("17")
    page.get_by_role("spinbutton", name="Numbers no.").press("Enter")
    settle(page)
    for group in ("the exercises", "switches, sliders and choices"):
        choose(page, "Hide", group)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Make the link").click()
    settle(page)
    link = page.locator("[data-testid=stCode] code").filter(has_text="lesson=").inner_text()

    away = new_page(viewport=PHONE)
    for visit in ("by the link", "reloaded"):
        open_page(away, link, "") if visit == "by the link" else away.reload()
        expect(away.get_by_text(TASK)).to_be_visible()
        settle(away)
        assert matrix(away, "x", role="given")[0, 0] == 0.625
        expect(away.get_by_text("fresh numbers, no. 17")).to_have_count(1)
        assert away.locator("[data-testid=stMain] [role=switch]").count() == 0
        assert away.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    away.get_by_role("link", name="Go to it").click()
    expect(away.get_by_text(f"Exercise: {EXERCISES[ASKED].title}")).to_be_in_viewport()
    away.get_by_role("button", name="Show them").click()
    settle(away)
    assert away.get_by_role("radiogroup", name="Exercise").or_(away.get_by_label("Exercise", exact=True)).count()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    rng = np.random.default_rng(3)
    np.savez(tmp_path / "mine.npz", q=rng.normal(size=(5, 3)), k=rng.normal(size=(6, 3)), v=rng.normal(size=(6, 2)))
    (tmp_path / "false.npz").write_text("no archive at all")
    return {name: tmp_path / f"{name}.npz" for name in ("mine", "false")}


def test_a_file_of_ones_own_numbers_is_computed_and_a_bad_one_costs_nothing(
    page: Page, server: str, files: dict[str, Path]
) -> None:
    open_page(page, server, "/sandbox")
    page.get_by_role("tab", name="Bring your own file").click()
    field = page.locator("[data-testid=stFileUploader] input[type=file]").first
    field.set_input_files(files["false"])
    settle(page)
    assert any("false.npz" in text for text in page.get_by_role("alert").all_inner_texts())
    before = matrix(page, "weights")
    page.get_by_role("button", name="Remove false.npz").click()
    field.set_input_files(files["mine"])
    page.get_by_role("button", name="Put these into the sandbox").click()
    settle(page)
    with np.load(files["mine"]) as held:
        scores = held["q"] @ held["k"].T / np.sqrt(3)
        np.testing.assert_allclose(matrix(page, "q"), held["q"])
    assert matrix(page, "weights").shape != before.shape
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(matrix(page, "weights"), weights, atol=1e-12)
    assert not [text for text in page.get_by_role("alert").all_inner_texts() if text]
