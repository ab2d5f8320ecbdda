"""Which files of the lake an activity works on: a dataset's place, narrowed by the store settings.

Wildcards are `*` (any characters) and `?` (none or one) within one segment of a path; `^` takes their meaning
away. The folder to look into is the dataset's, or the part of `wildcardFolderPath` before its first wildcard.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import Place, children, failure_code, read_file, refusal, status_of
from sandbox.datafactory.activities.lake_files import Found
from sandbox.datafactory.errors import ActivityFailed, BadRequest
from sandbox.datafactory.models import parse_instant

if TYPE_CHECKING:
    from sandbox.datafactory.activities.call import Call
    from sandbox.datafactory.models import Json, JsonValue

_FIELDS = Fields(
    "type recursive wildcardFolderPath wildcardFileName fileListPath deleteFilesAfterCompletion "
    "modifiedDatetimeStart modifiedDatetimeEnd maxConcurrentConnections disableMetricsCollection",
    not_run="enablePartitionDiscovery partitionRootPath",
)
_WILDCARD = re.compile(r"(?<!\^)[*?]")


def check_read_settings(settings: JsonValue, what: str, target: str) -> None:
    if settings is None:
        return
    _FIELDS.check(settings, f"{what}: storeSettings", target)
    if settings.get("type", "AzureBlobFSReadSettings") != "AzureBlobFSReadSettings":
        raise BadRequest(f"{what}: storeSettings of the lake are AzureBlobFSReadSettings.", target=target)
    if settings.get("fileListPath") and (
        settings.get("wildcardFolderPath") or settings.get("wildcardFileName")
    ):
        raise BadRequest(f"{what}: fileListPath and wildcards exclude each other.", target=target)


@dataclass(frozen=True)
class Selection:
    """Evaluated. Times are UTC, the start inclusive, the end exclusive."""

    folder: str
    file: str
    folders: str
    file_list: str
    recursive: bool
    start: datetime | None
    end: datetime | None

    @property
    def is_one_file(self) -> bool:
        return bool(self.file) and not self.folders and not _WILDCARD.search(self.file)


def selection(where: Place, settings: Json, *, recursive: bool) -> Selection:
    """`recursive` is the activity's default."""
    folder, _, name = where.path.rpartition("/") if where.has_file else (where.path, "", "")
    return Selection(
        folder=folder,
        file=str(settings.get("wildcardFileName") or name),
        folders=str(settings.get("wildcardFolderPath") or "").strip("/"),
        file_list=str(settings.get("fileListPath") or "").strip("/"),
        recursive=settings.get("recursive", recursive) in (True, "true", "True"),
        start=_instant(settings.get("modifiedDatetimeStart")),
        end=_instant(settings.get("modifiedDatetimeEnd")),
    )


def _instant(written: JsonValue) -> datetime | None:
    if written in (None, ""):
        return None
    try:
        return parse_instant(str(written))
    except ValueError as error:
        raise ActivityFailed("2104", f"{written!r} is no point in time: {error}.") from error


async def select(call: Call, where: Place, wanted: Selection) -> list[Found]:
    """In the order of their paths. One named file, or folder, that is not there fails the activity."""
    if wanted.file_list:
        found = [await _one(call, where, path, wanted.folder) for path in await _listed(call, where, wanted)]
    elif wanted.is_one_file:
        path = f"{wanted.folder}/{wanted.file}" if wanted.folder else wanted.file
        found = [await _one(call, where, path, wanted.folder)]
    else:
        found = await _matching(call, where, wanted)
    return [
        one
        for one in found
        if (wanted.start is None or one.modified >= wanted.start)
        and (wanted.end is None or one.modified < wanted.end)
    ]


async def _one(call: Call, where: Place, path: str, folder: str) -> Found:
    at = where.at(path)
    status = await status_of(call, at)
    if status.status >= 400:
        raise refusal(call, status, at)
    if status.headers.get("x-ms-resource-type") == "directory":
        raise ActivityFailed(
            failure_code(call), f"ErrorCode=UserErrorFileNotFound,'{at.file_system}/{path} is a folder.'"
        )
    return Found(
        path,
        path.removeprefix(f"{folder}/") if folder else path,
        int(status.headers["Content-Length"]),
        status.headers["ETag"].strip('"'),
        parsedate_to_datetime(status.headers["Last-Modified"]),
    )


async def _listed(call: Call, where: Place, wanted: Selection) -> list[str]:
    """The paths of a list file, `<file system>/<path>`: a line each, relative to the dataset's folder."""
    file_system, _, path = wanted.file_list.partition("/")
    text = (await read_file(call, where.at(path, file_system))).decode("utf-8-sig")
    lines = [line.strip().strip("/") for line in text.splitlines() if line.strip()]
    return [f"{wanted.folder}/{line}" if wanted.folder else line for line in lines]


async def _matching(call: Call, where: Place, wanted: Selection) -> list[Found]:
    root, folders = _root(wanted)
    entries = await children(call, where.at(root), recursive=wanted.recursive or bool(folders))
    files = (_found(entry, root) for entry in entries if not _is_folder(entry))
    names = _pattern(wanted.file) if wanted.file else None
    return [one for one in files if _fits(one, folders, names, recursive=wanted.recursive)]


def _root(wanted: Selection) -> tuple[str, list[re.Pattern[str]]]:
    """Where to look, and a pattern for each of the folders below it."""
    if not wanted.folders:
        return wanted.folder, []
    segments = wanted.folders.split("/")
    fixed = next((at for at, one in enumerate(segments) if _WILDCARD.search(one)), len(segments))
    root = "/".join(one.replace("^", "") for one in segments[:fixed])
    return root, [_pattern(one) for one in segments[fixed:]]


def _fits(
    one: Found, folders: list[re.Pattern[str]], names: re.Pattern[str] | None, *, recursive: bool
) -> bool:
    *parts, name = one.relative.split("/")
    if names is not None and not names.fullmatch(name):
        return False
    if not recursive and len(parts) > len(folders):
        return False
    return len(parts) >= len(folders) and all(
        pattern.fullmatch(part) for pattern, part in zip(folders, parts, strict=False)
    )


def _pattern(wildcards: str) -> re.Pattern[str]:
    meaning = {"*": ".*", "?": ".?"}
    parts = re.findall(r"\^.|.", wildcards, re.DOTALL)
    return re.compile("".join(meaning.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)


def _found(entry: Json, root: str) -> Found:
    path = str(entry["name"])
    return Found(
        path,
        path.removeprefix(f"{root}/") if root else path,
        int(entry.get("contentLength", 0)),
        str(entry["etag"]),
        parsedate_to_datetime(str(entry["lastModified"])).astimezone(UTC),
    )


def _is_folder(entry: Json) -> bool:
    return str(entry.get("isDirectory", "false")).lower() == "true"
