"""Laws of what the matrix component is sent: plain JSON, every number the core's, every reference to a cell that is."""

import base64
import json
import math
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention_core import programs, rules
from attention_core.changes import changed
from attention_core.numerals import decimal, exact, says
from attention_ui.account import panel
from attention_ui.colours import mixed_colour
from attention_ui.document import EDITABLE, compute, example_document
from attention_ui.editable import EditError
from attention_ui.link import View
from attention_ui.naming import cell_name, where
from attention_ui.payload import board_data
from attention_ui.picture import SHOWN, Picture
from attention_ui.sheet import Sheet
from attention_ui.slices import index_of
from attention_ui.whys import what_changed
from tests.documents import SETTINGS, TRICKY, documents, matrices, seeds, setting_name, switched, typed_cells

PAINT = example_document("paint")
few = settings(max_examples=30)  # a picture of sixteen words takes its time
every_setting = pytest.mark.parametrize("document", SETTINGS, ids=setting_name)
in_both_conventions = pytest.mark.parametrize("columns", [False, True], ids=["rows", "columns"])


def picture(document, before=None, shown="after", **view) -> Picture:
    return Picture(compute(document), before and compute(before), View(**view), shown)


def edited(document, seed):
    """The document after one more change, as a learner makes it."""
    rng = Random(seed)
    if rng.random() < 0.3:
        return switched(document, rng)
    name = rng.choice(matrices(document))
    return document.with_cells(name, typed_cells(document, name, rng))


changes = st.builds(lambda document, seed: (document, edited(document, seed)), documents, seeds)
pictures = st.builds(
    lambda pair, shown, columns, form: picture(pair[1], pair[0], shown, columns=columns, exact=form),
    changes, st.sampled_from(SHOWN), st.booleans(), st.booleans(),
)  # fmt: skip


def cells(matrix):
    return np.ndindex(*matrix.value.shape)


def drawn(at) -> tuple[int, int]:
    return (*at, 0, 0)[:2]


def decoded(matrix) -> np.ndarray:
    return np.frombuffer(base64.b64decode(matrix["values"]), "<f8").reshape(matrix["shape"])


def named(equation) -> list[dict]:
    return [term for term in equation["terms"] if "name" in term]


def same_numbers(one, other) -> bool:
    return np.array_equal(np.asarray(one, dtype=float), np.asarray(other, dtype=float), equal_nan=True)


# ---- plain data


@given(pictures)
@few
def test_it_is_plain_json(shown):
    data = board_data(shown)
    text = json.dumps(data, allow_nan=False)
    assert json.loads(text).keys() == data.keys()
    assert len(text.encode()) < 200_000


@given(pictures)
@few
def test_every_name_that_is_used_is_sent(shown):
    data = board_data(shown)
    for equation in data["equations"]:
        assert {term["name"] for term in named(equation)} <= data["matrices"].keys()
    assert {stage["name"] for stage in data["stages"]} == {"x", *data["steps"]}


@every_setting
@in_both_conventions
def test_one_stage_is_its_equation(document, columns):
    whole = board_data(picture(document, columns=columns))
    assert [equation["step"] for equation in whole["equations"]] == [stage["name"] for stage in whole["stages"]]
    for equation in whole["equations"][::5]:
        alone = board_data(picture(document, columns=columns, stage=equation["step"]))
        (only,) = alone["equations"]
        assert [term["name"] for term in named(only)] == [term["name"] for term in named(equation)]
        assert alone["matrices"] == {name: whole["matrices"][name] for name in alone["matrices"]}


# ---- roles


@every_setting
@in_both_conventions
def test_every_matrix_stands_once_as_itself(document, columns):
    shown = picture(document, columns=columns)
    data = board_data(shown)
    roles = Counter((term["name"], term["role"]) for equation in data["equations"] for term in named(equation))
    for name in data["matrices"]:
        role = "given" if name in shown.head.trace.given else "result"
        assert roles[name, role] == 1
        assert not roles[name, "given" if role == "result" else "result"]
    assert shown.head.trace.keys() | shown.head.trace.given.keys() == data["matrices"].keys()


@every_setting
def test_an_equation_shows_what_its_step_reads_and_makes(document):
    for equation in board_data(picture(document))["equations"][1:]:
        step = programs.find(document.program, equation["step"])
        *operands, result = named(equation)
        assert (result["name"], result["role"]) == (step.name, "result")
        assert sorted(term["name"] for term in operands) == sorted(step.inputs if step.rule.pattern != "none" else ())


@every_setting
def test_only_given_matrices_can_be_changed(document):
    shown = picture(document)
    for name, matrix in board_data(shown)["matrices"].items():
        assert matrix["editable"] == (name in EDITABLE and name in shown.head.trace.given)
        assert matrix["paintable"] == (name == "mask")
        if matrix["editable"]:
            assert document.with_cells(name, {(0, 0): "7"}) != document
        elif not matrix["paintable"]:
            with pytest.raises(EditError):
                document.with_cells(name, {(0, 0): "7"})


# ---- orientation


def seen(term, step) -> list[str]:
    """The axes of a matrix as it is drawn: down, then across."""
    groups = dict(zip((*step.inputs, step.name), (*step.parsed.inputs, step.parsed.output), strict=True))
    return list(reversed(groups[term["name"]])) if term["transposed"] else list(groups[term["name"]])


@every_setting
@in_both_conventions
def test_a_product_can_be_read_off(document, columns):
    """Left times right: the inner axes are one and the same, the outer ones are those of the result."""
    for equation in board_data(picture(document, columns=columns))["equations"][1:]:
        step = programs.find(document.program, equation["step"])
        if step.rule is rules.contract:
            left, right, result = (seen(term, step) for term in named(equation))
            assert left[1] == right[0]
            assert result == [left[0], right[1]]


