"""How alike two vectors are: dot product, length and cosine on a map; then many coordinates, and why √d divides."""

import streamlit as st

from attention_core import simulations
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider
from attention_ui.document import compute
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.plots import Axes, arrows2d, bars, histograms
from attention_ui.predict import reveal
from attention_ui.readings import Worked, chosen, said, worked
from attention_ui.session import visit
from attention_ui.teach import claim, compare, misconception

open_lesson("similarity")
bench, plain = visit().document.bench, visit().document.bench.settings
ours, yours = worked("similarity"), Worked(compute(visit().document))
EAST, DIAGONAL, NORTH, WEST = range(4)

st.markdown(
    "Attention asks how well two vectors fit. Take four arrows on a map, chosen by us: how far east, how far north. "
    "The **dot product**, written q · k, multiplies coordinate by coordinate and adds up. *east* with *north-east* is "
    f"{ours.written('scores', EAST, DIAGONAL)} = **{ours.said('scores', EAST, DIAGONAL)}**. It is positive where two "
    "arrows point roughly the same way, 0 at a right angle, negative where they point apart. It also grows with the "
    "**lengths** |q| and |k|. Divided by both, only the direction is left: the **cosine**, between −1 and 1, here "
    f"{ours.said('cosine', EAST, DIAGONAL)}."
)
arrows = dict(zip(yours.row("q_length"), yours.head.matrix("q").value.tolist(), strict=True))
arrows2d(Axes("The arrows: the rows of Q", "east", "north"), arrows, key="arrows", inks=["q"] * len(arrows))
display()
matrix_board()
terms("dot product", "norm", "cosine", "orthogonal", "score")
st.markdown(
    "On the diagonal each arrow meets itself. There every cosine is 1, and the dot product is the length *squared*: "
    f"{ours.said('scores', EAST, EAST)} for *east*, {ours.said('scores', NORTH, NORTH)} for *north*. Not 0, and not "
    f"always the largest: *north* scores {ours.said('scores', NORTH, DIAGONAL)} with *north-east*, which is longer. "
    "(To try another arrow, type it into Q, and again into K.)"
)

st.subheader("A longer arrow", anchor=False)
LONGER = ["both double", "the dot product doubles, the cosine stays", "the cosine doubles, the dot product stays"]
if reveal(
    "similarity.longer", "East becomes twice as long. What changes between it and north-east?", LONGER, LONGER[1]
):
    times = chosen("stretch") if chosen("stretch") != 1 else 2.0
    before, after = (it.row("scores", EAST, "dot product with {}") | it.row("cosine", EAST, "cosine with {}")
                     for it in (ours, worked("similarity", stretch=times)))  # fmt: skip
    compare("The row of east", before, after, ("as it was", f"{said(times)} times as long"))
    setting_slider("stretch", "East, any number of times as long", "Below 0 it is turned round.", step=0.5)
    st.caption("With itself, the dot product grows twice over: there both arrows are longer.")
claim("exact here", "A dot product, and so a score, may be any number. A cosine stays within −1 and 1.")

st.subheader("Many coordinates", anchor=False)
d, found, expected = chosen("d"), simulations.pairs(chosen("d")), simulations.spread(chosen("d")).dot
st.markdown(
    "Queries and keys have more than two coordinates; let d be how many. Draw each coordinate at random, with mean 0 "
    "and *standard deviation* 1: so far it usually lies from the mean. A product of two such numbers has 1, too, and "
    "when d products are added, the squares of these add up. So q · k has **√d**; divided by √d it has 1 again."
)
setting_choice("d", "Coordinates d", {size: str(size) for size in bench.allowed["d"]})
histograms(Axes(f"Random pairs, d = {d}", "score", "share of the pairs"),
           {"q · k": found.dots, "q · k, divided by √d": found.dots / expected}, key="dots", bins=80)  # fmt: skip
st.markdown(f"Standard deviation of q · k: √d is {said(expected)}; measured {said(found.dots.std())}.")

st.subheader("What softmax makes of that", anchor=False)
chance = simulations.largest_weights(plain["d"], plain["keys"])
st.markdown(
    f"A random query meets {plain['keys']} random keys, d = {plain['d']}. No key is meant to win; an even share would "
    f"be {said(chance[simulations.EVEN])}. But their scores differ by chance. Suppose that nobody divides them."
)
LARGEST = [f"about {said(chance[scaling], 2)}" for scaling in ("d", "√d", "nothing")]
if reveal("similarity.sharp", "How large is the largest weight, on average?", LARGEST, LARGEST[-1]):
    setting_slider("keys", "Keys", "The number of coordinates is chosen further above.", step=1)
    largest = simulations.largest_weights(d, chosen("keys"))
    axes = Axes(f"Largest weight: d = {d}, {chosen('keys')} keys", "score divided by", "mean of the largest weight")
    bars(axes, list(largest), {"mean": list(largest.values())}, key="largest", inks=["weights"])
    st.markdown(
        "Divided by nothing, chance picks a winner that takes nearly all. Divided by d, all keys look alike. √d lies "
        "between; and choose another d above: it is the one that hardly depends on it."
    )
misconception(
    "The scores are divided by d, the number of coordinates.",
    "By its square root, for that is how far they spread. In *red ball hit blue cube*, where d is 4, *hit* looks "
    "for *ball*. What it takes from it depends on what its score was divided by:",
    {f"divided by {scaling}": share for scaling, share in simulations.share_by_scaling().items()},
)
claim("typical", "Trained queries and keys are not random, but training starts from random weights.")

st.subheader("Nearly at a right angle", anchor=False)
few, many, high = bench.allowed["directions"][0], chosen("directions"), simulations.spread(plain["directions"])
st.markdown(
    f"Two random vectors of {plain['directions']} coordinates, as many as a token has in a large model, have a cosine "
    f"of 0, give or take 1/√d = {said(high.cosine, 3)}. That is nearly a right angle."
)
AWAY = [f"about {said(high.cosine, 3)}", "about 1", f"about {said(high.dot, 0)}"]
if reveal("similarity.away", "And their dot product: how far from 0 is it, usually?", AWAY, AWAY[-1]):
    setting_choice("directions", "Coordinates of a vector", {size: str(size) for size in bench.allowed["directions"]})
    histograms(Axes("Cosines of random pairs", "cosine", "share of the pairs"),
               {f"d = {size}": simulations.pairs(size).cosines for size in (few, many)}, key="cosines")  # fmt: skip
    low, now = simulations.measured(few), simulations.measured(many)
    compare("Standard deviation, measured", low, now, (f"d = {few}", f"chosen: {many}"))
    misconception(
        "In many dimensions random vectors are orthogonal for certain: their score is 0, and they drop out.",
        "*Nearly* orthogonal: the cosine shrinks, but the dot product, which is the score, grows. And even a score of "
        "0 does not drop out, for its exponential is 1.",
    )

close_lesson("similarity")
