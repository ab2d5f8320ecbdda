"""What a PUT refuses of activities that move or delete data, and of what they stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest, NotRun
from tests.unit.sandbox.datafactory.local_factory import activity, expression, wait

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from tests.unit.sandbox.datafactory.local_factory import LocalFactory

LAKE = {"type": "AzureBlobFS", "typeProperties": {"url": "https://127.0.0.1:2/lake"}}
SQL = {"server": "s", "database": "d"}
KINDS = ("Binary", "DelimitedText", "Json", "Parquet")


@pytest.fixture
def stocked(factory: LocalFactory) -> LocalFactory:
    """A lake and a database, with a dataset of each kind: `Binary` … and `Table`."""
    factory.put("linkedservices", "lake", LAKE)
    factory.put("linkedservices", "sql", {"type": "AzureSqlDatabase", "typeProperties": SQL})
    for kind in KINDS:
        location = {"type": "AzureBlobFSLocation", "fileSystem": "fs", "folderPath": "in"}
        factory.put("datasets", kind, _dataset(kind, "lake", {"location": location}))
    factory.put("datasets", "Table", _dataset("AzureSqlTable", "sql", {"schema": "dbo", "table": "t"}))
    return factory


def _dataset(kind: str, service: str, properties: Json) -> Json:
    reference = {"referenceName": service, "type": "LinkedServiceReference"}
    return {"type": kind, "linkedServiceName": reference, "typeProperties": properties}


def reference(name: str) -> Json:
    return {"referenceName": name, "type": "DatasetReference"}


def copy(source: str, sink: str, *, read: Any = None, write: Any = None, **properties: Any) -> Json:
    kinds = {"Table": ("AzureSqlSource", "AzureSqlSink")}
    read = {"type": kinds.get(source, (f"{source}Source",))[0], **(read or {})}
    write = {"type": kinds.get(sink, ("", f"{sink}Sink"))[1], **(write or {})}
    if sink == "DelimitedText":
        write.setdefault("formatSettings", {"type": "DelimitedTextWriteSettings", "fileExtension": ".csv"})
    one = activity("c", "Copy", source=read, sink=write, **properties)
    return {**one, "inputs": [reference(source)], "outputs": [reference(sink)]}


def script(text: Any, **block: Any) -> Json:
    service = {"referenceName": "sql", "type": "LinkedServiceReference"}
    scripts = [{"text": text, "type": "NonQuery", **block}]
    return {**activity("s", "Script", scripts=scripts), "linkedServiceName": service}


def test_what_studio_writes_is_taken(stocked: LocalFactory) -> None:
    """With all the settings that say nothing."""
    neutral = {"enableStaging": False, "validateDataConsistency": False, "dataIntegrationUnits": 4}
    partition = {"partitionOption": "None", "queryTimeout": "02:00:00"}
    reading = {
        "storeSettings": {
            "type": "AzureBlobFSReadSettings",
            "recursive": True,
            "enablePartitionDiscovery": False,
        }
    }
    table = {"writeBehavior": "insert", "sqlWriterUseTableLock": False, "tableOption": "autoCreate"}
    stocked.pipeline("a", copy("DelimitedText", "Table", read=reading, write=table, **neutral))
    stocked.pipeline("b", copy("Table", "Json", read=partition, **neutral))
    stocked.pipeline("c", script(expression("@concat('SELECT ', 1)")))

    assert len(stocked.service.entities.list(stocked.id, "pipelines")) == 3


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (copy("Binary", "Json"), "Binary goes to Binary only"),
        (copy("Json", "Json", read={"type": "ParquetSource"}), "must be of type JsonSource"),
        (copy("Json", "Table", write={"type": "SqlSink"}), "must be of type AzureSqlSink"),
        (copy("Json", "Json", unknown=1), "unknown field 'unknown'"),
        (copy("Json", "Json", read={"storeSetings": {}}), "unknown field 'storeSetings'"),
        (
            copy("Json", "Json", write={"storeSettings": {"copyBehavior": "Flatten"}}),
            "copyBehavior is one of",
        ),
        (copy("Json", "Json", write={"formatSettings": {"filePattern": "lines"}}), "filePattern"),
        (copy("Json", "DelimitedText", write={"formatSettings": {"type": "x"}}), "need a fileExtension"),
        (
            copy("Json", "Json", read={"storeSettings": {"deleteFilesAfterCompletion": True}}),
            "for Binary copies",
        ),
        (copy("Json", "Table", write={"writeBatchSize": 0}), "writeBatchSize"),
        (copy("Json", "Table", write={"tableOption": "create"}), "tableOption"),
        (copy("Json", "Json", translator={"type": "Translator"}), "TabularTranslator"),
        (
            copy(
                "Json",
                "Json",
                translator={"type": "TabularTranslator", "mappings": [{"source": {}, "sink": {}}]},
            ),
            "needs name, ordinal or path",
        ),
        (copy("Binary", "Binary", translator={"type": "TabularTranslator"}), "has no translator"),
        ({**copy("Json", "Json"), "inputs": []}, "one dataset in inputs"),
        ({**copy("Json", "Json"), "outputs": None}, "outputs must be an array"),
        (activity("s", "Script", scripts=[{"text": "SELECT 1"}]), "linkedServiceName"),
        (script(""), "text of a script is required"),
        (script("SELECT 1", type="Both"), "Query or NonQuery"),
        (
            activity("d", "Delete", dataset=reference("Binary"), recursively=True),
            "unknown field 'recursively'",
        ),
        (activity("v", "Validation", dataset=reference("Binary"), sleep=0), "sleep"),
        (activity("v", "Validation", dataset=reference("Binary"), timeout="12 hours"), "timeout"),
    ],
)
def test_broken_activities_are_refused(stocked: LocalFactory, broken: Json, words: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        stocked.pipeline("p", broken)
    assert words in refusal.value.message
    assert stocked.service.entities.list(stocked.id, "pipelines") == []


@pytest.mark.parametrize(
    ("unknown_here", "words"),
    [
        (copy("Json", "Json", enableStaging=True), "enableStaging"),
        (copy("Json", "Json", skipErrorFile={"fileMissing": True}), "skipErrorFile"),
        (copy("Json", "Table", write={"writeBehavior": "upsert"}), "writeBehavior 'upsert'"),
        (copy("Json", "Table", write={"upsertSettings": {"keys": ["a"]}}), "upsertSettings"),
        (copy("Json", "Table", write={"preCopyScript": "EXEC p"}), "EXEC P"),
        (copy("Table", "Json", read={"partitionOption": "DynamicRange"}), "partitionOption"),
        (copy("Table", "Json", read={"sqlReaderQuery": "MERGE t"}), "MERGE"),
        (
            copy("Json", "Json", read={"storeSettings": {"enablePartitionDiscovery": True}}),
            "enablePartitionDiscovery",
        ),
        (
            copy(
                "Json", "Parquet", translator={"type": "TabularTranslator", "collectionReference": "$['a']"}
            ),
            "collectionReference",
        ),
        (script("DECLARE @a int"), "DECLARE"),
        (script("SELECT 1", parameters=[{"name": "a", "direction": "Output"}]), "direction 'Output'"),
        (script("SELECT 1", parameters=[{"name": "a", "type": "Timespan"}]), "type 'Timespan'"),
    ],
)
def test_what_is_not_run_is_refused_by_name(stocked: LocalFactory, unknown_here: Json, words: str) -> None:
    with pytest.raises(NotRun) as refusal:
        stocked.pipeline("p", unknown_here)
    assert words in refusal.value.message


def test_validation_stands_in_nothing(stocked: LocalFactory) -> None:
    inner = activity("v", "Validation", dataset=reference("Binary"))
    stocked.pipeline("fine", inner, wait("w", after={"v": ["Succeeded"]}))
    branch = activity("if", "IfCondition", expression=expression("@bool('true')"), ifTrueActivities=[inner])

    with pytest.raises(BadRequest, match=r"'v'.*cannot stand inside another"):
        stocked.pipeline("p", branch)


@pytest.mark.parametrize(
    "written",
    [
        {**SQL, "authenticationType": "SQL", "userName": "sa"},
        {**SQL, "authenticationType": "ServicePrincipal"},
        {**SQL, "servicePrincipalId": "x"},
        {"connectionString": "Server=s;Database=d;User ID=sa;Password=hush"},
        {"connectionString": {"type": "SecureString", "value": "hush"}},
        {"connectionString": {"type": "AzureKeyVaultSecret", "secretName": "hush"}},
    ],
)
def test_a_database_is_entered_with_the_factorys_identity_only(factory: LocalFactory, written: Json) -> None:
    """And no secret of another way is repeated."""
    with pytest.raises(NotRun) as refusal:
        factory.put("linkedservices", "sql", {"type": "AzureSqlDatabase", "typeProperties": written})
    assert "hush" not in refusal.value.message


def test_a_connection_string_without_a_login_is_taken(factory: LocalFactory) -> None:
    connection = "Data Source=tcp:s.database.windows.net,1433;Initial Catalog=d;Connection Timeout=30"

    factory.put(
        "linkedservices",
        "sql",
        {"type": "AzureSqlDatabase", "typeProperties": {"connectionString": connection}},
    )
