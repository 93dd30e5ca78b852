"""State in a link: a document and a view as URL parameters, and back. No Streamlit in here.

Vocabulary
    params   {"example": ..., "sentence": ..., "s": ...}; what equals the default is left out
    s        a version, a dot, then the differences from the named example: JSON, compressed, base64url
    sheet    on the page of a lesson with a bench of its own, `s` is all, and holds the bench's settings
    view     what is shown of the numbers: stage, orientation, number form, picked cell. Never changes a number

A link is read with suspicion: its length and its decompressed size are bounded, every key, index and number is checked
by the same functions that check what is typed, and nothing is evaluated.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np

from attention_core import programs
from attention_core.benches import Value
from attention_core.examples import EXAMPLES
from attention_core.tokens import SentenceError
from attention_ui.document import TEMPERATURES, Document, example_document
from attention_ui.editable import Editable, EditError, Index
from attention_ui.sheet import Sheet

VERSION = "1"
# In an address sixteen words with the longest text that may be typed in every cell of a head come to less, whatever the
# texts are; in a file, the largest sandbox does.
LONGEST, LONGEST_IN_FILE = 32_000, 4_000_000  # characters of s that are read
LARGEST, LARGEST_IN_FILE = 150_000, 6_000_000  # bytes of JSON that are unpacked
SHORT = 2_000  # characters that chats and mail programs send whole
PARAMS = ("example", "sentence", "s")


class LinkError(ValueError):
    """A link that cannot be read; the message says what was wrong and what is shown instead."""


@dataclass(frozen=True)
class View:
    """What is shown of the numbers. picked is (step, row, col) or None; stage is "all" or a step's name.

    figures: how the settings of a lesson's bench that only its figures read differ from their defaults
    """

    stage: str = "all"
    columns: bool = False
    exact: bool = False
    picked: tuple[str, int, int] | None = None
    figures: Mapping[str, Value] = field(default_factory=dict)


ORIENTATIONS: Mapping[bool, str] = {False: "tokens as rows", True: "tokens as columns"}  # by View.columns
FORMS: Mapping[bool, str] = {False: "decimals", True: "fractions"}  # by View.exact
_SWITCHES = {
    "causal": bool,
    "scaled": bool,
    "residual": bool,
    "steady": bool,
    "temperature": float,
    "ablation": str,
}
_VIEWS = {"stage": str, "columns": bool, "exact": bool, "picked": list}


def pack(document: Editable, view: View) -> dict[str, str]:
    """The parameters that bring back this document and view; empty for the plain running example, or a plain sheet."""
    sheet = isinstance(document, Sheet)
    inner = _set(document, view) if sheet else _switched(document)
    inner |= {k: getattr(view, k) for k in _VIEWS if getattr(view, k) != getattr(View(), k)}
    if document.edits:
        given, _ = document.given()
        inner["edits"] = {name: _listed(given[name].shape, cells) for name, cells in sorted(document.edits.items())}
    params = {} if sheet else _named(document)
    if inner:
        params["s"] = encode(inner)
    return params


def _set(sheet: Sheet, view: View) -> dict[str, Any]:
    settings = {**sheet.settings, **view.figures}
    return {"settings": settings} if settings else {}


def _switched(document: Document) -> dict[str, Any]:
    default = document.plain
    return {k: getattr(document, k) for k in _SWITCHES if getattr(document, k) != getattr(default, k)}


def _named(document: Document) -> dict[str, str]:
    params = {}
    if document.example != Document().example:
        params["example"] = document.example
    if document.sentence != document.plain.sentence:
        params["sentence"] = document.sentence
    return params


def said_of(params: Mapping[str, str]) -> str:
    """What there is to say of a link with these parameters; "" of one that can be sent and opened anywhere."""
    length = len(urlencode(params))
    if not readable(params):
        return (f"These numbers are more than a link can hold: {length:,} characters; at most {LONGEST:,} are read. "
                "“Save this page as a file”, under “Take it home”, keeps them.")  # fmt: skip
    if length > SHORT:
        return (f"It has {length:,} characters, and some chats cut links of more than {SHORT:,}: “Save this page as a "
                "file”, under “Take it home”, is safer.")  # fmt: skip
    return ""


def readable(params: Mapping[str, str]) -> bool:
    """Whether a link with these parameters can be opened again."""
    return len(params.get("s", "")) <= LONGEST


def unpack(
    params: Mapping[str, str], plain: Editable | None = None, in_file: bool = False
) -> tuple[Editable, View, list[str]]:
    """The document and view that these parameters say, and a sentence for each thing that could not be read.

    plain: what the page shows without parameters, a lesson's sheet or (None) the running example.
    in_file: they stand in a file, and may be longer than in an address.
    """
    if isinstance(plain, Sheet):
        return _with_s(plain, params, [], in_file)
    problems: list[str] = []
    name = params.get("example", Document().example)
    if name not in EXAMPLES:
        known = " and ".join(EXAMPLES)
        problems.append(f"The link names the example “{_short(name)}”, which there is not; there are {known}.")
        name = Document().example
    document = example_document(name)
    if "sentence" in params:
        try:
            document = document.with_sentence(params["sentence"])
        except SentenceError as error:
            problems.append(f"The sentence in the link cannot be used: {error} The example’s own sentence is shown.")
    return _with_s(document, params, problems, in_file)


def _with_s(
    document: Editable, params: Mapping[str, str], problems: list[str], in_file: bool
) -> tuple[Editable, View, list[str]]:
    if "s" not in params:
        return document, View(), problems
    try:
        return *_apply(document, decode(params["s"], in_file)), problems
    except LinkError as error:
        problems.append(f"Part of the link cannot be read: {error} The plain example is shown instead.")
        return document, View(), problems


def encode(inner: Mapping[str, Any]) -> str:
    """A version, a dot, and what is to be said, compressed, in signs that an address may have."""
    packed = zlib.compress(json.dumps(inner, separators=(",", ":"), ensure_ascii=False).encode(), 9)
    return f"{VERSION}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def decode(s: str, in_file: bool = False) -> dict[str, Any]:
    """What `encode` packed. Raises LinkError, in half a sentence, for what is damaged, too large, or too new."""
    longest, largest = (LONGEST_IN_FILE, LARGEST_IN_FILE) if in_file else (LONGEST, LARGEST)
    version, dot, body = s.partition(".")
    if dot and version.isdecimal() and version.isascii() and int(version) > int(VERSION):
        raise LinkError(
            f"it is of version {_short(version)}, and this page reads version {VERSION}: a newer app made it."
        )
    if not dot or version != VERSION:
        raise LinkError(f"it should begin with “{VERSION}.”, and begins with “{_short(s)}”.")
    if len(s) > longest:
        raise LinkError(f"it is {len(s)} characters long; at most {longest} are read.")
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        reader = zlib.decompressobj()
        text = reader.decompress(packed, largest)
        if reader.unconsumed_tail or not reader.eof:
            raise LinkError("it is cut short, or too large once unpacked.")
        inner = json.loads(text)
        json.dumps(inner, ensure_ascii=False).encode()  # half a surrogate pair: no message could repeat it
    except (binascii.Error, zlib.error, UnicodeError, ValueError, RecursionError) as error:
        if isinstance(error, LinkError):
            raise
        raise LinkError("it was cut short or changed on the way.") from None
    if not isinstance(inner, dict):
        raise LinkError("it holds no settings.")
    return inner


def _apply(document: Editable, inner: Mapping[str, Any]) -> tuple[Editable, View]:
    own = {"settings"} if isinstance(document, Sheet) else set(_SWITCHES)
    unknown = set(inner) - own - set(_VIEWS) - {"edits"}
    if unknown:
        raise LinkError(f"it sets “{_short(sorted(unknown)[0])}”, which this page does not have.")
    for name, kind in (_SWITCHES | _VIEWS).items():
        if name in inner and type(inner[name]) not in ((int, float) if kind is float else (kind,)):
            raise LinkError(f"its setting “{name}” is of the wrong kind.")
    view = {name: inner[name] for name in _VIEWS if name in inner}
    if isinstance(document, Sheet):
        document, view["figures"] = _with_settings(document, inner)
    else:
        document = _with_switches(document, inner)
    document = _with_edits(document, inner.get("edits", {}))
    return document, _view(document, view)


def _with_settings(sheet: Sheet, inner: Mapping[str, Any]) -> tuple[Sheet, dict[str, Any]]:
    """The sheet with the settings that its matrices read, and those that only figures read."""
    settings = inner.get("settings", {})
    if not isinstance(settings, dict):
        raise LinkError("its settings are not written as this page writes them.")
    try:
        changed = sheet.bench.changed(settings)
        figures = {name: changed.pop(name) for name in sheet.bench.figures if name in changed}
        return sheet.with_settings(**changed), figures
    except (ValueError, TypeError):
        raise LinkError("it has a setting that this page does not have, or a value that it may not have.") from None


def _with_switches(document: Document, inner: Mapping[str, Any]) -> Document:
    inner = dict(inner)
    if inner.get("ablation") == "unscaled":  # older links name as a mistake what is a switch of its own
        inner |= {"ablation": "", "scaled": False}
    document = replace(document, **{name: inner[name] for name in _SWITCHES if name in inner})
    low, high = TEMPERATURES
    if not low <= document.temperature <= high:
        raise LinkError(f"its temperature is {document.temperature}; it may be {low} to {high}.")
    if document.ablation and document.ablation not in programs.ABLATIONS:
        raise LinkError(f"it names the ablation “{_short(document.ablation)}”, which there is not.")
    return document


def _listed(shape: tuple[int, ...], cells: Mapping[Index, str]) -> str:
    """The typed texts of a matrix in reading order, ';' between the cells; an unedited cell is empty."""
    return ";".join(cells.get(at, "") for at in np.ndindex(*shape)).rstrip(";")


def _with_edits(document: Editable, edits: Any) -> Editable:
    if not isinstance(edits, dict) or not all(isinstance(text, str) for text in edits.values()):
        raise LinkError("its edits are not written as this page writes them.")
    given, _ = document.given()
    for name, listed in edits.items():
        if name not in given:
            raise LinkError(f"it edits “{_short(name)}”, which this example does not have.")
        texts = listed.split(";")
        if len(texts) > given[name].size:
            raise LinkError(f"it has {len(texts)} numbers for {name}, which has {given[name].size}.")
        cells = zip(np.ndindex(*given[name].shape), texts, strict=False)
        try:
            document = document.with_cells(name, {at: text for at, text in cells if text})
        except EditError as error:
            raise LinkError(str(error)) from None
    return document


def _view(document: Editable, inner: dict[str, Any]) -> View:
    steps = programs.names(document.program)
    if inner.get("stage", "all") not in ("all", "x", *steps):
        raise LinkError(f"it names the step “{_short(inner['stage'])}”, which there is not.")
    if "picked" in inner:
        inner["picked"] = _picked(inner["picked"])
    return View(**inner)


def _picked(cell: list) -> tuple[str, int, int]:
    kinds = [type(part) for part in cell]
    if kinds != [str, int, int]:
        raise LinkError("its picked cell is not a matrix, a row and a column.")
    return (cell[0], cell[1], cell[2])


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:20] + "…"
