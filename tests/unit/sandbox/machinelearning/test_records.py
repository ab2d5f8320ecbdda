"""Runs, metrics, models and files: what is kept and how it is found."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from sandbox.errors import AzureError, NotEmulated
from sandbox.machinelearning.errors import BadRequest, ModelNotFound
from sandbox.machinelearning.run_filter import parse_filter
from tests.unit.sandbox.machinelearning.local_workspace import Document, LocalWorkspace, Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MODEL = {"name": "diabetes", "url": "aml://asset/1"}
RUN = {
    "runId": "r1",
    "parentRunId": None,
    "status": "Completed",
    "tags": {"model": "a b"},
    "createdUtc": "2026-11",
}


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def register(local: LocalWorkspace, **body: object) -> Document:
    return local.service.registry.register(local.workspace, {**MODEL, **body})


def test_a_run_that_has_ended_keeps_its_end(local: LocalWorkspace) -> None:
    """A cancelled step whose process still reports success stays Canceled."""
    run = local.accept(local.publish(Step("a")))
    for status in ("Canceled", "Completed"):
        local.service.history.end(local.workspace, run["runId"], status)  # type: ignore[arg-type]
    local.service.history.patch(local.workspace, run["runId"], {"status": "Running"})

    assert local.service.history.run(local.workspace, run["runId"])["status"] == "Canceled"


def test_tags_change_and_properties_do_not(local: LocalWorkspace) -> None:
    run_id = local.accept(local.publish(Step("a")))["runId"]
    local.service.history.patch(local.workspace, run_id, {"tags": {"a": 1}, "properties": {"p": "1"}})

    changed = local.service.history.patch(local.workspace, run_id, {"tags": {"a": "2"}})

    assert changed["tags"]["a"] == "2"
    with pytest.raises(BadRequest, match="cannot be changed"):
        local.service.history.patch(local.workspace, run_id, {"properties": {"p": "2"}})


def test_metrics_of_one_name_are_one_list(local: LocalWorkspace) -> None:
    run_id = local.accept(local.publish(Step("a")))["runId"]
    for value in (1.5, 1.25):
        metric = {"name": "rmse", "columns": {"rmse": "double"}, "value": [{"data": {"rmse": value}}]}
        local.service.history.log_metrics(local.workspace, run_id, [metric])

    found = local.service.history.metrics(local.workspace, run_id)["rmse"]
    assert [one["data"]["rmse"] for one in found["value"]] == [1.5, 1.25]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, True),
        ("(ParentRunId eq null)", True),
        ("(Status eq Completed) and (Tags/model eq a b)", True),
        ("(Tags/model ne null or Tags/model eq null)", True),
        ("RunId ne r1", False),
        ("RunId eq r0 or RunId eq r1", True),
        ("(CreatedUtc ge 2027)", False),
    ],
)
def test_the_sdks_filters_choose_runs(text: str | None, expected: bool) -> None:  # noqa: FBT001
    assert parse_filter(text)(RUN) is expected


@pytest.mark.parametrize("text", ["RunId", "startswith(RunId, 'a')", "RunId like x", "(RunId eq r1"])
def test_other_filters_are_refused_by_name(text: str) -> None:
    """A filter that is ignored would answer with the wrong runs."""
    with pytest.raises(NotEmulated, match="The run filter"):
        parse_filter(text)


def test_a_models_versions_count_up_and_come_newest_first(local: LocalWorkspace) -> None:
    """A number is never used twice, also when its version was deleted."""
    register(local), register(local)
    local.service.registry.delete_model(local.workspace, "diabetes:2")
    register(local)

    found = local.service.registry.models(local.workspace, {"name": "diabetes"})
    assert [model["version"] for model in found] == [3, 1]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({"count": "1"}, [3]),
        ({"tags": "approved"}, [3, 1]),
        ({"tags": "approved=yes"}, [1]),
        ({"tags": "approved=yes,other"}, []),
        ({"latestversiononly": "true"}, [3]),
        ({"name": "none"}, []),
    ],
)
def test_models_are_found_by_name_and_tags(
    local: LocalWorkspace, query: dict[str, str], versions: list[int]
) -> None:
    register(local, kvTags={"approved": "yes"})
    register(local)
    register(local, kvTags={"approved": "no"})

    found = local.service.registry.models(local.workspace, query)

    assert [model["version"] for model in found] == versions


def test_a_models_tags_are_patched_and_its_files_are_not(local: LocalWorkspace) -> None:
    register(local)
    patch = [{"op": "replace", "path": "/kvTags", "value": {"approved": "yes"}}]

    changed = local.service.registry.patch_model(local.workspace, "diabetes:1", patch)

    assert changed["kvTags"] == {"approved": "yes"}
    with pytest.raises(BadRequest, match="'url' cannot be changed"):
        local.service.registry.patch_model(local.workspace, "diabetes:1", [{"op": "add", "path": "/url"}])
    with pytest.raises(ModelNotFound):
        local.service.registry.patch_model(local.workspace, "diabetes:9", patch)


def test_an_address_permits_what_it_was_signed_for(local: LocalWorkspace) -> None:
    """A reading address does not write, another path or a changed end is not signed."""
    blobs = local.service.blobs
    blob = blobs.blob(local.workspace, "artifacts/a/b/ c.txt")
    url = urlsplit(blobs.url(blob, "r"))
    query = dict(parse_qsl(url.query))
    path = unquote(url.path).removeprefix("/azureml/")

    assert blobs.opened(path, query, "r") == blob
    for wrong in ((path, query, "w"), (path + "x", query, "r"), (path, {**query, "se": "2999"}, "r")):
        with pytest.raises(AzureError, match="AuthenticationFailed"):
            blobs.opened(*wrong)


def test_the_host_of_an_address_survives_the_sdks_taking_apart(local: LocalWorkspace) -> None:
    """The SDK splits it at dots into account, "blob" and suffix, and joins them again."""
    blobs = local.service.blobs
    host = urlsplit(blobs.url(blobs.blob(local.workspace, "x"))).netloc

    account, blob, suffix = host.split(".", 2)

    assert (account, blob, suffix) == ("stlocal", "blob", "@127.0.0.1:1")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\0b", "a\nrcw"])
def test_no_path_leads_out_of_the_workspaces_storage(local: LocalWorkspace, path: str) -> None:
    with pytest.raises(BadRequest):
        local.service.blobs.blob(local.workspace, path)


def test_a_blob_is_written_whole_or_not_at_all(local: LocalWorkspace) -> None:
    """A broken upload leaves the old content, and no litter."""
    blobs = local.service.blobs
    blob = blobs.blob(local.workspace, "a.txt")

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError

    asyncio.run(blobs.write(blob, chunks(b"old")))
    with pytest.raises(ConnectionError):
        asyncio.run(blobs.write(blob, broken()))

    assert blob.file.read_bytes() == b"old"
    assert list((blob.uploads / "drafts").iterdir()) == []


def test_blocks_become_a_blob_in_the_lists_order(local: LocalWorkspace) -> None:
    blobs = local.service.blobs
    blob = blobs.blob(local.workspace, "big.bin")
    for name, content in (("Mg==", b"two"), ("MQ==", b"one")):
        asyncio.run(blobs.write_block(blob, name, chunks(content)))

    blobs.commit_blocks(blob, ["MQ==", "Mg=="])

    assert blob.file.read_bytes() == b"onetwo"
    assert [name for name, _ in blobs.files(local.workspace, "big.bin")] == ["big.bin"]
    with pytest.raises(AzureError, match="InvalidBlockList"):
        blobs.commit_blocks(blob, ["Mw=="])


def test_what_is_still_uploaded_is_no_artifact(local: LocalWorkspace) -> None:
    """Blocks without their list, here or for good, do not appear among a model's files."""
    blobs = local.service.blobs
    blob = blobs.blob(local.workspace, "artifacts/model/big.bin")

    asyncio.run(blobs.write_block(blob, "MQ==", chunks(b"half")))

    assert list(blobs.files(local.workspace, "artifacts/model")) == []