@every_setting
@in_both_conventions
def test_cell_by_cell_every_matrix_lies_the_same_way(document, columns):
    """The vector of a step lies along the axis that it shares, so that its numbers stand beside what they change."""
    for equation in board_data(picture(document, columns=columns))["equations"][1:]:
        step = programs.find(document.program, equation["step"])
        if step.rule is rules.contract:
            continue
        groups = dict(zip((*step.inputs, step.name), (*step.parsed.inputs, step.parsed.output), strict=True))
        for term in named(equation):
            axes, turned = groups[term["name"]], term["transposed"]
            if len(axes) == 2:
                assert turned == columns
            elif len(axes) == 1:
                down = "query" if not columns else "key"
                assert turned == (axes[0] != down)


@every_setting
@in_both_conventions
def test_the_formula_names_the_operands_in_the_order_in_which_they_stand(document, columns):
    for equation in board_data(picture(document, columns=columns))["equations"][1:]:
        step = programs.find(document.program, equation["step"])
        if step.rule is rules.contract:
            shown = picture(document, columns=columns)
            left, right = (board_data(shown)["matrices"][term["name"]] for term in named(equation)[:2])
            written = "".join(texts(equation["formula"])).partition("=")[2]
            assert written.replace("⊤", "") == letter_of(left) + letter_of(right)


def texts(node) -> list[str]:
    if isinstance(node, str):
        return [node]
    return [text for child in node[1:] if not isinstance(child, dict) for text in texts(child)]


def letter_of(matrix) -> str:
    return "".join(texts(matrix["letter"])).replace("⊤", "")


# ---- the numbers


@every_setting
def test_numbers_arrive_bit_by_bit(document):
    shown = picture(document)
    for name, matrix in board_data(shown)["matrices"].items():
        value = shown.head.matrix(name).value
        assert same_numbers(decoded(matrix), value.astype(float).reshape(matrix["shape"]))


def test_a_masked_score_arrives_as_minus_infinity():
    matrix = board_data(picture(PAINT))["matrices"]["masked"]
    assert np.isneginf(decoded(matrix)[0, 1:]).all()
    assert matrix["texts"][1] == "−∞"
    assert math.isfinite(matrix["lo"])


@given(pictures)
@few
def test_labels_and_texts_fit_the_shape(shown):
    for matrix in board_data(shown)["matrices"].values():
        rows, cols = matrix["shape"]
        assert (len(matrix["rows"]), len(matrix["cols"]), len(matrix["texts"])) == (rows, cols, rows * cols)
        assert len(set(matrix["rows"])) == rows
        assert len(set(matrix["cols"])) == cols
        assert all(0 <= i < rows * cols for i in (*matrix["hatched"], *matrix["changed"]))


@given(pictures)
@few
def test_a_text_says_its_number(shown):
    form = exact if shown.view.exact else decimal
    for name, matrix in board_data(shown)["matrices"].items():
        for value, text in zip(decoded(matrix).ravel().tolist(), matrix["texts"], strict=True):
            sign = "+" if shown.shown_of(name) == "difference" and value > 0 else ""
            assert text == sign + form(value)


@given(pictures)
@few
def test_the_colour_range_holds_every_number(shown):
    for matrix in board_data(shown)["matrices"].values():
        values = decoded(matrix)
        finite = values[np.isfinite(values)]
        assert matrix["lo"] < matrix["hi"]
        assert ((matrix["lo"] <= finite) & (finite <= matrix["hi"])).all()


@every_setting
@in_both_conventions
def test_every_matrix_has_a_letter_of_its_own(document, columns):
    found = board_data(picture(document, columns=columns))["matrices"]
    letters = [letter_of(matrix) for matrix in found.values()]
    assert all(letters)
    assert len(set(letters)) == len(letters)
    assert all(matrix["title"] for matrix in found.values())


@every_setting
def test_hatched_is_what_the_mask_hides(document):
    document = document.toggled((0, 0)).toggled((1, 2))
    names = programs.names(document.program)
    first = names.index("masked" if "masked" in names else "masked_weights")
    shown = picture(document)
    hidden = np.flatnonzero(~document.given()[0]["mask"]).tolist()
    for name, matrix in board_data(shown)["matrices"].items():
        late = name in names[first:] and shown.head.matrix(name).axes == ("query", "key")
        assert matrix["hatched"] == (hidden if late else [])


# ---- what stands around the matrices


@every_setting
@in_both_conventions
def test_equations_are_numbered_from_one(document, columns):
    data = board_data(picture(document, columns=columns))
    assert [equation["number"] for equation in data["equations"]] == list(range(1, len(data["stages"]) + 1))
    for number, stage in list(enumerate(data["stages"], 1))[::5]:
        (alone,) = board_data(picture(document, columns=columns, stage=stage["name"]))["equations"]
        assert alone["number"] == number


@every_setting
def test_a_mistake_is_marked_where_it_is_made(document):
    wrong = {"wrong_axis": "row_sums", "masked_after": "masked_weights", "masked_with_zero": "masked", "": ""}
    for equation in board_data(picture(document))["equations"][1:]:
        assert equation["warn"] == (equation["step"] == wrong[document.ablation])
        assert equation["note"].startswith(programs.MISTAKE) == equation["warn"]


@pytest.mark.parametrize(
    ("ablation", "columns", "alert"),
    [
        ("", False, ""),
        ("wrong_axis", False, "What breaks: step 12, weights: the rows sum to 0.11, "),
        ("wrong_axis", True, "What breaks: step 12, weights: the columns sum to 0.11, "),
        (
            "masked_after",
            False,
            "What breaks: step 12, weights, masked too late: the rows sum to 0.20, 0.44, 0.56, 0.80, 1, and should sum "
            "to 1.",
        ),
        ("masked_with_zero", False, "What breaks: step 12, weights: masked cells should be 0, and reach 0.20."),
    ],
)
def test_what_a_mistake_breaks_is_said_at_the_top(ablation, columns, alert):
    found = board_data(picture(replace(PAINT, ablation=ablation), columns=columns))["alert"]
    assert found.startswith(alert)
    assert bool(found) == bool(ablation)


