"""The controls and tables of the lesson on the block.

A table inside the board follows its matrices, whatever was typed into them. All others are about our numbers, and
follow the controls beside them.

Vocabulary
    part      what the board computes: a whole block, its MLP, LayerNorm, two layers, the next word
    stream    what a word is so far: every part of a block reads it, and adds to it
    neuron    a weighted sum of a word's features, with a bias; ours wants red AND noun
    stage     the stream as the words come, or after a layer
    draw      a number between 0 and 1, which falls upon one of the words when their probabilities are laid end to end
"""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from attention_core import costs, programs, run
from attention_core.benches.block import (
    ACTIVATIONS,
    BENCH,
    BUILT,
    FEATURES,
    GLASS,
    MOVES,
    PARTS,
    VOCABULARY,
    WORDS,
    glass_unembedding,
    model,
    neuron_says,
    stages,
)
from attention_core.examples import PAINT
from attention_core.generation import Written, most, readout, write
from attention_core.numerals import decimal, exact
from attention_core.programs.editing import find
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.document import compute
from attention_ui.readings import Worked, allowed, chosen, listed_words, said, shown, worked
from attention_ui.session import set_setting, visit
from attention_ui.tables import text_table

_PARTS = dict(zip(PARTS, ("one block", "its MLP", "LayerNorm", "two layers", "the next word"), strict=True))
_BENDS = dict(zip(ACTIVATIONS, ("GELU", "ReLU", "none: linear"), strict=True))
_MOVED = dict(zip(MOVES, ("as they are", "+ 10", "× 10", "× 10, then + 10"), strict=True))
_BUILT = dict(
    zip(BUILT, ("layer 2 alone", "two layers, each its own", "layer 1 twice", "layer 2 twice"), strict=True)
)  # fmt: skip
NEURON_SAYS = neuron_says()
BALL, CUBE, SHATTERED = WORDS.index("ball"), WORDS.index("cube"), GLASS.index("shattered")
_SAME = 1e-12  # two shares that differ by less are the same
_TOP = 3  # words that a stage is read off by
_DISTANCES = (2, 5, 50, 1000, 100_000)


def _table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    st.html(text_table(caption, header, list(rows)))


def yours() -> Worked:
    """The board as it stands."""
    return Worked(compute(visit().document))


# --- The board -------------------------------------------------------------------------------------------------------


def board() -> None:
    """Which part is drawn, how the numbers are shown, a table that sums it up, and the matrices."""
    st.caption(
        "The sentences are about our numbers. A table right above the matrices follows what you change in them; all "
        "others follow the controls beside them, and keep our numbers."
    )
    setting_choice("part", "The matrices show", _PARTS)
    display()
    matrix_board(_above)


def _above() -> None:
    """What the part that is drawn comes to; inside the board, for it follows every cell."""
    part = chosen("part")
    if part == "block":
        _sums()
    elif part == "layers":
        more = " Layer 1 is put before it further down, under “Two layers”." if chosen("built") == "one" else ""
        st.markdown(f"Drawn: {_BUILT[chosen('built')]}.{more}")
    elif part == "next":
        _positions()


def _sums() -> None:
    """One word through the block, as a running sum."""
    setting_choice("word", "Follow")
    word, now = chosen("word"), yours()
    at, head = WORDS.index(word), chosen("attention")
    parts = [("as it comes", "x"), *[("+ attention", "projected"), ("= X′", "residual")] * head,
             ("+ MLP", "mlp_out"), ("= X″", "resid_post")]  # fmt: skip
    rows = [(name, *map(shown, now.row(step, at).values())) for name, step in parts]
    _table(f"{word} on its way through the block below", ("", *FEATURES), rows)


def _positions() -> None:
    """What each row says the next word is, both words where they tie; the last row is the one that goes on."""
    shares = yours().head.matrix("next.probabilities").value
    rows = []
    for i, row in enumerate(shares):
        share = float(row.max())
        word = " or ".join(word for word, of in zip(WORDS, row, strict=True) if share - of <= _SAME)
        comes = WORDS[i + 1] if i + 1 < len(WORDS) else "not yet there"
        rows.append((WORDS[i], " ".join(WORDS[: i + 1]), word, shown(share), comes))
    _table("Every row predicts its next word", ("row", "has seen", "says most", "with", "then comes"), rows)


