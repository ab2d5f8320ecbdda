"""The portal's calendar of windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adf.windows import Grid
from sandbox.portal.heat_map import Scale, drawn
from sandbox.portal.windows import WindowState

START = datetime(2024, 1, 1, tzinfo=UTC)
GRIDS = st.sampled_from(
    [
        Grid.parse("minute"),
        Grid.parse("7 minutes"),
        Grid.parse("15 minutes", offset_minutes=5),
        Grid.parse("hour"),
        Grid.parse("7 hours"),
        Grid.parse("24 hours", offset_minutes=360),
        Grid.parse("36 hours"),
        Grid.parse("day", zone="Europe/Berlin"),
        Grid.parse("day", zone="America/New_York", offset_minutes=300),
        Grid.parse("week", zone="Asia/Tokyo"),
        Grid.parse("month", zone="Europe/Berlin"),
    ]
)


@given(GRIDS, st.integers(0, 6 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)))
def test_each_window_has_a_cell_of_its_own(grid: Grid, now: datetime) -> None:
    """Whatever clocks and calendars do: as many cells as windows, in their order, the newest row first."""
    found = [WindowState(each) for each in grid.between(now - Scale.of(grid).span, now)]
    newest_first = sorted(found, key=lambda one: one.window, reverse=True)

    shown = drawn(grid, newest_first, now)

    cells = [cell.window for row in reversed(shown.rows) for cell in row.cells if cell is not None]
    assert cells == found
