"""Functions of dates and time zones. A format left out is `o`: `2018-03-15T13:00:00.0000000Z`."""

from datetime import date

from .cultures import ENGLISH, Culture, culture
from .date_formats import ROUND_TRIP, BadFormat, format_moment
from .dates import TICKS_PER_DAY, TICKS_PER_SECOND, Kind, Moment, days_in_month, moment_of, parse_moment
from .errors import InvalidArgument
from .functions import function
from .scope import Scope
from .zones import NoSuchLocalTime, UnknownZone, canonical_name, from_utc, is_utc, to_utc

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


def _read(name: str, text: str, scope: Scope) -> Moment:
    moment = parse_moment(text, scope.now().date())
    if moment is None:
        raise InvalidArgument(name, f"'{text[:80]}' is no date and time")
    return moment


def _write(name: str, moment: Moment | None, form: str, writing: Culture = ENGLISH) -> str:
    if moment is None:
        raise InvalidArgument(name, "the result is beyond the years 1 to 9999")
    try:
        return format_moment(moment, form, writing)
    except BadFormat:
        raise InvalidArgument(name, f"'{form[:80]}' is no format of a date") from None


@function("formatDateTime(timestamp: string, format?: string, culture?: string)", scoped=True)
def format_date_time(scope: Scope, timestamp: str, form: str = ROUND_TRIP, locale: str = "en-US") -> str:
    writing = culture(locale)
    if writing is None:
        raise InvalidArgument("formatDateTime", f"the culture '{locale[:40]}' is not known here")
    return _write("formatDateTime", _read("formatDateTime", timestamp, scope), form, writing)


@function("utcNow(format?: string)", scoped=True)
def utc_now(scope: Scope, form: str = ROUND_TRIP) -> str:
    return _write("utcNow", moment_of(scope.now()), form)


# Arithmetic


@function("addSeconds(timestamp: string, seconds: integer, format?: string)", scoped=True)
def add_seconds(scope: Scope, timestamp: str, count: int, form: str = ROUND_TRIP) -> str:
    return _shifted("addSeconds", _read("addSeconds", timestamp, scope), count, "second", form)


@function("addMinutes(timestamp: string, minutes: integer, format?: string)", scoped=True)
def add_minutes(scope: Scope, timestamp: str, count: int, form: str = ROUND_TRIP) -> str:
    return _shifted("addMinutes", _read("addMinutes", timestamp, scope), count, "minute", form)


@function("addHours(timestamp: string, hours: integer, format?: string)", scoped=True)
def add_hours(scope: Scope, timestamp: str, count: int, form: str = ROUND_TRIP) -> str:
    return _shifted("addHours", _read("addHours", timestamp, scope), count, "hour", form)


@function("addDays(timestamp: string, days: integer, format?: string)", scoped=True)
def add_days(scope: Scope, timestamp: str, count: int, form: str = ROUND_TRIP) -> str:
    return _shifted("addDays", _read("addDays", timestamp, scope), count, "day", form)


@function("addToTime(timestamp: string, interval: integer, unit: string, format?: string)", scoped=True)
def add_to_time(scope: Scope, timestamp: str, interval: int, unit: str, form: str = ROUND_TRIP) -> str:
    return _shifted("addToTime", _read("addToTime", timestamp, scope), interval, unit, form)


@function(
    "subtractFromTime(timestamp: string, interval: integer, unit: string, format?: string)", scoped=True
)
def subtract_from_time(scope: Scope, timestamp: str, interval: int, unit: str, form: str = ROUND_TRIP) -> str:
    return _shifted("subtractFromTime", _read("subtractFromTime", timestamp, scope), -interval, unit, form)


@function("getFutureTime(interval: integer, unit: string, format?: string)", scoped=True)
def get_future_time(scope: Scope, interval: int, unit: str, form: str = ROUND_TRIP) -> str:
    return _shifted("getFutureTime", moment_of(scope.now()), interval, unit, form)


@function("getPastTime(interval: integer, unit: string, format?: string)", scoped=True)
def get_past_time(scope: Scope, interval: int, unit: str, form: str = ROUND_TRIP) -> str:
    return _shifted("getPastTime", moment_of(scope.now()), -interval, unit, form)


def _shifted(name: str, moment: Moment, count: int, unit: str, form: str) -> str:
    lower = unit.lower()
    if lower in _UNITS:
        return _write(name, moment.plus(count * _UNITS[lower] * TICKS_PER_SECOND), form)
    if lower in _MONTHS:
        return _write(name, _months_later(moment, count * _MONTHS[lower]), form)
    raise InvalidArgument(name, f"'{unit[:40]}' is none of Second, Minute, Hour, Day, Week, Month, Year")


