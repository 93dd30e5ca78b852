"""Every gradient is what the loss does when a number is moved a little, and what PyTorch's autograd says.

golden/gradients.json holds what PyTorch computed, golden/make_gradients.py how.

Vocabulary
    slope   (loss at w + h, minus loss at w − h) / 2h: a central difference, wrong only in the order of h²
"""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from attention_core import programs, run
from attention_core.examples import PAINT
from tests.heads import seeds
from tests.mechanisms import MECHANISMS, drawn_for, sizes_of

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("gradients.json").read_text(encoding="utf-8"))
ONE = programs.masked(programs.SELF_ATTENTION)
TRAINED = [name for name, program in MECHANISMS.items() if "loss" in programs.names(program)]


def forward(program):
    """The part of a program with gradients that ends in the loss."""
    return program[: programs.names(program).index("loss") + 1]


def slope(program, matrices, name, at, h=1e-5):
    """How fast the loss rises with one cell of a given matrix."""
    ends = []
    for step in (h, -h):
        moved = matrices[name].copy()
        moved[at] += step
        ends.append(run(program, {**matrices, name: moved})["loss"].value.item())
    return (ends[0] - ends[1]) / (2 * h)


@pytest.mark.parametrize("name", TRAINED)
@given(seed=seeds)
@settings(max_examples=1)
def test_every_gradient_is_the_slope_of_the_loss(name, seed):
    program, matrices = MECHANISMS[name], drawn_for(MECHANISMS[name], sizes_of(name), seed)
    trace, short = run(program, matrices), forward(program)
    with_gradient = [weight for weight in trace.given if programs.gradient_name(weight) in trace]
    assert set(programs.trained(short)) & set(with_gradient)
    for weight in with_gradient:
        gradient = trace[programs.gradient_name(weight)].value
        assert gradient.shape == matrices[weight].shape
        slopes = np.array([slope(short, matrices, weight, at) for at in np.ndindex(gradient.shape)])
        size = abs(slopes).max()
        np.testing.assert_allclose(gradient.ravel(), slopes, rtol=1e-6, atol=1e-6 * size + 1e-9, err_msg=weight)


def test_every_trainable_piece_has_its_gradient_tested():
    tested = {name.rpartition(".")[2] for one in TRAINED for name in programs.names(MECHANISMS[one])}
    pieces = ("w_q", "w_k", "w_v", "w_o", "b_q", "b_k", "b_v", "b_o", "w_1", "b_1", "w_2", "b_2", "gain", "shift",
              "table", "w_u", "bias", "places", "x", "k_past")  # fmt: skip
    assert tested >= {f"d_{piece}" for piece in pieces}


def test_what_is_hidden_by_the_mask_has_no_gradient():
    program = programs.squared_error(ONE)
    matrices = drawn_for(program, sizes_of(""), 7)
    trace = run(program + programs.backward(program), matrices)
    assert (trace["d_scores"].value[~matrices["mask"]] == 0).all()
    np.testing.assert_allclose(trace["d_scores"].value.sum(axis=1), 0, atol=1e-12)  # softmax ignores a shift of a row


def test_a_loss_that_does_not_read_the_weights_is_refused():
    program = programs.cross_entropy(ONE, "weights")
    assert programs.trained(program) == ("w_q", "w_k")
    with pytest.raises(ValueError, match="loss does not depend on w_v"):
        programs.backward(program, ["w_v"])
    with pytest.raises(ValueError, match="an optimiser is one of sgd, adam; 'sofia' is not"):
        programs.iteration(program, "sofia")


# --- PyTorch ---------------------------------------------------------------------------------------------------------

PROGRAMS = {
    "one head": programs.squared_error(ONE),
    "biases by distance": programs.cross_entropy(programs.relative_bias(ONE, 3, 3), "weights"),
    "block": programs.squared_error(programs.BLOCK),
    "two layers": programs.cross_entropy(programs.next_token(programs.stack([ONE] * 2))),
}


