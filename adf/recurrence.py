"""When a ScheduleTrigger fires.

A recurrence in, instants out: `Recurrence.from_json(typeProperties["recurrence"])` validates,
`fire_times(after)` goes on for ever, `between(start, end)` is the fast form. All instants are UTC and
strictly increase.

Each of these sentences has a test.

- Occurrences count from startTime, on the calendar of the time zone, and keep their phase: every second day
  is every second day from startTime, whenever the trigger is started. What lies in the past is not made up
  for.
- Without a schedule startTime itself is the first fire time; with one, the first lies after it.
- Nothing fires after endTime; at endTime something may.
- Minutes and hours are fixed spans of UTC, so 24 hours drift when clocks change. Days, weeks and months
  follow the clocks on the wall.
- A local time that clocks skip fires when it would have been without the change; one that clocks repeat
  fires once, the second time. Two fire times at one instant are one.
- hours and minutes that a schedule does not say are those of startTime, as are the seconds, and the weekday
  or the day of the month.
- Weeks begin on Sunday; every second week counts from the week that startTime is in.
- monthDays counts from the month's end where it is negative, and skips months that have no such day. A
  monthly recurrence without days takes startTime's, or the last of a shorter month.

The documentation contradicts itself on schedules that say only `minutes`: they fire in startTime's hour, as
the engine has it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate, chain, pairwise, repeat
from typing import Any, Final

from .language.dates import Kind, days_in_month, parse_moment
from .language.errors import nearest
from .language.zones import UnknownZone, zone

FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month", "Year")
WEEK_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MAX_INTERVAL = 1000

_FIXED: Final = {"Minute": timedelta(minutes=1), "Hour": timedelta(hours=1)}
_SCHEDULED = ("Day", "Week", "Month")
_PLACES: Final = {"weekDays": "Week", "monthDays": "Month", "monthlyOccurrences": "Month"}
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FIRST_DAYS = 8
"""Days to look at for the next fire time; then eight times as many, and so on up to a year."""


class IllegalRecurrence(ValueError):
    """Data Factory would refuse the recurrence. `field` is the place in it, `reason` what is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"recurrence.{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which days and times within a period. Empty means: as startTime has it.

    `week_days` count from Sunday, which is 0; an occurrence is (week day, nth from the start or, negative,
    the end).
    """

    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    week_days: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    monthly_occurrences: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`start` and `end` are UTC; `schedule` is None where there is none."""

    frequency: str
    interval: int
    start: datetime
    time_zone: tzinfo
    end: datetime | None = None
    schedule: Schedule | None = None

    @classmethod
    def from_json(cls, recurrence: Mapping[str, Any], *, ignore_misplaced: bool = False) -> "Recurrence":
        """Read a trigger's `recurrence`. Raises IllegalRecurrence.

        `ignore_misplaced`: overlook weekDays outside of weeks and month days outside of months, as the engine
        does; Data Factory's documentation does not allow them.
        """
        frequency = _frequency(recurrence.get("frequency"))
        interval = _integer("interval", recurrence.get("interval", 1), 1, MAX_INTERVAL)
        time_zone = _time_zone(recurrence.get("timeZone"))
        start = _instant("startTime", recurrence.get("startTime"), time_zone)
        end = recurrence.get("endTime")
        return cls(
            frequency,
            interval,
            start,
            time_zone,
            None if end is None else _instant("endTime", end, time_zone),
            _schedule(recurrence.get("schedule"), frequency, ignore_misplaced=ignore_misplaced),
        )

    def fire_times(self, after: datetime) -> Iterator[datetime]:
        """Give the instants after one (not at it), to the end of the recurrence or of the calendar."""
        if after >= _LAST:
            return
        first = max(after.astimezone(UTC) + _MICROSECOND, self._earliest())
        yield from self._from(first, self.end or _LAST, _FIRST_DAYS)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Give the instants from `start` (included) to `end` (not included); the fast form."""
        if end <= start:
            return iter(())
        last = end.astimezone(UTC) - _MICROSECOND
        return self._from(max(start.astimezone(UTC), self._earliest()), min(last, self.end or _LAST), 366)

    def can_ever_fire(self) -> bool:
        """Tell whether there is a fire time at all: the 31st of every twelfth month from June has none."""
        return next(self.fire_times(_FIRST), None) is not None

    # Below, all spans of time and of days include both ends; days are ordinals.

    def _earliest(self) -> datetime:
        return self.start if self.schedule is None else min(self.start, _LAST - _MICROSECOND) + _MICROSECOND

    def _from(self, first: datetime, last: datetime, days: int) -> Iterator[datetime]:
        if self.frequency in _FIXED:
            return self._fixed(first, last)
        return chain.from_iterable(self._calendar(first, last, days))

    def _fixed(self, first: datetime, last: datetime) -> Iterator[datetime]:
        step = _FIXED[self.frequency] * self.interval
        skipped = -((self.start - first) // step)
        count = (last - self.start) // step - skipped + 1
        if count <= 0:
            return iter(())
        steps: Iterable[Any] = repeat(step, count - 1)
        return accumulate(steps, initial=self.start + skipped * step)

    def _calendar(self, first: datetime, last: datetime, days: int) -> Iterator[list[datetime]]:
        """Give the instants in portions: `days` days first, then ever more, a year at most."""
        day, last_day = _local_day(first, self.time_zone), _local_day(last, self.time_zone)
        while day <= last_day:
            year = date.fromordinal(day).year
            portion_end = min(day + days - 1, date(year, 12, 31).toordinal(), last_day)
            instants = self._on_days(year, day, portion_end)
            found = instants[bisect_left(instants, first) : bisect_right(instants, last)]
            if found:
                yield found
                first = found[-1] + _MICROSECOND
            day, days = portion_end + 1, days * 8

    def _on_days(self, year: int, first: int, last: int) -> list[datetime]:
        """Give all instants on the local days of a year, in order."""
        days = self._days(first, last)
        if not days:
            return []
        table = _local_year(self.time_zone, year)
        midnights, times = table.midnights, self._times()
        odd = [day for day in table.odd if day in days]
        if not odd:
            base = table.first
            return [midnights[day - base] + time for day in days for time in times]
        plain = [midnights[day - table.first] + time for day in days if day not in odd for time in times]
        shifted = [_instant_of(day, time, self.time_zone) for day in odd for time in times]
        return sorted({*plain, *shifted})

    def _times(self) -> list[timedelta]:
        """Give the times of day, in order."""
        start = self.start.astimezone(self.time_zone)
        schedule = self.schedule or Schedule()
        rest = timedelta(seconds=start.second, microseconds=start.microsecond)
        return [
            timedelta(hours=hour, minutes=minute) + rest
            for hour in sorted(set(schedule.hours or (start.hour,)))
            for minute in sorted(set(schedule.minutes or (start.minute,)))
        ]

    def _days(self, first: int, last: int) -> Sequence[int]:
        """Give the days of the recurrence within a span, in order."""
        start = self.start.astimezone(self.time_zone).date()
        first = max(first, start.toordinal(), _SAFE_DAYS[0])
        last = min(last, _SAFE_DAYS[1])
        match self.frequency:
            case "Day":
                return range(_aligned(first, start.toordinal(), self.interval), last + 1, self.interval)
            case "Week":
                return self._days_of_weeks(start.toordinal(), first, last)
            case _:
                return self._days_of_months(start, first, last)

    def _days_of_weeks(self, start: int, first: int, last: int) -> Sequence[int]:
        chosen = sorted(set(self.schedule.week_days)) if self.schedule else []
        period = 7 * self.interval
        if len(chosen) <= 1:
            day = start - start % 7 + (chosen[0] if chosen else start % 7)
            return range(_aligned(first, day, period), last + 1, period)
        sunday = _aligned(first - 6, start - start % 7, period)
        days = [week + day for week in range(sunday, last + 1, period) for day in chosen]
        return [day for day in days if first <= day <= last]

    def _days_of_months(self, start: date, first: int, last: int) -> list[int]:
        if first > last:
            return []
        step = self.interval * (12 if self.frequency == "Year" else 1)
        from_month, to_month = (_month_number(date.fromordinal(day)) for day in (first, last))
        found = []
        for number in range(_aligned(from_month, _month_number(start), step), to_month + 1, step):
            year, month = divmod(number, 12)
            before = date(year, month + 1, 1).toordinal() - 1
            found += [
                before + day for day in self._days_of_month(start.day, before, days_in_month(year, month + 1))
            ]
        return [day for day in found if first <= day <= last]

    def _days_of_month(self, start_day: int, before: int, length: int) -> list[int]:
        """Give the days of a month of this length; `before` is the day before its first."""
        schedule = self.schedule or Schedule()
        if not schedule.month_days and not schedule.monthly_occurrences:
            return [min(start_day, length)]
        days = {day if day > 0 else length + 1 + day for day in schedule.month_days}
        for week_day, nth in schedule.monthly_occurrences:
            earliest = 1 + (week_day - before - 1) % 7
            days.add(earliest + 7 * (nth - 1 if nth > 0 else (length - earliest) // 7 + 1 + nth))
        return sorted(day for day in days if 1 <= day <= length)


# The calendar of a time zone


@dataclass(frozen=True, slots=True)
class _Year:
    """The local days of a year: when each begins, and on which ones clocks change."""

    first: int
    midnights: list[datetime]
    odd: frozenset[int]


_SAFE_DAYS: Final = (2, date.max.toordinal() - 1)
"""The calendar's first and last day are left out: in some zones they lie beyond it."""


