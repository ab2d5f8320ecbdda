"""Parts: what one work item leaves behind, a Parquet file with its own count of rows; and joining them. Pure.

Parts of a window may disagree about a column's type (one saw whole numbers only, another a fraction): they
are joined as the narrowest type that holds both, numbers as numbers, anything else as text.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from .errors import RowsUnaccounted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    from .run_columns import RunColumns

FACTS = b"abs_part"
ROWS_A_BATCH = 65_536


class Span(NamedTuple):
    """Rows of an input file that an item met one after the other.

    `before`: the rows above them in a Parquet file. Of a CSV file, `lines` says how many lines they take and
    `header` how many its header takes, where they stand right below it; what a range of a file has above it
    only publish can tell, which knows all of them.
    """

    file: str
    before: int
    rows: int
    lines: int
    header: int


@dataclass(frozen=True)
class PartFacts:
    """What score counted, by reading the input's bytes; publish counts the part's own rows."""

    number: int
    rows_in: int
    rows_quarantined: int
    model_sha256: str
    spans: tuple[Span, ...] = ()

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        found = json.loads(content)
        return cls(**{**found, "spans": tuple(Span(*span) for span in found["spans"])})


def schema_of(columns: Sequence[pa.Schema]) -> pa.Schema:
    """One schema for all; columns in the order in which they first appear."""
    import pyarrow as pa

    kinds: dict[str, list[pa.DataType]] = {}
    for schema in columns:
        for column in schema:
            kinds.setdefault(column.name, []).append(column.type)
    return pa.schema([pa.field(name, _common(types)) for name, types in kinds.items()])


def _common(kinds: list[pa.DataType]) -> pa.DataType:
    import pyarrow as pa

    known = list(dict.fromkeys(kind for kind in kinds if not pa.types.is_null(kind)))
    if len(known) <= 1:
        return known[0] if known else pa.float64()
    if all(pa.types.is_integer(kind) for kind in known):
        return pa.int64()
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in known):
        return pa.float64()
    return pa.string()


class PartWriter:
    """Collects an item's tables; `close` says what came in. Tables may disagree as parts may."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        self._tables.append(table)

    def close(self, facts: PartFacts) -> int:
        """Write the part; the number of rows in it."""
        import pyarrow as pa
        from pyarrow import parquet

        schema = schema_of([table.schema for table in self._tables])
        schema = schema.with_metadata({FACTS: facts.to_json()})
        with parquet.ParquetWriter(self._path, schema, compression="zstd") as writer:
            for table in self._tables:
                writer.write_table(conformed(table, schema))
        del pa
        return sum(table.num_rows for table in self._tables)


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` with exactly the columns of `schema`; what it lacks is missing."""
    import pyarrow as pa

    columns = [
        table.column(each.name).cast(each.type)
        if each.name in table.column_names
        else pa.nulls(table.num_rows, each.type)
        for each in schema
    ]
    return pa.table(columns, schema=schema)


@dataclass(frozen=True)
class Part:
    """A part on disk, with the rows that are really in it."""

    path: Path
    facts: PartFacts
    rows: int
    schema: pa.Schema

    @classmethod
    def open(cls, path: Path) -> Part:
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            facts = PartFacts.from_json(file.schema_arrow.metadata[FACTS])
            return cls(path, facts, int(file.metadata.num_rows), file.schema_arrow.remove_metadata())

    def check(self, name: str) -> None:
        if self.rows + self.facts.rows_quarantined != self.facts.rows_in:
            raise RowsUnaccounted(name, self.facts.rows_in, self.rows, self.facts.rows_quarantined)

    def without(self, rows: np.ndarray[Any, Any], target: Path) -> Part:
        """A part that lacks these rows, by their numbers from 0, in a file of its own."""
        import numpy as np
        import pyarrow as pa
        from pyarrow import parquet

        kept = np.ones(self.rows, bool)
        kept[rows] = False
        before = 0
        with parquet.ParquetWriter(target, self.schema, compression="zstd") as writer:
            for table in self.batches(self.schema):
                writer.write_table(table.filter(pa.array(kept[before : before + table.num_rows])))
                before += table.num_rows
        return replace(self, path=target, rows=self.rows - len(rows))

    def batches(self, schema: pa.Schema) -> Iterator[pa.Table]:
        """Its rows, with the columns and types of `schema` and no others."""
        import pyarrow as pa
        from pyarrow import parquet

        mine = [name for name in schema.names if name in self.schema.names]
        with parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS_A_BATCH, columns=mine):
                yield conformed(pa.Table.from_batches([batch]).replace_schema_metadata(None), schema)


@dataclass(frozen=True)
class Scored:
    """The rows to land, in parts that may disagree; `schema` is the results', `landed` the file's."""

    parts: Sequence[Part]
    schema: pa.Schema
    landed: pa.Schema
    rows_in: int

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def batches(self, names: Sequence[str]) -> Iterator[pa.Table]:
        import pyarrow as pa

        schema = pa.schema([self.schema.field(name) for name in names])
        for part in self.parts:
            if part.rows:
                yield from part.batches(schema)


def write_file(
    scored: Scored, target: Path, file_format: str, record: dict[str, str], run_columns: RunColumns
) -> int:
    """All parts in one file, in order, a batch at a time; the number of rows written.

    `record` goes into the Parquet footer.
    """
    written = 0
    with _writer(target, file_format, scored.landed, record) as writer:
        for table in scored.batches(scored.schema.names):
            writer.write_table(run_columns.append(table))
            written += table.num_rows
    return written


def _writer(target: Path, file_format: str, schema: pa.Schema, record: dict[str, str]) -> Any:  # noqa: ANN401
    from pyarrow import csv, parquet

    if file_format == "csv":
        return csv.CSVWriter(target, schema, write_options=csv.WriteOptions(quoting_style="needed"))
    named = {f"abs_{name}": value for name, value in record.items()}
    return parquet.ParquetWriter(target, schema.with_metadata(named), compression="zstd")
