"""What a saving saves: exact counts for masks, tiles, caches, states, low rank, fewer bits, experts and plain networks.

Vocabulary
    pairs      the cells of a mask that are 1: how many pairs of a query and a key are compared
    pattern    a kind of mask with its sizes: small ones for the board's words, large ones as they were published
    edge       how far from either end of a text its rows differ; all rows between see equally many keys
    traffic    numbers that go between the large, slow memory of a processor and the small, fast one beside its units
    prefix     tokens at the start of many prompts, the same in all of them: instructions, or a dictionary
    stored     parameters that must be kept; used: those that one token is multiplied by

Counts are Python ints, exact at any size.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from attention_core import costs, masks
from attention_core.costs import Config
from attention_core.masks import Mask
from attention_core.positions import whole

# --- Masks, priced ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """A kind of mask. sizes: for the few words of the board; published: for long texts, with the source.

    mask: (n, *sizes) -> the mask itself; pairs: (n, *sizes) -> how many cells of it are 1, for any n.
    """

    title: str
    sizes: tuple[int, ...]
    published: tuple[int, ...]
    source: str
    mask: Callable[..., Mask]
    pairs: Callable[..., int]

    def small(self, n: int) -> Mask:
        """The mask for n words, with the small sizes."""
        return self.mask(n, *self.sizes)

    def priced(self, n: int) -> int:
        """The pairs of n tokens, with the published sizes."""
        return self.pairs(whole("priced: n", n), *self.published)


def _summed(row: Callable[[int], int], edge: int, n: int) -> int:
    """The sum of row(i) over all n rows, where those that are `edge` or more from both ends are alike."""
    if n <= 2 * edge + 1:
        return sum(map(row, range(n)))
    ends = (*range(edge), *range(n - edge, n))
    return sum(map(row, ends)) + (n - 2 * edge) * row(edge)


def _dilated(n: int, w: int, step: int) -> int:
    """Itself and every step-th token before it, w in all."""
    return _summed(lambda i: min(w, i // step + 1), (w - 1) * step, n)


def _sink(n: int, w: int, first: int) -> int:
    """Itself and w − 1 before it, and the first tokens."""
    return _summed(lambda i: min(w, i + 1) + max(0, min(first, i - w + 1)), w + first, n)


def _both_ways(n: int, side: int, i: int, everywhere: int) -> int:
    """The keys of a row i that is not global: `side` on each side of it, and those that all see."""
    left, right = max(0, i - side), min(n - 1, i + side)
    return right - left + 1 + min(everywhere, left)


def _global(n: int, side: int, everywhere: int) -> int:
    """`side` on each side of a token; the first tokens see all and are seen by all."""
    return _bigbird(n, side, everywhere, 0)


def _bigbird(n: int, side: int, everywhere: int, random: int) -> int:
    """The same, and so many more keys for each row, drawn from those that it does not see (all, if fewer are left)."""
    everywhere = min(everywhere, n)

    def row(i: int) -> int:
        return n if i < everywhere else min(n, _both_ways(n, side, i, everywhere) + random)

    return _summed(row, side + everywhere, n)


def _first(n: int, count: int) -> Mask:
    return masks.global_tokens(n, range(min(count, n)))


PATTERNS: Mapping[str, Pattern] = {
    "full": Pattern("no mask", (), (), "", masks.full, lambda n: n * n),
    "causal": Pattern("causal", (), (), "", masks.causal, lambda n: costs.score_cells(n, causal=True)),
    "window": Pattern(
        "window", (3,), (512,), "the size is ours; windows: Child et al. 2019",
        lambda n, w: masks.window(n, w - 1, 0), lambda n, w: costs.score_cells(n, window=w),
    ),
    "dilated": Pattern(
        "dilated window", (3, 2), (512, 2), "the size is ours; Beltagy et al. 2020, section 3.1",
        lambda n, w, step: masks.causal(n) & masks.dilated(n, w - 1, step), _dilated,
    ),
    "sink": Pattern(
        "window, first token", (3, 1), (512, 4), "Xiao et al. 2023, who keep four first tokens; the window is ours",
        lambda n, w, first: masks.causal(n) & (masks.window(n, w - 1, 0) | _first(n, first)), _sink,
    ),
    "global": Pattern(
        "window, global token", (1, 1), (256, 1), "Beltagy et al. 2020: 512 in all, and one global token",
        lambda n, side, everywhere: masks.longformer(n, side, range(everywhere)), _global,
    ),
    "bigbird": Pattern(
        "BigBird", (1, 1, 1), (96, 128, 192), "Zaheer et al. 2020: blocks of 64, window 3, random 3, global 2",
        lambda n, side, everywhere, random: masks.bigbird(n, side, everywhere, random, seed=2), _bigbird,
    ),
}  # fmt: skip


# --- Tiles -----------------------------------------------------------------------------------------------------------


def kept_by_tiles(n: int, d: int, rows: int, tile: int) -> int:
    """Numbers in fast memory at once: a tile of queries with their outputs, one of keys and values, their scores,
    a maximum and a sum for each query."""
    rows, tile = min(n, whole("kept_by_tiles: rows", rows)), min(n, whole("kept_by_tiles: tile", tile))
    return 2 * rows * d + 2 * tile * d + rows * tile + 2 * rows


@dataclass(frozen=True)
class Measured:
    """One pass forward and backward on a real processor: billions of operations, GB of traffic, milliseconds."""

    operations: float
    traffic: float
    time: float


MEASURED: Mapping[str, Measured] = {
    "all scores stored": Measured(66.6, 40.3, 41.7),
    "tile by tile": Measured(75.2, 4.4, 7.3),
}
MEASURED_BY = "Dao et al. 2022, figure 2: GPT-2 medium, 1,024 tokens, 16 heads of 64, a batch of 64, on one A100"


# --- Caches and prefixes ---------------------------------------------------------------------------------------------


def reading(config: Config, past: int, new: int) -> int:
    """Multiply-adds to read so many new tokens after `past` ones whose keys and values are kept; causal.

    What the past tokens have cost is not among them; 0 past tokens are a fresh start.
    """
    whole("reading: past", past, 0)
    after = sum(costs.multiply_adds(config, past + whole("reading: new", new), causal=True).values())
    return after - (sum(costs.multiply_adds(config, past, causal=True).values()) if past else 0)


def soft_prompt(d_model: int, tokens: int) -> int:
    """Parameters of a soft prompt: a trained vector in place of each of so many tokens (Lester et al. 2021)."""
    return whole("soft_prompt: d_model", d_model) * whole("soft_prompt: tokens", tokens)


def state_numbers(d_k: int, d_v: int, normalised: bool = False) -> int:
    """Numbers in the state of one linear head, for a text of any length; normalised: with the sum of the keys."""
    return whole("state_numbers: d_k", d_k) * (whole("state_numbers: d_v", d_v) + normalised)


def cache_numbers(n: int, d_k: int, d_v: int) -> int:
    """Numbers in the cache of one head of softmax attention after n tokens."""
    return whole("cache_numbers: n", n) * (whole("cache_numbers: d_k", d_k) + whole("cache_numbers: d_v", d_v))


# --- Low rank, fewer bits --------------------------------------------------------------------------------------------


def lora_parameters(rows: int, columns: int, rank: int) -> dict[str, int]:
    """Numbers to train: "full" a matrix of so many rows and columns, "low-rank" the two factors of a change to it.

    Raises ValueError for a rank that no such change can have.
    """
    rows, columns = whole("lora_parameters: rows", rows), whole("lora_parameters: columns", columns)
    if whole("lora_parameters: rank", rank) > min(rows, columns):
        raise ValueError(f"lora_parameters: a change of {rows} × {columns} has no rank of {rank}")
    return {"full": rows * columns, "low-rank": rank * (rows + columns)}


def largest_code(bits: int) -> int:
    """2^(bits − 1) − 1: codes run from minus this to this, so that 0 stays 0. Raises ValueError below 2 bits."""
    return 2 ** (whole("largest_code: bits", bits, 2) - 1) - 1


def weight_bytes(parameters: int, bits: int) -> int:
    """Bytes of so many weights of so many bits each, rounded up; the few numbers for spacings are left out."""
    return -(-whole("weight_bytes: parameters", parameters) * whole("weight_bytes: bits", bits) // 8)


# --- Experts ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Experts:
    """A model whose every MLP is replaced by `n` experts of its size, of which `chosen` work on a token."""

    config: Config
    n: int
    chosen: int
    stated: str
    source: str


MIXTRAL = Experts(
    Config(
        32, 4096, 32, 14_336, 32_000, 8,
        gated=True, attention_biases=False, mlp_biases=False, tied=False, norm="rms",
    ),
    8, 2, "47B stored, 13B used", "Jiang et al. 2024, Mixtral of Experts, table 1",
)  # fmt: skip


def expert_parameters(model: Experts) -> dict[str, int]:
    """The parameters that are "stored", and those that are "used" for one token; routers count in both."""
    parts = costs.parameters(model.config)
    mlp = parts.pop("mlp")
    rest = sum(parts.values()) + model.config.n_layers * model.config.d_model * model.n
    return {"stored": rest + model.n * mlp, "used": rest + model.chosen * mlp}


# --- A plain network instead -----------------------------------------------------------------------------------------


def one_layer(n: int, d_model: int) -> int:
    """Weights of one layer from all numbers of a text to all numbers of the result: each with each."""
    return (whole("one_layer: n", n) * whole("one_layer: d_model", d_model)) ** 2


def one_head(d_model: int, d_k: int, d_v: int) -> int:
    """Weights of one head, W_Q, W_K, W_V and W_O, for a text of any length."""
    return sum(
        costs.attention_parameters(
            Config(1, d_model, 1, 1, 1, d_k=d_k, d_v=d_v, attention_biases=False)
        ).values()
    )  # fmt: skip


def average(values: np.ndarray) -> np.ndarray:
    """What a token collects without scores: every value with the same share, 1/N. values [N, d_v] -> [d_v]"""
    return np.asarray(values).mean(axis=0)
