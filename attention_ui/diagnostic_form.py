"""The diagnostic on the page: twelve questions without a word about any, then a profile, and afterwards the gain.

Vocabulary
    form      "before" the course or "after" it; sitting: one round of twelve (attention_core.diagnostic)
    chosen    the options chosen so far, by idea; they survive a visit to another page
    unsure    the option “I do not know yet”; like no answer, it counts as not known
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape

import streamlit as st

from attention_core.choices import LETTERS
from attention_core.diagnostic import FORMS, ITEMS, next_seed, sitting
from attention_core.progress import DIAGNOSTIC, Answer
from attention_ui.answer_fields import plain
from attention_ui.lesson import LESSONS, link_to, notice
from attention_ui.progress_panel import progress, record, save_progress
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH

_KEY, _FORM = "diagnostic", "diagnostic.form"
_WHEN = {"before": "Before the course", "after": "After the course"}
_SAYS = {
    "before": "Twelve questions, about ten minutes. Paper and a calculator are allowed, help is not. If you do not "
    "know, say so: a guess tells you nothing. What is right is not said here; the lessons do that.",
    "after": "The same twelve ideas, with other numbers. At the end, each answer is explained.",
}
_UNSURE = len(LETTERS)


@dataclass
class _Sitting:
    """A sitting under way. seed: None while none is; kept: why progress could not be kept, "" if it was."""

    seed: int | None = None
    chosen: dict[str, int | None] = field(default_factory=dict)
    kept: str = ""


def diagnostic() -> None:
    """Choose a form; its questions, or what came of them."""
    now = progress()
    if _FORM not in st.session_state:
        st.session_state[_FORM] = "after" if sitting(now, "before") else "before"
    form = st.segmented_control("When?", FORMS, format_func=_WHEN.get, required=True, key=_FORM)
    under_way = st.session_state.setdefault(_KEY, {}).setdefault(form, _Sitting())
    if under_way.seed is None and not sitting(now, form):
        under_way.seed = next_seed(now, form)
    if under_way.seed is None:
        _profile(form)
        st.button("Take it again, with other numbers", key=f"diagnostic.{form}.again", on_click=_again,
                  args=(form, under_way))  # fmt: skip
    else:
        _questions(form, under_way)
    if under_way.kept:
        notice(under_way.kept)


def _again(form: str, under_way: _Sitting) -> None:
    st.session_state[_KEY][form] = _Sitting(next_seed(progress(), form))


# --- The questions ---------------------------------------------------------------------------------------------------


@st.fragment
def _questions(form: str, under_way: _Sitting) -> None:
    """All twelve; nothing is said of any before the last. A fragment, so that a choice reruns this and not the page."""
    if under_way.seed is None:  # just done: the page shows the profile in this place
        st.rerun()
    st.markdown(_SAYS[form])
    for number, item in enumerate(ITEMS.values(), 1):
        _question(number, item.idea, under_way)
    answered = sum(option is not None for option in under_way.chosen.values())
    st.button("I am done: show the profile", type="primary", key=f"diagnostic.{under_way.seed}.done", on_click=_done,
              args=(under_way,))  # fmt: skip
    st.caption(f"{answered} of {len(ITEMS)} answered. What has no answer counts as not known.")


def _question(number: int, idea: str, under_way: _Sitting) -> None:
    question, key = ITEMS[idea].question(under_way.seed), f"diagnostic.{under_way.seed}.{idea}"
    if key not in st.session_state:
        st.session_state[key] = under_way.chosen.get(idea)
    with st.container(border=True, width=WIDTH):
        st.html(f'<p class="prompt"><b>{number}.</b> {escape(question.prompt)}</p>')
        lettered = zip(LETTERS, question.options, strict=True)
        options = [*(f"**{letter}** {plain(option.text)}" for letter, option in lettered), "I do not know yet"]
        st.radio(f"Question {number}", range(len(options)), index=None, format_func=options.__getitem__, key=key,
                 label_visibility="collapsed", on_change=partial(_choose, under_way, idea, key))  # fmt: skip


def _choose(under_way: _Sitting, idea: str, key: str) -> None:
    under_way.chosen[idea] = st.session_state[key]


def _done(under_way: _Sitting) -> None:
    """Keep an answer for each idea, and be done."""
    for idea, item in ITEMS.items():
        question, option = item.question(under_way.seed), under_way.chosen.get(idea)
        if option is None or option == _UNSURE:
            problem = record(DIAGNOSTIC + idea, under_way.seed, False, 0)
        else:
            chosen, right = question.options[option], question.is_right(option)
            slip = "" if right else chosen.says
            problem = record(DIAGNOSTIC + idea, under_way.seed, right, 0, chosen.text, slip)
        under_way.kept = under_way.kept or problem
    under_way.seed, under_way.chosen = None, {}


# --- The profile -----------------------------------------------------------------------------------------------------


def _profile(form: str) -> None:
    """Idea by idea what is known, and the gain; which lessons to take; after the course, what was right and why."""
    taken = {which: sitting(progress(), which) for which in FORMS}
    shown = [which for which in FORMS if taken[which] and (which == form or form == "after")]
    rows = [(item.title, *(_known(taken[which].get(idea)) for which in shown)) for idea, item in ITEMS.items()]
    header = ("", *(_WHEN[which].lower() for which in shown))
    if len(shown) > 1:
        gains = [_gain(*(taken[which].get(idea) for which in FORMS)) for idea in ITEMS]
        rows = [(*row, gain) for row, gain in zip(rows, gains, strict=True)]
        header = (*header, "gain")
    st.html(text_table("What you know", header, rows, prose=True))
    st.html(f'<p role="status" class="prompt">{escape(_counted(taken, shown))}</p>')
    if form == "after":
        _explained(taken[form])
    _lessons(taken[form])
    save_progress()


def _known(answer: Answer | None) -> str:
    if answer is None:
        return "not asked"
    return "✓ known" if answer.right else "– no answer" if answer.answer == "" else "✗ not yet"


def _gain(before: Answer | None, after: Answer | None) -> str:
    if before is None or after is None:
        return ""
    return {(False, True): "gained", (True, False): "lost"}.get((before.right, after.right), "the same")


def _counted(taken: Mapping[str, Mapping[str, Answer]], shown: list[str]) -> str:
    known = {which: sum(answer.right for answer in taken[which].values()) for which in shown}
    says = "; ".join(f"{_WHEN[which].lower()} {count} of {len(ITEMS)}" for which, count in known.items())
    return f"Known: {says}."


def _explained(answers: Mapping[str, Answer]) -> None:
    """Every question that was not answered rightly: what the answer comes from, and what is right, and why."""
    wrong = {idea: answer for idea, answer in answers.items() if not answer.right}
    if wrong:
        st.markdown("**What was right instead:**")
    for idea, answer in wrong.items():
        question = ITEMS[idea].question(answer.seed)
        yours = f"Your answer: {answer.answer}. {answer.slip}" if answer.answer else "You gave no answer."
        right = f"Right: {question.answer.text}. {question.answer.says}"
        with st.container(border=True, width=WIDTH):
            st.html("".join(f'<p class="prompt">{escape(text)}</p>' for text in (question.prompt, yours, right)))


def _lessons(answers: Mapping[str, Answer]) -> None:
    taught = {ITEMS[idea].lesson for idea, answer in answers.items() if not answer.right}
    wanted = [known for known in LESSONS if known.name in taught]
    if not wanted:
        st.markdown("You know all twelve. Whatever lesson you take, begin with its exercises.")
        return
    st.markdown("**Lessons to take,** in this order:")
    for known in wanted:
        link_to(known.name, known.title)
