"""The ancestors of attention: looking up a table, and averaging what lies near.

Vocabulary
    hard lookup      the value whose key fits best, and no other: nudging the query changes nothing, so none can learn
    soft lookup      the same with softmax: every value counts a little, and every nudge is felt
    felt             how far the output moves for a small change of one score: weight times (value − output)
    kernel smoother  Nadaraya-Watson regression (1964): an average of the values, nearer keys counting more;
                     scale is −1 / (2 h²) for a Gaussian of width h

They read q [query d_k], k [key d_k] and v [key d_v] as they are: there are no weights yet. In a table of single
numbers, v is [query key]: one number under each key.
"""

from dataclasses import replace
from functools import cache

from attention_core import functions, rules
from attention_core.programs.editing import find, rewired
from attention_core.programs.one_head import MIX, SCORE, SOFTMAX, steadied, unshifted
from attention_core.trace import Program, Step

_scores, _scaled = SCORE
_output = find(MIX, "output")

SOFT_LOOKUP: Program = (*SCORE, *SOFTMAX, _output)

HARD_LOOKUP: Program = (
    _scores,
    Step(
        "row_max", r"m_i = \max_j S_{ij}", "row_max = scores.max(axis=1)", ("scores",), "query key -> query",
        rules.maximum, "best fit", "The largest score of each query.", "the largest score of {query}",
        r"m_i = \max_j S_{ji}",
    ),
    Step(
        "hits", r"T_{ij} = 1 \text{ if } S_{ij} = m_i \text{, else } 0",
        "hits = (scores == row_max[:, None]).astype(scores.dtype)", ("scores", "row_max"),
        "query key, query -> query key", functions.equals,
        "hits", "1 for the key that fits best, 0 for all others.", "whether {key} fits {query} best: 1 = yes, 0 = no",
        r"T_{ji} = 1 \text{ if } S_{ji} = m_i \text{, else } 0",
    ),
    replace(
        find(SOFTMAX, "row_sums"), formula=r"r_i = \sum_j T_{ij}", formula_t=r"r_i = \sum_j T_{ji}", inputs=("hits",),
        code="row_sums = hits.sum(axis=1)", says="How many keys fit best: 1, unless some fit equally well.",
        meaning="how many keys fit {query} best",
    ),
    replace(
        find(SOFTMAX, "weights"), formula=r"A_{ij} = T_{ij} / r_i", formula_t=r"A_{ji} = T_{ji} / r_i",
        code="weights = hits / row_sums[:, None]", inputs=("hits", "row_sums"),
        says="All to the best key; keys that fit equally well share.",
    ),
    _output,
)  # fmt: skip

KERNEL_SMOOTHER: Program = (
    Step(
        "gaps", r"G_{ijd} = Q_{id} - K_{jd}", "gaps = q[:, None] - k", ("q", "k"),
        "query d_k, key d_k -> query key d_k", rules.subtract,
        "gaps", "How far each query is from each key, coordinate by coordinate.",
        "how far {query} is from {key} in coordinate {d_k}", r"G_{ijd} = Q_{di} - K_{dj}",
    ),
    replace(
        _scores, name="scores", formula=r"S_{ij} = \sum_d G_{ijd}^2", formula_t=r"S_{ji} = \sum_d G_{ijd}^2",
        code="scores = (gaps**2).sum(axis=-1)", inputs=("gaps",), axes="query key d_k -> query key",
        rule=functions.sum_of_squares, title="squared distances",
        says="The squared distance of each query from each key: the smaller, the better the fit.",
        meaning="how far {query} is from {key}, squared",
    ),
    replace(
        _scaled, formula=r"\tilde S = c\,S , \quad c = -1 / 2h^2",
        says="A negative factor: near keys get the largest numbers. A width h decides what counts as near.",
    ),
    *SOFTMAX,
    _output,
)  # fmt: skip

# --- A table of single numbers, and what nudging it does -------------------------------------------------------------

_NUMBER = replace(
    _output, formula=r"o_i = \sum_j A_{ij} V_{ij}", formula_t=r"o_i = \sum_j A_{ji} V_{ji}",
    code="output = (weights * v).sum(axis=1)", axes="query key, query key -> query",
    says="The values, each times its weight, added up: one number.", meaning="what {query} looks up",
)  # fmt: skip
_FELT: Program = (
    Step(
        "gap", r"G_{ij} = V_{ij} - o_i", "gap = v - output[:, None]", ("v", "output"), "query key, query -> query key",
        rules.subtract,
        "gaps", "How far each value lies from what was looked up.", "how far the value of {key} is from the output",
        r"G_{ji} = V_{ji} - o_i",
    ),
    Step(
        "felt", r"F_{ij} = A_{ij} G_{ij}", "felt = weights * gap", ("weights", "gap"),
        "query key, query key -> query key", rules.times,
        "pull of each score", "How fast the output moves when a score is nudged: weight times gap, the derivative.",
        "how fast the output of {query} moves with the score of {key}", r"F_{ji} = A_{ji} G_{ji}",
    ),
)  # fmt: skip
_SHARPENED = replace(
    _scaled, formula=r"\tilde S = c\,S", title="sharpened scores",
    says="Every score times the sharpness c: the larger c is, the more the best fit wins.",
    meaning="the score of {query} with {key}, times the sharpness",
)  # fmt: skip


@cache  # a figure asks for the same one a hundred times
def soft_table(*, sharpened: bool = False, pull: bool = False, steady: bool = False) -> Program:
    """The soft lookup of a table of single numbers, with nothing that was not asked for.

    sharpened: the scores times `scale`; pull: how fast the output moves with each score; steady: the largest score is
    taken off before exp.
    """
    before, last = ((_scores, _SHARPENED), "scaled") if sharpened else ((_scores,), "scores")
    softmax = steadied(SOFTMAX) if steady else SOFTMAX
    softmax = tuple(rewired(step, "scaled", last) if "scaled" in step.inputs else step for step in softmax)
    return (*before, *(softmax if steady else unshifted(softmax)), _NUMBER, *(_FELT if pull else ()))


SOFT_TABLE: Program = soft_table()
HARD_TABLE: Program = (*HARD_LOOKUP[:-1], _NUMBER)
