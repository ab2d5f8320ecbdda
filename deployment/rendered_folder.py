"""A folder of rendered files: all of one rendering, or none of it; and files of others, which nobody touches.

`rendered.json` in it says what was rendered: path → SHA-256, and from which commit. What it names, and is as
it says, is ours: replaced by the next rendering, removed where that has no such file. Anything else is not:
where it stands in the way of a file of ours, or one of ours was edited, nothing is written at all.

    absent or empty folder   written beside it, then one rename
    folder with files        written to `.rendering.new` inside, renamed to `.rendering`: from here on the new
                             rendering stands; then each file is moved to its place, `rendered.json` last

A rendering that dies before its rename leaves what was there. One that dies after it is completed by the
next; until then `.rendering` says so. That is the known drawback: a folder that holds files of others cannot
be exchanged in one step.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deployment.errors import FolderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MANIFEST: Final = "rendered.json"
WRITING: Final = ".rendering.new"
WRITTEN: Final = ".rendering"
SHOWN: Final = 5
REPOSITORY: Final = Path(__file__).resolve().parent.parent


def refuse_unfit(folder: Path, project_dir: Path) -> None:
    """Raises UsageError where nothing should ever be rendered: over a file, or over what is rendered from."""
    with _disk_of(folder):
        place = folder.resolve()
        if place.exists() and not place.is_dir():
            raise UsageError(f"--out {folder} is a file", hint="name a folder")
        for source in (project_dir.resolve(), REPOSITORY):
            _refuse_source(folder, place, source)


def _refuse_source(folder: Path, place: Path, source: Path) -> None:
    if source.is_relative_to(place):
        hint = "name a folder of its own: --out rendered"
        raise UsageError(f"--out {folder} is the folder that holds {source}", hint=hint)
    if place.is_relative_to(source) and not (_is_empty(place) or _was_rendered(place)):
        hint = "name one that does not exist yet, or one outside"
        raise UsageError(f"--out {folder} is a folder of the project", hint=hint)


def write(folder: Path, files: Mapping[str, bytes], facts: Mapping[str, Any]) -> None:
    """The folder holds these files and no others of ours; `facts` stand in its `rendered.json`.

    Raises UsageError where a file of somebody else is in the way, and FolderError where the disk refuses.
    """
    digests = {path: _digest(content) for path, content in sorted(files.items())}
    manifest = json.dumps({**facts, "files": digests}, indent="\t", ensure_ascii=False) + "\n"
    whole = {**files, MANIFEST: manifest.encode()}
    with _disk_of(folder):
        place = folder.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(place.parent):
            if _is_empty(place) and not place.is_mount():
                _write_anew(place, whole)
            else:
                _replace(place, whole, digests)


@contextmanager
def _disk_of(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderError(folder, error) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two renderings beside each other take turns; the system frees the lock of one that dies."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_anew(place: Path, files: Mapping[str, bytes]) -> None:
    beside = place.with_name(f".{place.name}{WRITING}")
    _write_all(beside, files)
    beside.rename(place)
    _sync(place.parent)


def _replace(place: Path, files: Mapping[str, bytes], digests: Mapping[str, str]) -> None:
    _complete(place)
    _refuse_foreign(place, digests)
    _write_all(place / WRITING, files)
    (place / WRITING).rename(place / WRITTEN)
    _sync(place)
    _complete(place)


def _complete(place: Path) -> None:
    """Move what stands in `.rendering` to its places. May die anywhere, and be done again."""
    written = place / WRITTEN
    if (written / MANIFEST).exists():
        wanted = _rendered_in(written)
        _refuse_foreign(place, wanted)
        for path in _rendered_in(place).keys() - wanted.keys():
            (place / path).unlink(missing_ok=True)
            _remove_if_empty((place / path).parent)
        for path in wanted:
            _move(path, written, place)
        _move(MANIFEST, written, place)
        _sync(place, *wanted)
    if written.exists():
        shutil.rmtree(written)


def _move(path: str, written: Path, place: Path) -> None:
    if (written / path).exists():
        (place / path).parent.mkdir(exist_ok=True)
        (written / path).replace(place / path)


def _refuse_foreign(place: Path, wanted: Mapping[str, str]) -> None:
    """`wanted`: path → SHA-256 of what is going to be there."""
    ours = _rendered_in(place)
    in_the_way = [
        path for path in {**ours, **wanted} if _is_foreign(place / path, ours.get(path), wanted.get(path))
    ]
    in_the_way += [folder for folder in _folders({**ours, **wanted}) if _is_no_folder(place / folder)]
    if in_the_way:
        shown = ", ".join(in_the_way[:SHOWN])
        more = f" and {len(in_the_way) - SHOWN} more" if len(in_the_way) > SHOWN else ""
        hint = "move them away or delete them, or render into another folder"
        raise UsageError(
            f"{place} holds files that were not rendered, or edited since: {shown}{more}", hint=hint
        )


def _is_foreign(path: Path, *digests: str | None) -> bool:
    """Whether something is there that is neither what we rendered nor what we are going to."""
    if not os.path.lexists(path):
        return False
    return path.is_symlink() or not path.is_file() or _digest(path.read_bytes()) not in digests


def _folders(paths: Iterable[str]) -> list[str]:
    return sorted({str(Path(path).parent) for path in paths} - {"."})


def _is_no_folder(path: Path) -> bool:
    """A link would lead out of the folder."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _rendered_in(folder: Path) -> dict[str, str]:
    """Path → SHA-256 as its `rendered.json` says; empty where there is none.

    Raises UsageError where it is not one of ours: what it names is about to be replaced.
    """
    manifest = folder / MANIFEST
    try:
        files = json.loads(manifest.read_bytes())["files"]
        ours = all(_is_a_place_of_ours(path) and isinstance(digest, str) for path, digest in files.items())
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        ours = False
    if not ours:
        hint = "move it away, or render into another folder"
        raise UsageError(f"{manifest} is not what `render` wrote", hint=hint)
    return dict(files)


def _is_a_place_of_ours(path: str) -> bool:
    """`FILE.json` or `FOLDER/FILE.json`, or `.sql`: never a way out of the folder, nor into a hidden one."""
    parts = path.split("/")
    if len(parts) > 2 or not path.endswith((".json", ".sql")):
        return False
    return all(part[:1] not in {"", "."} for part in parts)


def _is_empty(place: Path) -> bool:
    return not place.exists() or not any(place.iterdir())


def _was_rendered(place: Path) -> bool:
    return (place / MANIFEST).is_file() or (place / WRITTEN).is_dir()


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Everything, on the disk when this returns. What an earlier attempt has left goes first."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    _sync(folder, *files)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _sync(folder: Path, *paths: str) -> None:
    """A new name is on the disk when its folder is: this one, and those of the paths in it."""
    for each in [folder, *(folder / below for below in _folders(paths))]:
        descriptor = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
