"""What can go wrong with Azure Machine Learning.

MachineLearningError
├── SourceError                 the model's folder is not as its configuration says
│   ├── SourceMissing
│   ├── ScriptMissing
│   └── ReservedName            a file of the folder has a name that the snapshot needs
├── WorkspaceMissing            ┐
├── ComputeMissing              │ looked up, never created: an infrastructure team owns them
├── ComputeUnfit                │
├── DatastoreMissing            │
├── MlEnvironmentMissing        ┘
├── EndpointMissing
├── ModelMissing
├── MlRunMissing
├── SnapshotChanged             a file changed between its definition and its publication
├── SecondCloud                 this process has spoken to another cloud already
├── UnknownTimeZone
├── BadInputTemplate
└── ServiceRefused              Azure ML said no, in its own words
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class MachineLearningError(Exception):
    """Base of everything this package raises."""


class SourceError(MachineLearningError):
    """The model's folder is not as its configuration says."""


class SourceMissing(SourceError):
    def __init__(self, model: str, folder: Path) -> None:
        super().__init__(f"the model {model}: `source` is {folder}, which is no folder")


class ScriptMissing(SourceError):
    def __init__(self, model: str, folder: Path, script: str, why: str) -> None:
        super().__init__(f"the model {model} needs {script} in {folder}: {why}")


class ReservedName(SourceError):
    def __init__(self, model: str, path: Path, reserved: Sequence[str]) -> None:
        super().__init__(
            f"the model {model}: {path} has a name that the steps need ({', '.join(reserved)}); "
            "rename it, or list it in .amlignore if the compute does not need it"
        )


class WorkspaceMissing(MachineLearningError):
    def __init__(self, workspace: str, resource_group: str, cause: str) -> None:
        super().__init__(
            f"there is no Azure ML workspace {workspace!r} in the resource group {resource_group!r} that "
            f"this identity can see: {cause}"
        )


class ComputeMissing(MachineLearningError):
    def __init__(self, compute: str, workspace: str, existing: Sequence[str]) -> None:
        there = f"it has {', '.join(existing)}" if existing else "it has no compute at all"
        super().__init__(f"the workspace {workspace!r} has no compute {compute!r}; {there}")


class ComputeUnfit(MachineLearningError):
    def __init__(self, compute: str, workspace: str, why: str) -> None:
        super().__init__(f"the compute {compute!r} of the workspace {workspace!r} will not do: {why}")


class DatastoreMissing(MachineLearningError):
    def __init__(self, workspace: str, cause: str) -> None:
        super().__init__(
            f"the workspace {workspace!r} has no default datastore for what steps hand to each other: {cause}"
        )


class MlEnvironmentMissing(MachineLearningError):
    def __init__(self, ml_environment: str, workspace: str, existing: Sequence[str]) -> None:
        there = f"it has {', '.join(existing)}" if existing else "it has none of its own"
        super().__init__(
            f"the workspace {workspace!r} has no ML environment {ml_environment!r} "
            f"(and the model's folder no such file); {there}"
        )


class EndpointMissing(MachineLearningError):
    def __init__(self, name: str, workspace: str) -> None:
        super().__init__(f"the workspace {workspace!r} has no pipeline endpoint {name!r}")


class ModelMissing(MachineLearningError):
    def __init__(self, name: str, version: int, workspace: str) -> None:
        super().__init__(f"the workspace {workspace!r} has no model {name!r} version {version}")


class MlRunMissing(MachineLearningError):
    def __init__(self, run_id: str, workspace: str) -> None:
        super().__init__(f"the workspace {workspace!r} has no run {run_id!r}")


class SnapshotChanged(MachineLearningError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} changed while it was being published; deploy again")


class SecondCloud(MachineLearningError):
    def __init__(self, first: str, second: str) -> None:
        super().__init__(
            f"this process speaks to Azure ML at {first} and cannot also speak to {second}: "
            "the SDK reads its cloud once. Use a process for each"
        )


class UnknownTimeZone(MachineLearningError):
    def __init__(self, model: str, name: str) -> None:
        super().__init__(f"the model {model}: `window.time_zone` is {name!r}, no Windows time zone name")


class BadInputTemplate(MachineLearningError):
    def __init__(self, model: str, cause: str) -> None:
        super().__init__(f"the model {model}: `scoring.input`: {cause}")


class ServiceRefused(MachineLearningError):
    def __init__(self, operation: str, cause: str) -> None:
        super().__init__(f"Azure ML refused to {operation}: {cause}")
