"""One request, with all that its operation needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datalake import leases
from sandbox.datalake.conditions import Conditions
from sandbox.datalake.errors import BadRequest, PathNotFound

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.datalake.models import Address, Entry
    from sandbox.datalake.storage import Storage
    from sandbox.datalake.uploads import Uploads

_LARGEST_PAGE = 5000


@dataclass(frozen=True)
class Call:
    request: web.Request
    address: Address
    storage: Storage
    uploads: Uploads

    @property
    def conditions(self) -> Conditions:
        return Conditions.of(self.request.headers)

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)

    def entry(self) -> Entry | None:
        return self.storage.entry(self.address)

    def existing(self) -> Entry:
        entry = self.entry()
        if entry is None:
            raise PathNotFound
        return entry

    def check_lease(self, entry: Entry | None) -> None:
        leases.check_write(entry, self.header("x-ms-lease-id"), self.storage.now())

    def writable(self) -> Entry:
        """The existing path, once conditions and lease allow a change; no `await` may come before the
        change.
        """
        entry = self.existing()
        self.conditions.check_write(entry)
        self.check_lease(entry)
        return entry

    def replaceable(self) -> Entry | None:
        """What a new path would replace, once conditions and lease allow it."""
        entry = self.entry()
        self.conditions.check_creation(entry)
        self.check_lease(entry)
        return entry

    def page_size(self, name: str) -> int:
        text = self.request.query.get(name)
        return _LARGEST_PAGE if text is None else min(_LARGEST_PAGE, self.number(name, 1))

    def number(self, name: str, minimum: int = 0) -> int:
        text = self.request.query.get(name, "")
        if not (text.isascii() and text.isdigit() and int(text) >= minimum):
            raise BadRequest("InvalidQueryParameterValue", f"The query parameter {name} is '{text}'.")
        return int(text)

    def flag(self, name: str) -> bool:
        return self.request.query.get(name, "false").lower() == "true"
