"""Rows as rows of a table: `writeBatchSize` of them a transaction; a copy that fails leaves what it had.

The columns of the table decide the types; a value that does not fit fails the copy and names its column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.copying.rows import BATCH_ROWS, CODE
from sandbox.datafactory.activities.warehouse.columns import BAD_VALUES, converter, declared_type
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from sandbox.datafactory.activities.copying.mapping import Mapping as ColumnMapping
    from sandbox.datafactory.activities.copying.report import Tally
    from sandbox.datafactory.activities.copying.rows import Part
    from sandbox.datafactory.activities.warehouse.database import Database
    from sandbox.datafactory.models import Json


@dataclass(frozen=True)
class TableSink:
    database: Database
    table: str
    sink: Json
    mapping: ColumnMapping
    tally: Tally

    def write(self, parts: Iterator[Part]) -> None:
        if self.sink.get("preCopyScript"):
            self.database.run(str(self.sink["preCopyScript"]), {})
        self.tally.add_rows(0)
        for part in parts:
            rows = self.mapping.apply(part.rows(), part.relative)
            convert = self._converters(rows.schema)
            for batch in rows.batches:
                self._insert(batch, convert)
            part.done()

    def _converters(self, schema: pa.Schema) -> dict[str, Callable[[Any], Any]]:
        """One for each column; a table that is not there is made where the sink says so."""
        declared = self.database.columns(self.table)
        if not declared and str(self.sink.get("tableOption")).lower() == "autocreate":
            self.database.create(self.table, {field.name: declared_type(field.type) for field in schema})
            declared = self.database.columns(self.table)
        if not declared:
            raise ActivityFailed(
                CODE,
                f"ErrorCode=SqlOperationFailed,'Invalid object name {self.table!r}: there is no such table.'",
            )
        self._require_columns(schema.names, declared)
        return {name: converter(declared[name]) for name in schema.names}

    def _require_columns(self, names: Sequence[str], declared: Mapping[str, str]) -> None:
        missing = [name for name in names if name not in declared]
        if missing:
            raise ActivityFailed(
                CODE,
                f"ErrorCode=UserErrorInvalidColumnName,'The column {missing[0]} is not found in the table "
                f"{self.table!r}, which has {', '.join(declared)}.'",
            )

    def _insert(self, batch: pa.RecordBatch, convert: Mapping[str, Callable[[Any], Any]]) -> None:
        size = int(self.sink.get("writeBatchSize") or BATCH_ROWS)
        for start in range(0, len(batch), size):
            part = batch.slice(start, size)
            columns = [
                _converted(name, column.to_pylist(), convert[name])
                for name, column in zip(part.schema.names, part.columns, strict=True)
            ]
            self.database.insert(self.table, part.schema.names, zip(*columns, strict=True))
            self.tally.add_rows(len(part))
            self.tally.data_written += part.nbytes


def _converted(name: str, values: list[Any], convert: Callable[[Any], Any]) -> list[Any]:
    try:
        return [None if value is None else convert(value) for value in values]
    except BAD_VALUES as error:
        bad = next(value for value in values if value is not None and _is_bad(value, convert))
        message = f"ErrorCode=TypeConversionFailure,'The column {name} cannot take {bad!r}: {error}.'"
        raise ActivityFailed(CODE, message) from error


def _is_bad(value: Any, convert: Callable[[Any], Any]) -> bool:  # noqa: ANN401 - any value of a row
    try:
        convert(value)
    except BAD_VALUES:
        return True
    return False
