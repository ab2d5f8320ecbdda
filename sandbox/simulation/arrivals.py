"""Files that come while a rehearsal goes on: said beforehand, told to the triggers at their instants.

    {"arrivals": [{"at": "2026-11-23T00:00:00Z", "path": "data/raw/2026/11/22/_SUCCESS", "bytes": 1}]}

`path` begins with the container, whatever the storage account; `bytes` is 1 where nothing is said. Of several
at the same instant the first of the file comes first.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adf.events import CREATED, BlobEvent, BlobTrigger
from adf.windows import WindowError, parse_instant
from sandbox.datafactory.triggers.lake_events import Delivery
from sandbox.simulation.errors import WrongInFile
from sandbox.simulation.listed import objects_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.simulation.virtual_time import VirtualClock
    from sandbox.store import Store

_KEYS = frozenset({"at", "path", "bytes"})
_ACCOUNT = re.compile(r"(/subscriptions/[^/]+/resourceGroups/[^/]+)/providers/.*/([^/]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Arrival:
    at: datetime
    event: BlobEvent


class ArrivingFiles:
    """In the lake's place."""

    def __init__(self, arrivals: Sequence[Arrival], clock: VirtualClock) -> None:
        self._coming = sorted(arrivals, key=lambda one: one.at)
        self._come = 0
        self._clock = clock
        self._listening: list[tuple[str, BlobTrigger]] = []
        self._untaken: list[Delivery] = []

    async def subscribe(self, wanted: Sequence[Json]) -> None:
        self._listening = [(one["id"], BlobTrigger.from_json(one["typeProperties"])) for one in wanted]

    async def waiting(self) -> list[Delivery]:
        while not self._untaken:
            if self._come == len(self._coming):
                await asyncio.Event().wait()
            arrival = self._coming[self._come]
            await self._clock.until(arrival.at)
            self._untaken = list(self._told(arrival))
            self._come += 1
        return list(self._untaken)

    async def has_untaken(self) -> bool:
        return bool(self._untaken)

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        taken = {one.id for one in deliveries}
        self._untaken = [one for one in self._untaken if one.id not in taken]

    def _told(self, arrival: Arrival) -> list[Delivery]:
        """Its ids are the same in each rehearsal."""
        return [
            Delivery(f"{self._come:x}{number:08x}", subscription, arrival.event, arrival.at)
            for number, (subscription, trigger) in enumerate(self._listening)
            if trigger.fires(arrival.event)
        ]


def make_account(store: Store, trigger: Json) -> None:
    """The storage account that a trigger of events listens to: nothing of it is rehearsed but its being."""
    if found := _ACCOUNT.fullmatch(str(trigger["typeProperties"].get("scope"))):
        store.put(found[1], "storageAccounts", found[2], {"name": found[2]})


def arrivals_of(file: Path) -> tuple[Arrival, ...]:
    """Raises `WrongInFile`, saying where in the file."""
    return tuple(_arrival(one, place) for one, place in objects_in(file, "arrivals", _KEYS))


def _arrival(written: Json, place: str) -> Arrival:
    container, slash, path = str(written.get("path")).partition("/")
    if not (container and slash and path):
        raise WrongInFile(f"{place}.path", written.get("path"), "a path such as container/folder/file.csv")
    size = written.get("bytes", 1)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise WrongInFile(f"{place}.bytes", size, "a number of bytes")
    return Arrival(_instant(written.get("at"), f"{place}.at"), BlobEvent(CREATED, container, path, size))


def _instant(written: JsonValue, place: str) -> datetime:
    try:
        return parse_instant(str(written))
    except WindowError as error:
        raise WrongInFile(place, written, "an instant such as 2026-11-23T00:00:00Z") from error
