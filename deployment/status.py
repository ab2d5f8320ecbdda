"""Releases, triggers, models, runs and windows, read together: ADF's runs joined with what is in the lake."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from adf.pipelines import score_name, train_name
from adf.triggers import grid_of
from adf.windows import format_instant, parse_instant
from deployment import freshness
from deployment.fires import files_of, next_fire
from deployment.journal import Journal
from deployment.models import said_by, version_of
from deployment.releases import Releases
from deployment.resources import Owner
from deployment.runs import Runner, RunReport
from deployment.window_status import ModelWindows, WindowStatus, window_of_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from adf.windows import Grid
    from config.schema import Model, Settings
    from deployment.freshness import Period
    from deployment.gateways import LiveEntity
    from deployment.journal import Unfinished
    from deployment.progress import Progress
    from deployment.releases import Release
    from deployment.session import Session

    Json = Mapping[str, Any]

DAYS: Final = 7
"""How far back windows are expected and runs are read, unless --since says another."""
MOST_RUNS: Final = 10
RELEASES: Final = 5
WORKERS: Final = 8


@dataclass(frozen=True)
class TriggerStatus:
    name: str
    state: str
    next: str | None
    """The next fire time (a tumbling window's end plus its delay), if the trigger is started."""
    on_event: bool = False
    """It is started and waits for a file: nobody knows when it fires."""

    @property
    def shown_next(self) -> str:
        return "on event" if self.on_event else self.next or ""


@dataclass(frozen=True)
class ModelStatus:
    model: str
    version: str | None
    """The registered version that the next run would score with."""
    sha256: str | None
    last_success: str | None
    """When the newest run ended that Data Factory remembers, else when the newest landed window was begun."""
    windows: Sequence[WindowStatus] = ()
    """The newest first."""

    @property
    def unhealthy(self) -> list[WindowStatus]:
        return [each for each in self.windows if not each.healthy]

    @property
    def late(self) -> bool:
        """A window that a trigger fired for should have landed by now, and has not. A model whose schedules
        all wait for files, or are off, is never late: nothing says when.
        """
        return any(each.late_by is not None for each in self.windows)


@dataclass(frozen=True)
class Status:
    environment: str
    releases: Sequence[Release]
    triggers: Sequence[TriggerStatus]
    models: Sequence[ModelStatus]
    runs: Sequence[RunReport]
    unfinished: Unfinished | None = None

    @property
    def failed_trainings(self) -> list[RunReport]:
        """The newest training of a model, where it failed."""
        newest = {each.model: each for each in reversed(self.runs) if each.trains}
        return [each for each in newest.values() if each.status in {"Failed", "Cancelled"}]

    @property
    def healthy(self) -> bool:
        return not self.failed_trainings and not any(each.unhealthy for each in self.models)


def read(
    settings: Settings, session: Session, progress: Progress, *, now: datetime, since: datetime | None = None
) -> Status:
    """`since`: every window that was expected, run or landed from then on, beside the last ones."""
    owner = Owner(settings.project, settings.environment)
    start = min(since or now, now - timedelta(days=DAYS))
    live, runs = _live(settings, session, owner, max(start, now - freshness.REMEMBERED), now)
    releases = Releases(session.lake, owner).back_to(format_instant(start), at_least=RELEASES)
    times = list(freshness.periods(releases, start, now)) or [_as_it_is(live, start, now)]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="status") as pool:
        said = said_by(releases[0].pipelines) if releases else {}
        joined = _Joined(settings, session, progress)
        reading = _Reading(settings, session, now, since, times, said, joined, pool)
        return Status(
            settings.environment,
            releases[:RELEASES],
            [_trigger(each, now) for each in live],
            [reading.model(model, runs) for _, model in sorted(settings.models.items())],
            list(pool.map(reading.joined, runs[:MOST_RUNS])),
            Journal(session.lake, owner).read(),
        )


