"""The windows of a tumbling window trigger; Microsoft's documented cases are tests/conformance."""

from datetime import timedelta
from itertools import islice, pairwise

import pytest

from adf.windows import (
    BadTumblingWindow,
    Grid,
    TumblingWindow,
    Window,
    dependency_interval,
    format_instant,
    parse_instant,
    tumbling_change_problems,
    tumbling_pipeline_problems,
    tumbling_problems,
)

HOURLY = {"frequency": "Hour", "interval": 1, "startTime": "2024-01-01T00:00:00Z"}
SELF = "SelfDependencyTumblingWindowTriggerReference"


def window(start: str, end: str) -> Window:
    return Window(parse_instant(start), parse_instant(end))


def test_windows_follow_each_other_without_a_gap():
    """Window k ends where window k + 1 starts."""
    windows = list(islice(TumblingWindow.from_type_properties(HOURLY).windows(), 50))

    assert all(one.end == following.start for one, following in pairwise(windows))


def test_months_are_counted_from_the_start():
    """From 31 January the windows start on 29 February and on 31 March again."""
    monthly = TumblingWindow(parse_instant("2024-01-31T00:00:00Z"), "Month", 1)

    assert [format_instant(w.start)[:10] for w in islice(monthly.windows(), 3)] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
    ]


def test_no_window_ends_after_the_end():
    """Of two and a half hours the first two windows run."""
    ending = TumblingWindow.from_type_properties({**HOURLY, "endTime": "2024-01-01T02:30:00Z"})

    assert len(list(ending.windows())) == 2


def test_the_delay_moves_when_a_window_is_due_and_not_the_window():
    """Half an hour after its end with a delay of an hour, the last window is not due yet."""
    delayed = TumblingWindow.from_type_properties({**HOURLY, "delay": "01:00:00"})

    assert len(list(delayed.due(parse_instant("2024-01-01T02:30:00Z")))) == 1


def test_a_dependency_looks_at_every_window_it_overlaps():
    """A day depends on its 24 hours; with offset and size on seven days."""
    day = window("2024-01-09T00:00:00Z", "2024-01-10T00:00:00Z")
    hourly = TumblingWindow.from_type_properties(HOURLY)
    daily = TumblingWindow.from_type_properties({**HOURLY, "interval": 24})
    week = dependency_interval(day, timedelta(days=-6), timedelta(days=7))

    assert len(list(hourly.overlapping(dependency_interval(day, timedelta(), None)))) == 24
    assert len(list(daily.overlapping(week))) == 7


def test_before_its_start_a_trigger_has_no_windows():
    """A dependency on it overlaps nothing there."""
    hourly = TumblingWindow.from_type_properties(HOURLY)

    assert list(hourly.overlapping(window("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"))) == []
    assert hourly.window_starting(parse_instant("2023-12-31T23:00:00Z")) is None
    assert hourly.window_starting(parse_instant("2024-01-01T00:30:00Z")) is None
    assert hourly.window_starting(parse_instant("2024-01-01T05:00:00Z")) is not None


