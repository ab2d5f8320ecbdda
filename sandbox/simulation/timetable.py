"""The timetable as a document: what the witness noted, in order, without ids that no second rehearsal has.

    {"from", "to", "seed", "nodes",
     "triggers": [{"name", "type", "time_zone", "depends_on"}],
     "runs": [{"trigger", "pipeline", "parent", "due", "file", "window_start", "window_end", "waited_for",
               "started", "launched", "ended", "status", "error", "attempt", "retried",
               "ml": [{"asked", "began", "ended", "nodes"}]}],
     "not_run": [{"trigger", "due", "file", "window_start", "window_end", "status", "why"}]}

Instants are UTC, to the second. `due` is the fire time, or the end of the window and its delay, or when the
file came that the storage event is of (`file`: container and path); `started` when the pipeline run was made,
`launched` when it left the queue of its `concurrency`, `asked` and `began` when the ML run was submitted and
when it had its nodes. `not_run` are windows without a pipeline run, or with one that came to nothing and was
to be tried again, and fires that the factory refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from adf.windows import TumblingWindow, Window, format_instant
from sandbox.datafactory.models import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.datafactory.models import Json
    from sandbox.simulation.request import Request
    from sandbox.simulation.witness import Computed, PipelineRun, TriggerRun

_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Span:
    """[start, end), and what was drawn with; `seed` is None where nothing was drawn."""

    start: datetime
    end: datetime
    seed: int | None
    nodes: int | None


class Seen(Protocol):
    """Runs by their ids."""

    @property
    def pipeline_runs(self) -> Mapping[str, PipelineRun]: ...
    @property
    def trigger_runs(self) -> Mapping[str, TriggerRun]: ...


def document(request: Span | Request, triggers: Mapping[str, Json], witness: Seen) -> Json:
    """`triggers`: name → properties."""
    due = {name: _due_of(properties) for name, properties in triggers.items()}
    runs = [_run(witness, due, one) for one in witness.pipeline_runs.values()]
    not_run = [_not_run(due, one) for one in witness.trigger_runs.values() if _is_missing(one)]
    return {
        "from": format_instant(request.start),
        "to": format_instant(request.end),
        "seed": request.seed,
        "nodes": request.nodes,
        "triggers": [_trigger(name, triggers[name]) for name in sorted(triggers)],
        "runs": sorted(runs, key=_order),
        "not_run": sorted(not_run, key=_order),
    }


class _Due:
    """When what a trigger run is for was due."""

    def __init__(self, windows: TumblingWindow | None) -> None:
        self._windows = windows

    def at(self, run: TriggerRun) -> datetime:
        if self._windows is None or run.start is None or run.end is None:
            return run.at
        return self._windows.due_at(Window(run.start, run.end))


def _due_of(properties: Json) -> _Due:
    if properties["type"] != "TumblingWindowTrigger":
        return _Due(None)
    return _Due(TumblingWindow.from_type_properties(properties["typeProperties"]))


def _trigger(name: str, properties: Json) -> Json:
    written = properties["typeProperties"]
    depends_on = written.get("dependsOn") or []
    names = {(one.get("referenceTrigger") or {}).get("referenceName") or name for one in depends_on}
    return {
        "name": name,
        "type": properties["type"],
        "time_zone": (written.get("recurrence") or {}).get("timeZone") or "UTC",
        "depends_on": sorted(names),
    }


def _run(witness: Seen, due: Mapping[str, _Due], run: PipelineRun) -> Json:
    parent = witness.pipeline_runs.get(run.trigger_run)
    origin = run
    while (above := witness.pipeline_runs.get(origin.trigger_run)) is not None:
        origin = above
    fired = witness.trigger_runs[origin.trigger_run]
    attempts = [witness.pipeline_runs[one] for one in fired.pipeline_runs]
    return {
        "trigger": fired.trigger,
        "pipeline": run.pipeline,
        "parent": None if parent is None else parent.pipeline,
        "due": shown(due[fired.trigger].at(fired)),
        **_window(fired),
        "waited_for": list(_waited(fired)),
        "started": shown(run.asked),
        "launched": shown(run.launched),
        "ended": shown(run.ended),
        "status": run.status,
        "error": _RUN_ID.sub("(run id)", run.message),
        "attempt": 1 + _number(origin, attempts) if fired.start is not None else 1,
        "retried": run.retried,
        "ml": [_computed(one) for one in run.computed],
    }


def _number(run: PipelineRun, attempts: list[PipelineRun]) -> int:
    return next((number for number, one in enumerate(attempts) if one is run), 0)


def _computed(one: Computed) -> Json:
    return {
        "asked": shown(one.asked),
        "began": shown(one.began),
        "ended": shown(one.ended),
        "nodes": one.nodes,
    }


def _is_missing(run: TriggerRun) -> bool:
    """A window that waits, or was to be tried again, when the rehearsal ended; or a fire without runs."""
    return run.state in ("waiting", "retry") or not run.pipeline_runs


def _not_run(due: Mapping[str, _Due], run: TriggerRun) -> Json:
    status = {"waiting": "Waiting", "retry": "Retrying"}.get(run.state, run.status)
    return {
        "trigger": run.trigger,
        "due": shown(due[run.trigger].at(run)),
        **_window(run),
        "status": status,
        "why": _RUN_ID.sub("(run id)", run.message),
        "waited_for": list(_waited(run)),
    }


def _window(run: TriggerRun) -> Json:
    return {"file": run.file, "window_start": shown(run.start), "window_end": shown(run.end)}


def _waited(run: TriggerRun) -> Iterator[Json]:
    for trigger, start in run.waited_for:
        yield {"trigger": trigger, "window_start": shown(parse_instant(start))}


def _order(entry: Json) -> tuple[str, ...]:
    keys = ("due", "trigger", "window_start", "started", "pipeline")
    return tuple(str(entry.get(key) or "") for key in keys)


def shown(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return format_instant((moment.astimezone(UTC) + timedelta(milliseconds=500)).replace(microsecond=0))
