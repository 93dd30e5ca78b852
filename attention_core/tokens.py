"""Words into rows: a sentence becomes tokens, and each token a word with a row of named features.

token      what whitespace separates, as it was typed
key        the token without case and edge punctuation: what is looked up
part       the part of speech
feature    a named number of a word: one column of X
lexicon    the word list: each key's part and features
word       a token with its key, its features and a sentence that says where they came from

The main word list is lexicon.csv, with the features adj, noun, verb, red, blue, round. Its conventions:
- A word of several parts has its most usual one: "glass" is a noun, "hit" a verb. Colours are adjectives.
- There are two paints. Reds have red 1, blues have blue 1; purple, violet and their shades have red .5 and
  blue .5; other colours have no paint. Nouns have none, not even "blood" or "sky".
- round is 1 for round things, -1 for angular things, 0 for what is neither or may be either.
- Words that only connect (determiners, prepositions, auxiliaries, ...) have 0 everywhere.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from attention_core.numerals import decimal

MAX_TOKENS = 16
MAX_LENGTH = 40

Features = tuple[float, ...]  # [d_model], in the order of Lexicon.features
Row = tuple[str, Features]  # part, features


class SentenceError(ValueError):
    """A sentence that cannot be shown; its text says to a learner what was wrong and what is allowed."""


@dataclass(frozen=True)
class Lexicon:
    """A word list. With `guesses`, a word that it lacks is guessed from its form; without, it gets zeros."""

    features: tuple[str, ...]
    rows: Mapping[str, Row]
    guesses: bool


@dataclass(frozen=True)
class Word:
    """One token with its features [d_model]; `known` if its key is in the lexicon; `why` tells a learner."""

    text: str
    key: str
    part: str
    features: Features
    known: bool
    why: str


# ---- a sentence into tokens

# Characters that reorder the text around them: one would garble labels and messages far from its word.
_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Blank although they count as letters, marks or symbols: fillers, blank braille cell, variation selectors.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0").union(
    map(chr, range(0x180B, 0x1810)), map(chr, range(0xFE00, 0xFE10)), map(chr, range(0xE0000, 0xE1000))
)


@lru_cache(64)  # a document asks for its words again and again while one change of it is drawn
def split(sentence: str) -> tuple[str, ...]:
    """The tokens of a sentence: 1 to MAX_TOKENS strings of 1 to MAX_LENGTH characters, as typed.

    Raises SentenceError, in printable text, for an empty sentence, too many or too long words, words that are
    invisible, and characters that cannot be shown or that reorder the text around them.
    """
    tokens = tuple(sentence.split())
    if not tokens:
        raise SentenceError(f"The sentence is empty. Type 1 to {MAX_TOKENS} words, separated by spaces.")
    if len(tokens) > MAX_TOKENS:
        raise SentenceError(
            f"That is {len(tokens)} words; the page shows at most {MAX_TOKENS}. "
            f"Type 1 to {MAX_TOKENS} words, separated by spaces."
        )
    for place, token in enumerate(tokens, start=1):
        _check(token, place)
    return tokens


def _check(token: str, place: int) -> None:
    # The character checks come first and name the word by its place: no message repeats what it refuses.
    for char in token:
        if _unshowable(char):
            raise SentenceError(
                f"Word {place} contains the character U+{ord(char):04X}, which cannot be shown. "
                "Use letters, digits, punctuation, symbols or emoji."
            )
        if char in _REORDERS:
            raise SentenceError(
                f"Word {place} contains the character U+{ord(char):04X}, which reorders the text around it. "
                "Leave it out; right-to-left words are allowed and need no such character."
            )
    if all(map(_invisible, token)):
        raise SentenceError(
            f"Word {place} consists of invisible characters only. "
            "Delete it, or type at least one letter, digit, symbol or emoji."
        )
    if len(token) > MAX_LENGTH:
        raise SentenceError(
            f"Word {place}, '{token[:12]}…', is {len(token)} characters long. "
            f"A word may have at most {MAX_LENGTH} characters; separate words by spaces."
        )


def _unshowable(char: str) -> bool:
    code = ord(char)
    # Controls, halves of surrogate pairs (no UTF-8 can carry them) and code points that are no characters.
    return unicodedata.category(char) in ("Cc", "Cs") or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or char in _BLANKS


def normal(token: str) -> str:
    """The key of a token: casefolded, without punctuation and symbols at its edges ("" if nothing is left).

    Inner apostrophes and hyphens stay, typographic ones as plain ones. Invisible characters, which pasted
    text often carries, are dropped; accents count the same however they are encoded.
    """
    visible = "".join(char for char in token if not _invisible(char)).replace("’", "'").replace("‐", "-")
    key = unicodedata.normalize("NFC", unicodedata.normalize("NFD", visible).casefold())
    inner = [at for at, char in enumerate(key) if unicodedata.category(char)[0] not in "PS"]
    return key[inner[0] : inner[-1] + 1] if inner else ""


# ---- word lists


@cache
def load_lexicon() -> Lexicon:
    """The main word list, read once from lexicon.csv beside this file."""
    with Path(__file__).with_name("lexicon.csv").open(encoding="utf-8", newline="") as file:
        (_, _, *features), *lines = csv.reader(file)
    rows = {word: (part, tuple(map(float, values))) for word, part, *values in lines}
    return Lexicon(tuple(features), MappingProxyType(rows), guesses=True)


def _banks() -> Lexicon:
    """The word list of "bank account river bank": which meaning of "bank" do its neighbours cue?"""
    nothing = (0.0, 0.0, 0.0, 0.0)
    groups: tuple[tuple[str, Features, str], ...] = (
        ("noun", (1.0, 1.0, 0.0, 1.0), "bank"),
        ("noun", (2.0, 0.0, 1.0, 0.0), "account loan cash cheque credit deposit money mortgage savings"),
        ("noun", (0.0, 2.0, 1.0, 0.0), "river stream shore water fish boat flood lake mud"),
        ("determiner", nothing, "a an the my this that"),
        ("preposition", nothing, "at by from in of on with"),
        ("conjunction", nothing, "and but or"),
        ("auxiliary", nothing, "has is was"),
    )
    rows = {word: (part, features) for part, features, words in groups for word in words.split()}
    return Lexicon(("money", "water", "cue", "bank"), MappingProxyType(rows), guesses=False)


BANKS = _banks()


# ---- tokens into words


def embed(tokens: Iterable[str], lexicon: Lexicon | None = None) -> tuple[Word, ...]:
    """One Word per token, in order, with features [d_model] from `lexicon` (by default the main word list).

    Tokens with equal keys get equal features. No token is an error: an unknown one is guessed or gets zeros.
    """
    lexicon = load_lexicon() if lexicon is None else lexicon
    return tuple(_word(token, lexicon) for token in tokens)


def _word(token: str, lexicon: Lexicon) -> Word:
    key = normal(token)
    if key in lexicon.rows:
        part, features = lexicon.rows[key]
        return Word(token, key, part, features, True, f"From the word list: {_describe(lexicon, key)}.")
    (part, features), reason = _guess(key, lexicon)
    why = f"“{token}” is not in the word list; {reason}. You can change its numbers."
    return Word(token, key, part, features, False, why)


_FEATURE_OF = {"adjective": "adj", "noun": "noun", "verb": "verb"}  # the feature that says a word's part
# The main list's colours that have no paint: about these, a learner is told why nothing turns green.
UNPAINTED = frozenset({
    "beige", "black", "brown", "cyan", "golden", "gray", "green", "grey", "orange", "pink", "silver", "teal",
    "turquoise", "verdant", "white", "yellow",
})  # fmt: skip


def _describe(lexicon: Lexicon, key: str) -> str:
    """A known word in a few words: "noun; round", "adjective; red 0.50, blue 0.50"."""
    part, features = lexicon.rows[key]
    if lexicon.guesses and key in UNPAINTED:
        return f"{part}; it has no feature for its colour, for only red and blue are kept"
    said = [
        name if value == 1 else f"{name} {decimal(value)}"
        for name, value in zip(lexicon.features, features, strict=True)
        if value and name != _FEATURE_OF.get(part)
    ]
    if said:
        return f"{part}; {', '.join(said)}"
    return part if any(features) else f"{part}; every feature is 0"


# ---- guesses: first from a known word, then from the ending

_NOUN_VERB, _VERB, _ADJECTIVE = ("noun", "verb"), ("verb",), ("adjective",)
# An ending, what may stand in its place in the known word, and the parts that inflect so. "e" comes before
# "", so that "hoped" is from "hope", not "hop"; "2" takes back a doubled consonant (hopping, redder).
_INFLECTIONS = (
    ("s", ("",), _NOUN_VERB),
    ("es", ("",), _NOUN_VERB),
    ("ies", ("y",), _NOUN_VERB),
    ("ves", ("f", "fe"), ("noun",)),
    ("ed", ("e", "", "2"), _VERB),
    ("ied", ("y",), _VERB),
    ("ing", ("e", "", "2"), _VERB),
    ("ying", ("ie",), _VERB),
    ("er", ("e", "", "2"), _ADJECTIVE),
    ("ier", ("y",), _ADJECTIVE),
    ("est", ("e", "", "2"), _ADJECTIVE),
    ("iest", ("y",), _ADJECTIVE),
)
_ENDINGS = {
    "adverb": ("ly",),
    "adjective": ("ous", "ful", "ish", "less", "able", "ible"),
    "noun": ("tion", "sion", "ness", "ment", "ity", "ist", "ism", "ship", "er"),
    "verb": ("ed", "ing", "ize", "ify"),
}


def _guess(key: str, lexicon: Lexicon) -> tuple[Row, str]:
    """The row of an unknown word, and the reason for it as a clause."""
    if not lexicon.guesses:
        return _row("unknown", lexicon), "this example does not guess, so every feature is 0"
    base = next(_relatives(key, lexicon), None)
    if base is not None:
        return lexicon.rows[base], f"its features were taken from “{base}” ({_describe(lexicon, base)})"
    if re.match(r"\d", key):
        return _guessed("numeral", "it begins with a digit", lexicon)
    for part, endings in _ENDINGS.items():
        for ending in endings:
            if key.endswith(ending) and _is_stem(key.removesuffix(ending)):
                return _guessed(part, f"it ends in -{ending}", lexicon)
    return _row("unknown", lexicon), "nothing could be guessed, so every feature is 0"


def _guessed(part: str, because: str, lexicon: Lexicon) -> tuple[Row, str]:
    article = "an" if part.startswith("a") else "a"
    zeros = "" if part in _FEATURE_OF else " (every feature 0)"
    return _row(part, lexicon), f"{because}, so it was guessed to be {article} {part}{zeros}"


def _row(part: str, lexicon: Lexicon) -> Row:
    return part, tuple(float(name == _FEATURE_OF.get(part)) for name in lexicon.features)


def _relatives(key: str, lexicon: Lexicon) -> Iterator[str]:
    """The known words that `key` may be a form of, the likeliest first."""

    def is_a(base: str, parts: tuple[str, ...]) -> bool:
        return base in lexicon.rows and lexicon.rows[base][0] in parts

    owner = key.removesuffix("'s")
    if owner != key and owner in lexicon.rows:
        yield owner
    for ending, replacements, parts in _INFLECTIONS:
        if key.endswith(ending):
            stem = key.removesuffix(ending)
            yield from (base for base in (_base(stem, end) for end in replacements) if is_a(base, parts))
    # A compound is what its last part is: "sky-blue" is a blue, "snow-fox" a fox.
    *rest, last = key.split("-")
    if rest and is_a(last, ("adjective", "noun")):
        yield last


def _base(stem: str, end: str) -> str:
    if end != "2":
        return stem + end
    doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "aeiou"
    return stem[:-1] if doubled else ""


def _is_stem(stem: str) -> bool:
    # "thing", "sled", "fly" and "city" have no ending: what precedes it must be able to stand as a syllable.
    return len(stem) >= 3 and any(vowel in stem for vowel in "aeiouy")
