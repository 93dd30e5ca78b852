"""Attention written as data: every mechanism is a tuple of steps, and a change of it is a function on such tuples.

One head     SELF_ATTENTION; masked, biased, softcapped, tempered, steadied, unshifted, unscaled, without_residual;
             ABLATIONS;  of_scores: from given scores to the weights;  compact: softmax in one step
Heads        MULTI_HEAD, SUMMED_HEADS, multi_head, split_heads, grouped, left_out
Sources      CROSS_ATTENTION, crossed;  cached: new tokens after a key-value cache;  over_patches: of a picture
Circuits     COMBINED: W_Q W_K^T and W_V W_O;  BOTH_WAYS: scores from both;  HANDED_ON: by given weights;
             REPLACED: that without the residual;  rank, low_rank, symmetric, rotation
Positions    placed, rotary (rotary_given), alibi, relative_bias
Blocks       BLOCK, block, decoder_block, stack, encoder_decoder, norm, mlp, with_biases, next_token
Tiles        online: FlashAttention's softmax
Savings      lora, QUANTISED, experts: a change of low rank, fewer bits, a choice of experts
Linear       LINEAR_ATTENTION, linear, recurrent
Training     squared_error, cross_entropy: losses;  backward, gradient_name, trained: gradients of what ends in a loss;
             iteration: these, and the weights after one step of SGD or Adam
In context   blocks: context and question;  merged: pairs of keys;  AGAIN: an induction head
Ancestors    HARD_LOOKUP, SOFT_LOOKUP, KERNEL_SMOOTHER;  HARD_TABLE, SOFT_TABLE, soft_table: single numbers
Parts        SOFTMAX_ROWS, softmax_rows: of given scores;  SIMILARITY: dot products, lengths, cosines
"""

from attention_core.programs.backward import backward, gradient_name, trained
from attention_core.programs.blocks import (
    ACTIVATIONS,
    BLOCK,
    block,
    decoder_block,
    encoder_decoder,
    mlp,
    next_token,
    norm,
    stack,
    with_biases,
)
from attention_core.programs.circuits import (
    BOTH_WAYS,
    COMBINED,
    HANDED_ON,
    REPLACED,
    low_rank,
    rank,
    rotation,
    symmetric,
)
from attention_core.programs.editing import (
    BEFORE_SOFTMAX,
    find,
    identifier,
    lifted,
    names,
    prefixed,
    renamed,
    with_axes,
)
from attention_core.programs.givens import GIVENS, Given, given_of
from attention_core.programs.heads import (
    CROSS_ATTENTION,
    MULTI_HEAD,
    SUMMED_HEADS,
    cached,
    crossed,
    grouped,
    left_out,
    multi_head,
    split_heads,
)
from attention_core.programs.in_context import AGAIN, MERGES, blocks, merged
from attention_core.programs.linear_attention import LINEAR_ATTENTION, linear, recurrent
from attention_core.programs.lookup import HARD_LOOKUP, HARD_TABLE, KERNEL_SMOOTHER, SOFT_LOOKUP, SOFT_TABLE, soft_table
from attention_core.programs.losses import cross_entropy, squared_error
from attention_core.programs.one_head import (
    ABLATIONS,
    MISTAKE,
    MIX,
    PROJECT,
    SCORE,
    SELF_ATTENTION,
    SOFTMAX,
    STEADY_ABOVE,
    biased,
    compact,
    masked,
    masked_after,
    masked_with_zero,
    of_scores,
    one_head,
    renormalised,
    run_steady,
    softcapped,
    steadied,
    tempered,
    unscaled,
    unshifted,
    without_residual,
    wrong_axis,
)
from attention_core.programs.pictures import over_patches
from attention_core.programs.position import alibi, placed, relative_bias, rotary, rotary_given
from attention_core.programs.savings import QUANTISED, experts, lora
from attention_core.programs.similarity import SIMILARITY, SIMILARITY_AND_SCALE
from attention_core.programs.softmax_rows import SOFTMAX_ROWS, softmax_rows
from attention_core.programs.tiles import online
from attention_core.programs.updates import about, iteration

__all__ = [
    "ABLATIONS",
    "ACTIVATIONS",
    "AGAIN",
    "BEFORE_SOFTMAX",
    "BLOCK",
    "BOTH_WAYS",
    "COMBINED",
    "CROSS_ATTENTION",
    "GIVENS",
    "HANDED_ON",
    "HARD_LOOKUP",
    "HARD_TABLE",
    "KERNEL_SMOOTHER",
    "LINEAR_ATTENTION",
    "MERGES",
    "MISTAKE",
    "MIX",
    "MULTI_HEAD",
    "PROJECT",
    "QUANTISED",
    "REPLACED",
    "SCORE",
    "SELF_ATTENTION",
    "SIMILARITY",
    "SIMILARITY_AND_SCALE",
    "SOFTMAX",
    "SOFTMAX_ROWS",
    "SOFT_LOOKUP",
    "SOFT_TABLE",
    "STEADY_ABOVE",
    "SUMMED_HEADS",
    "Given",
    "about",
    "alibi",
    "backward",
    "biased",
    "block",
    "blocks",
    "cached",
    "compact",
    "cross_entropy",
    "crossed",
    "decoder_block",
    "encoder_decoder",
    "experts",
    "find",
    "given_of",
    "gradient_name",
    "grouped",
    "identifier",
    "iteration",
    "left_out",
    "lifted",
    "linear",
    "lora",
    "low_rank",
    "masked",
    "masked_after",
    "masked_with_zero",
    "merged",
    "mlp",
    "multi_head",
    "names",
    "next_token",
    "norm",
    "of_scores",
    "one_head",
    "online",
    "over_patches",
    "placed",
    "prefixed",
    "rank",
    "recurrent",
    "relative_bias",
    "renamed",
    "renormalised",
    "rotary",
    "rotary_given",
    "rotation",
    "run_steady",
    "soft_table",
    "softcapped",
    "softmax_rows",
    "split_heads",
    "squared_error",
    "stack",
    "steadied",
    "symmetric",
    "tempered",
    "trained",
    "unscaled",
    "unshifted",
    "with_axes",
    "with_biases",
    "without_residual",
    "wrong_axis",
]
