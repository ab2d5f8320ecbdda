"""What the failure of one window did to others. Pure.

A window that did not succeed is waited for by those that depend on it; after 7 days without it they have
failed too, and are waited for in their turn.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deployment.rehearsal.timetable import Awaited, NotRun, Run, Timetable


@dataclass(frozen=True)
class Failure:
    """A window whose last attempt failed, and the windows that never ran for want of it."""

    run: Run
    attempts: int
    stopped: Sequence[NotRun]


def failures(timetable: Timetable) -> list[Failure]:
    """Each window or fire whose last run failed, oldest first."""
    stopped = defaultdict[tuple[str, object], list["NotRun"]](list)
    for each in timetable.not_run:
        for awaited in each.waited_for:
            stopped[awaited].append(each)
    return [
        Failure(run, run.attempt, _after(run, stopped))
        for run in last_attempts(timetable)
        if run.status != "Succeeded"
    ]


def last_attempts(timetable: Timetable) -> list[Run]:
    """Of each fire and window its last pipeline run; children are their parents' business."""
    last: dict[tuple[object, ...], Run] = {}
    for run in timetable.runs:
        if run.parent is None:
            key = (run.trigger, run.pipeline, run.due, run.window_start)
            if key not in last or run.attempt >= last[key].attempt:
                last[key] = run
    return list(last.values())


def _after(run: Run, stopped: Mapping[Awaited | tuple[str, object], Sequence[NotRun]]) -> list[NotRun]:
    """All that waits for this window, or for one that does; oldest first."""
    found: dict[int, NotRun] = {}
    open_windows: list[tuple[str, object]] = [(run.trigger, run.window_start)]
    while open_windows:
        for each in stopped.get(open_windows.pop(), ()):
            if id(each) not in found:
                found[id(each)] = each
                open_windows.append((each.trigger, each.window_start))
    return sorted(found.values(), key=lambda each: (each.due, each.trigger))
