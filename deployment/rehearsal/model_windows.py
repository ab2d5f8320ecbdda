"""Which windows of each model were scored: landed, late, failed, waiting, not scored at all. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from adf import pipelines
from adf.triggers import grid_of, score_trigger_name
from deployment.rehearsal import arrivals
from deployment.rehearsal.consequences import last_attempts
from deployment.rehearsal.timetable import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.windows import Grid, Window
    from config.schema import Model, Settings
    from deployment.rehearsal.timetable import Fire, Timetable

Fate = Literal["landed", "late", "failed", "waiting", "skipped"]
FATES: Final[Sequence[Fate]] = ("landed", "late", "failed", "waiting", "skipped")


@dataclass(frozen=True)
class ModelWindow:
    """`late`: it landed, more than `expected_minutes` after the first trigger was due. `waiting`: for other
    windows, in vain or still. `skipped`: no fire scores it, though windows before and after it are scored.
    """

    window: Window
    fate: Fate
    times: int
    """How many fires and windows of triggers are for it."""
    landed: datetime | None = None


@dataclass(frozen=True)
class ModelWindows:
    model: str
    windows: Sequence[ModelWindow]

    def counts(self) -> Mapping[Fate, int]:
        found = Counter(each.fate for each in self.windows)
        return {fate: found[fate] for fate in FATES}

    @property
    def repeated(self) -> int:
        return sum(1 for each in self.windows if each.times > 1)


def model_windows(timetable: Timetable, settings: Settings) -> list[ModelWindows]:
    """Of the models that are scored at all in this span."""
    fires: dict[str, list[Fire]] = {}
    models = {pipelines.score_name(name): name for name in settings.models}
    for run in last_attempts(timetable):
        if run.pipeline in models:
            fires.setdefault(models[run.pipeline], []).append(run)
    triggers = {trigger: name for name, model in settings.models.items() for trigger in _triggers_of(model)}
    for each in timetable.not_run:
        if each.trigger in triggers:
            fires.setdefault(triggers[each.trigger], []).append(each)
    return [ModelWindows(name, list(_windows(settings.models[name], fires[name]))) for name in sorted(fires)]


def _triggers_of(model: Model) -> Iterator[str]:
    return (score_trigger_name(model.name, schedule) for schedule in model.schedules.score)


def scored_window(fire: Fire, model: Model, grid: Grid) -> Window | None:
    """The trigger's own window, that which the path of its file names, or the last one complete when it
    fired; None where the file names none, and `stage` would fail.
    """
    if fire.file is not None:
        return arrivals.window_of(fire.file, model)
    return grid.last_complete(fire.due) if fire.window_start is None else grid.window_at(fire.window_start)


def _windows(model: Model, fires: Sequence[Fire]) -> Iterator[ModelWindow]:
    grid = grid_of(model)
    by_window: dict[Window, list[Fire]] = {}
    for fire in fires:
        window = scored_window(fire, model, grid)
        if window is not None:
            by_window.setdefault(window, []).append(fire)
    if not by_window:
        return
    first, last = min(by_window, key=_start), max(by_window, key=_start)
    for window in grid.between(first.start, last.end):
        yield _fate(window, by_window.get(window, []), timedelta(minutes=model.scoring.expected_minutes))


def _start(window: Window) -> datetime:
    return window.start


def _fate(window: Window, fires: Sequence[Fire], expected: timedelta) -> ModelWindow:
    runs = [fire for fire in fires if isinstance(fire, Run)]
    ends = [run.ended for run in runs if run.status == "Succeeded" and run.ended is not None]
    if ends:
        late = min(ends) - min(fire.due for fire in fires) > expected
        return ModelWindow(window, "late" if late else "landed", len(fires), min(ends))
    fate: Fate = "failed" if runs else "waiting" if fires else "skipped"
    return ModelWindow(window, fate, len(fires))
