"""Exercises of the lesson on values: E17, a feature after the head, values that are the words, and two narrow matrices.

Vocabulary
    colours   the features that a head of ours hands over: red, blue and round (round counts as one of them here)
    kept      those that the learner is asked to go on handing over
    strength  what W_V makes of a feature in drawn weights: 1 to 3 times as much
"""

from dataclasses import replace

import numpy as np

from attention_core import programs, rules
from attention_core.examples import PAINT
from attention_core.exercises.answers import ACCEPTS, typed
from attention_core.exercises.arithmetic import number, scalar
from attention_core.exercises.constructions import Construction, Sentence
from attention_core.exercises.engine import Diagnosis, Exercise, Task, worked
from attention_core.exercises.numbers import Numbers
from attention_core.exercises.slips import Given, Problem, Slip, Target, giving, programmed, reading, spread, stepped
from attention_core.numerals import exact
from attention_core.programs import HANDED_ON
from attention_core.programs.editing import exchanged, find
from attention_core.trace import Program, Trace, run

_RED, _BLUE, _ROUND = _SENT = tuple(PAINT.features.index(name) for name in ("red", "blue", "round"))
_HEAD = programs.masked(programs.SELF_ATTENTION)
_MAPS = ("w_v", "w_o")

# --- E17: send only shape --------------------------------------------------------------------------------------------

_KEPT = ((_ROUND,), (_RED,), (_BLUE, _ROUND), (_BLUE,), (_RED, _ROUND), (_RED, _BLUE))
_SENTENCES = tuple(tuple(text.split()) for text in (
    PAINT.sentence, "the round red ball moved", "blue ball red box purple car", "a square hit the azure balloon",
    "ball cube blue red ball", "small cube pushed a round blue apple",
))  # fmt: skip
_BLANKS: tuple[Target, ...] = (*(("w_v", (i, j)) for i in _SENT for j in range(3)),
                               *(("w_o", (j, i)) for j in range(3) for i in _SENT))  # fmt: skip
_CLOSE = 0.005


def _sentence(words: tuple[str, ...]) -> Sentence:
    given, labels = PAINT.given(words)
    return Sentence(words, _HEAD, {name: x for name, x in given.items() if name not in _MAPS}, labels)


_JUDGED = tuple(map(_sentence, _SENTENCES))


def _start(seed: int) -> Given:
    """Our W_V and W_O, with the first coordinates of a value in another order."""
    order = np.random.default_rng(seed).permutation(3) if seed else np.arange(3)
    w_v, w_o = (PAINT.weights[name].copy() for name in _MAPS)
    w_v[:, :3], w_o[:3] = w_v[:, order], w_o[order]
    return {"w_v": w_v, "w_o": w_o}


def _only(start: Given, kept: tuple[int, ...], factor: float = 0.0) -> Given:
    """The same, with the rows of W_V multiplied whose features are not kept."""
    w_v = start["w_v"].copy()
    w_v[[i for i in _SENT if i not in kept]] *= factor
    return {**start, "w_v": w_v}


def _sending(model: Given):
    """Every word after the head is what it is with the model's matrices."""

    def judge(sentence: Sentence, trace: Trace) -> str:
        asked, found = (of["residual"].value for of in (sentence.trace(model), trace))
        off = np.abs(found - asked)
        if off.max() <= _CLOSE:
            return ""
        i, j = map(int, np.unravel_index(off.argmax(), off.shape))
        words, features = trace["residual"].labels
        return (
            f"In {sentence}, {words[i]} has {exact(float(found[i, j]))} of {features[j]} after the head, and "
            f"{exact(float(asked[i, j]))} is asked."
        )

    return judge


def _something(start: Given, made: Given) -> Diagnosis | None:
    if any(not np.array_equal(start[name], made[name]) for name in _MAPS):
        return None
    return Diagnosis("nothing changed", "Nothing is changed yet.")


def _repairs(start: Given, kept: tuple[int, ...]) -> tuple[Slip, ...]:
    rows, dropped = list(kept), [i for i in _SENT if i not in kept]
    stays, goes = (_named(of) for of in (rows, dropped))

    def sent(made: Given) -> np.ndarray:
        """How much of each kept feature is handed over as itself."""
        return np.diag(made["w_v"] @ made["w_o"])[rows]

    def rid(made: Given) -> Given:
        """Without what is not to be sent, in either matrix."""
        w_v, w_o = (made[name].copy() for name in _MAPS)
        w_v[dropped], w_o[:, dropped] = 0.0, 0.0
        return {"w_v": w_v, "w_o": w_o}

    def restored(made: Given) -> Given:
        return _only(start, kept) if not sent(made).any() and not np.any(made["w_v"] @ made["w_o"]) else made

    def rewritten(made: Given) -> Given:
        astray = not sent(made).any() and np.any(made["w_v"] @ made["w_o"])
        return {**made, "w_o": start["w_o"]} if astray else made

    def complement(made: Given) -> Given:
        return {**made, "w_v": start["w_v"] - made["w_v"]}

    def slip(name: str, when: str, repair) -> Slip:
        return Slip(name, when, name, lambda program, made: (program, repair(made)))

    return (
        slip("still sent", f"{goes} were not handed over any more: 0 in W_V, or in W_O", rid),
        slip("nothing is sent", f"{stays} were handed over as before", restored),
        slip("written elsewhere", "W_O were as it was: now it writes a coordinate into another feature", rewritten),
        slip("the other way round", f"you had kept what you took out of W_V, which is {stays}", complement),
        slip("sign", "W_O had the other sign", lambda made: {**made, "w_o": -made["w_o"]}),
    )  # fmt: skip


