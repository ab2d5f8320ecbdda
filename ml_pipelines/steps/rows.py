"""Rows in bytes: where they end, how many there are. Pure, and independent of the CSV parser that it checks.

A row ends at a newline that is not inside quotation marks; since a quotation mark inside a value is doubled,
a newline is outside exactly when an even number of marks stands before it. Empty lines are no rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NEWLINE, QUOTE = b"\n", b'"'
_STRIDE = 256 * 1024
"""What is looked at at once: it stays in a processor's cache."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_ROW = 64 * 1024 * 1024
"""Bytes. What goes on without an end has an unpaired quotation mark, or no newlines."""
_QUOTED = re.compile(rb'"[^"]*"')


class EndlessRow(ValueError):
    """A row of more than LONGEST_ROW; `text` is how it begins."""

    def __init__(self, text: bytes) -> None:
        super().__init__("a row does not end")
        self.text = text[:80].decode(errors="replace")


def outside_marks(block: bytes) -> bytes:
    """`block` with `q` for each quoted value: what is left of newlines ends rows."""
    return _QUOTED.sub(b"q", block)


def count_rows(block: bytes) -> int:
    """Rows in `block`, which holds whole rows only; the last may lack its newline."""
    return rows_and_lines(block)[0]


def rows_and_lines(block: bytes) -> tuple[int, int]:
    """How many rows `block` holds, and how many lines they take: more where lines are empty or quoted."""
    quoted = QUOTE in block
    lines = _newlines(block)[0] + _unended(block) if quoted else 0
    if quoted:
        block = outside_marks(block)
    if b"\r" in block:
        block = block.replace(b"\r\n", NEWLINE)
    newlines, side_by_side = _newlines(block)
    rows = unquoted = newlines + _unended(block)
    if block.startswith(NEWLINE) or side_by_side:
        rows -= sum(not line for line in block.removesuffix(NEWLINE).split(NEWLINE))
    return rows, lines if quoted else unquoted


def _unended(block: bytes) -> bool:
    return bool(block) and not block.endswith(NEWLINE)


def lines_of_rows(block: bytes) -> list[int]:
    """For each row of `block`, the line of the block, from 1, on which it starts."""
    found, start, line = [], 0, 1
    while start < len(block):
        end = start + (first_row_end(block[start : start + 1024]) or first_row_end(block[start:]))
        end = end if end > start else len(block)
        row = block[start:end]
        if row.strip(b"\r\n"):
            found.append(line)
        line += row.count(NEWLINE)
        start = end
    return found


def _newlines(block: bytes) -> tuple[int, bool]:
    """How many there are, and whether two stand side by side; bytes.count and `in` take six times as long."""
    import numpy as np

    content = np.frombuffer(block, np.uint8)
    found, side_by_side = 0, False
    for start in range(0, len(content), _STRIDE):
        newline = content[start : start + _STRIDE + 1] == NEWLINE[0]  # and the first of the next stride
        found += int(np.count_nonzero(newline[:_STRIDE]))
        side_by_side = side_by_side or bool((newline[1:] & newline[:-1]).any())
    return found, side_by_side


def last_row_end(block: bytes) -> int:
    """Where the last whole row of `block` ends; 0 when none ends in it."""
    if QUOTE not in block:
        return block.rfind(NEWLINE) + 1
    marks = block.count(QUOTE)
    end = len(block)
    while (newline := block.rfind(NEWLINE, 0, end)) >= 0:
        marks -= block.count(QUOTE, newline, end)
        if marks % 2 == 0:
            return newline + 1
        end = newline
    return 0


def first_row_end(block: bytes) -> int:
    """Where the first row of `block` ends; 0 when it does not end in it."""
    end = -1
    while (end := block.find(NEWLINE, end + 1)) >= 0:
        if block.count(QUOTE, 0, end) % 2 == 0:
            return end + 1
    return 0


def whole_rows(chunks: Iterable[bytes], block_bytes: int) -> Iterator[bytes]:
    """The same bytes in blocks of whole rows, each about `block_bytes` long or longer but for the last.

    Raises EndlessRow, where a block would be one row that does not end.
    """
    begun = b""
    for chunk in chunks:
        if len(begun) > LONGEST_ROW:
            raise EndlessRow(begun)
        if QUOTE in begun or QUOTE in chunk:
            begun, chunk = b"", begun + chunk  # noqa: PLW2901 - which newline ends a row depends on both
        end = last_row_end(chunk) if len(begun) + len(chunk) >= block_bytes else 0
        if end:
            block = b"".join((begun, memoryview(chunk)[:end]))
            begun = chunk[end:]
            yield block
        else:
            begun += chunk
    if begun:
        yield begun


def split_header(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first row, with its newline and without a byte order mark, and what follows it.

    Raises EndlessRow.
    """
    rest = iter(chunks)
    head = b""
    for chunk in rest:
        if len(head) > LONGEST_ROW:
            raise EndlessRow(head)
        head += chunk
        if end := first_row_end(head):
            return head[:end].removeprefix(BYTE_ORDER_MARK), _prepend(head[end:], rest)
    header = head.removeprefix(BYTE_ORDER_MARK)
    return header + NEWLINE if header else b"", iter(())


def _prepend(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def rows_starting_before(chunks: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Of an endless-looking stream that begins at a row, the rows that begin in its first `length` bytes.

    For files without newlines in values. Reads no further than the newline that ends the last such row.
    """
    seen = 0
    for chunk in chunks:
        if seen + len(chunk) < length:
            seen += len(chunk)
            yield chunk
            continue
        end = chunk.find(NEWLINE, max(length - seen - 1, 0))
        yield chunk if end < 0 else chunk[: end + 1]
        if end >= 0:
            return
        seen += len(chunk)


def after_first_row(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Everything behind the first newline."""
    rest = iter(chunks)
    for chunk in rest:
        if (end := chunk.find(NEWLINE)) >= 0:
            yield from _prepend(chunk[end + 1 :], rest)
            return
