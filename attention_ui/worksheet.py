"""Sheets of paper for a class: the matrices of a page with cells to fill in, its exercises, and the answers to both.

Vocabulary
    sheet     a page of HTML that stands by itself, without server, network or colour, and prints on A4 or Letter
    kind      how much of it is filled in: nothing that is computed, about half, or all
    key       the sheet that is filled in, with the solutions of the exercises
    variant   which cells are left blank, and the exercises' numbers; the same number makes the same sheet again

Whatever stands on it is computed by the core from the matrices as they stand on the page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

import numpy as np

from attention_core.exercises import EXERCISES, Task
from attention_core.rules import Index
from attention_core.trace import Matrix, Trace, Traced
from attention_ui.answer_fields import given_with, pickable, title
from attention_ui.editable import letter_text
from attention_ui.mathml import Tree, tree
from attention_ui.slices import drawn_names, head_name, head_of, slice_of
from attention_ui.tables import matrix_table, text_table

KINDS: Mapping[str, str] = {"blank": "to fill in", "half": "half filled in", "solved": "filled in"}
PAPERS = ("A4", "Letter")
_ACROSS = 10  # columns with room to write in, beside each other
_STYLE = """
@page { size: %s; margin: 15mm; }
body { font: 11pt/1.4 system-ui, sans-serif; color: #000; background: #fff; }
body { max-width: 180mm; margin: 0 auto; padding: 4mm; }
h1 { font-size: 17pt; margin: 0 0 2mm; } h2 { font-size: 13pt; margin: 7mm 0 2mm; break-after: avoid; }
h3 { font-size: 11pt; margin: 5mm 0 1mm; break-after: avoid; }
section, .table { break-inside: avoid; } p { margin: 1mm 0; } .prompt { white-space: pre-line; }
.name { display: flex; gap: 10mm; margin: 3mm 0; } .name span { flex: 1; border-bottom: .3mm solid #000; }
.tables { display: flex; flex-wrap: wrap; gap: 5mm; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1mm 0 2mm; }
caption { text-align: left; font-weight: 600; caption-side: top; }
th, td { border: .2mm solid #555; padding: .8mm 2mm; min-width: 9mm; height: 5mm; text-align: right; }
th { font-weight: 600; border-color: #999; max-width: 26mm; overflow-wrap: anywhere; }
thead td { border: 0; } .unseen { display: none; }
.lines { border-bottom: .2mm solid #777; height: 8mm; } ol { margin: 1mm 0; padding-left: 6mm; }
small { color: #333; } pre { font-size: 9pt; white-space: pre-wrap; border: .2mm solid #777; padding: 2mm; }
"""


def worksheet(title: str, trace: Trace, lesson: str, kind: str, variant: int = 0, paper: str = PAPERS[0]) -> str:
    """The sheet. kind: of KINDS; "solved" is the key, with the exercises' solutions. Raises KeyError for another."""
    says, key = KINDS[kind], kind == "solved"
    heading = f"{escape(title)}: {'answers' if key else 'worksheet'}"
    parts = [f"<h1>{heading}</h1>", f"<small>Variant {variant}, {says}. Attention, step by step.</small>"]
    if not key:
        parts.append('<div class="name">Name <span></span> Date <span></span></div>')
    parts.append(f"<h2>Given</h2>{_side_by_side(_tables(trace.given.values()))}")
    parts.append(f"<h2>{'Computed' if key else 'Compute, one matrix from another'}</h2>")
    rng = np.random.default_rng([7, variant])
    parts += [_step(number, made, kind, rng) for number, made in enumerate(trace.values(), 1)]
    tasks = [found.task(variant) for found in EXERCISES.values() if found.lesson == lesson]
    tasks = [task for task in tasks if _on_paper(task)]
    if tasks:
        parts.append(f"<h2>{'Solutions' if key else 'Exercises'}</h2>")
        parts += [_exercise(f"E{number}", task, key, trace) for number, task in enumerate(tasks, 1)]
    head = f'<meta charset="utf-8"><title>{heading}</title><style>{_STYLE % paper}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _step(number: int, made: Traced, kind: str, rng: np.random.Generator) -> str:
    """A step: its formula, what it does, and its matrix with the cells that are to be filled in."""
    blanks = [_blanks(matrix.value.shape, kind, rng) for matrix in _figures(made)]
    formula = f"<p><math>{_markup(tree(made.step.formula))}</math></p>" if made.step.formula else ""
    says = f"<h3>{number}. {escape(made.step.title)}</h3>{formula}<p>{escape(made.step.says)}</p>"
    return f"<section>{says}{_side_by_side(_tables([made], blanks))}</section>"


def _blanks(shape: tuple[int, ...], kind: str, rng: np.random.Generator) -> set[Index]:
    """The cells that are left blank. Of a sheet half filled in, the first row is an example: it is whole."""
    cells = list(np.ndindex(shape))
    if kind == "half":
        chosen = rng.random(len(cells)) < 0.5
        return {at for at, blank in zip(cells, chosen, strict=True) if blank and (not at or at[0] > 0)}
    return set(cells) if kind == "blank" else set()


def _figures(matrix: Matrix) -> list[Matrix]:
    return [slice_of(matrix, drawn) for drawn in drawn_names(matrix)]


def _tables(matrices: Iterable[Matrix], blanks: Sequence[set[Index]] = ()) -> Iterator[str]:
    for matrix in matrices:
        for i, figure in enumerate(_figures(matrix)):
            head = head_of(figure.name)
            name = matrix.step.title or matrix.name if isinstance(matrix, Traced) else letter_text(matrix.name)
            caption = name if head is None else f"{name}, {head_name(matrix, head)}"
            texts = dict.fromkeys(blanks[i] if blanks else (), "")
            parts = _across(figure)
            for part in parts:
                says = f", columns {part[0] + 1} to {part[-1] + 1}" if len(parts) > 1 else ""
                yield matrix_table(figure, f"{caption}{says}", texts, columns=part)


def _across(figure: Matrix) -> list[list[int]]:
    """The columns of a figure, in as many even parts as it needs to fit on the page."""
    count = figure.value.shape[1] if figure.value.ndim > 1 else 1
    return [part.tolist() for part in np.array_split(np.arange(count), -(-count // _ACROSS))]


def _side_by_side(tables: Iterable[str]) -> str:
    return f'<div class="tables">{"".join(tables)}</div>'


def _on_paper(task: Task) -> bool:
    """Whether it can be done on paper: not what is tried on sentences that nobody sees, nor what needs a picture."""
    return EXERCISES[task.exercise].kind != "weights" and not task.pictured


def _exercise(number: str, task: Task, key: bool, trace: Trace) -> str:
    """An exercise with all that it speaks of, and room to write; in the key, its solution. trace: of the sheet."""
    found = EXERCISES[task.exercise]
    lines = "".join(f"<li>{escape(line)}</li>" for line in task.solution)
    options = "".join(f"<li>{escape(option)}</li>" for option in task.options)
    asked = (
        f"{_side_by_side(_drawn(task, found.kind, trace))}{f'<ul>{options}</ul>' if options else ''}{_to_fill(task)}"
    )
    answer = f"<ol>{lines}</ol>" if key else asked + '<div class="lines"></div>' * 2
    heading = f'<h3>{number}. {escape(found.title)}</h3><p class="prompt">{escape(task.prompt)}</p>'
    return f"<section>{heading}{answer}</section>"


def _drawn(task: Task, kind: str, trace: Trace) -> Iterator[str]:
    """The matrices that an exercise speaks of, a grid to fill in for a mask, code that is to be mended.

    What it is given is drawn, too, unless the sheet begins with the same numbers.
    """
    if kind == "code" and task.start:
        yield f"<pre>{escape(task.start[0])}</pre>"
    if task.trace is None:
        return
    names = [*task.shown, *(pickable(task, kind) if kind in ("cell", "error") else ())]
    for name in dict.fromkeys(names):
        yield from _tables([task.trace.matrix(name)])
    if kind == "mask":
        mask = task.trace.matrix("mask")
        yield matrix_table(mask, "1: may be seen. 0: may not", dict.fromkeys(np.ndindex(mask.value.shape), ""))
    given = given_with(task, kind)
    if given and all(m.name in trace.given and np.array_equal(trace.given[m.name].value, m.value) for m in given):
        yield "<p>What is given stands at the beginning of this sheet.</p>"
    else:
        yield from _tables(given)


def _to_fill(task: Task) -> str:
    """The cells that an exercise wants filled in, as a list with room beside each."""
    if not task.blanks or task.trace is None:
        return ""
    places = [", ".join(task.trace.matrix(name).place(at).values()) for name, at in task.blanks]
    rows = [(f"{title(task, name)}: {place}", "") for (name, _), place in zip(task.blanks, places, strict=True)]
    return text_table("Fill in", ("cell", "your number"), rows)


def _markup(node: Tree | str) -> str:
    """A MathML tree as text."""
    if isinstance(node, str):
        return escape(node)
    tag, *children = node
    given = children.pop(0) if children and isinstance(children[0], dict) else {}
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    return f"<{tag}{attributes}>{''.join(map(_markup, children))}</{tag}>"
