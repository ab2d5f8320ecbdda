"""Feeding run(): a work item's pieces as tables, or as local files, read as they were staged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from . import unreadable
from .column_types import conformed, schema_of
from .csv_tables import CsvReader
from .errors import InputUnreadable, WrongResult
from .row_groups import parquet_blocks, piece_blocks
from .rows import (
    NEWLINE,
    after_first_row,
    rows_and_lines,
    rows_starting_before,
    split_header,
    whole_rows,
)
from .tables import Block, Share

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from .lake import Lake
    from .work import Piece, WorkItem

Fetched = TypeVar("Fetched")

BLOCK_BYTES = 3 * 1024 * 1024
"""How much CSV is worth a call of run(): some 30,000 to 100,000 rows. Less than the lake's chunk, so that
each chunk is one."""

TAIL_BYTES = 256 * 1024
DOWNLOADS = 8
SMALL_BYTES = 1024 * 1024


# ------------------------------------------------------------------------------------------- tables


def table_blocks(item: WorkItem, lake: Lake, folder: Path) -> Generator[Block]:
    """The item's rows in order, in blocks; small files under equal headers share one.

    A row without its key is a reject, unless the key is one that rows may share. Whoever stops before the end
    closes it: it waits for what is being fetched, which the garbage collector must not, in whatever thread.
    """
    key = item.plan.unique_key
    for block in _table_blocks(item, lake, folder):
        yield block if key is None else block.keyed(key)


def _table_blocks(item: WorkItem, lake: Lake, folder: Path) -> Iterator[Block]:
    gathered = _Gathered(CsvReader(item.plan.row_key, item.plan.max_quarantined_percent > 0))
    with closing(ahead(_chunks(item.pieces, lake))) as chunks:
        for (piece, header), of_piece in groupby(chunks, key=lambda chunk: (chunk.piece, chunk.header)):
            if piece.suffix == "parquet":
                yield from gathered.flush()
                yield from piece_blocks(piece, lake, folder / "input.parquet", item.plan.row_key)
                continue
            before, lines_before = 0, header.count(NEWLINE) if piece.offset == 0 else 0
            gathered.reader.check_header(header, piece.name)
            for body in _whole_rows(piece, of_piece):
                count, lines = rows_and_lines(body)
                yield from gathered.add(header, body, Share(piece.name, count, before, lines, lines_before))
                before, lines_before = before + count, lines_before + lines
    yield from gathered.flush()


def _whole_rows(piece: Piece, chunks: Iterable[Chunk]) -> Iterator[bytes]:
    with unreadable.ended(piece.name):
        yield from whole_rows((chunk.rows for chunk in chunks), BLOCK_BYTES)


def ahead(chunks: Iterator[Fetched]) -> Generator[Fetched]:
    """The same, each fetched while the one before it is parsed and scored; never more than one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = pool.submit(next, chunks, None)
            yield chunk


class _Gathered:
    """Bodies of rows under one header, until they are worth a call of run()."""

    def __init__(self, reader: CsvReader) -> None:
        self.reader = reader
        self._header = b""
        self._bodies: list[bytes] = []
        self._shares: list[Share] = []

    def add(self, header: bytes, body: bytes, share: Share) -> Iterator[Block]:
        if header != self._header:
            yield from self.flush()
        self._header = header
        self._bodies.append(body)
        self._shares.append(share)
        if sum(map(len, self._bodies)) >= BLOCK_BYTES:
            yield from self.flush()

    def flush(self) -> Iterator[Block]:
        bodies, shares = self._bodies, self._shares
        self._bodies, self._shares = [], []
        if bodies:
            yield self.reader.block(self._header, bodies, shares)


class Chunk(NamedTuple):
    """What is fetched at once: bytes of a CSV piece below its header; of a Parquet file nothing is, here."""

    piece: Piece
    header: bytes
    rows: bytes = b""


def _chunks(pieces: Sequence[Piece], lake: Lake) -> Iterator[Chunk]:
    """Of each piece at least one, be it without rows."""
    for piece, (header, rows) in _opened(pieces, lake):
        yield Chunk(piece, header)
        yield from (Chunk(piece, header, content) for content in rows)


def _opened(pieces: Sequence[Piece], lake: Lake) -> Iterator[tuple[Piece, tuple[bytes, Iterator[bytes]]]]:
    """Each CSV piece with its header and the rows below; small files are read some at a time, in parallel."""
    for group in _neighbours(pieces):
        if len(group) == 1:
            piece = group[0]
            nothing: tuple[bytes, Iterator[bytes]] = b"", iter(())
            yield piece, nothing if piece.suffix == "parquet" else _csv(piece, lake)
            continue
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            contents = list(
                pool.map(lambda each: lake.read(each.path, etag=each.etag, length=each.size), group)
            )
        for piece, content in zip(group, contents, strict=True):
            yield piece, _below_header(piece, [content])


