"""Exercises of the lesson on W_Q and W_K together: E14 to E16, a cell of the combined weights, and what is symmetric.

Vocabulary
    role     a part of speech: adj, noun or verb, the features that rules are made of
    seeker   the role that looks; sought: the role that it looks for
    match    how many times as much a sought word counts as any other: exp of its score
    boost    how many times as much the word just before counts: exp of its bias
"""

from math import log

import numpy as np

from attention_core import programs
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, alike, typed
from attention_core.exercises.constructions import Construction, Sentence, attending, weighing
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Given, Problem, Slip, Target, giving, spread, turned
from attention_core.numerals import decimal, exact
from attention_core.programs import PROJECT, SCORE, SOFTMAX
from attention_core.trace import Program, run

_ROLES = ("adj", "noun", "verb")  # the first features of a word, in this order
_WORDS = {
    "adj": ("red", "blue", "small", "big", "round", "green"),
    "noun": ("ball", "cube", "car", "box", "apple", "square"),
    "verb": ("hit", "moved", "pushed", "kicked", "rolled", "saw"),
    "other": ("the", "a", "and"),
}
_ONE = {"adj": "adjective", "noun": "noun", "verb": "verb"}
_PLURAL = {role: f"{name}s" for role, name in _ONE.items()}
_HEAD: Program = (*PROJECT[:2], *SCORE, *SOFTMAX)
_NUMBERS = "A number in each cell: 0, 3/4, -2 or 2 ln 3."


def _cells(name: str, rows: range | tuple[int, ...], columns: range | tuple[int, ...]) -> tuple[Target, ...]:
    return tuple((name, (i, j)) for i in rows for j in columns)


def _sentence(words: tuple[str, ...], table: bool = False) -> Sentence:
    """A sentence with no mask, for the weights of the paint example; table: with a bias by distance."""
    given, labels = PAINT.given(words, causal=False)
    program = programs.relative_bias(_HEAD, len(words), len(words)) if table else _HEAD
    return Sentence(words, program, {name: given[name] for name in ("x", "scale")}, {**labels, "distance": _DISTANCES})


def _part(words: tuple[str, ...], at: int) -> str:
    """The role of a word; "" for one that has none."""
    return next((role for role in _ROLES if 0 <= at < len(words) and words[at] in _WORDS[role]), "")


# --- E14: every noun attends to its adjective ------------------------------------------------------------------------

_DISTANCES = ("2 or more before", "1 before", "itself", "1 after", "2 or more after")
_BEFORE, _AFTER = 1, 3
_LEAST, _MATCH, _BOOST = 0.8, 27, 9
_SHOWN = tuple(PAINT.sentence.split())
_HIDDEN = tuple(tuple(text.split()) for text in (
    "red ball", "the blue cube", "a round box moved", "small car hit big box", "the red ball hit a blue cube",
    "ball hit the green apple", "the big car and a small box moved", "a red square pushed and moved blue apple",
))  # fmt: skip
_PATTERNS = (  # s seeks t; f is the third role, o another word
    "t s", "o t s", "t s f t s", "s f t s", "o t s f o t s", "f t s o t s", "o t s f f o t s", "o t s o f o t s",
)  # fmt: skip


def _drawn(rng: np.random.Generator, seeker: str, sought: str) -> tuple[tuple[str, ...], ...]:
    """Eight sentences in which each sought word stands right before a seeker; no word but the others twice."""
    (third,) = {*_ROLES} - {seeker, sought}
    roles = {"s": seeker, "t": sought, "f": third, "o": "other"}
    sentences = []
    for pattern in _PATTERNS:
        pools = {slot: list(rng.permutation(_WORDS[role])) * 3 for slot, role in roles.items()}
        sentences.append(tuple(str(pools[slot].pop(0)) for slot in pattern.split()))
    return tuple(sentences)


def _pairs(seeker: str, sought: str):
    """The cells that are judged: each seeker with a sought word right before it."""
    return lambda sentence: [
        ("weights", (i, i - 1))
        for i in range(1, len(sentence.words))
        if (_part(sentence.words, i), _part(sentence.words, i - 1)) == (seeker, sought)
    ]


