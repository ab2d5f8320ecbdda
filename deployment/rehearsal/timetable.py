"""The timetable that the local Azure tells, as values (sandbox/simulation/timetable.py: its keys)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adf.windows import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Awaited = tuple[str, datetime]
"""A trigger's window, by the name of the trigger and the window's start."""


@dataclass(frozen=True, slots=True)
class MlRun:
    asked: datetime
    began: datetime
    ended: datetime
    nodes: int

    @property
    def queued(self) -> timedelta:
        return self.began - self.asked


@dataclass(frozen=True, slots=True)
class Fire:
    """A trigger's fire or window: of a pipeline run, or of one that never was."""

    trigger: str
    due: datetime
    file: str | None
    """The one whose storage event it was: file system and path."""
    window_start: datetime | None
    waited_for: Sequence[Awaited]


@dataclass(frozen=True, slots=True)
class Run(Fire):
    pipeline: str
    parent: str | None
    started: datetime
    launched: datetime | None
    ended: datetime | None
    status: str
    error: str
    attempt: int
    ml_runs: Sequence[MlRun]

    @property
    def waited(self) -> timedelta:
        """For dependencies, for its turn, and for the attempts before it."""
        return self.started - self.due

    @property
    def queued(self) -> timedelta:
        """In the queue of its pipeline's `concurrency`, and for nodes."""
        in_factory = (self.launched or self.started) - self.started
        return sum((each.queued for each in self.ml_runs), in_factory)


@dataclass(frozen=True, slots=True)
class NotRun(Fire):
    status: str
    """Waiting or Retrying when the rehearsal ended; Failed."""
    why: str


@dataclass(frozen=True)
class Timetable:
    start: datetime
    end: datetime
    seed: int | None
    """None where nothing was drawn: it happened."""
    nodes: int | None
    triggers: Sequence[Mapping[str, Any]]
    runs: Sequence[Run]
    not_run: Sequence[NotRun]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Timetable:
        return cls(
            parse_instant(document["from"]),
            parse_instant(document["to"]),
            document["seed"],
            document["nodes"],
            document["triggers"],
            [_run(each) for each in document["runs"]],
            [NotRun(*_fire(each), each["status"], each["why"]) for each in document["not_run"]],
        )


def _fire(
    entry: Mapping[str, Any],
) -> tuple[str, datetime, str | None, datetime | None, list[Awaited]]:
    awaited = [(each["trigger"], parse_instant(each["window_start"])) for each in entry["waited_for"]]
    due, window_start = parse_instant(entry["due"]), _instant(entry["window_start"])
    return entry["trigger"], due, entry.get("file"), window_start, awaited


def _run(entry: Mapping[str, Any]) -> Run:
    return Run(
        *_fire(entry),
        entry["pipeline"],
        entry["parent"],
        parse_instant(entry["started"]),
        _instant(entry["launched"]),
        _instant(entry["ended"]),
        entry["status"],
        entry["error"],
        entry["attempt"],
        [_ml_run(each) for each in entry["ml"]],
    )


def _ml_run(entry: Mapping[str, Any]) -> MlRun:
    asked, began, ended = (parse_instant(entry[key]) for key in ("asked", "began", "ended"))
    return MlRun(asked, began, ended, entry["nodes"])


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
