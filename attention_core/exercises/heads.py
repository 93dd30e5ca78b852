"""Exercises of the lesson on several heads: E23, E24, sums over heads, a head left out, rows of W_O, groups of heads.

Vocabulary
    content, previous   the two heads of the lesson, 1 and 2: by what words are, and by a bias for the word before
    factor              how many times as much the word before counts in head 2
    own rows            the rows of W_O that belong to one head
"""

from dataclasses import replace
from math import log

import numpy as np

from attention_core import programs, rules
from attention_core.benches import BENCHES
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, logarithm, series
from attention_core.exercises.arithmetic import REMAINDER, WHOLE_TIMES, number, scalar
from attention_core.exercises.engine import Diagnosis, Exercise, Task, equation
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.slips import Problem, Slip, giving, programmed, reading, spread, stepped
from attention_core.exercises.typed_code import Case, Code
from attention_core.numerals import exact
from attention_core.programs.editing import find, without_stage
from attention_core.trace import Program, Step, Trace

# --- E23: concatenated or added up -----------------------------------------------------------------------------------

_TOGETHER: Program = tuple(find(programs.MULTI_HEAD, name) for name in ("concat", "projected"))
_ADDED = "d_v = o_1.shape[1]\no_1 @ w_o[:d_v] + o_2 @ w_o[d_v:]"


