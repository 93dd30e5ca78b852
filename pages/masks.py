"""Who may see whom: what a mask hides, why it is there, what it leaves alone, and the ways to get it wrong."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.masks_figures import blind, choose, examples, generated, longer, numbers, predicted, triangle, ways
from attention_ui.predict import reveal
from attention_ui.readings import line, worked
from attention_ui.teach import claim, misconception

open_lesson("masks")
ours, zero, HIT = worked("masks"), worked("masks", applied="zero"), 2

st.markdown(
    "A **mask** says who may see whom: 1 for yes, 0 for no. M, below, is *causal*: each word sees itself and what came "
    "before. (“Past tokens”, people say. They include the word itself.)\n\nThe scores S are those of our running "
    f"example, made with weights that we chose, and already scaled. In the {line()} of *hit* they are "
    f"{ours.listed('scores', HIT)}, and ln 3 is {ours.said('scores', HIT, 1, places=2)}. The mask turns those of "
    f"*blue* and *cube* into −∞, of which exp makes 0. So the exponentials are {ours.listed('exps', HIT)}, their sum "
    f"is {ours.said('row_sums', HIT)}, and the weights **{ours.listed('weights', HIT)}**. Nothing is left of what is "
    "hidden, and the shares still add up to 1."
)
display()
choose()
matrix_board()
terms("mask", "causal", "prefix mask", "padding", "weight", "softmax")

st.subheader("Above the diagonal, or below?", anchor=False)
st.markdown("Where the hidden triangle lies depends on how tokens stand. As rows, the row of a word says what it sees; "
            "as columns, its column. Switch, over the matrices:")  # fmt: skip
triangle()

st.subheader("Why hide anything?", anchor=False)
st.markdown(f"A language model is trained to predict the next word, after every word at once. The {line()} of "
            "*hit* is to predict *blue*, and must not see it: reading is not learning. Imagine no mask.")  # fmt: skip
if reveal("masks.why", "How much does hit then take from the words after it?", *predicted("why")):
    st.markdown("It reads ahead, and would learn to copy. A causal mask, applied as it should be, leaves "
                "each word a beginning of the text to see, a *prefix*, and the last column of the table is 0: one "
                "run, one honest example for each word. Its last line asks for a word that is not there yet: ???. "
                "Choose or paint another mask. Who cheats?")  # fmt: skip
    examples()
    claim("typical", "Models that write are causal. Those that only read a finished text, such as BERT, see both ways: "
          "a French noun may look ahead to its adjective.")  # fmt: skip
misconception("What I type trains the model.", "Typing runs it. Attention weights are made anew for each text; W_Q, "
              "W_K, W_V and W_O stay. Whether somebody keeps your text, to train a later model on it, is another "
              "matter.", numbers("another text"))  # fmt: skip

st.subheader("One word more", anchor=False)
st.markdown("Take the first four words, then append *cube*. How much does *ball* take from *red*, before and after?")
if reveal("masks.append", "With the causal mask, and without a mask?", *predicted("append")):
    longer()
    st.markdown("Without a mask *cube* gets a share, and the others get less. A causal mask, applied as it should "
                "be, leaves what all earlier words take as it was.")  # fmt: skip
misconception("The mask is for training. When a model writes, no later word is there to hide.", "The words before the "
              "last one must come out as they did in training, so the mask stays. A causal model that writes word by "
              "word gets the very weights of one run over the whole text. Try it with no mask.")  # fmt: skip
generated()
st.markdown("With a causal mask what the head makes of earlier words stays, too. So the next layer need not make their "
            "keys and values again. They are kept, in the **KV cache**.")  # fmt: skip
terms("KV cache")

st.subheader("The first word, and a word that sees nothing", anchor=False)
misconception("Under a causal mask the first word sees nobody, so attention never changes it.", "It sees itself, with "
              "weight 1, and takes its own value. What never changes: no other word reaches it.",
              numbers("first word"))  # fmt: skip
st.markdown("Hide *red* from itself, too: paint the first cell of M. Then *red* may see nothing at all.")
if reveal("masks.blind", "Which weights does red get here?", ["1/5 each", "all 0", "1 for itself"], "all 0"):
    blind()
    st.markdown("The head then adds nothing to *red*. Code as it is often typed subtracts −∞ from −∞. That makes NaN, "
                "“not a number”, which spreads to whatever reads it. A large negative number for −∞, say −10⁹, makes "
                "even shares, of words that were hidden.")  # fmt: skip

st.subheader("Three ways to get it wrong", anchor=False)
st.markdown("“Hide it” sounds like “make it 0”. Let the hidden scores be 0 instead of −∞, with the causal mask.")
if reveal("masks.zero", "How much does hit take from ball then?", *predicted("zero")):
    st.markdown(f"e⁰ is 1: what is hidden still gets a share. The sum is {zero.written('row_sums', HIT)} = "
                f"{zero.said('row_sums', HIT)}. Weights set to 0 *after* softmax leave shares out.")  # fmt: skip
    if reveal(
        "masks.again", "And if each word’s shares are then divided by what is left of them?", *predicted("again")
    ):
        ways()
        st.markdown("After softmax, shares are missing. Dividing once more puts that right: the first sum stands in "
                    "every share, and cancels. Two wrongs agree with the right way.")  # fmt: skip
        claim("exact here", "The last line is the first again, whatever the mask is. Paint another, and compare.")
claim("typical", "Programs add −∞, or a large negative number, before softmax: one step, and no second division.")

close_lesson("masks")
