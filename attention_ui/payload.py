"""A head as the data that the matrix component draws. No Streamlit in here, and no number that the core did not make.

Vocabulary
    equation    one step as it is drawn: operands, signs, result, and what must hold of it
    term        a matrix in an equation: its name, its role (given, operand, result) and whether it is drawn transposed
    columns     the convention with tokens as columns: every matrix is drawn transposed
    shown, compared, drawn   as in picture.py; pixels, which are cut into patches, as in naming.py
"""

import base64
import re
from collections.abc import Callable, Sequence

import numpy as np

from attention_core import changes, programs
from attention_core.checks import checks, is_product
from attention_core.remarks import listed, remarks
from attention_core.trace import Step
from attention_ui.account import panel
from attention_ui.colours import mixed_colour, mixed_name
from attention_ui.link import View
from attention_ui.mathml import tree
from attention_ui.naming import (
    PIXELS,
    called,
    formula,
    head_called,
    heading,
    joined,
    letter,
    readable,
    stands_turned,
    title,
)
from attention_ui.picture import Data, Picture
from attention_ui.slices import Line, address_of, base, head_of, is_sliced, lines, slice_of
from attention_ui.whys import why

# Which colour and letter a matrix keeps on every page; what is not named here is drawn in the text colour.
IDENTITY = {
    "q": "q", "w_q": "q", "k": "k", "w_k": "k", "v": "v", "w_v": "v",
    "q_scaled": "q", "updated": "q", "values": "v",
    "q_wide": "q", "k_wide": "k", "v_wide": "v", "k_groups": "k", "v_groups": "v",
    "weights": "weights", "masked_weights": "weights", "renormalised_weights": "weights", "x": "x", "residual": "x",
    "source": "x", "patches": "x", "picture": "x", "resid_post": "x",
}  # fmt: skip
IDENTITY |= {f"d_{name}": identity for name, identity in IDENTITY.items()}  # a gradient has its matrix's colour
# Rows of the embeddings are tokens; they only become queries and keys once W_Q and W_K have made them so.
_OF_TOKENS = (
    "x", "projected", "residual", "mean", "centred", "variance", "spread", "normed", "gained", "out",
    "mlp_pre_product", "mlp_pre", "mlp_post", "mlp_out", "resid_post", "logits",
)  # fmt: skip
_AXIS_NAMES = {("x", "key"): "token", ("source", "key"): "token"}
_AXIS_NAMES |= {("patches", "query"): "patch", ("patches", "d_model"): "pixel"}
_AXIS_NAMES |= {(name, f"pixel_{line}"): line for name in ("picture", "mixed") for line in ("row", "col")}
POSITIVE = (
    "exps", "row_sums", "weights", "masked_weights", "masked_sums", "renormalised_weights", "picture", "patches",
    "mixed", "gates", "correction", "probabilities",
)  # fmt: skip
_OF_ONE = ("weights", "picture", "patches", "mixed", "probabilities")  # of shares and pixels 1 is the most, or all
_AXES = {"d_model_k": "d_model"}  # the same features, once more


def board_data(picture: Picture) -> Data:
    """Everything the component needs to draw this picture, JSON-ready."""
    equations = [_equation(picture, stage) for stage in picture.stages if picture.view.stage in ("all", stage)]
    _give_roles(equations, set(picture.head.trace.given))
    if picture.compares == "difference":
        for sign in (term for equation in equations for term in equation["terms"] if "sign" in term):
            sign["sign"] = "→" if sign["sign"] == "=" else ","  # differences do not multiply or add up like this
    drawn = dict.fromkeys(term["name"] for eq in equations for term in eq["terms"] if "name" in term)
    return {
        "view": picture.compares,
        "stage": picture.view.stage,
        "stages": [{"name": name, "title": heading(picture, name)} for name in picture.stages],
        "matrices": {name: matrix_data(picture, name) for name in drawn},
        "steps": {line.step.name: _read(picture, line) for step in picture.program for line in _lines(picture, step)},
        "equations": equations,
        "picked": _picked(picture.view),
        "panel": panel(picture),
        "empty": _invitation(picture),
        "keys": _keys(picture),
        "why": why(picture),
        "alert": broken(picture),
    }


def _lines(picture: Picture, step: Step) -> tuple[Line, ...]:
    return lines(picture.head.trace, step)


