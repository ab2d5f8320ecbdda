"""Activities that reach outside: the lake, Azure ML and HTTPS, all really there."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.datafactory.factories import (
    GROUP,
    SUBSCRIPTION,
    WORKSPACE,
    activity,
    eventually,
    expression,
    new_factory,
    pipelines,
    publish_step,
    reference,
    wait,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.datafactory.factories import Factory

FILES = {
    "one.json": '{"status": "committed", "rows": 3}\n',
    "list.json": '[{"a": 1}, {"a": 2}]',
    "lines.json": '{"a": 1}\n{"a": 2}\n',
    "table.csv": 'id;name\n1;"a;b"\n2;\n',
    "broken.json": '{"a": ',
    "growing.json": '{"a": 1}\n{"a": ',
    "bare.csv": "1;x\n",
    "empty.json": "",
}
ECHO = "import sys; print(sys.argv[1:]); sys.exit('boom' if 'bad' in sys.argv else 0)"
SLEEP = "import time; time.sleep(120)"


@pytest.fixture(scope="module")
def lake(factory: Factory) -> Iterator[Factory]:
    """The factory with a linked service of the lake and a dataset of each format; files to read."""
    url = factory.azure.account("adflake")
    client = factory.azure.lake_client("adflake")
    with contextlib.closing(client):
        files = client.create_file_system("data")
        for name, content in FILES.items():
            file = files.create_file(f"in/{name}")  # the SDK's upload of nothing makes no file
            if content:
                file.upload_data(content.encode(), overwrite=True)
    factory.put("linked_services", "ls_lake", {"type": "AzureBlobFS", "typeProperties": {"url": url}})
    for name, kind, settings in (
        ("ds_json", "Json", {}),
        ("ds_csv", "DelimitedText", {"columnDelimiter": ";", "firstRowAsHeader": True}),
        ("ds_bare", "DelimitedText", {"columnDelimiter": ";"}),
    ):
        location = {
            "type": "AzureBlobFSLocation",
            "fileSystem": "data",
            "folderPath": "in",
            "fileName": expression("@dataset().file"),
        }
        body = {
            "type": kind,
            "linkedServiceName": reference("ls_lake", "LinkedServiceReference"),
            "parameters": {"file": {"type": "String"}},
            "typeProperties": {"location": location, **settings},
        }
        factory.put("datasets", name, body)
    return factory


def lookup(file: str, *, dataset: str = "ds_json", first: bool = True) -> Any:
    source = {"type": "JsonSource" if dataset == "ds_json" else "DelimitedTextSource"}
    place = reference(dataset, "DatasetReference", file=file)
    return activity("look", "Lookup", source=source, dataset=place, firstRowOnly=first)


@pytest.mark.parametrize(
    ("look", "output"),
    [
        (lookup("one.json"), {"firstRow": {"status": "committed", "rows": 3}}),
        (lookup("list.json", first=False), {"count": 2, "value": [{"a": 1}, {"a": 2}]}),
        (lookup("lines.json", first=False), {"count": 2, "value": [{"a": 1}, {"a": 2}]}),
        (lookup("empty.json"), {}),
        (lookup("growing.json"), {"firstRow": {"a": 1}}),
        (lookup("table.csv", dataset="ds_csv"), {"firstRow": {"id": "1", "name": "a;b"}}),
        (lookup("bare.csv", dataset="ds_csv", first=False), {"count": 0, "value": []}),
        (lookup("bare.csv", dataset="ds_bare"), {"firstRow": {"Prop_0": "1", "Prop_1": "x"}}),
    ],
    ids=["object", "array", "lines", "empty", "no further than asked", "csv", "header", "no header"],
)
def test_lookup_reads_the_lake(lake: Factory, look: Any, output: Any) -> None:
    """With the factory's identity, over HTTPS: JSON in its three shapes, and delimited text."""
    lake.pipeline("look", look)

    assert lake.output("look", "look") == output


@pytest.mark.parametrize(
    ("file", "words"), [("gone.json", "UserErrorFileNotFound"), ("broken.json", "InvalidJson")]
)
def test_a_lookup_that_cannot_read_fails(lake: Factory, file: str, words: str) -> None:
    """The error says why and names the file."""
    lake.pipeline("unreadable", lookup(file))

    run = lake.finish(lake.start("unreadable"))

    assert run["status"] == "Failed"
    assert words in run["message"]
    assert file in run["message"]


