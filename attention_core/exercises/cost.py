"""Exercises of the lesson on costs: E31 and E32, a late tile, the pairs of a window, a cache, and a change of low rank.

Vocabulary
    TB       10¹² bytes, GB 10⁹, as makers of memory count; in powers of 1024 they would be 10 and 7 % larger
    window   a causal one of w: a word sees itself and the w − 1 words before it
    global   a word that sees all and is seen by all
"""

from dataclasses import replace

import numpy as np

from attention_core import masks, programs, rules
from attention_core.costs import MODELS
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, COUNTS, logarithm, series
from attention_core.exercises.arithmetic import number, scalar
from attention_core.exercises.engine import Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Painted
from attention_core.exercises.slips import Problem, Slip, giving, programmed, spread, stepped
from attention_core.numerals import exact
from attention_core.programs.editing import exchanged, find
from attention_core.rules import Axes, Rule
from attention_core.trace import Program, run

_SHAPE = MODELS["GPT-3 175B"].config
_TERA, _GIGA = 1e12, 1e9
_PLAIN = ACCEPTS + " No commas."


def _known(**numbers: float) -> dict[str, np.ndarray]:
    return {name: number(x) for name, x in numbers.items()}


def _int(problem: Problem, name: str) -> int:
    """A number that is given, or was rightly made."""
    found = problem.given[name] if name in problem.given else problem.right.trace[name].value
    return round(found.item())


# --- E31: the scores of a long text ----------------------------------------------------------------------------------

_STORED: Program = (
    scalar("pairs", r"N^2", "pairs = n * n", ("n", "n"), rules.times, "scores", "each word with each"),
    scalar("taken", r"N^2 b", "taken = pairs * size", ("pairs", "size"), rules.times, "bytes", "what all scores take"),
    scalar("terabytes", r"N^2 b / 10^{12}", "terabytes = taken / unit", ("taken", "unit"), rules.divide, "TB",
           "what all scores take, in TB"),
)  # fmt: skip
_CLAIMED = 1000.0  # a chatbot gave 10¹³ scores for 10⁸ words: a thousandth of them
_STORED_SLIPS = (
    Slip("three zeros lost", "a thousandth of the scores is counted, as a chatbot did, or PB are given for TB", "zeros",
         giving(unit=lambda given: given["unit"] * _CLAIMED), alone=True),
    Slip("the chatbot’s", "a thousandth of the scores is counted, and in powers of 1024, as a chatbot did", "zeros",
         giving(unit=lambda given: number(2.0**40 * _CLAIMED)), alone=True),
    Slip("N instead of N²", "each word has one score, instead of one with each word", "pairs",
         stepped("pairs", inputs=("n", "one"))),
    Slip("scores, not bytes", "the scores are counted, and not the bytes of each", "size",
         giving(size=lambda given: number(1))),
    Slip("bits, not bytes", "each score is taken to have eight times as many bytes: its bits are counted", "size",
         giving(size=lambda given: 8 * given["size"])),
    Slip("causal half", "only half of the scores are counted: those that a causal mask leaves", "half",
         giving(size=lambda given: given["size"] / 2)),
    Slip("powers of 1024", "a TB is taken to be 1024 to the power of 4 bytes", "unit",
         giving(unit=lambda given: number(2.0**40))),
)  # fmt: skip
_MILLIONS = (1, 2, 3, 4, 5, 8, 10, 20, 30, 40, 50, 80)


