"""What the path of a storage event says of its window: whether `scoring.input` can read it there. Pure.

The steps read the window of an event from the file's path, by the input template as far as its last segment
with a field (ml_pipelines/steps/event_path.py). Here is checked, before anything is deployed, that this gives
every window of the grid its own path, that the files of a schedule can have such a path, and that nothing
that we write ourselves is among them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from itertools import islice, pairwise, takewhile
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from config.checks import FORMAT_TOKENS, RESERVED
from config.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from config.schema import EventSchedule, Model

DEFAULT_TIME_FORMAT: Final = "yyyy-MM-ddTHH-mm"
WINDOW_ID_FORMAT: Final = "yyyy-MM-ddTHH-mm-ddZ"
"""A window id has digits where this has letters."""
DIGIT: Final = "\0"
"""Stands for any digit in a path that is spelt out."""
TOKEN_MINUTES: Final = {"HH": 60, "dd": 24 * 60}
_FIELD: Final = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_GLOB: Final = re.compile(r"[*?\[]")
_NOT_PLAIN: Final = re.compile(r"[*?{}\\]|//|(^|/)\.\.?/")
_EVERY: Final = re.compile(r"([1-9][0-9]{0,7} )?(minute|hour)s?|day|week|month")


@dataclass(frozen=True)
class InputPath:
    """A model's `scoring.input`, cut after its last segment with a field."""

    head: str
    """As far as an event's path must match."""
    is_file: bool
    """The head's last segment is a pattern of file names, and not a folder."""
    last_name: str
    """The template's last segment."""

    @classmethod
    def of(cls, template: str, model: str) -> InputPath | None:
        """None where the template has no field: then it says nothing of a window."""
        segments = template.replace("{model}", model).strip("/").split("/")
        last = max((number for number, each in enumerate(segments) if "}" in each), default=None)
        if last is None:
            return None
        is_file = bool(_GLOB.search(segments[last]))
        return cls("/".join(segments[: last + 1]), is_file, segments[-1])

    @property
    def before_fields(self) -> str:
        """The folders above the first field, with the slash at their end."""
        before = self.head.partition("{")[0]
        return before[: before.rfind("/") + 1]

    @property
    def spelt(self) -> str:
        """The head as a path is, up to its first wildcard; digits are `DIGIT`."""
        return _FIELD.sub(lambda field: _digits(field[1], field[2]), _before_glob(self.head))

    @property
    def tail(self) -> str:
        """What every input file's name ends with."""
        return _GLOB.split(self.last_name)[-1].rpartition("]")[2] if _GLOB.search(self.last_name) else ""

    def may_begin_with(self, text: str) -> bool:
        """Whether a path that this template reads can begin so."""
        spelt = self.spelt + ("" if _GLOB.search(self.head) else "/")
        return all(
            found.isdecimal() if wanted == DIGIT else found == wanted
            for wanted, found in zip(spelt, text, strict=False)
        )

    def may_be_input(self, ends_with: str | None) -> bool:
        """Whether a file whose path ends so can be one of those that are scored."""
        name = (ends_with or "").rpartition("/")[2]
        if ends_with and "/" in ends_with:
            is_input = not _GLOB.search(self.last_name) or fnmatchcase(name, _FIELD.sub("*", self.last_name))
            return is_input and not name.startswith(("_", "."))
        return name.endswith(self.tail) or self.tail.endswith(name)


def _before_glob(path: str) -> str:
    """`[` and `*` inside of a field are no wildcards, but there are none: a field has letters only."""
    found = _GLOB.search(path)
    return path if found is None else path[: found.start()]


def _digits(field: str, form: str | None) -> str:
    text = WINDOW_ID_FORMAT if field == "window_id" else form or DEFAULT_TIME_FORMAT
    return re.sub("|".join(FORMAT_TOKENS), lambda token: DIGIT * len(token[0]), text)


