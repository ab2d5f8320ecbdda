"""What should be deployed, as files; with what Azure knows of it, or without. Writes nothing to Azure.

An endpoint's id and version are known where its ML pipeline is published; the version only where it is the
one that is wanted, as the factory must not run yesterday's. A start that is left open is known where the
trigger exists.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from adf import arm_template, rendering
from adf.entities import EndpointId, EndpointVersion, StartAtCreation
from deployment.planner import begun
from deployment.rendered_folder import MANIFEST
from deployment.report import Line, Table
from deployment.resources import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adf.arm_template import Known
    from adf.entities import Entity, Placeholder
    from deployment.resources import Desired, Observed

GENERATOR: Final = "adf-batch-scoring"


@dataclass(frozen=True)
class Rendering:
    """The files of one environment, and what nobody could fill in yet."""

    environment: str
    factory: str
    commit: str
    offline: bool
    files: Mapping[str, bytes]
    parameters: Mapping[str, str | None]
    """Of the ARM template: name → value; None where it must be filled in."""

    @property
    def open_parameters(self) -> list[str]:
        return [name for name, value in self.parameters.items() if value is None]

    def facts(self) -> dict[str, Any]:
        """What `rendered.json` says beside the files."""
        return {
            "generator": GENERATOR,
            "env": self.environment,
            "factory": self.factory,
            "git_commit": self.commit,
            "offline": self.offline,
            "to_fill_in": self.open_parameters,
        }


def render(
    desired: Desired, observed: Observed, scripts: Mapping[str, bytes], *, commit: str, offline: bool
) -> Rendering:
    """`scripts`: what is written beside the factory. Raises TemplateTooLarge."""
    known = known_of(desired, observed)
    owner = desired.owner
    metadata = {
        "generator": GENERATOR,
        "project": owner.project,
        "env": owner.environment,
        "gitCommit": commit,
    }
    entities = desired.of_factory
    files = rendering.files(
        entities, known, factory=desired.factory, location=desired.location, metadata=metadata
    )
    watching = rendering.monitoring(desired.resources, factory=desired.factory, metadata=metadata)
    parameters = arm_template.parameters(entities, known, factory=desired.factory)
    values = {each.name: each.value for each in parameters}
    content = {**files, **watching, **scripts}
    return Rendering(owner.environment, desired.factory, commit, offline, content, values)


def known_of(desired: Desired, observed: Observed) -> Known:
    """What each placeholder stands for, as far as `observed` tells."""
    fingerprints = {definition.name: definition.fingerprint for definition in desired.ml_pipelines}
    live = {key_of(each): each for each in observed.entities if desired.owner.owns(each)}

    def known(entity: Entity, placeholder: Placeholder) -> str | None:
        match placeholder:
            case EndpointId(name):
                return None if (found := observed.ml_pipelines.get(name)) is None else found.endpoint_id
            case EndpointVersion(name):
                found = observed.ml_pipelines.get(name)
                return None if found is None or found.fingerprint != fingerprints[name] else found.version
            case StartAtCreation():
                kept = begun(entity, live.get(key_of(entity)))
                start = kept.properties["typeProperties"]["startTime"]
                return None if isinstance(start, StartAtCreation) else str(start)

    return known


# ------------------------------------------------------------------------------------------- the result


def left_open(rendered: Rendering) -> str:
    """One line for whoever does not read further."""
    why = "offline nobody is asked for them" if rendered.offline else "what they name is not deployed yet"
    return f"{len(rendered.open_parameters)} values are to be filled in: {why}"


def document(rendered: Rendering, out: str) -> dict[str, Any]:
    return {
        "env": rendered.environment,
        "out": out,
        "files": sorted([*rendered.files, MANIFEST]),
        "offline": rendered.offline,
        "git_commit": rendered.commit,
        "parameters": dict(rendered.parameters),
    }


def parts(rendered: Rendering, out: str) -> Iterator[Line | Table]:
    """A row a folder of the Git layout, one for the ARM template, what is left to do, and the sum."""
    commit = f", commit {rendered.commit[:12]}" if rendered.commit else ""
    yield Line(f"Environment {rendered.environment}: factory {rendered.factory} in {out}{commit}", "bold")
    yield Line("")
    paths = [*rendered.files, MANIFEST]
    count = Counter(str(PurePosixPath(path).parent) for path in paths)
    alone = [path for path in paths if "/" not in path]
    rows = [[f"{folder}/", str(number)] for folder, number in count.items() if folder != "."]
    yield Table(("written", "files"), [*rows, *([path, "1"] for path in alone)], right=frozenset({"files"}))
    if rendered.open_parameters:
        yield Line("Not known yet, to be filled in (parameters of the ARM template, <…> in the Git layout):")
        yield from (Line(f"  {name}") for name in rendered.open_parameters)
    yield Line(f"Rendered {len(paths)} files.")
