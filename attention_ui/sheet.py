"""A lesson's sheet: the matrices of its bench, with the learner's settings and edits. No Streamlit in here.

Vocabulary
    bench     what the lesson computes (attention_core.benches): a program, its matrices, settings
    settings  those of the bench that differ from its defaults
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from attention_core.benches import BENCHES, Bench, SetUp, Value
from attention_core.programs import given_of
from attention_core.tokens import Word
from attention_core.trace import Matrix, Program, givens
from attention_ui.editable import Editable, Given, Index

_FEATURES = ("d_model", "d_model_k")


def _own(name: str) -> str:
    """What a matrix is called in its layer."""
    return name.rpartition(".")[2]


@dataclass(frozen=True)
class Sheet(Editable):
    """What a learner has made of a lesson's bench."""

    name: str
    settings: Mapping[str, Value] = field(default_factory=dict)

    @property
    def bench(self) -> Bench:
        return BENCHES[self.name]

    @cached_property
    def set_up(self) -> SetUp:
        return self.bench.set_up(**self.settings)

    def setting(self, name: str) -> Value:
        return self.settings.get(name, self.bench.settings[name])

    @property
    def program(self) -> Program:
        return self.set_up.program

    @property
    def steadied(self) -> Program:
        return self.set_up.steady

    def told(self, before: Editable | None = None) -> list[str]:
        """What is set otherwise than before, or than we did: each in half a sentence, where the bench tells of it."""
        was = before if isinstance(before, Sheet) else self.plain
        found = (self.bench.told(name, self.setting(name)) for name in self.bench.settings
                 if self.setting(name) != was.setting(name))  # fmt: skip
        return [text for text in found if text]

    @property
    def plain(self) -> "Sheet":
        return Sheet(self.name)

    @property
    def topic(self) -> tuple:
        """Not the features: the same words may have columns for places, too."""
        return self.name, *(labels for axis, labels in self.unedited()[1].items() if axis not in _FEATURES)

    @property
    def editable(self) -> tuple[str, ...]:
        return self.set_up.editable

    @property
    def painted(self) -> Mapping[str, tuple[float, ...]]:
        return {**super().painted, **self.set_up.painted}

    @property
    def cut(self) -> int:
        return self.set_up.cut

    @property
    def words(self) -> tuple[Word, ...]:
        return self.set_up.words

    def unedited(self) -> Given:
        set_up = self.set_up
        return {name: np.array(matrix) for name, matrix in set_up.given.items()}, set_up.labels

    def about(self, matrix: Matrix, at: Index, d_k: int) -> str:
        return self.words[at[0]].why if matrix.name == "x" and self.words else self.set_up.about[matrix.name]

    @property
    def said_of_x(self) -> str:
        return "" if self.words else self.set_up.about.get("x", "")

    def around(self) -> "Sheet":
        return replace(self, edits={name: cells for name, cells in self.edits.items() if name in self.bench.watched})

    def with_cells(self, name: str, texts: Mapping[Index, str]) -> "Sheet":
        """As of every document; and what is typed into one of the matrices that are alike stands in all."""
        new, alike = super().with_cells(name, texts), self.set_up.alike
        for other in alike if name in alike else ():
            new = super(Sheet, new).with_cells(other, texts)
        return new

    def with_settings(self, **changes: Value) -> "Sheet":
        """Other settings; what was typed stays where the number under it is the same. Raises ValueError for a bad one.

        The same: in a matrix of the same size, between the same labels.
        """
        new = replace(self, settings=self.bench.changed({**self.settings, **changes}), edits={})
        old, now = self.unedited()[0], new.unedited()[0]
        kept = {
            name: {
                at: text
                for at, text in cells.items()
                if name not in self.bench.single or old[name][at] == now[name][at]
            }
            for name, cells in self.edits.items()
            if name in now and (name in self.bench.single or np.array_equal(old[name], now[name]))
            if old[name].shape == now[name].shape and self._places(name) == new._places(name)
        }
        kept |= self._followed(new)
        typed = next((kept[name] for name in new.set_up.alike if kept.get(name)), {})
        kept |= {name: typed for name in new.set_up.alike if typed}
        return replace(new, edits={name: cells for name, cells in kept.items() if cells})

    def _followed(self, new: "Sheet") -> dict[str, dict[Index, str]]:
        """What was typed over a number that may stand elsewhere now, in its matrix or in that of a layer, at its place.

        It stays if the number is as it was, or if the bench keeps all that is typed.
        """
        before, after = self.bench.settings | self.settings, self.bench.settings | new.settings
        aligned = self.bench.aligned(before, after) if self.bench.aligned else before
        was, numbers = self.bench.set_up(**aligned).numbers, new.set_up.numbers
        old, now = self.unedited()[0], new.unedited()[0]
        places = {(_own(name), int(of)): (name, at) for name, found in numbers.items() if name in now
                  for at, of in np.ndenumerate(found)}  # fmt: skip
        kept = {name: {} for name in self.edits if name in was}
        for name, at, text in [(n, at, text) for n in kept for at, text in self.edits[n].items()]:
            to, there = places.get((_own(name), int(was[name][at])), ("", ()))
            if to and (self.bench.keeps or old[name][at] == now[to][there]):
                kept.setdefault(to, {})[there] = text
        return kept

    def _places(self, name: str) -> tuple[tuple[str, ...] | None, ...]:
        """The labels along the axes of a given matrix; None where they are only numbered."""
        axes = givens(self.program).get(name, given_of(name).axes)
        return tuple(self.set_up.labels.get(axis) for axis in axes)
