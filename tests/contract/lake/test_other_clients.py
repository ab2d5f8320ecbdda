"""Clients that were not written with this lake in mind: the Blob SDK, Arrow's own filesystem, and curl-like
requests.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerClient

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "otherclients"

ARROW = """
import sys
import pyarrow as pa, pyarrow.dataset as ds, pyarrow.fs as fs
account, key, authority = sys.argv[1:]
lake = fs.AzureFileSystem(account_name=account, account_key=key, blob_storage_authority=authority,
                          dfs_storage_authority=authority)
lake.create_dir("arrow")  # by itself: Arrow asks an existing container whether the account is hierarchical
lake.create_dir("arrow/d/deep", recursive=True)
with lake.open_output_stream("arrow/d/a.bin", metadata={"Content-Type": "x/y"}) as out:
    out.write(b"0123456789" * 100_000)
with lake.open_input_file("arrow/d/a.bin") as file:
    assert file.size() == 1_000_000 and file.read_at(5, 10) == b"01234"
lake.move("arrow/d/a.bin", "arrow/d/b.bin")
lake.move("arrow/d", "arrow/e")
assert lake.get_file_info("arrow/e/b.bin").size == 1_000_000
assert lake.get_file_info("arrow/d").type == fs.FileType.NotFound
table = pa.table({"part": [0, 1] * 500, "x": list(range(1000))})
ds.write_dataset(table, "arrow/set", filesystem=lake, format="parquet", partitioning=["part"])
assert ds.dataset("arrow/set", filesystem=lake, partitioning=["part"]).count_rows() == 1000
found = lake.get_file_info(fs.FileSelector("arrow", recursive=True))
print(len(found))
lake.delete_dir("arrow/e")
lake.delete_dir_contents("arrow/set")
try:
    lake.open_input_file("arrow/nothing")
except FileNotFoundError:
    print("fine")
"""


@pytest.fixture(scope="module")
def key(sandbox: Any) -> str:
    sandbox.account(ACCOUNT)
    return str(sandbox.account_key(ACCOUNT))


@pytest.fixture
def container(sandbox: Any, key: str) -> Iterator[ContainerClient]:
    """By the account's key."""
    credential = AzureNamedKeyCredential(ACCOUNT, key)
    url = f"{sandbox.lake}/{ACCOUNT}"
    with BlobServiceClient(url, credential, connection_verify=sandbox.bundle, retry_total=0) as service:
        yield service.create_container(f"c{uuid.uuid4().hex[:10]}")


def test_arrow_sees_a_hierarchical_account(sandbox: Any, key: str) -> None:
    """It makes, moves, lists and deletes directories by the Data Lake interface, and writes by the Blob one.

    In a process of its own: a header that it misses ends the interpreter.
    """
    authority = sandbox.lake.removeprefix("https://")
    ran = subprocess.run(
        [sys.executable, "-c", ARROW, ACCOUNT, key, authority],
        env=sandbox.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.stdout.split(), ran.returncode) == (["8", "fine"], 0), ran.stderr


def test_a_blob_is_uploaded_in_one_request_or_in_blocks(container: ContainerClient) -> None:
    whole = container.upload_blob("d/whole", b"x" * 1000, metadata={"K": "v"})
    blob = container.get_blob_client("d/blocks")
    for name in ("b", "a"):
        blob.stage_block(name, name.encode() * 3)
    blob.commit_block_list([BlobBlock("a"), BlobBlock("b")])

    assert whole.download_blob().readall() == b"x" * 1000
    assert whole.get_blob_properties().metadata == {"K": "v"}
    assert blob.download_blob().readall() == b"aaabbb"


def test_a_block_list_names_only_blocks_that_are_there(container: ContainerClient) -> None:
    with pytest.raises(HttpResponseError, match="InvalidBlockList"):
        container.get_blob_client("a").commit_block_list([BlobBlock("never")])


def test_an_uncommitted_blob_is_not_there(container: ContainerClient) -> None:
    container.get_blob_client("a").stage_block("x", b"1")

    assert not container.get_blob_client("a").exists()
    assert [block.id for block in container.get_blob_client("a").get_block_list("uncommitted")[1]] == ["x"]


def test_a_blob_is_not_overwritten_unless_asked(container: ContainerClient) -> None:
    container.upload_blob("a", b"1")

    with pytest.raises(ResourceExistsError, match="BlobAlreadyExists"):
        container.upload_blob("a", b"2")
    container.upload_blob("a", b"2", overwrite=True)
    assert container.download_blob("a").readall() == b"2"


def test_a_conditional_read_says_that_nothing_changed(container: ContainerClient) -> None:
    blob = container.upload_blob("a", b"1")
    etag = blob.get_blob_properties().etag

    with pytest.raises(HttpResponseError) as unchanged:
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfModified)
    assert unchanged.value.status_code == 304


def test_blobs_are_listed_by_prefix_and_level(container: ContainerClient) -> None:
    """Directories too, as on an account with a hierarchical namespace."""
    for name in ("a-b", "a/1", "a/2", "b/c/d"):
        container.upload_blob(name, b"x", metadata={"n": name[0]})

    assert [blob.name for blob in container.list_blobs()] == ["a-b", "a", "a/1", "a/2", "b", "b/c", "b/c/d"]
    assert {item.name for item in container.walk_blobs()} == {"a-b", "a/", "b/"}
    assert [item.name for item in container.walk_blobs("a/")] == ["a/1", "a/2"]
    listed = list(container.list_blobs("a/", include=["metadata"], results_per_page=1))
    assert [(blob.name, blob.metadata) for blob in listed] == [("a/1", {"n": "a"}), ("a/2", {"n": "a"})]


