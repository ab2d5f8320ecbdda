"""How far scoring is: a line in the step's log an item, and now and then one small file for who waits. Pure.

No worker knows of the others. But items are handed out in order and are about as large as each other, so the
number of an item says how many there were before it, and what this worker has done stands for what they did.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from .errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .work import WorkItem

SECONDS_BETWEEN = 10.0


class Writing(Protocol):
    """What this module needs of a lake."""

    def replace(self, path: str, content: bytes) -> None: ...


@dataclass(frozen=True)
class Progress:
    """Estimates, of all workers together."""

    items_done: int
    items: int
    files: int
    rows: int
    rows_per_second: int
    seconds_left: int

    def __str__(self) -> str:
        share = f"about {100 * self.items_done // self.items} % of {self.files} files"
        speed = f"{self.rows:,} rows, {self.rows_per_second:,} rows/s"
        return f"{share}, {speed}, {_lasting(self.seconds_left)} left"

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Progress:
        return cls(**json.loads(content))


def _lasting(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


class Watch:
    """Of one worker; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._told = clock()
        self._rows = self._items = 0

    def done(self, item: WorkItem, rows: int) -> Progress:
        self._rows += rows
        self._items += 1
        done, items = item.number + 1, item.plan.items
        elapsed = max(self._clock() - self._began, 0.001)
        all_rows = self._rows * done // self._items
        left = elapsed * (items - done) / done
        return Progress(done, items, item.plan.files, all_rows, int(all_rows / elapsed), round(left))

    def tell(self, lake: Writing, path: str, progress: Progress) -> None:
        """At most every SECONDS_BETWEEN; a lake that refuses this is nobody's concern but the log's."""
        now = self._clock()
        if now - self._told < SECONDS_BETWEEN:
            return
        self._told = now
        try:
            lake.replace(path, progress.to_json())
        except LakeError as error:
            print(f"the progress was not written: {error}", flush=True)
