"""The example: scikit-learn's diabetes study, as a data scientist would bring it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

EXAMPLE = Path("ml_pipelines/examples/diabetes").resolve()
SAMPLE = EXAMPLE / "sample_data"


def study() -> pd.DataFrame:
    return load_diabetes(scaled=False, as_frame=True).frame.rename(columns={"target": "progression"})


def test_the_training_data_are_the_study():
    """442 patients, to the last digit."""
    patients = pd.read_csv(SAMPLE / "training/patients.csv")

    pd.testing.assert_frame_equal(
        patients.drop(columns="patient_id"), study(), check_dtype=False, check_exact=True
    )
    assert patients["patient_id"].is_unique


def test_the_incoming_days_are_the_study_without_its_answer():
    """Three days, every patient once."""
    files = sorted((SAMPLE / "incoming").rglob("*.csv"))
    patients = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)

    assert {file.parent.relative_to(SAMPLE).as_posix() for file in files} == {
        f"incoming/2026/11/{day}" for day in (20, 21, 22)
    }
    expected = study().drop(columns="progression")
    pd.testing.assert_frame_equal(
        patients.drop(columns="patient_id"), expected, check_dtype=False, check_exact=True
    )


def run(script: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(EXAMPLE / script), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    data, model = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("model")
    run("prepare.py", "--input", str(SAMPLE / "training"), "--output", str(data))
    run("train.py", "--input", str(data), "--output", str(model), "--alpha", "0.1")
    run("evaluate.py", "--input", str(data), "--model", str(model), "--output", str(model / "metrics.json"))
    return json.loads((model / "metrics.json").read_text())


def test_the_example_passes_its_own_gate(metrics):
    """With some distance, and the same on every machine."""
    assert metrics["r2"] == pytest.approx(0.485, abs=0.001)
    assert metrics["patients"] == 111


def test_the_example_is_small_enough_to_read():
    """What a data scientist brings: a few short scripts."""
    lines = sum(len(path.read_text().splitlines()) for path in EXAMPLE.glob("*.py"))

    assert lines < 150
