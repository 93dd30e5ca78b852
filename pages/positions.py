"""Where words stand: what a head does not know, five ways to tell it, and two banks that only places tell apart."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.positions_figures import alphabet, banks, boost, cues, five, moved, orders, score, told, turned
from attention_ui.positions_numbers import boosted, predicted
from attention_ui.predict import reveal
from attention_ui.readings import said, worked
from attention_ui.teach import claim, misconception

open_lesson("positions")
ours, (RED, BLUE, CUBE), MORE = worked("positions"), (0, 3, 4), boosted()
BOTH = f"**{ours.said('weights', CUBE, RED)} from *red* and {ours.said('weights', CUBE, BLUE)} from *blue***"
st.markdown("A score is a query times a key, and both are made from a word alone. Where the word stands is in neither. "
            "Take *red ball hit blue cube*, with no mask: *cube* looks for adjectives and finds two. Its exponentials "
            f"are {ours.listed('exps', CUBE)}, their sum is {ours.said('row_sums', CUBE)}, so it takes {BOTH}. A "
            "purple cube, although *blue* stands right before it. (We chose the words and the weights.)")  # fmt: skip
display()
told("scheme", "causal")
matrix_board()
terms("token", "position", "permutation", "position bias", "one-hot", "sinusoidal", "rotary", "ALiBi")

st.subheader("The shuffle test", anchor=False)
st.markdown("Let *red* and *blue* change places: *blue ball hit red cube*. No places are told, and there is no mask.")
if reveal("positions.swapped", "What colour does the cube take?", *predicted("swapped")):
    moved("order")
misconception("Put the words in alphabetical order, as in a dictionary, and the projections are in order, too.",
              "W_Q, W_K, W_V and W_O have no row for a word or a place. Another order changes none of their cells. It "
              "permutes the rows of X, and so those of Q, K, V and X′.", alphabet())  # fmt: skip
claim("exact here", "With no places and no mask, attention treats a sentence as a bag of words.")
claim("typical", "A causal mask leaves traces of the order, for each word sees another set. Models trained without any "
      "scheme make something of that.")  # fmt: skip

st.subheader("Let the word before count more", anchor=False)
FROM_BLUE = {factor: found.said("weights", CUBE, BLUE) for factor, found in MORE.items()}
st.markdown("The simplest remedy is a **bias**: a number added to a score for where two words stand. Take the words as "
            "written, without a mask, and add ln 9 wherever the key stands right before the query. After exp that "
            "word counts 9 times as much as it did.")  # fmt: skip
if reveal("positions.boost", "How much does cube take from blue then?", *predicted("boost")):
    boost("factor")
    st.markdown("As written, without a mask, × 9: the exponentials of *cube* become "
                f"{MORE[9].listed('exps', CUBE)}, so {FROM_BLUE[9]} is for *blue*. Times 3 makes {FROM_BLUE[3]}, times "
                f"27 makes {FROM_BLUE[27]}. The cube turns blue.")  # fmt: skip
misconception("A model knows the order of the words.", "Attention by itself does not. It knows what is added to X, to "
              "Q and K or to the scores, and no more. What *cube* takes from *blue*, as written, and with *red* and "
              "*blue* swapped:", orders())  # fmt: skip

st.subheader("Turning: only the distance counts", anchor=False)
st.markdown("Places can also turn arrows. Turned by an angle θ, (a, b) becomes (a cos θ − b sin θ, b cos θ + a sin θ); "
            "its length stays. Take coordinates 0 and 1 of the query of *ball* and the key of *red*, places 2 and 1. "
            f"Each is turned by as many radians as its place says; their score is then {said(score(0, 1), 3)}. Now "
            "both move three places on.")  # fmt: skip
if reveal("positions.shift", "What becomes of their score?", *predicted("shift")):
    turned("shift", "apart")
    st.markdown("Both arrows turn by the same angle, and the angle between them stays. Only the distance changes it.")

st.subheader("Five ways to tell", anchor=False)
ITSELF = worked("positions", scheme="alibi").said("weights", CUBE, CUBE, places=2)
st.markdown("**A bias by distance**: one number for each distance, learned. **ALiBi**: every place further costs the "
            "same. **One-hot**: one coordinate for each place, added to X; W_Q of a place asks for the key of the one "
            "before. **Sinusoidal**: waves of several speeds instead. One place back turns them by a fixed angle, and "
            "W_Q can do that. **Rotary**: queries and keys themselves are turned, by an angle that grows with the "
            "place.\n\nWe left columns of X free for places; a trained model adds them into those of the words. As "
            "written, without a mask, let ALiBi make every place further count a ninth.")  # fmt: skip
if reveal("positions.alibi", "From whom does cube take most then?", *predicted("alibi")):
    five()
    st.markdown(f"As written, without a mask, × 9: *cube* takes {ITSELF} from itself: no distance, no cost. The "
                "matrices above follow the scheme chosen here, and its numbers can be typed over there. Reverse the "
                "words in “The shuffle test”: without a mask ALiBi changes no row, for distances stay. The bias "
                "does.")  # fmt: skip
claim("typical", "Many large models use rotary positions. Some pair coordinate 0 with 1, as we do, others with the one "
      "half the width away; it must fit the weights.")  # fmt: skip

st.subheader("Two banks", anchor=False)
st.markdown("*bank account river bank*. A *bank* looks for words that say which bank it is. It is the same word twice: "
            "one row of X, so one query (of one coordinate), one key, one value. Places, and what is around, tell "
            "them apart. Let a neighbour, on either side, count 9 times as much; the mask is causal. What a *bank* "
            "collects is added to its own 1 and 1.")  # fmt: skip
cues()
if reveal("positions.banks", "What is the last bank after the head?", *predicted("banks")):
    banks("text")
    st.markdown("What do Q, K and V of *bank* really mean, then? One meaning for both: what such a word asks for, is "
                "found by, and hands over. Which bank it is comes out only in X′, from places and from the whole "
                "sentence: the first bank stays undecided while *account* is hidden from it.")  # fmt: skip
close_lesson("positions")
