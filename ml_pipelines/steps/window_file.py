"""A window's rows as what lands: one file, or a summary file and the part files that it names. Pure.

A large part that has the window's columns and types becomes a piece of a Parquet file as it is
(parquet_join.py); small ones are encoded again, many to a row group, and so is whatever disagrees. The run's
columns are put beside each row group, encoded once for all groups of as many rows.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from . import parquet_join
from .errors import NotForCsv
from .landing import part_name
from .parts import ROWS_A_BATCH, parquet_writer, row_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from .parts import Part, Scored

ENCODED_BYTES = 256 * 1024 * 1024
"""Of how many bytes of parts a file that is encoded again is made."""


def write_file(scored: Scored, target: Path, file_format: str, record: dict[str, str]) -> int:
    """All parts in one file, in order; the number of rows written. `record` goes into the Parquet footer."""
    if file_format == "csv":
        return _write_csv(scored, target)
    described = _described(target, scored.landed, record)
    return parquet_join.join(described, _alike(scored, target, ENCODED_BYTES), target, _beside(scored))


def write_parts(
    scored: Scored, target: Path, attempt: str, most_bytes: int, record: dict[str, str]
) -> tuple[int, list[Path]]:
    """The rows in Parquet files of about `most_bytes`, beside `target` under the names of landing.py.

    `target` becomes their summary. The number of rows, and the files in order.
    """
    described, beside = _described(target, scored.landed, record), _beside(scored)
    files: dict[str, Path] = {}
    for pieces in _packed(_alike(scored, target, most_bytes), most_bytes):
        name = part_name(attempt, len(files))
        files[name] = target.parent / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        parquet_join.join(described, pieces, files[name], beside)
    return parquet_join.summarize(described, files, target), list(files.values())


def _described(target: Path, schema: pa.Schema, record: dict[str, str]) -> Path:
    """A Parquet file without rows: the schema, and the record as it stands in every file that lands."""
    described = target.with_name(f"{target.name}.schema")
    named = {f"abs_{name}": value for name, value in record.items()}
    parquet_writer(described, schema.with_metadata(named)).close()
    return described


def _beside(scored: Scored) -> Callable[[int], bytes] | None:
    """The run's columns for row groups of so many rows; most groups have equally many."""
    columns = scored.run_columns
    if not columns.values:
        return None

    @lru_cache(maxsize=8)
    def of_rows(rows: int) -> bytes:
        buffer = io.BytesIO()
        table = columns.alone(rows)
        with parquet_writer(buffer, table.schema) as writer:
            writer.write_table(table, row_group_size=rows)
        return buffer.getvalue()

    return of_rows


def _write_csv(scored: Scored, target: Path) -> int:
    import pyarrow as pa
    from pyarrow import csv

    written = 0
    options = csv.WriteOptions(quoting_style="needed")
    with csv.CSVWriter(target, scored.landed, write_options=options) as writer:
        for part in scored.parts:
            for table in part.batches(scored.schema):
                try:
                    writer.write_table(scored.run_columns.behind(table))
                except pa.ArrowInvalid as error:
                    raise _not_for_csv(scored.landed, error) from error
                written += table.num_rows
    return written


def _not_for_csv(schema: pa.Schema, error: Exception) -> Exception:
    """Bytes are written where they are a text: known only once they are seen."""
    import pyarrow as pa

    bytes_alone = [
        each for each in schema if pa.types.is_binary(each.type) or pa.types.is_large_binary(each.type)
    ]
    return NotForCsv(bytes_alone[0].name, bytes_alone[0].type) if bytes_alone else error


def _packed(files: Iterator[Path], most_bytes: int) -> Iterator[list[Path]]:
    """Neighbours, as many as are no larger than `most_bytes` together; a larger one alone."""
    pack: list[Path] = []
    taken = 0
    for file in files:
        size = file.stat().st_size
        if pack and taken + size > most_bytes:
            yield pack
            pack, taken = [], 0
        pack.append(file)
        taken += size
    if pack:
        yield pack


def _alike(scored: Scored, target: Path, most_bytes: int) -> Iterator[Path]:
    """Parquet files of exactly the results' schema with all rows, in order: large parts themselves."""
    others: list[Part] = []
    schema = scored.schema
    for part in scored.parts:
        fits = part.rows >= ROWS_A_BATCH and part.schema.equals(schema)
        if others and (fits or sum(each.size for each in others) + part.size > most_bytes):
            yield _encoded(others, schema, target)
            others = []
        if fits:
            yield part.path
        else:
            others.append(part)
    if others:
        yield _encoded(others, schema, target)


def _encoded(parts: Sequence[Part], schema: pa.Schema, target: Path) -> Path:
    again = target.with_name(f"{target.name}.{parts[0].facts.number}")
    with parquet_writer(again, schema) as writer:
        for group in row_groups(table for part in parts for table in part.batches(schema)):
            writer.write_table(group)
    return again
