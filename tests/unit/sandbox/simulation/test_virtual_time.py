"""Time passes when nothing is left to do, and only then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.waiting import within
from sandbox.simulation.virtual_time import NothingToWaitFor, VirtualClock, VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

START = datetime(2026, 3, 1, tzinfo=UTC)


def play(scenario: Callable[[VirtualClock], Coroutine[Any, Any, None]]) -> VirtualClock:
    """The clock as the scenario left it."""

    async def played() -> VirtualClock:
        clock = VirtualClock(START, asyncio.get_running_loop())
        await scenario(clock)
        return clock

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(played())


def test_a_year_is_slept_through_to_the_instant() -> None:
    """Also by many sleepers, each of whom wakes at its own time, in order."""
    woken: list[datetime] = []

    async def scenario(clock: VirtualClock) -> None:
        async def sleeper(days: int) -> None:
            await clock.sleep(days * 86_400 + 0.000_001)
            woken.append(clock.now())

        await asyncio.gather(*(sleeper(days) for days in (365, 3, 41, 3)))

    play(scenario)

    assert woken == [START + timedelta(days=days, microseconds=1) for days in (3, 3, 41, 365)]


def test_work_takes_no_time() -> None:
    async def scenario(clock: VirtualClock) -> None:
        for _ in range(1000):
            await asyncio.sleep(0)
        assert clock.now() == START

    play(scenario)


def test_a_moment_is_waited_for_once_it_lies_ahead() -> None:
    async def scenario(clock: VirtualClock) -> None:
        await clock.until(START + timedelta(hours=5, microseconds=7))
        await clock.until(START)

    clock = play(scenario)

    assert clock.now() == START + timedelta(hours=5, microseconds=7)


def test_a_limit_holds_in_virtual_time() -> None:
    """The engine's own time-outs need nothing else."""

    async def scenario(clock: VirtualClock) -> None:
        with pytest.raises(TimeoutError):
            await within(3600, asyncio.Event().wait(), clock.sleep)
        assert clock.now() == START + timedelta(hours=1)

    play(scenario)


def test_waiting_for_nothing_is_a_mistake_and_not_for_ever() -> None:
    async def scenario(_: VirtualClock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingToWaitFor):
        play(scenario)


def test_years_later_time_still_passes_and_is_exact_to_the_millisecond() -> None:
    """Seconds are floats: a timer must not get stuck between two of them."""

    async def scenario(clock: VirtualClock) -> None:
        for days in range(1, 400):
            await clock.sleep(8 * 86_400 + 0.1)
            await clock.sleep(1e-9)
            expected = START + days * timedelta(days=8, seconds=0.1, microseconds=1)
            assert abs(clock.now() - expected) < timedelta(milliseconds=1)

    play(scenario)
