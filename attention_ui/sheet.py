"""A lesson's sheet: the matrices of its bench, with the learner's settings and edits. No Streamlit in here.

Vocabulary
    bench     what the lesson computes (attention_core.benches): a program, its matrices, settings
    settings  those of the bench that differ from its defaults
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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

    @property
    def set_up(self) -> SetUp:
        return self.bench.set_up(**self.settings)

    def setting(self, name: str) -> Value:
        return self.settings.get(name, self.bench.settings[name])

    @property
    def program(self) -> Program:
        return self.set_up.program

    @property
    def plain(self) -> "Sheet":
        return Sheet(self.name)

    @property
    def topic(self) -> tuple:
        given, labels = self.unedited()
        return self.name, tuple(matrix.shape for matrix in given.values()), tuple(labels.values())

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
        return replace(self, edits={name: cells for name, cells in self.edits.items() if name in self.bench.watched})

    def with_settings(self, **changes: Value) -> "Sheet":
        """Other settings; edits of a matrix that they make anew are dropped. Raises ValueError for a wrong one."""
        merged = {**self.settings, **changes}
        settings = {name: value for name, value in merged.items() if value != self.bench.settings.get(name, ...)}
        new = replace(self, settings=settings, edits={})
        old, now = self.unedited()[0], new.unedited()[0]
        kept = {
            name: cells for name, cells in self.edits.items() if name in now and np.array_equal(old[name], now[name])
        }
        return replace(new, edits=kept)
