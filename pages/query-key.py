"""W_Q and W_K together: who looks for whom, read off their product; what changes it, and what does not."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.query_key_figures import alike, itself, mirror, predicted, prompts, ranks, sought, turning, twice, two
from attention_ui.readings import across, allowed, either, line, usual, worked
from attention_ui.teach import claim, misconception

open_lesson("query_key")
ours, (NOUN, VERB, ADJ), (RED, BALL, HIT, _, CUBE) = worked("query_key"), (1, 2, 0), range(5)

st.markdown("A score is a query times a key, and both are made from words: S = Q Kᵀ = (X W_Q)(X W_K)ᵀ = X (W_Q W_Kᵀ) "
            "Xᵀ. In the middle two matrices meet that have seen no word yet. Their product, drawn as "
            f"W_QK = {either('W_Q W_Kᵀ', 'W_Kᵀ W_Q')}, is the **combined weights**: a {line()} for each feature that "
            f"looks, a {across()} for each that is looked for.\n\nIn our running example two of its cells are not 0. "
            f"{line().capitalize()} *noun*, {across()} *adj*: **{ours.said('w_qk', NOUN, ADJ)}**, or "
            f"{ours.said('w_qk', NOUN, ADJ, places=2)}. {line().capitalize()} *verb*, {across()} *noun*: "
            f"**{ours.said('w_qk', VERB, NOUN)}**. Read them aloud: nouns look for adjectives, verbs look for "
            "nouns. That is all that this head knows. We chose it so.")  # fmt: skip
display()
matrix_board()
terms("combined weights", "rank", "symmetric", "rotation", "projection", "parameter", "similarity")
twice()
claim("exact here", "Scores depend on W_Q and W_K through their product only: both ways they agree, cell by cell.")

st.subheader("The rule is in the weights", anchor=False)
st.markdown(f"With our weights *cube* takes {ours.said('weights', CUBE, RED)} each from *red* and *blue*: in the "
            f"{line()} *noun* of W_Q only coordinate 0 is not 0. Suppose that this number moves to coordinate 1, where "
            "nouns have the 1 of their keys.")  # fmt: skip
if reveal("query_key.sought", "From whom does cube take most then?", *predicted("sought")):
    sought()
    st.markdown("With nouns looking for nouns, *one* coordinate of the keys serves two kinds of queries, those of "
                "nouns and those of verbs. A key is made for no question in particular.")  # fmt: skip
misconception("Attention computes how similar two words really are.", "In our example *ball* and *red* share no "
              "feature, and yet *ball* looks for *red*; *red* and *blue* are both adjectives, and score 0. What counts "
              "as a match is what W_Q and W_K make of the words, and training sets those.")  # fmt: skip
alike()
claim("typical", "In a trained model all cells of W_QK are filled, and few heads can be said as a rule of grammar. "
      "W_Q by itself says no rule: what it asks for depends on W_K.")  # fmt: skip

st.subheader("Another sentence", anchor=False)
if reveal("query_key.sentence", "Take another sentence. Which of these change?", *predicted("sentence")):
    prompts()
    st.markdown("W_Q, W_K and their product were there before the sentence, and serve every prompt. To compare them "
                "between two prompts is to compare them with themselves. X differs, and so the scores.")  # fmt: skip

st.subheader("Is a score the same both ways?", anchor=False)
st.markdown(f"With our weights *ball* looks at *red* with a score of {ours.said('scores', BALL, RED)}, *red* at *ball* "
            f"with {ours.said('scores', RED, BALL)}. Now let W_K = W_Q, and lift the mask.")  # fmt: skip
if reveal("query_key.tied", "What is the same both ways, for any two words?", *predicted("tied")):
    mirror(BALL, HIT)
    st.markdown(f"Softmax divides each {line()} by a sum of its own. So equal scores become unequal weights.")

st.subheader("Turn both", anchor=False)
st.markdown("Turn all queries and all keys by the same angle: a *rotation* of their coordinates, in pairs. Each "
            "number of W_Q and W_K that is not 0 then changes.")  # fmt: skip
if reveal("query_key.turned", "Which scores change?", *predicted("turned")):
    turning(40.0)
misconception("Each entry of W_Q has a meaning: coordinate 0 is for adjectives.", "In our numbers it is so, for we "
              "chose them. Turned, no coordinate is for anything, and the head does what it did. What counts is how "
              "queries and keys stand to each other.")  # fmt: skip

st.subheader("A spare coordinate", anchor=False)
st.markdown("The *rank* says how many directions a matrix really uses. That of the combined weights is 2 in our "
            "example: two rules that ask for two different things. It is never above d_k, how many coordinates a query "
            "and a key have. Our coordinate 3 is empty in both. Let *blue* get a number there, in W_Q.")  # fmt: skip
if reveal("query_key.spare", "And now, which scores change?", *predicted("spare")):
    ranks()
    st.markdown("What no key answers counts for nothing. So does a key that nobody asks for, such as coordinate 2, "
                "for verbs. Filled in both, coordinate 3 is a third rule: *blue* looks for *round*.")  # fmt: skip

st.subheader("Why two matrices, if only the product counts?", anchor=False)
st.markdown(f"A head of a large model may have d_model = {allowed('d_k')[-1]} and d_k = {usual('d_k')}. One could "
            "train W_Q W_Kᵀ itself, as one matrix of d_model × d_model.")  # fmt: skip
if reveal("query_key.two", "How many times as many numbers would that be?", *predicted("two")):
    setting_choice("d_k", "d_k of the large model")
    two()
    st.markdown("Two narrow matrices have fewer numbers while d_k is below half of d_model, and allow a head at most "
                "d_k directions. What is made of a word, and kept for later, is one short key.")  # fmt: skip
misconception("A word always looks most at itself.", "Only if the weights make it so. *ball* finds no adjective in "
              "itself. Even of bare dot products it is not true: in embeddings that a chatbot once made up, *on* fits "
              "*mat* better than itself, for *mat* is longer.", ours.row("weights", BALL, "ball takes from {}") |
              itself())  # fmt: skip

close_lesson("query_key")
