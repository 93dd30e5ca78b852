"""The controls, figures and tables of the lesson on costs: above the matrices, and in its sections on scores.

What stands right above the matrices follows them, whatever is typed. The other tables are about our numbers or about
known models; they follow the controls.

Vocabulary
    view      which matrices are drawn: the setting "show"
    facts     sentences about the matrices as they stand
    n         how many tokens the tables of this page are about: one control for all of them
    shape     that of GPT-3, whose numbers are published
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from attention_core import costs, programs, run, savings
from attention_core.benches import Value
from attention_core.benches.cost import EXPERTS, GROUPS, LENGTHS, PLAIN, TILES, WORDS, projected
from attention_core.costs import MACHINES, MODELS, sized
from attention_core.handmade import HEADS
from attention_core.numerals import decimal
from attention_core.savings import MEASURED, MEASURED_BY, PATTERNS
from attention_ui.board import matrix_board
from attention_ui.controls import display, setting_choice, setting_switch
from attention_ui.document import Head, compute
from attention_ui.plots import Axes, curve
from attention_ui.readings import Worked, chosen, listed_words, shown, worked
from attention_ui.session import set_setting, visit
from attention_ui.tables import text_table
from attention_ui.teach import WIDTH as BROAD

VIEWS = {
    "tiles": "tile by tile", "mask": "under a mask", "state": "as a state", "lora": "LoRA", "bits": "fewer bits",
    "experts": "experts",
}  # fmt: skip
PATTERN_NAMES = {name: pattern.title for name, pattern in PATTERNS.items()}
SHAPE = MODELS["GPT-3 175B"].config
WIDTH = SHAPE.d_model
_N_NAMES = {5: "5", 2048: "2,048", 100_000: "100,000", 1_000_000: "a million", 100_000_000: "100 million"}
RED, _BALL, _CUBE = 0, 1, 4
_SAME = 1e-12  # how far two ways of computing the same may differ by rounding
_FLOAT, _HALF = 4, 2  # bytes of a number


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on the page."""
    st.html(text_table(caption, header, rows))


def large(count: float) -> str:
    """A count as a table has it: 12,288, or 1.5·10¹⁴ where nobody would read the digits."""
    return f"{count:,.0f}" if count < 10**12 else decimal(float(count)).removeprefix("1.0·")


def share_of(part: float, whole: float) -> str:
    """A part in percent of the whole."""
    return f"{100 * part / whole:.2g} %" if part < whole else "100 %"


# --- Above the matrices ----------------------------------------------------------------------------------------------


def board(setting: str) -> None:
    """What the sentences are about; which matrices are drawn; how; the matrices, with facts about them above."""
    st.caption("The sentences are about our numbers. What stands right above the matrices follows what you change.")
    setting_choice(setting, "What is drawn", VIEWS)
    display()
    matrix_board(_facts)


def drawn(view: str) -> None:
    """While other matrices are drawn above: a button that draws those of this view; else that they are there."""
    if chosen("show") != view:
        name = f"Draw “{VIEWS[view]}” above"
        st.button(name, key=f"cost.draw.{view}", on_click=set_setting, kwargs={"show": view})
    else:
        st.caption(f"“{VIEWS[view]}” is drawn above, at the top of the page.")


def _facts() -> None:
    document = visit().document
    head = compute(document)
    st.markdown(_FACTS[document.setting("show")](head))


def _tiles(head: Head) -> str:
    tile = head.document.setting("tile")
    given = {name: head.matrix(name).value for name in ("q_scaled", "k", "values")}
    plain = run(PLAIN, given)["output"].value
    gap = float(np.abs(head.matrix("output").value - plain).max())
    n = len(WORDS)
    return (
        f"Scores in memory at once: {n * min(tile, n)} of {n * n}. Largest difference of O from that of the head "
        f"computed all at once: {'0' if gap <= _SAME else decimal(gap)}."
    )


def _mask(head: Head) -> str:
    mask = head.matrix("mask").value
    row = {word: shown(x) for word, x in zip(WORDS, head.matrix("weights").value[_CUBE].tolist(), strict=True) if x}
    takes = listed_words([f"{share} from {word}" for word, share in row.items()]) if row else "nothing"
    return f"M lets {int(mask.sum())} of {mask.size} pairs see each other. *cube* takes {takes}."


