"""The page as one file: it asks nobody for anything, says of every cell what the app says, and stays small."""

import base64
import json
import re
import zlib
from hashlib import sha256
from html import unescape
from itertools import product

import numpy as np
import pytest

from attention_core.benches import BENCHES
from attention_ui.account import panel
from attention_ui.document import Document, compute, example_document
from attention_ui.link import View
from attention_ui.picture import Picture
from attention_ui.sheet import Sheet
from attention_ui.slices import drawn_names
from attention_ui.standalone import standalone

PAINT = example_document("paint").with_cells("w_q", {(1, 0): "ln 5"})
ODD = '</script><script>alert("1")</script> <b>x</b> a&b'
WIDE = Sheet("sandbox").with_settings(heads=4, layers=2, d_k=9, d_v=7)
WAYS = [f"{columns} {exact}".lower() for columns, exact in product((False, True), repeat=2)]


def page(document, title="A title", room=None, **view):
    picture = Picture(compute(document), None, View(**view))
    return standalone(title, picture) if room is None else standalone(title, picture, room)


def held(html):
    """The numbers in the file, as its script unpacks them."""
    packed = re.search(r'<script type="application/octet-stream" id="numbers">([^<]*)</script>', html)[1]
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def cells(way):
    """Each cell of a way: its figure, place and account."""
    for drawn, rows in way["accounts"].items():
        for row, accounts in enumerate(rows):
            yield from ((drawn, row, col, account) for col, account in enumerate(accounts))


@pytest.mark.parametrize("name", BENCHES)
def test_each_account_is_the_apps_and_its_operands_are_in_the_file(name):
    document = Sheet(name)
    head = compute(document)
    file = held(page(document))
    assert sorted(file["ways"]) == WAYS
    assert [*file["ways"]["false false"]["accounts"]] == [
        drawn for of in (*head.trace.given, *head.trace) for drawn in drawn_names(head.matrix(of))
    ]
    for key, way in file["ways"].items():
        columns, exact = json.loads(f"[{key.replace(' ', ',')}]")
        matrices = way["board"]["matrices"]
        for place, (drawn, row, col, account) in enumerate(cells(way)):
            if place % 7 == 0:  # what the app says, asked of the picked cell, costs more than all the rest
                of = Picture(head, None, View(columns=columns, exact=exact, picked=(drawn, row, col)))
                assert account == json.loads(json.dumps(panel(of)))
            for piece in (piece for piece in account["arithmetic"] if isinstance(piece, dict)):
                read = way["accounts"][piece["step"]][piece["row"]][piece["col"]]
                if piece["step"] in matrices and not piece["text"].startswith(read["cell"]):
                    of = matrices[piece["step"]]
                    assert of["texts"][piece["row"] * of["shape"][1] + piece["col"]] == piece["text"]


def test_it_is_drawn_as_it_stood_and_nothing_can_be_typed():
    file = held(page(PAINT, columns=True, exact=False, stage="weights", picked=("scores", 2, 1)))
    assert (file["shown"], file["stage"], file["picked"]) == (
        {"columns": True, "exact": False},
        "weights",
        ["scores", 2, 1],
    )
    for way in file["ways"].values():
        assert len(way["board"]["equations"]) == len(way["board"]["stages"])  # all of them, to be walked through
        assert not any(of["editable"] or of["paintable"] for of in way["board"]["matrices"].values())
        assert "You can change any number" not in json.dumps(way)
    assert file["ways"]["false false"]["accounts"]["w_q"][1][0]["about"] == "You typed ln 5."


def test_a_browser_runs_its_own_script_and_style_and_nothing_else():
    for html in (page(PAINT), page(Document(sentence=ODD), ODD)):
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for kind, tag in (("script", '<script type="module">'), ("style", "<style>")):
            inside = html.split(tag)[1].split(f"</{kind}>")[0]
            digest = base64.b64encode(sha256(inside.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
        markup = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", html)
        assert not re.search(r"\b(src|href|style|on\w+)=", markup)
        assert set(re.findall(r"https?://[^\s\"'`)]+", html)) == {"http://www.w3.org/1998/Math/MathML"}


def test_what_a_learner_types_stays_text():
    html = page(Sheet("sandbox").with_settings(sentence="<b>x</b> red a&b"), ODD)
    markup = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", html)
    assert unescape(re.search(r"<h1>(.*?)</h1>", markup)[1]) == ODD
    assert "&lt;b&gt;x&lt;/b&gt; red a&amp;b" in markup
    assert "<b>" not in markup
    assert html.count("</script>") == 2


@pytest.mark.parametrize("room", [0, 900, 5_000, 20_000])
def test_what_would_be_too_large_leaves_out_ways_first_then_the_longest_sums(room):
    html = page(WIDE, room=room, exact=True)
    (way,) = held(html)["ways"].values()
    assert "<button" not in html
    written = {drawn.partition("@")[0] for drawn, _, _, account in cells(way) if account["arithmetic"]}
    terms = {
        name: sum(len(made.explain(at).terms) for at in np.ndindex(made.value.shape))
        for name, made in compute(WIDE).trace.items()
    }
    assert sum(terms[name] for name in written) <= room
    assert bool(written) == (room > 0)
    left = re.search(r"too large. Cells of (.*?) say", html)
    assert (left is None) == (written == set(terms))
    assert all(of["formula"] or of["about"] for *_, of in cells(way))
    assert all(set(of) == {"cell", "where", "value", "trail", "code_title", "formula", "code", "about", "arithmetic"}
               for *_, of in cells(way))  # fmt: skip


def test_it_is_small_enough_to_be_sent():
    """Whatever a lesson opens with; and the largest that a learner can set up, by room."""
    assert max(len(page(Sheet(name))) for name in BENCHES) < 250_000
    assert len(page(WIDE)) < 2_000_000
