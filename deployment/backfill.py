"""A range of windows, run again: which of them, which run goes on already, and which waits for which.

What has landed is what has a manifest in the lake; what failed is what the newest run says that Data Factory
remembers, which is 45 days. So an interrupted backfill is continued by asking for what is `missing`, and a
run that still goes on from before is waited for, not started beside itself. What a tumbling trigger has run,
it runs again (window_reruns.py).

A window waits for others as its model's tumbling schedules say it (`depends_on`), by whatever means it is
run: among the windows of the range only, as those outside of it are not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from adf.triggers import grid_of
from adf.windows import Window, dependency_interval, format_instant
from config.schema import TumblingSchedule
from deployment import window_reruns
from deployment.freshness import GOING_ON, REMEMBERED
from deployment.report import Line, Table, window_name
from deployment.runs import RunOrder, scoring_request
from deployment.window_status import landed_starts, window_of_run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any, Protocol

    from adf.trigger_runs import WindowRun
    from adf.windows import Grid
    from config.schema import Dependency, Model, Settings
    from deployment.gateways import LakeFiles
    from deployment.runs import Key

    class Runs(Protocol):
        def runs(self, after: datetime, before: datetime, **equal: str) -> Sequence[Mapping[str, Any]]: ...


Only = Literal["all", "missing", "failed"]
State = Literal["running", "failed", "landed", "missing", "not over"]
COLUMNS: Final = ("model", "window", "state", "will be", "by", "after", "ADF run")


@dataclass(frozen=True)
class WindowOrder:
    """A window of the range, and what is to be done about it."""

    order: RunOrder
    window: Window
    state: State
    chosen: bool

    def among(self, chosen: Collection[Key]) -> WindowOrder:
        """The same, waiting for none but these."""
        after = tuple(dict.fromkeys(key for key in self.order.after if key in chosen))
        return replace(self, order=replace(self.order, after=after))

    @property
    def trigger(self) -> str | None:
        """Who runs it again, or runs it; None where a run is started by itself, or is not to be."""
        of_trigger = self.order.of_trigger
        if not self.chosen or of_trigger is None or self.order.going is not None:
            return None
        return of_trigger.trigger

    @property
    def going(self) -> str | None:
        """The ADF run that is waited for, or would be; None where there is none yet."""
        of_trigger = self.order.of_trigger
        if of_trigger is not None and of_trigger.goes_on:
            return of_trigger.pipeline_run
        return self.order.going

    @property
    def will_be(self) -> str:
        if not self.chosen:
            return "left alone"
        return "waited for" if self.order.goes_on else "run"


@dataclass(frozen=True)
class Known:
    """What is known of one model's windows."""

    landed: Collection[datetime]
    newest: Mapping[datetime, Mapping[str, Any]]
    """The newest run of each window that Data Factory remembers, by the window's start."""
    now: datetime
    of_triggers: Mapping[datetime, WindowRun] = field(default_factory=dict)
    """What tumbling triggers made of theirs, by the window's start."""

    def state(self, window: Window) -> State:
        status = (self.newest.get(window.start) or {}).get("status")
        of_trigger = self.of_trigger(window)
        if status in GOING_ON or (of_trigger is not None and of_trigger.goes_on):
            return "running"
        if status in {"Failed", "Cancelled"}:
            return "failed"
        if window.start in self.landed:
            return "landed"
        return "missing" if window.end <= self.now else "not over"

    def of_trigger(self, window: Window) -> WindowRun | None:
        """Where a trigger has run it."""
        return window_reruns.of_window(self.of_triggers, window)

    def going(self, window: Window) -> str | None:
        """The run that goes on; None where there is none, and where it is the trigger's to say."""
        run, of_trigger = self.newest.get(window.start), self.of_trigger(window)
        if run is None or run["status"] not in GOING_ON or (of_trigger is not None and of_trigger.goes_on):
            return None
        return str(run["runId"])

    def chosen(self, window: Window, only: Only) -> bool:
        """What goes on is waited for where it is what was asked for: it may end as failed or missing."""
        state = self.state(window)
        match only:
            case "all":
                return True
            case "failed":
                return state in {"failed", "running"}
            case "missing":
                return state != "not over" and window.start not in self.landed


