"""Exercises of the lesson on the block: E26 (a neuron to build), E27 (a cooler choice), LayerNorm, top-k, the last row.

Vocabulary
    stream   words as attention may leave them: a noun that has taken blue, say; a row of features for each
    neuron   a weighted sum of a word's features, with a bias; it fires for a word where that is above 0
    counts   logits said by what they make of e: ln 8 : ln 4 : ... is 8 : 4 : ...
"""

from collections.abc import Sequence

import numpy as np

from attention_core import programs
from attention_core.benches.block import FEATURES
from attention_core.exercises.answers import ACCEPTS, typed
from attention_core.exercises.constructions import Construction, Sentence
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Given, Problem, Slip, Target, giving, programmed, reading, spread, stepped
from attention_core.numerals import decimal, exact
from attention_core.programs.editing import find
from attention_core.trace import Program, Trace

_LESSON = "block"

# --- E26: a neuron to build ------------------------------------------------------------------------------------------

_NEURON: Program = tuple(step for step in programs.mlp("residual") if step.name in ("mlp_pre_product", "mlp_pre"))
_LISTED = tuple(FEATURES[:6])  # adj, noun, verb, red, blue, round
_STREAMS: tuple[tuple[tuple[str, Sequence[str]], ...], ...] = (
    (("red", ("adj", "red")), ("ball, red", ("noun", "red")), ("hit", ("verb",)), ("blue", ("adj", "blue")),
     ("cube, blue", ("noun", "blue"))),
    (("ball", ("noun", "round")), ("cube, red", ("noun", "red")), ("apple, blue", ("noun", "blue", "round")),
     ("azure", ("adj", "blue", "round")), ("pushed, blue", ("verb", "blue"))),
    (("cube, purple", ("noun", "red", "blue")), ("purple", ("adj", "red", "blue")), ("car", ("noun",)),
     ("moved, red", ("verb", "red")), ("ball, red", ("noun", "red", "round"))),
)  # fmt: skip
_WANTED = (("blue", "noun"), ("red", "noun"), ("blue", "adj"), ("red", "verb"))
_BLANKS: tuple[Target, ...] = (*(("w_1", (i, 0)) for i in range(len(_LISTED))), ("b_1", (0,)))
_SAID = {"noun": "nouns", "adj": "adjectives", "verb": "verbs"}


def _stream(words: Sequence[tuple[str, Sequence[str]]]) -> Sentence:
    rows = np.array([[float(name in has) for name in _LISTED] for _, has in words])
    names = tuple(word for word, _ in words)
    return Sentence(names, _NEURON, {"residual": rows}, {"query": names, "d_model": _LISTED, "d_ff": ("neuron",)})


_JUDGED = tuple(map(_stream, _STREAMS))


def _weights(bias: float, **of: float) -> Given:
    return {"w_1": np.array([[of.get(name, 0.0)] for name in _LISTED]), "b_1": np.array([bias])}


def _firing(wanted: Sequence[str]):
    """Above 0 for the words that have all that is wanted, and below 0 for every other."""
    at = [_LISTED.index(name) for name in wanted]

    def judge(sentence: Sentence, trace: Trace) -> str:
        has = trace.given["residual"].value[:, at].all(axis=1)
        for i, word in enumerate(sentence.words):
            x = float(trace["mlp_pre"].value[i, 0])
            if (x > 0) != has[i] or x == 0:
                which = ", ".join(name for name, n in zip(_LISTED, trace.given["residual"].value[i], strict=True) if n)
                should = "above" if has[i] else "below"
                return f"For “{word}” ({which}) the neuron is {decimal(x)}, and {should} 0 is asked."
        return ""

    return judge


def _untouched(start: Given, made: Given) -> Diagnosis | None:
    same = all(np.array_equal(start[name], made[name]) for name in start)
    return Diagnosis("nothing typed", "Nothing is typed yet: every sum is 0.") if same else None


def _repairs(colour: str, kind: str) -> tuple[Slip, ...]:
    def slip(name: str, when: str, repair) -> Slip:
        return Slip(name, when, name, lambda program, made: (program, repair(made)))

    one, other = _LISTED.index(colour), _LISTED.index(kind)
    others = [i for i in range(3) if i != other]

    def lower(made: Given) -> Given:
        """The bias between the largest sum with one of the two and that with both."""
        w = made["w_1"][:, 0]
        return {**made, "b_1": np.array([-(max(w[one], w[other]) + w[one] + w[other]) / 2])}

    def against(made: Given) -> Given:
        w_1 = made["w_1"].copy()
        w_1[others, 0] = -3 * np.abs(made["w_1"]).max()
        return {**made, "w_1": w_1}

    return (
        slip("sign", "all had the other sign", lambda made: {name: -x for name, x in made.items()}),
        slip("an OR", f"the bias were lower: now {colour} or {kind} alone is enough, or both are not", lower),
        slip("other kinds", f"other kinds of words than {_SAID[kind]} counted against it", against),
    )


