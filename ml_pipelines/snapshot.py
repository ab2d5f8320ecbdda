"""The snapshot: what lies on the compute when a step starts, as a list of files with their digests.

    <the user's folder>      as it is, without what .amlignore (or .gitignore, where there is none) names
    abs_steps/               ml_pipelines/steps/*.py, and what else is shipped (adf/windows.py)
    abs_step.py              starts a step
    score_entry.py           the ParallelRunStep's entry script

Those names of ours, and `azureml-models/` where a model is laid out, are reserved.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ml_pipelines.definition import (
    CondaSpecification,
    MlEnvironment,
    MlPipelineDefinition,
    RegisteredMlEnvironment,
    SnapshotFile,
)
from ml_pipelines.errors import ReservedName, ScriptMissing, SnapshotChanged, SourceMissing
from ml_pipelines.fingerprint import digest_of_file, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from config.schema import Model

STEPS_FOLDER = "abs_steps"
ENTRY_POINTS = ("abs_step.py", "score_entry.py")
RESERVED = (STEPS_FOLDER, *ENTRY_POINTS, "azureml-models")
IGNORE_FILES = (".amlignore", ".gitignore")
NEVER_SHIPPED = {"__pycache__", ".git", ".ipynb_checkpoints", ".azureml", ".DS_Store", *IGNORE_FILES}


@dataclass(frozen=True)
class Source:
    """What a model brings: its snapshot, sorted by path, and what that runs in."""

    files: tuple[SnapshotFile, ...]
    ml_environment: MlEnvironment
    code: str
    """The digest of both: what a prediction depends on besides model and input."""


class Sources:
    """What models bring, each folder read once: models share folders, and what is planned is one state of
    them. `shipped` are files that go beside the steps.
    """

    def __init__(self, shipped: tuple[Path, ...]) -> None:
        self._shipped = shipped
        self._folders: dict[Path, _Folder] = {}
        self._specifications: dict[tuple[Path, str], SnapshotFile | None] = {}
        self._of_models: dict[tuple[str, Path, str], Source] = {}

    def of(self, model: Model, scripts: Mapping[str, str]) -> Source:
        """`scripts`: those that must be there → what they are for.

        Raises SourceMissing, ScriptMissing, or ReservedName where a file of the user's is named as ours.
        """
        folder = model.source
        if folder not in self._folders:
            self._folders[folder] = _Folder.of(_snapshot(model.name, folder, self._shipped))
        found = self._folders[folder]
        _require_scripts(model.name, folder, found.paths, scripts)
        key = model.name, folder, model.ml_environment
        if key not in self._of_models:
            environment = self._ml_environment(*key)
            digest = fingerprint({"files": found.listed, "environment": environment})
            self._of_models[key] = Source(found.files, environment, digest)
        return self._of_models[key]

    def _ml_environment(self, model: str, folder: Path, named: str) -> MlEnvironment:
        """A conda specification of the folder, or `name` / `name:version` of what the workspace has."""
        if (folder, named) not in self._specifications:
            self._specifications[folder, named] = _specification(folder, named)
        file = self._specifications[folder, named]
        if file is not None:
            return CondaSpecification(f"abs-{model.replace('_', '-')}", file.sha256, file.source)
        if named.endswith((".yml", ".yaml")):
            raise ScriptMissing(model, folder, named, "it is the ML environment's conda specification")
        name, _, version = named.partition(":")
        return RegisteredMlEnvironment(name, version or None)


@dataclass(frozen=True)
class _Folder:
    files: tuple[SnapshotFile, ...]
    paths: frozenset[str]
    listed: str
    """What its digest is of."""

    @classmethod
    def of(cls, files: tuple[SnapshotFile, ...]) -> _Folder:
        listed = "".join(f"{file.path}\0{file.sha256}\n" for file in files)
        return cls(files, frozenset(file.path for file in files), listed)


def _snapshot(model: str, folder: Path, shipped: tuple[Path, ...]) -> tuple[SnapshotFile, ...]:
    if not folder.is_dir():
        raise SourceMissing(model, folder)
    files = [_file(path, folder / path) for path in user_files(folder)]
    for file in files:
        if file.path.split("/")[0] in RESERVED:
            raise ReservedName(model, file.source, RESERVED)
    return tuple(sorted([*files, *_own_files(shipped)], key=lambda file: file.path))


@cache
def _own_files(shipped: tuple[Path, ...]) -> tuple[SnapshotFile, ...]:
    """The same for every model: read once."""
    steps = Path(__file__).parent / "steps"
    beside = [_file(f"{STEPS_FOLDER}/{path.name}", path) for path in (*steps.glob("*.py"), *shipped)]
    return (*beside, *(_file(name, steps / "entry_points" / name) for name in ENTRY_POINTS))


def _file(path: str, source: Path) -> SnapshotFile:
    return SnapshotFile(path, digest_of_file(source), source)


def user_files(folder: Path) -> list[str]:
    """The files of the folder that go to the compute: paths relative to it, with `/`."""
    ignored = _ignored(folder)
    return sorted(path for path in _paths(str(folder), "") if not ignored(path))


def _paths(folder: str, below: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in NEVER_SHIPPED:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _paths(entry.path, f"{below}{entry.name}/")
            elif entry.is_file():
                yield below + entry.name


def _ignored(folder: Path) -> Callable[[str], bool]:
    """Azure ML's own reading of the ignore file: Git's patterns, the first of IGNORE_FILES that exists."""
    found = next((folder / name for name in IGNORE_FILES if (folder / name).is_file()), None)
    if found is None:
        return lambda _: False
    from pathspec import PathSpec

    return PathSpec.from_lines("gitwildmatch", found.read_text().splitlines()).match_file


def _require_scripts(model: str, folder: Path, there: frozenset[str], scripts: Mapping[str, str]) -> None:
    for name, purpose in scripts.items():
        if name not in there:
            ignored = (folder / name).is_file()
            raise ScriptMissing(model, folder, name, "it is in .amlignore" if ignored else purpose)


def _specification(folder: Path, named: str) -> SnapshotFile | None:
    """The file of that name; None where there is none."""
    file = folder / named
    return _file(named, file) if file.is_file() else None


def write_snapshot(definition: MlPipelineDefinition, target: Path) -> None:
    """Copy the files together; raises SnapshotChanged where one is no longer what was defined."""
    for file in definition.snapshot:
        copy = target / file.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.source, copy)
        if digest_of_file(copy) != file.sha256:
            raise SnapshotChanged(file.source)
    conda = definition.ml_environment
    if isinstance(conda, CondaSpecification) and digest_of_file(conda.source) != conda.sha256:
        raise SnapshotChanged(conda.source)
