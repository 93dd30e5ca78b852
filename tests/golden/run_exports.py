"""Runs exported scripts with PyTorch itself, compares what they print with the trace, and writes exports.json.

PyTorch is no requirement of the project. To run it again, from the project's folder, where torch and numpy are there:

    python -m tests.golden.run_exports

Vocabulary
    case         a program with random matrices to run it on; the tests export the same ones
    lesson       what the bench of a lesson computes, untouched or with one of its switches and short lists set
    used         what a script takes from PyTorch: "torch.exp()", ".sum(dim)", ".T"
    difference   the largest one between a printed number and the trace, relative to numbers above 1

Why exports.json does not hold the scripts, or hashes of them: they change whenever a step gains a word, and such a
change says nothing about PyTorch. It holds what does not change with the words: what of PyTorch was used by scripts
that ran and agreed. The tests run today's scripts on a small stand-in for PyTorch, which checks the arithmetic, and
hold them to that list, which says that the real one was seen to know every function and keyword in them. A new
translation fails the tests until this file has been run again.
"""

import ast
import io
import json
import re
from contextlib import redirect_stdout
from math import prod
from pathlib import Path

import numpy as np

from attention_core import programs, run
from attention_core.benches import BENCHES
from attention_core.export import to_torch
from attention_core.trace import givens

TOLERANCE = 1e-12
# A different size for every axis, but where a program ties two.
SIZES = {
    "query": 5, "key": 5, "d_model": 6, "d_k": 4, "d_v": 3, "d_ff": 7, "head": 2, "kv_head": 1, "vocab": 8,
    "d_model_k": 6, "distance": 7, "d_source": 9, "source_query": 10,
    "source_key": 10, "past": 2,
}  # fmt: skip
_MASKED = programs.masked(programs.SELF_ATTENTION)
_HEADS = programs.masked(programs.MULTI_HEAD)
CASES = {
    "one head": (programs.SELF_ATTENTION, {}),
    "masked": (_MASKED, {}),
    "masked, steadied": (programs.steadied(_MASKED), {}),
    "biased, softcapped, tempered": (programs.tempered(programs.softcapped(programs.biased(_MASKED))), {}),
    **{name: (programs.one_head(steady=True, ablation=name), {}) for name in programs.ABLATIONS},
    "heads": (_HEADS, {}),
    "heads, steadied": (programs.steadied(_HEADS), {}),
    "heads, summed": (programs.SUMMED_HEADS, {}),
    "heads, split": (programs.split_heads(2, _MASKED), {}),
    "heads, grouped": (programs.grouped(2, _MASKED), {}),
    "cross-attention": (programs.CROSS_ATTENTION, {"key": 10}),
    "heads, crossed": (programs.multi_head(programs.crossed(programs.SELF_ATTENTION)), {"key": 10}),
    "cached": (programs.cached(_MASKED), {"key": 7}),
    "combined": (programs.COMBINED, {}),
    "placed": (programs.placed(_MASKED), {}),
    "rotary": (programs.rotary(_MASKED, 4), {}),
    "rotary, heads": (programs.rotary(_HEADS, 4, dims=2, interleaved=True), {}),
    "alibi": (programs.alibi(_MASKED), {}),
    "alibi, heads": (programs.alibi(_HEADS), {}),
    "relative bias": (programs.relative_bias(_MASKED, 5, 5), {}),
    "relative bias, heads": (programs.relative_bias(_HEADS, 5, 5), {}),
    "block": (programs.BLOCK, {}),
    "block, post, rms": (programs.block(_HEADS, kind="rms", post=True, activation="gelu_tanh", biases=False), {}),
    "block, relu": (programs.block(_HEADS, kind="", activation="relu"), {}),
    "decoder block": (programs.decoder_block(programs.MULTI_HEAD), {}),
    "encoder-decoder": (programs.encoder_decoder(1), {"d_source": 6}),
    "stack": (programs.stack([programs.BLOCK] * 2), {}),
    "next token": (programs.next_token(programs.BLOCK, temperature=True, top_k=3), {}),
    "tiles": (programs.online(5, 2, hides=True), {}),
    "tiles, no mask": (programs.online(5, 3), {}),
    "linear": (programs.linear(hides=True), {}),
    "linear, unnormalised": (programs.linear(normalised=False, feature_map=False), {}),
    "recurrent": (programs.recurrent(5), {}),
    "hard lookup": (programs.HARD_LOOKUP, {}),
    "soft lookup": (programs.SOFT_LOOKUP, {}),
    "kernel smoother": (programs.KERNEL_SMOOTHER, {}),
}


