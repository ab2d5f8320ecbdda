"""The Azure ML run that an activity started: its steps, how they ended, and what they printed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import AzureError
from sandbox.portal.look import NotThere
from sandbox.portal.runs import bounds
from sandbox.portal.timeline import Timeline

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.machinelearning.routes import Service
    from sandbox.portal.look import Look
    from sandbox.portal.timeline import Bar

_TAIL_BYTES: Final = 16_384
_TAIL_LINES: Final = 40
_WHOLE_BYTES: Final = 4_000_000


@dataclass(frozen=True)
class Step:
    run: Document
    workspace: str
    error: str
    tail: str
    lasted: timedelta | None = None
    """None: it has not begun."""
    bar: Bar | None = None

    @property
    def name(self) -> str:
        """One that a script made by itself may have none."""
        return str(self.run.get("name") or self.run["runId"])

    @property
    def log(self) -> str:
        """Where the whole log is."""
        return f"/portal/ml/{self.workspace}/{self.run['runId']}/log"


@dataclass(frozen=True)
class MlRun:
    activity: str
    run: Document
    workspace: Workspace
    error: str
    steps: list[Step]


def of(look: Look, activity: dict[str, Any]) -> MlRun | None:
    """None where the activity started none, or its workspace is gone."""
    told = activity["_"].get("ml_run")
    if told is None:
        return None
    service = look.machine_learning
    try:
        workspace = service.workspaces.find(*told["workspace"])
        run = service.history.run(workspace, told["id"])
        steps = service.history.children(workspace, told["id"])
    except AzureError:
        return None
    axis = Timeline(*bounds(run["startTimeUtc"] or run["createdUtc"], run["endTimeUtc"], look.now))
    shown = [_step(service, workspace, each, axis, look.now) for each in steps]
    return MlRun(str(activity["activityName"]), run, workspace, _error(run), shown)


def _step(service: Service, workspace: Workspace, run: Document, axis: Timeline, now: datetime) -> Step:
    step = Step(run, workspace.id, _error(run), _tail(_log_file(service, workspace, run)))
    if not run["startTimeUtc"]:
        return step
    start, end = bounds(run["startTimeUtc"], run["endTimeUtc"], now)
    return replace(step, lasted=end - start, bar=axis.bar(start, end))


def _error(run: Document) -> str:
    return str(((run.get("error") or {}).get("error") or {}).get("message") or "")


def _log_file(service: Service, workspace: Workspace, run: Document) -> Path:
    return service.blobs.blob(
        workspace, f"artifacts/ExperimentRun/{run['dataContainerId']}/user_logs/std_log.txt"
    ).file


def _tail(file: Path) -> str:
    return "\n".join(_end(file, _TAIL_BYTES).splitlines()[-_TAIL_LINES:])


def _end(file: Path, most: int) -> str:
    """The last bytes of it; nothing where it is not there yet."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - most))
            return stream.read(most).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def log(look: Look, workspace_id: str, run_id: str) -> str:
    """All that a step printed; of more than 4 MB the end. Raises `NotThere`."""
    service = look.machine_learning
    try:
        workspace = service.workspaces.by_id(workspace_id)
        run = service.history.run(workspace, run_id)
    except AzureError as error:
        raise NotThere(error.message) from error
    return _end(_log_file(service, workspace, run), _WHOLE_BYTES)
