"""Exercises of the lesson on two sources: E25, the shape of A between two sentences, a mask of a whole model, patches.

Vocabulary
    read, written   the sentence that is there already, and the one that is made from it
    along           how many patches stand along one side of a picture
"""

from collections.abc import Sequence

import numpy as np

from attention_core import masks, rules
from attention_core.exercises.answers import ACCEPTS
from attention_core.exercises.arithmetic import SQUARE, number, scalar
from attention_core.exercises.engine import Diagnosis, Exercise, Task
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice, Painted
from attention_core.exercises.slips import Problem, Slip, giving, reading, spread, stepped
from attention_core.numerals import exact
from attention_core.programs import CROSS_ATTENTION
from attention_core.programs.editing import find
from attention_core.trace import Program, Step, run

_LESSON = "cross_attention"

# --- E25: who gives what ---------------------------------------------------------------------------------------------

_TASKS = (  # what is read, what is written, and what is done
    ("an English sentence", "its French translation", "translates"),
    ("a long report", "a summary of it", "sums up"),
    ("the patches of a picture", "a caption for it", "describes"),
    ("a recording of speech, cut into pieces", "the words that were said", "writes down"),
)


def _sources(seed: int) -> Task:
    read, written, does = _TASKS[seed % len(_TASKS)]
    inputs = {name: find(CROSS_ATTENTION, name).inputs[0] for name in "qkv"}
    of = {"x": written, "source": read}

    def says(**sources: str) -> str:
        asks, found, handed = (of[sources[name]] for name in "qkv")
        if found == handed:
            return f"all from {asks}" if asks == found else f"Q from {asks}; K and V from {found}"
        return f"Q and K from {asks}; V from {handed}" if asks == found else f"K from {found}; Q and V from {asks}"

    right = says(**inputs)
    wrong = {
        says(q="source", k="x", v="x"): Diagnosis(
            "exchanged", "Then what is read would ask, and what is written would be handed over; it is the other way."
        ),
        says(q="x", k="x", v="source"): Diagnosis(
            "keys of the asker", "Keys say where to look in what is read, so they are made of it, as the values are."
        ),
        says(q="x", k="source", v="x"): Diagnosis(
            "values of the asker", "Then nothing of what is read would come over: a value is what is handed over."
        ),
        says(q="source", k="source", v="source"): Diagnosis(
            "self-attention", "That is the self-attention of what is read. Nobody writes anything."
        ),
    }
    options = [right, *wrong]
    order = np.random.default_rng(seed).permutation(len(options))
    return Task(
        prompt=f"A model {does} {read}: it writes {written}. In its cross-attention, what are queries, keys and values "
        "made of?",
        accepts="One of the answers offered.",
        options=tuple(options[i] for i in order),
        hints=(
            "Who looks for something, and where is it to be found?",
            "The word that is being written asks. The row of A belongs to it.",
            "What is looked in gives both: what a place is found by (a key), and what it hands over (a value).",
        ),
        solution=(
            f"The query belongs to who asks: {written}.",
            f"Keys and values belong to where one looks: {read}. Each place there has one of both.",
        ),
        checker=Choice(
            tuple(options[i] for i in order), right, "Who asks gives the queries; where it looks gives the rest.", wrong
        ),
    )  # fmt: skip


# --- The shapes between two sentences --------------------------------------------------------------------------------

_SIZE_OF = {"query": 0, "key": 1, "d_v": 2}
_SIDES = ("rows", "columns")
_SHAPES: Program = (
    Step(
        "shapes", r"\text{shapes}", "shapes = uses @ sizes", ("uses", "sizes"), "matrix side size, size -> matrix side",
        rules.contract, "shapes", "Every side of a matrix has the size of the axis that it is.",
        "how many {side} the matrix {matrix} has",
    ),
)  # fmt: skip


def _uses(*axes: Sequence[str]) -> np.ndarray:
    """[matrix side size], 1 where the side has that size."""
    return np.array([[np.eye(3)[_SIZE_OF[axis]] for axis in of] for of in axes])


_A, _O = (find(CROSS_ATTENTION, name).parsed.output for name in ("weights", "output"))