def _read(picture: Picture, line: Line) -> Data:
    """What the cells of a figure are made from: by axes and a pattern; for a step that moves cells, cell by cell."""
    step, whole = line.step, picture.steps[base(line.step.name)].parsed
    how = {"inputs": step.inputs, "axes": step.axes, "pattern": step.rule.pattern}
    if line.head is not None:
        how["fixed"] = {line.axis: line.head}
    kept = line.head is None and any(is_sliced(of) and of[0] in whole.output for of in whole.inputs)
    if step.rule.pattern in ("default", "masked", "none") and not kept:
        return how
    made = picture.head.trace[base(step.name)]
    front = () if line.head is None else (line.head,)
    sources = []
    for at in np.ndindex(*slice_of(made, step.name).value.shape):
        reads = made.step.rule.reads(made.step.parsed, made.inputs, (*front, *at))
        cells = zip(made.step.inputs, reads, strict=True)
        sources.append([address_of(picture.head.matrix(name), cell) for name, found in cells for cell in found])
    return how | {"sources": sources}


def _invitation(picture: Picture) -> str:
    """What may be done with the matrices of this page."""
    given = picture.head.trace.given
    editable = [name for name in picture.editable if name in given]
    listed_letters = joined(list(dict.fromkeys(readable(programs.given_of(name).letter) for name in editable)))
    painted = "".join(f"; cells of {called} can be painted" for called in _painted(picture))
    changed = f" Numbers in {listed_letters} can be changed{painted}." if editable else ""
    return f"Pick any cell to see where its number comes from.{changed}"


def _painted(picture: Picture) -> list[str]:
    """What can be painted, in words: the mask M."""
    names = (name for name in picture.painted if name in picture.head.trace.given)
    return [f"the {known.title} {readable(known.letter)}" for known in map(programs.given_of, names)]


def _keys(picture: Picture) -> str:
    """What the keys do with the matrices of this page."""
    given = picture.head.trace.given
    edits = ", or edits a given number" if any(name in given for name in picture.editable) else ""
    names = [called.rpartition(" ")[0] for called in _painted(picture)]
    paints = f", or paints {' or '.join(names)}" if names else ""
    return (
        f"Keys: arrows move; Enter picks{edits}; Space picks{paints}; "
        "n and p go to the next and the previous step, a shows all; Ctrl+Z undoes."
    )


def _picked(view: View) -> Data | None:
    return None if view.picked is None else dict(zip(("step", "row", "col"), view.picked, strict=True))


def broken(picture: Picture) -> str:
    """What the chosen mistake breaks, on these numbers and by step; "" when none is chosen."""
    if not picture.head.document.ablation:
        return ""
    found = [
        f"step {picture.stages.index(name) + 1}, {title(picture, name)}: {check.text}"
        for name in programs.names(picture.program)
        for check in checks(picture.head.trace, name, picture.view.columns)
        if not check.holds
    ]
    if not found:
        return "What breaks: no rule, on these numbers. Choose “difference” to see what else it changes."
    return f"What breaks: {'; '.join(found)}."


# --- equations -------------------------------------------------------------------------------------------------------


def _equation(picture: Picture, stage: str) -> Data:
    number = picture.stages.index(stage) + 1
    if stage == "x":
        return {
            "step": "x", "number": number, "title": "Embeddings", "formula": tree("X"),
            "note": _about_words(picture),
            "warn": not all(word.known for word in picture.head.words),
            "terms": [{"name": "x", "transposed": picture.view.columns}], "checks": [],
        }  # fmt: skip
    step = picture.steps[stage]
    found = checks(picture.head.trace, stage, picture.view.columns) if picture.shown_of(stage) == "after" else ()
    return {
        "step": stage,
        "number": number,
        "title": heading(picture, stage),
        "formula": tree(formula(step, picture.view.columns)),
        "note": _note(picture, stage),
        "warn": step.says.startswith(programs.MISTAKE),
        "terms": [term for line in _lines(picture, step) for term in _line(picture, line)],
        "checks": [{"ok": check.holds, "text": check.text} for check in found],
    }


def _line(picture: Picture, line: Line) -> list[Data]:
    """One equation from left to right; where a step has one for each head, with the head in front."""
    terms = _terms(line.step, picture.view.columns)
    return terms if line.head is None else [{"line": head_called(picture, line.step.name)}, *terms]


def _note(picture: Picture, stage: str) -> str:
    """What is said below an equation: of the step, and of the numbers, which a difference has not."""
    says = picture.steps[stage].says
    if picture.shown_of(stage) != "difference" or says.startswith(programs.MISTAKE):
        return " ".join((says, *_extra_notes(picture, stage)))
    hidden = " A cell that was hidden before, and is now, has not." * bool(_hatched(picture, stage))
    return f"How much each number has changed: now minus before.{hidden}"


def _extra_notes(picture: Picture, stage: str) -> Sequence[str]:
    """What these very numbers give reason to say, after the sentence that the step always has."""
    trace = picture.head.trace
    spoken_of = stage == "weights" and "q" in trace and "mask" in trace.given and trace[stage].value.ndim == 2
    if spoken_of and all(check.holds for check in checks(trace, stage)):
        return remarks(picture.head.trace)
    if stage == "row_max" and picture.head.forced and not picture.head.document.steady:
        limit = f"{programs.STEADY_ABOVE:.0f}"
        return (f"It is subtracted here in any case, because a score passes {limit}, where exp would soon overflow.",)
    return ()


