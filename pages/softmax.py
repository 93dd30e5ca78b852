"""How scores become shares: exp, row sum, division; what changes the shares, and what does not."""

import streamlit as st

from attention_ui.bench_figures import divided, dividing, first_share, scores_board
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import said, sharpest, shown, worked
from attention_ui.softmax_figures import cosine_shares, raising, row_totals, soft_maxima, temperature_shares
from attention_ui.teach import claim, misconception

open_lesson("softmax")
three, logits = worked("softmax"), worked("softmax", scores="logits")
BALL, FIRST, ADDED, KEYS, MANY = 1, 0, 100.0, 5, 1000

st.markdown(
    "A score can be any number. To mix values we need shares: none below 0, together 1. *Softmax* makes them, for each "
    "row of scores on its own, in three moves. **exp**: e = 2.718… to the power of each score, which is always above "
    "0. **Row sum**: all exponentials of the row together. **Division**: each exponential by its row sum.\n\n"
    "Here are scores of *red ball hit*, our running example, chosen by us: where a word finds what it looks for, "
    f"ln 3 = {three.said('scores', BALL, FIRST, places=2)}, the number whose exponential is 3; else 0. In the row of "
    f"*ball* the exponentials are {three.listed('exps', BALL)}, their sum is {three.written('row_sums', BALL)} = "
    f"**{three.said('row_sums', BALL)}**, and the weights are **{three.listed('weights', BALL, form=shown)}**. (Here "
    "every word sees all three; on the first page only itself and the words before it.)"
)
scores_board()
terms("softmax", "score", "weight", "exponential", "row sum", "broadcast", "logit")
claim("exact here", "Softmax is all three moves together: nothing is exponentiated before it, or normalised after it.")
st.markdown(
    "Each exponential is divided by the sum of its own row, and stays where it stands. That sum is one number, used in "
    "every cell of the row: a *broadcast*. Nothing is transposed. A chatbot that was asked for row sums and weights "
    "got both wrong; choose *a chatbot’s* scores above to see what is right."
)

st.subheader("Why exp? Could one not just divide?", anchor=False)
signed = worked("softmax", scores="signed", exponential=False)
misconception(
    "To normalise means to divide by the sum. Softmax is a complicated way to do that.",
    f"The scores {signed.listed('scores')} have the sum {signed.said('row_sums', FIRST)}. Divided by it they are "
    f"{signed.listed('weights', form=shown)}: a share below 0 is no share. exp makes everything positive first.",
    divided(),
)
dividing()

st.subheader("Add the same to every score", anchor=False)
st.markdown(f"The scores of *ball* are {three.listed('scores', BALL, form=shown)}. Let {said(ADDED)} be added to each.")
if reveal("softmax.constant", "What happens to the weights?", ["They even out", "One takes all", "Nothing"], "Nothing"):
    raising(ADDED)
    st.markdown(
        "Every exponential is multiplied by the same number, and so is their sum: it cancels. Only *differences* of "
        "scores count. Programs use that. They take the largest score off first, for exp(1000) is too large to store."
    )

st.subheader("Temperature, and why it is called soft max", anchor=False)
asked = [first_share(temperature) for temperature in (10.0, 1.0, 0.5, 0.1)]
st.markdown(f"With exponentials {logits.listed('exps')} the first gets {asked[1]}. Divide all five scores by 0.5.")
if reveal("softmax.temperature", "What does the first get then?", asked, asked[2]):
    temperature_shares()
    st.markdown(
        "What scores are divided by is the *temperature* T. At T = 0.5 every score doubles, so every exponential is "
        f"squared, and the first gets {asked[2]}; at T = 10 it gets {asked[0]}, and all are nearly even. Towards T = 0 "
        "it gets all: softmax becomes the hard choice of the largest. Hence the name; soft *arg* max would say it "
        "better, for the *place* of the largest is chosen."
    )
misconception(
    "“Think like a playwright” in a prompt raises the temperature.",
    "Words change the scores. T is a number beside them, set by whoever runs the model. No step reads it off the text.",
)
st.markdown("A maximum can be soft: **log-sum-exp**, ln of the row sum, is 0 to ln n above the largest of n scores.")
soft_maxima()

st.subheader("Along the row, not down the column", anchor=False)
st.markdown(f"`{three.code('row_sums')}` adds along axis 1, the *second*: axes count from 0. Imagine axis 0 there.")
if reveal("softmax.axis", "What would the rows of weights of our five words add up to?", ["1", "Not 1", "0"], "Not 1"):
    sums = row_totals()
    st.markdown(f"The rows add up to {sums}: some words take more than there is, others too little.")

st.subheader("Cosines cannot focus", anchor=False)
best, cosines = said(sharpest(KEYS), 2), worked("softmax", scores="cosines", keys=2).listed("exps", places=2)
st.markdown(f"A cosine lies between −1 and 1. Let scores be cosines with {KEYS} keys: the best has 1, all others −1.")
if reveal("softmax.cosines", "How much does the best key get?", [said(1 / KEYS, 2), best, "0.95", "1.00"], best):
    cosine_shares(100, MANY)
    st.markdown(
        f"exp makes {cosines} of 1 and −1: no two are further apart. So the best of {KEYS} keys gets {best} at most, "
        f"of {MANY} keys {said(sharpest(MANY), 3)}. Scores must be free to grow."
    )
    claim("typical", "Attention uses dot products. Models that use cosines multiply them by a number, mostly learned.")

close_lesson("softmax")