def _used(*axes: Sequence[str]):
    return giving(uses=lambda given: _uses(*axes))


_SHAPE_SLIPS = (
    Slip("transposed", "a row of A is taken to belong to a word that is read", "A", _used(_A[::-1], _O)),
    Slip("a square", "A is taken to be a square, as in self-attention", "A", _used(("query", "query"), _O)),
    Slip("values' rows", "O is taken to have a row for each value, not for each query", "O", _used(_A, ("key", "d_v"))),
    Slip("A again", "O is taken to have the shape of A", "O", _used(_A, _A)),
)


def _shapes(seed: int) -> Task:
    def problem(written, read, d_v):
        given = {"uses": _uses(_A, _O), "sizes": np.array([written, read, d_v], dtype=float)}
        labels = {"matrix": ("A", "O"), "side": _SIDES, "size": ("written", "read", "d_v")}
        targets = tuple(("shapes", (i, j)) for i in range(2) for j in range(2))
        return Problem(_SHAPES, given, labels, targets, _SHAPE_SLIPS)

    def drawn(rng):
        return problem(*(int(x) for x in rng.choice(np.arange(2, 13), 3, replace=False)))

    asked = spread(drawn, seed) if seed else problem(4, 7, 3)
    written, read, d_v = (int(x) for x in asked.given["sizes"])
    return Task(
        prompt=f"A sentence of {read} words is read; its translation has {written} words so far; d_v = {d_v}. What are "
        "the shapes of A and of O in cross-attention? One token is one row.",
        accepts="A whole number for each side: how many rows, how many columns.",
        trace=asked.right.trace,
        blanks=asked.targets,
        hints=(
            "Which words look, and which are looked at?",
            f"{written} words look, so A has {written} rows.",
            "O = A V: each word that looks gets one mixture of values.",
        ),
        solution=(
            f"A = a row for each of {written} words that look, a column for each of {read} that are read",
            f"O = A V: ({written}, {read}) × ({read}, {d_v}) = ({written}, {d_v})",
        ),
        checker=Numbers(asked, many=True),
    )


# --- A whole model as one mask ---------------------------------------------------------------------------------------

_PAIRS = (
    (("red", "ball"), ("balle", "rouge")), (("the", "red", "ball"), ("balle", "rouge")),
    (("red", "ball"), ("la", "balle", "rouge")), (("the", "cube"), ("le", "cube", "bleu")),
)  # fmt: skip


def _mask_slip(name: str, when: str, make) -> Slip:
    return Slip(name, when, "mask", giving(mask=lambda given: make(given["mask"], int(given["source"]))))


def _own(mask: np.ndarray, n: int) -> np.ndarray:
    """No cross-attention: each sentence sees itself only."""
    mask = mask.copy()
    mask[n:, :n] = False
    return mask


def _all(mask: np.ndarray, n: int) -> np.ndarray:
    return np.ones_like(mask)


def _peeking(mask: np.ndarray, n: int) -> np.ndarray:
    mask = mask.copy()
    mask[n:, n:] = True
    return mask


_MODEL_SLIPS = (
    _mask_slip("all causal", "what is read has a causal mask, too: that is a model with a decoder only",
               lambda mask, n: np.tri(len(mask)) > 0),
    _mask_slip("no cross-attention", "what is written does not see what is read", _own),
    _mask_slip("words ahead", "what is written sees words that are not there yet", _peeking),
    _mask_slip("transposed", "a column says what a word sees; here a row does", lambda mask, n: mask.T.copy()),
    _mask_slip("everything", "every word sees every other: that is an encoder only", _all),
    _mask_slip("nothing painted", "no word sees anything", lambda mask, n: np.zeros_like(mask)),
)  # fmt: skip
_SEES: Program = (
    Step(
        "seen", r"m_i = \sum_j M_{ij}", "seen = np.where(mask, ones, 0)", ("ones", "mask"),
        "query key, query key -> query key", rules.blank, "seen", "Who sees whom.", "whether {query} sees {key}",
    ),
)  # fmt: skip


