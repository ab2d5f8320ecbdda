"""How a handler of this service looks: a function of a `Call`, workspace found and body read, that returns
JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.errors import NotEmulated
from sandbox.machinelearning.errors import BadRequest
from sandbox.machinelearning.models import PROVIDER, Document, Workspace
from sandbox.routing import arm

if TYPE_CHECKING:
    from sandbox.machinelearning.workspaces import Workspaces

SCOPE = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/" + PROVIDER + "/workspaces/{workspace}"
)


@dataclass(frozen=True)
class Call:
    workspace: Workspace
    path: dict[str, str]
    query: dict[str, str]
    """Names in lower case: the SDK itself writes both `Name` and `name`."""
    body: Any

    def document(self) -> Document:
        if not isinstance(self.body, dict):
            raise BadRequest("The request's body must be a JSON object.")
        return self.body

    def flag(self, name: str, *, default: bool) -> bool:
        return self.query.get(name.lower(), str(default)).lower() == "true"


class Body(dict[str, Any]):
    """An object of a request; a part that a handler needs and that is not there is the caller's mistake."""

    def __missing__(self, name: str) -> Any:  # noqa: ANN401 - JSON
        raise BadRequest(f"The request's body lacks '{name}'.", target=name)


Operation = Callable[[Call], Any]
"""Returns what becomes the body (a dict, a list, a string) with status 200, or a response of its own."""


class Operations:
    """One area of the service, below `prefix` + the workspace's path."""

    def __init__(self, app: web.Application, workspaces: Workspaces, prefix: str) -> None:
        self._app = app
        self._workspaces = workspaces
        self._prefix = prefix

    def add(self, method: str, pattern: str, operation: Operation) -> None:
        self._app.add_routes([arm(method, self._prefix + SCOPE + pattern, self._handler(operation))])

    def refuse(self, method: str, pattern: str, name: str) -> None:
        """The real service has this, the local Azure does not: 501 by its name."""

        def refused(_: Call) -> Any:  # noqa: ANN401 - an Operation
            raise NotEmulated(name)

        self.add(method, pattern, refused)

    def _handler(self, operation: Operation) -> Callable[[web.Request], Any]:
        async def handler(request: web.Request) -> web.StreamResponse:
            path = dict(request.match_info)
            workspace = self._workspaces.find(path["subscription"], path["group"], path["workspace"])
            query = {name.lower(): value for name, value in request.query.items()}
            answer = operation(Call(workspace, path, query, await _body(request)))
            return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

        return handler


async def _body(request: web.Request) -> Any:  # noqa: ANN401 - JSON
    raw = await request.read()
    if not raw:
        return None
    try:
        return json.loads(raw, object_hook=Body)
    except ValueError as error:
        raise BadRequest(f"The request's body is not valid JSON: {error}.") from error
