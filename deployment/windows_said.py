"""Windows as people name them on the command line: by a day, a window id or an instant. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adf.windows import BadInstant, WindowError, parse_instant, parse_window_id
from deployment.errors import UsageError

if TYPE_CHECKING:
    from adf.windows import Grid, Window


def window_of(text: str, grid: Grid) -> Window:
    """The window that `2026-11-22` (a local day), a window id or an ISO instant names. Raises UsageError."""
    try:
        if _is_date(text):
            return _only_window_of_day(date.fromisoformat(text), grid)
        return grid.window_starting(_instant(text))
    except WindowError as error:
        raise UsageError(
            str(error), hint="--window 2026-11-22, a window id, or the instant it starts at"
        ) from error


def windows_between(since: str, until: str, grid: Grid) -> list[Window]:
    """The windows that start in [since, until). Raises UsageError if there is none."""
    try:
        start, end = _boundary(since, grid), _boundary(until, grid)
        found = list(grid.between(start, end)) if start < end else []
    except WindowError as error:
        raise UsageError(str(error), hint="--from 2026-11-01 --to 2026-11-08") from error
    if start >= end:
        raise UsageError(f"the range ends at {until}, before it has begun", hint="give --to a later instant")
    if not found:
        raise UsageError(f"no window starts from {since} to before {until}", hint=f"the grid is {grid}")
    return found


def instant_of(text: str, option: str) -> datetime:
    """The instant that `2026-11-22` (its midnight in UTC) or an ISO instant names, where no grid is meant.
    Raises UsageError.
    """
    try:
        if _is_date(text):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return parse_instant(text)
    except WindowError:
        hint = "2026-11-22, or 2026-11-22T06:00:00Z"
        raise UsageError(f"{option}: {text!r} is no day and no instant", hint=hint) from None


def _is_date(text: str) -> bool:
    try:
        return len(text) == len("2026-11-22") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _instant(text: str) -> datetime:
    return parse_window_id(text) if "T" in text and text.count("-") == 4 else parse_instant(text)


def _boundary(text: str, grid: Grid) -> datetime:
    return _midnight(date.fromisoformat(text), grid) if _is_date(text) else _instant(text)


def _midnight(day: date, grid: Grid) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(grid.zone))


def _only_window_of_day(day: date, grid: Grid) -> Window:
    if day == date.max:
        raise BadInstant(str(day), "a day whose end is one of the calendar")
    start, end = _midnight(day, grid), _midnight(day + timedelta(days=1), grid)
    found = list(grid.between(start, end))
    if len(found) == 1:
        return found[0]
    hint = f"--from {day} --to {day + timedelta(days=1)}, or the instant that a window starts at"
    raise UsageError(f"{len(found) or 'no'} windows of the grid ({grid}) start on {day}", hint=hint)
