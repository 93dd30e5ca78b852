"""Picking, walking and editing cells: by mouse, by keyboard, by paste."""

import re
from math import exp, log, pi, sqrt

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from helpers import cell, matrix, open_page, settle
from one_head import (
    BANKS,
    assert_same,
    board,
    choose,
    edit,
    open_editor,
    open_head,
    panel,
    pick,
    picked,
    push,
    show,
    shown,
    switch,
    type_sentence,
)  # fmt: skip

LN3 = log(3)


# --- Picking ------------------------------------------------------------------------------------------------


def test_pick_by_click(page: Page, server: str) -> None:
    """The panel says where the number sits, how it was made, and in which line of NumPy."""
    open_head(page, server)
    assert picked(page) is None
    pick(page, "weights", 1, 0)
    assert picked(page) == ("weights", 1, 0)
    said = panel(page).inner_text()
    assert said.startswith("A[ball, red] = 0.75 (3/4)\n")
    assert "how much ball takes from red" in said
    assert "3 / 4 = 0.75" in said
    assert "weights = exps / np.where(row_sums > 0, row_sums, 1)[:, None]" in said  # a row that sees nothing gets 0
    pick(page, "output", 1, 0)
    assert picked(page) == ("output", 1, 0)
    assert "0.75 × 1 + 0.25 × 0 + 0 × 0 + 0 × 0 + 0 × 0 = 0.75" in panel(page).inner_text()


def test_a_rounded_text_says_so(page: Page, server: str) -> None:
    """Where a text is rounded, the arithmetic says "≈"; fractions say the number as it is, and "="."""
    open_head(page, server)
    said = {}
    for form in ("decimals", "fractions"):
        show(page, form)
        for place in (("weights", 4, 0), ("scores", 1, 0), ("masked", 1, 0), ("masked", 0, 1)):
            pick(page, *place)
            said[form, place[:2]] = panel(page).inner_text()
    head, arithmetic = ".what", ".arithmetic"
    assert panel(page).locator(head).inner_text() == "S\u0302[red, ball] = −∞"
    assert panel(page).locator(arithmetic).inner_text() == "−∞ (the mask says 0) = −∞"
    for place, decimals, fractions in (
        (("weights", 4), ("A[cube, red] = 0.33 (1/3)", "3 / 9 ≈ 0.33"), ("A[cube, red] = 1/3", "3 / 9 = 1/3")),
        (("scores", 1), ("= 2.20 (2 ln 3)", "2.20 × 1 + 0 × 0 + 0 × 0 + 0 × 0 ≈ 2.20"), ("= 2 ln 3\n", "= 2 ln 3\n")),
    ):
        for form, texts in (("decimals", decimals), ("fractions", fractions)):
            for text in texts:
                assert text in said[form, place]


def test_the_panel_names_cells_as_they_stand(page: Page, server: str) -> None:
    """With tokens as columns a cell is named by column, row: A[key, query]; what it means stays the same."""
    open_head(page, server)
    show(page, "tokens as columns")
    pick(page, "weights", 1, 0)
    said = panel(page).inner_text()
    assert said.startswith("A[red, ball] = 0.75 (3/4)\n")
    assert "how much ball takes from red" in said
    assert "NumPy (tokens as rows)" in said


def test_the_panel_follows_the_shown_numbers(page: Page, server: str) -> None:
    """Before the last change, the panel explains the number of then; a difference, from what to what it went."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "0")
    pick(page, "weights", 1, 0)
    said = {}
    for option in ("now", "before the last change", "difference"):
        show(page, option)
        said[option] = panel(page).inner_text()
    assert said["now"].startswith("A[ball, red] = 0.50 (1/2)\n")
    assert "1 / 2 = 0.50" in said["now"]
    assert said["before the last change"].startswith("A[ball, red] = 0.75 (3/4)\n")
    assert "3 / 4 = 0.75" in said["before the last change"]
    assert said["difference"].startswith("A[ball, red], now − before = −0.25\n")
    assert "0.50 − 0.75 = −0.25" in said["difference"]
    assert "Now it is 0.50; before the last change it was 0.75." in said["difference"]


def test_a_new_sentence_clears_the_picked_cell(page: Page, server: str) -> None:
    """The same place is another word's there. Other changes leave it picked."""
    open_head(page, server)
    pick(page, "weights", 1, 0)
    switch(page, "Causal mask")
    assert picked(page) == ("weights", 1, 0)
    type_sentence(page, "blue cube red ball hit")
    assert picked(page) is None
    assert panel(page).locator(".what").count() == 0
    pick(page, "weights", 1, 0)
    choose(page, "Example", BANKS)
    assert picked(page) is None


