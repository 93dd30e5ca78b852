"""What a head hands over and what it adds: values, W_V and W_O as one map, and the residual."""

import streamlit as st

from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import line, shown, worked
from attention_ui.teach import claim, misconception
from attention_ui.values_figures import LARGE, askers, bends, board, identical, large, narrow, parts, replaced
from attention_ui.values_numbers import mixtures, predicted, stays, widths

open_lesson("values")
ours, LINE, (RED, BALL, CUBE) = worked("values"), line(), (0, 1, 4)
COLLECTED, ADDED = (ours.vector(name, BALL) for name in ("output", "residual"))
FROM_RED, TO_CUBE, OWN = (shown(ours.number("weights", *at)) for at in ((BALL, RED), (CUBE, RED), (BALL, BALL)))
st.markdown("Queries and keys make shares: how much each word takes from each. Here the shares are given, as the "
            "matrix A. What is it that is taken, and where does it go? Follow *ball* in three moves.\n\n"
            f"**Values.** W_V makes of each word what it hands over. *red* comes as {ours.vector('x', RED)} and hands "
            f"over v = {ours.vector('v', RED)}: its colour, and not that it is an adjective. **Output.** *ball* takes "
            f"{FROM_RED} of that, and {OWN} of its own value: {COLLECTED}. **Back to features.** W_O writes this in "
            f"the features of words, {ours.vector('projected', BALL)}, and that is *added* to *ball*. Out comes "
            f"**{ADDED}**: a noun as before, round, and now red.")  # fmt: skip
board()
terms("token", "value", "output", "residual stream", "offer", "identity", "linear", "rank", "d_v", "d_model")
claim("exact here", f"What a head does to a word is to add a {LINE} of numbers to it. We chose the weights.")

st.subheader("What is added, part by part", anchor=False)
st.markdown("What a word hands over to one who takes all of it is its **offer**: what W_V and then W_O make of it. "
            "After the head a word is itself, plus each offer times its share.")  # fmt: skip
parts("asker")
st.markdown("Which part is added first makes no difference: it is a sum. X is not changed before the head reads it, "
            "nor while it does. With the residual it goes past, and the head’s part joins it at the end.")  # fmt: skip
claim("typical", "So it goes on through a model: every head, and every MLP, only updates what the words are so far.")

st.subheader("Without the residual", anchor=False)
st.markdown("The sum X + Y is called *residual*. Take X away, so that Y replaces the words.")
if reveal("values.residual", "What is ball then?", *predicted("residual")):
    replaced("residual")
    st.markdown("No value carries that it is a noun. Of round, only what *ball* took from itself is left.")
misconception("Attention replaces a word by a mixture of other words.", "It adds a mixture of their values. The "
              "word’s own features stay, unless a head adds the opposite.", stays())  # fmt: skip

st.subheader("Why values? Why not the words themselves?", anchor=False)
st.markdown("Let W_V and W_O be the *identity*, 1 on the diagonal and 0 elsewhere. A value is then the word itself. As "
            "with our weights, *ball* becomes red, and rounder.")  # fmt: skip
if reveal("values.identity", "What else does ball become now?", *predicted("identity")):
    identical("maps")
    st.markdown("In part. What it found *red* by comes along with what it wanted of it. W_V chooses what is handed "
                "over, apart from what a word is found by.")  # fmt: skip
claim("contested", "Must W_V be learned? He and Hofmann (2024) held W_V and W_O at the identity in small models, which "
      "trained as fast; most models have them. Type 0 over our W_V to see what hangs on it here.")  # fmt: skip

st.subheader("One value for all who ask", anchor=False)
st.markdown(f"In our A, *ball* takes {FROM_RED} of *red*, *cube* {TO_CUBE}. Take our W_V and W_O again, and let "
            "*red* hand over 2 of red instead of 1.")  # fmt: skip
if reveal("values.askers", "By how much does the red grow that ball and cube collect?", *predicted("askers")):
    askers("giver")
    st.markdown("A value does not know who asks. What belongs to a *pair* of words, that *ball* needs *red* more than "
                "*cube* does, stands in A. A value made of both words would be a vector for each cell of A. Type "
                "another number over W_V where *red* has its 1: every asker gets the new value.")  # fmt: skip

st.subheader("Two matrices, one map", anchor=False)
st.markdown("Is V made by one matrix or two? W_V makes a value, W_O writes it back; each head has its own pair. Only "
            "the mixing stands between them, so they are one map from features to features, W_V W_O, drawn above. In "
            "our example three of its cells are not 0. Let a value have our first r = 2 coordinates only.")  # fmt: skip
if reveal("values.narrow", "What does a word no longer hand over?", *predicted("narrow")):
    narrow("r")
    st.markdown("The *rank* of W_V W_O, the number of directions that it really uses, is never above r. Our map needs "
                "three, so three lose nothing. *A full map*, in which every feature hands over something of every "
                "feature, needs six, and loses little at first.")  # fmt: skip
st.markdown("Now the width of GPT-3: d_model = {:,}, and d_v = {} in each head.".format(*LARGE))
if reveal("values.two", "How many times the numbers of W_V and W_O would one full matrix have?", *predicted("two")):
    large("d_v")
    st.markdown("Two narrow factors have fewer numbers while d_v is below half of d_model. What is given up is rank. "
                "Our d_v, 4 of 6, is above half: the two have {}, and one has {}.".format(*widths()))  # fmt: skip

st.subheader("Only products and sums?", anchor=False)
st.markdown("W_V and W_O are *linear*: sums of products, with no bend. Let A mix the words first, and W_V come last.")
if reveal("values.order", "What does ball collect then?", ["the same", "less", "more"], "the same"):
    bends()
    st.markdown("A linear map of a mean is the mean of what the map makes, so a value is made once for each word. The "
                "bend is in softmax: double all embeddings, and what the same shares collect doubles, but the shares "
                "do not. The next bend comes in the MLP after the heads, for each word alone.")  # fmt: skip
misconception("A times the embeddings is “the projection matrix”, and the result of attention. (A chatbot said so.)",
              "A projection is W_V, a matrix of weights. A times the embeddings is a mixture of *words*: W_V is left "
              "out, and adj, which has no place in a value, is mixed in. A head’s output is A times the *values*.",
              mixtures())  # fmt: skip
close_lesson("values")
