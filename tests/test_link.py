"""Laws of links: what is packed comes back, and what cannot be read is refused in a sentence, never with an error."""

import base64
import json
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace
from random import Random
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attention_core import numerals
from attention_core.examples import EXAMPLES
from attention_ui.document import Document, compute, example_document
from attention_ui.link import LONGEST, PARAMS, View, pack, unpack
from tests.documents import TRICKY, documents, full, matrices, seeds, shape, views

PLAIN = (Document(), View())


def packed(inner: object) -> str:
    """What pack would write for these settings, whatever they are."""
    text = inner if isinstance(inner, bytes) else json.dumps(inner).encode()
    return "1." + base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")


def refusal(params: dict[str, str]) -> str:
    """The one problem of a bad `s`, for which the plain example is shown."""
    document, view, problems = unpack(params)
    assert (document, view) == (example_document(document.example), View())
    (problem,) = problems
    assert problem.encode(), "a sentence that can be sent"
    return problem


# ---- there and back


@given(documents.flatmap(lambda document: st.tuples(st.just(document), views(document))))
def test_what_is_packed_comes_back(made):
    document, view = made
    assert unpack(pack(document, view)) == (document, view, [])


@given(documents)
def test_an_address_carries_it(document):
    params = pack(document, View())
    assert set(params) <= set(PARAMS)
    assert dict(parse_qsl(urlencode(params), keep_blank_values=True)) == params


@given(documents)
def test_packing_is_deterministic(document):
    there = pack(document, View())
    assert pack(*unpack(there)[:2]) == there


def test_the_plain_page_has_a_plain_address():
    assert pack(*PLAIN) == {}
    assert unpack({}) == (*PLAIN, [])
    assert pack(example_document("banks"), View()) == {"example": "banks"}


def test_edits_are_kept_as_typed():
    document = Document().with_cells("w_q", {(1, 0): "2 ln 5", (0, 3): "(1+2)/4"})
    assert unpack(pack(document, View()))[0].edits == {"w_q": {(1, 0): "2 ln 5", (0, 3): "(1+2)/4"}}


@pytest.mark.parametrize("token", TRICKY)
def test_a_tricky_word_travels(token):
    document = Document().with_sentence(f"red {token} ball")
    assert unpack(pack(document, View())) == (document, View(), [])


# ---- size


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("seed", range(5))
def test_sixteen_words_with_every_number_edited_fit_into_an_address(name, seed):
    assert len(pack(full(name, np.random.default_rng(seed)), View())["s"]) < 2_000


@pytest.mark.parametrize("seed", range(5))
def test_weights_and_embeddings_at_two_decimals_are_short(seed):
    document = full("paint", np.random.default_rng(seed))
    unpainted = document.with_causal(True)
    assert set(unpainted.edits) == {"x", "w_q", "w_k", "w_v", "w_o"}
    assert len(pack(unpainted, View())["s"]) <= 800


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_digit_of_every_number_can_still_be_read_back(name):
    document = full(name, np.random.default_rng(0), "{!r:.20}")
    assert len(pack(document, View())["s"]) <= LONGEST
    assert unpack(pack(document, View())) == (document, View(), [])


def filled(name: str, texts) -> Document:
    """Sixteen words with every cell typed over, each as `texts` gives the next text."""
    document = example_document(name).with_sentence(" ".join(f"word{i}" for i in range(16)))
    for matrix in matrices(document):
        cells = {}
        for at in np.ndindex(*shape(document, matrix)):
            cells[at] = "1" if matrix == "mask" else next(texts)
        document = document.with_cells(matrix, cells)
    return document


def longest(rng: Random, kind: str):
    """Texts with as many characters as may be typed, which compress badly: digits, or signs of all kinds and blanks."""
    while True:
        text = f"{rng.randint(-9, 9)}." if kind == "digits" else "1"
        while len(text) < numerals.LONGEST:
            if kind == "signs":
                text += rng.choice("+-−–×·÷*/") + "".join(rng.choices(" \t\n\r\f\v", k=rng.randint(0, 13)))
                text += rng.choice(["", *"+-−–"])  # two signs before a number are one too many
            text += rng.choice("123456789")
        with suppress(numerals.NumberError):  # cut off behind a sign
            numerals.parse(text[: numerals.LONGEST])
            yield text[: numerals.LONGEST]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("kind", ["digits", "signs"])
