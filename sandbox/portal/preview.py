"""The first rows of a file, whatever it holds: Parquet and CSV as tables, the rest as text, or not at all.

Bounded in bytes read, rows, columns and the length of a value. A file that is not what its name says is told
so, and shown as text where it is one.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS: Final = 50
COLUMNS: Final = 60
_BYTES: Final = 262_144
_LONGEST: Final = 300
_LARGEST_GROUP: Final = 64_000_000
"""Bytes of a Parquet file's row group that is read for its first rows."""


@dataclass(frozen=True)
class Preview:
    columns: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    text: str = ""
    note: str = ""
    total_rows: int | None = None
    """Where the file says it."""


def of(file: Path) -> Preview:
    if file.suffix == ".parquet":
        return _parquet(file)
    with file.open("rb") as stream:
        begun = stream.read(_BYTES)
    if b"\0" in begun:
        return Preview(note="This is no text: it is not shown.")
    text = begun.decode("utf-8", "replace")
    is_whole = file.stat().st_size <= len(begun)
    if file.suffix == ".csv":
        return _csv(text, is_whole=is_whole)
    if file.suffix == ".json" and is_whole:
        return Preview(text=_pretty(text))
    return Preview(text=text, note="" if is_whole else "Only its beginning is shown.")


def _parquet(file: Path) -> Preview:
    """What Arrow says of a damaged one is told."""
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(file) as opened:
            schema = opened.schema_arrow
            names, types = schema.names[:COLUMNS], [str(each) for each in schema.types[:COLUMNS]]
            total = opened.metadata.num_rows
            if _is_elsewhere(opened.metadata):
                return Preview(names, types, note=_SUMMARY, total_rows=total)
            if total and opened.metadata.row_group(0).total_byte_size > _LARGEST_GROUP:
                return Preview(names, types, note="Its rows are too large to be shown.", total_rows=total)
            batches = (
                opened.iter_batches(batch_size=ROWS, row_groups=[0], columns=names) if total else iter(())
            )
            batch = next(batches, None)
            rows = (
                []
                if batch is None
                else [[_cell(value) for value in row.values()] for row in batch.to_pylist()]
            )
    except (ArrowException, OSError, ValueError, OverflowError) as error:  # a day beyond Python's last, say
        return Preview(note=f"It cannot be read as Parquet: {error}")
    return Preview(names, types, rows, note=_left_out(schema.names, rows, total), total_rows=total)


_SUMMARY: Final = "A summary: its rows lie in the files of the folder _parts beside it."


def _is_elsewhere(metadata: Any) -> bool:  # noqa: ANN401 - Arrow's, which has no types
    """A large window's file names others."""
    return bool(
        metadata.num_row_groups and metadata.num_columns and metadata.row_group(0).column(0).file_path
    )


def _csv(text: str, *, is_whole: bool) -> Preview:
    lines = text if is_whole else text[: text.rfind("\n") + 1]
    try:
        found = list(islice(csv.reader(io.StringIO(lines)), ROWS + 2))
    except csv.Error as error:
        return Preview(text=text, note=f"It cannot be read as CSV: {error}")
    if not found:
        return Preview(note="It is empty.")
    names, rows = found[0], found[1 : ROWS + 1]
    shown = [[_cell(value) for value in row[:COLUMNS]] for row in rows]
    more = len(found) > ROWS + 1 or not is_whole
    return Preview(names[:COLUMNS], [], shown, note=_left_out(names, rows, len(rows) + more))


def _left_out(names: Sequence[str], rows: Sequence[object], total: int) -> str:
    said = [f"the first {len(rows)} rows" if total > len(rows) else ""]
    said += [f"{COLUMNS} of {len(names)} columns" if len(names) > COLUMNS else ""]
    return f"Shown: {', '.join(filter(None, said))}." if any(said) else ""


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _pretty(text: str) -> str:
    """As it is, where it is no JSON after all."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
