"""The runs of all factories: started, queued, cancelled, ended."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.datafactory.engine.orders import Order, Orders, trigger_facts
from sandbox.datafactory.engine.pipeline import Result, run_activities, run_pipeline
from sandbox.datafactory.engine.services import Host, Outside
from sandbox.datafactory.errors import BadRequest, NotFound
from sandbox.datafactory.frame import RunningPipeline
from sandbox.datafactory.models import TERMINAL, FactoryId, InvokedBy, Json, JsonValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import aiohttp

    from sandbox.context import Context
    from sandbox.datafactory.activities.call import ActivityKind
    from sandbox.datafactory.engine.graph import Outcome
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.factories import Factories
    from sandbox.datafactory.frame import Frame
    from sandbox.datafactory.runs import Runs

PLACES = 50
"""Activities that reach outside at one time: what a laptop bears."""
_MOST_QUEUED = 100
_CANCELLED = Result("Cancelled", "The run was cancelled.")
_log = logging.getLogger("sandbox.runs")


@dataclass
class UnderWay:
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
        places: int = PLACES,
    ) -> None:
        self._context = context
        self._factories = factories
        self._entities = entities
        self._runs = runs
        self._orders = Orders(context.clock, factories, entities, runs)
        self._session = session
        self._kinds = kinds
        self._places = asyncio.Semaphore(places)
        self._under_way: dict[str, UnderWay] = {}
        self._queues: dict[tuple[str, str], deque[str]] = {}
        self._stopping = False

    def start(self, order: Order) -> str:
        """Record the run and start or queue it; its id. Raises `AzureError` for what createRun refuses."""
        running = self._orders.accept(order)
        name = running.definition_name
        waits = self._must_wait(order.factory, name, running.definition.get("concurrency"))
        status = "Queued" if waits else "InProgress"
        document = self._orders.document(order, running, status)
        self._runs.add(order.factory, document, running.kept() if waits else None)
        self._under_way[running.run_id] = UnderWay(running)
        _log.info("%s: %s, invoked by %s", _named(running), status, order.invoked_by.name)
        if waits:
            self._queue(order.factory, name).append(running.run_id)
        else:
            self._launch(running.run_id)
        return running.run_id

    def resume(self) -> None:
        """At a start: the runs that waited for their turn when the last process died wait on."""
        for factory, run_id, waiting in self._runs.queued():
            running = RunningPipeline(factory=factory, run_id=run_id, now=self._context.clock.now, **waiting)
            self._under_way[run_id] = UnderWay(running)
            self._queue(factory, running.definition_name).append(run_id)
        for under in list(self._under_way.values()):
            self._next(under.running.factory, under.running.definition_name)

    def start_child(self, parent: RunningPipeline, pipeline: str, parameters: Json) -> str:
        invoked_by = InvokedBy(
            parent.definition_name, parent.run_id, "PipelineActivity", parent.definition_name, parent.run_id
        )
        system = {
            "TriggeredByPipelineName": parent.definition_name,
            "TriggeredByPipelineRunId": parent.run_id,
        }
        order = Order(parent.factory, pipeline, parameters, invoked_by, {**trigger_facts(parent), **system})
        run_id = self.start(order)
        self._under_way[parent.run_id].children.append(run_id)
        return run_id

    async def wait(self, factory: FactoryId, run_id: str) -> Json:
        """A run's document once it is over."""
        under = self._under_way.get(run_id)
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
        under = self._under_way[run["runId"]]
        if recursive:
            for child in under.children:
                if child in self._under_way:
                    self.cancel(factory, child, recursive=True)
        self._cancel(under)

    def forget(self, factory: FactoryId) -> None:
        """The factory is deleted: nothing of it goes on."""
        for under in list(self._under_way.values()):
            if under.running.factory.scope == factory.scope:
                self._cancel(under)

    def _cancel(self, under: UnderWay) -> None:
        """Once only: a second cancellation would interrupt what the first has to undo."""
        if under.cancelled:
            return
        under.cancelled = True
        if under.task is None:
            self._finish(under, _CANCELLED)
            return
        self._change(under, status="Canceling")
        under.task.cancel()

    async def stop(self) -> None:
        """The sandbox goes down: what is under way is left as it is, to be failed at the next start."""
        self._stopping = True
        tasks = [under.task for under in self._under_way.values() if under.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _launch(self, run_id: str) -> None:
        under = self._under_way[run_id]
        under.task = asyncio.get_running_loop().create_task(self._run(under))
        under.task.add_done_callback(lambda _: self._make_sure_of_the_end(under))

    async def _run(self, under: UnderWay) -> None:
        with self._context.activity.working(_named(under.running)):
            try:
                result = await run_pipeline(self._host(under))
            except asyncio.CancelledError:
                if self._stopping:
                    raise
                result = _CANCELLED
            except Exception as mistake:  # noqa: BLE001 - the runtime's own: a run always ends, and says of what
                _log.exception("%s", _named(under.running))
                result = Result("Failed", f"InternalError: {type(mistake).__name__}: {mistake}")
            self._finish(under, result)

    def _make_sure_of_the_end(self, under: UnderWay) -> None:
        """A task that is cancelled before its first line ends without its run."""
        if not under.over.is_set() and not self._stopping:
            self._finish(under, _CANCELLED)

    def _finish(self, under: UnderWay, result: Result) -> None:
        running = under.running
        _log.info("%s: %s", _named(running), f"{result.status} {result.message}".rstrip())
        try:
            self._change(
                under, status=result.status, message=result.message, return_value=running.return_value
            )
        finally:
            # Whoever waits must not wait for ever, even where the end could not be written.
            del self._under_way[running.run_id]
            under.over.set()
        self._next(running.factory, running.definition_name)

    def _change(self, under: UnderWay, *, return_value: Json | None = None, **changes: JsonValue) -> None:
        running = under.running
        private = {"returnValue": return_value}
        self._runs.change(running.factory, running.run_id, private=private, **changes)

    def _next(self, factory: FactoryId, pipeline: str) -> None:
        """Let queued runs go as places become free, in the order they came."""
        queue = self._queue(factory, pipeline)
        while queue:
            under = self._under_way.get(queue[0])
            if under is None:
                queue.popleft()
                continue
            if self._active(factory, pipeline) >= (under.running.definition.get("concurrency") or len(queue)):
                return
            run_id = queue.popleft()
            self._change(under, status="InProgress")
            self._launch(run_id)

    def _must_wait(self, factory: FactoryId, pipeline: str, concurrency: int | None) -> bool:
        """Where runs are limited none overtakes one that waits, whatever the limit was then."""
        queued = len(self._queue(factory, pipeline))
        if concurrency is None or (not queued and self._active(factory, pipeline) < concurrency):
            return False
        if queued >= _MOST_QUEUED:
            raise BadRequest(f"The pipeline '{pipeline}' has {_MOST_QUEUED} queued runs; no more are taken.")
        return True

    def _active(self, factory: FactoryId, pipeline: str) -> int:
        key = _key(factory, pipeline)
        return sum(
            1
            for under in self._under_way.values()
            if under.task is not None and _key(under.running.factory, under.running.definition_name) == key
        )

    def _queue(self, factory: FactoryId, pipeline: str) -> deque[str]:
        return self._queues.setdefault(_key(factory, pipeline), deque())

    def _host(self, under: UnderWay) -> Host:
        running = under.running

        async def graph(activities: Sequence[Json], frame: Frame) -> Outcome:
            return await run_activities(activities, frame, host)

        host = Host(
            running=running,
            runs=self._runs,
            clock=self._context.clock,
            activity=self._context.activity,
            places=self._places,
            outside=Outside(
                control=self._context.endpoints.control,
                warehouse=self._context.state / "warehouse",
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


def _named(running: RunningPipeline) -> str:
    """For people, in the log and in `status`."""
    return f"pipeline run {running.run_id} of {running.factory.name}/{running.definition_name}"
