"""From the raw request target to an address, decoded once; what no disk should see is refused here."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from sandbox.datalake.errors import BadRequest
from sandbox.datalake.models import Address

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_FILESYSTEM = re.compile(r"\$(root|logs|web)|[a-z0-9](?:-?[a-z0-9]){2,62}")
_LONGEST_PATH = 1024
_LONGEST_SEGMENT_BYTES = 255  # what a name may have on Linux; Azure: 254 characters


def parse(raw_path: str) -> Address:
    """`/account/filesystem/path`; a missing part is ""."""
    account, _, rest = raw_path.partition("?")[0].removeprefix("/").partition("/")
    filesystem, _, path = rest.partition("/")
    if not _ACCOUNT.fullmatch(account):
        raise BadRequest("InvalidUri", f"'{account}' is not the name of a storage account.")
    return Address(account, _filesystem(filesystem), clean(_decode(path)))


def parse_source(header: str, account: str) -> Address:
    """`x-ms-rename-source`: `/filesystem/path`, and from the C++ client `/account/filesystem/path`."""
    first, _, rest = header.partition("?")[0].removeprefix("/").partition("/")
    if first == account and "/" in rest:
        first, _, rest = rest.partition("/")
    source = Address(account, _filesystem(first), clean(_decode(rest)))
    if not source.path:
        raise BadRequest("InvalidHeaderValue", "x-ms-rename-source names no path.")
    return source


def clean(path: str) -> str:
    """Without slashes at the ends; each segment is an ordinary name, or the request is refused."""
    path = path.strip("/")
    if len(path) > _LONGEST_PATH:
        raise BadRequest("InvalidUri", f"A path has at most {_LONGEST_PATH} characters.")
    for segment in path.split("/") if path else ():
        if not is_ordinary(segment):
            raise BadRequest("InvalidUri", f"The path segment {segment!r} is not allowed.")
    return path


def is_ordinary(segment: str) -> bool:
    """A name that a path may have, here and in Azure: printable UTF-8 of at most 255 bytes."""
    if segment in ("", ".", "..") or "\\" in segment or any(ord(character) < 32 for character in segment):
        return False
    try:
        return len(segment.encode()) <= _LONGEST_SEGMENT_BYTES
    except UnicodeEncodeError:  # a file that was dropped into the folder under a name that is not UTF-8
        return False


def _filesystem(raw: str) -> str:
    name = _decode(raw)
    if name and not (_FILESYSTEM.fullmatch(name) and len(name) <= 63):
        raise BadRequest("InvalidResourceName", f"'{name}' is not the name of a file system.")
    return name


def _decode(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("InvalidUri", "The path is not UTF-8.") from error