def _joint(seed: int) -> Task:
    read, written = _PAIRS[seed % len(_PAIRS)]
    n, words = len(read), (*read, *written)
    labels = {"query": words, "key": words}
    wanted = {
        "ones": np.ones((len(words),) * 2), "mask": masks.encoder_decoder(n, len(written)).value,
        "source": np.array(float(n)),
    }  # fmt: skip
    begun = run(_SEES, {**wanted, "mask": np.zeros_like(wanted["mask"])}, labels)
    asked = Problem(_SEES, wanted, labels, (("seen", (0, 0)),), _MODEL_SLIPS)
    quoted = [f"“{' '.join(text)}”" for text in (read, written)]
    return Task(
        prompt=f"An encoder reads {quoted[0]}, a decoder writes {quoted[1]}. Put both in one square, what is read "
        "first, and paint who sees whom: in the encoder, in the decoder, and by cross-attention.",
        accepts=f"A mask of {len(words)} rows and as many columns; a row says what one word may see.",
        trace=begun,
        hints=(
            "Three blocks: what is read sees itself; what is written sees itself; what is written sees what is read.",
            "Which of these three has to hide words that come later?",
            "Only what is written, from itself. What is read never sees what is written.",
        ),
        solution=tuple(
            f"“{word}” sees " + ", ".join(f"“{words[j]}”" for j in np.flatnonzero(wanted["mask"][i])) + "."
            for i, word in enumerate(words)
        ),
        checker=Painted(asked, "Encoder: all. Decoder: causal. Between them: all that was read."),
    )


# --- Patches ---------------------------------------------------------------------------------------------------------

_PATCHES: Program = (
    scalar("along", r"n = \text{side} / \text{patch}", "side / patch", ("side", "patch"), rules.divide,
           "patches along one side", "how often a patch fits along the side"),
    scalar("tokens", r"n^2", "along**2", ("along",), SQUARE, "tokens", "the patches of the whole picture"),
)  # fmt: skip
_ONE_SIDE = Slip("one side", "only the patches along one side are counted", "end", read=reading("tokens", "along"))
_PIXELS = Slip(
    "pixels", "every pixel is taken to be a token", "patch", giving(patch=lambda given: np.ones(())), alone=True
)
_AREA = Slip("area and side", "the area of the picture is divided by the side of a patch", "patch",
             giving(patch=lambda given: np.sqrt(given["patch"])))  # fmt: skip
_PAIRED = Slip("doubled", "the patches along both sides are added up, not multiplied", "square",
               stepped("tokens", axes=", -> ", inputs=("along", "along"), rule=rules.add))  # fmt: skip


def _patches(seed: int) -> Task:
    def problem(side, patch):
        given = {"side": number(side), "patch": number(patch)}
        return Problem(_PATCHES, given, {}, (("tokens", ()),), (_ONE_SIDE, _PIXELS, _AREA, _PAIRED))

    def drawn(rng):
        patch = int(rng.choice([4, 7, 8, 14, 16, 32]))
        return problem(patch * int(rng.integers(3, 24)), patch)

    asked = spread(drawn, seed) if seed else problem(224, 16)
    trace = asked.right.trace
    side, patch, along = (exact(trace.matrix(name).value.item()) for name in ("side", "patch", "along"))
    return Task(
        prompt=f"A picture of {side} × {side} pixels is cut into patches of {patch} × {patch}. How many tokens is it?",
        accepts=ACCEPTS,
        trace=trace,
        target=("tokens", ()),
        hints=(
            "One patch is one token. How many fit along the upper edge?",
            f"{side} / {patch} = {along} along each side.",
            f"{along} rows of {along} patches.",
        ),
        solution=(f"{side} / {patch} = {along}", f"{along} × {along} = {exact(trace['tokens'].value.item())}"),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("E25", _LESSON, "choice", "Who gives what", 1, _sources),
    Exercise("cross-shapes", _LESSON, "matrix", "Two sentences, two shapes", 1, _shapes),
    Exercise("cross-model", _LESSON, "mask", "Paint a whole model", 2, _joint),
    Exercise("cross-patches", _LESSON, "number", "A picture in tokens", 1, _patches),
)
