"""Storage events from end to end: Microsoft's lake SDK makes them, Microsoft's Data Factory SDK sees them
fire.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError

from adf.gateway import DataFactory
from tests.conftest import GROUP, SUBSCRIPTION
from tests.contract.datafactory.factories import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.datafactory.factories import Factory

ACCOUNT = "eventlake"
SCOPE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
)
PATH = "@concat(triggerBody().folderPath, '/', triggerBody().fileName)"
WAIT = {"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}


@pytest.fixture(scope="module")
def files(sandbox: Any) -> Iterator[Any]:
    """The file system `data` of an account of this module's own."""
    with sandbox.lake_client(ACCOUNT) as service:
        yield service.create_file_system("data")


@pytest.fixture(scope="module")
def pipeline(factory: Factory) -> str:
    factory.pipeline("arrived", WAIT, parameters={"path": {"type": "String"}})
    return "arrived"


@pytest.fixture
def trigger(factory: Factory, pipeline: str) -> Iterator[Callable[..., str]]:
    """Makes a started trigger for a folder of this test; stopped and deleted in the end."""
    made: list[str] = []

    def make(folder: str, **written: Any) -> str:
        made.append(f"t{uuid.uuid4().hex[:8]}")
        factory.put("triggers", made[-1], on_events(pipeline, folder, **written))
        factory.client.triggers.begin_start(*factory.place, made[-1]).result()
        return made[-1]

    yield make
    for name in made:
        factory.client.triggers.begin_stop(*factory.place, name).result()
        eventually(lambda name=name: status(factory, name) == "Disabled")
        factory.client.triggers.delete(*factory.place, name)


@pytest.fixture
def folder() -> str:
    return f"in-{uuid.uuid4().hex[:8]}"


def on_events(pipeline: str, folder: str, **written: Any) -> dict[str, Any]:
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    return {
        "type": "BlobEventsTrigger",
        "pipelines": [{"pipelineReference": reference, "parameters": {"path": PATH}}],
        "typeProperties": {
            "scope": SCOPE,
            "events": ["Microsoft.Storage.BlobCreated"],
            "blobPathBeginsWith": f"/data/blobs/{folder}/",
            **written,
        },
    }


def status(factory: Factory, trigger: str) -> str:
    return str(factory.client.triggers.get_event_subscription_status(*factory.place, trigger)["status"])


def fired(factory: Factory, trigger: str) -> list[str]:
    """The paths that the trigger was fired with, below their folder."""
    runs = factory.query("pipeline", filters=[], orderBy=[{"orderBy": "RunStart", "order": "ASC"}]).value
    paths = [run["parameters"]["path"] for run in runs if run["invokedBy"]["name"] == trigger]
    return [path.split("/", 2)[2] for path in paths]


@pytest.mark.usefixtures("files")
def test_a_subscription_is_made_and_ended_through_the_sdk(factory: Factory, pipeline: str, folder: str):
    """Long-running operations that end when the status says so; a trigger of another type has none."""
    client, at = factory.client.triggers, (*factory.place, "by_hand")
    factory.put("triggers", "by_hand", on_events(pipeline, folder))

    assert status(factory, "by_hand") == "Disabled"
    client.begin_subscribe_to_events(*at).result()
    eventually(lambda: status(factory, "by_hand") == "Enabled")
    client.begin_start(*at).result()
    client.begin_stop(*at).result()
    eventually(lambda: status(factory, "by_hand") == "Disabled")
    client.begin_unsubscribe_from_events(*at).result()
    client.delete(*at)


def test_a_file_that_is_uploaded_fires_once_and_when_it_is_whole(
    factory: Factory, files: Any, trigger: Callable[..., str], folder: str
):
    """Created with no bytes, appended to, flushed: only the flush that closes it counts where empty files do
    not.
    """
    name = trigger(folder)
    files.get_file_client(f"{folder}/a b/ü.csv").upload_data(b"x" * 1000, overwrite=True)

    eventually(lambda: fired(factory, name))
    assert fired(factory, name) == ["a b/ü.csv"]


