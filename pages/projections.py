"""Queries, keys and values: three projections of the same words, what fits what, and what a longer text changes."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import allowed, line, shown, worked
from attention_ui.teach import claim, misconception
from attention_ui.vector_figures import MOVED, fits, moved, shapes_by_length, with_query_bias

open_lesson("projections")
ours, LINE = worked("projections"), line()
RED, BALL, *_ = range(len(allowed("asks")))
WIDTH, scaled = len(ours.row("q")), shown(worked("projections", bias="zero").number("scaled", BALL, RED))
ball = {name: ours.vector(name, BALL) for name in ("x", "q", "k", "v")}

st.markdown(
    f"A word comes as a {LINE} of numbers, here one for each feature. *ball* is a noun, and round: x = {ball['x']}. "
    f"The {LINE}s of all words together are the matrix X, {ours.size('x')}. Attention needs three things of each word: "
    "what it looks for, what it can be found by, and what it hands over."
)
st.markdown(
    f"So X is multiplied by three matrices of weights, W_Q, W_K and W_V, each {ours.size('w_q')}. For *ball* that "
    f"makes the **query** q = {ball['q']}, the **key** k = {ball['k']} and the **value** v = {ball['v']}. We chose the "
    f"weights for clean results. ({ours.said('q', BALL, 0)} is about {ours.said('q', BALL, 0, places=2)}; *fractions*, "
    "below, writes it exactly.)"
)
display()
matrix_board()
terms("query", "key", "value", "projection", "embedding", "parameter", "d_model", "d_k")

st.subheader("What fits what?", anchor=False)
st.markdown(
    "In our weights, coordinate 0 of a query says “I look for an adjective”, and coordinate 0 of a key “I am one”. "
    f"*red* has the key {ours.vector('k', RED)}, so *ball* and *red* fit: their score is "
    f"{ours.written('scores', BALL, RED, form=shown)} = **{shown(ours.number('scores', BALL, RED))}**. Nobody asks and "
    "nobody answers: two lists of numbers are multiplied, and the products added up. (These scores are not yet divided "
    f"by √d_k, here √{WIDTH} = {shown(WIDTH**0.5)}. Divided, this one is {scaled}: the score of the lesson on softmax.)"
)
setting_choice("asks", "Follow the query of")
fits()
misconception(
    "In self-attention Q, K and V are the same, because all are made from the same words.",
    "The same source, three different projections. And mind the words: W_Q, the query *matrix*, is not a query. It "
    f"maps the space of {len(ours.row('x'))} features to a smaller one, of {WIDTH} coordinates. That "
    f"makes Q, {ours.size('q')}, and each {LINE} of Q is one query *vector*.",
    {f"ball in {name.upper()}": numbers for name, numbers in ball.items()},
)

st.subheader("A longer text", anchor=False)
LONG, GROW = 50, ["X, Q, K and V", "X, Q, K, V and the scores", "all, W_Q, W_K and W_V too"]
st.markdown(
    f"These are {len(allowed('asks'))} words; the badges say the shapes. In a text of {LONG} words some change."
)
if reveal("projections.length", "Which shapes change?", GROW, GROW[1]):
    setting_slider("n", "Words in the text", "All matrices above follow.", step=1)
    setting_switch("other", "Other words", "As many words, from another place of the text.")
    shapes_by_length(LONG)
    st.markdown(
        f"One word more is one {LINE} more in X, Q, K and V, and a row and a column more in the scores. W_Q, W_K "
        "and W_V stay, shape and numbers: they were there before the first word, and serve a text of any length."
    )
claim("typical", "W_Q, W_K and W_V are tuned in training, then fixed. Nothing written in a prompt changes them.")

st.subheader("Only matrices? The bias", anchor=False)
keyed, asked = (worked("projections", bias=bias).vector(bias) for bias in ("b_k", "b_q"))
st.markdown(
    "There is no ReLU in here, only matrix products. Some models add a **bias** after them: numbers b_Q, b_K or b_V, "
    "the same for every word. Go on to the attention weights, which softmax makes of the scaled scores, and suppose "
    f"that b_K = {keyed} is added to every key."
)
if reveal("projections.key_bias", "Which attention weights change?", MOVED, moved("b_k")):
    st.markdown("q · (k + b_K) = q · k + q · b_K, and the last part is one for all keys. Softmax sees no constant.")
    st.markdown(f"And if b_Q = {asked} is added to every query instead?")
    if reveal("projections.query_bias", "Which attention weights change now?", MOVED, moved("b_q")):
        st.markdown("(q + b_Q) · k = q · k + b_Q · k, another number for each key: all look for adjectives a little.")
        with_query_bias()
        biases = {"": "no bias", "zero": "biases of 0", "b_q": "b_Q on every query", "b_k": "b_K on every key"}
        setting_choice("bias", "In the matrices above", biases)
        st.caption("With a bias they go on to the weights. Type other numbers into b_Q, b_K and b_V there.")

close_lesson("projections")
