"""Training: where weights come from, one step, a desk to train at, what training changes and what reading changes."""

import streamlit as st

from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.teach import claim, misconception
from attention_ui.training_desk import training_desk
from attention_ui.training_figures import board, descended, gradients, moved, one_or_two, rules, seeds, without_places
from attention_ui.training_numbers import first, floor, lowered, predicted, reasons, right, step_of, unmoved

open_lesson("training")
st.markdown("So far we chose W_Q, W_K, W_V and W_O. In a real model nobody does. They begin as random numbers, and are "
            "changed a little, again and again, so that one number gets smaller: the **loss**, which says how wrong "
            "the model is.\n\nHere is our head with a loss. *ball* collects {} of red; it should have 1, a full pot. "
            "L = (red of ball − 1)² = ({} − 1)² = **{}**. G says what X′ should be, F which of its numbers is judged: "
            "only this one.".format(*first()[:3]))  # fmt: skip
board("shown", "sentence")
terms("loss", "parameter", "gradient")

st.subheader("One number first", anchor=False)
st.markdown(f"Take one weight: W_Q[noun, 0] = {first()[3]}, with which nouns look for adjectives. Call it g.")
if reveal("training.slope", "g is made a little larger. What does the loss do?", *predicted("slope")):
    st.markdown("*red* gets a larger share, and *ball* more red. How fast the loss rises with g is its **gradient**, "
                "or slope: {}, so it falls. Drawn “back from A”, it stands in ∂W_Q above, in the row of *noun*: pick "
                "it, follow its arithmetic. A step goes against it, as far as the **learning rate** η says. With η = "
                "{}, g becomes {} and the loss {}; the slope foretells {}.".format(*step_of(10.0)))  # fmt: skip
    descended("rate")

st.subheader("Back to every matrix", anchor=False)
st.markdown("One run forward gives the loss. One run back gives its slope for *every* weight: each step hands back to "
            "its inputs what it got, times its own slope. This is **backpropagation**.")  # fmt: skip
if reveal("training.reach", "Which of W_Q, W_K, W_V and W_O get a gradient?", *predicted("reach")):
    gradients()
    st.markdown("Of a row of shares, one can grow only if others shrink: each row of the last table adds up to 0. So "
                "the gradient of a score is A × (∂A − mean of ∂A), the mean weighed by the shares.")  # fmt: skip
    misconception("Backpropagation changes the MLP and passes heads by.", "It goes through softmax as through any "
                  "step. Each of the four matrices can lower the loss.", lowered())  # fmt: skip
misconception("Somebody designs the heads: one for grammar, one for names.", "Designers choose how many there are, and "
              "how wide. What a head does, training finds. Some get a job that has a name, many do not.")  # fmt: skip
terms("learning rate", "derivative", "backpropagation")

st.subheader("Train a model", anchor=False)
st.markdown("Now all weights at once, from random ones. Each step draws sentences, computes loss and gradients, and "
            "moves every weight. Choose a task, press *Train*, stop it, go back along the run.")  # fmt: skip
training_desk()
terms("cross-entropy", "SGD", "Adam", "random seed")
claim("exact here", "Every step is computed here, now. The tasks are toys; large models take weeks on many machines.")
if reveal("training.same", "One model is trained, one written by hand. What have they in common?", *predicted("same")):
    seeds()
    st.markdown("Many weights solve a task; training finds some. Right answers need no sharp shares: "
                "where the right word gets most, W_V, W_O and W_U (which scores words) do the rest.")  # fmt: skip

st.subheader("What training changes, and what reading changes", anchor=False)
if reveal("training.moves", "A trained model reads a new sentence. Which of its weights change?", *predicted("moves")):
    moved()
    st.markdown("Training moves W, for all sentences. Reading moves A: each sentence makes it anew. No gradient is "
                "computed when you chat with a model; what you type may be trained on later.")  # fmt: skip
    misconception("A prompt updates the heads: they learn from what stands in the context.", "The context changes the "
                  "shares A, and through them the result. W stays.", unmoved())  # fmt: skip
misconception("Attention learns by similarity, instead of by gradient descent.", "Similarity decides how much a word "
              "takes *now*. Gradient descent made the W_Q and W_K that say what is similar.")  # fmt: skip

st.subheader("What a sentence does not say", anchor=False)
st.markdown("Short sentences such as *red ball hit blue cube*. Each noun should look at its adjective, the verb at the "
            "noun before it. To be simple, the loss judges the shares. No token knows its place.")  # fmt: skip
if reveal("training.floor", "After training: from where does cube take?", *predicted("floor")):
    without_places()
    st.markdown("Nothing tells *red* from *blue*: {1} and {2} is the best guess. It costs −ln {1} = ln 2 at one word "
                "of three: no training gets below (ln 2)/3 = {0}. With a number for each distance, a bias, the loss "
                "falls to {5}; that of the word before has become {4}.".format(*floor()))  # fmt: skip

st.subheader("Which rule will it learn?", anchor=False)
st.markdown("*red ball hit*, *blue cube hit*: the adjective stands right before its noun. “Look for the adjective” and "
            "“look one place back” are both right. Then comes *red hit ball*.")  # fmt: skip
if reveal("training.rule", "Trained by plain gradient descent: from where does ball take?", *predicted("rule")):
    rules()
    st.markdown("The loss cannot tell the rules apart. Which is learned depends on the optimiser, even on the seed. In "
                "SGD one bias gets the gradients of all words; Adam moves all weights alike.")  # fmt: skip
    misconception("The shares of attention explain why a model says what it says.", "They show from where something "
                  "was taken, not why. Here two models take the same, for different reasons.", reasons())  # fmt: skip
claim("contested", "How far attention is an explanation (Jain and Wallace 2019; Wiegreffe and Pinter 2019).")
st.subheader("What one layer cannot learn", anchor=False)
st.markdown("*a b c d … b*: what follows? *c*, for it did before. This is **induction**. The words are random.")
if reveal("training.layers", "How many answers of a one-layer model are right in the end?", *predicted("layers")):
    one_or_two()
    st.markdown("A key says which word stands there, not which stood *before* it. With two layers, the first hands on "
                f"the word before, the second looks for it: {right('induction')} right. Train both.")  # fmt: skip
close_lesson("training")
