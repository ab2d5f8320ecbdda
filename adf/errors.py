"""What can go wrong with a factory.

    DataFactoryError
    ├── GenerationError                the settings cannot become a factory
    │   ├── UnknownTimeZone
    │   ├── BadScheduleTime
    │   ├── BadSetting                 it is one key's fault: a configuration's loader says file and line
    │   │   ├── BadModelWindow
    │   │   ├── BadSchedule
    │   │   ├── ScheduleOffGrid
    │   │   └── TrainingNotConfigured
    │   ├── ContractMismatch
    │   ├── MlPipelineNotPublished
    │   └── TemplateTooLarge           more than Azure Resource Manager takes in one template
    └── AzureRequestFailed             Azure answered, and the answer is an error
        ├── AccessDenied               401, 403
        ├── NotFound                   404
        ├── ChangedSinceRead           412: somebody else changed the entity
        ├── TriggerStillStarted        400 TriggerEnabledCannotUpdate
        ├── StillReferenced            400: another entity refers to the one to be deleted
        ├── Provisioning               400: an event subscription is being made or removed
        ├── Throttled                  429
        ├── Unreachable                no answer at all
        └── SubscriptionNotReady       an event subscription that is not made, or removed, in time

Each is built from facts and keeps them; `hint` is what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class DataFactoryError(Exception):
    """Base of this package's errors."""

    hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class GenerationError(DataFactoryError):
    """The settings cannot become a factory."""


class UnknownTimeZone(GenerationError):
    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        super().__init__(
            f"{name!r} is no Windows time zone name",
            hint=f"did you mean {' or '.join(map(repr, nearest))}?" if nearest else None,
        )
        self.name = name
        self.nearest = list(nearest)


class BadSetting(GenerationError):
    """`key` leads from the root of the settings to what is to blame; `nearest` is what was probably meant."""

    nearest: str | None = None

    def __init__(self, key: tuple[str, ...], found: str, expected: str) -> None:
        super().__init__(f"{'.'.join(key)}: found {found}, expected {expected}")
        self.key = key
        self.found = found
        self.expected = expected


class BadModelWindow(BadSetting):
    """A model's `window` describes no grid."""


class BadSchedule(BadSetting):
    """A schedule that Data Factory would refuse, that never fires, or that could be read two ways."""


class ScheduleOffGrid(BadSetting):
    """A tumbling schedule has a window that is no window of the model's grid."""


class TrainingNotConfigured(BadSetting):
    """What trains is scheduled, and there is nothing to train."""


class BadScheduleTime(GenerationError):
    def __init__(self, trigger: str, key: str, found: str, expected: str) -> None:
        super().__init__(f"{trigger}: `{key}` is {found!r}, expected {expected}")
        self.trigger = trigger
        self.key = key


class ContractMismatch(GenerationError):
    """A pipeline passes other parameters to Azure ML than the ML pipeline declares."""

    def __init__(self, ml_pipeline: str, *, undeclared: Sequence[str], missing: Sequence[str]) -> None:
        facts = [
            f"{what} {', '.join(names)}"
            for what, names in (("passes undeclared", undeclared), ("does not pass", missing))
            if names
        ]
        super().__init__(f"ML pipeline {ml_pipeline}: the factory {' and '.join(facts)}")
        self.ml_pipeline = ml_pipeline
        self.undeclared = list(undeclared)
        self.missing = list(missing)


class MlPipelineNotPublished(GenerationError):
    def __init__(self, ml_pipeline: str, published: Sequence[str]) -> None:
        super().__init__(
            f"ML pipeline {ml_pipeline} is not published in Azure ML "
            f"(published: {', '.join(published) or 'none'})",
            hint="publish it before the factory that refers to it",
        )
        self.ml_pipeline = ml_pipeline


class TemplateTooLarge(GenerationError):
    def __init__(self, what: str, found: int, limit: int) -> None:
        super().__init__(
            f"the ARM template would have {found:,} {what}; Azure Resource Manager takes {limit:,}",
            hint="`deploy` has no such limit; or split the models over several projects (`project:`)",
        )
        self.what = what
        self.found = found
        self.limit = limit


class AzureRequestFailed(DataFactoryError):
    """Azure answered a request with an error; `asked` is the request in our words."""

    def __init__(
        self, asked: str, *, status: int | None, code: str, message: str, correlation_id: str = ""
    ) -> None:
        answer = f"{status} {code}".strip() if status is not None else code
        reference = f" (correlation id {correlation_id})" if correlation_id else ""
        super().__init__(f"Data Factory refused to {asked}: {answer}: {message.strip()}{reference}")
        self.asked = asked
        self.status = status
        self.code = code
        self.message = message.strip()
        self.correlation_id = correlation_id

    @property
    def may_have_happened(self) -> bool:
        """Whether Azure may have done what was asked: a server's error leaves that open."""
        return self.status is not None and self.status >= 500


class AccessDenied(AzureRequestFailed):
    hint = (
        "the identity needs the role Data Factory Contributor on the factory, and a valid sign-in; for a "
        "trigger of storage events also Microsoft.EventGrid/eventSubscriptions/write on the storage account"
    )


class NotFound(AzureRequestFailed):
    hint = "is the name right, and the subscription, resource group and factory?"


class ChangedSinceRead(AzureRequestFailed):
    hint = "somebody else changed it meanwhile: plan again"


class TriggerStillStarted(AzureRequestFailed):
    hint = "stop the trigger before it is changed"


class StillReferenced(AzureRequestFailed):
    hint = "delete what refers to it first"


class Provisioning(AzureRequestFailed):
    hint = "the trigger's event subscription is being set up: try again in some minutes"


class SubscriptionNotReady(DataFactoryError):
    hint = (
        "whoever deploys needs Microsoft.EventGrid/eventSubscriptions/write on the storage account, "
        "and the subscription the resource provider Microsoft.EventGrid"
    )

    def __init__(self, trigger: str, found: str, wanted: str, seconds: int) -> None:
        super().__init__(
            f"trigger {trigger}: after {seconds} seconds its event subscription is {found}, not {wanted}"
        )
        self.trigger = trigger
        self.found = found
        self.wanted = wanted


class Throttled(AzureRequestFailed):
    hint = "too many requests of this identity: try again later"


class Unreachable(DataFactoryError):
    hint = "check the network; for the local Azure, that it runs"

    def __init__(self, asked: str, reason: str, *, sent: bool) -> None:
        super().__init__(f"no answer from Azure to the request to {asked}: {reason}")
        self.asked = asked
        self.reason = reason
        self.sent = sent

    @property
    def may_have_happened(self) -> bool:
        """Whether Azure may have done what was asked: the answer got lost, not the request."""
        return self.sent


_BY_CODE = {"TriggerEnabledCannotUpdate": TriggerStillStarted}
_BY_TEXT = {"during provisioning": Provisioning, "since it is referenced by": StillReferenced}
_BY_STATUS = {401: AccessDenied, 403: AccessDenied, 404: NotFound, 412: ChangedSinceRead, 429: Throttled}


def refusal(
    asked: str, *, status: int | None, code: str, message: str, correlation_id: str = ""
) -> AzureRequestFailed:
    """The error that Azure's answer amounts to: by its code, by the texts that tools know, by its status."""
    by_text = (kind for text, kind in _BY_TEXT.items() if text in message)
    kind = _BY_CODE.get(code) or next(by_text, None) or _BY_STATUS.get(status or 401, AzureRequestFailed)
    return kind(asked, status=status, code=code, message=message, correlation_id=correlation_id)
