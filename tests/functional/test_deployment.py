"""The commands against a local Azure of their own, from an empty state folder to its destruction.

The tests run in the order in which they stand and share what the first ones deployed, as a user's day does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from pyarrow import parquet

from deployment.canonical import canonical
from tests.ports import three_free_ports
from tests.unit.adf.resource_manager import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
FACTORY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-batch-scoring"
    "/providers/Microsoft.DataFactory/factories/adf-batch-scoring-local"
)
LATER = "models.diabetes.schedules.train.monthly.start=2026-11-01T04:00:00"
START = "models.diabetes.schedules.score.daily.start={}T00:00:00Z"


@dataclass
class Project:
    """deploy.py in processes of their own, each with the same state folder and ports."""

    state: Path
    port: int

    def line(self, verb: str, *arguments: str, port: int | None = None) -> list[str]:
        own = [f"sandbox.port={port or self.port}", f"sandbox.state={self.state}"]
        settings = [word for each in own for word in ("--set", each)]
        return [sys.executable, "deploy.py", verb, "--env", "local", "-o", "json", *settings, *arguments]

    def command(self, *line: str, port: int | None = None) -> subprocess.CompletedProcess[str]:
        command = self.line(*line, port=port)
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=240
        )

    def started(self, *line: str) -> subprocess.Popen[str]:
        """A command that is still running, with Ctrl-C in its default sense."""
        return subprocess.Popen(
            self.line(*line),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )

    def document(self, verb: str, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The one JSON document of a command that ended as expected."""
        ended = self.command(verb, *arguments)
        assert ended.returncode == code, ended.stderr + ended.stdout
        document: dict[str, Any] = json.loads(ended.stdout)
        return document

    def factory(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A request to Data Factory as somebody else makes it, in the portal or by hand."""
        answer = self.request(method, "control", f"{FACTORY}/{path}?api-version=2018-06-01", json=body)
        return dict(answer.json()) if answer.text else {}

    def request(
        self, method: str, service: str, path: str, *, headers: Any = None, json: Any = None
    ) -> requests.Response:
        """One request to `control` or the `lake`, past deploy.py."""
        audience = "https://storage.azure.com" if service == "lake" else "https://management.azure.com"
        token = requests.get(
            self.endpoints["identity"],
            params={"api-version": "2019-08-01", "resource": audience},
            headers={"X-IDENTITY-HEADER": self.endpoints["identity_header"]},
            timeout=10,
        ).json()["access_token"]
        answer = requests.request(
            method,
            f"{self.endpoints[service]}{path}",
            json=json,
            headers={"Authorization": f"Bearer {token}", **(headers or {})},
            verify=self.endpoints["ca"],
            timeout=30,
        )
        answer.raise_for_status()
        return answer

    @property
    def endpoints(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "endpoints.json").read_text()))

    def stop(self) -> None:
        if (self.state / "endpoints.json").exists():
            os.kill(self.endpoints["pid"], signal.SIGTERM)

    def trigger_state(self, name: str) -> str:
        return str(self.factory("GET", f"triggers/{name}")["properties"]["runtimeState"])

    def break_lock(self) -> None:
        """As an administrator does who does not want to wait for the lease of the dead to end."""
        path = "/localbatchscoring/data/_deployments/adf-batch-scoring/local/lock?comp=lease"
        broken = {"x-ms-lease-action": "break", "x-ms-lease-break-period": "0", "x-ms-version": "2023-11-03"}
        self.request("PUT", "lake", path, headers=broken)

    @property
    def lake(self) -> Path:
        return self.state / "lake/localbatchscoring/data"


def wait_until(fact: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    yield made
    made.stop()


@pytest.fixture(scope="module")
def first(project: Project) -> dict[str, Any]:
    """The first deployment, which starts the local Azure and makes its infrastructure."""
    return project.document("deploy")


def actions(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(change["action"], change["name"]) for change in document["changes"]}


def test_a_taken_port_is_said_plainly_before_anything_else(project):
    """With the number of the port and a way out."""
    with socket.create_server(("127.0.0.1", project.port)):
        ended = project.command("plan")

    error = json.loads(ended.stdout)["error"]
    assert ended.returncode == 1
    assert str(project.port) in error["message"]
    assert "sandbox.port" in error["hint"]


def test_the_first_deployment_makes_everything_and_records_a_release(first):
    """From an empty folder: local Azure, infrastructure, ML pipelines, factory."""
    assert first["summary"] == {"add": len(first["changes"]), "change": 0, "delete": 0, "unchanged": 0}
    assert {change["kind"] for change in first["changes"]} == {
        "factory",
        "ml_pipeline",
        "linked_service",
        "dataset",
        "pipeline",
        "trigger",
    }
    assert (first["release"], first["applied"]) == (1, True)


def test_a_second_deployment_has_nothing_to_do_and_publishes_nothing(project, first):
    """Unchanged means no call and no release."""
    second = project.document("deploy")

    assert second["changes"] == []
    assert second["summary"]["unchanged"] == len(first["changes"])
    assert second["release"] == 1


def test_what_is_deployed_is_rendered_with_its_ids_and_nothing_is_written(project, first, tmp_path):
    """Both shapes hold what the factory holds; a plan after it is as empty as before."""
    document = project.document("render", "--out", str(tmp_path / "out"))
    read = {path: json.loads((tmp_path / "out" / path).read_bytes()) for path in document["files"]}
    values = read["ARMTemplateParametersForFactory.json"]["parameters"]
    template = Deployment(
        read["ARMTemplateForFactory.json"], {name: said["value"] for name, said in values.items()}
    )

    assert template.missing() == set()
    assert None not in document["parameters"].values()
    for kind, folder in (
        ("pipelines", "pipeline"),
        ("triggers", "trigger"),
        ("linkedservices", "linkedService"),
    ):
        for live in project.factory("GET", kind)["value"]:
            name, properties = live["name"], canonical(live["properties"])
            assert canonical(read[f"{folder}/{name}.json"]["properties"]) == properties
            (body,) = (body for (_, path), body in template.bodies().items() if path.endswith(f"/{name}"))
            assert canonical(body) == properties
    assert project.document("plan")["changes"] == []
    assert len(first["changes"]) == project.document("plan")["summary"]["unchanged"]


def test_a_start_that_is_past_is_no_reason_to_run_the_past(project, first):  # noqa: ARG001
    """Of a trigger that exists a start that it does not have means a new trigger: what then runs is said."""
    past = project.document("plan", "--set", START.format("2026-11-01"), code=64)["error"]
    backfill = START.replace("start=", "backfill_from=").format("2026-11-01")
    (change,) = project.document("plan", "--set", backfill)["changes"]

    assert past["code"] == "past_start"
    assert "backfill_from" in past["message"]
    assert (change["action"], change["name"]) == ("recreate", "tr_score_diabetes_daily")
    assert change["windows_at_once"] > 0


def test_schedules_on_starts_the_triggers_and_off_stops_them(project, first):  # noqa: ARG001
    """Nothing but their state changes."""
    on = project.document("deploy", "--set", "schedules=on")
    states = {each["name"]: each["state"] for each in project.document("status")["triggers"]}
    off = project.document("deploy")

    assert {change["kind"] for change in on["changes"]} == {"trigger"}
    assert set(states.values()) == {"Started"}
    assert [difference["after"] for change in off["changes"] for difference in change["diff"]] == [
        "Stopped"
    ] * 2


def test_a_started_trigger_whose_body_changes_is_edited_and_runs_on(project, first):  # noqa: ARG001
    """The local Data Factory refuses to edit a started trigger, as Azure does."""
    project.document("deploy", "--set", "schedules=on")

    edited = project.document("deploy", "--set", "schedules=on", "--set", LATER)
    triggers = {each["name"]: each for each in project.document("status")["triggers"]}
    project.document("deploy")

    assert actions(edited) == {("change", "tr_train_diabetes_monthly")}
    assert triggers["tr_train_diabetes_monthly"]["state"] == "Started"
    assert triggers["tr_train_diabetes_monthly"]["next"].endswith("T04:00:00Z")


def test_a_deployment_that_is_killed_is_made_good_by_the_next(project, first):  # noqa: ARG001
    """kill -9 while a trigger stands still for its edit: plan and status say so, deploy starts it again."""
    on, name = ("--set", "schedules=on"), "tr_train_diabetes_monthly"
    project.document("deploy", *on)
    slow = {"service": "control", "method": "PUT", "path": name, "action": "delay", "seconds": 3, "times": 1}
    project.request("POST", "control", "/_sandbox/faults", json=slow)
    with project.started("deploy", *on, "--set", LATER) as process:
        wait_until(lambda: project.trigger_state(name) == "Stopped")
        process.kill()
    project.break_lock()

    told = [project.document(verb, *on)["unfinished"]["triggers"] for verb in ("plan", "status")]
    state = project.trigger_state(name)
    deployed = project.command("deploy", *on)

    assert (told, state) == ([[name]] * 2, "Stopped")
    assert f"trigger {name}, left stopped by " in deployed.stderr
    assert project.trigger_state(name) == "Started"
    assert "unfinished" not in project.document("status")
    project.document("deploy")


def test_what_somebody_changed_by_hand_is_overwritten_only_by_force(project, first):  # noqa: ARG001
    """The last release knows what was deployed: so drift is told from a changed configuration."""
    live = project.factory("GET", "pipelines/score_diabetes")
    changed = {**live["properties"], "description": "edited in the portal"}
    project.factory("PUT", "pipelines/score_diabetes", {"properties": changed})

    drifted = project.document("plan")
    refused = project.document("deploy", code=1)["error"]
    there = project.factory("GET", "pipelines/score_diabetes")["properties"]["description"]
    project.document("deploy", "--force")

    assert actions(drifted) == {("drift", "score_diabetes")}
    assert drifted["changes"][0]["by_hand"][0]["after"] == "edited in the portal"
    assert (refused["code"], there) == ("drift", "edited in the portal")
    assert project.factory("GET", "pipelines/score_diabetes")["properties"] == live["properties"]


def test_a_saved_plan_is_applied_as_it_was_read_or_not_at_all(project, first, tmp_path):  # noqa: ARG001
    """Once: after that what is live has moved, and the plan is outdated. Selected: the rest stays."""
    file = str(tmp_path / "plan.json")
    other = ("--set", "machine_learning.experiment=other", "--set", LATER)
    planned = project.document("plan", *other, "--select", "trigger/*", "--out", file)

    elsewhere = project.document("deploy", "--plan", file, code=64)["error"]
    applied = project.document("deploy", *other, "--plan", file)
    again = project.document("deploy", *other, "--plan", file, code=75)["error"]
    left = project.document("plan", *other)
    project.document("deploy")

    assert actions(planned) == actions(applied) == {("change", "tr_train_diabetes_monthly")}
    assert (elsewhere["code"], again["code"]) == ("plan_file", "plan_outdated")
    assert actions(left) == {("change", "score_diabetes"), ("change", "train_diabetes")}


def test_a_release_is_gone_back_to(project, first):  # noqa: ARG001
    """The factory's bodies and the endpoint's version are those of then; the next plan shows the way back."""
    before = project.document("deploy")["release"]
    pinned = project.factory("GET", "pipelines/score_diabetes")["properties"]
    project.document(
        "deploy",
        "--set",
        "models.diabetes.scoring.timeout_minutes=99",
        "--set",
        "models.diabetes.scoring.run_max_try=7",
    )
    new = project.factory("GET", "pipelines/score_diabetes")["properties"]

    refused = project.document("deploy", "--release", "4711", code=64)["error"]
    gone_back = project.document("deploy", "--release", str(before), "--yes")

    assert refused["code"] == "unknown_release"
    assert new != pinned == project.factory("GET", "pipelines/score_diabetes")["properties"]
    assert {change["kind"] for change in gone_back["changes"]} == {"pipeline", "ml_pipeline"}
    assert project.document("status")["releases"][0]["of_release"] == before
    assert project.document("plan")["changes"] == []


def test_what_came_after_a_release_goes_with_it_as_its_plan_says(project, first):  # noqa: ARG001
    """Though --prune was not given: what is planned for a release is what is done."""
    before = str(project.document("deploy")["release"])
    weekly = "{type: calendar, frequency: Week, start: 2026-11-01T04:00:00}"
    project.document("deploy", "--set", f"models.diabetes.schedules.train.weekly={weekly}")

    planned = project.document("plan", "--release", before)
    gone_back = project.document("deploy", "--release", before, "--yes")

    deleted = [("delete", "tr_train_diabetes_weekly")]
    assert deleted == [(each["action"], each["name"]) for each in planned["changes"]]
    assert planned["changes"] == gone_back["changes"]
    assert project.document("plan", "--release", before)["changes"] == []


def test_what_is_not_ours_is_neither_taken_over_nor_destroyed(project, first):  # noqa: ARG001
    """A name that is taken is an error before anything is written."""
    theirs = {"properties": {"activities": [], "annotations": ["team:sales"]}}
    project.factory("PUT", "pipelines/copy_orders", theirs)
    ours = project.factory("GET", "datasets/ds_lake_receipt")["properties"]
    project.factory("PUT", "datasets/ds_lake_receipt", {"properties": {**ours, "annotations": []}})

    refused = project.document("deploy", code=1)
    project.factory("PUT", "datasets/ds_lake_receipt", {"properties": ours})

    assert refused["error"]["code"] == "not_ours"
    assert "dataset ds_lake_receipt" in refused["error"]["message"]
    assert "copy_orders" not in refused["error"]["message"]
    assert project.document("plan")["changes"] == []


def test_two_deployments_at_once_are_one_after_the_other(project, first):  # noqa: ARG001
    """Whoever comes second is told to come back: 75, never half of each."""
    with ThreadPoolExecutor(2) as pool:
        commands = [f"machine_learning.experiment=e{number}" for number in range(2)]
        ended = list(pool.map(lambda setting: project.command("deploy", "--set", setting), commands))
    project.document("deploy")

    assert {each.returncode for each in ended} <= {0, 75}
    assert 0 in {each.returncode for each in ended}
    for each in ended:
        assert each.returncode == 0 or json.loads(each.stdout)["error"]["code"] == "locked"


def test_another_port_than_the_running_local_azure_has_is_an_error(project, first):  # noqa: ARG001
    """The lake's address is part of the factory: it does not move silently."""
    ended = project.command("plan", port=three_free_ports())

    assert ended.returncode == 1
    assert str(project.port) in json.loads(ended.stdout)["error"]["message"]


def test_training_then_scoring_lands_every_row(project, first):  # noqa: ARG001
    """Through Data Factory and Azure ML, on the example's data."""
    trained = project.document("run", "--training")["runs"][0]
    scored = project.document("run", "--window", "2026-11-22")["runs"][0]

    assert trained["status"] == "Succeeded"
    assert (trained["output"], trained["rows_in"], trained["error"]) == ("version 1", None, None)
    assert trained["ml_run_id"]
    assert scored["status"] == "Succeeded", scored["error"]
    assert scored["rows_in"] == scored["rows_scored"] + scored["rows_quarantined"] > 0
    assert (scored["window_start"], scored["window_end"]) == ("2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z")
    assert (project.lake / scored["output"]).is_file()


def test_a_window_that_fails_ends_with_1_and_its_reason(project, first):  # noqa: ARG001
    """No input on that day; the receipt's words, not only Azure's."""
    failed = project.document("run", "--window", "2026-10-01", code=1)["runs"][0]

    assert failed["status"] == "Failed"
    assert "raw/diabetes/incoming/2026/10/01" in failed["error"]


def test_a_window_that_fails_its_checks_changes_nothing_for_readers(project, first):  # noqa: ARG001
    """The run is red with what was found and what is allowed; what had landed is read as before."""
    strict = ("--set", "models.diabetes.output.checks.columns.prediction.maximum=200")
    of_the_window = ("--model", "diabetes", "--window", "2026-11-22")
    before = project.document("status", *of_the_window, "--head", "2")
    project.document("deploy", *strict)

    ended = project.document("run", "--window", "2026-11-22", *strict, code=1)["runs"][0]
    newest = project.document("status", *strict)["runs"][0]
    project.document("deploy")

    assert "the check `columns.prediction.maximum` found " in ended["error"]
    assert "(31 of 147 rows are beyond); allowed: at most 200. Nothing was published" in ended["error"]
    assert (ended["status"], ended["output"], ended["rows_scored"]) == ("Failed", None, 147)
    assert (project.lake / ended["staged"]).is_file()
    assert newest["checks"] == ended["checks"]
    assert {check["outcome"] for check in ended["checks"]} == {"passed", "failed"}
    assert project.document("status", *of_the_window, "--head", "2") == before
    assert [row["patient_id"] for row in before["rows"]] == ["P0296", "P0297"]


def test_a_landed_window_is_where_its_address_says(project, first):  # noqa: ARG001
    """One line, for a shell; the local lake is a folder."""
    line = project.line("status", "--model", "diabetes", "--window", "2026-11-22", "--output-path")
    line[line.index("json")] = "text"
    ended = subprocess.run(line, capture_output=True, text=True, check=True, cwd=REPOSITORY)

    rows = parquet.read_table(ended.stdout.removesuffix("\n"))

    assert rows.column_names[2:] == ["window_start", "model_version", "scored_at"]
    assert rows.num_rows == 147


def test_a_training_below_its_gate_ends_with_1_and_the_bound(project, first):  # noqa: ARG001
    """What the gate demands and what was found, as the table and the status say it too."""
    too_much = ("--set", "models.diabetes.training.gate.r2.minimum=0.99")
    project.document("deploy", *too_much)

    failed = project.document("run", "--training", *too_much, code=1)["runs"][0]
    project.document("deploy")

    assert failed["error"].startswith("diabetes: the gate demands r2 >= 0.99, and it is 0.4")
    assert (bool(failed["ml_run_id"]), failed["decision"]) == (True, "refused")
    assert (project.lake / failed["gate_report"]).is_file()


def test_a_deployment_that_pins_a_refused_version_says_so(project, first):  # noqa: ARG001
    """The windows that it would score fail with the gate's reason: better told now."""
    refused = project.document("status")["runs"][0]["output"].removeprefix("version ")
    line = project.line("deploy", "--set", f"models.diabetes.scoring.model_version={refused}")

    ended = subprocess.run(line, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    project.document("deploy")

    assert f"diabetes: version {refused} was refused by its gate" in ended.stderr


def test_ctrl_c_ends_with_130_and_says_what_goes_on(project, first):  # noqa: ARG001
    """The run is Data Factory's: it is left alone, and named."""
    with project.started("run", "--window", "2026-11-21") as process:
        assert process.stderr is not None
        while "InProgress" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=60)

    error = json.loads(stdout)["error"]
    assert process.returncode == 130
    assert error["code"] == "interrupted"
    assert "still going on in Data Factory: " in error["message"]


def test_of_a_range_only_what_is_missing_is_run_and_by_one_at_a_time(project, first):  # noqa: ARG001
    """What Ctrl-C left going on is waited for; the next command finds nothing to do."""
    missing = ("--from", "2026-11-20", "--to", "2026-11-23", "--only", "missing")
    planned = project.document("run", *missing, "--dry-run")["windows"]
    with project.started("run", *missing) as process:
        assert process.stderr is not None
        while "InProgress" not in process.stderr.readline():
            assert process.poll() is None
        second = project.document("run", *missing, code=75)["error"]
        stdout, _ = process.communicate(timeout=120)
    ran = json.loads(stdout)["runs"]

    assert {each["window_start"][:10]: each["will_be"] for each in planned}["2026-11-22"] == "left alone"
    assert "is running windows of diabetes in local at this moment" in second["message"]
    assert process.returncode == 0
    assert "2026-11-20" in {each["window_start"][:10] for each in ran} <= {"2026-11-20", "2026-11-21"}
    assert all((project.lake / each["output"]).is_file() for each in ran)
    assert project.document("run", *missing) == {"runs": []}


def test_more_windows_than_the_limit_are_not_run_without_a_word(project, first):  # noqa: ARG001
    """A slip in a year would keep the cluster busy for a week."""
    everything = ("--from", "2026-01-01", "--to", "2026-11-23", "--limit", "50")
    refused = project.document("run", *everything, code=64)["error"]

    assert refused["message"].startswith("this runs 326 windows, more than --limit 50")


def test_a_smoke_test_that_fails_takes_the_deployment_back(project, first):  # noqa: ARG001
    """No input in that place: the release before is in force again, and the command ends with 1."""
    before = project.factory("GET", "pipelines/score_diabetes")["properties"]
    nowhere = ("--set", "models.diabetes.scoring.input=raw/nowhere/{window_start:yyyy/MM/dd}/*.csv")

    failed = project.document("deploy", "--run", "--rollback-on-failure", *nowhere, code=1)["error"]

    assert (failed["code"], "raw/nowhere" in failed["message"]) == ("smoke_test", True)
    assert failed["hint"].startswith("taken back: release ")
    assert project.factory("GET", "pipelines/score_diabetes")["properties"] == before
    assert project.document("plan")["changes"] == []


def test_status_joins_what_ran_with_what_landed(project, first):  # noqa: ARG001
    """Releases, the model that scores, the last runs."""
    status = project.document("status")

    assert status["releases"][0]["release"] >= 1
    assert status["models"][0]["version"] == "1"
    assert status["models"][0]["last_success"] is not None
    assert {"Succeeded", "Failed"} <= {run["status"] for run in status["runs"]}


def test_destroy_removes_what_is_ours_and_keeps_the_lake(project, first):
    """Without --yes nothing happens where nobody can be asked."""
    refused = project.document("destroy", code=64)
    destroyed = project.document("destroy", "--yes")
    plan = project.document("plan")

    assert refused["error"]["code"] == "not_confirmed"
    assert {change["action"] for change in destroyed["changes"]} == {"delete"}
    assert plan["summary"]["add"] == len(first["changes"]) - 1
    assert (project.lake / "raw/diabetes/training/patients.csv").is_file()
    assert list((project.lake / "predictions").rglob("predictions.parquet"))
    assert project.factory("GET", "pipelines/copy_orders")["properties"]["annotations"] == ["team:sales"]
