"""What the lessons on lookup and softmax put beside their prose: controls, and the figure or table that follows them.

A figure follows the controls of its own section. All else in it is as we set it, as in the sentences beside it: so it
says what they say, whatever a learner does elsewhere. Only the matrices follow everything. What softmax does over a
setting is in softmax_figures.

Vocabulary
    ours           the number that we gave
    in question    the number that the section asked about: a table shows it until the learner has moved the slider
"""

from collections.abc import Mapping

import streamlit as st

from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.plots import Axes, curve
from attention_ui.readings import (
    Worked,
    chosen,
    said,
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


def _which_follow(typed: str) -> None:
    """What follows what on a page. typed: which matrices can be typed into."""
    st.caption(
        f"These matrices follow every control of the page, and what you type into {typed}. Each table or figure below "
        "follows the controls beside it only; the rest of it is as in our sentences, which are about our numbers."
    )
    if visit().view.columns:
        st.caption("You show the tokens as columns: where a sentence says row, look along a column, and vice versa.")


def slider_to(name: str, label: str, asked: float, says: str = "") -> tuple[float, str]:
    """A slider, and a button that puts it to the number that was asked about.

    Returns the number for the table below, and whose it is: the slider's, or `asked` while the slider stands at ours.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_slider(name, label, says, step=1.0)
        st.button(
            f"Set it to {said(asked)}", key=f"{visit().document.name}.{name}.asked",
            disabled=chosen(name) == asked, on_click=set_setting, kwargs={name: asked},
        )  # fmt: skip
    if chosen(name) == usual(name):
        return asked, "in the question"
    return chosen(name), "by the slider"


# --- the lookup ------------------------------------------------------------------------------------------------------


def table_board() -> None:
    """How the numbers are shown, and the matrices of the lookup."""
    display()
    matrix_board()
    _which_follow("Q, K or V")


def looked_up(table: Worked) -> Mapping[str, str]:
    """The weights and the result of a table, as the matrices show them."""
    return {what: shown(number) for what, number in _weighed(table).items()}


def other_values(asked: float) -> None:
    """The table with our third value and with the slider's, or with `asked` while that is ours: weights and result."""
    other, whose = slider_to("third", "Third value", asked)
    ours = usual("third")
    tables = (_weighed(worked("lookup", third=value)) for value in (ours, other))
    names = (f"{said(ours)}, ours", f"{said(other)}, {whose}")
    compare("Our table, with one third value and with another", *tables, names, shown)


def _weighed(table: Worked) -> dict[str, float]:
    return table.row("weights", called="weight, {}") | table.row("output", called="result")


def nudging() -> None:
    """The nudge, what the matrices show of it, and what both tables give."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_slider("nudge", "Nudge of the query’s coordinate b", step=0.05)
        setting_switch("soft", "Soft lookup in the matrices above")
        setting_switch("pull", "Pull of each score in the matrices above", "Two more steps, of the soft lookup.")
    _results("nudge", "What our table gives when the query is nudged")


def sharpening() -> None:
    """The sharpness, and what both tables give."""
    setting_slider("sharpness", "Sharpness c", "The matrices above get a step for it.", step=0.1)
    _results("sharpness", "What our table gives, from the mean to the hard lookup")


def _results(setting: str, title: str) -> None:
    """What the soft and the hard table give, over a setting of the lookup, with our numbers."""
    over, softly = sweep("lookup", setting, "output")
    _, hardly = sweep("lookup", setting, "output", soft=False)
    lines = {"soft": softly["the query"], "hard": hardly["the query"]}
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
    _which_follow("S")


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
