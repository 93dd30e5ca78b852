"""Laws of the word list, of splitting a sentence and of giving each word its row."""

import csv
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from attention_core import tokens
from attention_core.tokens import (
    BANKS,
    MAX_LENGTH,
    MAX_TOKENS,
    SentenceError,
    embed,
    load_lexicon,
    normal,
    split,
)

FEATURES = ("adj", "noun", "verb", "red", "blue", "round")
FEATURE_OF = {"adjective": "adj", "noun": "noun", "verb": "verb"}
EMPTY_PARTS = {
    "determiner",
    "preposition",
    "pronoun",
    "conjunction",
    "adverb",
    "auxiliary",
    "numeral",
    "particle",
}
ZEROS = (0.0,) * 6

anything = st.text(st.characters(exclude_categories=()))  # surrogates, controls and all
known_words = st.sampled_from(sorted(load_lexicon().rows))
edges = st.text("\"'.,;:!?()[]*$<>«»“”…—¿€🎈", max_size=4)


def raw_rows() -> list[dict[str, str]]:
    path = Path(tokens.__file__).with_name("lexicon.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def word(text: str, lexicon=None) -> tokens.Word:
    (only,) = embed([text], lexicon)
    return only


def refusal(sentence: str) -> str:
    with pytest.raises(SentenceError) as caught:
        split(sentence)
    return str(caught.value)


# ---- the word list


def test_the_list_is_sorted_unique_and_long_enough():
    words = [row["word"] for row in raw_rows()]
    assert words == sorted(set(words))
    assert len(words) >= 450
    assert len(load_lexicon().rows) == len(words)


def test_the_header_names_the_features():
    assert tuple(raw_rows()[0]) == ("word", "part", *FEATURES)
    assert load_lexicon().features == FEATURES
    assert load_lexicon().guesses


def check_row(row: dict[str, str]) -> None:
    assert normal(row["word"]) == row["word"]
    assert split(row["word"]) == (row["word"],)
    assert all(row[name] in ("0", "1", "-1", ".5") for name in FEATURES)
    value = {name: float(row[name]) for name in FEATURES}
    own = FEATURE_OF.get(row["part"])
    assert [value[name] for name in FEATURES[:3]] == [float(name == own) for name in FEATURES[:3]]
    if own is None:
        assert row["part"] in EMPTY_PARTS
        assert not any(value.values())
    paints = [(0, 0), (1, 0), (0, 1), (0.5, 0.5)] if own == "adj" else [(0, 0)]
    assert (value["red"], value["blue"]) in paints
    assert value["round"] in ((-1, 0, 1) if own in ("adj", "noun") else (0,))
    assert load_lexicon().rows[row["word"]] == (row["part"], tuple(value.values()))


def test_every_row_is_well_formed():
    for row in raw_rows():
        check_row(row)


def test_purple_and_violet_are_half_red_half_blue():
    assert word("purple").features == word("violet").features == (1, 0, 0, 0.5, 0.5, 0)


def test_the_list_cannot_be_changed_by_a_caller():
    with pytest.raises(TypeError):
        load_lexicon().rows["red"] = ("noun", ZEROS)
    assert load_lexicon() is load_lexicon()


# ---- the examples


def test_the_running_example():
    assert [found.features for found in embed(split("red ball hit blue cube"))] == [
        (1, 0, 0, 1, 0, 0),
        (0, 1, 0, 0, 0, 1),
        (0, 0, 1, 0, 0, 0),
        (1, 0, 0, 0, 1, 0),
        (0, 1, 0, 0, 0, -1),
    ]


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("a fluffy blue creature roamed the verdant forest", "d a a n v d a n"),
        ("the cat sat on the mat", "d n v p d n"),
        ("the quick brown fox jumps over the lazy dog", "d a a n v p d a n"),
        ("glass ball steel table shattered", "n n n n v"),
        ("bank account river bank", "n n n n"),
    ],
)
def test_the_words_of_the_other_examples(sentence, parts):
    found = embed(split(sentence))
    assert all(each.known for each in found)
    assert [each.part[0] for each in found] == parts.split()
    for each in found:
        roundness = 1 if each.text == "ball" else 0
        assert each.features[5] == roundness
        assert each.features[3:5] == ((0, 1) if each.text == "blue" else (0, 0))


