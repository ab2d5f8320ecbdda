"""Copy, Script and Lookup in the warehouse: a SQLite file of the state folder, opened as any client does."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.contract.datafactory.factories import activity, expression, new_factory, reference
from tests.contract.datafactory.lake_data import LakeData, copy, lake_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.datafactory.factories import Factory

NINE, TEN = datetime(2026, 11, 22, 9), datetime(2026, 11, 22, 10)  # noqa: DTZ001 - datetime2 has no zone
CREATE = (
    "IF OBJECT_ID(N'[dbo].[scores]', N'U') IS NULL CREATE TABLE [dbo].[scores] ("
    "[key] nvarchar(20) NOT NULL, [score] float NULL, [window_start] datetime2(7) NOT NULL)"
)
SWAP = """
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DELETE FROM [dbo].[scores] WHERE [window_start] = @window_start;
INSERT INTO [dbo].[scores] ([key], [score], [window_start])
SELECT [key], [score], [window_start] FROM [staging].[scores_1];
DROP TABLE [staging].[scores_1];
COMMIT TRANSACTION;
"""


@pytest.fixture(scope="module")
def lake(factory: Factory) -> Iterator[LakeData]:
    yield from lake_data(factory, "warehousing")


def rows(lake: LakeData, query: str) -> list[tuple[Any, ...]]:
    """As a user asks it: without any function or collation of the local Azure's."""
    file = lake.factory.azure.state / "warehouse/sql-tests.database.windows.net/warehousing.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def script(*blocks: Any, name: str = "script", **properties: Any) -> Any:
    scripts = [one if isinstance(one, dict) else {"type": "NonQuery", "text": one} for one in blocks]
    service = reference("ls_sql", "LinkedServiceReference")
    return activity(name, "Script", scripts=scripts, linkedServiceName=service, **properties)


def window(text: str) -> list[Any]:
    return [{"name": "window_start", "type": "DateTime", "value": text, "direction": "Input"}]


def put_scores(lake: LakeData, path: str, start: datetime, *keys: str) -> None:
    buffer = io.BytesIO()
    table = pa.table({"key": list(keys), "score": [0.5] * len(keys), "window_start": [start] * len(keys)})
    parquet.write_table(table, buffer)
    lake.put(path, buffer.getvalue())


def to_table(
    lake: LakeData, path: str, table: str, *, kind: str = "Parquet", schema: str = "dbo", **options: Any
) -> Any:
    sink = lake.sql_table(table, schema=schema)
    return copy(lake.dataset(kind, path), sink, kinds=(kind, "AzureSql"), sink_options=options)


def test_a_window_is_swapped_in_one_transaction(lake: LakeData) -> None:
    """Copied into a staging table that is made for it, then swapped; another time replaces that window."""
    lake.output(script(CREATE))
    for start, keys in ((NINE, ("a", "b")), (TEN, ("c",)), (NINE, ("a", "x"))):
        put_scores(lake, "landed.parquet", start, *keys)
        stage = to_table(lake, "landed.parquet", "scores_1", schema="staging", tableOption="autoCreate")
        swap = {"type": "NonQuery", "text": SWAP, "parameters": window(f"{start.isoformat()}Z")}

        copied = lake.output(stage)
        swapped = lake.output(script(swap))

        assert copied["rowsCopied"] == len(keys)
        assert swapped["resultSets"] == []

    found = rows(lake, "SELECT key, window_start FROM scores ORDER BY key")
    assert found == [("a", str(NINE)), ("c", str(TEN)), ("x", str(NINE))]
    assert rows(lake, "SELECT name FROM sqlite_master WHERE name LIKE 'staging%'") == []


def test_a_script_that_fails_undoes_its_transaction(lake: LakeData) -> None:
    """What was committed before stays; the message is the database's."""
    lake.output(script("CREATE TABLE dbo.kept (n int); INSERT INTO dbo.kept VALUES (1)"))

    error = lake.error(
        script(
            "INSERT INTO dbo.kept VALUES (2)",
            "BEGIN TRAN; DELETE FROM dbo.kept; INSERT INTO dbo.missing VALUES (1); COMMIT",
        )
    )

    assert error["errorCode"] == "2011"
    assert "missing" in error["message"]
    assert rows(lake, "SELECT n FROM kept ORDER BY n") == [(1,), (2,)]


def test_an_open_transaction_is_undone_at_the_end(lake: LakeData) -> None:
    lake.output(
        script(
            "CREATE TABLE dbo.open_ended (n int)", "BEGIN TRANSACTION; INSERT INTO dbo.open_ended VALUES (1)"
        )
    )

    assert rows(lake, "SELECT n FROM open_ended") == []


def test_a_script_gives_its_result_sets(lake: LakeData) -> None:
    """Of Query blocks; NonQuery blocks give the number of rows that they changed."""
    query = {
        "type": "Query",
        "text": "SELECT TOP (1) n, t FROM dbo.two WHERE n > @least; SELECT COUNT(*) AS c FROM dbo.two",
        "parameters": [{"name": "least", "type": "Int32", "value": "1"}],
    }
    made = "CREATE TABLE dbo.two (n int, t nvarchar(max)); INSERT INTO dbo.two VALUES (1, N'a'), (2, N'b''c')"

    output = lake.output(script(made, query))

    assert output["recordsAffected"] == 2
    assert output["resultSetCount"] == 2
    assert output["resultSets"] == [
        {"rowCount": 1, "rows": [{"n": 2, "t": "b'c"}]},
        {"rowCount": 1, "rows": [{"c": 2}]},
    ]
    assert output["outputTruncated"] is False


