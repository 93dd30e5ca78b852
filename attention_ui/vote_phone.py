"""A vote on a learner's own screen: the question, an option, how sure, and the code that says it.

Vocabulary
    ballot   what was chosen; it becomes a code that is read out or sent, and stays on no server
"""

from html import escape

import streamlit as st

from attention_core.answer_codes import SURE, Ballot, code_of
from attention_core.choices import LETTERS
from attention_core.progress import VOTE
from attention_core.votes import VOTES
from attention_ui.answer_fields import plain
from attention_ui.lesson import link_to, notice
from attention_ui.progress_panel import record
from attention_ui.votes import NAMES, asked_for

_KEY = "class.ballots"


def ballot() -> None:
    """The question that the address names, or the code, once this learner has voted on it."""
    name, of_round = asked_for()
    if not name:
        _no_question()
        return
    question = VOTES[name].question
    st.html(f'<h1 class="asked">{escape(question.prompt)}</h1>')
    given = st.session_state.setdefault(_KEY, {})
    if (name, of_round) in given:
        _voted(name, of_round, *given[name, of_round])
    else:
        _vote(name, of_round)


def _no_question() -> None:
    asked = st.query_params.get("q", "")
    shown = asked if len(asked) <= 40 else asked[:39] + "…"
    says = f"There is no question “{shown}”." if asked else "This page shows a question that a class votes on."
    notice(f"{says} Scan the code on the screen in front once more, or type the whole address below it.")
    link_to("home", "To the course", ":material/home:")


def _vote(name: str, of_round: int) -> None:
    options = VOTES[name].question.options
    key = f"ballot.{name}.{of_round}"
    with st.container(key="ballot"):
        chosen = st.radio(
            "Your answer", range(len(options)), index=None, key=f"{key}.option",
            format_func=lambda i: f"**{LETTERS[i]}** {plain(options[i].text)}",
        )  # fmt: skip
        sure = st.radio("How sure are you?", range(len(SURE)), index=None, format_func=SURE.__getitem__,
                        key=f"{key}.sure", horizontal=True)  # fmt: skip
    st.button("Get my code", type="primary", key=f"{key}.send", disabled=chosen is None or sure is None,
              on_click=_send, args=(name, of_round, chosen, sure))  # fmt: skip
    st.caption("Choose an answer, and say how sure you are. Nobody is told who you are.")


def _send(name: str, of_round: int, option: int, sure: int) -> None:
    code = code_of(Ballot(NAMES.index(name), of_round, option, sure))
    st.session_state[_KEY][name, of_round] = (option, sure, code)
    question = VOTES[name].question
    chosen, right = question.options[option], question.is_right(option)
    record(VOTE + name, of_round, right, 0, chosen.text, "" if right else chosen.says)


def _voted(name: str, of_round: int, option: int, sure: int, code: str) -> None:
    chose = f"You chose {LETTERS[option]}, {VOTES[name].question.options[option].text} ({SURE[sure]}). Your code:"
    st.html(f'<div role="status"><p class="prompt">{escape(chose)}</p><p class="answer-code">{code}</p></div>')
    st.code(code, language=None)
    st.markdown("Read it out, or send it to whoever asked: tap the grey line, and the sign at its right copies it. "
                "Nothing was sent. The code says what you chose, and not who you are; your own progress knows your "
                "answer until you close this page.")  # fmt: skip
    st.button("Vote differently", key=f"ballot.{name}.{of_round}.anew", on_click=_anew, args=(name, of_round))
    st.caption("Whoever has sent the first code should say so: both would count.")


def _anew(name: str, of_round: int) -> None:
    del st.session_state[_KEY][name, of_round]
