"""In-context learning: what a context does to a question, and when that is gradient descent."""

import streamlit as st

from attention_ui.glossary import terms
from attention_ui.in_context_figures import board, curried, fixed, merges, running_blocks, unrelated
from attention_ui.in_context_labs import again, descent, dice, losses, trained
from attention_ui.in_context_numbers import boxed, predicted, told
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.teach import claim, misconception

open_lesson("in_context")
st.markdown("*ball cube it*: what is *it*? On its own *it* takes {} from *ball* and {} from *cube*. Now a **context** "
            "is read first, *ball cube*, in which they have other keys (below, ball₁ and cube₁).\n\n**Exponentials** "
            "of *it*’s scores: {} in the context, {} in the question. **Sums.** The context claims r_F = {}, the "
            "question r_U = {}: together {}. **Parts.** Each value times its exponential: the context brings P_F = {}, "
            "the question P_U = {}. **One division** of both together: **{}** of red and blue. *it* is *ball* for the "
            "greater part now. No weight matrix changed. (We chose the numbers.)".format(*told("opening")))  # fmt: skip
board("part")
terms("in-context learning", "frozen token", "KV cache", "query", "key", "value", "row sum", "currying")
claim("exact here", "Attention over context and question is the sum of two parts over the sum of two sums.")

st.subheader("A new function of the question", anchor=False)
st.markdown("Write T(context, question) for what comes out. Hold the context fixed: T(context, ·) is left, a function "
            "of the question alone. That is **currying**. Now stretch the query of *it*.")  # fmt: skip
if reveal("in_context.curried", "How does the context change how red “it” is?", *predicted("curried")):
    curried()
misconception("A context edits the weights.", "No W changes. A does: each text has its own.", boxed("unchanged"))

st.subheader("Frozen and unfrozen", anchor=False)
st.markdown("A causal mask hides the question from the context. So the context’s keys and values are made once, "
            "and are **frozen**, whatever is asked. Let *red ball hit* be context, *blue cube* question.")  # fmt: skip
running_blocks()
misconception("The question lives in a subspace of its own.", "It is a block of rows, and one of columns, of the same "
              "matrices. Its rows have numbers in the context’s columns, too.", boxed("one_row"))  # fmt: skip
if reveal("in_context.zero", "Before “ball cube it”, eight words score 0 each. What do they take?", *predicted("zero")):
    unrelated("zeros")
    misconception("Where q · k is about 0, a token drops out.", "e⁰ is 1: it counts once. To drop out it would have to "
                  "score −∞, or others much more.", boxed("not_dropped"))  # fmt: skip

st.subheader("Two keys made one", anchor=False)
st.markdown("*ball* stands in context and question, with one value, and so does *cube*. One score, of exponential {}, "
            "would do for both of *ball*: {}, their **log-sum-exp**. Cheaper is the **max rule**, which keeps the "
            "larger score of each pair: {} and {}.".format(*told("merging")))  # fmt: skip
if reveal("in_context.merge", "What does “it” take from ball by the max rule?", *predicted("merge")):
    merges("sum")
st.markdown("Could one change W_K, so that the key of *ball* alone scores {} ≈ {}, and forget the context? Make the "
            "query twice as long. The score of that key doubles.".format(*told("one_key")))  # fmt: skip
if reveal("in_context.fixed", "Is that what context and question come to together?", *predicted("fixed")):
    fixed("times")

st.subheader("Is it gradient descent?", anchor=False)
st.markdown("Two **shots**, x → y: {}; {} is asked. **Gradient descent** looks for a rule y = w · x. A step down the "
            "squared error adds to w the sum of (y − w · x) x over the shots, times η = {}. From (0, 0) it goes to {} "
            "and says {}.\n\nNow a layer of **linear attention**, made by hand (*layers that descend*, above). A token "
            "has its x, what is *left* of its y to explain, and a *guess*. W_Q and W_K look at x, W_V hands over what "
            "is left, W_O moves η of that to the guess. It guesses {}, too.".format(*told("one_step")))  # fmt: skip
terms("shot", "gradient descent", "linear attention", "log-sum-exp")
if reveal("in_context.step", "What does a second such layer guess?", *predicted("step")):
    descent("shots", "noise", "rate")
if reveal("in_context.softmax", "What does softmax attention collect with these W_Q, W_K, W_V?", *predicted("softmax")):
    st.markdown("It shares out, by {}: {}, between {}. The linear layer collects {}.".format(*told("between")))
misconception("Nothing like gradient descent happens in a context.", "In these layers it does, though no W changes. "
              "That is exact for them, and an open question for others.", boxed("side_by_side"))  # fmt: skip
st.markdown("Nobody makes a model’s weights by hand. Take a linear layer of random weights; train it on random tasks.")
if reveal("in_context.trained", "What does it become?", *predicted("trained")):
    trained("trained", "seed")
claim("contested", "In small models, von Oswald et al. and Akyürek et al. (2023) find such steps, or better methods. "
      "Large language models do not behave like gradient descent, say Shen et al. (2024).")  # fmt: skip
misconception("A window of a million tokens is a million steps of gradient descent.", "Here a layer is one step, over "
              "all shots at once. A longer text makes steps better, not more.", boxed("long_window"))  # fmt: skip

st.subheader("Repeat after me", anchor=False)
st.markdown("A start, {}, then *red ball blue cube red*. A first head tells each token the word before it. In a "
            "second, a word looks for tokens that come after the same word.".format(*told("start")))  # fmt: skip
if reveal("in_context.again", "Which word does the last red say next?", *predicted("again")):
    again("text")
st.markdown("What a prediction costs is its **cross-entropy**, −ln p. Take the example away: *blue cube red*.")
if reveal("in_context.loss", "What does predicting ball cost then?", *predicted("loss")):
    losses()
claim("typical", "Trained models grow such heads early, when their loss late in a text falls (Olsson et al. 2022).")

st.subheader("A coin or a die?", anchor=False)
st.markdown("Throws come from a coin that shows 1 or 2, or from a die, either as likely. So far: 1, 2, 1.")
if reveal("in_context.dice", "How sure can one be of the coin?", *predicted("dice")):
    dice("throws")
claim("contested", "Is conditioning learning? If that is to predict better from data, yes. If it is new weights, no.")
terms("induction head", "cross-entropy", "prior", "posterior")
close_lesson("in_context")