def _state(head: Head) -> str:
    d_k, d_v = head.matrix("k").value.shape[1], head.matrix("values").value.shape[1]
    n = len(head.matrix("k").value)
    return (
        f"After each of the {n} words the state F has {d_k} × {d_v} = {savings.state_numbers(d_k, d_v)} numbers. Keys "
        f"and values of {n} words are {savings.cache_numbers(n, d_k, d_v)}, and {d_k + d_v} more with each word."
    )


def _lora(head: Head) -> str:
    w_q, first, second = (head.matrix(name).value for name in ("w_q", "lora_a", "lora_b"))
    return (
        f"Numbers in W_Q: {w_q.size}. To train: {first.size + second.size}, in W_A and W_B. ΔW has rank "
        f"{programs.rank(head.matrix('change').value)}."
    ).replace("_", r"\_")


def _bits(head: Head) -> str:
    worst = float(np.abs(head.matrix("error").value).max())
    half = abs(head.matrix("spacing").value.item()) / 2
    return f"Largest error, by size: {shown(worst)}. Half the spacing: {shown(half)}. No error is larger than that."


def _experts(head: Head) -> str:
    gates = head.matrix("gates").value
    busy = [f"{name}: {int(count)}" for name, count in zip(EXPERTS, (gates > 0).sum(axis=0), strict=True)]
    return f"Gates of each word add up to 1. Words that each expert works on: {', '.join(busy)}."


_FACTS = {"tiles": _tiles, "mask": _mask, "state": _state, "lora": _lora, "bits": _bits, "experts": _experts}


def ours(**settings: Value) -> Worked:
    """The bench with our numbers and these settings."""
    return worked("cost", **settings)


# --- N times N -------------------------------------------------------------------------------------------------------


def growth(setting: str) -> None:
    """What all scores of a text take, and which machine holds them; and the length that the tables below are about."""
    rows = []
    for n in LENGTHS:
        taken = costs.score_bytes(SHAPE, n)
        made = 2 * costs.score_cells(n) * SHAPE.key_width
        rows.append((_N_NAMES[n], large(costs.score_cells(n)), large(made), sized(taken["head"]), holder(taken["head"]),
                     sized(taken["total"])))  # fmt: skip
    header = ("tokens N", "scores of one head", "multiply-adds of one head", f"bytes, {_FLOAT} a score",
              "memory that holds them", "bytes, all heads of GPT-3")  # fmt: skip
    table("N tokens, N × N scores", header, rows)
    setting_choice(setting, "Tokens N, in the figure and in tables below", _N_NAMES)
    _over_lengths(chosen(setting))
    with st.expander("The machines, and who published their memory", width=BROAD):
        found = [(name, sized(machine.memory), machine.source) for name, machine in MACHINES.items()]
        table("Memory that processors compute in", ("machine", "memory", "source"), found)
    st.caption(f"Multiply-adds: for scores and mixing, with d_k = d_v = {SHAPE.key_width}, as GPT-3 has them.")


def holder(data_bytes: int) -> str:
    """The smallest of the machines whose memory is enough."""
    return next((name for name, machine in MACHINES.items() if machine.memory >= data_bytes), "none of these")


def _over_lengths(n: int) -> None:
    """Bytes over N on axes of powers of ten, against the memory of the machines."""
    over = sorted({*np.logspace(3, 8, 21).round().astype(int).tolist(), *LENGTHS[1:]})
    lines = {
        "scores of one head": [costs.score_bytes(SHAPE, x)["head"] for x in over],
        "scores of all heads of GPT-3": [costs.score_bytes(SHAPE, x)["total"] for x in over],
        "keys and values of all heads of GPT-3": [costs.kv_cache_bytes(SHAPE, x) for x in over],
    }
    axes = Axes("What a text of N tokens takes, if it is kept", "tokens N", "bytes")
    levels = {name: machine.memory for name, machine in MACHINES.items()
              if name != "one H100"}  # too near to the next one  # fmt: skip
    curve(
        axes,
        over,
        lines,
        key="cost.growth",
        at=n if n >= over[0] else None,
        inks=("weights", "q", "v"),
        levels=levels,
        powers=True,
    )
    if n < over[0]:
        st.caption(f"Left of the figure: {n} tokens. It begins at {over[0]:,}.")


