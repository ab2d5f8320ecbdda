"""The T-SQL of a model's warehouse tables: what makes them, and what swaps a window. Pure.

    T            what readers read: the model's columns, window_start, model_version, scored_at
    T_staging    where a window's rows are copied to, each with its run group: nobody reads it
    T_windows    a row a window: which landing the table holds

The tables are fixed, and rows of staging are told apart by their run group. A table a run group would need
the right to create tables in production, and would be left behind by every run that dies. Here the factory
needs to select, insert, update and delete in three tables, and nothing else: who gives it the right to create
tables spares the administrator one script, who does not runs what `render` writes.

What the swap keeps, and why:

- **No reader sees half a window.** Delete and insert are one transaction. Azure SQL's readers see the last
  committed rows meanwhile (READ_COMMITTED_SNAPSHOT is on there by default); with it off, they wait.
- **The swap is idempotent.** It does nothing where T_windows says that this run group's landing is in the
  table, so that it may be repeated after its answer was lost. Another run group that found the same landing
  `unchanged` swaps it in again: that is how a table is filled that an earlier run could not fill, or that
  somebody emptied.
- **An older run that comes late changes nothing.** In the lake a window is only ever replaced by an attempt
  that started later (ml_pipelines/steps/commit.py), so an attempt's start orders the landings of a window.
  The swap compares it with the one in T_windows and leaves a later one alone. The rows that it swaps in may
  be of a *later* landing than its own, where the file was replaced between receipt and copy: never of an
  earlier one. That landing's own swap follows and is not kept from anything, since its start is later.
- **Two swaps of a window take turns.** The first statement that writes takes the window's row of T_windows;
  the comparison comes after it. Where two make that row at once, the key refuses one, which is retried.
- **What is swapped in is whole, and of one attempt.** As many rows as the receipt says, all of one
  `scored_at`: else it throws. So neither a copy that was repeated while its first try still wrote, nor a file
  that was replaced while it was read, gets into the table.

Drawback: an attempt's start is read from the clock of the node that made it. Two runs of a window that start
within the difference of two clocks, a fraction of a second, may be ordered otherwise than in the lake.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from config.output_schema import WarehouseTable
    from config.schema import Settings

STAGING_DAYS: Final = 2
"""So long rows of dead runs stay in staging: longer than any copy may take to be swapped."""
STALE: Final = 50001
"""The number that the swap throws with: Azure leaves numbers from 50000 on to others."""

RUN_COLUMNS: Final = {"window_start": "datetime2(0)", "model_version": "bigint", "scored_at": "datetime2(7)"}
"""As in the landed file (ml_pipelines/steps/run_columns.py). The first two are what the receipt says, so that
a window is deleted by exactly what it was inserted with."""


@dataclass(frozen=True)
class Tables:
    """Names are quoted as T-SQL quotes any: `[…]`, a closing bracket twice."""

    schema: str
    table: str
    columns: Mapping[str, str]

    @classmethod
    def of(cls, warehouse: WarehouseTable) -> Tables:
        schema, _, table = warehouse.table.partition(".")
        return cls(schema, table, warehouse.columns)

    @property
    def staging_table(self) -> str:
        return f"{self.table}_staging"

    @property
    def target(self) -> str:
        return self._named(self.table)

    @property
    def staging(self) -> str:
        return self._named(self.staging_table)

    @property
    def windows(self) -> str:
        return self._named(f"{self.table}_windows")

    def _named(self, table: str) -> str:
        return f"{bracketed(self.schema)}.{bracketed(table)}"


def bracketed(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"


def text(value: str) -> str:
    """A literal of T-SQL."""
    return "N'" + value.replace("'", "''") + "'"


# ------------------------------------------------------------------------------------------- making them


def creation(tables: Tables) -> str:
    """Makes the tables that are not there; where all are, no right to create any is needed."""
    declared = {bracketed(name): f"{kind} NULL" for name, kind in tables.columns.items()}
    run = {bracketed(name): f"{kind} NOT NULL" for name, kind in RUN_COLUMNS.items()}
    staged = {
        "[scored_at]": run["[scored_at]"],
        "[run_group]": "nvarchar(200) NOT NULL",
        "[staged_at]": "datetime2(3) NOT NULL",
    }
    windows = {
        "[window_start]": f"{RUN_COLUMNS['window_start']} NOT NULL PRIMARY KEY",
        "[model_version]": f"{RUN_COLUMNS['model_version']} NOT NULL",
        "[attempt_started]": "datetime2(7) NOT NULL",
        "[run_group]": "nvarchar(200) NOT NULL",
        "[row_count]": "bigint NOT NULL",
        "[swapped_at]": "datetime2(3) NOT NULL",
    }
    return "\n".join(
        [
            *_created(tables.target, {**declared, **run}, index="window_start", name=tables.table),
            *_created(tables.staging, {**declared, **staged}, index="run_group", name=tables.staging_table),
            *_created(tables.windows, windows),
        ]
    )


def _created(table: str, columns: Mapping[str, str], index: str = "", name: str = "") -> Iterator[str]:
    yield f"IF OBJECT_ID({text(table)}, N'U') IS NULL"
    yield "BEGIN"
    yield f"    CREATE TABLE {table} ("
    yield ",\n".join(f"        {column} {kind}" for column, kind in columns.items())
    yield "    );"
    if index:
        yield f"    CREATE INDEX {bracketed(f'ix_{name}')} ON {table} ({bracketed(index)});"
    yield "END;"


def files(settings: Settings) -> dict[str, bytes]:
    """Path → content of what `render` writes of the tables."""
    found = [model.output.warehouse for _, model in sorted(settings.models.items())]
    return {
        f"warehouse/{each.table}.sql": script(Tables.of(each), settings.data_factory.name).encode()
        for each in found
        if each is not None
    }


def script(tables: Tables, factory: str) -> str:
    """What an administrator runs: the tables, and the least that the factory may do with them."""
    return "\n".join([_STORY, creation(tables), "", *_grants(tables, factory), ""])


_STORY: Final = """\
-- The tables of one model, where they are not there yet, and what the factory may do with them.
-- A column that comes into the configuration later is added by hand, to the table and to its staging table.
"""


def _grants(tables: Tables, factory: str) -> Iterator[str]:
    user = bracketed(factory)
    yield f"IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE [name] = {text(factory)})"  # noqa: S608 - a quoted literal
    yield f"    CREATE USER {user} FROM EXTERNAL PROVIDER;"
    yield f"GRANT SELECT, INSERT, DELETE ON {tables.target} TO {user};"
    yield f"GRANT SELECT, INSERT, DELETE ON {tables.staging} TO {user};"
    yield f"GRANT SELECT, INSERT, UPDATE ON {tables.windows} TO {user};"


# ------------------------------------------------------------------------------------------- a window


def preparation(tables: Tables) -> str:
    """Before a copy. @stale: what was staged before that instant is of runs that died."""
    return f"{creation(tables)}\nDELETE FROM {tables.staging} WHERE [staged_at] < @stale;"


def clearing(tables: Tables) -> tuple[str, str]:
    """Before each try of a copy: text before and after the run group, which is a literal here."""
    # A preCopyScript has no parameters.
    return f"DELETE FROM {tables.staging} WHERE [run_group] = N'", "';"  # noqa: S608 - the name is quoted


def swap(tables: Tables) -> str:
    """Puts the staged rows of @run_group in the place of the window's, and clears them away.

    @window_start, @attempt_started: UTC. @model_version, @row_count: as the receipt says.
    """
    names = [bracketed(name) for name in tables.columns]
    target = ", ".join([*names, *(bracketed(name) for name in RUN_COLUMNS)])
    staged = ", ".join([*names, "@window_start", "@model_version", "[scored_at]"])
    refusal = f"the rows staged in {tables.staging} are not those that landed: copy them again"
    return f"""SET XACT_ABORT ON;
