"""Every program of the core beyond one head, and random matrices to run any program on.

Vocabulary
    MECHANISMS    name -> program; together they use every step that the core can make
    SIZES         a different size for every axis; tokens are queries and keys at once, unless a program says otherwise
    drawn_for     the given matrices of a program, at random: what must be positive is, masks are boolean
"""

import numpy as np

from attention_core import programs
from attention_core.trace import givens

ONE, MANY = programs.SELF_ATTENTION, programs.MULTI_HEAD


def trained(program, *others):
    """The program, which ends in a loss, with the gradients of its weights and of the `others`."""
    return program + programs.backward(program, (*programs.trained(program), *others))


MECHANISMS = {
    "multi-head": MANY,
    "multi-head, summed, with every stage": programs.multi_head(
        programs.masked(programs.softcapped(programs.tempered(programs.biased(ONE)))), summed=True
    ),
    "stages added to heads": programs.steadied(programs.masked(programs.softcapped(programs.tempered(MANY)))),
    "heads with biases of their own": programs.multi_head(programs.biased(ONE), own=("bias",)),
    "heads, some left out": programs.left_out(MANY),
    "heads, some at their mean": programs.left_out(programs.SUMMED_HEADS, mean=True),
    "split": programs.split_heads(2, programs.masked(ONE)),
    "grouped": programs.grouped(6, programs.masked(ONE)),
    "multi-query, summed": programs.grouped(3, summed=True),
    "cross-attention": programs.masked(programs.CROSS_ATTENTION),
    "cross-attention, heads": programs.multi_head(programs.CROSS_ATTENTION),
    "cached": programs.masked(programs.cached()),
    "cached, heads": programs.masked(programs.cached(MANY)),
    "split, crossed": programs.split_heads(2, programs.CROSS_ATTENTION),
    "rotary, then heads": programs.multi_head(programs.rotary(ONE, 4)),
    "placed, then heads": programs.multi_head(programs.placed(ONE)),
    "alibi, then heads": programs.multi_head(programs.alibi(ONE)),
    "block, grouped": programs.block(programs.grouped(6)),
    "combined": programs.COMBINED,
    "scores both ways": programs.masked(programs.BOTH_WAYS),
    "handed on, by given weights": programs.HANDED_ON,
    "handed on, without the residual": programs.REPLACED,
    "masked after softmax, divided once more": programs.renormalised(programs.masked(ONE)),
    "placed": programs.placed(programs.masked(ONE)),
    "rotary": programs.rotary(programs.masked(ONE), 4),
    "rotary, some dims": programs.rotary(MANY, 4, dims=2),
    "rotary, interleaved": programs.rotary(MANY, 4, interleaved=True),
    "alibi": programs.masked(programs.alibi(ONE)),
    "alibi, heads": programs.alibi(programs.masked(MANY)),
    "relative bias": programs.masked(programs.relative_bias(ONE, 3, 3)),
    "relative bias, heads": programs.relative_bias(programs.masked(MANY), 3, 3),
    "block": programs.BLOCK,
    "compact": programs.compact(ONE),
    "compact, masked heads": programs.compact(programs.masked(MANY)),
    "compact layers": programs.stack([programs.compact(programs.masked(ONE))] * 2),
    "block, post-norm, heads": programs.block(programs.masked(MANY), post=True, activation="relu"),
    "block, RMS norm": programs.block(kind="rms", activation="gelu_tanh", biases=False),
    "block, no norm": programs.block(programs.SUMMED_HEADS, kind=""),
    "two layers": programs.stack([programs.BLOCK] * 2),
    "decoder block": programs.decoder_block(MANY),
    "encoder-decoder": programs.encoder_decoder(1, post=True),
    "next token": programs.next_token(programs.masked(ONE)),
    "next token, top-k": programs.next_token(ONE, temperature=True, top_k=3),
    "tiles": programs.online(3, 2),
    "masked tiles": programs.online(5, 2, hides=True),
    "tiles, from given queries": programs.online(3, 2, rest=False, projects=False),
    "a change of low rank": programs.lora(),
    "a change of low rank, steady": programs.lora(steady=True),
    "fewer bits": programs.QUANTISED,
    "experts": programs.experts(2),
    "one expert, steady": programs.experts(1, steady=True),
    "linear": programs.linear(hides=True),
    "linear, unnormalised": programs.linear(normalised=False),
    "linear, no feature map": programs.linear(hides=True, normalised=False, feature_map=False, rest=False),
    "recurrent": programs.recurrent(3),
    "recurrent, unnormalised": programs.recurrent(2, normalised=False, feature_map=False, rest=False),
    "hard lookup": programs.HARD_LOOKUP,
    "soft lookup": programs.SOFT_LOOKUP,
    "kernel smoother": programs.KERNEL_SMOOTHER,
    "soft table": programs.SOFT_TABLE,
    "soft table, every switch": programs.soft_table(sharpened=True, pull=True),
    "soft table, steady": programs.soft_table(sharpened=True, pull=True, steady=True),
    "hard table": programs.HARD_TABLE,
    "similarity": programs.SIMILARITY_AND_SCALE,
    "softmax": programs.SOFTMAX_ROWS,
    "softmax, every switch": programs.softmax_rows(raised=True, tempered=True, log_sum_exp=True),
    "softmax, steady": programs.softmax_rows(raised=True, tempered=True, steady=True, log_sum_exp=True),
    "softmax over columns": programs.softmax_rows(columns=True, steady=True, tempered=True),
    "softmax without exp": programs.softmax_rows(exponential=False, raised=True, tempered=True),
    "softmax without exp, over columns": programs.softmax_rows(exponential=False, columns=True),
    "masked scores": programs.unshifted(programs.of_scores(programs.masked(ONE))),
    "masked scores, steady": programs.of_scores(programs.steadied(programs.masked(ONE))),
    "masked scores, with 0": programs.unshifted(programs.of_scores(programs.masked_with_zero(programs.masked(ONE)))),
    "softmax in one step": programs.compact(ONE),
    "masked softmax in one step": programs.compact(programs.masked(programs.biased(ONE))),
    "softmax in one step, heads, tempered": programs.compact(programs.tempered(programs.masked(MANY))),
    "masked softmax in one step, heads": programs.compact(programs.masked(MANY)),
    "next token, steady": programs.next_token((), stream="resid_post", temperature=True, top_k=2, steady=True),
    "iteration, SGD": programs.iteration(programs.squared_error(programs.placed(programs.masked(ONE))), "sgd"),
    "iteration, Adam": programs.iteration(
        programs.squared_error(programs.SUMMED_HEADS), "adam", clip=True, wrt=("w_q", "w_o")
    ),
    "gradients, every stage, heads": trained(
        programs.squared_error(programs.tempered(programs.softcapped(programs.biased(programs.masked(MANY)))))
    ),
    "gradients of the tokens": trained(programs.squared_error(programs.masked(ONE)), "x"),
    "gradients of the places": trained(programs.squared_error(programs.placed(programs.masked(ONE))), "places"),
    "gradients, summed heads, biases": trained(
        programs.squared_error(programs.biased(programs.masked(programs.SUMMED_HEADS))), "bias"
    ),
    "gradients, grouped": trained(programs.squared_error(programs.grouped(6, programs.masked(ONE)))),
    "gradients, softmax in one step": trained(programs.squared_error(programs.compact(programs.masked(ONE)))),
    "gradients, softmax in one step, heads": trained(programs.squared_error(programs.compact(MANY))),
    "gradients, from given ones": programs.compact(ONE)[:6] + programs.backward(programs.compact(ONE)[:6]),
    "gradients, split": trained(programs.squared_error(programs.split_heads(2, programs.masked(ONE)))),
    "gradients, rotary": trained(programs.squared_error(programs.rotary(ONE, 4))),
    "gradients, biases by distance": trained(
        programs.cross_entropy(programs.relative_bias(programs.masked(ONE), 3, 3), "weights")
    ),
    "gradients, biases by distance, heads": trained(
        programs.squared_error(programs.relative_bias(programs.masked(MANY), 3, 3))
    ),
    "gradients, block": trained(programs.squared_error(programs.BLOCK)),
    "gradients, block, post-norm": trained(programs.squared_error(programs.block(post=True, activation="relu"))),
    "gradients, block, RMS norm": trained(
        programs.squared_error(programs.block(kind="rms", activation="gelu_tanh", biases=False))
    ),
    "gradients, next token": trained(programs.cross_entropy(programs.next_token(programs.stack([ONE] * 2)))),
    "gradients, cached": trained(programs.squared_error(programs.cached()), "k_past"),
    "gradients, linear": trained(programs.squared_error(programs.linear(hides=True))),
    "gradients, recurrent": trained(programs.squared_error(programs.recurrent(2, normalised=False, rest=False))),
    "scores, masked too late": programs.unshifted(programs.of_scores(programs.renormalised(programs.masked(ONE)))),
    "context and question": programs.blocks(6, 3),
    "context and question, steady": programs.blocks(6, 3, steady=True),
    "pairs merged exactly": programs.merged("exact"),
    "pairs merged by the larger, steady": programs.merged("max", steady=True),
    "said again": programs.AGAIN,
    "layers that share their weights": programs.stack(
        [programs.linear(hides=True, normalised=False, feature_map=False)] * 2, shared=("w_q", "w_k", "w_v", "w_o")
    ),
    "picture": programs.over_patches(2, (4, 6)),
    "picture, masked": programs.unshifted(programs.over_patches(3, (6, 3), programs.masked(ONE))),
}
SIZES = {
    "head": 2, "kv_head": 1, "d_model": 5, "d_model_k": 5, "d_k": 4, "d_v": 7, "d_ff": 8, "d_source": 10, "vocab": 9,
    "past": 6, "distance": 3, "rank": 2, "expert": 4, "row": 3, "column": 5,
    "frozen": 6, "token": 9,
}  # fmt: skip
_TOKENS = {
    "grouped": {"head": 6, "kv_head": 3}, "block, grouped": {"head": 6, "kv_head": 3},
    "cached, heads": {"new": 3, "key": 9}, "split, crossed": {"key": 2}, "multi-query, summed": {"head": 3},
    "masked tiles": {"query": 5, "key": 5},
    "picture": {"pixel_row": 4, "pixel_col": 6, "query": 6, "key": 6, "d_model": 4, "d_k": 3, "d_v": 4},
    "picture, masked": {"pixel_row": 6, "pixel_col": 3, "query": 2, "key": 2, "d_model": 9, "d_v": 9},
    "cross-attention": {"key": 2}, "cross-attention, heads": {"key": 2}, "cached": {"new": 3, "key": 9},
    "recurrent, unnormalised": {"query": 2, "key": 2}, "soft lookup": {"key": 2}, "hard lookup": {"key": 2},
    "kernel smoother": {"key": 2}, "similarity": {"key": 2}, "soft table": {"key": 2},
    "gradients, grouped": {"head": 6, "kv_head": 3}, "gradients, cached": {"new": 3, "key": 9},
    "gradients, recurrent": {"query": 2, "key": 2},
    "decoder block": {"source_key": 2},
    "encoder-decoder": {"source_query": 2, "source_key": 2, "d_source": 5},
}  # fmt: skip
_POSITIVE = ("epsilon", "softcap", "temperature", "levels", "tiny", "clip", "known1", "known2")


