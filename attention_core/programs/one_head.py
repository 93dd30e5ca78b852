"""One head of attention, written as data. Read top to bottom: this is the whole algorithm.

Vocabulary
    x, w_q, w_k, w_v, w_o   the embeddings (one token a row) and the four weight matrices of a head
    scores                  how well each query fits each key, before softmax; `weights` are what softmax makes of them
    scale, mask             the given factor 1/sqrt(d_k), and the given matrix of who may see whom (True = may)
    row_max                 what is subtracted from each row of scores before exp: 0, or the row's maximum
    transform               a function from a program to a program: masked, biased, softcapped, tempered, an ablation

Formulas have tokens as rows; `formula_t` says the same with every matrix transposed, tokens as columns.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from attention_core import functions, rules
from attention_core.programs.editing import exchanged, find, like, names, rewired, with_stage, without_stage
from attention_core.trace import Program, Step, Trace, run

PROJECT: Program = (
    Step(
        "q", r"Q = X W_Q", "q = x @ w_q", ("x", "w_q"), "query d_model, d_model d_k -> query d_k", rules.contract,
        "queries", "Each token’s features are turned into a query: what it is looking for.",
        "what {query} asks for, in coordinate {d_k}", r"Q = W_Q X",
    ),
    Step(
        "k", r"K = X W_K", "k = x @ w_k", ("x", "w_k"), "key d_model, d_model d_k -> key d_k", rules.contract,
        "keys", "The same features, turned by other weights into a key: what the token can be found by.",
        "what {key} can be found by, in coordinate {d_k}", r"K = W_K X",
    ),
    Step(
        "v", r"V = X W_V", "v = x @ w_v", ("x", "w_v"), "key d_model, d_model d_v -> key d_v", rules.contract,
        "values", "And a third time, into a value: what the token hands over when somebody attends to it.",
        "what {key} hands over, in coordinate {d_v}", r"V = W_V X",
    ),
)  # fmt: skip
SCORE: Program = (
    Step(
        "scores", r"S = Q K^\top", "scores = q @ k.T", ("q", "k"), "query d_k, key d_k -> query key", rules.contract,
        "scores", "Every query is compared with every key by a dot product. The larger the score, the better the fit.",
        "how well what {query} asks for fits what {key} offers", r"S = K^\top Q",
    ),
    Step(
        "scaled", r"\tilde S = c\,S , \quad c = 1/\sqrt{d_k}", "scaled = scores * scale", ("scores", "scale"),
        "query key, -> query key", rules.times,
        "scaled scores", "Scores grow with the number of coordinates; c = 1/√d_k keeps them in a usable range.",
        "the score of {query} with {key}, scaled",
    ),
)  # fmt: skip
SOFTMAX: Program = (
    Step(
        "row_max", r"m_i = 0", "row_max = np.zeros_like(scaled[:, 0])", ("scaled",), "query key -> query",
        rules.nothing,
        "subtracted", "What is taken off a query’s scores before exp. Here nothing; a switch takes off the largest.",
        "what is subtracted from every score of {query}",
    ),
    Step(
        "shifted", r"D_{ij} = {\tilde S}_{ij} - m_i", "shifted = scaled - row_max[:, None]", ("scaled", "row_max"),
        "query key, query -> query key", rules.subtract,
        "shifted scores", "The same number is taken off all scores of a query: the weights stay what they were.",
        "the score of {query} with {key}, after the subtraction", r"D_{ji} = {\tilde S}_{ji} - m_i",
    ),
    Step(
        "exps", r"E = e^{D}", "exps = np.exp(shifted)", ("shifted",), "query key -> query key", rules.exponentiate,
        "exponentials", "exp makes every score positive. A score that is ln 3 larger becomes 3 times as large.",
        "e to the power of the score of {query} with {key}",
    ),
    Step(
        "row_sums", r"r_i = \sum_j E_{ij}", "row_sums = exps.sum(axis=1)", ("exps",), "query key -> query", rules.total,
        "row sums", "The exponentials of one query are added up: everything that it has to share out.",
        "all that {query} shares out", r"r_i = \sum_j E_{ji}",
    ),
    Step(
        "weights", r"A_{ij} = E_{ij} / r_i", "weights = exps / row_sums[:, None]", ("exps", "row_sums"),
        "query key, query -> query key", rules.share,
        "weights", "Each exponential is divided by the sum for its query: shares of one whole.",
        "how much {query} takes from {key}", r"A_{ji} = E_{ji} / r_i",
    ),
)  # fmt: skip
MIX: Program = (
    Step(
        "output", r"O = A V", "output = weights @ v", ("weights", "v"), "query key, key d_v -> query d_v",
        rules.contract, "output", "Each token’s output is a mixture of the values, in the proportions of its weights.",
        "what {query} collects, in value coordinate {d_v}", r"O = V A",
    ),
    Step(
        "projected", r"Y = O W_O", "projected = output @ w_o", ("output", "w_o"),
        "query d_v, d_v d_model -> query d_model", rules.contract,
        "projected output", "W_O writes the mixture back in the features of the embeddings.",
        "how much “{d_model}” the head adds to {query}", r"Y = W_O O",
    ),
    Step(
        "residual", r"X' = X + Y", "residual = x + projected", ("x", "projected"),
        "query d_model, query d_model -> query d_model", rules.add,
        "residual stream", "The head’s contribution is added to the token, which goes past the head as it came.",
        "how much “{d_model}” {query} has, after the head",
    ),
)  # fmt: skip

_MASKED = Step(
    "masked", r"\hat S_{ij} = {\tilde S}_{ij} \text{ if } M_{ij} = 1 \text{, else } -\infty",
    "masked = np.where(mask, scaled, -np.inf)", ("scaled", "mask"), "query key, query key -> query key", rules.hide,
    "masked scores", "Where the mask says 0, the score becomes −∞: exp makes that exactly 0.",
    "the score of {query} with {key}, if {query} may see {key}",
    r"\hat S_{ji} = {\tilde S}_{ji} \text{ if } M_{ji} = 1 \text{, else } -\infty",
)  # fmt: skip
_BIASED = Step(
    "biased", r"\tilde S^B = {\tilde S} + B", "biased = scaled + bias", ("scaled", "bias"),
    "query key, query key -> query key", rules.add,
    "biased scores", "A number that depends only on where two tokens stand is added to their score.",
    "the score of {query} with {key}, with the bias of their places",
)  # fmt: skip
_CAPPED = Step(
    "capped", r"\tilde S^C = C \tanh({\tilde S} / C)", "capped = softcap * np.tanh(scaled / softcap)",
    ("scaled", "softcap"), "query key, -> query key", functions.cap,
    "capped scores", "Small scores stay nearly what they are; none gets beyond ±C, and their order stays.",
    "the score of {query} with {key}, held between −C and C",
)  # fmt: skip
_TEMPERED = Step(
    "tempered", r"\hat S_T = {\tilde S} / T", "tempered = scaled / temperature", ("scaled", "temperature"),
    "query key, -> query key", functions.temper,
    "tempered scores", "Dividing by T below 1 sharpens the choice, above 1 evens it out.",
    "the score of {query} with {key}, divided by the temperature",
)  # fmt: skip
_STEADY = Step(
    "row_max", r"m_i = \max_j {\tilde S}_{ij}", "row_max = scaled.max(axis=1)", ("scaled",), "query key -> query",
    rules.maximum,
    "subtracted", "The largest score of each query. Taking it off changes no weight, and keeps exp from overflowing.",
    "the largest score of {query}", r"m_i = \max_j {\tilde S}_{ji}",
)  # fmt: skip

MISTAKE = "The mistake: "  # how the sentence of a step that is wrong on purpose begins
_BLANKED = replace(
    _MASKED,
    formula=_MASKED.formula.replace(r"-\infty", "0"), formula_t=_MASKED.formula_t.replace(r"-\infty", "0"),
    code=_MASKED.code.replace("-np.inf", "0"), rule=rules.blank,
    says=MISTAKE + "the hidden scores become 0 instead of −∞. But e⁰ = 1, so the hidden tokens still get a share.",
)  # fmt: skip

SELF_ATTENTION: Program = PROJECT + SCORE + SOFTMAX + MIX


def masked(program: Program) -> Program:
    """The same program, hiding before softmax the scores that the given `mask` (True = may see) forbids."""
    return _safe_from_blindness(with_stage(program, _MASKED))


def _safe_from_blindness(program: Program) -> Program:
    """The NumPy lines of a row that sees nothing: its sum is 0, its largest score −∞, its weights are 0 and not NaN."""
    top, share = find(program, "row_max"), find(program, "weights")
    if ".max(" in top.code and "nan_to_num" not in top.code:
        top = replace(top, code=re.sub(r"= (.*)", r"= np.nan_to_num(\1, neginf=0)", top.code))
    code = re.sub(r"/ row_sums\b", "/ np.where(row_sums > 0, row_sums, 1)", share.code)
    return exchanged(program, top, replace(share, code=code))


def biased(program: Program) -> Program:
    """The same program, with the given `bias` added to the scaled scores."""
    return with_stage(program, _BIASED)


def softcapped(program: Program) -> Program:
    """The same program, with the scores held between -softcap and softcap, before the mask (Gemma 2, 2024)."""
    return with_stage(program, _CAPPED)


def tempered(program: Program) -> Program:
    """The same program, with the scores divided by the given `temperature` just before softmax."""
    return with_stage(program, _TEMPERED)


def steadied(program: Program) -> Program:
    """The same program, subtracting each row's maximum before exp; every weight stays what it was."""
    now = find(program, "row_max")
    new = like(program, rewired(_STEADY, _STEADY.inputs[0], now.inputs[0]))
    program = exchanged(program, new if now.axes == new.axes else _over_queries(new))
    return _safe_from_blindness(program) if "masked" in names(program) else program


