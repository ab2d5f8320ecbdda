"""Which windows are meant by what is said on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adf.windows import Grid, format_instant
from deployment.errors import UsageError
from deployment.windows_said import instant_of, window_of, windows_between

DAY = Grid.parse("day")
BERLIN = Grid.parse("day", zone="Europe/Berlin")
HOUR = Grid.parse("hour")


@pytest.mark.parametrize(
    ("text", "grid", "start", "end"),
    [
        ("2026-11-22", DAY, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("2026-11-22T00-00-00Z", DAY, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("2026-11-22T00:00:00Z", DAY, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("2026-11-22T01:00:00+01:00", DAY, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("2026-11-22", BERLIN, "2026-11-21T23:00:00Z", "2026-11-22T23:00:00Z"),
        ("2026-10-25", BERLIN, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("2026-11-22T05:00:00Z", HOUR, "2026-11-22T05:00:00Z", "2026-11-22T06:00:00Z"),
    ],
)
def test_a_window_is_named_by_its_day_its_id_or_the_instant_it_starts_at(text, grid, start, end):
    """A day is a local day of the grid's zone, be it 25 hours long."""
    window = window_of(text, grid)

    assert (format_instant(window.start), format_instant(window.end)) == (start, end)


@pytest.mark.parametrize(
    ("text", "grid", "said"),
    [
        ("2026-11-22", HOUR, "24 windows"),
        ("2026-11-22", Grid.parse("month"), "no windows"),
        ("2026-11-22T05:00:00Z", DAY, "no window of the grid"),
        ("2026-11-22T05:00:00", DAY, "not an instant"),
        ("yesterday", DAY, "is not an instant"),
        ("2026-02-30", DAY, "is not an instant"),
        ("9999-12-31", DAY, "of the calendar"),
        ("0001-01-01", BERLIN, "of the calendar"),
    ],
)
def test_what_names_no_window_is_refused_with_a_way_out(text, grid, said):
    """Never the nearest window instead: that would score other data than was asked for."""
    with pytest.raises(UsageError, match=said) as raised:
        window_of(text, grid)
    assert raised.value.hint
    assert raised.value.exit_code == 64


def test_a_range_holds_the_windows_that_start_in_it_its_end_excluded():
    """Adjoining ranges share none and miss none."""
    found = windows_between("2026-11-20", "2026-11-23", DAY)

    assert [format_instant(each.start)[:10] for each in found] == ["2026-11-20", "2026-11-21", "2026-11-22"]


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-21", "2026-11-20", "ends at 2026-11-20, before it has begun"),
        ("2026-11-20", "2026-11-20", "ends at 2026-11-20, before it has begun"),
        ("2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z", "no window starts"),
    ],
)
def test_a_range_without_a_window_is_refused(since, until, said):
    """Nothing to do would look like all done."""
    with pytest.raises(UsageError, match=said):
        windows_between(since, until, DAY)


def test_where_no_grid_is_meant_a_day_is_its_midnight_in_utc():
    """An instant is itself; what is neither is refused with the option that it was given to."""
    assert instant_of("2026-11-22", "--since") == datetime(2026, 11, 22, tzinfo=UTC)
    assert instant_of("2026-11-22T06:00:00+01:00", "--since") == datetime(2026, 11, 22, 5, tzinfo=UTC)
    for wrong in ("October", "2026-11-32", "2026-11-22T06:00:00"):
        with pytest.raises(UsageError, match=f"--since: '{wrong}' is no day and no instant"):
            instant_of(wrong, "--since")