def _stored(seed: int) -> Task:
    def problem(millions: float, size: float) -> Problem:
        given = _known(n=millions * 1e6, size=size, unit=_TERA, one=1)
        return Problem(_STORED, given, {}, (("terabytes", ()),), _STORED_SLIPS)

    asked = (
        spread(lambda rng: problem(float(rng.choice(_MILLIONS)), float(rng.choice([4, 8]))), seed)
        if seed
        else problem(100, 4)
    )
    n, size, pairs, taken = (_int(asked, name) for name in ("n", "size", "pairs", "taken"))
    zeros = len(str(n)) - len(str(n).rstrip("0"))
    return Task(
        prompt=f"A text has {n:,} tokens. One head stores every score of each with each, {size} "
        f"byte{'s' * (size > 1)} a score. How many TB is that? One TB is a million million bytes, 1 and 12 zeros.",
        accepts=_PLAIN,
        trace=asked.right.trace,
        target=asked.targets[0],
        hints=(
            "Each word has a score with each word. How many scores are that?",
            f"{n:,} has {zeros} zeros, so its square has {2 * zeros}.",
            f"{pairs:,} scores take {taken:,} bytes. Strike 12 zeros.",
        ),
        solution=(
            f"scores: {n:,} × {n:,} = {pairs:,}",
            f"bytes: {pairs:,} × {size} = {taken:,}",
            f"TB: {taken:,} / 1,000,000,000,000 = {taken / _TERA:,.12g}",
        ),
        checker=Numbers(asked),
    )


# --- E32: a window and one global word -------------------------------------------------------------------------------

_WIDTH = 3
_LINE = tuple(PAINT.sentence.split())
_LONG = (*_LINE, "and", "balloon")
_EVERYBODY = programs.masked(programs.SELF_ATTENTION)


def _wanted(n: int, at: int, width: int = _WIDTH) -> np.ndarray:
    return np.array(masks.window(n, width - 1, 0) | masks.global_tokens(n, [at]))


def _mask_slips(n: int, at: int) -> tuple[Slip, ...]:
    bare, row, column = np.array(masks.window(n, _WIDTH - 1, 0)), np.zeros((n, n), bool), np.zeros((n, n), bool)
    row[at], column[:, at] = True, True
    around = np.array(masks.window(n, _WIDTH - 1, _WIDTH - 1)) | row | column

    def made(name: str, when: str, mask: np.ndarray) -> Slip:
        return Slip(name, when, "mask", giving(mask=lambda given: mask))

    return (
        made("no global word", "no word is global: only the window is painted", bare),
        made("seen, but sees not", "the global word is seen by all, and sees only its window itself", bare | column),
        made("sees, but is not seen", "the global word sees all, and is not seen by all", bare | row),
        made("one word less", "a word sees itself and one word before it", _wanted(n, at, _WIDTH - 1)),
        made("one word more", "a word sees itself and three words before it", _wanted(n, at, _WIDTH + 1)),
        made("both sides", "a word sees two words on each side", around),
        made("transposed", "rows and columns are exchanged: a row belongs to the word that looks", _wanted(n, at).T),
        made("causal", "every word sees all words before it", np.array(masks.causal(n)) | row | column),
    )


def _paint(seed: int) -> Task:
    tokens, at = _LINE, 0
    if seed:
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, len(_LONG) + 1))
        tokens = tuple(str(word) for word in rng.permutation(_LONG)[:n])
        at = int(rng.integers(n - 1))
    n, mask = len(tokens), _wanted(len(tokens), at)
    given, labels = PAINT.given(tokens, causal=False)
    asked = Problem(_EVERYBODY, {**given, "mask": mask}, labels, (("weights", (0, 0)),), _mask_slips(n, at))
    sees = [" ".join(tokens[j] for j in np.flatnonzero(row)) for row in mask]
    return Task(
        prompt=f"“{' '.join(tokens)}”: each word sees itself and the two words before it. Besides, “{tokens[at]}” is "
        "global: it sees all words, and all words see it. Paint the mask.",
        accepts=f"A mask of {n} rows and as many columns; a row says what one word may see.",
        trace=run(_EVERYBODY, given, labels),
        hints=(
            "Begin with the window: three words in each row, fewer at the start.",
            f"“{tokens[at]}” is global: one whole row, for what it sees, and one whole column, for who sees it.",
            f"“{tokens[-1]}” sees: {sees[-1]}.",
        ),
        solution=tuple(f"“{token}” sees: {seen}." for token, seen in zip(tokens, sees, strict=True)),
        checker=Painted(asked, f"{int(mask.sum())} of {mask.size} pairs are left."),
    )


