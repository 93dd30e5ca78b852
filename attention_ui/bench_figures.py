"""What the lessons on lookup and softmax put beside their prose: controls, and the figure or table that follows them.

What softmax does over a setting is in softmax_figures.

Vocabulary
    ours      the number that we gave; yours: what the learner has set instead
    besides   what else the learner has set: a figure is drawn with all of it, and says so, for our prose is not
"""

from collections.abc import Mapping

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.plots import Axes, curve
from attention_ui.readings import (
    Worked,
    chosen,
    listed_words,
    said,
    settings,
    shown,
    sweep,
    usual,
    worked,
)
from attention_ui.session import set_setting, visit
from attention_ui.teach import compare

SCORES: Mapping[str, str] = {
    "three": "red ball hit", "paint": "red ball hit blue cube", "logits": "for 8 : 4 : 2 : 1 : 1",
    "signed": "2, −1, 1", "cosines": "cosines", "chatbot": "a chatbot’s",
}  # fmt: skip
_WORDS: Mapping[str, str] = {  # a setting as the caption of a figure names it
    "third": "a third value of {}", "nudge": "a nudge of {}", "sharpness": "a sharpness of {}", "soft": "a hard lookup",
    "constant": "{} added to every score", "temperature": "a temperature of {}",
    "columns": "softmax down the columns", "exponential": "no exponentials", "steady": "the row maximum subtracted",
}  # fmt: skip


def besides(*names: str) -> None:
    """Say which of these the learner has set, so that a number unlike that of the prose surprises nobody."""
    yours = settings()
    found = [_WORDS[name].format(said(yours[name])) for name in names if name in yours]
    if found:
        st.caption(f"Drawn with what you set elsewhere on this page, too: {listed_words(found)}.")


def as_it_should_be(*mistakes: str) -> None:
    """Say that a figure leaves out these mistakes, if the learner has made one of them."""
    if made := [_WORDS[name] for name in mistakes if name in settings()]:
        st.caption(f"Drawn for softmax as it should be, without what you set elsewhere: {listed_words(made)}.")


def _only_controls(matrices: str, figures: str) -> None:
    """What the figures of a page follow, and what they do not."""
    st.caption(
        f"Tables and figures below follow the controls{figures}; what you type into {matrices} shows in the matrices "
        "alone. The sentences are about our numbers."
    )
    if visit().view.columns:
        st.caption("You show the tokens as columns: where a sentence says row, look along a column, and vice versa.")


# --- the lookup ------------------------------------------------------------------------------------------------------


def table_board() -> None:
    """How the numbers are shown, and the matrices of the lookup."""
    display()
    matrix_board()
    _only_controls("Q, K or V", "")


def looked_up(table: Worked) -> Mapping[str, str]:
    """The weights and the result of a table, as the matrices show them."""
    return {what: shown(number) for what, number in _weighed(table).items()}


def other_values(other: float) -> None:
    """The table with our third value and with the learner's, or with `other` while it is ours: weights and result."""
    setting_slider("third", "Third value", step=1.0)
    ours = usual("third")
    values = (ours, chosen("third") if chosen("third") != ours else other)
    tables = (worked("lookup", **settings("third"), third=value) for value in values)
    compare(
        "Our third value, and another", *map(_weighed, tables), tuple(f"value {said(value)}" for value in values), shown
    )
    besides("nudge", "sharpness", "soft")


def _weighed(table: Worked) -> dict[str, float]:
    return table.row("weights", called="weight, {}") | table.row("output", called="result")


def nudging() -> None:
    """The nudge, what the matrices show of it, and what both tables give."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_slider("nudge", "Nudge of the query's second coordinate", step=0.05)
        setting_switch("soft", "Soft lookup in the matrices above")
        setting_switch("pull", "Pull of each score in the matrices above", "Two more steps, of the soft lookup.")
    _results("nudge", "What the lookup gives when the query is nudged")
    besides("third", "sharpness")


def sharpening() -> None:
    """The sharpness, and what both tables give."""
    setting_slider("sharpness", "Sharpness c", "The matrices above get a step for it.", step=0.1)
    _results("sharpness", "From the mean to the hard table")
    besides("third", "nudge")


def _results(setting: str, title: str) -> None:
    """What the soft and the hard table give, over a setting of the lookup, all else as the learner has it."""
    others = settings(setting, "soft", "pull")
    over, softly = sweep("lookup", setting, "output", **others)
    _, hardly = sweep("lookup", setting, "output", **others, soft=False)
    lines = {"soft": softly["asked"], "hard": hardly["asked"]}
    curve(Axes(title, setting, "result"), over, lines, key=f"lookup.{setting}.curve", at=chosen(setting), inks="vx")


# --- softmax ---------------------------------------------------------------------------------------------------------


def bring(scores: str) -> None:
    """A button that puts the table of scores that a section speaks of into the matrices."""
    st.button(
        f"Put the scores “{SCORES[scores]}” into the matrices above", key=f"softmax.bring.{scores}",
        disabled=chosen("scores") == scores, on_click=set_setting, kwargs={"scores": scores},
    )  # fmt: skip


def scores_board() -> None:
    """How the numbers are shown, which scores, and the matrices that follow."""
    display()
    setting_choice("scores", "Scores", SCORES)
    matrix_board()
    _only_controls("S", ", and name their scores where they are not those that you chose")


def dividing() -> None:
    """The scores 2, −1, 1 in the matrices, and their division alone."""
    bring("signed")
    setting_switch("exponential", "Take exponentials", "Off: the scores themselves are divided by their sum.")


def divided() -> Mapping[str, str]:
    """The scores 2, −1, 1 divided by their sum, and by softmax: each share as the matrices show it."""
    plain, shared = (worked("softmax", scores="signed", exponential=on) for on in (False, True))
    numbers = plain.row("weights", called="{}, divided by the sum") | shared.row("weights", called="{}, by softmax")
    return {what: shown(number) for what, number in numbers.items()}


def first_share(temperature: float) -> str:
    """What the first of the five scores for 8 : 4 : 2 : 1 : 1 gets."""
    return worked("softmax", scores="logits", temperature=temperature).said("weights", 0, 0, places=2)
