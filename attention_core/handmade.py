"""Heads built by hand: weights chosen so that a head does one thing that can be said in a sentence.

Vocabulary
    word feature   "red": 1 for a token that is this word, case ignored; one per distinct word of the text
    place feature  "at 3": 1 for the third token
    heard feature  "after red": where a head writes which word came before
    factor         how many times as much an intended key counts as any other one: exp of its score
    sink           a token that takes the attention of those that look for nothing; it hands nothing over

Every head works for any text, because its weights are made for the words and places of that text. None was trained.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from attention_core.examples import PAINT, unique
from attention_core.programs import SELF_ATTENTION, biased, masked, stack
from attention_core.trace import Program

Given = dict[str, np.ndarray]
Labels = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class HandHead:
    """A head, or two on top of one another, as loadable weights.

    program   what to run
    given     (tokens, factor) -> the given matrices and the labels of the axes; factor above 1. x is [n, d_model]
    causal    whether a token sees only itself and what came before
    """

    name: str
    title: str
    about: str
    program: Program
    build: Callable[["_Text", float], Given]
    factor: float
    causal: bool = True

    def given(self, tokens: Sequence[str], factor: float | None = None) -> tuple[Given, Labels]:
        """The matrices that `program` reads for these tokens, and the labels of their axes.

        Raises ValueError for no tokens, or a factor that is not finite and above 1: the intended key counts for more.
        """
        factor = self.factor if factor is None else factor
        if not tokens:
            raise ValueError(f"the head {self.name!r} needs at least one token, and there is none")
        if not 1 < factor < np.inf:
            raise ValueError(f"factor says how many times as much the intended key counts: above 1, not {factor}")
        text = _Text(tuple(tokens))
        n = len(tokens)
        mask = np.tri(n, dtype=bool) if self.causal else np.ones((n, n), bool)
        given = {"mask": mask, **self.build(text, factor)}
        features = text.features if given["x"] is text.x else PAINT.features
        return given, {"query": text.labels, "key": text.labels, "d_model": features}


class _Text:
    """The words and places of one text, and where their features stand."""

    def __init__(self, tokens: tuple[str, ...]):
        self.tokens = tokens
        words = tuple(token.casefold() for token in tokens)
        self.words = tuple(dict.fromkeys(words))
        self.n, self.n_words = len(tokens), len(self.words)
        self.labels = unique(tokens)
        self.features = (
            *self.words,
            *(f"at {i + 1}" for i in range(self.n)),
            *(f"after {word}" for word in self.words),
        )
        self.x = np.zeros((self.n, len(self.features)))
        for i, word in enumerate(words):
            self.x[i, self.words.index(word)] = self.x[i, self.n_words + i] = 1

    @property
    def word(self) -> np.ndarray:
        """Word features to coordinates: [d_model, n_words]."""
        return np.eye(len(self.features))[:, : self.n_words]

    @property
    def place(self) -> np.ndarray:
        """Place features to coordinates: [d_model, n]."""
        return np.eye(len(self.features))[:, self.n_words : self.n_words + self.n]

    @property
    def heard(self) -> np.ndarray:
        """Heard features to coordinates: [d_model, n_words]."""
        return np.eye(len(self.features))[:, self.n_words + self.n :]


def _one(text: _Text, w_q: np.ndarray, w_k: np.ndarray, factor: float) -> Given:
    """One head whose matching pairs score ln factor, and which hands over the words as "after ..." features."""
    d_k = w_k.shape[1]
    return {
        "x": text.x, "w_q": w_q * log(factor) * sqrt(d_k), "w_k": w_k, "w_v": text.word, "w_o": text.heard.T,
        "scale": np.array(1 / sqrt(d_k)),
    }  # fmt: skip


def _uniform(text: _Text, factor: float) -> Given:
    return _one(text, np.zeros_like(text.place), text.place, factor)


def _neighbour(step: int) -> Callable[[_Text, float], Given]:
    """The query of place i fits the key of place i + step."""
    return lambda text, factor: _one(text, text.place, text.place @ np.eye(text.n, k=-step), factor)


def _same(text: _Text, factor: float) -> Given:
    return _one(text, text.word, text.word, factor)


def _sink(text: _Text, factor: float) -> Given:
    everyone, first = text.place.sum(axis=1, keepdims=True), text.place[:, :1]
    given = _one(text, everyone, first, factor)
    spared = text.word.copy()
    spared[text.words.index(text.tokens[0].casefold())] = 0  # the sink's word is handed over by nobody
    return {**given, "w_v": spared}


def _adjective(text: _Text, factor: float) -> Given:
    """The weights of the paint example, with a bias for the token just before."""
    given, _ = PAINT.given(text.tokens)
    place = np.arange(text.n)
    before = np.where(place[:, None] - place == 1, log(9), 0.0)
    w_q = np.where(given["w_q"] > 0, log(factor) * sqrt(given["w_k"].shape[1]), 0.0)
    w_q[:, 1] = 0  # nouns only: verbs look for nothing here
    return {**given, "w_q": w_q, "bias": before, "mask": np.ones((text.n, text.n), bool)}


_SURE = 1e6  # how sharply the first of two layers looks back: its slip, under 16 in a million, stays out of sight


def _induction(text: _Text, factor: float) -> Given:
    room = [(0, 0), (0, text.n - text.n_words)]  # both layers get as many coordinates as there are places
    first = _neighbour(-1)(text, _SURE)
    second = _one(text, np.pad(text.word, room), np.pad(text.heard, room), factor)
    second["w_k"][text.n_words, 0] = -1  # the first token saw only itself: that it came after itself is taken back
    second["w_o"] = text.word.T  # what came after is written as a word: it is said again
    layers = {
        f"layer{i}.{name}": layer[name]
        for i, layer in enumerate((first, second), 1)
        for name in ("w_q", "w_k", "w_v", "w_o")
    }
    return {"x": text.x, "scale": first["scale"], **layers}


_HEAD = masked(SELF_ATTENTION)
HEADS: dict[str, HandHead] = {
    head.name: head
    for head in (
        HandHead("uniform", "Uniform", "Every token takes the same from all that it sees.", _HEAD, _uniform, 999),
        HandHead("previous", "Previous token", "Every token looks at the one before it.", _HEAD, _neighbour(-1), 999),
        HandHead("next", "Next token", "Every token looks at the one after it.", _HEAD, _neighbour(1), 999, False),
        HandHead("same", "Same word", "Every token looks for tokens that are the same word.", _HEAD, _same, 999, False),
        HandHead(
            "adjective", "Adjective to noun", "Every noun looks for adjectives, most of all just before it.",
            biased(_HEAD), _adjective, 27, False,
        ),
        HandHead(
            "induction", "Induction", "A token looks for what came after the same word last time, and says it again.",
            stack([_HEAD, _HEAD]), _induction, 45,
        ),
        HandHead(
            "sink", "Attention sink", "Every token rests on the first one, which hands nothing over.", _HEAD, _sink, 999
        ),
    )
}  # fmt: skip
