"""The configuration's shape: what a YAML file may say, in the field's own words (outputs: `output_schema`,
training: `training_schema`).

Every class is closed: an unknown key is an error. Times are minutes or seconds and say so in their names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from config.monitoring_schema import Monitoring, Notification
from config.output_schema import OutputChecks, Warehouse, WarehouseTable
from config.section import Section
from config.training_schema import Training


class Azure(Section):
    """Where this environment lives. `local` is the local Azure on loopback, `public` a real subscription."""

    cloud: Literal["public", "local"] = "public"
    """`public`: a subscription. `local`: the local Azure, on this machine."""
    subscription_id: str
    """`az account show` tells it: `11111111-1111-1111-1111-111111111111`. Azure: the subscription of all
    that is named below."""
    resource_group: str
    """`rg-batch-scoring-prod`. It must exist. Azure: the resource group of the factory, the workspace and
    the storage account."""
    location: str = "westeurope"
    """Where a factory is made that is not there yet. Azure: the factory's location."""


class DataFactory(Section):
    name: str
    """`adf-batch-scoring-prod`: unique in all of Azure. Made where it is absent. Azure: the factory."""
    folder: str = "batch-scoring"
    """Where Data Factory Studio shows the pipelines. Azure: `folder.name`."""
    linked_service_machine_learning: str = "ls_azureml"
    """The name of the one to the workspace. Azure: the linked service of type `AzureMLService`."""
    linked_service_lake: str = "ls_lake"
    """The name of the one to the lake. Azure: the linked service of type `AzureBlobFS`."""
    linked_service_warehouse: str = "ls_warehouse"
    """The name of the one to the warehouse. Azure: the linked service of type `AzureSqlDatabase`."""


class MachineLearning(Section):
    workspace: str
    """`ml-batch-scoring-prod`. It must exist. Azure: the Azure ML workspace."""
    compute: str
    """`cpu-cluster`. It must exist, with a managed identity. Azure: the cluster that every step runs on."""
    experiment: str = "batch-scoring"
    """What runs stand under in Azure ML studio. Azure: `experimentName` of the activities."""
    keep_versions: int = Field(default=10, ge=2, le=1000)
    """So many published versions of each ML pipeline stay enabled; `deploy` disables older ones, and a
    roll-back enables the one that it goes back to. Azure: the status of the published pipelines."""


class Lake(Section):
    """The ADLS Gen2 account: inputs, predictions, receipts and releases live in one file system."""

    account: str
    """`batchscoringprod`. It must exist. Azure: a storage account with a hierarchical namespace."""
    file_system: str
    """`data`. It must exist. Azure: the file system (container) of all paths in this configuration."""
    resource_group: str | None = None
    """Of the storage account, where it is not `azure.resource_group`: storage events name its whole id.
    Azure: `scope`."""
    url: str | None = None
    """The account's DFS address where it is not `https://<account>.dfs.core.windows.net` (a local lake)."""


class Sandbox(Section):
    """The local Azure (environments with `azure.cloud: local` only)."""

    port: int = Field(default=10443, ge=1024, le=65000)
    """Resource Manager, Azure ML and Data Factory; the lake listens on port + 1, identity on port + 2."""
    state: Path = Path(".sandbox")
    """Folder of all that it keeps, the lake's files included."""
    files: dict[str, Path] = {}
    """Path in the lake → local file or folder, uploaded where absent: sample data for the laptop."""


class Window(Section):
    """The model's one window grid (rules of windows: adf/windows.py)."""

    every: str = "day"
    """`15 minutes`, `hour`, `6 hours`, `day`, `week` or `month`."""
    time_zone: str = "UTC"
    """A Windows time zone name, as Data Factory wants it."""
    offset_minutes: int = Field(default=0, ge=0)
    """How long after local midnight windows begin (a week: Monday's; minutes and hours: counted in UTC):
    `360` for days from six to six."""


