"""The commit against the local lake, through Microsoft's client: lost replies, refusals, two writers."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ml_pipelines.steps.commit import commit
from ml_pipelines.steps.errors import InputChanged, LakeConflict, LakeError, LakePathMissing, Superseded
from ml_pipelines.steps.lake import ABSENT, Lake
from ml_pipelines.steps.landing import DRAFTS
from tests.unit.ml_pipelines.fakes import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure
    from tests.functional.ml_pipelines.workspace import Workspace


@pytest.fixture
def lake(workspace: Workspace) -> Lake:
    return workspace.lake


@pytest.fixture
def faults(sandbox: LocalAzure) -> Iterator[LocalAzure]:
    yield sandbox
    sandbox.clear_faults()


@pytest.fixture
def folder() -> str:
    return f"commit-{uuid.uuid4().hex[:8]}"


def land(lake: Lake, folder: str, mine, expected: str = ABSENT) -> str:
    staged, final = f"{folder}/staged-{mine.attempt}", f"{folder}/final/file"
    lake.upload(staged, mine.attempt.encode(), mine.to_metadata())
    lake.make_folder(f"{folder}/final")
    return commit(lake, staged, final, mine, expected).outcome


def test_the_metadata_and_the_etag_go_with_a_rename(lake, folder):
    """Recovery reads the metadata, the manifest notes the etag."""
    mine = record()
    lake.upload(f"{folder}/a", b"x", mine.to_metadata())
    before = lake.state(f"{folder}/a")

    lake.rename(f"{folder}/a", f"{folder}/b", expected_etag=ABSENT)

    assert lake.state(f"{folder}/a") is None
    assert lake.state(f"{folder}/b") == before


def test_a_rename_whose_reply_is_lost_is_found_out(lake, folder, faults):
    """The client sends it again by itself and is told that the source is gone."""
    faults.order_fault(
        service="lake", method="PUT", path=f"{folder}/final/file", action="drop_reply", times=1
    )

    assert land(lake, folder, record()) == "committed"
    assert lake.read(f"{folder}/final/file") == b"attempt-1"


def test_a_throttled_rename_is_sent_again(lake, folder, faults):
    """503 ServerBusy is no verdict."""
    faults.order_fault(
        service="lake", method="PUT", path=f"{folder}/final/file", action="refuse", status=503,
        code="ServerBusy", times=2,
    )  # fmt: skip

    assert land(lake, folder, record()) == "committed"


def test_a_refused_rename_is_the_lakes_error(lake, folder, faults):
    """Without the role nothing lands, and the error says what the lake said."""
    faults.order_fault(
        service="lake", method="PUT", path=f"{folder}/final/file", action="refuse", status=403,
        code="AuthorizationPermissionMismatch",
    )  # fmt: skip

    with pytest.raises(LakeError, match="AuthorizationPermissionMismatch"):
        land(lake, folder, record())


def test_conditions_are_kept(lake, folder):
    """There though it should not be, other than it should be, gone though it should be there."""
    lake.upload(f"{folder}/a", b"a")
    lake.upload(f"{folder}/b", b"b")

    for expected in (ABSENT, "0x0"):
        with pytest.raises(LakeConflict):
            lake.rename(f"{folder}/a", f"{folder}/b", expected_etag=expected)
    with pytest.raises(LakePathMissing):
        lake.rename(f"{folder}/gone", f"{folder}/b")
    with pytest.raises(InputChanged):
        lake.read(f"{folder}/a", etag="0x0")


def test_a_replacement_whose_reply_is_lost_is_found_out(lake, folder, faults):
    """The draft is gone, as it was renamed."""
    lake.replace(f"{folder}/file", b"old")
    faults.order_fault(service="lake", method="PUT", path=f"{folder}/file", action="drop_reply", times=1)

    lake.replace(f"{folder}/file", b"new")

    assert lake.read(f"{folder}/file") == b"new"


def test_a_writer_whose_draft_was_collected_does_not_believe_that_it_has_written(lake, folder, monkeypatch):
    """It stood still for days: what is there is the old, and it is told so."""
    lake.replace(f"{folder}/file", b"old")
    days = iter([0.0, 2.5 * 24 * 3600])
    monkeypatch.setattr(lake, "now", lambda: next(days))
    rename = lake.rename

    def stand_still(source: str, destination: str) -> None:
        lake.delete_files_older_than(DRAFTS, datetime.now(UTC) + timedelta(days=1))
        rename(source, destination)

    monkeypatch.setattr(lake, "rename", stand_still)

    with pytest.raises(LakePathMissing):
        lake.replace(f"{folder}/file", b"new")
    assert lake.read(f"{folder}/file") == b"old"


def test_only_files_that_are_old_are_collected(lake, folder):
    """Not those below, nor what was just written; nothing where there is no such folder."""
    now = datetime.now(UTC)
    for name in ("a", "below/b"):
        lake.upload(f"{folder}/{name}", b"x")

    lake.delete_files_older_than(f"{folder}/nowhere", now + timedelta(days=1))
    lake.delete_files_older_than(folder, now - timedelta(days=1))
    assert [each.path for each in lake.list_files(folder)] == [f"{folder}/a", f"{folder}/below/b"]
    lake.delete_files_older_than(folder, now + timedelta(days=1))
    assert [each.path for each in lake.list_files(folder)] == [f"{folder}/below/b"]


@pytest.mark.parametrize("size", [0, 1, 5, 1000, 9_000_001])
def test_what_is_uploaded_is_what_is_read(lake, folder, size, tmp_path):
    """Empty files too, and such as go up in chunks side by side; whole, and any range."""
    content = bytes(number % 251 for number in range(size))
    (tmp_path / "file").write_bytes(content)
    lake.upload(f"{folder}/bytes", content, {"a": "1"})
    lake.upload(f"{folder}/path", tmp_path / "file", {"a": "1"})

    for name in ("bytes", "path"):
        assert lake.read(f"{folder}/{name}") == content
        assert (
            lake.read(f"{folder}/{name}", offset=size // 3, length=size // 3)
            == content[size // 3 :][: size // 3]
        )
        assert dict(lake.state(f"{folder}/{name}").metadata) == {"a": "1"}


def test_names_are_what_they_are(lake, folder):
    """Spaces, plus signs and letters beyond ASCII; a rename keeps them."""
    name = f"{folder}/a b+c=d/é %25.csv"
    lake.upload(f"{folder}/x", b"1")
    lake.make_folder(name.rpartition("/")[0])
    lake.rename(f"{folder}/x", name)

    assert [file.path for file in lake.list_files(folder)] == [name]
    assert lake.read(name) == b"1"


def test_of_many_writers_at_once_the_one_that_started_last_wins(lake, folder):
    """Each lands, or gives way to a later one; nobody is lost without a word."""
    outcomes: dict[int, str] = {}

    def write(number: int) -> None:
        mine = replace(
            record(attempt=f"a{number}", digest=f"d{number}"), started=f"2026-11-23T06:00:{number:02}"
        )
        try:
            outcomes[number] = land(lake, folder, mine)
        except Superseded:
            outcomes[number] = "superseded"

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert lake.read(f"{folder}/final/file") == b"a5"
    assert (len(outcomes), outcomes[5]) == (6, "committed")


RACES = 200


@pytest.mark.timeout(600)
def test_two_attempts_race_and_a_reader_never_sees_anything_but_a_whole_one(lake, folder):
    """Again and again over what the race before has left; the one that started later is there in the end."""
    lake.upload(f"{folder}/final/file", *told(record(attempt="first")))
    ended = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not ended.is_set():
            state = lake.state(f"{folder}/final/file")
            assert state is not None
            with suppress(InputChanged):  # replaced between the two requests: who holds an etag is told
                content = lake.read(f"{folder}/final/file", etag=state.etag).decode()
                assert content == WHOLE.format(state.metadata["attempt"])
                seen.add(state.metadata["attempt"])

    def race(pair: tuple[int, int]) -> list[str]:
        expected = lake.state(f"{folder}/final/file").etag
        with ThreadPoolExecutor(2) as runners:
            return list(runners.map(lambda number: attempt(lake, folder, number, expected), pair))

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            for number in range(0, 2 * RACES, 2):
                outcomes = race((number, number + 1) if number % 4 else (number + 1, number))
                assert "committed" in outcomes
                landed = lake.state(f"{folder}/final/file").metadata["attempt"]
                assert landed == f"a{number + 1}"
        finally:
            ended.set()
        reader.result()
    assert len(seen) > 1


WHOLE = "attempt {}, all of it" + 10_000 * "."


def told(mine) -> tuple[bytes, dict[str, str]]:
    return WHOLE.format(mine.attempt).encode(), mine.to_metadata()


def attempt(lake: Lake, folder: str, number: int, expected: str) -> str:
    mine = record(attempt=f"a{number}", digest=f"d{number}", started=f"2026-11-23T06:{number:08}")
    staged = f"{folder}/staged-{number}"
    lake.upload(staged, *told(mine))
    try:
        return commit(lake, staged, f"{folder}/final/file", mine, expected).outcome
    except Superseded:
        return "superseded"
