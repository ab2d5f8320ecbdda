"""What can go wrong with a factory.

    DataFactoryError
    ├── GenerationError                the settings cannot become a factory
    │   ├── UnknownTimeZone
    │   ├── BadScheduleTime
    │   ├── ScheduleOffGrid
    │   ├── TrainingNotConfigured
    │   ├── ContractMismatch
    │   └── MlPipelineNotPublished
    └── AzureRequestFailed             Azure answered, and the answer is an error
        ├── AccessDenied               401, 403
        ├── NotFound                   404
        ├── ChangedSinceRead           412: somebody else changed the entity
        ├── TriggerStillStarted        400 TriggerEnabledCannotUpdate
        ├── StillReferenced            400: another entity refers to the one to be deleted
        ├── Provisioning               400: an event subscription is being made or removed
        ├── Throttled                  429
        └── Unreachable                no answer at all

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


class BadScheduleTime(GenerationError):
    def __init__(self, trigger: str, key: str, found: str, expected: str) -> None:
        super().__init__(f"{trigger}: `{key}` is {found!r}, expected {expected}")
        self.trigger = trigger
        self.key = key


class TrainingNotConfigured(GenerationError):
    def __init__(self, model: str) -> None:
        super().__init__(
            f"models.{model}.schedules.train: the model has no `training`",
            hint="describe the training, or remove the schedules",
        )
        self.model = model


class ScheduleOffGrid(GenerationError):
    """A tumbling schedule has a window that is no window of the model's grid."""

    def __init__(self, model: str, schedule: str, *, window: str, grid: str, nearest: str) -> None:
        super().__init__(
            f"models.{model}.schedules.score.{schedule}: {window} is no window of the model's grid "
            f"({grid}), which has {nearest} there",
            hint="give the schedule the grid's start and length, or change the model's `window`",
        )
        self.model = model
        self.schedule = schedule
        self.window = window


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
