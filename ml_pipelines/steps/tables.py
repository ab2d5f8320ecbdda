"""Input as tables: CSV in, Arrow tables of whole rows out, every row accounted for (row_groups.py: Parquet).

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

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from . import unreadable
from .errors import ColumnMissing, InputUnreadable, KeyUnusable, RowsUnaccounted
from .rows import NEWLINE, lines_of_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pyarrow as pa

PARSED_AT_ONCE = 512 * 1024
"""Bytes of CSV: what comes of them stays in a processor's cache while it is converted."""
NOTHING = b'", \r\n'
"""What pandas writes of a table without columns."""
MOST_DIGITS = 19
"""Of a 64-bit number."""
BEYOND = 2.0**63
"""Arrow knows no whole number from here on, and reads it as a floating one that is near to it."""
WHOLE = r"^\s*[+-]?[0-9]+\s*$"
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What pandas.read_csv takes for missing, and for truth: Arrow has more, or less."""
TRUE, FALSE = ("True", "TRUE", "true"), ("False", "FALSE", "false")
AGAIN = "it is the header again"
MOSTLY = 0.5
"""The share of a column's values that must be numbers for it to be a column of numbers."""


@dataclass(frozen=True)
class Share:
    """A block's rows that come from one file, `before` of whose rows (of its piece) are in earlier blocks.

    `lines`: how many lines of a CSV file they take, and how many stand above them in their piece, a file's
    header among them; 0 where there are no lines. `row_lines`: where a row is not always one line, the line
    of each, from 1, among these.
    """

    file: str
    rows: int
    before: int = 0
    lines: int = 0
    lines_before: int = 0
    row_lines: tuple[int, ...] = ()

    def origin(self, position: int) -> Origin:
        if not self.lines:
            return Origin(self.file, self.before + position + 1, 0)
        line = self.row_lines[position] if self.row_lines else position + 1
        return Origin(self.file, self.before + position + 1, self.lines_before + line)


class Origin(NamedTuple):
    """A row of the input, from 1 below the header, and its line from 1; both within its piece."""

    file: str
    row: int
    line: int


@dataclass(frozen=True)
class Reject:
    """A row that cannot be scored. `row` counts from 1 below the header, `line` from 1 (0: it has none)."""

    file: str
    row: int
    line: int
    cause: str
    text: str


@dataclass(frozen=True)
class Block:
    """What run() is given at once: a table, and which row of `shares` each of its rows is."""

    table: pa.Table
    shares: tuple[Share, ...]
    positions: np.ndarray[Any, Any]
    rejects: tuple[Reject, ...] = ()

    @property
    def rows_in(self) -> int:
        return sum(share.rows for share in self.shares)

    @property
    def label(self) -> str:
        """Which files, for messages."""
        more = f" and {len(self.shares) - 1} more" if len(self.shares) > 1 else ""
        return f"{self.shares[0].file}{more}" if self.shares else "no file"

    def origins(self) -> tuple[list[str], list[int]]:
        """The file and the row number of each row of the table."""
        places = [_place(self.shares, int(position)) for position in self.positions]
        return [place.file for place in places], [place.row for place in places]

    def reject(self, row: int, cause: str) -> Reject:
        """The row of the table, set aside."""
        return Reject(*_place(self.shares, int(self.positions[row])), cause, _text(self.table, row))

    def keyed(self, row_key: str) -> Block:
        """The rows that have a key; the others are rejects: nobody could say whose they are. NaN is none."""
        import numpy as np
        from pyarrow import compute

        there = compute.invert(compute.is_null(self.table.column(row_key), nan_is_null=True))
        rows = there.to_numpy()
        if rows.all():
            return self
        rejects = tuple(self.reject(int(row), f"it has no {row_key}") for row in np.flatnonzero(~rows))
        return Block(self.table.filter(there), self.shares, self.positions[rows], self.rejects + rejects)


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
        rejects = [Reject(*_place(shares, at), cause, text) for at, (cause, text) in malformed.items()]
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
        if not (names := _doubtful(table, content)):
            return table
        written = self._written(names, header, content, MISSING)
        for name in names:
            column = _as_pandas_reads(table.column(name), written.column(name))
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


def _doubtful(table: pa.Table, content: bytes) -> list[str]:
    """The columns of numbers where one may be hexadecimal, or have more than 64 bits."""
    import pyarrow as pa

    whole = [column.name for column in table.schema if pa.types.is_integer(column.type)]
    others = [column.name for column in table.schema if pa.types.is_floating(column.type)]
    rounded = [name for name in others if _beyond_64_bits(table.column(name))]
    return rounded + (whole if whole and _hexadecimal(content) else [])


def _beyond_64_bits(numbers: pa.ChunkedArray) -> bool:
    from pyarrow import compute

    ends = compute.min_max(numbers).as_py().values()
    return any(BEYOND <= abs(end) < math.inf for end in ends if end is not None)


