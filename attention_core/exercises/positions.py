"""Exercises of the lesson on positions: E21, E22, E34, what another order changes, and the score of two turned arrows.

Vocabulary
    factor   how many times as much the word right before counts; the bias is its logarithm
    match    how many times as much a word that is looked for counts, as any other
    others   the exponentials of a row together, but for the word right before
    lag      how many places back a head is to look
    gap      how much more of the right meaning than of the other a bank is to have
"""

from collections.abc import Callable
from math import log

import numpy as np

from attention_core import functions, programs, rules
from attention_core.benches.positions import BENCH, DISTANCES, permutation, put_back, reordered
from attention_core.examples import BANK, PAINT
from attention_core.exercises.answers import ACCEPTS, series, typed
from attention_core.exercises.arithmetic import number, scalar
from attention_core.exercises.constructions import Construction, Sentence, attending
from attention_core.exercises.engine import Diagnosis, Exercise, Task
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.picks import Choice
from attention_core.exercises.slips import Given, Problem, Slip, Target, giving, reading, spread
from attention_core.numerals import decimal, exact
from attention_core.programs import PROJECT, SCORE, SOFTMAX
from attention_core.trace import Program, Trace, run

_CELL = "A number in each cell: 0, 3/4, -2 or 2 ln 3."
_LOOKS: Program = (*PROJECT[:2], *SCORE, *SOFTMAX)

# --- What another order changes --------------------------------------------------------------------------------------

_ROWS = ("none of the rows", "some of the rows", "every row")
_TOLD = {
    "none": "no places are told", "relative": "the word right before counts 9 times",
    "alibi": "ALiBi makes every place further count a ninth", "rotary": "queries and keys are turned by their places",
}  # fmt: skip
_ORDERED = {"alphabetical": "put in alphabetical order", "reversed": "written from last to first",
            "swapped": "written with red and blue exchanged"}  # fmt: skip
_CASES = (
    ("none", False, "alphabetical"), ("relative", False, "reversed"), ("none", True, "reversed"),
    ("alibi", False, "reversed"), ("rotary", False, "swapped"), ("none", False, "swapped"),
    ("relative", False, "swapped"), ("none", True, "swapped"),
)  # fmt: skip


def _order(seed: int) -> Task:
    scheme, causal, order = _CASES[seed % len(_CASES)]
    set_up = BENCH.set_up(scheme=scheme, causal=causal, order=order)
    trace, at = run(set_up.program, set_up.given, set_up.labels), permutation("paint", order)
    gaps = np.abs(put_back(trace["residual"].value, at) - reordered(trace, set_up.program, at)).max(axis=1)
    moved = int((gaps > 1e-9).sum())
    answer = _ROWS[0 if not moved else 2 if moved == len(gaps) else 1]
    counted = f"{moved} of {len(gaps)} rows come out otherwise."
    why = {
        "none": "The row of a word is a mixture over all that it sees; in which order they stand enters nowhere.",
        "relative": "Another word stands right before, and counts more.",
        "alibi": "Only how far two words stand apart counts, whichever comes first; from last to first that stays.",
        "rotary": "What counts is how far apart two words stand, and in which direction.",
    }[scheme]
    why = "A word sees other words than before: the mask goes by places." if causal else why
    return Task(
        prompt=f"“{PAINT.sentence}” is {_ORDERED[order]}. In the head of this lesson {_TOLD[scheme]}, and "
        f"{'the mask is causal' if causal else 'there is no mask'}. The rows of X′ are then put back in the old "
        "order. Which rows hold other numbers than before?",
        accepts="One of the answers offered.",
        trace=trace,
        options=_ROWS,
        hints=(
            "Follow one word. Has its own row of X changed? Have those of the words that it sees?",
            "Its weights depend on scores. Do any of the scores of this word know where the other one stands?",
            f"The head: {_TOLD[scheme]}; {'causal mask' if causal else 'no mask'}. Choose that over the matrices, and "
            "the order, too.",
        ),
        solution=(f"{counted} {why}",),
        checker=Choice(
            _ROWS, answer, f"{counted} {why}",
            {text: Diagnosis(text, f"{counted} {why}") for text in _ROWS if text != answer},
        ),
    )  # fmt: skip


