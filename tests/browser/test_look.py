"""Whether it can be seen and read: every width, both themes, contrast of every number, where the focus is.

Contrast is WCAG's: 4.5 for text, 3 for marks. A hatched cell's number stands on a plain ground of its own,
and counts against that.
"""

import pytest
from playwright.sync_api import ElementHandle, Page, expect

from helpers import cell, open_page, settle
from one_head import board, choose, edit, open_head, pick, push, show, stage, type_sentence

WIDTHS = {1440: 1000, 1024: 768, 390: 844}
THEMES = ("light", "dark")

_COLOURS = """
const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
const known = new Map();
const rgba = colour => {
    if (!known.has(colour)) {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
};
const parent = element => element.parentElement ?? element.getRootNode().host ?? null;
// The first ground behind an element that is not see-through; nothing on this page is half see-through there.
const ground = element => {
    for (let at = element; at; at = parent(at)) {
        const colour = rgba(getComputedStyle(at).backgroundColor);
        if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
};
const light = colour => colour.slice(0, 3)
    .map(v => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
};
"""
_TEXTS = (
    "(board, selector) => {"
    + _COLOURS
    + """
    const found = [...board.querySelectorAll(selector)];
    const seen = found.filter(e => e.checkVisibility() && e.textContent.trim());
    return seen.map(e => {
        const text = e.querySelector(":scope > span:not([aria-hidden])") ?? e;
        const ratio = contrast(rgba(getComputedStyle(text).color), ground(text));
        const step = e.closest("[data-step]")?.dataset.step;
        return [ratio, `${step} ${e.className} ${e.textContent.slice(0, 30)}`];
    });
}"""
)
_FOCUS = (
    "element => {"
    + _COLOURS
    + """
    const {outlineStyle, outlineWidth, outlineColor} = getComputedStyle(element);
    return [outlineStyle, parseFloat(outlineWidth), contrast(rgba(outlineColor), ground(parent(element)))];
}"""
)
_SMALL_PRINT = (
    "() => {"
    + _COLOURS
    + """
    const opacity = element => (element ? getComputedStyle(element).opacity * opacity(parent(element)) : 1);
    const print = "[data-testid=stCaptionContainer] :is(p, a)";
    return [...document.querySelectorAll(print)].filter(e => e.checkVisibility()).map(e => {
        const [behind, share] = [ground(e), opacity(e)];
        const seen = rgba(getComputedStyle(e).color).map((v, i) => v * share + behind[i] * (1 - share));
        return [contrast(seen, behind), e.textContent.slice(0, 30)];
    });
}"""
)
_SIDEWAYS = """
() => [document.scrollingElement, document.querySelector("[data-testid=stMain]")]
    .map(box => box.scrollWidth - box.clientWidth)
"""


def assert_readable(page: Page) -> None:
    """Every number of every matrix, and every label, title and note around them."""
    numbers = board(page).evaluate(_TEXTS, "[data-value]")
    assert len(numbers) > 50
    words = "[role=rowheader], [role=columnheader], .title, .axes, .range, .note, .checks li"
    words += ", .panel p, .letter, .shape"
    small = page.evaluate(_SMALL_PRINT)
    assert any("exercises" in text for _, text in small)  # the link past the lesson
    worst = sorted(numbers + board(page).evaluate(_TEXTS, words) + small)[:3]
    assert worst[0][0] >= 4.5, worst


