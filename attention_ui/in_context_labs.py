"""The lesson on in-context learning, its second half: layers that descend, one that is trained, a head that repeats,
and a belief.

The figures are about our numbers, and follow the controls beside them.

Vocabulary
    run      a run of training of a linear layer; held out: tasks that no run was trained on
    left     what of the answers of the shots is not explained yet: the layers hand on that alone
"""

from functools import cache

import numpy as np
import streamlit as st

from attention_core import in_context, run
from attention_core.benches.in_context import ASKED, RULE, TEXTS, THROWS, TOKEN, VOCABULARY, shots_of
from attention_core.numerals import decimal, exact
from attention_ui.controls import setting_choice, setting_slider
from attention_ui.in_context_figures import apart, drawn, ours, table
from attention_ui.plots import Axes, bars, curve
from attention_ui.predict import guesses
from attention_ui.readings import allowed, chosen
from attention_ui.session import set_setting

_TEXTS = {name: text.removeprefix(VOCABULARY[0]).strip() for name, text in TEXTS.items()}
_THROWS = {name: ", ".join(map(str, throws)) or "nothing yet" for name, throws in THROWS.items()}
_STEPS = 5
_EVERY = 10  # of how many steps of training one is drawn

# --- Gradient descent ------------------------------------------------------------------------------------------------


def descent(shots: str, noise: str, rate: str) -> None:
    """Shots, noise and step size; the steps of gradient descent and the layers side by side, and softmax attention."""
    drawn("regression", shots)
    with st.container(horizontal=True):
        setting_choice(shots, "Shots")
        setting_slider(noise, "Noise", "The answers of the shots are off the rule by up to this.")
        setting_slider(rate, "Step size η", "How far each step goes. Too far, and it gets worse with each.")
    n, off, eta = chosen(shots), chosen(noise), chosen(rate)
    x, y = shots_of(n, off)
    given = in_context.constructed(x, y, ASKED, eta)
    made = in_context.guesses(run(in_context.layers(_STEPS), given), _STEPS)
    w = in_context.descended(x, y, eta, _STEPS)
    right = float(np.array(RULE) @ ASKED)
    rows = []
    for i, (weights, guess) in enumerate(zip(w, made, strict=True)):
        stepped = float(weights @ ASKED)
        says = f"({', '.join(map(decimal, weights.tolist()))})"
        rows.append((str(i), says, decimal(stepped), decimal(guess), apart(stepped, guess), decimal(guess - right)))
    rule = " + ".join(f"{decimal(a)} {name}" for a, name in zip(RULE, TOKEN, strict=False))
    caption = f"Asked for ({', '.join(map(decimal, ASKED.tolist()))}); the rule, y = {rule}, says {decimal(right)}"
    header = ("steps, layers", "w of the descent", "it says", "the layers say", "apart", "off the rule")
    table(caption, header, rows)
    shared = f" Softmax attention with the same W_Q, W_K and W_V collects {decimal(in_context.smoothed(given))}."
    told = shared * ("in_context.softmax" in guesses())  # which the page asks next
    st.caption(
        f"The shots: {'; '.join(_shot(a, b) for a, b in zip(x, y, strict=True))}. The layers have no w: in them, only "
        f"what is left to explain is handed on.{told}".replace("_", r"\_")
    )
    st.markdown(
        "K layers are K steps, up to rounding, for any shots, any noise and any η; too large an η lets both fly apart. "
        "What descends is w, the rule that is in this text. No W moves."
    )


def _shot(x: np.ndarray, y: float) -> str:
    return f"({', '.join(exact(float(number)) for number in x)}) → {decimal(float(y))}"