def begins_with(model: Model, schedule: EventSchedule) -> str:
    """What the paths of a schedule's events begin with, inside the file system."""
    return _begins_with(schedule.begins_with, InputPath.of(model.scoring.input, model.name))


def _begins_with(given: str | None, path: InputPath | None) -> str:
    return given or (path.before_fields if path else "")


def ignores_empty(model: Model, schedule: EventSchedule) -> bool:
    """An input file is empty while it is being uploaded; a marker is often empty for good."""
    if schedule.ignore_empty_files is not None:
        return schedule.ignore_empty_files
    path = InputPath.of(model.scoring.input, model.name)
    return path is None or path.may_be_input(schedule.ends_with)


# ------------------------------------------------------------------------------------------- the checks


def check(models: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Everything in the event schedules of all models that could never work, or would never end."""
    if not isinstance(models, dict):
        return
    written = Folders(_written(models))
    for name, model in models.items():
        schedules = _at(model, "schedules", "score")
        events = {key: each for key, each in _items(schedules) if _at(each, "type") == "event"}
        if events:
            yield from _undetermined(name, model)
        for key, schedule in events.items():
            for wrong in [*_patterns(schedule)] or _schedule(name, model, schedule, written):
                yield Wrong(
                    wrong.found,
                    wrong.expected,
                    wrong.nearest,
                    key=(name, "schedules", "score", key, *wrong.below),
                )


CHECKS: Final = (("models", check),)


def _at(value: Any, *keys: str) -> Any:  # noqa: ANN401
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _items(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
    return list(value.items()) if isinstance(value, dict) else []


def _undetermined(name: str, model: Any) -> Iterator[Wrong]:  # noqa: ANN401
    """Where two windows would have one path, or a wildcard stands where the window is read."""
    template = _at(model, "scoring", "input")
    if not isinstance(template, str):
        return
    key = (name, "scoring", "input")
    if _GLOB.search(_FIELD.sub("", template).rpartition("/")[0]):
        return  # which no input may have
    if _GLOB.search(template.rpartition("}")[0]):
        expected = "wildcards in its last name only, after every field: an event's window is read before them"
        yield Wrong(f"`{template}`", expected, key=key)
    fields = _FIELD.findall(template)
    if any(field == "window_id" for field, _ in fields):
        return
    forms = [form or DEFAULT_TIME_FORMAT for field, form in fields if field == "window_start"]
    found = {token for form in forms for token in FORMAT_TOKENS if token in form}
    every, zone = _at(model, "window", "every") or "day", _at(model, "window", "time_zone") or "UTC"
    needed = tokens_needed(every, zone) if isinstance(every, str) and isinstance(zone, str) else ()
    if needed is None:
        expected = f"the field {{window_id}}: in {zone} clocks repeat local times, and windows are short"
        yield Wrong(f"`{template}`, read by a storage event", expected, key=key)
    elif missing := [token for token in needed if token not in found]:
        given = "{window_start:" + "/".join(needed) + "} or {window_id}"
        expected = f"a window's start ({' '.join(missing)} is missing): {given}"
        yield Wrong(f"`{template}`, read by a storage event", expected, key=key)


def tokens_needed(every: str, time_zone: str) -> tuple[str, ...] | None:
    """The tokens that tell any two windows apart; None where local time cannot. Empty: no grid at all."""
    if not (match := _EVERY.fullmatch(every)):
        return ()
    if every == "month":
        return FORMAT_TOKENS[:2]
    if match[2] is None:
        return FORMAT_TOKENS[:3]
    length = int(match[1] or 1) * (60 if match[2] == "hour" else 1)
    apart = length - minutes_repeated(time_zone)
    if apart < 1:
        return None
    finest = next((token for token in ("dd", "HH") if apart >= TOKEN_MINUTES[token]), "mm")
    return FORMAT_TOKENS[: FORMAT_TOKENS.index(finest) + 1]


@lru_cache
def minutes_repeated(time_zone: str) -> int:
    """The most that clocks are set back in a Windows time zone, from 2000 to 2040; 0 in UTC."""
    from tzlocal.windows_tz import win_tz

    if time_zone == "UTC" or time_zone not in win_tz:
        return 0
    zone = ZoneInfo(win_tz[time_zone])
    days = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(40 * 366))
    offsets = [day.astimezone(zone).utcoffset() or timedelta() for day in days]
    back = max(before - after for before, after in pairwise(offsets))
    return max(0, int(back.total_seconds()) // 60)


def _patterns(schedule: dict[str, Any]) -> Iterator[Wrong]:
    patterns = {key: schedule[key] for key in ("begins_with", "ends_with") if schedule.get(key) is not None}
    if not any(patterns.values()):
        yield Wrong("neither `begins_with` nor `ends_with`", "one of them: which files start a run")
    for key, pattern in patterns.items():
        if isinstance(pattern, str) and _NOT_PLAIN.search(pattern):
            expected = "plain text as it stands in the path: no wildcard, no field, no `..`"
            yield Wrong(f"`{pattern}`", expected, key=key)
    begins_with = patterns.get("begins_with")
    if isinstance(begins_with, str) and begins_with.startswith("/"):
        expected = "a path inside the file system: the container and `/blobs/` are put before it"
        yield Wrong(f"`{begins_with}`", expected, begins_with.lstrip("/") or None, key="begins_with")


def _schedule(name: str, model: Any, schedule: Any, written: Folders) -> Iterator[Wrong]:  # noqa: ANN401
    template, given, ends_with = (
        _at(model, "scoring", "input"), _at(schedule, "begins_with"), _at(schedule, "ends_with")
    )  # fmt: skip
    texts = [each for each in (template, given, ends_with) if each is not None]
    path = InputPath.of(template, name) if isinstance(template, str) else None
    if path is None or not all(isinstance(each, str) for each in texts):
        return
    if given and not path.may_begin_with(given):
        expected = f"what `scoring.input` ({template}) can read: no file below `{given}` would name a window"
        yield Wrong(f"`{given}`", expected, path.before_fields or None, key="begins_with")
        return
    if ends_with and path.is_file and not path.may_be_input(ends_with):
        expected = f"an end that `scoring.input` ({template}) can read: the file's own name says the window"
        yield Wrong(f"`{ends_with}`", expected, path.tail or None, key="ends_with")
    prefix = _begins_with(given, path)
    if (folder := written.first_in_the_way(prefix)) is not None:
        expected = f"a folder apart from `{folder}…`, where runs write: their own files would start runs"
        yield Wrong(f"`begins_with: {prefix}`", expected, key="begins_with" if given else ())


class Folders:
    """Folders in order, sorted when they are first asked for: a thousand schedules ask about a thousand."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._folders = folders
        self._answers: dict[str, str | None] = {}

    @cached_property
    def _order(self) -> dict[str, int]:
        return {folder: number for number, folder in enumerate(dict.fromkeys(self._folders))}

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._order)

    def first_in_the_way(self, path: str) -> str | None:
        """The first folder that begins with `path`, or that `path` begins with."""
        if path not in self._answers:
            around = (path[:length] for length in range(len(path)) if path[:length] in self._order)
            met = [*around, *self._beginning_with(path)]
            self._answers[path] = min(met, key=self._order.__getitem__, default=None)
        return self._answers[path]

    def _beginning_with(self, path: str) -> Iterator[str]:
        first = bisect_left(self._sorted, path)
        return takewhile(lambda folder: folder.startswith(path), islice(self._sorted, first, None))


def _written(models: Any) -> Iterator[str]:  # noqa: ANN401
    """Where runs and deployments write."""
    yield from (f"{folder}/" for folder in (*RESERVED, "quarantine"))
    for _, model in _items(models):
        output = _at(model, "output", "path")
        if isinstance(output, str):
            yield f"{output.strip('/')}/window="
