"""Linear attention: without exp, the sums can be kept instead of the tokens.

Vocabulary
    feature map   φ(x) = x + 1 above 0 and exp(x) below: makes queries and keys positive (Katharopoulos et al. 2020)
    parallel      all scores φ(q)·φ(k) at once, as a matrix; divided by their row sums, or not (unnormalised)
    recurrent     token by token: a state [d_k d_v], to which each token adds φ(k)ᵀ v, and which each query reads.
                  It never grows, however long the text; the outputs equal those of the parallel form, causally masked.
                  In formulas it is F, what a token adds to it U; q and k are positive ones where there is a feature map

Unnormalised and without a feature map, one such layer is one step of gradient descent on a linear model.
"""

from dataclasses import replace

from attention_core import functions, moves, rules
from attention_core.programs.editing import find, identifier
from attention_core.programs.one_head import MIX, PROJECT, SCORE, SELF_ATTENTION, SOFTMAX, masked_with_zero
from attention_core.trace import Program, Step

_BLANKED = find(masked_with_zero(SELF_ATTENTION), "masked")


def _features(name: str, token: str) -> Step:
    letter = name.upper()
    return Step(
        f"{name}_features", rf"{letter}_{{\phi}} = \phi({letter})",
        f"{name}_features = np.where({name} > 0, {name} + 1, np.exp(np.minimum({name}, 0)))",
        (name,), f"{token} d_k -> {token} d_k", functions.positive,
        f"positive {'queries' if name == 'q' else 'keys'}",
        "A function that makes every coordinate positive, so that no score is below 0.",
        f"coordinate {{d_k}} of {{{token}}}, made positive",
    )  # fmt: skip


_FEATURES: Program = (_features("q", "query"), _features("k", "key"))


def linear(hides: bool = False, normalised: bool = True, feature_map: bool = True, rest: bool = True) -> Program:
    """Linear attention in its parallel form: output = φ(q) φ(k)ᵀ v, each row divided by its sum if normalised.

    hides: what the given `mask` forbids counts 0. rest: with W_O and the residual stream. The unnormalised form may do
    without a feature map, the normalised one may not: raises ValueError.
    """
    if normalised and not feature_map:
        raise ValueError("rows can be divided by their sums only if every score is positive: keep the feature map")
    q, k = ("q_features", "k_features") if feature_map else ("q", "k")
    scores = replace(
        find(SCORE, "scores"), inputs=(q, k), code=f"scores = {q} @ {k}.T",
        formula=r"S = \phi(Q)\, \phi(K)^\top" if feature_map else r"S = Q K^\top",
        formula_t=r"S = \phi(K)^\top \phi(Q)" if feature_map else r"S = K^\top Q",
        says="Every query is compared with every key by a dot product. Without exp, these are the shares, undivided.",
    )  # fmt: skip
    hidden = replace(
        _BLANKED, formula=_BLANKED.formula.replace(r"{\tilde S}", "S"),
        formula_t=_BLANKED.formula_t.replace(r"{\tilde S}", "S"),
        code="masked = np.where(mask, scores, 0)", inputs=("scores", "mask"),
        says="Where the mask says 0, the score becomes 0: without exp, that is nothing at all.",
    )  # fmt: skip
    last, letter = ("masked", r"{\hat S}") if hides else ("scores", "S")
    sums = replace(
        find(SOFTMAX, "row_sums"), inputs=(last,), code=f"row_sums = {last}.sum(axis=1)",
        formula=rf"r_i = \sum_j {letter}_{{ij}}", formula_t=rf"r_i = \sum_j {letter}_{{ji}}",
        says="The scores of one query are added up.",
    )  # fmt: skip
    weights = replace(
        find(SOFTMAX, "weights"), inputs=(last, "row_sums"), formula=rf"A_{{ij}} = {letter}_{{ij}} / r_i",
        formula_t=rf"A_{{ji}} = {letter}_{{ji}} / r_i",
        says="Each score is divided by the sum for its query: shares of one whole.",
        code=f"weights = {last} / np.where(row_sums > 0, row_sums, 1)[:, None]",
    )  # fmt: skip
    mixed = find(MIX, "output")
    if not normalised:
        mixed = replace(mixed, inputs=(last, "v"), code=f"output = {last} @ v", formula=f"O = {letter} V",
                        formula_t=f"O = V {letter}", says="The values, weighed by the scores themselves.")  # fmt: skip
    return (
        *PROJECT, *(_FEATURES if feature_map else ()), scores, *((hidden,) if hides else ()),
        *((sums, weights) if normalised else ()), mixed, *(MIX[1:] if rest else ()),
    )  # fmt: skip


_SAID = {"q": "query", "k": "key", "v": "value"}