# --- Two turned arrows -----------------------------------------------------------------------------------------------

_TURN: Program = tuple(
    step
    for step in programs.rotary(programs.SELF_ATTENTION, 2, interleaved=True)
    if step.name == "scores" or step.name[:2] in ("q_", "k_")
)
_UNTURNED = Slip("not turned", "neither of the two is turned", "turn",
                 giving(positions=lambda given: np.zeros(2)))  # fmt: skip
_KEY_LEFT = Slip("key not turned", "only the query is turned, and the key stays as it is", "turn",
                 giving(positions=lambda given: given["positions"] * [0, 1]))  # fmt: skip
_SUMMED = Slip("angles added", "the two angles are added, instead of one taken from the other", "turn",
               giving(positions=lambda given: given["positions"] * [-1, 1]))  # fmt: skip
_ONE_OFF = Slip("one place off", "the words are taken to be one place further apart", "distance",
                giving(positions=lambda given: given["positions"] + [0, 1]))  # fmt: skip
_RADIANS = Slip("degrees as radians", "the angle is read as radians, and it is in degrees", "unit",
                giving(frequencies=lambda given: np.degrees(given["frequencies"])), alone=True)  # fmt: skip


def _arrows(seed: int) -> Task:
    def problem(length, degrees, key, query):
        q, k = np.array([[0.0, 0.0], [length, 0.0]]), np.array([[1.0, 0.0], [0.0, 0.0]])
        given = {"q": q, "k": k, "positions": np.array([key, query], dtype=float),
                 "frequencies": np.full(2, np.radians(degrees)), "signs": np.array([-1.0, 1.0])}  # fmt: skip
        slips = (_UNTURNED, _KEY_LEFT, _SUMMED, _ONE_OFF, _RADIANS)
        tokens = ("earlier word", "later word")
        return Problem(_TURN, given, {"query": tokens, "key": tokens}, (("scores", (1, 0)),), slips)

    def drawn(rng):
        key, distance = int(rng.integers(3, 9)), int(rng.integers(1, 5))
        return problem(int(rng.integers(2, 6)), int(rng.choice([10, 15, 20, 25, 30])), key, key + distance)

    asked = spread(drawn, seed) if seed else problem(2, 20, 5, 8)
    trace, given = asked.right.trace, asked.given
    length, degrees = int(given["q"][1, 0]), round(float(np.degrees(given["frequencies"][0])))
    key, query = (int(x) for x in given["positions"])
    between = degrees * (query - key)
    return Task(
        prompt=f"Rotary positions turn queries and keys by {degrees} degrees for each place. A word at place {query} "
        f"has the query ({length}, 0), one at place {key} the key (1, 0), both before they are turned. What is their "
        "score after turning? It is not scaled.",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        hints=(
            "Both arrows turn. What happens to the angle between them?",
            f"They are {query - key} places apart, so the angle between them is {between} degrees.",
            f"The score of two arrows: both lengths, times the cosine of the angle between them: {length} × 1 × cos "
            f"{between}°.",
        ),
        solution=(
            f"the query is turned by {degrees} × {query} = {degrees * query} degrees, the key by {degrees} × {key} = "
            f"{degrees * key}",
            f"between them: {between} degrees; score {length} cos {between}° = "
            f"{decimal(float(trace['scores'].value[1, 0]))}",
        ),
        checker=Numbers(asked),
    )


# --- E21: how much must the word before count? -----------------------------------------------------------------------

