"""Input as tables: blocks of rows that run() is given, where each of them comes from, and its key. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import ColumnMissing, KeyUnusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pyarrow as pa

MOST_DIGITS = 19
"""Of a 64-bit number."""


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
        places = [place_of(self.shares, int(position)) for position in self.positions]
        return [place.file for place in places], [place.row for place in places]

    def reject(self, row: int, cause: str) -> Reject:
        """The row of the table, set aside."""
        return Reject(*place_of(self.shares, int(self.positions[row])), cause, text_of(self.table, row))

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


def place_of(shares: Sequence[Share], position: int) -> Origin:
    for share in shares:
        if position < share.rows:
            return share.origin(position)
        position -= share.rows
    raise AssertionError("a position is within the shares")


def text_of(table: pa.Table, row: int) -> str:
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
