"""One head and what is inside it: queries, keys, values, masks and positions."""

import numpy as np

from attention_core import simulations
from attention_core.choices import bench, head, joined, listed, number
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact
from attention_core.votes.vote import BALL, BLUE, CUBE, HIT, RED, Made, Vote

_ADJ, _NOUN, _, _RED, _BLUE, _ = range(len(PAINT.features))


def _length() -> Made:
    short, long = (simulations.shapes(bench("projections"), n) for n in (5, 50))
    grow = [name for name in ("x", "q", "k", "v", "scores", "w_q", "w_k", "w_v") if short[name] != long[name]]
    called = {"x": "X", "scores": "the scores"}
    weights = " × ".join(map(str, short["w_q"]))
    return (
        "A text of 5 words becomes one of 50. Which matrices change their shape?",
        (
            joined([called.get(name, name.upper()) for name in grow]),
            f"One row for each word, and in the scores a row and a column. W_Q, W_K and W_V stay {weights}: they were "
            "there before the first word.",
        ),
        ("X, Q, K, V, and also W_Q, W_K and W_V", "There are weights for every word. (The same ones serve all words.)"),
        ("X alone", "Q, K and V belong to the model, as W_Q, W_K and W_V do. (They are made of X.)"),
        ("none: the model is fixed", "Nothing grows with the text. (The weights do not; all that is made of X does.)"),
    )


def _owner() -> Made:
    trace = head()
    row = trace.matrix("weights").value[HIT, : HIT + 1]
    into = f"({', '.join(decimal(x) for x in trace.matrix('projected').value[HIT, _RED:].tolist())})"
    return (
        f"“hit” takes {listed(row)} from “red”, “ball” and itself. What it collects of red, blue and round is {into}. "
        "To which word is that added?",
        ("“hit”", "To the word that looked: its query made the row of weights, and its row of X grows."),
        ("“ball”", "To the word with the largest weight, whose key fitted. (A key only decides how much is taken.)"),
        ("“red”, “ball” and “hit”, in these shares", "What was taken goes back to where it came from."),
        ("all five words", "A head makes one result for the whole sentence. (It makes one for each word.)"),
    )


def _unmasked() -> Made:
    masked, full = (number(head(causal=causal), "weights", HIT, BALL) for causal in (True, False))
    partly = number(head(seen=((HIT, CUBE),)), "weights", HIT, BALL)
    return (
        f"“hit” looks for things. It sees “red”, “ball” and itself, and takes {exact(masked)} from “ball”. The mask "
        "is taken away: “hit” now sees “blue” and “cube”, too, and “cube” is a thing. How much does it take from "
        "“ball”?",
        (
            exact(full),
            f"The exponentials are {listed(head(causal=False).matrix('exps').value[HIT])}: the sum grows by all that "
            "is seen.",
        ),
        (f"{exact(masked)}, as before", "A weight depends on one score only. (It is divided by the sum of its row.)"),
        (exact(masked / 2), "“ball” and “cube” halve what “ball” had; the others keep theirs."),
        (exact(partly), "Only what fits gets a share. (“blue” gets one, too.)"),
    )


def _tied() -> Made:
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


def _itself() -> Made:
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


def _residual() -> Made:
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


def _identity() -> Made:
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


def _append() -> Made:
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


def _zero() -> Made:
    right, wrong = (bench("masks", applied=how) for how in ("zero", "before"))
    exps = right.matrix("exps").value[HIT]
    return (
        f"“hit” takes {exact(number(wrong, 'weights', HIT, BALL))} from “ball”. Somebody hides “blue” and “cube” by "
        "setting their scores to 0, instead of −∞. How much does “hit” take from “ball” then?",
        (
            exact(number(right, "weights", HIT, BALL)),
            f"e⁰ is 1, so the exponentials are {listed(exps)}: what is hidden still gets a share.",
        ),
        (f"{exact(number(wrong, 'weights', HIT, BALL))}, as it should", "A score of 0 takes nothing."),
        (
            exact(number(bench("masks", kind="full"), "weights", HIT, BALL)),
            "Nothing is hidden at all: “cube” fits as before. (Its score is 0 now.)",
        ),
        ("1", "What is left goes to the best fit."),
    )


def _swapped() -> Made:
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


def _boost() -> Made:
    told = {factor: bench("positions", scheme="relative", factor=factor) for factor in (3, 9)}
    plain = number(bench("positions"), "weights", CUBE, BLUE)
    counts = listed(told[9].matrix("exps").value[CUBE])
    return (
        f"“cube” takes {exact(plain)} from “blue”, which stands right before it. Now ln 9 is added to the score of "
        "whatever word stands right before. (No mask.) How much does “cube” take from “blue”?",
        (exact(number(told[9], "weights", CUBE, BLUE)), f"Its exponential is multiplied by 9: they are {counts}."),
        (exact(min(1.0, 9 * plain)), "The share itself is multiplied by 9, up to all there is."),
        (exact(number(told[3], "weights", CUBE, BLUE)), "ln 9 counts 3 times, as ln 3 does. (exp of ln 9 is 9.)"),
        (f"{exact(plain)}, as before", "Order is known to a model anyway. (Only what is added tells of it.)"),
    )


VOTES = (
    Vote("length", "projections", _length),
    Vote("owner", "one_head", _owner),
    Vote("unmasked", "one_head", _unmasked),
    Vote("tied", "query_key", _tied),
    Vote("itself", "query_key", _itself),
    Vote("residual", "values", _residual),
    Vote("identity", "values", _identity),
    Vote("append", "masks", _append),
    Vote("hidden-by-zero", "masks", _zero),
    Vote("swapped", "positions", _swapped),
    Vote("word-before", "positions", _boost),
)
