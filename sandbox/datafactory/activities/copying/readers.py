"""Files and queries as rows."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

from sandbox.datafactory.activities.copying.formats import (
    Delimited,
    delimited,
    encoding,
    is_compressed,
    unpacked,
)
from sandbox.datafactory.activities.copying.rows import BATCH_ROWS, Rows, bad_data, conform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from sandbox.datafactory.activities.warehouse.database import Database
    from sandbox.datafactory.models import Json

_CHUNK = 1024 * 1024
_BLANKS = {False: re.compile(r"\s*"), True: re.compile(r"[\s,]*")}
_LARGEST_OBJECT = 64 * _CHUNK


def read_delimited(
    where: str, dataset: str, settings: Json, reading: Json, opened: Callable[[], IO[bytes]]
) -> Rows:
    """Every column is text, as the service has it: a mapping, or the sink, makes other types of it."""
    import pyarrow as pa

    form = delimited(dataset, settings)
    skipped = int(reading.get("skipLineCount") or 0)
    first = _first_record(where, form, skipped, unpacked(opened(), compressed=form.compressed))
    if first is None:
        return Rows(pa.schema([]), iter(()))
    names = first if form.has_header else [f"Prop_{at}" for at in range(len(first))]
    _require_names(where, names)
    schema = pa.schema([(name, pa.string()) for name in names])
    return Rows(schema, _delimited_batches(where, form, skipped, schema, opened))


def _first_record(where: str, form: Delimited, skipped: int, stream: IO[bytes]) -> list[str] | None:
    text = io.TextIOWrapper(stream, form.encoding, newline="")
    reader = csv.reader(
        islice(text, skipped, None),
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        escapechar=None if form.doubles_quotes else form.escape,
        doublequote=form.doubles_quotes,
    )
    try:
        return next((record for record in reader if record), None)
    except (csv.Error, UnicodeDecodeError) as error:
        raise bad_data(where, error) from error


def _require_names(where: str, names: list[str]) -> None:
    if "" in names or len(set(names)) < len(names):
        raise bad_data(where, f"the header needs a name for each column, all different: {', '.join(names)}")


def _delimited_batches(
    where: str, form: Delimited, skipped: int, schema: pa.Schema, opened: Callable[[], IO[bytes]]
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(unpacked(opened(), compressed=form.compressed), mode="r"),
            read_options=arrow_csv.ReadOptions(
                column_names=schema.names,
                skip_rows=skipped,
                skip_rows_after_names=int(form.has_header),
                encoding="utf8" if form.encoding == "utf-8-sig" else form.encoding,
                block_size=_CHUNK,
                use_threads=False,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=form.delimiter,
                quote_char=form.quote or False,
                escape_char=False if form.doubles_quotes else form.escape,
                double_quote=form.doubles_quotes,
                newlines_in_values=True,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=schema,
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[form.null],
            ),
        )
        yield from reader
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise bad_data(where, error) from error


def read_json(where: str, dataset: str, settings: Json, opened: Callable[[], IO[bytes]]) -> Rows:
    """Objects one after the other, or one array of them. The first ones decide the columns and types."""
    import pyarrow as pa

    compressed = is_compressed(dataset, settings)
    text = io.TextIOWrapper(unpacked(opened(), compressed=compressed), encoding(dataset, settings))
    objects = _objects(where, text)
    first = list(islice(objects, BATCH_ROWS))
    names = list(dict.fromkeys(name for one in first for name in one))
    try:
        table = pa.Table.from_pylist([dict.fromkeys(names) | one for one in first])
    except pa.ArrowException as error:
        raise bad_data(where, error) from error
    schema = _without_null_types(table.schema)
    return Rows(schema, _object_batches(where, schema, chain(first, objects)))


def _without_null_types(schema: pa.Schema) -> pa.Schema:
    """A column that is null in the first rows may hold text later."""
    import pyarrow as pa

    return pa.schema(
        [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in schema]
    )


def _object_batches(where: str, schema: pa.Schema, objects: Iterator[Json]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    known = set(schema.names)
    while rows := list(islice(objects, BATCH_ROWS)):
        for row in rows:
            if not row.keys() <= known:
                raise bad_data(
                    where, f"the field '{min(row.keys() - known)}' is not in the first {BATCH_ROWS} objects"
                )
        try:
            yield pa.RecordBatch.from_pylist(rows, schema=schema)
        except (pa.ArrowException, TypeError) as error:
            raise bad_data(where, error) from error


def _objects(where: str, text: io.TextIOWrapper) -> Iterator[Json]:
    """Reads as far as it must for the next object."""
    decoder = json.JSONDecoder()
    held = text.read(_CHUNK).lstrip()
    in_array = held.startswith("[")
    position = int(in_array)
    while True:
        position = _BLANKS[in_array].match(held, position).end()  # type: ignore[union-attr]  # it may be empty
        try:
            found, position = decoder.raw_decode(held, position)
        except ValueError as error:
            rest = held[position:]
            more = text.read(max(_CHUNK, len(rest))) if len(rest) < _LARGEST_OBJECT else ""
            if more:
                held, position = rest + more, 0
                continue
            if rest.strip() == ("]" if in_array else ""):
                return
            raise bad_data(where, error) from error
        if not isinstance(found, dict):
            raise bad_data(where, f"an object is expected, not {str(found)[:40]}")
        yield found


def read_parquet(where: str, stream: IO[bytes]) -> Rows:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.PythonFile(stream, mode="r"), pre_buffer=False)
    except pa.ArrowException as error:
        raise bad_data(where, f"it is no Parquet file: {error}") from error
    schema = file.schema_arrow.remove_metadata()

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield batch.replace_schema_metadata(None)
        except pa.ArrowException as error:
            raise bad_data(where, error) from error

    return Rows(schema, batches())


def read_query(where: str, database: Database, query: str, declared: Mapping[str, Any]) -> Rows:
    """`declared`: the Arrow type of each column that is known; others are what their first rows are."""
    import pyarrow as pa

    from sandbox.datafactory.activities.warehouse.columns import reader

    names, rows = database.rows(query)
    _require_names(where, names)

    read = {name: reader(kind) for name, kind in declared.items()}

    def column(name: str, values: Sequence[Any]) -> pa.Array:
        if name not in read:
            return pa.array(values)
        made = [None if value is None else read[name](value) for value in values]
        return pa.array(made, declared[name])

    def batch(found: list[tuple[Any, ...]]) -> pa.RecordBatch:
        columns = list(zip(*found, strict=True)) or [() for _ in names]
        return pa.record_batch(list(map(column, names, columns)), names=names)

    def checked(found: list[tuple[Any, ...]]) -> pa.RecordBatch:
        try:
            return batch(found)
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise bad_data(where, error) from error

    first = checked(list(islice(rows, BATCH_ROWS)))
    schema = _without_null_types(first.schema)
    rest = (checked(found) for found in iter(lambda: list(islice(rows, BATCH_ROWS)), []))
    return Rows(schema, (conform(one, schema, where) for one in chain([first], rest) if len(one)))
