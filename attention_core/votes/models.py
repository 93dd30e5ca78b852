"""Whole models: heads, two sources, the block and what it costs."""

from dataclasses import replace

import numpy as np

from attention_core import costs
from attention_core.choices import bench, head, layer, number
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact
from attention_core.votes.vote import BALL, CUBE, RED, Made, Vote

_RED = PAINT.features.index("red")
_WIDTH = 12  # d_model of the layers that are cut into heads here


def _head_count() -> Made:
    three, six = (sum(costs.attention_parameters(layer(h, _WIDTH)).values()) for h in (3, 6))
    wide = sum(costs.attention_parameters(replace(layer(6, _WIDTH), d_k=_WIDTH)).values())
    return (
        f"d_model is {_WIDTH}, in 3 heads of {_WIDTH // 3}. W_Q, W_K, W_V and W_O of all heads have {three} numbers. "
        f"How many have they with 6 heads of {_WIDTH // 6}?",
        (f"{six}, as many", "Twice as many heads, each half as wide. What grows is the number of shares."),
        (f"{2 * three}", "Every head costs the same, however wide. (They get narrower.)"),
        (f"{three // 2}", "Narrower heads are cheaper, so many heads are more efficient."),
        (f"{wide}", "Every head is as wide as the model."),
    )


def _head_order() -> Made:
    ours, swapped = (bench("heads", swapped=on).matrix("residual").value for on in (False, True))
    moved = int((~np.isclose(ours, swapped)).sum())
    return (
        "Head 1 and head 2 change places, each with its own W_Q, W_K, W_V and its own rows of W_O. How many of the "
        f"{ours.size} numbers that come out change?",
        (str(moved), "The heads’ parts are added, and a sum has no order."),
        (str(ours.size), "Head 1 finds what matters most, head 2 what comes next."),
        (str(ours.size // 2), "Each head owns a slice of the vector, and the slices change places."),
        (str(len(ours)), "The heads act on one another in W_O, and one number of each word shows it."),
    )


def _cross_shape() -> Made:
    trace = bench("cross_attention", english="the red ball")
    asking, source = trace.matrix("weights").value.shape
    return (
        f"{_word(asking).capitalize()} French words, being written, read {_word(source)} English ones. "
        "Which shape has the matrix of weights, with who asks as rows?",
        (f"{asking} × {source}", "A row for each word that asks, a column for each that is asked."),
        (f"{source} × {asking}", "The source asks. (Queries come from the text that is being written.)"),
        (f"{asking + source} × {asking + source}", "All words see all. (That would be one text: self-attention.)"),
        (f"{source} × {source}", "Weights are always square. (Only in self-attention.)"),
    )


def _double() -> Made:
    once, twice = (number(head(factor=factor), "weights", BALL, RED) for factor in (1.0, 2.0))
    scores, counts = (
        [exact(number(head(factor=factor), name, BALL, RED)) for factor in (1.0, 2.0)] for name in ("scaled", "exps")
    )
    half_way = number(head(scale=1.0), "weights", BALL, RED)  # d_k is 4: scores that are not halved are doubled
    return (
        f"“ball” takes {exact(once)} from “red”. All embeddings are doubled. How much does “ball” take from “red”?",
        (
            exact(twice),
            f"Queries and keys both double, so a score of {scores[0]} becomes {scores[1]}, and its exponential "
            f"{counts[0]} becomes {counts[1]}. Softmax is the bend.",
        ),
        (
            f"{exact(once)}, as before",
            "Attention is linear: twice the input, and shares stay. (For fixed shares it is.)",
        ),
        (exact(half_way), "Scores double. (Query and key both do.)"),
        ("1", "Larger inputs always end in a hard choice."),
    )


def _next_row() -> Made:
    rows = len(bench("block", part="next").matrix("logits").value)
    return (
        f"{_word(rows).capitalize()} words went through a causal model. From which row of its last matrix is "
        "the next word read?",
        (f"the last, no. {rows}", "Each row predicts the word after its own. The last has seen all words."),
        (f"a row of its own, no. {rows + 1}", "The word that is to come has a vector already. (It would need a word.)"),
        ("the first", "The first row stands for the whole sentence. (It has seen itself alone.)"),
        ("the mean of all rows", "All words together say the next one. (Only the last row is asked.)"),
    )


def _stored() -> Made:
    n, d = 10**8, 4
    cells = costs.score_cells(n)
    return (
        "All scores of 100 million words in one head are stored, 4 bytes each. How much is that?",
        (
            costs.sized(d * cells),
            f"100 million times 100 million is {decimal(cells)} scores. So they are never stored: tiles are.",
        ),
        (costs.sized(d * n), "One score for each word. (One for each pair.)"),
        (
            costs.sized(d * cells // 1000),
            f"A slip of three zeros, as a chatbot made it: {decimal(cells / 1000)} scores.",
        ),
        (
            costs.sized(d * n * costs.MODELS["GPT-3 175B"].config.d_model),
            "One score for each feature of each word. (That would be X.)",
        ),
    )


def _more_heads() -> Made:
    one, many = (costs.multiply_adds(layer(h, _WIDTH), 5) for h in (1, 4))
    before, after = (found["scores"] for found in (one, many))
    return (
        f"One head of width {_WIDTH} multiplies {before} times for the scores of 5 words. How often do 4 heads "
        f"of width {_WIDTH // 4} multiply?",
        (f"{after}, as often", "Four times as many scores, each with a quarter of the products."),
        (f"{before // 4}", "Many narrow heads are more efficient."),
        (f"{4 * before}", "Every head costs as much as one wide head."),
        (f"{16 * before}", "Heads look at one another, too."),
    )


def _one_more_layer() -> Made:
    one, two = (
        number(bench("sandbox", layers=n), name, CUBE, _RED) for n, name in ((1, "residual"), (2, "layer2.residual"))
    )
    return (
        f"Our head leaves “cube” with {exact(one)} of red. The same head, with the same weights, is put on top "
        "of it as a second layer. How much red has “cube” then?",
        (
            decimal(two),
            "The second layer reads what the first one left: “red” has more paint now than it came with, and what is "
            "taken is added once more.",
        ),
        (f"{exact(one)}, as before", "The same weights do nothing new. (They read another X.)"),
        (exact(2 * one), "It takes as much once more. (The words have changed in between.)"),
        (exact(one * one), "Each layer leaves a share of what was there. (It adds.)"),
    )


def _word(n: int) -> str:
    return ("no", "one", "two", "three", "four", "five", "six", "seven")[n]


VOTES = (
    Vote("head-count", "heads", _head_count),
    Vote("head-order", "heads", _head_order),
    Vote("cross-shape", "cross_attention", _cross_shape),
    Vote("doubled", "block", _double),
    Vote("next-row", "block", _next_row),
    Vote("stored", "cost", _stored),
    Vote("more-heads", "cost", _more_heads),
    Vote("one-more-layer", "sandbox", _one_more_layer),
)
