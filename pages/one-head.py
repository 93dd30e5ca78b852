"""One head of attention on the learner's own sentence: every matrix, every number."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, example_field, sentence_field, switches
from attention_ui.document import compute, example_document
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.paint import both, chain, collected, colour_after, mixture, share_of, shares, shares_of, spreads
from attention_ui.predict import reveal
from attention_ui.readings import shown
from attention_ui.teach import claim, compare, misconception

open_lesson("one_head")

st.markdown(
    "The steps of the last lessons, now all together, from the words to what the head adds to them. Throw a switch, or "
    "choose what to break: a dark corner marks each number that changed, and *Why did it change?*, beside the "
    "matrices, follows one of them from step to step."
)
left, right = st.columns([3, 2])
with left:
    sentence_field()
with right:
    example_field()
switches()
display()
matrix_board()
terms("query", "key", "value", "score", "weight", "softmax", "mask", "residual", "entropy", "d_k")

st.subheader("Predict, then look", anchor=False)
plain, unmasked = example_document("paint"), example_document("paint").with_causal(False)
now, then = compute(plain), compute(unmasked)
RED, BALL, HIT, BLUE, CUBE = range(len(now.document.tokens))
st.markdown(
    "In *red ball hit blue cube*, *hit* looks for things. It sees *red*, *ball* and itself, and takes "
    f"**{both(now, 'weights', HIT, BALL)}** from *ball*. Now imagine the mask switched off, so that *hit* sees the "
    "words that follow, too: *blue*, and *cube*, which is another thing."
)
OPTIONS = [share_of(now, HIT, BALL), "1/2", share_of(then, HIT, BALL), "1/5"]
if reveal("one_head.mask", "How much will hit take from ball then?", OPTIONS, share_of(then, HIT, BALL)):
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
OPTIONS = [share_of(now, HIT, BALL), share_of(unscaled, HIT, BALL), "3/4", "1"]
if reveal("one_head.scale", "How much would hit take from ball, without the division?", OPTIONS, OPTIONS[1]):
    st.markdown("Scores twice as large are *squared* by exp: a match then counts 3 × 3 = 9 times, and wins almost all.")
    compare("What hit takes", shares_of(now, HIT), shares_of(unscaled, HIT), ("divided by 2", "not divided"), shown)

st.subheader("Why hit takes most from ball, and cube turns purple", anchor=False)
st.markdown(
    "In our example, with everything switched as at first: *hit* is a verb and nothing else, so row *verb* of W_Q is "
    f"its query. *ball* is a noun, and its key is row *noun* of W_K. {chain(now, HIT, BALL)}\n\n"
    f"*cube* looks for adjectives. It takes {share_of(now, CUBE, RED)} from *red* and as much, "
    f"{share_of(now, CUBE, BLUE)}, from *blue*. What these two hand over is paint, so *cube* collects "
    f"**{mixture(now, CUBE)}**. The residual adds that to *cube*, which came without paint: red and blue in equal "
    f"parts are {colour_after(now, CUBE)}. It adds to every word: *red* takes all from itself, and ends with "
    f"{mixture(now, RED)}."
)

misconception(
    "The output in a row belongs to the word that was looked at, the one whose key was used.",
    "It belongs to the word that looked, whose query was used. Row *hit* of the output is what *hit* has collected, "
    "most of it from *ball*. The key only decides how much; the value is what is handed over.",
    collected(now, HIT, BALL, "round"),
    form=shown,
)
misconception(
    "A word looks at one other word, or at a few. The others do not matter.",
    "Nothing forces that. Where little fits, a word shares out evenly. *Entropy* says how evenly, in bits. Here it is "
    "for your sentence and your switches:",
    spreads(),
)
claim("exact here", "Every number on this page is computed from the matrices above, with weights chosen by us.")
claim("typical", "In a trained model the weights are learned, the features have no names, and a head is one of many.")

close_lesson("one_head")