@every_setting
@in_both_conventions
def test_the_alert_names_every_check_that_fails_by_its_step(document, columns):
    data = board_data(picture(document, columns=columns))
    failed = {
        f"step {equation['number']}, {equation['title'].lower()}: {check['text']}"
        for equation in data["equations"] for check in equation["checks"] if not check["ok"]
    }  # fmt: skip
    if failed:
        assert set(data["alert"].removeprefix("What breaks: ").removesuffix(".").split("; ")) == failed
    else:
        assert (data["alert"] == "") == (document.ablation == "")


def test_the_alert_stays_while_other_numbers_are_shown():
    wrong = replace(PAINT, ablation="masked_with_zero")
    assert len({board_data(picture(wrong, PAINT, shown))["alert"] for shown in SHOWN}) == 1


def test_the_keys_are_told():
    keys = board_data(picture(PAINT))["keys"]
    for key in ("arrows", "Enter", "Space", "n and p", "Ctrl+Z"):
        assert key in keys


def test_tokens_carry_their_paint():
    matrices = board_data(picture(PAINT))["matrices"]
    assert {name for name, matrix in matrices.items() if matrix["discs"]} == {"x", "residual"}
    assert [disc["name"] for disc in matrices["x"]["discs"]] == ["red", "no colour", "no colour", "blue", "no colour"]
    assert [disc["name"] for disc in matrices["residual"]["discs"]] == ["red", "red", "red", "blue", "purple"]
    assert matrices["x"]["discs"][0] == {"name": "red", "colour": mixed_colour(1, 0)}
    assert matrices["x"]["discs"][1]["colour"] == ""


def test_only_paint_that_is_there_and_present_has_discs():
    for shown in (
        picture(example_document("banks")), picture(QUIET, PAINT, "before"), picture(QUIET, PAINT, "difference"),
    ):  # fmt: skip
        assert not any(matrix["discs"] for matrix in board_data(shown)["matrices"].values())


def test_one_disc_a_token_whatever_way_the_matrix_lies():
    for columns in (False, True):
        painted = board_data(picture(PAINT.with_cells("x", {(1, 3): "1", (1, 4): "1"}), columns=columns))["matrices"][
            "x"
        ]
        assert len(painted["discs"]) == len(painted["rows"]) == 5
        assert painted["discs"][1] == {"name": "purple", "colour": mixed_colour(1, 1)}


def note_of(document, step="x", **view) -> str:
    (equation,) = [
        equation for equation in board_data(picture(document, **view))["equations"] if equation["step"] == step
    ]
    return equation["note"]


KNOWN = "Each word is a list of named features, looked up in a small word list. You can change any number."


@pytest.mark.parametrize(
    ("sentence", "more"),
    [
        ("red ball", ""),
        ("red zzz ball", " “zzz” is not in the word list; nothing could be guessed, so every feature is 0."
         " You can change its numbers."),
        ("zzz red zzz", " “zzz” is not in the word list; nothing could be guessed, so every feature is 0."
         " You can change its numbers."),
        ("zzz red qqq", " “zzz” and “qqq” are not in the word list; every feature of theirs is 0."),
        ("zzz qqq kkk qqq", " “zzz”, “qqq” and “kkk” are not in the word list; every feature of theirs is 0."),
        ("zzz balloons qqq", " “zzz” and “qqq” are not in the word list; every feature of theirs is 0."
         " “balloons” is not in the word list; its features were taken from “balloon” (noun; round)."
         " You can change its numbers."),
    ],
)  # fmt: skip
def test_words_that_are_not_in_the_list_are_named(sentence, more):
    document = PAINT.with_sentence(sentence)
    assert note_of(document) == KNOWN + more
    assert board_data(picture(document))["equations"][0]["warn"] == bool(more)


def test_the_weights_come_with_remarks_unless_they_are_broken():
    assert "“ball” takes most from “red”, 3/4." in note_of(PAINT, "weights")
    for ablation in ("wrong_axis", "masked_with_zero"):
        assert "takes most" not in note_of(replace(PAINT, ablation=ablation), "weights")


# ---- before, after, difference


@every_setting
@in_both_conventions
def test_differences_are_not_added_or_multiplied(document, columns):
    """The signs of an equation hold of the numbers before and of those after, and not of their differences."""
    after = document.with_cells("w_q", {(1, 0): "7"})
    signs = {
        shown: [
            [term["sign"] for term in equation["terms"] if "sign" in term]
            for equation in board_data(picture(after, document, shown, columns=columns))["equations"]
        ]
        for shown in SHOWN
    }
    assert signs["before"] == signs["after"]
    assert any("=" in equation for equation in signs["after"])
    turned = [["→" if sign == "=" else "," for sign in equation] for equation in signs["after"]]
    assert signs["difference"] == turned


@given(changes)
@few
def test_before_and_after_are_what_they_were(pair):
    before, after = pair
    heads = {"before": compute(before), "after": compute(after)}
    for shown, head in heads.items():
        for name, matrix in board_data(picture(after, before, shown))["matrices"].items():
            source = head if heads["before"].trace.has(name) else heads["after"]
            assert same_numbers(decoded(matrix).ravel(), source.matrix(name).value.ravel())


@given(changes)
@few
def test_what_changed_is_marked(pair):
    before, after = pair
    known = compute(before).trace
    for name, matrix in board_data(picture(after, before, "difference"))["matrices"].items():
        if known.has(name):
            moved = np.abs(np.nan_to_num(decoded(matrix).ravel(), posinf=9, neginf=9))
            size = np.abs(np.nan_to_num(known.matrix(name).value.ravel(), posinf=1, neginf=1))  # a sum may be of 1e16
            assert (
                set(np.flatnonzero(moved > 1e-6 * np.maximum(1, size)))
                <= set(matrix["changed"])
                <= set(np.flatnonzero(moved > 0))
            )
            assert not matrix["editable"]


