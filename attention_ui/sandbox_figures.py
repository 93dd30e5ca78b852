"""The controls of the sandbox, what can be loaded into it, and two sandboxes side by side.

Vocabulary
    gives way   a setting that does not go with the others: what counts instead, and why (apart, in the core)
    kept        the sandbox that was put aside, to be compared with the one that is on the page
"""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from attention_core.benches.sandbox import BENCH, MASKS, PLACES, WEIGHTS, apart
from attention_core.loading import LOADS
from attention_core.numerals import decimal
from attention_ui.board import matrix_board
from attention_ui.controls import (
    display,
    lost,
    setting_choice,
    setting_number,
    setting_slider,
    setting_switch,
    setting_text,
)
from attention_ui.document import Head, compute
from attention_ui.editable import letter_text
from attention_ui.imports import files
from attention_ui.lesson import notice
from attention_ui.naming import plain_letter
from attention_ui.picture import Picture
from attention_ui.readings import chosen, said, worked
from attention_ui.session import load, visit
from attention_ui.sheet import Sheet
from attention_ui.slices import drawn_names, slice_of
from attention_ui.tables import matrix_table, text_table
from attention_ui.teach import WIDTH

_KEPT = "sandbox.kept"
_CLOSE = 1e-9
_MASKS = dict(zip(MASKS, ("everybody sees all", "causal", "itself and two before", "prefix"), strict=True))
_PLACES = dict(zip(PLACES, ("not told", "sinusoidal", "one-hot", "rotary", "by distance", "ALiBi", "by pair"),
                   strict=True))  # fmt: skip
_WEIGHTS = dict(zip(WEIGHTS, ("ours", "zeros", "the identity", "random"), strict=True))
_BEGIN = {"X": "the words, X", "Q, K, V": "Q, K and V, given"}


def _settings() -> Mapping[str, object]:
    return {**BENCH.settings, **visit().document.settings}


def _gives_way(*names: str) -> None:
    """Beside controls: which of their settings does not count, and why."""
    for name, (_, why) in apart(_settings()).items():
        if name in names:
            notice(why)


def controls() -> None:
    """All that can be set, in tabs, so that the matrices stay in sight."""
    parts = {
        "Words and features": _texts, "Sizes": _sizes, "Who sees whom, and places": _seeing,
        "Weights and softmax": _numbers, "Load an example": _loads, "Bring your own file": files,
    }  # fmt: skip
    for tab, draw in zip(st.tabs([*parts]), parts.values(), strict=True):
        with tab:
            draw()


def _texts() -> None:
    """The words, the features of a word, and a second sentence."""
    setting_text("sentence", "Sentence: 1 to 16 words")
    setting_text(
        "features", "Features: the columns of X, between commas",
        "Our word list knows adj, noun, verb, red, blue, round, and money, water, cue, bank. Any other is 0 until you "
        "type it. To add one, write it here; to rename one, write over it: what you typed in its column stays.",
    )  # fmt: skip
    setting_text(
        "source", "A second sentence, if keys and values are to come from one",
        "Then the words of the first ask, and those of the second are asked.",
    )  # fmt: skip


def _sizes() -> None:
    """From what it begins, and how large it is."""
    setting_choice("begin", "Begin with", _BEGIN)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_number("heads", "Heads", "Each has weights of its own.")
        setting_number("layers", "Layers", "Each reads what the one before it left.")
        setting_number("d_k", "d_k", "Coordinates of a query and of a key, in each head.")
        setting_number("d_v", "d_v", "Coordinates of a value, in each head.")
    for name in ("heads", "layers", "d_k", "d_v"):
        lost(name)
    _gives_way("layers")


def _seeing() -> None:
    """Who sees whom, and how it is told where words stand."""
    setting_choice("mask", "Who sees whom (click a cell of M to paint it)", _MASKS)
    _gives_way("mask")
    setting_choice("places", "Places", _PLACES)
    _gives_way("places")


