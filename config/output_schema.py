"""What must hold before predictions are published, and where they go besides the lake: a part of `schema`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.section import Section

Scalar = str | int | float | bool


class ColumnChecks(Section):
    """What the values of one column must be. NaN counts as missing, and a missing value breaks no bound."""

    maximum_nulls_percent: float | None = Field(default=None, ge=0, le=100)
    """Of the column's rows, at most so many without a value."""
    minimum: float | None = None
    """No number below it."""
    maximum: float | None = None
    """No number above it."""
    allowed_values: list[Scalar] = []
    """No value but these."""


class Drift(Section):
    """The distribution of a score against a known one, by the population stability index (PSI)."""

    column: str = "prediction"
    """The score: a column of numbers or of labels."""
    against: Literal["training", "last_window"]
    """`training`: what evaluate.py wrote to `predictions.csv` (or `.parquet`) beside its metrics, for the
    model version that scores. `last_window`: the newest earlier window that landed with rows."""
    maximum_psi: float = Field(default=0.2, gt=0)
    """Above it the window fails. Few rows make the index large: docs/checks.md."""
    bins: int = Field(default=10, ge=2, le=20)
    """Bins of equal share in the known distribution; fewer where it has fewer different values."""
    without_reference: Literal["skip", "fail"] | None = None
    """Where there is nothing to compare with; left out: `fail` against training, `skip` against windows."""


QueryName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class OutputChecks(Section):
    """What must hold before a window is published; else the run fails and readers keep what they have."""

    minimum_rows: int | None = Field(default=None, ge=0)
    """Rows that would land."""
    minimum_share_of_input_percent: float | None = Field(default=None, ge=0, le=100)
    """Rows that land, of all rows that came in: 100 allows none in quarantine."""
    columns: dict[str, ColumnChecks] = Field(default={}, max_length=20)
    """Column → what its values must be."""
    schema_change: Literal["allow", "fail"] = "allow"
    """`fail`: columns and types must be those of the newest earlier window that landed with rows."""
    drift: Drift | None = None
    """How far the score's distribution may be from a known one."""
    sql: dict[QueryName, str] = Field(default={}, max_length=20)
    """Name → a DuckDB query over the view `predictions` that returns the rows that must not be. The model's
    ml_environment must hold the package duckdb."""


class WarehouseTable(Section):
    """A table that holds landed windows too; `render` writes the SQL that makes it (docs/warehouse.md)."""

    table: str
    """`dbo.churn_predictions`; beside it stand `dbo.churn_predictions_staging`, which rows are copied to
    first, and `dbo.churn_predictions_windows`, a row a window."""
    columns: dict[str, str]
    """Column of the landed file → its type in the table: `patient_id: bigint`, `prediction: float`. Others
    are not copied, but for the run's columns: `window_start`, `model_version` and `scored_at` are there."""
    timeout_minutes: int = Field(default=60, ge=10)
    """How long copying a window, and swapping it, may take each. Azure: `policy.timeout` of `copy_window`
    and `swap_window`."""


class Warehouse(Section):
    """The Azure SQL database of the tables that models name in `output.warehouse` (docs/warehouse.md)."""

    server: str
    """`reporting.database.windows.net`. It must exist, and the factory be a user of its database. Azure:
    `server` of the linked service."""
    database: str
    """`reporting`. It must exist. Azure: `database` of the linked service."""
