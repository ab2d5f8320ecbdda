"""Delete, Validation and GetMetadata over the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.datafactory.factories import activity, eventually, reference
from tests.contract.datafactory.lake_data import LakeData, lake_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.datafactory.factories import Factory

TREE = ("4.txt", "5.csv", "sub/6.txt", "sub/7.csv")


@pytest.fixture(scope="module")
def lake(factory: Factory) -> Iterator[LakeData]:
    yield from lake_data(factory, "activities")


def delete(dataset: Any, **settings: Any) -> Any:
    store = {"type": "AzureBlobFSReadSettings", **settings}
    return activity("delete", "Delete", dataset=dataset, storeSettings=store, enableLogging=False)


@pytest.mark.parametrize(
    ("place", "settings", "left"),
    [
        ("", {}, ["sub/6.txt", "sub/7.csv"]),
        ("", {"recursive": True}, []),
        ("", {"wildcardFileName": "*.txt"}, ["5.csv", "sub/6.txt", "sub/7.csv"]),
        ("", {"wildcardFileName": "*.txt", "recursive": True}, ["5.csv", "sub/7.csv"]),
        ("*.txt", {"recursive": True}, ["5.csv", "sub/7.csv"]),
        ("4.txt", {}, ["5.csv", "sub/6.txt", "sub/7.csv"]),
        ("", {"recursive": True, "modifiedDatetimeEnd": "2020-01-01T00:00:00Z"}, list(TREE)),
    ],
)
def test_files_are_deleted_as_documented(lake: LakeData, place: str, settings: Any, left: list[str]) -> None:
    """The documentation's own table of folder, file name and recursive."""
    root = f"tree{len(lake.paths())}{len(left)}"
    for name in TREE:
        lake.put(f"{root}/{name}", "x")

    output = lake.output(delete(lake.dataset("Binary", f"{root}/{place}"), **settings))

    found = [path for path in lake.paths() if path.startswith(f"{root}/")]
    assert found == [f"{root}/{name}" for name in left]
    assert output["filesDeleted"] == len(TREE) - len(left)
    for name in left:
        lake.files.delete_file(f"{root}/{name}")


def test_a_folder_that_is_not_there_fails_the_deletion(lake: LakeData) -> None:
    error = lake.error(delete(lake.dataset("Binary", "nowhere/"), recursive=True))

    assert "nowhere" in error["message"]


def test_a_deletion_can_be_logged(lake: LakeData) -> None:
    """In a folder of its own, a line a file."""
    lake.put("logged/a,b", "x")
    service = reference("ls_data", "LinkedServiceReference")
    one = delete(lake.dataset("Binary", "logged/"))
    one["typeProperties"] |= {
        "enableLogging": True,
        "logStorageSettings": {"linkedServiceName": service, "path": "activities/logs"},
    }

    output = lake.output(one)

    (path,) = lake.paths("logs")
    assert output["logPath"].endswith(path)
    assert lake.text(path) == 'Name,Category,Status,Error\r\n"logged/a,b",File,Deleted,\r\n'


def test_validation_waits_for_a_file_that_is_large_enough(lake: LakeData) -> None:
    """It goes on as soon as it is; its output says what is there."""
    lake.put("awaited/a", "123")
    dataset = lake.dataset("Binary", "awaited/a")
    one = activity("wait", "Validation", dataset=dataset, minimumSize=4, sleep=1, timeout="0.00:01:00")
    lake.factory.pipeline("waiting", one)
    run_id = lake.factory.start("waiting")
    eventually(lambda: lake.factory.activities(run_id).get("wait", {}).get("status") == "InProgress")

    lake.put("awaited/a", "1234")

    assert lake.factory.finish(run_id)["status"] == "Succeeded"
    output = lake.factory.activities(run_id)["wait"]["output"]
    assert (output["exists"], output["itemName"], output["size"]) == (True, "a", 4)


@pytest.mark.parametrize(("wanted", "status"), [(True, "Failed"), (False, "Succeeded"), (None, "Succeeded")])
def test_validation_of_an_empty_folder(lake: LakeData, wanted: Any, status: str) -> None:
    """childItems: something, nothing, or whatever; it fails when its time is over."""
    lake.files.create_directory("empty")
    asked = {} if wanted is None else {"childItems": wanted}
    one = activity(
        "wait", "Validation", dataset=lake.dataset("Binary", "empty/"), sleep=1, timeout="0.00:00:01", **asked
    )

    run, _ = lake.run(one)

    assert run["status"] == status
    assert ("timed out" in run["message"]) is (status == "Failed")


def test_metadata_of_columns(lake: LakeData) -> None:
    """Names and types as a copy would read them; when the file was made."""
    lake.put("meta/a.json", '{"n": 1, "t": "x", "o": {"p": 1}}')
    fields = ["columnCount", "structure", "created"]
    one = activity("meta", "GetMetadata", dataset=lake.dataset("Json", "meta/a.json"), fieldList=fields)

    output = lake.output(one)

    assert output["columnCount"] == 3
    assert output["structure"] == [
        {"name": "n", "type": "Int64"},
        {"name": "t", "type": "String"},
        {"name": "o", "type": "Object"},
    ]
    assert output["created"].endswith("Z")
