"""What the page for teachers shows: plans, step by step, with links into the lessons, and the votes of each lesson."""

from collections.abc import Sequence

import streamlit as st

from attention_core.plans import PLANS, Plan, Step
from attention_core.votes import VOTES
from attention_ui.answer_fields import plain
from attention_ui.class_links import prepared
from attention_ui.lesson import LESSONS, lesson, link_to
from attention_ui.teach import WIDTH
from attention_ui.votes import title


@st.fragment
def plans() -> None:
    """Choose how long, then which; one plan is shown."""
    minutes = st.segmented_control("How long?", list(PLANS), format_func="{} minutes".format, default=min(PLANS),
                                   required=True, key="plan.minutes")  # fmt: skip
    found = PLANS[minutes]
    which = st.selectbox("Plan", range(len(found)), format_func=lambda i: _called(found[i]), width=WIDTH,
                         key=f"plan.{minutes}")  # fmt: skip
    _plan(found[which])


def _called(plan: Plan) -> str:
    lessons = ", ".join(lesson(name).short for name in plan.lessons)
    return f"{lessons}: {plan.title}"


def _plan(plan: Plan) -> None:
    with st.container(border=True, width=WIDTH, key="plan_shown"):
        st.markdown(f"**{plan.title}** ({plan.minutes} minutes)")
        st.caption(f"For whom: {plan.needs}")
        ends = 0
        for number, step in enumerate(plan.steps, 1):
            _step(number, step, ends)
            ends += step.minutes


def _step(number: int, step: Step, begins: int) -> None:
    span = f"minutes {begins} to {begins + step.minutes}"
    does = {"Show": step.show, "Ask": step.ask, "Listen for": step.listen}
    listed = "\n".join(f"- **{what}.** {text}" for what, text in does.items())
    st.markdown(f"**{number}. {lesson(step.lesson).title}** ({span})\n\n{listed}")
    with st.container(horizontal=True, gap="medium"):
        params = prepared(step.lesson, step.settings, step.stage)
        link_to(step.lesson, f"Open the lesson{', as it is needed' * bool(params)}", params=params)
        if step.vote:
            link_to("screen", "The vote, on the screen", ":material/how_to_vote:", {"q": step.vote})


@st.fragment
def votes() -> None:
    """Choose a lesson; its questions, each with the way to the screen."""
    known = [found.name for found in LESSONS if _votes_of(found.name)]
    name = st.selectbox("Lesson", known, format_func=lambda name: lesson(name).title, width=WIDTH, key="votes.lesson")
    for vote in _votes_of(name):
        with st.container(border=True, width=WIDTH):
            st.markdown(plain(VOTES[vote].question.prompt))
            link_to("screen", f"On the screen: {title(vote)}", ":material/how_to_vote:", {"q": vote})


def _votes_of(name: str) -> Sequence[str]:
    return [vote for vote, found in VOTES.items() if found.lesson == name]
