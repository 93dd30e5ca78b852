"""What a lesson says in a form of its own: goal, claim, misconception, comparison, recap.

Vocabulary
    claim           how far a sentence holds: exact here, typical, contested
    misconception   what is often believed, what is so instead, and the numbers that decide
    comparison      a handful of numbers before and after a change, with their difference
    recap           questions from earlier lessons, to be answered from memory before looking

Texts are the lesson's own words and may hold Markdown and LaTeX; labels and numbers in tables are plain text.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import isfinite

import streamlit as st

from attention_core.numerals import decimal, exact, says
from attention_ui.tables import text_table

CLAIMS: Mapping[str, str] = {
    "exact here": "computed on this page; true of these numbers",
    "typical": "usually so in trained models; not a law",
    "contested": "people who know the subject disagree",
}
CHECK = "check-yourself"  # the address, in a page, of its exercises
WIDTH = 860  # pixels that a line, a box or a figure takes at most; less where there is less


def goal(text: str, minutes: int = 0, needs: Sequence[str] = ()) -> None:
    """What the learner can do afterwards, in one sentence; how long it takes; what should be known before."""
    about = [f"About {minutes} minutes. [Skip to the exercises](#{CHECK})."] * bool(minutes)
    about += [f"It builds on: {', '.join(needs)}"] * bool(needs)
    st.markdown(f"**Goal.** {text}")
    if about:
        st.caption(" ".join(about))


def claim(kind: str, text: str) -> None:
    """A sentence with its label in words. Raises KeyError for a kind that is none of CLAIMS."""
    says = CLAIMS[kind]
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _label(kind, says)
        st.markdown(text, width="content")


def misconception(
    wrong: str, right: str, numbers: Mapping[str, float | str] | None = None, form: Callable[[float], str] = exact
) -> None:
    """What is often believed beside what is so; numbers: what each number is, and the number that shows it.

    form: how a number is written.
    """
    with st.container(border=True, width=WIDTH):
        _label("often believed", "not so", "belief")
        st.markdown(wrong)
        _label("in fact", "what is so instead", "fact")
        st.markdown(right)
        if numbers:
            rows = [(what, value if isinstance(value, str) else form(float(value))) for what, value in numbers.items()]
            st.html(text_table("The numbers", ("", "value"), rows))


def compare(
    caption: str, before: Mapping[str, float], after: Mapping[str, float], names: tuple[str, str] = ("before", "after"),
    form: Callable[[float], str] = exact,
) -> None:  # fmt: skip
    """A table of numbers before and after a change, with after − before. Both name the same things.

    form: how a number is written; a row where it cannot write every number as it is, has decimals throughout.
    """
    if list(before) != list(after):
        raise ValueError(f"compare: before has {list(before)}, and after has {list(after)}; they must name the same")
    rows = [_compared(what, old, after[what], form) for what, old in before.items()]
    st.html(text_table(caption, ("", *names, "difference"), rows))


def _compared(what: str, old: float, new: float, form: Callable[[float], str]) -> tuple[str, ...]:
    if not all(isfinite(x) and says(form(x), x) for x in (old, new, new - old)):
        form = decimal  # 1/5 beside 0.26 would be two forms in one row
    return what, form(old), form(new), difference(old, new, form)


def difference(old: float, new: float, form: Callable[[float], str] = exact) -> str:
    """new − old in words that need no colour: “+1/4”, “−1/4”, “the same”."""
    change = new - old
    if abs(change) <= 1e-12 * max(1.0, abs(old), abs(new)):
        return "the same"
    return ("+" if change > 0 else "") + form(change)


def recap(questions: Sequence[tuple[str, str]]) -> None:
    """Questions, each with its answer behind a button."""
    st.markdown("Answer from memory first, aloud or on paper; then look.")
    for number, (asks, answer) in enumerate(questions, 1):
        with st.container(width=WIDTH, gap="xsmall"):
            st.markdown(f"**{number}.** {asks}")
            with st.expander(f"Answer {number}"):
                st.markdown(answer)


def _label(text: str, says: str, kind: str = "claim") -> None:
    """A small label in words, with what it means for those who point at it or listen."""
    meaning = f'<span class="unseen">: {escape(says)}</span>'
    st.html(f'<p class="label {kind}" title="{escape(says)}">{escape(text)}{meaning}</p>', width="content")
