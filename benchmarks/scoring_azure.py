"""A local Azure of the benchmark's own: tables in its lake, models in its workspace, the published pipeline.

The input is written into the lake's folder, where the lake adopts it; what is measured reads it over https.
"""

import json
import os
import resource
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import requests
from pyarrow import csv, parquet
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from config.schema import Model, Settings
from deployment import local_azure
from deployment.progress import Silent
from deployment.session import Session, open_session
from ml_pipelines import batch_scoring
from ml_pipelines.snapshot import Sources

REPOSITORY = Path(__file__).resolve().parents[1]
FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
KEY = "patient_id"
ROWS_A_FILE = 500_000
ROW_GROUP = 250_000
PROCESSES = os.cpu_count() or 1
ENDED = ("Finished", "Failed", "Canceled")
SCORE = f"""import joblib
from azureml.core import Model
def init():
    global model
    model = joblib.load(Model.get_model_path("NAME"))
def run(mini_batch):
    return model.predict(mini_batch[{FEATURES}])
"""


# ------------------------------------------------------------------------------------------- tables


def table(first: int, rows: int, random: np.random.Generator) -> pa.Table:
    """Patients that nobody is: the ranges and the decimals of the diabetes table."""
    columns = {
        KEY: np.arange(first, first + rows),
        "age": random.integers(19, 80, rows),
        "sex": random.integers(1, 3, rows),
        "bmi": random.integers(180, 422, rows) / 10,
        "bp": random.integers(62, 133, rows),
        "s1": random.integers(97, 301, rows),
        "s2": random.integers(416, 2424, rows) / 10,
        "s3": random.integers(22, 99, rows),
        "s4": random.integers(200, 909, rows) / 100,
        "s5": random.integers(32581, 61070, rows) / 10_000,
        "s6": random.integers(58, 124, rows),
    }
    return pa.table(columns)


def write_tables(folder: Path, rows: int) -> None:
    """`files/*.csv`, `one/all.csv` and `parquet/all.parquet`, all of the same rows."""
    for name in ("files", "one", "parquet"):
        (folder / name).mkdir(parents=True)
    random = np.random.default_rng(442)
    plain = csv.WriteOptions(quoting_style="none")
    whole, columns = (folder / "one/all.csv").open("wb"), None
    with whole:
        for first in range(0, rows, ROWS_A_FILE):
            part = table(first, min(ROWS_A_FILE, rows - first), random)
            columns = columns or parquet.ParquetWriter(folder / "parquet/all.parquet", part.schema)
            columns.write_table(part, row_group_size=ROW_GROUP)
            file = folder / f"files/{first:010}.csv"
            csv.write_csv(part, file, plain)
            content = file.read_bytes()
            whole.write(content[content.index(b"\n") + 1 :] if first else content)
    columns.close()


def train(folder: Path) -> dict[str, Path]:
    """A logistic regression, a decision tree and histogram gradient boosting, each in a file."""
    sample = table(0, 20_000, np.random.default_rng(7)).to_pandas()
    target = 3 * sample["bmi"] + 20 * sample["s5"] + np.random.default_rng(8).normal(0, 20, len(sample))
    fitted = {
        "logistic": LogisticRegression(max_iter=2000).fit(sample[FEATURES], target > target.mean()),
        "tree": DecisionTreeRegressor(max_depth=8).fit(sample[FEATURES], target),
        "boosting": HistGradientBoostingRegressor(max_iter=100).fit(sample[FEATURES], target),
    }
    folder.mkdir(parents=True)
    for name, model in fitted.items():
        joblib.dump(model, folder / f"{name}.joblib")
    return {name: folder / f"{name}.joblib" for name in fitted}


# ------------------------------------------------------------------------------------------- the local Azure


@dataclass(frozen=True)
class Took:
    seconds: float
    processor: float
    """Seconds of processors, of every process that worked for it: the lake's too."""
    peaks: dict[str, int] = field(default_factory=dict)
    """Megabytes of the largest process of each kind."""


