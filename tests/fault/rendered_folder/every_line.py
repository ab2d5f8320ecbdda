"""Die at every line of a rendering, one process a line, and look at what is left. A script: it forks.

python every_line.py FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[3]))

from deployment.errors import UsageError
from deployment.rendered_folder import MANIFEST, WRITTEN, write
from tests.fault.forks import die_at_line, killed

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = {"pipeline/a.json": b"old", "trigger/stale.json": b"old", "template.json": b"old"}
NEW = {"pipeline/a.json": b"new", "dataset/b.json": b"new", "template.json": b"new"}
NEXT = {"pipeline/c.json": b"next", "template.json": b"next"}
THEIRS = {"README.md": b"theirs", "pipeline/theirs.json": b"theirs", ".git/HEAD": b"theirs"}


def seen(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name != MANIFEST}


def put_theirs(out: Path) -> None:
    for name, content in THEIRS.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)


def nothing(_: Path) -> None:
    """No folder at all."""


def among_files_of_others(out: Path) -> None:
    write(out, OLD, {})
    put_theirs(out)


def after_one_that_died(out: Path) -> None:
    """Its rendering stands, and is in no place yet: the next completes it, and dies on its way."""
    among_files_of_others(out)
    written = out.with_name("written")
    write(written, NEW, {})
    written.rename(out / WRITTEN)


def check(out: Path, prepare: Callable[[Path], None], *, died: bool) -> None:
    if prepare is nothing:
        assert not out.exists() or seen(out) == NEW
        write(out, NEXT, {})
        assert seen(out) == NEXT
    else:
        allowed = (OLD | THEIRS, NEW | THEIRS) if died else (NEW | THEIRS,)
        assert (out / WRITTEN).exists() or seen_in_place(out) in allowed
        assert {name: (out / name).read_bytes() for name in THEIRS} == THEIRS
        completed = after_one_that_is_refused(out)
        assert completed in allowed, completed
        write(out, NEXT, {})
        assert seen(out) == NEXT | THEIRS
    assert list(out.parent.iterdir()) == [out]


def after_one_that_is_refused(out: Path) -> dict[str, bytes]:
    """It completes what is unfinished, and writes nothing of its own: a file of others is in its way."""
    (out / "pipeline/c.json").write_bytes(b"in the way")
    try:
        write(out, NEXT, {})
    except UsageError:
        (out / "pipeline/c.json").unlink()
        return seen_in_place(out)
    raise AssertionError


def seen_in_place(out: Path) -> dict[str, bytes]:
    return {name: content for name, content in seen(out).items() if not name.startswith(".rendering")}


def dies_at(line: int, out: Path) -> bool:
    """Whether there was such a line."""

    def doomed() -> None:
        die_at_line(line, ("rendered_folder.py", "shutil.py"))
        write(out, NEW, {})

    return killed(doomed)


def crash_everywhere(base: Path, prepare: Callable[[Path], None]) -> int:
    """How many lines it died at."""
    line, died = 0, True
    while died:
        line += 1
        out = base / str(line) / "out"
        out.parent.mkdir(parents=True)
        prepare(out)
        died = dies_at(line, out)
        check(out, prepare, died=died)
        shutil.rmtree(out.parent)
    return line - 1


if __name__ == "__main__":
    for each in (nothing, among_files_of_others, after_one_that_died):
        points = crash_everywhere(Path(sys.argv[1]) / each.__name__, each)
        sys.stdout.write(f"{each.__name__} {points}\n")
