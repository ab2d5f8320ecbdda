"""The virtual clock of a local Azure that serves: it stands, goes and leaps as what is at work lets it."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import clock_file
from sandbox.advancing_clock import AdvancingClock
from sandbox.context import Activity
from sandbox.durations import parse_duration
from sandbox.errors import ClockFileDamaged, OtherStart, WasOnVirtualClock, WasOnWorldClock
from sandbox.quiet_loop import QuietLoop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BEGIN = datetime(2026, 3, 27, tzinfo=UTC)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what holds is read, nobody tells
        await asyncio.sleep(0.001)


class Running:
    """A clock in its loop; `file` is its folder's."""

    def __init__(self, state: Path) -> None:
        self.activity = Activity()
        self.state = state
        file, shows = clock_file.opened(state, BEGIN if not (state / "clock.json").exists() else None)
        self.clock = AdvancingClock(file, shows, self.activity, QuietLoop.running())

    def after(self, **amount: float) -> datetime:
        return BEGIN + timedelta(**amount)

    async def advance(self, **amount: float) -> None:
        """From the beginning; returns when it is there."""
        self.clock.advance(self.after(**amount))
        await self.arrived()

    async def arrived(self) -> None:
        await until(lambda: self.clock.goal is None)

    @property
    def written(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "clock.json").read_text()))


def run(state: Path, test: Callable[[Running], Awaitable[None]]) -> None:
    async def started() -> None:
        await test(Running(state))

    with asyncio.Runner(loop_factory=QuietLoop) as runner:
        runner.run(started())


def test_it_stands_until_it_is_told_and_arrives_exactly(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        assert here.clock.state()["pace"] == "stands"
        await asyncio.sleep(0.01)
        assert here.clock.now() == BEGIN
        await here.advance(days=7)
        assert here.clock.now() == here.after(days=7)
        assert here.clock.state()["pace"] == "stands"

    run(tmp_path, test)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 100_000_000), max_size=20),
    st.lists(st.integers(0, 110_000_000), max_size=4).map(sorted),
)
def test_who_sleeps_wakes_at_the_instant_however_often_it_stops_on_the_way(
    milliseconds: list[int], stops: list[int]
) -> None:
    woken: list[tuple[datetime, int]] = []

    async def test(here: Running) -> None:
        async def sleeper(number: int, amount: int) -> None:
            await here.clock.sleep(amount / 1000)
            woken.append((here.clock.now(), number))

        sleepers = [asyncio.ensure_future(sleeper(*each)) for each in enumerate(milliseconds)]
        await asyncio.sleep(0)
        for stop in [*stops, 110_000_000]:
            await here.advance(milliseconds=stop)
        await asyncio.gather(*sleepers)

    with tempfile.TemporaryDirectory() as state:
        run(Path(state), test)
    expected = [(BEGIN + timedelta(milliseconds=amount), n) for n, amount in enumerate(milliseconds)]
    assert woken == sorted(expected)


def test_what_follows_from_a_moment_is_done_before_the_next(tmp_path: Path) -> None:
    """Also what a thread does, and what is asked of another process."""
    seen: list[datetime] = []

    async def test(here: Running) -> None:
        async def works() -> None:
            await here.clock.sleep(60)
            await asyncio.to_thread(time.sleep, 0.02)
            seen.append(here.clock.now())
            with here.activity.asking():
                await asyncio.sleep(0.02)
            seen.append(here.clock.now())
            with here.activity.working():
                await asyncio.sleep(0.02)
            seen.append(here.clock.now())
            await here.clock.sleep(60)
            seen.append(here.clock.now())

        working = asyncio.ensure_future(works())
        await asyncio.sleep(0)
        await here.advance(days=1)
        await working
        assert seen == [here.after(seconds=60)] * 3 + [here.after(seconds=120)]

    run(tmp_path, test)


