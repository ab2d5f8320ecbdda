"""Windows on a calendar: a row a day, month or year, a cell a window: what is missing is seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adf.windows import Grid
    from sandbox.portal.windows import WindowState

_FINE: Final = timedelta(minutes=15)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Scale:
    """How a grid's windows are put on a page: what a row is, and how far back the rows go."""

    rows: str
    """`hour`, `day`, `month` or `year`."""
    span: timedelta

    @classmethod
    def of(cls, grid: Grid) -> Scale:
        fixed = grid.every.fixed
        if fixed is not None and fixed < _FINE:
            return cls("hour", timedelta(hours=24))
        if fixed is not None and fixed < _DAY:
            return cls("day", timedelta(days=14))
        if fixed is not None or grid.every.unit == "day":
            return cls("month", timedelta(days=182))
        return cls("year", timedelta(days=3 * 365))


@dataclass(frozen=True)
class Cell:
    window: WindowState
    """Of which anything is known."""
    state: str
    told: str


@dataclass(frozen=True)
class Row:
    label: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class HeatMap:
    columns: list[str]
    rows: list[Row]


def drawn(grid: Grid, windows: Sequence[WindowState], now: datetime) -> HeatMap:
    """The newest row first. Fixed windows are told in UTC, as they are counted; others in their zone."""
    scale = Scale.of(grid)
    zone = UTC if grid.every.fixed is not None else ZoneInfo(grid.zone)
    placed: dict[str, dict[int, Cell]] = {}
    for window in windows:
        local = window.window.start.astimezone(zone)
        state = window.state(now)
        cell = Cell(window, state, f"{_name(local, grid)}: {state}")
        placed.setdefault(_row(local, scale), {})[_column(local, scale, grid)] = cell
    columns = _columns(scale, grid)
    rows = [
        Row(label, [placed[label].get(number) for number in range(len(columns))])
        for label in sorted(placed, reverse=True)
    ]
    return HeatMap(columns, rows)


def _name(local: datetime, grid: Grid) -> str:
    whole_days = grid.every.fixed is None and grid.offset_minutes == 0
    return f"{local:%Y-%m-%d}" if whole_days else f"{local:%Y-%m-%d %H:%M}"


def _row(local: datetime, scale: Scale) -> str:
    match scale.rows:
        case "hour":
            return f"{local:%Y-%m-%d %H}h"
        case "day":
            return f"{local:%Y-%m-%d}"
        case "month":
            return f"{local:%Y-%m}"
    return f"{local:%Y}"


def _column(local: datetime, scale: Scale, grid: Grid) -> int:
    minutes = local.hour * 60 + local.minute
    match scale.rows:
        case "hour":
            return local.minute // grid.every.shortest_minutes
        case "day":
            return minutes // grid.every.shortest_minutes
        case "month":
            return local.day - 1
    return (local.timetuple().tm_yday - 1) // 7 if grid.every.unit == "week" else local.month - 1


def _columns(scale: Scale, grid: Grid) -> list[str]:
    step = grid.every.shortest_minutes
    match scale.rows:
        case "hour":
            return [f":{minute:02}" for minute in range(0, 60, step)]
        case "day":
            return [f"{minute // 60}" if minute % 60 == 0 else "" for minute in range(0, 1440, step)]
        case "month":
            return [str(day) for day in range(1, 32)]
    if grid.every.unit == "week":
        return [str(week) for week in range(1, 54)]
    return ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