def _within_bounds(_start: Given, made: Given) -> Diagnosis | None:
    table = made["table"]
    if table.min() >= 0 and table.max() <= log(_BOOST) * (1 + 1e-9):
        return None
    worst = exact(float(table.max() if table.max() > log(_BOOST) else table.min()))
    return Diagnosis(
        "bias out of bounds",
        f"A bias may lie between 0 and ln {_BOOST} = {decimal(log(_BOOST))}, and yours is {worst}.",
    )


def _rule(seeker: str, sought: str, match: float, boost: float, before: int = _BEFORE) -> Given:
    """Matrices by which seekers look for sought words, which count `match` times, and one neighbour `boost` times."""
    w_q, w_k, table = np.zeros((6, 4)), np.zeros((6, 4)), np.zeros(len(_DISTANCES))
    w_q[_ROLES.index(seeker), 0], w_k[_ROLES.index(sought), 0] = 2 * log(match), 1.0
    table[before] = log(boost)
    return {"w_q": w_q, "w_k": w_k, "table": table}


def _swapped(matrix: np.ndarray, one: int, other: int) -> np.ndarray:
    order = np.arange(len(matrix))
    order[[one, other]] = other, one
    return matrix[order]


def _repairs(seeker: str, sought: str) -> tuple[Slip, ...]:
    s, t = _ROLES.index(seeker), _ROLES.index(sought)

    def boosted(given: Given) -> np.ndarray:
        table = given["table"].copy()
        table[_BEFORE] = log(_BOOST)
        return table

    return (
        Slip("W_Q and W_K exchanged", "W_Q and W_K changed places: a query looks, a key is found", "order",
             giving(w_q=lambda g: g["w_k"], w_k=lambda g: g["w_q"])),
        Slip("the word after", "the biases “1 before” and “1 after” changed places", "bias",
             giving(table=lambda g: _swapped(g["table"], _BEFORE, _AFTER))),
        Slip("no bias", f"the bias “1 before” were ln {_BOOST}: two {_PLURAL[sought]} are alike without it", "bias",
             giving(table=boosted)),
        Slip("scaling forgotten", "W_Q were twice as large: the scores are multiplied by 1/√d_k = 1/2", "scale",
             giving(w_q=lambda g: 2 * g["w_q"])),
        Slip("keys of the seekers", f"the rows {sought} and {seeker} of W_K changed places", "rows",
             giving(w_k=lambda g: _swapped(g["w_k"], s, t))),
        Slip("sign", "W_K had the other sign: a score below 0 keeps a word away", "sign",
             giving(w_k=lambda g: -g["w_k"])),
    )  # fmt: skip


def _misbuilt(seeker: str, sought: str) -> dict[str, Given]:
    """Matrices that show each slip."""
    right = _rule(seeker, sought, _MATCH, _BOOST)
    return {
        "W_Q and W_K exchanged": {**right, "w_q": right["w_k"], "w_k": right["w_q"]},
        "the word after": _rule(seeker, sought, _MATCH, _BOOST, _AFTER),
        "no bias": {**right, "table": np.zeros(len(_DISTANCES))},
        "scaling forgotten": _rule(seeker, sought, 3, _BOOST),
        "keys of the seekers": {**right, "w_k": _rule(seeker, seeker, _MATCH, _BOOST)["w_k"]},
        "sign": {**right, "w_k": -right["w_k"]},
        "bias out of bounds": {**right, "table": right["table"] * 2},
    }


