"""Which triggers a deployment has stopped and will start again: kept in the lake, beside the lock.

Written before the first is stopped and cleared when all are back, so a deployment that is killed leaves word
of what it left stopped. The next one starts them again before anything else; `plan` and `status` only tell.
Read and written under the lock, but for them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from adf.errors import DataFactoryError
from deployment.missed import missed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from deployment.gateways import FactoryWriter, LiveEntity
    from deployment.missed import Missed
    from deployment.progress import Progress
    from deployment.resources import Owner


class JournalFiles(Protocol):
    """What a journal needs of the lake."""

    def read(self, path: str) -> bytes | None: ...
    def replace(self, path: str, content: bytes) -> None: ...
    def remove(self, path: str) -> None: ...


@dataclass(frozen=True)
class Unfinished:
    """A deployment that has not put its triggers back: it goes on, or it has died."""

    by: str
    at: str
    triggers: Sequence[str]

    def document(self) -> dict[str, Any]:
        return {"by": self.by, "at": self.at, "triggers": list(self.triggers)}


class Journal:
    def __init__(
        self,
        lake: JournalFiles,
        owner: Owner,
        holder: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.clock = clock
        self._lake = lake
        self._path = f"_deployments/{owner.project}/{owner.environment}/triggers.json"
        self._holder = holder

    def read(self) -> Unfinished | None:
        content = self._lake.read(self._path)
        if content is None:
            return None
        found = json.loads(content)
        return Unfinished(found["by"], found["at"], tuple(found["triggers"]))

    def open(self, triggers: Iterable[str]) -> None:
        """Before the first of these, which run now, is stopped."""
        at = self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = Unfinished(self._holder, at, sorted(triggers)).document()
        self._lake.replace(self._path, json.dumps(entry, ensure_ascii=False).encode())

    def close(self) -> None:
        self._lake.remove(self._path)


def restore(
    journal: Journal, factory: FactoryWriter, progress: Progress, now: datetime | None = None
) -> list[Missed]:
    """Start what a deployment that died left stopped; what cannot be started is told and stays journaled.

    Answers what the schedule triggers among them have missed since.
    """
    unfinished = journal.read()
    if unfinished is None:
        return []
    live = {each.name: each for each in factory.list("trigger")} if factory.factory() is not None else {}
    stopped = [
        name
        for name in unfinished.triggers
        if name in live and live[name].properties.get("runtimeState") != "Started"
    ]
    left = [name for name in stopped if not _started(live[name], unfinished, factory, progress)]
    if left:
        journal.open(left)
    else:
        journal.close()
    since, until = datetime.fromisoformat(unfinished.at), now or journal.clock()
    found = [missed(name, live[name].properties, since, until) for name in stopped if name not in left]
    return [each for each in found if each is not None]


def _started(trigger: LiveEntity, unfinished: Unfinished, factory: FactoryWriter, progress: Progress) -> bool:
    name = trigger.name
    try:
        factory.start_trigger(name, trigger.properties["type"])
    except DataFactoryError as error:
        progress.note(f"trigger {name}, left stopped by {unfinished.by}, could not be started: {error}")
        return False
    progress.note(f"trigger {name}, left stopped by {unfinished.by} at {unfinished.at}, started again")
    return True
