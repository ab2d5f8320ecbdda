"""When a trigger fires, in words: each line with its style. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.entities import OPEN_START
from adf.windows import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from deployment.fires import Backfill, Files, Firing


def told(firing: Firing) -> Iterator[tuple[str, str]]:
    """How a trigger's windows begin, what it runs at once, what fires it: files, or times in its own zone."""
    if firing.open_start is not None:
        yield f"begins with {OPEN_START}, now {format_instant(firing.open_start)}", ""
    if firing.at_once is not None:
        yield f"{_past(firing)} {_windows(firing.at_once)}", "yellow"
    if firing.files is not None:
        yield (
            f"{_verb('fire', firing)} when a file appears: {firing.files} ({_which(firing.files, firing)})",
            "",
        )
    if firing.next:
        yield f"{_verb('fire', firing)} {_times(firing.next, firing)}", ""
    elif firing.files is None:
        yield f"{_verb('fire', firing)} no more: its end is past", "yellow"
    if firing.before:
        yield f"instead of {_times(firing.before, firing)}", ""
    if firing.waits_for:
        yield f"each window waits for those of {', '.join(firing.waits_for)}", ""


def _verb(verb: str, firing: Firing) -> str:
    return f"{verb}s" if firing.started else f"would {verb}"


def _past(firing: Firing) -> str:
    if firing.refused:
        return "a new trigger is refused with this past `start`; `backfill_from` in its place runs"
    return _verb("run", firing)


def _which(files: Files, firing: Firing) -> str:
    empty = "one that is empty does not count" if files.ignores_empty else "also an empty one"
    return f"{empty}; none while it is stopped for this step" if firing.deaf else empty


def _windows(due: Backfill) -> str:
    windows = "1 window" if due.count == 1 else f"{due.count:,} windows"
    return f"{windows} at once, from {format_instant(due.start)} to {format_instant(due.end)}"


def _times(instants: Sequence[datetime], firing: Firing) -> str:
    local = ", ".join(_local(instant.astimezone(firing.zone)) for instant in instants)
    return f"{local} ({firing.zone_name})"


def _local(moment: datetime) -> str:
    """`2026-11-24 06:00`, with seconds where there are some."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds" if moment.second else "minutes")
