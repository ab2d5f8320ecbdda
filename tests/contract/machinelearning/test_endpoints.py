"""Pipeline endpoints: a stable id, versions behind it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.machinelearning.workshop import Ran, Rest, publish, training_steps


@pytest.fixture(scope="module")
def endpoint(workspace: Any, training: Ran, scripts: str) -> Any:
    """Version 0 is the session's pipeline, version 1 (the default) a second one."""
    from azureml.pipeline.core import PipelineEndpoint

    made = PipelineEndpoint.publish(workspace, "train_endpoint", "trains", training.pipeline)
    made.add_default(publish(workspace, "train_demo", training_steps(scripts)))
    return made


def test_republishing_moves_the_version_and_not_the_id(workspace: Any, endpoint: Any) -> None:
    from azureml.pipeline.core import PipelineEndpoint

    found = PipelineEndpoint.get(workspace, name="train_endpoint")

    assert (found.id, found.default_version) == (endpoint.id, "1")
    assert [one.version for one in found.list_versions()] == ["0", "1"]


def test_the_default_version_can_go_back(endpoint: Any) -> None:
    """A roll-back is a version."""
    endpoint.set_default_version("0")
    assert endpoint.get_default_version() == "0"
    endpoint.set_default_version("1")


@pytest.mark.parametrize(("suffix", "version"), [("", 1), ("/0", 0), ("?pipelineVersion=0", 0)])
def test_a_version_is_submitted_by_its_number(rest: Rest, endpoint: Any, suffix: str, version: int) -> None:
    """No number is the default; the run names the pipeline that it is of."""
    path = f"/PipelineRuns/PipelineEndpointSubmit/Id/{endpoint.id}{suffix}"

    run = rest.pipelines("POST", path, {"experimentName": "contract"}).json()
    rest.pipelines("DELETE", f"/PipelineRuns/{run['Id']}/Execution")

    assert run["PipelineId"] == endpoint.pipeline_version_list[version].pipeline_id


def test_an_endpoint_is_submitted_by_its_name(rest: Rest, endpoint: Any) -> None:
    path = f"/PipelineRuns/PipelineEndpointSubmit/Name?name={endpoint.name}"

    run = rest.pipelines("POST", path, {})
    rest.pipelines("DELETE", f"/PipelineRuns/{run.json()['Id']}/Execution")

    assert run.status_code == 200


def test_the_sdk_submits_an_endpoint(endpoint: Any) -> None:
    run = endpoint.submit("contract", pipeline_parameters={"text": "from the SDK"}, pipeline_version="0")
    run.cancel()

    assert run.get_status() in {"NotStarted", "Running", "Canceled"}


def test_a_disabled_endpoint_is_refused(rest: Rest, workspace: Any, training: Ran) -> None:
    from azureml.pipeline.core import PipelineEndpoint

    retired = PipelineEndpoint.publish(workspace, "retired", "", training.pipeline)
    retired.disable()

    answer = rest.pipelines("POST", f"/PipelineRuns/PipelineEndpointSubmit/Id/{retired.id}", {})

    assert (answer.status_code, "is disabled" in answer.text) == (400, True)
    assert retired.id not in [one.id for one in PipelineEndpoint.list(workspace)]