_BOOST: Program = (
    scalar("rest", r"1 - a", "1 - share", ("one", "share"), rules.subtract, "what the others take",
           "1, less the share"),
    scalar("ratio", r"a / (1 - a)", "share / rest", ("share", "rest"), rules.divide, "share, by what the others take",
           "the share, divided by what the others take"),
    scalar("wanted", r"a r / (1 - a)", "ratio * others", ("ratio", "others"), rules.times,
           "wanted exponential", "what the exponential must become"),
    scalar("factor", r"f", "wanted / match", ("wanted", "match"), rules.divide, "factor",
           "how many times as much the word before counts"),
    scalar("bias", r"\ln f", "np.log(factor)", ("factor",), functions.logarithm, "bias", "the logarithm of the factor"),
)  # fmt: skip
_OF_BOOST = (
    Slip("bias for factor", "the bias is given, ln f, and the factor f is asked for", "matrix",
         read=reading("factor", "bias"), alone=True),
    Slip("exponential for factor", "the exponential is given that the word before must reach, and not by what it is "
         "multiplied", "matrix", read=reading("factor", "wanted")),
    Slip("share for factor", "the share itself is given", "matrix", read=reading("factor", "share"), alone=True),
    Slip("match for factor", "what a word that is looked for counts is given, before any place counts", "matrix",
         read=reading("factor", "match"), alone=True),
    Slip("every word counts 1", "the words are all taken to count 1, adjectives, too", "counts",
         giving(match=lambda given: number(1), others=lambda given: given["words"])),
    Slip("other adjectives count 1", "the other adjectives are taken to count 1", "counts",
         giving(others=lambda given: given["words"])),
)  # fmt: skip
_TEXTS = (PAINT.sentence, "red green ball hit blue cube", "big red ball and blue cube", "green cube saw red ball",
          "round blue ball hit small red cube")  # fmt: skip


_FACTORS = {0: 5, len(_TEXTS): 9}  # of our sentence: the lesson says what 9 makes, so it does not come first


def _boost(seed: int) -> Task:
    def problem(text, factor):
        words = tuple(text.split())
        given, labels = PAINT.given(words, causal=False)
        given["table"] = np.zeros(len(DISTANCES))
        plain, told = (
            run(programs.relative_bias(_LOOKS, len(words), len(words)), {**given, "table": table}, labels)
            for table in (given["table"], np.array([0, log(factor), 0, 0, 0]))
        )
        match = plain["exps"].value[-1, -2]
        made = {
            "one": number(1), "share": number(told["weights"].value[-1, -2]), "match": number(round(match, 9)),
            "others": number(round(plain["row_sums"].value[-1] - match, 9)), "words": number(len(words) - 1),
        }  # fmt: skip
        return words, plain, Problem(_BOOST, made, {}, (("factor", ()),), _OF_BOOST)

    rng = np.random.default_rng(seed)
    text = _TEXTS[seed % len(_TEXTS)]
    drawn = int(rng.integers(2, 20))
    words, plain, asked = problem(text, _FACTORS.get(seed, drawn))
    trace, before, last = asked.right.trace, words[-2], words[-1]
    share, others, match = (exact(asked.given[name].item()) for name in ("share", "others", "match"))
    exps = series(np.round(plain["exps"].value[-1], 9))
    return Task(
        prompt=f"“{text}”, with no mask. Without places the exponentials of “{last}” are {exps}. A bias lets the word "
        f"right before count f times as much. For which factor f does “{last}” take {share} from “{before}”? (The "
        "factor is asked for, not the bias ln f.)",
        accepts=ACCEPTS,
        trace=trace,
        target=("factor", ()),
        hints=(
            f"Only the exponential of “{before}” changes: from {match} to {match} times f. All others stay.",
            f"The others add up to {others}. So {match} f / ({match} f + {others}) = {share}.",
            f"The exponential of “{before}” must become {exact(trace['wanted'].value.item())}.",
        ),
        solution=(
            f"{match} f / ({match} f + {others}) = {share}",
            f"{match} f = {exact(trace['wanted'].value.item())}, so f = {exact(trace['factor'].value.item())}",
            f"the bias would be ln {exact(trace['factor'].value.item())} = {decimal(trace['bias'].value.item())}",
        ),
        checker=Numbers(asked),
    )


# --- E22: a head that looks back, from one-hot places ----------------------------------------------------------------

_PLACES, _COLUMNS, _D_K = 4, 3, 4
_SHARES = (0.9, 0.95, 0.8)
_AT = tuple(f"at {i + 1}" for i in range(_PLACES))
_SPOKEN = (
    "red ball hit cube",
    "blue cube",
    "the ball moved",
    "hit red blue ball",
    "small red car",
    "cube hit the ball",
)
_BACK = {1: "the word right before it", 2: "the word two places before it"}


