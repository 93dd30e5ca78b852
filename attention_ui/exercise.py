"""One exercise on the page: question, fields, verdict with its slips, follow-up, hints, solution, fresh numbers.

Vocabulary
    attempt    what a learner has done with one exercise and one seed; it stands in st.session_state["exercises"]
    verdict    what the core says of an answer: right or not, the slips that explain it, where it leaves the right way
    follow-up  one more number, asked for where several slips fit
    skip       showing the solution before a right answer; it counts as an answer that was not right
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from attention_core.exercises import EXERCISES
from attention_core.exercises.engine import Exercise, Task, Verdict
from attention_ui.answer_fields import Entries, Fields, matrices, pictures, written
from attention_ui.lesson import notice
from attention_ui.progress_panel import progress, record
from attention_ui.session import task, visit
from attention_ui.teach import WIDTH

_KEY = "exercises"


@dataclass
class Attempt:
    """What a learner has done with one exercise and the numbers of one seed.

    answered   the answer that the verdict is about; checks: how many were made (a follow-up field is new after each)
    unfit      fields that could not be read at the last check, each with its sentence; "" where nothing was answered
    kept       why progress could not be kept, "" if it was
    stale      progress has grown, and what the page shows of it around this exercise has not
    """

    seed: int = 0
    entries: Entries = field(default_factory=dict)
    answered: Any = None
    verdict: Verdict | None = None
    narrowed: Verdict | None = None
    checks: int = 0
    unfit: dict[str, str] = field(default_factory=dict)
    hints: int = 0
    solution: bool = False
    kept: str = ""
    stale: bool = False

    @property
    def solved(self) -> bool:
        return self.verdict is not None and self.verdict.right


@lru_cache(maxsize=128)
def _task(name: str, seed: int) -> Task:
    """The task of this seed; shared by all visitors, for it never changes and its slips are costly to work out."""
    return EXERCISES[name].task(seed)


def attempt_of(name: str) -> Attempt:
    """This visitor's attempt. The first has the lesson's numbers; a review, those after the last that were answered;
    what a lesson link asks for, those that it names."""
    attempts = st.session_state.setdefault(_KEY, {})
    if name not in attempts:
        earlier, asked = progress().answers.get(name, ()), task()
        seed = earlier[-1].seed + 1 if earlier else 0
        attempts[name] = Attempt(asked.variant if asked and asked.exercise == name else seed)
    return attempts[name]


@st.fragment
def exercise(name: str) -> None:
    """Draw one exercise, by its name. Raises KeyError for a name that the core does not have.

    A fragment: what is done in it reruns this function and not the page, unless progress has grown.
    """
    known = EXERCISES[name]
    attempt = attempt_of(name)
    if attempt.stale:
        attempt.stale = False
        st.rerun()
    task = _task(name, attempt.seed)
    marks = attempt.verdict.marks if attempt.verdict and not attempt.unfit else {}  # they were of other entries
    fields = Fields(task, known.kind, attempt.entries, f"{name}.{attempt.seed}", marks, attempt.unfit)
    with st.container(border=True, width=WIDTH, key=f"exercise-{name}"):
        st.markdown(f"**Exercise: {known.title}**")
        st.caption(" · ".join((f"Difficulty {known.difficulty} of 3", *_about(known, attempt))))
        st.html(f'<p class="prompt">{escape(task.prompt)}</p>')
        pictures(task)
        matrices(fields)
        _answer(name, fields, attempt)
        _buttons(name, fields, attempt)
        fields.trouble()
        _verdict(task, known.kind, attempt)
        _follow_up(fields, attempt)
        _help(task, attempt)


def _about(known: Exercise, attempt: Attempt) -> Iterator[str]:
    """The language of code; whose numbers these are; how they are laid out, where the lesson shows them otherwise."""
    if known.kind == "code":
        yield "in NumPy"
    if attempt.seed:
        yield f"fresh numbers, no. {attempt.seed}"
    elif known.kind != "code":
        yield "numbers of its own" if known.own else "the lesson’s numbers"
    if visit().view.columns:
        yield "tokens as rows"


# --- what can be pressed ---------------------------------------------------------------------------------------------


def _answer(name: str, fields: Fields, attempt: Attempt) -> None:
    """The fields and what checks them. Enter does it, too, where something is typed, for then they are a form."""
    pressed = {"on_click": _check, "args": (name, fields, attempt), "key": f"{fields.prefix}.check", "type": "primary"}
    accepts = f'<p class="accepts">{escape(fields.task.accepts)}</p>'
    if not fields.typed:
        fields.draw()
        st.html(accepts)
        st.button("Check", **pressed)
        return
    with st.form(f"{fields.prefix}.form", border=False):
        beside = fields.kind == "number"
        with st.container(horizontal=beside, vertical_alignment="bottom", gap="small"):
            fields.draw()
            if not beside:
                st.html(accepts)
            st.form_submit_button("Check", **pressed)
    if beside:
        st.html(accepts)


def _buttons(name: str, fields: Fields, attempt: Attempt) -> None:
    """What else can be pressed; above what is said of an answer, so that no button moves when something is said."""
    key = fields.prefix
    with st.container(horizontal=True, gap="small"):
        left = len(fields.task.hints) - attempt.hints
        if left and not attempt.solution:
            label = f"Hint {attempt.hints + 1} of {len(fields.task.hints)}"
            st.button(label, key=f"{key}.hint", on_click=_hint, args=(attempt,))
        if not attempt.solution:
            label = "Show the solution" if attempt.checks else "Skip, show the solution"
            st.button(label, key=f"{key}.solution", on_click=_solve, args=(name, attempt))
        if attempt.checks or attempt.solution:
            st.button("Another one", key=f"{key}.another", on_click=_another, args=(name, attempt))


def _check(name: str, fields: Fields, attempt: Attempt) -> None:
    """Check what stands in the fields. What cannot be read is said beside its field, and is no answer."""
    fields.collect()
    answer = fields.answer()
    attempt.unfit, attempt.kept = {}, ""
    if answer is None:
        attempt.unfit = {"": "Nothing was answered yet."}
        return
    attempt.unfit = fields.unreadable()
    if attempt.unfit or _same(answer, attempt.answered):
        return
    first = not attempt.solved and not attempt.solution
    attempt.answered, attempt.verdict, attempt.narrowed = answer, fields.task.check(answer), None
    attempt.checks += 1
    if first and attempt.verdict.read:  # code that cannot be run is no answer, and not kept as a wrong one
        slips = ", ".join(slip.name for slip in attempt.verdict.slips)
        _record(name, attempt, attempt.verdict.right, written(fields.task, answer), slips)


def _record(name: str, attempt: Attempt, right: bool, answer: str = "", slips: str = "") -> None:
    attempt.kept = record(name, attempt.seed, right, attempt.hints, answer, slips)
    attempt.stale = True


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other) if other is not None else False
    return one == other


def _hint(attempt: Attempt) -> None:
    attempt.hints += 1


def _solve(name: str, attempt: Attempt) -> None:
    if not attempt.solved:
        _record(name, attempt, False)
    attempt.solution = True


def _another(name: str, attempt: Attempt) -> None:
    st.session_state[_KEY][name] = Attempt(attempt.seed + 1)


# --- what is said ----------------------------------------------------------------------------------------------------


def _verdict(task: Task, kind: str, attempt: Attempt) -> None:
    """The verdict in a sentence, every slip that fits, and the step at which the answer leaves the right way."""
    if attempt.verdict is not None and not attempt.unfit:  # else it is about what stood in the fields before
        answered = f"You answered {attempt.answered}. " if kind in ("number", "choice") else ""
        _say(attempt.verdict, answered)
        if not attempt.verdict.right and attempt.narrowed is None:
            _diverges(task, attempt.verdict)
        if not attempt.verdict.right and not attempt.verdict.slips:
            _lead_on(task, attempt)
    if attempt.kept:
        notice(attempt.kept)


def _say(verdict: Verdict, answered: str = "") -> None:
    """The verdict's sentence; several slips, and a slip that the sentence does not name, follow as a list."""
    kind, sign = ("right", "✓") if verdict.right else ("wrong", "✗")
    told = [slip.says for slip in verdict.slips if slip.says in verdict.says]
    says = f"Not right. There are {len(told)} ways to get there:" if len(told) > 1 else verdict.says
    listed = [slip.says for slip in verdict.slips if len(told) > 1 or slip.says not in told]
    st.html(
        f'<p role="status" class="verdict {kind}"><b aria-hidden="true">{sign}</b>{escape(answered + says)}</p>'
        + (_list("ul", "slips", listed) if listed else "")
    )


