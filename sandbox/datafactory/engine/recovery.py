"""Which activities a rerun takes over from the run it repairs, and which it runs again.

What they did to variables is taken over with them; the service's documentation does not say so, but an
expression that runs again must see what it saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.datafactory.activities.call import ActivityKind
    from sandbox.datafactory.frame import RunningPipeline
    from sandbox.datafactory.models import Json


def reusable(runs: Iterable[Json], start: str | None) -> dict[str, Json]:
    """Path → the activity run that may be taken over, where nothing it depends on ran anew (see `graph`).

    Without `start`: what succeeded. With it: all that ended, but for that activity and what is inside it.
    """
    latest = {str(run["_"]["path"]): run for run in runs}
    kept = ("Succeeded",) if start is None else ("Succeeded", "Failed")
    return {
        path: run
        for path, run in latest.items()
        if run["status"] in kept and (start is None or run["_"]["top"].lower() != start.lower())
    }


def retrace(run: RunningPipeline, path: str, kinds: Mapping[str, ActivityKind]) -> None:
    """What the activity at `path`, and those inside it, did to the run's variables, in their order."""
    for inner, earlier in run.reused.items():
        if inner == path or inner.startswith((f"{path}/", f"{path}[")):
            kinds[earlier["activityType"]].again(run, earlier["_"].get("output") or {})
