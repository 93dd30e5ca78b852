"""Attention as data: programs whose every number can be explained. NumPy and the standard library only.

>>> from attention_core import examples, programs, run
>>> given, labels = examples.PAINT.given("red ball hit blue cube".split())
>>> trace = run(programs.one_head(), given, labels)
>>> trace["weights"].explain((2, 1)).text
'3 / 5'
>>> trace["weights"].value[2, 1].round(12).item()
0.6
"""

from attention_core import examples, programs
from attention_core.trace import Cell, Program, ShapeError, Step, Trace, run

__all__ = ["Cell", "Program", "ShapeError", "Step", "Trace", "examples", "programs", "run"]
