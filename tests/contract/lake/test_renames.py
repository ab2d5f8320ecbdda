"""The landing's one commit: a conditional rename. What it promises, seen through Microsoft's SDK."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from azure.storage.filedatalake import FileSystemClient

MISSING: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}


def put(files: FileSystemClient, path: str, content: bytes = b"content", **options: Any) -> Any:
    client = files.get_file_client(path)
    client.upload_data(content, overwrite=True, **options)
    return client


def unchanged_since(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def rename(files: FileSystemClient, source: str, target: str, **conditions: Any) -> str:
    """ "done", or the code of the refusal."""
    try:
        files.get_file_client(source).rename_file(f"{files.file_system_name}/{target}", **conditions)
    except HttpResponseError as error:
        code = error.error_code
        return str(getattr(code, "value", code))
    return "done"


def move(files: FileSystemClient, source: str, target: str, **conditions: Any) -> str:
    """The same for a directory."""
    try:
        files.get_directory_client(source).rename_directory(
            f"{files.file_system_name}/{target}", **conditions
        )
    except HttpResponseError as error:
        code = error.error_code
        return str(getattr(code, "value", code))
    return "done"


def test_a_renamed_file_keeps_etag_metadata_and_content(files: FileSystemClient) -> None:
    before = put(files, "a", b"x", metadata={"attempt": "1"}).get_file_properties()

    assert rename(files, "a", "b", **MISSING) == "done"

    client = files.get_file_client("b")
    after = client.get_file_properties()
    assert (after.etag, after.metadata) == (before.etag, {"attempt": "1"})
    assert client.download_file().readall() == b"x"
    assert not files.get_file_client("a").exists()


def test_if_missing_refuses_an_existing_destination(files: FileSystemClient) -> None:
    put(files, "a", b"new")
    put(files, "b", b"old")

    assert rename(files, "a", "b", **MISSING) == "PathAlreadyExists"
    assert files.get_file_client("b").download_file().readall() == b"old"
    assert files.get_file_client("a").exists()


def test_a_replacement_takes_the_place_of_exactly_the_version_it_saw(files: FileSystemClient) -> None:
    seen = put(files, "b", b"1").get_file_properties().etag
    put(files, "a", b"2", metadata={"n": "2"})
    assert rename(files, "a", "b", **unchanged_since(seen)) == "done"

    put(files, "c", b"3")
    assert rename(files, "c", "b", **unchanged_since(seen)) == "ConditionNotMet"
    client = files.get_file_client("b")
    assert (client.download_file().readall(), client.get_file_properties().metadata) == (b"2", {"n": "2"})


def test_an_etag_of_a_destination_that_is_gone_is_refused(files: FileSystemClient) -> None:
    put(files, "a")

    assert rename(files, "a", "b", **unchanged_since('"0x8D0000000000000"')) == "ConditionNotMet"


def test_a_stale_source_is_refused(files: FileSystemClient) -> None:
    stale = put(files, "a", b"1").get_file_properties().etag
    put(files, "a", b"2")
    conditions = {"source_etag": stale, "source_match_condition": MatchConditions.IfNotModified}

    assert rename(files, "a", "b", **conditions) == "SourceConditionNotMet"


def test_a_missing_source_is_refused(files: FileSystemClient) -> None:
    assert rename(files, "a", "b") == "SourcePathNotFound"


def test_a_missing_parent_is_refused(files: FileSystemClient) -> None:
    put(files, "a")

    assert rename(files, "a", "nowhere/b") == "RenameDestinationParentPathNotFound"
    assert files.get_file_client("a").exists()


def test_a_file_does_not_replace_a_directory_nor_the_reverse(files: FileSystemClient) -> None:
    put(files, "a")
    files.create_directory("d")

    assert rename(files, "a", "d") == "InvalidSourceOrDestinationResourceType"
    assert move(files, "d", "a") == "InvalidSourceOrDestinationResourceType"


def test_a_directory_moves_with_all_that_is_in_it(files: FileSystemClient) -> None:
    put(files, "d/x/a", b"1", metadata={"k": "v"})
    put(files, "d/b", b"2")

    assert move(files, "d", "e", **MISSING) == "done"

    assert {path.name for path in files.get_paths()} == {"e", "e/x", "e/x/a", "e/b"}
    assert files.get_file_client("e/x/a").get_file_properties().metadata == {"k": "v"}


def test_a_directory_does_not_replace_one_with_content(files: FileSystemClient) -> None:
    put(files, "d/a")
    put(files, "e/b")

    assert move(files, "d", "e") == "PathAlreadyExists"
    assert move(files, "d", "e", **MISSING) == "PathAlreadyExists"
    assert files.get_file_client("e/b").exists()


def test_a_directory_does_not_move_into_itself(files: FileSystemClient) -> None:
    files.create_directory("d")

    assert move(files, "d", "d/e") == "InvalidRenameSourcePath"


def test_a_rename_goes_to_another_file_system(lake: Any, files: FileSystemClient) -> None:
    other = lake.create_file_system(f"{files.file_system_name}-b")
    put(files, "a", b"x")

    files.get_file_client("a").rename_file(f"{other.file_system_name}/b")

    assert other.get_file_client("b").download_file().readall() == b"x"
    other.delete_file_system()


@pytest.mark.parametrize("landed", [False, True], ids=["first landing", "replacement"])
def test_of_two_writers_exactly_one_lands(files: FileSystemClient, *, landed: bool) -> None:
    """Ten rounds, both at once: one commit, one refusal, and the winner's bytes with the winner's
    metadata.
    """
    for number in range(10):
        target = f"w{number}"
        conditions = MISSING
        if landed:
            conditions = unchanged_since(put(files, target, b"old").get_file_properties().etag)
        for writer in ("a", "b"):
            put(files, f"stage-{writer}", writer.encode(), metadata={"attempt": writer})

        outcomes = _race(files, target, conditions)

        refusal = "ConditionNotMet" if landed else "PathAlreadyExists"
        assert sorted(outcomes.values()) == sorted(["done", refusal])
        client = files.get_file_client(target)
        winner = client.download_file().readall().decode()
        assert outcomes[winner] == "done"
        assert client.get_file_properties().metadata == {"attempt": winner}


def _race(files: FileSystemClient, target: str, conditions: dict[str, Any]) -> dict[str, str]:
    start = threading.Barrier(2)
    outcomes: dict[str, str] = {}

    def land(writer: str) -> None:
        start.wait()
        outcomes[writer] = rename(files, f"stage-{writer}", target, **conditions)

    threads = [threading.Thread(target=land, args=(writer,)) for writer in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_reader_never_sees_a_part(files: FileSystemClient) -> None:
    """While one file is replaced by renames, every read is one of the versions, whole."""
    size = 300_000
    put(files, "final", b"0" * size)
    done = threading.Event()
    bad: list[bytes] = []

    def read() -> None:
        while not done.is_set():
            content = files.get_file_client("final").download_file().readall()
            if len(content) != size or len(set(content)) != 1:
                bad.append(content[:10])

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 10):
        put(files, "stage", str(number % 10).encode() * size)
        assert rename(files, "stage", "final") == "done"
    done.set()
    for reader in readers:
        reader.join()

    assert bad == []