def _placed_words(text: str) -> Sentence:
    """Words with their three roles, and one coordinate for each place; a causal mask."""
    words = tuple(text.split())
    n = len(words)
    x = np.hstack([PAINT.given(words)[0]["x"][:, :3], np.eye(n, _PLACES)])
    labels = {"query": words, "key": words, "d_model": (*PAINT.features[:3], *_AT)}
    given = {"x": x, "scale": number(1 / 2), "mask": np.tri(n, dtype=bool)}
    return Sentence(words, programs.masked(_LOOKS), given, labels)


def _looking(lag: int, strength: float) -> Given:
    """W_Q by which the place i looks for the key of place i - lag, and W_K with a coordinate for each of the first."""
    w_q, w_k = np.zeros((3 + _PLACES, _D_K)), np.zeros((3 + _PLACES, _D_K))
    w_k[3:, :_COLUMNS] = np.eye(_PLACES, _COLUMNS)
    w_q[3:, :_COLUMNS] = strength * np.eye(_PLACES, _COLUMNS, k=-lag)
    return {"w_q": w_q, "w_k": w_k}


def _down(matrix: np.ndarray, by: int) -> np.ndarray:
    """The rows of the places, moved down by so many; what falls off comes back at the top."""
    moved = matrix.copy()
    moved[3:] = np.roll(matrix[3:], by, axis=0)
    return moved


def _look_back(seed: int) -> Task:
    lag, least = 1 + seed % 2, _SHARES[seed % len(_SHARES)]
    strength = 2 * log(81)
    model = _looking(lag, strength)
    start = {**model, "w_q": np.zeros_like(model["w_q"])}
    blanks: tuple[Target, ...] = tuple(
        (name, (i, j)) for name in ("w_q", "w_k") for i in range(3, 3 + _PLACES) for j in range(_COLUMNS)
    )
    sentences = tuple(map(_placed_words, _SPOKEN))
    first = lag + 1
    repairs = (
        Slip("itself", f"the rows of W_Q stood {lag} lower: each place now asks for its own key", "rows",
             giving(w_q=lambda g: _down(g["w_q"], lag))),
        *((
            Slip("the other way", "the rows of W_Q were moved the other way: they ask for places that come later",
                 "rows", giving(w_q=lambda g: _down(g["w_q"], 2))),
        ) if lag == 1 else ()),
        Slip("scaling forgotten", "W_Q were twice as large: the scores are multiplied by 1/√d_k = 1/2", "scale",
             giving(w_q=lambda g: 2 * g["w_q"])),
        Slip("sign", "W_Q had the other sign: a score below 0 keeps a word away", "sign",
             giving(w_q=lambda g: -g["w_q"])),
    )  # fmt: skip
    return Task(
        prompt=f"Build a head that looks back: from place {first} on, every word takes at least {decimal(least)} from "
        f"{_BACK[lag]}, in {len(sentences)} sentences of at most {_PLACES} words. One that you see: {sentences[0]}. X "
        "has three columns for the part of speech, and one for each place: 1 where the word stands, else 0. The mask "
        "is causal, and d_k = 4. Fill in the rows of W_Q and W_K that belong to places; W_K begins with one coordinate "
        "for each of the first three, and may be changed.",
        accepts=_CELL,
        trace=sentences[0].trace(model),
        blanks=blanks,
        start=tuple(typed(float(start[name][at])) for name, at in blanks),
        hints=(
            f"In which column of W_K has “at 1” its 1? That is what the place {first} must ask for.",
            f"Row “at {first}” of W_Q: a number in column 0. Row “at {first + 1}”: in column 1. And so on.",
            f"A score is halved, and exp is taken of it. With 2 ln 81 the sought word counts 81 times as much as each "
            f"other one; at most {_PLACES - 1} others are seen.",
        ),
        solution=(
            *(f"W_Q[at {i + 1}, {i - lag}] = 2 ln 81" for i in range(lag, _PLACES)),
            f"the last place: 81 / (81 + {_PLACES - 1}) = {decimal(81 / (80 + _PLACES))}",
        ),
        checker=Construction(
            start, model, blanks, sentences,
            attending(lambda s: [("weights", (i, i - lag)) for i in range(lag, len(s.words))], least),
            f"Every word looks at {_BACK[lag]}, whatever the words are.", repairs=repairs,
            examples={
                "itself": {**model, "w_q": _down(model["w_q"], -lag)},
                **({"the other way": {**model, "w_q": _down(model["w_q"], -2)}} if lag == 1 else {}),
                "scaling forgotten": {**model, "w_q": model["w_q"] / 2},
                "sign": {**model, "w_q": -model["w_q"]},
            },
        ),
    )  # fmt: skip


