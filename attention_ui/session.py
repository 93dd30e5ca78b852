"""The state of one visitor: document, history, view, picked cell and its trail; nothing that is derived.

Vocabulary
    commit    a change of the document; it can be undone, and clears what could be redone
    event     what the matrix component reports: {"kind": "edit", "step": "w_q", "row": 1, "col": 0, "text": "ln 3"}
    ack       the number of the last event handled, so that none is handled twice and none is lost
    trail     the cells that the learner came from, following operands; oldest first
    stale     the page around the matrices shows something that an event has changed
    touched   this rerun was caused by something on the page, so the address bar may lag behind what we know
    lost      the setting whose last change threw typed or painted numbers away, and the sentence that says so
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from attention_core import programs
from attention_core.tokens import SentenceError
from attention_core.trace import Trace
from attention_ui.document import Document, compute, example_document
from attention_ui.editable import Editable, EditError, letter_text
from attention_ui.link import PARAMS, LinkError, View, pack, readable, unpack
from attention_ui.picture import SHOWN
from attention_ui.sheet import Sheet
from attention_ui.slices import base, index_of
from attention_ui.task import PARAM, Task, unpack_task
from attention_ui.whys import what_changed

_PLACE = "place"  # the page that the visitor is on
_DEEPEST = 200  # commits that can be undone
_LARGEST_TEXT = 20_000  # characters of one typed or pasted text

Event = Mapping[str, Any]
Cell = tuple[str, int, int]  # a figure of the board, and where in it


@dataclass
class Visit:
    """Everything that is remembered of one visitor between two reruns."""

    document: Editable = field(default_factory=Document)
    before: Editable | None = None
    past: list[Editable] = field(default_factory=list)
    future: list[Editable] = field(default_factory=list)
    view: View = field(default_factory=View)
    shown: str = "after"
    trail: list[Cell] = field(default_factory=list)
    said: str = ""
    lost: tuple[str, str] = ("", "")
    errors: list[dict[str, Any]] = field(default_factory=list)
    sentence_error: str = ""
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    tasks: dict[str, tuple[str, Task]] = field(default_factory=dict)
    task_problem: str = ""
    shows_all: bool = False
    problems: list[str] = field(default_factory=list)
    enlarged: str = ""
    ack: dict[str, Any] | None = None
    written: dict[str, str] = field(default_factory=dict)
    bare: dict[str, dict[str, str]] = field(default_factory=dict)
    touched: bool = False
    stale: bool = False

    # --- changing the document ---

    def commit(self, document: Editable, said: str, compared: Editable | None = None) -> None:
        """Make this the document; what was is what Undo goes back to.

        said: what to say of it; "" for what the change did. compared: what it is compared with, if not with what was.
        """
        if document == self.document:
            self.said = "Nothing changed: that is what already stands there."
            return
        before = compared or self.document
        said = said or what_changed(compute(before), compute(document))
        self._show(document, said, [*self.past[-_DEEPEST:], self.document], [])
        self.before = before

    def undo(self) -> None:
        if self.past:
            *past, document = self.past
            self._show(document, "Undone.", past, [*self.future, self.document])

    def redo(self) -> None:
        if self.future:
            *future, document = self.future
            self._show(document, "Done again.", [*self.past, self.document], future)

    def reset(self) -> None:
        self.commit(self.document.plain, "Back to the example as it was.")

    def _show(self, document: Editable, said: str, past: list[Editable], future: list[Editable]) -> None:
        """Make this the document. Should it be one that cannot be computed, nothing of the visit has changed."""
        moved = document.topic != self.document.topic
        view, trail = (replace(self.view, picked=None), []) if moved else (self.view, self.trail)
        self.view, self.trail = _tidied(document, view, trail)
        self.before, self.document, self.said = self.document, document, said
        self.past, self.future = past, future
        self.errors, self.problems, self.sentence_error, self.lost, self.refused = [], [], "", ("", ""), {}

    def around(self) -> tuple[Any, ...]:
        """What the page shows outside the matrices: the controls, and sentences about what could not be used."""
        return self.document.around(), compute(self.document).forced, self.sentence_error, tuple(self.problems)

    # --- picking and walking ---

    def pick(self, cell: Cell, via_operand: bool = False) -> None:
        trace = compute(self.document).trace
        if not _exists(trace, cell):
            return
        if via_operand and self.view.picked:
            self.trail.append(self.view.picked)
        elif not via_operand:
            self.trail = []
        self._look_at(cell)

    def back(self, index: int) -> None:
        if 0 <= index < len(self.trail):
            cell, self.trail = self.trail[index], self.trail[:index]
            self._look_at(cell)

    def _look_at(self, cell: Cell) -> None:
        """Pick a cell; in the stepper, go to a step that shows it."""
        stage, name = self.view.stage, base(cell[0])
        steps = {step.name: step for step in self.document.program}
        if stage != "all" and name != stage and name not in (steps[stage].inputs if stage in steps else ()):
            readers = [reader for reader, step in steps.items() if name in step.inputs]
            stage = name if name in steps or name == "x" else readers[0]
        self.view = replace(self.view, picked=cell, stage=stage)

    def walk(self, stage: str) -> None:
        if stage in ("all", "x", *programs.names(self.document.program)):
            self.view = replace(self.view, stage=stage)


def _tidied(document: Editable, view: View, trail: Sequence[Cell]) -> tuple[View, list[Cell]]:
    """The view and the trail without a stage or a cell that the document does not have."""
    if view.stage not in ("all", "x", *programs.names(document.program)):
        view = replace(view, stage="all")
    trace = compute(document).trace
    if view.picked and not _exists(trace, view.picked):
        view = replace(view, picked=None)
    return view, [cell for cell in trail if _exists(trace, cell)]


def _exists(trace: Trace, cell: Cell) -> bool:
    return index_of(trace, *cell) is not None


def visit(sheet: Sheet | None = None) -> Visit:
    """This visitor's state on the page that they are on. A lesson with a sheet keeps its own; all others share one."""
    key = st.session_state.get(_PLACE, ("", "visit"))[1]
    if key not in st.session_state:
        st.session_state[key] = Visit(Document() if sheet is None else sheet)
    return st.session_state[key]


