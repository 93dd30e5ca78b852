"""Agreement with PyTorch: golden/golden.json holds what it computed, golden/make_golden.py how.

The values are of torch.nn.functional.scaled_dot_product_attention and torch.nn.MultiheadAttention, in float64.
"""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from attention_core import programs, reference, run
from attention_core.examples import PAINT

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("golden.json").read_text(encoding="utf-8"))


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def arrays(case):
    """The given matrices of a case, with a scale of 1/sqrt(d_k) and the causal mask where it has one."""
    given = {name: np.array(value) for name, value in case["given"].items()}
    given.setdefault("scale", np.array(1 / sqrt(given["w_k"].shape[1])))
    if case["causal"]:
        given["mask"] = np.tri(len(given["x"]), dtype=bool)
    return given


@pytest.mark.parametrize("steady", [False, True])
@named(GOLDEN["programs"])
def test_programs_agree_with_pytorch(case, steady):
    given = arrays(case)
    program = programs.SELF_ATTENTION
    for wanted, transform in (("mask", programs.masked), ("bias", programs.biased)):
        program = transform(program) if wanted in given else program
    trace = run(programs.steadied(program) if steady else program, given, {})
    for name, value in case["made"].items():
        close(trace[name].value, value)


@named(GOLDEN["programs"])
def test_the_definition_agrees_with_pytorch(case):
    given = arrays(case)
    q, k, v = (given["x"] @ given[name] for name in ("w_q", "w_k", "w_v"))
    output = reference.attention(q, k, v, given.get("mask"), given["scale"], given.get("bias"))
    close(np.array(output) @ given["w_o"], case["made"]["projected"])


@named(GOLDEN["reference"])
def test_the_definition_agrees_where_queries_are_not_keys(case):
    given = case["given"]
    close(reference.attention(given["q"], given["k"], given["v"], given["mask"]), case["made"]["output"])


def test_paint_agrees_with_pytorch():
    given, labels = PAINT.given(PAINT.sentence.split())
    for name, value in GOLDEN["paint"]["given"].items():
        close(given[name], value)
    trace = run(programs.one_head(), given, labels)
    for name, value in GOLDEN["paint"]["made"].items():
        close(trace[name].value, value)