# --- A larger score in a late tile -----------------------------------------------------------------------------------

_TILED: Program = programs.online(4, 2, rest=False, projects=False)


def _unmended(program: Program) -> Program:
    step = find(program, "tile2.row_sums")

    def compute(axes: Axes, before: np.ndarray, exps: np.ndarray) -> np.ndarray:
        return before + exps.sum(axis=1)

    return exchanged(program, replace(
        step, inputs=("tile1.row_sums", "tile2.exps"), axes="query, query tile2 -> query",
        rule=Rule("+ Σ", compute, step.rule.write),
    ))  # fmt: skip


def _first_maximum(program: Program) -> Program:
    """The maximum of the first tile stays: nothing is corrected, and all is relative to it."""
    step = find(program, "tile2.row_max")
    return exchanged(program, replace(
        step, inputs=("tile1.row_max",), axes="query -> query", rule=Rule("=", lambda axes, x: x, lambda x: [x[0]])
    ))  # fmt: skip


def _turned(program: Program) -> Program:
    step = find(program, "tile2.correction")
    return exchanged(program, replace(step, inputs=step.inputs[::-1]))


def _unshifted(program: Program) -> Program:
    step = find(program, "tile2.exps")
    return exchanged(program, replace(
        step, inputs=("tile2.scores",), axes="query tile2 -> query tile2", rule=rules.exponentiate
    ))  # fmt: skip


_TILED_SLIPS = (
    Slip("not corrected", "what tile 1 added up stays as it was, relative to the smaller maximum", "correction",
         programmed(_unmended)),
    Slip("correction upside down", "the sum of tile 1 is multiplied by e to the power of new − old", "correction",
         programmed(_turned)),
    Slip("old maximum", "the maximum of tile 1 is kept, and everything is relative to it", "maximum",
         programmed(_first_maximum), alone=True),
    Slip("not relative", "e to the power of the scores of tile 2 themselves is added, without taking m off", "shift",
         programmed(_unshifted)),
    Slip("tile 2 alone", "what tile 1 added up is forgotten", "correction",
         stepped("tile2.row_sums", inputs=("tile2.exps",), axes="query tile2 -> query", rule=rules.total)),
)  # fmt: skip


def _late(seed: int) -> Task:
    def problem(counts: tuple[int, ...]) -> Problem:
        given = {"q_scaled": np.ones((1, 1)), "k": np.log(np.array(counts, dtype=float))[:, None], "v": np.ones((4, 1))}
        labels = {"query": ("word",), "key": ("first", "second", "third", "fourth")}
        return Problem(_TILED, given, labels, (("tile2.row_sums", (0,)),), _TILED_SLIPS)

    def drawn(rng: np.random.Generator) -> Problem:
        first = rng.choice([2, 3, 4, 5], size=2)
        factor = int(rng.choice([2, 3, 4, 5]))
        return problem((*first, int(first.max()) * factor, int(rng.choice(COUNTS[:5]))))

    asked = spread(drawn, seed) if seed else problem((3, 1, 9, 1))
    trace, target = asked.right.trace, asked.targets[0]
    first, second = (
        [logarithm(float(x)) for x in trace[f"tile{i}.scores"].value[0]] for i in (1, 2)
    )  # fmt: skip
    m, r, alpha = (float(trace[name].value[0]) for name in ("tile1.row_max", "tile1.row_sums", "tile2.correction"))
    return Task(
        prompt=f"A query sees two tiles of two keys. In tile 1 its scaled scores are {' and '.join(first)}: the "
        f"largest is m = {logarithm(m)}, and the running sum r, relative to m, is {exact(r)}. In tile 2 they are "
        f"{' and '.join(second)}. What is r after tile 2?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "Which is the largest score now? Everything is to be relative to that one.",
            f"The correction is e to the power of old m − new m: {exact(alpha)}.",
            f"The exponentials of tile 2, relative to the new m, are {series(trace['tile2.exps'].value)}. Add "
            f"{exact(r)} × {exact(alpha)}.",
        ),
        solution=worked(trace, target, ("tile2.row_max", "tile2.correction", "tile2.exps", "tile2.row_sums")),
        checker=Numbers(asked),
    )