def test_the_longest_texts_in_every_cell_can_still_be_read_back(name, kind):
    document = filled(name, longest(Random(0), kind))
    texts = [text for matrix, cells in document.edits.items() if matrix != "mask" for text in cells.values()]
    assert {len(text) for text in texts} == {numerals.LONGEST}
    assert len(pack(document, View())["s"]) <= LONGEST
    assert unpack(pack(document, View())) == (document, View(), [])


def test_the_bulkiest_texts_in_every_cell_can_still_be_read_back():
    """A vertical tab is six characters of JSON."""
    document = filled("banks", iter(lambda: "2" + "\v" * 57 + "+1", ""))
    assert unpack(pack(document, View())) == (document, View(), [])


# ---- whatever comes


def usable(params: dict[str, str]) -> tuple[Document, View, list[str]]:
    """What unpack makes of these parameters: always something that can be computed, and sentences that can be sent."""
    document, view, problems = unpack(params)
    compute(document)
    assert pack(document, view) is not None
    for problem in problems:
        assert problem.encode(), "a sentence that can be sent"
        assert len(problem) < 500
    return document, view, problems


anything = st.text(st.characters(exclude_categories=()), max_size=60)


@given(st.dictionaries(st.sampled_from((*PARAMS, "other")), st.text(max_size=60)))
def test_any_parameters_make_a_document(params):
    usable(params)


@given(st.text().filter(lambda s: not s.partition(".")[0].isdecimal()))
@example("")
@example("1")
def test_an_unknown_version_is_refused(s):
    assert "it should begin with “1.”" in refusal({"s": s})


@given(st.integers(2, 10**6), st.text())
def test_a_newer_version_is_told(version, body):
    assert "a newer app made" in refusal({"s": f"{version}.{body}"})


@given(st.text(max_size=80))
@example("")
@example("====")
@example("é")
def test_a_body_of_noise_is_refused(body):
    refusal({"s": "1." + body})


@given(st.text().filter(lambda name: name not in EXAMPLES))
def test_an_unknown_example_is_refused(name):
    document, _, problems = usable({"example": name})
    assert document == Document()
    assert "which there is not; there are paint and banks." in problems[0]


@pytest.mark.parametrize("sentence", ["", " ", "a " * 17, "x" * 41, "a\u202eb", "\x00"])
def test_a_bad_sentence_leaves_the_examples_own(sentence):
    document, _, problems = usable({"example": "banks", "sentence": sentence})
    assert document == example_document("banks")
    assert problems[0].startswith("The sentence in the link cannot be used: ")


def test_two_problems_are_two_sentences():
    *_, problems = usable({"example": "nothing", "sentence": "", "s": "x"})
    assert len(problems) == 3


@given(documents, st.data())
def test_a_link_cut_short_is_refused(document, data):
    params = pack(document, View(exact=True))
    end = data.draw(st.integers(0, len(params["s"]) - 1))
    *_, problems = usable(params | {"s": params["s"][:end]})
    assert len(problems) == 1


@given(documents, seeds)
def test_one_changed_character_is_noticed_or_harmless(document, seed):
    rng = Random(seed)
    params = pack(document, View(exact=True))
    s = params["s"]
    at = rng.randrange(len(s))
    changed = s[:at] + rng.choice("ABCxyz019-_.=+/ ;\n\u00e9%") + s[at + 1 :]
    now, view, problems = usable(params | {"s": changed})
    assert len(problems) == 1 or (now, view) == (document, View(exact=True))


# ---- a well-packed `s` with unlikely contents

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "causal",
    "scaled",
    "residual",
    "steady",
    "temperature",
    "ablation",
    "stage",
    "columns",
    "exact",
    "picked",
    "edits",
)
MATRICES = ("x", "w_q", "w_k", "w_v", "w_o", "mask", "bias", "scale", "temperature", "weights")
unlikely = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(KEYS, json_values)
    | {"edits": st.dictionaries(st.sampled_from(MATRICES), st.text("0123;.ln /", max_size=30)) | json_values},
)


