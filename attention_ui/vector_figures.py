"""The figures of the lessons on similarity and on projections, each with its controls and what it puts beside it.

Vocabulary
    ours     the bench with our numbers; yours: with what the learner has set and typed
    spread   a standard deviation
"""

import numpy as np
import streamlit as st

from attention_core import simulations
from attention_ui.controls import setting_choice, setting_slider
from attention_ui.document import compute
from attention_ui.plots import Axes, arrows2d, bars, histograms
from attention_ui.readings import Worked, allowed, chosen, line, said, shown, size, usual, worked
from attention_ui.session import visit
from attention_ui.tables import text_table
from attention_ui.teach import compare

_EAST, _DIAGONAL = 0, 1
_HIT = "hit"
_LETTERS = {"X": "x", "W_Q": "w_q", "W_K": "w_k", "W_V": "w_v", "Q": "q", "K": "k", "V": "v", "scores": "scores"}
_MOVED = {"none": "no weight", "some": "some weights", "all": "every weight"}
MOVED = list(_MOVED.values())


# --- Similarity ------------------------------------------------------------------------------------------------------


def arrows() -> None:
    """The arrows as they are now; once they are not ours any more, with what the text says of ours, said of them."""
    ours, yours = worked("similarity"), Worked(compute(visit().document))
    tips = yours.head.matrix("q").value
    named = dict(zip(yours.row("q_length"), tips.tolist(), strict=True))
    axes = Axes(f"The arrows: the {line()}s of Q", "x (east)", "y (north)")
    with st.container():  # one place on the page, however much it holds: what follows must not be mounted anew
        arrows2d(axes, named, key="arrows", inks=["q"] * len(named))
        st.caption("Q and K hold the same arrows, so that each meets each. Type a number into one: the other follows.")
        if not np.array_equal(tips, ours.head.matrix("q").value):
            pair = _EAST, _DIAGONAL
            st.caption(
                "You have changed the arrows, and the text goes on about ours. With yours, *east* with *north-east* is "
                f"{yours.written('scores', *pair, form=shown)} = {shown(yours.number('scores', *pair))}, and the "
                f"cosine is {shown(yours.number('cosine', *pair))}."
            )


def longer_east() -> None:
    """Our first arrow with each, as it was and as many times as long as has been set; at first as in the question."""
    setting_slider("stretch", "East, this many times as long", "Below 0 it points west; at 0, nowhere.", step=0.5)
    set_by_hand = chosen("stretch") != usual("stretch")
    times = chosen("stretch") if set_by_hand else 2.0
    before, after = (
        found.row("scores", _EAST, "q · k with {}") | found.row("cosine", _EAST, "cosine with {}")
        for found in (worked("similarity"), worked("similarity", stretch=times))
    )
    longer = f"{said(times)} times as long" if set_by_hand else "twice as long"
    compare("Our arrow east, with each", before, after, ("as it was", longer), form=shown)
    st.caption("The matrices above follow the slider. With itself, the dot product grows twice over: both are longer.")


def random_scores() -> None:
    """Dot products of random pairs, divided by √d_k and not, for the chosen d_k."""
    setting_choice("d", "Coordinates d_k")
    d, found, expected = chosen("d"), simulations.pairs(chosen("d")), simulations.spread(chosen("d")).dot
    samples = {"q · k": found.dots, "q · k, divided by √d_k": found.dots / expected}
    histograms(Axes(f"Random pairs, d_k = {d}", "score", "share of the pairs"), samples, key="dots", bins=181)
    measured, divided = (said(sample.std().item(), 2) for sample in samples.values())
    st.markdown(
        f"The standard deviation of q · k should be √{d} = {said(expected)}. Measured, on {simulations.DRAWS:,} random "
        f"pairs: {measured}, and {divided} once each is divided by {said(expected)}. The small gap is chance: the "
        "pairs are drawn at random."
    )


def largest_weights() -> None:
    """The largest of the weights that chance gives, by what the scores are divided by, beside an even share."""
    setting_slider("keys", "Keys", "The number of coordinates is chosen further above.", step=1)
    found = simulations.largest_weights(chosen("d"), chosen("keys"))
    axes = Axes(
        f"Largest weight: d_k = {chosen('d')}, {chosen('keys')} keys", "score divided by", "mean of the largest weight"
    )
    bars(axes, list(found), {"mean": list(found.values())}, key="largest", inks=["weights"], form=_share)


def chance(scaling: str) -> str:
    """The largest weight, on average, before anybody has chosen other settings; or, for EVEN, an even share."""
    return _share(simulations.largest_weights(usual("d"), usual("keys"))[scaling])


def _share(x: float) -> str:
    """A weight of the simulations, as text and figure both say it."""
    return said(x, 3)


def nearly_orthogonal() -> None:
    """Cosines of random pairs with two coordinates and with as many as chosen, and how far both measures spread."""
    setting_choice("directions", "Coordinates of a vector")
    few, many = allowed("directions")[0], chosen("directions")
    cosines = {f"{n} coordinates": simulations.pairs(n).cosines for n in (few, many)}
    histograms(Axes("Cosines of random pairs", "cosine", "share of the pairs"), cosines, key="cosines")
    names = (f"{few} coordinates", f"as chosen: {many}")
    compare(
        f"Standard deviation, measured on {simulations.DRAWS:,} pairs",
        simulations.measured(few),
        simulations.measured(many),
        names,
    )
    st.caption("These pairs were drawn at random, so what is measured lies a little beside 1 / √d and √d.")


# --- Queries, keys and values ----------------------------------------------------------------------------------------


def fits() -> None:
    """The query of the chosen word, and its score with every key."""
    ours, word = worked("projections"), chosen("asks")
    at = allowed("asks").index(word)
    query, made_of = ours.vector("q", at), ours.vector("x", at)
    st.markdown(f"The query of *{word}* is q = {query}, made of x = {made_of}. Its score with each key:")
    scores = ours.row("scores", at)
    axes = Axes(f"The query of {word}, times each key", "key of", "score")
    bars(axes, list(scores), {"score": list(scores.values())}, key="fits", inks=["k"], form=shown)


def shapes_by_length(long: int) -> None:
    """What shape each matrix has for the chosen number of words and for a long text, and whose numbers other words
    change."""
    n, kind = chosen("n"), chosen("other")
    now, other = (worked("projections", n=n, other=which).head.trace for which in (kind, not kind))
    kept, *shapes = simulations.kept(now, other), simulations.shapes(now, n), simulations.shapes(now, long)
    rows = [
        (letter, *(size(shape[name]) for shape in shapes), "the same numbers" if kept[name] else "other numbers")
        for letter, name in _LETTERS.items()
    ]
    header = ("", f"{n} words", f"{long} words", "other words")
    st.html(text_table("The shapes", header, rows))


def moved(bias: str) -> str:
    """How many attention weights a bias changes, as one of MOVED."""
    zero, biased = (worked("projections", bias=which).head.trace for which in ("zero", bias))
    return _MOVED[simulations.how_many_moved(zero, biased, "weights")]


def with_query_bias() -> None:
    """What hit takes from each word, without a bias and with one on every query."""
    at = allowed("asks").index(_HIT)
    before, after = (worked("projections", bias=bias).row("weights", at, "from {}") for bias in ("zero", "b_q"))
    compare("What hit takes", before, after, ("no bias", "with b_Q"), form=shown)
    st.caption("From the words that follow it takes nothing, with a bias or without: the mask hides them.")
