"""Time, passed in: schedules, time-outs and retries are tested without waiting, and rehearsed.

Tokens, certificates, leases, signed URLs and idleness are agreed on with other processes, whose time is the
world's: they never ask a `Clock`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    longest_sleep_seconds: float
    """For how long it is to be trusted: who waits longer looks at it again in between."""
    is_virtual: bool
    """Its time is not the world's: what another process says of an instant is no instant of it."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    longest_sleep_seconds = 30.0  # a computer that slept wakes up to another time than it went to sleep with
    is_virtual = False

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
