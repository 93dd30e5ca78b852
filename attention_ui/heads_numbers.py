"""The numbers that the sentences, questions and boxes of the lesson on several heads speak of.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
    CUBE        the word that the sentences follow; RED and BLUE are words, and colours are features
    kept        of a word, for the words to come: its keys and values
"""

from collections.abc import Mapping

import numpy as np

from attention_core import costs
from attention_core.benches import BENCHES, Value
from attention_core.benches.heads import D_MODEL, FACTOR, HEADS, misplaced
from attention_core.examples import PAINT
from attention_ui.heads_figures import attention_of
from attention_ui.readings import said, worked

_WORDS = PAINT.sentence.split()
RED, BLUE, CUBE = (_WORDS.index(word) for word in ("red", "blue", "cube"))
_COLOURS = [PAINT.features.index(colour) for colour in ("red", "blue")]
_GPT3 = costs.MODELS["GPT-3 175B"].config
BOOST = str(FACTOR)
LARGE = f"{_GPT3.d_model:,}"
_NOTHING = {"made": "separate", "together": "concatenated", "swapped": False, "out": "nobody"}


def shares(head: int) -> list[str]:
    """What cube takes from red and from blue in this head, 0 or 1."""
    return [worked("heads").said("weights", head, CUBE, word) for word in (RED, BLUE)]


def sums() -> list[str]:
    """Red and blue that cube gets, each as a sum over the heads, and both sums as decimals."""
    each = list(zip(*parts(), strict=True))
    exactly = [said(x) for colour in each for x in (*colour, sum(colour))]
    return [*exactly, *(said(sum(colour), 2) for colour in each)]


def parts() -> list[list[float]]:
    """Red and blue that each head adds to cube, with our numbers."""
    found = worked("heads", together="summed").head.matrix("contributions").value
    return found[:, CUBE, _COLOURS].tolist()


def predicted(question: str) -> tuple[list[str], str, Mapping[str, Value]]:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _together() -> tuple[list[str], str, Mapping[str, Value]]:
    blue = sum(blue for _, blue in parts())
    options = [f"{said(blue / 2)}, less", f"{said(blue)}, as before", f"{said(2 * blue)}, more"]
    return options, options[1], {**_NOTHING, "together": "summed"}


def _split() -> tuple[list[str], str, Mapping[str, Value]]:
    return ["all", "those of head 2", "none"], "none", {**_NOTHING, "made": "split"}


def _count() -> tuple[list[str], str, Mapping[str, Value]]:
    three, six = (sum(costs.attention_parameters(attention_of(h)).values()) for h in (3, 6))
    options = [f"{three // 2}, half", f"{six}, as many", f"{2 * three}, twice"]
    return options, options[1], {}


def _order() -> tuple[list[str], str, Mapping[str, Value]]:
    return ["none", "those of cube", "all that are not 0"], "none", {**_NOTHING, "swapped": True}


def _rows() -> tuple[list[str], str, Mapping[str, Value]]:
    now = worked("heads").head
    red, blue = misplaced(now.matrix("output").value, now.matrix("w_o").value)[CUBE, _COLOURS]
    options = ["more red", "as much of both", "more blue"]
    return options, options[1 + int(np.sign(np.round(blue - red, 12)))], {}


def _prune() -> tuple[list[str], str, Mapping[str, Value]]:
    red, blue = worked("heads", out=HEADS[1]).head.matrix("residual").value[CUBE, _COLOURS]
    options = ["more red", "as much of both", "more blue"]
    return options, options[1 + int(np.sign(np.round(blue - red, 12)))], {**_NOTHING, "out": HEADS[1]}


def _shared() -> tuple[list[str], str, Mapping[str, Value]]:
    own, one = (kept(made) for made in ("separate", "shared"))
    options = [f"{own}, as before", f"{one}, half", f"{one // 2}, a quarter"]
    return options, options[1], {**_NOTHING, "made": "shared"}


_QUESTIONS = {
    "together": _together, "split": _split, "count": _count, "order": _order, "rows": _rows, "prune": _prune,
    "shared": _shared,
}  # fmt: skip


def kept(made: str = "separate") -> int:
    """How many numbers of keys and values are kept for one word."""
    now, groups = worked("heads", made=made, whole=True).head, "_groups" * (made == "shared")
    return sum(now.matrix(f"{name}{groups}").value[:, 0].size for name in "kv")


def cut() -> list[str]:
    """A width, how many heads it is cut into, how wide these are, and how many numbers W_Q to W_O have together."""
    heads = BENCHES["heads"].settings["h"]
    return [str(D_MODEL), str(heads), str(attention_of(heads).key_width), f"4 × {D_MODEL} × {D_MODEL}"]


def apart() -> dict[str, float]:
    """The blue that head 2 adds to cube, with our numbers, and with the outputs of head 1 doubled."""
    trace = worked("heads", together="summed").head.trace
    doubled = trace["output"].value * np.array([2.0, 1.0])[:, None, None]
    added = doubled @ trace.given["w_o"].value
    blue = _COLOURS[1]
    return {"blue from head 2": parts()[1][1],
            "blue from head 2, head 1 collecting twice as much": added[1, CUBE, blue].item(),
            "blue from head 1": parts()[0][1],
            "blue from head 1, which collects twice as much": added[0, CUBE, blue].item()}  # fmt: skip


def lengths() -> dict[str, str]:
    """How long H is, for some numbers of heads, and the sizes of the W_O that bring it back."""
    d_head, d_model = worked("heads").head.matrix("v").value.shape[-1], len(PAINT.features)
    found = {}
    for h in (1, 2, 3):
        long = h * d_head
        name = f"{h} {'head' if h == 1 else 'heads'} of {d_head}"
        found[name] = f"H has {long} columns, W_O is {long} × {d_model}, Y has {d_model}"
    return found


def slices() -> dict[str, str]:
    """What one head reads and writes: in our numbers, and in a model whose heads are a small part of its width."""
    trace = worked("heads", together="summed").head.trace
    read = len(trace["v"].explain((1, CUBE, 0)).reads[0])
    d_model, width = len(PAINT.features), trace.given["w_o"].value.shape[2]
    own, all_of_them = _GPT3.value_width, _GPT3.n_heads * _GPT3.value_width
    return {
        "features of a word that one number of V₂ is made from": f"{read} of {d_model}",
        "features that head 2 may write to": f"{width} of {d_model}",
        "in GPT-3: numbers of H that are one head’s own": f"{own} of {all_of_them:,}",
        "in GPT-3: numbers of a word that one head may write to": f"{LARGE} of {LARGE}",
    }


def large() -> dict[str, str]:
    """The sizes of GPT-3 that are often mixed up."""
    return {
        "heads in a layer": f"{_GPT3.n_heads}",
        "layers": f"{_GPT3.n_layers}",
        "d_head, coordinates of a head": f"{_GPT3.key_width}",
        "d_model, numbers of a word: heads × d_head": f"{_GPT3.n_heads} × {_GPT3.key_width} = {_GPT3.d_model:,}",
        "vocabulary, tokens that it knows": f"{_GPT3.n_vocab:,}",
        "matrices W_Q: one for each head of each layer": f"{_GPT3.n_layers * _GPT3.n_heads:,}",
    }
