"""The numbers that the sentences, questions and boxes of the lesson on in-context learning speak of.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
"""

from collections.abc import Mapping

import numpy as np

from attention_core import costs, in_context, run
from attention_core.benches import Value
from attention_core.benches.in_context import ASKED, CONTEXT, OWN, RULE, THROWS, VOCABULARY, WORDS, ZEROS, shots_of
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact
from attention_ui.in_context_figures import ON_CONTEXT, apart, ours, paint_weights
from attention_ui.in_context_labs import costs_of
from attention_ui.readings import listed, listed_words, shown

_Question = tuple[list[str], str, Mapping[str, Value]]
BALL, CUBE = range(len(WORDS))
MANY = 8  # words that score 0
_N = 10**6  # tokens of a long window


def predicted(question: str) -> _Question:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _curried() -> _Question:
    options = ["by the same for every query", "by another amount for each query", "not at all"]
    return options, options[1], {"part": "frozen", "zeros": 0, "sum": "blocks"}


def _zero() -> _Question:
    found = ours(zeros=MANY)
    right = exact(found.number("context.row_sums", 0) / found.number("row_sums", 0))
    return ["nothing", exact(1 / (MANY + 1)), right], right, {"part": "frozen", "zeros": MANY, "sum": "blocks"}


def _merge() -> _Question:
    exactly, largest = (exact(ours(sum=how).number("weights", 0, BALL)) for how in ("exact", "max"))
    return ["1/2", exactly, largest], largest, {"part": "frozen", "zeros": 0, "sum": "max"}


def _fixed() -> _Question:
    one, two = (ours(sum="exact", times=times).number("merged", 0, BALL) for times in (1, 2))
    right = f"no: {two:.3f}"
    return [f"yes, {2 * one:.3f}", right, f"no: {one:.3f}, as before"], right, {
        "part": "frozen", "zeros": 0, "sum": "exact", "times": 2,
    }  # fmt: skip


def steps(n: int) -> list[float]:
    """What the layers guess for the token that asks, as it comes and after each of n layers, with our numbers."""
    return in_context.guesses(ours(part="regression", layers=n).head.trace, n)


def _step() -> _Question:
    _, first, second = steps(2)
    right = shown(second)
    return [shown(2 * first), right, f"{shown(first)}, as before"], right, {"part": "regression", "layers": 2}


def smoothed() -> float:
    """What softmax attention answers, with our numbers."""
    return in_context.smoothed(in_context.constructed(*shots_of(2, 0.0), ASKED, 0.5))


def _softmax() -> _Question:
    options = [f"{decimal(smoothed())}", decimal(steps(1)[-1]), decimal(float(np.array(RULE) @ ASKED))]
    return options, options[0], {}


def _trained() -> _Question:
    options = ["it copies the nearest shot", "one step of gradient descent", "something without a name"]
    return options, options[1], {}


def _again() -> _Question:
    row = ours(part="induction").row("next.probabilities", 5)
    return ["blue", "red", "ball"], max(row, key=row.get), {"part": "induction", "text": "example"}


def _loss() -> _Question:
    with_it, without = (costs_of(name, "ball")[1] for name in ("example", "none"))
    right = f"{without:.2f}"
    return [f"{with_it:.2f}, as before", right, "∞"], right, {"part": "induction", "text": "none"}


def _dice() -> _Question:
    right = exact(in_context.believed(THROWS["1 2 1"])["coin"])
    return ["1/2, as before", "3/4", right], right, {"throws": "1 2 1"}


_QUESTIONS = {
    "curried": _curried, "zero": _zero, "merge": _merge, "fixed": _fixed, "step": _step, "softmax": _softmax,
    "trained": _trained, "again": _again, "loss": _loss, "dice": _dice,
}  # fmt: skip


def told(sentence: str) -> list[str]:
    """The numbers of a sentence, by its name, in their order."""
    return _SENTENCES[sentence]()


def boxed(box: str) -> dict[str, str]:
    """What each number of a box is, by the box's name, and the number."""
    return _BOXES[box]()


# --- What sentences and boxes say ------------------------------------------------------------------------------------


def opening() -> list[str]:
    """What the opening says, in its order: alone; exponentials and sums of both blocks; parts; the result."""
    found = ours()
    alone = found.head.matrix("question.exps").value[0] / found.number("question.row_sums", 0)
    return [
        *(shown(x) for x in alone.tolist()), found.listed("context.exps"), found.listed("question.exps"),
        *(shown(found.number(name, 0)) for name in ("context.row_sums", "question.row_sums", "row_sums")),
        found.vector("context.part", 0), found.vector("question.part", 0), found.vector("output", 0),
    ]  # fmt: skip