def _neuron(seed: int) -> Task:
    colour, kind = _WANTED[seed % len(_WANTED)]
    strength = 4.0 + seed // len(_WANTED)
    start = _weights(0.0)
    model = _weights(-1.5 * strength, **{colour: strength, kind: strength})
    asked = f"{colour} {_SAID[kind]}"
    return Task(
        prompt=f"Build a neuron that fires for {asked} only: its sum is above 0 for each of them, below 0 for every "
        "other word, whatever its colour. It is tried on lists of words that you do not see. There are many ways.",
        accepts="A number in each cell: 4, -8 or 3/2.",
        trace=_JUDGED[0].trace(model),
        blanks=_BLANKS,
        start=tuple(typed(float(start[name][at])) for name, at in _BLANKS),
        hints=(
            f"Which features should push the sum up? {colour.capitalize()} alone must not be enough, nor {kind} alone.",
            "Let both count the same, say 4. With one of them the sum is 4, with both 8.",
            "The bias must lie between: more than 4 below 0, and less than 8.",
        ),
        solution=(
            f"w_1[{colour}] = {exact(strength)}, w_1[{kind}] = {exact(strength)}, all others 0",
            f"b_1 = −{exact(1.5 * strength)}: one alone leaves {exact(-strength / 2)}, both {exact(strength / 2)}",
        ),
        checker=Construction(
            start, model, _BLANKS, _JUDGED, _firing((colour, kind)), "Both together pass the bias, one alone does not.",
            _untouched, _repairs(colour, kind),
            {
                "nothing typed": start,
                "sign": {name: -x for name, x in model.items()},
                "an OR": _weights(-strength / 2, **{colour: strength, kind: strength}),
            },
        ),
    )  # fmt: skip


# --- E27, and top-k: a choice among words ----------------------------------------------------------------------------

_WORDS = ("first", "second", "third", "fourth", "fifth")
_COUNTS = ((8, 4, 2, 1, 1), (9, 3, 3, 1), (6, 3, 2, 1), (16, 4, 4, 2, 1), (5, 4, 3, 2, 1), (10, 5, 2, 1, 1))


def _next(temperature: bool = False, top_k: int | None = None) -> Program:
    return programs.next_token((), stream="resid_post", temperature=temperature, top_k=top_k)


def _choice_of(
    counts: Sequence[int], program: Program, target: int, slips: tuple[Slip, ...], t: float = 1.0
) -> Problem:
    n = len(counts)
    given = {"resid_post": np.log([counts]).astype(float), "w_u": np.eye(n), "temperature": np.array(t)}
    labels = {"query": ("the row",), "d_model": _WORDS[:n], "vocab": _WORDS[:n]}
    read = {name for step in program for name in step.inputs}
    given = {name: matrix for name, matrix in given.items() if name in read}
    return Problem(program, given, labels, (("next.probabilities", (0, target)),), slips)


_WARM = Slip("without T", "T is left out", "temperature", giving(temperature=lambda given: np.array(1.0)))
_TIMES = Slip("times T", "the logits are multiplied by T, not divided by it", "temperature",
              giving(temperature=lambda given: 1 / given["temperature"]))  # fmt: skip
_UNDIVIDED = Slip("not divided", "the exponential is given, and not its share", "share",
                  read=reading("next.probabilities", "next.exps"))  # fmt: skip


def _ratio(counts: Sequence[int]) -> str:
    return " : ".join(map(str, counts))


def _cooler(seed: int) -> Task:
    slips = (_WARM, _TIMES, _UNDIVIDED)

    def drawn(rng):
        counts = _COUNTS[int(rng.integers(1, len(_COUNTS)))]
        return _choice_of(counts, _next(temperature=True), 0, slips, float(rng.choice([0.5, 2.0, 1 / 3])))

    asked = spread(drawn, seed) if seed else _choice_of(_COUNTS[0], _next(temperature=True), 0, slips, 0.5)
    trace, (target,) = asked.right.trace, asked.targets
    counts = [round(x) for x in np.exp(asked.given["resid_post"][0]).tolist()]
    t = asked.given["temperature"].item()
    exps = [exact(x) for x in trace["next.exps"].value[0].tolist()]
    return Task(
        prompt=f"Words fit next as {_ratio(counts)}: that is e to the power of their logits. What is the "
        f"probability of the first at T = {exact(t)}?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "Logits are divided by T before softmax. What does that do to an exponential?",
            f"Each of the numbers is raised to the power of 1/T = {exact(1 / t)}.",
            f"They become {' : '.join(exps)}. Divide the first by their sum.",
        ),
        solution=worked(trace, target, ("next.row_sums", "next.probabilities")),
        checker=Numbers(asked),
    )


_NO_CUT = Slip("no cut-off", "all words may be drawn", "top-k", programmed(lambda program: _next()))


