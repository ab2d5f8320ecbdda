"""A pipeline's activities as boxes and lines, from left to right, as one waits for the other. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from sandbox.datafactory.engine.graph import dependencies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.datafactory.engine.statuses import Dependencies
    from sandbox.datafactory.models import Json

_BETWEEN_X: Final = 52
_BETWEEN_Y: Final = 16
_EDGE: Final = 2
_LONGEST: Final = 20
"""Letters of a name that fit into a box."""


@dataclass(frozen=True)
class Box:
    WIDTH: ClassVar = 176
    HEIGHT: ClassVar = 46

    name: str
    type: str
    status: str
    """Empty: it has not begun."""
    x: int
    y: int

    @property
    def label(self) -> str:
        return self.name if len(self.name) <= _LONGEST else f"{self.name[: _LONGEST - 1]}…"


@dataclass(frozen=True)
class Line:
    path: str
    conditions: str
    tells: str


@dataclass(frozen=True)
class Graph:
    boxes: list[Box]
    lines: list[Line]

    @property
    def width(self) -> int:
        return max((box.x for box in self.boxes), default=0) + Box.WIDTH + _EDGE

    @property
    def height(self) -> int:
        return max((box.y for box in self.boxes), default=0) + Box.HEIGHT + _EDGE


def drawn(activities: Sequence[Json], statuses: Mapping[str, str]) -> Graph:
    """`activities` are a pipeline's own; `statuses` are those of the ones that have begun, by name."""
    depends_on = dependencies(activities)
    taken: Counter[int] = Counter()
    boxes: dict[str, Box] = {}
    for name, column in _columns(depends_on).items():
        x = _EDGE + column * (Box.WIDTH + _BETWEEN_X)
        y = _EDGE + taken[column] * (Box.HEIGHT + _BETWEEN_Y)
        taken[column] += 1
        boxes[name] = Box(name, _type(activities, name), statuses.get(name, ""), x, y)
    lines = [
        _line(boxes[before], boxes[name], conditions)
        for name, all_before in depends_on.items()
        for before, conditions in all_before.items()
    ]
    return Graph(list(boxes.values()), lines)


def _columns(depends_on: Mapping[str, Dependencies]) -> dict[str, int]:
    """The length of the longest way to each; nothing waits for itself, that is checked when it is written."""
    columns: dict[str, int] = {}
    while len(columns) < len(depends_on):
        for name, before in depends_on.items():
            if name not in columns and all(one in columns for one in before):
                columns[name] = max((columns[one] + 1 for one in before), default=0)
    return columns


def _type(activities: Sequence[Json], name: str) -> str:
    return next(str(one["type"]) for one in activities if one["name"] == name)


def _line(before: Box, after: Box, conditions: Sequence[str]) -> Line:
    x1, y1 = before.x + Box.WIDTH, before.y + Box.HEIGHT // 2
    x2, y2 = after.x, after.y + Box.HEIGHT // 2
    middle = (x1 + x2) // 2
    path = f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2 - 5} {y2}"
    said = " or ".join(conditions)
    return Line(path, said, f"{after.name} waits for {before.name}: {said}")