def _named(features: list[int] | tuple[int, ...]) -> str:
    return " and ".join(PAINT.features[i] for i in features)


def _send(seed: int) -> Task:
    kept, start = _KEPT[seed % len(_KEPT)], _start(seed)
    dropped = tuple(i for i in _SENT if i not in kept)
    model, stays, goes = _only(start, kept), _named(kept), _named(dropped)
    column = {i: int(np.flatnonzero(start["w_v"][i])[0]) for i in _SENT}
    shown = _JUDGED[0].trace(model)
    return Task(
        prompt="In our weights a head hands over red, blue and round. Change W_V, W_O or both so that it hands over "
        f"{stays} only: after the head, each word has as much of {stays} as with our weights, and of everything else "
        "as much as before the head. This is to hold in sentences that you do not see. There are many ways.",
        accepts="A number in each cell: 0, 3/4, -2 or 2 ln 3.",
        trace=shown,
        blanks=_BLANKS,
        start=tuple(typed(float(start[name][at])) for name, at in _BLANKS),
        hints=(
            "A word is multiplied by W_V first. Which of its features must not get through?",
            f"Row {PAINT.features[dropped[0]]} of W_V says what {PAINT.features[dropped[0]]} becomes in a value.",
            "Put 0 for "
            + " and ".join(f"row {PAINT.features[i]}, column {column[i]} of W_V" for i in dropped)
            + ", and leave all else.",
        ),
        solution=(
            *(f"W_V[{PAINT.features[i]}, {column[i]}] = 0" for i in dropped),
            f"W_V W_O then sends {stays} alone; what a word has of {goes} itself goes past the head, in the residual",
            "or: 0 in W_O instead, in the rows of these coordinates",
        ),
        checker=Construction(
            start, model, _BLANKS, _JUDGED, _sending(model), f"Only {stays} is handed over.", _something,
            _repairs(start, kept),
            {
                "nothing changed": start,
                "still sent": _only(start, kept, 0.5),
                "nothing is sent": {**start, "w_v": np.zeros_like(start["w_v"])},
                "written elsewhere": {**model, "w_o": _astray(start, kept, dropped)},
                "the other way round": {**start, "w_v": start["w_v"] - model["w_v"]},
                "sign": {**model, "w_o": -start["w_o"]},
            },
        ),
    )  # fmt: skip


def _astray(start: Given, kept: tuple[int, ...], dropped: tuple[int, ...]) -> np.ndarray:
    """W_O writing each kept feature's coordinate into one that is not to change."""
    w_o = start["w_o"].copy()
    w_o[:, dropped[0]] = w_o[:, list(kept)].sum(axis=1)
    w_o[:, list(kept)] = 0.0
    return w_o


# --- A feature after the head ----------------------------------------------------------------------------------------

_ADD: Program = tuple(find(HANDED_ON, name) for name in ("v", "output", "projected", "residual"))
_LONELY = Slip("only what is added", "the word itself is left out: the head adds to it", "residual",
               read=reading("residual", "projected"))  # fmt: skip
_AS_IT_COMES = Slip("nothing added", "the word is given as it comes: what the head adds is left out", "residual",
                    read=reading("residual", "x"), alone=True)  # fmt: skip
_EVERYBODY = Slip("every word whole", "the values of all words are added up whole, also of those that get no share",
                  "shares", giving(weights=lambda given: np.ones_like(given["weights"])), alone=True)  # fmt: skip
_COLUMN = Slip("transposed", "the shares of a column are taken, instead of those of the word’s own row", "place",
               giving(weights=lambda given: given["weights"].T), alone=True)  # fmt: skip
_WHOLE = Slip("no shares", "the values are added up whole, without their shares", "shares",
              giving(weights=lambda given: (given["weights"] > 0).astype(float)), alone=True)  # fmt: skip
