"""Values in the words of a page: instants, spans, sizes, statuses. All times are UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sandbox.datafactory.models import parse_instant

_SIGNS: Final = {
    "Succeeded": "✓",
    "Completed": "✓",
    "landed": "✓",
    "Failed": "✕",
    "failed": "✕",
    "missing": "○",
    "late": "!",
    "landed late": "✓",
    "Cancelled": "■",
    "Canceled": "■",
    "Skipped": "↷",
    "Queued": "…",
    "NotStarted": "…",
    "due": "…",
    "Started": "▶",
    "Stopped": "■",
}
_GOING_ON: Final = "▶"
_CLASSES: Final = {
    "succeeded": "good",
    "completed": "good",
    "landed": "good",
    "started": "good",
    "failed": "bad",
    "missing": "lost",
    "late": "late",
    "landed late": "late",
    "cancelled": "off",
    "canceled": "off",
    "skipped": "off",
    "stopped": "off",
    "queued": "wait",
    "notstarted": "wait",
    "due": "wait",
}


def instant(value: str | datetime | None) -> datetime | None:
    """Of either service's texts."""
    if isinstance(value, str):
        return parse_instant(value) if value else None
    return value


def moment(value: str | datetime | None) -> str:
    """`2026-11-22 06:00:12`."""
    at = instant(value)
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def machine(value: str | datetime | None) -> str:
    """For the `datetime` of a `time`."""
    at = instant(value)
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(length: timedelta | None) -> str:
    """Two units: `1 d 4 h`, `2 min 10 s`, `4.2 s`, `120 ms`."""
    if length is None:
        return ""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    counts = (("d", whole // 86400), ("h", whole // 3600 % 24), ("min", whole // 60 % 60), ("s", whole % 60))
    return " ".join([f"{count} {unit}" for unit, count in counts if count][:2])


def size(count: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def number(value: object) -> str:
    """What should be one: a manifest's may be anything."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def sign(status: str) -> str:
    """A shape beside each colour: who sees no colours sees it, too."""
    return _SIGNS.get(status, _GOING_ON)


def kind(status: str) -> str:
    """The class that colours a status."""
    return _CLASSES.get(status.lower(), "busy")


def indented(value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(value, indent=2, ensure_ascii=False)


FILTERS: Final = {each.__name__: each for each in (moment, machine, span, size, number, sign, kind, indented)}
