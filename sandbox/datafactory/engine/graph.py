"""One list of activities: each starts when its dependencies decide so, or is skipped; ends when all have
ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sandbox.datafactory.engine.statuses import Decision, Dependencies, decide, evaluated_nodes, overall
from sandbox.datafactory.frame import Frame
from sandbox.datafactory.models import Json


@dataclass(frozen=True)
class Ended:
    """How an activity ended. `error` is its error object, with empty texts unless it failed."""

    status: str
    output: Json
    error: Json
    ran_anew: bool = True

    def fact(self) -> Json:
        """What activity('name') is to those after it; a skipped one has its status only."""
        if self.status == "Skipped":
            return {"status": self.status}
        return {"status": self.status, "output": self.output, "error": self.error}


@dataclass(frozen=True)
class Outcome:
    """All activities of a graph have ended; `decisive` are those that its status was read from."""

    status: str
    ended: dict[str, Ended]
    decisive: list[str]

    def failures(self) -> list[tuple[str, str]]:
        """Name and message of each decisive activity that failed."""
        return [
            (name, str(self.ended[name].error.get("message", "")))
            for name in self.decisive
            if self.ended[name].status == "Failed"
        ]


Execute = Callable[[Json, Frame], Awaitable[Ended]]
Skip = Callable[[Json, Frame], Ended]


def dependencies(activities: Sequence[Json]) -> dict[str, Dependencies]:
    """Activity → what it depends on, in the activities' own spelling."""
    names = {str(one["name"]).lower(): str(one["name"]) for one in activities}
    return {
        str(one["name"]): {
            names[entry["activity"].lower()]: tuple(entry["dependencyConditions"])
            for entry in one.get("dependsOn") or []
        }
        for one in activities
    }


async def run_graph(activities: Sequence[Json], frame: Frame, execute: Execute, skip: Skip) -> Outcome:
    """Cancelled: everything under way is cancelled and waited for, then the cancellation goes on."""
    depends_on = dependencies(activities)
    waiting = {str(one["name"]): one for one in activities}
    running: dict[asyncio.Task[Ended], str] = {}
    ended: dict[str, Ended] = {}
    try:
        while waiting or running:
            _advance(waiting, running, ended, depends_on, frame, execute, skip)
            if running:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in [one for one in running if one.done()]:
                _end(running.pop(task), task.result(), ended, frame)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    statuses = {name: one.status for name, one in ended.items()}
    return Outcome(overall(depends_on, statuses), ended, evaluated_nodes(depends_on, statuses))


def _advance(
    waiting: dict[str, Json],
    running: dict[asyncio.Task[Ended], str],
    ended: dict[str, Ended],
    depends_on: dict[str, Dependencies],
    frame: Frame,
    execute: Execute,
    skip: Skip,
) -> None:
    """Start or skip all that can be; a skip may decide others, so until nothing changes."""
    changed = True
    statuses = {name: one.status for name, one in ended.items()}
    while changed:
        changed = False
        for name, activity in list(waiting.items()):
            decision = decide(depends_on[name], statuses)
            if decision is Decision.WAIT:
                continue
            changed = True
            del waiting[name]
            if decision is Decision.SKIP:
                _end(name, skip(activity, frame), ended, frame)
                statuses[name] = ended[name].status
            else:
                fresh = any(ended[before].ran_anew for before in depends_on[name])
                inner = frame.anew() if fresh else frame
                running[asyncio.ensure_future(_execute(execute, activity, inner))] = name


async def _execute(execute: Execute, activity: Json, frame: Frame) -> Ended:
    return await execute(activity, frame)


def _end(name: str, one: Ended, ended: dict[str, Ended], frame: Frame) -> None:
    ended[name] = one
    frame.activities[name] = one.fact()
