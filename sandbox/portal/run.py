"""One run: its activities as a graph and one by one, its ML run, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.engine.orders import Order, Rerun
from sandbox.datafactory.errors import NotFound
from sandbox.datafactory.models import TERMINAL, FactoryId, Json
from sandbox.portal import ml_run
from sandbox.portal.graph import Graph, drawn
from sandbox.portal.look import NotThere
from sandbox.portal.runs import bounds
from sandbox.portal.timeline import Bar, Timeline

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sandbox.portal.look import Look


@dataclass(frozen=True)
class Activity:
    run: Json
    depth: int
    """How many containers are around it."""
    lasted: timedelta
    bar: Bar

    @property
    def hidden(self) -> list[str]:
        """`input` and `output`, where the policy says that nobody is to see them."""
        return [
            name
            for name in ("input", "output")
            if self.run[name] in ({"secureInput": True}, {"secureOutput": True})
        ]


def view(look: Look, run_id: str) -> dict[str, Any]:
    run = find(look, run_id)
    start, end = bounds(run["runStart"], run["runEnd"], look.now)
    documents = look.data_factory.runs.activity_runs(_factory(look), run["runId"])
    over = run["status"] in TERMINAL
    return {
        "run": run,
        "start": start,
        "lasted": end - start,
        "activities": [_activity(one, Timeline(start, end), look.now) for one in documents],
        "graph": _graph(look, run, documents),
        "ml_runs": [found for one in documents if (found := ml_run.of(look, one)) is not None],
        "over": over,
        "can_go_on": over and run["status"] != "Succeeded" and bool(documents),
        "first": run["runGroupId"] if run["runGroupId"] != run["runId"] else None,
        "every_seconds": 0 if over else 2,
    }


def find(look: Look, run_id: str) -> Json:
    """Raises `NotThere`."""
    found = None if look.factory is None else look.data_factory.runs.find(look.factory, run_id)
    if found is None:
        raise NotThere(f"There is no pipeline run {run_id}.")
    return found


def rerun(look: Look, run_id: str, *, from_failure: bool) -> str:
    """The new run's id. From a failure on: in the same group, with what succeeded taken over."""
    run = find(look, run_id)
    again = Rerun(run["runId"], is_recovery=from_failure, from_failure=from_failure)
    return look.data_factory.engine.start(Order(_factory(look), run["pipelineName"], rerun=again))


def cancel(look: Look, run_id: str) -> None:
    look.data_factory.engine.cancel(_factory(look), find(look, run_id)["runId"], recursive=True)


def _factory(look: Look) -> FactoryId:
    if look.factory is None:
        raise NotThere("There is no factory.")
    return look.factory


def _activity(run: Json, axis: Timeline, now: datetime) -> Activity:
    """What a rerun took over ran before its axis begins."""
    start, end = bounds(run["activityRunStart"], run["activityRunEnd"], now)
    return Activity(
        run,
        str(run["_"]["path"]).count("/"),
        end - start,
        axis.bar(max(start, axis.start), max(end, axis.start)),
    )


def _graph(look: Look, run: Json, documents: list[Json]) -> Graph | None:
    """Of the pipeline as it is now; None where it was deleted."""
    try:
        pipeline = look.data_factory.entities.get(_factory(look), "pipelines", run["pipelineName"])
    except NotFound:
        return None
    statuses = {str(one["_"]["path"]): str(one["status"]) for one in documents}
    return drawn(pipeline["properties"].get("activities") or [], statuses)
