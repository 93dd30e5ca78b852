"""What a learner has made: a sentence, edits and switches; and what follows from it. No Streamlit in here.

Vocabulary
    document   the state that changes numbers: example, sentence, edits, switches. Every change makes a new one
    edit       the text typed into one cell of a given matrix; kept as typed ("2 ln 3"), keyed by matrix and index
    painted    an edit of the mask: "1" or "0", where it differs from the pattern of the causal switch
    head       the trace that follows from a document, with what the page says about it
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from attention_core import numerals, programs
from attention_core.examples import EXAMPLES, PAINT, Example
from attention_core.tokens import Word, split
from attention_core.trace import Matrix, Program, Trace

Index = tuple[int, ...]
Edits = Mapping[str, Mapping[Index, str]]

EDITABLE = ("x", "w_q", "w_k", "w_v", "w_o", "bias")
BY_POSITION = ("x", "mask", "bias")  # their edits belong to places in the sentence, not to words
TEMPERATURES = (0.1, 10.0)
BREAKS = ("unscaled", *programs.ABLATIONS)  # what a document's `ablation` may be, beside ""


class EditError(ValueError):
    """An edit that cannot be made; the message says where, what was wrong and what is allowed."""


@dataclass(frozen=True)
class Document:
    """Everything that changes a number. The defaults are the running example."""

    example: str = PAINT.name
    sentence: str = PAINT.sentence
    edits: Edits = field(default_factory=dict)
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
    def is_scaled(self) -> bool:
        """Whether the scores are scaled: it can be switched off, or chosen as what to break."""
        return self.scaled and self.ablation != "unscaled"

    @property
    def program(self) -> Program:
        return programs.one_head(
            bias=bool(self.worked.neighbour), temperature=self.temperature != 1, steady=self.steady,
            scaled=self.is_scaled, residual=self.residual,
            ablation=self.ablation if self.ablation in programs.ABLATIONS else "",
        )  # fmt: skip

    def given(self) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, ...]]]:
        """The given matrices with every edit applied, and the labels of the axes."""
        given, labels = self.worked.given(self.tokens, self.causal)
        for name, cells in self.edits.items():
            for at, text in cells.items():
                given[name][at] = numerals.parse(text)
        if not self.is_scaled:
            given["scale"] = np.array(1.0)
        given["temperature"] = np.array(float(self.temperature))  # a link may say 2
        return given, labels

    def with_sentence(self, sentence: str) -> "Document":
        """The same weights on another sentence; edits that belong to positions are dropped. Raises SentenceError."""
        split(sentence)
        kept = {name: cells for name, cells in self.edits.items() if name not in BY_POSITION}
        return replace(self, sentence=sentence, edits=kept)

    def with_causal(self, causal: bool) -> "Document":
        """The mask's pattern chosen anew; what was painted is dropped."""
        return replace(self, causal=causal, edits={k: cells for k, cells in self.edits.items() if k != "mask"})

    def with_cells(self, name: str, texts: Mapping[Index, str]) -> "Document":
        """These cells of a given matrix typed over. Raises EditError for a cell or a text that cannot be."""
        given, labels = self.given()
        if name not in (*EDITABLE, "mask") or name not in given:
            raise EditError("This matrix is computed; edit the matrices that it is made from.")
        original = replace(self, edits={}).given()[0][name]
        cells = dict(self.edits.get(name, {}))
        for at, text in texts.items():
            if len(at) != original.ndim or any(not 0 <= i < n for i, n in zip(at, original.shape, strict=True)):
                raise EditError(f"{letter_text(name)} is {shape_text(original.shape)} and has no such cell.")
            value = _read(name, at, text, labels)
            cells.pop(at, None)
            if value != original[at]:
                cells[at] = text.strip()
        edits = {k: v for k, v in {**self.edits, name: cells}.items() if v}
        return replace(self, edits=edits)

    def with_block(self, name: str, at: Index, text: str) -> "Document":
        """A block of numbers pasted with its top left corner at `at`. Raises EditError when it does not fit."""
        given, _ = self.given()
        if name not in (*EDITABLE, "mask") or name not in given:
            raise EditError("This matrix is computed; edit the matrices that it is made from.")
        try:
            rows = numerals.parse_block(text)
        except numerals.NumberError as error:
            raise EditError(f"{letter_text(name)}: {error}") from None
        room = tuple(n - i for n, i in zip(given[name].shape, at, strict=True))
        size = (len(rows), len(rows[0]))
        if size[0] > room[0] or size[1] > room[1]:
            raise EditError(
                f"{letter_text(name)}: the pasted block is {shape_text(size)}, but from the chosen cell on there is "
                f"room for {shape_text(room)}. Choose the cell where its top left corner should stand, or paste a "
                "smaller block."
            )
        cells = {(at[0] + r, at[1] + c): repr(v) for r, row in enumerate(rows) for c, v in enumerate(row)}
        return self.with_cells(name, cells)

    def toggled(self, at: Index) -> "Document":
        """The mask painted at one cell: what was visible is hidden, and the other way round."""
        seen = self.given()[0]["mask"][at]
        return self.with_cells("mask", {at: "0" if seen else "1"})


def example_document(name: str) -> Document:
    """The document of a named example, nothing edited. Raises KeyError when there is none of that name."""
    return Document(example=name, sentence=EXAMPLES[name].sentence)


def _read(name: str, at: Index, text: str, labels: Mapping[str, tuple[str, ...]]) -> float:
    try:
        value = numerals.parse(text)
    except numerals.NumberError as error:
        raise EditError(f"{cell_text(name, at, labels)}: {error}") from None
    if name == "mask" and value not in (0, 1):
        raise EditError(f"{cell_text(name, at, labels)}: the mask holds 1 (may see) or 0 (may not), and nothing else.")
    return value


def letter_text(name: str) -> str:
    """The letter of a given matrix as plain text: W_Q."""
    return programs.GIVENS[name].letter


def shape_text(shape: Index) -> str:
    return " × ".join(map(str, shape))


def cell_text(name: str, at: Index, labels: Mapping[str, tuple[str, ...]]) -> str:
    """A cell of a given matrix in words: 'W_Q, row noun, column 0'."""
    axes = programs.GIVENS[name].axes
    names = [labels[axis][i] if axis in labels else str(i) for axis, i in zip(axes, at, strict=True)]
    return f"{letter_text(name)}, row {names[0]}, column {names[1]}"


@dataclass(frozen=True)
class Head:
    """What follows from a document: words, the trace, and whether the row maximum had to be subtracted."""

    document: Document
    words: tuple[Word, ...]
    trace: Trace
    forced: bool

    @cached_property
    def program(self) -> Program:
        """The steps that were run; with the row maximum taken off where that was forced."""
        return tuple(traced.step for traced in self.trace.values())

    def matrix(self, name: str) -> Matrix:
        return self.trace.matrix(name)


def compute(document: Document) -> Head:
    """Run the document's program on its matrices."""
    given, labels = document.given()
    trace, forced = programs.run_steady(document.program, given, labels)
    return Head(document, document.worked.words(document.tokens), trace, forced)