BEGIN TRANSACTION;
IF NOT EXISTS (SELECT 1 FROM {tables.windows} WHERE [window_start] = @window_start)
    INSERT INTO {tables.windows}
        ([window_start], [model_version], [attempt_started], [run_group], [row_count], [swapped_at])
    VALUES (@window_start, 0, N'0001-01-01', N'', 0, SYSUTCDATETIME());
UPDATE {tables.windows} SET [row_count] = [row_count] WHERE [window_start] = @window_start;
IF NOT EXISTS (
    SELECT 1 FROM {tables.windows}
    WHERE [window_start] = @window_start AND ([attempt_started] > @attempt_started
        OR ([attempt_started] = @attempt_started AND [run_group] = @run_group))
)
BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT COUNT(*) AS [row_count], COUNT(DISTINCT [scored_at]) AS [attempts]
            FROM {tables.staging} WHERE [run_group] = @run_group
        ) AS [staged] WHERE [staged].[row_count] <> @row_count OR [staged].[attempts] > 1
    )
        THROW {STALE}, {text(refusal)}, 1;
    DELETE FROM {tables.target} WHERE [window_start] = @window_start;
    INSERT INTO {tables.target} ({target})
    SELECT {staged}
    FROM {tables.staging} WHERE [run_group] = @run_group;
    UPDATE {tables.windows} SET [model_version] = @model_version, [attempt_started] = @attempt_started,
        [run_group] = @run_group, [row_count] = @row_count, [swapped_at] = SYSUTCDATETIME()
    WHERE [window_start] = @window_start;
END;
DELETE FROM {tables.staging} WHERE [run_group] = @run_group;
COMMIT TRANSACTION;"""  # noqa: S608 - names are quoted, values are parameters
