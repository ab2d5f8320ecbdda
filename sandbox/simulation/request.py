"""What a rehearsal is asked for, and the file of stand-ins, read and checked.

    {"stand_ins": [{"pipeline": "score_*", "activity": "score",        globs; left out: any
                    "minutes": 12 | {"median": 12, "spread": 0.4} | {"past": [11.5, 12, 40]},
                    "fails_percent": 1.5, "fails_when": "@equals(pipeline().parameters.day, '2026-03-29')",
                    "nodes": 2, "output": {"firstRow": {"group_id": "@pipeline().GroupId"}}}]}

The first that fits an activity stands in for it. `minutes`: always so many; log-normal, of that median, and
of a spread that is the standard deviation of the logarithm; or one of those that past runs took. `fails_when`
is an expression of the run, and so is everything in `output`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sandbox.simulation.errors import BadSpan, WrongInFile
from sandbox.simulation.listed import objects_in

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.simulation.arrivals import Arrival

LONGEST_DAYS = 366
YEARS = range(1970, 9001)
MOST_RUNS = 500_000
MOST_NODES = 10_000
_KEYS = frozenset(
    {"pipeline", "activity", "type", "minutes", "fails_percent", "fails_when", "nodes", "output"}
)


@dataclass(frozen=True)
class Minutes:
    """A distribution of durations."""

    median: float
    spread: float = 0.0
    past: tuple[float, ...] = ()

    def draw_seconds(self, chance: random.Random) -> int:
        """Whole seconds, at least one."""
        if self.past:
            minutes = chance.choice(self.past)
        elif self.spread:
            minutes = chance.lognormvariate(math.log(self.median), self.spread)
        else:
            minutes = self.median
        return max(1, round(minutes * 60))

    @property
    def is_drawn(self) -> bool:
        return bool(self.past or self.spread)


@dataclass(frozen=True)
class StandIn:
    pipeline: str = "*"
    activity: str = "*"
    type: str = "*"
    minutes: Minutes = Minutes(0)
    fails_percent: float = 0.0
    fails_when: str | None = None
    nodes: int = 0
    output: Json = field(default_factory=dict)

    @property
    def is_of_one_pipeline(self) -> bool:
        return not any(sign in self.pipeline for sign in "*?[")

    def fits(self, pipeline: str, activity: str, kind: str) -> bool:
        return (
            fnmatchcase(pipeline, self.pipeline)
            and fnmatchcase(activity, self.activity)
            and fnmatchcase(kind, self.type)
        )


USUAL_ML = StandIn(type="AzureMLExecutePipeline", minutes=Minutes(10, spread=0.4), nodes=1)
USUAL = (USUAL_ML, StandIn(minutes=Minutes(10 / 60)))
"""For what no stand-in of the request fits."""


@dataclass(frozen=True)
class Request:
    folder: Path
    start: datetime
    end: datetime
    seed: int = 0
    nodes: int | None = None
    stand_ins: tuple[StandIn, ...] = ()
    as_new: bool = False
    """The triggers are made at the start, and run what is past then; otherwise they have long been there."""
    most_runs: int = MOST_RUNS
    """Pipeline runs; more are refused."""
    arrivals: tuple[Arrival, ...] | None = None
    """Files that come; None: nobody knows, and what waits for files is not rehearsed."""

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise BadSpan(self.start, self.end, "the end must come after the start")
        if (self.end - self.start).days >= LONGEST_DAYS:
            raise BadSpan(self.start, self.end, f"{LONGEST_DAYS} days at most are rehearsed at a time")
        if self.start.year not in YEARS or self.end.year not in YEARS:
            raise BadSpan(self.start, self.end, f"the years {YEARS[0]} to {YEARS[-1]} can be rehearsed")
        require_room(self.stand_ins, self.nodes)


def require_room(stand_ins: Iterable[StandIn], nodes: int | None) -> None:
    """On a cluster of so many nodes. Raises `WrongInFile`."""
    for one in stand_ins:
        if nodes is not None and one.nodes > nodes:
            what = f"stand-in of {one.pipeline}/{one.activity}: nodes"
            raise WrongInFile(what, one.nodes, f"at most the {nodes} of the cluster: it would wait for ever")


def stand_ins_of(file: Path) -> tuple[StandIn, ...]:
    """Raises `WrongInFile`, saying where in the file."""
    return tuple(_stand_in(one, place) for one, place in objects_in(file, "stand_ins", _KEYS))


def _stand_in(written: Json, place: str) -> StandIn:
    globs = {name: _text(written, name, "*", place) for name in ("pipeline", "activity", "type")}
    output = written.get("output", {})
    if not isinstance(output, dict):
        raise WrongInFile(f"{place}.output", output, "an object")
    nodes = written.get("nodes", 0)
    if not _is_number(nodes, 0, MOST_NODES) or nodes != int(nodes):
        raise WrongInFile(f"{place}.nodes", nodes, f"a whole number, 0 to {MOST_NODES}")
    percent = written.get("fails_percent", 0)
    if not _is_number(percent, 0, 100):
        raise WrongInFile(f"{place}.fails_percent", percent, "a number, 0 to 100")
    return StandIn(
        **globs,
        minutes=_minutes(written.get("minutes", 0), f"{place}.minutes"),
        fails_percent=float(percent),
        fails_when=_text(written, "fails_when", "", place) or None,
        nodes=int(nodes),
        output=output,
    )


def _minutes(written: JsonValue, place: str) -> Minutes:
    if _is_number(written):
        return Minutes(float(written))
    match written:
        case {"past": [_, *_] as past} if len(written) == 1 and all(map(_is_number, past)):
            return Minutes(0, past=tuple(map(float, past)))
        case {"median": median, "spread": spread} if len(written) == 2:
            if _is_number(median) and median > 0 and _is_number(spread, 0, 5):
                return Minutes(float(median), float(spread))
    expected = 'a number of minutes, {"median": above 0, "spread": 0 to 5} or {"past": [minutes, ...]}'
    raise WrongInFile(place, written, expected)


def _text(written: Json, name: str, default: str, place: str) -> str:
    value = written.get(name, default)
    if not isinstance(value, str):
        raise WrongInFile(f"{place}.{name}", value, "text")
    return value


def _is_number(value: JsonValue, least: float = 0, most: float = 1e6) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
