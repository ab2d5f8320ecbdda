"""Time that passes only when nothing is left to do: a loop that leaps to its next timer, and its clock."""

from __future__ import annotations

import asyncio
import math
import selectors
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectors import SelectorKey


_MICROSECOND = 1e-6


class NothingToWaitFor(RuntimeError):
    """Everything waits, and no timer is set: real time would not help either."""


class _Leaping(selectors.DefaultSelector):
    """In the place of waiting: the loop asks it to wait only when no callback is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """What is ready now, such as a signal; else the time has passed."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingToWaitFor
        # A timer is due when it lies before the time, not at it.
        self.seconds = math.nextafter(self.seconds + timeout, math.inf)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time begins at 0. Nothing outside the process may be waited for: hours pass before any answer."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.seconds


class VirtualClock:
    """A `Clock` on a VirtualLoop's time; `start` is when the loop began."""

    longest_sleep_seconds = math.inf
    is_virtual = True

    def __init__(self, start: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._start = start
        self._loop = loop

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        """At least a microsecond, the finest that instants have, where it is any time at all."""
        await asyncio.sleep(max(seconds, _MICROSECOND) if seconds > 0 else 0)

    async def until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:
            await self.sleep(left)