def unshifted(program: Program) -> Program:
    """The same program without the two steps that take something off the scores: exp reads the scores themselves."""
    last, exps = find(program, "row_max").inputs[0], find(program, "exps")
    letter = find(program, "shifted").formula.partition("= ")[2].partition("_{ij}")[0]
    direct = replace(
        exps, inputs=(last,), formula=exps.formula.replace("D", letter), code=exps.code.replace("shifted", last)
    )
    return tuple(direct if step is exps else step for step in program if step.name not in ("row_max", "shifted"))


_COMPACT = Step(
    "weights", r"A = \text{softmax}({\tilde S})", "weights = np.exp(scaled) / np.exp(scaled).sum(axis=1)[:, None]",
    ("scaled",), "query key -> query key", functions.shares,
    "weights", "Softmax in one step: the exponential of a score, over the sum of those of its query. For huge scores "
    "the largest of them is taken off first, which changes no weight.",
    "how much {query} takes from {key}",
)  # fmt: skip


def compact(program: Program) -> Program:
    """The same program with softmax in one step, and the mask in it where that came last: for those who know both."""
    last, weights = find(program, find(program, "row_max").inputs[0]), find(program, "weights")
    gone, before = {step.name for step in SOFTMAX} - {"weights"}, last.name
    if last.name == "masked":
        gone, before = gone | {"masked"}, last.inputs[0]
    new = rewired(_COMPACT, "scaled", before)
    if last.name == "masked":
        exps = f"np.exp({before}) * mask"
        new = replace(
            new, inputs=(before, "mask"), axes="query key, query key -> query key",
            formula=new.formula + r" \text{ where } M = 1 \text{, else } 0",
            code=f"weights = {exps} / np.where(mask.any(axis=1), ({exps}).sum(axis=1), 1)[:, None]",
        )  # fmt: skip
    new = like(program, new)
    return tuple(new if step is weights else step for step in program if step.name not in gone)


