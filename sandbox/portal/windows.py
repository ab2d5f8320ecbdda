"""What became of a model's windows: what was expected, what ran, what landed, joined by a window's start.

expected   each fire of the triggers that are started, since they were
ran        the pipeline's runs, the newest of each window
landed     the manifests in the lake, which stay when runs are forgotten
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from adf.windows import Window, WindowError, parse_instant, parse_window_id, window_id
from sandbox.datafactory.checks.triggers import pipelines_of
from sandbox.datafactory.models import TERMINAL, Json, wire_instant
from sandbox.portal import fires
from sandbox.portal.words import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from adf.windows import Grid
    from sandbox.datafactory.models import FactoryId
    from sandbox.portal.deployed import Deployed
    from sandbox.portal.look import Look

_MOST_RUNS: Final = 5_000
"""Runs of a pipeline that are read for a page."""
_MOST_EXPECTED: Final = 20_000
_LONGEST_MANIFEST: Final = 1_000_000


@dataclass(frozen=True)
class WindowState:
    window: Window
    fired: datetime | None = None
    """When a trigger asked for it; None: nobody did, or nobody knows."""
    deadline: datetime | None = None
    run: Json | None = None
    """Its newest."""
    manifest: Json | None = None

    @property
    def id(self) -> str:
        return window_id(self.window)

    def state(self, now: datetime) -> str:
        """`landed`, `landed late`, `running`, `late`, `failed`, `missing` or `due`."""
        overdue = self.deadline is not None and now > self.deadline
        if self.manifest is not None:
            return "landed late" if self._landed_late() else "landed"
        if self.run is not None and self.run["status"] not in TERMINAL:
            return "late" if overdue else "running"
        if self.run is not None and self.run["status"] in ("Failed", "Cancelled"):
            return "failed"
        return "due" if self.deadline is not None and not overdue else "missing"

    def _landed_late(self) -> bool:
        """Not, where its manifest does not say when it was begun."""
        try:
            begun = instant(str(self.known("started") or ""))
        except (ValueError, OverflowError):
            return False
        return self.deadline is not None and begun is not None and begun > self.deadline

    def known(self, name: str) -> Any:  # noqa: ANN401 - any value of a manifest
        return None if self.manifest is None else self.manifest.get(name)

    @property
    def overdue_since(self) -> datetime | None:
        return None if self.manifest is not None else self.deadline


def of(
    look: Look, factory: FactoryId, model: Deployed, triggers: Iterable[Json], since: datetime
) -> list[WindowState]:
    """The windows from `since` on of which anything is known, the newest first; `triggers`: the factory's."""
    states: dict[datetime, WindowState] = {}
    asking = (one for one in triggers if model.pipeline.lower() in _pipelines(one["properties"]))
    for window, fired in _expected(look, factory, model, asking, since):
        known = states.get(window.start)
        if known is None or known.fired is None or fired < known.fired:
            states[window.start] = WindowState(window, fired, fired + model.allowed)
    for window, run in _ran(look, factory, model, since):
        known = states.get(window.start, WindowState(window))
        states[window.start] = known if known.run is not None else replace(known, run=run)
    for start, manifest in _landed(model, since):
        known = states.get(start) or WindowState(model.grid.window_at(start))
        states[start] = replace(known, manifest=manifest)
    return sorted(states.values(), key=lambda one: one.window, reverse=True)


def _pipelines(properties: Json) -> set[str]:
    return {str(one["pipelineReference"]["referenceName"]).lower() for one in pipelines_of(properties)}


def _expected(
    look: Look, factory: FactoryId, model: Deployed, triggers: Iterable[Json], since: datetime
) -> Iterator[tuple[Window, datetime]]:
    for trigger in triggers:
        started = look.data_factory.triggers.started_since(factory, trigger["name"])
        if started is None:
            continue
        coming = fires.between(trigger["properties"], max(started, since), look.now)
        for fire, window in islice(coming, _MOST_EXPECTED):
            meant = window or model.grid.last_complete(fire)
            if meant.start >= since:
                yield meant, fire


def _ran(look: Look, factory: FactoryId, model: Deployed, since: datetime) -> Iterator[tuple[Window, Json]]:
    """The newest run first; none began before its window did."""
    runs = look.data_factory.runs
    equal = {"pipelineName": model.pipeline}
    for run in runs.newest(factory, equal, since=wire_instant(since), limit=_MOST_RUNS):
        window = window_of(run, model.grid)
        if window is not None and window.start >= since:
            yield window, run


def window_of(run: Json, grid: Grid) -> Window | None:
    """The window that a run's parameters mean; None where only its step knows (by a file's path, say)."""
    given = run["parameters"]
    start, fired = given.get("window_start") or "-", given.get("fire_time") or "-"
    try:
        if start != "-":
            return grid.window_starting(parse_instant(start))
        return None if fired == "-" else grid.last_complete(parse_instant(fired))
    except WindowError:
        return None


def _landed(model: Deployed, since: datetime) -> Iterator[tuple[datetime, Json]]:
    """The windows with a manifest; without those of another grid."""
    for file in model.landing.glob("*.json"):
        try:
            start = parse_window_id(file.stem)
            is_of_grid = model.grid.window_at(start).start == start
        except WindowError:
            continue
        if start >= since and is_of_grid:
            yield start, _manifest(file)


def _manifest(file: Path) -> Json:
    """It landed, whatever its manifest is like: what cannot be read says nothing."""
    try:
        with file.open("rb") as stream:
            found = json.loads(stream.read(_LONGEST_MANIFEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
