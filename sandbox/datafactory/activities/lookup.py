"""Lookup of JSON and delimited text in the lake, or of the warehouse: the first row, or up to 5,000."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import (
    Place,
    check_lake_dataset,
    check_store_settings,
    failure_code,
    place_of,
    read_file,
)
from sandbox.datafactory.activities.linked import Linked, dataset
from sandbox.datafactory.activities.sql_source import check_sql_source, is_sql_dataset, query_of
from sandbox.datafactory.activities.warehouse.linked import DATASET_TYPE, connected, file_for
from sandbox.datafactory.activities.warehouse.rows import json_rows
from sandbox.datafactory.activities.worker import Worker, in_thread
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

_SOURCES = {"Json": "JsonSource", "DelimitedText": "DelimitedTextSource"}
_MOST_ROWS = 5000
_MOST_BYTES = 4 * 1024 * 1024


def _check(activity: Json, view: View, target: str) -> None:
    if is_sql_dataset(activity, view, target):
        check_sql_source((activity["typeProperties"].get("source")), activity, target)
        return
    dataset = check_lake_dataset(activity, view, target, frozenset(_SOURCES))
    what = f"Activity '{activity['name']}' (Lookup)"
    properties = activity["typeProperties"]
    source = properties.get("source") or {}
    if source.get("type") != _SOURCES[dataset["type"]]:
        raise BadRequest(
            f"Activity '{activity['name']}': a {dataset['type']} dataset is read by a "
            f"{_SOURCES[dataset['type']]}, not by {source.get('type')!r}.",
            target=target,
        )
    check_store_settings(source.get("storeSettings"), what)
    type_properties = dataset["typeProperties"]
    for one in ("compression", "compressionCodec"):
        if type_properties.get(one):
            raise NotRun(f"{what} of a compressed file")
    if not type_properties["location"].get("fileName"):
        raise NotRun(f"{what} of a folder", "the dataset names no fileName")


async def _run(call: Call) -> Json:
    first_only = call.value("firstRowOnly", True) in (True, "true", "True")
    call.input |= {"source": call.properties.get("source"), "dataset": call.properties.get("dataset")}
    call.input["firstRowOnly"] = first_only
    most = 1 if first_only else _MOST_ROWS
    found, service = dataset(call.frame, call.services.view(), call.properties.get("dataset"))
    if found.type == DATASET_TYPE:
        rows = await _sql_rows(call, found, service, most)
    else:
        rows = await _lake_rows(call, place_of(call, found, service), most)
    if first_only:
        return _within_limit({"firstRow": rows[0]} if rows else {})
    return _within_limit({"count": len(rows), "value": rows})


async def _sql_rows(call: Call, found: Linked, service: Linked, most: int) -> list[Json]:
    file, query = file_for(call, service), query_of(call, call.value("source"), found)

    def read(worker: Worker) -> list[Json]:
        with connected(worker, file, failure_code(call)) as database:
            names, rows = database.rows(query)
            return json_rows(names, islice(rows, most))

    return await in_thread(call, read)


async def _lake_rows(call: Call, where: Place, most: int) -> list[Any]:
    if not where.has_file:
        raise ActivityFailed("2100", f"The dataset names no file in {where.file_system}/{where.path}.")
    content = await read_file(call, where)
    return await asyncio.to_thread(_rows, where, content, most)


def _rows(where: Place, content: bytes, most: int) -> list[Any]:
    """The first rows, and nothing after them: the file may be large. Called in a thread of its own."""
    return list(islice(_READERS[where.type](where, _text(where, content)), most))


def _text(where: Place, content: bytes) -> str:
    encoding = str(where.dataset.get("encodingName") or "utf-8-sig")
    try:
        return content.decode("utf-8-sig" if encoding.upper() == "UTF-8" else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ActivityFailed("2100", f"{where.path} is not text in {encoding}: {error}.") from error


def _json_rows(where: Place, text: str) -> Iterator[Any]:
    """One object, an array of objects, or objects one after the other."""
    decoder = json.JSONDecoder()
    position = 0
    while (position := _skip_blanks(text, position)) < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError as error:
            raise ActivityFailed(
                "2100", f"ErrorCode=UserErrorInvalidJson,'{where.path}: {error}.'"
            ) from error
        yield from value if isinstance(value, list) else [value]


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _delimited_rows(where: Place, text: str) -> Iterator[Any]:
    null = where.dataset.get("nullValue", "")
    records = _records(where, text)
    header = first = next(records, [])
    if not where.dataset.get("firstRowAsHeader"):
        header = [f"Prop_{at}" for at in range(len(first))]
        records = chain([first] if first else [], records)
    for record in records:
        pairs = zip(header, record, strict=False)
        yield {name: None if value == null else value for name, value in pairs}


def _records(where: Place, text: str) -> Iterator[list[str]]:
    settings = where.dataset
    escape, quote = settings.get("escapeChar", "\\"), settings.get("quoteChar", '"')
    doubled = escape in (quote, "", None)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=settings.get("columnDelimiter", ","),
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=None if doubled else escape,
        doublequote=doubled,
    )
    try:
        yield from (record for record in reader if record)
    except csv.Error as error:
        raise ActivityFailed(
            "2100", f"ErrorCode=DelimitedTextBadDataDetected,'{where.path}: {error}.'"
        ) from error


def _within_limit(output: Json) -> Json:
    if len(json.dumps(output, ensure_ascii=False).encode()) > _MOST_BYTES:
        raise ActivityFailed("2001", "The size of the lookup activity result exceeds the limit of 4 MB.")
    return output


_READERS = {"Json": _json_rows, "DelimitedText": _delimited_rows}

LOOKUP = ActivityKind(
    run=_run,
    check=_check,
    fields=Fields("source dataset firstRowOnly", not_run="treatDecimalAsString"),
    has_policy=True,
)
