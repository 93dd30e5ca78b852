"""The numbers that the sentences and questions of the lesson on positions speak of, and what each question sets.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
"""

from collections.abc import Mapping

from attention_core.benches import Value
from attention_core.benches.positions import BENCH, FACTORS
from attention_ui.positions_figures import BLUE, CUBE, meant
from attention_ui.readings import Worked, worked

ALIKE = "red and blue alike, as before"


def predicted(question: str) -> tuple[list[str], str, Mapping[str, Value]]:
    """The options of a question, by its name, the one that comes out, and what the page is then set to."""
    return _QUESTIONS[question]()


def boosted() -> dict[int, Worked]:
    """Our words as written, without a mask, by how much the word before counts."""
    return {factor: worked("positions", scheme="relative", factor=factor) for factor in FACTORS}


def _set(**changes: Value) -> dict[str, Value]:
    """Our words and settings, but for these."""
    return {name: BENCH.settings[name] for name in ("text", "order", "scheme", "factor", "causal")} | changes


def _swapped() -> tuple[list[str], str, Mapping[str, Value]]:
    return ["more blue", ALIKE, "more red"], ALIKE, _set(order="swapped")


def _boost() -> tuple[list[str], str, Mapping[str, Value]]:
    options = {factor: found.said("weights", CUBE, BLUE) for factor, found in boosted().items()}
    return list(options.values()), options[BENCH.settings["factor"]], _set(scheme="relative")


def _shift() -> tuple[list[str], str, Mapping[str, Value]]:
    return ["it grows", "it stays", "it falls"], "it stays", {"shift": 3, "apart": BENCH.settings["apart"]}


def _alibi() -> tuple[list[str], str, Mapping[str, Value]]:
    options = ["blue", "red", "cube, itself"]
    return options, options[2], _set(scheme="alibi")


def _banks() -> tuple[list[str], str, Mapping[str, Value]]:
    options = [meant(*how) for how in (("none", True, True), ("relative", True, True), ("relative", False, False))]
    return options, options[1], _set(text="banks", scheme="relative", causal=True)


_QUESTIONS = {"swapped": _swapped, "boost": _boost, "shift": _shift, "alibi": _alibi, "banks": _banks}
