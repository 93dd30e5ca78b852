"""In-context learning: what a context does to a question, and when that is gradient descent."""

import streamlit as st

from attention_ui import in_context_figures as figures
from attention_ui import in_context_numbers as numbers
from attention_ui.glossary import terms
from attention_ui.in_context_numbers import predicted
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.teach import claim, misconception

open_lesson("in_context")
st.markdown("*ball cube it*: what is *it*? On its own *it* takes {} from *ball* and {} from *cube*. Now a **context** "
            "is read first, *ball cube*, in which the two have other keys.\n\n**Exponentials.** In the context they "
            "are {}, in the question {}. **Sums.** The context claims r_F = {}, the question r_U = {}: together {}. "
            "**Parts.** Each value times its exponential: the context brings P_F = {}, the question P_U = {}. **One "
            "division** of both together: **{}** of red and blue. *it* is *ball* for the greater part now, and no "
            "weight matrix has changed. (We chose the numbers.)".format(*numbers.opening()))  # fmt: skip
figures.board("part")
terms("in-context learning", "frozen token", "KV cache", "query", "key", "value", "row sum", "currying")
claim("exact here", "Attention over context and question is the sum of two parts over the sum of two sums.")

st.subheader("A new function of the question", anchor=False)
st.markdown("Write T(context, question) for what comes out. Hold the context fixed: T(context, ·) is left, a function of "
            "the question alone. That is **currying**. Now stretch the query of *it*.")  # fmt: skip
if reveal("in_context.curried", "How does the context change how red *it* is?", *predicted("curried")):
    figures.curried()
    st.markdown("Two functions, one set of weights. Each query meets the context’s keys in its own way.")
misconception("A context edits the weights.", "No W changes. What changes is A, which is made anew for each text.",
              numbers.unchanged())  # fmt: skip

st.subheader("Frozen and unfrozen", anchor=False)
st.markdown(
    "A causal mask hides the question from the context. So the context’s keys and values are computed once, and "
    "no question changes them: it is **frozen**. Cut our sentence: *red ball hit* is context, *blue cube* asks."
)
figures.running_blocks()
misconception("The question lives in a subspace of its own.", "It is a block: some rows of the same matrices, and some "
              "columns. Its rows have numbers in the columns of the context, too.", numbers.one_row())  # fmt: skip
st.markdown("Put eight words before *ball cube it* that have nothing to do with it: each scores 0.")
if reveal("in_context.zero", "What do the eight take together?", *predicted("zero")):
    figures.unrelated("zeros")
    misconception("Where q · k is about 0, a token drops out.", "e⁰ is 1: each of them counts once. To drop out, its "
                  "score would have to be −∞, or those of others much larger.", numbers.not_dropped())  # fmt: skip

st.subheader("Two keys made one", anchor=False)
st.markdown("*ball* stands in the context and in the question, with one value. One score would do for both: that whose "
            "exponential is {}. It is {}, their **log-sum-exp**. A cheap rule keeps the larger score, {}, and likewise "
            "for *cube*.".format(*numbers.merging()))  # fmt: skip
if reveal("in_context.merge", "What does *it* take from *ball* by the cheap rule?", *predicted("merge")):
    figures.merges("sum")
    st.markdown("Log-sum-exp of n scores is at least the largest of them, and at most ln n more.")
st.markdown("Could one change W_K, so that the key of *ball* alone scores {} ≈ {}, and forget the context? Take a query "
            "twice as long. The score of that key doubles.".format(*numbers.one_key()))  # fmt: skip
if reveal("in_context.fixed", "Is that what context and question come to together?", *predicted("fixed")):
    figures.fixed("times")
    st.markdown("A fixed key gives a straight line, log-sum-exp a bent one: right for one query, wrong for the next. "
                "T(context, ·) is no T with another W_K.")  # fmt: skip

st.subheader("Is it gradient descent?", anchor=False)
st.markdown("Two **shots** {}; {} is asked. A token has its x, what is *left* of its y to explain, and a *guess*. One "
            "layer of **linear attention**, made by hand: W_Q and W_K look at x, W_V hands over what is left, W_O moves "
            "η = {} of that to the guess. It guesses {}. One step of gradient descent on the squared error, from w = 0, "
            "says {}.".format(*numbers.one_step()))  # fmt: skip
if reveal("in_context.step", "What does a second such layer guess?", *predicted("step")):
    figures.descent("shots", "noise", "rate")
    st.markdown(
        "K layers are K steps, up to rounding, for any shots and any η. They fit noise as gradient descent does, "
        "and with too large an η both fly apart. What descends is w, the rule of this text. No W moves."
    )
if reveal("in_context.softmax", "And softmax attention, with the same W_Q, W_K and W_V?", *predicted("softmax")):
    st.markdown("It shares out: a mean of {} lies between them, and never reaches {}.".format(*numbers.between()))
misconception("Nothing like gradient descent happens in a context.", "In these layers just that happens, though no "
              "weight changes: exact for them, and an open question for others.", numbers.side_by_side())  # fmt: skip
st.markdown(
    "In a model, nobody makes weights by hand. Take one linear layer of random weights; train it on random tasks."
)
if reveal("in_context.trained", "What does it become?", *predicted("trained")):
    figures.trained("trained", "seed")
claim("contested", "In small models, von Oswald et al. and Akyürek et al. (2023) find such steps, or better methods. "
      "Large language models do not behave like gradient descent, say Shen et al. (2024).")  # fmt: skip
misconception(
    "A window of a million tokens is a million steps of gradient descent.",
    "Here a layer is one step, over all shots at once. More shots better each step; more steps take more layers.",
    numbers.long_window(),
)
terms(
    "shot",
    "gradient descent",
    "linear attention",
    "log-sum-exp",
    "induction head",
    "cross-entropy",
    "prior",
    "posterior",
)

st.subheader("Repeat after me", anchor=False)
st.markdown("*red ball blue cube red*: a first head tells each token which word stands before it. In the second, a word "
            "looks for tokens that come after the same word.")  # fmt: skip
if reveal("in_context.again", "Which word does the last *red* say next?", *predicted("again")):
    figures.again("text")
    st.markdown(
        "An **induction head**: it repeats what the context did, with any words. The context’s rule may mislead."
    )
st.markdown("What a prediction costs is its **cross-entropy**, −ln p. Take the example away: *blue cube red*.")
if reveal("in_context.loss", "What does predicting *ball* cost then?", *predicted("loss")):
    figures.losses()
claim("typical", "Trained models grow such heads early, when their loss late in a text falls (Olsson et al. 2022).")

st.subheader("A coin or a die?", anchor=False)
st.markdown("The simplest model: throws come from a coin that shows 1 or 2, or from a die, either as likely. It knows "
            "both already. So far it sees 1, 2, 1.")  # fmt: skip
if reveal("in_context.dice", "How sure is it of the coin?", *predicted("dice")):
    figures.dice("throws")
    st.markdown("Bayes’ rule: a 1 or 2 is three times as likely with the coin, a 5 rules it out. Scores are logarithms "
                "of what the throws speak for, added up; the belief is their softmax.")  # fmt: skip
claim(
    "contested", "Is conditioning learning? If learning is to predict better from data, yes. If it is new weights, no."
)
close_lesson("in_context")