def _months_later(moment: Moment, months: int) -> Moment | None:
    """Keep the day of the month where the month has it, else take its last."""
    day = moment.date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    moved = date(year, month + 1, min(day.day, days_in_month(year, month + 1)))
    return moment.plus((moved - day).days * TICKS_PER_DAY)


# Parts


@function("startOfDay(timestamp: string, format?: string)", scoped=True)
def start_of_day(scope: Scope, timestamp: str, form: str = ROUND_TRIP) -> str:
    return _floored("startOfDay", _read("startOfDay", timestamp, scope), TICKS_PER_DAY, form)


@function("startOfHour(timestamp: string, format?: string)", scoped=True)
def start_of_hour(scope: Scope, timestamp: str, form: str = ROUND_TRIP) -> str:
    return _floored("startOfHour", _read("startOfHour", timestamp, scope), 3600 * TICKS_PER_SECOND, form)


@function("startOfMonth(timestamp: string, format?: string)", scoped=True)
def start_of_month(scope: Scope, timestamp: str, form: str = ROUND_TRIP) -> str:
    moment = _read("startOfMonth", timestamp, scope)
    first = moment.ticks - (moment.date().day - 1) * TICKS_PER_DAY
    return _floored("startOfMonth", Moment(first, moment.kind), TICKS_PER_DAY, form)


def _floored(name: str, moment: Moment, step: int, form: str) -> str:
    return _write(name, Moment(moment.ticks - moment.ticks % step, moment.kind), form)


@function("dayOfWeek(timestamp: string)", scoped=True)
def day_of_week(scope: Scope, timestamp: str) -> int:
    """Count from Sunday, which is 0."""
    return _read("dayOfWeek", timestamp, scope).date().isoweekday() % 7


@function("dayOfMonth(timestamp: string)", scoped=True)
def day_of_month(scope: Scope, timestamp: str) -> int:
    return _read("dayOfMonth", timestamp, scope).date().day


@function("dayOfYear(timestamp: string)", scoped=True)
def day_of_year(scope: Scope, timestamp: str) -> int:
    return _read("dayOfYear", timestamp, scope).date().timetuple().tm_yday


@function("ticks(timestamp: string)", scoped=True)
def ticks(scope: Scope, timestamp: str) -> int:
    return _read("ticks", timestamp, scope).ticks


# Time zones


def _zone(name: str, zone: str) -> str:
    try:
        return canonical_name(zone)
    except UnknownZone as error:
        raise InvalidArgument(name, str(error)) from None


@function("convertFromUtc(timestamp: string, destinationZone: string, format?: string)", scoped=True)
def convert_from_utc(scope: Scope, timestamp: str, zone: str, form: str = ROUND_TRIP) -> str:
    destination = _zone("convertFromUtc", zone)
    moment = _read("convertFromUtc", timestamp, scope)
    if moment.kind is not Kind.UTC:
        raise InvalidArgument("convertFromUtc", f"'{timestamp[:80]}' is not in UTC: it does not end in Z")
    return _write("convertFromUtc", from_utc(moment, destination), form)


@function("convertToUtc(timestamp: string, sourceZone: string, format?: string)", scoped=True)
def convert_to_utc(scope: Scope, timestamp: str, zone: str, form: str = ROUND_TRIP) -> str:
    moment = _read("convertToUtc", timestamp, scope)
    return _write("convertToUtc", _in_utc("convertToUtc", moment, zone), form)


@function(
    "convertTimeZone(timestamp: string, sourceZone: string, destinationZone: string, format?: string)",
    scoped=True,
)
def convert_time_zone(
    scope: Scope, timestamp: str, source: str, destination: str, form: str = ROUND_TRIP
) -> str:
    target = _zone("convertTimeZone", destination)
    moment = _read("convertTimeZone", timestamp, scope)
    return _write("convertTimeZone", from_utc(_in_utc("convertTimeZone", moment, source), target), form)


def _in_utc(name: str, moment: Moment, zone: str) -> Moment:
    """Read a local time of a zone; a suffix of its own must agree with the zone."""
    source = _zone(name, zone)
    if moment.kind is Kind.LOCAL or (moment.kind is Kind.UTC and not is_utc(source)):
        raise InvalidArgument(
            name, f"the timestamp has an offset of its own, which is not that of '{source}'"
        )
    try:
        return to_utc(moment, source)
    except NoSuchLocalTime:
        reason = f"the clocks of '{source}' skip or repeat that time"
        raise InvalidArgument(name, reason) from None
