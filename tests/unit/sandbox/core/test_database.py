"""A file of an older format is upgraded whole or not at all; what is not ours is refused untouched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sandbox.database import Format, check, connect
from sandbox.errors import DatabaseNotOurs, NewerFormat, UpgradeFailed

if TYPE_CHECKING:
    from pathlib import Path

FIRST = ("CREATE TABLE IF NOT EXISTS things (name TEXT)",)
SECOND = ("ALTER TABLE things ADD COLUMN size INTEGER", "UPDATE things SET size = length(name)")
THIRD = ("CREATE TABLE more (name TEXT)", "INSERT INTO more SELECT name FROM things WHERE size > 3")
OLD, NEW = Format("things", (FIRST,)), Format("things", (FIRST, SECOND, THIRD))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a folder #1?" / "things.db"


@pytest.fixture(autouse=True)
def folder(file: Path) -> None:
    file.parent.mkdir()


def old(file: Path, version: int = 1) -> None:
    with closing(connect(file, OLD)) as connection:
        connection.execute("INSERT INTO things VALUES ('cat'), ('horse')")
        connection.execute(f"PRAGMA user_version = {version}")


def content(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as reader:
        return reader.execute(query).fetchall()


def names(file: Path) -> list[str]:
    return sorted(each.name for each in file.parent.iterdir())


def test_a_new_file_takes_every_step(file: Path) -> None:
    assert check(file, NEW) is None

    with closing(connect(file, NEW)) as connection:
        connection.execute("INSERT INTO things VALUES ('cat', 3)")

    assert check(file, NEW) == 3
    assert content(file, "SELECT * FROM more") == []


@pytest.mark.parametrize("version", [0, 1])
def test_an_older_file_takes_the_steps_it_lacks(file: Path, version: int) -> None:
    """Also one from before there were numbers. The copy is gone when all is well."""
    old(file, version)

    connect(file, NEW).close()

    assert content(file, "SELECT name, size FROM things") == [("cat", 3), ("horse", 5)]
    assert content(file, "SELECT name FROM more") == [("horse",)]
    assert names(file) == ["things.db"]


def test_an_upgrade_that_fails_leaves_the_file_and_a_copy(file: Path) -> None:
    """The error says which file, from where to where, and why; the next program finds it as it was."""
    old(file)
    broken = Format(
        "things", (FIRST, SECOND, ("CREATE TABLE more (name TEXT)", "INSERT INTO mroe VALUES (1)"))
    )

    with pytest.raises(UpgradeFailed, match=r"things\.db could not be brought from format 1 to 3 \(no such"):
        connect(file, broken)

    assert check(file, NEW) == 1
    assert content(file, "SELECT * FROM things") == [("cat",), ("horse",)]
    copy = file.with_name("things.db.format-1")
    assert content(copy, "SELECT * FROM things") == [("cat",), ("horse",)]
    connect(file, NEW).close()
    assert names(file) == ["things.db"]


def test_a_newer_file_is_refused_and_not_touched(file: Path) -> None:
    """SQLite puts an empty log beside it, as for every reader."""
    connect(file, NEW).close()
    before = file.read_bytes()

    with pytest.raises(NewerFormat, match=r"newer version of the local Azure \(format 3; this one knows 1\)"):
        connect(file, OLD)

    assert file.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_not_touched(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    before = file.read_bytes()

    with pytest.raises(DatabaseNotOurs, match="it has no table 'things'"):
        connect(file, NEW)

    assert (file.read_bytes(), names(file)) == (before, ["things.db"])


@pytest.mark.parametrize("written", [b"SQLite format 3\0 and then something else", b"#!/bin/sh\n" * 100])
def test_a_file_that_is_no_database_is_refused_and_not_touched(file: Path, written: bytes) -> None:
    file.write_bytes(written)

    with pytest.raises(DatabaseNotOurs, match="move it away"):
        connect(file, NEW)

    assert (file.read_bytes(), names(file)) == (written, ["things.db"])


def test_a_folder_in_its_place_is_refused(file: Path) -> None:
    file.mkdir()

    with pytest.raises(DatabaseNotOurs, match="move it away"):
        connect(file, NEW)


def test_an_empty_file_is_a_new_one(file: Path) -> None:
    """What a crash while it is made can leave."""
    file.touch()

    connect(file, NEW).close()

    assert check(file, NEW) == 3


def test_what_a_killed_process_had_committed_is_there(file: Path) -> None:
    """Its log lies beside the file; reading the format leaves both."""
    killed = connect(file, OLD)
    killed.execute("INSERT INTO things VALUES ('cat')")
    copy = file.with_name("copy.db")
    for end in ("", "-wal"):
        copy.with_name(f"copy.db{end}").write_bytes(file.with_name(f"things.db{end}").read_bytes())
    killed.close()

    assert check(copy, OLD) == 1
    connect(copy, NEW).close()

    assert content(copy, "SELECT name, size FROM things") == [("cat", 3)]
