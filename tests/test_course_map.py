"""The map of the course: nothing overlaps, every need has its arrow, and the page says what the drawing shows."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attention_core.exercises import EXERCISES
from attention_core.progress import Progress, answered, finished
from attention_ui.course_layout import NARROW, WIDE, Box, plan
from attention_ui.lesson import LESSONS

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("One head", "Inside the head", "Many heads and blocks", "Learning", "Your own numbers")
shapes = pytest.mark.parametrize("shape", [WIDE, NARROW], ids=["wide", "narrow"])


@dataclass(frozen=True)
class Known:
    name: str
    section: str
    needs: tuple[str, ...] = ()


@st.composite
def courses(draw) -> list[Known]:
    """Up to 24 lessons in up to five sections, each with up to three needs among those before it."""
    sections = sorted(draw(st.lists(st.integers(0, 4), min_size=1, max_size=24)))
    lessons: list[Known] = []
    for i, section in enumerate(sections):
        needs = draw(st.lists(st.integers(0, i - 1), max_size=3, unique=True)) if i else []
        lessons.append(Known(f"l{i}", SECTIONS[section], tuple(f"l{need}" for need in needs)))
    return lessons


def crosses(a, b, box: Box) -> bool:
    """Whether a straight piece of a line runs through the inside of a box."""
    (left, right), (top, bottom) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    return left < box.right - 1e-9 and right > box.x + 1e-9 and top < box.bottom - 1e-9 and bottom > box.y + 1e-9


def along(one, other) -> bool:
    """Whether two straight pieces lie upon each other for a while."""
    for axis in (0, 1):
        if one[0][axis] == one[1][axis] == other[0][axis] == other[1][axis]:
            low, high = (sorted((piece[0][1 - axis], piece[1][1 - axis])) for piece in (one, other))
            if min(low[1], high[1]) - max(low[0], high[0]) > 1e-9:
                return True
    return False


def is_sound(lessons, shape) -> None:
    drawn = plan(lessons, shape)
    for a, b in combinations(drawn.boxes.values(), 2):
        assert a.right < b.x or b.right < a.x or a.bottom < b.y or b.bottom < a.y
    for known in lessons:
        box = drawn.boxes[known.name]
        (part,) = [part for part in drawn.parts if part.y < box.y and box.bottom < part.y + part.height]
        assert part.title == known.section
        assert box.x > 0
        assert box.right <= drawn.width
        assert box.bottom <= drawn.height
    rows = sorted({box.y for box in drawn.boxes.values()})
    row = {name: rows.index(box.y) for name, box in drawn.boxes.items()}
    needs = {(need, known.name) for known in lessons for need in known.needs}
    assert set(drawn.arrows) == {(need, name) for need, name in needs if row[name] - row[need] < 2}
    for (start, end), corners in drawn.arrows.items():
        is_an_arrow(drawn, drawn.boxes[start], drawn.boxes[end], corners)


def is_an_arrow(drawn, start, end, corners) -> None:
    (x, y), (to_x, to_y) = corners[0], corners[-1]
    if len(corners) == 2 and y == to_y:
        assert x == start.right
        assert to_x == end.x
        assert start.y < y < start.bottom
    else:
        assert y == start.bottom
        assert start.x < x < start.right
        assert to_y == end.y
        assert end.x < to_x < end.right
        assert corners[-2][0] == to_x
    for a, b in pairwise(corners):
        assert a[0] == b[0] or a[1] == b[1]
        assert b[1] >= a[1]  # never upwards
        assert min(a[0], b[0]) > 0
        assert not any(crosses(a, b, box) for box in drawn.boxes.values())


@shapes
@given(lessons=courses())
def test_any_course_can_be_drawn(shape, lessons):
    is_sound(lessons, shape)


@shapes
def test_this_course_is_drawn(shape):
    is_sound(LESSONS, shape)
    drawn = plan(LESSONS, shape)
    assert set(drawn.boxes) == {known.name for known in LESSONS}
    titles = [part.title for part in drawn.parts]
    assert titles == list(dict.fromkeys(known.section for known in LESSONS))


@shapes
@given(lessons=courses())
def test_lines_upon_each_other_belong_together(shape, lessons):
    """Where two arrows run upon each other, they come from the same lesson or lead to the same."""
    arrows = plan(lessons, shape).arrows
    for (edge, corners), (other, others) in combinations(arrows.items(), 2):
        if not set(edge) & set(other):
            assert not any(along(one, two) for one in pairwise(corners) for two in pairwise(others))


@pytest.mark.parametrize("columns", [WIDE, NARROW])
def test_eighteen_lessons_and_two_needs(columns):
    """A lesson that builds on two, in a course of eighteen."""
    lessons = [Known(f"l{i}", SECTIONS[i // 4], (f"l{i - 1}",) * bool(i)) for i in range(17)]
    lessons.append(Known("l17", SECTIONS[4], ("l16", "l5")))
    is_sound(lessons, columns)
    drawn = plan(lessons, columns)
    assert len(drawn.parts) == 5
    assert {start for start, end in drawn.arrows if end == "l17"} == {"l16"}  # l5 stands too far away


def test_rows_fill_from_the_left():
    lessons = [Known(f"l{i}", "One", (f"l{i - 1}",) * bool(i)) for i in range(6)]
    boxes = plan(lessons, WIDE).boxes
    assert [boxes[f"l{i}"].y == boxes["l0"].y for i in range(6)] == [True] * 4 + [False] * 2
    assert boxes["l4"].x == boxes["l0"].x


def test_two_that_build_on_one_stand_apart():
    """The second would otherwise seem to build on the first."""
    drawn = plan([Known("a", "One"), Known("b", "One", ("a",)), Known("c", "One", ("a",))], WIDE)
    assert drawn.boxes["c"].y > drawn.boxes["b"].y
    assert len(drawn.arrows["a", "c"]) == 2  # straight down


# --- on the page -----------------------------------------------------------------------------------------------------


def home(progress: Progress) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.session_state["progress"] = progress
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def about(app: AppTest) -> list[str]:
    """What stands under each lesson's title."""
    return [element.proto.body for element in app.get("html") if 'class="about"' in element.proto.body]


def test_every_lesson_has_a_link_in_its_box():
    app = home(Progress())
    boxes = [link.proto.label for link in app.get("page_link") if link.proto.label.startswith("**")]
    assert boxes == [f"**{i}** {known.title}" for i, known in enumerate(LESSONS, 1)]
    assert len(about(app)) == len(LESSONS)
    for known, said in zip(LESSONS, about(app), strict=True):
        assert f"{known.minutes} min" in said
        assert "done" not in said
        assert "review" not in said
        for need in known.needs:
            (needed,) = [other for other in LESSONS if other.name == need]
            assert needed.short in said
            assert str(LESSONS.index(needed) + 1) in said.partition("after ")[2].partition("<")[0].split(", ")


def test_what_is_done_and_due_stands_in_the_box():
    old = date.today() - timedelta(days=30)
    done = {"home", "softmax"}
    progress = Progress()
    for name in done:
        progress = finished(progress, name, old)
    asked = [name for name, found in EXERCISES.items() if found.lesson == "softmax"][:2]
    for name in asked:
        progress = answered(progress, name, 0, True, 0, old)
    for known, said in zip(LESSONS, about(home(progress)), strict=True):
        assert ("✓ done" in said) == (known.name in done)
        assert ("2 to review" in said) == (known.name == "softmax")
