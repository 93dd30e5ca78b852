"""What matrices and cells are called on the page: letters, titles, places. No Streamlit in here.

Vocabulary
    letter    of a matrix, in LaTeX: S, or S^{(2)}_{1} in layer 2 and head 1
    title     the matrix in words
    where     a cell in words: how much hit takes from ball
    pixels    the axes of a picture, which stands as it is seen, whatever tokens stand as
"""

import re
from collections.abc import Sequence

from attention_core import programs
from attention_core.trace import Step
from attention_ui.picture import Data, Picture
from attention_ui.slices import address_of, base, head_name, head_of, is_sliced

PIXELS = {"pixel_row", "pixel_col"}
_PRONOUNS = {"it", "they", "this", "that"}  # tokens that a sentence about a cell quotes: "how much “it” takes"


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
    text = called(picture, drawn)
    if layer := re.match(r"layer(\d+)\.", base(drawn)):
        text = f"{text}, layer {layer[1]}"
    return text if head_of(drawn) is None else f"{text}, {head_called(picture, drawn)}"


def called(picture: Picture, drawn: str) -> str:
    """The same without its head, which stands above the equation and in the letter."""
    known = _known(picture, base(drawn))
    return known.title.replace("row", "column") if picture.view.columns else known.title


def heading(picture: Picture, name: str) -> str:
    """The title with a capital letter in front; letters within it stay what they are."""
    text = title(picture, name)
    return text[:1].upper() + text[1:]


def head_called(picture: Picture, drawn: str) -> str:
    """The head that a figure shows, in words."""
    return head_name(picture.head.matrix(base(drawn)), head_of(drawn))


def formula(step: Step, columns: bool) -> str:
    return (step.formula_t or step.formula) if columns else step.formula


def formula_of(picture: Picture, drawn: str) -> str:
    """The formula of the step that makes a matrix, in LaTeX; "" of one that was given."""
    step = picture.steps.get(base(drawn))
    return formula(step, picture.view.columns) if step else ""


def stands_turned(picture: Picture, drawn: str) -> bool:
    """Whether a matrix is drawn with rows and columns exchanged where tokens stand as columns; a picture never is."""
    return picture.view.columns and not PIXELS.issuperset(picture.matrix(drawn).axes)


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
    return text if spoken or not sliced else f"{text}, in {head_called(picture, f'{name}@{at[0]}')}"


def _unmistaken(label: str) -> str:
    """A label inside a sentence; in quotes, where the sentence would else be read as speaking of something else."""
    return f"“{label}”" if label.casefold() in _PRONOUNS else label


def joined(letters: Sequence[str]) -> str:
    """A list in a sentence: Q, K and V."""
    return " and ".join([", ".join(letters[:-1]), letters[-1]] if len(letters) > 1 else letters)
