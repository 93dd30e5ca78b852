"""Laws of the document: what is typed is kept as typed, what is typed back is gone, a refusal says where and why."""

import re
from contextlib import suppress
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attention_core import numerals, programs
from attention_core.examples import EXAMPLES
from attention_core.tokens import SentenceError
from attention_ui.document import BY_POSITION, EDITABLE, Document, compute, example_document
from attention_ui.editable import EditError
from tests.documents import SETTINGS, documents, full, matrices, seeds, sentences, shape, typed, typed_cells

PAINT, BANKS = example_document("paint"), example_document("banks")


def refusal(make, *arguments, **how) -> str:
    with pytest.raises(EditError) as caught:
        make(*arguments, **how)
    return str(caught.value)


def _cells(document, seed):
    rng = Random(seed)
    name = rng.choice(matrices(document))
    return document, name, typed_cells(document, name, rng)


edits = st.builds(_cells, documents, seeds)  # a document, one of its matrices, and texts for some cells


# ---- the running example


def test_the_defaults_are_the_running_example():
    assert Document() == example_document("paint")
    weights = compute(Document()).trace["weights"].value
    np.testing.assert_allclose(weights[1], [3 / 4, 1 / 4, 0, 0, 0], atol=1e-12)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_given_matrix_never_belongs_to_the_example(name):
    document = example_document(name)
    for matrix in document.given()[0].values():
        matrix[...] = 7
    assert not any((matrix == 7).all() for matrix in document.given()[0].values())


# ---- editing cells


@given(edits)
def test_what_is_typed_is_what_is_computed_with(made):
    document, name, texts = made
    before, after = document.given()[0], document.with_cells(name, texts).given()[0]
    for at in np.ndindex(*before[name].shape):
        assert after[name][at] == (numerals.parse(texts[at]) if at in texts else before[name][at])
    for other in before.keys() - {name}:
        np.testing.assert_array_equal(before[other], after[other])


@given(edits)
def test_texts_are_kept_as_typed(made):
    document, name, texts = made
    for at, kept in document.with_cells(name, texts).edits.get(name, {}).items():
        assert kept == texts.get(at, kept).strip()


@given(edits)
def test_typing_the_original_number_removes_the_edit(made):
    document, name, texts = made
    original = replace(document, edits={}).given()[0][name]
    edited = document.with_cells(name, texts)
    back = edited.with_cells(name, {at: repr(float(original[at])) for at in edited.edits.get(name, {})})
    assert name not in back.edits
    assert back == replace(document, edits={k: v for k, v in document.edits.items() if k != name})


@given(edits)
def test_editing_again_changes_nothing(made):
    document, name, texts = made
    once = document.with_cells(name, texts)
    assert once.with_cells(name, texts) == once


@given(edits)
def test_an_edit_leaves_the_old_document_alone(made):
    document, name, texts = made
    before = {k: dict(v) for k, v in document.edits.items()}
    document.with_cells(name, texts)
    assert document.edits == before


def test_an_empty_edit_is_no_edit():
    assert PAINT.with_cells("w_q", {}) == PAINT


# ---- refusals


@pytest.mark.parametrize(
    ("name", "at", "says"),
    [
        ("w_q", (1, 2), "W_Q, row noun, column 2"),
        ("w_o", (3, 5), "W_O, row 3, column round"),
        ("x", (4, 0), "X, row cube, column adj"),
        ("mask", (0, 4), "M, row red, column cube"),
    ],
)
def test_a_refused_text_is_placed(name, at, says):
    message = refusal(PAINT.with_cells, name, {at: "much"})
    assert message.startswith(f"{says}: ")
    assert "“much”" in message
    assert "Allowed" in message


def test_equal_words_are_told_apart():
    assert "row bank₂, column money" in refusal(BANKS.with_cells, "x", {(3, 0): "?"})
    assert "B, row bank₁, column river" in refusal(BANKS.with_cells, "bias", {(0, 2): "?"})


@pytest.mark.parametrize("text", ["2", "-1", "1/2", "ln 3"])
def test_the_mask_holds_ones_and_zeros_only(text):
    assert "the mask holds 1 (may see) or 0 (may not)" in refusal(PAINT.with_cells, "mask", {(1, 0): text})


