"""Makes gradients.json: gradients and whole training runs as PyTorch computes them, for tests/test_backward.py.

PyTorch is no requirement of the project. To make the file again, in an environment that has torch and numpy:

    python tests/golden/make_gradients.py

Float64 everywhere; every matrix has a different size on every axis. Each case says its loss with PyTorch's own
functions (layer_norm, gelu, cross_entropy), and autograd says the gradients.
"""

import json
from pathlib import Path

N, D, K, V, F, WORDS = 3, 5, 4, 7, 8, 9  # tokens, features, d_k, d_v, neurons, vocabulary
HEAD = {"w_q": (D, K), "w_k": (D, K), "w_v": (D, V), "w_o": (V, D)}
EPSILON, SCALE = 1e-5, 0.5


def attend(torch, x, of, bias=0.0):
    """(what the head adds, its weights): causal, scaled by SCALE."""
    q, k, v = (x @ of[name] for name in ("w_q", "w_k", "w_v"))
    q, k, v = (m + of.get(name, 0.0) for m, name in ((q, "b_q"), (k, "b_k"), (v, "b_v")))
    hidden = torch.full((len(x), len(x)), -torch.inf, dtype=x.dtype).triu(1)
    weights = torch.softmax(q @ k.T * SCALE + bias + hidden, -1)
    return weights @ v @ of["w_o"] + of.get("b_o", 0.0), weights


def squared(torch, made, given):
    return (given["focus"] * (made - given["goal"]) ** 2).sum()


def one_head(torch, given):
    return squared(torch, given["x"] + attend(torch, given["x"], given)[0], given)


def by_distance(torch, given):
    """Cross-entropy of the weights themselves, with a bias for each of three distances."""
    places = torch.arange(N)
    bias = given["table"][(places - places[:, None]).clamp(-1, 1) + 1]
    weights = attend(torch, given["x"], given, bias)[1]
    logs = torch.where(given["pattern"] != 0, torch.log(torch.where(given["pattern"] != 0, weights, 1.0)), 0.0)
    return -(given["counted"][:, None] * given["pattern"] * logs).sum()


def block(torch, given):
    """A pre-norm block with biases: LayerNorm, head, LayerNorm, MLP with the exact GELU."""

    def normed(x, name):
        return torch.nn.functional.layer_norm(x, (D,), given[f"{name}.gain"], given[f"{name}.shift"], EPSILON)

    x = given["x"] + attend(torch, normed(given["x"], "norm1"), given)[0]
    neurons = torch.nn.functional.gelu(normed(x, "norm2") @ given["w_1"] + given["b_1"])
    return squared(torch, x + neurons @ given["w_2"] + given["b_2"], given)


def two_layers(torch, given):
    """Two heads on top of one another, then the next word."""
    x = given["x"]
    for layer in ("layer1", "layer2"):
        x = x + attend(torch, x, {name: given[f"{layer}.{name}"] for name in HEAD})[0]
    losses = torch.nn.functional.cross_entropy(x @ given["w_u"], given["targets"], reduction="none")
    return (given["counted"] * losses).sum()


ERROR = {"goal": (N, D), "focus": (N, D)}
CASES = {  # name: (loss, what is trained, what else is given)
    "one head": (one_head, HEAD, ERROR),
    "biases by distance": (by_distance, {"w_q": (D, K), "w_k": (D, K), "table": (3,)}, {"w_v": (D, V), "w_o": (V, D)}),
    "block": (
        block,
        HEAD | {"b_q": (K,), "b_k": (K,), "b_v": (V,), "b_o": (D,), "w_1": (D, F), "b_1": (F,), "w_2": (F, D)}
        | {"b_2": (D,)} | {f"{norm}.{own}": (D,) for norm in ("norm1", "norm2") for own in ("gain", "shift")},
        ERROR,
    ),
    "two layers": (
        two_layers,
        {f"{layer}.{name}": shape for layer in ("layer1", "layer2") for name, shape in HEAD.items()}
        | {"w_u": (D, WORDS)}, {},
    ),
}  # fmt: skip


def drawn(torch, shapes, trained=False):
    return {
        name: (torch.randn(*shape, dtype=torch.float64) / shape[0] ** 0.5).requires_grad_(trained)
        for name, shape in shapes.items()
    }


def data(torch, name, others):
    given = drawn(torch, {"x": (N, D), **others})
    given["x"] = given["x"] * N**0.5
    if "focus" in given:  # what counts less than nothing would make a loss without a smallest value
        given["focus"] = given["focus"].abs()
    if name in ("two layers", "biases by distance"):
        given["counted"] = torch.rand(N, dtype=torch.float64)
    if name == "two layers":
        given["targets"] = torch.nn.functional.one_hot(torch.tensor([4, 0, 8]), WORDS).to(torch.float64)
    if name == "biases by distance":
        pattern = torch.rand(N, N, dtype=torch.float64).tril()
        given["pattern"] = pattern / pattern.sum(-1, keepdim=True)
    return given


def gradients(torch, name):
    loss_of, shapes, others = CASES[name]
    given = data(torch, name, others)
    weights = drawn(torch, shapes, trained=True)
    loss = loss_of(torch, given | weights)
    loss.backward()
    return {
        "name": name, "given": lists(given | weights), "loss": loss.item(),
        "gradients": lists({key: weight.grad for key, weight in weights.items()}),
    }  # fmt: skip


def whole_run(torch, name, optimiser, rate, steps):
    """All losses of a run of training, and the weights at its end."""
    loss_of, shapes, others = CASES[name]
    given, weights = data(torch, name, others), drawn(torch, shapes, trained=True)
    start = lists(weights)
    step = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimiser](weights.values(), lr=rate)
    losses = []
    for _ in range(steps):
        step.zero_grad()
        loss = loss_of(torch, given | weights)
        loss.backward()
        step.step()
        losses.append(loss.item())
    return {
        "name": f"{name}, {optimiser}", "case": name, "optimiser": optimiser, "rate": rate, "given": lists(given),
        "start": start, "losses": losses, "end": lists(weights),
    }  # fmt: skip


def lists(tensors):
    return {name: tensor.tolist() for name, tensor in tensors.items()}


def main():
    import torch

    torch.manual_seed(1986)
    made = {
        "scale": SCALE, "epsilon": EPSILON,
        "gradients": [gradients(torch, name) for name in CASES],
        "runs": [whole_run(torch, "one head", "sgd", 0.05, 60), whole_run(torch, "one head", "adam", 0.02, 60),
                 whole_run(torch, "two layers", "adam", 0.02, 40), whole_run(torch, "block", "sgd", 0.02, 40)],
    }  # fmt: skip
    path = Path(__file__).with_name("gradients.json")
    path.write_text(json.dumps(made) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
