"""A question with four answers to choose from, one of them right: what votes and the diagnostic are made of.

Vocabulary
    option    an answer, and what it goes with: of the right one why it is so, of a wrong one what is believed by
              whoever chooses it
    letter    what an option is called on the screen: A to D, in the order in which it is shown
    head      a run of the running example's head; bench: a run of a lesson's bench
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from attention_core import costs, programs
from attention_core.benches import BENCHES, Value
from attention_core.examples import PAINT
from attention_core.numerals import exact
from attention_core.trace import Trace

LETTERS = "ABCD"


@dataclass(frozen=True)
class Option:
    """An answer in plain text; says: why it is right, or what is believed by who chooses it. Whole sentences."""

    text: str
    says: str


@dataclass(frozen=True)
class Question:
    """A prompt and its options; right: the place of the right one among them."""

    prompt: str
    options: tuple[Option, ...]
    right: int

    @property
    def answer(self) -> Option:
        return self.options[self.right]

    def is_right(self, option: int) -> bool:
        return option == self.right


def asked(seed: int, prompt: str, right: Option | tuple[str, str], *wrong: Option | tuple[str, str]) -> Question:
    """The question, its options in an order that the seed draws. Raises ValueError unless there are as many options as
    LETTERS, and no two say the same: then the numbers that were drawn do not tell the beliefs apart."""
    options = [option if isinstance(option, Option) else Option(*option) for option in (right, *wrong)]
    texts = [option.text for option in options]
    if len(options) != len(LETTERS) or len(set(texts)) < len(texts):
        raise ValueError(f"a question has {len(LETTERS)} options that differ, and this one has {texts}")
    order = np.random.default_rng([11, seed]).permutation(len(options)).tolist()
    return Question(prompt, tuple(options[i] for i in order), order.index(0))


@lru_cache(maxsize=128)
def bench(name: str, **settings: Value) -> Trace:
    """A lesson's bench with these settings, run. Raises ValueError for a setting that it does not have."""
    set_up = BENCHES[name].set_up(**settings)
    return programs.run_steady(set_up.program, set_up.given, set_up.labels, set_up.steady)[0]


@lru_cache(maxsize=512)
def head(
    sentence: str = PAINT.sentence, causal: bool = True, ablation: str = "", scale: float | None = None,
    seen: Sequence[tuple[int, int]] = (), factor: float = 1.0,
) -> Trace:  # fmt: skip
    """The running example's head on a sentence. scale: instead of 1/√d_k; seen: cells of the mask that are 1 besides;
    factor: by which all embeddings are multiplied."""
    given, labels = PAINT.given(sentence.split(), causal)
    for at in seen:
        given["mask"][at] = True
    given["x"] = factor * given["x"]
    if scale is not None:
        given["scale"] = np.array(scale)
    return programs.run_steady(programs.one_head(ablation=ablation), given, labels)[0]


def number(trace: Trace, name: str, *at: int) -> float:
    return trace.matrix(name).value[at].item()


def layer(h: int, d_model: int) -> costs.Config:
    """The shape of a layer of attention alone, cut into h heads. Raises ValueError where h does not divide d_model."""
    return costs.Config(1, d_model, h, 1, 1, attention_biases=False)


# --- In words --------------------------------------------------------------------------------------------------------


def listed(numbers: Iterable[float]) -> str:
    """Numbers as a sentence lists them, each as one word: “1, ln 3 and 1”."""
    return joined([exact(float(x)).replace(" ", "\N{NO-BREAK SPACE}") for x in numbers])


def joined(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
