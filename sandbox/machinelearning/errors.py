"""What the workspace refuses, and how a step ends badly.

AzureError (sandbox.errors)
├── NotFound              404: something named in the path or the body is unknown
│   ├── WorkspaceNotFound
│   └── ModelNotFound
├── BadRequest            400: the body is understood and wrong
│   ├── UnknownSnapshot   a module or a delta upload names a snapshot that this workspace never got
│   └── UnknownParameters a submission sets parameters that the pipeline does not have
├── Conflict              409: a name is taken
└── Disabled              400: a disabled pipeline or endpoint does not run
StepFailed                one step's end; `message` says why, in words for the run's error
├── StepExited            its process ended with another code than 0
├── StepTimedOut          it ran longer than its run configuration allows
└── StepNotStarted        it could not be started: no such compute, no such folder
"""

from __future__ import annotations

from signal import Signals
from typing import TYPE_CHECKING

from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Iterable


class NotFound(AzureError):
    def __init__(self, kind: str, name: str) -> None:
        super().__init__(404, "NotFound", f"{kind} '{name}' was not found.", target=name)


class WorkspaceNotFound(AzureError):
    def __init__(self, group: str, name: str) -> None:
        super().__init__(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.MachineLearningServices/workspaces/{name}' under resource group "
            f"'{group}' was not found.",
        )


class ModelNotFound(AzureError):
    def __init__(self, identity: str) -> None:
        super().__init__(404, "ModelNotFound", f"Model '{identity}' was not found.", target=identity)

    def body(self) -> dict[str, object]:
        """Model management has a form of its own; its client reads `statusCode` from the body."""
        own = {"code": self.code, "statusCode": self.status, "message": self.message, "details": []}
        return {**super().body(), **own, "correlation": {}}


class BadRequest(AzureError):
    def __init__(self, message: str, *, target: str | None = None) -> None:
        super().__init__(400, "UserError", message, target=target)


class UnknownSnapshot(BadRequest):
    def __init__(self, identity: str) -> None:
        super().__init__(
            f"Snapshot '{identity}' is unknown to this workspace. A cache of the SDK from another workspace "
            "(~/.azureml/.projectcontent) may name it: remove that folder and publish again.",
            target="StorageId",
        )


class UnknownParameters(BadRequest):
    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        super().__init__(
            f"The pipeline has no parameter {', '.join(sorted(unknown))}; it has "
            f"{', '.join(sorted(known)) or 'none'}.",
            target="ParameterAssignments",
        )


class Conflict(AzureError):
    def __init__(self, kind: str, name: str) -> None:
        super().__init__(409, "Conflict", f"{kind} '{name}' already exists.", target=name)


class Disabled(AzureError):
    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(400, "UserError", f"{kind} '{identity}' is disabled and cannot be submitted.")


class StepFailed(Exception):
    """The step ended badly; `code` is Azure's: `UserError` when its script is to blame."""

    code = "UserError"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class StepExited(StepFailed):
    def __init__(self, exit_code: int, cause: str) -> None:
        ended = (
            f"was killed by {_signal(exit_code - 128)}"
            if exit_code > 128
            else f"exited with code {exit_code}"
        )
        super().__init__(f"the process {ended}" + (f": {cause}" if cause else ""))
        self.exit_code = exit_code


class StepTimedOut(StepFailed):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"it ran longer than its limit of {seconds:g} seconds (maxRunDurationSeconds)")


class StepNotStarted(StepFailed):
    pass


def _signal(number: int) -> str:
    names = {signal.value: signal.name for signal in Signals}
    return names.get(number, f"signal {number}")
