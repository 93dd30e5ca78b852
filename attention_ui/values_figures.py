"""The controls, figures and tables of the lesson on values, W_O and the residual.

Those that say “above” follow the board's matrices, the others are about our numbers and say so: `board` tells it once,
and each section once more where the matrices are not ours in something else than what the section is about.

Vocabulary
    yours     the matrices of the board as they stand, with the learner's settings and edits
    asker     the word that takes; giver: the word that is taken from; both are settings
    share     a weight of attention: how much an asker takes from a giver
    offer     what a giver hands over to one who takes all of it: a row of X W_V W_O
    stream    what a word is after the head: X', which is Y alone where the residual is switched off
    source    where a part of it comes from: the word as it comes, or one of the words
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import streamlit as st

from attention_core import costs, programs, run
from attention_core.benches import Value
from attention_core.benches.values import MAPS, WORDS, full_map, kept
from attention_core.examples import PAINT
from attention_ui import ours
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.document import compute
from attention_ui.plots import Axes, bars, curve
from attention_ui.readings import Worked, chosen, shown, worked
from attention_ui.session import visit
from attention_ui.tables import text_table
from attention_ui.teach import compare

_SMALL = 1e-12
_MAPS = dict(zip(MAPS, ("ours", "the identity", "a full map"), strict=True))
SOURCES = ("as it comes", *(f"from {word}" for word in WORDS))
INKS = ("x", *WORDS)  # of the sources: a source keeps its colour and its hatching
_CONFIG = costs.MODELS["GPT-3 175B"].config
LARGE = _CONFIG.d_model, _CONFIG.value_width
BALL = WORDS.index("ball")


def yours(**changes: Value) -> Worked:
    """The board as it stands, or with these settings changed besides."""
    return Worked(compute(visit().document.with_settings(**changes)))


def as_row(numbers: Iterable[float]) -> str:
    """The numbers of a word as a table has them: (0, 1, 0, 0.75, 0, 1.25)."""
    return f"({', '.join(shown(float(x)) for x in numbers)})"


def board() -> None:
    """What the sentences are about, and how the matrices differ from ours; how numbers are shown; and the matrices."""
    ours.told("The sentences are about our numbers. Tables and figures headed “above” follow what you change.")
    display()
    matrix_board()


def _stream(found: Worked) -> dict[str, float]:
    """What ball is after the head."""
    return found.row("residual", BALL)


def replaced(setting: str) -> None:
    """The switch of the residual; ball above with it and without."""
    setting_switch(setting, "Residual: add to the word", "Off: X′ above is Y alone.")
    ours.again(setting, setting)
    with_it, without = (_stream(yours(residual=on)) for on in (True, False))
    compare("ball after the head, above", with_it, without, ("with the residual", "without"), shown)


def identical(setting: str) -> None:
    """The choice of W_V and W_O; ball above with ours, with the identity, and as it stands where that is neither."""
    setting_choice(setting, "W_V and W_O", _MAPS)
    ours.again(setting, setting)
    st.caption("A full map: one that we made up, in which every feature hands over something of every feature.")
    here = visit().document
    bare = replace(here, edits={name: cells for name, cells in here.edits.items() if name not in ("w_v", "w_o")})
    columns = {_MAPS[maps]: Worked(compute(bare.with_settings(maps=maps))) for maps in MAPS[:2]}
    if chosen(setting) not in MAPS[:2] or bare.edits != here.edits:
        columns["as they stand above"] = yours()
    found = [_stream(column) for column in columns.values()]
    rows = [(feature, *(shown(of[feature]) for of in found)) for feature in found[0]]
    title = f"ball after the head above, by W_V and W_O{_limits()}"
    st.html(text_table(title, ("", *columns), rows))


def _limits() -> str:
    """What else is set above, for the title of a table that changes W_V and W_O alone."""
    said_of = {"r": f", r = {chosen('r')}", "residual": ", without the residual"}
    return "".join(text for name, text in said_of.items() if name in visit().document.settings)


# --- What is added ---------------------------------------------------------------------------------------------------


def parts(setting: str) -> None:
    """What one word becomes, part by part: a stacked bar for each feature, and a table with the running sum."""
    setting_choice(setting, "Follow")
    ours.again(setting)
    asker = chosen(setting)
    now, at = yours(), WORDS.index(asker)
    features, found = list(now.row("x", at)), _parts(now, at)
    if not chosen("residual"):
        st.caption("The residual is switched off: the word as it comes is missing, and X is not added at the end.")
    title = f"What {asker} is made of, after the head above"
    series = {source: np.zeros(len(features)) for source in SOURCES} | {name: part for name, _, _, part in found}
    bars(Axes(title, "feature", "how much"), features, series, key="values.parts", stacked=True, inks=INKS)
    rows, total = [], np.zeros(len(features))
    for name, share, offer, part in found:
        total = total + part
        rows.append((name, share, offer, as_row(part), as_row(total)))
    header = ("", "share", "its offer", "adds", "sum so far")
    st.html(text_table(f"{title}: {', '.join(features)}", header, rows or [("from nobody", "", "", "", as_row(total))]))


def _parts(now: Worked, at: int) -> list[tuple[str, str, str, np.ndarray]]:
    """(source, share, offer, what is added) of the word itself and of every giver that it takes from."""
    found = []
    if chosen("residual"):
        found.append((SOURCES[0], "", "", np.array(list(now.row("x", at).values()))))
    for giver, share in enumerate(now.row("weights", at).values()):
        if abs(share) > _SMALL:
            offer = np.array(list(now.row("offered", giver).values()))
            found.append((SOURCES[1 + giver], shown(share), as_row(offer), share * offer))
    return found


# --- One value, many askers ------------------------------------------------------------------------------------------


def askers(setting: str) -> None:
    """The value of one word as each asker gets it, and once more with twice the value: both in its share."""
    setting_choice(setting, "Follow the value of")
    ours.again(setting)
    giver = chosen(setting)
    now, at = yours(), WORDS.index(giver)
    value = np.array(list(now.row("v", at).values()))
    shares = now.head.matrix("weights").value[:, at]
    values = value, 2 * value
    rows = [(word, shown(float(share)), *(as_row(share * of) for of in values), as_row(share * value))
            for word, share in zip(WORDS, shares, strict=True) if abs(share) > _SMALL]  # fmt: skip
    header = ("asked by", "share", *(f"gets of v = {as_row(of)}" for of in values), "difference")
    title = f"What {giver} hands over above, and if its value were twice that"
    st.html(text_table(title, header, rows or [("nobody", "0", "", "", "")]))
    n, d_v = now.head.matrix("v").value.shape
    rows = [("a value by word, a share by pair", f"{n} × {d_v} + {n} × {n}", str(n * d_v + n * n)),
            ("a value by pair", f"{n} × {n} × {d_v}", str(n * n * d_v))]  # fmt: skip
    st.html(text_table("How many numbers that takes", ("", "", "how many"), rows))


# --- One map ---------------------------------------------------------------------------------------------------------


def narrow(setting: str) -> None:
    """Of the board, and of each map with so many coordinates: the rank of W_V W_O, its numbers, what is kept."""
    setting_slider(setting, "r: coordinates of a value, at most", "Columns of W_V and rows of W_O go.", step=1)
    now, r = yours(), chosen(setting)
    d_model = len(now.row("x"))
    rows = [(name, *_measured(worked("values", maps=maps, r=r), r, _whole(maps)))
            for maps, name in _MAPS.items()]  # fmt: skip
    rows.append(("as it stands above", *_measured(now, r)))
    header = ("W_V and W_O", "rank of W_V W_O", "numbers in the two", "in one matrix", "kept")
    st.html(text_table(f"At most {r} coordinates, of {d_model} features", header, rows))
    st.caption("Kept: square every cell of W_V W_O and add up. With r coordinates this share of the sum is left.")
    _kept_over_r(r)


def _whole(maps: str) -> np.ndarray:
    """The map before coordinates were taken away."""
    return full_map() if maps == "full" else worked("values", maps=maps).head.matrix("w_ov").value


def _measured(found: Worked, r: int, whole: np.ndarray | None = None) -> tuple[str, ...]:
    w_ov, w_v, w_o = (found.head.matrix(name).value for name in ("w_ov", "w_v", "w_o"))
    share = "–" if whole is None else shown(round(kept(whole, r), 12))
    return str(programs.rank(w_ov)), str(w_v.size + w_o.size), str(w_ov.size), share


def _kept_over_r(now: int) -> None:
    """How much of each map is left with r coordinates."""
    over = list(range(1, len(PAINT.features) + 1))
    lines = {name: [kept(_whole(maps), r) for r in over] for maps, name in _MAPS.items()}
    axes = Axes("How much of a map r coordinates can hold", "coordinates r", "kept of the squared cells")
    curve(axes, over, lines, key="values.kept", at=now, inks="vxk")


def large(setting: str) -> None:
    """The numbers of one head's value map in the width of GPT-3, as one matrix and as two."""
    setting_choice(setting, "d_v of the large model")
    d, d_v = LARGE[0], chosen(setting)
    counts = costs.value_map(d, d_v)
    rows = [("one matrix", f"{counts['full']:,}", f"{d:,}", f"{d:,} × {d:,}"),
            ("W_V and W_O", f"{counts['low-rank']:,}", f"{d_v:,}", f"{d:,} × {d_v:,} + {d_v:,} × {d:,}")]  # fmt: skip
    header = ("", "numbers", "rank, at most", "rows × columns")
    st.html(text_table("From features to features, in one head of GPT-3’s width", header, rows))


