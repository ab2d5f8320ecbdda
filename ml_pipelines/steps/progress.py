"""How far scoring is: a line in the step's log an item, and now and then one small file for who waits. Pure.

No worker knows of the others. But items are handed out in order, so an item's place in the input says how
much there was before it, and what this worker made of its bytes stands for what the others made of theirs.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from .errors import LakeError, counted_files

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

    percent: int
    """Of the input's bytes."""
    files: int
    rows: int
    rows_per_second: int
    seconds_left: int

    def __str__(self) -> str:
        share = f"about {self.percent} % of {counted_files(self.files)}"
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
        self._rows = self._bytes = 0

    def done(self, item: WorkItem, rows: int) -> Progress:
        self._rows += rows
        self._bytes += item.length
        done = max(item.bytes_before + item.length, 1)  # there are windows of empty files
        elapsed = max(self._clock() - self._began, 0.001)
        all_rows = self._rows * done // max(self._bytes, 1)
        left = elapsed * max(item.plan.input_bytes - done, 0) / done
        percent = 100 * done // max(item.plan.input_bytes, 1)
        return Progress(percent, item.plan.files, all_rows, int(all_rows / elapsed), round(left))

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