@pytest.mark.parametrize(
    ("every", "zone", "schedule", "first_off"),
    [
        ("hour", "UTC", HOURLY, None),
        ("hour", "UTC", {**HOURLY, "startTime": "2024-01-01T00:30:00Z"}, "2024-01-01T00:30:00Z"),
        ("2 hours", "UTC", HOURLY, "2024-01-01T00:00:00Z"),
        ("day", "UTC", {**HOURLY, "interval": 24}, None),
        ("day", "Asia/Tokyo", {**HOURLY, "interval": 24, "startTime": "2024-01-01T15:00:00Z"}, None),
        (
            "day",
            "Europe/Berlin",
            {**HOURLY, "interval": 24, "startTime": "2024-01-01T23:00:00Z"},
            "2024-03-30T23:00:00Z",
        ),
        ("week", "UTC", {**HOURLY, "interval": 168}, None),
        ("month", "UTC", {**HOURLY, "interval": 744}, "2024-02-01T00:00:00Z"),
    ],
)
def test_a_tumbling_trigger_lies_on_a_grid_or_says_where_it_leaves_it(every, zone, schedule, first_off):
    """24 hours are a day of UTC and of Tokyo, but of Berlin only until clocks change."""
    off = TumblingWindow.from_type_properties(schedule).first_off_grid(Grid.parse(every, zone=zone))

    assert first_off == (None if off is None else format_instant(off.start))


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"frequency": "Day"}, "frequency is 'Day'"),
        ({"interval": 0}, "interval is 0"),
        ({"interval": True}, "interval is True"),
        ({"frequency": "Minute", "interval": 4}, "shorter than the least, 5 minutes"),
        ({"startTime": None}, "startTime is missing"),
        ({"startTime": "2024-01-01T00:00:00"}, "startTime"),
        ({"delay": "ten minutes"}, "delay"),
        ({"delay": 10}, "delay is 10, no text"),
        ({"startTime": {}}, "startTime is {}, no text"),
        ({"dependsOn": [{"type": SELF, "offset": -1}]}, "dependsOn: offset is -1, no text"),
        ({"maxConcurrency": 51}, "maxConcurrency is 51"),
        ({"retryPolicy": {"intervalInSeconds": 10}}, "retryPolicy.intervalInSeconds"),
        ({"retryPolicy": {"count": "2"}}, "retryPolicy.count"),
        ({"retryPolicy": {"count": -1}}, "retryPolicy.count"),
        ({"dependsOn": [{"type": "TumblingWindowTriggerDependencyReference"}] * 6}, "more than 5"),
        ({"dependsOn": [{"type": SELF, "offset": "01:00:00"}]}, "negative offset"),
    ],
)
def test_what_data_factory_refuses_is_refused_with_the_fact(change, fact):
    """Every rule of a tumbling window trigger that no schema holds."""
    assert [fact] == [fact for problem in tumbling_problems({**HOURLY, **change}) if fact in problem]
    with pytest.raises(BadTumblingWindow):
        TumblingWindow.from_type_properties({**HOURLY, **change})


def test_a_self_dependency_with_a_negative_offset_is_legal():
    """And five others beside it."""
    others = [{"type": "TumblingWindowTriggerDependencyReference"}] * 5

    assert tumbling_problems({**HOURLY, "dependsOn": [{"type": SELF, "offset": "-01:00:00"}, *others]}) == []


def test_only_what_may_change_can_change():
    """The end may, the grid may not; another spelling of its start is none of another start."""
    respelt = {**HOURLY, "startTime": "2024-01-01T00:00:00.000Z"}
    assert tumbling_change_problems(respelt, HOURLY) == []
    assert tumbling_change_problems(HOURLY, {**HOURLY, "endTime": "2024-02-01T00:00:00Z"}) == []
    assert tumbling_change_problems(HOURLY, {**HOURLY, "interval": 2}) == [
        "interval cannot change after the trigger's creation"
    ]


def test_a_tumbling_window_trigger_has_one_pipeline():
    """Under `pipeline`; a list under `pipelines` is a schedule trigger's."""
    assert tumbling_pipeline_problems({"pipeline": {}}) == []
    assert len(tumbling_pipeline_problems({"pipelines": [{}, {}]})) == 2


def test_the_windows_end_with_the_calendar():
    """Quietly, however large a step would lead beyond it; what is delayed beyond it is never due."""
    changes = [
        {"interval": 24, "startTime": "9999-12-29T00:00:00Z"},
        {"frequency": "Month", "interval": 2**31 - 1},
        {"delay": "99999999.00:00:00"},
    ]
    daily, huge, never = (TumblingWindow.from_type_properties(HOURLY | change) for change in changes)

    assert 2 == len(list(daily.windows()))
    assert [] == list(huge.windows())
    assert [] == list(huge.overlapping(window("9999-12-30T00:00:00Z", "9999-12-31T00:00:00Z")))
    assert [] == list(never.due(parse_instant("9999-01-01T00:00:00Z")))


def test_what_overlaps_the_end_of_the_calendar_is_found():
    """But for the window that reaches beyond it."""
    hourly = TumblingWindow.from_type_properties(HOURLY)
    last = hourly.overlapping(window("9999-12-31T22:30:00Z", "9999-12-31T23:30:00Z"))

    assert ["9999-12-31T22:00:00Z"] == [format_instant(each.start) for each in last]
