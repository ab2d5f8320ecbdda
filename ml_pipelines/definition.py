"""What an ML pipeline is, as values: nothing here knows Azure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ml_pipelines.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from config.schema import Settings
    from config.section import Section

Kind = Literal["training", "batch"]


@dataclass(frozen=True)
class Parameter:
    """An argument that is a parameter of the ML pipeline: a string, given with each run."""

    name: str


@dataclass(frozen=True)
class Written:
    """An argument that is a folder which this step writes, and later steps may read."""

    folder: str


@dataclass(frozen=True)
class Read:
    """An argument that is a folder which an earlier step wrote."""

    folder: str


@dataclass(frozen=True)
class Note:
    """An argument that says something about the publication and is no content: not in the fingerprint."""

    text: str = field(compare=False)


Argument = str | Parameter | Written | Read | Note


@dataclass(frozen=True)
class ScriptStep:
    """A PythonScriptStep. It runs after the steps whose folders it reads, and after those it names."""

    name: str
    script: str
    arguments: tuple[Argument, ...]
    timeout_minutes: int
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParallelStep:
    """A ParallelRunStep over the files of the folder `reads`, one file a mini-batch, tolerating no error."""

    name: str
    entry_script: str
    reads: str
    arguments: tuple[Argument, ...]
    node_count: int
    process_count_per_node: int
    run_max_try: int
    run_invocation_timeout_seconds: int
    timeout_minutes: int


Step = ScriptStep | ParallelStep


@dataclass(frozen=True)
class SnapshotFile:
    """`path` in the snapshot, and where it is on this machine (which is no content)."""

    path: str
    sha256: str
    source: Path = field(compare=False)


@dataclass(frozen=True)
class CondaSpecification:
    """An ML environment made from a file."""

    name: str
    sha256: str
    source: Path = field(compare=False)


@dataclass(frozen=True)
class RegisteredMlEnvironment:
    """An ML environment that the workspace has; no version means the newest."""

    name: str
    version: str | None = None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}:{self.version}"


MlEnvironment = CondaSpecification | RegisteredMlEnvironment


@dataclass(frozen=True)
class MlPipelineDefinition:
    """An ML pipeline as it is to be published; `name` is also its endpoint's.

    `parameters`: name → default, all strings, none empty.
    """

    name: str
    model: str
    kind: Kind
    parameters: Mapping[str, str]
    steps: tuple[Step, ...]
    snapshot: tuple[SnapshotFile, ...] = field(compare=False)
    ml_environment: MlEnvironment
    code: str
    """The digest of the snapshot and the ML environment."""
    compute: str
    owner: str = ""
    """Whose it is: the words that all of an installation's own carry, in Data Factory as annotations. It is
    part of the fingerprint: what one installation of a workspace runs, another one shall not disable.
    """

    @cached_property
    def fingerprint(self) -> str:
        """By it a plan knows whether it is published as it should be."""
        return fingerprint(self)

    @property
    def node_count(self) -> int:
        """Of the step that needs most."""
        return max((step.node_count for step in self.steps if isinstance(step, ParallelStep)), default=1)

    @property
    def description(self) -> str:
        """What the published pipeline says of itself: by it, other installations leave it alone."""
        return f"{self.kind} of the model {self.model}, {self.owner}"


def said(section: Section) -> dict[str, Any]:
    """What a section of the configuration says that is not so by default; most say nothing."""
    return section.model_dump(mode="json", exclude_defaults=True) if section.model_fields_set else {}


def owner_of(settings: Settings) -> str:
    return f"managed-by:adf-batch-scoring project:{settings.project} env:{settings.environment}"
