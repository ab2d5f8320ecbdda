"""The runs of all factories: started, queued, cancelled, ended."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.checks.parameters import HIDDEN, normal_type, resolve, wire_text
from sandbox.datafactory.engine.frame import Frame, RunningPipeline
from sandbox.datafactory.engine.pipeline import Result, run_activities, run_pipeline
from sandbox.datafactory.engine.recovery import reusable
from sandbox.datafactory.engine.services import Host, Outside
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotFound, ReferencedRunNotValid
from sandbox.datafactory.models import TERMINAL, FactoryId, InvokedBy, Json, wire_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import aiohttp

    from sandbox.context import Context
    from sandbox.datafactory.activities.call import ActivityKind
    from sandbox.datafactory.engine.graph import Outcome
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.factories import Factories
    from sandbox.datafactory.runs import Runs

_PLACES = 50
_MOST_QUEUED = 100


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


@dataclass
class Under:
    """A run under way or queued, in memory only."""

    running: RunningPipeline
    task: asyncio.Task[None] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: bool = False
    children: list[str] = field(default_factory=list)


class Engine:
    def __init__(
        self,
        context: Context,
        factories: Factories,
        entities: Entities,
        runs: Runs,
        session: Callable[[], aiohttp.ClientSession],
        kinds: Mapping[str, ActivityKind],
    ) -> None:
        self._context = context
        self._factories = factories
        self._entities = entities
        self._runs = runs
        self._session = session
        self._kinds = kinds
        self._places = asyncio.Semaphore(_PLACES)
        self._under: dict[str, Under] = {}
        self._queues: dict[tuple[str, str], deque[str]] = {}
        self._stopping = False

    def start(self, order: Order) -> str:
        """Record the run and start or queue it; its id. Raises `AzureError` for what createRun refuses."""
        definition = self._entities.get(order.factory, "pipelines", order.pipeline)
        name, properties = definition["name"], definition["properties"]
        earlier = self._earlier(order, name)
        declared = properties.get("parameters") or {}
        given = order.parameters
        if earlier is not None:
            given = {key: value for key, value in earlier["_"]["parameters"].items() if key in declared}
        parameters = resolve(f"pipeline '{name}'", declared, given)
        waits = self._must_wait(order.factory, name, properties.get("concurrency"))
        running = self._running(order, name, properties, parameters, earlier)
        self._runs.add(order.factory, self._document(order, running, "Queued" if waits else "InProgress"))
        self._under[running.run_id] = Under(running)
        if waits:
            self._queue(order.factory, name).append(running.run_id)
        else:
            self._launch(running.run_id)
        return running.run_id

    def start_child(self, parent: RunningPipeline, pipeline: str, parameters: Json) -> str:
        invoked_by = InvokedBy(
            parent.definition_name, parent.run_id, "PipelineActivity", parent.definition_name, parent.run_id
        )
        system = {
            "TriggeredByPipelineName": parent.definition_name,
            "TriggeredByPipelineRunId": parent.run_id,
        }
        order = Order(parent.factory, pipeline, parameters, invoked_by, {**_trigger_facts(parent), **system})
        run_id = self.start(order)
        self._under[parent.run_id].children.append(run_id)
        return run_id

    async def wait(self, factory: FactoryId, run_id: str) -> Json:
        """A run's document once it is over."""
        under = self._under.get(run_id)
        if under is not None:
            await under.over.wait()
        found = self._runs.find(factory, run_id)
        if found is None:
            raise NotFound(f"There is no pipeline run {run_id}.", target=run_id)
        return found

    def cancel(self, factory: FactoryId, run_id: str, *, recursive: bool) -> None:
        """Ask a run to end; it is Canceling until its activities have. Raises `AzureError` when it is
        over.
        """
        run = self._runs.find(factory, run_id)
        if run is None:
            raise NotFound(f"The pipeline run {run_id} was not found.", target=run_id)
        if run["status"] in TERMINAL:
            raise BadRequest(f"The pipeline run {run_id} is over ({run['status']}): it cannot be cancelled.")
        under = self._under[run_id]
        under.cancelled = True
        if recursive:
            for child in under.children:
                if child in self._under:
                    self.cancel(factory, child, recursive=True)
        self._runs.change(factory, run_id, status="Canceling")
        if under.task is None:
            self._finish(run_id, Result("Cancelled", "The run was cancelled."))
        else:
            under.task.cancel()

    async def stop(self) -> None:
        """The sandbox goes down: what is under way is left as it is, to be failed at the next start."""
        self._stopping = True
        tasks = [under.task for under in self._under.values() if under.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _launch(self, run_id: str) -> None:
        under = self._under[run_id]
        under.task = asyncio.get_running_loop().create_task(self._run(under))

    async def _run(self, under: Under) -> None:
        with self._context.activity.working():
            try:
                result = await run_pipeline(self._host(under))
            except asyncio.CancelledError:
                if self._stopping:
                    raise
                result = Result("Cancelled", "The run was cancelled.")
            self._finish(under.running.run_id, result)

    def _finish(self, run_id: str, result: Result) -> None:
        under = self._under.pop(run_id)
        running = under.running
        document = self._runs.find(running.factory, run_id)
        # The factory may have been deleted, with its runs, while this one ran.
        if document is not None:
            private = {**document["_"], "returnValue": running.return_value}
            self._runs.change(
                running.factory, run_id, status=result.status, message=result.message, _=private
            )
        under.over.set()
        self._next(running.factory, running.definition_name)

    def _next(self, factory: FactoryId, pipeline: str) -> None:
        """Let queued runs go as places become free, in the order they came."""
        queue = self._queue(factory, pipeline)
        while queue:
            under = self._under.get(queue[0])
            if under is None:
                queue.popleft()
                continue
            if self._active(factory, pipeline) >= (under.running.definition.get("concurrency") or len(queue)):
                return
            run_id = queue.popleft()
            self._runs.change(factory, run_id, status="InProgress")
            self._launch(run_id)

    def _must_wait(self, factory: FactoryId, pipeline: str, concurrency: int | None) -> bool:
        if concurrency is None or self._active(factory, pipeline) < concurrency:
            return False
        if len(self._queue(factory, pipeline)) >= _MOST_QUEUED:
            raise BadRequest(f"The pipeline '{pipeline}' has {_MOST_QUEUED} queued runs; no more are taken.")
        return True

    def _active(self, factory: FactoryId, pipeline: str) -> int:
        key = _key(factory, pipeline)
        return sum(
            1
            for under in self._under.values()
            if under.task is not None and _key(under.running.factory, under.running.definition_name) == key
        )

    def _queue(self, factory: FactoryId, pipeline: str) -> deque[str]:
        return self._queues.setdefault(_key(factory, pipeline), deque())

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
        now = wire_instant(self._context.clock.now())
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
            now=self._context.clock.now,
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

    def _document(self, order: Order, running: RunningPipeline, status: str) -> Json:
        now = wire_instant(self._context.clock.now())
        declared = running.definition.get("parameters") or {}
        dimensions = self._dimensions(running)
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
            "_": {"parameters": running.parameters, "system": _trigger_facts(running), "returnValue": None},
        }

    def _dimensions(self, running: RunningPipeline) -> Json:
        try:
            evaluated = Frame(running).evaluate(running.definition.get("runDimensions") or {})
        except ActivityFailed as failure:
            raise BadRequest(failure.message) from failure
        return {name: wire_text(value) for name, value in evaluated.items()}

    def _host(self, under: Under) -> Host:
        running = under.running

        async def graph(activities: Sequence[Json], frame: Frame) -> Outcome:
            return await run_activities(activities, frame, host)

        host = Host(
            running=running,
            runs=self._runs,
            clock=self._context.clock,
            places=self._places,
            outside=Outside(
                control=self._context.endpoints.control,
                session=self._session,
                token=lambda audience: self._factories.token(running.factory, audience),
                view=lambda: self._entities.view(running.factory),
            ),
            children=self,
            run_graph=graph,
            kinds=self._kinds,
            stopping=lambda: self._stopping,
        )
        return host


def _key(factory: FactoryId, pipeline: str) -> tuple[str, str]:
    return factory.scope, pipeline.lower()


def _trigger_facts(running: RunningPipeline) -> Json:
    """What a child and a rerun inherit: who set all this off."""
    names = ("TriggerId", "TriggerName", "TriggerType", "TriggerTime")
    return {name: running.system[name] for name in names}


def _shown_parameters(declared: Json, values: Json) -> dict[str, Any]:
    return {
        name: HIDDEN if normal_type(declared[name].get("type"), name) == "SecureString" else wire_text(value)
        for name, value in values.items()
    }
