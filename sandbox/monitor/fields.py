"""A body, read field by field: what is missing or not as it must be is refused with the field's path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class BadField(AzureError):
    """400, as Azure Monitor words it: with the path of the field."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(400, "BadRequest", f"The property '{path}' {problem}.", target=path)


@dataclass(frozen=True)
class Fields:
    """An object of the body; `path` leads to it."""

    values: dict[str, Any]
    path: str = ""

    def object(self, key: str) -> Fields:
        return Fields(self._of(key, dict, "an object"), self._at(key))

    def objects(self, key: str, *, least: int = 1, most: int = 1000) -> Iterator[Fields]:
        """Each item of a list, whose length is checked at once."""
        items = self._list(key, least, most)
        for number, item in enumerate(items):
            if not isinstance(item, dict):
                raise BadField(f"{self._at(key)}[{number}]", "must be an object")
            yield Fields(item, f"{self._at(key)}[{number}]")

    def texts(self, key: str, *, least: int = 1) -> list[str]:
        items = self._list(key, least, 1000)
        if not all(isinstance(item, str) and item for item in items):
            raise BadField(self._at(key), "must be a list of texts")
        return items

    def text(self, key: str, pattern: str = r"(?s).+", says: str = "a text") -> str:
        value = self._of(key, str, says)
        if not re.fullmatch(pattern, value):
            raise BadField(self._at(key), f"must be {says}, not '{value[:80]}'")
        return str(value)

    def one_of(self, key: str, known: Collection[str]) -> str:
        """Without regard to case, as Azure's enumerations are; in the letters of `known`."""
        value = self._of(key, str, f"one of {', '.join(sorted(known))}")
        found = {one.lower(): one for one in known}.get(value.lower())
        if found is None:
            raise BadField(self._at(key), f"must be one of {', '.join(sorted(known))}, not '{value[:80]}'")
        return found

    def flag(self, key: str) -> bool:
        return bool(self._of(key, bool, "true or false"))

    def number(self, key: str, least: float = 0, most: float = float("inf")) -> float:
        value = self.values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise BadField(self._at(key), f"must be a number from {least} to {most}")
        return value

    def has(self, key: str) -> bool:
        return self.values.get(key) not in (None, [], {}, "")

    def _list(self, key: str, least: int, most: int) -> list[Any]:
        items = self._of(key, list, "a list") if least or key in self.values else []
        if not least <= len(items) <= most:
            raise BadField(self._at(key), f"must have {least} to {most} items, not {len(items)}")
        return list(items)

    def _of(self, key: str, kind: type, says: str) -> Any:  # noqa: ANN401 - any JSON
        value = self.values.get(key)
        if value is None:
            raise BadField(self._at(key), "is required")
        if not isinstance(value, kind):
            raise BadField(self._at(key), f"must be {says}")
        return value

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
