"""From a lookup to scores: the start, lookup, softmax and similarity."""

import numpy as np

from attention_core import simulations
from attention_core.choices import bench, head, listed, number
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact
from attention_core.votes.vote import BALL, BLUE, CUBE, HIT, RED, Made, Vote

_ADJ, _NOUN, _, _RED, _BLUE, _ = range(len(PAINT.features))


def _paint() -> Made:
    red, blue = (number(head(), "projected", CUBE, colour) for colour in (_RED, _BLUE))
    options = {
        0: (
            "as much red as blue",
            f"“cube” takes {exact(red)} from “red” and {exact(blue)} from “blue”. Both describe, and places do not "
            "count here.",
        ),
        1: (
            "more blue than red",
            "The nearer word counts more. (Attention does not know places unless they are told.)",
        ),
        -1: (
            "more red than blue",
            "What comes first counts more. (Attention does not know places unless they are told.)",
        ),
    }
    right = options.pop(int(np.sign(round(blue - red, 9))))
    none = "no paint", "A word keeps what it is. (What is collected is added to it.)"
    return (
        "In “red ball hit blue cube”, each word sees itself and the words before it. “cube” looks for words that "
        "describe, and takes their paint. Which?",
        right,
        *options.values(),
        none,
    )


def _nothing() -> Made:
    share, unmasked = (number(head(causal=causal), "weights", BLUE, BALL) for causal in (True, False))
    seen = BLUE + 1
    return (
        "“blue” looks for nothing at all. It sees “red”, “ball”, “hit” and itself. How much does it take from “ball”?",
        (
            exact(share),
            f"All fit equally badly, so each of the {seen} words it sees gets {exact(share)}. The shares of a row "
            "always add up to 1.",
        ),
        ("0", "Where nothing fits, nothing is taken. (Shares always add up to 1.)"),
        ("1", "A word that looks for nothing concentrates on one other."),
        (exact(unmasked), "Every word of the sentence gets a share, “cube” too. (It comes later, and is not seen.)"),
    )


def _lookup_mixed() -> Made:
    soft, hard = bench("lookup"), bench("lookup", soft=False)
    exps, values = soft.matrix("exps").value[0], soft.matrix("v").value[0]
    out = number(soft, "output", 0)
    return (
        f"A soft lookup. Its three keys count {listed(exps)}, and their values are {listed(values)}. What comes out?",
        (exact(out), f"The shares are {listed(soft.matrix('weights').value[0])}: {soft['output'].explain((0,)).text}."),
        (exact(number(hard, "output", 0)), "The best key’s value is handed over, whole: a hard lookup."),
        (exact(values.mean().item()), "All values count the same: the scores make no difference."),
        (exact((exps @ values).item()), "What counts is not divided by its sum: these are no shares yet."),
    )


def _lookup_nudge() -> Made:
    by = 0.1
    soft, hard = (
        [number(bench("lookup", soft=kind, nudge=n), "output", 0) for n in (0.0, by)] for kind in (True, False)
    )
    values = bench("lookup").matrix("v").value[0]
    return (
        f"A hard lookup hands over the value of the best key, {exact(hard[0])}. Its query is nudged a little towards "
        f"the second key, whose value is {exact(values[1])}. By how much does the result change?",
        (
            exact(hard[1] - hard[0]),
            "The best key stays the best, and its value is all that is handed over. That is why a hard table cannot "
            "learn from small steps.",
        ),
        (decimal(soft[1] - soft[0]), "A little, as it does with a soft lookup."),
        (exact(values[1] - values[0]), "It jumps to the second value at once."),
        (decimal(by), "By the nudge itself."),
    )


def _softmax_constant() -> Made:
    before, after = (number(bench("softmax", constant=by), "weights", BALL, RED) for by in (0.0, 100.0))
    weights = bench("softmax").matrix("weights").value
    return (
        f"A row of scores is ln 3, 0, 0; the first weight is {exact(before)}. Now 100 is added to every score of the "
        "row. What is the first weight?",
        (
            f"{exact(after)}, as before",
            "Each exponential is multiplied by e to the 100, and so is their sum: it cancels. Only differences of "
            "scores count.",
        ),
        (
            f"{exact(1 / weights.shape[1])}: they even out",
            "Beside 100 the difference of ln 3 is small. (It is a difference still: exp makes a factor of 3 of it.)",
        ),
        ("1: it takes all", "Larger scores make sharper shares. (Larger differences do.)"),
        (
            "it cannot be computed",
            "exp of such scores is too large. (Programs subtract the largest score first, which changes no weight.)",
        ),
    )