def arrays(matrices):
    return {name: np.array(value) for name, value in matrices.items()}


def fixed():
    """What every case has: scale, epsilon and the causal mask."""
    return {"scale": np.array(GOLDEN["scale"]), "epsilon": np.array(GOLDEN["epsilon"]), "mask": np.tri(3, dtype=bool)}


@pytest.mark.parametrize("case", GOLDEN["gradients"], ids=[case["name"] for case in GOLDEN["gradients"]])
def test_gradients_agree_with_pytorch(case):
    program = PROGRAMS[case["name"]]
    trace = run(program + programs.backward(program), fixed() | arrays(case["given"]))
    np.testing.assert_allclose(trace["loss"].value, case["loss"], rtol=1e-10)
    assert set(case["gradients"]) == set(programs.trained(program))
    for name, gradient in case["gradients"].items():
        np.testing.assert_allclose(trace[programs.gradient_name(name)].value, gradient, rtol=1e-10, atol=1e-12)


def adam_numbers(t):
    numbers = {"beta1": 0.9, "beta2": 0.999, "known1": 1 - 0.9**t, "known2": 1 - 0.999**t, "tiny": 1e-8}
    return {name: np.array(value) for name, value in numbers.items()}


@pytest.mark.parametrize("case", GOLDEN["runs"], ids=[case["name"] for case in GOLDEN["runs"]])
def test_whole_runs_agree_with_pytorch(case):
    """Each step of the run is one run of the program `iteration`, which reads what the step before it made."""
    program = programs.iteration(PROGRAMS[case["case"]], case["optimiser"])
    weights, every = arrays(case["start"]), fixed() | arrays(case["given"]) | {"rate": np.array(case["rate"])}
    kept = {programs.about(kind, name): np.zeros_like(w) for name, w in weights.items() for kind in ("mean", "square")}
    for t, loss in enumerate(case["losses"], 1):
        trace = run(program, every | weights | (kept | adam_numbers(t) if case["optimiser"] == "adam" else {}))
        np.testing.assert_allclose(trace["loss"].value, loss, rtol=1e-6)
        weights = {name: trace[programs.about("new", name)].value for name in weights}
        if case["optimiser"] == "adam":
            kept = {name: trace[_new(name)].value for name in kept}
    for name, end in case["end"].items():
        np.testing.assert_allclose(weights[name], end, rtol=1e-6, atol=1e-8)


def _new(name):
    """What a step of Adam makes of a running mean: "layer1.new_mean_w_q" of "layer1.mean_w_q"."""
    front, dot, own = name.rpartition(".")
    return f"{front}{dot}new_{own}"


# --- The running example ---------------------------------------------------------------------------------------------


def paint():
    """Gradients of L = (ball'.red − 1)², causal."""
    matrices, labels = PAINT.given(PAINT.sentence.split())
    matrices["goal"], matrices["focus"] = np.zeros((5, 6)), np.zeros((5, 6))
    matrices["goal"][1, 3] = matrices["focus"][1, 3] = 1
    program = programs.squared_error(ONE)
    return program, matrices, run(program + programs.backward(program), matrices, labels)


def test_the_gradients_of_the_running_example():
    program, matrices, trace = paint()
    assert trace["loss"].value == pytest.approx(1 / 16)
    largest = {name: abs(trace[f"d_{name}"].value).max() for name in ("w_q", "w_k", "w_v", "w_o")}
    assert largest == pytest.approx({"w_q": 0.046875, "w_k": 0.102995, "w_v": 0.375, "w_o": 0.375}, abs=1e-6)
    assert trace["d_w_v"].value.min() == trace["d_w_o"].value.min() == pytest.approx(-0.375)
    assert trace["d_w_q"].value[1, 0] == pytest.approx(-0.046875)  # W_Q[noun, 0], where g stands
    assert trace["d_w_q"].value[2, 1] == 0
    assert slope(program, matrices, "w_q", (1, 0)) == pytest.approx(-0.046875, rel=1e-6)
