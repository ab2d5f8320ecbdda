"""Windows of time: a model's grid, and the windows of a tumbling window trigger.

This file is used three times: by the factory's generator, by the local Data Factory, and, shipped as it is,
by the steps on the compute. So it is one file, needs the standard library only, and has its own tree of
errors:

    WindowError (a ValueError)
    ├── BadGrid               the grid itself cannot be
    ├── BadInstant            a text that is no instant, timespan or window id, or a time without a zone
    ├── OffGrid               an instant at which no window of the grid starts
    └── BadTumblingWindow     Data Factory would refuse the trigger

All instants are aware datetimes; windows come out in UTC and are half open: [start, end).

**Grids.** Each of these sentences has a test.

- A grid tiles time: where a window ends the next one starts; no instant is in two windows, none in no window.
- `N minutes` and `N hours` are fixed spans of UTC, counted from 1970-01-01T00:00:00Z plus the offset. They
  take no notice of the time zone: local hours cannot tile time when clocks change. The offset gives any
  phase, so every tumbling window trigger of N minutes or hours that starts on a whole minute lies on some
  such grid.
- `day`, `week` and `month` begin at local midnight plus the offset, on the wall clock of the time zone; weeks
  begin on Monday (an offset of 8640 minutes makes it Sunday). A day has 23, 24 or 25 hours where clocks
  change.
- A local time that clocks skip is read with the offset that held before they moved: a skipped midnight
  becomes the first instant after the gap. A local time that clocks repeat is its first occurrence.
- A local day that a country skipped altogether (Samoa, 30 December 2011) has no window.
- The calendar has the years 1 to 9999: a window that reaches beyond it does not exist.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import count, islice, takewhile
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
TICK = timedelta(microseconds=1)
_OF_THE_CALENDAR = "an instant within the years 1 to 9999 of the calendar"
MINUTES_PER_DAY = 24 * 60

Unit = Literal["minute", "hour", "day", "week", "month"]
Frequency = Literal["Minute", "Hour", "Month"]


class WindowError(ValueError):
    """Base of everything this module raises."""


class BadGrid(WindowError):
    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"{found} is no window grid: expected {expected}")
        self.found = found
        self.expected = expected


class BadInstant(WindowError):
    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"{found!r} is not {expected}")
        self.found = found
        self.expected = expected


class OffGrid(WindowError):
    def __init__(self, instant: datetime, grid: Grid, nearest: Window) -> None:
        super().__init__(
            f"no window of the grid ({grid}) starts at {format_instant(instant)}: "
            f"it lies inside {format_instant(nearest.start)} to {format_instant(nearest.end)}"
        )
        self.instant = instant
        self.grid = grid
        self.nearest = nearest


class BadTumblingWindow(WindowError):
    def __init__(self, problems: list[str]) -> None:
        super().__init__("not a tumbling window trigger: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, order=True)
class Window:
    """[start, end), both in UTC; never empty. Windows of one grid sort as time."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", _utc(self.start))
        object.__setattr__(self, "end", _utc(self.end))
        if self.start >= self.end:
            raise BadInstant(
                format_instant(self.end), f"after the window's start {format_instant(self.start)}"
            )

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: Window) -> bool:
        return self.start < other.end and other.start < self.end


# ---------------------------------------------------------------------------------------- texts


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with `Z` or an offset, with any number of fraction digits, in UTC."""
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        raise BadInstant(text, "an instant such as 2026-11-22T00:00:00Z") from None


def format_instant(instant: datetime) -> str:
    """`2026-11-22T00:00:00Z`: whole seconds in UTC, with a fraction only where there is one."""
    return _utc(instant).replace(tzinfo=None).isoformat() + "Z"


def window_id(window: Window) -> str:
    """`2026-11-22T00-00-00Z`, the window's start: sorts as time, and may stand in a path."""
    if window.start.microsecond:
        raise BadInstant(format_instant(window.start), "a window's start in whole seconds")
    return format_instant(window.start).replace(":", "-")


