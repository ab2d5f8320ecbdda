"""stage → ParallelRunStep → publish, published by the real SDK: the shape of the batch pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.machinelearning.workshop import COMPUTE, Rest, publish, script_step


def logs(rest: Rest, run_id: str) -> dict[str, str]:
    children = rest.history(f"/experiments/contract/runs/{run_id}/children")["value"]
    return {
        child["name"]: rest.pipelines(
            "POST", f"/PipelineRuns/{run_id}/Graph/Shareable/STDOUT", [child["tags"]["azureml.nodeid"]]
        ).text
        for child in children
    }


@pytest.mark.parametrize("mode", ["fine", "crash"])
def test_every_work_item_is_scored(rest: Rest, batch: Any, mode: str) -> None:
    """Also when a worker process dies in the middle: its mini-batch is tried again."""
    run_id = rest.submit(batch.id, mode=mode)

    assert rest.ended(run_id)["Status"]["StatusCode"] == "Finished", rest.error(run_id)
    assert logs(rest, run_id)["publish"] == "['0', '1', '16', '4', '9']\n"


def test_a_broken_mini_batch_fails_the_run_and_names_the_error(rest: Rest, batch: Any) -> None:
    """error_threshold 0: the third step never begins."""
    run_id = rest.submit(batch.id, mode="raise")

    assert rest.ended(run_id)["Status"]["StatusCode"] == "Failed"
    assert "ValueError: a broken row" in rest.error(run_id)
    assert list(logs(rest, run_id)) == ["score", "stage"]


def test_pipeline_data_and_parameters_work_as_well(workspace: Any, rest: Rest, scripts: str) -> None:
    """PipelineData in and out, a side input, and every number a pipeline parameter."""
    from azureml.core import Environment
    from azureml.pipeline.core import PipelineData, PipelineParameter
    from azureml.pipeline.core._parallel_run_config_base import _ParallelRunConfigBase
    from azureml.pipeline.core._parallel_run_step_base import _ParallelRunStepBase

    names = ("items", "side", "scored")
    items, side, scored = (PipelineData(name) for name in names)
    as_files = items.as_dataset()
    configuration = _ParallelRunConfigBase(
        environment=Environment("score"),
        entry_script="score.py",
        source_directory=scripts,
        error_threshold=0,
        output_action="append_row",
        append_row_file_name="rows.txt",
        compute_target=COMPUTE,
        node_count=PipelineParameter("nodes", 1),
        process_count_per_node=PipelineParameter("processes", 1),
        mini_batch_size=PipelineParameter("size", "1"),
        run_invocation_timeout=PipelineParameter("patience", 10),
    )
    score = _ParallelRunStepBase(
        name="score",
        parallel_run_config=configuration,
        inputs=[as_files],
        side_inputs=[side],
        output=scored,
        arguments=["--abs-side", side, "--abs-mode", "fine"],
        allow_reuse=False,
    )
    stage = script_step("stage", scripts, [as_files, side], outputs=[as_files, side])
    land = script_step("publish", scripts, [scored], inputs=[scored])

    run_id = rest.submit(
        publish(workspace, "pipeline_data", [stage, score, land]).id, size="3", processes="2"
    )

    assert rest.ended(run_id)["Status"]["StatusCode"] == "Finished", rest.error(run_id)
    assert logs(rest, run_id)["publish"] == "['0', '1', '16', '4', '9']\n"
    assert "2 mini-batches, 2 worker processes" in logs(rest, run_id)["score"]


def test_each_worker_has_its_logs(workspace: Any, rest: Rest, batch: Any) -> None:
    from azureml.pipeline.core import PipelineRun

    run_id = rest.submit(batch.id)
    rest.ended(run_id)

    (score,) = [step for step in PipelineRun.get(workspace, run_id).get_steps() if step.name == "score"]
    assert "logs/user/stdout/0/process000.stdout.txt" in score.get_file_names()
