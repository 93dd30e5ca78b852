"""One head of attention on the learner's own sentence: every matrix, every number."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, example_field, sentence_field, switches
from attention_ui.document import compute, example_document
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.paint import share_of, shares, shares_of
from attention_ui.predict import predict, verdict
from attention_ui.teach import claim, compare, misconception, recap

open_lesson("one_head")

left, right = st.columns([3, 2])
with left:
    sentence_field()
with right:
    example_field()
switches()
display()
matrix_board()
terms("query", "key", "value", "score", "weight", "softmax", "mask", "residual", "d_k")

st.subheader("Predict, then look", anchor=False)
plain, unmasked = example_document("paint"), example_document("paint").with_causal(False)
now, then = compute(plain), compute(unmasked)
HIT, BALL = (now.document.tokens.index(word) for word in ("hit", "ball"))
st.markdown(
    "In *red ball hit blue cube*, *hit* looks for things. It sees *red*, *ball* and itself, and takes "
    f"**{share_of(now, HIT, BALL)}** from *ball*. Now imagine the mask switched off, so that *hit* sees the words that "
    "follow, too: *blue*, and *cube*, which is another thing."
)
guess = predict(
    "one_head.mask", "How much will hit take from ball then?",
    [share_of(now, HIT, BALL), "1/2", share_of(then, HIT, BALL), "1/5"],
)  # fmt: skip
if guess is not None:
    verdict(guess, share_of(then, HIT, BALL))
    shares(then, HIT)
    st.markdown(
        "Two things fit equally well now, so they get the same, and everything is divided by a larger sum. Switch "
        "*Causal mask* off above, and see it in row *hit*."
    )

unscaled = compute(example_document("paint").unscaled())
st.markdown(
    "Back to the mask as it was. The scores are divided by √d_k = 2 before softmax, and so a match counts 3 times. "
    "Suppose that nobody divided."
)
guess = predict(
    "one_head.scale", "How much would hit take from ball, without the division?",
    [share_of(now, HIT, BALL), share_of(unscaled, HIT, BALL), "3/4", "1"],
)  # fmt: skip
if guess is not None:
    verdict(guess, share_of(unscaled, HIT, BALL))
    st.markdown("Scores twice as large are *squared* by exp: a match then counts 3 × 3 = 9 times, and wins almost all.")
    compare(
        "What hit takes",
        shares_of(now, HIT), shares_of(unscaled, HIT),
        ("divided by 2", "not divided"),
    )  # fmt: skip

misconception(
    "The output in a row belongs to the word that was looked at, the one whose key was used.",
    "It belongs to the word that looked, whose query was used. Row *hit* of the output is what *hit* has collected, "
    "most of it from *ball*. The key only decides how much; the value is what is handed over.",
    {"round, collected by hit": now.matrix("residual").value[HIT, -1].item(),
     "what hit takes from ball": now.matrix("weights").value[HIT, BALL].item(),
     "round, of ball itself": now.matrix("x").value[BALL, -1].item()},
)  # fmt: skip
claim("exact here", "Every number on this page is computed from the matrices above, with weights chosen by us.")
claim("typical", "In a trained model the weights are learned, the features have no names, and a head is one of many.")

st.subheader("From earlier lessons", anchor=False)
recap(
    [
        ("Why does adding 100 to every score of a row change no weight?",
         "Every exponential is multiplied by the same number, e to the 100, and so is their sum: it cancels."),
        ("A bias is added to every key. Which weights change, and why?",
         "None: every score of a query grows by the same number. A bias of the queries is another matter."),
    ]
)  # fmt: skip
close_lesson("one_head")
