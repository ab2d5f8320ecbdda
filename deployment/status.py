"""Triggers, models and the last runs, read together: ADF's runs joined with the receipts in the lake."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from adf.triggers import grid_of
from adf.windows import format_instant, parse_instant, window_id
from deployment.fires import files_of, next_fire
from deployment.journal import Journal
from deployment.models import version_of
from deployment.releases import Releases
from deployment.resources import Owner
from deployment.runs import Runner, RunReport
from ml_pipelines.steps.landing import manifest_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from config.schema import Model, Settings
    from deployment.gateways import LiveEntity
    from deployment.journal import Unfinished
    from deployment.progress import Progress
    from deployment.releases import Release
    from deployment.session import Session

DAYS: Final = 7
MOST_RUNS: Final = 10
RELEASES: Final = 5


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
    late: bool
    """Schedules are on, and the last window that a run has had time to score has not landed. Where all of a
    model's schedules wait for files it is never late: nothing says when they come."""


@dataclass(frozen=True)
class Status:
    environment: str
    releases: Sequence[Release]
    triggers: Sequence[TriggerStatus]
    models: Sequence[ModelStatus]
    runs: Sequence[RunReport]
    unfinished: Unfinished | None = None


def read(settings: Settings, session: Session, progress: Progress, *, now: datetime) -> Status:
    owner = Owner(settings.project, settings.environment)
    triggers, found = [], []
    if session.data_factory.factory() is not None:
        live = [each for each in session.data_factory.list("trigger") if owner.owns(each)]
        triggers = [_trigger(each, now) for each in sorted(live, key=lambda each: each.name)]
        found = _runs(settings, session, progress, now)
    return Status(
        settings.environment,
        Releases(session.lake, owner).last(RELEASES),
        triggers,
        [_model(settings, session, model, found, now) for _, model in sorted(settings.models.items())],
        found,
        Journal(session.lake, owner).read(),
    )


def _trigger(live: LiveEntity, now: datetime) -> TriggerStatus:
    state = str(live.properties.get("runtimeState") or "Stopped")
    fire = next_fire(live.properties, now) if state == "Started" else None
    on_event = state == "Started" and files_of(live.properties) is not None
    return TriggerStatus(live.name, state, None if fire is None else format_instant(fire), on_event)


def _runs(settings: Settings, session: Session, progress: Progress, now: datetime) -> list[RunReport]:
    """The newest first."""
    models = {f"{verb}_{name}": name for name in settings.models for verb in ("score", "train")}
    runs = session.data_factory.runs(now - timedelta(days=DAYS), now + timedelta(days=1))
    ours = [run for run in runs if run["pipelineName"] in models]
    newest = sorted(ours, key=lambda run: str(run.get("runStart") or ""), reverse=True)[:MOST_RUNS]
    runner = Runner(
        session.data_factory, session.lake, progress, settings.environment, session.polling_seconds
    )

    def joined(run: Mapping[str, Any]) -> RunReport:
        return runner.joined(models[run["pipelineName"]], run)

    with ThreadPoolExecutor(4, thread_name_prefix="status") as pool:
        return list(pool.map(joined, newest))


def _model(
    settings: Settings, session: Session, model: Model, runs: Sequence[RunReport], now: datetime
) -> ModelStatus:
    registered = version_of(model, session.machine_learning)
    successes = [run for run in runs if run.pipeline == f"score_{model.name}" and run.succeeded]
    ended = [parse_instant(run.ended).replace(microsecond=0) for run in successes if run.ended]
    last = format_instant(max(ended)) if ended else None
    return ModelStatus(
        model.name,
        None if registered is None else str(registered.version),
        None if registered is None else registered.sha256,
        last,
        _is_late(settings, session, model, now),
    )


def _is_late(settings: Settings, session: Session, model: Model, now: datetime) -> bool:
    by_clock = [each for each in model.schedules.score.values() if each.type != "event"]
    if settings.schedules == "off" or not by_clock:
        return False
    had_time = now - timedelta(minutes=model.scoring.timeout_minutes)
    window = grid_of(model).last_complete(had_time)
    return session.lake.read(manifest_path(model.name, window_id(window))) is None
