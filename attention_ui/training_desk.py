"""The desk at which a model is trained: choose a task, press Train, stop it anywhere, and go back to any step.

Vocabulary
    desk     what this visitor trains: task, settings as typed, the run, whether it goes on, which step is shown
    slice    the steps that one rerun does: few, and over after SLICE seconds, so that nobody else waits for them
    shown    the state that is drawn: that at the end of the run, or at an earlier step
    sample   the sentence at which the model is shown; no step of training has seen it, unless there are no others

Nothing of it is kept outside the visitor's session. A run that is left stands still: only a rerun of its page works.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape

import numpy as np
import streamlit as st

from attention_core import training
from attention_core.by_hand import by_hand
from attention_core.numerals import decimal, parse, parse_block
from attention_core.programs import given_of, gradient_name
from attention_core.tasks import TASKS, Sentences, Task, drawn
from attention_core.trace import Matrix, Trace
from attention_core.training import MOST_STEPS, Run, Setup, State
from attention_ui.controls import reporting
from attention_ui.lesson import notice
from attention_ui.loss_curve import loss_curve
from attention_ui.naming import readable
from attention_ui.readings import said
from attention_ui.tables import matrix_table, text_table
from attention_ui.teach import WIDTH

SLICE = 0.04  # seconds
EVERY = 0.15  # seconds between two slices
SLICES = 20  # that a whole run is cut into, if the machine keeps up: it should be seen moving
OWN = "drawn"
_OPTIMISERS = {"sgd": "plain gradient descent (SGD)", "adam": "Adam"}
_PATTERN = "1 0 0 0\n1 0 0 0\n0 1/2 1/2 0\n0 0 1 0"
_MOST_TOKENS = 6
_UNSEEN = 987  # the seed of the sentences that are shown
_KEY = "desk"
_MOST_LEFT = 3  # runs beside the present one: each may have megabytes
_NOTHING = object()


@dataclass
class Desk:
    """What one visitor trains. error: what is wrong with the settings as typed; the run is then the last good one."""

    task: str
    optimiser: str
    rate: str
    seed: int
    steps: int
    run: Run
    pattern: str = _PATTERN
    playing: bool = False
    at: int | None = None
    timed: bool = False
    error: str = ""
    sample: int = 0
    look: str = ""
    slopes: bool = False
    hand: bool = False

    @property
    def shown(self) -> State:
        return self.run.state if self.at is None else training.at(self.run, self.at)

    @property
    def finished(self) -> bool:
        return bool(self.run.stopped) or self.run.state.step >= min(self.steps, MOST_STEPS)


def _made(name: str) -> Desk:
    """A desk for this task, set as it is known to be learned."""
    task = _task(name, _PATTERN)
    setup = training.proposed(task)
    return Desk(name, setup.optimiser, decimal(setup.rate), setup.seed, task.steps, training.begin(setup))


def _task(name: str, pattern: str) -> Task:
    """The task of this name. Raises ValueError, NumberError among them, for a pattern that is none."""
    if name != OWN:
        return TASKS[name]
    rows = np.array(parse_block(pattern))
    if rows.size > _MOST_TOKENS**2:
        raise ValueError(f"the pattern has at most {_MOST_TOKENS} rows and columns")
    return drawn(rows)


def desk_of_visitor() -> Desk:
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _made("previous")
    return st.session_state[_KEY]


def training_desk() -> None:
    """The whole desk. While a run goes on, it draws itself again and again, and the page around it does not."""
    now = desk_of_visitor()
    now.timed = now.playing
    st.fragment(_draw, run_every=EVERY if now.playing else None)()


def _draw() -> None:
    now = desk_of_visitor()
    if now.playing:
        _work(now)
    with st.container(width=WIDTH):
        _choose(now)
        _settings(now)
        if now.error:
            notice(now.error)
        _buttons(now)
        if now.run.stopped:
            notice(now.run.stopped)
        _rewind(now)
        _standing(now)
    _model(now)
    if now.playing != now.timed:  # the clock that calls this function is set, or stopped, by the page around it
        st.rerun()


def _work(now: Desk) -> None:
    """One slice of the run."""
    left = min(now.steps, MOST_STEPS) - now.run.state.step
    if left > 0:
        now.run = training.go_on(now.run, min(left, max(1, now.steps // SLICES)), SLICE)
    now.playing = not now.finished


# --- What is done to the desk ----------------------------------------------------------------------------------------


def _anew(now: Desk, **changes: object) -> None:
    """Other settings: a run from the start. Settings that cannot be used are said, and the run stays."""
    for name, value in changes.items():
        setattr(now, name, value)
    now.playing, now.error = False, ""
    try:
        task = _task(now.task, now.pattern) if now.task != OWN or "pattern" in changes else now.run.setup.task
        rate = parse(now.rate)
        now.run = training.begin(Setup(task, now.optimiser, rate, now.seed))
    except ValueError as problem:
        now.error = f"{_sentence(str(problem))} The last run stays below."
        return
    now.at = None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def _take(name: str) -> None:
    """Another task. The desks of the last few stay as they were left, each with its run."""
    left = desk_of_visitor()
    kept = st.session_state.setdefault(f"{_KEY}.left", {})
    kept[left.task] = replace(left, playing=False)
    st.session_state[_KEY] = replace(kept.pop(name, None) or _made(name), hand=left.hand)
    while len(kept) > _MOST_LEFT:
        del kept[next(iter(kept))]


def _play(now: Desk) -> None:
    now.playing, now.at = not now.finished, None


def _pause(now: Desk) -> None:
    now.playing = False


def _step(now: Desk) -> None:
    """One step on: along what is recorded, or a new one at its end."""
    now.playing = False
    if now.at is not None and now.at < now.run.state.step:
        now.at += 1
    else:
        now.run, now.at = training.go_on(now.run, 1), None


def _go_to(now: Desk, step: int) -> None:
    now.playing, now.at = False, step if step < now.run.state.step else None


# --- Controls --------------------------------------------------------------------------------------------------------


def _bound(name: str, value: object, report: Callable[[object], None]) -> dict[str, object]:
    """A widget's key, set to what the desk says, and the callback that tells the desk."""
    key = f"{_KEY}.{name}"
    # While a run goes on, a widget that is written anew at each slice would undo a press on its way. Else it is: of a
    # widget that was first drawn in a run that the page broke off, the browser knows no value.
    if not desk_of_visitor().playing or st.session_state.get(key, _NOTHING) != value:
        st.session_state[key] = value
    return {"key": key, "on_change": reporting(key, report)}


