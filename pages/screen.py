"""One question for a whole class: large, with a code for phones, the counts of the votes, and the answer."""

from attention_ui.lesson import open_tool
from attention_ui.vote_screen import screen

open_tool("screen")
screen()
