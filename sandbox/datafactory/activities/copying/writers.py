"""Rows as files. A writer that is closed has written everything; its stream decides when it is seen."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

from sandbox.datafactory.activities.copying.formats import (
    delimited,
    encoding,
    is_compressed,
    packed,
    parquet_codec,
)
from sandbox.datafactory.activities.copying.rows import bad_data

if TYPE_CHECKING:
    import pyarrow as pa

    from sandbox.datafactory.activities.copying.formats import Delimited
    from sandbox.datafactory.models import Json

_GROUP_ROWS = 100_000


class Writer(Protocol):
    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


class DelimitedWriter:
    def __init__(
        self, stream: IO[bytes], schema: pa.Schema, dataset: str, settings: Json, writing: Json
    ) -> None:
        form = delimited(dataset, settings)
        self._null = form.null
        self._stream = stream
        self._packed = packed(stream, compressed=form.compressed)
        name = "utf-8" if form.encoding == "utf-8-sig" else form.encoding
        self._text = io.TextIOWrapper(self._packed, name, newline="")
        self._csv = csv.writer(
            self._text,
            delimiter=form.delimiter,
            quotechar=form.quote or None,
            quoting=_quoting(form, writing),
            escapechar=None if form.doubles_quotes else form.escape,
            doublequote=form.doubles_quotes,
            lineterminator=form.line_end or "\r\n",
        )
        if form.has_header:
            self._csv.writerow(schema.names)

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [[self._cell(value) for value in column.to_pylist()] for column in batch.columns]
        try:
            self._csv.writerows(zip(*columns, strict=True))
        except csv.Error as error:
            raise bad_data("the sink", error) from error

    def close(self) -> None:
        self._text.flush()
        self._text.detach()
        if self._packed is not self._stream:
            self._packed.close()

    def _cell(self, value: Any) -> str:  # noqa: ANN401 - any value of a row
        return self._null if value is None else cell(value)


def _quoting(form: Delimited, writing: Json) -> Literal[0, 1, 3]:
    if not form.quote:
        return csv.QUOTE_NONE
    return csv.QUOTE_ALL if writing.get("quoteAllText") else csv.QUOTE_MINIMAL


def cell(value: Any) -> str:  # noqa: ANN401 - any value of a row
    """A value as .NET writes it: `True`, `1` for 1.0, `2026-11-22 06:00:00.0000000`."""
    match value:
        case str():
            return value
        case float():
            return repr(value).removesuffix(".0").replace("e", "E")
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S.%f") + "0"
        case bytes():
            return base64.b64encode(value).decode()
        case dict() | list():
            return json.dumps(value, default=str)
        case _:
            return str(value)


class JsonWriter:
    """A line an object, or one array of them (`arrayOfObjects`)."""

    def __init__(
        self, stream: IO[bytes], _schema: pa.Schema, dataset: str, settings: Json, writing: Json
    ) -> None:
        self._stream = stream
        self._packed = packed(stream, compressed=is_compressed(dataset, settings))
        found = encoding(dataset, settings)
        self._encoding = "utf-8" if found == "utf-8-sig" else found
        self._is_array = writing.get("filePattern") == "arrayOfObjects"
        self._has_rows = False

    def write(self, batch: pa.RecordBatch) -> None:
        if not len(batch):
            return
        between = "," if self._is_array else "\r\n"
        before = between if self._has_rows else ("[" if self._is_array else "")
        self._put(before + between.join(map(_ENCODER.encode, batch.to_pylist())))
        self._has_rows = True

    def close(self) -> None:
        if self._is_array:
            self._put("]" if self._has_rows else "[]")
        if self._packed is not self._stream:
            self._packed.close()

    def _put(self, text: str) -> None:
        self._packed.write(text.encode(self._encoding))


def _json(value: Any) -> Any:  # noqa: ANN401 - what JSON has no form of
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return str(value)


_ENCODER = json.JSONEncoder(default=_json, ensure_ascii=False, separators=(",", ":"))


class ParquetWriter:
    def __init__(
        self, stream: IO[bytes], schema: pa.Schema, dataset: str, settings: Json, _writing: Json
    ) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        codec = parquet_codec(dataset, settings)
        try:
            self._writer = parquet.ParquetWriter(pa.PythonFile(stream, mode="w"), schema, compression=codec)
        except pa.ArrowException as error:
            raise bad_data("the sink", error) from error
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._rows += len(batch)
        if self._rows >= _GROUP_ROWS:
            self._write_group()

    def close(self) -> None:
        if self._held:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_batches(self._held))
        self._held, self._rows = [], 0


WRITERS: dict[str, Any] = {"DelimitedText": DelimitedWriter, "Json": JsonWriter, "Parquet": ParquetWriter}
