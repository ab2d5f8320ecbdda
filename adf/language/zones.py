"""Windows time zones, by the names that Data Factory takes (`W. Europe Standard Time`); IANA's are refused.

Which IANA zone stands for a Windows one is Unicode's table, as tzlocal carries it; its rules are zoneinfo's.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from .dates import MAX_TICKS, TICKS_PER_DAY, TICKS_PER_SECOND, Kind, Moment

_IANA: dict[str, str] = {name.lower(): iana for name, iana in win_tz.items()}
_NAMES: dict[str, str] = {name.lower(): name for name in win_tz}


class UnknownZone(Exception):  # a fact, turned into the caller's own error
    """No Windows time zone has this name."""

    def __init__(self, name: str) -> None:
        hint = "; Data Factory knows Windows names, not IANA's" if "/" in name else ""
        super().__init__(f"no Windows time zone is called '{name[:80]}'{hint}")
        self.name = name


class NoSuchLocalTime(Exception):  # as above
    """The clocks of the zone never, or twice, show this time."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Find a zone by its Windows name, regardless of case. Raises UnknownZone."""
    iana = _IANA.get(name.lower())
    if iana is None:
        raise UnknownZone(name)
    return ZoneInfo(iana)


def canonical_name(name: str) -> str:
    """Spell a Windows zone's name as Windows does. Raises UnknownZone."""
    if name.lower() not in _NAMES:
        raise UnknownZone(name)
    return _NAMES[name.lower()]


def is_utc(name: str) -> bool:
    return name.lower() == "utc"


def from_utc(moment: Moment, name: str) -> Moment:
    """Show a UTC moment on the clocks of a zone; beyond the calendar it stops at its end, as in .NET."""
    if is_utc(name):
        return Moment(moment.ticks, Kind.UTC)
    offset = _aware(moment).astimezone(zone(name)).utcoffset() or timedelta()
    return _clamped(moment.ticks + _ticks(offset), Kind.UNSPECIFIED)


def to_utc(moment: Moment, name: str) -> Moment:
    """Read a local time of a zone. Raises NoSuchLocalTime where the clocks skip or repeat it."""
    if is_utc(name):
        return Moment(moment.ticks, Kind.UTC)
    local = _aware(moment).replace(tzinfo=zone(name))
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    if first != second:
        raise NoSuchLocalTime
    return _clamped(moment.ticks - _ticks(first or timedelta()), Kind.UTC)


def _aware(moment: Moment) -> datetime:
    """Give the moment as UTC, moved off the calendar's ends, where zones cannot be computed."""
    inside = min(max(moment.ticks, 2 * TICKS_PER_DAY), MAX_TICKS - 2 * TICKS_PER_DAY)
    return Moment(inside, Kind.UTC).wall().replace(tzinfo=UTC)


def _ticks(offset: timedelta) -> int:
    return (offset.days * 86_400 + offset.seconds) * TICKS_PER_SECOND


def _clamped(ticks: int, kind: Kind) -> Moment:
    return Moment(min(max(ticks, 0), MAX_TICKS), kind)
