"""The T-SQL of a warehouse: as text, and as the local warehouse runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from adf import warehouse_sql
from adf.warehouse_sql import Tables
from sandbox.datafactory.activities.warehouse.database import Database
from sandbox.datafactory.activities.warehouse.errors import SqlFailed
from tests.unit.adf.builders import model, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLES = Tables("dbo", "scores", {"id": "bigint", "prediction": "float"})
HOSTILE = "x]; DROP TABLE [dbo].[scores]; --'"
DAY = "2026-11-22 00:00:00.0000000"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    made = Warehouse(Database(tmp_path / "w.db", lambda: True))
    yield made
    made.database.close()


class Warehouse:
    """The tables, and what a run does to them."""

    def __init__(self, database: Database, tables: Tables = TABLES) -> None:
        self.database, self.tables = database, tables
        self.prepare()

    def prepare(self, stale: str = "2000-01-01 00:00:00.0000000") -> None:
        self.database.run(warehouse_sql.preparation(self.tables), {"stale": stale})

    def stage(self, group: str, *ids: int, scored_at: str = "2026-11-23 06:00:00", at: str = DAY) -> None:
        before, after = warehouse_sql.clearing(self.tables)
        self.database.run(f"{before}{group}{after}", {})
        rows = ((each, 0.5, scored_at, group, at) for each in ids)
        columns = [*self.tables.columns, "scored_at", "run_group", "staged_at"]
        self.database.insert("scores_staging", columns, rows)

    def swap(self, group: str, attempt: int, row_count: int, window: str = DAY) -> None:
        started = f"2026-11-23 06:00:00.{attempt:06}0"
        given = {"run_group": group, "window_start": window, "attempt_started": started}
        text = warehouse_sql.swap(self.tables)
        self.database.run(text, {**given, "model_version": 7, "row_count": row_count})

    def ids(self, window: str = DAY) -> list[int]:
        found = self.rows("SELECT id, window_start FROM scores ORDER BY id")
        return [row for row, start in found if start == window]

    def staged(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT run_group, COUNT(*) FROM scores_staging GROUP BY run_group ORDER BY run_group"
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return list(self.database.rows(query)[1])


def test_a_window_is_replaced_as_a_whole_and_others_stay(warehouse):
    other = "2026-11-21 00:00:00.0000000"
    for group, attempt, window, ids in (
        ("a", 1, DAY, (1, 2)),
        ("b", 2, other, (9,)),
        ("c", 3, DAY, (2, 3, 4)),
    ):
        warehouse.stage(group, *ids)
        warehouse.swap(group, attempt, len(ids), window)

    assert (warehouse.ids(), warehouse.ids(other), warehouse.staged()) == ([2, 3, 4], [9], [])


def test_a_swap_whose_answer_was_lost_may_be_repeated(warehouse):
    """Its rows are no longer staged: they must not be missed, and the window not be emptied."""
    warehouse.stage("a", 1, 2)
    warehouse.swap("a", 1, 2)
    warehouse.swap("a", 1, 2)

    assert warehouse.ids() == [1, 2]


def test_an_older_run_that_comes_late_changes_nothing_and_cleans_up(warehouse):
    warehouse.stage("old", 1)
    warehouse.stage("new", 2)
    warehouse.swap("new", 2, 1)
    warehouse.swap("old", 1, 1)

    assert (warehouse.ids(), warehouse.staged()) == ([2], [])
    assert warehouse.rows("SELECT run_group, row_count FROM scores_windows") == [("new", 1)]


def test_another_group_that_found_the_landing_unchanged_fills_the_table(warehouse):
    """Also where somebody has emptied it."""
    warehouse.stage("a", 1)
    warehouse.swap("a", 1, 1)
    warehouse.database.run("DELETE FROM dbo.scores", {})

    warehouse.stage("b", 1)
    warehouse.swap("b", 1, 1)

    assert warehouse.ids() == [1]


@pytest.mark.parametrize(("staged", "expected"), [((), 1), ((1,), 2), ((1, 1), 1), ((1,), 0)])
def test_rows_that_are_not_those_that_landed_are_not_swapped_in(warehouse, staged, expected):
    """A copy that stopped, or ran twice: the error says so, and readers keep what they have."""
    warehouse.stage("a", 5)
    warehouse.swap("a", 1, 1)
    warehouse.stage("b", *staged)

    with pytest.raises(
        SqlFailed, match=r"the rows staged in \[dbo\].\[scores_staging\] are not those that landed"
    ):
        warehouse.swap("b", 2, expected)

    assert warehouse.ids() == [5]
    assert warehouse.rows("SELECT run_group FROM scores_windows") == [("a",)]


def test_rows_of_two_attempts_are_not_swapped_in(warehouse):
    """The file was replaced while it was read."""
    warehouse.stage("a", 1)
    columns = ["id", "prediction", "scored_at", "run_group", "staged_at"]
    warehouse.database.insert("scores_staging", columns, iter([(2, 0.5, "2026-11-23 07:00:00", "a", DAY)]))

    with pytest.raises(SqlFailed, match="not those that landed"):
        warehouse.swap("a", 1, 2)


def test_a_window_without_rows_empties_its_window(warehouse):
    warehouse.stage("a", 1)
    warehouse.swap("a", 1, 1)
    warehouse.swap("b", 2, 0)

    assert warehouse.ids() == []
    assert warehouse.rows("SELECT run_group, row_count FROM scores_windows") == [("b", 0)]


def test_rows_of_dead_runs_go_by_age_and_those_of_living_ones_stay(warehouse):
    warehouse.stage("dead", 1, at="2026-11-20 00:00:00.0000000")
    warehouse.stage("living", 2, at="2026-11-22 12:00:00.0000000")

    warehouse.prepare(stale="2026-11-21 00:00:00.0000000")

    assert warehouse.staged() == [("living", 1)]


def test_a_copy_that_is_tried_again_begins_anew(warehouse):
    warehouse.stage("a", 1, 2)
    warehouse.stage("other", 8)
    warehouse.stage("a", 1, 2, 3)

    assert warehouse.staged() == [("a", 3), ("other", 1)]


def test_any_column_name_is_a_name(tmp_path):
    """What looks like the end of one, and like a statement after it, is a part of the name."""
    tables = Tables("dbo", "scores", {HOSTILE: "bigint", "select": "float"})
    database = Database(tmp_path / "w.db", lambda: True)
    made = Warehouse(database, tables)
    made.stage("a", 1)
    made.swap("a", 1, 1)

    assert list(database.columns("scores")) == [
        HOSTILE, "select", "window_start", "model_version", "scored_at",
    ]  # fmt: skip
    assert made.rows("SELECT COUNT(*) FROM scores") == [(1,)]
    database.close()


def test_an_administrator_gets_the_same_sql_as_the_factory_runs():
    """A file a table; where its tables are there, the factory needs no right to create any."""
    warehouse = {"table": "dbo.scores", "columns": dict(TABLES.columns)}
    made = settings(
        model(output={"path": "p", "warehouse": warehouse}),
        model("iris"),
        warehouse={"server": "s", "database": "d"},
    )

    [(path, content)] = warehouse_sql.files(made).items()

    assert path == "warehouse/dbo.scores.sql"
    assert warehouse_sql.creation(TABLES) in content.decode()
    assert warehouse_sql.preparation(TABLES).startswith(warehouse_sql.creation(TABLES))


def test_the_factory_is_granted_what_it_does_and_no_more():
    """It alters nothing, owns nothing, and reads no other table."""
    lines = warehouse_sql.script(TABLES, "adf-demo").splitlines()

    assert [line for line in lines if "adf-demo" in line] == [
        "IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE [name] = N'adf-demo')",
        "    CREATE USER [adf-demo] FROM EXTERNAL PROVIDER;",
        "GRANT SELECT, INSERT, DELETE ON [dbo].[scores] TO [adf-demo];",
        "GRANT SELECT, INSERT, DELETE ON [dbo].[scores_staging] TO [adf-demo];",
        "GRANT SELECT, INSERT, UPDATE ON [dbo].[scores_windows] TO [adf-demo];",
    ]
