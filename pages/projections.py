"""Queries, keys and values: three projections of the same words, what fits what, and what a longer text changes."""

import streamlit as st

from attention_core import simulations
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.editable import shape_text
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.plots import Axes, bars
from attention_ui.predict import reveal
from attention_ui.readings import chosen, worked
from attention_ui.session import visit
from attention_ui.teach import claim, compare, misconception

open_lesson("projections")
ours, WORDS = worked("projections"), visit().document.bench.allowed["asks"]
RED, BALL, HIT, *_ = range(len(WORDS))
size = {name: shape_text(shape) for name, shape in simulations.shapes(ours.head.trace, len(WORDS)).items()}
row = simulations.row_text
ball = {name: row(ours.head.trace, name, BALL) for name in ("x", "q", "k", "v")}

st.markdown(
    "A word comes as a row of numbers, here one for each feature. *ball* is a noun, and round: "
    f"x = {ball['x']}. The rows of all words, one below the other, are X, {size['x']}. Attention needs three things of "
    "each word: what it looks for, what it can be found by, and what it hands over."
)
st.markdown(
    f"So X is multiplied by three matrices of weights, W_Q, W_K and W_V, each {size['w_q']}. For *ball* that makes the "
    f"**query** q = {ball['q']}, the **key** k = {ball['k']} and the **value** v = {ball['v']}. We chose the weights "
    "so that the numbers come out clean."
)
display()
matrix_board()
terms("query", "key", "value", "projection", "embedding", "parameter", "d_model", "d_k")

st.subheader("What fits what?", anchor=False)
st.markdown(
    "In our weights, coordinate 0 of a query says “I look for an adjective”, and coordinate 0 of a key “I am one”. "
    f"*red* has the key {row(ours.head.trace, 'k', RED)}, so *ball* and *red* fit: their score is "
    f"{ours.written('scores', BALL, RED)} = **{ours.said('scores', BALL, RED)}**, or "
    f"{ours.said('scores', BALL, RED, places=3)}. Nobody asks and nobody answers: two rows of numbers are multiplied."
)
asks = WORDS.index(chosen("asks"))
setting_choice("asks", "Follow the query of", {word: word for word in WORDS})
x, q = (row(ours.head.trace, name, asks) for name in ("x", "q"))
st.markdown(f"Its query is q = {q}, made of x = {x}. The score with each key:")
fits = ours.row("scores", asks)
bars(Axes(f"The query of {WORDS[asks]}, times each key", "key of", "score"), list(fits),
     {"score": list(fits.values())}, key="fits", inks=["k"])  # fmt: skip
misconception(
    "In self-attention Q, K and V are the same, because all are made from the same words.",
    "The same source, three different projections. And mind the words: W_Q, the query *matrix*, is not a query. It "
    f"maps the space of {len(ours.row('x'))} features to a smaller one, of {len(ours.row('q'))} coordinates. That "
    f"makes Q, {size['q']}, and each row of Q is one query *vector*.",
    {f"ball in {name.upper()}": numbers for name, numbers in ball.items()},
)

st.subheader("A longer text", anchor=False)
LONG, GROW = 50, ["X, Q, K and V", "X, Q, K, V and the scores", "all, W_Q, W_K and W_V too"]
st.markdown(f"These are {len(WORDS)} words; the badges say the shapes. In a text of {LONG} words some change.")
if reveal("projections.length", "Which shapes change?", GROW, GROW[1]):
    setting_slider("n", "Words in the text", "All matrices above follow.", step=1)
    setting_switch("other", "Other words", "As many words, from another place of the text.")
    chosen_n, bench = chosen("n"), "projections"
    yours, other = (worked(bench, n=chosen_n, other=it).head.trace for it in (chosen("other"), not chosen("other")))
    shapes = [simulations.shapes(yours, n) for n in (chosen_n, LONG)]
    same = {name: "same" if kept else "other" for name, kept in simulations.kept(yours, other).items()}
    letters = {"X": "x", "W_Q": "w_q", "W_K": "w_k", "W_V": "w_v", "Q": "q", "K": "k", "V": "v", "scores": "scores"}
    rows = [
        f"| {letter} | {' | '.join(shape_text(shape[name]) for shape in shapes)} | {same[name]} |"
        for letter, name in letters.items()
    ]
    head = f"| | now: {chosen_n} words | {LONG} words | numbers for other words |"
    st.markdown("\n".join([head, "|---" * 4 + "|", *rows]))
    st.markdown(
        "One word more is one row more in X, Q, K and V, and a row and a column more in the scores. W_Q, W_K "
        "and W_V stay, shape and numbers: they were there before the first word, and serve a text of any length."
    )
claim("typical", "W_Q, W_K and W_V are tuned in training, then fixed. Nothing written in a prompt changes them.")

st.subheader("Only matrices? The bias", anchor=False)
zero, asked, keyed = (worked("projections", bias=bias) for bias in ("zero", "b_q", "b_k"))
st.markdown(
    "There is no ReLU in here, only matrix products. Some models add a **bias** after them: a row of numbers b_Q, b_K "
    "or b_V, the same for every word. Go on to the attention weights, which softmax makes of the scaled scores, and "
    f"suppose that b_K = {row(keyed.head.trace, 'b_k')} is added to every key."
)
MOVED = {"none": "no weight", "some": "some weights", "all": "every weight"}
if reveal(
    "projections.key_bias",
    "Which attention weights change?",
    list(MOVED.values()),
    MOVED[simulations.how_many_moved(zero.head.trace, keyed.head.trace, "weights")],
):
    st.markdown("q · (k + b) = q · k + q · b, and the last part is the same for every key. Softmax sees no constant.")
    st.markdown(f"And if b_Q = {row(asked.head.trace, 'b_q')} is added to every query instead?")
    if reveal(
        "projections.query_bias",
        "Which attention weights change now?",
        list(MOVED.values()),
        MOVED[simulations.how_many_moved(zero.head.trace, asked.head.trace, "weights")],
    ):
        st.markdown("(q + b) · k = q · k + b · k, another number for each key: all look for adjectives a little.")
        before, after = (found.row("weights", HIT, "hit takes from {}") for found in (zero, asked))
        compare("The row of hit", before, after, ("no bias", "with b_Q"))
        biases = {"": "leave it out", "zero": "0, to type over", "b_q": "every query", "b_k": "every key"}
        setting_choice("bias", "Add it in the matrices above, to", biases)
        st.caption("They then go on to the weights. Type other numbers into b_Q, b_K and b_V there.")

close_lesson("projections")
