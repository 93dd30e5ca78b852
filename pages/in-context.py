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
            "is read first, *ball cube*, in which they have other keys (below, ball₁ and cube₁).\n\n**Exponentials.** "
            "In the context they are {}, in the question {}. **Sums.** The context claims r_F = {}, the question r_U = "
            "{}: together {}. **Parts.** Each value times its exponential: the context brings P_F = {}, the question "
            "P_U = {}. **One division** of both together: **{}** of red and blue. *it* is *ball* for the greater part "
            "now, and no weight matrix has changed. (We chose the numbers.)".format(*told("opening")))  # fmt: skip
board("part")
terms("in-context learning", "frozen token", "KV cache", "query", "key", "value", "row sum", "currying")
claim("exact here", "Attention over context and question is the sum of two parts over the sum of two sums.")

st.subheader("A new function of the question", anchor=False)
st.markdown("Write T(context, question) for what comes out. Hold the context fixed: T(context, ·) is left, a function "
            "of the question alone. That is **currying**. Now stretch the query of *it*.")  # fmt: skip
if reveal("in_context.curried", "How does the context change how red it is?", *predicted("curried")):
    curried()
misconception("A context edits the weights.", "No W changes. A does: each text has its own.", boxed("unchanged"))

st.subheader("Frozen and unfrozen", anchor=False)
st.markdown("A causal mask hides the question from the context. So the context’s keys and values are made once, "
            "and are **frozen**, whatever is asked. Let *red ball hit* be context, *blue cube* question.")  # fmt: skip
running_blocks()
misconception("The question lives in a subspace of its own.", "It is a block of rows, and one of columns, of the same "
              "matrices. Its rows have numbers in the context’s columns, too.", boxed("one_row"))  # fmt: skip
if reveal("in_context.zero", "Put eight words before it that score 0 each. What do they take?", *predicted("zero")):
    unrelated("zeros")
    misconception("Where q · k is about 0, a token drops out.", "e⁰ is 1: it counts once. To drop out it would have to "
                  "score −∞, or others much more.", boxed("not_dropped"))  # fmt: skip

st.subheader("Two keys made one", anchor=False)
st.markdown("*ball* stands in context and question, with one value. One score, of exponential {}, would do for both: "
            "{}, their **log-sum-exp**. A cheap rule keeps the larger, {}.".format(*told("merging")))  # fmt: skip
if reveal("in_context.merge", "What does it take from ball by the cheap rule?", *predicted("merge")):
    merges("sum")
st.markdown("Could one change W_K, so that the key of *ball* alone scores {} ≈ {}, and forget the context? Make the "
            "query twice as long. The score of that key doubles.".format(*told("one_key")))  # fmt: skip
if reveal("in_context.fixed", "Is that what context and question come to together?", *predicted("fixed")):
    fixed("times")
    st.markdown("A fixed key gives a straight line, log-sum-exp a bent one. T(context, ·) is no T with another W_K.")

st.subheader("Is it gradient descent?", anchor=False)
st.markdown("Two **shots** {}; {} is asked. A token has its x, what is *left* of its y to explain, and a *guess*. One "
            "layer of **linear attention**, made by hand: W_Q and W_K look at x, W_V hands over what is left, W_O "
            "moves η = {} of that to the guess. It guesses {}. One step of gradient descent on the squared error, "
            "from w = 0, says {}. (*Layers that descend*, above.)".format(*told("one_step")))  # fmt: skip
if reveal("in_context.step", "What does a second such layer guess?", *predicted("step")):
    descent("shots", "noise", "rate")
    st.markdown("K layers are K steps, up to rounding, for any shots, any noise and any η; too large an η lets both "
                "fly apart. What descends is w, the rule that is in this text. No W moves.")  # fmt: skip
if reveal("in_context.softmax", "And softmax attention, with these W_Q, W_K and W_V?", *predicted("softmax")):
    st.markdown("It shares out: a mean of {} lies between them, and never reaches {}.".format(*told("between")))
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
st.markdown("*red ball blue cube red*: a first head tells each token which word stands before it. In a second, a word "
            "looks for tokens that come after the same word.")  # fmt: skip
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
terms("shot", "gradient descent", "linear attention", "induction head", "cross-entropy", "prior", "posterior")
close_lesson("in_context")