class Scoring(Section):
    input: str
    """Path template in the lake of a window's input: `raw/{window_start:yyyy/MM/dd}`. Azure: the parameter
    `input_path` of the ML pipeline."""
    input_format: Literal["csv", "parquet", "any"] = "csv"
    """What files are in the input: another kind is an error, `any` is for `passes: files`."""
    newlines_in_values: bool = True
    """`false`: no CSV value holds one, so that a file above `bytes_per_work_item` may be cut in ranges."""
    row_key: str | None = None
    """The column that says which row a prediction is for: `patient_id`. A row without one cannot be scored.
    Left out, the predictions have `file` and `row`."""
    duplicate_keys: Literal["error", "keep_first", "keep_last", "allow"] = "error"
    """Of rows that share a row key: fail the window, score one of them (the others go to quarantine with the
    reason and are not counted by `max_quarantined_percent`), or land them all, those without a key too."""
    passes: Literal["files", "tables"] = "tables"
    """What run(mini_batch) is given: local file paths, or one pandas DataFrame."""
    returns: Literal["rows", "files"] = "rows"
    """One result a row (default), or one a file: the tutorials' shape."""
    model_name: str | None = None
    """The registered model's name, where it is not the model's own."""
    model_version: Annotated[str, Field(pattern=r"^(approved|latest|[1-9][0-9]*)$")] = "approved"
    """`approved`: the newest that is tagged so; `latest`: the newest; `7`: that one; of this environment's
    own workspace, each when a window begins to be scored. Azure: the parameter `model_version` of
    `score_<model>`."""
    files_per_work_item: int = Field(default=100, ge=1)
    """At most so many files in one work item, the share of a process at a time."""
    bytes_per_work_item: int = Field(default=64 * 1024 * 1024, ge=1024)
    """At most so many bytes in one work item: 64 MiB. Of a window that has less for each process, items are
    smaller, down to 8 MiB."""
    node_count: int = Field(default=1, ge=1)
    """How many nodes score a window. Azure: `node_count` of the ParallelRunStep."""
    process_count_per_node: int = Field(default=2, ge=1)
    """How many processes score on each. Azure: `process_count_per_node` of the ParallelRunStep."""
    run_max_try: int = Field(default=3, ge=1)
    """How often a work item is tried. Azure: `run_max_try` of the ParallelRunStep."""
    run_invocation_timeout_seconds: int = Field(default=600, ge=1)
    """How long a work item may take. Azure: `run_invocation_timeout` of the ParallelRunStep."""
    timeout_minutes: int = Field(default=720, ge=10, le=10_080)
    """How long a window may take, 7 days at most. Azure: `policy.timeout` of the activity `score`."""
    expected_minutes: int = Field(default=60, ge=1, le=10_080)
    """So long after its trigger fired a window has landed as a rule: what has not is late in `status`, and
    told by Data Factory's metric of elapsed time. Azure: `policy.elapsedTimeMetric` of `score_<model>`."""
    max_quarantined_percent: float = Field(default=0.0, ge=0, le=100)
    """Of the window's rows, those that cannot be read, or for which run() raises: they are set aside up to
    this share, and more fail the window. Above 0, run() is called again on smaller parts of what it raised
    for, until the bad rows are found."""
    empty_window: Literal["fail", "land_empty"] = "fail"
    """A window without input fails, or lands as a file without rows."""


class Output(Section):
    path: str
    """Folder in the lake; a window lands at `<path>/window=<window id>/predictions.<format>`. Azure: the
    parameter `output_path` of the ML pipeline."""
    format: Literal["parquet", "csv"] = "parquet"
    """The kind of file that lands."""
    run_columns: bool = True
    """Behind the results each row says `window_start`, `model_version` and `scored_at`."""
    checks: OutputChecks = OutputChecks()
    """What must hold before the window is published."""
    maximum_file_megabytes: int | None = Field(default=None, ge=1)
    """Parquet only: a larger window lands as part files under `_parts`, and `predictions.parquet` is their
    summary (docs/large-windows.md). Left out, a window is one file, however large."""
    warehouse: WarehouseTable | None = None
    """The table that landed windows are copied to. Left out, they are in the lake only."""


class CalendarSchedule(Section):
    """A ScheduleTrigger: says when, scores the last complete window."""

    type: Literal["calendar"]
    """A fire time is a time of the clock. Azure: a `ScheduleTrigger`."""
    frequency: Literal["Minute", "Hour", "Day", "Week", "Month"]
    """The unit of `interval`. Azure: `recurrence.frequency`."""
    interval: int = Field(default=1, ge=1, le=1000)
    """Every so many minutes, hours, days, weeks or months, from `start` on. Azure: `recurrence.interval`."""
    start: str
    """Local time in `time_zone`, no offset: `2026-11-01T06:00:00`. Azure: `recurrence.startTime`."""
    end: str | None = None
    """Local time like `start`: nothing fires from then on. Azure: `recurrence.endTime`."""
    time_zone: str = "UTC"
    """`W. Europe Standard Time`: a Windows time zone name. Azure: `recurrence.timeZone`."""
    hours: list[Annotated[int, Field(ge=0, le=23)]] = []
    """`[6, 18]`. With Day, Week, Month. Azure: `recurrence.schedule.hours`."""
    minutes: list[Annotated[int, Field(ge=0, le=59)]] = []
    """`[0, 30]`. With Day, Week, Month, and with `hours`. Azure: `recurrence.schedule.minutes`."""
    week_days: list[str] = []
    """`[Monday, Friday]`. With Week. Azure: `recurrence.schedule.weekDays`."""
    month_days: list[int] = []
    """`[1, 15, -1]`: 1 to 31, -1 is the last day. With Month. Azure: `recurrence.schedule.monthDays`."""
    monthly_occurrences: list[str] = []
    """`[first Monday, last Friday]`: `first` to `fifth`, or `last` to `fifth last`; not with `month_days`.
    With Month. Azure: `recurrence.schedule.monthlyOccurrences`."""


