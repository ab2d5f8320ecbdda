"""What a check says: found, expected, and where; the words that were probably meant."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Wrong:
    found: str
    expected: str
    nearest: str | None = None
    key: str | tuple[str, ...] = ()
    """What is to blame inside the checked value, if it is not that as a whole."""

    @property
    def below(self) -> tuple[str, ...]:
        return (self.key,) if isinstance(self.key, str) else self.key


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    matches = get_close_matches(word.lower(), {name.lower(): name for name in known}, n=1, cutoff=0.6)
    return next((name for name in known if name.lower() == matches[0]), None) if matches else None
