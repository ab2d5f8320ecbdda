"""Faults on demand, in either process: refuse, delay, cut the connection, drop the reply, or die before or
after a request.

    POST   /_sandbox/faults   {"service": "lake", "method": "PUT", "path": "<regex>",
                               "action": "kill", "when": "after", "times": 1, "skip": 2}
    DELETE /_sandbox/faults   forget them all

`path` is searched in the raw path with its query. `skip` matching requests pass first, then `times` are hit
(absent: every one). `cut`: the connection ends and nothing was done. "after" and `drop_reply` mean: the
change is done, and its answer never leaves. `refuse` takes `status`, `code` and `retry_after`, in seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from aiohttp import web

from sandbox.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.routing import Handler

_ACTIONS = ("refuse", "delay", "kill", "cut", "drop_reply")
_KILLED = 137


class Refusal(Protocol):
    """How the process words an error: Resource Manager's way, or the lake's."""

    def __call__(self, status: int, code: str, message: str, *, headers: dict[str, str]) -> Exception: ...


@dataclass
class Fault:
    """`times` and `skip` count down as requests match."""

    action: Literal["refuse", "delay", "kill", "cut", "drop_reply"]
    method: str | None = None
    path: re.Pattern[str] | None = None
    status: int = 503
    code: str = "ServerBusy"
    retry_after: int | None = None
    seconds: float = 0.0
    when: Literal["before", "after"] = "before"
    times: int | None = None
    skip: int = 0

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Fault:
        action = body.get("action")
        if action not in _ACTIONS:
            raise AzureError(400, "InvalidFault", f"action is {action!r}; one of {', '.join(_ACTIONS)}.")
        if body.get("when", "before") not in ("before", "after"):
            raise AzureError(400, "InvalidFault", "when is neither 'before' nor 'after'.")
        try:
            path = re.compile(body["path"]) if "path" in body else None
        except re.error as error:
            raise AzureError(400, "InvalidFault", f"path is not a regular expression: {error}.") from error
        known = {
            key: body[key]
            for key in ("method", "status", "code", "retry_after", "seconds", "when", "times", "skip")
            if key in body
        }
        return cls(action=cast("Any", action), path=path, **known)

    def hits(self, method: str, path_and_query: str) -> bool:
        """Whether this request is one to hit; counts it."""
        if self.method is not None and self.method.upper() != method:
            return False
        if self.path is not None and not self.path.search(path_and_query):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    def __init__(self, refusal: Refusal) -> None:
        self._refusal = refusal
        self._faults: list[Fault] = []

    def add(self, body: Mapping[str, Any]) -> None:
        self._faults.append(Fault.parse(body))

    def clear(self) -> None:
        self._faults.clear()

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or the fault that was ordered for it."""
        fault = self._match(request)
        if fault is None:
            return await handler(request)
        match fault.action:
            case "refuse":
                headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
                raise self._refusal(
                    fault.status, fault.code, "Ordered by POST /_sandbox/faults.", headers=headers
                )
            case "delay":
                await asyncio.sleep(fault.seconds)
                return await handler(request)
            case "kill":
                if fault.when == "after":
                    await handler(request)
                os._exit(_KILLED)
            case "cut":
                return _cut(request, web.Response())
            case "drop_reply":
                return _cut(request, await handler(request))

    def _match(self, request: web.Request) -> Fault | None:
        for fault in self._faults:
            if fault.hits(request.method, request.raw_path):
                return fault
        return None


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """The answer, on a connection that has ended."""
    if request.transport is not None:
        request.transport.abort()
    return response
