"""In-context learning as data: an attention sum in two blocks, keys that are merged, and a head that says again.

Vocabulary
    context     the tokens that were read before a question; under a causal mask their keys and values are frozen: the
                question changes none of them
    block       the columns of the scores that belong to the context, or to the question; E_F and E_U, each with its sum
    pair        a token of the context and one of the question that hand over the same value
    merged      two scores of a pair made one: exactly, ln(e^a + e^b), or by the max rule, the larger of the two
    previous    the weights of a first head, in which every token looks at the one before it
    heard       what a token has from that head: the word before it
"""

from dataclasses import replace

import numpy as np

from attention_core import functions, moves, rules
from attention_core.programs.editing import find, with_axes, without_stage
from attention_core.programs.one_head import MIX, SCORE, SELF_ATTENTION, SOFTMAX, compact, masked, steadied, unshifted
from attention_core.rules import Rule, elementwise
from attention_core.trace import Program, Step

# --- Context and question, in blocks ---------------------------------------------------------------------------------

_KEYS = Step(
    "all_keys", r"K_A = [K_F; K]", "all_keys = np.concatenate([k_frozen, k])", ("k_frozen", "k"),
    "frozen d_k, key d_k -> token d_k", moves.append,
    "all keys", "The keys of the context, and below them those of the question. Nothing is computed.",
    "what {token} can be found by, in coordinate {d_k}", r"K_A = [K_F, K]",
)  # fmt: skip
_ALL_SCORES = replace(
    SCORE[0], formula=r"S = \tilde Q K_A^\top", formula_t=r"S = K_A^\top \tilde Q",
    code="scores = q_scaled @ all_keys.T", inputs=("q_scaled", "all_keys"),
    axes="query d_k, token d_k -> query token", title="scaled scores",
    says="The query is compared with every key, of the context and of the question alike.",
    meaning="how well what {query} asks for fits what {token} offers",
)  # fmt: skip
_NAMES = {"F": ("context", "context"), "U": ("question", "question")}


def _block(letter: str, start: int, stop: int, values: str, axis: str) -> Program:
    """One block of the exponentials: its columns, its sum, and its part of the mixture, not yet divided."""
    name, says = _NAMES[letter]
    places = str(stop) if stop == start + 1 else f"{start + 1} to {stop}"
    lines = {kind: rf"E_{letter} = \text{{{kind} {places} of the whole}}" for kind in ("columns", "rows")}
    v = "V_F" if letter == "F" else "V"
    return (
        Step(
            f"{name}.exps", lines["columns"], f"{name}_exps = exps[:, {start}:{stop}]", ("exps",),
            f"query token -> query {axis}", moves.part(start, stop, axis=1), f"exponentials, {says}",
            f"The block of columns that belongs to the {says}.", f"e to the power of the score of {{query}} with "
            f"{{{axis}}}", lines["rows"],
        ),
        Step(
            f"{name}.row_sums", rf"{{r_{letter}}}_i = \sum_j {{E_{letter}}}_{{ij}}",
            f"{name}_row_sums = {name}_exps.sum(axis=1)", (f"{name}.exps",), f"query {axis} -> query", rules.total,
            f"sum over the {says}", f"The exponentials of this block, added up: what the {says} may claim.",
            f"what the {says} claims of all that {{query}} shares out",
            rf"{{r_{letter}}}_i = \sum_j {{E_{letter}}}_{{ji}}",
        ),
        Step(
            f"{name}.part", rf"P_{letter} = E_{letter} {v}", f"{name}_part = {name}_exps @ {values}",
            (f"{name}.exps", values), f"query {axis}, {axis} d_v -> query d_v", rules.contract,
            f"part of the {says}", "The values of this block, each times its exponential. Nothing is divided yet.",
            f"what the {says} brings {{query}} in value coordinate {{d_v}}, undivided", rf"P_{letter} = {v} E_{letter}",
        ),
    )  # fmt: skip


def blocks(n_context: int, n_question: int, steady: bool = False) -> Program:
    """An attention sum split into what the context and what the question brings: O = (P_F + P_U) / (r_F + r_U).

    Reads q_scaled, k_frozen and v_frozen of the context, k and values of the question. steady: the row maximum is taken
    off before exp. Raises ValueError where one of the two is empty.
    """
    if n_context < 1 or n_question < 1:
        raise ValueError(f"context and question have at least 1 token each; got {n_context} and {n_question}")
    softmax = with_axes(_softmax(steady), {"key": "token"})
    end = n_context + n_question
    sums = Step(
        "row_sums", "r = r_F + r_U", "row_sums = context_row_sums + question_row_sums",
        ("context.row_sums", "question.row_sums"), "query, query -> query", rules.add,
        "row sums", "Both sums together: what everything is divided by.", "all that {query} shares out",
    )  # fmt: skip
    part = Step(
        "part", "P = P_F + P_U", "part = context_part + question_part", ("context.part", "question.part"),
        "query d_v, query d_v -> query d_v", rules.add,
        "both parts", "What the context brings is added to what the question brings.",
        "what {query} is brought in value coordinate {d_v}, undivided",
    )  # fmt: skip
    output = replace(
        MIX[0], formula=r"O_{id} = P_{id} / r_i", formula_t=r"O_{di} = P_{di} / r_i", rule=rules.share,
        code="output = part / row_sums[:, None]", inputs=("part", "row_sums"), axes="query d_v, query -> query d_v",
        says="One division at the end, by the sum over context and question: that is attention over both.",
    )  # fmt: skip
    return (
        _KEYS, _ALL_SCORES, *(step for step in softmax if step.name not in ("row_sums", "weights")),
        *_block("F", 0, n_context, "v_frozen", "frozen"), *_block("U", n_context, end, "values", "key"),
        sums, find(softmax, "weights"), part, output,
    )  # fmt: skip


