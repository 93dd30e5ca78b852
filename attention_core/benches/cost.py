"""What attention costs, on the running example: tile by tile, under a mask, as a state; and three ways to save.

Vocabulary
    show      which matrices are computed: "tiles" as FlashAttention does, under a "mask", as a "state", or one of the
              savings on weights: "lora" (a change of low rank), "bits" (fewer bits), "experts" (some of several MLPs)
    tile      how many keys a tile holds
    loud      whether the key of blue is three times as large, so that a larger score comes late (of tiles)
    habit     what one more rank of the change adds: a feature that looks for another one
    expert    one of four networks between which the router chooses, word by word
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import log

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp, Value
from attention_core.benches.values import full_map
from attention_core.examples import PAINT
from attention_core.programs import find, masked, renamed, steadied, unshifted
from attention_core.programs.editing import exchanged, without_stage
from attention_core.savings import PATTERNS, largest_code
from attention_core.trace import Program, run

WORDS = tuple(PAINT.sentence.split())
SHOWS = ("tiles", "mask", "state", "lora", "bits", "experts")
TILES = (2, 3, 5)
LOUD = 3  # how many times as large that key is
READ = 3  # words that the state reads: enough to see that it does not grow
BITS = (8, 4, 3, 2)
LENGTHS = (5, 2048, 100_000, 1_000_000, 100_000_000)
GROUPS = (96, 8, 1)
D_K = ("adj", "noun", "verb", "spare")
D_V = ("red", "blue", "round", "spare")
EXPERTS = ("properties", "things", "deeds", "shapes")  # what each is for, as we may call it
_ADJ, _NOUN, _VERB, _RED, _BLUE, _ROUND = range(6)
HABITS = ((_ADJ, _NOUN), (_VERB, _ADJ), (_NOUN, _VERB))  # (who looks, for whom), the coordinate being that of the key
_CHOSEN = "A number chosen by us, for clean results; nothing here was trained. You can type another."
_MADE = "Made from the words and our weights, as in the lesson on one head. You can type another."
_ABOUT = {
    "q_scaled": "What the word asks for, divided by √d_k = 2 already. " + _MADE,
    "k": _MADE,
    "values": _MADE,
    "mask": "Set by the choice of the mask; click a cell to paint it.",
    "w_q": "A frozen weight: training the change does not touch it. You can type another.",
    "lora_a": "Chosen by us; in a real model, trained. Each column picks the words that get a new habit.",
    "lora_b": "Chosen by us; in a real model, trained. Each row says what they look for then.",
    "scale": "1 / √d_k, with the four coordinates that a key has.",
    "w": "1, 1/2, 1/3 and so on with the distance from the diagonal: chosen by us. Type your own weights.",
    "levels": "2 to the power of bits − 1, minus 1: the setting says how many bits.",
    "w_r": "A number chosen by us, so that the gates come out clean; in a real model, trained. You can type another.",
}


def projected(loud: bool = False) -> dict[str, np.ndarray]:
    """The scaled queries, the keys and the values of the running example."""
    given, labels = PAINT.given(WORDS)
    trace = run(programs.PROJECT, given, labels)
    q, k, values = (trace[name].value.copy() for name in ("q", "k", "v"))
    if loud:
        k[WORDS.index("blue")] *= LOUD
    return {"q_scaled": q * given["scale"], "k": k, "values": values}


def _from_queries(program: Program) -> Program:
    """A head that begins at scaled queries, keys and values, and ends with the output."""
    kept = (step for step in program if step.name not in ("q", "k", "v", "projected", "residual"))
    return renamed(tuple(kept), {"q": "q_scaled", "v": "values"})


def _scaled_before(program: Program) -> Program:
    """The same, whose scores are not scaled once more."""
    program = _from_queries(without_stage(program, "scaled"))
    step = find(program, "scores")
    formulas = {kind: getattr(step, kind).replace("Q", r"\tilde Q") for kind in ("formula", "formula_t")}
    return exchanged(program, replace(step, title="scaled scores", **formulas))


_LABELS = {"query": WORDS, "key": WORDS, "d_k": D_K, "d_v": D_V, "d_model": PAINT.features}
_HEAD = masked(programs.SELF_ATTENTION)
_INPUTS = ("q_scaled", "k", "values")


def tiled(tile: int) -> Program:
    """One head of the running example, so many keys at a time."""
    return renamed(programs.online(len(WORDS), tile, rest=False, projects=False), {"v": "values"})


PLAIN: Program = _scaled_before(steadied(programs.SELF_ATTENTION))


def _tiles(tile: int, loud: bool, **_: Value) -> SetUp:
    starts = range(0, len(WORDS), tile)
    of_tiles = {f"tile{i}": WORDS[start : start + tile] for i, start in enumerate(starts, 1)}
    return SetUp(tiled(tile), projected(loud), {**_LABELS, **of_tiles}, _INPUTS, _ABOUT)


def _mask(pattern: str, **_: Value) -> SetUp:
    given = {**projected(), "mask": np.array(PATTERNS[pattern].small(len(WORDS)))}
    steady = _scaled_before(steadied(_HEAD))
    return SetUp(_scaled_before(unshifted(_HEAD)), given, _LABELS, _INPUTS, _ABOUT, steady=steady)


def _state(**_: Value) -> SetUp:
    """Unnormalised, and without a feature map: the scores themselves are what is taken of each value."""
    given = {name: matrix[:READ] for name, matrix in projected().items()}
    program = _from_queries(programs.recurrent(READ, normalised=False, feature_map=False))
    tokens = {f"token{i}": (word,) for i, word in enumerate(WORDS[:READ], 1)}
    labels = {**_LABELS, "query": WORDS[:READ], "key": WORDS[:READ], **tokens}
    return SetUp(program, given, labels, _INPUTS, _ABOUT)


def habits(r: int) -> tuple[np.ndarray, np.ndarray]:
    """The two factors of a change of rank r: the first r habits."""
    first, second = np.zeros((len(PAINT.features), r)), np.zeros((r, len(D_K)))
    for i, (who, whom) in enumerate(HABITS[:r]):
        first[who, i], second[i, whom] = 1.0, 2 * log(3)
    return first, second


def _lora(r: int, **_: Value) -> SetUp:
    given, _ = PAINT.given(WORDS)
    first, second = habits(r)
    given = {"x": given["x"], "w_q": given["w_q"], "lora_a": first, "lora_b": second, "k": projected()["k"],
             "scale": given["scale"]}  # fmt: skip
    editable = ("x", "w_q", "lora_a", "lora_b", "k")
    return SetUp(programs.lora(), given, _LABELS, editable, _ABOUT, PAINT.words(WORDS), programs.lora(steady=True))


def _bits(bits: int, **_: Value) -> SetUp:
    given = {"w": full_map(), "levels": np.array(float(largest_code(bits)))}
    return SetUp(programs.QUANTISED, given, {}, ("w",), _ABOUT)


def router() -> np.ndarray:
    """W_R [d_model, experts]: logarithms of small whole numbers, so that gates are fractions."""
    w_r = np.zeros((len(PAINT.features), len(EXPERTS)))
    w_r[_ADJ, :2] = log(6), log(2)
    w_r[_NOUN, :2] = log(2), log(6)
    w_r[_VERB, 1:3] = log(2), log(6)
    w_r[_ROUND, 3] = log(3)
    return w_r


def _experts(top: int, **_: Value) -> SetUp:
    given = {"x": PAINT.given(WORDS)[0]["x"], "w_r": router()}
    labels = {"query": WORDS, "d_model": PAINT.features, "expert": EXPERTS}
    words, steady = PAINT.words(WORDS), programs.experts(top, steady=True)
    return SetUp(programs.experts(top), given, labels, ("x", "w_r"), _ABOUT, words, steady)


_BUILT: Mapping[str, Callable[..., SetUp]] = {
    "tiles": _tiles, "mask": _mask, "state": _state, "lora": _lora, "bits": _bits, "experts": _experts,
}  # fmt: skip


def _cost(show: str, **settings: Value) -> SetUp:
    return _BUILT[show](**settings)


BENCH = Bench(
    "cost",
    {
        "show": "tiles", "tile": 3, "loud": False, "pattern": "causal", "r": 1, "bits": 8, "top": 2,
        "n": 1_000_000, "groups": 96,
    },
    {
        "show": SHOWS, "tile": TILES, "loud": BOTH, "pattern": tuple(PATTERNS), "r": (1, 2, 3), "bits": BITS,
        "top": (1, 2), "n": LENGTHS, "groups": GROUPS,
    },
    _cost,
    figures=("n", "groups"),
    single=("k",),
)  # fmt: skip