def traced(name, dtype=np.float64):
    """A case run on random matrices; one row of its mask hides everything."""
    program, sizes = CASES[name]
    rng, size = np.random.default_rng(7), {**SIZES, **sizes}
    given = {}
    for made, axes in givens(program).items():
        shape = tuple(prod(size[part] for part in re.findall(r"\w+", axis)) for axis in axes)
        given[made] = rng.normal(size=shape) if shape else np.array(rng.uniform(0.5, 2))
        if len(shape) > 1:  # so that scores stay small: exp turns an error of 1e-7 in a score of 50 into one of 5e-6
            given[made] /= np.sqrt(shape[-2])
        if made == "mask":
            given[made] = (rng.random(shape) < 0.6) & (np.arange(shape[0]) != 1)[:, None]
    if "frequencies" in given:
        given |= programs.rotary_given(size["query"], size["d_k"])
    return run(program, {made: x if x.dtype == bool else x.astype(dtype) for made, x in given.items()}, {})


def settings_of(name):
    """The untouched bench, and each value of each of its switches and short lists."""
    bench = BENCHES[name]
    yield {}
    for setting, values in bench.allowed.items():
        if type(bench.settings[setting]) is not float and len(values) <= 6 and setting not in bench.figures:
            yield from ({setting: value} for value in values if value != bench.settings[setting])


SETTINGS = [(name, settings) for name in BENCHES for settings in settings_of(name)]


def lesson(name, settings):
    """The trace of a lesson's bench, as its page shows it."""
    set_up = BENCHES[name].set_up(**settings)
    return programs.run_steady(set_up.program, set_up.given, set_up.labels, set_up.steady)[0]


def matrices(trace):
    """Every matrix of a trace, given or made, by name."""
    return {made.name: made.value for made in (*trace.given.values(), *trace.values())}


def printed(text):
    """What a script printed: name -> values in the shape that it says."""
    found = {}
    for name, shape, numbers in re.findall(r"^(\S+) \(([\d, ]*)\)\n((?:[^()]+\n)+?)(?=\S+ \(|\Z)", text, re.M):
        found[name] = np.array(list(map(float, numbers.split()))).reshape([int(n) for n in re.findall(r"\d+", shape)])
    return found


def used(script):
    """What a PyTorch script takes from PyTorch, and the keywords that it gives: {"torch.exp()", ".sum(dim)", ".T"}."""
    found = set()
    tree = ast.parse(script)
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            of = node.value.id if isinstance(node.value, ast.Name) and node.value.id in ("torch", "math") else ""
            call = called.get(id(node))
            keywords = "" if call is None else f"({', '.join(word.arg for word in call.keywords)})"
            found.add(f"{of}.{node.attr}{keywords}")
    return found


def difference(script, trace):
    """Run the script, and compare all that it prints with the trace."""
    text = io.StringIO()
    with redirect_stdout(text):
        exec(compile(script, "<export>", "exec"), {"__name__": "__main__"})
    found, expected = printed(text.getvalue()), matrices(trace)
    if list(found) != list(expected):
        raise ValueError(f"the script printed {list(found)}, and the trace has {list(expected)}")
    largest = 0.0
    for name, value in expected.items():
        if found[name].shape != value.shape or (np.isinf(found[name]) != np.isinf(value)).any():
            raise ValueError(f"{name} is not the matrix of the trace")
        finite = np.isfinite(value)
        apart = np.abs(found[name][finite] - value[finite]) / np.maximum(1, np.abs(value[finite]))
        largest = max(largest, apart.max(initial=0))
    return float(largest)


def main():
    import torch

    names, differences = set(), {}
    for name in CASES:
        trace = traced(name)
        script = to_torch(trace, digits=17)
        differences[name] = difference(script, trace)
        if differences[name] > TOLERANCE:
            raise ValueError(f"{name}: {differences[name]} between PyTorch and the trace")
        single = traced(name, np.float32)
        apart = difference(to_torch(single, digits=17), single)
        if apart > 1e-5:
            raise ValueError(f"{name}: {apart} between PyTorch and the trace in float32")
        names |= used(script)
    largest = 0.0
    for name, settings in SETTINGS:
        trace = lesson(name, settings)
        script = to_torch(trace, digits=17)
        largest = max(largest, difference(script, trace))
        if largest > TOLERANCE:
            raise ValueError(f"lesson {name}, {settings}: {largest} between PyTorch and the trace")
        names |= used(script)
    golden = {"torch": torch.__version__, "differences": differences, "lessons": largest, "used": sorted(names)}
    text = json.dumps(golden, separators=(",", ":"))
    Path(__file__).with_name("exports.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