def _build_head(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    seeker, sought = (("noun", "adj"), ("verb", "noun"), ("noun", "verb"))[seed % 3]
    looker, found, all_found = _ONE[seeker], _ONE[sought], _PLURAL[sought]
    sentences = _drawn(rng, seeker, sought) if seed else _HIDDEN
    shown = _sentence(_SHOWN if seed % 3 == 0 else sentences[4], table=True)
    model = _rule(seeker, sought, _MATCH, _BOOST)
    blanks = (*_cells("w_q", range(3), range(2)), *_cells("w_k", range(3), range(2)), ("table", (_BEFORE,)),
              ("table", (_AFTER,)))  # fmt: skip
    longest = max(len(words) for words in sentences)
    others = longest - 2
    return Task(
        prompt=f"Build a head: every {looker} takes at least {decimal(_LEAST)} from the {found} right before it, and "
        f"from no other word as much, in {len(sentences)} sentences that you do not see. They have at most {longest} "
        f"words, at most two of them {all_found}. One that you see: {shown}. No mask. Fill in the query weights W_Q, "
        "the key weights W_K and two biases by distance. Such a bias is new here: a number that is added to the scaled "
        "score of any two words that stand so far apart, whatever the words are. It may lie between 0 and "
        f"ln {_BOOST}. All other cells are 0, and d_k = 4.",
        accepts=_NUMBERS,
        trace=shown.trace(model),
        blanks=blanks,
        start=("0",) * len(blanks),
        hints=(
            f"Which row of W_Q belongs to the words that look, and which row of W_K to the {all_found}? They "
            "must have a number in the same column.",
            f"Two {all_found} have the same key. Which of them stands right before tells only the bias.",
            f"With d_k = 4 a score is halved. For {all_found} that count {_MATCH} times, W_Q needs 2 ln {_MATCH}; "
            f"let the word before count {_BOOST} times.",
        ),
        solution=(
            f"W_Q[{seeker}, 0] = 2 ln {_MATCH}, W_K[{sought}, 0] = 1, bias “1 before” = ln {_BOOST}",
            f"the {found} right before counts {_MATCH} × {_BOOST} = {_MATCH * _BOOST}, another {_MATCH}, "
            f"each of {others} other words 1",
            f"{_MATCH * _BOOST} / ({_MATCH * _BOOST} + {_MATCH} + {others}) = "
            f"{decimal(_MATCH * _BOOST / (_MATCH * _BOOST + _MATCH + others))}",
        ),
        checker=Construction(
            {name: np.zeros_like(matrix) for name, matrix in model.items()}, model, blanks,
            tuple(_sentence(words, table=True) for words in sentences), attending(_pairs(seeker, sought), _LEAST),
            f"Every {looker} looks at the {found} right before it.", _within_bounds, _repairs(seeker, sought),
            _misbuilt(seeker, sought),
        ),
    )  # fmt: skip


# --- E15: one entry --------------------------------------------------------------------------------------------------

_RULES = (("adj", "noun"), ("noun", "verb"), ("adj", "verb"), ("verb", "adj"), ("noun", "noun"), ("adj", "adj"))
_JUDGED = tuple(_sentence(words) for words in (_SHOWN, _HIDDEN[4], _HIDDEN[5]))
_PAINTED = {name: PAINT.weights[name] for name in ("w_q", "w_k")}


def _changes(start: Given, made: Given) -> list[Target]:
    return [(name, at) for name in start for at in np.ndindex(start[name].shape)
            if not alike(float(start[name][at]), float(made[name][at]))]  # fmt: skip


def _one_entry(start: Given, made: Given) -> Diagnosis | None:
    changed = len(_changes(start, made))
    if changed == 1:
        return None
    if not changed:
        return Diagnosis("nothing changed", "Nothing is changed yet.")
    return Diagnosis("several entries", f"You changed {changed} entries, and one is enough.")


def _put(matrix: np.ndarray, at: tuple[int, int], value: float) -> np.ndarray:
    made = matrix.copy()
    made[at] = value
    return made


def _entry_repairs(at: tuple[int, int], value: float, seeker: str) -> tuple[Slip, ...]:
    """What the one entry may be mistaken in; `at` and `value` are where it should stand, and what it should be."""

    def moved(to, of=lambda x: x, matrix="w_q"):
        """The change with the one changed entry of this matrix put elsewhere, or made another number."""

        def change(program, made):
            ((name, here),) = _changes(_PAINTED, made)
            if name != matrix:
                return program, made
            number = of(float(made[name][here]))
            return program, {**_PAINTED, "w_q": _put(_PAINTED["w_q"], to(here), number)}

        return change

    return (
        Slip("wrong column", "your number stood in the column of W_Q that the keys of the sought words use", "column",
             moved(lambda here: (here[0], at[1]))),
        Slip("wrong row", f"your number stood in the row {seeker}: the row of W_Q says who looks", "row",
             moved(lambda here: (at[0], here[1]))),
        Slip("W_K changed", "you changed an entry of W_Q instead: W_K says what a word is found by", "matrix",
             moved(lambda here: at, lambda x: value, "w_k")),
        Slip("scaling forgotten", "your number were twice as large: the scores are multiplied by 1/√d_k = 1/2", "scale",
             moved(lambda here: here, lambda x: 2 * x)),
        Slip("no logarithm", "it were 2 ln of your number: softmax takes exp of a score", "logarithm",
             moved(lambda here: here, lambda x: 2 * log(x) if x > 0 else x)),
    )  # fmt: skip


def _seek(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    seeker, sought = _RULES[seed % len(_RULES)]
    times = int(rng.integers(2, 6)) if seed else 3
    lookers, found, all_found = _PLURAL[seeker], _ONE[sought], _PLURAL[sought]
    at, value = (_ROLES.index(seeker), _ROLES.index(sought)), 2 * log(times)
    model = {**_PAINTED, "w_q": _put(_PAINTED["w_q"], at, value)}
    blanks = (*_cells("w_q", range(3), range(3)), *_cells("w_k", range(3), range(2)))
    shown, other = _JUDGED[0].trace(model), (at[1] + 1) % 3
    row = next(i for i, word in enumerate(_SHOWN) if _part((word,), 0) == seeker)
    weights = ", ".join(exact(float(x)) for x in shown["weights"].value[row])

    def example(name: str, where: tuple[int, int], number: float) -> Given:
        return {**_PAINTED, name: _put(_PAINTED[name], where, number)}

    wrong_row = next(i for i in range(3) if i != at[0] and not _PAINTED["w_q"][i, at[1]])
    wrong_column = next(j for j in (other, (other + 1) % 3) if not _PAINTED["w_q"][at[0], j])
    return Task(
        prompt="In our weights nouns look for adjectives, and verbs for nouns. Change one single entry, of the query "
        f"weights W_Q or of the key weights W_K, so that {lookers} look for {all_found} too: for them each {found} "
        f"counts {times} times as much as before. What all other words take stays as it is. There is no mask, and "
        "d_k = 4.",
        accepts=_NUMBERS,
        trace=shown,
        blanks=blanks,
        start=tuple(typed(float(_PAINTED[name][cell])) for name, cell in blanks),
        hints=(
            f"Read W_Q W_Kᵀ: which of its cells says how strongly {lookers} look for {all_found}?",
            f"The keys of {all_found} have their 1 in column {at[1]} of W_K. Who must ask for that column?",
            f"It is row {seeker}, column {at[1]} of W_Q. A score is halved, and exp is taken of it: for {times} times "
            f"as much it takes 2 ln {times}.",
        ),
        solution=(
            f"W_Q[{seeker}, {at[1]}] = 2 ln {times}",
            f"score of {lookers} with {all_found}: 2 ln {times} × 1 / 2 = ln {times}, and its exponential is {times}",
            f"the row of {_SHOWN[row]}: {weights}",
        ),
        checker=Construction(
            _PAINTED, model, blanks, _JUDGED, weighing(model, lambda a, b: alike(a, b, 0.01)),
            f"{lookers.capitalize()} look for {all_found}, and nobody else looks otherwise.", _one_entry,
            _entry_repairs(at, value, seeker),
            {
                "nothing changed": _PAINTED,
                "several entries": {**model, "w_k": _put(_PAINTED["w_k"], (0, 1), 1.0)},
                "wrong column": example("w_q", (at[0], wrong_column), value),
                "wrong row": example("w_q", (wrong_row, at[1]), value),
                "W_K changed": example("w_k", (at[0], 1), 1.0 if at[0] != 1 else 2.0),
                "scaling forgotten": example("w_q", at, log(times)),
                "no logarithm": example("w_q", at, float(times)),
            },
        ),
    )  # fmt: skip


# --- E16: other weights, the same attention --------------------------------------------------------------------------

_TWO = (slice(0, 3), slice(0, 2))  # the rows of the roles, and the first two columns


def _something(start: Given, made: Given) -> Diagnosis | None:
    return None if _changes(start, made) else Diagnosis("nothing changed", "Nothing is changed yet.")


def _countered(start: Given, one: str, other: str, made: Given) -> Given:
    """`one` as it was made, and `other` changed so that the scores stay: with one = start · M, other = start · M⁻ᵀ."""
    turn = np.linalg.lstsq(start[one][_TWO], made[one][_TWO], rcond=None)[0]
    if abs(np.linalg.det(turn)) < 1e-9:
        return made
    countered = start[other].copy()
    countered[_TWO] = start[other][_TWO] @ np.linalg.inv(turn).T
    return {**made, other: countered}


def _counter_repairs(start: Given) -> tuple[Slip, ...]:
    def when(changed: set[str], one: str, other: str):
        def change(program, made):
            here = {name for name, _ in _changes(start, made)}
            return program, _countered(start, one, other, made) if here == changed else made

        return change

    return (
        Slip("only W_Q", "W_K were changed along with W_Q, the opposite way", "W_K", when({"w_q"}, "w_q", "w_k")),
        Slip("only W_K", "W_Q were changed along with W_K, the opposite way", "W_Q", when({"w_k"}, "w_k", "w_q")),
        Slip("both the same way", "W_K were changed the opposite way of W_Q: divided where W_Q is multiplied", "both",
             when({"w_q", "w_k"}, "w_q", "w_k")),
    )  # fmt: skip


def _start(seed: int) -> Given:
    """The paint weights, or others of rank 2 in small numbers."""
    rng = np.random.default_rng(seed)
    while seed:
        drawn = {name: np.zeros((6, 4)) for name in ("w_q", "w_k")}
        for matrix in drawn.values():
            matrix[_TWO] = rng.integers(-1, 3, (3, 2))
        if all(np.linalg.matrix_rank(matrix[_TWO]) == 2 for matrix in drawn.values()):
            return drawn
    return _PAINTED


def _other_weights(seed: int) -> Task:
    start, times = _start(seed), 2 + seed % 3
    model = {"w_q": start["w_q"] * times, "w_k": start["w_k"].copy()}
    model["w_k"][_TWO] /= times
    model["w_q"][:, 2:] = start["w_q"][:, 2:]
    blanks = (*_cells("w_q", range(3), range(2)), *_cells("w_k", range(3), range(2)))
    return Task(
        prompt="Change numbers of the query weights W_Q, of the key weights W_K or of both so that not one weight of "
        "attention changes, in any sentence. There are many ways.",
        accepts=_NUMBERS,
        trace=_JUDGED[0].trace(start),
        blanks=blanks,
        start=tuple(typed(float(start[name][cell])) for name, cell in blanks),
        hints=(
            "On what of W_Q and W_K do the scores depend?",
            "What is done to every query may be taken back in every key: multiply and divide, or exchange two columns "
            "in both.",
            f"Multiply every number of W_Q by {times}. What must be done to W_K?",
        ),
        solution=(
            f"W_Q · {times} and W_K / {times}: the product W_Q W_Kᵀ is as before, and so are all scores",
            "or: exchange columns 0 and 1 in both; or change the signs of a column in both; or turn both by an angle",
        ),
        checker=Construction(
            start, model, blanks, _JUDGED, weighing(start, lambda a, b: abs(a - b) <= 1e-6),
            "Other matrices, the same attention.", _something, _counter_repairs(start),
            {
                "nothing changed": start,
                "only W_Q": {**start, "w_q": model["w_q"]},
                "only W_K": {**start, "w_k": model["w_k"]},
                "both the same way": {"w_q": model["w_q"], "w_k": np.where(model["w_k"] != start["w_k"],
                                                                          start["w_k"] * times, start["w_k"])},
            },
        ),
    )  # fmt: skip


# --- A cell of the combined weights ----------------------------------------------------------------------------------

_COMBINE: Program = programs.BOTH_WAYS[:1]
_OTHER_WAY = Slip("transposed", "the feature that looks and the one that is looked for are mixed up", "place",
                  read=turned)  # fmt: skip
_TWICE_Q = Slip("W_Q twice", "W_Q is multiplied by itself, without W_K", "W_K", giving(w_k=lambda given: given["w_q"]))
_TWICE_K = Slip("W_K twice", "W_K is multiplied by itself, without W_Q", "W_Q", giving(w_q=lambda given: given["w_k"]))
_OURS = Slip(
    "the lesson's matrices", "it is read off the board of the lesson, where W_Q and W_K are not those given here",
    "given", giving(w_q=lambda given: PAINT.weights["w_q"], w_k=lambda given: PAINT.weights["w_k"]),
)  # fmt: skip
_FIRST = Slip("one coordinate", "only coordinate 0 is multiplied, and the others are left out", "sum",
              giving(w_q=lambda given: given["w_q"] * np.eye(4)[0]), alone=True)  # fmt: skip


def _entry(seed: int) -> Task:
    def drawn(rng):
        given = {name: rng.integers(-2, 4, (6, 4)).astype(float) for name in ("w_q", "w_k")}
        at = tuple(int(i) for i in rng.choice(3, 2, replace=False))
        labels = {"d_model": PAINT.features, "d_model_k": PAINT.features}
        return Problem(_COMBINE, given, labels, (("w_qk", at),), (_OURS, _OTHER_WAY, _TWICE_Q, _TWICE_K, _FIRST))

    asked = spread(drawn, seed)
    trace, ((_, at),) = asked.right.trace, asked.targets
    looks, sought = (_ROLES[i] for i in at)
    return Task(
        prompt=f"Here are two other matrices W_Q and W_K. How strongly does the feature {looks} look for the feature "
        f"{sought} with these: what is the cell in row {looks} and column {sought} of W_Q W_Kᵀ?",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        shown=("w_q", "w_k"),
        hints=(
            "A row of W_Q meets a row of W_K, for W_K is transposed.",
            f"Row {looks} of W_Q, row {sought} of W_K: multiply coordinate by coordinate.",
            f"The products are {trace['w_qk'].explain(at).written(exact)}. Add them.",
        ),
        solution=worked(trace, asked.targets[0], ("w_qk",)),
        checker=Numbers(asked),
    )


# --- The same both ways? ---------------------------------------------------------------------------------------------

_BOTH, _SCORES, _NEITHER = "the scores and the weights", "the scores, not the weights", "neither"
_SYMMETRIC = {(True, True): _BOTH, (True, False): _SCORES, (False, False): _NEITHER}


def _mirrored(seed: int) -> Task:
    words = tuple(_HIDDEN[3 + seed % 5]) if seed else _SHOWN
    tied = seed % 2 == 0
    given, labels = PAINT.given(words, causal=False)
    given["w_k"] = given["w_q"] if tied else given["w_k"]
    trace = run(_HEAD, given, labels)
    answer = _SYMMETRIC[tuple(programs.symmetric(trace[name].value) for name in ("scores", "weights"))]
    score, sums = trace["scores"].value, trace["row_sums"].value
    told = "W_K = W_Q" if tied else "W_Q and W_K of our running example, not tied"
    i, j = (int(k) for k in np.unravel_index(np.abs(score - score.T).argmax(), score.shape))
    one, other = trace["scores"].labels[0][i], trace["scores"].labels[0][j]
    unlike = f"The score of {one} with {other} is {exact(float(score[i, j]))}, that of {other} with {one} is " \
             f"{exact(float(score[j, i]))}."  # fmt: skip
    summed = f"Softmax divides each row by its own sum, and the sums run from {decimal(sums.min())} to " \
             f"{decimal(sums.max())}."  # fmt: skip
    because = f"q · k is then the same both ways. {summed}" if answer == _SCORES else unlike
    wrong = {
        _BOTH: Diagnosis("weights too", summed if tied else unlike),
        _SCORES: Diagnosis("scores, untied", unlike),
        _NEITHER: Diagnosis("scores, tied", "With W_K = W_Q every key is its word’s query, and q · k = k · q."),
    }
    return Task(
        prompt=f"The sentence is “{' '.join(words)}”, with no mask and with {told}. Which are the "
        "same both ways, for any two words: cell (i, j) like cell (j, i)?",
        accepts="One of the answers offered.",
        trace=trace,
        options=tuple(_SYMMETRIC.values()),
        hints=(
            "Write out the score of word i with word j, and of word j with word i.",
            "When is q of word i times k of word j the same as q of word j times k of word i?",
            "And then softmax: by what is cell (i, j) divided, and by what cell (j, i)?",
        ),
        solution=(because,),
        checker=Choice(tuple(_SYMMETRIC.values()), answer, because,
                       {option: found for option, found in wrong.items() if option != answer}),
    )  # fmt: skip


EXERCISES = (
    Exercise("query-key-cell", "query_key", "number", "Who looks for whom?", 1, _entry, own=True),
    Exercise("query-key-mirror", "query_key", "choice", "The same both ways?", 2, _mirrored),
    Exercise("E14", "query_key", "weights", "Build a head: each noun and its adjective", 3, _build_head),
    Exercise("E15", "query_key", "weights", "One entry more", 2, _seek),
    Exercise("E16", "query_key", "weights", "Other weights, the same attention", 3, _other_weights),
)
