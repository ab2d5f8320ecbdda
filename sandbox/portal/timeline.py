"""Spans of time as bars on one axis. Pure; positions are percent of the axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_NARROWEST = 0.8
"""Percent: what was over at once is seen, too."""


@dataclass(frozen=True)
class Bar:
    x: float
    width: float


@dataclass(frozen=True)
class Timeline:
    start: datetime
    end: datetime

    @classmethod
    def of(cls, spans: Iterable[tuple[datetime, datetime]]) -> Timeline | None:
        """The axis that holds all of them; None where there are none."""
        known = list(spans)
        return cls(min(start for start, _ in known), max(end for _, end in known)) if known else None

    @property
    def labels(self) -> tuple[str, str]:
        """Of its ends: without the day, where it is one."""
        form = "%H:%M:%S" if self.start.date() == self.end.date() else "%Y-%m-%d %H:%M"
        return self.start.strftime(form), self.end.strftime(form)

    def bar(self, start: datetime, end: datetime) -> Bar:
        whole = (self.end - self.start).total_seconds()
        if whole <= 0:
            return Bar(0, 100)
        width = max(_NARROWEST, 100 * (end - start).total_seconds() / whole)
        x = 100 * (start - self.start).total_seconds() / whole
        return Bar(round(max(0.0, min(x, 100 - width)), 2), round(min(width, 100.0), 2))
