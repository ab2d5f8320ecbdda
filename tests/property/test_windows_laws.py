"""The laws of windows, over every zone and grid."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import available_timezones

from hypothesis import assume, given
from hypothesis import strategies as st

from adf.windows import (
    Every,
    Grid,
    TumblingWindow,
    Window,
    format_timespan,
    parse_timespan,
    parse_window_id,
    window_id,
)

ZONES = sorted(zone for zone in available_timezones() if zone != "localtime")
instants = st.integers(365 * 86400, 120 * 365 * 86400).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
everies = st.one_of(
    st.builds(Every, st.integers(1, 3000), st.just("minute")),
    st.builds(Every, st.integers(1, 200), st.just("hour")),
    st.builds(Every, st.just(1), st.sampled_from(["day", "week", "month"])),
)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    every = draw(everies)
    offset = draw(st.one_of(st.just(0), st.integers(0, every.shortest_minutes - 1)))
    return Grid(every, draw(st.sampled_from(ZONES)), offset)


@given(grids(), instants)
def test_every_instant_lies_in_exactly_one_window(grid: Grid, instant: datetime):
    """The window at an instant contains it; the neighbours touch it and do not overlap it."""
    window = grid.window_at(instant)
    before, after = grid.window_at(window.start - timedelta(microseconds=1)), grid.window_at(window.end)

    assert instant in window
    assert (before.end, after.start) == (window.start, window.end)


@given(grids(), instants)
def test_a_window_is_the_window_of_all_its_instants(grid: Grid, instant: datetime):
    """Its first and its last instant name the same window."""
    window = grid.window_at(instant)

    assert window == grid.window_starting(window.start)
    assert window == grid.window_at(window.end - timedelta(microseconds=1))


@given(grids(), instants)
def test_windows_tile_time_across_clock_changes(grid: Grid, instant: datetime):
    """Twenty windows in a row have no gap, and none is empty."""
    windows = list(islice(grid.between(instant, instant + timedelta(days=3650)), 20))

    assert all(one.end == following.start for one, following in pairwise(windows))


@given(grids(), instants, st.lists(st.integers(0, 10**6), min_size=2, max_size=2))
def test_adjoining_ranges_share_no_window_and_miss_none(grid: Grid, instant: datetime, seconds: list[int]):
    """The windows of [a, b) and [b, c) are the windows of [a, c)."""
    a = instant
    b, c = (a + timedelta(seconds=s) for s in sorted(seconds))
    assume((c - a) / timedelta(minutes=grid.every.shortest_minutes) < 500)

    assert [*grid.between(a, b), *grid.between(b, c)] == list(grid.between(a, c))


@given(grids(), instants, instants)
def test_ids_sort_as_time_and_can_be_read_back(grid: Grid, one: datetime, other: datetime):
    """The order of two ids is the order of their windows, and an id gives the start back."""
    windows = sorted([grid.window_at(one), grid.window_at(other)])
    ids = [window_id(window) for window in windows]

    assert ids == sorted(ids)
    assert [window.start for window in windows] == [parse_window_id(text) for text in ids]


@given(grids(), instants)
def test_the_last_complete_window_is_complete_and_the_last(grid: Grid, instant: datetime):
    """It has ended, and the one after it has not."""
    window = grid.last_complete(instant)

    assert window.end <= instant < grid.window_at(window.end).end


@given(st.sampled_from(ZONES), instants)
def test_a_local_day_is_never_longer_than_48_hours(zone: str, instant: datetime):
    """However clocks were moved, a grid of days stays one of days."""
    window = Grid.parse("day", zone=zone).window_at(instant)

    assert timedelta() < window.length <= timedelta(hours=48)


@given(st.sampled_from(["Minute", "Hour"]), st.integers(5, 3000), instants)
def test_every_tumbling_trigger_lies_on_some_grid(frequency: str, interval: int, start: datetime):
    """The offset gives any phase to a grid of minutes or hours."""
    start = start.replace(second=0, microsecond=0)
    tumbling = TumblingWindow(start, frequency, interval)
    every = Every(interval, "minute" if frequency == "Minute" else "hour")
    phase = int((start - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) // 60 % every.shortest_minutes

    assert tumbling.first_off_grid(Grid(every, "UTC", phase)) is None


@given(st.sampled_from(["Minute", "Hour", "Month"]), st.integers(1, 60), instants, st.integers(-50, 3000))
def test_overlapping_windows_are_those_that_a_search_finds(frequency, interval: int, start, minutes: int):
    """The arithmetic agrees with going through all windows."""
    tumbling = TumblingWindow(start, frequency, interval)
    near = Window(start + timedelta(minutes=minutes), start + timedelta(minutes=minutes + 300))
    searched = [
        window
        for window in islice(tumbling.windows(), (3400 // interval) if frequency != "Month" else 3)
        if window.overlaps(near)
    ]

    assert searched == list(tumbling.overlapping(near))


@given(st.sampled_from(["Minute", "Hour", "Month"]), st.integers(5, 60), instants, st.data())
def test_as_many_windows_are_due_as_one_counts(frequency, interval: int, start, data):
    """To the minute around an end, a delay and the trigger's end included."""
    minutes = st.integers(-50, 3000).map(lambda number: timedelta(minutes=number))
    delay, after, ends = abs(data.draw(minutes)), data.draw(minutes), data.draw(st.none() | minutes)
    end = None if ends is None else start + ends
    tumbling = TumblingWindow(start, frequency, interval, end=end, delay=delay)

    assert len(list(tumbling.due(start + after))) == tumbling.due_count(start + after)


@given(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)))
def test_a_timespan_can_be_read_back(span: timedelta):
    """In whole seconds."""
    whole = timedelta(seconds=int(span.total_seconds()))

    assert whole == parse_timespan(format_timespan(whole))
