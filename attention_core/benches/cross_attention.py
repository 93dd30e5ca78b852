"""Two sources: a sentence that asks and another that is asked; and a picture, cut into patches that ask one another.

Vocabulary
    part      which of the attentions of an encoder and a decoder: French reads English, or English French (cross), one
              sentence reads itself without a mask (encoder) or with a causal one (decoder)
    asker     the sentence that queries are made of; source: what keys and values are made of
    kind      of a word: noun, adjective, article. By it the words of the two languages find each other
    meaning   the last two features of either language: how red, how round. The sentence that is being written does not
              have them: they are 0, and come from the source
    joint     who sees whom in a whole model, as one square: the source's tokens first, then those of the target
    factor    how many times as much a match counts: of a word, and of each pixel that two patches have in common
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from attention_core import masks, programs
from attention_core.benches.bench import Bench, SetUp, Value
from attention_core.masks import Mask
from attention_core.numerals import exact
from attention_core.tokens import Word
from attention_core.trace import Program

FACTOR, PIXEL_FACTOR = 9, 2
_D_K = 4  # its root is whole; three coordinates are used, one for each kind of word
_MATCH = sqrt(_D_K) * log(FACTOR)  # in W_Q, where kinds match: scaled, ln 9
_NOUN, _ADJECTIVE, _ARTICLE = range(3)  # the coordinates that queries and keys have for the kinds
_KINDS = ("noun", "adjective", "article")


@dataclass(frozen=True)
class Language:
    """Features, which of them say the kind of a word (noun, adjective, article), and the words; meaning comes last."""

    name: str
    features: tuple[str, ...]
    kinds: tuple[str, str, str]
    words: Mapping[str, Mapping[str, float]]

    def embedded(self, words: Sequence[str], meant: bool) -> np.ndarray:
        """The rows of these words [n, d]; meant: with what they mean, else 0 in the last two features."""
        rows = np.array([[self.words[word].get(name, 0.0) for name in self.features] for word in words])
        if not meant:
            rows[:, -_MEANINGS:] = 0.0
        return rows

    def at(self, feature: str) -> int:
        return self.features.index(feature)

    def by_kind(self, strength: float, looks: Sequence[int | None] = range(3)) -> np.ndarray:
        """W_Q or W_K [d, d_k]: for each kind the coordinate that it looks for, or is found by; None for nothing."""
        weights = np.zeros((len(self.features), _D_K))
        for kind, coordinate in zip(self.kinds, looks, strict=True):
            if coordinate is not None:
                weights[self.at(kind), coordinate] = strength
        return weights


_MEANINGS = 2
ENGLISH = Language(
    "English", ("det", "adj", "noun", "colour", "shape"), ("noun", "adj", "det"),
    {"the": {"det": 1}, "red": {"adj": 1, "colour": 1}, "ball": {"noun": 1, "shape": 1}},
)  # fmt: skip
FRENCH = Language(
    "French", ("nom", "adj", "art", "fém", "couleur", "forme"), ("nom", "adj", "art"),
    {"la": {"art": 1, "fém": 1}, "balle": {"nom": 1, "fém": 1, "forme": 1}, "rouge": {"adj": 1, "couleur": 1}},
)  # fmt: skip
LANGUAGES = {"english": ENGLISH, "french": FRENCH}
SENTENCES = {"english": ("red ball", "the red ball"), "french": ("balle rouge", "la balle rouge")}


# --- Words -----------------------------------------------------------------------------------------------------------

_CROSSED: Program = programs.masked(programs.CROSS_ATTENTION)
_OWN: Program = programs.masked(programs.SELF_ATTENTION)


@dataclass(frozen=True)
class Part:
    """One attention of a whole model. asker, source: languages; causal: whether later words are hidden.

    looks: for noun, adjective and article the kind that it looks for; carried: the features that values are made of
    """

    asker: str
    source: str
    causal: bool
    looks: tuple[int | None, int | None, int | None]
    carried: tuple[str, ...]

    @property
    def crossed(self) -> bool:
        return self.asker != self.source

    @property
    def program(self) -> Program:
        return _CROSSED if self.crossed else _OWN

    @property
    def written(self) -> tuple[str, ...]:
        """The features of the asker that the values are written into, as many as are carried."""
        features = LANGUAGES[self.asker].features
        return features[-len(self.carried) :] if self.crossed else self.carried


_SAME = (_NOUN, _ADJECTIVE, _ARTICLE)
PARTS: Mapping[str, Part] = {
    "cross": Part("french", "english", False, _SAME, ENGLISH.features[-_MEANINGS:]),
    "back": Part("english", "french", False, _SAME, FRENCH.features[-_MEANINGS:]),
    "encoder": Part("english", "english", False, (_ADJECTIVE, None, None), ENGLISH.features[-_MEANINGS:]),
    "decoder": Part("french", "french", True, (None, _NOUN, None), ("fém",)),
}
_CHOSEN = "A weight chosen by us, for clean results; nothing here was trained. You can type another."


def _weights(part: Part) -> dict[str, np.ndarray]:
    """W_Q of the asker's features, W_K and W_V of the source's; W_O back into the asker's."""
    asker, source = LANGUAGES[part.asker], LANGUAGES[part.source]
    places = range(len(part.carried))
    w_v, w_o = np.zeros((len(source.features), len(places))), np.zeros((len(places), len(asker.features)))
    w_v[[source.at(name) for name in part.carried], places] = 1.0
    w_o[places, [asker.at(name) for name in part.written]] = 1.0
    return {
        "w_q": asker.by_kind(_MATCH, part.looks), "w_k": source.by_kind(1.0), "w_v": w_v, "w_o": w_o,
    }  # fmt: skip