class Dependency(Section):
    """Windows that must have succeeded before a window runs: those of another tumbling schedule, or, where
    neither `model` nor `schedule` is said, earlier ones of the schedule itself.
    """

    model: str | None = None
    """Left out where it is this model."""
    schedule: str | None = None
    """A tumbling schedule among that model's `score` schedules."""
    offset_minutes: int = Field(default=0, ge=-14_400_000, le=14_400_000)
    """From the window's start to where the windows begin that it needs: -1440 is a day earlier."""
    window_minutes: int | None = Field(default=None, ge=1, le=14_400_000)
    """How long the span is that must have succeeded, where it is not as long as the window itself."""


class TumblingSchedule(Section):
    """A TumblingWindowTrigger: one run a window, in order, with backfill. Score schedules only."""

    type: Literal["tumbling"]
    """Each window is run, once and in order. Azure: a `TumblingWindowTrigger`."""
    frequency: Literal["Minute", "Hour"]
    """The unit of `interval`. Azure: `frequency`."""
    interval: int = Field(ge=1, le=14_400_000)
    """A window's length, in minutes or hours: at least 5 minutes. It must be a window of the model's grid.
    Azure: `interval`."""
    start: str | None = None
    """The first window, in UTC: `2027-01-01T00:00:00Z`. It must lie ahead when the trigger is created: one
    that is past is an error, so that nothing runs by surprise. Left out, the trigger begins with the next
    window of the model's grid when it is created, and keeps that start. Azure: `startTime`."""
    backfill_from: str | None = None
    """In place of `start`, where windows of the past are to run: the first of them, in UTC. All that are due
    run at once, `max_concurrency` side by side; the plan says how many. Once they have run it may be left
    out. Azure: `startTime`."""
    end: str | None = None
    """No window begins from then on, in UTC: `2027-12-31T00:00:00Z`. Azure: `endTime`."""
    delay_minutes: int = Field(default=0, ge=0, le=14_400_000)
    """How long after its end a window is run, so that late input is there. Azure: `delay`."""
    max_concurrency: int = Field(default=1, ge=1, le=50)
    """So many windows at once. Azure: `maxConcurrency`."""
    retry_count: int = Field(default=0, ge=0, le=2**31 - 1)
    """How often a failed window is run again by itself. Azure: `retryPolicy.count`."""
    retry_interval_seconds: int = Field(default=30, ge=30, le=86400)
    """How long after it failed. Azure: `retryPolicy.intervalInSeconds`."""
    depends_on: list[Dependency] = []
    """A window runs once all of these have succeeded; after 7 days without that it has failed.
    Azure: `dependsOn`."""


class EventSchedule(Section):
    """A BlobEventsTrigger: a file that appears in the lake scores the window that its path names. Score
    schedules only.

    The path is read by `scoring.input`, as far as its last folder with a field: with the input
    `raw/{window_start:yyyy/MM/dd}/*.csv`, the file `raw/2026/11/22/_SUCCESS` means the window of that day.

    A file appears when it is uploaded and closed. One that is *renamed* into its place raises no event that
    Data Factory hears: write the marker where it belongs, as the last file.
    """

    type: Literal["event"]
    begins_with: str | None = None
    """What the file's path in the file system begins with: `raw/diabetes/incoming/`. No wildcards. Left out:
    what `scoring.input` has before its first field. Azure: `blobPathBeginsWith`."""
    ends_with: str | None = None
    """What the path ends with: `/_SUCCESS`, `.csv`. No wildcards. Azure: `blobPathEndsWith`."""
    ignore_empty_files: bool | None = None
    """`true`: a file without a byte starts nothing. Left out: `true` where the file may be input, which is
    empty while it is being uploaded; `false` where it is a marker, as an empty `_SUCCESS` should count. A
    marker that is created and then written or closed (by Spark; by `upload_data` of the Data Lake SDK, not by
    its `create_file`) then fires once for each of the two: one run lands the window, the other finds it
    landed or gives way. For exactly one, write a byte into it and say `true`. Azure: `ignoreEmptyBlobs`."""


Schedule = Annotated[CalendarSchedule | TumblingSchedule | EventSchedule, Field(discriminator="type")]


