"""Entries as headers, JSON and XML."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from aiohttp import web

from sandbox.datalake.attributes import CONTENT_HEADERS, access_control, format_metadata
from sandbox.datalake.models import Entry, Filesystem, ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.datalake.errors import LakeError

_NANOSECONDS = 10**9
_FILETIME_OFFSET = 504_911_232_000_000_000  # ticks from the year 1 to 1601
_DEFAULT_TYPE = "application/octet-stream"
_LEASE_ELEMENTS = {
    "x-ms-lease-state": "LeaseState",
    "x-ms-lease-status": "LeaseStatus",
    "x-ms-lease-duration": "LeaseDuration",
}


def http_date(nanoseconds: int) -> str:
    return formatdate(nanoseconds // _NANOSECONDS, usegmt=True)


def empty(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, headers=headers)


def versioned(status: int, entry: Entry, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer of a write: the new etag, no body. Arrow's client aborts without the encryption header."""
    return empty(
        status,
        {
            "ETag": entry.etag,
            "Last-Modified": http_date(entry.modified),
            "x-ms-request-server-encrypted": "true",
            **(headers or {}),
        },
    )


def blob_headers(entry: Entry, now: int) -> dict[str, str]:
    """What HEAD and GET say of a path on the Blob interface."""
    metadata = {"hdi_isfolder": "true"} if entry.is_directory else {}
    metadata.update(entry.properties.metadata)
    return {
        **_common_headers(entry, now),
        "x-ms-blob-type": "BlockBlob",
        "x-ms-access-tier": "Hot",
        "x-ms-access-tier-inferred": "true",
        **{f"x-ms-meta-{key}": value for key, value in metadata.items()},
    }


def path_headers(entry: Entry, now: int) -> dict[str, str]:
    """The same on the Data Lake interface."""
    return {**_common_headers(entry, now), "x-ms-properties": format_metadata(entry.properties.metadata)}


def _common_headers(entry: Entry, now: int) -> dict[str, str]:
    return {
        "ETag": entry.etag,
        "Last-Modified": http_date(entry.modified),
        "Accept-Ranges": "bytes",
        "Content-Type": _DEFAULT_TYPE,
        **entry.properties.headers,
        "x-ms-creation-time": http_date(entry.created),
        "x-ms-server-encrypted": "true",
        "x-ms-resource-type": "directory" if entry.is_directory else "file",
        **access_control(entry),
        **_lease_headers(entry, now),
    }


def _lease_headers(entry: Entry, now: int) -> dict[str, str]:
    lease = entry.properties.lease
    state = "available" if lease is None else lease.state(now)
    headers = {
        "x-ms-lease-state": state,
        "x-ms-lease-status": "locked" if state in ("leased", "breaking") else "unlocked",
    }
    if lease is not None and state == "leased":
        headers["x-ms-lease-duration"] = "infinite" if lease.expires is None else "fixed"
    return headers


def filesystem_headers(filesystem: Filesystem) -> dict[str, str]:
    return {
        "ETag": filesystem.etag,
        "Last-Modified": http_date(filesystem.modified),
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
        "x-ms-default-encryption-scope": "$account-encryption-key",
        "x-ms-deny-encryption-scope-override": "false",
        "x-ms-namespace-enabled": "true",
    }


def path_item(name: str, entry: Entry) -> dict[str, str]:
    """An item of a path list. Every value is a string there, and the etag has no quotes."""
    control = access_control(entry)
    item = {
        "name": name,
        "contentLength": str(entry.size),
        "lastModified": http_date(entry.modified),
        "creationTime": str(ticks(entry.created) - _FILETIME_OFFSET),
        "etag": entry.tag,
        "owner": control["x-ms-owner"],
        "group": control["x-ms-group"],
        "permissions": control["x-ms-permissions"],
    }
    return {**item, "isDirectory": "true"} if entry.is_directory else item


