"""Which activities a rerun takes over from the run it repairs, and which it runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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