def test_the_idle_panel_says_what_can_be_done(page: Page, server: str) -> None:
    """With the keys; on a narrow screen, where it would stand in the way, only once something is picked."""
    open_head(page, server)
    expect(panel(page)).to_contain_text("Pick any cell to see where its number comes from.")
    expect(panel(page).locator(".keys")).to_have_text(re.compile(r"^Keys: .*arrows.*Enter.*Space.*Ctrl\+Z"))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(panel(page)).to_be_hidden()
    pick(page, "weights", 1, 0)
    expect(panel(page)).to_be_visible()
    assert panel(page).locator(".keys").count() == 0


def test_pick_by_key(page: Page, server: str) -> None:
    """Enter picks in a computed matrix; in a given one, which Enter edits, Space does."""
    open_head(page, server)
    cell(page, "scores", 1, 0).focus()
    page.keyboard.press("Enter")
    settle(page)
    assert picked(page) == ("scores", 1, 0)
    cell(page, "w_q", 1, 0).focus()
    page.keyboard.press("Space")
    settle(page)
    assert picked(page) == ("w_q", 1, 0)
    assert "noun" in panel(page).inner_text()


def test_pick_in_a_repeated_matrix(page: Page, server: str) -> None:
    """The cell that was clicked is the selected one, not its twin where the matrix is made."""
    open_head(page, server)
    operand = page.locator('[data-step="weights"][data-role="operand"] [data-row="1"][data-col="0"]')
    operand.click()
    settle(page)
    assert picked(page) == ("weights", 1, 0)
    expect(operand).to_have_attribute("aria-selected", "true")


# Whether the middle of the picked cell can be seen: in the window, and nothing lies over it.
_IN_SIGHT = """
board => {
    const cell = board.querySelector("[aria-selected]");
    const {left, top, width, height} = cell.getBoundingClientRect();
    const at = board.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
    return at !== null && cell.contains(at);
}
"""


def test_every_operand_leads_back_to_an_embedding(page: Page, server: str) -> None:
    """From the last number, operand by operand, to a feature of a word; and along the trail back.

    All steps are shown, many screens of them, and each picked cell comes into sight.
    """
    open_head(page, server)
    pick(page, "residual", 1, 3)
    walked = [picked(page)]
    while walked[-1][0] != "x":
        operands = panel(page).locator("button[data-step]")
        names = operands.evaluate_all("buttons => buttons.map(button => button.dataset.step)")
        wanted = names.index("projected") if "projected" in names else 0
        operand = operands.nth(wanted)
        place = operand.evaluate("({dataset: d}) => [d.step, Number(d.row), Number(d.col)]")
        operand.click()
        settle(page)
        assert picked(page) == tuple(place)
        assert board(page).evaluate(_IN_SIGHT), place
        walked.append(picked(page))
    steps = [step for step, _, _ in walked]
    assert steps[:3] == ["residual", "projected", "output"]
    assert "scores" in steps
    trail = panel(page).get_by_role("navigation").get_by_role("button")
    assert trail.count() == len(walked) - 1
    trail.nth(3).click()
    settle(page)
    assert picked(page) == walked[3]
    assert board(page).evaluate(_IN_SIGHT)
    trail.nth(0).click()
    settle(page)
    assert picked(page) == walked[0]
    assert trail.count() == 0


