"""Copy, while the lake loses replies, is busy, or the run is cancelled: whole files or none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.datafactory.factories import client_of, eventually, new_factory
from tests.contract.datafactory.lake_data import LakeData, copy, lake_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure

MOST_REQUESTS = 10  # a copy of one file makes seven
CONTENT = b"id,name\n" + b"1,somebody\n" * 150_000  # more than one block


@pytest.fixture(scope="module")
def lake(sandbox: LocalAzure) -> Iterator[LakeData]:
    client = client_of(sandbox)
    with contextlib.closing(client):
        yield from lake_data(new_factory(sandbox, client), "copyfaults")
    sandbox.clear_faults()


def binary(lake: LakeData, **reading: Any) -> Any:
    source, sink = lake.dataset("Binary", "in/"), lake.dataset("Binary", "out/")
    return copy(source, sink, kinds=("Binary", "Binary"), reading=reading)


def fault(lake: LakeData, **order: Any) -> None:
    lake.factory.azure.order_fault(service="lake", path="/copyfaults", **order)


@pytest.mark.parametrize(
    "order", [{"action": "drop_reply"}, {"action": "refuse", "status": 503}], ids=lambda one: one["action"]
)
def test_a_copy_survives_each_lost_or_refused_request(lake: LakeData, order: dict[str, Any]) -> None:
    """Listing, ranges, blocks, commit and deletion, each in its turn: asked again, the same comes of it."""
    moving = binary(lake, deleteFilesAfterCompletion=True)
    for skip in range(MOST_REQUESTS):
        lake.put("in/a.csv", CONTENT)
        fault(lake, times=1, skip=skip, **order)
        output = lake.output(moving)
        missed = lake.factory.azure.arm("DELETE", "/_sandbox/faults")

        assert missed.ok
        assert lake.get("out/a.csv") == CONTENT
        assert lake.paths("in") == []
        assert output["filesWritten"] == 1
        lake.files.delete_directory("out")


def test_a_copy_survives_a_lake_that_dies(lake: LakeData) -> None:
    """Before each request in turn; it is started again, and the request is made again."""
    lake.put("in/a.csv", CONTENT)
    for skip in range(MOST_REQUESTS):
        fault(lake, action="kill", times=1, skip=skip)
        output = lake.output(binary(lake))
        lake.factory.azure.clear_faults()

        assert output["filesWritten"] == 1
        assert lake.get("out/a.csv") == CONTENT
        lake.files.delete_directory("out")


def test_a_cancelled_copy_writes_nothing_afterwards(lake: LakeData) -> None:
    """The request under way may still be done; the file is whole or absent, and stays so."""
    lake.put("in/a.csv", CONTENT)
    fault(lake, action="delay", seconds=2, method="PUT", times=1)
    lake.factory.pipeline("cancelled", binary(lake))
    run_id = lake.factory.start("cancelled")
    eventually(lambda: lake.factory.activities(run_id).get("copy", {}).get("status") == "InProgress")

    lake.factory.client.pipeline_runs.cancel(*lake.factory.place, run_id)

    assert lake.factory.finish(run_id)["status"] == "Cancelled"
    assert "out/a.csv" not in lake.paths()


def test_input_that_changes_fails_the_copy(lake: LakeData) -> None:
    """The rest of another file is never put behind the beginning of this one."""
    lake.put("in/a.csv", CONTENT)
    fault(lake, action="delay", seconds=2, method="GET", times=1, skip=2)
    lake.factory.pipeline("changing", binary(lake))
    run_id = lake.factory.start("changing")
    eventually(lambda: lake.factory.activities(run_id).get("copy", {}).get("status") == "InProgress")

    lake.put("in/a.csv", CONTENT[::-1])

    run = lake.factory.finish(run_id)
    assert run["status"] == "Failed"
    assert "UserErrorFileChanged" in run["message"]
    assert "out/a.csv" not in lake.paths()
