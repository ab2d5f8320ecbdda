"""May this pipeline run, and with what? An order becomes a run here, before anything starts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.engine.recovery import reusable
from sandbox.datafactory.errors import ActivityFailed, BadRequest, ReferencedRunNotValid
from sandbox.datafactory.frame import Frame, RunningPipeline
from sandbox.datafactory.models import TERMINAL, FactoryId, InvokedBy, Json, wire_instant
from sandbox.datafactory.parameters import HIDDEN, normal_type, resolve, wire_text

if TYPE_CHECKING:
    from sandbox.clock import Clock
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.factories import Factories
    from sandbox.datafactory.runs import Runs


@dataclass(frozen=True)
class Rerun:
    """What createRun says about an earlier run: its parameters are used again; a recovery joins its group."""

    run_id: str
    is_recovery: bool = False
    start_activity: str | None = None
    from_failure: bool = False


@dataclass(frozen=True)
class Order:
    """A pipeline run to be made."""

    factory: FactoryId
    pipeline: str
    parameters: Json = field(default_factory=dict)
    invoked_by: InvokedBy = field(default_factory=InvokedBy)
    system: Json = field(default_factory=dict)
    """What pipeline() says of a trigger: TriggerId, TriggerName, TriggerType, TriggerTime."""
    rerun: Rerun | None = None


class Orders:
    def __init__(self, clock: Clock, factories: Factories, entities: Entities, runs: Runs) -> None:
        self._clock = clock
        self._factories = factories
        self._entities = entities
        self._runs = runs

    def accept(self, order: Order) -> RunningPipeline:
        """The run, typed and complete, not recorded yet. Raises `AzureError` for what createRun refuses."""
        definition = self._entities.get(order.factory, "pipelines", order.pipeline)
        name, properties = definition["name"], definition["properties"]
        earlier = self._earlier(order, name)
        declared = properties.get("parameters") or {}
        given = order.parameters
        if earlier is not None:
            given = {key: value for key, value in earlier["_"]["parameters"].items() if key in declared}
        parameters = resolve(f"pipeline '{name}'", declared, given)
        return self._running(order, name, properties, parameters, earlier)

    def _earlier(self, order: Order, pipeline: str) -> Json | None:
        if order.rerun is None:
            return None
        found = self._runs.find(order.factory, order.rerun.run_id)
        if (
            found is None
            or found["pipelineName"].lower() != pipeline.lower()
            or found["status"] not in TERMINAL
        ):
            raise ReferencedRunNotValid(pipeline, order.rerun.run_id)
        return found

    def _running(
        self, order: Order, name: str, properties: Json, parameters: Json, earlier: Json | None
    ) -> RunningPipeline:
        run_id = str(uuid.uuid4())
        is_recovery = earlier is not None and order.rerun is not None and order.rerun.is_recovery
        factory = self._factories.get(order.factory)
        declared = factory["properties"].get("globalParameters") or {}
        now = wire_instant(self._clock.now())
        inherited = earlier["_"]["system"] if earlier is not None else {}
        return RunningPipeline(
            factory=order.factory,
            run_id=run_id,
            definition_name=name,
            definition=properties,
            parameters=parameters,
            global_parameters={key: one.get("value") for key, one in declared.items()},
            system={
                "DataFactory": order.factory.name,
                "Pipeline": name,
                "RunId": run_id,
                "GroupId": earlier["runGroupId"] if earlier is not None and is_recovery else run_id,
                "TriggerId": "",
                "TriggerName": "Manual",
                "TriggerType": "Manual",
                "TriggerTime": now,
                **inherited,
                **order.system,
            },
            now=self._clock.now,
            variables={
                key: one.get("defaultValue") for key, one in (properties.get("variables") or {}).items()
            },
            reused=self._reused(order, properties, earlier),
        )

    def _reused(self, order: Order, properties: Json, earlier: Json | None) -> dict[str, Json]:
        rerun = order.rerun
        if earlier is None or rerun is None or not (rerun.start_activity or rerun.from_failure):
            return {}
        if rerun.start_activity is not None:
            names = {one["name"].lower() for one in properties.get("activities") or []}
            if rerun.start_activity.lower() not in names:
                raise BadRequest(
                    f"The pipeline has no activity '{rerun.start_activity}' to start at.",
                    target="startActivityName",
                )
        return reusable(self._runs.activity_runs(order.factory, earlier["runId"]), rerun.start_activity)

    def document(self, order: Order, running: RunningPipeline, status: str) -> Json:
        """What monitoring shows of a new run."""
        now = wire_instant(self._clock.now())
        declared = running.definition.get("parameters") or {}
        dimensions = _dimensions(running)
        return {
            "id": f"{order.factory.resource_id}/pipelineruns/{running.run_id}",
            "runId": running.run_id,
            "runGroupId": running.system["GroupId"],
            "isLatest": True,
            "pipelineName": running.definition_name,
            "parameters": _shown_parameters(declared, running.parameters),
            "invokedBy": order.invoked_by.body(),
            "runStart": now,
            "runEnd": None,
            "durationInMs": None,
            "status": status,
            "message": "",
            "lastUpdated": now,
            "annotations": running.definition.get("annotations") or [],
            "runDimension": dimensions,
            "runDimensions": dimensions,
            "_": {"parameters": running.parameters, "system": trigger_facts(running), "returnValue": None},
        }


def _dimensions(running: RunningPipeline) -> Json:
    try:
        evaluated = Frame(running).evaluate(running.definition.get("runDimensions") or {})
    except ActivityFailed as failure:
        raise BadRequest(failure.message) from failure
    if not isinstance(evaluated, dict):
        raise BadRequest(f"The pipeline's runDimensions must be an object; they are {evaluated!r}.")
    return {name: wire_text(value) for name, value in evaluated.items()}


def trigger_facts(running: RunningPipeline) -> Json:
    """What a child and a rerun inherit: who set all this off."""
    names = ("TriggerId", "TriggerName", "TriggerType", "TriggerTime")
    return {name: running.system[name] for name in names}


def _shown_parameters(declared: Json, values: Json) -> dict[str, Any]:
    return {
        name: HIDDEN if normal_type(declared[name].get("type"), name) == "SecureString" else wire_text(value)
        for name, value in values.items()
    }
