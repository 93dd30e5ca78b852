"""Predict, then reveal: the learner commits to a guess before a result is shown.

Vocabulary
    guess     what the learner chose; "" when the question was skipped. It is kept, and stays beside the result
    verdict   the guess beside the answer. It takes the place of the question, and its focus, which would else be lost
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from attention_core.benches import Value
from attention_ui.session import set_asked, visit
from attention_ui.teach import WIDTH

SKIPPED = ""
_JUST = "just_guessed"  # the question whose verdict is to get the focus, for one rerun
# Draws nothing: it makes a part of the page heard as a status, and gives it the focus.
_focus = st.components.v2.component(
    "attention_focus",
    html="<span></span>",
    js="""export default ({ data }) => {
        const node = document.getElementsByClassName(data.part)[0];
        if (!node) return;
        node.setAttribute("role", "status");
        node.setAttribute("tabindex", "-1");
        node.style.outlineOffset = "1px";
        node.focus();
    };""",
)


def guesses() -> Mapping[str, str]:
    """Every guess of this visit, by the question's name."""
    return st.session_state.setdefault("guesses", {})


def reveal(
    name: str, question: str, options: Sequence[str], answer: str, then: Mapping[str, Value] | None = None
) -> bool:  # fmt: skip
    """Ask; whether the guess is made, and so the result may be shown. Options and answer are our own words.

    then: settings of this lesson that the question asks about; they are set once the guess is made.
    Raises ValueError if the answer is not among the options.
    """
    if answer not in options:
        raise ValueError(f"reveal: {answer!r} is not among the options {list(options)}")
    guess = guesses().get(name)
    if guess is None:
        _ask(name, question, options, then or {})
        return False
    st.markdown(f"*{question}*")
    part = f"verdict-{name.replace('.', '-')}"
    with st.container(key=part, gap=None):
        _verdict(guess, answer)
        if _drawn(then or {}):
            st.caption("The matrices further up were set to show it.")
        if st.session_state.get(_JUST) == name:
            del st.session_state[_JUST]
            _focus(key=f"{name}.focus", data={"part": f"st-key-{part}"}, height="content")
    return True


def _drawn(then: Mapping[str, Value]) -> bool:
    """Whether some of these settings belong to matrices, which stand elsewhere on the page, and not to a figure."""
    return bool(then) and not set(then) <= set(visit().document.bench.figures)


def _ask(name: str, question: str, options: Sequence[str], then: Mapping[str, Value]) -> None:
    with st.container(border=True, width=WIDTH):
        choice = st.radio(question, options, index=None, key=f"{name}.choice", horizontal=True)
        with st.container(horizontal=True):
            st.button("This is my guess", key=f"{name}.commit", disabled=choice is None,
                      on_click=_keep, args=(name, choice, then))  # fmt: skip
            st.button(
                "Skip, just show me",
                key=f"{name}.skip",
                type="tertiary",
                on_click=_keep,
                args=(name, SKIPPED, then),
            )


def _verdict(guess: str, answer: str) -> None:
    """The guess beside the result."""
    if guess == SKIPPED:
        st.markdown(f"The answer: **{answer}**.")
    elif guess == answer:
        st.markdown(f"Your guess: **{guess}**. So it is.")
    else:
        st.markdown(f"Your guess: **{guess}**. The answer: **{answer}**.")


def _keep(name: str, guess: str, then: Mapping[str, Value]) -> None:
    st.session_state.setdefault("guesses", {})[name] = guess
    st.session_state[_JUST] = name
    if then:
        set_asked(**then)
