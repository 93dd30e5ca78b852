"""Attention as a library: fast where you only want the result, traced where you want to know why. NumPy only.

>>> from attention_core import examples, programs, run
>>> given, labels = examples.PAINT.given("red ball hit blue cube".split())
>>> trace = run(programs.one_head(), given, labels)
>>> trace["weights"].explain((2, 1)).text
'3 / 5'

Fast        attention, softmax, log_softmax, log_sum_exp, hard_max, online_softmax, Cache
Traced      run a program (programs) on given matrices: a Trace, every Cell of which explains itself
Given       examples (worked ones), handmade (heads built by hand), masks, positions
Around it   costs (parameters, multiply-adds, bytes), export (JSON, CSV, NumPy and PyTorch scripts)

>>> import numpy as np
>>> from attention_core import attention, masks
>>> q, k, v = np.eye(3), np.eye(3), np.arange(6.0).reshape(3, 2)
>>> attention(q, k, v, mask=masks.causal(3)).round(2).tolist()
[[0.0, 1.0], [1.28, 2.28], [2.41, 3.41]]
"""

from attention_core import costs, examples, export, handmade, masks, positions, programs
from attention_core.cache import Cache
from attention_core.kernel import attention
from attention_core.softmax import hard_max, log_softmax, log_sum_exp, online_softmax, softmax
from attention_core.trace import Cell, Program, ShapeError, Step, Trace, givens, run

__all__ = [
    "Cache",
    "Cell",
    "Program",
    "ShapeError",
    "Step",
    "Trace",
    "attention",
    "costs",
    "examples",
    "export",
    "givens",
    "handmade",
    "hard_max",
    "log_softmax",
    "log_sum_exp",
    "masks",
    "online_softmax",
    "positions",
    "programs",
    "run",
    "softmax",
]