@lru_cache(maxsize=256)
def _local_year(time_zone: tzinfo, year: int) -> _Year:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = range(max(first, _SAFE_DAYS[0]), min(last, _SAFE_DAYS[1]) + 1)
    midnights = [_instant_of(day, timedelta(), time_zone) for day in days]
    offsets = [_midnight(day) - instant for day, instant in zip(days, midnights, strict=True)]
    offsets.append(_offset(datetime.fromordinal(days[-1] + 1), time_zone))
    odd = frozenset(day for day, (now, then) in zip(days, pairwise(offsets), strict=True) if now != then)
    return _Year(days[0], midnights, odd)


def _midnight(day: int) -> datetime:
    return datetime.fromordinal(day).replace(tzinfo=UTC)


def _instant_of(day: int, time: timedelta, time_zone: tzinfo) -> datetime:
    local = datetime.fromordinal(day) + time
    return (local - _offset(local, time_zone)).replace(tzinfo=UTC)


def _offset(local: datetime, time_zone: tzinfo) -> timedelta:
    """Give the offset at a local time: the standard one where clocks skip or repeat it."""
    offsets = (local.replace(tzinfo=time_zone, fold=fold).utcoffset() for fold in (0, 1))
    return min(offset or timedelta() for offset in offsets)


def _local_day(instant: datetime, time_zone: tzinfo) -> int:
    try:
        return instant.astimezone(time_zone).toordinal()
    except OverflowError:
        return instant.toordinal()


