"""What status reads together, and when a model is late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schema import Settings
from deployment.status import read
from ml_pipelines.observed import RegisteredModel
from tests.unit.deployment.fakes import FakeLake, Live, Told, calendar, on_files

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
DAILY = {"type": "calendar", "frequency": "Day", "start": "2026-11-01T06:00:00"}


ARRIVED = {"type": "event", "ends_with": "/_SUCCESS"}


def settings(*, schedules: str = "on", score: dict = DAILY, **scoring: object) -> Settings:
    model = {
        "name": "churn",
        "source": Path("models/churn"),
        "scoring": {"input": "raw/churn", **scoring},
        "output": {"path": "predictions/churn"},
        "schedules": {"score": {"regular": score}},
    }
    return Settings.model_validate(
        {
            "environment": "dev",
            "project": "shop",
            "schedules": schedules,
            "azure": {"subscription_id": "s", "resource_group": "rg"},
            "data_factory": {"name": "adf-shop"},
            "machine_learning": {"workspace": "ml", "compute": "cpu"},
            "lake": {"account": "shop", "file_system": "data"},
            "models": {"churn": model},
        }
    )


@dataclass
class Factory:
    triggers: list[Live] = field(default_factory=list)
    finished: list[dict] = field(default_factory=list)
    exists: bool = True

    def factory(self) -> dict | None:
        return {} if self.exists else None

    def list(self, _: str) -> list[Live]:
        return self.triggers

    def runs(self, _after: datetime, _before: datetime) -> list[dict]:
        return self.finished

    def activity_runs(self, _: str) -> list[dict]:
        return []


@dataclass
class MachineLearning:
    registered: list[RegisteredModel] = field(default_factory=list)

    def models(self, name: str) -> list[RegisteredModel]:
        return [each for each in self.registered if each.name == name]


@dataclass
class Session:
    data_factory: Factory = field(default_factory=Factory)
    machine_learning: MachineLearning = field(default_factory=MachineLearning)
    lake: FakeLake = field(default_factory=FakeLake)
    polling_seconds: float = 0.0


def registered(version: int, **tags: str) -> RegisteredModel:
    return RegisteredModel("churn", version, tags, f"sha-{version}", "")


def run(name: str, start: str, status: str = "Succeeded") -> dict:
    parts = {"runId": name, "runGroupId": name, "pipelineName": "score_churn", "status": status}
    return parts | {"runStart": start, "runEnd": start}


def status_of(session: Session, **changes: object):
    return read(settings(**changes), session, Told(), now=NOW)  # type: ignore[arg-type]


def test_nothing_deployed_is_a_status_too():
    """No factory, no release, no model: not an error."""
    status = status_of(Session(Factory(exists=False)))

    assert (status.triggers, status.runs, status.releases) == ([], [], [])
    assert status.models[0].version is None


def test_only_our_own_triggers_are_shown_with_their_next_fire():
    """A stopped trigger fires never."""
    body = calendar().properties
    body["typeProperties"]["recurrence"] |= {"startTime": "2026-11-01T06:00:00Z", "timeZone": "UTC"}
    ours = Live("trigger", "tr_a", {**body, "runtimeState": "Started"}, "e")
    stopped = Live("trigger", "tr_b", {**body, "runtimeState": "Stopped"}, "e")
    theirs = Live("trigger", "tr_c", {**body, "annotations": []}, "e")

    status = status_of(Session(Factory([stopped, theirs, ours])))

    found = [(each.name, each.state, each.next) for each in status.triggers]
    assert found == [("tr_a", "Started", "2026-11-24T06:00:00Z"), ("tr_b", "Stopped", None)]


def test_a_trigger_that_waits_for_files_is_shown_as_such():
    """When nobody knows; a stopped one waits for nothing."""
    body = on_files().properties
    started = Live("trigger", "tr_a", {**body, "runtimeState": "Started"}, "e")
    stopped = Live("trigger", "tr_b", {**body, "runtimeState": "Stopped"}, "e")

    status = status_of(Session(Factory([started, stopped])))

    assert [(each.next, each.shown_next) for each in status.triggers] == [(None, "on event"), (None, "")]


def test_a_model_that_waits_for_files_is_never_late():
    """Nothing says when they come."""
    assert status_of(Session(), score=ARRIVED).models[0].late is False


def test_runs_of_others_are_left_out_and_the_newest_come_first():
    """A factory may be shared."""
    others = run("theirs", "2026-11-23T09:00:00Z") | {"pipelineName": "copy_orders"}
    session = Session(
        Factory(finished=[run("a", "2026-11-21T06:00:00Z"), others, run("b", "2026-11-22T06:00:00Z")])
    )

    status = status_of(session)

    assert [each.adf_run_id for each in status.runs] == ["b", "a"]
    assert status.models[0].last_success == "2026-11-22T06:00:00Z"


@pytest.mark.parametrize(("wanted", "version"), [("approved", "2"), ("latest", "3"), ("1", "1"), ("9", None)])
def test_the_model_is_the_one_that_the_next_run_would_take(wanted, version):
    """The newest approved one, the newest, or a number."""
    session = Session()
    session.machine_learning.registered = [
        registered(1, approved="true"),
        registered(2, approved="true"),
        registered(3),
    ]

    assert status_of(session, model_version=wanted).models[0].version == version


@pytest.mark.parametrize(
    ("schedules", "landed", "late"),
    [("on", "2026-11-22", False), ("on", "2026-11-20", True), ("off", "2026-11-20", False)],
)
def test_a_model_is_late_where_a_window_has_not_landed_though_a_run_had_time(schedules, landed, late):
    """With schedules off nothing is expected."""
    lake = FakeLake({f"_landing/churn/{landed}T00-00-00Z.json": b"{}"})

    status = status_of(Session(lake=lake), schedules=schedules, timeout_minutes=60)

    assert status.models[0].late is late