def test_what_rounding_moved_is_no_difference():
    """Turned by 40 degrees some scores of 0 are 10⁻¹⁶: they are 0, without a mark, a sign or a reason."""
    plain = Sheet("query_key")
    shown = Picture(compute(plain.with_settings(angle=40.0)), compute(plain), View(), "difference")
    raw = shown.head.matrix("scores").value - shown.before.matrix("scores").value
    assert 0 < np.abs(raw).max() < 1e-15
    data = board_data(shown)
    assert {name for name, matrix in data["matrices"].items() if matrix["changed"]} == {"w_q", "w_k", "q", "k"}
    assert set(data["matrices"]["scores"]["texts"]) == {"0"}
    assert "S[" not in str(data["why"])
    said = panel(replace(shown, view=View(picked=("scores", *np.argwhere(raw)[0].tolist()))))
    assert (said["value"], said["arithmetic"]) in [("0", ["0 − 0 = 0"]), ("0", ["2.20 − 2.20 = 0"])]


def test_without_a_change_there_is_nothing_to_compare():
    data = board_data(picture(PAINT, PAINT))
    assert data["why"] == {"lines": [{"text": "No number in the matrices changed."}]}
    assert not any(matrix["changed"] for matrix in data["matrices"].values())
    assert board_data(picture(PAINT))["why"] is None


# ---- the panel


def panels(document, **view):
    """The panel of every cell of every matrix: (matrix, index, panel)."""
    shown = picture(document, **view)
    trace = shown.head.trace
    for name in (*trace.given, *trace):
        for at in cells(trace.matrix(name)):
            picked = replace(shown, view=replace(shown.view, picked=(name, *drawn(at))))
            yield trace.matrix(name), at, panel(picked)


def is_rounded(text, number) -> bool:
    return math.isfinite(number) and not says(text, number)


