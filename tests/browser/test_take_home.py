"""Files that are taken home: made of the numbers as they stand, and a sheet that prints."""

import json
from pathlib import Path

from playwright.sync_api import Page

from helpers import cell
from one_head import assert_same, board, edit, lit, open_head, panel, pick, picked, shown


def test_files_are_made_of_the_numbers_as_they_stand(page: Page, new_page, server: str, tmp_path: Path) -> None:
    """An edit runs the matrices alone, not the buttons: what is downloaded has it all the same."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "0.625")
    page.get_by_text("Take it home").click()
    with page.expect_download() as asked:
        page.get_by_role("button", name="Jupyter notebook").click()
    asked.value.save_as(tmp_path / "head.ipynb")
    assert asked.value.suggested_filename == "attention-one_head.ipynb"
    assert "0.625" in "".join(json.loads((tmp_path / "head.ipynb").read_text())["cells"][1]["source"])
    with page.expect_download() as asked:
        page.get_by_role("button", name="Answer key").click()
    asked.value.save_as(tmp_path / "key.html")
    sheet = new_page()
    sheet.set_content((tmp_path / "key.html").read_text())
    assert sheet.locator("table[data-shows=w_q] td[data-row='1'][data-col='0']").get_attribute("data-value") == "0.625"
    assert sheet.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_the_page_as_a_file_needs_nothing_and_nobody(page: Page, new_page, server: str, tmp_path: Path) -> None:
    """Without server and network: the numbers of the app, and of each where it is from; by mouse and by keys."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "ln 5")
    pick(page, "weights", 2, 1)
    said, numbers = panel(page).locator(".panel-content").inner_text(), shown(page)
    page.get_by_text("Take it home").click()
    with page.expect_download() as asked:
        page.get_by_role("button", name="Interactive page (HTML)").click()
    asked.value.save_as(tmp_path / "head.html")
    away = new_page(offline=True)
    away.goto((tmp_path / "head.html").as_uri())
    assert_same(shown(away), numbers)
    assert picked(away) == ("weights", 2, 1)
    assert panel(away).locator(".panel-content").inner_text() == said
    cell(away, "scores", 2, 1).hover()
    assert {name for name, *_ in lit(away)} == {"q", "k"}
    cell(away, "scores", 2, 1).click()
    panel(away).get_by_role("button").first.click()  # the first number that it was made of
    assert picked(away) == ("q", 2, 0)
    panel(away).get_by_role("navigation").get_by_role("button").click()
    assert picked(away) == ("scores", 2, 1)
    cell(away, "scores", 2, 1).press("ArrowRight")
    away.keyboard.press("Enter")
    assert picked(away) == ("scores", 2, 2)
    for name in ("tokens as columns", "fractions"):
        away.get_by_role("button", name=name).click()
    assert away.get_by_role("button", pressed=True).all_inner_texts() == ["tokens as columns", "fractions", "Show all"]
    assert "ln" in cell(away, "w_q", 1, 0).inner_text()
    assert cell(away, "scores", 2, 2).get_attribute("aria-selected") == "true"
    cell(away, "scores", 2, 2).press("n")
    assert board(away).locator(".equation").count() == 1
    cell(away, "x", 0, 0).dblclick()
    assert board(away).locator("input").count() == 0  # nothing can be typed
