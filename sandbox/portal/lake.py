"""The lake's folders and files, and of a file its first rows. `at` is account, file system and path.

What is asked for is looked up name by name, in what is really there: no link leads out of the lake.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sandbox.portal import preview
from sandbox.portal.look import NotThere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.portal.look import Look

PAGE: Final = 200


@dataclass(frozen=True)
class Entry:
    name: str
    link: str
    is_folder: bool
    size: int
    modified: datetime


def view(look: Look) -> dict[str, Any]:
    names = [name for name in look.query.get("at", "").split("/") if name]
    place = _find(look.lake, names)
    shown: dict[str, Any] = {
        "crumbs": list(_crumbs(look, names)),
        "name": names[-1] if names else "Lake",
        "disk": str(place),
        "file": None,
        "entries": [],
        "more": None,
    }
    try:
        if place.is_dir():
            return {**shown, **_folder(look, place, names), "every_seconds": 5}
        status = place.stat()
        return {**shown, "file": _entry(look, names[:-1], place.name, status), "preview": preview.of(place)}
    except FileNotFoundError as error:
        raise NotThere(f"There is no {'/'.join(names)} in the lake any more.") from error


def _find(root: Path, names: list[str]) -> Path:
    """Raises `NotThere`, also for what leads out of the lake, and for what is not a file or a folder."""
    place, said = root, "/".join(names)
    for name in names:
        hidden = place == root and name.startswith(".")  # beside the accounts lies what the lake works on
        place = place / name
        try:
            mode = place.lstat().st_mode
        except (OSError, ValueError) as error:
            raise NotThere(f"There is no {said} in the lake.") from error
        if hidden or name in (".", "..") or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise NotThere(f"There is no {said} in the lake.")
    return place


def _folder(look: Look, place: Path, names: list[str]) -> dict[str, Any]:
    """Folders first, then files, by name; a page at a time, from behind a name on."""
    found = sorted(_listed(place, at_root=not names), key=lambda each: (not each[1], each[0]))
    after = look.query.get("after")
    if after:
        found = [each for each in found if (not each[1], each[0]) > (after[:1] == "f", after[1:])]
    entries = []
    for name, _ in found[:PAGE]:
        try:
            entries.append(_entry(look, names, name, (place / name).lstat()))
        except FileNotFoundError:  # deleted meanwhile
            continue
    more = None
    if len(found) > PAGE:
        name, is_folder = found[PAGE - 1]
        more = look.link("lake", at="/".join(names), after=("d" if is_folder else "f") + name)
    return {"entries": entries, "more": more}


def _listed(place: Path, *, at_root: bool) -> Iterator[tuple[str, bool]]:
    """Name, and whether it is a folder."""
    with os.scandir(place) as scanned:
        for each in scanned:
            is_folder = each.is_dir(follow_symlinks=False)
            if (is_folder or each.is_file(follow_symlinks=False)) and not (at_root and each.name[0] == "."):
                yield each.name, is_folder


def _entry(look: Look, names: list[str], name: str, status: os.stat_result) -> Entry:
    return Entry(
        name,
        look.link("lake", at="/".join([*names, name])),
        stat.S_ISDIR(status.st_mode),
        status.st_size,
        datetime.fromtimestamp(status.st_mtime, UTC),
    )


def _crumbs(look: Look, names: list[str]) -> Iterator[tuple[str, str]]:
    yield "Lake", look.link("lake")
    for number, name in enumerate(names[:-1], 1):
        yield name, look.link("lake", at="/".join(names[:number]))
