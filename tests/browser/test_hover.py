"""What the page lights for a hovered or focused cell is what the core says that the cell reads.

The page works it out in the browser, from the axes of the steps; the core works it out again here.
"""

from collections.abc import Sequence

import pytest
from playwright.sync_api import Page

from attention_core import examples, programs
from attention_core.trace import Trace
from helpers import cell, settle
from one_head import BANKS, board, choose, edit, figures, lit, open_head, set_temperature, show, switch

TALL = {"width": 1440, "height": 7000}  # every matrix in sight: no cell has to be scrolled to
Place = tuple[str, int, int]

_MIDDLE = """
(board, [step, row, col]) => {
    const cell = board.querySelector(
        `[data-step="${step}"][data-role="result"] [data-row="${row}"][data-col="${col}"]`);
    const {x, y, width, height} = cell.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
}
"""


@pytest.fixture
def page(page: Page) -> Page:
    page.set_viewport_size(TALL)
    return page


def core(example: examples.Example = examples.PAINT, edits: dict | None = None, **switches: object) -> Trace:
    """The head that the page shows, run here."""
    given, labels = example.given(example.sentence.split())
    for (name, *at), value in (edits or {}).items():
        given[name][tuple(at)] = value
    given["temperature"] = 1.1
    program = programs.one_head(bias=bool(example.neighbour), **switches)
    return programs.run_steady(program, given, labels)[0]


def reads(trace: Trace, place: Place) -> set[Place]:
    """The cells that a cell of the trace reads, as the page names them: a vector is column 0."""
    name, *drawn = place
    made = trace[name]
    found = made.explain(tuple(drawn[: made.value.ndim])).reads
    return {(source, *(*at, 0, 0)[:2]) for source, cells in zip(made.step.inputs, found, strict=True) for at in cells}


def sample(trace: Trace, steps: Sequence[str]) -> list[Place]:
    """Of each step the last cell and one where rows differ from columns; the latter is hidden by the causal mask."""
    places = []
    for name in steps:
        rows, cols = (*trace[name].value.shape, 1, 1)[:2]
        corners = [(rows - 1, cols - 1), (min(1, rows - 1), min(2, cols - 1))]
        places += [(name, row, col) for row, col in dict.fromkeys(corners)]
    return places


def assert_lights(page: Page, trace: Trace, *steps: str) -> None:
    """Hover some cells of these steps, or of all; the lit cells of the page are those that the core reads."""
    drawn = {figure["step"] for figure in figures(page)}
    assert drawn == {*trace, *trace.given}
    for place in sample(trace, steps or tuple(trace)):
        page.mouse.move(*board(page).evaluate(_MIDDLE, place))
        assert lit(page) == reads(trace, place), place
    page.mouse.move(5, 5)
    assert lit(page) == set()


def test_every_step(page: Page, server: str) -> None:
    open_head(page, server)
    trace = core()
    assert_lights(page, trace)
    assert reads(trace, ("masked", 1, 2)) == {("mask", 1, 2)}  # the sample holds a hidden cell
    show(page, "tokens as columns")
    assert_lights(page, trace)


def test_every_drawing_of_a_matrix(page: Page, server: str) -> None:
    """A matrix drawn several times is lit in all of them, and each of its drawings lights the same."""
    open_head(page, server)
    place = ("scores", 2, 1)
    drawings = page.locator('[data-step="scores"] [data-row="2"][data-col="1"]')
    assert drawings.count() > 1
    for drawing in drawings.all():
        drawing.hover()
        assert lit(page) == reads(core(), place)
        for figure in board(page).locator('figure[data-step="q"], figure[data-step="k"]').all():
            assert figure.locator("[data-lit]").count() == 4


def test_a_given_cell_lights_nothing(page: Page, server: str) -> None:
    open_head(page, server)
    for name in ("x", "w_q", "w_k", "w_v", "w_o", "scale", "mask"):
        cell(page, name, 0, 0, role="given").hover()
        assert lit(page) == set(), name


def test_bias_temperature_and_row_maximum(page: Page, server: str) -> None:
    """The steps that exist only where they do something."""
    open_head(page, server)
    choose(page, "Example", BANKS)
    set_temperature(page, 1.1)
    switch(page, "Subtract the row maximum")
    trace = core(examples.BANK, temperature=True, steady=True)
    assert_lights(page, trace, "biased", "masked", "tempered", "row_max", "shifted")


@pytest.mark.parametrize(
    ("label", "ablation", "steps"),
    [
        ("Softmax over the wrong axis", "wrong_axis", ("row_max", "shifted", "row_sums", "weights")),
        ("Mask after softmax", "masked_after", ("row_max", "weights", "masked_weights", "output")),
    ],
)
def test_what_breaks(page: Page, server: str, label: str, ablation: str, steps: tuple[str, ...]) -> None:
    """A slip reads other cells, and the page lights those."""
    open_head(page, server)
    choose(page, "What breaks if", label)
    assert_lights(page, core(ablation=ablation), *steps)


def test_row_maximum_of_large_scores(page: Page, server: str) -> None:
    """Past a score of 300 the row maximum is subtracted, whatever the switch says: it reads the whole row."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "1000")
    trace = core(edits={("w_q", 1, 0): 1000.0})
    assert len(reads(trace, ("row_max", 1, 0))) == 5
    assert_lights(page, trace, "row_max", "shifted")


def test_keyboard_focus_lights_the_same(page: Page, server: str) -> None:
    open_head(page, server)
    trace = core()
    cell(page, "weights", 0, 0, role="result").focus()
    for key, place in (("ArrowDown", (1, 0)), ("ArrowRight", (1, 1)), ("End", (1, 4)), ("Home", (1, 0))):
        page.keyboard.press(key)
        assert lit(page) == reads(trace, ("weights", *place)), key
    cell(page, "row_sums", 0, 0, role="result").focus()
    page.keyboard.press("ArrowDown")
    assert lit(page) == reads(trace, ("row_sums", 1, 0))


def test_a_picked_cell_stays_lit(page: Page, server: str) -> None:
    """What the picked cell reads is lit while nothing else is pointed at."""
    open_head(page, server)
    cell(page, "output", 1, 0).click()
    settle(page)
    cell(page, "weights", 2, 2, role="result").hover()
    assert lit(page) == reads(core(), ("weights", 2, 2))
    page.mouse.move(5, 5)
    assert lit(page) == reads(core(), ("output", 1, 0))
