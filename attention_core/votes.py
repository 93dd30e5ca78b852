"""Questions for a class to vote on, at least one for each lesson. Each wrong option is what learners do believe.

Vocabulary
    vote     a question with a name, for one lesson; its wrong options are misconceptions
    mixed    the paint, or the number, that comes out when values are taken in shares

Every number is computed here from the lessons' benches; none is typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from zlib import crc32

import numpy as np

from attention_core import costs, dialogue, simulations
from attention_core.choices import Question, asked, bench, head, number
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact

_WORDS = PAINT.sentence.split()
RED, BALL, HIT, BLUE, CUBE = range(len(_WORDS))
_ADJ, _NOUN, _VERB, _RED, _BLUE, _ROUND = range(len(PAINT.features))
_Made = tuple[str, tuple[str, str], tuple[str, str], tuple[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Vote:
    """A question for a class. make: the prompt, the right option with its reason, the wrong ones with their beliefs."""

    name: str
    lesson: str
    make: Callable[[], _Made] = field(repr=False)

    @cached_property
    def question(self) -> Question:
        """Always in the same order: an answer code tells of a letter."""
        return asked(crc32(self.name.encode()), *self.make())


# --- Start here, lookup, softmax, similarity -------------------------------------------------------------------------


def _paint() -> _Made:
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


def _nothing() -> _Made:
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


def _lookup_mixed() -> _Made:
    soft, hard = bench("lookup"), bench("lookup", soft=False)
    exps, values = soft.matrix("exps").value[0], soft.matrix("v").value[0]
    out = number(soft, "output", 0)
    return (
        f"A soft lookup. Its three keys count {_list(exps)}, and their values are {_list(values)}. What comes out?",
        (exact(out), f"The shares are {_list(soft.matrix('weights').value[0])}: {soft['output'].explain((0,)).text}."),
        (exact(number(hard, "output", 0)), "The best key’s value is handed over, whole: a hard lookup."),
        (exact(values.mean().item()), "All values count the same: the scores make no difference."),
        (exact((exps @ values).item()), "What counts is not divided by its sum: these are no shares yet."),
    )


def _lookup_nudge() -> _Made:
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


def _softmax_constant() -> _Made:
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


def _softmax_negative() -> _Made:
    softened, divided = (bench("softmax", scores="signed", exponential=on) for on in (True, False))
    scores, at = softened.matrix("scores").value[0], 1
    sizes = np.abs(scores)
    return (
        f"Softmax of the scores {_list(scores)}. Which share does {exact(scores[at])} get?",
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


def _softmax_temperature() -> _Made:
    plain, cold, warm = (
        number(bench("softmax", scores="logits", temperature=t), "weights", 0, 0) for t in (1.0, 0.5, 2.0)
    )
    exps = bench("softmax", scores="logits").matrix("exps").value[0]
    return (
        f"The exponentials of five scores are {_list(exps)}, so the first gets {decimal(plain)}. The temperature is "
        "set to 0.5: every score is divided by 0.5. What does the first get?",
        (decimal(cold), "Every score doubles, so every exponential is squared: the largest gains on all others."),
        (decimal(warm), "A low temperature evens out. (It is the other way round.)"),
        (f"{decimal(plain)}, as before", "Dividing all scores by the same number cancels, as adding one does."),
        (decimal(plain / 0.5), "The share itself is divided by T."),
    )


def _scaling() -> _Made:
    by = simulations.share_by_scaling()
    d_model, d_k = head().matrix("w_k").value.shape
    wide = number(head(scale=d_model**-0.5), "weights", HIT, BALL)
    raw = head().matrix("scores").value[HIT, : HIT + 1]
    return (
        f"The scores of “hit” with “red”, “ball” and itself are {_list(raw)}, before scaling; d_k is {d_k}, and "
        f"d_model is {d_model}. How much does “hit” take from “ball”?",
        (
            decimal(by["√d_k"]),
            f"{exact(raw[1])} divided by √{d_k} is {exact(raw[1] / d_k**0.5)}: exponentials "
            f"{_list(head().matrix('exps').value[HIT, : HIT + 1])}, and {exact(by['√d_k'])}.",
        ),
        (decimal(by["nothing"]), "The scores go into softmax as they are: the scaling is forgotten."),
        (decimal(by["d_k"]), "Scores are divided by d_k. (By its root, for that is how far they spread.)"),
        (decimal(wide), "Scores are divided by √d_model. (By √d_k: a query has d_k coordinates.)"),
    )


def _spread() -> _Made:
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


# --- Q, K, V; one head; inside the head ------------------------------------------------------------------------------


def _length() -> _Made:
    short, long = (simulations.shapes(bench("projections"), n) for n in (5, 50))
    grow = [name for name in ("x", "q", "k", "v", "scores", "w_q", "w_k", "w_v") if short[name] != long[name]]
    called = {"x": "X", "scores": "the scores"}
    weights = " × ".join(map(str, short["w_q"]))
    return (
        "A text of 5 words becomes one of 50. Which matrices change their shape?",
        (
            _words([called.get(name, name.upper()) for name in grow]),
            f"One row for each word, and in the scores a row and a column. W_Q, W_K and W_V stay {weights}: they were "
            "there before the first word.",
        ),
        ("X, Q, K, V, and also W_Q, W_K and W_V", "There are weights for every word. (The same ones serve all words.)"),
        ("X alone", "Q, K and V belong to the model, as W_Q, W_K and W_V do. (They are made of X.)"),
        ("none: the model is fixed", "Nothing grows with the text. (The weights do not; all that is made of X does.)"),
    )


def _owner() -> _Made:
    trace = head()
    row = trace.matrix("weights").value[HIT, : HIT + 1]
    into = f"({', '.join(decimal(x) for x in trace.matrix('projected').value[HIT, _RED:].tolist())})"
    return (
        f"“hit” takes {_list(row)} from “red”, “ball” and itself. What it collects of red, blue and round is {into}. "
        "To which word is that added?",
        ("“hit”", "To the word that looked: its query made the row of weights, and its row of X grows."),
        ("“ball”", "To the word with the largest weight, whose key fitted. (A key only decides how much is taken.)"),
        ("“red”, “ball” and “hit”, in these shares", "What was taken goes back to where it came from."),
        ("all five words", "A head makes one result for the whole sentence. (It makes one for each word.)"),
    )


def _unmasked() -> _Made:
    masked, full = (number(head(causal=causal), "weights", HIT, BALL) for causal in (True, False))
    partly = number(head(seen=((HIT, CUBE),)), "weights", HIT, BALL)
    return (
        f"“hit” looks for things. It sees “red”, “ball” and itself, and takes {exact(masked)} from “ball”. The mask "
        "is taken away: “hit” now sees “blue” and “cube”, too, and “cube” is a thing. How much does it take from "
        "“ball”?",
        (
            exact(full),
            f"The exponentials are {_list(head(causal=False).matrix('exps').value[HIT])}: the sum grows by all that "
            "is seen.",
        ),
        (f"{exact(masked)}, as before", "A weight depends on one score only. (It is divided by the sum of its row.)"),
        (exact(masked / 2), "“ball” and “cube” halve what “ball” had; the others keep theirs."),
        (exact(partly), "Only what fits gets a share. (“blue” gets one, too.)"),
    )


def _tied() -> _Made:
    trace = bench("query_key", tied=True, causal=False)
    same = tuple(np.allclose(m, m.T) for m in (trace.matrix(name).value for name in ("scaled", "weights")))
    options = {
        (True, False): (
            "scores, but not weights",
            "With W_K = W_Q a score is the same both ways. Softmax then divides each row by a sum of its own.",
        ),
        (True, True): ("scores and weights", "Equal scores make equal weights. (Only within one row.)"),
        (False, True): ("weights, but not scores", "Softmax evens out what was unequal."),
        (False, False): ("neither", "Who asks and who is asked always differ. (Not once W_K = W_Q.)"),
    }
    right = options.pop(same)
    return (
        "Let W_K be the same matrix as W_Q, and let there be no mask. What is then the same both ways, for any two "
        "words?",
        right,
        *options.values(),
    )


def _itself() -> _Made:
    own, found = (number(head(), "weights", BALL, word) for word in (BALL, RED))
    scores = [exact(number(head(), "scaled", BALL, word)) for word in (BALL, RED)]
    return (
        "“ball” looks for words that describe. It sees “red” and itself. How much does it take from itself?",
        (
            exact(own),
            f"“ball” is no word that describes: its score with itself is {scores[0]}, with “red” it is {scores[1]}. "
            f"So “red” gets {exact(found)}.",
        ),
        (exact(found), "Nothing fits a word as well as the word itself. (W_Q and W_K decide what fits.)"),
        ("0", "A word does not look at itself. (It does, unless a mask hides it.)"),
        (exact((own + found) / 2), "Two words share evenly."),
    )


def _residual() -> _Made:
    kept, bare = (bench("values", residual=on).matrix("residual").value[BALL] for on in (True, False))
    own = number(bench("values"), "weights", BALL, BALL)
    return (
        f"“ball” is a noun: its feature noun is {exact(kept[_NOUN])}. It takes {exact(own)} from itself. Without the "
        "residual, what is noun after the head?",
        (exact(bare[_NOUN]), "No value carries that a word is a noun: W_V picks colour and shape. X alone has it."),
        (
            f"{exact(kept[_NOUN])}, as before",
            "A word stays what it is, whatever is added. (The residual is what keeps it.)",
        ),
        (exact(own), "What a word takes from itself is its whole embedding. (It is its value.)"),
        (exact(1 - own), "What is taken from the others is what it loses."),
    )


def _identity() -> _Made:
    ours, through = (bench("values", maps=maps).matrix("projected").value[BALL] for maps in ("ours", "identity"))
    taken = number(bench("values"), "weights", BALL, RED)
    return (
        f"“ball” takes {exact(taken)} from “red”. Suppose that W_V and W_O changed nothing (the identity), so that "
        "embeddings themselves are mixed. How much of adj, “is an adjective”, is then added to “ball”?",
        (
            exact(through[_ADJ]),
            "“red” is an adjective, and all of “red” comes along: what it was found by, too. W_V chooses what is "
            "handed over.",
        ),
        (f"{exact(ours[_ADJ])}, as with our W_V", "V is superfluous: the embeddings would do as well."),
        ("1", "Who is found hands over everything, whole. (In its share.)"),
        (exact(1 - taken), "What is taken of a feature is what the word itself keeps of it."),
    )


# --- Masks and positions ---------------------------------------------------------------------------------------------


def _append() -> _Made:
    before, after = (number(bench("masks", n=n), "weights", BALL, RED) for n in (4, 5))
    full = number(bench("masks", kind="full"), "weights", BALL, RED)
    one_more = number(head(seen=((BALL, CUBE),)), "weights", BALL, RED)
    return (
        f"In “red ball hit blue”, “ball” takes {exact(before)} from “red”, under a causal mask. Now “cube” is "
        "appended. How much does “ball” take from “red”?",
        (
            f"{exact(after)}, as before",
            "“ball” does not see what comes later. So a model that writes need not compute earlier words again.",
        ),
        (exact(full), "A longer sentence means smaller shares for all. (That is so without a mask.)"),
        (exact(one_more), "The new word gets a share of every row. (Only of its own.)"),
        (exact(1 - before), "The new word takes the place of “red”. (“ball” does not see it.)"),
    )


def _zero() -> _Made:
    right, wrong = (bench("masks", applied=how) for how in ("zero", "before"))
    exps = right.matrix("exps").value[HIT]
    return (
        f"“hit” takes {exact(number(wrong, 'weights', HIT, BALL))} from “ball”. Somebody hides “blue” and “cube” by "
        "setting their scores to 0, instead of −∞. How much does “hit” take from “ball” then?",
        (
            exact(number(right, "weights", HIT, BALL)),
            f"e⁰ is 1, so the exponentials are {_list(exps)}: what is hidden still gets a share.",
        ),
        (f"{exact(number(wrong, 'weights', HIT, BALL))}, as it should", "A score of 0 takes nothing."),
        (
            exact(number(bench("masks", kind="full"), "weights", HIT, BALL)),
            "Nothing is hidden at all: “cube” fits as before. (Its score is 0 now.)",
        ),
        ("1", "What is left goes to the best fit."),
    )


def _swapped() -> _Made:
    moved = [
        bench("positions", order=order).matrix("projected").value[CUBE, [_RED, _BLUE]]
        for order in ("written", "swapped")
    ]
    same = np.allclose(*moved)
    options = {
        True: (
            "nothing",
            f"It still collects {decimal(moved[1][0])} of red and {decimal(moved[1][1])} of blue. With no places and "
            "no mask, a sentence is a bag of words.",
        ),
        False: ("it collects more red", "The word right before counts most. (Attention does not know which that is.)"),
    }
    right = options.pop(same)
    return (
        "Without places and without a mask, “red ball hit blue cube” becomes “blue ball hit red cube”. What changes "
        "for “cube”?",
        right,
        *options.values(),
        ("it collects more blue", "The first word counts most. (Attention does not know which that is.)"),
        ("it collects no paint", "What the model learned of one order is lost in another."),
    )


def _boost() -> _Made:
    told = {factor: bench("positions", scheme="relative", factor=factor) for factor in (3, 9)}
    plain = number(bench("positions"), "weights", CUBE, BLUE)
    counts = _list(told[9].matrix("exps").value[CUBE])
    return (
        f"“cube” takes {exact(plain)} from “blue”, which stands right before it. Now ln 9 is added to the score of "
        "whatever word stands right before. (No mask.) How much does “cube” take from “blue”?",
        (exact(number(told[9], "weights", CUBE, BLUE)), f"Its exponential is multiplied by 9: they are {counts}."),
        (exact(min(1.0, 9 * plain)), "The share itself is multiplied by 9, up to all there is."),
        (exact(number(told[3], "weights", CUBE, BLUE)), "ln 9 counts 3 times, as ln 3 does. (exp of ln 9 is 9.)"),
        (f"{exact(plain)}, as before", "Order is known to a model anyway. (Only what is added tells of it.)"),
    )


# --- Whole models ----------------------------------------------------------------------------------------------------


def _attention(h: int, d_model: int = 12) -> costs.Config:
    return costs.Config(1, d_model, h, 1, 1, attention_biases=False)


def _head_count() -> _Made:
    three, six = (sum(costs.attention_parameters(_attention(h)).values()) for h in (3, 6))
    wide = sum(costs.attention_parameters(replace(_attention(6), d_k=12)).values())
    return (
        f"d_model is 12, in 3 heads of 4. W_Q, W_K, W_V and W_O of all heads have {three} numbers. How many have they "
        "with 6 heads of 2?",
        (f"{six}, as many", "Twice as many heads, each half as wide. What grows is the number of shares."),
        (f"{2 * three}", "Every head costs the same, however wide. (They get narrower.)"),
        (f"{three // 2}", "Narrower heads are cheaper, so many heads are more efficient."),
        (f"{wide}", "Every head is as wide as the model."),
    )


def _head_order() -> _Made:
    ours, swapped = (bench("heads", swapped=on).matrix("residual").value for on in (False, True))
    moved = int((~np.isclose(ours, swapped)).sum())
    return (
        "Head 1 and head 2 change places, each with its own W_Q, W_K, W_V and its own rows of W_O. How many of the "
        f"{ours.size} numbers that come out change?",
        (str(moved), "The heads’ parts are added, and a sum has no order."),
        (str(ours.size), "Head 1 finds what matters most, head 2 what comes next."),
        (str(ours.size // 2), "Each head owns a slice of the vector, and the slices change places."),
        (str(len(ours)), "The heads act on one another in W_O, and one number of each word shows it."),
    )


def _cross_shape() -> _Made:
    trace = bench("cross_attention", english="the red ball")
    asking, source = trace.matrix("weights").value.shape
    return (
        f"{_number_word(asking).capitalize()} French words, being written, read {_number_word(source)} English ones. "
        "Which shape has the matrix of weights, with who asks as rows?",
        (f"{asking} × {source}", "A row for each word that asks, a column for each that is asked."),
        (f"{source} × {asking}", "The source asks. (Queries come from the text that is being written.)"),
        (f"{asking + source} × {asking + source}", "All words see all. (That would be one text: self-attention.)"),
        (f"{source} × {source}", "Weights are always square. (Only in self-attention.)"),
    )


def _double() -> _Made:
    once, twice = (number(head(factor=factor), "weights", BALL, RED) for factor in (1.0, 2.0))
    scores, counts = (
        [exact(number(head(factor=factor), name, BALL, RED)) for factor in (1.0, 2.0)] for name in ("scaled", "exps")
    )
    half_way = number(head(scale=1.0), "weights", BALL, RED)  # d_k is 4: scores that are not halved are doubled
    return (
        f"“ball” takes {exact(once)} from “red”. All embeddings are doubled. How much does “ball” take from “red”?",
        (
            exact(twice),
            f"Queries and keys both double, so a score of {scores[0]} becomes {scores[1]}, and its exponential "
            f"{counts[0]} becomes {counts[1]}. Softmax is the bend.",
        ),
        (
            f"{exact(once)}, as before",
            "Attention is linear: twice the input, and shares stay. (For fixed shares it is.)",
        ),
        (exact(half_way), "Scores double. (Query and key both do.)"),
        ("1", "Larger inputs always end in a hard choice."),
    )


def _next_row() -> _Made:
    rows = len(bench("block", part="next").matrix("logits").value)
    return (
        f"{_number_word(rows).capitalize()} words went through a causal model. From which row of its last matrix is "
        "the next word read?",
        (f"the last, no. {rows}", "Each row predicts the word after its own. The last has seen all words."),
        (f"a row of its own, no. {rows + 1}", "The word that is to come has a vector already. (It would need a word.)"),
        ("the first", "The first row stands for the whole sentence. (It has seen itself alone.)"),
        ("the mean of all rows", "All words together say the next one. (Only the last row is asked.)"),
    )


def _stored() -> _Made:
    n, d = 10**8, 4
    cells = costs.score_cells(n)
    return (
        "All scores of 100 million words in one head are stored, 4 bytes each. How much is that?",
        (
            costs.sized(d * cells),
            f"100 million times 100 million is {decimal(cells)} scores. So they are never stored: tiles are.",
        ),
        (costs.sized(d * n), "One score for each word. (One for each pair.)"),
        (
            costs.sized(d * cells // 1000),
            f"A slip of three zeros, as a chatbot made it: {decimal(cells / 1000)} scores.",
        ),
        (
            costs.sized(d * n * costs.MODELS["GPT-3 175B"].config.d_model),
            "One score for each feature of each word. (That would be X.)",
        ),
    )


def _more_heads() -> _Made:
    one, many = (costs.multiply_adds(_attention(h), 5) for h in (1, 4))
    before, after = (found["scores"] for found in (one, many))
    return (
        f"One head of width 12 multiplies {before} times for the scores of 5 words. How often do 4 heads of width 3 "
        "multiply?",
        (f"{after}, as often", "Four times as many scores, each with a quarter of the products."),
        (f"{before // 4}", "Many narrow heads are more efficient."),
        (f"{4 * before}", "Every head costs as much as one wide head."),
        (f"{16 * before}", "Heads look at one another, too."),
    )


# --- Learning, and numbers of others ---------------------------------------------------------------------------------

_WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
_LETTERS = {"w_q": "W_Q", "w_k": "W_K", "w_v": "W_V", "w_o": "W_O"}


def _gradients() -> _Made:
    trace = bench("training", shown="all")
    felt = [name for name in _WEIGHTS if np.abs(trace.matrix(f"d_{name}").value).max() > 0]
    largest = ", ".join(
        f"{_LETTERS[name]} {decimal(np.abs(trace.matrix(f'd_{name}').value).max().item())}" for name in felt
    )
    return (
        "After a sentence the loss is computed, and its gradient. Which of the matrices of a head get one that is "
        "not 0, so that training changes them?",
        (
            _words([_LETTERS[name] for name in felt]),
            f"The largest entries, by size: {largest}. Softmax lets gradients through to W_Q and W_K.",
        ),
        ("W_V and W_O only", "Heads look things up, and looking up is not trained. (A soft lookup is.)"),
        ("W_Q and W_K only", "Only what decides the shares is learned."),
        ("none: heads learn by similarity", "Attention learns by similarity instead of gradient descent."),
    )


def _reading() -> _Made:
    ours, other = bench("projections"), bench("projections", other=True)
    kept = simulations.kept(ours, other)
    moved = [name for name in ("w_q", "w_k", "w_v", "q", "k", "v", "scores") if not kept[name]]
    return (
        "A trained model reads a sentence that it never saw. What of this does it make anew for that sentence: W_Q, "
        "W_K, W_V, Q, K, V, scores?",
        (
            _words([name.upper() if len(name) == 1 else name for name in moved]),
            "They are made of the words. W_Q, W_K and W_V stay as training left them.",
        ),
        ("all of them", "What I type trains the model. (It runs it.)"),
        ("W_Q, W_K and W_V only", "A context edits the weights. (It changes what is made with them.)"),
        ("the scores only", "Q, K and V are stored for each word of the vocabulary. (They are made of X.)"),
    )


def _silent() -> _Made:
    n = 8
    trace = bench("in_context", zeros=n)
    silent, total = (number(trace, name, 0) for name in ("context.row_sums", "row_sums"))
    own = trace.matrix("question.exps").value[0]
    return (
        f"A question alone has the exponentials {_list(own)}. Before it {n} words are put whose scores are all 0. How "
        "much do these words get, together?",
        (exact(silent / total), f"e⁰ is 1, so they count {exact(silent)} in a sum of {exact(total)}."),
        ("0", "Where q · k is 0, a word drops out. (To drop out it would have to score −∞.)"),
        (exact(1 / (n + 1)), "A context counts as one word, however long it is."),
        (exact(n / (n + len(own))), "Every word gets the same share, whatever its score."),
    )


def _merged() -> _Made:
    exactly, largest = (bench("in_context", sum=how) for how in ("exact", "max"))
    plain = bench("in_context")
    exps = plain.matrix("exps").value[0]
    return (
        f"“ball” stands in a context and in a question, with the exponentials {exact(exps[0])} and {exact(exps[2])}; "
        f"“cube” with {exact(exps[1])} and {exact(exps[3])}. How much does “ball” get, both times together?",
        (
            exact(number(exactly, "weights", 0, 0)),
            f"({exact(exps[0])} + {exact(exps[2])}) of {exact(exps.sum().item())}: exponentials add up, whatever "
            "block they stand in.",
        ),
        (exact(number(largest, "weights", 0, 0)), "Only the larger of two scores counts: the max rule."),
        (exact(exps[2] / (exps[2] + exps[3])), "Only the question counts; what is frozen is not looked at."),
        (exact(exps[0] / (exps[0] + exps[1])), "Only the context counts, once there is one."),
    )


def _first_wrong() -> _Made:
    order = [dialogue.line(name).title for name in ("scores", "exps", "row_sums", "weights")]
    titles = ("the cosines", "the exponentials", "the row sums", "the weights")
    beliefs = (
        f"For “the” and “cat” it printed {decimal(dialogue.SCORES.value[0, 1].item())}. Its own vectors make "
        f"{decimal(dialogue.cosines()[0, 1].item())}.",
        "Cosines that look like cosines are taken for computed. (Then the first error seems to be here.)",
        "One adds up the printed exponentials, sees that the sums are wrong, and stops looking before them.",
        "One checks the result alone: rows of weights must add up to 1.",
    )
    at = order.index(dialogue.first_wrong().title)
    options = list(zip(titles, beliefs, strict=True))
    right = options.pop(at)
    return (
        "A chatbot printed vectors of six words, then their cosines, the exponentials, the row sums and the weights. "
        "Which is the first line that does not follow from what stands before it?",
        right,
        *options,
    )


def _which_sum() -> _Made:
    scores, exps, vectors = (decimal(dialogue.sums(of)[0].item()) for of in ("scores", "exps", "vectors"))
    printed = decimal(dialogue.ROW_SUMS.value[0, 0].item())
    row = _words(list(dialogue.SCORES.texts[0]))
    return (
        f"A chatbot printed the scores {row}. Take them as given. What do their exponentials add up to?",
        (scores, "Computed from the scores as printed."),
        (exps, "Computed from the exponentials that it printed next, and these were wrong already."),
        (vectors, "Computed from the true cosines of its vectors: the answer to another question."),
        (printed, "What it printed as the sum. It follows from nothing."),
    )


def _list(numbers) -> str:
    return _words([exact(float(x)).replace(" ", "\N{NO-BREAK SPACE}") for x in numbers])


def _words(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _number_word(n: int) -> str:
    return ("no", "one", "two", "three", "four", "five", "six", "seven")[n]


VOTES: Mapping[str, Vote] = {
    name: Vote(name, lesson, make)
    for name, lesson, make in (
        ("paint", "home", _paint), ("nothing-fits", "home", _nothing),
        ("mixed", "lookup", _lookup_mixed), ("nudge", "lookup", _lookup_nudge),
        ("plus-100", "softmax", _softmax_constant), ("negative", "softmax", _softmax_negative),
        ("temperature", "softmax", _softmax_temperature),
        ("scaling", "similarity", _scaling), ("spread", "similarity", _spread),
        ("length", "projections", _length),
        ("owner", "one_head", _owner), ("unmasked", "one_head", _unmasked),
        ("tied", "query_key", _tied), ("itself", "query_key", _itself),
        ("residual", "values", _residual), ("identity", "values", _identity),
        ("append", "masks", _append), ("hidden-by-zero", "masks", _zero),
        ("swapped", "positions", _swapped), ("word-before", "positions", _boost),
        ("head-count", "heads", _head_count), ("head-order", "heads", _head_order),
        ("cross-shape", "cross_attention", _cross_shape),
        ("doubled", "block", _double), ("next-row", "block", _next_row),
        ("stored", "cost", _stored), ("more-heads", "cost", _more_heads),
        ("gradients", "training", _gradients), ("reading", "training", _reading),
        ("silent", "in_context", _silent), ("merged", "in_context", _merged),
        ("first-wrong", "debugger", _first_wrong), ("which-sum", "debugger", _which_sum),
    )
}  # fmt: skip