def _token(i: int, normalised: bool, q: str, k: str) -> Program:
    """What token i adds to the state, and what it reads from it."""
    t, before = f"token{i}", f"token{i - 1}"

    def row(name: str, source: str, d: str, axis: str) -> Step:
        return Step(
            f"{t}.{name}", rf"{name} = \text{{row {i} of the whole}}", f"{t}_{name} = {source}[{i - 1}:{i}]", (source,),
            f"{axis} {d} -> {t} {d}", moves.part(i - 1, i), f"{_SAID[name]} of token {i}", "One row: this token’s.",
            f"coordinate {{{d}}} of {{{t}}}", rf"{name} = \text{{column {i} of the whole}}",
        )  # fmt: skip

    steps = [row("q", q, "d_k", "query"), row("k", k, "d_k", "key"), row("v", "v", "d_v", "key")]
    steps += _grown(
        t, before if i > 1 else "", "state", "d_k d_v", f"{t}_k.T @ {t}_v", (f"{t}.k", f"{t}.v"),
        f"{t} d_k, {t} d_v -> d_k d_v", "key times value",
    )  # fmt: skip
    read = Step(
        f"{t}.read", "o' = q F" if normalised else "o = q F", f"{t}_read = {t}_q @ {t}_state",
        (f"{t}.q", f"{t}.state"),
        f"{t} d_k, d_k d_v -> {t} d_v", rules.contract, "what is read",
        "The query reads the state: no earlier token is needed.", f"what {{{t}}} reads in value coordinate {{d_v}}",
    )  # fmt: skip
    if not normalised:
        return (*steps, read)
    steps.append(read)
    steps += _grown(
        t, before if i > 1 else "", "key_sum", "d_k", f"{t}_k.sum(axis=0)", (f"{t}.k",), f"{t} d_k -> d_k", "keys"
    )
    steps += (
        Step(
            f"{t}.row_sum", r"r = q z", f"{t}_row_sum = {t}_q @ {t}_key_sum", (f"{t}.q", f"{t}.key_sum"),
            f"{t} d_k, d_k -> {t}", rules.contract,
            "row sum", "The query’s scores with all keys so far, added up at once.", f"all that {{{t}}} shares out",
        ),
        Step(
            f"{t}.output", r"o = o' / r", f"{t}_output = {t}_read / {t}_row_sum[:, None]",
            (f"{t}.read", f"{t}.row_sum"), f"{t} d_v, {t} -> {t} d_v", rules.share,
            "output", "What was read, divided by the sum.",
            f"what {{{t}}} collects, in value coordinate {{d_v}}",
        ),
    )  # fmt: skip
    return tuple(steps)


def _grown(
    t: str, before: str, name: str, axes: str, code: str, inputs: tuple[str, ...], pattern: str, words: str
) -> Program:
    """A running sum: what this token adds, and the sum so far. For the first token they are the same."""
    place = " and ".join(f"{{{d}}}" for d in axes.split())
    total_letter, added_letter, left = ("F", "U", r"k^\top v") if name == "state" else ("z", "u", "k")
    first = f"{t}.added_{name}" if before else f"{t}.{name}"
    added = Step(
        first, f"{added_letter if before else total_letter} = {left}", f"{identifier(first)} = {code}", inputs, pattern,
        rules.contract if "," in pattern else rules.total, f"this token’s {words}" if before else "the state so far",
        "What the token leaves behind, for all that come after it.", f"what the token adds at {place}",
    )  # fmt: skip
    if not before:
        return (added,)
    total = Step(
        f"{t}.{name}", f"{total_letter} = {total_letter}' + {added_letter}",
        f"{t}_{name} = {before}_{name} + {t}_added_{name}",
        (f"{before}.{name}", f"{t}.added_{name}"), f"{axes}, {axes} -> {axes}", rules.add,
        "the state so far", "It has the same size after every token.", f"what all tokens so far have left at {place}",
    )  # fmt: skip
    return added, total


def recurrent(n: int, normalised: bool = True, feature_map: bool = True, rest: bool = True) -> Program:
    """Linear attention in its recurrent form, for n tokens: equal to linear(hides=True) with a causal mask."""
    if n < 1:
        raise ValueError(f"a text has at least 1 token, and n is {n}")
    if normalised and not feature_map:
        raise ValueError("rows can be divided by their sums only if every score is positive: keep the feature map")
    q, k = ("q_features", "k_features") if feature_map else ("q", "k")
    tokens = tuple(step for i in range(1, n + 1) for step in _token(i, normalised, q, k))
    parts = [f"token{i}.{'output' if normalised else 'read'}" for i in range(1, n + 1)]
    output = replace(
        find(MIX, "output"), formula=r"O = [o_1; o_2; \dots]", formula_t=r"O = [o_1, o_2, \dots]", inputs=tuple(parts),
        code=f"output = np.concatenate([{', '.join(map(identifier, parts))}])", rule=moves.append,
        axes=", ".join(f"token{i} d_v" for i in range(1, n + 1)) + " -> query d_v",
        says="The tokens’ outputs, one below the other. Nothing is computed.",
    )  # fmt: skip
    return (*PROJECT, *(_FEATURES if feature_map else ()), *tokens, output, *(MIX[1:] if rest else ()))


LINEAR_ATTENTION: Program = linear()
