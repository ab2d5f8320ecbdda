"""Metadata, content headers and access control: between request headers and `Properties`."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.datalake.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.datalake.models import Entry, Properties

CONTENT_HEADERS = {
    "content-type": "Content-Type",
    "content-encoding": "Content-Encoding",
    "content-language": "Content-Language",
    "content-disposition": "Content-Disposition",
    "cache-control": "Cache-Control",
    "content-md5": "Content-MD5",
}
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST_METADATA = 8 * 1024
_OCTAL = re.compile(r"[01]?[0-7]{3}")
_SYMBOLIC = re.compile(r"(?:[r-][w-][xsS-]){2}[r-][w-][xtT-]\+?")
_ACL_ITEM = re.compile(r"(?:default:)?(?:user|group|mask|other):[^:,]*:[r-][w-][x-]")


def metadata_of_blob(headers: Mapping[str, str]) -> dict[str, str]:
    """`x-ms-meta-<key>: <value>`, the key as it was written."""
    return _checked(
        {name[10:]: value for name, value in headers.items() if name.lower().startswith("x-ms-meta-")}
    )


def metadata_of_path(headers: Mapping[str, str]) -> dict[str, str]:
    """`x-ms-properties: <key>=<base64>,...`."""
    found: dict[str, str] = {}
    for item in filter(None, headers.get("x-ms-properties", "").split(",")):
        key, _, encoded = item.strip().partition("=")
        try:
            found[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest(
                "InvalidMetadata", f"The value of x-ms-properties '{key}' is not base64."
            ) from error
    return _checked(found)


def format_metadata(metadata: Mapping[str, str]) -> str:
    return ",".join(f"{key}={base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())


def content_headers(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Those that are set: `x-ms-content-type` (Data Lake) or `x-ms-blob-content-type` (Blob)."""
    found = {name: headers.get(f"{prefix}{short}") for short, name in CONTENT_HEADERS.items()}
    return {name: value for name, value in found.items() if value}


def with_access_control(properties: Properties, headers: Mapping[str, str]) -> Properties:
    """Kept and shown, not enforced."""
    permissions = headers.get("x-ms-permissions")
    acl = headers.get("x-ms-acl")
    if permissions is not None and not (_OCTAL.fullmatch(permissions) or _SYMBOLIC.fullmatch(permissions)):
        raise BadRequest(
            "InvalidHeaderValue", f"x-ms-permissions '{permissions}' is neither octal nor symbolic."
        )
    if acl is not None and not all(_ACL_ITEM.fullmatch(item) for item in acl.split(",")):
        raise BadRequest("InvalidHeaderValue", f"x-ms-acl '{acl}' is not an access control list.")
    if permissions is not None:
        properties = replace(properties, permissions=_symbolic(permissions), acl="")
    if acl is not None:
        properties = replace(properties, acl=acl, permissions=_permissions_of(acl))
    return replace(
        properties,
        owner=headers.get("x-ms-owner", properties.owner),
        group=headers.get("x-ms-group", properties.group),
    )


def access_control(entry: Entry) -> dict[str, str]:
    """The four headers, with the defaults of a new path."""
    kept = entry.properties
    permissions = kept.permissions or ("rwxr-x---" if entry.is_directory else "rw-r-----")
    base = permissions[:9]
    acl = kept.acl or f"user::{base[:3]},group::{base[3:6]},other::{base[6:]}"
    return {
        "x-ms-owner": kept.owner,
        "x-ms-group": kept.group,
        "x-ms-permissions": permissions,
        "x-ms-acl": acl,
    }


def _symbolic(permissions: str) -> str:
    if not _OCTAL.fullmatch(permissions):
        return permissions
    digits = permissions[-3:]
    symbolic = "".join(
        "".join(c if int(d) >> s & 1 else "-" for c, s in zip("rwx", (2, 1, 0), strict=True)) for d in digits
    )
    sticky = len(permissions) == 4 and permissions[0] == "1"
    return symbolic[:8] + {"x": "t", "-": "T"}[symbolic[8]] if sticky else symbolic


def _permissions_of(acl: str) -> str:
    """The nine letters that the list's own entries (those without a name) amount to."""
    rights = {item.rpartition(":")[0]: item.rpartition(":")[2] for item in acl.split(",")}
    letters = "".join(rights.get(who, "---") for who in ("user:", "group:", "other:"))
    return letters + "+" if len(rights) > 3 else letters


def _checked(metadata: dict[str, str]) -> dict[str, str]:
    for key, value in metadata.items():
        if not _KEY.fullmatch(key):
            raise BadRequest("InvalidMetadata", f"'{key}' is not a metadata name: C# identifiers are.")
        if not (value.isascii() and value.isprintable()):
            raise BadRequest("InvalidMetadata", f"The value of '{key}' must be printable ASCII.")
    if sum(len(key) + len(value) for key, value in metadata.items()) > _LARGEST_METADATA:
        raise BadRequest("MetadataTooLarge", "The size of the specified metadata exceeds 8 KB.")
    return metadata
