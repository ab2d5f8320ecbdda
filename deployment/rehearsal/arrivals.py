"""Settings → the files that come in a rehearsal, for schedules of `type: event`; and back, from a file's path
to its window. Pure.

Without a word on the command line the files of a window are there when it ends: one for each event schedule,
at a path that `scoring.input` reads and the schedule listens to. Where no such path can be made up (a name
with a pattern such as `[ab]`), nothing comes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from adf import windows
from adf.triggers import grid_of
from adf.windows import format_instant, window_id
from config import event_paths
from config.schema import EventSchedule
from ml_pipelines.steps.errors import EventPathUnmatched
from ml_pipelines.steps.event_path import EventPath
from ml_pipelines.steps.landing import TemplateFields, format_template

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from adf.windows import Grid, Window
    from config.schema import Model, Settings

NAME: Final = "rehearsed"
_GLOB: Final = re.compile(r"[*?\[]")


def arrivals(settings: Settings, start: datetime, end: datetime) -> dict[str, Any]:
    """The document that `python -m sandbox simulate --arrivals` reads: of the windows that end in [start,
    end).
    """
    coming = [
        {"at": format_instant(window.end), "path": f"{settings.lake.file_system}/{path}"}
        for _, model in sorted(settings.models.items())
        for _, schedule in sorted(model.schedules.score.items())
        if isinstance(schedule, EventSchedule)
        for window in grid_of(model).between(grid_of(model).last_complete(start).start, end)
        if start <= window.end < end and (path := _path(model, schedule, window)) is not None
    ]
    return {"arrivals": sorted(coming, key=lambda each: each["at"])}


def window_of(file: str, model: Model) -> Window | None:
    """The window that a file's path names, as `stage` reads it; None where it names none."""
    grid = grid_of(model)
    file_system = file.partition("/")[0]
    named = EventPath(file, file_system, model.scoring.input, model.name, _zone(grid))
    try:
        window: Window = named.window(grid, windows)
    except EventPathUnmatched:
        return None
    return window


def files_of(model: Model, window: Window) -> str | None:
    """What the paths of the window's files begin with; None where no schedule waits for files."""
    listens = any(isinstance(each, EventSchedule) for each in model.schedules.score.values())
    return _place(model, window) if listens else None


def _place(model: Model, window: Window) -> str | None:
    """None where `scoring.input` says nothing of a window."""
    found = event_paths.InputPath.of(model.scoring.input, model.name)
    if found is None:
        return None
    fields = TemplateFields(model.name, window_id(window), window.start, window.end, _zone(grid_of(model)))
    place = _GLOB.split(format_template(found.head, fields))[0]
    return place if found.is_file else f"{place}/"


def _path(model: Model, schedule: EventSchedule, window: Window) -> str | None:
    found = event_paths.InputPath.of(model.scoring.input, model.name)
    place = _place(model, window)
    if found is None or place is None:
        return None
    wanted = schedule.ends_with or ""
    path = (
        f"{place.rstrip('/')}{wanted}" if wanted.startswith("/") else f"{place}{NAME}{wanted or found.tail}"
    )
    listened_to = path.startswith(event_paths.begins_with(model, schedule)) and path.endswith(wanted)
    return path if listened_to and window_of(f"-/{path}", model) == window else None


def _zone(grid: Grid) -> tzinfo:
    """In which paths tell the time."""
    return ZoneInfo(grid.zone)
