"""Each sentence of the docstring of adf/recurrence.py."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from adf.recurrence import IllegalRecurrence, Recurrence

PACIFIC, BERLIN = "Pacific Standard Time", "W. Europe Standard Time"


def recurrence(frequency: str, start: str, **more: Any) -> Recurrence:
    return Recurrence.from_json({"frequency": frequency, "interval": 1, "startTime": start} | more)


def fires(of: Recurrence, after: str, count: int = 3) -> list[str]:
    instants = islice(of.fire_times(datetime.fromisoformat(after)), count)
    return [instant.strftime("%Y-%m-%dT%H:%M:%SZ").removesuffix(":00Z") for instant in instants]


def test_occurrences_keep_the_phase_of_the_start():
    """However late the trigger is started; what is past is not made up for."""
    every_third_day = recurrence("Day", "2024-01-01T06:00:00Z", interval=3)

    assert ["2024-03-31T06:00", "2024-04-03T06:00", "2024-04-06T06:00"] == fires(
        every_third_day, "2024-03-30T00:00Z"
    )


def test_without_a_schedule_the_start_itself_fires():
    """Strictly after the moment asked from."""
    daily = recurrence("Day", "2024-01-10T12:25:07Z")

    assert ["2024-01-10T12:25:07Z"] == fires(daily, "2024-01-10T12:25:06Z", 1)
    assert ["2024-01-11T12:25:07Z"] == fires(daily, "2024-01-10T12:25:07Z", 1)


def test_with_a_schedule_the_first_fire_time_lies_after_the_start():
    """Even where the schedule names the very time of the start."""
    daily = recurrence("Day", "2024-01-10T12:25:00Z", schedule={"hours": [12], "minutes": [25]})

    assert ["2024-01-11T12:25"] == fires(daily, "2024-01-01T00:00Z", 1)


@pytest.mark.parametrize(
    ("start", "more", "disputed"),
    [
        ("2024-01-10T12:25:00Z", {"schedule": {"hours": [12]}}, True),
        ("2024-01-10T12:25:00Z", {"schedule": {"hours": [5]}}, False),
        ("2024-01-10T12:25:00Z", {}, False),
        ("2024-03-31T02:30:00", {"timeZone": BERLIN, "schedule": {"hours": [2]}}, True),
    ],
)
def test_a_start_that_is_a_time_of_its_schedule_is_disputed(
    start: str, more: dict[str, Any], *, disputed: bool
):
    """The documentation fires there, the engine does not; also where clocks skip that time."""
    assert recurrence("Day", start, **more).is_disputed() is disputed


def test_nothing_fires_after_the_end():
    """At it, something may."""
    hourly = recurrence("Hour", "2024-01-01T00:00:00Z", endTime="2024-01-01T02:00:00Z")
    daily = recurrence("Day", "2024-01-01T00:00:00Z", endTime="2024-01-02T23:59:00Z")

    assert ["2024-01-01T01:00", "2024-01-01T02:00"] == fires(hourly, "2024-01-01T00:00Z")
    assert ["2024-01-02T00:00"] == fires(daily, "2024-01-01T00:00Z")


def test_minutes_and_hours_are_fixed_spans():
    """24 hours drift when clocks change; a day does not."""
    start = "2024-03-09T17:00:00Z"

    assert ["2024-03-10T17:00"] == fires(
        recurrence("Hour", start, interval=24, timeZone=PACIFIC), "2024-03-09T17:00Z", 1
    )
    assert ["2024-03-10T16:00"] == fires(recurrence("Day", start, timeZone=PACIFIC), "2024-03-09T17:00Z", 1)


def test_a_skipped_local_time_fires_as_without_the_change():
    """02:30 in Los Angeles, on the day that has none, is 10:30 UTC."""
    nightly = recurrence(
        "Day", "2024-03-08T00:00:00", timeZone=PACIFIC, schedule={"hours": [2], "minutes": [30]}
    )

    assert ["2024-03-09T10:30", "2024-03-10T10:30", "2024-03-11T09:30"] == fires(nightly, "2024-03-09T00:00Z")


def test_a_repeated_local_time_fires_the_second_time():
    """02:30 in Berlin, on the day that has two, is 01:30 UTC."""
    nightly = recurrence("Day", "2024-10-01T02:30:00", timeZone=BERLIN)

    assert ["2024-10-26T00:30", "2024-10-27T01:30", "2024-10-28T01:30"] == fires(nightly, "2024-10-26T00:00Z")


def test_two_fire_times_at_one_instant_are_one():
    """Local 02:00 and 03:00 are the same where clocks go forward."""
    schedule = {"hours": [3, 2, 1], "minutes": [0]}
    nightly = recurrence("Day", "2024-03-01T00:00:00", timeZone=BERLIN, schedule=schedule)

    assert ["2024-03-31T00:00", "2024-03-31T01:00", "2024-03-31T23:00"] == fires(nightly, "2024-03-30T23:00Z")


def test_what_a_schedule_does_not_say_is_as_the_start_has_it():
    """Hour, minute, second, weekday and day of the month, on the zone's clocks."""
    start = "2024-01-31T23:15:20Z"  # 1 February, a Thursday, 00:15:20 in Berlin

    weekly = recurrence("Week", start, timeZone=BERLIN, schedule={"hours": [4, 5]})
    monthly = recurrence("Month", start, timeZone=BERLIN, schedule={"minutes": [40]})
    assert ["2024-02-01T03:15:20Z", "2024-02-01T04:15:20Z", "2024-02-08T03:15:20Z"] == fires(weekly, start)
    assert ["2024-01-31T23:40:20Z", "2024-02-29T23:40:20Z", "2024-03-31T22:40:20Z"] == fires(monthly, start)


