"""How fast the core is: the kernel against PyTorch where that is installed, and a full trace against the bare kernel.

    python -m benchmarks.core        (from the repository's folder; uses torch if the environment has it)

Vocabulary
    subject   one way to compute the same attention: our kernel, eager PyTorch (product, softmax, product), PyTorch's
              scaled_dot_product_attention (SDPA)
    size      (heads, n, d): n queries and n keys with d numbers each, in every head; float32
    round     one timed loop of one subject; the fastest of its rounds counts: the one least disturbed

The subjects are measured one after the other, with a pause between: PyTorch's and NumPy's worker threads keep their
cores busy for a moment after each call, and would slow the other down if the subjects took turns.

Read the ratios: the times are those of this machine. A ratio below 1 means that the kernel is faster.
"""

import os
import platform
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from time import perf_counter, sleep

import numpy as np

from attention_core import examples, programs, run
from attention_core.kernel import attention

SIZES = ((1, 8, 8), (4, 64, 16), (12, 128, 64), (12, 1024, 64))


def four_heads(tokens: list[str]) -> tuple[dict[str, np.ndarray], dict[str, tuple]]:
    """The paint example's weights, for each of four heads."""
    given, labels = examples.PAINT.given(tokens)
    heads = {name: np.stack([given[name]] * 4) for name in ("w_q", "w_k", "w_v")}
    return {**given, **heads, "w_o": np.concatenate([given["w_o"]] * 4)}, labels


PROGRAMS = {  # name: (program, tokens -> its given matrices and labels)
    "one head": (programs.one_head(), examples.PAINT.given),
    "four heads": (programs.masked(programs.MULTI_HEAD), four_heads),
}
TOKENS = ["red", "ball", "hit", "blue", "cube", "and", "small", "cube", "hit", "the", "big", "ball"]
ROUNDS, SECONDS, PAUSE = 25, 0.02, 0.5  # of each subject, how long a round takes at least, the pause before them

Subjects = dict[str, Callable[[], object]]


def ours(q: np.ndarray, k: np.ndarray, v: np.ndarray) -> Subjects:
    return {"kernel": lambda: attention(q, k, v)}


def theirs(*given: np.ndarray) -> Subjects:
    """The same with PyTorch, on tensors that share the arrays' memory."""
    import torch

    q, k, v = map(torch.from_numpy, given)
    scale = q.shape[-1] ** -0.5
    return {
        "eager PyTorch": lambda: torch.softmax(q @ k.mT * scale, -1) @ v,
        "PyTorch's SDPA": lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v),
    }


def timed(subjects: Subjects) -> dict[str, float]:
    """Seconds of one call of each subject."""
    return {name: _fastest(call) for name, call in subjects.items()}


def _fastest(call: Callable[[], object]) -> float:
    sleep(PAUSE)
    call()  # the first call warms up, the second tells how many make a round
    times = max(1, int(SECONDS / _round(call, 1)))
    return min(_round(call, times) for _ in range(ROUNDS))


def _round(call: Callable[[], object], times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        call()
    return (perf_counter() - start) / times


def report(title: str, took: dict[str, float], base: str) -> None:
    """One line: each subject's time, and how many times that of the others `base` takes."""
    times = "   ".join(f"{name} {_written(seconds)}" for name, seconds in took.items())
    ratios = "   ".join(f"{base} / {name} {took[base] / took[name]:.2f}" for name in took if name != base)
    print(f"{title:18}{times}   {ratios}".rstrip())


def _written(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def kernels() -> None:
    torch = find_spec("torch") is not None
    print("\n(heads, n, d), float32" if torch else "\n(heads, n, d), float32; PyTorch is not installed")
    rng = np.random.default_rng(0)
    for size in SIZES:
        q, k, v = (rng.normal(size=size).astype(np.float32) for _ in range(3))
        report(str(size), timed(ours(q, k, v) | (theirs(q, k, v) if torch else {})), "kernel")


def traces() -> None:
    """A traced program against the kernel on matrices of the same sizes."""
    print(f"\na full trace of {len(TOKENS)} tokens against the kernel alone, float64")
    for name, (program, given) in PROGRAMS.items():
        matrices, labels = given(TOKENS)
        trace = run(program, matrices, labels)
        traced = {"trace": partial(run, program, matrices, labels)}
        report(name, timed(traced | ours(*(trace[key].value for key in "qkv"))), "trace")


def main() -> None:
    machine = f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f})"
    print(f"{machine}, Python {platform.python_version()}, NumPy {np.__version__}", end="")
    print(f", PyTorch {version('torch')}" if find_spec("torch") else "")
    kernels()
    traces()


if __name__ == "__main__":
    main()