def _word(language: Language, word: str, row: np.ndarray, meant: bool) -> Word:
    kind = _KINDS[[language.words[word].get(name, 0) for name in language.kinds].index(1)]
    also = "" if meant else f" Its {' and '.join(language.features[-_MEANINGS:])} are to come from the source."
    why = f"{language.name}, from a word list that we made: {kind}.{also} You can type another number."
    return Word(word, word, kind, tuple(row.tolist()), True, why)


def _words(part: Part, english: str, french: str) -> SetUp:
    texts = {"english": tuple(english.split()), "french": tuple(french.split())}
    asker, source = LANGUAGES[part.asker], LANGUAGES[part.source]
    queries, keys = texts[part.asker], texts[part.source]
    meant = part.asker == part.source == "english"  # what is read has its meaning; what is written has not
    x = asker.embedded(queries, meant)
    mask = masks.causal(len(queries)) if part.causal else masks.full(len(queries), len(keys))
    given = {"x": x, **_weights(part), "scale": np.array(1 / sqrt(_D_K)), "mask": np.array(mask)}
    labels = {"query": queries, "key": keys, "d_model": asker.features, "d_v": part.carried}
    sees = "A word sees itself and the words before it" if part.causal else "Every word sees every word of the source"
    about = {
        **dict.fromkeys(("w_k", "w_v", "w_o"), _CHOSEN),
        "w_q": f"A weight chosen by us: {exact(_MATCH)} where kinds match. Times c = 1 / √{_D_K} that makes a score of "
        f"{exact(log(FACTOR))}, so that a match counts {FACTOR} times. You can type another.",
        "scale": "1 / √4, because a key has 4 coordinates.",
        "mask": f"{sees}; click a cell to paint it.",
    }
    if part.crossed:
        given["source"], labels["d_source"] = source.embedded(keys, True), source.features
        about["source"] = f"{source.name}, from a word list that we made. You can type another number."
    words = tuple(_word(asker, word, row, meant) for word, row in zip(queries, x, strict=True))
    editable = ("x", *(("source",) if part.crossed else ()), "w_q", "w_k", "w_v", "w_o")
    return SetUp(
        programs.unshifted(part.program), given, labels, editable, about, words, programs.steadied(part.program)
    )


# --- Who sees whom in a whole model ----------------------------------------------------------------------------------

MODELS: Mapping[str, Callable[[int, int], Mask]] = {  # from the numbers of source and target tokens
    "encoder": lambda n, m: masks.full(n + m),
    "decoder": lambda n, m: masks.causal(n + m),
    "both": masks.encoder_decoder,
}


# --- A picture -------------------------------------------------------------------------------------------------------

PICTURE = np.array([[float(sign == "#") for sign in row] for row in (
    "######",
    "#.....",
    "####..",
    "#.....",
    "#.....",
    "#.....",
)])  # fmt: skip
CUTS = (2, 3)
PATCHES = tuple(f"P{i + 1}" for i in range(PICTURE.size // CUTS[0] ** 2))


def _picture(cut: int) -> SetUp:
    pixels = cut * cut
    names = PATCHES[: PICTURE.size // pixels]
    eye = np.eye(pixels)
    letters = tuple("abcdefghi"[:pixels])
    across = tuple(str(i + 1) for i in range(len(PICTURE)))
    same = "1 where a pixel meets itself: {}. Chosen by us; you can type another."
    about = {
        "picture": "A pixel: 0 is empty, 1 is filled. Click it to fill or to empty it, or type a number between.",
        "w_q": f"Chosen by us: {cut} ln {PIXEL_FACTOR} where a pixel meets itself, so that each pixel filled in both "
        f"patches makes the exponential {PIXEL_FACTOR} times as large. You can type another.",
        "w_k": same.format("a patch is found by its own pixels"),
        "w_v": same.format("a patch hands over its own pixels"),
        "scale": f"1 / √{pixels}, because a key has {pixels} coordinates.",
    }
    given = {
        "picture": PICTURE.copy(), "w_q": cut * log(PIXEL_FACTOR) * eye, "w_k": eye.copy(), "w_v": eye.copy(),
        "scale": np.array(1 / cut),
    }  # fmt: skip
    labels = {
        "query": names, "key": names, "d_model": letters, "pixel_row": across, "pixel_col": across, "d_v": letters,
    }  # fmt: skip
    program = programs.over_patches(cut, PICTURE.shape)
    return SetUp(
        programs.unshifted(program), given, labels, ("picture", "w_q", "w_k", "w_v"), about,
        steady=programs.steadied(program), painted={"picture": (0.0, 1.0)}, cut=cut,
    )  # fmt: skip


# --- The bench -------------------------------------------------------------------------------------------------------


def _built(read: str, part: str, english: str, french: str, cut: int, **_: Value) -> SetUp:
    """The other settings, the model and the patch that is followed, belong to figures of the page."""
    return _picture(cut) if read == "picture" else _words(PARTS[part], english, french)


BENCH = Bench(
    "cross_attention",
    {
        "read": "words",
        "part": "cross",
        "english": SENTENCES["english"][0],
        "french": SENTENCES["french"][0],
        "cut": CUTS[0],
        "model": "both",
        "follow": "P2",
    },
    {
        "read": ("words", "picture"),
        "part": tuple(PARTS),
        **SENTENCES,
        "cut": CUTS,
        "model": tuple(MODELS),
        "follow": PATCHES,
    },
    _built,
    figures=("model", "follow"),
)
