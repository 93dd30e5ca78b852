"""A text that grows word by word: read as a whole each time, or with a cache of keys and values. And what it costs.

Vocabulary
    model     a program that reads words and, for each of them, shares out the next word among its vocabulary
    cached    the same program for new words only: keys and values of the words before are given to it
    draw      a number from [0, 1). The words' probabilities, laid end to end, reach from 0 to 1: it falls upon one word
    work      the multiply-adds of a run: every multiplication inside a matrix product, counted from its matrices
    readout   what a vector says when it is held against the unembedding: a score for every word
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from attention_core import programs
from attention_core.checks import is_product
from attention_core.trace import Program, Trace, givens, run

_PAST = "_past"  # how a given matrix is called that holds what was kept: k_past, layer1.v_past
_LOGITS, _PROBABILITIES = "logits", "next.probabilities"


@dataclass(frozen=True, eq=False)
class Model:
    """A small model. words: its vocabulary; embeddings [vocab d_model], a row for each of them; weights: the rest that
    its programs read, w_u [d_model vocab] too, but not x, the mask and what was kept.

    program, cached: what is done to the words before the unembedding, for a whole text and for new words
    """

    words: tuple[str, ...]
    embeddings: np.ndarray
    weights: Mapping[str, np.ndarray]
    program: Program
    cached: Program

    def read(self, text: Sequence[str], temperature: float = 1.0, top_k: int | None = None) -> Trace:
        """One run over the whole text. Raises ValueError for a word that is not in the vocabulary."""
        return self._run(self.program, text, {}, temperature, top_k)

    def _run(self, program: Program, new: Sequence[str], past: Mapping[str, np.ndarray], temperature: float,
             top_k: int | None) -> Trace:  # fmt: skip
        program = programs.next_token(program, temperature=True, top_k=top_k, steady=True)
        kept = next((len(matrix) for matrix in past.values()), 0)
        given = {
            **self.weights, **past, "x": self.embeddings[[self._index(word) for word in new]],
            "mask": np.tri(len(new), kept + len(new), kept, dtype=bool), "temperature": np.array(float(temperature)),
        }  # fmt: skip
        return run(program, {name: given[name] for name in givens(program)}, {"vocab": self.words})

    def _index(self, word: str) -> int:
        if word not in self.words:
            raise ValueError(f"the model knows {', '.join(self.words)}, and not {word!r}")
        return self.words.index(word)


@dataclass(eq=False)
class Reader:
    """Reads with a model, and keeps the keys and values of what was read, so that no word is read twice."""

    model: Model
    past: dict[str, np.ndarray] = field(default_factory=dict)

    def read(self, new: Sequence[str], temperature: float = 1.0, top_k: int | None = None) -> Trace:
        """Read further words; the trace is of them alone, and sees all before."""
        past = self.past or self._nothing()
        trace = self.model._run(self.model.cached, new, past, temperature, top_k)
        self.past = {name: trace[name.removesuffix(_PAST)].value for name in past}
        return trace

    def _nothing(self) -> dict[str, np.ndarray]:
        kept = [name for name in givens(self.model.cached) if name.endswith(_PAST)]
        projections = {name: name.removesuffix(_PAST).rpartition(".") for name in kept}
        return {
            name: np.zeros((0, self.model.weights[f"{layer}{dot}w_{letter}"].shape[1]))
            for name, (layer, dot, letter) in projections.items()
        }


@dataclass(frozen=True)
class Written:
    """One word that a model wrote.

    probability, draw   what it had, and the number that fell upon it
    whole, kept         the work of reading the text so far anew, and with the cache
    apart               how far the logits of the two lie from each other, at most
    """

    word: str
    probability: float
    draw: float
    whole: int
    kept: int
    apart: float


def write(
    model: Model, prompt: Sequence[str], n: int, seed: int = 0, temperature: float = 1.0, top_k: int | None = None
) -> list[Written]:
    """Let the model go on for n words, once with a cache and once without; the same draws, by this seed."""
    reader, text, written = Reader(model), list(prompt), []
    draws = np.random.default_rng(seed).random(n)
    new = text
    for draw in draws.tolist():
        kept, whole = reader.read(new, temperature, top_k), model.read(text, temperature, top_k)
        shares = kept[_PROBABILITIES].value[-1]
        at = fallen(shares, draw)
        apart = np.abs(kept[_LOGITS].value[-1] - whole[_LOGITS].value[-1]).max().item()
        written.append(Written(model.words[at], shares[at].item(), draw, work(whole), work(kept), apart))
        new = [model.words[at]]
        text += new
    return written


def fallen(shares: np.ndarray, draw: float) -> int:
    """The place upon which a draw falls when the shares are laid end to end; never one that has no share."""
    ends = np.cumsum(shares)
    return int(np.searchsorted(ends, draw * ends[-1], side="right"))


def work(trace: Trace) -> int:
    """The multiply-adds of a run: a product of n×m and m×p has n·m·p."""
    return sum(
        prod(size.values())
        for made in trace.values() if is_product(made.step)
        for size in [{a: n for of, x in zip(made.step.parsed.inputs, made.inputs, strict=True)
                      for a, n in zip(of, x.shape, strict=True)}]
    )  # fmt: skip


# --- What a vector says ----------------------------------------------------------------------------------------------


def readout(trace: Trace, stages: Sequence[str], w_u: np.ndarray) -> dict[str, np.ndarray]:
    """For each of these stages of the residual stream [query d_model], what it says [query vocab]: logits, read off
    early where it is not the last (nostalgebraist 2020 called that the logit lens)."""
    return {name: trace.matrix(name).value @ w_u for name in stages}


def most(scores: np.ndarray, words: Sequence[str], n: int) -> list[tuple[str, float]]:
    """The n words with the largest scores, the largest first; equal ones in the order of the vocabulary."""
    order = np.argsort(-scores, kind="stable")[:n]
    return [(words[i], scores[i].item()) for i in order]
