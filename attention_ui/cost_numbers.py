"""The numbers that the questions and boxes of the lesson on costs speak of.

Vocabulary
    predicted   a question of the page: its options, the one that comes out, and the settings that it asks about
    reused      what stays from one text to the next, and what does not
"""

from collections.abc import Mapping

import numpy as np

from attention_core import costs, programs, run, savings
from attention_core.benches import Value
from attention_core.benches.cost import WORDS, projected
from attention_core.costs import sized
from attention_core.examples import PAINT
from attention_core.numerals import decimal
from attention_ui.cost_figures import SHAPE, WIDTH, large, ours, rested
from attention_ui.readings import said

_Question = tuple[list[str], str, Mapping[str, Value]]
_BLUE, _CUBE = 3, 4
CLAIMED = 10**13  # numbers that a chatbot took the scores of 100 million tokens to be
HUGE = 10**8
_WEIGHTS = ("w_q", "w_k", "w_v", "w_o")


def predicted(question: str) -> _Question:
    """The options of a question, by its name, the one that comes out, and what the board is then set to."""
    return _QUESTIONS[question]()


def _stored() -> _Question:
    right = sized(costs.score_bytes(SHAPE, HUGE)["head"])
    return ["36.6 TB, as it said", sized(10 * 4 * CLAIMED), right], right, {}


def _larger() -> _Question:
    factor = ours(loud=True).number("tile2.correction", 1)
    right = f"they are multiplied by {said(factor)}"
    return ["they are made anew", right, "they stay as they are"], right, {"show": "tiles", "tile": 3, "loud": True}


def _fast() -> _Question:
    right = "memory, and trips to it"
    return ["multiplications", right, "both"], right, {}


def _window() -> _Question:
    options = [said(ours(show="mask", pattern=name).number("weights", _CUBE, _BLUE)) for name in ("causal", "window")]
    return ["1/5", *options], options[1], {"show": "mask", "pattern": "window"}


def _sink() -> _Question:
    takes = {name: rested(name)["hit"] for name in ("causal", "window")}
    right = said(takes["window"])
    return [f"about {takes['causal']:.3f}, as before", right, "all of it"], right, {}


def _grows() -> _Question:
    return ["W_K and W_V", "the cache", "both"], "the cache", {}


def _state() -> _Question:
    return ["the same", "twice as large", "four times as large"], "the same", {"show": "state"}


def _lora() -> _Question:
    counts = savings.lora_parameters(WIDTH, WIDTH, 8)
    options = [large(x) for x in (counts["low-rank"] // 16, counts["low-rank"], counts["full"])]
    return options, options[1], {"show": "lora", "r": 1}


def _bits() -> _Question:
    found = ours(show="bits", bits=4)
    spacing = found.head.matrix("spacing").value.item()
    options = [said(spacing * factor) for factor in (1 / 2, 1, 4)]
    return options, options[0], {"show": "bits", "bits": 4}


def _experts() -> _Question:
    counts = savings.expert_parameters(savings.MIXTRAL)
    options = [f"{x / 1e9:.1f} billion" for x in (counts["stored"] / 4, counts["used"], counts["stored"])]
    return options, options[1], {"show": "experts", "top": 2}


def _layer() -> _Question:
    n, d_model = len(WORDS), len(PAINT.features)
    options = [large(x) for x in (n * d_model, savings.one_head(d_model, 4, 4), savings.one_layer(n, d_model))]
    return options, options[2], {}


_QUESTIONS = {
    "stored": _stored, "larger": _larger, "fast": _fast, "window": _window, "sink": _sink, "grows": _grows,
    "state": _state, "lora": _lora, "bits": _bits, "experts": _experts, "layer": _layer,
}  # fmt: skip


# --- Boxes -----------------------------------------------------------------------------------------------------------


def reused() -> dict[str, str]:
    """The chatbot's count and the right one; and how many cells of A and of the weights another text changes."""
    one, other = (run(programs.one_head(), *PAINT.given(words)) for words in (WORDS, WORDS[::-1]))
    moved = {name: int((one.matrix(name).value != other.matrix(name).value).sum()) for name in ("weights", *_WEIGHTS)}
    return {
        "scores of 100 million tokens": large(costs.score_cells(HUGE)),
        "as the chatbot counted": large(CLAIMED),
        "bytes, 4 each": sized(costs.score_bytes(SHAPE, HUGE)["head"]),
        "cells of A changed, words reversed": str(moved["weights"]),
        "cells of all W changed": str(sum(moved[name] for name in _WEIGHTS)),
    }


def by_heads() -> dict[str, str]:
    """Multiply-adds and parameters of one layer of GPT-3's width, with one head and with 96, for a million tokens."""
    layers = {
        f"{heads} head{'s' * (heads > 1)} of {WIDTH // heads:,}": costs.Config(1, WIDTH, heads, 1, 1)
        for heads in (1, SHAPE.n_heads)
    }
    counts = {name: costs.multiply_adds(config, 10**6) for name, config in layers.items()}
    stored = {name: costs.score_bytes(config, 10**6)["layer"] for name, config in layers.items()}
    return {
        **{f"multiply-adds, {name}": large(of["scores"] + of["mixing"])
           for name, of in counts.items()},
        **{f"scores stored, {name}": sized(taken) for name, taken in stored.items()},
    }  # fmt: skip


def unselected() -> dict[str, str]:
    """What cube collects of red and blue with scores, and without; and the share of a word in a dictionary then."""
    plain = ours(show="mask", pattern="full")
    even = savings.average(projected()["values"])
    red, blue = (said(plain.number("output", _CUBE, i)) for i in (0, 1))
    return {
        "red and blue of cube, by scores": f"{red} and {blue}",
        "the same, without scores": f"{said(even[0])} and {said(even[1])}",
        "share of one word among a million": decimal(1 / 10**6).removeprefix("1.0·"),
        "weights, if they are laid end to end": large(savings.one_layer(10**6, WIDTH)),
    }


def enlarged() -> dict[str, str]:
    """What a dictionary of a million tokens adds in GPT-3's shape: to the projections, and to the cache."""
    return {
        "numbers added to any W": "0",
        "keys and values, a million tokens": sized(costs.kv_cache_bytes(SHAPE, 10**6)),
        "the same, 8 groups of heads": sized(
            costs.kv_cache_bytes(costs.Config(SHAPE.n_layers, WIDTH, SHAPE.n_heads, 1, 1, 8), 10**6)
        ),
    }


def ball() -> tuple[str, ...]:
    """What stands of ball after each of the two tiles: scores, largest, exponentials, sum, output; and the result."""
    found = ours()
    vectors = (("tile1.output", 1), ("tile2.output", 1), ("output", 1))
    first_output, second_output, output = (f"({found.listed(*at).replace(' and', ',')})" for at in vectors)
    first = [found.listed("tile1.scores", 1), found.said("tile1.row_max", 1), found.listed("tile1.exps", 1),
             found.said("tile1.row_sums", 1), first_output]  # fmt: skip
    second = [found.listed("tile2.scores", 1), found.said("tile2.correction", 1), found.said("tile2.row_sums", 1),
              second_output, output]  # fmt: skip
    return (*first, *second)


def gap() -> float:
    """The largest difference between the output tile by tile and that of the whole head, over all sizes of a tile."""
    plain = ours(show="mask", pattern="full").head.matrix("output").value
    return max(float(np.abs(ours(tile=tile).head.matrix("output").value - plain).max()) for tile in (2, 3, 5))