def test_a_weight_leads_back_in_sight(page: Page, server: str) -> None:
    """From a weight, by its first operands, to X, which stands some screens above; in sight all the way."""
    open_head(page, server)
    pick(page, "weights", 4, 0)
    way = ["weights"]
    while way[-1] != "x":
        panel(page).locator("button.operand").first.click()
        settle(page)
        assert board(page).evaluate(_IN_SIGHT), picked(page)
        way.append(picked(page)[0])
    assert way == ["weights", "exps", "shifted", "masked", "scaled", "scores", "q", "x"]


# --- The grid of a matrix -----------------------------------------------------------------------------------


def focused(page: Page) -> tuple[str, int, int]:
    """The cell with the keyboard's focus."""
    return tuple(
        board(page).evaluate(
            """board => {
                const cell = board.getRootNode().activeElement;
                const name = cell.closest("figure").dataset.step;
                return [name, Number(cell.dataset.row), Number(cell.dataset.col)];
            }"""
        )
    )


def walk(page: Page, keys: str) -> list[tuple[int, int]]:
    places = []
    for key in keys.split():
        page.keyboard.press(key)
        places.append(focused(page)[1:])
    return places


def test_arrow_keys_go_as_seen(page: Page, server: str) -> None:
    open_head(page, server)
    cell(page, "q", 1, 1).focus()
    keys = "ArrowRight ArrowDown ArrowLeft ArrowUp Home End Control+End Control+Home ArrowUp ArrowLeft"
    seen = [(1, 2), (2, 2), (2, 1), (1, 1), (1, 0), (1, 3), (4, 3), (0, 0), (0, 0), (0, 0)]
    assert walk(page, keys) == seen
    show(page, "tokens as columns")
    cell(page, "q", 1, 1, role="result").focus()
    assert walk(page, keys) == [
        (2, 1), (2, 2), (1, 2), (1, 1), (0, 1), (4, 1), (4, 3), (0, 0), (0, 0), (0, 0),
    ]  # fmt: skip


def test_each_grid_is_one_tab_stop(page: Page, server: str) -> None:
    open_head(page, server)
    count = """board => [...board.querySelectorAll("[role=grid]")].map(
        grid => grid.querySelectorAll('[tabindex="0"]').length)"""
    assert set(board(page).evaluate(count)) == {1}
    cell(page, "w_q", 2, 1).focus()
    page.keyboard.press("ArrowDown")
    assert set(board(page).evaluate(count)) == {1}
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == ("w_q", 3, 1)


def test_roles_and_labels(page: Page, server: str) -> None:
    """A screen reader hears a grid with its size, its headers, and every cell with its place and number."""
    open_head(page, server)
    grid = page.locator('[data-step="q"][data-role="result"]').get_by_role("grid")
    expect(grid).to_have_attribute("aria-label", re.compile(r"^Q, queries, 5 by 4"))
    assert grid.get_by_role("rowheader").all_inner_texts() == ["red", "ball", "hit", "blue", "cube"]
    assert grid.get_by_role("columnheader").all_inner_texts() == list("0123")
    assert grid.get_by_role("row").count() == 6
    assert grid.get_by_role("gridcell").count() == 20
    expect(cell(page, "q", 1, 0)).to_have_attribute("aria-label", "row ball, column 0: 2.20")
    expect(cell(page, "mask", 2, 1)).to_have_attribute("aria-label", "may hit see ball: yes, 1")
    expect(cell(page, "mask", 1, 2)).to_have_attribute("aria-label", "may ball see hit: no, 0")
    grids = board(page).get_by_role("grid")
    assert grids.count() == board(page).locator("figure").count()
    assert all(grids.evaluate_all("grids => grids.map(grid => grid.getAttribute('aria-label'))"))