def causal_weights(sentence: str) -> np.ndarray:  # -> [n, n]
    """Nouns look at adjectives and verbs at nouns, each match three times as strongly as anything else."""
    x = np.array([found.features for found in embed(split(sentence))])
    adj, noun, verb = x[:, :3].T
    exps = np.tril(3 ** (np.outer(noun, adj) + np.outer(verb, noun)))
    return exps / exps.sum(axis=1, keepdims=True)


def test_creature_and_forest_share_their_attention_between_adjectives():
    weights = causal_weights("a fluffy blue creature roamed the verdant forest")
    assert weights[3, :4] == pytest.approx([1 / 8, 3 / 8, 3 / 8, 1 / 8])
    assert weights[7] == pytest.approx(np.array([1, 3, 3, 1, 1, 1, 3, 1]) / 14)


def test_without_adjectives_nouns_attend_uniformly():
    weights = causal_weights("the cat sat on the mat")
    assert weights[1, :2] == pytest.approx([1 / 2, 1 / 2])
    assert weights[5] == pytest.approx([1 / 6] * 6)


def test_the_banks_example():
    found = embed(split("bank account river bank"), BANKS)
    assert BANKS.features == ("money", "water", "cue", "bank")
    assert [each.features for each in found] == [(1, 1, 0, 1), (2, 0, 1, 0), (0, 2, 1, 0), (1, 1, 0, 1)]
    assert all(each.known for each in found)
    assert {features for _, features in BANKS.rows.values()} == {
        (1, 1, 0, 1),
        (2, 0, 1, 0),
        (0, 2, 1, 0),
        (0, 0, 0, 0),
    }


@pytest.mark.parametrize("text", ["glorping", "banks", "rivers", "loaned", "quickly", "river-bank"])
def test_a_list_that_does_not_guess_gives_zeros_and_says_so(text):
    found = word(text, BANKS)
    assert (found.known, found.part, found.features) == (False, "unknown", (0, 0, 0, 0))
    assert "does not guess, so every feature is 0" in found.why


# ---- splitting


@given(anything)
@example("a" * MAX_LENGTH)
@example("a" * (MAX_LENGTH + 1))
@example("\ufeffred ball")
def test_any_text_is_split_or_refused_in_printable_words(text):
    try:
        found = split(text)
    except SentenceError as error:
        message = str(error)
        message.encode("utf-8")
        assert message.isprintable()
        assert message.endswith(".")
    else:
        assert 1 <= len(found) <= MAX_TOKENS
        assert list(found) == text.split()
        assert all(1 <= len(token) <= MAX_LENGTH for token in found)
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for token in found for char in token)


@given(st.lists(known_words, min_size=1, max_size=MAX_TOKENS), st.sampled_from([" ", "  ", "\t", "\n", "\u3000"]))
def test_whitespace_of_any_kind_separates(words, space):
    assert split(space + space.join(words) + space) == tuple(words)


@pytest.mark.parametrize("sentence", ["", " ", "\n\t \u2003"])
def test_an_empty_sentence(sentence):
    assert refusal(sentence) == "The sentence is empty. Type 1 to 16 words, separated by spaces."


def test_the_number_of_words_is_bounded():
    assert len(split("cat " * 16)) == 16
    assert refusal("cat " * 17).startswith("That is 17 words; the page shows at most 16. ")
    assert refusal("cat " * 200).startswith("That is 200 words; the page shows at most 16. ")


def test_the_length_of_a_word_is_bounded_and_a_long_one_named_shortened():
    assert split("x" * 40) == ("x" * 40,)
    message = refusal("the abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")
    assert "Word 2, 'abcdefghijkl…', is 52 characters long" in message
    assert "40" in message
    assert len(refusal("x" * 1_000_000)) < 200


@pytest.mark.parametrize("code", [0x00, 0x07, 0x1B, 0x7F, 0x9F, 0xD800, 0xDFFF, 0xFDD0, 0xFFFE, 0x10FFFF])
def test_characters_that_cannot_be_shown(code):
    message = refusal(f"red ba{chr(code)}ll")
    assert f"Word 2 contains the character U+{code:04X}, which cannot be shown." in message


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_characters_that_reorder_text(code):
    assert f"Word 1 contains the character U+{code:04X}, which reorders" in refusal(f"re{chr(code)}d ball")


