"""The Data Lake interface: an operation is a function from a call to its answer."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from sandbox.datalake import addresses, attributes, leases, listing, responses
from sandbox.datalake.conditions import Conditions
from sandbox.datalake.errors import (
    BadRequest,
    DirectoryNotEmpty,
    InvalidFlushOperation,
    InvalidRenameSourcePath,
    InvalidSourceOrDestinationResourceType,
    NotImplementedHere,
    PathAlreadyExists,
    PathConflict,
    PathNotFound,
    RenameDestinationParentPathNotFound,
    SourceConditionNotMet,
    SourcePathNotFound,
)
from sandbox.datalake.models import Address, Entry, Properties

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.datalake.call import Call


async def create_file(call: Call) -> web.StreamResponse:
    """Also over an existing file, which is emptied: unless a condition or a lease forbids it."""
    existing = call.replaceable()
    if existing is not None and existing.is_directory:
        raise PathConflict
    entry = call.storage.create_file(call.address, _new_properties(call, existing))
    return responses.versioned(201, entry)


async def create_directory(call: Call) -> web.StreamResponse:
    existing = call.replaceable()
    if existing is not None and not existing.is_directory:
        raise PathConflict
    entry = call.storage.create_directory(call.address, _new_properties(call, existing))
    return responses.versioned(201, entry)


async def rename(call: Call) -> web.StreamResponse:
    """One step, conditional on both ends; a file keeps its etag, its metadata and its content."""
    if call.header("x-ms-properties"):
        raise NotImplementedHere("A rename with x-ms-properties")
    source = addresses.parse_source(call.request.headers["x-ms-rename-source"], call.address.account)
    moved = _rename_source(call, source)
    _check_rename_target(call, source, moved)
    return responses.versioned(201, call.storage.rename(source, call.address))


def _rename_source(call: Call, source: Address) -> Entry:
    moved = call.storage.entry(source)
    if moved is None:
        raise SourcePathNotFound
    Conditions.of(call.request.headers, "x-ms-source-").check_write(moved, SourceConditionNotMet)
    leases.check_write(moved, call.header("x-ms-source-lease-id"), call.storage.now())
    return moved


def _check_rename_target(call: Call, source: Address, moved: Entry) -> None:
    """The lease of a replaced file is not asked for: the service breaks it."""
    existing = call.entry()
    call.conditions.check_creation(existing)
    if existing is None:
        parent = call.storage.entry(call.address.parent)
        if parent is None or not parent.is_directory:
            raise RenameDestinationParentPathNotFound
    elif existing.is_directory != moved.is_directory:
        raise InvalidSourceOrDestinationResourceType
    elif existing.is_directory and not call.storage.is_empty(call.address):
        raise PathAlreadyExists
    if moved.is_directory and call.address.inside(source):
        raise InvalidRenameSourcePath


async def append(call: Call) -> web.StreamResponse:
    entry = _writable_file(call)
    await call.uploads.append(call.address, entry, call.number("position"), call.request)
    if not call.flag("flush"):
        return responses.empty(202, {"x-ms-request-server-encrypted": "true"})
    again = _writable_file(call)
    length = call.request.content_length or 0
    return responses.versioned(202, _flush(call, again, call.number("position") + length))


async def flush(call: Call) -> web.StreamResponse:
    """The commit of what was appended: bytes, etag and size change together."""
    if call.flag("retainUncommittedData"):
        raise NotImplementedHere("A flush that retains uncommitted data")
    return responses.versioned(200, _flush(call, _writable_file(call), call.number("position")))


def _flush(call: Call, entry: Entry, position: int) -> Entry:
    headers = attributes.content_headers(call.request.headers, "x-ms-")
    kept = replace(entry.properties, headers={**_without_digest(entry), **headers})
    return call.uploads.flush(call.address, entry, position, kept, closes=call.flag("close"))


def _writable_file(call: Call) -> Entry:
    entry = call.writable()
    if entry.is_directory:
        raise PathConflict
    if entry.properties.origin == "blob":
        raise InvalidFlushOperation
    return entry


async def get_properties(call: Call) -> web.StreamResponse:
    entry = _readable(call)
    headers = responses.path_headers(entry, call.storage.now())
    return responses.empty(200, {**headers, "Content-Length": str(entry.size)})


async def get_access_control(call: Call) -> web.StreamResponse:
    """Of the root too: by this Arrow's client tells a hierarchical account from a flat one."""
    entry = _readable(call)
    return responses.versioned(200, entry, attributes.access_control(entry))


async def set_access_control(call: Call) -> web.StreamResponse:
    entry = call.writable()
    changed = attributes.with_access_control(entry.properties, call.request.headers)
    return responses.versioned(200, call.storage.update(call.address, entry, changed))


async def delete(call: Call) -> web.StreamResponse:
    """A directory goes in one step; a client that asked for pages is told that there is no next one."""
    entry = call.writable()
    if not call.address.path:
        raise BadRequest("InvalidUri", "The root of a file system cannot be deleted.")
    if entry.is_directory and not call.flag("recursive") and not call.storage.is_empty(call.address):
        raise DirectoryNotEmpty
    call.storage.delete(call.address, entry)
    return responses.empty(200)


async def list_paths(call: Call) -> web.StreamResponse:
    query = call.request.query
    directory = addresses.clean(query.get("directory", ""))
    at = replace(call.address, path=directory)
    found = call.storage.entry(at)
    if found is None or not found.is_directory:
        raise PathNotFound
    after = listing.continued(query["continuation"]) if query.get("continuation") else ""
    prefix = f"{directory}/" if directory else ""
    walk = listing.walk(call.storage.location(at), prefix, after=after, recursive=call.flag("recursive"))
    size = call.page_size("maxResults")
    page = list(islice(walk, size + 1))
    headers = {}
    if len(page) > size:
        page.pop()
        headers["x-ms-continuation"] = listing.continuation(listing.key_of(page[-1]))
    paths = [responses.path_item(name, call.storage.describe(status)) for name, status in page]
    return responses.json_answer({"paths": paths}, headers)


def _readable(call: Call) -> Entry:
    entry = call.existing()
    call.conditions.check_read(entry)
    leases.check_read(entry, call.header("x-ms-lease-id"), call.storage.now())
    return entry


def _new_properties(call: Call, existing: Entry | None) -> Properties:
    """A replaced path keeps its lease, and nothing else."""
    headers = call.request.headers
    fresh = Properties(
        metadata=attributes.metadata_of_path(headers),
        headers=attributes.content_headers(headers, "x-ms-"),
        lease=existing.properties.lease if existing is not None else None,
    )
    return attributes.with_access_control(fresh, headers)


def _without_digest(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in entry.properties.headers.items() if name != "Content-MD5"}