# --- Tiles -----------------------------------------------------------------------------------------------------------


def tiles(tile: str, loud: str) -> None:
    """The size of a tile, and the louder key; what is kept of ball after each tile, with our numbers."""
    drawn("tiles")
    setting_choice(tile, "Keys in a tile, above", {size: str(size) for size in TILES})
    setting_switch(loud, "The key of blue three times as large", "Its score is then larger than any before it.")
    size, louder = chosen(tile), chosen(loud)
    found, rows = ours(tile=size, loud=louder), []
    for i, start in enumerate(range(0, len(WORDS), size), 1):
        words = " ".join(WORDS[start : start + size])
        top, total = (shown(found.number(f"tile{i}.{name}", _BALL)) for name in ("row_max", "row_sums"))
        alpha = shown(found.number(f"tile{i}.correction", _BALL)) if i > 1 else "–"
        rows.append((words, top, alpha, total, found.vector(f"tile{i}.output", _BALL)))
    header = ("after tile", "m, largest", "α, correction", "r, running sum", "O, running output")
    table("What is kept of ball, with our numbers", header, rows)
    st.caption(f"At the end O / r is {found.vector('output', _BALL)}.")


def kernel() -> None:
    """What tiles save and what they do not, for N tokens; and what was measured."""
    n, d = chosen("n"), SHAPE.key_width
    side = min(n, 128)
    whole, kept = n * n + 4 * n * d, savings.kept_by_tiles(n, d, side, side)
    rows = [
        ("multiply-adds", large(2 * n * n * d), large(2 * n * n * d)),
        ("scores at once", sized(n * n * _FLOAT), sized(side * side * _FLOAT)),
        ("with their queries, keys, values, outputs", sized(whole * _FLOAT), sized(kept * _FLOAT)),
    ]
    header = (f"one head, {_N_NAMES[n]} tokens", "all scores stored", f"tiles of {side} queries and {side} keys")
    table("Counted", header, rows)
    st.caption(f"{_FLOAT} bytes a number, {d} numbers a query, a key, a value and an output. Tiles also keep m and r.")
    rows = [(name, f"{at.operations} billion", f"{at.traffic} GB", f"{at.time} ms") for name, at in MEASURED.items()]
    table("Measured, forward and backward", ("", "operations", "read and written", "time"), rows)
    st.caption(f"{MEASURED_BY}. More operations, for the way back makes the scores anew; and still faster.")


# --- Masks -----------------------------------------------------------------------------------------------------------


def painted(setting: str) -> None:
    """The kind of mask; and what each kind costs, for the words above and for N tokens."""
    drawn("mask")
    setting_choice(setting, "Mask above", PATTERN_NAMES)
    st.caption("Or paint: click a cell of M above, and read how many pairs are left.")
    n, few = chosen("n"), len(WORDS)
    rows = []
    for pattern in PATTERNS.values():
        pairs = pattern.priced(n)
        rows.append((pattern.title, str(int(np.asarray(pattern.small(few)).sum())), large(pairs),
                     share_of(pairs, n * n), large(2 * pairs * SHAPE.key_width)))  # fmt: skip
    header = ("mask", f"pairs, {few} words", f"pairs, N = {_N_NAMES[n]}", "of N × N",
              "multiply-adds of one head")  # fmt: skip
    table("What a mask leaves to be computed", header, rows)
    with st.expander("The sizes for long texts, and where they are from", width=BROAD):
        found = [(PATTERNS[name].title, says.format(*PATTERNS[name].published), PATTERNS[name].source)
                 for name, says in _SIZES.items()]  # fmt: skip
        table("Sizes for N tokens; for our words they are small", ("mask", "size", "source"), found)


_SIZES = {
    "window": "{0} keys", "dilated": "{0} keys, every second", "sink": "{0} keys, {1} first",
    "global": "{0} on each side, {1} global", "bigbird": "{0} on each side, {1} global, {2} random",
}  # fmt: skip


def rested(pattern: str) -> dict[str, float]:
    """What cube takes from each word, in the head that rests on the first one, under a kind of mask."""
    head = HEADS["sink"]
    given, labels = head.given(WORDS)
    mask = np.array(PATTERNS[pattern].small(len(WORDS)))
    weights = run(head.program, {**given, "mask": mask}, labels)["weights"].value[_CUBE]
    return dict(zip(WORDS, weights.tolist(), strict=True))


