"""One run of one pipeline, from its first activity to its status and message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datafactory.engine.attempts import run_activity, skip_activity
from sandbox.datafactory.engine.graph import Ended, Outcome, run_graph
from sandbox.datafactory.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.datafactory.engine.services import Host
    from sandbox.datafactory.models import Json


@dataclass(frozen=True)
class Result:
    status: str
    message: str


async def run_pipeline(host: Host) -> Result:
    """Never raises but for a cancellation: an activity's failure is the run's."""
    running = host.running
    outcome = await run_activities(running.definition.get("activities") or [], Frame(running), host)
    message = "; ".join(f"Operation on target {name} failed: {text}" for name, text in outcome.failures())
    return Result(outcome.status, message)


async def run_activities(activities: Sequence[Json], frame: Frame, host: Host) -> Outcome:
    """One level of a pipeline: its own activities, or a container's."""

    async def execute(activity: Json, inner: Frame) -> Ended:
        return await run_activity(activity, inner, host)

    def skip(activity: Json, inner: Frame) -> Ended:
        return skip_activity(activity, inner, host)

    return await run_graph(activities, frame, execute, skip)
