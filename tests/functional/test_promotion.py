"""dev and prod on a laptop: trained in local-dev, promoted to local-prod, scored there, taken back.

The tests run in the order in which they stand, as a model's life does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION = "models.diabetes.version.version"


@dataclass
class Laptop:
    """deploy.py for environments that share a local Azure."""

    state: Path
    port: int

    def call(self, verb: str, environment: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "deploy.py", verb, "--env", environment, "-o", "json"]
        line += ["--set", f"sandbox.port={self.port}", "--set", f"sandbox.state={self.state}", *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=240)

    def document(self, verb: str, environment: str, *arguments: str, code: int = 0) -> dict[str, Any]:
        ended = self.call(verb, environment, *arguments)
        assert ended.returncode == code, ended.stderr + ended.stdout
        return dict(json.loads(ended.stdout))

    def train(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """In local-dev, with what `--set` says."""
        self.document("deploy", "local-dev", *arguments)
        return dict(self.document("run", "local-dev", "--training", *arguments, code=code)["runs"][0])

    def digest(self, environment: str) -> str:
        return str(self.document("status", environment)["models"][0]["sha256"])

    def scored_with(self) -> dict[int, str]:
        """Day of November → the digest that the manifest of its window tells."""
        lake = self.state / "lake/localbatchscoringprod/data/_landing/diabetes"
        manifests = [json.loads(file.read_text()) for file in sorted(lake.glob("2026-*.json"))]
        return {int(each["window_start"][8:10]): each["model_sha256"] for each in manifests}

    def newest_weights(self) -> Path:
        """The file of the version that was registered last, in whatever workspace."""
        files = self.state.glob("machinelearning/*/blobs/artifacts/LocalUpload/*/model/model.joblib")
        return max(files, key=lambda each: each.stat().st_mtime_ns)

    def stop(self) -> None:
        endpoints = self.state / "endpoints.json"
        if endpoints.exists():
            os.kill(json.loads(endpoints.read_text())["pid"], signal.SIGTERM)


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    made = Laptop(tmp_path_factory.mktemp("laptop") / "azure", three_free_ports())
    yield made
    made.stop()


def model_step(document: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in document["changes"] if each["kind"] == "model")


def test_a_workspace_that_is_not_there_is_said_and_nothing_deployed(laptop):
    error = laptop.document("deploy", "local-prod", code=1)["error"]

    assert error["code"] == "promotion"
    assert "cannot be promoted from local-dev" in error["message"]
    assert "--env local-dev" in error["hint"]


def test_a_deployment_without_a_model_says_what_to_do(laptop):
    ended = laptop.call("deploy", "local-dev")

    assert ended.returncode == 0
    assert json.loads(ended.stdout)["without_model"] == ["diabetes"]
    assert laptop.document("deploy", "local-prod", code=1)["error"]["code"] == "promotion"


def test_the_model_of_dev_is_promoted_byte_for_byte_and_only_the_batch_side_deployed(laptop):
    assert laptop.train()["status"] == "Succeeded"
    deployed = laptop.document("deploy", "local-prod")
    names = {change["name"] for change in deployed["changes"]}

    assert model_step(deployed)["diff"][0] == {"path": "version", "before": None, "after": "local-dev:1"}
    assert "score_diabetes" in names
    assert not {each for each in names if "train" in each}
    assert laptop.digest("local-prod") == laptop.digest("local-dev")
    assert laptop.document("plan", "local-prod")["changes"] == []


def test_windows_are_scored_with_what_was_promoted(laptop):
    laptop.document("run", "local-prod", "--from", "2026-11-20", "--to", "2026-11-23")

    assert laptop.scored_with() == {day: laptop.digest("local-dev") for day in (20, 21, 22)}


def test_a_model_that_its_gate_refuses_is_not_promoted(laptop):
    failed = laptop.train("--set", "models.diabetes.training.hyperparameters.alpha=100000", code=1)

    by_number = laptop.document("deploy", "local-prod", "--set", f"{VERSION}=2", code=1)["error"]

    assert (failed["decision"], failed["output"]) == ("refused", "version 2")
    assert "the gate demands r2" in failed["error"]
    assert laptop.document("deploy", "local-prod")["changes"] == []
    assert "diabetes, local-dev:2, was refused by its gate: the gate demands r2" in by_number["message"]


def test_bytes_that_changed_are_not_promoted_and_nothing_is_deployed(laptop):
    """A model that passes, of which somebody changes the bytes in dev's storage."""
    laptop.train("--set", "models.diabetes.training.hyperparameters.alpha=0.11")
    weights = laptop.newest_weights()
    trained = weights.read_bytes()
    weights.write_bytes(trained[:-1] + b"?")
    error = laptop.document("deploy", "local-prod", code=1)["error"]
    weights.write_bytes(trained)

    assert "was registered with" in error["message"]
    assert laptop.document("status", "local-prod")["models"][0]["version"] == "1"


def test_a_model_that_passes_is_promoted_by_the_next_deployment(laptop):
    [version, digest, *_] = model_step(laptop.document("deploy", "local-prod"))["diff"]

    assert (version["before"], version["after"]) == ("local-dev:1", "local-dev:3")
    assert digest["after"] == laptop.digest("local-dev") == laptop.digest("local-prod") != digest["before"]


def test_a_version_is_taken_back_by_setting_it(laptop):
    """Its bytes are here already: nothing is registered, and the next window is scored with them."""
    [version, *_] = model_step(laptop.document("deploy", "local-prod", "--set", f"{VERSION}=1"))["diff"]
    now = laptop.document("status", "local-prod")["models"][0]["version"]
    before = laptop.scored_with()
    laptop.document("run", "local-prod", "--window", "2026-11-21")

    assert (version["after"], now) == ("local-dev:1", "1")
    assert laptop.scored_with() == before


def test_a_version_that_does_not_exist_is_named(laptop):
    error = laptop.document("deploy", "local-prod", "--set", f"{VERSION}=9", code=1)["error"]

    assert "diabetes has no version 9 in local-dev: there is 3, 2, 1" in error["message"]


def test_another_cloud_is_refused_with_its_key(laptop):
    error = laptop.document("plan", "local-prod", "--set", "models.diabetes.version.from=prod", code=64)[
        "error"
    ]

    assert "models.diabetes.version.from: found `prod`, whose `azure.cloud` is public" in error["message"]
