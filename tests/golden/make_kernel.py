"""Makes kernel.json: attention as PyTorch and ONNX compute it, for tests/test_kernel.py to compare with.

Neither is a requirement of the project. To make the file again, in an environment that has torch, onnx and numpy:

    python tests/golden/make_kernel.py

PyTorch: torch.nn.functional.scaled_dot_product_attention with every option, and softmax, log_softmax and logsumexp.
ONNX: the operator Attention of the newest opset, run by onnx.reference. "operands" holds q, k and v by number of kv
heads, "options" each case's options by name, "cases" what was made of them. Every axis has a different size.
"""

import json
from pathlib import Path

import numpy as np

RNG = np.random.default_rng(11)
BATCH, HEADS, KV_HEADS, N_Q, N_K, D_K, D_V, PAST = 2, 6, 3, 4, 7, 8, 5, 3


def drawn(*shape):
    return RNG.normal(size=shape).round(3)  # short in the file, and exact in it


def operands(kv_heads):
    return {
        "q": drawn(BATCH, HEADS, N_Q, D_K),
        "k": drawn(BATCH, kv_heads, N_K, D_K),
        "v": drawn(BATCH, kv_heads, N_K, D_V),
        "past_key": drawn(BATCH, kv_heads, PAST, D_K),
        "past_value": drawn(BATCH, kv_heads, PAST, D_V),
    }


OPERANDS = {kv_heads: operands(kv_heads) for kv_heads in (HEADS, KV_HEADS, 1)}


def stored(x):
    """Rounded a little beyond what the tests compare, and shorter in the file."""
    digits = 9 if x.dtype == np.float32 else 14
    return np.reshape([float(f"{n:.{digits}g}") for n in x.flat], x.shape)


def boolean(*shape):
    """A random mask in which no row is False throughout."""
    mask = RNG.random(shape) < 0.6
    mask[..., 1] = True
    return mask


def blind(*shape):
    """A random mask with a row that is False throughout."""
    mask = boolean(*shape)
    mask[..., 2, :] = False
    return mask


def additive(*shape):
    return np.where(boolean(*shape), drawn(*shape), -np.inf)


# --- PyTorch ---------------------------------------------------------------------------------------------------------

TORCH = {
    "plain": {},
    "scale": {"scale": 0.3},
    "is_causal": {"is_causal": True},
    "is_causal, scale": {"is_causal": True, "scale": -0.9},
    "bool mask 4-D": {"attn_mask": boolean(BATCH, HEADS, N_Q, N_K)},
    "bool mask per sequence": {"attn_mask": boolean(BATCH, 1, N_Q, N_K)},
    "bool mask 3-D": {"attn_mask": boolean(HEADS, N_Q, N_K)},
    "bool mask 2-D": {"attn_mask": boolean(N_Q, N_K)},
    "bool mask, blind row": {"attn_mask": blind(N_Q, N_K)},
    "float mask 4-D": {"attn_mask": additive(BATCH, HEADS, N_Q, N_K)},
    "float mask 2-D, scale": {"attn_mask": additive(N_Q, N_K), "scale": 1.4},
    "float mask, blind row": {"attn_mask": np.where(blind(N_Q, N_K), 0.0, -np.inf)},
}


SINGLE = ("plain", "is_causal, scale", "bool mask, blind row", "float mask 4-D")  # also in float32
UNGROUPED = ("plain", "is_causal, scale", "float mask 4-D")  # also with other numbers of kv heads


def torch_cases(torch):
    cases = [torch_case(torch, name, KV_HEADS) for name in TORCH]
    cases += [torch_case(torch, name, kv_heads) for kv_heads in (HEADS, 1) for name in UNGROUPED]
    return cases + [torch_case(torch, name, KV_HEADS, "float32") for name in SINGLE]


def torch_case(torch, name, kv_heads, dtype="float64"):
    def tensor(x):
        return torch.from_numpy(x if x.dtype == bool else x.astype(dtype))

    q, k, v = (tensor(OPERANDS[kv_heads][key]) for key in "qkv")
    options = {key: tensor(x) if key == "attn_mask" else x for key, x in TORCH[name].items()}
    output = torch.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=kv_heads != HEADS, **options)
    return {"name": name, "kv_heads": kv_heads, "dtype": dtype, "output": stored(output.numpy())}


def softmax_cases(torch):
    x = drawn(3, 4, 5) * 8
    x[0, 1, 2] = x[1, :, 3] = -np.inf
    x[2, 0, 1] = 1e30
    t = torch.from_numpy(x)
    return [
        {
            "axis": axis,
            "x": x,
            "softmax": torch.softmax(t, axis).numpy(),
            "cold": torch.softmax(t / 0.25, axis).numpy(),
            "log_softmax": torch.log_softmax(t, axis).numpy(),
            "log_sum_exp": torch.logsumexp(t, axis).numpy(),
        }
        for axis in (0, 2)
    ]


# --- ONNX ------------------------------------------------------------------------------------------------------------

