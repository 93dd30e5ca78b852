"""The controls, figures and tables of the lesson on in-context learning.

What stands right above the matrices follows them, whatever is typed. The other figures are about our numbers, and
follow the controls beside them.

Vocabulary
    facts    what is said of the matrices as they stand, right above them
    stretch  how many times as long the query is made: 1 is ours
    fixed    a key that stands for both of a pair: it cannot change with the query
"""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import streamlit as st

from attention_core import attention, in_context, programs, run
from attention_core.benches.in_context import (
    ASKS,
    COLOURS,
    CONTEXT,
    OWN,
    PARTS,
    RULE,
    SUMS,
    TEXTS,
    VOCABULARY,
    WORDS,
    ZEROS,
    frozen,
)  # fmt: skip
from attention_core.examples import PAINT
from attention_core.numerals import decimal, exact
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice
from attention_ui.document import Head, compute
from attention_ui.plots import Axes, curve
from attention_ui.readings import Worked, allowed, chosen, shown, worked
from attention_ui.session import set_setting, visit
from attention_ui.tables import text_table

_PARTS = dict(zip(PARTS, ("a question with a context", "layers that descend", "a head that repeats"), strict=True))
_SUMS = dict(zip(SUMS, ("both blocks", "pairs merged exactly", "pairs merged by the max rule"), strict=True))
_ZEROS = {n: "the pair" if not n else f"{n} that score 0" for n in ZEROS}
_STRETCHES = np.linspace(-1, 3, 101)
_SAME = 1e-12  # how far two ways of computing the same may differ by rounding, relative to the numbers
ON_CONTEXT = 3  # words of the running example that are taken for a context


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on the page."""
    st.html(text_table(caption, header, list(rows)))


def ours(**settings) -> Worked:
    """The bench with our numbers and these settings."""
    return worked("in_context", **settings)


def apart(a: np.ndarray | float, b: np.ndarray | float) -> str:
    """The largest difference of two ways to compute the same: "0" where it is rounding."""
    gap, size = float(np.abs(np.subtract(a, b)).max()), float(np.abs(a).max())
    return "0" if gap <= _SAME * max(1.0, size) else decimal(gap)


# --- The board -------------------------------------------------------------------------------------------------------


def board(setting: str) -> None:
    """Which part is drawn, how its numbers are shown, what they come to, and the matrices."""
    st.caption("The sentences are about our numbers. What stands right above the matrices follows what you change.")
    setting_choice(setting, "The matrices show", _PARTS)
    display()
    matrix_board(_facts)


def drawn(part: str, near: str) -> None:
    """While other matrices are drawn above: a button, near this setting, that draws those of this part."""
    if chosen("part") != part:
        st.button(f"Draw “{_PARTS[part]}” above", key=f"in_context.draw.{part}.{near}", on_click=set_setting,
                  kwargs={"part": part})  # fmt: skip


def _facts() -> None:
    document = visit().document
    head = compute(document)
    part = document.setting("part")
    if part == "frozen":
        (_blocks if document.setting("sum") == "blocks" else _pairs)(head)
    elif part == "regression":
        _layers(head)
    else:
        _next(head)


def _alone(head: Head) -> np.ndarray:
    """What the question's own words give, without the context."""
    q, k, values = (head.matrix(name).value for name in ("q_scaled", "k", "values"))
    return attention(q, k, values, scale=1.0)[0]


def _blocks(head: Head) -> None:
    """How the sum is shared out between context and question, and what comes of it with the context and without."""
    claims = [head.matrix(f"{name}.row_sums").value[0].item() for name in ("context", "question")]
    whole = head.matrix("row_sums").value[0].item()
    rows = [(name, shown(claim), shown(claim / whole)) for name, claim in
            zip(("the context", "the question"), claims, strict=True)]  # fmt: skip
    table(f"What “{ASKS}” shares out", ("", "sum", "share"), rows)
    rows = [("without the context", *map(shown, _alone(head).tolist())),
            ("with it", *map(shown, head.matrix("output").value[0].tolist()))]  # fmt: skip
    table(f"What “{ASKS}” collects", ("", *COLOURS), rows)


def _pairs(head: Head) -> None:
    """The weights of merged pairs beside those of both blocks added up."""
    keys = np.concatenate([head.matrix(name).value for name in ("k_frozen", "k")])
    q = head.matrix("q_scaled").value
    exact_ones = attention(q, keys, np.tile(np.eye(len(WORDS)), (2, 1)), scale=1.0)[0]
    found = head.matrix("weights").value[0]
    rows = [("both blocks, added up", *map(shown, exact_ones.tolist())), ("pairs merged", *map(shown, found.tolist()))]
    table(f"What “{ASKS}” takes from each pair", ("", *WORDS), rows)


def _layers(head: Head) -> None:
    """The guess after each layer, and gradient descent from the shots that stand in X, by the step size that is set."""
    setting_choice("layers", "Layers")
    n, rate = chosen("layers"), chosen("rate")
    d, x = len(RULE), head.matrix("x").value
    w = in_context.descended(x[:-1, :d], x[:-1, d], rate, n)
    made = in_context.guesses(head.trace, n)
    rows = [(str(i), shown(guess), shown(float(w[i] @ x[-1, :d]))) for i, guess in enumerate(made)]
    name = f"gradient descent, η = {decimal(float(rate))}"
    table("What is guessed for the token that asks", ("layers, or steps", "these layers", name), rows)


def _next(head: Head) -> None:
    """What the last row says comes next."""
    shares = head.matrix("next.probabilities").value[-1].tolist()
    text = TEXTS[chosen("text")].removeprefix(VOCABULARY[0]).strip()
    table(f"What comes after “{text}”", ("", *VOCABULARY), [("probability", *map(shown, shares))])