def test_many_rows_are_cut_and_said_to_be(lake: LakeData) -> None:
    numbers = "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT i FROM n"

    output = lake.output(script({"type": "Query", "text": numbers}))

    assert output["resultSets"][0]["rowCount"] == 5000
    assert output["outputTruncated"] is True


def test_a_script_that_takes_too_long_is_interrupted(lake: LakeData) -> None:
    """And changes nothing."""
    lake.output(script("CREATE TABLE dbo.slow (n int)"))
    endless = (
        "BEGIN TRANSACTION; INSERT INTO dbo.slow VALUES (1); INSERT INTO dbo.slow "
        "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n; COMMIT"
    )

    error = lake.error(script(endless, scriptBlockExecutionTimeout="00:00:01"))

    assert "timeout expired" in error["message"]
    assert rows(lake, "SELECT n FROM slow") == []


def test_text_is_copied_as_the_tables_types(lake: LakeData) -> None:
    """The table decides; a value that does not fit fails with its column, earlier batches stay."""
    lake.output(
        script(
            "CREATE TABLE dbo.typed (n int, f float, b bit, d date, w datetime2, t nvarchar(3), "
            "x decimal(9,2))"
        )
    )
    lake.put("typed.csv", "n,f,b,d,w,t,x\n1,0.5,true,2026-11-22,2026-11-22T06:00:00Z,abc,1.50\n,,,,,,\n")
    lake.output(to_table(lake, "typed.csv", "typed", kind="DelimitedText"))
    lake.put("wrong.csv", "n,t\n7,ok\n8,four\n")

    error = lake.error(to_table(lake, "wrong.csv", "typed", kind="DelimitedText", writeBatchSize=1))

    found = rows(lake, "SELECT * FROM typed WHERE n = 1 OR n IS NULL ORDER BY n DESC")
    assert found == [(1, 0.5, 1, "2026-11-22", "2026-11-22 06:00:00", "abc", 1.5), (None,) * 7]
    assert "The column t cannot take 'four'" in error["message"]
    assert rows(lake, "SELECT n FROM typed WHERE n > 6") == [(7,)]


@pytest.mark.parametrize(
    ("table", "option", "words"),
    [("nowhere", {}, "no such table"), ("narrow", {"tableOption": "none"}, "The column t is not found")],
)
def test_a_copy_needs_its_table_and_columns(lake: LakeData, table: str, option: Any, words: str) -> None:
    lake.output(script("IF OBJECT_ID('dbo.narrow') IS NULL CREATE TABLE dbo.narrow (n int)"))
    lake.put("wide.csv", "n,t\n1,x\n")

    assert words in lake.error(to_table(lake, "wide.csv", table, kind="DelimitedText", **option))["message"]


def test_a_pre_copy_script_clears_the_way(lake: LakeData) -> None:
    lake.put("once.csv", "n\n1\n")
    lake.output(script("CREATE TABLE dbo.once (n int)"))
    for _ in range(2):
        lake.output(
            to_table(lake, "once.csv", "once", kind="DelimitedText", preCopyScript="TRUNCATE TABLE dbo.once")
        )

    assert rows(lake, "SELECT n FROM once") == [(1,)]


def test_a_table_is_looked_up_and_copied_to_a_file(lake: LakeData) -> None:
    """By a query or as a whole; the file has the table's types."""
    made = (
        "CREATE TABLE dbo.src (n bigint, w datetime2, b bit); "
        "INSERT INTO dbo.src VALUES (1, '2026-11-22T06:00:00', 1), (2, NULL, 0)"
    )
    lake.output(script(made))
    table = lake.sql_table("src")
    look = activity(
        "look",
        "Lookup",
        source={
            "type": "AzureSqlSource",
            "sqlReaderQuery": expression("@concat('SELECT n FROM dbo.src WHERE n > ', 1)"),
        },
        dataset=table,
        firstRowOnly=False,
    )

    found = lake.output(look)
    copied = lake.output(copy(table, lake.dataset("Parquet", "src.parquet"), kinds=("AzureSql", "Parquet")))

    assert found == {"count": 1, "value": [{"n": 2}]}
    assert copied["rowsCopied"] == 2
    assert lake.table("src.parquet") == [
        {"n": 1, "w": datetime(2026, 11, 22, 6), "b": True},  # noqa: DTZ001
        {"n": 2, "w": None, "b": False},
    ]


def test_a_factory_without_an_identity_cannot_log_in(lake: LakeData) -> None:
    other = new_factory(lake.factory.azure, lake.factory.client, identity=None)
    service = {"server": "s", "database": "d"}
    other.put("linked_services", "ls_sql", {"type": "AzureSqlDatabase", "typeProperties": service})
    other.pipeline("p", script("SELECT 1 AS one"))

    run = other.finish(other.start("p"))

    assert other.activities(run["runId"])["script"]["error"]["errorCode"] == "4122"
    assert not (lake.factory.azure.state / "warehouse/s").exists()


@pytest.mark.parametrize(("server", "database"), [("../up", "d"), ("s", "../d"), ("s", "a/b"), ("s", "..")])
def test_names_do_not_leave_the_warehouse(lake: LakeData, server: str, database: str) -> None:
    service = {"server": server, "database": database}
    lake.factory.put("linked_services", "ls_odd", {"type": "AzureSqlDatabase", "typeProperties": service})
    one = script("SELECT 1 AS one") | {"linkedServiceName": reference("ls_odd", "LinkedServiceReference")}

    assert lake.error(one)["errorCode"] == "2104"
