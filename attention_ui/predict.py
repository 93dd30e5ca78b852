"""Predict, then reveal: the learner commits to a guess before a result is shown.

Vocabulary
    guess     what the learner chose; "" when the question was skipped. It is kept, and stays beside the result
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from attention_ui.teach import WIDTH

SKIPPED = ""


def guesses() -> Mapping[str, str]:
    """Every guess of this visit, by the question's name."""
    return st.session_state.setdefault("guesses", {})


def predict(name: str, question: str, options: Sequence[str]) -> str | None:
    """Ask; returns the guess once it is made (SKIPPED when skipped), None before. Options are our own words."""
    made = guesses().get(name)
    if made is not None:
        st.markdown(f"*{question}*")
        return made
    with st.container(border=True, width=WIDTH):
        choice = st.radio(question, options, index=None, key=f"{name}.choice", horizontal=True)
        with st.container(horizontal=True):
            st.button("This is my guess", key=f"{name}.commit", disabled=choice is None,
                      on_click=_keep, args=(name, choice))  # fmt: skip
            st.button(
                "Skip, just show me",
                key=f"{name}.skip",
                type="tertiary",
                on_click=_keep,
                args=(name, SKIPPED),
            )
    return None


def verdict(guess: str, answer: str) -> None:
    """The guess beside the result, in a sentence."""
    if guess == SKIPPED:
        st.markdown(f"The answer: **{answer}**.")
    elif guess == answer:
        st.markdown(f"You guessed **{guess}**, and so it is.")
    else:
        st.markdown(f"You guessed **{guess}**. It is **{answer}**.")


def _keep(name: str, guess: str) -> None:
    st.session_state.setdefault("guesses", {})[name] = guess