def test_paint_stands_beside_the_words(page: Page, server: str) -> None:
    """A disc beside each word that has paint, in X and in X′ alone, with its name where the word is not the name."""
    open_head(page, server)
    painted = {"x": {"red": "red", "blue": "blue"}}
    painted["residual"] = {"red": "red", "ball": "red", "hit": "red", "blue": "blue", "cube": "purple"}
    for figure in board(page).locator("figure:not([data-role=operand])").all():
        beside = figure.locator(".head-disc").evaluate_all(
            "discs => discs.map(disc => [disc.parentElement.previousSibling.data, disc.nextSibling?.data])"
        )
        assert {word: colour or word for word, colour in beside} == painted.get(figure.get_attribute("data-step"), {})
    x = page.locator('[data-step="x"][data-role="given"]')
    expect(x.get_by_role("rowheader", name="red", exact=True)).to_be_visible()
    expect(x.get_by_role("rowheader", name="ball", exact=True)).to_be_visible()
    edit(page, "x", 1, 4, "1")
    expect(x.get_by_role("rowheader", name="ball blue", exact=True)).to_be_visible()
    show(page, "difference")
    assert board(page).locator(".head-disc").count() == 0
    show(page, "now")
    show(page, "tokens as columns")
    expect(x.get_by_role("columnheader", name="ball blue", exact=True)).to_be_visible()


# --- Editing ------------------------------------------------------------------------------------------------


def editor(page: Page) -> Locator:
    return board(page).locator("figure input")


def test_a_digit_begins_an_edit(page: Page, server: str) -> None:
    open_head(page, server)
    cell(page, "w_v", 3, 0).focus()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    settle(page)
    assert matrix(page, "w_v")[3, 0] == 5
    assert matrix(page, "v")[0, 0] == 5
    expect(editor(page)).to_have_count(0)
    assert focused(page) == ("w_v", 3, 0)


@pytest.mark.parametrize("begins", ["click", "Enter", "focus"])
def test_a_letter_begins_an_edit(page: Page, server: str, begins: str) -> None:
    """Typed on a picked number, ln 3 is ln 3: no letter of it steps on."""
    open_page(page, server, "/projections")
    show_stage = board(page).locator(".where").inner_text()
    here = cell(page, "x", 1, 5)
    if begins == "click":
        here.click()
        settle(page)
        assert picked(page) == ("x", 1, 5)
    else:
        here.focus()
        if begins == "Enter":
            page.keyboard.press("Enter")
    page.keyboard.type("ln 3")
    page.keyboard.press("Enter")
    settle(page)
    expect(editor(page)).to_have_count(0)
    assert matrix(page, "x")[1, 5] == LN3
    assert board(page).locator(".where").inner_text() == show_stage