# --- E34: both banks -------------------------------------------------------------------------------------------------

_JUDGED = (  # the sentence, and for each bank whether it is of money (+1) or of water (-1)
    (BANK.sentence, (1, -1)), ("bank river account bank", (-1, 1)), ("bank by the river", (-1,)),
    ("the money in the bank", (1,)), ("bank loan and lake bank", (1, -1)),
)  # fmt: skip
_MATCH, _NEAR = 81, 9
_BOUNDS, _GAPS = (9, 27), (1.0, 0.9, 0.8)
_MEANINGS = ("money", "water")
_BEFORE, _AFTER = 1, 3


def _banked(text: str) -> Sentence:
    """Banks with no mask; W_V, W_O and the residual as in the example, and a bias by distance."""
    words = tuple(text.split())
    given, labels = BANK.given(words, causal=False)
    program = programs.relative_bias(programs.SELF_ATTENTION, len(words), len(words))
    kept = {name: given[name] for name in ("x", "w_v", "w_o", "scale")}
    return Sentence(words, program, kept, {**labels, "distance": DISTANCES})


def _resolving(gap: float):
    meant = {_banked(text).words: signs for text, signs in _JUDGED}

    def judge(sentence: Sentence, trace: Trace) -> str:
        rows, labels = trace["residual"].value, trace["residual"].labels[0]
        at = [i for i, word in enumerate(sentence.words) if word == "bank"]
        for i, sign in zip(at, meant[sentence.words], strict=True):
            money, water = (float(x) for x in rows[i, :2])
            if sign * (money - water) < gap - 1e-9:
                right, other = _MEANINGS[::sign]
                return (f"In {sentence}, {labels[i]} has {decimal(money)} of money and {decimal(water)} of water, and "
                        f"at least {decimal(gap)} more of {right} than of {other} is asked.")  # fmt: skip
        return ""

    return judge


def _near(match: float, boosts: dict[int, float], cue: float = 1.0) -> Given:
    """Banks look for cues, which count `match` times; boosts: by distance, how many times as much a word counts."""
    w_q, w_k, table = np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(len(DISTANCES))
    w_q[3, 0], w_k[2, 0] = log(match), cue
    for distance, boost in boosts.items():
        table[distance] = log(boost)
    return {"w_q": w_q, "w_k": w_k, "table": table}


def _within(bound: int) -> Callable[[Given, Given], Diagnosis | None]:
    """Whether every bias stays within ln bound; if not, which one passes it."""

    def within(_start: Given, made: Given) -> Diagnosis | None:
        table = made["table"]
        if np.abs(table).max() <= log(bound) * (1 + 1e-9):
            return None
        worst = exact(float(table[np.abs(table).argmax()]))
        return Diagnosis("bias out of bounds", f"A bias may lie between −ln {bound} and ln {bound}, and one of yours "
                         f"is {worst}: places alone shall not decide.")  # fmt: skip

    return within


def _biased(*distances: int) -> Callable[[Given], np.ndarray]:
    """The biases with these distances counting as ours do."""

    def table(given: Given) -> np.ndarray:
        made = given["table"].copy()
        made[list(distances)] = log(_NEAR)
        return made

    return table


