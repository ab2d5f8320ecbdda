"""A rehearsal from its request to its timetable."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from adf.windows import TICK
from sandbox.context import Context, Endpoints
from sandbox.datafactory.models import FactoryId
from sandbox.datafactory.service import Service
from sandbox.errors import AzureError
from sandbox.identity import Identity
from sandbox.simulation import before, factory_files, timetable
from sandbox.simulation.arrivals import ArrivingFiles, make_account
from sandbox.simulation.cluster import Cluster
from sandbox.simulation.errors import BadFactory, TooManyRuns
from sandbox.simulation.request import USUAL
from sandbox.simulation.stand_ins import StandIns
from sandbox.simulation.virtual_time import VirtualClock, VirtualLoop
from sandbox.simulation.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from datetime import datetime

    from sandbox.datafactory.activities.call import Call
    from sandbox.datafactory.models import Json
    from sandbox.simulation.request import Request

_FACTORY = FactoryId("rehearsal", "rehearsal", "rehearsal")
_PLACES = 3_000
"""External activities at one time in a region, of one subscription: Data Factory's limits page."""
_LOOKS_SECONDS = 60
_LONGEST_AFTER = timedelta(days=8)
"""An activity takes at most 7 days."""


def rehearse(request: Request) -> Json:
    """The timetable's document. Raises `SandboxError` of `simulation.errors`."""
    with TemporaryDirectory(prefix="rehearsal-") as state, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_rehearse(request, Path(state)))


async def _rehearse(request: Request, state: Path) -> Json:
    """Time begins an instant early, as what is due when a trigger is started has been missed."""
    clock = VirtualClock(request.start - TICK, asyncio.get_running_loop())
    witness = Witness(clock.now, request.most_runs)
    try:
        wanted = (*request.stand_ins, *USUAL)
        kinds = StandIns(wanted, request.seed, clock, Cluster(request.nodes), _noted_by(witness)).kinds()
        files = ArrivingFiles(request.arrivals or (), clock)
        service = Service.of(_context(state, witness, clock), kinds, files, places=_PLACES)
        triggers = factory_files.write(service, _FACTORY, request.folder)
        if not request.as_new:
            before.settle(service, _FACTORY, request.start, request.end)
        await service.start()
        try:
            started = await _start(service, triggers, request)
            await _unless(witness.too_many, _pass(request, service, started, clock, witness))
        finally:
            await service.stop()
        if witness.too_many.is_set():
            raise TooManyRuns(request.most_runs, clock.now())
        bodies = {one["name"]: one["properties"] for one in service.entities.list(_FACTORY, "triggers")}
        return timetable.document(request, bodies, witness)
    finally:
        witness.close()


def _noted_by(witness: Witness) -> Callable[[Call, datetime, datetime, datetime, int], None]:
    def note(call: Call, asked: datetime, began: datetime, ended: datetime, nodes: int) -> None:
        witness.computed(call.frame.run.run_id, asked, began, ended, nodes)

    return note


async def _pass(
    request: Request, service: Service, started: Sequence[str], clock: VirtualClock, witness: Witness
) -> None:
    """Until the end of the span, and on until what began in it has ended."""
    await clock.until(request.end - TICK)
    for name in started:
        service.triggers.stop(_FACTORY, name)
    while not witness.is_quiet and clock.now() < request.end + _LONGEST_AFTER:
        await clock.sleep(_LOOKS_SECONDS)


async def _unless(event: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """The work, or the part of it that is done when the event comes."""
    tasks = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    for one in done:
        one.result()


def _context(state: Path, witness: Witness, clock: VirtualClock) -> Context:
    nowhere = "https://127.0.0.1:1"
    endpoints = Endpoints(nowhere, nowhere, nowhere, "", str(state / "no-bundle"), "")
    return Context(state, witness, clock, Identity(state / "identity.key"), endpoints)


async def _start(service: Service, triggers: Sequence[str], request: Request) -> list[str]:
    """Every trigger that the clock fires, whatever its file says of `runtimeState`, and where arrivals are
    said those of events; their names.
    """
    started = []
    for name in triggers:
        properties = service.entities.get(_FACTORY, "triggers", name)["properties"]
        if properties["type"] == factory_files.EVENTS:
            if request.arrivals is None:
                continue
            make_account(service.context.store, properties)
        try:
            await service.triggers.start_listening(_FACTORY, name)
        except AzureError as refusal:
            raise BadFactory(request.folder / "trigger" / f"{name}.json", refusal.message) from refusal
        started.append(name)
    return started
