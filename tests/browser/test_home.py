"""The first page: guess, then see; with the keyboard alone, and nothing is forgotten on the way to a lesson."""

from playwright.sync_api import Page, expect

from helpers import go_to, open_page, settle
from one_head import board

BALL, CUBE = "Once ball has looked around, what colour is it?", "cube stands right after blue. What colour will it be?"
SAYS = """
() => {
    const {activeElement: at} = document;
    return at.matches("a, button, input") ? (at.labels?.[0] ?? at).textContent.trim() : "";
}
"""


def main(page: Page) -> str:
    return page.get_by_test_id("stMain").inner_text()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on the thing of that name; it must come within thirty presses."""
    passed = []
    for _ in range(30):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(SAYS))
        if passed[-1].endswith(name):  # a link begins with the name of its icon
            return
    raise AssertionError(f"the keyboard does not reach {name!r}, only {passed}")


def press(page: Page, key: str) -> None:
    page.keyboard.press(key)
    settle(page)


def shares(page: Page) -> list[list[str]]:
    """What each list of shares says, line by line."""
    lists = page.locator("ul.shares").all()
    return [[line.inner_text().replace("\n", " ") for line in one.get_by_role("listitem").all()] for one in lists]


def paints(page: Page) -> list[list[str]]:
    strips = page.get_by_role("list", name="The sentence, each word with its paint").all()
    return [[word.inner_text().replace("\n", " ") for word in one.get_by_role("listitem").all()] for one in strips]


def test_home_by_keyboard(page: Page, server: str) -> None:
    """Guess, reveal, skip, reveal, go on to the lesson, come back: each by Tab, arrows, Space and Enter."""
    open_page(page, server)
    expect(page.get_by_role("radiogroup", name=BALL)).to_be_visible()
    expect(page.get_by_role("button", name="This is my guess")).to_be_disabled()
    came = ["red red", "ball no colour", "hit no colour", "blue blue", "cube no colour"]
    assert paints(page) == [came]
    assert shares(page) == []
    assert "3/4" not in main(page)

    tab_to(page, "no colour")
    press(page, "Space")
    for _ in range(3):
        press(page, "ArrowDown")
    expect(page.get_by_role("radio", name="purple")).to_be_checked()
    assert shares(page) == []  # chosen, and not yet said
    tab_to(page, "This is my guess")
    press(page, "Enter")
    assert "Your guess: purple. The answer: red." in main(page)
    assert "Your guess: purple. The answer: red." in page.locator("[role=status]:focus").inner_text()
    assert shares(page) == [["from red 3/4", "from itself 1/4"]]
    assert "It ends up with 3/4 red." in main(page)
    assert paints(page) == [came, ["red red", "ball red", *came[2:4], "cube ?"]]

    expect(page.get_by_role("radiogroup", name=CUBE)).to_be_visible()
    tab_to(page, "Skip, just show me")
    press(page, "Enter")
    assert "The answer: purple." in page.locator("[role=status]:focus").inner_text()
    assert "Your guess: purple. The answer: red." in main(page)
    of_cube = ["from red 1/3", "from ball 1/9", "from hit 1/9", "from blue 1/3", "from itself 1/9"]
    assert shares(page) == [["from red 3/4", "from itself 1/4"], of_cube]
    assert "has 1/3 red and 1/3 blue: purple" in main(page)
    assert page.get_by_role("radio").count() == 0

    tab_to(page, "I have done this lesson")
    press(page, "Enter")
    assert "You marked this lesson as done on" in main(page)
    assert "✓ done" in page.locator(".st-key-course_box_home").inner_text()
    whole = main(page)
    tab_to(page, "See every number: one head, cell by cell")
    page.keyboard.press("Enter")
    board(page).locator("figure").first.wait_for()
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One head, cell by cell")
    page.get_by_role("link", name="Start here").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention in ninety seconds")
    settle(page)
    assert main(page) == whole


def test_a_right_guess(page: Page, server: str) -> None:
    """By mouse; the second question comes with the first answer, which stays."""
    open_page(page, server)
    for colour in ("red", "purple"):
        page.get_by_text(colour, exact=True).last.click()
        settle(page)
        page.get_by_role("button", name="This is my guess").click()
        settle(page)
        assert f"Your guess: {colour}. So it is." in main(page)
    assert "Your guess: red. So it is." in main(page)
    assert len(shares(page)) == 2


def test_a_half_made_guess_survives_the_lesson(page: Page, server: str) -> None:
    """To One head and back between the two questions: the first answer is there, the second still asked."""
    open_page(page, server)
    page.get_by_role("button", name="Skip, just show me").click()
    settle(page)
    whole = main(page)
    go_to(page, "One head")
    board(page).locator("figure").first.wait_for()
    settle(page)
    page.get_by_role("link", name="Start here").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention in ninety seconds")
    settle(page)
    assert main(page) == whole
    expect(page.get_by_role("radiogroup", name=CUBE)).to_be_visible()
