"""What a bench is: a small program with its matrices, which a learner changes by settings and by hand.

Vocabulary
    bench     what one lesson computes: a name, settings with their defaults, and how a set-up follows from them
    set-up    a program, its given matrices and labels, and what is said about the numbers that were given
    setting   a number or a switch beside the matrices; the text length and the kind of scores are such
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from attention_core.tokens import Word
from attention_core.trace import Program

Value = bool | float | int | str


class Text(tuple):
    """What a setting may be that is any text: examples of it, and how it is read.

    read: raises ValueError, with a sentence that says what was wrong and what is allowed, for a text that may not be.
    """

    def __new__(cls, read: Callable[[str], object], examples: Iterable[str]):
        made = super().__new__(cls, examples)
        made.read = read
        return made


@dataclass(frozen=True)
class SetUp:
    """What is computed. editable: the given matrices that may be typed over; about: where a given matrix comes from
    (of x only where it is no sentence: else its words say it).

    steady: the program that subtracts the row maximum, run when a score is too large for exp; () if `program` knows;
    alike: given matrices that hold the same numbers: what is typed into one of them stands in all;
    numbers: of given matrices that a setting only arranges anew, which number each cell is; what is typed follows it;
    painted: given matrices beside the mask that are painted, each with the numbers that a click leads a cell through;
        what is typed into it lies between the smallest and the largest of them;
    cut: into squares of how many pixels a picture is cut; 0 where there is none.
    """

    program: Program
    given: Mapping[str, np.ndarray]
    labels: Mapping[str, tuple[str, ...]]
    editable: tuple[str, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    words: tuple[Word, ...] = ()
    steady: Program = ()
    alike: tuple[str, ...] = ()
    painted: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cut: int = 0
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """A lesson's bench. settings: the defaults; allowed: for a number its limits, else the values that it may have, or
    a Text.

    figures: settings that only a figure of the page reads, and no matrix: to change one is no change of the numbers;
    single: given matrices of which a setting changes single numbers: what was typed beside these stays. Any other given
        matrix that a setting makes anew is ours again as a whole: a turned or a tied one would not be so any more;
    said: how a setting is told in half a sentence, "a value has at most r = 2 coordinates": a text with {} for the
        value, one for each, or what makes one of it; a setting without one is not told of;
    watched: given matrices whose numbers the page tells of below the matrices, too: a change of one repaints the page;
    keeps: what is typed stays with its number (SetUp.numbers) even where a setting has made that another one of ours;
    aligned: of the settings before and after a change, the former as they would be called now, for a number is found
        again by what it is called.
    """

    name: str
    settings: Mapping[str, Value]
    allowed: Mapping[str, tuple[Value, ...]]
    build: Callable[..., SetUp]
    figures: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    said: Mapping[str, str | Mapping[Value, str] | Callable[[Value], str]] = field(default_factory=dict)
    keeps: bool = False
    aligned: Callable[[Mapping[str, Value], Mapping[str, Value]], Mapping[str, Value]] | None = None

    def told(self, name: str, value: Value) -> str:
        """A setting in half a sentence; "" for one that is not told of."""
        text = self.said.get(name, "")
        if callable(text):
            return text(value)
        return text.format(value) if isinstance(text, str) else text[value]

    def set_up(self, **settings: Value) -> SetUp:
        """The set-up for these settings, the defaults for the others. Raises ValueError for one that may not be."""
        merged = {**self.settings, **self.changed(settings)}
        return self.build(**{name: value for name, value in merged.items() if name not in self.figures})

    def changed(self, settings: Mapping[str, Value]) -> dict[str, Value]:
        """Those of these settings that are not the default. Raises ValueError for one that may not be."""
        for name, value in settings.items():
            if name not in self.settings or not self.allows(name, value):
                raise ValueError(f"the bench {self.name!r} has no setting {name} = {value!r}")
        return {name: value for name, value in settings.items() if value != self.settings[name]}

    def allows(self, name: str, value: Value) -> bool:
        """Whether a setting may have this value: a number within its limits, else one of those listed."""
        default, allowed = self.settings[name], self.allowed[name]
        if isinstance(allowed, Text):
            return isinstance(value, str) and _reads(allowed, value)
        if type(default) is float:
            return type(value) in (int, float) and allowed[0] <= value <= allowed[1]
        return type(value) is type(default) and value in allowed


def _reads(text: Text, value: str) -> bool:
    try:
        text.read(value)
    except ValueError:
        return False
    return True


BOTH = (False, True)
