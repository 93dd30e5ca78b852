"""The page /one-head, as a learner uses it: controls by their labels, matrices by their names.

Vocabulary
    figure    one drawing of a matrix: {"step", "role", "view", "cells": {(row, col): (value, text)}}; the step of one
              head is "weights@1"
    shown     the numbers of the page, each matrix once: {"weights": array [rows, columns], ...}
    told      the sentences on the page that say that something could not be used
"""

import base64
import json
import zlib
from math import inf

import numpy as np
from playwright.sync_api import Locator, Page, expect

from helpers import PATIENCE, cell, settle

SENTENCE = "Sentence: 1 to 16 words"
CREATURE = "a fluffy blue creature roamed the verdant forest"
BANKS = "Banks: which bank is meant?"
UNBROKEN = "Nothing: attention as it should be"

expect.set_options(timeout=15_000)

_FIGURES = """
board => [...board.querySelectorAll("figure[data-step]")].map(figure => ({
    step: figure.dataset.step + (figure.dataset.head === undefined ? "" : `@${figure.dataset.head}`),
    role: figure.dataset.role, view: figure.dataset.view,
    cells: [...figure.querySelectorAll("[data-row][data-col][data-value]")].map(
        cell => [cell.dataset.row, cell.dataset.col, cell.dataset.value, cell.textContent]),
}))
"""
_LIT = """
board => [...board.querySelectorAll("figure[data-step]")].flatMap(figure =>
    [...figure.querySelectorAll("[data-lit]")].map(
        ({dataset}) => [figure.dataset.step + (figure.dataset.head === undefined ? "" : `@${figure.dataset.head}`),
            Number(dataset.row), Number(dataset.col)]))
"""


# --- Opening and reading ------------------------------------------------------------------------------------


def open_head(page: Page, base: str, query: str = "") -> None:
    page.goto(base + "/one-head" + query)
    board(page).locator("figure").first.wait_for(timeout=PATIENCE * 1000)
    settle(page)


def board(page: Page) -> Locator:
    return page.locator(".board")


def figures(page: Page) -> list[dict]:
    """Every drawn matrix, in the page's order."""
    read = board(page).evaluate(_FIGURES)
    for figure in read:
        figure["cells"] = {(int(row), int(col)): (float(value), text) for row, col, value, text in figure["cells"]}
    return read


def shown(page: Page) -> dict[str, np.ndarray]:
    """The numbers of every given and result matrix; a vector is one column."""
    found = {}
    for figure in figures(page):
        if figure["role"] == "operand":
            continue
        assert figure["step"] not in found, f"{figure['step']} is given or result twice"
        rows, cols = (1 + max(places) for places in zip(*figure["cells"], strict=True))
        assert len(figure["cells"]) == rows * cols
        numbers = [[figure["cells"][row, col][0] for col in range(cols)] for row in range(rows)]
        found[figure["step"]] = np.array(numbers)
    return found


def texts(page: Page, step: str) -> list[list[str]]:
    """What the cells of a given or result matrix say, row by row."""
    (cells,) = [f["cells"] for f in figures(page) if f["step"] == step and f["role"] != "operand"]
    rows, cols = (1 + max(places) for places in zip(*cells, strict=True))
    return [[cells[row, col][1] for col in range(cols)] for row in range(rows)]


def lit(page: Page) -> set[tuple[str, int, int]]:
    """The cells that are lit, as (step, row, col)."""
    return {(step, row, col) for step, row, col in board(page).evaluate(_LIT)}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray], tolerance: float = 0) -> None:
    """Both have the same matrices with the same numbers, infinities equal."""
    assert list(one) == list(other)
    for name, numbers in one.items():
        assert numbers.shape == other[name].shape, name
        equal = close(numbers, other[name], tolerance)
        assert equal.all(), f"{name} at {np.argwhere(~equal)[0]}: {numbers} is not\n{other[name]}"


def close(one: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """Where two arrays agree: to the tolerance, relative above 1; infinities only with themselves."""
    with np.errstate(invalid="ignore"):
        near = np.abs(one - other) <= tolerance * np.maximum(1, np.abs(other))
    return (one == other) | (near & (np.abs(other) < inf))


def packed(**inner: object) -> str:
    """An `s` as the page writes it, with whatever in it."""
    text = json.dumps(inner).encode()
    return "1." + base64.urlsafe_b64encode(zlib.compress(text)).decode().rstrip("=")


# --- What a learner does ------------------------------------------------------------------------------------


def type_sentence(page: Page, text: str) -> None:
    field = page.get_by_label(SENTENCE)
    field.fill(text)
    field.press("Enter")
    settle(page)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box. They stand at the top of the page, and close again while it scrolls."""
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    page.get_by_label(label).first.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def switch(page: Page, label: str) -> None:
    page.get_by_text(label, exact=True).click()
    settle(page)


def show(page: Page, option: str) -> None:
    """Choose one of the ways to show the numbers: fractions, tokens as columns, difference, ..."""
    page.get_by_role("radio", name=option, exact=True).click()
    settle(page)


def set_temperature(page: Page, value: float) -> None:
    """Move the slider by arrow keys, as quickly as keys are pressed; not to 1, which has no step to show it."""
    slider = page.get_by_role("slider", name="Temperature T")
    tenths = round(10 * value) - round(10 * float(slider.input_value()))
    for _ in range(abs(tenths)):
        slider.press("ArrowRight" if tenths > 0 else "ArrowLeft")
    expect(slider).to_have_value(f"{value:g}")
    expect(cell(page, "temperature", 0, 0)).to_have_attribute("data-value", f"{value:g}")
    settle(page)


def push(page: Page, name: str) -> None:
    """Press a button of the toolbar."""
    board(page).get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()
    settle(page)


def stage(page: Page) -> str:
    return board(page).locator(".where").inner_text()


def edit(page: Page, step: str, row: int, col: int, text: str) -> None:
    """Type a number over a cell of a given matrix."""
    editor = open_editor(page, step, row, col)
    editor.fill(text)
    editor.press("Enter")
    settle(page)


def open_editor(page: Page, step: str, row: int, col: int) -> Locator:
    here = cell(page, step, row, col, role="given")
    here.dblclick()
    return here.locator("input")


def pick(page: Page, step: str, row: int, col: int) -> None:
    cell(page, step, row, col).click()
    settle(page)


def picked(page: Page) -> tuple[str, int, int] | None:
    """The one cell of the page that is selected, as (step, row, col)."""
    places = board(page).evaluate(
        """board => [...board.querySelectorAll("[aria-selected]")].map(cell => [
            cell.closest("figure").dataset.step, Number(cell.dataset.row), Number(cell.dataset.col),
            cell.getAttribute("aria-selected")])"""
    )
    assert len(places) <= 1, f"{len(places)} cells are selected: {places}"
    if not places:
        return None
    *place, selected = places[0]
    assert selected == "true"
    return tuple(place)


def panel(page: Page) -> Locator:
    return board(page).get_by_role("complementary", name="Where this number comes from")


def warned(page: Page) -> str:
    """The sentence below the toolbar that says what a chosen mistake breaks; "" while there is none."""
    return board(page).locator("[role=status].alert").inner_text()


def words(page: Page, head: str = "rowheader") -> list[str]:
    """The labels of the rows (or columns) of X, letter for letter, without the paint that stands beside them."""
    heads = page.locator('[data-step="x"][data-role="given"]').get_by_role(head)
    return heads.evaluate_all("heads => heads.map(head => head.firstChild.data)")


def told(page: Page) -> list[str]:
    return [text for text in page.get_by_role("alert").all_inner_texts() if text]
