"""What the folder and the catalog say together."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sandbox.datalake.errors import AccountNotFound, FilesystemNotFound, PathConflict
from sandbox.datalake.models import Address, Properties
from sandbox.datalake.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A = Address("lake1", "data", "d/a")


class StoppedClock:
    """Always the same instant: nothing may rest on time going on."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    (tmp_path / "lake/lake1/data").mkdir(parents=True)
    opened = Storage(tmp_path, StoppedClock())
    yield opened
    opened.catalog.close()


def test_every_version_has_an_etag_of_its_own_though_time_stands_still(storage: Storage) -> None:
    etags = {storage.create_file(A, Properties()).etag for _ in range(50)}

    assert len(etags) == 50


def test_etags_go_on_after_a_restart_with_a_clock_set_back(storage: Storage, tmp_path: Path) -> None:
    first = storage.create_file(A, Properties())
    again = Storage(tmp_path, StoppedClock())

    assert again.create_file(A, Properties()).modified > first.modified
    again.catalog.close()


def test_a_replaced_version_leaves_nothing_in_the_catalog(storage: Storage) -> None:
    for _ in range(3):
        storage.create_file(A, Properties())

    assert len(storage.catalog.keys()) == 1
    assert list(storage.staging.iterdir()) == []


def test_an_open_file_keeps_its_version(storage: Storage) -> None:
    storage.create_file(A, Properties({"n": "1"}))
    opened = storage.open(A)
    assert opened is not None
    storage.create_file(A, Properties({"n": "2"}))

    assert storage.describe(os.fstat(opened[0])).key == opened[1].key
    assert opened[1].properties.metadata == {"n": "1"}
    os.close(opened[0])


def test_a_directory_in_a_file_is_a_conflict(storage: Storage) -> None:
    storage.create_file(A, Properties())

    with pytest.raises(PathConflict):
        storage.create_file(Address("lake1", "data", "d/a/b"), Properties())


def test_nothing_is_where_nothing_can_be(storage: Storage) -> None:
    """A path below a file, or longer than the disk allows, is absent; a missing file system is an error."""
    storage.create_file(A, Properties())

    assert storage.entry(Address("lake1", "data", "d/a/b")) is None
    assert storage.entry(Address("lake1", "data", "/".join(["x" * 250] * 17))) is None
    with pytest.raises(FilesystemNotFound):
        storage.entry(Address("lake1", "other", "a"))
    with pytest.raises(AccountNotFound):
        storage.entry(Address("nobody", "data", "a"))
