"""Why an input file cannot be read as a table: said with the file, and the line where there is one. Pure."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import InputUnreadable
from .rows import LONGEST_ROW, NEWLINE, QUOTE, EndlessRow, lines_of_rows, outside_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa


_LONE_RETURN = re.compile(rb"\r(?!\n)")
_STRAY_MARK = re.compile(rb'(?<![",\r\n])"(?![",\r\n])')
QUOTING = 'Write such a value as "5"" pipe", in quotation marks and with those inside it doubled'


@contextmanager
def blamed(file: str) -> Iterator[None]:
    """What Arrow cannot read, as the file's fault."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise InputUnreadable(file, str(error).splitlines()[0]) from error


@contextmanager
def ended(file: str) -> Iterator[None]:
    """A row that does not end, as the file's fault."""
    try:
        yield
    except EndlessRow as error:
        found = f"a row does not end within {LONGEST_ROW >> 20} MB; it begins with {error.text!r}"
        raise InputUnreadable(file, f"{found}: is a quotation mark unpaired? {QUOTING}") from error


FORMATS = {
    rb"\x1f\x8b": "gzip, not CSV: unpack it (`gunzip`)",
    rb"PK\x03\x04": "a zip archive or an Excel workbook, not CSV: unpack it, or save it as CSV in UTF-8",
    rb"\xd0\xcf\x11\xe0": "an old Excel workbook, not CSV: save the sheet as CSV in UTF-8",
    rb"BZh[1-9]1AY&SY": "bzip2, not CSV: unpack it (`bunzip2`)",
    rb"\xfd7zXZ\x00": "xz, not CSV: unpack it (`unxz`)",
    rb"\x28\xb5\x2f\xfd": "Zstandard, not CSV: unpack it (`unzstd`)",
    rb"PAR1[\x00-\x1f]": "Parquet, not CSV: name it .parquet and set `scoring.input_format: parquet`",
    rb"\xff\xfe|\xfe\xff|[^\n]*\x00": "UTF-16 or binary, not CSV in UTF-8: save it as CSV in UTF-8",
}
"""How a file begins that is no CSV, and what is to be done with it."""


def check_header(file: str, header: bytes) -> None:
    """A file without a newline is all header, and would have no rows: as when it is packed, or its lines end
    as on an old Macintosh.
    """
    for beginning, found in FORMATS.items():
        if re.match(beginning, header):
            raise InputUnreadable(file, f"it is {found}, or leave it out of `scoring.input`")
    if _LONE_RETURN.search(outside_marks(header).rstrip(b"\r\n")):
        raise InputUnreadable(file, _returns(1))


def check_rows(file: str, body: bytes, lines_before: int) -> None:
    """Why a parser may find other rows in `body` than its newlines and quotation marks say."""
    if found := _LONE_RETURN.search(body):
        raise InputUnreadable(file, _returns(_line(body, found.start(), lines_before)))
    if found := _STRAY_MARK.search(body):
        line = _line(body, found.start(), lines_before)
        raise InputUnreadable(file, f"a quotation mark in line {line} stands inside a value. {QUOTING}")
    if body.count(QUOTE) % 2:
        line = lines_before + lines_of_rows(body)[-1]
        raise InputUnreadable(
            file, f"a quotation mark in the row that begins in line {line} is unpaired. {QUOTING}"
        )


def _line(body: bytes, at: int, lines_before: int) -> int:
    return lines_before + body.count(NEWLINE, 0, at) + 1


def _returns(line: int) -> str:
    return (
        f"line {line} ends with a carriage return alone; save it with \\n or \\r\\n at the end of each line"
    )


def check_columns(table: pa.Table, file: str) -> None:
    """Each has a name of its own: else nobody could say which one is meant."""
    names = table.column_names
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputUnreadable(file, f"it has the column {twice[0]!r} more than once")


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
