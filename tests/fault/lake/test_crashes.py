"""Killed at any moment, the lake keeps what was committed, whole and with its own metadata, and takes up
again.
"""

from __future__ import annotations

import http.client
import os
import signal
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure.storage.filedatalake import FileSystemClient

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # see conftest.py
OLD, NEW = b"old" * 50_000, b"new!" * 50_000
# The requests of one landing, as they pass over the wire: method, and what its path and query contain.
LANDING = {
    "create": ("PUT", "resource=file"),
    "append": ("PATCH", "action=append"),
    "flush": ("PATCH", "action=flush"),
    "rename": ("PUT", "mode=legacy"),
}


def patiently(sandbox: Any, account: str) -> Any:
    """A client that tries again for as long as a restart of the lake takes."""
    return sandbox.lake_client(
        account, retry_total=8, initial_backoff=0.1, increment_base=0.3, random_jitter_range=0
    )


def land(files: FileSystemClient, attempt: str, content: bytes, seen: str | None) -> None:
    stage = files.get_file_client(f"_staging/{attempt}")
    stage.upload_data(content, overwrite=True, metadata={"attempt": attempt})
    conditions: dict[str, Any] = {"match_condition": MatchConditions.IfMissing}
    if seen is not None:
        conditions = {"etag": seen, "match_condition": MatchConditions.IfNotModified}
    stage.rename_file(f"{files.file_system_name}/final", **conditions)


def landed(files: FileSystemClient) -> tuple[bytes, str]:
    """Bytes and metadata of one answer: another version may be there at the next."""
    reader = files.get_file_client("final").download_file()
    return reader.readall(), reader.properties.metadata["attempt"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", list(LANDING))
def test_a_kill_leaves_the_old_or_the_new(sandbox: Any, step: str, when: str) -> None:
    """Whichever request of a replacement the lake dies at: bytes and metadata belong together, and a rerun
    lands.
    """
    account = f"crash{step}{when}"
    with patiently(sandbox, account) as lake:
        files = lake.create_file_system("data")
        land(files, "old", OLD, None)
        seen = files.get_file_client("final").get_file_properties().etag
        method, query = LANDING[step]
        sandbox.order_fault(
            service="lake", method=method, path=f"/{account}/.*{query}", action="kill", when=when, times=1
        )

        _tolerating_a_crash(lambda: land(files, "new", NEW, seen))
        assert landed(files) in ((OLD, "old"), (NEW, "new"))

        if landed(files)[1] != "new":
            land(files, "new", NEW, seen)
        assert landed(files) == (NEW, "new")


def _tolerating_a_crash(act: Callable[[], None]) -> None:
    """The SDK retries by itself. What it repeats may have happened: then a flush finds another etag (412),
    and a rename finds its source gone (404), as on the real service.
    """
    try:
        act()
    except HttpResponseError as error:
        if error.status_code not in (404, 412):
            raise


def test_a_lost_reply_of_a_rename_is_told_by_the_metadata(sandbox: Any) -> None:
    """The SDK retries by itself and gets 404 although the rename happened; the attempt in the metadata says
    so.
    """
    with patiently(sandbox, "lostreply") as lake:
        files = lake.create_file_system("data")
        sandbox.order_fault(
            service="lake", method="PUT", path="/lostreply/.*mode=legacy", action="drop_reply", times=1
        )

        with pytest.raises(HttpResponseError, match="SourcePathNotFound"):
            land(files, "mine", NEW, None)

        assert landed(files) == (NEW, "mine")


def test_a_refusal_can_be_ordered(sandbox: Any) -> None:
    """In the words of the interface, for as many requests as were ordered."""
    with sandbox.lake_client("refusing", retry_total=0) as lake:
        files = lake.create_file_system("data")
        sandbox.order_fault(
            service="lake",
            path="/refusing/",
            action="refuse",
            status=403,
            code="AuthorizationFailure",
            times=1,
        )

        with pytest.raises(HttpResponseError) as refused:
            files.create_file("a")
        assert refused.value.status_code == 403
        files.create_file("a")


def test_what_was_appended_survives_a_kill(sandbox: Any) -> None:
    """Uncommitted bytes, leases and metadata are as durable as committed ones."""
    with patiently(sandbox, "appended") as lake:
        files = lake.create_file_system("data")
        client = files.create_file("a", metadata={"k": "v"})
        client.append_data(b"world", offset=5)
        lease = client.acquire_lease(60)
        sandbox.order_fault(service="lake", path="/appended/.*nothing-here", action="kill", times=1)
        assert not files.get_file_client("nothing-here").exists()

        client.append_data(b"hello", offset=0, lease=lease)
        with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
            client.flush_data(10)
        client.flush_data(10, lease=lease)

        assert client.download_file().readall() == b"helloworld"
        assert client.get_file_properties().metadata == {"k": "v"}
        lease.release()


def test_kills_at_random_instants_never_show_a_part(
    start_sandbox: Callable[..., Any], tmp_path: Path
) -> None:
    """SIGKILL while files are replaced as fast as they can be: every one is a version that was landed,
    whole.
    """
    running = start_sandbox(tmp_path / "state")
    with patiently(running, "random") as lake:
        files = lake.create_file_system("data")
        stop = threading.Event()
        writer = threading.Thread(target=_keep_landing, args=(files, stop))
        writer.start()
        try:
            for pause in (0.31, 0.17, 0.23):
                time.sleep(pause)
                os.kill(_lake_pid(running), signal.SIGKILL)
                content, attempt = _soon(lambda: landed(files))
                assert content == attempt.encode() * 100_000
        finally:
            stop.set()
            writer.join()
    assert list((tmp_path / "state/lake/.trash").iterdir()) == []


def _keep_landing(files: FileSystemClient, stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        attempt = f"n{number:04}"
        stage = files.get_file_client("stage")
        try:
            stage.upload_data(attempt.encode() * 100_000, overwrite=True, metadata={"attempt": attempt})
            stage.rename_file(f"{files.file_system_name}/final")
        except AzureError:
            continue  # the lake was killed under it: the next version tries again


def _soon(read: Callable[[], Any], seconds: float = 10) -> Any:
    """The first answer, once the first landing is through and the lake is back."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return read()
        except AzureError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _lake_pid(running: Any) -> int:
    return int((running.state / "lake.lock").read_text())


def test_a_body_that_ends_early_leaves_nothing(sandbox: Any) -> None:
    """The connection dies in the middle of an append: a flush of its length is refused."""
    url = sandbox.account("cutshort")
    with sandbox.lake_client("cutshort") as lake:
        client = lake.create_file_system("data").create_file("a")

        trust = ssl.create_default_context(cafile=sandbox.bundle)
        connection = http.client.HTTPSConnection("127.0.0.1", sandbox.ports[1], context=trust)
        connection.putrequest("PATCH", f"{urlsplit(url).path}/data/a?action=append&position=0")
        connection.putheader("Authorization", f"Bearer {sandbox.token('https://storage.azure.com')}")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"x" * 500)
        connection.close()

        for position in (500, 1000):
            with pytest.raises(HttpResponseError, match="InvalidFlushPosition"):
                client.flush_data(position)
