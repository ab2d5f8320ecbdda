"""What the contract tests of Azure ML share: a REST client, scripts, and the steps of two graphs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "rg-contract"
COMPUTE = "cpu-cluster"
WAIT_SECONDS = 60
TERMINAL = {"Finished", "Failed", "Canceled"}

PREPARE = """
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument('--out', type=pathlib.Path)
parser.add_argument('--text')
given = parser.parse_args()
given.out.mkdir(parents=True, exist_ok=True)
(given.out / 'x.txt').write_text(given.text)
print('prepared', given.text)
"""
TRAIN = """
import argparse, pathlib
from azureml.core import Model, Run
parser = argparse.ArgumentParser()
parser.add_argument('--data', type=pathlib.Path)
text = (parser.parse_args().data / 'x.txt').read_text()
run = Run.get_context()
run.log('rmse', 1.5)
run.log('rmse', 1.25)
run.log_row('curve', x=1, y=2)
run.log_list('folds', [1, 2])
run.tag('text', text)
run.parent.log('best', 1.25)
run.parent.flush()
pathlib.Path('model').mkdir()
pathlib.Path('model/weights.txt').write_text(text)
model = Model.register(run.experiment.workspace, 'model', 'from_step', tags={'text': text})
print('registered', model.version)
run.upload_file('outputs/note.txt', 'model/weights.txt')
pathlib.Path('outputs/direct.txt').write_text('direct')
run.flush()
"""
FAIL = "raise LookupError('no rows in raw/2026')"
SLEEP = "import time; print('sleeping', flush=True); time.sleep(60)"
STAGE = """
import pathlib, sys
for number in range(5):
    pathlib.Path(sys.argv[1], f'item{number}').write_text(str(number))
"""
SCORE = """
import os, pathlib, sys
def init():
    global mode
    mode = sys.argv[sys.argv.index('--abs-mode') + 1]
def run(mini_batch):
    mark = pathlib.Path('seen')
    if mode == 'crash' and not mark.exists():
        mark.touch()
        os._exit(9)
    if mode == 'raise':
        raise ValueError('a broken row')
    return [int(pathlib.Path(one).read_text()) ** 2 for one in mini_batch]
"""
PUBLISH = """
import pathlib, sys
print(sorted(line for one in pathlib.Path(sys.argv[1]).iterdir() for line in one.read_text().split()))
"""


@dataclass(frozen=True)
class Rest:
    """The workspace's REST interface, as Data Factory uses it."""

    control: str
    token: Callable[[], str]
    workspace: str

    @property
    def scope(self) -> str:
        return (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )

    def call(self, method: str, path: str, body: Any = None, service: str = "") -> requests.Response:
        return requests.request(
            method,
            f"{self.control}{service}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token()}"},
            timeout=30,
        )

    def pipelines(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.call(method, self.scope + path, body, service="/pipelines/v1.0")

    def history(self, path: str) -> Any:
        return self.call("GET", self.scope + path, service="/history/v1.0").json()

    def submit(self, pipeline: str, **parameters: str) -> str:
        body = {"ExperimentName": "contract", "ParameterAssignments": parameters}
        answer = self.pipelines("POST", f"/PipelineRuns/PipelineSubmit/{pipeline}", body)
        answer.raise_for_status()
        return str(answer.json()["Id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Polls faster than the SDK's own wait does."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            run: dict[str, Any] = self.pipelines("GET", f"/PipelineRuns/{run_id}").json()
            if run["Status"]["StatusCode"] in TERMINAL:
                return run
            time.sleep(0.05)
        raise TimeoutError(run_id)

    def error(self, run_id: str) -> str:
        details = self.history(f"/experiments/contract/runs/{run_id}/details")
        return str(details["error"]["error"]["message"])


@dataclass(frozen=True)
class Ran:
    """A published pipeline and one run of it that has ended well."""

    pipeline: Any
    run: Any


def folder(root: Path, **scripts: str) -> str:
    root.mkdir(exist_ok=True)
    for name, text in scripts.items():
        (root / f"{name}.py").write_text(text)
    return str(root)


def script_step(name: str, source: str, arguments: list[Any], **options: Any) -> Any:
    from azureml.pipeline.core._python_script_step_base import _PythonScriptStepBase

    return _PythonScriptStepBase(
        script_name=f"{name}.py",
        name=name,
        arguments=arguments,
        compute_target=COMPUTE,
        source_directory=source,
        **{"allow_reuse": False, **options},
    )


def training_steps(source: str) -> list[Any]:
    from azureml.data import OutputFileDatasetConfig
    from azureml.pipeline.core import PipelineParameter

    text = PipelineParameter("text", "published")
    prepared = OutputFileDatasetConfig("prepared")
    prepare = script_step("prepare", source, ["--out", prepared, "--text", text])
    train = script_step("train", source, ["--data", prepared.as_input("data")])
    return [train, prepare]


def batch_steps(source: str) -> list[Any]:
    from azureml.core import Environment
    from azureml.data import OutputFileDatasetConfig
    from azureml.pipeline.core import PipelineParameter
    from azureml.pipeline.core._parallel_run_config_base import _ParallelRunConfigBase
    from azureml.pipeline.core._parallel_run_step_base import _ParallelRunStepBase

    items, scored = OutputFileDatasetConfig("items"), OutputFileDatasetConfig("scored")
    environment = Environment("score")
    environment.python.conda_dependencies.add_pip_package("azureml-core")
    environment.python.conda_dependencies.add_pip_package("azureml-dataset-runtime[fuse]")
    configuration = _ParallelRunConfigBase(
        environment=environment,
        entry_script="score.py",
        source_directory=source,
        error_threshold=0,
        output_action="append_row",
        compute_target=COMPUTE,
        node_count=1,
        process_count_per_node=2,
        mini_batch_size="2",
        run_invocation_timeout=10,
        run_max_try=2,
    )
    score = _ParallelRunStepBase(
        name="score",
        parallel_run_config=configuration,
        inputs=[items.as_input("work_items")],
        output=scored,
        arguments=["--abs-mode", PipelineParameter("mode", "fine")],
        allow_reuse=False,
    )
    stage = script_step("stage", source, [items])
    return [stage, score, script_step("publish", source, [scored.as_input("predictions")])]


def publish(workspace: Any, name: str, steps: list[Any], **options: Any) -> Any:
    from azureml.pipeline.core import Pipeline

    return Pipeline(workspace, steps).publish(name, **options)
