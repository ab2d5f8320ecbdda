"""Around every handler of the control process, outside in: log line, errors as answers, token, faults."""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.errors import AzureError, NotEmulated, Unauthorized
from sandbox.identity import MANAGEMENT_AUDIENCES, STORAGE_AUDIENCES
from sandbox.routing import Handler, hung_up, is_public

if TYPE_CHECKING:
    from sandbox.context import Context
    from sandbox.faults import Faults

_log = logging.getLogger("sandbox.control")


def middlewares(context: Context, faults: Faults) -> list[web.middleware]:  # type: ignore[valid-type]
    @web.middleware
    async def as_azure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        with context.activity.working():
            response = await _answer(request, handler)
        response.headers.setdefault("x-ms-request-id", str(uuid.uuid4()))
        _write_line(request, response.status, started)
        return response

    @web.middleware
    async def authorized(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_public(request.match_info.handler):
            _verify(request, context)
        _require_api_version(request)
        if request.path.startswith("/_sandbox/"):
            return await handler(request)
        return await faults.answer(request, handler)

    return [as_azure, authorized]


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except AzureError as error:
        return _error_response(error)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return _error_response(NotEmulated(f"{request.method} {request.path}"))
    except web.HTTPException as error:
        code = type(error).__name__.removeprefix("HTTP")  # reasons are spelled otherwise in later Pythons
        return _error_response(AzureError(error.status, code, error.text or error.reason))
    except ConnectionError:
        return hung_up(request)
    except Exception as error:  # noqa: BLE001 - logged with its traceback, answered as Azure answers a defect
        _log.exception("%s %s failed", request.method, request.raw_path)
        return _error_response(AzureError(500, "InternalServerError", f"{type(error).__name__}: {error}"))


def _error_response(error: AzureError) -> web.Response:
    headers = {"x-ms-error-code": error.code, **error.headers}
    return web.json_response(error.body(), status=error.status, headers=headers)


def _verify(request: web.Request, context: Context) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(
            "Authentication failed. The 'Authorization' header is missing or is not a bearer token."
        )
    audiences: tuple[str, ...] = MANAGEMENT_AUDIENCES
    if request.path.startswith("/_sandbox/"):
        audiences += STORAGE_AUDIENCES
    request["claims"] = context.identity.verify(token, audiences)


def _require_api_version(request: web.Request) -> None:
    if request.path.lower().startswith("/subscriptions") and not request.query.get("api-version"):
        raise AzureError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )


def _write_line(request: web.Request, status: int, started: float) -> None:
    milliseconds = (time.perf_counter() - started) * 1000
    _log.info("%s %s %s %.0f ms", request.method, request.raw_path, status, milliseconds)
