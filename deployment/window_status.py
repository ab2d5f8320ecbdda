"""Windows as whoever is on call wants them: trigger, ADF run, ML run and what landed, on one line each.

A window is known by what was expected of the triggers, by the runs that Data Factory remembers (45 days), and
by its manifest in the lake, which stays: so a window of last year has a line too, though without an ADF run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Protocol

from adf.windows import WindowError, parse_instant, parse_window_id, window_id
from deployment import freshness
from deployment.errors import LakeError
from ml_pipelines.steps.landing import manifest_folder, manifest_path

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from concurrent.futures import Executor
    from datetime import datetime, timedelta

    from adf.windows import Grid, Window
    from deployment.freshness import Expected, State
    from deployment.gateways import LakeFiles
    from deployment.runs import RunReport

MOST_SHOWN: Final = 10
"""Windows of a model, unless --since asks for more; what is late or failed is shown all the same."""
COMPARED: Final = 10
"""The usual number of rows is the median of so many windows before."""
FEWEST_COMPARED: Final = 3


@dataclass(frozen=True)
class WindowStatus:
    model: str
    window: Window
    state: State
    late_by: timedelta | None = None
    expected: Expected | None = None
    """None: no trigger asked for it, somebody ran it."""
    run: RunReport | None = None
    """Its newest run."""
    manifest: Mapping[str, Any] | None = None
    """What it landed with; of a window whose landing is known and was not read, None too."""
    usual_rows: int | None = None
    """The median of `rows_in` of the windows before; None where those are fewer than three."""

    @property
    def healthy(self) -> bool:
        return self.late_by is None and self.state != "failed"

    @property
    def trigger(self) -> str | None:
        """Who started its newest run; where there was none, who should have."""
        asked = None if self.expected is None else self.expected.trigger
        return asked if self.run is None else self.run.trigger

    def known(self, name: str) -> Any:  # noqa: ANN401 - any value of a manifest or a run
        """What landed says so itself; the newest run may be one that came after it and failed."""
        return getattr(self.run, name, None) if self.manifest is None else self.manifest.get(name)

    @property
    def against_usual_percent(self) -> int | None:
        """How many more rows came in than usual: -40 are 40 % fewer."""
        rows = self.known("rows_in")
        if not isinstance(rows, int) or not self.usual_rows:
            return None
        return round(100 * (rows - self.usual_rows) / self.usual_rows)


def window_of_run(run: Mapping[str, Any], grid: Grid) -> Window | None:
    """The window that a run's parameters mean; None where only its receipt knows."""
    parameters = run.get("parameters") or {}
    start, fired = parameters.get("window_start") or "-", parameters.get("fire_time") or "-"
    try:
        if start != "-":
            return grid.window_starting(parse_instant(start))
        return None if fired == "-" else grid.last_complete(parse_instant(fired))
    except WindowError:
        return None