def parse_window_id(text: str) -> datetime:
    """The start that `window_id` wrote."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", text, re.ASCII):
        raise BadInstant(text, "a window id such as 2026-11-22T00-00-00Z")
    day, clock = text.split("T")
    return parse_instant(f"{day}T{clock.replace('-', ':')}")


_MOST_DIGITS = 8
"""Of a number of days, hours or minutes: what is longer is beyond Python's and Data Factory's timespans."""

_TIMESPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d\d?):(\d\d):(\d\d)(?:\.(\d{1,7}))?", re.ASCII)


@lru_cache(maxsize=1024)
def parse_timespan(text: str) -> timedelta:
    """Data Factory's `[-][d.]hh:mm:ss[.fffffff]`."""
    match = _TIMESPAN.fullmatch(text)
    if match is None or int(match[3]) > 23 or int(match[4]) > 59 or int(match[5]) > 59:
        raise BadInstant(text, "a timespan such as 01:30:00 or 1.00:00:00")
    sign, days, hours, minutes, seconds, fraction = match.groups()
    if len(days or "") > _MOST_DIGITS:
        raise BadInstant(text, "a timespan of fewer days")
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    span = timedelta(int(days or 0), int(seconds), microseconds, hours=int(hours), minutes=int(minutes))
    return -span if sign else span


def format_timespan(span: timedelta) -> str:
    """The inverse of `parse_timespan`, in whole seconds; days appear only from one day on."""
    seconds = int(abs(span).total_seconds())
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return ("-" if span < timedelta() else "") + (f"{days}.{clock}" if days else clock)


# ---------------------------------------------------------------------------------------- boundaries


class _Boundaries(Protocol):
    """Numbered boundaries: window n is [start_of(n), start_of(n + 1)), if that is not empty."""

    def start_of(self, number: int) -> datetime: ...


def _number_at(boundaries: _Boundaries, instant: datetime, guess: int) -> int:
    """The number of the window around `instant`, from a guess that is near it."""
    while _starts_after(boundaries, guess, instant):
        guess -= 1
    while not _starts_after(boundaries, guess + 1, instant):
        guess += 1
    return guess


def _starts_after(boundaries: _Boundaries, number: int, instant: datetime) -> bool:
    try:
        return boundaries.start_of(number) > instant
    except OverflowError:
        return number > 0  # beyond the calendar's end, or before its beginning


def _add_months(moment: datetime, months: int) -> datetime:
    """Months later on the calendar; the 31st becomes the last day of a shorter month.

    Raises OverflowError beyond the calendar, as adding a timedelta does.
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError
    first = moment.replace(year=year, month=month + 1, day=1)
    return first.replace(day=min(moment.day, monthrange(year, month + 1)[1]))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise BadInstant(moment.isoformat(), "an instant: it has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadInstant(moment.isoformat(), _OF_THE_CALENDAR) from None


def _shifted(moment: datetime, span: timedelta) -> datetime:
    """A moment later, at the calendar's end or beginning where it would lie beyond."""
    try:
        return moment + span
    except OverflowError:
        return LAST if span > timedelta() else FIRST


# ---------------------------------------------------------------------------------------- the grid


