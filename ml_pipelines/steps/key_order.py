"""Whether keys are whole numbers that strictly increase, as in most tables: then none comes twice. Pure.

Told by each worker for its part while it has the keys at hand, so that publish need not read them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa


class Ends(NamedTuple):
    """The first and the last of keys that strictly increase."""

    first: int
    last: int


class KeyOrder:
    """Of keys that are seen a table at a time."""

    def __init__(self) -> None:
        self._seen: list[Ends | None] = []

    def see(self, keys: pa.ChunkedArray) -> None:
        if len(keys):
            self._seen.append(_ends(keys))

    def ends(self) -> Ends | None:
        """None where they do not increase, or there are none."""
        known = [each for each in self._seen if each]
        return Ends(known[0].first, known[-1].last) if known and increase(self._seen) else None


def _ends(keys: pa.ChunkedArray) -> Ends | None:
    import pyarrow as pa

    if not pa.types.is_integer(keys.type) or keys.null_count:
        return None
    numbers = keys.to_numpy()
    increasing = bool((numbers[1:] > numbers[:-1]).all())
    return Ends(int(numbers[0]), int(numbers[-1])) if increasing else None


def increase(parts: Iterable[Ends | None]) -> bool:
    """Whether keys increase in each of these parts, and from each to the next."""
    ends = list(parts)
    return None not in ends and all(one.last < other.first for one, other in pairwise(filter(None, ends)))