@pytest.mark.parametrize(
    "token", ["\u200b", "\u200d\u200c", "\ufeff", "\u00ad", "\u3164", "\u2800", "\ufe0f", "\u2060"]
)
def test_invisible_words(token):
    assert "Word 2 consists of invisible characters only." in refusal(f"red {token} ball")
    assert split(f"red ball{token}") == ("red", f"ball{token}")


@pytest.mark.parametrize(
    "token",
    [
        *("🎈", "👩\u200d👩\u200d👧", "❤️", "שלום", "مرحبا", "می\u200cخواهم", "猫"),
        *("<script>", "**stark**", "$x$", "&amp;", "../etc", "-", "=1+1", "'"),
    ],
)
def test_strange_words_are_words(token):
    assert split(f"the {token} sat") == ("the", token, "sat")
    found = word(token)
    assert (found.text, found.known, found.features) == (token, False, ZEROS)
    assert found.why.startswith(f"“{token}” is not in the word list; ")
    assert found.why.endswith(". You can change its numbers.")


# ---- keys


@pytest.mark.parametrize(
    ("token", "key"),
    [
        ("Ball", "ball"),
        ("“Ball”,", "ball"),
        ("(cube)!?", "cube"),
        ("**red**", "red"),
        ("$x$", "x"),
        ("<script>", "script"),
        ("don't", "don't"),
        ("don’t", "don't"),
        ("'tis", "tis"),
        ("dogs'", "dogs"),
        ("sky-blue", "sky-blue"),
        ("-blue-", "blue"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("cafe\u0301", "café"),
        ("ba\u00adll\u200b", "ball"),
        ("...", ""),
        ("🎈", ""),
        ("3.5%", "3.5"),
    ],
)
def test_normal(token, key):
    assert normal(token) == key


@given(anything)
def test_a_key_is_its_own_key_and_has_bare_edges(text):
    key = normal(text)
    assert normal(key) == key
    assert all(unicodedata.category(char)[0] not in "PS" for char in key[:1] + key[-1:])


@given(known_words, edges, edges)
def test_case_and_edges_do_not_matter_to_a_known_word(text, before, after):
    plain = word(text)
    for variant in (text, text.upper(), text.capitalize()):
        found = word(before + variant + after)
        assert (found.key, found.known) == (text, True)
        assert (found.part, found.features, found.why) == (plain.part, plain.features, plain.why)


@given(anything, edges, edges)
@example("glorping", "“", "!”")
def test_equal_keys_have_equal_rows(text, before, after):
    assume(normal(before + text + after) == normal(text))  # all but texts whose first accent joins the edge
    for lexicon in (None, BANKS):
        one, two = embed([text, before + text + after], lexicon)
        assert (one.part, one.features, one.known) == (two.part, two.features, two.known)


@given(st.lists(anything, max_size=5))
def test_every_text_has_a_finite_row_and_a_reason(texts):
    for lexicon in (load_lexicon(), BANKS):
        found = embed(texts, lexicon)
        assert [each.text for each in found] == texts
        for each in found:
            assert len(each.features) == len(lexicon.features)
            assert np.isfinite(each.features).all()
            assert each.known == (each.key in lexicon.rows)
            assert each.why.endswith(".")


# ---- reasons and guesses


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ball", "noun; round."),
        ("cube", "noun; round −1."),
        ("cat", "noun."),
        ("red", "adjective; red."),
        ("purple", "adjective; red 0.50, blue 0.50."),
        ("green", "adjective; it has no feature for its colour, for only red and blue are kept."),
        ("big", "adjective."),
        ("round", "adjective; round."),
        ("the", "determiner; every feature is 0."),
    ],
)
def test_why_of_known_words(text, why):
    assert word(text).why == f"From the word list: {why}"