_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def sign_before(form, left, result, others) -> str:
    """≈ where a number is rounded, but for a result that what is written comes to all the same, as Python reads it."""
    if not any(is_rounded(form(number), number) for number in (result, *others)):
        return "="
    plain = left.replace("×", "*").replace("−", "-")
    plain = re.sub("·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: "e" + power[1].translate(_RAISED), plain)
    read = re.fullmatch(r"[-+*/(). 0-9e]+", plain) and not is_rounded(form(result), result)
    return "=" if read and eval(plain) == pytest.approx(result, rel=1e-12, abs=1e-12) else "≈"


def operands(said) -> list[dict]:
    return [piece for piece in said["arithmetic"] if isinstance(piece, dict)]


@pytest.mark.parametrize(
    ("document", "view"),
    [(document, {"columns": i % 2 == 1, "exact": i % 4 > 1}) for i, document in enumerate(SETTINGS)],
    ids=map(setting_name, SETTINGS),
)
def test_every_cell_says_where_it_comes_from(document, view):
    """Every number that was read is an operand, every operand is a cell that exists, and shows its number."""
    trace, form = compute(document).trace, exact if view["exact"] else decimal
    for matrix, at, said in panels(document, **view):
        value = matrix.value[at].item()
        precisely = "" if view["exact"] or exact(value) == decimal(value) else f" ({exact(value)})"
        assert said["value"] == form(value) + precisely
        assert said["code_title"] == ("NumPy (tokens as rows)" if view["columns"] else "NumPy")
        assert "{" not in said["where"]
        json.dumps(said, allow_nan=False)
        found = {(cell["step"], cell["row"], cell["col"]) for cell in operands(said)}
        for cell in operands(said):
            source = trace.matrix(cell["step"])
            index = index_of(trace, cell["step"], cell["row"], cell["col"])
            assert cell["text"] == form(source.value[index].item())
        if matrix.name in trace:
            reads = zip(matrix.step.inputs, matrix.explain(at).reads, strict=True)
            assert found == {(name, *drawn(cell)) for name, read in reads for cell in read}
            *left, last = said["arithmetic"]
            made = "".join(piece if isinstance(piece, str) else piece["text"] for piece in left)
            sign = sign_before(form, made, value, [term.value for term in matrix.explain(at).terms])
            assert last == f" {sign} {form(value)}"
            assert said["code"].startswith(f"{matrix.name} = ")


@in_both_conventions
def test_a_word_that_may_see_nothing_is_explained(columns):
    blind = PAINT.toggled((0, 0))
    for matrix, at, said in panels(blind, columns=columns):
        if matrix.name == "weights" and at[0] == 0:
            assert said["arithmetic"][-1] == " = 0"
            assert {cell["step"] for cell in operands(said)} == {"row_sums"}


def test_the_panel_of_the_running_example():
    said = panel(picture(PAINT, picked=("weights", 1, 0), exact=True))
    assert said["cell"] == "A[ball, red]"
    assert said["where"] == "how much ball takes from red"
    assert said["value"] == "3/4"
    assert written(said) == "3 / 4 = 3/4"


def written(said) -> str:
    return "".join(piece if isinstance(piece, str) else piece["text"] for piece in said["arithmetic"])


@pytest.mark.parametrize(
    ("picked", "value", "arithmetic", "precisely", "by_fractions"),
    [
        (("scaled", 1, 0), "1.10 (ln 3)", "2.20 × 0.50 ≈ 1.10", "ln 3", "2 ln 3 × 1/2 = ln 3"),
        (("weights", 1, 0), "0.75 (3/4)", "3 / 4 = 0.75", "3/4", "3 / 4 = 3/4"),
        (("weights", 4, 1), "0.11 (1/9)", "1 / 9 ≈ 0.11", "1/9", "1 / 9 = 1/9"),
        (("weights", 0, 1), "0", "0 / 1 = 0", "0", "0 / 1 = 0"),
        (("exps", 1, 0), "3", "exp(1.10) ≈ 3", "3", "exp(ln 3) = 3"),
        (("masked", 1, 0), "1.10 (ln 3)", "1.10 (the mask says 1) ≈ 1.10", "ln 3", "ln 3 (the mask says 1) = ln 3"),
        (("masked", 0, 1), "−∞", "−∞ (the mask says 0) = −∞", "−∞", "−∞ (the mask says 0) = −∞"),
        (("w_q", 1, 0), "2.20 (2 ln 3)", "", "2 ln 3", ""),
        (("scores", 1, 1), "0", "2.20 × 0 + 0 × 1 + 0 × 0 + 0 × 0 = 0", "0", "2 ln 3 × 0 + 0 × 1 + 0 × 0 + 0 × 0 = 0"),
        (("residual", 3, 4), "1.25 (5/4)", "1 + 0.25 = 1.25", "5/4", "1 + 1/4 = 5/4"),
    ],
)
def test_a_rounded_number_says_so_and_what_it_is_precisely(picked, value, arithmetic, precisely, by_fractions):
    said = panel(picture(PAINT, picked=picked))
    assert (said["value"], written(said)) == (value, arithmetic)
    said = panel(picture(PAINT, picked=picked, exact=True))
    assert (said["value"], written(said)) == (precisely, by_fractions)


@pytest.mark.parametrize("form", [False, True], ids=["decimals", "fractions"])
def test_enormous_numbers_have_a_panel_like_any_other(form):
    million = PAINT.with_cells("w_q", {(1, 0): "1000000"}).with_cells("w_k", {(0, 0): "1000000"})
    said = panel(picture(million, picked=("scores", 1, 0), exact=form))
    assert said["value"] == "1.0·10¹²"
    assert written(said) == "1.0·10⁶ × 1.0·10⁶ + 0 × 0 + 0 × 0 + 0 × 0 = 1.0·10¹²"
    odd = million.with_cells("w_q", {(1, 0): "123457"})
    said = panel(picture(odd, picked=("scores", 1, 0), exact=form))
    assert written(said) == "1.2·10⁵ × 1.0·10⁶ + 0 × 0 + 0 × 0 + 0 × 0 ≈ 1.2·10¹¹"


@every_setting
def test_in_columns_a_cell_is_named_as_it_stands(document):
    shown = {columns: picture(document, columns=columns) for columns in (False, True)}
    for name in ("weights", "x", "w_o", "row_sums", "scale"):
        if shown[False].head.trace.has(name):
            names = {}
            for columns, here in shown.items():
                letters, _, places = panel(replace(here, view=replace(here.view, picked=(name, 0, 0))))[
                    "cell"
                ].partition("[")
                names[columns] = (letters, places.removesuffix("]").split(", "))
            assert names[True] == (names[False][0], names[False][1][::-1])
    assert panel(picture(PAINT, picked=("weights", 1, 0), columns=True))["cell"] == "A[red, ball]"


# ---- the panel of numbers that are not the present ones

QUIET = PAINT.with_cells("w_q", {(1, 0): "2 ln 2"})  # after it, ball takes 2/3 from red instead of 3/4


@given(changes, st.booleans(), st.booleans(), st.data())
@few
def test_before_the_panel_is_that_of_the_earlier_head(pair, columns, form, data):
    before, after = pair
    now, then = (
        picture(after, before, "before", columns=columns, exact=form),
        picture(before, columns=columns, exact=form),
    )
    names = [name for name in board_data(now)["matrices"] if now.shown_of(name) == "before"]
    name = data.draw(st.sampled_from(names))
    at = drawn(data.draw(st.sampled_from(list(cells(now.head.matrix(name))))))
    said, expected = (panel(replace(here, view=replace(here.view, picked=(name, *at)))) for here in (now, then))
    for key in ("cell", "value", "arithmetic", "code", "about"):
        assert said[key] == expected[key], key


def test_before_the_panel_may_speak_of_a_step_that_was_taken_away():
    hot = replace(PAINT, temperature=2.0, steady=True)
    said = panel(picture(replace(hot, temperature=1.0), hot, "before", picked=("row_max", 1, 0)))
    assert {cell["step"] for cell in operands(said)} == {"tempered"}


@given(changes, st.booleans(), st.data())
@few
def test_in_the_difference_the_panel_subtracts(pair, form, data):
    before, after = pair
    shown = picture(after, before, "difference", exact=form)
    names = [name for name in board_data(shown)["matrices"] if shown.shown_of(name) == "difference"]
    name = data.draw(st.sampled_from(names))
    at = data.draw(st.sampled_from(list(cells(shown.head.matrix(name)))))
    said = panel(replace(shown, view=replace(shown.view, picked=(name, *drawn(at)))))
    old, new = (float(head.matrix(name).value[at]) for head in (shown.before, shown.head))
    gap = new - old if changed(shown.before.trace, shown.head.trace, name)[at] else 0.0
    was, now, by = map(shown.form, (old, new, gap))
    assert said["value"] == ("+" if gap > 0 else "") + by
    assert said["cell"] == f"{cell_name(shown, name, at)}, now − before"
    assert said["about"] == f"Now it is {now}; before the last change it was {was}."
    assert (said["formula"], said["code"], operands(said)) == (None, "", [])
    left = f"{now} − {f'({was})' if old < 0 else was}"
    sign = sign_before(shown.form, left, gap, (old, new))
    assert written(said) == (f"{left} {sign} {by}" if math.isfinite(gap) else "")


@pytest.mark.parametrize(
    ("shown", "picked", "value", "arithmetic", "about"),
    [
        ("before", ("weights", 1, 0), "0.75 (3/4)", "3 / 4 = 0.75", None),
        ("after", ("weights", 1, 0), "0.67 (2/3)", "2 / 3 ≈ 0.67", None),
        ("difference", ("weights", 1, 0), "−0.083", "0.67 − 0.75 ≈ −0.083", "Now it is 0.67; before the last change"),
        ("difference", ("exps", 1, 0), "−1", "2 − 3 = −1", "Now it is 2; before the last change it was 3."),
        ("difference", ("weights", 1, 1), "+0.083", "0.33 − 0.25 ≈ 0.083", None),
        ("difference", ("masked", 0, 1), "0", "−∞ − (−∞) = 0", "Now it is −∞; before the last change it was −∞."),
        ("before", ("w_q", 1, 0), "2.20 (2 ln 3)", "", "A weight chosen by us (2 ln 3)"),
        ("after", ("w_q", 1, 0), "1.39 (2 ln 2)", "", "You typed 2 ln 2."),
    ],
)
def test_the_panel_speaks_of_the_numbers_that_are_shown(shown, picked, value, arithmetic, about):
    said = panel(picture(QUIET, PAINT, shown, picked=picked))
    assert (said["value"], written(said)) == (value, arithmetic)
    assert said["about"].startswith(about or "")


def test_in_the_difference_the_notes_speak_of_the_difference():
    """“The score becomes −∞” stands below numbers that are −∞, not below how much they changed: by 0."""
    notes = {
        shown: {eq["step"]: eq["note"] for eq in board_data(picture(QUIET, PAINT, shown))["equations"]}
        for shown in SHOWN
    }
    assert "becomes −∞" in notes["after"]["masked"]
    assert notes["before"] == notes["after"] | {"weights": notes["before"]["weights"]}
    assert notes["difference"]["q"] == "How much each number has changed: now minus before."
    assert notes["difference"]["masked"].endswith("before. A cell that was hidden before, and is now, has not.")
    broken = picture(replace(PAINT, ablation="masked_with_zero"), PAINT, "difference")
    (note,) = [eq["note"] for eq in board_data(broken)["equations"] if eq["step"] == "masked"]
    assert note.startswith(programs.MISTAKE)


def test_a_mask_that_opens_has_no_arithmetic_of_the_difference():
    said = panel(picture(PAINT.toggled((0, 1)), PAINT, "difference", picked=("masked", 0, 1)))
    assert (said["value"], said["arithmetic"]) == ("+∞", [])


@pytest.mark.parametrize(
    "picked",
    [("nothing", 0, 0), ("q", 5, 0), ("q", 0, 4), ("q", -1, 0), ("row_sums", 0, 1), ("scale", 0, 1), ("bias", 0, 0),
     ("biased", 0, 0), ("q", 10**30, 0)],
)  # fmt: skip
def test_a_cell_that_is_not_there_has_no_panel(picked):
    assert panel(picture(PAINT, picked=picked)) is None
    json.dumps(board_data(picture(PAINT, picked=picked)), allow_nan=False)


@pytest.mark.parametrize("token", TRICKY)
def test_a_tricky_word_is_told_as_it_was_typed(token):
    shown = picture(PAINT.with_sentence(f"red {token} ball"))
    assert where(shown, "weights", (1, 0)) == f"how much {token} takes from red"
    assert where(shown, "x", (1, 3)) == f"how much “red” {token} has"
    assert where(shown, "projected", (1, 3)) == f"how much “red” the head adds to {token}"
    assert where(shown, "residual", (1, 3)) == f"how much “red” {token} has, after the head"
    assert board_data(shown)["matrices"]["x"]["rows"][1] == token


@pytest.mark.parametrize(
    ("document", "picked", "says"),
    [
        (PAINT.with_cells("w_q", {(1, 0): "ln 5"}), ("w_q", 1, 0), "You typed ln 5."),
        (PAINT.toggled((0, 1)), ("mask", 0, 1), "You painted it."),
        (PAINT, ("mask", 0, 1), "Set by the switch “causal mask”"),
        (PAINT, ("scale", 0, 0), "1 / √4, because a key has 4 coordinates."),
        (replace(PAINT, scaled=False), ("scale", 0, 0), "Scaling is switched off."),
        (replace(PAINT, temperature=2.0), ("temperature", 0, 0), "Set by the slider."),
        (PAINT, ("w_o", 0, 0), "A weight chosen by us"),
        (example_document("banks"), ("bias", 0, 1), "A number for where two tokens stand"),
    ],
)
def test_a_given_number_says_who_gave_it(document, picked, says):
    assert panel(picture(document, picked=picked))["about"].startswith(says)


# ---- very large scores

LOUD = PAINT.with_cells("w_q", {(1, 0): "1000"})


@pytest.mark.parametrize("ablation", ["", *programs.ABLATIONS])
@in_both_conventions
def test_a_row_maximum_that_had_to_be_taken_is_drawn_as_it_is_computed(ablation, columns):
    """What is lit, drawn and written belongs to the step that made the numbers, not to the one that was asked for."""
    shown = picture(replace(LOUD, ablation=ablation), columns=columns)
    made, data = shown.head.trace["row_max"], board_data(shown)
    (equation,) = [equation for equation in data["equations"] if equation["step"] == "row_max"]
    assert shown.head.forced
    assert data["steps"]["row_max"]["pattern"] == made.step.rule.pattern
    assert [term["name"] for term in named(equation)] == [*made.step.inputs, "row_max"]
    assert "max" in texts(equation["formula"])
    assert "It is subtracted here in any case" in equation["note"]


@pytest.mark.parametrize("ablation", ["", *programs.ABLATIONS])
def test_every_cell_of_large_scores_has_a_panel(ablation):
    for _, _, said in panels(replace(LOUD, ablation=ablation)):
        assert said["where"]


# ---- why did it change?


@given(changes)
@few
def test_the_path_leads_from_cell_to_cell(pair):
    """Every line names a cell that exists, changed, and is read by the next one."""
    before, after = pair
    shown = picture(after, before)
    trace = shown.head.trace
    data = board_data(shown)
    lines = [line for line in data["why"]["lines"] if "step" in line]
    for line in lines:
        matrix = trace.matrix(line["step"])
        at = index_of(trace, line["step"], line["row"], line["col"])
        flat = int(np.ravel_multi_index(at, matrix.value.shape)) if at else 0
        known = compute(before).trace.has(line["step"])
        assert not known or flat in data["matrices"][line["step"]]["changed"]
        assert known or "was added: " in line["start"] or line["step"] in trace.given
    for source, reader in pairwise(lines):
        made = trace[reader["step"]]
        reads = made.explain(index_of(trace, reader["step"], reader["row"], reader["col"])).reads
        found = {(name, *drawn(at)) for name, slot in zip(made.step.inputs, reads, strict=True) for at in slot}
        assert (source["step"], source["row"], source["col"]) in found


@given(documents, seeds)
@settings(max_examples=60)
def test_the_path_begins_with_the_edit(document, seed):
    rng = Random(seed)
    name = rng.choice(matrices(document))
    at = rng.choice(list(np.ndindex(*document.given()[0][name].shape)))
    after = document.toggled(at) if name == "mask" else document.with_cells(name, {at: "97/3"})
    if after.edits != document.edits:
        first, *_ = board_data(picture(after, document))["why"]["lines"]
        assert (first["step"], first["row"], first["col"]) == (name, *at)
        assert " went from " in first["text"]


def test_the_path_ends_in_the_output_or_says_where_it_ended():
    after = PAINT.with_cells("w_q", {(1, 0): "2 ln 2"})
    lines = board_data(picture(after, PAINT))["why"]["lines"]
    assert [line["step"] for line in lines] == [
        "w_q", "q", "scores", "scaled", "masked", "shifted", "exps", "weights", "output", "projected", "residual",
    ]  # fmt: skip
    hidden = board_data(picture(PAINT.with_cells("w_k", {(2, 3): "5"}), PAINT))["why"]["lines"]
    assert hidden[-1] == {"text": "There the change ends: nothing after it moved."}


@pytest.mark.parametrize("log_sum_exp", [False, True])
def test_it_is_said_that_the_weights_stayed_when_all_scores_were_raised(log_sum_exp):
    before = Sheet("softmax").with_settings(log_sum_exp=log_sum_exp)
    lines = board_data(picture(before.with_settings(constant=100.0), before))["why"]["lines"]
    assert {"text": "The weights did not change."} in lines
    assert (lines[0]["step"], lines[0]["text"]) == ("constant", " went from 0 to 100: what is added to every score.")
    quiet = board_data(picture(PAINT.with_cells("w_v", {(1, 0): "5"}), PAINT))["why"]["lines"]
    assert {"text": "The weights did not change."} not in quiet  # they are not made from the values


SOFTMAX, LOOKUP = Sheet("softmax"), Sheet("lookup")
RAISED = SOFTMAX.with_settings(constant=100.0)


@pytest.mark.parametrize(
    ("before", "after", "first", "then"),
    [
        (RAISED, RAISED.with_settings(temperature=0.1), "T went from 1 to 0.10: ", "so the step “tempered scores” was"),
        (RAISED.with_settings(temperature=0.1), RAISED, "T went from 0.10 to 1: ", "so E[ball, red] went from 1 to "),
        (LOOKUP, LOOKUP.with_settings(sharpness=2.0), "c went from 1 to 2: ", "so the step “sharpened scores” was"),
        (PAINT, replace(PAINT, temperature=2.0), "T went from 1 to 2: ", "so the step “tempered scores” was added: "),
        (PAINT, PAINT.unscaled(), "c went from 0.50 to 1: ", "so S̃[hit, ball] went from 1.10 to 2.20"),
        (SOFTMAX, SOFTMAX.with_settings(steady=True), "The step “shifted scores” was added: D[", "so E[ball, red] "),
        (PAINT, replace(PAINT, ablation="masked_after"), "The step “masked scores” was taken away.", "so D[red, ball]"),
        (PAINT, replace(PAINT, ablation="wrong_axis"), "You changed how this step is computed, so r[red]", "so A["),
    ],
)
def test_the_path_of_a_setting_begins_with_what_was_set(before, after, first, then):
    """The number that was set, else the step that was added or taken away; never a cause that was none."""
    lines = board_data(picture(after, before))["why"]["lines"]
    said = [unicodedata.normalize("NFC", spoken(line)) for line in lines]
    assert said[0].startswith(first), said
    assert said[1].startswith(unicodedata.normalize("NFC", then)), said


VALUES, PLACED = Sheet("values"), Sheet("positions")


@pytest.mark.parametrize(
    ("before", "settings", "lines"),
    [
        (VALUES, {"r": 2}, [
            "Now a value has at most r = 2 coordinates.", "W_V is 6 × 2 now; it was 6 × 4.",
            "W_O is 2 × 6 now; it was 4 × 6.", "so V and O have other rows or columns, too.",
            "so Y[hit, round] went from 0.60 to 0: how much “round” the head adds to hit.",
            "so X′[hit, round] went from 0.60 to 0: how much “round” hit has, after the head.",
        ]),
        (VALUES.with_settings(r=2), {"r": 6, "maps": "identity"}, [
            "Now W_V and W_O are the identity.", "Now a value has at most r = 6 coordinates.",
            "W_V is 6 × 6 now; it was 6 × 2.", "W_O is 6 × 6 now; it was 2 × 6.",
            "so V and O have other rows or columns, too.", "so Y[red, adj] went from 0 to 1: ",
        ]),
        (VALUES.with_settings(maps="identity"), {"maps": "full"}, [
            "Now W_V and W_O are a full map.", "so W_V[adj, 0] went from 1 to −0.58: ",
        ]),
        (VALUES, {"residual": False}, ["Now the residual is off.", "so X′[red, adj] went from 1 to 0: "]),
        (VALUES.with_settings(r=5), {"r": 6}, [
            "Now a value has at most r = 6 coordinates.", "No number in the matrices changed.",
        ]),
        (VALUES, {"r": 3}, [
            "Now a value has at most r = 3 coordinates.",
            "W_V, W_O, V and O have other rows or columns now. No number in the others changed.",
        ]),
        (PLACED, {"scheme": "one-hot"}, [
            "Now places are told one-hot.", "X is 5 × 11 now; it was 5 × 6.", "W_Q is 11 × 9 now; it was 6 × 4.",
            "W_K is 11 × 9 now; it was 6 × 4.", "The step “embeddings with places” was added.",
            "so Q and K have other rows or columns, too.", "so S[hit, ball] went from 2.20 to ",
        ]),
        (PLACED, {"scheme": "alibi"}, [
            "Now places are told by ALiBi.", "so the step “lag” was added: i - j[cube, red] is 4: ",
        ]),
        (PLACED, {"order": "swapped"}, [
            "Now two words are swapped.", "The words stand in another order, so every matrix was computed anew",
        ]),
        (PLACED, {"text": "banks"}, ["Now the words are “bank account river bank”.", "These are other words, so "]),
    ],
)  # fmt: skip
def test_an_account_begins_with_what_was_set(before, settings, lines):
    """Then come matrices that have another shape now, of which no cell can be compared, then the cells."""
    said = [spoken(line) for line in board_data(picture(before.with_settings(**settings), before))["why"]["lines"]]
    assert all(one.startswith(other) for one, other in zip(said, lines, strict=False)), said
    assert len(said) >= len(lines)
    assert not any("you changed how this step is computed" in line for line in said)


@pytest.mark.parametrize("name", ["values", "positions"])
def test_every_setting_that_changes_a_matrix_is_told_of(name):
    """In both directions; and nobody is told of a change of the program that was none."""
    sheet = Sheet(name)
    for setting in sheet.bench.settings:
        for value in sheet.bench.allowed[setting]:
            one, other = sheet.with_settings(scheme="relative") if setting == "factor" else sheet, None
            other = one.with_settings(**{setting: value})
            for before, after in ((one, other), (other, one)):
                if one == other or setting in sheet.bench.figures:
                    continue
                first, *rest = [spoken(line) for line in board_data(picture(after, before))["why"]["lines"]]
                assert first == f"Now {sheet.bench.told(setting, after.setting(setting))}."
                assert not any("you changed how" in line for line in rest)


def test_another_shape_is_counted_apart_from_numbers_that_changed():
    heads = [compute(VALUES.with_settings(r=r)) for r in (6, 2, 3)]
    assert what_changed(heads[0], heads[1]) == (
        "A dark corner marks every number that changed, in 5 matrices. "
        "W_V, W_O, V and O have other rows or columns now."
    )
    assert what_changed(heads[0], heads[2]).endswith("now. No number in the others changed.")
    assert what_changed(heads[0], compute(VALUES.with_cells("w_v", {(3, 0): "2"}))).endswith("changed, in 8 matrices.")


def test_places_of_another_kind_are_not_compared():
    """Four words have as many columns for places one-hot as for waves."""
    bank = PLACED.with_settings(text="banks")
    shown = picture(bank.with_settings(scheme="sinusoidal"), bank.with_settings(scheme="one-hot"))
    assert shown.matrix("x").value.shape == shown.before.matrix("x").value.shape
    assert board_data(shown)["matrices"]["x"]["changed"] == []
    assert "X has other rows or columns now." in [spoken(line) for line in board_data(shown)["why"]["lines"]]


def spoken(line) -> str:
    return line.get("start", "") + line.get("label", "") + line["text"]


@pytest.mark.parametrize(("page", "paints"), [(PAINT, True), (SOFTMAX, False), (LOOKUP, False)])
def test_the_keys_speak_of_a_mask_only_where_there_is_one(page, paints):
    data = board_data(picture(page))
    assert ("mask" in data["keys"]) == ("mask" in data["empty"]) == paints
    assert "edits a given number" in data["keys"]


@given(changes, st.data())
@few
def test_the_path_leads_to_the_picked_cell(pair, data):
    """Computed and changed, it is answered for; else it is said that it did not change, and by what the rest did."""
    before, after = pair
    shown = picture(after, before)
    sent = board_data(shown)
    names = [name for name in shown.head.trace if compute(before).trace.has(name)]
    name = data.draw(st.sampled_from(names))
    at = data.draw(st.sampled_from(list(cells(shown.head.trace[name]))))
    lines = board_data(replace(shown, view=replace(shown.view, picked=(name, *drawn(at)))))["why"]["lines"]
    if int(np.ravel_multi_index(at, shown.head.trace[name].value.shape)) in sent["matrices"][name]["changed"]:
        last = [line for line in lines if "step" in line][-1]
        assert (last["step"], last["row"], last["col"]) == (name, *drawn(at))
    elif any(matrix["changed"] for matrix in sent["matrices"].values()):
        cell = panel(replace(shown, view=replace(shown.view, picked=(name, *drawn(at)))))["cell"]
        assert lines[0] == {"text": f"{cell}, the picked cell, did not change. The largest change was this one:"}
        steps = [line for line in lines if "step" in line]
        assert steps == [line for line in sent["why"]["lines"] if "step" in line]


@pytest.mark.parametrize("picked", [("w_q", 1, 0), ("w_v", 3, 0), ("scale", 0, 0)])
def test_a_given_cell_that_is_picked_does_not_ask_why(picked):
    lines = board_data(picture(QUIET, PAINT))["why"]["lines"]
    assert board_data(picture(QUIET, PAINT, picked=picked))["why"]["lines"] == lines


def test_the_path_to_a_picked_cell_ends_without_a_word_more():
    lines = board_data(picture(QUIET, PAINT, picked=("weights", 4, 3)))["why"]["lines"]
    assert [line["step"] for line in lines] == [
        "w_q", "q", "scores", "scaled", "masked", "shifted", "exps", "weights",
    ]  # fmt: skip
    assert lines[-1]["label"] == "A[cube, blue]"
    assert lines[-1]["text"] == " went from 0.33 to 0.29: how much cube takes from blue."


@pytest.mark.parametrize("sentence", ["blue cube", "blue ball hit red cube"])
@pytest.mark.parametrize("shown", SHOWN)
def test_another_sentence_has_nothing_to_compare(sentence, shown):
    """Even one of as many words: numbers of one word are not drawn, marked or subtracted under another."""
    data = board_data(picture(PAINT.with_sentence(sentence), PAINT, shown))
    other = "These are other words" if len(sentence.split()) < 5 else "The words stand in another order"
    assert [line["text"] for line in data["why"]["lines"]] == [
        f"{other}, so every matrix was computed anew; there is nothing to compare."
    ]
    assert data["view"] == "after"
    assert data["matrices"] == board_data(picture(PAINT.with_sentence(sentence)))["matrices"]


def test_another_example_on_the_same_sentence_can_be_drawn():
    there = replace(example_document("banks"), sentence=PAINT.sentence)
    for shown in SHOWN:
        json.dumps(board_data(picture(there, PAINT, shown)), allow_nan=False)
