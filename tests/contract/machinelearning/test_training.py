"""A training pipeline, published and run through the real SDK: the run and its work are as it expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.machinelearning.workshop import Ran, Rest, publish, training_steps


@pytest.fixture(scope="session")
def steps(training: Ran) -> dict[str, Any]:
    return {step.name: step for step in training.run.get_steps()}


def test_the_published_pipeline_is_found_again(workspace: Any, training: Ran) -> None:
    """Name, version (our fingerprint) and REST address come back."""
    from azureml.pipeline.core import PublishedPipeline

    found = PublishedPipeline.get(workspace, training.pipeline.id)

    assert (found.name, found.version, found.status) == ("train_demo", "f1ngerpr1nt", "Active")
    assert found.endpoint.endswith(f"/PipelineRuns/PipelineSubmit/{found.id}")
    assert training.pipeline.id in [one.id for one in PublishedPipeline.list(workspace)]


def test_steps_and_pipeline_are_finished(training: Ran, steps: dict[str, Any]) -> None:
    """The pipeline service says Finished, run history Completed."""
    assert training.run.get_status() == "Finished"
    assert {name: step.get_status() for name, step in steps.items()} == {
        "prepare": "Finished",
        "train": "Finished",
    }
    assert steps["train"].get_details()["status"] == "Completed"


def test_a_steps_output_is_in_its_log(steps: dict[str, Any]) -> None:
    """By get_stdout_log and by the run's log files."""
    assert steps["prepare"].get_stdout_log() == "prepared hello\n"
    assert "user_logs/std_log.txt" in steps["prepare"].get_details()["logFiles"]


def test_the_run_context_of_a_step_works(training: Ran, steps: dict[str, Any]) -> None:
    """Metrics, rows, lists and tags that a script logs; also those on its parent."""
    assert steps["train"].get_metrics() == {"rmse": [1.5, 1.25], "curve": {"x": 1, "y": 2}, "folds": [1, 2]}
    assert steps["train"].get_tags()["text"] == "hello"
    assert training.run.get_metrics() == {"best": 1.25}


def test_what_a_step_uploads_or_writes_to_outputs_is_an_artifact(
    steps: dict[str, Any], tmp_path: Path
) -> None:
    names = steps["train"].get_file_names()
    steps["train"].download_file("outputs/note.txt", str(tmp_path / "note.txt"))

    assert {"outputs/note.txt", "outputs/direct.txt"} <= set(names)
    assert (tmp_path / "note.txt").read_text() == "hello"


def test_a_step_registers_a_model(workspace: Any, steps: dict[str, Any], tmp_path: Path) -> None:
    """The folder that the step wrote comes back byte for byte."""
    from azureml.core import Model

    model = Model(workspace, "from_step")
    model.download(str(tmp_path))

    assert model.tags == {"text": "hello"}
    assert (tmp_path / "model" / "weights.txt").read_text() == "hello"
    assert f"registered {model.version}" in steps["train"].get_stdout_log()


def test_a_steps_output_has_its_place_on_the_datastore(steps: dict[str, Any]) -> None:
    reference = steps["prepare"].get_output_data("prepared")

    assert reference.path_on_datastore == f"dataset/{steps['prepare'].id}/prepared"


def test_runs_are_listed_by_experiment_and_pipeline(workspace: Any, training: Ran) -> None:
    from azureml.core import Experiment
    from azureml.pipeline.core import PipelineRun

    by_experiment = [run.id for run in Experiment(workspace, "contract").get_runs()]
    by_pipeline = [run.id for run in PipelineRun.get_pipeline_runs(workspace, training.pipeline.id)]

    assert training.run.id in by_experiment
    assert training.run.id in by_pipeline


def test_unchanged_steps_are_not_uploaded_again(workspace: Any, training: Ran, scripts: str) -> None:
    """The SDK finds the modules by their hash: the second graph consists of the first one's modules."""
    again = publish(workspace, "train_demo", training_steps(scripts))

    def modules(pipeline: Any) -> set[str]:
        nodes = pipeline._pipeline_provider._service_caller.get_graph_async(pipeline._graph_id).module_nodes
        return {node.module_id for node in nodes}

    assert modules(again) == modules(training.pipeline)


@pytest.mark.usefixtures("training")
def test_a_changed_file_is_uploaded_and_runs(
    workspace: Any, rest: Rest, scripts: str, tmp_path: Path
) -> None:
    """Only what changed is sent (delta); the step runs the new text beside the old files."""
    from tests.contract.machinelearning.workshop import script_step

    for name in ("prepare", "train"):
        (tmp_path / f"{name}.py").write_text(Path(scripts, f"{name}.py").read_text())
    (tmp_path / "news.py").write_text("import os; print(sorted(os.listdir()))")
    pipeline = publish(workspace, "news", [script_step("news", str(tmp_path), [])])

    run_id = rest.submit(pipeline.id)

    assert rest.ended(run_id)["Status"]["StatusCode"] == "Finished"
    node = rest.history(f"/experiments/contract/runs/{run_id}/children")["value"][0]["tags"]["azureml.nodeid"]
    log = rest.pipelines("POST", f"/PipelineRuns/{run_id}/Graph/Shareable/STDOUT", [node]).text
    assert log == "['logs', 'news.py', 'outputs', 'prepare.py', 'train.py']\n"