def test_whatever_may_begin_a_number_begins_an_edit(page: Page, server: str) -> None:
    open_head(page, server)
    typed = {"sqrt(2)": sqrt(2), "exp(1)": exp(1), "(1+2)/4": 0.75, ".5": 0.5, "-1": -1, "+3": 3}
    for i, (text, value) in enumerate(typed.items()):
        cell(page, "w_v", i % 6, 1 + i // 6).focus()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        settle(page)
        assert matrix(page, "w_v")[i % 6, 1 + i // 6] == pytest.approx(value, abs=1e-15), text


@pytest.mark.parametrize(("sign", "rest", "value"), [("√", "2", sqrt(2)), ("π", "", pi), ("−", "1", -1)])
def test_a_sign_typed_with_alt_begins_an_edit(page: Page, server: str, sign: str, rest: str, value: float) -> None:
    """Some keyboards have √, π and − on Alt and another key; no key of the test's own keyboard types them."""
    open_head(page, server)
    cell(page, "w_v", 0, 1).dispatch_event("keydown", {"key": sign, "altKey": True})
    expect(editor(page)).to_have_value(sign)
    page.keyboard.type(rest)
    page.keyboard.press("Enter")
    settle(page)
    assert matrix(page, "w_v")[0, 1] == pytest.approx(value, abs=1e-15)


def test_letters_that_step_still_step(page: Page, server: str) -> None:
    """n, p and a walk the steps from any cell, but not from an open field."""
    open_head(page, server)
    cell(page, "w_q", 1, 0).focus()
    page.keyboard.press("a")
    settle(page)
    where = board(page).locator(".where")
    expect(where).to_contain_text("1 of ")
    page.keyboard.press("n")
    settle(page)
    expect(where).to_contain_text("2 of ")
    open_editor(page, "w_q", 1, 0)
    page.keyboard.type("nap")
    expect(editor(page)).to_have_value("nap")
    expect(where).to_contain_text("2 of ")


def test_a_very_large_number_opens_as_it_is(page: Page, server: str) -> None:
    """It is shown as a multiple of a power of ten, and its field holds all its digits."""
    open_head(page, server)
    edit(page, "w_v", 0, 0, "7.3·10⁻¹⁰")
    assert cell(page, "w_v", 0, 0).inner_text() == "7.3·10⁻¹⁰"
    assert matrix(page, "w_v")[0, 0] == pytest.approx(7.3e-10)
    open_editor(page, "w_v", 0, 0)
    assert float(editor(page).input_value()) == matrix(page, "w_v")[0, 0]


@pytest.mark.parametrize("opener", ["F2", "Enter", "double click"])
def test_ways_to_open_the_editor(page: Page, server: str, opener: str) -> None:
    """The editor begins with the number as it is, selected; Escape leaves it as it was."""
    open_head(page, server)
    here = cell(page, "w_q", 1, 0)
    if opener == "double click":
        here.dblclick()
    else:
        here.focus()
        page.keyboard.press(opener)
    expect(editor(page)).to_be_focused()
    assert float(editor(page).input_value()) == 2 * LN3
    page.keyboard.type("7")
    page.keyboard.press("Escape")
    expect(editor(page)).to_have_count(0)
    settle(page)
    assert matrix(page, "w_q")[1, 0] == 2 * LN3
    assert focused(page) == ("w_q", 1, 0)


def test_numbers_as_people_write_them(page: Page, server: str) -> None:
    open_head(page, server)
    typed = {"3/4": 0.75, "ln 3": LN3, "-0.5": -0.5, "sqrt(2)": sqrt(2), "2 ln 3": 2 * LN3, "−2": -2}
    for row, (text, value) in enumerate(typed.items()):
        edit(page, "w_v", row, 3, text)
        assert matrix(page, "w_v")[row, 3] == pytest.approx(value, abs=1e-15), text
    show(page, "fractions")
    assert cell(page, "w_v", 4, 3).inner_text() == "2 ln 3"
    open_editor(page, "w_v", 4, 3)
    assert editor(page).input_value() == "2 ln 3"


def test_a_computed_cell_cannot_be_edited(page: Page, server: str) -> None:
    open_head(page, server)
    plain = shown(page)
    for role, step in (("result", "q"), ("operand", "x")):
        here = page.locator(f'[data-step="{step}"][data-role="{role}"] [data-row="0"][data-col="0"]').first
        here.dblclick()
        page.keyboard.type("7")
        page.keyboard.press("F2")
        settle(page)
        expect(editor(page)).to_have_count(0)
    assert_same(shown(page), plain)


def test_quick_edits_all_arrive(page: Page, server: str) -> None:
    """Number, Tab, number, Tab, faster than the server answers."""
    open_head(page, server)
    cell(page, "w_v", 0, 0).focus()
    for digit in "12345678":
        page.keyboard.type(digit)
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    settle(page)
    assert matrix(page, "w_v")[:2].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


# --- Pasting ------------------------------------------------------------------------------------------------


def paste(page: Page, text: str) -> None:
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")
    settle(page)


def test_paste_a_block(page: Page, server: str) -> None:
    """A block from a spreadsheet lands with its corner at the chosen cell, and is one edit."""
    open_head(page, server)
    plain = shown(page)
    cell(page, "w_q", 4, 2).focus()
    paste(page, "1\t2\n3/4\t-4\n")
    assert matrix(page, "w_q")[4:, 2:].tolist() == [[1, 2], [0.75, -4]]
    push(page, "Undo")
    assert_same(shown(page), plain)


def test_a_block_of_wrong_size(page: Page, server: str) -> None:
    """The sentence stands at the matrix; nothing is pasted in part."""
    open_head(page, server)
    plain = shown(page)
    cell(page, "w_q", 5, 2).focus()
    for block, says in (("1\t2\n3\t4", "2 × 2"), ("1\t2\t3", "1 × 3"), ("1\t2\n3", "row 2"), ("1\tx", "“x”")):
        paste(page, block)
        message = page.locator('[data-error-for="w_q"]')
        expect(message).to_contain_text(says)
        assert_same(shown(page), plain)


def test_a_block_is_pasted_as_it_is_seen(page: Page, server: str) -> None:
    """With tokens as columns W_Q is drawn transposed: a row of the block goes down a column of the array."""
    open_head(page, server)
    show(page, "tokens as columns")
    cell(page, "w_q", 0, 1).focus()
    paste(page, "1\t2\t3\n4\t5\t6")
    assert matrix(page, "w_q")[:3, 1:3].tolist() == [[1, 4], [2, 5], [3, 6]]
    cell(page, "w_q", 0, 3).focus()
    paste(page, "1\n2")
    expect(page.locator('[data-error-for="w_q"]')).to_contain_text("the pasted block is 2 × 1")
    expect(page.locator('[data-error-for="w_q"]')).to_contain_text("room for 1 × 6")


def test_a_copied_matrix_can_be_pasted(page: Page, server: str) -> None:
    open_head(page, server)
    cell(page, "w_q", 0, 0).focus()
    page.keyboard.press("Control+C")
    cell(page, "w_v", 0, 0).focus()
    page.keyboard.press("Control+V")
    settle(page)
    assert np.array_equal(matrix(page, "w_v"), matrix(page, "w_q"))


# --- The mask -----------------------------------------------------------------------------------------------


def test_paint_the_mask(page: Page, server: str) -> None:
    open_head(page, server)
    cell(page, "mask", 0, 1).click()
    settle(page)
    assert matrix(page, "mask")[0, 1] == 1
    assert matrix(page, "weights")[0, 1] == 0.5
    cell(page, "mask", 0, 0).focus()
    page.keyboard.press("Space")
    settle(page)
    assert matrix(page, "mask")[0].tolist() == [0, 1, 0, 0, 0]
    assert matrix(page, "weights")[0].tolist() == [0, 1, 0, 0, 0]
    cell(page, "mask", 0, 1).click()
    settle(page)
    assert matrix(page, "weights")[0].tolist() == [0] * 5  # a query that may see nothing takes nothing


def test_a_block_paints_the_mask(page: Page, server: str) -> None:
    """Ones and zeros from the chosen cell on, as one change; anything else is refused in a sentence."""
    open_head(page, server)
    plain = matrix(page, "mask")
    cell(page, "mask", 0, 3).focus()
    paste(page, "1\t1\n0\t1")
    assert matrix(page, "mask")[:2, 3:].tolist() == [[1, 1], [0, 1]]
    assert matrix(page, "weights")[1, 4] > 0
    for block, says in (("2", "holds 1 (may see) or 0"), ("1\t1\t1", "1 × 3"), ("yes", "“yes” is not a number")):
        paste(page, block)
        expect(page.locator('[data-error-for="mask"]')).to_contain_text(says)
    push(page, "Undo")
    assert matrix(page, "mask").tolist() == plain.tolist()
    assert page.locator('[data-error-for="mask"]').count() == 0


def test_quick_toggles_all_arrive(page: Page, server: str) -> None:
    """Five cells within a tenth of a second, as a mouse that is drawn across the mask."""
    open_head(page, server)
    took = board(page).evaluate(
        """board => {
            const start = performance.now();
            for (let row = 0; row < 5; row++)
                board.querySelector(`[data-role=given][data-step=mask] [data-row="${row}"]`).click();
            return performance.now() - start;
        }"""
    )
    assert took < 100
    settle(page)
    assert matrix(page, "mask")[:, 0].tolist() == [0] * 5
    for row in range(5):
        cell(page, "mask", row, 0).click(no_wait_after=True)
    settle(page)
    assert matrix(page, "mask")[:, 0].tolist() == [1] * 5


def test_a_cell_and_a_switch_at_once(page: Page, server: str) -> None:
    """A cell and a control outside the matrices, faster than the server answers: both count."""
    open_head(page, server)
    cell(page, "mask", 1, 0).click()
    page.get_by_text("Residual", exact=True).click()
    cell(page, "mask", 2, 0).click()
    settle(page)
    assert matrix(page, "mask")[:3, 0].tolist() == [1, 0, 0]
    assert "residual" not in shown(page)
