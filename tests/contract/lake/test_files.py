"""What every lake does with single files and directories, seen through Microsoft's SDK."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.filedatalake import ContentSettings, FileSystemClient

NAMES = [
    "a b/c+d=é.txt",
    "q?x#y&z.txt",
    "100% sure.csv",
    "window=2026-11-22T00-00-00Z/p.parquet",
    "日本/x.csv",
]


def put(files: FileSystemClient, path: str, content: bytes = b"content", **options: Any) -> Any:
    client = files.get_file_client(path)
    client.upload_data(content, overwrite=True, **options)
    return client


def code(error: pytest.ExceptionInfo[HttpResponseError]) -> str:
    return str(
        error.value.error_code.value if hasattr(error.value.error_code, "value") else error.value.error_code
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_as_it_is(files: FileSystemClient, name: str) -> None:
    """Spaces, #, %, +, =, & and letters beyond ASCII come back from a listing, and lead to the same bytes."""
    put(files, name, b"x")

    listed = [path.name for path in files.get_paths() if not path.is_directory]
    assert listed == [name]
    assert files.get_file_client(name).download_file().readall() == b"x"


def test_properties_say_what_was_uploaded(files: FileSystemClient) -> None:
    """Metadata keep their case, and the content type its value."""
    settings = ContentSettings(content_type="text/csv", cache_control="no-store")
    client = put(files, "a.csv", b"12345", metadata={"RunId": "7"}, content_settings=settings)

    found = client.get_file_properties()
    assert (found.size, found.metadata, found.content_settings.content_type) == (
        5,
        {"RunId": "7"},
        "text/csv",
    )
    assert found.content_settings.cache_control == "no-store"


def test_set_metadata_replaces_all_of_it_and_changes_the_etag(files: FileSystemClient) -> None:
    client = put(files, "a", metadata={"old": "1", "both": "1"})
    before = client.get_file_properties().etag

    client.set_metadata({"both": "2"})

    found = client.get_file_properties()
    assert found.metadata == {"both": "2"}
    assert found.etag != before


def test_appends_may_arrive_in_any_order(files: FileSystemClient) -> None:
    """The SDK's own parallel upload sends them so."""
    client = files.create_file("a")
    client.append_data(b"world", offset=5)
    client.append_data(b"hello", offset=0)
    client.flush_data(10)

    assert client.download_file().readall() == b"helloworld"


def test_a_parallel_upload_is_whole(files: FileSystemClient) -> None:
    content = os.urandom(3_000_001)
    client = files.get_file_client("a")
    client.upload_data(content, overwrite=True, chunk_size=250_000, max_concurrency=4)

    assert client.download_file(max_concurrency=4).readall() == content


def test_what_is_not_flushed_is_not_there(files: FileSystemClient) -> None:
    client = files.create_file("a")
    client.append_data(b"hello", offset=0)

    assert client.get_file_properties().size == 0
    assert client.download_file().readall() == b""


@pytest.mark.parametrize("position", [4, 6])
def test_a_flush_beyond_what_arrived_is_refused(files: FileSystemClient, position: int) -> None:
    """A hole is never filled with anything."""
    client = files.create_file("a")
    client.append_data(b"world", offset=2)

    with pytest.raises(HttpResponseError) as refused:
        client.flush_data(position)
    assert code(refused) == "InvalidFlushPosition"


def test_an_append_continues_the_file(files: FileSystemClient) -> None:
    client = put(files, "log", b"one\n")
    client.append_data(b"two\n", offset=4, flush=True)

    assert client.download_file().readall() == b"one\ntwo\n"


def test_a_range_is_read(files: FileSystemClient) -> None:
    client = put(files, "a", b"0123456789")

    assert client.download_file(offset=3, length=4).readall() == b"3456"


def test_an_empty_file_is_read_as_empty(files: FileSystemClient) -> None:
    """The service answers the SDK's first range with 416; the SDK asks again without one."""
    assert files.create_file("a").download_file().readall() == b""


def test_a_range_behind_the_end_is_refused(files: FileSystemClient) -> None:
    client = put(files, "a", b"0123")

    with pytest.raises(HttpResponseError) as refused:
        client.download_file(offset=4, length=1)
    assert refused.value.status_code == 416