def _softmax(steady: bool) -> Program:
    """Softmax of the scores themselves, for queries that are scaled already."""
    whole = without_stage((*SCORE, *SOFTMAX), "scaled")[1:]
    return steadied(whole) if steady else unshifted(whole)


# --- Pairs that are merged -------------------------------------------------------------------------------------------

_soft_maximum = Rule(
    ("ln Σ exp", ","), elementwise(np.logaddexp), lambda a, b: ["ln(exp(", a[0], ") + exp(", b[0], "))"]
)  # fmt: skip
MERGES = ("exact", "max")
_MERGED = {
    "exact": Step(
        "merged", r"L_{ij} = \ln(e^{{S_F}_{ij}} + e^{{S_U}_{ij}})", "merged = np.logaddexp(frozen_scores, own_scores)",
        ("frozen.scores", "own.scores"), "query key, query key -> query key", _soft_maximum,
        "merged scores", "One score for both of a pair: its exponential is the sum of theirs. That is log-sum-exp.",
        "the score that counts as much as both of {key}, for {query}",
        r"L_{ji} = \ln(e^{{S_F}_{ji}} + e^{{S_U}_{ji}})",
    ),
    "max": Step(
        "merged", r"L_{ij} = \max({S_F}_{ij}, {S_U}_{ij})", "merged = np.maximum(frozen_scores, own_scores)",
        ("frozen.scores", "own.scores"), "query key, query key -> query key", functions.larger,
        "merged scores", "The larger score of a pair stands for both: near, if the other one is much smaller.",
        "the larger score of the two of {key}, for {query}", r"L_{ji} = \max({S_F}_{ji}, {S_U}_{ji})",
    ),
}  # fmt: skip


def _of_pair(name: str, letter: str, keys: str, key_letter: str, whose: str) -> Step:
    return replace(
        SCORE[0], name=f"{name}.scores", formula=rf"S_{letter} = \tilde Q {key_letter}^\top",
        formula_t=rf"S_{letter} = {key_letter}^\top \tilde Q", code=f"{name}_scores = q_scaled @ {keys}.T",
        inputs=("q_scaled", keys), title=f"scores, {whose}",
        says=f"The query is compared with the keys of the {whose}.",
        meaning=f"how well what {{query}} asks for fits {{key}} in the {whose}",
    )  # fmt: skip


def merged(how: str, steady: bool = False) -> Program:
    """Attention over pairs, each of them merged to one score: "exact" or "max". Token i of the context and token i of
    the question are a pair, and share one value. Raises ValueError for another way."""
    if how not in MERGES:
        raise ValueError(f"pairs are merged in one of these ways: {', '.join(MERGES)}; {how!r} is none")
    rest = tuple(
        replace(
            step, inputs=tuple("merged" if name == "scores" else name for name in step.inputs),
            code=step.code.replace("scores", "merged"), formula=step.formula.replace("{S}", "{L}"),
            formula_t=step.formula_t.replace("{S}", "{L}"),
        )
        for step in _softmax(steady)
    )  # fmt: skip
    mixed = replace(MIX[0], inputs=("weights", "values"), code="output = weights @ values")
    return (
        _of_pair("frozen", "F", "k_frozen", "K_F", "context"), _of_pair("own", "U", "k", "K", "question"), _MERGED[how],
        *rest, mixed,
    )  # fmt: skip


# --- A head that says again ------------------------------------------------------------------------------------------

_HEARD = Step(
    "heard", r"H = A_P X", "heard = previous @ x", ("previous", "x"), "query key, key d_model -> query d_model",
    rules.contract,
    "heard", "The first head has handed every token the word that stands before it.",
    "how much of “{d_model}” stands before {query}", r"H = X A_P",
)  # fmt: skip


def again() -> Program:
    """An induction head: a word looks for tokens that come after the same word, and says what they are.

    Reads x (a row for each word), previous [query key], w_q, w_k, the mask and w_u. Ends with next.probabilities.
    """
    head = compact(without_stage(masked(SELF_ATTENTION), "scaled"))
    q, k, scores, weights, output = (find(head, name) for name in ("q", "k", "scores", "weights", "output"))
    k = replace(
        k, formula=r"K = H W_K", formula_t=r"K = W_K H", code="k = heard @ w_k", inputs=("heard", "w_k"),
        says="A token is found by what it has heard: the word before it.",
    )  # fmt: skip
    q = replace(q, says="A word looks for itself, in what others have heard.")
    output = replace(
        output, formula="O = A X", formula_t="O = X A", code="output = weights @ x", inputs=("weights", "x"),
        axes="query key, key d_model -> query d_model", title="what is said again",
        says="The words that were looked at, mixed by the weights: what came after the same word.",
        meaning="how much of “{d_model}” {query} says again",
    )  # fmt: skip
    logits = Step(
        "logits", r"L = O W_U", "logits = output @ w_u", ("output", "w_u"),
        "query d_model, d_model vocab -> query vocab", rules.contract,
        "logits", "Every word of the vocabulary gets a number: how well it fits as the next word.",
        "how well “{vocab}” would follow {query}", r"L = W_U O",
    )  # fmt: skip
    shares = Step(
        "next.probabilities", r"p = \text{softmax}(L)",
        "next_probabilities = np.exp(logits) / np.exp(logits).sum(axis=1)[:, None]", ("logits",),
        "query vocab -> query vocab", functions.shares,
        "probabilities", "Softmax in one step: shares of one whole, a row for each place in the text.",
        "the probability that “{vocab}” follows {query}",
    )  # fmt: skip
    return _HEARD, q, k, scores, weights, output, logits, shares


AGAIN: Program = again()
