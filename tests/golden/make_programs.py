"""Makes programs.json: heads and blocks as PyTorch computes them, in float64, for the tests to compare with.

PyTorch is no requirement of the project. To make the file again, in an environment that has torch and numpy:

    python tests/golden/make_programs.py

Every axis has a size of its own, but for d_v = d_k and d_model = heads × d_k, which torch.nn.MultiheadAttention ties.
Weights are stored as the programs read them: w_q [head d_model d_k], w_o [(head d_v) d_model], w_1 [d_model d_ff].
"""

import json
from math import sqrt
from pathlib import Path

N, N_SOURCE, HEADS, D_K, D_FF, D_SOURCE = 5, 4, 3, 2, 7, 9
D_MODEL = HEADS * D_K
EPSILON = 1e-5


def shuffled(torch, module):
    """The module in float64, with every weight drawn anew: gains of 1 and biases of 0 would hide mistakes."""
    module = module.double()
    for weight in module.parameters():
        torch.nn.init.normal_(weight, std=0.6)
    return module


def heads_of(weight):
    """A projection [(head d), d_in] as PyTorch holds it -> [head, d_in, d]."""
    return weight.reshape(HEADS, -1, weight.shape[1]).transpose(1, 2)


def attention_given(module, prefix=""):
    """The weights of a MultiheadAttention, as the programs read them."""
    if module.in_proj_weight is None:
        wide = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    else:
        wide = module.in_proj_weight.chunk(3)
    given = {f"{prefix}w_{name}": heads_of(weight) for name, weight in zip("qkv", wide, strict=True)}
    given[f"{prefix}w_o"] = module.out_proj.weight.T
    if module.in_proj_bias is not None:
        for name, bias in zip("qkv", module.in_proj_bias.chunk(3), strict=True):
            given[f"{prefix}b_{name}"] = bias.reshape(HEADS, -1)
        given[f"{prefix}b_o"] = module.out_proj.bias
    return given


def layer_given(torch, layer, norms):
    """The weights of a TransformerEncoderLayer or TransformerDecoderLayer."""
    scale, epsilon = (torch.tensor(value, dtype=torch.float64) for value in (1 / sqrt(D_K), EPSILON))
    given = {"scale": scale, "epsilon": epsilon}
    given |= attention_given(layer.self_attn)
    for i in range(1, norms + 1):
        norm = getattr(layer, f"norm{i}")
        given[f"norm{i}.gain"] = norm.weight
        given[f"norm{i}.shift"] = torch.zeros_like(norm.weight) if norm.bias is None else norm.bias
    for i, part in enumerate((layer.linear1, layer.linear2), 1):
        given[f"w_{i}"] = part.weight.T
        if part.bias is not None:
            given[f"b_{i}"] = part.bias
    return given


def multi_head(torch):
    cases = []
    for name, bias, masked, d_source in (
        ("bias", True, False, None), ("no bias, causal", False, True, None), ("cross", False, False, D_SOURCE),
        ("cross, bias", True, False, D_SOURCE),
    ):  # fmt: skip
        module = torch.nn.MultiheadAttention(D_MODEL, HEADS, bias=bias, kdim=d_source, vdim=d_source, batch_first=True)
        module = shuffled(torch, module)
        x = torch.randn(N, D_MODEL, dtype=torch.float64)
        source = torch.randn(N_SOURCE, d_source, dtype=torch.float64) if d_source else x
        mask = torch.ones(N, N, dtype=torch.bool).tril() if masked else None
        hidden = None if mask is None else ~mask
        made, weights = module(x[None], source[None], source[None], attn_mask=hidden, average_attn_weights=False)
        given = {"x": x, "scale": torch.tensor(1 / sqrt(D_K), dtype=torch.float64), **attention_given(module)}
        given |= {"mask": mask} if masked else {}
        given |= {"source": source} if d_source else {}
        cases.append({"name": name, "given": given, "made": {"weights": weights[0], "projected": made[0]}})
    return cases


