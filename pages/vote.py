"""One question on a learner's own screen, and the code that says what was chosen."""

from attention_ui.lesson import open_tool
from attention_ui.vote_phone import ballot

open_tool("vote")
ballot()
