"""If-Match and If-None-Match on entities, tolerant about quotes as the SDKs send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datafactory.errors import PreconditionFailed

if TYPE_CHECKING:
    from aiohttp import web


@dataclass(frozen=True)
class Conditions:
    if_match: str | None = None
    if_none_match: str | None = None

    @classmethod
    def of(cls, request: web.Request) -> Conditions:
        return cls(request.headers.get("If-Match"), request.headers.get("If-None-Match"))

    def check(self, name: str, etag: str | None) -> None:
        """Before a write; `etag` is None when there is nothing yet. Raises `PreconditionFailed`."""
        if self.if_match is not None and not _matches(self.if_match, etag):
            raise PreconditionFailed(name)
        if self.if_none_match is not None and _matches(self.if_none_match, etag):
            raise PreconditionFailed(name)

    def not_modified(self, etag: str) -> bool:
        """On a read: the caller already has this version."""
        return self.if_none_match is not None and _matches(self.if_none_match, etag)


def bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _matches(condition: str, etag: str | None) -> bool:
    if etag is None:
        return False
    return condition.strip() == "*" or bare(condition.strip()) == bare(etag)
