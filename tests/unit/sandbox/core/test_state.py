"""Whose folder it is, and whether somebody holds it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from sandbox.errors import FolderInUse, FolderNotOurs, FolderUnusable
from sandbox.state import StateFolder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path / "state")
    made.prepare()
    return made


def test_a_folder_is_made_for_this_user_only(folder: StateFolder) -> None:
    folder.path.chmod(0o755)
    folder.prepare()

    assert folder.path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["photo.jpg", ".git", "state.txt"])
def test_a_folder_with_anything_else_in_it_is_not_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    with pytest.raises(FolderNotOurs, match=name):
        StateFolder(tmp_path).prepare()

    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "name", ["lock", "lake", "identity.secret", ".identity.secret.77", "state.db-wal", ".state.db.format-0"]
)
def test_what_a_crash_or_a_user_may_leave_there_is_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    StateFolder(tmp_path).prepare()


def test_a_lock_is_one_processes(folder: StateFolder) -> None:
    """Looking at it does not take it, and who takes it meanwhile is not refused."""
    assert (folder.is_free("lock"), folder.owner()) == (True, None)
    held = folder.lock()

    assert (folder.is_free("lock"), folder.owner()) == (False, os.getpid())
    with pytest.raises(
        FolderInUse, match=rf"pid {os.getpid()}.*stop it with: python -m sandbox stop --state"
    ):
        folder.lock(patience_seconds=0)
    os.close(held)
    assert (folder.is_free("lock"), folder.owner()) == (True, None)


def test_a_lock_that_cannot_be_written_is_told(folder: StateFolder) -> None:
    (folder.path / "lock").mkdir()

    with pytest.raises(FolderUnusable, match="Is a directory: lock"):
        folder.lock()


def test_a_folder_that_was_replaced_is_another(folder: StateFolder) -> None:
    held = folder.lock()
    assert folder.is_still(held)

    folder.path.rename(folder.path.with_name("moved"))
    assert not folder.is_still(held)
    StateFolder(folder.path).prepare()
    (folder.path / "lock").touch()
    assert not folder.is_still(held)
    os.close(held)


@pytest.mark.parametrize(
    "written", ["", "{", "null", "[]", json.dumps({"state": "/"}), json.dumps({"state": 1})]
)
def test_endpoints_that_are_half_there_or_about_another_folder_are_none(
    folder: StateFolder, written: str
) -> None:
    folder.endpoints.write_text(written)

    assert folder.announced() is None


def test_endpoints_are_there_whole_for_this_user_only(folder: StateFolder) -> None:
    folder.announce({"control": "x"})

    assert folder.announced() == {"state": str(folder.path), "control": "x"}
    assert folder.endpoints.stat().st_mode & 0o777 == 0o600
    folder.withdraw()
    assert folder.announced() is None
