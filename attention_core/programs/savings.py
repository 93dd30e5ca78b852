"""Three ways to save, as data: a change of low rank (LoRA), fewer bits (quantisation), and a choice of experts.

Vocabulary
    lora_a, lora_b   the two narrow matrices [d_model rank] and [rank d_k] whose product is added to frozen weights
    levels           the largest whole number that a code may be: 2^(bits − 1) − 1, so 127 for 8 bits and 7 for 4
    spacing          how far two neighbouring codes lie apart: the largest weight, by size, divided by the levels
    restored         codes times spacing: what a weight is after it was rounded
    router           the matrix W_R that compares a token with every expert; w_r in the programs
    gates            the shares in which the experts that were chosen are mixed: a softmax over those alone

Sources: Hu et al. 2021 (LoRA); Shazeer et al. 2017 (experts, the k largest); Fedus et al. 2021 (one expert).
"""

from dataclasses import replace

import numpy as np

from attention_core import functions, rules
from attention_core.programs.editing import renamed, with_axes
from attention_core.programs.one_head import PROJECT, SELF_ATTENTION, masked, steadied, unshifted
from attention_core.rules import Rule, bracketed, elementwise, joined, reduction
from attention_core.trace import Program, Step

# --- A change of low rank --------------------------------------------------------------------------------------------

_CHANGED: Program = (
    Step(
        "change", r"\Delta W = W_A W_B", "change = lora_a @ lora_b", ("lora_a", "lora_b"),
        "d_model rank, rank d_k -> d_model d_k", rules.contract,
        "change", "What training may add to the frozen weights: two narrow matrices, multiplied.",
        "what is added to the cell of W_Q in row {d_model}, column {d_k}", r"\Delta W = W_B W_A",
    ),
    Step(
        "updated", r"W_Q' = W_Q + \Delta W", "updated = w_q + change", ("w_q", "change"),
        "d_model d_k, d_model d_k -> d_model d_k", rules.add,
        "query weights, changed", "W_Q itself stays as it is; the sum is what words are multiplied by.",
        "what the feature {d_model} adds to query coordinate {d_k}, with the change",
    ),
    replace(
        PROJECT[0], formula=r"Q = X W_Q'", formula_t=r"Q = W_Q' X", code="q = x @ updated", inputs=("x", "updated")
    ),
)  # fmt: skip
_SCORES = ("scores", "scaled", "row_max", "shifted", "exps", "row_sums", "weights")


def lora(steady: bool = False) -> Program:
    """W_Q with a change of low rank added, and the weights of attention that follow with given keys.

    steady: the row maximum is taken off before exp.
    """
    head = steadied(SELF_ATTENTION) if steady else unshifted(SELF_ATTENTION)
    return (*_CHANGED, *(step for step in head if step.name in _SCORES))


# --- Fewer bits ------------------------------------------------------------------------------------------------------


