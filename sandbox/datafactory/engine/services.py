"""What the engine does for the activities of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import aiohttp
from multidict import CIMultiDict

from sandbox.datafactory.activities.call import Request, Response
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from sandbox.clock import Clock
    from sandbox.context import Activity
    from sandbox.datafactory.activities.call import ActivityKind
    from sandbox.datafactory.engine.graph import Outcome
    from sandbox.datafactory.frame import Frame, RunningPipeline
    from sandbox.datafactory.models import FactoryId, Json, JsonValue
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.view import View


_BUSY = frozenset({429, 500, 502, 503, 504})
_BETWEEN_TRIES_SECONDS = 1
_MOST_BYTES = 256 * 1024 * 1024


class Children(Protocol):
    """The part of the engine that starts pipelines for pipelines."""

    def start_child(self, parent: RunningPipeline, pipeline: str, parameters: Json) -> str: ...

    async def wait(self, factory: FactoryId, run_id: str) -> Json: ...


@dataclass(frozen=True)
class Outside:
    """The way out of the process: HTTPS with the local bundle, and the factory's identity."""

    control: str
    warehouse: Path
    session: Callable[[], aiohttp.ClientSession]
    token: Callable[[str], str | None]
    view: Callable[[], View]


@dataclass(frozen=True)
class Host:
    """What all activities of one run share."""

    running: RunningPipeline
    runs: Runs
    clock: Clock
    activity: Activity
    places: asyncio.Semaphore
    """Bounds the activities that reach outside at one time, over all runs."""
    outside: Outside
    children: Children
    run_graph: Callable[[Sequence[Json], Frame], Awaitable[Outcome]]
    kinds: Mapping[str, ActivityKind]
    stopping: Callable[[], bool]
    """The sandbox is going down: a cancellation then is no decision about the run."""


class RunServices:
    """`Services` of one attempt."""

    def __init__(
        self,
        host: Host,
        undo: list[Callable[[], Awaitable[None]]],
        remember: Callable[[Mapping[str, JsonValue]], None],
    ) -> None:
        self._host = host
        self._undo = undo
        self._remember = remember

    @property
    def control(self) -> str:
        return self._host.outside.control

    @property
    def warehouse(self) -> Path:
        return self._host.outside.warehouse

    def token(self, audience: str) -> str:
        token = self._host.outside.token(audience)
        if token is None:
            raise ActivityFailed(
                "4122",
                f"The factory '{self._host.running.factory.name}' has no managed identity: create it with "
                'identity {"type": "SystemAssigned"}.',
            )
        return token

    def view(self) -> View:
        return self._host.outside.view()

    async def send(self, request: Request) -> Response:
        for left in reversed(range(request.tries)):
            try:
                response = await self._send_once(request)
                if left == 0 or response.status not in _BUSY:
                    return response
            except ConnectionError:
                if left == 0:
                    raise
            await self.sleep_meanwhile(_BETWEEN_TRIES_SECONDS)
        raise ValueError(request.tries)

    async def _send_once(self, request: Request) -> Response:
        """A redirect is not followed: it would take the factory's token elsewhere."""
        method, url, headers = request.method, request.url, request.headers
        session = self._host.outside.session()
        limit = aiohttp.ClientTimeout(total=request.seconds)
        asked = session.request(
            method, url, headers=headers, data=request.content, allow_redirects=False, timeout=limit
        )
        try:
            with self._host.activity.asking():
                async with asked as answer:
                    return Response(answer.status, CIMultiDict(answer.headers), await _bounded(answer))
        except TimeoutError as error:
            raise ConnectionError(f"no answer within {request.seconds:g} seconds") from error
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error) or type(error).__name__) from error

    async def sleep(self, seconds: float) -> None:
        await self._host.clock.sleep(seconds)

    async def sleep_meanwhile(self, seconds: float) -> None:
        with self._host.activity.elsewhere():
            await self.sleep(seconds)

    async def run_inner(self, activities: Sequence[Json], frame: Frame) -> None:
        outcome = await self._host.run_graph(activities, frame)
        if outcome.status != "Succeeded":
            name, message = outcome.failures()[0]
            raise ActivityFailed(
                "BadRequest",
                "Activity failed because an inner activity failed; "
                f"Inner activity name: {name}, Error: {message}",
            )

    def start_child(self, pipeline: str, parameters: Json) -> str:
        return self._host.children.start_child(self._host.running, pipeline, parameters)

    async def wait_child(self, run_id: str) -> Json:
        return await self._host.children.wait(self._host.running.factory, run_id)

    def on_cancel(self, undo: Callable[[], Awaitable[None]]) -> None:
        self._undo.append(undo)

    def remember(self, **facts: JsonValue) -> None:
        self._remember(facts)


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    """No activity here needs more, and the sandbox has many to serve."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.content.iter_chunked(1 << 20):
        chunks.append(chunk)
        size += len(chunk)
        if size > _MOST_BYTES:
            raise ActivityFailed("2001", f"The answer is longer than {_MOST_BYTES >> 20} MB.")
    return b"".join(chunks)