# --- Only products and sums ------------------------------------------------------------------------------------------


def bends() -> None:
    """Which order makes no difference, and where doubling makes more than double."""
    ours.again("order")
    _either_order()
    _doubled()


def _either_order() -> None:
    """What ball collects: values mixed, and embeddings mixed and only then projected by W_V."""
    now = yours()
    x, weights, w_v = (now.head.matrix(name).value for name in ("x", "weights", "w_v"))
    late = (weights @ x) @ w_v
    first = now.row("output", BALL, "coordinate {}")
    compare("What ball collects, above", first, dict(zip(first, map(float, late[BALL]), strict=True)),
            ("W_V, then mixed", "mixed, then W_V"), shown)  # fmt: skip


def _doubled() -> None:
    """What doubles when all embeddings do: the mixture for given shares; but not the shares themselves."""
    given, labels = PAINT.given(WORDS)
    head = programs.masked(programs.SELF_ATTENTION)
    plain, twice = (run(head, {**given, "x": factor * given["x"]}, labels) for factor in (1.0, 2.0))
    maps = {name: given[name] for name in ("w_v", "w_o")}
    mixture = run(programs.HANDED_ON, {**maps, "weights": plain["weights"].value, "x": 2 * given["x"]})
    ball, red = WORDS.index("ball"), WORDS.index("red")
    before = {"red that ball collects, same shares": plain["output"].value[ball, 0],
              "share that ball takes from red": plain["weights"].value[ball, red]}  # fmt: skip
    after = dict(zip(before, (mixture["output"].value[ball, 0], twice["weights"].value[ball, red]), strict=True))
    compare(
        "With our numbers: every embedding doubled",
        *({name: float(x) for name, x in of.items()} for of in (before, after)),
    )
