"""The controls, figures and tables of the lesson on positions. They follow its settings.

A table that is about the matrices above follows what was typed into them, too.

Vocabulary
    asker     the last word of the text as written: cube, or the second bank; it may stand elsewhere by now
    put back  rows of a reordered text, in the order as written again
    added     what a scheme makes of the scaled scores, less what they were without it
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from attention_core.benches.positions import (
    FACTORS,
    SCHEMES,
    TEXTS,
    permutation,
    put_back,
    reordered,
    turned_pair,
    written,
)
from attention_core.examples import unique
from attention_core.numerals import decimal, exact
from attention_ui import ours
from attention_ui.controls import setting_choice, setting_slider, setting_switch
from attention_ui.document import Head, compute
from attention_ui.plots import Axes, arrows2d, bars
from attention_ui.readings import Worked, chosen, worked
from attention_ui.session import visit
from attention_ui.tables import text_table

NAMES = {
    "none": "no places", "relative": "a bias by distance", "one-hot": "one-hot", "sinusoidal": "sinusoidal",
    "rotary": "rotary", "alibi": "ALiBi",
}  # fmt: skip
CHOICES = {
    "scheme": NAMES,
    "order": {"written": "as written", "swapped": "two words swapped", "reversed": "reversed",
              "alphabetical": "alphabetical"},
    "factor": {factor: f"× {factor}" for factor in FACTORS},
    "text": {"paint": "red ball hit blue cube", "banks": "bank account river bank"},
}  # fmt: skip
_ENTERS = {
    "none": "–", "relative": "added to the scores", "one-hot": "added to X", "sinusoidal": "added to X",
    "rotary": "turns Q and K", "alibi": "taken off the scores",
}  # fmt: skip
_FAVOURS = {  # in the running example, and of a bank; {} is the factor
    "none": ("–", "–"),
    "relative": ("the word before, × {}", "a neighbour, on either side, × {}"),
    "one-hot": ("the word before, × {}", "a neighbour, on either side, × {}"),
    "sinusoidal": ("the word before, × {} against its neighbours", "itself, × {} against its neighbours"),
    "rotary": ("– (factor not used)", "– (factor not used)"),
    "alibi": ("itself; each place further, {} times less", "itself; each place further, {} times less"),
}
_NEIGHBOURS = ("the word before", "a neighbour, on either side")
_WIDER = (
    "Queries and keys are longer to make room, and scores divided by more, so the cells of words in W_Q are larger: a "
    "match counts as before."
)
_TELLS = {
    "none": "Nothing says where a word stands.",
    "relative": "The matrix t has a number for each distance: ln {factor} for {whom}, which so counts × {factor}.",
    "one-hot": "X_P = X + P has a column for each place. The rows “at …” of W_Q ask for {whom}: × {factor}. " + _WIDER,
    "sinusoidal": "X_P = X + P has four columns of waves, two fast and two slow. {waves} " + _WIDER,
    "rotary": "Queries and keys are turned, by an angle that grows with the place. Our weights were not made for that: "
    "the words that are looked for are no longer found as well. The factor plays no part.",
    "alibi": "Each place of distance is a cost: what stands one place further counts {factor} times less.",
}
_WAVES = (
    "Their cells of W_Q turn the waves one place back: the word before counts × {factor} against its own neighbours.",
    "Their cells of W_Q ask for the own place, and what is near counts, too: × {factor} for a bank itself against its "
    "neighbours. Waves cannot ask for both neighbours and not for what lies between them.",
)
_ASKERS = {"paint": "cube", "banks": "the last bank"}
_SHORT = {"written": "as written", "swapped": "swapped"}
_SMALL = 1e-9
BLUE, CUBE = 3, 4  # where these words stand as written
_ADJECTIVES = ("red", "blue")
_WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
_MEANINGS = 2  # the first features of the banks: money, water


def _yours() -> Head:
    return compute(visit().document)


def _now(**settings) -> Worked:
    """The bench in the learner's order, text, factor and mask, but for these settings."""
    kept = {name: chosen(name) for name in ("text", "order", "scheme", "factor", "causal")}
    return worked("positions", **{**kept, **settings})


def _gap(x: float) -> str:
    return exact(x if abs(x) > _SMALL else 0.0)


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    st.html(text_table(caption, header, rows))


def _how() -> str:
    """The order and the mask, said after a caption."""
    return f"{CHOICES['order'][chosen('order')]}, {_seen()}"


def _banks() -> bool:
    return chosen("text") == "banks"


def _whom() -> str:
    return _NEIGHBOURS[_banks()]


def _seen() -> str:
    return "causal mask" if chosen("causal") else "no mask"


# --- The order -------------------------------------------------------------------------------------------------------


def told(scheme: str, mask: str) -> None:
    """How places are told, and the mask: for all matrices; and what the scheme that is chosen does here."""
    ours.told("The text above is about our words and numbers. What you choose or type changes the matrices below.")
    setting_choice(scheme, "How places are told", CHOICES["scheme"])
    setting_switch(mask, "Causal mask", "A word sees itself and those before it.")
    factor = chosen("factor")
    waves = _WAVES[_banks()].format(factor=factor)
    st.caption(_TELLS[chosen("scheme")].format(factor=factor, whom=_whom(), waves=waves))


