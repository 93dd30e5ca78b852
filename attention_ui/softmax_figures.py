"""The lesson on softmax: each change of the scores with its controls, and the figure or table that follows them."""

from collections.abc import Sequence

from attention_ui.bench_figures import SCORES, bring, slider_to
from attention_ui.controls import setting_slider, setting_switch
from attention_ui.plots import Axes, bars, curve
from attention_ui.readings import chosen, listed, said, sharpest, shown, sweep, worked
from attention_ui.teach import compare


def raising(asked: float) -> None:
    """Our row of *ball* as it is, and with the slider's number added to every score, or `asked` while that is 0."""
    added, whose = slider_to("constant", "Added to every score", asked, "The matrices above change with you.")
    setting_switch("steady", "Subtract the row maximum", "Another constant, one for each row.")
    before, after = (worked("softmax", constant=number, steady=chosen("steady")) for number in (0.0, added))
    row = before.head.matrix("weights").labels[0].index("ball")
    tables = (found.row("exps", row, "exp, {}") | found.row("weights", row, "weight, {}") for found in (before, after))
    names = ("as it is", f"{f'+ {said(added)}' if added > 0 else said(added)}, {whose}")
    compare("The row of ball, with our scores", *tables, names, shown)


def temperature_shares() -> None:
    """The temperature, and what each of the five scores gets."""
    bring("logits")
    setting_slider("temperature", "Temperature T", "The matrices above get a step for it.")
    axes = Axes("The shares of the five, for 8 : 4 : 2 : 1 : 1", "temperature T", "weight")
    over, weights = sweep("softmax", "temperature", "weights", scores="logits")
    curve(axes, over, weights, key="softmax.temperature.curve", at=chosen("temperature"))


def soft_maxima() -> None:
    """The largest score of each of the five words beside its log-sum-exp."""
    setting_switch("log_sum_exp", "Log-sum-exp in the matrices above", "Of a row, by softmax as it should be.")
    found = worked("softmax", scores="paint", log_sum_exp=True, steady=True)
    tops, soft = found.row("row_max"), found.row("log_sum_exp")
    compare(f"Our scores for each word of {SCORES['paint']}", tops, soft, ("largest", "log-sum-exp"), shown)


def row_totals() -> str:
    """What the rows of weights add up to, with softmax along the row and down the column.

    Returns the latter as a sentence lists them.
    """
    bring("paint")
    setting_switch("columns", "Softmax down the columns", "A mistake: columns add up to 1, and rows need not.")
    right, wrong = (worked("softmax", scores="paint", columns=down).totals("weights") for down in (False, True))
    series = {"along the row": list(right.values()), "down the column": list(wrong.values())}
    axes = Axes(f"What the weights of each row add up to, for {SCORES['paint']}", "row", "sum")
    bars(axes, list(right), series, key="softmax.totals", inks=("weights", "x"))
    return listed(wrong.values(), 2)


def cosine_shares(*counts: int) -> None:
    """The largest weight that cosines allow, for as many keys as the learner chose, and for so many."""
    bring("cosines")
    setting_slider("keys", "Number of keys", step=1)
    keys: Sequence[int] = (chosen("keys"), *counts)
    series = {"best key": [sharpest(count) for count in keys]}
    axes = Axes("The largest weight that cosines allow, at T = 1", "keys", "weight")
    bars(axes, [f"{count} keys" for count in keys], series, key="softmax.focus", inks=("weights",))