def test_a_reader_keeps_the_version_it_began_with(files: FileSystemClient) -> None:
    """Later chunks carry the first one's etag: a replaced file ends the download instead of mixing
    versions.
    """
    client = put(files, "a", b"1" * 300_000)
    options: Any = {"max_concurrency": 1}
    reader = files.get_file_client("a").download_file(**options)
    etag = reader.properties.etag
    put(files, "a", b"2" * 300_000)

    with pytest.raises(HttpResponseError) as refused:
        client.download_file(etag=etag, match_condition=MatchConditions.IfNotModified)
    assert code(refused) == "ConditionNotMet"
    assert refused.value.status_code == 412


def test_a_missing_file_is_missing_to_both_interfaces(files: FileSystemClient) -> None:
    client = files.get_file_client("nowhere/a")

    assert not client.exists()
    with pytest.raises(ResourceNotFoundError) as refused:
        client.append_data(b"x", offset=0)
    assert code(refused) == "PathNotFound"


def test_creating_with_if_missing_refuses_an_existing_file(files: FileSystemClient) -> None:
    client = put(files, "a", b"kept")

    with pytest.raises(ResourceExistsError) as refused:
        client.create_file(match_condition=MatchConditions.IfMissing)
    assert code(refused) == "PathAlreadyExists"
    assert client.download_file().readall() == b"kept"


def test_creating_with_a_stale_etag_is_refused(files: FileSystemClient) -> None:
    client = put(files, "a", b"1")
    stale = client.get_file_properties().etag
    put(files, "a", b"2")

    with pytest.raises(HttpResponseError) as refused:
        client.create_file(etag=stale, match_condition=MatchConditions.IfNotModified)
    assert (refused.value.status_code, code(refused)) == (412, "ConditionNotMet")


def test_flushing_with_a_stale_etag_is_refused(files: FileSystemClient) -> None:
    client = files.create_file("a")
    stale = client.get_file_properties().etag
    client.set_metadata({"touched": "1"})
    client.append_data(b"x", offset=0)

    with pytest.raises(HttpResponseError) as refused:
        client.flush_data(1, etag=stale, match_condition=MatchConditions.IfNotModified)
    assert code(refused) == "ConditionNotMet"


def test_a_directory_may_be_made_again(files: FileSystemClient) -> None:
    """It keeps what is in it; only `IfMissing` refuses."""
    put(files, "d/a", b"x")
    files.create_directory("d")

    assert files.get_file_client("d/a").exists()
    with pytest.raises(ResourceExistsError) as refused:
        files.create_directory("d", match_condition=MatchConditions.IfMissing)
    assert code(refused) == "PathAlreadyExists"


@pytest.mark.parametrize("make", ["create_file", "create_directory"])
def test_nothing_can_be_made_below_a_file(files: FileSystemClient, make: str) -> None:
    put(files, "a")

    with pytest.raises(HttpResponseError) as refused:
        getattr(files, make)("a/b")
    assert (refused.value.status_code, code(refused)) == (409, "PathConflict")


def test_a_file_does_not_become_a_directory(files: FileSystemClient) -> None:
    put(files, "a")
    files.create_directory("d")

    for make, path in ((files.create_directory, "a"), (files.create_file, "d")):
        with pytest.raises(HttpResponseError) as refused:
            make(path)
        assert code(refused) == "PathConflict"


def test_deleting_a_directory_takes_all_of_it(files: FileSystemClient) -> None:
    for number in range(5):
        put(files, f"d/sub{number}/a")
    files.delete_directory("d")

    assert list(files.get_paths()) == []


def test_deleting_with_a_stale_etag_is_refused(files: FileSystemClient) -> None:
    client = put(files, "a", b"1")
    stale = client.get_file_properties().etag
    put(files, "a", b"2")

    with pytest.raises(HttpResponseError):
        client.delete_file(etag=stale, match_condition=MatchConditions.IfNotModified)
    assert client.exists()


