"""What a model is to learn: tasks that make their own sentences, from a seed, with the right answer to each question.

Vocabulary
    task       a program that ends in a loss, the shapes of what is trained, and a way to draw sentences
    sentence   words by their numbers; x has a feature for each word and, where a task knows places, for each place
    asked      a token whose row is judged; the loss is the mean over all that are asked
    goal       what an asked row should be: the next word, or the weights of attention themselves
    floor      the smallest loss that is possible at all, because the sentence does not say more
    jump       in the induction tasks: back to a word that was there before; what followed it then follows it again

Every word is as likely as any other, so that nothing can be learned but the rule. No model has a LayerNorm or an MLP.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from attention_core import programs
from attention_core.examples import PAINT
from attention_core.trace import Program

Given = dict[str, np.ndarray]

_HEAD = programs.steadied(programs.masked(programs.SELF_ATTENTION))  # weights may grow without bound
_LOOKING = tuple(step for step in _HEAD[: programs.names(_HEAD).index("weights") + 1] if step.name != "v")


class Sentences(NamedTuple):
    """A batch: words [batch, token], what rows should be [batch, token, answer], and who is asked [batch, token]."""

    words: np.ndarray
    goal: np.ndarray
    asked: np.ndarray


@dataclass(frozen=True, eq=False)
class Task:
    """Something to learn.

    words    the vocabulary; answers: what can be answered, as words or as the places of tokens
    features what x has: words first, then places, then spare ones, which are 0 until a layer writes into them
    embed    [word, d_model]: the features of each word without its place
    tokens   how many a sentence has
    draw     (random generator, how many) -> that many sentences
    shapes   of the trained matrices, by name
    judged   the matrix whose asked rows are compared with the goal, and what the program calls the goal
    steps    so many steps of `optimiser` at `rate` are enough, for 9 seeds in 10 at least
    floor    the smallest loss that is possible
    places   the first feature that stands for a place; 0 where the task knows no places
    """

    name: str
    title: str
    about: str
    program: Program
    words: tuple[str, ...]
    answers: tuple[str, ...]
    features: tuple[str, ...]
    embed: np.ndarray = field(repr=False)
    tokens: int
    draw: Callable[[np.random.Generator, int], Sentences]
    shapes: Mapping[str, tuple[int, ...]]
    judged: tuple[str, str]
    steps: int
    rate: float
    optimiser: str = "adam"
    floor: float = 0.0
    places: int = 0
    causal: bool = True

    def begin(self, seed: int) -> Given:
        """The weights that training begins with: at random, biases by distance at 0."""
        rng = np.random.default_rng([seed, 0])
        drawn = {name: rng.normal(size=shape) / sqrt(shape[0]) for name, shape in self.shapes.items()}
        return {name: np.zeros_like(matrix) if name == "table" else matrix for name, matrix in drawn.items()}

    def batch(self, seed: int, step: int, many: int) -> Sentences:
        """The sentences of one step of training: the same for the same seed and step."""
        return self.draw(np.random.default_rng([seed, step]), many)

    def x(self, words: np.ndarray) -> np.ndarray:
        """Words [batch, token] as features [batch, token, d_model]."""
        x = self.embed[words]
        if self.places:
            token = np.arange(self.tokens)
            x[:, token, self.places + token] = 1
        return x

    @property
    def own(self) -> tuple[str, str, str]:
        """The given matrices that differ between sentences."""
        return ("x", self.judged[1], "counted")

    def given(self, sentences: Sentences) -> Given:
        """All given matrices of a batch but the trained ones; those in `own` have an axis in front."""
        n = self.tokens
        d_k = next(shape[-1] for name, shape in self.shapes.items() if name.endswith("w_q"))
        return {
            "x": self.x(sentences.words), self.judged[1]: sentences.goal,
            "counted": sentences.asked / sentences.asked.sum(),
            "mask": np.tri(n, dtype=bool) if self.causal else np.ones((n, n), bool), "scale": np.array(1 / sqrt(d_k)),
        }  # fmt: skip

    def alone(self, sentences: Sentences) -> Given:
        """The given matrices of a batch of one sentence, without the axis in front."""
        given = self.given(sentences)
        return given | {name: given[name][0] for name in self.own}

    def said(self, words: Sequence[int]) -> list[str]:
        return [self.words[word] for word in words]


# --- Sentences -------------------------------------------------------------------------------------------------------


def _one_hot(numbers: np.ndarray, many: int) -> np.ndarray:
    return np.eye(many)[numbers]


def _asking(words: np.ndarray, answers: np.ndarray, many: int) -> Sentences:
    """answers [batch, token]: the number of the right answer, −1 where nobody asks."""
    asked = answers >= 0
    return Sentences(words, _one_hot(np.maximum(answers, 0), many), asked.astype(float))


def _previous(n: int, words: int) -> Callable:
    def draw(rng: np.random.Generator, many: int) -> Sentences:
        text = rng.integers(words, size=(many, n))
        answers = np.full_like(text, -1)
        answers[:, 1:] = text[:, :-1]
        return _asking(text, answers, words)

    return draw


def _copied(half: int, words: int, order: slice) -> Callable:
    """Some words, a bar, and the same words again, as they were or backwards; asked for from the bar on."""

    def draw(rng: np.random.Generator, many: int) -> Sentences:
        first = rng.integers(words, size=(many, half))
        second = first[:, order]
        bar = np.full((many, 1), words)
        text = np.concatenate([first, bar, second[:, :-1]], axis=1)
        answers = np.concatenate([np.full((many, half), -1), second], axis=1)
        return _asking(text, answers, words + 1)

    return draw


def _shuffled(rng: np.random.Generator, many: int, words: int, n: int) -> np.ndarray:
    """Rows of n different words."""
    return np.argsort(rng.random((many, words)), axis=1)[:, :n]


def _pairs(pairs: int, keys: int, values: int) -> Callable:
    """Tokens that are a name and a colour at once, all names different; then one of the names, alone."""

    def draw(rng: np.random.Generator, many: int) -> Sentences:
        names, colours = _shuffled(rng, many, keys, pairs), rng.integers(values, size=(many, pairs))
        wanted = rng.integers(pairs, size=many)
        row = np.arange(many)
        text = np.concatenate([names * values + colours, keys * values + names[row, wanted][:, None]], axis=1)
        answers = np.full_like(text, -1)
        answers[:, -1] = colours[row, wanted]
        return _asking(text, answers, values)

    return draw


def _jumps(n: int, words: int) -> Callable:
    """n different words; then, twice, one of them and the word that had followed it, which is asked for."""

    def draw(rng: np.random.Generator, many: int) -> Sentences:
        first = _shuffled(rng, many, words, n)
        place = _shuffled(rng, many, n - 1, 2)
        place = np.where(
            place[:, 1:] == place[:, :1] + 1,
            place[:, ::-1],
            place,
            # Else what answers the first question would be followed by the second, which is another word than before.
        )
        again = np.stack([np.take_along_axis(first, place + step, axis=1) for step in (0, 1)], axis=2)
        text = np.concatenate([first, again.reshape(many, -1)], axis=1)
        answers = np.full_like(text, -1)
        answers[:, n::2] = again[..., 1]
        return _asking(text[:, :-1], answers[:, :-1], words)

    return draw


def _coloured(text: Sequence[Sequence[str]], targets: Sequence[int]) -> tuple[tuple[str, ...], Callable]:
    """Paint's words, one of several at each place; targets: where each token should look, or −1.

    A batch is always all the sentences that there are: plain gradient descent, in which nothing is left to chance.
    """
    words = tuple(dict.fromkeys(word for choice in text for word in choice))
    every = np.array([[words.index(word) for word in sentence] for sentence in product(*text)])

    def draw(rng: np.random.Generator, many: int) -> Sentences:
        return _asking(every, np.tile(targets, (len(every), 1)), len(text))

    return words, draw


# --- Models ----------------------------------------------------------------------------------------------------------


def _reader(layers: int) -> Program:
    """Heads on top of one another, then the word that is the answer, and how far off it is."""
    model = _HEAD if layers == 1 else programs.stack([_HEAD] * layers)
    return programs.cross_entropy(programs.next_token(model, steady=True))


def _reading(
    name: str, title: str, about: str, words: Sequence[str], tokens: int, draw: Callable, *, layers: int = 1,
    d_k: int = 8, spare: int = 0, steps: int, rate: float = 0.01,
) -> Task:  # fmt: skip
    """A task whose answer is a word: x has one feature per word and per place, and the stream is read at its end."""
    features = (*words, *_places(tokens), *(f"spare {i + 1}" for i in range(spare)))
    d_model = len(features)
    own = {"w_q": (d_model, d_k), "w_k": (d_model, d_k), "w_v": (d_model, d_k), "w_o": (d_k, d_model)}
    if layers > 1:
        own = {f"layer{i + 1}.{key}": shape for i in range(layers) for key, shape in own.items()}
    return Task(
        name, title, about, _reader(layers), tuple(words), tuple(words), features, np.eye(len(words), d_model), tokens,
        draw, own | {"w_u": (d_model, len(words))}, ("next.probabilities", "targets"), steps, rate, places=len(words),
    )  # fmt: skip


def _places(tokens: int) -> tuple[str, ...]:
    return tuple(f"at {i + 1}" for i in range(tokens))


def _recall() -> Task:
    """Tokens with two sorts of features, a name and a colour; the question has only a name."""
    names, colours = ("Ann", "Ben", "Cat", "Dan"), ("red", "blue", "green")
    words = (*(f"{name} {colour}" for name in names for colour in colours), *(f"{name}?" for name in names))
    d_model, d_k = len(names) + len(colours), 4
    embed = np.zeros((len(words), d_model))
    for word, text in enumerate(words):
        name, _, colour = text.removesuffix("?").partition(" ")
        embed[word, names.index(name)] = 1
        if colour:
            embed[word, len(names) + colours.index(colour)] = 1
    shapes = {"w_q": (d_model, d_k), "w_k": (d_model, d_k), "w_v": (d_model, d_k), "w_o": (d_k, d_model)}
    return Task(
        "recall", "Recall", "Who has which colour? The last token asks for one of those before it.", _reader(1), words,
        colours, (*names, *colours), embed, 4, _pairs(3, len(names), len(colours)),
        shapes | {"w_u": (d_model, len(colours))}, ("next.probabilities", "targets"), 200, 0.01,
    )  # fmt: skip


def _looking(
    name: str, title: str, about: str, text: Sequence[Sequence[str]], targets: Sequence[int], *, table: bool,
    floor: float = 0.0,
) -> Task:  # fmt: skip
    """A task in the features of the paint example, whose goal is the weights of attention themselves."""
    words, draw = _coloured(text, targets)
    n = len(text)
    program = programs.relative_bias(_LOOKING, n, n) if table else _LOOKING
    shapes = {"w_q": (6, 4), "w_k": (6, 4)} | ({"table": (2 * n - 1,)} if table else {})
    embed = np.array([word.features for word in PAINT.words(words)], float)
    return Task(
        name, title, about, programs.cross_entropy(program, "weights"), words, _places(n), PAINT.features, embed, n,
        draw, shapes, ("weights", "pattern"), 400, 1.0, "sgd", floor,
    )  # fmt: skip


def drawn(pattern: np.ndarray, causal: bool = False) -> Task:
    """A pattern of attention to be learned by places alone: row i says how token i should share itself out.

    pattern [token, token], not negative; a row is divided by its sum, and one of zeros is not asked for. Raises
    ValueError when nothing is asked for, and for what no weights could be: negative, or hidden by the mask.
    """
    n = len(pattern)
    if pattern.shape != (n, n) or not np.isfinite(pattern).all() or (pattern < 0).any():
        raise ValueError("a pattern has as many columns as rows, and no number below 0")
    if causal and np.triu(pattern, 1).any():
        raise ValueError("a token cannot learn to look at a later one that the mask hides from it")
    sums = pattern.sum(axis=1)
    if not sums.any():
        raise ValueError("no token is asked to look anywhere: give at least one row a number above 0")
    goal = pattern / np.where(sums > 0, sums, 1)[:, None]
    asked = (sums > 0).astype(float)
    logs = np.log(np.where(goal > 0, goal, 1))

    def draw(rng: np.random.Generator, many: int) -> Sentences:
        return Sentences(np.tile(np.arange(n), (1, 1)), goal[None], asked[None])

    return Task(
        "drawn", "A pattern of your own", "Each token has its place as its only feature.",
        programs.cross_entropy(_LOOKING, "weights"), _places(n), _places(n), _places(n), np.eye(n), n, draw,
        {"w_q": (n, n), "w_k": (n, n)}, ("weights", "pattern"), 150, 0.1,
        floor=-float((goal * logs).sum() / asked.sum()), causal=causal,
    )  # fmt: skip


# --- The tasks -------------------------------------------------------------------------------------------------------

_LETTERS = tuple("abcdefgh")
_SENTENCE = (("red", "blue"), ("ball", "cube"), ("hit",), ("red", "blue"), ("ball", "cube"))
_TARGETS = (-1, 0, 1, -1, 3)

_ALL = (
    _reading("previous", "The previous word", "Each token is to say which word stands before it.",
             _LETTERS[:5], 6, _previous(6, 5), d_k=6, steps=100),
    _reading("repeat", "Repeat", "Three words, then a bar, then the same words again.",
             (*_LETTERS[:4], "|"), 6, _copied(3, 4, slice(None)), d_k=6, steps=100),
    _reading("reverse", "Reverse", "Three words, then a bar, then the same words backwards.",
             (*_LETTERS[:4], "|"), 6, _copied(3, 4, slice(None, None, -1)), d_k=6, steps=100),
    _recall(),
    _looking("adjective", "Adjective to noun, without places", "Each noun is to look at its adjective, the verb at the "
             "noun before it. The word is all that is known of a token.",
             _SENTENCE, _TARGETS, table=False, floor=log(2) / 3),
    _looking("adjective-places", "Adjective to noun, with places", "Each noun is to look at its adjective, the verb "
             "at the noun before it. Each distance has a number, learned too, that is added to its scores.",
             _SENTENCE, _TARGETS, table=True),
    _looking("which-rule", "Which rule?", "Each noun looks at its adjective, which always stands right before it.",
             (("red", "blue"), ("ball", "cube"), ("hit",)), (-1, 0, 1), table=True),
    _reading("induction", "Induction, two layers", "A word comes again: what followed it before is to follow again.",
             _LETTERS, 9, _jumps(6, 8), layers=2, spare=8, steps=200, rate=0.02),
    _reading("induction-one", "Induction, one layer", "A word comes again: what followed it before is to "
             "follow again. One layer cannot learn it.",
             _LETTERS, 9, _jumps(6, 8), steps=200, rate=0.02),
)  # fmt: skip
TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}
