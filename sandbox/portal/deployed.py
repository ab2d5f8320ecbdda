"""The models that a factory scores, as they were deployed: the published step itself says which model it
scores, on which grid of windows, and into which lake.

    a pipeline's AzureMLExecutePipeline ─► the endpoint's version ─► its graph ─► the arguments of a step
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from adf.windows import Grid, WindowError, parse_timespan
from sandbox.errors import AzureError
from sandbox.machinelearning.pipelines import pipeline_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.machinelearning.models import Graph, Workspace
    from sandbox.portal.look import Look

_ARGUMENT: Final = "--abs-"
_ALLOWED: Final = timedelta(hours=1)
"""Until a window is late, where its pipeline does not say."""


@dataclass(frozen=True)
class Deployed:
    """A model, the pipeline that scores it, and where it lands."""

    model: str
    pipeline: str
    grid: Grid
    lake: Path
    """The file system's folder."""
    files: str
    """The same as the lake page names it: account and file system."""
    allowed: timedelta
    """How long after a fire its window may land without being late."""

    @property
    def landing(self) -> Path:
        """Where its manifests lie."""
        return self.lake / "_landing" / self.model


def models(look: Look, pipelines: Iterable[Json]) -> Iterator[tuple[str, Deployed]]:
    """Those of the pipelines that score one, by the pipelines' names, one after the other: to read what was
    published takes a while.
    """
    for pipeline in pipelines:
        found = None if look.factory is None else _deployed(look, look.factory, pipeline)
        if found is not None:
            yield str(pipeline["name"]), found


def candidates(pipelines: Iterable[Json], *, model: str | None, after: str) -> list[Json]:
    """In the order of their names, from behind one on; of a model those whose annotations name it."""
    wanted = [
        one
        for one in pipelines
        if str(one["name"]) > after
        and (model is None or f"model:{model}" in (one["properties"].get("annotations") or ()))
    ]
    return sorted(wanted, key=lambda one: str(one["name"]))


def _deployed(look: Look, factory: FactoryId, pipeline: Json) -> Deployed | None:
    """None for a pipeline that scores no windows, or whose endpoint is gone."""
    for activity in pipeline["properties"].get("activities") or []:
        if activity["type"] == "AzureMLExecutePipeline":
            try:
                said = _arguments(look, factory, activity)
                grid = Grid.parse(
                    said["window-every"],
                    zone=said["window-zone"],
                    offset_minutes=int(said["window-offset-minutes"]),
                )
                return _in_lake(look, pipeline, grid, said)
            except (AzureError, KeyError, WindowError, ValueError):
                continue
    return None


def _arguments(look: Look, factory: FactoryId, activity: Json) -> dict[str, str]:
    """Of the step that decides which window is scored, without what a run gives."""
    service = look.data_factory.entities.get(
        factory, "linkedservices", activity["linkedServiceName"]["referenceName"]
    )["properties"]["typeProperties"]
    names = ("subscriptionId", "resourceGroupName", "mlWorkspaceName")
    # An expression names no workspace: what it would be is known to a run only.
    workspace = look.machine_learning.workspaces.find(*(str(service[name]) for name in names))
    for node in _graph(look, workspace, activity["typeProperties"]).nodes.values():
        words = [(one.kind, one.value) for one in node.arguments]
        named = {
            name.removeprefix(_ARGUMENT): value
            for (_, name), (kind, value) in pairwise(words)
            if name.startswith(_ARGUMENT) and kind == "Literal"
        }
        if "window-every" in named:
            return named
    raise KeyError("window-every")


def _graph(look: Look, workspace: Workspace, written: Json) -> Graph:
    pipelines = look.machine_learning.pipelines
    identity = written.get("mlPipelineId")
    if not identity:
        endpoint = pipelines.endpoint(workspace, str(written["mlPipelineEndpointId"]))
        version = written.get("version")
        identity = pipeline_of(endpoint, None if version in (None, "") else str(version))
    return pipelines.parsed(workspace, pipelines.pipeline(workspace, str(identity))["GraphId"])


def _in_lake(look: Look, pipeline: Json, grid: Grid, said: dict[str, str]) -> Deployed | None:
    """None where it lands elsewhere than in this lake, or where a name is none of a folder."""
    prefix = f"{look.context.endpoints.lake}/"
    account = said["lake-url"].removeprefix(prefix).strip("/")
    names = (account, said["file-system"], said["model"])
    if not said["lake-url"].startswith(prefix) or any(_is_no_folder(name) for name in names):
        return None
    return Deployed(
        said["model"],
        str(pipeline["name"]),
        grid,
        look.lake / account / said["file-system"],
        f"{account}/{said['file-system']}",
        allowed(pipeline["properties"]),
    )


def allowed(properties: Json) -> timedelta:
    """How long a pipeline may take, where it says so as a timespan."""
    metric = (properties.get("policy") or {}).get("elapsedTimeMetric") or {}
    try:
        return parse_timespan(str(metric["duration"]))
    except (KeyError, WindowError):
        return _ALLOWED


def _is_no_folder(name: str) -> bool:
    return not name or "/" in name or name in (".", "..") or "\0" in name
