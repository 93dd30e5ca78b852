"""What was done before: undo and redo, what a change changed, what it breaks; and the stepper through the equations."""

from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from helpers import cell, settle
from one_head import (
    BANKS,
    SENTENCE,
    UNBROKEN,
    assert_same,
    board,
    choose,
    close,
    edit,
    figures,
    open_head,
    pick,
    push,
    set_temperature,
    show,
    shown,
    stage,
    switch,
    told,
    type_sentence,
    warned,
)  # fmt: skip

# --- Undo ---------------------------------------------------------------------------------------------------


def test_undo_redo_reset(page: Page, server: str) -> None:
    open_head(page, server)
    buttons = {name: board(page).get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo", "Reset")}
    for one in buttons.values():
        expect(one).to_be_disabled()
    states = [shown(page)]
    for value in ("1", "2", "3"):
        edit(page, "w_q", 1, 0, value)
        states.append(shown(page))
    push(page, "Undo")
    assert_same(shown(page), states[2])
    cell(page, "w_q", 1, 0).focus()
    page.keyboard.press("Control+Z")
    settle(page)
    assert_same(shown(page), states[1])
    page.keyboard.press("Control+Shift+Z")
    settle(page)
    assert_same(shown(page), states[2])
    push(page, "Redo")
    assert_same(shown(page), states[3])
    push(page, "Reset")
    assert_same(shown(page), states[0])
    expect(buttons["Reset"]).to_be_disabled()
    push(page, "Undo")
    assert_same(shown(page), states[3])


def controls(page: Page) -> dict[str, str | bool]:
    """What the controls around the matrices say, by their labels."""
    inputs = page.locator("[data-testid=stMain] input:is([type=text], [type=range], [role=switch], [role=combobox])")
    read = (
        "inputs => inputs.filter(i => !i.closest('[data-testid=stExpander], [class*=st-key-exercise]'))"
        ".map(i => [i.ariaLabel || i.labels[0].innerText, i.role === 'switch' ? i.checked : i.value])"
    )
    return dict(inputs.evaluate_all(read))


def test_undo_reaches_the_controls(page: Page, server: str) -> None:
    """What was done outside the matrices is undone with the rest, and each control says what is so again."""
    open_head(page, server)
    states = [(controls(page), shown(page))]
    for act in (
        lambda: switch(page, "Causal mask"),
        lambda: set_temperature(page, 1.1),
        lambda: choose(page, "What breaks if", "Softmax over the wrong axis"),
        lambda: type_sentence(page, "blue cube"),
        lambda: choose(page, "Example", BANKS),
    ):
        act()
        states.append((controls(page), shown(page)))
    changed = [sum(new[name] != old[name] for name in old) for (old, _), (new, _) in pairwise(states)]
    assert changed == [1, 1, 1, 1, 5]  # an example brings its sentence, and every switch as it was
    for direction, wanted in (("Undo", states[-2::-1]), ("Redo", states[1:])):
        for said, numbers in wanted:
            push(page, direction)
            assert controls(page) == said
            assert_same(shown(page), numbers)


def test_an_edit_reruns_only_the_matrices(new_page, server: str) -> None:
    """Edits and picks ask the server for the matrices alone, not for the page around them."""
    page = new_page()
    asked = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(BackMsg.FromString(frame))))
    open_head(page, server)

    def whole() -> list[bool]:
        """Of each rerun that was asked for since the last time, whether it was of the whole page."""
        found = [not message.rerun_script.fragment_id for message in asked if message.HasField("rerun_script")]
        asked.clear()
        return found

    assert whole() == [True]
    edit(page, "w_q", 1, 0, "ln 3")
    pick(page, "weights", 1, 0)
    cell(page, "mask", 0, 1).click()
    settle(page)
    push(page, "Undo")
    push(page, "Next")
    asked_for = whole()
    assert len(asked_for) >= 5
    assert not any(asked_for)
    switch(page, "Residual")
    assert whole() == [True]


def test_a_refused_sentence_is_forgotten(page: Page, server: str) -> None:
    """Once something is done on the matrices, its notice goes, and the field says the sentence that is shown."""
    open_head(page, server)
    for act in (
        lambda: edit(page, "w_q", 1, 0, "1"),
        lambda: cell(page, "mask", 0, 1).click(),
        lambda: push(page, "Undo"),
        lambda: push(page, "Reset"),
    ):
        type_sentence(page, "word " * 200)
        assert len(told(page)) == 1
        act()
        settle(page)
        assert told(page) == []
        expect(page.get_by_label(SENTENCE)).to_have_value("red ball hit blue cube")


# --- What changed, and what breaks --------------------------------------------------------------------------

