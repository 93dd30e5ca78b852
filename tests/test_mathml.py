"""Formulas as MathML: every formula that a page can show converts, and what is not understood is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attention_core.programs import GIVENS
from attention_ui.document import compute
from attention_ui.link import View
from attention_ui.mathml import Run, runs, tree
from attention_ui.naming import letter
from attention_ui.picture import Picture
from tests.documents import SETTINGS
from tests.heads import VARIANTS
from tests.mechanisms import MECHANISMS

TAGS = {"mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "msubsup", "msqrt", "mover", "mspace", "mfrac"}
CHILDREN = {"msub": 2, "msup": 2, "msubsup": 3, "msqrt": 1, "mover": 2, "mspace": 0, "mfrac": 2}
BAR = ["mo", {"stretchy": "false", "lspace": "0", "rspace": "0"}, "|"]
LEAVES = ("mi", "mn", "mo", "mtext")


def valid(node: list) -> bool:
    """Whether a tree is MathML: known tags, as many children as each tag takes, text in the leaves and only there."""
    tag, *children = node
    children = [child for child in children if not isinstance(child, dict)]
    if tag in LEAVES:
        return len(children) == 1 and isinstance(children[0], str)
    return (
        tag in TAGS
        and len(children) == CHILDREN.get(tag, len(children))
        and all(isinstance(child, list) and valid(child) for child in children)
    )


def text(node: list | str) -> str:
    """Everything that a tree shows, from left to right."""
    if isinstance(node, str):
        return node
    return "".join(text(child) for child in node[1:] if not isinstance(child, dict))


@pytest.mark.parametrize("variant", VARIANTS, ids=repr)
def test_every_formula_converts(variant):
    for step in variant.program:
        for formula in filter(None, (step.formula, step.formula_t)):
            assert valid(tree(formula)), formula
            assert "\\" not in text(tree(formula))
            assert "=" in text(tree(formula))


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_formula_of_every_program_converts(name):
    for step in MECHANISMS[name]:
        for formula in filter(None, (step.formula, step.formula_t)):
            assert valid(tree(formula)), formula
            assert "\\" not in text(tree(formula))


@pytest.mark.parametrize("latex", [given.letter for given in GIVENS.values()])
def test_every_letter_of_a_given_matrix_converts(latex):
    assert valid(tree(latex))
    assert valid(tree(f"{{{latex}}}^\\top"))


def test_every_letter_of_a_made_matrix_converts():
    letters = set()
    for document in SETTINGS:
        picture = Picture(compute(document), None, View())
        letters |= {letter(picture, step.name) for step in document.program}
    for latex in letters:
        assert valid(tree(latex)), latex
        assert valid(tree(f"{{{latex}}}^\\top")), latex
    assert len(letters) > 15


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("X", ["mi", "X"]),
        ("W_Q", ["msub", ["mi", "W"], ["mi", "Q"]]),
        (r"Q K^\top", ["mrow", ["mi", "Q"], ["msup", ["mi", "K"], ["mo", "⊤"]]]),
        (r"{W_Q}^\top", ["msubsup", ["mi", "W"], ["mi", "Q"], ["mo", "⊤"]]),
        (r"\sqrt{d_k}", ["msqrt", ["msub", ["mi", "d"], ["mi", "k"]]]),
        (r"\tilde S^B", ["msup", ["mover", {"accent": "true"}, ["mi", "S"], ["mo", "~"]], ["mi", "B"]]),
        ("A'_{ij}", ["msubsup", ["mi", "A"], ["mrow", ["mi", "i"], ["mi", "j"]], ["mo", "′"]]),
        ("r_i = 10", ["mrow", ["msub", ["mi", "r"], ["mi", "i"]], ["mo", "="], ["mn", "10"]]),
        (r"\sum_j E", ["mrow", ["msub", ["mo", "∑"], ["mi", "j"]], ["mi", "E"]]),
        ("a - 1", ["mrow", ["mi", "a"], ["mo", "−"], ["mn", "1"]]),
        (r"\text{ if }", ["mtext", "\u00a0if\u00a0"]),
        ("|Q|_i", ["msub", ["mrow", BAR, ["mi", "Q"], BAR], ["mi", "i"]]),
        ("|i - j|", ["mrow", BAR, ["mrow", ["mi", "i"], ["mo", "−"], ["mi", "j"]], BAR]),
        ("|a||b|", ["mrow", ["mrow", BAR, ["mi", "a"], BAR], ["mrow", BAR, ["mi", "b"], BAR]]),
        (r"-\infty", ["mrow", ["mo", "−"], ["mi", "∞"]]),
    ],
)
def test_the_tree_of(latex, expected):
    assert tree(latex) == expected
    assert valid(tree(latex))


@pytest.mark.parametrize(
    "latex", [r"\frac{1}{2}", r"\gamma", "a & b", "#", "a}", r"\begin{matrix}", "x!", "<x>", "|x", "|{x|}", "{|x}|"]
)
def test_what_no_step_uses_is_refused(latex):
    with pytest.raises(ValueError, match=r"MathML|unbalanced"):
        tree(latex)


pieces = st.sampled_from(
    [
        "x",
        "W",
        "2",
        ".5",
        "_",
        "^",
        "{",
        "}",
        "'",
        "=",
        "|",
        "-",
        " ",
        r"\top",
        r"\text",
        r"\text{a b}",
        r"\sqrt",
        r"\tilde",
        r"\foo",
    ]
)


@given(st.lists(pieces, max_size=8).map("".join) | st.text(max_size=12))
@example("x^")
@example("^x")
@example("'")
@example("{a")
@example(r"\text{a")
@example(r"\sqrt")
@example(r"\tilde")
@example("")
def test_any_text_is_a_tree_or_refused(latex):
    try:
        found = tree(latex)
    except ValueError:
        return
    assert valid(found)


# --- on one line -----------------------------------------------------------------------------------------------------


def signs(shown: str) -> list[str]:
    """The letters, numbers and signs of a formula in some order, without marks, room, and what one line needs more."""
    return sorted(set(shown) - set("\u0302\u0303~^()/√ \u00a0\u2002\u2009"))


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_formula_can_be_written_on_one_line(name):
    for step in MECHANISMS[name]:
        for formula in filter(None, (step.formula, step.formula_t)):
            line = runs(tree(formula))
            assert signs("".join(run.text for run in line)) == signs(text(tree(formula))), formula
            assert all(0.4 < run.size <= 1 and abs(run.rise) < 1 for run in line), formula


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"c = 1/\sqrt{d_k}", "c = 1/√d[k]"),
        (r"|Q|_i = \sqrt{\sum_u Q_{iu}^2}", "|Q|[i] = √(∑[u]\u2009Q[i][u][2])"),
        (r"\tfrac{a + b}{2}", "(a + b)/2"),
        (r"\hat S_{ij} = -\infty", "S\u0302[i][j] = −∞"),
        (r"\alpha_i = e^{m'_i - m_i}", "α[i] = e[m][′][i][−][m][i]"),
        (r"r_i = \alpha_i r'_i", "r[i] = α[i]r′[i]"),
        (r"\max(m'_i, \max_j S_{ij})", "max(m′[i], max[j]\u2009S[i][j])"),
    ],
)
def test_a_line_reads_like_the_formula(latex, line):
    assert "".join(f"[{run.text}]" if run.rise else run.text for run in runs(tree(latex))) == line


def test_a_line_knows_what_stands_high_or_low_and_what_is_a_variable():
    assert runs(tree("W_Q^\\top")) == [
        Run("W", slanted=True), Run("Q", -0.22, 0.7, slanted=True), Run("⊤", 0.38, 0.7),
    ]  # fmt: skip
    assert runs(tree("\\ln x"))[0] == Run("ln")
