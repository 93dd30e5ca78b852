"""The controls, tables and pictures of the lesson on two sources.

The picture over the matrices follows what is painted and picked there; all other tables are about our numbers, with the
sentences, the model and the patch that are chosen.

Vocabulary
    asker     the sentence that queries are made of; source: the one that keys and values are made of
    joint     who sees whom in a whole model, as one square: the source's words first, then those of the target
    mosaic    a patch drawn small, a square for each pixel; its number stands beside it, for shade is not the only sign
    followed  the patch whose weights are shown on the picture
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
import streamlit as st

from attention_core.benches import Value
from attention_core.benches.cross_attention import LANGUAGES, MODELS, PARTS, PATCHES, PICTURE, Part
from attention_core.trace import Matrix, Trace
from attention_ui.board import matrix_board
from attention_ui.controls import display, lost, setting_choice
from attention_ui.document import compute
from attention_ui.readings import chosen, listed_words, shown, size, worked
from attention_ui.session import set_setting, visit
from attention_ui.slices import base
from attention_ui.tables import matrix_table, text_table

PART_NAMES = {
    "cross": "French reads English", "back": "English reads French", "encoder": "English reads itself",
    "decoder": "French reads itself",
}  # fmt: skip
_READ = {"words": "two sentences", "picture": "a picture"}
_CUTS = {2: "2 × 2 pixels", 3: "3 × 3 pixels"}
_MODELS = {"both": "encoder and decoder", "encoder": "encoder only", "decoder": "decoder only"}
_FACTS = {  # what it has: for the encoder, the decoder and between them; and models of the kind
    "both": ("no mask", "causal", "no mask", "the Transformer (Vaswani et al. 2017), T5 (Raffel et al. 2020)"),
    "encoder": ("no mask", "–", "–", "BERT (Devlin et al. 2019)"),
    "decoder": ("–", "causal", "–", "GPT (Radford et al. 2018)"),
}
VISION = 224, 16  # pixels of a side, of a picture and of a patch, in Dosovitskiy et al. 2021
_SHADE = 45  # per cent of colour behind the patch that is taken from most


def _table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    st.html(text_table(caption, header, list(rows)))


def _words(**settings: Value) -> Trace:
    """Our numbers for the sentences that are chosen, and the part; settings: those that are to be others."""
    kept = {name: chosen(name) for name in ("part", "english", "french")}
    return worked("cross_attention", **{**kept, **settings}).head.trace


# --- The matrices ----------------------------------------------------------------------------------------------------


def choose(read: str, part: str, cut: str) -> None:
    """What is read: two sentences, and who reads whom; or a picture, and the size of its patches."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_choice(read, "The matrices read", _READ, lost_below=True)
        if chosen(read) == "words":
            setting_choice(part, "Who reads whom", PART_NAMES, lost_below=True)
        else:
            setting_choice(cut, "Patches of", _CUTS, lost_below=True)
    for name in (read, part, cut):
        lost(name)


def board() -> None:
    """How numbers are shown, and the matrices; above those of a picture, the weights of one patch on it."""
    if chosen("read") == "picture":
        st.caption(
            "Draw: click a pixel of I to fill or to empty it, or press Space there. A number between 0 and 1 is a grey."
        )
    display()
    matrix_board(_yours if chosen("read") == "picture" else None)


def _yours() -> None:
    """The learner's picture with the weights of one patch: that of the row that is picked, else the one chosen."""
    document = visit().document
    if document.setting("read") != "picture":  # undone a moment ago: the page around is on its way
        return
    trace = compute(document).trace
    names = trace["weights"].labels[0]
    at = _picked_row(trace)
    if at is None:
        at = names.index(chosen("follow")) if chosen("follow") in names else 0
    st.html(_on_picture(trace, at, "yours, below"))
    st.caption("Pick a cell in another row of A, or of X, to follow another patch.")


def _picked_row(trace: Trace) -> int | None:
    """The patch in whose row the picked cell stands; None where it stands in none."""
    picked = visit().view.picked
    if picked is None or not trace.has(base(picked[0])):
        return None
    matrix = trace.matrix(base(picked[0]))
    return picked[1] if matrix.axes[:1] in (("query",), ("key",)) else None


def bring(*reads: str) -> None:
    """Buttons that put into the matrices what this section is about, and back what was there before."""
    with st.container(horizontal=True):
        for read in reads:
            what = "this picture" if read == "picture" else "the two sentences"
            st.button(
                f"Put {what} into the matrices above", key=f"cross_attention.bring.{read}", on_click=set_setting,
                kwargs={"read": read}, disabled=chosen("read") == read,
            )  # fmt: skip


# --- Sources ---------------------------------------------------------------------------------------------------------


def four() -> None:
    """The attentions of both languages side by side: where queries, keys and values come from, and what is hidden."""
    rows = []
    for name, part in PARTS.items():
        trace = _words(part=name)
        mask, now = trace.given["mask"].value, chosen("read") == "words" and chosen("part") == name
        rows.append((
            PART_NAMES[name] + (" (above now)" if now else ""), _from(part, part.asker), _from(part, part.source),
            f"{int((~mask).sum())} of {mask.size}", size(trace["weights"].value.shape),
        ))  # fmt: skip
    header = ("", "queries from", "keys and values from", "cells that the mask hides", "shape of A")
    _table("Four attentions, one program", header, rows)
    if chosen("read") == "picture":
        st.caption("The matrices above read a picture now. Choose “two sentences” there, and then who reads whom.")


def _from(part: Part, language: str) -> str:
    letter = "Z" if part.crossed and language == part.source else "X"
    return f"{LANGUAGES[language].name} ({letter})"


