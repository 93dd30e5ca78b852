"""Where the lessons stand on the map of the course, computed from what each builds on.

Vocabulary
    shape    how wide, high and far apart the boxes are, and how many stand side by side; all lengths are in rem
    place    row and column of a lesson. Lessons fill a row from the left; a new row begins with a section, when a row
             is full, and where a lesson builds on one of its own row that is not its left neighbour
    part     a section: a band over the whole width, with a heading above its rows
    gutter   the free strip under a row; all that is not a straight arrow runs there
    track    a line within a gutter, which no two arrows have at the same place
    arrow    from a lesson to one in the same row or the next that builds on it: corners (x, y). It never runs upwards;
             it ends down or to the right
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Point = tuple[float, float]


class Known(Protocol):
    """What the map must know of a lesson."""

    name: str
    section: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """Lengths in rem.

    across, down: gutters between columns and rows; margin: to the left of the first column; over: the gutter between
    the heading of a part and its first row; apart: between two parts
    """

    columns: int
    width: float
    height: float
    across: float = 1.75
    down: float = 1.5
    margin: float = 0.75
    heading: float = 1.75
    over: float = 1.25
    apart: float = 0.75
    edge: float = 0.75  # to the right of the last column


WIDE = Shape(columns=4, width=12.0, height=6.0)
NARROW = Shape(columns=1, width=15.0, height=4.5)
_OUT = 1.25  # where arrows leave the bottom of a box, from its left edge; straight down they arrive there, too
_IN, _BETWEEN = 2.25, 0.75  # where other arrows arrive
_HEAD = 0.5  # the end of a gutter that is free for the heads of the arrows


@dataclass(frozen=True)
class Box:
    """The box of a lesson: its upper left corner, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Part:
    """The band of a section."""

    title: str
    y: float
    height: float


@dataclass(frozen=True)
class Plan:
    """The whole map. arrows: (needed lesson, lesson) -> corners from the one to the other."""

    boxes: Mapping[str, Box]
    parts: tuple[Part, ...]
    arrows: Mapping[tuple[str, str], tuple[Point, ...]]
    width: float
    height: float


def plan(lessons: Sequence[Known], shape: Shape) -> Plan:
    """The map of these lessons, each of which builds on earlier ones only."""
    places, sections = _places(lessons, shape.columns)
    tops, parts = _heights(sections, shape)
    boxes = {name: Box(_left(col, shape), tops[row], shape.width, shape.height) for name, (row, col) in places.items()}
    arrows = _Arrows(places, boxes, shape).routed(lessons)
    width = max(box.right for box in boxes.values()) + shape.edge
    return Plan(boxes, parts, arrows, width, parts[-1].y + parts[-1].height)


def _places(lessons: Sequence[Known], columns: int) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Row and column of each lesson, and the section of each row."""
    places: dict[str, tuple[int, int]] = {}
    sections: list[str] = []
    for known in lessons:
        row = len(sections) - 1
        col = sum(place[0] == row for place in places.values())
        here = [places[need][1] for need in known.needs if places[need][0] == row]
        if not sections or sections[-1] != known.section or col == columns or any(at != col - 1 for at in here):
            sections.append(known.section)
            row, col = row + 1, 0
        places[known.name] = row, col
    return places, sections


def _heights(sections: Sequence[str], shape: Shape) -> tuple[list[float], tuple[Part, ...]]:
    """The top of each row, and the parts."""
    tops: list[float] = []
    parts: list[Part] = []
    y = 0.0
    for row, section in enumerate(sections):
        if row == 0 or section != sections[row - 1]:
            start = y
            y += shape.heading + shape.over
        tops.append(y)
        y += shape.height + shape.down
        if row + 1 == len(sections) or sections[row + 1] != section:
            parts.append(Part(section, start, y - start))
            y += shape.apart
    return tops, tuple(parts)


def _left(col: int, shape: Shape) -> float:
    return shape.margin + col * (shape.width + shape.across)


# --- arrows ----------------------------------------------------------------------------------------------------------


class _Arrows:
    """The arrows of one map: those to the same row or the next. What is farther away is said in the boxes only."""

    def __init__(self, places, boxes, shape) -> None:
        self.places, self.boxes, self.shape = places, boxes, shape
        self.bent: list[tuple[str, str]] = []

    def routed(self, lessons: Sequence[Known]) -> dict[tuple[str, str], tuple[Point, ...]]:
        edges = [(need, known.name) for known in lessons for need in known.needs]
        near = [edge for edge in edges if self._down(edge) <= 1]
        self.bent = [edge for edge in near if self._down(edge) and not self._straight(edge)]
        return {edge: self._corners(edge) for edge in near}

    def _down(self, edge: tuple[str, str]) -> int:
        """How many rows an arrow leads down."""
        return self.places[edge[1]][0] - self.places[edge[0]][0]

    def _straight(self, edge: tuple[str, str]) -> bool:
        return self.places[edge[0]][1] == self.places[edge[1]][1]

    def _corners(self, edge: tuple[str, str]) -> tuple[Point, ...]:
        start, end = (self.boxes[name] for name in edge)
        if not self._down(edge):
            middle = start.y + start.height / 2
            return (start.right, middle), (end.x, middle)
        out, into = start.x + _OUT, end.x + self._port(edge)
        if self._straight(edge):
            return (out, start.bottom), (into, end.y)
        track = self._track(edge)
        return (out, start.bottom), (out, track), (into, track), (into, end.y)

    def _port(self, edge: tuple[str, str]) -> float:
        """Where an arrow arrives at the top of its box, from the left edge."""
        if self._straight(edge):
            return _OUT
        return _IN + _BETWEEN * [start for start, end in self.bent if end == edge[1]].index(edge[0])

    def _track(self, edge: tuple[str, str]) -> float:
        """How far down an arrow runs across, in the gutter below its row."""
        row = self.places[edge[0]][0]
        beside = [other for other in self.bent if self.places[other[0]][0] == row]
        room = self.shape.down - _HEAD
        return self.boxes[edge[0]].bottom + room * (beside.index(edge) + 1) / (len(beside) + 1)
