"""Where in a JSON text a value stands: its path, as `adf.problems.inside` writes it → its line. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adf.problems import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass
class _Open:
    """An object or a list that has begun."""

    path: str
    index: int | None
    """Of the element that comes; None in an object."""
    key: str | None = None
    """Whose value comes."""

    @property
    def expects_key(self) -> bool:
        return self.index is None and self.key is None

    def go_on(self) -> None:
        self.key = None
        if self.index is not None:
            self.index += 1


def lines_of(text: str) -> dict[str, int]:
    """Path → line from 1, of every value of a text that is JSON; a key's line is its value's, too."""
    found = {"": 1}
    opened: list[_Open] = []
    for word, line in _words(text):
        if word in "]}":
            opened.pop()
        elif word == ",":
            opened[-1].go_on()
        elif word != ":" and opened and opened[-1].expects_key:
            opened[-1].key = json.loads(word)
            found[_place(opened)] = line
        elif word != ":":
            path = _place(opened)
            found.setdefault(path, line)
            if word in "[{":
                opened.append(_Open(path, 0 if word == "[" else None))
    return found


def _place(opened: list[_Open]) -> str:
    """The path of what comes next."""
    if not opened:
        return ""
    last = opened[-1]
    return inside(last.path, last.index if last.key is None and last.index is not None else last.key or "")


def _words(text: str) -> Iterator[tuple[str, int]]:
    line, before = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", before, token.start())
        before = token.start()
        yield token.group(), line
