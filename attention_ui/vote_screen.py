"""A vote for the whole class: the question large, a code for phones, the counts, the answer, a second vote.

Vocabulary
    screen    what the class sees; it can fill the screen (vote_screen.js), and then obeys keys
    bar       the share of a round that chose an option: a length with its number beside it
    desk      what the teacher types below the screen: codes or raised hands, and what could not be read
"""

from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path

import streamlit as st

from attention_core.answer_codes import LENGTH, LONGEST, SURE, Tally
from attention_core.choices import LETTERS, Question
from attention_core.votes import VOTES
from attention_ui.class_links import base, base_field, qr_image, vote_link
from attention_ui.lesson import lesson, link_to, notice
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH
from attention_ui.votes import MOST_HANDS, NAMES, SHOWN, Counting, asked_for, counting, tally, title

_HERE = Path(__file__).parent
_ROUNDS = ("first vote", "second vote")
_HOW = {False: "codes from phones", True: "a show of hands"}
_NOT = '✗<span class="unseen"> not right</span>'
_present = st.components.v2.component(
    "attention_vote_screen",
    html='<button type="button"></button>',
    css=(_HERE / "component_button.css").read_text(encoding="utf-8"),
    js=(_HERE / "vote_screen.js").read_text(encoding="utf-8"),
)


def screen() -> None:
    """The question that the address names, for the class and for the teacher."""
    name, _ = asked_for()
    if not name:
        _choose()
        return
    now, question = counting(name), VOTES[name].question
    with st.container(key="vote_screen"):
        st.html(_drawn(name, now, question))
        _buttons(now)
    st.caption("Present fills the screen. Then c shows the counts, r reveals the answer, h hides both, b blanks the "
               "screen, and Escape leaves.")  # fmt: skip
    _desk(name, now)
    _others(name)


def _choose() -> None:
    if asked := st.query_params.get("q", ""):
        shown = asked if len(asked) <= 40 else asked[:39] + "…"
        notice(f"There is no question “{shown}”. Choose one on the page for teachers.")
    else:
        st.markdown("This page shows one question to a class. Choose one on the page for teachers.")
    link_to("teach", "Plans and votes", ":material/co_present:")


# --- what the class sees ---------------------------------------------------------------------------------------------


def _drawn(name: str, now: Counting, question: Question) -> str:
    """Question and options; beside them the code for phones, until the answer is shown."""
    answered = now.shown == "answer"
    link = vote_link(base(), name, len(now.rounds) - 1)
    label = f"QR code: {link}"
    phones = (
        f'<figure class="phones">{qr_image(link, label)}<figcaption>{escape(link)}</figcaption></figure>'
        if not answered else ""
    )  # fmt: skip
    counted = _counted(name, now) if now.shown != "question" else {}
    options = "".join(_option(question, i, answered, counted) for i in range(len(LETTERS)))
    which = f'<p class="which">{escape(lesson(VOTES[name].lesson).short)}, {_ROUNDS[len(now.rounds) - 1]}</p>'
    return (
        f'<section class="vote{" answered" * answered}">{which}<h1>{escape(question.prompt)}</h1>'
        f'<div class="sides"><ol>{options}</ol>{phones}</div></section>'
    )


def _counted(name: str, now: Counting) -> dict[str, tuple[int, ...]]:
    """The counts by option of each round, by what it is called: "" where there is only one. Where an answer is shown
    that nobody has voted on, there is nothing to count; why a list cannot be read is said at the desk."""
    found = {}
    for i in range(len(now.rounds)):
        called = f"{_ROUNDS[i].split()[0]}: " if len(now.rounds) > 1 else ""
        try:
            totals = tally(name, i).totals
        except ValueError:
            totals = (0,) * len(LETTERS)
        if sum(totals) or now.shown == "counts":
            found[called] = totals
    return found


def _option(question: Question, i: int, answered: bool, rounds: Mapping[str, tuple[int, ...]]) -> str:
    option, right = question.options[i], question.is_right(i)
    sign = f'<b class="sign">{"✓ right" if right else _NOT}</b>' if answered else ""
    believed = "" if right else "<b>Believed, and wrong:</b> "
    says = f'<p class="says">{believed}{escape(option.says)}</p>' if answered else ""
    bars = "".join(_bar(called, totals[i], sum(totals)) for called, totals in rounds.items())
    bars = f'<div class="bars">{bars}</div>' if bars else ""
    kind = (" right" if right else " wrong") if answered else ""
    return (
        f'<li class="option{kind}"><span class="letter">{LETTERS[i]}</span>'
        f'<div class="said"><p class="text">{escape(option.text)} {sign}</p>{bars}{says}</div></li>'
    )


def _bar(called: str, count: int, total: int) -> str:
    """called: which of two rounds it is."""
    share = round(100 * count / total) if total else 0
    again = " again" if called.startswith("second") else ""
    return (
        f'<p class="count"><span class="track{again}" aria-hidden="true"><i style="width:{share}%"></i></span>'
        f'<span class="number">{called}{count} ({share} %)</span></p>'
    )