def _diverges(task: Task, verdict: Verdict) -> None:
    """The step, as the lesson's board draws it, of which that answer has other numbers first."""
    if verdict.diverges:
        called, says = task.seen_as(verdict.diverges)
        text = f"The first step with other numbers than in the right way is “{called}”" + (f": {says}" if says else ".")
        st.html(f'<p class="prompt">{escape(text)}</p>')


def _lead_on(task: Task, attempt: Attempt) -> None:
    """Where nothing explains a wrong answer: what to open next, by the name of its button."""
    if attempt.verdict.read and not attempt.solution:
        left = attempt.hints < len(task.hints)
        text = f"Hint {attempt.hints + 1} of {len(task.hints)}" if left else "Show the solution"
        st.html(f'<p class="prompt">Open “{text}”, above: it leads on.</p>')


def _follow_up(fields: Fields, attempt: Attempt) -> None:
    """One more number that decides between the slips."""
    if attempt.verdict is None or attempt.verdict.ask is None or attempt.unfit:
        return
    ask, name = attempt.verdict.ask, f"ask{attempt.checks}"
    st.html(f'<p class="prompt">{escape(ask.prompt)}</p>')
    with (
        st.form(f"{fields.prefix}.{name}.form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input("This number", max_chars=2_000, width=200, autocomplete="off", **fields.bound(name, ""))
        st.form_submit_button(
            "Check this number", key=f"{fields.prefix}.{name}.check", on_click=_narrow, args=(fields, attempt, name)
        )
    if attempt.narrowed is not None and attempt.narrowed.ask is not None:
        notice(attempt.narrowed.says)
    elif attempt.narrowed is not None:
        st.html(f'<p role="status" class="verdict narrowed">{escape(attempt.narrowed.says)}</p>')
        _diverges(fields.task, attempt.narrowed)


def _narrow(fields: Fields, attempt: Attempt, name: str) -> None:
    fields.collect()
    attempt.narrowed = fields.task.check_ask(attempt.verdict.ask, attempt.entries.get(name, ""))


def _help(task: Task, attempt: Attempt) -> None:
    """The hints that were asked for, and the solution once it was."""
    if attempt.hints:
        st.html("<b>Hints</b>" + _list("ol", "hints", task.hints[: attempt.hints]))
    if attempt.solution:
        st.html("<b>Solution</b>" + _list("ol", "solution", task.solution))


def _list(tag: str, kind: str, lines: Sequence[str]) -> str:
    return f'<{tag} class="{kind}">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</{tag}>'
