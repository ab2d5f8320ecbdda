"""Why an input file cannot be read as a table: said with the file, and the line where there is one. Pure."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import InputUnreadable
from .rows import NEWLINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa


@contextmanager
def blamed(file: str) -> Iterator[None]:
    """What Arrow cannot read, as the file's fault."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise InputUnreadable(file, str(error).splitlines()[0]) from error


def check_columns(table: pa.Table, file: str) -> None:
    """Each has a name of its own: else nobody could say which one is meant."""
    names = table.column_names
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputUnreadable(file, f"its header has the column {twice[0]!r} more than once")


def check_utf8(file: str, content: bytes, lines_before: int) -> None:
    """`content` has this many lines of the file above it."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = lines_before + content.count(NEWLINE, 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x} in line {line} is no UTF-8"
        raise InputUnreadable(file, f"{found}; save it as CSV in UTF-8") from error


def has_bytes(columns: Sequence[pa.Field]) -> bool:
    """Whether a column of CSV is no text: it holds what is no UTF-8."""
    import pyarrow as pa

    return any(pa.types.is_binary(column.type) for column in columns)