# --- Two parts -------------------------------------------------------------------------------------------------------


def alone(setting: str) -> None:
    """Attention on or off, and what drives the neuron in both cases."""
    setting_switch(setting, "Attention", "Off: the MLP above reads the words as they come.")
    found = [worked("block", attention=on) for on in (True, False)]
    rows = [(word, *(shown(of.number("mlp_pre", i, 0)) for of in found)) for i, word in enumerate(WORDS)]
    _table("The neuron, before GELU", ("", "with attention", "without"), rows)


def neuron(setting: str) -> None:
    """The choice of the bend, and the neuron on four made-up words: neither, one, the other, both."""
    setting_choice(setting, "The bend, above and in the table", _BENDS)
    noun, red = (FEATURES.index(name) for name in ("noun", "red"))
    cases = {"neither": (), "noun only": (noun,), "red only": (red,), "both": (noun, red)}
    stream = np.array([[float(i in case) for i in range(len(FEATURES))] for case in cases.values()])
    set_up = BENCH.set_up(part="mlp", activation=chosen(setting))
    trace = run(set_up.program, {**set_up.given, "residual": stream})
    after = find(set_up.program, "mlp_out").inputs[0]
    numbers = np.hstack([trace["mlp_pre"].value, trace[after].value, [[0], [0], [0], [1]]])
    numbers = np.vstack([numbers, numbers[0] + numbers[3], numbers[1] + numbers[2]])
    names = (*cases, "neither + both", "one + the other")
    rows = [(name, *(shown(float(x)) for x in row)) for name, row in zip(names, numbers, strict=True)]
    _table(f"{NEURON_SAYS}, of four words", ("the word is", "before", "after the bend", "an AND"), rows)


# --- LayerNorm -------------------------------------------------------------------------------------------------------


def normed(setting: str) -> None:
    """What is done to the features before, and what becomes of ball."""
    setting_choice(setting, "Every feature, before LayerNorm", _MOVED)
    rows = []
    for moved, name in _MOVED.items():
        now = worked("block", part="norm", moved=moved)
        rows.append((name, now.vector("x", BALL), *(shown(now.number(of, BALL)) for of in ("mean", "spread")),
                     now.vector("out", BALL)))  # fmt: skip
    header = ("features", "as it comes", "mean", "spread", "after LayerNorm")
    _table("ball through LayerNorm, without “red thing”", header, rows)


# --- Layers ----------------------------------------------------------------------------------------------------------


def layered(setting: str) -> None:
    """How the two layers are built, and whom the verb takes from then."""
    setting_choice(setting, "The layers above", _BUILT)
    takes = {built: worked("block", part="layers", built=built).row("layer2.weights", SHATTERED) for built in _BUILT}
    rows = [(_BUILT[built], *(said(share, 3) for share in row.values())) for built, row in takes.items()]
    _table("shattered takes, in the last layer, from", ("", *GLASS), rows)


def read_off(setting: str) -> None:
    """One word's stream as it comes and after each layer, held against every word that the unembedding knows."""
    setting_choice(setting, "Read off the row of")
    at = GLASS.index(chosen(setting))
    logits = readout(worked("block", part="layers", built="own").head.trace, stages("own"), glass_unembedding())
    rows = []
    for name, scores in zip(("as it comes", "after layer 1", "after layer 2"), logits.values(), strict=True):
        found = [f"“{word}” {shown(score)}" for word, score in most(scores[at], VOCABULARY, _TOP) if score > 0]
        rows.append((name, *(found + ["–"] * _TOP)[:_TOP]))
    _table(f"What the row of {chosen(setting)} says, stage by stage", ("", "most", "then", "then"), rows)


# --- Not linear ------------------------------------------------------------------------------------------------------


def doubled(setting: str) -> None:
    """All values multiplied, with the shares held; and all embeddings multiplied: what ball then takes from red."""
    setting_choice(setting, "Multiply by", {factor: f"× {factor}" for factor in allowed(setting)})
    factor = chosen(setting)
    given, labels = PAINT.given(WORDS)
    head = programs.masked(programs.SELF_ATTENTION)
    plain, more = (run(head, {**given, "x": times * given["x"]}, labels) for times in (1.0, float(factor)))
    held = plain["weights"].value @ (factor * plain["v"].value)
    red = WORDS.index("red")
    share, grown = (float(of["weights"].value[BALL, red]) for of in (plain, more))
    collects = float(plain["output"].value[BALL, 0])
    rows = (
        _collected("as we have it", share, collects, collects),
        _collected(f"values × {factor}, A held", share, float(held[BALL, 0]), collects),
        _collected(f"embeddings × {factor}", grown, float(more["output"].value[BALL, 0]), collects),
    )
    _table("What ball takes from red", ("", "share", "red that it collects", "times as much"), rows)


