"""Makes golden.json: attention as PyTorch computes it, in float64, for tests/test_golden.py to compare with.

PyTorch is no requirement of the project. To make the file again, in an environment that has torch and numpy:

    python tests/golden/make_golden.py

Every matrix has a different size on every axis. torch.nn.MultiheadAttention with one head ties d_k and d_v to its
embedding size, so there only the tokens and that size differ.
"""

import json
from math import log
from pathlib import Path


def matrices(torch, **shapes):
    return {name: torch.randn(*shape, dtype=torch.float64) for name, shape in shapes.items()}


def head(torch, n, d_model, d_k, d_v):
    """The given matrices of one random head."""
    return matrices(
        torch, x=(n, d_model), w_q=(d_model, d_k), w_k=(d_model, d_k), w_v=(d_model, d_v), w_o=(d_v, d_model)
    )


def scaled_dot_product(torch, given, **options):
    """The output of one head, with scaled_dot_product_attention between its projections."""
    q, k, v = (given["x"] @ given[name] for name in ("w_q", "w_k", "w_v"))
    output = torch.nn.functional.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None], **options)
    return output[0, 0]


def projections(torch):
    """Programs: x and weights in, output, projected and residual out."""
    cases = []
    mask = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, 1]], dtype=torch.bool)
    bias = torch.randn(3, 3, dtype=torch.float64)
    for name, options in {
        "plain": {},
        "masked": {"attn_mask": mask},
        "causal": {"is_causal": True},
        "scale": {"scale": 0.3},
        "causal, scale": {"is_causal": True, "scale": 1.7},
        "bias": {"attn_mask": bias},
        "masked, bias": {"attn_mask": bias.masked_fill(~mask, -torch.inf)},
    }.items():
        given = head(torch, n=3, d_model=7, d_k=2, d_v=5)
        output = scaled_dot_product(torch, given, **options)
        projected = output @ given["w_o"]
        if "mask" in name:
            given["mask"] = mask
        if "bias" in name:
            given["bias"] = bias
        if "scale" in options:
            given["scale"] = torch.tensor(options["scale"], dtype=torch.float64)
        made = {"output": output, "projected": projected, "residual": given["x"] + projected}
        cases.append({"name": name, "causal": "is_causal" in options, "given": given, "made": made})
    return cases


def multihead(torch):
    """One head of MultiheadAttention, without and with a causal mask: weights and projected output."""
    cases = []
    for n, d_model, causal in ((5, 3, False), (4, 6, True)):
        layer = torch.nn.MultiheadAttention(d_model, 1, bias=False, batch_first=True, dtype=torch.float64)
        x = torch.randn(n, d_model, dtype=torch.float64)
        hidden = torch.ones(n, n, dtype=torch.bool).triu(1) if causal else None
        projected, weights = layer(x[None], x[None], x[None], attn_mask=hidden)
        w_q, w_k, w_v = (part.T for part in layer.in_proj_weight.split(d_model))
        given = {"x": x, "w_q": w_q, "w_k": w_k, "w_v": w_v, "w_o": layer.out_proj.weight.T}
        made = {"weights": weights[0], "projected": projected[0]}
        cases.append({"name": f"multihead {n}x{d_model}", "causal": causal, "given": given, "made": made})
    return cases


def queries_and_keys(torch):
    """Attention between 3 queries and 5 keys: the reference is asked, since no program of one head can be."""
    cases = []
    for name in ("plain", "masked"):
        given = matrices(torch, q=(3, 2), k=(5, 2), v=(5, 4))
        options = {"attn_mask": torch.arange(15).reshape(3, 5) % 4 != 1} if name == "masked" else {}
        batch = (given[name][None, None] for name in "qkv")
        output = torch.nn.functional.scaled_dot_product_attention(*batch, **options)[0, 0]
        given["mask"] = options.get("attn_mask", torch.ones(3, 5, dtype=torch.bool))
        cases.append({"name": name, "given": given, "made": {"output": output}})
    return cases


def paint(torch):
    """The worked example "red ball hit blue cube", causal."""
    x = torch.zeros(5, 6, dtype=torch.float64)
    for at, value in {
        (0, 0): 1,
        (0, 3): 1,
        (1, 1): 1,
        (1, 5): 1,
        (2, 2): 1,
        (3, 0): 1,
        (3, 4): 1,
        (4, 1): 1,
        (4, 5): -1,
    }.items():
        x[at] = value
    given = {"x": x, **{name: torch.zeros(6, 4, dtype=torch.float64) for name in ("w_q", "w_k", "w_v")}}
    given["w_o"] = torch.zeros(4, 6, dtype=torch.float64)
    given["w_q"][1, 0] = given["w_q"][2, 1] = 2 * log(3)
    given["w_k"][0, 0] = given["w_k"][1, 1] = given["w_k"][2, 2] = 1
    for i in range(3):
        given["w_v"][3 + i, i] = given["w_o"][i, 3 + i] = 1
    q, k = x @ given["w_q"], x @ given["w_k"]
    hidden = torch.ones(5, 5, dtype=torch.bool).triu(1)
    weights = torch.softmax((q @ k.T / 2).masked_fill(hidden, -torch.inf), dim=1)
    output = scaled_dot_product(torch, given, is_causal=True)
    return {"given": given, "made": {"weights": weights, "output": output, "residual": x + output @ given["w_o"]}}


def main():
    import torch

    torch.manual_seed(7)
    with torch.no_grad():
        golden = {
            "torch": torch.__version__,
            "programs": projections(torch) + multihead(torch),
            "reference": queries_and_keys(torch),
            "paint": paint(torch),
        }
    text = json.dumps(golden, default=lambda tensor: tensor.tolist())
    Path(__file__).with_name("golden.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
