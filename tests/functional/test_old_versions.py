"""Old versions of an ML pipeline, and a schedule that somebody made in Azure ML, on a local Azure of its own.

The tests run in the order in which they stand: the days of one ML pipeline, of which two versions are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.test_deployment import Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

AREA = (
    "/pipelines/v1.0/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-batch-scoring"
    "/providers/Microsoft.MachineLearningServices/workspaces/ml-batch-scoring"
)
DISABLING = "(?i)/Pipelines/[^/]*/status"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    yield made
    made.stop()


def content(files: int) -> list[str]:
    """Another content of the ML pipeline for each number."""
    options = (
        "machine_learning.keep_versions=2",
        f"models.diabetes.scoring.files_per_work_item={files}",
        "models.diabetes.training=null",
        "models.diabetes.schedules.train=null",
        "models.diabetes.output.checks.drift=null",
    )
    return [word for each in options for word in ("--set", each)]


def ml(project: Project, method: str, path: str, body: Any = None) -> Any:
    return project.request(method, "control", f"{AREA}/{path}", json=body).json()


def enabled(project: Project) -> list[str]:
    """The endpoint's versions that can be run."""
    active = {each["Id"] for each in ml(project, "GET", "Pipelines?activeOnly=true")}
    endpoint = ml(project, "GET", "PipelineEndpoints/Name?name=score_diabetes")
    return [each["Version"] for each in endpoint["PipelineVersionList"] if each["PipelineId"] in active]


def steps(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["action"], each["kind"], each["name"]) for each in document["changes"]]


def test_the_third_version_disables_the_first(project):
    """The plan says so before, and the next one has nothing to do."""
    project.document("deploy", *content(101))
    project.document("deploy", *content(102))
    assert enabled(project) == ["0", "1"]

    planned = project.document("plan", *content(103))
    assert ("change", "ml_pipeline_version", "score_diabetes/0") in steps(planned)
    project.document("deploy", *content(103))

    assert enabled(project) == ["1", "2"]
    assert project.document("plan", *content(103))["changes"] == []


def test_what_was_interrupted_goes_on_with_the_next_deployment(project):
    """The factory has the new version by then: only the old one is left."""
    refusal = {"action": "refuse", "method": "PUT", "path": DISABLING, "status": 400, "code": "UserError"}
    project.request("POST", "control", "/_sandbox/faults?api-version=1", json=refusal)
    failed = project.document("deploy", *content(104), code=1)
    project.request("DELETE", "control", "/_sandbox/faults?api-version=1")
    assert failed["error"]["message"].startswith("ml_pipeline_version score_diabetes/1: ")
    assert enabled(project) == ["1", "2", "3"]

    left = project.document("plan", *content(104))
    project.document("deploy", *content(104))

    assert steps(left) == [("change", "ml_pipeline_version", "score_diabetes/1")]
    assert enabled(project) == ["2", "3"]


def test_a_release_whose_version_was_disabled_is_gone_back_to(project):
    """It is enabled again, and stays so as long as it is the one that is run."""
    back = project.document("deploy", "--release", "1", *content(104))

    assert back["applied"]
    assert enabled(project) == ["0", "2", "3"]
    assert project.document("plan", "--release", "1", *content(104))["changes"] == []
    forward = project.document("deploy", *content(104))
    assert ("change", "ml_pipeline_version", "score_diabetes/0") in steps(forward)
    assert enabled(project) == ["2", "3"]


def test_a_schedule_of_azure_ml_is_warned_of(project):
    """By plan and deploy, until it is disabled; there is no step for it: it is not ours."""
    endpoint = ml(project, "GET", "PipelineEndpoints/Name?name=score_diabetes")
    schedule = {
        "Name": "nightly",
        "PipelineEndpointId": endpoint["Id"],
        "ScheduleType": "0",
        "Recurrence": {"Frequency": "Day", "Interval": 1},
        "PipelineSubmissionInfo": {"ExperimentName": "theirs"},
    }
    made = ml(project, "POST", "Schedules/Create", schedule)
    planned = project.document("plan", *content(104))
    deployed = project.document("deploy", *content(104))
    text = project.command("plan", *content(104), "-o", "text").stdout
    ml(project, "PUT", f"Schedules/{made['Id']}", {"EntityStatus": "Disabled"})
    after = project.document("plan", *content(104))

    assert [each["schedule"] for each in planned["warnings"]] == ["nightly"]
    assert deployed["warnings"] == planned["warnings"]
    assert "warning: the Azure ML schedule nightly (every 1 Day) runs score_diabetes too" in text
    assert planned["changes"] == []
    assert "warnings" not in after
