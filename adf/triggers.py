"""The triggers of a model. They only say when: what a fire scores is decided by the model's window grid.

A calendar schedule is a ScheduleTrigger; its fire time goes to the pipeline, and the last window complete by
then is scored. A tumbling schedule is a TumblingWindowTrigger; its windows go to the pipeline, so they must
be windows of the model's grid.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adf import pipelines
from adf.entities import Entity, StartAtCreation
from adf.errors import BadModelWindow, BadSchedule, BadScheduleTime, ScheduleOffGrid
from adf.expressions import inline
from adf.ownership import annotations_of
from adf.time_zones import iana_name
from adf.windows import (
    BadGrid,
    BadTumblingWindow,
    Grid,
    TumblingWindow,
    Window,
    WindowError,
    format_instant,
    format_timespan,
    parse_instant,
)
from config.schema import CalendarSchedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema import Model, Settings, TumblingSchedule


def score_trigger_name(model: str, schedule: str) -> str:
    return f"tr_score_{model}_{schedule}"


def train_trigger_name(model: str, schedule: str) -> str:
    return f"tr_train_{model}_{schedule}"


def grid_of(model: Model) -> Grid:
    """The model's window grid; raises UnknownTimeZone or BadModelWindow where the settings describe none."""
    window = model.window
    zone = iana_name(window.time_zone)
    try:
        return Grid.parse(window.every, zone=zone, offset_minutes=window.offset_minutes)
    except BadGrid as error:
        raise BadModelWindow(model.name, str(error)) from error


def score(settings: Settings, model: Model) -> list[Entity]:
    """A trigger a score schedule; raises the GenerationErrors of windows and schedules."""
    pipeline = pipelines.score_name(model.name)
    grid = grid_of(model)
    triggers = []
    for schedule_name, schedule in model.schedules.score.items():
        name = score_trigger_name(model.name, schedule_name)
        if isinstance(schedule, CalendarSchedule):
            starts = _start(pipeline, {"fire_time": inline("trigger().scheduledTime")})
            triggers.append(_calendar(settings, model, name, schedule, starts))
        else:
            _check_on_grid(model, grid, schedule_name, schedule)
            triggers.append(_tumbling(settings, model, grid, name, schedule))
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
        "typeProperties": {"recurrence": _recurrence(name, schedule)},
    }
    return Entity("trigger", name, properties, started=settings.schedules == "on")


def _recurrence(trigger: str, schedule: CalendarSchedule) -> dict[str, Any]:
    iana_name(schedule.time_zone)
    on: dict[str, list[int] | list[str]] = {
        "hours": schedule.hours,
        "minutes": schedule.minutes,
        "weekDays": schedule.week_days,
        "monthDays": schedule.month_days,
    }
    recurrence: dict[str, Any] = {
        "frequency": schedule.frequency,
        "interval": schedule.interval,
        "startTime": _local_time(trigger, "start", schedule.start, schedule.time_zone),
        "timeZone": schedule.time_zone,
    }
    if schedule.end is not None:
        recurrence["endTime"] = _local_time(trigger, "end", schedule.end, schedule.time_zone)
    if any(on.values()):
        recurrence["schedule"] = {key: list(values) for key, values in on.items() if values}
    return recurrence


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
        "typeProperties": _tumbling_properties(name, grid, schedule),
    }
    backfills = schedule.start is None or schedule.backfill_from is not None
    return Entity("trigger", name, properties, started=settings.schedules == "on", backfills=backfills)


def _tumbling_properties(trigger: str, grid: Grid, schedule: TumblingSchedule) -> dict[str, Any]:
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
    return properties


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


def _check_on_grid(model: Model, grid: Grid, schedule_name: str, schedule: TumblingSchedule) -> None:
    name = score_trigger_name(model.name, schedule_name)
    try:
        windows = TumblingWindow.from_type_properties(_begun(_tumbling_properties(name, grid, schedule)))
    except BadTumblingWindow as error:
        raise BadSchedule(model.name, schedule_name, error.problems) from error
    if (off := windows.first_off_grid(grid)) is not None:
        nearest = _shown(grid.window_at(off.start))
        raise ScheduleOffGrid(model.name, schedule_name, window=_shown(off), grid=str(grid), nearest=nearest)


def _begun(properties: dict[str, Any]) -> dict[str, Any]:
    """A start that is left open says nothing of the end: the windows are the same without it."""
    start = properties["startTime"]
    if not isinstance(start, StartAtCreation):
        return properties
    return {key: value for key, value in properties.items() if key != "endTime"} | {
        "startTime": start.some_day()
    }


def _shown(window: Window) -> str:
    return f"{format_instant(window.start)} to {format_instant(window.end)}"


def _start(pipeline: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """A trigger cannot be started without `type` in the reference and a map of parameters, be it empty."""
    return {
        "pipelineReference": {"referenceName": pipeline, "type": "PipelineReference"},
        "parameters": dict(parameters),
    }