def unchanged() -> dict[str, str]:
    """What a context changes in the running example, and what it does not: a cell of W_Q, and a cell of A."""
    words = PAINT.sentence.split()
    asked, given = words.index("cube"), words.index("blue")
    short, whole = paint_weights(ON_CONTEXT), paint_weights()
    w_q = PAINT.weights["w_q"][PAINT.features.index("noun"), 0]
    alone, more = f"“{' '.join(words[ON_CONTEXT:])}” alone", f"with “{' '.join(words[:ON_CONTEXT])}” before it"
    return {
        f"largest number of W_Q in our running example, {alone}": exact(float(w_q)),
        f"the same number, {more}": exact(float(w_q)),
        f"A: what cube takes from blue, {alone}": exact(float(short[asked - ON_CONTEXT, given - ON_CONTEXT])),
        f"the same weight, {more}": exact(float(whole[asked, given])),
    }


def one_row() -> dict[str, str]:
    """How the row of a question's word is shared between the two blocks of columns."""
    row = paint_weights()[-1]
    return {"cube, from the columns of the context": exact(float(row[:ON_CONTEXT].sum())),
            "cube, from the columns of the question": exact(float(row[ON_CONTEXT:].sum()))}  # fmt: skip


def not_dropped() -> dict[str, str]:
    """What words that score 0 take, few and many."""
    found = {n: ours(zeros=n) for n in filter(None, ZEROS)}
    shares = {n: of.number("context.row_sums", 0) / of.number("row_sums", 0) for n, of in found.items()}
    return {f"{n} word{'s' * (n > 1)} that score{'s' * (n == 1)} 0": f"{share:.1%}" for n, share in shares.items()}


def merging() -> list[str]:
    """The exponentials of ball's pair as a sum, the score that stands for both, and the larger one of each pair."""
    ball, *_ = pairs = list(zip(CONTEXT, OWN, strict=True))
    return [" + ".join(map(str, ball)), f"ln {sum(ball)}", *(f"ln {max(pair)}" for pair in pairs)]


def one_key() -> list[str]:
    """The score that one key would have, as a logarithm and as a decimal."""
    score = ours(sum="exact").number("merged", 0, BALL)
    return [exact(score), f"{score:.3f}"]


def _pair(numbers: np.ndarray) -> str:
    return f"({', '.join(exact(float(x)) for x in numbers)})"


def one_step() -> list[str]:
    """The shots, what is asked, the step size, w after a step of gradient descent, and what it says and one layer."""
    x, y = shots_of(2, 0.0)
    rate = ours(part="regression").number("w_o", 0, -1)
    w = in_context.descended(x, y, rate, 1)[-1]
    seen = [f"{_pair(a)} → {exact(float(b))}" for a, b in zip(x, y, strict=True)]
    return [listed_words(seen), _pair(ASKED), exact(rate), _pair(w), shown(float(w @ ASKED)), shown(steps(1)[-1])]


def between() -> list[str]:
    """Softmax attention's mean of the shots' answers, worked out; the answers; and what the linear layer collects."""
    x, y = shots_of(2, 0.0)
    given = in_context.constructed(x, y, ASKED, 0.5)
    mean = " + ".join(f"{decimal(a)} · {exact(b)}" for a, b in zip(in_context.shares(given), y.tolist(), strict=True))
    linear = ours(part="regression").head.trace["layer1.output"].value[-1, 0].item()
    scores = " and ".join(f"exp({exact(score)})" for score in (x @ ASKED).tolist())
    return [scores, f"{mean} ≈ {decimal(in_context.smoothed(given))}", listed(y.tolist()), exact(linear)]


def side_by_side() -> dict[str, str]:
    """Five layers and five steps on shots with noise."""
    noise, rate = 1.0, 0.7
    x, y = shots_of(4, noise)
    made = in_context.guesses(run(in_context.layers(5), in_context.constructed(x, y, ASKED, rate)), 5)
    w = in_context.descended(x, y, rate, 5) @ ASKED
    name = f"five steps of gradient descent: four shots, noise {decimal(noise)}, η = {decimal(rate)}"
    return {name: decimal(float(w[-1])),
            "five layers of linear attention": decimal(made[-1]), "apart": apart(w, np.array(made))}  # fmt: skip


def long_window() -> dict[str, str]:
    """A window of a million tokens in a known model: layers, and tokens that each of them sees at once."""
    layers = costs.MODELS["GPT-3 175B"].config.n_layers
    return {"layers of GPT-3, so steps at most": f"{layers}", "shots in each step, one a token": f"{_N:,}"}


_SENTENCES = {
    "opening": opening, "merging": merging, "one_key": one_key, "one_step": one_step, "between": between,
    "start": lambda: [VOCABULARY[0]],
}  # fmt: skip
_BOXES = {
    "unchanged": unchanged, "one_row": one_row, "not_dropped": not_dropped, "side_by_side": side_by_side,
    "long_window": long_window,
}  # fmt: skip
