"""The lake's outbox as the triggers see it: who listens, what happened, what has been dealt with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from adf.events import BlobEvent
from sandbox.identity import STORAGE_AUDIENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import aiohttp

    from sandbox.context import Context
    from sandbox.datafactory.models import Json

_WAIT_SECONDS = 25


@dataclass(frozen=True)
class Delivery:
    """An event for one subscription. It comes again until it is taken: its id says which it is."""

    id: str
    subscription: str
    event: BlobEvent
    at: datetime

    @classmethod
    def from_json(cls, told: Json) -> Delivery:
        event = BlobEvent(told["type"], told["container"], told["path"], told["size"])
        at = datetime.fromtimestamp(told["at"] / 10**9, UTC)
        return cls(told["id"], told["subscription"], event, at)


class EventSource(Protocol):
    """Each raises `aiohttp.ClientError` or `TimeoutError` while the lake does not answer."""

    async def subscribe(self, wanted: Sequence[Json]) -> None:
        """These and no others: `{id, account, typeProperties}`."""

    async def waiting(self) -> list[Delivery]:
        """What nobody has taken yet, oldest first; waits a while where there is nothing."""
        ...

    async def has_untaken(self) -> bool: ...

    async def take(self, deliveries: Sequence[Delivery]) -> None: ...


class LakeEvents:
    def __init__(self, context: Context, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._identity = context.identity
        self._clock = context.clock
        self._activity = context.activity
        self._url = f"{context.endpoints.lake}/_sandbox/events"
        self._session = session

    async def subscribe(self, wanted: Sequence[Json]) -> None:
        with self._activity.asking():
            await self._call("PUT", "/subscriptions", {"subscriptions": list(wanted)})

    async def waiting(self) -> list[Delivery]:
        answer = await self._call("GET", f"?seconds={_WAIT_SECONDS}")
        told = [Delivery.from_json(one) for one in answer["events"]]
        # The lake's time is the world's: on another clock an event happens when it is told.
        return [replace(one, at=self._clock.now()) for one in told] if self._clock.is_virtual else told

    async def has_untaken(self) -> bool:
        return bool((await self._call("GET", "?seconds=0"))["events"])

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        with self._activity.asking():
            await self._call("POST", "/taken", {"ids": [one.id for one in deliveries]})

    async def _call(self, method: str, path: str, body: Any = None) -> Json:  # noqa: ANN401 - JSON
        headers = {"Authorization": f"Bearer {self._identity.issue(STORAGE_AUDIENCES[0])}"}
        url = self._url + path
        async with self._session().request(method, url, json=body, headers=headers) as response:
            response.raise_for_status()
            answer: Json = await response.json()
            return answer
