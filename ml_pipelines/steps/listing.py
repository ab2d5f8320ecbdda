"""Which files a path means: a file, a folder with all below it, or a folder's files of a pattern."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from .errors import LakePathMissing
from .lake import LakeFile

if TYPE_CHECKING:
    from .lake import Lake


def list_matching(lake: Lake, path: str) -> list[tuple[LakeFile, str]] | None:
    """Each file with its name below the folder; None where there is no such path.

    Names that begin with `_` or `.` are no input, as everywhere on a lake. A pattern is for the last name
    only, and takes the folder's own files.
    """
    folder, _, name = path.rpartition("/")
    pattern = name if any(mark in name for mark in "*?[") else ""
    if not pattern:
        state = lake.state(path)
        if state is not None:
            return [(LakeFile(path, state.etag, state.size), name)]
        folder = path
    try:
        files = lake.list_files(folder)
    except LakePathMissing:
        return None
    named = [(file, file.path.removeprefix(folder).lstrip("/")) for file in files]
    return [(file, below) for file, below in named if _is_input(below, pattern)]


def _is_input(name: str, pattern: str) -> bool:
    if any(each.startswith(("_", ".")) for each in name.split("/")):
        return False
    return not pattern or ("/" not in name and fnmatch.fnmatchcase(name, pattern))
