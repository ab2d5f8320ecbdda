"""WebActivity: one HTTPS call to an address on this machine; everything else is out of reach by design."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from multidict import CIMultiDict

from sandbox.datafactory.activities.call import ActivityKind, Call, Request, Response
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.parameters import wire_text
from sandbox.datafactory.values import is_expression, parse_timespan, require_timespan

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LARGEST = 4 * 1024 * 1024
_NOT_RUN = ("datasets", "linkedServices", "connectVia")


def _check(activity: Json, _view: View, target: str) -> None:
    properties = activity.get("typeProperties") or {}
    name = activity["name"]
    if properties.get("method") not in _METHODS:
        raise BadRequest(
            f"Activity '{name}': method must be one of {', '.join(sorted(_METHODS))}.", target=target
        )
    if not properties.get("url"):
        raise BadRequest(f"Activity '{name}': url is required.", target=target)
    authentication = (properties.get("authentication") or {}).get("type", "None")
    if authentication not in ("None", "MSI"):
        raise NotRun(f"WebActivity '{name}' with authentication {authentication!r}")
    timeout = properties.get("httpRequestTimeout")
    if timeout is not None and not is_expression(timeout):
        span = require_timespan(timeout, f"httpRequestTimeout of activity '{name}'", target)
        if not 1 <= span.total_seconds() / 60 <= 10:
            raise BadRequest(f"Activity '{name}': httpRequestTimeout is 1 to 10 minutes.", target=target)
    for one in _NOT_RUN:
        if properties.get(one):
            raise NotRun(f"WebActivity '{name}' with {one}")
    if not is_expression(properties["url"]):
        _require_local(name, str(properties["url"]))


def _require_local(activity: str, url: str) -> None:
    if not _is_local(url):
        raise NotRun(f"WebActivity '{activity}' to {url}", "only addresses on this machine are called")


def _is_local(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # an IPv6 address without its bracket
        return False
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


async def _run(call: Call) -> Json:
    url = call.text("url")
    headers = _headers(call)
    body = call.value("body", None)
    call.input |= {"url": url, "method": call.properties["method"], "headers": dict(headers), "body": body}
    authentication = call.value("authentication", {})
    if authentication.get("type") == "MSI":
        headers["Authorization"] = f"Bearer {call.services.token(authentication['resource'])}"
    content = _encoded(body)
    if content is not None:
        headers.setdefault("Content-Type", "application/json")
    request = Request(call.properties["method"], url, headers, content, seconds=_answer_seconds(call))
    response = await _send(call, request)
    if not call.properties.get("turnOffAsync"):
        response = await _until_done(call, request, response)
    return _output(response)


def _headers(call: Call) -> CIMultiDict[str]:
    """As they are written; `content-type` in any case stands in place of JSON's."""
    written = call.value("headers", {})
    if not isinstance(written, dict):
        raise ActivityFailed(
            "2104", "The type of the property 'headers' is incorrect: an object is expected."
        )
    return CIMultiDict({name: wire_text(value) for name, value in written.items()})


def _answer_seconds(call: Call) -> float:
    """How long one answer may take; the activity's own timeout is for all of them."""
    try:
        return parse_timespan(call.text("httpRequestTimeout", "00:01:00")).total_seconds()
    except ValueError as error:
        raise ActivityFailed("2104", f"The property 'httpRequestTimeout' is incorrect: {error}.") from error


async def _send(call: Call, request: Request) -> Response:
    shown = _shown(call, request.url)
    if not _is_local(request.url):
        raise ActivityFailed("2108", f"The local Azure calls addresses on this machine only, not {shown}.")
    try:
        return await call.services.send(request)
    except OSError as error:
        reason = str(error).replace(request.url, shown)
        raise ActivityFailed("2108", f"Error calling the endpoint '{shown}': {reason}.") from error


def _shown(call: Call, url: str) -> str:
    """An address that came in as secure input may hold a key: an error is not where it comes out."""
    return "********" if (call.activity.get("policy") or {}).get("secureInput") is True else url


async def _until_done(call: Call, request: Request, response: Response) -> Response:
    """202 with a Location is asked again until it is another status; a Location elsewhere gets no request."""
    asked = replace(request, method="GET", content=None)
    while response.status == 202 and "Location" in response.headers:
        asked = replace(asked, url=urljoin(asked.url, response.headers["Location"]))
        await call.services.sleep_meanwhile(_seconds(response.headers.get("Retry-After", "1")))
        response = await _send(call, asked)
        await asyncio.sleep(0)
    return response


def _seconds(retry_after: str) -> float:
    """A date, its other form, is for pauses longer than any that a local service asks for."""
    return float(retry_after) if retry_after.isdecimal() else 1.0


def _encoded(body: JsonValue) -> bytes | None:
    if body is None:
        return None
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _output(response: Response) -> Json:
    text = response.body.decode("utf-8", "replace")
    if response.status >= 400:
        raise ActivityFailed(str(response.status), text or f"The endpoint answered {response.status}.")
    if len(response.body) > _LARGEST:
        raise ActivityFailed("2001", "The length of the response is over the limit of 4 MB.")
    try:
        parsed = json.loads(text) if text else {}
    except ValueError:
        parsed = {"Response": text}
    output = parsed if isinstance(parsed, dict) else {"Response": text}
    return {**output, "ADFWebActivityResponseHeaders": dict(response.headers)}


WEB_ACTIVITY = ActivityKind(
    run=_run,
    check=_check,
    fields=Fields(
        "method url headers body authentication httpRequestTimeout turnOffAsync",
        not_run="datasets linkedServices connectVia disableCertValidation",
    ),
    has_policy=True,
)