def moved(setting: str) -> None:
    """Each word's row of X′ in the order that is set, and in the order as written: once with the rows put back."""
    setting_choice(setting, "Order of the words, above and here", CHOICES["order"])
    ours.again(setting, setting)
    head, text, name = _yours(), chosen("text"), chosen(setting)
    if name == "written":
        st.markdown("The words stand as written. Choose another order, and its rows of X′ are compared with these.")
        return
    order, words = permutation(text, name), written(text)
    now = put_back(head.matrix("residual").value, order)
    own = len(TEXTS[text].features)  # columns of places differ wherever a word stands elsewhere
    gaps = np.abs(now - reordered(head.trace, head.program, order))[:, :own].max(axis=1)
    place = put_back(np.arange(len(order)), order)
    rows = [(word, str(i + 1), str(int(place[i]) + 1), _gap(gaps[i].item())) for i, word in enumerate(unique(words))]
    header = ("word", "place as written", "place now", "largest difference in its row of X′, columns of words")
    _table(
        f"{CHOICES['order'][name].capitalize()}, and as written ({NAMES[chosen('scheme')]}, {_seen()})", header, rows
    )
    if gaps.max() > _SMALL:
        st.markdown("Some rows are not what they were: what is chosen or typed above tells places.")
    else:
        st.markdown("The rows of X′ stand in the new order, and each is what it was. A scheme or a mask may change it.")


def alphabet() -> dict[str, float]:
    """What the alphabetical order changes, with no places and no mask: cells of the weights, and rows put back."""
    plain, sorted_ = (worked("positions", order=order).head for order in ("written", "alphabetical"))
    changed = sum(int((plain.matrix(name).value != sorted_.matrix(name).value).sum()) for name in _WEIGHTS)
    gap = put_back(sorted_.matrix("residual").value, permutation("paint", "alphabetical"))
    most = float(np.abs(gap - plain.matrix("residual").value).max())
    return {"cells of W_Q, W_K, W_V and W_O that change": float(changed),
            "largest difference in X′, rows put back": most if most > _SMALL else 0.0}  # fmt: skip


def orders() -> dict[str, float]:
    """What cube takes from blue in both orders of the adjectives, with no places and with a bias."""
    found = {}
    for scheme in ("none", "relative"):
        for order in ("written", "swapped"):
            head = worked("positions", scheme=scheme, order=order)
            at = list(head.row("weights", -1)).index("blue")
            found[f"{NAMES[scheme]}, {_SHORT[order]}"] = head.number("weights", -1, at)
    return found


# --- The schemes -----------------------------------------------------------------------------------------------------


def boost(setting: str) -> None:
    """What cube takes from each adjective, for each factor of the word before: our numbers, as written, no mask."""
    setting_choice(setting, f"For the matrices above: {_whom()} counts", CHOICES["factor"])
    if chosen("scheme") in ("none", "rotary"):
        st.caption(f"The matrices above do not use it now: {NAMES[chosen('scheme')]}. Choose a bias by distance there.")
    rows = [worked("positions", scheme="relative", factor=factor).row("weights", CUBE) for factor in FACTORS]
    series = {f"from {word}": [row[word] for row in rows] for word in _ADJECTIVES}
    names = [name + (", chosen" if factor == chosen(setting) else "") for factor, name in CHOICES["factor"].items()]
    axes = Axes("red ball hit blue cube, no mask: what cube takes", "how much the word before counts", "weight")
    bars(axes, names, series, key="positions.boosts", inks=_ADJECTIVES)


def _asker() -> int:
    """Where the last word of the text as written stands now."""
    return int(np.argmax(permutation(chosen("text"), chosen("order"))))


def five() -> None:
    """The weights of the asker by each scheme, and what each does; and what the chosen one adds to its scores."""
    setting_choice("scheme", "How places are told, above", CHOICES["scheme"], near="five")
    found, at = {scheme: _now(scheme=scheme) for scheme in SCHEMES}, _asker()
    names = {scheme: name + (", above" if scheme == chosen("scheme") else "") for scheme, name in NAMES.items()}
    rows = [(names[scheme], *map(decimal, head.row("weights", at).values())) for scheme, head in found.items()]
    header = ("scheme", *(f"from {word}" for word in found["none"].row("weights", at)))
    _table(f"What {_ASKERS[chosen('text')]} takes, × {chosen('factor')}, our weights ({_how()})", header, rows)
    rows = [(names[scheme], _ENTERS[scheme], _FAVOURS[scheme][_banks()].format(chosen("factor"))) for scheme in found]
    _table("What each scheme does", ("scheme", "where it enters", "what it favours"), rows)
    _added()


