"""The running example without numbers: words with their paint, and the shares that one word takes.

Vocabulary
    paint   the features red and blue of a token, before or after the head
    disc    the paint as a coloured, named disc; colour is never the only sign
    share   a weight, drawn as a bar with its fraction
    slight  paint that is less than a quarter of a pot
    spread  how evenly a word shares: the entropy of its weights in bits, and how many even shares have as much
"""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from attention_core.numerals import decimal, exact, says
from attention_core.softmax import entropy
from attention_ui.colours import mixed_colour, mixed_name
from attention_ui.document import Head, compute, example_document
from attention_ui.session import visit

_SLIGHT = 0.25


def worked_example() -> Head:
    """The running example, computed: red ball hit blue cube."""
    return compute(example_document("paint"))


def colour_after(head: Head, token: int) -> str:
    """The colour of a token after the head, in a word."""
    return mixed_name(*paint(head, "residual", token))


def paint(head: Head, name: str, token: int) -> tuple[float, float]:
    """How much red and blue a token has, in the matrix `name` (x before the head, residual after it)."""
    row = dict(zip(head.document.worked.features, head.matrix(name).value[token].tolist(), strict=True))
    return row["red"], row["blue"]


def strip(head: Head, after: int | None = None, asked: int | None = None) -> None:
    """The sentence, each word with its disc: words up to `after` as the head leaves them, the others as they came.

    asked: the word whose colour is the next question.
    """
    cards = []
    for i, token in enumerate(head.document.tokens):
        done = after is not None and i <= after
        amounts = paint(head, "residual" if done else "x", i)
        cards.append(_card(token, "?" if i == asked else "", amounts, waits=after is not None and not done))
    st.html(f'<ul class="strip" aria-label="The sentence, each word with its paint">{"".join(cards)}</ul>')


def _card(token: str, mark: str, amounts: tuple[float, float], waits: bool) -> str:
    red, blue = amounts
    said = mark or "slightly " * (0 < red + blue < _SLIGHT) + mixed_name(red, blue)
    waiting = ' class="waits"' if waits else ""
    return f"<li{waiting}><b>{escape(token)}</b>{_disc(red, blue, hidden=bool(mark))}<span>{said}</span></li>"


def _disc(red: float, blue: float, hidden: bool) -> str:
    if hidden or mixed_name(red, blue) == "no colour":
        return '<i class="disc bare" aria-hidden="true"></i>'
    return f'<i class="disc" aria-hidden="true" style="background:{mixed_colour(red, blue)}"></i>'


def shares(head: Head, query: int) -> None:
    """How much one word takes from each word that it may see: a bar and a fraction for each."""
    weights, seen = head.matrix("weights").value[query], head.matrix("mask").value[query]
    tokens = head.document.tokens
    rows = [_share(tokens[j], weights[j].item(), j == query) for j in np.flatnonzero(seen)]
    title = f"What {escape(tokens[query])} takes: shares that add up to 1"
    st.html(f'<p class="shares-title">{title}</p><ul class="shares">{"".join(rows)}</ul>')


def share_of(head: Head, query: int, key: int) -> str:
    """How much one word takes from another, as a fraction."""
    return exact(head.matrix("weights").value[query, key].item())


def both(head: Head, name: str, *at: int) -> str:
    """A number of a matrix as a fraction or a logarithm and, where it is not the same, as a decimal: "3/5 = 0.60"."""
    value = head.matrix(name).value[at].item()
    texts = dict.fromkeys((exact(value), decimal(value)))
    return (" = " if says(decimal(value), value) else " ≈ ").join(texts)


def chain(head: Head, query: int, key: int) -> str:
    """How one weight is made of a query and a key, step by step, in sentences. The head divides and masks."""
    at, scale = (query, key), head.matrix("scale").value.item()
    q, k = (_vector(head, name, token) for name, token in (("q", query), ("k", key)))
    score, scaled, exp, weight = (both(head, name, *at) for name in ("scores", "scaled", "exps", "weights"))
    counted = head.trace["row_sums"].explain((query,)).written(exact)
    return (
        f"So q = {q} and k = {k}, and q · k is {score}. Divided by {exact(1 / scale)} that is {scaled}, and exp makes "
        f"{exp} of it. Where nothing fits the score is 0, and exp(0) = 1; what is masked counts 0. The row sum is "
        f"{counted} = {both(head, 'row_sums', query)}, and the weight **{weight}**."
    )


def _vector(head: Head, name: str, token: int) -> str:
    """A row of a matrix as a vector, its numbers exactly: "(0, 2 ln 3, 0, 0)"."""
    return f"({', '.join(map(exact, head.matrix(name).value[token].tolist()))})"


def shares_of(head: Head, query: int) -> dict[str, float]:
    """What one word takes from each word that it may see: {"from ball": 0.6}."""
    seen = np.flatnonzero(head.matrix("mask").value[query])
    return {f"from {head.document.tokens[j]}": head.matrix("weights").value[query, j].item() for j in seen}


def spreads() -> dict[str, str]:
    """How each word of the learner's sentence spreads its weights, with the learner's switches and our numbers.

    A mistake chosen on purpose is left out: its rows need not be shares.
    """
    weights = compute(replace(visit().document, edits={}, ablation="")).matrix("weights")
    return {word: _spread(of) for word, of in zip(weights.labels[0], entropy(weights.value).tolist(), strict=True)}


def _spread(bits: float) -> str:
    even = f"{2**bits:.1f}".removesuffix(".0")
    return f"{bits:.2f} bits, as much as {even} even share{'s' * (even != '1')}"


def collected(head: Head, query: int, key: int, feature: str) -> dict[str, float]:
    """Whose the output is: a feature that one word has collected from another, its share, and what the other has."""
    at = head.document.worked.features.index(feature)
    asks, asked = (head.document.tokens[i] for i in (query, key))
    return {
        f"{feature}, collected by {asks}": head.matrix("residual").value[query, at].item(),
        f"what {asks} takes from {asked}": head.matrix("weights").value[query, key].item(),
        f"{feature}, of {asked} itself": head.matrix("x").value[key, at].item(),
    }


def _share(token: str, weight: float, itself: bool) -> str:
    whom = "itself" if itself else escape(token)
    bar = f'<i aria-hidden="true" style="width:{weight * 100:.1f}%"></i>'
    return f'<li><span>from {whom}</span><span class="track">{bar}</span><b>{exact(weight)}</b></li>'


def mixture(head: Head, query: int) -> str:
    """The result in words: 'red: 3/4 of a full pot'."""
    named = zip(("red", "blue"), paint(head, "residual", query), strict=True)
    amounts: Sequence[str] = [f"{exact(amount)} {name}" for name, amount in named if amount > 0]
    return " and ".join(amounts) or "nothing"
