"""Makes positions.json: what PyTorch says of positions, in float64, for tests/test_positions.py to compare with.

PyTorch is no requirement of the project. To make the file again, in an environment that has torch and numpy:

    python tests/golden/make_positions.py

Rotary is torch.onnx.ops.rotary_embedding, PyTorch's implementation of the ONNX operator, given the cosines and sines
that PyTorch computes. Sinusoidal waves are powers of complex numbers, so that no line is like the project's own.
"""

import json
from pathlib import Path


def waves(torch, positions, dims, base):
    """exp(i × angle) of each position and pair, [n, dims/2], by torch.polar."""
    rates = torch.exp(-torch.log(torch.tensor(base, dtype=torch.float64)) * torch.arange(0, dims, 2) / dims)
    turns = torch.outer(torch.tensor(positions, dtype=torch.float64), rates)
    return torch.polar(torch.ones_like(turns), turns)


def rotary(torch):
    x, positions = torch.randn(2, 3, 5, 8, dtype=torch.float64), [0, 4, 1, 9, 130]
    cases = []
    for interleaved in (False, True):
        for dims, base in ((8, 10000.0), (6, 500000.0), (2, 10.0)):
            turned = waves(torch, positions, dims, base)
            y = torch.onnx.ops.rotary_embedding(
                x, turned.real, turned.imag, torch.arange(5).expand(2, 5), interleaved=interleaved,
                rotary_embedding_dim=dims % 8,
            )  # fmt: skip
            options = {"interleaved": interleaved, "dims": dims, "base": base}
            cases.append({"options": options, "turned": y})
    return {"x": x, "positions": positions, "cases": cases}


def sinusoidal(torch):
    cases = []
    for n, d, base in ((7, 6, 10000.0), (3, 10, 100.0)):
        turned = waves(torch, list(range(n)), d, base)
        table = torch.view_as_real(turned).flip(-1).flatten(1)  # (cos, sin) of a pair -> sin, cos
        cases.append({"n": n, "d": d, "base": base, "table": table})
    return cases


def buckets(torch):
    """T5's buckets as its published code computes them, by a logarithm in single precision."""
    cases = []
    for n_buckets, max_distance, bidirectional in ((32, 128, True), (32, 128, False), (10, 30, True)):
        distance = torch.arange(-150, 151)
        one_way = n_buckets // 2 if bidirectional else n_buckets
        steps = distance.abs() if bidirectional else (-distance).clamp(min=0)
        exact = torch.tensor(one_way // 2)
        ratio = torch.log(steps.clamp(min=1) / exact) / torch.log(max_distance / exact)
        wide = (exact + (ratio * (one_way - exact)).long()).clamp(max=one_way - 1)
        bucket = torch.where(steps < exact, steps, wide) + one_way * (distance > 0) * bidirectional
        options = {"n_buckets": n_buckets, "max_distance": max_distance, "bidirectional": bidirectional}
        cases.append({"options": options, "distance": distance, "bucket": bucket})
    return cases


def main():
    import torch

    torch.manual_seed(11)
    golden = {
        "torch": torch.__version__,
        "rotary": rotary(torch),
        "sinusoidal": sinusoidal(torch),
        "buckets": buckets(torch),
    }
    text = json.dumps(golden, default=lambda tensor: tensor.tolist(), separators=(",", ":"))
    Path(__file__).with_name("positions.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