@dataclass(frozen=True)
class Every:
    """`15 minutes` is Every(15, "minute")."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Every:
        match = re.fullmatch(r"(?:([1-9][0-9]*) )?(minute|hour)s?|(day|week|month)", text)
        if match is None:
            expected = "`15 minutes`, `hour`, `6 hours`, `day`, `week` or `month`"
            raise BadGrid(repr(text), f"{expected}; only minutes and hours can be counted, from 1")
        if len(match[1] or "") > _MOST_DIGITS:
            raise BadGrid(repr(text), f"a count of at most {_MOST_DIGITS} digits")
        return cls(int(match[1] or 1), cast("Unit", match[2] or match[3]))

    @property
    def fixed(self) -> timedelta | None:
        """The length of every window, where it does not depend on the calendar."""
        match self.unit:
            case "minute":
                return timedelta(minutes=self.count)
            case "hour":
                return timedelta(hours=self.count)
        return None

    @property
    def shortest_minutes(self) -> int:
        """A bound that the offset must stay below, so that each grid has one way to be written."""
        if self.fixed is not None:
            return int(self.fixed.total_seconds()) // 60
        return {"day": 1, "week": 7, "month": 28}[self.unit] * MINUTES_PER_DAY

    def __str__(self) -> str:
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"


@dataclass(frozen=True)
class Grid:
    """A model's one window grid. `zone` is an IANA name; it matters to days, weeks and months only."""

    every: Every
    zone: str = "UTC"
    offset_minutes: int = 0
    _tz: tzinfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tz", _zone(self.zone))
        if not 0 <= self.offset_minutes < self.every.shortest_minutes:
            raise BadGrid(
                f"an offset of {self.offset_minutes} minutes every {self.every}",
                f"0 to {self.every.shortest_minutes - 1} minutes",
            )

    @classmethod
    def parse(cls, every: str, *, zone: str = "UTC", offset_minutes: int = 0) -> Grid:
        return cls(Every.parse(every), zone, offset_minutes)

    def __str__(self) -> str:
        offset = f" + {self.offset_minutes} minutes" if self.offset_minutes else ""
        return f"every {self.every}{offset}, {self.zone}"

    @property
    def is_uniform(self) -> bool:
        """Whether all windows are of one length, whatever clocks and calendars do."""
        return self.every.fixed is not None or (self._tz is UTC and self.every.unit != "month")

    def window_at(self, instant: datetime) -> Window:
        """The window that contains `instant`. Raises BadInstant where it reaches beyond the calendar."""
        number = _number_at(self, instant, self._guess(_utc(instant)))
        try:
            return Window(self.start_of(number), self.start_of(number + 1))
        except OverflowError:
            raise BadInstant(format_instant(instant), f"in a window ({self}) of the calendar") from None

    def window_starting(self, instant: datetime) -> Window:
        """The window that starts exactly at `instant`; raises OffGrid where none does."""
        window = self.window_at(instant)
        if window.start != instant:
            raise OffGrid(instant, self, window)
        return window

    def last_complete(self, instant: datetime) -> Window:
        """The last window that has ended at `instant` (an end at `instant` itself counts)."""
        current = self.window_at(instant)
        if current.start == FIRST:
            raise BadInstant(format_instant(instant), "after the first window of the calendar")
        return self.window_at(current.start - TICK)

    def next_starting(self, instant: datetime) -> Window:
        """The first window that starts at `instant` or later."""
        window = self.window_at(instant)
        return window if window.start == instant else self.window_at(window.end)

    def between(self, start: datetime, end: datetime) -> Iterator[Window]:
        """The windows that start in [start, end), oldest first; adjoining ranges share none and miss none."""
        window = self.next_starting(start)
        while window.start < end:
            yield window
            window = self.window_at(window.end)

    def start_of(self, number: int) -> datetime:
        """The boundary `number`: counted from 1970; two boundaries may coincide where a day was skipped."""
        offset = timedelta(minutes=self.offset_minutes)
        if self.every.fixed is not None:
            return EPOCH + offset + number * self.every.fixed
        local = self._local_midnight(number) + offset
        return local.replace(tzinfo=self._tz, fold=0).astimezone(UTC)

    def _local_midnight(self, number: int) -> datetime:
        first = datetime.combine(EPOCH.date(), time())
        match self.every.unit:
            case "week":
                return first + timedelta(days=7 * number - 3)  # 1970-01-01 was a Thursday
            case "month":
                return _add_months(first, number)
        return first + timedelta(days=number)

    def _guess(self, instant: datetime) -> int:
        elapsed = instant - EPOCH - timedelta(minutes=self.offset_minutes)
        if self.every.fixed is not None:
            return elapsed // self.every.fixed
        days = {"day": 1.0, "week": 7.0, "month": 30.436875}[self.every.unit]
        return int(elapsed / timedelta(days=days))


def _zone(name: str) -> tzinfo:
    if name in ("UTC", "Etc/UTC"):
        return UTC  # no time zone database needed on a compute image that may have none
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadGrid(f"time zone {name!r}", "an IANA name such as Europe/Berlin") from None


# ---------------------------------------------------------------------------------------- tumbling windows