# --- events of the matrix component ----------------------------------------------------------------------------------


def handle(report: Any) -> None:
    """Handle what the component reports: {"mount": id, "list": [event, ...]}, each event once, in order."""
    now = visit()
    now.touched = True
    if not isinstance(report, Mapping) or not isinstance(report.get("list"), list):
        return
    mount = str(report.get("mount"))
    done = now.ack["seq"] if now.ack and now.ack["mount"] == mount else 0
    around = now.around()
    for event in report["list"]:
        if isinstance(event, Mapping) and isinstance(event.get("seq"), int) and event["seq"] > done:
            done = event["seq"]
            _handle_one(now, event)
    now.ack = {"mount": mount, "seq": done}
    now.stale = now.stale or now.around() != around


def _handle_one(now: Visit, event: Event) -> None:
    kind = str(event.get("kind"))
    plain: dict[str, Callable[[], None]] = {"undo": now.undo, "redo": now.redo, "reset": now.reset}
    now.errors = [] if kind in ("undo", "redo", "reset", "edit", "paste", "toggle") else now.errors
    now.said = ""
    if kind in plain:
        plain[kind]()
    elif kind == "stage":
        now.walk(str(event.get("to")))
    elif kind == "back" and isinstance(event.get("index"), int):
        now.back(event["index"])
    elif kind == "enlarge":
        now.enlarged = str(event.get("step"))
    elif (cell := _cell(event)) is not None:
        if kind == "pick":
            now.pick(cell, via_operand=event.get("via") == "operand")
        elif kind in ("edit", "paste") or (kind == "toggle" and cell[0] in now.document.painted):
            _edit(now, kind, cell, str(event.get("text", ""))[:_LARGEST_TEXT], event.get("turned") is True)


def _cell(event: Event) -> Cell | None:
    row, col = event.get("row"), event.get("col")
    ok = type(row) is int and type(col) is int  # not bool, which NumPy reads as a mask
    return (str(event.get("step")), row, col) if ok else None


