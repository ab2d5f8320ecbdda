"""plan --check-access against a local Azure of its own, in which somebody assigns the roles that it asks for.

The tests run in the order in which they stand.
"""

from __future__ import annotations

import shlex
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.test_deployment import Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROLES = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions"
)
ON_FILES = ("--set", "models.diabetes.schedules.score={arrived: {type: event, ends_with: /_SUCCESS}}")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    yield made
    made.stop()


def checked(project: Project, *options: str, code: int = 0) -> dict[str, Any]:
    return project.document("plan", "--check-access", *options, code=code)


def grant(project: Project, access: dict[str, Any]) -> None:
    """What the printed line does: one PUT."""
    words = shlex.split(access["command"])
    said = dict(zip(words[4::2], words[5::2], strict=True))
    properties = {
        "roleDefinitionId": f"{ROLES}/{access['role_id']}",
        "principalId": said["--assignee-object-id"],
        "principalType": said["--assignee-principal-type"],
    }
    path = f"{said['--scope']}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    project.request("PUT", "control", f"{path}?api-version=2022-04-01", json={"properties": properties})


def of(document: dict[str, Any], holder: str) -> Sequence[dict[str, Any]]:
    return [each for each in document["access"] if each["holder"] == holder]


def test_before_the_first_deployment_the_factory_is_nobody_yet(project):
    """All else is missing in an empty Azure; that is exit code 2 where details are asked for."""
    before = checked(project, "--detailed-exitcode", code=2)

    assert before["summary"] == {"granted": 0, "missing": 4, "unknown": 2}
    assert {each["state"] for each in of(before, "factory")} == {"unknown"}
    assert "the first deploy makes it" in of(before, "factory")[0]["reason"]


def test_the_lines_grant_what_is_missing(project):
    """After them nothing is, and a second check reads them."""
    project.document("deploy")
    for each in checked(project)["access"]:
        grant(project, each)
    after = checked(project, "--detailed-exitcode")

    assert after["summary"] == {"granted": 6, "missing": 0, "unknown": 0}
    assert [each["command"] for each in after["access"]] == [None] * 6
    assert len({each["principal_id"] for each in after["access"]}) == 3


def test_a_schedule_on_files_needs_a_role_more(project):
    """On the storage account, for who starts the trigger."""
    (missing,) = [each for each in checked(project, *ON_FILES)["access"] if each["state"] == "missing"]

    assert missing["role"] == "EventGrid EventSubscription Contributor"
    assert missing["scope"].endswith("/storageAccounts/localbatchscoring")


def test_assignments_that_may_not_be_read_are_unknown(project):
    """Whoever asks may lack the right to: nothing is called missing for that."""
    refusal = {
        "action": "refuse",
        "path": "(?i)roleAssignments",
        "status": 403,
        "code": "AuthorizationFailed",
    }
    project.request("POST", "control", "/_sandbox/faults?api-version=1", json=refusal)
    try:
        found = checked(project, "--detailed-exitcode")
    finally:
        project.request("DELETE", "control", "/_sandbox/faults?api-version=1")

    assert found["summary"] == {"granted": 0, "missing": 0, "unknown": 6}
    assert all("403 AuthorizationFailed" in each["reason"] for each in found["access"])


def test_a_model_of_another_cloud_is_refused_where_it_is_said(project):
    """Also where one option says all of it."""
    promoted = ("--set", "models.diabetes.version={from: dev, version: 7}")
    error = checked(project, "--offline", *promoted, code=64)["error"]

    assert "models.diabetes.version.from: found `dev`, whose `azure.cloud` is public" in error["message"]
    assert "--set models.diabetes.version" in error["message"]


def test_it_is_no_plan(project):
    """What belongs to a plan is refused."""
    ended = project.command("plan", "--check-access", "--prune", "--release", "1")

    assert ended.returncode == 64
    assert "--check-access with --prune, --release" in ended.stdout