def _about_words(picture: Picture) -> str:
    """What X is; how the features of unknown words were guessed, those of which nothing could be guessed together."""
    head = picture.head
    looked_up = "Each word is a list of named features, looked up in a small word list."
    says = looked_up if picture.locked else f"{looked_up} You can change any number."
    says = head.document.said_of_x or says
    labels = head.matrix("x").labels[1]
    against = [f"“{word.text}” is anything but {label}" for word in head.words
               for label, x in zip(labels, word.features, strict=False) if x < 0]  # fmt: skip
    if against:
        says += f" Below 0 is the opposite: {against[0]}."
    unknown = [word for word in head.words if not word.known]
    blank = list(dict.fromkeys(word.text for word in unknown if not any(word.features)))
    guessed = dict.fromkeys(word.why for word in unknown if any(word.features))
    if len(blank) == 1:
        guessed = dict.fromkeys((next(word.why for word in unknown if word.text == blank[0]), *guessed))
    elif blank:
        guessed = dict.fromkeys((f"{listed(blank)} are not in the word list; every feature of theirs is 0.", *guessed))
    return " ".join((says, *guessed))


def _terms(step: Step, columns: bool) -> list[Data]:
    """The equation from left to right: operands turned so that the product can be read off, signs, the result."""
    result = {"name": step.name, "transposed": _turned(step.parsed.output, step, columns)}
    operands = _operands(step, columns)
    if step.rule.pattern == "none":
        return [result]
    if isinstance(step.rule.sign, tuple):
        return [*_signed(step.rule.sign, operands, columns), {"sign": "="}, result]
    if len(operands) > 1 and step.rule.pattern in ("merge", "append"):
        below = columns == (step.rule.pattern == "merge")  # one below the other; else side by side
        parts = [part for operand in operands for part in ({"sign": ";" if below else ","}, operand)][1:]
        return [{"sign": "["}, *parts, {"sign": "]"}, {"sign": "="}, result]
    if len(operands) == 1 or step.rule.pattern not in ("default", "masked"):
        return [{"sign": step.rule.sign}, *operands, {"sign": "="}, result]
    sign = "+" if step.rule.sign == "Σ" else step.rule.sign  # the heads of a sum over them stand side by side
    signed = [part for operand in operands for part in ({"sign": sign}, operand)]
    return [*signed[1:], {"sign": "="}, result]


def _signed(signs: Sequence[str], operands: Sequence[Data], columns: bool) -> list[Data]:
    """Operands, each with a sign of its own before it; a product at the end is turned round with its factors."""
    if columns and signs[-1] == "·":
        *first, left, right = operands
        operands = [*first, right, left]
    pairs = zip(signs, operands, strict=True)
    return [part for sign, operand in pairs for part in (*([{"sign": sign}] if sign else []), operand)]


def _operands(step: Step, columns: bool) -> list[Data]:
    axes = step.parsed
    if not is_product(step):
        turned = [_turned(of, step, columns) for of in axes.inputs]
        return [{"name": n, "transposed": t} for n, t in zip(step.inputs, turned, strict=True)]
    row, col = reversed(axes.output) if columns else axes.output
    left, right = sorted(range(2), key=lambda i: row not in axes.inputs[i])
    return [
        {"name": step.inputs[left], "transposed": axes.inputs[left][0] != row},
        {"name": step.inputs[right], "transposed": axes.inputs[right][1] != col},
    ]


def _turned(of: Sequence[str], step: Step, columns: bool) -> bool:
    """Whether a matrix is drawn transposed. A vector lies along the rows or the columns of the matrix it goes with."""
    if len(of) != 1:
        return columns and not PIXELS.issuperset(of)
    partner = next((group for group in (step.parsed.output, *step.parsed.inputs) if len(group) == 2), None)
    return columns if partner is None else (partner[1] == of[0]) != columns


def _give_roles(equations: Sequence[Data], givens: set[str]) -> None:
    """A result where a step makes it; a given at its first place on the page; an operand everywhere else."""
    seen: set[str] = set()
    for equation in equations:
        for term in (term for term in equation["terms"] if "name" in term):
            name = term["name"]
            if base(name) in givens:
                term["role"] = "operand" if name in seen else "given"
            else:
                term["role"] = "result" if base(name) == equation["step"] else "operand"
            seen.add(name)


# --- matrices --------------------------------------------------------------------------------------------------------


