"""The board on the page: what it sends, that it writes the address last, and when the page around it must run again."""

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from attention_ui import board
from attention_ui.document import example_document
from attention_ui.link import View, unpack
from attention_ui.session import Visit

UI = Path(board.__file__).parent
PAINT = example_document("paint")
EDITED = PAINT.with_cells("w_q", {(1, 0): "ln 5"})


class Rerun(Exception):
    """What st.rerun raises: nothing after it is run."""


@pytest.fixture
def now(monkeypatch) -> Visit:
    visitor = Visit()
    monkeypatch.setattr(board, "visit", lambda: visitor)
    return visitor


@pytest.fixture
def drawn(monkeypatch, now):
    """Draw the board as a rerun of it does. Returns the data sent, and what was done in which order."""
    done = []

    def rerun():
        done.append("rerun")
        raise Rerun

    monkeypatch.setattr(board, "st", SimpleNamespace(rerun=rerun, container=nullcontext))
    monkeypatch.setattr(board, "_component", lambda data, **_: done.append("draw") or sent.append(data))
    monkeypatch.setattr(board, "write", lambda visitor: done.append("write"))
    sent = []

    def draw(figure=False):
        done.clear()
        try:
            board._draw.__wrapped__((lambda: done.append("figure")) if figure else None)
        except Rerun:
            return None, list(done)
        return sent[-1], list(done)

    return draw


def test_the_script_travels_once_and_not_with_every_change():
    """A page as the browser gets it: the matrices name their script, and a fragment draws them without it."""
    at = AppTest.from_function(_page).run()
    assert not at.exception
    script, matrices = (element.proto for element in at.get("bidi_component"))
    assert script.js_content == (UI / "board.js").read_text()
    assert json.loads(script.json)["css"] == (UI / "board.css").read_text()
    assert json.loads(matrices.json)["script"] == json.loads(script.json)["name"]
    assert len(matrices.js_content + matrices.css_content) < 200
    assert board._draw.__wrapped__.__name__ == "_draw", "st.fragment wraps what is run again"


def _page():
    from attention_ui.board import matrix_board

    matrix_board()


def test_a_figure_of_the_matrices_is_drawn_after_them(drawn, now):
    now.touched = True
    assert drawn(figure=True)[1] == ["draw", "figure", "write"]


def test_the_address_is_written_last_and_only_after_a_change(drawn, now):
    assert drawn()[1] == ["draw"]
    now.touched = True
    assert drawn()[1] == ["draw", "write"]


def test_the_page_around_runs_once_after_the_matrices_when_it_is_stale(drawn, now):
    now.stale = now.touched = True
    assert drawn()[1] == ["draw", "rerun"]
    assert not now.stale
    assert drawn()[1] == ["draw", "write"]


def test_what_can_be_done(drawn, now):
    assert drawn()[0]["can"] == {"undo": False, "redo": False, "reset": False}
    now.commit(EDITED, "")
    assert drawn()[0]["can"] == {"undo": True, "redo": False, "reset": True}
    now.undo()
    assert drawn()[0]["can"] == {"undo": False, "redo": True, "reset": False}


def test_what_is_shared_brings_back_the_picked_cell(drawn, now):
    now.commit(EDITED, "")
    now.view = View(exact=True, picked=("weights", 1, 0))
    share = drawn()[0]["share"]
    assert share.startswith("?")
    assert unpack(dict(parse_qsl(share[1:]))) == (EDITED, now.view, [])


def test_what_was_done_is_handed_on(drawn, now):
    now.ack, now.errors = {"mount": "m", "seq": 3}, [{"message": "no"}]
    data, _ = drawn()
    assert (data["ack"], data["errors"]) == (now.ack, now.errors)


@pytest.mark.parametrize(
    ("shown", "edited", "said"),
    [
        ("after", False, ""),
        ("after", True, ""),
        ("before", False, "Nothing has changed yet: these are the numbers as they are now."),
        ("difference", False, "Nothing has changed yet: these are the numbers as they are now."),
        ("before", True, "These are the numbers before your last change. Choose “now” to change one."),
        ("difference", True, "Each cell shows how much it changed: now minus before."),
    ],
)
def test_other_numbers_than_the_present_ones_are_announced(drawn, now, shown, edited, said):
    now.shown = shown
    if edited:
        now.commit(EDITED, "")
    now.said = ""
    assert drawn()[0]["said"] == said
    now.said = "Undone."
    assert drawn()[0]["said"] == "Undone."


@pytest.mark.parametrize("shown", ["before", "difference"])
def test_numbers_of_other_words_are_not_announced_as_those_before(drawn, now, shown):
    now.commit(PAINT.with_sentence("blue ball hit red cube"), "")
    now.shown, now.said = shown, ""
    data, _ = drawn()
    said = "The words stand in another order; nothing to compare."
    assert data["said"] == f"{said} These are the numbers as they are now."
    assert data["view"] == "after"


def test_a_mistake_is_drawn_beside_what_is_right(drawn, now):
    now.document, now.before, now.shown = replace(PAINT, ablation="masked_with_zero"), PAINT, "before"
    data, _ = drawn()
    assert data["view"] == "before"
    assert data["alert"].startswith("What breaks: ")