def _live(
    settings: Settings, session: Session, owner: Owner, since: datetime, now: datetime
) -> tuple[list[LiveEntity], list[Json]]:
    """Our triggers by name and our runs, the newest first; nothing where there is no factory."""
    if session.data_factory.factory() is None:
        return [], []
    triggers = [each for each in session.data_factory.list("trigger") if owner.owns(each)]
    ours = {pipeline for name in settings.models for pipeline in _pipelines(name)}
    found = session.data_factory.runs(since, now + timedelta(days=1))
    runs = [run for run in found if run["pipelineName"] in ours]
    return (
        sorted(triggers, key=lambda each: each.name),
        sorted(runs, key=lambda run: str(run.get("runStart") or ""), reverse=True),
    )


def _as_it_is(live: Iterable[LiveEntity], since: datetime, now: datetime) -> Period:
    """Where no release was recorded, as after a deployment from Git, the triggers have always been so."""
    on = [each for each in live if each.properties.get("runtimeState") == "Started"]
    started = {each.name: each.properties for each in on}
    return freshness.Period(since, now, started)


def _trigger(live: LiveEntity, now: datetime) -> TriggerStatus:
    state = str(live.properties.get("runtimeState") or "Stopped")
    fire = next_fire(live.properties, now) if state == "Started" else None
    on_event = state == "Started" and files_of(live.properties) is not None
    return TriggerStatus(live.name, state, None if fire is None else format_instant(fire), on_event)


class _Joined:
    """A run with its receipt, which is read once."""

    def __init__(self, settings: Settings, session: Session, progress: Progress) -> None:
        self._models = {pipeline: name for name in settings.models for pipeline in _pipelines(name)}
        environment, seconds = settings.environment, session.polling_seconds
        self._runner = Runner(session.data_factory, session.lake, progress, environment, seconds)
        self._known: dict[str, RunReport] = {}

    def __call__(self, run: Json) -> RunReport:
        key = str(run["runId"])
        if key not in self._known:
            self._known[key] = self._runner.joined(self._models[run["pipelineName"]], run)
        return self._known[key]


@dataclass(frozen=True)
class _Reading:
    settings: Settings
    session: Session
    now: datetime
    since: datetime | None
    times: Sequence[Period]
    said: Mapping[str, str]
    """Pipeline → the version that it was deployed with."""
    joined: _Joined
    pool: ThreadPoolExecutor

    def model(self, model: Model, runs: Sequence[Json]) -> ModelStatus:
        registered = version_of(model, self.session.machine_learning, self.said)
        scored = [run for run in runs if run["pipelineName"] == score_name(model.name)]
        windows = self._windows(model, scored)
        return ModelStatus(
            model.name,
            None if registered is None else str(registered.version),
            None if registered is None else registered.sha256,
            _last_success(scored, windows),
            windows,
        )

    def _windows(self, model: Model, runs: Sequence[Json]) -> list[WindowStatus]:
        grid = grid_of(model)
        allowed = timedelta(minutes=model.scoring.expected_minutes)
        known = ModelWindows(
            model.name,
            grid,
            self.now,
            self.now - freshness.REMEMBERED,
            freshness.expected(self.times, score_name(model.name), grid, allowed),
            self._newest(runs, grid),
            self.since,
        )
        return known.read(self.session.lake, self.joined, self.pool)

    def _newest(self, runs: Sequence[Json], grid: Grid) -> dict[datetime, Json]:
        """The newest run of each window, by its start."""
        starts = self.pool.map(lambda run: self._start(run, grid), runs)
        oldest_first = reversed(list(zip(starts, runs, strict=True)))
        return {start: run for start, run in oldest_first if start is not None}

    def _start(self, run: Json, grid: Grid) -> datetime | None:
        window = window_of_run(run, grid)
        if window is not None:
            return window.start
        told = self.joined(run).window_start
        return None if told is None else parse_instant(told)


def _pipelines(model: str) -> tuple[str, str]:
    return score_name(model), train_name(model)


def _last_success(runs: Iterable[Json], windows: Sequence[WindowStatus]) -> str | None:
    ended = [str(run["runEnd"]) for run in runs if run["status"] == "Succeeded" and run.get("runEnd")]
    if ended:
        return format_instant(max(map(parse_instant, ended)).replace(microsecond=0))
    begun = [str(each.manifest.get("started")) for each in windows if each.manifest is not None]
    return max(begun, default=None)
