"""The services of the control process put together: one application, and the token endpoint beside it."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox import (
    access_control,
    answers,
    clock_routes,
    key_vault,
    resource_manager,
    status,
    timetable_routes,
)
from sandbox.advancing_clock import AdvancingClock
from sandbox.datafactory import routes as datafactory
from sandbox.errors import AzureError
from sandbox.faults import Faults
from sandbox.machinelearning import routes as machinelearning
from sandbox.monitor import routes as monitor
from sandbox.portal import routes as portal
from sandbox.routing import arm, json_body, public
from sandbox.simulation.served import activity_kinds

if TYPE_CHECKING:
    import socket
    import ssl
    from contextlib import AsyncExitStack

    from sandbox import tls
    from sandbox.arguments import Options
    from sandbox.context import Context
    from sandbox.lake_process import LakeProcess

_LARGEST_BODY = 64 * 1024**2  # of what is read whole; blobs are streams, of any size
_TOKEN_SECONDS = 3600


async def open_all(
    life: AsyncExitStack,
    context: Context,
    lake: LakeProcess,
    listening: list[socket.socket],
    files: tls.TlsFiles,
    options: Options,
) -> None:
    """Listens, on control's and identity's sockets, until the stack is left: in progress is then a few
    seconds' work at most.
    """
    control, _, tokens = listening
    await _open(life, identity_app(context), tokens, None, shutdown_seconds=1)
    await _open(
        life, control_app(context, lake, options), control, files.server_context(), shutdown_seconds=3
    )


async def _open(
    life: AsyncExitStack,
    app: web.Application,
    listening: socket.socket,
    encryption: ssl.SSLContext | None,
    *,
    shutdown_seconds: float,
) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_seconds, read_bufsize=1 << 20)
    life.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.SockSite(runner, listening, ssl_context=encryption, backlog=512).start()


def control_app(context: Context, lake: LakeProcess, options: Options) -> web.Application:
    faults = Faults(AzureError)
    app = web.Application(middlewares=answers.middlewares(context, faults), client_max_size=_LARGEST_BODY)
    access_control.add_routes(app, context)
    resource_manager.add_routes(app, context)
    workspaces = machinelearning.add_routes(app, context)
    monitor.add_routes(app, context)
    factories = datafactory.add_routes(app, context, activity_kinds(context, options))
    key_vault.add_routes(app, context)
    if isinstance(context.clock, AdvancingClock):
        context.clock.look_before_a_leap(factories.triggers.events.caught_up)
    clock_routes.add_routes(app, context.clock)
    timetable_routes.add_routes(app, factories, options.nodes)
    portal.add_routes(app, context, factories, workspaces)
    _add_own_routes(app, context, faults, lake, options)
    return app


def _add_own_routes(
    app: web.Application, context: Context, faults: Faults, lake: LakeProcess, options: Options
) -> None:
    @public
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(await status.of(context, lake, options))

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
            arm("GET", status.PATH, tell),
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
