"""What the tests of the traced programs share: givens for any program, and Transformer blocks in plain loops.

Vocabulary
    sizes     axis -> length, a different one for every axis; keys are the query's tokens unless said otherwise
    drawn     random given matrices of the shapes that a program reads
    w         a mapping of names to lists: "w_q", "b_q", "norm1.gain", ..., as a program reads them
    golden    what PyTorch computed: golden/programs.json, made by golden/make_programs.py
    rows      a matrix as a list of lists, tokens as rows
"""

import json
import re
from math import erf, exp, pi, prod, sqrt, tanh
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from attention_core import reference
from attention_core.trace import givens
from tests.heads import matmul

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("programs.json").read_text(encoding="utf-8"))
AXES = ("query", "head", "d_model", "d_k", "d_v", "d_ff", "vocab")

sizes = st.permutations(range(1, 8)).map(lambda order: dict(zip(AXES, order, strict=True)))


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def golden(kind):
    """Parametrises a test with the golden cases of this kind, as `case`."""
    return pytest.mark.parametrize("case", GOLDEN[kind], ids=[case["name"] for case in GOLDEN[kind]])


def arrays(case):
    return {name: np.array(matrix) for name, matrix in case["given"].items()}


# --- Given matrices --------------------------------------------------------------------------------------------------


def drawn(program, sizes, seed, **fixed):
    """A random matrix for everything that `program` reads; `fixed` gives some of them by their name within a layer.

    A mask may hide a whole row; what must be above 0 (epsilon, temperature, softcap, slopes) lies within 0.5 and 2.
    """
    rng = np.random.default_rng(seed)
    sizes = {"key": sizes["query"], "d_model_k": sizes.get("d_model"), **sizes}
    found = {}
    for name, axes in givens(program).items():
        own = name.rpartition(".")[2]
        shape = [prod(sizes[part] for part in re.findall(r"\w+", axis)) for axis in axes]
        if own in fixed:
            found[name] = np.asarray(fixed[own])
        elif own == "mask":
            found[name] = rng.random(shape) < 0.6
        elif own in ("epsilon", "temperature", "softcap", "slopes"):
            found[name] = rng.uniform(0.5, 2, size=shape)
        else:
            fan_in = shape[-2] if own.startswith("w_") else 1  # so that products stay as large as what goes in
            found[name] = rng.normal(size=shape) / sqrt(fan_in)
    return found


def lists(given, prefix=""):
    """The given matrices whose names begin with `prefix`, as lists, without it."""
    return {name.removeprefix(prefix): m.tolist() for name, m in given.items() if name.startswith(prefix)}


# --- Attention and blocks, in plain loops ----------------------------------------------------------------------------


def added(rows, others):
    return [[a + b for a, b in zip(row, other, strict=True)] for row, other in zip(rows, others, strict=True)]


def shifted(rows, bias):
    """A bias added to every row; none where it is None."""
    return rows if bias is None else [[a + b for a, b in zip(row, bias, strict=True)] for row in rows]


def one_head(x, source, w, h, **options):
    """The output of head h: x [n_q, d_model], source [n_k, d_source] -> [n_q, d_v]."""
    q, k, v = (
        shifted(matmul(rows, w[f"w_{name}"][h]), w[f"b_{name}"][h] if f"b_{name}" in w else None)
        for name, rows in (("q", x), ("k", source), ("v", source))
    )
    return reference.attention(q, k, v, scale=w["scale"], **options)


def attended(x, source, w, **options):
    """What attention with several heads adds: their outputs side by side, times w_o. -> [n_q, d_model]."""
    outputs = [one_head(x, source, w, h, **options) for h in range(len(w["w_q"]))]
    concat = [[number for output in outputs for number in output[i]] for i in range(len(x))]
    return shifted(matmul(concat, w["w_o"]), w.get("b_o"))


def normed(rows, kind, gain, shift, epsilon):
    """LayerNorm or RMSNorm of each row, the latter with shift None; the rows as they are where kind is ""."""
    if not kind:
        return rows
    made = []
    for row in rows:
        mean = sum(row) / len(row) if kind == "layer" else 0.0
        spread = sqrt(sum((u - mean) ** 2 for u in row) / len(row) + epsilon)
        made.append([(u - mean) / spread * g for u, g in zip(row, gain, strict=True)])
    return shifted(made, shift)


ACTIVATED = {
    "gelu": lambda u: u * (1 + erf(u / sqrt(2))) / 2,
    "gelu_tanh": lambda u: u / 2 * (1 + tanh(sqrt(2 / pi) * (u + 0.044715 * u**3))),
    "relu": lambda u: max(u, 0.0),
}


def mlp(rows, w, activation):
    before = shifted(matmul(rows, w["w_1"]), w.get("b_1"))
    after = [[ACTIVATED[activation](u) for u in row] for row in before]
    return shifted(matmul(after, w["w_2"]), w.get("b_2"))


def on_the_stream(x, parts, w, kind, post):
    """Each part reads the stream, normed before or after, and adds to it."""
    for i, part in enumerate(parts, 1):
        norm = (kind, w.get(f"norm{i}.gain"), w.get(f"norm{i}.shift"), w.get("epsilon"))
        x = normed(added(x, part(x)), *norm) if post else added(x, part(normed(x, *norm)))
    return x


def block(x, w, *, mask=None, kind="layer", post=False, activation="gelu"):
    """A Transformer block: x [n, d_model] -> [n, d_model]. Heads stand in front in w_q, w_k and w_v."""
    parts = (lambda u: attended(u, u, w, mask=mask), lambda u: mlp(u, w, activation))
    return on_the_stream(x, parts, w, kind, post)


def decoder_block(x, source, w, *, mask, kind="layer", post=False, activation="gelu"):
    """Masked self-attention, attention to the source, MLP."""
    crossing = {"scale": w["scale"], **{n.removeprefix("cross."): m for n, m in w.items() if n.startswith("cross.")}}
    parts = (
        lambda u: attended(u, u, w, mask=mask),
        lambda u: attended(u, source, crossing),
        lambda u: mlp(u, w, activation),
    )
    return on_the_stream(x, parts, w, kind, post)


def probabilities(logits, temperature=1.0, top_k=None):
    """The distribution of the next word of each row; with top_k, of the k largest logits and their equals."""
    made = []
    for row in logits:
        least = sorted(row, reverse=True)[: top_k or len(row)][-1]
        exps = [exp((u - max(row)) / temperature) if u >= least else 0.0 for u in row]
        made.append([e / sum(exps) for e in exps])
    return made