def unscaled(program: Program) -> Program:
    """The same program with the formula of a scale of 1: give it `scale` = 1."""
    step = find(program, "scaled")
    says = "Not divided by √d_k: c is 1, and the scores go on as they are."
    return exchanged(program, replace(step, formula=r"\tilde S = c\,S , \quad c = 1", says=says))


def of_scores(program: Program) -> Program:
    """The same program from given `scores` up to its last weights: nothing is projected, scaled or mixed."""
    program = without_stage(program, "scaled")
    return program[names(program).index("scores") + 1 : names(program).index("output")]


def without_residual(program: Program) -> Program:
    """The same program without its last addition: the head replaces the token instead of adding to it."""
    return tuple(step for step in program if step.name != "residual")


# --- Ablations: programs with one thing wrong, to see what breaks ----------------------------------------------------


def _over_queries(step: Step) -> Step:
    """A step of softmax that works along the rows, made to work along the columns."""
    axes = {
        "query key -> query": "query key -> key",
        "query key, query -> query key": "query key, key -> query key",
    }
    formula, formula_t = (
        text.replace("_i", "_j").replace(r"\max_j", r"\max_i").replace(r"\sum_j", r"\sum_i")
        for text in (step.formula, step.formula_t)
    )
    code = step.code.replace("axis=1", "axis=0").replace("[:, None]", "").replace("[:, 0]", "[0]")
    meaning = step.meaning if "{key}" in step.meaning else step.meaning.replace("of {query}", "with {key}")
    return replace(step, axes=axes[step.axes], formula=formula, formula_t=formula_t, code=code, meaning=meaning)


