"""The glossary: every term is found by all its names, leads only to terms, and is short enough to be read."""

import re

import pytest

from attention_core import programs
from attention_core.glossary import GLOSSARY, Term, term
from attention_core.programs import GIVENS

every_term = pytest.mark.parametrize("entry", GLOSSARY.values(), ids=GLOSSARY)
SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z(“1])")


def names(entry: Term) -> tuple[str, ...]:
    return (entry.name, *entry.also)


@every_term
def test_a_term_is_found_by_every_name_in_any_case(entry):
    for name in names(entry):
        assert term(name) is term(name.upper()) is term(name.lower()) is entry


def test_no_two_terms_share_a_name():
    everything = [name.casefold() for entry in GLOSSARY.values() for name in names(entry)]
    assert len(everything) == len(set(everything))


@every_term
def test_a_term_leads_to_other_terms_only(entry):
    assert set(entry.see) <= set(GLOSSARY) - {entry.name}
    assert len(set(entry.see)) == len(entry.see) <= 4
    assert entry.see


@every_term
def test_a_term_is_explained_in_a_few_plain_sentences(entry):
    assert len(SENTENCES.split(entry.says)) <= 4
    assert len(entry.says) <= 260
    for text in (entry.says, entry.contested):
        assert not text or text[0].isupper() or text[0] in "“e"
        assert not text or text[-1] in ".?!)"
        assert not re.search(r"[$`*<>\\]", text), "plain words: no markup, no LaTeX"
    assert entry.name == entry.name.strip()


@every_term
def test_a_symbol_is_balanced_latex(entry):
    assert entry.symbol.count("{") == entry.symbol.count("}")
    assert "$" not in entry.symbol


@pytest.mark.parametrize(
    "name",
    [
        "query", "key", "value", "head", "score", "weight", "logit", "softmax", "temperature", "residual",
        "residual stream", "embedding", "d_model", "d_k", "d_v", "n_heads", "mask", "causal", "cosine", "dot product",
        "norm", "projection", "bias of a projection", "bias of a position", "exponential", "log-sum-exp", "row sum",
        "token", "feature", "parameter", "matrix", "transpose", "broadcast", "gradient", "derivative", "superposition",
        "layer", "MLP", "attention", "permutation", "rank", "nines", "Bayesian view",
    ],
)  # fmt: skip
def test_what_a_lesson_may_say_is_explained(name):
    assert term(name).says


def test_every_matrix_of_one_head_leads_to_its_term():
    program = programs.one_head(bias=True, temperature=True, steady=True)
    given = {name for step in program for name in step.inputs}
    assert given & set(GIVENS)
    for name in given | {step.name for step in program}:
        assert term(name)


@pytest.mark.parametrize("name", ["attention", "logit", "projection", "softmax", "causal", "superposition"])
def test_what_is_disputed_says_so(name):
    assert term(name).contested


def test_an_unknown_term_is_named():
    with pytest.raises(KeyError, match=r"no “wizard”.*query"):
        term("wizard")