class Schedules(Section):
    score: dict[str, Schedule] = {}
    """Name → schedule: `daily: {type: calendar, …}`. Azure: a trigger `tr_score_<model>_<name>` each."""
    train: dict[str, CalendarSchedule] = {}
    """Name → calendar schedule. Azure: a trigger `tr_train_<model>_<name>` each."""


class PromotedVersion(Section):
    """A version of another environment's workspace, registered here byte for byte and scored with
    (docs/migrating.md). For an environment's file; it takes the place of `scoring.model_version`.
    """

    from_: str = Field(alias="from")
    """`dev`: the environment, of the same cloud, whose `config/dev.yaml` says where its workspace is."""
    version: Annotated[str, Field(pattern=r"^(approved|[1-9][0-9]*)$")]
    """`7`: that one; `approved`: the newest that is tagged so there when this environment is deployed."""
    training: bool = False
    """`true`: the model is trained here too. Left out, `train_<model>` and its triggers are not deployed."""

    def __str__(self) -> str:
        """As runs are told: `dev:7`."""
        return f"{self.from_}:{self.version}"


class Model(Section):
    """One file of config/models/: a model, where its code is, how it is trained, scored and scheduled."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,29}$")]
    """The file's name: `config/models/churn.yaml` is the model `churn`. It need not be said."""
    source: Path
    """The data scientist's folder, shipped to the compute as it is (absolute once loaded), as `models/churn`.
    Azure: the snapshot of every step."""
    ml_environment: str = "ml_environment.yml"
    """Conda specification in `source`; or `name` / `name:version` of a registered Azure ML environment.
    Azure: the environment `abs-<model>`, or the one that is named."""
    score_script: str = "score.py"
    """The script in `source` that defines `init()` and `run(mini_batch)`."""
    training: Training | None = None
    """How it is trained. Left out, the model is registered by other means. Azure: the pipeline
    `train_<model>`."""
    scoring: Scoring
    """How a window is scored. Azure: the pipeline `score_<model>`."""
    version: PromotedVersion | None = None
    """Promotion: `{from: dev, version: 7}`, in `config/prod.yaml` below `models.<model>`. Azure: the
    parameter `model_version` of `score_<model>`."""
    output: Output
    """Where predictions land."""
    window: Window = Window()
    """The windows that are scored, one at a time. Left out: days, in UTC."""
    schedules: Schedules = Schedules()
    """When it is scored and trained. Azure: the triggers."""

    @property
    def model_version(self) -> str:
        """Which version scores: `approved`, `latest` or `7`; of those promoted from dev `dev:7`."""
        return self.scoring.model_version if self.version is None else str(self.version)

    @property
    def registered_name(self) -> str:
        """The registered model's name in Azure ML."""
        return self.scoring.model_name or self.name


class Settings(Section):
    """Everything one environment says, merged and validated."""

    environment: str
    """The file's name."""
    project: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")]
    """Names this installation: what it makes carries it, and nothing else is touched. Azure: the
    annotation `project:<name>`."""
    schedules: Literal["on", "off"] = "on"
    """`off`: triggers are deployed and stay stopped. Azure: the triggers' `runtimeState`."""
    azure: Azure
    """Where it lives."""
    data_factory: DataFactory
    """The factory that decides when."""
    machine_learning: MachineLearning
    """The workspace that trains and scores."""
    lake: Lake
    """The storage account that everything is read from and lands in."""
    warehouse: Warehouse | None = None
    """The database of the models that have `output.warehouse`."""
    monitoring: Monitoring | None = None
    """What watches the factory. Left out, nothing does but `status`."""
    notification: Notification | None = None
    """Who is told of each run that fails. Left out, a failed run is only seen."""
    sandbox: Sandbox = Sandbox()
    """The local Azure."""
    models: dict[str, Model]
    """Parts of models, by name, that differ in this environment: `churn: {scoring: {node_count: 4}}`."""

    @property
    def lake_url(self) -> str:
        """The lake's DFS address: `https://<account>.dfs.core.windows.net`, or the local lake's."""
        if self.lake.url is not None:
            return self.lake.url
        if self.azure.cloud == "local":
            return f"https://127.0.0.1:{self.sandbox.port + 1}/{self.lake.account}"
        return f"https://{self.lake.account}.dfs.core.windows.net"

    @property
    def local_url(self) -> str | None:
        """The local Azure's address; None where the environment is a subscription."""
        return f"https://127.0.0.1:{self.sandbox.port}" if self.azure.cloud == "local" else None

    def vault_url(self, vault: str) -> str:
        """A Key Vault's address: `https://<vault>.vault.azure.net`, or a local one's."""
        local = self.local_url
        return f"https://{vault}.vault.azure.net" if local is None else f"{local}/keyvault/{vault}"
