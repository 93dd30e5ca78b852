"""What a lesson says in a form of its own: labels in words, right numbers, and no markup by accident."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attention_core.glossary import GLOSSARY, term
from attention_core.trace import Matrix
from attention_ui.glossary import terms
from attention_ui.tables import matrix_table
from attention_ui.teach import CLAIMS, claim, compare, difference


def ran(script, **kwargs) -> AppTest:
    """The script as a page, run to its end without an exception."""
    app = AppTest.from_function(script, kwargs=kwargs, default_timeout=20).run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def prose(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def test_a_goal_says_how_long_and_what_it_builds_on():
    def page():
        from attention_ui.teach import goal

        goal("Say what softmax does.", 15, ("dot products", "tables"))
        goal("Nothing else.")

    app = ran(page)
    assert [element.value for element in app.markdown] == [
        "**Goal.** Say what softmax does.",
        "**Goal.** Nothing else.",
    ]
    assert [element.value for element in app.caption] == [
        "About 15 minutes. [Skip to the exercises](#check-yourself). It builds on: dot products, tables"
    ]


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_claim_is_labelled_in_words(kind):
    def page(kind):
        from attention_ui.teach import claim

        claim(kind, "Each row sums to $1$.")

    app = ran(page, kind=kind)
    assert kind in html(app)
    assert CLAIMS[kind] in html(app)
    assert prose(app) == "Each row sums to $1$."


def test_a_claim_of_another_kind_is_refused():
    with pytest.raises(KeyError, match="probable"):
        claim("probable", "Perhaps.")


def test_a_misconception_shows_both_sides_and_the_numbers():
    def page():
        from attention_ui.teach import misconception

        misconception("It is *3/1*.", "It is 3/5.", {"sum <of> a row": 5.0, "share": 0.6, "in words": "1 & 2"})

    app = ran(page)
    assert prose(app) == "It is *3/1*.\nIt is 3/5."
    body = html(app)
    assert body.index("often believed") < body.index("in fact") < body.index("The numbers")
    assert "sum &lt;of&gt; a row" in body
    assert "<td>5</td>" in body
    assert "<td>3/5</td>" in body
    assert "<td>1 &amp; 2</td>" in body


def test_a_misconception_needs_no_numbers():
    def page():
        from attention_ui.teach import misconception

        misconception("Wrong.", "Right.")

    assert "<table" not in html(ran(page))


def test_a_comparison_has_before_after_and_difference():
    def page():
        from attention_ui.teach import compare

        compare("What hit takes", {"red": 0.2, "ball": 1 / 3}, {"red": 0.2, "ball": 0.6}, ("full", "causal"))

    body = html(ran(page))
    for text in ("full", "causal", "difference", "<td>1/3</td>", "<td>3/5</td>", "<td>+4/15</td>", "<td>the same</td>"):
        assert text in body


def test_a_row_of_a_comparison_has_one_form():
    """1/5 beside 0.26 would be two: where not every number is a fraction, all are decimals."""

    def page():
        from attention_ui.teach import compare

        compare("Shares", {"red": 0.2, "ball": 0.2}, {"red": 0.262, "ball": 0.2623456789})

    body = html(ran(page))
    for text in ("<td>1/5</td>", "<td>131/500</td>", "<td>+31/500</td>"):
        assert text in body
    assert "<td>0.20</td><td>0.26</td><td>+0.062</td>" in body


def test_a_comparison_of_different_things_is_refused():
    with pytest.raises(ValueError, match="must name the same"):
        compare("what", {"a": 1.0}, {"b": 1.0})


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_difference_has_a_sign_in_its_text(old, new):
    text = difference(old, new)
    assert (text == "the same") == (abs(new - old) <= 1e-12 * max(1, abs(old), abs(new)))
    assert text == "the same" or text[0] == ("+" if new > old else "−")


def test_a_recap_hides_each_answer_behind_its_own_button():
    def page():
        from attention_ui.teach import recap

        recap([("What is $q$?", "What a token looks for."), ("And $k$?", "What it is found by.")])

    app = ran(page)
    assert [expander.label for expander in app.expander] == ["Answer 1", "Answer 2"]
    assert [expander.markdown[0].value for expander in app.expander] == [
        "What a token looks for.",
        "What it is found by.",
    ]
    assert not any(expander.proto.expanded for expander in app.expander)


# ---- terms beside prose


def test_a_row_of_terms_opens_each_once():
    def page():
        from attention_ui.glossary import terms

        terms("q", "key", "query", "scores", "d_k")

    app = ran(page)
    labels = [popover.proto.popover.label for popover in app.get("popover")]
    assert labels == ["query", "key", "score", "d_k"]
    text = prose(app)
    assert term("query").says.replace("_", r"\_") in text
    assert "**d\\_k** $d_k$" in text


def test_what_is_contested_is_said_in_the_popover():
    def page():
        from attention_ui.glossary import term

        term("logit")

    assert "*Contested:* In statistics" in prose(ran(page))


def test_the_glossary_lists_every_term():
    def page():
        from attention_ui.glossary import glossary

        glossary()

    text = prose(ran(page))
    assert all(f"**{name.replace('_', chr(92) + '_')}**" in text for name in GLOSSARY)


def test_an_unknown_term_is_refused():
    with pytest.raises(KeyError, match="wizard"):
        terms("query", "wizard")


# ---- tables


def matrix(*rows, name="weights") -> Matrix:
    value = np.array(rows)
    labels = (tuple("abcdefg"[: len(rows)]), tuple(f"<{j}>" for j in range(value.shape[-1])))
    return Matrix(name, ("query", "key"), value, labels[: value.ndim])


def shown(table: str) -> list[str]:
    return re.findall(r"<td[^>]* data-row[^>]*>(.*?)</td>", table)


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        (([0.6, 0.2], [1 / 3, 2 * np.log(3)]), ["3/5", "1/5", "1/3", "2 ln 3"]),
        (([0.038, 0.075], [0.5, -0.25]), ["0.038", "0.075", "0.500", "−0.250"]),
        (([np.sqrt(2), 0.5], [-np.inf, 1.0]), ["1.41", "0.50", "−∞", "1"]),
        (([0.038, 0.5], [-np.inf, 1.0]), ["0.038", "0.500", "−∞", "1.000"]),
        (([True, False], [False, True]), ["1", "0", "0", "1"]),
    ],
    ids=["exact", "places", "rounded", "infinite", "mask"],
)
def test_the_numbers_of_a_matrix_are_written_in_one_way(rows, texts):
    assert shown(matrix_table(matrix(*rows), "caption")) == texts


def test_a_table_of_a_matrix_says_which_cell_holds_what():
    marks = {(1, 0): "blank", (0, 0): "wrong"}
    table = matrix_table(matrix([0.5, -np.inf], [1.0, 0.0]), "a & b", {(1, 0): "<?>"}, marks)
    assert 'data-shows="weights"' in table
    assert 'data-row="0" data-col="0" data-value="0.5"' in table
    assert 'data-row="0" data-col="1" data-value="-inf"' in table
    assert 'class="blank" data-row="1" data-col="0">&lt;?&gt;<span class="unseen"> to be filled in</span>' in table
    assert '<i aria-hidden="true">✗</i><span class="unseen"> not right</span>' in table
    assert "a &amp; b" in table
    assert "&lt;0&gt;" in table


@pytest.mark.parametrize("value", [np.array([1.0, 2.0]), np.array(3.0)])
def test_a_vector_is_a_column_and_a_scalar_a_cell(value):
    table = matrix_table(Matrix("v", ("a",)[: value.ndim], value, (("x", "y"),)[: value.ndim]), "caption")
    assert len(shown(table)) == value.size
    assert 'data-col="1"' not in table
