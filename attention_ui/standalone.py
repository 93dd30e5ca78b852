"""A page of matrices as one file that needs no server and no network: every cell still says where it is from.

Vocabulary
    way       how the numbers are shown: tokens as rows or as columns, numbers as decimals or as fractions
    account   what the panel says about one cell
    terms     the numbers that the account of a cell reads; what makes a file large
    room      how many terms a file may hold, in all its ways

The matrices are drawn by the component that draws them in the app, board.js. All that a server would answer is worked
out beforehand and stands in the file, packed; standalone.js answers from it. No Streamlit in here.
"""

import base64
import json
import tomllib
import zlib
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from html import escape
from itertools import product
from pathlib import Path

import numpy as np

from attention_core.trace import Trace
from attention_ui.account import account
from attention_ui.link import FORMS, ORIENTATIONS, View
from attention_ui.naming import joined, plain_letter
from attention_ui.payload import board_data
from attention_ui.picture import Data, Picture
from attention_ui.slices import address_of

_HERE = Path(__file__).parent
_ROOM = 200_000  # terms: about a megabyte, made in some four seconds
_KEYS = "Keys: arrows move; Enter or Space picks; n and p go to the next and the previous step, a shows all."
_SWITCHES = {"columns": ("Tokens stand as", ORIENTATIONS), "exact": ("Numbers as", FORMS)}
_WAYS = [dict(zip(_SWITCHES, way, strict=True)) for way in product(*(options for _, options in _SWITCHES.values()))]
_COLOURS = {  # of the app's theme, by the name that board.css reads
    "--st-background-color": "backgroundColor", "--st-text-color": "textColor", "--st-primary-color": "primaryColor",
    "--st-secondary-background-color": "secondaryBackgroundColor", "--st-border-color": "borderColor",
}  # fmt: skip


def standalone(title: str, picture: Picture, room: int = _ROOM) -> str:
    """The page as HTML: title, matrices and accounts of the numbers as they are after the last change.

    title: plain text. room: in terms. Where all ways together would not fit in, only that of the picture's view is
    kept; where that alone does not, the matrices with the most terms have accounts without their arithmetic.
    """
    head, view = picture.head, picture.view
    terms = _terms(head.trace)
    shown = {name: getattr(view, name) for name in _SWITCHES}
    kept = _WAYS if len(_WAYS) * sum(terms.values()) <= room else [shown]
    without = _left_out(terms, room)
    views = {_key(**way): View(**way, figures=view.figures) for way in kept}
    data = {
        "ways": {key: _way(Picture(head, None, of, locked=True), without) for key, of in views.items()},
        "shown": shown, "stage": view.stage, "picked": view.picked,
    }  # fmt: skip
    return _page(title, _said(picture, without), _buttons() if len(kept) > 1 else "", data)


def _key(columns: bool, exact: bool) -> str:
    """The name of a way, which standalone.js makes likewise: "false true"."""
    return f"{columns} {exact}".lower()


def _terms(trace: Trace) -> dict[str, int]:
    """How many terms the accounts of each matrix hold together, as if all its cells had as many as the last one, of
    which a causal mask hides least."""
    last = {name: tuple(length - 1 for length in made.value.shape) for name, made in trace.items()}
    return {name: made.value.size * max(1, len(made.explain(last[name]).terms)) for name, made in trace.items()}


def _left_out(terms: dict[str, int], room: int) -> list[str]:
    """The matrices whose accounts go without arithmetic: those with the most terms, as few as make the rest fit."""
    out, total = [], sum(terms.values())
    for name in sorted(terms, key=terms.__getitem__, reverse=True):
        if total > room:
            out.append(name)
            total -= terms[name]
    return out


def _way(picture: Picture, without: Collection[str]) -> Data:
    """One way: what the component draws, and the accounts of each figure's cells, row by row."""
    accounts: dict[str, dict[int, list[Data]]] = {}
    for name, (drawn, row, col) in _cells(picture.head.trace):
        cells = accounts.setdefault(drawn, {}).setdefault(row, [])
        cells.append(account(picture, drawn, row, col, written=name not in without))
    return {
        "board": board_data(picture) | {"keys": _KEYS},
        "accounts": {of: [*rows.values()] for of, rows in accounts.items()},
    }


def _cells(trace: Trace) -> Iterator[tuple[str, tuple[str, int, int]]]:
    """The name of each matrix, given or made, with each of its cells as a figure has it."""
    for name in (*trace.given, *trace):
        matrix = trace.matrix(name)
        yield from ((name, address_of(matrix, at)) for at in np.ndindex(matrix.value.shape))


def _said(picture: Picture, without: Collection[str]) -> list[str]:
    """What the page says above its matrices."""
    told = picture.head.document.told()
    lines = ["Pick any cell, and it says where its number comes from. The file holds all it shows, without a network. "
             "Numbers are changed in the app, not here."]  # fmt: skip
    if told:
        lines.append(f"Here {'; '.join(told)}.")
    if without:
        letters = joined(list(dict.fromkeys(plain_letter(picture, name) for name in without)))
        lines.append(f"With every sum this file would be too large. Cells of {letters} say what they are and by which "
                     "formula, and leave out their arithmetic.")  # fmt: skip
    return lines


def _buttons() -> str:
    """A button for each way that something may be shown; standalone.js says which are pressed."""
    return "".join(_group(name, label, options) for name, (label, options) in _SWITCHES.items())


def _group(name: str, label: str, options: Mapping[bool, str]) -> str:
    buttons = (
        f'<button type="button" data-{name}="{json.dumps(value)}">{text}</button>' for value, text in options.items()
    )
    return f'<div role="group" aria-label="{label}"><span aria-hidden="true">{label}</span>{"".join(buttons)}</div>'


def _packed(data: Data) -> str:
    """JSON, deflated, in letters that HTML leaves as they are."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _page(title: str, said: list[str], buttons: str, data: Data) -> str:
    style = _theme() + "".join((_HERE / name).read_text("utf-8") for name in ("board.css", "standalone.css"))
    script = "".join((_HERE / name).read_text("utf-8") for name in ("board.js", "standalone.js"))
    allowed = "; ".join(("default-src 'none'", f"script-src {_hash(script)}", f"style-src {_hash(style)}",
                         "base-uri 'none'", "form-action 'none'"))  # fmt: skip
    says = "".join(f"<p>{escape(line)}</p>" for line in said)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{allowed}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Attention, step by step</title>
<style>{style}</style>
</head>
<body>
<header><h1>{escape(title)}</h1>{says}{buttons}</header>
<main><h2 class="unseen">Every matrix, step by step</h2>
<div class="board"><p>This page needs JavaScript, which is not run here. Open the file in a browser.</p></div></main>
<footer>Made with “Attention, step by step”.</footer>
<script type="application/octet-stream" id="numbers">{_packed(data)}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def _theme() -> str:
    """The app's colours as variables, light and, where the reader's system asks for it, dark."""
    theme = tomllib.loads((_HERE.parent / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    light, dark = (
        "".join(f"{name}: {theme[kind][key]}; " for name, key in _COLOURS.items()) for kind in ("light", "dark")
    )
    return f":root {{ {light}}}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}\n"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
