"""One matrix enlarged: a figure to explore, a table, a file; nothing of it is loaded before somebody asks."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from attention_ui.document import Document, compute
from attention_ui.link import View
from attention_ui.picture import Picture
from attention_ui.picture_file import advance, size, svg
from helpers import matrix, settle
from one_head import choose, open_head, show, shown, type_sentence


def open_enlarged(page: Page, step: str) -> None:
    figure = page.locator(f'figure[data-step="{step}"]:not([data-role="operand"])')
    figure.get_by_role("button", name="Enlarge").click()
    page.get_by_role("dialog").locator(".js-plotly-plot .heatmaplayer").first.wait_for(state="attached")
    settle(page)


def close_enlarged(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    settle(page)


def saved_file(page: Page, kind: str, ending: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name=f"Save as {kind}").click()
    assert download.value.suggested_filename.endswith(ending)
    return Path(download.value.path())


def saved(page: Page) -> list[list[str]]:
    """The rows of the file that "Save as CSV" saves."""
    with saved_file(page, "CSV", ".csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_plotly_comes_only_when_asked_for(new_page, server: str) -> None:
    page, asked = new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    open_head(page, server)
    assert [url for url in asked if "plotly" in url.lower()] == []
    open_enlarged(page, "weights")
    assert [url for url in asked if "plotly" in url.lower()]


def test_figure_table_and_file(page: Page, server: str) -> None:
    open_head(page, server)
    numbers = matrix(page, "weights")
    open_enlarged(page, "weights")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A: weights, 5 × 5")
    written = dialog.locator(".heatmaplayer").locator("xpath=ancestor::*[contains(@class,'plot')][1]").first
    assert "0.75" in written.text_content() or "0.75" in dialog.locator(".js-plotly-plot").text_content()
    assert dialog.get_by_test_id("stDataFrame").is_visible()
    head, *rows = saved(page)
    assert head == ["", *["red", "ball", "hit", "blue", "cube"]]
    assert [row[0] for row in rows] == head[1:]
    assert np.array_equal(np.array([row[1:] for row in rows], dtype=float), numbers)
    assert page.get_by_test_id("stException").count() == 0
    close_enlarged(page)
    assert np.array_equal(matrix(page, "weights"), numbers)


def test_a_picture_for_paper(page: Page, server: str) -> None:
    """The PNG is the SVG, painted three times as fine: the same colours in the same places, and text on them."""
    open_head(page, server)
    open_enlarged(page, "weights")
    drawn = saved_file(page, "SVG", "weights.svg").read_text()
    with Image.open(saved_file(page, "PNG", "weights.png")) as painted:
        assert painted.format == "PNG"
        assert painted.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert painted.size == tuple(round(side * 300 / 96) for side in size(drawn))
        pixels = np.asarray(painted.convert("RGB"))
    cells = [found.attrib for found in ElementTree.fromstring(drawn).iter() if found.get("class") == "cell"]
    assert len(cells) == 25
    for cell in cells:
        left, top = (round((float(cell[side]) + 4) * 300 / 96) for side in "xy")
        corner = pixels[top, left]  # no number stands there
        if cell["fill"] != "#ffffff":
            assert np.abs(corner - [int(cell["fill"][i : i + 2], 16) for i in (1, 3, 5)]).max() <= 2, cell
        right, bottom = (left + int(float(cell[side]) * 2.5) for side, left in (("width", left), ("height", top)))
        assert np.ptp(pixels[top:bottom, left:right].astype(int)) > 80, "a number stands in every cell"
    close_enlarged(page)


def test_labels_of_a_picture_keep_apart_in_the_fonts_of_a_browser(page: Page, server: str) -> None:
    """What the server thinks a text is wide at most is enough for the browser, in several scripts."""
    words = "antidisestablishmentarianism MWMWMWMWMW fluffy 1234567890 猫がいる नमस्ते مرحبا 🙂🙂 ÅÄÖ"
    picture = Picture(compute(Document(sentence=words)), None, View(columns=True))
    for name in ("x", "weights", "scores"):
        page.set_content(svg(picture, name))
        widths = page.locator("text:not(:has(tspan))").evaluate_all(
            "texts => texts.map(t => [t.textContent, Number(t.getAttribute('font-size')), t.getComputedTextLength()])"
        )
        assert len(widths) > 20
        for text, points, wide in widths:
            assert wide <= advance(text, points), (text, wide, advance(text, points))


def test_the_focus_comes_back(page: Page, server: str) -> None:
    """Whoever opened it with the keyboard goes on where they were."""
    open_head(page, server)
    opener = page.get_by_role("button", name="Enlarge A", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").locator(".js-plotly-plot .heatmaplayer").first.wait_for(state="attached")
    settle(page)
    close_enlarged(page)
    expect(opener).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_number_keeps_its_ink(page: Page, server: str, theme: str) -> None:
    """It was chosen for the cell that it stands on; what else the figure says has the colour of the text."""
    page.emulate_media(color_scheme=theme)
    open_head(page, server)
    open_enlarged(page, "weights")
    numbers = page.get_by_role("dialog").locator(".textpoint text")
    assert numbers.count() == 25
    meant = "texts => texts.map(text => [text.style.fill, getComputedStyle(text).fill])"
    inks = numbers.evaluate_all(meant)
    assert all(drawn == wanted for wanted, drawn in inks)
    assert len({drawn for _, drawn in inks}) == 2


@pytest.mark.parametrize("columns", [False, True])
def test_every_kind_of_matrix(page: Page, server: str, columns: bool) -> None:
    """A vector, a scalar, infinities, truth values, a given matrix: all open, and all stay as they are."""
    open_head(page, server)
    if columns:
        show(page, "tokens as columns")
    numbers = shown(page)
    for step in ("row_sums", "scale", "masked", "mask", "x"):
        open_enlarged(page, step)
        assert page.get_by_test_id("stException").count() == 0, step
        rows = [row[1:] for row in saved(page)[1:]]
        truth = {"True": "1", "False": "0", "": "nan"}
        file = np.array([[truth.get(text, text) for text in row] for row in rows], dtype=float)
        assert np.array_equal(file, numbers[step].T if columns else numbers[step]), step
        close_enlarged(page)
    assert list(shown(page)) == list(numbers)


def test_strange_labels(page: Page, server: str) -> None:
    """Equal words, words that look like the labels of equal words, and words that look like markup."""
    open_head(page, server)
    for sentence in ("the cat the", "a a a₁", "<b>x</b> $y$ **z**"):
        type_sentence(page, sentence)
        open_enlarged(page, "weights")
        expect(page.get_by_role("dialog").get_by_test_id("stDataFrame")).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0, sentence
        assert len(saved(page)) == 4
        close_enlarged(page)


def test_banks(page: Page, server: str) -> None:
    open_head(page, server)
    choose(page, "Example", "Banks: which bank is meant?")
    for step in ("biased", "bias", "q"):
        open_enlarged(page, step)
        assert page.get_by_test_id("stException").count() == 0, step
        close_enlarged(page)