def _cut(seed: int) -> Task:
    def problem(counts, k, target):
        further = Slip(
            "one more", f"{k + 1} words may be drawn", "top-k", programmed(lambda program: _next(top_k=k + 1))
        )
        return _choice_of(counts, _next(top_k=k), target, (_NO_CUT, further, _UNDIVIDED))

    def drawn(rng):
        return problem(_COUNTS[int(rng.integers(len(_COUNTS)))], int(rng.integers(2, 4)), int(rng.integers(2)))

    asked = spread(drawn, seed) if seed else problem(_COUNTS[0], 2, 1)
    trace, (target,) = asked.right.trace, asked.targets
    counts = [round(x) for x in np.exp(asked.given["resid_post"][0]).tolist()]
    kept = [count for count, x in zip(counts, trace["next.kept"].value[0], strict=True) if np.isfinite(x)]
    return Task(
        prompt=f"Words fit next as {_ratio(counts)}, at T = 1. Only the top {_top(asked.program)} may be drawn. What "
        f"is the probability of the {_WORDS[target[1][1]]} then?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "What is cut off gets −∞ for a logit. What does e make of that?",
            f"Left are {_ratio(kept)}.",
            f"Their sum is {sum(kept)}: shares of what is left, so that they make 1 again.",
        ),
        solution=worked(trace, target, ("next.row_sums", "next.probabilities")),
        checker=Numbers(asked),
    )


def _top(program: Program) -> str:
    return find(program, "next.cutoff").rule.sign.removeprefix("top ")


# --- LayerNorm -------------------------------------------------------------------------------------------------------

_NORM: Program = tuple(step for step in programs.norm("norm", "x") if step.name not in ("norm.gained", "norm.out"))
_UNCENTRED = Slip("mean left", "the mean is not taken off", "mean", stepped("norm.normed", inputs=("x", "norm.spread")))
_SQUARED = Slip("variance", "it is divided by the variance, not by its root", "root",
                stepped("norm.normed", inputs=("norm.centred", "norm.variance")))  # fmt: skip
_ONLY_CENTRED = Slip("not divided", "the mean is taken off, and nothing is divided", "end",
                     read=reading("norm.normed", "norm.centred"))  # fmt: skip


def _normed(seed: int) -> Task:
    slips = (_UNCENTRED, _SQUARED, _ONLY_CENTRED)

    def problem(row, at):
        given = {"x": np.array([row], dtype=float), "epsilon": np.array(1e-15)}
        return Problem(_NORM, given, {"query": ("the word",)}, (("norm.normed", (0, at)),), slips)

    def drawn(rng):
        row = rng.choice(np.arange(-4, 10), int(rng.integers(3, 5)), replace=False)
        return problem(row.tolist(), int(rng.integers(len(row))))

    asked = spread(drawn, seed) if seed else problem((2, 4, 6), 0)
    trace, (target,) = asked.right.trace, asked.targets
    row = [exact(x) for x in asked.given["x"][0].tolist()]
    mean, variance = (trace[name].value[0].item() for name in ("norm.mean", "norm.variance"))
    return Task(
        prompt=f"LayerNorm of ({', '.join(row)}), with gain 1 and shift 0: what becomes of {row[target[1][1]]}?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "First the mean is taken off. What is it?",
            f"The mean is {decimal(mean)}. Square what is left of each, and take the mean of these.",
            f"That variance is {decimal(variance)}. Divide by its root.",
        ),
        solution=worked(trace, target, ("norm.mean", "norm.centred", "norm.variance", "norm.spread", "norm.normed")),
        checker=Numbers(asked),
    )


# --- The row that goes on --------------------------------------------------------------------------------------------

_TEXTS = ("red ball hit blue cube", "the cat sat on", "glass ball steel table shattered", "a word was said again")


def _row(seed: int) -> Task:
    words = _TEXTS[seed % len(_TEXTS)].split()
    first, last = words[0], words[-1]
    seen = {word: int(np.tri(len(words))[i].sum()) for i, word in enumerate(words)}
    right = f"that of “{last}”"
    wrong = {
        f"that of “{first}”": Diagnosis(
            "first", f"Under a causal mask “{first}” has seen {seen[first]} word, itself. It cannot know the rest."
        ),
        f"one more, number {len(words) + 1}": Diagnosis(
            "one more", "There is no further row: a row needs a word, and that word is what is to be found."
        ),
        "all, averaged": Diagnosis("mean", "Every row predicts a word of its own; an average would predict none."),
    }
    options = [right, *wrong]
    order = np.random.default_rng(seed).permutation(len(options))
    shuffled = tuple(options[i] for i in order)
    return Task(
        prompt=f"A causal model has read “{' '.join(words)}”. Which row of its logits says what comes next?",
        accepts="One of the answers offered.",
        options=shuffled,
        hints=(
            "What has each row seen?",
            "With a causal mask, a row has seen its own word and those before.",
            "Only one row has seen all words.",
        ),
        solution=(f"The row of “{last}” has seen all {seen[last]} words. The others predict words that are there.",),
        checker=Choice(shuffled, right, "It alone has seen the whole text.", wrong),
    )


EXERCISES = (
    Exercise("E26", _LESSON, "weights", "A neuron to build", 3, _neuron),
    Exercise("E27", _LESSON, "number", "A cooler choice", 2, _cooler),
    Exercise("block-norm", _LESSON, "number", "One number through LayerNorm", 1, _normed),
    Exercise("block-top", _LESSON, "number", "Only the best may be drawn", 2, _cut),
    Exercise("block-row", _LESSON, "choice", "The row that goes on", 1, _row),
)
