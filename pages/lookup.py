"""From a table that hands over one value to one that mixes all: why attention can be trained, and a table cannot."""

import streamlit as st

from attention_ui.bench_figures import looked_up, nudging, other_values, sharpening, table_board
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import said, shown, worked
from attention_ui.teach import claim, misconception

open_lesson("lookup")
FIRST, SECOND, LAST, OTHER, SMALL = 0, 1, -1, 100.0, 0.1
soft, hard = worked("lookup", pull=True), worked("lookup", soft=False)
found, taken = soft.number("output", 0), hard.number("output", 0)

st.markdown(
    "A table keeps a **value** under each **key**. You come with a **query**; the key that fits it is found, and its "
    "value is handed over, whole. That is a *hard* lookup: everything from one place, nothing from the others.\n\n"
    "Attention looks up *softly*. The query *q* is compared with every key *k*: multiply coordinate by coordinate and "
    "add up. The result is a **score**; the larger, the better the fit. The scores become **weights**, which are "
    "shares that add up to 1, and all the values are mixed in these shares.\n\n"
    "Three signs: the **exponential**, *exp* of a number, is e = 2.718… raised to it; *ln* goes back: "
    f"{soft.said('q', 0, FIRST)} = {soft.said('q', 0, FIRST, places=2)} is the number whose exponential is "
    f"{soft.said('exps', 0, FIRST)}. A raised T, as in Kᵀ, says that rows and columns are exchanged.\n\n"
    f"Here are a query and three keys, each with coordinates a, b and c, and the values {soft.listed('v')}. The "
    f"exponentials of the scores are {soft.listed('exps')}: that is how much each key counts, and the next lesson says "
    f"how. As shares of their sum these are {soft.listed('weights', form=shown)}. So the soft lookup gives "
    f"{soft.written('output', 0, form=shown)} = **{said(found)}**. The hard one takes the best key's value, "
    f"**{said(taken)}**. We chose the numbers, so that they come out clean."
)
table_board()
terms("query", "key", "value", "score", "weight", "exponential", "derivative")

st.subheader("What is the query compared with?", anchor=False)
larger = worked("lookup", third=OTHER)
st.markdown(f"The third value is {soft.said('v', 0, LAST)}. Suppose that it were {said(OTHER)}.")
if reveal("lookup.values", "Which weights change?", ["None", "The third grows", "The third shrinks"], "None"):
    st.markdown(
        "A query is compared with the keys, and never with the values: the first step above reads Q and K. So the "
        f"weights stay {larger.listed('weights', form=shown)}, and only the result goes from {said(found)} to "
        f"{larger.said('output', 0)}. Set it here, or try other values: the matrices change with you."
    )
    other_values(OTHER)

st.subheader("Why can a hard table not be trained?", anchor=False)
nudged, hard_nudged = worked("lookup", nudge=SMALL), worked("lookup", nudge=SMALL, soft=False)
st.markdown(
    "To train is to nudge a number a little, to see which way the result moves, and to go on in the better direction. "
    f"Take the hard lookup, which gives {said(taken)}, and nudge the query: its coordinate b grows by "
    f"{said(SMALL, 1)}. Key 2 fits a little better now, though it is not yet the best."
)
if reveal("lookup.nudge", "How does the hard result change?", ["Not at all", "A little", "It jumps"], "Not at all"):
    st.markdown(
        f"The hard result stays {hard_nudged.said('output', 0)}; the soft one goes from {said(found)} to "
        f"{nudged.said('output', 0, places=3)}. Nudge on, and the hard result jumps once, where key 2 becomes the "
        "best. Elsewhere it is flat: no small nudge tells which way to go. Nudging a *key* changes a score in the "
        "same way, so it is not felt either. That is why a table cannot learn its keys."
    )
    nudging()
    st.markdown(
        "How fast the soft result moves with each score is its *pull*, weight × (value − result): the **derivative**. "
        f"Here the pulls are {soft.listed('felt', form=shown)}: key 1 pulls the result down, key 3 pulls it up. "
        f"A nudge of {said(SMALL, 1)} of the score of key 2 should move it by about {said(SMALL, 1)} × "
        f"{shown(soft.number('felt', 0, SECOND))}; it moved by {said(nudged.number('output', 0) - found, 3)}. "
        f"With a *value* the result moves as fast as its weight says: {soft.listed('weights', form=shown)}."
    )
    claim("exact here", "A hard table could train the value that it hands over, but none of its keys.")
    claim("typical", "Some models do choose hard. They need tricks to be trained; attention needs none.")

st.subheader("From the mean to the table", anchor=False)
even, sharp = worked("lookup", sharpness=0.0), worked("lookup", sharpness=10.0)
st.markdown("Multiply every score by a number *c*, the sharpness. So far it was 1. With *c* = 0, all scores are 0.")
options = ["0", *(table.said("output", 0) for table in (hard, soft, even))]
if reveal("lookup.sharpness", "What does the soft lookup give then?", options, options[-1]):
    st.markdown(
        f"All keys fit equally well, so each gets {shown(even.number('weights', 0, FIRST))}, and the result is the "
        f"plain mean of the values. At *c* = {sharp.said('scale')} our numbers give {sharp.said('output', 0, places=2)}"
        ", nearly what the hard table gives. Soft lookup holds both ends, and everything between."
    )
    sharpening()

misconception(
    "If no key equals the query, a lookup finds nothing.",
    f"No key has to be equal. The coordinates of our query are {soft.listed('q', form=shown)}, and no key is that: "
    "each is two zeros and a 1. Still every key has a score, every value gets a share, and there is a result.",
    looked_up(soft),
)

close_lesson("lookup")
