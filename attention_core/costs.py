"""What attention costs: exact counts of numbers to learn, to multiply, and to keep, for the shape of a model.

Vocabulary
    config        the shape of a model: layers, heads, widths, and which parts it has
    parameter     one learned number
    multiply-add  one multiplication and the addition after it; in FLOPs, two
    cell          one score of one query with one key, in one head of one layer
    machine       a known computer, by its memory; bytes are counted in powers of 1000, as makers do: 1 TB = 10¹² B
    KV cache      the keys and values of all tokens so far, kept so that the next token need not make them again
    n             how many tokens; an encoder-decoder has n on either side

Counts are Python ints, exact at any size. Matrix products are counted; softmax, norms, activations, additions of
biases and looking up embeddings are not: they grow with n × d_model or with the cells, without a further factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from attention_core.positions import whole

_NORMS = {"layer": 2, "rms": 1, "none": 0}  # vectors of d_model a norm learns: LayerNorm a gain and a bias


@dataclass(frozen=True)
class Config:
    """The shape of a Transformer.

    n_layers         blocks: of a decoder (attention, then MLP), or of the decoder of an encoder-decoder
    n_encoder_layers blocks of an encoder; with any, each decoder block has cross-attention, too
    n_kv_heads       heads of keys and values, each shared by n_heads / n_kv_heads query heads; None: n_heads
    d_k, d_v         width of a query and a key, and of a value; None: d_model / n_heads, and d_k
    n_positions      rows of the learned position table; 0: none (sinusoidal, rotary, ALiBi learn nothing)
    gated            the MLP has a third matrix that gates the first (Shazeer 2020)
    attention_biases, mlp_biases  whether those products add a learned vector
    tied             the unembedding is the embedding, transposed (Press and Wolf 2017)
    norm             "layer", "rms" or "none": one before each part of a block (or after it: the count is the same)
    final_norm       one more after the last block, as blocks that norm first have it; an encoder has its own

    Raises ValueError when a number is not a whole one of at least 1 (0 where a part may be missing), a flag neither
    True nor False, when heads do not divide, or for another norm.
    """

    n_layers: int
    d_model: int
    n_heads: int
    d_ff: int
    n_vocab: int
    n_kv_heads: int | None = None
    d_k: int | None = None
    d_v: int | None = None
    n_positions: int = 0
    n_encoder_layers: int = 0
    gated: bool = False
    attention_biases: bool = True
    mlp_biases: bool = True
    tied: bool = True
    norm: str = "layer"
    final_norm: bool = True

    def __post_init__(self):
        for name in ("n_layers", "d_model", "n_heads", "d_ff", "n_vocab"):
            whole(f"Config: {name}", getattr(self, name))
        for name in ("n_positions", "n_encoder_layers"):
            whole(f"Config: {name}", getattr(self, name), 0)
        for name in ("n_kv_heads", "d_k", "d_v"):
            if getattr(self, name) is not None:
                whole(f"Config: {name}", getattr(self, name))
        for name in ("gated", "attention_biases", "mlp_biases", "tied", "final_norm"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"Config: {name} must be True or False, and is {getattr(self, name)!r}")
        if self.n_heads % self.kv_heads:
            raise ValueError(f"Config: {self.n_heads} query heads cannot share {self.kv_heads} key-value heads evenly")
        if self.d_k is None and self.d_model % self.n_heads:
            raise ValueError(f"Config: d_model = {self.d_model} cannot be cut into {self.n_heads} heads; or give d_k")
        if self.norm not in _NORMS:
            raise ValueError(f"Config: norm must be one of {', '.join(_NORMS)}, and is {self.norm!r}")

    @property
    def kv_heads(self) -> int:
        return self.n_heads if self.n_kv_heads is None else self.n_kv_heads

    @property
    def key_width(self) -> int:
        return self.d_model // self.n_heads if self.d_k is None else self.d_k

    @property
    def value_width(self) -> int:
        return self.key_width if self.d_v is None else self.d_v

    @property
    def n_cross(self) -> int:
        """Layers of cross-attention: one in each decoder block where there is an encoder."""
        return self.n_layers if self.n_encoder_layers else 0


# --- Parameters ------------------------------------------------------------------------------------------------------


def attention_parameters(config: Config) -> dict[str, int]:
    """The parameters of one layer of attention: w_q, w_k, w_v, w_o of all its heads together, and their biases."""
    queries, keys, values, mixed = _projected(config)
    d = config.d_model
    biases = (queries + keys + values + d) * config.attention_biases
    return {"w_q": d * queries, "w_k": d * keys, "w_v": d * values, "w_o": mixed * d, "biases": biases}


def _projected(config: Config) -> tuple[int, int, int, int]:
    """How wide the queries, keys, values and outputs of all heads of a layer are, side by side."""
    keys, values = config.key_width, config.value_width
    return config.n_heads * keys, config.kv_heads * keys, config.kv_heads * values, config.n_heads * values


def _mlp_matrices(config: Config) -> int:
    return (3 if config.gated else 2) * config.d_model * config.d_ff


def parameters(config: Config) -> dict[str, int]:
    """The parameters of a model by part, in the order of a token's way through it. Their sum is n_parameters.

    A gated MLP has biases on all three of its matrices where it has any.
    """
    d, blocks = config.d_model, config.n_layers + config.n_encoder_layers
    attention = sum(attention_parameters(config).values())
    hidden = (2 if config.gated else 1) * config.d_ff
    mlp = _mlp_matrices(config) + (hidden + d) * config.mlp_biases
    norms = 2 * blocks + config.n_cross + config.final_norm * (2 if config.n_encoder_layers else 1)
    return {
        "embedding": config.n_vocab * d,
        "positions": config.n_positions * d,
        "attention": blocks * attention,
        "cross-attention": config.n_cross * attention,
        "mlp": blocks * mlp,
        "norms": norms * _NORMS[config.norm] * d,
        "unembedding": 0 if config.tied else config.n_vocab * d,
    }


def n_parameters(config: Config) -> int:
    """All the parameters of a model."""
    return sum(parameters(config).values())


def value_map_parameters(config: Config) -> dict[str, int]:
    """The parameters of one head's map from what a token is to what it adds where it is attended to.

    "full" a matrix d_model × d_model; "low-rank" what a head has, W_V then W_O, through the d_v coordinates of a value
    (Elhage et al. 2021 call their product the OV circuit).
    """
    return value_map(config.d_model, config.value_width)


def value_map(d_model: int, d_v: int) -> dict[str, int]:
    """The same for these two widths alone."""
    return {"full": d_model**2, "low-rank": 2 * d_model * d_v}


def score_map(d_model: int, d_k: int) -> tuple[dict[str, int], dict[str, int]]:
    """What one head's scores cost with W_Q and W_K, and with one matrix d_model × d_model in place of their product.

    The numbers to train; the rank that the map may have; what is kept for each word that can be looked at (its key, or
    else its whole embedding); the products of one score, once the side that looks is made.
    """
    names = ("numbers to train", "rank, at most", "numbers kept for each word", "products for each score")
    two = (2 * d_model * d_k, min(d_k, d_model), d_k, d_k)
    one = (d_model**2, d_model, d_model, d_model)
    return dict(zip(names, two, strict=True)), dict(zip(names, one, strict=True))


# --- Scores ----------------------------------------------------------------------------------------------------------


def score_cells(n: int, *, causal: bool = False, window: int | None = None) -> int:
    """The cells of the score matrix of one head in one layer, for n tokens: all n² of them, unless

    causal  only those of a query with itself or an earlier key, n (n + 1) / 2
    window  only those of a query with itself or one of the window − 1 keys before it (which is causal, too)

    Raises ValueError for n or a window below 1.
    """
    n = whole("score_cells: n", n)
    if window is None:
        return n * (n + 1) // 2 if causal else n * n
    seen = min(whole("score_cells: window", window), n)
    return n * seen - seen * (seen - 1) // 2


def _cells_of_a_head(config: Config, n: int, causal: bool, window: int | None) -> int:
    """The cells of one head, all layers together. An encoder and cross-attention see everything."""
    own = config.n_layers * score_cells(n, causal=causal, window=window)
    return own + (config.n_encoder_layers + config.n_cross) * score_cells(n)


def score_bytes(
    config: Config, n: int, *, bytes_per_number: int = 4, causal: bool = False, window: int | None = None
) -> dict[str, int]:
    """What the scores of n tokens take when every cell is stored: bytes by "head", "layer" and "total".

    "head" and "layer" are of the decoder's own attention; causal and window are those of score_cells, and leave an
    encoder and cross-attention whole. A kernel that works tile by tile (Dao et al. 2022) never stores them.
    """
    size = whole("score_bytes: bytes_per_number", bytes_per_number)
    head = size * score_cells(n, causal=causal, window=window)
    total = size * config.n_heads * _cells_of_a_head(config, n, causal, window)
    return {"head": head, "layer": config.n_heads * head, "total": total}


# --- Multiply-adds and the cache -------------------------------------------------------------------------------------


def multiply_adds(config: Config, n: int, *, causal: bool = False, window: int | None = None) -> dict[str, int]:
    """The multiply-adds of one pass of n tokens through the model, by part; an encoder-decoder reads n and writes n.

    "projections" make queries, keys and values, "scores" compare them, "mixing" adds up the values, "w_o" writes the
    result back. Every cell of the score matrix is counted, which is what dense kernels compute; with causal or window,
    only the cells in use (see score_cells), as a kernel that skips the rest computes. The unembedding is for all n.
    """
    n = whole("multiply_adds: n", n)
    queries, keys, values, mixed = _projected(config)
    d, blocks = config.d_model, config.n_layers + config.n_encoder_layers
    cells = config.n_heads * _cells_of_a_head(config, n, causal, window)
    layers = blocks + config.n_cross
    return {
        "projections": layers * n * d * (queries + keys + values),
        "scores": cells * config.key_width,
        "mixing": cells * config.value_width,
        "w_o": layers * n * mixed * d,
        "mlp": blocks * n * _mlp_matrices(config),
        "unembedding": n * d * config.n_vocab,
    }


def kv_cache_bytes(config: Config, n: int, *, bytes_per_number: int = 2) -> int:
    """What the keys and values of n tokens take, all layers together; 2 bytes a number is half precision.

    An encoder-decoder also keeps the keys and values that cross-attention made of its n source tokens. Grouped heads
    (Ainslie et al. 2023) divide it by n_heads / n_kv_heads.
    """
    numbers = config.kv_heads * (config.key_width + config.value_width)
    size = whole("kv_cache_bytes: bytes_per_number", bytes_per_number)
    return (config.n_layers + config.n_cross) * whole("kv_cache_bytes: n", n) * numbers * size


# --- Known machines --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Machine:
    """A known machine: the memory that its processors compute in, and where that was published, with the year."""

    memory: int
    source: str


MACHINES: Mapping[str, Machine] = {
    "a laptop": Machine(16 * 10**9, "Apple, 30 October 2024: every MacBook Air starts at 16 GB"),
    "one H100": Machine(80 * 10**9, "NVIDIA 2022, H100 SXM5: 80 GB"),
    "eight H100": Machine(8 * 80 * 10**9, "NVIDIA 2022, DGX H100: 640 GB"),
    "Frontier": Machine(
        9_856 * (512 + 8 * 64) * 10**9,
        "Oak Ridge Leadership Computing Facility, Frontier User Guide (2025): 9,856 nodes of 512 GB and 8 × 64 GB",
    ),
}
_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")


def sized(size: float, unit: str = "B") -> str:
    """A size with the prefix of a power of 1000, in three digits: 4_718_592_000_000 bytes are "4.72 TB".

    Raises ValueError for a negative size, or one too large for a prefix.
    """
    if not 0 <= size < 1000 ** len(_PREFIXES):
        raise ValueError(f"sized: a size is at least 0 and below 10^{3 * len(_PREFIXES)}, and this is {size}")
    power, rest = 0, float(size)
    while rest >= 999.5 and power + 1 < len(_PREFIXES):  # 999.6 would be rounded to 1000
        power, rest = power + 1, rest / 1000
    places = 2 if rest < 9.995 else 1 if rest < 99.95 else 0
    text = f"{rest:.{places}f}"
    text = text.rstrip("0").rstrip(".") if places else text
    return f"{text} {_PREFIXES[power]}{unit}".strip()


# --- Known models ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """A known model: its shape, the count that its authors state, and where the shape was published, with the year."""

    config: Config
    stated: str
    source: str
    note: str = ""


_GPT2 = "Radford et al. 2019, Language Models are Unsupervised Multitask Learners, table 2, and the released weights"
_GPT2_NOTE = "The paper's own counts (117M, 345M, 762M, 1542M) are too low; the released weights are named rightly."


def _gpt(n_layers: int, d_model: int, n_heads: int, n_positions: int) -> Config:
    return Config(n_layers, d_model, n_heads, 4 * d_model, 50_257, n_positions=n_positions)


def _llama(n_layers: int, d_model: int, n_heads: int, n_kv_heads: int, d_ff: int, n_vocab: int) -> Config:
    return Config(
        n_layers, d_model, n_heads, d_ff, n_vocab, n_kv_heads,
        gated=True, attention_biases=False, mlp_biases=False, tied=False, norm="rms",
    )  # fmt: skip


MODELS: Mapping[str, Model] = {
    "Transformer base (2017)": Model(
        Config(6, 512, 8, 2048, 37_000, n_encoder_layers=6, attention_biases=False, final_norm=False),
        "65M",
        "Vaswani et al. 2017, Attention Is All You Need, table 3 and section 5.1",
        "Counted with the “about 37000” word pieces of its shared vocabulary; the stated count needs some 41,000.",
    ),
    "GPT-2 small": Model(_gpt(12, 768, 12, 1024), "124M", _GPT2, _GPT2_NOTE),
    "GPT-2 medium": Model(_gpt(24, 1024, 16, 1024), "355M", _GPT2, _GPT2_NOTE),
    "GPT-2 large": Model(_gpt(36, 1280, 20, 1024), "774M", _GPT2, _GPT2_NOTE),
    "GPT-2 XL": Model(_gpt(48, 1600, 25, 1024), "1558M", _GPT2, _GPT2_NOTE),
    "GPT-3 175B": Model(
        _gpt(96, 12_288, 96, 2048),
        "175.0B",
        "Brown et al. 2020, Language Models are Few-Shot Learners, table 2.1",
        "Its weights are not published: counted as GPT-2 is built, whose architecture the paper says it shares. "
        "Half of its layers attend in bands; here all are counted as dense.",
    ),
    "Llama 2 70B": Model(
        _llama(80, 8192, 64, 8, 28_672, 32_000),
        "70B",
        "Touvron et al. 2023, Llama 2, table 1, and the released weights' configuration",
        "Trained on up to 4,096 tokens at a time.",
    ),
    "Llama 3 8B": Model(
        _llama(32, 4096, 32, 8, 14_336, 128_256),
        "8B",
        "Meta 2024, Llama 3 model card, and Grattafiori et al. 2024, The Llama 3 Herd of Models, table 3",
        "Trained on up to 8,192 tokens at a time.",
    ),
}