_EVEN = Slip(
    "even shares",
    "all words that are seen get the same share",
    "shares",
    giving(weights=lambda given: (given["weights"] > 0) / (given["weights"] > 0).sum(axis=1, keepdims=True)),
)
_WORDS_ALONE = Slip("no W_V", "the words themselves are mixed, without W_V and W_O", "values",
                    giving(w_v=lambda given: np.eye(6), w_o=lambda given: np.eye(6)))  # fmt: skip
_OUR_MAPS = Slip("our W_V", "our W_V and W_O are used, not the identity", "values",
                 giving(**{name: lambda given, name=name: PAINT.weights[name] for name in _MAPS}))  # fmt: skip
_NOT_ITSELF = Slip("no shares of its own", "the word takes nothing from itself", "own",
               giving(weights=lambda given: given["weights"] * (1 - np.eye(len(given["weights"])))))  # fmt: skip


def _weighed(words: tuple[str, ...]) -> tuple[dict[str, np.ndarray], dict]:
    """A sentence with the weights of attention that our W_Q and W_K make, and with our W_V and W_O."""
    given, labels = PAINT.given(words)
    trace = run(_HEAD, given, labels)
    return {"x": given["x"], "weights": trace["weights"].value, **{name: given[name] for name in _MAPS}}, labels


def _drawn_maps(rng: np.random.Generator) -> Given:
    """W_V and W_O with strengths, and the coordinates in some order."""
    w_v, w_o = np.zeros((6, 4)), np.zeros((4, 6))
    for feature, at in zip(_SENT, rng.permutation(3), strict=True):
        w_v[feature, at], w_o[at, feature] = rng.integers(1, 4), rng.choice([1.0, 2.0, -1.0])
    return {"w_v": w_v, "w_o": w_o}


def _about(seed: int, at: tuple[int, int], features: tuple[int, ...], slips: tuple[Slip, ...], maps) -> Problem:
    """Our sentence and this cell of X' at seed 0; else another sentence, and a cell to which the head adds.

    maps: from a random generator (None at seed 0) to W_V and W_O.
    """
    if not seed:
        given, labels = _weighed(_SENTENCES[0])
        return Problem(_ADD, {**given, **maps(None)}, labels, (("residual", at),), slips)

    def drawn(rng):
        given, labels = _weighed(_SENTENCES[int(rng.integers(len(_SENTENCES)))])
        given |= maps(rng)
        trace = run(_ADD, given, labels)
        cells = [(i, j) for i in range(1, len(given["x"])) for j in features
                 if abs(trace["projected"].value[i, j]) > _CLOSE < abs(trace["residual"].value[i, j])]  # fmt: skip
        return Problem(_ADD, given, labels, (("residual", cells[int(rng.integers(len(cells)))]),), slips)

    return spread(drawn, seed)


def _added(seed: int) -> Task:
    def maps(rng):
        return {name: PAINT.weights[name] for name in _MAPS} if rng is None else _drawn_maps(rng)

    slips = (_LONELY, _AS_IT_COMES, _COLUMN, _WHOLE, _EVEN, _WORDS_ALONE, _NOT_ITSELF)
    asked = _about(seed, (1, _ROUND), _SENT, slips, maps)
    word, feature, steps = _spoken(asked)
    trace, target = asked.right.trace, asked.targets[0]
    return Task(
        prompt=f"The sentence is “{_line(asked)}”. The weights of attention, W_V and W_O are given below. How much of "
        f"{feature} does “{word}” have after the head, with the residual?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            f"Two parts: what “{word}” has of {feature} by itself, and what the head adds.",
            f"What does each word hand over of {feature}? Multiply by the shares in the row of “{word}”.",
            f"The head adds {steps}. Then add the word itself.",
        ),
        solution=_solved(trace, target),
        checker=Numbers(asked),
    )


def _identical(seed: int) -> Task:
    eye = np.eye(6)
    slips = (_LONELY, _AS_IT_COMES, _COLUMN, _WHOLE, _EVERYBODY, _EVEN, _OUR_MAPS)
    asked = _about(seed, (1, 0), tuple(range(6)), slips, lambda rng: dict.fromkeys(_MAPS, eye))
    word, feature, steps = _spoken(asked)
    trace, target = asked.right.trace, asked.targets[0]
    return Task(
        prompt=f"The sentence is “{_line(asked)}”, with the weights of attention given below. W_V and W_O are the "
        f"identity, so that each word hands over all that it is. How much of {feature} does “{word}” have after the "
        "head, with the residual?",
        accepts=ACCEPTS,
        trace=trace,
        target=target,
        hints=(
            "A value is the word itself now: V = X, and W_O changes nothing.",
            f"Go along the row of “{word}” in the weights. Which of these words have {feature}?",
            f"The head adds {steps}. Then add what “{word}” has of {feature} itself.",
        ),
        solution=_solved(trace, target),
        checker=Numbers(asked),
    )


