"""A head seen as two maps: W_Q W_K^T says who attends to whom, W_V W_O says what is handed over.

Vocabulary
    w_qk        W_Q W_K^T [d_model, d_model]: the score of any two feature vectors, unscaled
    w_ov        W_V W_O [d_model, d_model]: what a token's features add to whoever attends to it
    d_model_k   the features of the token that is attended to (the same features, on the key's side)
    rank        how many directions such a map really uses: at most d_k, or d_v

Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits".
"""

import numpy as np

from attention_core import rules
from attention_core.programs.editing import find
from attention_core.programs.one_head import SELF_ATTENTION, SOFTMAX
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