@dataclass(frozen=True)
class TumblingWindow:
    """The windows of a TumblingWindowTrigger: window k is [start + k·size, start + (k+1)·size).

    A window is due at its end plus `delay`; the delay does not move the window. Windows end at `end` at the
    latest: an incomplete last one does not run (inferred). Months are counted from `start` on the calendar,
    in UTC (inferred).
    """

    start: datetime
    frequency: Frequency
    interval: int
    end: datetime | None = None
    delay: timedelta = timedelta()
    max_concurrency: int = 50

    @classmethod
    def from_type_properties(cls, type_properties: Mapping[str, Any]) -> TumblingWindow:
        """From the trigger's JSON; raises BadTumblingWindow with all that is wrong with it."""
        if problems := tumbling_problems(type_properties):
            raise BadTumblingWindow(problems)
        end = type_properties.get("endTime")
        return cls(
            start=parse_instant(type_properties["startTime"]),
            frequency=type_properties["frequency"],
            interval=type_properties["interval"],
            end=parse_instant(end) if end else None,
            delay=parse_timespan(type_properties.get("delay") or "00:00:00"),
            max_concurrency=type_properties.get("maxConcurrency", 50),
        )

    def start_of(self, number: int) -> datetime:
        match self.frequency:
            case "Minute":
                return self.start + timedelta(minutes=number * self.interval)
            case "Hour":
                return self.start + timedelta(hours=number * self.interval)
        return _add_months(self.start, number * self.interval)

    def windows(self, first: int = 0) -> Iterator[Window]:
        """All windows from number `first` on, oldest first, to the end of the trigger or of the calendar."""
        for number in count(first):
            try:
                window = Window(self.start_of(number), self.start_of(number + 1))
            except OverflowError:
                return
            if self.end is not None and window.end > self.end:
                return
            yield window

    def window_starting(self, instant: datetime) -> Window | None:
        """The trigger's window that starts exactly at `instant`, if it has one."""
        window = next(self.overlapping(Window(instant, instant + TICK)), None)
        return window if window is not None and window.start == instant else None

    def due_at(self, window: Window) -> datetime:
        return _shifted(window.end, self.delay)

    def due(self, now: datetime) -> Iterator[Window]:
        """The windows due at `now`, oldest first: what a new trigger runs at once (its backfill)."""
        return takewhile(lambda window: self.due_at(window) <= now, self.windows())

    def due_count(self, now: datetime) -> int:
        """How many those are, without going through them."""
        last = _shifted(now, -self.delay)
        last = last if self.end is None else min(last, self.end)
        return max(0, _number_at(self, last, self._guess(last)))

    def first_batch(self, now: datetime) -> list[Window]:
        """The windows of the backfill that start together: the oldest, as many as may run at once."""
        return list(islice(self.due(now), self.max_concurrency))

    def overlapping(self, interval: Window) -> Iterator[Window]:
        """The trigger's windows that share an instant with `interval`, oldest first."""
        if interval.end <= self.start:
            return iter(())
        first = _number_at(self, max(interval.start, self.start), self._guess(interval.start))
        return takewhile(interval.overlaps, self.windows(first))

    def _guess(self, instant: datetime) -> int:
        minutes = {"Minute": 1, "Hour": 60, "Month": 43829}[self.frequency] * self.interval
        return (instant - self.start) // timedelta(minutes=1) // minutes

    def first_off_grid(self, grid: Grid) -> Window | None:
        """The first of the trigger's windows that is no window of `grid`; None where all are.

        For a grid of days or weeks in a zone that changes its clocks the answer can be months away, so two
        years of windows are compared.
        """
        horizon = _shifted(self.start, timedelta(days=732))
        for window in takewhile(lambda w: w.start < horizon, self.windows()):
            if grid.window_at(window.start) != window:
                return window
            if grid.is_uniform and self.frequency != "Month":
                return None  # equal spans that meet once meet always
        return None


def dependency_interval(window: Window, offset: timedelta, size: timedelta | None) -> Window:
    """What a dependency looks at: [start + offset, start + offset + size); size defaults to the window's."""
    start = _shifted(window.start, offset)
    return Window(start, _shifted(start, size if size is not None else window.length))


def upstream_of(properties: Mapping[str, Any]) -> list[str]:
    """The other triggers whose windows a trigger waits for, by its JSON; only windows wait."""
    entries = (properties.get("typeProperties") or {}).get("dependsOn") or []
    references = [each["referenceTrigger"] for each in entries if each.get("referenceTrigger")]
    return [str(each.get("referenceName")) for each in references]


SELF_DEPENDENCY = "SelfDependencyTumblingWindowTriggerReference"
TRIGGER_DEPENDENCY = "TumblingWindowTriggerDependencyReference"
IMMUTABLE = ("frequency", "interval", "startTime")