def _solved(trace: Trace, target: Target) -> tuple[str, ...]:
    """The value coordinate that W_O writes into this feature; what W_O makes of it; and the sum."""
    _, (i, j) = target
    at = int(np.abs(trace.given["w_o"].value[:, j]).argmax())
    return (*worked(trace, ("output", (i, at)), ("output",)), *worked(trace, target, ("projected", "residual")))


def _line(asked: Problem) -> str:
    return " ".join(asked.labels["query"])


def _spoken(asked: Problem) -> tuple[str, str, str]:
    """The word and the feature that are asked for, and what the head adds there."""
    ((_, (i, j)),) = asked.targets
    trace = asked.right.trace
    return trace["residual"].labels[0][i], PAINT.features[j], exact(float(trace["projected"].value[i, j]))


# --- Two narrow matrices ---------------------------------------------------------------------------------------------

_COUNT: Program = (
    scalar("one_map", r"d_{\text{model}}^2", "d_model * d_model", ("d_model", "d_model"), rules.times,
           "numbers of one matrix", "d_model rows and d_model columns"),
    scalar("in_w_v", r"d_{\text{model}} d_v", "d_model * d_v", ("d_model", "d_v"), rules.times, "numbers of W_V",
           "d_model rows and d_v columns"),
    scalar("in_w_o", r"d_v d_{\text{model}}", "d_v * d_model", ("d_v", "d_model"), rules.times, "numbers of W_O",
           "d_v rows and d_model columns"),
    scalar("in_both", r"n_V + n_O", "in_w_v + in_w_o", ("in_w_v", "in_w_o"), rules.add, "numbers of both",
           "W_V and W_O together"),
    scalar("times", r"n / (n_V + n_O)", "one_map / in_both", ("one_map", "in_both"), rules.divide,
           "times as many", "how many times as many numbers one matrix has"),
)  # fmt: skip
_ONE_FACTOR = Slip("W_V alone", "only one of the two factors is counted", "count",
                   stepped("times", inputs=("one_map", "in_w_v")))  # fmt: skip
_UPSIDE_DOWN = Slip("upside down", "the two are divided by the one", "order",
                    stepped("times", inputs=("in_both", "one_map")))  # fmt: skip
_SQUARES = Slip(
    "d_v by d_v", "W_V and W_O are taken to have d_v rows and d_v columns", "size",
    programmed(lambda program: exchanged(program, *(
        replace(find(program, name), inputs=("d_v", "d_v")) for name in ("in_w_v", "in_w_o")
    ))),
)  # fmt: skip
_CHOSEN = {0: (768, 64), 4: (12288, 128)}  # the lesson says what comes out for the latter, so it is not the first
_D_MODELS, _D_VS = (384, 512, 768, 1024, 1536, 2048, 4096, 6144), (16, 32, 48, 64, 96, 128, 256)


def _narrow(seed: int) -> Task:
    def problem(d_model: float, d_v: float) -> Problem:
        given = {"d_model": number(d_model), "d_v": number(d_v)}
        return Problem(_COUNT, given, {}, (("times", ()),), (_ONE_FACTOR, _UPSIDE_DOWN, _SQUARES))

    def drawn(rng):
        return problem(float(rng.choice(_D_MODELS)), float(rng.choice(_D_VS)))

    asked = problem(*_CHOSEN[seed]) if seed in _CHOSEN else spread(drawn, seed)
    d_model, d_v = (int(asked.given[name]) for name in ("d_model", "d_v"))
    trace = asked.right.trace
    one, both = (int(trace[name].value) for name in ("one_map", "in_both"))
    return Task(
        prompt=f"A head maps the features of a word to what it adds. With W_V and W_O the map goes through values of "
        f"d_v = {d_v} coordinates; d_model = {d_model}. One could have one matrix of d_model × d_model instead. How "
        "many times as many numbers would that be?",
        accepts=ACCEPTS,
        trace=trace,
        target=asked.targets[0],
        hints=(
            "Count the cells of W_V, then those of W_O. Rows times columns.",
            f"W_V has {d_model} × {d_v} cells, W_O has {d_v} × {d_model}; together {both:,}.",
            f"One matrix has {d_model} × {d_model} = {one:,} cells. Divide.",
        ),
        solution=(
            f"one matrix: {d_model} × {d_model} = {one:,}",
            f"W_V and W_O: 2 × {d_model} × {d_v} = {both:,}",
            f"{one:,} / {both:,} = {exact(float(trace['times'].value))}: half of d_model / d_v",
        ),
        checker=Numbers(asked),
    )


EXERCISES = (
    Exercise("values-added", "values", "number", "A feature after the head", 1, _added),
    Exercise("values-identity", "values", "number", "When the values are the words", 2, _identical),
    Exercise("values-narrow", "values", "number", "One matrix, or two narrow ones", 1, _narrow),
    Exercise("E17", "values", "weights", "Send only shape", 2, _send),
)
