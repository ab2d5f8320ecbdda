"""Everything of the service, put together: one object an area, all over the same models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.machinelearning.artifact_routes import ArtifactRoutes
from sandbox.machinelearning.blobs import Blobs
from sandbox.machinelearning.executor import Executor
from sandbox.machinelearning.history import History
from sandbox.machinelearning.history_routes import HistoryRoutes
from sandbox.machinelearning.model_routes import ModelRoutes
from sandbox.machinelearning.pipeline_routes import PipelineRoutes
from sandbox.machinelearning.pipelines import Pipelines
from sandbox.machinelearning.registry import Registry
from sandbox.machinelearning.resource_routes import Resources
from sandbox.machinelearning.run_routes import RunRoutes
from sandbox.machinelearning.schedules import Schedules
from sandbox.machinelearning.snapshot_routes import SnapshotRoutes
from sandbox.machinelearning.snapshots import Snapshots
from sandbox.machinelearning.submissions import Submissions
from sandbox.machinelearning.workspaces import Workspaces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from sandbox.context import Context


@dataclass(frozen=True)
class Service:
    """The models behind the routes, over one store and one folder."""

    context: Context
    workspaces: Workspaces
    blobs: Blobs
    snapshots: Snapshots
    history: History
    pipelines: Pipelines
    submissions: Submissions
    executor: Executor
    registry: Registry

    @classmethod
    def over(cls, context: Context) -> Service:
        workspaces = Workspaces(context)
        blobs = Blobs(context, workspaces)
        snapshots = Snapshots(context.store, blobs)
        history = History(context.store, context.clock)
        pipelines = Pipelines(context.store, context.clock, snapshots)
        return cls(
            context=context,
            workspaces=workspaces,
            blobs=blobs,
            snapshots=snapshots,
            history=history,
            pipelines=pipelines,
            submissions=Submissions(pipelines, history),
            executor=Executor(context, workspaces, history, pipelines, snapshots, blobs),
            registry=Registry(context.store, context.clock),
        )


def add_routes(app: web.Application, context: Context) -> Service:
    """Before the first request, runs that an earlier sandbox left unfinished are Failed; at the end all are
    stopped.
    """
    of = Service.over(context)
    Resources(context, of.workspaces, of.executor).add_routes(app)
    SnapshotRoutes(of.snapshots, of.blobs).add_routes(app, of.workspaces)
    control = context.endpoints.control
    schedules = Schedules(context.store, context.clock, of.pipelines)
    published = PipelineRoutes(of.pipelines, schedules, of.submissions, of.executor, control)
    published.add_routes(app, of.workspaces)
    RunRoutes(of.history, of.pipelines, of.executor, of.blobs).add_routes(app, of.workspaces)
    ArtifactRoutes(of.blobs).add_routes(app, of.workspaces)
    HistoryRoutes(context, of.history, of.blobs).add_routes(app, of.workspaces)
    ModelRoutes(of.registry).add_routes(app, of.workspaces)

    async def run_executor(_: web.Application) -> AsyncIterator[None]:
        of.executor.recover()
        yield
        await of.executor.close()

    app.cleanup_ctx.append(run_executor)
    return of
