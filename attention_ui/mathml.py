"""Formulas for a component that may not run KaTeX: the LaTeX of our steps as MathML trees.

Vocabulary
    tree   a nested list [tag, child, ...] whose leaves are strings; the component builds elements from it, never markup
    run    a piece of a formula as text on one line, where there is no MathML: higher, lower or smaller than the others
    bars   | around a length: they belong to what is between them, and an index after them to the whole

Only what the steps use is understood: letters, numbers, + - = /, brackets, ^ and _ with groups, \\sqrt \\tfrac \\text
\\tilde \\hat, some Greek letters, names of functions, and spaces. Anything else is an error, so that a new formula is
noticed by the tests.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

Tree = list

_TOKEN = re.compile(r"\s*(\\[a-zA-Z]+|\\[,;]|[0-9.]+|.)")
_SYMBOLS = {
    "top": ["mo", "⊤"],
    "infty": ["mi", "∞"],
    "quad": ["mspace", {"width": "1em"}],
    ",": ["mspace", {"width": ".2em"}],
    "dots": ["mo", "…"], "cdot": ["mo", "·"], "perp": ["mo", "⊥"], "leftarrow": ["mo", "←"], "ge": ["mo", "≥"],
    "approx": ["mo", "≈"], "theta": ["mi", "θ"], "phi": ["mi", "φ"], "Phi": ["mi", "Φ"], "mu": ["mi", "μ"],
    "sigma": ["mi", "σ"], "epsilon": ["mi", "ε"], "alpha": ["mi", "α"], "Delta": ["mi", "Δ"],
    "partial": ["mo", {"lspace": "0", "rspace": "0"}, "∂"], "delta": ["mi", "δ"],
    "eta": ["mi", "η"], "beta": ["mi", "β"], "kappa": ["mi", "κ"], "nu": ["mi", "ν"],
}  # fmt: skip
_FUNCTIONS = {"max": "max", "exp": "exp", "tanh": "tanh", "cos": "cos", "sin": "sin", "ln": "ln", "sum": "∑"}
_ACCENTS = {"tilde": "~", "hat": "^"}
# By itself, a browser would stretch a bar to the height of its neighbours; and the second one down to its index.
_BAR = ["mo", {"stretchy": "false", "lspace": "0", "rspace": "0"}, "|"]


@lru_cache
def tree(latex: str) -> Tree:
    """The MathML tree of a formula. Raises ValueError for LaTeX that no step of ours uses."""
    try:
        row, rest = _row(_TOKEN.findall(latex), _texts(latex))
    except IndexError:
        raise ValueError(f"no MathML for {latex!r}: it is unfinished") from None
    if rest:
        raise ValueError(f"unbalanced braces in {latex!r}")
    return row


def _texts(latex: str) -> list[str]:
    """What stands in \\text{...}, in order; kept aside because spaces matter there."""
    return re.findall(r"\\text\{([^}]*)\}", latex)


def _row(tokens: list[str], texts: list[str]) -> tuple[Tree, list[str]]:
    """Read up to a closing brace or the end; returns the row and what is left."""
    items: list[Tree] = []
    while tokens and tokens[0] != "}":
        token, tokens = tokens[0], tokens[1:]
        if token == "|":
            if "|" not in tokens:
                raise ValueError("no MathML for | without its second bar")
            end = tokens.index("|")
            (inner, left), tokens = _row(tokens[:end], texts), tokens[end + 1 :]
            if left:
                raise ValueError("unbalanced braces between bars")
            items.append(["mrow", _BAR, inner, _BAR])
        elif token in "^_":
            script, tokens = _atom(tokens, texts)
            items[-1] = _scripted(items[-1], token, script)
        elif token == "'":
            twice = tokens[:1] == ["'"]
            tokens = tokens[twice:]
            items[-1] = _scripted(items[-1], "^", ["mo", "″" if twice else "′"])
        else:
            item, tokens = _atom([token, *tokens], texts)
            items.append(item)
    return (items[0] if len(items) == 1 else ["mrow", *items]), tokens


def _scripted(base: Tree, mark: str, script: Tree) -> Tree:
    tags = {"^": "msup", "_": "msub"}
    if base[0] == "msub" and mark == "^":
        return ["msubsup", *base[1:], script]
    if base[0] == "msup" and mark == "_":
        return ["msubsup", base[1], script, base[2]]
    return [tags[mark], base, script]


def _atom(tokens: list[str], texts: list[str]) -> tuple[Tree, list[str]]:
    token, tokens = tokens[0], tokens[1:]
    if token == "{":
        row, tokens = _row(tokens, texts)
        return row, tokens[1:]
    if token.startswith("\\"):
        return _command(token[1:], tokens, texts)
    if token.isalpha():
        return ["mi", token], tokens
    if token[0].isdigit():
        return ["mn", token], tokens
    if token in "+-=/,;()[]":
        return ["mo", token.replace("-", "−")], tokens
    raise ValueError(f"no MathML for {token!r}")


def _command(name: str, tokens: list[str], texts: list[str]) -> tuple[Tree, list[str]]:
    if name in _SYMBOLS:
        return _SYMBOLS[name], tokens
    if name in _FUNCTIONS:
        return ["mo" if name == "sum" else "mi", _FUNCTIONS[name]], tokens
    if name == "text":
        return ["mtext", texts.pop(0).replace(" ", "\u00a0")], tokens[tokens.index("}") + 1 :]
    if name == "tfrac":
        top, tokens = _atom(tokens, texts)
        bottom, tokens = _atom(tokens, texts)
        return ["mfrac", top, bottom], tokens
    if name == "sqrt":
        inner, tokens = _atom(tokens, texts)
        return ["msqrt", inner], tokens
    if name in _ACCENTS:
        inner, tokens = _atom(tokens, texts)
        return ["mover", {"accent": "true"}, inner, ["mo", _ACCENTS[name]]], tokens
    raise ValueError(f"no MathML for \\{name}")


# --- on one line -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A piece of a formula that is written on one line. rise: above the line, as a share of the size of its letters;
    size: of its own letters, as such a share; slanted: the letter of a variable."""

    text: str
    rise: float = 0.0
    size: float = 1.0
    slanted: bool = False


