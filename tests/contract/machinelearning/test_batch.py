"""stage → ParallelRunStep → publish, published by the real SDK: the shape of the batch pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.machinelearning.workshop import Rest


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


def test_each_worker_has_its_logs(workspace: Any, rest: Rest, batch: Any) -> None:
    from azureml.pipeline.core import PipelineRun

    run_id = rest.submit(batch.id)
    rest.ended(run_id)

    (score,) = [step for step in PipelineRun.get(workspace, run_id).get_steps() if step.name == "score"]
    assert "logs/user/stdout/0/process000.stdout.txt" in score.get_file_names()
