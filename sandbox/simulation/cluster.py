"""The compute cluster of a rehearsal: so many nodes, for those who wait in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Cluster:
    def __init__(self, nodes: int | None) -> None:
        """`None`: as many as are wanted."""
        self._free = nodes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def nodes(self, count: int) -> AsyncIterator[None]:
        """Held in the block, waited for before it; `count` is at most what the cluster has."""
        await self._take(count)
        try:
            yield
        finally:
            self._give_back(count)

    async def _take(self, count: int) -> None:
        if self._free is None:
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._serve()  # who stood behind may have been waiting for this one's turn only
            else:
                self._give_back(count)
            raise

    def _give_back(self, count: int) -> None:
        if self._free is not None:
            self._free += count
            self._serve()

    def _serve(self) -> None:
        """Nobody overtakes: a large run would never begin."""
        while self._waiting and self._free is not None:
            count, turn = self._waiting[0]
            if turn.done():  # it was cancelled while it waited
                self._waiting.popleft()
            elif count <= self._free:
                self._waiting.popleft()
                self._free -= count
                turn.set_result(None)
            else:
                return