def assert_fits(page: Page) -> None:
    """The page never scrolls sideways; a matrix that is too wide scrolls in its own box."""
    assert page.evaluate(_SIDEWAYS) == [0, 0]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_and_theme(page: Page, server: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    page.emulate_media(color_scheme=theme)
    open_head(page, server)
    assert board(page).get_attribute("data-theme") == theme
    assert_fits(page)
    assert_readable(page)
    pick(page, "weights", 4, 2)
    assert_fits(page)
    assert_readable(page)
    push(page, "Next")
    assert_fits(page)


@pytest.mark.parametrize("theme", THEMES)
def test_contrast_of_other_numbers(page: Page, server: str, theme: str) -> None:
    """Many shades: spread numbers, marks of change, differences, a refused edit."""
    page.emulate_media(color_scheme=theme)
    open_head(page, server)
    block = "\n".join("\t".join(str((row * 4 + col - 12) / 12) for col in range(4)) for row in range(6))
    page.evaluate("text => navigator.clipboard.writeText(text)", block)
    for step in ("w_q", "w_k", "w_v"):
        cell(page, step, 0, 0).focus()
        page.keyboard.press("Control+V")
        settle(page)
        assert_readable(page)
    show(page, "difference")
    assert_readable(page)
    show(page, "now")
    edit(page, "w_q", 0, 0, "abc")
    assert_readable(page)
    (message,) = board(page).evaluate(_TEXTS, "[data-error-for]")
    assert message[0] >= 4.5


def test_the_menu_of_a_narrow_screen_closes_once_a_page_is_chosen(new_page, server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    open_page(page, server, "/lookup")
    page.get_by_test_id("stExpandSidebarButton").click()
    menu = page.get_by_test_id("stSidebar")
    expect(menu).to_have_attribute("data-collapsed", "false")
    menu.get_by_role("link", name="Softmax").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Softmax")
    expect(menu).to_have_attribute("data-collapsed", "true")


def test_long_words_on_a_narrow_screen(new_page, server: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    open_head(page, server)
    type_sentence(page, " ".join("w" * 39 + str(i % 10) for i in range(16)))
    assert_fits(page)
    pick(page, "weights", 1, 0)
    assert_fits(page)
    scrolling = board(page).locator("[role=region]").first
    assert scrolling.get_attribute("tabindex") == "0"
    show(page, "tokens as columns")
    assert_fits(page)
    choose(page, "Example", "Banks: which bank is meant?")
    assert_fits(page)


@pytest.mark.parametrize("theme", THEMES)
def test_the_focus_can_be_seen(page: Page, server: str, theme: str) -> None:
    """On every kind of thing that the keyboard reaches inside the matrices."""
    page.emulate_media(color_scheme=theme)
    open_head(page, server)
    pick(page, "weights", 1, 0)
    cell(page, "x", 0, 0, role="given").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        assert_outlined(page)
    for _ in range(8):  # grids, and the buttons that enlarge
        page.keyboard.press("Tab")
        assert_outlined(page)
    board(page).locator("button.operand").first.focus()
    page.keyboard.press("Tab")
    assert_outlined(page)
    board(page).get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("Tab")
    assert_outlined(page)


def assert_outlined(page: Page) -> None:
    focused = board(page).evaluate_handle("board => board.getRootNode().activeElement").as_element()
    style, width, ratio = focused.evaluate(_FOCUS)
    about = focused.evaluate("element => element.outerHTML.slice(0, 120)")
    assert style != "none", about
    assert width >= 2, about
    assert ratio >= 3, about


def test_the_theme_can_change_under_way(page: Page, server: str) -> None:
    """A screen that turns dark at sunset repaints the cells, too."""
    open_head(page, server)
    page.emulate_media(color_scheme="dark")
    page.locator('.board[data-theme="dark"]').wait_for()
    settle(page)
    assert_readable(page)


# --- What stays in sight, and what is not drawn before it is ------------------------------------------------


def scroll_to_the_end(page: Page) -> None:
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    board(page).locator("section.equation").last.scroll_into_view_if_needed()
    page.wait_for_timeout(100)  # two frames and more: what comes into sight is laid out, and moves what is below


@pytest.mark.parametrize("width", WIDTHS)
def test_the_toolbar_stays_in_sight(page: Page, server: str, width: int) -> None:
    """Where there is room for it; on a narrow screen, where it takes four lines, it scrolls away."""
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    open_head(page, server)
    scroll_to_the_end(page)
    toolbar = board(page).get_by_role("toolbar")
    if width < 900:
        expect(toolbar).not_to_be_in_viewport()
        return
    expect(toolbar).to_be_in_viewport(ratio=1)
    push(page, "Undo" if toolbar.get_by_role("button", name="Undo").is_enabled() else "Next")  # nothing lies over it
    assert stage(page).startswith("1 of 15")


def test_what_is_off_the_screen_waits(page: Page, server: str) -> None:
    """An equation is laid out once it comes near the window; its numbers can be read and found before that."""
    open_head(page, server)
    drawn = "sections => sections.map(s => s.querySelector('.grid').checkVisibility({contentVisibilityAuto: true}))"
    sections = board(page).locator("section.equation")
    first, *_, last = sections.evaluate_all(drawn)
    assert (first, last) == (True, False)
    assert cell(page, "residual", 0, 0).text_content() == "1"
    scroll_to_the_end(page)
    first, *_, last = sections.evaluate_all(drawn)
    assert (first, last) == (False, True)


_COVERED = """
element => {
    const {x, y, width, height} = element.getBoundingClientRect();
    const top = element.getRootNode().elementFromPoint(x + Math.min(width / 2, 20), y + height / 2);
    return !(top && (element.contains(top) || top.contains(element)));
}
"""


def focused(page: Page) -> ElementHandle:
    return board(page).evaluate_handle("board => board.getRootNode().activeElement").as_element()


@pytest.mark.parametrize("width", WIDTHS)
def test_an_edited_cell_stays_in_sight(page: Page, server: str, width: int) -> None:
    """On a narrow screen the account of the change opens over the lower part; elsewhere a message wraps the toolbar."""
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    open_head(page, server)
    here = cell(page, "x", 0, 0, role="given")
    here.scroll_into_view_if_needed()
    edit(page, "x", 0, 0, "5")
    expect(here).to_have_attribute("data-value", "5")
    assert not here.evaluate(_COVERED)
    if width >= 900:
        pick(page, "x", 0, 0)
        scroll_to_the_end(page)
        assert not board(page).locator(".panel .what").evaluate(_COVERED)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_keys_for_steps_lead_to_a_heading_in_sight(page: Page, server: str, width: int) -> None:
    """Also when all are shown again: then to the step that was shown last."""
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    open_head(page, server)
    last = cell(page, "residual", 0, 0, role="result")
    last.scroll_into_view_if_needed()
    last.focus()
    for key, heading in (("n", "1. Embeddings"), ("n", "2. Queries"), ("n", "3. Keys"), ("a", "3. Keys")):
        page.keyboard.press(key)
        settle(page)
        here = focused(page)
        assert here.text_content().startswith(heading)
        assert not here.evaluate(_COVERED), key


def test_paint_is_not_cut_off_above_a_column(page: Page, server: str) -> None:
    open_head(page, server)
    show(page, "tokens as columns")
    heads = board(page).locator("[role=columnheader].painted")
    assert heads.count() > 2
    cut = heads.evaluate_all("heads => heads.filter(head => head.scrollWidth > head.clientWidth).length")
    assert cut == 0
