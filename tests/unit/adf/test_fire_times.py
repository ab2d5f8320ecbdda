"""Fire times of many recurrences, merged."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from adf.fire_times import merged
from adf.recurrence import Recurrence

START = datetime(2026, 3, 27, 10, 30, tzinfo=UTC)
BERLIN = "W. Europe Standard Time"


def recurrence(frequency: str, start: str = "2026-01-01T00:00:00Z", **more: Any) -> Recurrence:
    return Recurrence.from_json({"frequency": frequency, "interval": 1, "startTime": start} | more)


def one_by_one(
    recurrences: dict[str, Recurrence], start: datetime, end: datetime
) -> list[tuple[datetime, str]]:
    return sorted(
        (instant, name) for name, each in recurrences.items() for instant in each.between(start, end)
    )


def test_what_fires_comes_in_order_with_its_name():
    """The start of the span is included, its end is not."""
    factory = {
        "hourly": recurrence("Hour", "2026-01-01T00:30:00Z"),
        "nightly": recurrence("Day", "2026-01-01T12:15:00Z"),
    }
    fires = merged(factory, START, START + timedelta(hours=3))

    assert [("hourly", 10, 30), ("hourly", 11, 30), ("nightly", 12, 15), ("hourly", 12, 30)] == [
        (name, instant.hour, instant.minute) for instant, name in fires
    ]


@pytest.mark.parametrize("days", [0, 0.5, 1, 1.5, 40])
def test_merged_fire_times_are_those_of_each(days: float):
    """Nothing is lost or doubled: across a change of clocks, starts and ends, and where days are cut."""
    factory = {
        "quarter": recurrence("Minute", "2026-03-01T00:07:09.5Z", interval=15),
        "seven": recurrence("Minute", interval=7),
        "late": recurrence("Minute", "2026-03-28T11:00:00Z", interval=20, endTime="2026-04-02T17:20:00Z"),
        "utc": recurrence("Day", schedule={"hours": [9, 10, 11], "minutes": [30, 31]}),
        "local": recurrence("Day", timeZone=BERLIN, schedule={"hours": [2], "minutes": [30]}),
        "third": recurrence("Day", interval=3),
        "ended": recurrence("Day", endTime="2026-02-01T00:00:00Z"),
        "future": recurrence("Day", "2026-03-29T18:00:00Z"),
        "weekly": recurrence("Week"),
        "month": recurrence("Month", schedule={"monthDays": [-1]}),
    }
    end = START + timedelta(days=days)
    found = list(merged(factory, START, end))

    assert one_by_one(factory, START, end) == sorted(found)
    assert all(one[0] <= other[0] for one, other in pairwise(found))


def test_a_span_of_local_time_is_a_span_of_instants():
    """What comes out is UTC, whatever the zone of the bounds."""
    span = [
        moment.astimezone(
            Recurrence.from_json(
                {"frequency": "Day", "startTime": "2026-01-01T00:00:00", "timeZone": BERLIN}
            ).time_zone
        )
        for moment in (START, START + timedelta(days=3))
    ]
    factory = {"hourly": recurrence("Hour")}

    assert list(merged(factory, START, START + timedelta(days=3))) == list(merged(factory, *span))
    assert {UTC} == {instant.tzinfo for instant, _ in merged(factory, *span)}


def test_what_comes_first_is_known_at_once():
    """Of eight thousand years only what is asked for is computed."""
    factory = {str(minute): recurrence("Minute", interval=minute) for minute in range(1, 40)}

    first = list(islice(merged(factory, START, datetime(9999, 12, 31, tzinfo=UTC)), 3))
    assert [START] * 3 == [instant for instant, _ in first]


def test_the_merged_calendar_ends():
    """In year 9999, quietly."""
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    start = last - timedelta(days=3, hours=5)
    factory = {
        "hourly": recurrence("Hour"),
        "daily": recurrence("Day"),
        "local": recurrence("Day", timeZone=BERLIN),
        "yearly": recurrence("Year", "2026-12-30T00:00:00Z"),
    }

    assert one_by_one(factory, start, last) == sorted(merged(factory, start, last))


def test_nothing_merges_to_nothing():
    """No recurrences, or a span that is empty or runs backwards."""
    factory = {"hourly": recurrence("Hour")}

    assert [] == list(merged({}, START, START + timedelta(days=9)))
    assert [] == list(merged(factory, START, START))
    assert [] == list(merged(factory, START, START - timedelta(days=1)))
