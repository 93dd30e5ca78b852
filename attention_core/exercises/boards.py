"""What a learner can look at while answering: the steps on the board of each lesson.

Vocabulary
    board   the matrices at the top of a lesson's page, computed by its bench, or by one head where it has none
    form    a step as it may stand on the board: a setting may change how it is called and what is said of it
"""

from collections.abc import Iterator, Mapping
from functools import cache

from attention_core.benches import BENCHES
from attention_core.programs import one_head
from attention_core.trace import Program, Step

_HEADS: tuple[Program, ...] = (one_head(), one_head(temperature=True), one_head(steady=True), one_head(bias=True))


@cache
def board(lesson: str) -> Mapping[str, tuple[Step, ...]]:
    """The forms of every step that the lesson's board may draw, by name; that of the untouched board comes first."""
    forms: dict[str, list[Step]] = {}
    for program in _programs(lesson):
        for step in program:
            known = forms.setdefault(step.name, [])
            if step not in known:
                known.append(step)
    return {name: tuple(known) for name, known in forms.items()}


def _programs(lesson: str) -> Iterator[Program]:
    """The untouched board's program, then that of each single setting."""
    if lesson not in BENCHES:
        yield from _HEADS
        return
    bench = BENCHES[lesson]
    yield bench.set_up().program
    for name, values in bench.allowed.items():
        for value in values:
            yield bench.set_up(**{name: value}).program