def _choose(now: Desk) -> None:
    titles = {name: task.title for name, task in TASKS.items()} | {OWN: "A pattern of your own"}
    named = {title: name for name, title in titles.items()}
    st.selectbox("Task", list(named), width=420, **_bound("task", titles[now.task], lambda title: _take(named[title])))
    st.markdown(now.run.setup.task.about)
    if now.task == OWN:
        st.text_area(
            "The pattern: a row for each token, how much it should take from each",
            help="2 to 6 rows, as many numbers in each. A row is divided by its sum; a row of zeros is not asked for.",
            width=420, height=140, **_bound("pattern", now.pattern, lambda text: _anew(now, pattern=text)),
        )  # fmt: skip


def _settings(now: Desk) -> None:
    with st.expander("How it is trained: learning rate, optimiser, seed, steps"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input("Learning rate η", width=130, max_chars=20,
                          **_bound("rate", now.rate, lambda text: _anew(now, rate=text)))  # fmt: skip
            named = {title: name for name, title in _OPTIMISERS.items()}
            st.selectbox("Optimiser", list(named), width=260,
                         **_bound("optimiser", _OPTIMISERS[now.optimiser],
                                  lambda title: _anew(now, optimiser=named[title])))  # fmt: skip
            st.number_input("Seed", 0, 9999, step=1, width=130,
                            **_bound("seed", now.seed, lambda seed: _anew(now, seed=seed)))  # fmt: skip
            st.number_input("Steps", 1, MOST_STEPS, step=10, width=130,
                            **_bound("steps", now.steps, lambda steps: setattr(now, "steps", steps)))  # fmt: skip
        st.caption("The seed decides the weights at the start and the sentences. Another setting begins a new run; "
                   "more steps let this one go on.")  # fmt: skip


def _buttons(now: Desk) -> None:
    step, steps = now.run.state.step, min(now.steps, MOST_STEPS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if now.playing:
            st.button("Pause", key=f"{_KEY}.pause", type="primary", on_click=_pause, args=(now,))
        else:
            st.button("Train", key=f"{_KEY}.play", type="primary", on_click=_play, args=(now,), disabled=now.finished)
        st.button("One step", key=f"{_KEY}.step", on_click=_step, args=(now,), disabled=bool(now.run.stopped)
                  or (now.at is None and step >= MOST_STEPS))  # fmt: skip
        st.button("From the start", key=f"{_KEY}.anew", on_click=_anew, args=(now,), disabled=step == 0)
    st.progress(min(1.0, step / steps), text=f"{step} of {steps} steps done")


def _rewind(now: Desk) -> None:
    done = now.run.state.step
    if done and not now.playing:  # what moves by itself cannot be moved
        st.slider("Step that is shown: go back along the run", 0, done, step=1, width=420,
                  **_bound("at", done if now.at is None else now.at, lambda step: _go_to(now, step)))  # fmt: skip


# --- What is seen ----------------------------------------------------------------------------------------------------


def _standing(now: Desk) -> None:
    """How good the model is at the step that is shown, and the loss of the whole run."""
    state, setup = now.shown, now.run.setup
    found = training.judged(setup, state.weights)
    header = ("after step", "loss", "right answers", "mean p", "smallest possible loss")
    loss = decimal(found.loss) if np.isfinite(found.loss) else "too large"
    row = (str(state.step), loss, f"{found.right:.0%}", said(found.share, 2), decimal(setup.task.floor))
    st.html(text_table("On sentences that are not trained on" if _has_others(setup.task) else "On its sentences",
                       header, [row]))  # fmt: skip
    st.caption(_meant(setup.task))
    loss_curve(now.run.losses, setup.task.floor, state.step)


def _meant(task: Task) -> str:
    """What the loss is the mean of. It is another than that of the bench above."""
    gets = "the probability that the right answer gets" if _of_words(task) else "the share that the right token gets"
    text = f"The loss is the mean of −ln p (cross-entropy) over all tokens that are asked; p is {gets}."
    if task.name == OWN:
        text += " Of several right ones, each −ln p counts as much as the pattern says, and mean p adds up their p."
    elif task.floor:
        text += " A token is right if it takes most from there; between equal shares the last digits decide."
    return text


def _of_words(task: Task) -> bool:
    """Whether words are asked for; else it is the shares of attention themselves."""
    return task.judged[1] == "targets"


def _has_others(task: Task) -> bool:
    """Whether the test can have other sentences than training: some tasks have so few that every step sees all."""
    return _of_words(task)


def _sentence_of(now: Desk) -> Sentences:
    task = now.run.setup.task
    batch = task.batch(_UNSEEN, now.sample, 1)
    at = (now.sample + 3) % len(batch.words)  # of few sentences the fourth is the running example
    return Sentences(*(part[at : at + 1] for part in batch))


def _model(now: Desk) -> None:
    """The model at one sentence: its answers, its shares of attention, and one matrix of weights."""
    task, state, sentence = now.run.setup.task, now.shown, _sentence_of(now)
    made = by_hand(task)
    try:
        trace = training.looked_at(task, state.weights, sentence)
    except ValueError:
        notice("The weights at this step are so large that nothing can be computed with them. Go back along the run.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**At one sentence:** *{escape(' '.join(task.said(sentence.words[0])))}*", width="content")
        if now.task != OWN:  # a pattern has one sentence
            st.button("Another sentence", key=f"{_KEY}.sample", type="tertiary", on_click=lambda: _another(now))
        if made:
            st.toggle("Beside it: weights written by hand",
                      **_bound("hand", now.hand, lambda on: setattr(now, "hand", on)))  # fmt: skip
    hand = training.looked_at(task, made, sentence) if now.hand and made else None
    st.html(_answers(task, sentence, trace, hand))
    costs = training.costs(task, trace, sentence)
    st.caption(f"The loss at this sentence is the mean of the column −ln p: {_cost(costs.mean())}.")
    for layer in _layers(trace):
        with st.container(horizontal=True, gap="large"):
            st.html(_shares(trace, layer, "learned"), width="content")
            if hand:
                st.html(_shares(hand, layer, "written by hand"), width="content")
    _weights(now, state, made if hand else None)


def _another(now: Desk) -> None:
    now.sample += 1


def _layers(trace: Trace) -> list[str]:
    return [name.removesuffix("weights") for name in trace if name.rpartition(".")[2] == "weights"]


def _shares(trace: Trace, layer: str, whose: str) -> str:
    where = f", layer {layer[5:-1]}" if layer else ""
    return matrix_table(_short(trace[f"{layer}weights"]), f"Shares of attention{where}, {whose}", shaded=True,
                        places=2)  # fmt: skip


def _short(matrix: Matrix) -> Matrix:
    """Two decimals: what a share is beyond that makes a table wide, and a moving one restless."""
    return replace(Matrix(matrix.name, matrix.axes, matrix.value, matrix.labels), value=matrix.value.round(2) + 0.0)


def _answers(task: Task, sentence: Sentences, trace: Trace, hand: Trace | None) -> str:
    """What is asked, what would be right, what it gets and costs; for words, what the model says instead."""
    made, rows = trace[task.judged[0]], []
    others = [one[task.judged[0]].value for one in (trace, hand) if one is not None and _of_words(task)]
    asked = np.flatnonzero(sentence.asked[0])
    for i, cost in zip(asked, training.costs(task, trace, sentence), strict=True):
        right = np.flatnonzero(sentence.goal[0, i])
        words, got = (", ".join(texts) for texts in ([made.labels[1][k] for k in right],
                                                     [said(made.value[i, k], 3) for k in right]))  # fmt: skip
        best = [f"{made.labels[1][int(shares[i].argmax())]} ({said(shares[i].max(), 2)})" for shares in others]
        rows.append((made.labels[0][i], words, got, _cost(cost), *best))
    header = ("token", "right answer" if others else "should take from", "its p", "−ln p",
              *("learned: best answer (its p)", "by hand")[: len(others)])  # fmt: skip
    return text_table("What the right answers get" if others else "What the right tokens get", header, rows)


def _cost(cost: float) -> str:
    return said(cost, 3) if np.isfinite(cost) else decimal(cost)


def _weights(now: Desk, state: State, made: dict[str, np.ndarray] | None) -> None:
    """One matrix of weights, or its gradient; beside it the one written by hand."""
    setup = now.run.setup
    names = list(setup.task.shapes)
    look = now.look if now.look in names else names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        called = {_called(name): name for name in names}
        st.selectbox("Weights", list(called), width=260,
                     **_bound("look", _called(look), lambda text: setattr(now, "look", called[text])))  # fmt: skip
        st.toggle("Their gradients", help="How fast the loss rises with each weight: what the next step follows.",
                  **_bound("slopes", now.slopes, lambda on: setattr(now, "slopes", on)))  # fmt: skip
    value = training.gradients(setup, state)[look] if now.slopes else state.weights[look]
    name = gradient_name(look) if now.slopes else look
    title = f"{'Gradient of ' * now.slopes}{_called(look)}, after step {state.step}"
    darkest = float(np.abs(value).max(initial=0)) or 1.0 if now.slopes else 1.0
    with st.container(horizontal=True, gap="large"):
        _matrix(_labelled(setup.task, name, look, value), title, darkest)
        if made and not now.slopes:
            _matrix(_labelled(setup.task, name, look, made[look]), f"{_called(look)}, written by hand")


def _matrix(matrix: Matrix, title: str, darkest: float = 1.0) -> None:
    """Whole numbers bare; what was rounded to two decimals with both; smaller ones as they are."""
    value = matrix.value
    places = 2 if (value % 1).any() and (value == value.round(2)).all() else None
    st.html(matrix_table(matrix, title, shaded=True, darkest=darkest, places=places), width="content")


def _called(name: str) -> str:
    """A matrix in words: “W_Q of layer 1, query weights”."""
    about, layer = given_of(name), name.rpartition(".")[0]
    where = f" of layer {layer.removeprefix('layer')}" if layer else ""
    return f"{readable(about.letter)}{where}, {about.title}"


def _labelled(task: Task, name: str, look: str, value: np.ndarray) -> Matrix:
    """A matrix of weights with its features, words and distances named."""
    places = task.tokens
    known = {"d_model": task.features, "vocab": task.answers,
             "distance": tuple(str(i).replace("-", "−") for i in range(1 - places, places))}  # fmt: skip
    axes = given_of(look).axes
    labels = tuple(known.get(axis, tuple(map(str, range(n)))) for axis, n in zip(axes, value.shape, strict=True))
    return Matrix(name, axes, value.round(2) + 0.0 if np.abs(value).max(initial=0) > 0.1 else value, labels)
