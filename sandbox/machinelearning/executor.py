"""Runs what was submitted: a graph's steps in the order of its edges, each a process of its own, so many at
a time.

A run always ends: Completed, Failed or Canceled. A step that fails stops the run (its running siblings are
cancelled) unless the pipeline goes on after failures; then only what depends on the failed step is left
out. When the sandbox stops, or was killed, the runs it left are Failed and their processes are dead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.machinelearning import steps, supervisor
from sandbox.machinelearning.errors import StepExited, StepFailed, StepNotStarted, StepTimedOut
from sandbox.machinelearning.models import Document, Graph, Node, Source, Status, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.context import Context
    from sandbox.machinelearning.blobs import Blobs
    from sandbox.machinelearning.history import History
    from sandbox.machinelearning.pipelines import Pipelines
    from sandbox.machinelearning.snapshots import Snapshots
    from sandbox.machinelearning.workspaces import Workspaces

log = logging.getLogger("sandbox.runs")
STOPPED = "the local Azure stopped while this ran"
_MOST_AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass
class Run:
    """A pipeline run in progress."""

    workspace: Workspace
    document: Document
    graph: Graph
    parameters: dict[str, str]
    goes_on: bool
    paths: dict[Source, str] = field(default_factory=dict)
    folders: dict[Source, Path] = field(default_factory=dict)
    ends: dict[str, Status] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        identity: str = self.document["runId"]
        return identity

    def __str__(self) -> str:
        """For people, in the log and in `status`."""
        return f"ml run {self.id} of {self.workspace.name}/{self.document['experimentName']}"

    def ready(self) -> list[Node]:
        """Steps not begun whose predecessors all ended well; none once a failure stops the run."""
        if self.errors and not self.goes_on:
            return []
        return [
            node
            for node in self.graph.nodes.values()
            if node.id not in self.ends and all(self.ends.get(other) == "Completed" for other in node.after)
        ]


class Executor:
    def __init__(
        self,
        context: Context,
        workspaces: Workspaces,
        history: History,
        pipelines: Pipelines,
        snapshots: Snapshots,
        blobs: Blobs,
    ) -> None:
        self._context = context
        self._workspaces = workspaces
        self._history = history
        self._pipelines = pipelines
        self._snapshots = snapshots
        self._blobs = blobs
        self._slots = asyncio.Semaphore(_MOST_AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def recover(self) -> None:
        """At start: nothing runs, so whatever says it does was left by a sandbox that was killed."""
        for workspace in self._workspaces.all():
            for run in self._history.unfinished(workspace):
                error = steps.error_document("ServiceError", STOPPED)
                self._history.end(workspace, run["runId"], "Failed", error)
            shutil.rmtree(self._workspaces.folder(workspace) / "running", ignore_errors=True)
            self._blobs.sweep(workspace)

    def start(self, workspace: Workspace, document: Document) -> None:
        pipeline = document["pipeline"]
        graph = self._pipelines.parsed(workspace, pipeline["graph_id"])
        parameters = steps.run_parameters(graph, pipeline["parameters"])
        run = Run(workspace, document, graph, parameters, pipeline["goes_on"])
        task = asyncio.create_task(self._run(run), name=f"ml run {run.id}")
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._forget(run))

    def start_created(self, workspace: Workspace, run_id: str) -> None:
        """A run that was created first and is submitted now; a second time changes nothing."""
        document = self._history.pipeline_run(workspace, run_id)
        if document["status"] == "NotStarted" and document["runId"] not in self._tasks:
            self.start(workspace, document)

    def cancel(self, workspace: Workspace, run_id: str) -> None:
        """Kills the run's steps; the run is Canceled a moment later. A run that has ended stays as it is."""
        if run_id in self._tasks:
            self._tasks[run_id].cancel()
        else:
            self._history.end(workspace, run_id, "Canceled")

    def cancel_all(self, workspace: Workspace) -> None:
        """The workspace is deleted: nothing goes on computing in it."""
        for run in self._history.unfinished(workspace):
            self.cancel(workspace, run["runId"])

    async def close(self) -> None:
        self._stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, run: Run) -> None:
        """A task that is cancelled before its first line never ends its run by itself; an ended run stays
        as it is.
        """
        self._tasks.pop(run.id, None)
        self._end_cancelled(run.workspace, run.id)

    async def _run(self, run: Run) -> None:
        log.info("%s: started", run)
        with self._context.activity.working(str(run)), self._context.activity.elsewhere():
            try:
                self._history.start(run.workspace, run.id)
                await self._walk(run)
            except asyncio.CancelledError:
                self._end_cancelled(run.workspace, run.id)
            except Exception as error:  # a run always ends; the cause is kept in it and in the sandbox's log
                log.exception("%s", run)
                self._end_broken(run.workspace, run.id, error)
            else:
                self._end(run)

    def _end(self, run: Run) -> None:
        log.info("%s: %s", run, " ".join(run.errors) or "Completed")
        if not run.errors:
            self._history.end(run.workspace, run.id, "Completed")
            return
        message = "Pipeline has failed steps. " + " ".join(run.errors)
        self._history.end(run.workspace, run.id, "Failed", steps.error_document("UserError", message))

    def _end_cancelled(self, workspace: Workspace, run_id: str) -> None:
        if self._stopping:
            error = steps.error_document("ServiceError", STOPPED)
            self._history.end(workspace, run_id, "Failed", error)
        else:
            self._history.end(workspace, run_id, "Canceled")

    def _end_broken(self, workspace: Workspace, run_id: str, error: Exception) -> None:
        message = f"the local Azure failed to run this: {type(error).__name__}: {error}"
        self._history.end(workspace, run_id, "Failed", steps.error_document("ServiceError", message))

    async def _walk(self, run: Run) -> None:
        working: dict[asyncio.Task[Status], Node] = {}
        try:
            while True:
                for node in run.ready():
                    run.ends[node.id] = "Running"
                    working[asyncio.create_task(self._step(run, node))] = node
                if not working:
                    return
                done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    run.ends[working.pop(task).id] = task.result()
                if run.errors and not run.goes_on:
                    return
        finally:
            await _cancel_all(list(working))

    async def _step(self, run: Run, node: Node) -> Status:
        """Its end, as the graph sees it; a failure's words are in `run.errors` and in the step's own run."""
        document = self._history.create_step_run(run.workspace, run.document, node)
        run_id = document["runId"]
        try:
            async with self._slots:
                await self._execute(run, node, document)
        except asyncio.CancelledError:
            self._end_cancelled(run.workspace, run_id)
            raise
        except StepFailed as failure:
            run.errors.append(f"Step '{node.name}' failed: {failure.message}.")
            error = steps.error_document(failure.code, failure.message)
            self._history.end(run.workspace, run_id, "Failed", error)
            return "Failed"
        except Exception as error:
            self._end_broken(run.workspace, run_id, error)
            raise
        self._history.end(run.workspace, run_id, "Completed")
        return "Completed"

    async def _execute(self, run: Run, node: Node, document: Document) -> None:
        self._require_compute(run.workspace, node)
        folders = self._make_folders(run.workspace, document["runId"])
        try:
            self._place_outputs(run, node, document["runId"])
            environment = steps.run_environment(self._context, run.workspace, run.document, document, folders)
            locations = steps.Locations(run.paths, run.folders)
            python = self._context.step_python
            command = steps.command(python, node, run.parameters, locations, environment)
            await asyncio.to_thread(self._prepare, run.workspace, node, folders)
            self._history.start(run.workspace, document["runId"])
            log.info("%s: step '%s' started, its log: %s", run, node.name, folders.log)
            await run_process(command, folders, node.timeout_seconds)
        finally:
            await asyncio.to_thread(shutil.rmtree, folders.work.parent, ignore_errors=True)

    def _require_compute(self, workspace: Workspace, node: Node) -> None:
        name = steps.compute_of(node)
        known = {compute["name"].lower() for compute in self._workspaces.computes(workspace)}
        if name and name.lower() not in known:
            raise StepNotStarted(
                f"the compute target '{name}' does not exist in workspace '{workspace.name}'"
            )

    def _make_folders(self, workspace: Workspace, run_id: str) -> steps.Folders:
        running = self._workspaces.folder(workspace) / "running" / run_id
        artifacts = self._blobs.blob(workspace, f"artifacts/ExperimentRun/dcid.{run_id}").file
        folders = steps.Folders(work=running / "work", home=running / "home", artifacts=artifacts)
        for folder in (folders.work, folders.home, folders.log.parent):
            folder.mkdir(parents=True, mode=0o700)
        return folders

    def _place_outputs(self, run: Run, node: Node, run_id: str) -> None:
        for output in node.outputs.values():
            datastore = self._context.store.get(run.workspace.scope, "datastores", output.datastore)
            if datastore is None or datastore["dataStoreType"] != "AzureBlob":
                raise StepNotStarted(
                    f"its output '{output.name}' is on the datastore '{output.datastore}': the local Azure "
                    "writes outputs to registered blob datastores only"
                )
            source = Source(node.id, output.name)
            run.paths[source] = steps.output_path(output, run_id)
            place = self._blobs.blob(run.workspace, f"datastores/{output.datastore}/{run.paths[source]}")
            place.file.mkdir(parents=True, exist_ok=True)
            run.folders[source] = place.file

    def _prepare(self, workspace: Workspace, node: Node, folders: steps.Folders) -> None:
        """What a step writes to `./outputs` and `./logs` belongs to its run: both are links into its
        artifacts.
        """
        if node.snapshot is not None:
            self._snapshots.materialize(workspace, node.snapshot, folders.work)
        for name in ("outputs", "logs"):
            place = folders.artifacts / name
            if (folders.work / name).is_dir():
                shutil.move(folders.work / name, place)
            place.mkdir(exist_ok=True)
            (folders.work / name).symlink_to(place, target_is_directory=True)


async def run_process(command: steps.Command, folders: steps.Folders, timeout_seconds: float | None) -> None:
    """Returns when the step ended well; a step that must stop (limit, cancel) is killed with all its
    processes.
    """
    with folders.log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", supervisor.__file__, "--", *command.arguments),
            cwd=folders.work,
            env=dict(command.environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=stream,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(timeout_seconds):
            code = await process.wait()
    except TimeoutError as error:
        raise StepTimedOut(timeout_seconds or 0) from error
    finally:
        await _release(process)
    if code != 0:
        raise StepExited(code, await asyncio.to_thread(steps.error_of, folders.log))


async def _release(process: asyncio.subprocess.Process) -> None:
    """The end of its input is the supervisor's order to kill the step; it is awaited even while being
    cancelled.
    """
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        await asyncio.shield(asyncio.ensure_future(process.wait()))


async def _cancel_all(tasks: list[asyncio.Task[Status]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