def sizes(english: str, french: str) -> None:
    """Both sentences, and the shape of each matrix for every English sentence."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_choice(english, "English")
        setting_choice(french, "French")
    traces = {text: _words(part="cross", english=text) for text in visit().document.bench.allowed[english]}
    names = {"x": "X, French", "source": "Z, English", "w_q": "W_Q", "w_k": "W_K", "w_v": "W_V", "q": "Q", "k": "K",
             "v": "V", "weights": "A", "output": "O", "residual": "X′"}  # fmt: skip
    rows = []
    for name, called in names.items():
        shapes = [size(trace.matrix(name).value.shape) for trace in traces.values()]
        rows.append((called, *shapes, "" if len(set(shapes)) == 1 else "changes"))
    header = ("", *(f"English: {text}" for text in traces), "")
    _table(f"Shapes, while French is “{chosen(french)}” and reads English", header, rows)


# --- Who sees whom ---------------------------------------------------------------------------------------------------


def models(model: str) -> None:
    """Who sees whom in a whole model, as one square; and which models are of that kind."""
    setting_choice(model, "Model", _MODELS)
    kind = chosen(model)
    source, target = (chosen(name).split() for name in ("english", "french"))
    mask = MODELS[kind](len(source), len(target)).value
    matrix = Matrix("joint", ("query", "key"), mask, ((*source, *target),) * 2)
    texts = {at: _whose(kind, at, len(source)) if mask[at] else "0" for at in np.ndindex(*mask.shape)}
    marks = {at: "hidden" for at in np.ndindex(*mask.shape) if not mask[at]}
    st.html(matrix_table(matrix, f"Who sees whom, {_MODELS[kind]}: a row looks, a column is seen", texts, marks))
    st.caption("E: seen in the encoder. D: in the decoder. C: by cross-attention. 0, hatched: hidden.")
    rows = [(_MODELS[name] + (" (drawn above)" if name == kind else ""), *facts) for name, facts in _FACTS.items()]
    _table("Which has what", ("", "encoder", "decoder", "cross-attention", "such as"), rows)


def _whose(kind: str, at: tuple[int, ...], n_source: int) -> str:
    """The attention in which a cell is seen: E, D or C."""
    if kind != "both":
        return kind[0].upper()
    return "E" if at[0] < n_source else "C" if at[1] < n_source else "D"


# --- A picture -------------------------------------------------------------------------------------------------------


def drawn() -> None:
    """Our picture in patches, with their names and no weights."""
    trace = worked("cross_attention", read="picture").head.trace
    st.html(_cut(trace, "Our picture, cut into patches of 2 × 2 pixels", dict.fromkeys(range(len(PATCHES)), ("", 0.0))))


def followed(setting: str) -> None:
    """Our picture with the weights of the patch that is chosen."""
    setting_choice(setting, "Patch that asks")
    st.html(_on_picture(worked("cross_attention", read="picture").head.trace, PATCHES.index(chosen(setting)), "ours"))


def _on_picture(trace: Trace, asker: int, whose: str) -> str:
    """A picture with what one patch takes from each: a number in each patch, and a shade behind it."""
    weights, names = trace["weights"].value[asker], trace["weights"].labels[0]
    top = weights.max()
    notes = {i: (shown(float(share)), float(share / top)) for i, share in enumerate(weights)}
    return _cut(trace, f"How much {names[asker]} takes from each patch ({whose})", notes, asker)


def _cut(trace: Trace, caption: str, notes: Mapping[int, tuple[str, float]], asker: int | None = None) -> str:
    """A picture as a table of its patches. notes: of each patch what stands below it, and how dark its ground is."""
    patches, names = trace["patches"].value, trace["patches"].labels[0]
    across = trace.given["picture"].value.shape[1] // round(np.sqrt(patches.shape[1]))
    cells = []
    for i, name in enumerate(names):
        note, shade = notes[i]
        asks = '<span class="asks">asks</span>' if i == asker else ""
        ground = f' style="background:color-mix(in srgb, #AB66A5 {_SHADE * shade:.0f}%, transparent)"'
        cells.append(
            f"<td{' class=asker' if i == asker else ''}{ground}><p><b>{escape(name)}</b>{asks}"
            f"<span>{escape(note)}</span></p>{_mosaic(patches[i])}</td>"
        )
    rows = ("".join(cells[i : i + across]) for i in range(0, len(cells), across))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="table patches" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><tbody>{body}</tbody></table></div>"
    )


def _mosaic(pixels: np.ndarray) -> str:
    """One patch drawn small, for the eye; for the ear, which of its pixels are filled."""
    side = round(np.sqrt(len(pixels)))
    letters = "abcdefghi"[: len(pixels)]
    squares = "".join(f'<i style="--filled:{x:.2f}"></i>' for x in np.clip(pixels, 0, 1).tolist())
    filled = [letter for letter, x in zip(letters, pixels.tolist(), strict=True) if x]
    said = f"filled: {listed_words(filled)}" if filled else "empty"
    return f'<span class="mosaic side-{side}" aria-hidden="true">{squares}</span><span class="unseen"> {said}</span>'


def counts() -> None:
    """How many patches, how many pixels in each, and how many weights: of our picture, and in a large model."""
    ours = len(PICTURE)
    rows = [_counted(f"ours, {name}", ours, cut) for cut, name in ({1: "single pixels"} | _CUTS).items()]
    side, cut = VISION
    rows.append(_counted(f"{side} × {side}, {cut} × {cut} pixels", side, cut))
    rows.append(_counted(f"{side} × {side}, single pixels", side, 1))
    _table("Patches of a picture", ("", "patches", "pixels in each", "weights in A"), rows)


def _counted(called: str, side: int, cut: int) -> tuple[str, ...]:
    patches = (side // cut) ** 2
    return called, f"{patches:,}", f"{cut * cut:,}", f"{patches * patches:,}"