def test_weeks_begin_on_sunday_and_count_from_that_of_the_start():
    """Every second week from a Wednesday: its Sunday lies before it, the next one ten days after it."""
    schedule = {"weekDays": ["Sunday", "saturday"], "hours": [0], "minutes": [0]}
    fortnightly = recurrence("Week", "2024-01-10T00:00:00Z", interval=2, schedule=schedule)

    assert ["2024-01-13T00:00", "2024-01-21T00:00", "2024-01-27T00:00"] == fires(
        fortnightly, "2024-01-01T00:00Z"
    )


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"monthDays": [31]}, ["2024-01-31", "2024-03-31", "2024-05-31"]),
        ({"monthDays": [-1]}, ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ({"monthDays": [-31, 30, 30]}, ["2024-01-30", "2024-03-01", "2024-03-30"]),
        (
            {"monthlyOccurrences": [{"day": "Friday", "occurrence": 5}]},
            ["2024-03-29", "2024-05-31", "2024-08-30"],
        ),
        (
            {"monthlyOccurrences": [{"day": "FRIDAY", "occurrence": -5}]},
            ["2024-03-01", "2024-05-03", "2024-08-02"],
        ),
        (
            {"monthlyOccurrences": [{"day": "Sunday", "occurrence": 1}, {"day": "Sunday", "occurrence": -1}]},
            ["2024-01-07", "2024-01-28", "2024-02-04"],
        ),
    ],
)
def test_months_skip_days_that_they_do_not_have(schedule: dict[str, Any], expected: list[str]):
    """Negative days and occurrences count from the end."""
    monthly = recurrence("Month", "2024-01-01T06:00:00Z", schedule=schedule)

    assert [f"{day}T06:00" for day in expected] == fires(monthly, "2024-01-01T06:00Z")


def test_a_month_without_days_takes_its_last_where_the_start_has_a_later_one():
    """31 January, 29 February, 31 March; a leap day moves to 28 February."""
    monthly = recurrence("Month", "2024-01-31T08:00:00Z")
    yearly = recurrence("Year", "2024-02-29T08:00:00Z")

    assert ["2024-02-29T08:00", "2024-03-31T08:00", "2024-04-30T08:00"] == fires(monthly, "2024-01-31T08:00Z")
    assert ["2025-02-28T08:00", "2026-02-28T08:00", "2027-02-28T08:00"] == fires(yearly, "2024-03-01T00:00Z")