def look(
    factory: Runs,
    lake: LakeFiles,
    model: str,
    grid: Grid,
    now: datetime,
    of_triggers: Mapping[datetime, WindowRun],
) -> Known:
    """Read one list of the lake and one of Data Factory."""
    landed = frozenset(landed_starts(lake, model, grid))
    newest: dict[datetime, Mapping[str, Any]] = {}
    for run in factory.runs(now - REMEMBERED, now + timedelta(days=1), PipelineName=f"score_{model}"):
        window = window_of_run(run, grid)
        if window is not None:
            newest[window.start] = run  # they come by their start, the oldest first
    return Known(landed, newest, now, of_triggers)


def orders(
    settings: Settings, windows: Mapping[str, Sequence[Window]], known: Mapping[str, Known], only: Only
) -> list[WindowOrder]:
    """`windows`: model → those of the range. Each waits for those that are chosen too."""
    found = [
        _order(settings, settings.models[model], window, known[model], only)
        for model, of_model in windows.items()
        for window in of_model
    ]
    chosen = {each.order.request.key for each in found if each.chosen}
    return [each.among(chosen) for each in found]


def _order(settings: Settings, model: Model, window: Window, known: Known, only: Only) -> WindowOrder:
    request = scoring_request(model.name, window)
    before = tuple(key for key in waits_for(settings, model, window) if key != request.key)
    order = RunOrder(request, before, known.going(window), known.of_trigger(window))
    return WindowOrder(order, window, known.state(window), known.chosen(window, only))


def waits_for(settings: Settings, model: Model, window: Window) -> Iterator[Key]:
    """The windows that must have succeeded before, by the schedules of the model."""
    for schedule in model.schedules.score.values():
        if isinstance(schedule, TumblingSchedule):
            for each in schedule.depends_on:
                upstream = settings.models[each.model or model.name]
                for needed in _needed(grid_of(upstream), window, each):
                    yield f"score_{upstream.name}", needed.start


def _needed(grid: Grid, window: Window, dependency: Dependency) -> Iterable[Window]:
    minutes = dependency.window_minutes
    size = None if minutes is None else timedelta(minutes=minutes)
    interval = dependency_interval(window, timedelta(minutes=dependency.offset_minutes), size)
    return grid.between(grid.window_at(interval.start).start, interval.end)


def table(found: Sequence[WindowOrder]) -> Iterator[Line | Table]:
    """What --dry-run shows."""
    yield Table(COLUMNS, [_row(each) for each in found])
    run = sum(each.will_be == "run" for each in found)
    yield Line(f"{run} of {len(found)} windows would be run; nothing was started.", "bold")


def _row(each: WindowOrder) -> list[str]:
    start, end = format_instant(each.window.start), format_instant(each.window.end)
    after = ", ".join(f"{pipeline} {format_instant(at)}" for pipeline, at in each.order.after if at)
    request = each.order.request
    window = window_name(start, end)
    return [request.model, window, each.state, each.will_be, each.trigger or "", after, each.going or ""]


def document(found: Sequence[WindowOrder]) -> dict[str, Any]:
    """What --dry-run writes."""
    return {"windows": [_window(each) for each in found]}


def _window(each: WindowOrder) -> dict[str, Any]:
    return {
        "model": each.order.request.model,
        "window_start": format_instant(each.window.start),
        "window_end": format_instant(each.window.end),
        "state": each.state,
        "will_be": each.will_be,
        "after": [
            {"pipeline": pipeline, "window_start": format_instant(at)}
            for pipeline, at in each.order.after
            if at is not None
        ],
        "adf_run_id": each.going,
        "trigger": each.trigger,
    }