def trained(setting: str, seed: str) -> None:
    """A linear layer that is trained: further steps at the press of a button, and what it has become."""
    done, last = chosen(setting), allowed(setting)[-1]
    more = allowed(setting)[1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        setting_slider(seed, "Seed", "Another seed begins with other weights, and draws other tasks.", step=1)
        st.button(f"Train {more} steps", key="in_context.train", type="primary", disabled=done == last,
                  on_click=set_setting, kwargs={setting: min(done + more, last)})  # fmt: skip
        st.button("To the end", key="in_context.end", disabled=done == last, on_click=set_setting,
                  kwargs={setting: last})  # fmt: skip
        st.button("Start again", key="in_context.again", disabled=not done, on_click=set_setting, kwargs={setting: 0})
    number = chosen(seed)
    layer, best = in_context.train(number, done).layers[-1], in_context.one_step(in_context.best_rate())
    rows = [(name, *(f"{x:.3f}".replace("-", "−") for x in of.step.ravel()), _loss(of)) for name, of in
            ((f"the layer after {done} steps", layer), ("best step of gradient descent", best))]  # fmt: skip
    st.markdown("All that a linear layer does with shots: y · x of each, added up, times a matrix of four numbers (its "
                "*step matrix*), times what is asked.")  # fmt: skip
    header = ("", *(f"{a} with {b}" for a in TOKEN[:2] for b in TOKEN[:2]), "error, new tasks")
    table("What a layer does with a context: its step matrix", header, rows)
    if done:
        over = list(range(0, done + 1, _EVERY))
        losses = [_loss_at(number, steps) for steps in over]
        axes = Axes("The error while it is trained", "steps of training", "error")
        curve(axes, over, {"the layer": losses}, key="in_context.loss", inks=("weights",),
              levels={"best step": in_context.loss(best, in_context.held_out())})  # fmt: skip
    st.markdown(
        f"A step of gradient descent from w = 0 has η for {TOKEN[0]} with {TOKEN[0]}, and for {TOKEN[1]} with "
        f"{TOKEN[1]}, and 0 elsewhere. So has the layer in the end, up to the chance of its "
        "tasks. Here W moves: this is training. In a context, nothing does."
    )
    st.caption(
        f"Training moves W_Q, W_K and the product of W_V and W_O, against their gradients. Each step sees "
        f"{in_context.BATCH} new tasks of {in_context.SHOTS} shots, every number drawn at random. The best single step "
        f"has η = 1 / (shots + numbers in x + 1) = {exact(in_context.best_rate())}, in each direction. The error "
        f"is half the squared difference, on average over {len(in_context.held_out().y):,} tasks that were never "
        "trained on.".replace("_", r"\_")
    )


def _loss(layer: in_context.Layer) -> str:
    return f"{in_context.loss(layer, in_context.held_out()):.3f}"


@cache
def _loss_at(seed: int, steps: int) -> float:
    """The error on held-out tasks after so many steps."""
    return in_context.loss(in_context.train(seed, steps).layers[-1], in_context.held_out())


# --- Said again ------------------------------------------------------------------------------------------------------


def again(setting: str) -> None:
    """The text that the head reads, and what its last word takes from each word before."""
    drawn("induction", setting)
    setting_choice(setting, "The text above", _TEXTS)
    rows = []
    for name, text in TEXTS.items():
        found = ours(part="induction", text=name)
        last = len(text.split()) - 1
        shares = found.row("next.probabilities", last)
        word = max(shares, key=shares.get)
        top = (
            f"{word}, {shares[word]:.2f}"
            if shares[word] > 1.5 * sorted(shares.values())[-2]
            else "nothing in particular"
        )
        rows.append((_TEXTS[name], text.split()[-1], top))
    table("What comes next, by this head", ("text", "last word", "it says"), rows)
    st.markdown("An **induction head**. Above, A_P hands each token the word before it; A looks where that is the same "
                "word; O = A X says again what stands there. It repeats what the context did, with any words, and may "
                "be misled by it.".replace("_", r"\_"))  # fmt: skip


def costs_of(text: str, wanted: str) -> tuple[float, float]:
    """The probability that the last row gives to a word, and what that costs."""
    found = ours(part="induction", text=text)
    share = found.row("next.probabilities", len(TEXTS[text].split()) - 1)[wanted]
    return share, in_context.cross_entropy(share)


def losses() -> None:
    """What it costs to predict ball after red: with an example of it in the context, without, and with another one."""
    rows = []
    for name, says in (("example", "with an example"), ("none", "without one"), ("other", "with an example of cube")):
        share, cost = costs_of(name, "ball")
        rows.append((says, _TEXTS[name], f"{share:.3f}", f"{cost:.3f}"))
    blind = 1 / len(VOCABULARY)
    rows.append(("every word alike", "–", f"{blind:.3f}", f"{in_context.cross_entropy(blind):.3f}"))
    table("“ball” after red at the end", ("", "text", "probability", "− ln of it"), rows)


# --- Coin or die -----------------------------------------------------------------------------------------------------


def dice(setting: str) -> None:
    """What was thrown so far, how much each source is believed in, and what is expected next."""
    setting_choice(setting, "Thrown so far", _THROWS)
    rows = [(_THROWS[name], *map(exact, in_context.believed(throws).values())) for name, throws in THROWS.items()]
    table("How much each source is believed in", ("thrown", *in_context.SOURCES), rows)
    faces = [str(face) for face in in_context.FACES]
    now, before = (in_context.expected(in_context.believed(throws)) for throws in (THROWS[chosen(setting)], ()))
    axes = Axes("What is expected next", "the next throw shows", "probability")
    bars(axes, faces, {"before any throw": before, "after these": now}, key="in_context.dice", inks=("x", "weights"),
         form=lambda x: f"{x:.2f}")  # fmt: skip
    st.markdown(_bayes().format(*_odds()))


def _bayes() -> str:
    return (
        "Bayes’ rule: a 1 or 2 has {} with the coin and {} with the die, so each such throw speaks {} to 1 for the "
        "coin. From 1 to 1 (the **prior**), three of them lead to {} to 1 (the **posterior**): {}. A 5 rules the coin "
        "out. As attention: each throw adds ln {} to the coin’s score, and the belief is the softmax of the scores. "
        "Both sources were known before; the context chooses between them."
    )


def _odds() -> list[str]:
    """What one throw of 1 speaks for, and three throws, as odds; and the belief after them."""
    coin, die = (chances[0] for chances in in_context.SOURCES.values())
    belief = in_context.believed(THROWS["1 2 1"])
    one = exact(coin / die)
    return [exact(coin), exact(die), one, exact(belief["coin"] / belief["die"]), exact(belief["coin"]), one]
