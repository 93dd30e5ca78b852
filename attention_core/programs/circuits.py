"""A head seen as two maps: W_Q W_K^T says who attends to whom, W_V W_O says what is handed over.

Vocabulary
    w_qk        W_Q W_K^T [d_model, d_model]: the score of any two feature vectors, unscaled
    w_ov        W_V W_O [d_model, d_model]: what a token's features add to whoever attends to it
    d_model_k   the features of the token that is attended to (the same features, on the key's side)
    both ways   the scores from queries and keys, and once more from W_Q W_K^T alone
    handed on   what a head adds by given weights: from V and W_O, and once more from the offers alone
    replaced    the same without the residual: what the head wrote takes the place of the words, in a step of its own
    rank        how many directions such a map really uses: at most d_k, or d_v

Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits".
"""

from dataclasses import replace

import numpy as np

from attention_core import rules
from attention_core.programs.editing import exchanged, find, renamed
from attention_core.programs.one_head import MIX, PROJECT, SCORE, SELF_ATTENTION, SOFTMAX
from attention_core.trace import Program, Step

_scaled, _residual = find(SELF_ATTENTION, "scaled"), find(SELF_ATTENTION, "residual")

COMBINED: Program = (
    Step(
        "w_qk", r"W_{QK} = W_Q W_K^\top", "w_qk = w_q @ w_k.T", ("w_q", "w_k"),
        "d_model d_k, d_model_k d_k -> d_model d_model_k", rules.contract,
        "combined query-key weights", "The two matrices multiplied: one table of which feature looks for which.",
        "how strongly “{d_model}” looks for “{d_model_k}”", r"W_{QK} = W_K^\top W_Q",
    ),
    Step(
        "wanted", r"X W_{QK}", "wanted = x @ w_qk", ("x", "w_qk"),
        "query d_model, d_model d_model_k -> query d_model_k", rules.contract,
        "wanted features", "What each token looks for, said in features instead of query coordinates.",
        "how much {query} looks for “{d_model_k}”", r"W_{QK} X",
    ),
    Step(
        "scores", r"S = X W_{QK} X^\top", "scores = wanted @ x.T", ("wanted", "x"),
        "query d_model_k, key d_model_k -> query key", rules.contract,
        "scores", "The same scores as from queries and keys: only the product of the two matrices counts.",
        "how well what {query} looks for fits what {key} has", r"S = X^\top W_{QK} X",
    ),
    _scaled,
    *SOFTMAX,
    Step(
        "w_ov", r"W_{OV} = W_V W_O", "w_ov = w_v @ w_o", ("w_v", "w_o"),
        "d_model_k d_v, d_v d_model -> d_model_k d_model", rules.contract,
        "combined value-output weights", "What a token’s features become for whoever attends to it.",
        "how much of “{d_model}” a token’s “{d_model_k}” hands over", r"W_{OV} = W_O W_V",
    ),
    Step(
        "offered", r"X W_{OV}", "offered = x @ w_ov", ("x", "w_ov"),
        "key d_model_k, d_model_k d_model -> key d_model", rules.contract,
        "offers", "What each token hands over to one that attends to it fully.",
        "how much “{d_model}” {key} offers", r"W_{OV} X",
    ),
    Step(
        "projected", r"Y = A X W_{OV}", "projected = weights @ offered", ("weights", "offered"),
        "query key, key d_model -> query d_model", rules.contract,
        "projected output", "The offers, mixed in the proportions of the weights: the same output as by V and W_O.",
        "how much “{d_model}” the head adds to {query}", r"Y = W_{OV} X A",
    ),
    _residual,
)  # fmt: skip

_W_QK, _WANTED, _AGAIN = renamed(COMBINED[:3], {"scores": "regained"})
BOTH_WAYS: Program = (
    _W_QK,
    *PROJECT[:2],
    SCORE[0],
    _WANTED,
    replace(
        _AGAIN, title="scores without Q and K",
        says="The same scores once more, from the words and the combined weights. A check: no later step uses them.",
    ),
    SCORE[1],
    replace(SOFTMAX[0], says="What is taken off a query’s scores before exp. Here nothing."),
    *SOFTMAX[1:],
)  # fmt: skip

_W_OV, _OFFERED, _REMIXED = (find(COMBINED, name) for name in ("w_ov", "offered", "projected"))
HANDED_ON: Program = (
    replace(PROJECT[2], says="Each token’s features, turned into what it hands over when somebody attends to it."),
    *MIX[:2],
    _W_OV,
    _OFFERED,
    replace(
        _REMIXED, name="remixed", code="remixed = weights @ offered", title="projected output, once more",
        says="The offers, mixed in the same proportions: the same as by V and W_O. A check: no later step uses it.",
    ),
    MIX[2],
)  # fmt: skip

REPLACED: Program = exchanged(HANDED_ON, replace(
    MIX[2], formula=r"X' = Y", code="residual = projected", inputs=("projected",),
    axes="query d_model -> query d_model", rule=rules.total, title="stream without the residual",
    says="X is not added here: what the head wrote takes the place of the words.",
))  # fmt: skip


def symmetric(matrix: np.ndarray) -> bool:
    """Whether a square matrix is its own mirror image: cell (i, j) equals cell (j, i), up to rounding."""
    return bool(np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12))


def rotation(d: int, degrees: float) -> np.ndarray:
    """A true rotation R of d coordinates [d, d]: each vector turns by the angle, neighbouring coordinates in pairs.

    R R^T = 1, so (q R) · (k R) = q · k. Raises ValueError for an odd d, where some direction would stay.
    """
    if d < 2 or d % 2:
        raise ValueError(f"coordinates are turned in pairs, so d must be even and at least 2, and is {d}")
    angle = np.radians(degrees)
    cos, sin = (round(float(x), 15) for x in (np.cos(angle), np.sin(angle)))  # 90 degrees leave an exact 0
    return np.kron(np.eye(d // 2), [[cos, sin], [-sin, cos]])


def rank(matrix: np.ndarray) -> int:
    """How many independent directions a map uses. matrix [rows, columns], finite."""
    return int(np.linalg.matrix_rank(matrix))


def low_rank(matrix: np.ndarray, r: int) -> tuple[np.ndarray, np.ndarray]:
    """The closest product of a [rows, r] and an [r, columns] matrix (Eckart & Young 1936): a value map of rank r.

    Raises ValueError when r is not within 1..min(rows, columns).
    """
    largest = min(matrix.shape)
    if not 1 <= r <= largest:
        raise ValueError(f"a map of shape {matrix.shape} has a rank within 1..{largest}; r is {r}")
    left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
    root = np.sqrt(sizes[:r])
    return left[:, :r] * root, root[:, None] * right[:r]
