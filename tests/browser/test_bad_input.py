"""Whatever is typed is shown as plain text or refused with a sentence; good numbers and the text stay."""

import pytest
from playwright.sync_api import Page, expect

from helpers import cell, matrix, settle
from one_head import (
    SENTENCE,
    assert_same,
    board,
    figures,
    open_editor,
    open_head,
    panel,
    pick,
    shown,
    told,
    type_sentence,
    words,
)  # fmt: skip

# What a browser or Markdown would make of it, if it were more than text.
MARKUP = "script, strong, b, em, i, u, s, code, a, img, .katex, span[style*='color']"
STRANGE = {
    "tags": ("<script>alert(1)</script> ball", "<script>alert(1)</script>"),
    "an image": ("<img/src=x/onerror=alert(1)> ball", "<img/src=x/onerror=alert(1)>"),
    "bold": ("**bold** _ball_", "**bold**"),
    "a formula": ("$x$ $$\\frac{1}{2}$$", "$x$"),
    "a colour": (":red[x] ball", ":red[x]"),
    "an icon": (":material/home: :smile:", ":material/home:"),
    "a link": ("[ball](http://evil.example)", "[ball](http://evil.example)"),
    "an entity": ("&lt;b&gt; &amp;", "&lt;b&gt;"),
    "braces": ("{query} {0} %s {{", "{query}"),
    "emoji": ("🎈 👩‍👩‍👧 🇳🇱 ball", "🎈"),
    "right to left": ("כדור אדום كرة", "כדור"),
    "accents": ("Éclair naïve 球", "Éclair"),
    "quotes": ("\"ball\" 'hit' \\n", '"ball"'),
}


def markup(page: Page) -> list[str]:
    """Elements of the page's main part that only markup could have made."""
    return board(page).evaluate(
        """(board, selector) => [
            ...document.querySelectorAll(`:is([data-testid=stAlert], .notice) :is(${selector})`),
            ...board.querySelectorAll("script, strong, b, em, img, a, .katex"),
        ].map(found => found.outerHTML)""",
        MARKUP,
    )


def test_strange_sentences_are_text(new_page, server: str) -> None:
    """A word is its label, letter for letter, in the matrices and in what is said about them."""
    page = new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    open_head(page, server)
    for name, (sentence, word) in STRANGE.items():
        type_sentence(page, sentence)
        assert told(page) == [], name
        assert words(page) == sentence.split(), name
        assert page.get_by_label(SENTENCE).input_value() == sentence
        pick(page, "x", 0, 0)
        assert f"X[{word}, adj]" in panel(page).inner_text(), name
        assert word in page.locator('[data-step="x"][data-role="given"] [data-row="0"]').first.get_attribute(
            "aria-label"
        )
        assert markup(page) == [], name


REFUSED = {
    "": "empty",
    "     ": "empty",
    "word " * 200: "200 words",
    "a" * 2000: "2000 characters",
    "ball \u202eevil": "U+202E",
    "ball \u200b": "invisible",
}


def test_refused_sentences(page: Page, server: str) -> None:
    """The reason stands at the field, the text stays in it, and the last good sentence stays below."""
    open_head(page, server)
    plain = shown(page)
    field = page.get_by_label(SENTENCE)
    for sentence, says in REFUSED.items():
        type_sentence(page, sentence)
        (said,) = told(page)
        assert says in said
        assert field.input_value().strip() == sentence.strip()
        assert_same(shown(page), plain)
        assert words(page) == ["red", "ball", "hit", "blue", "cube"]
        alert = page.get_by_role("alert").filter(has_text=said[:20])
        distance = alert.bounding_box()["y"] - field.bounding_box()["y"]
        assert 0 < distance < 120, "the sentence stands just below the field"
    type_sentence(page, "blue cube")
    assert told(page) == []
    assert matrix(page, "weights").shape == (2, 2)


def test_a_refused_sentence_is_not_markup(page: Page, server: str) -> None:
    open_head(page, server)
    type_sentence(page, "**bold**<b>x</b>:red[x]$x$" * 4)
    (said,) = told(page)
    assert "**bold**<b>" in said
    assert markup(page) == []


