"""The controls and tables of the lesson on training. They are about our numbers, and about weights that ship.

Vocabulary
    rate    η: how far a step goes, as a slider sets it
    level   what the loss is at some g, with everything else as we made it
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from attention_core.benches.training import SENTENCES, WEIGHTS, WORD, G, whole
from attention_core.numerals import decimal
from attention_core.trace import Matrix
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider
from attention_ui.plots import Axes, curve
from attention_ui.readings import chosen, said
from attention_ui.tables import matrix_table, text_table
from attention_ui.teach import compare
from attention_ui.training_numbers import (
    PROBE,
    SEEDS,
    apart,
    counted,
    jacobian,
    largest,
    looked,
    probed,
    red,
    shipped,
    slope,
    stepped,
)

_SHOWN = {
    "forward": "forward, to the loss", "values": "back to W_O, W_V and A", "shares": "back from A to W_Q and W_K",
    "all": "all at once",
}  # fmt: skip
_FARTHEST = 6.0  # the largest g that is drawn


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    st.html(text_table(caption, header, rows))


def board(shown: str, sentence: str) -> None:
    """Which way is drawn, and of which sentence; how the numbers are shown; the matrices."""
    st.caption(
        "The sentences are about our numbers. On the way back, ∂W_Q is the gradient of W_Q: how fast "
        "the loss rises with each of its numbers; and so on."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_choice(shown, "Drawn", _SHOWN)
        setting_choice(sentence, "Sentence", {text: text for text in SENTENCES})
    display()
    matrix_board()


def descended(rate: str) -> None:
    """One step of g alone, as far as the slider says: what becomes of the share, the red and the loss."""
    setting_slider(rate, "Learning rate η: g becomes g − η × slope", step=0.5)
    eta = float(chosen(rate))
    before, after = stepped(eta)
    rows = [_of_step(trace) for trace in (before, after)]
    compare(f"One step of g, at η = {decimal(eta)}", *rows, ("before the step", "after it"), decimal)
    foretold, changed = -eta * slope() ** 2, rows[1]["loss"] - rows[0]["loss"]
    st.markdown(f"The slope foretells a change of the loss by −η × slope² = {decimal(foretold)}; it is "
                f"{decimal(changed)}. A slope is exact only for the smallest of steps.")  # fmt: skip
    over = np.linspace(0, _FARTHEST, 61)
    curve(
        Axes("The loss, if only g is changed", "g = W_Q[noun, 0]", "loss"), over.tolist(), {"loss": _losses(over)},
        key="training.g", at=min(_FARTHEST, rows[1]["g"]), inks=("q",),
    )  # fmt: skip


def _of_step(trace) -> dict[str, float]:
    return {
        "g": trace.given["w_q"].value[G[1]].item(),
        f"what {WORD} takes from red": trace["weights"].value[1, 0].item(),
        f"red of {WORD} after the head": red(trace),
        "loss": trace["loss"].value.item(),
    }


@st.cache_data(show_spinner=False)
def _losses(over: np.ndarray) -> list[float]:
    found = []
    for g in over.tolist():
        w_q = whole().given["w_q"].value.copy()
        w_q[G[1]] = g
        found.append(whole(w_q=w_q)["loss"].value.item())
    return found


def gradients() -> None:
    """How large the gradient of each matrix is; and how softmax hands a row's gradient back."""
    trace = whole()
    rows = []
    for name in WEIGHTS:
        values = trace[f"d_{name}"].value
        rows.append((f"W_{name[-1].upper()}", said(largest()[name], 4), f"{np.count_nonzero(values)} of {values.size}",
                     _SHOWN["shares" if name in ("w_q", "w_k") else "values"]))  # fmt: skip
    _table(
        "The gradients of all four matrices",
        ("", "largest entry, without sign", "entries that are not 0", "drawn above in"),
        rows,
    )
    keys = trace["weights"].labels[1]
    labels = tuple(f"share of {key}" for key in keys), tuple(f"score of {key}" for key in keys)
    matrix = Matrix("jacobian", ("key", "key"), jacobian(1), labels)
    st.html(matrix_table(matrix, f"The row of {WORD}: how fast each share rises with each score (its Jacobian)"))


def seeds() -> None:
    """Three runs from other seeds beside the weights written by hand."""
    rows = []
    for seed in SEEDS:
        weights, shares, alike = apart(seed)
        one = shipped("previous", seed=seed)
        row = (decimal(one.first), decimal(one.loss), said(weights, 2), said(shares, 2), "yes" if alike else "no")
        rows.append((str(seed), *row))
    header = ("seed", "loss at the start", "loss at the end", "W_Q: largest difference from ours",
              "shares: largest difference from ours", "most from the same words")  # fmt: skip
    _table(f"“The previous word”, {shipped('previous').steps} steps of Adam from three seeds", header, rows)


def moved() -> None:
    """What training changes, and what reading changes, counted."""
    rows = [(what, f"{a} of {n}", f"{b} of {most}") for what, (a, n, b, most) in counted().items()]
    _table("How many numbers are other ones afterwards", ("", "weights", "shares of attention"), rows)
    changed, n, shares, most = next(iter(counted().values()))
    st.markdown(f"Token 1 is asked nothing and sees only itself: so the {n - changed} numbers of W_Q for the first "
                f"place get no gradient, and its share stays 1, that is {most - shares} of {most}.")  # fmt: skip


def without_places() -> None:
    """The task without places and with them: loss, and what cube takes from red and from blue."""
    rows = []
    for name, called in (("adjective", "without places"), ("adjective-places", "with a bias for each distance")):
        one = shipped(name, "sgd")
        taken = looked(one, "red ball hit blue cube")["weights"].value[4, [0, 3]].tolist()
        losses = (said(one.first, 3), said(one.loss, 4), said(one.setup.task.floor, 4))
        rows.append((called, *losses, *(said(share, 2) for share in taken)))
    header = ("", "loss at the start", "loss at the end", "smallest possible", "cube from red", "cube from blue")
    one = shipped("adjective", "sgd")
    every = len(one.setup.task.batch(0, 0, 1).words)
    _table(f"{one.steps} steps of plain gradient descent on all {every} sentences", header, rows)


def rules() -> None:
    """Which rule was learned: what ball takes in a sentence whose order is another, for two optimisers, three seeds."""
    rows = []
    for optimiser, called in (("sgd", "SGD"), ("adam", "Adam")):
        for seed in SEEDS:
            one = shipped("which-rule", optimiser, seed)
            from_red, from_hit = probed(optimiser, seed)
            rule = "word" if from_red > from_hit else "place"
            rows.append((f"{called}, seed {seed}", decimal(one.loss), said(from_red, 2), said(from_hit, 2), rule))
    header = ("", "loss at the end", "ball from red", "ball from hit", "which rule")
    _table(f"After training on “red ball hit” and its like: “{PROBE}”", header, rows)


def one_or_two() -> None:
    """Induction with one layer and with two."""
    rows = []
    for name, called in (("induction-one", "one layer"), ("induction", "two layers")):
        one = shipped(name)
        found = one.judged
        n = sum(matrix.size for matrix in one.weights.values())
        rows.append((called, f"{n:,}", str(one.steps), decimal(found.loss), f"{found.right:.0%}"))
    header = ("", "weights", "steps", "loss on new sentences", "right answers")
    _table("Induction: a word comes again, what follows?", header, rows)