def _hexadecimal(content: bytes) -> bool:
    """Whether there is a 0x or 0X; `in` is quick to find that there is no x, and slow with two letters."""
    if b"x" not in content and b"X" not in content:
        return False
    import numpy as np

    letters = np.frombuffer(content, np.uint8)
    return bool(((letters[:-1] == ord("0")) & (letters[1:] | 0x20 == ord("x"))).any())


def _as_pandas_reads(numbers: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that Arrow took for numbers and that is written so: texts, or what it rounded as it is."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_integer(numbers.type):
        return texts if compute.any(compute.match_substring_regex(texts, "[xX]")).as_py() else numbers
    if not compute.all(compute.match_substring_regex(texts, WHOLE)).as_py():
        return numbers
    try:
        return texts if texts.null_count else texts.cast(pa.uint64())
    except pa.ArrowInvalid:
        return texts


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


def _place(shares: Sequence[Share], position: int) -> Origin:
    for share in shares:
        if position < share.rows:
            return share.origin(position)
        position -= share.rows
    raise AssertionError("a position is within the shares")


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
        if wrong := _no_numbers(table.column(column.name)):
            mended.append(column.name)
            bad |= {at: (column.name, table.column(column.name)[at].as_py()) for at in wrong}
    if not bad:
        return table, positions, []
    causes = {at: f"{name} is {value!r}, no number" for at, (name, value) in bad.items()}
    table, positions, rejects = _without(causes, table, positions, shares)
    for name in mended:
        table = table.set_column(table.column_names.index(name), name, _numbers(table.column(name)))
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
        Reject(*_place(shares, int(positions[at])), cause, _text(table, at))
        for at, cause in sorted(causes.items())
    ]
    good = np.ones(table.num_rows, dtype=bool)
    good[list(causes)] = False
    return table.filter(pa.array(good)), positions[good], rejects


def _no_numbers(texts: pa.ChunkedArray) -> list[int]:
    """Where a column that is mostly numbers has none; nowhere, if it is one of texts."""
    import numpy as np
    import pandas as pd

    column = texts.to_pandas()
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
    return wrong.tolist() if len(wrong) <= MOSTLY * int(column.notna().sum()) else []


def _numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts that all are numbers as what they would be without the others: whole where all are."""
    import pandas as pd
    import pyarrow as pa

    values = pd.to_numeric(texts.to_pandas(), errors="coerce")
    whole = values.dtype == "int64" and len(values)
    numbers = pa.chunked_array([pa.Array.from_pandas(values if whole else values.astype("float64"))])
    return _as_pandas_reads(numbers, texts) if not whole and _beyond_64_bits(numbers) else numbers


def _text(table: pa.Table, row: int) -> str:
    return ",".join(
        "" if value is None else str(value) for value in table.slice(row, 1).to_pylist()[0].values()
    )


def check_key(table: pa.Table, row_key: str | None, file: str) -> None:
    """It is there, and can be compared and told as a text. Raises ColumnMissing or KeyUnusable."""
    import pyarrow as pa

    if row_key is None:
        return
    if row_key not in table.column_names:
        raise ColumnMissing(file, row_key, table.column_names)
    kind = table.schema.field(row_key).type
    bytes_alone = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    if pa.types.is_nested(kind) or any(of(kind) for of in bytes_alone):
        raise KeyUnusable(file, row_key, kind)


def plain_key(table: pa.Table, row_key: str | None) -> pa.Table:
    """The key column as whole numbers if that loses nothing."""
    import pyarrow as pa

    if row_key is None or not pa.types.is_string(table.schema.field(row_key).type) or not table.num_rows:
        return table
    keys = table.column(row_key)
    try:
        numbers = keys.cast(pa.int64())
    except pa.ArrowInvalid:
        return table
    if not _plainly_written(keys, numbers):
        return table
    return table.set_column(table.column_names.index(row_key), row_key, numbers)


def _plainly_written(texts: pa.ChunkedArray, numbers: pa.ChunkedArray) -> bool:
    """Whether the texts, which are these numbers, are as numbers are written: no 0012, no -0, no 0xff.

    Digits alone, as many as the number has, can be nothing else; what is more is written anew and compared.
    """
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    lengths = compute.binary_length(texts).to_numpy()
    if numbers.null_count or _beyond_digits(texts) or lengths.max() > MOST_DIGITS:
        return bool(numbers.cast(pa.string()).equals(texts))
    fewest = np.array([0, *(10**digits for digits in range(1, MOST_DIGITS))])
    return bool((numbers.to_numpy() >= fewest[lengths - 1]).all())


def _beyond_digits(texts: pa.ChunkedArray) -> bool:
    import numpy as np

    contents = (np.frombuffer(each.buffers()[2] or b"0", np.uint8) for each in texts.chunks)
    return any(content.min() < ord("0") or content.max() > ord("9") for content in contents)


def _is_time(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_temporal(kind))


def _ended(body: bytes) -> bytes:
    return body if not body or body.endswith(NEWLINE) else body + NEWLINE
