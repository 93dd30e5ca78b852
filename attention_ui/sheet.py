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
from attention_core.tokens import Word
from attention_core.trace import Matrix, Program
from attention_ui.editable import Editable, Given, Index


@dataclass(frozen=True)
class Sheet(Editable):
    """What a learner has made of a lesson's bench."""

    name: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    subject = "table of numbers"

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

    @property
    def plain(self) -> "Sheet":
        return Sheet(self.name)

    @property
    def topic(self) -> tuple:
        return self.name, tuple(self.unedited()[1].values())

    @property
    def editable(self) -> tuple[str, ...]:
        return self.set_up.editable

    @property
    def words(self) -> tuple[Word, ...]:
        return self.set_up.words

    def unedited(self) -> Given:
        set_up = self.set_up
        return {name: np.array(matrix) for name, matrix in set_up.given.items()}, set_up.labels

    def about(self, matrix: Matrix, at: Index, d_k: int) -> str:
        return self.words[at[0]].why if matrix.name == "x" else self.set_up.about[matrix.name]

    def around(self) -> "Sheet":
        return replace(self, edits={})

    def with_cells(self, name: str, texts: Mapping[Index, str]) -> "Sheet":
        """As of every document; and what is typed into one of the bench's matrices that are alike stands in all."""
        new = super().with_cells(name, texts)
        for other in self.bench.alike if name in self.bench.alike else ():
            new = super(Sheet, new).with_cells(other, texts)
        return new

    def with_settings(self, **changes: Value) -> "Sheet":
        """Other settings; edits of a matrix that they make anew are dropped. Raises ValueError for a wrong one."""
        new = replace(self, settings=self.bench.changed({**self.settings, **changes}), edits={})
        old, now = self.unedited()[0], new.unedited()[0]
        kept = {
            name: cells for name, cells in self.edits.items() if name in now and np.array_equal(old[name], now[name])
        }
        return replace(new, edits=kept)