def _collected(what: str, share: float, collects: float, before: float) -> tuple[str, ...]:
    return what, exact(share), decimal(collects), decimal(collects / before)


# --- The next word ---------------------------------------------------------------------------------------------------


def cooler(temperature: str, top_k: str) -> None:
    """Temperature and top-k, and what they make of the last row."""
    with st.container(horizontal=True):
        setting_slider(temperature, "Temperature T", "Logits are divided by T before softmax.")
        others = "The others get probability 0. A word as likely as the last of them may be chosen, too."
        setting_slider(top_k, "Top-k: words that may be chosen", others, step=1)
    t, k = chosen(temperature), chosen(top_k)
    shares = [worked("block", part="next", temperature=at).row("next.probabilities", CUBE) for at in (1.0, 0.5)]
    shares.append(worked("block", part="next", temperature=t, top_k=k).row("next.probabilities", CUBE))
    counts = {word: np.exp(x) for word, x in worked("block", part="next").row("logits", CUBE).items()}
    words = sorted(WORDS, key=lambda word: -shares[0][word])
    rows = [(word, exact(float(counts[word])), *(exact(of[word]) for of in shares)) for word in words]
    set_to = f"T = {decimal(float(t))}" + (f", top {k}" if k < len(WORDS) else "")
    _table("After cube comes", ("", "exp of the logit", "T = 1", "T = 1/2", f"as set: {set_to}"), rows)


# --- Word by word ----------------------------------------------------------------------------------------------------


def writer(setting: str) -> None:
    """Let the model write on: seed, one word a press, and what each word was drawn by and cost."""
    done = chosen("written")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_slider(setting, "Seed of the draws", "Another seed draws other numbers.", step=1)
        st.button("Next word", key="block.next", type="primary", disabled=done == allowed("written")[-1],
                  on_click=set_setting, kwargs={"written": done + 1})  # fmt: skip
        st.button("Start again", key="block.again", disabled=not done, on_click=set_setting, kwargs={"written": 0})
    t, k = chosen("temperature"), chosen("top_k")
    words = write(model(), WORDS, done, chosen(setting), t, k)
    st.markdown(f"{' '.join(WORDS)} **{' '.join(word.word for word in words)}**" if words else " ".join(WORDS) + " …")
    rows = [_row(word) for word in words] or [("nothing yet", "", "", "", "", "")]
    header = ("word", "its probability", "the draw", "multiply-adds, all anew", "with the cache", "logits apart")
    _table(f"Written with T = {decimal(float(t))}, top {k}, seed {chosen(setting)}", header, rows)
    if words:
        whole, kept = (sum(of) for of in zip(*((word.whole, word.kept) for word in words), strict=True))
        st.caption(f"Together {whole:,} multiply-adds without the cache and {kept:,} with it: {whole - kept:,} saved.")
    if done == allowed("written")[-1]:
        st.caption(f"{done} words are as far as it goes here. “Start again” begins anew.")
    st.caption("Multiply-adds: of all matrix products of the block and of W_U; for every word so far, or for the new "
               "one alone.".replace("_", r"\_"))  # fmt: skip
    st.caption(
        f"A draw is a number from 0 to 1. The probabilities of {listed_words(WORDS)} lie end to end in this order; "
        "the word upon which it falls is written. T and top-k are those set further up."
    )


def _row(word: Written) -> tuple[str, ...]:
    return (word.word, shown(word.probability), decimal(word.draw), f"{word.whole:,}", f"{word.kept:,}",
            decimal(word.apart))  # fmt: skip


def paths() -> None:
    """How many steps lead from the first word of a text to its last."""
    rows = [(f"{n:,}", f"{n - 1:,}", "1", f"{costs.score_cells(n, causal=True):,}") for n in _DISTANCES]
    header = ("words", "steps, recurrent", "steps, attention", "pairs that a head compares")
    _table("From the first word to the last", header, rows)
