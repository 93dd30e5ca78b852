"""A chatbot's numbers, line by line: which follow, which do not, and what slip explains them; then the reader's own."""

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.checker import checker, limits
from attention_ui.controls import display
from attention_ui.debugger_figures import (
    along,
    invented,
    lines,
    one_line,
    predicted,
    printed_sum,
    range_of_exp,
    sums_of,
    taken,
    vectors,
)
from attention_ui.glossary import terms
from attention_ui.lesson import close_lesson, open_lesson
from attention_ui.predict import reveal
from attention_ui.readings import worked
from attention_ui.teach import claim, misconception

open_lesson("debugger")
ours, THE, CAT = worked("debugger"), 0, 1

st.markdown("In 2024 somebody asked a chatbot how attention works, with actual numbers, and published what it said. It "
            "made up a vector for each word of “the cat sat on the mat”, then printed cosines, exponentials, row sums, "
            "row sums once more, and weights. It read well. Few of its numbers follow from the ones before.\n\nThis is "
            "how to find out. Take a line *as given*, compute the next one from it, compare. Below, S holds the scores "
            "as they were printed, and all that follows is right: *the* with *cat* has "
            f"{ours.said('scores', THE, CAT, places=1)}, e to the power of that is "
            f"**{ours.said('exps', THE, CAT, places=2)}**, the row adds up to "
            f"**{ours.said('row_sums', THE, places=2)}**, and the weight is "
            f"**{ours.said('weights', THE, CAT, places=3)}**.")  # fmt: skip
display()
taken()
matrix_board()
terms("cosine", "exponential", "row sum", "weight", "softmax")

st.subheader("Which line breaks first?", anchor=False)
st.markdown("It printed, in this order: the words’ vectors, their cosines (S, above), the exponentials, the sums of "
            f"the rows, these again, and weights. The row of *the* was said to add up to {printed_sum()}. "
            "One cell of a line is enough to find that it does not follow.")  # fmt: skip
vectors()
if reveal("debugger.first", "Which is the first line that does not follow from what stands before it?",
          *predicted("first")):  # fmt: skip
    lines()
    st.markdown("Whatever comes after a wrong line is wrong, too, even if it is computed rightly. So each line is held "
                "against the numbers that were *printed* before it: what it adds of its own shows then.")  # fmt: skip
    one_line()
    misconception("It computed the cosines.", "It wrote numbers that look like cosines. Three of them:", invented())

st.subheader("Three right answers", anchor=False)
if reveal("debugger.sum", "Take the printed scores as given. What do the exponentials of the row of “the” add up to?",
          *predicted("sum")):  # fmt: skip
    sums_of()
    st.markdown("Each of these columns is right: the answer to a question of its own. To say that a number is wrong, "
                "say first what it was to be made *from*.")  # fmt: skip

st.subheader("Who is right?", anchor=False)
st.markdown("Asked to repeat each row sum along its row, the chatbot printed rows in which every number is the same. "
            "The learner objected: they are all the same, so that is wrong.")  # fmt: skip
if reveal("debugger.along", "Is that a good reason?", *predicted("along")):
    along()
    st.markdown("Repeated along its row (a *broadcast*, so that each exponential can be divided by it) a sum is the "
                "same number six times. The table was wrong for another reason: it held no sums. The second try "
                "repeats the first exponential of each row, the third the first weight.")  # fmt: skip
misconception("Whoever explains fluently has computed.", "A chatbot that writes “let me compute” writes the next "
              "words. It may call a program that computes, and then says so. Numbers can be checked; sentences sound "
              "alike either way.")  # fmt: skip
misconception("exp of a cosine lies between 0 and e.", "A cosine is never below −1, and so its exponential never "
              "below 1/e. That is why cosines make weights that hardly differ.", range_of_exp())  # fmt: skip
claim("exact here", "Every verdict above is computed on this page, from the numbers as they were printed.")

st.subheader("Check your own", anchor=False)
st.markdown("Numbers from a chatbot, a lecture or an exam: paste the matrix, say what it claims to be and what it was "
            f"made from. At most {limits()} are read: from a spreadsheet, a list in Python, a table in Markdown or "
            "LaTeX, or lines of numbers. Rounding is no error: a number is right if it can be what comes out, "
            "rounded as it was printed. A zero dropped at the end is no error: beside 0.25, 0.5 is 0.50.")  # fmt: skip
checker()
st.markdown("The slips that are tried are those that people make most: another axis, a scale or a mask left out, a "
            "matrix turned round. Another cause may leave the same numbers behind.")  # fmt: skip

close_lesson("debugger")
