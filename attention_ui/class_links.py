"""The links that a class follows: where learners reach this app, a question's link, and its QR code.

Vocabulary
    base     where learners reach this app: what the browser says of itself, unless the teacher types another address
    link     of a question and a round, for a phone; everything that the page needs stands in it
    prepared the parameters that open a lesson in the state that a plan needs
"""

import socket
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from attention_core.benches import BENCHES, Value
from attention_ui.document import Document
from attention_ui.lesson import TOOLS, lesson, notice
from attention_ui.link import View, pack
from attention_ui.sheet import Sheet

_BASE, _FIELD, _REFUSED = "class.base", "class.base.field", "class.base.refused"
_LONGEST = 200  # characters of an address
_HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


class AddressError(ValueError):
    """An address that cannot be used; the message says why, and what can."""


def prepared(name: str, settings: Mapping[str, Value], stage: str = "all") -> dict[str, str]:
    """The parameters that open a lesson with these settings, at this step. Raises ValueError for a setting it lacks."""
    if not lesson(name).bench:
        return pack(replace(Document(), **settings), View(stage=stage))
    bench = BENCHES[lesson(name).bench]
    changed = bench.changed(settings)
    figures = {setting: changed.pop(setting) for setting in bench.figures if setting in changed}
    return pack(Sheet(bench.name).with_settings(**changed), View(stage=stage, figures=figures))


def vote_link(base: str, question: str, of_round: int) -> str:
    """Where a learner votes on this question. of_round: 0 or 1; the first stands in no link."""
    params = {"q": question} | ({"round": str(of_round + 1)} if of_round else {})
    return f"{base}/vote?{urlencode(params)}"


def qr_code(link: str) -> segno.QRCode:
    """A code with the middle one of three corrections: a seventh of it may be hidden."""
    return segno.make(link, error="m", micro=False, boost_error=False)


def qr_image(link: str, label: str) -> str:
    """The code as a picture that stands in the page itself: black on white, in either theme, with four modules of
    white around it, as readers need."""
    source = qr_code(link).svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False)
    return f'<img class="qr" src="{escape(source)}" alt="{escape(label)}">'


def base_of(url: str, page: str) -> str:
    """The address of the app, from that of one of its pages: "http://host:8501/screen" is on "http://host:8501"."""
    return url.rstrip("/").removesuffix(f"/{page}").rstrip("/")


def read_base(text: str) -> str:
    """An address as it was typed, without what follows the app's own. Raises AddressError."""
    typed = text.strip()
    shown = typed if len(typed) <= 40 else typed[:39] + "…"
    try:
        parts = urlsplit(typed)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or len(typed) > _LONGEST or not typed.isascii() or not typed.isprintable() or " " in typed:
        raise AddressError(
            f"“{shown}” is no address that a phone can open. It begins with http:// or https://, as in "
            f"http://192.168.1.20:8501, and has at most {_LONGEST} characters."
        )
    path = parts.path.rstrip("/")
    for tool in TOOLS:
        path = path.removesuffix(f"/{tool.path}")
    return f"{parts.scheme}://{parts.netloc}{path}"


def reached(base: str) -> bool:
    """Whether other machines can reach this address at all: localhost is, on each machine, the machine itself."""
    host = urlsplit(base).hostname or ""
    return bool(host) and host not in _HERE and not host.endswith(".localhost")


def suggested(base: str) -> str:
    """The same address by this machine's place in its network, "" where that is not known. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("10.255.255.255", 1))
            host = probe.getsockname()[0]
    except OSError:
        return ""
    port = urlsplit(base).port
    return "" if host in _HERE else f"{urlsplit(base).scheme}://{host}" + (f":{port}" if port else "")


def base() -> str:
    """Where learners reach this app, as far as it is known."""
    return st.session_state.get(_BASE) or base_of(st.context.url or "http://localhost:8501", "screen")


def base_field() -> None:
    """The address that learners reach, to be corrected; what cannot be used is said, and changes nothing."""
    if _FIELD not in st.session_state:
        st.session_state[_FIELD] = base()
    st.text_input("The address at which learners reach this app", max_chars=_LONGEST, width=520, key=_FIELD,
                  on_change=_typed)  # fmt: skip
    if refused := st.session_state.get(_REFUSED, ""):
        notice(f"{refused} The code still has {base()}.")
    if not reached(base()):
        hint = suggested(base())
        where = f"; it may be {hint}." if hint else ". Streamlit prints it as “Network URL” when it starts."
        notice(
            f"{urlsplit(base()).hostname} is, on a phone, the phone itself, so phones cannot open this link. Type the "
            f"address of this machine in your network{where}"
        )


def _typed() -> None:
    """Before the page is drawn again, for the code stands above the field."""
    try:
        st.session_state[_BASE] = read_base(st.session_state[_FIELD])
        st.session_state[_REFUSED] = ""
    except AddressError as error:
        st.session_state[_REFUSED] = str(error)
