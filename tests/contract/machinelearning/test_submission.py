"""A pipeline submitted by REST as Data Factory does: what is refused, how a run fails or is cancelled."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.contract.machinelearning.workshop import Ran, Rest, publish, script_step


@pytest.fixture(scope="module")
def sleeper(workspace: Any, scripts: str) -> Any:
    return publish(workspace, "sleeper", [script_step("sleep", scripts, [])])


@pytest.fixture(scope="module")
def failing(workspace: Any, rest: Rest, scripts: str) -> str:
    """The id of a run whose step raised."""
    run_id = rest.submit(publish(workspace, "failing", [script_step("fail", scripts, [])]).id)
    assert rest.ended(run_id)["Status"]["StatusCode"] == "Failed"
    return run_id


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"ParameterAssignments": {"txt": "x"}}, 400, "The pipeline has no parameter txt; it has text."),
        ({"ParameterAssignments": {"text": 1}}, 400, "text is not"),
        ({"DataPathAssignments": {"path": {"DataStoreName": "a", "RelativePath": "b"}}}, 400, "path"),
        ({"parentRunId": "nobody"}, 404, "nobody"),
    ],
)
def test_a_wrong_submission_is_refused(
    rest: Rest, training: Ran, body: dict[str, Any], status: int, says: str
) -> None:
    """In Azure's error format, naming what is wrong; nothing runs."""
    answer = rest.pipelines("POST", f"/PipelineRuns/PipelineSubmit/{training.pipeline.id}", body)

    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/PipelineDrafts"), ("GET", "/Nothing")],
)
def test_what_is_not_here_is_refused_by_name(rest: Rest, method: str, path: str) -> None:
    answer = rest.pipelines(method, path, {})

    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotImplementedByLocalAzure")


def test_a_failed_step_names_its_cause(rest: Rest, failing: str) -> None:
    assert (
        "Step 'fail' failed: the process exited with code 1: LookupError: no rows in raw/2026"
        in rest.error(failing)
    )


def test_a_steps_limit_is_the_run_configurations(workspace: Any, rest: Rest, scripts: str) -> None:
    """RunConfiguration.max_run_duration_seconds, as the SDK writes it."""
    from azureml.core import RunConfiguration

    limited = RunConfiguration()
    limited.max_run_duration_seconds = 1
    run_id = rest.submit(
        publish(workspace, "limited", [script_step("sleep", scripts, [], runconfig=limited)]).id
    )

    rest.ended(run_id)

    assert "ran longer than its limit of 1 seconds" in rest.error(run_id)


def test_the_sdk_raises_for_a_failed_run(workspace: Any, failing: str) -> None:
    from azureml.exceptions import ActivityFailedException
    from azureml.pipeline.core import PipelineRun

    with pytest.raises(ActivityFailedException, match="LookupError: no rows"):
        PipelineRun.get(workspace, failing).wait_for_completion(show_output=False)


def test_cancel_ends_a_run(workspace: Any, rest: Rest, sleeper: Any) -> None:
    """By the SDK; the step too is Canceled."""
    from azureml.pipeline.core import PipelineRun

    run_id = rest.submit(sleeper.id)
    run = PipelineRun.get(workspace, run_id)
    while not [step for step in run.get_steps() if "sleeping" in step.get_stdout_log()]:
        time.sleep(0.05)

    run.cancel()

    assert rest.ended(run_id)["Status"]["StatusCode"] == "Canceled"
    assert [step.get_status() for step in run.get_steps()] == ["Canceled"]


def test_a_child_of_a_run_knows_its_parent(rest: Rest, failing: str, sleeper: Any) -> None:
    """Data Factory's mlParentRunId."""
    body = {"ExperimentName": "contract", "ParentRunId": failing}
    run = rest.pipelines("POST", f"/PipelineRuns/PipelineSubmit/{sleeper.id}", body).json()
    rest.pipelines("DELETE", f"/PipelineRuns/{run['Id']}/Execution")

    found = rest.history(f"/experiments/contract/runs/{run['Id']}")

    assert found["parentRunId"] == failing


def test_a_disabled_pipeline_is_refused(workspace: Any, rest: Rest, scripts: str) -> None:
    pipeline = publish(workspace, "retired", [script_step("sleep", scripts, [])])
    pipeline.disable()

    answer = rest.pipelines("POST", f"/PipelineRuns/PipelineSubmit/{pipeline.id}", {})

    assert (answer.status_code, "is disabled" in answer.text) == (400, True)


def test_an_unpublished_pipeline_runs(workspace: Any, rest: Rest, scripts: str) -> None:
    """Experiment.submit(pipeline): created first, then submitted."""
    from azureml.core import Experiment
    from azureml.pipeline.core import Pipeline

    run = Experiment(workspace, "contract").submit(Pipeline(workspace, [script_step("fail", scripts, [])]))

    assert rest.ended(run.id)["Status"]["StatusCode"] == "Failed"


def test_nothing_is_answered_without_a_token(rest: Rest) -> None:
    import requests

    answer = requests.get(f"{rest.control}/pipelines/v1.0{rest.scope}/Pipelines", timeout=10)

    assert answer.status_code == 401