@pytest.mark.parametrize(
    ("frequency", "start", "expected"),
    [
        ("Day", "2011-12-27T09:00:00", ["2011-12-28T19:00", "2011-12-29T19:00", "2011-12-30T19:00"]),
        ("Week", "2011-12-23T09:00:00", ["2011-12-30T19:00", "2012-01-05T19:00", "2012-01-12T19:00"]),
        ("Month", "2011-10-30T09:00:00", ["2011-12-30T19:00", "2012-01-29T19:00", "2012-02-28T19:00"]),
        ("Year", "2010-12-30T09:00:00", ["2011-12-30T19:00", "2012-12-29T19:00", "2013-12-29T19:00"]),
    ],
)
def test_a_day_that_a_country_skipped_fires_with_the_next_and_once(
    frequency: str, start: str, expected: list[str]
):
    """Samoa had no 30 December 2011: its 09:00 is that of the 31st, which fires once."""
    samoan = recurrence(frequency, start, timeZone="Samoa Standard Time")

    assert expected == fires(samoan, "2011-12-28T00:00Z")


def test_years_keep_their_phase_and_the_clocks_on_the_wall():
    """Every third year; 02:30 on 31 March in Berlin is 01:30 or 00:30 UTC, as clocks have it that year."""
    third = recurrence("Year", "2020-07-01T06:00:00Z", interval=3)
    march = recurrence("Year", "2023-03-31T02:30:00", timeZone=BERLIN)

    assert ["2026-07-01T06:00", "2029-07-01T06:00", "2032-07-01T06:00"] == fires(third, "2024-01-01T00:00Z")
    assert ["2024-03-31T01:30", "2025-03-31T00:30", "2026-03-31T00:30"] == fires(march, "2024-01-01T00:00Z")


def test_only_minutes_fire_in_the_hour_of_the_start():
    """Where the documentation contradicts itself, as the engine has it."""
    daily = recurrence("Day", "2024-01-01T12:25:00Z", schedule={"minutes": [30, 0]})

    assert ["2024-01-01T12:30", "2024-01-02T12:00", "2024-01-02T12:30"] == fires(daily, "2024-01-01T00:00Z")


def test_a_start_without_a_suffix_is_local():
    """With Z or an offset it is an instant."""
    starts = ("2024-07-01T09:00:00", "2024-07-01T07:00:00Z", "2024-07-01T03:00:00-04:00")

    assert {datetime(2024, 7, 1, 7, tzinfo=UTC)} == {
        recurrence("Day", s, timeZone=BERLIN).start for s in starts
    }


def test_a_span_includes_its_start_but_not_its_end():
    """So that spans can be put side by side."""
    hourly = recurrence("Hour", "2024-01-01T00:00:00Z")
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)

    assert [noon, noon + timedelta(hours=1)] == list(hourly.between(noon, noon + timedelta(hours=2)))
    assert [] == list(hourly.between(noon, noon))


@pytest.mark.parametrize(
    ("more", "ever"),
    [
        ({"interval": 12, "startTime": "2024-06-01T00:00:00Z", "schedule": {"monthDays": [31]}}, False),
        ({"interval": 12, "startTime": "2023-02-01T00:00:00Z", "schedule": {"monthDays": [29]}}, True),
        ({"interval": 1000, "startTime": "9950-02-01T00:00:00Z", "schedule": {"monthDays": [30]}}, False),
        ({"startTime": "2024-06-01T00:00:00Z", "endTime": "2024-05-01T00:00:00Z"}, False),
        ({"startTime": "2024-06-01T00:00:00Z", "endTime": "2024-06-01T00:00:00Z"}, True),
    ],
)
def test_a_recurrence_that_never_fires_is_known(more: dict[str, Any], ever: object):
    """Without waiting for ever."""
    assert ever is Recurrence.from_json({"frequency": "Month"} | more).can_ever_fire()


def test_the_calendar_ends():
    """Quietly, in every zone."""
    for zone in ("UTC", PACIFIC, "Tokyo Standard Time"):
        for frequency in ("Minute", "Hour", "Day", "Week", "Month", "Year"):
            last = recurrence(frequency, "9999-12-30T22:00:00Z", interval=1000, timeZone=zone)
            assert len(list(last.fire_times(datetime(9999, 12, 30, tzinfo=UTC)))) < 10


