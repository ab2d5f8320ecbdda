"""The batch pipeline as it is published and run: from a user's score.py to a file in the lake."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from tests.functional.ml_pipelines.workspace import WINDOW, day_of

RUN_COLUMNS = ("window_start", "model_version", "scored_at")
TRIPLE = """
from azureml.core import Model

def init():
    global weight
    weight = int(open(Model.get_model_path(NAME)).read())

def run(mini_batch):
    return weight * mini_batch["x"]
"""
NAME_FIRST = (
    "import pathlib, json\nNAME = json.loads(next(pathlib.Path('.').glob('name.json')).read_text())\n"
)


def scoring(model) -> None:
    """score.py learns its model's name from a file beside it."""
    (model.source / "name.json").write_text(json.dumps(model.name))


def predictions(workspace, model, suffix: str = "csv") -> pd.DataFrame:
    path = f"out/{model.name}/window={WINDOW}/predictions.{suffix}"
    read = pd.read_csv if suffix == "csv" else pd.read_parquet
    return read(io.BytesIO(workspace.lake.read(path))).drop(columns=list(RUN_COLUMNS))


def test_a_day_is_scored_and_lands(workspace, new_scored_model):
    """Every row of every file, in order, key first; and the receipt says what happened."""
    model = new_scored_model(NAME_FIRST + TRIPLE, {"a.csv": b"x,id\n1,k1\n2,k2\n", "b.csv": b"x,id\n3,k3\n"})
    scoring(model)

    ran = workspace.score(model, adf_run_id="adf-7")

    assert ran.ml_run.status == "Completed", ran
    assert predictions(workspace, model).to_dict("list") == {
        "id": ["k1", "k2", "k3"],
        "prediction": [3, 6, 9],
    }
    found = ran.outcome
    assert (found.status, found.adf_run_id, found.ml_run_id) == ("committed", "adf-7", ran.ml_run.id)
    assert (found.rows_in, found.rows_scored, found.model_version) == (3, 3, "1")
    assert workspace.names(f"_staging/{model.name}") == []


def test_a_second_run_has_nothing_to_do_and_new_input_replaces_the_window(workspace, new_scored_model):
    """Same inputs, model and code: unchanged. Another file: the whole window is replaced."""
    model = new_scored_model("def run(b):\n    return b['x']\n", {"a.csv": b"id,x\n1,1\n"})
    first = workspace.score(model)
    second = workspace.score(model)
    workspace.put({f"{day_of(model)}/b.csv": b"id,x\n2,2\n"})
    third = workspace.score(model)

    assert [each.outcome.status for each in (first, second, third)] == ["committed", "unchanged", "committed"]
    assert second.outcome.rows_scored == 1
    assert len(predictions(workspace, model)) == 2


def test_a_tutorials_script_works_unchanged(workspace, new_scored_model):
    """init() with Model.get_model_path, run() over files of one row each, a list of texts out."""
    tutorial = (
        NAME_FIRST
        + """
import os
import numpy as np
from azureml.core import Model

def init():
    global model
    model_path = Model.get_model_path(NAME)
    model = float(open(model_path).read())

def run(mini_batch):
    resultList = []
    for f in mini_batch:
        data = np.genfromtxt(f, delimiter=',')
        prediction = model * data.reshape(1, -1).sum()
        resultList.append("{}: {}".format(os.path.basename(f), prediction))
    return resultList
"""
    )
    files = {f"{number}.csv": f"{number},1,1".encode() for number in range(7)}
    model = new_scored_model(
        tutorial,
        files,
        scoring={"passes": "files", "returns": "files", "row_key": None, "files_per_work_item": 3},
    )
    scoring(model)

    ran = workspace.score(model)

    assert ran.outcome.status == "committed", ran
    assert predictions(workspace, model)["prediction"].tolist() == [
        f"{number}.csv: {3.0 * (number + 2)}" for number in range(7)
    ]


def test_four_workers_at_once_score_with_the_pinned_version(workspace, new_scored_model, tmp_path):
    """Two versions are registered and the first is pinned: nobody takes the newest."""
    model = new_scored_model(
        NAME_FIRST + TRIPLE,
        {f"{number}.csv": f"id,x\n{number},1\n".encode() for number in range(12)},
        scoring={"model_version": "1", "process_count_per_node": 4, "files_per_work_item": 1},
    )
    scoring(model)
    newer = tmp_path / "newer.txt"
    newer.write_text("1000")
    workspace.gateway.register_model(model.name, newer, {"approved": "true"})

    ran = workspace.score(model)

    assert (ran.outcome.status, ran.outcome.model_version) == ("committed", "1"), ran
    assert predictions(workspace, model)["prediction"].tolist() == [3] * 12


def test_parquet_in_and_parquet_out(workspace, new_scored_model):
    """The landed file's footer says which run, model and code made it."""
    buffer = io.BytesIO()
    pd.DataFrame({"id": ["a", "b"], "x": [1.5, 2.5]}).to_parquet(buffer)
    model = new_scored_model(
        "def run(b):\n    return b[['x']].rename(columns={'x': 'risk'})\n",
        {"a.parquet": buffer.getvalue()},
        scoring={"input_format": "parquet"},
        output={"path": "out/parquet", "format": "parquet"},
    )

    ran = workspace.score(model)
    found = workspace.lake.read(ran.outcome.path)
    rows = pd.read_parquet(io.BytesIO(found))

    assert rows[["id", "risk"]].to_dict("list") == {"id": ["a", "b"], "risk": [1.5, 2.5]}
    assert rows["window_start"].unique().tolist() == [pd.Timestamp("2026-11-22", tz="UTC")]
    assert (rows["model_version"].tolist(), rows.columns[2:].tolist()) == ([1, 1], list(RUN_COLUMNS))
    assert ran.ml_run.id.encode() in found


@pytest.mark.parametrize("group", ["-", "given"])
def test_without_a_group_the_ml_run_names_the_receipt(workspace, new_scored_model, group):
    """A run that no Data Factory started has a receipt too."""
    model = new_scored_model("def run(b):\n    return b['x']\n", {"a.csv": b"id,x\n1,1\n"})
    ran = workspace.run(model, workspace.publish(model), adf_group_id=group, fire_time="2026-11-23T06:00:00Z")

    name = ran.ml_run.id if group == "-" else "given"
    assert workspace.receipt(model, name).status == "committed"
