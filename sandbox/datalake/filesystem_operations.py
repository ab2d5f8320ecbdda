"""File systems (containers): made, shown, listed, deleted; both interfaces have them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from sandbox.datalake import attributes, listing, responses
from sandbox.datalake.errors import FilesystemAlreadyExists
from sandbox.datalake.models import Address, Filesystem, tag_of

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.datalake.call import Call


async def create(call: Call) -> web.StreamResponse:
    storage, address = call.storage, call.address
    folder = storage.account_folder(address.account) / address.filesystem
    if folder.exists():
        raise FilesystemAlreadyExists
    created = _fresh(call, _metadata(call))
    storage.catalog.put_filesystem(created)
    folder.mkdir(mode=0o700)
    return responses.empty(201, responses.filesystem_headers(created))


async def get_properties(call: Call) -> web.StreamResponse:
    found = _describe(call, call.address)
    by_blob = {f"x-ms-meta-{key}": value for key, value in found.metadata.items()}
    shown = (
        by_blob
        if "restype" in call.request.query
        else {"x-ms-properties": attributes.format_metadata(found.metadata)}
    )
    return responses.empty(200, {**responses.filesystem_headers(found), **shown})


async def set_metadata(call: Call) -> web.StreamResponse:
    call.conditions.check_write(_describe(call, call.address))
    changed = _fresh(call, _metadata(call))
    call.storage.catalog.put_filesystem(changed)
    return responses.empty(200, responses.filesystem_headers(changed))


async def delete(call: Call) -> web.StreamResponse:
    """The folder with all that is in it, in one step. The name is free at once; the service keeps it a
    while.
    """
    call.conditions.check_write(_describe(call, call.address))
    call.storage.delete_filesystem(call.address)
    return responses.empty(202)


async def list_containers(call: Call) -> web.StreamResponse:
    query = call.request.query
    prefix = query.get("prefix", "")
    after = listing.continued(query["marker"]) if query.get("marker") else ""
    folder = call.storage.account_folder(call.address.account)
    names = sorted(item.name for item in folder.iterdir() if item.is_dir())
    size = call.page_size("maxresults")
    page = list(islice((name for name in names if name > after and name.startswith(prefix)), size + 1))
    marker = ""
    if len(page) > size:
        page.pop()
        marker = listing.continuation(page[-1])
    with_metadata = "metadata" in query.get("include", "").split(",")
    found = [_describe(call, replace(call.address, filesystem=name)) for name in page]
    items = [responses.container_item(filesystem, with_metadata=with_metadata) for filesystem in found]
    endpoint = {"ServiceEndpoint": f"https://{call.request.host}/{call.address.account}/"}
    return responses.enumeration("Containers", items, marker, {"Prefix": prefix} if prefix else {}, endpoint)


def _describe(call: Call, address: Address) -> Filesystem:
    """A folder that was made by hand is a file system too."""
    folder = call.storage.filesystem_folder(address)
    found = call.storage.catalog.filesystem(address.account, address.filesystem)
    if found is not None:
        return found
    modified = folder.stat().st_mtime_ns
    return Filesystem(address.account, address.filesystem, tag_of(modified), modified, {})


def _metadata(call: Call) -> dict[str, str]:
    by_path = attributes.metadata_of_path(call.request.headers)
    return by_path or attributes.metadata_of_blob(call.request.headers)


def _fresh(call: Call, metadata: dict[str, str]) -> Filesystem:
    instant = call.storage.instant()
    return Filesystem(call.address.account, call.address.filesystem, tag_of(instant), instant, metadata)