@pytest.mark.parametrize("text", ["", " ", "nan", "inf", "1e9", "1/0", "__import__('os')", "1;2", "\ud800", "9" * 5000])
def test_what_is_no_number_is_refused(text):
    refusal(PAINT.with_cells, "w_q", {(0, 0): text})


@pytest.mark.parametrize("name", ["scores", "weights", "scale", "temperature", "row_max", "bias", "nothing", ""])
def test_only_given_matrices_are_edited(name):
    message = "This matrix is computed; edit the matrices that it is made from."
    assert refusal(PAINT.with_cells, name, {(0, 0): "1"}) == message
    assert refusal(PAINT.with_block, name, (0, 0), "1") == message


@pytest.mark.parametrize("at", [(6, 0), (0, 4), (-1, 0), (0, -1), (0,), (), (0, 0, 0), (10**30, 0)])
def test_a_cell_that_is_not_there_is_refused(at):
    assert "W_Q is 6 × 4 and has no such cell" in refusal(PAINT.with_cells, "w_q", {at: "1"})


@given(documents, st.text(max_size=30))
def test_any_text_is_a_number_or_refused(document, text):
    with suppress(EditError):
        assert np.isfinite(document.with_cells("w_q", {(0, 0): text}).given()[0]["w_q"]).all()


# ---- pasting a block


@given(st.data(), documents)
def test_a_block_is_its_cells(data, document):
    name = data.draw(st.sampled_from(matrices(document, EDITABLE)))
    rows, cols = shape(document, name)
    top, left = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, cols - 1)))
    block = data.draw(
        st.integers(1, cols - left).flatmap(
            lambda width: st.lists(st.lists(typed, min_size=width, max_size=width), min_size=1, max_size=rows - top)
        )
    )
    pasted = document.with_block(name, (top, left), "\n".join("\t".join(row) for row in block))
    now = pasted.given()[0][name][top : top + len(block), left : left + len(block[0])]
    np.testing.assert_array_equal(now, [[numerals.parse(text) for text in row] for row in block])


def test_a_pasted_number_is_kept_as_people_write_it():
    pasted = PAINT.with_block("w_q", (0, 0), "1\t-2.5\n1e-7\t0.1")
    assert pasted.edits["w_q"] == {(0, 0): "1", (0, 1): "-2.5", (1, 0): "1e-07", (1, 1): "0.1"}


@pytest.mark.parametrize(
    ("at", "text", "says"),
    [
        ((0, 0), "1\t2\nx\t4", "Pasted block, row 2, column 1: “x” is not a number"),
        ((0, 0), "1\t2\n3", "row 2 has 1 columns, but row 1 has 2"),
        ((0, 0), "", "The pasted block is empty"),
        ((4, 2), "1\t2\t3", "the pasted block is 1 × 3, but from the chosen cell on there is room for 2 × 2"),
        ((0, 0), "1\n" * 7, "the pasted block is 7 × 1, but from the chosen cell on there is room for 6 × 4"),
    ],
)
def test_a_block_that_does_not_fit_is_refused(at, text, says):
    message = refusal(PAINT.with_block, "w_q", at, text)
    assert message.startswith("W_Q: ")
    assert says in message


@given(st.data(), documents)
def test_a_block_is_turned_with_the_matrix(data, document):
    """What is pasted into a matrix that is drawn transposed is the transposed block, from the same cell on."""
    name = data.draw(st.sampled_from(matrices(document, EDITABLE)))
    rows, cols = shape(document, name)
    top, left = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, cols - 1)))
    block = data.draw(arrays(int, (cols - left, rows - top), elements=st.integers(-9, 9)))
    pasted = document.with_block(name, (top, left), "\n".join("\t".join(map(str, row)) for row in block), turned=True)
    np.testing.assert_array_equal(pasted.given()[0][name][top:, left:], block.T)
    message = refusal(document.with_block, name, (top, left), "\n".join(["1"] * (cols - left + 1)), turned=True)
    assert f"room for {cols - left} × {rows - top}" in message


