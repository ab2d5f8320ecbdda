"""What Data Factory answers when it does not do as asked, in its own codes and words.

AzureError (sandbox.errors)
├── BadRequest                    400 BadRequest
│   ├── InvalidReference          a PUT refers to what is not there
│   ├── Referenced                a DELETE of what others refer to
│   ├── MissingParameters         a pipeline uses parameters that it does not declare
│   ├── InvalidTriggerPipelines   a trigger that names no pipeline cannot start
│   └── Provisioning              its event subscription is being made or removed
├── TriggerEnabledCannotUpdate    400: stop it first
├── ReferencedRunNotValid         400: a rerun of a run that is not there
├── NotFound                      404 ResourceNotFound
│   └── FactoryNotFound
├── PreconditionFailed            412: the etag is another one, or the entity exists already
└── NotRun                        501 NotImplementedByLocalAzure: known to Azure, not run here
ActivityFailed        an activity's `error` object; ends the attempt, never leaves the engine
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.datafactory.models import FactoryId

FailureType = Literal["UserError", "SystemError"]


class BadRequest(AzureError):
    def __init__(self, message: str, *, target: str | None = None) -> None:
        super().__init__(400, "BadRequest", message, target=target)


class InvalidReference(BadRequest):
    def __init__(self, name: str, *, target: str | None = None) -> None:
        super().__init__(
            f"The document creation or update failed because of invalid reference '{name}'.", target=target
        )


class Referenced(BadRequest):
    def __init__(self, factory: FactoryId, kind: str, name: str, referrer: str) -> None:
        super().__init__(
            f"The document cannot be deleted since it is referenced by {referrer}.",
            target=f"/Microsoft.DataFactory/factories/{factory.name}/{kind}/{name}",
        )


class MissingParameters(BadRequest):
    def __init__(self, pipeline: str, names: Sequence[str]) -> None:
        listed = ",".join(f"'{name}'" for name in names)
        super().__init__(f"Missing parameter definition for {listed}", target=f"Pipeline/{pipeline}")


class InvalidTriggerPipelines(BadRequest):
    def __init__(self, trigger: str) -> None:
        super().__init__(f"Missing or invalid pipeline references for trigger {trigger}", target=trigger)


class Provisioning(BadRequest):
    def __init__(self, trigger: str) -> None:
        super().__init__("Resource cannot be updated during provisioning", target=trigger)


class TriggerEnabledCannotUpdate(AzureError):
    def __init__(self) -> None:
        super().__init__(
            400,
            "TriggerEnabledCannotUpdate",
            "Cannot update enabled Trigger; the trigger needs to be disabled first. ",
        )


class ReferencedRunNotValid(AzureError):
    def __init__(self, pipeline: str, run_id: str) -> None:
        super().__init__(
            400,
            "ReferencedPipelineRunNotValid",
            f"Referenced pipeline run id {run_id} is not a valid run id.",
            target=f"pipeline/{pipeline}/",
        )


class NotFound(AzureError):
    def __init__(self, message: str, *, target: str | None = None) -> None:
        super().__init__(404, "ResourceNotFound", message, target=target)


class FactoryNotFound(NotFound):
    def __init__(self, factory: FactoryId) -> None:
        super().__init__(
            f"The Resource 'Microsoft.DataFactory/factories/{factory.name}' under resource group "
            f"'{factory.resource_group}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix"
        )


class PreconditionFailed(AzureError):
    def __init__(self, name: str) -> None:
        super().__init__(
            412,
            "PreconditionFailed",
            f"The condition on the etag of '{name}' does not hold: it has been changed, created or deleted "
            "since.",
            target=name,
        )


class NotRun(AzureError):
    """Azure knows it and the local Azure would have to pretend: refused at the PUT, by name."""

    def __init__(self, what: str, reason: str | None = None) -> None:
        because = "" if reason is None else f" ({reason})"
        super().__init__(
            501,
            "NotImplementedByLocalAzure",
            f"{what} is not implemented by the local Azure{because}; sandbox/README.md lists what is.",
        )


class ActivityFailed(Exception):
    """One attempt of an activity ended badly; `body` is the activity run's `error` object."""

    def __init__(
        self,
        error_code: str,
        message: str,
        *,
        failure_type: FailureType = "UserError",
        output: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{error_code}: {message}")
        self.error_code = error_code
        self.message = message
        self.failure_type = failure_type
        self.output = output or {}

    def body(self, target: str) -> dict[str, Any]:
        return {
            "errorCode": self.error_code,
            "message": self.message,
            "failureType": self.failure_type,
            "target": target,
        }