def _added() -> None:
    """What the chosen scheme adds to the scores of the asker, word by word."""
    at, scheme = _asker(), chosen("scheme")
    if scheme == "none":
        st.caption("No places are told above, so nothing is added to a score.")
        return
    plain = _now(scheme="none")
    before, after = (_last_scores(head)[at] for head in (plain, _now(scheme=scheme)))
    gap = np.where(np.abs(after - before) > _SMALL, after - before, 0.0)
    if not gap.any():
        st.caption(f"{NAMES[scheme]} adds nothing to the scores here: no word stands where it would ({_how()}).")
        return
    axes = Axes(
        f"What “{NAMES[scheme]}” adds to the scores of {_ASKERS[chosen('text')]} ({_how()})", "its score with", "added"
    )
    bars(axes, list(plain.row("scaled", at)), {"added": gap.tolist()}, key="positions.added", inks=("x",))


def _last_scores(found: Worked) -> np.ndarray:
    """The scores as softmax gets them, but for the mask."""
    trace = found.head.trace
    return trace["biased" if "biased" in trace else "scaled"].value


# --- Two arrows ------------------------------------------------------------------------------------------------------


def score(shift: int, apart: int) -> float:
    """The score of ball with red, moved on by shift: red from place 1, ball so many places after it."""
    return turned_pair(1 + shift, apart)["scores"].value[1, 0].item()


def turned(on: str, between: str) -> None:
    """The query of ball and the key of red, turned by their places, and their score, here and at the beginning."""
    with st.container(horizontal=True):
        setting_slider(on, "Both moved on by", "In places. At 0 the key stands at place 1.", step=1)
        setting_slider(between, "Distance between them", "In places, from the key to the query.", step=1)
    shift, apart = chosen(on), chosen(between)
    now, begun = _pair(shift, apart), _pair(0, apart)
    moved_on = f"Both {shift} places on, and thinner where they were" if shift else "Where they were"
    axes = Axes(f"{moved_on}: {apart} apart", "coordinate 0", "coordinate 1")
    arrows2d(axes, now | begun, key="positions.arrows", inks="qkqk", pale=[name for name in begun if name not in now])
    rows = [
        (f"key at place {1 + at}, query at place {1 + at + apart}", *(decimal(x) for x in _angles(at, apart)),
         decimal(score(at, apart)))
        for at in dict.fromkeys((0, shift))
    ]  # fmt: skip
    header = ("", "angle of the key", "angle of the query", "score")
    _table("The angles, in radians, and the score", header, rows)


def _pair(shift: int, apart: int) -> dict[str, tuple[float, float]]:
    """The turned query and key, by what they are called."""
    trace = turned_pair(1 + shift, apart)
    return {
        f"query, place {1 + shift + apart}": tuple(trace["q_rotated"].value[1].tolist()),
        f"key, place {1 + shift}": tuple(trace["k_rotated"].value[0].tolist()),
    }


def _angles(shift: int, apart: int) -> tuple[float, float]:
    trace = turned_pair(1 + shift, apart)
    return trace["k_angles"].value[0, 0].item(), trace["q_angles"].value[1, 0].item()


# --- The banks -------------------------------------------------------------------------------------------------------


def meant(scheme: str, causal: bool, last: bool) -> str:
    """Money and water of the first or the last bank after the head, factor and words as we chose them."""
    found = worked("positions", text="banks", scheme=scheme, causal=causal)
    money, water = list(found.row("residual", -1 if last else 0).values())[:_MEANINGS]
    return f"{exact(money)} money, {exact(water)} water"


def cues() -> None:
    """What is needed to work the banks out: what each word hands over, and how often it counts for a bank."""
    plain, words = worked("positions", text="banks"), written("banks")
    counts = plain.row("exps", -1).values()
    rows = [(word, *map(exact, plain.head.matrix("v").value[i].tolist()), exact(count))
            for i, (word, count) in enumerate(zip(words, counts, strict=True))]  # fmt: skip
    _table("In the order as written", ("word", "money", "water", "counts for a bank, without places"), rows)


def banks(setting: str) -> None:
    """Both banks: query, key and value, and what becomes of each; then as the matrices above have it."""
    setting_choice(setting, "The words above", CHOICES["text"])
    setting_choice("scheme", "How places are told, above", CHOICES["scheme"], near="banks")
    setting_switch("causal", "Causal mask, above", near="banks")
    plain = worked("positions", text="banks")
    n = len(plain.row("row_sums"))
    rows = [
        (title, *(plain.vector(name, at) for at in (0, n - 1)))
        for name, title in (("q", "query"), ("k", "key"), ("v", "value"))
    ]
    for says, scheme, causal in (
        ("X′, no places", "none", False),
        ("X′, × 9, causal mask", "relative", True),
        ("X′, × 9, no mask", "relative", False),
    ):
        rows.append((says, *(meant(scheme, causal, last) for last in (False, True))))
    if chosen("text") == "banks":
        rows.append(("X′, as above", *_above()))
    _table(
        "The same word twice: before the head, and after it (× 9: what a neighbour counts)",
        ("", "first bank", "last bank"),
        rows,
    )


def _above() -> list[str]:
    order = permutation("banks", chosen("order"))
    rows = put_back(_yours().matrix("residual").value, order)[[0, -1], :_MEANINGS]
    return [f"{exact(money)} money, {exact(water)} water" for money, water in rows.tolist()]