def _halves(w_o: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return w_o[: len(w_o) // 2], w_o[len(w_o) // 2 :]


def _changed_rows(name: str, when: str, make) -> Slip:
    return Slip(name, when, "rows", giving(w_o=lambda given: make(given["w_o"])))


def _only(head: int):
    return lambda given: given["output"] * (np.arange(2) == head)[:, None, None]


_CODE_SLIPS = (
    _changed_rows("rows exchanged", "each output is multiplied by the other head’s rows of W_O",
                  lambda w_o: np.concatenate(_halves(w_o)[::-1])),
    _changed_rows("first rows for both", "both outputs are multiplied by the rows of head 1, or added before that",
                  lambda w_o: np.concatenate(_halves(w_o)[:1] * 2)),
    _changed_rows("every second row", "the rows of W_O are dealt out in turn: one for head 1, one for head 2",
                  lambda w_o: np.concatenate([w_o[::2], w_o[1::2]])),
    Slip("mean", "the mean of the heads’ parts is taken, and not their sum", "sum",
         giving(output=lambda given: given["output"] / 2)),
    Slip("head 1 only", "only head 1 is counted", "heads", giving(output=_only(0))),
    Slip("head 2 only", "only head 2 is counted", "heads", giving(output=_only(1))),
)  # fmt: skip
_ONE_WIDTH = Diagnosis("one width", "It is right for heads of this width, and not for others: take d_v from o_1.shape.")


def _code_case(rng: np.random.Generator, n: int, d_v: int, d_model: int) -> Case:
    output, w_o = rng.normal(size=(2, n, d_v)), rng.normal(size=(2 * d_v, d_model))
    cells = tuple(("projected", at) for at in np.ndindex(n, d_model))
    problem = Problem(_TOGETHER, {"output": output, "w_o": w_o}, {}, cells, _CODE_SLIPS)
    return Case({"o_1": output[0], "o_2": output[1], "w_o": w_o}, problem, _ONE_WIDTH)


def _sum(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    n, d_v, d_model = (int(x) for x in rng.permutation([3, 4, 5])) if seed else (5, 3, 6)
    cases = (_code_case(rng, n, d_v, d_model), _code_case(rng, n + 1, d_v + 1, d_model), _code_case(rng, 1, 2, 7))
    rows = "o_1 @ w_o[:d_v] + o_2 @ w_o[d_v:]"
    return Task(
        prompt="Two heads have collected o_1 and o_2, both [n, d_v]. W_O stands in one, w_o [2 d_v, d_model], the rows "
        "of head 1 first. Write what both heads add together, [n, d_model], in at most 3 lines, and without laying "
        "the outputs side by side.",
        accepts="At most 3 lines in the words of NumPy, such as d_v = o_1.shape[1]; the value of the last line counts.",
        start=("d_v = o_1.shape[1]",),
        hints=(
            "Each head has rows of its own in W_O. How many?",
            "The first d_v rows are w_o[:d_v]; the others are w_o[d_v:].",
            "o_1 @ w_o[:d_v] is the part of head 1. Add the part of head 2.",
        ),
        solution=tuple(_ADDED.splitlines()),
        checker=Code(
            cases, "projected", 3, _ADDED,
            {
                "rows exchanged": _ADDED.replace(rows, "o_1 @ w_o[d_v:] + o_2 @ w_o[:d_v]"),
                "first rows for both": _ADDED.replace(rows, "(o_1 + o_2) @ w_o[:d_v]"),
                "every second row": _ADDED.replace(rows, "o_1 @ w_o[::2] + o_2 @ w_o[1::2]"),
                "mean": _ADDED.replace(rows, f"({rows}) / 2"),
                "head 1 only": _ADDED.replace(" + o_2 @ w_o[d_v:]", ""),
                "head 2 only": _ADDED.replace("o_1 @ w_o[:d_v] + ", ""),
            },
        ),
    )  # fmt: skip


# --- E24: how many numbers -------------------------------------------------------------------------------------------

_COUNT: Program = (
    scalar("d_head", r"d_\text{head} = d_\text{model} / h", "d_model / heads", ("d_model", "heads"), rules.divide,
           "coordinates of one head", "how many coordinates one head has"),
    scalar("in_matrix", r"d_\text{model} d_\text{head}", "d_model * d_head", ("d_model", "d_head"), rules.times,
           "numbers of one matrix of a head", "how many numbers one matrix of one head has"),
    scalar("in_head", r"4 n", "matrices * in_matrix", ("matrices", "in_matrix"), rules.times,
           "numbers of one head", "how many numbers all matrices of one head have"),
    scalar("in_all", r"h n", "heads * in_head", ("heads", "in_head"), rules.times,
           "numbers of all heads", "how many numbers all matrices of all heads have"),
)  # fmt: skip
_COUNT_SLIPS = (
    Slip("without W_O", "only W_Q, W_K and W_V are counted, and not W_O", "matrices",
         giving(matrices=lambda given: number(3))),
    Slip("one matrix", "one of the four matrices is counted", "matrices", giving(matrices=lambda given: number(1))),
    Slip("one head", "only one head is counted", "heads", read=reading("in_all", "in_head")),
    Slip("full width", "each head is taken to be d_model wide, not d_model / h", "width",
         stepped("in_matrix", inputs=("d_model", "d_model"))),
    Slip("d_head by d_head", "a head is taken to read d_head features only: its own slice", "width",
         stepped("in_matrix", inputs=("d_head", "d_head"))),
)  # fmt: skip
_WIDTHS = ((20, 2), (24, 4), (24, 8), (32, 4), (36, 3), (40, 5), (48, 6), (60, 5), (64, 8), (96, 8), (128, 4))


def _parameters(seed: int) -> Task:
    def problem(d_model: int, heads: int) -> Problem:
        given = {"d_model": number(d_model), "heads": number(heads), "matrices": number(4)}
        return Problem(_COUNT, given, {}, (("in_all", ()),), _COUNT_SLIPS)

    d_model, heads = _WIDTHS[int(np.random.default_rng(seed).integers(len(_WIDTHS)))] if seed else (12, 3)
    asked = problem(d_model, heads)
    trace = asked.right.trace
    d_head, one, every = (exact(float(trace[name].value)) for name in ("d_head", "in_matrix", "in_all"))
    return Task(
        prompt=f"A layer has d_model = {d_model} and {heads} heads, each d_model / {heads} wide. How many numbers do "
        "W_Q, W_K, W_V and W_O of all heads have together? (No biases.)",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        hints=(
            f"How wide is one head? Divide {d_model} by {heads}.",
            f"A head’s W_Q has a row for each of {d_model} features and a column for each of its {d_head} coordinates.",
            f"Its W_Q has {d_model} × {d_head} = {one} numbers. So have W_K and W_V, and W_O the other way round. "
            f"Then count {heads} heads.",
        ),
        solution=(
            f"one head: 4 × {d_model} × {d_head} numbers",
            f"{heads} heads: {heads} × 4 × {d_model} × {d_head} = 4 × {d_model} × {d_model} = {every}",
            "h is gone: the number of heads changes nothing",
        ),
        checker=Numbers(asked),
    )


# --- Two heads on a sentence -----------------------------------------------------------------------------------------

_SENTENCES = tuple(tuple(text.split()) for text in (
    PAINT.sentence, "the red ball hit a round blue cube", "blue ball red cube", "a blue cube pushed the red ball",
    "round red apple hit blue box", "small blue ball hit red cube",
))  # fmt: skip
_HEADS = {"head": ("1", "2")}
_FEATURES = tuple(PAINT.features.index(name) for name in ("red", "blue", "round"))
_WHOLE: Program = programs.multi_head(
    programs.unshifted(programs.masked(programs.biased(without_stage(programs.SELF_ATTENTION, "scaled")))),
    summed=True, own=("bias",),
)  # fmt: skip
_HANDED: Program = programs.multi_head(
    tuple(find(programs.HANDED_ON, name) for name in ("v", "output", "projected", "residual")), summed=True
)
_CLOSE = 0.005


def _two_heads(words: tuple[str, ...], factor: int = 9) -> tuple[dict[str, np.ndarray], dict]:
    """What the whole program reads for a sentence, with the weights of the lesson, and this factor in head 2."""
    ours = BENCHES["heads"].set_up(whole=True, together="summed").given
    given, labels = PAINT.given(words)
    n = len(words)
    bias = np.stack([np.zeros((n, n)), log(factor) * np.eye(n, k=-1)])
    kept = {name: ours[name] for name in ("w_q", "w_k", "w_v", "w_o")}
    return {"x": given["x"], "mask": given["mask"], "bias": bias, **kept}, {**labels, **_HEADS}


def _shares(words: tuple[str, ...]) -> tuple[dict[str, np.ndarray], dict]:
    """The same, with the shares of both heads given."""
    given, labels = _two_heads(words)
    cells = (("weights", (0, 0, 0)),)
    weights = Problem(_WHOLE, given, labels, cells).right.trace["weights"].value
    return {"x": given["x"], "weights": weights, **{name: given[name] for name in ("w_v", "w_o")}}, labels


def _scaled_heads(*factors: float):
    return lambda given: given["weights"] * np.array(factors)[:, None, None]


_SUM_SLIPS = (
    Slip("head 1 only", "only head 1 is counted", "heads", giving(weights=_scaled_heads(1, 0))),
    Slip("head 2 only", "only head 2 is counted", "heads", giving(weights=_scaled_heads(0, 1))),
    Slip("mean", "the mean of the heads’ parts is taken, and not their sum", "sum",
         giving(weights=_scaled_heads(0.5, 0.5))),
    Slip("same rows", "head 2 is written back by the rows of W_O that belong to head 1", "rows",
         giving(w_o=lambda given: given["w_o"][[0, 0]])),
    Slip("column", "the shares of a column are taken, instead of those of the word’s own row", "place",
         giving(weights=lambda given: given["weights"].swapaxes(1, 2)), alone=True),
    Slip("with the word", "what the word has itself is counted, too; asked is what the heads add", "residual",
         read=reading("projected", "residual")),
)  # fmt: skip


def _cell(
    trace: Trace, name: str, rng: np.random.Generator, front: tuple[int, ...] = ()
) -> tuple[str, tuple[int, ...]]:
    """A cell of a colour or of round that is not 0, of a word from the second on."""
    value = trace[name].value
    cells = [
        (*front, i, j) for i in range(1, value.shape[-2]) for j in _FEATURES if abs(value[(*front, i, j)]) > _CLOSE
    ]
    return name, cells[int(rng.integers(len(cells)))]


def _added(seed: int) -> Task:
    def drawn(rng) -> Problem:
        given, labels = _shares(_SENTENCES[int(rng.integers(len(_SENTENCES)))])
        target = _cell(Problem(_HANDED, given, labels, (("projected", (0, 0)),)).right.trace, "projected", rng)
        return Problem(_HANDED, given, labels, (target,), _SUM_SLIPS)

    given, labels = _shares(_SENTENCES[0])
    first = Problem(_HANDED, given, labels, (("projected", (4, 4)),), _SUM_SLIPS)
    asked = spread(drawn, seed) if seed else first
    trace, ((_, (i, j)),) = asked.right.trace, asked.targets
    word, feature = trace["projected"].labels[0][i], PAINT.features[j]
    one, other = (exact(float(x)) for x in trace["contributions"].value[:, i, j])
    return Task(
        prompt=f"The sentence is “{_line(asked)}”, with the two heads of this lesson; what each takes is "
        f"shown below, and W_V and W_O are among the given matrices. How much {feature} do both heads add to "
        f"“{word}”, together?",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        shown=("weights",),
        hints=(
            f"Go along the row of “{word}” in each head. Which of these words have {feature}?",
            f"W_V and W_O together hand {feature} over as it is, in both heads. So head 1 adds its shares of the words "
            f"that have {feature}, times how much they have.",
            f"Head 1 adds {one}. Head 2 does the same with its own shares; then add both.",
        ),
        solution=(
            f"head 1 adds {one}",
            f"head 2 adds {other}",
            f"together {equation(trace['projected'].explain((i, j)))}",
        ),
        checker=Numbers(asked),
    )


def _line(asked: Problem) -> str:
    return " ".join(asked.labels["query"])


_LOST = (
    Slip("what is left", "what the other head adds is given: that is what stays", "heads",
         read=lambda target: (target[0], (0, *target[1][1:]))),
    Slip("both heads", "what both heads add is given", "heads",
         read=lambda target: ("projected", target[1][1:])),
    Slip("no bias", "the bias is left out: all words that are seen count the same", "bias",
         giving(bias=lambda given: np.zeros_like(given["bias"]))),
    Slip("no mask", "words that come after it are counted, too", "mask",
         giving(mask=lambda given: np.ones_like(given["mask"]))),
    Slip("bias on itself", "the bias is given to the word itself, and not to the one before it", "bias",
         giving(bias=lambda given: np.roll(given["bias"], 1, axis=2))),
    Slip("not normalised", "the exponentials are used as they are, not divided by their sum", "share",
         programmed(lambda program: tuple(_undivided(step) if step.name == "weights" else step for step in program))),
)  # fmt: skip


def _undivided(step: Step) -> Step:
    return replace(step, inputs=("exps",), axes="head query key -> head query key", rule=rules.total)


def _pruned(seed: int) -> Task:
    def drawn(rng) -> Problem:
        words = _SENTENCES[int(rng.integers(len(_SENTENCES)))]
        given, labels = _two_heads(words, int(rng.choice([3, 5, 7, 9])))
        plain = Problem(_WHOLE, given, labels, (("contributions", (1, 0, 0)),))
        return Problem(_WHOLE, given, labels, (_cell(plain.right.trace, "contributions", rng, (1,)),), _LOST)

    given, labels = _two_heads(_SENTENCES[0])
    asked = spread(drawn, seed) if seed else Problem(_WHOLE, given, labels, (("contributions", (1, 4, 4)),), _LOST)
    trace, ((_, (_, i, j)),) = asked.right.trace, asked.targets
    word, feature = trace["projected"].labels[0][i], PAINT.features[j]
    exps = trace["exps"].value[1, i]
    return Task(
        prompt=f"In the sentence “{_line(asked)}”, with a causal mask, head 2 asks for nothing: its scores "
        f"are 0, and {logarithm(trace.given['bias'].value.max())} is added for the word before. It hands over "
        f"colour and shape as they are. Head 2 is pruned: 0 takes the place of its output. How much {feature} does "
        f"“{word}” lose?",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        hints=(
            f"Lost is what head 2 adds. What are its exponentials in the row of “{word}”?",
            f"They are {series(exps)}, with 0 for what is hidden. Divide by their sum.",
            f"The sum is {exact(float(exps.sum()))}. Add up the shares of the words that have {feature}, times how "
            "much they have.",
        ),
        solution=(
            f"exponentials of head 2 in the row of “{word}”: {series(exps)}; their sum is {exact(float(exps.sum()))}",
            f"{feature} of the words: {series(trace.given['x'].value[:, j])}",
            f"head 2 adds {exact(float(trace['contributions'].value[1, i, j]))}, and that is lost",
        ),
        checker=Numbers(asked),
    )  # fmt: skip


# --- Whose row, which group ------------------------------------------------------------------------------------------

_ROWS: Program = (
    scalar("before", "j - 1", "head - one", ("head", "one"), rules.subtract, "heads before it",
           "how many heads stand before this one"),
    scalar("first", "(j - 1) d_v", "before * d_v", ("before", "d_v"), rules.times, "first row",
           "the first row of W_O that belongs to this head"),
)  # fmt: skip
_ROW_SLIPS = (
    Slip("one head too far", "the rows of this head itself are skipped as well", "before",
         stepped("first", inputs=("head", "d_v"))),
    Slip("d_model rows", "each head is taken to have as many rows as X has columns", "width",
         stepped("first", inputs=("before", "d_model"))),
    Slip("dealt out in turn", "the rows are dealt out in turn: the first to head 1, the next to head 2, and so on",
         "order", read=reading("first", "before")),
    Slip("counted from 1", "the rows are counted from 1", "count",
         programmed(lambda program: (*program[:-1], *_shifted(program[-1])))),
)  # fmt: skip


def _shifted(step: Step) -> Program:
    """The row counted from 1: one more."""
    again = replace(step, name="first", inputs=("rows_before", "one"), rule=rules.add, code="first = rows_before + one")
    return replace(step, name="rows_before", code=step.code.replace("first", "rows_before")), again


def _rows(seed: int) -> Task:
    def problem(head: int, heads: int, d_v: int, d_model: int) -> Problem:
        given = {"head": number(head), "one": number(1), "d_v": number(d_v), "d_model": number(d_model),
                 "heads": number(heads)}  # fmt: skip
        return Problem(_ROWS, given, {}, (("first", ()),), _ROW_SLIPS)

    def drawn(rng):
        heads, d_v = int(rng.integers(3, 9)), int(rng.choice([4, 5, 8, 16, 32, 64]))
        return problem(int(rng.integers(2, heads + 1)), heads, d_v, heads * d_v)

    asked = spread(drawn, seed) if seed else problem(2, 2, 3, 6)
    head, heads, d_v, d_model = (int(asked.given[name]) for name in ("head", "heads", "d_v", "d_model"))
    first = int(asked.right.trace["first"].value)
    return Task(
        prompt=f"A layer has {heads} heads with d_v = {d_v}, and d_model = {d_model}. Their outputs are laid side by "
        f"side, and W_O has {heads * d_v} rows. What is the number of the first row of W_O that belongs to head "
        f"{head}? Heads are counted from 1, rows from 0.",
        accepts=ACCEPTS,
        trace=asked.right.trace,
        target=asked.targets[0],
        hints=(
            "A row of W_O belongs to the head whose column of H it meets.",
            f"Each head has {d_v} columns of H. How many columns stand before those of head {head}?",
            f"Before head {head} there {'is 1 head' if head == 2 else f'are {head - 1} heads'}, with {d_v} rows each.",
        ),
        solution=(
            f"rows before those of head {head}: {head - 1} × {d_v} = {first}",
            f"head {head} has the rows {first} to {first + d_v - 1}: w_o[{first}:{first + d_v}]",
        ),
        checker=Numbers(asked),
    )


_GROUPS: Program = (
    scalar("per_group", "h / g", "heads / groups", ("heads", "groups"), rules.divide, "heads in a group",
           "how many query heads share keys and values"),
    scalar("before", "j - 1", "head - one", ("head", "one"), rules.subtract, "heads before it",
           "how many query heads stand before this one"),
    scalar("passed", r"\text{whole times}", "before // per_group", ("before", "per_group"), WHOLE_TIMES,
           "full groups before it", "how many groups are full before this head"),
    scalar("group", "g + 1", "passed + one", ("passed", "one"), rules.add, "group", "the group of this head"),
)  # fmt: skip
_GROUP_SLIPS = (
    Slip("counted from 0", "the groups are counted from 0", "count", read=reading("group", "passed")),
    Slip("dealt out in turn", "the heads are dealt out in turn: the first to group 1, the next to group 2, and so on",
         "order", stepped("passed", inputs=("before", "groups"), rule=REMAINDER)),
    Slip("groups for heads", "a group is taken to have as many heads as there are groups", "size",
         stepped("passed", inputs=("before", "groups"))),
    Slip("one head too far", "the head itself is counted among those before it", "before",
         stepped("passed", inputs=("head", "per_group"))),
)  # fmt: skip


def _group(seed: int) -> Task:
    def problem(head: int, heads: int, groups: int) -> Problem:
        given = {"head": number(head), "heads": number(heads), "groups": number(groups), "one": number(1)}
        return Problem(_GROUPS, given, {}, (("group", ()),), _GROUP_SLIPS)

    def drawn(rng):
        groups, size = int(rng.choice([2, 4, 8])), int(rng.choice([2, 3, 4, 6]))
        heads = groups * size
        return problem(int(rng.integers(2, heads + 1)), heads, groups)

    asked = spread(drawn, seed) if seed else problem(5, 8, 2)
    head, heads, groups = (int(asked.given[name]) for name in ("head", "heads", "groups"))
    trace = asked.right.trace
    size, group = (int(trace[name].value) for name in ("per_group", "group"))
    return Task(
        prompt=f"A layer has {heads} query heads and {groups} heads of keys and values: {groups} groups of "
        f"neighbouring query heads, each of which shares one. Which group does query head {head} belong to? Heads and "
        "groups are counted from 1.",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        hints=(
            f"How many query heads are in a group? Divide {heads} by {groups}.",
            f"A group has {size} query heads: 1 to {size} are in group 1. Which are in group 2?",
            f"Group {group} has the query heads {(group - 1) * size + 1} to {group * size}.",
        ),
        solution=(
            f"heads in a group: {heads} / {groups} = {size}",
            f"query heads {(group - 1) * size + 1} to {group * size} are in group {group}",
        ),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("heads-added", "heads", "number", "What two heads add", 1, _added),
    Exercise("E23", "heads", "code", "Add up instead of concatenating", 2, _sum),
    Exercise("heads-rows", "heads", "number", "Whose row of W_O?", 1, _rows),
    Exercise("E24", "heads", "number", "How many numbers have all heads?", 1, _parameters),
    Exercise("heads-pruned", "heads", "number", "What is lost without a head", 2, _pruned),
    Exercise("heads-group", "heads", "number", "Which group of heads?", 1, _group),
)
