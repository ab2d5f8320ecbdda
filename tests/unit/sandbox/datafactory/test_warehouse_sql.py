"""T-SQL in the local warehouse: carried over, or refused by its name."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.datafactory.activities.warehouse.columns import converter
from sandbox.datafactory.activities.warehouse.database import Database, file_of
from sandbox.datafactory.activities.warehouse.errors import SqlFailed, SqlRefused
from sandbox.datafactory.activities.warehouse.statements import statements
from sandbox.datafactory.activities.warehouse.tokens import bracketed, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "w/d.db", lambda: True)
    opened.run("CREATE TABLE dbo.t (n int, w datetime2(7), [from] nvarchar(max))", {})
    yield opened
    opened.close()


def answer(database: Database, text: str, **parameters: Any) -> list[list[tuple[Any, ...]]]:
    return [rows for _, rows in database.run(text, parameters, most_rows=100).sets]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 AS a -- comment; SELECT 2\n;/* ; */ SELECT 3 AS b", [[(1,)], [(3,)]]),
        ("SELECT N'it''s; fine' AS a", [[("it's; fine",)]]),
        ("INSERT dbo.t (n) VALUES (1), (2); SELECT TOP 1 n FROM [dbo].[t] ORDER BY n DESC", [[(2,)]]),
        ("INSERT INTO t (n) VALUES (1); DELETE dbo.t WHERE n = 1; SELECT COUNT(*) AS c FROM t", [[(0,)]]),
        ("INSERT INTO t (n) VALUES (1) COMMIT", None),
        ("BEGIN TRAN INSERT INTO t (n) VALUES (1) ROLLBACK SELECT COUNT(*) AS c FROM t", [[(0,)]]),
        ("BEGIN TRANSACTION; INSERT INTO t (n) VALUES (1); COMMIT TRANSACTION; SELECT n FROM t", [[(1,)]]),
        ("SELECT ISNULL(NULL, 2) AS a, LEN('ab ') AS b, CONCAT('a', NULL, 1) AS c", [[(2, 2, "a1")]]),
        ("SELECT CASE WHEN 1 = 1 THEN 'y' ELSE 'n' END AS a; SELECT 1 AS b", [[("y",)], [(1,)]]),
        ("IF OBJECT_ID('dbo.t') IS NULL CREATE TABLE dbo.t (a int); SELECT 1 AS a", [[(1,)]]),
        ("IF OBJECT_ID(N'[x].[y]', N'U') IS NOT NULL DROP TABLE x.y; SELECT 1 AS a", [[(1,)]]),
        (
            """
            IF OBJECT_ID('s.u') IS NULL BEGIN CREATE TABLE s.u (a int); INSERT s.u VALUES (7) END
            SELECT u.a FROM s.u u LEFT JOIN dbo.t ON t.n = u.a
            """,
            [[(7,)]],
        ),
        (
            """
            IF NOT EXISTS (SELECT 1 FROM dbo.t WHERE n IN (1)) INSERT INTO dbo.t (n) VALUES (1), (2);
            IF EXISTS (SELECT 1 FROM (SELECT COUNT(*) AS c FROM dbo.t) AS k WHERE k.c <> 2)
                THROW 50001, 'x', 1;
            IF EXISTS (SELECT 1 FROM dbo.t WHERE n = 3) BEGIN DELETE FROM t; DELETE FROM t END;
            SELECT COUNT(*) AS c FROM t
            """,
            [[(2,)]],
        ),
        ("SET NOCOUNT ON; TRUNCATE TABLE dbo.t; SELECT COUNT(*) AS c FROM t", [[(0,)]]),
        ("WITH a AS (SELECT 1 AS n) SELECT n FROM a", [[(1,)]]),
        (
            "CREATE UNIQUE INDEX ix ON dbo.t (n); ALTER TABLE dbo.t ADD extra datetime2 NULL; SELECT 1 AS a",
            [[(1,)]],
        ),
    ],
)
def test_common_sql_runs(database: Database, text: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(SqlFailed, match="no transaction is active"):
            answer(database, text)
    else:
        assert answer(database, text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("DECLARE @a int = 1", "DECLARE"),
        ("EXEC dbo.p", "EXEC DBO"),
        ("MERGE INTO t USING s ON 1 = 1", "MERGE INTO"),
        ("BEGIN TRY SELECT 1 END TRY", "BEGIN TRY"),
        ("SELECT * INTO u FROM t", "SELECT … INTO"),
        ("UPDATE t SET n = s.n FROM s", "UPDATE … FROM"),
        ("SELECT CONVERT(int, n) FROM t", "CONVERT"),
        ("SELECT 'a' + [from] FROM t", "CONCAT"),
        ("SELECT n FROM #t", "temporary table #t"),
        ("SELECT @@ROWCOUNT", "@@ROWCOUNT"),
        ("SELECT n FROM t WITH (NOLOCK)", "NOLOCK"),
        ("CREATE TABLE t (n int IDENTITY(1, 1))", "IDENTITY"),
        ("CREATE PROCEDURE p AS SELECT 1", "CREATE PROCEDURE"),
        ("SET IDENTITY_INSERT t ON", "SET IDENTITY_INSERT"),
        ("IF 1 = 1 DELETE FROM t", "an IF that is not"),
        ("IF EXISTS (DELETE FROM t) DELETE FROM t", "an EXISTS of anything but a SELECT"),
        ("IF NOT EXISTS (SELECT 1 FROM t DELETE FROM t", "an EXISTS without its closing bracket"),
        ("THROW", "a THROW that is not"),
        ("THROW @number, 'text', 1", "a THROW that is not"),
        ("ATTACH DATABASE 'x' AS y", "ATTACH DATABASE"),
        ("PRAGMA journal_mode", "PRAGMA"),
        ("SELECT 'open", "'open"),
        ("SELECT (SELECT TOP 1 n FROM t) AS a", "TOP"),
        ("SELECT TOP 5 PERCENT n FROM t", "TOP"),
    ],
)
def test_what_is_not_carried_over_is_refused_by_name(text: str, named: str) -> None:
    """Before anything runs."""
    with pytest.raises(SqlRefused) as refusal:
        statements(text)
    assert named in str(refusal.value)


def test_a_throw_undoes_the_transaction_and_says_its_text(database: Database) -> None:
    """As with XACT_ABORT, which is always on here."""
    with pytest.raises(SqlFailed, match="it's not so"):
        answer(database, "BEGIN TRAN; INSERT INTO t (n) VALUES (1); THROW 50001, N'it''s not so', 1; COMMIT")

    assert answer(database, "SELECT COUNT(*) AS c FROM t") == [[(0,)]]


def test_instants_compare_whatever_their_form(database: Database) -> None:
    """As datetime2 does: another client that opens the file sees plain text."""
    answer(database, "INSERT INTO t (w) VALUES ('2026-11-22 06:00:00')")

    for form in ("2026-11-22T06:00:00", "2026-11-22T06:00:00Z", "2026-11-22T07:00:00.0000000+01:00"):
        assert answer(database, "SELECT COUNT(*) AS c FROM t WHERE w = @form", form=form) == [[(1,)]]


@pytest.mark.parametrize(
    "text", ["SELECT nowhere FROM t", "SELECT [nowhere] FROM t", 'SELECT "nowhere" FROM t']
)
def test_an_unknown_column_is_an_error(database: Database, text: str) -> None:
    """Never a text, as SQLite takes it between double quotes."""
    with pytest.raises(SqlFailed, match="no such column"):
        answer(database, text)


def test_no_file_beside_the_database_is_reached(database: Database, tmp_path: Path) -> None:
    """Even where the words were let through."""
    with pytest.raises(SqlFailed, match="not authorized"):
        database._execute(f"ATTACH DATABASE '{tmp_path / 'other.db'}' AS other", {})
    assert not (tmp_path / "other.db").exists()


def test_readers_see_what_was_committed(database: Database, tmp_path: Path) -> None:
    """And are not kept waiting by who writes."""
    with database.transaction():
        database.run("INSERT INTO t (n) VALUES (1)", {})
        with contextlib.closing(sqlite3.connect(tmp_path / "w/d.db")) as other:
            assert other.execute("SELECT n FROM t").fetchall() == []


@pytest.mark.parametrize(
    ("declared", "value", "kept"),
    [
        ("int", "7", 7),
        ("int", 7.0, 7),
        ("bit", "True", 1),
        ("bit", False, 0),
        ("float", "1e3", 1000.0),
        ("nvarchar(3)", 123, "123"),
        ("datetime2 ( 7 )", "2026-11-22T06:00:00.1234567Z", "2026-11-22 06:00:00.123456"),
        ("date", "2026-11-22T06:00:00", "2026-11-22"),
        ("decimal ( 9 , 2 )", "1.50", "1.50"),
        (
            "uniqueidentifier",
            "{12345678-1234-5678-1234-567812345678}",
            "12345678-1234-5678-1234-567812345678",
        ),
    ],
)
def test_values_become_the_columns_type(declared: str, value: Any, kept: Any) -> None:
    assert converter(declared)(value) == kept


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("int", "x"),
        ("int", "1.5"),
        ("tinyint", 256),
        ("bigint", 2**63),
        ("bit", "yes"),
        ("nvarchar(3)", "four"),
        ("datetime2", "yesterday"),
        ("decimal", "much"),
        ("varbinary", "text"),
    ],
)
def test_values_that_do_not_fit_are_refused(declared: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        converter(declared)(value)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_name_in_brackets_is_that_name(name: str) -> None:
    (token,) = tokens(bracketed(name))

    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.execute(f"SELECT 1 AS {token.sql()}")
        assert (token.value, cursor.description[0][0]) == (name, name)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_stays_that_text(text: str) -> None:
    literal = "N'" + text.replace("'", "''") + "'"

    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        (statement,) = statements(f"SELECT {literal} AS a")
        assert connection.execute(statement.sql).fetchone() == (text,)


@pytest.mark.parametrize(("server", "database"), [("tcp:Sql.Local,1433", "DB"), ("sql.local", "db")])
def test_one_database_is_one_file(tmp_path: Path, server: str, database: str) -> None:
    assert file_of(tmp_path, server, database) == tmp_path / "sql.local/db.db"
