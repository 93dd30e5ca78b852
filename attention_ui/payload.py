"""A head as the data that the matrix component draws. No Streamlit in here, and no number that the core did not make.

Vocabulary
    equation    one step as it is drawn: operands, signs, result, and what must hold of it
    term        a matrix in an equation: its name, its role (given, operand, result) and whether it is drawn transposed
    columns     the convention with tokens as columns: every matrix is drawn transposed
    shown       which numbers: after the last change, before it, or their difference
    compared    the head before the last change, unless it is about other words or another table
    pixels      the axes of a picture, which stands as it is seen, whatever tokens stand as; it is cut into patches
    drawn       the name of a figure, where a matrix with heads is drawn head by head (slices.py); for the others, and
                in all that is said about a matrix, its own name
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from attention_core import changes, programs
from attention_core.checks import checks, is_product
from attention_core.moves import Move
from attention_core.numerals import amounts, decimal, exact, says
from attention_core.remarks import added_by_heads, listed, remarks
from attention_core.rules import Cell, Term
from attention_core.trace import Matrix, Step, Traced
from attention_ui.colours import mixed_colour, mixed_name
from attention_ui.document import Head
from attention_ui.editable import Editable, shape_text
from attention_ui.link import View
from attention_ui.mathml import tree
from attention_ui.slices import Line, address_of, base, head_name, head_of, index_of, is_sliced, lines, slice_of

Data = dict[str, Any]

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
_PIXELS = {"pixel_row", "pixel_col"}
POSITIVE = (
    "exps", "row_sums", "weights", "masked_weights", "masked_sums", "renormalised_weights", "picture", "patches",
    "mixed", "gates", "correction", "probabilities",
)  # fmt: skip
_OF_ONE = ("weights", "picture", "patches", "mixed", "probabilities")  # of shares and pixels 1 is the most, or all
_AXES = {"d_model_k": "d_model"}  # the same features, once more
_PRONOUNS = {"it", "they", "this", "that"}  # tokens that a sentence about a cell quotes: "how much “it” takes"
SHOWN = ("after", "before", "difference")


@dataclass(frozen=True)
class Picture:
    """All that decides what is drawn: the head, the one before the last change, the view, which numbers, the trail."""

    head: Head
    before: Head | None
    view: View
    shown: str = "after"
    trail: Sequence[tuple[str, int, int]] = ()
    locked: bool = False  # nothing may be typed or painted

    @property
    def editable(self) -> Sequence[str]:
        return () if self.locked else self.head.document.editable

    @property
    def painted(self) -> Mapping[str, Sequence[float]]:
        return {} if self.locked else self.head.document.painted

    @property
    def form(self) -> Callable[[float], str]:
        return exact if self.view.exact else decimal

    @property
    def program(self) -> Sequence[Step]:
        return self.head.program

    @cached_property
    def steps(self) -> dict[str, Step]:
        return {step.name: step for step in self.program}

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """What the stepper walks: the embeddings, where the program reads any, then every step."""
        return (*(("x",) if "x" in self.head.trace.given else ()), *self.steps)

    @cached_property
    def compared(self) -> Head | None:
        """The head before the last change; None where there is none, or none that can be compared with this one."""
        return self.before if self.before is not None and same_topic(self.before, self.head) else None

    @property
    def compares(self) -> str:
        """What is shown as a whole: `shown`, but "after" while there is nothing to compare with."""
        return self.shown if self.compared is not None else "after"

    def matrix(self, drawn: str) -> Matrix:
        """What a figure is drawn of, as it is now."""
        return slice_of(self.head.matrix(base(drawn)), drawn)

    def shown_of(self, drawn: str) -> str:
        """Which numbers this matrix shows: `shown` where there is something to compare with, else after."""
        if self.compared is None or not changes.comparable(self.compared.trace, self.head.trace, base(drawn)):
            return "after"
        return self.shown

    def values(self, drawn: str) -> np.ndarray:
        """The numbers of a figure; of the whole matrix, by its own name."""
        after = self.matrix(drawn).value
        shown = self.shown_of(drawn)
        if shown == "after":
            return after
        before = slice_of(self.before.matrix(base(drawn)), drawn).value
        return before if shown == "before" else np.where(self.changed(drawn), _gap(before, after), 0.0)

    def changed(self, drawn: str) -> np.ndarray:
        """Which cells of a figure differ from those that they are compared with, beyond rounding."""
        changed, head = changes.changed(self.compared.trace, self.head.trace, base(drawn)), head_of(drawn)
        return changed if head is None else changed[head]


def _gap(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return changes.difference(before.astype(float), after.astype(float))


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
            "note": _about_words(picture.head),
            "warn": not all(word.known for word in picture.head.words),
            "terms": [{"name": "x", "transposed": picture.view.columns}], "checks": [],
        }  # fmt: skip
    step = picture.steps[stage]
    found = checks(picture.head.trace, stage, picture.view.columns) if picture.shown_of(stage) == "after" else ()
    return {
        "step": stage,
        "number": number,
        "title": heading(picture, stage),
        "formula": tree(_formula(step, picture.view.columns)),
        "note": _note(picture, stage),
        "warn": step.says.startswith(programs.MISTAKE),
        "terms": [term for line in _lines(picture, step) for term in _line(picture, line)],
        "checks": [{"ok": check.holds, "text": check.text} for check in found],
    }


def _line(picture: Picture, line: Line) -> list[Data]:
    """One equation from left to right; where a step has one for each head, with the head in front."""
    terms = _terms(line.step, picture.view.columns)
    return terms if line.head is None else [{"line": _head_name(picture, line.step.name)}, *terms]


def _head_name(picture: Picture, drawn: str) -> str:
    """The head that a figure shows, in words."""
    return head_name(picture.head.matrix(base(drawn)), head_of(drawn))


def _formula(step: Step, columns: bool) -> str:
    return (step.formula_t or step.formula) if columns else step.formula


def formula_of(picture: Picture, drawn: str) -> str:
    """The formula of the step that makes a matrix, in LaTeX; "" of one that was given."""
    step = picture.steps.get(base(drawn))
    return _formula(step, picture.view.columns) if step else ""


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


def _about_words(head: Head) -> str:
    """What X is; how the features of unknown words were guessed, those of which nothing could be guessed together."""
    looked_up = "Each word is a list of named features, looked up in a small word list. You can change any number."
    says = head.document.said_of_x or looked_up
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
        return columns and not _PIXELS.issuperset(of)
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


def letter(picture: Picture, drawn: str) -> str:
    """The letter of a matrix in LaTeX: what stands left of the equals sign in its step's formula, without indices.

    With the number of its layer above it, S^{(2)}, and of its head below, S_2, or group of heads, K_{g2}, where it has
    these.
    """
    name = base(drawn)
    plain = programs.given_of(name).letter if name in picture.head.trace.given else _left(picture.steps[name].formula)
    if part := _part(name):
        plain = f"{plain}^{{({part})}}" if "'" not in plain and "^" not in plain else f"{{{plain}}}^{{({part})}}"
    head = head_of(drawn)
    if head is None:
        return plain
    group = picture.head.matrix(name).axes[0] == "kv_head"  # else it could not be told from that of a head
    return _indexed(plain, f"g{head + 1}" if group else str(head + 1))


def _left(formula: str) -> str:
    """What a formula says that a matrix is called; a head or a group in it has its own number."""
    return re.sub(r"_([ijhg]|\{[ijdfhg]+\})$", "", formula.partition("=")[0].strip())


def _indexed(text: str, number: str) -> str:
    """The letter with one index more: W_Q becomes W_{Q,2}."""
    stem, below, rest = text.partition("_")
    if not below:
        return f"{{{text}}}_{{{number}}}"
    index = re.match(r"\{[^}]*\}|\\\w+(?:\{[^}]*\})?|.", rest).group()
    return f"{stem}_{{{index.strip('{}')},{number}}}{rest[len(index) :]}"


def _part(name: str) -> str:
    """The part of a stack that a matrix belongs to, in short: "2" of layer2, "2,n1" of its first norm; "" of none."""
    found = (re.fullmatch(r"([a-z]+)(\d*)", part) for part in name.split(".")[:-1])
    shorts = {"layer": "", "token": "", "norm": "n", "tile": "t", "encoder": "e", "decoder": "d", "cross": "c"}
    return ",".join(shorts[one[1]] + one[2] for one in found if one and one[1] in shorts)


def _known(picture: Picture, name: str) -> programs.Given | Step:
    """What is said about a matrix: by its entry among the givens, or by the step that makes it."""
    return programs.given_of(name) if name in picture.head.trace.given else picture.steps[name]


def plain_letter(picture: Picture, drawn: str) -> str:
    """The letter as plain text, for places that have no formulas: S̃."""
    return readable(letter(picture, drawn))


_PLAIN = {
    "mu": "μ", "sigma": "σ", "epsilon": "ε", "theta": "θ", "phi": "φ", "Phi": "Φ", "perp": "⊥", "cdot": "·", "top": "⊤",
    "alpha": "α", "Delta": "Δ", "partial": "∂", "delta": "δ", "eta": "η", "beta": "β", "kappa": "κ", "nu": "ν",
}  # fmt: skip


def readable(text: str) -> str:
    """LaTeX of a letter as plain text."""
    text = re.sub(r"\\tilde (\w)", "\\1\u0303", re.sub(r"\\hat (\w)", "\\1\u0302", text))
    text = re.sub(r"\\text\{([^}]*)\}", r"\1", text)
    text = re.sub(r"\\(\w+)", lambda found: _PLAIN.get(found[1], found[1]), text)
    return text.replace("^", "").replace("''", "″").replace("'", "′").replace("{", "").replace("}", "")


def title(picture: Picture, drawn: str) -> str:
    """What the matrix is called in words; in which head, where it has heads."""
    text = _called(picture, drawn)
    if layer := re.match(r"layer(\d+)\.", base(drawn)):
        text = f"{text}, layer {layer[1]}"
    return text if head_of(drawn) is None else f"{text}, {_head_name(picture, drawn)}"


def _called(picture: Picture, drawn: str) -> str:
    """The same without its head, which stands above the equation and in the letter."""
    known = _known(picture, base(drawn))
    return known.title.replace("row", "column") if picture.view.columns else known.title


def heading(picture: Picture, name: str) -> str:
    """The title with a capital letter in front; letters within it stay what they are."""
    text = title(picture, name)
    return text[:1].upper() + text[1:]


def stands_turned(picture: Picture, drawn: str) -> bool:
    """Whether a matrix is drawn with rows and columns exchanged where tokens stand as columns; a picture never is."""
    return picture.view.columns and not _PIXELS.issuperset(picture.matrix(drawn).axes)


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
        "called": _called(picture, name),
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
        "cut": picture.head.document.cut if _PIXELS.issuperset(matrix.axes) and matrix.axes else 0,
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


# --- the picked cell -------------------------------------------------------------------------------------------------


def drawn_cell(picture: Picture, name: str, at: Sequence[int]) -> Data:
    """A cell of a matrix by the figure that shows it; of one that was there only before the last change, as it was."""
    trace = picture.head.trace if picture.head.trace.has(name) else picture.before.trace
    return dict(zip(("step", "row", "col"), address_of(trace.matrix(name), tuple(at)), strict=True))


def cell_name(picture: Picture, name: str, at: Sequence[int]) -> str:
    """A cell by letter and labels: Q[ball, 0]."""
    matrix, drawn = picture.head.matrix(name), address_of(picture.head.matrix(name), tuple(at))[0]
    names = [labels[i] for labels, i in zip(matrix.labels, at, strict=True)][is_sliced(matrix.axes) :]
    places = ", ".join(reversed(names) if stands_turned(picture, drawn) else names)
    return f"{plain_letter(picture, drawn)}[{places}]" if places else plain_letter(picture, drawn)


def where(picture: Picture, name: str, at: Sequence[int]) -> str:
    """Where a cell sits, in words: how much hit takes from ball."""
    matrix = picture.head.matrix(name)
    known = _known(picture, name)
    sliced = is_sliced(matrix.axes)
    axes, labels, inner = matrix.axes, matrix.labels, tuple(at)
    if isinstance(known, programs.Given):  # says nothing of heads
        axes = known.axes[max(0, len(known.axes) - len(inner)) :]  # one head has no axis of heads, either
        labels, inner = labels[len(labels) - len(axes) :], inner[len(inner) - len(axes) :]
    places = {axis: _unmistaken(names[i]) for axis, names, i in zip(axes, labels, inner, strict=True)}
    if sliced and axes[0] == matrix.axes[0]:
        places[axes[0]] = str(at[0] + 1)
    spoken = sliced and f"{{{matrix.axes[0]}}}" in known.meaning
    meaning = known.meaning if "head" in axes else known.meaning.replace(" in head {head}", "")
    text = meaning.format(**places).replace("““", "“").replace("””", "”")
    return text if spoken or not sliced else f"{text}, in {_head_name(picture, f'{name}@{at[0]}')}"


def _unmistaken(label: str) -> str:
    """A label inside a sentence; in quotes, where the sentence would else be read as speaking of something else."""
    return f"“{label}”" if label.casefold() in _PRONOUNS else label


def panel(picture: Picture) -> Data | None:
    """What the panel says about the picked cell; None where none is picked."""
    return None if picture.view.picked is None else account(picture, *picture.view.picked)


def account(picture: Picture, drawn: str, row: int, col: int, written: bool = True) -> Data | None:
    """Of a cell: where it sits, its arithmetic with real operands, formula and code; None where there is no such cell.

    drawn, row, col: its figure, and its place in it. written: with its arithmetic, which is the longest of all.
    """
    at = index_of(picture.head.trace, drawn, row, col)
    if at is None:
        return None
    matrix = picture.head.matrix(base(drawn))
    shown = picture.shown_of(matrix.name)
    if shown == "before":
        matrix = picture.before.matrix(matrix.name)
    about = {
        "cell": cell_name(picture, matrix.name, at),
        "where": where(picture, matrix.name, at),
        "value": _value(picture, matrix.value[at].item()),
        "trail": [_stop(picture, *cell) for cell in picture.trail],
        "code_title": "NumPy (tokens as rows)" if picture.view.columns else "NumPy",
    }
    if shown == "difference":
        return about | _differs(picture, matrix, at)
    if isinstance(matrix, Traced):
        return (
            about
            | _about_made(picture, matrix, at)
            | {"arithmetic": _arithmetic(picture, matrix, at) if written else []}
        )
    return about | {"arithmetic": [], "formula": None, "code": "", "about": _about_given(picture, matrix, at)}


def _stop(picture: Picture, drawn: str, row: int, col: int) -> Data:
    """A cell of the trail, where the learner came from."""
    at, name = index_of(picture.head.trace, drawn, row, col), base(drawn)
    return drawn_cell(picture, name, at) | {"label": cell_name(picture, name, at)}


def _value(picture: Picture, value: float) -> str:
    """The number; with decimals, its exact form beside it where it has one."""
    text, whole = picture.form(value), exact(value)
    return text if whole == decimal(value) or picture.view.exact else f"{text} ({whole})"


def _differs(picture: Picture, matrix: Matrix, at: tuple[int, ...]) -> Data:
    old, new = (side.matrix(matrix.name).value[at].item() for side in (picture.before, picture.head))
    gap = picture.values(matrix.name)[at].item()
    was, now, by = picture.form(float(old)), picture.form(float(new)), picture.form(gap)
    subtracted = f"{now} − {f'({was})' if old < 0 else was}"
    equals = _equals(picture, subtracted, gap, (old, new))
    return {
        "cell": f"{cell_name(picture, matrix.name, at)}, now − before",
        "value": f"+{by}" if gap > 0 else by,
        "arithmetic": [f"{subtracted} {equals} {by}"] if np.isfinite(gap) else [],
        "formula": None, "code": "",
        "about": f"Now it is {now}; before the last change it was {was}.",
    }  # fmt: skip


def _about_made(picture: Picture, matrix: Traced, at: tuple[int, ...]) -> Data:
    return {
        "formula": tree(_formula(matrix.step, picture.view.columns)),
        "code": matrix.step.code,
        "about": " ".join((matrix.step.says, *_by_head(picture, matrix, at))),
    }


def _arithmetic(picture: Picture, matrix: Traced, at: tuple[int, ...]) -> list[str | Data]:
    """How a number was made, from left to right: signs as text, each operand with its place."""
    cell = matrix.explain(at)
    if isinstance(matrix.step.rule, Move):  # nothing is computed: the cell that it was, by its name
        return [*_places(picture, cell, lambda piece: cell_name(picture, piece.name, piece.at)),
                f" = {picture.form(cell.value)}"]  # fmt: skip
    equals = _equals(picture, cell.written(picture.form), cell.value, [term.value for term in cell.terms])
    return [*_places(picture, cell, lambda piece: picture.form(piece.value)), f" {equals} {picture.form(cell.value)}"]


def _places(picture: Picture, cell: Cell, said: Callable[[Term], str]) -> list[str | Data]:
    return [
        piece if isinstance(piece, str) else drawn_cell(picture, piece.name, piece.at) | {"text": said(piece)}
        for piece in cell.pieces
    ]


def _by_head(picture: Picture, matrix: Traced, at: tuple[int, ...]) -> Sequence[str]:
    """Of a cell of H W_O, how much each head adds: H has the outputs of all heads side by side."""
    side = picture.before if picture.shown_of(matrix.name) == "before" else picture.head
    parts = added_by_heads(side.trace, matrix.name, at)
    if not parts:
        return ()
    said = [f"head {i + 1} adds {picture.form(part)}" for i, part in enumerate(parts)]
    return (f"Of this, {joined(said)}.",)


def _equals(picture: Picture, written: str, value: float, operands: Sequence[float]) -> str:
    """The sign before a result: ≈ where a number of the line is rounded, for then a sum comes out askew.

    Not where it makes no difference: 2.20 × 0 is 0, however 2.20 was rounded.
    """
    if not all(_said(picture, x) for x in (value, *operands)):
        return "=" if _said(picture, value) and amounts(written, value) else "≈"
    return "="


def _said(picture: Picture, x: float) -> bool:
    """Whether the text of a number is the number itself."""
    return not np.isfinite(x) or says(picture.form(x), x)


def _about_given(picture: Picture, matrix: Matrix, at: tuple[int, ...]) -> str:
    """Where a given number comes from: typed, looked up, chosen by us, or set by a switch."""
    head = picture.before if picture.shown_of(matrix.name) == "before" else picture.head
    typed = head.document.edits.get(matrix.name, {}).get(at)
    if typed is not None:
        return "You painted it." if matrix.name in head.document.painted else f"You typed {typed}."
    return head.document.about(matrix, at, head.matrix("k").value.shape[-1] if head.trace.has("k") else 0)


# --- what changed, and why? ------------------------------------------------------------------------------------------


def same_topic(before: Head, after: Head) -> bool:
    """Whether two heads are about the same words, or the same table; only then are their numbers compared."""
    return before.document.topic == after.document.topic


def _unlike(before: Head, after: Head) -> str:
    """What is another one between two heads with different topics: the example, its words or their order, the table; or
    what a lesson draws of the same words, with or without a list of them.
    """
    one, other = before.document, after.document
    if one.topic[0] != other.topic[0]:
        return "This is another example"
    was, now = (tuple(word.text for word in head.words) for head in (before, after))
    if was == now or not (was and now):  # a picture has no words
        same = programs.names(before.program) == programs.names(after.program)
        return _unlike_lines(one, other) if same else "Other matrices are drawn now"
    return "The words stand in another order" if sorted(was) == sorted(now) else "These are other words"


def _unlike_lines(one: Editable, other: Editable) -> str:
    """The same words, or none: other lines of a matrix, or heads in another order."""
    was, now = (document.unedited()[1] for document in (one, other))
    differ = {axis for axis in {*was, *now} if was.get(axis) != now.get(axis)}
    if differ and all("head" in axis for axis in differ):
        return "The heads stand in another order"
    return "These are other rows or columns"


def what_changed(before: Head, after: Head) -> str:
    """What a change did, in one sentence: where to look for it, or that there is nothing to look for."""
    if not same_topic(before, after):
        return f"{_unlike(before, after)}; nothing to compare."
    names = [name for name in (*after.trace.given, *after.trace) if changes.comparable(before.trace, after.trace, name)]
    count = sum(bool(changes.changed(before.trace, after.trace, name).any()) for name in names)
    if not count:
        return _nothing_changed(before, after)
    text = f"A dark corner marks every number that changed, in {count} {'matrix' if count == 1 else 'matrices'}."
    return " ".join([text, *_remade(Picture(after, before, View()))])


def _nothing_changed(before: Head, after: Head) -> str:
    if text := _remade(Picture(after, before, View())):
        return f"{text[0]} No number in the others changed."
    if programs.names(before.program) == programs.names(after.program):
        return "No number in the matrices changed."
    one = sum(map(len, changes.steps_between(before.trace, after.trace))) == 1
    return f"No number in the matrices changed, but {'a step was' if one else 'steps were'} added or taken away."


def _remade(picture: Picture) -> list[str]:
    """That matrices have other rows or columns than before, in a sentence; none where none has."""
    names = changes.remade(picture.before.trace, picture.head.trace)
    if not names:
        return []
    some = joined([plain_letter(picture, name) for name in names])
    return [f"{some if len(names) <= 4 else f'{len(names)} others'} {'has' if len(names) == 1 else 'have'} other rows "
            "or columns now."]  # fmt: skip


def joined(letters: Sequence[str]) -> str:
    """A list in a sentence: Q, K and V."""
    return " and ".join([", ".join(letters[:-1]), letters[-1]] if len(letters) > 1 else letters)


def why(picture: Picture) -> Data | None:
    """The path of the largest change, from what was set or typed to the output, a sentence a step."""
    if picture.before is None:
        return None
    old, new = picture.before, picture.head
    told = [{"text": f"Now {text}."} for text in new.document.told(old.document)]
    if not same_topic(old, new):
        text = f"{_unlike(old, new)}, so every matrix was computed anew; there is nothing to compare."
        return {"lines": [*told, {"text": text}]}
    start, links = _path(picture)
    if not links:
        return {"lines": [*told, {"text": _nothing_changed(old, new)}]}
    begun = _begun(picture, links[0])
    lines = told + start + begun + _path_lines(picture, links, first=not (told or begun))
    picked = picture.view.picked
    if picked is None or base(picked[0]) != links[-1].name:
        if _left_the_weights(old, new, links):
            lines.append({"text": "The weights did not change."})
        if links[-1].name != picture.stages[-1]:
            lines.append({"text": "There the change ends: nothing after it moved."})
    return {"lines": lines}


def _left_the_weights(before: Head, after: Head, links: Sequence[changes.Change]) -> bool:
    """Whether something changed that the weights are made from, and they did not: as when all scores are raised."""
    same = changes.comparable(before.trace, after.trace, "weights")
    if not same or "weights" not in after.trace or changes.changed(before.trace, after.trace, "weights").any():
        return False
    sources = {"weights"}
    for step in reversed(after.program):
        if step.name in sources:
            sources.update(step.inputs)
    return any(link.name in sources for link in links)


def _path(picture: Picture) -> tuple[list[Data], Sequence[changes.Change]]:
    """The path to the picked cell, if it was computed and changed; else to the largest change, and a word why."""
    before, after, picked = picture.before.trace, picture.head.trace, picture.view.picked
    name = base(picked[0]) if picked is not None else ""
    if name not in after or not changes.comparable(before, after, name):
        return [], changes.path(before, after)
    at = index_of(after, *picked)
    if changes.changed(before, after, name)[at]:
        return [], changes.path(before, after, (name, at))
    text = f"{cell_name(picture, name, at)}, the picked cell, did not change. The largest change was this one:"
    return [{"text": text}], changes.path(before, after)


def _begun(picture: Picture, first: changes.Change) -> list[Data]:
    """What made the first cell of the path change, when no cell that it reads did: a number with a step of its own
    (a temperature, a constant), else a step that was added or taken away."""
    if first.name in picture.head.trace.given:
        return []
    old, new = (head.document.given()[0] for head in (picture.before, picture.head))
    gone = _gone(picture, first.name)
    steps = gone if picture.before.trace.has(first.name) else (picture.steps[first.name],)
    for name in dict.fromkeys(name for step in steps for name in step.inputs):
        if name in old and name in new and not old[name].ndim and old[name] != new[name]:
            given = programs.given_of(name)
            was, now = (picture.form(float(value)) for value in (old[name], new[name]))
            place = (
                drawn_cell(picture, name, ()) | {"start": "", "label": given.letter}
                if picture.head.trace.has(name)
                else {}
            )
            text = f" went from {was} to {now}: {given.meaning}."
            return [place | {"text": text if place else given.letter + text}]
    return _new_shapes(picture, first) + [{"text": f"The step “{step.title}” was taken away."} for step in gone[:1]]


def _new_shapes(picture: Picture, first: changes.Change) -> list[Data]:
    """What the first cell of the path is made from and has other rows or columns now: the given ones, then the rest."""
    old, new = picture.before.trace, picture.head.trace
    names = changes.remade(old, new, first.name)
    lines = [
        {"text": f"{plain_letter(picture, name)} {_shape_now(picture, name)}."} for name in names if name in new.given
    ]
    made = [plain_letter(picture, name) for name in names if name not in new.given]
    read = (step for name in names if name in picture.steps for step in picture.steps[name].inputs)
    added = dict.fromkeys(title(picture, name) for name in read if not old.has(name))
    lines += [{"text": f"The step “{name}” was added."} for name in added]
    if made:
        start = f"so {joined(made)}" if lines else joined(made)
        lines.append({"text": f"{start} {'has' if len(made) == 1 else 'have'} other rows or columns, too."})
    return lines


def _shape_now(picture: Picture, name: str) -> str:
    was, now = (of.matrix(name).value.shape for of in (picture.before.trace, picture.head.trace))
    if was == now:
        return "has other rows or columns now"
    was, now = (shape_text(shape[::-1] if picture.view.columns else shape) for shape in (was, now))
    return f"is {now} now; it was {was}"


def _gone(picture: Picture, name: str) -> Sequence[Step]:
    """The steps taken away of those that led to the matrix `name`: among what it read, what that read, and so on."""
    read, before = {name}, picture.before.program
    _, removed = changes.steps_between(picture.before.trace, picture.head.trace)
    for step in reversed(before):
        if step.name == name or step.name in read.intersection(removed):
            read.update(step.inputs)
    return [step for step in before if step.name in read and step.name in removed]


def _path_lines(picture: Picture, links: Sequence[changes.Change], first: bool) -> list[Data]:
    """A sentence for each cell of the path. first: nothing was said of what made the first cell change."""
    pairs = zip(links, [*links[1:], None], strict=True)
    return [_why_line(picture, link, reader, first and link is links[0]) for link, reader in pairs]


def _why_line(picture: Picture, link: changes.Change, reader: changes.Change | None, first: bool) -> Data:
    """One sentence about one cell: what it says in words, and from what to what it went.

    reader: the next cell of the path. Where it is not new itself, it read before what stood in an added step's place.
    """
    was, now = picture.form(float(link.before)), picture.form(float(link.after))
    start = "" if first else "so "
    went = f"went from {was} to {now}"
    if not picture.before.trace.has(link.name):
        start += f"the step “{title(picture, link.name)}” was added: "
        inserted = reader is None or picture.before.trace.has(reader.name)
        went = f"is {now}, where {was} stood before" if inserted else f"is {now}"
    elif first and link.name in picture.head.trace:
        start = "you changed how this step is computed, so "
    return drawn_cell(picture, link.name, link.at) | {
        "start": start[:1].upper() + start[1:] if first else start,
        "label": cell_name(picture, link.name, link.at),
        "text": f" {went}: {where(picture, link.name, link.at)}.",
    }
