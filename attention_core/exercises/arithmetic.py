"""Arithmetic on single numbers, as steps: for questions about a formula rather than a matrix.

Vocabulary
    scalar   a step whose inputs and output have no axes
    LN, ROOT the two functions that such questions need beside the rules of the core
"""

import numpy as np

from attention_core.rules import Rule, bracketed, elementwise
from attention_core.trace import Step

LN = Rule("ln", elementwise(np.log), lambda x: ["ln(", x[0], ")"])
ROOT = Rule("√", elementwise(np.sqrt), lambda x: ["sqrt(", x[0], ")"])
SQUARE = Rule("²", elementwise(np.square), lambda x: [*bracketed(x[0]), "²"])


def scalar(name: str, formula: str, code: str, inputs: tuple[str, ...], rule: Rule, title: str, meaning: str) -> Step:
    """A step on single numbers."""
    axes = ", ".join([""] * len(inputs)) + " -> "
    return Step(name, formula, f"{name} = {code}", inputs, axes, rule, title, f"{title.capitalize()}.", meaning)


def number(x: float) -> np.ndarray:
    return np.array(float(x))
