"""Work that takes a processor, in a thread of its own: the server's event loop goes on beside it.

The thread reaches the outside through the loop: each request is made there, and waited for here.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

from sandbox.datafactory.activities.lake import send
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.datafactory.activities.call import Call, Response

T = TypeVar("T")


class Worker:
    """What a working thread is given."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()

    def goes_on(self) -> bool:
        return not self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()

    def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Response:
        """A request to the lake; none is made once the activity was cancelled or has timed out."""
        if not self.goes_on():
            raise ActivityFailed("Cancelled", "The activity was stopped.")
        making = send(self.call, method, url, headers, content)
        return asyncio.run_coroutine_threadsafe(making, self._loop).result()


async def in_thread(call: Call, work: Callable[[Worker], T]) -> T:
    """The work's result. Cancelled, it ends when the thread has: nothing is written after that."""
    worker = Worker(call)
    doing = asyncio.ensure_future(asyncio.to_thread(work, worker))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        worker.stop()
        await asyncio.wait({doing})
        raise
