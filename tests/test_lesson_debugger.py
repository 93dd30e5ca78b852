"""The lesson on a chatbot's numbers: every wrong figure is found, every right one passes, and the tool says so."""

import json
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attention_core import dialogue
from attention_core.claims import KINDS, Claim, judge
from attention_core.exercises import EXERCISES
from attention_core.printed import of_numbers
from attention_core.softmax import softmax
from attention_ui.checked import PARAM, Asked, packed, unpacked
from attention_ui.link import LinkError, encode
from tests.test_pages import alerts, opened

VECTORS, SCORES = dialogue.VECTORS.value, dialogue.SCORES.value


@pytest.fixture
def app(root) -> AppTest:
    app = AppTest.from_file(str(root / "app.py"), default_timeout=60).run()
    app.switch_page("pages/debugger.py").run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def text_area(app: AppTest, label: str):
    (found,) = [area for area in app.text_area if area.label == label]
    return found


def check(app: AppTest) -> AppTest:
    (button,) = [button for button in app.button if button.label == "Check" and button.key == "checker.check"]
    button.click().run()
    assert not app.exception
    return app


# ---- the numbers of the conversation


def test_the_cosines_that_were_made_up():
    """Printed .9, .8 and .8; they are .80, .98 and .55."""
    lengths = np.linalg.norm(VECTORS, axis=1)
    true = VECTORS @ VECTORS.T / np.outer(lengths, lengths)
    np.testing.assert_allclose(dialogue.cosines(), true)
    np.testing.assert_allclose([true[1, 0], true[3, 5], true[0, 5]], [0.80, 0.98, 0.55], atol=0.005)


def test_row_sums_answer_three_questions():
    np.testing.assert_allclose(dialogue.sums("exps"), (14.01, 13.59, 12.74, 12.28, 14.01, 13.48), atol=0.005)
    np.testing.assert_allclose(dialogue.sums("scores"), (13.96, 13.33, 12.81, 12.25, 13.96, 13.04), atol=0.005)
    assert round(float(dialogue.sums("vectors")[0]), 2) == 13.50


def plain(line: dialogue.Line) -> np.ndarray:
    """What should stand in a line, in plain NumPy."""
    sources = {name: table.value for name, table in line.sources.items()}
    if line.kind == "cosine":
        return dialogue.cosines()
    exps = sources.get("exps", np.exp(sources.get("scores", 0.0)))
    sums = sources.get("row_sums", exps.sum(axis=1, keepdims=True))
    return exps / sums if line.kind == "weights" else exps if line.kind == "exps" else sums + 0 * line.printed.value


@pytest.mark.parametrize("line", [line for line in dialogue.LINES if line.sources], ids=lambda line: line.name)
def test_every_wrong_figure_is_found_and_every_right_one_passes(line):
    found, printed = dialogue.judged()[line.name], line.printed
    right = np.abs(printed.value - plain(line)) <= printed.half + 1e-9
    np.testing.assert_array_equal(found.fits, right)
    np.testing.assert_array_equal(found.wrong, ~right)


@pytest.mark.parametrize(
    ("exponent", "as_printed"),
    [((0, 5), "2.3"), ((1, 2), "2.28"), ((1, 5), "2.05")],
    ids=["the-mat", "cat-sat", "cat-mat"],
)
def test_wrong_exponentials_are_among_them(exponent, as_printed):
    assert dialogue.EXPONENTIALS.texts[exponent[0]][exponent[1]] == as_printed
    assert dialogue.judged()["exps"].wrong[exponent]


def test_the_first_wrong_line_is_the_cosines():
    assert dialogue.first_wrong().name == "scores"


def test_what_the_repeated_row_sums_were():
    assert [one.name for one in dialogue.judged()["second"].explanations] == ["first column"]
    assert [one.name for one in dialogue.judged()["third"].explanations] == ["first weights"]


def test_a_sum_repeated_along_its_row_is_right():
    """The objection that all numbers of a row are the same is none."""
    sums = np.repeat(dialogue.sums("exps")[:, None], 6, axis=1)
    assert judge(Claim("row_sums", of_numbers(sums, 2), {"exps": dialogue.EXPONENTIALS}, exact=True)).right


def test_rows_that_do_not_add_up_are_told():
    assert "1.10, 0.89" in dialogue.judged()["weights"].alone[0]
    assert "0.17, 0.23, 0.13, 0.094, 0.090" in dialogue.judged()["first_weights"].alone[0]


