"""The runs of a factory, newest first, a page at a time; what is asked for is in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.datafactory.models import TERMINAL, Json
from sandbox.portal.look import NotThere
from sandbox.portal.timeline import Bar, Timeline
from sandbox.portal.words import instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from sandbox.datafactory.models import FactoryId
    from sandbox.portal.look import Look

PAGE: Final = 50
STATUSES: Final = ("Succeeded", "Failed", "InProgress", "Queued", "Cancelled")
_FOUND_BY: Final = {"pipeline": "pipelineName", "status": "status", "by": "invokedBy_name"}
_NOT_SAID: Final = frozenset({"", "-"})
"""What the product's pipelines pass where a parameter says nothing."""


@dataclass(frozen=True)
class Row:
    run: Json
    start: datetime
    end: datetime
    """Now, of one that goes on."""
    bar: Bar

    @property
    def lasted(self) -> timedelta:
        return self.end - self.start

    @property
    def given(self) -> str:
        """What its parameters say, on one line."""
        said = {name: value for name, value in self.run["parameters"].items() if value not in _NOT_SAID}
        return ", ".join(f"{name} {value}" for name, value in said.items())


def view(look: Look) -> dict[str, Any]:
    found = _page(look)
    rows = _rows(found[:PAGE], look.now)
    axis = Timeline.of((row.start, row.end) for row in rows)
    older = found[PAGE - 1]["runId"] if len(found) > PAGE else None
    return {
        "rows": rows,
        "axis": axis,
        "older": older and look.link("runs", **{**look.query, "before": older}),
        "newest": look.link("runs", **_asked(look.query)) if look.query.get("before") else None,
        "asked": {name: look.query.get(name, "") for name in _FOUND_BY},
        "choices": _choices(look),
        "every_seconds": 2 if any(row.run["status"] not in TERMINAL for row in rows) else 5,
    }


def _page(look: Look) -> list[Json]:
    """One more than are shown, where there are more."""
    if look.factory is None:
        return []
    equal = {_FOUND_BY[name]: value for name, value in _asked(look.query).items()}
    before = _before(look, look.factory)
    return look.data_factory.runs.newest(look.factory, equal, before=before, limit=PAGE + 1)


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in _FOUND_BY if query.get(name)}


def _before(look: Look, factory: FactoryId) -> Json | None:
    """The last run of the page before, by its id."""
    run_id = look.query.get("before")
    if not run_id:
        return None
    found = look.data_factory.runs.find(factory, run_id)
    if found is None:
        raise NotThere(f"There is no page of runs before {run_id}.")
    return found


def _rows(runs: list[Json], now: datetime) -> list[Row]:
    spans = [bounds(run["runStart"], run["runEnd"], now) for run in runs]
    axis = Timeline.of(spans)
    if axis is None:
        return []
    return [Row(run, *span, axis.bar(*span)) for run, span in zip(runs, spans, strict=True)]


def bounds(start: str, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """What goes on goes on until now."""
    begun = instant(start) or now
    return begun, max(begun, instant(end) or now)


def _choices(look: Look) -> dict[str, list[str]]:
    """What there is to choose from; who started a run is a trigger, a pipeline or somebody."""
    if look.factory is None:
        return {"pipeline": [], "status": list(STATUSES), "by": []}
    entities = look.data_factory.entities
    pipelines = [str(one["name"]) for one in entities.list(look.factory, "pipelines")]
    triggers = [str(one["name"]) for one in entities.list(look.factory, "triggers")]
    return {
        "pipeline": sorted(pipelines),
        "status": list(STATUSES),
        "by": ["Manual", *sorted(triggers), *sorted(pipelines)],
    }
