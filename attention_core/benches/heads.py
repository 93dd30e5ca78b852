"""Two heads on one sentence: what each collects, and how what they collect is put together.

Vocabulary
    content        the head of the running example: nouns look for adjectives, verbs for nouns
    previous token a head whose query asks for nothing; a bias makes the word before count 9 times as much
    whole          from W_Q on; else the shares of attention are given, and the matrices begin with the values
    made           how keys, queries and values are made: separate matrices for each head; one wide matrix, split into
                   heads; keys and values shared by both heads
    together       how the outputs are put together: laid side by side, then times W_O; or each times its own rows of
                   W_O, then summed
    swapped        the heads in the other order, each with its rows of W_O
    out            the head that is left out; instead: what stands for its output, 0 or its mean over the tokens
    number         of a cell: which number of ours it is, wherever a setting puts it. What was typed follows it

1 / √d_k is already in our W_Q, so that a match scores ln 3; d_k = d_v = 3, so that two heads make the 6 of d_model. The
previous-token head keeps blue in value coordinate 0 and red in 1: what a coordinate means is a head's own affair.
"""

from collections.abc import Mapping
from math import log

import numpy as np

from attention_core import programs
from attention_core.benches.bench import BOTH, Bench, SetUp
from attention_core.examples import PAINT
from attention_core.programs.editing import find, names, without_stage
from attention_core.trace import Program, run

HEADS = ("content", "previous token")
SENTENCES = (PAINT.sentence, "the round cube pushed a small red box", "the cat sat on the mat")
MADE = ("separate", "split", "shared")
TOGETHER = ("concatenated", "summed")
OUT = ("nobody", *HEADS)
INSTEAD = ("0", "its mean")
D_MODEL = 12  # of the heads that are counted
FACTOR = 9  # how many times as much the word before counts
D_HEAD = len(PAINT.features) // len(HEADS)
_OWN = ("bias",)
_ONE: Program = programs.masked(programs.biased(without_stage(programs.SELF_ATTENTION, "scaled")))
_CONTENT, _STEADY = programs.unshifted(_ONE), programs.steadied(_ONE)
_HANDING_ON: Program = tuple(find(programs.HANDED_ON, name) for name in ("v", "output", "projected", "residual"))


def _ours(made: str = "separate") -> dict[str, np.ndarray]:
    """The weights of both heads, content first: w_q, w_k, w_v [head, d_model, d], w_o [head, d, d_model].

    Where values are shared, they are those of the content head, and both heads' rows of W_O go with them.
    """
    w_q, w_k, w_v = (PAINT.weights[name][:, :D_HEAD] for name in ("w_q", "w_k", "w_v"))
    w_o, other = PAINT.weights["w_o"][:D_HEAD], [0, 1, 2] if made == "shared" else [1, 0, 2]
    return {
        "w_q": np.stack([w_q / 2, np.zeros_like(w_q)]),  # 1 / √d_k of the running example is 1/2
        "w_k": np.stack([w_k, w_k]),
        "w_v": np.stack([w_v, w_v[:, other]]),
        "w_o": np.stack([w_o, w_o[other]]),
    }


def _arranged(heads: Mapping[str, np.ndarray], made: str, together: str, swapped: bool) -> dict[str, np.ndarray]:
    """Matrices of both heads as the program reads them: in their order, wide ones where they are split, W_O in one."""
    found = {name: matrix[::-1] if swapped else matrix for name, matrix in heads.items()}
    if made == "split":
        found |= {name: np.concatenate(found[name], axis=1) for name in ("w_q", "w_k", "w_v")}
    if made == "shared":
        found |= {name: heads[name][:1] for name in ("w_k", "w_v")}
    if together == "concatenated":
        found["w_o"] = np.concatenate(found["w_o"])
    return found


def rows_of(w_o: np.ndarray) -> np.ndarray:
    """W_O by heads, [head, d_v, d_model]; it may stand in one, [(head d_v), d_model]."""
    return w_o if w_o.ndim == 3 else w_o.reshape(len(HEADS), -1, w_o.shape[1])


def misplaced(outputs: np.ndarray, w_o: np.ndarray) -> np.ndarray:
    """What is added, [n, d_model], when outputs [head, n, d_v] change places, and the rows of W_O do not."""
    return np.concatenate(outputs[::-1], axis=1) @ np.concatenate(rows_of(w_o))


def _biases(n: int) -> np.ndarray:
    """What each head adds to the score of two places: [head, n, n]; content nothing."""
    return np.stack([np.zeros((n, n)), log(FACTOR) * np.eye(n, k=-1)])