def _repairs(model: Given) -> tuple[Slip, ...]:
    """What would make a wrong construction right."""
    return (
        Slip("no bias", "both neighbours counted 9 times", "bias", giving(table=_biased(_BEFORE, _AFTER))),
        Slip("one side only", "the neighbour after a word counted 9 times, too", "bias", giving(table=_biased(_AFTER))),
        Slip("the other side only", "the neighbour before a word counted 9 times, too", "bias",
             giving(table=_biased(_BEFORE))),
        Slip("sign of the bias", "the biases had the other sign", "sign", giving(table=lambda g: -g["table"])),
        Slip("places alone", "banks looked for cues as well: a number at bank in W_Q, and 1 at cue in W_K", "weights",
             giving(w_q=lambda g: model["w_q"], w_k=lambda g: model["w_k"])),
        Slip("W_Q and W_K exchanged", "W_Q and W_K changed places: the bank looks, the cue is found", "order",
             giving(w_q=lambda g: g["w_k"], w_k=lambda g: g["w_q"])),
    )  # fmt: skip


def _unresolved(model: Given, bound: int) -> dict[str, Given]:
    """Constructions that fail, by the slip that they show."""
    both = {_BEFORE: _NEAR, _AFTER: _NEAR}
    return {
        "no bias": _near(_MATCH, {}),
        "one side only": _near(_MATCH, {_BEFORE: _NEAR}),
        "the other side only": _near(_MATCH, {_AFTER: _NEAR}),
        "sign of the bias": _near(_MATCH, {_BEFORE: 1 / _NEAR, _AFTER: 1 / _NEAR}),
        "places alone": _near(1, both),
        "W_Q and W_K exchanged": {**model, "w_q": model["w_k"], "w_k": model["w_q"]},
        "bias out of bounds": _near(_MATCH, {_BEFORE: 10 * bound, _AFTER: 10 * bound}),
    }


def _resolve(seed: int) -> Task:
    bound, gap = _BOUNDS[seed % 2], _GAPS[seed % 3]
    model = _near(_MATCH, {_BEFORE: _NEAR, _AFTER: _NEAR})
    start = {name: np.zeros_like(matrix) for name, matrix in model.items()}
    blanks: tuple[Target, ...] = (
        *((name, (i, 0)) for name in ("w_q", "w_k") for i in range(4)),
        *(("table", (i,)) for i in range(len(DISTANCES))),
    )  # fmt: skip
    sentences = tuple(_banked(text) for text, _ in _JUDGED)

    return Task(
        prompt=f"No mask. Let both banks of {sentences[0]} find out what they are, and those of {len(sentences) - 1} "
        f"sentences that you do not see: after the head, a bank of money has at least {decimal(gap)} more of money "
        "than of water, a river bank the other way round. Its own cue stands nearer to it than the other "
        "kind, though not always beside it. Fill in W_Q, W_K and the biases by distance; a bias may lie between "
        f"−ln {bound} and ln {bound}. d_k = 1, so nothing is scaled.",
        accepts=_CELL,
        trace=sentences[0].trace(model),
        blanks=blanks,
        start=("0",) * len(blanks),
        hints=(
            "Words for banks have the feature bank, those that tell what is meant have the feature cue. Which of them "
            "looks, and which is found?",
            "With weights alone both cues count the same. With biases alone a neighbour such as “by” counts as much as "
            "a cue does.",
            f"W_Q at bank: ln {_MATCH}. W_K at cue: 1. And ln {_NEAR} for one place before and for one after.",
        ),
        solution=(
            f"W_Q[bank] = ln {_MATCH}, W_K[cue] = 1, bias ln {_NEAR} one place before and one place after",
            f"the first bank: account counts {_MATCH} × {_NEAR} = {_MATCH * _NEAR}, river {_MATCH}, each bank 1",
        ),
        checker=Construction(
            start, model, blanks, sentences, _resolving(gap), "Every bank knows what it is.",
            _within(bound), _repairs(model), _unresolved(model, bound),
        ),
    )  # fmt: skip


EXERCISES = (
    Exercise("positions-order", "positions", "choice", "What does another order change?", 1, _order),
    Exercise("positions-arrows", "positions", "number", "Two turned arrows", 2, _arrows),
    Exercise("E21", "positions", "number", "How much must the word before count?", 2, _boost),
    Exercise("E22", "positions", "weights", "Build a head that looks back", 3, _look_back),
    Exercise("E34", "positions", "weights", "Which bank is it?", 3, _resolve),
)
