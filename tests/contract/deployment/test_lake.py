"""The deployment's lake gateway, against an Azure: the local one always."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from deployment.errors import LakeError
from deployment.lake import Lake
from ml_pipelines.steps.landing import DRAFTS

if TYPE_CHECKING:
    from tests.conftest import LocalAzure


@pytest.fixture
def lake(sandbox: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A file system of the test's own; the SDK finds its certificate where the session puts it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.bundle)
    made = Lake(sandbox.account("deploylake"), f"fs-{uuid4().hex[:12]}", sandbox.credential)
    made.create_file_system()
    return made


def test_what_is_absent_is_no_error(lake):
    """No file, no folder."""
    assert lake.exists()
    assert lake.read("releases/1.json") is None
    assert lake.names("releases") == []
    assert not lake.holds("releases/1.json")


def test_a_new_file_is_there_as_a_whole_and_only_once(lake):
    """The name is taken with a condition; what was there stays."""
    assert lake.create("releases/1.json", b"first")
    assert not lake.create("releases/1.json", b"second")

    assert lake.read("releases/1.json") == b"first"
    assert lake.names("releases") == ["1.json"]
    assert lake.names(DRAFTS) == []


def test_what_is_replaced_is_there_as_a_whole_and_what_is_removed_is_gone(lake):
    """Whether something was there or not."""
    lake.replace("a/journal.json", b"first")
    lake.replace("a/journal.json", b"second")

    assert lake.read("a/journal.json") == b"second"
    lake.remove("a/journal.json")
    lake.remove("a/journal.json")
    assert lake.read("a/journal.json") is None
    assert lake.names(DRAFTS) == []


def test_a_deployment_whose_draft_was_collected_does_not_believe_that_it_has_written(lake, monkeypatch):
    """It stood still for days, as a laptop does: what was to be written is not there, and it is told so."""
    days = iter([0.0, 2.5 * 24 * 3600] * 2)
    monkeypatch.setattr(lake, "now", lambda: next(days))
    write = lake.write

    def collected(path: str, content: bytes) -> None:
        write(path, content)
        lake.remove(path)

    monkeypatch.setattr(lake, "write", collected)

    for put in (lake.create, lake.replace):
        with pytest.raises(LakeError, match=r"releases/1\.json"):
            put("releases/1.json", b"first")
    assert lake.read("releases/1.json") is None


def test_of_many_that_take_a_name_at_once_one_has_it(lake):
    """The others are told so."""
    contents = [f"{number}".encode() for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda content: lake.create("releases/1.json", content), contents))

    assert won.count(True) == 1
    assert lake.read("releases/1.json") == contents[won.index(True)]


def test_a_lease_is_held_by_one_and_known_by_its_holder(lake):
    """Until it is released; renewing keeps it."""
    lease = lake.acquire_lease("lock", 60, "ada on build-7")
    assert lease is not None
    lease.renew()

    assert lake.acquire_lease("lock", 60, "bob") is None
    assert lake.lease_holder("lock") == "ada on build-7"
    lease.release()
    assert lake.acquire_lease("lock", 60, "bob") is not None


def test_a_refusal_names_the_path(lake):
    """And the lake's own words."""
    nowhere = Lake(lake.url, "no-such-file-system", lake._client.credential)

    with pytest.raises(LakeError, match="a/b"):
        nowhere.write("a/b", b"x")