def test_a_lake_elsewhere_is_not_called(factory: Factory) -> None:
    """An account in Azure may be written down; reading it fails with both addresses, without a request."""
    url = "https://elsewhere.dfs.core.windows.net"
    factory.put("linked_services", "ls_far", {"type": "AzureBlobFS", "typeProperties": {"url": url}})
    location = {"type": "AzureBlobFSLocation", "fileSystem": "data", "fileName": "a.json"}
    service = reference("ls_far", "LinkedServiceReference")
    body = {"type": "Json", "linkedServiceName": service, "typeProperties": {"location": location}}
    factory.put("datasets", "ds_far", body)
    far = reference("ds_far", "DatasetReference")
    factory.pipeline("far", activity("look", "Lookup", source={"type": "JsonSource"}, dataset=far))

    run = factory.finish(factory.start("far"))

    assert factory.activities(run["runId"])["look"]["error"]["errorCode"] == "2108"
    assert url in run["message"]
    assert factory.azure.lake in run["message"]


def test_get_metadata_of_a_file_and_of_nothing(lake: Factory) -> None:
    """Size and type; `exists` is false where there is nothing, without it that is an error."""
    fields = ["exists", "itemName", "itemType", "size", "lastModified"]
    for name, wanted in (("some", fields), ("none", ["itemName"])):
        dataset = reference("ds_json", "DatasetReference", file=expression("@pipeline().parameters.file"))
        meta = activity("meta", "GetMetadata", dataset=dataset, fieldList=wanted)
        lake.pipeline(name, meta, parameters={"file": {"type": "String"}})

    found = lake.output("some", "meta", {"file": "one.json"})

    assert (found["itemType"], found["itemName"], found["size"]) == (
        "File",
        "one.json",
        len(FILES["one.json"]),
    )
    assert lake.output("some", "meta", {"file": "gone"}) == {"exists": False}
    assert lake.finish(lake.start("none", {"file": "gone"}))["status"] == "Failed"


def test_get_metadata_lists_a_folder(lake: Factory) -> None:
    """childItems of the folder that a dataset without a file name points to."""
    location = {"type": "AzureBlobFSLocation", "fileSystem": "data", "folderPath": "in"}
    service = reference("ls_lake", "LinkedServiceReference")
    lake.put(
        "datasets",
        "ds_in",
        {"type": "Binary", "linkedServiceName": service, "typeProperties": {"location": location}},
    )
    meta = activity(
        "meta", "GetMetadata", dataset=reference("ds_in", "DatasetReference"), fieldList=["childItems"]
    )
    lake.pipeline("folder", meta)

    items = lake.output("folder", "meta")["childItems"]

    assert {one["name"] for one in items} == set(FILES)
    assert {one["type"] for one in items} == {"File"}


def test_a_web_activity_calls_this_machine_with_the_factorys_identity(factory: Factory) -> None:
    """Here Resource Manager itself, which demands a token; an address elsewhere is not called."""
    url = f"{factory.azure.control}{factory.path}?api-version=2018-06-01"
    authentication = {"type": "MSI", "resource": "https://management.azure.com/"}
    factory.pipeline(
        "call", activity("web", "WebActivity", method="GET", url=url, authentication=authentication)
    )
    factory.pipeline("anonymous", activity("web", "WebActivity", method="GET", url=url))

    assert factory.output("call", "web")["name"] == factory.name
    assert "InvalidAuthenticationToken" in factory.finish(factory.start("anonymous"))["message"]


@pytest.fixture(scope="module")
def ml(factory: Factory) -> Factory:
    """The factory with a linked service of an Azure ML workspace."""
    properties = {
        "subscriptionId": SUBSCRIPTION,
        "resourceGroupName": GROUP,
        "mlWorkspaceName": WORKSPACE,
        "authentication": "MSI",
    }
    factory.put("linked_services", "ls_ml", {"type": "AzureMLService", "typeProperties": properties})
    return factory


def execute(**properties: Any) -> Any:
    service = reference("ls_ml", "LinkedServiceReference")
    return activity("ml", "AzureMLExecutePipeline", linkedServiceName=service, **properties)


