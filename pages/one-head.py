"""One head of attention on the learner's own sentence: every matrix, every number."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, example_field, sentence_field, switches
from attention_ui.lesson import open_lesson

open_lesson("one_head")

left, right = st.columns([3, 2])
with left:
    sentence_field()
with right:
    example_field()
switches()
display()
matrix_board()
