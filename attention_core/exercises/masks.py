"""Exercises of the lesson "masks": E18 to E20, a prefix to paint, the mask with 0, and what an appended word changes.

Vocabulary
    hidden    what the mask says 0 to
    blind     a row that may see nothing
    appended  a sentence, and the same with one word more
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attention_core import masks, programs
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, series
from attention_core.exercises.engine import Diagnosis, Exercise, Task, Verdict, not_right, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice, Painted
from attention_core.exercises.slips import (
    BY_D_K,
    BY_D_MODEL,
    BY_ROOT_D_MODEL,
    COLUMNS,
    EXPONENTIAL,
    SCORE,
    TURNED,
    UNMASKED,
    UNSCALED,
    Problem,
    Slip,
    giving,
    programmed,
    reading,
    spread,
    stepped,
)
from attention_core.exercises.typed_code import Case, Code, evaluated
from attention_core.masking import LARGE, NAIVE, same_rows
from attention_core.numerals import exact
from attention_core.programs import SELF_ATTENTION, SOFTMAX, steadied
from attention_core.programs.editing import exchanged, find
from attention_core.rules import Rule, elementwise
from attention_core.trace import Program, run

_LINE = tuple(PAINT.sentence.split())
_WORDS = (("red", "blue", "azure"), ("ball", "cube", "balloon", "apple"), ("hit", "add"))
_PATTERNS = ((0, 1, 2, 0, 1), (0, 1, 2, 1, 0), (1, 2, 0, 1, 2), (0, 1, 0, 1, 2), (1, 0, 1, 2, 0, 1), (0, 2, 1, 0, 1, 2))
_EVERYBODY = programs.masked(SELF_ATTENTION)


def _drawn(rng: np.random.Generator) -> tuple[str, ...]:
    """Words of the paint example, no two alike."""
    pools = [list(rng.permutation(pool)) for pool in _WORDS]
    return tuple(str(pools[part].pop()) for part in _PATTERNS[int(rng.integers(len(_PATTERNS)))])


def _given(tokens: Sequence[str], factor: int = 3):
    """The paint example for these words, in which a match counts `factor` times as much as anything else."""
    given, labels = PAINT.given(tokens)
    given["w_q"] = np.where(given["w_q"] > 0, np.log(factor) / given["scale"], 0.0)
    return given, labels


def _factor(rng: np.random.Generator) -> int:
    return int(rng.choice([2, 3, 4, 5]))


def _quoted(tokens: tuple[str, ...]) -> str:
    return f"“{' '.join(tokens)}”"


# --- E18, and a prefix: masks to paint -------------------------------------------------------------------------------


def _mask_slip(name: str, when: str, make) -> Slip:
    return Slip(name, when, "mask", giving(mask=lambda given: make(given["mask"])))


_TRANSPOSED = _mask_slip(
    "transposed", "each word sees itself and what comes after it: a row belongs to the query, who looks", np.transpose
)
_INVERTED = _mask_slip("inverted", "what may be seen is hidden, and what is hidden may be seen", np.logical_not)
_WITHOUT_ITSELF = _mask_slip(
    "without itself", "no word may see itself", lambda mask: mask & ~np.eye(len(mask), dtype=bool)
)
_EVERYTHING = _mask_slip("everything", "every word may see every other", np.ones_like)
_NOTHING = _mask_slip("nothing painted", "no word may see anything, not even itself", np.zeros_like)
_CAUSAL_SLIPS = (_TRANSPOSED, _INVERTED, _WITHOUT_ITSELF, _EVERYTHING, _NOTHING)


def _sees(mask: np.ndarray, tokens: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        f"“{token}” sees " + ", ".join(f"“{tokens[j]}”" for j in np.flatnonzero(mask[i])) + "."
        for i, token in enumerate(tokens)
    )


def _paint(tokens: tuple[str, ...], mask: masks.Mask, slips: tuple[Slip, ...]) -> tuple[Problem, Any]:
    """The problem, and the trace without a mask that the learner begins with."""
    given, labels = PAINT.given(tokens, causal=False)
    open_trace = run(_EVERYBODY, given, labels)
    wanted = {**given, "mask": np.array(mask)}
    return Problem(_EVERYBODY, wanted, labels, (("weights", (0, 0)),), slips), open_trace


def _causal(seed: int) -> Task:
    tokens = _drawn(np.random.default_rng(seed)) if seed else _LINE
    asked, begun = _paint(tokens, masks.causal(len(tokens)), _CAUSAL_SLIPS)
    first, last = tokens[0], tokens[-1]
    return Task(
        prompt=f"Paint the causal mask of {_quoted(tokens)}: each word may see itself and what came before it.",
        accepts=f"A mask of {len(tokens)} rows and as many columns; a row says what one word may see.",
        trace=begun,
        hints=(
            "Go word by word. What has been said when this word is reached?",
            f"“{first}” sees one word: itself. “{last}” sees all.",
            "Each row sees one word more than the row above it: the 1s make a triangle, with the diagonal.",
        ),
        solution=_sees(asked.given["mask"], tokens),
        checker=Painted(asked, "Drawn with words as columns it would be the same mask, mirrored."),
    )


_PLAIN_CAUSAL = _mask_slip(
    "causal",
    "the first words are causal like the rest, and do not see one another",
    lambda mask: np.tri(*mask.shape) > 0,
)


def _shorter(mask: np.ndarray) -> np.ndarray:
    """The prefix mask whose prefix is one word shorter."""
    return np.array(masks.prefix(len(mask), int(mask[0].sum()) - 1))


def _alone(mask: np.ndarray) -> np.ndarray:
    """The first words see one another, and nobody after them sees them."""
    k = int(mask[0].sum())
    own = mask.copy()
    own[k:, :k] = False
    return own


_PREFIX_SLIPS = (
    _PLAIN_CAUSAL, _INVERTED, _EVERYTHING, _NOTHING,
    replace(_TRANSPOSED, when="rows and columns are exchanged: a row belongs to the query, who looks"),
    _mask_slip("one word short", "the prefix is taken to be one word shorter", _shorter),
    _mask_slip("prefix alone", "the words after the prefix do not see it", _alone),
)  # fmt: skip


def _prefix(seed: int) -> Task:
    tokens, k = _LINE, 3
    if seed:
        rng = np.random.default_rng(seed)
        tokens = _drawn(rng)
        k = int(rng.integers(2, len(tokens) - 1))
    asked, begun = _paint(tokens, masks.prefix(len(tokens), k), _PREFIX_SLIPS)
    return Task(
        prompt=f"{_quoted(tokens)}: the first {k} words are a question, and everybody may see them. What follows them "
        "is written word by word, and each word of it sees itself and all before it. Paint the mask.",
        accepts=f"A mask of {len(tokens)} rows and as many columns; a row says what one word may see.",
        trace=begun,
        hints=(
            "Begin with the causal mask. What is added to it?",
            f"The first word sees the whole question: {k} words.",
            f"The first {k} rows see {k} words each; then each row sees one more than the row above it.",
        ),
        solution=_sees(asked.given["mask"], tokens),
        checker=Painted(asked, "The question is read as a whole, the rest is causal."),
    )


# --- E19: no mask, four words ----------------------------------------------------------------------------------------

_CAUSAL = Slip("causal mask", "the words after it are hidden by a causal mask", "mask", programmed(programs.masked))
_BLANKED = Slip(
    "masked with 0", "the words after it are hidden, with 0 instead of −∞", "mask",
    programmed(lambda program: programs.masked_with_zero(programs.masked(program))),
)  # fmt: skip


def _one_more(tokens: tuple[str, ...], factor: int) -> Slip:
    """The word that has not been said yet is counted in the row sum."""
    given, labels = _given(tokens, factor)
    late = run(SELF_ATTENTION, given, labels)["exps"].value[:-1, -1]
    counted = Rule("Σ", lambda axes, exps: exps.sum(axis=1) + late, find(SOFTMAX, "row_sums").rule.write)
    return Slip("one word too many", f"“{tokens[-1]}” is counted, which is not there yet", "words",
                stepped("row_sums", rule=counted), alone=True)  # fmt: skip


def _unmasked(tokens: tuple[str, ...], at: tuple[int, int], factor: int = 3) -> Problem:
    slips = (_CAUSAL, _one_more(tokens, factor), UNSCALED, BY_D_K, BY_ROOT_D_MODEL, BY_D_MODEL, _BLANKED, COLUMNS,
             TURNED, EXPONENTIAL, SCORE)  # fmt: skip
    return Problem(SELF_ATTENTION, *_given(tokens[:-1], factor), (("weights", at),), slips)


def _four_words(seed: int) -> Task:
    def drawn(rng):
        words = _drawn(rng)
        given, _ = PAINT.given(words[:-1])
        looks = (given["x"] @ given["w_q"] @ given["w_k"].T @ given["x"].T) > 0
        cells = [(i, j) for i, j in np.argwhere(looks).tolist() if i < len(looks) - 1]  # a later word is there
        return _unmasked(words, cells[int(rng.integers(len(cells)))], _factor(rng))

    asked = spread(drawn, seed) if seed else _unmasked(_LINE, (1, 0))
    trace, (target,) = asked.right.trace, asked.targets
    query, key = trace["weights"].place(target[1]).values()
    row = target[1][0]
    words = asked.labels["query"]
    match = exact(trace["scaled"].value.max().item())
    return Task(
        prompt=f"Without any mask, and with the weights of the paint example: how much does “{query}” take from "
        f"“{key}” in {_quoted(words)}? Nothing follows these {len(words)} words. A scaled score of a match is "
        f"{match}.",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            f"Without a mask “{query}” sees all {len(words)} words, those after it, too.",
            f"The scaled scores of its row are {series(trace['scaled'].value[row])}.",
            f"The exponentials are {series(trace['exps'].value[row])}. Divide by their sum.",
        ),
        solution=worked(trace, target, ("scaled", "exps", "row_sums", "weights")),
        checker=Numbers(asked),
    )


# --- Masked with 0: the number that comes out ------------------------------------------------------------------------

_PROPERLY = Slip("−∞ after all", "the hidden scores become −∞, as they should: here they are to be 0", "mask",
                 programmed(programs.masked))  # fmt: skip
_LATE = Slip("masked after softmax", "the mask is applied after softmax", "mask", programmed(programs.masked_after),
             reading("weights", "masked_weights"), alone=True)  # fmt: skip
_AT_ALL = replace(UNMASKED, when="the hidden scores stay as they are")
_BLANK: Program = programs.masked_with_zero(programs.masked(SELF_ATTENTION))


def _zeroed(seed: int) -> Task:
    slips = (_PROPERLY, _LATE, _AT_ALL, UNSCALED, BY_D_K, COLUMNS, EXPONENTIAL)

    def drawn(rng):
        given, labels = _given(_drawn(rng), _factor(rng))
        looking = (given["x"] @ given["w_q"]).any(axis=1)
        n = len(looking)
        cells = [(i, j) for i in range(1, n - 1) for j in range(i) if looking[i]]
        return Problem(_BLANK, given, labels, (("weights", cells[int(rng.integers(len(cells)))]),), slips)

    asked = spread(drawn, seed) if seed else Problem(_BLANK, *PAINT.given(_LINE), (("weights", (2, 1)),), slips)
    trace, (target,) = asked.right.trace, asked.targets
    query, key = trace["weights"].place(target[1]).values()
    row, n = target[1][0], len(asked.labels["query"])
    return Task(
        prompt=f"Somebody hides the later words of {_quoted(asked.labels['query'])} by a causal mask that makes their "
        f"scores 0 instead of −∞. How much does “{query}” take from “{key}” then? A scaled score of a match is "
        f"{exact(trace['scaled'].value.max().item())}.",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "What is e to the power of 0?",
            f"{n - 1 - row} words of the row of “{query}” are hidden, and each adds 1 to the sum.",
            f"The exponentials of the row are {series(trace['exps'].value[row])}. Divide by their sum.",
        ),
        solution=worked(trace, target, ("masked", "exps", "row_sums", "weights")),
        checker=Numbers(asked),
    )


# --- E20: the row that sees nothing ----------------------------------------------------------------------------------

_SOFTMAX: Program = tuple(step for step in steadied(_EVERYBODY) if step.name in ("masked", *programs.names(SOFTMAX)))
_FIXED = """masked = where(mask, scores, -inf)
top = where(mask, scores, -1e9).max(axis=1, keepdims=True)
exps = where(mask, exp(masked - top), 0)
sums = exps.sum(axis=1, keepdims=True)
exps / where(sums > 0, sums, 1)"""
_STARTS = ("masked = where(mask, scores, -inf)", *NAIVE.splitlines())
_BARE = "\n".join(_STARTS)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def _with_number(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, scores, -LARGE)


_EVEN = Slip("even shares", "a large negative number stands for −∞: a blind row then shares evenly what is hidden",
             "mask", programmed(lambda program: exchanged(program, replace(
                 find(program, "masked"), rule=replace(find(program, "masked").rule, compute=elementwise(_with_number)),
             ))))  # fmt: skip
_ALL_SEEN = Slip("no mask", "the mask is not used", "mask", giving(mask=lambda given: np.ones_like(given["mask"])))
_ITSELF = Slip(
    "the first instead", "a row that may see nothing is made to take all from the first word", "blind",
    giving(mask=lambda given: given["mask"] | (~given["mask"].any(axis=1, keepdims=True)
                                               & (np.arange(given["mask"].shape[1]) == 0))),
)  # fmt: skip
_CODE_SLIPS = (_EVEN, _ALL_SEEN, _ITSELF, COLUMNS)
_ELSEWHERE = Diagnosis("one mask", "It is right for the first mask, and not for every other one.")


@dataclass(frozen=True, eq=False)
class _Finite(Code):
    """Code whose result must be finite: NaN is named, with the row where it stands."""

    def wrong(self):
        yield from super().wrong()
        yield "NaN", _BARE

    def check(self, answer: Any) -> Verdict:
        for case in self.cases:
            value, _ = evaluated(str(answer), case.given, self.lines)
            if value is None or value.shape != case.given["mask"].shape:
                break
            rows = np.flatnonzero(~np.isfinite(value).all(axis=1)).tolist()
            if rows:
                sees = case.given["mask"][rows[0]].any()
                which = "though it sees something" if sees else "the row that may see nothing"
                found = Diagnosis("NaN", f"NaN or infinity stands in the {_ORDINALS[rows[0]]} row: {which}.")
                return Verdict(False, not_right((found,)), (found,))
        return super().check(answer)


def _blind_case(rng: np.random.Generator, n_q: int, n_k: int, blind: tuple[int, ...]) -> Case:
    scores, mask = rng.normal(size=(n_q, n_k)), rng.random((n_q, n_k)) < 0.6
    mask[:, int(rng.integers(n_k))] = True
    mask[list(blind)] = False
    cells = tuple(("weights", at) for at in np.ndindex(n_q, n_k))
    problem = Problem(_SOFTMAX, {"scaled": scores, "mask": mask}, {}, cells, _CODE_SLIPS)
    return Case({"scores": scores, "mask": mask}, problem, _ELSEWHERE)


def _no_number(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    n_q, n_k = (int(x) for x in rng.choice([3, 4, 5, 6], 2, replace=False)) if seed else (3, 4)
    at = int(rng.integers(n_q)) if seed else 1
    cases = (_blind_case(rng, n_q, n_k, (at,)), _blind_case(rng, 5, 3, (0, 4)), _blind_case(rng, 2, 6, ()))
    return Task(
        prompt=f"scores is a table of {n_q} queries and {n_k} keys, a row for each query. mask is as large: 1 "
        f"where a key may be seen, else 0. The {_ORDINALS[at]} query may see no key at all. So this code, in NumPy, "
        "makes NaN in its row. Mend it, in at most 5 lines: the weights of such a row are to be 0, and those of "
        "every other row as they were.",
        accepts="At most 5 lines in the words of NumPy; the value of the last line counts.",
        start=_STARTS,
        hints=(
            "Look at the row that is hidden. What is its maximum, and what is −∞ minus −∞?",
            "where(mask, …, 0) puts an exponential of 0 wherever the mask says no.",
            "Then the sum of that row is 0. Divide by where(sums > 0, sums, 1) instead of by sums.",
        ),
        solution=tuple(_FIXED.splitlines()),
        checker=_Finite(
            cases, "weights", 5, _FIXED,
            {
                "even shares": _BARE.replace("-inf", "-1e9"),
                "no mask": _BARE.replace("where(mask, scores, -inf)", "scores"),
                "the first instead": "seen = mask.sum(axis=1, keepdims=True) > 0\n"
                "first = (1 - seen) * (arange(scores.shape[1]) == 0)\n"
                "exps = where(mask, exp(scores), first)\nexps / exps.sum(axis=1, keepdims=True)",
                "columns": "exps = where(mask, exp(scores), 0)\nsums = exps.sum(axis=0)\n"
                "exps / where(sums > 0, sums, 1)",
            },
        ),
    )  # fmt: skip


# --- What an appended word changes -----------------------------------------------------------------------------------

_KINDS = {
    "causal": ("a causal mask", lambda n: masks.causal(n)),
    "full": ("no mask", lambda n: masks.full(n)),
    "window": ("a window: each word sees itself, one word before and one after", lambda n: masks.window(n, 1, 1)),
    "prefix": ("a prefix mask: everybody sees the first two words, the rest is causal", lambda n: masks.prefix(n, 2)),
}  # fmt: skip
_CHANGED = ("none of them", "only that of the last", "only that of the first", "all of them")


def _changed_rows(tokens: tuple[str, ...], kind: str) -> np.ndarray:
    """For each earlier row of weights, whether the last word changed it."""
    made = []
    for n in (len(tokens) - 1, len(tokens)):
        given, labels = PAINT.given(tokens[:n])
        made.append(run(_EVERYBODY, {**given, "mask": np.array(_KINDS[kind][1](n))}, labels)["weights"].value)
    return ~same_rows(*made)


def _says(changed: np.ndarray) -> str:
    n = len(changed)
    patterns = {_CHANGED[0]: np.zeros(n, bool), _CHANGED[1]: np.arange(n) == n - 1, _CHANGED[2]: np.arange(n) == 0,
                _CHANGED[3]: np.ones(n, bool)}  # fmt: skip
    (fits,) = (text for text, pattern in patterns.items() if (pattern == changed).all())
    return fits


def _appended(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    tokens, kind = (_drawn(rng), str(rng.choice(list(_KINDS)))) if seed else (_LINE, "full")
    given, labels = PAINT.given(tokens)
    trace = run(_EVERYBODY, {**given, "mask": np.array(_KINDS[kind][1](len(tokens)))}, labels)
    changed = _changed_rows(tokens, kind)
    answer, new = _says(changed), tokens[-1]
    late = trace["weights"].value[:-1, -1]
    why = f"The column of “{new}” holds {series(late)} for the words before it: only a row that takes from it changes."
    return Task(
        prompt=f"{_quoted(tokens[:-1])} becomes {_quoted(tokens)}, with {_KINDS[kind][0]}. Which rows of "
        "weights, of the words before, change?",
        accepts="One of the answers offered.",
        options=_CHANGED,
        hints=(
            f"Who may see “{new}”?",
            "A word that gets a share takes it from all the others of that row. A word that is not seen gets none.",
            f"The row of “{tokens[-2]}” stands just before “{new}”. Does it see what comes next?",
        ),
        solution=(why, f"So the rows that change: {answer}."),
        checker=Choice(
            _CHANGED, answer, why,
            {text: Diagnosis(text, f"{why} So it is: {answer}.") for text in _CHANGED if text != answer},
        ),
    )  # fmt: skip


EXERCISES = (
    Exercise("E18", "masks", "mask", "Paint the causal mask", 1, _causal),
    Exercise("masks-prefix", "masks", "mask", "Paint a prefix mask", 2, _prefix),
    Exercise("E19", "masks", "number", "Four words, no mask", 2, _four_words),
    Exercise("masks-zero", "masks", "number", "Masked with 0", 2, _zeroed),
    Exercise("E20", "masks", "code", "A row that sees nothing", 3, _no_number),
    Exercise("masks-appended", "masks", "choice", "What an appended word changes", 1, _appended),
)
