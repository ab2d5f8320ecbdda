"""Laws of rehearsals: schedules fire as they are written, and nodes are shared in turn."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adf.recurrence import Recurrence
from adf.windows import format_instant
from sandbox.simulation.cluster import Cluster
from sandbox.simulation.request import Minutes, StandIn
from sandbox.simulation.virtual_time import VirtualLoop
from tests.property.test_recurrence_laws import recurrences
from tests.unit.sandbox.simulation.small_factory import SmallFactory

if TYPE_CHECKING:
    from collections.abc import Sequence

MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def in_time(body: dict[str, Any]) -> dict[str, Any]:
    """Not more often than every quarter of an hour, and begun."""
    often = {"Minute": 15}.get(body["frequency"], 1)
    begun = body["startTime"].replace(body["startTime"][:4], "2023")
    return {**body, "interval": max(body["interval"], often), "startTime": begun.replace("02-29", "02-28")}


@given(st.lists(recurrences(), min_size=1, max_size=4), MOMENTS, st.integers(1, 72))
@settings(max_examples=25)
def test_every_schedule_fires_when_its_recurrence_says(
    bodies: list[dict[str, Any]], start: datetime, hours: int
) -> None:
    """In whatever zone, beside whatever else: each time once, and none besides."""
    start = start.replace(microsecond=0)
    end = start + timedelta(hours=hours)
    with TemporaryDirectory() as folder:
        factory = SmallFactory(Path(folder))
        factory.pipeline("p")
        for number, body in enumerate(bodies):
            factory.schedule(f"t{number}", "p", in_time(body))
        told = factory.rehearse(start.isoformat()[:19], end.isoformat()[:19], StandIn(minutes=Minutes(7)))

    for number, body in enumerate(bodies):
        fires = [run["due"] for run in told["runs"] if run["trigger"] == f"t{number}"]
        expected = Recurrence.from_json(in_time(body)).between(start, end)
        assert fires == [format_instant(fire) for fire in expected]


ASKING = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.integers(1, 4)), max_size=20)
"""When, for how long, and for how many of four nodes."""
GIVING_UP = st.sets(st.integers(0, 19), max_size=5)


@given(ASKING, GIVING_UP)
def test_nodes_are_given_in_turn_and_never_twice(
    asking: Sequence[tuple[int, int, int]], giving_up: set[int]
) -> None:
    """Whoever gives up while waiting, or while computing, keeps nobody else from anything."""
    cluster, order = Cluster(4), list[int]()
    asked: list[int] = []
    most = [0]
    busy = 0

    async def run(number: int, at: int, seconds: int, nodes: int) -> None:
        nonlocal busy
        await asyncio.sleep(at)
        asked.append(number)
        async with cluster.nodes(nodes):
            order.append(number)
            busy += nodes
            most.append(busy)
            try:
                await asyncio.sleep(seconds)
            finally:
                busy -= nodes

    async def all_of_them() -> None:
        tasks = [asyncio.ensure_future(run(number, *each)) for number, each in enumerate(asking)]
        await asyncio.sleep(30)
        for number in giving_up & {*range(len(tasks))}:
            tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with cluster.nodes(4):
            pass

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(all_of_them())

    assert max(most) <= 4
    assert order == [number for number in asked if number in order]
    assert {*range(len(asking))} - giving_up <= {*order}
