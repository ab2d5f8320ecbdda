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
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate, chain, pairwise, repeat
from typing import Any, Final

from .language.dates import days_in_month
from .recurrence_schema import (
    FREQUENCIES,
    MAX_INTERVAL,
    WEEK_DAYS,
    IllegalRecurrence,
    Schedule,
    read_frequency,
    read_instant,
    read_integer,
    read_schedule,
    read_time_zone,
    standard_offset,
)

__all__ = ["FREQUENCIES", "WEEK_DAYS", "IllegalRecurrence", "Recurrence", "Schedule"]

_FIXED: Final = {"Minute": timedelta(minutes=1), "Hour": timedelta(hours=1)}
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
_FIRST_DAYS = 8
"""Days to look at for the next fire time; then eight times as many, and so on up to a year."""


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
        frequency = read_frequency(recurrence.get("frequency"))
        interval = read_integer("interval", recurrence.get("interval", 1), 1, MAX_INTERVAL)
        time_zone = read_time_zone(recurrence.get("timeZone"))
        start = read_instant("startTime", recurrence.get("startTime"), time_zone)
        end = recurrence.get("endTime")
        return cls(
            frequency,
            interval,
            start,
            time_zone,
            None if end is None else read_instant("endTime", end, time_zone),
            read_schedule(recurrence.get("schedule"), frequency, ignore_misplaced=ignore_misplaced),
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

    def is_disputed(self) -> bool:
        """Tell whether startTime is a time of the schedule: the documentation fires there, the engine not."""
        return self.schedule is not None and any(self._calendar(self.start, self.start, 1))

    # For who puts the fire times of many together (`fire_times.py`).

    def is_daily(self) -> bool:
        """Tell whether it fires at the same instants of every day in UTC, as long as it goes on."""
        if self.frequency in _FIXED:
            return not timedelta(days=1) % (_FIXED[self.frequency] * self.interval)
        return self.frequency == "Day" and self.interval == 1 and self.time_zone is UTC

    def daily_within(self) -> tuple[datetime, datetime]:
        """Give the span in which a day has all of its fire times, of one that is daily."""
        return self._earliest(), min(self.end or _LAST_DAY, _LAST_DAY)

    def daily_times(self, start: datetime) -> list[timedelta]:
        """Give, of one that is daily, the times within 24 hours of an instant, from that instant on."""
        day = timedelta(days=1)
        if self.frequency in _FIXED:
            step = _FIXED[self.frequency] * self.interval
            return list(accumulate(repeat(step, day // step - 1), initial=(self.start - start) % step))
        midnight = datetime.combine(start.astimezone(UTC), time(), UTC)
        return sorted((midnight + each - start) % day for each in self._times())

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
        times = self._times()
        instants: list[datetime] = []
        position = 0
        for odd in (day for day in table.odd if day in days):
            index = bisect_left(days, odd)
            _append(instants, table.instants(days[position:index], times))
            _append(instants, sorted({_instant_of(odd, time, self.time_zone) for time in times}))
            position = index + 1
        _append(instants, table.instants(days[position:], times))
        return instants

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
        schedule = self.schedule or Schedule()
        found: list[int] = []
        for number in range(_aligned(from_month, _month_number(start), step), to_month + 1, step):
            before, length = _month(number)
            chosen = _days_of_month(
                schedule.month_days, schedule.monthly_occurrences, start.day, before % 7, length
            )
            found += [before + day for day in chosen]
        return found[bisect_left(found, first) : bisect_right(found, last)]


@lru_cache(maxsize=4096)
def _days_of_month(
    month_days: tuple[int, ...],
    occurrences: tuple[tuple[int, int], ...],
    start_day: int,
    before: int,
    length: int,
) -> list[int]:
    """Choose the days of a month; `before` is the weekday before its first, from Sunday, which is 0."""
    if not month_days and not occurrences:
        return [min(start_day, length)]
    days = {day if day > 0 else length + 1 + day for day in month_days}
    for week_day, nth in occurrences:
        earliest = 1 + (week_day - before - 1) % 7
        days.add(earliest + 7 * (nth - 1 if nth > 0 else (length - earliest) // 7 + 1 + nth))
    return sorted(day for day in days if 1 <= day <= length)


@lru_cache(maxsize=1024)
def _month(number: int) -> tuple[int, int]:
    """Give the day before a month's first, and the month's length."""
    year, month = divmod(number, 12)
    return date(year, month + 1, 1).toordinal() - 1, days_in_month(year, month + 1)


# The calendar of a time zone


@dataclass(frozen=True, slots=True)
class _Year:
    """The local days of a year: when each begins, and on which ones clocks change."""

    first: int
    midnights: list[datetime]
    odd: list[int]

    def instants(self, days: Sequence[int], times: Sequence[timedelta]) -> list[datetime]:
        """Give the times of days on which no clock changes."""
        first, midnights = self.first, self.midnights
        if len(times) == 1:
            time = times[0]
            return [midnights[day - first] + time for day in days]
        return [midnights[day - first] + time for day in days for time in times]


def _append(instants: list[datetime], more: list[datetime]) -> None:
    """Append what is later; a day that a zone skipped as a whole holds nothing new."""
    instants += more[bisect_right(more, instants[-1]) :] if instants and more else more


_SAFE_DAYS: Final = (2, date.max.toordinal() - 1)
"""The calendar's first and last day are left out: in some zones they lie beyond it."""


@lru_cache(maxsize=256)
def _local_year(time_zone: tzinfo, year: int) -> _Year:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = range(max(first, _SAFE_DAYS[0]), min(last, _SAFE_DAYS[1]) + 1)
    midnights = [_instant_of(day, timedelta(), time_zone) for day in days]
    offsets = [_midnight(day) - instant for day, instant in zip(days, midnights, strict=True)]
    offsets.append(standard_offset(datetime.fromordinal(days[-1] + 1), time_zone))
    odd = [day for day, (now, then) in zip(days, pairwise(offsets), strict=True) if now != then]
    return _Year(days[0], midnights, odd)


def _midnight(day: int) -> datetime:
    return datetime.fromordinal(day).replace(tzinfo=UTC)


def _instant_of(day: int, time: timedelta, time_zone: tzinfo) -> datetime:
    local = datetime.fromordinal(day) + time
    return (local - standard_offset(local, time_zone)).replace(tzinfo=UTC)


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
