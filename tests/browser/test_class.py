"""The pages for a class in a browser: a vote from a phone to the projector and back, and every page on every screen."""

import pytest
from playwright.sync_api import Page, expect

from attention_core.attempts import from_csv
from attention_core.choices import LETTERS
from attention_core.diagnostic import ITEMS
from attention_core.votes import VOTES
from attention_ui.lesson import TOOLS, lesson
from attention_ui.votes import NAMES
from helpers import open_page, settle
from one_head import open_head

PROJECTOR, PHONE = {"width": 1024, "height": 768}, {"width": 390, "height": 844}
QUESTION = VOTES["scaling"].question
SIDEWAYS = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return main.scrollWidth - main.clientWidth;
}"""
FILLS = "() => document.fullscreenElement !== null"
# The smallest text that the class reads: question, options, counts, reasons.
SMALLEST = """() => Math.min(...[...document.querySelectorAll(".vote :is(h1, .letter, .text, .count, .says)")]
    .map(node => parseFloat(getComputedStyle(node).fontSize)))"""
_COLOURS = """() => {
    const ground = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
    const texts = ".vote :is(h1, .text, .count, .says, figcaption), .asked, .answer-code, .prompt";
    return [...document.querySelectorAll(texts)].map(node => [getComputedStyle(node).color, ground]);
}"""


def luminance(colour: str) -> float:
    channels = [int(float(part)) / 255 for part in colour.split("(")[1].rstrip(")").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def assert_readable(page: Page) -> None:
    pairs = page.evaluate(_COLOURS)
    assert pairs
    for text, ground in pairs:
        low, high = sorted((luminance(text), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def vote(page: Page, server: str, option: str) -> str:
    """Vote on a phone; returns the code."""
    page.set_viewport_size(PHONE)
    open_page(page, server, "/vote?q=scaling")
    assert page.evaluate(SIDEWAYS) <= 0
    page.get_by_text(option, exact=False).first.click()
    settle(page)
    page.get_by_text("fairly sure").click()
    settle(page)
    page.get_by_role("button", name="Get my code").click()
    settle(page)
    assert_readable(page)
    return page.locator(".answer-code").inner_text()


def test_a_vote_from_a_phone_to_the_projector(page: Page, other: Page, server: str) -> None:
    codes = [vote(other, server, QUESTION.answer.text), vote(other, server, QUESTION.options[1 - QUESTION.right].text)]
    page.set_viewport_size(PROJECTOR)
    open_page(page, server, "/screen?q=scaling")
    expect(page.get_by_role("img", name="QR code: ")).to_be_visible()
    expect(page.get_by_role("button", name="Reveal the answer")).to_be_in_viewport()  # all of it on one screen
    page.get_by_label("Answer codes").fill(" ".join([*codes, codes[0]]).lower())
    page.keyboard.press("Control+Enter")
    settle(page)
    expect(
        page.get_by_text(f"2 votes read. Counted once, though they came more than once: {codes[0]}.")
    ).to_be_visible()
    page.get_by_role("button", name="Present").click()
    page.wait_for_function(FILLS)
    page.keyboard.press("c")
    settle(page)
    expect(page.locator(".vote .number").nth(QUESTION.right)).to_have_text("1 (50 %)")
    assert page.evaluate(SMALLEST) >= 24
    page.keyboard.press("r")
    settle(page)
    expect(page.locator(".vote .option.right .text")).to_contain_text(f"{QUESTION.answer.text} ✓ right")
    assert page.evaluate(SMALLEST) >= 24
    assert_readable(page)
    page.keyboard.press("b")
    expect(page.locator(".vote h1")).to_be_hidden()
    page.keyboard.press("b")
    page.keyboard.press("h")
    settle(page)
    expect(page.get_by_text(QUESTION.answer.says)).to_have_count(0)
    page.get_by_role("button", name="Leave").click()
    page.wait_for_function("() => document.fullscreenElement === null")
    expect(page.get_by_label("Answer codes")).to_be_visible()
    page.get_by_role("button", name="Next question").click()
    settle(page)
    following = NAMES[NAMES.index("scaling") + 1]
    for _ in range(2):  # the address names it, so that it can be loaded again
        expect(page.locator(".vote h1")).to_have_text(VOTES[following].question.prompt)
        assert page.url.endswith(f"?q={following}")
        page.reload()
        page.locator(".vote h1").wait_for()
    page.go_back()
    expect(page.locator(".vote h1")).to_have_text(QUESTION.prompt)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_fits_every_screen_in_both_themes(page: Page, server: str, tool) -> None:
    open_page(page, server, f"/{tool.path}?q=scaling" if not tool.goal else f"/{tool.path}")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in (1440, 1024, 390):
            page.set_viewport_size({"width": width, "height": 800})
            settle(page)
            assert page.evaluate(SIDEWAYS) <= 0, (theme, width)
        if not tool.goal:
            assert_readable(page)


def test_tools_open_cold(page: Page, fresh_server: str) -> None:
    """The first visitor of a server comes by the link of a QR code; the navigation is there, and leads to the tools."""
    open_page(page, fresh_server, "/vote?q=scaling&round=2")
    expect(page.get_by_text(QUESTION.prompt)).to_be_visible()
    page.get_by_role("button", name="For a class").click()
    page.get_by_role("menuitem", name="Diagnostic", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="What do you know?")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="For a class").click()
    expect(page.get_by_role("menuitem", name="For teachers", exact=True)).to_be_visible()
    expect(page.get_by_role("menuitem", name="Your vote")).to_have_count(0)


def test_a_plans_step_opens_its_lesson_as_it_is_needed(page: Page, server: str) -> None:
    open_page(page, server, "/teach")
    page.get_by_role("combobox", name="Plan").click()
    page.get_by_role("option", name="Masks: Hide the right half").click()
    settle(page)
    page.get_by_role("link", name="Open the lesson, as it is needed").click()
    page.get_by_role("heading", level=1, name="Masks").wait_for()
    settle(page)
    assert "s=1." in page.url
    page.go_back()
    page.get_by_role("heading", level=1, name="For teachers").wait_for()


def test_attempts_from_a_learner_to_the_teacher(page: Page, server: str, tmp_path) -> None:
    """A wrong answer, saved as a table with a pseudonym; uploaded beside a file that is no table."""
    open_head(page, server)
    field = page.locator(".st-key-exercise-E11 input").first
    field.fill("9/11")
    field.press("Enter")
    settle(page)
    page.get_by_role("link", name="Start here").click()
    page.get_by_text("Your progress: save it").click()
    who = page.get_by_label("A pseudonym, if you were asked for one")
    who.fill("=owl")
    who.press("Tab")
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Your attempts as CSV").click()
    download.value.save_as(tmp_path / "owl.csv")
    (row,) = from_csv((tmp_path / "owl.csv").read_bytes())
    assert (row.name, row.answer, row.right, row.slip, row.pseudonym) == ("E11", "9/11", "no", "no scaling", "=owl")
    assert "'=owl" in (tmp_path / "owl.csv").read_text()
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe")
    page.get_by_role("link", name="Plans for 5, 15 and 50 minutes").click()
    page.get_by_role("heading", level=1, name="For teachers").wait_for()
    settle(page)
    page.locator("input[type=file]").set_input_files([tmp_path / "owl.csv", tmp_path / "bad.csv"])
    expect(page.get_by_role("alert")).to_contain_text("bad.csv was left out: it is no text in UTF-8")
    table = page.get_by_role("table", name="What the class did")
    expect(table.get_by_role("row").nth(1)).to_contain_text("no scaling (1)")
    expect(page.get_by_text("1 table, 1 learner.")).to_be_visible()


def test_the_diagnostic_by_keyboard(page: Page, server: str) -> None:
    """One question answered rightly, one wrongly, the others not; the profile, and a lesson that it names."""
    page.set_viewport_size(PHONE)
    open_page(page, server, "/diagnostic")
    (known, item), (missed, other) = list(ITEMS.items())[:2]
    for number, option in ((1, item.question(0).right), (2, (other.question(0).right + 1) % len(LETTERS))):
        radios = page.get_by_role("radiogroup", name=f"Question {number}", exact=True).get_by_role("radio")
        radios.nth(0).focus()
        page.keyboard.press("Space")
        settle(page)
        for _ in range(option):
            page.keyboard.press("ArrowDown")
            settle(page)
    expect(page.get_by_text(f"2 of {len(ITEMS)} answered.")).to_be_visible()
    page.get_by_role("button", name="I am done").focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="What you know")
    for idea, says in ((known, "✓ known"), (missed, "✗ not yet"), ("cost", "– no answer")):
        row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=ITEMS[idea].title, exact=True))
        expect(row.get_by_role("cell")).to_have_text(says)
    expect(page.get_by_text(f"Known: before the course 1 of {len(ITEMS)}.")).to_be_in_viewport()
    settle(page)
    assert page.evaluate(SIDEWAYS) <= 0
    page.get_by_role("link", name=lesson(ITEMS[missed].lesson).title).click()
    expect(page.get_by_role("heading", level=1, name=lesson(ITEMS[missed].lesson).title)).to_be_visible()