def test_which_changes_fire(factory: Factory, files: Any, trigger: Callable[..., str], folder: str):
    """A created file, a closing flush; neither an open flush, a directory, properties nor a rename."""
    name = trigger(folder, ignoreEmptyBlobs=False)
    client = files.get_file_client(f"{folder}/written")
    client.create_file()
    client.append_data(b"12", 0, 2)
    client.flush_data(2)
    client.set_metadata({"a": "b"})
    files.get_directory_client(f"{folder}/directory").create_directory()
    elsewhere = files.get_file_client(f"elsewhere-{folder}")
    elsewhere.upload_data(b"1", overwrite=True)
    elsewhere.rename_file(f"data/{folder}/renamed")
    client.append_data(b"3", 2, 1)
    client.flush_data(3, close=True)
    files.get_file_client(f"{folder}/last").create_file()

    eventually(lambda: "last" in fired(factory, name))
    assert fired(factory, name) == ["written", "written", "last"]


@pytest.mark.usefixtures("files")
def test_a_put_blob_fires(sandbox: Any, factory: Factory, trigger: Callable[..., str], folder: str):
    """As the Blob interface uploads small files: one event, with its bytes."""
    name = trigger(folder, blobPathEndsWith=".csv")
    url = f"{sandbox.lake}/{ACCOUNT}/data/{folder}/blob.csv"
    headers = {"x-ms-version": "2023-11-03", "x-ms-blob-type": "BlockBlob"}
    headers["Authorization"] = f"Bearer {sandbox.token('https://storage.azure.com')}"
    requests.put(url, data=b"1", headers=headers, verify=sandbox.bundle, timeout=10).raise_for_status()

    assert eventually(lambda: fired(factory, name)) == ["blob.csv"]


def test_a_deletion_fires_who_asked_for_deletions(
    factory: Factory, files: Any, trigger: Callable[..., str], folder: str
):
    """Of a file, not of a directory with files in it."""
    name = trigger(folder, events=["Microsoft.Storage.BlobDeleted"])
    for path in ("directory/x", "a", "b"):
        files.get_file_client(f"{folder}/{path}").upload_data(b"1", overwrite=True)
    files.get_directory_client(f"{folder}/directory").delete_directory()
    for path in ("a", "b"):
        files.get_file_client(f"{folder}/{path}").delete_file()

    eventually(lambda: len(fired(factory, name)) == 2)
    assert fired(factory, name) == ["a", "b"]


def test_files_that_come_while_it_is_stopped_do_not_fire(
    factory: Factory, files: Any, trigger: Callable[..., str], folder: str
):
    """Not later either."""
    name = trigger(folder)
    factory.client.triggers.begin_stop(*factory.place, name).result()
    files.get_file_client(f"{folder}/stopped").upload_data(b"1", overwrite=True)
    eventually(lambda: status(factory, name) == "Disabled")
    factory.client.triggers.begin_start(*factory.place, name).result()
    files.get_file_client(f"{folder}/started").upload_data(b"1", overwrite=True)

    eventually(lambda: fired(factory, name))
    time.sleep(0.2)
    assert fired(factory, name) == ["started"]


@pytest.mark.usefixtures("files")
def test_our_gateway_starts_and_stops_it(sandbox: Any, factory: Factory, pipeline: str, folder: str):
    """Subscribed when it returns, and not after the stop, so that it may be written at once."""
    gateway = DataFactory(
        subscription_id=SUBSCRIPTION,
        resource_group=factory.place[0],
        factory=factory.name,
        credential=sandbox.credential,
        base_url=sandbox.control,
        connection_verify=sandbox.bundle,
    )
    body = on_events(pipeline, folder)
    for _ in range(2):
        gateway.put("trigger", "ours", body)
        gateway.start_trigger("ours", "BlobEventsTrigger")
        live = gateway.get("trigger", "ours")
        assert live is not None
        assert (live.properties["runtimeState"], status(factory, "ours")) == ("Started", "Enabled")
        gateway.stop_trigger("ours", "BlobEventsTrigger")
        assert status(factory, "ours") == "Disabled"
    gateway.delete("trigger", "ours")


def test_a_trigger_for_an_account_that_is_not_there_does_not_start(
    factory: Factory, pipeline: str, folder: str
):
    """400, and it stays stopped."""
    body = on_events(pipeline, folder, scope=SCOPE.replace(ACCOUNT, "nobody"))
    factory.put("triggers", "nowhere", body)

    with pytest.raises(HttpResponseError, match="there is no storage account"):
        factory.client.triggers.begin_start(*factory.place, "nowhere").result()
    factory.client.triggers.delete(*factory.place, "nowhere")


def test_a_reader_of_events_is_authenticated(sandbox: Any):
    """The lake's outbox tells paths."""
    url = f"{sandbox.lake}/_sandbox/events"
    assert requests.get(url, verify=sandbox.bundle, timeout=10).status_code == 401
