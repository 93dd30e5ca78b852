"""What the tests of the screen's pure modules share: random documents and views, and every setting of the switches.

Vocabulary
    document   random, made as a learner makes one: with_sentence, with_cells, with_causal, switches
    SETTINGS   the switches in all their combinations, on a short sentence
    tricky     a token that a careless template, formatter or page would stumble over
"""

from dataclasses import replace
from itertools import cycle, product
from random import Random

import numpy as np
from hypothesis import strategies as st

from attention_core import programs
from attention_core.examples import EXAMPLES
from attention_core.tokens import SentenceError, split
from attention_ui.document import EDITABLE, Document, example_document
from attention_ui.link import View

TRICKY = (
    "{query}",
    "{0}",
    "{}",
    "{",
    "}",
    "%s",
    "%(x)s",
    "<b>red</b>",
    "&amp;",
    "$x$",
    "`x`",
    "猫",
    "🎈",
    "naïve",
    "שלום",
)


def is_token(text: str) -> bool:
    try:
        return split(text) == (text,)
    except SentenceError:
        return False


tokens = st.sampled_from(("red", "ball", "bank", "river", "the", *TRICKY)) | st.text(min_size=1, max_size=8).filter(
    is_token
)
sentences = st.lists(tokens, min_size=1, max_size=16).map(" ".join)
WRITTEN = ("3/4", "ln 3", "2 ln 3", "sqrt(2)", "-0.5", "−7", "(1+2)/4", "pi", "1e-3", " 2 ", ".5", "0")
typed = st.sampled_from(WRITTEN) | st.decimals(-99, 99, places=2).map(str)
seeds = st.integers(0, 2**32 - 1)


def shape(document: Document, name: str) -> tuple[int, ...]:
    return document.given()[0][name].shape


def matrices(document: Document, names: tuple[str, ...] = (*EDITABLE, "mask")) -> tuple[str, ...]:
    """The names, of these, of the matrices that this document can edit."""
    given, _ = document.given()
    return tuple(name for name in names if name in given)


def typed_cells(document: Document, name: str, rng: Random) -> dict[tuple[int, int], str]:
    """Texts for up to six cells of one matrix."""
    cells = list(np.ndindex(*shape(document, name)))
    chosen = rng.sample(cells, min(len(cells), rng.randint(0, 6)))
    if name == "mask":
        return {at: rng.choice("01") for at in chosen}
    return {at: rng.choice((*WRITTEN, f"{rng.uniform(-9, 9):.2f}")) for at in chosen}


def switched(document: Document, rng: Random) -> Document:
    """The document with every switch set at random."""
    return replace(
        document.with_causal(rng.random() < 0.7),
        scaled=rng.random() < 0.7,
        residual=rng.random() < 0.7,
        steady=rng.random() < 0.5,
        temperature=rng.choice((1.0, rng.randint(1, 100) / 10)),
        ablation=rng.choice(("", *programs.ABLATIONS)),
    )


def _document(example: str, sentence: str | None, seed: int) -> Document:
    rng = Random(seed)
    document = example_document(example)
    document = switched(document if sentence is None else document.with_sentence(sentence), rng)
    for name in matrices(document):
        document = document.with_cells(name, typed_cells(document, name, rng))
    return document


# Cells and switches come from a seed: drawing each of them by itself would take ten times as long.
documents = st.builds(_document, st.sampled_from(list(EXAMPLES)), st.none() | sentences, seeds)


@st.composite
def views(draw, document: Document) -> View:
    stages = ("all", "x", *programs.names(document.program))
    name = draw(st.sampled_from(matrices(document)))
    cell = draw(st.sampled_from(list(np.ndindex(*shape(document, name)))))
    picked = draw(st.none() | st.just((name, *cell)))
    return View(draw(st.sampled_from(stages)), draw(st.booleans()), draw(st.booleans()), picked)


def _every_setting():
    """Every program by its axes; scaling and the residual, which change no other step, take turns."""
    turns = cycle(((True, True), (False, True), (True, False)))
    for name, temperature, steady, ablation in product(EXAMPLES, (1.0, 0.5), (False, True), ("", *programs.ABLATIONS)):
        scaled, residual = next(turns)
        plain = example_document(name).with_sentence("red bank red")
        yield replace(
            plain, temperature=temperature, steady=steady, ablation=ablation, scaled=scaled, residual=residual
        )


SETTINGS = tuple(_every_setting())


def setting_name(document: Document) -> str:
    """What a setting is called in the list of tests: banks t0.5 steady masked_after."""
    on = [name for name in ("steady", "scaled", "residual") if getattr(document, name)]
    return " ".join([document.example, f"t{document.temperature}", *on, document.ablation]).strip()


def full(example: str, rng: np.random.Generator, form: str = "{:.2f}") -> Document:
    """Sixteen words, and every cell of X, of every weight and of the mask typed anew, numbers as `form` writes them."""
    document = example_document(example).with_sentence(" ".join(f"word{i}" for i in range(16)))
    for name in matrices(document):
        cells = np.ndindex(*shape(document, name))
        document = document.with_cells(
            name, {at: str(rng.integers(2)) if name == "mask" else form.format(rng.normal()) for at in cells}
        )
    return document
