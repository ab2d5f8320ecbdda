"""A model that is a folder in MLflow's layout, scored by the script of the documentation."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cloudpickle
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LinearRegression

from tests.docs.pages import blocks
from tests.functional.ml_pipelines.workspace import WINDOW

if TYPE_CHECKING:
    from pathlib import Path

REGISTERED = "wine"
"""As the page calls it."""
MLMODEL = f"""artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.9
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: {sklearn.__version__}
mlflow_version: 2.22.0
model_size_bytes: 742
model_uuid: 6e8f1b0c9d5f4f6f8a3c2b1d0e9f8a7b
utc_time_created: '2026-11-20 06:00:00.000000'
"""


def saved(folder: Path) -> Path:
    """What `mlflow.sklearn.save_model(model, folder)` leaves: y = 2 ash + 3 hue."""
    rows = pd.DataFrame({"ash": [0.0, 1.0, 0.0, 2.0], "hue": [0.0, 0.0, 1.0, 1.0]})
    model = LinearRegression().fit(rows, 2 * rows["ash"] + 3 * rows["hue"])
    folder.mkdir()
    (folder / "MLmodel").write_text(MLMODEL)
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(model))
    (folder / "requirements.txt").write_text(f"scikit-learn=={sklearn.__version__}\ncloudpickle\n")
    (folder / "conda.yaml").write_text("dependencies: [python=3.11]\n")
    (folder / "python_env.yaml").write_text("python: 3.11.9\n")
    return folder


def script_of_the_page() -> str:
    (found,) = [
        each.text
        for each in blocks("docs/bring-your-own-model.md")
        if each.language == "python" and "MLmodel" in each.text
    ]
    return found


@pytest.mark.timeout(300)
def test_a_folder_as_mlflow_saves_it_is_scored_without_mlflow(workspace, new_scored_model, tmp_path):
    """init() gets the folder of the pinned version, run() predicts with what its MLmodel names."""
    rows = b"id,hue,ash,colour\nb1,1,0,red\nb2,0,5,white\n"
    model = new_scored_model(
        script_of_the_page(), {"a.csv": rows}, register=False, scoring={"model_name": REGISTERED}
    )
    workspace.gateway.register_model(REGISTERED, saved(tmp_path / "model"), {"approved": "true"})

    ran = workspace.score(model)

    assert ran.outcome.status == "committed", ran
    landed = workspace.lake.read(f"out/{model.name}/window={WINDOW}/predictions.csv")
    found = pd.read_csv(io.BytesIO(landed))
    assert found["id"].tolist() == ["b1", "b2"]
    assert found["prediction"].round(6).tolist() == [3.0, 10.0]
