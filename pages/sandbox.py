"""Everything at once: sentences, features, sizes, masks, places and all weights of one's own; two side by side."""

import streamlit as st

from attention_ui.goal_seek import goal_seek
from attention_ui.invariances import gallery
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.sandbox_figures import board, controls, predicted, reds, side_by_side
from attention_ui.teach import claim, misconception

open_lesson("sandbox")
st.markdown("Here nothing is fixed. Write your own sentence, name your own features, choose how large each matrix is, "
            "how many heads and layers there are, who sees whom, and how places are told. Every number below can be "
            "typed over; every one says how it was made.\n\nIt begins as the running example. Change one thing, look "
            "at what follows, undo it. The address holds all of it: send it, or come back to it.")  # fmt: skip
controls()
board()

st.subheader("One layer more", anchor=False)
st.markdown(f"After one layer of our head, *cube* has {reds()[0]} of red. Put the same head on top: it reads what the "
            "first one left, and has the same weights.")  # fmt: skip
if reveal("sandbox.layers", "How much red has cube after the second layer?", *predicted()):
    st.markdown(f"It has {reds()[1]}. *red* and *blue* still are what *cube* looks for, so it takes the same shares. "
                "But each of them has more paint now than it came with, for it took from itself. And what *cube* takes "
                "is added to what it has.")  # fmt: skip
    claim("exact here", "Computed on this page, from our weights.")
misconception("Two layers with the same weights do the same thing twice.", "The second reads another X. What the "
              "first one wrote into the words, it finds there.")  # fmt: skip

st.subheader("Two of them, side by side", anchor=False)
st.markdown("Keep what stands above as A. Then change whatever you like: here it says what is other now, by how much "
            "each matrix differs, and shows the shares and what comes out, then and now.")  # fmt: skip
side_by_side()

st.subheader("Which number would do it?", anchor=False)
st.markdown("Pick a cell above, and say what it should be. Each given number is moved alone, from −100 to 100, and "
            "all is computed again: which can make the cell that, and which comes near?")  # fmt: skip
goal_seek()

st.subheader("What changes nothing", anchor=False)
st.markdown("Different numbers can be the same attention. Choose a change: it is made to the matrices above, and what "
            "it changes is measured. The last four look harmless, and are not.")  # fmt: skip
gallery()
close_lesson("sandbox")
