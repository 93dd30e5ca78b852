"""The fields of an exercise: one way of answering for each kind, all of them usable with the keyboard alone.

Vocabulary
    kind      number, choice, code, matrix, weights, cell, error or mask: how an answer is given
    entry     what stands in one field; the entries of a task are one dict of ours, so that they survive a page switch,
              after which Streamlit has forgotten its widgets
    typed     of the kinds number, matrix and code: their fields stand in a form, which Enter sends off (in code,
              Ctrl+Enter). What is typed reaches the server only then, so nothing reruns and moves before
    weights   whole parts of matrices, so the fields stand where the cells do. Each is kept when it is left, and so not
              lost with the page; all are checked by the button, for Enter in the first is no answer yet
    answer    what Task.check reads, made from the entries; None while something is missing
    unfit     fields whose text cannot be read, each with a sentence that says what can
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from attention_core.exercises.answers import unread
from attention_core.exercises.engine import Task, named
from attention_core.numerals import exact
from attention_core.programs import GIVENS
from attention_core.trace import Matrix
from attention_ui.lesson import notice
from attention_ui.plots import Axes, histograms
from attention_ui.slices import drawn_names, head_name, head_of, slice_of
from attention_ui.tables import matrix_table

_LONGEST = 2_000  # characters that a field takes; what is read of them is the core's decision
_MOST_CELLS = 100  # of a given matrix that is drawn
_TYPED = ("number", "matrix", "code")
_WIDTH = 150  # pixels of a small field: two fit side by side on a phone
Target = tuple[str, tuple[int, ...]]
Entries = dict[str, Any]


@dataclass
class Fields:
    """The fields of one task. prefix: of every widget's key; marks: what the last verdict said of single cells."""

    task: Task
    kind: str
    entries: Entries
    prefix: str
    marks: Mapping[Target, bool] = field(default_factory=dict)
    unfit: Mapping[str, str] = field(default_factory=dict)

    def draw(self) -> None:
        _KINDS[self.kind].draw(self)

    @property
    def typed(self) -> bool:
        return self.kind in _TYPED

    def collect(self) -> None:
        """Take over what stands in the widgets now: a press of a button may arrive together with what was typed."""
        for name in self.entries:
            self.entries[name] = st.session_state.get(f"{self.prefix}.{name}", self.entries[name])

    def answer(self) -> Any:
        """What was answered, for Task.check; None while nothing was."""
        return _KINDS[self.kind].answer(self)

    def unreadable(self) -> dict[str, str]:
        """The number fields that cannot be read, each with its sentence."""
        if self.kind not in ("number", "matrix", "weights"):
            return {}
        labels = self._labels()
        return {name: sentence for name in labels if (sentence := unread(self.entries.get(name, "")))}

    def _labels(self) -> dict[str, str]:
        """What each number field is called."""
        if self.kind == "number":
            return {"text": "Your answer"}
        return {_field(target): named(self.task.trace, target).capitalize() for target in self.task.blanks}

    def trouble(self) -> None:
        """Why fields cannot be read: a sentence for all of which the same is to be said, as wide as the card."""
        labels = self._labels() if self.unfit else {}
        together: dict[str, list[str]] = {}
        for name, sentence in self.unfit.items():
            together.setdefault(sentence, []).append(labels.get(name, ""))
        for sentence, names in together.items():
            about = "" if len(labels) < 2 else f"{', '.join(names)}: "
            notice(about + sentence)

    def bound(self, name: str, start: Any) -> dict[str, Any]:
        """Keyword arguments that tie a widget to an entry: its key, set from the entry, and the callback that keeps.

        A field in a form has no such callback: `collect` takes over what was typed when the form is sent off.
        """
        key = f"{self.prefix}.{name}"
        self.entries.setdefault(name, start)
        if key not in st.session_state:
            st.session_state[key] = self.entries[name]
        return {"key": key} if self.typed else {"key": key, "on_change": _keep, "args": (self.entries, name, key)}


def _keep(entries: Entries, name: str, key: str) -> None:
    entries[name] = st.session_state[key]


def _field(target: Target) -> str:
    return f"{target[0]}[{','.join(map(str, target[1]))}]"


def plain(text: str) -> str:
    """Text as Markdown that shows it letter by letter; little is escaped, for a screen reader reads the escapes."""
    return "".join(f"\\{sign}" if sign in r"\`*_[]<$~:&" else sign for sign in text)