def test_the_figures_are_those_that_were_published(root):
    """Held against the copy of the published figures that the tests keep."""
    kept = json.loads((root / "tests" / "golden" / "dialogue.json").read_text())
    for name, table in kept.items():
        np.testing.assert_array_equal(getattr(dialogue, name).value, table)


# ---- exercises


@pytest.mark.parametrize(
    ("answer", "right", "slip"),
    [
        ("13.96", True, None), ("13.958", True, None), ("14.01", False, "the printed exponentials"),
        ("13.50", False, "the true cosines"), ("14.94", False, "the printed sum"), ("5", False, "no exponential"),
        ("13.9", False, None), ("14.1", False, None),
    ],
)  # fmt: skip
def test_the_right_row_sum_is_from_the_printed_scores(answer, right, slip):
    verdict = EXERCISES["row_sum_again"].task().check(answer)
    assert verdict.right == right
    assert [found.name for found in verdict.slips][:1] == ([slip] if slip else [])


def test_a_row_sum_that_fits_a_wrong_one_too_is_asked_for_again():
    """13.96 and 14.01 are both 14, rounded: that is neither right nor an answer."""
    verdict = EXERCISES["row_sum_again"].task().check("14")
    assert not verdict.right
    assert not verdict.read
    assert "the printed exponentials are added up" in verdict.says


@pytest.mark.parametrize("seed", range(6))
def test_the_solution_shows_a_number_that_does_not_follow(seed):
    (solution,) = EXERCISES["E33"].task(seed).solution
    found = re.search(r", (\S+) was printed, and (\S+) comes", solution)
    printed, out = (float(text.replace("−", "-")) for text in found.groups())
    assert abs(printed - out) > 0.01


def test_the_first_line_of_the_conversation():
    assert EXERCISES["E33"].task().right() == "cosines of the words"


# ---- the page


def test_the_tool_begins_with_an_example_and_judges_it(app):
    check(app)
    assert "25 of 25 numbers do not follow." in "".join(element.value for element in app.markdown)


def test_right_weights_pass(app):
    scores = np.round(np.random.default_rng(1).normal(size=(4, 4)), 2)
    text_area(app, "The scores").set_value("\n".join("\t".join(map(str, row)) for row in scores)).run()
    weights = np.round(softmax(scores), 2)
    text_area(app, "The weights to check").set_value("\n".join("\t".join(map(str, row)) for row in weights)).run()
    check(app)
    said = "".join(element.value for element in app.markdown)
    assert "All 16 numbers follow" in said
    assert "Row" not in html(app).rpartition("As printed")[2].partition("</table>")[0]


def test_columns_are_recognised(app):
    scores = np.round(np.random.default_rng(1).normal(size=(4, 4)), 2)
    text_area(app, "The scores").set_value(repr(scores.tolist())).run()
    text_area(app, "The weights to check").set_value(repr(np.round(softmax(scores, axis=0), 3).tolist())).run()
    check(app)
    assert "softmax runs over columns instead of rows" in "".join(element.value for element in app.markdown)


@pytest.mark.parametrize("text", ["", "1 2\n3", "<script>alert(1)</script>", "nan, 1", "[[1, 2"])
def test_what_cannot_be_read_is_said_and_kept(app, text):
    text_area(app, "The weights to check").set_value(text).run()
    check(app)
    assert 'role="alert"' in html(app)
    assert "<script>" not in html(app)
    assert text_area(app, "The weights to check").value == text


def test_matrices_that_do_not_fit_are_told(app):
    text_area(app, "The scores").set_value("1 2 3\n4 5 6").run()
    check(app)
    assert "These cannot be the weights: they should be 2 × 3, and are 5 × 5." in "".join(m.value for m in app.markdown)


@pytest.mark.parametrize("kind", ["cosine", "scores", "scaled", "masked", "exps", "row_sums", "output"])
def test_every_kind_of_claim_can_be_chosen(app, kind):
    (claims,) = [box for box in app.selectbox if box.label == "It claims to be"]
    claims.set_value(kind).run()
    assert not app.exception
    check(app)


@pytest.mark.parametrize("line", [line.name for line in dialogue.LINES])
def test_every_line_can_be_looked_at(app, line):
    for _ in range(4):
        skips = [button for button in app.button if button.label == "Skip, just show me"]
        if not skips:
            break
        skips[0].click().run()
    (lines,) = [box for box in app.selectbox if box.label == "A line"]
    lines.set_value(line).run()
    assert not app.exception


