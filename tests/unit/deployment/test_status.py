"""What status reads together, and when a model is late."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.schema import Settings
from deployment.errors import LakeError
from deployment.status import Status, read
from deployment.status_report import complaints
from ml_pipelines.observed import RegisteredModel
from ml_pipelines.steps.landing import Receipt, receipt_path
from tests.unit.deployment.fakes import FakeLake, Live, Told, calendar, on_files

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
DAILY = {"type": "calendar", "frequency": "Day", "start": "2026-11-01T06:00:00"}


ARRIVED = {"type": "event", "ends_with": "/_SUCCESS"}


def settings(*, score: dict = DAILY, **scoring: object) -> Settings:
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
            "schedules": "on",
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
    asked_since: datetime | None = None

    def factory(self) -> dict | None:
        return {} if self.exists else None

    def list(self, _: str) -> list[Live]:
        return self.triggers

    def runs(self, after: datetime, _before: datetime) -> list[dict]:
        self.asked_since = after
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


def status_of(session: Session, *, since: datetime | None = None, **changes: object) -> Status:
    return read(settings(**changes), session, Told(), now=NOW, since=since)  # type: ignore[arg-type]


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


def trigger(name: str = "tr_score_churn_daily", *, started: bool = True) -> Live:
    """It fires at six each day."""
    body = calendar().properties
    body["typeProperties"]["recurrence"] |= {"startTime": "2026-08-01T06:00:00Z", "timeZone": "UTC"}
    return Live("trigger", name, {**body, "runtimeState": "Started" if started else "Stopped"}, "e")


def released(session: Session, at: str, *triggers: Live, number: int = 1) -> None:
    entities = [
        {"kind": "trigger", "name": each.name, "properties": each.properties}
        | {"started": each.properties["runtimeState"] == "Started"}
        for each in triggers
    ]
    record = {"format": 1, "number": number, "at": at, "by": "ada", "commit": "", "entities": entities}
    record |= {"ml_pipelines": [], "models": [], "of_release": None}
    session.lake.files[f"_deployments/shop/dev/releases/{number:06}.json"] = json.dumps(record).encode()


def landed(session: Session, *days: int, rows: int = 100, month: int = 11) -> None:
    for day in days:
        manifest = {"rows_in": rows, "started": f"2026-{month:02}-{day + 1:02}T06:00:01Z", "path": "p"}
        path = f"_landing/churn/2026-{month:02}-{day:02}T00-00-00Z.json"
        session.lake.files[path] = json.dumps(manifest).encode()


def windows_of(status: Status) -> dict[str, str]:
    return {each.window.start.strftime("%d"): each.state for each in status.models[0].windows}


def fired(name: str, day: int, status: str = "Succeeded") -> dict:
    """The run of a calendar trigger at six: it scores the day before."""
    at = f"2026-11-{day:02}T06:00:00Z"
    return run(name, at, status) | {"parameters": {"window_start": "-", "fire_time": at}}


def test_a_window_that_a_trigger_fired_for_and_nobody_ran_did_not_run():
    """It is late from an hour after its fire at six: 13 hours at eight in the evening."""
    session = Session(Factory([trigger()]))
    released(session, "2026-11-20T12:00:00Z", trigger())
    landed(session, 20, 21)

    status = status_of(session)

    assert windows_of(status) == {"22": "did not run", "21": "landed", "20": "landed"}
    assert status.models[0].windows[0].late_by == timedelta(hours=13)
    assert (status.models[0].late, status.healthy) == (True, False)


def test_a_window_that_somebody_ran_is_not_late():
    """Whoever landed it: status turns green again."""
    session = Session(Factory([trigger()]))
    released(session, "2026-11-20T12:00:00Z", trigger())
    landed(session, 20, 21, 22)

    assert status_of(session).healthy


def test_nothing_is_expected_from_before_a_trigger_was_deployed():
    """It was deployed after today's fire."""
    session = Session(Factory([trigger()]))
    released(session, "2026-11-23T12:00:00Z", trigger())

    status = status_of(session)

    assert (windows_of(status), status.healthy) == ({}, True)


def test_a_trigger_that_was_stopped_by_hand_is_not_forgotten():
    """Its windows are late all the same."""
    session = Session(Factory([trigger(started=False)]))
    released(session, "2026-11-22T12:00:00Z", trigger())

    assert windows_of(status_of(session)) == {"22": "did not run"}


def test_a_trigger_that_a_release_stopped_is_expected_to_fire_before_it_only():
    """The fires of the 21st and the 22nd count, that of the 23rd does not."""
    session = Session(Factory([trigger(started=False)]))
    released(session, "2026-11-20T12:00:00Z", trigger())
    released(session, "2026-11-22T12:00:00Z", trigger(started=False), number=2)

    assert windows_of(status_of(session)) == {"21": "did not run", "20": "did not run"}


def test_without_a_release_the_triggers_count_as_they_are():
    """Deployed from Git or by an ARM template: for the last seven days."""
    session = Session(Factory([trigger()]))
    landed(session, *range(16, 22))

    assert windows_of(status_of(session))["22"] == "did not run"
    assert len(status_of(session).models[0].windows) == 7


def test_a_run_that_failed_is_unhealthy_and_one_that_goes_on_is_not_yet():
    """While it goes on after its deadline, it is late."""
    session = Session(Factory([trigger()], [fired("a", 22, "Failed"), fired("b", 23, "InProgress")]))
    released(session, "2026-11-21T12:00:00Z", trigger())

    status = status_of(session, expected_minutes=24 * 60)

    assert windows_of(status) == {"22": "running", "21": "failed"}
    assert [each.window.start.day for each in status.models[0].unhealthy] == [21]
    assert status_of(session).models[0].windows[0].late_by == timedelta(hours=13)