def test_a_block_of_ones_and_zeros_paints_the_mask():
    """As if each cell had been clicked, so that a link holds the same."""
    painted = PAINT.with_block("mask", (0, 3), "1\t1\n0\t1")
    assert painted == PAINT.toggled((0, 3)).toggled((0, 4)).toggled((1, 4))
    assert painted.with_block("mask", (0, 3), "0\t0\n0\t0") == PAINT
    for text, says in (("1\t2", "M, row red, column ball: the mask holds 1 (may see) or 0"), ("0.5", "the mask holds"),
                       ("x", "“x” is not a number"), ("1\n" * 6, "6 × 1")):  # fmt: skip
        assert says in refusal(PAINT.with_block, "mask", (0, 0), text)


@pytest.mark.parametrize("at", [(-1, 0), (0, -1), (6, 0), (99, 99)])
def test_a_block_outside_the_matrix_is_refused(at):
    refusal(PAINT.with_block, "w_q", at, "1")


# ---- painting


@given(st.data(), documents)
def test_painting_twice_is_not_painting(data, document):
    at = data.draw(st.sampled_from(list(np.ndindex(*shape(document, "mask")))))
    once = document.toggled(at)
    assert once.given()[0]["mask"][at] != document.given()[0]["mask"][at]
    assert once.toggled(at).given()[0]["mask"][at] == document.given()[0]["mask"][at]
    assert once.toggled(at) == document


@given(documents, st.booleans())
def test_choosing_the_mask_anew_drops_what_was_painted(document, causal):
    chosen = document.with_causal(causal)
    n = len(document.tokens)
    pattern = np.tri(n, dtype=bool) if causal else np.ones((n, n), dtype=bool)
    np.testing.assert_array_equal(chosen.given()[0]["mask"], pattern)
    others = {name: cells for name, cells in document.edits.items() if name != "mask"}
    assert chosen == replace(document, causal=causal, edits=others)


# ---- another sentence


@given(documents, sentences)
def test_a_new_sentence_keeps_weights_and_drops_positions(document, sentence):
    now = document.with_sentence(sentence)
    kept = {name: cells for name, cells in document.edits.items() if name not in BY_POSITION}
    assert now == replace(document, sentence=sentence, edits=kept)
    before, after = document.given()[0], now.given()[0]
    for name in ("w_q", "w_k", "w_v", "w_o"):
        np.testing.assert_array_equal(before[name], after[name])


@pytest.mark.parametrize("sentence", ["", "   ", "a " * 17, "x" * 41, "a\x00b"])
def test_a_bad_sentence_changes_nothing(sentence):
    with pytest.raises(SentenceError):
        PAINT.with_sentence(sentence)


# ---- what follows


@given(documents)
def test_every_document_can_be_computed(document):
    head = compute(document)
    assert tuple(head.trace) == programs.names(document.program)
    for name, made in head.trace.items():
        assert not np.isnan(made.value).any(), name
    assert [word.text for word in head.words] == list(document.tokens)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_largest_numbers_that_can_be_typed_can_be_computed(example):
    for sign in ("1000000", "-1000000"):
        head = compute(full(example, np.random.default_rng(0), sign))
        assert all(not np.isnan(made.value).any() for made in head.trace.values())


@pytest.mark.parametrize("document", SETTINGS[:: len(SETTINGS) // 8])
def test_the_switches_choose_the_program(document):
    names = programs.names(document.program)
    assert ("biased" in names) == (document.example == "banks")
    assert ("tempered" in names) == (document.temperature != 1)
    assert ("residual" in names) == document.residual
    scale = document.given()[0]["scale"]
    assert scale == (EXAMPLES[document.example].given(["a"])[0]["scale"] if document.scaled else 1)


def test_a_forced_row_maximum_is_said():
    assert compute(PAINT.with_cells("w_q", {(1, 0): "1000"})).forced
    assert not compute(PAINT).forced


@given(documents)
def test_messages_have_no_code_in_them(document):
    message = refusal(document.with_cells, "w_q", {(0, 0): "?"})
    assert not re.search(r"Error|Traceback|w_q|None", message)