@pytest.mark.parametrize("prefix", ["../", "../../", "/etc/", "./", "a//", "a/../"])
def test_a_prefix_that_is_no_path_begins_nothing(container: ContainerClient, prefix: str) -> None:
    """Nor does it lead out of the file system."""
    container.upload_blob("a/1", b"x")

    assert list(container.walk_blobs(prefix)) == list(container.list_blobs(prefix)) == []


def test_a_listing_says_what_is_leased(container: ContainerClient) -> None:
    container.upload_blob("free", b"x")
    container.upload_blob("leased", b"x").acquire_lease(15)

    assert [
        (blob.lease.state, blob.lease.status, blob.lease.duration) for blob in container.list_blobs()
    ] == [
        ("available", "unlocked", None),
        ("leased", "locked", "fixed"),
    ]


def test_a_digest_that_does_not_fit_is_refused(container: ContainerClient, sandbox: Any) -> None:
    url = f"{sandbox.lake}/{ACCOUNT}/{container.container_name}/a"
    headers = {
        "Authorization": f"Bearer {sandbox.token('https://storage.azure.com')}",
        "x-ms-blob-type": "BlockBlob",
        "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    answer = requests.put(url, b"content", headers=headers, verify=sandbox.bundle, timeout=30)

    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert not container.get_blob_client("a").exists()


def test_a_wrong_key_opens_nothing(sandbox: Any, key: str) -> None:
    """Nor does the key of another account."""
    sandbox.account("another")
    for wrong in ("A" * 86 + "==", sandbox.account_key("another")):
        credential = AzureNamedKeyCredential(ACCOUNT, wrong)
        url = f"{sandbox.lake}/{ACCOUNT}"
        with (
            BlobServiceClient(url, credential, connection_verify=sandbox.bundle, retry_total=0) as service,
            pytest.raises(ClientAuthenticationError, match="AuthenticationFailed"),
        ):
            list(service.list_containers())
    assert key != sandbox.account_key("another")


@pytest.mark.parametrize(
    ("audience", "expected"),
    [("https://management.azure.com", 401), ("https://storage.azure.com", 200), (None, 401), ("forged", 401)],
)
def test_a_token_is_good_for_its_audience_only(
    sandbox: Any, key: str, audience: str | None, expected: int
) -> None:
    """And 401 carries the challenge that makes azure-core ask for another one."""
    assert key
    token = "eyJhbGciOiJub25lIn0.e30." if audience == "forged" else audience and sandbox.token(audience)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{sandbox.lake}/{ACCOUNT}/?comp=list"
    answer = requests.get(url, headers=headers, verify=sandbox.bundle, timeout=30)

    assert answer.status_code == expected
    assert ("resource_id=https://storage.azure.com" in answer.headers.get("WWW-Authenticate", "")) == (
        expected == 401
    )


def test_an_old_signature_is_refused(sandbox: Any, key: str) -> None:
    """A recorded request cannot be played again tomorrow."""
    assert key
    headers = {"x-ms-date": formatdate(0, usegmt=True), "Authorization": f"SharedKey {ACCOUNT}:AAAA"}
    answer = requests.get(
        f"{sandbox.lake}/{ACCOUNT}/?comp=list", headers=headers, verify=sandbox.bundle, timeout=5
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "fs/../../../etc/passwd",
        "fs/a/%2e%2e/b",
        "fs/a%5Cb",
        "fs/a%00b",
        "fs/a//b",
        "fs/%ff",
        "FS/a",
        "fs/" + "x" * 300,
    ],
)
def test_hostile_names_are_refused(sandbox: Any, key: str, target: str) -> None:
    """Before any disk sees them; the request is sent as it is, no client tidies it."""
    assert key
    prepared = requests.Request("PUT", f"{sandbox.lake}/{ACCOUNT}/", params={"resource": "file"}).prepare()
    prepared.url = f"{sandbox.lake}/{ACCOUNT}/{target}?resource=file"
    prepared.headers["Authorization"] = f"Bearer {sandbox.token('https://storage.azure.com')}"
    prepared.headers["Content-Length"] = "0"
    with requests.Session() as session:
        answer = session.send(prepared, verify=sandbox.bundle, timeout=30)

    assert answer.status_code == 400
    assert answer.headers["x-ms-error-code"] in ("InvalidUri", "InvalidResourceName")


@pytest.mark.parametrize(
    ("method", "query", "headers"),
    [
        ("PUT", "", {"x-ms-copy-source": "https://elsewhere/a"}),
        ("PUT", "", {"x-ms-blob-type": "PageBlob"}),
        ("PUT", "?comp=tags", {}),
        ("GET", "?snapshot=1", {}),
        ("PATCH", "?action=setAccessControlRecursive&mode=set", {}),
        ("PUT", "?resource=file", {"x-ms-expiry-option": "NeverExpire"}),
        ("PUT", "?resource=file", {"x-ms-lease-duration": "15"}),
        ("PATCH", "?action=append&position=0", {"x-ms-lease-action": "acquire"}),
        ("PATCH", "?action=flush&position=0", {"x-ms-lease-action": "release"}),
    ],
)
def test_what_is_not_done_is_refused_by_name(
    sandbox: Any, key: str, method: str, query: str, headers: dict[str, str]
) -> None:
    """A header that changes what a request means is never ignored."""
    assert key
    answer = requests.request(
        method,
        f"{sandbox.lake}/{ACCOUNT}/any/a{query}",
        headers={"Authorization": f"Bearer {sandbox.token('https://storage.azure.com')}", **headers},
        verify=sandbox.bundle,
        timeout=30,
    )

    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (501, "NotImplementedByLocalAzure")
    assert "sandbox/README.md" in answer.text
