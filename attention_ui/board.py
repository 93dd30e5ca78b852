"""The matrix board on the page: all matrices of a lesson in one component, and the enlarged view of one of them.

Vocabulary
    board     the component on the page; it gets numbers and texts, and reports events
    script    board.js and board.css. Streamlit sends what a component was made with again at every change of its data,
              so they are a component of their own, which never changes; the board only looks up the script by its name
    mount     one call of a component on a page
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import sleep
from urllib.parse import urlencode

import streamlit as st

from attention_ui.document import compute
from attention_ui.link import pack, readable, said_of
from attention_ui.payload import board_data
from attention_ui.picture import Picture
from attention_ui.session import Visit, handle, hidden, visit, write
from attention_ui.slices import has
from attention_ui.whys import what_changed

_HERE = Path(__file__).parent
_KEY = "board"
# Seconds for the matrices to arrive and be drawn: a rerun throws away what Streamlit has not sent yet, and once the
# page around them arrives, too, the browser is busy with that.
_ON_THE_WAY = 0.1
_AT_RELOAD = "The address still says what was before, and a reload goes back to that."
_CSS, _JS = ((_HERE / f"board.{kind}").read_text() for kind in ("css", "js"))
_NAME = f"attention-board-{sha256((_CSS + _JS).encode()).hexdigest()[:16]}"
_script = st.components.v2.component("attention_board_script", js=_JS)
_component = st.components.v2.component(
    "attention_board",
    html="<div class='board'></div>",
    # Whichever comes first: the browser's registry of elements answers once board.js has written itself in.
    js="export default async (args) => (await customElements.whenDefined(args.data.script)).draw(args);",
)


def _on_events() -> None:
    handle(st.session_state[_KEY].get("events"))


def picture(now: Visit) -> Picture:
    """What this visitor is to see: the head, the one before the last change, the view."""
    before = compute(now.before) if now.before is not None else None
    return Picture(compute(now.document), before, now.view, now.shown, tuple(now.trail), hidden("typing"))


def _about_shown(now: Visit, shown: Picture) -> str:
    """What to say while other numbers than the present ones are shown."""
    if now.shown == "after":
        return ""
    if shown.before is None:
        return "Nothing has changed yet: these are the numbers as they are now."
    if shown.compared is None:
        return f"{what_changed(shown.before, shown.head)} These are the numbers as they are now."
    if now.shown == "before":
        return "These are the numbers before your last change. Choose “now” to change one."
    return "Each cell shows how much it changed: now minus before."


def matrix_board(figure: Callable[[], None] | None = None) -> None:
    """Draw every matrix of the visitor's head, with stepper, panel, undo and link; handle what is done to it.

    figure: draws, above the matrices, something that follows every change of them.
    """
    _script(key=f"{_KEY}_script", data={"name": _NAME, "css": _CSS})
    _draw(figure)


@st.fragment
def _draw(figure: Callable[[], None] | None) -> None:
    """The matrices and their figure.

    A fragment: what is done to the matrices reruns this function and not the page around it, which costs as much again.
    Only when the page shows something that has changed with it, as after an undone switch, does the page rerun, too.
    """
    now = visit()
    shown = picture(now)
    link = pack(now.document, now.view)
    data = board_data(shown)
    data |= {
        "script": _NAME,
        "ack": now.ack,
        "can": {"undo": bool(now.past), "redo": bool(now.future), "reset": now.document != now.document.plain},
        "said": now.said or _about_shown(now, shown),
        "share": "?" + urlencode(link) if readable(link) else None,
        "share_says": said_of(link),
        "alert": data["alert"] if readable(link) else f"{said_of(link)} {_AT_RELOAD} {data['alert']}".strip(),
        "errors": now.errors,
        "follows": now.stale,
    }
    above = st.container() if figure else None
    _component(key=_KEY, data=data, on_events_change=_on_events)
    if figure:
        with above:  # drawn after the matrices, for numbers are what a learner waits for
            figure()
    if now.stale:  # the matrices are on their way, for numbers are what a learner waits for; now the page around them
        now.stale = False
        sleep(_ON_THE_WAY)
        st.rerun()
    if now.touched:
        write(now)
    if now.enlarged:
        name, now.enlarged = now.enlarged, ""
        if has(shown.head.trace, name):
            from attention_ui.enlarge import enlarge  # brings Plotly and pandas: only when somebody asks

            enlarge(shown, name)
