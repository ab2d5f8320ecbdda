"""Laws of recurrences."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adf.fire_times import merged
from adf.recurrence import FREQUENCIES, WEEK_DAYS, Recurrence

ZONES = [
    "UTC",
    "Pacific Standard Time",
    "W. Europe Standard Time",
    "AUS Eastern Standard Time",
    "Nepal Standard Time",
]
ZONES += [
    "Morocco Standard Time",
    "Egypt Standard Time",
    "Lord Howe Standard Time",
    "Newfoundland Standard Time",
]
FIRST, LAST = datetime(2015, 1, 1), datetime(2035, 1, 1)  # noqa: DTZ001  hypothesis adds the zone itself
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=3)


@st.composite
def recurrences(
    draw: st.DrawFn, zones: list[str] = ZONES, frequencies: Sequence[str] = FREQUENCIES
) -> dict[str, Any]:
    """Legal ones, as JSON."""
    frequency = draw(st.sampled_from(frequencies))
    body: dict[str, Any] = {
        "frequency": frequency,
        "interval": draw(st.integers(1, 40)),
        "startTime": draw(MOMENTS).replace(microsecond=0).isoformat(),
        "timeZone": draw(st.sampled_from(zones)),
    }
    if frequency in {"Day", "Week", "Month"}:
        schedule = {"hours": draw(some(st.integers(0, 23))), "minutes": draw(some(st.integers(0, 59)))}
        if frequency == "Week":
            schedule["weekDays"] = draw(some(st.sampled_from(WEEK_DAYS)))
        if frequency == "Month" and draw(st.booleans()):
            schedule["monthDays"] = draw(some(st.integers(-31, 31).filter(bool)))
        elif frequency == "Month":
            days = st.fixed_dictionaries(
                {"day": st.sampled_from(WEEK_DAYS), "occurrence": st.integers(-5, 5).filter(bool)}
            )
            schedule["monthlyOccurrences"] = draw(some(days))
        body["schedule"] = schedule
    return body


@given(recurrences(), MOMENTS)
@settings(max_examples=300, deadline=None)
def test_fire_times_strictly_increase_and_lie_after(body: dict[str, Any], after: datetime):
    """After the moment asked from, and not before the start."""
    recurrence = Recurrence.from_json(body)
    found = list(islice(recurrence.fire_times(after), 40))

    assert all(one < two for one, two in pairwise(found))
    assert all(instant > after and instant >= recurrence.start for instant in found)


@given(recurrences(), MOMENTS, st.integers(1, 500))
@settings(max_examples=300, deadline=None)
def test_a_span_and_the_endless_form_agree(body: dict[str, Any], start: datetime, days: int):
    """between() is fire_times() cut off."""
    recurrence = Recurrence.from_json(body | {"interval": max(body["interval"], 5)})
    end = start + timedelta(days=days)
    endless = takewhile(
        lambda instant: instant < end, recurrence.fire_times(start - timedelta(microseconds=1))
    )

    assert list(endless) == list(recurrence.between(start, end))


@given(recurrences(), MOMENTS, st.integers(1, 200), st.integers(1, 200))
@settings(max_examples=200, deadline=None)
def test_spans_side_by_side_are_one_span(body: dict[str, Any], start: datetime, first: int, second: int):
    """Nothing is lost or doubled where they meet."""
    recurrence = Recurrence.from_json(body | {"interval": max(body["interval"], 5)})
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second)
    halves = [*recurrence.between(start, middle), *recurrence.between(middle, end)]

    assert halves == list(recurrence.between(start, end))


@given(recurrences(["UTC"], ["Day", "Week", "Month"]), MOMENTS)
@settings(max_examples=300, deadline=None)
def test_every_day_of_the_calendar_was_asked(body: dict[str, Any], after: datetime):
    """Enumerating all days and minutes, the slow way, finds the same."""
    body["interval"] = body["interval"] % 6 + 1
    recurrence = Recurrence.from_json(body)
    after = max(after, recurrence.start)
    until = after + timedelta(days=400)

    found = takewhile(lambda instant: instant < until, recurrence.fire_times(after))
    assert list(enumerated(body, recurrence.start, after, until)) == list(found)


@given(st.lists(recurrences(), max_size=6), MOMENTS, st.integers(0, 4000))
@settings(max_examples=200, deadline=None)
def test_merging_recurrences_loses_nothing(bodies: list[dict[str, Any]], start: datetime, hours: int):
    """All fire times of all recurrences, in order."""
    factory = {n: Recurrence.from_json(b | {"interval": 5 * b["interval"]}) for n, b in enumerate(bodies)}
    end = start + timedelta(hours=hours)
    found = list(merged(factory, start, end))

    assert sorted((i, n) for n, each in factory.items() for i in each.between(start, end)) == sorted(found)
    assert all(one[0] <= other[0] for one, other in pairwise(found))


def enumerated(body: dict[str, Any], start: datetime, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every minute of the days in question that the schedule names, after a moment."""
    schedule = body["schedule"]
    hours, minutes = schedule["hours"] or [start.hour], schedule["minutes"] or [start.minute]
    day = after.date()
    while day <= until.date():
        if is_day(body, start.date(), day):
            for hour in sorted(set(hours)):
                for minute in sorted(set(minutes)):
                    instant = datetime(day.year, day.month, day.day, hour, minute, start.second, tzinfo=UTC)
                    if after < instant < until:
                        yield instant
        day += timedelta(days=1)


def is_day(body: dict[str, Any], start: date, day: date) -> bool:
    interval, schedule = body["interval"], body["schedule"]
    if body["frequency"] == "Day":
        return (day - start).days % interval == 0
    if body["frequency"] == "Week":
        weeks = (sunday(day) - sunday(start)).days // 7
        names = schedule["weekDays"] or [f"{start:%A}"]
        return weeks % interval == 0 and f"{day:%A}" in names
    months = (day.year - start.year) * 12 + day.month - start.month
    return months % interval == 0 and is_day_of_month(schedule, start, day)


def sunday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() % 7)


def is_day_of_month(schedule: dict[str, Any], start: date, day: date) -> bool:
    last = ((day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    if days := schedule.get("monthDays"):
        return day.day in days or day.day - last - 1 in days
    if occurrences := schedule.get("monthlyOccurrences"):
        nth = {(day.day - 1) // 7 + 1, -((last - day.day) // 7 + 1)}
        return any(each["day"] == f"{day:%A}" and each["occurrence"] in nth for each in occurrences)
    return day.day == min(start.day, last)