def test_before_its_deadline_a_window_is_due():
    """Nothing is wrong."""
    session = Session(Factory([trigger()]))
    released(session, "2026-11-22T12:00:00Z", trigger())

    status = status_of(session, expected_minutes=15 * 60)

    assert (windows_of(status), status.healthy) == ({"22": "due"}, True)


def test_the_newest_run_of_a_window_is_the_one_that_counts():
    """It failed, and was started again."""
    session = Session(Factory([trigger()], [fired("a", 23, "Failed")]))
    session.data_factory.finished += [fired("b", 23, "InProgress") | {"runStart": "2026-11-23T09:00:00Z"}]
    released(session, "2026-11-22T12:00:00Z", trigger())

    (window,) = status_of(session).models[0].windows

    assert (window.state, window.run.adf_run_id) == ("running", "b")


def test_rows_are_compared_with_the_median_of_the_windows_before():
    """From three of them on."""
    session = Session(Factory([trigger()]))
    landed(session, 18, rows=1)
    landed(session, 19, 20, 21, rows=100)
    landed(session, 22, rows=60)

    windows = {each.window.start.day: each for each in status_of(session).models[0].windows}

    assert (windows[22].usual_rows, windows[22].against_usual_percent) == (100, -40)
    assert windows[20].usual_rows is None


def test_windows_that_data_factory_has_forgotten_are_known_by_their_manifests():
    """Data Factory is asked for 45 days, the lake for everything."""
    session = Session(Factory([trigger()]))
    released(session, "2026-08-01T12:00:00Z", trigger())
    landed(session, *range(1, 31), month=9)
    landed(session, *range(1, 9), *range(10, 32), month=10)
    landed(session, *range(1, 23))

    status = status_of(session, since=datetime(2026, 9, 1, 12, tzinfo=UTC))
    windows = {each.window.start.strftime("%m-%d"): each for each in status.models[0].windows}

    assert session.data_factory.asked_since == NOW - timedelta(days=45)
    assert len(windows) == 83  # from that of 1 September, which the fire of the 2nd means
    assert {each.state for name, each in windows.items() if name not in {"10-09", "08-31"}} == {"landed"}
    assert windows["10-09"].state == "did not run"


@pytest.mark.parametrize("since", [NOW - timedelta(hours=1), NOW + timedelta(days=400)])
def test_whoever_asks_for_little_is_not_told_that_all_is_well(since):
    """`--check --since today` is red for a window of yesterday, and as late; what succeeded has succeeded."""
    session = Session(Factory([trigger()]))
    released(session, "2026-08-01T12:00:00Z", trigger())
    landed(session, *range(1, 21))

    usual, asked = status_of(session), status_of(session, since=since)

    assert not usual.healthy
    assert asked.healthy == usual.healthy
    assert [each.late_by for each in asked.models[0].unhealthy] == [
        each.late_by for each in usual.models[0].unhealthy
    ]
    assert asked.models[0].last_success == usual.models[0].last_success is not None


def test_a_window_of_long_ago_that_was_run_since_is_shown():
    """That is how a backfill is watched."""
    old = run("score_churn", "2026-11-23T07:00:00Z") | {
        "parameters": {"window_start": "2026-09-01T00:00:00Z", "window_end": "2026-09-02T00:00:00Z"}
    }
    session = Session(Factory([], [old]))
    landed(session, *range(1, 21))

    def shown(status):
        return {f"{each.window.start:%m-%d}" for each in status.models[0].windows}

    assert "09-01" in shown(status_of(session, since=datetime(2026, 11, 23, tzinfo=UTC)))
    assert "09-01" not in shown(status_of(session))


def test_a_window_older_than_data_factorys_memory_is_not_said_not_to_have_run():
    """It may have run and failed."""
    session = Session(Factory([trigger()]))
    released(session, "2026-08-01T12:00:00Z", trigger())

    status = status_of(session, since=datetime(2026, 9, 1, 12, tzinfo=UTC))

    assert status.models[0].windows[-1].state == "not landed"


def test_a_failed_training_is_unhealthy_until_one_succeeds():
    """Only the newest counts."""
    failed = run("a", "2026-11-21T06:00:00Z", "Failed") | {"pipelineName": "train_churn"}
    later = run("b", "2026-11-22T06:00:00Z") | {"pipelineName": "train_churn"}

    assert not status_of(Session(Factory(finished=[failed]))).healthy
    assert status_of(Session(Factory(finished=[failed, later]))).healthy


def test_a_training_whose_model_was_refused_is_told_from_one_that_broke():
    """With the version that somebody may look at."""
    failed = run("a", "2026-11-21T06:00:00Z", "Failed") | {"pipelineName": "train_churn"}
    session = Session(Factory(finished=[failed]))
    receipt = Receipt(
        status="failed",
        group_id="a",
        adf_run_id="a",
        ml_run_id="ml",
        model="churn",
        model_version="4",
        decision="refused",
    )
    session.lake.files[receipt_path("churn", "a")] = receipt.to_json()

    assert list(complaints(status_of(session))) == ["churn: the last training was refused (version 4)"]


def test_a_damaged_manifest_is_told_with_its_path():
    """And how to mend it."""
    session = Session(Factory([trigger()]))
    session.lake.files["_landing/churn/2026-11-22T00-00-00Z.json"] = b"{"

    with pytest.raises(LakeError, match=r"_landing/churn/2026-11-22T00-00-00Z\.json is damaged") as error:
        status_of(session)
    assert "rerun" in error.value.hint
