"""The virtual clock of a local Azure that serves: it goes as far as it is told, and no faster than real work.

    nothing runs                    it stands
    runs are under way              it goes at the world's pace, as they may wait for their next moment
    it is told to advance           it leaps from moment to moment for which something here waits, up to the
                                    goal, and each time waits until all that follows from it is done:
        a request, or a thread      it stands meanwhile: what this process computes takes no time
        a step of an ML run, or a   it goes at the world's pace meanwhile: that takes the time that it takes
        service that is polled

So an advance with nothing but this process at work shows the same instants each time. The moments are those
of `sleep`: fires, Wait activities, retries, time-outs, polls; all of the same instant wake at once, in the
order in which they went to sleep. What it shows is in the state folder before anybody sees it: after a kill
it goes on from there, and what fell due then has been written, or is still due.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from adf.windows import format_instant
from sandbox.clock_file import REFRESH_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.clock_file import ClockFile
    from sandbox.context import Activity
    from sandbox.quiet_loop import QuietLoop

_FINEST = 1e-6
_SHORTEST, _LONGEST = 0.0005, 3600.0
_LOOKS_AGAIN_SECONDS = 0.02
_log = logging.getLogger("sandbox.control")


class AdvancingClock:
    longest_sleep_seconds = math.inf
    is_virtual = True

    def __init__(self, file: ClockFile, now: datetime, activity: Activity, loop: QuietLoop) -> None:
        """It stands at `now`, and is written to `file`."""
        self._file = file
        self._activity = activity
        self._loop = loop
        self._shown: tuple[datetime, float | None] = now, None
        """An instant, and the second of the world's at which it was shown; None while it stands."""
        self._written_at = 0.0
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._timed: datetime | None = None
        """The moment that the timer is for."""
        self.goal: datetime | None = None
        self._looks: Callable[[], Awaitable[bool]] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._has_looked = False
        self._show(now, None)
        loop.when_quiet(self._when_quiet)

    # as everybody sees it

    def now(self) -> datetime:
        """From any thread."""
        instant, since = self._shown
        return instant if since is None else instant + timedelta(seconds=time.monotonic() - since)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = self._loop.create_future()
        due = _later(self.now(), max(seconds, _FINEST))
        heapq.heappush(self._sleepers, (due, next(self._numbers), woken))
        await woken

    def state(self) -> dict[str, Any]:
        """`now`, in UTC; `pace`: stands, goes or leaps; `to`: the goal of an advance under way."""
        goes = "stands" if self._shown[1] is None else "goes"
        return {
            "clock": "virtual",
            "start": format_instant(self._file.start),
            "now": format_instant(self.now()),
            "pace": goes if self.goal is None else "leaps",
            "to": None if self.goal is None else format_instant(self.goal),
        }

    # as whoever moves it sees it

    def advance(self, goal: datetime) -> None:
        """Begin to; a goal nearer than that of an advance under way changes nothing."""
        self.goal = max(goal, self.goal or goal)

    def halt(self) -> None:
        """An advance ends where it is."""
        self.goal = None

    def look_before_a_leap(self, looks: Callable[[], Awaitable[bool]]) -> None:
        """`looks` asks other processes whether all that happened in them has come here."""
        self._looks = looks

    def close(self) -> None:
        """It stands, to the microsecond, until the next start."""
        self.goal = None
        self._loop.when_quiet(lambda: False)
        self._show(self.now(), None)

    # as it goes

    def _when_quiet(self) -> bool:
        """Nothing is left to do at this instant; whether there is now."""
        try:
            return self._go_on()
        except OSError as error:  # such as a full disk: it stands until it can be written
            _log.error("the clock stands, as it cannot be written: %s", error)
            return False

    def _go_on(self) -> bool:
        goes = self._activity.is_elsewhere or (self.goal is None and self._activity.has_runs)
        if goes != (self._shown[1] is not None):
            self._show(self.now(), time.monotonic() if goes else None)
        if goes:
            return self._go()
        self._timed = None
        self._forget_timer()
        if self.goal is None or self._loop.has_threads_at_work or self._activity.is_asked_or_asks:
            self._has_looked = False
            return False
        return self._leap(self.goal)

    def _go(self) -> bool:
        """At the world's pace: wake who is due, and have oneself woken for the next."""
        if time.monotonic() - self._written_at > REFRESH_SECONDS:
            self._show(self.now(), time.monotonic())
        if self._wake() or self._arrived():
            return True
        return self._set_timer()

    def _leap(self, goal: datetime) -> bool:
        if self._looks is not None and not self._has_looked:
            return self._begin_to_look(self._looks)
        self._has_looked = False
        due = self._next()
        moment = goal if due is None else min(due, goal)
        if moment > self._shown[0]:
            self._show(moment, None)
        return self._wake() or self._arrived()

    def _begin_to_look(self, looks: Callable[[], Awaitable[bool]]) -> bool:
        """Whether other processes have something for this instant."""
        if self._looking is not None and not self._looking.done():
            return False
        self._looking = self._loop.create_task(self._look(looks))
        return True

    async def _look(self, looks: Callable[[], Awaitable[bool]]) -> None:
        try:
            self._has_looked = await looks()
        except Exception as error:  # noqa: BLE001 - told in the log; it stands until it can look
            _log.warning("the clock stands until the lake answers: %s: %s", type(error).__name__, error)
        if not self._has_looked:
            await asyncio.sleep(_LOOKS_AGAIN_SECONDS)

    def _next(self) -> datetime | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake(self) -> bool:
        """All who are due; whether there was one."""
        now, woken = self.now(), False
        while (due := self._next()) is not None and due <= now:
            heapq.heappop(self._sleepers)[2].set_result(None)
            woken = True
        return woken

    def _arrived(self) -> bool:
        """Nobody is due any more at the goal: the advance is over; whether it is only now."""
        if self.goal is None or self.now() < self.goal:
            return False
        self.goal = None
        return True

    def _set_timer(self) -> bool:
        """For the next moment; whether it is a new one."""
        moments = [moment for moment in (self._next(), self.goal) if moment is not None]
        if not moments or min(moments) == self._timed:
            return False
        self._timed = min(moments)
        left = (self._timed - self.now()).total_seconds()
        self._forget_timer()
        self._timer = self._loop.call_later(min(max(left, _SHORTEST), _LONGEST), self._time_is_up)
        return True

    def _time_is_up(self) -> None:
        self._timed = None

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _show(self, instant: datetime, since: float | None) -> None:
        """In the folder first."""
        self._file.write(instant, None if since is None else time.time())
        self._written_at = time.monotonic()
        self._shown = instant, since


def _later(moment: datetime, seconds: float) -> datetime:
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
