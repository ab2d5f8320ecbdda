"""What a YAML file may say of training: its data, what must hold of them, and the gate of a new model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.output_schema import ColumnChecks
from config.section import Section

Hyperparameter = str | int | float | bool


class TrainingDrift(Section):
    """Every column of the training data against those that the model in use was trained with, by the
    population stability index (PSI).
    """

    maximum_psi: float = Field(default=0.2, gt=0, allow_inf_nan=False)
    """Above it nothing is trained. Few rows make the index large: docs/checks.md."""
    bins: int = Field(default=10, ge=2, le=20)
    """Bins of equal share in the known distribution; fewer where it has fewer different values."""
    ignore_columns: list[str] = []
    """Columns that are no features, as other keys and dates are: `[visit_id]`. `scoring.row_key`, and texts
    most of which are there once, are left out by themselves."""


class TrainingChecks(Section):
    """What must hold of the training data, as prepare.py leaves them; else nothing is trained."""

    files: str = "*"
    """Which of the `.csv` and `.parquet` files that prepare.py leaves are the table: `patients.csv`."""
    minimum_rows: int | None = Field(default=None, ge=0)
    """Rows of the table."""
    columns: dict[str, ColumnChecks] = Field(default={}, max_length=100)
    """Column → what its values must be."""
    schema_change: Literal["allow", "fail"] = "allow"
    """`fail`: columns and types must be those that the model in use was trained with."""
    drift: TrainingDrift | None = None
    """How far columns may be from those that the model in use was trained with."""


class MetricGate(Section):
    """What one metric of a new model must be, by itself and beside that of the model in use."""

    minimum: float | None = Field(default=None, allow_inf_nan=False)
    """It must be at least this: `0.9`."""
    maximum: float | None = Field(default=None, allow_inf_nan=False)
    """It must be at most this: `25.0`."""
    margin: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """It may be worse than that of the model in use, judged with the same data, by at most this much."""
    better: Literal["higher", "lower"] | None = None
    """Which is better. Left out: higher where there is a `minimum`, lower where there is a `maximum`."""


class Training(Section):
    data: str
    """Path in the lake of the training data, a file or a folder: `raw/patients/training`. Azure: the
    parameter `training_data` of `train_<model>`."""
    held_out: str | None = None
    """Path in the lake of data that nothing is trained with: prepare.py prepares them, evaluate.py judges
    with them. Left out, evaluate.py is given the training data and keeps some of them apart by itself."""
    hyperparameters: dict[str, Hyperparameter] = {}
    """`trees: 200` calls train.py with `--trees 200`."""
    checks: TrainingChecks = TrainingChecks()
    """What must hold of the training data before anything is trained."""
    gate: dict[str, MetricGate] = Field(default={}, max_length=20)
    """Metric of evaluate.py → what a new model's must be: `r2: {minimum: 0.4, margin: 0.02}`. A model that
    does not pass is registered as refused and never scored with. Left out, every model passes."""
    champion: Literal["in_use", "none"] = "in_use"
    """What a new model, and its data, are compared with: the version that would score when training begins
    (`scoring.model_version`); or `none`. Azure: the parameter `champion` of `train_<model>`."""
    approve: bool = True
    """Tag a model that passed its gate `approved`: `model_version: approved` scores with the newest."""
    timeout_minutes: int = Field(default=60, ge=1, le=10_080)
    """How long training may take, 7 days at most. Azure: `policy.timeout` of the activity `train`."""