def tumbling_problems(type_properties: Mapping[str, Any]) -> list[str]:
    """Why Data Factory would refuse a tumbling window trigger's typeProperties; empty where it would not."""
    problems = [*_recurrence_problems(type_properties), *_instant_problems(type_properties)]
    concurrency = type_properties.get("maxConcurrency", 1)
    if not _is_whole(concurrency, 1, 50):
        problems.append(f"maxConcurrency is {concurrency!r}, not 1 to 50")
    retry = type_properties.get("retryPolicy") or {}
    if not _is_whole(retry.get("intervalInSeconds", 30), 30, 86400):
        problems.append("retryPolicy.intervalInSeconds is not 30 to 86400")
    count = retry.get("count")
    if count is not None and not _is_whole(count, 0, 2**31 - 1):
        problems.append(f"retryPolicy.count is {count!r}, not a whole number from 0")
    return problems + _dependency_problems(type_properties.get("dependsOn") or [])


def tumbling_change_problems(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Why an existing trigger's typeProperties cannot be changed from `before` to `after`.

    An instant that is spelt in another way is the same.
    """
    changed = [key for key in IMMUTABLE if key in after and _meant(after[key]) != _meant(before.get(key))]
    return [f"{key} cannot change after the trigger's creation" for key in changed]


def _meant(value: object) -> object:
    try:
        return parse_instant(value) if isinstance(value, str) else value
    except WindowError:
        return value


def tumbling_pipeline_problems(properties: Mapping[str, Any]) -> list[str]:
    """A tumbling window trigger has exactly one pipeline, under `pipeline`, not a list under `pipelines`."""
    problems = (
        ["`pipelines`: a tumbling window trigger has one `pipeline`"] if "pipelines" in properties else []
    )
    if not isinstance(properties.get("pipeline"), dict):
        problems.append("`pipeline` is missing, or no object")
    return problems


def _recurrence_problems(type_properties: Mapping[str, Any]) -> list[str]:
    frequency, interval = type_properties.get("frequency"), type_properties.get("interval")
    if frequency not in ("Minute", "Hour", "Month"):
        return [f"frequency is {frequency!r}, not Minute, Hour or Month"]
    if not _is_whole(interval, 1, 2**31 - 1):
        return [f"interval is {interval!r}, not a whole number from 1"]
    if frequency == "Minute" and cast("int", interval) < 5:
        return [f"a window of {interval} minutes is shorter than the least, 5 minutes"]
    return []


def _instant_problems(type_properties: Mapping[str, Any]) -> list[str]:
    checks: dict[str, Callable[[str], object]] = {
        "startTime": parse_instant,
        "endTime": parse_instant,
        "delay": parse_timespan,
    }
    problems = []
    for key, parse in checks.items():
        value = type_properties.get(key)
        try:
            if value is not None and not isinstance(value, str):
                problems.append(f"{key} is {value!r}, no text")
            elif value is not None:
                parse(value)
            elif key == "startTime":
                problems.append("startTime is missing")
        except WindowError as error:
            problems.append(f"{key}: {error}")
    return problems


def _dependency_problems(dependencies: list[Mapping[str, Any]]) -> list[str]:
    own = [each for each in dependencies if each.get("type") == SELF_DEPENDENCY]
    problems = []
    if len(dependencies) - len(own) > 5:
        problems.append("dependsOn names more than 5 other triggers")
    if any(not str(each.get("offset", "")).startswith("-") for each in own):
        problems.append("a self-dependency needs a negative offset")
    return problems + [problem for each in dependencies for problem in _span_problems(each)]


def _span_problems(dependency: Mapping[str, Any]) -> list[str]:
    spans = {key: dependency[key] for key in ("offset", "size") if dependency.get(key) is not None}
    problems = []
    for key, text in spans.items():
        try:
            if not isinstance(text, str):
                problems.append(f"dependsOn: {key} is {text!r}, no text")
            elif parse_timespan(text) <= timedelta() and key == "size":
                problems.append(f"dependsOn: the size {text!r} is not positive")
        except WindowError as error:
            problems.append(f"dependsOn: {key}: {error}")
    return problems


def _is_whole(number: object, least: int, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and least <= number <= most