def sizes_of(name):
    """The size of every axis for the mechanism of this name: three tokens, unless it says otherwise."""
    return {"query": 3, "key": 3, "source_key": 2, **SIZES, **_TOKENS.get(name, {})}


def length(axis, sizes):
    """How long an axis is; a merged one, "(head d_v)", as long as its parts multiplied."""
    return int(np.prod([sizes[part] for part in axis.strip("()").split()]))


def drawn_for(program, sizes, seed, dtype=np.float64):
    """The given matrices of `program`: normally distributed, positive where they must be, masks seeing themselves."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, axes in givens(program).items():
        value = rng.normal(size=[length(axis, sizes) for axis in axes])
        if name == "mask":
            found[name] = value > -0.4
            np.fill_diagonal(found[name], True)
        elif name in ("beta1", "beta2"):
            found[name] = (1 / (1 + abs(value))).astype(dtype)
        else:
            size = np.sqrt(value.shape[-2]) if "w_" in name else 1  # scores that exp can hold, layer after layer
            found[name] = (abs(value) + 0.5 if name in _POSITIVE or "square_" in name else value / size).astype(dtype)
    if "pattern" in found:  # nobody can be asked to look at what is hidden
        found["pattern"] *= found["mask"]
    for name in {"pattern", "targets"} & set(found):  # rows of shares, as softmax makes them
        shares = abs(found[name])
        found[name] = shares / shares.sum(axis=-1, keepdims=True)
    return found
