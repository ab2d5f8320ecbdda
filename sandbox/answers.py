"""Around every handler of the control process, outside in: log line, errors as answers, token, faults."""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import nullcontext
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox import request_log, status
from sandbox.errors import AzureError, NotEmulated, Unauthorized
from sandbox.identity import MANAGEMENT_AUDIENCES, STORAGE_AUDIENCES
from sandbox.routing import Handler, hung_up, is_public, require_own_host

if TYPE_CHECKING:
    from sandbox.context import Context
    from sandbox.faults import Faults

LOOKS_AGAIN = "X-Looks-Again"
"""What a page in a browser says when it fetches itself anew: an open tab does not keep a sandbox alive."""
_OF_ITSELF = (status.PATH, status.CLOCK)
_log = logging.getLogger("sandbox.control")


def middlewares(context: Context, faults: Faults) -> list[web.middleware]:  # type: ignore[valid-type]
    @web.middleware
    async def as_azure(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        looks_only = request.path in _OF_ITSELF or LOOKS_AGAIN in request.headers
        with nullcontext() if looks_only else context.activity.working():
            response = await _answer(request, handler, context)
        request_id = response.headers.setdefault("x-ms-request-id", str(uuid.uuid4()))
        refusal = request.get("refusal", "")
        request_log.write_request(_log, request, response.status, started, request_id, refusal)
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


async def _answer(request: web.Request, handler: Handler, context: Context) -> web.StreamResponse:
    try:
        require_own_host(request)
        return await handler(request)
    except AzureError as error:
        return _refuse(request, error)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return _refuse(request, NotEmulated(f"{request.method} {request.path}"))
    except web.HTTPException as error:
        code = type(error).__name__.removeprefix("HTTP")  # reasons are spelled otherwise in later Pythons
        return _refuse(request, AzureError(error.status, code, error.text or error.reason))
    except ConnectionError:
        return hung_up(request)
    except Exception as error:  # noqa: BLE001 - logged with its traceback, answered as Azure answers a defect
        return _refuse(request, unforeseen(request, error, context))


def unforeseen(request: web.Request, error: Exception, context: Context) -> AzureError:
    """What a defect of this program is answered as; its traceback is in the log."""
    _log.error("%s %s failed", request.method, request.raw_path, exc_info=error)
    told = f"{type(error).__name__}: {error} (a fault of the local Azure: {context.state}/logs/control.log)"
    return AzureError(500, "InternalServerError", told)


def _refuse(request: web.Request, error: AzureError) -> web.Response:
    request["refusal"] = f"{error.code}: {error.message}"
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
