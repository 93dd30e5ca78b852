"""Exercises as a stranger answers them: every kind, with the keyboard, with nonsense, on a phone.

Vocabulary
    card      the frame of the exercise that is open
    chooser   the titles of a lesson's exercises, above the card
    said      what stands in the card below its fields: a verdict, or a sentence about what cannot be read
"""

import pytest
from playwright.sync_api import Locator, Page, expect

from attention_core.exercises import EXERCISES
from attention_ui.lesson import LESSONS
from helpers import open_page, settle

PATHS = {lesson.name: lesson.path for lesson in LESSONS}


def opened(page: Page, server: str, name: str) -> Locator:
    """The card of an exercise, on the page of its lesson."""
    known = EXERCISES[name]
    open_page(page, server, f"/{PATHS[known.lesson]}")
    page.locator(".st-key-chooser button").filter(has_text=known.title).first.click()
    settle(page)
    card = page.locator(f".st-key-exercise-{name}")
    card.wait_for()
    return card


def entered(page: Page, card: Locator, *texts: str) -> None:
    """Type into the fields, one after the other, with Tab between them; Enter in the last one sends all off."""
    card.locator("input").first.focus()
    for i, text in enumerate(texts):
        if i:
            page.keyboard.press("Tab")
            while not page.evaluate("document.activeElement.matches('input')"):  # a matrix that scrolls stands between
                page.keyboard.press("Tab")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(text) if text else page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    settle(page)


def verdict(card: Locator) -> str:
    return card.locator(".verdict").first.inner_text()


def test_a_number_is_sent_off_by_enter(page: Page, server: str) -> None:
    """As a fraction, as a decimal, as a logarithm."""
    card = opened(page, server, "E11")
    for text, says in (("9/11", "Not right"), ("0.33", "2 ways"), ("ln 3", "Not right"), ("0.6", "Right")):
        entered(page, card, text)
        assert f"You answered {text}." in verdict(card)
        assert says in verdict(card)


def test_one_more_number_is_sent_off_by_enter(page: Page, server: str) -> None:
    card = opened(page, server, "E11")
    entered(page, card, "1/3")
    card.get_by_label("This number").fill("1/9")
    card.get_by_label("This number").press("Enter")
    settle(page)
    assert "That decides it." in card.locator(".narrowed").inner_text()


def test_a_press_right_after_enter_is_not_lost(page: Page, server: str) -> None:
    """Nothing settles between the two: the button stays where it is while the first answer is looked at."""
    card = opened(page, server, "E11")
    field, check = card.get_by_label("Your answer"), card.get_by_role("button", name="Check", exact=True)
    before = check.bounding_box()
    field.fill("1/2")
    field.press("Enter")
    field.fill("3/5")
    check.click()
    expect(card.locator(".verdict")).to_contain_text("You answered 3/5. Right", timeout=30_000)
    after = check.bounding_box()
    assert (after["x"], after["y"]) == (before["x"], before["y"])


NONSENSE = {
    "1/0": "divides by zero", "9e999": "too large", "": "Nothing was answered", "7" * 1000: "1000 characters long",
    "<b>x</b>": "“<b>x</b>” is not a number", "__import__('os')": "is not a number", "$x$ **b**": "“$x$ **b**” is not",
}  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
def test_nonsense_gets_a_sentence_as_wide_as_the_card(page: Page, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    card = opened(page, server, "E11")
    for text, says in NONSENSE.items():
        entered(page, card, text)
        notice = card.get_by_role("alert")
        expect(notice).to_contain_text(says)
        assert card.locator("b", has_text="x").count() == 0
        inner, outer = notice.bounding_box(), card.bounding_box()
        assert inner["width"] > min(0.8 * outer["width"], 550)
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]


def test_a_matrix_is_filled_in_and_sent_off(page: Page, server: str) -> None:
    card = opened(page, server, "E3")
    entered(page, card, "5", "x", "1/5", "")
    assert [alert.partition(":")[0] for alert in card.get_by_role("alert").all_inner_texts()] == [
        "Weights (row, first)",
        "Weights (row, third)",
    ]
    entered(page, card, "5", "0.6", "0.2", "1/5")
    assert verdict(card).startswith("✓")
    assert card.locator("td.right").count() == 4


def test_numbers_are_chosen(page: Page, server: str) -> None:
    card = opened(page, server, "E2")
    entered(page, card, "ln 3", "0", "0")  # the fields of a matrix that is built: Enter in one is no answer yet
    card.get_by_role("button", name="Check").focus()
    page.keyboard.press("Enter")
    settle(page)
    assert "Right." in verdict(card)


def test_code_is_sent_off_by_control_and_enter(page: Page, server: str) -> None:
    card = opened(page, server, "E6")
    for code, says in (
        ("import os", "✗"),
        ("exps = exp(scores)\nexps / exps.sum(axis=0)", "columns"),
        (EXERCISES["E6"].task(0).right(), "Right"),
    ):
        card.locator("textarea").fill(code)
        card.locator("textarea").press("ControlOrMeta+Enter")
        settle(page)
        assert says in card.inner_text(), code


def test_a_choice_by_keyboard(page: Page, server: str) -> None:
    card = opened(page, server, "lookup-nudge")
    card.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    settle(page)
    pressed(page, card)
    assert "Right." in verdict(card)


def pressed(page: Page, card: Locator) -> None:
    """Tab to Check, and Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Check":
            page.keyboard.press("Enter")
            settle(page)
            return
    raise AssertionError("Tab does not lead to Check")


@pytest.mark.parametrize("name", ["E4", "E12"])
def test_a_cell_by_keyboard(page: Page, server: str, name: str) -> None:
    """The boxes are opened, typed into and left with the keyboard; the cell is then outlined."""
    card, task = opened(page, server, name), EXERCISES[name].task(0)
    matrix, (row, column) = task.right()
    labels = task.trace.matrix(matrix).labels
    chosen = {"Row": f"{row + 1}: {labels[0][row]}", "Column": f"{column + 1}: {labels[1][column]}"}
    if card.get_by_label("Matrix").count():
        chosen = {"Matrix": matrix, **chosen}
    for label, text in chosen.items():
        card.get_by_role("combobox", name=label).focus()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        settle(page)
    assert card.locator("td.picked").count() == 1
    pressed(page, card)
    assert "Right." in verdict(card)


def test_a_mask_by_keyboard(page: Page, server: str) -> None:
    card, right = opened(page, server, "one-head-mask"), EXERCISES["one-head-mask"].task(0).right()
    groups = card.locator("[data-testid=stButtonGroup]")
    for i, row in enumerate(right):
        for j in row.nonzero()[0].tolist():
            groups.nth(i).get_by_role("button").nth(j).focus()
            page.keyboard.press("Space")
            settle(page)
    assert card.locator("td.hidden").count() == int((~right).sum())
    pressed(page, card)
    assert "Right." in verdict(card)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", ["E3", "E11"])
def test_the_titles_are_no_wider_than_the_card(page: Page, server: str, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    card = opened(page, server, name)
    outer = card.bounding_box()
    boxes = [button.bounding_box() for button in page.locator(".st-key-chooser button").all()]
    assert len(boxes) > 1
    assert all(box["x"] >= outer["x"] - 1 for box in boxes)
    assert all(box["x"] + box["width"] <= outer["x"] + outer["width"] + 1 for box in boxes)
    if width == 390:
        assert len({(box["x"], box["width"]) for box in boxes}) == 1