def blob_item(name: str, entry: Entry, now: int, *, with_metadata: bool) -> Element:
    item = Element("Blob")
    _text(item, "Name", name)
    properties = SubElement(item, "Properties")
    _text(properties, "Creation-Time", http_date(entry.created))
    _text(properties, "Last-Modified", http_date(entry.modified))
    _text(properties, "Etag", entry.tag)
    _text(properties, "Content-Length", str(entry.size))
    kept = {"Content-Type": _DEFAULT_TYPE, **entry.properties.headers}
    for header in CONTENT_HEADERS.values():
        _text(properties, header, kept.get(header, ""))
    _text(properties, "BlobType", "BlockBlob")
    _text(properties, "ResourceType", "directory" if entry.is_directory else "file")
    _text(properties, "AccessTier", "Hot")
    for header, value in _lease_headers(entry, now).items():
        _text(properties, _LEASE_ELEMENTS[header], value)
    _text(properties, "ServerEncrypted", "true")
    if with_metadata:
        metadata = SubElement(item, "Metadata")
        folder = {"hdi_isfolder": "true"} if entry.is_directory else {}
        for key, value in {**folder, **entry.properties.metadata}.items():
            _text(metadata, key, value)
    return item


def blob_prefix(name: str) -> Element:
    prefix = Element("BlobPrefix")
    _text(prefix, "Name", name)
    return prefix


def container_item(filesystem: Filesystem, *, with_metadata: bool) -> Element:
    item = Element("Container")
    _text(item, "Name", filesystem.name)
    properties = SubElement(item, "Properties")
    _text(properties, "Last-Modified", http_date(filesystem.modified))
    _text(properties, "Etag", filesystem.etag)
    _text(properties, "LeaseStatus", "unlocked")
    _text(properties, "LeaseState", "available")
    _text(properties, "HasImmutabilityPolicy", "false")
    _text(properties, "HasLegalHold", "false")
    if with_metadata:
        metadata = SubElement(item, "Metadata")
        for key, value in filesystem.metadata.items():
            _text(metadata, key, value)
    return item


def enumeration(
    collection: str,
    items: Iterable[Element],
    marker: str,
    asked: Mapping[str, str],
    attributes: Mapping[str, str],
) -> web.Response:
    """The body of List Containers and List Blobs; `asked` is repeated as the service does."""
    root = Element("EnumerationResults", dict(attributes))
    for name, value in asked.items():
        _text(root, name, value)
    SubElement(root, collection).extend(items)
    _text(root, "NextMarker", marker)
    return xml(root)


def xml(root: Element, status: int = 200) -> web.Response:
    body = b'<?xml version="1.0" encoding="utf-8"?>' + tostring(root, encoding="utf-8")
    return web.Response(body=body, status=status, content_type="application/xml")


def json_answer(value: Any, headers: Mapping[str, str] | None = None) -> web.Response:  # noqa: ANN401
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    kept = {"Content-Type": "application/json;charset=utf-8", **(headers or {})}
    return web.Response(body=body, headers=kept)


def refusal(error: LakeError, request_id: str, *, blob: bool, head: bool) -> web.Response:
    """The error in the words of the interface that was called; HEAD has its code in the header only."""
    code = error.code_for(blob=blob)
    headers = {"x-ms-error-code": code, **error.headers}
    if head or error.http_status == 304:
        return empty(error.http_status, headers)
    message = f"{error.message}\nRequestId:{request_id}"
    if not blob:
        body = json.dumps({"error": {"code": code, "message": message}}).encode()
        kept = {"Content-Type": "application/json;charset=utf-8", **headers}
        return web.Response(body=body, status=error.http_status, headers=kept)
    root = Element("Error")
    _text(root, "Code", code)
    _text(root, "Message", message)
    response = xml(root, error.http_status)
    response.headers.update(headers)
    return response


def _text(parent: Element, name: str, value: str) -> None:
    SubElement(parent, name).text = value