def wrong_axis(program: Program) -> Program:
    """Softmax over the queries instead of the keys: columns sum to 1, rows need not."""
    top, shifted, sums, weights = (
        _over_queries(find(program, name)) for name in ("row_max", "shifted", "row_sums", "weights")
    )
    if top.rule is rules.maximum:
        top = replace(top, says="The largest score with each key, over all queries: it belongs to a column.",
                      meaning="the largest score with {key}")  # fmt: skip
    shifted = replace(shifted, says="The same number is taken off all scores with one key, down the column.")
    says = MISTAKE + "the exponentials of one key are added up, over all queries, instead of those of one query."
    weights = replace(weights, says="Each exponential is divided by the sum for its key: no query gets one whole.")
    sums = replace(
        sums,
        title="sums over the wrong axis",
        says=says,
        meaning="all the exponentials of {key}, over every query",
    )
    return exchanged(program, top, shifted, sums, weights)


def masked_after(program: Program) -> Program:
    """The mask applied to finished weights: what was hidden has already been counted, so rows no longer sum to 1."""
    kept = without_stage(program, "masked")
    late = Step(
        "masked_weights", r"A'_{ij} = A_{ij} \text{ if } M_{ij} = 1 \text{, else } 0",
        "masked_weights = np.where(mask, weights, 0)", ("weights", "mask"), "query key, query key -> query key",
        rules.blank, "weights, masked too late",
        MISTAKE + "hidden weights are set to 0 after softmax. The others were divided by a sum that counted them.",
        "how much {query} takes from {key}, masked after softmax",
        r"A'_{ji} = A_{ji} \text{ if } M_{ji} = 1 \text{, else } 0",
    )  # fmt: skip
    output = find(kept, "output")
    use = replace(output, inputs=("masked_weights", "v"), formula="O = A' V", formula_t="O = V A'",
                  code="output = masked_weights @ v")  # fmt: skip
    at = names(kept).index("weights") + 1
    return exchanged((*kept[:at], late, *kept[at:]), use)


