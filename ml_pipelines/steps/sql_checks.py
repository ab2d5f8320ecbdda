"""Checks in SQL: DuckDB queries over the view `predictions`, each returning the rows that must not be.

DuckDB is an optional extra: the model's ml_environment must hold it. It is given the rows a batch at a time,
no file, no network, and a bounded part of the memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .check_results import judged
from .errors import CheckImpossible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa

    from .check_results import CheckResult

VIEW = "predictions"
MEMORY = "1GB"
SHOWN_ROWS = 3
MOST_COUNTED = 10_000
READ_TWICE = "already been consumed"
ONCE = (
    "it reads `predictions` more than once, and the rows stream by once. Read them into a table of the "
    "query's own: WITH p AS MATERIALIZED (SELECT * FROM predictions) SELECT … FROM p"
)
NONE_ALLOWED = "no row"


def results(
    queries: Mapping[str, str], rows: Callable[[], pa.RecordBatchReader], name: str
) -> Iterator[CheckResult]:
    """One for each query; `rows` opens the window's rows anew. `name` is whose window it is, for messages."""
    for each, query in queries.items():
        check = f"sql.{each}"
        found, shown = _offending(query, rows(), f"{name}: `{check}`")
        if not found:
            yield judged(check, "no row", NONE_ALLOWED, passed=True)
            continue
        count = f"{found} rows" if found < MOST_COUNTED else f"{MOST_COUNTED} rows or more"
        yield judged(check, f"{count}, as {'; '.join(shown)}", NONE_ALLOWED, passed=False)


def _offending(query: str, reader: pa.RecordBatchReader, where: str) -> tuple[int, list[str]]:
    """How many rows the query returns, and the first of them as texts. Raises CheckImpossible."""
    duckdb = _duckdb(where)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.register(VIEW, reader)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            # As texts: Python has no type, or needs another package, for some of DuckDB's.
            whole = f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({query.strip().rstrip(';')}\n)"  # noqa: S608
            cursor = connection.execute(whole)
            names = [column[0] for column in cursor.description or ()]
            return _counted(cursor, names)
        except duckdb.Error as error:
            said = str(error).strip().splitlines()[0]
            said = ONCE if READ_TWICE in said else f"DuckDB refuses it: {said}"
            raise CheckImpossible(where, said) from error


def _counted(cursor: Any, names: list[str]) -> tuple[int, list[str]]:  # noqa: ANN401 - DuckDB's
    count = 0
    shown: list[str] = []
    while count < MOST_COUNTED and (rows := cursor.fetchmany(1000)):
        count += len(rows)
        few = rows[: SHOWN_ROWS - len(shown)]
        shown += [", ".join(map(" ".join, zip(names, map(str, row), strict=True))) for row in few]
    return count, shown


def _duckdb(where: str) -> Any:  # noqa: ANN401 - a package that need not be there
    try:
        duckdb = import_module("duckdb")
    except ImportError as error:
        raise CheckImpossible(
            where, "it needs the package duckdb: add `- duckdb` to the pip part of the model's ml_environment"
        ) from error
    return duckdb
