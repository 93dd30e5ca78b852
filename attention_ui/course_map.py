"""The map of the course: the lessons as boxes, with arrows to those that build on them.

Vocabulary
    box      a lesson: a link of the app's own, and under it minutes, whether it is done, and what is due for review
    lines    the arrows, drawn once for a wide screen and once for a narrow one; style sheets show the one that fits
    place    where a box stands, in rem, as a rule of a style sheet

Where everything stands is computed in course_layout. Arrows lead to lessons nearby only; what a lesson builds on is
said in its box, by number, and by name for those who listen.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

import streamlit as st

from attention_ui.course_layout import NARROW, WIDE, Plan, Point, plan
from attention_ui.lesson import LESSONS, Lesson, lesson, link_to
from attention_ui.progress_panel import due_by_lesson, progress

_THICK, _TIP = 0.1, 0.5  # of the line; length and width of an arrow's head


def course_map() -> None:
    """Draw the map of all lessons."""
    finished, due = progress().finished, due_by_lesson()
    with st.container(key="course_map_frame", gap=None):
        st.html(f"<style>{_styles()}</style>")
        with st.container(key="course_map", gap=None):
            st.html(_lines(plan(LESSONS, WIDE), "wide") + _lines(plan(LESSONS, NARROW), "narrow"))
            for i, known in enumerate(LESSONS):
                if i == 0 or LESSONS[i - 1].section != known.section:
                    with st.container(key=_part_key(known.section), gap=None):
                        st.html(f"<h4>{escape(known.section)}</h4>")
                done = known.name in finished
                with st.container(key=_box_key(known), gap=None):
                    link_to(known.name, f"**{i + 1}** {known.title}", None)
                    st.html(_about(known, done, due[known.name]))


def builds_on(known: Lesson) -> str:
    """What a lesson builds on, in words."""
    return "Builds on " + " and ".join(lesson(name).short for name in known.needs)


def _about(known: Lesson, done: bool, due: int) -> str:
    about = [f"{known.minutes} min"] + ["<b>✓ done</b>"] * done + [f"{due} to review"] * bool(due)
    if known.needs:
        numbers = ", ".join(map(str, sorted(LESSONS.index(lesson(name)) + 1 for name in known.needs)))
        about.append(f'<span aria-hidden="true">after {numbers}</span>')
    needs = f'<span class="unseen">. {escape(builds_on(known))}.</span>' if known.needs else ""
    return f'<p class="about">{" · ".join(about)}{needs}</p>'


# --- places ----------------------------------------------------------------------------------------------------------


def _box_key(known: Lesson) -> str:
    return f"course_box_{known.name}"


def _part_key(section: str) -> str:
    sections = list(dict.fromkeys(known.section for known in LESSONS))
    return f"course_part_{sections.index(section)}"


def _styles() -> str:
    """Every place: on a narrow screen, and on one that is wide enough for the wide map."""
    wide, narrow = plan(LESSONS, WIDE), plan(LESSONS, NARROW)
    below = f"width: calc(100% - {NARROW.margin + NARROW.edge}rem)"
    of_narrow = [*_rules(narrow), ".st-key-course_map [class*=st-key-course_box_] {" + below + "}"]
    of_wide = [
        f".st-key-course_map {{width: {wide.width}rem}}",
        *_rules(wide),
        f".st-key-course_map [class*=st-key-course_box_] {{width: {WIDE.width}rem}}",
        ".course-lines.narrow {display: none} .course-lines.wide {display: block}",
    ]
    return f"{' '.join(of_narrow)} @container (min-width: {wide.width}rem) {{{' '.join(of_wide)}}}"


def _rules(drawn: Plan) -> Iterable[str]:
    yield f".st-key-course_map {{flex: none; height: {drawn.height}rem}}"
    for part in drawn.parts:
        yield f".st-key-{_part_key(part.title)} {{top: {part.y}rem; height: {part.height}rem}}"
    for known in LESSONS:
        box = drawn.boxes[known.name]
        yield f".st-key-{_box_key(known)} {{left: {box.x}rem; top: {box.y}rem; height: {box.height}rem}}"


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(drawn: Plan, which: str) -> str:
    """All arrows of a plan. st.html lets no SVG through; as all lines run down or across, bars do as well."""
    bars = [bar for corners in drawn.arrows.values() for bar in _arrow(corners)]
    return f'<div class="course-lines {which}" aria-hidden="true">{"".join(bars)}</div>'


def _arrow(corners: Sequence[Point]) -> list[str]:
    """A bar for each straight piece, and a head at the end, which points to the right or down."""
    x, y = corners[-1]
    down = corners[-2][0] == x
    end = (x, y - _TIP) if down else (x - _TIP, y)
    bars = [_bar(a, b) for a, b in pairwise((*corners[:-1], end))]
    head = (x - _TIP / 2, y - _TIP) if down else (x - _TIP, y - _TIP / 2)
    return [*bars, f'<b class="{"down" if down else "right"}" style="left:{head[0]:.3f}rem;top:{head[1]:.3f}rem"></b>']


def _bar(a: Point, b: Point) -> str:
    """A thick line between two points, with square ends, so that two that meet make a corner."""
    (left, right), (top, bottom) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    half = _THICK / 2
    return (
        f'<i style="left:{left - half:.3f}rem;top:{top - half:.3f}rem;'
        f'width:{right - left + _THICK:.3f}rem;height:{bottom - top + _THICK:.3f}rem"></i>'
    )