def chosen(app: AppTest, kind: str, made: tuple[str, ...], **texts: str) -> str:
    """What is said of a claim whose fields hold these texts, by the first words of their labels."""
    for label, value in (("It claims to be", kind), ("made from", made)):
        (box,) = [box for box in app.selectbox if box.label == label]
        box.set_value(value).run()
    for label, text in texts.items():
        (area,) = [area for area in app.text_area if area.label.endswith(label.replace("_", " "))]
        area.set_value(text).run()
    check(app)
    return "".join(element.value for element in app.markdown) + html(app)


Q, K = np.array([[2.0, 0, 1, 1], [0, 1, -1, 2]]), np.array([[1, 1, 0, 1], [2, -1, 0, 1]])


def text(matrix: np.ndarray, places: int = 2) -> str:
    return "\n".join(" ".join(f"{x:.{places}f}" for x in row) for row in matrix)


def test_queries_and_keys_tell_d_k_themselves(app):
    said = chosen(app, "scaled", ("q", "k"), to_check=text(Q @ K.T / 2), Q=text(Q, 0), K=text(K, 0))
    assert "All 4 numbers follow" in said


def test_weights_from_queries_and_keys_are_scaled_unless_it_is_said(app):
    texts = {"to_check": text(softmax(Q @ K.T)), "Q": text(Q, 0), "K": text(K, 0)}
    assert "the scores are not divided by √d_k" in chosen(app, "weights", ("q", "k"), **texts)
    (divided,) = [box for box in app.checkbox if box.label == "divided by √d_k"]
    divided.uncheck().run()
    assert "All 4 numbers follow" in "".join(element.value for element in app.markdown)


def test_scaled_scores_cannot_be_checked_without_d_k(app):
    said = chosen(app, "scaled", ("scores",), scaled_scores_to_check=text(Q @ K.T / 2), The_scores=text(Q @ K.T, 0))
    assert "Say what d_k is" in said


def test_masked_scores_have_a_mask(app):
    scores = Q @ K.T
    said = chosen(app, "masked", ("scores",), masked_scores_to_check=text(np.tril(scores)), The_scores=text(scores, 0))
    assert "hidden scores are set to 0 instead of −∞" in said


def test_what_was_not_read_is_named(app):
    said = chosen(app, "weights", ("scores",), The_scores="nan nan\n1 2")
    assert "the scores cannot be read" in said


# ---- what was checked, in a link


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_checked_comes_back_by_its_link(kind):
    for made in {*KINDS[kind][1], ()}:
        texts = {name: f"1 2\n{len(name)} 4 <b>x</b>" for name in ("claim", *made)}
        asked = Asked(kind, made, texts, {"d_k": 7, "d_k.of_q": False, "causal": True, "exact": False})
        assert unpacked(packed(asked)) == asked


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        ({}, "not written as"),
        ({"kind": "walls"}, "not written as"),
        ({"kind": 1}, "not written as"),
        ({"made": ["v", "q"]}, "not written as"),
        ({"made": [1]}, "not written as"),
        ({"more": 1}, "not written as"),
        ({"texts": {"claim": "1"}}, "other texts"),
        ({"texts": {"claim": "1", "scores": 2}}, "other texts"),
        ({"texts": {"claim": "1", "scores": "1 " * 10_001}}, "longer"),
        ({"options": {"d_k": True}}, "does not know"),
        ({"options": {"d_k": 100_001}}, "does not know"),
        ({"options": {"walls": 1}}, "does not know"),
        ({"options": {"d_k.scaled": 0}}, "its d_k is 0"),
    ],
)
def test_a_link_that_checks_nothing_is_refused(inner, says):
    plain = {"kind": "weights", "made": ["scores"], "texts": {"claim": "1", "scores": "0"}, "options": {}}
    with pytest.raises(LinkError, match=says):
        unpacked(encode(plain | inner if inner else inner))


def test_the_address_holds_what_was_checked(app):
    text_area(app, "The weights to check").set_value("0.5 0.4\n0.9 0.1").run()
    verdict = html(check(app))
    link = app.query_params[PARAM]
    again = opened("pages/debugger.py", check=link)
    assert text_area(again, "The weights to check").value == "0.5 0.4\n0.9 0.1"
    assert html(again).count("verdict") == verdict.count("verdict") > 0
    damaged = opened("pages/debugger.py", check=link[:-9])
    assert any("cannot be read" in body for body in alerts(damaged))
    assert text_area(damaged, "The weights to check").value
