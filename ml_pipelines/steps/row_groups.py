"""A Parquet file by its row groups, so that workers side by side read one file and none reads all of it.

A row group belongs to the piece in which it starts, as a row of a CSV file does. A piece's groups are fetched
by their ranges into a sparse local copy: the file's own offsets hold in it, and only they take room on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from . import unreadable
from .errors import RowsUnaccounted
from .tables import Block, Share, check_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from .lake import Lake
    from .work import Piece

ROWS_A_BLOCK = 131_072
FOOTER_BYTES = 256 * 1024
"""What is read of a file's end at first: the footer of some hundred row groups."""
_ENDING = 8  # the footer's length and the letters PAR1


def piece_blocks(
    piece: Piece, lake: Lake, target: Path, row_key: str | None, footer_bytes: int = FOOTER_BYTES
) -> Iterator[Block]:
    """The rows of the piece's row groups, a part of them at a time; `target` is gone afterwards."""
    try:
        if piece.whole:
            lake.download(piece.path, target, etag=piece.etag)
            groups = None
        else:
            groups = _fetch(piece, lake, target, footer_bytes)
        yield from parquet_blocks(target, piece.name, row_key, groups)
    finally:
        target.unlink(missing_ok=True)


def parquet_blocks(
    path: Path, name: str, row_key: str | None, groups: Sequence[int] | None = None
) -> Iterator[Block]:
    """The rows of a local Parquet file, or of some of its row groups; rows are numbered within the file."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    with unreadable.blamed(name), parquet.ParquetFile(path) as file:
        rows = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        chosen = range(len(rows)) if groups is None else groups
        for number in chosen:
            before = 0
            for batch in file.iter_batches(ROWS_A_BLOCK, row_groups=[number], use_threads=False):
                table = pa.Table.from_batches([batch])
                unreadable.check_columns(table, name)
                check_key(table, row_key, name)
                share = Share(name, table.num_rows, sum(rows[:number]) + before)
                yield Block(table, (share,), np.arange(table.num_rows))
                before += table.num_rows
            if before != rows[number]:
                raise RowsUnaccounted(f"{name}, row group {number}", rows[number], before, 0)


def _fetch(piece: Piece, lake: Lake, target: Path, footer_bytes: int) -> list[int]:
    """The file's footer and the piece's row groups, at their places in `target`; which groups those are."""
    from pyarrow import parquet

    with target.open("wb") as stream:
        stream.truncate(piece.size)
        start, ending = _footer(piece, lake, footer_bytes)
        _put(stream, start, [ending])
        with unreadable.blamed(piece.name):
            metadata = parquet.read_metadata(target)
        ranges = {number: _range(metadata.row_group(number)) for number in range(metadata.num_row_groups)}
        end = piece.offset + piece.length
        mine = [number for number, (start, _) in ranges.items() if piece.offset <= start < end]
        for start, end in map(ranges.__getitem__, mine):
            content = lake.chunks(piece.path, etag=piece.etag, offset=start, length=end - start)
            _put(stream, start, content)
    return mine


def _footer(piece: Piece, lake: Lake, at_least: int) -> tuple[int, bytes]:
    """The file's last bytes, with all of its footer, and where they start."""
    ending = _last(piece, lake, at_least)
    footer = int.from_bytes(ending[-_ENDING:-4], "little") + _ENDING
    if len(ending) < footer:
        ending = _last(piece, lake, footer)
    return piece.size - len(ending), ending


def _last(piece: Piece, lake: Lake, length: int) -> bytes:
    start = max(0, piece.size - length)
    return lake.read(piece.path, etag=piece.etag, offset=start, length=piece.size - start)


def _put(stream: BinaryIO, start: int, content: Iterable[bytes]) -> None:
    stream.seek(start)
    stream.writelines(content)
    stream.flush()


def _range(group: Any) -> tuple[int, int]:  # noqa: ANN401 - pyarrow's RowGroupMetaData
    """The bytes of a row group: from its first column's first page to the end of its last."""
    columns = [group.column(number) for number in range(group.num_columns)]
    starts = [
        min(filter(None, (each.dictionary_page_offset, each.data_page_offset)), default=0) for each in columns
    ]
    ends = [start + each.total_compressed_size for start, each in zip(starts, columns, strict=True)]
    return min(starts), max(ends)