# --- The pairs of a window -------------------------------------------------------------------------------------------

_SEEN: Program = (
    scalar("band", "N w", "band = n * w", ("n", "w"), rules.times, "a full window for each",
           "as if every word saw w words"),
    scalar("before", "w - 1", "before = w - one", ("w", "one"), rules.subtract, "words before",
           "how many words before it a word sees"),
    scalar("square", "w (w - 1)", "square = w * before", ("w", "before"), rules.times, "twice the corner",
           "what the first words miss, twice"),
    scalar("corner", "w (w - 1) / 2", "corner = square / two", ("square", "two"), rules.divide, "the corner",
           "what the first words miss together"),
    scalar("seen_pairs", r"N w - w (w - 1) / 2", "seen_pairs = band - corner", ("band", "corner"), rules.subtract,
           "pairs", "how many pairs see each other"),
)  # fmt: skip
_SEEN_SLIPS = (
    Slip("the start forgotten", "every word is taken to see a full window, the first ones, too", "corner",
         stepped("seen_pairs", inputs=("band", "none"))),
    Slip("twice the corner", "what the first words miss is taken off twice: a triangle is half of a square", "corner",
         stepped("seen_pairs", inputs=("band", "square"))),
    Slip("not itself", "a word is taken to see only words before it, and not itself", "width",
         giving(w=lambda given: given["w"] - 1)),
    Slip("one more", "a word is taken to see itself and as many words before it as the window has", "width",
         giving(w=lambda given: given["w"] + 1)),
    Slip("all before", "there is no window: every word sees itself and all words before it", "width",
         giving(w=lambda given: given["n"]), alone=True),
    Slip("no mask", "every word sees every word", "width",
         programmed(lambda program: exchanged(program, replace(
             find(program, "seen_pairs"), inputs=("n", "n"), rule=rules.times))), alone=True),
)  # fmt: skip


def _pairs(seed: int) -> Task:
    def problem(n: int, w: int) -> Problem:
        given = _known(n=n, w=w, one=1, two=2, none=0)
        return Problem(_SEEN, given, {}, (("seen_pairs", ()),), _SEEN_SLIPS)

    def drawn(rng: np.random.Generator) -> Problem:
        w = int(rng.integers(4, 13))
        return problem(int(rng.integers(w + 3, 4 * w)), w)

    asked = spread(drawn, seed) if seed else problem(20, 8)
    n, w, band, corner, pairs = (_int(asked, name) for name in ("n", "w", "band", "corner", "seen_pairs"))
    return Task(
        prompt=f"A text of {n} words, and a window: each word sees itself and the {w - 1} words before it, as far as "
        "there are any. How many pairs of a word and one that it sees are there?",
        accepts=_PLAIN,
        trace=asked.right.trace,
        target=asked.targets[0],
        hints=(
            "How many words does the last one see, and how many the first?",
            f"If each saw {w}, there would be {n} × {w} = {band} pairs. The first {w - 1} words see fewer.",
            f"The first misses {w - 1}, the next {w - 2}, and so on to 1: together {corner}.",
        ),
        solution=(
            f"{n} × {w} = {band}, if every word saw {w}",
            f"the first words miss {w - 1} + … + 1 = {w} × {w - 1} / 2 = {corner}",
            f"{band} − {corner} = {pairs}; without a mask {n} × {n} = {n * n}",
        ),
        checker=Numbers(asked),
    )  # fmt: skip


# --- A cache ---------------------------------------------------------------------------------------------------------

