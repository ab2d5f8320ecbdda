"""Each sentence of the docstring of adf/windows.py."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from adf.windows import (
    BadGrid,
    BadInstant,
    Grid,
    OffGrid,
    Window,
    WindowError,
    format_instant,
    format_timespan,
    parse_instant,
    parse_timespan,
    parse_window_id,
    window_id,
)


def hours(grid: Grid, instant: str) -> float:
    return grid.window_at(parse_instant(instant)).length / timedelta(hours=1)


def starts(grid: Grid, start: str, end: str) -> list[str]:
    return [format_instant(window.start) for window in grid.between(parse_instant(start), parse_instant(end))]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [("2026-03-29T10:00:00Z", 23), ("2026-03-30T10:00:00Z", 24), ("2026-10-25T10:00:00Z", 25)],
)
def test_a_local_day_has_23_24_or_25_hours(instant: str, expected: int):
    """Where clocks go forward a day is shorter, where they go back it is longer."""
    grid = Grid.parse("day", zone="Europe/Berlin")

    assert expected == hours(grid, instant)


def test_hours_are_fixed_spans_that_take_no_notice_of_the_zone():
    """Six-hour windows are the same instants in Berlin as in UTC, on the day clocks change too."""
    berlin, utc = Grid.parse("6 hours", zone="Europe/Berlin"), Grid.parse("6 hours")
    day = "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"

    assert starts(utc, *day) == starts(berlin, *day)
    assert [start[11:13] for start in starts(berlin, *day)] == ["00", "06", "12", "18"]


def test_hours_that_do_not_divide_a_day_are_counted_from_1970():
    """Seven-hour windows tile time across midnight; the offset moves them."""
    first = Grid.parse("7 hours").window_at(datetime(1970, 1, 1, tzinfo=UTC))
    shifted = Grid.parse("7 hours", offset_minutes=60).next_starting(datetime(1970, 1, 1, tzinfo=UTC))

    assert window_id(first) == "1970-01-01T00-00-00Z"
    assert window_id(shifted) == "1970-01-01T01-00-00Z"


def test_an_offset_is_counted_on_the_wall_clock():
    """A day that begins at six begins at six local time in summer and in winter."""
    grid = Grid.parse("day", zone="Europe/Berlin", offset_minutes=360)

    assert starts(grid, "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z") == [
        "2026-03-28T05:00:00Z",
        "2026-03-29T04:00:00Z",
    ]


def test_weeks_begin_on_monday():
    """2026-11-23 is a Monday; with an offset of six days the week begins on Sunday."""
    thursday = parse_instant("2026-11-26T12:00:00Z")

    assert window_id(Grid.parse("week").window_at(thursday)) == "2026-11-23T00-00-00Z"
    assert window_id(Grid.parse("week", offset_minutes=8640).window_at(thursday)) == "2026-11-22T00-00-00Z"


def test_months_are_calendar_months():
    """February 2028 has 29 days."""
    window = Grid.parse("month").window_at(parse_instant("2028-02-10T00:00:00Z"))

    assert (
        format_instant(window.start),
        format_instant(window.end),
    ) == ("2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z")


def test_a_midnight_that_clocks_skip_is_the_first_instant_after_the_gap():
    """Beirut went from 2024-03-30 24:00 to 01:00: the day begins at 01:00 local time."""
    grid = Grid.parse("day", zone="Asia/Beirut")
    window = grid.window_at(parse_instant("2024-03-31T10:00:00Z"))

    assert format_instant(window.start) == "2024-03-30T22:00:00Z"
    assert hours(grid, "2024-03-31T10:00:00Z") == 23


def test_a_midnight_that_clocks_repeat_is_its_first_occurrence():
    """Havana went back from 01:00 to 00:00 on 2026-11-01: that day has 25 hours and holds both midnights."""
    grid = Grid.parse("day", zone="America/Havana")
    window = grid.window_at(parse_instant("2026-11-01T12:00:00Z"))

    assert format_instant(window.start) == "2026-11-01T04:00:00Z"
    assert timedelta(hours=25) == window.length


def test_a_day_that_a_country_skipped_has_no_window():
    """Samoa had no 30 December 2011: its 29th is followed by its 31st."""
    grid = Grid.parse("day", zone="Pacific/Apia")
    windows = list(grid.between(datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 2, tzinfo=UTC)))

    assert all(one.end == following.start for one, following in pairwise(windows))
    assert [(w.start.astimezone(grid._tz)).day for w in windows] == [28, 29, 31, 1, 2]


def test_the_last_complete_window_may_end_at_the_very_instant():
    """At midnight yesterday is complete; a microsecond earlier it is not."""
    grid = Grid.parse("day")
    midnight = parse_instant("2026-11-23T00:00:00Z")

    assert window_id(grid.last_complete(midnight)) == "2026-11-22T00-00-00Z"
    assert window_id(grid.last_complete(midnight - timedelta(microseconds=1))) == "2026-11-21T00-00-00Z"


def test_an_instant_off_the_grid_says_which_window_it_lies_in():
    """A window that is asked for by a start it does not have is an error that names the real one."""
    with pytest.raises(OffGrid, match="lies inside 2026-11-22T00:00:00Z to 2026-11-23T00:00:00Z"):
        Grid.parse("day").window_starting(parse_instant("2026-11-22T06:00:00Z"))


@pytest.mark.parametrize(
    "every",
    [
        "",
        "2 days",
        "0 minutes",
        "fortnight",
        "15minutes",
        "-1 hour",
        "1.5 hours",
        "days",
        "1 day",
        "01 hours",
    ],
)
def test_what_is_no_grid_is_refused(every: str):
    """Only minutes and hours can be counted, from one."""
    with pytest.raises(BadGrid):
        Grid.parse(every)


@pytest.mark.parametrize(
    ("every", "offset"), [("hour", 60), ("day", 1440), ("month", 28 * 1440), ("day", -1)]
)
def test_an_offset_stays_below_the_window(every: str, offset: int):
    """So that each grid can be written in one way only."""
    with pytest.raises(BadGrid, match="offset"):
        Grid.parse(every, offset_minutes=offset)


@pytest.mark.parametrize("zone", ["W. Europe Standard Time", "Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_is_an_iana_name(zone: str):
    """A Windows name must have been translated before."""
    with pytest.raises(BadGrid, match="IANA"):
        Grid.parse("day", zone=zone)


@pytest.mark.parametrize(
    "text", ["2026-11-22", "2026-11-22T00:00:00Z", "2026-13-22T00-00-00Z", "٢026-11-22T00-00-00Z"]
)
def test_what_is_no_window_id_is_refused(text: str):
    """An id is exactly what window_id writes, in ASCII."""
    with pytest.raises(BadInstant):
        parse_window_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T00:00:00.0000000Z",
        "2026-11-22T00:00:00Z",
        "2026-11-22T01:00:00+01:00",
        "2026-11-22T00:00:00.000Z",
    ],
)
def test_an_instant_may_have_any_fraction_and_offset(text: str):
    """Data Factory writes seven digits."""
    assert datetime(2026, 11, 22, tzinfo=UTC) == parse_instant(text)


def test_a_time_without_a_zone_is_no_instant():
    """Nothing guesses a zone."""
    with pytest.raises(BadInstant):
        parse_instant("2026-11-22T00:00:00")
    with pytest.raises(BadInstant, match="no time zone"):
        Grid.parse("day").window_at(datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_window_is_never_empty():
    """Its end lies after its start."""
    midnight = parse_instant("2026-11-22T00:00:00Z")

    with pytest.raises(BadInstant):
        Window(midnight, midnight)


@pytest.mark.parametrize("text", ["00:10:00", "1.00:00:00", "-01:00:00", "-6.00:00:00", "6.23:59:59"])
def test_timespans_are_written_as_they_are_read(text: str):
    """`[-][d.]hh:mm:ss`."""
    assert text == format_timespan(parse_timespan(text))


@pytest.mark.parametrize("text", ["24:00:00", "00:60:00", "1:2:3", "", "1 day"])
def test_what_is_no_timespan_is_refused(text: str):
    """Hours below 24, minutes and seconds below 60."""
    with pytest.raises(BadInstant):
        parse_timespan(text)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.parametrize("every", ["minute", "7 hours", "day", "week", "month"])
def test_windows_end_with_the_calendar(every: str, zone: str):
    """A window that reaches beyond the years 1 to 9999 does not exist, and asking for it is an error."""
    grid = Grid.parse(every, zone=zone)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    with pytest.raises(BadInstant):
        grid.window_at(last)
    with pytest.raises(BadInstant):
        grid.last_complete(first)
    assert grid.window_at(datetime(9999, 11, 15, tzinfo=UTC)).end < last


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_instant, "0001-01-01T00:00:00+05:00"),
        (parse_instant, "9999-12-31T23:00:00-05:00"),
        (parse_timespan, "999999999999.00:00:00"),
        (Grid.parse, "99999999999999999999 minutes"),
    ],
)
def test_what_lies_beyond_the_calendar_is_refused(parse: Callable[[str], object], text: str):
    """With an error of this module's."""
    with pytest.raises(WindowError):
        parse(text)
