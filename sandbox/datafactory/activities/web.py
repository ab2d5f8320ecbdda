"""WebActivity: one HTTPS call to an address on this machine; everything else is out of reach by design."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from sandbox.datafactory.activities.call import ActivityKind, Call, Request, Response
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.values import is_expression

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
    response = await _send(call, call.properties["method"], url, headers, _encoded(body))
    if not call.properties.get("turnOffAsync"):
        response = await _until_done(call, url, headers, response)
    return _output(response)


def _headers(call: Call) -> dict[str, str]:
    written = call.value("headers", {})
    if not isinstance(written, dict):
        raise ActivityFailed(
            "2104", "The type of the property 'headers' is incorrect: an object is expected."
        )
    return {name: str(value) for name, value in written.items()}


async def _send(call: Call, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
    shown = _shown(call, url)
    if not _is_local(url):
        raise ActivityFailed("2108", f"The local Azure calls addresses on this machine only, not {shown}.")
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
    try:
        return await call.services.send(Request(method, url, headers, body))
    except OSError as error:
        reason = str(error).replace(url, shown)
        raise ActivityFailed("2108", f"Error calling the endpoint '{shown}': {reason}.") from error


def _shown(call: Call, url: str) -> str:
    """An address that came in as secure input may hold a key: an error is not where it comes out."""
    return "********" if (call.activity.get("policy") or {}).get("secureInput") is True else url


async def _until_done(call: Call, url: str, headers: dict[str, str], response: Response) -> Response:
    """202 with a Location is asked again until it is another status; a Location elsewhere gets no request."""
    while response.status == 202 and "Location" in response.headers:
        url = urljoin(url, response.headers["Location"])
        await call.services.sleep_meanwhile(_seconds(response.headers.get("Retry-After", "1")))
        response = await _send(call, "GET", url, headers, None)
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
        "method url headers body authentication disableCertValidation httpRequestTimeout turnOffAsync",
        not_run="datasets linkedServices connectVia",
    ),
    has_policy=True,
)