_CACHED: Program = (
    scalar("of_group", "2 d", "of_group = two * d", ("two", "d"), rules.times, "a key and a value",
           "numbers of one token in one group"),
    scalar("of_layer", "2 d g", "of_layer = of_group * groups", ("of_group", "groups"), rules.times, "of a layer",
           "numbers of one token in one layer"),
    scalar("of_token", "2 d g l", "of_token = of_layer * layers", ("of_layer", "layers"), rules.times, "of a token",
           "numbers of one token in all layers"),
    scalar("bytes_each", "2 d g l b", "bytes_each = of_token * size", ("of_token", "size"), rules.times,
           "bytes of a token", "bytes of one token in all layers"),
    scalar("gigabytes", "2 d g l b N / 10^9", "gigabytes = bytes_each * billions", ("bytes_each", "billions"),
           rules.times, "GB", "GB of all tokens"),
)  # fmt: skip
_CACHED_SLIPS = (
    Slip("keys alone", "the keys are counted, and not the values", "pair", giving(two=lambda given: number(1))),
    Slip("one layer", "one layer is counted", "layers", giving(layers=lambda given: number(1))),
    Slip("every head", "every head is taken to have keys and values of its own, and no group shares them", "groups",
         giving(groups=lambda given: given["heads"])),
    Slip("one group", "one group of heads is counted", "groups", giving(groups=lambda given: number(1))),
    Slip("numbers, not bytes", "the numbers are counted, and not the bytes of each", "size",
         giving(size=lambda given: number(1))),
    Slip("bits, not bytes", "each number is taken to have eight times as many bytes: its bits are counted", "size",
         giving(size=lambda given: 8 * given["size"])),
)  # fmt: skip


def _cache(seed: int) -> Task:
    def problem(n: int, layers: int, heads: int, groups: int, d: int, size: int) -> Problem:
        given = _known(n=n, layers=layers, heads=heads, groups=groups, d=d, size=size, two=2, billions=n / _GIGA)
        return Problem(_CACHED, given, {}, (("gigabytes", ()),), _CACHED_SLIPS)

    def drawn(rng: np.random.Generator) -> Problem:
        groups = int(rng.choice([2, 4, 8]))
        shape = (int(rng.choice([24, 32, 40, 60, 80])), groups * int(rng.choice([3, 4, 5, 6])), groups)
        return problem(int(rng.choice([20, 50, 100, 200, 500])) * 1000, *shape, int(rng.choice([64, 96, 128])),
                       int(rng.choice([1, 2, 4])))  # fmt: skip

    shape = (_SHAPE.n_layers, _SHAPE.n_heads, 8, _SHAPE.key_width, 2)
    asked = spread(drawn, seed) if seed else problem(10**6, *shape)
    names = ("n", "layers", "heads", "groups", "d", "size", "of_layer", "of_token", "bytes_each")
    n, layers, heads, groups, d, size, of_layer, of_token, each = (_int(asked, name) for name in names)
    return Task(
        prompt=f"A model has {layers} layers of {heads} heads. Its heads share keys and values in {groups} groups a "
        f"layer; a key and a value have {d} coordinates each, of {size} byte{'s' * (size > 1)}. How many GB do the "
        f"keys and values of {n:,} tokens take? One GB is 1,000,000,000 bytes.",
        accepts=_PLAIN,
        trace=asked.right.trace,
        target=asked.targets[0],
        hints=(
            "How many numbers does one token leave in one group? A key and a value.",
            f"In one layer a token leaves 2 × {d} × {groups} = {of_layer:,} numbers. Heads of a group share theirs.",
            f"In all layers that makes {of_token:,} numbers, or {each:,} bytes, a token. Times tokens; strike 9 zeros.",
        ),
        solution=(
            f"numbers of a token in a layer: 2 × {d} × {groups} = {of_layer:,}",
            f"in {layers} layers: {of_token:,}, which are {each:,} bytes",
            f"bytes of {n:,} tokens: {each:,} × {n:,} = {each * n:,}",
            f"GB: {each * n:,} / 1,000,000,000 = {each * n / _GIGA:,.12g}",
        ),
        checker=Numbers(asked),
    )


