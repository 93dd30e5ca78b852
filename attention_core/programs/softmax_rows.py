"""Softmax on its own: rows of scores in, rows of weights out, and the logarithm of what they share.

Vocabulary
    constant        a number added to every score: it changes no weight
    log_sum_exp     the logarithm of a row's sum of exponentials: a maximum that is soft, max <= it <= max + ln n
    exponential     without it scores are divided by their own sum, which makes no shares of negative scores
"""

from dataclasses import replace
from functools import cache

from attention_core import functions, rules
from attention_core.programs.editing import find, renamed
from attention_core.programs.one_head import (
    MISTAKE,
    SELF_ATTENTION,
    SOFTMAX,
    steadied,
    tempered,
    unshifted,
    wrong_axis,
)
from attention_core.trace import Program, Step

_RAISED = Step(
    "raised", r"S_a = S + a", "raised = scores + constant", ("scores", "constant"), "query key, -> query key",
    rules.add,
    "raised scores", "The same number is added to every score.", "the score of {query} with {key}, raised",
)  # fmt: skip
_LETTERS = {"scores": "S", "raised": "{S_a}", "tempered": "{S_T}"}
_TEMPERED = find(tempered(SELF_ATTENTION), "tempered")
_LOG_SUM_EXP = Step(
    "log_sum_exp", r"L_i = \ln r_i", "log_sum_exp = np.log(row_sums)", ("row_sums",), "query -> query",
    functions.logarithm,
    "log-sum-exp", "The logarithm of the row sum: at least the largest score, and at most ln n more. A soft maximum.",
    "the soft maximum of the scores of {query}",
)  # fmt: skip
_STEADY_LOG_SUM_EXP: Program = (
    Step(
        "log_sums", r"L^0_i = \ln r_i", "log_sums = np.log(row_sums)", ("row_sums",), "query -> query",
        functions.logarithm,
        "logarithms", "The logarithm undoes exp: of the sum, not of its parts.", "the logarithm of the sum of {query}",
    ),
    replace(
        _LOG_SUM_EXP, formula=r"L_i = L^0_i + m_i", code="log_sum_exp = log_sums + row_max",
        inputs=("log_sums", "row_max"), axes="query, query -> query", rule=rules.add,
        says="And what was subtracted is put back: at least the largest score, and at most ln n more. A soft maximum.",
    ),
)  # fmt: skip


@cache  # a figure asks for the same one a hundred times
def softmax_rows(
    *, raised: bool = False, tempered: bool = False, steady: bool = False, columns: bool = False,
    exponential: bool = True, log_sum_exp: bool = False,
) -> Program:  # fmt: skip
    """Softmax of given `scores` [query key], with `constant` and `temperature` where asked for, and `log_sum_exp`.

    columns: over the queries instead of the keys; not exponential: scores divided by their sum. Both are mistakes, and
    there is no log-sum-exp of a row then; without exp there is no maximum to subtract either.
    """
    last = "scores"
    before: Program = ()
    if raised:
        before, last = (_RAISED,), "raised"
    if tempered:
        formula = f"S_T = {_LETTERS[last]} / T"
        step = replace(
            _TEMPERED, inputs=(last, "temperature"), code=f"tempered = {last} / temperature", formula=formula
        )
        before, last = (*before, step), "tempered"
    softmax = SOFTMAX
    for on, change in ((steady, steadied), (columns, wrong_axis)):
        softmax = change(softmax) if on else softmax
    if not exponential:
        return (*before, *_without_exp(softmax, last, _LETTERS[last]))
    softmax = tuple(
        replace(step, formula=step.formula.replace(r"{\tilde S}", _LETTERS[last]),
                formula_t=step.formula_t.replace(r"{\tilde S}", _LETTERS[last]))
        for step in renamed(softmax, {"scaled": last})
    )  # fmt: skip
    softmax = softmax if steady else unshifted(softmax)
    soft_maximum = _STEADY_LOG_SUM_EXP if steady else (_LOG_SUM_EXP,)
    return (*before, *softmax, *(soft_maximum if log_sum_exp and not columns else ()))


def _without_exp(softmax: Program, last: str, letter: str) -> Program:
    """Only the sums and the division, of the scores themselves. last: the stage that they read."""
    sums, weights = (
        replace(
            step, inputs=tuple(last if name == "exps" else name for name in step.inputs),
            code=step.code.replace("exps", last), formula=step.formula.replace("E_", f"{letter}_"),
            formula_t=step.formula_t.replace("E_", f"{letter}_"),
        )
        for step in (find(softmax, "row_sums"), find(softmax, "weights"))
    )  # fmt: skip
    says = MISTAKE + "the scores are added up as they are, without exp. Negative ones take away from the sum."
    sums = replace(
        sums, says=says, meaning=sums.meaning.replace("all that {query} shares out", "the sum of {query}’s scores")
    )
    code = weights.code.replace("row_sums", "np.where(row_sums == 0, np.inf, row_sums)")  # scores may add up to 0
    says = "Each score is divided by the sum: what comes out may be negative, or above 1."
    return sums, replace(weights, says=says, code=code)


SOFTMAX_ROWS: Program = softmax_rows()
