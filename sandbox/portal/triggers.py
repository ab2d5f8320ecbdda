"""The triggers of a factory on a calendar of two weeks: what fired, and what will fire."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sandbox.datafactory.checks.triggers import pipelines_of
from sandbox.datafactory.models import parse_instant, wire_instant
from sandbox.portal import fires
from sandbox.portal.look import NotThere

if TYPE_CHECKING:
    from datetime import date

    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.portal.look import Look

DAYS: Final = 14
PAGE: Final = 50
"""Triggers."""
_BEFORE_TODAY: Final = 6
_MOST_FIRED: Final = 10_000
"""Trigger runs that are read for a page; what is older than these is not counted."""
_MOST_TO_COME: Final = 20_000
_NEXT_WITHIN: Final = timedelta(days=400)
_WORDS: Final = {"Inprogress": "InProgress"}


@dataclass
class Day:
    date: date
    fired: Counter[str] = field(default_factory=Counter)
    """How often, by what became of it."""
    to_come: list[datetime] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    trigger: Json
    state: str
    next: datetime | None
    days: list[Day]

    @property
    def name(self) -> str:
        return str(self.trigger["name"])

    @property
    def kind(self) -> str:
        return str(self.trigger["properties"]["type"])

    @property
    def pipelines(self) -> list[str]:
        return [
            str(one["pipelineReference"]["referenceName"]) for one in pipelines_of(self.trigger["properties"])
        ]


def view(look: Look) -> dict[str, Any]:
    first = _first_day(look)
    dates = [first + timedelta(days=number) for number in range(DAYS)]
    rows: list[Row] = []
    triggers = _page(look)
    if look.factory is not None:
        fired = _fired(look, look.factory, dates)
        rows = [_row(one, fired, dates, look.now) for one in triggers[:PAGE]]
    return {
        "rows": rows,
        "dates": dates,
        "today": look.now.date(),
        "more": look.link("triggers", **{**look.query, "after": rows[-1].name})
        if len(triggers) > PAGE
        else None,
        "earlier": look.link("triggers", **{"from": first - timedelta(days=7)}),
        "later": look.link("triggers", **{"from": first + timedelta(days=7)}),
        "now": look.link("triggers") if look.query.get("from") else None,
        "every_seconds": 5,
    }


def _page(look: Look) -> list[Json]:
    """By name, from behind one on; one more than are shown, where there are more."""
    if look.factory is None:
        return []
    after = look.query.get("after", "")
    named = {str(one["name"]): one for one in look.data_factory.entities.list(look.factory, "triggers")}
    return [named[name] for name in sorted(named) if name > after][: PAGE + 1]


def _first_day(look: Look) -> date:
    asked = look.query.get("from")
    if asked is None:
        return look.now.date() - timedelta(days=_BEFORE_TODAY)
    try:
        day = datetime.strptime(asked, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotThere(f"{asked!r} is no day such as 2026-11-22.") from error
    if not 1970 <= day.year <= 9000:
        raise NotThere(f"The calendar does not go to {asked}.")
    return day.date()


def _row(trigger: Json, fired: dict[tuple[str, date], Counter[str]], dates: list[date], now: datetime) -> Row:
    properties = trigger["properties"]
    started = properties.get("runtimeState") == "Started"
    days = {one: Day(one, fired.get((trigger["name"].lower(), one), Counter())) for one in dates}
    coming = None
    if started:
        start, end = max(now, _midnight(dates[0])), _midnight(dates[-1]) + timedelta(days=1)
        for fire, _ in islice(fires.between(properties, start, max(start, end)), _MOST_TO_COME):
            days[fire.date()].to_come.append(fire)
        coming = next((fire for fire, _ in fires.between(properties, now, now + _NEXT_WITHIN)), None)
    return Row(trigger, "Started" if started else "Stopped", coming, list(days.values()))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _fired(look: Look, factory: FactoryId, dates: list[date]) -> dict[tuple[str, date], Counter[str]]:
    """By trigger and day."""
    counted: dict[tuple[str, date], Counter[str]] = {}
    since = wire_instant(_midnight(dates[0]))
    for run in look.data_factory.runs.trigger_runs_since(factory, since, _MOST_FIRED):
        at = parse_instant(run["triggerRunTimestamp"])
        status = _WORDS.get(run["status"], str(run["status"]))
        counted.setdefault((str(run["triggerName"]).lower(), at.date()), Counter())[status] += 1
    return counted
