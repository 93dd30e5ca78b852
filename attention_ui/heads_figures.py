"""The controls and tables of the lesson on several heads. Those that say “above” follow the matrices of the board.

Vocabulary
    yours     the matrices of the board as they stand, with the learner's settings and edits
    last      the last word of the sentence, of which our sentences speak: cube
    part      what one head adds to a word: its output times its own rows of W_O
    kept      of a word, for the words to come: its keys and values, in the cache
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from attention_core import costs
from attention_core.benches import Value
from attention_core.benches.heads import D_MODEL, HEADS, INSTEAD, MADE, OUT, TOGETHER, misplaced
from attention_core.costs import Config
from attention_core.examples import PAINT
from attention_ui import ours
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_slider, setting_switch
from attention_ui.document import compute
from attention_ui.lesson import notice
from attention_ui.readings import Worked, chosen, listed_words, shown
from attention_ui.session import set_setting, visit
from attention_ui.tables import text_table
from attention_ui.teach import compare, difference

LAST = -1
_CLOSE = 1e-9
_HANDED_OVER = [PAINT.features.index(feature) for feature in ("red", "blue", "round")]
_BYTES = 2  # of a number in a cache: half precision
_TOKENS = 2048  # as many as GPT-3 reads


def yours(**changes: Value) -> Worked:
    """The board as it stands, or with these settings changed besides."""
    return Worked(compute(visit().document.with_settings(**changes)))


def _row(numbers: np.ndarray) -> str:
    """Numbers as a table has them: (0.41, 1.03, −1)."""
    return f"({', '.join(shown(float(x)) for x in numbers)})"


def _size(x: np.ndarray) -> str:
    """The largest of these sizes; 0 for what only rounding left."""
    most = float(np.abs(x).max())
    return shown(most) if most > _CLOSE else "0"


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    st.html(text_table(caption, header, rows))


def board(sentence: str, whole: str) -> None:
    """What the sentences are about; how the numbers are shown; the matrices; and how they differ from ours."""
    ours.told("The text is about our words and numbers. Tables headed “above” follow what you change.")
    display()
    setting_choice(sentence, "Sentence")
    setting_switch(whole, "Show how each head makes its shares", "From W_Q and W_K on. 1/√d_k is already in W_Q.")
    matrix_board()
    if not yours().head.matrix("v").value.any():
        st.caption("No word here has a colour or a shape, so all values are 0: these heads hand over nothing.")
    _beside()


def _beside() -> None:
    """From whom each word takes most, in one head and in the other."""
    weights = yours().head.matrix("weights")
    heads, words, keys = weights.labels
    rows = [(word, *(_most(keys, row) for row in weights.value[:, i])) for i, word in enumerate(words)]
    header = ("", *(f"in head {i + 1}, {name}" for i, name in enumerate(heads)))
    _table("From whom each word takes most, above", header, rows)


def _most(words: Sequence[str], row: np.ndarray) -> str:
    """The words with the largest share, and the share: “red and blue, 0.33 each”."""
    best = [words[j] for j in np.flatnonzero(row >= row.max() - _CLOSE)]
    share = f"{shown(float(row.max()))}{' each' * (len(best) > 1)}"
    return f"{listed_words(best) if len(best) < 4 else f'{len(best)} words alike'}, {share}"


# --- Putting together, and splitting ---------------------------------------------------------------------------------


def added(setting: str) -> None:
    """How the outputs are put together; what the last word gets of each feature, by parts and by one product."""
    labels = dict(zip(TOGETHER, ("side by side, times W_O", "times their own rows of W_O, then added"), strict=True))
    setting_choice(setting, "Outputs above", labels)
    parts, one = (yours(together=how).head for how in TOGETHER[::-1])
    each, total, product = (of.matrix(name) for of, name in (
        (parts, "contributions"), (parts, "projected"), (one, "projected"),
    ))  # fmt: skip
    word, features = product.labels[0][LAST], product.labels[1]
    rows = [
        (feature, *map(shown, map(float, (*each.value[:, LAST, j], total.value[LAST, j], product.value[LAST, j]))),
         difference(total.value[LAST, j].item(), product.value[LAST, j].item(), shown))
        for j, feature in enumerate(features)
    ]  # fmt: skip
    header = ("", *(f"part of head {i + 1}" for i in range(len(each.value))), "added up", "[O₁, O₂] W_O", "difference")
    _table(f"What is added to {word}, above, both ways", header, rows)
    gap = total.value - product.value
    st.markdown(f"In all {gap.size} cells of Y, the largest difference is {_size(gap)}.")


def split(setting: str) -> None:
    """How values are made; every matrix of the heads by separate matrices, and by a wide one that is split."""
    labels = dict(zip(MADE, ("one matrix for each head", "one wide matrix, split", "shared"), strict=True))
    setting_choice(setting, "W_V above", labels)
    separate, wide = (yours(made=made, whole=True).head for made in MADE[:2])
    rows = []
    for name, called in {"q": "Q", "k": "K", "v": "V", "weights": "A", "residual": "X′"}.items():
        one, other = (head.matrix(name).value for head in (separate, wide))
        rows.append((called, str(one.size), _size(one - other)))
    header = ("", "numbers, both heads together", "largest difference")
    _table("Made by separate matrices, and by a wide matrix that is split", header, rows)


# --- Counting --------------------------------------------------------------------------------------------------------


def attention_of(h: int, d_model: int = D_MODEL) -> Config:
    """A layer of attention alone, cut into h heads. Raises ValueError where h does not divide d_model."""
    return Config(1, d_model, h, 1, 1, attention_biases=False)


def counted(setting: str) -> None:
    """How many heads a width of 12 is cut into; what that changes, against one head."""
    setting_slider(setting, "h: how many heads", step=1)
    h, n = chosen(setting), len(PAINT.sentence.split())
    if D_MODEL % h:
        fits = listed_words([str(i) for i in range(1, D_MODEL + 1) if not D_MODEL % i])
        notice(f"{D_MODEL} coordinates cannot be cut into {h} equal heads. These numbers of heads fit: {fits}.")
        return
    one, many = (_counts(count, n) for count in (1, h))
    compare(
        f"Attention of d_model = {D_MODEL} on {n} words",
        one,
        many,
        ("1 head", "1 head again" if h == 1 else f"{h} heads"),
    )


def _counts(h: int, n: int) -> dict[str, float]:
    config = attention_of(h)
    products = costs.multiply_adds(config, n)
    found = {
        "coordinates of one head, d_head": config.key_width,
        "numbers in W_Q, W_K, W_V and W_O of one head": sum(costs.attention_parameters(config).values()) // h,
        "numbers in those of all heads": sum(costs.attention_parameters(config).values()),
        "products for Q, K, V and Y": products["projections"] + products["w_o"],
        "products for scores and mixing": products["scores"] + products["mixing"],
        "shares of attention": h * costs.score_cells(n),
    }
    return {name: float(count) for name, count in found.items()}


# --- Order, and leaving out ------------------------------------------------------------------------------------------


def ordered(setting: str) -> None:
    """The order of the heads; what changes of X′ with the rows of W_O, and what the last word gets without them."""
    setting_switch(setting, "The heads above change places, each with its rows of W_O")
    here, other = (yours(swapped=swapped).head.matrix("residual") for swapped in (False, True))
    gap = here.value - other.value
    st.markdown(f"Of the {gap.size} cells of X′ above, the largest difference between the two orders is {_size(gap)}.")


def stranded() -> None:
    """What the last word gets when the outputs change places, and the rows of W_O do not."""
    own = MADE[0] if chosen("made") == MADE[2] else chosen("made")  # shared values have the same coordinates
    now = yours(made=own).head
    name = "kept" if now.trace.has("kept") else "output"
    wrong = misplaced(now.matrix(name).value, now.matrix("w_o").value)
    right = now.matrix("projected")
    word = right.labels[0][LAST]
    before, after = ({PAINT.features[j]: of[LAST, j].item() for j in _HANDED_OVER} for of in (right.value, wrong))
    compare(f"What is added to {word}, above", before, after, ("rows of W_O follow", "rows of W_O stay"), shown)


def missing(out: str, instead: str) -> None:
    """Which head is left out, and what stands in its place; what every word has with all heads, and without one."""
    setting_choice(out, "Leave out above", dict(zip(OUT, ("nobody", *HEADS), strict=True)))
    setting_choice(instead, "In its place", dict(zip(INSTEAD, ("0", "its mean over the words"), strict=True)))
    gone = HEADS[1] if chosen(out) == OUT[0] else chosen(out)
    made = [yours(out=OUT[0]), *(yours(out=gone, instead=how) for how in INSTEAD)]
    found = [of.head.matrix("residual") for of in made]
    rows = [
        (word, *(_row(of.value[i, _HANDED_OVER]) for of in found)) for i, word in enumerate(found[0].labels[0])
    ]  # fmt: skip
    whole = found[0].value
    lost = [shown(round(float(np.square(of.value - whole).sum()), 12)) for of in found[1:]]
    header = ("", "both heads", f"without {gone}: 0", f"without {gone}: its mean")
    _table(
        "Red, blue and round of each word after the heads, above",
        header,
        [*rows, ("lost: squares, added up", "", *lost)],
    )


# --- Shared keys and values ------------------------------------------------------------------------------------------


def share(setting: str) -> None:
    """A button that lets both heads of the board share keys and values, or gives each its own again."""
    to, says = (MADE[0], "Give each head its own W_K and W_V again") if chosen(setting) == MADE[2] else (
        MADE[2], "Let the heads above share W_K and W_V")  # fmt: skip
    st.button(says, key="heads.share", on_click=set_setting, kwargs={setting: to})


def cached() -> None:
    """What is kept of keys and values: for our sentence, and for long texts in known models, by how many share."""
    n, d_model = yours().head.matrix("x").value.shape
    heads = replace(attention_of(len(HEADS), d_model), n_kv_heads=1 if chosen("made") == MADE[2] else None)
    rows = [_kept(f"our two heads, as above, {n} words", heads, n)]
    rows += [_kept(f"{name}, {_TOKENS:,} tokens", costs.MODELS[name].config, _TOKENS) for name in
             ("Llama 3 8B", "Llama 2 70B", "GPT-3 175B")]  # fmt: skip
    header = ("", "query heads", "groups as built", "kept as built", "if each head had its own", "if all shared one")
    _table(f"Keys and values that are kept, {_BYTES} bytes a number", header, rows)


def _kept(name: str, config: Config, n: int) -> tuple[str, ...]:
    ways = (config, replace(config, n_kv_heads=config.n_heads), replace(config, n_kv_heads=1))
    sizes = (_bytes(costs.kv_cache_bytes(way, n, bytes_per_number=_BYTES)) for way in ways)
    return name, str(config.n_heads), str(config.kv_heads), *sizes


def _bytes(count: int) -> str:
    """So many bytes, in the unit that fits: 120 B, 268 MB, 9.66 GB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{count / size:.3g}\N{NO-BREAK SPACE}{unit}"
    return f"{count}\N{NO-BREAK SPACE}B"