def _buttons(now: Counting) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="vote_buttons"):
        if now.shown == "question":
            st.button("Show the counts", key="vote_counts", on_click=_show, args=(now, "counts"), type="primary")
        if now.shown != "answer":
            kind = "primary" if now.shown == "counts" else "secondary"  # the counts are looked at first
            st.button("Reveal the answer", key="vote_reveal", on_click=_show, args=(now, "answer"), type=kind)
        if now.shown != "question":
            st.button("Hide", key="vote_hide", on_click=_show, args=(now, "question"))
        if len(now.rounds) == 1:
            st.button("Vote again", key="vote_again", on_click=now.again)
        else:
            st.button("Start over, for another class", key="vote_over", on_click=now.start_over)
        _present(key="vote_present", data={"label": "Present", "leave": "Leave"}, width="content", height="content")


def _show(now: Counting, what: str) -> None:
    now.shown = what if what in SHOWN else now.shown


# --- what the teacher types ------------------------------------------------------------------------------------------


def _desk(name: str, now: Counting) -> None:
    """How the votes of this round come in; what was read, and what was not."""
    of_round = len(now.rounds) - 1
    st.subheader(f"The votes: {_ROUNDS[of_round]}", anchor=False)
    key = f"desk.{name}.{now.classes}.{of_round}"
    _set(f"{key}.how", now.now.by_hand)
    st.segmented_control(
        "How do the votes come in?", [False, True], format_func=_HOW.get,
        key=f"{key}.how", required=True, on_change=lambda: setattr(now.now, "by_hand", st.session_state[f"{key}.how"]),
    )  # fmt: skip
    if now.now.by_hand:
        _hands(key, now)
    else:
        _codes(name, key, now, of_round)


def _set(key: str, value: object) -> None:
    """Streamlit forgets its widgets when the page is left; what was typed stands in the round, and comes back."""
    if key not in st.session_state:
        st.session_state[key] = value


def _hands(key: str, now: Counting) -> None:
    with st.container(horizontal=True, gap="small"):
        for i, letter in enumerate(LETTERS):
            _set(f"{key}.{i}", now.now.hands[i])
            st.number_input(f"Hands for {letter}", 0, MOST_HANDS, key=f"{key}.{i}", width=130,
                            on_change=partial(_raised, now, i, f"{key}.{i}"))  # fmt: skip


def _raised(now: Counting, i: int, key: str) -> None:
    now.now.hands[i] = st.session_state[key] or 0


def _codes(name: str, key: str, now: Counting, of_round: int) -> None:
    st.markdown(f"A learner who has voted gets a code of {LENGTH} signs, to read out or to send. Paste all of them "
                "here, with anything between them; capitals do not matter.")  # fmt: skip
    _set(f"{key}.codes", now.now.codes)
    st.text_area("Answer codes", key=f"{key}.codes", height=110, max_chars=LONGEST, width=WIDTH,
                 on_change=lambda: setattr(now.now, "codes", st.session_state[f"{key}.codes"]))  # fmt: skip
    try:
        found = tally(name, of_round)
    except ValueError as error:
        notice(str(error))
    else:
        _read(found, now.shown != "question")
    base_field()
    link_to("vote", "See what a learner sees", ":material/smartphone:", _params(name, of_round))


def _params(name: str, of_round: int) -> dict[str, str]:
    return {"q": name} | ({"round": "2"} if of_round else {})


def _read(found: Tally, counts: bool) -> None:
    """How many codes were read, which came twice, which could not be read and why; the counts, once they are shown."""
    number = sum(found.totals)
    says = f"{number} vote{'s' * (number != 1)} read."
    if found.twice:
        says += f" Counted once, though they came more than once: {', '.join(found.twice)}."
    st.html(f'<p role="status" class="prompt">{escape(says)}</p>')
    if counts and number:
        rows = [(LETTERS[i], *map(str, row), str(sum(row))) for i, row in enumerate(found.counts)]
        st.html(text_table("Votes, by how sure the learners are", ("", *SURE, "together"), rows))
    if found.unread:
        st.html(
            text_table("Could not be counted", ("code", "because"), [_short(*one) for one in found.unread], prose=True)
        )


def _short(code: str, why: str) -> tuple[str, str]:
    return (code if len(code) <= 24 else code[:23] + "…"), f"{why}."


def _others(name: str) -> None:
    """The next question, and the way back."""
    following = NAMES[(NAMES.index(name) + 1) % len(NAMES)]
    with st.container(horizontal=True, gap="medium"):
        st.button(f"Next question: {title(following)}", icon=":material/arrow_forward:", key=f"next.{name}",
                  type="tertiary", on_click=_turn_to, args=(following,))  # fmt: skip
        link_to(VOTES[name].lesson, f"The lesson: {lesson(VOTES[name].lesson).title}", ":material/menu_book:")
        link_to("teach", "All plans and votes", ":material/co_present:")


def _turn_to(name: str) -> None:
    """Another question, in the address, too: a link from this page to itself would leave the old one there."""
    st.query_params["q"] = name
