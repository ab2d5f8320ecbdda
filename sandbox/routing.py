"""Routes as Resource Manager has them: matched without regard to case; `{name}` is one decoded segment."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from aiohttp import web

from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp.web_urldispatcher import AbstractRoute, UrlDispatcher
    from yarl import URL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Marked = TypeVar("_Marked", bound=Handler)

_MOST_LEVELS = 100
_PUBLIC: set[object] = set()
_FIELD = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?::(?P<regex>[^{}]+))?\}")


class ArmResource(web.Resource):
    """One pattern; several methods may be registered on it."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern = pattern
        self._regex = re.compile(_expression(pattern), re.IGNORECASE)

    @property
    def canonical(self) -> str:
        """Says nothing of the literal parts: aiohttp would index them, and compare them with their case."""
        return "/"

    def _match(self, path: str) -> dict[str, str] | None:
        found = self._regex.fullmatch(path)
        return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}

    def raw_match(self, path: str) -> bool:
        return self.pattern == path

    def add_prefix(self, prefix: str) -> None:
        raise NotImplementedError(prefix)

    def get_info(self) -> Any:  # noqa: ANN401 - the base class's private type
        return {"formatter": self.pattern, "pattern": self._regex}

    def url_for(self, **kwargs: str) -> URL:
        raise NotImplementedError(kwargs)


class arm(web.AbstractRouteDef):  # noqa: N801 - reads as web.get does
    """`app.add_routes([arm("GET", "/subscriptions/{subscription}/resourceGroups/{group}", handler)])`.

    `{name}` matches one segment; `{name:regex}` what the regex says (`%2F`, `%25` still encoded).
    The handler finds decoded values in `request.match_info`. The first route registered that matches wins.
    """

    def __init__(self, method: str, pattern: str, handler: Handler) -> None:
        self.method = method
        self.pattern = pattern
        self.handler = handler

    def register(self, router: UrlDispatcher) -> list[AbstractRoute]:
        return [_resource(router, self.pattern).add_route(self.method, self.handler)]


def public(handler: _Marked) -> _Marked:
    """Mark a handler that answers without a bearer token (or that checks a SAS by itself)."""
    _PUBLIC.add(handler)
    return handler


def is_public(handler: object) -> bool:
    return handler in _PUBLIC


def hung_up(request: web.Request) -> web.Response:
    """The connection broke, at either end: make sure that nothing on it looks complete. For the log only."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def json_body(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object, whatever its Content-Type says; anything else is refused as Azure does."""
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise AzureError(
            400, "InvalidRequestContent", f"The request content is not valid JSON: {error}."
        ) from error
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(body, dict):
        raise AzureError(400, "InvalidRequestContent", "The request content must be a JSON object.")
    if _is_too_deep(body):
        raise _too_deep()
    return body


def _too_deep() -> AzureError:
    return AzureError(
        400, "InvalidRequestContent", f"The request content is nested deeper than {_MOST_LEVELS} levels."
    )


def _is_too_deep(body: object) -> bool:
    """Whoever reads a body may walk down it without minding how far that goes."""
    level = [body]
    for _ in range(_MOST_LEVELS):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _expression(pattern: str) -> str:
    parts: list[str] = []
    position = 0
    for field in _FIELD.finditer(pattern):
        parts += [re.escape(pattern[position : field.start()])]
        parts += [f"(?P<{field['name']}>{field['regex'] or '[^/]+'})"]
        position = field.end()
    return "".join(parts) + re.escape(pattern[position:]) + "/?"


def _resource(router: UrlDispatcher, pattern: str) -> ArmResource:
    for resource in router.resources():
        if isinstance(resource, ArmResource) and resource.pattern == pattern:
            return resource
    created = ArmResource(pattern)
    router.register_resource(created)
    return created