def test_an_ml_pipeline_runs_with_its_parameters(ml: Factory) -> None:
    """By the endpoint's id and version; expressions in single values arrive as text."""
    published = publish_step(ml.azure, ECHO, parameters=("run", "day"))
    endpoint = pipelines(
        ml.azure, "POST", "/PipelineEndpoints/Create", {"Name": "echo", "PipelineId": published}
    )
    parameters = {"run": expression("@pipeline().RunId"), "day": "2026-11-22"}
    ml.pipeline(
        "scores", execute(mlPipelineEndpointId=endpoint["Id"], version="0", mlPipelineParameters=parameters)
    )

    run = ml.finish(ml.start("scores"))

    assert run["status"] == "Succeeded", run["message"]
    shown = ml.activities(run["runId"])["ml"]["input"]["mlPipelineParameters"]
    assert shown == {"run": run["runId"], "day": "2026-11-22"}
    (ml_run,) = pipelines(ml.azure, "GET", f"/PipelineRuns/Pipeline/{published}")
    assert ml_run["ParameterAssignments"] == shown
    assert ml_run["RunSource"] == "ADF"


def test_a_failed_ml_run_is_named_with_its_cause(ml: Factory) -> None:
    """4126: the ML run's id and what went wrong in it."""
    published = publish_step(ml.azure, ECHO, parameters=("word",))
    ml.pipeline("fails", execute(mlPipelineId=published, mlPipelineParameters={"word": "bad"}))

    run = ml.finish(ml.start("fails"))

    error = ml.activities(run["runId"])["ml"]["error"]
    (ml_run,) = pipelines(ml.azure, "GET", f"/PipelineRuns/Pipeline/{published}")
    assert error["errorCode"] == "4126"
    assert ml_run["Id"] in error["message"]
    assert "boom" in error["message"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"mlPipelineId": "00000000-0000-0000-0000-00000000dead"}, "4124"),
        ({"mlPipelineEndpointId": "00000000-0000-0000-0000-00000000dead"}, "4124"),
        ({"mlPipelineId": "published", "mlPipelineParameters": {"unknown": "x"}}, "4123"),
    ],
    ids=["no pipeline", "no endpoint", "wrong parameter"],
)
def test_what_azure_ml_refuses_has_microsofts_code(ml: Factory, properties: Any, code: str) -> None:
    """The message quotes the operation, the status and Azure ML's own words."""
    if properties.get("mlPipelineId") == "published":
        properties = {**properties, "mlPipelineId": publish_step(ml.azure, ECHO)}
    ml.pipeline("refused", execute(**properties))

    run = ml.finish(ml.start("refused"))

    error = ml.activities(run["runId"])["ml"]["error"]
    assert error["errorCode"] == code, error
    assert "Error message from Azure Machine Learning" in error["message"]


def test_cancelling_the_run_cancels_the_ml_run(ml: Factory) -> None:
    """Nothing goes on computing for a run that nobody wants."""
    published = publish_step(ml.azure, SLEEP)
    ml.pipeline("cancelled", execute(mlPipelineId=published))
    run_id = ml.start("cancelled")
    path = f"/PipelineRuns/Pipeline/{published}"
    eventually(lambda: pipelines(ml.azure, "GET", path))
    ml.client.pipeline_runs.cancel(*ml.place, run_id)

    assert ml.finish(run_id)["status"] == "Cancelled"
    eventually(lambda: pipelines(ml.azure, "GET", path)[0]["Status"]["StatusCode"] == "Canceled")


def test_a_factory_without_an_identity_may_nothing(ml: Factory, sandbox: Any) -> None:
    """4122, and what to do about it."""
    bare = new_factory(sandbox, ml.client, identity=None)
    body = ml.client.linked_services.get(*ml.place, "ls_ml").as_dict()["properties"]
    bare.put("linked_services", "ls_ml", json.loads(json.dumps(body)))
    bare.pipeline("p", execute(mlPipelineId="x"), wait("w"))

    run = bare.finish(bare.start("p"))

    assert bare.activities(run["runId"])["ml"]["error"]["errorCode"] == "4122"
    assert "SystemAssigned" in run["message"]