def _softmax_negative() -> Made:
    softened, divided = (bench("softmax", scores="signed", exponential=on) for on in (True, False))
    scores, at = softened.matrix("scores").value[0], 1
    sizes = np.abs(scores)
    return (
        f"Softmax of the scores {listed(scores)}. Which share does {exact(scores[at])} get?",
        (
            decimal(number(softened, "weights", 0, at)),
            f"e to the power of {exact(scores[at])} is {decimal(number(softened, 'exps', 0, at))}, which is small, "
            f"but above 0; the sum is {decimal(number(softened, 'row_sums', 0))}.",
        ),
        (
            decimal(number(divided, "weights", 0, at)),
            "To normalise is to divide by the sum. (A share below 0 is none.)",
        ),
        ("0", "What is below 0 gets nothing."),
        (decimal(sizes[at] / sizes.sum()), "The sign does not matter."),
    )


def _softmax_temperature() -> Made:
    plain, cold, warm = (
        number(bench("softmax", scores="logits", temperature=t), "weights", 0, 0) for t in (1.0, 0.5, 2.0)
    )
    exps = bench("softmax", scores="logits").matrix("exps").value[0]
    return (
        f"The exponentials of five scores are {listed(exps)}, so the first gets {decimal(plain)}. The temperature is "
        "set to 0.5: every score is divided by 0.5. What does the first get?",
        (decimal(cold), "Every score doubles, so every exponential is squared: the largest gains on all others."),
        (decimal(warm), "A low temperature evens out. (It is the other way round.)"),
        (f"{decimal(plain)}, as before", "Dividing all scores by the same number cancels, as adding one does."),
        (decimal(plain / 0.5), "The share itself is divided by T."),
    )


def _scaling() -> Made:
    by = simulations.share_by_scaling()
    d_model, d_k = head().matrix("w_k").value.shape
    wide = number(head(scale=d_model**-0.5), "weights", HIT, BALL)
    raw = head().matrix("scores").value[HIT, : HIT + 1]
    return (
        f"The scores of “hit” with “red”, “ball” and itself are {listed(raw)}, before scaling; d_k is {d_k}, and "
        f"d_model is {d_model}. How much does “hit” take from “ball”?",
        (
            decimal(by["√d_k"]),
            f"{exact(raw[1])} divided by √{d_k} is {exact(raw[1] / d_k**0.5)}: exponentials "
            f"{listed(head().matrix('exps').value[HIT, : HIT + 1])}, and {exact(by['√d_k'])}.",
        ),
        (decimal(by["nothing"]), "The scores go into softmax as they are: the scaling is forgotten."),
        (decimal(by["d_k"]), "Scores are divided by d_k. (By its root, for that is how far they spread.)"),
        (decimal(wide), "Scores are divided by √d_model. (By √d_k: a query has d_k coordinates.)"),
    )


def _spread() -> Made:
    d = 64
    expected = simulations.spread(d)
    return (
        f"A query and a key have {d} coordinates each, drawn at random: mean 0, standard deviation 1. How far from 0 "
        "does their dot product usually lie?",
        (
            f"about {decimal(expected.dot)}",
            f"{d} products, each with standard deviation 1, some above 0 and some below: together √{d} = "
            f"{decimal(expected.dot)}. That is why scores are divided by √d_k.",
        ),
        (f"about {d}", "The products add up without cancelling. (Then one would divide by d_k.)"),
        (
            f"about {exact(expected.cosine)}",
            "In many dimensions all is orthogonal. (The cosine is that small, and not the dot product.)",
        ),
        ("about 1", "A sum of such products spreads as one of them does."),
    )


VOTES = (
    Vote("paint", "home", _paint),
    Vote("nothing-fits", "home", _nothing),
    Vote("mixed", "lookup", _lookup_mixed),
    Vote("nudge", "lookup", _lookup_nudge),
    Vote("plus-100", "softmax", _softmax_constant),
    Vote("negative", "softmax", _softmax_negative),
    Vote("temperature", "softmax", _softmax_temperature),
    Vote("scaling", "similarity", _scaling),
    Vote("spread", "similarity", _spread),
)
