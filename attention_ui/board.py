"""The matrix board on the page: all matrices of a lesson in one component, and the enlarged view of one of them.

Vocabulary
    board    the component in board.js and board.css; it gets numbers and texts, and reports events
    mount    one call of the component on a page
"""

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from attention_ui.document import compute
from attention_ui.link import pack
from attention_ui.payload import Picture, board_data
from attention_ui.session import Visit, handle, visit, write

_HERE = Path(__file__).parent
_KEY = "board"
_component = st.components.v2.component(
    "attention_board",
    html="<div class='board'></div>",
    css=(_HERE / "board.css").read_text(),
    js=(_HERE / "board.js").read_text(),
)


def _on_events() -> None:
    handle(st.session_state[_KEY].get("events"))


def picture(now: Visit) -> Picture:
    """What this visitor is to see: the head, the one before the last change, the view."""
    before = compute(now.before) if now.before is not None else None
    return Picture(compute(now.document), before, now.view, now.shown, tuple(now.trail))


def _about_shown(now: Visit) -> str:
    """What to say while other numbers than the present ones are shown."""
    if now.shown == "after":
        return ""
    if now.before is None:
        return "Nothing has changed yet: these are the numbers as they are now."
    if now.shown == "before":
        return "These are the numbers before your last change. Choose “now” to change one."
    return "Each cell shows how much it changed: now minus before."


@st.fragment
def matrix_board() -> None:
    """Draw every matrix of the visitor's head, with stepper, panel, undo and link; handle what is done to it.

    A fragment: what is done to the matrices reruns this function and not the page around it, which costs as much again.
    Only when the page shows something that has changed with it, as after an undone switch, does the page rerun, too.
    """
    now = visit()
    if now.stale:
        now.stale = False
        st.rerun()
    shown = picture(now)
    data = board_data(shown) | {
        "ack": now.ack,
        "can": {"undo": bool(now.past), "redo": bool(now.future), "reset": now.document != now.document.plain},
        "said": now.said or _about_shown(now),
        "share": "?" + urlencode(pack(now.document, now.view)),
        "errors": now.errors,
    }
    _component(key=_KEY, data=data, on_events_change=_on_events)
    if now.touched:
        write(now)
    if now.enlarged:
        name, now.enlarged = now.enlarged, ""
        if shown.head.trace.has(name):
            from attention_ui.enlarge import enlarge  # brings Plotly and pandas: only when somebody asks

            enlarge(shown, name)
