"""Parquet files of one schema put together without decoding a row: only the footer is written anew.

Encoding a row costs as much as reading it did; each part was encoded once, by a worker, beside the others. A
row group's bytes hold nothing of where they lie: its footer entry does, as offsets from the file's start.
Arrow reads and writes footers (thrift.py) but offers no way to move a row group.

    join         all row groups copied into one file, the offsets moved; columns that all rows of a window
                 share can be put beside those of each group
    summarize    no row group in it, each entry naming the file that holds it (ColumnChunk.file_path), as the
                 `_metadata` files of Spark and Hive do; pyarrow.dataset.parquet_dataset reads such a file,
                 and what does not follow the names refuses it: it never reads as an empty table

Source: apache/parquet-format, parquet.thrift and README.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from .thrift import BINARY, STRUCT, Reader, Struct, Value, write_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

MAGIC = b"PAR1"
COPY_BYTES = 1 << 18
"""What stays in a processor's cache from the read to the write."""

# What is touched of parquet.thrift's structures, by field number.
FILE_NUM_ROWS, FILE_ROW_GROUPS = 3, 4
GROUP_COLUMNS, GROUP_NUM_ROWS, GROUP_OFFSET, GROUP_ORDINAL = 1, 3, 5, 7
GROUP_SIZES = (2, 6)  # all columns' bytes, and those that they take when compressed
COLUMN_FILE, COLUMN_OFFSET, COLUMN_METADATA = 1, 2, 3
COLUMN_PAGE_INDEX = (4, 5, 6, 7)
METADATA_OFFSETS = (9, 10, 11, 14)  # of the data pages, the index pages, the dictionary, the Bloom filter


def join(
    schema_file: Path,
    files: Iterable[Path],
    target: Path,
    beside: Callable[[int], bytes] | None = None,
) -> int:
    """All row groups of `files`, in order, in `target`; the number of rows.

    `schema_file`, a Parquet file without rows, gives the schema and the key-value metadata. The files must
    have its schema: the caller has compared them. They lack the last columns where `beside` gives these: a
    Parquet file of so many rows in one row group.
    """
    groups: list[Value] = []
    with target.open("wb") as stream:
        stream.write(MAGIC)
        for file in files:
            found, end = read_footer(file)
            moved = stream.tell() - len(MAGIC)
            _copy(file, len(MAGIC), end, stream)
            for group in _groups(found):
                _move(group.content, moved)
                if beside is not None:
                    _widen(group.content, beside(group.content[GROUP_NUM_ROWS].content), stream)
                groups.append(group)
        return _end(stream, schema_file, groups)


def summarize(schema_file: Path, files: Mapping[str, Path], target: Path) -> int:
    """The row groups of `files` by the names under which they will lie, seen from `target`'s folder."""
    groups: list[Value] = []
    for name, file in files.items():
        for group in _groups(read_footer(file)[0]):
            for column in group.content[GROUP_COLUMNS].content[1]:
                column.content = {COLUMN_FILE: Value(BINARY, name.encode())} | column.content
            group.content.pop(GROUP_ORDINAL, None)
            groups.append(group)
    with target.open("wb") as stream:
        stream.write(MAGIC)
        return _end(stream, schema_file, groups)


def _groups(footer: Struct) -> list[Value]:
    found: list[Value] = footer[FILE_ROW_GROUPS].content[1]
    return found


def _end(stream: BinaryIO, schema_file: Path, groups: list[Value]) -> int:
    footer = read_footer(schema_file)[0]
    rows = sum(group.content[GROUP_NUM_ROWS].content for group in groups)
    footer[FILE_NUM_ROWS].content = rows
    footer[FILE_ROW_GROUPS].content = (STRUCT, groups)
    content = write_struct(footer)
    stream.write(content + len(content).to_bytes(4, "little") + MAGIC)
    return int(rows)


def read_footer(file: Path) -> tuple[Struct, int]:
    """The file's FileMetaData, and where it begins."""
    with file.open("rb") as stream:
        return _footer(stream)


def _footer(stream: BinaryIO) -> tuple[Struct, int]:
    end = stream.seek(-8, 2)
    length = int.from_bytes(stream.read(4), "little")
    start = stream.seek(end - length)
    return Reader(stream.read(length)).struct(), start


def _copy(file: Path, start: int, end: int, target: BinaryIO) -> None:
    with file.open("rb") as source:
        source.seek(start)
        while start < end:
            start += target.write(source.read(min(COPY_BYTES, end - start)))


def _widen(group: Struct, beside: bytes, target: BinaryIO) -> None:
    """The columns of the one row group in the file `beside`, behind those of `group`."""
    footer, end = _footer(io.BytesIO(beside))
    (more,) = _groups(footer)
    _move(more.content, target.tell() - len(MAGIC))
    target.write(beside[len(MAGIC) : end])
    group[GROUP_COLUMNS].content[1].extend(more.content[GROUP_COLUMNS].content[1])
    for size in GROUP_SIZES:
        _add(group, (size,), more.content[size].content)


def _move(group: Struct, by: int) -> None:
    """Every offset of a row group and its columns; 0 is no offset but an old writer's filling."""
    _add(group, (GROUP_OFFSET,), by)
    group.pop(GROUP_ORDINAL, None)  # optional, and another one now
    for column in group[GROUP_COLUMNS].content[1]:
        _add(column.content, (COLUMN_OFFSET,), by)
        _add(column.content[COLUMN_METADATA].content, METADATA_OFFSETS, by)
        for field in COLUMN_PAGE_INDEX:  # optional, and it holds offsets itself
            column.content.pop(field, None)


def _add(struct: Struct, fields: Iterable[int], by: int) -> None:
    for field in fields:
        if field in struct and struct[field].content:
            struct[field].content += by
