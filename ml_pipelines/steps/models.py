"""Registered models: which version is meant, and its bytes on this node's disk.

`fetch` lays a version out as Azure ML's own cache does, `azureml-models/<name>/<version>/<file or folder>`
below the working folder, so that the user's `Model.get_model_path(name)` finds it there. One worker of a node
downloads, the others wait: a file lock, a temporary folder, a rename. Drafts and locks lie in
`azureml-models/.abs/`, since the SDK reads every name below `azureml-models/<name>/` as a version.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import ml_run
from .errors import ModelDamaged, ModelNotRegistered, ModelRefused
from .parameters import NONE
from .versions import GATE_REASON, SHA256, is_refused
from .versions import choose as choose_version
from .work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MODELS_FOLDER = "azureml-models"
SCORE_PROFILE = "score_profile"
"""The tag that says how the version's predictions were distributed in training: drift.py."""


@dataclass(frozen=True)
class ModelVersion:
    name: str
    version: int
    tags: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """`-` where it was registered by something that did not say."""
        return self.tags.get(SHA256, NONE)


def choose(name: str, wanted: str, versions: Sequence[ModelVersion]) -> ModelVersion:
    """The version that is meant (versions.py); raises ModelNotRegistered, or ModelRefused by its gate."""
    found = choose_version(wanted, versions)
    if found is None:
        newest_first = sorted(versions, key=lambda each: -each.version)[:10]
        raise ModelNotRegistered(name, wanted, [f"version {each.version}" for each in newest_first])
    if is_refused(found):
        raise ModelRefused(name, str(found.version), found.tags.get(GATE_REASON, ""))
    return found


def registered(name: str) -> list[ModelVersion]:
    """Every version in this run's workspace."""
    from azureml.core import Model

    found = Model.list(ml_run.workspace(), name=name)
    return [ModelVersion(each.name, int(each.version), dict(each.tags or {})) for each in found]


def download(name: str, version: str, target: Path) -> None:
    """The model's one file or folder, into the folder `target`."""
    from azureml.core import Model

    Model(ml_run.workspace(), name=name, version=int(version)).download(str(target))


def fetch(
    name: str,
    version: str,
    sha256: str,
    load: Callable[[str, str, Path], None] = download,
    root: Path | None = None,
) -> str:
    """Have the version on disk, checked; the sha256 of what is there. `sha256`: `-` = nothing to compare."""
    folder = (root or Path.cwd()) / MODELS_FOLDER
    target = folder / name / version
    aside = folder / ".abs"
    aside.mkdir(parents=True, exist_ok=True)
    with (aside / f"{name}-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _download_into(target, aside / f"draft-{uuid.uuid4().hex}", name, version, load)
    found = digest_of_folder(_content(target))
    if sha256 not in (NONE, found):
        shutil.rmtree(target, ignore_errors=True)
        raise ModelDamaged(name, version, found, sha256)
    return found


def folder_of(name: str, version: str, root: Path | None = None) -> Path:
    """What train.py wrote, or whoever registered it, of a version that was fetched: always a folder."""
    target = (root or Path.cwd()) / MODELS_FOLDER / name / version
    content = _content(target)
    return content if content.is_dir() else target


def _download_into(
    target: Path, draft: Path, name: str, version: str, load: Callable[[str, str, Path], None]
) -> None:
    started = time.monotonic()
    try:
        draft.mkdir()
        load(name, version, draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(draft, target)  # noqa: PTH104 - the atomic one, by its name
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    print(f"model {name} version {version} fetched in {time.monotonic() - started:.1f} s", flush=True)


def _content(target: Path) -> Path:
    """A registered model is one file or one folder; more, and the folder that holds them is the model."""
    entries = list(target.iterdir())
    return entries[0] if len(entries) == 1 else target
