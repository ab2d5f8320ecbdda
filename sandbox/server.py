"""The control process put together: one application, two addresses, and the lake beside it."""

from __future__ import annotations

import asyncio
import errno
import hmac
import logging
import os
import secrets
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from sandbox import answers, request_log, resource_manager, tls
from sandbox.clock import SystemClock
from sandbox.context import Context, Endpoints
from sandbox.datafactory import routes as datafactory
from sandbox.errors import AzureError, NoStepPython, PortInUse
from sandbox.faults import Faults
from sandbox.identity import Identity
from sandbox.lake_process import LakeProcess
from sandbox.machinelearning import routes as machinelearning
from sandbox.routing import arm, json_body, public
from sandbox.store import Store

if TYPE_CHECKING:
    import ssl

    from sandbox.state import StateFolder

_LARGEST_BODY = 64 * 1024**2  # of what is read whole; blobs are streams, of any size
_TOKEN_SECONDS = 3600
_log = logging.getLogger("sandbox.control")


@dataclass(frozen=True)
class Options:
    """`idle_minutes` 0 means: until it is stopped."""

    state: Path
    port: int
    lake_port: int
    identity_port: int
    idle_minutes: float = 0
    step_python: Path = Path(sys.executable)


async def serve(options: Options, folder: StateFolder) -> None:
    """Runs until SIGTERM, SIGINT or idleness; the caller holds the folder's lock."""
    step_python = _program(options.step_python)
    request_log.open_log(folder.logs / "control.log")
    stop = _stop_signals()
    folder.withdraw()  # what a killed predecessor left
    identity = Identity(folder.secret)
    files = tls.ensure(folder.tls, SystemClock().now())
    lake = LakeProcess(folder.path, options.lake_port, files.client_context(), identity)
    endpoints = _endpoints(options, files)
    store = Store(folder.path / "state.db")
    context = Context(folder.path, store, SystemClock(), identity, endpoints, step_python=step_python)
    control = web.AppRunner(
        _control_app(context, lake), access_log=None, shutdown_timeout=3, read_bufsize=1 << 20
    )
    tokens = web.AppRunner(identity_app(context), access_log=None, shutdown_timeout=1)
    try:
        await _listen(tokens, options.identity_port, None, "--identity-port")
        await _listen(control, options.port, files.server_context(), "--port")
        await lake.start()
        _announce(folder, endpoints, files)
        print(f"ready {endpoints.control}", flush=True)  # noqa: T201 - the one line that starters wait for
        await _until_stopped(stop, lake, context, options.idle_minutes)
    finally:
        folder.withdraw()
        await control.cleanup()
        await tokens.cleanup()
        await lake.stop()
        store.close()
    _log.info("stopped")


def _control_app(context: Context, lake: LakeProcess) -> web.Application:
    faults = Faults(AzureError)
    app = web.Application(middlewares=answers.middlewares(context, faults), client_max_size=_LARGEST_BODY)
    resource_manager.add_routes(app, context)
    machinelearning.add_routes(app, context)
    datafactory.add_routes(app, context)
    _add_own_routes(app, faults, lake)
    return app


def _add_own_routes(app: web.Application, faults: Faults, lake: LakeProcess) -> None:
    @public
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def order(request: web.Request) -> web.Response:
        body = await json_body(request)
        if body.get("service", "control") != "lake":
            faults.add(body)
            return web.json_response({"ordered": body})
        answer = await lake.call("POST", "/_sandbox/faults", body)
        return web.json_response(answer["body"], status=answer["status"])

    async def forget(_: web.Request) -> web.Response:
        faults.clear()
        await lake.call("DELETE", "/_sandbox/faults")
        return web.json_response({})

    app.add_routes(
        [
            arm("GET", "/_sandbox/health", health),
            arm("POST", "/_sandbox/faults", order),
            arm("DELETE", "/_sandbox/faults", forget),
        ]
    )


def identity_app(context: Context) -> web.Application:
    """App Service's managed identity endpoint, plain HTTP as there: its secret never leaves the machine."""

    async def token(request: web.Request) -> web.Response:
        given = request.headers.get("X-IDENTITY-HEADER", "")
        if not hmac.compare_digest(given.encode(), context.endpoints.identity_header.encode()):
            return _refused_token(401, "Unauthorized", "X-IDENTITY-HEADER is missing or wrong.")
        audience = request.query.get("resource")
        if not audience:
            return _refused_token(400, "BadRequest", "The query parameter 'resource' is required.")
        value = {
            "access_token": context.identity.issue(audience, lifetime_seconds=_TOKEN_SECONDS),
            "expires_on": str(int(time.time()) + _TOKEN_SECONDS),
            "resource": audience,
            "token_type": "Bearer",
            "client_id": request.query.get("client_id", "local"),
        }
        return web.json_response(value)

    app = web.Application()
    app.router.add_get("/identity/token", token)
    return app


def _refused_token(status: int, code: str, message: str) -> web.Response:
    body = {"statusCode": status, "message": message, "error": {"code": code, "message": message}}
    return web.json_response(body, status=status)


async def _listen(runner: web.AppRunner, port: int, context: ssl.SSLContext | None, option: str) -> None:
    """On loopback, and nowhere else."""
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context, backlog=512).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, option) from error
        raise


def _endpoints(options: Options, files: tls.TlsFiles) -> Endpoints:
    return Endpoints(
        control=f"https://127.0.0.1:{options.port}",
        lake=f"https://127.0.0.1:{options.lake_port}",
        identity=f"http://127.0.0.1:{options.identity_port}/identity/token",
        identity_header=secrets.token_urlsafe(32),
        bundle=str(files.bundle),
    )


def _program(path: Path) -> str:
    """Absolute, since steps have folders of their own; a link stays one."""
    if not path.is_file() or not os.access(path, os.X_OK):
        raise NoStepPython(path)
    return str(path.absolute())


def _announce(folder: StateFolder, endpoints: Endpoints, files: tls.TlsFiles) -> None:
    folder.announce(
        {
            "pid": os.getpid(),
            "control": endpoints.control,
            "lake": endpoints.lake,
            "identity": endpoints.identity,
            "identity_header": endpoints.identity_header,
            "ca": str(files.ca),
            "bundle": endpoints.bundle,
        }
    )


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until_stopped(
    stop: asyncio.Event, lake: LakeProcess, context: Context, idle_minutes: float
) -> None:
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(lake.watch())]
    if idle_minutes > 0:
        waits.append(asyncio.create_task(_idle(lake, context, idle_minutes * 60)))
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


async def _idle(lake: LakeProcess, context: Context, limit_seconds: float) -> None:
    """Returns once neither process had anything to do for that long."""
    while True:
        quiet = context.activity.idle_seconds()
        if quiet >= limit_seconds:
            quiet = min(quiet, await _lake_idle_seconds(lake))
        if quiet >= limit_seconds:
            _log.info("nothing to do for %.0f seconds", quiet)
            return
        await context.clock.sleep(max(0.2, min(limit_seconds - quiet, 5)))


async def _lake_idle_seconds(lake: LakeProcess) -> float:
    try:
        health = await lake.call("GET", "/_sandbox/health")
    except aiohttp.ClientError:  # it is being started again: not idle, and no reason to end
        return 0
    return float(health["body"]["idle_seconds"])