def _aligned(lowest: int, phase: int, step: int) -> int:
    """Give the first of phase, phase + step, … that is not below the lowest."""
    return phase if lowest <= phase else phase - (phase - lowest) // step * step


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


# Reading


def _frequency(value: object) -> str:
    found = next(
        (name for name in FREQUENCIES if isinstance(value, str) and name.lower() == value.lower()), None
    )
    if found is None:
        raise IllegalRecurrence("frequency", f"{value!r} is none of {', '.join(FREQUENCIES)}")
    return found


def _integer(field: str, value: object, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise IllegalRecurrence(field, f"{value!r} is no integer from {lowest} to {highest}")
    return value


def _time_zone(value: object) -> tzinfo:
    if value is None:
        return UTC
    if not isinstance(value, str):
        raise IllegalRecurrence("timeZone", f"{value!r} is no name of a time zone")
    try:
        return UTC if value.lower() == "utc" else zone(value)
    except UnknownZone as error:
        raise IllegalRecurrence("timeZone", str(error)) from None


def _instant(field: str, value: object, time_zone: tzinfo) -> datetime:
    """Read an instant; without `Z` or an offset it is a local time of the zone."""
    moment = parse_moment(value, date.min) if isinstance(value, str) and value[4:5] == "-" else None
    if moment is None:
        raise IllegalRecurrence(
            field, "it is required" if value is None else f"{value!r} is no date and time"
        )
    local = moment.wall()
    if moment.kind is not Kind.UNSPECIFIED:
        return local.replace(tzinfo=UTC)
    try:
        return (local - _offset(local, time_zone)).replace(tzinfo=UTC)
    except OverflowError:
        raise IllegalRecurrence(field, f"{value!r} is beyond the calendar") from None


_READERS: Final = {"hours", "minutes", "weekDays", "monthDays", "monthlyOccurrences"}


def _schedule(value: object, frequency: str, *, ignore_misplaced: bool) -> Schedule | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise IllegalRecurrence("schedule", f"{value!r} is no object")
    given = {key: _list(f"schedule.{key}", items) for key, items in value.items() if items}
    for key in given:
        _check_place(key, frequency, ignore_misplaced=ignore_misplaced)
    if not given:
        return None
    if "monthDays" in given and "monthlyOccurrences" in given:
        raise IllegalRecurrence("schedule", "monthDays and monthlyOccurrences exclude each other")
    placed = {key: items for key, items in given.items() if _PLACES.get(key, frequency) == frequency}
    return Schedule(
        hours=_integers(placed, "hours", 0, 23),
        minutes=_integers(placed, "minutes", 0, 59),
        week_days=tuple(_week_day("schedule.weekDays", name) for name in placed.get("weekDays", ())),
        month_days=_month_days(placed),
        monthly_occurrences=tuple(_occurrence(item) for item in placed.get("monthlyOccurrences", ())),
    )


def _check_place(key: str, frequency: str, *, ignore_misplaced: bool) -> None:
    field = f"schedule.{key}"
    if key not in _READERS:
        raise IllegalRecurrence(field, f"there is no such field{nearest(key, _READERS)}")
    if frequency not in _SCHEDULED:
        raise IllegalRecurrence("schedule", f"only Day, Week and Month have one, not {frequency}")
    place = _PLACES.get(key, frequency)
    if place != frequency and not ignore_misplaced:
        raise IllegalRecurrence(field, f"only the frequency {place} has it, not {frequency}")


def _list(field: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise IllegalRecurrence(field, f"{value!r} is no array")
    return value


def _integers(schedule: Mapping[str, list[Any]], key: str, lowest: int, highest: int) -> tuple[int, ...]:
    return tuple(_integer(f"schedule.{key}", value, lowest, highest) for value in schedule.get(key, ()))


def _month_days(schedule: Mapping[str, list[Any]]) -> tuple[int, ...]:
    days = _integers(schedule, "monthDays", -31, 31)
    if 0 in days:
        raise IllegalRecurrence(
            "schedule.monthDays", "days count from 1, or from -1 at the month's end; there is no 0"
        )
    return days


def _week_day(field: str, value: object) -> int:
    """Count from Sunday, which is 0."""
    names = [name.lower() for name in WEEK_DAYS]
    if not isinstance(value, str) or value.lower() not in names:
        raise IllegalRecurrence(field, f"{value!r} is none of {', '.join(WEEK_DAYS)}")
    return names.index(value.lower())


def _occurrence(value: object) -> tuple[int, int]:
    field = "schedule.monthlyOccurrences"
    if not isinstance(value, Mapping):
        raise IllegalRecurrence(field, f"{value!r} is no object with day and occurrence")
    nth = _integer(f"{field}.occurrence", value.get("occurrence"), -5, 5)
    if nth == 0:
        raise IllegalRecurrence(f"{field}.occurrence", "there is no 0th; -1 is the last")
    return _week_day(f"{field}.day", value.get("day")), nth
