"""Everything of the service, put together: one object an area, all over the same models."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from sandbox.context import Context
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
from sandbox.machinelearning.snapshot_routes import SnapshotRoutes
from sandbox.machinelearning.snapshots import Snapshots
from sandbox.machinelearning.submissions import Submissions
from sandbox.machinelearning.workspaces import Workspaces


def add_routes(app: web.Application, context: Context) -> None:
    """Runs that an earlier sandbox left unfinished are Failed before the first request; at its end all are
    stopped.
    """
    workspaces = Workspaces(context)
    blobs = Blobs(context, workspaces)
    snapshots = Snapshots(context.store, blobs)
    history = History(context.store, context.clock)
    pipelines = Pipelines(context.store, context.clock, snapshots)
    executor = Executor(context, workspaces, history, pipelines, snapshots, blobs)
    submissions = Submissions(pipelines, history)

    Resources(context, workspaces).add_routes(app)
    SnapshotRoutes(snapshots, blobs).add_routes(app, workspaces)
    PipelineRoutes(pipelines, submissions, executor, context.endpoints.control).add_routes(app, workspaces)
    RunRoutes(history, pipelines, executor, blobs).add_routes(app, workspaces)
    ArtifactRoutes(blobs).add_routes(app, workspaces)
    HistoryRoutes(context, history, blobs).add_routes(app, workspaces)
    ModelRoutes(Registry(context.store, context.clock)).add_routes(app, workspaces)

    async def run_executor(_: web.Application) -> AsyncIterator[None]:
        executor.recover()
        yield
        await executor.close()

    app.cleanup_ctx.append(run_executor)
