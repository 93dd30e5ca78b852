"""A Transformer block part by part: attention and MLP on the running example, LayerNorm, two layers, the next word.

A whole block has some forty matrices, so a setting chooses the part that the board computes.

Vocabulary
    part        "block": one head, then an MLP of one neuron; "mlp": that MLP on what the head left; "norm": LayerNorm;
                "layers": two heads on top of one another; "next": from the end of the block to the next word
    neuron      a weighted sum of a word's features, with a bias; ours wants red AND noun
    red thing   a feature of its own, into which that neuron writes
    moved       what is done to every feature before LayerNorm: something added, or all multiplied
    built       how the two layers are built: each its own, the second alone, or one of them twice
    fragile     in the two layers, what a noun is whose adjective says that it is brittle
    complete    in the two layers, what a verb is that has found its noun; it speaks for the end of the sentence
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import log

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp, Value
from attention_core.examples import PAINT
from attention_core.generation import Model
from attention_core.programs.editing import exchanged, find, without_stage
from attention_core.tokens import Word
from attention_core.trace import Program, Trace, givens, run

PARTS = ("block", "mlp", "norm", "layers", "next")
WORDS = tuple(PAINT.sentence.split())
FEATURES = (*PAINT.features, "red thing")
_D = len(FEATURES)
_ADJ, _NOUN, _VERB, _RED, _BLUE, _ROUND, _RED_THING = range(_D)
_CHOSEN = "A weight chosen by us, for clean results; nothing here was trained. You can type another."
_HEAD = programs.masked(programs.SELF_ATTENTION)


def _placed(shape: tuple[int, ...], cells: Mapping[tuple[int, ...], float]) -> np.ndarray:
    matrix = np.zeros(shape)
    for at, number in cells.items():
        matrix[at] = number
    return matrix


def _set_up(program: Program, given: Mapping[str, np.ndarray], labels: Mapping[str, tuple[str, ...]],
            about: Mapping[str, str], words: tuple[Word, ...] = (), steady: Program = ()) -> SetUp:  # fmt: skip
    """A set-up with what the program reads. All of it may be typed over but the mask and single numbers."""
    read = [name for name in givens(program) if name in given]
    editable = tuple(name for name in read if name != "mask" and given[name].ndim)
    about = {name: about.get(name, _CHOSEN) for name in read}
    return SetUp(program, {name: given[name] for name in read}, labels, editable, about, words, steady)


# --- One block: a head, then an MLP of one neuron --------------------------------------------------------------------

NEURON = {_ADJ: -8, _NOUN: 4, _RED: 4}
BIAS = -5
ACTIVATIONS = ("gelu", "relu", "none")


def neuron_says() -> str:
    """Our neuron as a sum: "−8 adj + 4 noun + 4 red − 5"."""
    terms = [(weight, f" {FEATURES[at]}") for at, weight in NEURON.items()] + [(BIAS, "")]
    text = " ".join(f"{'−' if weight < 0 else '+'} {abs(weight)}{of}" for weight, of in terms)
    return text.removeprefix("+ ") if text[0] == "+" else text.replace(" ", "", 1)


_TITLES = ("neurons, no bias yet", "neurons, before activation", "neurons, after activation")
_PHI = "Φ(P) is how much of a bell curve lies below P: near 1 where P is large, near 0 far below 0."


def _neuron(source: str, letter: str, activation: str) -> Program:
    """The MLP, without a bias on its way down, and its addition to the stream `source`.

    activation: "none" lets every number through as it is.
    """
    bent = "gelu" if activation == "none" else activation
    product, biased, post, *_ = programs.mlp(source, bent)
    *_, down = programs.mlp(source, bent, biases=False)
    product, biased, post = (replace(step, title=title) for step, title in
                             zip((product, biased, post), _TITLES, strict=True))  # fmt: skip
    if bent == "gelu":
        post = replace(post, says=f"{post.says} {_PHI}")
    (added,) = programs.renamed((find(programs.BLOCK, "resid_post"),), {"residual": source})
    product = replace(product, formula=f"P_0 = {letter} W_1", formula_t=f"P_0 = W_1 {letter}")
    added = replace(added, formula=f"X'' = {letter} + R")
    if activation == "none":
        (down,) = programs.renamed((down,), {"mlp_post": "mlp_pre"})
        return product, biased, replace(down, formula="R = P W_2", formula_t="R = W_2 P"), added
    return product, biased, post, down, added


def _block(head: Program, activation: str = "gelu") -> Program:
    """The block without norms: the head and the MLP read the residual stream and add to it."""
    return (*head, *_neuron("residual", "X'", activation))


def _weights() -> dict[str, np.ndarray]:
    """The weights of the paint example, with room for one feature more, and those of the neuron."""
    below, beside = ((0, 1), (0, 0)), ((0, 0), (0, 1))
    return {
        **{name: np.pad(PAINT.weights[name], below) for name in ("w_q", "w_k", "w_v")},
        "w_o": np.pad(PAINT.weights["w_o"], beside),
        "scale": np.array(0.5),
        "w_1": _placed((_D, 1), {(feature, 0): weight for feature, weight in NEURON.items()}),
        "b_1": np.array([float(BIAS)]),
        "w_2": _placed((1, _D), {(0, _RED_THING): 1}),
    }


def _embeddings(words: Sequence[str]) -> np.ndarray:
    return np.pad(PAINT.given(words)[0]["x"], ((0, 0), (0, 1)))


_LABELS = {"query": WORDS, "key": WORDS, "d_model": FEATURES, "d_ff": ("red noun",)}
_ABOUT = {
    "scale": "1 / √4, because a key has 4 coordinates.",
    "mask": "A word sees itself and the words before it; click a cell to paint it.",
    **dict.fromkeys(
        ("residual", "resid_post"), "As the part “one block” computes it with our numbers. You can type another."
    ),
}


def _one_block(attention: bool, activation: str) -> SetUp:
    given = {"x": _embeddings(WORDS), "mask": np.tri(len(WORDS), dtype=bool), **_weights()}
    program = _block(programs.compact(_HEAD), activation) if attention else _neuron("x", "X", activation)
    return _set_up(program, given, _LABELS, _ABOUT, PAINT.words(WORDS))


@cache
def _traced() -> Trace:
    """The block as we made it."""
    made = _one_block(True, "gelu")
    return run(made.program, made.given, made.labels)


def _mlp(activation: str) -> SetUp:
    given = {"residual": _traced()["residual"].value, **_weights()}
    return _set_up(_neuron("residual", "X'", activation), given, _LABELS, _ABOUT)


# --- LayerNorm -------------------------------------------------------------------------------------------------------

MOVES: Mapping[str, tuple[float, float]] = {"none": (1, 0), "plus": (1, 10), "times": (10, 0), "both": (10, 10)}
_EPSILON = 1e-15  # as good as nothing, so that what should not change does not


def _norm(moved: str) -> SetUp:
    """LayerNorm of our words, every feature multiplied and raised before."""
    times, plus = MOVES[moved]
    program = programs.norm("norm", "x")
    program = programs.renamed(program, {name: name.removeprefix("norm.") for step in program
                                         for name in (step.name, *step.inputs)})  # fmt: skip
    program = tuple(replace(step, formula=step.formula.replace("U", "X")) for step in program)
    spread = replace(find(program, "spread"), says="The root of the variance. ε keeps from dividing by 0; here it "
                     "is so small that it is drawn as 0.")  # fmt: skip
    program = exchanged(program, spread, replace(find(program, "out"), formula="Z = G + b"))
    given = {"x": PAINT.given(WORDS)[0]["x"] * times + plus, "epsilon": np.array(_EPSILON),
             "gain": np.ones(len(PAINT.features)), "shift": np.zeros(len(PAINT.features))}  # fmt: skip
    words = PAINT.words(WORDS)
    if moved != "none":
        words = tuple(replace(word, why=f"{word.why} Then every feature × {times}, + {plus}.") for word in words)
    about = {
        "gain": "A model learns it. Here 1: nothing is changed. You can type another.",
        "shift": "A model learns it. Here 0: nothing is changed. You can type another.",
        "epsilon": "So small that it shows nowhere; models have about 10⁻⁵.",
    }
    return _set_up(program, given, {"query": WORDS, "d_model": PAINT.features}, about, words)


# --- Two layers ------------------------------------------------------------------------------------------------------

GLASS = ("glass", "ball", "steel", "table", "shattered")
GLASS_FEATURES = ("adj", "noun", "verb", "brittle", "fragile", "complete")
_G_ADJ, _G_NOUN, _G_VERB, _G_BRITTLE, _G_FRAGILE, _G_COMPLETE = range(len(GLASS_FEATURES))
_GLASS_WORDS = {
    "glass": {_G_ADJ: 1, _G_BRITTLE: 1}, "ball": {_G_NOUN: 1}, "steel": {_G_ADJ: 1, _G_BRITTLE: -1},
    "table": {_G_NOUN: 1}, "shattered": {_G_VERB: 1},
}  # fmt: skip
BUILT = ("one", "own", "first twice", "second twice")
_LAYER: Program = programs.compact(without_stage(_HEAD, "scaled"))  # a key has one coordinate, and 1/√1 is 1
_TO = len(GLASS_FEATURES)
_LAYERS = (  # of the first and of the second: whom a query looks for, what is handed over, and where it is written
    {"w_q": {(_G_NOUN, 0): log(3)}, "w_k": {(_G_ADJ, 0): 1}, "w_v": {(_G_BRITTLE, 0): 1}, "w_o": {(0, _G_FRAGILE): 1}},
    {"w_q": {(_G_VERB, 0): 1}, "w_k": {(_G_ADJ, 0): -log(27), (_G_NOUN, 0): log(27), (_G_FRAGILE, 0): log(81)},
     "w_v": {(_G_NOUN, 0): 1}, "w_o": {(0, _G_COMPLETE): 3 / 2}},
)  # fmt: skip
_USES = {"one": (1,), "own": (0, 1), "first twice": (0, 0), "second twice": (1, 1)}
VOCABULARY = (*GLASS, "vase", ".")
_SPEAKS_FOR = {  # the unembedding: which feature speaks for which word
    "glass": {_G_ADJ: 1 / 2, _G_BRITTLE: 1 / 2}, "steel": {_G_ADJ: 1 / 2, _G_BRITTLE: -1 / 2},
    "ball": {_G_NOUN: 1}, "table": {_G_NOUN: 1}, "vase": {_G_NOUN: 3 / 4, _G_FRAGILE: 1 / 2},
    "shattered": {_G_VERB: 1}, ".": {_G_COMPLETE: 1},
}  # fmt: skip


def glass_unembedding() -> np.ndarray:
    """[d_model vocab]: how much a feature speaks for a word of VOCABULARY."""
    cells = {(feature, VOCABULARY.index(word)): x for word, of in _SPEAKS_FOR.items() for feature, x in of.items()}
    return _placed((_TO, len(VOCABULARY)), cells)


def stages(built: str) -> tuple[str, ...]:
    """What the residual stream is called: as the words come, and after each layer that there is."""
    layers = (2,) if built == "one" else (1, 2)
    return ("x", *(f"layer{i}.residual" for i in layers))


def _layers(built: str) -> SetUp:
    """Two heads, each on top of the one before; "one": without the first, so that the second reads the words."""
    uses = _USES[built]
    program = programs.stack([_LAYER] * 2)
    if len(uses) == 1:
        program = programs.prefixed(_LAYER, "layer2", ("x", "mask"))
    shapes = {"w_q": (_TO, 1), "w_k": (_TO, 1), "w_v": (_TO, 1), "w_o": (1, _TO)}
    given = {
        f"layer{i}.{name}": _placed(shapes[name], cells)
        for i, use in zip((2,) if len(uses) == 1 else (1, 2), uses, strict=True)
        for name, cells in _LAYERS[use].items()
    }
    features = {(i, at): x for i, word in enumerate(GLASS) for at, x in _GLASS_WORDS[word].items()}
    given |= {"x": _placed((len(GLASS), _TO), features), "mask": np.tri(len(GLASS), dtype=bool)}
    labels = {"query": GLASS, "key": GLASS, "d_model": GLASS_FEATURES}
    return _set_up(program, given, labels, _ABOUT, _glass_words(given["x"]))


def _glass_words(x: np.ndarray) -> tuple[Word, ...]:
    """The words with a sentence on where their features come from."""
    return tuple(
        Word(word, word, "", tuple(row), True, f"Chosen by us for “{word}”. You can type another.")
        for word, row in zip(GLASS, x.tolist(), strict=True)
    )


# --- The next word ---------------------------------------------------------------------------------------------------

_FOLLOWS = {  # the unembedding: after a word with this feature, how many times as much each word counts
    _ADJ: {"ball": 4, "cube": 4}, _NOUN: {"hit": 8, "red": 4, "blue": 2}, _VERB: {"red": 4, "blue": 4},
    _RED: {"ball": 2, "cube": 1 / 2}, _BLUE: {"ball": 1 / 2, "cube": 2},
}  # fmt: skip
TEMPERATURES = (0.1, 4.0)


def unembedding() -> np.ndarray:
    """[d_model vocab]: the logarithm of how much each feature lets a word count, as the next one."""
    cells = {(at, WORDS.index(word)): log(times) for at, words in _FOLLOWS.items() for word, times in words.items()}
    return _placed((_D, len(WORDS)), cells)


def _next(temperature: float, top_k: int) -> SetUp:
    """top_k: how many words may be chosen; all of them, and there is nothing to cut off."""
    given = {
        "resid_post": _traced()["resid_post"].value,
        "w_u": unembedding(),
        "temperature": np.array(float(temperature)),
    }
    kept = None if top_k == len(WORDS) else top_k
    plain, steady = (
        programs.next_token((), stream="resid_post", temperature=True, top_k=kept, steady=on) for on in BOTH
    )
    logits = replace(find(plain, "logits"), formula="L = X'' W_U", formula_t="L = W_U X''")
    plain, steady = exchanged(plain, logits), exchanged(steady, logits)
    about = {**_ABOUT, "temperature": "Set by the slider."}
    labels = {"query": WORDS, "d_model": FEATURES, "vocab": WORDS}
    return _set_up(plain, given, labels, about, steady=steady)


@cache
def model() -> Model:
    """The whole small model: our words, the block, the unembedding."""
    weights = {**_weights(), "w_u": unembedding()}
    return Model(WORDS, _embeddings(WORDS), weights, _block(_HEAD), _block(programs.cached(_HEAD)))


# --- The bench -------------------------------------------------------------------------------------------------------


def _part(part: str, attention: bool, activation: str, moved: str, built: str, temperature: float, top_k: int) -> SetUp:
    """The other settings belong to the page: the word that a table follows, and how a text is written."""
    return {
        "block": lambda: _one_block(attention, activation),
        "mlp": lambda: _mlp(activation),
        "norm": lambda: _norm(moved),
        "layers": lambda: _layers(built),
        "next": lambda: _next(temperature, top_k),
    }[part]()


_ALLOWED: Mapping[str, tuple[Value, ...]] = {
    "part": PARTS,
    "attention": (True, False),
    "activation": ACTIVATIONS,
    "moved": tuple(MOVES),
    "built": BUILT,
    "temperature": TEMPERATURES,
    "top_k": tuple(range(1, len(WORDS) + 1)),
    "word": WORDS,
    "read": GLASS,
    "factor": (1, 2, 3),
    "seed": tuple(range(20)),
    "written": tuple(range(12)),
}
BENCH = Bench(
    "block",
    {
        "part": "block", "attention": True, "activation": "gelu", "moved": "none", "built": "one", "temperature": 1.0,
        "top_k": len(WORDS), "word": "ball", "read": "shattered", "factor": 2, "seed": 7, "written": 0,
    },
    _ALLOWED,
    _part,
    figures=("word", "read", "factor", "seed", "written"),
)  # fmt: skip
