"""What a running sandbox says of itself: `GET /_sandbox/status`. To look does not keep it alive."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.arguments import Options
    from sandbox.context import Context
    from sandbox.lake_process import LakeProcess

PATH = "/_sandbox/status"
CLOCK = "/_sandbox/clock"
WORLD = {"clock": "system"}
"""Of a sandbox that says nothing of its clock: one that was started before there were others."""


def ready_lines(control: str, logs: Path, stop: str, clock: Mapping[str, Any]) -> tuple[str, ...]:
    """What a start says; those who wait for it read the first."""
    lines = f"ready {control}", f"logs  {logs}", f"stop  {stop}"
    if clock["clock"] == "system":
        return lines
    return (*lines, f"clock {clock_line(clock)}", f"      {advance_command(logs.parent)}")


def clock_line(clock: Mapping[str, Any]) -> str:
    if clock["clock"] == "system":
        return "the world's"
    goal = f" to {clock['to']}" if clock["to"] else ""
    return f"virtual: {clock['now']}, {clock['pace']}{goal}"


def advance_command(folder: Path) -> str:
    return f"python -m sandbox clock --state {shlex.quote(str(folder))} --advance P1D"


async def of(context: Context, lake: LakeProcess, options: Options) -> dict[str, Any]:
    from sandbox import clock_routes

    return {
        "clock": clock_routes.state_of(context.clock),
        "runs": context.activity.runs(),
        "started_triggers": started_triggers(context),
        "idle_seconds": round(min(context.activity.idle_seconds(), await lake.idle_seconds())),
        "idle_minutes": options.idle_minutes,
        "triggers_keep_it": not options.despite_triggers,
    }


def started_triggers(context: Context) -> list[str]:
    """`<factory>/<trigger>`, in the order in which they were started."""
    from sandbox.datafactory.triggers.records import Records

    return [f"{factory.name}/{trigger}" for factory, trigger in Records(context.store).started()]