# --- A change of low rank --------------------------------------------------------------------------------------------

_TRAINED: Program = (
    scalar("in_a", "d r", "in_a = rows * rank", ("rows", "rank"), rules.times, "numbers of W_A",
           "as many rows as W, r columns"),
    scalar("in_b", "r d'", "in_b = rank * columns", ("rank", "columns"), rules.times, "numbers of W_B",
           "r rows, as many columns as W"),
    scalar("trained", "r (d + d')", "trained = in_a + in_b", ("in_a", "in_b"), rules.add, "numbers to train",
           "W_A and W_B together"),
)  # fmt: skip
_TRAINED_SLIPS = (
    Slip("W_A alone", "one of the two factors is counted", "count", stepped("trained", inputs=("in_a", "none"))),
    Slip("W_B alone", "only the second factor is counted", "count", stepped("trained", inputs=("none", "in_b"))),
    Slip("W itself", "the whole matrix is trained", "count",
         stepped("trained", inputs=("rows", "columns"), rule=rules.times)),
    Slip("r by r between", "a matrix of r × r is counted between the two", "between",
         programmed(lambda program: exchanged(program, replace(
             find(program, "in_b"), inputs=("rank", "longer"))))),
    Slip("saved, not trained", "the numbers that are spared are given, and not those that are trained", "spared",
         programmed(lambda program: (*program[:-1], scalar(
             "whole", "d d'", "whole = rows * columns", ("rows", "columns"), rules.times, "numbers of W", "W itself"),
             replace(program[-1], name="added"), replace(
                 program[-1], inputs=("whole", "added"), rule=rules.subtract)))),
)  # fmt: skip


def _trained(seed: int) -> Task:
    def problem(rows: int, columns: int, rank: int) -> Problem:
        given = _known(rows=rows, columns=columns, rank=rank, none=0, longer=columns + rank)
        return Problem(_TRAINED, given, {}, (("trained", ()),), _TRAINED_SLIPS)

    def drawn(rng: np.random.Generator) -> Problem:
        rows, columns = (int(x) for x in rng.choice([96, 128, 192, 256, 384, 512, 768], 2, replace=False))
        return problem(rows, columns, int(rng.choice([2, 4, 8, 12, 16])))

    asked = spread(drawn, seed) if seed else problem(_SHAPE.d_model, _SHAPE.d_model, 8)
    rows, columns, rank, first, second, total = (
        _int(asked, name) for name in ("rows", "columns", "rank", "in_a", "in_b", "trained")
    )
    return Task(
        prompt=f"A matrix W of {rows:,} rows and {columns:,} columns stays as it is. LoRA adds a change of rank {rank} "
        "to it, the product of two narrow matrices W_A and W_B. How many numbers are trained?",
        accepts=_PLAIN,
        trace=asked.right.trace,
        target=asked.targets[0],
        hints=(
            "What shapes do W_A and W_B have, if their product is to have that of W?",
            f"W_A has {rows:,} rows and {rank} columns; W_B has {rank} rows and {columns:,} columns.",
            f"W_A has {first:,} cells and W_B {second:,}.",
        ),
        solution=(
            f"W_A: {rows:,} × {rank} = {first:,}",
            f"W_B: {rank} × {columns:,} = {second:,}",
            f"together {total:,}, where W has {rows:,} × {columns:,} = {rows * columns:,}",
        ),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("cost-tiles", "cost", "number", "A larger score in the second tile", 2, _late),
    Exercise("E31", "cost", "number", "All scores of a long text", 1, _stored),
    Exercise("E32", "cost", "mask", "Paint a window and a global word", 2, _paint),
    Exercise("cost-window", "cost", "number", "How many pairs a window leaves", 2, _pairs),
    Exercise("cost-cache", "cost", "number", "How large is the cache?", 2, _cache),
    Exercise("cost-lora", "cost", "number", "What LoRA trains", 1, _trained),
)