def sinks() -> None:
    """What the last word takes from each, in a head that rests on the first word: with and without that word."""
    rows = [(PATTERN_NAMES[name], *(f"{x:.3f}" if 0 < x < 1 else shown(x) for x in rested(name).values()))
            for name in ("causal", "window", "sink")]  # fmt: skip
    table("What cube takes, resting on the first word", ("mask", *WORDS), rows)


# --- Caches ----------------------------------------------------------------------------------------------------------


def cache(setting: str) -> None:
    """How many groups of heads share keys and values; what grows with a text and what does not, in GPT-3's shape."""
    names = {groups: str(groups) for groups in GROUPS}
    setting_choice(setting, f"Groups of the {SHAPE.n_heads} heads that share keys and values", names)
    config = replace(SHAPE, n_kv_heads=chosen(setting))
    counts = costs.attention_parameters(config)
    maps = SHAPE.n_layers * (counts["w_k"] + counts["w_v"])
    rows = [(_N_NAMES[n], large(maps), sized(costs.kv_cache_bytes(config, n)), holder(costs.kv_cache_bytes(config, n)))
            for n in LENGTHS]  # fmt: skip
    header = ("tokens in the context", "numbers in all W_K and W_V", f"keys and values, {_HALF} bytes a number",
              "memory that holds those")  # fmt: skip
    table(f"GPT-3’s shape, with {config.kv_heads} groups", header, rows)


def dictionary() -> None:
    """What a dictionary of N tokens costs a question of 100, in each of the ways in which it may be handed over."""
    n, asked, learned = chosen("n"), 100, 20
    fresh, after = savings.reading(SHAPE, 0, n + asked), savings.reading(SHAPE, n, asked)
    kept = sized(costs.kv_cache_bytes(SHAPE, n))
    soft = savings.soft_prompt(WIDTH, learned)
    rows = [
        ("read anew each time", large(fresh), "nothing", "all of it"),
        ("prefix caching", large(after), kept, "all of it, read once"),
        ("soft prompt", large(savings.reading(SHAPE, learned, asked)),
         f"{learned} vectors, {large(soft)} numbers", "what training put into them"),
    ]  # fmt: skip
    header = ("", "multiply-adds for a question", "kept between questions", "what can be looked at")
    table(f"A dictionary of {_N_NAMES[n]} tokens, a question of {asked}", header, rows)


# --- States ----------------------------------------------------------------------------------------------------------


def state() -> None:
    """What is kept after N tokens, as a cache and as a state; and how the shares of hit differ."""
    drawn("state")
    d = SHAPE.key_width
    rows = [(_N_NAMES[n], large(savings.cache_numbers(n, d, d)), large(savings.state_numbers(d, d, True)))
            for n in LENGTHS]  # fmt: skip
    table(f"Numbers that one head of d_k = d_v = {d} keeps", ("tokens", "keys and values", "state"), rows)
    rows = [(name, *(shown(x) for x in row)) for name, row in shared_out().items()]
    table("What hit takes, with our numbers, causal", ("", *WORDS[:3]), rows)
    st.caption("Made positive: coordinates x become x + 1 above 0 and e to the x below; shares are divided by their "
               f"sum (Katharopoulos et al. 2020). For that a state keeps the sum of all keys, too: {d} numbers beside "
               f"the {d} × {d} of F. Above, the scores themselves are taken of each value.")  # fmt: skip


def shared_out() -> Mapping[str, list[float]]:
    """The weights of hit over red, ball and hit: of softmax, and of linear attention with a feature map."""
    q, k, values = projected().values()
    three = {"q": q[:3], "k": k[:3], "v": values[:3], "mask": np.tri(3, dtype=bool), "scale": np.array(1.0)}
    found = {}
    for name, program in (("softmax", programs.masked(programs.SELF_ATTENTION)),
                          ("linear, made positive", programs.linear(hides=True))):  # fmt: skip
        inner = tuple(step for step in program if step.name not in ("q", "k", "v", "projected", "residual"))
        found[name] = run(inner, three)["weights"].value[2].tolist()
    return found
