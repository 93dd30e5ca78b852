"""Check a matrix of one's own: paste it, say what it claims to be and what it was made from; then a verdict by cell.

Vocabulary
    example   what the fields begin with, so that the tool can be tried at once: numbers of the conversation
    problem   a sentence about a text that cannot be read, beside its field; the text stays

What was checked stands in the address (checked.py): a reload, or somebody who is sent it, has the same verdict.
"""

from collections.abc import Mapping

import streamlit as st

from attention_core import dialogue
from attention_core.claims import KINDS, MASKED_KINDS, SCALED_KINDS, SOURCES, Claim, judge
from attention_core.numerals import NumberError
from attention_core.printed import MOST_COLUMNS, MOST_ROWS, Printed, read
from attention_ui.checked import D_KS, OPTIONS, PARAM, Asked, packed, unpacked
from attention_ui.debugger_figures import judgement
from attention_ui.lesson import notice
from attention_ui.link import LONGEST, LinkError
from attention_ui.teach import WIDTH

_NOTHING = "nothing: only what it says by itself"
_KIND, _MADE, _D_K, _CAUSAL, _EXACT, _CHECKED, _READ = (
    f"checker.{name}" for name in ("kind", "made", "d_k", "causal", "exact", "checked", "read")
)
_OF_Q, _MISSING = "as many as a query has", "not said"


def checker() -> None:
    """The whole tool: what is claimed, the matrices, and the verdict once it was asked for."""
    _begin()
    _arrive()
    with st.container(width=WIDTH):
        kind, made = _claimed()
        fields = ["claim", *made]
        for name in fields:
            _field(name, f"The {KINDS[kind][0]} to check" if name == "claim" else f"The {SOURCES[name]}")
        options = _options(kind, made)
        st.button("Check", key="checker.check", type="primary", on_click=_keep, args=(kind, made))
    asked = st.session_state.get(_CHECKED)
    if asked == (kind, made, *(st.session_state[_text(name)] for name in fields)):
        _answer(kind, made, options)
        if st.query_params.get(PARAM):
            st.caption("The address holds what was checked: send it, or come back to it.")


def _arrive() -> None:
    """Fill the fields with what the address says, when it says something new: by a link, a reload, or Back."""
    text = st.query_params.get(PARAM, "")
    if text == st.session_state.get(_READ, ""):
        return
    st.session_state[_READ] = text
    if not text:
        return
    try:
        asked = unpacked(text)
    except LinkError as error:
        notice(f"What the link was to check cannot be read: {error} What stands in the fields stays.")
        return
    state = st.session_state
    state[_KIND], state[_MADE] = asked.kind, asked.made
    for name, pasted in asked.texts.items():
        state[_text(name)] = pasted
    for name, value in asked.options.items():
        state[f"checker.{name}"] = value
    state[_CHECKED] = (asked.kind, asked.made, *(asked.texts[name] for name in ("claim", *asked.made)))


def _text(name: str) -> str:
    return f"checker.text.{name}"


def _begin() -> None:
    """Fill the fields once: weights of the conversation, and the scores that they were made from."""
    state = st.session_state
    state.setdefault(_KIND, "weights")
    examples: Mapping[str, Printed] = {
        "claim": dialogue.FIRST_WEIGHTS, "scores": dialogue.FIRST_SCORES, "exps": dialogue.EXPONENTIALS,
        "row_sums": dialogue.ROW_SUMS, "vectors": dialogue.VECTORS,
    }  # fmt: skip
    for name in ("claim", *SOURCES):
        text = "\n".join("\t".join(row) for row in examples[name].texts) if name in examples else ""
        state[_text(name)] = state.get(_text(name), text)  # a field that is not drawn would lose what it holds


def _claimed() -> tuple[str, tuple[str, ...]]:
    """What the matrix claims to be, and what it was made from."""
    with st.container(horizontal=True):
        kind = st.selectbox("It claims to be", list(KINDS), format_func=lambda one: KINDS[one][0], key=_KIND, width=300)
        ways = [*KINDS[kind][1], *(() if () in KINDS[kind][1] else ((),))]
        if st.session_state.get(_MADE) not in ways:
            st.session_state[_MADE] = ways[0]
        made = st.selectbox("made from", ways, format_func=_sources, key=_MADE, width=420)
    return kind, made