# --- A function of the question --------------------------------------------------------------------------------------


def curried() -> None:
    """What the question collects, as a function of its query: with the context, and without."""
    given = frozen()
    q = _STRETCHES[:, None]
    keys, values = (
        np.concatenate([given[f"{name}_frozen"], given[own]]) for name, own in (("k", "k"), ("v", "values"))
    )
    lines = {
        "T(·), without context": attention(q, given["k"], given["values"], scale=1.0)[:, 0].tolist(),
        "T(context, ·)": attention(q, keys, values, scale=1.0)[:, 0].tolist(),
    }
    axes = Axes(f"How red “{ASKS}” is, over its query", "the query of our example, times", "red")
    curve(axes, _STRETCHES.tolist(), lines, key="in_context.curried", at=1.0, inks=("x", "weights"))
    st.markdown("Two functions, one set of weights: each query meets the context’s keys in its own way.")


@cache
def paint_weights(from_word: int = 0) -> np.ndarray:
    """The weights of the running example, from a word on: as if the words before it had not been there."""
    words = PAINT.sentence.split()[from_word:]
    given, labels = PAINT.given(words)
    return run(programs.one_head(), given, labels)["weights"].value


def running_blocks() -> None:
    """The whole matrix A of the running example, its rows and columns cut into context and question."""
    words = PAINT.sentence.split()
    rows = []
    for i, row in enumerate(paint_weights()):
        whose = "context" if i < ON_CONTEXT else "question"
        of = [float(row[:ON_CONTEXT].sum()), float(row[ON_CONTEXT:].sum())]
        rows.append((f"{words[i]} ({whose})", *(exact(float(x)) if j <= i else "" for j, x in enumerate(row)),
                     *map(exact, of)))  # fmt: skip
    named = [f"{word} ({'context' if i < ON_CONTEXT else 'question'})" for i, word in enumerate(words)]
    table("The weights A of the running example, in blocks", ("", *named, "from context", "from question"), rows)


def unrelated(setting: str) -> None:
    """How many words that score 0 stand before the question, and what they take."""
    drawn("frozen", setting)
    setting_choice(setting, "The context above", _ZEROS)
    own = sum(OWN)
    rows = []
    for n in filter(None, ZEROS):
        found = ours(zeros=n)
        claims = found.number("context.row_sums", 0)
        rows.append((str(n), exact(claims), exact(claims / found.number("row_sums", 0)),
                     *map(exact, found.row("output").values())))  # fmt: skip
    table(f"Words that score 0, before a question whose exponentials add up to {exact(float(own))}",
          ("words", "sum", "share", *COLOURS), rows)  # fmt: skip


# --- Merging ---------------------------------------------------------------------------------------------------------


def merges(setting: str) -> None:
    """How the two blocks are added up, and what that does to the weights."""
    drawn("frozen", setting)
    setting_choice(setting, "Added up above as", _SUMS)
    rows = []
    for how in programs.MERGES:
        found = ours(sum=how)
        scores = [f"ln {round(np.exp(x))}" for x in found.row("merged").values()]
        rows.append((_SUMS[how], *scores, *map(exact, found.row("weights").values())))
    header = ("", *(f"score of {word}" for word in WORDS), *(f"from {word}" for word in WORDS))
    table("Each word once", header, rows)
    rows = []
    for pair in zip(CONTEXT, OWN, strict=True):
        low, high = sorted(pair)
        rows.append(
            (f"ln {high} and ln {low}", f"ln {sum(pair)}", f"ln {high}", decimal(float(np.log(sum(pair) / high))))
        )
    rows.append(("twice the same, a", "a + ln 2", "a", decimal(float(np.log(2)))))
    rows.append(("n times the same, a", "a + ln n", "a", "ln n"))
    table("How far off the max rule is", ("scores", "log-sum-exp", "largest", "difference"), rows)
    st.markdown("Log-sum-exp of n scores is at least the largest of them, and at most ln n more.")


def fixed(setting: str) -> None:
    """The query stretched: the merged score of a pair, one key that would do at 1, and the max rule."""
    drawn("frozen", setting)
    setting_choice(setting, "The query above, times", {n: f"× {n}" for n in allowed(setting)})
    q = _STRETCHES[:, None]
    given = {name: of for name, of in {**frozen(), "q_scaled": q}.items() if name != "v_frozen"}
    merged = {how: run(programs.merged(how), given)["merged"].value[:, 0] for how in programs.MERGES}
    key = ours(sum="exact").number("merged", 0, 0)
    lines = {"merged exactly": merged["exact"].tolist(), f"one key, {exact(key)}": (key * _STRETCHES).tolist(),
             "max rule": merged["max"].tolist()}  # fmt: skip
    axes = Axes(f"The score that stands for both of {WORDS[0]}", "the query of our example, times", "score")
    curve(axes, _STRETCHES.tolist(), lines, key="in_context.fixed", at=float(chosen(setting)),
          inks=("weights", "k", "x"))  # fmt: skip
    rows = []
    for times in allowed(setting):
        right = ours(sum="exact", times=times).number("merged", 0, 0)
        both = " + ".join(str(pair[0] ** times) for pair in (CONTEXT, OWN))
        rows.append((f"× {times}", f"ln({both}) ≈ {right:.3f}", f"{exact(times * key)} ≈ {times * key:.3f}",
                     apart(right, times * key)))  # fmt: skip
    table("Where they part", ("query", "merged exactly", "one key", "difference"), rows)
    st.markdown(r"A fixed key gives a straight line, log-sum-exp a bent one. T(context, ·) is no T with another W\_K.")
