"""Training: where weights come from, a step by hand, a desk to train at, and what training changes and reading does not."""

import streamlit as st

from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.teach import claim, misconception
from attention_ui.training_desk import training_desk
from attention_ui.training_figures import (
    board,
    descended,
    gradients,
    moved,
    one_or_two,
    rules,
    seeds,
    without_places,
)  # fmt: skip
from attention_ui.training_numbers import first, floor, predicted, reasons, right, slopes, step_of, unmoved

open_lesson("training")
st.markdown("In every lesson so far we chose W_Q, W_K, W_V and W_O. In a real model nobody does. They begin as random "
            "numbers, and are changed a little, again and again, so that one number gets smaller: the **loss**, which "
            "says how wrong the model is.\n\nHere is our head with a loss. *ball* collects {} of red. We would like "
            "1, a full pot. The loss is the squared error, L = (red of ball − 1)² = ({} − 1)² = **{}**. G says what "
            "X′ should be, F which of its numbers is judged: only this one.".format(*first()[:3]))  # fmt: skip
board("shown", "sentence")
terms("loss", "parameter", "gradient", "mask")

st.subheader("One number first", anchor=False)
st.markdown(f"Take a single weight: W_Q[noun, 0] = {first()[3]}, with which nouns look for adjectives. Call it g.")
if reveal("training.slope", "g is made a little larger. What does the loss do?", *predicted("slope")):
    st.markdown("A larger g gives *red* a larger share, and so *ball* more red. How fast the loss rises with g is its "
                "**slope**, also called the *gradient* of g: here {}, so it falls. It stands in ∂W_Q above, in the "
                "row of *noun*: pick it, and follow its arithmetic back to the loss. A step goes against the slope, "
                "as far as the **learning rate** η says. With η = {}, g becomes {}, and the loss {}; the slope alone "
                "foretells {}.".format(*step_of(1.0)))  # fmt: skip
    descended("rate")
terms("derivative", "learning rate")

st.subheader("Back to every matrix", anchor=False)
st.markdown("One run forward gives the loss. One run back gives its slope for *every* weight. Each step hands back to "
            "its inputs what it got, times its own slope. This is **backpropagation**.")  # fmt: skip
if reveal("training.reach", "Which of W_Q, W_K, W_V and W_O get a gradient?", *predicted("reach")):
    gradients()
    st.markdown("Softmax hands a row back as a whole: one share can only grow if others shrink, so each row of this "
                "table adds up to 0. Then a score’s gradient is A × (∂A − the row’s mean of ∂A).")  # fmt: skip
misconception("Backpropagation changes the MLP and passes heads by.", "It goes through softmax like through any other "
              "step, to all four matrices.", slopes())  # fmt: skip
misconception("Somebody designs the heads: one for grammar, one for names.", "Designers choose how many heads there "
              "are, and how wide. What a head does is found by training, from random numbers. Some end with a job that "
              "has a name, many do not.")  # fmt: skip
terms("backpropagation", "softmax")

st.subheader("Train a model", anchor=False)
st.markdown("Now all weights at once, from random ones. Each step draws sentences, computes the loss and all gradients, "
            "and moves every weight. Choose a task, press *Train*, stop it, go back along the run.")  # fmt: skip
training_desk()
terms("SGD", "Adam", "seed")
claim("exact here", "Every step, gradient and share is computed here, now. The tasks are toys: a model that you chat "
      "with takes billions of weights and weeks.")  # fmt: skip
SAME = "Trained from random weights on “The previous word”: what will be like the weights that we write by hand?"
if reveal("training.same", SAME, *predicted("same")):
    seeds()
    st.markdown("There are many W_Q and W_K with the same product, and training finds some. All answers being right is "
                "not the end, either: the shares go on getting sharper, and the loss smaller.")  # fmt: skip

st.subheader("What training changes, and what reading changes", anchor=False)
NEW = "The trained model reads a sentence that it has never seen. How many of its weights change?"
if reveal("training.moves", NEW, *predicted("moves")):
    moved()
    st.markdown("Training moves W: small steps, for all sentences at once. Reading moves A: it is computed anew from "
                "each sentence, and forgotten. No gradient is computed when you chat with a model.")  # fmt: skip
misconception("A prompt updates the heads: they learn from what stands in the context.", "What stands in the context "
              "changes the shares A, and through them the result. W stays.", unmoved())  # fmt: skip
misconception("Attention learns by similarity, instead of by gradient descent.", "Two different things. Similarity "
              "decides how much a word takes *now*. Gradient descent made the W_Q and W_K that say what is similar.")  # fmt: skip

st.subheader("What a sentence does not say", anchor=False)
st.markdown("Sixteen sentences like *red ball hit blue cube*. Each noun should look at its adjective, the verb at the "
            "noun before it. The loss is taken of the shares themselves, a simplification. Places are not known.")  # fmt: skip
if reveal("training.floor", "After training: from where does cube take?", *predicted("floor")):
    without_places()
    st.markdown("Without places nothing tells *red* from *blue*: {1} and {2} is the best guess. It costs ln 2 at one "
                "word of three: no training gets below (ln 2)/3 = {0}. With a bias for each distance the loss falls "
                "to {5}; the bias of the word before has become {4}.".format(*floor()))  # fmt: skip

st.subheader("Which rule will it learn?", anchor=False)
st.markdown("*red ball hit*, *blue cube hit*: the adjective always stands right before its noun. “Look for the "
            "adjective” and “look one place back” are both right. Then comes *red hit ball*.")  # fmt: skip
if reveal("training.rule", "Trained by plain gradient descent: from where does ball take?", *predicted("rule")):
    rules()
    st.markdown("The loss cannot tell the two rules apart. What is learned depends on the optimiser, even on the seed. "
                "SGD moves most what gets the largest gradient, and one bias gets that of all words; Adam moves all "
                "weights alike, and W_Q and W_K are many.")  # fmt: skip
misconception("The shares of attention explain why a model says what it says.", "They show from where something was "
              "taken, not why. Here two models take the same, for different reasons.", reasons())  # fmt: skip
claim("contested", "How far attention is an explanation (Jain and Wallace 2019; Wiegreffe and Pinter 2019).")

st.subheader("What one layer cannot learn", anchor=False)
st.markdown("*a b c d … b*: what follows? *c*, for it did before. This is **induction**. Here the words are random.")
if reveal("training.layers", "How many answers of a one-layer model are right in the end?", *predicted("layers")):
    one_or_two()
    st.markdown("A key says which word stands there and where, not which one stands *before* it. So one layer guesses "
                "among the words that were there. With two, the first hands each word its predecessor, and the second "
                f"looks for that: {right('induction')} right. Train both at the desk.")  # fmt: skip
close_lesson("training")
