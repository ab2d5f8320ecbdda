"""Moments, and how their texts are read, as .NET's DateTime.Parse does for English (United States).

A moment is a number of ticks and a kind. The kind comes from the text: `Z` or `GMT` is UTC and is printed
so; an offset is converted to the host's zone, which is UTC in Data Factory, and printed as `+00:00`;
without either the moment has no zone and prints none.
"""

import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

TICKS_PER_SECOND = 10_000_000
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
MAX_TICKS = date.max.toordinal() * TICKS_PER_DAY - 1

_EPOCH = datetime(1, 1, 1)  # noqa: DTZ001  ticks have no zone
_MONTHS = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_TWO_DIGIT_YEARS_UNTIL = 29
"""«29» is 2029 and «30» is 1930."""


class Kind(Enum):
    UTC = "Z"
    LOCAL = "+00:00"
    UNSPECIFIED = ""


class Moment(NamedTuple):
    """`ticks`: units of 100 nanoseconds since the year 1."""

    ticks: int
    kind: Kind

    def plus(self, ticks: int) -> "Moment | None":
        """Shift; None beyond the calendar."""
        moved = self.ticks + ticks
        return Moment(moved, self.kind) if 0 <= moved <= MAX_TICKS else None

    def date(self) -> date:
        return date.fromordinal(self.ticks // TICKS_PER_DAY + 1)

    def wall(self) -> datetime:
        """Give the date and time of day, to the microsecond, without a zone."""
        return _EPOCH + timedelta(microseconds=self.ticks // 10)


def moment_of(when: datetime) -> Moment:
    """Read a datetime that has a zone."""
    return Moment(ticks_of(when.astimezone(UTC).replace(tzinfo=None)), Kind.UTC)


def ticks_of(naive: datetime) -> int:
    since = naive - _EPOCH
    return (since.days * 86_400 + since.seconds) * TICKS_PER_SECOND + since.microseconds * 10


def days_in_month(year: int, month: int) -> int:
    return 31 if month in {1, 3, 5, 7, 8, 10, 12} else 30 if month != 2 else 28 + _is_leap(year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,16}))?)?)?\s*(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_TIME = re.compile(
    r"(?<![\d.:])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,16}))?)?)?(?:\s*([ap])m?(?![a-z]))?(?![\d:])",
    re.ASCII,
)
_ZONE = re.compile(r"(?:(z|gmt)|([+-])(\d{1,2})(?::?(\d{2}))?)$", re.ASCII)
_WORD = re.compile(r"[a-z]+\.?|\d+|[\s,/.\-]+|.", re.ASCII | re.DOTALL)


def parse_moment(text: str, today: date) -> Moment | None:
    """Read a date and time; None when it is none. `today` completes a text without a date or a year."""
    stripped = text.strip()
    if len(stripped) > 100:
        return None
    match = _ISO.fullmatch(stripped)
    if match:
        year, month, day, *time, zone = match.groups()
        return _moment((int(year), int(month), int(day)), _Time.of(*time, half=None), _offset(zone))
    return _parse_freely(stripped.lower(), today)


class _Time(NamedTuple):
    hour: int
    minute: int
    second: int
    fraction: int

    @classmethod
    def of(
        cls,
        hour: str | None,
        minute: str | None,
        second: str | None,
        fraction: str | None,
        *,
        half: str | None,
    ) -> "_Time | None":
        """Read the parts of a time of day; `half` is `a` or `p`. None when there is no such time."""
        hours = int(hour or 0)
        if half and (hours > 12 if half == "a" else hours > 23):
            return None
        if half:
            hours = hours % 12 if half == "a" else hours + 12 if hours < 12 else hours
        time = cls(hours, int(minute or 0), int(second or 0), _fraction(fraction or "0"))
        return time if time.hour < 24 and time.minute < 60 and time.second < 60 else None

    def ticks(self) -> int:
        return (self.hour * 3600 + self.minute * 60 + self.second) * TICKS_PER_SECOND + self.fraction


def _fraction(digits: str) -> int:
    """Round to seven digits, half away from zero."""
    scaled = int(digits.ljust(8, "0")[:8])
    return (scaled + 5) // 10


def _offset(zone: str | None) -> int | Kind | None:
    """Read `Z` or `+hh:mm`: a kind, or minutes; None when there is no such offset."""
    if not zone:
        return Kind.UNSPECIFIED
    if zone == "Z":
        return Kind.UTC
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    if minutes > 14 * 60 or int(zone[4:6]) > 59:
        return None
    return -minutes if zone[0] == "-" else minutes


def _moment(day: tuple[int, int, int], time: _Time | None, offset: int | Kind | None) -> Moment | None:
    if time is None or offset is None:
        return None
    try:
        ticks = (date(*day).toordinal() - 1) * TICKS_PER_DAY + time.ticks()
    except (ValueError, OverflowError):
        return None
    if isinstance(offset, Kind):
        return Moment(0, offset).plus(ticks)
    return Moment(0, Kind.LOCAL).plus(ticks - offset * 60 * TICKS_PER_SECOND)


def _parse_freely(text: str, today: date) -> Moment | None:
    """Read the forms that are not ISO: `3/15/2018 1:00 PM`, `Thu, 15 Mar 2018 13:00:00 GMT`, `March 15`."""
    offset: int | Kind | None = Kind.UNSPECIFIED
    time: _Time | None = _Time(0, 0, 0, 0)
    found = next((m for m in _TIME.finditer(text) if m[2] is not None or m[5] is not None), None)
    if found:
        time = _Time.of(*found.groups()[:4], half=found[5])
        after = text[found.end() :].strip()
        zone = _ZONE.search(after)
        if zone and not (after[: zone.start()].strip(" ,")):
            offset = _free_offset(zone)
            after = ""
        before = text[: found.start()].rstrip()
        text = f"{before.removesuffix('t') if before[-2:-1].isdigit() else before} {after}".strip()
        if not text:
            return _moment((today.year, today.month, today.day), time, offset)
    day = _day(text, today)
    return _moment(day, time, offset) if day else None


def _free_offset(zone: re.Match[str]) -> int | Kind | None:
    if zone[1]:
        return Kind.UTC
    return _offset(f"{zone[2]}{zone[3]:0>2}:{zone[4] or '00'}")


def _day(text: str, today: date) -> tuple[int, int, int] | None:
    """Read a date: numbers, perhaps the names of a month and of a weekday, which must be the right one."""
    numbers: list[str] = []
    months: list[int] = []
    weekdays: list[int] = []
    separators = ""
    for word in _WORD.findall(text):
        if word.isdigit():
            numbers.append(word)
        elif word.strip(" \t\n\r\v\f,/.-") == "":
            separators += word
        elif (month := _named(word, _MONTHS)) is not None:
            months.append(month + 1)
        elif (weekday := _named(word, _DAYS)) is not None:
            weekdays.append(weekday)
        else:
            return None
    if len(months) > 1 or len(weekdays) > 1 or any(len(number) > 4 for number in numbers):
        return None
    day = _with_month(numbers, months[0], today) if months else _numeric(numbers, separators, today)
    return day if day and _is_weekday(day, weekdays) else None


def _named(word: str, names: list[str]) -> int | None:
    bare = word.removesuffix(".")
    return next((i for i, name in enumerate(names) if bare in {name, name[:3]}), None)


def _is_weekday(day: tuple[int, int, int], weekdays: list[int]) -> bool:
    try:
        return not weekdays or date(*day).weekday() == weekdays[0]
    except ValueError:
        return False


def _with_month(numbers: list[str], month: int, today: date) -> tuple[int, int, int] | None:
    match numbers:
        case [only] if _is_year(only) or int(only) > 31:
            return (_year(only), month, 1)
        case [only]:
            return (today.year, month, int(only))
        case [year, day] if _is_year(year):
            return (_year(year), month, int(day))
        case [day, year]:
            return (_year(year), month, int(day))
        case _:
            return None


def _numeric(  # noqa: PLR0911  a case an order
    numbers: list[str], separators: str, today: date
) -> tuple[int, int, int] | None:
    if not separators.strip() and len(numbers) < 3:
        return None
    match numbers:
        case [year, month, day] if _is_year(year):
            return (_year(year), int(month), int(day))
        case [month, day, year] if not _is_year(month) and not _is_year(day):
            return (_year(year), int(month), int(day))
        case [year, month] if _is_year(year):
            return (_year(year), int(month), 1)
        case [month, year] if _is_year(year):
            return (_year(year), int(month), 1)
        case [month, day]:
            return (today.year, int(month), int(day))
        case _:
            return None


def _is_year(number: str) -> bool:
    return len(number) > 2


def _year(number: str) -> int:
    year = int(number)
    if _is_year(number):
        return year
    return year + (2000 if year <= _TWO_DIGIT_YEARS_UNTIL else 1900)
