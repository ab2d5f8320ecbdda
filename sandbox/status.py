"""What a running sandbox says of itself: `GET /_sandbox/status`. To look does not keep it alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.arguments import Options
    from sandbox.context import Context
    from sandbox.lake_process import LakeProcess

PATH = "/_sandbox/status"


def ready_lines(control: str, logs: Path, stop: str) -> tuple[str, ...]:
    """What a start says; those who wait for it read the first."""
    return f"ready {control}", f"logs  {logs}", f"stop  {stop}"


async def of(context: Context, lake: LakeProcess, options: Options) -> dict[str, Any]:
    return {
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
