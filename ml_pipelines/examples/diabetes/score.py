"""Score a table of patients: init() once a process, run() for each part of the table."""

from pathlib import Path

import joblib
from azureml.core import Model
from features import FEATURES


def init():
    global model
    model = joblib.load(Path(Model.get_model_path("diabetes")) / "model.joblib")


def run(mini_batch):
    return model.predict(mini_batch[FEATURES])
