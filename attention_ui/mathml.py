"""Formulas for a component that may not run KaTeX: the LaTeX of our steps as MathML trees.

Vocabulary
    tree   a nested list [tag, child, ...] whose leaves are strings; the component builds elements from it, never markup
    bars   | around a length: they belong to what is between them, and an index after them to the whole

Only what the steps use is understood: letters, numbers, + - = /, brackets, ^ and _ with groups, \\sqrt \\tfrac \\text
\\tilde \\hat, some Greek letters, names of functions, and spaces. Anything else is an error, so that a new formula is
noticed by the tests.
"""

import re
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