# Attributes are float32, and the evaluator takes the root of the scale: these scales have one that is exact.
ONNX = {
    "plain": {},
    "scale": {"scale": 0.25},
    "is_causal": {"is_causal": 1},
    "softcap": {"softcap": 0.75},
    "windows": {"left_window_size": 2, "right_window_size": 1},
    "left window, is_causal": {"left_window_size": 1, "is_causal": 1},
    "bool mask 4-D": {"attn_mask": boolean(BATCH, HEADS, N_Q, N_K)},
    "bool mask 3-D": {"attn_mask": boolean(HEADS, N_Q, N_K)},
    "bool mask 2-D, is_causal": {"attn_mask": boolean(N_Q, N_K), "is_causal": 1},
    "bool mask, blind row": {"attn_mask": blind(N_Q, N_K)},
    "float mask 4-D": {"attn_mask": additive(BATCH, HEADS, N_Q, N_K)},
    "float mask 3-D, is_causal": {"attn_mask": additive(HEADS, N_Q, N_K), "is_causal": 1},
    "float mask 2-D, softcap, scale": {"attn_mask": additive(N_Q, N_K), "softcap": 1.5, "scale": 0.5625},
    "past": {"past": True},
    "past, is_causal": {"past": True, "is_causal": 1},
    "past, is_causal, window, float mask": {
        "past": True, "is_causal": 1, "left_window_size": 3, "attn_mask": drawn(N_Q, N_K + PAST),
    },
    "nonpad_kv_seqlen": {"nonpad_kv_seqlen": np.array([3, 7])},
    "nonpad_kv_seqlen, is_causal": {"nonpad_kv_seqlen": np.array([5, 7]), "is_causal": 1},
    "nonpad_kv_seqlen below n_q, is_causal": {"nonpad_kv_seqlen": np.array([2, 7]), "is_causal": 1},
}  # fmt: skip
MODES = {"plain": (0, 3), "float mask 2-D, softcap, scale": range(4), "bool mask, blind row": (2, 3), "softcap": (0, 1)}


def onnx_cases(onnx):
    cases = [onnx_case(onnx, name) for name in ONNX]
    cases += [onnx_case(onnx, name, mode=mode) for name, modes in MODES.items() for mode in modes]
    # 3-D inputs [batch, n, heads d]: the numbers of heads are attributes
    cases += [onnx_case(onnx, "is_causal", kv_heads, flat=True) for kv_heads in OPERANDS]
    return [*cases, onnx_case(onnx, "float mask 4-D", dtype="float32")]


def onnx_case(onnx, name, kv_heads=KV_HEADS, mode=None, flat=False, dtype="float64"):
    given, attributes = OPERANDS[kv_heads], dict(ONNX[name])
    past = attributes.pop("past", False)
    inputs = {"Q": given["q"], "K": given["k"], "V": given["v"], "attn_mask": attributes.pop("attn_mask", None)}
    inputs |= {key: given[key] if past else None for key in ("past_key", "past_value")}
    inputs["nonpad_kv_seqlen"] = attributes.pop("nonpad_kv_seqlen", None)
    if flat:
        inputs |= {key: inputs[key].swapaxes(1, 2).reshape(BATCH, inputs[key].shape[2], -1) for key in "QKV"}
        attributes |= {"q_num_heads": HEADS, "kv_num_heads": kv_heads}
    if mode is not None:
        attributes["qk_matmul_output_mode"] = mode
    feeds = {key: x.astype(dtype) if x.dtype == float else x for key, x in inputs.items() if x is not None}
    output, *_, qk = run_onnx(onnx, feeds, list(inputs), attributes)
    made = {"output": stored(output)} if mode is None else {"mode": mode, "qk_matmul_output": stored(qk)}
    return {"name": name, "kv_heads": kv_heads, "dtype": dtype, "flat": flat, **made}


def run_onnx(onnx, feeds, names, attributes):
    """One Attention node of the newest opset, run by the reference evaluator."""
    outputs = ["Y", "present_key", "present_value", "qk_matmul_output"]
    node = onnx.helper.make_node("Attention", [n if n in feeds else "" for n in names], outputs, **attributes)
    typed = [(name, onnx.helper.np_dtype_to_tensor_dtype(x.dtype), x.shape) for name, x in feeds.items()]
    graph = onnx.helper.make_graph(
        [node],
        "attention",
        [onnx.helper.make_tensor_value_info(*of) for of in typed],
        [onnx.helper.make_tensor_value_info(name, typed[0][1], None) for name in outputs],
    )
    opset = onnx.helper.make_opsetid("", onnx.defs.onnx_opset_version())
    model = onnx.helper.make_model(graph, opset_imports=[opset])
    return onnx.reference.ReferenceEvaluator(model).run(None, feeds)


def main():
    import onnx
    import onnx.reference
    import torch

    golden = {
        "torch": torch.__version__,
        "onnx": onnx.__version__,
        "attention_since": onnx.defs.get_schema("Attention").since_version,
        "operands": OPERANDS,
        "sdpa": {"options": TORCH, "cases": torch_cases(torch)},
        "softmax": softmax_cases(torch),
        "operator": {"options": ONNX, "cases": onnx_cases(onnx)},
    }
    text = json.dumps(golden, default=lambda x: x.tolist(), separators=(",", ":"))
    Path(__file__).with_name("kernel.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
