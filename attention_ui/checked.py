"""What was checked, in a link: a matrix of one's own, what it claims to be, and what it was made from. No Streamlit.

Vocabulary
    asked    all that decides a verdict: kind, what it was made from, the texts as they were pasted, the options
    option   what else is said of the way: d_k, a mask, exactness; by the name of its field in checker.py
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from attention_core.claims import KINDS
from attention_core.printed import LONGEST
from attention_ui.link import LinkError, decode, encode

PARAM = "check"
D_KS = (0, 100_000)  # from, to
OPTIONS: Mapping[str, type] = {
    "d_k": int, "d_k.scaled": int, "d_k.of_q": bool, "causal": bool, "causal.masked": bool, "exact": bool,
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What was asked. kind: of KINDS. made: one of its ways, or (). texts: of "claim" and of what it was made from."""

    kind: str
    made: tuple[str, ...]
    texts: Mapping[str, str]
    options: Mapping[str, int | bool] = field(default_factory=dict)


def packed(asked: Asked) -> str:
    """The parameter that says it."""
    return encode({"kind": asked.kind, "made": list(asked.made), "texts": asked.texts, "options": asked.options})


def unpacked(text: str) -> Asked:
    """What a parameter says. Raises LinkError, in half a sentence, for one that cannot be read."""
    inner = decode(text)
    kind, made, texts, options = (inner.get(name) for name in ("kind", "made", "texts", "options"))
    ways = {*KINDS[kind][1], ()} if isinstance(kind, str) and kind in KINDS else set()
    known = isinstance(made, list) and all(isinstance(name, str) for name in made) and tuple(made) in ways
    if set(inner) != {"kind", "made", "texts", "options"} or not known or not isinstance(texts, dict):
        raise LinkError("it is not written as this page writes it.")
    if set(texts) != {"claim", *made} or not all(
        isinstance(one, str) and len(one) <= LONGEST for one in texts.values()
    ):
        raise LinkError("it has other texts than this page reads, or longer ones.")
    fits = isinstance(options, dict) and all(type(value) is OPTIONS.get(name) for name, value in options.items())
    if not fits or not all(D_KS[0] <= value <= D_KS[1] for value in options.values()):
        raise LinkError("it says something of the way that this page does not know.")
    if options.get("d_k.scaled") == 0:
        raise LinkError("its d_k is 0; scaled scores are divided by its root.")
    return Asked(kind, tuple(made), texts, options)