def _edit(now: Visit, kind: str, cell: Cell, text: str, turned: bool = False) -> None:
    """A text typed or pasted, or a painted cell toggled. turned: the matrix is drawn transposed."""
    drawn, row, col = cell
    name, at = base(drawn), index_of(compute(now.document).trace, *cell)
    makers = {
        "edit": lambda: now.document.with_cells(name, {at or (row, col): text}),
        "paste": lambda: now.document.with_block(name, at or (row, col), text, turned),
        "toggle": lambda: now.document.toggled(at or (row, col), name),
    }
    try:
        now.commit(makers[kind](), "")
    except (EditError, IndexError) as error:
        now.errors = [{"step": drawn, "row": row, "col": col, "text": text[:80], "message": str(error)}]


# --- the link in the address bar -------------------------------------------------------------------------------------


def arrive(page: str, sheet: Sheet | None = None) -> None:
    """Bring the address bar and the visit into step, at the start of every rerun of a page.

    After a change on the page the visit wins, for the address bar lags behind. After a page switch, which drops our
    parameters, it wins too; what it then adds is remembered, for Back to that bare address. Else the address bar wins:
    somebody came by a link, or by Back or Forward. sheet: what the page shows without parameters, if it has its own.
    """
    place = st.session_state.get(_PLACE, ("", ""))[0]
    st.session_state[_PLACE] = (page, "visit" if sheet is None else f"visit.{page}")
    now = visit(sheet)
    params = _params()
    first, switched = not place, place not in ("", page)
    _read_task(now, page, switched)
    if now.touched and not switched:
        return  # written last, when everything else has been sent: the browser repaints more than once for an address
    now.touched = False
    if switched and not params:
        now.bare[page] = pack(now.document, now.view)
        write(now)
    elif first or switched or params != now.written:
        _load(now, params or now.bare.get(page, {}))
        now.written = params


def _read_task(now: Visit, page: str, switched: bool) -> None:
    """The task of a lesson link. It stays with its page: a page switch drops parameters, and `write` puts it back."""
    text, known = _asked(), now.tasks.get(page, ("", None))[0]
    if text == known or (switched and not text):
        return
    now.tasks.pop(page, None)
    now.task_problem, now.shows_all = "", False
    if text:
        try:
            now.tasks[page] = text, unpack_task(text, page)
        except LinkError as error:
            now.task_problem = f"The task of this link cannot be read: {error}"


def _asked() -> str:
    """The task in the address, as it is written there."""
    return st.query_params.get(PARAM, "")


def task() -> Task | None:
    """What the link asks by which the learner came to this page; None where none does."""
    page = st.session_state.get(_PLACE, ("", ""))[0]
    return visit().tasks.get(page, ("", None))[1]


def hidden(group: str) -> bool:
    """Whether the link hides this group of controls, and the learner has not shown it again."""
    found = task()
    return found is not None and group in found.hides and not visit().shows_all


def shows_all() -> bool:
    return visit().shows_all


def show_all() -> None:
    """Show again all that the link hid."""
    visit().shows_all = True


def leave(page: str) -> None:
    """Note that the visitor is on a page without matrices: no parameters of ours are read or written there."""
    st.session_state[_PLACE] = (page, "visit")


def _params() -> dict[str, str]:
    return {name: st.query_params[name] for name in PARAMS if name in st.query_params}


def _load(now: Visit, params: Mapping[str, str]) -> None:
    document, view, problems = unpack(params, now.document.plain)
    view, _ = _tidied(document, view, ())
    if document != now.document:
        now._show(document, "", [*now.past[-_DEEPEST:], now.document], [])
    now.before, now.view, now.problems = None, view, problems


def write(now: Visit) -> None:
    """Put the visit into the address bar, where that says something else. Each write is one step of the history.

    What is too long to be read again is not written; the matrices say so."""
    now.touched = False
    params = pack(now.document, replace(now.view, picked=None))
    params = params if readable(params) else _params()
    page = st.session_state.get(_PLACE, ("", ""))[0]
    kept = {PARAM: now.tasks[page][0]} if page in now.tasks else {}
    if params != _params() or kept.get(PARAM, "") != _asked():
        others = {name: value for name, value in st.query_params.to_dict().items() if name not in PARAMS}
        st.query_params.from_dict({**others, **params, **kept})
    now.written = params


# --- callbacks of the native controls --------------------------------------------------------------------------------


def set_sentence(text: str) -> None:
    now = visit()
    now.touched, now.said = True, ""
    try:
        document = now.document.with_sentence(text)
        now.commit(document, _dropped(now.document, document))
        now.sentence_error = ""
    except SentenceError as error:
        now.sentence_error = str(error)


