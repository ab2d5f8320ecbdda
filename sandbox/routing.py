"""Routes as Resource Manager has them: matched without regard to case; `{name}` is one decoded segment."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import unquote

from aiohttp import web

from sandbox.errors import AzureError, Misdirected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aiohttp.web_urldispatcher import AbstractRoute, UrlDispatcher
    from yarl import URL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Marked = TypeVar("_Marked", bound=Handler)

_MOST_LEVELS = 100
_PUBLIC: set[object] = set()
_OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})
_PORT = re.compile(r":\d*$")
_FIELD = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?::(?P<regex>[^{}]+))?\}")


class ArmResource(web.Resource):
    """One pattern; several methods may be registered on it."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern = pattern
        self._regex = re.compile(_expression(pattern), re.IGNORECASE)
        is_open = any("." in (field["regex"] or "") for field in _FIELD.finditer(pattern))
        self.slashes = None if is_open else _slashes(pattern)
        """In a path that it matches; None where it may be any number."""

    @property
    def canonical(self) -> str:
        return self.pattern

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


class ArmTable(web.AbstractResource):
    """All patterns of an application. A path is compared with those alone that have as many segments."""

    def __init__(self) -> None:
        super().__init__()
        self._resources: list[ArmResource] = []
        self._candidates: dict[int, list[ArmResource]] = {}

    def resource(self, pattern: str) -> ArmResource:
        """The one of this pattern, made where absent."""
        for resource in self._resources:
            if resource.pattern == pattern:
                return resource
        self._resources.append(ArmResource(pattern))
        self._candidates.clear()
        return self._resources[-1]

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        allowed: set[str] = set()
        for resource in self._with(_slashes(request.rel_url.path_safe)):
            found, methods = await resource.resolve(request)
            if found is not None:
                return found, methods
            allowed |= methods
        return None, allowed

    def _with(self, slashes: int) -> list[ArmResource]:
        """In the order in which they were registered."""
        if slashes not in self._candidates and len(self._candidates) < _MOST_LEVELS:
            fitting = [one for one in self._resources if one.slashes in (None, slashes)]
            self._candidates[slashes] = fitting
        return self._candidates.get(slashes, self._resources)

    @property
    def canonical(self) -> str:
        """Says nothing of the literal parts: aiohttp would index them, and compare them with their case."""
        return "/"

    def raw_match(self, path: str) -> bool:
        return path == self.canonical

    def add_prefix(self, prefix: str) -> None:
        raise NotImplementedError(prefix)

    def get_info(self) -> Any:  # noqa: ANN401 - the base class's private type
        return {"path": self.canonical}

    def url_for(self, **kwargs: str) -> URL:
        raise NotImplementedError(kwargs)

    def __len__(self) -> int:
        return sum(map(len, self._resources))

    def __iter__(self) -> Iterator[AbstractRoute]:
        return (route for resource in self._resources for route in resource)


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
        return [_table(router).resource(self.pattern).add_route(self.method, self.handler)]


def public(handler: _Marked) -> _Marked:
    """Mark a handler that answers without a bearer token (or that checks a SAS by itself)."""
    _PUBLIC.add(handler)
    return handler


def is_public(handler: object) -> bool:
    return handler in _PUBLIC


def require_own_host(request: web.Request) -> None:
    """Raises `Misdirected` where the client named another host than this machine."""
    host = request.headers.get("Host", "localhost")
    if _PORT.sub("", host).lower() not in _OWN_HOSTS:
        raise Misdirected(host)


def hung_up(request: web.Request) -> web.Response:
    """The connection broke, at either end: make sure that nothing on it looks complete. For the log only."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def json_body(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object, whatever its Content-Type says; anything else is refused as Azure does."""
    try:
        body = json.loads(await request.read(), parse_constant=_no_number)
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


def _no_number(constant: str) -> NoReturn:
    """Python reads NaN and Infinity; JSON has none."""
    message = f"{constant} is no value of JSON"
    raise ValueError(message)


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


def _slashes(path: str) -> int:
    """A last one does not count, but that of the root."""
    return max(1, path.removesuffix("/").count("/"))


def _expression(pattern: str) -> str:
    parts: list[str] = []
    position = 0
    for field in _FIELD.finditer(pattern):
        parts += [re.escape(pattern[position : field.start()])]
        parts += [f"(?P<{field['name']}>{field['regex'] or '[^/]+'})"]
        position = field.end()
    return "".join(parts) + re.escape(pattern[position:]) + "/?"


def _table(router: UrlDispatcher) -> ArmTable:
    for resource in router.resources():
        if isinstance(resource, ArmTable):
            return resource
    created = ArmTable()
    router.register_resource(created)
    return created
