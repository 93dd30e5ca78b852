"""The controls of a head: example, sentence, switches, and how the numbers are shown.

Each control shows what the visit says and reports its change; the visit is the only state. Streamlit keeps the value of
a widget by its key, so the key is set from the visit before the widget is drawn.
"""

from collections.abc import Callable, Mapping
from functools import wraps

import streamlit as st

from attention_core.examples import EXAMPLES
from attention_ui import session
from attention_ui.document import TEMPERATURES, compute
from attention_ui.lesson import notice
from attention_ui.link import FORMS, ORIENTATIONS
from attention_ui.picture import SHOWN
from attention_ui.readings import chosen
from attention_ui.teach import WIDTH

ABLATIONS: Mapping[str, str] = {
    "": "Nothing: attention as it should be",
    "wrong_axis": "Softmax over the wrong axis",
    "masked_after": "Mask after softmax",
    "masked_with_zero": "Mask with 0 instead of −∞",
}

_SHOWN = dict(zip(SHOWN, ("now", "before the last change", "difference"), strict=True))


def _hideable(group: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A control that a lesson link may hide, with its group."""

    def hides(control: Callable[..., None]) -> Callable[..., None]:
        @wraps(control)
        def drawn(*args: object, **options: object) -> None:
            if not session.hidden(group):
                control(*args, **options)

        return drawn

    return hides


def _bound(key: str, value: object, report: Callable[[object], None]) -> dict[str, object]:
    """Keyword arguments that tie a widget to the visit: its key, set to `value`, and the callback that reports."""
    if key not in st.session_state or st.session_state[key] != value:  # written anew, it would undo a press on its way
        st.session_state[key] = value
    return {"key": key, "on_change": reporting(key, report)}


def reporting(key: str, report: Callable[[object], None]) -> Callable[[], None]:
    """What a widget calls when it was changed. One of a page that is left in haste may say None, which nobody chose."""

    def changed() -> None:
        if (value := st.session_state[key]) is not None:
            report(value)

    return changed


@_hideable("sentence")
def sentence_field() -> None:
    """The sentence, and why it could not be used if it could not; what was typed stays in the field."""
    now = session.visit()
    if not now.sentence_error:
        st.session_state["sentence"] = now.document.sentence
    st.text_input(
        "Sentence: 1 to 16 words",
        key="sentence",
        on_change=lambda: session.set_sentence(st.session_state["sentence"]),
    )
    if now.sentence_error:
        notice(now.sentence_error + " The last sentence stays below.")


@_hideable("sentence")
def example_field() -> None:
    now = session.visit()
    st.selectbox(
        "Example",
        list(EXAMPLES),
        format_func=lambda name: EXAMPLES[name].title,
        **_bound("example", now.document.example, session.set_example),
    )


@_hideable("controls")
def switches() -> None:
    """What the head does: mask, scaling, residual, row maximum, temperature, and one thing to break."""
    document = session.visit().document
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _switch("causal", "Causal mask", "A word sees itself and the words before it, never those after it.")
        _switch("scaled", "Divide by √d_k", "Multiply the scores by 1/√d_k before softmax.")
        _switch("residual", "Residual", "Add what the head collected to the token, instead of replacing it.")
        row = "column" if session.visit().view.columns else "row"
        label, says = f"Subtract the {row} maximum", "Changes no weight; keeps exp from overflowing."
        if not _forced("steady", label):
            _switch("steady", label, says)
        st.slider(
            "Temperature T",
            *TEMPERATURES,
            step=0.1,
            width=200,
            help="Scores are divided by T before softmax: below 1 sharper, above 1 more even.",
            **_bound("temperature", document.temperature, lambda value: session.set_document(temperature=value)),
        )
        st.selectbox(
            "What breaks if …",
            list(ABLATIONS),
            format_func=ABLATIONS.get,
            width=290,
            **_bound("ablation", document.ablation, lambda value: session.set_document(ablation=value)),
        )


# --- settings of a lesson's sheet ------------------------------------------------------------------------------------


@_hideable("controls")
def setting_slider(name: str, label: str, says: str = "", step: float = 0.1) -> None:
    """A slider for a number among the settings of this lesson's bench; its limits are the bench's."""
    sheet = session.visit().document
    allowed = sheet.bench.allowed[name]
    low, high = allowed[0], allowed[-1]
    st.slider(label, low, high, step=step, width=260, help=says or None, **_setting(name))
    lost(name)


@_hideable("controls")
def setting_switch(name: str, label: str, says: str = "", near: str = "") -> None:
    """A switch among the settings of this lesson's bench. near: as for `setting_choice`."""
    if not _forced(name, label):
        st.toggle(label, help=says or None, **_setting(name, near))
    lost(name, near)


def _forced(name: str, label: str) -> bool:
    """Whether the row maximum is subtracted whatever its switch says; then the switch is drawn as on, and fixed."""
    forced = name == "steady" and compute(session.visit().document).forced
    if forced:
        st.toggle(f"{label} (needed: exp of such scores is too large to store)", True, key="forced", disabled=True)
    return forced


@_hideable("controls")
def setting_choice(
    name: str, label: str, options: Mapping[object, str] | None = None, near: str = "", anew: str = "",
    lost_below: bool = False,
) -> None:  # fmt: skip
    """A choice of a few among the settings of this lesson's bench; `options` says each in words, if it must be said.

    near: the section in which the same choice stands once more, near what it changes there;
    anew: the given matrix that this choice makes. While it is painted or typed over, it is none of them, and so none is
    shown as chosen; each brings it back as it was made;
    lost_below: it stands in a row of controls, and below that row the page calls `lost` for it.
    """
    options = options or {value: str(value) for value in session.visit().document.bench.allowed[name]}
    bound = _setting(name, near, anew)
    st.segmented_control(label, list(options), format_func=options.get, required=not anew, **bound)
    if not lost_below:
        lost(name, near)


@_hideable("controls")
def setting_select(name: str, label: str, options: Mapping[object, str]) -> None:
    """A choice of many among the settings of this lesson's bench, as a list that opens."""
    st.selectbox(label, list(options), format_func=options.get, width=420, **_setting(name))


@_hideable("controls")
def setting_number(name: str, label: str, says: str = "") -> None:
    """A whole number among the settings of this lesson's bench, typed or stepped; its limits are the bench's."""
    allowed = session.visit().document.bench.allowed[name]
    st.number_input(label, allowed[0], allowed[-1], step=1, width=140, help=says or None, **_setting(name))


@_hideable("sentence")
def setting_text(name: str, label: str, says: str = "") -> None:
    """A text among the settings of this lesson's bench, and why it could not be used if it could not; it stays in the
    field then."""
    now = session.visit()
    key = f"{now.document.name}.{name}"
    text, problem = now.refused.get(name, (chosen(name), ""))
    st.session_state[key] = text
    st.text_input(label, key=key, help=says or None, width=WIDTH,
                  on_change=lambda: session.set_text(name, st.session_state[key]))  # fmt: skip
    if problem:
        notice(f"{problem} What stood here before still counts below.")
    lost(name)


def painted(matrix: str) -> bool:
    """Whether the learner has painted this given matrix, or typed over it."""
    return bool(session.visit().document.edits.get(matrix))


def lost(name: str, near: str = "") -> None:
    """Beside a control: that its last change threw away what had been typed, and a way back."""
    setting, says = session.visit().lost
    if setting == name and not near:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"lost-{name}", width=WIDTH):
            notice(says)
            st.button("Undo", key=f"{name}.undo", on_click=session.undo)


def _setting(name: str, near: str = "", anew: str = "") -> dict[str, object]:
    key = ".".join(part for part in (session.visit().document.name, name, near) if part)
    value = None if anew and painted(anew) else chosen(name)
    return _bound(key, value, lambda new: session.set_setting(anew, **{name: new}))


def _switch(name: str, label: str, says: str) -> None:
    value = getattr(session.visit().document, name)
    st.toggle(label, help=says, **_bound(name, value, lambda new: session.set_document(**{name: new})))


@_hideable("display")
def display() -> None:
    """How the numbers are shown; no number changes."""
    now = session.visit()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _choice(
            "Tokens stand as",
            "columns",
            now.view.columns,
            ORIENTATIONS,
            lambda new: session.set_view(columns=new),
        )
        _choice("Numbers as", "exact", now.view.exact, FORMS, lambda new: session.set_view(exact=new))
        _choice("Show the numbers", "shown", now.shown, _SHOWN, session.set_shown)


def _choice(label: str, key: str, value: object, options: Mapping[object, str], report: Callable) -> None:
    st.segmented_control(
        label,
        list(options),
        format_func=options.get,
        required=True,
        label_visibility="collapsed",  # the options say it; the label stays for screen readers
        **_bound(key, value, report),
    )
