"""The training pipeline as it is published and run: from data in the lake to a registered model."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.functional.ml_pipelines.workspace import EXAMPLE, Ran, Workspace, new_model, script

if TYPE_CHECKING:
    from config.schema import Model

EXAMPLE_DATA = EXAMPLE / "sample_data/training/patients.csv"


@dataclass(frozen=True)
class Trained:
    model: Model
    ran: Ran


def example(**changes: Any) -> Model:
    training = {
        "data": "raw/study",
        "hyperparameters": {"alpha": 0.1},
        "gate": {"r2": {"minimum": 0.4}},
    }
    return new_model(EXAMPLE, training=training | changes)


@pytest.fixture(scope="module")
def trained(workspace: Workspace) -> Trained:
    workspace.put({"raw/study/patients.csv": EXAMPLE_DATA.read_bytes()})
    model = example()
    return Trained(model, workspace.train(model))


def test_the_example_is_trained_judged_and_registered(trained, workspace):
    """prepare, train, evaluate and register, each a step of its own."""
    registered = workspace.gateway.models(trained.model.name)

    assert trained.ran.ml_run.status == "Completed", trained.ran
    assert [step.name for step in trained.ran.ml_run.steps] == ["prepare", "train", "evaluate", "register"]
    assert [each.version for each in registered] == [1]


def test_the_receipt_names_the_registered_version_and_the_ml_run(trained):
    """The factory's run and Azure ML's meet in it; a training run has no window, path or row."""
    outcome = trained.ran.outcome

    assert (outcome.status, outcome.model_version) == ("committed", "1")
    assert (outcome.ml_run_id, outcome.model) == (trained.ran.ml_run.id, trained.model.name)
    assert (outcome.window_id, outcome.path, outcome.rows_in, outcome.error) == ("", "", 0, "")


def test_the_registered_model_says_where_it_comes_from(trained, workspace):
    """Its tags: metrics, data, commit, its own sha256, that it may be used, why, and its scores."""
    tags = workspace.gateway.models(trained.model.name)[0].tags

    assert json.loads(tags["metrics"])["r2"] == pytest.approx(0.485, abs=0.001)
    assert set(tags) == {
        *("metrics", "data_digest", "sha256", "git_commit", "score_profile"),
        *("approved", "gate", "gate_report", "ml_run"),
    }
    assert (tags["approved"], tags["gate"]) == ("true", "passed")


def test_a_registered_model_is_the_same_bytes_elsewhere(trained, workspace, tmp_path):
    """Downloaded and registered under another name it has the same sha256: what promotion relies on."""
    found = workspace.gateway.models(trained.model.name)[0]
    content = workspace.gateway.download_model(found.name, found.version, tmp_path / "model")

    again = workspace.gateway.register_model(f"{found.name}_prod", content, found.tags)

    assert again.sha256 == found.sha256 != ""


def test_the_metrics_are_logged_on_the_run(trained, workspace):
    """Azure ML Studio shows them."""
    run = workspace.gateway._run(trained.ran.ml_run.id)

    assert run.get_metrics()["r2"] == pytest.approx(0.485, abs=0.001)


def test_training_data_that_are_missing_are_named(workspace):
    """The first step says so."""
    model = example(data="raw/nowhere")

    ran = workspace.train(model)

    assert (ran.ml_run.status, "raw/nowhere" in ran.ml_run.error) == ("Failed", True)
    assert (ran.outcome.status, "raw/nowhere" in ran.outcome.error) == ("failed", True)


def test_a_script_that_fails_is_named_in_the_receipt(workspace, tmp_path):
    """With the last line that it said."""
    failing = "raise SystemExit('alpha is negative')\n"
    model = new_model(
        script(tmp_path, "", train__py=failing, evaluate__py="", x="1"), training={"data": "raw"}
    )

    ran = workspace.train(model)

    assert ran.outcome.status == "failed"
    assert ran.outcome.error == "train.py failed: exit code 1; its last line: alpha is negative"


TABLE = Path("../shared/data").resolve()
CLASSIFIER = {
    "train.py": """
import argparse, pathlib
import joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
parser = argparse.ArgumentParser()
parser.add_argument('--input', type=pathlib.Path)
parser.add_argument('--output', type=pathlib.Path)
parser.add_argument('--max_depth', type=int)
given = parser.parse_args()
table = pd.read_csv(given.input / 'diabetes.csv')
X, y = table.drop(columns=['PatientID', 'Diabetic']), table['Diabetic']
model = DecisionTreeClassifier(max_depth=given.max_depth, random_state=0).fit(X, y)
joblib.dump(model, given.output / 'model.pkl')
""",
    "evaluate.py": """
import argparse, json, pathlib
import joblib, pandas as pd
parser = argparse.ArgumentParser()
for name in ('--input', '--model', '--output'):
    parser.add_argument(name, type=pathlib.Path)
given = parser.parse_args()
table = pd.read_csv(given.input / 'diabetes.csv')
X, y = table.drop(columns=['PatientID', 'Diabetic']), table['Diabetic']
accuracy = joblib.load(given.model / 'model.pkl').score(X, y)
given.output.write_text(json.dumps({'accuracy': accuracy}))
""",
    "score.py": """
import os
import joblib
from azureml.core import Model
def init():
    global model
    model = joblib.load(os.path.join(Model.get_model_path('NAME'), 'model.pkl'))
def run(mini_batch):
    return model.predict(mini_batch.drop(columns=['PatientID', 'Diabetic']))
""",
    "ml_environment.yml": "dependencies: [python=3.11]\n",
}


@pytest.mark.skipif(not TABLE.is_dir(), reason="the tutorial's tables are not beside the project")
@pytest.mark.timeout(300)
def test_the_tutorials_table_from_training_to_predictions(workspace, tmp_path):
    """10,000 patients train a classifier; 5,000 others are scored, every row accounted for."""
    name = "tutorial"
    for file, text in CLASSIFIER.items():
        (tmp_path / file).write_text(text.replace("NAME", name))
    model = new_model(
        tmp_path,
        name,
        training={"data": "tutorial/diabetes.csv", "hyperparameters": {"max_depth": 6}},
        scoring={
            "row_key": "PatientID",
            "duplicate_keys": "allow",
            "bytes_per_work_item": 65536,
            "process_count_per_node": 2,
        },
    )
    asked = (TABLE / "diabetes2.csv").read_bytes()
    workspace.put(
        {"tutorial/diabetes.csv": (TABLE / "diabetes.csv").read_bytes(), f"in/{name}/2026/11/22/d.csv": asked}
    )

    assert workspace.train(model).ml_run.status == "Completed"
    ran = workspace.score(model)

    assert (ran.outcome.status, ran.outcome.rows_in, ran.outcome.rows_scored) == ("committed", 5000, 5000)
    landed = pd.read_csv(io.BytesIO(workspace.lake.read(ran.outcome.path)))
    patients = pd.read_csv(TABLE / "diabetes2.csv")
    assert landed["PatientID"].tolist() == patients["PatientID"].tolist()
    assert (landed["prediction"] == patients["Diabetic"]).mean() > 0.85