def set_setting(anew: str = "", /, **changes: Any) -> None:
    """Settings of a lesson's sheet. Those that only a figure reads belong to the view: there is nothing to undo.

    anew: a given matrix that is to be as the setting makes it, whatever was typed into it.
    """
    _set(anew, changes)


def set_text(name: str, text: str) -> None:
    """A setting that is any text. One that may not be stays in its field, with a sentence that says why."""
    now = visit()
    now.touched, now.said = True, ""
    try:
        now.document.bench.allowed[name].read(text)
    except ValueError as error:
        now.refused[name] = text, str(error)
        return
    now.refused.pop(name, None)
    _set("", {name: text})


def load(document: Editable, said: str, view: View | None = None) -> None:
    """Another document of the same kind, in one step that can be undone; seen as it was, where there is a view."""
    now = visit()
    now.touched = True
    now.commit(document, said)
    if view is not None:
        now.view, now.trail = _tidied(document, view, ())


def set_asked(**changes: Any) -> None:
    """The settings that a question asks about. It may take others back to ours first; that is no part of its answer, so
    the matrices are compared with those that stood there then. Undo goes back to what the learner saw."""
    document = visit().document
    bench = document.bench
    ours = {k: v for k, v in changes.items() if k not in bench.figures and v == bench.settings[k]}
    _set("", changes, document.with_settings(**ours))


def _set(anew: str, changes: Mapping[str, Any], compared: Editable | None = None) -> None:
    now = visit()
    now.touched = True
    bench = now.document.bench
    seen = {name: value for name, value in changes.items() if name in bench.figures}
    if seen:
        now.view = replace(now.view, figures=bench.changed({**now.view.figures, **seen}))
    if len(seen) < len(changes):
        kept = {name: cells for name, cells in now.document.edits.items() if name != anew}
        changed = {k: v for k, v in changes.items() if k not in seen}
        document = replace(now.document, edits=kept).with_settings(**changed)
        dropped = _dropped(now.document, document)
        now.commit(document, dropped, None if compared == document else compared)
        if dropped:
            now.lost = next(iter(changed)), dropped


def set_ours(*kept: str) -> None:
    """A lesson's sheet as we made it, but for these settings."""
    now = visit()
    now.touched = True
    ours = now.document.plain.with_settings(**{name: now.document.setting(name) for name in kept})
    now.commit(ours, "Our numbers again; Undo brings yours back.")


def undo() -> None:
    """Undo, by a button of the page."""
    now = visit()
    now.touched = True
    now.undo()


def set_document(**changes: Any) -> None:
    """A switch: the document with these fields changed."""
    now = visit()
    now.touched = True
    document = now.document
    if "causal" in changes:
        document = document.with_causal(changes.pop("causal"))
    document = replace(document, **changes)
    # a mistake is compared with what is right, not with the mistake before it
    right = replace(document, ablation="") if changes.get("ablation") else None
    now.commit(document, _dropped(now.document, document), right)


def _dropped(old: Editable, new: Editable) -> str:
    """What to say when edits were lost with the places that they belonged to; "" when none was."""
    whole, parts = [], []
    for name, cells in old.edits.items():
        lost = len(cells) - len(new.edits.get(name, {}))  # counted, for a setting may put a number elsewhere
        if lost and name in new.edits:
            parts.append(f"{lost} of your {len(cells)} changes to {letter_text(name)}")
        elif lost:
            whole.append(letter_text(name))
    named = ([f"your changes to {' and '.join(whole)}"] if whole else []) + parts
    if not named:
        return ""
    says = " and ".join(named)
    return f"{says[0].upper()}{says[1:]} belonged to what was there before; Undo brings them back."


def set_example(name: str) -> None:
    now = visit()
    now.touched = True
    document = example_document(name)
    now.commit(document, _dropped(now.document, document))


def set_view(**changes: Any) -> None:
    now = visit()
    now.touched = True
    now.view = replace(now.view, **changes)


def set_shown(shown: str) -> None:
    now = visit()
    now.touched, now.said = True, ""  # the board says what is shown; what was done last is no longer news
    now.shown = shown if shown in SHOWN else "after"
