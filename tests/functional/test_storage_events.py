"""A clinic's files arrive, then the marker: the window lands, and nobody has run a command.

The tests run in the order in which they stand and share one deployment.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.storage.filedatalake import DataLakeServiceClient

from tests.functional.test_deployment import REPOSITORY, Project, wait_until
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

SCORE = "models.diabetes.schedules.score"
SCHEDULES = [
    *("--set", "schedules=on"),
    *("--set", f"{SCORE}={{daily: null, arrived: {{type: event, ends_with: /_SUCCESS}}}}"),
]
INCOMING = "raw/diabetes/incoming"
SAMPLE = REPOSITORY / "ml_pipelines/examples/diabetes/sample_data/incoming/2026/11/22"
SECONDS = 180


class Identity:
    """The managed identity of the local Azure."""

    def __init__(self, project: Project) -> None:
        self._endpoints = project.endpoints

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        answer = requests.get(
            self._endpoints["identity"],
            params={"api-version": "2019-08-01", "resource": "https://storage.azure.com"},
            headers={"X-IDENTITY-HEADER": self._endpoints["identity_header"]},
            timeout=10,
        )
        return AccessToken(answer.json()["access_token"], int(time.time()) + 3000)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Deployed with the schedule that waits for files, and with a model."""
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    made.document("deploy", *SCHEDULES)
    made.document("run", "--training")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def files(project: Project) -> Iterator[Any]:
    """The lake's file system, in Microsoft's own client."""
    url = f"{project.endpoints['lake']}/localbatchscoring"
    bundle = project.endpoints["ca"]
    with DataLakeServiceClient(url, credential=Identity(project), connection_verify=bundle) as service:
        yield service.get_file_system_client("data")


def scored(project: Project) -> list[dict[str, Any]]:
    """The scoring runs that have ended, newest first."""
    runs = project.document("status", *SCHEDULES)["runs"]
    ended = ("Succeeded", "Failed", "Cancelled")
    return [run for run in runs if run["pipeline"] == "score_diabetes" and run["status"] in ended]


def test_a_trigger_that_waits_for_files_is_started_and_shown(project: Project):
    """It has no next time; the plan after it is empty, and says which files it would wait for."""
    triggers = {each["name"]: each for each in project.document("status", *SCHEDULES)["triggers"]}
    again = project.document("plan", *SCHEDULES)
    offline = project.document("plan", "--offline", *SCHEDULES)
    (waits,) = [change["on_event"] for change in offline["changes"] if "on_event" in change]

    assert (
        triggers["tr_score_diabetes_arrived"]["state"],
        triggers["tr_score_diabetes_arrived"]["next"],
    ) == (
        "Started",
        None,
    )
    assert again["changes"] == []
    assert waits == {
        "path_begins_with": f"data/{INCOMING}/",
        "path_ends_with": "/_SUCCESS",
        "ignore_empty_files": False,
    }


def test_the_marker_lands_its_window(project: Project, files: Any):
    """The input files start nothing; the empty marker starts one run, of the day that its folder names."""
    for sample in sorted(SAMPLE.glob("*.csv")):
        client = files.get_file_client(f"{INCOMING}/2026/10/25/{sample.name}")
        client.upload_data(sample.read_bytes(), overwrite=True)
    files.get_file_client(f"{INCOMING}/2026/10/25/_SUCCESS").create_file()
    wait_until(lambda: bool(scored(project)), SECONDS)

    (run,) = scored(project)
    assert (run["status"], run["window_start"], run["window_end"]) == (
        "Succeeded",
        "2026-10-25T00:00:00Z",
        "2026-10-26T00:00:00Z",
    ), run["error"]
    assert run["rows_in"] == run["rows_scored"] == 147
    assert (project.lake / run["output"]).exists()
    properties = user_properties(project, run["adf_run_id"])
    assert properties["window"] == f"that of data/{INCOMING}/2026/10/25/_SUCCESS"


def test_a_marker_in_a_folder_that_is_no_day_fails_its_run_and_says_why(project: Project, files: Any):
    """In the run's error; nothing lands."""
    files.get_file_client(f"{INCOMING}/2026/october/_SUCCESS").create_file()
    wait_until(lambda: len(scored(project)) == 2, SECONDS)

    run = scored(project)[0]
    assert run["status"] == "Failed"
    assert f"the storage event of 'data/{INCOMING}/2026/october/_SUCCESS' says no window" in run["error"]


def test_a_stopped_schedule_hears_nothing(project: Project, files: Any):
    """Off, it has no subscription; on again, it does not make up for what it missed."""
    project.document("deploy", *SCHEDULES[2:], "--set", "schedules=off")
    trigger = "triggers/tr_score_diabetes_arrived"
    status = project.factory("POST", f"{trigger}/getEventSubscriptionStatus")
    files.get_file_client(f"{INCOMING}/2026/10/26/_SUCCESS").create_file()
    project.document("deploy", *SCHEDULES)

    assert status["status"] == "Disabled"
    assert len(project.document("status", *SCHEDULES)["runs"]) == 3


def test_an_event_schedule_that_could_never_work_is_refused_with_its_line(project: Project):
    """Before anything is asked of Azure."""
    wrong = f"{SCORE}.arrived={{type: event, begins_with: /raw/diabetes/incoming/}}"
    ended = project.command("plan", "--offline", "--set", wrong)
    error = json.loads(ended.stdout)["error"]

    assert ended.returncode == 64
    assert "begins_with" in error["message"]


def user_properties(project: Project, run_id: str) -> dict[str, str]:
    """Of the scoring activity, as ADF Monitor shows them."""
    query = {"lastUpdatedAfter": "2020-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
    found = project.factory("POST", f"pipelineruns/{run_id}/queryActivityruns", query)["value"]
    return next(each["userProperties"] for each in found if each["activityName"] == "score")
