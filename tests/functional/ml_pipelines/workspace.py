"""A local workspace and lake for tests that publish and run our ML pipelines as Data Factory would."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from config.schema import Model, Settings
from ml_pipelines import batch_scoring, training
from ml_pipelines.snapshot import Sources
from ml_pipelines.steps.errors import LakePathMissing
from ml_pipelines.steps.landing import Receipt, receipt_path

if TYPE_CHECKING:
    from ml_pipelines.gateway import MachineLearning
    from ml_pipelines.observed import MlRun
    from ml_pipelines.steps.lake import Lake

EXAMPLE = Path("ml_pipelines/examples/diabetes").resolve()
WINDOWS = Path("adf/windows.py").resolve()
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = "rg-tests"
WORKSPACE = "ml-steps"
COMPUTE = "cpu-cluster"
FILE_SYSTEM = "data"
ENDED = {"Finished", "Failed", "Canceled"}
WAIT_SECONDS = 180
ENVIRONMENT = "dependencies: [python=3.11]\n"

DAY = "2026-11-22T00:00:00Z"
WINDOW = "2026-11-22T00-00-00Z"


@dataclass(frozen=True)
class Ran:
    """What is left of a run: Azure ML's word and the receipt's."""

    ml_run: MlRun
    receipt: Receipt | None

    @property
    def outcome(self) -> Receipt:
        assert self.receipt is not None, self.ml_run
        return self.receipt


@dataclass(frozen=True)
class Workspace:
    control: str
    token: Any
    lake_url: str
    lake: Lake
    gateway: MachineLearning

    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "environment": "local",
                "project": "tests",
                "azure": {"cloud": "local", "subscription_id": SUBSCRIPTION, "resource_group": GROUP},
                "data_factory": {"name": "adf"},
                "machine_learning": {"workspace": WORKSPACE, "compute": COMPUTE},
                "lake": {"account": "steps", "file_system": FILE_SYSTEM, "url": self.lake_url},
                "models": {},
            }
        )

    def publish(self, model: Model, build: Any = batch_scoring.build) -> Any:
        return self.gateway.publish(build(self.settings(), model, Sources((WINDOWS,))))

    def score(self, model: Model, **parameters: str) -> Ran:
        """Publish the model's batch pipeline, run it for the day, wait."""
        return self.run(model, self.publish(model), **{"window_start": DAY, **parameters})

    def train(self, model: Model, **parameters: str) -> Ran:
        return self.run(model, self.publish(model, training.build), **parameters)

    def run(self, model: Model, endpoint: Any, **parameters: str) -> Ran:
        group = parameters.setdefault("adf_group_id", f"group-{uuid.uuid4().hex[:8]}")
        run_id = self.submit(endpoint, **parameters)
        return Ran(self.ended(run_id), self.receipt(model, group))

    def submit(self, endpoint: Any, **parameters: str) -> str:
        body = {"ExperimentName": "tests", "ParameterAssignments": parameters}
        path = f"PipelineEndpointSubmit/Id/{endpoint.endpoint_id}/{endpoint.version}"
        return str(self._pipeline_runs("POST", path, body)["Id"])

    def ended(self, run_id: str) -> MlRun:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if self._pipeline_runs("GET", run_id)["Status"]["StatusCode"] in ENDED:
                return self.gateway.ml_run(run_id)
            time.sleep(0.1)
        raise TimeoutError(run_id)

    def _pipeline_runs(self, method: str, path: str, body: Any = None) -> Any:
        """The REST interface that Data Factory uses; cheaper to poll than the SDK's."""
        answer = requests.request(
            method,
            f"{self.control}/pipelines/v1.0/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{WORKSPACE}/PipelineRuns/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token('https://management.azure.com')}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def receipt(self, model: Model, group: str) -> Receipt | None:
        try:
            return Receipt.from_json(self.lake.read(receipt_path(model.name, group)))
        except LakePathMissing:
            return None

    def put(self, files: dict[str, bytes]) -> None:
        for path, content in files.items():
            self.lake.upload(path, content)

    def names(self, folder: str) -> list[str]:
        """Every file below, relative to it; none where there is no such folder."""
        try:
            return [file.path.removeprefix(folder).strip("/") for file in self.lake.list_files(folder)]
        except LakePathMissing:
            return []


def new_model(source: Path, name: str | None = None, **changes: Any) -> Model:
    """A model of its own name, whose input of the day lies in `in/<name>/2026/11/22`."""
    name = name or f"m{uuid.uuid4().hex[:10]}"
    usual: dict[str, Any] = {
        "name": name,
        "source": source,
        "scoring": {"input": f"in/{name}/{{window_start:yyyy/MM/dd}}", "row_key": "id", "run_max_try": 1},
        "output": {"path": f"out/{name}", "format": "csv"},
    }
    scoring = usual["scoring"] | changes.pop("scoring", {})
    return Model.model_validate(usual | {"scoring": scoring} | changes)


def day_of(model: Model) -> str:
    return f"in/{model.name}/2026/11/22"


def script(folder: Path, text: str, **others: str) -> Path:
    """A model's folder with this score.py."""
    for name, content in {"score.py": text, "ml_environment.yml": ENVIRONMENT, **others}.items():
        (folder / name.replace("__py", ".py")).write_text(content)
    return folder