def test_a_listing_continues_where_it_stopped(files: FileSystemClient) -> None:
    """Every path once, directories included, whatever the page's size and the letters in its last name."""
    names = {f"é{number % 3}/sub-{number}/f" for number in range(9)}
    for name in names:
        put(files, name)

    for size in (1, 2, 5, 100):
        listed = [path.name for path in files.get_paths(max_results=size)]
        assert len(listed) == len(set(listed)) == 9 + 9 + 3
        assert names <= set(listed)


def test_a_listing_may_stay_on_one_level(files: FileSystemClient) -> None:
    put(files, "d/a/x")
    put(files, "d/b")

    found = {
        path.name: (path.is_directory, path.content_length) for path in files.get_paths("d", recursive=False)
    }
    assert found == {"d/a": (True, 0), "d/b": (False, 7)}


def test_a_listing_of_what_is_not_there_is_refused(files: FileSystemClient) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        list(files.get_paths("nowhere"))
    assert code(refused) == "PathNotFound"


def test_a_listed_etag_opens_the_file(files: FileSystemClient) -> None:
    """Work items are made of a listing, and read with its etags: without quotes, as JSON has them."""
    put(files, "a", b"x")
    (listed,) = files.get_paths()

    reader = files.get_file_client("a").download_file(
        etag=listed.etag, match_condition=MatchConditions.IfNotModified
    )
    assert reader.readall() == b"x"


def test_a_lease_keeps_others_from_writing(files: FileSystemClient) -> None:
    client = files.create_file("lock")
    lease = client.acquire_lease(15)

    with pytest.raises(HttpResponseError) as refused:
        client.set_metadata({"a": "1"})
    assert code(refused) == "LeaseIdMissing"
    client.set_metadata({"a": "1"}, lease=lease)
    lease.renew()
    lease.release()
    client.set_metadata({"a": "2"})


def test_a_second_lease_is_refused(files: FileSystemClient) -> None:
    client = files.create_file("lock")
    client.acquire_lease(15)

    with pytest.raises(HttpResponseError) as refused:
        client.acquire_lease(15)
    assert code(refused) == "LeaseAlreadyPresent"


def test_a_broken_lease_frees_the_file(files: FileSystemClient) -> None:
    client = files.create_file("lock")
    lease = client.acquire_lease(-1)

    assert lease.break_lease(lease_break_period=0) == 0
    client.set_metadata({"a": "1"})


def test_of_many_who_ask_for_a_lease_one_gets_it(files: FileSystemClient) -> None:
    client = files.create_file("lock")
    winners: list[Any] = []

    def ask() -> None:
        with suppress(ResourceExistsError):  # 409
            winners.append(client.acquire_lease(15))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(winners) == 1


def test_access_control_is_kept(files: FileSystemClient) -> None:
    client = put(files, "a")
    client.set_access_control(permissions="0640")

    assert client.get_access_control()["permissions"] == "rw-r-----"


def test_the_root_has_access_control(files: FileSystemClient) -> None:
    """By this, Arrow's client tells a hierarchical account from a flat one."""
    root = files.get_directory_client("/")

    assert root.get_access_control()["owner"]


def test_a_file_system_shows_its_metadata(lake: Any, files: FileSystemClient) -> None:
    files.set_file_system_metadata({"Team": "scoring"})

    assert files.get_file_system_properties().metadata == {"Team": "scoring"}
    assert files.file_system_name in {
        found.name for found in lake.list_file_systems(name_starts_with="contract-")
    }
    with pytest.raises(ResourceExistsError):
        lake.create_file_system(files.file_system_name)


def test_a_file_system_that_was_changed_is_not_deleted_nor_described(files: FileSystemClient) -> None:
    """By who says that it must not have been, or must have been, since."""
    long_ago, ahead = datetime(2001, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)

    with pytest.raises(HttpResponseError) as kept:
        files.delete_file_system(if_unmodified_since=long_ago)
    with pytest.raises(HttpResponseError) as same:
        files.set_file_system_metadata({"a": "1"}, if_modified_since=ahead)

    assert (code(kept), code(same)) == ("ConditionNotMet", "ConditionNotMet")
    assert not files.get_file_system_properties().metadata
