"""What a schedule may not say: what Data Factory refuses, what could be read two ways, what runs twice.

Each check is given a map as it was written (of any types: pydantic reports wrong ones). What only the
recurrence itself can tell (that it never fires, that it leaves the model's grid) is told by `adf.schedules`.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from config.instants import calendar_instant, utc_instant
from config.schema import CalendarSchedule, TumblingSchedule
from config.wrong import Wrong, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from pydantic import BaseModel

WEEK_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_COUNTS: Final = ("first", "second", "third", "fourth", "fifth")
OCCURRENCES: Final = {word: nth for nth, word in enumerate(_COUNTS, 1)} | {
    ("last" if nth == 1 else f"{word} last"): -nth for nth, word in enumerate(_COUNTS, 1)
}
"""`first` to `fifth` of a month count from its start, `last` to `fifth last` from its end."""

YEARS: Final = range(1900, 2201)
"""Of a start: with every interval and delay that there may be, windows then lie on the calendar."""

_REFINEMENTS: Final = {
    "hours": ("Day", "Week", "Month"),
    "minutes": ("Day", "Week", "Month"),
    "week_days": ("Week",),
    "month_days": ("Month",),
    "monthly_occurrences": ("Month",),
}


def occurrence(text: str) -> tuple[int, str] | None:
    """`last Friday` → (-1, "Friday"); None for what is no such thing."""
    match = re.fullmatch(r"(.+) (\S+)", text)
    if match is None or match[1] not in OCCURRENCES or match[2] not in WEEK_DAYS:
        return None
    return OCCURRENCES[match[1]], match[2]


# ------------------------------------------------------------------------------------------- calendar


def calendar(value: dict[str, Any]) -> Iterator[Wrong]:
    yield from _local_times(value)
    yield from _refinements(value)
    yield from _days(value)


def _local_times(value: Mapping[str, Any]) -> Iterator[Wrong]:
    zone = value.get("time_zone", "UTC")
    for key in ("start", "end"):
        text = value.get(key)
        if not isinstance(text, str):
            continue
        if calendar_instant(text) is None:
            yield Wrong(f"`{text}`", "local time without an offset: 2026-11-01T06:00:00", key=key)
        elif text.endswith("Z") and isinstance(zone, str) and zone.upper() != "UTC":
            yield Wrong(f"`{text}`, which is UTC", f"local time in {zone}, without Z", key=key)
    yield from _far_away(value, "start", calendar_instant)
    start, end = (calendar_instant(str(value.get(key))) for key in ("start", "end"))
    if start is not None and end is not None and end < start:
        yield Wrong(f"`{value['end']}`, before `start`", f"an end after {value['start']}", key="end")


def _far_away(value: Mapping[str, Any], key: str, read: Callable[[str], datetime | None]) -> Iterator[Wrong]:
    """An `end` may be as far away as it likes: 9999-12-31 says that there is none."""
    start = read(value[key]) if isinstance(value.get(key), str) else None
    if start is not None and start.year not in YEARS:
        yield Wrong(f"`{value[key]}`", f"a year from {YEARS[0]} to {YEARS[-1]}", key=key)


def _refinements(value: Mapping[str, Any]) -> Iterator[Wrong]:
    frequency = value.get("frequency")
    for key, allowed in _REFINEMENTS.items():
        if value.get(key) and frequency not in allowed:
            yield Wrong(
                f"`{key}` with frequency {frequency}", f"it with {' or '.join(allowed)} only", key=key
            )
        if items := _items(value, key):
            repeated = ((item, count) for item, count in Counter(map(str, items)).items() if count > 1)
            yield from (Wrong(f"`{item}` {count} times", "each once", key=key) for item, count in repeated)
    if value.get("minutes") and not value.get("hours"):
        expected = "`hours` too: Data Factory's documentation and its engine read minutes alone differently"
        yield Wrong("`minutes` without `hours`", expected, key="minutes")
    if value.get("month_days") and value.get("monthly_occurrences"):
        expected = "one of them: with both Data Factory never fires"
        yield Wrong("`monthly_occurrences` beside `month_days`", expected, key="monthly_occurrences")


def _days(value: Mapping[str, Any]) -> Iterator[Wrong]:
    for day in _items(value, "week_days"):
        if isinstance(day, str) and day not in WEEK_DAYS:
            yield Wrong(f"`{day}`", "an English week day", nearest(day, WEEK_DAYS), key="week_days")
    for number in _items(value, "month_days"):
        if isinstance(number, int) and not (1 <= abs(number) <= 31):
            yield Wrong(f"`{number}`", "1 to 31, or -1 (the last day) to -31", key="month_days")
    for text in _items(value, "monthly_occurrences"):
        if isinstance(text, str) and occurrence(text) is None:
            known = [f"{count} {day}" for count in OCCURRENCES for day in WEEK_DAYS]
            expected = "`first` to `fifth`, or `last` to `fifth last`, and an English week day: last Friday"
            yield Wrong(f"`{text}`", expected, nearest(text, known), key="monthly_occurrences")


def _items(value: Mapping[str, Any], key: str) -> list[Any]:
    """None where it is no list: pydantic says so."""
    found = value.get(key)
    return found if isinstance(found, list) else []


# ------------------------------------------------------------------------------------------- tumbling


def tumbling(value: dict[str, Any]) -> Iterator[Wrong]:
    if value.get("start") is not None and value.get("backfill_from") is not None:
        expected = "one of them: `start` lies ahead, `backfill_from` in the past"
        yield Wrong("`backfill_from` beside `start`", expected, key="backfill_from")
    for key in ("start", "backfill_from", "end"):
        if isinstance(value.get(key), str) and utc_instant(value[key]) is None:
            yield Wrong(f"`{value[key]}`", "an instant in UTC: 2026-11-01T00:00:00Z", key=key)
    for key in ("start", "backfill_from"):
        yield from _far_away(value, key, utc_instant)
    interval = value.get("interval")
    if value.get("frequency") == "Minute" and isinstance(interval, int) and interval < 5:
        yield Wrong(
            f"{interval} minutes", "at least 5 minutes, Data Factory's smallest window", key="interval"
        )


# ------------------------------------------------------------------------------------------- several


def several(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401 - as it was written
    """Two schedules of a model that would score (or train) the same at the same times."""
    if not isinstance(value, dict):
        return
    schedules = {name: each for name, each in value.items() if isinstance(each, dict)}
    for (name, one), (other, another) in combinations(schedules.items(), 2):
        kinds = one.get("type"), another.get("type")
        if kinds == ("calendar", "calendar") and _same_times(one, another):
            yield Wrong(f"the same times as `{name}`", "one of them: each run would be made twice", key=other)
        if kinds == ("tumbling", "tumbling") and _share_windows(one, another):
            expected = f"one of them, or an `end` of the earlier where the later one's `start` is: `{name}`"
            yield Wrong(f"windows that `{name}` runs too", f"{expected} and this run each twice", key=other)


def _same_times(one: Mapping[str, Any], another: Mapping[str, Any]) -> bool:
    return _meant(CalendarSchedule, one) == _meant(CalendarSchedule, another)


def _meant(kind: type[BaseModel], written: Mapping[str, Any]) -> dict[str, Any]:
    """With defaults, and whatever order the lists are in."""
    whole = {name: field.default for name, field in kind.model_fields.items()} | dict(written)
    return {
        key: sorted(map(str, value)) if isinstance(value, list) else value for key, value in whole.items()
    }


def _share_windows(one: Mapping[str, Any], another: Mapping[str, Any]) -> bool:
    """All windows of a model are on one grid: two schedules share those that both reach, for certain."""
    first, second = (_meant(TumblingSchedule, each) for each in (one, another))
    return _reaches(first, second) and _reaches(second, first)


def _reaches(one: Mapping[str, Any], another: Mapping[str, Any]) -> bool:
    """Whether it still runs when the other begins; a start that is left open may lie anywhere."""
    end = utc_instant(str(one["end"]))
    if end is None:
        return one["end"] is None
    begin = utc_instant(str(another["start"] or another["backfill_from"]))
    return begin is not None and begin < end
