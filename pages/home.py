"""What attention does, in ninety seconds and without a formula: which colour will "ball" take?"""

import streamlit as st

from attention_ui.course import course_index, mark_done
from attention_ui.lesson import link_to, open_lesson
from attention_ui.paint import colour_after, mixture, shares, strip, worked_example
from attention_ui.predict import reveal
from attention_ui.teach import misconception

open_lesson("home")
head = worked_example()
BALL, CUBE = head.document.tokens.index("ball"), head.document.tokens.index("cube")
COLOURS = ["no colour", "red", "blue", "purple"]

st.markdown(
    "This is a course on attention, the part of a language model in which words take information from one another; "
    "every number on its pages can be seen, changed, and traced to where it came from. It is for anyone who wants to "
    "understand attention exactly, alone or with a class, and it begins with adding and multiplying."
)
st.markdown(
    "Take the words *red ball hit blue cube*. On its own, *ball* could be any ball. Attention is how a word gathers "
    "what it needs from the others: it **looks** at them, decides **how much** to take from each, **mixes** that, and "
    "**adds** it to itself."
)
st.markdown("To make it visible, think of paint. *red* and *blue* carry a pot of paint; the other words carry none.")
strip(head)

st.subheader("Your guess", anchor=False)
st.markdown(
    "Each word may look at itself and at the words before it. In this example things (*ball*, *cube*) look for words "
    "that describe, *hit* looks for things, and the words that describe look for nothing. What is found gives some of "
    "its paint. All words look at the same time, and take "
    "from the paint that the others came with."
)
if not reveal("home.ball", "Once ball has looked around, what colour is it?", COLOURS, colour_after(head, BALL)):
    st.caption("Choose one, or skip. Guessing first, even wrongly, is what makes it stick.")
else:
    strip(head, after=BALL, asked=CUBE)
    shares(head, BALL)
    st.markdown(
        "*ball* found one word that describes, *red*, and took most from it. It kept a share of itself, too. "
        f"It ends up with **{mixture(head, BALL)}**. Nothing was replaced: the colour was *added* to what *ball* was."
    )
    st.subheader("And the cube?", anchor=False)
    if reveal("home.cube", "cube stands right after blue. What colour will it be?", COLOURS, colour_after(head, CUBE)):
        strip(head, after=CUBE)
        shares(head, CUBE)
        st.markdown(
            f"*cube* took the same from *red* as from *blue*, and has **{mixture(head, CUBE)}**: purple. It looked for "
            "words that describe, and found two. Which one stands nearer it cannot tell, for here only the words "
            "themselves count, not their places. (*hit* looked for things and found *ball*, which came without "
            "paint. It turned slightly red all the same, for a word takes a little from every word that it sees. So "
            "*blue*, which looks for nothing, has a little red now. And *red*, which sees only "
            "itself, took from itself: it is as red, with more of it.)"
        )
        st.markdown(
            "That is all of attention: look, weigh, mix, add. The weights here were chosen by us, so that the numbers "
            "come out clean; a real model learns them. Now see every number of it, and change any of them."
        )
        misconception(
            "Attention works like a person who concentrates on one thing.",
            "It is arithmetic: every word takes a share from every word that it may see, and the shares add up to 1. "
            "Even where nothing fits, something is taken.",
            {"what red, which looks for nothing, takes from itself": head.matrix("weights").value[0, 0].item(),
             "what ball takes from red": head.matrix("weights").value[BALL, 0].item(),
             "what ball takes from itself": head.matrix("weights").value[BALL, BALL].item()},
        )  # fmt: skip
        mark_done("home")
        link_to("one_head", "See every number: one head, cell by cell")
        link_to("lookup", "Or begin at the beginning: from a lookup table to soft lookup")

st.subheader("The course", anchor=False)
st.markdown(
    "From a table that is looked up to one whole head of attention, into it, and on: to whole models, to weights that "
    "learn, and to numbers of your own. Each lesson asks before it shows. Each says which lessons to take before it; "
    "where one of these stands near, an arrow leads from it."
)
link_to("diagnostic", "What do you know already? Twelve questions, before and after", ":material/fact_check:")
course_index()
st.markdown(
    "**For teachers.** Each lesson has an address of its own, and the address holds the numbers that you set there: "
    "send it, and a class opens what you prepared. Exercises can be repeated with fresh numbers. There are no "
    "accounts; what a learner has done is a file, which can be handed in."
)
link_to("teach", "Plans for 5, 15 and 50 minutes, and questions to vote on", ":material/co_present:")
