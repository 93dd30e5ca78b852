"""A lesson link: made by a teacher at the end of a lesson, met by a learner at its beginning.

Vocabulary
    link     the state of the matrices as they stand, a task, and what is hidden; all of it stands in the address
    long     more characters than a chat sends whole
"""

from urllib.parse import urlencode

import streamlit as st

from attention_core.exercises import EXERCISES
from attention_ui import session
from attention_ui.class_links import qr_image, reached, suggested
from attention_ui.lesson import notice
from attention_ui.link import SHORT, LinkError, pack, readable, said_of
from attention_ui.task import GROUPS, LONGEST, VARIANTS, Task, pack_task
from attention_ui.teach import CHECK, WIDTH

_SCANNED = 600  # characters of which a phone reads the code across a room
_SUCH_AS = "Which word does ball take most from? Change one number so that it is another."


def task_box() -> None:
    """The task of the link that a learner came by, and the way to what it hides."""
    task = session.task()
    if task is None:
        return
    with st.container(border=True, width=WIDTH, key="task"):
        if task.text or task.exercise:
            st.markdown("**Your task**")
        if task.text:
            st.text(task.text)
        if task.exercise:
            st.markdown(_asked(task))
        if task.hides:
            listed = ", ".join(GROUPS[name] for name in task.hides)
            listed = listed.replace("the exercises", "the other exercises") if task.exercise else listed
            if session.shows_all():
                st.caption(f"Whoever made this link hid: {listed}. You see them again.")
            else:
                st.caption(f"Whoever made this link has hidden: {listed}. The numbers are computed as ever.")
                st.button("Show them", key="task.show", on_click=session.show_all)


def _asked(task: Task) -> str:
    """Which exercise, and where."""
    numbers = f"the numbers no. {task.variant}" if task.variant else "the lesson’s numbers"
    return f"Do the exercise “{EXERCISES[task.exercise].title}”, with {numbers}. [Go to it](#{CHECK})."


@st.fragment
def make_link(path: str) -> None:
    """Fields for a task and for what to hide; the link to the page as it stands.

    A fragment: what is typed into the matrices does not run the page again, so the link is made when it is asked for.
    """
    st.markdown("The link opens this page with the matrices as they stand, at the step that is shown, with a task at "
                "its top. With the numbers of an exercise the whole class has the same. What you hide a learner can "
                "show again.", width=WIDTH)  # fmt: skip
    text = st.text_area("What the class is to do", key=f"{path}.task", max_chars=LONGEST, width=WIDTH, height=100,
                        placeholder=_SUCH_AS)  # fmt: skip
    names = ["", *(name for name, found in EXERCISES.items() if found.lesson == path)]
    with st.container(horizontal=True, width=WIDTH):
        exercise = st.selectbox("An exercise that they are to do", names, key=f"{path}.asked", format_func=_titled)
        variant = st.number_input("Numbers no.", VARIANTS[0], VARIANTS[-1], key=f"{path}.numbers", width=130,
                                  disabled=not exercise, help="0 are the lesson’s own")  # fmt: skip
    hides = st.multiselect("Hide", list(GROUPS), format_func=GROUPS.get, key=f"{path}.hides", width=WIDTH,
                           placeholder="Nothing is hidden")  # fmt: skip
    if st.button("Make the link", key=f"{path}.make", icon=":material/link:"):
        _show(text.strip(), tuple(hides), exercise, variant if exercise else 0)


def _titled(name: str) -> str:
    return EXERCISES[name].title if name else "none"


def _show(*task: str | int | tuple[str, ...]) -> None:
    """The link, to be copied, and whether it is too long for a chat."""
    now = session.visit()
    try:
        params = pack(now.document, now.view) | pack_task(Task(*task))
    except LinkError as error:
        notice(f"There is no link yet: {error}")
        return
    if not readable(params):
        notice(f"There is no link. {said_of(params)}")
        return
    link = f"{_address()}{'?' * bool(params)}{urlencode(params)}"
    st.code(link, language=None, wrap_lines=True, width=WIDTH)
    says = "Copy it, and try it in another window."
    if len(link) > SHORT:
        says = f"Chats cut links of more than about {SHORT:,}. Send this page as a file instead: in “Take it home”."
    st.caption(f"{len(link):,} characters. {says}")
    _elsewhere(link)


def _elsewhere(link: str) -> None:
    """How others come by it: a code for phones, or why they cannot."""
    app = _address()
    if not reached(app):
        other = suggested(app)
        where = f" In this network it may be {other}: open the page there, and make the link again." if other else ""
        notice(f"This address is that of this machine alone: nobody else can open the link.{where}")
    elif len(link) <= _SCANNED:
        st.html(qr_image(link, "QR code: the link"), width=260)


def _address() -> str:
    """The page's own, without what stands behind it."""
    return (st.context.url or "").partition("?")[0].partition("#")[0]
