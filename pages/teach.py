"""For teachers: plans for a class, questions to vote on, and what else there is for a class."""

import streamlit as st

from attention_ui.attempts_panel import class_attempts
from attention_ui.class_page import plans, votes
from attention_ui.lesson import link_to, open_tool

open_tool("teach")

st.subheader("Plans", anchor=False)
st.markdown(
    "Each step opens its lesson in the state that it needs, and says what to show, what to ask, and what to listen "
    "for. What learners say there is quoted; much of it is wrong, and that is the point. For 5 minutes there is a plan "
    "for each lesson; for 15 and 50 there are a few routes through several.\n\n"
    "To let a class say first what comes out of a step, press “Present” beside the matrices, and then h: each result "
    "stays hidden until r shows it."
)
plans()

st.subheader("Votes", anchor=False)
st.markdown(
    "A question with four options. Three are what learners do believe; the numbers are computed, as everywhere here. "
    "Put it on the screen and let everybody choose alone first. Phones read the code beside it, and hand back "
    "an answer code of six signs, which you paste. Without phones, count hands."
)
st.markdown(
    "Look at the counts before you reveal anything. If about a third to two thirds are right, let neighbours convince "
    "each other, and vote again: the second vote stands beside the first. If nearly all are right, go on; if few are, "
    "explain once more."
)
votes()

st.subheader("What learners did", anchor=False)
st.markdown(
    "On the start page, under “Your progress”, a learner saves “Your attempts as CSV”: exercises, predictions, "
    "votes and the diagnostic, without a name. Collect the files, and see here what was tried, how often it was right, "
    "and which slips were most frequent. They are read for this page alone, and not kept."
)
class_attempts()
st.markdown("Twelve questions before the course and after it show each learner what has been gained.")
link_to("diagnostic", "The diagnostic", ":material/fact_check:")

st.subheader("On paper, and by link", anchor=False)
st.markdown(
    "Each lesson’s address holds what you set there. At its end, “For a class: a link with a task” makes an address "
    "that also says what to do, sets an exercise with the same numbers for all, and hides what would distract.\n\n"
    "Beside it, “Take it home” has worksheets in as many variants as you like, with their answer keys; the matrices as "
    "scripts, tables and pictures; and the page as one file that works without a network, cell by cell."
)
link_to("one_head", "One head, cell by cell, as an example")
