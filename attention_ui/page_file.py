"""A page as a file: what a link holds, where a link would be too long. No Streamlit in here.

Vocabulary
    page     a lesson with all that was set and typed in it: the lesson's name, and the parameters of its link
"""

import json

from attention_ui.editable import Editable
from attention_ui.link import LONGEST_IN_FILE, PARAMS, View, pack, unpack

MOST = LONGEST_IN_FILE + 4_000  # bytes: the longest link, and what stands around it
_KIND, _VERSION = "attention-page", 1


class PageError(ValueError):
    """A file that cannot be opened; the message says why, in a sentence."""


def write_page(lesson: str, document: Editable, view: View) -> str:
    """The file's text."""
    return json.dumps({"kind": _KIND, "version": _VERSION, "lesson": lesson, **pack(document, view)}, indent=1)


def read_page(lesson: str, data: bytes, plain: Editable) -> tuple[Editable, View]:
    """What such a file holds for this lesson. plain: what the lesson shows with nothing changed.

    Raises PageError. What is read is checked as a link is.
    """
    if len(data) > MOST:
        raise PageError(f"The file has {len(data):,} bytes; a saved page has at most {MOST:,}.")
    try:
        held = json.loads(data.decode())
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise PageError("This is no page that was saved here, or it was cut short.") from None
    if not isinstance(held, dict) or held.get("kind") != _KIND:
        raise PageError("This is no page that was saved here. A saved page’s file says “attention-page”.")
    if held.get("version") != _VERSION:
        raise PageError("This page was saved by another version of the app, which this one cannot read.")
    if held.get("lesson") != lesson:
        raise PageError(f"This page was saved in another lesson, “{str(held.get('lesson'))[:30]}”. Open it there.")
    params = {name: held[name] for name in PARAMS if name in held}
    if not all(isinstance(value, str) for value in params.values()):
        raise PageError("This is no page that was saved here: what it holds is not written as the app writes it.")
    document, view, problems = unpack(params, plain, in_file=True)
    if problems:
        raise PageError(problems[0].replace("The link", "The file").replace("the link", "the file"))
    return document, view
