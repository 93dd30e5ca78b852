"""How scores become shares: exp, row sum, division; what changes the shares, and what does not."""

import streamlit as st

from attention_ui.bench_figures import raised, row_totals, shares_over_temperature, sharpest_cosines, soft_maxima
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import chosen, listed, said, sharpest, worked
from attention_ui.teach import claim, misconception

open_lesson("softmax")
SCORES = {"three": "red ball hit", "paint": "red ball hit blue cube", "logits": "for 8 : 4 : 2 : 1 : 1",
          "signed": "2, −1, 1", "cosines": "cosines", "chatbot": "a chatbot’s"}  # fmt: skip
three, five, logits, printed = (worked("softmax", scores=name) for name in ("three", "paint", "logits", "chatbot"))
BALL, FIRST = 1, 0

st.markdown(
    "A score can be any number. To mix values we need shares: none below 0, together 1. *Softmax* makes shares of "
    "scores, each row on its own, in three moves. **exp**: e = 2.718… to the power of each score, which is always "
    "above 0. **Row sum**: all exponentials of a row together. **Division**: each exponential by the sum of its row."
)
st.markdown(
    "Here are the scores of *red ball hit* from our running example, chosen by us: ln 3 where a word finds what it "
    f"looks for, else 0. Follow the row of *ball*: its exponentials are {three.listed('exps', BALL)}, their sum is "
    f"{three.written('row_sums', BALL)} = **{three.said('row_sums', BALL)}**, and its weights are "
    f"**{three.listed('weights', BALL, places=1)}**. (Here every word sees all three. On the first page *ball* saw "
    "only what stands before it, and itself, and so it shared out less.)"
)
display()
setting_choice("scores", "Scores", SCORES)
matrix_board()
terms("softmax", "score", "weight", "exponential", "row sum", "broadcast", "logit")
claim("exact here", "Softmax is all three moves together: nothing is exponentiated before it, or normalised after it.")
st.markdown(
    "Cell (i, j) of the exponentials becomes itself, divided by the total of row i, and stays where it stands. That "
    "total is one number for a row, used in every cell of the row: a *broadcast*. Nothing is transposed.\n\n"
    "A chatbot once got weights and row sums wrong. For *a chatbot’s* scores above the row sums are "
    f"{printed.listed('row_sums', places=3)}, and the first row of weights is {printed.listed('weights', places=3)}."
)

st.subheader("Why exp? Could one not just divide?", anchor=False)
signed, divided = (worked("softmax", scores="signed", exponential=on) for on in (True, False))
misconception(
    "To normalise means to divide by the sum. Softmax is a complicated way to do that.",
    f"The scores {signed.listed('scores')} have the sum {divided.said('row_sums', FIRST)}. Divided by it they are "
    f"{divided.listed('weights')}: a share below 0 is no share. exp comes first because it makes everything positive.",
    divided.row("weights", called="{}, divided by the sum") | signed.row("weights", called="{}, by softmax"),
)
setting_switch("exponential", "Take exponentials", "Choose the scores 2, −1, 1 above, and switch this off.")

st.subheader("Add the same to every score", anchor=False)
ADDED, SAME = 100.0, "Nothing at all"
st.markdown(f"The scores of *ball* are {three.listed('scores', BALL)}. Suppose that {said(ADDED)} is added to each.")
if reveal("softmax.constant", "What happens to the weights?", ["They even out", "The largest takes all", SAME], SAME):
    setting_slider("constant", "Added to every score", "The matrices above change with you.", step=1.0)
    setting_switch("steady", "Subtract the row maximum", "Another constant, one for each row.")
    raised(chosen("constant") or ADDED)
    st.markdown(
        "Every exponential is multiplied by the same number, and so is their sum: it cancels. Only *differences* of "
        "scores count. Programs use that. They take the largest score off first, for exp(1000) is too large to store."
    )

st.subheader("Temperature, and why it is called soft max", anchor=False)
hot, half, cold = (worked("softmax", scores="logits", temperature=t) for t in (10.0, 0.5, 0.1))
asked = [found.said("weights", 0, FIRST, places=2) for found in (hot, logits, half, cold)]
st.markdown(f"Take five scores with the exponentials {logits.listed('exps')}. The first gets {asked[1]}. Now "
            f"divide the scores by a number, the *temperature* T. Let T be {half.said('temperature')}.")  # fmt: skip
if reveal("softmax.temperature", "What does the first get then?", asked, asked[2]):
    setting_slider("temperature", "Temperature T", "Choose the scores for 8 : 4 : 2 : 1 : 1 above to follow it there.")
    shares_over_temperature()
    st.markdown(
        f"Every exponential is squared, to {half.listed('exps')}. The first gets "
        f"{half.said('weights', 0, FIRST, places=3)}. Towards T = 0 it gets all: softmax becomes the hard choice of "
        "the largest. Hence the name; soft *arg* max would say it better. "
        f"At T = {hot.said('temperature')} the shares are nearly even: {hot.listed('weights', places=2)}."
    )
misconception("“Think like a playwright” in a prompt raises the temperature.", "Words change the scores. T is a number "
              "beside them, set by whoever runs the model. No step reads it off the text.")  # fmt: skip
st.markdown("A maximum can be soft, too: **log-sum-exp**, the last step above, is the logarithm of the row sum. It is "
            "never below the largest score, and at most ln n above it, for n scores. With five equal scores, as in the "
            f"row of *red*, it is {five.said('log_sum_exp', FIRST)} above.")  # fmt: skip
soft_maxima()

st.subheader("Along the row, not down the column", anchor=False)
st.markdown(f"`{five.code('row_sums')}` adds along axis 1, the *second* axis: they count from 0. Imagine axis 0 there.")
if reveal("softmax.axis", "What would the rows of weights of our five words add up to?", ["1", "Not 1", "0"], "Not 1"):
    setting_switch("columns", "Softmax down the columns", "A mistake: columns add up to 1, and rows need not.")
    row_totals()
    sums = worked("softmax", scores="paint", columns=True).totals("weights").values()
    st.markdown(f"The rows add up to {listed(sums, 2)}: some words take more than there is, others too little.")

st.subheader("Cosines cannot focus", anchor=False)
KEYS, SOME, MANY = 5, 100, 1000
best, low, high = said(sharpest(KEYS), 2), *sorted(set(worked("softmax", scores="cosines").row("exps").values()))
st.markdown(f"A cosine lies between −1 and 1. Let scores be cosines with {KEYS} keys: the best has 1, all others −1.")
if reveal("softmax.cosines", "How much does the best key get?", [said(1 / KEYS, 2), best, "0.95", "1.00"], best):
    setting_slider("keys", "Number of keys", "Choose the scores cosines above to follow it there.", step=1)
    sharpest_cosines((chosen("keys"), SOME, MANY))
    st.markdown(
        f"exp of a cosine is between {said(low, 3)} and {said(high, 3)}. So the best of {KEYS} keys gets "
        f"{said(sharpest(KEYS), 3)} at most, of {MANY} keys {said(sharpest(MANY), 4)}. Scores must be free to grow."
    )
    claim("typical", "Attention uses dot products. Models that use cosines multiply them by a number, mostly learned.")

close_lesson("softmax")
