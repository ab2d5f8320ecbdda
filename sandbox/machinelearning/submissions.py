"""May this pipeline run, and with which parameters? A submission is settled here before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.machinelearning.errors import BadRequest, UnknownParameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machinelearning.history import History
    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.machinelearning.pipelines import Pipelines


@dataclass(frozen=True)
class Submission:
    """What a caller asks for. Field names are read without regard to case: Data Factory and the SDK differ
    in it.
    """

    experiment: str | None
    parameters: Mapping[str, str]
    goes_on: bool | None
    """Whether steps go on after another failed; None: as published."""
    parent_run: str | None
    source: str
    description: str | None
    tags: Mapping[str, str]
    properties: Mapping[str, str]

    @classmethod
    def parse(cls, body: Document, parent_run: str | None = None) -> Submission:
        fields = {name.lower(): value for name, value in body.items() if value is not None}
        goes_on = fields.get("continuerunonstepfailure", fields.get("continueonstepfailure"))
        unsupported = [
            *fields.get("datapathassignments", {}),
            *fields.get("datasetdefinitionvalueassignments", {}),
        ]
        if unsupported:
            raise UnknownParameters(unsupported, [])
        return cls(
            experiment=fields.get("experimentname"),
            parameters=_strings(fields.get("parameterassignments") or {}),
            goes_on=None if goes_on is None else bool(goes_on),
            parent_run=parent_run or fields.get("parentrunid"),
            source=str(fields.get("runsource") or "Unavailable"),
            description=fields.get("description"),
            tags=fields.get("tags") or {},
            properties=fields.get("properties") or {},
        )


class Submissions:
    def __init__(self, pipelines: Pipelines, history: History) -> None:
        self._pipelines = pipelines
        self._history = history

    def accept(self, workspace: Workspace, pipeline_id: str, submission: Submission) -> Document:
        """The new run, not started yet. Raises when the pipeline is disabled or a parameter is unknown or
        missing.
        """
        pipeline = self._pipelines.active_pipeline(workspace, pipeline_id)
        goes_on = pipeline["ContinueRunOnStepFailure"] if submission.goes_on is None else submission.goes_on
        experiment = submission.experiment or pipeline["Name"] or "pipelines"
        return self._create(
            workspace, experiment, pipeline["GraphId"], submission, goes_on=goes_on, pipeline=pipeline
        )

    def accept_graph(self, workspace: Workspace, graph_id: str, submission: Submission) -> Document:
        """A graph that was not published (`Experiment.submit(pipeline)`)."""
        experiment = submission.experiment or "pipelines"
        return self._create(workspace, experiment, graph_id, submission, goes_on=bool(submission.goes_on))

    def _create(
        self,
        workspace: Workspace,
        experiment: str,
        graph_id: str,
        submission: Submission,
        *,
        goes_on: bool,
        pipeline: Document | None = None,
    ) -> Document:
        graph = self._pipelines.parsed(workspace, graph_id)
        _check_parameters(submission.parameters, graph.defaults)
        about = {
            "graph_id": graph_id,
            "pipeline_id": pipeline["Id"] if pipeline else None,
            "parameters": dict(submission.parameters),
            "goes_on": goes_on,
            "source": submission.source,
            "description": submission.description or (pipeline["Description"] if pipeline else None),
            "steps": len(graph.nodes),
            "tags": dict(submission.tags),
            "properties": dict(submission.properties),
        }
        return self._history.create_pipeline_run(workspace, experiment, about, parent=submission.parent_run)


def _strings(assignments: Mapping[str, Any]) -> dict[str, str]:
    wrong = sorted(name for name, value in assignments.items() if not isinstance(value, str))
    if wrong:
        raise BadRequest(
            f"ParameterAssignments are strings; {', '.join(wrong)} is not.", target="ParameterAssignments"
        )
    return dict(assignments)


def _check_parameters(assigned: Mapping[str, str], defaults: Mapping[str, str | None]) -> None:
    unknown = assigned.keys() - defaults.keys()
    if unknown:
        raise UnknownParameters(unknown, defaults)
    missing = sorted(name for name, default in defaults.items() if default is None and name not in assigned)
    if missing:
        raise BadRequest(
            f"The pipeline's parameter {', '.join(missing)} has no default and was not given.",
            target="ParameterAssignments",
        )