def _shares(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The weights of attention of both heads: [head, n, n]."""
    program = programs.multi_head(_CONTENT, own=_OWN)
    given = {"x": x, "mask": mask, "bias": _biases(len(x)), **_ours()}
    return run(program[: names(program).index("weights") + 1], given)["weights"].value


def _program(base: Program, made: str, together: str, out: str, instead: str) -> Program:
    summed = together == "summed"
    if made == "split":
        program = programs.split_heads(len(HEADS), base, summed, _OWN)
    elif made == "shared":
        program = programs.grouped(len(HEADS), base, summed, _OWN)
    else:
        program = programs.multi_head(base, summed, _OWN)
    return program if out == "nobody" else programs.left_out(program, instead == INSTEAD[1])


def _labels(swapped: bool) -> dict[str, tuple[str, ...]]:
    side_by_side = tuple(f"{i} of head {head + 1}" for head in range(len(HEADS)) for i in range(D_HEAD))
    return {"head": HEADS[::-1] if swapped else HEADS, "(head d_k)": side_by_side, "(head d_v)": side_by_side}


def _heads(
    sentence: str, whole: bool, made: str, together: str, swapped: bool, out: str, instead: str
) -> SetUp:  # fmt: skip
    """The other setting, h, belongs to a table of the page."""
    tokens = tuple(sentence.split())
    example, labels = PAINT.given(tokens)
    x, mask, labels = example["x"], example["mask"], labels | _labels(swapped)
    given = {"x": x, **_arranged(_ours(made), made, together, swapped)}
    places = {name: np.arange(matrix.size).reshape(matrix.shape) for name, matrix in _ours().items()}
    numbers = _arranged(places, made, together, swapped)
    if whole:
        given |= {"mask": mask} | _arranged({"bias": _biases(len(tokens))}, "separate", "summed", swapped)
    else:
        given |= _arranged({"weights": _shares(x, mask)}, "separate", "summed", swapped)
        given = {name: matrix for name, matrix in given.items() if name not in ("w_q", "w_k")}
    if out != "nobody":
        given["switches"] = np.array([float(name != out) for name in labels["head"]])
    program = _program(_CONTENT if whole else _HANDING_ON, made, together, out, instead)
    steady = _program(_STEADY, made, together, out, instead) if whole else ()
    about = {**_ABOUT, "w_v": _SHARED} if made == "shared" else _ABOUT
    editable = tuple(name for name in given if name != "mask")
    return SetUp(program, given, labels, editable, about, PAINT.words(tokens), steady, numbers=numbers)


_CHOSEN = "A weight chosen by us, for clean results; nothing here was trained. You can type another."
_SHARED = "A weight of the content head, chosen by us; both heads use it. You can type another."
_ABOUT = {
    **dict.fromkeys(("w_v", "w_o", "w_k"), _CHOSEN),
    "w_q": "A weight chosen by us, with 1 / √d_k already in it: a match scores ln 3. You can type another.",
    "weights": "A share that this head makes from its own queries, keys and biases. It stays when you change words or "
    "values; you can type another.",
    "bias": "Chosen by us: ln 9 in the previous-token head, for the word before. You can type another.",
    "switches": "Set by the choice of the head that is left out. You can type another.",
    "mask": "Causal; click a cell to paint it.",
}  # fmt: skip

BENCH = Bench(
    "heads",
    {
        "sentence": PAINT.sentence,
        "whole": False,
        "made": "separate",
        "together": "concatenated",
        "swapped": False,
        "out": "nobody",
        "instead": "0",
        "h": 3,
    },
    {
        "sentence": SENTENCES,
        "whole": BOTH,
        "made": MADE,
        "together": TOGETHER,
        "swapped": BOTH,
        "out": OUT,
        "instead": INSTEAD,
        "h": tuple(range(1, D_MODEL + 1)),
    },
    _heads,
    figures=("h",),
    watched=("x", "weights", "w_q", "w_k", "w_v", "w_o", "bias", "switches", "mask"),
    said={  # not where the shares come from, nor what would stand for a head: both leave the numbers what they are
        "sentence": "the sentence is “{}”",
        "made": {
            "separate": "each head has a W_V of its own",
            "split": "one wide W_V is split into heads",
            "shared": "both heads share W_K and W_V",
        },
        "together": {
            "concatenated": "the outputs are laid side by side, then multiplied by W_O",
            "summed": "each output is multiplied by its own rows of W_O, then added",
        },
        "swapped": {False: "the heads stand in our order", True: "the heads have changed places"},
        "out": {"nobody": "both heads count"}
        | {name: f"the {name.replace(' ', '-')} head is left out" for name in HEADS},
    },
)
