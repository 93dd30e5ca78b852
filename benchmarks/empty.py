"""The floor of every measurement: a page with one button, one text field and a counter."""

import streamlit as st

st.session_state.setdefault("count", 0)


def more() -> None:
    st.session_state["count"] += 1


st.button("Change", on_click=more)
st.text_input("Text")
st.text(f"count {st.session_state['count']}")
