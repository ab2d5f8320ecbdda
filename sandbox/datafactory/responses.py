"""How the local Data Factory answers: bodies as the service shows them, with the headers it adds."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.datafactory.models import Json


def entity(document: Json) -> web.Response:
    """An entity, with its etag as a header too."""
    etag = str(document.get("etag") or document.get("eTag"))
    return web.json_response(document, headers={**_headers(), "ETag": f'"{etag.strip(chr(34))}"'})


def listed(documents: Sequence[Json]) -> web.Response:
    """One page: a factory's contents fit into it, so there is no nextLink."""
    return web.json_response({"value": list(documents)}, headers=_headers())


def body(document: Json) -> web.Response:
    return web.json_response(document, headers=_headers())


def accepted(document: Json, location: str) -> web.Response:
    """It will be so; `location` says when. 200 where it is so already."""
    if document["status"] not in ("Provisioning", "Deprovisioning"):
        return body(document)
    return web.json_response(document, status=202, headers={**_headers(), "Location": location})


def done() -> web.Response:
    return web.Response(status=200, headers=_headers())


def deleted(*, existed: bool) -> web.Response:
    return web.Response(status=200 if existed else 204, headers=_headers())


def not_modified() -> web.Response:
    return web.Response(status=304, headers=_headers())


def _headers() -> dict[str, str]:
    request_id = str(uuid.uuid4())
    return {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request_id,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
