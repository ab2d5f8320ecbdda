"""A trigger's `recurrence` as JSON → its parts, each checked as Data Factory checks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from .language.dates import Kind, parse_moment
from .language.errors import nearest
from .language.zones import UnknownZone, zone

FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month", "Year")
WEEK_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MAX_INTERVAL = 1000

_SCHEDULED = ("Day", "Week", "Month")
_FIELDS: Final = {"hours", "minutes", "weekDays", "monthDays", "monthlyOccurrences"}
_PLACES: Final = {"weekDays": "Week", "monthDays": "Month", "monthlyOccurrences": "Month"}


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


def read_frequency(value: object) -> str:
    found = next(
        (name for name in FREQUENCIES if isinstance(value, str) and name.lower() == value.lower()), None
    )
    if found is None:
        raise IllegalRecurrence("frequency", f"{value!r} is none of {', '.join(FREQUENCIES)}")
    return found


def read_integer(field: str, value: object, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise IllegalRecurrence(field, f"{value!r} is no integer from {lowest} to {highest}")
    return value


def read_time_zone(value: object) -> tzinfo:
    if value is None:
        return UTC
    if not isinstance(value, str):
        raise IllegalRecurrence("timeZone", f"{value!r} is no name of a time zone")
    try:
        return UTC if value.lower() == "utc" else zone(value)
    except UnknownZone as error:
        raise IllegalRecurrence("timeZone", str(error)) from None


def read_instant(field: str, value: object, time_zone: tzinfo) -> datetime:
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
        return (local - standard_offset(local, time_zone)).replace(tzinfo=UTC)
    except OverflowError:
        raise IllegalRecurrence(field, f"{value!r} is beyond the calendar") from None


def read_schedule(value: object, frequency: str, *, ignore_misplaced: bool) -> Schedule | None:
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
    if key not in _FIELDS:
        raise IllegalRecurrence(field, f"there is no such field{nearest(key, _FIELDS)}")
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
    return tuple(read_integer(f"schedule.{key}", value, lowest, highest) for value in schedule.get(key, ()))


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
    nth = read_integer(f"{field}.occurrence", value.get("occurrence"), -5, 5)
    if nth == 0:
        raise IllegalRecurrence(f"{field}.occurrence", "there is no 0th; -1 is the last")
    return _week_day(f"{field}.day", value.get("day")), nth


def standard_offset(local: datetime, time_zone: tzinfo) -> timedelta:
    """Give the offset at a local time: the standard one where clocks skip or repeat it."""
    offsets = (local.replace(tzinfo=time_zone, fold=fold).utcoffset() for fold in (0, 1))
    return min(offset or timedelta() for offset in offsets)
