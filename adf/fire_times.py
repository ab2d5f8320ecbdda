"""The fire times of many recurrences, merged in order: what fires when, of all triggers of a factory.

Time is taken 24 hours at a time, so that memory holds what fires within one such day. Most recurrences fire
at the same times every day: those are put in order once, and the order is repeated, in portions. The rest of
a day's fire times, with those of what begins or ends on it, are sorted into the portions they fall in.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Final, Generic, TypeAlias, TypeVar

from .recurrence import Recurrence

Name = TypeVar("Name")
Fire: TypeAlias = tuple[datetime, Name]

_DAY: Final = timedelta(days=1)
_A_PORTION: Final = 256
"""Fire times of a day that are sorted at a time: few, as most portions have nothing to be sorted in."""


def merged(
    recurrences: Mapping[Name, Recurrence], start: datetime, end: datetime
) -> Iterator[tuple[datetime, Name]]:
    """Give each fire time from `start` (included) to `end` (not included), and the name of what fires.

    The instants, in UTC, never decrease; in which order things fire at one instant is not said.
    """
    return chain.from_iterable(_portions(recurrences, start.astimezone(UTC), end.astimezone(UTC)))


def _portions(
    recurrences: Mapping[Name, Recurrence], start: datetime, end: datetime
) -> Iterator[Iterable[Fire[Name]]]:
    days = {name: each.daily_within() for name, each in recurrences.items() if each.is_daily()}
    others = [_Upcoming(name, each, start, end) for name, each in recurrences.items() if name not in days]
    pattern, repeated = _Pattern[Name]([]), list[Name]()
    while start < end:
        stop = start + _DAY if end - start > _DAY else end
        whole = [
            name
            for name, (first, last) in days.items()
            if first <= start and stop <= last and stop - start == _DAY
        ]
        if whole != repeated:
            fires = [(time, name) for name in whole for time in recurrences[name].daily_times(start)]
            pattern, repeated = _Pattern(fires), whole
        more = [fire for each in others for fire in each.before(stop)]
        for name in _without(days, whole):
            more += ((instant, name) for instant in recurrences[name].between(start, stop))
        yield from pattern.on_day(start, more)
        start = stop


def _without(names: Iterable[Name], some: list[Name]) -> list[Name]:
    left_out = set(some)
    return [name for name in names if name not in left_out]


class _Pattern(Generic[Name]):
    """The fire times of a day, as times since it began, in order and in portions."""

    def __init__(self, fires: list[tuple[timedelta, Name]]) -> None:
        ordered = sorted(fires, key=itemgetter(0))
        portions = (ordered[i : i + _A_PORTION] for i in range(0, len(ordered), _A_PORTION))
        self._portions = [([time for time, _ in each], [name for _, name in each]) for each in portions]

    def on_day(self, start: datetime, more: list[Fire[Name]]) -> Iterator[Iterable[Fire[Name]]]:
        """Give the portions on the day that begins at an instant, with what else fires on it."""
        more.sort(key=itemgetter(0))
        taken = 0
        for times, names in self._portions:
            fires = zip(map(start.__add__, times), names, strict=True)
            cut = bisect_right(more, start + times[-1], taken, key=itemgetter(0))
            yield sorted([*fires, *more[taken:cut]], key=itemgetter(0)) if cut > taken else fires
            taken = cut
        yield more[taken:]


class _Upcoming(Generic[Name]):
    """What is still to come of a recurrence."""

    def __init__(self, name: Name, recurrence: Recurrence, start: datetime, end: datetime) -> None:
        self._name = name
        self._instants = recurrence.between(start, end)
        self._next = next(self._instants, None)

    def before(self, stop: datetime) -> list[Fire[Name]]:
        """Take the fire times before an instant."""
        fires: list[Fire[Name]] = []
        while self._next is not None and self._next < stop:
            fires.append((self._next, self._name))
            self._next = next(self._instants, None)
        return fires
