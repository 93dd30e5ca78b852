"""Files that are taken home: made of the numbers as they stand, and a sheet that prints."""

import json
from pathlib import Path

from playwright.sync_api import Page

from one_head import edit, open_head


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