def matrix_data(picture: Picture, name: str) -> Data:
    """A figure: its numbers, their texts, labels, colours. name: the drawn one."""
    matrix, whole = picture.matrix(name), base(name)
    values = np.asarray(picture.values(name), dtype=float)
    grid = values.reshape(values.shape[0] if values.ndim else 1, -1)
    shown = picture.shown_of(name)
    plain, turned = tree(letter(picture, name)), tree(f"{{{letter(picture, name)}}}^\\top")
    if stands_turned(picture, name) or values.ndim < 2:
        plain, turned = (turned, plain) if values.ndim == 2 else (plain, plain)
    scale, low, high = _range(whole, np.asarray(picture.values(whole), dtype=float), shown)  # the same in all heads
    return {
        "step": whole,
        "head": head_of(name),
        "letter": plain,
        "letter_t": turned,
        "title": title(picture, name),
        "called": called(picture, name),
        "identity": IDENTITY.get(whole.rpartition(".")[2], "plain"),
        "axes": [_axis_name(whole, axis) for axis in matrix.axes],
        "rows": matrix.labels[0] if matrix.axes else [""],
        "cols": matrix.labels[1] if len(matrix.axes) == 2 else [""],
        "shape": grid.shape,
        "values": base64.b64encode(np.ascontiguousarray(grid, "<f8").tobytes()).decode(),
        "texts": _texts(values, picture.form, shown),
        "scale": scale,
        "lo": low,
        "hi": high,
        "range": f"{picture.form(low)} to {picture.form(high)}",
        "hatched": _hatched(picture, name),
        "editable": whole in picture.editable and shown == "after",
        "paintable": whole in picture.painted and whole in picture.head.trace.given and shown == "after",
        "cut": picture.head.document.cut if PIXELS.issuperset(matrix.axes) and matrix.axes else 0,
        "changed": _changed(picture, name),
        "discs": discs(picture, whole),
    }


def _axis_name(name: str, axis: str) -> str:
    of_tokens = name.startswith("next.") or name.rpartition(".")[2] in _OF_TOKENS
    if numbered := re.fullmatch(r"(tile|token)(\d+)", axis):  # of one tile, of one token
        return " ".join(numbered.groups())
    return "token" if axis == "query" and of_tokens else _AXIS_NAMES.get((name, axis), _AXES.get(axis, axis))


def discs(picture: Picture, name: str) -> list[Data]:
    """The paint of each token, where a matrix has red and blue for features: a named disc beside its row."""
    matrix = picture.head.matrix(name)
    if (
        name not in ("x", "residual", "resid_post")
        or not {"red", "blue"} <= set(matrix.labels[1])
        or picture.shown_of(name) != "after"
    ):
        return []
    red, blue = (matrix.value[:, matrix.labels[1].index(colour)] for colour in ("red", "blue"))
    return [
        {"name": mixed_name(r, b), "colour": mixed_colour(r, b)}
        for r, b in zip(red.tolist(), blue.tolist(), strict=True)
    ]


def _texts(values: np.ndarray, form: Callable[[float], str], shown: str) -> list[str]:
    texts = [form(value) for value in values.ravel().tolist()]
    if shown == "difference":  # a difference says its direction even when it is positive
        texts = [f"+{text}" if value > 0 else text for text, value in zip(texts, values.ravel().tolist(), strict=True)]
    return texts


def _range(name: str, values: np.ndarray, shown: str) -> tuple[str, float, float]:
    """The colour scale and its ends: symmetric around 0 for signed values, from 0 for what cannot be negative."""
    finite = values[np.isfinite(values)]
    top = float(np.abs(finite).max()) if finite.size else 0.0
    if name == "mask" and shown != "difference":
        return "mask", 0.0, 1.0
    if name.rpartition(".")[2] in POSITIVE and shown != "difference":
        return "positive", 0.0, max(top, 1.0) if name.endswith(_OF_ONE) else top or 1.0
    return "signed", -(top or 1.0), top or 1.0


def _hatched(picture: Picture, name: str) -> list[int]:
    """Flat indices of the cells that the mask hides, in every matrix of queries and keys from the masked scores on."""
    names = programs.names(picture.program)
    layer, whole = base(name).rpartition(".")[0], base(name)
    hiders = (f"{layer}.{last}".lstrip(".") for last in ("masked", "masked_weights", "weights"))
    hider = next((name for name in hiders if name in names and "mask" in picture.steps[name].inputs), "")
    if not hider or whole not in names or names.index(whole) < names.index(hider):
        return []
    hides = picture.head.trace[hider]
    mask = picture.head.matrix(hides.step.inputs[1])
    if picture.matrix(name).axes != mask.axes:
        return []
    return np.flatnonzero(~mask.value).tolist()


def _changed(picture: Picture, drawn: str) -> list[int]:
    before, name = picture.compared, base(drawn)
    if before is None or not changes.comparable(before.trace, picture.head.trace, name):
        return []
    return np.flatnonzero(picture.changed(drawn)).tolist()
