"""What a workspace is made of, through the real SDK and Resource Manager."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.contract.machinelearning.workshop import COMPUTE, GROUP, SUBSCRIPTION, Ran, Rest

VERSION = "?api-version=2022-05-01"


def test_the_sdk_opens_the_workspace(workspace: Any) -> None:
    assert workspace.location == "westeurope"
    assert str(uuid.UUID(workspace._workspace_id)) == workspace._workspace_id


def test_the_workspace_is_created_once(rest: Rest) -> None:
    """201 when new, 200 and the same id after that; 404 when there is none."""
    other = f"{rest.scope}-other"

    first, second = (rest.call("PUT", other + VERSION, {"location": "x"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["properties"]["workspaceId"] == second.json()["properties"]["workspaceId"]
    assert rest.call("DELETE", other + VERSION).status_code == 200
    assert rest.call("GET", other + VERSION).status_code == 404


def test_a_workspace_needs_its_resource_group(rest: Rest) -> None:
    path = rest.scope.replace(GROUP, "rg-nowhere")

    answer = rest.call("PUT", path + VERSION, {"location": "x"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceGroupNotFound")


def test_the_compute_is_listed_with_its_size(workspace: Any) -> None:
    compute = workspace.compute_targets[COMPUTE]

    assert compute.type == "AmlCompute"
    assert compute.scale_settings.maximum_node_count == 4


def test_a_compute_that_does_not_exist_is_not_found(workspace: Any) -> None:
    from azureml.core.compute import AmlCompute
    from azureml.exceptions import ComputeTargetException

    with pytest.raises(ComputeTargetException, match="nowhere"):
        AmlCompute(workspace, "nowhere")


def test_datastores_are_registered_and_found(workspace: Any) -> None:
    """The lake's ADLS Gen2 datastore beside the workspace's own blob store."""
    from azureml.core import Datastore

    Datastore.register_azure_data_lake_gen2(workspace, "lake", "curated", "stlake")

    assert workspace.get_default_datastore().name == "workspaceblobstore"
    assert (workspace.datastores["lake"].account_name, workspace.datastores["lake"].container_name) == (
        "stlake",
        "curated",
    )


def test_an_environment_gets_a_version_when_it_changes(workspace: Any) -> None:
    """Registered again unchanged, it keeps its version."""
    from azureml.core import Environment

    def register(package: str) -> str:
        environment = Environment("score")
        environment.python.conda_dependencies.add_pip_package(package)
        return str(environment.register(workspace).version)

    assert [register("numpy"), register("numpy"), register("pandas")] == ["1", "1", "2"]
    assert Environment.get(workspace, "score", version="1").python.conda_dependencies is not None
    with pytest.raises(Exception, match="nowhere"):
        Environment.get(workspace, "nowhere")


def test_two_workspaces_share_nothing(rest: Rest, training: Ran) -> None:
    """Every document is keyed by the workspace."""
    other = Rest(rest.control, rest.token, f"{rest.workspace}-second")
    rest.call("PUT", other.scope + VERSION, {"location": "x"}).raise_for_status()

    assert rest.pipelines("GET", "/Pipelines").json() != []
    assert other.pipelines("GET", "/Pipelines").json() == []
    assert other.pipelines("GET", f"/PipelineRuns/{training.run.id}").status_code == 404


def test_paths_have_no_case(rest: Rest) -> None:
    """As in Resource Manager."""
    path = (
        f"/SUBSCRIPTIONS/{SUBSCRIPTION}/resourcegroups/{GROUP.upper()}/providers/"
        + rest.scope.split("/providers/")[1]
    )

    assert rest.call("GET", path.lower() + VERSION).status_code == 200


def test_workspaces_of_another_subscription_are_not_listed(rest: Rest) -> None:
    """Though their resource group has the same name."""
    elsewhere = rest.scope.replace(SUBSCRIPTION, "another")
    rest.call("PUT", elsewhere.partition("/providers")[0] + VERSION, {"location": "x"}).raise_for_status()
    rest.call("PUT", elsewhere + VERSION, {"location": "x"}).raise_for_status()

    listed = rest.call("GET", elsewhere.rpartition("/")[0] + VERSION).json()["value"]

    assert [workspace["id"] for workspace in listed] == [elsewhere]


def test_what_a_request_lacks_is_named(rest: Rest) -> None:
    """400, as a mistake of the caller."""
    answer = rest.pipelines("POST", "/PipelineEndpoints/Create", {"Name": "x"})

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "PipelineId")
