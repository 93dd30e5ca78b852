"""What a learner has made: a sentence, edits and switches; and what follows from it. No Streamlit in here.

Vocabulary
    document   the state that changes numbers: example, sentence, edits, switches. Every change makes a new one
    head       the trace that follows from a document or a lesson's sheet, with what the page says about it
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from attention_core import programs
from attention_core.examples import EXAMPLES, PAINT, Example
from attention_core.numerals import exact
from attention_core.tokens import Word, split
from attention_core.trace import Matrix, Program, Trace
from attention_ui.editable import Editable, Given, Index

EDITABLE = ("x", "w_q", "w_k", "w_v", "w_o", "bias")
BY_POSITION = ("x", "mask", "bias")  # their edits belong to places in the sentence, not to words
TEMPERATURES = (0.1, 10.0)


@dataclass(frozen=True)
class Document(Editable):
    """Everything that changes a number. The defaults are the running example."""

    example: str = PAINT.name
    sentence: str = PAINT.sentence
    causal: bool = True
    scaled: bool = True
    residual: bool = True
    steady: bool = False
    temperature: float = 1.0
    ablation: str = ""

    @property
    def worked(self) -> Example:
        return EXAMPLES[self.example]

    @property
    def tokens(self) -> tuple[str, ...]:
        return split(self.sentence)

    @property
    def program(self) -> Program:
        return programs.one_head(
            bias=bool(self.worked.neighbour), temperature=self.temperature != 1, steady=self.steady,
            scaled=self.scaled, residual=self.residual, ablation=self.ablation,
        )  # fmt: skip

    @property
    def plain(self) -> "Document":
        """The example of this document, as it was before anything was changed."""
        return example_document(self.example)

    @property
    def topic(self) -> tuple:
        return self.example, self.tokens  # not the sentence: how it is spaced changes no word

    @property
    def editable(self) -> tuple[str, ...]:
        return EDITABLE

    @property
    def words(self) -> tuple[Word, ...]:
        return self.worked.words(self.tokens)

    def unedited(self) -> Given:
        given, labels = self.worked.given(self.tokens, self.causal)
        if not self.scaled:
            given["scale"] = np.array(1.0)
        given["temperature"] = np.array(float(self.temperature))  # a link may say 2
        return given, labels

    def about(self, matrix: Matrix, at: Index, d_k: int) -> str:
        if matrix.name == "x":
            return self.words[at[0]].why
        if matrix.name == "scale":
            return f"1 / √{d_k}, because a key has {d_k} coordinates." if self.scaled else "Scaling is switched off."
        number = exact(matrix.value[at].item())
        weight = f"A weight chosen by us ({number}), for clean results; nothing here was trained. You can type another."
        return _ABOUT.get(matrix.name, weight)

    def with_sentence(self, sentence: str) -> "Document":
        """The same weights on another sentence; edits that belong to positions are dropped. Raises SentenceError."""
        split(sentence)
        kept = {name: cells for name, cells in self.edits.items() if name not in BY_POSITION}
        return replace(self, sentence=sentence, edits=kept)

    def unscaled(self) -> "Document":
        """The same with the scores as they are, not divided by √d_k."""
        return replace(self, scaled=False)

    def with_causal(self, causal: bool) -> "Document":
        """The mask's pattern chosen anew; what was painted is dropped."""
        return replace(self, causal=causal, edits={k: cells for k, cells in self.edits.items() if k != "mask"})


_ABOUT = {
    "mask": "Set by the switch “causal mask”; click a cell of the mask to paint it.",
    "temperature": "Set by the slider.",
    "bias": "A number for where two tokens stand, chosen by us. You can type another.",
}


def example_document(name: str) -> Document:
    """The document of a named example, nothing edited. Raises KeyError when there is none of that name."""
    return Document(example=name, sentence=EXAMPLES[name].sentence)


@dataclass(frozen=True)
class Head:
    """What follows from a document: words, the trace, and whether the row maximum had to be subtracted."""

    document: Editable
    words: tuple[Word, ...]
    trace: Trace
    forced: bool

    @cached_property
    def program(self) -> Program:
        """The steps that were run; with the row maximum taken off where that was forced."""
        return tuple(traced.step for traced in self.trace.values())

    def matrix(self, name: str) -> Matrix:
        return self.trace.matrix(name)


def compute(document: Editable) -> Head:
    """Run the document's program on its matrices."""
    given, labels = document.given()
    trace, forced = programs.run_steady(document.program, given, labels, document.steadied)
    return Head(document, document.words, trace, forced)
