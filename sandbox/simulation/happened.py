"""The timetable of what triggers have started in a factory of the local Azure that serves, on whatever clock.

The same document as a rehearsal's (timetable.py), of what is kept of runs: `seed` is null, as it happened;
`nodes` of an ML run is null where it was real, as only its steps know. What was run by hand is not in it, nor
is what began outside the span.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adf.windows import format_instant
from sandbox.datafactory.models import TERMINAL, parse_instant
from sandbox.simulation import timetable
from sandbox.simulation.timetable import Span
from sandbox.simulation.witness import Computed, PipelineRun, TriggerRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.service import Service

_ML = "AzureMLExecutePipeline"


@dataclass(frozen=True)
class Kept:
    """What timetable.py asks of a witness."""

    pipeline_runs: dict[str, PipelineRun]
    trigger_runs: dict[str, TriggerRun]


def happened(service: Service, factory: FactoryId, start: datetime, end: datetime, nodes: int | None) -> Json:
    """Of what was due in [start, end)."""
    triggers = {one["name"]: one["properties"] for one in service.entities.list(factory, "triggers")}
    document = timetable.document(
        Span(start, end, None, nodes), triggers, _kept(service, factory, set(triggers))
    )
    for key in ("runs", "not_run"):
        document[key] = [one for one in document[key] if start <= parse_instant(one["due"]) < end]
    return document


def _kept(service: Service, factory: FactoryId, triggers: set[str]) -> Kept:
    fired = {
        one["triggerRunId"]: _trigger_run(one)
        for one in service.runs.trigger_runs(factory)
        if one["triggerName"] in triggers
    }
    kept = Kept({}, fired)
    for one in sorted(service.runs.all(factory), key=lambda run: str(run["runStart"])):
        above = one["invokedBy"]["id"]
        if above in fired or above in kept.pipeline_runs:
            activities = service.runs.activity_runs(factory, one["runId"])
            kept.pipeline_runs[one["runId"]] = _pipeline_run(one, activities)
            if above in fired:
                fired[above].pipeline_runs.append(one["runId"])
    return kept


def _trigger_run(one: Json) -> TriggerRun:
    private = one["_"]
    run = TriggerRun(
        one["triggerName"], parse_instant(one["triggerRunTimestamp"]), one["status"], one["message"]
    )
    run.state, run.file = private.get("state", "over"), private.get("file")
    if "start" in private:
        run.start, run.end = parse_instant(private["start"]), parse_instant(private["end"])
    run.waited_for = [(name, start) for name, start in private.get("waited", ())]
    return run


def _pipeline_run(one: Json, activities: Sequence[Json]) -> PipelineRun:
    began = [parse_instant(each["activityRunStart"]) for each in activities]
    run = PipelineRun(
        one["pipelineName"],
        one["invokedBy"]["id"],
        parse_instant(one["runStart"]),
        one["status"],
        one["message"],
    )
    run.launched = min(began, default=None)
    run.ended = parse_instant(one["runEnd"]) if one["status"] in TERMINAL else None
    run.computed = list(_computed(activities))
    run.retried = [
        each["activityName"] for each in activities if each["retryAttempt"] and each["status"] in TERMINAL
    ]
    return run


def _computed(activities: Sequence[Json]) -> Iterator[Computed]:
    """Of those that have ended."""
    for each in activities:
        if each["activityType"] == _ML and each["activityRunEnd"]:
            asked, ended = parse_instant(each["activityRunStart"]), parse_instant(each["activityRunEnd"])
            began = parse_instant(each["_"].get("began") or format_instant(asked))
            yield Computed(asked, began, ended, each["_"].get("nodes"))