@dataclass(frozen=True)
class Azure:
    session: Session
    state: Path

    @property
    def lake_folder(self) -> Path:
        return self.state / "lake/benchmark/data"

    def publish(self, name: str, model: Path, folder: Path, **scoring: Any) -> Any:  # noqa: ANN401
        """The batch pipeline of a model registered under this name."""
        source = folder / name
        source.mkdir(parents=True)
        (source / "score.py").write_text(SCORE.replace("NAME", name))
        (source / "ml_environment.yml").write_text("dependencies: [python=3.11]\n")
        self.session.machine_learning.register_model(name, model, {"approved": "true"})
        described = {
            "name": name,
            "source": source,
            "scoring": {"input": "in", "row_key": KEY, "newlines_in_values": False, **scoring},
            "output": {"path": "out"},
        }
        described["scoring"]["process_count_per_node"] = PROCESSES
        definition = batch_scoring.build(
            self.session.settings, Model.model_validate(described), Sources((REPOSITORY / "adf/windows.py",))
        )
        return self.session.machine_learning.publish(definition)

    def score(self, endpoint: Any, path: str) -> Took:  # noqa: ANN401
        """Submit the pipeline as Data Factory does, and wait for its end."""
        output = f"out/{uuid.uuid4().hex}"
        parameters = {"input_path": path, "output_path": output, "window_start": "2026-11-22T00:00:00Z"}
        body = {"ExperimentName": "benchmark", "ParameterAssignments": parameters}
        with peaks(self.state) as found:
            started, worked = time.perf_counter(), self.processor_of_steps() + self.processor_of_lake()
            submit = f"PipelineEndpointSubmit/Id/{endpoint.endpoint_id}/{endpoint.version}"
            run_id = self._pipeline_runs("POST", submit, body)["Id"]
            while (state := self._pipeline_runs("GET", run_id)["Status"]["StatusCode"]) not in ENDED:
                time.sleep(0.1)
            took = time.perf_counter() - started
        if state != "Finished":
            raise SystemExit(self.session.machine_learning.ml_run(run_id).error)
        return Took(took, self.processor_of_steps() + self.processor_of_lake() - worked, found)

    def measured(self, work: Callable[[], None]) -> Took:
        """Work of this process and its children."""
        started, worked = time.perf_counter(), _processor_of_us() + self.processor_of_lake()
        work()
        return Took(time.perf_counter() - started, _processor_of_us() + self.processor_of_lake() - worked)

    def processor_of_steps(self) -> float:
        """Of all that the local Azure started and that has ended."""
        return _processor(self._process, 13, 14)

    def processor_of_lake(self) -> float:
        return sum(_processor(each, 11, 12) for each in _processes_with("sandbox.datalake", self.state))

    @property
    def _process(self) -> int:
        return int(json.loads((self.state / "endpoints.json").read_text())["pid"])

    def _pipeline_runs(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401
        azure, workspace = self.session.settings.azure, self.session.settings.machine_learning.workspace
        answer = requests.request(
            method,
            f"https://127.0.0.1:{self.session.settings.sandbox.port}/pipelines/v1.0/subscriptions/"
            f"{azure.subscription_id}/resourceGroups/{azure.resource_group}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{workspace}/PipelineRuns/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.session.token('https://management.azure.com')}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()


@contextmanager
def local_azure_in(folder: Path, port: int) -> Iterator[Azure]:
    settings = Settings.model_validate(
        {
            "environment": "local",
            "project": "benchmark",
            "azure": {"cloud": "local", "subscription_id": str(uuid.UUID(int=1)), "resource_group": "rg"},
            "data_factory": {"name": "adf"},
            "machine_learning": {"workspace": "ml", "compute": "cpu"},
            "lake": {"account": "benchmark", "file_system": "data"},
            "sandbox": {"port": port, "state": folder},
            "models": {},
        }
    )
    session = open_session(settings, Silent())
    try:
        yield Azure(session, folder)
    finally:
        _stop(folder)


def _stop(folder: Path) -> None:
    found = local_azure.find(folder)
    if found is None:
        return
    process = int(json.loads((folder / "endpoints.json").read_text())["pid"])
    os.kill(process, signal.SIGTERM)
    while Path(f"/proc/{process}").exists() and local_azure.find(folder):
        time.sleep(0.1)


def _processes_with(*words: object) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes().decode(errors="replace")
            if all(str(word) in line for word in words):
                found.append(int(process.name))
    return found


def _processor(process: int, *fields: int) -> float:
    """Seconds, of /proc/<process>/stat's fields behind the name: 11, 12 its own, 13, 14 its children's."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(words[each]) for each in fields) / os.sysconf("SC_CLK_TCK")


def _processor_of_us() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


# ------------------------------------------------------------------------------------------- memory

_KINDS = {"parallel_run_worker": "worker", "abs_step.py\0publish": "publish", "abs_step.py\0stage": "stage"}


@contextmanager
def peaks(state: Path) -> Iterator[dict[str, int]]:
    """The largest resident set of each kind of step that runs below `state` meanwhile (on Linux)."""
    found: dict[str, int] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            for process in Path("/proc").glob("[0-9]*"):
                _look(process, state, found)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def _look(process: Path, state: Path, found: dict[str, int]) -> None:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace")
        kind = next((kind for mark, kind in _KINDS.items() if mark in words), None)
        if kind is None or state not in (process / "cwd").readlink().parents:
            return
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return
    peak = next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)
    found[kind] = max(found.get(kind, 0), peak)
