"""Every number on the page is right: all matrices are read off it and compared with arithmetic written here.

The oracle is plain Python: loops below for all that is made, and `reference` for the weights.
It starts from the given matrices of the page; for the examples these are written down, cell by cell.
"""

from fractions import Fraction
from math import exp, inf, log

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attention_core import reference
from helpers import matrix
from one_head import (
    BANKS,
    CREATURE,
    UNBROKEN,
    assert_same,
    choose,
    edit,
    figures,
    open_head,
    push,
    set_temperature,
    show,
    shown,
    switch,
    texts,
    type_sentence,
)  # fmt: skip

EXACT = 1e-12
LN3 = log(3)
WEIGHTS = ("w_q", "w_k", "w_v", "w_o")


# --- The oracle ---------------------------------------------------------------------------------------------


def product(a, b):
    return [[sum(row[i] * b[i][j] for i in range(len(b))) for j in range(len(b[0]))] for row in a]


def cellwise(operation, *matrices):
    return [[operation(*cells) for cells in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]


def turned(a):
    return [list(column) for column in zip(*a, strict=True)]


def before_softmax(given, broken):
    """The stages from queries to the matrix that softmax reads, which is the last one."""
    made = {name: product(given["x"], given[f"w_{name}"]) for name in ("q", "k", "v")}
    made["scores"] = product(made["q"], turned(made["k"]))
    made["scaled"] = cellwise(lambda s: s * given["scale"][0][0], made["scores"])
    last = "scaled"
    if "bias" in given:
        made["biased"], last = cellwise(lambda s, b: s + b, made[last], given["bias"]), "biased"
    if broken != "Mask after softmax":
        hidden = 0.0 if broken == "Mask with 0 instead of −∞" else -inf
        made["masked"] = cellwise(lambda s, seen: s if seen else hidden, made[last], given["mask"])
        last = "masked"
    if "temperature" in given:
        made["tempered"] = cellwise(lambda s: s / given["temperature"][0][0], made[last])
    return made


def softmax(scores, steady, broken):
    """The stages of softmax over the keys, or over the queries where that is the slip."""
    slip = broken == "Softmax over the wrong axis"
    rows = turned(scores) if slip else scores
    top = [max(row) if steady else 0.0 for row in rows]
    shifted = [[s - t for s in row] for row, t in zip(rows, top, strict=True)]
    exps = [[exp(d) for d in row] for row in shifted]
    sums = [sum(row) for row in exps]
    weights = [[e / r for e in row] for row, r in zip(exps, sums, strict=True)]
    if slip:
        shifted, exps, weights = turned(shifted), turned(exps), turned(weights)
    vectors = {"row_max": [[t] for t in top], "row_sums": [[r] for r in sums]}
    return {"shifted": shifted, "exps": exps, "weights": weights, **vectors}


def expected(given, steady=False, residual=True, broken=""):
    """Every matrix that the page makes from these given ones."""
    made = before_softmax(given, broken)
    made |= softmax(list(made.values())[-1], steady, broken)
    if not broken:  # then softmax is softmax, and the definition of attention must say the same
        made["weights"] = reference.weights(
            made["q"], made["k"], given["mask"], given["scale"][0][0], given.get("bias"),
            given.get("temperature", [[1.0]])[0][0],
        )  # fmt: skip
    shares = made["weights"]
    if broken == "Mask after softmax":
        shares = made["masked_weights"] = cellwise(lambda a, seen: a if seen else 0.0, shares, given["mask"])
    made["output"] = product(shares, made["v"])
    made["projected"] = product(made["output"], given["w_o"])
    if residual:
        made["residual"] = cellwise(lambda x, y: x + y, given["x"], made["projected"])
    return made


def assert_right(page: Page, **switches) -> dict[str, np.ndarray]:
    """Every matrix of the page equals the oracle, and the page draws no other."""
    now = shown(page)
    roles = {figure["step"]: figure["role"] for figure in figures(page) if figure["role"] != "operand"}
    given = {name: numbers.tolist() for name, numbers in now.items() if roles[name] == "given"}
    results = {name: numbers for name, numbers in now.items() if roles[name] == "result"}
    right = expected(given, **switches)
    assert set(results) == set(right)
    assert_same(results, {name: np.array(right[name], dtype=float) for name in results}, EXACT)
    return now


def assert_given(page: Page, name: str, shape: tuple[int, int], cells: dict[tuple[int, int], float]) -> None:
    wanted = np.zeros(shape)
    for at, value in cells.items():
        wanted[at] = value
    assert_same({name: matrix(page, name)}, {name: wanted}, EXACT)


# --- The examples -------------------------------------------------------------------------------------------


def test_paint(page: Page, server: str) -> None:
    """The first page that a learner sees: red ball hit blue cube."""
    open_head(page, server)
    words = {
        (0, 0): 1,
        (0, 3): 1,
        (1, 1): 1,
        (1, 5): 1,
        (2, 2): 1,
        (3, 0): 1,
        (3, 4): 1,
        (4, 1): 1,
        (4, 5): -1,
    }
    assert_given(page, "x", (5, 6), words)
    assert_given(page, "w_q", (6, 4), {(1, 0): 2 * LN3, (2, 1): 2 * LN3})
    assert_given(page, "w_k", (6, 4), {(0, 0): 1, (1, 1): 1, (2, 2): 1})
    assert_given(page, "w_v", (6, 4), {(3, 0): 1, (4, 1): 1, (5, 2): 1})
    assert_given(page, "w_o", (4, 6), {(0, 3): 1, (1, 4): 1, (2, 5): 1})
    assert_given(page, "scale", (1, 1), {(0, 0): 0.5})
    assert_given(page, "mask", (5, 5), {(i, j): 1 for i in range(5) for j in range(i + 1)})
    now = assert_right(page)
    assert now["weights"][1].tolist() == pytest.approx([3 / 4, 1 / 4, 0, 0, 0], abs=EXACT)
    assert now["weights"][4].tolist() == pytest.approx([1 / 3, 1 / 9, 1 / 9, 1 / 3, 1 / 9], abs=EXACT)


def test_a_typed_sentence(page: Page, server: str) -> None:
    open_head(page, server)
    type_sentence(page, CREATURE)
    now = assert_right(page)
    words = CREATURE.split()
    creature, forest = words.index("creature"), words.index("forest")
    shares = now["weights"][creature]
    assert shares[words.index("fluffy")] == pytest.approx(3 / 8, abs=EXACT)
    assert shares[words.index("blue")] == pytest.approx(3 / 8, abs=EXACT)
    for adjective in ("fluffy", "blue", "verdant"):
        assert now["weights"][forest][words.index(adjective)] == pytest.approx(3 / 14, abs=EXACT)


def test_banks(page: Page, server: str) -> None:
    """Two equal words, told apart by a position bias."""
    open_head(page, server)
    choose(page, "Example", BANKS)
    bank = {(i, j): 1 for i in (0, 3) for j in (0, 1, 3)}
    assert_given(page, "x", (4, 4), bank | {(1, 0): 2, (1, 2): 1, (2, 1): 2, (2, 2): 1})
    assert_given(page, "bias", (4, 4), {(i, j): log(9) for i in range(4) for j in range(4) if abs(i - j) == 1})
    now = assert_right(page)
    assert now["exps"][3].tolist() == pytest.approx([1, 3, 27, 1], abs=EXACT * 27)
    assert now["output"][3].tolist() == pytest.approx([(1 + 6 + 1) / 32, (1 + 54 + 1) / 32], abs=EXACT)
    assert now["residual"][3, :2].tolist() == pytest.approx([1.25, 2.75], abs=EXACT)


# --- The switches -------------------------------------------------------------------------------------------


def test_switches(page: Page, server: str) -> None:
    """Causal, scaling, residual: off, one after the other, and on again."""
    open_head(page, server)
    plain = shown(page)
    switch(page, "Causal mask")
    assert assert_right(page)["mask"].all()
    switch(page, "Divide by √d_k")
    assert assert_right(page)["scale"] == 1
    switch(page, "Residual")
    assert "residual" not in assert_right(page, residual=False)
    for label in ("Causal mask", "Divide by √d_k", "Residual"):
        switch(page, label)
    assert_same(shown(page), plain)


def test_row_maximum(page: Page, server: str) -> None:
    """Subtracting each row's maximum changes the way and not the weights."""
    open_head(page, server)
    plain = shown(page)
    switch(page, "Subtract the row maximum")
    now = assert_right(page, steady=True)
    assert now["row_max"].any()
    assert_same({"weights": now["weights"]}, {"weights": plain["weights"]}, EXACT)


def test_temperature(page: Page, server: str) -> None:
    open_head(page, server)
    plain = shown(page)
    assert "temperature" not in plain
    for temperature in (1.1, 0.5):
        set_temperature(page, temperature)
        assert_right(page)
    assert matrix(page, "temperature") == pytest.approx(0.5, abs=EXACT)
    assert matrix(page, "weights")[1, 0] == pytest.approx(9 / 10, abs=EXACT)


@pytest.mark.parametrize("slip", ["Softmax over the wrong axis", "Mask after softmax", "Mask with 0 instead of −∞"])
def test_what_breaks(page: Page, server: str, slip: str) -> None:
    """The slip's own numbers are on the page, and the right ones come back."""
    open_head(page, server)
    plain = shown(page)
    choose(page, "What breaks if", slip)
    now = assert_right(page, broken=slip)
    assert not np.array_equal(now["residual"], plain["residual"])
    choose(page, "What breaks if", UNBROKEN)
    assert_same(assert_right(page), plain)


def test_large_scores_do_not_overflow(page: Page, server: str) -> None:
    """Past a score of 300 the row maximum is subtracted, its switch off or not, and the page says so."""
    open_head(page, server)
    edit(page, "w_q", 1, 0, "100000")
    assert_right(page, steady=True)
    expect(page.locator('[data-equation="row_max"] .note')).to_contain_text("passes 300")
    needed = page.get_by_role(
        "switch", name="Subtract the row maximum (needed: exp of such scores is too large to store)"
    )
    expect(needed).to_be_checked()
    expect(needed).to_be_disabled()
    push(page, "Undo")
    expect(needed).to_have_count(0)
    expect(page.get_by_role("switch", name="Subtract the row maximum", exact=True)).not_to_be_checked()


# --- How numbers are shown ----------------------------------------------------------------------------------


def test_tokens_as_columns(page: Page, server: str) -> None:
    """The other convention turns every matrix; each number keeps its row and column."""
    open_head(page, server)
    plain = shown(page)
    show(page, "tokens as columns")
    assert_same(shown(page), plain)
    first_row = page.locator('[data-step="q"][data-role="result"] [role="row"]').nth(1)
    places = first_row.locator("[data-row]").evaluate_all("cells => cells.map(c => [c.dataset.row, c.dataset.col])")
    assert places == [[str(token), "0"] for token in range(5)]
    show(page, "tokens as rows")
    assert_same(shown(page), plain)


def test_fractions(page: Page, server: str) -> None:
    open_head(page, server)
    plain = shown(page)
    assert texts(page, "w_q")[1][0] == "2.20"
    show(page, "fractions")
    assert_same(shown(page), plain)
    assert texts(page, "w_q")[1][0] == "2 ln 3"
    assert texts(page, "scaled")[1][0] == "ln 3"
    assert texts(page, "weights")[1][:3] == ["3/4", "1/4", "0"]
    assert texts(page, "weights")[4] == ["1/3", "1/9", "1/9", "1/3", "1/9"]
    assert texts(page, "masked")[0][1] == "−∞"
    fractions = [[float(Fraction(text)) for text in row] for row in texts(page, "weights")]
    assert np.abs(np.array(fractions) - plain["weights"]).max() <= EXACT
