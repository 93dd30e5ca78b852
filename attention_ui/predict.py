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


def reveal(name: str, question: str, options: Sequence[str], answer: str) -> bool:
    """Ask; whether the guess is made, and so the result may be shown. Options and answer are our own words.

    Raises ValueError if the answer is not among the options.
    """
    if answer not in options:
        raise ValueError(f"reveal: {answer!r} is not among the options {list(options)}")
    guess = guesses().get(name)
    if guess is None:
        _ask(name, question, options)
        return False
    st.markdown(f"*{question}*")
    _verdict(guess, answer)
    return True


def _ask(name: str, question: str, options: Sequence[str]) -> None:
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


def _verdict(guess: str, answer: str) -> None:
    """The guess beside the result."""
    if guess == SKIPPED:
        st.markdown(f"The answer: **{answer}**.")
    elif guess == answer:
        st.markdown(f"Your guess: **{guess}**. So it is.")
    else:
        st.markdown(f"Your guess: **{guess}**. The answer: **{answer}**.")


def _keep(name: str, guess: str) -> None:
    st.session_state.setdefault("guesses", {})[name] = guess
