"""The lesson on costs, its second half: what saves weights rather than scores, and a plain network for comparison.

Vocabulary
    lab     a setting of the matrices above, with a table that follows it and one about a known model
    full    a map of as many rows and columns as a word of GPT-3 has numbers
"""

from dataclasses import replace

import numpy as np
import streamlit as st

from attention_core import costs, programs, run, savings
from attention_core.benches.cost import BITS, WORDS, projected
from attention_core.costs import sized
from attention_core.examples import PAINT
from attention_core.numerals import exact
from attention_ui.controls import setting_choice
from attention_ui.cost_figures import RED, SHAPE, WIDTH, drawn, large, ours, share_of, table
from attention_ui.readings import chosen, listed_words

_HABITS = ("adjectives look for nouns", "verbs look for adjectives", "nouns look for verbs")


def _projection() -> np.ndarray:
    """Our W_Q, which the change is added to."""
    return PAINT.weights["w_q"]


# --- Savings on weights ----------------------------------------------------------------------------------------------


def low_rank(setting: str) -> None:
    """The rank of the change above; what red looks for before and after; and what it saves in GPT-3's width."""
    drawn("lora")
    setting_choice(setting, "Rank r of the change above")
    plain = _weights_of_red()
    changed = ours(show="lora", r=chosen(setting)).row("weights", RED)
    rows = [(name, *map(exact, row)) for name, row in
            (("before", plain), (f"change of rank {chosen(setting)}", changed.values()))]  # fmt: skip
    table("What red takes, no mask, our numbers", ("", *WORDS), rows)
    ranks = ", ".join(f"rank {i}: {said}" for i, said in enumerate(_HABITS, 1))
    few = [savings.lora_parameters(*_projection().shape, r)["low-rank"] for r in range(1, len(_HABITS) + 1)]
    counts = listed_words([str(count) for count in few])
    st.caption(f"Each rank adds a habit. {ranks.capitalize()}. Numbers in W_A and W_B: {counts}; W_Q has "
               f"{_projection().size}. For so small a matrix it is not worth it.")  # fmt: skip
    full = WIDTH**2
    counted = {r: savings.lora_parameters(WIDTH, WIDTH, r)["low-rank"] for r in (1, 8, 64, WIDTH // 2)}
    rows = [(f"{r:,}", large(count), share_of(count, full)) for r, count in counted.items()]
    table(f"Numbers to train of a map of {WIDTH:,} × {WIDTH:,} = {full:,}", ("rank", "numbers", "of all"), rows)


def _weights_of_red() -> list[float]:
    """What red takes from each word in our head, without a mask."""
    given, labels = PAINT.given(WORDS, causal=False)
    return run(programs.SELF_ATTENTION, given, labels)["weights"].value[RED].tolist()


def fewer_bits(setting: str) -> None:
    """How many bits a weight above has; the errors of our weights, and the size of GPT-3, for each number of bits."""
    drawn("bits")
    setting_choice(setting, "Bits of a weight, above")
    parameters = costs.n_parameters(SHAPE)
    rows = [("16, as fractions", "–", "–", "–", sized(savings.weight_bytes(parameters, 16)))]
    for bits in BITS:
        found = ours(show="bits", bits=bits).head
        worst = float(np.abs(found.matrix("error").value).max())
        half = found.matrix("spacing").value.item() / 2
        size = sized(savings.weight_bytes(parameters, bits))
        rows.append((str(bits), str(savings.largest_code(bits)), exact(half), exact(worst), size))
    header = ("bits", "largest code", "half the spacing", "largest error, our weights", "GPT-3’s weights")
    table("Fewer bits, larger errors", header, rows)


def chosen_experts(setting: str) -> None:
    """How many experts work on a word above; what a real model stores and uses."""
    drawn("experts")
    setting_choice(setting, "Experts for each word, above")
    model = savings.MIXTRAL
    rows = []
    for used in (1, model.chosen, model.n):
        counts = savings.expert_parameters(replace(model, chosen=used))
        rows.append((f"{used} of {model.n}", large(counts["stored"]), large(counts["used"])))
    table("Mixtral 8x7B", ("experts for each token", "parameters stored", "used for a token"), rows)
    st.caption(f"{model.source}: {model.stated}, with {model.chosen} of {model.n}. The other rows are counted alike.")


# --- A plain network -------------------------------------------------------------------------------------------------


def plain_network() -> None:
    """Weights of one layer that takes a whole text at once, and of one head, over the length."""
    d_model, d_k = len(PAINT.features), len(projected()["k"][0])
    head = savings.one_head(d_model, d_k, d_k)
    rows = [(f"{n} words × {d_model}", large(savings.one_layer(n, d_model)), large(head)) for n in (5, 6, 50)]
    n = SHAPE.n_positions
    rows.append((f"{n:,} tokens × {WIDTH:,}", large(savings.one_layer(n, WIDTH)),
                 large(savings.one_head(WIDTH, SHAPE.key_width, SHAPE.value_width))))  # fmt: skip
    table("Weights, by the numbers of a text", ("text", "one layer", "one head"), rows)
    st.caption(f"A word has {d_model} features. One head of ours: W_Q, W_K, W_V and W_O, {d_model} × {d_k} each."
               .replace("_", r"\_"))  # fmt: skip
    counts = costs.value_map_parameters(SHAPE)
    rows = [("layers", large(SHAPE.n_layers)), ("heads in each", large(SHAPE.n_heads)), ("d_model", large(WIDTH)),
            ("d_k", large(SHAPE.key_width)), ("one full map from word to word", large(counts["full"])),
            ("the same as W_V and W_O of one head", large(counts["low-rank"]))]  # fmt: skip
    table("GPT-3, for comparison", ("", "how many"), rows)