def test_work_elsewhere_takes_the_time_that_it_takes(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        here.clock.advance(here.after(days=1))
        with here.activity.elsewhere():
            await until(lambda: here.clock.now() > BEGIN)
            assert here.clock.now() < here.after(hours=1)
            assert here.written["going_since"] is not None
        await here.arrived()
        assert here.clock.now() == here.after(days=1)

    run(tmp_path, test)


def test_it_goes_while_a_run_is_under_way_and_wakes_who_sleeps(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        with here.activity.working("pipeline run 1"):
            await asyncio.sleep(0)
            await here.clock.sleep(0.01)
            assert here.clock.state()["pace"] == "goes"
            assert here.clock.now() >= here.after(seconds=0.01)
        await until(lambda: here.clock.state()["pace"] == "stands")
        stood = here.clock.now()
        await asyncio.sleep(0.01)
        assert here.clock.now() == stood

    run(tmp_path, test)


def test_it_leaps_only_when_other_processes_have_told_everything(tmp_path: Path) -> None:
    answers = [False, False, True]
    woken: list[list[bool]] = []

    async def test(here: Running) -> None:
        async def looks() -> bool:
            return answers.pop(0) if answers else True

        async def sleeper() -> None:
            await here.clock.sleep(60)
            woken.append(list(answers))

        here.clock.look_before_a_leap(looks)
        sleeping = asyncio.ensure_future(sleeper())
        await asyncio.sleep(0)
        await here.advance(hours=1)
        await sleeping

    run(tmp_path, test)
    assert woken == [[]]


def test_a_process_that_does_not_answer_stops_it_and_not_for_ever(tmp_path: Path) -> None:
    answers = [ConnectionError("gone"), ConnectionError("gone")]

    async def test(here: Running) -> None:
        async def looks() -> bool:
            if answers:
                raise answers.pop()
            return True

        here.clock.look_before_a_leap(looks)
        await here.advance(hours=1)

    run(tmp_path, test)
    assert answers == []


def test_who_is_cancelled_is_no_moment_to_leap_to(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        sleeping = asyncio.ensure_future(here.clock.sleep(60))
        await asyncio.sleep(0)
        sleeping.cancel()
        await here.advance(hours=1)
        assert here.clock.now() == here.after(hours=1)

    run(tmp_path, test)


def test_an_advance_can_be_halted_and_a_further_goal_holds(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        here.clock.advance(here.after(days=2))
        here.clock.advance(here.after(days=1))
        assert here.clock.goal == here.after(days=2)
        here.clock.halt()
        await asyncio.sleep(0.01)
        assert here.clock.now() == BEGIN

    run(tmp_path, test)


def test_a_later_start_goes_on_where_it_stood(tmp_path: Path) -> None:
    async def first(here: Running) -> None:
        await here.advance(days=7)
        here.clock.close()

    async def second(here: Running) -> None:
        assert here.clock.now() == here.after(days=7)

    run(tmp_path, first)
    run(tmp_path, second)


def test_after_a_kill_it_never_goes_back(tmp_path: Path) -> None:
    """While it goes the file is a little behind what it shows; the next start is a little ahead."""
    shown: list[datetime] = []

    async def killed(here: Running) -> None:
        with here.activity.elsewhere():
            await until(lambda: here.clock.now() > BEGIN)
            shown.append(here.clock.now())

    async def again(here: Running) -> None:
        shown.append(here.clock.now())

    run(tmp_path, killed)
    run(tmp_path, again)
    assert BEGIN < shown[0] < shown[1]


def test_what_cannot_be_written_is_not_shown(tmp_path: Path) -> None:
    async def test(here: Running) -> None:
        place = tmp_path / ".clock.json"
        place.mkdir()
        here.clock.advance(here.after(hours=1))
        await asyncio.sleep(0.01)
        assert here.clock.now() == BEGIN
        place.rmdir()
        await here.arrived()
        assert here.clock.now() == here.after(hours=1)

    run(tmp_path, test)


def test_a_folder_keeps_its_kind_of_clock(tmp_path: Path) -> None:
    world, virtual, new = (tmp_path / name for name in ("world", "virtual", "new"))
    for folder in (world, virtual, new):
        folder.mkdir()
    (world / "state.db").touch()
    file, shows = clock_file.opened(virtual, BEGIN)
    file.write(shows, None)

    with pytest.raises(WasOnWorldClock, match="without --clock virtual"):
        clock_file.opened(world, None)
    with pytest.raises(WasOnVirtualClock, match="with --clock virtual"):
        clock_file.require_world(virtual)
    with pytest.raises(OtherStart, match="leave out --clock-start to go on"):
        clock_file.opened(virtual, BEGIN + timedelta(days=1))
    clock_file.require_world(new)
    assert clock_file.opened(virtual, BEGIN) == clock_file.opened(virtual, None) == (file, BEGIN)


@pytest.mark.parametrize("content", ["", "{}", '{"start": "x", "now": "y"}', "[]"])
def test_a_damaged_file_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock.json").write_text(content)

    with pytest.raises(ClockFileDamaged, match="does not say what the virtual clock shows"):
        clock_file.opened(tmp_path, None)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("P7D", 168), ("PT90M", 1.5), ("P1DT12H", 36), ("P2W", 336), ("pt3600s", 1)],
)
def test_a_duration_is_read(text: str, hours: float) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "P", "PT", "P0D", "7D", "P1M", "P1Y", "PT1.5H", "-P1D", "P7Dx"])
def test_what_is_no_duration_of_a_fixed_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration such as P7D"):
        parse_duration(text)
