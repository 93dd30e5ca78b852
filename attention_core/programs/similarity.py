"""How alike two vectors are: the dot product, their lengths, and the cosine.

Vocabulary
    dot product   coordinate times coordinate, added up: large when two vectors are long and point the same way
    length        the root of a vector's dot product with itself
    cosine        the dot product of two vectors, divided by both lengths: only the direction counts, within −1..1
"""

from dataclasses import replace

from attention_core import functions
from attention_core.programs.one_head import SCORE
from attention_core.trace import Program, Step

_dot, _scaled = SCORE


def _length(of: str, token: str, title: str) -> Step:
    letter, code = of.upper(), f"{of}_length = np.sqrt(({of}**2).sum(axis=1))"
    formula, formula_t = (rf"|{letter}|_i = \sqrt{{\sum_u {letter}_{{{at}}}^2}}" for at in ("iu", "ui"))
    return Step(
        f"{of}_length", formula, code, (of,), f"{token} d_k -> {token}", functions.length, title,
        "A vector’s length: the root of its squares, added up.", f"how long {{{token}}} is", formula_t,
    )  # fmt: skip


SIMILARITY: Program = (
    replace(_dot, title="dot products", says="Coordinate times coordinate, added up.", meaning="{query} times {key}"),
    _length("q", "query", "lengths of the queries"),
    _length("k", "key", "lengths of the keys"),
    Step(
        "per_query", r"S^Q_{ij} = S_{ij} / |Q|_i", "per_query = scores / q_length[:, None]", ("scores", "q_length"),
        "query key, query -> query key", functions.per_length,
        "divided by one length", "First divided by the length of the query.",
        "{query} times {key}, per length of {query}", r"S^Q_{ji} = S_{ji} / |Q|_i",
    ),
    Step(
        "cosine", r"C_{ij} = S^Q_{ij} / |K|_j", "cosine = per_query / k_length", ("per_query", "k_length"),
        "query key, key -> query key", functions.per_length,
        "cosines", "And by the length of the key: what is left is how far they point the same way, within −1 and 1.",
        "how far {query} and {key} point the same way", r"C_{ji} = S^Q_{ji} / |K|_j",
    ),
)  # fmt: skip
SIMILARITY_AND_SCALE: Program = (*SIMILARITY, replace(_scaled, meaning="{query} times {key}, divided by √d_k"))
