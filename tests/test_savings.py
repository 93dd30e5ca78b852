"""What savings save: counts against masks and arrays of that size, known models, and errors that keep their bound."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attention_core import costs, masks, programs, run, savings
from attention_core.cache import Cache
from attention_core.costs import MACHINES, MODELS, Config, sized
from attention_core.programs import rank
from attention_core.savings import PATTERNS
from tests.laws import close

GPT3 = MODELS["GPT-3 175B"].config
MILLION = 10**6
seeds = st.integers(0, 2**32 - 1)


# --- Sizes in words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (100, "100 B"), (999, "999 B"), (999.6, "1 kB"), (1000, "1 kB"), (1234, "1.23 kB"),
        (99_960, "100 kB"), (16 * 10**9, "16 GB"), (4 * 10**12, "4 TB"), (4_718_592_000_000, "4.72 TB"),
        (393_216_000_000, "393 GB"), (4 * 10**16, "40 PB"), (36_380_000_000_000, "36.4 TB"),
    ],
)  # fmt: skip
def test_a_size_has_a_prefix_and_three_digits(size, text):
    assert sized(size) == text


@given(st.floats(0, 9.99e26))
def test_a_size_in_words_is_that_size(size):
    number, _, unit = sized(size).partition(" ")
    power = "BkMGTPEZY".index(unit[0])
    assert float(number) * 1000**power == pytest.approx(size, rel=0.006, abs=0.5)
    assert float(number) < 1000


@pytest.mark.parametrize("size", [-1, 1e27, float("inf")])
def test_a_size_without_a_prefix_is_refused(size):
    with pytest.raises(ValueError, match="sized: a size is at least 0"):
        sized(size)


def test_machines_have_their_source_and_stand_in_order():
    assert [machine.memory for machine in MACHINES.values()] == sorted(machine.memory for machine in MACHINES.values())
    assert all(re.search(r"\b20\d\d\b", machine.source) for machine in MACHINES.values())
    assert [sized(machine.memory) for machine in MACHINES.values()] == ["16 GB", "80 GB", "640 GB", "10.1 PB"]


# --- Masks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PATTERNS)
@given(n=st.integers(1, 30), data=st.data())
def test_priced_masks_are_counted_masks(name, n, data):
    pattern = PATTERNS[name]
    least = [1] * len(pattern.sizes)
    most = [4] * len(pattern.sizes)
    if name in ("global", "bigbird"):
        least, most = [0] * len(least), [4, *(min(4, n) for _ in most[1:])]
    if name == "sink":
        least = [1, 0]
    sizes = [data.draw(st.integers(a, b)) for a, b in zip(least, most, strict=True)]
    assert pattern.pairs(n, *sizes) == int(np.asarray(pattern.mask(n, *sizes)).sum())


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("n", [3, 700, 1500])
def test_published_sizes_fit_any_length(name, n):
    pattern = PATTERNS[name]
    sizes = [min(size, n) for size in pattern.published]
    assert pattern.priced(n) == int(np.asarray(pattern.mask(n, *sizes)).sum())


def test_the_worked_prices():
    assert PATTERNS["full"].priced(MILLION) == 10**12
    assert PATTERNS["window"].priced(MILLION) == 511_869_184  # 5.1·10⁸
    assert PATTERNS["window"].priced(MILLION) == costs.score_cells(MILLION, window=512)
    assert all(pattern.priced(100 * MILLION) < 10**11 for name, pattern in PATTERNS.items()
               if name not in ("full", "causal"))  # fmt: skip


def test_a_global_token_passes_on_in_two_layers_what_a_window_takes_many_for():
    assert masks.longformer(20, 1, [0]).longest_path() == 2
    assert masks.window(20, 2, 0).longest_path() == 10


def test_what_tiles_keep_does_not_grow_with_the_text():
    kept = {savings.kept_by_tiles(n, 128, 128, 128) for n in (128, 10**4, 10**8)}
    assert kept == {2 * 128 * 128 + 2 * 128 * 128 + 128 * 128 + 2 * 128}
    assert savings.kept_by_tiles(5, 4, 128, 128) == 2 * 5 * 4 * 2 + 25 + 10


def test_what_was_measured_is_told_with_its_source():
    whole, tiled = savings.MEASURED.values()
    assert tiled.operations > whole.operations
    assert (tiled.traffic, tiled.time) < (whole.traffic, whole.time)
    assert "2022" in savings.MEASURED_BY


# --- Caches, prefixes, states ----------------------------------------------------------------------------------------


@given(past=st.integers(0, 30), new=st.integers(1, 12))
def test_reading_after_a_prefix_costs_what_is_left(past, new):
    config = Config(2, 6, 3, 5, 7)
    whole = savings.reading(config, 0, past + new)
    first = savings.reading(config, 0, past) if past else 0
    assert savings.reading(config, past, new) == whole - first
    counts = costs.multiply_adds(config, new, causal=True)
    cells = 2 * 3 * (new * past + new * (new + 1) // 2)  # each new token with all past ones, and causally with its like
    per_token = sum(counts[name] for name in ("projections", "w_o", "mlp", "unembedding"))
    assert savings.reading(config, past, new) == per_token + 2 * cells * 2


def test_a_cached_dictionary_spares_the_reading_and_not_the_looking():
    fresh, after = savings.reading(GPT3, 0, MILLION + 100), savings.reading(GPT3, MILLION, 100)
    assert fresh > 5000 * after
    assert after > 10 * savings.reading(GPT3, 20, 100)
    assert savings.soft_prompt(GPT3.d_model, 20) == 245_760


@given(n=st.integers(1, 9), d_k=st.integers(1, 5), d_v=st.integers(1, 5))
def test_a_cache_grows_and_a_state_does_not(n, d_k, d_v):
    rng = np.random.default_rng(0)
    cache = Cache()
    cache.attend(rng.normal(size=(n, d_k)), rng.normal(size=(n, d_k)), rng.normal(size=(n, d_v)))
    assert cache.bytes == 8 * savings.cache_numbers(n, d_k, d_v)
    given_ = {"q": rng.normal(size=(n, d_k)), "k": rng.normal(size=(n, d_k)), "v": rng.normal(size=(n, d_v))}
    program = tuple(step for step in programs.recurrent(n, rest=False) if step.name not in given_)
    trace = run(program, given_)
    for i in range(1, n + 1):
        assert trace[f"token{i}.state"].value.size == savings.state_numbers(d_k, d_v)
        both = trace[f"token{i}.state"].value.size + trace[f"token{i}.key_sum"].value.size
        assert both == savings.state_numbers(d_k, d_v, normalised=True)


def test_without_scores_every_value_gets_the_same():
    values = np.random.default_rng(3).normal(size=(7, 4))
    given_ = {"q": np.zeros((1, 3)), "k": np.ones((7, 3)), "v": values, "scale": np.array(1.0)}
    head = tuple(step for step in programs.SELF_ATTENTION if step.name not in ("q", "k", "v", "projected", "residual"))
    close(savings.average(values), run(head, given_)["output"].value[0])


# --- Weights ---------------------------------------------------------------------------------------------------------


@given(rows=st.integers(1, 9), columns=st.integers(1, 8), r=st.integers(1, 8), seed=seeds)
def test_a_change_has_at_most_its_rank_and_so_many_numbers(rows, columns, r, seed):
    r = min(r, rows, columns)
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(rows, r)), rng.normal(size=(r, columns))
    given_ = {
        "x": rng.normal(size=(3, rows)), "w_q": rng.normal(size=(rows, columns)), "lora_a": first, "lora_b": second,
        "k": rng.normal(size=(4, columns)), "scale": np.array(1.0),
    }  # fmt: skip
    trace = run(programs.lora(), given_)
    counts = savings.lora_parameters(rows, columns, r)
    assert counts == {"full": given_["w_q"].size, "low-rank": first.size + second.size}
    assert rank(trace["change"].value) <= r
    close(trace["q"].value, given_["x"] @ (given_["w_q"] + first @ second), 1e-9)
    close(trace["weights"].value.sum(axis=1), np.ones(3))
    close(run(programs.lora(steady=True), given_)["weights"].value, trace["weights"].value)


def test_the_numbers_of_a_large_change():
    assert savings.lora_parameters(12_288, 12_288, 8) == {"full": 150_994_944, "low-rank": 2 * 8 * 12_288}
    with pytest.raises(ValueError, match="a change of 3 × 4 has no rank of 4"):
        savings.lora_parameters(3, 4, 4)


@given(bits=st.integers(2, 12), seed=seeds, scale=st.floats(1e-3, 1e3))
def test_rounding_moves_a_weight_by_half_a_spacing_at_most(bits, seed, scale):
    w = scale * np.random.default_rng(seed).normal(size=(5, 7))
    levels = savings.largest_code(bits)
    trace = run(programs.QUANTISED, {"w": w, "levels": np.array(float(levels))})
    spacing = trace["spacing"].value.item()
    assert np.abs(trace["error"].value).max() <= spacing / 2 * (1 + 1e-9)
    codes = trace["codes"].value
    assert (codes == codes.round()).all()
    assert np.abs(codes).max() == levels
    close(trace["restored"].value, codes * spacing)


def test_weights_of_nothing_but_zeros_stay_zeros():
    trace = run(programs.QUANTISED, {"w": np.zeros((2, 3)), "levels": np.array(7.0)})
    assert not trace["codes"].value.any()
    assert not trace["error"].value.any()


def test_bits_and_bytes():
    assert [savings.largest_code(bits) for bits in (8, 4, 3, 2)] == [127, 7, 3, 1]
    assert savings.weight_bytes(5, 4) == 3
    assert sized(savings.weight_bytes(costs.n_parameters(GPT3), 4)) == "87.3 GB"
    with pytest.raises(ValueError, match="largest_code: bits must be a whole number of at least 2"):
        savings.largest_code(1)


@given(k=st.integers(1, 6), seed=seeds)
def test_gates_are_shares_of_the_experts_with_the_largest_logits(k, seed):
    rng = np.random.default_rng(seed)
    given_ = {"x": rng.normal(size=(5, 3)), "w_r": rng.normal(size=(3, 4))}
    trace = run(programs.experts(k), given_)
    gates, logits = trace["gates"].value, trace["logits"].value
    close(gates.sum(axis=1), np.ones(5))
    assert ((gates > 0).sum(axis=1) == min(k, 4)).all()
    best = np.sort(np.argsort(logits, axis=1)[:, -min(k, 4) :], axis=1)
    assert (best == np.argwhere(gates > 0)[:, 1].reshape(5, -1)).all()
    close(run(programs.experts(k, steady=True), given_)["gates"].value, gates)


def test_gates_of_huge_logits_need_the_maximum_taken_off():
    given_ = {"x": np.array([[2000.0, 0.0]]), "w_r": np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 0.0]])}
    trace, forced = programs.run_steady(programs.experts(2), given_, {}, programs.experts(2, steady=True))
    assert forced
    close(trace["gates"].value, [[1, 0, 0]])


def test_mixtral_stores_and_uses_what_its_authors_say():
    counts = savings.expert_parameters(savings.MIXTRAL)
    assert counts == {"stored": 46_702_792_704, "used": 12_879_925_248}
    assert savings.MIXTRAL.stated == "47B stored, 13B used"
    assert [round(counts[name] / 1e9) for name in ("stored", "used")] == [47, 13]


def test_one_layer_and_one_head():
    assert savings.one_layer(5, 6) == 900 == np.zeros((5 * 6, 5 * 6)).size
    assert savings.one_head(6, 4, 4) == 96
    assert savings.one_layer(6, 6) == 1296


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: PATTERNS["window"].priced(0), "priced: n must be a whole number of at least 1, and is 0"),
        (lambda: savings.reading(GPT3, -1, 3), "reading: past must be"),
        (lambda: savings.reading(GPT3, 0, 0), "reading: new must be"),
        (lambda: savings.soft_prompt(0, 3), "soft_prompt: d_model must be"),
        (lambda: savings.state_numbers(2, 0), "state_numbers: d_v must be"),
        (lambda: savings.cache_numbers(1.5, 2, 2), "cache_numbers: n must be"),
        (lambda: savings.kept_by_tiles(5, 4, 0, 2), "kept_by_tiles: rows must be"),
        (lambda: savings.weight_bytes(3, 0), "weight_bytes: bits must be"),
        (lambda: savings.one_layer(True, 3), "one_layer: n must be"),
        (lambda: programs.experts(0), "top-k keeps at least 1, and k is 0"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        call()
