"""The lake's process: authentication, faults and errors around the operations, on loopback."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import sys
import time
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox import request_log, tls
from sandbox.clock import SystemClock
from sandbox.context import Activity
from sandbox.datalake import addresses, event_routes, responses, routes
from sandbox.datalake.authentication import authenticate, target
from sandbox.datalake.call import Call
from sandbox.datalake.errors import LakeError, Ordered
from sandbox.datalake.storage import Storage
from sandbox.datalake.uploads import Uploads
from sandbox.errors import AzureError
from sandbox.faults import Faults
from sandbox.identity import Identity
from sandbox.routing import Handler, hung_up, json_body, require_own_host

if TYPE_CHECKING:
    import socket

    from sandbox.datalake.models import Address
    from sandbox.state import StateFolder

_log = logging.getLogger("sandbox.lake")
_LARGEST_HEADER = 32 * 1024  # a path of 1,024 letters, each nine characters when encoded; 8 KB of metadata
_READ_BUFFER = 1 << 20  # 64 KB, the default, halves the throughput of uploads


class Lake:
    def __init__(self, folder: StateFolder) -> None:
        self._clock = SystemClock()
        self._identity = Identity(folder.secret)
        self._storage = Storage(folder.path, self._clock)
        self._uploads = Uploads(self._storage)
        self._faults = Faults(Ordered)
        self._activity = Activity()
        self._logs = folder.logs

    def application(self) -> web.Application:
        self._storage.recover()
        app = web.Application(middlewares=[self._guard], client_max_size=0)
        app.router.add_get("/_sandbox/health", self._health)
        app.router.add_post("/_sandbox/faults", self._order)
        app.router.add_delete("/_sandbox/faults", self._forget)
        event_routes.EventRoutes(self._storage.catalog.outbox).add_to(app)
        app.router.add_route("*", "/{path:.*}", self._serve)
        app.on_cleanup.append(self._close)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every request leaves through here: as an answer, as a refusal, and as a line in the log."""
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        if request.path == "/_sandbox/health":
            return await handler(request)
        if request.path.startswith(event_routes.PATH):
            # Asked all the time: neither work nor worth a line.
            return await self._answer(request, handler, request_id)
        with self._activity.working():
            response = await self._answer(request, handler, request_id)
        if not response.prepared:
            response.headers["x-ms-request-id"] = request_id
            response.headers["x-ms-version"] = request.headers.get("x-ms-version", "2025-11-05")
            _echo(request, response, "x-ms-client-request-id")
        refusal = request.get("refusal", "")
        request_log.write_request(_log, request, response.status, started, request_id, refusal)
        return response

    async def _answer(self, request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
        try:
            require_own_host(request)
            authenticate(request, self._identity, self._clock.now().timestamp())
            return await handler(request)
        except LakeError as error:
            return self._refuse(request, error, request_id)
        except AzureError as error:  # of the sandbox's own requests
            return self._refuse(request, Ordered(error.status, error.code, error.message), request_id)
        except ConnectionError:
            return hung_up(request)
        except Exception as error:  # noqa: BLE001 - logged with its traceback, answered as a defect
            _log.exception("%s %s failed", request.method, request.raw_path)
            told = f"{type(error).__name__}: {error} (a fault of the local Azure: {self._logs}/lake.log)"
            defect = Ordered(500, "InternalError", told)
            return self._refuse(request, defect, request_id)

    def _refuse(self, request: web.Request, error: LakeError, request_id: str) -> web.Response:
        head, blob = request.method == "HEAD", routes.is_blob(request)
        request["refusal"] = f"{error.code_for(blob=blob)}: {error.message}"
        return responses.refusal(error, request_id, blob=blob, head=head)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        return await self._faults.answer(request, self._operate)

    async def _operate(self, request: web.Request) -> web.StreamResponse:
        address = addresses.parse(target(request))
        call = Call(request, address, self._storage, self._uploads)
        return await routes.operation(request, _level(address))(call)

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ready", "idle_seconds": self._activity.idle_seconds()})

    async def _order(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        self._faults.add(body)
        return web.json_response({"ordered": body})

    async def _forget(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({})

    async def _close(self, _: web.Application) -> None:
        await self._storage.close()


def _level(address: Address) -> routes.Level:
    if not address.filesystem:
        return "account"
    return "path" if address.path else "filesystem"


def _echo(request: web.Request, response: web.StreamResponse, header: str) -> None:
    if header in request.headers:
        response.headers[header] = request.headers[header]


async def serve(folder: StateFolder, listening: socket.socket) -> None:
    """Until SIGTERM, SIGINT, or the end of standard input: the parent's end, however it came."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if _is_pipe(sys.stdin.fileno()):
        loop.add_reader(sys.stdin.fileno(), stop.set)
    context = tls.ensure(folder.tls, SystemClock().now()).server_context()
    runner = web.AppRunner(
        Lake(folder).application(),
        access_log=None,
        shutdown_timeout=3,
        read_bufsize=_READ_BUFFER,
        max_line_size=_LARGEST_HEADER,
        max_field_size=_LARGEST_HEADER,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening, ssl_context=context, backlog=512).start()
        print("ready", flush=True)  # noqa: T201 - the line that the parent waits for
        await stop.wait()
    finally:
        await runner.cleanup()


def _is_pipe(descriptor: int) -> bool:
    """Started by a parent; a terminal or /dev/null says nothing about anybody's end."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
