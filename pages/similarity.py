"""How alike two vectors are: dot product, length and cosine on a map; then many coordinates, and why √d_k divides."""

import streamlit as st

from attention_core import simulations
from attention_ui.board import matrix_board
from attention_ui.controls import display
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import said, shown, usual, worked
from attention_ui.teach import claim, misconception
from attention_ui.vector_figures import arrows, chance, largest_weights, longer_east, nearly_orthogonal, random_scores

open_lesson("similarity")
ours = worked("similarity")
EAST, DIAGONAL, NORTH = range(3)

st.markdown(
    "Attention asks how well two vectors fit. Take four arrows on a map, chosen by us: x says how far east, y how far "
    "north. The **dot product**, written q · k, multiplies coordinate by coordinate and adds up. Our *east* with our "
    f"*north-east* is {ours.written('scores', EAST, DIAGONAL)} = **{ours.said('scores', EAST, DIAGONAL)}**. It is "
    "positive where two arrows point roughly the same way, 0 at a right angle, negative where they point apart. It "
    "also grows with the **lengths** |q| and |k|. Divided by both, only the direction is left: the **cosine**. It lies "
    f"between −1 and 1; here it is {ours.said('cosine', EAST, DIAGONAL)}."
)
display()
matrix_board(arrows)
terms("dot product", "norm", "cosine", "orthogonal", "score")
st.markdown(
    "On the diagonal each arrow meets itself. There every cosine is 1, and the dot product is the length *squared*: "
    f"{ours.said('scores', EAST, EAST)} for our *east*, {ours.said('scores', NORTH, NORTH)} for our *north*. Not 0, "
    f"and not always the largest: *north* scores {ours.said('scores', NORTH, DIAGONAL)} with the longer *north-east*."
)

st.subheader("A longer arrow", anchor=False)
LONGER = ["both double", "the dot product doubles, the cosine stays", "the cosine doubles, the dot product stays"]
if reveal("similarity.longer", "Make east twice as long. What changes between it and north-east?", LONGER, LONGER[1]):
    longer_east()
claim("exact here", "A dot product, and so a score, may be any number. A cosine stays within −1 and 1.")

st.subheader("Many coordinates", anchor=False)
FEW, MANY, KEYS = 4, usual("d"), usual("keys")
few, many = (said(simulations.spread(size).dot) for size in (FEW, MANY))
st.markdown(
    "Queries and keys have more coordinates than two; **d_k** says how many. Draw each at random, with mean 0 and "
    "*standard deviation* 1: that far from 0 it usually lies. How far from 0 does q · k lie then?\n\n"
    "It adds up d_k products, each with the standard deviation 1, too. Some are above 0 and some below, so their sum "
    "grows more slowly than their number: what adds up is the *square* of the standard deviation. For "
    f"{FEW} products it is {' + '.join('1' * FEW)} = {FEW}, and the root of {FEW} is {few}. For {MANY} it is {MANY}, "
    f"with the root {many}. So q · k usually lies **√d_k** from 0; divided by √d_k, it is back at 1."
)
random_scores()

st.subheader("What softmax makes of that", anchor=False)
st.markdown(
    f"A random query meets {KEYS} random keys, and d_k is {MANY}. No key is meant to win; an even share would be "
    f"{said(1 / KEYS)} = {chance(simulations.EVEN)}. But the scores differ by chance. Suppose that nobody divides them."
)
LARGEST = [f"about {chance(scaling)}" for scaling in ("d_k", "√d_k", "nothing")]
if reveal("similarity.sharp", "How large is the largest weight, on average?", LARGEST, LARGEST[-1]):
    largest_weights()
    st.markdown(
        "Divided by nothing, chance picks a winner that takes nearly all. Divided by d_k, all keys look alike. √d_k "
        "lies between. Choose another d_k above: of the three, only the bar of √d_k hardly moves."
    )
misconception(
    "The scores are divided by d_k, the number of coordinates.",
    "By its square root, for that is how far they spread. In *red ball hit blue cube*, where d_k is 4, *hit* looks "
    "for *ball*. What it takes from it depends on what its score was divided by:",
    {f"divided by {scaling}": taken for scaling, taken in simulations.share_by_scaling().items()},
    form=shown,
)
claim("typical", "Trained queries and keys are not random, but training starts from random weights.")

st.subheader("Nearly at a right angle", anchor=False)
high = simulations.spread(usual("directions"))
st.markdown(
    f"Two random vectors of {usual('directions')} coordinates, as many as a token has in a large model, have a cosine "
    f"near 0. Its standard deviation is 1 / √{usual('directions')} = {said(high.cosine, 3)}: nearly a right angle."
)
AWAY = [f"about {said(high.cosine, 3)}", "about 1", f"about {said(high.dot, 0)}"]
if reveal("similarity.away", "And their dot product: how far from 0 is it, usually?", AWAY, AWAY[-1]):
    nearly_orthogonal()
    misconception(
        "In many dimensions random vectors are orthogonal for certain: their score is 0, and they drop out.",
        "*Nearly*: the cosine shrinks, but the dot product grows. And a score of 0 does not drop out: exp(0) is 1.",
    )

close_lesson("similarity")
