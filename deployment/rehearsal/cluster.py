"""How busy the compute cluster would have been. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deployment.rehearsal.timetable import MlRun, Timetable

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Hour:
    """On average of the hour: nodes that computed, and nodes that were waited for."""

    start: datetime
    busy: float
    waiting: float


@dataclass(frozen=True)
class Usage:
    nodes: int | None
    peak: int
    peak_at: datetime | None
    busy_node_hours: float
    busy_percent: float | None
    """Of all node hours of the span, where the cluster has a size."""
    queued_runs: int
    longest_queue: timedelta
    hours: Sequence[Hour]


def usage(timetable: Timetable) -> Usage:
    ml_runs = [each for run in timetable.runs for each in run.ml_runs]
    busy = sum(((each.ended - each.began) * each.nodes for each in ml_runs), timedelta()) / _HOUR
    span = (timetable.end - timetable.start) / _HOUR
    peak, at = _peak(ml_runs)
    return Usage(
        timetable.nodes,
        peak,
        at,
        busy,
        None if timetable.nodes is None else 100 * busy / (span * timetable.nodes),
        sum(1 for each in ml_runs if each.queued),
        max((each.queued for each in ml_runs), default=timedelta()),
        _hours(timetable, ml_runs),
    )


def _peak(ml_runs: Iterable[MlRun]) -> tuple[int, datetime | None]:
    """The most nodes that computed at one time, and the first time that they did. Who ends at an instant has
    left when others begin.
    """
    changes = sorted(
        change for each in ml_runs for change in ((each.began, each.nodes), (each.ended, -each.nodes))
    )
    changes.sort(key=lambda change: (change[0], change[1] > 0))
    now, most, at = 0, 0, None
    for instant, nodes in changes:
        now += nodes
        if now > most:
            most, at = now, instant
    return most, at


def _hours(timetable: Timetable, ml_runs: Iterable[MlRun]) -> list[Hour]:
    busy: dict[int, float] = {}
    waiting: dict[int, float] = {}
    for each in ml_runs:
        _spread(busy, timetable.start, each.began, each.ended, each.nodes)
        _spread(waiting, timetable.start, each.asked, each.began, each.nodes)
    last = max([*busy, -(-(timetable.end - timetable.start) // _HOUR) - 1])
    return [
        Hour(timetable.start + number * _HOUR, busy.get(number, 0), waiting.get(number, 0))
        for number in range(last + 1)
    ]


def _spread(hours: dict[int, float], origin: datetime, start: datetime, end: datetime, nodes: int) -> None:
    """Add a span of so many nodes to the hours that it touches."""
    number = (start - origin) // _HOUR
    while start < end:
        until = min(end, origin + (number + 1) * _HOUR)
        hours[number] = hours.get(number, 0) + nodes * ((until - start) / _HOUR)
        start, number = until, number + 1