def test_why_of_known_banks():
    assert [found.why for found in embed(["bank", "account", "the"], BANKS)] == [
        "From the word list: noun; money, water, bank.",
        "From the word list: noun; money 2, cue.",
        "From the word list: determiner; every feature is 0.",
    ]


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("balloons", "balloon"),
        ("boxes", "box"),
        ("cherries", "cherry"),
        ("wolves", "wolf"),
        ("cat's", "cat"),
        ("cat’s", "cat"),
        ("redder", "red"),
        ("bluest", "blue"),
        ("rounder", "round"),
        ("fluffier", "fluffy"),
        ("laziest", "lazy"),
        ("smashing", "smash"),
        ("vanishing", "vanish"),
        ("colliding", "collide"),
        ("sky-blue", "blue"),
        ("blood-red", "red"),
        ("deep-purple", "purple"),
        ("snow-fox", "fox"),
    ],
)
def test_features_from_a_known_word(text, base):
    found = word(text)
    assert not found.known
    assert (found.part, found.features) == (word(base).part, word(base).features)
    described = word(base).why.removeprefix("From the word list: ").removesuffix(".")
    assert found.why == (
        f"“{text}” is not in the word list; its features were taken from “{base}” ({described}). "
        "You can change its numbers."
    )


SMALL = tokens.Lexicon(
    FEATURES,
    {
        "hope": ("verb", (0, 0, 1, 0, 0, 0)),
        "hop": ("verb", (0, 0, 1, 0, 0, 1)),  # round, so that the two can be told apart
        "cry": ("verb", (0, 0, 1, 1, 0, 0)),
        "die": ("verb", (0, 0, 1, 0, 1, 0)),
        "hat": ("noun", (0, 1, 0, 1, 0, 0)),
        "new": ("adjective", (1, 0, 0, 0, 0, 0)),
    },
    guesses=True,
)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("hoped", "hope"),
        ("hoping", "hope"),
        ("hopped", "hop"),
        ("hopping", "hop"),
        ("hops", "hop"),
        ("cried", "cry"),
        ("cries", "cry"),
        ("crying", "cry"),
        ("dying", "die"),
        ("died", "die"),
        ("hats", "hat"),
        ("newest", "new"),
    ],
)
def test_inflections_find_the_right_word(text, base):
    found = word(text, SMALL)
    assert found.features == SMALL.rows[base][1]
    assert f"taken from “{base}”" in found.why


@pytest.mark.parametrize("text", ["news", "hatest", "hater", "hopted", "hopxing"])
def test_only_fitting_parts_inflect(text):
    assert "taken from" not in word(text, SMALL).why


@pytest.mark.parametrize(
    ("text", "part", "ending"),
    [
        ("glorpily", "adverb", "ly"),
        ("glorpous", "adjective", "ous"),
        ("glorpful", "adjective", "ful"),
        ("glorpish", "adjective", "ish"),
        ("glorpless", "adjective", "less"),
        ("glorpable", "adjective", "able"),
        ("glorption", "noun", "tion"),
        ("glorpness", "noun", "ness"),
        ("glorpment", "noun", "ment"),
        ("glorpity", "noun", "ity"),
        ("glorper", "noun", "er"),
        ("glorpist", "noun", "ist"),
        ("glorped", "verb", "ed"),
        ("glorpize", "verb", "ize"),
    ],
)
def test_guesses_from_an_ending(text, part, ending):
    found = word(text)
    assert (found.known, found.part) == (False, part)
    assert found.features == tuple(float(name == FEATURE_OF.get(part)) for name in FEATURES)
    assert f"it ends in -{ending}, so it was guessed to be a" in found.why


def test_why_of_a_guess_in_full():
    assert word("Glorping,").why == (
        "“Glorping,” is not in the word list; it ends in -ing, so it was guessed to be a verb. "
        "You can change its numbers."
    )
    assert "guessed to be an adverb (every feature 0)." in word("glorpily").why


@pytest.mark.parametrize("text", ["glorp", "ezed", "thring", "shred", "sply", "mother-in", "x", "script", "...", "猫"])
def test_what_cannot_be_guessed_is_zero(text):
    found = word(text)
    assert (found.known, found.part, found.features) == (False, "unknown", ZEROS)
    assert f"“{text}” is not in the word list; nothing could be guessed, so every feature is 0." in found.why


@pytest.mark.parametrize("text", ["42", "3.14", "1,000", "50%", "7th"])
def test_digits_are_numerals(text):
    assert (word(text).part, word(text).features) == ("numeral", ZEROS)
