"""What only time itself can tell of the settings: that a schedule never fires, that it leaves the grid.

The judge of `config.loader`: each finding says the key it is about, and the loader in which file and line
that stands. It trusts that what can be seen in the text has been checked there.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from adf import triggers
from adf.entities import StartAtCreation
from adf.errors import BadSchedule, BadSetting, ScheduleOffGrid, TrainingNotConfigured
from adf.recurrence import IllegalRecurrence, Recurrence
from adf.windows import BadTumblingWindow, Grid, TumblingWindow, Window, format_instant
from config.schema import CalendarSchedule, EventSchedule, TumblingSchedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.schema import Model, Settings

Key = tuple[str, ...]
_COMPARED = 50
_EARLIER = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7))


def judge(settings: Settings) -> Iterator[BadSetting]:
    """Everything that is wrong with the windows and schedules of all models.

    Raises UnknownTimeZone and BadScheduleTime for what the loader of a configuration would have refused.
    """
    for name in sorted(settings.models):
        yield from _of_model(settings.models[name])


def _of_model(model: Model) -> Iterator[BadSetting]:
    key = ("models", model.name, "schedules")
    if model.schedules.train and model.training is None:
        expected = "`training` in this model, or no schedules to train it"
        yield TrainingNotConfigured((*key, "train"), "schedules of a model without `training`", expected)
    for name, schedule in model.schedules.train.items():
        yield from _calendar((*key, "train", name), schedule)
    try:
        grid = triggers.grid_of(model)
    except BadSetting as error:
        yield error
        return
    for name, each in model.schedules.score.items():
        match each:
            case CalendarSchedule():
                yield from _calendar((*key, "score", name), each)
            case TumblingSchedule():
                yield from _tumbling((*key, "score", name), model, grid, each)
            case EventSchedule():
                pass  # all that can be wrong with it is in its text: config/event_paths.py


# ------------------------------------------------------------------------------------------- calendar


def _calendar(key: Key, schedule: CalendarSchedule) -> Iterator[BadSetting]:
    try:
        recurrence = _recurrence(schedule)
    except IllegalRecurrence as error:
        yield BadSchedule(key, error.reason, f"a recurrence that Data Factory takes ({error.field})")
        return
    if not _fires(recurrence):
        yield BadSchedule(key, "a schedule that never fires", "days that come, before its `end`")
    elif recurrence.is_disputed():
        found = f"`{schedule.start}`, a time of the schedule itself"
        doubt = "Data Factory's documentation fires there, its engine does not"
        yield BadSchedule((*key, "start"), f"{found} ({doubt})", _undisputed(schedule, recurrence))


def _recurrence(schedule: CalendarSchedule) -> Recurrence:
    return _times(json.dumps(triggers.recurrence("", schedule)))


@lru_cache(maxsize=4096)
def _times(recurrence: str) -> Recurrence:
    """Of JSON: a thousand models have one schedule, or a few."""
    return Recurrence.from_json(json.loads(recurrence))


@lru_cache(maxsize=4096)
def _fires(recurrence: Recurrence) -> bool:
    return recurrence.can_ever_fire()


def _undisputed(schedule: CalendarSchedule, recurrence: Recurrence) -> str:
    """A start shortly before, from which the same fire times follow."""
    following = list(islice(recurrence.fire_times(recurrence.start), _COMPARED))
    for span in _EARLIER:
        start = (datetime.fromisoformat(schedule.start) - span).isoformat(timespec="seconds")
        start = start.replace("+00:00", "Z")
        earlier = _recurrence(schedule.model_copy(update={"start": start}))
        first = list(islice(earlier.fire_times(earlier.start), _COMPARED + 1))
        if not earlier.is_disputed() and first == [recurrence.start, *following]:
            return f"an earlier start: {start} fires then too, and the rest stays as it is"
    return "an earlier or a later start"


# ------------------------------------------------------------------------------------------- tumbling


def _tumbling(key: Key, model: Model, grid: Grid, schedule: TumblingSchedule) -> Iterator[BadSetting]:
    properties = triggers.tumbling_properties(model, grid, key[-1], schedule)
    try:
        windows = _windows(json.dumps(begun(properties)))
    except BadTumblingWindow as error:
        yield BadSchedule(key, "; ".join(error.problems), "what Data Factory takes")
        return
    if (off := _first_off_grid(windows, grid)) is not None:
        found = f"{_shown(off)}, no window of the model's grid ({grid}), which has"
        found += f" {_shown(grid.window_at(off.start))} there"
        expected = "the grid's start and length, or another `window` of the model"
        yield ScheduleOffGrid(_blamed(key, schedule), found, expected)
    elif next(windows.windows(), None) is None:
        expected = f"an end after its first window, {_shown(Window(windows.start, windows.start_of(1)))}"
        yield BadSchedule((*key, "end"), f"`{schedule.end}`, before any window ends", expected)


@lru_cache(maxsize=4096)
def _windows(type_properties: str) -> TumblingWindow:
    return TumblingWindow.from_type_properties(json.loads(type_properties))


@lru_cache(maxsize=4096)
def _first_off_grid(windows: TumblingWindow, grid: Grid) -> Window | None:
    return windows.first_off_grid(grid)


def _blamed(key: Key, schedule: TumblingSchedule) -> Key:
    """What says where the windows begin; where nothing does, their length."""
    said = (each for each in ("backfill_from", "start") if getattr(schedule, each) is not None)
    return (*key, next(said, "interval"))


def begun(properties: dict[str, Any]) -> dict[str, Any]:
    """A start that is left open says nothing of the end: the windows are the same without it."""
    start = properties["startTime"]
    if not isinstance(start, StartAtCreation):
        return properties
    return {key: value for key, value in properties.items() if key != "endTime"} | {
        "startTime": start.some_day()
    }


def _shown(window: Window) -> str:
    return f"{format_instant(window.start)} to {format_instant(window.end)}"
