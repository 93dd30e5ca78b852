"""The sandbox: every size, matrix and way to build attention at once, for sentences and features of one's own.

Vocabulary
    begin       from what the program starts: "X", of which it makes queries, keys and values; or given "Q, K, V"
    source      a second sentence that keys and values come from; "" for none: the words look at one another
    features    the names of the columns of X, written one after another, between commas
    places      how it is told where words stand: not at all, in X (sinusoidal, one-hot), by turning queries and keys
                (rotary), or by what is added to scores: a number for each distance, a penalty on distance (ALiBi), or
                a number for each pair of words
    weights     what stands in W_Q, W_K, W_V and W_O until it is typed over
    apart       settings that do not go together; the one that gives way counts as if it were not set, and is told of

What is typed stays with the number that it replaced (SetUp.numbers), wherever that stands after a change of sizes,
heads or layers: which of ours that was is said by the feature, the word, the head and the layer. So settings and typed
cells together describe any matrices of such a model: at most 16 words, 24 features, 64 coordinates, 4 heads, 3 layers.

The numbers were chosen by us; those that are random say so. Nothing here was trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log, sqrt
from zlib import crc32

import numpy as np

from attention_core import masks, positions, programs
from attention_core.benches.bench import BOTH, Bench, SetUp, Text, Value
from attention_core.examples import BANK, PAINT, unique
from attention_core.tokens import Word, split
from attention_core.trace import Program

Settings = Mapping[str, Value]

MOST_FEATURES, MOST_COORDINATES, MOST_HEADS, MOST_LAYERS = 24, 64, 4, 3
BEGIN = ("X", "Q, K, V")
MASKS = ("none", "causal", "window", "prefix")
PLACES = ("none", "sinusoidal", "one-hot", "rotary", "by distance", "ALiBi", "by pair")
WEIGHTS = ("ours", "zeros", "identity", "random")
DISTANCES = ("2 or more before", "1 before", "itself", "1 after", "2 or more after")
_LONGEST_NAME = 20
_WINDOW = 2  # how many words before a word are seen, beside itself
_IN_X = ("sinusoidal", "one-hot")
_FACTOR = log(9)  # what a neighbour's score gets, by distance
_SENTENCES = (PAINT.sentence, BANK.sentence, "the the cat")
_FEATURES = (", ".join(PAINT.features), ", ".join(BANK.features), "noun, my own, red")


def features(text: str) -> tuple[str, ...]:
    """The names in a text, between commas. Raises ValueError, in a sentence for a learner, for what cannot be names."""
    names = tuple(" ".join(name.split()) for name in text.split(","))
    if not any(names):
        raise ValueError("No feature is named. Name at least one; between two, put a comma.")
    if len(names) > MOST_FEATURES:
        raise ValueError(f"That is {len(names)} features; at most {MOST_FEATURES} are drawn.")
    for place, name in enumerate(names, 1):
        if not name:
            raise ValueError(f"Feature {place} has no name: there is nothing between two commas, or after the last.")
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"Feature {place}, “{name[:12]}…”, has {len(name)} signs; at most {_LONGEST_NAME} fit.")
        if names.index(name) + 1 < place:
            raise ValueError(f"“{name}” is named twice. Every feature needs a name of its own.")
        for word in name.split():
            split(word)
    return names


def source_words(text: str) -> tuple[str, ...]:
    """The words of the second sentence; none for a blank one. Raises SentenceError as `split` does."""
    return split(text) if text.strip() else ()


def apart(settings: Settings) -> dict[str, tuple[Value, str]]:
    """Settings that give way to others: by name, what counts instead, and a sentence that says why."""
    s, found = settings, {}
    given, crossed = s["begin"] == BEGIN[1], bool(source_words(s["source"]))
    n, d_model, places = len(split(s["sentence"])), len(features(s["features"])), s["places"]
    if given and s["layers"] > 1:
        found["layers"] = 1, "With Q, K and V given there is one layer: a second would need an X to read."
    if given and places in (*_IN_X, "rotary"):
        found["places"] = "none", f"Q, K and V are given, and would have their places already: {places} is left out."
    elif crossed and places in ("rotary", "by distance", "ALiBi"):
        why = f"A place in one sentence is no place in the other: {places} is left out. A number for each pair works."
        found["places"] = "none", why
    elif places == "one-hot" and d_model < n:
        why = f"One-hot places need a feature for each of the {n} words, and there are {d_model}: they are left out."
        found["places"] = "none", why
    elif places == "rotary" and s["d_k"] < 2:
        found["places"] = "none", "Coordinates turn in pairs, and d_k is 1: rotary is left out. Make d_k 2 or more."
    if s["mask"] == "window" and crossed:
        found["mask"] = "none", "A window counts places in one sentence, and there are two: every word sees all."
    if s["mask"] == "prefix" and crossed:
        found["mask"] = "none", "A prefix is the beginning of one sentence, and there are two: every word sees all."
    return found


# --- The program -----------------------------------------------------------------------------------------------------


def _program(s: Settings, n: int, steady: bool) -> Program:
    program = programs.SELF_ATTENTION
    if s["source"]:
        program = programs.crossed(program)
    if not s["scaled"]:
        program = programs.unscaled(program)
    if s["places"] == "rotary":
        program = programs.rotary(program, s["d_k"], dims=s["d_k"] - s["d_k"] % 2, interleaved=True)
    elif s["places"] == "by distance":
        program = programs.relative_bias(program, n, n)
    elif s["places"] == "ALiBi":
        program = programs.alibi(program)
    elif s["places"] == "by pair":
        program = programs.biased(program)
    if s["temperature"] != 1:
        program = programs.tempered(program)
    program = _softmax(programs.masked(program), s["compact"], steady)
    if not s["residual"] and s["layers"] == 1:
        program = programs.without_residual(program)
    if s["heads"] > 1:
        program = programs.multi_head(program, own=("bias",))
    if s["begin"] == BEGIN[1]:
        return _from_given(program)
    if s["layers"] > 1:
        program = programs.stack([program] * s["layers"], shared=("table", "slopes", "bias"))
    return programs.placed(program) if s["places"] in _IN_X else program


def _softmax(program: Program, compact: bool, steady: bool) -> Program:
    if compact:
        return programs.compact(program)
    return programs.steadied(program) if steady else programs.unshifted(program)


def _from_given(program: Program) -> Program:
    """The program from given queries, keys and values to what each query collects."""
    at = programs.names(program)
    start = next(i for i, name in enumerate(at) if name not in ("q", "k", "v"))
    return programs.renamed(program[start : at.index("output") + 1], {"v": "values"})


# --- The matrices ----------------------------------------------------------------------------------------------------

_KNOWN = {name: (of, of.features.index(name)) for of in (BANK.lexicon, PAINT.lexicon) for name in of.features}
_OWN = "one of your own features, which our word list does not know: 0, until you type another number"


def embedded(tokens: Sequence[str], names: Sequence[str]) -> tuple[np.ndarray, tuple[Word, ...]]:
    """Words in these features: [n, d_model], and each word with where its numbers come from. A feature that no word
    list has is 0."""
    paint, bank = PAINT.words(tokens), BANK.words(tokens)
    rows, words = np.zeros((len(tokens), len(names))), []
    for i, (one, other) in enumerate(zip(paint, bank, strict=True)):
        of = {PAINT.lexicon.features: one, BANK.lexicon.features: other}
        for j, name in enumerate(names):
            if name in _KNOWN:
                lexicon, column = _KNOWN[name]
                rows[i, j] = of[lexicon.features].features[column]
        own = [name for name in names if name not in _KNOWN]
        why = (other if names and set(names) <= set(BANK.features) else one).why
        words.append(replace(one, features=tuple(rows[i].tolist()), why=f"{why} “{own[0]}” is {_OWN}." if own else why))
    return rows, tuple(words)


_LOOKS = (  # which feature looks for which, by head
    (("noun", "adj"), ("verb", "noun"), ("bank", "cue")),
    (("adj", "noun"),),
    (),
    (("noun", "verb"),),
)
_HANDED = ("red", "blue", "round", "money", "water")  # what is handed over


def _ours(head: int, names: Sequence[str], d_k: int, d_v: int, scale: float) -> dict[str, np.ndarray]:
    """The weights of a head: a match scores ln 3 once it is scaled, whatever d_k is."""
    made = {name: np.zeros((len(names), d_k)) for name in ("w_q", "w_k")} | {"w_v": np.zeros((len(names), d_v))}
    pairs = [(ask, found) for ask, found in _LOOKS[head] if ask in names and found in names]
    for at, (ask, found) in enumerate(pairs[:d_k]):
        made["w_q"][names.index(ask), at] = log(3) / scale
        made["w_k"][names.index(found), at] = 1
    for at, name in enumerate([name for name in _HANDED if name in names][:d_v]):
        made["w_v"][names.index(name), at] = 1
    return made | {"w_o": made["w_v"].T.copy()}


def _weights(s: Settings, names: Sequence[str], layer: int, head: int, scale: float) -> dict[str, np.ndarray]:
    d_model, d_k, d_v = len(names), s["d_k"], s["d_v"]
    if s["weights"] == "ours":
        return _ours(head, names, d_k, d_v, scale)
    shapes = {"w_q": (d_model, d_k), "w_k": (d_model, d_k), "w_v": (d_model, d_v), "w_o": (d_v, d_model)}
    if s["weights"] == "random":
        rng = np.random.default_rng([s["seed"], layer, head])
        return {name: np.round(rng.normal(size=shape) / sqrt(shape[0]), 2) for name, shape in shapes.items()}
    return {name: np.eye(*shape) * (s["weights"] == "identity") for name, shape in shapes.items()}


def mask_of(kind: str, n_q: int, n_k: int) -> np.ndarray:
    """The mask of MASKS for so many queries and keys: [n_q, n_k]."""
    made = {
        "none": lambda: masks.full(n_q, n_k),
        "causal": lambda: np.tri(n_q, n_k, dtype=bool),
        "window": lambda: masks.window(n_q, _WINDOW, 0),
        "prefix": lambda: masks.prefix(n_q, (n_q + 1) // 2),
    }
    return np.asarray(made[kind]())


def _placing(places: str, n_q: int, n_k: int, d_model: int, d_k: int, heads: int) -> dict[str, np.ndarray]:
    """What the program reads for the places."""
    table = np.zeros(len(DISTANCES))
    table[[1, 3]] = _FACTOR
    slopes = np.array([2.0 ** -(head + 1) for head in range(heads)])
    made = {
        "sinusoidal": lambda: {"places": np.round(positions.sinusoidal(n_q, d_model + d_model % 2), 2)[:, :d_model]},
        "one-hot": lambda: {"places": np.eye(n_q, d_model)},
        "rotary": lambda: programs.rotary_given(n_q, d_k, dims=d_k - d_k % 2, interleaved=True),
        "by distance": lambda: {"table": np.stack([table] * heads) if heads > 1 else table},
        "ALiBi": lambda: {"slopes": slopes if heads > 1 else slopes[0], "positions": np.arange(1.0, n_q + 1)},
        "by pair": lambda: {"bias": np.zeros((heads, n_q, n_k) if heads > 1 else (n_q, n_k))},
    }
    return made[places]() if places in made else {}


def _model(s: Settings, names: Sequence[str], scale: float) -> dict[str, np.ndarray]:
    """The weights of all layers and heads, as the program calls and shapes them."""
    found = {}
    for layer in range(s["layers"]):
        prefix = f"layer{layer + 1}." if s["layers"] > 1 else ""
        heads = [_weights(s, names, layer, head, scale) for head in range(s["heads"])]
        for name in ("w_q", "w_k", "w_v", "w_o"):
            together = np.stack([head[name] for head in heads])
            if len(heads) == 1:
                together = together[0]
            elif name == "w_o":
                together = np.concatenate(together)
            found[prefix + name] = together
    return found


def _collected(s: Settings, x: np.ndarray, z: np.ndarray, names: Sequence[str], scale: float) -> dict:
    """Queries, keys and values as our first layer would make them of the words."""
    w = _model({**s, "layers": 1}, names, scale)
    return {"q": x @ w["w_q"], "k": z @ w["w_k"], "values": z @ w["w_v"]}


# --- Which number of ours a cell is ----------------------------------------------------------------------------------


def _codes(words: Sequence[str]) -> np.ndarray:
    return np.array([crc32(word.encode()) % 2**31 for word in words], dtype=np.int64)


def _numbers(given: Mapping[str, np.ndarray], tokens: Sequence[str], keys: Sequence[str], names: Sequence[str],
             s: Settings) -> dict[str, np.ndarray]:  # fmt: skip
    """For each given matrix, which number each cell is: told by feature, word and place, coordinate, head and layer."""
    feature = _codes(names)
    place, key = (_codes([f"{i} {word.casefold()}" for i, word in enumerate(of)]) for of in (tokens, keys))
    found = {}
    for name, matrix in given.items():
        own, layer = name.rpartition(".")[2], name.partition(".")[0]
        index = np.indices(matrix.shape) if matrix.ndim > 1 else None
        level = int(layer[5:] or 1) if layer.startswith("layer") and "." in name else 1
        if own == "x":
            found[name] = place[:, None] * 2**31 + feature
        elif own == "source":
            found[name] = key[:, None] * 2**31 + feature
        elif own in ("w_q", "w_k", "w_v"):
            head = index[0] if matrix.ndim == 3 else 0
            found[name] = _number(feature[index[-2]], index[-1], head, level)
        elif own == "w_o":
            found[name] = _number(feature[index[1]], index[0] % s["d_v"], index[0] // s["d_v"], level)
        elif own in ("q", "k", "values"):
            head = index[0] if matrix.ndim == 3 else 0
            found[name] = _number((place if own == "q" else key)[index[-2]], index[-1], head, level)
        elif own == "mask":
            found[name] = place[:, None] * 2**31 + key + MASKS.index(s["mask"])
        elif own == "bias":
            head = index[0] if matrix.ndim == 3 else 0
            found[name] = (place[index[-2]] * 2**31 + key[index[-1]]) ^ head
    return found


def _number(code: np.ndarray, coordinate: np.ndarray, head: np.ndarray | int, layer: int) -> np.ndarray:
    return ((code * 64 + coordinate) * 8 + head) * 8 + layer


# --- The bench -------------------------------------------------------------------------------------------------------


def _sandbox(**chosen: Value) -> SetUp:
    s = chosen | {name: instead for name, (instead, _) in apart(chosen).items()}
    tokens, names = split(s["sentence"]), features(s["features"])
    other = source_words(s["source"])
    keys = other or tokens
    scale = 1 / sqrt(s["d_k"]) if s["scaled"] else 1.0
    x, words = embedded(tokens, names)
    z, _ = embedded(keys, names)
    given = {"scale": np.array(scale), "mask": mask_of(s["mask"], len(tokens), len(keys))}
    if s["temperature"] != 1:
        given["temperature"] = np.array(float(s["temperature"]))
    given |= _placing(s["places"], len(tokens), len(keys), len(names), s["d_k"], s["heads"])
    if s["begin"] == BEGIN[1]:
        given = _collected(s, x, z, names, scale) | given
        words = ()
    else:
        given = {"x": x} | ({"source": z} if other else {}) | _model(s, names, scale) | given
    labels = {
        "query": unique(tokens), "key": unique(keys), "d_model": names, "d_source": names, "distance": DISTANCES,
        "head": tuple(str(head + 1) for head in range(s["heads"])),
    }  # fmt: skip
    plain, steady = (_program(s, len(tokens), steady) for steady in BOTH)
    single = ("scale", "mask", "temperature", "signs", "frequencies")
    return SetUp(
        steady if s["steady"] else plain, given, labels, tuple(name for name in given if name not in single),
        {name: _about(name, s) for name in given}, words, () if s["steady"] or s["compact"] else steady,
        numbers=_numbers(given, tokens, keys, names, s),
    )  # fmt: skip


_CHOSEN = {
    "ours": "Chosen by us, for clean results; nothing here was trained. You can type another.",
    "zeros": "Zero, as you chose. You can type another.",
    "identity": "Of the identity: 1 on the diagonal, else 0, as you chose. You can type another.",
}
_ABOUT = {
    "mask": "Set by the choice of who sees whom; click a cell to paint it.",
    "temperature": "Set by the slider.",
    "scale": "1 / √d_k, with as many coordinates as a key has; 1 where scaling is switched off.",
    "places": "What says where a word stands, to two decimals. You can type another.",
    "positions": "The place of the word. You can type another.",
    "frequencies": "How far a coordinate turns from one place to the next.",
    "signs": "The first of a pair gets a minus: a quarter turn of (a, b) is (−b, a).",
    "slopes": "What one place further costs: half as much in each further head. You can type another.",
    "table": "What is added for each distance: ln 9 for a neighbour. You can type another.",
    "bias": "What is added for this pair of words: 0, until you type another.",
    "source": "Looked up in our word list, as the words of the first sentence are. You can type another.",
    **dict.fromkeys(("q", "k", "values"), "As the weights chosen would make it of the words. You can type another."),
}


def _about(name: str, s: Settings) -> str:
    own = name.rpartition(".")[2]
    if own in _ABOUT:
        return _ABOUT[own]
    return _CHOSEN.get(s["weights"], f"Random, with seed {s['seed']}, to two decimals. You can type another.")


def _aligned(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
    """The settings before a change, with features called as they are now, if some were given another name."""
    old, new = features(before["features"]), features(after["features"])
    same = len(old) == len(new) and set(old) != set(new)
    return {**before, "features": after["features"]} if same else dict(before)


_DEFAULTS: Mapping[str, Value] = {
    "sentence": PAINT.sentence, "features": ", ".join(PAINT.features), "source": "", "begin": "X", "d_k": 4, "d_v": 4,
    "heads": 1, "layers": 1, "mask": "causal", "places": "none", "weights": "ours", "seed": 0, "scaled": True,
    "residual": True, "compact": False, "steady": False, "temperature": 1.0,
}  # fmt: skip
_WATCHED = (
    "x", "source", "q", "k", "values", "mask", "bias", "places", "table", "slopes", "positions",
    *(f"{layer}{name}" for layer in ("", "layer1.", "layer2.", "layer3.") for name in ("w_q", "w_k", "w_v", "w_o")),
)  # fmt: skip
BENCH = Bench(
    "sandbox",
    _DEFAULTS,
    {
        "sentence": Text(split, _SENTENCES),
        "features": Text(features, _FEATURES),
        "source": Text(source_words, ("", BANK.sentence, "la balle rouge")),
        "begin": BEGIN,
        "d_k": tuple(range(1, MOST_COORDINATES + 1)),
        "d_v": tuple(range(1, MOST_COORDINATES + 1)),
        "heads": tuple(range(1, MOST_HEADS + 1)),
        "layers": tuple(range(1, MOST_LAYERS + 1)),
        "mask": MASKS,
        "places": PLACES,
        "weights": WEIGHTS,
        "seed": tuple(range(100)),
        "scaled": BOTH,
        "residual": BOTH,
        "compact": BOTH,
        "steady": BOTH,
        "temperature": (0.1, 10.0),
    },
    _sandbox,
    watched=_WATCHED,
    keeps=True,
    aligned=_aligned,
    said={
        "sentence": "the sentence is “{}”",
        "features": "the features are {}",
        "source": lambda text: f"keys and values come from {f'“{text}”' if text.strip() else 'the same words'}",
        "begin": {"X": "it begins with X", "Q, K, V": "Q, K and V are given"},
        "d_k": "d_k is {}",
        "d_v": "d_v is {}",
        "heads": "heads: {}",
        "layers": "layers: {}",
        "mask": {
            "none": "every word sees all",
            "causal": "the mask is causal",
            "window": f"a word sees itself and {_WINDOW} before it",
            "prefix": "the first half sees itself, what follows is causal",
        },
        "places": {name: "no places are told" if name == "none" else f"places are told: {name}" for name in PLACES},
        "weights": {
            "ours": "weights begin as ours",
            "zeros": "weights begin as zeros",
            "identity": "weights begin as identities",
            "random": "weights begin as random numbers",
        },
        "seed": "the random seed is {}",
        "scaled": {True: "scores are divided by √d_k", False: "scores are not divided by √d_k"},
        "residual": {True: "the residual is added", False: "there is no residual"},
        "compact": {True: "softmax is one step", False: "softmax is shown step by step"},
        "steady": {True: "the row maximum is subtracted", False: "nothing is subtracted before exp"},
        "temperature": "the temperature is {}",
    },
)