_SMALLER, _RAISED, _LOWERED = 0.7, 0.38, -0.22
_SPACED = set("=+−≈≥←·")
_MARKS = {"~": "\u0303", "^": "\u0302"}
_PRIMES = (["mo", "′"], ["mo", "″"])  # raised by themselves


def runs(node: Tree | str, rise: float = 0.0, size: float = 1.0) -> list[Run]:
    """A tree as pieces of text in a row, for pictures that know no MathML: a fraction becomes (a + b)/c."""
    if isinstance(node, str):
        return [Run(node, rise, size)]
    tag, *parts = node
    parts = [part for part in parts if not isinstance(part, dict)]
    if tag in ("mi", "mn", "mo", "mtext", "mspace"):
        return [_leaf(tag, "".join(parts), rise, size)]
    if tag in ("msub", "msup", "msubsup"):
        return [*runs(parts[0], rise, size), *_scripts(tag, parts[1:], rise, size)]
    if tag == "mfrac":
        top, bottom = (_held_together(part, rise, size) for part in parts)
        return [*top, Run("/", rise, size), *bottom]
    if tag == "msqrt":
        return [Run("√", rise, size), *_held_together(parts[0], rise, size)]
    if tag == "mover":
        first, *rest = runs(parts[0], rise, size)
        return [replace(first, text=first.text + _MARKS[parts[1][1]]), *rest]
    return _in_a_row(parts, rise, size)


def _scripts(tag: str, parts: list[Tree], rise: float, size: float) -> list[Run]:
    """What stands below and above, in this order; but a prime comes first, on the line."""
    shifts = {"msub": [_LOWERED], "msup": [_RAISED], "msubsup": [_LOWERED, _RAISED]}[tag]
    pairs = list(zip(parts, shifts, strict=True))
    primes = [Run(part[1], rise, size) for part in parts if part in _PRIMES]
    scripts = (runs(part, rise + shift * size, size * _SMALLER) for part, shift in pairs if part not in _PRIMES)
    return [*primes, *(run for script in scripts for run in script)]


def _leaf(tag: str, text: str, rise: float, size: float) -> Run:
    if tag == "mspace":
        return Run("\u2002", rise, size)
    return Run(text, rise, size, slanted=tag == "mi" and len(text) == 1)


def _in_a_row(parts: list[Tree | str], rise: float, size: float) -> list[Run]:
    """The parts beside one another; a sign between two of them has room, and so has what a sum or max is taken of."""
    found: list[Run] = []
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        between = found and after is not None and not re.search(r"[\s(,[]$", found[-1].text)
        if size == 1 and between and part[0] == "mo" and part[-1] in _SPACED:
            found.append(Run(f" {part[-1]} ", rise, size))
        elif size == 1 and part == ["mo", ","]:
            found.append(Run(", ", rise, size))
        else:
            found += runs(part, rise, size)
        function = part[1] if part[0].startswith("msu") else part
        if function[-1] in _FUNCTIONS.values() and after is not None and after != ["mo", "("]:
            found.append(Run("\u2009", rise, size))
    return found


def _held_together(node: Tree, rise: float, size: float) -> list[Run]:
    inner = runs(node, rise, size)
    return [Run("(", rise, size), *inner, Run(")", rise, size)] if node[0] == "mrow" else inner
