"""Which windows should have landed by now, and which of them are late. Pure.

Expected is what the triggers fired for: each fire at which a release held the trigger, started, with the
schedule that it had then. So nothing is expected from before a trigger was deployed, and a trigger that
somebody stopped by hand is not forgotten. A calendar trigger's fire means the last window complete by then; a
tumbling trigger's window falls due at its end plus the delay. What a tumbling trigger makes up for when it is
started (its backfill) is not expected by any time, nor is what waits for files.

A window is late from its deadline on, `expected_minutes` after the fire, until it has landed; whoever ran it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from adf.recurrence import Recurrence
from adf.windows import TICK, TumblingWindow, Window, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from adf.windows import Grid
    from deployment.releases import Release

State = Literal["landed", "running", "failed", "did not run", "not landed", "due"]
GOING_ON: Final = frozenset({"Queued", "InProgress", "Cancelling"})
REMEMBERED: Final = timedelta(days=45)
"""Data Factory forgets its runs after that."""


@dataclass(frozen=True)
class Expected:
    """A window that a trigger fired for; `deadline`: when it should have landed."""

    window: Window
    trigger: str
    fired: datetime
    deadline: datetime


@dataclass(frozen=True)
class Period:
    """[start, end), in which these triggers were started; trigger → its properties."""

    start: datetime
    end: datetime
    triggers: Mapping[str, Mapping[str, Any]]


def periods(releases: Sequence[Release], since: datetime, now: datetime) -> Iterator[Period]:
    """From `since` to `now`, the newest first; `releases` too are the newest first."""
    end = now + TICK  # what fires now has fired
    for release in releases:
        start = parse_instant(release.at)
        yield Period(max(start, since), end, _started(release))
        if start <= since:
            return
        end = start


def _started(release: Release) -> dict[str, Mapping[str, Any]]:
    return {each["name"]: each["properties"] for each in release.entities if each.get("started")}


def expected(
    times: Iterable[Period], pipeline: str, grid: Grid, allowed: timedelta
) -> dict[datetime, Expected]:
    """The windows that a pipeline's triggers fired for, by their start; of several fires the first counts."""
    found: dict[datetime, Expected] = {}
    for period in times:
        for name, properties in period.triggers.items():
            if pipeline not in _pipelines(properties):
                continue
            for window, fired in _fires(properties, grid, period):
                known = found.get(window.start)
                if known is None or fired < known.fired:
                    found[window.start] = Expected(window, name, fired, fired + allowed)
    return found


def _pipelines(properties: Mapping[str, Any]) -> set[str]:
    """A tumbling trigger has one, the others a list."""
    each = [*(properties.get("pipelines") or ()), properties.get("pipeline") or {}]
    return {(one.get("pipelineReference") or {}).get("referenceName", "") for one in each}


def _fires(properties: Mapping[str, Any], grid: Grid, period: Period) -> Iterator[tuple[Window, datetime]]:
    type_properties = properties["typeProperties"]
    match properties["type"]:
        case "ScheduleTrigger":
            recurrence = Recurrence.from_json(type_properties["recurrence"], ignore_misplaced=True)
            yield from (
                (grid.last_complete(fire), fire) for fire in recurrence.between(period.start, period.end)
            )
        case "TumblingWindowTrigger":
            trigger = TumblingWindow.from_type_properties(type_properties)
            ends = Window(period.start - trigger.delay - TICK, period.end - trigger.delay)
            for window in trigger.overlapping(ends):
                if period.start <= trigger.due_at(window) < period.end:
                    yield window, trigger.due_at(window)


# ------------------------------------------------------------------------------------------- what came of it


def state_of(
    wanted: Expected | None, *, landed: bool, run_status: str | None, remembered: bool, now: datetime
) -> State:
    """What became of a window; `run_status`: of its newest run, None where Data Factory knows of none;
    `remembered`: it would know, as it keeps runs for 45 days.
    """
    if landed:
        return "landed"
    if run_status in GOING_ON:
        return "running"
    if run_status in {"Failed", "Cancelled"}:
        return "failed"
    if wanted is not None and now <= wanted.deadline:
        return "due"
    return "did not run" if wanted is not None and run_status is None and remembered else "not landed"


def late_by(wanted: Expected | None, state: State, now: datetime) -> timedelta | None:
    """How long it has been overdue; None where it is not."""
    if wanted is None or state == "landed" or now <= wanted.deadline:
        return None
    return now - wanted.deadline


def span(length: timedelta) -> str:
    """`2 h 10 min`, `3 d 4 h`, `5 min`, `less than a minute`: two units are enough to tell how bad it is."""
    minutes = int(length.total_seconds()) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join(list(filter(None, units))[:2]) or "less than a minute"