def test_a_file_may_have_any_name(local: LocalWorkspace) -> None:
    """None is taken for one of our own drafts."""
    blobs = local.service.blobs
    name = "artifacts/model/.part-1"

    asyncio.run(blobs.write(blobs.blob(local.workspace, name), chunks(b"weights")))

    assert [found for found, _ in blobs.files(local.workspace, "artifacts/model")] == [name]


def test_an_empty_list_of_blocks_is_an_empty_blob(local: LocalWorkspace) -> None:
    blob = local.service.blobs.blob(local.workspace, "empty.bin")

    local.service.blobs.commit_blocks(blob, [])

    assert blob.file.read_bytes() == b""


@pytest.mark.parametrize("block", ["", "x" * 500])
def test_a_block_without_a_proper_id_is_refused(local: LocalWorkspace, block: str) -> None:
    with pytest.raises(AzureError, match="InvalidQueryParameterValue"):
        local.service.blobs.blob(local.workspace, "a").block(block)


def test_a_start_sweeps_what_uploads_left(local: LocalWorkspace) -> None:
    """Drafts at once; blocks after a week, as their client may come back after our restart."""
    blobs = local.service.blobs
    fresh, old = (blobs.blob(local.workspace, name) for name in ("fresh", "old"))
    for blob in (fresh, old):
        asyncio.run(blobs.write_block(blob, "MQ==", chunks(b"1")))
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(old.blocks, (long_ago, long_ago))
    (fresh.uploads / "drafts" / "killed").touch()

    local.service.executor.recover()

    assert (fresh.blocks.exists(), old.blocks.exists()) == (True, False)
    assert not (fresh.uploads / "drafts").exists()


def test_a_script_does_not_decide_its_steps_end(local: LocalWorkspace) -> None:
    """A status that a client writes into a step's run changes nothing: its process is not over."""
    run = local.accept(local.publish(Step("a")))

    patched = local.service.history.patch(local.workspace, run["runId"], {"status": "Completed"})

    assert patched["status"] == "NotStarted"