def written(task: Task, answer: Any) -> str:
    """An answer in a line: a text as it was typed, a cell by its name, cells as they were filled, a mask row by row."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, Mapping):
        return " | ".join(answer.values())
    if isinstance(answer, np.ndarray):
        return " ".join("".join(str(int(seen)) for seen in row) for row in answer)
    return named(task.trace, answer)


# --- a number, a choice, code ----------------------------------------------------------------------------------------


def _draw_number(fields: Fields) -> None:
    st.text_input(
        "Your answer", max_chars=_LONGEST, width=260, autocomplete="off", placeholder="0.35, 7/20 or ln 5",
        **fields.bound("text", ""),
    )  # fmt: skip


def _draw_choice(fields: Fields) -> None:
    bound = fields.bound("text", None)
    st.radio("Your answer", fields.task.options, index=None, format_func=plain, **bound)


def _draw_code(fields: Fields) -> None:
    start = "\n".join(fields.task.start)
    st.text_area("Your code", max_chars=_LONGEST, height=140, **fields.bound("text", start))


def _text(fields: Fields) -> str | None:
    return fields.entries.get("text") or None


# --- cells to fill in ------------------------------------------------------------------------------------------------


def _draw_blanks(fields: Fields) -> None:
    """Each matrix with its blanks, and beside it, or on a phone below it, a field for each blank of it."""
    task = fields.task
    starts = dict(zip(task.blanks, task.start or ("",) * len(task.blanks), strict=True))
    for target, start in starts.items():
        fields.entries.setdefault(_field(target), start)
    for name in dict.fromkeys(name for name, _ in task.blanks):
        with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
            _draw_with_blanks(fields, name)
            with st.container(width="content", gap="xsmall"):
                for row in _rows([target for target in task.blanks if target[0] == name]):
                    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
                        for target in row:
                            _draw_blank(fields, target, starts[target])


def _rows(blanks: Sequence[Target]) -> list[list[Target]]:
    """The blanks of one matrix row by row, as they stand in it; those of a vector, which is a column, in one."""
    rows: dict[int, list[Target]] = {}
    for name, at in blanks:
        rows.setdefault(at[0] if len(at) > 1 else 0, []).append((name, at))
    return list(rows.values())


def _draw_blank(fields: Fields, target: Target, start: str) -> None:
    with st.container(width=_WIDTH, gap="xxsmall"):
        label = plain(named(fields.task.trace, target))
        st.text_input(label, max_chars=_LONGEST, autocomplete="off", **fields.bound(_field(target), start))


def _draw_with_blanks(fields: Fields, name: str) -> None:
    """One matrix; a blank shows what was typed, marked as the last verdict marked it."""
    texts: dict[tuple[int, ...], str] = {}
    marks: dict[tuple[int, ...], str] = {}
    for target in fields.task.blanks:
        if target[0] == name:
            typed = fields.entries.get(_field(target), "")
            texts[target[1]] = typed[:12] or "?"
            marks[target[1]] = {True: "right", False: "wrong", None: "blank"}[fields.marks.get(target)]
    matrix = fields.task.trace.matrix(name)
    if matrix.value.ndim <= 2:
        st.html(matrix_table(matrix, _heading(fields.task, name), texts, marks), width="content")


def _blanks(fields: Fields) -> dict[Target, str] | None:
    answer = {target: fields.entries.get(_field(target), "") for target in fields.task.blanks}
    return answer if any(answer.values()) else None


# --- weights to build ------------------------------------------------------------------------------------------------

_FIELD = 96  # pixels of a column with fields, at most; of one without, as many as its label needs


def _draw_weights(fields: Fields) -> None:
    """Each matrix that has blanks, with a field in the place of each."""
    starts = dict(zip(fields.task.blanks, fields.task.start or ("",) * len(fields.task.blanks), strict=True))
    for name in dict.fromkeys(name for name, _ in starts):
        letter = f" {GIVENS[name].letter}" if name in GIVENS else ""
        st.html(f"<b>{escape(_heading(fields.task, name) + letter)}</b>")
        _draw_grid(fields, name, {at: start for (of, at), start in starts.items() if of == name})


def _draw_grid(fields: Fields, name: str, starts: Mapping[tuple[int, ...], str]) -> None:
    """One matrix, line by line. starts: what its blanks begin with; every other cell shows its number."""
    matrix = fields.task.trace.matrix(name)
    rows, cols = (*matrix.labels, ("",), ("",))[:2]
    texts = {at: exact(matrix.value[at].item()) for at in np.ndindex(matrix.value.shape)}
    places = [[(i, j)[: matrix.value.ndim] for j in range(len(cols))] for i in range(len(rows))]
    filled = [any(line[j] in starts for line in places) for j in range(len(cols))]
    widths = [_FIELD if field else max(30, 10 * len(label)) for label, field in zip(cols, filled, strict=True)]
    label = min(150, 16 + 8 * max(map(len, rows)))
    with st.container(width=label + sum(widths) + 4 * len(cols) + 8, gap=None, key=f"weights-{fields.prefix}.{name}"):
        if any(cols):
            _line("", cols, label, widths)
        for row, line in zip(rows, places, strict=True):
            if not any(at in starts for at in line):
                _line(row, [texts[at] for at in line], label, widths)
                continue
            with st.container(horizontal=True, wrap=False, gap=None, vertical_alignment="center"):
                st.html(f'<span class="weight-row">{escape(row)}</span>', width=label)
                for at, width in zip(line, widths, strict=True):
                    _draw_place(fields, (name, at), texts[at], starts.get(at), width)


def _line(row: str, texts: Sequence[str], label: int, widths: Sequence[int]) -> None:
    """A line without fields."""
    cells = "".join(
        f'<i style="flex: {_flex(width)}">{escape(text)}</i>' for text, width in zip(texts, widths, strict=True)
    )
    st.html(f'<div class="weight-line"><b style="flex: 0 0 {label}px">{escape(row)}</b>{cells}</div>')


def _flex(width: int) -> str:
    return "1 1 0" if width == _FIELD else f"0 0 {width}px"


def _draw_place(fields: Fields, target: Target, text: str, start: str | None, width: int) -> None:
    """A field, or the number that stands there."""
    if start is None:
        number = f'<span class="weight">{escape(text)}</span>'
        st.html(number) if width == _FIELD else st.html(number, width=width)
        return
    st.text_input(plain(named(fields.task.trace, target)), max_chars=_LONGEST, autocomplete="off",
                  label_visibility="collapsed", **fields.bound(_field(target), start))  # fmt: skip


# --- a cell to point at ----------------------------------------------------------------------------------------------


def pickable(task: Task, kind: str) -> tuple[str, ...]:
    """The matrices that a cell may be picked of: the target's, and for a cell those that its slips lead to, too.

    Where an error is to be found, only the matrix that has it: the others would give it away.
    """
    led_to = {name for _, (name, _) in task.wrong()} if kind == "cell" else set()
    return tuple(name for name in (*task.trace.given, *task.trace) if name in led_to | {task.target[0]})


def _draw_cell(fields: Fields) -> None:
    """Row and column, chosen beside the matrix in which the chosen cell is outlined."""
    task, names = fields.task, pickable(fields.task, fields.kind)
    with st.container(horizontal=True, gap="small"):
        if len(names) > 1:
            _box(fields, "matrix", "Matrix", len(names), lambda i: title(task, names[i]))
        name = names[fields.entries.get("matrix") or 0]
        matrix = task.trace.matrix(name)
        for axis, label, labels in zip(("row", "column"), ("Row", "Column"), matrix.labels, strict=False):
            _box(fields, f"{name}.{axis}", label, len(labels), lambda i, of=labels: f"{i + 1}: {of[i]}")
    others = [other for other in names if other != name] if len(names) <= 4 else []
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        for drawn in (name, *others):
            picked = _picked(fields, name) if drawn == name else None
            marks = {picked: "picked"} if picked is not None else {}
            st.html(matrix_table(task.trace.matrix(drawn), _heading(task, drawn), marks=marks), width="content")


def _box(fields: Fields, name: str, label: str, count: int, says: Callable[[int], str]) -> None:
    """A select box over numbers 0 to count - 1, so that two equal labels stay two."""
    start = 0 if name == "matrix" else None  # what begins empty can be emptied again
    bound = fields.bound(name, start)
    st.selectbox(label, range(count), index=start, format_func=says, placeholder="choose", width=_WIDTH, **bound)


def _picked(fields: Fields, name: str) -> tuple[int, ...] | None:
    axes = ("row", "column")[: fields.task.trace.matrix(name).value.ndim]
    index = tuple(fields.entries.get(f"{name}.{axis}") for axis in axes)
    return None if None in index else index


def _cell(fields: Fields) -> Target | None:
    names = pickable(fields.task, fields.kind)
    name = names[fields.entries.get("matrix") or 0]
    index = _picked(fields, name)
    return None if index is None else (name, index)


# --- a mask to paint -------------------------------------------------------------------------------------------------


def _mask_of(task: Task) -> Matrix:
    return task.trace.matrix("mask")


def _draw_mask(fields: Fields) -> None:
    """For each query the keys as buttons, pressed where it may see them; beside them the mask that this makes."""
    mask = _mask_of(fields.task)
    queries, keys = mask.labels
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        with st.container(width=430, gap="xsmall"):
            st.markdown("For each word, press those that it may see. The table only shows the mask that this makes.")
            for i, query in enumerate(queries):
                st.pills(
                    f"{plain(query)} may see", range(len(keys)), selection_mode="multi",
                    format_func=lambda j: plain(keys[j]), **fields.bound(f"row{i}", []),
                )  # fmt: skip
        painted = _mask(fields)
        marks: dict[tuple[int, ...], str] = {}
        for at in np.ndindex(painted.shape):
            known = fields.marks.get(("mask", at))
            marks[at] = "" if painted[at] else "hidden"
            marks[at] = {True: marks[at], False: "wrong", None: marks[at]}[known]
        texts = {at: str(int(painted[at])) for at in np.ndindex(painted.shape)}
        st.html(matrix_table(mask, "The mask so far: 1 may be seen, 0 may not", texts, marks), width="content")


def _mask(fields: Fields) -> np.ndarray:
    shape = _mask_of(fields.task).value.shape
    painted = np.zeros(shape, dtype=bool)
    for i in range(shape[0]):
        painted[i, list(fields.entries.get(f"row{i}") or [])] = True
    return painted


# --- the matrices that a task is about -------------------------------------------------------------------------------


def title(task: Task, name: str) -> str:
    """What a matrix of the task is called: "weights", "query weights"."""
    found = task.trace[name].step.title if name in task.trace else GIVENS[name].title if name in GIVENS else ""
    return found or name.replace("_", " ")


def _heading(task: Task, name: str) -> str:
    called = title(task, name)
    return called[:1].upper() + called[1:]


def _tables(task: Task, name: str) -> list[str]:
    """A matrix of the task as a table; with heads, as one for each of them."""
    matrix = task.trace.matrix(name)
    return [
        matrix_table(slice_of(matrix, drawn), _heading(task, name) + _of_head(matrix, drawn))
        for drawn in drawn_names(matrix)
    ]


def _of_head(matrix: Matrix, drawn: str) -> str:
    head = head_of(drawn)
    return "" if head is None else f", {head_name(matrix, head)}"


def pictures(task: Task) -> None:
    """What the prompt speaks of and the learner must see."""
    if task.shown:
        with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
            for name in task.shown:
                for table in _tables(task, name):
                    st.html(table, width="content")
    if task.pictured:
        called, numbers = title(task, task.pictured), task.trace.matrix(task.pictured).value.ravel().tolist()
        axes = Axes(f"The {called}", "score", "share of the pairs")
        histograms(axes, {"scores": numbers}, key=f"{task.exercise}.{task.seed}.picture")


def given_with(task: Task, kind: str) -> list[Matrix]:
    """What else the task is given; never what is asked for.

    Nothing for a mask that words alone describe: no number bears on it.
    """
    if task.trace is None or (kind == "mask" and not task.shown):
        return []
    drawn = task.drawn | {"mask" if kind == "mask" else ""}
    if kind in ("cell", "error"):
        drawn |= set(pickable(task, kind))
    # what has no entry is none of the learner's: ones, or sizes, that an answer is computed with
    given = [m for name, m in task.trace.given.items() if name not in drawn and name.rpartition(".")[2] in GIVENS]
    return [m for m in given if m.value.ndim and m.value.size <= _MOST_CELLS]


def matrices(fields: Fields) -> None:
    """What else the task is given, behind a heading that opens."""
    task, shown = fields.task, given_with(fields.task, fields.kind)
    if not shown:
        return
    opened = st.expander("The given matrices: " + ", ".join(plain(title(task, m.name)) for m in shown))
    with opened, st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        for table in (table for matrix in shown for table in _tables(task, matrix.name)):
            st.html(table, width="content")


@dataclass(frozen=True)
class _Kind:
    draw: Callable[[Fields], None]
    answer: Callable[[Fields], Any]


_KINDS: Mapping[str, _Kind] = {
    "number": _Kind(_draw_number, _text),
    "choice": _Kind(_draw_choice, _text),
    "code": _Kind(_draw_code, _text),
    "matrix": _Kind(_draw_blanks, _blanks),
    "weights": _Kind(_draw_weights, _blanks),
    "cell": _Kind(_draw_cell, _cell),
    "error": _Kind(_draw_cell, _cell),
    "mask": _Kind(_draw_mask, _mask),
}
