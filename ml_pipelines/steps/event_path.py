"""From the path of a file whose storage event started the run to its window: `format_template`, backwards.

Only the input template's path as far as its last segment with a field must match, since what announces a
window is often no input itself: `raw/2026/11/22/_SUCCESS` is read by `raw/{window_start:yyyy/MM/dd}/*.csv`.
Where that segment is a pattern of file names, the whole path must match.

A path is never trusted to be what it looks like: of the windows near the time that it tells, the one is taken
whose own path it is; none, or more than one (a local hour that clocks repeat), is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from .errors import EventPathUnmatched
from .landing import DEFAULT_TIME_FORMAT, FIELD, TemplateFields, format_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

TOKENS = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2}
"""Each with its number of digits."""
A_DAY = timedelta(days=1)
LENGTHS = {"mm": timedelta(minutes=1), "HH": timedelta(hours=1), "dd": A_DAY, "MM": 31 * A_DAY}
"""How long the time is that a token leaves open."""
WILDCARDS = "*?["


@dataclass(frozen=True)
class EventPath:
    """`path` begins with the file system; `zone` is the grid's."""

    path: str
    file_system: str
    template: str
    model: str
    zone: tzinfo

    def window(self, grid: Any, windows: Any) -> Any:  # noqa: ANN401 - adf/windows.py's, shipped beside this file
        """The grid's one window whose path this is; raises EventPathUnmatched."""
        head, told = self._read()
        try:
            candidates = self._candidates(told, grid, windows)
            found = [each for each in candidates if self._path_of(each, windows) == head]
        except (windows.WindowError, ValueError, OverflowError) as error:
            raise self._unmatched(str(error)) from error
        if len(found) != 1:
            count = "no window" if not found else f"{len(found)} windows"
            raise self._unmatched(f"{count} of the grid ({grid}) would have that path")
        return found[0]

    def _named(self) -> str:
        """The template with the model's name: its other fields are the window's."""
        return self.template.strip("/").replace("{model}", self.model)

    def _head(self) -> str:
        """The template as far as its last segment with a field, without a pattern behind that field."""
        template = self._named()
        if "}" not in template:
            raise self._unmatched("the template has no field of a window")
        rest = template.rpartition("}")[2].partition("/")[0]
        marks = [rest.index(mark) for mark in WILDCARDS if mark in rest]
        end = template.rindex("}") + 1
        return template[: end + min(marks, default=len(rest))]

    def _pattern(self) -> str | None:
        """What the file's name goes on with after the head, where it is a pattern."""
        rest = self._named()[len(self._head()) :]
        return rest if rest[:1] and rest[0] in WILDCARDS else None

    def _read(self) -> tuple[str, dict[str, str]]:
        """The head of the path, and what its fields say: `window_id`, and the tokens of `window_start`."""
        file_system, _, path = self.path.partition("/")
        if file_system != self.file_system:
            raise self._unmatched(f"it is not in the file system {self.file_system!r}")
        tokens = list(_tokens(self._head()))
        match = re.match("".join(expression for _, expression in tokens), path, re.ASCII)
        if match is None or not self._goes_on(path[match.end() :]):
            raise self._unmatched("it does not match")
        names = [name for name, _ in tokens if name]
        return match[0], dict(reversed(list(zip(names, match.groups(), strict=True))))

    def _goes_on(self, rest: str) -> bool:
        """Whether what follows the head is the rest of the file's name, or something below a folder."""
        pattern = self._pattern()
        if pattern is None:
            return rest[:1] in ("", "/")
        return "/" not in rest and fnmatchcase(rest, pattern)

    def _candidates(self, told: dict[str, str], grid: Any, windows: Any) -> list[Any]:  # noqa: ANN401
        """The windows that may start when the path says, but for what clocks are moved by."""
        if "window_id" in told:
            return [grid.window_starting(windows.parse_window_id(told["window_id"]))]
        tokens = list(takewhile(told.__contains__, TOKENS))
        if len(tokens) < 2:
            raise self._unmatched("the template does not tell the year and the month of a window's start")
        year, month, *rest = (int(told[token]) for token in tokens)
        day, hour, minute = (*rest, *(1, 0, 0)[len(rest) :])
        start = datetime(year, month, day, hour, minute, tzinfo=self.zone).astimezone(UTC)
        return list(grid.between(start - A_DAY, start + LENGTHS[tokens[-1]] + A_DAY))

    def _path_of(self, window: Any, windows: Any) -> str:  # noqa: ANN401
        names = TemplateFields(
            self.model, windows.window_id(window), window.start, window.end, self.zone
        )  # fmt: skip
        return format_template(self._head(), names)

    def _unmatched(self, found: str) -> EventPathUnmatched:
        return EventPathUnmatched(self.path, self.template, found)


def _tokens(template: str) -> Iterator[tuple[str, str]]:
    """The template as regular expressions; each that is a group has the name of what it reads."""
    end = 0
    for field in FIELD.finditer(template):
        yield "", re.escape(template[end : field.start()])
        yield from _of_field(field[1], field[2])
        end = field.end()
    yield "", re.escape(template[end:])


def _of_field(name: str, form: str | None) -> Iterator[tuple[str, str]]:
    if name == "window_id":
        yield name, r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)"
        return
    for part in re.findall(rf"{'|'.join(TOKENS)}|.", form or DEFAULT_TIME_FORMAT):
        if digits := TOKENS.get(part):
            yield (part if name == "window_start" else f"end {part}"), rf"(\d{{{digits}}})"
        else:
            yield "", re.escape(part)
