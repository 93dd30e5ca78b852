"""The lessons and their navigation; what every page calls first.

Vocabulary
    lesson       a page that describes itself once: its path, file, title, icon and goal
    navigation   Streamlit's list of pages. Both app.py and every page register it, because a folder named pages/ lets
                 Streamlit run a page without app.py when the first visitor of a fresh server opens a deep link
"""

import gc
import logging
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from attention_ui import session

_ROOT = Path(__file__).parent.parent
# Streamlit collects garbage after every rerun unless a setting of ours, undocumented, says no. Should that
# setting go, what has been imported by now is at least not looked through each time.
gc.freeze()


@dataclass(frozen=True)
class Lesson:
    """A page. path: its address ("" is the home page); short: its name in the navigation; goal: one plain sentence."""

    name: str
    path: str
    file: str
    short: str
    title: str
    icon: str
    goal: str


LESSONS = (
    Lesson(
        "home", "", "pages/home.py", "Start here", "Attention in ninety seconds", ":material/home:",
        "What it does, without a formula: how a word takes something from other words.",
    ),
    Lesson(
        "one_head", "one-head", "pages/one-head.py", "One head", "One head, cell by cell", ":material/grid_on:",
        "Every number of one attention head: see it, change it, and trace it to where it came from.",
    ),
)  # fmt: skip


def lesson(name: str) -> Lesson:
    return {known.name: known for known in LESSONS}[name]


def _page(known: Lesson) -> st.Page:
    return st.Page(
        _ROOT / known.file,
        title=known.short,
        icon=known.icon,
        url_path=known.path or None,
        default=not known.path,
    )


def navigate():
    """Register the pages and return the one to run. Calling it again in the same rerun does no harm."""
    st.set_page_config(
        page_title="Attention, step by step", page_icon=str(_ROOT / "assets" / "icon.png"), layout="wide"
    )
    return st.navigation([_page(known) for known in LESSONS], position="top")


def run_page() -> None:
    """Run the page that was asked for. What nobody foresaw becomes a sentence, and a line in the server's log."""
    page = navigate()
    try:
        page.run()
    except Exception:
        logging.getLogger(__name__).exception("a page failed")
        notice("Something went wrong on this page. Reload it; if that does not help, start from its bare address.")


def open_lesson(name: str) -> Lesson:
    """Open a lesson's page: navigation, link, title and goal. The first call of every page."""
    navigate()
    session.arrive(name)
    known = lesson(name)
    _style()
    st.title(known.title, anchor=False)
    st.markdown(known.goal)
    for problem in session.visit().problems:
        notice(problem)
    return known


def link_to(name: str, label: str) -> None:
    """A link to another lesson."""
    st.page_link(_page(lesson(name)), label=label, icon=":material/arrow_forward:")


def notice(text: str) -> None:
    """A sentence about something that could not be used. The text may be the learner's own, so it is never markup."""
    st.html(f'<p role="alert" class="notice">{escape(text)}</p>')


def _style() -> None:
    st.html(_ROOT / "attention_ui" / "page.css")
