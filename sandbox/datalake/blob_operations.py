"""The Blob interface, as far as Data Lake clients use it: half of what the Data Lake SDK does goes here."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring

from aiohttp import web

from sandbox.datalake import addresses, attributes, leases, listing, responses
from sandbox.datalake.errors import (
    BadRequest,
    DirectoryNotEmpty,
    InvalidRange,
    NotImplementedHere,
    PathConflict,
    PathNotFound,
)
from sandbox.datalake.models import Entry, Properties

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.datalake.call import Call
    from sandbox.datalake.catalog import Block

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_SUFFIX_RANGE = re.compile(r"bytes=-(\d+)")
_CHUNK = 1 << 20


async def get_properties(call: Call) -> web.StreamResponse:
    entry = call.existing()
    _check_read(call, entry)
    headers = responses.blob_headers(entry, call.storage.now())
    return responses.empty(200, {**headers, "Content-Length": str(entry.size)})


async def read(call: Call) -> web.StreamResponse:
    """The version that is there now, to its last byte: it stays open while others replace it."""
    opened = call.storage.open(call.address)
    if opened is None:
        raise PathNotFound
    descriptor, entry = opened
    try:
        _check_read(call, entry)
        if entry.is_directory:
            raise NotImplementedHere("A read of a directory")
        return await _send(call, descriptor, entry)
    finally:
        os.close(descriptor)


async def _send(call: Call, descriptor: int, entry: Entry) -> web.StreamResponse:
    asked = call.header("x-ms-range") or call.header("Range")
    start, end = _range(asked, entry.size)
    headers = responses.blob_headers(entry, call.storage.now())
    if asked is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{entry.size}"
    status = 200 if asked is None else 206
    if end - start <= _CHUNK:
        return web.Response(status=status, headers=headers, body=os.pread(descriptor, end - start, start))
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = end - start
    await response.prepare(call.request)
    while start < end:
        chunk = os.pread(descriptor, min(_CHUNK, end - start), start)
        if not chunk:  # cut by hand meanwhile: the connection must not look complete
            raise ConnectionResetError
        await response.write(chunk)
        start += len(chunk)
    await response.write_eof()
    return response


def _range(asked: str | None, size: int) -> tuple[int, int]:
    """First byte and the one behind the last."""
    if asked is None:
        return 0, size
    suffix = _SUFFIX_RANGE.fullmatch(asked)
    if suffix is not None and int(suffix[1]) > 0 and size:
        return max(0, size - int(suffix[1])), size
    found = _RANGE.fullmatch(asked)
    if found is None or int(found[1]) >= size or (found[2] and int(found[2]) < int(found[1])):
        raise InvalidRange(size)
    return int(found[1]), min(size, int(found[2]) + 1) if found[2] else size


async def put_blob(call: Call) -> web.StreamResponse:
    """The whole file in one request, visible when it is complete."""
    if call.header("x-ms-blob-type") != "BlockBlob":
        raise NotImplementedHere(f"Put Blob of the type {call.header('x-ms-blob-type')}")
    if call.request.path.endswith("/"):
        raise NotImplementedHere("Put Blob under a name that ends with a slash")
    async with call.uploads.spooled(call.request) as (body, size):
        existing = _replaceable_file(call)
        is_folder = (
            attributes.metadata_of_blob(call.request.headers).get("hdi_isfolder", "").lower() == "true"
        )
        if is_folder and size == 0 and existing is None:
            entry = call.storage.create_directory(call.address, _new_properties(call, None))
        else:
            entry = call.storage.publish(body, call.address, _new_properties(call, existing), size)
    call.uploads.drop_blocks(call.address)
    return responses.versioned(201, entry)


async def put_block(call: Call) -> web.StreamResponse:
    block_id = call.request.query.get("blockid", "")
    if not block_id:
        raise BadRequest("InvalidQueryParameterValue", "blockid is required.")
    call.storage.filesystem_folder(call.address)
    call.check_lease(call.entry())
    await call.uploads.put_block(call.address, block_id, call.request)
    return responses.empty(201, {"x-ms-request-server-encrypted": "true"})


async def put_block_list(call: Call) -> web.StreamResponse:
    """The commit of staged blocks, in the order of the list."""
    blocks = _wanted_blocks(call, await call.request.read())
    draft = await call.uploads.join_blocks(blocks)
    try:
        existing = _replaceable_file(call)
        size = sum(block.size for block in blocks)
        entry = call.storage.publish(draft, call.address, _new_properties(call, existing), size)
    finally:
        draft.unlink(missing_ok=True)
    call.uploads.drop_blocks(call.address)
    return responses.versioned(201, entry)


def _wanted_blocks(call: Call, body: bytes) -> list[Block]:
    try:
        names = [(item.tag, item.text or "") for item in fromstring(body)]  # noqa: S314 - expat resolves no entities of files
    except ParseError as error:
        raise BadRequest("InvalidXmlDocument", "The block list is not XML.") from error
    blocks = [call.storage.catalog.block(call.address, name) for tag, name in names if tag != "Committed"]
    if len(blocks) != len(names):
        raise NotImplementedHere("A block list that names committed blocks")
    found = [block for block in blocks if block is not None]
    if len(found) != len(blocks):
        raise BadRequest("InvalidBlockList", "The specified block list is invalid.")
    return found


async def get_block_list(call: Call) -> web.StreamResponse:
    """Uncommitted blocks; which blocks a committed file once had is not kept."""
    root = Element("BlockList")
    SubElement(root, "CommittedBlocks")
    uncommitted = SubElement(root, "UncommittedBlocks")
    blocks = call.storage.catalog.blocks(call.address)
    if not blocks and call.entry() is None:
        raise PathNotFound
    for block in blocks:
        item = SubElement(uncommitted, "Block")
        SubElement(item, "Name").text = block.id
        SubElement(item, "Size").text = str(block.size)
    return responses.xml(root)


async def set_metadata(call: Call) -> web.StreamResponse:
    entry = call.writable()
    metadata = attributes.metadata_of_blob(call.request.headers)
    if entry.is_directory:
        metadata.pop("hdi_isfolder", None)
    changed = replace(entry.properties, metadata=metadata)
    return responses.versioned(200, call.storage.update(call.address, entry, changed))


async def set_http_headers(call: Call) -> web.StreamResponse:
    """Those not named are cleared, as the service does."""
    entry = call.writable()
    headers = attributes.content_headers(call.request.headers, "x-ms-blob-")
    changed = replace(entry.properties, headers=headers)
    return responses.versioned(200, call.storage.update(call.address, entry, changed))


async def lease(call: Call) -> web.StreamResponse:
    """Takes, keeps or gives back the right to write; the etag stays."""
    entry = call.existing()
    call.conditions.check_write(entry)
    answer = leases.operate(entry, call.request.headers, call.storage.now())
    kept = call.storage.annotate(call.address, entry, replace(entry.properties, lease=answer.lease))
    headers = {"x-ms-lease-id": answer.lease_id} if answer.lease_id else {}
    if answer.seconds_left is not None:
        headers["x-ms-lease-time"] = str(answer.seconds_left)
    return responses.versioned(answer.status, kept, headers)


async def delete(call: Call) -> web.StreamResponse:
    if call.header("x-ms-delete-snapshots") == "only":
        raise NotImplementedHere("The deletion of snapshots")
    entry = call.writable()
    if entry.is_directory and not call.storage.is_empty(call.address):
        raise DirectoryNotEmpty
    call.storage.delete(call.address, entry)
    return responses.empty(202)


async def list_blobs(call: Call) -> web.StreamResponse:
    """Flat, or with `delimiter=/` one level; directories are listed as the service does on such accounts."""
    query = call.request.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    if delimiter not in ("", "/"):
        raise NotImplementedHere(f"List Blobs with the delimiter '{delimiter}'")
    page, marker = _page(call, prefix, one_level=bool(delimiter))
    with_metadata = "metadata" in query.get("include", "").split(",")
    items = [
        responses.blob_prefix(f"{name}/")
        if delimiter and entry.is_directory
        else responses.blob_item(name, entry, call.storage.now(), with_metadata=with_metadata)
        for name, entry in page
    ]
    names = {"Prefix": prefix, "Marker": query.get("marker", ""), "Delimiter": delimiter}
    asked = {name: value for name, value in names.items() if value}
    attributes_ = {"ServiceEndpoint": _endpoint(call), "ContainerName": call.address.filesystem}
    return responses.enumeration("Blobs", items, marker, asked, attributes_)


def _page(call: Call, prefix: str, *, one_level: bool) -> tuple[list[tuple[str, Entry]], str]:
    """`startFrom` is inclusive, the marker exclusive: both say where the walk begins."""
    query = call.request.query
    after = listing.continued(query["marker"]) if query.get("marker") else ""
    folder = call.storage.filesystem_folder(call.address)
    walk = listing.walk(folder, after=after, starts=prefix)
    if one_level:
        walk = _level(folder, prefix, after)
    start = query.get("startFrom", "")
    size = call.page_size("maxresults")
    page = list(islice((item for item in walk if item[0] >= start), size + 1))
    marker = ""
    if len(page) > size:
        page.pop()
        marker = listing.continuation(listing.key_of(page[-1]))
    return [(name, call.storage.describe(status)) for name, status in page], marker


def _level(folder: Path, prefix: str, after: str) -> Iterator[listing.Listed]:
    """What begins with the prefix in its directory; a prefix that is no path of the lake (`../`, `/etc/`)
    begins nothing.
    """
    directory, slash, _ = prefix.rpartition("/")
    at = folder / directory
    if slash and not (all(map(addresses.is_ordinary, directory.split("/"))) and at.is_dir()):
        return iter(())
    return listing.walk(at, directory + slash, after=after, starts=prefix, recursive=False)


def _endpoint(call: Call) -> str:
    return f"https://{call.request.host}/{call.address.account}/"


def _check_read(call: Call, entry: Entry) -> None:
    call.conditions.check_read(entry)
    leases.check_read(entry, call.header("x-ms-lease-id"), call.storage.now())


def _replaceable_file(call: Call) -> Entry | None:
    existing = call.replaceable()
    if existing is not None and existing.is_directory:
        raise PathConflict
    return existing


def _new_properties(call: Call, existing: Entry | None) -> Properties:
    headers = call.request.headers
    metadata = attributes.metadata_of_blob(headers)
    metadata.pop("hdi_isfolder", None)
    sent = attributes.content_headers(headers, "x-ms-blob-")
    if "Content-Type" not in sent and headers.get("Content-Type") and "comp" not in call.request.query:
        sent["Content-Type"] = headers["Content-Type"]
    return Properties(
        metadata=metadata,
        headers=sent,
        origin="blob",
        lease=existing.properties.lease if existing is not None else None,
    )
