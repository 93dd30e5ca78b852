"""Costs: known counts to the last digit, counts against arrays of that size, and the figures that the lessons tell."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import costs, masks
from attention_core.costs import MODELS, Config

GPT3 = MODELS["GPT-3 175B"].config
MILLION = 10**6


@st.composite
def configs(draw):
    n_kv_heads = draw(st.integers(1, 3))
    options = {
        "n_kv_heads": n_kv_heads,
        "d_k": draw(st.integers(1, 5)),
        "d_v": draw(st.none() | st.integers(1, 5)),
        "n_positions": draw(st.integers(0, 4)),
        "n_encoder_layers": draw(st.integers(0, 2)),
        "norm": draw(st.sampled_from(["layer", "rms", "none"])),
        **{name: draw(st.booleans()) for name in ("gated", "attention_biases", "mlp_biases", "tied", "final_norm")},
    }
    sizes = [draw(st.integers(1, 6)) for _ in range(4)]
    return Config(sizes[0], sizes[1], n_kv_heads * draw(st.integers(1, 3)), sizes[2], sizes[3], **options)


def attention_arrays(c):
    """The matrices and biases of one layer of attention."""
    d_k, d_v = c.d_k, c.d_v or c.d_k
    widths = [c.n_heads * d_k, c.n_kv_heads * d_k, c.n_kv_heads * d_v]
    arrays = [np.zeros((c.d_model, width)) for width in widths] + [np.zeros((c.n_heads * d_v, c.d_model))]
    return arrays, [np.zeros(width) for width in (*widths, c.d_model)] if c.attention_biases else []


def mlp_arrays(c):
    ups = 2 if c.gated else 1
    arrays = [np.zeros((c.d_model, c.d_ff))] * ups + [np.zeros((c.d_ff, c.d_model))]
    return arrays, [np.zeros(c.d_ff)] * ups + [np.zeros(c.d_model)] if c.mlp_biases else []


def norm_arrays(c):
    return [np.zeros(c.d_model)] * {"layer": 2, "rms": 1, "none": 0}[c.norm]


def model_arrays(c):
    """Every learned array of a model, built layer by layer."""
    attention, mlp = ([*matrices, *biases] for matrices, biases in (attention_arrays(c), mlp_arrays(c)))
    norm = norm_arrays(c)
    arrays = [np.zeros((c.n_vocab, c.d_model)), np.zeros((c.n_positions, c.d_model))]
    for _ in range(c.n_encoder_layers):
        arrays += attention + norm + mlp + norm
    for _ in range(c.n_layers):
        arrays += attention + norm + mlp + norm
        arrays += attention + norm if c.n_encoder_layers else []
    stacks = 2 if c.n_encoder_layers else 1
    arrays += norm * stacks if c.final_norm else []
    return arrays + ([] if c.tied else [np.zeros((c.d_model, c.n_vocab))])


# --- Parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("GPT-2 small", 124_439_808),
        ("GPT-2 medium", 354_823_168),
        ("GPT-2 large", 774_030_080),
        ("GPT-2 XL", 1_557_611_200),
        ("Llama 2 70B", 68_976_648_192),
        ("Llama 3 8B", 8_030_261_248),
        ("GPT-3 175B", 174_604_259_328),
        ("Transformer base (2017)", 63_045_632),
    ],
)
def test_known_models_have_their_parameters(name, count):
    assert costs.n_parameters(MODELS[name].config) == count


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_near_to_what_its_authors_state(name):
    model = MODELS[name]
    number, unit = re.fullmatch(r"([\d.]+)([MB])", model.stated).groups()
    stated = float(number) * {"M": 10**6, "B": 10**9}[unit]
    # the vocabulary of 2017 is known as "about 37000"; GPT-3's weights are not published; the others round
    allowed = {"Transformer base (2017)": 0.031, "GPT-3 175B": 0.005}.get(name, 0.015)
    assert abs(costs.n_parameters(model.config) / stated - 1) < allowed
    assert re.search(r"\b20\d\d\b", model.source)


def test_gpt_3_without_biases_norms_and_positions_and_untied():
    bare = replace(GPT3, n_positions=0, attention_biases=False, mlp_biases=False, norm="none", tied=False)
    assert costs.n_parameters(bare) == 175_181_291_520 == 96 * 12 * 12_288**2 + 2 * 50_257 * 12_288


@given(config=configs())
def test_parameters_are_the_cells_of_all_arrays(config):
    assert costs.n_parameters(config) == sum(array.size for array in model_arrays(config))
    matrices, biases = attention_arrays(config)
    counts = costs.attention_parameters(config)
    assert [counts[name] for name in ("w_q", "w_k", "w_v", "w_o")] == [matrix.size for matrix in matrices]
    assert counts["biases"] == sum(bias.size for bias in biases)
    assert all(type(count) is int for count in (*costs.parameters(config).values(), *counts.values()))


@pytest.mark.parametrize("n_heads", [1, 2, 3, 4, 6, 12])
def test_more_heads_of_less_width_cost_nothing(n_heads):
    config = Config(1, 12, n_heads, 48, 10, attention_biases=False)
    assert sum(costs.attention_parameters(config).values()) == 576 == 4 * 12**2


def test_a_low_rank_value_map():
    assert costs.value_map_parameters(GPT3) == {"full": 150_994_944, "low-rank": 3_145_728}
    assert costs.value_map_parameters(replace(GPT3, d_v=5))["low-rank"] == 2 * 12_288 * 5


# --- Scores ----------------------------------------------------------------------------------------------------------


@given(n=st.integers(1, 12), window=st.integers(1, 15))
def test_score_cells_are_the_cells_of_the_mask(n, window):
    assert costs.score_cells(n) == masks.full(n).value.sum()
    assert costs.score_cells(n, causal=True) == masks.causal(n).value.sum()
    for causal in (False, True):
        cells = costs.score_cells(n, causal=causal, window=window)
        assert cells == masks.window(n, window - 1, 0).value.sum()


def test_what_a_score_matrix_takes():
    at_a_million = costs.score_bytes(GPT3, MILLION)
    assert at_a_million["head"] == 4 * 10**12  # 4 TB
    assert at_a_million["layer"] == 96 * 4 * 10**12
    assert at_a_million["total"] == 96 * 96 * 4 * 10**12
    assert costs.score_bytes(GPT3, 100 * MILLION)["head"] == 4 * 10**16
    assert costs.score_cells(MILLION, window=512) == 511_869_184  # about 512 × 10^6
    assert costs.score_bytes(GPT3, 2048, bytes_per_number=2, causal=True)["head"] == 2048 * 2049
    assert costs.score_bytes(GPT3, 5, window=2)["head"] == 4 * 9


def test_an_encoder_and_cross_attention_see_everything():
    base = MODELS["Transformer base (2017)"].config
    assert costs.score_bytes(base, 10, causal=True)["total"] == 4 * 8 * (6 * 55 + 12 * 100)
    assert costs.score_bytes(base, 10)["total"] == 4 * 8 * 18 * 100


# --- Multiply-adds and the cache -------------------------------------------------------------------------------------


@given(config=configs(), n=st.integers(1, 5))
def test_every_weight_multiplies_every_token_once(config, n):
    counts = costs.multiply_adds(config, n)
    blocks, attentions = config.n_layers + config.n_encoder_layers, config.n_layers + config.n_encoder_layers
    attentions += config.n_layers if config.n_encoder_layers else 0
    *inward, outward = (matrix.size for matrix in attention_arrays(config)[0])
    assert counts["projections"] == n * attentions * sum(inward)
    assert counts["w_o"] == n * attentions * outward
    assert counts["mlp"] == n * blocks * sum(matrix.size for matrix in mlp_arrays(config)[0])
    assert counts["unembedding"] == n * config.d_model * config.n_vocab
    assert counts["scores"] == attentions * config.n_heads * n * n * config.d_k
    assert counts["mixing"] == attentions * config.n_heads * n * n * (config.d_v or config.d_k)


def test_the_causal_half_and_a_window_save_scores_and_mixing_only():
    config = Config(2, 6, 3, 5, 7, d_k=4, d_v=5)
    full, half, window = (costs.multiply_adds(config, 10, **on) for on in ({}, {"causal": True}, {"window": 2}))
    assert (full["scores"], half["scores"], window["scores"]) == (2 * 3 * 100 * 4, 2 * 3 * 55 * 4, 2 * 3 * 19 * 4)
    assert (full["mixing"], half["mixing"], window["mixing"]) == (2 * 3 * 100 * 5, 2 * 3 * 55 * 5, 2 * 3 * 19 * 5)
    for part in ("projections", "w_o", "mlp", "unembedding"):
        assert full[part] == half[part] == window[part]


def test_what_a_cache_takes():
    assert costs.kv_cache_bytes(GPT3, MILLION) == 4_718_592_000_000  # 4.72 TB
    assert costs.kv_cache_bytes(replace(GPT3, n_kv_heads=8), MILLION) == 393_216_000_000  # 393 GB
    config = Config(2, 6, 3, 5, 7, n_kv_heads=1, d_k=4, d_v=5)
    keys, values = np.zeros((2, 1, 11, 4), np.float32), np.zeros((2, 1, 11, 5), np.float32)
    assert costs.kv_cache_bytes(config, 11, bytes_per_number=4) == keys.nbytes + values.nbytes
    assert costs.kv_cache_bytes(replace(config, n_encoder_layers=3), 11, bytes_per_number=4) == 2 * (
        keys.nbytes + values.nbytes
    )


def test_a_config_fills_in_what_was_left_out():
    config = Config(1, 12, 4, 48, 10)
    assert (config.kv_heads, config.key_width, config.value_width) == (4, 3, 3)
    assert (replace(config, n_heads=2).key_width, replace(config, d_k=7).value_width) == (6, 7)


# --- Bad input -------------------------------------------------------------------------------------------------------

SMALL = Config(1, 12, 4, 48, 10)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Config(0, 12, 4, 48, 10), "Config: n_layers must be a whole number of at least 1, and is 0"),
        (lambda: replace(SMALL, d_model=12.0), "Config: d_model must be a whole number of at least 1, and is 12.0"),
        (lambda: replace(SMALL, n_positions=-1), "Config: n_positions must be a whole number of at least 0, and is -1"),
        (lambda: replace(SMALL, n_kv_heads=0), "Config: n_kv_heads must be"),
        (lambda: replace(SMALL, n_kv_heads=3), "Config: 4 query heads cannot share 3 key-value heads evenly"),
        (lambda: replace(SMALL, n_heads=5), "Config: d_model = 12 cannot be cut into 5 heads; or give d_k"),
        (lambda: replace(SMALL, norm="batch"), "norm must be one of layer, rms, none, and is 'batch'"),
        (lambda: replace(SMALL, gated=3), "Config: gated must be True or False, and is 3"),
        (lambda: costs.score_cells(0), "score_cells: n must be"),
        (lambda: costs.score_cells(3, window=0), "score_cells: window must be"),
        (lambda: costs.score_bytes(SMALL, 3, bytes_per_number=0), "score_bytes: bytes_per_number must be"),
        (lambda: costs.multiply_adds(SMALL, 2.5), "multiply_adds: n must be a whole number of at least 1, and is 2.5"),
        (lambda: costs.kv_cache_bytes(SMALL, -1), "kv_cache_bytes: n must be"),
        (lambda: costs.kv_cache_bytes(SMALL, 1, bytes_per_number=0), "kv_cache_bytes: bytes_per_number must be"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        call()
