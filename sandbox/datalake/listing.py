"""Names in the order of their bytes, a page at a time: the walk begins where the last page ended."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.datalake import addresses
from sandbox.datalake.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

Listed = tuple[str, os.stat_result]


def walk(
    folder: Path, prefix: str = "", *, after: str = "", recursive: bool = True, starts: str = ""
) -> Iterator[Listed]:
    """What is in `folder`, with names that begin with `prefix` (a directory's, with its slash).

    `after` is the last *key* of the page before: a name, with a slash behind it if it is a directory. Keys
    are in the order of their bytes, and so are all names below a common directory. `starts`: only names
    that begin so.
    """
    for name, item in sorted(_items(folder, prefix)):
        is_directory = name.endswith("/")
        if starts and not (name.startswith(starts) or (is_directory and starts.startswith(name))):
            continue
        if name > after and name.removesuffix("/").startswith(starts):
            yield name.removesuffix("/"), item.stat()
        if is_directory and recursive and (name > after or after.startswith(name)):
            yield from walk(Path(item.path), name, after=after, starts=starts)


def key_of(listed: Listed) -> str:
    name, status = listed
    return f"{name}/" if stat.S_ISDIR(status.st_mode) else name


def continuation(key: str) -> str:
    """ASCII, whatever the name: it travels in a header."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def continued(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise BadRequest(
            "InvalidQueryParameterValue", "The continuation token is not one of this lake."
        ) from error


def _items(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files and directories, and links to files; other things that lie there are none of the lake's."""
    with os.scandir(folder) as items:
        for item in items:
            if not addresses.is_ordinary(item.name):
                continue
            if item.is_dir(follow_symlinks=False):
                yield f"{prefix}{item.name}/", item
            elif item.is_file():
                yield f"{prefix}{item.name}", item