@dataclass(frozen=True)
class ModelWindows:
    """All that is known of a model's windows before the lake is asked; windows by their start."""

    model: str
    grid: Grid
    now: datetime
    remembered_since: datetime
    """From when on Data Factory tells its runs."""
    expected: Mapping[datetime, Expected]
    runs: Mapping[datetime, Mapping[str, Any]]
    """The newest run of each, as Data Factory tells it."""
    all_since: datetime | None = None
    """Show every window since then, beside the last ones and what is late or failed."""

    def read(
        self, lake: LakeFiles, joined: Callable[[Mapping[str, Any]], RunReport], pool: Executor
    ) -> list[WindowStatus]:
        """The newest first; `joined` gives a run with its receipt."""
        landed = landed_starts(lake, self.model, self.grid)
        rows = [self._judged(window, landed) for window in self._windows(landed)]
        rows = [row for index, row in enumerate(rows) if self._is_shown(index, row)]
        manifests = self._manifests(lake, landed, rows, pool)
        return list(pool.map(lambda row: self._joined(row, manifests, joined), rows))

    def _is_shown(self, index: int, row: WindowStatus) -> bool:
        """The last ones always: whether a model is late, and when it last succeeded, is told by them."""
        return index < MOST_SHOWN or not row.healthy or self._is_asked_for(row.window)

    def _is_asked_for(self, window: Window) -> bool:
        """Not over by then, or run since then: a backfill is of windows long ago."""
        since = self.all_since
        if since is None:
            return False
        begun = (self.runs.get(window.start) or {}).get("runStart")
        return window.end > since or (begun is not None and parse_instant(str(begun)) >= since)

    def _windows(self, landed: Iterable[datetime]) -> list[Window]:
        shown = {*self.expected, *self.runs}
        shown |= set(landed)
        return [self.grid.window_at(start) for start in sorted(shown, reverse=True)]

    def _judged(self, window: Window, landed: Container[datetime]) -> WindowStatus:
        wanted, run = self.expected.get(window.start), self.runs.get(window.start)
        state = freshness.state_of(
            wanted,
            landed=window.start in landed,
            run_status=None if run is None else str(run["status"]),
            remembered=wanted is not None and wanted.fired >= self.remembered_since,
            now=self.now,
        )
        return WindowStatus(self.model, window, state, freshness.late_by(wanted, state, self.now), wanted)

    def _manifests(
        self, lake: LakeFiles, landed: Sequence[datetime], rows: Sequence[WindowStatus], pool: Executor
    ) -> dict[datetime, Mapping[str, Any]]:
        """Of the windows that are shown and those that they are compared with, the newest first."""
        needed = {each for row in rows for each in _before(row.window.start, landed)}
        needed |= {row.window.start for row in rows if row.state == "landed"}
        ordered = sorted(needed, reverse=True)
        contents = pool.map(lambda start: manifest_of(lake, self.model, self.grid.window_at(start)), ordered)
        found = zip(ordered, contents, strict=True)
        return {start: manifest for start, manifest in found if manifest is not None}

    def _joined(
        self,
        row: WindowStatus,
        manifests: Mapping[datetime, Mapping[str, Any]],
        joined: Callable[[Mapping[str, Any]], RunReport],
    ) -> WindowStatus:
        run = self.runs.get(row.window.start)
        before = [manifests[each].get("rows_in") for each in _before(row.window.start, list(manifests))]
        rows = [each for each in before if isinstance(each, int)]
        return replace(
            row,
            run=None if run is None else joined(run),
            manifest=manifests.get(row.window.start),
            usual_rows=round(median(rows)) if len(rows) >= FEWEST_COMPARED else None,
        )


def landed_starts(lake: LakeFiles, model: str, grid: Grid) -> list[datetime]:
    """Of the windows with a manifest, the newest first; without those of another grid."""
    stems = (name.removesuffix(".json") for name in lake.names(manifest_folder(model)))
    return sorted((start for stem in stems if (start := _start(stem, grid)) is not None), reverse=True)


def _start(stem: str, grid: Grid) -> datetime | None:
    try:
        return grid.window_starting(parse_window_id(stem)).start
    except WindowError:
        return None  # of another grid; `_runs`, the folder of receipts; or nobody's


def _before(start: datetime, newest_first: Sequence[datetime]) -> list[datetime]:
    return list(islice((each for each in newest_first if each < start), COMPARED))


class Readable(Protocol):
    def read(self, path: str) -> bytes | None: ...


def manifest_of(lake: Readable, model: str, window: Window) -> Mapping[str, Any] | None:
    """None where there is none, or none any more. Raises LakeError for one that is no JSON object."""
    path = manifest_path(model, window_id(window))
    content = lake.read(path)
    if content is None:
        return None
    try:
        found = json.loads(content)
        problem = None if isinstance(found, dict) else "no JSON object"
    except ValueError as error:
        problem = str(error)
    if problem is not None:
        hint = "a rerun of the window writes it again"
        raise LakeError(f"the manifest {path} is damaged: {problem}", hint=hint)
    return dict(found)