@given(unlikely | json_values)
@settings(max_examples=300)
def test_any_contents_make_a_document(inner):
    usable({"s": packed(inner)})


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        ([], "it holds no settings"),
        ("causal", "it holds no settings"),
        ({"colour": 1}, "it sets “colour”, which this page does not have"),
        ({"causal": 0}, "its setting “causal” is of the wrong kind"),
        ({"columns": None}, "its setting “columns” is of the wrong kind"),
        ({"temperature": True}, "its setting “temperature” is of the wrong kind"),
        ({"temperature": "2"}, "its setting “temperature” is of the wrong kind"),
        ({"temperature": 0}, "its temperature is 0; it may be 0.1 to 10.0"),
        ({"temperature": 1e999}, "its temperature is inf"),
        ({"temperature": float("nan")}, "its temperature is nan"),
        ({"ablation": "everything"}, "it names the ablation “everything”, which there is not"),
        ({"ablation": "wrong_axis" * 99}, "“wrong_axiswrong_axis…”"),
        ({"stage": "biased"}, "it names the step “biased”, which there is not"),
        ({"residual": False, "stage": "residual"}, "it names the step “residual”, which there is not"),
        ({"picked": []}, "its picked cell is not a matrix, a row and a column"),
        ({"picked": ["q", "0", 0]}, "its picked cell is not a matrix, a row and a column"),
        ({"picked": ["q", True, 0]}, "its picked cell is not a matrix, a row and a column"),
        ({"edits": []}, "its edits are not written as this page writes them"),
        ({"edits": {"w_q": 1}}, "its edits are not written as this page writes them"),
        ({"edits": {"bias": "1"}}, "it edits “bias”, which this example does not have"),
        ({"edits": {"scale": "1"}}, "This matrix is computed"),
        ({"edits": {"weights": "1"}}, "it edits “weights”, which this example does not have"),
        ({"edits": {"w_q": ";" * 24}}, "it has 25 numbers for w_q, which has 24"),
        ({"edits": {"w_q": ";;;;;huge"}}, "W_Q, row noun, column 1: “huge” is not a number"),
        ({"edits": {"mask": "2"}}, "M, row red, column red: the mask holds 1"),
        ({"edits": {"x": "1e7"}}, "X, row red, column adj: “1e7” is too large"),
    ],
)
def test_what_is_wrong_is_said(inner, says):
    problem = refusal({"s": packed(inner)})
    assert says in problem
    assert problem.startswith("Part of the link cannot be read: ")
    assert problem.endswith("The plain example is shown instead.")


@pytest.mark.parametrize(
    "inner",
    [
        {"\ud800": 1},
        {"ablation": "\ud800"},
        {"stage": "\ud800"},
        {"edits": {"\ud800": ""}},
        {"edits": {"w_q": "\ud800"}},
    ],
)
def test_half_a_character_is_refused_in_a_sentence_that_can_be_sent(inner):
    refusal({"s": packed(inner)})


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"9" * 5000, b"[" * 50_000, b'{"edits":' * 9_000, b"NaN"])
def test_what_is_no_settings_is_refused(text):
    refusal({"s": packed(text)})


def test_a_picked_cell_that_is_not_there_picks_nothing_that_is():
    _, view, problems = usable({"s": packed({"picked": ["row_max", 99, 0]})})
    assert (view.picked, problems) == (("row_max", 99, 0), [])  # whoever draws looks whether the cell exists


# ---- bombs


def test_a_long_s_is_refused_before_it_is_unpacked():
    assert f"at most {LONGEST} are read" in refusal({"s": "1." + "A" * 10_000_000})


def test_a_bomb_is_refused_before_it_goes_off():
    bomb = packed(b" " * 5_000_000)
    assert len(bomb) < LONGEST
    tracemalloc.start()
    try:
        assert "too large once unpacked" in refusal({"s": bomb})
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("more", [{}, {"scaled": True}, {"scaled": False}, {"causal": False}])
def test_an_older_link_without_scaling_sets_the_switch(more):
    """It named as a mistake what is a switch of its own."""
    document, _, problems = unpack({"s": packed({"ablation": "unscaled", **more})})
    assert problems == []
    assert document == replace(Document(), **{**more, "scaled": False})