def test_in_the_last_year_everything_fires_to_its_last_day():
    """Minutes and hours to the last moment of it; days, which zones may move beyond it, to the one before."""
    minutely = recurrence("Minute", "2024-01-01T00:00:30Z", interval=20)
    daily = recurrence("Day", "2024-01-01T23:00:00Z")
    yearly = recurrence("Year", "2024-02-29T08:00:00Z", interval=5)

    assert ["9999-12-31T23:20:30Z", "9999-12-31T23:40:30Z"] == fires(minutely, "9999-12-31T23:00:30Z")
    assert ["9999-12-29T23:00", "9999-12-30T23:00"] == fires(daily, "9999-12-29T00:00Z")
    assert ["9999-02-28T08:00"] == fires(yearly, "9995-01-01T00:00Z")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("startTime", "10000-01-01T00:00:00Z"),
        ("startTime", "9999-12-31T23:00:00"),
        ("endTime", "9999-12-31T20:00:00"),
    ],
)
def test_a_moment_beyond_the_calendar_is_refused(field: str, text: str):
    """Whether it is written so or the zone moves it there."""
    with pytest.raises(IllegalRecurrence) as refused:
        recurrence("Day", "2024-01-01T00:00:00Z", **{"timeZone": PACIFIC, field: text})

    assert field == refused.value.field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frequency": "Fortnight"}, "frequency"),
        ({"frequency": None}, "frequency"),
        ({"interval": 0}, "interval"),
        ({"interval": 1001}, "interval"),
        ({"interval": "1"}, "interval"),
        ({"interval": True}, "interval"),
        ({"startTime": None}, "startTime"),
        ({"startTime": "soon"}, "startTime"),
        ({"startTime": "0001-01-01T00:00:00", "timeZone": "Tokyo Standard Time"}, "startTime"),
        ({"endTime": "2024-02-30T00:00:00Z"}, "endTime"),
        ({"timeZone": "Europe/Berlin"}, "timeZone"),
        ({"timeZone": 1}, "timeZone"),
        ({"schedule": []}, "schedule"),
        ({"schedule": {"hours": 5}}, "schedule.hours"),
        ({"schedule": {"hours": [24]}}, "schedule.hours"),
        ({"schedule": {"hours": ["5"]}}, "schedule.hours"),
        ({"schedule": {"minutes": [-1]}}, "schedule.minutes"),
        ({"schedule": {"weekdays": ["Monday"]}}, "schedule.weekdays"),
        ({"schedule": {"weekDays": ["Monday"]}}, "schedule.weekDays"),
        ({"frequency": "Week", "schedule": {"weekDays": ["Mon"]}}, "schedule.weekDays"),
        ({"frequency": "Week", "schedule": {"monthDays": [1]}}, "schedule.monthDays"),
        ({"frequency": "Month", "schedule": {"monthDays": [0]}}, "schedule.monthDays"),
        ({"frequency": "Month", "schedule": {"monthDays": [-32]}}, "schedule.monthDays"),
        (
            {"frequency": "Month", "schedule": {"monthlyOccurrences": ["Friday"]}},
            "schedule.monthlyOccurrences",
        ),
        (
            {"frequency": "Month", "schedule": {"monthlyOccurrences": [{"day": "Friday", "occurrence": 0}]}},
            "schedule.monthlyOccurrences.occurrence",
        ),
        (
            {"frequency": "Month", "schedule": {"monthlyOccurrences": [{"day": "Fri", "occurrence": 1}]}},
            "schedule.monthlyOccurrences.day",
        ),
        (
            {
                "frequency": "Month",
                "schedule": {"monthDays": [1], "monthlyOccurrences": [{"day": "Friday", "occurrence": 1}]},
            },
            "schedule",
        ),
        ({"frequency": "Hour", "schedule": {"minutes": [15]}}, "schedule"),
        ({"frequency": "Minute", "schedule": {"hours": [1]}}, "schedule"),
        ({"frequency": "Year", "schedule": {"hours": [1]}}, "schedule"),
    ],
)
def test_an_illegal_recurrence_is_refused_with_its_field(changes: dict[str, Any], field: str):
    """And a reason."""
    legal = {"frequency": "Day", "interval": 1, "startTime": "2024-01-01T00:00:00Z"}

    with pytest.raises(IllegalRecurrence) as caught:
        Recurrence.from_json(legal | changes)

    assert field == caught.value.field


def test_an_empty_schedule_is_none():
    """Templates often carry empty arrays."""
    schedule = {"hours": [], "weekDays": [], "monthDays": None}

    assert recurrence("Hour", "2024-01-01T00:00:00Z", schedule=schedule).schedule is None
