"""The triggers of a model. They only say when: what a fire scores is decided by the model's window grid.

A calendar schedule is a ScheduleTrigger; its fire time goes to the pipeline, and the last window complete by
then is scored. A tumbling schedule is a TumblingWindowTrigger; its windows go to the pipeline, so they must
be windows of the model's grid. An event schedule is a BlobEventsTrigger; the path of the file that appeared
goes to the pipeline, and the ML pipeline reads the window from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adf import pipelines
from adf.entities import Entity, StartAtCreation
from adf.errors import BadModelWindow, BadScheduleTime
from adf.events import CREATED
from adf.expressions import inline, joined, quoted
from adf.ownership import annotations_of
from adf.resource_ids import storage_account_id
from adf.time_zones import iana_name
from adf.windows import (
    SELF_DEPENDENCY,
    TRIGGER_DEPENDENCY,
    BadGrid,
    Grid,
    WindowError,
    format_instant,
    format_timespan,
    parse_instant,
)
from config import event_paths
from config.schedules import WEEK_DAYS, occurrence
from config.schema import CalendarSchedule, EventSchedule, TumblingSchedule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config.schema import Dependency, Model, Settings


def score_trigger_name(model: str, schedule: str) -> str:
    return f"tr_score_{model}_{schedule}"


def train_trigger_name(model: str, schedule: str) -> str:
    return f"tr_train_{model}_{schedule}"


def grid_of(model: Model) -> Grid:
    """The model's window grid; raises UnknownTimeZone or BadModelWindow where the settings describe none."""
    window = model.window
    zone = iana_name(window.time_zone)
    try:
        return _grid(window.every, zone, window.offset_minutes)
    except BadGrid as error:
        raise BadModelWindow(("models", model.name, "window"), error.found, error.expected) from error


@lru_cache(maxsize=1024)
def _grid(every: str, zone: str, offset_minutes: int) -> Grid:
    return Grid.parse(every, zone=zone, offset_minutes=offset_minutes)


def score(settings: Settings, model: Model) -> list[Entity]:
    """A trigger a score schedule; raises UnknownTimeZone, BadModelWindow or BadScheduleTime."""
    pipeline = pipelines.score_name(model.name)
    grid = grid_of(model)
    triggers = []
    for schedule_name, schedule in model.schedules.score.items():
        name = score_trigger_name(model.name, schedule_name)
        match schedule:
            case CalendarSchedule():
                starts = _start(pipeline, {"fire_time": inline("trigger().scheduledTime")})
                triggers.append(_calendar(settings, model, name, schedule, starts))
            case TumblingSchedule():
                triggers.append(_tumbling(settings, model, grid, name, schedule))
            case EventSchedule():
                triggers.append(_event(settings, model, name, schedule))
    return triggers


def train(settings: Settings, model: Model) -> list[Entity]:
    """A trigger a train schedule; raises UnknownTimeZone or BadScheduleTime."""
    starts = _start(pipelines.train_name(model.name), {})
    return [
        _calendar(settings, model, train_trigger_name(model.name, name), schedule, starts)
        for name, schedule in model.schedules.train.items()
    ]


def _calendar(
    settings: Settings, model: Model, name: str, schedule: CalendarSchedule, starts: dict[str, Any]
) -> Entity:
    properties = {
        "type": "ScheduleTrigger",
        "annotations": annotations_of(settings, model.name),
        "pipelines": [starts],
        "typeProperties": {"recurrence": recurrence(name, schedule)},
    }
    return Entity("trigger", name, properties, started=settings.schedules == "on")


def recurrence(trigger: str, schedule: CalendarSchedule) -> dict[str, Any]:
    """The trigger's `recurrence`; lists in order, whatever order they were written in."""
    iana_name(schedule.time_zone)
    made: dict[str, Any] = {
        "frequency": schedule.frequency,
        "interval": schedule.interval,
        "startTime": _local_time(trigger, "start", schedule.start, schedule.time_zone),
        "timeZone": schedule.time_zone,
    }
    if schedule.end is not None:
        made["endTime"] = _local_time(trigger, "end", schedule.end, schedule.time_zone)
    on: dict[str, list[Any]] = {
        "hours": sorted(schedule.hours),
        "minutes": sorted(schedule.minutes),
        "weekDays": sorted(schedule.week_days, key=WEEK_DAYS.index),
        "monthDays": sorted(schedule.month_days, key=_from_the_start),
        "monthlyOccurrences": _occurrences(schedule.monthly_occurrences),
    }
    if any(on.values()):
        made["schedule"] = {key: values for key, values in on.items() if values}
    return made


def _from_the_start(day: int) -> tuple[bool, int]:
    """1, 2, … and then …, -2, -1, the last."""
    return day < 0, day


def _occurrences(texts: Sequence[str]) -> list[dict[str, Any]]:
    found = [each for each in map(occurrence, texts) if each is not None]
    ordered = sorted(found, key=lambda each: (_from_the_start(each[0]), WEEK_DAYS.index(each[1])))
    return [{"day": day, "occurrence": nth} for nth, day in ordered]


