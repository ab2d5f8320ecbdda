"""Parts: what one work item leaves behind, a Parquet file with its own count of rows. Pure.

Parts of a window may disagree about a column's type: column_types.py.

A part is encoded as the landed file will be, so that it can become a piece of it as it is (window_file.py).
Never more than ROWS_A_GROUP rows, and one table that is added, are in memory.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Self

from .column_types import conformed, schema_of
from .errors import RowsUnaccounted
from .key_order import Ends, KeyOrder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    from .run_columns import RunColumns

FACTS = b"abs_part"
ROWS_A_BATCH = 65_536
ROWS_A_GROUP = 262_144
CODEC = "snappy"
"""Of parts, and so of what lands: Data Factory's documentation has snappy and gzip, and no zstd."""


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
    keys: Ends | None = None
    """Of a part whose keys are whole numbers that strictly increase."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        found = json.loads(content)
        spans, keys = found["spans"], found["keys"]
        return cls(**{**found, "spans": tuple(Span(*span) for span in spans), "keys": keys and Ends(*keys)})


class PartWriter:
    """Collects an item's tables, on disk; `close` says what came in. Tables may disagree as parts may.

    `unique` is the column of which no value comes twice, or should: none is kept in a dictionary.
    """

    def __init__(self, path: Path, unique: str | None = None) -> None:
        self._path = path
        self._unique = unique
        self._spooled: list[tuple[Path, str, pa.Schema]] = []
        self._rows = 0
        self._order = KeyOrder()

    def add(self, table: pa.Table, files: str) -> None:
        """The results of these files; `close` raises TypesDisagree where no type holds those of all."""
        import pyarrow as pa

        spool = self._path.with_name(f"{self._path.name}.{len(self._spooled):06}.arrow")
        with pa.ipc.new_file(str(spool), table.schema) as writer:
            writer.write_table(table)
        if self._unique in table.column_names:
            self._order.see(table.column(self._unique))
        self._spooled.append((spool, files, table.schema))
        self._rows += table.num_rows

    def close(self, facts: PartFacts) -> int:
        """Write the part; the number of rows in it."""
        schema = schema_of((files, each) for _, files, each in self._spooled)
        facts = replace(facts, keys=self._order.ends())
        described = schema.with_metadata({FACTS: facts.to_json()})
        with parquet_writer(self._path, described, self._unique) as writer:
            for group in row_groups(conformed(table, schema, files) for files, table in self._read()):
                writer.write_table(group)
        return self._rows

    def _read(self) -> Iterator[tuple[str, pa.Table]]:
        import pyarrow as pa

        for spool, files, _ in self._spooled:
            with pa.OSFile(str(spool)) as file:
                yield files, pa.ipc.open_file(file).read_all()
            spool.unlink()


def parquet_writer(target: Path | BinaryIO, schema: pa.Schema, unique: str | None = None) -> Any:  # noqa: ANN401
    """Of parts and of what lands alike: the same encoding, so that one can become the other."""
    from pyarrow import parquet

    repeating = [each.name for each in schema if each.name != unique]
    return parquet.ParquetWriter(target, schema, compression=CODEC, use_dictionary=repeating)


def row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of ROWS_A_GROUP, but for the last: each becomes a row group."""
    import pyarrow as pa

    gathered: list[pa.Table] = []
    for table in tables:
        gathered.append(table)
        while sum(each.num_rows for each in gathered) >= ROWS_A_GROUP:
            rows = pa.concat_tables(gathered)
            yield rows.slice(0, ROWS_A_GROUP)
            gathered = [rows.slice(ROWS_A_GROUP)] if rows.num_rows > ROWS_A_GROUP else []
    if gathered:
        yield pa.concat_tables(gathered)


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

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @property
    def files(self) -> str:
        """Of the input, for messages."""
        names = list(dict.fromkeys(span.file for span in self.facts.spans))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"{names[0]}{more}" if names else f"work item {self.facts.number}"

    def check(self, name: str) -> None:
        if self.rows + self.facts.rows_quarantined != self.facts.rows_in:
            raise RowsUnaccounted(name, self.facts.rows_in, self.rows, self.facts.rows_quarantined)

    def without(self, rows: np.ndarray[Any, Any], target: Path) -> Part:
        """A part that lacks these rows, by their numbers from 0, in a file of its own."""
        with parquet_writer(target, self.schema) as writer:
            for group in row_groups(self._all_but(rows)):
                writer.write_table(group)
        return replace(self, path=target, rows=self.rows - len(rows))

    def _all_but(self, rows: np.ndarray[Any, Any]) -> Iterator[pa.Table]:
        import numpy as np
        import pyarrow as pa

        kept = np.ones(self.rows, bool)
        kept[rows] = False
        before = 0
        for table in self.batches(self.schema):
            yield table.filter(pa.array(kept[before : before + table.num_rows]))
            before += table.num_rows

    def batches(self, schema: pa.Schema) -> Iterator[pa.Table]:
        """Its rows, with the columns and types of `schema` and no others."""
        import pyarrow as pa
        from pyarrow import parquet

        mine = [name for name in schema.names if name in self.schema.names]
        with parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS_A_BATCH, columns=mine):
                table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                yield conformed(table, schema, self.files)


@dataclass(frozen=True)
class Scored:
    """The rows to land, in parts that may disagree; `schema` is the results'."""

    parts: Sequence[Part]
    schema: pa.Schema
    run_columns: RunColumns
    rows_in: int

    @property
    def landed(self) -> pa.Schema:
        """Of the file: the results' columns, and the run's."""
        return self.run_columns.schema_behind(self.schema)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes, about."""
        return sum(part.size for part in self.parts)

    def batches(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of all parts, in order, with these columns of the results."""
        import pyarrow as pa

        schema = pa.schema([self.schema.field(name) for name in names])
        for part in self.parts:
            if part.rows:
                yield from part.batches(schema)
