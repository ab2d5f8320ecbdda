"""What Data Factory tells of a tumbling trigger's windows: a trigger run each, and what became of it. Pure.

Where a window has several trigger runs, the newest counts: nobody says whether a rerun is one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from adf.windows import Window, WindowError, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Status = Literal["Inprogress", "Succeeded", "Failed", "Cancelled"]
"""Data Factory's words. ADF Monitor knows finer ones of what is not over, such as Waiting on Dependency."""
_OVER: Final[Mapping[str, Status]] = {
    "succeeded": "Succeeded",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "canceled": "Cancelled",
}
_AMERICAN: Final = "%m/%d/%Y %I:%M:%S %p"
"""How the service writes the times of a trigger run's `properties` in its examples; in UTC."""


@dataclass(frozen=True)
class WindowRun:
    """A trigger run of a tumbling trigger."""

    trigger: str
    run_id: str
    window: Window
    at: datetime
    status: Status
    message: str = ""
    pipeline_run: str | None = None
    """The last pipeline run that it started; None before the first."""

    @property
    def goes_on(self) -> bool:
        """It runs, or waits: for its turn, for other windows, to be tried again."""
        return self.status == "Inprogress"


def newest(runs: Iterable[Mapping[str, Any]]) -> dict[datetime, WindowRun]:
    """By the window's start. Runs that say no window, as those of other triggers, are left out."""
    found: dict[datetime, WindowRun] = {}
    for each in filter(None, map(_window_run, runs)):
        known = found.get(each.window.start)
        if known is None or known.at <= each.at:
            found[each.window.start] = each
    return found


def _window_run(run: Mapping[str, Any]) -> WindowRun | None:
    said = {**(run.get("runDimension") or {}), **(run.get("properties") or {})}
    try:
        window = Window(_instant(said["windowStartTime"]), _instant(said["windowEndTime"]))
    except (KeyError, ValueError):
        return None
    return WindowRun(
        str(run["triggerName"]),
        str(run["triggerRunId"]),
        window,
        parse_instant(str(run["triggerRunTimestamp"])),
        _OVER.get(str(run["status"]).lower(), "Inprogress"),
        str(run.get("message") or ""),
        next(iter((run.get("triggeredPipelines") or {}).values()), None),
    )


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except WindowError:
        return datetime.strptime(text, _AMERICAN).replace(tzinfo=UTC)