def _local_time(trigger: str, key: str, text: str, time_zone: str) -> str:
    """Data Factory's form: with `Z` in UTC, without any offset elsewhere."""
    in_utc = time_zone.upper() == "UTC"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadScheduleTime(trigger, key, text, "a local time such as 2026-11-01T06:00:00") from None
    if moment.tzinfo is not None and not (in_utc and moment.utcoffset() == timedelta()):
        raise BadScheduleTime(trigger, key, text, f"a local time in {time_zone}, without an offset")
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + ("Z" if in_utc else "")


def _tumbling(settings: Settings, model: Model, grid: Grid, name: str, schedule: TumblingSchedule) -> Entity:
    window = {
        "window_start": inline("trigger().outputs.windowStartTime"),
        "window_end": inline("trigger().outputs.windowEndTime"),
    }
    properties = {
        "type": "TumblingWindowTrigger",
        "annotations": annotations_of(settings, model.name),
        "pipeline": _start(pipelines.score_name(model.name), window),
        "typeProperties": tumbling_properties(model, grid, name, schedule),
    }
    backfills = schedule.start is None or schedule.backfill_from is not None
    return Entity("trigger", name, properties, started=settings.schedules == "on", backfills=backfills)


def tumbling_properties(model: Model, grid: Grid, trigger: str, schedule: TumblingSchedule) -> dict[str, Any]:
    """The trigger's `typeProperties`, with a placeholder where the start is left open."""
    properties: dict[str, Any] = {
        "frequency": schedule.frequency,
        "interval": schedule.interval,
        "startTime": _begin(trigger, grid, schedule),
        "delay": format_timespan(timedelta(minutes=schedule.delay_minutes)),
        "maxConcurrency": schedule.max_concurrency,
        "retryPolicy": {
            "count": schedule.retry_count,
            "intervalInSeconds": schedule.retry_interval_seconds,
        },
    }
    if schedule.end is not None:
        properties["endTime"] = _utc_time(trigger, "end", schedule.end)
    if schedule.depends_on:
        properties["dependsOn"] = [_dependency(model, each) for each in schedule.depends_on]
    return properties


def _dependency(model: Model, dependency: Dependency) -> dict[str, Any]:
    """Data Factory takes a size that is not said as that of the trigger's own window."""
    on: dict[str, Any] = {"type": SELF_DEPENDENCY}
    if dependency.schedule is not None:
        name = score_trigger_name(dependency.model or model.name, dependency.schedule)
        on = {"type": TRIGGER_DEPENDENCY}
        on["referenceTrigger"] = {"type": "TriggerReference", "referenceName": name}
    on["offset"] = format_timespan(timedelta(minutes=dependency.offset_minutes))
    if dependency.window_minutes is not None:
        on["size"] = format_timespan(timedelta(minutes=dependency.window_minutes))
    return on


def _begin(trigger: str, grid: Grid, schedule: TumblingSchedule) -> str | StartAtCreation:
    """Where the first window begins, as the configuration says it, or the next window when it is created."""
    if schedule.backfill_from is not None:
        return _utc_time(trigger, "backfill_from", schedule.backfill_from)
    if schedule.start is not None:
        return _utc_time(trigger, "start", schedule.start)
    return StartAtCreation(grid)


def _utc_time(trigger: str, key: str, text: str) -> str:
    try:
        return format_instant(parse_instant(text))
    except WindowError:
        raise BadScheduleTime(trigger, key, text, "an instant such as 2026-11-01T00:00:00Z") from None


def _event(settings: Settings, model: Model, name: str, schedule: EventSchedule) -> Entity:
    path = joined("triggerBody().folderPath", quoted("/"), "triggerBody().fileName")
    properties = {
        "type": "BlobEventsTrigger",
        "annotations": annotations_of(settings, model.name),
        "pipelines": [_start(pipelines.score_name(model.name), {"event_path": inline(path)})],
        "typeProperties": _event_properties(settings, model, schedule),
    }
    return Entity("trigger", name, properties, started=settings.schedules == "on")


def _event_properties(settings: Settings, model: Model, schedule: EventSchedule) -> dict[str, Any]:
    """The container is always named: without it the files of every container of the account would fire."""
    prefix = event_paths.begins_with(model, schedule)
    properties: dict[str, Any] = {
        "scope": storage_account_id(settings),
        "events": [CREATED],
        "blobPathBeginsWith": f"/{settings.lake.file_system}/blobs/{prefix}",
        "ignoreEmptyBlobs": event_paths.ignores_empty(model, schedule),
    }
    return properties | ({"blobPathEndsWith": schedule.ends_with} if schedule.ends_with else {})


def _start(pipeline: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """A trigger cannot be started without `type` in the reference and a map of parameters, be it empty."""
    return {
        "pipelineReference": {"referenceName": pipeline, "type": "PipelineReference"},
        "parameters": dict(parameters),
    }