def renormalised(program: Program) -> Program:
    """Masked after softmax, and each row divided once more, by what the mask left: the weights are right again."""
    late = masked_after(program)
    again = (
        Step(
            "masked_sums", r"r'_i = \sum_j A'_{ij}", "masked_sums = masked_weights.sum(axis=1)", ("masked_weights",),
            "query key -> query", rules.total,
            "what is left of each row", "What the mask has left of the weights of one query, added up.",
            "all that is left of the weights of {query}", r"r'_i = \sum_j A'_{ji}",
        ),
        Step(
            "renormalised_weights", r"\tilde A_{ij} = A'_{ij} / r'_i",
            "renormalised_weights = masked_weights / np.where(masked_sums > 0, masked_sums, 1)[:, None]",
            ("masked_weights", "masked_sums"), "query key, query -> query key", rules.share,
            "weights, divided once more",
            "Divided once more, by what is left: the first sum, which counted too much, cancels.",
            "how much {query} takes from {key}, divided once more", r"\tilde A_{ji} = A'_{ji} / r'_i",
        ),
    )  # fmt: skip
    use = replace(find(late, "output"), inputs=("renormalised_weights", "v"), formula=r"O = {\tilde A} V",
                  formula_t=r"O = V {\tilde A}", code="output = renormalised_weights @ v")  # fmt: skip
    at = names(late).index("masked_weights") + 1
    return exchanged((*late[:at], *again, *late[at:]), use)


def masked_with_zero(program: Program) -> Program:
    """The hidden scores become 0 instead of -inf; e^0 = 1, so the hidden tokens keep a share."""
    return with_stage(program, _BLANKED)


ABLATIONS: Mapping[str, Callable[[Program], Program]] = {
    "wrong_axis": wrong_axis,
    "masked_after": masked_after,
    "masked_with_zero": masked_with_zero,
}


def one_head(
    *, bias: bool = False, temperature: bool = False, steady: bool = False, scaled: bool = True,
    residual: bool = True, ablation: str = "",
) -> Program:  # fmt: skip
    """One masked head of self-attention with these switches; `ablation` is a name in ABLATIONS or ""."""
    program = masked(SELF_ATTENTION)
    for on, transform in (
        (not scaled, unscaled), (bias, biased), (temperature, tempered), (steady, steadied),
        (not residual, without_residual), (bool(ablation), ABLATIONS[ablation] if ablation else None),
    ):  # fmt: skip
        program = transform(program) if on else program
    return program


# --- Running with large scores ---------------------------------------------------------------------------------------

STEADY_ABOVE = 300.0  # exp(709) is the last that float64 holds; well before, the row maximum is subtracted
_STEADY_ABOVE_32 = 40.0  # float32 ends at exp(88)


def run_steady(
    program: Program, given: Mapping[str, np.ndarray], labels: Mapping[str, Sequence[str]], steady: Program = ()
) -> tuple[Trace, bool]:
    """Run, subtracting the row maximum if a score passes STEADY_ABOVE. Returns the trace, and whether it had to.

    steady: the program that subtracts it, for one that was `unshifted`, or whose softmax has names of its own,
    "next.exps". A program without exp runs as it is.
    """
    own = [step for step in program if step.name.rpartition(".")[2] == "exps"]
    reads = [step.inputs[0] if step.inputs[0] in given else _raw(program, step) for step in own]
    if not own or not (steady or own[0].name == "exps"):
        return run(program, given, labels), False
    try:
        trace = run(program, given, labels)
    except ValueError:  # perhaps what exp makes cannot be held; if that is not it, it is raised once more
        forced = True
    else:
        forced = any(map(_too_large, (trace.matrix(name).value for name in reads)))
    if not forced:
        return trace, False
    return run(steady or steadied(program), given, labels), True


def _raw(program: Program, exps: Step) -> str:
    """The scores that exp is made of, before anything is taken off them."""
    read = find(program, exps.inputs[0])
    return read.inputs[0] if read.name.rpartition(".")[2] == "shifted" else read.name


def _too_large(scores: np.ndarray) -> bool:
    seen = scores[np.isfinite(scores)]
    limit = _STEADY_ABOVE_32 if scores.dtype == np.float32 else STEADY_ABOVE
    return bool(seen.size and np.abs(seen).max() > limit)
