"""What a check finds: by which rule, where, what, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adf.rules import RULES

if TYPE_CHECKING:
    from adf.rules import Severity


@dataclass(frozen=True)
class Problem:
    """`rule` is an id of adf/rules.py, `entity` is `<kind> <name>`; `path` leads into its properties:
    `activities[0].policy.timeout`.
    """

    rule: str
    entity: str
    path: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.entity}: {self.path}" if self.path else self.entity
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.message}{hint} [{self.rule}]"

    @property
    def severity(self) -> Severity:
        return RULES[self.rule].severity


def inside(path: str, key: str | int) -> str:
    """The path of a key, or of an element, below `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
