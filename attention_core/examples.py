"""The worked examples: a sentence, named features, and weights small enough to check by hand.

Vocabulary
    paint   nouns look for adjectives and verbs for nouns; what is mixed is colour. A match scores exactly ln 3, so the
            exponentials are 1 and 3, and the weights are fractions
    banks   "bank" looks for the words that say which bank it is; a position bias prefers the neighbours
    given   the matrices that a program reads, made for one sentence

The weights were chosen by us, for their clean numbers; nothing here was trained.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log, sqrt

import numpy as np

from attention_core.tokens import BANKS, Lexicon, Word, embed, load_lexicon

LN3 = log(3)
_SMALL = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Example:
    """A named example. weights: w_q, w_k [d_model, d_k], w_v [d_model, d_v], w_o [d_v, d_model].

    neighbour   what `bias` adds between tokens that stand side by side; 0 means that the program has no bias
    """

    name: str
    title: str
    sentence: str
    about: str
    lexicon: Lexicon
    entries: Mapping[str, tuple[tuple[int, int], Mapping[tuple[int, int], float]]]
    neighbour: float = 0.0

    @property
    def features(self) -> tuple[str, ...]:
        return self.lexicon.features

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        return {name: _sparse(shape, cells) for name, (shape, cells) in self.entries.items()}

    def words(self, tokens: Sequence[str]) -> tuple[Word, ...]:
        return embed(tokens, self.lexicon)

    def given(self, tokens: Sequence[str], causal: bool = True) -> tuple[dict[str, np.ndarray], dict[str, tuple]]:
        """The given matrices for these tokens, and the labels of the axes. n tokens: x [n, d_model], mask [n, n]."""
        n = len(tokens)
        x = np.array([word.features for word in self.words(tokens)], dtype=float)
        place = np.arange(n)
        mask = place[:, None] >= place if causal else np.ones((n, n), bool)
        d_k = self.weights["w_k"].shape[1]
        given = {
            "x": x,
            **{k: w.copy() for k, w in self.weights.items()},
            "scale": np.array(1 / sqrt(d_k)),
            "mask": mask,
        }
        if self.neighbour:
            given["bias"] = np.where(abs(place[:, None] - place) == 1, self.neighbour, 0.0)
        named = unique(tokens)
        return given, {"query": named, "key": named, "d_model": self.features}


def unique(tokens: Sequence[str]) -> tuple[str, ...]:
    """Labels that tell equal tokens apart by a small number: bank account bank -> bank₁ account bank₂."""
    total, seen = Counter(tokens), Counter()
    taken = {token for token in tokens if total[token] == 1}  # somebody may type "a₁" beside two "a"
    named = []
    for token in tokens:
        label = token
        while total[token] > 1 and (label == token or label in taken):
            seen[token] += 1
            label = token + str(seen[token]).translate(_SMALL)
        taken.add(label)
        named.append(label)
    return tuple(named)


def _sparse(shape: tuple[int, int], cells: Mapping[tuple[int, int], float]) -> np.ndarray:
    matrix = np.zeros(shape)
    for at, value in cells.items():
        matrix[at] = value
    return matrix


_ADJ, _NOUN, _VERB, _RED, _BLUE, _ROUND = range(6)
PAINT = Example(
    name="paint",
    title="Paint: which adjective colours which noun?",
    sentence="red ball hit blue cube",
    about="Nouns look for adjectives, verbs look for nouns; what is handed over is colour and shape.",
    lexicon=load_lexicon(),
    entries={
        # sqrt(d_k) = 2, so 2 ln 3 makes a scaled score of ln 3, and an exponential of 3
        "w_q": ((6, 4), {(_NOUN, 0): 2 * LN3, (_VERB, 1): 2 * LN3}),
        "w_k": ((6, 4), {(_ADJ, 0): 1, (_NOUN, 1): 1, (_VERB, 2): 1}),
        "w_v": ((6, 4), {(_RED, 0): 1, (_BLUE, 1): 1, (_ROUND, 2): 1}),
        "w_o": ((4, 6), {(0, _RED): 1, (1, _BLUE): 1, (2, _ROUND): 1}),
    },
)

_MONEY, _WATER, _CUE, _BANK = range(4)
BANK = Example(
    name="banks",
    title="Banks: which bank is meant?",
    sentence="bank account river bank",
    about="“bank” looks for words that say which bank it is; a position bias makes a neighbour count nine times.",
    lexicon=BANKS,
    entries={
        "w_q": ((4, 1), {(_BANK, 0): LN3}),
        "w_k": ((4, 1), {(_CUE, 0): 1}),
        "w_v": ((4, 2), {(_MONEY, 0): 1, (_WATER, 1): 1}),
        "w_o": ((2, 4), {(0, _MONEY): 1, (1, _WATER): 1}),
    },
    neighbour=log(9),
)

EXAMPLES: Mapping[str, Example] = {example.name: example for example in (PAINT, BANK)}