def _neighbours(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Runs of small CSV files, a few at once; everything else alone."""
    group: list[Piece] = []
    for piece in pieces:
        small = piece.whole and piece.size <= SMALL_BYTES and piece.suffix != "parquet"
        if group and (not small or len(group) == 4 * DOWNLOADS):
            yield group
            group = []
        if small:
            group.append(piece)
        else:
            yield [piece]
    if group:
        yield group


def _csv(piece: Piece, lake: Lake) -> tuple[bytes, Iterator[bytes]]:
    """A CSV piece's header, and the rows that start in it."""
    if piece.offset == 0:
        content = lake.chunks(piece.path, etag=piece.etag, length=piece.size)
        if piece.whole:
            return _below_header(piece, content)
        return _below_header(piece, rows_starting_before(_and_beyond(piece, lake, 0), piece.length))
    header, _ = _below_header(
        piece, lake.chunks(piece.path, etag=piece.etag, length=min(piece.size, TAIL_BYTES))
    )
    # From one byte earlier: a newline there says that a row starts with the piece itself.
    content = _and_beyond(piece, lake, piece.offset - 1)
    return header, after_first_row(rows_starting_before(content, piece.length + 1))


def _below_header(piece: Piece, chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    with unreadable.ended(piece.name):
        header, rows = split_header(chunks)
    unreadable.check_header(piece.name, header)
    return header, rows


def _and_beyond(piece: Piece, lake: Lake, start: int) -> Iterator[bytes]:
    """The piece's bytes from `start`, then those behind it, a little at a time: a row may end there."""
    end = piece.offset + piece.length
    yield from lake.chunks(piece.path, etag=piece.etag, offset=start, length=end - start)
    for offset in range(end, piece.size, TAIL_BYTES):
        yield lake.read(
            piece.path, etag=piece.etag, offset=offset, length=min(TAIL_BYTES, piece.size - offset)
        )


# ------------------------------------------------------------------------------------------- files


@dataclass(frozen=True)
class FileBatch:
    """Local copies for one call of run(), the number of results expected, and the results' keys."""

    paths: tuple[Path, ...]
    expected: int
    keys: dict[str, Any]
    label: str
    shares: tuple[Share, ...] = ()
    """Whose rows those are, where a file is many."""


def file_batches(item: WorkItem, lake: Lake, folder: Path) -> Iterator[FileBatch]:
    """The item's files at once. Where a file is many rows, its rows are counted and its keys read here."""
    targets = [folder / "input" / piece.name for piece in item.pieces]

    def fetched(pair: tuple[Piece, Path]) -> None:
        lake.download(pair[0].path, pair[1], etag=pair[0].etag)

    with ThreadPoolExecutor(DOWNLOADS) as pool:
        list(pool.map(fetched, zip(item.pieces, targets, strict=True)))
    names = [piece.name for piece in item.pieces]
    if item.plan.returns == "files":
        yield FileBatch(tuple(targets), len(targets), {"file": names}, item.label)
        return
    reader = CsvReader(item.plan.row_key, rejects_allowed=False)
    blocks = list(chain.from_iterable(_local_blocks(item, reader, *pair) for pair in _pairs(item, targets)))
    for block in blocks:
        _refuse_rejects(item, block)
    keys = _row_keys(item, blocks)
    shares = tuple(chain.from_iterable(block.shares for block in blocks))
    yield FileBatch(tuple(targets), len(next(iter(keys.values()))), keys, item.label, shares)


def _refuse_rejects(item: WorkItem, block: Block) -> None:
    """run() reads the file itself, so that no row can be kept from it. Raises InputUnreadable."""
    key = item.plan.unique_key
    keyed = block if key is None else block.keyed(key)
    for reject in keyed.rejects:
        where = f"row {reject.row} (line {reject.line})" if reject.line else f"row {reject.row}"
        hint = "With `scoring.passes: tables` such rows can be set aside"
        raise InputUnreadable(reject.file, f"{where}: {reject.cause}: {reject.text[:200]}. {hint}")


def _row_keys(item: WorkItem, blocks: Sequence[Block]) -> dict[str, Any]:
    """The row key of every row of the files, or where there is none their file and number."""
    import pyarrow as pa

    if (key := item.plan.row_key) is not None:
        columns = [(block.label, block.table.select([key])) for block in blocks]
        schema = schema_of((files, column.schema) for files, column in columns)
        same = [conformed(column, schema, files) for files, column in columns]
        return {key: pa.concat_tables(same).column(key) if same else pa.chunked_array([], pa.string())}
    files, rows = zip(*(block.origins() for block in blocks), strict=True) if blocks else ((), ())
    return {"file": list(chain.from_iterable(files)), "row": list(chain.from_iterable(rows))}


def _pairs(item: WorkItem, targets: Sequence[Path]) -> Iterator[tuple[Piece, Path]]:
    return zip(item.pieces, targets, strict=True)


def _local_blocks(item: WorkItem, reader: CsvReader, piece: Piece, target: Path) -> Iterator[Block]:
    plan = item.plan
    if piece.suffix == "parquet":
        yield from parquet_blocks(target, piece.name, plan.row_key)
    elif piece.suffix == "csv":
        header, body = _below_header(piece, [target.read_bytes()])
        reader.check_header(header, piece.name)
        content = b"".join(body)
        if content:
            rows, lines = rows_and_lines(content)
            share = Share(piece.name, rows, 0, lines, header.count(NEWLINE))
            yield reader.block(header, [content], [share])
    else:
        raise WrongResult(
            plan.model, plan.window_id, piece.path, "rows of a file whose rows cannot be counted",
            "`scoring.returns: files`, or csv or parquet input",
        )  # fmt: skip
