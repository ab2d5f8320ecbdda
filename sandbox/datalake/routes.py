"""Which operation a request is. Two interfaces on one host, told apart by what only one of them sends:

`comp` or `restype` in the query is Blob; `resource`, `action`, `mode`, `recursive`, `directory`,
`continuation` or `x-ms-rename-source` is Data Lake; a bare GET, HEAD or DELETE is Data Lake when it accepts
JSON.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from aiohttp import web

from sandbox.datalake import blob_operations, filesystem_operations, path_operations
from sandbox.datalake.call import Call
from sandbox.datalake.errors import NotImplementedHere

Operation = Callable[[Call], Awaitable[web.StreamResponse]]
Level = Literal["account", "filesystem", "path"]

_PATH_MARKERS = ("resource", "action", "mode", "recursive", "directory", "continuation")

# (level, method, restype, comp)
_BLOB: dict[tuple[Level, str, str, str], Operation] = {
    ("account", "GET", "", "list"): filesystem_operations.list_containers,
    ("filesystem", "PUT", "container", ""): filesystem_operations.create,
    ("filesystem", "GET", "container", ""): filesystem_operations.get_properties,
    ("filesystem", "HEAD", "container", ""): filesystem_operations.get_properties,
    ("filesystem", "HEAD", "", ""): blob_operations.get_properties,  # the root as a directory: HEAD /fs//
    ("filesystem", "DELETE", "container", ""): filesystem_operations.delete,
    ("filesystem", "PUT", "container", "metadata"): filesystem_operations.set_metadata,
    ("filesystem", "GET", "container", "list"): blob_operations.list_blobs,
    ("path", "GET", "", ""): blob_operations.read,
    ("path", "HEAD", "", ""): blob_operations.get_properties,
    ("path", "DELETE", "", ""): blob_operations.delete,
    ("path", "PUT", "", ""): blob_operations.put_blob,
    ("path", "PUT", "", "block"): blob_operations.put_block,
    ("path", "PUT", "", "blocklist"): blob_operations.put_block_list,
    ("path", "GET", "", "blocklist"): blob_operations.get_block_list,
    ("path", "PUT", "", "metadata"): blob_operations.set_metadata,
    ("path", "PUT", "", "properties"): blob_operations.set_http_headers,
    ("path", "PUT", "", "lease"): blob_operations.lease,
}

# (level, method, resource or action)
_DATA_LAKE: dict[tuple[Level, str, str], Operation] = {
    ("filesystem", "PUT", "filesystem"): filesystem_operations.create,
    ("filesystem", "HEAD", "filesystem"): filesystem_operations.get_properties,
    ("filesystem", "DELETE", "filesystem"): filesystem_operations.delete,
    ("filesystem", "GET", "filesystem"): path_operations.list_paths,
    ("filesystem", "HEAD", "getaccesscontrol"): path_operations.get_access_control,
    ("filesystem", "PATCH", "setaccesscontrol"): path_operations.set_access_control,
    ("path", "PUT", "file"): path_operations.create_file,
    ("path", "PUT", "directory"): path_operations.create_directory,
    ("path", "PATCH", "append"): path_operations.append,
    ("path", "PATCH", "flush"): path_operations.flush,
    ("path", "PATCH", "setaccesscontrol"): path_operations.set_access_control,
    ("path", "HEAD", "getaccesscontrol"): path_operations.get_access_control,
    ("path", "HEAD", "getstatus"): path_operations.get_properties,
    ("path", "HEAD", ""): path_operations.get_properties,
    ("path", "GET", ""): blob_operations.read,
    ("path", "DELETE", ""): path_operations.delete,
}

# What a header or a query parameter asks for and nobody here does: refused rather than ignored.
_REFUSED_HEADERS = {
    "x-ms-copy-source": "Copy Blob",
    "x-ms-encryption-key": "A customer-provided key",
    "x-ms-encryption-scope": "An encryption scope",
    "x-ms-encryption-context": "An encryption context",
    "x-ms-expiry-option": "Set File Expiry",
    "x-ms-structured-body": "A structured body (CRC64)",
    "x-ms-content-crc64": "CRC64 validation",
    "x-ms-range-get-content-md5": "The MD5 of a range",
    "x-ms-range-get-content-crc64": "The CRC64 of a range",
    "x-ms-if-tags": "A condition on tags",
    "x-ms-tags": "Blob index tags",
}
_LEASING_HEADERS = ("x-ms-lease-action", "x-ms-lease-duration", "x-ms-proposed-lease-id")
_REFUSED_QUERY = {
    "snapshot": "Snapshots",
    "versionid": "Versions",
    "showonly": "Deleted paths",
    "beginFrom": "List Paths with beginFrom",
}


def is_blob(request: web.Request) -> bool:
    """Whether the Blob interface is meant: it decides the operation, and how a refusal is worded."""
    query = request.query
    if "comp" in query or "restype" in query:
        return True
    if "x-ms-rename-source" in request.headers or any(marker in query for marker in _PATH_MARKERS):
        return False
    return not (request.method == "PATCH" or "application/json" in request.headers.get("Accept", ""))


def operation(request: web.Request, level: Level) -> Operation:
    _refuse_what_is_not_done(request)
    query = request.query
    if is_blob(request):
        key = (level, request.method, query.get("restype", "").lower(), query.get("comp", "").lower())
        found = _BLOB.get(key)
    elif "x-ms-rename-source" in request.headers and (level, request.method) == ("path", "PUT"):
        found = path_operations.rename
    else:
        what = query.get("resource") or query.get("action") or ""
        found = _DATA_LAKE.get((level, request.method, what.lower()))
    if found is None:
        interface = "Blob" if is_blob(request) else "Data Lake"
        raise NotImplementedHere(f"{interface} {request.method} on {level} with '{request.query_string}'")
    return found


def _refuse_what_is_not_done(request: web.Request) -> None:
    for header, feature in _REFUSED_HEADERS.items():
        if request.headers.get(header):
            raise NotImplementedHere(feature)
    if request.query.get("comp") != "lease" and any(map(request.headers.get, _LEASING_HEADERS)):
        raise NotImplementedHere("A lease that is taken or given back with a create, append or flush")
    for parameter, feature in _REFUSED_QUERY.items():
        if parameter in request.query:
            raise NotImplementedHere(feature)
