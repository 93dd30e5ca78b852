"""The lesson on softmax: each change of the scores with its controls, and the figure or table that follows them."""

from collections.abc import Sequence

import streamlit as st

from attention_ui.bench_figures import SCORES, as_it_should_be, besides, bring
from attention_ui.controls import setting_slider, setting_switch
from attention_ui.plots import Axes, bars, curve
from attention_ui.readings import chosen, listed, said, settings, sharpest, shown, sweep, worked
from attention_ui.teach import compare


def raising(added: float) -> None:
    """A row as it is, and with the learner's number added to every score, or `added` while it is 0."""
    setting_slider("constant", "Added to every score", "The matrices above change with you.", step=1.0)
    setting_switch("steady", "Subtract the row maximum", "Another constant, one for each row.")
    added = chosen("constant") or added
    before, after = (worked("softmax", **settings("constant"), constant=number) for number in (0.0, added))
    labels = before.head.matrix("weights").labels[0]
    row = labels.index("ball") if "ball" in labels else 0
    tables = (
        (found.row("exps", row, "exp, {}") if chosen("exponential") else {}) | found.row("weights", row, "weight, {}")
        for found in (before, after)
    )
    compare(f"The row of {labels[row]}", *tables, ("+ 0", f"+ {said(added)}" if added > 0 else said(added)), shown)
    if chosen("exponential") and "e" in (large := shown(after.number("exps", row, 0))):
        st.caption(f"{large} is {large.replace('e', ' times 10 to the power of ')}.")
    besides("temperature", "columns", "exponential", "steady")


def temperature_shares() -> None:
    """The temperature, and what each of the five scores gets."""
    bring("logits")
    setting_slider("temperature", "Temperature T", "The matrices above get a step for it.")
    axes = Axes("The shares of the five, for 8 : 4 : 2 : 1 : 1", "temperature T", "weight")
    over, weights = sweep("softmax", "temperature", "weights", scores="logits")
    curve(axes, over, weights, key="softmax.temperature.curve", at=chosen("temperature"))
    as_it_should_be("columns", "exponential")


def soft_maxima() -> None:
    """The largest score of each of the five words beside its log-sum-exp."""
    setting_switch("log_sum_exp", "Log-sum-exp in the matrices above", "Of a row, by softmax as it should be.")
    right = settings("columns", "exponential", "keys") | {"scores": "paint", "log_sum_exp": True, "steady": True}
    found = worked("softmax", **right)
    tops, soft = found.row("row_max"), found.row("log_sum_exp")
    compare(f"The scores of each word of {SCORES['paint']}", tops, soft, ("largest", "log-sum-exp"), shown)
    besides("constant", "temperature")
    as_it_should_be("columns", "exponential")


def row_totals() -> str:
    """What the rows of weights add up to, with softmax along the row and down the column; the latter with our numbers.

    Returns the sums as a sentence lists them.
    """
    bring("paint")
    setting_switch("columns", "Softmax down the columns", "A mistake: columns add up to 1, and rows need not.")
    others = settings("columns", "exponential", "log_sum_exp") | {"scores": "paint"}
    right, wrong = (worked("softmax", **others, columns=down).totals("weights") for down in (False, True))
    series = {"along the row": list(right.values()), "down the column": list(wrong.values())}
    axes = Axes("What softmax makes the weights of each row add up to", "row", "sum")
    bars(axes, list(right), series, key="softmax.totals", inks=("weights", "x"))
    besides("temperature")
    as_it_should_be("exponential")
    return listed(worked("softmax", scores="paint", columns=True).totals("weights").values(), 2)


def cosine_shares(*counts: int) -> None:
    """The largest weight that cosines allow, for as many keys as the learner chose, and for so many."""
    bring("cosines")
    setting_slider("keys", "Number of keys", step=1)
    keys: Sequence[int] = (chosen("keys"), *counts)
    series = {"best key": [sharpest(count, chosen("temperature")) for count in keys]}
    axes = Axes("The largest weight that cosines allow", "keys", "weight")
    bars(axes, [f"{count} keys" for count in keys], series, key="softmax.focus", inks=("weights",))
    besides("temperature")
    as_it_should_be("columns", "exponential")