WRONG = {
    "nan": "“nan”",
    "1e400": "“1e400”",
    "1e9": "too large",
    "inf": "“inf”",
    "__import__('os')": "“__import__('os')”",
    "1/0": "divides by zero",
    "9**9**9": "“9**9**9”",
    "1,5": "point",
    "<b>1</b>": "“<b>1</b>”",
    "$x$ **1** :red[x]": "**1**",
    "٣": "not a number",
    "((((((((((((((((((((1": "not a number",
    "": "Nothing was typed",
    "1;2": "“1;2”",
}


def test_refused_numbers(page: Page, server: str) -> None:
    """The sentence names the cell and stands at its matrix; text and numbers stay as they were."""
    open_head(page, server)
    plain = [figure for figure in figures(page) if figure["step"] != "w_q"]
    for text, says in WRONG.items():
        editor = open_editor(page, "w_q", 1, 0)
        editor.fill(text)
        editor.press("Enter")
        settle(page)
        alert = page.locator('[data-error-for="w_q"]')
        expect(alert).to_contain_text(says)
        assert alert.inner_text().startswith("W_Q, row noun, column 0: ")
        assert alert.inner_text().rstrip().endswith(".")
        assert editor.input_value() == text
        assert editor.get_attribute("aria-invalid") == "true"
        assert [figure for figure in figures(page) if figure["step"] != "w_q"] == plain
        assert markup(page) == []
        editor.press("Escape")
        expect(editor).to_have_count(0)
        expect(alert).to_have_count(0)
    assert matrix(page, "w_q")[1, 0] == pytest.approx(2.1972245773362196)


@pytest.mark.parametrize(("width", "below_all"), [(1440, True), (390, False)])
def test_a_sentence_about_a_cell_moves_no_matrix(page: Page, server: str, width: int, below_all: bool) -> None:
    """Where matrices stand beside one another it stands below them all; else right below its own."""
    page.set_viewport_size({"width": width, "height": 900})
    open_head(page, server)
    equation = board(page).locator("section", has=page.locator('figure[data-step="w_v"][data-role="given"]'))
    places = equation.locator("figure")
    editor = open_editor(page, "w_v", 1, 0)
    before = [box["y"] for box in (figure.bounding_box() for figure in places.all())]
    editor.fill("abc")
    editor.press("Enter")
    settle(page)
    message = page.locator('[data-error-for="w_v"]')
    expect(message).to_contain_text("“abc”")
    after = [figure.bounding_box() for figure in places.all()]
    if below_all:
        assert [box["y"] for box in after] == before
        assert message.bounding_box()["y"] >= max(box["y"] + box["height"] for box in after)
    else:
        assert after[0]["y"] == before[0]
        assert message.evaluate("node => node.closest('figure')?.dataset.step") == "w_v"
    page.set_viewport_size({"width": 1440, "height": 1000})


def test_two_thousand_characters(page: Page, server: str) -> None:
    """Not cut down in silence to a number that nobody typed: refused, in a sentence at the matrix."""
    open_head(page, server)
    plain = matrix(page, "w_q")
    text = "1" + "+1" * 1000
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    for opened in (False, True):
        cell(page, "w_q", 1, 0).focus()
        if opened:
            page.keyboard.press("Enter")
        page.keyboard.press("Control+V")
        page.keyboard.press("Enter")
        settle(page)
        assert matrix(page, "w_q").tolist() == plain.tolist()
        assert told(page), "pasted into the open cell" if opened else "pasted on the cell"
        page.keyboard.press("Escape")


def test_a_mistake_can_be_corrected(page: Page, server: str) -> None:
    """The cell stays open after a refusal: mend the text, Enter, done."""
    open_head(page, server)
    editor = open_editor(page, "w_q", 1, 0)
    editor.fill("3//4")
    editor.press("Enter")
    settle(page)
    assert told(page)
    expect(editor).to_be_focused()
    editor.fill("3/4")
    editor.press("Enter")
    settle(page)
    assert told(page) == []
    assert matrix(page, "w_q")[1, 0] == 0.75
    expect(cell(page, "w_q", 1, 0)).to_be_focused()


def test_a_mistake_survives_other_changes(page: Page, server: str) -> None:
    """A refused text and its sentence stay while the learner looks elsewhere."""
    open_head(page, server)
    editor = open_editor(page, "w_q", 1, 0)
    editor.fill("abc")
    editor.press("Enter")
    settle(page)
    pick(page, "weights", 1, 0)
    assert editor.input_value() == "abc"
    assert any("“abc”" in text for text in told(page))
