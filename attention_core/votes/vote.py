"""What a vote is, and the words of the running example that votes speak of.

Vocabulary
    made   what a vote's function returns: the prompt, the right option with its reason, and the wrong ones with the
           beliefs that lead to them
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from zlib import crc32

from attention_core.choices import Question, asked
from attention_core.examples import PAINT

RED, BALL, HIT, BLUE, CUBE = range(len(PAINT.sentence.split()))
Made = tuple[str, tuple[str, str], tuple[str, str], tuple[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Vote:
    """A question for a class, with a name, for one lesson."""

    name: str
    lesson: str
    make: Callable[[], Made] = field(repr=False)

    @cached_property
    def question(self) -> Question:
        """Always in the same order: an answer code tells of a letter."""
        return asked(crc32(self.name.encode()), *self.make())