def _rounded(w: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """w / spacing to the nearest whole number; 0 where the spacing is 0, since all is 0 there."""
    safe = np.where(spacing == 0, spacing.dtype.type(1), spacing)
    return np.round(w / safe)


_largest = Rule(
    "max | |", reduction(lambda x, axis: np.abs(x).max(axis=axis)),
    lambda x: ["max(", *joined([["|", term, "|"] for term in x], ", "), ")"],
)  # fmt: skip
_nearest = Rule(
    ("round", "÷"), elementwise(_rounded),
    lambda w, spacing: ["round(", *bracketed(w[0]), " / ", *bracketed(spacing[0]), ")"],
)  # fmt: skip

QUANTISED: Program = (
    Step(
        "largest", r"a = \max |W|", "largest = np.abs(w).max()", ("w",), "row column -> ", _largest,
        "largest weight", "The largest of all weights, by size: it gets the largest code.",
        "the largest of all, by size",
    ),
    Step(
        "spacing", r"\Delta = a / L", "spacing = largest / levels", ("largest", "levels"), ", -> ", rules.divide,
        "spacing", "How far two neighbouring codes lie apart. No weight is moved by more than half of it.",
        "the distance between two codes",
    ),
    Step(
        "codes", r"C = \text{round}(W / \Delta)", "codes = np.round(w / np.where(spacing == 0, 1, spacing))",
        ("w", "spacing"), "row column, -> row column", _nearest,
        "codes", "Each weight as the nearest whole number of spacings. Only these are kept, and the spacing once.",
        "the code of the weight in row {row}, column {column}",
    ),
    Step(
        "restored", r"\hat W = \Delta\,C", "restored = codes * spacing", ("codes", "spacing"),
        "row column, -> row column", rules.times,
        "restored weights", "What is computed with instead of the weights.",
        "the weight in row {row}, column {column}, after rounding",
    ),
    Step(
        "error", r"D = \hat W - W", "error = restored - w", ("restored", "w"),
        "row column, row column -> row column", rules.subtract,
        "errors", "What rounding has changed: nothing by more than half the spacing.",
        "how much the weight in row {row}, column {column} was moved",
    ),
)  # fmt: skip


# --- A choice of experts ---------------------------------------------------------------------------------------------

_ROUTED: Program = (
    Step(
        "logits", r"L = X W_R", "logits = x @ w_r", ("x", "w_r"), "query d_model, d_model expert -> query expert",
        rules.contract, "logits", "Every word is compared with every expert: how well does it suit this one?",
        "how well expert {expert} suits {query}", r"L = W_R X",
    ),
)  # fmt: skip


def _chosen(k: int) -> Program:
    return (
        Step(
            "cutoff", rf"t_i = \text{{number }}{k}\text{{ of row }} i",
            f"cutoff = np.sort(logits, axis=-1)[:, -min({k}, logits.shape[-1])]", ("logits",), "query expert -> query",
            functions.kth(k), "cut-off", f"The logit that is number {k} by size: experts below it stay idle.",
            "the smallest logit of {query} that is kept",
        ),
        Step(
            "kept", r"L'_{ij} = L_{ij} \text{ if } L_{ij} \ge t_i \text{, else } -\infty",
            "kept = np.where(logits >= cutoff[:, None], logits, -np.inf)", ("logits", "cutoff"),
            "query expert, query -> query expert", functions.keep,
            "kept logits", "What is below the cut-off becomes −∞: that expert is not computed for this word.",
            "the logit of expert {expert} for {query}, if it is kept",
        ),
    )  # fmt: skip


def experts(k: int, steady: bool = False) -> Program:
    """The k experts with the largest logits for each token, and their gates; experts with equal logits all stay.

    steady: the row maximum is taken off before exp. Raises ValueError for k below 1.
    """
    head = masked(SELF_ATTENTION)
    head = steadied(head) if steady else unshifted(head)
    softmax = with_axes([step for step in head if step.name in _SCORES[2:]], {"key": "expert"})
    softmax = renamed(softmax, {"masked": "kept", "weights": "gates"})
    return (*_ROUTED, *_chosen(k), *map(_about_experts, softmax))


_SAID = {
    "row_max": ("subtracted", "The largest logit of each word, so that exp cannot overflow. No gate changes."),
    "shifted": ("shifted logits", "The same number is taken off all logits of a word."),
    "exps": ("exponentials", "exp of what was kept; of −∞ it is 0."),
    "row_sums": ("row sums", "The exponentials of one word are added up."),
    "gates": ("gates", "Shares of the experts that were chosen. What they make of the word is mixed in these shares."),
}
_MEANS = {
    "row_max": "what is taken off every logit of {query}",
    "shifted": "the logit of expert {expert} for {query}, after the subtraction",
    "exps": "e to the power of the logit of expert {expert} for {query}",
    "row_sums": "all that {query} shares out among its experts",
    "gates": "the share that expert {expert} has in {query}",
}


def _about_experts(step: Step) -> Step:
    """A step of softmax, in the words of logits and gates."""
    title, says = _SAID[step.name]
    formulas = {kind: getattr(step, kind).replace(r"{\hat S}", "L'").replace("A_", "G_")
                for kind in ("formula", "formula_t")}  # fmt: skip
    return replace(step, title=title, says=says, meaning=_MEANS[step.name], **formulas)