def _sources(names: tuple[str, ...]) -> str:
    return " and ".join(SOURCES[name] for name in names) or _NOTHING


def _field(name: str, label: str) -> None:
    st.text_area(label, key=_text(name), height=150)
    if st.session_state.get(_CHECKED) and (says := _problem(name)):
        notice(says)


def _problem(name: str) -> str:
    """Why the text in a field cannot be read; "" when it can."""
    try:
        read(st.session_state[_text(name)])
    except NumberError as error:
        return str(error)
    return ""


def _options(kind: str, made: tuple[str, ...]) -> dict[str, object]:
    """What else there is to say of the way from there to here."""
    options: dict[str, object] = {"d_k": None, "causal": False, "exact": False}
    if not made:
        return options
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if kind in SCALED_KINDS and "exps" not in made:
            options["d_k"] = _width(kind, made)
        if kind in MASKED_KINDS and "exps" not in made:
            key = f"{_CAUSAL}.masked" if kind == "masked" else _CAUSAL  # masked scores have a mask, unless it is said
            options["causal"] = st.checkbox("with a causal mask", kind == "masked", key=key)
        options["exact"] = st.checkbox(
            "what it was made from is exact", key=_EXACT, help="Not rounded before it was printed."
        )
    return options


def _width(kind: str, made: tuple[str, ...]) -> int | str | None:
    """d_k: a number; _OF_Q, where the queries tell; _MISSING, where it must be said; None where nothing is divided."""
    if "q" in made:
        return _OF_Q if kind == "scaled" or st.checkbox("divided by √d_k", True, key=f"{_D_K}.of_q") else None
    if kind == "scaled":
        says = "How many numbers a query or a key has: scores are divided by its root."
        return st.number_input("d_k", 1, D_KS[1], None, key=f"{_D_K}.scaled", width=160, help=says) or _MISSING
    says = "Scores are divided by its root. 0: they are not divided, or were already."
    return int(st.number_input("d_k (0: not divided)", *D_KS, key=_D_K, width=190, help=says)) or None


def _keep(kind: str, made: tuple[str, ...]) -> None:
    """Remember what was to be checked: once a field changes, the verdict is about something else, and goes."""
    texts = {name: st.session_state[_text(name)] for name in ("claim", *made)}
    st.session_state[_CHECKED] = (kind, made, *texts.values())
    options = {name: value for name in OPTIONS if (value := st.session_state.get(f"checker.{name}")) is not None}
    link = packed(Asked(kind, made, texts, options))
    if len(link) <= LONGEST:  # what is longer could not be read again
        st.session_state[_READ] = st.query_params[PARAM] = link


def _answer(kind: str, made: tuple[str, ...], options: dict[str, object]) -> None:
    if unread := [name for name in ("claim", *made) if _problem(name)]:
        which = " and ".join(KINDS[kind][0] if name == "claim" else SOURCES[name] for name in unread)
        st.markdown(f"Not checked yet: the {which} cannot be read. The sentence below the field says why.")
        if set(unread) <= set(made):
            st.markdown(f"If you have no {which}, choose “{_NOTHING}”, beside “made from”.")
        return
    printed, *sources = (read(st.session_state[_text(name)]) for name in ("claim", *made))
    if options["d_k"] == _MISSING:
        notice("Say what d_k is: how many numbers a query or a key has.")
        return
    if options["d_k"] == _OF_Q:
        options["d_k"] = sources[0].shape[1]
    try:
        found = judge(Claim(kind, printed, dict(zip(made, sources, strict=True)), **options))
    except ValueError as error:
        notice(str(error))
        return
    judgement(found)


def limits() -> str:
    """How large a matrix may be, in words."""
    return f"{MOST_ROWS} rows and {MOST_COLUMNS} columns"
