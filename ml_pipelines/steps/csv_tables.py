"""CSV in, Arrow tables of whole rows out, every row accounted for (row_groups.py: Parquet).

Types are those that pandas.read_csv would find: a text that looks like a date stays a text, `0x1F` is no
number, and what it takes for missing is missing. A whole number of more than 64 bits stays as it is written,
where pandas has an object. Rows that cannot be read are set aside as rejects, each with its text and why:

- a row with more or fewer values than the header, or with its very names: files put together as one
- where rejects are allowed (`max_quarantined_percent` above 0): a value that is no number in a column whose
  other values mostly are. Where they are not allowed such a column is a column of texts, as in pandas.

The row key is text unless all keys of a block are whole numbers written plainly: `0012` stays `0012`. Only an
empty one is missing: `NA` is a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import unreadable
from .csv_numbers import as_pandas_reads, doubtful, no_numbers, numbers_of
from .errors import InputUnreadable, RowsUnaccounted
from .rows import NEWLINE, lines_of_rows
from .tables import Block, Reject, Share, check_key, place_of, plain_key, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pyarrow as pa

PARSED_AT_ONCE = 512 * 1024
"""Bytes of CSV: what comes of them stays in a processor's cache while it is converted."""
NOTHING = b'", \r\n'
"""What pandas writes of a table without columns."""
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What pandas.read_csv takes for missing, and for truth: Arrow has more, or less."""
TRUE, FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
AGAIN = "it is the header again"


@dataclass
class CsvReader:
    """Parses the CSV blocks of one work item; remembers which columns of a header are texts."""

    row_key: str | None
    rejects_allowed: bool
    bytes_at_once: int = PARSED_AT_ONCE
    _texts: dict[bytes, frozenset[str]] = field(default_factory=dict)

    def check_header(self, header: bytes, file: str) -> None:
        """A file may be without rows, and then without a header; not with one that has no row key."""
        if header not in self._texts and header.strip(NOTHING):
            self.block(header, [b""], [Share(file, 0)])

    def block(self, header: bytes, bodies: Sequence[bytes], shares: Sequence[Share]) -> Block:
        """The rows of `bodies` under one header; `shares` counts them, one a body, by other means."""
        rows_in = sum(share.rows for share in shares)
        if not header.strip():
            raise InputUnreadable(shares[0].file, "its first line is empty: the columns' names belong there")
        table, malformed = self._readable(header, bodies, shares)
        check_key(table, self.row_key, shares[0].file)
        if malformed or self.rejects_allowed or _keys_missing(table, self.row_key):
            shares = [_with_lines(share, body) for share, body in zip(shares, bodies, strict=True)]
        if table.num_rows + len(malformed) != rows_in:
            for share, body in zip(shares, bodies, strict=True):
                unreadable.check_rows(share.file, body, share.lines_before)
            raise RowsUnaccounted(shares[0].file, rows_in, table.num_rows, len(malformed))
        rejects = [Reject(*place_of(shares, at), cause, text) for at, (cause, text) in malformed.items()]
        positions = _positions(rows_in, malformed)
        if self.rejects_allowed:
            table, positions, more = _without_text_in_numbers(table, positions, shares, self.row_key)
            rejects += more
        if again := _headers(table):
            lined = [_with_lines(share, body) for share, body in zip(shares, bodies, strict=True)]
            table, positions, more = _without(dict.fromkeys(again, AGAIN), table, positions, lined)
            rejects += more
        return Block(plain_key(table, self.row_key), tuple(shares), positions, tuple(rejects))

    def _readable(
        self, header: bytes, bodies: Sequence[bytes], shares: Sequence[Share]
    ) -> tuple[pa.Table, dict[int, tuple[str, str]]]:
        import pyarrow as pa

        there = any(share.rows for share in shares)
        content = bodies[0] if len(bodies) == 1 else b"".join(_ended(body) for body in bodies)
        try:
            table, malformed = self._parse(header, content if there else b"")
            if not unreadable.has_bytes(table.schema):
                unreadable.check_columns(table, shares[0].file)
                table = self._with_numbers_as_written(table, header, content)
                return self._with_keys_as_written(table, header, content), malformed
            cause = "it holds bytes that are no text"
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            cause = str(error).splitlines()[0]
        unreadable.check_utf8(shares[0].file, header, 0)
        for share, body in zip(shares, bodies, strict=True):
            unreadable.check_utf8(share.file, body, share.lines_before)
        raise InputUnreadable(shares[0].file, cause)

    def _parse(self, header: bytes, content: bytes) -> tuple[pa.Table, dict[int, tuple[str, str]]]:
        texts = self._texts.get(header, frozenset({self.row_key} if self.row_key else ()))
        table, malformed = _read_csv(header, content, texts, self.bytes_at_once)
        times = {column.name for column in table.schema if _is_time(column.type)}
        if times:
            texts |= times
            table, malformed = _read_csv(header, content, texts, self.bytes_at_once)
        self._texts[header] = texts
        return table, malformed

    def _with_keys_as_written(self, table: pa.Table, header: bytes, content: bytes) -> pa.Table:
        """Read once more where some seem to be missing."""
        if self.row_key is None or not _keys_missing(table, self.row_key):
            return table
        keys = self._written([self.row_key], header, content, missing=[""])
        return table.set_column(table.column_names.index(self.row_key), self.row_key, keys.column(0))

    def _with_numbers_as_written(self, table: pa.Table, header: bytes, content: bytes) -> pa.Table:
        """Where Arrow sees numbers that pandas does not, or others: those columns are read once more."""
        if not (names := doubtful(table, content)):
            return table
        written = self._written(names, header, content, MISSING)
        for name in names:
            column = as_pandas_reads(table.column(name), written.column(name))
            table = table.set_column(table.column_names.index(name), name, column)
        return table

    def _written(
        self, names: Sequence[str], header: bytes, content: bytes, missing: Sequence[str]
    ) -> pa.Table:
        """These columns as texts."""
        return _read_csv(header, content, frozenset(names), self.bytes_at_once, names, missing)[0]


def _with_lines(share: Share, body: bytes) -> Share:
    """Where rows are not lines, the line of each: rows of it may be set aside."""
    return share if share.lines == share.rows else replace(share, row_lines=tuple(lines_of_rows(body)))


def _keys_missing(table: pa.Table, row_key: str | None) -> bool:
    return row_key in table.column_names and table.column(row_key).null_count > 0


def _read_csv(
    header: bytes,
    content: bytes,
    texts: frozenset[str],
    bytes_at_once: int,
    only: Sequence[str] = (),
    missing: Sequence[str] = MISSING,
) -> tuple[pa.Table, dict[int, tuple[str, str]]]:
    """The table, and by position below the header the rows that have too many or too few values.

    `only`: with these columns and no others.
    """
    import pyarrow as pa

    names = _names(header) if content else None
    content = content or header
    convert = {
        "strings_can_be_null": True,
        "column_types": dict.fromkeys(texts, pa.string()),
        "include_columns": only,
        "null_values": missing,
        "true_values": TRUE,
        "false_values": FALSE,
    }
    try:
        return _parsed(content, names, convert, bytes_at_once)
    except pa.ArrowInvalid:  # perhaps a row longer than that; whatever else it is shows again
        return _parsed(content, names, convert, len(content))


@lru_cache(maxsize=8)
def _names(header: bytes) -> list[str]:
    import pyarrow as pa
    from pyarrow import csv

    names: list[str] = csv.read_csv(pa.BufferReader(header)).column_names
    return names


def _parsed(
    content: bytes, names: list[str] | None, convert: dict[str, Any], bytes_at_once: int
) -> tuple[pa.Table, dict[int, tuple[str, str]]]:
    """One table with one type a column, however many bytes are parsed at once."""
    import pyarrow as pa
    from pyarrow import csv

    malformed: dict[int, tuple[str, str]] = {}

    def set_aside(row: Any) -> str:  # noqa: ANN401 - pyarrow.csv.InvalidRow
        cause = f"{row.actual_columns} values under {row.expected_columns} columns"
        malformed[row.number - 1] = cause, row.text
        return "skip"

    table = csv.read_csv(
        pa.BufferReader(content),
        read_options=csv.ReadOptions(use_threads=False, block_size=bytes_at_once, column_names=names),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
        convert_options=csv.ConvertOptions(**convert),
    )
    return _empty_columns_as_numbers(table), malformed


def _empty_columns_as_numbers(table: pa.Table) -> pa.Table:
    """A column without a value is NaN to pandas, null to Arrow."""
    import pyarrow as pa

    for index, column in enumerate(table.schema):
        if pa.types.is_null(column.type):
            numbers = table.column(index).cast(pa.float64())
            table = table.set_column(index, column.with_type(pa.float64()), numbers)
    return table


def _positions(rows_in: int, malformed: dict[int, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.delete(np.arange(rows_in), list(malformed)) if malformed else np.arange(rows_in)


def _without_text_in_numbers(
    table: pa.Table, positions: np.ndarray[Any, Any], shares: Sequence[Share], row_key: str | None
) -> tuple[pa.Table, np.ndarray[Any, Any], list[Reject]]:
    """Columns that are mostly numbers as numbers, without the rows where they are not."""
    import pyarrow as pa

    bad: dict[int, tuple[str, Any]] = {}
    mended: list[str] = []
    for column in table.schema:
        if column.name == row_key or not pa.types.is_string(column.type):
            continue
        if wrong := no_numbers(table.column(column.name)):
            mended.append(column.name)
            bad |= {at: (column.name, table.column(column.name)[at].as_py()) for at in wrong}
    if not bad:
        return table, positions, []
    causes = {at: f"{name} is {value!r}, no number" for at, (name, value) in bad.items()}
    table, positions, rejects = _without(causes, table, positions, shares)
    for name in mended:
        table = table.set_column(table.column_names.index(name), name, numbers_of(table.column(name)))
    return table, positions, rejects


def _headers(table: pa.Table) -> list[int]:
    """Where the names of all columns stand again."""
    import numpy as np
    from pyarrow import compute

    names = table.column_names
    if len(names) < 2 or not all(map(_is_text, table.schema)):
        return []
    first = compute.equal(table.column(0), names[0]).fill_null(False)
    rows = np.flatnonzero(first.to_numpy()).tolist()
    return [row for row in rows if [*table.slice(row, 1).to_pylist()[0].values()] == names]


def _is_text(column: pa.Field) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type))


def _without(
    causes: dict[int, str], table: pa.Table, positions: np.ndarray[Any, Any], shares: Sequence[Share]
) -> tuple[pa.Table, np.ndarray[Any, Any], list[Reject]]:
    """The table without these rows, which are rejects."""
    import numpy as np
    import pyarrow as pa

    rejects = [
        Reject(*place_of(shares, int(positions[at])), cause, text_of(table, at))
        for at, cause in sorted(causes.items())
    ]
    good = np.ones(table.num_rows, dtype=bool)
    good[list(causes)] = False
    return table.filter(pa.array(good)), positions[good], rejects


def _is_time(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_temporal(kind))


def _ended(body: bytes) -> bytes:
    return body if not body or body.endswith(NEWLINE) else body + NEWLINE
