"""What follows from a timetable, put together. Pure.

As a document (`run --simulate -o json`), beside the timetable's own keys (sandbox/simulation/timetable.py):

    {"env", "timetable": {...},
     "triggers": [{"name", "fires", "succeeded", "failed", "not_run", "longest_wait_seconds",
                   "longest_queue_seconds", "longest_seconds"}],
     "models": [{"model", "landed", "late", "failed", "waiting", "skipped", "repeated",
                 "windows": [{"window_start", "window_end", "fate", "landed"}]}],
     "cluster": {"nodes", "peak", "peak_at", "busy_node_hours", "busy_percent", "queued_runs",
                 "longest_queue_seconds"},
     "clock_changes": [{"time_zone", "at", "by_minutes",
                        "gaps": [{"trigger", "before", "after", "usual_seconds"}],
                        "windows": [{"model", "window_start", "window_end", "hours"}]}],
     "failures": [{"trigger", "due", "window_start", "error", "attempts",
                   "stopped": [{"trigger", "window_start"}]}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from adf import pipelines
from adf.windows import format_instant
from deployment.rehearsal.arrivals import window_of
from deployment.rehearsal.clock_changes import clock_changes
from deployment.rehearsal.cluster import usage
from deployment.rehearsal.consequences import failures, last_attempts
from deployment.rehearsal.model_windows import model_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config.schema import Settings
    from deployment.rehearsal.clock_changes import ClockChange
    from deployment.rehearsal.cluster import Usage
    from deployment.rehearsal.consequences import Failure
    from deployment.rehearsal.model_windows import Fate, ModelWindows
    from deployment.rehearsal.timetable import Run, Timetable

WORTH_A_LINE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class TriggerStory:
    name: str
    fires: int
    """Fire times, or windows that were due."""
    succeeded: int
    failed: int
    not_run: int
    longest_wait: timedelta
    longest_queue: timedelta
    longest: timedelta
    """From when it was due to its end."""


@dataclass(frozen=True)
class Story:
    environment: str
    timetable: Timetable
    triggers: Sequence[TriggerStory]
    models: Sequence[ModelWindows]
    usage: Usage
    clock_changes: Sequence[ClockChange]
    failures: Sequence[Failure]
    waits: Sequence[Run]
    """Runs that began later than they were due, the longest first."""
    events: Sequence[str]
    """Triggers of storage events for which no file came."""
    misplaced: Sequence[Run]
    """Of files whose path names no window: in truth `stage` fails."""

    def count(self, fate: Fate) -> int:
        """Windows of all models."""
        return sum(each.counts()[fate] for each in self.models)


def story(timetable: Timetable, settings: Settings) -> Story:
    runs = last_attempts(timetable)
    return Story(
        settings.environment,
        timetable,
        _triggers(timetable, runs),
        model_windows(timetable, settings),
        usage(timetable),
        clock_changes(timetable, settings),
        failures(timetable),
        sorted(
            (run for run in runs if run.waited >= WORTH_A_LINE),
            key=lambda run: (-run.waited, run.due, run.trigger),
        ),
        _without_files(timetable),
        [run for run in runs if _is_misplaced(run, settings)],
    )


def _without_files(timetable: Timetable) -> list[str]:
    fired = {run.trigger for run in timetable.runs} | {each.trigger for each in timetable.not_run}
    waits = [each["name"] for each in timetable.triggers if each["type"] == "BlobEventsTrigger"]
    return [name for name in waits if name not in fired]


def _is_misplaced(run: Run, settings: Settings) -> bool:
    models = {pipelines.score_name(name): model for name, model in settings.models.items()}
    scores = run.file is not None and run.pipeline in models
    return scores and window_of(run.file or "", models[run.pipeline]) is None


def _triggers(timetable: Timetable, runs: Sequence[Run]) -> list[TriggerStory]:
    by_trigger: dict[str, list[Run]] = {each["name"]: [] for each in timetable.triggers}
    not_run: dict[str, set[datetime]] = {name: set() for name in by_trigger}
    for run in runs:
        by_trigger[run.trigger].append(run)
    for each in timetable.not_run:
        not_run[each.trigger].add(each.due)
    return [_trigger(name, each, not_run[name]) for name, each in by_trigger.items()]


def _trigger(name: str, runs: Sequence[Run], not_run: set[datetime]) -> TriggerStory:
    nothing = timedelta()
    return TriggerStory(
        name,
        len({run.due for run in runs} | not_run),
        sum(1 for run in runs if run.status == "Succeeded"),
        sum(1 for run in runs if run.status != "Succeeded"),
        len(not_run),
        max((run.waited for run in runs), default=nothing),
        max((run.queued for run in runs), default=nothing),
        max((run.ended - run.due for run in runs if run.ended is not None), default=nothing),
    )


# ------------------------------------------------------------------------------------------- the document


def document(story: Story, timetable: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "env": story.environment,
        "timetable": timetable,
        "triggers": [_trigger_document(each) for each in story.triggers],
        "models": [_model_document(each) for each in story.models],
        "cluster": _usage_document(story.usage),
        "clock_changes": [_change_document(each) for each in story.clock_changes],
        "failures": [_failure_document(each) for each in story.failures],
    }


def _trigger_document(each: TriggerStory) -> dict[str, Any]:
    return {
        "name": each.name,
        "fires": each.fires,
        "succeeded": each.succeeded,
        "failed": each.failed,
        "not_run": each.not_run,
        "longest_wait_seconds": _seconds(each.longest_wait),
        "longest_queue_seconds": _seconds(each.longest_queue),
        "longest_seconds": _seconds(each.longest),
    }


def _model_document(each: ModelWindows) -> dict[str, Any]:
    windows = [
        {
            "window_start": format_instant(one.window.start),
            "window_end": format_instant(one.window.end),
            "fate": one.fate,
            "landed": _instant(one.landed),
        }
        for one in each.windows
    ]
    counts = {str(fate): count for fate, count in each.counts().items()}
    return {"model": each.model, **counts, "repeated": each.repeated, "windows": windows}


def _usage_document(usage: Usage) -> dict[str, Any]:
    percent = usage.busy_percent
    return {
        "nodes": usage.nodes,
        "peak": usage.peak,
        "peak_at": _instant(usage.peak_at),
        "busy_node_hours": round(usage.busy_node_hours, 2),
        "busy_percent": None if percent is None else round(percent, 2),
        "queued_runs": usage.queued_runs,
        "longest_queue_seconds": _seconds(usage.longest_queue),
    }


def _change_document(each: ClockChange) -> dict[str, Any]:
    return {
        "time_zone": each.time_zone,
        "at": format_instant(each.at),
        "by_minutes": _seconds(each.by) // 60,
        "gaps": [
            {
                "trigger": gap.trigger,
                "before": format_instant(gap.before),
                "after": format_instant(gap.after),
                "usual_seconds": _seconds(gap.usual),
            }
            for gap in each.gaps
        ],
        "windows": [
            {
                "model": model,
                "window_start": format_instant(window.start),
                "window_end": format_instant(window.end),
                "hours": window.length / timedelta(hours=1),
            }
            for model, window in each.windows
        ],
    }


def _failure_document(each: Failure) -> dict[str, Any]:
    return {
        "trigger": each.run.trigger,
        "due": format_instant(each.run.due),
        "window_start": _instant(each.run.window_start),
        "error": each.run.error,
        "attempts": each.attempts,
        "stopped": [
            {"trigger": one.trigger, "window_start": _instant(one.window_start)} for one in each.stopped
        ],
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
