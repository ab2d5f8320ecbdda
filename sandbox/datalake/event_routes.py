"""The lake's own requests about events, for the process that fires triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.routing import json_body

if TYPE_CHECKING:
    from sandbox.datalake.outbox import Outbox

PATH = "/_sandbox/events"
_LONGEST_WAIT_SECONDS = 60.0


class EventRoutes:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def add_to(self, app: web.Application) -> None:
        app.router.add_put(f"{PATH}/subscriptions", self._subscribe)
        app.router.add_get(PATH, self._waiting)
        app.router.add_post(f"{PATH}/taken", self._taken)
        app.on_shutdown.append(self._close)

    async def _subscribe(self, request: web.Request) -> web.Response:
        self._outbox.subscribe((await json_body(request))["subscriptions"])
        return web.json_response({})

    async def _waiting(self, request: web.Request) -> web.Response:
        seconds = min(float(request.query.get("seconds", "0")), _LONGEST_WAIT_SECONDS)
        return web.json_response({"events": await self._outbox.waiting(seconds)})

    async def _taken(self, request: web.Request) -> web.Response:
        self._outbox.take((await json_body(request))["ids"])
        return web.json_response({})

    async def _close(self, _: web.Application) -> None:
        """A stop does not wait for those who wait."""
        self._outbox.close()
