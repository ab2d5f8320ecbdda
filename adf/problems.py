"""What a check finds: where, what, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """`entity` is `<kind> <name>`; `path` leads into its properties: `activities[0].policy.timeout`."""

    entity: str
    path: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.entity}: {self.path}" if self.path else self.entity
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


def inside(path: str, key: str | int) -> str:
    """The path of a key, or of an element, below `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
