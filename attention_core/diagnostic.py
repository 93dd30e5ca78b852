"""Twelve questions before the course and twelve after it: which ideas are known, and what has been gained.

Vocabulary
    idea      one of twelve; each has an item, and a lesson that teaches it
    item      asks for one idea, with the numbers and words of a seed. Every answer is computed; each wrong option is a
              misconception
    form      "before" or "after": the even seeds and the odd ones. Same ideas, other numbers
    sitting   the answers to all items of one seed. They are kept as answers of the learner's progress
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from attention_core import costs, programs, simulations
from attention_core.choices import Question, asked, bench, head, layer, listed, number
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact
from attention_core.progress import DIAGNOSTIC, Answer, Progress
from attention_core.softmax import softmax
from attention_core.trace import run

FORMS = ("before", "after")
_TRIES = 200  # draws until no two options say the same
_NOUNS = ("ball", "cube", "box", "door", "cup", "lamp")
_VERBS = ("hit", "saw", "met", "found")
_FITS = "Nouns look for adjectives, and verbs for nouns; what fits counts 3 times, all else once."
_NOUN = PAINT.features.index("noun")


@dataclass(frozen=True)
class Item:
    """A question about one idea. lesson: where it is taught; build: prompt and options from random numbers and a
    form."""

    idea: str
    title: str
    lesson: str
    build: Callable[[np.random.Generator, int], tuple] = field(repr=False)

    def question(self, seed: int) -> Question:
        """The question of this seed; the same numbers for everybody. Raises ValueError for a seed below 0."""
        if type(seed) is not int or seed < 0:
            raise ValueError(f"a seed is a whole number of at least 0, and this is {seed!r}")
        rng = np.random.default_rng([17, seed, *self.idea.encode()])
        for _ in range(_TRIES):
            try:
                return asked(int(rng.integers(2**31)), *self.build(rng, seed % len(FORMS)))
            except ValueError:  # these numbers do not tell the options apart
                continue
        raise RuntimeError(f"the item {self.idea!r} finds no numbers that tell its options apart")


def _sentence(rng: np.random.Generator) -> list[str]:
    """Five words as in the running example: adjective, noun, verb, adjective, noun."""
    nouns = rng.choice(_NOUNS, 2, replace=False).tolist()
    colours = rng.permutation(["red", "blue"]).tolist()
    return [colours[0], nouns[0], str(rng.choice(_VERBS)), colours[1], nouns[1]]


# --- One head --------------------------------------------------------------------------------------------------------


def _lookup(rng: np.random.Generator, form: int) -> tuple:
    counts = rng.choice([1, 2, 3, 4, 5, 6], 3, replace=False).astype(float)
    values = 10.0 * rng.choice(np.arange(1, 10), 3, replace=False)
    shares = softmax(np.log(counts))
    mixed, best, mean, total = _apart(shares @ values, values[counts.argmax()], values.mean(), counts @ values)
    return (
        f"Three keys fit a query: they count {listed(counts)}, and their values are {listed(values)}. What does a soft "
        "lookup give?",
        (mixed, "The values, mixed in the shares of what counts."),
        (best, "The best key’s value, whole: a hard lookup."),
        (mean, "All values alike."),
        (total, "What counts was not divided by its sum."),
    )


def _softmax(rng: np.random.Generator, form: int) -> tuple:
    bases = rng.choice([2, 3, 5, 6, 7, 10], 2, replace=False)
    scores = np.log([*bases, 1.0])
    share, divided, even, all_of_it = _apart(softmax(scores)[0], (scores / scores.sum())[0], 1 / len(scores), 1.0)
    return (
        f"Softmax of the scores {listed(scores)}. What is the first weight?",
        (share, "The exponential of the first, divided by the sum of all three."),
        (divided, "The score itself, divided by the sum of the scores."),
        (even, "All alike."),
        (all_of_it, "The largest, or the first, takes all."),
    )


def _scaling(rng: np.random.Generator, form: int) -> tuple:
    m, d, others = int(rng.choice([2, 3, 5])), int(rng.choice([4, 9, 16])), int(rng.integers(2, 6))
    scores = np.array([d**0.5 * np.log(m), *[0.0] * others])
    rooted, raw, by_d, even = _apart(*(softmax(scores / d**power)[0] for power in (0.5, 0.0, 1.0)), 1 / len(scores))
    return (
        f"A query has the score {listed(scores[:1])} with one key, and 0 with {others} others; d_k is {d}. How much "
        "does it take from the one, in scaled dot-product attention?",
        (rooted, "Scores are divided by √d_k before softmax."),
        (raw, "The scores were not divided."),
        (by_d, "The scores were divided by d_k."),
        (even, "All alike."),
    )


def _projections(rng: np.random.Generator, form: int) -> tuple:
    d_model, d_k, n = int(rng.choice([6, 8, 10])), int(rng.choice([2, 3, 4])), int(rng.integers(5, 8))
    longer, letter = n * int(rng.choice([2, 3, 4])), ("w_q", "w_k")[form]
    given = {"x": np.ones((n, d_model)), **{name: np.ones((d_model, d_k)) for name in ("w_q", "w_k")}}
    scores = [step for step in programs.SELF_ATTENTION if step.name in ("q", "k", "scores")]
    shapes = simulations.shapes(run(scores, given), longer)
    return (
        f"In a text of {n} words X is {_size(given['x'].shape)}, and {letter.upper()} is "
        f"{_size(given[letter].shape)}. The text grows to {longer} words. Which shape has {letter.upper()} then?",
        (_size(shapes[letter]), "The weights serve a text of any length."),
        (_size(shapes[letter[-1]]), f"That is {letter[-1].upper()}, which has a row for each word."),
        (_size(shapes["x"]), "That is X, which has a row for each word."),
        (_size(shapes["scores"]), "Those are the scores, a number for each pair of words."),
    )


# --- Inside the head -------------------------------------------------------------------------------------------------


def _masks(rng: np.random.Generator, form: int) -> tuple:
    words = _sentence(rng)
    asks, gives = ((1, 0), (2, 1))[form]
    short, long = " ".join(words[:4]), " ".join(words)
    before, after = (number(head(text), "weights", asks, gives) for text in (short, long))
    return (
        f"“{short}”, under a causal mask. {_FITS} “{words[asks]}” takes {exact(before)} from “{words[gives]}”. Now "
        f"“{words[4]}” is appended. How much does it take then?",
        (f"{exact(after)}, as before", "It does not see what comes later."),
        (exact(number(head(long, causal=False), "weights", asks, gives)), "As if there were no mask."),
        (
            exact(number(head(long, seen=((asks, 4),)), "weights", asks, gives)),
            "As if the new word got a share of every row.",
        ),
        ("0", "As if the new word took the place of what fitted."),
    )


def _positions(rng: np.random.Generator, form: int) -> tuple:
    words = _sentence(rng)
    swapped = [words[3], words[1], words[2], words[0], words[4]]
    asks = (4, 1)[form]
    trace = head(" ".join(swapped), causal=False)
    told = bench("positions", scheme="relative", factor=9)
    return (
        f"No places are told, and there is no mask. {_FITS} “{words[0]}” and “{words[3]}” change places: "
        f"“{' '.join(swapped)}”. How much does “{words[asks]}” now take from “{swapped[asks - 1]}”, right before it?",
        (f"{exact(number(trace, 'weights', asks, asks - 1))}, as from the other", "Attention does not know the order."),
        (exact(number(told, "weights", 4, 3)), "As if the word right before counted more."),
        (exact(number(trace, "weights", asks, 2)), "As if the new word did not fit any more."),
        ("1", "As if only the word right before counted."),
    )


def _residual(rng: np.random.Generator, form: int) -> tuple:
    words, asks = _sentence(rng), (1, 4)[form]
    trace = head(" ".join(words))
    own = number(trace, "weights", asks, asks)
    return (
        f"“{' '.join(words)}”. What words hand over is colour and shape. “{words[asks]}” has noun = 1, and takes "
        f"{exact(own)} from itself. Without the residual, what is its noun after the head?",
        (exact(number(trace, "projected", asks, _NOUN)), "No value carries it, and the residual is gone."),
        (f"{exact(number(trace, 'residual', asks, _NOUN))}, as before", "As if a word stayed what it is by itself."),
        (exact(own), "As if embeddings were mixed, and not values."),
        (exact(1 - own), "As if it lost what it takes from others."),
    )


# --- Whole models, and learning --------------------------------------------------------------------------------------


def _heads(rng: np.random.Generator, form: int) -> tuple:
    d_model, few = int(rng.choice([12, 24, 36])), int(rng.choice([2, 3]))
    many = 2 * few
    count = {h: sum(costs.attention_parameters(layer(h, d_model)).values()) for h in (few, many)}
    return (
        f"d_model is {d_model}. With {few} heads of {d_model // few}, W_Q, W_K, W_V and W_O have {count[few]} numbers "
        f"in all. How many have they with {many} heads of {d_model // many}?",
        (f"{count[many]}, as many", "Twice as many heads, each half as wide."),
        (str(2 * count[few]), "As if each head cost the same, however wide."),
        (str(count[few] // 2), "As if many heads were more efficient."),
        (str(count[few] * many), "As if each head were as wide as the model."),
    )


def _cross(rng: np.random.Generator, form: int) -> tuple:
    asking, source = rng.choice(np.arange(2, 8), 2, replace=False).tolist()
    found = run(
        [step for step in programs.CROSS_ATTENTION if step.name in ("q", "k", "scores")],
        {"x": np.ones((asking, 3)), "source": np.ones((source, 4)), "w_q": np.ones((3, 2)), "w_k": np.ones((4, 2))},
    )
    return (
        f"{asking} words of a translation look at the {source} words of the original. Which shape have the weights, "
        "with who asks as rows?",
        (_size(found["scores"].value.shape), "A row for each word that asks, a column for each that is asked."),
        (_size((source, asking)), "As if the original asked."),
        (_size((asking + source, asking + source)), "As if all were one text."),
        (_size((source, source)), "As if weights were always square."),
    )


def _block(rng: np.random.Generator, form: int) -> tuple:
    words = _sentence(rng)
    sentence, factor, (asks, gives) = " ".join(words), (2.0, 0.5)[form], [(1, 0), (2, 1)][int(rng.integers(2))]
    plain, other = (number(head(sentence, factor=f), "weights", asks, gives) for f in (1.0, factor))
    once = number(head(sentence, scale=factor / 2), "weights", asks, gives)  # scaled by 1/2 as it is
    return (
        f"“{sentence}”, under a causal mask. {_FITS} “{words[asks]}” takes {exact(plain)} from “{words[gives]}”. All "
        f"embeddings are {('doubled', 'halved')[form]}. How much does it take then?",
        (decimal(other), "Query and key both change, so scores do twice over, and softmax bends."),
        (f"{decimal(plain)}, as before", "As if attention were linear."),
        (decimal(once), "As if only the query, or only the key, changed."),
        (
            ("1", decimal(plain / 2))[form],
            ("As if larger numbers made a hard choice.", "As if the share were halved.")[form],
        ),
    )


def _training(rng: np.random.Generator, form: int) -> tuple:
    names = ("w_q", "w_k", "w_v", "w_o")
    if form:
        trace = bench("training", shown="all")
        moved = [name for name in names if np.abs(trace.matrix(f"d_{name}").value).max() > 0]
        prompt = "A model makes one step of training on a sentence. Which of its matrices can differ afterwards?"
    else:
        kept = simulations.kept(head(), head(" ".join(_sentence(rng)[::-1])))
        moved = [name for name in names if not kept[name]]
        prompt = "A trained model reads a sentence that it never saw. Which of its matrices differ afterwards?"
    options = {
        (): ("none", ("Reading runs a model; only training moves its weights.", "As if heads were not trained.")[form]),
        names: (
            "W_Q, W_K, W_V and W_O",
            ("As if typing trained a model.", "Gradients reach all four, through softmax, too.")[form],
        ),
        names[:2]: ("W_Q and W_K only", "As if what a word looks for were set by the text."),
        names[2:]: ("W_V and W_O only", "As if looking up were not trained."),
    }
    right = options.pop(tuple(moved))
    return prompt, right, *options.values()


def _cost(rng: np.random.Generator, form: int) -> tuple:
    n, times = int(rng.choice([100, 200, 300, 500])), int(rng.choice([2, 3, 10]))
    before, after = (costs.score_cells(size) for size in (n, times * n))
    return (
        f"One head makes {before:,} scores for {n} words, without a mask. How many for {times * n:,} words?",
        (f"{after:,}", "One for each pair of words."),
        (f"{times * before:,}", "As if they grew with the words."),
        (f"{times**3 * before:,}", "As if they grew with the third power."),
        (f"{before:,}, as many", "As if their number belonged to the model."),
    )


def _apart(*numbers: float) -> list[str]:
    """These numbers as an option says them. Raises ValueError where two are so near that one might be taken for the
    other, rounded."""
    if any(abs(a - b) < 0.02 for i, a in enumerate(numbers) for b in numbers[:i]):
        raise ValueError(f"{numbers} are too near one another")
    return [decimal(float(x)) for x in numbers]


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


ITEMS: Mapping[str, Item] = MappingProxyType(
    {
        idea: Item(idea, title, lesson, build)
        for idea, title, lesson, build in (
            ("lookup", "A soft lookup mixes values", "lookup", _lookup),
            ("softmax", "Softmax makes shares of scores", "softmax", _softmax),
            ("scaling", "Why √d_k divides", "similarity", _scaling),
            ("projections", "Weights serve any length", "projections", _projections),
            ("masks", "A mask hides what comes later", "masks", _masks),
            ("positions", "Attention does not know the order", "positions", _positions),
            ("residual", "Values are added, words stay", "values", _residual),
            ("heads", "Heads are added, and narrow", "heads", _heads),
            ("cross", "Who asks, and who is asked", "cross_attention", _cross),
            ("block", "Where attention bends", "block", _block),
            ("training", "What training changes", "training", _training),
            ("cost", "Scores grow with the square", "cost", _cost),
        )
    }
)


# --- Sittings --------------------------------------------------------------------------------------------------------


def sitting(progress: Progress, form: str) -> Mapping[str, Answer]:
    """The last sitting of a form: for each idea its answer; empty where there was none. Raises ValueError."""
    parity = FORMS.index(form)
    given = {idea: progress.answers.get(DIAGNOSTIC + idea, ()) for idea in ITEMS}
    seeds = {answer.seed for answers in given.values() for answer in answers if answer.seed % len(FORMS) == parity}
    last = max(seeds, default=None)
    return {idea: answer for idea, answers in given.items() for answer in answers if answer.seed == last}


def next_seed(progress: Progress, form: str) -> int:
    """The seed of the next sitting of a form: numbers that this learner has not answered yet."""
    taken = sitting(progress, form)
    return max(answer.seed for answer in taken.values()) + len(FORMS) if taken else FORMS.index(form)
