"""The configuration's shape: what a YAML file may say, in the field's own words.

Every class is closed: an unknown key is an error. Times are minutes or seconds and say so in their names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Hyperparameter = str | int | float | bool


class Section(BaseModel):
    """A closed, frozen section of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Azure(Section):
    """Where this environment lives. `local` is the local Azure on loopback, `public` a real subscription."""

    cloud: Literal["public", "local"] = "public"
    subscription_id: str
    resource_group: str
    location: str = "westeurope"


class DataFactory(Section):
    name: str
    folder: str = "batch-scoring"
    linked_service_machine_learning: str = "ls_azureml"
    linked_service_lake: str = "ls_lake"


class MachineLearning(Section):
    workspace: str
    compute: str
    experiment: str = "batch-scoring"


class Lake(Section):
    """The ADLS Gen2 account: inputs, predictions, receipts and releases live in one file system."""

    account: str
    file_system: str
    url: str | None = None
    """The account's DFS address where it is not `https://<account>.dfs.core.windows.net` (a local lake)."""


class Sandbox(Section):
    """The local Azure (environments with `azure.cloud: local` only)."""

    port: int = Field(default=10443, ge=1024, le=65000)
    """Resource Manager, Azure ML and Data Factory; the lake listens on port + 1, identity on port + 2."""
    state: Path = Path(".sandbox")
    files: dict[str, Path] = {}
    """Path in the lake → local file or folder, uploaded where absent: sample data for the laptop."""


class Gate(Section):
    """A new model is registered only if `metric` of evaluate is at least `minimum` (or at most `maximum`)."""

    metric: str
    minimum: float | None = None
    maximum: float | None = None


class Training(Section):
    data: str
    """Path in the lake of the training data: a file or a folder."""
    hyperparameters: dict[str, Hyperparameter] = {}
    gate: Gate | None = None
    approve: bool = True
    """Tag a model that passed its gate `approved`: `model_version: approved` scores with the newest."""
    timeout_minutes: int = Field(default=60, ge=1)


class Window(Section):
    """The model's one window grid (rules of windows: adf/windows.py)."""

    every: str = "day"
    """`15 minutes`, `hour`, `6 hours`, `day`, `week` or `month`."""
    time_zone: str = "UTC"
    """A Windows time zone name, as Data Factory wants it."""
    offset_minutes: int = Field(default=0, ge=0)


class Scoring(Section):
    input: str
    """Path template in the lake of a window's input: `raw/{window_start:yyyy/MM/dd}`."""
    input_format: Literal["csv", "parquet", "any"] = "csv"
    newlines_in_values: bool = True
    """`false`: no CSV value holds one, so that a file above `bytes_per_work_item` may be cut in ranges."""
    row_key: str | None = None
    passes: Literal["files", "tables"] = "tables"
    """What run(mini_batch) is given: local file paths, or one pandas DataFrame."""
    returns: Literal["rows", "files"] = "rows"
    """One result a row (default), or one a file: the tutorials' shape."""
    model_name: str | None = None
    """The registered model's name, where it is not the model's own."""
    model_version: Annotated[str, Field(pattern=r"^(approved|latest|[1-9][0-9]*)$")] = "approved"
    files_per_work_item: int = Field(default=100, ge=1)
    bytes_per_work_item: int = Field(default=64 * 1024 * 1024, ge=1024)
    node_count: int = Field(default=1, ge=1)
    process_count_per_node: int = Field(default=2, ge=1)
    run_max_try: int = Field(default=3, ge=1)
    run_invocation_timeout_seconds: int = Field(default=600, ge=1)
    timeout_minutes: int = Field(default=720, ge=10)
    max_quarantined_percent: float = Field(default=0.0, ge=0, le=100)
    empty_window: Literal["fail", "land_empty"] = "fail"


class Output(Section):
    path: str
    """Folder in the lake; a window lands at `<path>/window=<window id>/predictions.<format>`."""
    format: Literal["parquet", "csv"] = "parquet"


class CalendarSchedule(Section):
    """A ScheduleTrigger: says when, scores the last complete window."""

    type: Literal["calendar"]
    frequency: Literal["Minute", "Hour", "Day", "Week", "Month"]
    interval: int = Field(default=1, ge=1, le=1000)
    start: str
    """Local time in `time_zone`, no offset: `2026-11-01T06:00:00`."""
    end: str | None = None
    time_zone: str = "UTC"
    hours: list[Annotated[int, Field(ge=0, le=23)]] = []
    minutes: list[Annotated[int, Field(ge=0, le=59)]] = []
    week_days: list[str] = []
    month_days: list[int] = []


class TumblingSchedule(Section):
    """A TumblingWindowTrigger: one run a window, in order, with backfill. Score schedules only."""

    type: Literal["tumbling"]
    frequency: Literal["Minute", "Hour"]
    interval: int = Field(ge=1)
    start: str | None = None
    """The first window, in UTC: `2027-01-01T00:00:00Z`. It must lie ahead when the trigger is created: one
    that is past is an error, so that nothing runs by surprise. Left out, the trigger begins with the next
    window of the model's grid when it is created, and keeps that start."""
    backfill_from: str | None = None
    """In place of `start`, where windows of the past are to run: the first of them, in UTC. All that are due
    run at once, `max_concurrency` side by side; the plan says how many. Once they have run it may be left
    out."""
    end: str | None = None
    delay_minutes: int = Field(default=0, ge=0)
    max_concurrency: int = Field(default=1, ge=1, le=50)
    retry_count: int = Field(default=0, ge=0)
    retry_interval_seconds: int = Field(default=30, ge=30, le=86400)


Schedule = Annotated[CalendarSchedule | TumblingSchedule, Field(discriminator="type")]


class Schedules(Section):
    score: dict[str, Schedule] = {}
    train: dict[str, CalendarSchedule] = {}


class Model(Section):
    """One file of config/models/: a model, where its code is, how it is trained, scored and scheduled."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,29}$")]
    source: Path
    """The data scientist's folder, shipped to the compute as it is (absolute once loaded)."""
    ml_environment: str = "ml_environment.yml"
    """Conda specification in `source`; or `name` / `name:version` of a registered Azure ML environment."""
    score_script: str = "score.py"
    training: Training | None = None
    scoring: Scoring
    output: Output
    window: Window = Window()
    schedules: Schedules = Schedules()


class Settings(Section):
    """Everything one environment says, merged and validated."""

    environment: str
    project: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")]
    schedules: Literal["on", "off"] = "on"
    """`off`: triggers are deployed and stay stopped."""
    azure: Azure
    data_factory: DataFactory
    machine_learning: MachineLearning
    lake: Lake
    sandbox: Sandbox = Sandbox()
    models: dict[str, Model]

    @property
    def lake_url(self) -> str:
        """The lake's DFS address: `https://<account>.dfs.core.windows.net`, or the local lake's."""
        if self.lake.url is not None:
            return self.lake.url
        if self.azure.cloud == "local":
            return f"https://127.0.0.1:{self.sandbox.port + 1}/{self.lake.account}"
        return f"https://{self.lake.account}.dfs.core.windows.net"
