"""Exercises of the lesson "chatbot debugger": E33 in two parts, and a slip to be named by what it left behind.

Vocabulary
    line     a table of a working; it follows from the one before it, or it does not
    broken   the line into which a slip was put; the lines after it follow from it, and so from a wrong number
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attention_core import dialogue, programs, rules
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Problem, Slip, giving, spread, stepped
from attention_core.numerals import decimal
from attention_core.printed import Printed, of_numbers
from attention_core.trace import Program, run

if TYPE_CHECKING:
    from attention_core.claims import Judgement

_HEAD: Program = programs.unshifted(programs.of_scores(programs.SELF_ATTENTION))
_TO_SUMS: Program = tuple(step for step in _HEAD if step.name in ("exps", "row_sums"))
_STEPS = {"exps": "exponentials", "row_sums": "row sums", "weights": "weights"}
_MADE_FROM = {"exps": "scores", "row_sums": "exps", "weights": "exps"}
_PLACES = 2
_WIDE = "\u2007"  # a space as wide as a digit


# --- E33, the first line ---------------------------------------------------------------------------------------------


def _first_line(seed: int) -> Task:
    if not seed:
        lines = dialogue.LINES[:3]
        titles = [known.title for known in lines]
        about = "A chatbot was given vectors of “the cat sat on the mat”, and printed, one after the other:"
        follows = _at_worst("They do not follow from the vectors", dialogue.judged()[dialogue.first_wrong().name])
        return _choosing(seed, f"{about} {', '.join(titles)} (all in the lesson). Which is the first line that does "
                         "not follow from what stands before it?", titles, titles.index(dialogue.first_wrong().title),
                         follows)  # fmt: skip
    rng = np.random.default_rng(seed)
    while True:
        tables, broken = _working(rng)
        if broken is not None:
            break
    text = "\n\n".join(
        f"{_of(name)}\n{_text(table, 1 if name == 'scores' else _PLACES)}" for name, table in tables.items()
    )
    asked = "Which line is the first that does not follow from the one before it?"
    return _choosing(seed, f"A working, line by line, rounded to {_PLACES} decimals:\n\n{text}\n\n{asked}",
                     [*_STEPS.values()], [*_STEPS].index(broken), _why(broken, tables))  # fmt: skip


def _why(broken: str, tables: Mapping[str, Printed]) -> str:
    """From what a line does not follow, and where that shows most."""
    from_sums = " and their row sums" if broken == "weights" else ""
    found = _judged(broken, tables[broken], _sources(broken, tables))
    return _at_worst(f"They do not follow from the {_of(_MADE_FROM[broken])}{from_sums}", found)


def _sources(name: str, tables: Mapping[str, Printed]) -> dict[str, Printed]:
    source = _MADE_FROM[name]
    return {source: tables[source]} | ({"row_sums": tables["row_sums"]} if name == "weights" else {})


def _at_worst(says: str, found: "Judgement") -> str:
    """What is said of a line, and its cell that is most off: as it was printed, and as it comes out."""
    printed = found.claim.printed
    off = np.where(found.wrong, np.abs(printed.value - found.expected), -1)
    i, j = np.unravel_index(np.argmax(off), off.shape)
    row = f"“{printed.rows[i]}”" if printed.rows else f"row {i + 1}"
    column = f" and “{printed.columns[j]}”" if printed.columns else f", column {j + 1}" if off.shape[1] > 1 else ""
    was = printed.texts[i][j].replace("-", "−")
    return f"{says}: for {row}{column}, {was} was printed, and {decimal(found.expected[i, j])} comes out"


def _of(name: str) -> str:
    return {"scores": "scores", **_STEPS}[name]


def _text(table: Printed, places: int = _PLACES) -> str:
    """Its numbers, with so many decimals each, one below the other: short ones begin with spaces as wide as digits."""
    rows = [[f"{x:.{places}f}" for x in row] for row in table.value]
    widest = max(len(text) for row in rows for text in row)
    return "\n".join("\u2003".join(text.rjust(widest, _WIDE) for text in row).replace("-", "−") for row in rows)


def _working(rng: np.random.Generator) -> tuple[dict[str, Printed], str | None]:
    """Scores of three words, and what follows, with one slip; None for the broken line where no slip shows."""
    broken = [*_STEPS][int(rng.integers(len(_STEPS)))]
    change = _BREAKS[broken][int(rng.integers(len(_BREAKS[broken])))]
    scores = np.round(rng.normal(0, 1, (3, 3)), 1)
    program = change(_HEAD)
    trace = run(program, {"scores": scores})
    tables = {"scores": of_numbers(scores, 1)}
    tables |= {name: of_numbers(_column(trace[name].value), _PLACES) for name in _STEPS}
    return tables, broken if _first_broken(tables) == broken else None


def _column(x: np.ndarray) -> np.ndarray:
    return x[:, None] if x.ndim == 1 else x


def _judged(kind: str, printed: Printed, sources: Mapping[str, Printed], exact: bool = False) -> "Judgement":
    from attention_core.claims import Claim, judge  # which reads the slips of this package

    return judge(Claim(kind, printed, sources, exact=exact))


def _first_broken(tables: dict[str, Printed]) -> str | None:
    """The first line that its sources do not make, however they were rounded."""
    for name in _MADE_FROM:
        if not _judged(name, tables[name], _sources(name, tables)).right:
            return name
    return None


def _with(name: str, **new) -> Callable[[Program], Program]:
    return lambda program: stepped(name, **new)(program, {})[0]


_BREAKS: dict[str, tuple[Callable[[Program], Program], ...]] = {
    "exps": (_with("exps", rule=replace(rules.exponentiate, compute=lambda axes, x: 2.0**x)),
             _with("exps", rule=replace(rules.exponentiate, compute=lambda axes, x: 1 + x + x * x / 2))),
    "row_sums": (_with("row_sums", axes="query key -> key"), _with("row_sums", rule=rules.maximum)),
    "weights": (_with("weights", axes="query key, key -> query key"),
                _with("weights", rule=rules.subtract)),
}  # fmt: skip


def _choosing(seed: int, prompt: str, titles: list[str], at: int, follows: str) -> Task:
    right = titles[at]
    wrong = {}
    for i, title in enumerate(titles):
        if i > at:
            wrong[title] = Diagnosis(f"later: {title}", f"An earlier line is wrong already: the {right}.")
        elif i < at:
            wrong[title] = Diagnosis(f"earlier: {title}", "That line follows from the one before it. Compute one cell.")
    wrong["none: every line follows"] = Diagnosis("none", "Compute one cell of each line from the line before it.")
    options = (*titles, "none: every line follows")
    return Task(
        prompt=prompt,
        accepts="One of the answers offered.",
        options=options,
        hints=(
            "Begin at the top. Whatever stands in a line is taken as given when the next one is checked.",
            "One cell of each line is enough to find out that it does not follow.",
            "A wrong line makes every later number wrong, even where the later steps are done rightly.",
        ),
        solution=(f"The {right}. {follows}.",),
        checker=Choice(options, right, f"{follows}; the lines after that cannot be right, whatever they do.", wrong),
    )


# --- E33, the row sum ------------------------------------------------------------------------------------------------


def _printed_exps(given) -> np.ndarray:
    """Scores whose exponentials are those that were printed."""
    return np.log(given["printed"])


def _of_copied(given) -> np.ndarray:
    """Scores whose exponentials add up to the row sums that were printed."""
    return np.log(np.broadcast_to(dialogue.ROW_SUMS.value / len(dialogue.WORDS), given["scores"].shape))


_EXACTLY = "A number such as 13.95, correctly rounded to the digits you type: two decimals, for other sums are near."
_COPIED = Slip("the printed sum", "the row sum that was printed is taken over", "source", giving(scores=_of_copied),
               alone=True)  # fmt: skip
_SUM_SLIPS = (
    Slip("the printed exponentials", "the printed exponentials are added up, and some of them are wrong", "source",
         giving(scores=_printed_exps)),
    Slip("the true cosines", "the true cosines are taken, and the question is about the scores that were printed",
         "source", giving(scores=lambda given: given["true"])),
    Slip("no exponential", "the scores are added up themselves, without exp", "exp",
         stepped("row_sums", inputs=("scores",))),
    Slip("a column", "a column is added up instead of the row", "axis", stepped("row_sums", axes="query key -> key")),
    Slip("without itself", "the word itself is left out", "part",
         giving(scores=lambda given: np.where(np.eye(len(given["scores"]), dtype=bool), -40.0, given["scores"]))),
)  # fmt: skip


def _row_sum(seed: int) -> Task:
    def problem(
        scores: np.ndarray, printed: np.ndarray, true: np.ndarray, row: int, words, slips=_SUM_SLIPS
    ) -> Problem:
        given = {"scores": scores, "printed": printed, "true": true}
        return Problem(_TO_SUMS, given, {"query": words, "key": words}, (("row_sums", (row,)),), slips)

    def drawn(rng: np.random.Generator) -> Problem:
        words = ("sun", "sea", "sand", "salt")
        true = np.round(rng.uniform(0.2, 1, (4, 4)), 2)
        scores = np.round(rng.uniform(0.2, 1, (4, 4)), 1)
        printed = np.round(np.exp(scores) * rng.uniform(0.95, 1.05, (4, 4)), 2)
        return problem(scores, printed, true, int(rng.integers(4)), words)

    asked = spread(drawn, seed) if seed else problem(
        dialogue.SCORES.value, dialogue.EXPONENTIALS.value, np.array(dialogue.cosines()), 0, dialogue.WORDS,
        (*_SUM_SLIPS, _COPIED),
    )  # fmt: skip
    (target,) = asked.targets
    row = target[1][0]
    word, scores = asked.labels["query"][row], asked.given["scores"][row]
    listed = ", ".join(decimal(x) for x in scores)
    return Task(
        prompt=f"The scores of “{word}” were printed as {listed}; the exponentials as "
        f"{', '.join(decimal(x) for x in asked.given['printed'][row])}. What is the right sum of the exponentials of "
        "these scores?",
        accepts=_EXACTLY,
        trace=asked.right.trace,
        target=target,
        hints=(
            "Which numbers are given, and which were made from them? Begin at the scores.",
            f"e to the power of {decimal(scores[-1])} is {np.exp(scores[-1]):.3f}. Were the exponentials printed so?",
            "Take exp of each score, then add up.",
        ),
        solution=worked(asked.right.trace, target, ("exps", "row_sums")),
        checker=Numbers(asked, strict=True),
    )


# --- The trace of a slip ---------------------------------------------------------------------------------------------

_LEFT = {
    "softmax ran over columns": "COLUMNS",
    "the exponentials were not divided": "UNDIVIDED",
    "no exponential was taken": "NO_EXP",
    "each was divided by the largest": "BY_LARGEST",
}


def _left_behind(seed: int) -> Task:
    from attention_core.exercises import slips

    rng = np.random.default_rng([33, seed])
    says = [*_LEFT]
    right = says[seed % len(says)]
    while True:
        scores = np.round(rng.uniform(0.2, 2, (3, 3)), 1)
        made = {one: _printed_weights(getattr(slips, _LEFT[one]), scores) for one in says}
        found = _judged("weights", made[right], {"scores": of_numbers(scores, 1)}, exact=True)
        if [one.name for one in found.explanations] == [getattr(slips, _LEFT[right]).name]:
            break
    table, true = made[right], run(_HEAD, {"scores": scores})
    sums = ", ".join(f"{x:.{_PLACES}f}" for x in table.value.sum(axis=1))
    first = ", ".join(f"{x:.{_PLACES}f}" for x in true["exps"].value[0])
    wrong = {one: Diagnosis(one, f"Then the first number would be {_first(made[one])}, and it is "
                                 f"{_first(table)}.") for one in says if one != right}  # fmt: skip
    return Task(
        prompt=f"From the scores\n{_text(of_numbers(scores, 1), 1)}\n\nthese were made, and called weights:\n"
        f"{_text(table)}\n\nWhat went wrong?",
        accepts="One of the answers offered.",
        options=tuple(says),
        trace=true,
        hints=(
            f"Rows of weights add up to 1. These add up to {sums}.",
            "Do the columns add up to 1? Is the largest of each row 1? Are the numbers above 1?",
            f"Compare with the exponentials. Their first row is {first}, rounded.",
        ),
        solution=(f"{right[0].upper()}{right[1:]}: then the first number is {_first(table)}, as printed.",),
        checker=Choice(tuple(says), right, f"The first number is then {_first(table)}, as printed.", wrong),
    )


def _first(table: Printed) -> str:
    return f"{table.value[0, 0]:.{_PLACES}f}"


def _printed_weights(slip: Slip, scores: np.ndarray) -> Printed:
    program, given = slip.change(_HEAD, {"scores": scores})
    return of_numbers(run(tuple(program), given)["weights"].value, _PLACES)


EXERCISES = (
    Exercise("E33", "debugger", "choice", "The first wrong line", 1, _first_line),
    Exercise("row_sum_again", "debugger", "number", "The right row sum", 2, _row_sum),
    Exercise("left_behind", "debugger", "choice", "What went wrong?", 2, _left_behind, own=True),
)