FIRST = "Softmax over the wrong axis"  # another mistake, chosen before the one that is looked at


@pytest.mark.parametrize(
    ("slip", "says", "notes"),
    [
        ("Softmax over the wrong axis", "What breaks: step 12, weights: the rows sum to ", ["row_sums"]),
        ("Mask after softmax", "What breaks: step 12, weights, masked too late: the rows sum to ", ["masked_weights"]),
        ("Mask with 0 instead of −∞", "What breaks: step 12, weights: masked cells should be 0, ", ["masked"]),
    ],
)
def test_what_a_mistake_breaks(page: Page, server: str, slip: str, says: str, notes: list[str]) -> None:
    """A sentence below the toolbar names the step and what is broken there; the step itself says what is wrong with it.

    Before the last change it is compared with what is right, also when it followed another mistake.
    """
    open_head(page, server)
    plain = shown(page)
    assert warned(page) == ""
    choose(page, "What breaks if", FIRST if slip != FIRST else "Mask after softmax")
    choose(page, "What breaks if", slip)
    assert warned(page).startswith(says)
    assert warned(page).endswith(".")
    wrong = board(page).locator("section.equation:has(.note.warn)")
    assert wrong.evaluate_all("all => all.map(section => section.dataset.equation)") == notes
    for section in wrong.all():
        assert section.locator(".note").text_content().startswith("The mistake: ")
    bar = board(page).get_by_role("toolbar").bounding_box()
    below = board(page).locator("[role=status].alert").bounding_box()
    assert 0 <= below["y"] - bar["y"] - bar["height"] < 40
    show(page, "before the last change")
    before = shown(page)
    assert_same({name: before[name] for name in ("scores", "output", "residual")},
                {name: plain[name] for name in ("scores", "output", "residual")})  # fmt: skip
    choose(page, "What breaks if", UNBROKEN)
    assert warned(page) == ""


def test_before_after_difference(page: Page, server: str) -> None:
    open_head(page, server)
    before = shown(page)
    edit(page, "w_q", 1, 0, "ln 3")
    after = shown(page)
    show(page, "before the last change")
    assert_same(shown(page), before)
    show(page, "difference")
    assert {figure["view"] for figure in figures(page)} == {"difference"}
    for name, difference in shown(page).items():
        with np.errstate(invalid="ignore"):
            wanted = np.where(after[name] == before[name], 0, after[name] - before[name])
        assert close(difference, wanted, 1e-12).all(), name
    show(page, "now")
    assert_same(shown(page), after)


def test_changed_cells_are_marked(page: Page, server: str) -> None:
    """After an edit, what moved is marked, and nothing else."""
    open_head(page, server)
    before = shown(page)
    edit(page, "w_q", 1, 0, "ln 3")
    for name, numbers in shown(page).items():
        marked = page.locator(f'figure[data-step="{name}"]:not([data-role="operand"]) .changed')
        places = marked.evaluate_all("cells => cells.map(c => [Number(c.dataset.row), Number(c.dataset.col)])")
        moved = np.argwhere(~close(numbers, before[name], 1e-12))
        assert sorted(places) == sorted(moved.tolist()), name


# --- The stepper ---------------------------------------------------------------------------------------------


def test_stepper_by_buttons(page: Page, server: str) -> None:
    """Forward through every step, one equation at a time, with the numbers that all steps together show."""
    open_head(page, server)
    whole = shown(page)
    names = []
    while True:
        following = board(page).get_by_role("button", name="Next", exact=True)
        if following.is_disabled():
            break
        push(page, "Next")
        assert board(page).locator("section.equation").count() == 1
        now = shown(page)
        assert_same(now, {name: whole[name] for name in now})
        names += [figure["step"] for figure in figures(page) if figure["role"] == "result"]
        assert stage(page).startswith(f"{1 + len(names)} of 15")
    assert names == [
        "q", "k", "v", "scores", "scaled", "masked", "row_max", "shifted", "exps", "row_sums", "weights",
        "output", "projected", "residual",
    ]  # fmt: skip
    push(page, "Previous")
    assert stage(page).startswith("14 of 15")
    push(page, "Show all")
    assert_same(shown(page), whole)


def test_stepper_by_keys(page: Page, server: str) -> None:
    open_head(page, server)
    cell(page, "q", 0, 0).focus()
    for key, says in (
        ("n", "1 of 15"),
        ("n", "2 of 15"),
        ("p", "1 of 15"),
        ("a", "All 15 steps"),
        ("a", "1 of 15"),
    ):
        page.keyboard.press(key)
        expect(board(page).locator(".where")).to_contain_text(says)
        settle(page)
    assert told(page) == []
