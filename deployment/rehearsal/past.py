"""What the environment's factory ran lately: how long its runs took, and how many failed. Reads only.

A pipeline run is taken for its ML run: what it does besides takes seconds. Where Data Factory queued it, or
the cluster did, that is in it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_DAYS: Final = 45
"""So long Data Factory keeps runs."""
MOST_RUNS: Final = 500
"""Of a pipeline, the newest: what was long ago need not be what will be."""


class PastRuns(Protocol):
    def runs(self, after: datetime, before: datetime) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True)
class Past:
    """Of one pipeline."""

    minutes: Sequence[float]
    """Of the runs that succeeded, oldest first; at least one."""
    failures_percent: float


def past_of(factory: PastRuns, now: datetime, days: int) -> dict[str, Past]:
    """Pipeline → its past. Pipelines of which none succeeded have none."""
    ended = defaultdict[str, list["Mapping[str, Any]"]](list)
    for run in factory.runs(now - timedelta(days=days), now):
        if run["status"] in {"Succeeded", "Failed"} and run.get("durationInMs") is not None:
            ended[run["pipelineName"]].append(run)
    found = {pipeline: _past(runs[-MOST_RUNS:]) for pipeline, runs in ended.items()}
    return {pipeline: past for pipeline, past in found.items() if past.minutes}


def _past(runs: Sequence[Mapping[str, Any]]) -> Past:
    minutes = [round(run["durationInMs"] / 60_000, 2) for run in runs if run["status"] == "Succeeded"]
    return Past(minutes, 100 * (len(runs) - len(minutes)) / len(runs))
