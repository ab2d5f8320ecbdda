"""Time, passed in: schedules, leases and expiry are tested without waiting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    longest_sleep_seconds: float
    """For how long it is to be trusted: who waits longer looks at it again in between."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    longest_sleep_seconds = 30.0  # a computer that slept wakes up to another time than it went to sleep with

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
