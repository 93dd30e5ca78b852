"""Training, what a context does, and the numbers of a chatbot."""

import numpy as np

from attention_core import dialogue, simulations
from attention_core.choices import bench, joined, listed, number
from attention_core.numerals import decimal, exact
from attention_core.votes.vote import Made, Vote

_WEIGHTS = ("w_q", "w_k", "w_v", "w_o")
_LETTERS = {"w_q": "W_Q", "w_k": "W_K", "w_v": "W_V", "w_o": "W_O"}


def _gradients() -> Made:
    trace = bench("training", shown="all")
    felt = [name for name in _WEIGHTS if np.abs(trace.matrix(f"d_{name}").value).max() > 0]
    largest = ", ".join(
        f"{_LETTERS[name]} {decimal(np.abs(trace.matrix(f'd_{name}').value).max().item())}" for name in felt
    )
    return (
        "After a sentence the loss is computed, and its gradient. Which of the matrices of a head get one that is "
        "not 0, so that training changes them?",
        (
            joined([_LETTERS[name] for name in felt]),
            f"The largest entries, by size: {largest}. Softmax lets gradients through to W_Q and W_K.",
        ),
        ("W_V and W_O only", "Heads look things up, and looking up is not trained. (A soft lookup is.)"),
        ("W_Q and W_K only", "Only what decides the shares is learned."),
        ("none: heads learn by similarity", "Attention learns by similarity instead of gradient descent."),
    )


def _reading() -> Made:
    ours, other = bench("projections"), bench("projections", other=True)
    kept = simulations.kept(ours, other)
    moved = [name for name in ("w_q", "w_k", "w_v", "q", "k", "v", "scores") if not kept[name]]
    return (
        "A trained model reads a sentence that it never saw. What of this does it make anew for that sentence: W_Q, "
        "W_K, W_V, Q, K, V, scores?",
        (
            joined([name.upper() if len(name) == 1 else name for name in moved]),
            "They are made of the words. W_Q, W_K and W_V stay as training left them.",
        ),
        ("all of them", "What I type trains the model. (It runs it.)"),
        ("W_Q, W_K and W_V only", "A context edits the weights. (It changes what is made with them.)"),
        ("the scores only", "Q, K and V are stored for each word of the vocabulary. (They are made of X.)"),
    )


def _silent() -> Made:
    n = 8
    trace = bench("in_context", zeros=n)
    silent, total = (number(trace, name, 0) for name in ("context.row_sums", "row_sums"))
    own = trace.matrix("question.exps").value[0]
    return (
        f"A question alone has the exponentials {listed(own)}. Before it {n} words are put whose scores are all 0. How "
        "much do these words get, together?",
        (exact(silent / total), f"e⁰ is 1, so they count {exact(silent)} in a sum of {exact(total)}."),
        ("0", "Where q · k is 0, a word drops out. (To drop out it would have to score −∞.)"),
        (exact(1 / (n + 1)), "A context counts as one word, however long it is."),
        (exact(n / (n + len(own))), "Every word gets the same share, whatever its score."),
    )


def _merged() -> Made:
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


def _first_wrong() -> Made:
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


def _which_sum() -> Made:
    scores, exps, vectors = (decimal(dialogue.sums(of)[0].item()) for of in ("scores", "exps", "vectors"))
    printed = decimal(dialogue.ROW_SUMS.value[0, 0].item())
    row = joined(list(dialogue.SCORES.texts[0]))
    return (
        f"A chatbot printed the scores {row}. Take them as given. What do their exponentials add up to?",
        (scores, "Computed from the scores as printed."),
        (exps, "Computed from the exponentials that it printed next, and these were wrong already."),
        (vectors, "Computed from the true cosines of its vectors: the answer to another question."),
        (printed, "What it printed as the sum. It follows from nothing."),
    )


VOTES = (
    Vote("gradients", "training", _gradients),
    Vote("reading", "training", _reading),
    Vote("silent", "in_context", _silent),
    Vote("merged", "in_context", _merged),
    Vote("first-wrong", "debugger", _first_wrong),
    Vote("which-sum", "debugger", _which_sum),
)
