"""The diagnostic: twelve questions before the course and after it, and what has been gained."""

import streamlit as st

from attention_ui.diagnostic_form import diagnostic
from attention_ui.lesson import link_to, open_tool

open_tool("diagnostic")

st.markdown(
    "It is not a test that somebody marks: what you answer stays in your own progress. Take it once before the course; "
    "save your progress, load it again on the start page when you have come to the end, and take it once more."
)
diagnostic()
link_to("home", "To the course, and to your progress", ":material/home:")