def grouped(torch):
    """Query heads that share keys and values: q [head query d_k], k [kv_head key d_k], v [kv_head key d_v]."""
    cases = []
    for n_heads, n_kv_heads in ((6, 2), (4, 1)):
        shapes = {"x": (N, 8), "w_q": (n_heads, 8, 3), "w_k": (n_kv_heads, 8, 3), "w_v": (n_kv_heads, 8, 7)}
        given = {name: torch.randn(*shape, dtype=torch.float64) for name, shape in shapes.items()}
        q, k, v = (given["x"] @ given[name] for name in ("w_q", "w_k", "w_v"))
        attend = torch.nn.functional.scaled_dot_product_attention
        output = attend(q[None], k[None], v[None], is_causal=True, enable_gqa=True)[0]
        given["w_o"] = torch.randn(n_heads * 7, 8, dtype=torch.float64)
        given |= {"scale": torch.tensor(1 / sqrt(3), dtype=torch.float64)}
        given |= {"mask": torch.ones(N, N, dtype=torch.bool).tril()}
        made = {"output": output, "projected": output.transpose(0, 1).flatten(1) @ given["w_o"]}
        cases.append({"name": f"{n_heads} over {n_kv_heads}", "n_heads": n_heads, "given": given, "made": made})
    return cases


def encoders(torch):
    cases = []
    for norm_first, activation, bias in (
        (True, "relu", True), (True, "gelu", True), (False, "relu", True), (False, "gelu", True), (True, "gelu", False),
    ):  # fmt: skip
        layer = torch.nn.TransformerEncoderLayer(
            D_MODEL, HEADS, D_FF, 0.0, activation, EPSILON, batch_first=True, norm_first=norm_first, bias=bias
        )
        layer = shuffled(torch, layer)
        x = torch.randn(N, D_MODEL, dtype=torch.float64)
        mask = torch.ones(N, N, dtype=torch.bool).tril()
        made = layer(x[None], src_mask=~mask)[0]
        options = {"post": not norm_first, "activation": activation, "biases": bias}
        name = f"{'pre' if norm_first else 'post'} {activation}{'' if bias else ' no bias'}"
        given = {"x": x, "mask": mask, **layer_given(torch, layer, 2)}
        cases.append({"name": name, "options": options, "given": given, "made": {"resid_post": made}})
    return cases


def decoders(torch):
    cases = []
    for norm_first, activation in ((True, "gelu"), (False, "relu")):
        layer = torch.nn.TransformerDecoderLayer(
            D_MODEL, HEADS, D_FF, 0.0, activation, EPSILON, batch_first=True, norm_first=norm_first
        )
        layer = shuffled(torch, layer)
        x, source = (torch.randn(n, D_MODEL, dtype=torch.float64) for n in (N, N_SOURCE))
        mask = torch.ones(N, N, dtype=torch.bool).tril()
        made = layer(x[None], source[None], tgt_mask=~mask)[0]
        given = {"x": x, "source": source, "mask": mask, **layer_given(torch, layer, 3)}
        given |= attention_given(layer.multihead_attn, "cross.")
        options = {"post": not norm_first, "activation": activation}
        name = f"{'pre' if norm_first else 'post'} {activation}"
        cases.append({"name": name, "options": options, "given": given, "made": {"resid_post": made}})
    return cases


def norms(torch):
    cases = []
    for kind, of in (("layer", torch.nn.LayerNorm), ("rms", torch.nn.RMSNorm)):
        module = shuffled(torch, of(D_MODEL, eps=1e-3))
        x = torch.randn(N, D_MODEL, dtype=torch.float64)
        given = {"x": x, "n.gain": module.weight, "epsilon": torch.tensor(1e-3, dtype=torch.float64)}
        given |= {"n.shift": module.bias} if kind == "layer" else {}
        cases.append({"name": kind, "given": given, "made": {"n.out": module(x)}})
    return cases


def activations(torch):
    x = torch.tensor([-40.0, -6.5, -3.0, -1.2, -0.3, 0.0, 0.1, 0.75, 2.0, 4.4, 30.0], dtype=torch.float64)
    of = {"gelu": torch.nn.GELU(), "gelu_tanh": torch.nn.GELU(approximate="tanh"), "relu": torch.nn.ReLU()}
    return {"x": x, "made": {name: activation(x) for name, activation in of.items()}}


def main():
    import torch

    torch.manual_seed(5)
    makers = (multi_head, grouped, encoders, decoders, norms, activations)
    golden = {"torch": torch.__version__, **{maker.__name__: maker(torch) for maker in makers}}
    text = json.dumps(golden, default=lambda tensor: tensor.tolist(), separators=(",", ":"))
    Path(__file__).with_name("programs.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