def _numbers() -> None:
    """What the weights begin as, and how softmax is done."""
    setting_choice("weights", "Weights, until you type others", _WEIGHTS)
    if chosen("weights") == "random":
        setting_number("seed", "Seed", "The same seed makes the same numbers again.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        setting_switch("scaled", "Divide by √d_k")
        if chosen("layers") == 1 and chosen("begin") == "X":
            setting_switch("residual", "Residual")
        setting_switch("compact", "Softmax in one step")
        if not chosen("compact"):
            setting_switch("steady", "Subtract the row maximum")
        setting_slider("temperature", "Temperature T")


def _loads() -> None:
    """What can be loaded, and the button that does it; what was there comes back with Undo."""
    with st.container(horizontal=True, vertical_alignment="bottom", width=WIDTH):
        name = st.selectbox(
            "Load", list(LOADS), format_func=lambda name: LOADS[name].title, key="sandbox.load",
        )  # fmt: skip
        st.button("Load it", key="sandbox.load.go", on_click=_load, args=(name,))
    st.caption(LOADS[name].about)


def _load(name: str) -> None:
    settings, edits = LOADS[name].make()
    load(Sheet("sandbox", settings=settings, edits=edits), "Loaded. Undo brings back what was here.")


def board() -> None:
    """How the numbers are shown, and the matrices."""
    display()
    matrix_board()


# --- Side by side ----------------------------------------------------------------------------------------------------


def side_by_side() -> None:
    """Put the sandbox aside as A; then what is other in the present one, and by how much each matrix differs."""
    now = visit()
    kept = st.session_state.get(_KEPT)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Keep this one as A", key="sandbox.keep", on_click=_keep, icon=":material/content_copy:")
        if kept is not None:
            st.button("Go back to A", key="sandbox.back", on_click=load, args=(kept, "A again."),
                      disabled=kept == now.document)  # fmt: skip
    if kept is None:
        return
    if kept == now.document:
        st.caption("A is kept. It is what stands above: now change something there.")
        return
    one, other = compute(kept), compute(now.document)
    _what_is_other(kept, now.document)
    _by_matrix(one, other)
    for name in (*_last(one, other, "weights"), *_last(one, other, "residual", "projected", "output")):
        _beside(one, other, name)


def _keep() -> None:
    st.session_state[_KEPT] = visit().document


def _what_is_other(kept: Sheet, now: Sheet) -> None:
    told = now.told(kept)
    typed = sorted({name for of in (kept, now) for name in of.edits if kept.edits.get(name) != now.edits.get(name)})
    told += [f"other numbers are typed in {', '.join(map(letter_text, typed))}"] * bool(typed)
    rows = [(f"{text[0].upper()}{text[1:]}.",) for text in told]
    st.html(text_table("What is other than in A", ("now",), rows))


def _by_matrix(one: Head, other: Head) -> None:
    """For each matrix that both have: its shape, and the largest difference."""
    rows = []
    picture = Picture(other, None, visit().view)
    for name in (*other.trace.given, *other.trace):
        if not one.trace.has(name):
            continue
        before, after = (np.asarray(head.matrix(name).value, dtype=float) for head in (one, other))
        rows.append((plain_letter(picture, name), *_largest(before, after)))
    st.html(text_table("Each matrix, now against A", ("", "size in A", "size now", "largest difference"), rows))


def _largest(before: np.ndarray, after: np.ndarray) -> tuple[str, str, str]:
    sizes = tuple(" × ".join(map(str, of.shape)) or "one number" for of in (before, after))
    if before.shape != after.shape:
        return *sizes, "another size"
    same = before == after  # of two hidden scores, −∞, too
    gap = np.abs(np.where(same, 0, after) - np.where(same, 0, before)).max()
    return *sizes, "the same" if gap <= _CLOSE else decimal(float(gap)) if np.isfinite(gap) else "hidden in one of them"


def _last(one: Head, other: Head, *names: str) -> list[str]:
    """The last matrix of one of these names that both have, with the same labels."""
    for name in names:
        found = [
            step.name for step in other.program
            if step.name.rpartition(".")[2] == name and one.trace.has(step.name)
            and one.matrix(step.name).labels == other.matrix(step.name).labels
        ]  # fmt: skip
        if found:
            return found[-1:]
    return []


def _beside(one: Head, other: Head, name: str) -> None:
    """A matrix in A, now, and the difference, head by head."""
    letter = plain_letter(Picture(other, None, visit().view), name)
    for drawn in drawn_names(other.matrix(name)):
        before, after = (slice_of(head.matrix(name), drawn) for head in (one, other))
        of = f"{letter} of head {drawn.rpartition('@')[2]}" if "@" in drawn else letter
        gap = after.value - before.value
        tables = (
            matrix_table(before, f"{of} in A"),
            matrix_table(after, f"{of} now"),
            matrix_table(
                after, f"{of}: now minus A",
                {at: decimal(float(x)) if abs(x) > _CLOSE else "0" for at, x in np.ndenumerate(gap)},
            ),
        )  # fmt: skip
        with st.container(horizontal=True, gap="medium"):
            for table in tables:
                st.html(table, width="content")


# --- What the page says ----------------------------------------------------------------------------------------------

_RED, _CUBE = 3, 4


def _red_of_cube(layers: int) -> float:
    name = "residual" if layers == 1 else f"layer{layers}.residual"
    return worked("sandbox", layers=layers).number(name, _CUBE, _RED)


def reds() -> tuple[str, str]:
    """How much red cube has after one layer, and after two of the same."""
    return said(_red_of_cube(1)), said(_red_of_cube(2))


def predicted() -> tuple[list[str], str, Mapping[str, object]]:
    """The options of the page's question, the one that comes out, and what the matrices are then set to."""
    options = ["less", "as much", "more"]
    return options, options[1 + int(np.sign(_red_of_cube(2) - _red_of_cube(1)))], {"layers": 2}
