"""Arithmetic on single numbers, as steps: for questions about a formula rather than a matrix.

Vocabulary
    scalar   a step whose inputs and output have no axes
    LN, ROOT, ...  what such questions need beside the rules of the core
    WHOLE_TIMES    how often one number goes into another, and REMAINDER, what is left
"""

import numpy as np

from attention_core.rules import Rule, bracketed, elementwise
from attention_core.trace import Step

LN = Rule("ln", elementwise(np.log), lambda x: ["ln(", x[0], ")"])
ROOT = Rule("√", elementwise(np.sqrt), lambda x: ["sqrt(", x[0], ")"])
WHOLE_TIMES = Rule("÷", elementwise(np.floor_divide), lambda a, b: ["whole times of ", b[0], " in ", a[0]])
REMAINDER = Rule("mod", elementwise(np.remainder), lambda a, b: ["rest of ", a[0], " / ", b[0]])
SQUARE = Rule("²", elementwise(np.square), lambda x: [*bracketed(x[0]), "²"])


def scalar(name: str, formula: str, code: str, inputs: tuple[str, ...], rule: Rule, title: str, meaning: str) -> Step:
    """A step on single numbers."""
    axes = ", ".join([""] * len(inputs)) + " -> "
    return Step(name, formula, f"{name} = {code}", inputs, axes, rule, title, f"{title.capitalize()}.", meaning)


def number(x: float) -> np.ndarray:
    return np.array(float(x))
